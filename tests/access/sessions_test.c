/* sessions_test.c -- logging in and out, what lasts how long, passwords, throttling: on the virtual
 * clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "kit/clock.h"
#include "kit/json.h"
#include "server/testing.h"

#define PASSWORD "Blue-Harbour-17"
enum { MINUTE = 60000, HOUR = 3600000 };

/* A user with a role of these grants and this password; answers the id. */
static int64_t hire(house *h, const char *name, const char *grants)
{
    int64_t role = house_int(house_result(h, "access.role.create",
                                 "{\"values\":{\"name\":\"r-%s\",\"grants\":\"%s\"}}", name, grants),
        "id");
    int64_t user = house_int(house_result(h, "access.user.create",
                                 "{\"values\":{\"name\":\"%s\",\"full_name\":\"Mr %s\",\"roles\":[%lld]}}",
                                 name, name, (long long)role),
        "id");
    (void)house_result(h, "access.password", "{\"user\":%lld,\"new\":\"" PASSWORD "\"}", (long long)user);
    return user;
}

static const char *refused_as(house *h, kt_str token, const char *method)
{
    kt_str mine = house_token(h);
    house_as(h, token);
    const char *kind = house_refusal(h, method, "{}");
    house_as(h, mine);
    return kind;
}

static void a_login_gives_a_token_that_says_who_calls(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    hire(h, "anna", "access.role:read");
    const variant *login = house_result(
        h, "session.login", "{\"user\":\"anna\",\"password\":\"" PASSWORD "\"}");
    assert_string_equal(house_text(login, "user.name"), "anna");
    assert_string_equal(house_text(login, "user.lang"), "en");
    assert_true(house_text(login, "expires_at")[0] == '2');
    house_as(h, variant_get_str(login, "token"));
    assert_string_equal(house_text(house_result(h, "session.whoami", "{}"), "full_name"), "Mr anna");
    const variant *again = house_result(h, "session.resume", "{}");
    assert_string_equal(house_text(again, "token"), house_text(login, "token"));
    (void)house_result(h, "session.logout", "{}");
    assert_string_equal(house_refusal(h, "session.whoami", "{}"), "forbidden");
    house_close(h);
}

static void wrong_credentials_answer_alike(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    hire(h, "anna", "access.role:read");
    int64_t id = house_int(house_result(h, "access.user.create", "{\"values\":{\"name\":\"idle\"}}"), "id");
    assert_true(id > 0); /* without a password */
    static const char *const tries[] = {"{\"user\":\"anna\",\"password\":\"wrong wrong\"}",
        "{\"user\":\"nobody\",\"password\":\"" PASSWORD "\"}", "{\"user\":\"idle\",\"password\":\"\"}",
        "{\"user\":\"\",\"password\":\"\"}"};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        const variant *answer = house_call(h, "session.login", NULL, "%s", tries[i]);
        assert_string_equal(house_text(answer, "error.data.kind"), "forbidden");
        first = first ? first : house_text(answer, "error.message");
        assert_string_equal(house_text(answer, "error.message"), first);
    }
    house_close(h);
}

static void failures_make_the_next_try_wait_longer_and_longer(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    hire(h, "anna", "access.role:read");
    for (int i = 0; i < 5; i++)
        assert_string_equal(
            house_refusal(h, "session.login", "{\"user\":\"anna\",\"password\":\"no\"}"), "forbidden");
    int64_t wait = 1000;
    for (int i = 0; i < 5; i++, wait *= 2) {
        assert_string_equal(
            house_refusal(h, "session.login", "{\"user\":\"anna\",\"password\":\"" PASSWORD "\"}"), "limit");
        clock_advance(wait - 1);
        assert_string_equal(
            house_refusal(h, "session.login", "{\"user\":\"anna\",\"password\":\"" PASSWORD "\"}"), "limit");
        clock_advance(1);
        assert_string_equal(
            house_refusal(h, "session.login", "{\"user\":\"anna\",\"password\":\"no\"}"), "forbidden");
    }
    assert_null(
        house_refusal(h, "session.login", "{\"user\":\"admin\",\"password\":\"" HOUSE_PASSWORD "\"}"));
    clock_advance(wait);
    assert_null(house_refusal(h, "session.login", "{\"user\":\"anna\",\"password\":\"" PASSWORD "\"}"));
    assert_null(house_refusal(h, "session.login", "{\"user\":\"anna\",\"password\":\"" PASSWORD "\"}"));
    house_close(h);
}

