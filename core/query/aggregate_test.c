/* Groups by lines, medians, periods in the company's zone, and that every row opens what it counted. */
#include <stdio.h>

#include "kit/decimal.h"
#include "kit/dice.h"
#include "model/variant_test.h"
#include "query/internal.h"

enum { PARTIES = 80, ROUNDS = 40 };
static uint64_t seed;

static const variant *aggregate_lines(house *h, const char *entity_name, const char *filter,
    const char *lines, const char *by, const char *measures, const char *sort, uint32_t limit)
{
    const model_entity *entity = house_entity(h, entity_name);
    const variant sort_by = {.kind = VARIANT_STRING, .as.string = str_of(sort ? sort : "")};
    query_request query = {.entity = entity,
        .filter = house_filter(h, entity, filter),
        .sort = sort ? &sort_by : NULL,
        .lines = lines ? wire(h, lines) : NULL,
        .limit = limit};
    buffer out;
    buffer_open(&out, 16 << 20);
    json j = json_to(&out);
    json_object(&j);
    assert_string_equal(said(query_aggregate(h->tx, &query, wire(h, by), wire(h, measures), &j)), "");
    json_object_end(&j);
    kt_str text = arena_str(h->arena, buffer_str(&out));
    buffer_close(&out);
    return wire(h, text.ptr);
}

static const variant *aggregate(house *h, const char *entity_name, const char *filter, const char *by,
    const char *measures, const char *sort, uint32_t limit)
{
    return aggregate_lines(h, entity_name, filter, NULL, by, measures, sort, limit);
}

static const variant *row_of(const variant *answer, size_t i)
{
    const variant *rows = variant_get(answer, "rows");
    assert_true(i < rows->as.array.count);
    return &rows->as.array.items[i];
}

static int64_t number(const variant *row, const char *name)
{
    const variant *v = variant_get(row, name);
    assert_true(v && v->kind == VARIANT_INT);
    return v->as.integer;
}

static const char *text(const variant *row, const char *name)
{
    kt_str s = variant_get_str(row, name);
    return s.ptr ? s.ptr : "(none)";
}

static uint64_t listed(house *h, const char *entity_name, const variant *row)
{
    const model_entity *entity = house_entity(h, entity_name);
    query_filter *filter;
    uint64_t count;
    assert_string_equal(said(query_filter_read(h->tx, entity, variant_get(row, "filter"), &filter)), "");
    assert_null(query_count(h->tx, &(query_request){.entity = entity, .filter = filter}, &count));
    return count;
}

static void fill(house *h)
{
    house_put(h, "t.tag", 1, wire(h, "{'name': 'old', 'rank': 3}"));
    house_put(h, "t.tag", 2, wire(h, "{'name': 'new', 'rank': 8}"));
    house_put(h, "t.party", 1,
        wire(h, "{'name': 'A', 'contacts': [{'kind': 'phone', 'value': '1', 'tag': 1}, {'kind': 'phone', "
                "'value': '2', 'tag': 2}, {'kind': 'mail', 'value': 'a@a'}]}"));
    house_put(h, "t.party", 2,
        wire(h, "{'name': 'B', 'kind': 'person', 'contacts': [{'kind': 'phone', 'value': '3', 'tag': 1}]}"));
    house_put(h, "t.party", 3, wire(h, "{'name': 'C'}"));
}

