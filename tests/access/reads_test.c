/* reads_test.c -- the log of reads and the daily budget: every way to a record of an entity that asks for it
 * is logged and counted; what costs nothing, what is refused, what survives. On the virtual clock. */
#include "access/access.h"
#include "access/read_log.h"
#include "office.h"

enum { CLIENTS = 30, HOUR = 3600000 };

/* The office with 30 clients more; ann may do everything in it. */
static office crowded(void)
{
    office o = office_open();
    for (int i = 2; i <= CLIENTS; i++)
        (void)office_make(o.h, "office.client", text_of("{\"name\":\"client%02d\"}", i));
    office_grant(&o, "office.*:*; journal:read");
    return o;
}

/* The newest row of the log of ann's reads; fails if there are not as many. */
static const variant *logged(office *o, size_t rows)
{
    access_settle(server_access(house_server(o->h)));
    office_as(o, -1);
    const variant *log = house_result(o->h, "access.read_log.list",
        "{\"filter\":[[\"user\",\"=\",%d]],\"sort\":\"-id\"}", (int)o->users[ANN]);
    size_t count = house_at(log, "rows")->as.array.count;
    if (count != rows)
        fail_msg("%zu rows in the log, expected %zu", count, rows);
    office_as(o, ANN);
    return house_at(log, "rows.0");
}

static const struct {
    const char *method, *params;
    int count; /* of clients that are shown; 0: none, and no row */
    const char *action, *filter;
} ways[] = {
    {"office.client.get", "{\"id\":3}", 1, "read", ""},
    {"office.client.list", "{\"filter\":[[\"name\",\"starts_with\",\"client0\"]],\"limit\":4}", 4, "read",
        "[[\"name\",\"starts_with\",\"client0\"]]"},
    {"office.client.history", "{\"id\":5}", 1, "read", ""},
    {"system.search", "{\"text\":\"client07\"}", 1, "read", "\"client07\""},
    {"export.read", "{\"entity\":\"office.client\"}", CLIENTS, "export", ""},
    {"journal.since", "{\"seq\":0,\"limit\":1000}", CLIENTS, "read", ""},
    {"office.case.list", "{\"fields\":[\"title\",\"client.name\"]}", 1, "read", ""},
    {"office.client.aggregate", "{\"group\":[\"name\"],\"measures\":{\"n\":\"count\"}}", CLIENTS, "read", ""},
    {"office.client.aggregate", "{\"filter\":[[\"id\",\"=\",9]],\"measures\":{\"a\":\"min:name\"}}", 1,
        "read", "[[\"id\",\"=\",9]]"},
    {"office.client.aggregate", "{\"measures\":{\"n\":\"count\"}}", 0, NULL, NULL},
    {"office.client.count", "{}", 0, NULL, NULL},
    {"office.case.get", "{\"id\":1}", 0, NULL, NULL}, /* asks for no log */
    {"office.client.update", "{\"id\":4,\"values\":{\"name\":\"client04\"}}", 0, NULL, NULL},
};

static void every_way_to_a_record_is_logged(void **state)
{
    (void)state;
    office o = crowded();
    size_t rows = 0;
    house_from(o.h, "203.0.113.4");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        office_as(&o, ANN);
        (void)house_result(o.h, ways[i].method, "%s", ways[i].params);
        rows += ways[i].count > 0;
        const variant *row = logged(&o, rows);
        clock_advance(1000);
        if (!ways[i].count)
            continue;
        if (house_int(row, "count") != ways[i].count)
            fail_msg("%s: %d records logged", ways[i].method, (int)house_int(row, "count"));
        assert_string_equal(house_text(row, "method"), ways[i].method);
        assert_string_equal(house_text(row, "action"), ways[i].action);
        assert_string_equal(house_text(row, "filter"), ways[i].filter);
        assert_string_equal(house_text(row, "entity"), "office.client");
        assert_string_equal(house_text(row, "remote"), "203.0.113.4");
        assert_true(house_text(row, "at")[0] == '2');
        assert_true((house_int(row, "record") > 0) == (ways[i].count == 1));
    }
    house_close(o.h);
}

