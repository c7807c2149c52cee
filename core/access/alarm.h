/* alarm.h -- inside the room: what somebody should hear of: a canary that was taken or met too often, a day's
 * budget half or wholly spent, a day's reading far beyond the usual. An alarm is a record of access.alarm, made together with the rows of the log that
 * tell of it; rules, the journal and whoever listens have it as any other record.
 *
 * A canary is a record like any other that nobody has work with, named by an access.canary. Nothing in the record
 * tells it. Exporting or revealing one is an alarm at once; being shown CANARIES_MET of them in a day is.
 *
 *   STORE_META  "Ac" user   the day, u32, and the canaries met on it, each u64 */
#pragma once
#include "access/control.h"

#define CANARIES_MET 3

typedef enum {
    ALARM_CANARY = 1,
    ALARM_READS_HALF,
    ALARM_READS_SPENT,
    ALARM_REVEALS_HALF,
    ALARM_REVEALS_SPENT,
    ALARM_READS_UNUSUAL
} alarm_kind;
extern const kt_choice alarm_kinds[];
extern const kt_shape canary_shape, alarm_shape;

typedef struct alarm {
    struct alarm *next;
    alarm_kind kind;
    uint64_t user, key;
    uint64_t record; /* 0: about no one record */
    kt_str entity, action, method, remote;
    int64_t count, most; /* canaries met; or what was counted, and of how many, or the usual */
    kt_time at;
} alarm;

/* All canaries of a view, read once for a batch of rows. */
typedef struct canaries canaries;
KT_MUST kt_error *canaries_read(kt_tx *tx, canaries **all);
/* Looks for canaries among rising ids that were shown, and adds an alarm to *alarms where one is due.
 *   shown   user, key, entity, action, method, remote and at are those of the reading */
KT_MUST kt_error *canaries_look(
    kt_tx *tx, const canaries *all, const alarm *shown, const uint64_t *ids, size_t count, alarm **alarms);
/* Makes the record of an alarm. thread: writer, or an overlay */
KT_MUST kt_error *alarm_write(kt_tx *tx, const alarm *alarm);
/* Tells the log of it. */
void alarm_say(const alarm *alarm);
