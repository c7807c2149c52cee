#include "journal/chronicle_test.h"

static void make_one(kt_tx *tx, house *h)
{
    made(tx, h, "t.party", "{'name': 'Nowak', 'pesel': '44051401359', 'notes': 'calls on Mondays'}");
}

static void rename_it(kt_tx *tx, house *h)
{
    changed(tx, h, "t.party", 1, "{'name': 'Nowak i Syn'}");
}

static void remove_it(kt_tx *tx, house *h)
{
    assert_null(model_delete(tx, house_entity(h, "t.party"), 1, 0));
}

static void make_many(kt_tx *tx, house *h)
{
    char notes[3000] = {0};
    memset(notes, 'x', sizeof notes - 1);
    for (int i = 0; i < 60; i++)
        made(tx, h, "t.party", arena_format(tx->arena, "{'name': 'P%d', 'notes': '%s'}", i, notes).ptr);
}

static void do_nothing(kt_tx *tx, house *h)
{
    (void)tx;
    (void)h;
}

static void make_and_remove(kt_tx *tx, house *h)
{
    uint64_t id = made(tx, h, "t.party", "{'name': 'Ghost'}");
    assert_null(model_delete(tx, house_entity(h, "t.party"), id, 0));
}

static house told(void)
{
    house h = chronicle_open();
    chronicle_found(&h);
    assert_int_equal(commit(&h, NULL, make_one), 1);
    assert_int_equal(commit(&h, NULL, rename_it), 2);
    assert_int_equal(commit(&h, NULL, make_many), 3);
    assert_int_equal(commit(&h, NULL, remove_it), 4);
    return h;
}

static void what_changes_nothing_leaves_no_entry(void **state)
{
    (void)state;
    house h = told();
    assert_int_equal(commit(&h, NULL, do_nothing), 0);
    assert_int_equal(commit(&h, NULL, make_and_remove), 0);
    assert_int_equal(commit(&h, NULL, make_one), 5);
    chronicle_close(&h);
}

static void an_untouched_chain_is_sound(void **state)
{
    (void)state;
    house h = told();
    journal_verdict verdict;
    assert_null(journal_verify(h.store, h.arena, &verdict, NULL, NULL));
    assert_int_equal(verdict.first_bad, 0);
    assert_int_equal(verdict.entries, 4);
    chronicle_close(&h);
}

static void an_entry_larger_than_a_part_is_read_whole(void **state)
{
    (void)state;
    house h = told();
    kt_tx tx = reading(&h);
    journal_entry entry;
    journal_change change;
    buffer room;
    size_t changes = 0;
    buffer_open(&room, (size_t)8 << 20);
    assert_null(chain_entry(tx.view, tx.arena, 3, &room, &entry));
    assert_true(room.len > JOURNAL_PART_BYTES);
    while (journal_entry_next(&entry, &change))
        changes++;
    assert_false(entry.bad);
    assert_int_equal(changes, 60);
    buffer_close(&room);
    store_end(tx.view);
    chronicle_close(&h);
}

static void an_update_keeps_only_what_differs(void **state)
{
    (void)state;
    house h = told();
    kt_tx tx = reading(&h);
    journal_entry entry;
    journal_change change;
    journal_part part;
    buffer room;
    bool notes = false;
    const model_field *field = model_field_find(house_entity(&h, "t.party"), KT_STR("notes"));
    buffer_open(&room, (size_t)8 << 20);
    assert_null(chain_entry(tx.view, tx.arena, 2, &room, &entry));
    assert_true(journal_entry_next(&entry, &change));
    assert_int_equal(change.kind, MODEL_UPDATED);
    while (journal_change_next(&change, &part))
        notes |= part.tag == field->tag;
    assert_false(notes);
    buffer_close(&room);
    store_end(tx.view);
    chronicle_close(&h);
}

/* ---- Tampering: with a new checksum of the store, as somebody would who knows it ---- */

