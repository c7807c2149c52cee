/* attacks_test.c -- rules that mean harm: each ends as an error of its own transaction, within its deadline,
 * and the next rule and the next caller find everything as it was. And workers that were broken into, as if one
 * of these had come through: whatever they say, the server goes on. */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/specs.h"

enum { DEADLINE_US = 10000000, TEXT_MAX = 8192 }; /* no hang, however busy the machine; bench/ measures */

static int64_t store_rule(house *h, const char *name, const char *body)
{
    char text[TEXT_MAX];
    size_t n = 0;
    for (const char *c = body; *c && n < sizeof text - 2; c++) {
        if (*c == '"' || *c == '\\')
            text[n++] = '\\';
        text[n++] = *c;
    }
    text[n] = '\0';
    const variant *made = house_result(h, "automation.rule.create",
        "{\"values\":{\"name\":\"%s\",\"text\":\"rule { on = 'shop.thing.created', run = function(thing) "
        "%s end }\"}}",
        name, text);
    int64_t id = house_int(made, "id");
    (void)house_result(h, "automation.rule.enable", "{\"id\":%lld}", (long long)id);
    return id;
}

typedef struct {
    const char *name, *body, *says; /* says: part of the message */
} attack;

/* Every one of them has to end with a `rule` error. */
static const attack attacks[] = {
    {"loop", "while true do end", "steps"},
    {"goto", "::top:: goto top", "steps"},
    {"pcall", "while true do pcall(function() while true do end end) end", "steps"},
    {"xpcall", "xpcall(function() while true do end end, function() while true do end end)", "steps"},
    {"empty-rep", "string.rep('', math.maxinteger)", "string.rep"},
    {"huge-rep", "local s = ('x'):rep(1 << 30)", "string.rep"},
    {"find", "string.find(('a'):rep(3000), '.-.-.-b')", "longer than"},
    {"gsub", "string.gsub(('x'):rep(100000), 'x*y', '')", "longer than"},
    {"match-method", "return (('a'):rep(5000)):match('.-.-.-.-b')", "longer than"},
    {"move", "table.move({}, 1, math.maxinteger - 1, 2)", "table.move"},
    {"insert", "table.insert(setmetatable({}, {__len = function() return 1 << 53 end}), 1, 1)", "__len"},
    {"concat", "table.concat(setmetatable({}, {__len = function() return 1 << 53 end}))", "__len"},
    {"unpack", "table.unpack({}, 1, 1e8)", "too many"},
    {"finaliser", "setmetatable({}, {__gc = function() while true do end end})", "__gc"},
    {"close", "local x <close> = setmetatable({}, {__close = function() while true do end end})", "__close"},
    {"late-close",
        "local m = {} local x <close> = (function() local t = setmetatable({}, m)"
        " m.__close = function() while true do end end return t end)()",
        "steps"},
    {"collect", "collectgarbage('stop')", "nil value"},
    {"sort", "local t = {} for i = 1, 200000 do t[i] = -i % 977 end while true do table.sort(t) end", ""},
    {"sort-liar",
        "local t = {} for i = 1, 3000 do t[i] = i end while true do"
        " pcall(table.sort, t, function() return true end) end",
        "steps"},
    {"string-metatable", "getmetatable('').__index = function() end", "nil value"},
    {"string-index", "('').upper = nil", "attempt to index"},
    {"library", "string.upper = nil", "cannot be changed"},
    {"library-raw", "rawset(string, 'upper', 1)", "nil value"},
    {"library-table", "table.insert(string, 1)", "cannot be changed"},
    {"metatable-of-library", "setmetatable(string, {})", "protected"},
    {"decimal-metatable", "dec('1').__index.x = 1", "has no"},
    {"dump", "string.dump(function() end)", "nil value"},
    {"load", "load('return 1')", "nil value"},
    {"io", "io.open('/etc/passwd')", "nil value"},
    {"os", "os.execute('id')", "nil value"},
    {"require", "require('os')", "nil value"},
    {"debug", "debug.getregistry()", "nil value"},
    {"package", "package.loadlib('x', 'y')", "nil value"},
    {"coroutine", "coroutine.wrap(function() while true do end end)()", "nil value"},
    {"memory", "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(100000) .. i end", "not enough memory"},
    {"table", "local t = {} for i = 1, 1e9 do t[i] = i end", ""},
    {"recursion", "local function f() return 1 + f() end f()", ""},
    {"c-recursion", "local function f() return (('x'):gsub('x', f)) end f()", "overflow"},
    {"deep-pcall", "local function f() pcall(f) end f() while true do end", "steps"},
    {"error-object", "error(setmetatable({}, {__tostring = function() while true do end end}))",
        "without a text"},
    {"error-nil", "error(nil)", "without a text"},
    {"tostring", "tostring(setmetatable({}, {__tostring = function() while true do end end}))", "steps"},
    {"equal", "return setmetatable({}, {__eq = function() while true do end end}) == setmetatable({}, {})",
        "steps"},
    {"cycle", "local t = {} t.t = t create('shop.thing', t)", "nested deeper"},
    {"wide", "local t = {} for i = 1, 50000 do t['k' .. i] = ('x'):rep(100) end create('shop.thing', t)",
        "bytes"},
    {"function-value", "thing.name = print or function() end", "cannot be kept"},
    {"not-utf8", "thing.buyer = '\\255\\254'", "UTF-8"},
    {"nul", "thing.buyer = 'a\\0b'", "UTF-8"},
    {"float-money", "thing.price = 0.1", "decimal"},
    {"float-arithmetic", "thing.price = dec('1') * 0.1", "not exact"},
    {"overflow", "thing.price = dec('92233720368547758.07') * 100", "overflowed"},
    {"by-zero", "thing.price = dec('1') / 0", "zero"},
    {"ask-for-ever", "while true do count('shop.thing') end", ""},
    {"create-for-ever", "while true do create('shop.thing', {name = 'more'}) end", ""},
    {"deep-json", "json.decode(('['):rep(100000))", "JSON"},
    {"other-entity", "get('no.such', 1)", "no entity"},
    {"secret-in-a-field", "thing.buyer = secret('key')", "expected a string"},
    {"secret-in-a-mail", "mail {to = 'a@example.com', subject = 's', text = secret('key')}", "secret stands"},
    {"secret-deep", "webhook {url = 'https://example.com', body = {a = {{secret('key')}}}}", "secret stands"},
    {"secret-by-hand", "mail {to = 'a@example.com', text = {['$secret'] = 'key'}}", "secret stands"},
    {"secret-as-json", "json.encode {secret('key')}", "secret is filled in"},
    {"secret-index", "return secret('key').value", "attempt to index"},
    {"secret-metatable", "setmetatable(secret('key'), {})", "table expected"},
    {"document-of-nothing", "document('letter', thing)", "no template"},
    {"document-of-no-record", "document('letter', {})", "a record was expected"},
    {"method-of-core", "call('access.password', {new = 'x'})", "no method"},
};

