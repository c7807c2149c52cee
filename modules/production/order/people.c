/* What changes the capacity of a work centre: people who are away, who may run it, its calendar and its own record. Operations that
 * no longer fit are placed anew, and with them their orders and whatever waits for these. Where there is more capacity
 * than before, what is late may come sooner. Who is away only the module hr knows. */
#include <stdlib.h>
#include <string.h>

#include "order/order.h"

struct absence { /* of hr.leave */
    kt_record rec;
    kt_id employee;
    kt_date from, until;
};
const kt_shape absence_shape = KT_SHAPE(absence, "hr.leave", KT_BIND(absence, employee, REF, "employee"),
    KT_BIND(absence, from, DATE, "from"), KT_BIND(absence, until, DATE, "until"));

struct may_run { /* of hr.qualification */
    kt_record rec;
    kt_id employee, work_centre;
};
const kt_shape may_run_shape = KT_SHAPE(may_run, "hr.qualification",
    KT_BIND(may_run, employee, REF, "employee"), KT_BIND(may_run, work_centre, REF, "work_centre"));

struct person { /* of hr.employee */
    kt_record rec;
    unsigned state;
};
const kt_shape person_shape = KT_SHAPE(person, "hr.employee", KT_BIND(person, state, STATE, "state"));

/* ---- What stands at a centre, those needed first before the others ---- */

struct standing {
    struct operation *items;
    size_t count;
    kt_time from, until; /* of the absence */
};

static int by_deadline(const void *a, const void *b)
{
    const struct operation *x = a, *y = b;
    bool begun = x->state > READY, other = y->state > READY;
    int32_t due = x->deadline.day ? x->deadline.day : INT32_MAX;
    int32_t other_due = y->deadline.day ? y->deadline.day : INT32_MAX;
    if (begun != other)
        return begun ? -1 : 1;
    if (due != other_due)
        return due < other_due ? -1 : 1;
    if (x->begins.ms != y->begins.ms)
        return x->begins.ms < y->begins.ms ? -1 : 1;
    return (x->rec.id.v > y->rec.id.v) - (x->rec.id.v < y->rec.id.v);
}

static kt_error *read_standing(kt_tx *tx, kt_id centre, struct standing *s)
{
    const kt_time now = kt_now(tx);
    const kt_where where[] = {
        KT_WHERE(operation, centre, KT_EQ, centre), KT_WHERE(operation, ends, KT_GT, now), {0}};
    const kt_query query = {.of = &operation_shape, .where = where};
    kt_cursor *cursor;
    uint64_t room;
    KT_TRY(kt_count(tx, &query, &room));
    s->items = kt_alloc(tx, (size_t)(room + 1) * sizeof *s->items);
    if (!s->items)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    while (s->count < room) {
        struct operation *p = &s->items[s->count];
        *p = (struct operation){KT_OF(operation)};
        if (!kt_next(cursor, &p->rec))
            break;
        s->count += p->state != FINISHED && p->state != DROPPED;
    }
    if (s->count > 1)
        qsort(s->items, s->count, sizeof *s->items, by_deadline);
    return kt_close(cursor);
}

/* ---- Which of it no longer fits ---- */

/* Drops from the list what can stay: what has begun, what lies outside the absence, what finds people still. */
static kt_error *keep_displaced(kt_tx *tx, kt_id centre, struct standing *s)
{
    struct floor floor;
    unsigned at;
    size_t left = 0;
    kt_time last = s->until;
    for (size_t i = 0; i < s->count; i++)
        last = s->items[i].ends.ms > last.ms ? s->items[i].ends : last;
    floor_open(tx, &floor, kt_now(tx), (last.ms - kt_now(tx).ms) / 86400000 + 2);
    KT_TRY(floor_machine(tx, &floor, centre, (kt_id){0}, true, &at));
    struct machine *m = &floor.machines[at];
    for (size_t i = 0; i < s->count; i++) {
        const struct operation *p = &s->items[i];
        int64_t begin = p->begins.ms / 60000, end = to_minutes(p->ends);
        int64_t need = taken_minutes(&floor.centres[at], p->machine_minutes);
        bool within = p->state <= READY && p->begins.ms < s->until.ms && p->ends.ms > s->from.ms;
        bool stays = !within || machine_fits(m, begin, end, need);
        if (stays && !machine_book(&floor.memory, m, begin, end))
            return kt_no_memory();
        if (!stays)
            s->items[left++] = *p;
    }
    s->count = left;
    return NULL;
}

