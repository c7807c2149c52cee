/* Which way queries are run: by the index that fits, in its order, from counters. */
#include "model/variant_test.h"
#include "query/internal.h"

static house h;

static int open_house(void **state)
{
    (void)state;
    static const char *const states[] = {"open", "won", "lost"};
    h = house_open();
    h.tx->company = 0;
    house_put(&h, "t.tag", 1, wire(&h, "{'name': 'gold'}"));
    house_put(&h, "t.tag", 2, wire(&h, "{'name': 'tin'}"));
    house_put(&h, "t.tag", 3, wire(&h, "{'name': 'lead'}"));
    for (unsigned i = 1; i <= 20; i++)
        house_put(&h, "t.party", i,
            wire_format(&h, "{'name': 'Party %u', 'kind': '%s', 'contacts': [{'kind': 'phone', 'tag': %u}]}",
                i, i % 10 ? "firm" : "person", 1 + i % 3));
    for (unsigned i = 1; i <= 2000; i++)
        house_put(&h, "t.deal", i,
            wire_format(&h,
                "{'title': 'Deal %u', 'party': %u, 'amount': '%u.00', 'state': '%s', 'day': '2026-%02u-%02u',"
                "'code': 'C%u', 'external_id': 'x-%u', 'number': 'D/2026/%04u'}",
                i, 1 + i % 20, i, states[i % 100 ? i % 2 : 2], 1 + i % 12, 1 + i % 28, i, i, i));
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    house_close(&h);
    return 0;
}

static const char *explained(const query_request *query)
{
    buffer out;
    buffer_open(&out, 1 << 16);
    json j = json_to(&out);
    json_object(&j);
    assert_string_equal(said(query_explain(h.tx, query, &j)), "");
    json_object_end(&j);
    const char *text = arena_str(h.arena, buffer_str(&out)).ptr;
    buffer_close(&out);
    return text;
}

