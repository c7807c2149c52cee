#include "journal/chronicle_test.h"
#include "kit/memory.h"

/* ---- A short story: 1 two parties, 2 a deal and a rename, 3 an import unit in two entries (3, 4), 5 a
 * deletion ---- */

static void two_parties(kt_tx *tx, house *h)
{
    made(tx, h, "t.party", "{'name': 'Nowak', 'pesel': '44051401359', 'external_id': 'n-1'}");
    made(tx, h, "t.party", "{'name': 'Kowalska', 'external_id': 'k-1'}");
}

static void a_deal_and_a_rename(kt_tx *tx, house *h)
{
    made(tx, h, "t.deal", "{'title': 'Chairs', 'party': 1, 'amount': '1250.50'}");
    changed(tx, h, "t.party", 1, "{'name': 'Nowak i Syn', 'pesel': '02070803628'}");
}

static void import_first(kt_tx *tx, house *h)
{
    made(tx, h, "t.party", "{'name': 'Imported 1'}");
    made(tx, h, "t.party", "{'name': 'Imported 2'}");
    changed(tx, h, "t.party", 2, "{'name': 'KOWALSKA', 'notes': 'from the import'}");
}

static void import_second(kt_tx *tx, house *h)
{
    made(tx, h, "t.party", "{'name': 'Imported 3'}");
    changed(tx, h, "t.deal", 1, "{'amount': '9.99'}");
}

static void delete_the_deal(kt_tx *tx, house *h)
{
    assert_null(model_delete(tx, house_entity(h, "t.deal"), 1, 0));
}

static house told(void)
{
    house h = chronicle_open();
    chronicle_found(&h);
    commit(&h, NULL, two_parties);
    clock_advance(60000);
    commit(&h, NULL, a_deal_and_a_rename);
    clock_advance(60000);
    commit(&h, "import-7", import_first);
    clock_advance(60000);
    commit(&h, "import-7", import_second);
    clock_advance(60000);
    return h;
}

static const model_guard *none;

static const variant *since(house *h, uint64_t seq, const char *filter, uint32_t limit)
{
    answer a;
    kt_tx tx = reading(h);
    tx.guard = none;
    answer_open(&a);
    assert_string_equal(said(journal_since(&tx, seq, filter ? wire(h, filter) : NULL, limit, &a.j)), "");
    store_end(tx.view);
    return answer_take(h, &a);
}

/* ---- Feed ---- */

static void the_feed_is_gapless_and_resumable(void **state)
{
    (void)state;
    house h = told();
    const variant *all = since(&h, 0, NULL, 0);
    assert_int_equal(length(variant_get(all, "entries")), 4);
    assert_int_equal(number(all, "head"), 4);
    uint64_t seq = 0;
    for (size_t i = 0; i < 4; i++) {
        const variant *page = since(&h, seq, NULL, 1);
        const variant *entry = item(variant_get(page, "entries"), 0);
        assert_int_equal(number(entry, "seq"), i + 1);
        seq = (uint64_t)number(page, "next");
        assert_int_equal(seq, i + 1);
    }
    assert_int_equal(length(variant_get(since(&h, seq, NULL, 1), "entries")), 0);
    chronicle_close(&h);
}

static void the_feed_tells_before_and_after(void **state)
{
    (void)state;
    house h = told();
    const variant *entry = item(variant_get(since(&h, 1, NULL, 1), "entries"), 0);
    const variant *changes = variant_get(entry, "changes");
    assert_int_equal(length(changes), 2);
    const variant *deal = item(changes, 0), *party = item(changes, 1);
    assert_string_equal(text(deal, "kind"), "created");
    assert_string_equal(text(variant_get(deal, "after"), "amount"), "1250.50");
    assert_string_equal(text(party, "kind"), "updated");
    assert_string_equal(text(variant_get(party, "before"), "name"), "Nowak");
    assert_string_equal(text(variant_get(party, "after"), "name"), "Nowak i Syn");
    assert_string_equal(text(variant_get(party, "before"), "pesel"), "44051401359");
    assert_null(variant_get(variant_get(party, "after"), "external_id"));
    assert_string_equal(text(entry, "request"), "r1");
    chronicle_close(&h);
}

