/* count_set.c -- counting by what points to the records: how many have an open deal is asked of the deals;
 * how many have none is all without those. */
#include "query/plan.h"

enum { SETS_FROM = 5000, SET_MAX = 300000, PROBE = 1000 };

/* What else is asked of the set's records. */
typedef struct {
    kt_tx *tx;
    const model_entity *entity;
    const query_filter *rest; /* NULL: nothing */
    const model_index *index; /* whose entry for `value` proves the rest; NULL: the record has to be read */
    const model_value *value;
    bool judged; /* rights or the company's boundary ask to see the record */
} asked;

static bool is_has(const query_filter *f, bool *negated)
{
    *negated = f->kind == FILTER_NOT && f->items[0]->kind == FILTER_TEST;
    const query_filter *inside = *negated ? f->items[0] : f;
    return inside->kind == FILTER_TEST && inside->test->kind == TEST_HAS;
}

/* A rest that is one value of a field with an index of its own. */
static void find_index(asked *a)
{
    const query_filter *f = a->rest;
    if (!f || f->kind != FILTER_TEST || f->test->kind != TEST_IN || f->test->path.count != 1 ||
        f->test->count + f->test->null != 1 || f->test->null)
        return;
    const model_field *field = f->test->path.steps[0];
    for (size_t i = 0; i < a->entity->index_count; i++) {
        const model_index *index = &a->entity->indexes[i];
        if (index->count == 1 && index->fields[0] == field && !index->through && !index->unique &&
            field->type != KT_REFS && !filter_is_text(field)) {
            a->index = index;
            a->value = &f->test->values[0];
        }
    }
}

static kt_error *has_entry(const asked *a, uint64_t id, bool *yes)
{
    key name;
    kt_str value;
    key_index(&name, a->entity, a->index);
    if (a->index->in_runs)
        key_run(&name, id / KEY_RUN);
    key_value(&name, a->index->fields[0], a->value, false);
    key_u64(&name, id);
    KT_TRY(store_get(a->tx->view, STORE_DATA, key_str(&name), &value));
    *yes = value.ptr != NULL;
    return NULL;
}

static kt_error *matches(const asked *a, query_rows *rows, uint64_t id, bool *yes)
{
    if (!a->judged && a->index)
        return has_entry(a, id, yes);
    const model_record *record = query_rows_get(rows, id);
    *yes = record != NULL;
    if (!record)
        return NULL;
    kt_memory before = query_rows_in(rows);
    kt_error *error = NULL;
    if (a->judged)
        *yes = record_visible(a->tx, record, "read");
    if (*yes && a->rest)
        error = filter_matches(a->tx, NULL, a->rest, record, yes);
    return query_rows_out(rows, before, error);
}

static kt_error *count_in_set(const asked *a, const uint64_t *ids, size_t count, uint64_t *found)
{
    *found = 0;
    if (!a->judged && !a->rest) {
        *found = count;
        return NULL;
    }
    query_rows *rows;
    query_plan plan = {.request = {.entity = a->entity, .right = "read"}};
    KT_TRY(query_rows_open(a->tx, &plan, NULL, &rows));
    kt_error *error = NULL;
    for (size_t i = 0; i < count && !error; i++) {
        bool yes = false;
        error = matches(a, rows, ids[i], &yes);
        *found += yes;
    }
    kt_error *end = query_rows_end(rows);
    return error ? error : end;
}

static bool is_in(const uint64_t *ids, size_t count, uint64_t id)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ids[middle] == id)
            return true;
        if (ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* The other way round, where the rest leaves fewer records than the set has: each of those is looked up in the
 * set. *done false: it does not */
static kt_error *count_of_rest(const asked *a, const char *right, const uint64_t *ids, size_t count, bool in,
    uint64_t *found, bool *done)
{
    const plan_request request = {
        .entity = a->entity, .filter = a->rest, .right = right, .count_only = true, .probe = PROBE};
    query_plan plan;
    query_rows *rows;
    const model_record *record;
    *done = false;
    *found = 0;
    if (!a->rest)
        return NULL;
    KT_TRY(query_plan_make(a->tx, &request, &plan));
    if (plan.estimate >= count)
        return NULL;
    *done = true;
    KT_TRY(query_rows_open(a->tx, &plan, NULL, &rows));
    while ((record = query_rows_next(rows)))
        *found += is_in(ids, count, record_id(record)) == in;
    return query_rows_end(rows);
}

static kt_error *open_asked(kt_tx *tx, const query_request *query, size_t without, asked *a)
{
    const query_filter *filter = query->filter;
    size_t count = filter->kind == FILTER_AND ? filter->count : 1, kept = 0;
    const query_filter **items = ARENA_ARRAY(tx->arena, const query_filter *, count + 1);
    if (!items)
        return error_no_memory();
    for (size_t i = 0; i < count; i++)
        if (i != without)
            items[kept++] = filter->kind == FILTER_AND ? filter->items[i] : filter;
    *a = (asked){.tx = tx, .entity = query->entity};
    if (kept)
        KT_TRY(filter_and(tx->arena, items, kept, &a->rest));
    find_index(a);
    return plan_is_judged(tx, query->entity, &a->judged);
}

static bool asks_for_sets(const query_filter *filter)
{
    bool negated, any = is_has(filter, &negated);
    for (size_t i = 0; filter->kind == FILTER_AND && i < filter->count; i++)
        any = any || is_has(filter->items[i], &negated);
    return any;
}

kt_error *query_count_by_set(kt_tx *tx, const query_request *query, uint64_t *count, bool *done)
{
    const query_filter *filter = query->filter;
    uint64_t total;
    *done = false;
    if (!filter || !asks_for_sets(filter))
        return NULL;
    KT_TRY(query_total(tx, query->entity, &total));
    if (total < SETS_FROM)
        return NULL; /* looking at each is as quick */
    size_t terms = filter->kind == FILTER_AND ? filter->count : 1;
    for (size_t i = 0; i < terms && !*done; i++) {
        const query_filter *term = filter->kind == FILTER_AND ? filter->items[i] : filter;
        bool negated, other_way;
        uint64_t *ids = NULL, inside, all = 0;
        size_t n = 0;
        asked a;
        if (!is_has(term, &negated))
            continue;
        KT_TRY(query_has_set(tx, negated ? term->items[0]->test : term->test, SET_MAX, &ids, &n, done));
        if (!*done)
            continue;
        KT_TRY(open_asked(tx, query, i, &a));
        KT_TRY(count_of_rest(&a, query->right ? query->right : "read", ids, n, !negated, count, &other_way));
        if (other_way)
            return NULL;
        KT_TRY(count_in_set(&a, ids, n, &inside));
        if (negated) {
            const query_request rest = {.entity = query->entity, .filter = a.rest, .right = query->right};
            KT_TRY(query_count(tx, &rest, &all));
        }
        *count = negated ? all - inside : inside;
    }
    return NULL;
}