static void who_looked_at_this_record_is_a_question(void **state)
{
    (void)state;
    office o = crowded();
    office_as(&o, ANN);
    (void)house_result(o.h, "office.client.list", "{\"filter\":[[\"id\",\">\",10]]}");
    office_as(&o, BOB);
    (void)house_result(o.h, "office.client.get", "{\"id\":20}");
    (void)house_result(o.h, "office.client.get", "{\"id\":21}");
    office_as(&o, CID);
    const variant *made = house_result(o.h, "access.key.create_secret", "{\"name\":\"k\"}");
    house_as(o.h, variant_get_str(made, "secret"));
    (void)house_result(o.h, "export.read", "{\"entity\":\"office.client\"}");
    access_settle(server_access(house_server(o.h)));
    office_as(&o, -1);
    const variant *who = house_result(o.h, "access.readers", "{\"entity\":\"office.client\",\"id\":20}");
    static const char *const logins[] = {"cid", "bob", "ann"};
    assert_int_equal(house_at(who, "rows")->as.array.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(house_text(who, text_of("rows.%zu.login", i)), logins[i]);
    assert_string_equal(house_text(who, "rows.0.action"), "export");
    const variant *first = house_result(
        o.h, "access.readers", "{\"entity\":\"office.client\",\"id\":20,\"limit\":1}");
    const variant *second = house_result(o.h, "access.readers",
        "{\"entity\":\"office.client\",\"id\":20,\"limit\":1,\"cursor\":\"%s\"}", house_text(first, "next"));
    assert_string_equal(house_text(second, "rows.0.login"), "bob");
    who = house_result(o.h, "access.readers", "{\"entity\":\"office.client\",\"id\":3}");
    assert_int_equal(house_at(who, "rows")->as.array.count, 1); /* the export alone */
    const variant *key = house_result(
        o.h, "access.read_log.list", "{\"filter\":[[\"api_key\",\"=\",%d]]}", (int)house_int(made, "id"));
    assert_int_equal(house_at(key, "rows")->as.array.count, 1);
    /* the log is not for everybody */
    office_as(&o, ANN);
    assert_string_equal(
        house_refusal(o.h, "access.readers", "{\"entity\":\"office.client\",\"id\":20}"), "forbidden");
    assert_string_equal(house_refusal(o.h, "access.read_log.list", "{}"), "forbidden");
    house_close(o.h);
}

/* The index against the rows themselves, over records and ranges by chance, some rows deleted or changed. */
static void the_index_answers_as_the_rows_do(void **state)
{
    enum { ROWS = 60, IDS = 9000, ASKED = 200 };
    (void)state;
    office o = office_open();
    uint64_t first[ROWS + 2] = {0}, last[ROWS + 2] = {0};
    house_as(o.h, o.admin);
    for (int i = 0; i < ROWS; i++) {
        bool wide = random_below(2);
        uint64_t a = 1 + random_below(IDS), b = wide ? a + random_below(IDS) : a;
        const variant *made = house_result(o.h, "access.read_log.create",
            "{\"values\":{\"entity\":\"office.client\",\"records\":\"%llu-%llu\"}}", (unsigned long long)a,
            (unsigned long long)b);
        uint64_t id = (uint64_t)house_int(made, "id");
        assert_in_range(id, 1, ROWS + 1);
        first[id] = a;
        last[id] = b;
        if (i % 7 == 3) {
            (void)house_result(o.h, "access.read_log.delete", "{\"id\":%d}", (int)id);
            first[id] = last[id] = 0;
        } else if (i % 7 == 5) {
            (void)house_result(o.h, "access.read_log.update",
                "{\"id\":%d,\"values\":{\"records\":\"64-191,4096\"}}", (int)id);
            first[id] = 64;
            last[id] = 191;
        }
    }
    static const uint64_t edges[] = {63, 64, 191};
    for (int i = 0; i < ASKED; i++) {
        uint64_t asked = i < 3 ? edges[i] : 1 + random_below(IDS), expected = 0;
        for (size_t id = 1; id <= ROWS + 1; id++)
            expected += first[id] <= asked && asked <= last[id];
        const variant *who = house_result(o.h, "access.readers",
            "{\"entity\":\"office.client\",\"id\":%llu,\"limit\":500}", (unsigned long long)asked);
        if (asked != 4096)
            assert_int_equal(house_at(who, "rows")->as.array.count, expected);
    }
    house_close(o.h);
}

static void ranges_hold_what_was_put_in(void **state)
{
    (void)state;
    arena *arena = arena_open(1 << 20);
    const uint64_t ids[] = {1, 2, 3, 7, 9, 10, 1000000000000};
    kt_str text = read_log_ranges(arena, ids, 7);
    assert_string_equal(text.ptr, "1-3,7,9-10,1000000000000");
    for (uint64_t id = 0; id < 20; id++)
        assert_int_equal(read_log_has(text, id), (id >= 1 && id <= 3) || id == 7 || id == 9 || id == 10);
    assert_true(read_log_has(text, 1000000000000));
    assert_false(read_log_has((kt_str){0}, 0));
    arena_close(arena);
}

static void a_preview_shows_what_it_would_change(void **state)
{
    (void)state;
    office o = crowded();
    office_as(&o, ANN);
    (void)house_call(o.h, "office.client.delete", "\"dry_run\":true", "{\"id\":9}");
    const variant *row = logged(&o, 1);
    assert_int_equal(house_int(row, "record"), 9);
    assert_string_equal(house_text(row, "method"), "office.client.delete");
    house_close(o.h);
}

/* ---- The budget ---- */

static void limit_ann(office *o, int limit)
{
    house_as(o->h, o->admin);
    (void)house_result(o->h, "access.user.update", "{\"id\":%d,\"values\":{\"daily_read_limit\":%d}}",
        (int)o->users[ANN], limit);
    office_as(o, ANN);
}

static const variant *budget(office *o)
{
    return house_result(o->h, "access.reads.show", "{}");
}

/* Ann reads one client after the other until she is refused; answers how many she got. */
static int scrape(office *o)
{
    int got = 0;
    for (int id = 1; id <= CLIENTS; id++) {
        const char *kind = house_refusal(o->h, "office.client.get", "{\"id\":%d}", id);
        if (kind)
            assert_string_equal(kind, "limit");
        got += !kind;
    }
    return got;
}

static void a_scraper_is_stopped_at_the_limit(void **state)
{
    (void)state;
    office o = crowded();
    limit_ann(&o, 12);
    assert_int_equal(scrape(&o), 12);
    const variant *refused = house_call(o.h, "office.client.get", NULL, "{\"id\":25}");
    assert_string_equal(
        house_text(refused, "error.message"), "your limit of 12 different records a day is reached");
    assert_true(strstr(house_text(refused, "error.data.problems.0.hint"), "access.reads.raise"));
    assert_null(house_refusal(o.h, "office.client.get", "{\"id\":12}")); /* seen today: costs nothing */
    assert_null(house_refusal(o.h, "office.case.get", "{\"id\":%d}", (int)o.cases[ANN]));
    house_close(o.h);
}

/* Each of the ways above, when nothing is left, gives nothing away. */
static void no_way_leads_around_the_limit(void **state)
{
    (void)state;
    office o = crowded();
    limit_ann(&o, 1);
    assert_null(house_refusal(o.h, "office.client.get", "{\"id\":30}"));
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        kt_str answer = house_send(o.h, o.tokens[ANN],
            str_of(text_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", ways[i].method,
                ways[i].params)));
        bool limited = memmem(answer.ptr, answer.len, "\"kind\":\"limit\"", 14) != NULL;
        if (limited != (ways[i].count > 0))
            fail_msg("%s: %.*s", ways[i].method, STR_ARG(answer));
        if (limited)
            assert_null(memmem(answer.ptr, answer.len, "client0", 7));
    }
    house_close(o.h);
}

