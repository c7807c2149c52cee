/* shape_query.c -- queries over C structs: a module's query is planned, limited and judged like any other. */
#include "kit/decimal.h"
#include "model/shape.h"
#include "query/internal.h"

/* What a query is made of, its plan and the keys it sorts, goes when it is closed: a transaction may ask thousands. */
enum { QUERY_BYTES = 128 << 20 };

struct kt_cursor {
    kt_tx *tx;
    arena *own; /* NULL: closed */
    const shape_binding *binding;
    query_rows *rows;
    kt_error *error;
    bool slim;
    uint32_t left; /* rows still wanted; UINT32_MAX: all */
};

static kt_error *query_of(
    kt_tx *tx, const kt_query *query, const shape_binding **binding, variant *sort, query_request *out)
{
    const query_filter *filter = NULL;
    if (!query->of || !query->of->name)
        return kt_fail(
            tx, KT_RULE, NULL, "the query's shape names no entity", "kształt zapytania nie podaje encji");
    KT_TRY(shape_bind(tx, query->of, binding));
    KT_TRY(shape_filter(tx, *binding, query, &filter));
    *sort = (variant){VARIANT_STRING, .as.string = str_of(query->sort)};
    *out = (query_request){.entity = (*binding)->entity, .filter = filter, .right = "read"};
    out->sort = query->sort ? sort : NULL;
    return NULL;
}

static void close_own(void *object)
{
    kt_cursor *c = object;
    arena_close(c->own);
    c->own = NULL;
}

static kt_error *open_own(kt_tx *tx, kt_cursor **cursor)
{
    kt_cursor *c = *cursor = ARENA_NEW(tx->arena, kt_cursor);
    if (!c || !arena_at_end(tx->arena, close_own, c))
        return error_no_memory();
    c->tx = tx;
    c->own = arena_open(QUERY_BYTES);
    return c->own ? NULL : error_no_memory();
}

/* Only what the shape binds is looked at; whether a text is shown masked may hang on any field. */
static kt_error *choose_fields(kt_cursor *c)
{
    bool *wanted;
    if (c->binding->masked)
        return NULL;
    KT_TRY(query_rows_fields(c->rows, &wanted));
    for (size_t i = 0; i < MODEL_OWN; i++)
        wanted[i] = i == MODEL_ID || !c->slim;
    for (size_t i = 0; i < c->binding->count; i++) {
        const shape_row *row = &c->binding->rows[i];
        if (row->count)
            wanted[row->steps[0]->position] = true;
    }
    query_rows_only(c->rows, wanted);
    return NULL;
}

static kt_error *open_within(kt_cursor *c, const kt_query *query)
{
    query_request q = {0};
    variant *sort = ARENA_NEW(c->own, variant);
    if (!sort)
        return error_no_memory();
    c->left = query->limit ? query->limit : UINT32_MAX;
    c->slim = query->slim;
    KT_TRY(query_of(c->tx, query, &c->binding, sort, &q));
    q.limit = query->limit; /* a plan for few rows may be another than one for all */
    KT_TRY(query_open(c->tx, &q, &c->rows));
    return choose_fields(c);
}

kt_error *kt_open(kt_tx *tx, const kt_query *query, kt_cursor **cursor)
{
    kt_cursor *c;
    *cursor = NULL;
    KT_TRY(open_own(tx, &c));
    kt_memory before = model_memory_in(tx, c->own);
    kt_error *error = model_memory_back(tx, before, open_within(c, query));
    if (error)
        close_own(c);
    else
        *cursor = c;
    return error;
}

static bool next_record(kt_cursor *c, model_record *record)
{
    if (c->error || !c->left || !query_next(c->rows, record))
        return false;
    if (c->left != UINT32_MAX)
        c->left--;
    return true;
}

