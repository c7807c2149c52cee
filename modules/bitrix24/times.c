/* Times: theirs carry the company's zone, ours are UTC. */
#include <string.h>

#include "b24.h"

enum { DAY_MINUTES = 1440, DAY_MS = 86400000, MINUTE_MS = 60000 };

/* Reads n digits at *at; -1: there are none. */
static int digits(kt_str s, size_t *at, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++, ++*at) {
        if (*at >= s.len || s.ptr[*at] < '0' || s.ptr[*at] > '9')
            return -1;
        value = value * 10 + (s.ptr[*at] - '0');
    }
    return value;
}

static bool skip(kt_str s, size_t *at, char c)
{
    if (*at >= s.len || s.ptr[*at] != c)
        return false;
    ++*at;
    return true;
}

typedef struct {
    kt_date day;
    int minute, second;
    bool zoned;
    int offset; /* minutes east, if zoned */
} moment;

/* 2026-11-23 or 23.11.2026. */
static bool read_day(kt_str s, size_t *at, kt_date *day)
{
    size_t start = *at;
    int year = digits(s, at, 4), month, of_month;
    if (year >= 0 && skip(s, at, '-')) {
        month = digits(s, at, 2);
        of_month = skip(s, at, '-') ? digits(s, at, 2) : -1;
    } else {
        *at = start;
        of_month = digits(s, at, 2);
        month = skip(s, at, '.') ? digits(s, at, 2) : -1;
        year = skip(s, at, '.') ? digits(s, at, 4) : -1;
    }
    *day = year > 0 && month > 0 && of_month > 0 ? kt_date_make(year, month, of_month) : (kt_date){0};
    return day->day != 0;
}

static bool read_zone(kt_str s, size_t *at, moment *m)
{
    if (*at == s.len)
        return true;
    m->zoned = true;
    if (skip(s, at, 'Z'))
        return *at == s.len;
    int sign = skip(s, at, '+') ? 1 : skip(s, at, '-') ? -1 : 0;
    int hours = sign ? digits(s, at, 2) : -1;
    (void)skip(s, at, ':');
    int minutes = hours >= 0 ? digits(s, at, 2) : -1;
    m->offset = sign * (hours * 60 + minutes);
    return minutes >= 0 && *at == s.len;
}

static bool read_moment(kt_str s, moment *m)
{
    size_t at = 0;
    *m = (moment){0};
    if (!s.ptr || !read_day(s, &at, &m->day))
        return false;
    if (at == s.len)
        return true;
    if (!skip(s, &at, 'T') && !skip(s, &at, ' '))
        return false;
    int hour = digits(s, &at, 2), minute = skip(s, &at, ':') ? digits(s, &at, 2) : -1;
    m->second = skip(s, &at, ':') ? digits(s, &at, 2) : 0;
    if (skip(s, &at, '.'))
        while (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9')
            at++;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || m->second < 0 || m->second > 59)
        return false;
    m->minute = hour * 60 + minute;
    return read_zone(s, &at, m);
}

static kt_time instant_of(kt_tx *tx, const moment *m)
{
    int64_t epoch = kt_date_make(1970, 1, 1).day;
    kt_time at = m->zoned
                     ? (kt_time){((m->day.day - epoch) * DAY_MINUTES + m->minute - m->offset) * MINUTE_MS}
                     : kt_instant(tx, m->day, m->minute);
    return (kt_time){at.ms + m->second * 1000};
}

/* In the company's zone. */
static kt_str write(kt_tx *tx, kt_time at)
{
    int minute, year, month, day;
    kt_date local = kt_local(tx, at, &minute);
    kt_date_parts(local, &year, &month, &day);
    int64_t epoch = kt_date_make(1970, 1, 1).day;
    int64_t utc_minutes = (at.ms - ((at.ms % MINUTE_MS) + MINUTE_MS) % MINUTE_MS) / MINUTE_MS;
    int offset = (int)((local.day - epoch) * DAY_MINUTES + minute - utc_minutes);
    int second = (int)(((at.ms % MINUTE_MS) + MINUTE_MS) % MINUTE_MS / 1000);
    int east = offset < 0 ? -offset : offset;
    return kt_format(tx, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", year, month, day, minute / 60,
        minute % 60, second, offset < 0 ? '-' : '+', east / 60, east % 60);
}

kt_str time_theirs(kt_tx *tx, kt_str ours)
{
    moment m;
    return read_moment(ours, &m) ? write(tx, instant_of(tx, &m)) : KT_STR("");
}

kt_str time_now(kt_tx *tx)
{
    return write(tx, kt_now(tx));
}

kt_str time_of(kt_tx *tx, kt_time at)
{
    int64_t epoch = kt_date_make(1970, 1, 1).day;
    int64_t of_day = ((at.ms % DAY_MS) + DAY_MS) % DAY_MS;
    int year, month, day;
    kt_date_parts((kt_date){(int32_t)((at.ms - of_day) / DAY_MS + epoch)}, &year, &month, &day);
    return kt_format(tx, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day, (int)(of_day / 3600000),
        (int)(of_day / MINUTE_MS % 60), (int)(of_day / 1000 % 60), (int)(of_day % 1000));
}

kt_str time_ours(kt_tx *tx, kt_str theirs)
{
    moment m;
    return read_moment(theirs, &m) ? time_of(tx, instant_of(tx, &m)) : (kt_str){0};
}

kt_str date_ours(kt_tx *tx, kt_str theirs)
{
    moment m;
    int year, month, day;
    if (!read_moment(theirs, &m))
        return (kt_str){0};
    kt_date_parts(m.day, &year, &month, &day);
    return kt_format(tx, "%04d-%02d-%02d", year, month, day);
}