static void lines_are_grouped_one_by_one(void **state)
{
    (void)state;
    house h = house_open();
    fill(&h);
    const variant *answer = aggregate(&h, "t.party", "[]", "['contacts.kind']",
        "{'n': 'count', 'lines': 'count:contacts.kind', 'tags': 'count_distinct:contacts.tag', 'rank': "
        "'sum:contacts.tag.rank'}",
        "-lines", 0);
    assert_int_equal(variant_get(answer, "rows")->as.array.count, 2); /* C has no line: it is in no group */
    const variant *phone = row_of(answer, 0), *mail = row_of(answer, 1);
    assert_string_equal(text(phone, "contacts.kind"), "phone");
    assert_int_equal(number(phone, "n"), 2);
    assert_int_equal(number(phone, "lines"), 3);
    assert_int_equal(number(phone, "tags"), 2);
    assert_int_equal(number(phone, "rank"), 3 + 8 + 3);
    assert_int_equal(number(mail, "n"), 1);
    assert_int_equal(listed(&h, "t.party", phone), 2);
    assert_int_equal(listed(&h, "t.party", mail), 1);
    answer = aggregate(&h, "t.party", "[]", "['contacts.tag.name', 'kind', 'contacts.kind']",
        "{'n': 'count'}", "contacts.tag.name,kind", 0);
    assert_int_equal(variant_get(answer, "rows")->as.array.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(listed(&h, "t.party", row_of(answer, i)), number(row_of(answer, i), "n"));
    house_close(&h);
}

/* One line must meet the condition and be in the group: a party with a phone of one tag and a mail of another
 * has no phone of the other. */
static void only_lines_that_meet_the_condition_count(void **state)
{
    (void)state;
    house h = house_open();
    fill(&h);
    const variant *answer = aggregate_lines(&h, "t.party", "[]", "[['tag', '=', 1]]", "['contacts.kind']",
        "{'n': 'count', 'lines': 'count:contacts.value'}", NULL, 0);
    assert_int_equal(variant_get(answer, "rows")->as.array.count, 1);
    assert_int_equal(number(row_of(answer, 0), "n"), 2);
    assert_int_equal(number(row_of(answer, 0), "lines"), 2);
    assert_int_equal(listed(&h, "t.party", row_of(answer, 0)), 2);
    answer = aggregate_lines(
        &h, "t.party", "[]", "['tag', '=', 2]", "['contacts.tag']", "{'n': 'count'}", NULL, 0);
    assert_int_equal(variant_get(answer, "rows")->as.array.count, 1);
    assert_int_equal(number(row_of(answer, 0), "contacts.tag"), 2);
    assert_int_equal(listed(&h, "t.party", row_of(answer, 0)), 1);
    house_close(&h);
}

static void a_module_gets_a_table(void **state)
{
    (void)state;
    house h = house_open();
    kt_table t;
    fill(&h);
    assert_string_equal(said(kt_aggregate(h.tx, "t.party",
                            KT_STR("{\"group\": [\"contacts.tag\", \"contacts.kind\"], \"measures\": {\"n\": "
                                   "\"count\", \"rank\": \"avg:contacts.tag.rank\"}, \"lines\": [[\"kind\", "
                                   "\"!=\", \"mail\"]], \"sort\": \"contacts.tag\"}"),
                            &t)),
        "");
    assert_int_equal(t.rows, 2);
    assert_int_equal(t.columns, 4);
    assert_string_equal(t.cells[0].value.ptr, "1");
    assert_string_equal(t.cells[0].text.ptr, "old");
    assert_string_equal(t.cells[1].value.ptr, "\"phone\"");
    assert_int_equal(kt_dec_cmp(t.cells[2].number, KT_DEC(2, 0)), 0);
    assert_string_equal(t.cells[7].value.ptr, "\"8.00\"");
    assert_int_equal(kt_dec_cmp(t.cells[7].number, KT_DEC(8, 0)), 0);
    assert_non_null(strstr(t.filters[1].ptr, "[\"tag\",\"=\",2]"));
    kt_error *error = kt_aggregate(h.tx, "t.party", KT_STR("{\"gruop\": []}"), &t);
    assert_non_null(error);
    assert_string_equal(error->first->path, "gruop");
    house_close(&h);
}

static kt_error *refused(house *h, const char *by, const char *measures)
{
    buffer out;
    buffer_open(&out, 4096);
    json j = json_to(&out);
    kt_error *error = query_aggregate(
        h->tx, &(query_request){.entity = house_entity(h, "t.party")}, wire(h, by), wire(h, measures), &j);
    buffer_close(&out);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_VALIDATION);
    return error;
}

