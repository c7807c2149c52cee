#include "kit/give_way.h"

#include <sched.h>

#include "kit/clock.h"

/* The questions that follow a batch's answers take up to 1.3 ms; one turn of a program that computes takes longer than 2, as
 * does what 64 clients ask who read without a pause. */
enum { PATIENCE_US = 2000, PAUSE_US = 100000, PAUSE_US_MAX = 1000000 };

bool give_way(give_way_state *state)
{
    const int64_t before_us = clock_monotonic_us();
    if (before_us < state->until_us)
        return false;
    sched_yield();
    const int64_t after_us = clock_monotonic_us();
    if (after_us - before_us < PATIENCE_US) {
        state->pause_us = 0;
        return true;
    }
    state->pause_us = state->pause_us ? 2 * state->pause_us : PAUSE_US;
    state->pause_us = state->pause_us < PAUSE_US_MAX ? state->pause_us : PAUSE_US_MAX;
    state->until_us = after_us + state->pause_us;
    return true;
}
