/* holidays.h -- public holidays by rule. Pure. */
#pragma once
#include <kontor.h>

/* Easter Sunday of the Gregorian calendar. */
kt_date easter(int year);
typedef struct {
    kt_date day;
    kt_text name;
} public_holiday;
enum { HOLIDAYS_MAX = 16 };
/* Non-working holidays of a country in a year, in order; returns their number, 0: no rules are known. Of Germany those
 * of all its states. country: PL, DE, CZ */
size_t public_holidays(const char *country, int year, public_holiday out[HOLIDAYS_MAX]);