static void what_cannot_be_grouped_is_refused(void **state)
{
    (void)state;
    house h = house_open();
    (void)refused(&h, "['contacts']", "{'n': 'count'}");
    (void)refused(&h, "['tags.name']", "{'n': 'count'}");
    (void)refused(&h, "['name:month']", "{'n': 'count'}");
    (void)refused(&h, "['kind']", "{'m': 'median:name'}");
    kt_error *error = refused(&h, "['nmae']", "{'n': 'mean:name'}"); /* both problems at once */
    assert_non_null(error->first->next);
    house_close(&h);
}

static void a_median_is_exact_also_between_two(void **state)
{
    (void)state;
    house h = house_open();
    static const char *const amounts[] = {"1.01", "900.00", "1.02", "3.00", "-5.00"};
    for (unsigned i = 0; i < 5; i++)
        house_put(&h, "t.deal", i + 1,
            wire_format(&h, "{'title': 'd', 'state': '%s', 'amount': '%s', 'count': %u}",
                i < 4 ? "open" : "won", amounts[i], i));
    const variant *answer = aggregate(&h, "t.deal", "[]", "['state']",
        "{'m': 'median:amount', 'c': 'median:count', 'w': 'median:weight'}", "m", 0);
    assert_string_equal(text(row_of(answer, 0), "m"), "-5.00");
    assert_string_equal(text(row_of(answer, 1), "m"), "2.01"); /* between 1.02 and 3.00 */
    assert_string_equal(text(row_of(answer, 1), "c"), "1.50");
    assert_int_equal(variant_get(row_of(answer, 1), "w")->kind, VARIANT_NULL);
    house_close(&h);
}

static const kt_shape sale_shape = {"s.sale", 8,
    TABLE(ROW("kind", STRING), ROW("gross", MONEY, .scale = 4), ROW("price", PRICE, .scale = 4),
        ROW("share", PERCENT, .scale = 2), ROW("pieces", INT))};
static const kt_entity sale_entities[] = {{.shape = &sale_shape, .label = {"Sale", "Sprzedaż"}}, {0}};
static const kt_module sales_module = {
    .abi = KT_ABI, .name = "s", .version = "1", .label = {"S", "S"}, .entities = sale_entities};

/* As many digits as people write such a value with, rounded once, half away from zero. */
static void a_mean_has_the_digits_of_its_field(void **state)
{
    (void)state;
    static const char *const rows[] = {"'kind': 'a', 'gross': '1.00', 'price': '0.0001', 'pieces': 1",
        "'kind': 'a', 'gross': '1.01', 'price': '0.0002', 'share': '-0.01', 'pieces': 2",
        "'kind': 'a', 'gross': '-5.035', 'share': '-0.02', 'pieces': -5",
        "'kind': 'b', 'gross': '1.005', 'price': '1'", "'kind': 'c', 'gross': '7'",
        "'kind': 'c', 'gross': '8'"};
    static const char *const wanted[][5] = {{"-1.008", "1.00", "0.0002", "-0.02", "-0.67"},
        {"1.005", "1.005", "1.0000", NULL, NULL}, {"7.50", "7.50", NULL, NULL, NULL}};
    static const char *const names[] = {"mean", "middle", "price", "share", "pieces"};
    house h = house_open_with((const kt_module *const[]){&sales_module, NULL});
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        house_put(&h, "s.sale", i + 1, wire_format(&h, "{%s}", rows[i]));
    const variant *answer = aggregate(&h, "s.sale", "[]", "['kind']",
        "{'mean': 'avg:gross', 'middle': 'median:gross', 'price': 'avg:price', 'share': 'avg:share', "
        "'pieces': 'avg:pieces'}",
        "kind", 0);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 5; k++)
            if (wanted[i][k])
                assert_string_equal(text(row_of(answer, i), names[k]), wanted[i][k]);
            else
                assert_int_equal(variant_get(row_of(answer, i), names[k])->kind, VARIANT_NULL);
    house_close(&h);
}

