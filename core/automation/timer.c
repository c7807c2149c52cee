/* timer.c -- what the clock sets off: schedules, and days or instants in records that are reached.
 *
 *   "Rs" rule (u64) trigger (u8)  the rule's version, u32: one that was switched on again begins anew; a mark
 *
 * A schedule that was missed, for the server was down, runs once. A date that was moved into the past, or written
 * there, is not reached any more. What is reached is queued a thousand records a transaction, until all of it is. */
#include "automation/rule.h"
#include "kit/calendar.h"
#include "kit/str.h"

enum { ROWS_MAX = 1000, LOOK_MS = 60000 };

typedef struct {
    char bytes[11];
} mark_key;

static kt_str mark_of(const subscription *s, mark_key *k)
{
    uint64_t id = s->rule->id;
    memcpy(k->bytes, "Rs", 2);
    memcpy(k->bytes + 2, &id, 8);
    k->bytes[10] = (char)(uint8_t)(s->trigger - s->rule->triggers);
    return (kt_str){k->bytes, sizeof k->bytes};
}

/* How far a trigger was looked at. A look that had more to queue than fits a transaction goes on. */
typedef struct {
    kt_time at;     /* up to here */
    kt_time to;     /* of the look that is not done; not set: it is */
    uint64_t after; /* the last record that it queued */
} mark;

static kt_error *read_mark(kt_tx *tx, const subscription *s, mark *m)
{
    mark_key k;
    kt_str value;
    uint32_t version;
    KT_TRY(store_get(tx->view, STORE_META, mark_of(s, &k), &value));
    *m = (mark){0};
    if (value.len != sizeof version + sizeof *m)
        return NULL;
    memcpy(&version, value.ptr, sizeof version);
    if (version == s->rule->version)
        memcpy(m, value.ptr + sizeof version, sizeof *m);
    return NULL;
}

static kt_error *write_mark(kt_tx *tx, const subscription *s, mark m)
{
    mark_key k;
    char value[sizeof s->rule->version + sizeof m];
    memcpy(value, &s->rule->version, sizeof s->rule->version);
    memcpy(value + sizeof s->rule->version, &m, sizeof m);
    return store_put(tx->view, STORE_META, mark_of(s, &k), (kt_str){value, sizeof value});
}

static kt_error *queue_now(kt_tx *tx, const subscription *s, const model_record *record)
{
    const planned plan = {s->rule, s->trigger, KT_STR("run")};
    const occasion on = {.event = s->trigger->text.ptr,
        .entity = s->trigger->entity,
        .id = record ? (uint64_t)record->values[MODEL_ID].as.i : 0,
        .after = record};
    return queue_add(tx, &plan, &on, tx->now, false);
}

/* ---- Schedules ---- */

static kt_error *look_at_schedule(kt_tx *tx, const subscription *s)
{
    mark last;
    KT_TRY(read_mark(tx, s, &last));
    if (!last.at.ms)
        return write_mark(tx, s, (mark){.at = tx->now}); /* from here on */
    kt_time due = schedule_next(&s->trigger->when, tx->zone, last.at);
    if (!due.ms || due.ms > tx->now.ms)
        return NULL;
    KT_TRY(queue_now(tx, s, NULL));
    return write_mark(tx, s, (mark){.at = tx->now});
}

/* ---- Dates ---- */

/* [[field, ">", from], [field, "<=", to], ["id", ">", after]] */
static const variant *range_filter(kt_tx *tx, const trigger *t, kt_time from, kt_time to, uint64_t after)
{
    const bool is_day = t->field->type == KT_DATE;
    const kt_str names[] = {t->field->name, t->field->name, KT_STR("id")},
                 operators[] = {KT_STR(">"), KT_STR("<="), KT_STR(">")};
    variant *v = ARENA_ARRAY(tx->arena, variant, 1 + 3 + 3 * 3);
    if (!v)
        return NULL;
    for (int i = 0; i < 3; i++) {
        kt_time at = i ? to : from;
        char text[TIME_TEXT_MAX];
        size_t n = is_day ? date_text(zone_date(tx->zone, at), text) : time_text(at, text);
        variant *c = v + 4 + 3 * i;
        c[0] = (variant){.kind = VARIANT_STRING, .as.string = names[i]};
        c[1] = (variant){.kind = VARIANT_STRING, .as.string = operators[i]};
        c[2] = i == 2
                   ? (variant){.kind = VARIANT_INT, .as.integer = (int64_t)after}
                   : (variant){.kind = VARIANT_STRING, .as.string = arena_str(tx->arena, (kt_str){text, n})};
        v[1 + i] = (variant){.kind = VARIANT_ARRAY, .as.array = {c, 3}};
    }
    v[0] = (variant){.kind = VARIANT_ARRAY, .as.array = {v + 1, 3}};
    return v;
}