static void a_session_ends_when_idle_and_in_any_case(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    kt_str idle = house_login(h, "admin", HOUSE_PASSWORD), busy = house_login(h, "admin", HOUSE_PASSWORD);
    for (int i = 0; i < 3; i++) {
        clock_advance(11 * MINUTE);
        assert_null(refused_as(h, busy, "session.whoami"));
        (void)house_result(h, "access.team.create", "{\"values\":{\"name\":\"t%d\"}}", i); /* as below */
    }
    assert_string_equal(refused_as(h, idle, "session.whoami"), "forbidden");
    for (int i = 0; i < 62; i++) {
        clock_advance(11 * MINUTE);
        assert_null(
            refused_as(h, busy, "session.revoke")); /* a write: it waits for the note of the last use */
    }
    clock_advance(11 * MINUTE); /* twelve hours since the login */
    assert_string_equal(refused_as(h, busy, "session.whoami"), "forbidden");
    house_close(h);
}

static void sessions_are_listed_and_revoked(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    int64_t anna = hire(h, "anna", "access.role:read");
    kt_str one = house_login(h, "anna", PASSWORD), two = house_login(h, "anna", PASSWORD);
    kt_str admin = house_token(h);
    house_as(h, one);
    const variant *list = house_result(h, "session.list", "{}");
    assert_int_equal(house_at(list, "rows")->as.array.count, 2);
    assert_string_equal(house_refusal(h, "session.list", "{\"user\":\"admin\"}"), "forbidden");
    assert_string_equal(house_refusal(h, "session.list", "{\"user\":\"nobody\"}"), "forbidden");
    assert_int_equal(house_int(house_result(h, "session.revoke", "{}"), "revoked"), 1);
    assert_string_equal(refused_as(h, two, "session.whoami"), "forbidden");
    assert_null(refused_as(h, one, "session.whoami"));
    house_as(h, admin);
    const variant *rows = house_result(h, "session.list", "{\"user\":%lld}", (long long)anna);
    assert_int_equal(house_int(house_result(h, "session.revoke", "{\"user\":%lld,\"id\":\"%s\"}",
                                   (long long)anna, house_text(rows, "rows.0.id")),
                         "revoked"),
        1);
    assert_string_equal(refused_as(h, one, "session.whoami"), "forbidden");
    house_close(h);
}

static void whoever_is_no_longer_active_is_out_at_once(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    int64_t anna = hire(h, "anna", "access.role:read");
    kt_str token = house_login(h, "anna", PASSWORD);
    assert_null(refused_as(h, token, "access.role.list"));
    (void)house_result(
        h, "access.user.update", "{\"id\":%lld,\"values\":{\"active\":false}}", (long long)anna);
    assert_string_equal(refused_as(h, token, "access.role.list"), "forbidden");
    assert_string_equal(
        house_refusal(h, "session.login", "{\"user\":\"anna\",\"password\":\"" PASSWORD "\"}"), "forbidden");
    (void)house_result(
        h, "access.user.update", "{\"id\":%lld,\"values\":{\"active\":true}}", (long long)anna);
    assert_string_equal(refused_as(h, token, "access.role.list"), "forbidden");
    assert_null(refused_as(h, house_login(h, "anna", PASSWORD), "access.role.list"));
    house_close(h);
}

static void a_changed_role_counts_from_the_next_call_on(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    hire(h, "anna", "access.role:read");
    kt_str token = house_login(h, "anna", PASSWORD);
    const variant *role = house_result(h, "access.role.list", "{\"filter\":[[\"name\",\"=\",\"r-anna\"]]}");
    assert_string_equal(refused_as(h, token, "access.team.list"), "forbidden");
    (void)house_result(h, "access.role.update", "{\"id\":%lld,\"values\":{\"grants\":\"access.team:read\"}}",
        (long long)house_int(role, "rows.0.id"));
    assert_null(refused_as(h, token, "access.team.list"));
    assert_string_equal(refused_as(h, token, "access.role.list"), "forbidden");
    house_close(h);
}

