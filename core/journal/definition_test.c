/* What is defined at run time is journaled as records are: history, feed, undo; and what a removed field held
 * is still told. */
#include "journal/chronicle_test.h"

static const kt_module *const modules[] = {&model_module, &house_module, NULL};
static const char *method_name, *method_params;
static buffer said_by_method;

static void run_method(kt_tx *tx, house *h)
{
    for (const method *m = model_methods; m->name; m++) {
        if (strcmp(m->name, method_name) != 0)
            continue;
        json answer = json_to(&said_by_method);
        buffer_clear(&said_by_method);
        method_call c = {.tx = tx, .arena = tx->arena, .params = wire(h, method_params), .answer = &answer};
        assert_string_equal(said(m->run(&c)), "");
        return;
    }
    fail_msg("no method %s", method_name);
}

/* Calls a method that defines in a transaction of its own, and takes up what follows from it. */
static uint64_t define(house *h, const char *name, const char *params)
{
    method_name = name;
    method_params = params;
    buffer_open(&said_by_method, 10000);
    uint64_t seq = commit(h, NULL, run_method);
    buffer_close(&said_by_method);
    chronicle_found_with(h, modules);
    return seq;
}

static uint64_t undo_seq;
static buffer undo_out;
static void run_undo(kt_tx *tx, house *h)
{
    (void)h;
    json j = json_to(&undo_out);
    json_object(&j);
    assert_string_equal(said(journal_revert(tx, (kt_str){0}, undo_seq, (kt_str){0}, &j)), "");
}

static uint64_t undo(house *h, uint64_t seq)
{
    undo_seq = seq;
    buffer_open(&undo_out, 10000);
    uint64_t made_by = commit(h, NULL, run_undo);
    buffer_close(&undo_out);
    chronicle_found_with(h, modules);
    return made_by;
}

static const variant *entries_of(house *h, const char *entity, uint64_t id)
{
    return variant_get(history(h, entity, id, 0, NULL), "entries");
}

/* before -> after of a field in an entry, as texts; "" if it is not among the changes. */
static const char *change_of(house *h, const variant *entry, const char *field)
{
    const variant *changes = variant_get(entry, "changes");
    for (size_t i = 0; i < changes->as.array.count; i++) {
        const variant *c = &changes->as.array.items[i];
        if (!str_is(variant_get_str(c, "field"), field))
            continue;
        buffer out;
        buffer_open(&out, 4000);
        json j = json_to(&out);
        json_variant(&j, c);
        const char *text = arena_str(h->arena, buffer_str(&out)).ptr;
        buffer_close(&out);
        return text;
    }
    return "";
}

static void a_party_of_size_44(kt_tx *tx, house *h)
{
    made(tx, h, "t.party", "{'name': 'Nowak', 'shoe': '44.0'}");
}

static void size_45(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 1, "{'shoe': '45.0'}");
}

#define SHOE                                                                                                 \
    "{'entity': 't.party', 'name': 'shoe', 'type': 'quantity', 'scale': 1, 'indexed': true, 'label': "       \
    "{'en': "                                                                                                \
    "'Shoe size', 'pl': 'Rozmiar buta'}}"

static house defined(void)
{
    house h = chronicle_open();
    chronicle_found_with(&h, modules);
    assert_int_equal(define(&h, "field.define", SHOE), 1);
    commit(&h, NULL, a_party_of_size_44);
    commit(&h, NULL, size_45);
    return h;
}

static void a_definition_has_a_history(void **state)
{
    (void)state;
    house h = defined();
    define(&h, "field.define",
        "{'entity': 't.party', 'name': 'shoe', 'type': 'quantity', 'scale': 1, 'label': 'Boot'}");
    uint64_t removal = define(&h, "field.remove", "{'entity': 't.party', 'name': 'shoe'}");
    assert_int_equal(removal, 5); /* each was an entry of its own */
    const variant *entries = entries_of(&h, "model.definition", 1);
    assert_int_equal(entries->as.array.count, 3);
    assert_non_null(
        strstr(change_of(&h, &entries->as.array.items[0], "active"), "\"before\":true,\"after\":false"));
    assert_non_null(strstr(change_of(&h, &entries->as.array.items[1], "text"), "Shoe size"));
    assert_non_null(strstr(change_of(&h, &entries->as.array.items[1], "text"), "Boot"));
    journal_verdict verdict;
    assert_null(journal_verify(h.store, h.arena, &verdict, NULL, NULL));
    assert_int_equal(verdict.first_bad, 0);
    assert_int_equal(verdict.entries, 5);
    chronicle_close(&h);
}

static void what_a_removed_field_held_is_told_under_its_last_label(void **state)
{
    (void)state;
    house h = defined();
    define(&h, "field.remove", "{'entity': 't.party', 'name': 'shoe'}");
    assert_null(model_field_find(house_entity(&h, "t.party"), KT_STR("shoe")));
    const variant *entries = entries_of(&h, "t.party", 1);
    assert_int_equal(entries->as.array.count, 2);
    const char *change = change_of(&h, &entries->as.array.items[0], "shoe");
    assert_string_equal(change, "{\"field\":\"shoe\",\"label\":\"Shoe "
                                "size\",\"removed\":true,\"before\":\"44.0\",\"after\":\"45.0\"}");
    assert_non_null(strstr(change_of(&h, &entries->as.array.items[1], "shoe"), "\"after\":\"44.0\""));
    define(&h, "field.define", SHOE); /* there again: with what the records kept */
    entries = entries_of(&h, "t.party", 1);
    assert_null(strstr(change_of(&h, &entries->as.array.items[0], "shoe"), "removed"));
    chronicle_close(&h);
}

