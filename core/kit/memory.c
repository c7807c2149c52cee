/* Blocks come from malloc; the counters are the thread's own, so that tests in threads do not meet. */
#include "kit/memory.h"

#include <pthread.h>
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

/* ---- First blocks ---- */

enum { SPARES = 16 };
#ifdef __SANITIZE_ADDRESS__
static const bool keeps = false; /* who touches a block that was given back is to be found */
#else
static const bool keeps = true;
#endif

static _Thread_local struct {
    void *blocks[SPARES];
    unsigned count;
    bool is_told; /* that the thread's end frees them */
} spare;
static pthread_key_t at_end;
static pthread_once_t at_end_once = PTHREAD_ONCE_INIT;
static bool at_end_made;

static void free_spares(void *unused)
{
    (void)unused;
    while (spare.count)
        free(spare.blocks[--spare.count]);
}

static void make_at_end(void)
{
    at_end_made = pthread_key_create(&at_end, free_spares) == 0;
}

void *memory_take(void)
{
    if (strikes())
        return NULL;
    return spare.count ? spare.blocks[--spare.count] : malloc(MEMORY_FIRST);
}

void memory_give(void *block)
{
    if (keeps && !spare.is_told) {
        pthread_once(&at_end_once, make_at_end);
        spare.is_told = at_end_made && pthread_setspecific(at_end, &spare) == 0;
    }
    if (keeps && spare.is_told && spare.count < SPARES)
        spare.blocks[spare.count++] = block;
    else
        free(block);
}

/* ---- Any ---- */

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
