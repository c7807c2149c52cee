/* shop.h -- in which sequence machines take their operations, so that the last, or the latest against its due time,
 * ends as early as can be: tabu search over swaps on the critical path. Pure; deterministic.
 * Sources: E. Nowicki, C. Smutnicki, A fast taboo search algorithm for the job shop problem, Management Science 42
 * (1996), for the neighbours; Fisher and Thompson's and Lawrence's instances for the tests. */
#pragma once
#include "capacity/place.h"

struct shop_search {
    unsigned rounds;        /* swaps at most */
    unsigned rounds_idle;   /* that better nothing; then it ends */
    const int64_t *stop_at; /* a value that is known to be the best; NULL: none */
    int64_t value;     /* receives the greatest (end - due), where there is no due time: the greatest end */
    unsigned searched; /* receives how many swaps were looked at */
};
/* Finds a sequence for tasks whose machine is settled: machine_count 1. Whatever the machines have booked already is
 * left as it is.
 *   sequence  receives the tasks in the order in which to place them
 *   returns   false: no memory */
bool shop_sequence(const memory *memory, const struct machine *machines, size_t machine_count,
    const struct task *tasks, size_t count, struct shop_search *search, size_t *sequence);
