/* preview_test.c -- dry runs tell everything and leave nothing; batches use earlier results. */
#include "server/specs.h"

static void a_dry_run_lists_the_changes_and_leaves_nothing(void **state)
{
    house *h = *state;
    int64_t id = house_int(
        house_result(h, "shop.thing.create", "{\"values\":{\"name\":\"Lamp\",\"price\":\"12.50\"}}"), "id");
    uint64_t before = house_digest(h);
    const variant *dry = house_call(h, "shop.thing.update", "\"dry_run\":true",
        "{\"id\":%lld,\"values\":{\"price\":\"13\"}}", (long long)id);
    assert_int_equal(house_digest(h), before);
    assert_int_equal(house_int(dry, "result.result.version"), 2);
    assert_string_equal(house_text(dry, "result.changes.0.entity"), "shop.thing");
    assert_string_equal(house_text(dry, "result.changes.0.title"), "Lamp");
    assert_string_equal(house_text(dry, "result.changes.0.department"), "Shop");
    assert_string_equal(house_text(dry, "result.changes.0.before.price"), "12.50");
    assert_string_equal(house_text(dry, "result.changes.0.after.price"), "13.00");
    assert_int_equal(house_at(dry, "result.changes.0.after")->as.object.count, 1);
    assert_int_equal(house_at(dry, "result.effects")->as.array.count, 0);
    assert_int_equal(strlen(house_text(dry, "result.hash")), 32);
}

#define SELL "{\"id\":%lld,\"buyer\":\"Nowak\"}"

static void what_was_previewed_is_what_is_done(void **state)
{
    house *h = *state;
    char more[80];
    int64_t id = house_int(
        house_result(h, "shop.thing.create", "{\"values\":{\"name\":\"Lamp\",\"price\":\"12.50\"}}"), "id");
    const variant *dry = house_call(h, "shop.thing.sell", "\"dry_run\":true", SELL, (long long)id);
    (void)snprintf(more, sizeof more, "\"if_preview\":\"%s\"", house_text(dry, "result.hash"));
    house_result(h, "shop.thing.update", "{\"id\":%lld,\"values\":{\"buyer\":\"Kowalski\"}}", (long long)id);
    const variant *refused = house_call(h, "shop.thing.sell", more, SELL, (long long)id);
    assert_string_equal(house_text(refused, "error.data.kind"), "conflict");
    dry = house_call(h, "shop.thing.sell", "\"dry_run\":true", SELL, (long long)id);
    (void)snprintf(more, sizeof more, "\"if_preview\":\"%s\"", house_text(dry, "result.hash"));
    const variant *sold = house_call(h, "shop.thing.sell", more, SELL, (long long)id);
    assert_string_equal(house_text(sold, "result.state"), "sold");
}

static void a_preview_of_new_records_does_not_depend_on_their_ids(void **state)
{
    house *h = *state;
    char more[80];
    const char *params = "{\"values\":{\"name\":\"Desk\"}}";
    const variant *dry = house_call(h, "shop.thing.create", "\"dry_run\":true", "%s", params);
    (void)snprintf(more, sizeof more, "\"if_preview\":\"%s\"", house_text(dry, "result.hash"));
    house_result(h, "shop.thing.create", "{\"values\":{\"name\":\"Lamp\"}}");
    clock_advance(60000);
    assert_true(house_int(house_call(h, "shop.thing.create", more, "%s", params), "result.id") > 0);
}

static void an_action_that_rehearses_another_is_its_dry_run(void **state)
{
    house *h = *state;
    char more[80];
    int64_t id = house_int(
        house_result(h, "shop.thing.create", "{\"values\":{\"name\":\"Lamp\",\"price\":\"12.50\"}}"), "id");
    uint64_t before = house_digest(h);
    const variant *shown = house_call(h, "shop.thing.quote", NULL, SELL, (long long)id);
    assert_int_equal(house_digest(h), before);
    assert_string_equal(house_text(shown, "result.changes.0.after.state"), "sold");
    assert_string_equal(
        house_refusal(h, "system.batch",
            "{\"calls\":[{\"method\":\"shop.thing.quote\",\"params\":{\"id\":%lld,\"buyer\":\"N\"}}],"
            "\"atomic\":true}",
            (long long)id),
        "validation");
    assert_int_equal(house_digest(h), before);
    (void)snprintf(more, sizeof more, "\"if_preview\":\"%s\"", house_text(shown, "result.hash"));
    assert_string_equal(
        house_text(house_call(h, "shop.thing.sell", more, SELL, (long long)id), "result.state"), "sold");
}

