/* Working time: minutes counted only while a calendar's people work. A calendar without hours works its days
 * from midnight to midnight. */
#include <stdlib.h>

#include "base.h"
#include "calendar.h"

enum { DAY_MINUTES = 24 * 60, HOURS_MAX = 50, MINUTE_MS = 60000 };

typedef struct {
    int from, until; /* minutes of the day */
} span;

static int by_from(const void *left, const void *right)
{
    const span *a = left, *b = right;
    return a->from != b->from ? a->from - b->from : a->until - b->until;
}

/* The working hours of a day, in order, none within another. */
static size_t day_spans(calendar_walk *w, kt_date day, span out[HOURS_MAX])
{
    size_t count = 0, kept = 0;
    if (!calendar_works(w, day))
        return 0;
    if (!w->calendar.hours.count) {
        out[0] = (span){0, DAY_MINUTES};
        return 1;
    }
    unsigned weekday = (unsigned)((day.day - 1) % 7 + 1);
    for (size_t i = 0; i < w->calendar.hours.count && count < HOURS_MAX; i++) {
        const struct hours *h = KT_AS(hours, kt_line(&w->calendar.hours, i));
        if (h->weekday == weekday)
            out[count++] = (span){calendar_minutes(h->from), calendar_minutes(h->until)};
    }
    qsort(out, count, sizeof *out, by_from);
    for (size_t i = 0; i < count; i++) {
        if (kept && out[i].from <= out[kept - 1].until)
            out[kept - 1].until = out[i].until > out[kept - 1].until ? out[i].until : out[kept - 1].until;
        else
            out[kept++] = out[i];
    }
    return kept;
}

struct own_company {
    kt_record rec;
    kt_id calendar;
};
static const kt_shape own_company_shape = KT_SHAPE(
    own_company, "base.company", KT_BIND(own_company, calendar, REF, "calendar"));

/* The company's calendar where none is named; it stays not set if there is none. */
static kt_error *choose(kt_tx *tx, kt_id *calendar)
{
    struct own_company c = {KT_OF(own_company)};
    kt_id company;
    if (calendar->v)
        return NULL;
    KT_TRY(company_own(tx, &company));
    if (!company.v)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = kt_read(tx, company, &c.rec);
    kt_callers_authority(tx, before);
    *calendar = c.calendar;
    return e;
}

static kt_error *too_far(kt_tx *tx)
{
    return kt_fail(tx, KT_LIMIT, NULL, "so much is not worked within a century",
        "tyle nie zostanie przepracowane w ciągu stulecia");
}

static kt_error *add_worked(kt_tx *tx, calendar_walk *w, kt_time from, int64_t left_ms, kt_time *at)
{
    int minute;
    kt_date day = kt_local(tx, from, &minute);
    for (int days = 0; days < CALENDAR_SPAN_MAX && day.day; days++, day = kt_date_add(day, 1)) {
        span spans[HOURS_MAX];
        size_t count = day_spans(w, day, spans);
        for (size_t i = 0; i < count; i++) {
            kt_time begin = kt_instant(tx, day, spans[i].from), end = kt_instant(tx, day, spans[i].until);
            if (end.ms <= from.ms)
                continue;
            begin = begin.ms < from.ms ? from : begin;
            if (left_ms <= end.ms - begin.ms && (left_ms || begin.ms < end.ms)) {
                at->ms = begin.ms + left_ms;
                return NULL;
            }
            left_ms -= end.ms - begin.ms;
        }
    }
    return too_far(tx);
}

static kt_error *add(kt_tx *tx, kt_id calendar, kt_time from, int64_t minutes, kt_time *at)
{
    calendar_walk w;
    int unused;
    KT_TRY(choose(tx, &calendar));
    if (minutes < 0 || minutes > (int64_t)CALENDAR_SPAN_MAX * DAY_MINUTES)
        return too_far(tx);
    if (!calendar.v) {
        at->ms = from.ms + minutes * MINUTE_MS;
        return NULL;
    }
    KT_TRY(calendar_walk_begin(tx, calendar, kt_local(tx, from, &unused), 1, &w));
    kt_error *error = add_worked(tx, &w, from, minutes * MINUTE_MS, at);
    kt_also(&error, kt_close(w.holidays));
    return error;
}

