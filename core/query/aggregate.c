/* aggregate.c -- groups and measures over the records that match: one pass, sums in 128 bits, so that a total
 * is exact whatever the order of its parts. Numbers of records per state or yes-no field, without a filter,
 * come from the kept counters. */
#include "query/aggregate.h"

#include <stdlib.h>

#include "query/plan.h"

/* ---- Groups ---- */

static kt_error *group_new(aggregation *a, const model_value *values, group **out)
{
    group *made = arena_alloc(a->tx->arena, sizeof *made + a->measure_count * sizeof(tally));
    if (!made)
        return error_no_memory();
    for (size_t i = 0; i < a->by_count; i++) {
        const model_field *field = path_last(&a->by[i].path);
        made->values[i] = values[i];
        key order = {0};
        if (a->by[i].period)
            key_u64(&order, values[i].set ? (uint64_t)values[i].as.i : 0);
        else
            key_value(&order, field, &values[i], false);
        made->order[i] = arena_str(a->tx->arena, key_str(&order));
        if (values[i].set && field->type == KT_STRING)
            made->values[i].as.s = arena_str(a->tx->arena, values[i].as.s);
        if (!made->order[i].ptr)
            return error_no_memory();
    }
    *out = made;
    return NULL;
}

static void add_bytes(buffer *bytes, const model_field *field, period period, const model_value *value)
{
    buffer_add_char(bytes, value->set ? 1 : 0);
    if (!value->set)
        return;
    if (!period && field->type == KT_STRING) {
        uint32_t len = (uint32_t)value->as.s.len;
        buffer_add(bytes, &len, sizeof len);
        buffer_add_str(bytes, value->as.s);
    } else if (is_decimal(field->type)) {
        buffer_add(bytes, &value->as.d.coef, sizeof value->as.d.coef);
    } else if (is_any(field)) {
        buffer_add(bytes, &value->as.any.entity, sizeof value->as.any.entity);
        buffer_add(bytes, &value->as.any.id, sizeof value->as.any.id);
    } else {
        buffer_add(bytes, &value->as.i, sizeof value->as.i);
    }
}

static void floor_value(const aggregation *a, const group_by *by, model_value *value)
{
    if (path_last(&by->path)->type == KT_BOOL && !value->set)
        *value = (model_value){.set = true};
    if (!by->period || !value->set)
        return;
    kt_date day = {(int32_t)value->as.i};
    if (path_last(&by->path)->type == KT_TIME)
        day = zone_date(a->tx->zone, (kt_time){value->as.i});
    value->as.i = date_floor(day, by->period).day;
}

static kt_error *group_find(aggregation *a, kt_str bytes, const model_value *values, group **out)
{
    size_t at;
    bool added;
    KT_TRY(query_table_add(a->table, bytes, &at, &added));
    if (added) {
        if (at == GROUPS_MAX)
            return kt_hint(error_make(a->tx->arena, KT_LIMIT, "group", "more than %d groups",
                               "więcej niż %d grup", GROUPS_MAX),
                "Narrow the filter, or group by a period or a coarser field.",
                "Zawęź filtr albo grupuj według okresu lub ogólniejszego pola.");
        if (at == a->group_room) {
            size_t size = a->group_room * sizeof *a->groups;
            group **grown = arena_grow(a->tx->arena, a->groups, size, 2 * size);
            if (!grown)
                return error_no_memory();
            a->groups = grown;
            a->group_room *= 2;
        }
        KT_TRY(group_new(a, values, &a->groups[at]));
    }
    *out = a->groups[at];
    return NULL;
}

/* ---- Measures ---- */

typedef struct {
    aggregation *a;
    const measure *measure;
    tally *tally;
} taking;

static kt_error *take_least(const taking *t, const model_field *field, const model_value *value)
{
    model_value *kept = &t->tally->value;
    if (kept->set) {
        int c;
        if (field->type == KT_STRING) { /* in the order of lists */
            key x = {0}, y = {0};
            key_value(&x, field, value, false);
            key_value(&y, field, kept, false);
            c = str_cmp(key_str(&x), key_str(&y));
        } else {
            c = filter_value_cmp(field, value, kept);
        }
        if (t->measure->kind == MEASURE_MIN ? c >= 0 : c <= 0)
            return NULL;
    }
    *kept = *value;
    if (field->type == KT_STRING && !(kept->as.s = arena_str(t->a->tx->arena, value->as.s)).ptr)
        return error_no_memory();
    return NULL;
}