static void whoever_stays_below_notices_nothing(void **state)
{
    (void)state;
    office o = crowded();
    limit_ann(&o, CLIENTS);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(scrape(&o), CLIENTS);
        assert_null(house_refusal(o.h, "office.client.list", "{}"));
    }
    assert_int_equal(house_int(budget(&o), "seen"), CLIENTS);
    assert_int_equal(house_int(budget(&o), "limit"), CLIENTS);
    office_as(&o, BOB); /* without a limit nothing is counted */
    assert_true(house_at(budget(&o), "limit")->kind == VARIANT_NULL);
    house_close(o.h);
}

static void an_administrator_raises_it_for_the_day(void **state)
{
    (void)state;
    office o = crowded();
    limit_ann(&o, 5);
    assert_int_equal(scrape(&o), 5);
    assert_string_equal(
        house_refusal(o.h, "access.reads.raise", "{\"user\":\"ann\",\"records\":5}"), "forbidden");
    house_as(o.h, o.admin);
    (void)house_result(o.h, "access.reads.raise", "{\"user\":\"ann\",\"records\":5}");
    const variant *raised = house_result(o.h, "access.reads.raise", "{\"user\":\"ann\",\"records\":2}");
    assert_int_equal(house_int(raised, "limit"), 12);
    assert_int_equal(house_int(raised, "seen"), 5);
    office_as(&o, ANN);
    assert_int_equal(scrape(&o), 12);
    clock_advance(24 * HOUR);
    house_as(o.h, house_login(o.h, "ann", OFFICE_PASSWORD));
    assert_int_equal(house_int(budget(&o), "seen"), 0);
    assert_int_equal(scrape(&o), 5);
    house_close(o.h);
}

