/* factor_test.c -- the second factor as its user, an attacker and an administrator meet it: on the virtual
 * clock, with codes made from the secret as an authenticator makes them. */
#include "access/totp.h"
#include "office.h"

enum { SECOND = 1000, STEP = 30 * SECOND };

typedef struct {
    office o;
    uint8_t secret[TOTP_SECRET_BYTES];
    char code[TOTP_DIGITS + 1];
    char recovery[2][RECOVERY_TEXT_MAX]; /* two of the ten */
} scene;

static void read_base32(const char *text, uint8_t out[TOTP_SECRET_BYTES])
{
    assert_int_equal(strlen(text), TOTP_SECRET_BYTES * 8 / 5);
    memset(out, 0, TOTP_SECRET_BYTES);
    for (size_t i = 0; text[i]; i++) {
        unsigned value = text[i] >= 'A' ? (unsigned)(text[i] - 'A') : (unsigned)(text[i] - '2') + 26;
        for (size_t bit = 0; bit < 5; bit++)
            if (value >> (4 - bit) & 1)
                out[(5 * i + bit) / 8] |= (uint8_t)(128 >> (5 * i + bit) % 8);
    }
}

/* What the authenticator shows now, or some steps away. */
static const char *code_at(scene *s, int steps)
{
    uint64_t step = (uint64_t)(clock_now().ms / STEP + steps);
    totp_code(s->secret, sizeof s->secret, step, TOTP_DIGITS, s->code);
    return s->code;
}

static const variant *log_in(scene *s, const char *password, const char *code)
{
    return house_call(s->o.h, "session.login", NULL, "{\"user\":\"ann\",\"password\":\"%s\"%s%s%s}", password,
        code ? ",\"code\":\"" : "", code ? code : "", code ? "\"" : "");
}

static const char *kind_of(const variant *answer)
{
    return house_text(answer, "error.data.kind");
}

static void begin_enrolment(scene *s)
{
    const variant *made = house_result(
        s->o.h, "access.factor.enrol", "{\"password\":\"" OFFICE_PASSWORD "\"}");
    read_base32(house_text(made, "secret"), s->secret);
    assert_string_equal(house_text(made, "uri"),
        text_of("otpauth://totp/Kontor:ann?secret=%s&issuer=Kontor", house_text(made, "secret")));
}

/* Ann with a factor, logged in; clock one step on, so that a new code is there. */
static scene enrolled(void)
{
    scene s = {.o = office_open()};
    office_grant(&s.o, "office.case:read");
    office_as(&s.o, ANN);
    begin_enrolment(&s);
    const variant *codes = house_result(s.o.h, "access.factor.confirm", "{\"code\":\"%s\"}", code_at(&s, 0));
    assert_int_equal(house_at(codes, "recovery_codes")->as.array.count, 10);
    for (int i = 0; i < 2; i++)
        (void)snprintf(
            s.recovery[i], sizeof s.recovery[i], "%s", house_text(codes, text_of("recovery_codes.%d", i)));
    clock_advance(2 * STEP);
    return s;
}

static void a_login_asks_for_a_code_and_takes_it_once(void **state)
{
    (void)state;
    scene s = enrolled();
    const variant *asked = log_in(&s, OFFICE_PASSWORD, NULL);
    assert_string_equal(kind_of(asked), "forbidden");
    assert_string_equal(house_text(asked, "error.data.problems.0.path"), "code");
    const variant *in = log_in(&s, OFFICE_PASSWORD, code_at(&s, 0));
    assert_string_equal(house_text(in, "result.user.name"), "ann");
    const variant *again = log_in(&s, OFFICE_PASSWORD, code_at(&s, 0));
    assert_string_equal(house_text(again, "error.data.problems.0.path"), "code");
    assert_string_equal(kind_of(log_in(&s, OFFICE_PASSWORD, code_at(&s, -1))), "forbidden");
    clock_advance(STEP);
    assert_string_equal(house_text(log_in(&s, OFFICE_PASSWORD, code_at(&s, 0)), "result.user.name"), "ann");
    house_close(s.o.h);
}

