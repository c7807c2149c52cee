/* read_budget.c -- a set of records, or of masked values, for each user who has a limit and was shown something
 * today. The set is exact, so that looking at the same customer all day costs one. */
#include "access/read_budget.h"

#include <pthread.h>

#include "access/control.h"
#include "kit/log.h"

enum { ROOM_FIRST = 256, DAY_ARENA = 64 << 20, CHUNK_MAX = 4096 };

/* One user's day. */
typedef struct day_set {
    struct day_set *next;
    arena *arena;
    budget_kind kind;
    uint64_t user;
    kt_date day;
    uint64_t *keys; /* in the order they came; kept: how many of them are in the store */
    size_t count, key_room, kept;
    uint32_t chunks; /* in the store */
    uint64_t *slots; /* open addressing over the keys; 0: empty */
    size_t room;     /* a power of two, at least twice the count */
    bool spent;      /* said so */
} day_set;

struct read_budget {
    pthread_mutex_t lock;
    day_set *days;
};

struct read_budget_batch {
    struct read_budget_batch *next;
    budget_kind kind;
    uint64_t user;
    kt_date day;
    uint32_t chunk;
    const uint64_t *keys;
    size_t count;
};

read_budget *read_budget_open(arena *arena)
{
    read_budget *b = ARENA_NEW(arena, read_budget);
    return b && pthread_mutex_init(&b->lock, NULL) == 0 ? b : NULL;
}

void read_budget_close(read_budget *b)
{
    if (!b)
        return;
    for (day_set *d = b->days, *next; d; d = next) {
        next = d->next;
        arena_close(d->arena);
    }
    pthread_mutex_destroy(&b->lock);
}

/* ---- A day's set ---- */

uint64_t read_budget_record(const model_entity *entity, uint64_t id)
{
    return (uint64_t)entity->number << 48 | (id & 0xffffffffffff);
}

/* The key's slot, or the empty one where it would stand. */
static uint64_t *slot_of(uint64_t *slots, size_t room, uint64_t key)
{
    size_t at = (size_t)(key * 0x9E3779B97F4A7C15U >> 20) & (room - 1);
    while (slots[at] && slots[at] != key)
        at = (at + 1) & (room - 1);
    return &slots[at];
}

static bool has(const day_set *d, uint64_t key)
{
    return d->room && *slot_of(d->slots, d->room, key) == key;
}

static bool grow(day_set *d)
{
    size_t room = d->room ? 2 * d->room : ROOM_FIRST;
    uint64_t *slots = ARENA_ARRAY(d->arena, uint64_t, room);
    uint64_t *keys = arena_grow(d->arena, d->keys, d->key_room * sizeof *keys, room / 2 * sizeof *keys);
    if (!slots || !keys)
        return false;
    for (size_t i = 0; i < d->count; i++)
        *slot_of(slots, room, keys[i]) = keys[i];
    d->slots = slots;
    d->room = room;
    d->keys = keys;
    d->key_room = room / 2;
    return true;
}

/* false: no memory */
static bool add(day_set *d, uint64_t key)
{
    if (2 * (d->count + 1) > d->room && !grow(d))
        return false;
    *slot_of(d->slots, d->room, key) = key;
    d->keys[d->count++] = key;
    return true;
}

/* ---- Days ---- */

typedef struct {
    uint8_t bytes[18];
} chunk_key;

static kt_str chunk_name(chunk_key *k, budget_kind kind, uint64_t user, uint32_t day, uint32_t chunk)
{
    k->bytes[0] = 'A';
    k->bytes[1] = (uint8_t)kind;
    put_u64(k->bytes + 2, user);
    put_u64(k->bytes + 10, (uint64_t)day << 32 | chunk);
    return (kt_str){(const char *)k->bytes, sizeof k->bytes};
}

