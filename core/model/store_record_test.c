#include <time.h>

#include "kit/memory.h"
#include "model/change.h"
#include "model/entries.h"
#include "model/house_test.h"

static model_record make(house *h, const char *entity)
{
    model_record record;
    assert_null(model_record_new(h->tx, house_entity(h, entity), &record));
    return record;
}

static void set_text(model_record *record, const char *field, const char *text)
{
    *house_value(record, field) = (model_value){.set = true, .as.s = str_of(text)};
}

static void set_int(model_record *record, const char *field, int64_t value)
{
    *house_value(record, field) = (model_value){.set = true, .as.i = value};
}

static uint64_t add_party(house *h, const char *name)
{
    model_record party = make(h, "t.party");
    set_text(&party, "name", name);
    assert_string_equal(said(model_store_new(h->tx, &party)), "");
    return record_id(&party);
}

static model_record load(house *h, const char *entity, uint64_t id)
{
    model_record record;
    bool found;
    assert_null(model_load(h->tx, house_entity(h, entity), id, &record, &found));
    assert_true(found);
    return record;
}

static bool exists(house *h, const char *entity, uint64_t id)
{
    kt_str bytes;
    assert_null(model_load_bytes(h->tx, house_entity(h, entity), id, &bytes));
    return bytes.ptr != NULL;
}

static uint64_t total(house *h, const char *entity)
{
    key name;
    uint64_t count;
    counter_total_key(&name, house_entity(h, entity));
    assert_null(counter_read(h->tx, &name, &count));
    return count;
}

static void a_new_record_gets_defaults_id_number_and_stamps(void **state)
{
    (void)state;
    house h = house_open();
    model_record deal = make(&h, "t.deal");
    set_text(&deal, "title", "Sale");
    assert_string_equal(said(model_store_new(h.tx, &deal)), "");
    model_record read = load(&h, "t.deal", 1);
    assert_int_equal(record_id(&read), 1);
    assert_string_equal(read.values[MODEL_NUMBER].as.s.ptr, "D/2026/0001");
    assert_int_equal(read.values[MODEL_VERSION].as.i, 1);
    assert_int_equal(read.values[MODEL_CREATED_AT].as.i, h.tx->now.ms);
    assert_int_equal(read.values[MODEL_CREATED_BY].as.i, 1);
    assert_int_equal(read.values[MODEL_COMPANY].as.i, 1);
    assert_int_equal(house_value(&read, "day")->as.i, kt_today(h.tx).day);
    assert_int_equal(house_value(&read, "count")->as.i, 7);
    assert_int_equal(house_value(&read, "state")->as.i, 1);
    assert_int_equal(h.tx->changes->kind, MODEL_CREATED);
    assert_null(h.tx->changes->next);
    house_close(&h);
}

static void all_problems_of_a_record_are_told_at_once(void **state)
{
    (void)state;
    house h = house_open();
    model_record deal = make(&h, "t.deal");
    set_int(&deal, "party", 77);
    set_int(&deal, "state", 9);
    set_int(&deal, "day", 4000000);
    set_text(&deal, "code", "two\nlines");
    *house_value(&deal, "amount") = (model_value){.set = true, .as.d = KT_DEC(12345, 3)};
    kt_error *error = model_store_new(h.tx, &deal);
    assert_non_null(error);
    assert_int_equal(error->count, 6);
    assert_int_equal(total(&h, "t.deal"), 0);
    assert_null(h.tx->changes);
    house_close(&h);
}

static void unique_values_are_kept_apart(void **state)
{
    (void)state;
    house h = house_open();
    for (int i = 0; i < 2; i++) {
        model_record tag = make(&h, "t.tag");
        set_text(&tag, "name", "gold");
        kt_error *error = model_store_new(h.tx, &tag);
        assert_int_equal(error ? (int)error->first->kind : 0, i ? KT_CONFLICT : 0);
    }
    model_record tag = make(&h, "t.tag");
    set_text(&tag, "name", "silver");
    assert_null(model_store_new(h.tx, &tag)); /* the refused one took no id */
    assert_int_equal(record_id(&tag), 2);
    model_record before = load(&h, "t.tag", 2), after = load(&h, "t.tag", 2);
    set_text(&after, "name", "gold");
    kt_error *error = model_store_changed(h.tx, &before, &after);
    assert_non_null(error);
    assert_string_equal(error->first->path, "name");
    house_close(&h);
}

