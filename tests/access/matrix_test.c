/* matrix_test.c -- every method is called as every role: who is let in follows from the right that the method
 * declares, and from nothing else; whoever is refused has changed nothing. */
#include "office.h"

static const struct {
    const char *name, *grants; /* NULL: nobody is logged in */
} roles[] = {
    {"nobody", NULL}, {"nothing", ""}, {"reader", "*:read"}, {"clerk", "office.*:*"},
    {"journalist", "journal:verify,checkpoint"}, {"owner", "*:* fields *"},
    {"unproven", "*:* fields *"}, /* the role demands a second factor, and ann has none */
};
enum { ROLES = sizeof roles / sizeof *roles, UNPROVEN = ROLES - 1 };

/* A second, simple reading of the roles above. */
static bool let_in(size_t role, const char *right)
{
    if (strcmp(right, "public") == 0)
        return true;
    if (role == 0)
        return false;
    if (strcmp(right, "login") == 0)
        return true;
    const char *action = strchr(right, ':') + 1;
    switch (role) {
    case 2:
        return strcmp(action, "read") == 0;
    case 3:
        return strncmp(right, "office.", 7) == 0;
    case 4:
        return strcmp(right, "journal:verify") == 0 || strcmp(right, "journal:checkpoint") == 0;
    case 5:
        return true;
    case UNPROVEN:
        return false;
    default:
        return false;
    }
}

/* These end sessions: each gets one of its own, after all others. */
static bool ends_sessions(const char *method)
{
    return strcmp(method, "session.logout") == 0 || strcmp(method, "session.revoke") == 0;
}

/* Calls it and compares; answers whether it was let in. */
static bool compare(office *o, size_t role, const char *name, const char *right)
{
    if (!*right || (!strchr(right, ':') && strcmp(right, "login") != 0 && strcmp(right, "public") != 0))
        fail_msg("%s declares the right \"%s\"", name, right);
    uint64_t before = house_digest(o->h);
    const char *kind = house_refusal(o->h, name, "{}");
    bool out = kind && strcmp(kind, "forbidden") == 0;
    if (out == let_in(role, right))
        fail_msg("%s as %s: %s, but its right is %s", name, roles[role].name, kind ? kind : "let in", right);
    if (out && house_digest(o->h) != before)
        fail_msg("%s as %s was refused and wrote all the same", name, roles[role].name);
    return !out;
}

static void every_method_lets_in_whom_its_right_says(void **state)
{
    (void)state;
    office o = office_open();
    const variant *methods = house_at(house_result(o.h, "system.methods", "{}"), "methods");
    size_t count = methods->as.array.count, calls[2] = {0};
    assert_true(count > 40);
    for (size_t role = 0; role < ROLES; role++) {
        if (roles[role].grants)
            office_grant(&o, roles[role].grants);
        house_as(o.h, o.admin);
        (void)house_result(o.h, "access.role.update", "{\"id\":%d,\"values\":{\"second_factor\":%s}}",
            (int)o.role, role == UNPROVEN ? "true" : "false");
        kt_str token = roles[role].grants ? house_login(o.h, "ann", OFFICE_PASSWORD) : (kt_str){0};
        for (size_t i = 0; i < 2 * count; i++) {
            const variant *method = &methods->as.array.items[i % count];
            const char *name = house_text(method, "name");
            bool ends = ends_sessions(name);
            if (ends != (i >= count))
                continue;
            house_as(o.h, ends && token.len ? house_login(o.h, "ann", OFFICE_PASSWORD) : token);
            calls[compare(&o, role, name, house_text(method, "right"))]++;
        }
    }
    assert_int_equal(calls[0] + calls[1], count * ROLES);
    print_message("%zu calls refused, %zu let in\n", calls[0], calls[1]);
    house_close(o.h);
}

/* ---- The verbs of an entity, judged by the model ---- */

static const struct {
    const char *verb, *action, *params;
} verbs[] = {
    {"get", "read", "{\"id\":1}"},
    {"list", "read", "{}"},
    {"count", "read", "{}"},
    {"aggregate", "read", "{\"measures\":{\"n\":\"count\"}}"},
    {"history", "read", "{\"id\":1}"},
    {"create", "create", "{\"values\":{\"title\":\"x\"}}"},
    {"upsert", "create", "{\"external_id\":\"e\",\"values\":{\"title\":\"x\"}}"},
    {"update", "update", "{\"id\":1,\"values\":{\"title\":\"y\"}}"},
    {"delete", "delete", "{\"id\":1}"},
    {"close", "close", "{\"id\":1}"},
};

static bool names(const char *actions, const char *action)
{
    return strcmp(actions, "*") == 0 || strstr(actions, action) != NULL;
}

static void every_verb_needs_its_action(void **state)
{
    (void)state;
    static const char *const grants[] = {"read", "create", "update", "delete", "close", "read,update",
        "read,delete", "read,close", "export", "*"};
    office o = office_open();
    for (size_t g = 0; g < sizeof grants / sizeof *grants; g++) {
        office_grant(&o, text_of("office.case:%s", grants[g]));
        office_as(&o, ANN);
        for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
            bool writes = strcmp(verbs[i].action, "read") != 0;
            bool sees = strcmp(verbs[i].action, "create") == 0 || names(grants[g], "read");
            uint64_t before = house_digest(o.h);
            const variant *answer = house_call(o.h, text_of("office.case.%s", verbs[i].verb),
                writes ? "\"dry_run\":true" : NULL, "%s", verbs[i].params);
            bool done = house_at(answer, "result") != NULL;
            if (done != (names(grants[g], verbs[i].action) && sees))
                fail_msg("%s with %s: %s", verbs[i].verb, grants[g], house_text(answer, "error.data.kind"));
            assert_true(house_digest(o.h) == before);
        }
    }
    house_close(o.h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_method_lets_in_whom_its_right_says),
        cmocka_unit_test(every_verb_needs_its_action)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