static void filters_pass_over_entries_and_next_moves_on(void **state)
{
    (void)state;
    house h = told();
    const variant *deals = since(&h, 0, "{'entities': ['t.deal'], 'kinds': ['created']}", 0);
    assert_int_equal(length(variant_get(deals, "entries")), 1);
    assert_int_equal(number(deals, "next"), 4);
    const variant *one = since(&h, 0, "{'entities': ['t.party'], 'ids': [2]}", 0);
    assert_int_equal(length(variant_get(one, "entries")), 2);
    kt_tx tx = reading(&h);
    answer a;
    answer_open(&a);
    kt_error *error = journal_since(
        &tx, 0, wire(&h, "{'entities': ['t.nothing'], 'kinds': ['eaten'], 'x': 1}"), 0, &a.j);
    assert_int_equal(error->count, 3);
    buffer_close(&a.out);
    store_end(tx.view);
    chronicle_close(&h);
}

static bool only_own(kt_tx *tx, const model_record *record, const char *action)
{
    (void)tx;
    (void)action;
    return record->values[MODEL_ID].as.i != 2 || !str_is(record->entity->name, "t.party");
}

static bool no_pesel(kt_tx *tx, const model_field *field, const model_entity *entity, bool write)
{
    (void)tx;
    (void)entity;
    (void)write;
    return !str_is(field->name, "pesel");
}

static const model_guard narrow = {.record = only_own, .field = no_pesel};

static void the_feed_obeys_the_callers_rights(void **state)
{
    (void)state;
    house h = told();
    none = &narrow;
    const variant *all = since(&h, 0, NULL, 0), *entries = variant_get(all, "entries");
    none = NULL;
    assert_int_equal(number(all, "next"), 4);
    for (size_t i = 0; i < length(entries); i++) {
        const variant *changes = variant_get(item(entries, i), "changes");
        for (size_t k = 0; k < length(changes); k++) {
            const variant *change = item(changes, k);
            assert_false(strcmp(text(change, "entity"), "t.party") == 0 && number(change, "id") == 2);
            const variant *after = variant_get(change, "after"), *before = variant_get(change, "before");
            assert_null(variant_get(after, "pesel"));
            assert_null(variant_get(before, "pesel"));
        }
    }
    chronicle_close(&h);
}

static void a_deleted_record_is_judged_by_its_last_state(void **state)
{
    (void)state;
    house h = told();
    commit(&h, NULL, delete_the_deal);
    none = &narrow;
    const variant *entries = variant_get(since(&h, 4, NULL, 0), "entries");
    none = NULL;
    assert_int_equal(length(entries), 1);
    const variant *change = item(variant_get(item(entries, 0), "changes"), 0);
    assert_string_equal(text(change, "kind"), "deleted");
    assert_string_equal(text(variant_get(change, "before"), "title"), "Chairs");
    chronicle_close(&h);
}

/* ---- History ---- */

static void history_is_newest_first_field_by_field(void **state)
{
    (void)state;
    house h = told();
    const variant *all = history(&h, "t.party", 2, 0, NULL), *entries = variant_get(all, "entries");
    assert_int_equal(length(entries), 2);
    const variant *last = item(entries, 0);
    assert_string_equal(text(last, "kind"), "updated");
    assert_string_equal(text(last, "unit"), "import-7");
    const variant *changes = variant_get(last, "changes");
    assert_int_equal(length(changes), 2);
    assert_string_equal(text(item(changes, 0), "field"), "name");
    assert_string_equal(text(item(changes, 0), "before"), "Kowalska");
    assert_string_equal(text(item(changes, 0), "after"), "KOWALSKA");
    assert_string_equal(text(item(entries, 1), "kind"), "created");
    const variant *page = history(&h, "t.party", 2, 1, NULL);
    assert_int_equal(length(variant_get(page, "entries")), 1);
    const variant *next = history(&h, "t.party", 2, 1, text(page, "next"));
    assert_string_equal(text(item(variant_get(next, "entries"), 0), "kind"), "created");
    assert_null(variant_get(next, "next"));
    chronicle_close(&h);
}

