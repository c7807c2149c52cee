/* schedule.c -- "every day at 9:00" and cron's five fields, in the company's zone.
 *
 * As in cron, a day fits by its date or by its weekday if both are given. A local time that a change of
 * summer time leaves out comes as much later; one that it repeats comes once. */
#include "automation/rule.h"
#include "kit/calendar.h"
#include "kit/str.h"

enum { DAYS_AHEAD = 366 * 5, MINUTES_A_DAY = 1440 };

static kt_error *bad(kt_tx *tx, kt_str text)
{
    return kt_hint(kt_fail(tx, KT_VALIDATION, "on", "\"%.*s\" is no schedule",
                       "„%.*s” nie jest harmonogramem", STR_ARG(text)),
        "Write every day at 9:00, every monday at 8:30, every 15 minutes, or cron 0 9 * * 1-5.",
        "Napisz every day at 9:00, every monday at 8:30, every 15 minutes albo cron 0 9 * * 1-5.");
}

/* ---- Reading ---- */

typedef struct {
    const char *at, *end;
} cursor;

static bool word(cursor *c, kt_str *out)
{
    while (c->at < c->end && *c->at == ' ')
        c->at++;
    const char *from = c->at;
    while (c->at < c->end && *c->at != ' ')
        c->at++;
    *out = (kt_str){from, (size_t)(c->at - from)};
    return out->len > 0;
}

static bool number(const char **at, const char *end, unsigned *value)
{
    const char *from = *at;
    *value = 0;
    while (*at < end && **at >= '0' && **at <= '9' && *at - from < 4)
        *value = *value * 10 + (unsigned)(*(*at)++ - '0');
    return *at > from;
}

/* "*", "5", "1-5", "*" "/15", lists of them. */
static bool cron_field(kt_str s, unsigned least, unsigned most, uint64_t *bits)
{
    const char *at = s.ptr, *end = s.ptr + s.len;
    *bits = 0;
    while (at < end) {
        unsigned from = least, to = most, step = 1;
        if (*at == '*')
            at++;
        else if (number(&at, end, &from)) {
            to = from;
            if (at < end && *at == '-') {
                at++;
                if (!number(&at, end, &to))
                    return false;
            }
        } else
            return false;
        if (at < end && *at == '/') {
            at++;
            if (!number(&at, end, &step) || !step)
                return false;
        }
        if (from < least || to > most || from > to || (at < end && *at++ != ','))
            return false;
        for (unsigned i = from; i <= to; i += step)
            *bits |= (uint64_t)1 << i;
    }
    return *bits != 0;
}

static bool read_cron(cursor *c, schedule *out)
{
    kt_str field[5], more;
    uint64_t hours, days, months, weekdays;
    for (int i = 0; i < 5; i++)
        if (!word(c, &field[i]))
            return false;
    if (word(c, &more) || !cron_field(field[0], 0, 59, &out->minutes) ||
        !cron_field(field[1], 0, 23, &hours) || !cron_field(field[2], 1, 31, &days) ||
        !cron_field(field[3], 1, 12, &months) || !cron_field(field[4], 0, 7, &weekdays))
        return false;
    out->hours = (uint32_t)hours;
    out->days = (uint32_t)days;
    out->months = (uint32_t)months;
    out->weekdays = (uint32_t)(weekdays | (weekdays >> 7 & 1)) & 0x7f; /* 7 is Sunday too */
    out->any_day = str_is(field[2], "*");
    out->any_weekday = str_is(field[4], "*");
    return true;
}

static bool read_clock(kt_str s, schedule *out)
{
    const char *at = s.ptr, *end = s.ptr + s.len;
    unsigned hour, minute;
    if (!number(&at, end, &hour) || at == end || *at++ != ':' || !number(&at, end, &minute) || at != end ||
        hour > 23 || minute > 59)
        return false;
    out->hours = 1U << hour;
    out->minutes = (uint64_t)1 << minute;
    return true;
}

