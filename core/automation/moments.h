/* moments.h -- inside the room: when the clock would have set rules off, met while one goes back through time. */
#pragma once
#include "automation/rule.h"

/* Whose clock: a rule, and the zone of its company. */
typedef struct {
    const rule *rule;
    const zone *zone;
} clocked;

typedef struct {
    kt_time at;
    const clocked *of;
    const trigger *trigger;
    uint64_t id; /* the record whose date it is; 0: a schedule */
} moment;

/* A heap, the latest moment first. */
typedef struct {
    arena *arena;
    moment *items;
    size_t count, room;
} moments;

/* When the record's date comes, as the trigger counts it; not set: it has none. */
kt_time moment_of(const clocked *of, const trigger *t, const model_record *record);
/* Puts in what the rule's schedules and dates have before `now`, as the records are in the transaction's view. */
KT_MUST kt_error *moments_begin(moments *m, kt_tx *tx, const clocked *of, kt_time now);
/* A version of a record ended at `until`: its date was reached if it came before. */
KT_MUST kt_error *moments_add_version(
    moments *m, const clocked *of, const trigger *t, const model_record *version, kt_time until);
/* Takes the latest out if it came after `since`; of a schedule, the one before it comes in. Of moments that are
 * the same one is taken.
 *   taken  at not set: there is none */
KT_MUST kt_error *moments_take(moments *m, kt_time since, moment *taken);
