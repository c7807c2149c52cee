/* "has": whichever side a query is run from, it means the same. */
#include "model/variant_test.h"
#include "query/internal.h"

enum { PARTIES = 6000, DEALS = 2500, NOTES = 700 };

static unsigned seed = 11;

static unsigned dice(unsigned sides)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % sides;
}

static void made(house *h, const char *entity, const char *values)
{
    model_record record = {0};
    assert_string_equal(said(model_create(h->tx, house_entity(h, entity), wire(h, values), &record)), "");
}

/* Most deals are of few parties, so that some sets are small and some are large. */
static house filled(void)
{
    house h = house_open();
    char text[200];
    made(&h, "t.tag", "{'name': 'gold'}");
    for (unsigned i = 0; i < PARTIES; i++) {
        snprintf(text, sizeof text, "{'name': 'P%u', 'kind': '%s', 'tags': [%s]}", dice(50),
            dice(4) ? "firm" : "person", dice(9) ? "" : "1");
        made(&h, "t.party", text);
    }
    for (unsigned i = 0; i < DEALS; i++) {
        snprintf(text, sizeof text, "{'title': 'D', 'party': %u, 'amount': '%u', 'day': '2026-%02u-15'}",
            1 + dice(dice(2) ? PARTIES : 300), dice(100), 1 + dice(12));
        made(&h, "t.deal", text);
    }
    for (unsigned i = 0; i < NOTES; i++) {
        snprintf(text, sizeof text, "{'text': 'N', 'about': {'entity': 't.%s', 'id': %u}}",
            dice(3) ? "party" : "deal", 1 + dice(DEALS));
        made(&h, "t.note", text);
    }
    return h;
}

/* Each record is asked by itself: no plan, no set. */
static uint64_t one_by_one(house *h, const query_filter *filter)
{
    uint64_t count = 0;
    for (uint64_t id = 1; id <= PARTIES; id++) {
        model_record record;
        bool found, yes = false;
        assert_null(model_load(h->tx, house_entity(h, "t.party"), id, &record, &found));
        assert_null(query_filter_matches(h->tx, filter, &record, &yes));
        count += yes;
    }
    return count;
}

static uint64_t listed(house *h, const query_filter *filter, const char *sort)
{
    const variant by = {VARIANT_STRING, .as.string = str_of(sort)};
    query_rows *rows;
    model_record record;
    uint64_t count = 0;
    assert_null(query_open(
        h->tx, &(query_request){.entity = house_entity(h, "t.party"), .filter = filter, .sort = &by}, &rows));
    while (query_next(rows, &record))
        count++;
    assert_null(query_end(rows));
    return count;
}

static const char *const filters[] = {
    "[['has','t.deal.party']]",
    "[['not',['has','t.deal.party']]]",
    "[['has','t.deal.party',[['amount','>',95]]]]",
    "[['has','t.deal.party',[['day','>=','2026-06-01'],['amount','<',50]]],['kind','=','firm']]",
    "[['kind','=','person'],['not',['has','t.deal.party',[['day','>','2026-03-01']]]]]",
    "[['not',['has','t.deal.party']],['not',['has','t.note.about']]]",
    "[['has','t.note.about'],['not',['has','t.deal.party',[['amount','>',20]]]],['name','like','P1%']]",
    "[['or',['has','t.note.about'],['has','t.deal.party',[['amount','=',7]]]]]",
    "[['has','t.deal.party',[['has','t.note.about']]]]",
    "[['has','t.deal.party',[['amount','=',1000]]]]",
    "[['name','=','P7'],['not',['has','t.deal.party',[['amount','<',90]]]]]",
    "[['has','t.deal.party',[['amount','<',90]]],['name','=','P7'],['kind','=','firm']]",
};

static void every_way_gives_the_same(void **state)
{
    (void)state;
    house h = filled();
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        query_filter *filter;
        uint64_t counted;
        assert_string_equal(
            said(query_filter_read(h.tx, house_entity(&h, "t.party"), wire(&h, filters[i]), &filter)), "");
        assert_string_equal(
            said(query_count(
                h.tx, &(query_request){.entity = house_entity(&h, "t.party"), .filter = filter}, &counted)),
            "");
        uint64_t each = one_by_one(&h, filter);
        print_message("%s: %llu\n", filters[i], (unsigned long long)each);
        assert_int_equal(counted, each);
        assert_int_equal(listed(&h, filter, "id"), each);
        assert_int_equal(listed(&h, filter, "name"), each);
    }
    house_close(&h);
}

static void what_does_not_point_here_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"[['has']]", "[['has','t.deal.title']]", "[['has','t.deal']]",
        "[['has','t.deal.party',[['nothing','=',1]]]]", "[['has','t.deal.party',[],1]]", "[['has',5]]",
        "[['contacts','any',[['has','t.deal.party']]]]"};
    house h = house_open();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        query_filter *filter;
        kt_error *error = query_filter_read(h.tx, house_entity(&h, "t.party"), wire(&h, wrong[i]), &filter);
        assert_non_null(error);
        assert_int_equal(error->first->kind, KT_VALIDATION);
    }
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_gives_the_same),
        cmocka_unit_test(what_does_not_point_here_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
