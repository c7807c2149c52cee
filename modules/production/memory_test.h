/* memory_test.h -- memory and chance for the tests of pure planning files. Define POOL_BYTES and SEED before. */
#pragma once
#include <stdint.h>
#include <string.h>

#include "memory.h"

static char pool[POOL_BYTES];
static size_t used, limit = sizeof pool; /* used 0: all of it is given back; a smaller limit: there is less */

static void *take_from_pool(void *context, size_t size)
{
    (void)context;
    size = (size + 15) & ~(size_t)15;
    if (used + size > limit)
        return NULL;
    used += size;
    return memset(pool + used - size, 0, size);
}
static const memory from_pool = {take_from_pool, NULL};

static uint64_t seed = SEED;
/* 0 to below - 1, the same in each run (Knuth's MMIX generator) */
static int64_t draw(int64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((seed >> 33) % (uint64_t)below);
}