static void check(house *h, const attack *a)
{
    int64_t id = store_rule(h, a->name, a->body);
    int64_t began = clock_elapsed_us();
    const variant *answer = house_call(h, "shop.thing.create", NULL, "{\"values\":{\"name\":\"x\"}}");
    int64_t took = clock_elapsed_us() - began;
    const char *kind = house_text(answer, "error.data.kind");
    const char *message = house_text(answer, "error.data.problems.0.message");
    if (took > DEADLINE_US)
        fail_msg("%s took %lld us", a->name, (long long)took);
    if (strcmp(kind, "rule") != 0 && strcmp(kind, "validation") != 0 && strcmp(kind, "limit") != 0)
        fail_msg("%s ended as \"%s\": %s", a->name, kind, message);
    if (!strstr(message, a->says) && !strstr(message, "longer than"))
        fail_msg("%s says \"%s\", not \"%s\"", a->name, message, a->says);
    (void)house_result(h, "automation.rule.delete", "{\"id\":%lld}", (long long)id);
    assert_int_equal(house_int(house_call(h, "shop.thing.count", NULL, "{}"), "result"), 0);
}

static void attacks_end_as_errors_of_their_own(void **state)
{
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
        check(*state, &attacks[i]);
    house *h = *state;
    store_rule(h, "good", "thing.buyer = ('ok'):upper() .. #table.pack(1, 2)");
    const variant *made = house_result(h, "shop.thing.create", "{\"values\":{\"name\":\"x\"}}");
    const variant *thing = house_result(
        h, "shop.thing.get", "{\"id\":%lld}", (long long)house_int(made, "id"));
    assert_string_equal(house_text(thing, "buyer"), "OK2");
}

/* Nothing that a rule leaves behind is seen by another, nor by itself at its next run. */
static void no_rule_sees_the_state_of_another(void **state)
{
    house *h = *state;
    store_rule(h, "a-leaves",
        "assert(left == nil and string.left == nil) left = 1 "
        "pcall(function() string.left = 1 end) pcall(function() math.left = 1 end) thing.buyer = 'a'");
    store_rule(h, "b-looks", "assert(left == nil and math.left == nil)");
    for (int i = 0; i < 3; i++) {
        const variant *made = house_result(h, "shop.thing.create", "{\"values\":{\"name\":\"x\"}}");
        (void)house_result(h, "shop.thing.get", "{\"id\":%lld}", (long long)house_int(made, "id"));
    }
}