static kt_error *between(kt_tx *tx, kt_id calendar, kt_time from, kt_time until, int64_t *minutes)
{
    calendar_walk w;
    int unused;
    int64_t worked_ms = 0;
    *minutes = 0;
    KT_TRY(choose(tx, &calendar));
    if (until.ms <= from.ms)
        return NULL;
    if (!calendar.v) {
        *minutes = (until.ms - from.ms) / MINUTE_MS;
        return NULL;
    }
    kt_date day = kt_local(tx, from, &unused), last = kt_local(tx, until, &unused);
    if (last.day - day.day > CALENDAR_SPAN_MAX)
        return too_far(tx);
    KT_TRY(calendar_walk_begin(tx, calendar, day, 1, &w));
    for (; day.day && day.day <= last.day; day = kt_date_add(day, 1)) {
        span spans[HOURS_MAX];
        size_t count = day_spans(&w, day, spans);
        for (size_t i = 0; i < count; i++) {
            kt_time begin = kt_instant(tx, day, spans[i].from), end = kt_instant(tx, day, spans[i].until);
            int64_t b = begin.ms > from.ms ? begin.ms : from.ms, e = end.ms < until.ms ? end.ms : until.ms;
            worked_ms += e > b ? e - b : 0;
        }
    }
    *minutes = worked_ms / MINUTE_MS;
    return kt_close(w.holidays);
}

static void add_span(kt_time begin, kt_time end, kt_span *out, size_t *count)
{
    if (*count && out[*count - 1].until.ms >= begin.ms)
        out[*count - 1].until = end;
    else
        out[(*count)++] = (kt_span){begin, end};
}

static kt_error *spans_between(
    kt_tx *tx, kt_id calendar, kt_time from, kt_time until, kt_span *out, size_t room, size_t *found)
{
    calendar_walk w;
    int unused;
    *found = 0;
    KT_TRY(choose(tx, &calendar));
    if (until.ms <= from.ms || !room)
        return NULL;
    if (!calendar.v) {
        out[(*found)++] = (kt_span){from, until};
        return NULL;
    }
    kt_date day = kt_local(tx, from, &unused), last = kt_local(tx, until, &unused);
    if (last.day - day.day > CALENDAR_SPAN_MAX)
        return too_far(tx);
    KT_TRY(calendar_walk_begin(tx, calendar, day, 1, &w));
    for (; day.day && day.day <= last.day && *found < room; day = kt_date_add(day, 1)) {
        span of_day[HOURS_MAX];
        size_t count = day_spans(&w, day, of_day);
        for (size_t i = 0; i < count && *found < room; i++) {
            kt_time begin = kt_instant(tx, day, of_day[i].from), end = kt_instant(tx, day, of_day[i].until);
            begin = begin.ms > from.ms ? begin : from;
            end = end.ms < until.ms ? end : until;
            if (end.ms > begin.ms)
                add_span(begin, end, out, found);
        }
    }
    return kt_close(w.holidays);
}

static kt_error *holiday(kt_tx *tx, kt_id calendar, kt_date day, bool *yes)
{
    KT_TRY(choose(tx, &calendar));
    *yes = false;
    return calendar.v ? calendar_has_holiday(tx, calendar, day, yes) : NULL;
}

const kt_calendars calendars_service = {add, between, spans_between, holiday};

/* ---- base.calendar.add_minutes, .working_minutes ---- */

struct minutes_add {
    kt_record rec;
    kt_id calendar;
    kt_time from;
    int64_t minutes;
};
#define CALENDAR_HELP .help = {"Empty: the company's.", "Puste: kalendarz firmy."}
const kt_shape minutes_add_shape = KT_SHAPE(minutes_add, NULL,
    KT_FIELD(minutes_add, calendar, REF, "Calendar", "Kalendarz", .target = "base.calendar", CALENDAR_HELP),
    KT_FIELD(minutes_add, from, TIME, "From", "Od", .initial = "now"),
    KT_FIELD(minutes_add, minutes, INT, "Working minutes", "Minuty pracy", .required = true));
struct minutes_added {
    kt_record rec;
    kt_time at;
};
const kt_shape minutes_added_shape = KT_SHAPE(
    minutes_added, NULL, KT_FIELD(minutes_added, at, TIME, "At", "Kiedy"));
struct minutes_count {
    kt_record rec;
    kt_id calendar;
    kt_time from, until;
};
const kt_shape minutes_count_shape = KT_SHAPE(minutes_count, NULL,
    KT_FIELD(minutes_count, calendar, REF, "Calendar", "Kalendarz", .target = "base.calendar", CALENDAR_HELP),
    KT_FIELD(minutes_count, from, TIME, "From", "Od", .required = true),
    KT_FIELD(minutes_count, until, TIME, "Until", "Do", .required = true));
struct minutes_counted {
    kt_record rec;
    int64_t minutes;
};
const kt_shape minutes_counted_shape = KT_SHAPE(
    minutes_counted, NULL, KT_FIELD(minutes_counted, minutes, INT, "Working minutes", "Minuty pracy"));

kt_error *calendar_add_minutes(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct minutes_add *p = KT_SEE(minutes_add, params);
    return add(tx, p->calendar, p->from, p->minutes, &KT_AS(minutes_added, result)->at);
}

kt_error *calendar_working_minutes(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct minutes_count *p = KT_SEE(minutes_count, params);
    return between(tx, p->calendar, p->from, p->until, &KT_AS(minutes_counted, result)->minutes);
}
