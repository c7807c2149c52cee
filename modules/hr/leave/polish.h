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
    /* Where it changed within the year: in order of their days, the first from before the year. Instead of share. */
    const struct polish_share *shares;
    size_t share_count;
    bool away[POLISH_MONTHS]; /* months of the year that are unpaid or child-raising leave from end to end */
    bool first_job;           /* the first calendar year of the first job (art. 153 par. 1) */
};
/* Days of leave of a calendar year, scale 2: 20, or 26 once seniority reaches ten years in it (art. 154 par. 1, 158);
 * by the share of full time, a part of a day counted as a day (art. 154 par. 2); in the year of hiring and of
 * leaving a twelfth for each month begun, again in whole days, never above the whole year's (art. 155(1), 155(2a), 155(3)). Where the share of full time changes
 * within the year, its months are counted by the share that held when they began, each stretch of one share in whole
 * days (art. 154 par. 2 with 155(2a)). Months that are unpaid leave throughout give none (art. 155(2)). In the first
 * job's first year a twelfth after each month worked, not rounded. */
kt_dec polish_annual_days(const struct polish_case *c, int year);
/* Until when leave of a year should be taken (art. 168), and when the claim to it expires: three years after
 * that (art. 291). */
kt_date polish_overdue_from(int year);
kt_date polish_expires(int year);
