/* Random records under random filters and orders: what the planner finds is what filter_matches says, in
 * every page, both ways; counts and sums agree. */
#include <stdio.h>

#include "kit/decimal.h"
#include "kit/dice.h"
#include "model/variant_test.h"
#include "query/internal.h"

enum { PARTIES = 60, DEALS = 400, TAGS = 6, ROUNDS = 250 };

static const char *const names[] = {"Łódź Meble", "lodz meble", "Żabka", "zabka sp. z o.o.", "Nowak", "NOWAK",
    "Nováček", "Kowalska", "Sánchez", "sanchez i syn", "Ålesund", "Acme", "acme", "Acme%", "A_me"};
#define NAMES (sizeof names / sizeof *names)
static const char *const beginnings[] = {"Ł", "lod", "ŻAB", "nov", "acme\\\\%", "s", "A", "NOWAK", "_"};
#define BEGINNINGS (sizeof beginnings / sizeof *beginnings)

static uint64_t seed;

static const char *any_name(void)
{
    return names[random_below(NAMES)];
}

static unsigned below(unsigned n)
{
    return (unsigned)random_below(n);
}

static void fill(house *h)
{
    static const char *const states[] = {"open", "won", "lost"};
    for (unsigned i = 1; i <= TAGS; i++)
        house_put(h, "t.tag", i, wire_format(h, "{'name': 'tag %u', 'rank': %u}", i, below(3)));
    for (unsigned i = 1; i <= PARTIES; i++) {
        kt_str parent = below(2) ? arena_format(h->arena, "%u", 1 + below(PARTIES)) : KT_STR("null");
        kt_str tags = below(3) ? arena_format(h->arena, "[%u, %u]", 1 + below(TAGS), 1 + below(TAGS))
                               : KT_STR("[]");
        house_put(h, "t.party", i,
            wire_format(h,
                "{'name': '%s', 'kind': '%s', 'active': %s, 'parent': %s, 'tags': %s, 'pesel': %s, "
                "'company': %s,"
                "'contacts': [{'kind': 'phone', 'value': '+48 %u', 'tag': %s}, {'kind': '%s'}]}",
                any_name(), below(2) ? "firm" : "person", below(2) ? "true" : "null", parent.ptr, tags.ptr,
                below(2) ? "'80010112345'" : "null",
                below(4)   ? "1"
                : below(2) ? "2"
                           : "null",
                100 + below(900), below(2) ? "2" : "null", below(2) ? "mail" : "phone"));
    }
    for (unsigned i = 1; i <= DEALS; i++)
        house_put(h, "t.deal", i,
            wire_format(h,
                "{'title': '%s %u', 'party': %s, 'amount': %s, 'weight': '%u.%u', 'day': %s, 'at': "
                "'2026-1%u-%02uT1%u:00:00Z', 'state': '%s', 'count': %u, 'code': %s, 'company': %s}",
                any_name(), below(5),
                below(8) ? arena_format(h->arena, "%u", 1 + below(PARTIES + 5)).ptr : "null",
                below(8) ? arena_format(h->arena, "'%u.%02u'", below(20), below(100)).ptr : "null", below(9),
                below(9),
                below(8) ? arena_format(h->arena, "'2026-%02u-%02u'", 1 + below(12), 1 + below(28)).ptr
                         : "null",
                below(2), 1 + below(28), below(9), states[below(3)], below(4),
                below(3) ? arena_format(h->arena, "'C%u'", i).ptr : "null", below(5) ? "1" : "2"));
}

/* ---- Random conditions ---- */

