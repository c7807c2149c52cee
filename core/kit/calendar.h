/* calendar.h -- days, instants and zones: text, arithmetic, periods. Days are proleptic Gregorian. */
#pragma once
#include <kontor.h>

#define DATE_TEXT_MAX 11
#define TIME_TEXT_MAX 25
size_t date_text(kt_date date, char out[DATE_TEXT_MAX]); /* "2026-11-23" */
size_t time_text(kt_time time, char out[TIME_TEXT_MAX]); /* "2026-11-23T10:00:00.000Z" */
bool date_parse(kt_str text, kt_date *out);              /* years 0001 to 9999 */
/* ISO 8601 with "Z" or "+hh:mm"; fraction up to 3 digits may be absent; a bare date is midnight UTC. */
bool time_parse(kt_str text, kt_time *out);

typedef enum { PERIOD_DAY = 1, PERIOD_WEEK, PERIOD_MONTH, PERIOD_QUARTER, PERIOD_YEAR } period;
/* The first day of the period that holds date; weeks begin on Monday (ISO 8601). */
kt_date date_floor(kt_date date, period period);
int date_weekday(kt_date date); /* 1 Monday .. 7 Sunday */

typedef struct zone zone; /* a time zone of the system's database */
/* "Europe/Warsaw". returns NULL: no such zone. The zone lives until zone_close. */
zone *zone_open(const char *name);
void zone_close(zone *zone);
kt_date zone_date(const zone *zone, kt_time time);     /* the local day; zone NULL: UTC */
int zone_offset_s(const zone *zone, kt_time time);     /* seconds east of UTC */
kt_time zone_midnight(const zone *zone, kt_date date); /* the first instant of the local day */
