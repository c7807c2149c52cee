/* metrics.c -- a fixed table of atomic counters: a call costs a look-up and three additions, no lock. */
#include "bus/metrics.h"

#include <pthread.h>
#include <stdatomic.h>

#include "kit/str.h"

#define SLOTS      2048
#define NAMES_MAX  1000 /* further names count as "other" */
#define NAME_MAX   120
#define KINDS      (KT_STORAGE + 1)
#define MEMORY_MAX ((size_t)2 << 20)
#define SLOW_US    4000
#define COUNTED_US                                                                                           \
    (6 * SLOW_US) /* so that one call that lost its core for long makes no method slow, but two do */

static const int64_t bounds_us[] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 10000000};
#define BUCKETS (sizeof bounds_us / sizeof *bounds_us)

typedef struct {
    char name[NAME_MAX];
    size_t name_len;
    atomic_uint_fast64_t kinds[KINDS]; /* 0: success */
    atomic_uint_fast64_t buckets[BUCKETS + 1], sum_us;
    atomic_int_fast64_t recent_us; /* a moving average, of eight calls or so */
} metric;

struct metrics {
    pthread_mutex_t lock; /* of additions */
    _Atomic(metric *) slots[SLOTS];
    size_t names;
    arena *arena;
};

metrics *metrics_open(void)
{
    arena *arena = arena_open(MEMORY_MAX); /* its own: names are added by many threads, under the lock */
    metrics *m = arena ? ARENA_NEW(arena, metrics) : NULL;
    if (!m) {
        arena_close(arena);
        return NULL;
    }
    pthread_mutex_init(&m->lock, NULL);
    m->arena = arena;
    return m;
}

void metrics_close(metrics *m)
{
    if (!m)
        return;
    pthread_mutex_destroy(&m->lock);
    arena_close(m->arena);
}

static size_t slot_of(kt_str name)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ (uint8_t)name.ptr[i]) * 16777619U;
    return h % SLOTS;
}

static metric *find(metrics *m, kt_str name, size_t *slot)
{
    for (size_t i = slot_of(name);; i = (i + 1) % SLOTS) {
        metric *at = atomic_load_explicit(&m->slots[i], memory_order_acquire);
        *slot = i;
        if (!at || str_eq((kt_str){at->name, at->name_len}, name))
            return at;
    }
}

static metric *find_or_add(metrics *m, kt_str name)
{
    size_t slot;
    if (name.len >= NAME_MAX)
        name = KT_STR("other");
    metric *found = find(m, name, &slot);
    if (found)
        return found;
    pthread_mutex_lock(&m->lock);
    if (m->names >= NAMES_MAX)
        name = KT_STR("other");
    found = find(m, name, &slot);
    if (!found) {
        found = ARENA_NEW(m->arena, metric);
        if (found) {
            memcpy(found->name, name.ptr, name.len);
            found->name_len = name.len;
            m->names++;
            atomic_store_explicit(&m->slots[slot], found, memory_order_release);
        }
    }
    pthread_mutex_unlock(&m->lock);
    return found;
}

void metrics_call(metrics *m, kt_str method, kt_kind kind, int64_t spent_us)
{
    metric *at = find_or_add(m, method);
    if (!at)
        return;
    size_t bucket = 0;
    while (bucket < BUCKETS && spent_us > bounds_us[bucket])
        bucket++;
    atomic_fetch_add_explicit(&at->kinds[(size_t)kind < KINDS ? (size_t)kind : 0], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&at->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&at->sum_us, (uint_fast64_t)spent_us, memory_order_relaxed);
    int_fast64_t recent = atomic_load_explicit(&at->recent_us, memory_order_relaxed);
    int64_t counted_us = spent_us < COUNTED_US ? spent_us : COUNTED_US;
    atomic_store_explicit(&at->recent_us, recent + (counted_us - recent) / 8, memory_order_relaxed);
}

bool metrics_is_slow(metrics *m, kt_str method)
{
    size_t slot;
    metric *at = method.len < NAME_MAX ? find(m, method, &slot) : NULL;
    return at && atomic_load_explicit(&at->recent_us, memory_order_relaxed) > SLOW_US;
}

void metrics_event(metrics *m, const char *name)
{
    metric *at = find_or_add(m, str_of(name));
    if (at)
        atomic_fetch_add_explicit(&at->kinds[0], 1, memory_order_relaxed);
}

void metrics_gauge(buffer *out, const char *name, const char *help, uint64_t value)
{
    buffer_add_format(out, "# HELP kontor_%s %s\n# TYPE kontor_%s gauge\nkontor_%s %llu\n", name, help, name,
        name, (unsigned long long)value);
}

static void write_histogram(const metric *at, buffer *out)
{
    uint64_t sum = 0;
    for (size_t i = 0; i <= BUCKETS; i++) {
        sum += atomic_load(&at->buckets[i]);
        if (i < BUCKETS)
            buffer_add_format(out, "kontor_call_seconds_bucket{method=\"%s\",le=\"%lld.%06lld\"} %llu\n",
                at->name, (long long)(bounds_us[i] / 1000000), (long long)(bounds_us[i] % 1000000),
                (unsigned long long)sum);
    }
    uint64_t us = atomic_load(&at->sum_us);
    buffer_add_format(out,
        "kontor_call_seconds_bucket{method=\"%s\",le=\"+Inf\"} %llu\n"
        "kontor_call_seconds_sum{method=\"%s\"} %llu.%06llu\n"
        "kontor_call_seconds_count{method=\"%s\"} %llu\n",
        at->name, (unsigned long long)sum, at->name, (unsigned long long)(us / 1000000),
        (unsigned long long)(us % 1000000), at->name, (unsigned long long)sum);
}

void metrics_write(metrics *m, buffer *out)
{
    buffer_add_str(out, KT_STR("# HELP kontor_calls_total Calls by method and kind of result.\n"
                               "# TYPE kontor_calls_total counter\n"));
    for (size_t i = 0; i < SLOTS; i++) {
        metric *at = atomic_load_explicit(&m->slots[i], memory_order_acquire);
        for (size_t kind = 0; at && kind < KINDS; kind++) {
            uint64_t n = atomic_load(&at->kinds[kind]);
            if (n)
                buffer_add_format(out, "kontor_calls_total{method=\"%s\",kind=\"%s\"} %llu\n", at->name,
                    kind ? kind_name((kt_kind)kind) : "ok", (unsigned long long)n);
        }
    }
    buffer_add_str(out, KT_STR("# HELP kontor_call_seconds Time from a call's arrival to its answer.\n"
                               "# TYPE kontor_call_seconds histogram\n"));
    for (size_t i = 0; i < SLOTS; i++) {
        metric *at = atomic_load_explicit(&m->slots[i], memory_order_acquire);
        if (at)
            write_histogram(at, out);
    }
}