/* What the store has of this day. */
static kt_error *load(day_set *d, store_view *view)
{
    chunk_key from, to;
    store_cursor *cursor = NULL;
    kt_str name, value;
    kt_error *error = NULL;
    uint32_t day = (uint32_t)d->day.day;
    KT_TRY(store_scan(view, STORE_META, chunk_name(&from, d->kind, d->user, day, 0),
        chunk_name(&to, d->kind, d->user, day + 1, 0), false, &cursor));
    while (!error && store_next(cursor, &name, &value)) {
        for (size_t at = 0; !error && at + 8 <= value.len; at += 8)
            if (!has(d, get_u64(value.ptr + at)) && !add(d, get_u64(value.ptr + at)))
                error = error_no_memory();
        d->chunks++;
    }
    kt_error *end = store_scan_end(cursor);
    d->kept = d->count;
    return error ? error : end;
}

static day_set *find(read_budget *b, budget_kind kind, uint64_t user, kt_date day)
{
    day_set *d = b->days;
    while (d && (d->kind != kind || d->user != user || d->day.day != day.day))
        d = d->next;
    return d;
}

/* Adds the day and ends those that are over and kept. Under the lock. */
static void enter(read_budget *b, day_set *made)
{
    for (day_set **at = &b->days; *at;) {
        day_set *d = *at;
        if (d->day.day + 1 < made->day.day && d->kept == d->count) {
            *at = d->next;
            arena_close(d->arena);
        } else {
            at = &d->next;
        }
    }
    made->next = b->days;
    b->days = made;
}

/* The user's day, locked; it is read from the store when it is not there yet. */
static kt_error *day_lock(
    read_budget *b, kt_tx *tx, budget_kind kind, uint64_t user, kt_date day, day_set **out)
{
    pthread_mutex_lock(&b->lock);
    if ((*out = find(b, kind, user, day)))
        return NULL;
    pthread_mutex_unlock(&b->lock);
    arena *arena = arena_open(DAY_ARENA);
    day_set *d = arena ? ARENA_NEW(arena, day_set) : NULL;
    kt_error *error = d ? NULL : error_no_memory();
    if (d) {
        *d = (day_set){.arena = arena, .kind = kind, .user = user, .day = day};
        error = load(d, tx->view);
    }
    if (error) {
        arena_close(arena);
        return error;
    }
    pthread_mutex_lock(&b->lock);
    *out = find(b, kind, user, day);
    if (*out) { /* another thread was quicker */
        arena_close(arena);
        return NULL;
    }
    enter(b, d);
    *out = d;
    return NULL;
}

static void say(const char *event, const day_set *d, int64_t limit)
{
    log_line(KT_LOG_WARN, "access", "%s event=%s user=%llu records=%zu limit=%lld",
        d->kind == BUDGET_READS ? "read_budget" : "reveal_budget", event, (unsigned long long)d->user,
        d->count, (long long)limit);
}

static kt_error *spent(kt_tx *tx, budget_kind kind, int64_t limit)
{
    if (kind == BUDGET_REVEALS)
        return kt_hint(
            error_make(tx->arena, KT_LIMIT, NULL, "your limit of %lld revealed values a day is reached",
                "osiągnięto limit %lld odsłoniętych wartości dziennie", (long long)limit),
            "It begins anew tomorrow; an administrator can raise daily_reveal_limit of the user.",
            "Jutro zaczyna się od nowa; administrator może podnieść daily_reveal_limit użytkownika.");
    return kt_hint(
        error_make(tx->arena, KT_LIMIT, NULL, "your limit of %lld different records a day is reached",
            "osiągnięto limit %lld różnych rekordów dziennie", (long long)limit),
        "It begins anew tomorrow; an administrator can raise it for today by access.reads.raise.",
        "Jutro zaczyna się od nowa; administrator może go dziś podnieść przez access.reads.raise.");
}

