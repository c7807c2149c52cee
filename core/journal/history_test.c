/* A record's history, gone through from entry to entry, also where the record was away or an older server wrote. */
#include "journal/chronicle_test.h"

/* Entries: 1 both come, 2 the second is renamed, 3 a deal comes. */
static void both_come(kt_tx *tx, house *h)
{
    made(tx, h, "t.party", "{'name': 'Nowak'}");
    made(tx, h, "t.party", "{'name': 'Kowalska'}");
}

static void kowalska_is_renamed(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 2, "{'name': 'KOWALSKA'}");
}

static void a_deal_comes(kt_tx *tx, house *h)
{
    made(tx, h, "t.deal", "{'title': 'Chairs', 'party': 1, 'amount': '1250.50'}");
}

static house told(void)
{
    house h = chronicle_open();
    chronicle_found(&h);
    commit(&h, NULL, both_come);
    commit(&h, NULL, kowalska_is_renamed);
    commit(&h, NULL, a_deal_comes);
    return h;
}

static void delete_kowalska(kt_tx *tx, house *h)
{
    assert_string_equal(said(model_delete(tx, house_entity(h, "t.party"), 2, 0)), "");
}

static void bring_back(kt_tx *tx, house *h)
{
    answer a;
    uint64_t head;
    assert_null(journal_head(tx->view, &head));
    answer_open(&a);
    assert_string_equal(said(journal_revert(tx, (kt_str){0}, head, (kt_str){0}, &a.j)), "");
    buffer_close(&a.out);
    (void)h;
}

static void rename_kowalska(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 2, "{'name': 'Kowalska-Nowak'}");
}

/* The kinds of a record's entries, newest first, read by pages of so many. */
static const char *kinds_of(house *h, const char *entity, uint64_t id, uint32_t page)
{
    const char *all = "";
    const char *cursor = NULL;
    do {
        const variant *answer = history(h, entity, id, page, cursor),
                      *entries = variant_get(answer, "entries");
        for (size_t i = 0; i < length(entries); i++)
            all = arena_format(h->arena, "%s%s%s", all, *all ? " " : "", text(item(entries, i), "kind")).ptr;
        cursor = variant_get(answer, "next") ? text(answer, "next") : NULL;
    } while (cursor);
    return all;
}

static void a_record_that_was_away_has_its_whole_history(void **state)
{
    (void)state;
    house h = told();
    commit(&h, NULL, delete_kowalska);
    assert_string_equal(kinds_of(&h, "t.party", 2, 0), "deleted updated created");
    commit(&h, NULL, bring_back);
    commit(&h, NULL, rename_kowalska);
    commit(&h, NULL, delete_kowalska);
    commit(&h, NULL, bring_back);
    const char *whole = "created deleted updated created deleted updated created";
    assert_string_equal(kinds_of(&h, "t.party", 2, 0), whole);
    assert_string_equal(kinds_of(&h, "t.party", 2, 1), whole);
    assert_string_equal(kinds_of(&h, "t.party", 1, 0), "created");
    chronicle_close(&h);
}

static void a_cursor_is_of_the_record_s_own_history(void **state)
{
    (void)state;
    house h = told();
    static const char *const bad[] = {
        "4", "0", "99", "-1", "1x", "18446744073709551617"}; /* 4 changed another */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        kt_tx tx = reading(&h);
        answer a;
        answer_open(&a);
        assert_string_equal(
            said(journal_history(&tx, house_entity(&h, "t.party"), 2, 0, str_of(bad[i]), &a.j)),
            "cursor: it is not of an earlier answer");
        buffer_close(&a.out);
        store_end(tx.view);
    }
    chronicle_close(&h);
}

/* Stores once had a key for each entry of a record, and records that did not bear its number. */
static void write_as_once(kt_tx *tx, house *h, uint64_t id, void (*body)(kt_tx *tx, house *h))
{
    const uint64_t entry = tx->entry;
    key old;
    tx->entry = 0;
    body(tx, h);
    tx->entry = entry;
    key_open(&old, KEY_HISTORY);
    key_u16(&old, house_entity(h, "t.party")->number);
    key_u64(&old, id);
    key_u64(&old, entry);
    assert_null(store_put(tx->view, STORE_DATA, key_str(&old), KT_STR("")));
}

static void kowalska_comes(kt_tx *tx, house *h)
{
    made(tx, h, "t.party", "{'name': 'Kowalska'}");
}

static void kowalska_comes_as_once(kt_tx *tx, house *h)
{
    write_as_once(tx, h, 1, kowalska_comes);
}

static void kowalska_marries(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 1, "{'name': 'Kowalska-Nowak'}");
}

static void kowalska_marries_as_once(kt_tx *tx, house *h)
{
    write_as_once(tx, h, 1, kowalska_marries);
}

static void kowalska_moves(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 1, "{'notes': 'moved'}");
}

static void kowalska_goes(kt_tx *tx, house *h)
{
    assert_string_equal(said(model_delete(tx, house_entity(h, "t.party"), 1, 0)), "");
}

static void an_older_store_keeps_its_history(void **state)
{
    (void)state;
    house h = chronicle_open();
    chronicle_found(&h);
    commit(&h, NULL, kowalska_comes_as_once);
    clock_advance(1000);
    const kt_time single = clock_now();
    clock_advance(1000);
    commit(&h, NULL, kowalska_marries_as_once);
    assert_string_equal(kinds_of(&h, "t.party", 1, 0), "updated created");
    clock_advance(1000);
    commit(&h, NULL, kowalska_moves);
    assert_string_equal(kinds_of(&h, "t.party", 1, 1), "updated updated created");
    kt_tx tx = reading(&h);
    model_record record = {0};
    assert_null(journal_travel(&tx, single, house_entity(&h, "t.party"), 1, 0));
    assert_null(model_read(&tx, house_entity(&h, "t.party"), 1, &record));
    assert_string_equal(house_value(&record, "name")->as.s.ptr, "Kowalska");
    store_end(tx.view);
    commit(&h, NULL, kowalska_goes);
    assert_string_equal(kinds_of(&h, "t.party", 1, 0), "deleted updated updated created");
    chronicle_close(&h);
}

static void look_while_renaming(kt_tx *tx, house *h)
{
    answer a;
    rename_kowalska(tx, h);
    answer_open(&a);
    assert_string_equal(said(journal_history(tx, house_entity(h, "t.party"), 2, 0, (kt_str){0}, &a.j)), "");
    assert_int_equal(length(variant_get(answer_take(h, &a), "entries")), 2);
}

/* What a transaction does is history when it is committed. */
static void a_transaction_sees_the_history_before_itself(void **state)
{
    (void)state;
    house h = told();
    commit(&h, NULL, look_while_renaming);
    assert_string_equal(kinds_of(&h, "t.party", 2, 0), "updated updated created");
    chronicle_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_that_was_away_has_its_whole_history),
        cmocka_unit_test(a_cursor_is_of_the_record_s_own_history),
        cmocka_unit_test(an_older_store_keeps_its_history),
        cmocka_unit_test(a_transaction_sees_the_history_before_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