static bool has_shoe(house *h)
{
    return model_field_find(house_entity(h, "t.party"), KT_STR("shoe")) != NULL;
}

static void defining_and_removing_are_undone(void **state)
{
    (void)state;
    house h = defined();
    uint64_t again = define(&h, "field.define",
        "{'entity': 't.party', 'name': 'shoe', 'type': 'quantity', 'scale': 1, 'label': 'Boot'}");
    undo(&h, again);
    assert_string_equal(model_field_find(house_entity(&h, "t.party"), KT_STR("shoe"))->label.en, "Shoe size");
    uint64_t removed = define(&h, "field.remove", "{'entity': 't.party', 'name': 'shoe'}");
    assert_false(has_shoe(&h));
    undo(&h, removed);
    assert_true(has_shoe(&h));
    kt_tx tx = reading(&h);
    model_record party = {0};
    assert_null(model_read(&tx, house_entity(&h, "t.party"), 1, &party));
    assert_int_equal(house_value(&party, "shoe")->as.d.coef, 450);
    store_end(tx.view);
    undo(&h, 1);
    assert_false(has_shoe(&h));
    chronicle_close(&h);
}

static void an_entity_is_undone_while_it_has_no_records(void **state)
{
    (void)state;
    house h = chronicle_open();
    chronicle_found_with(&h, modules);
    uint64_t seq = define(
        &h, "entity.define", "{'name': 'custom.machine', 'fields': [{'name': 'code', 'type': 'string'}]}");
    assert_non_null(model_entity_find(h.catalogue, KT_STR("custom.machine")));
    undo(&h, seq);
    assert_null(model_entity_find(h.catalogue, KT_STR("custom.machine")));
    chronicle_close(&h);
}

/* The past is read with today's definitions: what was there then and is declared now is right, also across a
 * removal and a return. */
static void the_past_is_right_across_definitions(void **state)
{
    (void)state;
    house h = chronicle_open();
    chronicle_found_with(&h, modules);
    define(&h, "field.define", SHOE);
    clock_advance(1000);
    commit(&h, NULL, a_party_of_size_44);
    kt_time then = clock_now();
    clock_advance(1000);
    define(&h, "field.remove", "{'entity': 't.party', 'name': 'shoe'}");
    clock_advance(1000);
    define(&h, "field.define", SHOE);
    commit(&h, NULL, size_45);
    kt_tx tx = reading(&h);
    model_record party = {0}, definition = {0};
    assert_string_equal(said(journal_travel(&tx, then, NULL, 0, 0)), "");
    assert_null(model_read(&tx, house_entity(&h, "t.party"), 1, &party));
    assert_int_equal(house_value(&party, "shoe")->as.d.coef, 440);
    uint64_t count;
    const model_entity *entity = house_entity(&h, "t.party");
    query_request query = {.entity = entity};
    query_filter *filter;
    assert_null(query_filter_read(&tx, entity, wire(&h, "[['shoe', '=', '44']]"), &filter));
    query.filter = filter;
    assert_null(query_count(&tx, &query, &count));
    assert_int_equal(count, 1);
    assert_null(model_read(&tx, house_entity(&h, "model.definition"), 1, &definition));
    assert_true(house_value(&definition, "active")->as.i);
    store_end(tx.view);
    chronicle_close(&h);
}

/* A field is there for whoever asks how things stood while it was in force: not before, not after. */
static void a_removed_field_is_there_again_as_of_then(void **state)
{
    (void)state;
    house h = chronicle_open();
    chronicle_found_with(&h, modules);
    kt_time when[3] = {clock_now()};
    clock_advance(1000);
    define(&h, "field.define", SHOE);
    clock_advance(1000);
    commit(&h, NULL, a_party_of_size_44);
    when[1] = clock_now();
    clock_advance(1000);
    define(&h, "field.remove", "{'entity': 't.party', 'name': 'shoe'}");
    clock_advance(1000);
    when[2] = clock_now();
    for (size_t i = 0; i < 3; i++) {
        kt_tx tx = reading(&h);
        const model_entity *today = house_entity(&h, "t.party");
        assert_null(model_field_find(today, KT_STR("shoe")));
        assert_string_equal(said(journal_definitions(&tx, when[i])), "");
        const model_entity *party = model_entity_find(tx.catalogue, KT_STR("t.party"));
        assert_string_equal(said(journal_travel(&tx, when[i], party, 0, 2)), "");
        const model_field *shoe = model_field_find(party, KT_STR("shoe"));
        assert_true((shoe != NULL) == (i == 1));
        for (size_t f = 0; f < today->field_count; f++) /* rights were compiled with these positions */
            assert_true(str_eq(today->fields[f].name, party->fields[f].name));
        model_record record = {0};
        if (shoe) {
            assert_null(model_read(&tx, party, 1, &record));
            assert_int_equal(record.values[shoe->position].as.d.coef, 440);
        }
        store_end(tx.view);
    }
    chronicle_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_definition_has_a_history),
        cmocka_unit_test(what_a_removed_field_held_is_told_under_its_last_label),
        cmocka_unit_test(defining_and_removing_are_undone),
        cmocka_unit_test(an_entity_is_undone_while_it_has_no_records),
        cmocka_unit_test(the_past_is_right_across_definitions),
        cmocka_unit_test(a_removed_field_is_there_again_as_of_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
