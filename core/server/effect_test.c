/* effect_test.c -- specs of kt_effect: kept with its cause, gone with it, written under its fields' names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/testing.h"

enum { LETTER_PLAIN = 1, LETTER_RICH };
static const kt_choice letter_kinds[] = {
    {LETTER_PLAIN, "plain", {"Plain", "Zwykły"}}, {LETTER_RICH, "rich", {"Rich", "Bogaty"}}, {0}};
struct enclosure {
    kt_record rec;
    kt_str name;
};
static const kt_shape enclosure_shape = KT_SHAPE(
    enclosure, NULL, KT_FIELD(enclosure, name, STRING, "Name", "Nazwa"));
struct letter {
    kt_record rec;
    kt_str to;
    kt_dec amount;
    kt_date day;
    unsigned kind;
    kt_id about;
    kt_lines enclosures;
};
static const kt_shape letter_shape = KT_SHAPE(letter, NULL, KT_FIELD(letter, to, STRING, "To", "Do"),
    KT_FIELD(letter, amount, MONEY, "Amount", "Kwota", .scale = 2),
    KT_FIELD(letter, day, DATE, "Day", "Dzień"),
    KT_FIELD(letter, kind, STATE, "Kind", "Rodzaj", .choices = letter_kinds),
    KT_FIELD(letter, about, REF, "About", "Dotyczy", .target = "*"),
    KT_FIELD(letter, enclosures, LINES, "Enclosures", "Załączniki", .lines = &enclosure_shape));

struct post {
    kt_record rec;
    bool fail;
};
static const kt_shape post_shape = KT_SHAPE(post, NULL, KT_FIELD(post, fail, BOOL, "Fail", "Błąd"));

static kt_error *run_post(kt_tx *tx, const kt_record *params, kt_record *result)
{
    (void)result;
    struct letter l = {KT_OF(letter), .to = KT_STR("a \"b\" <c@example.com>"), .amount = KT_DEC(-150, 2),
        .day = {1}, .kind = LETTER_RICH};
    struct enclosure e = {KT_OF(enclosure), .name = KT_STR("offer.pdf")};
    KT_TRY(kt_line_add(tx, &l.enclosures, &e.rec));
    KT_TRY(kt_effect(tx, "mail", &l.rec, (kt_time){0}));
    return KT_SEE(post, params)->fail ? kt_fail(tx, KT_RULE, NULL, "not today", "nie dziś") : NULL;
}

static const kt_module office = KT_MODULE("office", "1.0.0", "Office", "Biuro",
    .methods = KT_LIST(kt_method, {"post", {"Post", "Wyślij"}, "login", true, &post_shape, NULL, run_post}));
static const kt_module *const modules[] = {&office, NULL};

static void an_effect_is_kept_with_its_cause(void **state)
{
    house *h = *state;
    (void)house_result(h, "office.post", "{}");
    const variant *rows = house_result(h, "outbox.effect.list", "{}");
    assert_int_equal(house_int(rows, "rows.0.id"), 1);
    assert_string_equal(house_text(rows, "rows.0.kind"), "mail");
    assert_string_equal(house_text(rows, "rows.0.state"), "waiting");
    assert_string_equal(house_text(rows, "rows.0.params.to"), "a \"b\" <c@example.com>");
    assert_string_equal(house_text(rows, "rows.0.params.amount"), "-1.50");
    assert_string_equal(house_text(rows, "rows.0.params.day"), "0001-01-01");
    assert_string_equal(house_text(rows, "rows.0.params.kind"), "rich");
    assert_int_equal(house_at(rows, "rows.0.params.about")->kind, VARIANT_NULL);
    assert_string_equal(house_text(rows, "rows.0.params.enclosures.0.name"), "offer.pdf");
}

static void a_cause_that_fails_has_no_effect(void **state)
{
    house *h = *state;
    assert_string_equal(house_refusal(h, "office.post", "{\"fail\":true}"), "rule");
    const variant *answer = house_call(h, "outbox.effect.count", NULL, "{}");
    assert_int_equal(house_int(answer, "result"), 0);
}

static int open_office(void **state)
{
    *state = house_open(modules);
    return 0;
}

static int close_office(void **state)
{
    house_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_effect_is_kept_with_its_cause, open_office, close_office),
        cmocka_unit_test_setup_teardown(a_cause_that_fails_has_no_effect, open_office, close_office),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