/* Whoever does not know the password does not learn that there is a factor, whatever code he sends. */
static void the_password_is_asked_first(void **state)
{
    (void)state;
    scene s = enrolled();
    const variant *without = log_in(&s, "wrong wrong wrong", NULL),
                  *with = log_in(&s, "wrong wrong wrong", code_at(&s, 0));
    assert_string_equal(house_text(without, "error.message"), "wrong login or password");
    assert_string_equal(house_text(with, "error.message"), "wrong login or password");
    house_close(s.o.h);
}

static void wrong_codes_are_throttled_like_passwords(void **state)
{
    (void)state;
    scene s = enrolled();
    for (int i = 0; i < 5; i++)
        assert_string_equal(kind_of(log_in(&s, OFFICE_PASSWORD, "000000")), "forbidden");
    assert_string_equal(kind_of(log_in(&s, OFFICE_PASSWORD, code_at(&s, 0))), "limit");
    clock_advance(1001);
    assert_string_equal(house_text(log_in(&s, OFFICE_PASSWORD, code_at(&s, 0)), "result.user.name"), "ann");
    house_close(s.o.h);
}

static void a_recovery_code_is_good_once(void **state)
{
    (void)state;
    scene s = enrolled();
    const variant *in = log_in(&s, OFFICE_PASSWORD, s.recovery[0]);
    assert_string_equal(house_text(in, "result.user.name"), "ann");
    assert_string_equal(kind_of(log_in(&s, OFFICE_PASSWORD, s.recovery[0])), "forbidden");
    assert_string_equal(house_text(log_in(&s, OFFICE_PASSWORD, s.recovery[1]), "result.user.name"), "ann");
    const variant *shown = house_result(s.o.h, "access.factor.show", "{}");
    assert_int_equal(house_int(shown, "recovery_codes_left"), 8);
    assert_true(house_at(shown, "set")->as.boolean);
    house_close(s.o.h);
}

static void enrolling_needs_the_password_and_a_first_code(void **state)
{
    (void)state;
    scene s = {.o = office_open()};
    office_as(&s.o, ANN);
    assert_string_equal(
        house_refusal(s.o.h, "access.factor.enrol", "{\"password\":\"wrong wrong\"}"), "forbidden");
    assert_string_equal(house_refusal(s.o.h, "access.factor.confirm", "{\"code\":\"000000\"}"), "state");
    begin_enrolment(&s);
    assert_string_equal(house_refusal(s.o.h, "access.factor.confirm", "{\"code\":\"00000\"}"), "forbidden");
    /* until it is confirmed nothing is asked: a mistyped secret locks nobody out */
    assert_string_equal(house_text(log_in(&s, OFFICE_PASSWORD, NULL), "result.user.name"), "ann");
    kt_str other = house_login(s.o.h, "ann", OFFICE_PASSWORD);
    (void)house_result(s.o.h, "access.factor.confirm", "{\"code\":\"%s\"}", code_at(&s, 0));
    assert_null(house_refusal(s.o.h, "session.whoami", "{}"));
    assert_string_equal(
        house_refusal(s.o.h, "access.factor.enrol", "{\"password\":\"" OFFICE_PASSWORD "\"}"), "state");
    house_as(s.o.h, other); /* logged in with the password alone */
    assert_string_equal(house_refusal(s.o.h, "session.whoami", "{}"), "forbidden");
    house_close(s.o.h);
}