static void a_change_writes_what_differs_and_joins_in_one_change(void **state)
{
    (void)state;
    house h = house_open();
    uint64_t id = add_party(&h, "Nowak");
    model_record before = load(&h, "t.party", id), after = load(&h, "t.party", id);
    assert_null(model_store_changed(h.tx, &before, &after));
    assert_int_equal(load(&h, "t.party", id).values[MODEL_VERSION].as.i, 1); /* nothing differed */
    set_text(&after, "name", "Kowalska");
    assert_null(model_store_changed(h.tx, &before, &after));
    model_record read = load(&h, "t.party", id);
    assert_int_equal(read.values[MODEL_VERSION].as.i, 2);
    assert_string_equal(house_value(&read, "name")->as.s.ptr, "Kowalska");
    assert_int_equal(h.tx->changes->kind, MODEL_CREATED);
    assert_null(h.tx->changes->next);
    assert_null(model_store_gone(h.tx, &read));
    assert_null(h.tx->changes); /* came and went */
    house_close(&h);
}

/* Wherever among the others it stands. */
static void what_comes_and_goes_leaves_the_other_changes_in_order(void **state)
{
    (void)state;
    for (size_t gone = 0; gone < 4; gone++) {
        house h = house_open();
        uint64_t ids[5];
        for (size_t i = 0; i < 4; i++)
            ids[i] = add_party(&h, (const char *[]){"Nowak", "Kowalska", "Lis", "Zima"}[i]);
        model_record read = load(&h, "t.party", ids[gone]);
        assert_null(model_store_gone(h.tx, &read));
        ids[4] = add_party(&h, "Sowa");
        const model_change *c = h.tx->changes;
        for (size_t i = 0; i < 5; i++) {
            if (i == gone)
                continue;
            assert_int_equal(c->id, ids[i]);
            c = c->next;
        }
        assert_null(c);
        house_close(&h);
    }
}

static model_record with_contacts(house *h, const char *name, size_t count)
{
    model_record party = make(h, "t.party");
    set_text(&party, "name", name);
    model_value *lines = house_value(&party, "contacts");
    lines->set = true;
    lines->as.lines.count = count;
    lines->as.lines.items = ARENA_ARRAY(h->arena, model_record, count);
    for (size_t i = 0; i < count; i++) {
        assert_null(model_record_new(
            h->tx, model_field_find(party.entity, KT_STR("contacts"))->lines, &lines->as.lines.items[i]));
        set_text(&lines->as.lines.items[i], "value", i ? "b@example.com" : "a@example.com");
    }
    return party;
}

static void lines_keep_their_ids(void **state)
{
    (void)state;
    house h = house_open();
    model_record party = with_contacts(&h, "Nowak", 3);
    assert_null(model_store_new(h.tx, &party));
    uint64_t id = record_id(&party);
    model_record before = load(&h, "t.party", id), after = load(&h, "t.party", id);
    model_value *lines = house_value(&after, "contacts");
    assert_int_equal(lines->as.lines.items[2].values[0].as.i, 3);
    lines->as.lines.items[1].values[0] = (model_value){0}; /* the second is replaced by a new one */
    assert_null(model_store_changed(h.tx, &before, &after));
    model_record read = load(&h, "t.party", id);
    lines = house_value(&read, "contacts");
    assert_int_equal(lines->as.lines.items[0].values[0].as.i, 1);
    assert_int_equal(lines->as.lines.items[1].values[0].as.i, 4);
    assert_int_equal(lines->as.lines.items[2].values[0].as.i, 3);
    assert_null(model_record_copy(h.tx, &read, &after));
    *house_value(&after, "contacts") = (model_value){0}; /* all go, the last one too */
    assert_null(model_store_changed(h.tx, &read, &after));
    before = load(&h, "t.party", id);
    assert_false(house_value(&before, "contacts")->set);
    assert_null(model_record_copy(h.tx, &before, &after));
    model_record fresh = with_contacts(&h, "Nowak", 1);
    *house_value(&after, "contacts") = *house_value(&fresh, "contacts");
    assert_null(model_store_changed(h.tx, &before, &after));
    read = load(&h, "t.party", id);
    assert_int_equal(house_value(&read, "contacts")->as.lines.items[0].values[0].as.i, 5);
    house_close(&h);
}

