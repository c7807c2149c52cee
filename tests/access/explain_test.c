/* explain_test.c -- what access.explain says is what happens: on random roles, judged by a second, simple
 * reading of the same grants. */
#include "office.h"

enum { ROUNDS = 60, GRANTS = 3 };

static const char *const entities[] = {"office.case", "office.*", "*", "office.client"};
static const char *const actions[] = {"read", "update", "delete", "close", "*"};
static const char *const scopes[] = {"own", "team", "department", "all"};

typedef struct {
    unsigned entity, action, scope;
    int least; /* where amount >= least * 100; 0: no condition */
} random_grant;

static uint64_t seed = 88172645463325252u;
static unsigned below(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

/* Who stands in whose scope, by hand. */
static bool within(int person, int owner, unsigned scope)
{
    static const bool team[PEOPLE][PEOPLE] = {[ANN] = {[ANN] = true, [BOB] = true},
        [BOB] = {[ANN] = true, [BOB] = true},
        [CID] = {[CID] = true},
        [BOSS] = {[BOSS] = true},
        [OUT] = {[OUT] = true}};
    static const bool department[PEOPLE][PEOPLE] = {[ANN] = {[ANN] = true, [CID] = true},
        [BOB] = {[BOB] = true},
        [CID] = {[ANN] = true, [CID] = true},
        [BOSS] = {[ANN] = true, [BOB] = true, [CID] = true, [BOSS] = true},
        [OUT] = {[OUT] = true}};
    return scope == 3 || (scope == 0 && person == owner) || (scope == 1 && team[person][owner]) ||
           (scope == 2 && department[person][owner]);
}

static bool expected(const random_grant *grants, int person, int owner, const char *action)
{
    for (int i = 0; i < GRANTS; i++) {
        const random_grant *g = &grants[i];
        bool about = g->entity != 3 && (g->action == 4 || strcmp(actions[g->action], action) == 0);
        if (about && within(person, owner, g->scope) && owner + 1 >= g->least)
            return true;
    }
    return false;
}

static bool explained(office *o, int person, int owner, const char *action)
{
    office_as(o, -1);
    const variant *answer = house_result(o->h, "access.explain",
        "{\"user\":%d,\"entity\":\"office.case\",\"id\":%d,\"action\":\"%s\"}", (int)o->users[person],
        (int)o->cases[owner], action);
    bool allowed = house_at(answer, "allowed")->as.boolean;
    assert_true(allowed == (house_at(answer, "because")->kind == VARIANT_OBJECT));
    assert_true(allowed != (house_text(answer, "missing")[0] != 0));
    return allowed;
}

/* What the same person gets when it tries. */
static bool done(office *o, int person, int owner, const char *action)
{
    static const char *const more = "\"dry_run\":true";
    office_as(o, person);
    char method[40];
    (void)snprintf(method, sizeof method, "office.case.%s", strcmp(action, "read") == 0 ? "get" : action);
    const char *values = strcmp(action, "update") == 0 ? ",\"values\":{\"title\":\"new\"}" : "";
    const variant *answer = house_call(o->h, method, strcmp(action, "read") == 0 ? NULL : more,
        "{\"id\":%d%s}", (int)o->cases[owner], values);
    return house_at(answer, "result") != NULL;
}

static const char *text_for(const random_grant *grants)
{
    static char text[500];
    size_t n = 0;
    for (int i = 0; i < GRANTS; i++) {
        const random_grant *g = &grants[i];
        n += (size_t)snprintf(
            text + n, sizeof text - n, "%s:%s@%s", entities[g->entity], actions[g->action], scopes[g->scope]);
        if (g->least)
            n += (size_t)snprintf(text + n, sizeof text - n, " where amount >= %d00", g->least);
        n += (size_t)snprintf(text + n, sizeof text - n, "; ");
    }
    return text;
}

static void explain_agrees_with_what_happens(void **state)
{
    (void)state;
    office o = office_open();
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int round = 0; round < ROUNDS; round++) {
        random_grant grants[GRANTS];
        for (int i = 0; i < GRANTS; i++)
            grants[i] = (random_grant){below(4), below(5), below(4), below(3) ? 0 : 1 + (int)below(PEOPLE)};
        office_grant(&o, text_for(grants));
        for (int k = 0; k < 8; k++) {
            int person = (int)below(PEOPLE), owner = (int)below(PEOPLE);
            const char *action = actions[below(4)];
            bool may = expected(grants, person, owner, action),
                 reads = expected(grants, person, owner, "read");
            if (explained(&o, person, owner, action) != may ||
                done(&o, person, owner, action) != (may && reads))
                fail_msg("%s %s case of %s with %s", people[person], action, people[owner], text_for(grants));
        }
    }
    house_close(o.h);
}

