/* internal.h -- what the files of this room share: filters, plans, the rows they give.
 *
 * A request's query is read once into these structs, planned once, and then run over records: nothing here
 * looks at names or JSON again. */
#pragma once
#include "kit/buffer.h"
#include "query/query.h"
#include "record/internal.h"
#include "record/path.h"

enum {
    QUERY_DEPTH_MAX = 16,      /* of nested conditions */
    QUERY_TESTS_MAX = 500,     /* conditions in a filter */
    QUERY_VALUES_MAX = 5000,   /* values of `in` */
    QUERY_PATTERN_MAX = 200,   /* bytes of a pattern */
    QUERY_SORT_MAX = 4,        /* fields to sort by */
    QUERY_LIMIT_MAX = 500,     /* rows of a page */
    QUERY_RANGES_MAX = 2000,   /* of one scan */
    QUERY_COST_MAX = 3000000,  /* records and index entries that one query may touch */
    QUERY_HEAP_MAX = 16 << 20, /* bytes that one query may hold for sorting or grouping */
};

/* ---- Who points to a record (pointing.c) ---- */

/* The ids of records that point to a target from one place, at most `most`. */
KT_MUST kt_error *query_pointing(kt_tx *tx, const model_referrer *from, const model_entity *target,
    uint64_t id, size_t most, uint64_t **ids, size_t *count);
/* The runs in which an index in runs has entries, rising. */
KT_MUST kt_error *query_runs(
    kt_tx *tx, const model_entity *entity, const model_index *index, uint32_t **runs, size_t *count);
/* From which id on records must be read for query_pointing to find all; UINT64_MAX: none, its index has all. */
KT_MUST kt_error *query_unfilled(kt_tx *tx, const model_referrer *from, uint64_t *next);

/* Lines from the wire (wire_lines.c): see query_value_read. */
KT_MUST kt_error *query_lines_read(kt_tx *tx, const model_entity *entity, const model_field *field,
    const variant *from, const char *path, model_value *value);

/* ---- Filters (filter_read.c, filter_match.c, filter_pattern.c) ---- */

typedef enum { FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_TEST } filter_kind;
typedef enum {
    TEST_IN,    /* one of values, or not set if `null` */
    TEST_RANGE, /* between low and high */
    TEST_LIKE,  /* a pattern */
    TEST_ANY,   /* one line, or the record referred to, matches `inner` */
    TEST_HAS,   /* one of the records that point here from `has` matches `inner` */
} test_kind;

typedef enum { PATTERN_TEXT, PATTERN_ONE, PATTERN_RUN } pattern_kind;
typedef struct {
    pattern_kind kind;
    kt_str text;
} pattern_piece;
typedef struct {
    bool folded;
    size_t count;
    const pattern_piece *pieces;
} filter_pattern;

typedef struct {
    test_kind kind;
    model_path path;
    bool null;                  /* TEST_IN: not set matches too */
    size_t count;               /* TEST_IN: values in order of filter_value_cmp, without doubles */
    const model_value *values;  /* TEST_IN; TEST_RANGE: low, high (not set: open) */
    kt_str low_text, high_text; /* TEST_RANGE over texts: folded */
    bool low_open, high_open;   /* TEST_RANGE: the end itself does not match */
    filter_pattern pattern;
    const query_filter *inner; /* TEST_ANY, TEST_HAS */
    const model_referrer *has; /* TEST_HAS; the path is the record's own id */
} filter_test;

struct query_filter {
    filter_kind kind;
    size_t count;
    const query_filter *const *items; /* AND, OR, NOT (one) */
    const filter_test *test;
    const variant *source; /* of the whole, as it came; NULL: made by the core */
};

/* What is being read. */
typedef struct {
    kt_tx *tx;
    const model_entity *entity; /* the record */
    const model_entity *of;     /* what names are fields of: the record, or its lines within "any" */
    size_t depth, tests;
    bool own; /* a module's own conditions: they may ask for what is masked for the caller */
} filter_reader;
/* One condition (filter_condition.c). value NULL: none was given. */
KT_MUST kt_error *filter_test_read(
    filter_reader *r, kt_str name, kt_str op, const variant *value, const char *at, const query_filter **out);
/* A list of conditions, or one (filter_read.c). */
KT_MUST kt_error *filter_node_read(
    filter_reader *r, const variant *from, const char *at, const query_filter **filter);

/* ["has", "crm.deal.party", [..]] (filter_has.c); count: of the items. */
KT_MUST kt_error *filter_has_read(
    filter_reader *r, const variant *items, size_t count, const char *at, const query_filter **out);
/* Does a record that points to the one with this id match? */
KT_MUST kt_error *filter_has_matches(kt_tx *tx, const filter_test *test, uint64_t id, bool *yes);
/* The ids of all records of which such a test holds, rising; *whole false: they are more than most, or too
 * many records would have to be looked at. */
