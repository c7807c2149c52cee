#include <setjmp.h>
#include <stdarg.h>
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
        rates_set(&all, list, 2);
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
                rates_set(&all, list, 2); /* read anew: what was counted stays */
        }
        assert_true(count > MOST && last_try > 3500000); /* it goes on for ever */
    }
    random_seed(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_a_number_and_a_period),
        cmocka_unit_test(no_window_holds_more_than_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
