/* A unique index has no entry of a record in which one of its fields is not set: what is asked for decides whether its
 * beginning can be used. */
#include <stdio.h>

#include "kit/dice.h"
#include "model/variant_test.h"
#include "query/internal.h"

static const kt_shape rate_shape = {"r.rate", 8,
    TABLE(ROW("currency", INT), ROW("base", INT), ROW("day", DATE), ROW("note", STRING, .max = 10))};
static const kt_entity rate_entities[] = {
    {.shape = &rate_shape, .label = {"Rate", "Kurs"}, .indexes = "unique currency base day"}, {0}};
static const kt_module rate_module = {
    .abi = KT_ABI, .name = "r", .version = "1.0.0", .label = {"Rates", "Kursy"}, .entities = rate_entities};

static uint64_t seed;

enum { CURRENCIES = 4, BASES = 3, DAYS = 40, RATES = 1000 };

/* Of every value and none, as far as they are unlike; where a field is not set there may be any number. */
static house filled(void)
{
    static const kt_module *const modules[] = {&rate_module, NULL};
    house h = house_open_with(modules);
    bool taken[CURRENCIES][BASES][DAYS] = {{{false}}};
    for (unsigned i = 1; i <= RATES; i++) {
        const size_t c = random_below(CURRENCIES), b = random_below(BASES), d = random_below(DAYS);
        bool none = random_below(4) == 0, set = !none && c && b && d;
        if (set && taken[c][b][d])
            continue;
        taken[c][b][d] = taken[c][b][d] || set;
        house_put(&h, "r.rate", i,
            wire_format(&h, "{'currency': %s, 'base': %s, 'day': %s, 'note': 'n%zu'}",
                c ? arena_format(h.arena, "%zu", c).ptr : "null",
                b ? arena_format(h.arena, "%zu", b).ptr : "null",
                d && !none ? arena_format(h.arena, "'2026-%02zu-%02zu'", 1 + d / 28, 1 + d % 28).ptr : "null",
                random_below(3)));
    }
    return h;
}

static void its_beginning_is_used_where_it_has_all_that_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *filter, *sort;
        const char *scan;
        int64_t equal;
        bool range;
        const char *order;
    } cases[] = {
        {"[['currency', '=', 1], ['base', '=', 2], ['day', '<=', '2026-01-20']]", "'-day'", "unique", 2, true,
            "index"},
        {"[['currency', '=', 1], ['base', '=', 2], ['day', '>=', '2026-01-20']]", "'day'", "unique", 2, true,
            "index"},
        {"[['currency', '=', 1], ['base', '=', 2], ['day', '!=', null]]", "'day'", "unique", 2, true,
            "index"},
        {"[['currency', '=', 1], ['base', '>', 0], ['day', 'between', ['2026-01-05', '2026-01-07']]]",
            "'base,day'", "unique", 1, true, "index"},
        {"[['currency', 'in', [1, 3]], ['base', '=', 2], ['day', '>', '2026-01-20']]", NULL, "union", 0,
            false, "memory"},
        {"[['currency', '>', 2], ['base', '!=', null], ['day', '!=', null]]", "'currency,base,day'", "unique",
            0, true, "index"},
        {"[['currency', '=', 1], ['base', '=', 2]]", "'day'", "records", 0, false, "memory"},
        {"[['currency', '=', 1], ['base', '=', 2], ['day', '=', null]]", "'day'", "records", 0, false,
            "index"},
        {"[['currency', '=', 1], ['day', '>', '2026-01-20']]", "'day'", "records", 0, false, "memory"},
        {"[['currency', '=', 1], ['base', 'in', [1, null]], ['day', '>', '2026-01-20']]", "'day'", "records",
            0, false, "memory"},
        {"['or', ['currency', '=', 1], ['base', '=', 2], ['day', '>', '2026-01-20']]", "'day'", "records", 0,
            false, "memory"},
        {"[]", "'currency,base,day'", "records", 0, false, "memory"},
    };
    random_seed(7);
    house h = filled();
    const model_entity *rate = house_entity(&h, "r.rate");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        query_request query = {.entity = rate, .filter = house_filter(&h, rate, cases[i].filter), .limit = 1};
        buffer out;
        buffer_open(&out, 1 << 16);
        json j = json_to(&out);
        query.sort = cases[i].sort ? wire(&h, cases[i].sort) : NULL;
        json_object(&j);
        assert_string_equal(said(query_explain(h.tx, &query, &j)), "");
        json_object_end(&j);
        const char *text = arena_str(h.arena, buffer_str(&out)).ptr;
        const variant *plan = wire(&h, text);
        buffer_close(&out);
        bool right = str_is(variant_get_str(plan, "scan"), cases[i].scan) &&
                     variant_get(plan, "equal")->as.integer == cases[i].equal &&
                     variant_get(plan, "range")->as.boolean == cases[i].range &&
                     str_is(variant_get_str(plan, "sort"), cases[i].order);
        if (!right)
            print_message("%s sort %s: %s\n", cases[i].filter, cases[i].sort ? cases[i].sort : "", text);
        assert_true(right);
    }
    house_close(&h);
}

