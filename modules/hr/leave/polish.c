#include "leave/polish.h"

enum { SHORT = 20, LONG = 26, LONG_AFTER_YEARS = 10, MONTHS = 12 };

static int64_t up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* Ten years of seniority by the end of the year? From the day itself the longer leave is due (art. 158). */
static bool long_leave(const struct polish_case *c, int year, kt_date until)
{
    int y, m, d;
    kt_date_parts(c->seniority_from.day ? c->seniority_from : c->hired, &y, &m, &d);
    kt_date reached = kt_date_make(y + LONG_AFTER_YEARS, m, d);
    if (!reached.day) /* 29 February */
        reached = kt_date_make(y + LONG_AFTER_YEARS, 3, 1);
    return reached.day <= until.day && y + LONG_AFTER_YEARS <= year;
}

static int month_of(kt_date day)
{
    int y, m, d;
    kt_date_parts(day, &y, &m, &d);
    return m;
}

/* Calendar months of the year that were worked, one begun counts. */
static int months_begun(const struct polish_case *c, int year)
{
    kt_date first = kt_date_make(year, 1, 1), last = kt_date_make(year, MONTHS, 31);
    kt_date from = c->hired.day > first.day ? c->hired : first;
    kt_date until = c->left.day && c->left.day < last.day ? c->left : last;
    return until.day < from.day ? 0 : month_of(until) - month_of(from) + 1;
}

/* Whole months behind the employee at the end of the year. */
static int months_worked(const struct polish_case *c, int year)
{
    kt_date last = kt_date_make(year, MONTHS, 31);
    kt_date until = c->left.day && c->left.day < last.day ? c->left : last;
    int y, m, d, uy, um, ud;
    kt_date_parts(c->hired, &y, &m, &d);
    kt_date_parts(kt_date_add(until, 1), &uy, &um, &ud); /* the day after the last one worked */
    int months = (uy - y) * MONTHS + um - m - (ud < d);
    return months < 0 ? 0 : months > MONTHS ? MONTHS : months;
}

kt_dec polish_annual_days(const struct polish_case *c, int year)
{
    kt_date last = kt_date_make(year, MONTHS, 31);
    kt_date until = c->left.day && c->left.day < last.day ? c->left : last;
    int y, m, d;
    kt_date_parts(c->hired, &y, &m, &d);
    int64_t full = long_leave(c, year, until) ? LONG : SHORT;
    int64_t share = c->share.scale1 ? kt_dec_round(c->share, 2).coef : 10000; /* hundredths of a per cent */
    if (y > year || until.day < kt_date_make(year, 1, 1).day)
        return KT_DEC(0, 2);
    if (c->first_job && y == year) {
        kt_dec whole = KT_DEC(full * share * months_worked(c, year), 4);
        return kt_dec_div(whole, KT_DEC(MONTHS, 0), 2);
    }
    int64_t days = up(full * share, 10000); /* a part of a day is a day */
    int months = months_begun(c, year);
    if (months < MONTHS) {
        int64_t part = up(days * months, MONTHS);
        days = part < days ? part : days;
    }
    return KT_DEC(days * 100, 2);
}

kt_date polish_overdue_from(int year)
{
    return kt_date_make(year + 1, 10, 1);
}

kt_date polish_expires(int year)
{
    return kt_date_make(year + 4, 9, 30);
}
