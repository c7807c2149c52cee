/* A new index over many records is filled step by step, with writes in between, and with a restart after any
 * step; it is used when it is whole, and then exact. */
#include "model/compile.h"
#include "model/variant_test.h"
#include "query/internal.h"

enum { ITEMS = 3500 };

static const kt_choice sizes[] = {
    {1, "small", {"Small", "Mały"}, NULL}, {2, "large", {"Large", "Duży"}, NULL}, {0}};
static const kt_shape old_shape = {"f.item", 8,
    TABLE(ROW("name", STRING, .required = true), ROW("code", STRING, .max = 20),
        ROW("size", STATE, .choices = sizes), ROW("rank", INT))};
static const kt_shape new_shape = {"f.item", 8,
    TABLE(ROW("name", STRING, .required = true, .indexed = true),
        ROW("code", STRING, .max = 20, .unique = true), ROW("size", STATE, .choices = sizes, .indexed = true),
        ROW("rank", INT), ROW("over", REF, .target = "f.item"))};
static const kt_entity old_entities[] = {
    {.shape = &old_shape, .label = {"Item", "Rzecz"}, .title = "name"}, {0}};
static const kt_entity new_entities[] = {
    {.shape = &new_shape, .label = {"Item", "Rzecz"}, .title = "name", .indexes = "size rank"}, {0}};
static const kt_module old_module = {
    .abi = KT_ABI, .name = "f", .version = "1.0.0", .label = {"F", "F"}, .entities = old_entities};
static const kt_module new_module = {
    .abi = KT_ABI, .name = "f", .version = "2.0.0", .label = {"F", "F"}, .entities = new_entities};

/* What a start does: the catalogue from what is stored. */
static void start(house *h, const kt_module *module)
{
    const model_catalogue *was = h->catalogue;
    h->catalogue = h->tx->catalogue = house_build(
        h->arena, h->tx->view, (const kt_module *const[]){module, NULL});
    if (was)
        model_catalogue_release(was);
}

static house stocked(void)
{
    house h = house_open_with((const kt_module *const[]){&old_module, NULL});
    model_record record;
    for (unsigned i = 1; i <= ITEMS; i++)
        assert_string_equal(
            said(model_create(h.tx, house_entity(&h, "f.item"),
                wire_format(&h, "{'name': 'item %u', 'code': 'c%u', 'size': '%s', 'rank': %u}", i % 50, i,
                    i % 3 ? "small" : "large", i % 7),
                &record)),
            "");
    return h;
}

static void shout(void *context, const char *finding)
{
    (void)context;
    fail_msg("%s", finding);
}

static uint64_t entries_of(house *h, uint16_t index, bool unique)
{
    key from, to;
    uint64_t count;
    key_open(&from, unique ? KEY_UNIQUE : KEY_INDEX);
    key_u16(&from, house_entity(h, "f.item")->number);
    key_u16(&from, index);
    to = from;
    key_after(&to);
    assert_null(store_count(h->tx->view, STORE_DATA, key_str(&from), key_str(&to), UINT64_MAX, &count));
    return count;
}

static uint64_t counted(house *h, const char *filter)
{
    uint64_t count;
    const model_entity *item = house_entity(h, "f.item");
    assert_null(query_count(
        h->tx, &(query_request){.entity = item, .filter = house_filter(h, item, filter)}, &count));
    return count;
}

static bool uses_index(house *h)
{
    query_plan plan;
    const model_entity *item = house_entity(h, "f.item");
    const plan_request request = {
        .entity = item, .filter = house_filter(h, item, "[['name', '=', 'item 7']]"), .right = "read"};
    assert_null(query_plan_make(h->tx, &request, &plan));
    return plan.scan == SCAN_INDEX;
}

