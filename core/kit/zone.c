/* Time zones: the system's compiled files (TZif version 2 and later) are read whole; instants after the last
 * transition follow the POSIX rule in the file's footer. No process-wide TZ is touched, so any number of
 * zones serve any number of threads; a zone never changes once opened.
 * source: RFC 8536; POSIX.1 section 8.3 for the rule, with RFC 8536's hours from -167 to 167 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/calendar.h"
#include "kit/memory.h"

enum {
    HEADER_SIZE = 44,
    FILE_MAX = 1024 * 1024,
    TRANSITIONS_MAX = 100000,
    EPOCH_DAY = 719163,
    DAY_S = 86400,
    LAST_YEAR = 9999,
};

typedef struct { /* when a year's daylight time begins or ends, in the local time before the change */
    char form;   /* 'M' month.week.day, 'J' day 1..365 without 29 February, 'D' day 0..365 */
    int month, week, day;
    int seconds; /* of the day; may be negative or past the day's end */
} change;

struct zone {
    int64_t *at;     /* transitions, UTC seconds, ascending */
    int32_t *offset; /* from each on */
    size_t count;
    int32_t first_offset; /* before the first transition */
    bool has_rule, has_summer;
    int32_t standard, summer;
    change begins, ends;
};

/* ---- The footer's rule ---- */

typedef struct {
    const char *at, *end;
    bool failed;
} reader;