static void periods_are_the_companys(void **state)
{
    (void)state;
    house h = house_open();
    zone *warsaw = zone_open("Europe/Warsaw");
    assert_non_null(warsaw);
    h.tx->zone = warsaw;
    house_put(&h, "t.deal", 1, wire(&h, "{'title': 'a', 'state': 'open', 'at': '2025-12-31T22:59:59Z'}"));
    house_put(&h, "t.deal", 2, wire(&h, "{'title': 'b', 'state': 'open', 'at': '2025-12-31T23:00:00Z'}"));
    static const struct {
        const char *by, *first, *second;
    } cases[] = {
        {"at:day", "2025-12-31", "2026-01-01"},
        {"at:month", "2025-12-01", "2026-01-01"},
        {"at:quarter", "2025-10-01", "2026-01-01"},
        {"at:year", "2025-01-01", "2026-01-01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const variant *answer = aggregate(&h, "t.deal", "[]",
            arena_format(h.arena, "['%s']", cases[i].by).ptr, "{'n': 'count'}", cases[i].by, 0);
        assert_string_equal(text(row_of(answer, 0), cases[i].by), cases[i].first);
        assert_string_equal(text(row_of(answer, 1), cases[i].by), cases[i].second);
        assert_int_equal(listed(&h, "t.deal", row_of(answer, 0)), 1);
        assert_int_equal(listed(&h, "t.deal", row_of(answer, 1)), 1);
    }
    assert_int_equal(
        number(row_of(aggregate(&h, "t.deal", "[]", "['at:week']", "{'n': 'count'}", NULL, 0), 0), "n"), 2);
    zone_close(warsaw);
    house_close(&h);
}

static void groups_that_the_limit_leaves_out_are_told(void **state)
{
    (void)state;
    house h = house_open();
    fill(&h);
    const variant *answer = aggregate(&h, "t.party", "[]", "['name']", "{'n': 'count'}", "-name", 1);
    assert_string_equal(text(row_of(answer, 0), "name"), "C");
    assert_int_equal(number(answer, "more"), 2);
    assert_null(variant_get(aggregate(&h, "t.party", "[]", "['name']", "{'n': 'count'}", NULL, 3), "more"));
    house_close(&h);
}

/* Random lines: each group against a look at every record. */
static void groups_of_lines_open_what_they_count(void **state)
{
    (void)state;
    static const char *const groups[] = {"['contacts.kind']", "['contacts.tag']",
        "['contacts.tag.name', 'kind']", "['contacts.kind', 'contacts.tag.rank']",
        "['parent.name', 'contacts.kind']"};
    house h = house_open();
    random_seed(seed);
    for (unsigned i = 1; i <= 4; i++)
        house_put(&h, "t.tag", i, wire_format(&h, "{'name': 'tag %u', 'rank': %u}", i, i / 2));
    size_t lines = 0;
    for (unsigned i = 1; i <= PARTIES; i++) {
        kt_str list = KT_STR("");
        for (unsigned n = (unsigned)random_below(5); n; n--, lines++) {
            kt_str tag = random_below(3) ? arena_format(h.arena, "%u", 1 + (unsigned)random_below(4))
                                         : KT_STR("null");
            list = arena_format(h.arena, "%s%s{'kind': '%c', 'value': 'v', 'tag': %s}", list.ptr,
                list.len ? ", " : "", "abc"[random_below(3)], tag.ptr);
        }
        house_put(&h, "t.party", i,
            wire_format(&h, "{'name': 'p%u', 'kind': '%s', 'parent': %u, 'contacts': [%s]}",
                (unsigned)random_below(9), random_below(2) ? "firm" : "person", 1 + (unsigned)random_below(i),
                list.ptr));
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        const char *filter = random_below(2) ? "[]" : "[['kind', '=', 'firm']]";
        const char *asked = i % 3 ? NULL : random_below(2) ? "[['kind', '=', 'a']]" : "['tag', '!=', 2]";
        const variant *answer = aggregate_lines(&h, "t.party", filter, asked,
            groups[i % (sizeof groups / sizeof *groups)], "{'n': 'count', 'lines': 'count:contacts.value'}",
            NULL, 10000);
        int64_t sum = 0;
        for (size_t k = 0; k < variant_get(answer, "rows")->as.array.count; k++) {
            assert_int_equal(listed(&h, "t.party", row_of(answer, k)), number(row_of(answer, k), "n"));
            sum += number(row_of(answer, k), "lines");
        }
        if (filter[1] == ']' && !asked)
            assert_int_equal(sum, lines);
    }
    house_close(&h);
    random_seed(0);
}

