/* holidays.h -- public holidays by rule. Pure. */
#pragma once
#include <kontor.h>

/* Easter Sunday of the Gregorian calendar. */
kt_date easter(int year);
typedef struct {
    kt_date day;
    kt_text name;
} public_holiday;
enum { POLISH_HOLIDAYS_MAX = 16 };
/* Non-working holidays of Poland in a year, in order; returns their number. */
size_t polish_holidays(int year, public_holiday out[POLISH_HOLIDAYS_MAX]);
