/* Values on the wire: what is taken, what is refused and how, what is written. */
#include "model/variant_test.h"
#include "record/path.h"

static house h;

static int open_house(void **state)
{
    (void)state;
    h = house_open();
    house_put(&h, "t.tag", 1, wire(&h, "{'name': 'vip', 'external_id': 'T1'}"));
    house_put(&h, "t.party", 1, wire(&h, "{'name': 'Acme', 'external_id': 'P1', 'kind': 'firm'}"));
    house_put(&h, "t.deal", 1, wire(&h, "{'title': 'Chairs', 'number': 'D/2026/0001', 'party': 1}"));
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    house_close(&h);
    return 0;
}

static const char *written(const model_entity *entity, const model_field *field, const model_value *value)
{
    buffer out;
    buffer_open(&out, 1 << 16);
    json j = json_to(&out);
    model_value_json(h.tx, &(const model_record){.entity = entity}, field, value, &j);
    const char *text = arena_str(h.arena, buffer_str(&out)).ptr;
    buffer_close(&out);
    return text;
}

static void values_are_read_strictly_and_written_back(void **state)
{
    (void)state;
    static const struct {
        const char *entity, *field, *given, *result; /* what is written back, or the refusal */
    } cases[] = {
        {"t.deal", "amount", "'1234.5'", "\"1234.50\""},
        {"t.deal", "amount", "12", "\"12.00\""},
        {"t.deal", "amount", "'-0.01'", "\"-0.01\""},
        {"t.deal", "amount", "null", "null"},
        {"t.deal", "amount", "12.5", "f: expected a decimal, got \"12.5\""},
        {"t.deal", "amount", "'1.234'", "f: \"1.234\" has more than 2 digits after the point"},
        {"t.deal", "amount", "'1e5'", "f: expected a decimal such as \"1234.50\", got \"1e5\""},
        {"t.deal", "amount", "'99999999999999999999'", "f: the number is too large"},
        {"t.deal", "amount", "9223372036854775807", "f: the number is too large"},
        {"t.deal", "count", "-5", "-5"},
        {"t.deal", "count", "'17'", "17"},
        {"t.deal", "count", "'1.5'", "f: expected an integer, got \"1.5\""},
        {"t.deal", "count", "true", "f: expected an integer, got true or false"},
        {"t.deal", "day", "'2024-02-29'", "\"2024-02-29\""},
        {"t.deal", "day", "'2023-02-29'", "f: expected a date such as \"2026-11-23\", got \"2023-02-29\""},
        {"t.deal", "day", "20240229", "f: expected a date such as \"2026-11-23\", got an integer"},
        {"t.deal", "at", "'2026-11-23T10:00:00+01:00'", "\"2026-11-23T09:00:00.000Z\""},
        {"t.deal", "at", "'2026-11-23'", "\"2026-11-23T00:00:00.000Z\""},
        {"t.deal", "state", "'won'", "\"won\""},
        {"t.deal", "state", "2", "f: expected one of: open, won, lost, got an integer"},
        {"t.deal", "title", "'Krzesło \"A\"'", "\"Krzesło \\\"A\\\"\""},
        {"t.deal", "title", "''", "null"},
        {"t.deal", "title", "7", "f: expected a string, got an integer"},
        {"t.deal", "title", "'a\nb'", "f: holds a line break, expected one line"},
        {"t.deal", "party", "1", "1"},
        {"t.deal", "party", "'1'", "1"},
        {"t.deal", "party", "{'external_id': 'P1'}", "1"},
        {"t.deal", "party", "{'external_id': 'P9'}", "f: there is no t.party \"P9\""},
        {"t.deal", "party", "{'colour': 'red'}", "f: t.party has no unique field \"colour\""},
        {"t.deal", "party", "'Acme'", "f: expected the id of a record, got \"Acme\""},
        {"t.deal", "party", "-1", "f: ids are above 0"},
        {"t.party", "name", "'\xff'", "f: not valid UTF-8 text"},
        {"t.party", "active", "true", "true"},
        {"t.party", "active", "null", "false"},
        {"t.party", "active", "'yes'", "true"},
        {"t.party", "active", "1", "f: expected true or false, got an integer"},
        {"t.party", "tags", "['vip', 2, {'external_id': 'T1'}, 1]", "[1,2]"},
        {"t.party", "tags", "[]", "[]"},
        {"t.party", "tags", "['no', 1, 'nein']",
            "f[0]: there is no t.tag \"no\"; f[2]: there is no t.tag \"nein\""},
        {"t.party", "attributes", "{'a': [1, 'x']}", "{\"a\":[1,\"x\"]}"},
        {"t.note", "about", "{'entity': 't.deal', 'id': 1}", "{\"entity\":\"t.deal\",\"id\":1}"},
        {"t.note", "about", "{'entity': 't.nothing', 'id': 1}", "f: there is no entity \"t.nothing\""},
        {"t.note", "about", "5", "f: expected {\"entity\": .., \"id\": ..}, got an integer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        model_value value = {0};
        const model_entity *entity = house_entity(&h, cases[i].entity);
        const model_field *field = model_field_find(entity, str_of(cases[i].field));
        kt_error *error = query_value_read(h.tx, entity, field, wire(&h, cases[i].given), "f", &value);
        const char *result = error ? error_text(error) : written(entity, field, &value);
        if (strcmp(result, cases[i].result) != 0)
            print_message("%s %s\n", cases[i].field, cases[i].given);
        assert_string_equal(result, cases[i].result);
        if (error)
            assert_false(value.set);
    }
}

static void lines_keep_what_is_not_given_and_report_all_problems(void **state)
{
    (void)state;
    const model_entity *party = house_entity(&h, "t.party");
    const model_field *contacts = model_field_find(party, KT_STR("contacts"));
    model_value value = {0};
    assert_null(query_value_read(h.tx, party, contacts,
        wire(&h, "[{'kind': 'phone', 'value': '1'}, {'kind': 'mail', 'value': '2', 'tag': 'vip'}]"),
        "contacts", &value));
    assert_string_equal(written(party, contacts, &value),
        "[{\"id\":null,\"kind\":\"phone\",\"value\":\"1\",\"tag\":null,\"weight\":null},"
        "{\"id\":null,\"kind\":\"mail\",\"value\":\"2\",\"tag\":1,\"weight\":null}]");
    value.as.lines.items[0].values[MODEL_ID] = (model_value){.set = true, .as.i = 1};
    value.as.lines.items[1].values[MODEL_ID] = (model_value){.set = true, .as.i = 2};
    const model_value before = value;
    assert_null(query_value_read(
        h.tx, party, contacts, wire(&h, "[{'id': 2, 'value': '3'}, {'kind': 'fax'}]"), "contacts", &value));
    assert_string_equal(written(party, contacts, &value),
        "[{\"id\":2,\"kind\":\"mail\",\"value\":\"3\",\"tag\":1,\"weight\":null},"
        "{\"id\":null,\"kind\":\"fax\",\"value\":null,\"tag\":null,\"weight\":null}]");
    value = before;
    kt_error *error = query_value_read(h.tx, party, contacts,
        wire(&h, "[{'id': 9}, {'id': 1, 'colour': 'red', 'value': 5}, {'id': 1}, 7]"), "contacts", &value);
    assert_string_equal(said(error),
        "contacts[0].id: the record has no line 9; contacts[1].colour: t.party has no field \"colour\"; "
        "contacts[1].value: expected a string, got an integer; contacts[2]: line 1 stands twice; "
        "contacts[3]: expected an object, got an integer");
}

static void records_show_the_fields_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *fields, *result;
    } cases[] = {
        {"['id', 'title', 'party.name', 'party.kind', 'party.parent.name']",
            "{\"id\":1,\"title\":\"Chairs\",\"party.name\":\"Acme\",\"party.kind\":\"firm\","
            "\"party.parent.name\":null}"},
        {"['number', 'state']", "{\"number\":\"D/2026/0001\",\"state\":null}"},
        {"['state', 'number', 'party.name', 'state', 'party.name']",
            "{\"state\":null,\"number\":\"D/2026/0001\",\"party.name\":\"Acme\"}"},
        {"['titel', 'party.nam', 5]",
            "fields[0]: t.deal has no field \"titel\"; fields[1]: t.party has no field \"nam\"; "
            "fields[2]: expected the name of a field, got an integer"},
        {"['party.contacts.value']", "fields[0]: \"party.contacts.value\" leads to several values"},
        {"'title'", "fields: expected an array of names, got a string"},
    };
    const model_entity *deal = house_entity(&h, "t.deal");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        model_path *paths;
        size_t count;
        bool found;
        model_record record;
        buffer out;
        buffer_open(&out, 1 << 16);
        json j = json_to(&out);
        json_object(&j);
        kt_error *error = model_paths_resolve(h.tx, deal, wire(&h, cases[i].fields), &paths, &count);
        assert_null(model_load(h.tx, deal, 1, &record, &found));
        if (!error)
            assert_null(model_record_members(h.tx, &record, paths, count, &j));
        json_object_end(&j);
        assert_string_equal(
            error ? error_text(error) : arena_str(h.arena, buffer_str(&out)).ptr, cases[i].result);
        buffer_close(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_strictly_and_written_back),
        cmocka_unit_test(lines_keep_what_is_not_given_and_report_all_problems),
        cmocka_unit_test(records_show_the_fields_asked_for),
    };
    return cmocka_run_group_tests(tests, open_house, close_house);
}
