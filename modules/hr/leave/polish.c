#include "leave/polish.h"

enum {
    SHORT = 20,
    LONG = 26,
    LONG_AFTER_YEARS = 10,
    MONTHS = POLISH_MONTHS,
    FULL_TIME = 10000 /* hundredths of a per cent */
};

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

/* ---- Where the share of full time changes ---- */

static int64_t hundredths(kt_dec share)
{
    return share.scale1 ? kt_dec_round(share, 2).coef : FULL_TIME;
}

static int64_t share_on(const struct polish_case *c, kt_date day)
{
    int64_t share = hundredths(c->share);
    for (size_t i = 0; i < c->share_count && c->shares[i].from.day <= day.day; i++)
        share = hundredths(c->shares[i].share);
    return share;
}

/* The share of every month begun that is not all unpaid leave, and how many there are. */
static int shares_of(const struct polish_case *c, int year, int64_t *shares)
{
    kt_date first = kt_date_make(year, 1, 1), last = kt_date_make(year, MONTHS, 31);
    kt_date from = c->hired.day > first.day ? c->hired : first;
    kt_date until = c->left.day && c->left.day < last.day ? c->left : last;
    int n = 0;
    for (int m = month_of(from); until.day >= from.day && m <= month_of(until); m++) {
        kt_date begins = kt_date_make(year, m, 1);
        if (c->away[m - 1])
            continue;
        shares[n++] = share_on(c, begins.day < from.day ? from : begins);
    }
    return n;
}

/* Each stretch of one share in whole days, never more than the whole year's. */
static int64_t days_by_stretches(int64_t full, const int64_t *shares, int months)
{
    int64_t days = 0;
    for (int i = 0, from = 0; i < months; i++)
        if (i + 1 == months || shares[i + 1] != shares[i]) {
            days += up(full * shares[i] * (i + 1 - from), (int64_t)FULL_TIME * MONTHS);
            from = i + 1;
        }
    return days < full ? days : full;
}

kt_dec polish_annual_days(const struct polish_case *c, int year)
{
    kt_date last = kt_date_make(year, MONTHS, 31);
    kt_date until = c->left.day && c->left.day < last.day ? c->left : last;
    int y, m, d;
    kt_date_parts(c->hired, &y, &m, &d);
    int64_t full = long_leave(c, year, until) ? LONG : SHORT;
    int64_t shares[MONTHS] = {0};
    int begun = shares_of(c, year, shares);
    int64_t share = shares[0];
    bool changes = false;
    for (int i = 1; i < begun; i++)
        changes = changes || shares[i] != share;
    if (y > year || until.day < kt_date_make(year, 1, 1).day)
        return KT_DEC(0, 2);
    if (c->first_job && y == year) {
        kt_dec whole = KT_DEC(full * share * months_worked(c, year), 4);
        return kt_dec_div(whole, KT_DEC(MONTHS, 0), 2);
    }
    if (changes)
        return KT_DEC(days_by_stretches(full, shares, begun) * 100, 2);
    int64_t days = up(full * share, FULL_TIME); /* a part of a day is a day */
    if (begun < MONTHS) {
        int64_t part = up(days * begun, MONTHS);
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
