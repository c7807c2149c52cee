/* clock.h -- the one source of time and randomness. Tests hold a virtual clock and a seed in hand. */
#pragma once
#include <kontor.h>

/* Now, UTC. Never goes backwards within the process: if the machine's clock jumps back, time goes on at half
 * speed until it is caught up, so that what expires still expires. A jump of more than a minute, to either
 * side, is logged. thread: any */
kt_time clock_now(void);
/* Milliseconds from an arbitrary start, unaffected by jumps of the wall clock: for time-outs.
 * On the virtual clock these, too, move only by clock_advance. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);
/* Microseconds that really pass, on the virtual clock too: to guard another process by. */
int64_t clock_elapsed_us(void);
/* From here on the clock stands at `time` and moves only by clock_advance. */
void clock_set(kt_time time);
void clock_advance(int64_t ms);
void clock_real(void);

void random_bytes(void *out, size_t n); /* libsodium's generator, or the seeded one */
void random_seed(uint64_t seed);        /* tests: deterministic from here on; 0: the real one again */
uint64_t random_below(uint64_t n);