static kt_error *take_distinct(const taking *t, const model_field *field, const model_value *value)
{
    enum { TEXT_MAX = 8192 };
    buffer bytes;
    size_t at;
    bool added;
    if (!t->tally->distinct)
        KT_TRY(query_table_open(t->a->tx->arena, &t->tally->distinct));
    buffer_open(&bytes, TEXT_MAX);
    add_bytes(&bytes, field, (period)0, value);
    kt_error *error = bytes.full ? error_no_memory()
                                 : query_table_add(t->tally->distinct, buffer_str(&bytes), &at, &added);
    buffer_close(&bytes);
    return error;
}

static kt_error *take_middle(const taking *t, int64_t value)
{
    enum { FIRST = 4 };
    tally *kept = t->tally;
    if (kept->count == kept->room) { /* kept->count is this value's place already, see take_value */
        size_t size = kept->room * sizeof *kept->values, more = kept->room ? size : FIRST * sizeof value;
        t->a->held += more;
        if (t->a->held > QUERY_HEAP_MAX)
            return kt_hint(error_make(t->a->tx->arena, KT_LIMIT, "measures",
                               "the median needs more than %d values at once",
                               "mediana wymaga naraz ponad %d wartości", QUERY_HEAP_MAX / (int)sizeof value),
                "Narrow the filter, or ask for the average.", "Zawęź filtr albo użyj średniej.");
        int64_t *grown = arena_grow(t->a->tx->arena, kept->values, size, size + more);
        if (!grown)
            return error_no_memory();
        kept->values = grown;
        kept->room += more / sizeof value;
    }
    kept->values[kept->count++] = value;
    return NULL;
}

static kt_error *take_value(void *context, const model_field *field, const model_value *value)
{
    static const model_value no = {.set = true};
    const taking *t = context;
    if (field->type == KT_BOOL && !value->set)
        value = &no;
    if (!value->set)
        return NULL;
    if (t->measure->kind == MEASURE_MEDIAN)
        return take_middle(t, is_decimal(field->type) ? value->as.d.coef : value->as.i);
    t->tally->count++;
    switch (t->measure->kind) {
    case MEASURE_COUNT:
    case MEASURE_MEDIAN:
        return NULL;
    case MEASURE_SUM:
    case MEASURE_AVG:
        t->tally->sum += is_decimal(field->type) ? value->as.d.coef : value->as.i;
        return NULL;
    case MEASURE_MIN:
    case MEASURE_MAX:
        return take_least(t, field, value);
    case MEASURE_DISTINCT:
        return take_distinct(t, field, value);
    }
    return NULL;
}

kt_error *aggregate_take(
    aggregation *a, const measure *measure, tally *tally, const model_field *field, const model_value *value)
{
    taking t = {a, measure, tally};
    return take_value(&t, field, value);
}

/* ---- Medians ---- */