typedef struct {
    store_job job; /* first */
    uint64_t seq;
    unsigned part;
    size_t at; /* byte to flip; SIZE_MAX: delete the part */
} forgery;

static kt_error *forge_run(store_job *job, store_view *view)
{
    forgery *f = (forgery *)job;
    chain_key key;
    kt_str name = chain_entry_key(&key, f->seq, f->part), value;
    KT_TRY(store_get(view, STORE_JOURNAL, name, &value));
    assert_non_null(value.ptr);
    if (f->at == SIZE_MAX)
        return store_delete(view, STORE_JOURNAL, name);
    char *copy = arena_alloc(job->arena, value.len);
    memcpy(copy, value.ptr, value.len);
    copy[f->at % value.len] = (char)(copy[f->at % value.len] ^ 0x10);
    return store_put(view, STORE_JOURNAL, name, (kt_str){copy, value.len});
}

static void forge(house *h, uint64_t seq, unsigned part, size_t at)
{
    forgery f = {.job = {.body = forge_run, .arena = h->arena}, .seq = seq, .part = part, .at = at};
    assert_int_equal(store_run(h->store, &f.job), STORE_DONE);
}

static uint64_t first_bad(house *h)
{
    journal_verdict verdict;
    assert_null(journal_verify(h->store, h->arena, &verdict, NULL, NULL));
    assert_true(!verdict.first_bad == !verdict.reason);
    return verdict.first_bad;
}

static void every_flipped_byte_is_found_and_named(void **state)
{
    (void)state;
    house h = told();
    for (size_t at = 0; at < 400; at++) {
        uint64_t seq = at % 4 + 1;
        forge(&h, seq, seq == 3 ? 1 : 0, at * 7);
        if (first_bad(&h) != seq)
            fail_msg("flip at %zu of entry %llu: %llu was named", at, (unsigned long long)seq,
                (unsigned long long)first_bad(&h));
        forge(&h, seq, seq == 3 ? 1 : 0, at * 7);
        assert_int_equal(first_bad(&h), 0);
    }
    chronicle_close(&h);
}

static void a_missing_part_is_found(void **state)
{
    (void)state;
    house h = told();
    forge(&h, 3, 1, SIZE_MAX);
    assert_int_equal(first_bad(&h), 3);
    chronicle_close(&h);
}

static void a_missing_entry_is_found(void **state)
{
    (void)state;
    house h = told();
    forge(&h, 2, 0, SIZE_MAX);
    assert_int_equal(first_bad(&h), 2);
    chronicle_close(&h);
}

static void an_entry_without_its_tail_is_found(void **state)
{
    (void)state;
    house h = told();
    forge(&h, 4, 0, SIZE_MAX);
    assert_int_equal(first_bad(&h), 4);
    chronicle_close(&h);
}

static void damaged_entries_are_refused_by_readers(void **state)
{
    (void)state;
    house h = told();
    forge(&h, 2, 0, 1); /* its length */
    kt_tx tx = reading(&h);
    buffer out;
    buffer_open(&out, (size_t)4 << 20);
    json j = json_to(&out);
    json_object(&j);
    kt_error *error = journal_since(&tx, 0, NULL, 0, &j);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_STORAGE);
    buffer_close(&out);
    store_end(tx.view);
    chronicle_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_changes_nothing_leaves_no_entry),
        cmocka_unit_test(an_untouched_chain_is_sound),
        cmocka_unit_test(an_entry_larger_than_a_part_is_read_whole),
        cmocka_unit_test(an_update_keeps_only_what_differs),
        cmocka_unit_test(every_flipped_byte_is_found_and_named),
        cmocka_unit_test(a_missing_part_is_found),
        cmocka_unit_test(a_missing_entry_is_found),
        cmocka_unit_test(an_entry_without_its_tail_is_found),
        cmocka_unit_test(damaged_entries_are_refused_by_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