static void the_history_of_what_may_not_be_seen_is_that_of_nothing(void **state)
{
    (void)state;
    house h = told();
    for (uint64_t id = 2; id < 1000; id += 997 - 2) {
        kt_tx tx = reading(&h);
        answer a;
        tx.guard = &narrow;
        answer_open(&a);
        kt_error *error = journal_history(&tx, house_entity(&h, "t.party"), id, 0, (kt_str){0}, &a.j);
        assert_non_null(error);
        assert_int_equal(error->first->kind, KT_NOT_FOUND);
        buffer_close(&a.out);
        store_end(tx.view);
    }
    chronicle_close(&h);
}

/* ---- Erasure ---- */

static void erase_nowak(kt_tx *tx, house *h)
{
    assert_string_equal(said(model_erase(tx, house_entity(h, "t.party"), 1)), "");
}

static void an_erased_person_stays_erased_in_history_and_chain(void **state)
{
    (void)state;
    house h = told();
    commit(&h, NULL, erase_nowak);
    answer a;
    kt_tx tx = reading(&h);
    answer_open(&a);
    assert_null(journal_since(&tx, 0, NULL, 0, &a.j));
    assert_null(journal_history(&tx, house_entity(&h, "t.party"), 1, 0, (kt_str){0}, &a.j));
    assert_null(strstr(answered(&a.j), "44051401359"));
    assert_null(strstr(a.out.ptr, "02070803628"));
    buffer_close(&a.out);
    store_end(tx.view);
    journal_verdict verdict;
    assert_null(journal_verify(h.store, h.arena, &verdict, NULL, NULL));
    assert_int_equal(verdict.first_bad, 0);
    chronicle_close(&h);
}

/* ---- Time travel ---- */

/* Everything of the test's entities, as JSON. */
static char *everything(house *h, kt_tx *tx)
{
    static const char *const entities[] = {"t.party", "t.deal", "t.tag"};
    buffer out;
    buffer_open(&out, (size_t)4 << 20);
    json j = json_to(&out);
    json_object(&j);
    for (size_t i = 0; i < 3; i++) {
        json_key(&j, entities[i]);
        json_object(&j);
        assert_string_equal(
            said(query_list(
                tx, &(query_request){.entity = house_entity(h, entities[i]), .right = "read"}, &j)),
            "");
        json_object_end(&j);
    }
    char *copy = arena_str(h->arena, buffer_str(&out)).ptr ? (char *)arena_str(h->arena, buffer_str(&out)).ptr
                                                           : NULL;
    buffer_close(&out);
    return copy;
}

static void the_past_reads_as_it_was(void **state)
{
    (void)state;
    house h = chronicle_open();
    chronicle_found(&h);
    void (*const story[])(kt_tx *, house *) = {
        two_parties, a_deal_and_a_rename, import_first, import_second, delete_the_deal};
    char *then[5];
    kt_time when[5];
    for (size_t i = 0; i < 5; i++) {
        commit(&h, NULL, story[i]);
        kt_tx tx = reading(&h);
        then[i] = everything(&h, &tx);
        when[i] = clock_now();
        store_end(tx.view);
        clock_advance(1000);
    }
    for (size_t i = 0; i < 5; i++) {
        kt_tx tx = reading(&h);
        assert_string_equal(said(journal_travel(&tx, when[i], NULL, 0, 0)), "");
        assert_string_equal(everything(&h, &tx), then[i]);
        store_end(tx.view);
    }
    chronicle_close(&h);
}

static void a_single_record_travels_alone(void **state)
{
    (void)state;
    house h = told();
    kt_tx tx = reading(&h);
    const model_entity *party = house_entity(&h, "t.party");
    model_record record = {0};
    kt_time start = {clock_now().ms - 4 * 60000 + 30000};
    assert_null(journal_travel(&tx, start, party, 1, 0));
    assert_null(model_read(&tx, party, 1, &record));
    assert_string_equal(house_value(&record, "name")->as.s.ptr, "Nowak");
    assert_int_equal(record.values[MODEL_VERSION].as.i, 1);
    assert_null(model_read(&tx, party, 2, &record));
    assert_string_equal(house_value(&record, "name")->as.s.ptr, "KOWALSKA"); /* not asked for */
    store_end(tx.view);
    chronicle_close(&h);
}

