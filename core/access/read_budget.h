/* read_budget.h -- inside the room: what a user has had of a day's budgets: how many different records, of
 * entities that ask for their reads to be logged, and how many different masked values. Counted in memory,
 * exactly; kept in STORE_META by the thread that writes the log of reads, so that a restart does not begin
 * anew:
 *
 *   "Ab" user u64, day u32, chunk u32   records: entity u16 and id u48, each u64
 *   "Av" the same                       masked values: a hash of each, u64 */
#pragma once
#include "model/model.h"

typedef struct read_budget read_budget;
typedef struct read_budget_batch read_budget_batch;

KT_MUST read_budget *read_budget_open(arena *arena);
void read_budget_close(read_budget *budget);
typedef enum { BUDGET_READS = 'b', BUDGET_REVEALS = 'v' } budget_kind;
typedef enum {
    BUDGET_QUIET,
    BUDGET_HALF,
    BUDGET_SPENT
} budget_event; /* what just happened, once a day each */
/* Counts one thing of today's, once.
 *   key      tells it from others; never 0
 *   event    receives what its user's head should hear of
 *   returns  limit: as many others were counted already; it was not. thread: any */
KT_MUST kt_error *read_budget_spend(read_budget *budget, kt_tx *tx, budget_kind kind, kt_date day,
    int64_t limit, uint64_t key, budget_event *event);
uint64_t read_budget_record(const model_entity *entity, uint64_t id); /* the key of a record */
/* How many were counted on this day. */
KT_MUST kt_error *read_budget_seen(
    read_budget *budget, kt_tx *tx, budget_kind kind, kt_date day, uint64_t user, int64_t *seen);

/* What is not yet kept; NULL: nothing, or no memory. memory: arena's */
read_budget_batch *read_budget_take(read_budget *budget, arena *arena);
/* Keeps it. thread: writer; may run again */
KT_MUST kt_error *read_budget_keep(const read_budget_batch *batch, store_view *view);
/* It is kept. */
void read_budget_kept(read_budget *budget, const read_budget_batch *batch);