static void a_restricting_reference_names_what_stands_in_the_way(void **state)
{
    (void)state;
    house h = house_open();
    uint64_t id = add_party(&h, "Nowak");
    model_record deal = make(&h, "t.deal");
    set_text(&deal, "title", "Big sale");
    set_int(&deal, "party", (int64_t)id);
    assert_null(model_store_new(h.tx, &deal));
    model_record party = load(&h, "t.party", id);
    kt_error *error = model_store_gone(h.tx, &party);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_CONFLICT);
    assert_non_null(strstr(error_text(error), "Big sale"));
    assert_true(exists(&h, "t.party", id));
    house_close(&h);
}

static void cascades_and_clearings_follow_a_deletion(void **state)
{
    (void)state;
    house h = house_open();
    uint64_t parent = add_party(&h, "Parent"), child = add_party(&h, "Child");
    model_record before = load(&h, "t.party", child), after = load(&h, "t.party", child);
    set_int(&after, "parent", (int64_t)parent);
    assert_null(model_store_changed(h.tx, &before, &after));
    model_record note = make(&h, "t.note");
    set_text(&note, "text", "about the parent");
    *house_value(&note, "about") = (model_value){
        .set = true, .as.any = {house_entity(&h, "t.party")->number, parent}};
    assert_null(model_store_new(h.tx, &note));
    model_record gone = load(&h, "t.party", parent);
    assert_string_equal(said(model_store_gone(h.tx, &gone)), "");
    assert_false(exists(&h, "t.party", parent));
    assert_false(exists(&h, "t.note", record_id(&note)));
    model_record left = load(&h, "t.party", child);
    assert_false(house_value(&left, "parent")->set);
    assert_int_equal(total(&h, "t.party"), 1);
    house_close(&h);
}

static void erased_personal_data_is_gone_everywhere(void **state)
{
    (void)state;
    house h = house_open();
    model_record party = with_contacts(&h, "Nowak", 1);
    set_text(&party, "pesel", "44051401359");
    assert_null(model_store_new(h.tx, &party));
    uint64_t id = record_id(&party);
    kt_str old;
    assert_null(model_load_bytes(h.tx, party.entity, id, &old));
    assert_string_equal(said(model_erase(h.tx, party.entity, id)), "");
    model_record now = load(&h, "t.party", id), then = {0};
    assert_false(house_value(&now, "pesel")->set);
    assert_false(house_value(&now, "contacts")->as.lines.items[0].values[2].set);
    assert_string_equal(house_value(&now, "name")->as.s.ptr, "Nowak");
    assert_null(model_record_decode(h.tx, party.entity, id, old, &then));
    assert_false(house_value(&then, "pesel")->set); /* what the journal has of it does not open any more */
    key word;
    kt_str value;
    word_key(&word, KT_STR("example"), party.entity, id);
    assert_null(store_get(h.tx->view, STORE_DATA, key_str(&word), &value));
    assert_null(value.ptr);
    model_record again;
    assert_null(model_record_copy(h.tx, &now, &again));
    set_text(&again, "pesel", "02070803628");
    assert_null(model_store_changed(h.tx, &now, &again));
    then = (model_record){0};
    assert_null(model_record_decode(h.tx, party.entity, id, old, &then));
    assert_false(house_value(&then, "pesel")->set);
    now = load(&h, "t.party", id);
    assert_string_equal(house_value(&now, "pesel")->as.s.ptr, "02070803628");
    house_close(&h);
}

static void what_a_deleted_record_had_can_be_erased_too(void **state)
{
    (void)state;
    house h = house_open();
    model_record party = make(&h, "t.party"), then = {0};
    set_text(&party, "name", "Nowak");
    set_text(&party, "pesel", "44051401359");
    assert_null(model_store_new(h.tx, &party));
    kt_str old;
    assert_null(model_load_bytes(h.tx, party.entity, 1, &old));
    assert_null(model_store_gone(h.tx, &party));
    assert_null(model_record_decode(h.tx, party.entity, 1, old, &then));
    assert_true(house_value(&then, "pesel")->set);
    assert_null(model_erase(h.tx, party.entity, 1));
    then = (model_record){0};
    assert_null(model_record_decode(h.tx, party.entity, 1, old, &then));
    assert_false(house_value(&then, "pesel")->set);
    assert_int_equal(model_erase(h.tx, party.entity, 1)->first->kind, KT_NOT_FOUND);
    house_close(&h);
}

