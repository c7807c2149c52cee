/* polish.h -- annual leave by the Polish Labour Code. Pure. */
#pragma once
#include <kontor.h>

struct polish_share { /* part of full time, per cent, from a day on */
    kt_date from;
    kt_dec share;
};
enum { POLISH_MONTHS = 12 };
struct polish_case {
    kt_date hired, left;    /* left not set: stays */
    kt_date seniority_from; /* employment with school and earlier jobs counted in (art. 155) */
    kt_dec share;           /* part of full time, per cent; not set: full time */
    /* Where it changed: in order of their days, the first from before the year. Instead of share. */
    const struct polish_share *shares;
    size_t share_count;
    bool away[POLISH_MONTHS]; /* months of the year that give no leave (art. 155(2)) */
    bool counted_elsewhere;   /* the month of hiring counts with the former employer (art. 155(2a) par. 3) */
};
/* Days of leave of a calendar year, scale 2.
 *
 * Twenty, or twenty-six with ten years of seniority, which are reached on the day before the anniversary (art. 154
 * par. 1): how many are due from a day on, since the longer leave is due from that day, art. 158. By the share of full
 * time, a part of a day counted as a day (art. 154 par. 2). In the year of hiring, of leaving, and of coming back from
 * unpaid leave a twelfth for each month begun, again in whole days, never above the whole year's (art. 155(1), 155(2),
 * 155(2a), 155(3)). Where the share changes within the year each stretch of one share is counted so; of a month in
 * which it changes the greater share.
 *   on  a day of the year: what is due by then */
kt_dec polish_annual_days(const struct polish_case *c, int year, kt_date on);
/* The day on which the longer leave is due. */
kt_date polish_long_from(const struct polish_case *c);
/* In the calendar year of the first job (art. 153 par. 1): days due once so many months are worked, scale 4, a twelfth
 * of the year's for each, not rounded. */
kt_dec polish_first_job_days(const struct polish_case *c, int months);
/* The day after so many months of work. */
kt_date polish_months_after(kt_date hired, int months);
/* Until when leave of a year should be taken (art. 168), and when the claim to it expires: three years after
 * that (art. 291). */
kt_date polish_overdue_from(int year);
kt_date polish_expires(int year);
