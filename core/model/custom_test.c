#include "model/variant_test.h"

/* What the plugin room does after a definition is committed. */
static void next_generation(house *h)
{
    const model_catalogue *was = h->catalogue;
    h->catalogue = h->tx->catalogue = house_build(
        h->arena, h->tx->view, (const kt_module *const[]){&house_module, NULL});
    model_catalogue_release(was);
}

static kt_error *call(house *h, const char *name, const char *params, buffer *out)
{
    for (const method *m = model_methods; m->name; m++) {
        if (strcmp(m->name, name) != 0)
            continue;
        json answer = json_to(out);
        buffer_clear(out);
        method_call c = {.tx = h->tx, .arena = h->arena, .params = wire(h, params), .answer = &answer};
        return m->run(&c);
    }
    fail_msg("no method %s", name);
    return NULL;
}

static void define(house *h, const char *name, const char *params)
{
    buffer out;
    buffer_open(&out, 10000);
    assert_string_equal(said(call(h, name, params, &out)), "");
    buffer_close(&out);
    next_generation(h);
}

static const char *refusal(house *h, const char *name, const char *params)
{
    buffer out;
    buffer_open(&out, 10000);
    store_mark mark = store_mark_set(h->tx->view);
    kt_error *error = call(h, name, params, &out);
    assert_null(store_mark_back(h->tx->view, mark)); /* what the request's failure does */
    buffer_close(&out);
    assert_non_null(error);
    return error_text(error);
}

static void shout(void *context, const char *finding)
{
    (void)context;
    fail_msg("%s", finding);
}

static void a_custom_field_is_as_good_as_any(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    const model_entity *party = house_entity(&h, "t.party");
    assert_null(model_create(h.tx, party, wire(&h, "{'name': 'Nowak'}"), &record));
    define(&h, "field.define",
        "{'entity': 't.party', 'name': 'shoe', 'type': 'quantity', 'scale': 1, 'indexed': true, "
        "'label': {'en': 'Shoe size', 'pl': 'Rozmiar buta'}}");
    define(&h, "field.define",
        "{'entity': 't.party', 'name': 'grade', 'type': 'state', 'choices': ['a', {'name': 'b', 'label': "
        "'B'}], "
        "'initial': 'b'}");
    define(&h, "field.define",
        "{'entity': 't.party', 'name': 'nick', 'type': 'string', 'searchable': true, 'unique': true, 'max': "
        "5}");
    party = house_entity(&h, "t.party");
    const model_field *shoe = model_field_find(party, KT_STR("shoe"));
    assert_non_null(shoe);
    assert_string_equal(shoe->module.ptr, "custom");
    assert_string_equal(shoe->label.pl, "Rozmiar buta");
    assert_string_equal(
        said(model_create(h.tx, party, wire(&h, "{'name': 'K', 'shoe': '42.5', 'nick': 'kk'}"), &record)),
        "");
    assert_int_equal(house_value(&record, "shoe")->as.d.coef, 425);
    assert_int_equal(house_value(&record, "grade")->as.i, 2);
    assert_non_null(model_create(h.tx, party, wire(&h, "{'name': 'L', 'nick': 'kk'}"), &record));
    assert_non_null(model_create(h.tx, party, wire(&h, "{'name': 'L', 'nick': 'longer'}"), &record));
    assert_string_equal(said(model_check(h.tx, shout, NULL)), "");
    /* taken away, its values wait in the records, and come back with it */
    define(&h, "field.remove", "{'entity': 't.party', 'name': 'shoe'}");
    party = house_entity(&h, "t.party");
    assert_null(model_field_find(party, KT_STR("shoe")));
    assert_null(model_update(h.tx, party, 2, 0, wire(&h, "{'notes': 'x'}"), &record));
    assert_string_equal(said(model_check(h.tx, shout, NULL)), "");
    define(&h, "field.define", "{'entity': 't.party', 'name': 'shoe', 'type': 'quantity', 'scale': 2}");
    party = house_entity(&h, "t.party");
    assert_null(model_read(h.tx, party, 2, &record));
    assert_int_equal(house_value(&record, "shoe")->as.d.coef, 4250);
    assert_string_equal(said(model_check(h.tx, shout, NULL)), "");
    house_close(&h);
}

