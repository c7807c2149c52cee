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

/* The day itself, or the first of the next month where a month has no such day. */
static kt_date day_or_next(int y, int m, int d)
{
    kt_date day = kt_date_make(y, m, d);
    if (day.day)
        return day;
    return m == MONTHS ? kt_date_make(y + 1, 1, 1) : kt_date_make(y, m + 1, 1);
}

kt_date polish_months_after(kt_date hired, int months)
{
    int y, m, d;
    kt_date_parts(hired, &y, &m, &d);
    const int months_from_0 = m - 1 + months;
    return day_or_next(y + months_from_0 / MONTHS, months_from_0 % MONTHS + 1, d);
}

kt_date polish_long_from(const struct polish_case *c)
{
    kt_date begun = c->seniority_from.day ? c->seniority_from : c->hired;
    return kt_date_add(polish_months_after(begun, LONG_AFTER_YEARS * MONTHS), -1);
}

static int month_of(kt_date day)
{
    int y, m, d;
    kt_date_parts(day, &y, &m, &d);
    return m;
}

static kt_date last_of_month(int year, int month)
{
    return kt_date_add(day_or_next(year, month, 32), -1);
}

/* ---- The share of full time ---- */

static int64_t hundredths(kt_dec share)
{
    return share.scale1 ? kt_dec_round(share, 2).coef : FULL_TIME;
}

/* The greatest that holds on one of the days. */
static int64_t share_within(const struct polish_case *c, kt_date from, kt_date until)
{
    int64_t share = hundredths(c->share);
    for (size_t i = 0; i < c->share_count && c->shares[i].from.day <= until.day; i++) {
        int64_t one = hundredths(c->shares[i].share);
        share = c->shares[i].from.day <= from.day || one > share ? one : share;
    }
    return share;
}

/* ---- A year ---- */

struct span {
    kt_date from, until;
};

static struct span employed_in(const struct polish_case *c, int year)
{
    const kt_date first = kt_date_make(year, 1, 1), last = kt_date_make(year, MONTHS, 31);
    return (struct span){
        c->hired.day > first.day ? c->hired : first, c->left.day && c->left.day < last.day ? c->left : last};
}

/* The share of every month begun that gives leave, and how many there are. */
static int shares_of(const struct polish_case *c, int year, int64_t *shares)
{
    const struct span s = employed_in(c, year);
    const bool skips_first = c->counted_elsewhere && s.from.day == c->hired.day;
    int n = 0;
    for (int m = month_of(s.from); s.until.day >= s.from.day && m <= month_of(s.until); m++) {
        const kt_date first = kt_date_make(year, m, 1), last = last_of_month(year, m);
        if (c->away[m - 1] || (skips_first && m == month_of(s.from)))
            continue;
        shares[n++] = share_within(
            c, first.day < s.from.day ? s.from : first, last.day > s.until.day ? s.until : last);
    }
    return n;
}

kt_dec polish_annual_days(const struct polish_case *c, int year, kt_date on)
{
    const struct span s = employed_in(c, year);
    const kt_date reached = polish_long_from(c);
    const int64_t full = reached.day <= on.day && reached.day <= s.until.day ? LONG : SHORT;
    int64_t shares[MONTHS] = {0}, days = 0;
    const int begun = shares_of(c, year, shares);
    for (int i = 0, from = 0; i < begun; i++)
        if (i + 1 == begun || shares[i + 1] != shares[i]) {
            days += up(up(full * shares[i], FULL_TIME) * (i + 1 - from), MONTHS);
            from = i + 1;
        }
    return KT_DEC((days < full ? days : full) * 100, 2);
}

kt_dec polish_first_job_days(const struct polish_case *c, int months)
{
    int64_t days = 0;
    for (int i = 1; i <= months; i++) {
        const kt_date last = kt_date_add(polish_months_after(c->hired, i), -1);
        days += up(SHORT * share_within(c, last, last), FULL_TIME);
    }
    return kt_dec_div(KT_DEC(days, 0), KT_DEC(MONTHS, 0), 4);
}

kt_date polish_overdue_from(int year)
{
    return kt_date_make(year + 1, 10, 1);
}

kt_date polish_expires(int year)
{
    return kt_date_make(year + 4, 9, 30);
}