static int compare_numbers(const void *x, const void *y)
{
    const int64_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

/* The middle of the values, twice, takes the place of the sum: exact also between two. */
static void find_medians(aggregation *a)
{
    for (size_t m = 0; m < a->measure_count; m++) {
        if (a->measures[m].kind != MEASURE_MEDIAN)
            continue;
        for (size_t i = 0; i < query_table_count(a->table); i++) {
            tally *t = &a->groups[i]->tallies[m];
            if (!t->count)
                continue;
            qsort(t->values, t->count, sizeof *t->values, compare_numbers);
            t->sum = (int128)t->values[(t->count - 1) / 2] + t->values[t->count / 2];
        }
    }
}

/* ---- The pass ---- */

kt_error *aggregate_find(aggregation *a, model_value *values, buffer *bytes, group **out)
{
    buffer_clear(bytes);
    for (size_t i = 0; i < a->by_count; i++) {
        floor_value(a, &a->by[i], &values[i]);
        add_bytes(bytes, path_last(&a->by[i].path), a->by[i].period, &values[i]);
    }
    return bytes->full ? error_no_memory() : group_find(a, buffer_str(bytes), values, out);
}

/* The group of a record, or of one of its lines. */
static kt_error *find_for(aggregation *a, path_follow *follow, const model_record *record,
    const model_record *line, buffer *bytes, group **out)
{
    model_value values[GROUP_BY_MAX];
    size_t ends[GROUP_BY_MAX];
    buffer_clear(bytes);
    for (size_t i = 0; i < a->by_count; i++) {
        const model_value *value;
        const group_by *by = &a->by[i];
        bool inside = by->inner.count > 0;
        KT_TRY(path_value(
            a->tx, follow, inside ? &by->inner : &by->path, inside ? line : record, NULL, &value, NULL));
        values[i] = *value;
        floor_value(a, by, &values[i]);
        add_bytes(bytes, path_last(&by->path), by->period, &values[i]);
        ends[i] = bytes->len;
    }
    for (size_t i = 0; i < a->by_count; i++) /* what was followed first may have made room for the last */
        if (values[i].set && path_last(&a->by[i].path)->type == KT_STRING)
            values[i].as.s.ptr = bytes->ptr + ends[i] - values[i].as.s.len;
    return bytes->full ? error_no_memory() : group_find(a, buffer_str(bytes), values, out);
}

/* A record counts once in each group that it falls into; what lines say counts for each line. */
static kt_error *take_into(
    aggregation *a, path_follow *follow, const model_record *record, const model_record *line, buffer *bytes)
{
    group *found;
    KT_TRY(find_for(a, follow, record, line, bytes, &found));
    uint64_t id = (uint64_t)record->values[MODEL_ID].as.i;
    bool again = line && found->last == id;
    found->last = id;
    found->records += !again;
    for (size_t i = 0; i < a->measure_count; i++) {
        taking t = {a, &a->measures[i], &found->tallies[i]};
        if (t.measure->inner.count)
            KT_TRY(path_each(a->tx, follow, &t.measure->inner, line, take_value, &t));
        else if (t.measure->every)
            t.tally->count += !again;
        else if (!again)
            KT_TRY(path_each(a->tx, follow, &t.measure->path, record, take_value, &t));
    }
    return NULL;
}

/* Is the line one of those asked for? What that takes of memory is the row's. */
static kt_error *is_wanted(const aggregation *a, query_rows *rows, const model_record *line, bool *yes)
{
    *yes = true;
    if (!a->line_filter)
        return NULL;
    kt_memory before = query_rows_in(rows);
    return query_rows_out(
        rows, before, filter_matches(a->tx, query_rows_follow(rows), a->line_filter, line, yes));
}

static kt_error *take_record(aggregation *a, query_rows *rows, const model_record *record, buffer *bytes)
{
    path_follow *follow = query_rows_follow(rows);
    if (!a->lines)
        return take_into(a, follow, record, NULL, bytes);
    const model_value *lines = &record->values[a->lines->position];
    for (size_t i = 0; lines->set && i < lines->as.lines.count; i++) {
        const model_record *line = &lines->as.lines.items[i];
        bool wanted;
        KT_TRY(is_wanted(a, rows, line, &wanted));
        if (wanted)
            KT_TRY(take_into(a, follow, record, line, bytes));
    }
    return NULL;
}

/* Of a record only what is grouped by and measured is looked at. */
static kt_error *choose_fields(const aggregation *a, query_rows *rows)
{
    bool *wanted;
    KT_TRY(query_rows_fields(rows, &wanted));
    for (size_t i = 0; i < a->by_count; i++)
        wanted[a->by[i].path.steps[0]->position] = true;
    for (size_t i = 0; i < a->measure_count; i++)
        if (!a->measures[i].every)
            wanted[a->measures[i].path.steps[0]->position] = true;
    query_rows_only(rows, wanted);
    return NULL;
}

static kt_error *pass(aggregation *a, const query_plan *plan)
{
    enum { KEY_BYTES = 64 << 10 };
    query_rows *rows;
    buffer bytes;
    const model_record *record;
    KT_TRY(query_rows_open(a->tx, plan, NULL, &rows));
    kt_error *error = choose_fields(a, rows);
    buffer_open(&bytes, KEY_BYTES);
    /* groups outlive the row: what is allocated here is the transaction's, and only for new ones */
    while (!error && (record = query_rows_next(rows)))
        error = take_record(a, rows, record, &bytes);
    buffer_close(&bytes);
    kt_error *ended = query_rows_end(rows);
    return error ? error : ended;
}

/* ---- From counters ---- */

/* The index that counts the records of each value of the one field to group by, where nothing else is asked.
 */
static const model_index *counting_index(const aggregation *a, const query_plan *plan)
{
    if (plan->residual || plan->check_record || plan->scan != SCAN_RECORDS || plan->ranged ||
        a->by_count != 1 || a->by[0].path.count != 1 || a->by[0].period)
        return NULL;
    for (size_t i = 0; i < a->measure_count; i++)
        if (!a->measures[i].every)
            return NULL;
    for (size_t i = 0; i < a->query->entity->index_count; i++) {
        const model_index *index = &a->query->entity->indexes[i];
        if (index->counted && index->fields[0] == a->by[0].path.steps[0])
            return index;
    }
    return NULL;
}

static kt_error *take_counter(aggregation *a, size_t prefix, kt_str at, kt_str value)
{
    model_value one = {.set = at.len == prefix + 9};
    if (one.set)
        one.as.i = (int64_t)(key_last_u64(at) ^ UINT64_C(1) << 63);
    uint64_t count = key_last_u64(value);
    char bytes[16];
    size_t n = 0;
    bytes[n++] = one.set ? 1 : 0;
    if (one.set) {
        memcpy(bytes + n, &one.as.i, sizeof one.as.i);
        n += sizeof one.as.i;
    }
    group *found;
    if (!count)
        return NULL;
    KT_TRY(group_find(a, (kt_str){bytes, n}, &one, &found));
    for (size_t i = 0; i < a->measure_count; i++)
        found->tallies[i].count = count;
    return NULL;
}

static kt_error *from_counters(aggregation *a, const model_index *index)
{
    key from, to;
    counter_total_key(&from, a->query->entity);
    key_u16(&from, index->number);
    to = from;
    key_after(&to);
    kt_str at, value;
    store_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(store_scan(a->tx->view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
    while (!error && store_next(cursor, &at, &value))
        error = take_counter(a, from.len, at, value);
    kt_error *ended = store_scan_end(cursor);
    return error ? error : ended;
}

/* By the counters, from an index, or record by record. */
static kt_error *gather(aggregation *a, const char *right)
{
    query_plan plan;
    bool done;
    const plan_request request = {.entity = a->query->entity, .filter = a->query->filter, .right = right};
    KT_TRY(query_plan_make(a->tx, &request, &plan));
    const model_index *index = counting_index(a, &plan);
    if (index)
        return from_counters(a, index);
    KT_TRY(aggregate_cover(a, &done));
    return done ? NULL : pass(a, &plan);
}

kt_error *query_aggregate(
    kt_tx *tx, const query_request *query, const variant *group_names, const variant *measures, json *answer)
{
    enum { ROOM = 64 };
    const char *right = query->right ? query->right : "read";
    aggregation a = {.tx = tx, .query = query, .group_room = ROOM};
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, query->entity, right));
    KT_TRY(aggregate_read(&a, group_names, measures));
    KT_TRY(query_table_open(tx->arena, &a.table));
    a.groups = ARENA_ARRAY(tx->arena, group *, ROOM);
    if (!a.groups)
        return error_no_memory();
    KT_TRY(gather(&a, right));
    if (!a.by_count && !query_table_count(a.table)) { /* no record: the totals are still an answer */
        group *none;
        KT_TRY(group_find(&a, KT_STR(""), NULL, &none));
    }
    find_medians(&a);
    return aggregate_write(&a, answer);
}
