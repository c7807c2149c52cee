/* feed_test.c -- what the journal promises to clients: a consumer that dies anywhere rebuilds the same state,
 * the past answers as it did then, an undo can be looked at before it is done. */
#include "office.h"

enum { WRITES = 300, RECORDS_MAX = 400 };

static uint64_t seed = 2463534242u;
static unsigned below(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

/* ---- A consumer ---- */

typedef struct {
    bool there;
    char title[40], amount[24];
} copy;
typedef struct {
    copy copies[RECORDS_MAX];
    int64_t seq;
} consumer;

static void take(consumer *c, const variant *change)
{
    int64_t id = house_int(change, "id");
    assert_true(id > 0 && id < RECORDS_MAX);
    copy *k = &c->copies[id];
    const char *kind = house_text(change, "kind");
    const variant *after = variant_get(change, "after");
    assert_true((strcmp(kind, "created") == 0) == (!k->there || strcmp(kind, "created") == 0));
    k->there = strcmp(kind, "deleted") != 0;
    if (variant_get(after, "title"))
        (void)snprintf(k->title, sizeof k->title, "%s", house_text(after, "title"));
    if (variant_get(after, "amount"))
        (void)snprintf(k->amount, sizeof k->amount, "%s", house_text(after, "amount"));
}

/* Reads a page; dies before it noted where it is, one time in three: then the page comes again. */
static bool page(house *h, consumer *c)
{
    const variant *feed = house_result(h, "journal.since",
        "{\"seq\":%lld,\"limit\":%u,\"filter\":{\"entities\":[\"office.case\"]}}", (long long)c->seq,
        below(9) + 1);
    const variant *entries = variant_get(feed, "entries");
    consumer before = *c;
    int64_t last = c->seq;
    for (size_t i = 0; i < entries->as.array.count; i++) {
        const variant *entry = &entries->as.array.items[i], *changes = variant_get(entry, "changes");
        assert_true(house_int(entry, "seq") > last);
        last = house_int(entry, "seq");
        for (size_t k = 0; k < changes->as.array.count; k++)
            take(c, &changes->as.array.items[k]);
    }
    if (below(3) == 0) {
        *c = before;
        return true;
    }
    c->seq = house_int(feed, "next");
    return c->seq < house_int(feed, "head");
}

static void agrees(house *h, const consumer *c)
{
    size_t there = 0;
    for (int id = 1; id < RECORDS_MAX; id++) {
        if (!c->copies[id].there) {
            assert_string_equal(house_refusal(h, "office.case.get", "{\"id\":%d}", id), "not_found");
            continue;
        }
        there++;
        const variant *got = house_result(h, "office.case.get", "{\"id\":%d}", id);
        assert_string_equal(house_text(got, "title"), c->copies[id].title);
        assert_string_equal(house_text(got, "amount"), c->copies[id].amount);
    }
    assert_int_equal(house_result(h, "office.case.count", "{}")->as.integer, there);
}

static int64_t ids[RECORDS_MAX];
static size_t id_count;

static void write_something(house *h)
{
    unsigned what = id_count ? below(10) : 0;
    size_t at = id_count ? below((unsigned)id_count) : 0;
    if (what < 4 && id_count < RECORDS_MAX - 20) {
        ids[id_count++] = office_make(
            h, "office.case", text_of("{\"title\":\"t%u\",\"amount\":\"%u.50\"}", below(1000), below(1000)));
    } else if (what < 9) {
        (void)house_result(
            h, "office.case.update", "{\"id\":%d,\"values\":{\"title\":\"u%u\"}}", (int)ids[at], below(1000));
    } else {
        (void)house_result(h, "office.case.delete", "{\"id\":%d}", (int)ids[at]);
        ids[at] = ids[--id_count];
    }
}

static void a_consumer_that_dies_anywhere_rebuilds_the_same_state(void **state)
{
    (void)state;
    house *h = house_open(office_modules);
    consumer c = {.seq = 0};
    id_count = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < WRITES; i++) {
        write_something(h);
        if (below(5) == 0)
            (void)page(h, &c);
    }
    while (page(h, &c) || c.seq < house_int(house_result(h, "journal.head", "{}"), "seq"))
        continue;
    agrees(h, &c);
    assert_true(house_at(house_result(h, "journal.verify", "{}"), "sound")->as.boolean);
    house_close(h);
}