static void rename_both(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 1, "{'name': 'Nowak i Wnuki'}");
    changed(tx, h, "t.party", 2, "{'name': 'Kowalska i Wnuki'}");
}

/* What a record points to is as it was then, too: as far as is asked for, and of one record that alone. */
static void what_is_pointed_to_travels_along(void **state)
{
    (void)state;
    static const struct {
        uint64_t id;
        unsigned depth;
        const char *first, *second;
    } trips[] = {{1, 0, "Nowak i Wnuki", "Kowalska i Wnuki"}, {1, 1, "Nowak i Syn", "Kowalska i Wnuki"},
        {0, 0, "Nowak i Wnuki", "Kowalska i Wnuki"}, {0, 1, "Nowak i Syn", "KOWALSKA"}};
    house h = told();
    const model_entity *deal = house_entity(&h, "t.deal"), *party = house_entity(&h, "t.party");
    kt_time then = clock_now();
    clock_advance(60000);
    commit(&h, NULL, rename_both);
    commit(&h, NULL, delete_the_deal);
    for (size_t i = 0; i < sizeof trips / sizeof *trips; i++) {
        kt_tx tx = reading(&h);
        model_record record = {0};
        assert_string_equal(said(journal_travel(&tx, then, deal, trips[i].id, trips[i].depth)), "");
        assert_null(model_read(&tx, deal, 1, &record));
        assert_null(model_read(&tx, party, 1, &record));
        assert_string_equal(house_value(&record, "name")->as.s.ptr, trips[i].first);
        assert_null(model_read(&tx, party, 2, &record));
        assert_string_equal(house_value(&record, "name")->as.s.ptr, trips[i].second);
        store_end(tx.view);
    }
    chronicle_close(&h);
}

static void two_contacts(kt_tx *tx, house *h)
{
    made(tx, h, "t.party", "{'name': 'Nowak', 'contacts': [{'kind': 'work'}, {'kind': 'home'}]}");
}

static void the_last_contact_goes(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 1, "{'contacts': [{'id': 1}]}");
}

static void the_first_contact_changes(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 1, "{'contacts': [{'id': 1, 'kind': 'seat'}]}");
}

/* Beside the lines stands the id of the last one that went: both are the field's. */
static void lines_whose_last_is_gone_are_told_and_come_back(void **state)
{
    (void)state;
    house h = chronicle_open();
    chronicle_found(&h);
    commit(&h, NULL, two_contacts);
    clock_advance(60000);
    commit(&h, NULL, the_last_contact_goes);
    kt_time then = clock_now();
    clock_advance(60000);
    commit(&h, NULL, the_first_contact_changes);
    const variant *entries = variant_get(since(&h, 1, NULL, 0), "entries");
    for (size_t i = 0; i < 2; i++) {
        const variant *change = item(variant_get(item(entries, i), "changes"), 0);
        assert_int_equal(length(variant_get(variant_get(change, "before"), "contacts")), 2 - i);
        assert_int_equal(length(variant_get(variant_get(change, "after"), "contacts")), 1);
    }
    kt_tx tx = reading(&h);
    model_record record = {0};
    assert_string_equal(said(journal_travel(&tx, then, NULL, 0, 0)), "");
    assert_null(model_read(&tx, house_entity(&h, "t.party"), 1, &record));
    assert_int_equal(house_value(&record, "contacts")->as.lines.count, 1);
    store_end(tx.view);
    chronicle_close(&h);
}

static void swap_first(kt_tx *tx, house *h)
{
    made(tx, h, "t.tag", "{'name': 'red'}");
    made(tx, h, "t.tag", "{'name': 'blue'}");
}

static void swap_second(kt_tx *tx, house *h)
{
    changed(tx, h, "t.tag", 1, "{'name': 'grey'}");
    changed(tx, h, "t.tag", 2, "{'name': 'red'}");
    changed(tx, h, "t.tag", 1, "{'name': 'blue'}");
}

