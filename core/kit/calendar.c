/* Days and instants. Day 1 is Monday, 0001-01-01; days <-> civil dates by the era method: 400 years are
 * 146097 days, and a year that begins in March has its leap day at the end.
 * source: H. Hinnant, chrono-Compatible Low-Level Date Algorithms */
#include "kit/calendar.h"

#include <string.h>

enum {
    ERA_DAYS = 146097,
    MARCH_FIRST_YEAR_0 = 306, /* days from 0000-03-01 to 0001-01-01 */
    DAY_MAX = 3652059,        /* 9999-12-31 */
    EPOCH_DAY = 719163,       /* 1970-01-01 */
};
static const int64_t DAY_MS = 86400000;

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

kt_date kt_date_make(int year, int month, int day)
{
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return (kt_date){0};
    int y = month <= 2 ? year - 1 : year; /* of the year that began in March */
    int era = y / 400, of_era = y % 400;
    int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int days = era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return (kt_date){days - MARCH_FIRST_YEAR_0 + 1};
}

static bool in_range(int64_t day)
{
    return day >= 1 && day <= DAY_MAX;
}

void kt_date_parts(kt_date date, int *year, int *month, int *day)
{
    *year = *month = *day = 0;
    if (!in_range(date.day))
        return;
    int days = date.day - 1 + MARCH_FIRST_YEAR_0;
    int era = days / ERA_DAYS, of_era = days % ERA_DAYS;
    int years = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
    int of_year = of_era - (365 * years + years / 4 - years / 100);
    int march_month = (5 * of_year + 2) / 153;
    *day = of_year - (153 * march_month + 2) / 5 + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = era * 400 + years + (*month <= 2);
}

kt_date kt_date_add(kt_date date, int32_t days)
{
    int64_t day = (int64_t)date.day + days;
    if (!in_range(date.day) || !in_range(day))
        return (kt_date){0};
    return (kt_date){(int32_t)day};
}

int date_weekday(kt_date date)
{
    int32_t rest = (date.day - 1) % 7;
    return (rest < 0 ? rest + 7 : rest) + 1;
}

kt_date date_floor(kt_date date, period period)
{
    int year, month, day;
    if (!in_range(date.day))
        return (kt_date){0};
    kt_date_parts(date, &year, &month, &day);
    switch (period) {
    case PERIOD_DAY:
        return date;
    case PERIOD_WEEK:
        return (kt_date){date.day - (date_weekday(date) - 1)};
    case PERIOD_MONTH:
        return kt_date_make(year, month, 1);
    case PERIOD_QUARTER:
        return kt_date_make(year, (month - 1) / 3 * 3 + 1, 1);
    case PERIOD_YEAR:
        return kt_date_make(year, 1, 1);
    }
    return (kt_date){0};
}

/* ---- Text ---- */

static char *put_digits(char *at, int value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + count;
}

size_t date_text(kt_date date, char out[DATE_TEXT_MAX])
{
    int year, month, day;
    out[0] = '\0';
    if (!in_range(date.day))
        return 0;
    kt_date_parts(date, &year, &month, &day);
    char *at = put_digits(out, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    *at = '\0';
    return (size_t)(at - out);
}

/* The day that holds the instant, rounding down, and the rest of it. */
static int64_t split_ms(int64_t ms, int64_t *rest)
{
    int64_t days = ms / DAY_MS;
    *rest = ms % DAY_MS;
    if (*rest < 0) {
        *rest += DAY_MS;
        days--;
    }
    return days + EPOCH_DAY;
}

size_t time_text(kt_time time, char out[TIME_TEXT_MAX])
{
    int64_t rest, day = split_ms(time.ms, &rest);
    out[0] = '\0';
    if (time.ms == 0 || !in_range(day))
        return 0;
    char *at = out + date_text((kt_date){(int32_t)day}, out);
    *at++ = 'T';
    at = put_digits(at, (int)(rest / 3600000), 2);
    *at++ = ':';
    at = put_digits(at, (int)(rest / 60000 % 60), 2);
    *at++ = ':';
    at = put_digits(at, (int)(rest / 1000 % 60), 2);
    *at++ = '.';
    at = put_digits(at, (int)(rest % 1000), 3);
    *at++ = 'Z';
    *at = '\0';
    return (size_t)(at - out);
}

/* What is left to read; every step fails for good once one has failed. */
typedef struct {
    const char *at, *end;
    bool failed;
} reader;

static int take_number(reader *r, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (r->failed || r->at == r->end || *r->at < '0' || *r->at > '9') {
            r->failed = true;
            return 0;
        }
        value = value * 10 + (*r->at++ - '0');
    }
    return value;
}

static bool take(reader *r, char c)
{
    if (r->failed || r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static void expect(reader *r, char c)
{
    if (!take(r, c))
        r->failed = true;
}

static kt_date take_date(reader *r)
{
    int year = take_number(r, 4);
    expect(r, '-');
    int month = take_number(r, 2);
    expect(r, '-');
    int day = take_number(r, 2);
    kt_date date = r->failed ? (kt_date){0} : kt_date_make(year, month, day);
    r->failed = date.day == 0;
    return date;
}

bool date_parse(kt_str text, kt_date *out)
{
    if (!text.ptr)
        return false;
    reader r = {text.ptr, text.ptr + text.len, false};
    kt_date date = take_date(&r);
    if (r.failed || r.at != r.end)
        return false;
    *out = date;
    return true;
}

static int64_t take_clock_ms(reader *r)
{
    int hour = take_number(r, 2), second = 0, fraction = 0;
    expect(r, ':');
    int minute = take_number(r, 2);
    if (take(r, ':')) {
        second = take_number(r, 2);
        if (take(r, '.')) {
            fraction = take_number(r, 1) * 100;
            for (int unit = 10, digits = 1; digits < 9 && r->at < r->end && *r->at >= '0' && *r->at <= '9';
                 unit /= 10, digits++)
                fraction += take_number(r, 1) * unit; /* what others keep below a millisecond is cut off */
        }
    }
    r->failed = r->failed || hour > 23 || minute > 59 || second > 59;
    return ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + fraction;
}

static int64_t take_offset_ms(reader *r)
{
    if (take(r, 'Z'))
        return 0;
    bool west = take(r, '-');
    if (!west)
        expect(r, '+');
    int hours = take_number(r, 2);
    expect(r, ':');
    int minutes = take_number(r, 2);
    r->failed = r->failed || hours > 23 || minutes > 59;
    int64_t offset = (hours * 60 + minutes) * INT64_C(60000);
    return west ? -offset : offset;
}

bool time_parse(kt_str text, kt_time *out)
{
    if (!text.ptr)
        return false;
    reader r = {text.ptr, text.ptr + text.len, false};
    kt_date date = take_date(&r);
    int64_t ms = 0;
    if (!r.failed && r.at != r.end) {
        expect(&r, 'T');
        ms = take_clock_ms(&r);
        ms -= take_offset_ms(&r);
    }
    if (r.failed || r.at != r.end)
        return false;
    ms += (date.day - (int64_t)EPOCH_DAY) * DAY_MS;
    int64_t rest;
    if (ms == 0 || !in_range(split_ms(ms, &rest))) /* 0 would read as "not set" */
        return false;
    *out = (kt_time){ms};
    return true;
}