/* Each block of memory that a creation asks for is refused once. */
static void no_memory_is_an_error_and_leaves_nothing(void **state)
{
    (void)state;
    house h = house_open();
    arena *house_arena = h.arena;
    model_record tag = make(&h, "t.tag");
    set_text(&tag, "name", "gold");
    assert_null(model_store_new(h.tx, &tag));
    for (uint64_t nth = 1;; nth++) {
        h.arena = h.tx->arena = arena_open((size_t)1 << 30);
        memory_fail_at(nth, false);
        model_record party;
        kt_error *error = model_record_new(h.tx, house_entity(&h, "t.party"), &party);
        if (!error) {
            memory_fail_at(0, false);
            party = with_contacts(&h, "Żółw", 300);
            set_text(&party, "pesel", "44051401359");
            h.tx->changes = h.tx->last_change = NULL;
            h.tx->change_table = NULL;
            memory_fail_at(nth, false);
            error = model_store_new(h.tx, &party);
        }
        uint64_t asked = memory_asked();
        memory_fail_at(0, false);
        bool done = asked < nth;
        assert_int_equal(error == NULL, done);
        assert_int_equal(total(&h, "t.party"), done ? 1 : 0);
        arena_close(h.arena);
        h.arena = h.tx->arena = house_arena;
        if (done)
            break;
    }
    house_close(&h);
}

static void a_restored_record_is_a_new_version_with_all_its_entries(void **state)
{
    (void)state;
    house h = house_open();
    uint64_t id = add_party(&h, "Nowak");
    kt_str old;
    const model_entity *entity = house_entity(&h, "t.party");
    assert_null(model_load_bytes(h.tx, entity, id, &old));
    model_record party = load(&h, "t.party", id);
    assert_null(model_store_gone(h.tx, &party));
    assert_string_equal(said(model_restore(h.tx, entity, id, old)), "");
    model_record back = load(&h, "t.party", id);
    assert_int_equal(back.values[MODEL_VERSION].as.i, 2);
    assert_int_equal(total(&h, "t.party"), 1);
    key name;
    kt_str value;
    word_key(&name, KT_STR("nowak"), entity, id);
    assert_null(store_get(h.tx->view, STORE_DATA, key_str(&name), &value));
    assert_non_null(value.ptr);
    house_close(&h);
}

static void a_transaction_that_only_reads_refuses_to_write(void **state)
{
    (void)state;
    house h = house_open();
    h.tx->writes = false;
    model_record party = make(&h, "t.party");
    set_text(&party, "name", "Nowak");
    kt_error *error = model_store_new(h.tx, &party);
    assert_int_equal(error->first->kind, KT_UNAVAILABLE);
    house_close(&h);
}

/* The room's clock stands still in tests. */
static int64_t real_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void creating_is_quick(void **state)
{
    (void)state;
    house h = house_open();
    int n = 20000;
    int64_t start = real_us();
    for (int i = 0; i < n; i++) {
        model_record deal = make(&h, "t.deal");
        set_text(&deal, "title", "A sale of some size");
        *house_value(&deal, "amount") = (model_value){.set = true, .as.d = KT_DEC(i, 2)};
        assert_null(model_store_new(h.tx, &deal));
    }
    int64_t created = real_us() - start;
    start = real_us();
    model_record read = {0};
    const model_entity *entity = house_entity(&h, "t.deal");
    for (int i = 1; i <= n; i++) {
        kt_str bytes;
        assert_null(model_load_bytes(h.tx, entity, (uint64_t)i, &bytes));
        assert_null(model_record_decode(h.tx, entity, (uint64_t)i, bytes, &read));
    }
    int64_t loaded = real_us() - start;
    print_message("create %.2f us, get and decode %.2f us\n", (double)created / n, (double)loaded / n);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_record_gets_defaults_id_number_and_stamps),
        cmocka_unit_test(all_problems_of_a_record_are_told_at_once),
        cmocka_unit_test(unique_values_are_kept_apart),
        cmocka_unit_test(a_change_writes_what_differs_and_joins_in_one_change),
        cmocka_unit_test(what_comes_and_goes_leaves_the_other_changes_in_order),
        cmocka_unit_test(lines_keep_their_ids),
        cmocka_unit_test(a_restricting_reference_names_what_stands_in_the_way),
        cmocka_unit_test(cascades_and_clearings_follow_a_deletion),
        cmocka_unit_test(erased_personal_data_is_gone_everywhere),
        cmocka_unit_test(what_a_deleted_record_had_can_be_erased_too),
        cmocka_unit_test(no_memory_is_an_error_and_leaves_nothing),
        cmocka_unit_test(a_restored_record_is_a_new_version_with_all_its_entries),
        cmocka_unit_test(a_transaction_that_only_reads_refuses_to_write),
        cmocka_unit_test(creating_is_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
