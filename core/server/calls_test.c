/* calls_test.c -- messages and answers as a client sees them. */
#include "server/specs.h"

static void a_record_is_created_read_listed_and_counted(void **state)
{
    house *h = *state;
    const variant *made = house_result(h, "shop.thing.create",
        "{\"values\":{\"name\":\"Lamp\",\"price\":\"12.50\",\"parts\":[{\"name\":\"bulb\",\"quantity\":\"2\"}"
        "]}}");
    int64_t id = house_int(made, "id");
    assert_true(id > 0);
    assert_int_equal(house_int(made, "version"), 1);
    assert_string_equal(house_text(made, "number"), "TH/2026/0001");
    const variant *read = house_result(h, "shop.thing.get", "{\"id\":%lld}", (long long)id);
    assert_string_equal(house_text(read, "name"), "Lamp");
    assert_string_equal(house_text(read, "price"), "12.50");
    assert_string_equal(house_text(read, "parts.0.quantity"), "2.000");
    assert_string_equal(house_text(read, "allowed_actions.0"), "sell");
    const variant *rows = house_result(h, "shop.thing.list", "{\"filter\":[[\"name\",\"=\",\"Lamp\"]]}");
    assert_int_equal(house_int(rows, "rows.0.id"), id);
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 1);
    assert_int_equal(
        house_result(h, "shop.thing.count", "{\"filter\":[[\"price\",\">\",\"13\"]]}")->as.integer, 0);
    assert_int_equal(house_int(house_result(h, "shop.thing.get", "{\"number\":\"TH/2026/0001\"}"), "id"), id);
}

static void an_action_answers_with_the_new_state(void **state)
{
    house *h = *state;
    int64_t id = house_int(
        house_result(h, "shop.thing.create", "{\"values\":{\"name\":\"Lamp\",\"price\":\"12.50\"}}"), "id");
    const variant *sold = house_result(
        h, "shop.thing.sell", "{\"id\":%lld,\"if_version\":1,\"buyer\":\"Nowak\"}", (long long)id);
    assert_string_equal(house_text(sold, "state"), "sold");
    assert_int_equal(house_int(sold, "version"), 2);
    assert_string_equal(
        house_refusal(h, "shop.thing.sell", "{\"id\":%lld,\"buyer\":\"Nowak\"}", (long long)id), "state");
    assert_string_equal(house_text(house_result(h, "shop.total", "{}"), "sum"), "12.50");
}

static void all_problems_come_at_once(void **state)
{
    house *h = *state;
    const variant *answer = house_call(h, "shop.thing.create", NULL,
        "{\"values\":{\"price\":\"abc\",\"day\":\"2026-02-30\",\"state\":\"lost\",\"colour\":1}}");
    const variant *problems = house_at(answer, "error.data.problems");
    assert_string_equal(house_text(answer, "error.data.kind"), "validation");
    assert_true(house_text(answer, "error.data.request")[0] != 0);
    assert_true(problems->as.array.count >= 5); /* name is required too */
}

static void errors_speak_the_callers_language(void **state)
{
    house *h = *state;
    const variant *english = house_call(h, "shop.thing.get", NULL, "{\"id\":999}");
    const variant *polish = house_call(h, "shop.thing.get", "\"lang\":\"pl\"", "{\"id\":999}");
    assert_string_equal(house_text(english, "error.data.kind"), "not_found");
    assert_string_equal(house_text(polish, "error.data.kind"), "not_found");
    assert_string_not_equal(house_text(english, "error.message"), house_text(polish, "error.message"));
    assert_string_equal(
        house_text(house_call(h, "system.ping", "\"lang\":\"de\"", NULL), "error.data.kind"), "validation");
}

static void unknown_parameters_members_and_methods_are_refused(void **state)
{
    house *h = *state;
    assert_string_equal(house_refusal(h, "shop.thing.list", "{\"fliter\":[]}"), "validation");
    assert_string_equal(
        house_refusal(h, "shop.thing.count", "{\"filter\":[[\"colour\",\"=\",1]]}"), "validation");
    assert_string_equal(house_refusal(h, "shop.thing.get", "{\"id\":\"1\"}"), "validation");
    assert_string_equal(house_refusal(h, "shop.thing.get", "{}"), "validation");
    assert_string_equal(house_refusal(h, "journal.since", "{\"seq\":-1}"), "validation");
    assert_string_equal(house_refusal(h, "journal.since", "{\"seq\":0,\"limit\":-1}"), "validation");
    assert_string_equal(
        house_text(house_call(h, "system.ping", "\"dryrun\":true", NULL), "error.data.kind"), "validation");
    const variant *unknown = house_call(h, "shop.thing.explode", NULL, "{\"id\":1}");
    assert_int_equal(house_at(unknown, "error.code")->as.integer, -32601);
    assert_string_equal(house_text(unknown, "error.data.kind"), "not_found");
    assert_string_equal(
        house_refusal(h, "shop.thing.sell", "{\"id\":1,\"buyer\":\"x\",\"price\":\"1\"}"), "validation");
}

