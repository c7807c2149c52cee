/* throttle.c -- a hash table of fixed size. When it is full of others, the entry that has been quiet longest
 * gives way: an attacker with many names can make it forget, but is held by its address meanwhile. */
#include "access/throttle.h"

#include <pthread.h>
#include <sodium.h>

#include "kit/str.h"

enum { SLOTS = 4096, PROBES = 16, FORGET_MS = 3600000, ADDRESS_FACTOR = 10 };

typedef struct {
    uint64_t hash; /* 0: empty */
    unsigned failures;
    int64_t last_ms;
} slot;

struct throttle {
    pthread_mutex_t lock;
    unsigned tries_max;
    unsigned char seed[crypto_shorthash_KEYBYTES]; /* names cannot be chosen to collide */
    slot slots[SLOTS];
};

throttle *throttle_open(arena *arena, unsigned tries_max)
{
    throttle *t = ARENA_NEW(arena, throttle);
    if (!t || pthread_mutex_init(&t->lock, NULL) != 0)
        return NULL;
    t->tries_max = tries_max;
    randombytes_buf(t->seed, sizeof t->seed);
    return t;
}

void throttle_close(throttle *throttle)
{
    if (throttle)
        pthread_mutex_destroy(&throttle->lock);
}

static uint64_t hash_of(const throttle *t, char kind, kt_str text)
{
    unsigned char out[crypto_shorthash_BYTES];
    crypto_shorthash(out, (const unsigned char *)text.ptr, text.len, t->seed);
    uint64_t hash;
    memcpy(&hash, out, sizeof hash);
    hash ^= (uint64_t)(unsigned char)kind << 56;
    return hash ? hash : 1;
}

/* The entry, or with `make` the one to use for it. NULL: none */
static slot *find(throttle *t, uint64_t hash, int64_t now_ms, bool make)
{
    slot *oldest = NULL;
    for (unsigned i = 0; i < PROBES; i++) {
        slot *s = &t->slots[(hash + i) % SLOTS];
        if (s->hash == hash) {
            if (now_ms - s->last_ms > FORGET_MS)
                s->failures = 0;
            return s;
        }
        if (!oldest || !s->hash || (oldest->hash && s->last_ms < oldest->last_ms))
            oldest = s;
    }
    if (!make)
        return NULL;
    *oldest = (slot){.hash = hash, .last_ms = now_ms};
    return oldest;
}

static int64_t wait_ms(const slot *s, unsigned free_tries, int64_t now_ms)
{
    if (!s || s->failures < free_tries)
        return 0;
    unsigned doublings = s->failures - free_tries;
    int64_t wait = doublings < 10 ? (int64_t)1000 << doublings : THROTTLE_WAIT_MAX_MS;
    wait = wait < THROTTLE_WAIT_MAX_MS ? wait : THROTTLE_WAIT_MAX_MS;
    int64_t left = s->last_ms + wait - now_ms;
    return left > 0 ? left : 0;
}

int64_t throttle_wait_ms(throttle *t, kt_str account, kt_str remote, int64_t now_ms)
{
    pthread_mutex_lock(&t->lock);
    int64_t wait = wait_ms(find(t, hash_of(t, 'a', account), now_ms, false), t->tries_max, now_ms);
    if (remote.len) { /* many people may share an address: it is given more tries */
        int64_t there = wait_ms(
            find(t, hash_of(t, 'r', remote), now_ms, false), t->tries_max * ADDRESS_FACTOR, now_ms);
        wait = wait > there ? wait : there;
    }
    pthread_mutex_unlock(&t->lock);
    return wait;
}

static void count(throttle *t, uint64_t hash, int64_t now_ms)
{
    slot *s = find(t, hash, now_ms, true);
    s->failures += s->failures < 1000;
    s->last_ms = now_ms;
}

void throttle_failed(throttle *t, kt_str account, kt_str remote, int64_t now_ms)
{
    pthread_mutex_lock(&t->lock);
    count(t, hash_of(t, 'a', account), now_ms);
    if (remote.len)
        count(t, hash_of(t, 'r', remote), now_ms);
    pthread_mutex_unlock(&t->lock);
}

void throttle_passed(throttle *t, kt_str account)
{
    pthread_mutex_lock(&t->lock);
    slot *s = find(t, hash_of(t, 'a', account), INT64_MIN / 2, false);
    if (s)
        s->failures = 0;
    pthread_mutex_unlock(&t->lock);
}
