/* What a handler, a verb and a check at the end allocate is given back; what outlives them lies elsewhere. */
#include <kontor/value.h>

#include "model/variant_test.h"
#include "record/scope.h"

struct tagged {
    kt_record rec;
    kt_str name, notes;
};
static const kt_shape tagged_shape = KT_SHAPE(
    tagged, "t.party", KT_BIND(tagged, name, STRING, "name"), KT_BIND(tagged, notes, TEXT, "notes"));
struct label {
    kt_record rec;
    kt_str name;
    int64_t rank;
};
static const kt_shape label_shape = KT_SHAPE(
    label, "t.tag", KT_BIND(label, name, STRING, "name"), KT_BIND(label, rank, INT, "rank"));

enum { SQUANDERED = 1 << 20 };
static const char kept_key;

/* Makes a tag of each party's name, keeps the name, and needs a megabyte for it. */
static kt_error *label_new(kt_tx *tx, const kt_event *event)
{
    const struct tagged *party = KT_SEE(tagged, event->after);
    struct label made = {KT_OF(label), .name = kt_format(tx, "of %s", party->name.ptr), .rank = 3};
    if (str_is(party->name, "Nobody"))
        return kt_fail(tx, KT_RULE, kt_format(tx, "name").ptr, "%s is nobody", "%s to nikt", party->name.ptr);
    char *squandered = kt_alloc(tx, SQUANDERED);
    if (!squandered)
        return kt_no_memory();
    memset(squandered, 'x', SQUANDERED);
    kt_memory before = kt_lasting_memory(tx);
    kt_str *name = kt_alloc(tx, sizeof *name);
    if (name)
        *name = kt_format(tx, "%s", party->name.ptr);
    KT_TRY(kt_callers_memory(tx, before, name && name->ptr ? NULL : kt_no_memory()));
    KT_TRY(kt_keep(tx, &kept_key, name));
    return kt_create(tx, &made.rec);
}

static const kt_handler handlers[] = {{"t.party.created", &tagged_shape, label_new}, {0}};
static const kt_module labeller = {
    .abi = KT_ABI, .name = "l", .version = "1.0.0", .label = {"Labels", "Etykiety"}, .handlers = handlers};

static house open_house(size_t limit)
{
    house h = house_open_with((const kt_module *const[]){&house_module, &labeller, NULL});
    h.tx->arena = arena_open(limit);
    assert_non_null(h.tx->arena);
    return h;
}

static void close_house(house *h)
{
    arena_close(h->tx->arena);
    house_close(h);
}

static void a_handlers_memory_is_given_back(void **state)
{
    (void)state;
    enum { PARTIES = 200, LIMIT = 4 * SQUANDERED };
    house h = open_house(LIMIT);
    for (int i = 0; i < PARTIES; i++) {
        struct tagged party = {KT_OF(tagged), .name = kt_format(h.tx, "Party %d", i)};
        assert_string_equal(said(kt_create(h.tx, &party.rec)), "");
        assert_int_equal(party.rec.version, 1);
    }
    assert_true(arena_used(h.tx->arena) < SQUANDERED);
    assert_null(h.tx->lasting);
    const kt_str *name = kt_kept(h.tx, &kept_key);
    assert_string_equal(name->ptr, "Party 199");
    struct label read = {KT_OF(label)};
    assert_string_equal(said(kt_read(h.tx, (kt_id){PARTIES}, &read.rec)), "");
    assert_string_equal(read.name.ptr, "of Party 199");
    size_t changes = 0;
    for (const model_change *c = h.tx->changes; c; c = c->next, changes++) {
        model_record record = {0};
        assert_string_equal(said(model_record_decode(h.tx, c->entity, c->id, c->after, &record)), "");
        assert_true(house_value(&record, "name")->as.s.len > 0);
    }
    assert_int_equal(changes, 2 * PARTIES);
    close_house(&h);
}

static void all_that_is_live_at_once_keeps_to_the_limit(void **state)
{
    (void)state;
    house h = open_house(SQUANDERED);
    struct tagged party = {KT_OF(tagged), .name = KT_STR("Nowak")};
    kt_error *error = kt_create(h.tx, &party.rec);
    assert_ptr_equal(error, error_no_memory());
    assert_ptr_equal(h.tx->doomed, error_no_memory());
    close_house(&h);
}