static void unique_values_that_changed_hands_travel_back(void **state)
{
    (void)state;
    house h = chronicle_open();
    chronicle_found(&h);
    commit(&h, NULL, swap_first);
    kt_time then = clock_now();
    clock_advance(1000);
    commit(&h, NULL, swap_second);
    kt_tx tx = reading(&h);
    model_record record = {0};
    assert_string_equal(said(journal_travel(&tx, then, NULL, 0, 0)), "");
    assert_null(model_read(&tx, house_entity(&h, "t.tag"), 1, &record));
    assert_string_equal(house_value(&record, "name")->as.s.ptr, "red");
    store_end(tx.view);
    chronicle_close(&h);
}

/* ---- Undo ---- */

static const char *undo_unit;
static uint64_t undo_seq;
static answer undone;

static void undo_it(kt_tx *tx, house *h)
{
    (void)h;
    assert_string_equal(said(journal_revert(tx, str_of(undo_unit), undo_seq, (kt_str){0}, &undone.j)), "");
}

static const variant *undo(house *h, const char *unit, uint64_t seq)
{
    undo_unit = unit;
    undo_seq = seq;
    answer_open(&undone);
    commit(h, NULL, undo_it);
    return answer_take(h, &undone);
}

static char *now(house *h)
{
    kt_tx tx = reading(h);
    char *text = everything(h, &tx);
    store_end(tx.view);
    return text;
}

static void a_known_contact(kt_tx *tx, house *h)
{
    made(tx, h, "t.party", "{'name': 'Nowak', 'contacts': [{'kind': 'work', 'value': '601'}]}");
}

static void its_value_changes(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 1, "{'contacts': [{'id': 1, 'value': '602'}]}");
}

static void its_kind_changes(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 1, "{'contacts': [{'id': 1, 'kind': 'home'}]}");
}

static void expect_contact(const variant *side, const char *kind, const char *value)
{
    const variant *contact = item(variant_get(side, "contacts"), 0);
    assert_int_equal(number(contact, "id"), 1);
    assert_string_equal(text(contact, "kind"), kind);
    assert_string_equal(text(contact, "value"), value);
}

/* Their personal members are stored apart from the others: a change of either is told with both, and goes back. */
static void lines_with_personal_members_are_told_whole_and_come_back(void **state)
{
    (void)state;
    static void (*const changes[])(kt_tx *, house *) = {its_value_changes, its_kind_changes};
    for (size_t i = 0; i < 2; i++) {
        house h = chronicle_open();
        chronicle_found(&h);
        commit(&h, NULL, a_known_contact);
        commit(&h, "change", changes[i]);
        const variant *entries = variant_get(since(&h, 1, NULL, 0), "entries");
        const variant *change = item(variant_get(item(entries, length(entries) - 1), "changes"), 0);
        expect_contact(variant_get(change, "before"), "work", "601");
        expect_contact(variant_get(change, "after"), i ? "home" : "work", i ? "601" : "602");
        const variant *back = undo(&h, "change", 0);
        assert_int_equal(length(variant_get(back, "conflicts")), 0);
        assert_int_equal(number(back, "reverted"), 1);
        kt_tx tx = reading(&h);
        model_record record = {0};
        assert_null(model_read(&tx, house_entity(&h, "t.party"), 1, &record));
        const model_value *contacts = house_value(&record, "contacts");
        assert_string_equal(contacts->as.lines.items[0].values[1].as.s.ptr, "work");
        assert_string_equal(contacts->as.lines.items[0].values[2].as.s.ptr, "601");
        store_end(tx.view);
        chronicle_close(&h);
    }
}