KT_MUST kt_error *query_has_set(
    kt_tx *tx, const filter_test *test, size_t most, uint64_t **ids, size_t *count, bool *whole);
/* Counts from the side of a "has" among the conditions, if there is one and that is quicker. (count_set.c) */
KT_MUST kt_error *query_count_by_set(kt_tx *tx, const query_request *query, uint64_t *count, bool *done);
/* Out of an index that has all that the filter, the caller's rights included, names. *done false: there is none.
 * (aggregate_cover.c) */
KT_MUST kt_error *query_count_covered(kt_tx *tx, const query_request *query, uint64_t *count, bool *done);

/* Order of two set values of a field's type: texts by bytes. */
int filter_value_cmp(const model_field *field, const model_value *a, const model_value *b);
bool filter_is_text(const model_field *field); /* compared folded, and cut in keys */
/* The first values of a pattern, for an index range: the folded text it begins with. */
kt_str filter_pattern_prefix(const filter_pattern *pattern);
/* Reads a pattern with % (any run), _ (any one character) and \ (the next one as it is). */
KT_MUST kt_error *filter_pattern_read(arena *arena, kt_str text, bool folded, filter_pattern *pattern);
/* A pattern that begins with text. */
KT_MUST kt_error *filter_pattern_starts(arena *arena, kt_str text, filter_pattern *pattern);
bool filter_pattern_matches(const filter_pattern *pattern, kt_str text);
/* follow NULL: what references lead to is not kept for the next record. */
KT_MUST kt_error *filter_matches(
    kt_tx *tx, path_follow *follow, const query_filter *filter, const model_record *record, bool *matches);
/* As query_filter_read, for conditions of a module's own. */
KT_MUST kt_error *filter_read_own(
    kt_tx *tx, const model_entity *entity, const variant *from, query_filter **filter);
/* A filter that holds where all these do; one item stays itself. */
KT_MUST kt_error *filter_and(
    arena *arena, const query_filter *const *items, size_t count, const query_filter **filter);

/* ---- Sort keys and cursors (sort.c) ---- */

typedef struct {
    size_t count;
    struct {
        model_path path;
        bool down;
    } by[QUERY_SORT_MAX];
    const model_entity *of;
    bool down;  /* of the id, which breaks ties: as the last field */
    bool by_id; /* which is named, behind the fields */
} query_sort;

/* A record's place in an order: its fields' values as in an index, and its id. */
typedef struct {
    uint64_t id;
    uint16_t end[QUERY_SORT_MAX]; /* of each field's bytes */
    kt_str bytes;
} query_key;

/* "-day,name", or an array of such; NULL: by id. */
KT_MUST kt_error *query_sort_read(
    kt_tx *tx, const model_entity *entity, const variant *from, query_sort *sort);
/* bytes lie in *room. */
KT_MUST kt_error *query_key_make(kt_tx *tx, path_follow *follow, const query_sort *sort,
    const model_record *record, key *room, query_key *made);
int query_key_cmp(const query_sort *sort, const query_key *a, const query_key *b);

/* A place between two records: behind (or before) the one that the key describes. */
typedef struct {
    bool set;
    bool back;      /* the rows before it are wanted */
    bool inclusive; /* the record itself too */
    bool
        value_only; /* only the first field's value: the place is before its first record, or behind its last */
    query_key key;
} query_place;

/* Opaque text, bound to the sort: "next" of the row with this key. */
void query_cursor_write(const query_sort *sort, const query_place *place, json *out);
/* returns validation: it is none of this sort */
KT_MUST kt_error *query_cursor_read(kt_tx *tx, const query_sort *sort, kt_str cursor, query_place *place);

/* Keeps the first `most` keys of many; most 0: all, up to QUERY_HEAP_MAX bytes. (sorter.c) */
typedef struct query_sorter query_sorter;
KT_MUST kt_error *query_sorter_open(
    kt_tx *tx, const query_sort *sort, bool back, size_t most, query_sorter **sorter);
/* The key is copied if it is kept. returns limit: past QUERY_HEAP_MAX */
KT_MUST kt_error *query_sorter_add(query_sorter *sorter, const query_key *key);
/* In order; good as long as the transaction. */
const query_key *query_sorter_end(query_sorter *sorter, size_t *count);

/* ---- Plans (plan.c, plan_ways.c, plan_union.c, plan_join.c) ---- */

typedef struct {
    kt_str from, to;
} query_range;

typedef enum { SCAN_RECORDS, SCAN_INDEX, SCAN_UNIQUE, SCAN_UNION } scan_kind;
typedef struct {
    const model_entity *entity;
    const query_filter *filter; /* NULL: all */
    const query_sort *sort;     /* NULL: any order */
    uint32_t limit;             /* rows wanted; 0: all */
    const char *right;
    bool count_only;           /* rows need not be read where the ranges prove all */
    uint64_t probe;            /* entries that may be counted for an estimate; 0: few */
    const model_field *wanted; /* all that is wanted of a record: an index that holds it need not be left */
} plan_request;

