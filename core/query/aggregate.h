/* aggregate.h -- what the parts of aggregation share: reading the request (aggregate_read.c), gathering
 * (aggregate.c), writing the groups (aggregate_write.c). */
#pragma once
#include "query/internal.h"

enum {
    GROUP_BY_MAX = 6,
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
    MEASURE_MEDIAN,
} measure_kind;

typedef struct {
    kt_str name;
    measure_kind kind;
    bool every; /* a count of records: no path */
    model_path path;
    model_path inner; /* of a path through the unnested lines: from the line on; count 0: another path */
} measure;

typedef struct {
    kt_str name; /* as the caller wrote it: "day:month" */
    model_path path;
    model_path inner; /* as in measure */
    period period;    /* 0: the value itself */
} group_by;

typedef struct {
    uint64_t count;
    int128 sum;
    model_value value; /* least or largest so far; its text is the transaction's */
    query_table *distinct;
    int64_t *values; /* of a median: all, as coefficients */
    size_t room;
} tally;

typedef struct {
    model_value values[GROUP_BY_MAX];
    kt_str order[GROUP_BY_MAX]; /* as in an index */
    uint64_t records;           /* that fall in here */
    uint64_t **seen;            /* aggregate_cover: pages of a bitmap of the records counted */
    uint64_t last;              /* the record that was counted last: several lines of one may fall in here */
    tally tallies[];
} group;

typedef struct {
    kt_tx *tx;
    const query_request *query;
    group_by by[GROUP_BY_MAX];
    size_t by_count;
    const model_field *lines; /* NULL, or the lines by which records are grouped: each line by itself */
    const query_filter *line_filter; /* what a line must meet to be looked at; NULL: nothing */
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
    size_t held; /* bytes of values kept for medians */
} aggregation;

/* All problems at once. */
KT_MUST kt_error *aggregate_read(aggregation *a, const variant *group, const variant *measures);
/* The group of these values, new if need be; they are taken to their periods. bytes: room of the caller's. */
KT_MUST kt_error *aggregate_find(aggregation *a, model_value *values, buffer *bytes, group **out);
/* One value for a measure. */
KT_MUST kt_error *aggregate_take(
    aggregation *a, const measure *measure, tally *tally, const model_field *field, const model_value *value);
/* Gathers from an index that has all that is asked; *done false: there is none, nothing was gathered.
 * (aggregate_cover.c) */
KT_MUST kt_error *aggregate_cover(aggregation *a, bool *done);
/* The groups in the order asked for, as the member "rows". */
KT_MUST kt_error *aggregate_write(aggregation *a, json *answer);