static void it_is_removed_by_a_code_or_reset_by_an_administrator(void **state)
{
    (void)state;
    scene s = enrolled();
    assert_string_equal(house_refusal(s.o.h, "access.factor.remove", "{}"), "forbidden");
    (void)house_result(s.o.h, "access.factor.remove", "{\"code\":\"%s\"}", code_at(&s, 0));
    assert_string_equal(house_text(log_in(&s, OFFICE_PASSWORD, NULL), "result.user.name"), "ann");
    assert_string_equal(house_refusal(s.o.h, "access.factor.remove", "{}"), "state");
    begin_enrolment(&s);
    (void)house_result(s.o.h, "access.factor.confirm", "{\"code\":\"%s\"}", code_at(&s, 0));
    office_as(&s.o, BOB);
    assert_string_equal(house_refusal(s.o.h, "access.factor.remove", "{\"user\":\"ann\"}"), "forbidden");
    office_as(&s.o, -1);
    const char *filter = "{\"filter\":[[\"second_factor_since\",\"!=\",null]],\"fields\":[\"name\"]}";
    assert_string_equal(
        house_text(house_result(s.o.h, "access.user.list", "%s", filter), "rows.0.name"), "ann");
    (void)house_result(s.o.h, "access.factor.remove", "{\"user\":\"ann\"}");
    assert_int_equal(
        house_at(house_result(s.o.h, "access.user.list", "%s", filter), "rows")->as.array.count, 0);
    office_as(&s.o, ANN); /* what was logged in is out */
    assert_string_equal(house_refusal(s.o.h, "session.whoami", "{}"), "forbidden");
    assert_string_equal(house_text(log_in(&s, OFFICE_PASSWORD, NULL), "result.user.name"), "ann");
    house_close(s.o.h);
}

static void a_role_that_demands_a_factor_gives_nothing_without(void **state)
{
    (void)state;
    scene s = {.o = office_open()};
    office_grant(&s.o, "office.case:*");
    (void)house_result(
        s.o.h, "access.role.update", "{\"id\":%d,\"values\":{\"second_factor\":true}}", (int)s.o.role);
    const variant *in = log_in(&s, OFFICE_PASSWORD, NULL);
    assert_true(house_at(in, "result.user.second_factor_missing")->as.boolean);
    const variant *why = house_result(
        s.o.h, "access.explain", "{\"user\":\"ann\",\"entity\":\"office.case\",\"action\":\"read\"}");
    assert_string_equal(house_text(why, "missing"), "factor");
    house_as(s.o.h, variant_get_str(house_at(in, "result"), "token"));
    const variant *refused = house_call(s.o.h, "office.case.list", NULL, "{}");
    assert_string_equal(house_text(refused, "error.message"), "your role demands a second factor first");
    assert_string_equal(
        house_refusal(s.o.h, "office.case.get", "{\"id\":%d}", (int)s.o.cases[ANN]), "forbidden");
    begin_enrolment(&s);
    (void)house_result(s.o.h, "access.factor.confirm", "{\"code\":\"%s\"}", code_at(&s, 0));
    assert_null(house_refusal(s.o.h, "office.case.list", "{}"));
    assert_false(house_at(house_result(s.o.h, "session.whoami", "{}"), "second_factor_missing")->as.boolean);
    house_close(s.o.h);
}

/* Neither the secret nor a recovery code stands in the store, nor does any list or feed show it. */
static void secrets_are_nowhere_in_the_open(void **state)
{
    (void)state;
    scene s = enrolled();
    assert_true(house_holds(s.o.h, KT_STR("$argon2id$"))); /* it looks where hashes are kept */
    assert_false(house_holds(s.o.h, (kt_str){(const char *)s.secret, sizeof s.secret}));
    char bare[RECOVERY_CHARS];
    assert_true(recovery_read(str_of(s.recovery[0]), bare));
    assert_false(house_holds(s.o.h, (kt_str){bare, sizeof bare}));
    assert_false(house_holds(s.o.h, str_of(s.recovery[0])));
    house_close(s.o.h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_asks_for_a_code_and_takes_it_once),
        cmocka_unit_test(the_password_is_asked_first),
        cmocka_unit_test(wrong_codes_are_throttled_like_passwords),
        cmocka_unit_test(a_recovery_code_is_good_once),
        cmocka_unit_test(enrolling_needs_the_password_and_a_first_code),
        cmocka_unit_test(it_is_removed_by_a_code_or_reset_by_an_administrator),
        cmocka_unit_test(a_role_that_demands_a_factor_gives_nothing_without),
        cmocka_unit_test(secrets_are_nowhere_in_the_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