/* Writes of every kind, on both sides of the filling's mark. */
static void write_some(house *h, unsigned round)
{
    model_record record;
    const model_entity *item = house_entity(h, "f.item");
    const unsigned ids[] = {1 + round, 1200 + round, 3400 - round};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_string_equal(said(model_update(h->tx, item, ids[i], 0,
                                wire_format(h, "{'name': 'moved %u', 'code': 'm%u-%u', 'size': '%s'}", round,
                                    round, ids[i], round % 2 ? "small" : "large"),
                                &record)),
            "");
    assert_string_equal(said(model_delete(h->tx, item, 100 + round, 0)), "");
    assert_string_equal(said(model_delete(h->tx, item, 3000 + round, 0)), "");
    assert_string_equal(
        said(model_create(h->tx, item,
            wire_format(h, "{'name': 'new %u', 'code': 'n%u', 'size': 'large', 'over': 1}", round, round),
            &record)),
        "");
}

static unsigned fill(house *h, bool restarts)
{
    unsigned steps = 0;
    write_some(h, 50); /* who points to record 1 is known from the first moment on */
    assert_int_equal(model_delete(h->tx, house_entity(h, "f.item"), 1, 0)->first->kind, KT_CONFLICT);
    for (bool more = true; more; steps++) {
        assert_string_equal(said(model_fill_step(h->tx, &more)), "");
        if (more)
            write_some(h, steps);
        if (restarts)
            start(h, &new_module);
        assert_null(model_check(h->tx, shout, NULL));
        assert_true(steps < 100);
    }
    return steps;
}

static void check_filled(house *h)
{
    start(h, &new_module);
    const model_entity *item = house_entity(h, "f.item");
    assert_int_equal(item->filling_count, 0);
    assert_null(model_check(h->tx, shout, NULL));
    assert_true(uses_index(h));
    uint64_t large = 0;
    for (uint64_t id = 1; id < ITEMS + 200; id++) {
        model_record record;
        bool found;
        assert_null(model_load(h->tx, item, id, &record, &found));
        large += found && house_value(&record, "size")->as.i == 2;
    }
    assert_int_equal(counted(h, "[['size', '=', 'large']]"), large); /* from the kept counter */
}

static void it_is_filled_in_steps_while_others_write(void **state)
{
    (void)state;
    for (unsigned restarts = 0; restarts < 2; restarts++) {
        house h = stocked();
        start(&h, &new_module);
        assert_true(house_entity(&h, "f.item")->filling_count >= 3);
        assert_false(uses_index(&h));
        assert_int_equal(counted(&h, "[['name', '=', 'item 7']]"), ITEMS / 50);
        assert_true(fill(&h, restarts) > 6);
        assert_int_equal(model_delete(h.tx, house_entity(&h, "f.item"), 1, 0)->first->kind, KT_CONFLICT);
        check_filled(&h);
        house_close(&h);
    }
}

static void what_cannot_become_unique_is_refused_with_all_that_is_alike(void **state)
{
    (void)state;
    house h = stocked();
    model_record record;
    const model_entity *item = house_entity(&h, "f.item");
    assert_string_equal(said(model_update(h.tx, item, 3123, 0, wire(&h, "{'code': 'c17'}"), &record)), "");
    assert_string_equal(said(model_update(h.tx, item, 40, 0, wire(&h, "{'code': 'c9'}"), &record)), "");
    const model_sources sources = {.modules = (const kt_module *const[]){&new_module, NULL}};
    model_catalogue *never;
    kt_error *error = model_catalogue_build(h.arena, h.tx->view, &sources, &never);
    assert_non_null(error);
    unsigned told = 0;
    for (const problem *p = error->first; p; p = p->next) {
        assert_int_equal(p->kind, KT_CONFLICT);
        told |= strcmp(p->text.en, "records 17 and 3123 have the same code: it cannot become unique") == 0 ? 1
                : strcmp(p->text.en, "records 9 and 40 have the same code: it cannot become unique") == 0  ? 2
                                                                                                          : 4;
    }
    assert_int_equal(told, 3);
    house_close(&h);
}

/* Between two steps somebody takes a value that the filling has not met yet. */
static void what_becomes_alike_while_it_is_filled_is_named(void **state)
{
    (void)state;
    house h = stocked();
    model_record record;
    start(&h, &new_module);
    assert_string_equal(
        said(model_update(h.tx, house_entity(&h, "f.item"), 17, 0, wire(&h, "{'code': 'c3123'}"), &record)),
        "");
    kt_error *error = NULL;
    for (bool more = true; more && !error;)
        error = model_fill_step(h.tx, &more);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_CONFLICT);
    assert_string_equal(
        error->first->text.en, "records 17 and 3123 have the same code: it cannot become unique");
    house_close(&h);
}