kt_error *read_budget_spend(read_budget *b, kt_tx *tx, budget_kind kind, kt_date day, int64_t limit,
    uint64_t key, budget_event *event)
{
    day_set *d;
    kt_error *error = NULL;
    *event = BUDGET_QUIET;
    KT_TRY(day_lock(b, tx, kind, tx->user, day, &d));
    if (!has(d, key)) {
        int64_t count = (int64_t)d->count;
        if (count >= limit) {
            *event = d->spent ? BUDGET_QUIET : BUDGET_SPENT;
            d->spent = true;
            error = spent(tx, kind, limit);
        } else if (!add(d, key)) {
            error = error_no_memory();
        } else if (2 * (count + 1) >= limit && 2 * count < limit) {
            *event = BUDGET_HALF;
        }
        if (*event != BUDGET_QUIET)
            say(*event == BUDGET_HALF ? "half" : "spent", d, limit);
    }
    pthread_mutex_unlock(&b->lock);
    return error;
}

/* Whoever only asks leaves no day behind. */
kt_error *read_budget_seen(
    read_budget *b, kt_tx *tx, budget_kind kind, kt_date day, uint64_t user, int64_t *seen)
{
    pthread_mutex_lock(&b->lock);
    const day_set *known = find(b, kind, user, day);
    *seen = known ? (int64_t)known->count : 0;
    pthread_mutex_unlock(&b->lock);
    if (known)
        return NULL;
    day_set kept = {.arena = arena_open(DAY_ARENA), .kind = kind, .user = user, .day = day};
    kt_error *error = kept.arena ? load(&kept, tx->view) : error_no_memory();
    *seen = (int64_t)kept.count;
    arena_close(kept.arena);
    return error;
}

/* ---- Keeping ---- */

read_budget_batch *read_budget_take(read_budget *b, arena *arena)
{
    read_budget_batch *all = NULL;
    pthread_mutex_lock(&b->lock);
    for (day_set *d = b->days; d; d = d->next) {
        size_t n = d->count - d->kept < CHUNK_MAX ? d->count - d->kept : CHUNK_MAX;
        read_budget_batch *one = n ? ARENA_NEW(arena, read_budget_batch) : NULL;
        uint64_t *keys = one ? ARENA_ARRAY(arena, uint64_t, n) : NULL;
        if (!keys)
            continue;
        memcpy(keys, d->keys + d->kept, n * sizeof *keys);
        *one = (read_budget_batch){all, d->kind, d->user, d->day, d->chunks, keys, n};
        all = one;
    }
    pthread_mutex_unlock(&b->lock);
    return all;
}

/* The first chunk of a day takes the place of what is left of the user's days before. */
static kt_error *forget_before(store_view *view, budget_kind kind, uint64_t user, kt_date day)
{
    chunk_key from, to;
    store_cursor *cursor = NULL;
    kt_str name, value;
    kt_error *error = NULL;
    KT_TRY(store_scan(view, STORE_META, chunk_name(&from, kind, user, 0, 0),
        chunk_name(&to, kind, user, (uint32_t)day.day, 0), false, &cursor));
    while (!error && store_next(cursor, &name, &value))
        error = store_delete(view, STORE_META, name);
    kt_error *end = store_scan_end(cursor);
    return error ? error : end;
}

kt_error *read_budget_keep(const read_budget_batch *batch, store_view *view)
{
    for (const read_budget_batch *one = batch; one; one = one->next) {
        chunk_key name;
        uint8_t bytes[CHUNK_MAX * 8];
        for (size_t i = 0; i < one->count; i++)
            put_u64(bytes + 8 * i, one->keys[i]);
        if (one->chunk == 0)
            KT_TRY(forget_before(view, one->kind, one->user, one->day));
        KT_TRY(store_put(view, STORE_META,
            chunk_name(&name, one->kind, one->user, (uint32_t)one->day.day, one->chunk),
            (kt_str){(const char *)bytes, 8 * one->count}));
    }
    return NULL;
}

void read_budget_kept(read_budget *b, const read_budget_batch *batch)
{
    pthread_mutex_lock(&b->lock);
    for (const read_budget_batch *one = batch; one; one = one->next) {
        day_set *d = find(b, one->kind, one->user, one->day);
        if (!d)
            continue;
        d->kept += one->count;
        d->chunks++;
    }
    pthread_mutex_unlock(&b->lock);
}
