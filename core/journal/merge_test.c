/* Merging, and undoing it: whatever random house it is, all that was known is still known, nothing dangles,
 * old ids lead on, and after the undo everything is as it was. */
#include "journal/chronicle_test.h"
#include "kit/memory.h"

static uint64_t seed = 20261123;

static unsigned dice(unsigned sides)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % sides;
}

static kt_str merged(kt_tx *tx, house *h, const model_merge_request *r, const char *entity, kt_error **error)
{
    buffer out;
    buffer_open(&out, (size_t)1 << 20);
    json j = json_to(&out);
    json_object(&j);
    *error = model_merge(tx, house_entity(h, entity), r, &j);
    json_object_end(&j);
    kt_str text = arena_str(tx->arena, buffer_str(&out));
    buffer_close(&out);
    return text;
}

/* Every record's values but version and stamps, as text. */
static kt_str state_of(house *h)
{
    static const char *const names[] = {"t.tag", "t.party", "t.deal", "t.note"};
    kt_tx tx = reading(h);
    buffer out;
    buffer_open(&out, (size_t)16 << 20);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const model_entity *entity = house_entity(h, names[n]);
        for (uint64_t id = 1; id < 200; id++) {
            model_record record;
            bool found;
            assert_null(model_load(&tx, entity, id, &record, &found));
            if (!found)
                continue;
            buffer_add_format(&out, "\n%s %llu", names[n], (unsigned long long)id);
            for (size_t i = MODEL_COMPANY; i < entity->field_count; i++) {
                json j = json_to(&out);
                buffer_add_char(&out, ' ');
                model_value_json(&tx, &record, &entity->fields[i], &record.values[i], &j);
            }
        }
    }
    store_end(tx.view);
    kt_str text = arena_str(h->arena, buffer_str(&out));
    buffer_close(&out);
    return text;
}

static void finding(void *context, const char *text)
{
    (void)context;
    print_message("%s\n", text);
    fail();
}

static void proved(house *h)
{
    kt_tx tx = reading(h);
    assert_null(model_check(&tx, finding, NULL));
    store_end(tx.view);
}

static void undo(kt_tx *tx, house *h)
{
    buffer out;
    (void)h;
    buffer_open(&out, (size_t)1 << 20);
    json j = json_to(&out);
    json_object(&j);
    assert_string_equal(said(journal_revert(tx, KT_STR("merge"), 0, (kt_str){0}, &j)), "");
    buffer_add_char(&out, 0);
    if (!strstr(out.ptr, "\"conflicts\":[]"))
        print_message("%s\n", out.ptr);
    assert_non_null(strstr(out.ptr, "\"conflicts\":[]"));
    buffer_close(&out);
}

/* ---- A small story ---- */

static void two_of_the_same(kt_tx *tx, house *h)
{
    made(tx, h, "t.tag", "{'name': 'vip'}");
    made(tx, h, "t.tag", "{'name': 'north'}");
    made(tx, h, "t.party",
        "{'name': 'Nowak', 'external_id': 'n-1', 'tags': [1], 'contacts': [{'kind': 'phone', 'value': "
        "'600100200'}]}");
    made(tx, h, "t.party",
        "{'name': 'NOWAK', 'external_id': 'n-2', 'tags': [1, 2], 'pesel': '44051401359', 'parent': 1, "
        "'contacts': [{'kind': 'phone', 'value': '600100200'}, {'kind': 'email', 'value': 'n@x.pl'}]}");
    made(tx, h, "t.deal", "{'title': 'Chairs', 'party': 1, 'code': 'A', 'amount': '5.00'}");
    made(tx, h, "t.deal", "{'title': 'Chairs', 'party': 2, 'code': 'A'}");
    made(tx, h, "t.deal", "{'title': 'Tables', 'party': 2}");
    made(tx, h, "t.note", "{'text': 'calls back', 'about': {'entity': 't.party', 'id': 2}}");
    made(tx, h, "t.party", "{'name': 'Son', 'parent': 2}");
}

static house two(void)
{
    house h = chronicle_open();
    chronicle_found(&h);
    commit(&h, NULL, two_of_the_same);
    return h;
}

static const uint64_t second[] = {2};

static void merge_two(kt_tx *tx, house *h)
{
    kt_error *error;
    kt_str answer = merged(tx, h,
        &(model_merge_request){
            .into = 1, .ids = second, .count = 1, .choose = wire(h, "{'name': 2}"), .keep = true},
        "t.party", &error);
    assert_string_equal(said(error), "");
    assert_non_null(strstr(answer.ptr, "\"repointed\":{\"t.party\":1,\"t.deal\":1,\"t.note\":1}"));
    assert_non_null(strstr(answer.ptr, "\"dropped\":{\"t.deal\":1}"));
}

