/* Blocks come from malloc; the counters are the thread's own, so that tests in threads do not meet. */
#include "kit/memory.h"

#include <stdlib.h>

static _Thread_local uint64_t asked, fail_at;
static _Thread_local bool fail_onwards;

static bool strikes(void)
{
    asked++;
    return fail_at && (asked == fail_at || (fail_onwards && asked > fail_at));
}

void *memory_alloc(size_t size)
{
    return strikes() ? NULL : malloc(size);
}

void *memory_grow(void *old, size_t size)
{
    return strikes() ? NULL : realloc(old, size);
}

void memory_free(void *block)
{
    free(block);
}

void memory_fail_at(uint64_t nth, bool onwards)
{
    asked = 0;
    fail_at = nth;
    fail_onwards = onwards;
}

uint64_t memory_asked(void)
{
    return asked;
}