static bool take(reader *r, char c)
{
    if (r->failed || r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static int take_number(reader *r, int least, int most)
{
    int value = 0, digits = 0;
    while (!r->failed && r->at < r->end && *r->at >= '0' && *r->at <= '9' && digits < 4) {
        value = value * 10 + (*r->at++ - '0');
        digits++;
    }
    if (!digits || value < least || value > most)
        r->failed = true;
    return value;
}

static void take_name(reader *r)
{
    bool quoted = take(r, '<');
    const char *from = r->at;
    while (r->at < r->end && (quoted ? *r->at != '>' : ((*r->at | 0x20) >= 'a' && (*r->at | 0x20) <= 'z')))
        r->at++;
    if (r->at - from < 3 || (quoted && !take(r, '>')))
        r->failed = true;
}

/* [+-]hh[:mm[:ss]] in seconds */
static int take_clock(reader *r, int hours_max)
{
    bool negative = take(r, '-');
    if (!negative)
        (void)take(r, '+');
    int seconds = take_number(r, 0, hours_max) * 3600;
    if (take(r, ':')) {
        seconds += take_number(r, 0, 59) * 60;
        if (take(r, ':'))
            seconds += take_number(r, 0, 59);
    }
    return negative ? -seconds : seconds;
}

static change take_change(reader *r)
{
    change c = {.form = 'D', .seconds = 2 * 3600};
    if (!take(r, ','))
        r->failed = true;
    if (take(r, 'M')) {
        c.form = 'M';
        c.month = take_number(r, 1, 12);
        r->failed = !take(r, '.') || r->failed;
        c.week = take_number(r, 1, 5);
        r->failed = !take(r, '.') || r->failed;
        c.day = take_number(r, 0, 6);
    } else if (take(r, 'J')) {
        c.form = 'J';
        c.day = take_number(r, 1, 365);
    } else {
        c.day = take_number(r, 0, 365);
    }
    if (take(r, '/'))
        c.seconds = take_clock(r, 167);
    return c;
}

/* POSIX counts offsets west of Greenwich as positive; we count east. */
static bool read_rule(zone *z, const char *text, size_t length)
{
    reader r = {text, text + length, false};
    take_name(&r);
    z->standard = -take_clock(&r, 24);
    z->has_rule = true;
    if (r.at == r.end || r.failed)
        return !r.failed;
    take_name(&r);
    z->summer = z->standard + 3600;
    if (r.at < r.end && *r.at != ',')
        z->summer = -take_clock(&r, 24);
    z->begins = take_change(&r);
    z->ends = take_change(&r);
    z->has_summer = true;
    return !r.failed && r.at == r.end;
}

/* ---- The file ---- */

static int64_t big_endian(const unsigned char *bytes, int count)
{
    uint64_t value = bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

typedef struct {
    size_t isut, isstd, leap, time, type, character;
} counts;

static bool read_header(const unsigned char *data, size_t size, counts *n)
{
    if (size < HEADER_SIZE || memcmp(data, "TZif", 4) != 0 || data[4] < '2')
        return false;
    size_t *const field[] = {&n->isut, &n->isstd, &n->leap, &n->time, &n->type, &n->character};
    for (size_t i = 0; i < 6; i++) {
        int64_t value = big_endian(data + 20 + 4 * i, 4);
        if (value < 0 || value > TRANSITIONS_MAX)
            return false;
        *field[i] = (size_t)value;
    }
    return n->type > 0;
}

static size_t body_size(const counts *n, size_t time_size)
{
    return n->time * (time_size + 1) + n->type * 6 + n->character + n->leap * (time_size + 4) + n->isstd +
           n->isut;
}

static bool read_transitions(zone *z, const unsigned char *body, const counts *n)
{
    const unsigned char *index = body + n->time * 8, *type = index + n->time;
    z->first_offset = (int32_t)big_endian(type, 4);
    z->at = memory_alloc((n->time + 1) * sizeof *z->at);
    z->offset = memory_alloc((n->time + 1) * sizeof *z->offset);
    if (!z->at || !z->offset)
        return false;
    for (size_t i = 0; i < n->time; i++) {
        if (index[i] >= n->type)
            return false;
        z->at[i] = big_endian(body + i * 8, 8);
        z->offset[i] = (int32_t)big_endian(type + (size_t)index[i] * 6, 4);
        if (z->offset[i] < -DAY_S * 2 || z->offset[i] > DAY_S * 2 || (i && z->at[i] <= z->at[i - 1]))
            return false;
    }
    z->count = n->time;
    return true;
}

static bool read_zone(zone *z, const unsigned char *data, size_t size)
{
    counts n;
    if (!read_header(data, size, &n)) /* the first body is for 32-bit readers */
        return false;
    size_t skip = HEADER_SIZE + body_size(&n, 4);
    if (skip > size || !read_header(data + skip, size - skip, &n))
        return false;
    data += skip + HEADER_SIZE;
    size -= skip + HEADER_SIZE;
    size_t body = body_size(&n, 8);
    if (body > size || !read_transitions(z, data, &n))
        return false;
    const unsigned char *footer = data + body, *end = data + size;
    if (footer == end || *footer != '\n')
        return false;
    const unsigned char *stop = memchr(footer + 1, '\n', (size_t)(end - footer - 1));
    if (!stop)
        return false;
    return stop == footer + 1 || read_rule(z, (const char *)footer + 1, (size_t)(stop - footer - 1));
}

static bool is_safe(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/"; /* no point: no ".." */
    size_t length = strlen(name);
    return length > 0 && length < 64 && name[0] != '/' && strspn(name, allowed) == length;
}

static bool load(zone *z, const char *name)
{
    char path[128];
    int length = snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return false;
    bool loaded = false;
    unsigned char *data = memory_alloc(FILE_MAX);
    if (data) {
        size_t size = fread(data, 1, FILE_MAX, file);
        loaded = !ferror(file) && size < FILE_MAX && read_zone(z, data, size);
    }
    memory_free(data);
    (void)fclose(file); /* was only read */
    return loaded;
}

zone *zone_open(const char *name)
{
    if (!name || !is_safe(name))
        return NULL;
    zone *z = memory_alloc(sizeof *z);
    if (!z)
        return NULL;
    *z = (zone){0};
    if (!load(z, name)) {
        zone_close(z);
        return NULL;
    }
    return z;
}

void zone_close(zone *z)
{
    if (!z)
        return;
    memory_free(z->at);
    memory_free(z->offset);
    memory_free(z);
}

/* ---- Asking ---- */

static int64_t floor_day(int64_t seconds)
{
    int64_t days = seconds / DAY_S;
    return seconds % DAY_S < 0 ? days - 1 : days;
}

/* The local second, counted from 1970, at which a change happens in a year. */
static int64_t change_at(const change *c, int year)
{
    int64_t day = kt_date_make(year, 1, 1).day;
    if (c->form == 'M') {
        kt_date first = kt_date_make(year, c->month, 1);
        int weekday = date_weekday(first) % 7; /* 0 Sunday, as in the rule */
        int of_month = (c->day - weekday + 7) % 7 + 7 * (c->week - 1);
        while (kt_date_make(year, c->month, of_month + 1).day == 0)
            of_month -= 7; /* week 5 is the last one */
        day = first.day + of_month;
    } else if (c->form == 'J') {
        day += c->day - 1 + (kt_date_make(year, 2, 29).day != 0 && c->day >= 60);
    } else {
        day += c->day;
    }
    return (day - EPOCH_DAY) * DAY_S + c->seconds;
}

static int32_t rule_offset(const zone *z, int64_t utc)
{
    if (!z->has_summer)
        return z->standard;
    int64_t local_day = floor_day(utc + z->standard) + EPOCH_DAY;
    int year, month, day;
    if (local_day < 1 || local_day > kt_date_make(LAST_YEAR, 12, 31).day)
        return z->standard;
    kt_date_parts((kt_date){(int32_t)local_day}, &year, &month, &day);
    int64_t begins = change_at(&z->begins, year) - z->standard;
    int64_t ends = change_at(&z->ends, year) - z->summer;
    bool summer = begins < ends ? utc >= begins && utc < ends : utc >= begins || utc < ends;
    return summer ? z->summer : z->standard;
}

static int32_t offset_at(const zone *z, int64_t utc)
{
    if (!z)
        return 0;
    if (z->count == 0 || utc < z->at[0])
        return z->count == 0 && z->has_rule ? rule_offset(z, utc) : z->first_offset;
    if (utc >= z->at[z->count - 1] && z->has_rule)
        return rule_offset(z, utc);
    size_t low = 0, high = z->count; /* at[low] <= utc < at[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (z->at[middle] <= utc)
            low = middle;
        else
            high = middle;
    }
    return z->offset[low];
}

static int64_t seconds_of(kt_time time)
{
    return time.ms / 1000 - (time.ms % 1000 < 0);
}

int zone_offset_s(const zone *z, kt_time time)
{
    return offset_at(z, seconds_of(time));
}

kt_date zone_date(const zone *z, kt_time time)
{
    int64_t utc = seconds_of(time);
    int64_t day = floor_day(utc + offset_at(z, utc)) + EPOCH_DAY;
    if (time.ms == 0 || day < 1 || day > kt_date_make(LAST_YEAR, 12, 31).day)
        return (kt_date){0};
    return (kt_date){(int32_t)day};
}

kt_time zone_midnight(const zone *z, kt_date date)
{
    if (date.day < 1)
        return (kt_time){0};
    int64_t local = (date.day - (int64_t)EPOCH_DAY) * DAY_S;
    /* More than any offset away on both sides: what holds before and after a change near this midnight. */
    int32_t before = offset_at(z, local - 26 * 3600), after = offset_at(z, local + 26 * 3600);
    int64_t early = local - (before > after ? before : after);
    int64_t late = local - (before > after ? after : before);
    if (early + offset_at(z, early) == local)
        return (kt_time){early * 1000};
    if (late + offset_at(z, late) == local)
        return (kt_time){late * 1000};
    while (late - early > 1) { /* midnight is skipped: the day begins where the clock is put forward */
        int64_t middle = early + (late - early) / 2;
        if (middle + offset_at(z, middle) < local)
            early = middle;
        else
            late = middle;
    }
    return (kt_time){late * 1000};
}