static void a_custom_entity_is_as_good_as_any(void **state)
{
    (void)state;
    house h = house_open();
    model_record record;
    define(&h, "entity.define",
        "{'name': 'custom.machine', 'label': {'en': 'Machine', 'pl': 'Maszyna'}, 'title': 'name', "
        "'number': 'M/{seq:3}', 'indexes': 'owner_party name', 'fields': ["
        "{'name': 'name', 'type': 'string', 'required': true, 'searchable': true}, "
        "{'name': 'owner_party', 'type': 'ref', 'target': 't.party', 'on_delete': 'clear'}, "
        "{'name': 'parts', 'type': 'lines', 'lines': [{'name': 'part', 'type': 'string', 'required': "
        "true}]}]}");
    const model_entity *machine = house_entity(&h, "custom.machine");
    assert_null(model_create(h.tx, house_entity(&h, "t.party"), wire(&h, "{'name': 'Nowak'}"), &record));
    assert_string_equal(
        said(model_create(h.tx, machine,
            wire(&h, "{'name': 'Lathe', 'owner_party': 1, 'parts': [{'part': 'bed'}]}"), &record)),
        "");
    assert_string_equal(record.values[MODEL_NUMBER].as.s.ptr, "M/001");
    assert_non_null(strstr(refusal(&h, "entity.remove", "{'name': 'custom.machine'}"), "records"));
    assert_null(model_delete(h.tx, house_entity(&h, "t.party"), 1, 0));
    assert_null(model_read(h.tx, machine, 1, &record));
    assert_false(house_value(&record, "owner_party")->set);
    assert_string_equal(said(model_check(h.tx, shout, NULL)), "");
    assert_null(model_delete(h.tx, machine, 1, 0));
    define(&h, "entity.remove", "{'name': 'custom.machine'}");
    assert_null(model_entity_find(h.catalogue, KT_STR("custom.machine")));
    house_close(&h);
}

static void bad_definitions_are_refused_with_all_their_mistakes(void **state)
{
    (void)state;
    house h = house_open();
    static const struct {
        const char *method, *params, *wanted;
    } cases[] = {
        {"field.define", "{'entity': 't.none', 'name': 'x', 'type': 'int'}", "t.none"},
        {"field.define", "{'entity': 't.party', 'name': 'name', 'type': 'int'}", "already"},
        {"field.define", "{'entity': 't.party', 'name': 'Bad Name', 'type': 'int'}", "small letters"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'float'}", "type"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'ref'}", "target"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'ref', 'target': 't.none'}",
            "does not exist"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'int', 'scale': 99}", "scale"},
        {"field.define", "{'entity': 't.party', 'name': 'x', 'type': 'int', 'colour': 'red'}", "colour"},
        {"field.define", "{'entity': 't.party', 'name': 'company', 'type': 'int'}", "already"},
        {"field.remove", "{'entity': 't.party', 'name': 'name'}", "no custom field"},
        {"entity.define", "{'name': 't.party', 'fields': [{'name': 'x', 'type': 'int'}]}", "declares"},
        {"entity.define", "{'name': 'machine', 'fields': [{'name': 'x', 'type': 'int'}]}", "custom."},
        {"entity.define", "{'name': 'custom.m', 'fields': []}", "fields"},
        {"entity.remove", "{'name': 't.party'}", "module"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = refusal(&h, cases[i].method, cases[i].params);
        if (!strstr(text, cases[i].wanted))
            fail_msg("%s: %s", cases[i].params, text);
    }
    house_close(&h);
}

static void definitions_are_listed_as_they_were_given(void **state)
{
    (void)state;
    house h = house_open();
    buffer out;
    buffer_open(&out, 10000);
    define(&h, "field.define", "{'entity': 't.party', 'name': 'shoe', 'type': 'int', 'required': false}");
    assert_null(call(&h, "field.list", "{'entity': 't.party'}", &out));
    assert_non_null(memmem(out.ptr, out.len, "\"shoe\"", 6));
    assert_null(call(&h, "field.list", "{'entity': 't.deal'}", &out));
    assert_int_equal(out.len, 2);
    assert_null(call(&h, "entity.list", "{}", &out));
    assert_int_equal(out.len, 2);
    buffer_close(&out);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_custom_field_is_as_good_as_any),
        cmocka_unit_test(a_custom_entity_is_as_good_as_any),
        cmocka_unit_test(bad_definitions_are_refused_with_all_their_mistakes),
        cmocka_unit_test(definitions_are_listed_as_they_were_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
