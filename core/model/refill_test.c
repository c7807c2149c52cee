/* Of an entity with many records other fields become searchable, and a reference gets another index: both are
 * written step by step with writes in between, and meanwhile nothing wrong is found, or overlooked. */
#include "kit/json.h"
#include "model/compile.h"
#include "model/variant_test.h"
#include "query/search.h"

enum { ITEMS = 3200 };

static const kt_shape part_shape = {NULL, 8, TABLE(ROW("of", REF, .target = "f.item"))};
static const kt_shape old_shape = {"f.item", 8,
    TABLE(ROW("name", STRING, .required = true, .searchable = true), ROW("note", TEXT), ROW("rank", INT),
        ROW("over", REF, .target = "f.item"), ROW("parts", LINES, .lines = &part_shape))};
static const kt_shape new_shape = {"f.item", 8,
    TABLE(ROW("name", STRING, .required = true), ROW("note", TEXT, .searchable = true), ROW("rank", INT),
        ROW("over", REF, .target = "f.item"), ROW("parts", LINES, .lines = &part_shape))};
static const kt_entity old_entities[] = {
    {.shape = &old_shape, .label = {"Item", "Rzecz"}, .title = "name"}, {0}};
static const kt_entity new_entities[] = {
    {.shape = &new_shape, .label = {"Item", "Rzecz"}, .title = "name", .indexes = "over rank"}, {0}};
static const kt_module old_module = {
    .abi = KT_ABI, .name = "f", .version = "1.0.0", .label = {"F", "F"}, .entities = old_entities};
static const kt_module new_module = {
    .abi = KT_ABI, .name = "f", .version = "2.0.0", .label = {"F", "F"}, .entities = new_entities};

static void start(house *h, const kt_module *module)
{
    const model_catalogue *was = h->catalogue;
    h->catalogue = h->tx->catalogue = house_build(
        h->arena, h->tx->view, (const kt_module *const[]){module, NULL});
    if (was)
        model_catalogue_release(was);
}

static void make(house *h, unsigned n, unsigned over)
{
    model_record record;
    const variant *values = over ? wire_format(h,
                                       "{'name': 'thing n%u', 'note': 'remark w%u', 'rank': %u, 'over': %u, "
                                       "'parts': [{'of': %u}]}",
                                       n, n % 97, n % 7, over, over)
                                 : wire_format(h, "{'name': 'first n%u', 'note': 'remark w%u', 'rank': %u}",
                                       n, n % 97, n % 7);
    assert_string_equal(said(model_create(h->tx, house_entity(h, "f.item"), values, &record)), "");
}

/* Of the first ten all others hang on one. */
static house stocked(void)
{
    house h = house_open_with((const kt_module *const[]){&old_module, NULL});
    for (unsigned i = 1; i <= 10; i++)
        make(&h, i, 0);
    for (unsigned i = 11; i <= ITEMS; i++)
        make(&h, i, 1 + i % 9);
    return h;
}

static void shout(void *context, const char *finding)
{
    (void)context;
    fail_msg("%s", finding);
}

static bool finds(house *h, const char *word)
{
    buffer out;
    buffer_open(&out, 100000);
    json j = json_to(&out);
    json_object(&j);
    assert_null(query_search(h->tx, str_of(word), NULL, 5, &j));
    json_object_end(&j);
    bool found = memmem(buffer_str(&out).ptr, buffer_str(&out).len, "f.item", 6) != NULL;
    buffer_close(&out);
    return found;
}

static void write_some(house *h, unsigned round)
{
    model_record record;
    const model_entity *item = house_entity(h, "f.item");
    const unsigned ids[] = {20 + round, 1500 + round, 3100 - round};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_string_equal(said(model_update(h->tx, item, ids[i], 0,
                                wire_format(h, "{'name': 'moved m%u', 'note': 'changed c%u-%u', 'over': %u}",
                                    round, round, ids[i], 1 + round % 9),
                                &record)),
            "");
    assert_string_equal(said(model_delete(h->tx, item, 300 + round, 0)), "");
    assert_string_equal(said(model_delete(h->tx, item, 2900 + round, 0)), "");
    make(h, 9000 + round, 2);
}

/* Nobody points to the tenth; to the others many do. */
static void references_hold(house *h)
{
    const model_entity *item = house_entity(h, "f.item");
    for (uint64_t id = 1; id <= 9; id++) {
        kt_error *error = model_delete(h->tx, item, id, 0);
        assert_non_null(error);
        assert_int_equal(error->first->kind, KT_CONFLICT);
    }
}

static void it_is_filled_in_steps_and_nothing_is_overlooked(void **state)
{
    (void)state;
    for (unsigned restarts = 0; restarts < 2; restarts++) {
        house h = stocked();
        unsigned steps = 0;
        assert_true(finds(&h, "n1234"));
        assert_false(finds(&h, "w12"));
        start(&h, &new_module);
        assert_true(house_entity(&h, "f.item")->filling_count >= 1);
        for (bool more = true; more; steps++) {
            references_hold(&h);
            assert_string_equal(said(model_fill_step(h.tx, &more)), "");
            if (more)
                write_some(&h, steps);
            if (restarts)
                start(&h, &new_module);
            assert_null(model_check(h.tx, shout, NULL));
            assert_true(steps < 200);
        }
        assert_true(steps > 12);
        start(&h, &new_module);
        assert_null(model_check(h.tx, shout, NULL)); /* of all words too, now */
        assert_int_equal(house_entity(&h, "f.item")->filling_count, 0);
        references_hold(&h);
        assert_string_equal(said(model_delete(h.tx, house_entity(&h, "f.item"), 10, 0)), "");
        assert_true(finds(&h, "w12"));
        assert_true(finds(&h, "c3-23"));
        assert_false(finds(&h, "n1234"));
        house_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_filled_in_steps_and_nothing_is_overlooked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