static kt_str deal_test(house *h)
{
    arena *a = h->arena;
    static const char *const compare[] = {"=", "!=", "<", "<=", ">", ">="};
    const char *op = compare[below(6)];
    switch (below(26)) {
    case 0:
        return arena_format(a, "['state', '%s', '%s']", compare[below(2)], below(2) ? "open" : "won");
    case 1:
        return arena_format(a, "['state', 'in', ['open', 'lost']]");
    case 2:
        return arena_format(a, "['amount', '%s', '%u.50']", op, below(20));
    case 3:
        return arena_format(a, "['amount', 'between', ['%u', '%u']]", below(10), 10 + below(10));
    case 4:
        return arena_format(a, "['party', '%s', %u]", compare[below(2)], 1 + below(PARTIES));
    case 5:
        return arena_format(
            a, "['party', 'in', [%u, %u, null, %u]]", below(20) + 1, below(20) + 1, below(60) + 1);
    case 6:
        return arena_format(a, "['day', '%s', '2026-%02u-15']", op, 1 + below(12));
    case 7:
        return arena_format(a, "['day', 'is_null', %s]", below(2) ? "true" : "false");
    case 8:
        return arena_format(a, "['title', 'starts_with', '%s']", beginnings[below(BEGINNINGS)]);
    case 9:
        return arena_format(a, "['title', 'ilike', '%%%s%%%u']", below(2) ? "meb" : "a", below(5));
    case 10:
        return arena_format(a, "['title', '%s', '%s %u']", op, any_name(), below(5));
    case 11:
        return arena_format(a, "['party.name', '%s', '%s']", op, any_name());
    case 12:
        return arena_format(a, "['party.tags', '=', %u]", 1 + below(TAGS));
    case 13:
        return arena_format(a, "['party.contacts.kind', '!=', 'mail']");
    case 14:
        return arena_format(a, "['id', '%s', %u]", op, below(DEALS));
    case 15:
        return arena_format(a, "['id', 'in', [%u, %u, -1, %u]]", below(DEALS), below(DEALS), below(DEALS));
    case 16:
        return arena_format(a, "['code', '%s', 'C%u']", compare[below(2)], below(DEALS));
    case 17:
        return arena_format(a, "['code', 'in', ['C%u', 'C%u']]", below(DEALS), below(DEALS));
    case 18:
        return arena_format(a, "['at', '%s', '2026-11-%02u']", op, 1 + below(28));
    case 19:
        return arena_format(a, "['party', 'ilike', 'NOW']");
    case 20:
        return arena_format(a, "{'>=count': %u, '!state': 'won'}", below(4));
    case 21:
        return arena_format(a, "['party.parent.name', '%s', '%s']", op, any_name());
    case 22:
        return arena_format(a, "['party', 'any', [['name', 'starts_with', '%s'], ['active', '=', %s]]]",
            beginnings[below(BEGINNINGS)], below(2) ? "true" : "false");
    case 23:
        return arena_format(a, "['party.contacts.tag.rank', '%s', %u]", op, below(3));
    case 24:
        return arena_format(
            a, "['party.tags.name', 'in', ['tag %u', 'tag %u']]", 1 + below(TAGS), 1 + below(TAGS));
    default:
        return arena_format(a, "['count', '%s', %u]", op, below(4));
    }
}

static kt_str party_test(house *h)
{
    arena *a = h->arena;
    switch (below(15)) {
    case 0:
        return arena_format(a, "['name', '=', '%s']", any_name());
    case 1:
        return arena_format(a, "['name', 'in', ['%s', '%s', '%s']]", any_name(), any_name(), any_name());
    case 2:
        return arena_format(a, "['name', '%s', '%s']", below(2) ? ">=" : "<", any_name());
    case 3:
        return arena_format(a, "['name', 'ilike', '%s%%']", beginnings[below(BEGINNINGS)]);
    case 4:
        return arena_format(a, "['tags', '=', %u]", 1 + below(TAGS));
    case 5:
        return arena_format(a, "['tags', 'is_null', true]");
    case 6:
        return arena_format(a, "['tags', 'in', [1, 2]]");
    case 7:
        return arena_format(a, "['contacts', 'any', [['kind', '=', 'phone'], ['value', 'ilike', '+48 1']]]");
    case 8:
        return arena_format(a, "['active', '=', %s]", below(2) ? "true" : "false");
    case 9:
        return arena_format(a, "['contacts.tag', '=', 2]");
    case 10:
        return arena_format(a, "['pesel', 'is_null', false]");
    case 11:
        return arena_format(a, "['contacts.tag.name', '=', 'tag 2']");
    case 12:
        return arena_format(a, "['tags.rank', '>', 0]");
    case 13:
        return arena_format(a, "['contacts.tag', 'in', [2, 3, null]]");
    default:
        return arena_format(a, "['parent.parent.kind', '=', 'firm']");
    }
}