typedef struct query_plan {
    plan_request request;
    scan_kind scan;
    const model_index *index; /* SCAN_INDEX, SCAN_UNIQUE */
    query_range *ranges;      /* rising, disjoint; none: nothing can match */
    size_t range_count;
    size_t constants;          /* fields of the index that are held to one value */
    bool ranged;               /* the field after them is held to a range or to several values */
    bool ordered, reverse;     /* ordered: the scan gives rows in the order asked for */
    bool skip[QUERY_SORT_MAX]; /* ordered: this sort field is held to one value: it is not in the seek key */
    key prefix;                /* ordered: what a seek key begins with */
    const query_filter *residual; /* what the ranges do not prove; NULL: nothing */
    bool check_record;            /* rights ask to see each record */
    uint64_t estimate;            /* entries in the ranges, about */
    uint64_t matches;             /* rows that match, about */
    uint64_t total;               /* records of the entity */
    bool exact;                   /* estimate was counted */
    bool counted;                 /* by a kept counter */
    double cost;                  /* in records fetched by an index */
    struct query_plan *parts;     /* SCAN_UNION: each gives what the ones before it do not */
    size_t part_count;
    const kt_str *joined; /* conditions that were answered from their far end: their paths */
    size_t joined_count;
} query_plan;

/* Was it seen while planning that nothing is there? */
static inline bool plan_is_empty(const query_plan *plan)
{
    return plan->exact && !plan->estimate;
}

/* The cheapest way, by estimates that cost little themselves. */
KT_MUST kt_error *query_plan_make(kt_tx *tx, const plan_request *request, query_plan *plan);
/* Where in the index's keys the wanted field stands; SIZE_MAX: nowhere. */
size_t plan_wanted(const plan_request *request, const model_index *index);
/* Have rights, or the company's boundary, to be asked about each record? */
KT_MUST kt_error *plan_is_judged(kt_tx *tx, const model_entity *entity, bool *judged);
/* What holds of every record that the caller may read: his company's, in the scope of his rights; NULL: nothing.
 * *judged: each has to be asked about besides. */
KT_MUST kt_error *plan_boundary(
    kt_tx *tx, const model_entity *entity, const char *right, const query_filter **boundary, bool *judged);
/* The records of the entity, by its kept counter. */
KT_MUST kt_error *query_total(kt_tx *tx, const model_entity *entity, uint64_t *count);

/* ---- Rows (rows.c) ---- */

/* Rights and sort of a query, planned. limit: as a page has it; 0: all. */
KT_MUST kt_error *query_prepare(
    kt_tx *tx, const query_request *query, uint32_t limit, query_sort *sort, query_plan *plan);
/* Opens the scan of a plan, in its order if it is `ordered`. place NULL: from the beginning. */
KT_MUST kt_error *query_rows_open(
    kt_tx *tx, const query_plan *plan, const query_place *place, query_rows **rows);
/* The next record that matches, good until the next call; NULL: no more, or an error. While the caller works
 * on it, what it allocates through query_rows_in is as short-lived. */
const model_record *query_rows_next(query_rows *rows);
/* Leaves out the next rows. */
KT_MUST kt_error *query_rows_skip(query_rows *rows, uint64_t count);
/* A record by its id, past all checks; NULL: it is gone, or an error. Good until the next call. */
const model_record *query_rows_get(query_rows *rows, uint64_t id);
/* Which fields, by position, are all that the caller looks at: an array in which none is, for query_rows_only. */
KT_MUST kt_error *query_rows_fields(query_rows *rows, bool **wanted);
/* From now on the other fields may be not set. */
void query_rows_only(query_rows *rows, bool *wanted);
path_follow *query_rows_follow(query_rows *rows);
/* Makes the row's memory the transaction's, and back again: for work on the present row. out returns what came of that
 * work, in the memory from before: an error outlives the row. */
KT_MUST kt_memory query_rows_in(query_rows *rows);
KT_MUST kt_error *query_rows_out(query_rows *rows, kt_memory before, kt_error *error);
KT_MUST kt_error *query_rows_end(query_rows *rows);
/* Runs a plan whose scan is not in order: the keys of the first `most` rows (0: all) from place, in order. */
KT_MUST kt_error *query_rows_sorted(kt_tx *tx, query_rows *rows, const query_sort *sort,
    const query_place *place, size_t most, const query_key **keys, size_t *count);

/* ---- Tables of bytes (table.c) ---- */

/* Numbers distinct byte strings from 0 on, in the transaction's memory. */
typedef struct query_table query_table;
KT_MUST kt_error *query_table_open(arena *arena, query_table **table);
/* *index is bytes' number; *added: it is new (then the bytes were copied). */
KT_MUST kt_error *query_table_add(query_table *table, kt_str bytes, size_t *index, bool *added);
/* bytes' number; false: they are not there. */
bool query_table_find(const query_table *table, kt_str bytes, size_t *index);
size_t query_table_count(const query_table *table);