bool kt_next(kt_cursor *cursor, kt_record *rec)
{
    model_record record = {0};
    kt_tx *tx = cursor->tx;
    if (!next_record(cursor, &record))
        return false;
    if (!tx->writes) /* as kt_read */
        model_shown(tx, record.entity, (uint64_t)record.values[MODEL_ID].as.i, "read");
    kt_memory before = query_rows_in(cursor->rows);
    cursor->error = query_rows_out(
        cursor->rows, before, shape_fill_bound(tx, cursor->binding, &record, before.now, rec));
    return !cursor->error;
}

kt_error *kt_close(kt_cursor *cursor)
{
    if (!cursor || !cursor->rows)
        return NULL;
    kt_error *e = query_end(cursor->rows);
    cursor->rows = NULL;
    kt_also(&cursor->error, e);
    if (!cursor->error)
        close_own(cursor);
    return cursor->error;
}

static bool more_room(kt_tx *tx, kt_id **ids, size_t count, size_t *room)
{
    enum { FIRST = 64 };
    size_t wider = *room ? 2 * *room : FIRST;
    kt_id *grown = ARENA_ARRAY(tx->arena, kt_id, wider);
    if (grown && count)
        memcpy(grown, *ids, count * sizeof *grown);
    *ids = grown;
    *room = wider;
    return grown != NULL;
}

kt_error *kt_find(kt_tx *tx, const kt_query *query, size_t most, kt_found *found)
{
    kt_cursor *cursor = NULL;
    model_record record = {0};
    kt_id *ids = NULL;
    size_t count = 0, room = 0;
    *found = (kt_found){0};
    kt_query few = *query;
    if (most && most < UINT32_MAX && (!few.limit || few.limit > most))
        few.limit = (uint32_t)most + 1;
    KT_TRY(kt_open(tx, &few, &cursor));
    while (next_record(cursor, &record)) {
        if (most && count == most) {
            found->more = true;
            break;
        }
        if (count == room && !more_room(tx, &ids, count, &room)) {
            cursor->error = error_no_memory();
            break;
        }
        ids[count++] = (kt_id){(uint64_t)record.values[MODEL_ID].as.i};
    }
    found->ids = ids;
    found->count = count;
    return kt_close(cursor);
}

kt_error *kt_sum(kt_tx *tx, const kt_query *query, size_t at, kt_dec *sum)
{
    kt_cursor *cursor = NULL;
    model_record record = {0};
    *sum = (kt_dec){0};
    KT_TRY(kt_open(tx, query, &cursor));
    const shape_row *row = shape_row_at(cursor->binding, at);
    if (!row || row->count != 1 || !is_decimal(row->steps[0]->type)) {
        kt_error *e = kt_close(cursor);
        kt_also(&e, kt_fail(tx, KT_RULE, NULL, "only a decimal of the entity itself can be summed",
                        "sumować można tylko pole dziesiętne samej encji"));
        return e;
    }
    *sum = KT_DEC(0, row->steps[0]->scale);
    while (next_record(cursor, &record)) {
        const model_value *value = &record.values[row->steps[0]->position];
        if (value->set)
            *sum = kt_dec_add(*sum, value->as.d);
    }
    KT_TRY(kt_close(cursor));
    return dec_is_bad(*sum)
               ? kt_fail(tx, KT_LIMIT, row->declared->name, "the sum is too large", "suma jest zbyt duża")
               : NULL;
}

static kt_error *count_within(kt_cursor *c, const kt_query *query, uint64_t *count)
{
    query_request q = {0};
    variant sort = {0};
    KT_TRY(query_of(c->tx, query, &c->binding, &sort, &q));
    q.sort = NULL;
    return query_count(c->tx, &q, count);
}

kt_error *kt_count(kt_tx *tx, const kt_query *query, uint64_t *count)
{
    kt_cursor *c;
    *count = 0;
    KT_TRY(open_own(tx, &c));
    kt_memory before = model_memory_in(tx, c->own);
    kt_error *error = model_memory_back(tx, before, count_within(c, query, count));
    close_own(c);
    if (query->limit && *count > query->limit)
        *count = query->limit;
    return error;
}
