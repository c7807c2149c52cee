/* read_budget.h -- inside the room: how many different records a user was shown today, of entities that ask
 * for their reads to be logged. Counted in memory, exactly; kept in STORE_META by the thread that writes the
 * log of reads, so that a restart does not begin anew:
 *
 *   "Ab" user u64, day u32, chunk u32   records: entity u16 and id u48, each u64 */
#pragma once
#include "model/model.h"

typedef struct read_budget read_budget;
typedef struct read_budget_batch read_budget_batch;

KT_MUST read_budget *read_budget_open(arena *arena);
void read_budget_close(read_budget *budget);
/* Counts a record of today's.
 *   limit    above zero
 *   returns  limit: as many others were shown already; it was not counted. thread: any */
KT_MUST kt_error *read_budget_spend(
    read_budget *budget, kt_tx *tx, kt_date day, int64_t limit, const model_entity *entity, uint64_t id);
/* How many were shown on this day. */
KT_MUST kt_error *read_budget_seen(read_budget *budget, kt_tx *tx, kt_date day, uint64_t user, int64_t *seen);

/* What is not yet kept; NULL: nothing, or no memory. memory: arena's */
read_budget_batch *read_budget_take(read_budget *budget, arena *arena);
/* Keeps it. thread: writer; may run again */
KT_MUST kt_error *read_budget_keep(const read_budget_batch *batch, store_view *view);
/* It is kept. */
void read_budget_kept(read_budget *budget, const read_budget_batch *batch);
