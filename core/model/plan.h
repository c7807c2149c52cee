/* plan.h -- what the two halves of the planner share: ways to scan (plan_ways.c), and the choice among them
 * (plan.c). */
#pragma once
#include "model/query.h"

enum { CONJUNCTS_MAX = 64 };

/* What must hold: the members of the filter's outermost "and", the company's boundary, the scope of rights.
 */
typedef struct {
    const model_filter *items[CONJUNCTS_MAX];
    size_t count;
} conjuncts;

/* One way to scan. */
typedef struct {
    scan_kind scan;
    const model_index *index;
    key prefix; /* table, entity, index and the constants */
    size_t constants;
    bool ranged, ordered, reverse;
    bool skip[QUERY_SORT_MAX];
    query_range *ranges;
    size_t range_count;
    bool proves[CONJUNCTS_MAX]; /* conjuncts that every row of the ranges meets */
    bool uses[CONJUNCTS_MAX];   /* conjuncts that made the ranges */
    uint64_t estimate;
    bool exact, counted; /* counted: by a kept counter */
    double cost;
} plan_way;

/* The condition on a field itself (through lines: on the lines' field), of the wanted kind; NULL: none. */
const filter_test *plan_equality(
    const conjuncts *all, const model_field *through, const model_field *field, size_t *at);
/* Makes the way over an index (NULL: over the records). *usable: it narrows anything, or is in order. */
KT_MUST kt_error *plan_way_make(kt_tx *tx, const plan_request *request, const conjuncts *all,
    const model_index *index, plan_way *way, bool *usable);
