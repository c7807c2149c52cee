/* An index in runs finds what any other finds, in whichever run it lies. */
#include "model/variant_test.h"
#include "query/internal.h"

enum { PARTIES = 60, APART = 97 }; /* more than one run, and runs that have no entry of a value */

static house filled(void)
{
    house h = house_open();
    house_put(&h, "t.party", 1, wire(&h, "{'name': 'First'}"));
    house_put(&h, "t.party", 2, wire(&h, "{'name': 'Second'}"));
    for (unsigned i = 1; i <= PARTIES; i++)
        house_put(&h, "t.party", i * APART,
            i % 7 ? wire_format(&h, "{'name': 'P%02u', 'parent': %u}", i % 10, i > 50 ? 2 : 1 + i % 2)
                  : wire_format(&h, "{'name': 'P%02u'}", i % 10));
    return h;
}

static const model_index *index_of_parent(const house *h)
{
    const model_entity *party = house_entity(h, "t.party");
    for (size_t i = 0; i < party->index_count; i++)
        if (party->indexes[i].in_runs)
            return &party->indexes[i];
    return NULL;
}

static void a_seldom_reference_has_its_index_in_runs(void **state)
{
    (void)state;
    house h = filled();
    uint32_t *runs;
    size_t count;
    const model_index *index = index_of_parent(&h);
    assert_non_null(index);
    assert_string_equal(index->fields[0]->name.ptr, "parent");
    assert_null(query_runs(h.tx, house_entity(&h, "t.party"), index, &runs, &count));
    assert_int_equal(count, PARTIES * APART / KEY_RUN + 1);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(runs[i], i);
    house_close(&h);
}

static const char *const filters[] = {
    "[['parent', '=', 1]]",
    "[['parent', '=', 2]]",
    "[['parent', '=', 3]]",
    "[['parent', 'in', [1, 2]]]",
    "[['parent', 'in', [2, null]]]",
    "[['parent', '=', null]]",
    "[['parent', '!=', null]]",
    "[['parent', '!=', 1]]",
    "[['parent', '=', 2], ['name', '=', 'P03']]",
    "['or', ['parent', '=', 1], ['name', '=', 'P03']]",
    "[['parent.name', '=', 'Second']]",
};

/* The ids of all that match, one record asked after the other. */
static size_t one_by_one(house *h, const query_filter *filter, uint64_t ids[PARTIES + 2])
{
    size_t count = 0;
    for (uint64_t id = 1; id <= PARTIES * APART; id++) {
        model_record record;
        bool found, yes = false;
        assert_null(model_load(h->tx, house_entity(h, "t.party"), id, &record, &found));
        if (found)
            assert_null(query_filter_matches(h->tx, filter, &record, &yes));
        if (yes)
            ids[count++] = id;
    }
    return count;
}

static void every_filter_finds_the_same_in_each_order(void **state)
{
    (void)state;
    house h = filled();
    const model_entity *party = house_entity(&h, "t.party");
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        uint64_t ids[PARTIES + 2], counted;
        query_filter *filter = house_filter(&h, party, filters[i]);
        const size_t count = one_by_one(&h, filter, ids);
        assert_null(query_count(h.tx, &(query_request){.entity = party, .filter = filter}, &counted));
        assert_int_equal(counted, count);
        static const char *const sorts[] = {"'id'", "'-id'", "'name,id'", "'parent,id'"};
        for (size_t s = 0; s < sizeof sorts / sizeof *sorts; s++) {
            query_rows *rows;
            model_record record;
            uint64_t before = 0;
            size_t seen = 0;
            assert_null(query_open(h.tx,
                &(query_request){.entity = party, .filter = filter, .sort = wire(&h, sorts[s])}, &rows));
            for (; query_next(rows, &record); seen++) {
                if (s < 2)
                    assert_int_equal(record_id(&record), ids[s ? count - 1 - seen : seen]);
                assert_int_not_equal(record_id(&record), before);
                before = record_id(&record);
            }
            assert_null(query_end(rows));
            assert_int_equal(seen, count);
        }
    }
    house_close(&h);
}

/* Page after page, to the last. */
static void pages_join(void **state)
{
    (void)state;
    house h = filled();
    const model_entity *party = house_entity(&h, "t.party");
    query_filter *filter = house_filter(&h, party, "[['parent', '=', 2]]");
    uint64_t ids[PARTIES + 2];
    const size_t count = one_by_one(&h, filter, ids);
    query_request query = {.entity = party, .filter = filter, .limit = 7, .sort = wire(&h, "'id'")};
    size_t seen = 0;
    for (;;) {
        const variant *page = house_list(&h, &query), *rows = variant_get(page, "rows");
        for (size_t i = 0; i < rows->as.array.count; i++)
            assert_int_equal(variant_get(&rows->as.array.items[i], "id")->as.integer, ids[seen++]);
        kt_str next = variant_get_str(page, "next");
        if (!next.len)
            break;
        query.cursor = next;
    }
    assert_int_equal(seen, count);
    house_close(&h);
}

static void who_points_is_found_up_to_so_many(void **state)
{
    (void)state;
    house h = filled();
    const model_entity *party = house_entity(&h, "t.party");
    const model_index *index = index_of_parent(&h);
    const model_referrer from = {party, index->fields[0], index};
    uint64_t expected[PARTIES + 2], *ids;
    size_t count;
    const size_t all = one_by_one(&h, house_filter(&h, party, "[['parent', '=', 2]]"), expected);
    assert_null(query_pointing(h.tx, &from, party, 2, SIZE_MAX, &ids, &count));
    assert_int_equal(count, all);
    assert_memory_equal(ids, expected, all * sizeof *ids);
    assert_null(query_pointing(h.tx, &from, party, 2, 20, &ids, &count));
    assert_int_equal(count, 20);
    assert_null(query_pointing(h.tx, &from, party, 3, SIZE_MAX, &ids, &count));
    assert_int_equal(count, 0);
    house_remove(&h, "t.party", expected[0]);
    house_remove(&h, "t.party", expected[all - 1]);
    assert_null(query_pointing(h.tx, &from, party, 2, SIZE_MAX, &ids, &count));
    assert_int_equal(count, all - 2);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seldom_reference_has_its_index_in_runs),
        cmocka_unit_test(every_filter_finds_the_same_in_each_order),
        cmocka_unit_test(pages_join),
        cmocka_unit_test(who_points_is_found_up_to_so_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
