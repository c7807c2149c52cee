/* staff.h -- the service "hr.staff": who is there. Production asks it how many of those who may run a work
 * centre are present; whoever gives work to somebody asks whether they are away. */
#pragma once
#include <kontor.h>

typedef struct {
    kt_time from, until;
} kt_gap;
typedef struct {
    bool needed;     /* false: nobody's qualification names the centre, anybody may run it */
    int64_t *halves; /* two numbers for each day, of the first half of its working time and of the second */
    kt_gap *gaps;    /* in each one less is there: leave by the hour; in no order */
    size_t gap_count;
} kt_present;

typedef struct kt_staff {
    /* How many of those who are qualified for a work centre are there: qualified on the day, and not on leave.
     *   work_centre  of kt_any
     *   memory       of the transaction */
    KT_MUST kt_error *(*present)(
        kt_tx *tx, kt_id work_centre, kt_date from, size_t days, kt_present *present);
    /* Is a user away on a day, and who stands in? Some hours of leave are no absence. substitute receives 0 where
     * there is none. */
    KT_MUST kt_error *(*away)(kt_tx *tx, kt_id user, kt_date day, bool *away, kt_id *substitute);
} kt_staff;

/* NULL: no module offers it now. */
static inline const kt_staff *kt_staff_find(kt_tx *tx)
{
    return (const kt_staff *)kt_service_find(tx, "hr.staff", 1);
}