static void the_index_that_fits_is_used(void **state)
{
    (void)state;
    static const struct {
        const char *entity, *filter, *sort;
        const char *scan, *index; /* its fields */
        int64_t equal;
        bool range;
        const char *order;
    } cases[] = {
        {"t.deal", "[]", NULL, "records", NULL, 0, false, "index"},
        {"t.deal", "[['id', '=', 5]]", NULL, "ids", NULL, 0, true, "index"},
        {"t.deal", "[['id', 'in', [5, 7]]]", NULL, "ids", NULL, 0, true, "index"},
        {"t.deal", "[['id', '>', 1900]]", "'-id'", "ids", NULL, 0, true, "index"},
        {"t.deal", "[['external_id', '=', 'x-7']]", NULL, "unique", "external_id", 1, false, "index"},
        {"t.deal", "[['number', '=', 'D/2026/0007']]", NULL, "unique", "number company", 1, false, "memory"},
        {"t.deal", "[['code', '=', 'C7'], ['party', '=', 8]]", NULL, "unique", "code party", 2, false,
            "index"},
        {"t.deal", "[['party', '=', 5]]", NULL, "index", "party day", 1, false, "memory"},
        {"t.deal", "[['party', '=', 5]]", "'-day'", "index", "party day", 1, false, "index"},
        {"t.deal", "[['party', '=', 5]]", "'party,day'", "index", "party day", 1, false, "index"},
        {"t.deal", "[['party', '=', 5], ['day', '>=', '2026-06-01']]", "'day'", "index", "party day", 1, true,
            "index"},
        {"t.deal", "[['party', 'in', [3, 5]]]", "'party,day'", "index", "party day", 0, true, "index"},
        {"t.deal", "[['state', '=', 'lost']]", NULL, "index", "state", 1, false, "index"},
        {"t.deal", "[['state', '=', 'lost']]", "'-id'", "index", "state", 1, false, "index"},
        {"t.deal", "[['state', '=', 'lost'], ['id', '>', 900]]", "'-id'", "index", "state", 1, true, "index"},
        {"t.party", "[['contacts.tag', '=', 2], ['id', '<=', 9]]", "'id'", "index", "tag", 1, true, "index"},
        {"t.deal", "[['amount', '>', '1990']]", NULL, "index", "amount", 0, true, "memory"},
        {"t.deal", "[['amount', 'between', ['5', '10']], ['amount', '<', '8']]", "'amount'", "index",
            "amount", 0, true, "index"},
        {"t.deal", "[]", "'-amount'", "index", "amount", 0, false, "index"},
        {"t.deal", "[]", "'title'", "records", NULL, 0, false, "memory"},
        {"t.deal", "[['state', '=', 'open'], ['amount', '>', '1995']]", NULL, "index", "amount", 0, true,
            "memory"},
        {"t.deal", "['or', ['state', '=', 'lost'], ['amount', '>', '1995']]", NULL, "records", NULL, 0, false,
            "index"},
        {"t.party", "[['name', 'starts_with', 'Party 1']]", "'name'", "index", "name", 0, true, "index"},
        {"t.party", "[['name', 'ilike', 'party 1%']]", "'-name'", "index", "name", 0, true, "index"},
        {"t.party", "[['name', '=', 'Party 3']]", NULL, "index", "name", 1, false, "index"},
        {"t.party", "[['contacts.tag', '=', 2]]", NULL, "index", "tag", 1, false, "index"},
        {"t.party", "[['parent', '=', 3]]", NULL, "index", "parent", 1, false, "memory"}, /* in runs */
        {"t.party", "[['parent', '=', null]]", NULL, "records", NULL, 0, false, "index"},
        {"t.party", "[['parent', '!=', null]]", NULL, "index", "parent", 0, true, "memory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const model_entity *entity = house_entity(&h, cases[i].entity);
        query_request query = {.entity = entity, .filter = house_filter(&h, entity, cases[i].filter)};
        query.sort = cases[i].sort ? wire(&h, cases[i].sort) : NULL;
        const char *text = explained(&query);
        const variant *plan = wire(&h, text), *names = variant_get(plan, "index");
        char index[100] = "";
        for (size_t k = 0; names->kind == VARIANT_ARRAY && k < names->as.array.count; k++)
            snprintf(index + strlen(index), sizeof index - strlen(index), "%s%s", k ? " " : "",
                names->as.array.items[k].as.string.ptr);
        bool right = str_is(variant_get_str(plan, "scan"), cases[i].scan) &&
                     strcmp(index, cases[i].index ? cases[i].index : "") == 0 &&
                     variant_get(plan, "equal")->as.integer == cases[i].equal &&
                     variant_get(plan, "range")->as.boolean == cases[i].range &&
                     str_is(variant_get_str(plan, "sort"), cases[i].order);
        if (!right)
            print_message("%s sort %s: %s\n", cases[i].filter, cases[i].sort ? cases[i].sort : "", text);
        assert_true(right);
    }
}

/* Asked for a page of the entity, explain says how; and the pages are what a look at each record gives. */
static void several_scans_and_far_ends_are_used(void **state)
{
    (void)state;
    static const struct {
        const char *filter, *sort, *scan, *joined, *order;
        size_t parts;
    } cases[] = {
        {"['or', ['state', '=', 'lost'], ['amount', '>', '1995']]", "'title'", "union", NULL, "memory", 2},
        {"['or', ['external_id', '=', 'x-7'], ['external_id', '=', 'x-9']]", "'day'", "union", NULL, "memory",
            2},
        {"['or', ['party', '=', 3], ['party', '=', 7]]", "'-day'", "merge", NULL, "index", 2},
        {"['party', 'in', [3, 5, 9]]", "'day'", "merge", NULL, "index", 3},
        {"[['or', ['external_id', '=', 'x-7'], ['or', ['external_id', '=', 'x-9'], ['amount', '=', '5']]]]",
            "'title'", "union", NULL, "memory", 2},
        {"['party.name', '=', 'Party 3']", "'-day'", "index", "party.name", "index", 0},
        {"['party.contacts.tag.name', '=', 'gold']", "'day'", "merge", "party.contacts.tag.name", "index", 6},
        {"['party', 'any', [['kind', '=', 'person']]]", "'day'", "merge", "party", "index", 2},
        {"['party.name', '=', 'nobody']", "'day'", "index", "party.name", "memory", 0},
        {"['or', ['party.name', '=', 'Party 3'], ['external_id', '=', 'x-9']]", "'title'", "union", NULL,
            "memory", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const model_entity *entity = house_entity(&h, "t.deal");
        query_request query = {.entity = entity, .filter = house_filter(&h, entity, cases[i].filter)};
        query.sort = wire(&h, cases[i].sort);
        const char *text = explained(&query);
        const variant *plan = wire(&h, text), *parts = variant_get(plan, "parts"),
                      *joined = variant_get(plan, "joined");
        const char *path = joined ? joined->as.array.items[0].as.string.ptr : "";
        bool right = str_is(variant_get_str(plan, "scan"), cases[i].scan) &&
                     strcmp(path, cases[i].joined ? cases[i].joined : "") == 0 &&
                     str_is(variant_get_str(plan, "sort"), cases[i].order) &&
                     (parts ? parts->as.array.count : 0) == cases[i].parts;
        if (!right)
            print_message("%s sort %s: %s\n", cases[i].filter, cases[i].sort, text);
        assert_true(right);
    }
}

/* Fields behind a reference cost one read for each record that it leads to, not one for each row or field. */
static void what_rows_share_is_read_once(void **state)
{
    (void)state;
    enum { PARTIES = 20 };
    const model_entity *entity = house_entity(&h, "t.deal");
    query_request query = {.entity = entity, .sort = wire(&h, "'id'")};
    model_path *paths;
    size_t count, rows_seen = 0;
    query_sort sort;
    query_plan plan;
    query_rows *rows;
    const model_record *record;
    buffer out;
    buffer_open(&out, 16 << 20);
    json j = json_to(&out);
    json_array(&j);
    assert_null(model_paths_resolve(
        h.tx, entity, wire(&h, "['title', 'party.name', 'party.kind', 'party.contacts']"), &paths, &count));
    assert_null(query_prepare(h.tx, &query, 500, &sort, &plan));
    assert_null(query_rows_open(h.tx, &plan, NULL, &rows));
    for (; rows_seen < 500 && (record = query_rows_next(rows)); rows_seen++)
        assert_null(record_write(h.tx, query_rows_follow(rows), record, paths, count, "read", &j));
    assert_int_equal(rows_seen, 500);
    assert_int_equal(path_follow_cost(query_rows_follow(rows)), PARTIES);
    assert_null(query_rows_end(rows));
    buffer_close(&out);
}

static void estimates_come_from_counters(void **state)
{
    (void)state;
    const model_entity *deal = house_entity(&h, "t.deal");
    query_plan plan;
    plan_request request = {
        .entity = deal, .filter = house_filter(&h, deal, "[['state', '=', 'lost']]"), .right = "read"};
    assert_null(query_plan_make(h.tx, &request, &plan));
    assert_int_equal(plan.estimate, 20);
    assert_true(plan.exact);
    assert_int_equal(plan.total, 2000);
}

/* A page of what hardly any record is does not go through all of them. */
static void many_values_that_few_records_have_are_looked_up(void **state)
{
    (void)state;
    enum { VALUES = 100 };
    const model_entity *deal = house_entity(&h, "t.deal");
    char filter[16 * VALUES] = "[['amount', 'in', ['7'";
    query_plan plan;
    for (unsigned i = 1; i < VALUES; i++)
        snprintf(filter + strlen(filter), sizeof filter - strlen(filter), ", '%u'", 10 * i);
    snprintf(filter + strlen(filter), sizeof filter - strlen(filter), "]]]");
    query_sort sort;
    assert_null(query_sort_read(h.tx, deal, NULL, &sort));
    const plan_request request = {.entity = deal,
        .filter = house_filter(&h, deal, filter),
        .sort = &sort,
        .limit = 500,
        .right = "read"};
    assert_null(query_plan_make(h.tx, &request, &plan));
    assert_int_equal(plan.scan, SCAN_INDEX);
    assert_in_range(plan.estimate, VALUES / 2, 2 * VALUES);
}

/* ---- Ranges of texts ---- */

static uint64_t counted_one_by_one(const model_entity *entity, const query_filter *filter)
{
    uint64_t count = 0;
    model_record record;
    query_rows *rows;
    assert_null(query_open(h.tx, &(query_request){.entity = entity}, &rows));
    while (query_next(rows, &record)) {
        bool yes;
        assert_null(query_filter_matches(h.tx, filter, &record, &yes));
        count += yes;
    }
    assert_null(query_end(rows));
    return count;
}

/* Keys hold texts folded, and long ones cut: an end that is shorter than the cut is told by them alone. */
static void a_range_of_texts_is_what_each_record_says(void **state)
{
    (void)state;
    enum { FIRST = 9000 };
    static const char *const operators[] = {"<", "<=", ">", ">="};
    static const char *const plain[] = {
        "a", "A", "ą", "ab", "Ab", "b", "łąka", "Ląka", "lz", "party 1", "zz"};
    enum { PLAIN = sizeof plain / sizeof *plain, LONG = 12, ALL = PLAIN + LONG };
    const char *texts[ALL];
    const model_entity *party = house_entity(&h, "t.party");
    for (int i = 0; i < ALL; i++) {
        char text[100];
        memset(text, 'q', sizeof text);
        snprintf(text + 61 + (i - PLAIN) % 6, 10, "%s", i < PLAIN + LONG / 2 ? "a" : "");
        texts[i] = i < PLAIN ? plain[i] : arena_format(h.arena, "%s", text).ptr;
        house_put(&h, "t.party", (uint64_t)(FIRST + i), wire_format(&h, "{'name': '%s'}", texts[i]));
    }
    for (int i = 0; i < ALL; i++)
        for (size_t k = 0; k < 4; k++) {
            uint64_t count;
            query_plan plan;
            kt_str filter = arena_format(h.arena, "[['name', '%s', '%s']]", operators[k], texts[i]);
            query_request query = {.entity = party, .filter = house_filter(&h, party, filter.ptr)};
            const plan_request request = {
                .entity = party, .filter = query.filter, .right = "read", .count_only = true};
            assert_null(query_count(h.tx, &query, &count));
            assert_int_equal(count, counted_one_by_one(party, query.filter));
            assert_null(query_plan_make(h.tx, &request, &plan));
            if (strlen(texts[i]) < KEY_TEXT_MAX)
                assert_true(plan.scan == SCAN_INDEX && !plan.residual);
        }
    for (int i = 0; i < ALL; i++)
        house_remove(&h, "t.party", (uint64_t)(FIRST + i));
}

/* ---- What indexes have, and what they lack ---- */

static uint64_t counted(const char *entity, const char *filter)
{
    uint64_t count = 0;
    query_request query = {.entity = house_entity(&h, entity)};
    query.filter = house_filter(&h, query.entity, filter);
    assert_string_equal(said(query_count(h.tx, &query, &count)), "");
    return count;
}

/* The index of a reference that nobody declared lacks the records in which it is not set. */
static void what_an_index_lacks_is_found_without_it(void **state)
{
    (void)state;
    enum { CHILDREN = 6, PARTIES = 26 };
    for (unsigned i = 0; i < CHILDREN; i++)
        house_put(
            &h, "t.party", 101 + i, wire_format(&h, "{'name': 'Child %u', 'parent': %u}", i, 3 + i % 2));
    assert_int_equal(counted("t.party", "[['parent', '=', 3]]"), CHILDREN / 2);
    assert_int_equal(counted("t.party", "[['parent', '=', null]]"), PARTIES - CHILDREN);
    assert_int_equal(counted("t.party", "[['parent', '!=', null]]"), CHILDREN);
    assert_int_equal(counted("t.party", "[['parent', 'in', [null, 3]]]"), PARTIES - CHILDREN / 2);
    assert_int_equal(counted("t.party", "['has', 't.party.parent', []]"), 2);
    query_request query = {
        .entity = house_entity(&h, "t.party"), .sort = wire(&h, "'-parent'"), .limit = 100};
    query.fields = wire(&h, "['id']");
    const variant *rows = variant_get(house_list(&h, &query), "rows");
    assert_int_equal(rows->as.array.count, PARTIES);
    assert_int_equal(variant_get(&rows->as.array.items[0], "id")->as.integer, 106);
    house_remove(&h, "t.party", 101);
    assert_int_equal(counted("t.party", "[['parent', '=', 3]]"), CHILDREN / 2 - 1);
    for (unsigned i = 1; i < CHILDREN; i++)
        house_remove(&h, "t.party", 101 + i);
    assert_int_equal(counted("t.party", "[['parent', '!=', null]]"), 0);
}

/* A record whose bytes are away shows which queries do without them. */
static void what_an_index_has_is_read_from_it_alone(void **state)
{
    (void)state;
    const model_entity *deal = house_entity(&h, "t.deal");
    static const struct {
        const char *fields;
        size_t rows;
    } cases[] = {{"['id', 'amount']", 3}, {"['amount']", 3}, {"['id', 'amount', 'title']", 2}};
    key name;
    kt_str bytes;
    key_record(&name, deal, 51);
    assert_null(store_get(h.tx->view, STORE_DATA, key_str(&name), &bytes));
    bytes = arena_str(h.arena, bytes);
    assert_null(store_delete(h.tx->view, STORE_DATA, key_str(&name)));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        query_request query = {.entity = deal, .sort = wire(&h, "'amount'"), .limit = 10};
        query.filter = house_filter(&h, deal, "[['amount', 'between', ['50', '52']]]");
        query.fields = wire(&h, cases[i].fields);
        const variant *rows = variant_get(house_list(&h, &query), "rows");
        assert_int_equal(rows->as.array.count, cases[i].rows);
        assert_true(str_is(variant_get_str(&rows->as.array.items[1], "amount"), i < 2 ? "51.00" : "52.00"));
    }
    assert_null(store_put(h.tx->view, STORE_DATA, key_str(&name), bytes));
}

static kt_kind list_error(const char *sort)
{
    const model_entity *deal = house_entity(&h, "t.deal");
    query_request query = {.entity = deal, .sort = wire(&h, sort), .limit = 500};
    buffer out;
    buffer_open(&out, 1 << 20);
    json j = json_to(&out);
    query.filter = house_filter(&h, deal, "[['id', 'between', [40, 60]], ['title', 'like', '%']]");
    kt_error *error = query_list(h.tx, &query, &j);
    buffer_close(&out);
    return error ? error->first->kind : 0;
}

/* A list that misses a record because it cannot be read would be a wrong one. */
static void what_cannot_be_read_ends_a_list_in_every_order(void **state)
{
    (void)state;
    static const char *const sorts[] = {"'amount'", "'title'", "'party.name'", "['day', '-title']"};
    key name;
    kt_str bytes;
    size_t refused = 0;
    key_record(&name, house_entity(&h, "t.deal"), 51);
    assert_null(store_get(h.tx->view, STORE_DATA, key_str(&name), &bytes));
    bytes = arena_str(h.arena, bytes);
    for (size_t at = 0; at < bytes.len;
         at++) { /* all that a list reads of it, or only what it is sorted by */
        kt_str damaged = arena_str(h.arena, bytes);
        ((char *)(uintptr_t)damaged.ptr)[at] ^= (char)0xff;
        assert_null(store_put(h.tx->view, STORE_DATA, key_str(&name), damaged));
        kt_kind kind = list_error("'id'");
        refused += kind == KT_STORAGE;
        for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++)
            assert_int_equal(list_error(sorts[i]), kind);
    }
    assert_true(refused > bytes.len / 4);
    assert_null(store_put(h.tx->view, STORE_DATA, key_str(&name), bytes));
}