static void errors_and_doom_come_out_of_the_call(void **state)
{
    (void)state;
    house h = open_house(4 * SQUANDERED);
    struct tagged party = {KT_OF(tagged), .name = KT_STR("Nobody")};
    kt_error *error = kt_create(h.tx, &party.rec);
    assert_non_null(error);
    assert_ptr_equal(error->arena, h.tx->arena);
    assert_string_equal(error->first->path, "name");
    assert_string_equal(error->first->text.en, "Nobody is nobody");
    assert_ptr_equal(h.tx->doomed->arena, h.tx->arena);
    assert_string_equal(error_text(h.tx->doomed), "name: Nobody is nobody");
    close_house(&h);
}

static void a_verb_leaves_the_structs_texts_and_lines_alone(void **state)
{
    (void)state;
    house h = open_house(8 * SQUANDERED);
    struct tagged party = {KT_OF(tagged), .name = KT_STR("Nowak"), .notes = KT_STR("pays late")};
    assert_string_equal(said(kt_create(h.tx, &party.rec)), "");
    size_t before = arena_used(h.tx->arena);
    enum { TIMES = 100 };
    for (int i = 0; i < TIMES; i++) {
        party.notes = i % 2 ? KT_STR("pays late") : KT_STR("pays at once");
        assert_string_equal(said(kt_update(h.tx, &party.rec)), "");
        assert_string_equal(said(kt_read(h.tx, party.rec.id, &party.rec)), "");
    }
    assert_true(arena_used(h.tx->arena) - before < (size_t)TIMES * 2 * 128);
    assert_string_equal(party.notes.ptr, "pays late");
    const model_change *first = h.tx->changes;
    assert_null(first->next->next); /* the party and its tag, however often written */
    close_house(&h);
}

/* Needs a megabyte; fails if it is told to. */
static kt_error *one_step(kt_tx *tx, void *fails)
{
    char *squandered = kt_alloc(tx, SQUANDERED);
    if (!squandered)
        return kt_no_memory();
    memset(squandered, 'x', SQUANDERED);
    return *(const bool *)fails ? kt_fail(tx, KT_RULE, kt_format(tx, "step").ptr, "%s", "%s", "no further")
                                : NULL;
}

static void a_steps_memory_is_given_back_and_its_error_comes_out(void **state)
{
    (void)state;
    enum { STEPS = 200 };
    bool fails = false;
    house h = open_house(4 * SQUANDERED);
    for (int i = 0; i < STEPS; i++)
        assert_string_equal(said(kt_step(h.tx, one_step, &fails)), "");
    assert_true(arena_used(h.tx->arena) < SQUANDERED);
    fails = true;
    kt_error *error = kt_step(h.tx, one_step, &fails);
    assert_non_null(error);
    assert_ptr_equal(error->arena, h.tx->arena);
    assert_string_equal(error_text(error), "step: no further");
    close_house(&h);
}

static kt_error *write_too_much(store_job *job, store_view *view)
{
    static char value[STORE_VALUE_MAX];
    (void)job;
    memset(value, 'v', sizeof value);
    for (uint32_t i = 0; i < STORE_WRITES_MAX / sizeof value + 2; i++)
        KT_TRY(
            store_put(view, STORE_META, (kt_str){(const char *)&i, sizeof i}, (kt_str){value, sizeof value}));
    return NULL;
}

static void a_transaction_that_writes_too_much_is_refused(void **state)
{
    (void)state;
    house h = open_house(8 * SQUANDERED);
    store_job job = {.body = write_too_much, .arena = arena_open(SQUANDERED)};
    assert_int_equal(store_run(h.store, &job), STORE_REFUSED);
    assert_int_equal(job.error->first->kind, KT_LIMIT);
    assert_non_null(job.error->first->hint.en);
    arena_close(job.arena);
    close_house(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handlers_memory_is_given_back),
        cmocka_unit_test(all_that_is_live_at_once_keeps_to_the_limit),
        cmocka_unit_test(errors_and_doom_come_out_of_the_call),
        cmocka_unit_test(a_verb_leaves_the_structs_texts_and_lines_alone),
        cmocka_unit_test(a_steps_memory_is_given_back_and_its_error_comes_out),
        cmocka_unit_test(a_transaction_that_writes_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
