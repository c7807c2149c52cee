/* keys_test.c -- API keys: scopes, days, addresses, rotation, last use. On the virtual clock. */
#include "office.h"

enum { HOUR = 3600000 };

static const variant *make_key(house *h, const char *more)
{
    return house_result(h, "access.key.create_secret", "{\"name\":\"nightly\"%s}", more);
}

/* The refusal of a call with this token; NULL: it was let in. */
static const char *refused(house *h, kt_str token, const char *method)
{
    kt_str mine = house_token(h);
    house_as(h, token);
    const char *kind = house_refusal(h, method, "{}");
    house_as(h, mine);
    return kind;
}

static void a_key_is_held_to_its_scopes_and_its_day(void **state)
{
    (void)state;
    office o = office_open();
    office_grant(&o, "access.role:read,create; access.team:read");
    office_as(&o, ANN);
    const variant *made = make_key(
        o.h, ",\"scopes\":\"access.role:read; access.user:*\",\"expires_on\":\"2026-11-24\"");
    kt_str key = variant_get_str(made, "secret");
    assert_true(str_starts(key, KT_STR("kt_")));
    assert_null(refused(o.h, key, "access.role.list"));
    /* the user may, the key may not; the key may, the user may not */
    assert_string_equal(refused(o.h, key, "access.team.list"), "forbidden");
    assert_string_equal(refused(o.h, key, "access.user.list"), "forbidden");
    house_as(o.h, key);
    assert_string_equal(house_refusal(o.h, "access.key.create_secret", "{\"name\":\"more\"}"), "forbidden");
    assert_string_equal(
        house_refusal(o.h, "access.key.rotate", "{\"id\":%d}", (int)house_int(made, "id")), "forbidden");
    assert_string_equal(house_refusal(o.h, "access.password",
                            "{\"old\":\"" OFFICE_PASSWORD "\",\"new\":\"Another-Harbour-18\"}"),
        "forbidden");
    clock_advance(24 * HOUR);
    assert_null(refused(o.h, key, "access.role.list"));
    clock_advance(24 * HOUR);
    assert_string_equal(refused(o.h, key, "access.role.list"), "forbidden");
    house_close(o.h);
}

static void a_deleted_key_is_dead(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    const variant *made = make_key(h, "");
    kt_str key = variant_get_str(made, "secret");
    assert_null(refused(h, key, "access.role.list"));
    (void)house_result(h, "access.key.delete", "{\"id\":%d}", (int)house_int(made, "id"));
    assert_string_equal(refused(h, key, "access.role.list"), "forbidden");
    house_close(h);
}

static void a_key_comes_only_from_its_networks(void **state)
{
    (void)state;
    static const struct {
        const char *remote;
        bool good;
    } rows[] = {{"203.0.113.200", true}, {"::ffff:203.0.113.200", true}, {"203.0.114.1", false},
        {"2001:db8:1::7", true}, {"2001:db8:2::7", false}, {"127.0.0.1", false}, {"ipc", false},
        {"unknown", false}};
    house *h = house_open(NULL);
    const variant *made = make_key(h, ",\"networks\":\"203.0.113.0/24, 2001:db8:1::/48\"");
    kt_str key = variant_get_str(made, "secret");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        house_from(h, rows[i].remote);
        const char *kind = refused(h, key, "access.role.list");
        if ((kind == NULL) != rows[i].good)
            fail_msg("from %s: %s", rows[i].remote, kind ? kind : "let in");
        if (kind)
            assert_string_equal(kind, "forbidden");
    }
    (void)house_result(h, "access.key.update", "{\"id\":%d,\"values\":{\"networks\":\"127.0.0.0/8\"}}",
        (int)house_int(made, "id"));
    house_from(h, "ipc"); /* this machine */
    assert_null(refused(h, key, "access.role.list"));
    house_from(h, "203.0.113.200");
    assert_string_equal(refused(h, key, "access.role.list"), "forbidden");
    house_close(h);
}

static void networks_are_refused_with_all_their_mistakes(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    const variant *answer = house_call(h, "access.key.create_secret", NULL,
        "{\"name\":\"x\",\"networks\":\"10.0.0.1/8 10.0.0.0/8 office.example.com ::1/129\"}");
    assert_string_equal(house_text(answer, "error.data.kind"), "validation");
    assert_int_equal(house_at(answer, "error.data.problems")->as.array.count, 3);
    assert_string_equal(house_text(answer, "error.data.problems.1.path"), "networks");
    assert_string_equal(
        house_text(answer, "error.data.problems.1.message"), "office.example.com is no address or network");
    house_close(h);
}