static kt_str random_filter(house *h, bool deals, unsigned depth)
{
    kt_str a = deals ? deal_test(h) : party_test(h);
    if (depth == 0 || below(3) == 0)
        return a;
    kt_str b = random_filter(h, deals, depth - 1);
    switch (below(5)) {
    case 0:
        return arena_format(h->arena, "['or', %s, %s]", a.ptr, b.ptr);
    case 1:
        return arena_format(h->arena, "['not', %s, %s]", a.ptr, b.ptr);
    case 2:
        return arena_format(h->arena, "['|', %s, '!', %s]", a.ptr, b.ptr);
    default:
        return arena_format(h->arena, "[%s, %s]", a.ptr, b.ptr);
    }
}

static const char *random_sort(bool deals)
{
    static const char *const of_deals[] = {"id", "-id", "day", "-day", "amount,-day", "state,-id", "title",
        "-title", "party,day", "-party,-day", "party.name,amount", "weight", "number", "code", "-at",
        "state,amount", "count"};
    static const char *const of_parties[] = {
        "id", "-id", "name", "-name", "kind,name", "active,-name", "parent.name", "pesel", "-kind"};
    return deals ? of_deals[below(sizeof of_deals / sizeof *of_deals)]
                 : of_parties[below(sizeof of_parties / sizeof *of_parties)];
}

/* ---- By looking at every record ---- */

typedef struct {
    uint64_t ids[DEALS + PARTIES];
    size_t count;
} id_list;

static int order_of(house *h, const model_entity *entity, const query_sort *sort, uint64_t x, uint64_t y)
{
    model_record a, b;
    bool found;
    key room_a, room_b;
    query_key key_a, key_b;
    assert_null(model_load(h->tx, entity, x, &a, &found));
    assert_null(model_load(h->tx, entity, y, &b, &found));
    assert_null(query_key_make(h->tx, NULL, sort, &a, &room_a, &key_a));
    assert_null(query_key_make(h->tx, NULL, sort, &b, &room_b, &key_b));
    return query_key_cmp(sort, &key_a, &key_b);
}

static void by_force(house *h, const model_entity *entity, const query_filter *filter, id_list *out)
{
    out->count = 0;
    for (uint64_t id = 1; id <= DEALS; id++) {
        model_record record;
        bool found, matches = false;
        assert_null(model_load(h->tx, entity, id, &record, &found));
        if (!found || !record_visible(h->tx, &record, "read"))
            continue;
        assert_null(query_filter_matches(h->tx, filter, &record, &matches));
        if (matches)
            out->ids[out->count++] = id;
    }
}

static bool holds(const id_list *list, uint64_t id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->ids[i] == id)
            return true;
    return false;
}

/* All pages, forward or back. */
static void all_pages(house *h, query_request query, bool back, id_list *out)
{
    out->count = 0;
    kt_str cursor = query.cursor;
    for (size_t page = 0; page < 2 * DEALS; page++) {
        query.cursor = cursor;
        const variant *answer = house_list(h, &query);
        const variant *rows = variant_get(answer, "rows");
        size_t n = rows->as.array.count;
        assert_true(out->count + n <= sizeof out->ids / sizeof *out->ids);
        for (size_t i = 0; i < n; i++) /* the last row of a page comes first on the way back */
            out->ids[out->count++] = (uint64_t)variant_get(&rows->as.array.items[back ? n - 1 - i : i], "id")
                                         ->as.integer;
        cursor = variant_get_str(answer, back ? "prev" : "next");
        if (!cursor.ptr)
            return;
    }
    fail_msg("pages without end");
}

/* A page behind some rows is that part of all pages. */
static void check_skip(house *h, query_request query, const id_list *all)
{
    query.skip = below((unsigned)all->count + 2);
    const variant *rows = variant_get(house_list(h, &query), "rows");
    size_t left = all->count > query.skip ? all->count - query.skip : 0;
    assert_int_equal(rows->as.array.count, left < query.limit ? left : query.limit);
    for (size_t i = 0; i < rows->as.array.count; i++)
        assert_int_equal(variant_get(&rows->as.array.items[i], "id")->as.integer, all->ids[query.skip + i]);
}

