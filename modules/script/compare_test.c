/* The loser is found, and two equal variants are told apart in fewer than one of twenty trials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compare.h"

static uint64_t state = 88172645463325252u;

static double chance(void) /* xorshift64*, Marsaglia 2003, Vigna 2016 */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (double)((state * 2685821657736338717u) >> 11) / 9007199254740992.0;
}

enum { CALLS = 10000, LEAST = 100 };

/* Calls go to both in turn; looked at after every pair. Positive: b was stopped; negative: a was; 0: neither. */
static int trial(double pa, double pb)
{
    struct arm a = {0, 0}, b = {0, 0};
    for (int i = 0; i < CALLS / 2; i++) {
        a.calls++;
        b.calls++;
        a.won += chance() < pa;
        b.won += chance() < pb;
        if (a.calls >= LEAST && arms_alike(a, b) < 0.05)
            return a.won > b.won ? 1 : -1;
    }
    return 0;
}

static void equal_variants_are_seldom_told_apart(void **unused)
{
    (void)unused;
    int wrong = 0, trials = 400;
    for (int i = 0; i < trials; i++)
        wrong += trial(0.1, 0.1) != 0;
    print_message("equal variants: %d of %d trials of %d calls stopped one\n", wrong, trials, CALLS);
    assert_in_range(wrong, 0, trials / 20);
}

static void the_better_variant_is_found(void **unused)
{
    (void)unused;
    int right = 0, wrong = 0, trials = 100;
    for (int i = 0; i < trials; i++) {
        int stopped = trial(0.13, 0.10);
        right += stopped > 0;
        wrong += stopped < 0;
    }
    print_message(
        "13 %% against 10 %%: found in %d of %d trials, the wrong one in %d\n", right, trials, wrong);
    assert_in_range(right, 80, trials);
    assert_in_range(wrong, 0, 1);
}

static void an_interval_holds_what_it_says(void **unused)
{
    (void)unused;
    double share, low, high;
    arm_interval((struct arm){10, 1}, &share, &low, &high); /* source: Wilson interval of 1 in 10 */
    assert_true(low > 0.0178 && low < 0.0180 && high > 0.4041 && high < 0.4043);
    arm_interval((struct arm){0, 0}, &share, &low, &high);
    assert_true(low <= 0 && high >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_variants_are_seldom_told_apart),
        cmocka_unit_test(the_better_variant_is_found),
        cmocka_unit_test(an_interval_holds_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