#define EXPLAIN "{\"user\":\"ann\",\"entity\":\"office.case\",\"id\":%d,\"action\":\"read\"}"

/* What is missing is said of the grant that is named. */
static void the_nearest_grant_and_the_reason_belong_together(void **state)
{
    (void)state;
    office o = office_open();
    office_grant(&o, "office.case:read@own; office.case:read where state = closed");
    const char *const ask[] = {text_of(EXPLAIN, (int)o.cases[BOB]), text_of(EXPLAIN, (int)o.cases[CID])};
    const variant *answer = house_result(o.h, "access.explain", "%s", ask[0]);
    assert_string_equal(house_text(answer, "missing"), "where");
    assert_string_equal(house_text(answer, "nearest.grant"), "office.case:read where state = closed");
    office_grant(&o, "office.case:read@team");
    house_as(o.h, o.admin);
    answer = house_result(o.h, "access.explain", "%s", ask[1]);
    assert_string_equal(house_text(answer, "reason"),
        "the grant is for records of the user's team, and this one's owner is not in it");
    answer = house_result(o.h, "access.explain", "%s", ask[0]);
    assert_string_equal(house_text(answer, "because.grant"), "office.case:read@team");
    assert_string_equal(
        house_refusal(o.h, "access.explain", "{\"entity\":\"office.csae\",\"action\":\"read\"}"),
        "validation");
    house_close(o.h);
}