static void check_query(house *h, const model_entity *entity, const char *text, const char *sort_text)
{
    static id_list expected, pages, back;
    query_sort sort;
    query_filter *filter = house_filter(h, entity, text);
    const variant sort_by = {.kind = VARIANT_STRING, .as.string = str_of(sort_text)};
    query_request query = {.entity = entity, .filter = filter, .sort = &sort_by, .limit = 1 + below(60)};
    query.fields = wire(h, "['id']");
    assert_null(query_sort_read(h->tx, entity, &sort_by, &sort));
    by_force(h, entity, filter, &expected);
    all_pages(h, query, false, &pages);
    if (pages.count != expected.count)
        print_message("filter %s sort %s limit %u\n", text, sort_text, query.limit);
    assert_int_equal(pages.count, expected.count);
    for (size_t i = 0; i < pages.count; i++) {
        assert_true(holds(&expected, pages.ids[i]));
        if (i && order_of(h, entity, &sort, pages.ids[i - 1], pages.ids[i]) >= 0) {
            print_message("filter %s sort %s limit %u\n", text, sort_text, query.limit);
            fail_msg("out of order at %zu", i);
        }
    }
    uint64_t count;
    assert_null(query_count(h->tx, &query, &count));
    assert_int_equal(count, expected.count);
    check_skip(h, query, &pages);
    if (pages.count < 2)
        return;
    /* from behind the last row back to the first */
    model_record last;
    bool found;
    key room;
    query_place place = {.set = true, .back = true, .inclusive = true};
    assert_null(model_load(h->tx, entity, pages.ids[pages.count - 1], &last, &found));
    assert_null(query_key_make(h->tx, NULL, &sort, &last, &room, &place.key));
    buffer out;
    buffer_open(&out, 4096);
    json j = json_to(&out);
    query_cursor_write(&sort, &place, &j);
    query.cursor = arena_str(h->arena, (kt_str){out.ptr + 1, out.len - 2});
    buffer_close(&out);
    all_pages(h, query, true, &back);
    assert_int_equal(back.count, pages.count);
    for (size_t i = 0; i < pages.count; i++)
        assert_int_equal(back.ids[pages.count - 1 - i], pages.ids[i]);
}

static void pages_counts_and_orders_agree_with_a_look_at_every_record(void **state)
{
    (void)state;
    house h = house_open();
    random_seed(seed);
    fill(&h);
    arena *whole = h.arena;
    for (unsigned i = 0; i < ROUNDS; i++) { /* each with memory of its own, as a request has */
        bool deals = below(3) > 0;
        h.arena = h.tx->arena = arena_open((size_t)1 << 30);
        assert_non_null(h.arena);
        h.tx->company = below(4) ? 1 : 0;
        kt_str filter = random_filter(&h, deals, 3);
        check_query(&h, house_entity(&h, deals ? "t.deal" : "t.party"), filter.ptr, random_sort(deals));
        arena_close(h.arena);
    }
    h.arena = h.tx->arena = whole;
    house_close(&h);
    random_seed(0);
}