static void what_is_no_call_in_a_batch_is_refused(void **state)
{
    static const char *const none[] = {
        "\"abcdefghijklmnop\"", "5", "null", "true", "[]", "[\"abcdefgh\"]", "{}"};
    house *h = *state;
    for (int who = 0; who < 2; who++) { /* logged in, and nobody */
        for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
            const variant *done = house_result(h, "system.batch", "{\"calls\":[%s]}", none[i]);
            assert_string_equal(house_text(done, "results.0.error.data.kind"), "validation");
            assert_string_equal(
                house_refusal(h, "system.batch", "{\"atomic\":true,\"calls\":[%s]}", none[i]), "validation");
        }
        house_as(h, (kt_str){0});
    }
}

static void parameters_of_another_call_are_an_object(void **state)
{
    house *h = *state;
    const variant *done = house_result(h, "system.batch",
        "{\"calls\":[{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"name\":\"A long name of a "
        "thing\"}}},"
        "{\"method\":\"shop.thing.get\",\"params\":{\"id\":1}},"
        "{\"method\":\"shop.thing.count\",\"params\":{\"$ref\":\"1.name\"}}]}");
    assert_string_equal(house_text(done, "results.1.result.name"), "A long name of a thing");
    assert_string_equal(house_text(done, "results.2.error.data.problems.0.path"), "params");
}

static void at_least_one_row_is_asked_for(void **state)
{
    house *h = *state;
    static const char *const methods[][2] = {{"shop.thing.list", "{\"limit\":0}"},
        {"shop.thing.aggregate", "{\"measures\":{\"n\":\"count\"},\"limit\":0}"},
        {"shop.thing.history", "{\"id\":1,\"limit\":0}"},
        {"system.search", "{\"text\":\"lamp\",\"limit\":0}"},
        {"system.search", "{\"text\":\"lamp\",\"limit\":101}"}, {"shop.thing.list", "{\"limit\":501}"}};
    house_result(h, "shop.thing.create", "{\"values\":{\"name\":\"Lamp\"}}");
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        assert_string_equal(
            house_text(house_call(h, methods[i][0], NULL, "%s", methods[i][1]), "error.data.problems.0.path"),
            "limit");
}

static void refused_writes_leave_the_store_unchanged(void **state)
{
    static const char *const refused[][2] = {
        {"shop.thing.create", "{\"values\":{}}"},
        {"shop.thing.create", "{\"values\":{\"name\":\"x\",\"price\":12.5}}"},
        {"shop.thing.create", "{\"values\":{\"name\":\"x\",\"owner\":4711}}"},
        {"shop.thing.create", "{\"values\":{\"name\":\"x\"},\"extra\":1}"},
        {"shop.thing.update", "{\"id\":1,\"values\":{\"price\":\"1.234\"}}"},
        {"shop.thing.update", "{\"id\":1,\"if_version\":7,\"values\":{\"price\":\"1\"}}"},
        {"shop.thing.update", "{\"id\":99,\"values\":{\"price\":\"1\"}}"},
        {"shop.thing.sell", "{\"id\":1,\"buyer\":\"x\"}"},
        {"shop.thing.sell", "{\"id\":1}"},
        {"shop.thing.delete", "{\"id\":1,\"if_version\":9}"},
        {"shop.thing.upsert", "{\"external_id\":\"k\",\"values\":{\"price\":\"1\"}}"},
        {"import.run", "{\"entity\":\"shop.thing\",\"rows\":[{\"name\":\"fine\"},{\"price\":\"1\"}]}"},
        {"system.batch", "{\"atomic\":true,\"calls\":[{\"method\":\"shop.thing.create\",\"params\":{"
                         "\"values\":{\"name\":\"a\"}}},"
                         "{\"method\":\"shop.thing.create\",\"params\":{\"values\":{}}}]}"},
    };
    house *h = *state;
    house_result(h, "shop.thing.create", "{\"values\":{\"name\":\"Lamp\"}}");
    uint64_t before = house_digest(h);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (!house_refusal(h, refused[i][0], "%s", refused[i][1]))
            fail_msg("taken: %s %s", refused[i][0], refused[i][1]);
        if (house_digest(h) != before)
            fail_msg("written: %s %s", refused[i][0], refused[i][1]);
    }
}

static void nobody_may_do_what_needs_a_login(void **state)
{
    static const char *const closed[] = {"shop.thing.create", "shop.thing.list", "shop.total",
        "system.describe", "access.user.list", "journal.since", "export.read", "import.run", "search"};
    house *h = *state;
    uint64_t before = house_digest(h);
    house_as(h, (kt_str){0});
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        assert_string_equal(house_refusal(h, closed[i], "{}"), "forbidden");
    house_as(h, KT_STR("kt_not_a_token"));
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        assert_string_equal(house_refusal(h, closed[i], "{}"), "forbidden");
    assert_int_equal(house_digest(h), before);
    assert_null(house_refusal(h, "system.ping", "{}"));
}

