/* calendar.h -- walking through a calendar's days, and time that is worked. */
#pragma once
#include <kontor/calendars.h>

enum { CALENDAR_SPAN_MAX = 36600 }; /* days between the ends: a century */

struct hours { /* a line of a calendar */
    kt_record rec;
    unsigned weekday; /* 1 Monday .. 7 Sunday */
    kt_str from, until;
};
extern const kt_shape hours_shape;
struct calendar {
    kt_record rec;
    kt_str name, weekdays;
    kt_id country;
    kt_lines hours;
    kt_dec hours_per_week;
};
struct holiday {
    kt_record rec;
    kt_id calendar;
    kt_date day;
    kt_str name, name_pl;
};

/* Walks days in one direction, reading the holidays on the way in order. */
typedef struct {
    struct calendar calendar;
    bool works[8]; /* by weekday */
    int step;
    kt_cursor *holidays;
    struct holiday next; /* its day not set: no more */
    int64_t skipped;     /* working weekdays that were holidays */
} calendar_walk;
/* returns rule at "calendar": it has no working day. End it by kt_close(walk->holidays), always. */
KT_MUST kt_error *calendar_walk_begin(kt_tx *tx, kt_id calendar, kt_date from, int step, calendar_walk *walk);
/* Is the day worked? Days are asked in the walk's direction. */
bool calendar_works(calendar_walk *walk, kt_date day);
/* Is the day one of the calendar's holidays? */
KT_MUST kt_error *calendar_has_holiday(kt_tx *tx, kt_id calendar, kt_date day, bool *has);
/* "08:30" in minutes of the day; -1: no time of day. */
int calendar_minutes(kt_str text);

extern const kt_calendars calendars_service; /* working_time.c */
