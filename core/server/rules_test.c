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

static int64_t count(house *h, const char *filter)
{
    return house_int(house_call(h, "shop.thing.count", NULL, "{\"filter\":%s}", filter), "result");
}

static void a_rule_after_the_commit_runs_once(void **state)
{
    house *h = *state;
    rule_on(h, "twin",
        "rule { on = 'shop.thing.created', moment = 'after', when = {{'name', '=', 'one'}},"
        " run = function(thing) create('shop.thing', {name = 'two', price = thing.price * 2}) end }");
    make_thing(h, "{\"name\":\"one\",\"price\":\"1.50\"}");
    assert_int_equal(count(h, "[[\"name\",\"=\",\"two\"]]"), 0);
    assert_int_equal(house_settle(h), 1);
    assert_int_equal(house_settle(h), 0);
    const variant *rows = house_result(h, "shop.thing.list", "{\"filter\":[[\"name\",\"=\",\"two\"]]}");
    assert_string_equal(house_text(rows, "rows.0.price"), "3.00");
}

static void what_is_refused_queues_nothing(void **state)
{
    house *h = *state;
    rule_on(h, "after", "rule { on = 'shop.thing.created', moment = 'after', run = function(thing) end }");
    rule_on(h, "guard", "rule { on = 'shop.thing.created', run = function(thing) refuse 'no' end }");
    assert_string_equal(house_refusal(h, "shop.thing.create", "{\"values\":{\"name\":\"x\"}}"), "rule");
    assert_int_equal(house_settle(h), 0);
}

static void a_wait_lasts_and_is_cancelled_when_the_state_is_left(void **state)
{
    house *h = *state;
    rule_on(h, "remind",
        "rule { on = 'shop.thing enters new', run = function(thing) after('3 days', 'remind') end,"
        " remind = function(thing) thing.buyer = 'nobody yet' end }");
    int64_t stays = make_thing(h, "{\"name\":\"stays\",\"price\":\"1\"}");
    int64_t goes = make_thing(h, "{\"name\":\"goes\",\"price\":\"1\"}");
    clock_advance((int64_t)2 * 86400000);
    assert_int_equal(house_settle(h), 0);
    house_as(h, house_login(h, "admin", HOUSE_PASSWORD)); /* the session has gone idle */
    (void)house_result(h, "shop.thing.sell", "{\"id\":%lld,\"buyer\":\"Nowak\"}", (long long)goes);
    clock_advance((int64_t)1 * 86400000);
    house_as(h, house_login(h, "admin", HOUSE_PASSWORD));
    assert_int_equal(house_settle(h), 1);
    assert_string_equal(house_text(thing(h, stays), "buyer"), "nobody yet");
    assert_string_equal(house_text(thing(h, goes), "buyer"), "Nowak");
}

static void a_schedule_runs_at_its_time(void **state)
{
    house *h = *state;
    rule_on(h, "daily",
        "rule { on = 'every day at 9:00', run = function() create('shop.thing', {name = 'of the day'}) end "
        "}");
    house_settle(h); /* the clock stands at 10:40 */
    for (int hour = 0; hour < 49; hour++) {
        clock_advance(3600000);
        house_settle(h);
    }
    house_as(h, house_login(h, "admin", HOUSE_PASSWORD));
    assert_int_equal(count(h, "[[\"name\",\"=\",\"of the day\"]]"), 2);
}

static void a_date_is_reached(void **state)
{
    house *h = *state;
    rule_on(
        h, "due", "rule { on = 'shop.thing.day - 2 days', run = function(thing) thing.buyer = 'soon' end }");
    int64_t id = make_thing(h, "{\"name\":\"x\",\"day\":\"2026-11-27\"}");
    int64_t past = make_thing(h, "{\"name\":\"x\",\"day\":\"2026-11-20\"}");
    house_settle(h);
    clock_advance((int64_t)86400000);
    assert_int_equal(house_settle(h), 0);
    clock_advance((int64_t)86400000);
    assert_int_equal(house_settle(h), 1);
    house_as(h, house_login(h, "admin", HOUSE_PASSWORD));
    assert_string_equal(house_text(thing(h, id), "buyer"), "soon");
    assert_int_equal(house_at(thing(h, past), "buyer")->kind, VARIANT_NULL);
}

static void a_rule_that_keeps_failing_is_switched_off(void **state)
{
    house *h = *state;
    int64_t id = rule_on(
        h, "wrong", "rule { on = 'shop.thing.created', run = function(thing) error('oh dear') end }");
    for (int i = 0; i < 5; i++) {
        assert_string_equal(house_refusal(h, "shop.thing.create", "{\"values\":{\"name\":\"x\"}}"), "rule");
        house_settle(h);
    }
    const variant *rule = house_result(h, "automation.rule.get", "{\"id\":%lld}", (long long)id);
    assert_string_equal(house_text(rule, "state"), "off");
    assert_non_null(strstr(house_text(rule, "problem"), "oh dear"));
    make_thing(h, "{\"name\":\"x\"}");
}