/* Of what has not begun, what is late. */
static kt_error *keep_late(kt_tx *tx, struct standing *s)
{
    size_t left = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct order o = {KT_OF(order)};
        KT_TRY(kt_read(tx, s->items[i].order, &o.rec));
        if (o.late && s->items[i].state <= READY && s->items[i].ends.ms > s->from.ms)
            s->items[left++] = s->items[i];
    }
    s->count = left;
    return NULL;
}

/* ---- Placing it anew ---- */

static kt_error *place_orders(kt_tx *tx, const struct standing *s, kt_text reason)
{
    for (size_t i = 0; i < s->count; i++) {
        struct order o = {KT_OF(order)};
        bool again = false;
        for (size_t n = 0; n < i; n++)
            again = again || s->items[n].order.v == s->items[i].order.v;
        if (again)
            continue;
        KT_TRY(kt_read(tx, s->items[i].order, &o.rec));
        if (!(KT_IN(o.state) & OPEN_AT_WORK))
            continue;
        o.steps++;
        KT_TRY(order_place_anew(tx, &o, (kt_date){0}, reason));
        KT_TRY(kt_update(tx, &o.rec));
    }
    return NULL;
}

/* What changed: how long, in which direction, and why. */
enum { LESS = 1, MORE = 2 };
struct change {
    kt_time from, until;        /* until not set: from now on */
    unsigned ways;              /* LESS, MORE, or both */
    const struct absence *away; /* NULL: it is about the centre, or who may run it */
    kt_text why;                /* otherwise: of the centre, %s is its name */
};

static kt_text reason_of(kt_tx *tx, const struct centre *c, const struct change *change)
{
    const char *name = c->name.ptr ? c->name.ptr : "";
    const struct absence *a = change->away;
    if (!a)
        return say_text(
            kt_format(tx, "%s: %s", name, change->why.en), kt_format(tx, "%s: %s", name, change->why.pl));
    const char *from = say_day(tx, a->from).ptr, *until = say_day(tx, a->until).ptr;
    if (change->ways == MORE)
        return say_text(kt_format(tx, "people are back at %s from %s on", name, from),
            kt_format(tx, "na stanowisku %s ludzie są znów od %s", name, from));
    return say_text(kt_format(tx, "people are away from %s from %s to %s", name, from, until),
        kt_format(tx, "na stanowisku %s brakuje ludzi od %s do %s", name, from, until));
}

static void stretch(struct standing *s)
{
    s->until = s->from;
    for (size_t i = 0; i < s->count; i++)
        s->until = s->items[i].ends.ms > s->until.ms ? s->items[i].ends : s->until;
}

static kt_error *at_centre(kt_tx *tx, const struct centre *c, const struct change *change)
{
    kt_text reason = reason_of(tx, c, change);
    for (unsigned way = LESS; way <= MORE; way++) {
        struct standing s = {.from = change->from, .until = change->until};
        if (!(change->ways & way))
            continue;
        KT_TRY(read_standing(tx, c->rec.id, &s));
        if (!s.until.ms)
            stretch(&s);
        KT_TRY(way == MORE ? keep_late(tx, &s) : keep_displaced(tx, c->rec.id, &s));
        KT_TRY(place_orders(tx, &s, reason));
    }
    return NULL;
}

/* The centre that a qualification names, if it is one of ours. */
static kt_error *at_named(kt_tx *tx, kt_id named, const struct change *change)
{
    const char *entity = kt_any_entity(tx, named);
    struct centre c = {KT_OF(centre)};
    if (!entity || strcmp(entity, centre_shape.name) != 0)
        return NULL;
    KT_TRY(kt_read(tx, kt_any_id(named), &c.rec));
    return at_centre(tx, &c, change);
}

