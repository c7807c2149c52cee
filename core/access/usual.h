/* usual.h -- inside the room: how many records each user is shown a day, and who is shown far more than is usual
 * for them. Counted with the rows of the log, a record as often as it stands in one; a day is one of UTC.
 *
 *   STORE_META  "Au" user u64, day u32   how many, u64; the last USUAL_DAYS days with reading, and the present one */
#pragma once
#include "access/alarm.h"

#define USUAL_DAYS     28
#define USUAL_DAYS_MIN 5   /* with fewer days before nothing is usual yet */
#define USUAL_FACTOR   5   /* of what is usual: more is told by an alarm */
#define USUAL_LEAST    200 /* fewer are never unusual */

typedef struct {
    int64_t today, usual; /* usual: the median of the days before */
    unsigned days;        /* with reading, before this one */
} usual_figures;

KT_MUST kt_error *usual_read(kt_tx *tx, uint64_t user, kt_date day, usual_figures *figures);
/* Is what was shown today as much as `least` and more than `factor` times what is usual? */
bool usual_exceeded(const usual_figures *figures, int64_t factor, int64_t least);
/* Counts what one row of the log shows; adds an alarm to *alarms when that makes the day unusual: once a day.
 *   shown   user, key, entity, action, method, remote and at are those of the reading. thread: writer */
KT_MUST kt_error *usual_count(kt_tx *tx, const alarm *shown, size_t count, alarm **alarms);