/* ---- Places in a list ---- */

static const variant *page(const char *fields, const char *sort, uint32_t limit, kt_str cursor)
{
    query_request query = {.entity = house_entity(&h, "t.deal"), .sort = wire(&h, sort), .limit = limit};
    query.fields = wire(&h, fields);
    query.cursor = cursor;
    return house_list(&h, &query);
}

static int64_t row_id(const variant *answer, size_t i)
{
    const variant *rows = variant_get(answer, "rows");
    assert_true(i < rows->as.array.count);
    return variant_get(&rows->as.array.items[i], "id")->as.integer;
}

static void rows_that_come_and_go_do_not_shift_a_cursor(void **state)
{
    (void)state;
    const variant *first = page("['id', 'amount']", "'amount'", 10, (kt_str){0});
    assert_int_equal(row_id(first, 9), 10);
    assert_null(variant_get(first, "prev"));
    kt_str next = variant_get_str(first, "next");
    house_put(&h, "t.deal", 3001, wire(&h, "{'title': 'new', 'amount': '3.50'}")); /* before the place */
    house_remove(&h, "t.deal", 10);                                                /* the row it stands at */
    house_remove(&h, "t.deal", 12);                                                /* one behind it */
    const variant *second = page("['id']", "'amount'", 10, next);
    assert_int_equal(row_id(second, 0), 11);
    assert_int_equal(row_id(second, 1), 13);
    const variant *back = page("['id']", "'amount'", 10, variant_get_str(second, "prev"));
    assert_int_equal(row_id(back, 0), 1);
    assert_int_equal(row_id(back, 3), 3001);
    assert_int_equal(row_id(back, 9), 9);
    assert_null(variant_get(back, "prev"));
    assert_int_equal(row_id(page("['id']", "'amount'", 10, variant_get_str(back, "next")), 0), 11);
    house_remove(&h, "t.deal", 3001);
    house_put(
        &h, "t.deal", 10, wire(&h, "{'title': 'Deal 10', 'party': 11, 'amount': '10.00', 'state': 'open'}"));
    house_put(
        &h, "t.deal", 12, wire(&h, "{'title': 'Deal 12', 'party': 13, 'amount': '12.00', 'state': 'open'}"));
}