/* Rights that let records of the first parents be seen; said to the planner as the whole of it, or not. */
static const query_filter *parents;
static bool parents_are_all;

static bool has_first_parent(kt_tx *tx, const model_record *record, const char *action)
{
    (void)tx;
    (void)action;
    return !str_is(record->entity->name, "t.party") || house_value(record, "parent")->as.i <= 5;
}

static const query_filter *first_parents(
    kt_tx *tx, const model_entity *entity, const char *action, bool *whole)
{
    (void)tx;
    (void)action;
    *whole = parents_are_all;
    return str_is(entity->name, "t.party") ? parents : NULL;
}

/* The same query with and without a measure that the index over lines does not hold: read out of the index, and
 * record by record; for who sees everything, and for who sees some. */
static void an_index_over_lines_says_what_the_records_say(void **state)
{
    (void)state;
    static const char *const groups[] = {
        "['contacts.tag']", "['kind', 'contacts.tag']", "['parent', 'contacts.weight']"};
    static const char *const conditions[] = {"[['tag', '=', 2]]",
        "[['tag', 'in', [2, 3]], ['weight', '>', '1.0']]", "['weight', 'between', ['0.5', '1.5']]",
        "[['tag', '=', 3], ['weight', '<=', '2.5']]", "['or', ['tag', '=', 1], ['weight', '=', '0.5']]",
        "[['tag', 'is_null', true]]"};
    static const char *const filters[] = {"[]", "[['kind', '=', 'firm']]", "[['parent', 'in', [1, 2, 3]]]"};
    house h = house_open();
    random_seed(seed);
    for (unsigned i = 1; i <= 4; i++)
        house_put(&h, "t.tag", i, wire_format(&h, "{'name': 'tag %u'}", i));
    for (unsigned i = 1; i <= 2 * PARTIES; i++) { /* half of them are changed once more */
        unsigned id = i <= PARTIES ? i : 1 + (unsigned)random_below(PARTIES);
        kt_str list = KT_STR("");
        for (unsigned n = (unsigned)random_below(6); n; n--)
            list = arena_format(h.arena, "%s%s{'tag': %s, 'weight': %s}", list.ptr, list.len ? ", " : "",
                random_below(4) ? arena_format(h.arena, "%u", 1 + (unsigned)random_below(4)).ptr : "null",
                random_below(4) ? arena_format(h.arena, "'%u.5'", (unsigned)random_below(3)).ptr : "null");
        const variant *values = wire_format(&h, "{'name': 'p', 'kind': '%s', 'parent': %u, 'contacts': [%s]}",
            random_below(2) ? "firm" : "person", 1 + (unsigned)random_below(id), list.ptr);
        model_record changed;
        if (i <= PARTIES)
            house_put(&h, "t.party", id, values);
        else
            assert_string_equal(
                said(model_update(h.tx, house_entity(&h, "t.party"), id, 0, values, &changed)), "");
    }
    static const model_guard guard = {.record = has_first_parent, .scope = first_parents};
    parents = house_filter(&h, house_entity(&h, "t.party"), "[['parent', 'in', [1, 2, 3, 4, 5]]]");
    for (unsigned i = 0; i < 3 * ROUNDS; i++) {
        h.tx->guard = i % 2 ? &guard : NULL;
        const char *lines = conditions[random_below(sizeof conditions / sizeof *conditions)];
        const char *filter = filters[random_below(3)], *by = groups[random_below(3)];
        lines = random_below(3) ? lines : "[]";
        parents_are_all = true;
        const variant *covered = aggregate_lines(&h, "t.party", filter, lines, by,
            "{'n': 'count', 'sum': 'sum:contacts.weight', 'mid': 'median:contacts.weight', 'w': "
            "'count:contacts.weight', 'p': 'count_distinct:parent'}",
            NULL, 0);
        parents_are_all = false;
        const variant *read = aggregate_lines(&h, "t.party", filter, lines, by,
            "{'n': 'count', 'sum': 'sum:contacts.weight', 'mid': 'median:contacts.weight', 'w': "
            "'count:contacts.weight', 'p': 'count_distinct:parent', 'names': 'count:name'}",
            NULL, 0);
        size_t count = variant_get(read, "rows")->as.array.count;
        assert_int_equal(variant_get(covered, "rows")->as.array.count, count);
        for (size_t k = 0; k < count; k++) {
            const variant *x = row_of(covered, k), *y = row_of(read, k);
            assert_int_equal(number(x, "n"), number(y, "n"));
            assert_int_equal(number(x, "w"), number(y, "w"));
            assert_int_equal(number(x, "p"), number(y, "p"));
            assert_string_equal(text(x, "sum"), text(y, "sum"));
            assert_string_equal(text(x, "mid"), text(y, "mid"));
            assert_int_equal(listed(&h, "t.party", x), number(x, "n"));
        }
    }
    h.tx->guard = NULL;
    house_close(&h);
    random_seed(0);
}

