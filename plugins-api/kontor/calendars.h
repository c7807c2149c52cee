/* calendars.h -- the service "base.calendars": working time, by a calendar's days, hours and holidays. */
#pragma once
#include <kontor.h>

typedef struct {
    /* The instant at which so many minutes have been worked since `from`.
     *   calendar  not set: the company's; the company has none: every minute of every day counts
     *   minutes   0: from itself, or the beginning of the next working time
     *   returns   limit: not within a century; rule: the calendar has no working day */
    KT_MUST kt_error *(*add)(kt_tx *tx, kt_id calendar, kt_time from, int64_t minutes, kt_time *at);
    /* The minutes worked between two instants; 0 if until is not after from. */
    KT_MUST kt_error *(*between)(kt_tx *tx, kt_id calendar, kt_time from, kt_time until, int64_t *minutes);
} kt_calendars;

/* NULL: no module offers it now. */
static inline const kt_calendars *kt_calendars_find(kt_tx *tx)
{
    return (const kt_calendars *)kt_service_find(tx, "base.calendars", 1);
}