static void a_unit_is_undone_and_undone_again(void **state)
{
    (void)state;
    house h = told();
    const variant *back = undo(&h, "import-7", 0);
    assert_int_equal(length(variant_get(back, "conflicts")), 0);
    assert_int_equal(number(back, "reverted"), 5);
    kt_tx tx = reading(&h);
    model_record record = {0};
    const model_entity *party = house_entity(&h, "t.party");
    assert_non_null(model_read(&tx, party, 3, &record));
    assert_null(model_read(&tx, party, 2, &record));
    assert_string_equal(house_value(&record, "name")->as.s.ptr, "Kowalska");
    assert_false(house_value(&record, "notes")->set);
    store_end(tx.view);
    const variant *again = undo(&h, text(back, "unit"), 0);
    assert_int_equal(number(again, "reverted"), 5);
    tx = reading(&h);
    assert_null(model_read(&tx, party, 5, &record));
    assert_string_equal(house_value(&record, "name")->as.s.ptr, "Imported 3");
    store_end(tx.view);
    chronicle_close(&h);
}

static void edit_later(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 2, "{'notes': 'rang on Friday'}");
    changed(tx, h, "t.party", 3, "{'name': 'Imported and kept'}");
    made(tx, h, "t.deal", "{'title': 'Table', 'party': 4}");
}

static void later_edits_are_conflicts_and_stay(void **state)
{
    (void)state;
    house h = told();
    commit(&h, NULL, edit_later);
    const variant *back = undo(&h, "import-7", 0), *conflicts = variant_get(back, "conflicts");
    assert_int_equal(length(conflicts), 3);
    assert_int_equal(number(back, "reverted"), 3); /* the last import, the deal's amount, the name of 2 */
    kt_tx tx = reading(&h);
    model_record record = {0};
    const model_entity *party = house_entity(&h, "t.party");
    assert_null(model_read(&tx, party, 2, &record));
    assert_string_equal(house_value(&record, "name")->as.s.ptr, "Kowalska");
    assert_string_equal(house_value(&record, "notes")->as.s.ptr, "rang on Friday");
    assert_null(model_read(&tx, party, 3, &record));
    assert_null(model_read(&tx, party, 4, &record));
    store_end(tx.view);
    chronicle_close(&h);
}

static void a_deletion_is_undone_with_its_number(void **state)
{
    (void)state;
    house h = told();
    char *before = now(&h);
    (void)before;
    uint64_t seq = commit(&h, NULL, delete_the_deal);
    const variant *back = undo(&h, NULL, seq);
    assert_int_equal(number(back, "reverted"), 1);
    kt_tx tx = reading(&h);
    model_record record = {0};
    assert_null(model_read(&tx, house_entity(&h, "t.deal"), 1, &record));
    assert_string_equal(record.values[MODEL_NUMBER].as.s.ptr, "D/2026/0001");
    assert_int_equal(house_value(&record, "amount")->as.d.coef, 999);
    store_end(tx.view);
    chronicle_close(&h);
}

static void take_the_external_id(kt_tx *tx, house *h)
{
    assert_null(model_delete(tx, house_entity(h, "t.party"), 2, 0));
}

static void reuse_the_external_id(kt_tx *tx, house *h)
{
    made(tx, h, "t.party", "{'name': 'Other', 'external_id': 'k-1'}");
}

static void a_unique_value_taken_since_is_a_conflict(void **state)
{
    (void)state;
    house h = told();
    uint64_t seq = commit(&h, NULL, take_the_external_id);
    commit(&h, NULL, reuse_the_external_id);
    const variant *back = undo(&h, NULL, seq);
    assert_int_equal(number(back, "reverted"), 0);
    assert_int_equal(length(variant_get(back, "conflicts")), 1);
    chronicle_close(&h);
}

static void an_unknown_unit_is_not_found(void **state)
{
    (void)state;
    house h = told();
    kt_tx tx = reading(&h);
    answer a;
    answer_open(&a);
    kt_error *error = journal_revert(&tx, KT_STR("import-8"), 0, (kt_str){0}, &a.j);
    assert_int_equal(error->first->kind, KT_NOT_FOUND);
    error = journal_revert(&tx, (kt_str){0}, 99, (kt_str){0}, &a.j);
    assert_int_equal(error->first->kind, KT_NOT_FOUND);
    buffer_close(&a.out);
    store_end(tx.view);
    chronicle_close(&h);
}

/* ---- A unit of many changes, and memory that runs out ---- */

enum { MANY = 12000 };