/* ---- An index of a record's own fields ---- */

static const kt_shape visit_shape = {"v.visit", 8,
    TABLE(ROW("day", DATE), ROW("done", BOOL), ROW("kind", STATE, .choices = kinds), ROW("minutes", INT),
        ROW("cost", MONEY, .scale = 2), ROW("party", REF, .target = "t.party"), ROW("note", STRING))};
static const kt_entity visit_entities[] = {
    {.shape = &visit_shape,
        .label = {"Visit", "Wizyta"},
        .indexes = "day done kind minutes cost, party kind cost, note day"},
    {0}};
static const kt_module visits_module = {
    .abi = KT_ABI, .name = "v", .version = "1.0.0", .label = {"V", "V"}, .entities = visit_entities};

static const query_filter *visits_in_scope(
    kt_tx *tx, const model_entity *entity, const char *action, bool *whole)
{
    (void)tx;
    (void)action;
    *whole = true;
    return str_is(entity->name, "v.visit") ? parents : NULL;
}

static bool is_in_scope(kt_tx *tx, const model_record *record, const char *action)
{
    bool yes;
    (void)action;
    assert_null(query_filter_matches(tx, parents, record, &yes));
    return yes;
}

static void put_visits(house *h)
{
    house_put(h, "t.party", 1, wire(h, "{'name': 'A'}"));
    house_put(h, "t.party", 2, wire(h, "{'name': 'B'}"));
    for (unsigned i = 1; i <= 2 * PARTIES; i++) {
        const char *day = random_below(6)
                              ? arena_format(h->arena, "'2026-10-%02u'", 1 + (unsigned)random_below(9)).ptr
                              : "null";
        const char *cost = random_below(6) ? arena_format(h->arena, "'-%u.5'", (unsigned)random_below(9)).ptr
                                           : "null";
        house_put(h, "v.visit", i,
            wire_format(h,
                "{'day': %s, 'done': %s, 'kind': %s, 'minutes': %s, 'cost': %s, 'party': %u, 'note': 'n'}",
                day, random_below(2) ? "true" : "null", random_below(5) ? "'firm'" : "null",
                random_below(5) ? "30" : "null", cost, 1 + (unsigned)random_below(2)));
    }
}

