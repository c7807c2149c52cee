/* What search finds, and in which order. */
#include "model/variant_test.h"
#include "query/internal.h"

static house h;

static int open_house(void **state)
{
    (void)state;
    h = house_open();
    static const char *const parties[] = {
        "{'name': 'Łódź Meble sp. z o.o.', 'contacts': [{'kind': 'phone', 'value': '+48 601 234 567'}]}",
        "{'name': 'José Sánchez'}",
        "{'name': 'Müller & Söhne', 'notes': 'jeździ do Łodzi'}",
        "{'name': 'Nowak', 'external_id': 'CRM-77'}",
        "{'name': 'Nowakowski'}",
        "{'name': 'Jan', 'notes': 'zna pana Nowaka i nowak'}",
        "{'name': 'Superakumulator'}",
        "{'name': 'Obca', 'notes': 'nowak', 'company': 2}",
        "{'name': 'Straße', 'contacts': [{'value': 'biuro@meble-lodz.pl'}]}",
    };
    for (uint64_t i = 0; i < sizeof parties / sizeof *parties; i++)
        house_put(&h, "t.party", i + 1, wire(&h, parties[i]));
    house_put(&h, "t.deal", 1, wire(&h, "{'title': 'Krzesła dla Nowaka', 'number': 'D/2026/0042'}"));
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    house_close(&h);
    return 0;
}

/* "t.party:1 t.deal:1", in order. */
static const char *found(const char *text, const char *entities)
{
    buffer out;
    char list[500] = "";
    buffer_open(&out, 1 << 20);
    json j = json_to(&out);
    json_object(&j);
    assert_string_equal(
        said(query_search(h.tx, str_of(text), entities ? wire(&h, entities) : NULL, 0, &j)), "");
    json_object_end(&j);
    const variant *rows = variant_get(wire(&h, arena_str(h.arena, buffer_str(&out)).ptr), "rows");
    buffer_close(&out);
    for (size_t i = 0; i < rows->as.array.count; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s:%lld", i ? " " : "",
            variant_get_str(&rows->as.array.items[i], "entity").ptr,
            (long long)variant_get(&rows->as.array.items[i], "id")->as.integer);
    return arena_str(h.arena, str_of(list)).ptr;
}

static void words_are_found_whatever_their_case_and_diacritics(void **state)
{
    (void)state;
    static const struct {
        const char *text, *found;
    } cases[] = {
        {"lodz", "t.party:1 t.party:9 t.party:3"}, /* a word of a title, of a contact; the beginning of one */
        {"ŁÓDŹ", "t.party:1 t.party:9 t.party:3"},
        {"Sanchez", "t.party:2"},
        {"jose sanchez", "t.party:2"},
        {"sánchez JOSÉ", "t.party:2"},
        {"muller", "t.party:3"},
        {"strasse", "t.party:9"},
        {"nowak", "t.party:4 t.party:6 t.party:5 t.deal:1"},
        {"nowakow", "t.party:5"},
        {"akumul", "t.party:7"}, /* inside a word */
        {"ku", ""},              /* too short for that */
        {"meble sp", "t.party:1"},
        {"meble jose", ""},
        {"601234567", "t.party:1"},
        {"601 234 567", "t.party:1"},
        {"+48 601-234-567", "t.party:1"},
        {"D/2026/0042", "t.deal:1"},
        {"CRM-77", "t.party:4"},
        {"", ""},
        {"  ", ""},
        {"!?", ""},
        {"zzz", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = found(cases[i].text, NULL);
        if (strcmp(got, cases[i].found) != 0)
            print_message("search \"%s\"\n", cases[i].text);
        assert_string_equal(got, cases[i].found);
    }
}

static void entities_can_be_named(void **state)
{
    (void)state;
    assert_string_equal(found("nowak", "['t.deal']"), "t.deal:1");
    buffer out;
    buffer_open(&out, 1 << 10);
    json j = json_to(&out);
    assert_string_equal(said(query_search(h.tx, KT_STR("x"), wire(&h, "['t.deal', 't.nothing']"), 0, &j)),
        "entities[1]: there is no such entity to search");
    assert_string_equal(
        said(query_search(h.tx, KT_STR("x"), NULL, 101, &j)), "limit: 101 hits exceed the 100 allowed");
    buffer_close(&out);
}

static bool not_the_notes(kt_tx *tx, const model_field *field, const model_entity *entity, bool write)
{
    (void)tx;
    (void)entity;
    (void)write;
    return !str_is(field->name, "notes");
}

static bool not_nowak(kt_tx *tx, const model_record *record, const char *action)
{
    (void)tx;
    (void)action;
    return record->values[MODEL_ID].as.i != 4;
}

static void what_may_not_be_seen_is_not_found(void **state)
{
    (void)state;
    static const model_guard guard = {.field = not_the_notes, .record = not_nowak};
    h.tx->guard = &guard;
    assert_string_equal(found("nowak", NULL), "t.party:5 t.deal:1");
    assert_string_equal(found("CRM-77", NULL), "");
    h.tx->guard = NULL;
    assert_string_equal(found("obca", NULL), ""); /* another company's */
    h.tx->company = 2;
    assert_string_equal(found("obca", NULL), "t.party:8");
    h.tx->company = 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_whatever_their_case_and_diacritics),
        cmocka_unit_test(entities_can_be_named),
        cmocka_unit_test(what_may_not_be_seen_is_not_found),
    };
    return cmocka_run_group_tests(tests, open_house, close_house);
}
