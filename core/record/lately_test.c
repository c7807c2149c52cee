/* A record that is read again is as the transaction has it by then. */
#include <kontor/value.h>

#include "model/house_test.h"

struct label {
    kt_record rec;
    kt_str name;
    int64_t rank;
};
static const kt_shape label_shape = KT_SHAPE(
    label, "t.tag", KT_BIND(label, name, STRING, "name"), KT_BIND(label, rank, INT, "rank"));

static house open_house(void)
{
    house h = house_open();
    model_remember(h.tx);
    assert_non_null(h.tx->lately);
    return h;
}

static kt_id make(const house *h, const char *name, int64_t rank)
{
    struct label made = {KT_OF(label), .name = kt_format(h->tx, "%s", name), .rank = rank};
    assert_string_equal(said(kt_create(h->tx, &made.rec)), "");
    return made.rec.id;
}

static void assert_rank(const house *h, kt_id id, int64_t rank)
{
    for (int again = 0; again < 2; again++) {
        struct label read = {KT_OF(label)};
        assert_string_equal(said(kt_read(h->tx, id, &read.rec)), "");
        assert_int_equal(read.rank, rank);
    }
}

static kt_error *rank_anew(kt_tx *tx, kt_id id, int64_t rank)
{
    struct label label = {KT_OF(label)};
    KT_TRY(kt_read(tx, id, &label.rec));
    label.rank = rank;
    return kt_update(tx, &label.rec);
}

static kt_error *rank_and_fail(kt_tx *tx, void *context)
{
    struct label read = {KT_OF(label)};
    const kt_id *id = context;
    KT_TRY(rank_anew(tx, *id, 9));
    KT_TRY(kt_read(tx, *id, &read.rec));
    assert_int_equal(read.rank, 9);
    return kt_fail(tx, KT_RULE, NULL, "no", "nie");
}

static void what_was_changed_is_read_as_it_is_now(void **state)
{
    (void)state;
    house h = open_house();
    kt_id id = make(&h, "Red", 1);
    assert_rank(&h, id, 1);
    assert_string_equal(said(rank_anew(h.tx, id, 2)), "");
    assert_rank(&h, id, 2);
    struct label gone = {.rec = {.of = &label_shape, .id = id}};
    assert_string_equal(said(kt_delete(h.tx, &gone.rec)), "");
    assert_int_equal(kt_read(h.tx, id, &gone.rec)->first->kind, KT_NOT_FOUND);
    house_close(&h);
}

static void what_was_taken_back_is_read_as_it_was(void **state)
{
    (void)state;
    house h = open_house();
    kt_id id = make(&h, "Red", 1);
    assert_rank(&h, id, 1);
    assert_non_null(kt_attempt(h.tx, rank_and_fail, &id));
    assert_rank(&h, id, 1);
    house_close(&h);
}

/* What a caller got of a record is its own: it may change it, and lasts when others are read. */
static void what_was_read_is_the_callers(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    house h = open_house();
    struct label first = {KT_OF(label)};
    for (int i = 1; i <= MANY; i++)
        (void)make(&h, kt_format(h.tx, "Tag %d", i).ptr, i);
    for (int round = 0; round < 2; round++)
        for (int i = 1; i <= MANY; i++) {
            struct label read = {KT_OF(label)};
            assert_string_equal(said(kt_read(h.tx, (kt_id){(uint64_t)i}, &read.rec)), "");
            assert_int_equal(read.rank, i);
            if (!first.rank)
                first = read;
        }
    assert_string_equal(first.name.ptr, "Tag 1");
    house_close(&h);
}

/* A copy that reads in memory of its own, as a check does, leaves nothing that goes with it. */
static void what_a_copy_read_does_not_go_with_its_memory(void **state)
{
    (void)state;
    house h = open_house();
    kt_id id = make(&h, "Red", 1);
    for (int i = 0; i < 3; i++) {
        house copy = h;
        kt_tx inner = *h.tx;
        inner.arena = arena_open(1 << 20);
        copy.tx = &inner;
        assert_rank(&copy, id, 1);
        arena_close(inner.arena);
        memset(arena_bytes(h.arena, 8192), 0xff, 8192);
    }
    assert_rank(&h, id, 1);
    h.tx->lately = NULL;
    assert_rank(&h, id, 1);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_changed_is_read_as_it_is_now),
        cmocka_unit_test(what_was_taken_back_is_read_as_it_was),
        cmocka_unit_test(what_was_read_is_the_callers),
        cmocka_unit_test(what_a_copy_read_does_not_go_with_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