/* ---- Against a look at each record ---- */

static kt_str any_test(house *h)
{
    static const char *const operators[] = {"=", "!=", "<", "<=", ">", ">="};
    static const char *const fields[] = {"currency", "base"};
    const char *operator= operators[random_below(6)], *field = fields[random_below(2)];
    const unsigned day = (unsigned)random_below(28) + 1, value = (unsigned)random_below(CURRENCIES);
    switch (random_below(7)) {
    case 0:
        return arena_format(h->arena, "['day', '%s', '2026-01-%02u']", operator, day);
    case 1:
        return arena_format(h->arena, "['day', 'in', ['2026-01-%02u', '2026-02-05']]", day);
    case 2:
        return arena_format(h->arena, "['%s', 'is_null', %s]", random_below(2) ? "day" : field,
            random_below(4) ? "false" : "true");
    case 3:
        return arena_format(h->arena, "['%s', 'in', [1, %u]]", field, value);
    case 4:
        return arena_format(h->arena, "['note', '=', 'n%u']", value);
    case 5:
        return arena_format(h->arena, "['%s', '%s', %u]", field, operator, value);
    default:
        return arena_format(h->arena, "['%s', '=', %u]", field, 1 + value);
    }
}

static size_t one_by_one(house *h, const query_filter *filter, bool *matches)
{
    size_t count = 0;
    for (uint64_t id = 1; id <= RATES; id++) {
        model_record record;
        bool found;
        matches[id] = false;
        assert_null(model_load(h->tx, house_entity(h, "r.rate"), id, &record, &found));
        if (found)
            assert_null(query_filter_matches(h->tx, filter, &record, &matches[id]));
        count += matches[id];
    }
    return count;
}

/* Page after page, and back again: each record that matches once, in the same order. returns how many */
static size_t paged(house *h, query_request *query, const bool *matches, uint64_t *ids)
{
    const variant *page = NULL, *rows;
    size_t seen = 0, back;
    for (kt_str next = {0}; !page || next.len; next = variant_get_str(page, "next")) {
        query->cursor = next;
        page = house_list(h, query);
        rows = variant_get(page, "rows");
        for (size_t i = 0; i < rows->as.array.count; i++) {
            ids[seen] = (uint64_t)variant_get(&rows->as.array.items[i], "id")->as.integer;
            assert_true(matches[ids[seen]]);
            assert_true(++seen <= RATES);
        }
    }
    back = seen - variant_get(page, "rows")->as.array.count;
    for (kt_str previous = variant_get_str(page, "prev"); previous.len;
         previous = variant_get_str(page, "prev")) {
        query->cursor = previous;
        page = house_list(h, query);
        rows = variant_get(page, "rows");
        assert_true(rows->as.array.count <= back);
        back -= rows->as.array.count;
        for (size_t i = 0; i < rows->as.array.count; i++)
            assert_int_equal(variant_get(&rows->as.array.items[i], "id")->as.integer, ids[back + i]);
    }
    assert_int_equal(back, 0);
    return seen;
}

static void it_finds_what_a_look_at_each_record_finds(void **state)
{
    (void)state;
    static const char *const sorts[] = {"'day'", "'-day'", "'base,day'", "'-base,-day'",
        "'currency,base,day'", "'-currency,-base,-day'", "'id'"};
    random_seed(seed);
    house h = filled();
    const model_entity *rate = house_entity(&h, "r.rate");
    arena *whole = h.arena;
    for (unsigned i = 0; i < 400; i++) {
        bool matches[RATES + 1];
        uint64_t ids[RATES + 1], counted;
        h.arena = h.tx->arena = arena_open((size_t)1 << 28);
        const char *text =
            arena_format(h.arena, "[%s, %s, %s]", any_test(&h).ptr, any_test(&h).ptr, any_test(&h).ptr).ptr;
        const char *sort = sorts[random_below(sizeof sorts / sizeof *sorts)];
        query_request query = {
            .entity = rate, .filter = house_filter(&h, rate, text), .sort = wire(&h, sort)};
        query.limit = 1 + (unsigned)random_below(9);
        query.fields = wire(&h, "['id']");
        const size_t count = one_by_one(&h, query.filter, matches), seen = paged(&h, &query, matches, ids);
        query.cursor = (kt_str){0};
        assert_null(query_count(h.tx, &query, &counted));
        if (seen != count || counted != count)
            print_message("%s sort %s: %zu seen, %llu counted, %zu there\n", text, sort, seen,
                (unsigned long long)counted, count);
        assert_int_equal(seen, count);
        assert_int_equal(counted, count);
        arena_close(h.arena);
    }
    h.arena = h.tx->arena = whole;
    house_close(&h);
    random_seed(0);
}

int main(void)
{
    seed = dice_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_beginning_is_used_where_it_has_all_that_is_asked_for),
        cmocka_unit_test(it_finds_what_a_look_at_each_record_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
