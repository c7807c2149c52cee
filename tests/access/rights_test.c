/* rights_test.c -- one evaluator behind every way to reach a record: a table of grants, and what each person
 * then finds by list, count, get, history, feed, search, sums and writes. */
#include <pthread.h>

#include "office.h"

#define ALL "ann bob cid boss out"

static const struct {
    const char *grants;
    int person;
    const char *sees;
} rows[] = {
    {"", ANN, NULL},
    {"office.case:read", ANN, ALL},
    {"office.case:read@all", OUT, ALL},
    {"office.*:read", ANN, ALL},
    {"*:read", ANN, ALL},
    {"*:*", ANN, ALL},
    {"office.client:*", ANN, NULL},
    {"office.case:update", ANN, NULL},
    {"office.case:read@own", ANN, "ann"},
    {"office.case:read@own", BOSS, "boss"},
    {"office.case:read@team", ANN, "ann bob"},
    {"office.case:read@team", CID, "cid"},
    {"office.case:read@department", ANN, "ann cid"},
    {"office.case:read@department", BOB, "bob"},
    {"office.case:read@department", BOSS, "ann bob cid boss"},
    {"office.case:read@department", OUT, "out"},
    {"office.case:read where amount >= 300", ANN, "cid boss out"},
    {"office.case:read where owner = me", BOB, "bob"},
    {"office.case:read@team where amount > 100", ANN, "bob"},
    {"office.case:read where owner.name in (ann, \\\"cid\\\")", OUT, "ann cid"},
    {"office.case:read@own; office.case:read where amount = 300", ANN, "ann cid"},
    {"office.case:read@own; office.case:update@all", ANN, "ann"},
    {"office.*:read where amount = 100", ANN, "ann"},
    {"office.case:read where nothing = 1", ANN, NULL}, /* a condition on what is not there gives nothing */
    {"office.case:*@own; *:export", ANN, "ann"},
};

static bool has(const char *names, int person)
{
    const char *found = names ? strstr(names, people[person]) : NULL;
    size_t n = strlen(people[person]);
    return found && (found == names || found[-1] == ' ') && (found[n] == 0 || found[n] == ' ');
}

static size_t count_of(const char *names)
{
    size_t n = 0;
    for (int i = 0; i < PEOPLE; i++)
        n += has(names, i);
    return n;
}

/* What list, count, sums and search say of the same right. */
static void many_agree(office *o, const char *sees)
{
    house *h = o->h;
    const variant *list = house_result(h, "office.case.list", "{\"sort\":\"title\"}");
    assert_int_equal(house_at(list, "rows")->as.array.count, count_of(sees));
    for (size_t i = 0; i < count_of(sees); i++) {
        const char *title = house_text(list, text_of("rows.%d.title", (int)i));
        bool found = false;
        for (int k = 0; k < PEOPLE; k++)
            found |= has(sees, k) && strcmp(title + 5, people[k]) == 0;
        assert_true(found);
    }
    const variant *count = house_result(h, "office.case.count", "{}");
    assert_int_equal(count->as.integer, count_of(sees));
    const variant *sums = house_result(h, "office.case.aggregate", "{\"measures\":{\"n\":\"count\"}}");
    int64_t n = house_int(sums, "rows.0.n");
    assert_int_equal(n < 0 ? 0 : n, count_of(sees));
    const variant *found = house_result(
        h, "system.search", "{\"text\":\"case\",\"entities\":[\"office.case\"]}");
    assert_int_equal(house_at(found, "rows")->as.array.count, count_of(sees));
}

/* What reaching for one record says; what may not be seen answers as what never was. */
static void one_agrees(office *o, const char *sees, int of)
{
    static const char *const methods[] = {"office.case.get", "office.case.history"};
    for (size_t i = 0; i < 2; i++) {
        const char *kind = house_refusal(o->h, methods[i], "{\"id\":%d}", (int)o->cases[of]);
        const char *never = house_refusal(o->h, methods[i], "{\"id\":99999}");
        if (has(sees, of)) {
            assert_null(kind);
        } else {
            assert_non_null(kind);
            assert_string_equal(kind, never);
        }
    }
}

static void feed_agrees(office *o, const char *sees)
{
    const variant *feed = house_result(
        o->h, "journal.since", "{\"seq\":0,\"filter\":{\"entities\":[\"office.case\"]},\"limit\":1000}");
    const variant *entries = house_at(feed, "entries");
    assert_int_equal(house_int(feed, "next"), house_int(feed, "head"));
    size_t shown = 0;
    for (size_t i = 0; i < entries->as.array.count; i++) {
        const variant *changes = house_at(&entries->as.array.items[i], "changes");
        for (size_t k = 0; k < changes->as.array.count; k++, shown++) {
            int64_t id = house_int(&changes->as.array.items[k], "id");
            bool mine = false;
            for (int p = 0; p < PEOPLE; p++)
                mine |= has(sees, p) && o->cases[p] == id;
            assert_true(mine);
        }
    }
    assert_true(shown >= count_of(sees));
}

