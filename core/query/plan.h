/* plan.h -- what the parts of the planner share: ways to scan (plan_ways.c), the choice among them (plan.c),
 * several scans one after another (plan_union.c), conditions looked up from their far end (plan_join.c). */
#pragma once
#include "query/internal.h"

enum {
    CONJUNCTS_MAX = 64,
    PLAN_CHEAP = 8,       /* cost up to which no other way is looked for */
    PLAN_WORTH = 32,      /* cost from which on more than one scan is thought about */
    PLAN_DEPTH_MAX = 3,   /* of unions within unions */
    UNION_PARTS_MAX = 16, /* each has a cursor of its own */
    JOIN_IDS_MAX = 1000,  /* records at the far end of a path */
};

/* What must hold: the members of the filter's outermost "and", the company's boundary, the scope of rights.
 */
typedef struct {
    const query_filter *items[CONJUNCTS_MAX];
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
/* The best plan for what must hold. depth: of unions around it */
KT_MUST kt_error *plan_conjuncts(kt_tx *tx, const plan_request *request, const conjuncts *all,
    bool check_record, unsigned depth, query_plan *plan);
/* Several scans in place of *plan, where that is cheaper: for an "or", or for a field with several values. */
KT_MUST kt_error *plan_union(
    kt_tx *tx, const conjuncts *all, bool check_record, unsigned depth, query_plan *plan);
/* Conditions on what references lead to become conditions on the references: the records at the far end are
 * looked up first, if they are few and the present plan costs more.
 *   out     the conditions, with what could be replaced replaced; borrowed from the transaction
 *   joined  the paths that were; *count 0: none */
KT_MUST kt_error *plan_join(
    kt_tx *tx, const conjuncts *all, const query_plan *plan, conjuncts *out, kt_str *joined, size_t *count);
/* Has the index all records that the conditions let through, if its fields before this one are set in them? One in which any
 * other is not set has no entry in a unique index, but for the company. */
bool plan_has_all(const conjuncts *all, const model_index *index, size_t from);
/* Does anything asked for bear on the index's first field? Of other indexes no way is worth making. */
bool plan_bears_on(const plan_request *request, const conjuncts *all, const model_index *index);
/* Makes the way over an index (NULL: over the records). *usable: it narrows anything, or is in order. */
KT_MUST kt_error *plan_way_make(kt_tx *tx, const plan_request *request, const conjuncts *all,
    const model_index *index, plan_way *way, bool *usable);
