/* conversation_test.c -- whatever a worker asks that was broken into: the server answers or refuses, goes on, and
 * writes nothing that the rule may not write. Requests are made of true names and random values, some of them
 * damaged; the seed is fixed. */
#include "access/access.h"
#include "automation/protocol.h"
#include "automation/rule.h"
#include "kit/str.h"
#include "server/specs.h"

enum { BATCHES = 600, REQUESTS = 60, TEXT_ROOM = 64 };

typedef struct {
    access_control *access;
    unsigned answers, refusals, doomed;
} tally;

static kt_str any_name(void)
{
    static const char *const names[] = {"shop.thing", "automation.rule", "access.user", "outbox.effect",
        "sell", "run", "id", "name", "price", "buyer", "filter", "limit", "group", "measures", "sort",
        "values", "entity", "?entity", "mail", "", "shop.thing.price", "=", "in", "count", "sum:price",
        "enable", "99999999999999999999", "\xff\xfe", "2026-02-31"};
    return str_of(names[random_below(sizeof names / sizeof *names)]);
}

static void any_value(buffer *out, int depth)
{
    uint32_t count = (uint32_t)random_below(4);
    switch (random_below(depth ? 9 : 7)) {
    case 0:
        pack_nil(out);
        return;
    case 1:
        pack_bool(out, random_below(2) != 0);
        return;
    case 2:
        pack_int(out, random_below(4) ? (int64_t)random_below(5) : (int64_t)random_below(UINT64_MAX));
        return;
    case 3:
        pack_dec(out, (kt_dec){(int64_t)random_below(100000), (uint8_t)random_below(10)});
        return;
    case 4:
        pack_time(out, (kt_time){(int64_t)random_below(UINT64_MAX)});
        return;
    case 7:
        pack_list(out, count);
        for (uint32_t i = 0; i < count; i++)
            any_value(out, depth - 1);
        return;
    case 8:
        pack_map(out, count);
        for (uint32_t i = 0; i < count; i++) {
            pack_name(out, any_name());
            any_value(out, depth - 1);
        }
        return;
    default:
        pack_str(out, any_name());
    }
}

static void any_request(buffer *out)
{
    buffer_clear(out);
    pack_int(out, (int64_t)random_below(3));
    pack_int(out, (int64_t)random_below(ASK_LAST + 2));
    if (random_below(3))
        pack_str(out, KT_STR("shop.thing"));
    for (uint64_t values = random_below(5); values > 0; values--)
        any_value(out, 3);
    for (uint64_t damage = random_below(4) ? 0 : random_below(4); damage > 0 && out->len; damage--)
        out->ptr[random_below(out->len)] = (char)random_below(256);
    if (!random_below(8))
        out->len = random_below(out->len + 1);
}

static void nothing_was_written(const kt_tx *tx)
{
    for (const model_change *c = tx->changes; c; c = c->next) /* effects need no right of their own */
        assert_string_equal(c->entity->name.ptr, "outbox.effect");
}

static kt_error *converse(kt_tx *tx, void *context)
{
    tally *t = context;
    const ruleset *set = ruleset_of(tx);
    const planned plan = {&set->rules[0], &set->rules[0].triggers[0], KT_STR("run")};
    const occasion on = {.event = "shop.thing.created", .entity = plan.trigger->entity};
    run_report report = {0};
    channel c = {0};
    buffer said;
    const access_actor *actor = NULL;
    KT_TRY(access_stand_in(t->access, tx, plan.rule->owner, plan.rule->company, plan.rule->rights, &actor));
    tx->guard = &access_guard;
    tx->actor = actor;
    buffer_open(&c.out, MESSAGE_MAX);
    buffer_open(&said, MESSAGE_MAX);
    buffer_open(&report.effects, 4096);
    serving s = {
        .tx = tx, .set = set, .channel = &c, .plans = &plan, .count = 1, .on = &on, .reports = &report};
    for (int i = 0; i < REQUESTS && !tx->doomed; i++) {
        any_request(&said);
        pack_reader in = pack_read(buffer_str(&said));
        kt_error *error = serve_request(&s, &in);
        assert_true(error || c.out.ptr[0] == 'A' || c.out.ptr[0] == 'F');
        t->answers += !error && c.out.ptr[0] == 'A';
        t->refusals += error || c.out.ptr[0] == 'F';
        t->doomed += tx->doomed != NULL;
    }
    nothing_was_written(tx);
    buffer_close(&c.out);
    buffer_close(&said);
    buffer_close(&report.effects);
    access_actor_release(actor);
    return NULL;
}

static void a_broken_worker_gets_what_its_rule_may_have(void **state)
{
    house *h = *state;
    automation *a = server_automation(house_server(h));
    const variant *made = house_result(h, "automation.rule.create", "%s",
        "{\"values\":{\"name\":\"reads\",\"text\":\"rule { on = 'shop.thing.created', rights = "
        "'shop.thing:read',"
        " run = function(thing) end }\"}}");
    (void)house_result(h, "automation.rule.enable", "{\"id\":%lld}", (long long)house_int(made, "id"));
    (void)house_result(h, "shop.thing.create", "%s", "{\"values\":{\"name\":\"pin\",\"price\":\"1.50\"}}");
    tally t = {.access = server_access(house_server(h))};
    uint64_t before = house_digest(h);
    random_seed(17);
    for (int i = 0; i < BATCHES; i++) {
        arena *arena = arena_open((size_t)64 << 20);
        const errand e = {.rooms = a->options.errands, .arena = arena, .origin = MODEL_RULE};
        kt_error *error = errand_rehearse(&e, converse, &t);
        assert_true(!error || t.doomed);
        arena_close(arena);
    }
    random_seed(0);
    assert_true(house_digest(h) == before);
    assert_true(t.answers > 500 && t.refusals > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {SPEC(a_broken_worker_gets_what_its_rule_may_have)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