static void import_many(kt_tx *tx, house *h)
{
    for (int i = 0; i < MANY; i++)
        made(tx, h, "t.tag", arena_format(tx->arena, "{'name': 'tag %d'}", i).ptr);
}

static kt_str undo_cursor;
static void undo_step(kt_tx *tx, house *h)
{
    (void)h;
    assert_string_equal(said(journal_revert(tx, KT_STR("big"), 0, undo_cursor, &undone.j)), "");
}

static void a_large_unit_is_undone_in_steps(void **state)
{
    (void)state;
    house h = chronicle_open();
    chronicle_found(&h);
    commit(&h, "big", import_many);
    int64_t reverted = 0;
    unsigned steps = 0;
    const char *unit = NULL;
    undo_cursor = (kt_str){0};
    do {
        answer_open(&undone);
        commit(&h, NULL, undo_step);
        const variant *step = answer_take(&h, &undone);
        reverted += number(step, "reverted");
        undo_cursor = variant_get_str(step, "next");
        unit = unit ? unit : text(step, "unit");
        assert_string_equal(text(step, "unit"), unit);
        steps++;
    } while (undo_cursor.len);
    assert_int_equal(reverted, MANY);
    assert_int_equal(steps, 3);
    kt_tx tx = reading(&h);
    uint64_t count = 1;
    assert_null(
        query_count(&tx, &(query_request){.entity = house_entity(&h, "t.tag"), .right = "read"}, &count));
    assert_int_equal(count, 0);
    store_end(tx.view);
    chronicle_close(&h);
}

static kt_error *read_everything(kt_tx *tx, house *h, json *j)
{
    KT_TRY(journal_since(tx, 0, NULL, 0, j));
    KT_TRY(journal_history(tx, house_entity(h, "t.party"), 2, 0, (kt_str){0}, j));
    return journal_travel(tx, (kt_time){clock_now().ms - 200000}, NULL, 0, 0);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    house h = told();
    bool done = false;
    for (uint64_t nth = 1; !done; nth++) {
        assert_true(nth < 2000);
        answer a;
        arena *small = arena_open((size_t)64 << 20);
        answer_open(&a);
        kt_tx tx = {.arena = small,
            .catalogue = h.catalogue,
            .lang = "en",
            .now = clock_now(),
            .master_key = house_master_key};
        assert_null(store_read(h.store, small, &tx.view));
        memory_fail_at(nth, false);
        kt_error *error = read_everything(&tx, &h, &a.j);
        done = memory_asked() < nth;
        memory_fail_at(0, false);
        if (done)
            assert_null(error);
        store_end(tx.view);
        buffer_close(&a.out);
        arena_close(small);
    }
    chronicle_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_feed_is_gapless_and_resumable),
        cmocka_unit_test(the_feed_tells_before_and_after),
        cmocka_unit_test(filters_pass_over_entries_and_next_moves_on),
        cmocka_unit_test(the_feed_obeys_the_callers_rights),
        cmocka_unit_test(a_deleted_record_is_judged_by_its_last_state),
        cmocka_unit_test(history_is_newest_first_field_by_field),
        cmocka_unit_test(the_history_of_what_may_not_be_seen_is_that_of_nothing),
        cmocka_unit_test(an_erased_person_stays_erased_in_history_and_chain),
        cmocka_unit_test(the_past_reads_as_it_was),
        cmocka_unit_test(a_single_record_travels_alone),
        cmocka_unit_test(lines_whose_last_is_gone_are_told_and_come_back),
        cmocka_unit_test(what_is_pointed_to_travels_along),
        cmocka_unit_test(unique_values_that_changed_hands_travel_back),
        cmocka_unit_test(a_unit_is_undone_and_undone_again),
        cmocka_unit_test(lines_with_personal_members_are_told_whole_and_come_back),
        cmocka_unit_test(later_edits_are_conflicts_and_stay),
        cmocka_unit_test(a_deletion_is_undone_with_its_number),
        cmocka_unit_test(a_unique_value_taken_since_is_a_conflict),
        cmocka_unit_test(an_unknown_unit_is_not_found),
        cmocka_unit_test(a_large_unit_is_undone_in_steps),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
