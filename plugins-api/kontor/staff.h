/* staff.h -- the service "hr.staff": who is there. Production asks it how many of those who may run a work
 * centre are present; whoever gives work to somebody asks whether they are away. */
#pragma once
#include <kontor.h>

typedef struct kt_staff {
    /* How many of those who are qualified for a work centre are there, in each half of so many days.
     *   work_centre  of kt_any
     *   needed       receives false where nobody's qualification names the centre: anybody may run it
     *   present      receives two numbers for each day, of the first half of its working time and of the second:
     *                qualified on that day, and not on leave; leave by the hour takes the whole day, for nobody
     *                knows which hour */
    KT_MUST kt_error *(*present)(
        kt_tx *tx, kt_id work_centre, kt_date from, size_t days, bool *needed, int64_t *present);
    /* Is a user away on a day, and who stands in? substitute receives 0 where there is none. */
    KT_MUST kt_error *(*away)(kt_tx *tx, kt_id user, kt_date day, bool *away, kt_id *substitute);
} kt_staff;

/* NULL: no module offers it now. */
static inline const kt_staff *kt_staff_find(kt_tx *tx)
{
    return (const kt_staff *)kt_service_find(tx, "hr.staff", 1);
}
