/* plan_join.c -- a condition on what a reference leads to, "party.country.code", looked up from its far end.
 *
 * The records at the other end of the first reference are asked for by a query of their own, whose planner
 * does the same with the rest of the path. If they are few, the condition becomes one on the reference
 * itself, which has an index. Both say the same within one snapshot: a record that the caller may not see is
 * not found from the far end, and a path does not lead to it. */
#include <stdlib.h>

#include "query/plan.h"

/* Where a path leaves the record: its first steps, up to a reference, and what is asked behind it. */
typedef struct {
    size_t near; /* steps up to and with the reference */
    const model_entity *target;
    const query_filter *far;
} joint;

static bool is_reference(const model_field *field)
{
    return (field->type == KT_REF || field->type == KT_REFS) && field->target;
}

/* The name behind the first `steps` names of a path. */
static kt_str name_behind(kt_str name, size_t steps)
{
    for (; steps; steps--) {
        const char *dot = memchr(name.ptr, '.', name.len);
        if (!dot)
            return name;
        name = (kt_str){dot + 1, name.len - (size_t)(dot + 1 - name.ptr)};
    }
    return name;
}

static kt_error *far_filter(kt_tx *tx, const filter_test *test, joint *j)
{
    query_filter *node = ARENA_NEW(tx->arena, query_filter);
    filter_test *rest = ARENA_NEW(tx->arena, filter_test);
    if (!node || !rest)
        return error_no_memory();
    *rest = *test;
    rest->path = (model_path){.name = name_behind(test->path.name, j->near),
        .entity = j->target,
        .count = test->path.count - j->near};
    for (size_t i = 0; i < rest->path.count; i++) {
        const model_field *field = rest->path.steps[i] = test->path.steps[i + j->near];
        if (i + 1 < rest->path.count && (field->type == KT_LINES || field->type == KT_REFS))
            rest->path.many = true;
    }
    *node = (query_filter){.kind = FILTER_TEST, .test = rest};
    j->far = node;
    return NULL;
}

/* Does a path that leads nowhere meet the condition? A boolean that is not set is false. */
static bool meets_nothing(const filter_test *test)
{
    bool is_false = path_last(&test->path)->type == KT_BOOL && test->kind == TEST_IN && test->count &&
                    test->values[0].as.i == 0;
    return test->null || is_false;
}

/* Negations are no tests. */
static kt_error *find_joint(kt_tx *tx, const query_filter *filter, joint *j, bool *found)
{
    *found = false;
    if (filter->kind != FILTER_TEST || meets_nothing(filter->test))
        return NULL;
    const filter_test *test = filter->test;
    const model_path *path = &test->path;
    *j = (joint){.near = path->steps[0]->type == KT_LINES ? 2 : 1};
    if (path->count < j->near || !is_reference(path->steps[j->near - 1]))
        return NULL;
    j->target = path->steps[j->near - 1]->target;
    bool inside = path->count == j->near;
    *found = !inside || test->kind == TEST_ANY;
    if (inside)
        j->far = test->inner;
    return *found && !inside ? far_filter(tx, test, j) : NULL;
}

static int compare_ids(const void *x, const void *y)
{
    const model_value *a = x, *b = y;
    return (a->as.i > b->as.i) - (a->as.i < b->as.i);
}

/* The records at the far end, in order; *count above JOIN_IDS_MAX: too many, or too dear to find. */
static kt_error *far_ids(
    kt_tx *tx, const joint *j, const query_plan *instead_of, const model_value **out, size_t *count)
{
    const plan_request request = {.entity = j->target, .filter = j->far, .right = "read"};
    query_plan plan;
    query_rows *rows;
    const model_record *record;
    *count = JOIN_IDS_MAX + 1;
    KT_TRY(query_plan_make(tx, &request, &plan));
    if (plan.cost * 2 > instead_of->cost || plan.matches > 4 * JOIN_IDS_MAX)
        return NULL;
    model_value *ids = ARENA_ARRAY(tx->arena, model_value, JOIN_IDS_MAX + 1);
    if (!ids)
        return error_no_memory();
    size_t n = 0;
    KT_TRY(query_rows_open(tx, &plan, NULL, &rows));
    while (n <= JOIN_IDS_MAX && (double)n < instead_of->cost && (record = query_rows_next(rows)))
        ids[n++] = (model_value){.set = true, .as.i = record->values[MODEL_ID].as.i};
    KT_TRY(query_rows_end(rows));
    if ((double)n >= instead_of->cost)
        return NULL;
    qsort(ids, n, sizeof *ids, compare_ids);
    *out = ids;
    *count = n;
    return NULL;
}

static kt_error *replace(kt_tx *tx, const joint *j, const filter_test *test, const model_value *ids,
    size_t count, const query_filter **out)
{
    query_filter *node = ARENA_NEW(tx->arena, query_filter);
    filter_test *in = ARENA_NEW(tx->arena, filter_test);
    if (!node || !in)
        return error_no_memory();
    *in = (filter_test){.kind = TEST_IN, .count = count, .values = ids};
    in->path = (model_path){.name = test->path.name, .entity = test->path.entity, .count = j->near};
    for (size_t i = 0; i < j->near; i++)
        in->path.steps[i] = test->path.steps[i];
    in->path.many = j->near == 2;
    *node = (query_filter){.kind = FILTER_TEST, .test = in};
    *out = node;
    return NULL;
}

kt_error *plan_join(
    kt_tx *tx, const conjuncts *all, const query_plan *plan, conjuncts *out, kt_str *joined, size_t *count)
{
    *out = *all;
    *count = 0;
    for (size_t i = 0; i < all->count; i++) {
        joint j;
        bool found;
        const model_value *ids = NULL;
        size_t n = 0;
        KT_TRY(find_joint(tx, all->items[i], &j, &found));
        if (found)
            KT_TRY(far_ids(tx, &j, plan, &ids, &n));
        if (!found || n > JOIN_IDS_MAX)
            continue;
        KT_TRY(replace(tx, &j, all->items[i]->test, ids, n, &out->items[i]));
        joined[(*count)++] = all->items[i]->test->path.name;
    }
    return NULL;
}