static void a_rule_in_the_shadow_changes_nothing(void **state)
{
    house *h = *state;
    const variant *made = house_result(h, "automation.rule.create",
        "{\"values\":{\"name\":\"s\",\"text\":\"rule { on = 'shop.thing.created',"
        " run = function(thing) thing.buyer = 'ghost' create('shop.thing', {name = 'y'}) end }\"}}");
    (void)house_result(h, "automation.rule.shadow", "{\"id\":%lld}", (long long)house_int(made, "id"));
    int64_t id = make_thing(h, "{\"name\":\"x\"}");
    house_settle(h);
    assert_int_equal(count(h, "[]"), 1);
    assert_int_equal(house_at(thing(h, id), "buyer")->kind, VARIANT_NULL);
}

static void a_back_test_tells_what_would_have_been_and_does_nothing(void **state)
{
    house *h = *state;
    int64_t id = make_thing(h, "{\"name\":\"one\",\"price\":\"1.50\"}");
    (void)house_result(h, "shop.thing.update", "{\"id\":%lld,\"values\":{\"price\":\"3\"}}", (long long)id);
    (void)house_result(h, "shop.thing.update", "{\"id\":%lld,\"values\":{\"price\":\"4\"}}", (long long)id);
    make_thing(h, "{\"name\":\"two\",\"price\":\"9\"}");
    uint64_t digest = house_digest(h);
    const variant *told = house_result(h, "rule.backtest",
        "{\"text\":\"rule { on = 'shop.thing.updated price', run = function(thing, before)"
        " assert(count('shop.thing') == 1) thing.buyer = before.price .. ' to ' .. thing.price"
        " if thing.price == dec('4') then create('shop.thing', {name = 'x'}) end end }\"}");
    assert_true(house_digest(h) == digest);
    assert_int_equal(house_int(told, "runs"), 2);
    assert_int_equal(house_int(told, "failed"), 0);
    assert_string_equal(house_text(told, "rows.0.changes.0"), "buyer");
    assert_string_equal(house_text(told, "rows.0.would.1.kind"), "update");
    assert_string_equal(house_text(told, "rows.0.would.0.kind"), "create");
    assert_null(house_at(told, "rows.1.would.1"));
    assert_int_equal(house_int(told, "rows.1.id"), id);
}

/* In Lua 5.4.4 a stack that grows below a chain of .. is an error of its own. */
static void values_join_texts(void **state)
{
    house *h = *state;
    rule_on(h, "join",
        "rule { on = 'shop.thing.created', run = function(thing)"
        " local function deep(n) if n > 0 then return deep(n - 1) .. dec('1') .. ' t ' .. dec('2') end "
        "return '' end"
        " thing.buyer = #deep(40) .. ': ' .. dec('1.50') .. ' to ' .. date('2026-01-31') end }");
    for (int i = 0; i < 3; i++)
        assert_string_equal(
            house_text(thing(h, make_thing(h, "{\"name\":\"x\"}")), "buyer"), "200: 1.50 to 2026-01-31");
}

static void a_dry_run_fires_rules_and_keeps_nothing(void **state)
{
    house *h = *state;
    rule_on(h, "d", "rule { on = 'shop.thing.created', run = function(thing) thing.buyer = 'B' end }");
    uint64_t digest = house_digest(h);
    const variant *answer = house_call(
        h, "shop.thing.create", "\"dry_run\":true", "{\"values\":{\"name\":\"x\"}}");
    assert_non_null(house_at(answer, "result"));
    assert_true(house_digest(h) == digest);
}

static void rules_see_no_state_of_others(void **state)
{
    house *h = *state;
    rule_on(h, "a",
        "local n = 0 rule { on = 'shop.thing.created', run = function(thing)"
        " n = n + 1 counter = (counter or 0) + 1 thing.buyer = n .. '/' .. counter end }");
    for (int i = 0; i < 3; i++)
        assert_string_equal(house_text(thing(h, make_thing(h, "{\"name\":\"x\"}")), "buyer"), "1/1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(a_rule_sets_a_field_in_the_transaction),
        SPEC(a_rule_refuses_with_a_message),
        SPEC(a_wrong_text_is_refused_with_its_line),
        SPEC(an_endless_rule_ends_with_a_rule_error),
        SPEC(a_rule_after_the_commit_runs_once),
        SPEC(what_is_refused_queues_nothing),
        SPEC(a_wait_lasts_and_is_cancelled_when_the_state_is_left),
        SPEC(a_schedule_runs_at_its_time),
        SPEC(a_date_is_reached),
        SPEC(a_rule_that_keeps_failing_is_switched_off),
        SPEC(a_rule_in_the_shadow_changes_nothing),
        SPEC(a_back_test_tells_what_would_have_been_and_does_nothing),
        SPEC(a_dry_run_fires_rules_and_keeps_nothing),
        SPEC(values_join_texts),
        SPEC(rules_see_no_state_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
