/* usual.c -- see usual.h. */
#include "access/usual.h"

#include <stdlib.h>

enum { KEY_BYTES = 14 };

typedef struct {
    uint8_t bytes[KEY_BYTES + 4];
} day_key;

static kt_str key_of(day_key *k, uint64_t user, uint32_t day)
{
    memcpy(k->bytes, "Au", 2);
    put_u64(k->bytes + 2, user);
    put_u64(k->bytes + 10, (uint64_t)day << 32);
    return (kt_str){(const char *)k->bytes, KEY_BYTES};
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

kt_error *usual_read(kt_tx *tx, uint64_t user, kt_date day, usual_figures *f)
{
    day_key from, to, today;
    uint64_t before[USUAL_DAYS];
    store_cursor *cursor = NULL;
    kt_str key, value, now = key_of(&today, user, (uint32_t)day.day);
    *f = (usual_figures){0};
    KT_TRY(store_scan(tx->view, STORE_META, key_of(&from, user, 0), key_of(&to, user, (uint32_t)day.day + 1),
        true, &cursor));
    while (f->days < USUAL_DAYS && store_next(cursor, &key, &value)) {
        if (str_eq(key, now))
            f->today = (int64_t)get_u64(value.ptr);
        else
            before[f->days++] = get_u64(value.ptr);
    }
    KT_TRY(store_scan_end(cursor));
    qsort(before, f->days, sizeof *before, compare);
    if (f->days)
        f->usual = (int64_t)((before[(f->days - 1) / 2] + before[f->days / 2]) / 2);
    return NULL;
}

bool usual_exceeded(const usual_figures *f, int64_t factor, int64_t least)
{
    return f->days >= USUAL_DAYS_MIN && f->today >= least && f->today / factor >= f->usual &&
           f->today > factor * f->usual;
}

/* A day begins: what is older than the days that are compared with goes. */
static kt_error *forget(kt_tx *tx, uint64_t user, uint32_t day)
{
    day_key from, to;
    store_cursor *cursor = NULL;
    kt_str key, value;
    kt_error *error = NULL;
    KT_TRY(store_scan(tx->view, STORE_META, key_of(&from, user, 0), key_of(&to, user, day), true, &cursor));
    for (size_t seen = 0; !error && store_next(cursor, &key, &value); seen++)
        if (seen >= USUAL_DAYS)
            error = store_delete(tx->view, STORE_META, key);
    kt_also(&error, store_scan_end(cursor));
    return error;
}

kt_error *usual_count(kt_tx *tx, const alarm *shown, size_t count, alarm **alarms)
{
    day_key name;
    kt_str value;
    uint8_t bytes[8];
    kt_date day = zone_date(NULL, shown->at);
    kt_str key = key_of(&name, shown->user, (uint32_t)day.day);
    usual_figures f;
    KT_TRY(store_get(tx->view, STORE_META, key, &value));
    uint64_t before = value.ptr ? get_u64(value.ptr) : 0;
    if (!value.ptr)
        KT_TRY(forget(tx, shown->user, (uint32_t)day.day));
    put_u64(bytes, before + count);
    KT_TRY(store_put(tx->view, STORE_META, key, (kt_str){(const char *)bytes, sizeof bytes}));
    if (!shown->user || before + count < USUAL_LEAST)
        return NULL;
    KT_TRY(usual_read(tx, shown->user, day, &f));
    f.today = (int64_t)before;
    bool was = usual_exceeded(&f, USUAL_FACTOR, USUAL_LEAST);
    f.today = (int64_t)(before + count);
    if (was || !usual_exceeded(&f, USUAL_FACTOR, USUAL_LEAST))
        return NULL;
    alarm *a = ARENA_NEW(tx->arena, alarm);
    if (!a)
        return error_no_memory();
    *a = *shown;
    a->kind = ALARM_READS_UNUSUAL;
    a->count = f.today;
    a->most = f.usual;
    a->next = *alarms;
    *alarms = a;
    return NULL;
}