/* Every group's filter lists its records: counts and sums taken over it again are the group's. */
static void groups_add_up_and_open(void **state)
{
    (void)state;
    static const char *const groups[] = {"['state']", "['day:month']", "['party.kind', 'state']",
        "['at:week']", "['title']", "['party']", "['day:quarter', 'count']", "['at:year']", "['day:day']",
        "['party.active']"};
    house h = house_open();
    random_seed(seed);
    fill(&h);
    const model_entity *deal = house_entity(&h, "t.deal");
    for (unsigned i = 0; i < 60; i++) {
        h.tx->company = below(2);
        kt_str text = below(3) ? random_filter(&h, true, 2) : KT_STR("[]");
        const char *by = groups[below(sizeof groups / sizeof *groups)];
        query_request query = {.entity = deal, .filter = house_filter(&h, deal, text.ptr), .limit = 10000};
        buffer out;
        buffer_open(&out, 16 << 20);
        json j = json_to(&out);
        json_object(&j);
        assert_string_equal(said(query_aggregate(h.tx, &query, wire(&h, by),
                                wire(&h, "{'n': 'count', 'total': 'sum:amount', 'low': 'min:amount', 'who': "
                                         "'count_distinct:party'}"),
                                &j)),
            "");
        json_object_end(&j);
        const variant *rows = variant_get(wire(&h, arena_str(h.arena, buffer_str(&out)).ptr), "rows");
        buffer_close(&out);
        uint64_t whole, sum = 0;
        assert_null(query_count(h.tx, &query, &whole));
        for (size_t k = 0; k < rows->as.array.count; k++) {
            const variant *row = &rows->as.array.items[k];
            query_filter *filter;
            query_rows *found;
            model_record record;
            assert_string_equal(said(query_filter_read(h.tx, deal, variant_get(row, "filter"), &filter)), "");
            query_request again = {.entity = deal, .filter = filter};
            kt_dec total = KT_DEC(0, 2), low = {0};
            int64_t n = 0;
            assert_null(query_open(h.tx, &again, &found));
            while (query_next(found, &record)) {
                kt_dec amount = house_value(&record, "amount")->as.d;
                bool is_set = house_value(&record, "amount")->set;
                total = kt_dec_add(total, is_set ? amount : (kt_dec){0});
                if (is_set && (!low.scale1 || kt_dec_cmp(amount, low) < 0))
                    low = amount;
                n++;
            }
            assert_null(query_end(found));
            if (n != variant_get(row, "n")->as.integer)
                print_message("filter %s by %s\n", text.ptr, by);
            assert_int_equal(n, variant_get(row, "n")->as.integer);
            char shown[32];
            kt_dec said_total, said_low;
            snprintf(shown, sizeof shown, "%s", variant_get_str(row, "total").ptr);
            assert_int_equal(dec_parse(str_of(shown), 2, &said_total), DEC_OK);
            assert_int_equal(kt_dec_cmp(said_total, total), 0);
            if (low.scale1) {
                assert_int_equal(dec_parse(variant_get_str(row, "low"), 2, &said_low), DEC_OK);
                assert_int_equal(kt_dec_cmp(said_low, low), 0);
            }
            sum += (uint64_t)n;
        }
        assert_int_equal(sum, whole);
    }
    house_close(&h);
    random_seed(0);
}

static void what_is_found_can_be_changed(void **state)
{
    (void)state;
    static const kt_field nothing[] = {{0}};
    static const kt_shape tags_shape = {"t.tag", sizeof(kt_record), nothing};
    enum { MANY = 150 }; /* more than the room that a search begins with */
    house h = house_open();
    kt_found found;
    for (unsigned i = 1; i <= MANY; i++)
        house_put(&h, "t.tag", i, wire_format(&h, "{'name': 'tag %03u', 'rank': %u}", i, i % 3));
    assert_null(kt_find(h.tx, &(kt_query){.of = &tags_shape, .sort = "-name"}, 0, &found));
    assert_int_equal(found.count, MANY);
    assert_false(found.more);
    assert_int_equal(found.ids[0].v, MANY);
    assert_int_equal(found.ids[MANY - 1].v, 1);
    const kt_str second = KT_STR("[[\"rank\",\"=\",2]]");
    assert_null(kt_find(h.tx, &(kt_query){.of = &tags_shape, .filter = second}, 49, &found));
    assert_int_equal(found.count, 49);
    assert_true(found.more);
    assert_null(kt_find(h.tx, &(kt_query){.of = &tags_shape, .filter = second}, 50, &found));
    assert_int_equal(found.count, 50);
    assert_false(found.more);
    assert_int_equal(found.ids[49].v, 149);
    assert_null(kt_find(h.tx, &(kt_query){.of = &tags_shape, .limit = 7}, 0, &found));
    assert_int_equal(found.count, 7);
    house_close(&h);
}

int main(void)
{
    seed = dice_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_counts_and_orders_agree_with_a_look_at_every_record),
        cmocka_unit_test(groups_add_up_and_open),
        cmocka_unit_test(what_is_found_can_be_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