/* Who guesses values to have the true ones told, or adds up pairs, pays like a reader. */
static void groups_and_refused_updates_count(void **state)
{
    (void)state;
    office o = crowded();
    static const char *const halves = "{\"group\":[\"created_by\"],\"measures\":{\"last\":\"max:name\"}}";
    static const char *const guess = "{\"id\":%d,\"if_version\":99,\"values\":{\"name\":\"x\"}}";
    limit_ann(&o, 4);
    assert_null(house_refusal(o.h, "office.client.aggregate", "%s", halves));
    int groups = (int)house_int(budget(&o), "seen");
    assert_true(groups >= 1);
    assert_string_equal(house_refusal(o.h, "office.client.update", guess, 9), "conflict");
    assert_int_equal(house_int(budget(&o), "seen"), groups + 1);
    const variant *row = logged(&o, 1); /* of the update; of the groups no one record */
    assert_int_equal(house_int(row, "record"), 9);
    for (int id = 10; id < 10 + 3 - groups; id++)
        assert_string_equal(house_refusal(o.h, "office.client.update", guess, id), "conflict");
    assert_string_equal(house_refusal(o.h, "office.client.update", guess, 20), "limit");
    house_close(o.h);
}

static void a_list_that_passes_it_is_refused_whole(void **state)
{
    (void)state;
    office o = crowded();
    limit_ann(&o, 7);
    /* a list that would pass the limit is refused as a whole, and one that fits is not */
    assert_string_equal(house_refusal(o.h, "office.client.list", "{\"limit\":8}"), "limit");
    assert_int_equal(house_int(budget(&o), "seen"), 7);
    assert_null(house_refusal(o.h, "office.client.list", "{\"limit\":7}"));
    house_close(o.h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_a_record_is_logged),
        cmocka_unit_test(who_looked_at_this_record_is_a_question),
        cmocka_unit_test(the_index_answers_as_the_rows_do),
        cmocka_unit_test(a_preview_shows_what_it_would_change),
        cmocka_unit_test(ranges_hold_what_was_put_in),
        cmocka_unit_test(a_scraper_is_stopped_at_the_limit),
        cmocka_unit_test(no_way_leads_around_the_limit),
        cmocka_unit_test(whoever_stays_below_notices_nothing),
        cmocka_unit_test(an_administrator_raises_it_for_the_day),
        cmocka_unit_test(a_list_that_passes_it_is_refused_whole),
        cmocka_unit_test(groups_and_refused_updates_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