static kt_str field_json(house *h, const char *entity, uint64_t id, const char *field)
{
    kt_tx tx = reading(h);
    model_record record;
    buffer out;
    buffer_open(&out, (size_t)1 << 16);
    json j = json_to(&out);
    assert_string_equal(said(model_read(&tx, house_entity(h, entity), id, &record)), "");
    const model_field *f = model_field_find(record.entity, str_of(field));
    model_value_json(&tx, &record, f, &record.values[f->position], &j);
    kt_str text = arena_str(h->arena, buffer_str(&out));
    buffer_close(&out);
    store_end(tx.view);
    return text;
}

static void all_of_both_is_in_the_one_that_stays(void **state)
{
    (void)state;
    house h = two();
    kt_str before = state_of(&h);
    commit(&h, "merge", merge_two);
    proved(&h);
    assert_string_equal(field_json(&h, "t.party", 1, "name").ptr, "\"NOWAK\"");
    assert_string_equal(field_json(&h, "t.party", 1, "pesel").ptr, "\"44051401359\"");
    assert_string_equal(field_json(&h, "t.party", 1, "tags").ptr, "[1,2]");
    assert_string_equal(field_json(&h, "t.party", 1, "parent").ptr, "null");
    assert_string_equal(field_json(&h, "t.party", 2, "id").ptr, "1"); /* the old id leads on */
    assert_string_equal(field_json(&h, "t.party", 3, "parent").ptr, "1");
    assert_string_equal(field_json(&h, "t.deal", 3, "party").ptr, "1");
    assert_string_equal(field_json(&h, "t.deal", 2, "id").ptr, "1"); /* so does a double's */
    assert_non_null(strstr(field_json(&h, "t.note", 1, "about").ptr, "\"id\":1"));
    kt_str contacts = field_json(&h, "t.party", 1, "contacts");
    assert_non_null(strstr(contacts.ptr, "n@x.pl"));
    assert_null(strstr(strstr(contacts.ptr, "600100200") + 1, "600100200"));
    kt_tx tx = reading(&h);
    uint64_t id;
    assert_null(model_find_external(&tx, house_entity(&h, "t.party"), KT_STR("n-2"), &id));
    assert_int_equal(id, 1);
    store_end(tx.view);
    commit(&h, NULL, undo);
    proved(&h);
    assert_string_equal(state_of(&h).ptr, before.ptr);
    assert_string_equal(field_json(&h, "t.party", 2, "id").ptr, "2");
    chronicle_close(&h);
}

static void refuse_two(kt_tx *tx, house *h)
{
    kt_error *error;
    model_merge_request r = {.into = 1, .ids = second, .count = 1};
    (void)merged(tx, h, &r, "t.party", &error);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_CONFLICT);
    assert_string_equal(error->first->path, "name");
    assert_non_null(strstr(said(error), "1: \"Nowak\", 2: \"NOWAK\""));
    r.choose = wire(h, "{'name': 7, 'nothing': 1}");
    (void)merged(tx, h, &r, "t.party", &error);
    assert_int_equal(error->count, 2);
    static const uint64_t odd[] = {1, 99};
    (void)merged(tx, h, &(model_merge_request){.into = 1, .ids = odd, .count = 2}, "t.party", &error);
    assert_int_equal(error->count, 2);
    tx->rehearsal = true;
    r.choose = NULL;
    kt_str answer = merged(tx, h, &r, "t.party", &error);
    assert_string_equal(said(error), "");
    assert_non_null(strstr(answer.ptr, "{\"field\":\"name\",\"values\":[{\"id\":1,\"value\":\"Nowak\"},"
                                       "{\"id\":2,\"value\":\"NOWAK\"}],\"taken\":1,\"chosen\":false}"));
}

static void what_differs_has_to_be_chosen(void **state)
{
    (void)state;
    house h = two();
    commit(&h, NULL, refuse_two);
    chronicle_close(&h);
}

/* ---- Random houses ---- */

enum { PARTIES = 12, DEALS = 20, NOTES = 15 };

