/* aggregate.h -- what the parts of aggregation share: reading the request (aggregate_read.c), gathering
 * (aggregate.c), writing the groups (aggregate_write.c). */
#pragma once
#include "model/query.h"

enum {
    GROUP_BY_MAX = 4,
    MEASURES_MAX = 20,
    GROUPS_MAX = 10000,
    GROUPS_DEFAULT = 1000,
    AGGREGATE_SORT_MAX = 4,
};

__extension__ typedef __int128 int128;

typedef enum {
    MEASURE_COUNT,
    MEASURE_SUM,
    MEASURE_AVG,
    MEASURE_MIN,
    MEASURE_MAX,
    MEASURE_DISTINCT,
} measure_kind;

typedef struct {
    kt_str name;
    measure_kind kind;
    bool every; /* a count of records: no path */
    model_path path;
} measure;

typedef struct {
    kt_str name; /* as the caller wrote it: "day:month" */
    model_path path;
    period period; /* 0: the value itself */
} group_by;

typedef struct {
    uint64_t count;
    int128 sum;
    model_value value; /* least or largest so far; its text is the transaction's */
    query_table *distinct;
} tally;

typedef struct {
    model_value values[GROUP_BY_MAX];
    kt_str order[GROUP_BY_MAX]; /* as in an index */
    tally tallies[];
} group;

typedef struct {
    kt_tx *tx;
    const model_query *query;
    group_by by[GROUP_BY_MAX];
    size_t by_count;
    measure measures[MEASURES_MAX];
    size_t measure_count;
    struct {
        bool is_measure, down;
        size_t at;
    } sort[AGGREGATE_SORT_MAX];
    size_t sort_count;
    query_table *table;
    group **groups; /* by number in the table */
    size_t group_room;
} aggregation;

/* All problems at once. */
KT_MUST kt_error *aggregate_read(aggregation *a, const variant *group, const variant *measures);
/* The groups in the order asked for, as the member "rows". */
KT_MUST kt_error *aggregate_write(aggregation *a, json *answer);
/* The last day of the period that begins on first. */
kt_date aggregate_period_end(kt_date first, period period);