/* Queues what was reached since the mark, at most ROWS_MAX records behind `after`, which it moves on.
 *   more  receives whether there is more */
static kt_error *queue_reached(kt_tx *tx, const subscription *s, mark *m, bool *more)
{
    static const variant by_id = {.kind = VARIANT_STRING, .as.string = {"id", 2}};
    const trigger *t = s->trigger;
    const kt_time from = {m->at.ms - t->offset_ms}, to = {m->to.ms - t->offset_ms};
    query_filter *filter = NULL;
    query_rows *rows = NULL;
    model_record record = {0};
    const variant *range = range_filter(tx, t, from, to, m->after);
    if (!range)
        return error_no_memory();
    KT_TRY(query_filter_read(tx, t->entity, range, &filter));
    const query_request query = {.entity = t->entity, .filter = filter, .sort = &by_id};
    KT_TRY(query_open(tx, &query, &rows));
    kt_error *error = NULL;
    int count = 0;
    while (!error && count <= ROWS_MAX && query_next(rows, &record)) {
        bool it_holds;
        if (count++ == ROWS_MAX)
            break;
        m->after = (uint64_t)record.values[MODEL_ID].as.i;
        error = fire_holds(tx, t, &record, &it_holds);
        if (!error && it_holds)
            error = queue_now(tx, s, &record);
    }
    *more = count > ROWS_MAX;
    kt_error *end = query_end(rows);
    return error ? error : end;
}

static kt_error *look_at_date(kt_tx *tx, const subscription *s, bool *more)
{
    mark last;
    bool rest = false;
    KT_TRY(read_mark(tx, s, &last));
    if (!last.at.ms)
        return write_mark(tx, s, (mark){.at = tx->now});
    if (!last.to.ms && tx->now.ms - last.at.ms < LOOK_MS)
        return NULL;
    if (!last.to.ms)
        last.to = tx->now;
    KT_TRY(queue_reached(tx, s, &last, &rest));
    *more = *more || rest;
    return write_mark(tx, s, rest ? last : (mark){.at = last.to});
}

/* ---- All ---- */

/* In the zone of the rule's company. */
static kt_error *in_zone(kt_tx *tx, const subscription *s, bool *more)
{
    const zone *before = tx->zone;
    zone *own;
    KT_TRY(model_company_zone(tx, s->rule->company, &own));
    tx->zone = own;
    tx->company = s->rule->company;
    kt_error *error = s->trigger->kind == ON_SCHEDULE ? look_at_schedule(tx, s) : look_at_date(tx, s, more);
    tx->zone = before;
    tx->company = 0;
    zone_close(own);
    return error;
}

kt_error *timer_queue(kt_tx *tx, const ruleset *set, bool *more)
{
    *more = false;
    for (size_t i = 0; i < set->others.count; i++) {
        const subscription *s = &set->others.items[i];
        if (s->trigger->kind == ON_SCHEDULE || s->trigger->kind == ON_DATE)
            KT_TRY(in_zone(tx, s, more));
    }
    return NULL;
}

/* Once a minute while any rule waits for the clock: a look costs a few reads. */
kt_time timer_next(const ruleset *set, kt_time now)
{
    for (size_t i = 0; i < set->others.count; i++)
        if (set->others.items[i].trigger->kind == ON_SCHEDULE ||
            set->others.items[i].trigger->kind == ON_DATE)
            return set->of->looked_at.ms ? (kt_time){set->of->looked_at.ms + LOOK_MS} : now;
    return (kt_time){0};
}