static void a_list_starts_at_a_value(void **state)
{
    (void)state;
    static const struct {
        const char *sort, *start;
        int64_t first;
    } cases[] = {
        {"'amount'", "'500.00'", 500},
        {"'-amount'", "'500.00'", 500},
        {"'amount'", "'499.50'", 500},
        {"'-amount'", "'499.50'", 499},
        {"'id'", "77", 77},
        {"'-id'", "77", 77},
        {"'title'", "'deal 1999'", 1999},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        query_request query = {
            .entity = house_entity(&h, "t.deal"), .sort = wire(&h, cases[i].sort), .limit = 5};
        query.start = wire(&h, cases[i].start);
        query.fields = wire(&h, "['id']");
        const variant *answer = house_list(&h, &query);
        assert_int_equal(row_id(answer, 0), cases[i].first);
        assert_non_null(variant_get(answer, "prev"));
    }
}

static void a_list_that_starts_past_the_end_leads_back(void **state)
{
    (void)state;
    static const struct {
        const char *sort, *start;
        bool down;
    } ways[] = {{"'amount'", "'99999'", false}, {"'-amount'", "'-5'", true}, {"'title'", "'z'", false},
        {"'-title'", "'A'", true}, {"'title,-amount'", "'zz'", false}, {"'id'", "9999", false},
        {"'-party.name,id'", "'A'", true}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        query_request query = {
            .entity = house_entity(&h, "t.deal"), .sort = wire(&h, ways[i].sort), .limit = 10};
        query.fields = wire(&h, "['id']");
        query.start = wire(&h, ways[i].start);
        const variant *none = house_list(&h, &query);
        assert_int_equal(variant_get(none, "rows")->as.array.count, 0);
        query.start = NULL;
        query.cursor = variant_get_str(none, "prev");
        const variant *last = house_list(&h, &query);
        assert_int_equal(variant_get(last, "rows")->as.array.count, 10);
        query.cursor = variant_get_str(last, "next"); /* nothing again, and back from there */
        const variant *end = house_list(&h, &query);
        assert_int_equal(variant_get(end, "rows")->as.array.count, 0);
        query.cursor = variant_get_str(end, "prev");
        assert_int_equal(row_id(house_list(&h, &query), 9), row_id(last, 9));
        query.limit = 500; /* the whole list ends so */
        query.cursor = (kt_str){0};
        int64_t id = 0;
        do {
            const variant *all = house_list(&h, &query);
            if (variant_get(all, "rows")->as.array.count)
                id = row_id(all, variant_get(all, "rows")->as.array.count - 1);
            query.cursor = variant_get_str(all, "next");
        } while (query.cursor.len);
        assert_int_equal(row_id(last, 9), id);
    }
}