/* All centres that somebody may run. */
static kt_error *at_centres(kt_tx *tx, kt_id employee, const struct change *change)
{
    const kt_where where[] = {{offsetof(struct may_run, employee), KT_EQ, &employee}, {0}};
    struct may_run q = {KT_OF(may_run)};
    id_map seen = {0};
    uint32_t unused;
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(floor_forget(tx));
    KT_TRY(kt_open(tx, &(kt_query){.of = &may_run_shape, .where = where, .sort = "id"}, &cursor));
    while (!error && kt_next(cursor, &q.rec)) {
        if (id_map_find(&seen, q.work_centre, &unused))
            continue;
        error = id_map_put(tx, &seen, q.work_centre, 0);
        if (!error)
            error = at_named(tx, q.work_centre, change);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

/* ---- Leave ---- */

static kt_error *follow(kt_tx *tx, const kt_event *event, unsigned ways)
{
    const struct absence *a = KT_SEE(absence, ways == MORE ? event->before : event->after);
    if (!a->from.day || a->until.day < kt_today(tx).day)
        return NULL;
    const struct change change = {.from = kt_instant(tx, a->from, 0),
        .until = kt_instant(tx, kt_date_add(a->until, 1), 0),
        .ways = ways,
        .away = a};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = at_centres(tx, a->employee, &change);
    kt_callers_authority(tx, before);
    return error;
}

kt_error *people_left(kt_tx *tx, const kt_event *event)
{
    return follow(tx, event, LESS);
}

kt_error *people_back(kt_tx *tx, const kt_event *event)
{
    return follow(tx, event, MORE);
}

/* ---- Who may run what, and who works here at all ---- */

static const kt_text other_people = {"other people may run it", "kto inny może na nim pracować"};

kt_error *person_changed(kt_tx *tx, const kt_event *event)
{
    const struct person *is = KT_SEE(person, event->after), *was = KT_SEE(person, event->before);
    const struct change change = {.from = kt_now(tx), .ways = LESS | MORE, .why = other_people};
    if (is->state == was->state)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = at_centres(tx, is->rec.id, &change);
    kt_callers_authority(tx, before);
    return error;
}

/* The first qualification for a centre takes capacity from it, each other one gives some. */
kt_error *qualification_changed(kt_tx *tx, const kt_event *event)
{
    const struct may_run *is = event->after ? KT_SEE(may_run, event->after) : NULL;
    const struct may_run *was = event->before ? KT_SEE(may_run, event->before) : NULL;
    const struct change change = {.from = kt_now(tx), .ways = LESS | MORE, .why = other_people};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = floor_forget(tx);
    if (!error && is)
        error = at_named(tx, is->work_centre, &change);
    if (!error && was && (!is || is->work_centre.v != was->work_centre.v))
        error = at_named(tx, was->work_centre, &change);
    kt_callers_authority(tx, before);
    return error;
}

/* ---- A centre works more or less than before ---- */

kt_error *centre_changed(kt_tx *tx, const kt_event *event)
{
    const struct centre *is = KT_SEE(centre, event->after), *was = KT_SEE(centre, event->before);
    const struct change change = {.from = kt_now(tx),
        .ways = LESS | MORE,
        .why = {"it works otherwise than before", "pracuje inaczej niż dotąd"}};
    if (is->slots == was->slots && is->calendar.v == was->calendar.v &&
        kt_dec_cmp(is->efficiency, was->efficiency) == 0)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = floor_forget(tx);
    if (!error)
        error = at_centre(tx, is, &change);
    kt_callers_authority(tx, before);
    return error;
}

/* ---- Calendars ---- */

struct off_day { /* of base.holiday */
    kt_record rec;
    kt_id calendar;
    kt_date day;
};
const kt_shape off_day_shape = KT_SHAPE(
    off_day, "base.holiday", KT_BIND(off_day, calendar, REF, "calendar"), KT_BIND(off_day, day, DATE, "day"));
struct shifts { /* of base.calendar */
    kt_record rec;
    kt_str name;
};
const kt_shape shifts_shape = KT_SHAPE(shifts, "base.calendar", KT_BIND(shifts, name, STRING, "name"));

/* Centres that work by it, and those that work by the company's, whichever that is. */
static kt_error *at_all(kt_tx *tx, kt_id calendar, const struct change *change)
{
    const kt_where where[] = {KT_WHERE(centre, active, KT_EQ, true), {0}};
    struct centre c = {KT_OF(centre)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(floor_forget(tx));
    KT_TRY(kt_open(tx, &(kt_query){.of = &centre_shape, .where = where, .sort = "id"}, &cursor));
    while (!error && kt_next(cursor, &c.rec))
        if (!c.calendar.v || c.calendar.v == calendar.v)
            error = at_centre(tx, &c, change);
    kt_also(&error, kt_close(cursor));
    return error;
}

static const kt_text other_days = {"its calendar has changed", "zmienił się jego kalendarz"};

kt_error *holiday_changed(kt_tx *tx, const kt_event *event)
{
    const struct off_day *is = event->after ? KT_SEE(off_day, event->after) : NULL;
    const struct off_day *was = event->before ? KT_SEE(off_day, event->before) : NULL;
    const struct change change = {
        .from = kt_now(tx), .ways = (is ? LESS : 0) | (was ? MORE : 0), .why = other_days};
    if ((is ? is : was)->day.day < kt_today(tx).day && (!was || was->day.day < kt_today(tx).day))
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = at_all(tx, (is ? is : was)->calendar, &change);
    kt_callers_authority(tx, before);
    return error;
}

kt_error *calendar_changed(kt_tx *tx, const kt_event *event)
{
    const struct change change = {.from = kt_now(tx), .ways = LESS | MORE, .why = other_days};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = at_all(tx, event->after->id, &change);
    kt_callers_authority(tx, before);
    return error;
}