/* Whoever had the value gives it up before the filling comes there: the one that took it keeps its entry. */
static void a_value_that_changes_hands_belongs_to_whom_it_went(void **state)
{
    (void)state;
    house h = stocked();
    model_record record;
    start(&h, &new_module);
    const model_entity *item = house_entity(&h, "f.item");
    assert_string_equal(said(model_update(h.tx, item, 17, 0, wire(&h, "{'code': 'c3123'}"), &record)), "");
    assert_string_equal(said(model_update(h.tx, item, 3123, 0, wire(&h, "{'code': 'own'}"), &record)), "");
    assert_string_equal(said(model_update(h.tx, item, 18, 0, wire(&h, "{'code': 'c3000'}"), &record)), "");
    assert_string_equal(said(model_delete(h.tx, item, 3000, 0)), "");
    for (unsigned i = 0; i < 2; i++) {
        kt_error *error = model_update(
            h.tx, item, 40, 0, wire(&h, i ? "{'code': 'c3000'}" : "{'code': 'c3123'}"), &record);
        assert_non_null(error);
        assert_string_equal(error->first->text.en,
            i ? "record 18 has this value already" : "record 17 has this value already");
    }
    for (bool more = true; more;)
        assert_string_equal(said(model_fill_step(h.tx, &more)), "");
    check_filled(&h);
    house_close(&h);
}

static void a_second_record_takes_no_value_that_is_filled(void **state)
{
    (void)state;
    house h = stocked();
    model_record record;
    bool more;
    start(&h, &new_module);
    for (unsigned i = 0; i < 12; i++)
        assert_null(model_fill_step(h.tx, &more));
    kt_error *error = model_update(
        h.tx, house_entity(&h, "f.item"), 3123, 0, wire(&h, "{'code': 'c17'}"), &record);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_CONFLICT);
    house_close(&h);
}

/* What the records hold, kept beside them: code by id, "" for one that is not there or has none. */
typedef struct {
    house h;
    char codes[ITEMS + 200][8];
    uint64_t count, random;
    unsigned accepted, refused;
} shadow;

static unsigned any(shadow *s, unsigned below)
{
    s->random = s->random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(s->random >> 33) % below;
}

/* A write was taken, and then is true; or refused, and then the record that it names has that value. */
static void judge(shadow *s, uint64_t id, const char *code, kt_error *error)
{
    unsigned long long other = 0;
    if (!error) {
        snprintf(s->codes[id], sizeof s->codes[id], "%s", code);
        s->accepted++;
        return;
    }
    assert_int_equal(error->first->kind, KT_CONFLICT);
    assert_int_equal(sscanf(error->first->text.en, "record %llu has this value already", &other), 1);
    assert_true(other != id && other < ITEMS + 200);
    assert_string_equal(s->codes[other], code);
    s->refused++;
}

static void write_any(shadow *s)
{
    house *h = &s->h;
    const model_entity *item = house_entity(h, "f.item");
    model_record record;
    char code[8];
    uint64_t id = 1 + any(s, 40) * 88; /* few of them, from all over: they meet */
    unsigned what = any(s, 10);
    snprintf(code, sizeof code, any(s, 12) ? "h%u" : "c%u", any(s, 3) ? 1 + any(s, 40) * 88 : any(s, 300));
    if (what == 0) {
        if (s->codes[id][0] && !model_delete(h->tx, item, id, 0))
            s->codes[id][0] = '\0';
    } else if (what == 1) {
        kt_error *error = model_create(
            h->tx, item, wire_format(h, "{'name': 'new', 'code': '%s', 'size': 'large'}", code), &record);
        uint64_t made = error ? 0 : (uint64_t)record.values[MODEL_ID].as.i;
        assert_true(made < ITEMS + 200);
        judge(s, made, code, error);
    } else if (s->codes[id][0]) {
        judge(s, id, code, model_update(h->tx, item, id, 0, wire_format(h, "{'code': '%s'}", code), &record));
    }
}