static void foreign_cursors_are_refused(void **state)
{
    (void)state;
    buffer out;
    buffer_open(&out, 1 << 20);
    json j = json_to(&out);
    kt_str next = variant_get_str(page("['id']", "'amount'", 10, (kt_str){0}), "next");
    kt_str bent = arena_str(h.arena, next);
    char *digit = (char *)(uintptr_t)(bent.ptr + 20);
    *digit = *digit == 'A' ? 'B' : 'A';
    query_request query = {.entity = house_entity(&h, "t.deal"), .sort = wire(&h, "'day'"), .cursor = next};
    const char *refusal = "cursor: not a cursor of this list and sort";
    assert_string_equal(said(query_list(h.tx, &query, &j)), refusal);
    query.sort = wire(&h, "'amount'");
    query.cursor = bent;
    assert_string_equal(said(query_list(h.tx, &query, &j)), refusal);
    query.cursor = KT_STR("nonsense!");
    assert_string_equal(said(query_list(h.tx, &query, &j)), refusal);
    query.cursor = (kt_str){0};
    query.limit = 501;
    assert_string_equal(said(query_list(h.tx, &query, &j)), "limit: 501 rows exceed the 500 of a page");
    buffer_close(&out);
}

/* ---- Rights ---- */

static const query_filter *scope;

