/* cover_spans.h -- the parts of an index that a query's conditions leave to be walked. */
#pragma once
#include "query/internal.h"
#include "record/key.h"

enum { COVER_SPANS_MAX = 64 };

typedef struct {
    key from, to;
} cover_span;
typedef struct {
    cover_span *items; /* rising; at most COVER_SPANS_MAX */
    size_t count, room;
    size_t held;                     /* fields of the index that are held to values or to a range */
    bool record_proved, line_proved; /* an entry in a span meets all conditions of its record, of its line */
} cover_spans;
/* spans: {0}, or what the same arena was asked for before; of_record, of_line: NULL: no conditions */
KT_MUST kt_error *cover_spans_find(cover_spans *spans, arena *arena, const model_entity *entity,
    const model_index *index, const query_filter *of_record, const query_filter *of_line);