static void a_new_password_needs_the_old_one_and_ends_other_sessions(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    int64_t anna = hire(h, "anna", "access.role:read");
    kt_str one = house_login(h, "anna", PASSWORD), two = house_login(h, "anna", PASSWORD),
           admin = house_token(h);
    house_as(h, one);
    assert_string_equal(
        house_refusal(h, "access.password", "{\"old\":\"no\",\"new\":\"Green-Valley-42\"}"), "forbidden");
    assert_string_equal(
        house_refusal(h, "access.password", "{\"old\":\"" PASSWORD "\",\"new\":\"short\"}"), "validation");
    assert_string_equal(
        house_refusal(h, "access.password", "{\"user\":\"admin\",\"new\":\"Green-Valley-42\"}"), "forbidden");
    (void)house_result(h, "access.password", "{\"old\":\"" PASSWORD "\",\"new\":\"Green-Valley-42\"}");
    assert_null(house_refusal(h, "session.whoami", "{}"));
    assert_string_equal(refused_as(h, two, "session.whoami"), "forbidden");
    assert_string_equal(
        house_refusal(h, "session.login", "{\"user\":\"anna\",\"password\":\"" PASSWORD "\"}"), "forbidden");
    (void)house_login(h, "anna", "Green-Valley-42");
    house_as(h, admin);
    const variant *user = house_result(h, "access.user.get", "{\"id\":%lld}", (long long)anna);
    assert_true(house_text(user, "password_changed_at")[0] == '2');
    house_close(h);
}

static void nothing_gives_a_password_or_its_hash_away(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    hire(h, "anna", "access.role:read");
    static const char *const messages[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"access.user.list\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"access.user.get\",\"params\":{\"id\":2}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"journal.since\",\"params\":{\"seq\":0}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"export.read\",\"params\":{\"entity\":\"access.user\"}}",
    };
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        kt_str answer = house_send(h, house_token(h), (kt_str){messages[i], strlen(messages[i])});
        assert_null(memmem(answer.ptr, answer.len, "argon2", 6));
        assert_null(memmem(answer.ptr, answer.len, PASSWORD, sizeof PASSWORD - 1));
    }
    assert_string_equal(
        house_refusal(h, "access.user.create", "{\"values\":{\"name\":\"x\",\"password\":\"y\"}}"),
        "validation");
    house_close(h);
}

static void made_up_tokens_are_refused(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    static const char *const tokens[] = {"", "x", "kt_",
        "ks_0000000000000000000000000000000000000000000000000",
        "kt_0000000000000000000000000000000000000000000000000", "admin"};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        assert_string_equal(
            refused_as(h, (kt_str){tokens[i], strlen(tokens[i])}, "session.whoami"), "forbidden");
    house_close(h);
}

static void roles_are_refused_with_all_their_mistakes(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    const variant *answer = house_call(h, "access.role.create", NULL,
        "{\"values\":{\"name\":\"bad\",\"grants\":\"crm.deal; crm.lead:read@mine; *.x:read; crm.deal:read "
        "where x ~ 1; crm.deal:read fields\"}}");
    assert_string_equal(house_text(answer, "error.data.kind"), "validation");
    assert_int_equal(house_at(answer, "error.data.problems")->as.array.count, 5);
    assert_string_equal(house_text(answer, "error.data.problems.1.path"), "grants");
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_gives_a_token_that_says_who_calls),
        cmocka_unit_test(wrong_credentials_answer_alike),
        cmocka_unit_test(failures_make_the_next_try_wait_longer_and_longer),
        cmocka_unit_test(a_session_ends_when_idle_and_in_any_case),
        cmocka_unit_test(sessions_are_listed_and_revoked),
        cmocka_unit_test(whoever_is_no_longer_active_is_out_at_once),
        cmocka_unit_test(a_changed_role_counts_from_the_next_call_on),
        cmocka_unit_test(a_new_password_needs_the_old_one_and_ends_other_sessions),
        cmocka_unit_test(nothing_gives_a_password_or_its_hash_away),
        cmocka_unit_test(made_up_tokens_are_refused),
        cmocka_unit_test(roles_are_refused_with_all_their_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
