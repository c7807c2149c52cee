/* A deletion is planned whole before it writes: what forbids it leaves everything as it was. */
#include "model/house_test.h"
#include "model/variant_test.h"

static const kt_shape root_shape = {"d.root", 8,
    TABLE(ROW("name", STRING, .required = true),
        ROW("over", REF, .target = "d.root", .on_delete = KT_CASCADE))};
static const kt_shape part_shape = {"d.part", 8,
    TABLE(ROW("name", STRING, .required = true),
        ROW("root", REF, .target = "d.root", .on_delete = KT_CASCADE),
        ROW("kin", REF, .target = "d.part", .on_delete = KT_CLEAR))};
static const kt_shape use_line_shape = {
    NULL, 8, TABLE(ROW("part", REF, .target = "d.part", .required = true, .on_delete = KT_CASCADE))};
static const kt_shape use_shape = {"d.use", 8,
    TABLE(ROW("name", STRING, .required = true), ROW("part", REF, .target = "d.part"),
        ROW("root", REF, .target = "d.root", .on_delete = KT_CASCADE),
        ROW("lines", LINES, .lines = &use_line_shape))};
static const kt_entity entities[] = {
    {.shape = &root_shape, .label = {"Root", "Korzeń"}, .title = "name"},
    {.shape = &part_shape, .label = {"Part", "Część"}, .title = "name"},
    {.shape = &use_shape, .label = {"Use", "Użycie"}, .title = "name"},
    {0},
};
static const kt_module module = {
    .abi = KT_ABI, .name = "d", .version = "1.0.0", .label = {"D", "D"}, .entities = entities};

static house open_house(void)
{
    return house_open_with((const kt_module *const[]){&module, NULL});
}

static uint64_t add(house *h, const char *entity, const char *values)
{
    model_record record;
    assert_string_equal(said(model_create(h->tx, house_entity(h, entity), wire(h, values), &record)), "");
    return record_id(&record);
}

static uint64_t total(house *h, const char *entity)
{
    key name;
    uint64_t count;
    counter_total_key(&name, house_entity(h, entity));
    assert_null(counter_read(h->tx, &name, &count));
    return count;
}

/* A number that stands for every byte of the data space. */
static uint64_t digest(house *h)
{
    store_cursor *cursor;
    kt_str name, value;
    uint64_t sum = 14695981039346656037u;
    assert_null(store_scan(h->tx->view, STORE_DATA, KT_STR(""), (kt_str){0}, false, &cursor));
    while (store_next(cursor, &name, &value)) {
        for (size_t i = 0; i < name.len; i++)
            sum = (sum ^ (uint8_t)name.ptr[i]) * 1099511628211u;
        for (size_t i = 0; i < value.len; i++)
            sum = (sum ^ (uint8_t)value.ptr[i]) * 1099511628211u;
    }
    assert_null(store_scan_end(cursor));
    return sum;
}

static size_t changes(const house *h)
{
    size_t n = 0;
    for (const model_change *c = h->tx->changes; c; c = c->next)
        n++;
    return n;
}

static size_t problems(const kt_error *error)
{
    size_t n = 0;
    for (const problem *p = error->first; p; p = p->next)
        n++;
    return n;
}

static void a_restriction_met_within_a_cascade_refuses_the_whole(void **state)
{
    (void)state;
    house h = open_house();
    add(&h, "d.root", "{'name': 'Oak'}");
    add(&h, "d.part", "{'name': 'Leaf', 'root': 1}");
    add(&h, "d.part", "{'name': 'Branch', 'root': 1}");
    add(&h, "d.use", "{'name': 'Broom', 'part': 2}");
    add(&h, "d.use", "{'name': 'Tea', 'part': 1}");
    uint64_t before = digest(&h);
    size_t changed = changes(&h);
    kt_error *error = model_delete(h.tx, house_entity(&h, "d.root"), 1, 0);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_CONFLICT);
    assert_int_equal(problems(error), 2);
    assert_string_equal(
        error->first->text.en, "d.use 2 \"Tea\" points (part) to d.part 1 \"Leaf\", which would go with it");
    assert_string_equal(error->first->next->text.en,
        "d.use 1 \"Broom\" points (part) to d.part 2 \"Branch\", which would go with it");
    assert_null(h.tx->doomed);
    assert_int_equal(digest(&h), before);
    assert_int_equal(changes(&h), changed);
    add(&h, "d.root", "{'name': 'the transaction goes on'}");
    house_close(&h);
}

static void what_goes_with_it_is_no_obstacle(void **state)
{
    (void)state;
    house h = open_house();
    add(&h, "d.root", "{'name': 'Oak'}");
    add(&h, "d.part", "{'name': 'Leaf', 'root': 1}");
    add(&h, "d.use", "{'name': 'Tea', 'part': 1, 'root': 1}");
    assert_string_equal(said(model_delete(h.tx, house_entity(&h, "d.root"), 1, 0)), "");
    assert_int_equal(total(&h, "d.part") + total(&h, "d.use") + total(&h, "d.root"), 0);
    house_close(&h);
}