static void envelopes_that_are_wrong_are_answered_with_standard_codes(void **state)
{
    static const struct {
        const char *message, *code;
    } cases[] = {
        {"{", "-32700"},
        {"[]", "-32600"},
        {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"system.ping\"}", "-32600"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1}", "-32600"},
        {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"system.ping\"}", "-32600"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"system.ping\",\"params\":[1]}", "-32600"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no.such.thing\"}", "-32601"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"system.ping\",\"params\":{\"x\":1}}", "-32602"},
    };
    house *h = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[40];
        kt_str answer = house_send(h, house_token(h), str_of(cases[i].message));
        (void)snprintf(wanted, sizeof wanted, "\"code\":%s", cases[i].code);
        if (!strstr(answer.ptr, wanted))
            fail_msg("%s: %s", cases[i].message, answer.ptr);
    }
    kt_str silent = house_send(h, house_token(h), KT_STR("{\"jsonrpc\":\"2.0\",\"method\":\"system.ping\"}"));
    assert_int_equal(silent.len, 0);
}

static void describe_tells_what_a_client_needs_in_its_language(void **state)
{
    house *h = *state;
    const variant *index = house_result(h, "system.describe", "{}");
    assert_true(strlen(house_text(index, "hash")) == 32);
    const variant *one = house_result(h, "system.describe", "{\"entities\":[\"shop.thing\"]}");
    assert_string_equal(house_text(one, "entities.0.label"), "Thing");
    assert_string_equal(house_text(one, "entities.0.actions.0.name"), "sell");
    assert_string_equal(house_text(one, "entities.0.actions.0.from.0"), "new");
    const variant *polish = house_call(
        h, "system.describe", "\"lang\":\"pl\"", "{\"entities\":[\"shop.thing\"]}");
    assert_string_equal(house_text(polish, "result.entities.0.label"), "Rzecz");
    assert_string_equal(house_refusal(h, "system.describe", "{\"entities\":[\"no.such\"]}"), "not_found");
    const variant *rpc = house_result(h, "system.describe", "{\"methods\":true}");
    assert_string_equal(house_text(rpc, "openrpc"), "1.2.6");
    assert_true(house_at(rpc, "methods")->as.array.count > 20);
}

static void import_names_the_rows_and_reverts_as_a_unit(void **state)
{
    house *h = *state;
    const variant *done = house_result(h, "import.run",
        "{\"entity\":\"shop.thing\",\"rows\":[{\"external_id\":\"a\",\"name\":\"A\"},{\"external_id\":\"b\","
        "\"name\":\"B\"}]}");
    assert_int_equal(house_int(done, "created"), 2);
    done = house_result(h, "import.run",
        "{\"entity\":\"shop.thing\",\"rows\":[{\"external_id\":\"a\",\"name\":\"A2\"},{\"external_id\":\"c\","
        "\"name\":\"C\"}]}");
    assert_int_equal(house_int(done, "created"), 1);
    assert_int_equal(house_int(done, "updated"), 1);
    const variant *wrong = house_call(h, "import.run", NULL,
        "{\"entity\":\"shop.thing\",\"rows\":[{\"name\":\"ok\"},{\"price\":\"x\"},{\"name\":\"ok\"},{\"day\":"
        "\"x\"}]}");
    assert_int_equal(house_int(wrong, "error.data.problems.0.row"), 2);
    uint64_t before = house_digest(h);
    const variant *dry = house_result(h, "import.run",
        "{\"entity\":\"shop.thing\",\"dry_run\":true,\"rows\":[{\"name\":\"ok\"},{\"price\":\"x\"}]}");
    assert_int_equal(house_int(dry, "result.problems.0.row"), 2);
    assert_int_equal(house_int(dry, "result.created"), 1);
    assert_int_equal(house_digest(h), before);
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(a_record_is_created_read_listed_and_counted),
        SPEC(an_action_answers_with_the_new_state),
        SPEC(all_problems_come_at_once),
        SPEC(errors_speak_the_callers_language),
        SPEC(unknown_parameters_members_and_methods_are_refused),
        SPEC(what_is_no_call_in_a_batch_is_refused),
        SPEC(parameters_of_another_call_are_an_object),
        SPEC(at_least_one_row_is_asked_for),
        SPEC(refused_writes_leave_the_store_unchanged),
        SPEC(nobody_may_do_what_needs_a_login),
        SPEC(envelopes_that_are_wrong_are_answered_with_standard_codes),
        SPEC(describe_tells_what_a_client_needs_in_its_language),
        SPEC(import_names_the_rows_and_reverts_as_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