static void every_way_to_a_record_is_judged_alike(void **state)
{
    (void)state;
    office o = office_open();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        office_grant(&o, rows[i].grants);
        office_as(&o, rows[i].person);
        print_message("%s: %s\n", people[rows[i].person], rows[i].grants);
        if (rows[i].sees)
            many_agree(&o, rows[i].sees);
        else
            assert_string_equal(house_refusal(o.h, "office.case.list", "{}"), "forbidden");
        for (int of = 0; of < PEOPLE; of++)
            one_agrees(&o, rows[i].sees, of);
        feed_agrees(&o, rows[i].sees);
    }
    house_close(o.h);
}

/* ---- Writing ---- */

static const struct {
    const char *grants, *method, *params; /* #: the case of cid */
    const char *kind;                     /* NULL: done */
} writes[] = {
    {"office.case:read", "office.case.update", "{\"id\":#,\"values\":{\"title\":\"x\"}}", "forbidden"},
    {"office.case:update", "office.case.update", "{\"id\":#,\"values\":{\"title\":\"x\"}}", "not_found"},
    {"office.case:read@own; office.case:update", "office.case.update",
        "{\"id\":#,\"values\":{\"title\":\"x\"}}", "not_found"},
    {"office.case:read; office.case:update@own", "office.case.update",
        "{\"id\":#,\"values\":{\"title\":\"x\"}}", "forbidden"},
    {"office.case:read,update", "office.case.update", "{\"id\":#,\"values\":{\"secret\":\"x\"}}",
        "validation"},
    {"office.case:read; office.case:delete@own", "office.case.delete", "{\"id\":#}", "forbidden"},
    {"office.case:read,update", "office.case.delete", "{\"id\":#}", "forbidden"},
    {"office.case:read,update", "office.case.close", "{\"id\":#}", "forbidden"},
    {"office.case:read", "office.case.create", "{\"values\":{\"title\":\"#\"}}", "forbidden"},
    {"office.case:create@own; access.user:read", "office.case.create",
        "{\"values\":{\"title\":\"#\",\"owner\":1}}", "forbidden"},
    {"office.case:read", "import.run",
        "{\"entity\":\"office.case\",\"mode\":\"create\",\"rows\":[{\"title\":\"#\"}]}", "forbidden"},
    {"office.case:read", "journal.revert", "{\"seq\":#}", "forbidden"},
    {"office.case:*", "access.role.update", "{\"id\":1,\"values\":{\"grants\":\"*:*\",\"label\":\"#\"}}",
        "forbidden"},
    {"*:* fields *", "office.case.update", "{\"id\":#,\"values\":{\"title\":\"x\",\"secret\":\"y\"}}", NULL},
};

static void fill(char *out, size_t size, const char *params, int64_t id)
{
    const char *mark = strchr(params, '#');
    (void)snprintf(out, size, "%.*s%d%s", (int)(mark - params), params, (int)id, mark + 1);
}

static void a_refused_write_leaves_the_store_as_it_was(void **state)
{
    (void)state;
    office o = office_open();
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        char params[300];
        office_grant(&o, writes[i].grants);
        office_as(&o, ANN);
        uint64_t before = house_digest(o.h);
        fill(params, sizeof params, writes[i].params, o.cases[CID]);
        const char *kind = house_refusal(o.h, writes[i].method, "%s", params);
        if (!kind || !writes[i].kind)
            assert_ptr_equal(kind, writes[i].kind);
        else if (strcmp(kind, writes[i].kind) != 0)
            fail_msg(
                "%s with %s: %s instead of %s", writes[i].method, writes[i].grants, kind, writes[i].kind);
        if (kind)
            assert_true(house_digest(o.h) == before);
    }
    house_close(o.h);
}

/* ---- Hidden fields ---- */