static void a_line_that_needs_it_refuses_before_anything_is_written(void **state)
{
    (void)state;
    house h = open_house();
    add(&h, "d.root", "{'name': 'Oak'}");
    add(&h, "d.part", "{'name': 'Leaf', 'root': 1}");
    add(&h, "d.use", "{'name': 'Tea', 'lines': [{'part': 1}]}");
    uint64_t before = digest(&h);
    kt_error *error = model_delete(h.tx, house_entity(&h, "d.root"), 1, 0);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_CONFLICT);
    assert_non_null(strstr(error->first->text.en, "d.use 1 cannot lose its reference to it: lines[0].part"));
    assert_null(h.tx->doomed);
    assert_int_equal(digest(&h), before);
    house_close(&h);
}

static void a_long_chain_goes_as_a_whole(void **state)
{
    (void)state;
    house h = open_house();
    add(&h, "d.root", "{'name': 'r1'}");
    for (unsigned i = 1; i < 200; i++) {
        char values[60];
        snprintf(values, sizeof values, "{'name': 'r', 'over': %u}", i);
        add(&h, "d.root", values);
    }
    assert_string_equal(said(model_delete(h.tx, house_entity(&h, "d.root"), 1, 0)), "");
    assert_int_equal(total(&h, "d.root"), 0);
    house_close(&h);
}

/* ---- Any web of references: either nothing changes, or what must go goes and the rest is sound ---- */

enum { EACH = 8 };
typedef struct {
    unsigned part_root[EACH + 1], use_part[EACH + 1], use_root[EACH + 1]; /* 0: none */
} web;

static unsigned random_of(unsigned *seed, unsigned n)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % n;
}

static const char *ref(house *h, unsigned id)
{
    return id ? arena_format(h->arena, "%u", id).ptr : "null";
}

static void weave(house *h, web *w, unsigned *seed)
{
    for (unsigned i = 1; i <= EACH; i++)
        add(h, "d.root", "{'name': 'r'}");
    for (unsigned i = 1; i <= EACH; i++) {
        w->part_root[i] = random_of(seed, EACH + 1);
        add(h, "d.part",
            arena_format(h->arena, "{'name': 'p', 'root': %s, 'kin': %s}", ref(h, w->part_root[i]),
                ref(h, random_of(seed, i)))
                .ptr);
    }
    for (unsigned i = 1; i <= EACH; i++) {
        w->use_part[i] = random_of(seed, 3) ? 0 : random_of(seed, EACH + 1);
        w->use_root[i] = random_of(seed, EACH + 1);
        add(h, "d.use",
            arena_format(h->arena, "{'name': 'u', 'part': %s, 'root': %s}", ref(h, w->use_part[i]),
                ref(h, w->use_root[i]))
                .ptr);
    }
}

static void count_finding(void *context, const char *finding)
{
    print_message("%s\n", finding);
    ++*(size_t *)context;
}

static void any_deletion_is_whole_or_nothing(void **state)
{
    (void)state;
    unsigned refused = 0, done = 0;
    for (unsigned round = 1; round <= 150; round++) {
        house h = open_house();
        web w = {0};
        unsigned seed = round, root;
        weave(&h, &w, &seed);
        root = 1 + random_of(&seed, EACH);
        bool may = true;
        unsigned parts = 0, uses = 0;
        for (unsigned i = 1; i <= EACH; i++) {
            bool part_goes = w.part_root[i] == root;
            parts += part_goes;
            uses += w.use_root[i] == root;
            for (unsigned k = 1; k <= EACH; k++)
                may = may && !(part_goes && w.use_part[k] == i && w.use_root[k] != root);
        }
        uint64_t before = digest(&h);
        kt_error *error = model_delete(h.tx, house_entity(&h, "d.root"), root, 0);
        if (may != !error)
            fail_msg("seed %u: %s", round, said(error));
        if (error) {
            assert_int_equal(digest(&h), before);
            assert_null(h.tx->doomed);
            refused++;
        } else {
            assert_int_equal(total(&h, "d.root"), EACH - 1);
            assert_int_equal(total(&h, "d.part"), EACH - parts);
            assert_int_equal(total(&h, "d.use"), EACH - uses);
            done++;
        }
        size_t findings = 0;
        assert_null(model_check(h.tx, count_finding, &findings));
        assert_int_equal(findings, 0);
        house_close(&h);
    }
    assert_true(refused > 10 && done > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restriction_met_within_a_cascade_refuses_the_whole),
        cmocka_unit_test(what_goes_with_it_is_no_obstacle),
        cmocka_unit_test(a_line_that_needs_it_refuses_before_anything_is_written),
        cmocka_unit_test(a_long_chain_goes_as_a_whole),
        cmocka_unit_test(any_deletion_is_whole_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
