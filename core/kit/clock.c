/* The one source of time and randomness. The virtual clock and the seed are for tests: everything that asks
 * here then replays. */
#include "kit/clock.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit/log.h"

enum { JUMP_MS = 60000 };

static atomic_bool is_virtual;
static atomic_int_fast64_t virtual_ms;
static atomic_int_fast64_t latest_ms; /* the greatest time ever given */
static atomic_int_fast64_t ahead_ms;  /* of the wall clock before the monotonic one, when last looked at */

static int64_t read_us(clockid_t id)
{
    struct timespec now = {0};
    (void)clock_gettime(id, &now); /* cannot fail for these clocks */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Whoever sees the jump first tells of it; the log's own line asks for the time again and finds it told. */
static void look_for_jump(int64_t now, int64_t monotonic)
{
    int_fast64_t ahead = atomic_load_explicit(&ahead_ms, memory_order_relaxed);
    int64_t jump = now - monotonic - ahead;
    if (jump <= JUMP_MS && jump >= -JUMP_MS)
        return;
    if (atomic_compare_exchange_strong(&ahead_ms, &ahead, now - monotonic) && ahead)
        log_line(KT_LOG_WARN, "kit", "clock.jumped by_ms=%lld", (long long)jump);
}

/* The wall clock is behind: from the first moment on that this is seen, half of what passes. */
static int64_t creep(int64_t latest, int64_t monotonic)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf */
    static int64_t from_ms, since_ms, given_ms;
    pthread_mutex_lock(&lock);
    if (latest > given_ms) { /* the wall clock was in front meanwhile: a new beginning */
        from_ms = latest;
        since_ms = monotonic;
    }
    int64_t now = from_ms + (monotonic - since_ms) / 2;
    given_ms = now > given_ms ? now : given_ms;
    now = given_ms;
    int_fast64_t before = latest;
    while (now > before && !atomic_compare_exchange_weak(&latest_ms, &before, now))
        continue;
    pthread_mutex_unlock(&lock);
    return now > before ? now : before;
}

kt_time clock_now(void)
{
    if (atomic_load_explicit(&is_virtual, memory_order_acquire))
        return (kt_time){atomic_load(&virtual_ms)};
    int64_t now = read_us(CLOCK_REALTIME) / 1000, monotonic = read_us(CLOCK_MONOTONIC) / 1000;
    look_for_jump(now, monotonic);
    int_fast64_t latest = atomic_load_explicit(&latest_ms, memory_order_relaxed);
    while (now > latest)
        if (atomic_compare_exchange_weak(&latest_ms, &latest, now))
            return (kt_time){now};
    return (kt_time){latest - now > JUMP_MS ? creep(latest, monotonic) : latest};
}

int64_t clock_monotonic_us(void)
{
    if (atomic_load_explicit(&is_virtual, memory_order_acquire))
        return atomic_load(&virtual_ms) * 1000;
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_elapsed_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

void clock_set(kt_time time)
{
    atomic_store(&virtual_ms, time.ms);
    atomic_store_explicit(&is_virtual, true, memory_order_release);
}

void clock_advance(int64_t ms)
{
    atomic_fetch_add(&virtual_ms, ms);
}

void clock_real(void)
{
    atomic_store_explicit(&is_virtual, false, memory_order_release);
}

/* ---- Randomness ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_uint_fast64_t seed, drawn; /* each draw has its own key: seed and number */

static void start(void)
{
    if (sodium_init() < 0) {
        log_line(KT_LOG_ERROR, "kit", "random.no_generator");
        abort(); /* tokens and keys would be guessable */
    }
}

void random_bytes(void *out, size_t n)
{
    pthread_once(&once, start);
    uint64_t from = atomic_load(&seed);
    if (!from) {
        randombytes_buf(out, n);
        return;
    }
    uint64_t number = atomic_fetch_add(&drawn, 1);
    unsigned char key[randombytes_SEEDBYTES] = {0};
    memcpy(key, &from, sizeof from);
    memcpy(key + sizeof from, &number, sizeof number);
    randombytes_buf_deterministic(out, n, key);
}

void random_seed(uint64_t from)
{
    atomic_store(&drawn, 0);
    atomic_store(&seed, from);
}

uint64_t random_below(uint64_t n)
{
    if (n < 2)
        return 0;
    uint64_t drawn_number, uneven = (UINT64_MAX % n + 1) % n; /* values that would favour some results */
    do {
        random_bytes(&drawn_number, sizeof drawn_number);
    } while (drawn_number > UINT64_MAX - uneven);
    return drawn_number % n;
}
