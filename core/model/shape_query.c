/* shape_query.c -- queries over C structs: conditions on members become a filter of the query language, so
 * that a module's query is planned, limited and judged like any other. */
#include <stdlib.h>

#include "kit/decimal.h"
#include "kit/decode.h"
#include "model/query.h"
#include "model/shape.h"

/* What a query is made of, its plan and the keys it sorts, goes when it is closed: a transaction may ask thousands. */
enum { QUERY_BYTES = 128 << 20 };

struct kt_cursor {
    kt_tx *tx;
    arena *own; /* NULL: closed */
    const shape_binding *binding;
    model_rows *rows;
    kt_error *error;
    uint32_t left; /* rows still wanted; UINT32_MAX: all */
};

static const shape_row *row_at(const shape_binding *binding, size_t at)
{
    for (size_t i = 0; i < binding->count; i++) {
        if (binding->rows[i].declared->at == at)
            return &binding->rows[i];
    }
    return NULL;
}

static kt_error *unfit(kt_tx *tx, const model_field *field)
{
    return kt_fail(tx, KT_RULE, field->name.ptr, "cannot be compared with this value",
        "nie da się porównać z tą wartością");
}

static kt_error *text_variant(arena *arena, kt_str text, variant *out)
{
    out->kind = text.ptr ? VARIANT_STRING : VARIANT_NULL;
    out->as.string = arena_str(arena, text);
    return !text.ptr || out->as.string.ptr ? NULL : error_no_memory();
}

static kt_error *choice_variant(kt_tx *tx, const model_field *field, unsigned value, variant *out)
{
    for (const kt_choice *c = field->choices; value && c && c->value; c++) {
        if (c->value == value)
            return text_variant(tx->arena, str_of(c->name), out);
    }
    out->kind = VARIANT_NULL;
    return value == 0 ? NULL : unfit(tx, field);
}

static kt_error *any_variant(kt_tx *tx, const model_field *field, kt_id id, variant *out)
{
    const char *entity = kt_any_entity(tx, id);
    if (!entity)
        return unfit(tx, field);
    variant_member *members = ARENA_ARRAY(tx->arena, variant_member, 2);
    variant *values = ARENA_ARRAY(tx->arena, variant, 2);
    if (!members || !values)
        return error_no_memory();
    values[0] = (variant){VARIANT_STRING, .as.string = str_of(entity)};
    values[1] = (variant){VARIANT_INT, .as.integer = (int64_t)kt_any_id(id).v};
    members[0] = (variant_member){KT_STR("entity"), &values[0]};
    members[1] = (variant_member){KT_STR("id"), &values[1]};
    *out = (variant){VARIANT_OBJECT, .as.object = {members, 2}};
    return NULL;
}

/* A member's value as the wire has it. */
static kt_error *value_variant(kt_tx *tx, const model_field *field, const void *value, variant *out)
{
    char text[64];
    *out = (variant){VARIANT_NULL};
    switch (field->type) {
    case KT_STRING:
    case KT_TEXT:
    case KT_JSON:
        return text_variant(tx->arena, *(const kt_str *)value, out);
    case KT_BOOL:
        *out = (variant){VARIANT_BOOL, .as.boolean = *(const bool *)value};
        return NULL;
    case KT_INT:
        *out = (variant){VARIANT_INT, .as.integer = *(const int64_t *)value};
        return NULL;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE: {
        const kt_dec *dec = value;
        return dec->scale1 ? text_variant(tx->arena, (kt_str){text, dec_text(*dec, text)}, out) : NULL;
    }
    case KT_DATE: {
        const kt_date *date = value;
        return date->day ? text_variant(tx->arena, (kt_str){text, date_text(*date, text)}, out) : NULL;
    }
    case KT_TIME: {
        const kt_time *time = value;
        return time->ms ? text_variant(tx->arena, (kt_str){text, time_text(*time, text)}, out) : NULL;
    }
    case KT_STATE:
        return choice_variant(tx, field, *(const unsigned *)value, out);
    case KT_REF:
    case KT_REFS: /* holds this id */
    case KT_FILE: {
        const kt_id *id = value;
        if (id->v && is_any(field))
            return any_variant(tx, field, *id, out);
        if (id->v)
            *out = (variant){VARIANT_INT, .as.integer = (int64_t)id->v};
        return NULL;
    }
    case KT_LINES:
        return unfit(tx, field);
    }
    abort(); /* the catalogue holds no other type */
}

