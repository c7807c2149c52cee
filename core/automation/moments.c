/* moments.c -- a heap of instants, the latest first: each schedule has one in it, each date that was reached one. */
#include "automation/moments.h"

#include "kit/calendar.h"

enum { ROOM_FIRST = 256 };

/* ---- The heap ---- */

static bool is_later(const moment *a, const moment *b)
{
    if (a->at.ms != b->at.ms)
        return a->at.ms > b->at.ms;
    if (a->trigger != b->trigger)
        return a->trigger > b->trigger;
    return a->id > b->id;
}

static void swap(moments *m, size_t a, size_t b)
{
    const moment kept = m->items[a];
    m->items[a] = m->items[b];
    m->items[b] = kept;
}

static kt_error *put(moments *m, moment one)
{
    if (m->count == m->room) {
        size_t room = m->room ? 2 * m->room : ROOM_FIRST;
        moment *grown = arena_grow(m->arena, m->items, m->room * sizeof *grown, room * sizeof *grown);
        if (!grown)
            return error_no_memory();
        m->items = grown;
        m->room = room;
    }
    size_t at = m->count++;
    m->items[at] = one;
    for (; at > 0 && is_later(&m->items[at], &m->items[(at - 1) / 2]); at = (at - 1) / 2)
        swap(m, at, (at - 1) / 2);
    return NULL;
}

static void drop_first(moments *m)
{
    size_t at = 0;
    m->items[0] = m->items[--m->count];
    for (;;) {
        size_t later = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < m->count; child++)
            if (is_later(&m->items[child], &m->items[later]))
                later = child;
        if (later == at)
            return;
        swap(m, at, later);
        at = later;
    }
}

/* ---- What goes in ---- */

kt_time moment_of(const clocked *of, const trigger *t, const model_record *record)
{
    const model_value *value = &record->values[t->field->position];
    if (!value->set)
        return (kt_time){0};
    kt_time at = {value->as.i};
    if (t->field->type == KT_DATE)
        at = zone_midnight(of->zone, (kt_date){(int32_t)value->as.i});
    return (kt_time){at.ms + t->offset_ms};
}

kt_error *moments_add_version(
    moments *m, const clocked *of, const trigger *t, const model_record *version, kt_time until)
{
    kt_time at = moment_of(of, t, version);
    if (!at.ms || at.ms >= until.ms)
        return NULL;
    return put(m, (moment){at, of, t, (uint64_t)version->values[MODEL_ID].as.i});
}

static kt_error *add_schedule(moments *m, const clocked *of, const trigger *t, kt_time before)
{
    kt_time at = schedule_last(&t->when, of->zone, before);
    return at.ms ? put(m, (moment){at, of, t, 0}) : NULL;
}

static kt_error *add_records(moments *m, kt_tx *tx, const clocked *of, const trigger *t, kt_time now)
{
    const model_guard *guard = tx->guard;
    query_rows *rows = NULL;
    model_record record = {0};
    tx->guard = NULL; /* what the clock sees */
    kt_error *error = query_open(tx, &(query_request){.entity = t->entity}, &rows);
    if (!error) {
        while (!error && query_next(rows, &record))
            error = moments_add_version(m, of, t, &record, now);
        kt_error *end = query_end(rows);
        error = error ? error : end;
    }
    tx->guard = guard;
    return error;
}

kt_error *moments_begin(moments *m, kt_tx *tx, const clocked *of, kt_time now)
{
    for (size_t i = 0; i < of->rule->trigger_count; i++) {
        const trigger *t = &of->rule->triggers[i];
        if (t->kind == ON_SCHEDULE)
            KT_TRY(add_schedule(m, of, t, now));
        else if (t->kind == ON_DATE)
            KT_TRY(add_records(m, tx, of, t, now));
    }
    return NULL;
}

kt_error *moments_take(moments *m, kt_time since, moment *taken)
{
    *taken = (moment){0};
    if (!m->count || m->items[0].at.ms <= since.ms)
        return NULL;
    *taken = m->items[0];
    while (m->count && !is_later(taken, &m->items[0]))
        drop_first(m);
    return taken->id ? NULL : add_schedule(m, taken->of, taken->trigger, taken->at);
}