/* ---- The past ---- */

static const char *summary(house *h, const char *as_of)
{
    static const char *const methods[] = {"office.case.list", "office.case.aggregate", "office.case.count"};
    static const char *const params[] = {"\"sort\":\"title\"",
        "\"group\":[\"state\"],\"measures\":{\"n\":\"count\",\"sum\":\"sum:amount\"}", ""};
    static char text[3][20000];
    static unsigned turn;
    char *out = text[turn++ % 3];
    size_t n = 0;
    for (size_t i = 0; i < 3; i++) {
        char message[400];
        const char *comma = *as_of && *params[i] ? "," : "";
        int length = snprintf(message, sizeof message,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s%s%s%s%s}}", methods[i], params[i],
            comma, *as_of ? "\"as_of\":\"" : "", as_of, *as_of ? "\"" : "");
        kt_str answer = house_send(h, house_token(h), (kt_str){message, (size_t)length});
        n += (size_t)snprintf(out + n, sizeof text[0] - n, "%.*s\n", (int)answer.len, answer.ptr);
        assert_true(n < sizeof text[0]);
    }
    return out;
}

static void the_past_answers_as_it_did_then(void **state)
{
    (void)state;
    house *h = house_open(office_modules);
    static char then[8][20000];
    char when[8][TIME_TEXT_MAX];
    id_count = 0;
    for (int i = 0; i < 8; i++) {
        for (int k = 0; k < 6; k++)
            write_something(h);
        (void)time_text(clock_now(), when[i]);
        (void)snprintf(then[i], sizeof then[i], "%s", summary(h, ""));
        clock_advance(60000);
    }
    for (int i = 0; i < 8; i++)
        if (strstr(then[i], "\"error\"") == NULL)
            assert_string_equal(summary(h, when[i]), then[i]);
        else
            fail_msg("%s", then[i]);
    house_close(h);
}

/* ---- Undo ---- */

static void an_undo_is_shown_before_it_is_done(void **state)
{
    (void)state;
    house *h = house_open(office_modules);
    int64_t id = office_make(h, "office.case", "{\"title\":\"first\",\"amount\":\"10\"}");
    (void)house_result(h, "office.case.update", "{\"id\":%d,\"values\":{\"title\":\"second\"}}", (int)id);
    int64_t seq = house_int(house_result(h, "journal.head", "{}"), "seq");
    uint64_t before = house_digest(h);
    char params[60];
    (void)snprintf(params, sizeof params, "{\"seq\":%d}", (int)seq);
    const variant *dry = house_call(h, "journal.revert", "\"dry_run\":true", "%s", params);
    assert_int_equal(house_int(dry, "result.result.reverted"), 1);
    assert_string_equal(house_text(dry, "result.changes.0.entity"), "office.case");
    assert_true(house_digest(h) == before);
    const variant *done = house_result(h, "journal.revert", "%s", params);
    assert_int_equal(house_int(done, "reverted"), 1);
    assert_string_equal(
        house_text(house_result(h, "office.case.get", "{\"id\":%d}", (int)id), "title"), "first");
    const variant *again = house_result(h, "journal.revert", "{\"unit\":\"%s\"}", house_text(done, "unit"));
    assert_int_equal(house_int(again, "reverted"), 1);
    assert_string_equal(
        house_text(house_result(h, "office.case.get", "{\"id\":%d}", (int)id), "title"), "second");
    house_close(h);
}

static void a_checkpoint_is_signed_and_verified(void **state)
{
    (void)state;
    house *h = house_open(office_modules);
    const variant *made = house_result(h, "journal.checkpoint", "{}");
    assert_int_equal(strlen(house_text(made, "signature")), 128);
    const variant *verdict = house_result(h, "journal.verify", "{}");
    assert_true(house_at(verdict, "sound")->as.boolean);
    assert_int_equal(house_int(verdict, "checkpoints"), 1);
    house_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_consumer_that_dies_anywhere_rebuilds_the_same_state),
        cmocka_unit_test(the_past_answers_as_it_did_then),
        cmocka_unit_test(an_undo_is_shown_before_it_is_done),
        cmocka_unit_test(a_checkpoint_is_signed_and_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