/* [name, op, value] */
static kt_error *where_variant(kt_tx *tx, const shape_binding *binding, const kt_where *where, variant *out)
{
    static const char *const ops[] = {
        [KT_EQ] = "=", [KT_NE] = "!=", [KT_LT] = "<", [KT_LE] = "<=", [KT_GT] = ">", [KT_GE] = ">="};
    const shape_row *row = row_at(binding, where->at);
    variant *items = ARENA_ARRAY(tx->arena, variant, 3);
    if (!items)
        return error_no_memory();
    *out = (variant){VARIANT_ARRAY, .as.array = {items, 3}};
    items[1] = (variant){VARIANT_STRING, .as.string = str_of(ops[where->op])};
    if (!row && where->at == offsetof(kt_record, id)) {
        items[0] = (variant){VARIANT_STRING, .as.string = KT_STR("id")};
        items[2] = (variant){VARIANT_INT, .as.integer = (int64_t)((const kt_id *)where->value)->v};
        return NULL;
    }
    if (!row || !row->count)
        return kt_fail(tx, KT_RULE, NULL, "a condition names a member that %s does not have",
            "warunek dotyczy pola, którego %s nie ma", binding->shape->name);
    items[0] = (variant){VARIANT_STRING, .as.string = str_of(row->declared->name)};
    return value_variant(tx, row->steps[row->count - 1], where->value, &items[2]);
}

/* The conditions that came as text; NULL: none. */
static kt_error *text_filter(kt_tx *tx, const shape_binding *binding, kt_str text, model_filter **filter)
{
    static const decode_limits limits = {.depth_max = 64, .elements_max = 20000};
    const variant *from;
    *filter = NULL;
    if (!text.len)
        return NULL;
    KT_TRY(decode_json(tx->arena, text, &limits, &from));
    return model_filter_read(tx, binding->entity, from, filter);
}

static kt_error *filter_of(
    kt_tx *tx, const shape_binding *binding, const kt_query *query, const model_filter **filter)
{
    size_t count = 0;
    model_filter *own = NULL, *given;
    const kt_where *where = query->where;
    while (where && where[count].value)
        count++;
    if (count) {
        variant *tests = ARENA_ARRAY(tx->arena, variant, count);
        if (!tests)
            return error_no_memory();
        for (size_t i = 0; i < count; i++)
            KT_TRY(where_variant(tx, binding, &where[i], &tests[i]));
        const variant all = {VARIANT_ARRAY, .as.array = {tests, count}};
        KT_TRY(filter_read_own(tx, binding->entity, &all, &own));
    }
    KT_TRY(text_filter(tx, binding, query->filter, &given));
    *filter = own ? own : given;
    if (!own || !given)
        return NULL;
    const model_filter **both = ARENA_ARRAY(tx->arena, const model_filter *, 2);
    if (!both)
        return error_no_memory();
    both[0] = own;
    both[1] = given;
    return filter_and(tx->arena, both, 2, filter);
}

static kt_error *query_of(
    kt_tx *tx, const kt_query *query, const shape_binding **binding, variant *sort, model_query *out)
{
    const model_filter *filter = NULL;
    if (!query->of || !query->of->name)
        return kt_fail(
            tx, KT_RULE, NULL, "the query's shape names no entity", "kształt zapytania nie podaje encji");
    KT_TRY(shape_bind(tx, query->of, binding));
    KT_TRY(filter_of(tx, *binding, query, &filter));
    *sort = (variant){VARIANT_STRING, .as.string = str_of(query->sort)};
    *out = (model_query){.entity = (*binding)->entity, .filter = filter, .right = "read"};
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

static bool binds_masked(const shape_binding *binding)
{
    bool any = false;
    for (size_t i = 0; i < binding->count && !any; i++) {
        const shape_row *row = &binding->rows[i];
        any = row->count &&
              (row->steps[row->count - 1]->mask.len || (row->lines && binds_masked(row->lines)));
    }
    return any;
}

/* Only what the shape binds is looked at; whether a text is shown masked may hang on any field. */
static kt_error *choose_fields(kt_cursor *c)
{
    bool *wanted;
    if (binds_masked(c->binding))
        return NULL;
    KT_TRY(query_rows_fields(c->rows, &wanted));
    for (size_t i = 0; i < MODEL_OWN; i++)
        wanted[i] = true;
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
    model_query q = {0};
    variant *sort = ARENA_NEW(c->own, variant);
    if (!sort)
        return error_no_memory();
    c->left = query->limit ? query->limit : UINT32_MAX;
    KT_TRY(query_of(c->tx, query, &c->binding, sort, &q));
    q.limit = query->limit; /* a plan for few rows may be another than one for all */
    KT_TRY(model_query_open(c->tx, &q, &c->rows));
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
    if (c->error || !c->left || !model_next(c->rows, record))
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
    kt_error *e = model_query_end(cursor->rows);
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
    const shape_row *row = row_at(cursor->binding, at);
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
    model_query q = {0};
    variant sort = {0};
    KT_TRY(query_of(c->tx, query, &c->binding, &sort, &q));
    q.sort = NULL;
    return model_count(c->tx, &q, count);
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