/* What does not compile is refused where it is written. */
static void texts_that_are_no_rules_are_refused(void **state)
{
    static const char *const texts[] = {"", "while true do end", "\\u001bLua\\u0000", "rule {", "return 1",
        "rule {} rule {}", "rule { on = 'shop.thing.created' }", "rule { on = 5, run = function() end }",
        "rule { on = 'shop.thing.vanished', run = function() end }",
        "rule { on = 'shop.thing.created', run = function() end, wehn = {} }",
        "rule { on = 'shop.thing.created', run = function() end, when = {{'nme', '=', 'x'}} }",
        "rule { on = 'shop.thing.created', run = function() end, rights = 'nonsense' }",
        "create('shop.thing', {name = 'x'}) rule { on = 'shop.thing.created', run = function() end }",
        "rule { on = 'every day at 25:00', run = function() end }",
        "rule { on = 'cron 0 9 * * 8', run = function() end }"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *kind = house_refusal(*state, "automation.rule.create",
            "{\"values\":{\"name\":\"bad%zu\",\"text\":\"%s\"}}", i, texts[i]);
        if (!kind || (strcmp(kind, "validation") != 0 && strcmp(kind, "rule") != 0))
            fail_msg("\"%s\" was taken, or refused as %s", texts[i], kind ? kind : "nothing");
    }
}

/* ---- A worker that says what no worker says ---- */

#define MANGLED "mangled" /* what has this in it is garbled on its way */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/* Cut off, changed in places, another kind of message, or noise; the message itself is the seed. */
static size_t garble(char *to, const char *said, size_t n)
{
    uint32_t seed = 2166136261U;
    for (size_t i = 0; i < n; i++)
        seed = (seed ^ (uint8_t)said[i]) * 16777619U;
    memcpy(to, said, n);
    switch (next_random(&seed) % 4) {
    case 0:
        return next_random(&seed) % n;
    case 1:
        for (size_t i = 0; i < 4; i++)
            to[next_random(&seed) % n] = (char)next_random(&seed);
        return n;
    case 2:
        to[0] = "QDEK"[next_random(&seed) % 4];
        to[n / 2] = (char)next_random(&seed);
        return n;
    default:
        for (size_t i = 1; i < n; i++)
            to[i] = (char)next_random(&seed);
        return n;
    }
}

/* In front of libc's, in this program and the workers that it forks. */
ssize_t send(int socket, const void *bytes, size_t n, int flags)
{
    static char wrong[TEXT_MAX];
    const char *said = bytes;
    if (n <= sizeof wrong && (said[0] == 'D' || said[0] == 'Q') &&
        memmem(said, n, MANGLED, strlen(MANGLED))) {
        n = garble(wrong, said, n);
        bytes = wrong;
    }
    return syscall(SYS_sendto, socket, bytes, n, flags, NULL, 0);
}

/* Each create is refused, or is whole with what its rule could have assigned. */
static void a_worker_that_says_nonsense_harms_its_transaction_alone(void **state)
{
    enum { TRIES = 400 };
    static const char *const ends[] = {
        "rule", "validation", "limit", "not_found", "forbidden", "conflict", "unavailable"};
    int64_t made = 0;
    house *h = *state;
    store_rule(h, "wild",
        "get('shop.thing', {external_id = 'mangled ' .. thing.name}) log('mangled ' .. thing.name) "
        "thing.buyer = 'mangled ' .. thing.name");
    for (int i = 0; i < TRIES; i++) {
        const variant *answer = house_call(
            h, "shop.thing.create", NULL, "{\"values\":{\"name\":\"thing %d\"}}", i);
        const char *kind = house_text(answer, "error.data.kind");
        bool known = !kind[0];
        for (size_t k = 0; k < sizeof ends / sizeof *ends; k++)
            known = known || strcmp(kind, ends[k]) == 0;
        if (!known)
            fail_msg("thing %d ended as \"%s\"", i, kind);
        made += !kind[0];
    }
    assert_int_equal(house_int(house_call(h, "shop.thing.count", NULL, "{}"), "result"), made);
    if (made > TRIES / 2)
        fail_msg("%lld of %d were made", (long long)made, TRIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(attacks_end_as_errors_of_their_own),
        SPEC(no_rule_sees_the_state_of_another),
        SPEC(texts_that_are_no_rules_are_refused),
        SPEC(a_worker_that_says_nonsense_harms_its_transaction_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