static void a_hidden_field_can_be_used_nowhere(void **state)
{
    (void)state;
    office o = office_open();
    static const struct {
        const char *method, *params;
    } tries[] = {
        {"office.case.list", "{\"filter\":[[\"secret\",\"=\",\"hushann\"]]}"},
        {"office.case.list", "{\"sort\":\"secret\"}"},
        {"office.case.list", "{\"fields\":[\"secret\"]}"},
        {"office.case.count", "{\"filter\":[[\"secret\",\"starts_with\",\"hush\"]]}"},
        {"office.case.aggregate", "{\"group\":[\"secret\"],\"measures\":{\"n\":\"count\"}}"},
        {"export.read", "{\"entity\":\"office.case\",\"fields\":[\"secret\"]}"},
    };
    office_grant(&o, "office.*:*");
    office_as(&o, ANN);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        assert_string_equal(house_refusal(o.h, tries[i].method, "%s", tries[i].params), "validation");
    const variant *get = house_result(o.h, "office.case.get", "{\"id\":%d}", (int)o.cases[ANN]);
    assert_null(house_at(get, "secret"));
    const variant *found = house_result(o.h, "system.search", "{\"text\":\"hushann\"}");
    assert_int_equal(house_at(found, "rows")->as.array.count, 0);
    static const char *const messages[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"journal.since\",\"params\":{\"seq\":0,\"limit\":1000}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"office.case.history\",\"params\":{\"id\":1}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"export.read\",\"params\":{\"entity\":\"office.case\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"system.describe\",\"params\":{}}"};
    for (size_t i = 0; i < 4; i++) {
        kt_str answer = house_send(o.h, o.tokens[ANN], (kt_str){messages[i], strlen(messages[i])});
        assert_null(memmem(answer.ptr, answer.len, "hush", 4));
        assert_null(memmem(answer.ptr, answer.len, "\"secret\"", 8));
    }
    office_grant(&o, "office.*:* fields secrets");
    office_as(&o, ANN);
    get = house_result(o.h, "office.case.get", "{\"id\":%d}", (int)o.cases[ANN]);
    assert_string_equal(house_text(get, "secret"), "hushann");
    house_close(o.h);
}

/* ---- Roles cannot be had by stealth ---- */

static void who_edits_users_cannot_give_roles_away(void **state)
{
    (void)state;
    office o = office_open();
    office_grant(&o, "access.user:read,update; access.role:read");
    office_as(&o, ANN);
    assert_string_equal(
        house_refusal(o.h, "access.user.update", "{\"id\":%d,\"values\":{\"roles\":[1]}}", (int)o.users[ANN]),
        "validation");
    assert_null(house_refusal(o.h, "access.user.update",
        "{\"id\":%d,\"values\":{\"email\":\"ann@example.org\"}}", (int)o.users[ANN]));
    assert_string_equal(
        house_refusal(o.h, "access.password", "{\"user\":\"admin\",\"new\":\"Green-Valley-42\"}"),
        "forbidden");
    assert_string_equal(
        house_refusal(o.h, "access.key.create_secret", "{\"user\":\"admin\",\"name\":\"x\"}"), "forbidden");
    assert_string_equal(house_refusal(o.h, "session.revoke", "{\"user\":\"admin\"}"), "forbidden");
    house_close(o.h);
}

/* ---- All at once ---- */

enum { CALLS = 200 };

typedef struct {
    office *o;
    int person;
    unsigned seen[PEOPLE + 1], other; /* answers by number of records */
} caller;

static void *call_on(void *context)
{
    caller *c = context;
    static const char message[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"office.case.count\",\"params\":{}}";
    for (int i = 0; i < CALLS; i++) {
        kt_str answer = house_send(c->o->h, c->o->tokens[c->person], (kt_str){message, sizeof message - 1});
        const char *result = memmem(answer.ptr, answer.len, "\"result\":", 9);
        unsigned n = result ? (unsigned)(result[9] - '0') : PEOPLE + 1;
        if (n <= PEOPLE)
            c->seen[n]++;
        else
            c->other++;
    }
    return NULL;
}

static void rights_change_under_load_without_a_mix(void **state)
{
    (void)state;
    office o = office_open();
    office_grant(&o, "office.case:read@own");
    pthread_t threads[PEOPLE];
    caller callers[PEOPLE] = {0};
    for (int i = 0; i < PEOPLE; i++) {
        callers[i] = (caller){.o = &o, .person = i};
        assert_int_equal(pthread_create(&threads[i], NULL, call_on, &callers[i]), 0);
    }
    for (int i = 0; i < 30; i++)
        office_grant(&o, i % 2 ? "office.case:read@own" : "office.case:read");
    for (int i = 0; i < PEOPLE; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(callers[i].other, 0);
        assert_int_equal(callers[i].seen[1] + callers[i].seen[PEOPLE], CALLS); /* one role or the other */
    }
    house_close(o.h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_a_record_is_judged_alike),
        cmocka_unit_test(a_refused_write_leaves_the_store_as_it_was),
        cmocka_unit_test(a_hidden_field_can_be_used_nowhere),
        cmocka_unit_test(who_edits_users_cannot_give_roles_away),
        cmocka_unit_test(rights_change_under_load_without_a_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
