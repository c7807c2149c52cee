/* period.h -- spans of days: "2026-Q3", "last_month", or from and to. */
#pragma once
#include <kontor.h>

enum { SPAN_MONTHS_MAX = 1200 };
typedef struct {
    kt_date from, to;
    int months; /* a whole number of calendar months; 0: so many days */
} span;

/* Reads "2026", "2026-H1", "2026-Q3", "2026-11", "2026-11-25", or today month quarter half_year year with
 * last_ in front of all but today; months are relative to today. from and to take its place. */
KT_MUST kt_error *span_read(kt_tx *tx, kt_str text, kt_date from, kt_date to, kt_date today, span *out);
/* The span before it, as long in its own unit: the quarter before a quarter. */
span span_before(const span *of);
/* The calendar period of so many months (1, 3, 6, 12) that a day lies in. */
span span_around(kt_date day, int months);
int64_t span_days(const span *of);

/* The parts of a span by "day", "week", "month", "quarter", "year": each begins where `:month` of a query
 * says. */
typedef enum { UNIT_NONE, UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_QUARTER, UNIT_YEAR } unit;
unit unit_named(kt_str name);
const char *unit_name(unit u);
/* The first day of the part that day lies in; and of the next one. */
kt_date unit_first(unit u, kt_date day);
kt_date unit_next(unit u, kt_date first);