static bool only_lost(kt_tx *tx, const model_record *record, const char *action)
{
    (void)tx;
    (void)action;
    const model_value *state = house_value(record, "state");
    return state->set && state->as.i == 3;
}

static const query_filter *lost_scope(kt_tx *tx, const model_entity *entity, const char *action, bool *whole)
{
    (void)tx;
    (void)whole;
    (void)action;
    return str_is(entity->name, "t.deal") ? scope : NULL;
}

static void the_scope_of_rights_narrows_lists_counts_and_groups(void **state)
{
    (void)state;
    static const model_guard guard = {.record = only_lost, .scope = lost_scope};
    const model_entity *deal = house_entity(&h, "t.deal");
    scope = house_filter(&h, deal, "[['state', '=', 'lost']]");
    h.tx->guard = &guard;
    uint64_t count;
    query_request query = {.entity = deal};
    assert_null(query_count(h.tx, &query, &count));
    assert_int_equal(count, 20);
    query.sort = wire(&h, "'-amount'");
    query.fields = wire(&h, "['id', 'state']");
    const variant *answer = house_list(&h, &query);
    assert_int_equal(variant_get(answer, "rows")->as.array.count, 20);
    assert_int_equal(row_id(answer, 0), 2000);
    buffer out;
    buffer_open(&out, 1 << 16);
    json j = json_to(&out);
    json_object(&j);
    query.sort = NULL;
    assert_null(query_aggregate(h.tx, &query, wire(&h, "['state']"), NULL, &j));
    json_object_end(&j);
    assert_string_equal(arena_str(h.arena, buffer_str(&out)).ptr,
        "{\"rows\":[{\"state\":\"lost\",\"count\":20,\"filter\":[[\"state\",\"=\",\"lost\"]]}]}");
    buffer_close(&out);
    h.tx->guard = NULL;
}