static void a_batch_uses_earlier_results(void **state)
{
    house *h = *state;
    const variant *done = house_result(h, "system.batch",
        "{\"atomic\":true,\"calls\":["
        "{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"name\":\"Lamp\",\"price\":\"5\"}}},"
        "{\"method\":\"shop.thing.sell\",\"params\":{\"id\":{\"$ref\":\"0.id\"},\"buyer\":\"Nowak\"}},"
        "{\"method\":\"shop.thing.get\",\"params\":{\"id\":{\"$ref\":\"1.id\"},\"fields\":[\"state\","
        "\"buyer\"]}}]}");
    assert_string_equal(house_text(done, "results.2.result.state"), "sold");
    assert_string_equal(
        house_refusal(h, "system.batch",
            "{\"calls\":[{\"method\":\"shop.thing.get\",\"params\":{\"id\":{\"$ref\":\"0.id\"}}}],"
            "\"atomic\":true}"),
        "validation");
}

static void a_reference_to_nothing_names_the_field_in_which_it_stands(void **state)
{
    house *h = *state;
    const char *wrong =
        "{\"method\":\"shop.thing.list\",\"params\":{\"filter\":[[\"id\",\"=\",{\"$ref\":\"0.idd\"}]],"
        "\"limit\":{\"$ref\":\"7\"}}},"
        "{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"owner\":{\"$ref\":\"1.id\"}}}},"
        "{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"$ref\":\"0.x\"}}}";
    const variant *done = house_result(h, "system.batch",
        "{\"calls\":[{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"name\":\"Lamp\"}}},%s]}",
        wrong);
    assert_string_equal(house_text(done, "results.1.error.data.problems.0.path"), "filter[0][2]");
    assert_string_equal(house_text(done, "results.1.error.data.problems.1.path"), "limit");
    assert_string_equal(house_text(done, "results.2.error.data.problems.0.path"), "owner");
    assert_string_equal(house_text(done, "results.3.error.data.problems.0.path"), "values");
    const variant *refused = house_call(h, "system.batch", NULL,
        "{\"atomic\":true,\"calls\":[{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"name\":"
        "\"Lamp\"}}},%s]}",
        wrong);
    assert_string_equal(house_text(refused, "error.data.problems.0.path"), "calls[1].filter[0][2]");
}

static void an_atomic_batch_is_all_or_nothing(void **state)
{
    house *h = *state;
    const variant *refused = house_call(h, "system.batch", NULL,
        "{\"atomic\":true,\"calls\":["
        "{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"name\":\"Lamp\"}}},"
        "{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"price\":\"x\"}}}]}");
    assert_non_null(strstr(house_text(refused, "error.data.problems.0.path"), "calls[1]"));
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 0);
}

static void a_failed_call_of_a_loose_batch_leaves_nothing_and_the_rest_goes_on(void **state)
{
    house *h = *state;
    const variant *done = house_result(h, "system.batch",
        "{\"calls\":["
        "{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"name\":\"Lamp\"}}},"
        "{\"method\":\"import.run\",\"params\":{\"entity\":\"shop.thing\",\"rows\":[{\"name\":\"X\"},{}]}},"
        "{\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"name\":\"Desk\"}}}]}");
    assert_string_equal(house_text(done, "results.1.error.data.kind"), "validation");
    assert_true(house_int(done, "results.2.result.id") > 0);
    assert_int_equal(house_result(h, "shop.thing.count", "{}")->as.integer, 2);
    assert_int_equal(
        house_result(h, "shop.thing.count", "{\"filter\":[[\"name\",\"=\",\"X\"]]}")->as.integer, 0);
}

static void a_message_of_several_calls_is_answered_in_order(void **state)
{
    house *h = *state;
    kt_str answer = house_send(h, house_token(h),
        KT_STR(
            "[{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"shop.thing.create\",\"params\":{\"values\":{"
            "\"name\":\"A\"}}},"
            "{\"jsonrpc\":\"2.0\",\"method\":\"shop.thing.create\",\"params\":{\"values\":{\"name\":\"B\"}}},"
            "{\"jsonrpc\":\"2.0\",\"id\":\"c\",\"method\":\"shop.thing.count\"},"
            "{\"jsonrpc\":\"2.0\",\"id\":\"d\",\"method\":\"no.such\"},7]"));
    assert_non_null(strstr(answer.ptr, "\"id\":\"c\",\"result\":2"));
    assert_true(strstr(answer.ptr, "\"id\":\"a\"") < strstr(answer.ptr, "\"id\":\"c\""));
    assert_non_null(strstr(answer.ptr, "-32601"));
    assert_non_null(strstr(answer.ptr, "-32600"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(a_dry_run_lists_the_changes_and_leaves_nothing),
        SPEC(what_was_previewed_is_what_is_done),
        SPEC(a_preview_of_new_records_does_not_depend_on_their_ids),
        SPEC(an_action_that_rehearses_another_is_its_dry_run),
        SPEC(a_batch_uses_earlier_results),
        SPEC(a_reference_to_nothing_names_the_field_in_which_it_stands),
        SPEC(an_atomic_batch_is_all_or_nothing),
        SPEC(a_failed_call_of_a_loose_batch_leaves_nothing_and_the_rest_goes_on),
        SPEC(a_message_of_several_calls_is_answered_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
