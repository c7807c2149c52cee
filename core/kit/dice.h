/* dice.h -- the seed of what unit tests throw: KONTOR_SEED, or one that stays, so that what passed once passes again.
 * `./check --long` sets a new one. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Tells it, too: it repeats the run. */
static inline uint64_t dice_seed(void)
{
    const char *given = getenv("KONTOR_SEED");
    const uint64_t seed = given ? strtoull(given, NULL, 10) : 20261127;
    printf("seed %llu\n", (unsigned long long)seed);
    return seed;
}
