/* timer.c -- what the clock sets off: schedules, and days or instants in records that are reached.
 *
 *   "Rs" rule (u64) trigger (u8)  up to when it has been looked at, i64 milliseconds; the rule's version,
 * u32: one that was switched on again begins anew A schedule that was missed, for the server was down, runs
 * once. A date that was moved into the past, or written there, is not reached any more. */
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

static kt_error *read_mark(kt_tx *tx, const subscription *s, kt_time *at)
{
    mark_key k;
    kt_str value;
    uint32_t version;
    KT_TRY(store_get(tx->view, STORE_META, mark_of(s, &k), &value));
    *at = (kt_time){0};
    if (value.len != sizeof at->ms + sizeof version)
        return NULL;
    memcpy(&version, value.ptr + sizeof at->ms, sizeof version);
    if (version == s->rule->version)
        memcpy(&at->ms, value.ptr, sizeof at->ms);
    return NULL;
}

static kt_error *write_mark(kt_tx *tx, const subscription *s, kt_time at)
{
    mark_key k;
    char value[sizeof at.ms + sizeof s->rule->version];
    memcpy(value, &at.ms, sizeof at.ms);
    memcpy(value + sizeof at.ms, &s->rule->version, sizeof s->rule->version);
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
    kt_time last;
    KT_TRY(read_mark(tx, s, &last));
    if (!last.ms)
        return write_mark(tx, s, tx->now); /* from here on */
    kt_time due = schedule_next(&s->trigger->when, tx->zone, last);
    if (!due.ms || due.ms > tx->now.ms)
        return NULL;
    KT_TRY(queue_now(tx, s, NULL));
    return write_mark(tx, s, tx->now);
}

/* ---- Dates ---- */

/* [[field, ">", from], [field, "<=", to]] */
static const variant *range_filter(kt_tx *tx, const trigger *t, kt_time from, kt_time to)
{
    const bool is_day = t->field->type == KT_DATE;
    variant *v = ARENA_ARRAY(tx->arena, variant, 9);
    if (!v)
        return NULL;
    for (int i = 0; i < 2; i++) {
        kt_time at = i ? to : from;
        char text[TIME_TEXT_MAX];
        size_t n = is_day ? date_text(zone_date(tx->zone, at), text) : time_text(at, text);
        variant *c = v + 3 + 3 * i;
        c[0] = (variant){.kind = VARIANT_STRING, .as.string = t->field->name};
        c[1] = (variant){.kind = VARIANT_STRING, .as.string = i ? KT_STR("<=") : KT_STR(">")};
        c[2] = (variant){.kind = VARIANT_STRING, .as.string = arena_str(tx->arena, (kt_str){text, n})};
        v[1 + i] = (variant){.kind = VARIANT_ARRAY, .as.array = {c, 3}};
    }
    v[0] = (variant){.kind = VARIANT_ARRAY, .as.array = {v + 1, 2}};
    return v;
}

static kt_error *queue_reached(kt_tx *tx, const subscription *s, kt_time from, kt_time to)
{
    const trigger *t = s->trigger;
    model_filter *filter = NULL;
    model_rows *rows = NULL;
    model_record record = {0};
    const variant *range = range_filter(tx, t, from, to);
    if (!range)
        return error_no_memory();
    KT_TRY(model_filter_read(tx, t->entity, range, &filter));
    const model_query query = {.entity = t->entity, .filter = filter};
    KT_TRY(model_query_open(tx, &query, &rows));
    kt_error *error = NULL;
    for (int i = 0; i < ROWS_MAX && !error && model_next(rows, &record); i++) {
        bool it_holds;
        error = fire_holds(tx, t, &record, &it_holds);
        if (!error && it_holds)
            error = queue_now(tx, s, &record);
    }
    kt_error *end = model_query_end(rows);
    return error ? error : end;
}

static kt_error *look_at_date(kt_tx *tx, const subscription *s)
{
    kt_time last;
    KT_TRY(read_mark(tx, s, &last));
    if (!last.ms)
        return write_mark(tx, s, tx->now);
    if (tx->now.ms - last.ms < LOOK_MS)
        return NULL;
    const kt_time from = {last.ms - s->trigger->offset_ms}, to = {tx->now.ms - s->trigger->offset_ms};
    KT_TRY(queue_reached(tx, s, from, to));
    return write_mark(tx, s, tx->now);
}

/* ---- All ---- */

/* In the zone of the rule's company. */
static kt_error *in_zone(kt_tx *tx, const ruleset *set, const subscription *s)
{
    const access_actor *actor = NULL;
    KT_TRY(access_stand_in(set->of->options.errands->access, tx, 0, s->rule->company, (kt_str){0}, &actor));
    kt_tx local = *tx;
    access_begin(&local, actor);
    tx->zone = local.zone;
    tx->company = s->rule->company;
    kt_error *error = s->trigger->kind == ON_SCHEDULE ? look_at_schedule(tx, s) : look_at_date(tx, s);
    tx->zone = NULL;
    tx->company = 0;
    access_actor_release(actor);
    return error;
}

kt_error *timer_queue(kt_tx *tx, const ruleset *set)
{
    for (size_t i = 0; i < set->others.count; i++) {
        const subscription *s = &set->others.items[i];
        if (s->trigger->kind == ON_SCHEDULE || s->trigger->kind == ON_DATE)
            KT_TRY(in_zone(tx, set, s));
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