static void groups_without_a_filter_come_from_counters(void **state)
{
    (void)state;
    query_request query = {.entity = house_entity(&h, "t.deal"), .sort = wire(&h, "'-count'"), .limit = 1};
    buffer out;
    buffer_open(&out, 1 << 16);
    json j = json_to(&out);
    json_object(&j);
    assert_null(query_aggregate(h.tx, &query, wire(&h, "['state']"), NULL, &j));
    json_object_end(&j);
    assert_string_equal(arena_str(h.arena, buffer_str(&out)).ptr,
        "{\"rows\":[{\"state\":\"won\",\"count\":1000,\"filter\":[[\"state\",\"=\",\"won\"]]}],\"more\":2}");
    buffer_close(&out);
}

static void totals_are_exact_beyond_64_bits(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        house_put(&h, "t.deal", 5000 + i,
            wire(&h, "{'title': 'big', 'amount': '92233720368547758.07', 'count': -1}"));
    query_request query = {.entity = house_entity(&h, "t.deal")};
    query.filter = house_filter(&h, query.entity, "[['title', '=', 'big']]");
    buffer out;
    buffer_open(&out, 1 << 16);
    json j = json_to(&out);
    json_object(&j);
    assert_string_equal(said(query_aggregate(h.tx, &query, NULL,
                            wire(&h, "{'s': 'sum:amount', 'a': 'avg:amount', 'c': 'avg:count'}"), &j)),
        "");
    json_object_end(&j);
    assert_string_equal(arena_str(h.arena, buffer_str(&out)).ptr,
        "{\"rows\":[{\"s\":\"276701161105643274.21\",\"a\":\"92233720368547758.07\",\"c\":\"-1.00\","
        "\"filter\":[[\"title\",\"=\",\"big\"]]}]}");
    buffer_close(&out);
    for (uint64_t i = 0; i < 3; i++)
        house_remove(&h, "t.deal", 5000 + i);
}

