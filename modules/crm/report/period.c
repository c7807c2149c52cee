#include "report/period.h"

#include <stdio.h>
#include <string.h>

enum { YEAR_MONTHS = 12, WEEK_DAYS = 7 };

static kt_date first_of_month(int month_number) /* months since year 0 */
{
    return kt_date_make(month_number / YEAR_MONTHS, month_number % YEAR_MONTHS + 1, 1);
}

static int month_number(kt_date day)
{
    int year, month, ignored;
    kt_date_parts(day, &year, &month, &ignored);
    return year * YEAR_MONTHS + month - 1;
}

static span months_from(int month, int months)
{
    return (span){first_of_month(month), kt_date_add(first_of_month(month + months), -1), months};
}

span span_around(kt_date day, int months)
{
    int month = month_number(day);
    return months_from(month - month % YEAR_MONTHS % months, months);
}

int64_t span_days(const span *of)
{
    return (int64_t)of->to.day - of->from.day + 1;
}

span span_before(const span *of)
{
    int32_t days = (int32_t)span_days(of);
    if (!of->months)
        return (span){kt_date_add(of->from, -days), kt_date_add(of->from, -1), 0};
    return months_from(month_number(of->from) - of->months, of->months);
}

/* ---- Reading ---- */

static const struct {
    const char *name;
    int months;
} words[] = {{"month", 1}, {"quarter", 3}, {"half_year", 6}, {"year", YEAR_MONTHS}};

static bool read_word(const char *text, kt_date today, span *out)
{
    bool last = strncmp(text, "last_", 5) == 0;
    if (strcmp(text, "today") == 0) {
        *out = (span){today, today, 0};
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text + (last ? 5 : 0), words[i].name) == 0) {
            *out = span_around(today, words[i].months);
            if (last)
                *out = span_before(out);
            return true;
        }
    return false;
}

static bool digits(const char *text, size_t count, int *number)
{
    *number = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (text[i] - '0');
    }
    return true;
}

static bool read_dated(const char *text, size_t len, span *out)
{
    int year, part, day;
    if (len < 4 || !digits(text, 4, &year) || year < 1 || (len > 4 && text[4] != '-'))
        return false;
    if (len == 4)
        *out = months_from(year * YEAR_MONTHS, YEAR_MONTHS);
    else if (len == 7 && text[5] == 'Q' && text[6] >= '1' && text[6] <= '4')
        *out = months_from(year * YEAR_MONTHS + 3 * (text[6] - '1'), 3);
    else if (len == 7 && text[5] == 'H' && (text[6] == '1' || text[6] == '2'))
        *out = months_from(year * YEAR_MONTHS + 6 * (text[6] - '1'), 6);
    else if (len == 7 && digits(text + 5, 2, &part) && part >= 1 && part <= YEAR_MONTHS)
        *out = months_from(year * YEAR_MONTHS + part - 1, 1);
    else if (len == 10 && text[7] == '-' && digits(text + 5, 2, &part) && digits(text + 8, 2, &day)) {
        kt_date only = kt_date_make(year, part, day);
        *out = (span){only, only, 0};
    } else
        return false;
    return out->from.day != 0;
}

kt_error *span_read(kt_tx *tx, kt_str text, kt_date from, kt_date to, kt_date today, span *out)
{
    if (from.day || to.day) {
        *out = (span){from, to, 0};
        if (text.len)
            return kt_fail(tx, KT_VALIDATION, "period", "give either period or from and to",
                "podaj period albo from i to");
        if (!from.day || !to.day || to.day < from.day)
            return kt_fail(tx, KT_VALIDATION, from.day ? "to" : "from", "from and to are two days in order",
                "from i to to dwa dni w kolejności");
    } else if (!read_word(text.ptr, today, out) && !read_dated(text.ptr, text.len, out)) {
        return kt_hint(
            kt_fail(tx, KT_VALIDATION, "period", "\"%s\" is no period", "„%s” to nie okres", text.ptr),
            "Write 2026, 2026-H1, 2026-Q3, 2026-11, 2026-11-25, or month, quarter, half_year, year, "
            "last_month ..",
            "Napisz 2026, 2026-H1, 2026-Q3, 2026-11, 2026-11-25 albo month, quarter, half_year, year, "
            "last_month ..");
    }
    if (span_days(out) > (int64_t)SPAN_MONTHS_MAX * 31)
        return kt_fail(tx, KT_VALIDATION, "period", "a period is at most %d years long",
            "okres ma najwyżej %d lat", SPAN_MONTHS_MAX / YEAR_MONTHS);
    return NULL;
}

/* ---- Parts ---- */

static const struct {
    const char *name;
    int months;
} units[] = {[UNIT_DAY] = {"day", 0},
    [UNIT_WEEK] = {"week", 0},
    [UNIT_MONTH] = {"month", 1},
    [UNIT_QUARTER] = {"quarter", 3},
    [UNIT_YEAR] = {"year", YEAR_MONTHS}};

unit unit_named(kt_str name)
{
    for (unit u = UNIT_DAY; name.len && u <= UNIT_YEAR; u++)
        if (strcmp(units[u].name, name.ptr) == 0)
            return u;
    return UNIT_NONE;
}

const char *unit_name(unit u)
{
    return units[u].name;
}

kt_date unit_first(unit u, kt_date day)
{
    if (units[u].months)
        return span_around(day, units[u].months).from;
    /* day 1, 0001-01-01, is a Monday */
    return u == UNIT_WEEK ? kt_date_add(day, -((day.day - 1) % WEEK_DAYS)) : day;
}

kt_date unit_next(unit u, kt_date first)
{
    if (units[u].months)
        return first_of_month(month_number(first) + units[u].months);
    return kt_date_add(first, u == UNIT_WEEK ? WEEK_DAYS : 1);
}