static bool are_all_different(const shadow *s)
{
    for (size_t i = 1; i < ITEMS + 200; i++)
        for (size_t k = 1; k < i && s->codes[i][0]; k++)
            if (strcmp(s->codes[i], s->codes[k]) == 0)
                return false;
    return true;
}

/* true: it became whole */
static bool fill_among_writes(shadow *s, unsigned writes)
{
    for (bool more = true; more;) {
        unsigned long long a, b;
        for (unsigned i = 0; i < writes; i++)
            write_any(s);
        kt_error *error = model_fill_step(s->h.tx, &more);
        if (!error)
            continue;
        assert_int_equal(error->first->kind, KT_CONFLICT);
        assert_int_equal(
            sscanf(error->first->text.en, "records %llu and %llu have the same code", &a, &b), 2);
        assert_true(a != b && s->codes[a][0]);
        assert_string_equal(s->codes[a], s->codes[b]);
        return false;
    }
    return true;
}

/* No third state: a value that another record has is refused at once, or the filling names both. */
static void random_writes_leave_it_whole_and_unique_or_named(void **state)
{
    (void)state;
    unsigned whole = 0, named = 0;
    static shadow s;
    for (uint64_t seed = 1; seed <= 16; seed++) {
        s = (shadow){.h = stocked(), .random = seed};
        for (unsigned id = 1; id <= ITEMS; id++)
            snprintf(s.codes[id], sizeof s.codes[id], "c%u", id);
        start(&s.h, &new_module);
        bool done = fill_among_writes(&s, (unsigned)seed);
        print_message("seed %u: %s, %u writes, %u refused\n", (unsigned)seed, done ? "whole" : "named",
            s.accepted, s.refused);
        if (done) {
            assert_true(are_all_different(&s));
            start(&s.h, &new_module);
            assert_int_equal(house_entity(&s.h, "f.item")->filling_count, 0);
            assert_null(model_check(s.h.tx, shout, NULL));
        }
        whole += done;
        named += !done;
        house_close(&s.h);
    }
    assert_true(whole && named);
}

static void an_index_that_is_no_longer_declared_leaves_in_steps(void **state)
{
    (void)state;
    house h = stocked();
    start(&h, &new_module);
    for (bool more = true; more;)
        assert_null(model_fill_step(h.tx, &more));
    start(&h, &new_module);
    uint16_t numbers[10];
    size_t count = 0;
    const model_entity *item = house_entity(&h, "f.item");
    for (size_t i = 0; i < item->index_count; i++)
        if (!item->indexes[i].unique)
            numbers[count++] = item->indexes[i].number;
    assert_true(count >= 3);
    start(&h, &old_module);
    assert_int_equal(entries_of(&h, numbers[0], false), ITEMS);
    start(&h, &new_module); /* declared again while the old one leaves: it gets a number of its own */
    item = house_entity(&h, "f.item");
    for (size_t i = 0; i < item->index_count + item->filling_count; i++)
        for (size_t k = 0; k < count; k++)
            assert_true(item->indexes[i].unique || item->indexes[i].number != numbers[k]);
    for (bool more = true; more;)
        assert_null(model_fill_step(h.tx, &more));
    for (size_t k = 0; k < count; k++)
        assert_int_equal(entries_of(&h, numbers[k], false), 0);
    check_filled(&h);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_filled_in_steps_while_others_write),
        cmocka_unit_test(what_cannot_become_unique_is_refused_with_all_that_is_alike),
        cmocka_unit_test(what_becomes_alike_while_it_is_filled_is_named),
        cmocka_unit_test(a_value_that_changes_hands_belongs_to_whom_it_went),
        cmocka_unit_test(a_second_record_takes_no_value_that_is_filled),
        cmocka_unit_test(random_writes_leave_it_whole_and_unique_or_named),
        cmocka_unit_test(an_index_that_is_no_longer_declared_leaves_in_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