static void random_house(kt_tx *tx, house *h)
{
    char text[400];
    made(tx, h, "t.tag", "{'name': 'a'}");
    made(tx, h, "t.tag", "{'name': 'b'}");
    for (unsigned i = 1; i <= PARTIES; i++) {
        snprintf(text, sizeof text,
            "{'name': 'P%u', 'external_id': 'x%u', 'active': %s, 'contacts': [{'kind': 'k', 'value': 'v%u', "
            "'tag': %u}, {'value': 'w%u'}], 'tags': [%u], 'notes': %s}",
            dice(3), i, dice(2) ? "true" : "false", dice(4), 1 + dice(2), i, 1 + dice(2),
            dice(2) ? "'hello'" : "null");
        made(tx, h, "t.party", text);
    }
    for (unsigned i = 1; i <= PARTIES; i++)
        if (dice(2)) {
            snprintf(text, sizeof text, "{'parent': %u}", 1 + dice(PARTIES));
            changed(tx, h, "t.party", i, text);
        }
    for (unsigned i = 0; i < DEALS; i++) {
        snprintf(text, sizeof text, "{'title': 'D%u', 'party': %u, 'amount': '%u.50', 'code': '%u-%u'}", i,
            1 + dice(PARTIES), dice(3), i / 2, i % 4 < 2 ? 0 : i);
        model_record record;
        kt_error *error = model_create(tx, house_entity(h, "t.deal"), wire(h, text), &record);
        assert_true(!error || error->first->kind == KT_CONFLICT); /* a double is refused */
    }
    for (unsigned i = 0; i < NOTES; i++) {
        snprintf(text, sizeof text, "{'text': 'N%u', 'about': {'entity': 't.%s', 'id': %u}}", i,
            dice(2) ? "party" : "deal", 1 + dice(10));
        made(tx, h, "t.note", text);
    }
}

static uint64_t chosen_into, chosen_ids[4];
static size_t chosen_count;

static void random_merge(kt_tx *tx, house *h)
{
    kt_error *error;
    (void)merged(tx, h,
        &(model_merge_request){.into = chosen_into, .ids = chosen_ids, .count = chosen_count, .keep = true},
        "t.party", &error);
    assert_string_equal(said(error), "");
}

static void choose_records(const uint64_t *alive, size_t count)
{
    chosen_into = alive[dice((unsigned)count)];
    chosen_count = 0;
    for (size_t i = 0; i < count && chosen_count < 3; i++)
        if (alive[i] != chosen_into && dice(3) == 0)
            chosen_ids[chosen_count++] = alive[i];
}

/* What belonged to those that are gone belongs to the one that stays. */
static void joined(house *h)
{
    kt_str contacts = field_json(h, "t.party", chosen_into, "contacts");
    for (size_t i = 0; i < chosen_count; i++) {
        char value[32];
        snprintf(value, sizeof value, "\"w%llu\"", (unsigned long long)chosen_ids[i]);
        assert_non_null(strstr(contacts.ptr, value));
        snprintf(value, sizeof value, "%llu", (unsigned long long)chosen_into);
        assert_string_equal(field_json(h, "t.party", chosen_ids[i], "id").ptr, value);
    }
}

static void any_merge_loses_nothing_and_can_be_undone(void **state)
{
    (void)state;
    for (int round = 0; round < 25; round++) {
        house h = chronicle_open();
        chronicle_found(&h);
        commit(&h, NULL, random_house);
        kt_str before = state_of(&h);
        uint64_t alive[PARTIES];
        size_t count = PARTIES;
        for (size_t i = 0; i < PARTIES; i++)
            alive[i] = i + 1;
        for (int merges = 0; merges < 2; merges++) {
            choose_records(alive, count);
            if (!chosen_count)
                continue;
            commit(&h, "merge", random_merge);
            proved(&h);
            joined(&h);
            size_t left = 0;
            for (size_t i = 0; i < count; i++) {
                bool gone = false;
                for (size_t k = 0; k < chosen_count; k++)
                    gone = gone || alive[i] == chosen_ids[k];
                if (!gone)
                    alive[left++] = alive[i];
            }
            count = left;
        }
        if (count < PARTIES)
            commit(&h, NULL, undo);
        proved(&h);
        assert_string_equal(state_of(&h).ptr, before.ptr);
        chronicle_close(&h);
    }
}

static void erase_first(kt_tx *tx, house *h)
{
    assert_string_equal(said(model_erase(tx, house_entity(h, "t.party"), 1)), "");
}

static void erasing_a_person_erases_what_was_merged_into_it(void **state)
{
    (void)state;
    house h = two();
    commit(&h, "merge", merge_two);
    commit(&h, NULL, erase_first);
    commit(&h, NULL, undo);
    assert_string_equal(field_json(&h, "t.party", 2, "pesel").ptr, "null");
    chronicle_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_both_is_in_the_one_that_stays),
        cmocka_unit_test(what_differs_has_to_be_chosen),
        cmocka_unit_test(any_merge_loses_nothing_and_can_be_undone),
        cmocka_unit_test(erasing_a_person_erases_what_was_merged_into_it),
    };
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