static void a_rotated_key_has_two_secrets_for_a_while(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    const variant *made = make_key(h, "");
    int id = (int)house_int(made, "id");
    kt_str first = variant_get_str(made, "secret");
    const variant *rotated = house_result(h, "access.key.rotate", "{\"id\":%d,\"overlap_hours\":2}", id);
    kt_str second = variant_get_str(rotated, "secret");
    assert_int_equal(house_int(rotated, "id"), id);
    assert_null(refused(h, first, "access.role.list"));
    assert_null(refused(h, second, "access.role.list"));
    const variant *key = house_result(h, "access.key.get", "{\"id\":%d}", id);
    assert_string_equal(house_text(key, "prefix"), house_text(rotated, "prefix"));
    assert_string_equal(house_text(key, "old_secret_until"), house_text(rotated, "old_until"));
    clock_advance(2 * HOUR - 1);
    assert_null(refused(h, first, "session.whoami"));
    clock_advance(1);
    kt_str admin = house_login(h, "admin", HOUSE_PASSWORD);
    house_as(h, admin);
    assert_string_equal(refused(h, first, "session.whoami"), "forbidden");
    assert_null(refused(h, second, "session.whoami"));
    kt_str third = variant_get_str(
        house_result(h, "access.key.rotate", "{\"id\":%d,\"overlap_hours\":0}", id), "secret");
    assert_string_equal(refused(h, second, "session.whoami"), "forbidden");
    assert_null(refused(h, third, "session.whoami"));
    house_close(h);
}

static void a_second_rotation_does_not_prolong_the_first_secret(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    const variant *made = make_key(h, "");
    int id = (int)house_int(made, "id");
    kt_str first = variant_get_str(made, "secret");
    (void)house_result(h, "access.key.rotate", "{\"id\":%d,\"overlap_hours\":1}", id);
    (void)house_result(h, "access.key.rotate", "{\"id\":%d,\"overlap_hours\":100}", id);
    clock_advance(HOUR);
    house_as(h, house_login(h, "admin", HOUSE_PASSWORD));
    assert_string_equal(refused(h, first, "session.whoami"), "forbidden");
    assert_string_equal(
        house_refusal(h, "access.key.rotate", "{\"id\":%d,\"overlap_hours\":721}", id), "validation");
    assert_string_equal(house_refusal(h, "access.key.rotate", "{\"id\":999}"), "not_found");
    house_close(h);
}

/* Without the right access.user:password others' keys cannot be rotated, nor found out to exist. */
static void one_rotates_ones_own_keys(void **state)
{
    (void)state;
    office o = office_open();
    office_grant(&o, "");
    office_as(&o, ANN);
    int id = (int)house_int(make_key(o.h, ""), "id");
    office_as(&o, BOB);
    const variant *others = house_call(o.h, "access.key.rotate", NULL, "{\"id\":%d}", id),
                  *none = house_call(o.h, "access.key.rotate", NULL, "{\"id\":999}");
    assert_string_equal(house_text(others, "error.data.kind"), house_text(none, "error.data.kind"));
    assert_string_equal(house_text(others, "error.message"), house_text(none, "error.message"));
    office_as(&o, ANN);
    assert_true(house_text(house_result(o.h, "access.key.rotate", "{\"id\":%d}", id), "old_until")[0] == '2');
    house_close(o.h);
}

static void the_last_use_is_noted_and_changes_no_rights(void **state)
{
    (void)state;
    house *h = house_open(NULL);
    const variant *made = make_key(h, "");
    kt_str key = variant_get_str(made, "secret");
    int id = (int)house_int(made, "id");
    house_from(h, "198.51.100.7");
    assert_null(refused(h, key, "session.whoami"));
    uint64_t noted = house_digest(h); /* after what waits for the writer */
    house_from(h, "198.51.100.8");
    assert_null(refused(h, key, "session.whoami"));
    assert_true(house_digest(h) == noted); /* not with each call */
    const variant *shown = house_result(h, "access.key.get", "{\"id\":%d}", id);
    assert_string_equal(house_text(shown, "last_used_from"), "198.51.100.7");
    clock_advance(10 * 60000);
    assert_null(refused(h, key, "session.whoami"));
    assert_true(house_digest(h) != noted);
    shown = house_result(h, "access.key.get", "{\"id\":%d}", id);
    assert_string_equal(house_text(shown, "last_used_from"), "198.51.100.8");
    /* a change of scopes counts at once, also together with a change of the use */
    (void)house_result(h, "access.key.update",
        "{\"id\":%d,\"values\":{\"scopes\":\"access.team:read\",\"last_used_from\":\"x\"}}", id);
    assert_string_equal(refused(h, key, "access.role.list"), "forbidden");
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_held_to_its_scopes_and_its_day),
        cmocka_unit_test(a_deleted_key_is_dead),
        cmocka_unit_test(a_key_comes_only_from_its_networks),
        cmocka_unit_test(networks_are_refused_with_all_their_mistakes),
        cmocka_unit_test(a_rotated_key_has_two_secrets_for_a_while),
        cmocka_unit_test(a_second_rotation_does_not_prolong_the_first_secret),
        cmocka_unit_test(one_rotates_ones_own_keys),
        cmocka_unit_test(the_last_use_is_noted_and_changes_no_rights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
