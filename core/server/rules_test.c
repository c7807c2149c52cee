/* rules_test.c -- specs of rules as whoever writes one sees them: over the bus, on a whole server. */
#include "server/specs.h"

/* Stores a rule and switches it on; the text must hold no double quotes or backslashes. */
static int64_t rule_on(house *h, const char *name, const char *text)
{
    const variant *made = house_result(
        h, "automation.rule.create", "{\"values\":{\"name\":\"%s\",\"text\":\"%s\"}}", name, text);
    int64_t id = house_int(made, "id");
    (void)house_result(h, "automation.rule.enable", "{\"id\":%lld}", (long long)id);
    return id;
}

static const variant *thing(house *h, int64_t id)
{
    return house_result(h, "shop.thing.get", "{\"id\":%lld}", (long long)id);
}

static int64_t make_thing(house *h, const char *values)
{
    return house_int(house_result(h, "shop.thing.create", "{\"values\":%s}", values), "id");
}

static void a_rule_sets_a_field_in_the_transaction(void **state)
{
    house *h = *state;
    rule_on(h, "buyer",
        "rule { on = 'shop.thing.created', when = {{'price', '>=', '100'}},"
        " run = function(thing) thing.buyer = 'somebody rich' end }");
    int64_t cheap = make_thing(h, "{\"name\":\"pin\",\"price\":\"1.50\"}");
    int64_t dear = make_thing(h, "{\"name\":\"yacht\",\"price\":\"100000.00\"}");
    assert_int_equal(house_at(thing(h, cheap), "buyer")->kind, VARIANT_NULL);
    assert_string_equal(house_text(thing(h, dear), "buyer"), "somebody rich");
}

static void a_rule_refuses_with_a_message(void **state)
{
    house *h = *state;
    rule_on(h, "no-pins",
        "rule { on = 'shop.thing.created', run = function(thing)"
        " if thing.name == 'pin' then refuse {'no pins', pl = 'bez szpilek', field = 'name'} end end }");
    const variant *answer = house_call(h, "shop.thing.create", NULL, "{\"values\":{\"name\":\"pin\"}}");
    assert_string_equal(house_text(answer, "error.data.kind"), "rule");
    assert_string_equal(house_text(answer, "error.data.problems.0.path"), "name");
    assert_string_equal(house_text(answer, "error.data.problems.0.message"), "no pins");
    assert_int_equal(house_int(house_call(h, "shop.thing.count", NULL, "{}"), "result"), 0);
}

static void a_wrong_text_is_refused_with_its_line(void **state)
{
    house *h = *state;
    const variant *answer = house_call(h, "automation.rule.create", NULL,
        "{\"values\":{\"name\":\"bad\",\"text\":\"rule { on = 'shop.thing.created',\\n"
        "run = function(t)\\n t.ownr = 1 end }\"}}");
    assert_string_equal(house_text(answer, "error.data.kind"), "validation");
    assert_int_equal(house_int(answer, "error.data.problems.0.row"), 3);
    assert_string_equal(
        house_text(answer, "error.data.problems.0.message"), "shop.thing has no field \"ownr\"");
}

static void an_endless_rule_ends_with_a_rule_error(void **state)
{
    house *h = *state;
    int64_t id = rule_on(h, "endless",
        "rule { on = 'shop.thing.created', run = function() string.rep('', 1e9) while true do end end }");
    int64_t began = clock_elapsed_us();
    assert_string_equal(house_refusal(h, "shop.thing.create", "{\"values\":{\"name\":\"x\"}}"), "rule");
    assert_true(clock_elapsed_us() - began < 130000);
    (void)house_result(h, "automation.rule.disable", "{\"id\":%lld}", (long long)id);
    make_thing(h, "{\"name\":\"x\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(a_rule_sets_a_field_in_the_transaction),
        SPEC(a_rule_refuses_with_a_message),
        SPEC(a_wrong_text_is_refused_with_its_line),
        SPEC(an_endless_rule_ends_with_a_rule_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
