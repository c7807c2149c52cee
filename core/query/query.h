/* query.h -- asking for records: filters, lists, counts, aggregates, search; and values from the wire, which name
 * records by what is known of them.
 *
 * What a caller may not see takes part in no answer: neither as a row nor in a count, a sum or an order. */
#pragma once
#include "record/record.h"

typedef struct query_filter query_filter;
/* Reads the wire's filter: [["state","=","open"], ["or", [..], [..]], ["not", [..]]] -- the members of the
 * outer array all hold; {">=amount": 100} too. Operators = != < <= > >= in not_in like ilike starts_with
 * between is_null. Dotted paths go through references; "lines.item" means any line. Unknown fields, operators
 * and values of another type are errors, all at once. */
KT_MUST kt_error *query_filter_read(
    kt_tx *tx, const model_entity *entity, const variant *from, query_filter **filter);
/* Does the record match? Whether the caller may read it is not asked. */
KT_MUST kt_error *query_filter_matches(
    kt_tx *tx, const query_filter *filter, const model_record *record, bool *matches);

#define QUERY_SKIP_MAX 1000000
typedef struct {
    const model_entity *entity;
    const query_filter *filter; /* NULL: all */
    const variant *sort;        /* "-day,id" or ["-day"]; NULL: by id */
    const variant *fields;      /* NULL: all */
    uint32_t limit;             /* 1..500; 0: 50 */
    uint32_t skip;              /* query_list: rows left out in front, at most QUERY_SKIP_MAX */
    kt_str cursor;              /* of an earlier answer, or not set */
    const variant *start;       /* begin at this value of the first sort field */
    const variant *lines;       /* query_aggregate: what a line must meet to be looked at; NULL: nothing */
    const char *right;          /* "read" or "export"; NULL: "read" */
    bool keep;                  /* query_next: records live as long as the transaction */
} query_request;
/* What is wrong with a query's sort and fields, for a request that is refused anyway: a caller learns all at once. */
KT_MUST kt_error *query_names(kt_tx *tx, const query_request *query);
/* Writes {"rows":[...],"next":"..","prev":".."} members (not the braces) into answer. */
KT_MUST kt_error *query_list(kt_tx *tx, const query_request *query, json *answer);
/* How many match: by a kept counter, by entries of an index, or by looking at each. */
KT_MUST kt_error *query_count(kt_tx *tx, const query_request *query, uint64_t *count);
/* The plan as JSON members: index, range, residual filter, sort, estimate. */
KT_MUST kt_error *query_explain(kt_tx *tx, const query_request *query, json *answer);
/* group: ["state", "day:month", "party.country"]; measures: {"n": "count", "total": "sum:amount"}; members
 * "rows". Where groups go through lines, the query's `lines` says which of them count. */
KT_MUST kt_error *query_aggregate(
    kt_tx *tx, const query_request *query, const variant *group, const variant *measures, json *answer);
/* Words and parts of words over all searchable fields of the entities (NULL: all that the caller may read).
 * Members "rows": [{entity, id, title, number, matched}]. */
KT_MUST kt_error *query_search(kt_tx *tx, kt_str text, const variant *entities, uint32_t limit, json *answer);
/* Iterates matching records in order, for rooms above (export, reassign): while (query_next) ...
 * query_end, always. limit 0: all. A record is good until the next call, or as long as the transaction
 * if the query says keep. Records may be written meanwhile, the ones found so far included. */
typedef struct query_rows query_rows;
KT_MUST kt_error *query_open(kt_tx *tx, const query_request *query, query_rows **rows);
bool query_next(query_rows *rows, model_record *record);
KT_MUST kt_error *query_end(query_rows *rows);

/* ---- Values from the wire ---- */

/* Reads a wire value for a field of entity (for a line's field: of the record). null and "" empty it; a
 * reference may be an id, the target's unique code, or {"external_id": ..} and the like.
 *   value  on entry what the field holds now, or all zero: lines named by "id" keep what is not given. New
 *          lines leave with id 0.
 *   returns all problems at once, each under path */
KT_MUST kt_error *query_value_read(kt_tx *tx, const model_entity *entity, const model_field *field,
    const variant *from, const char *path, model_value *value);