static void the_deciding_or_missing_grant_is_named(void **state)
{
    (void)state;
    office o = office_open();
    office_grant(&o, "office.case:read@team where amount >= 150; office.*:export");
    office_as(&o, -1);
    static const struct {
        int person, owner;
        const char *action, *missing;
    } rows[] = {{ANN, BOB, "read", ""}, {ANN, ANN, "read", "where"}, {ANN, CID, "read", "scope"},
        {ANN, BOB, "update", "grant"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const variant *answer = house_result(o.h, "access.explain",
            "{\"user\":\"%s\",\"entity\":\"office.case\",\"id\":%d,\"action\":\"%s\"}",
            people[rows[i].person], (int)o.cases[rows[i].owner], rows[i].action);
        assert_string_equal(house_text(answer, "missing"), rows[i].missing);
    }
    const variant *answer = house_result(o.h, "access.explain",
        "{\"user\":\"ann\",\"entity\":\"office.case\",\"id\":%d,\"action\":\"read\"}", (int)o.cases[BOB]);
    assert_string_equal(house_text(answer, "because.role"), "staff");
    assert_string_equal(house_text(answer, "because.grant"), "office.case:read@team where amount >= 150");
    answer = house_result(o.h, "access.explain",
        "{\"user\":\"ann\",\"entity\":\"office.case\",\"action\":\"export\",\"field\":\"secret\"}");
    assert_string_equal(house_text(answer, "missing"), "group");
    answer = house_result(o.h, "access.explain", "{\"entity\":\"journal\",\"action\":\"verify\"}");
    assert_true(house_at(answer, "allowed")->as.boolean);
    house_close(o.h);
}

static void an_explanation_leaks_no_record(void **state)
{
    (void)state;
    office o = office_open();
    office_grant(&o, "office.case:read@own");
    office_as(&o, ANN);
    char own[100], other[100], never[100];
    (void)snprintf(
        own, sizeof own, "{\"entity\":\"office.case\",\"id\":%d,\"action\":\"read\"}", (int)o.cases[ANN]);
    (void)snprintf(
        other, sizeof other, "{\"entity\":\"office.case\",\"id\":%d,\"action\":\"read\"}", (int)o.cases[CID]);
    (void)snprintf(never, sizeof never, "{\"entity\":\"office.case\",\"id\":%d,\"action\":\"read\"}", 99999);
    assert_null(house_refusal(o.h, "access.explain", "%s", own));
    assert_string_equal(house_refusal(o.h, "access.explain", "%s", other), "not_found");
    assert_string_equal(house_refusal(o.h, "access.explain", "%s", never), "not_found");
    assert_string_equal(house_refusal(o.h, "access.explain",
                            "{\"user\":\"bob\",\"entity\":\"office.case\",\"action\":\"read\"}"),
        "forbidden");
    house_close(o.h);
}

static void a_matrix_shows_the_widest_grant_of_each_cell(void **state)
{
    (void)state;
    office o = office_open();
    (void)office_make(o.h, "access.role",
        "{\"name\":\"low\",\"grants\":\"office.case:read@own; office.case:read,update@team; "
        "office.kase:read\"}");
    (void)office_make(o.h, "access.role", "{\"name\":\"high\",\"grants\":\"office.case:read,close\"}");
    const variant *matrix = house_result(o.h, "access.matrix", "{\"role\":\"low\"}");
    const variant *cases = variant_get(house_at(matrix, "entities"), "office.case"); /* a name with a point */
    assert_string_equal(house_text(cases, "read.scope"), "team");
    assert_int_equal(house_at(cases, "delete")->kind, VARIANT_NULL);
    assert_int_equal(house_at(cases, "close")->kind, VARIANT_NULL);
    assert_string_equal(house_text(matrix, "unused.0"), "office.kase:read");
    const variant *diff = house_result(o.h, "access.diff", "{\"from\":\"low\",\"to\":\"high\"}");
    const variant *list = house_at(diff, "rows");
    assert_int_equal(list->as.array.count, 3); /* read opens, update closes, close opens */
    assert_string_equal(house_text(diff, "rows.0.change"), "opens");
    assert_string_equal(house_text(diff, "rows.1.change"), "closes");
    assert_string_equal(house_text(diff, "rows.2.action"), "close");
    house_close(o.h);
}

static void what_nothing_knows_is_not_allowed_to_those_who_may_all(void **state)
{
    (void)state;
    office o = office_open();
    static const struct {
        const char *entity, *action;
        bool known;
    } asked[] = {{"office.case", "close", true}, {"office.case", "erase", true},
        {"office.case", "clos", false}, {"office.case", "*", false}, {"office.client", "close", false},
        {"journal", "verify", true}, {"journal", "polish", false}, {"jurnal", "verify", false},
        {"access.user", "raise_reads", true}};
    house_as(o.h, o.admin);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const variant *answer = house_call(o.h, "access.explain", NULL,
            "{\"user\":\"admin\",\"entity\":\"%s\",\"action\":\"%s\"}", asked[i].entity, asked[i].action);
        const variant *allowed = house_at(answer, "result.allowed");
        if (asked[i].known)
            assert_true(allowed && allowed->as.boolean);
        else
            assert_string_equal(house_text(answer, "error.data.problems.0.path"), "action");
    }
    house_close(o.h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explain_agrees_with_what_happens),
        cmocka_unit_test(the_nearest_grant_and_the_reason_belong_together),
        cmocka_unit_test(the_deciding_or_missing_grant_is_named),
        cmocka_unit_test(an_explanation_leaks_no_record),
        cmocka_unit_test(a_matrix_shows_the_widest_grant_of_each_cell),
        cmocka_unit_test(what_nothing_knows_is_not_allowed_to_those_who_may_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