/* What the planner has seen to be empty stays at its end, however often it is asked. */
static void what_is_empty_stays_so(void **state)
{
    (void)state;
    static const char *const filters[] = {"[['id', '=', 5000]]", "[['code', '=', 'D1']]",
        "[['or', ['code', '=', 'D1'], ['external_id', '=', 'y-1']]]",
        "[['or', ['amount', '=', '0.01'], ['external_id', '=', 'y-1']], ['state', '=', 'won']]"};
    static const char *const sorts[] = {"'id'", "'-day'", "'amount'", NULL};
    const model_entity *entity = house_entity(&h, "t.deal");
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        for (size_t k = 0; k < sizeof sorts / sizeof *sorts; k++) {
            query_filter *filter;
            query_rows *rows;
            model_record record = {0};
            assert_null(query_filter_read(h.tx, entity, wire(&h, filters[i]), &filter));
            query_request query = {
                .entity = entity, .filter = filter, .sort = sorts[k] ? wire(&h, sorts[k]) : NULL};
            assert_string_equal(said(query_open(h.tx, &query, &rows)), "");
            for (int again = 0; again < 3; again++)
                assert_false(query_next(rows, &record));
            assert_null(query_rows_skip(rows, 3));
            assert_null(query_end(rows));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_that_fits_is_used),
        cmocka_unit_test(several_scans_and_far_ends_are_used),
        cmocka_unit_test(what_rows_share_is_read_once),
        cmocka_unit_test(what_is_empty_stays_so),
        cmocka_unit_test(estimates_come_from_counters),
        cmocka_unit_test(a_range_of_texts_is_what_each_record_says),
        cmocka_unit_test(many_values_that_few_records_have_are_looked_up),
        cmocka_unit_test(what_an_index_lacks_is_found_without_it),
        cmocka_unit_test(what_an_index_has_is_read_from_it_alone),
        cmocka_unit_test(what_cannot_be_read_ends_a_list_in_every_order),
        cmocka_unit_test(rows_that_come_and_go_do_not_shift_a_cursor),
        cmocka_unit_test(a_list_starts_at_a_value),
        cmocka_unit_test(a_list_that_starts_past_the_end_leads_back),
        cmocka_unit_test(foreign_cursors_are_refused),
        cmocka_unit_test(the_scope_of_rights_narrows_lists_counts_and_groups),
        cmocka_unit_test(groups_without_a_filter_come_from_counters),
        cmocka_unit_test(totals_are_exact_beyond_64_bits),
    };
    return cmocka_run_group_tests(tests, open_house, close_house);
}
