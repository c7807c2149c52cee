#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kit/clock.h"
#include "kit/str.h"
#include "outbox/rate.h"

static void a_rate_is_a_number_and_a_period(void **state)
{
    static const struct {
        const char *text;
        uint32_t most;
        int64_t window_ms;
    } cases[] = {{"500/hour", 500, 3600000}, {"1/minute", 1, 60000}, {"1000000/day", 1000000, 86400000},
        {"0/hour", 0, 0}, {"5", 0, 0}, {"5/", 0, 0}, {"/hour", 0, 0}, {"5/week", 0, 0}, {"5 /hour", 0, 0},
        {"", 0, 0}, {"99999999999/hour", 0, 0}, {"-1/hour", 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        outbox_rate read;
        assert_int_equal(outbox_rate_read(str_of(cases[i].text), &read), cases[i].most != 0);
        if (cases[i].most) {
            assert_int_equal(read.most, cases[i].most);
            assert_int_equal(read.window_ms, cases[i].window_ms);
        }
    }
}

/* A list of rates, of which nothing was kept. */
static void set(rates *all, const outbox_rate *list, size_t count)
{
    rates fresh = {.count = count};
    for (size_t i = 0; i < count; i++) {
        rate *r = &fresh.list[i];
        (void)snprintf(r->target, sizeof r->target, "%s", list[i].target);
        r->most = list[i].most;
        r->window_ms = list[i].window_ms;
    }
    rates_set(all, &fresh);
}

/* At seeded random times, whatever they are: the last `most` before any delivery lie at least a window back. */
static void no_window_holds_more_than_it_may(void **state)
{
    enum { MOST = 7, SENT_MAX = 4000 };
    static int64_t sent[SENT_MAX];
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        static rates all;
        const outbox_rate list[] = {{"mail", MOST, 60000}, {"other", 1, 86400000}};
        size_t count = 0;
        int64_t now = 0, last_try = 0;
        memset(&all, 0, sizeof all);
        set(&all, list, 2);
        random_seed(seed);
        while (count < SENT_MAX && now < 4000000) {
            now += (int64_t)random_below(seed % 2 ? 900 : 40000);
            if (!rates_may(&all, "mail", now))
                continue;
            if (count >= MOST)
                assert_true(now - sent[count - MOST] > 60000);
            rates_note(&all, "mail", now);
            sent[count++] = now;
            last_try = now;
            if (count % 50 == 0)
                set(&all, list, 2); /* read anew: what was counted stays */
        }
        assert_true(count > MOST && last_try > 3500000); /* it goes on for ever */
    }
    random_seed(0);
}

/* Kept, and read by a server whose steady clock began anew: a window goes on as the calendar has it. */
static void what_left_counts_after_a_restart(void **state)
{
    enum { HOUR = 3600000, MOST = 5 };
    const outbox_rate list[] = {{"mail", MOST, HOUR}, {"never", 1, HOUR}};
    arena *arena = arena_open((size_t)4 << 20);
    store *store = NULL;
    store_view *view = NULL;
    static rates before, after;
    (void)state;
    memset(&before, 0, sizeof before);
    assert_null(store_open(arena, "mem:", &(store_options){0}, &store));
    assert_null(store_read(store, arena, &view));
    assert_null(store_make_writable(view));
    set(&before, list, 2);
    for (int i = 0; i < MOST; i++)
        rates_note(&before, "mail", (int64_t)900000000 + i * 60000); /* one a minute; the last one now */
    assert_null(rates_keep(&before, view, (kt_time){1000000000000}));
    for (int minutes = 0; minutes <= 70; minutes++) {
        kt_tx tx = {.view = view, .arena = arena, .now = {1000000000000 + (int64_t)minutes * 60000}};
        int may = 0;
        memset(&after, 0, sizeof after);
        assert_null(rates_recall(&tx, list, 2, 5000, &after));
        for (; may < 2 * MOST && rates_may(&after, "mail", 5000); may++)
            rates_note(&after, "mail", 5000);
        const int over = minutes - 56; /* so many left more than an hour before */
        const int gone = over < 0 ? 0 : over > MOST ? MOST : over;
        assert_in_range(may, gone > 1 ? gone - 2 : 0, gone);
        assert_true(rates_may(&after, "never", 5000));
    }
    kt_tx tx = {.view = view, .arena = arena, .now = {999000000000}}; /* the calendar went back */
    assert_null(rates_recall(&tx, list, 2, 5000, &after));
    assert_false(rates_may(&after, "mail", 5000));
    store_end(view);
    store_close(store);
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_a_number_and_a_period),
        cmocka_unit_test(no_window_holds_more_than_it_may),
        cmocka_unit_test(what_left_counts_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
