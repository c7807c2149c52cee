/* calendars.h -- the service "base.calendars": working time, by a calendar's days, hours and holidays. */
#pragma once
#include <kontor.h>

typedef struct {
    kt_time from, until; /* until is not within */
} kt_span;

typedef struct {
    /* The instant at which so many minutes have been worked since `from`.
     *   calendar  not set: the company's; the company has none: every minute of every day counts
     *   minutes   0: from itself, or the beginning of the next working time
     *   returns   limit: not within a century; rule: the calendar has no working day */
    KT_MUST kt_error *(*add)(kt_tx *tx, kt_id calendar, kt_time from, int64_t minutes, kt_time *at);
    /* The minutes worked between two instants; 0 if until is not after from. */
    KT_MUST kt_error *(*between)(kt_tx *tx, kt_id calendar, kt_time from, kt_time until, int64_t *minutes);
    /* The working time between two instants, in order, none touching another.
     *   calendar  as above; without one: a single span
     *   count     receives how many there are, at most `room`: more come after the last one */
    KT_MUST kt_error *(*spans)(
        kt_tx *tx, kt_id calendar, kt_time from, kt_time until, kt_span *spans, size_t room, size_t *count);
    /* Is the day a holiday of the calendar? Without one no day is. */
    KT_MUST kt_error *(*holiday)(kt_tx *tx, kt_id calendar, kt_date day, bool *yes);
} kt_calendars;

/* NULL: no module offers it now. */
static inline const kt_calendars *kt_calendars_find(kt_tx *tx)
{
    return (const kt_calendars *)kt_service_find(tx, "base.calendars", 1);
}