static bool read_day(kt_str s, schedule *out)
{
    static const char *const names[] = {
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
    out->days = 0xfffffffe;
    out->months = 0x1ffe;
    out->any_day = true;
    if (str_is(s, "day")) {
        out->any_weekday = true;
        out->weekdays = 0x7f;
    }
    if (str_is(s, "weekday"))
        out->weekdays = 0x3e;
    for (unsigned i = 0; i < 7; i++)
        if (str_is(s, names[i]))
            out->weekdays = 1U << i;
    return out->weekdays != 0;
}

static bool read_every(cursor *c, schedule *out)
{
    kt_str first, second, third, more;
    unsigned n = 1;
    if (!word(c, &first))
        return false;
    const char *at = first.ptr;
    bool counted = number(&at, first.ptr + first.len, &n);
    bool two = word(c, &second);
    kt_str unit = counted ? second : first;
    if (str_starts(unit, KT_STR("minute")) || str_starts(unit, KT_STR("hour"))) {
        out->every_minutes = n * (unit.ptr[0] == 'h' ? 60U : 1U);
        return n > 0 && out->every_minutes <= MINUTES_A_DAY && (counted || !two) && !word(c, &more);
    }
    return !counted && read_day(first, out) && two && str_is(second, "at") && word(c, &third) &&
           read_clock(third, out) && !word(c, &more);
}

kt_error *schedule_read(kt_tx *tx, kt_str text, schedule *out)
{
    cursor c = {text.ptr, text.ptr + text.len};
    kt_str first;
    *out = (schedule){0};
    bool read = word(&c, &first) && (str_is(first, "cron") ? read_cron(&c, out) : read_every(&c, out));
    return read ? NULL : bad(tx, text);
}

/* ---- When next ---- */

static bool day_fits(const schedule *s, kt_date date)
{
    int year, month, day;
    kt_date_parts(date, &year, &month, &day);
    bool by_date = s->days >> day & 1, by_weekday = s->weekdays >> (date_weekday(date) % 7) & 1;
    if (!(s->months >> month & 1))
        return false;
    if (s->any_day || s->any_weekday)
        return (s->any_day || by_date) && (s->any_weekday || by_weekday);
    return by_date || by_weekday;
}

static bool minute_fits(const schedule *s, unsigned minute)
{
    if (s->every_minutes)
        return minute % s->every_minutes == 0;
    return (s->hours >> (minute / 60) & 1) && (s->minutes >> (minute % 60) & 1);
}

/* The instant of a local time. */
static kt_time instant(const zone *zone, kt_date date, unsigned minute)
{
    kt_time midnight = zone_midnight(zone, date);
    kt_time at = {midnight.ms + (int64_t)minute * 60000};
    at.ms -= (int64_t)(zone_offset_s(zone, at) - zone_offset_s(zone, midnight)) * 1000;
    return at;
}

/* The schedule's minute of the day that comes next, or before; after the last one: -1. */
static int turn(const schedule *s, int minute, int step)
{
    while (minute >= 0 && minute < MINUTES_A_DAY && !minute_fits(s, (unsigned)minute))
        minute += step;
    return minute < MINUTES_A_DAY ? minute : -1;
}

kt_time schedule_next(const schedule *s, const zone *zone, kt_time after)
{
    kt_date date = zone_date(zone, after);
    for (int i = 0; i < DAYS_AHEAD; i++, date.day++) {
        if (!s->every_minutes && !day_fits(s, date))
            continue;
        for (int minute = turn(s, 0, 1); minute >= 0; minute = turn(s, minute + 1, 1)) {
            kt_time at = instant(zone, date, (unsigned)minute);
            if (at.ms > after.ms)
                return at;
        }
    }
    return (kt_time){0};
}

kt_time schedule_last(const schedule *s, const zone *zone, kt_time before)
{
    kt_date date = zone_date(zone, before);
    for (int i = 0; i < DAYS_AHEAD; i++, date.day--) {
        if (!s->every_minutes && !day_fits(s, date))
            continue;
        for (int minute = turn(s, MINUTES_A_DAY - 1, -1); minute >= 0; minute = turn(s, minute - 1, -1)) {
            kt_time at = instant(zone, date, (unsigned)minute);
            if (at.ms < before.ms)
                return at;
        }
    }
    return (kt_time){0};
}