/* The same query with and without a measure that no index holds. */
static void an_index_says_what_the_records_say(void **state)
{
    (void)state;
    static const struct {
        const char *group, *measures;
    } asked[] = {{"['day']", "'sum': 'sum:cost', 'b': 'count:minutes'"},
        {"['day:month', 'done', 'kind']", "'sum': 'avg:minutes', 'b': 'count_distinct:kind'"},
        {"[]", "'sum': 'median:cost', 'b': 'count:done'"},
        {"['party', 'kind']", "'sum': 'sum:cost', 'b': 'count'"},
        {"['kind']", "'sum': 'min:cost', 'b': 'count'"}};
    static const char *const filters[] = {"[]", "[['day', '>=', '2026-10-03'], ['day', '<', '2026-10-07']]",
        "[['done', '=', false]]", "[['kind', '=', 'firm'], ['cost', '<', '-2']]",
        "[['day', '=', '2026-10-04']]", "['or', ['minutes', '=', 30], ['day', '=', '2026-10-01']]",
        "[['party', '=', 2]]",
        "[['day', 'in', ['2026-10-02', '2026-10-05', '2026-10-02']], ['done', '=', true]]",
        "[['party', 'in', [2, 1]], ['kind', '=', 'firm']]"};
    house h = house_open_with((const kt_module *const[]){&house_module, &visits_module, NULL});
    static const model_guard guard = {.record = is_in_scope, .scope = visits_in_scope};
    random_seed(seed);
    put_visits(&h);
    parents = house_filter(&h, house_entity(&h, "v.visit"), "[['kind', '=', 'firm']]");
    for (unsigned i = 0; i < 4 * ROUNDS; i++) {
        const char *group = asked[i % 5].group, *measures = asked[i % 5].measures;
        const char *filter = filters[random_below(sizeof filters / sizeof *filters)];
        h.tx->guard = random_below(2) ? &guard : NULL;
        const variant *covered = aggregate(
            &h, "v.visit", filter, group, arena_format(h.arena, "{'n': 'count', %s}", measures).ptr, NULL, 0);
        const variant *read = aggregate(&h, "v.visit", filter, group,
            arena_format(h.arena, "{'n': 'count', %s, 'notes': 'count:created_by'}", measures).ptr, NULL, 0);
        size_t count = variant_get(read, "rows")->as.array.count;
        assert_int_equal(variant_get(covered, "rows")->as.array.count, count);
        uint64_t all = 0, counted;
        for (size_t k = 0; k < count; k++) {
            const variant *x = row_of(covered, k), *y = row_of(read, k);
            assert_int_equal(number(x, "n"), number(y, "n"));
            all += (uint64_t)number(x, "n");
            assert_int_equal(number(x, "b"), number(y, "b"));
            assert_string_equal(text(x, "sum"), text(y, "sum"));
            if (group[1] == '\'')
                assert_int_equal(listed(&h, "v.visit", x), number(x, "n"));
        }
        const model_entity *visit = house_entity(&h, "v.visit");
        assert_null(query_count(
            h.tx, &(query_request){.entity = visit, .filter = house_filter(&h, visit, filter)}, &counted));
        assert_int_equal(counted, all);
    }
    h.tx->guard = NULL;
    house_close(&h);
    random_seed(0);
}

int main(void)
{
    seed = dice_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_grouped_one_by_one),
        cmocka_unit_test(only_lines_that_meet_the_condition_count),
        cmocka_unit_test(a_module_gets_a_table),
        cmocka_unit_test(what_cannot_be_grouped_is_refused),
        cmocka_unit_test(a_median_is_exact_also_between_two),
        cmocka_unit_test(a_mean_has_the_digits_of_its_field),
        cmocka_unit_test(periods_are_the_companys),
        cmocka_unit_test(groups_that_the_limit_leaves_out_are_told),
        cmocka_unit_test(groups_of_lines_open_what_they_count),
        cmocka_unit_test(an_index_over_lines_says_what_the_records_say),
        cmocka_unit_test(an_index_says_what_the_records_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
