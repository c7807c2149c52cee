/* plan_union.c -- several scans in place of one: for an "or", each branch by its own index; for a field with
 * several values, each value by itself, so that an index behind it still gives its order.
 *
 * A record that more than one part would find comes from the first of them: every later part leaves out what
 * an earlier branch holds of. So nothing is remembered, and nothing is sorted where all parts are in the
 * order asked for: they are merged. */
#include "query/plan.h"

#define COST_PART   4.0 /* of a cursor and a plan more */
#define COST_SORTED 0.2 /* of keeping one row's sort key */

/* What is split: a condition and its branches. */
typedef struct {
    size_t at;
    const query_filter *const *branches;
    size_t count;
    bool apart; /* no record meets two of them */
} split;

static kt_error *node_of(
    kt_tx *tx, filter_kind kind, const query_filter *const *items, size_t count, const query_filter **out)
{
    query_filter *node = ARENA_NEW(tx->arena, query_filter);
    if (!node)
        return error_no_memory();
    *node = (query_filter){.kind = kind, .count = count, .items = items};
    *out = node;
    return NULL;
}

/* One test for each value. */
static kt_error *split_values(kt_tx *tx, const filter_test *test, split *s)
{
    size_t count = test->count + test->null;
    const query_filter **branches = ARENA_ARRAY(tx->arena, const query_filter *, count);
    query_filter *nodes = ARENA_ARRAY(tx->arena, query_filter, count);
    filter_test *tests = ARENA_ARRAY(tx->arena, filter_test, count);
    if (!branches || !nodes || !tests)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        tests[i] = *test;
        tests[i].null = i >= test->count;
        tests[i].count = i < test->count;
        tests[i].values = i < test->count ? &test->values[i] : NULL;
        nodes[i] = (query_filter){.kind = FILTER_TEST, .test = &tests[i]};
        branches[i] = &nodes[i];
    }
    s->branches = branches;
    s->count = count;
    s->apart = !test->path.many && path_last(&test->path)->type != KT_REFS;
    return NULL;
}

static kt_error *find_split(kt_tx *tx, const conjuncts *all, size_t at, split *s)
{
    const query_filter *f = all->items[at];
    *s = (split){.at = at};
    if (f->kind == FILTER_OR && f->count <= UNION_PARTS_MAX) {
        s->branches = f->items;
        s->count = f->count;
        return NULL;
    }
    bool several = f->kind == FILTER_TEST && f->test->kind == TEST_IN && f->test->path.count <= 2 &&
                   f->test->count + f->test->null > 1 && f->test->count + f->test->null <= UNION_PARTS_MAX;
    return several ? split_values(tx, f->test, s) : NULL;
}

/* The other conditions with one branch in place of the split one. */
static void with_branch(const conjuncts *all, const split *s, size_t branch, conjuncts *out)
{
    out->count = 0;
    for (size_t i = 0; i < all->count; i++)
        if (i != s->at)
            out->items[out->count++] = all->items[i];
    const query_filter *f = s->branches[branch];
    if (f->kind != FILTER_AND || out->count + f->count > CONJUNCTS_MAX) {
        out->items[out->count++] = f;
        return;
    }
    for (size_t i = 0; i < f->count; i++)
        out->items[out->count++] = f->items[i];
}

/* Asks one condition more of each record; a union leaves that to its parts. */
static kt_error *ask_too(kt_tx *tx, const query_filter *condition, query_plan *plan)
{
    for (size_t i = 0; i < plan->part_count; i++)
        KT_TRY(ask_too(tx, condition, &plan->parts[i]));
    if (plan->part_count)
        return NULL;
    const query_filter **both = ARENA_ARRAY(tx->arena, const query_filter *, 2);
    if (!both)
        return error_no_memory();
    both[0] = condition;
    both[1] = plan->residual;
    return filter_and(tx->arena, both, plan->residual ? 2 : 1, &plan->residual);
}

/* Leaves out what the branches before this one found. */
static kt_error *without_earlier(kt_tx *tx, const split *s, size_t branch, query_plan *part)
{
    if (!branch || s->apart)
        return NULL;
    const query_filter *earlier = NULL, *others = NULL, **item = ARENA_NEW(tx->arena, const query_filter *);
    if (!item)
        return error_no_memory();
    KT_TRY(node_of(tx, FILTER_OR, s->branches, branch, &earlier));
    *item = earlier;
    KT_TRY(node_of(tx, FILTER_NOT, item, 1, &others));
    return ask_too(tx, others, part);
}

static bool narrows(const query_plan *part)
{
    return part->scan == SCAN_UNION || part->constants || part->ranged ||
           (part->scan == SCAN_INDEX && part->joined_count);
}

/* A part that leaves out a field of the sort, for its branch holds it to one value, has an order of its own:
 * the others may stand before or behind it. */
static bool is_by_itself(const query_plan *part, const conjuncts *rest)
{
    const query_sort *sort = part->request.sort;
    for (size_t i = 0; i < part->part_count; i++)
        if (is_by_itself(&part->parts[i], rest))
            return true;
    for (size_t i = 0; i < sort->count; i++)
        if (part->skip[i] && !plan_equality(rest, NULL, sort->by[i].path.steps[0], &(size_t){0}))
            return true;
    return false;
}

/* Plans every branch for request; *good: each by a scan that narrows, in order if `ordered`. */
static kt_error *plan_parts(kt_tx *tx, const plan_request *request, const conjuncts *all, bool check_record,
    const split *s, bool ordered, unsigned depth, query_plan *whole, bool *good)
{
    plan_request *kept = ARENA_NEW(tx->arena, plan_request);
    query_plan *parts = ARENA_ARRAY(tx->arena, query_plan, s->count);
    conjuncts *branch = ARENA_ARRAY(tx->arena, conjuncts, s->count);
    if (!kept || !parts || !branch)
        return error_no_memory();
    *kept = *request;
    conjuncts rest = *all;
    rest.items[s->at] = rest.items[--rest.count];
    *whole = (query_plan){.request = *request, .scan = SCAN_UNION, .exact = true, .parts = parts};
    *good = false;
    for (size_t i = 0; i < s->count; i++) {
        with_branch(all, s, i, &branch[i]);
        KT_TRY(plan_conjuncts(tx, kept, &branch[i], check_record, depth + 1, &parts[i]));
        if (!narrows(&parts[i]) || (ordered && (!parts[i].ordered || is_by_itself(&parts[i], &rest))))
            return NULL;
        KT_TRY(without_earlier(tx, s, i, &parts[i]));
        whole->estimate += parts[i].estimate;
        whole->matches += parts[i].matches;
        whole->cost += parts[i].cost + COST_PART;
        whole->exact = whole->exact && parts[i].exact;
        whole->total = parts[i].total;
    }
    whole->part_count = s->count;
    *good = true;
    return NULL;
}

static kt_error *try_split(
    kt_tx *tx, const conjuncts *all, bool check_record, const split *s, unsigned depth, query_plan *best)
{
    query_plan whole;
    bool good;
    plan_request request = best->request;
    request.count_only = false;
    if (request.sort && request.limit) {
        KT_TRY(plan_parts(tx, &request, all, check_record, s, true, depth, &whole, &good));
        whole.ordered = true;
        if (good && whole.cost < best->cost)
            *best = whole;
    }
    request.sort = NULL; /* all of each, sorted at the end */
    request.limit = best->request.sort ? 0 : best->request.limit;
    KT_TRY(plan_parts(tx, &request, all, check_record, s, false, depth, &whole, &good));
    if (best->request.sort)
        whole.cost += (double)whole.matches * COST_SORTED;
    whole.ordered = !best->request.sort;
    if (!good || whole.cost >= best->cost)
        return NULL;
    whole.request = best->request;
    *best = whole;
    return NULL;
}

kt_error *plan_union(kt_tx *tx, const conjuncts *all, bool check_record, unsigned depth, query_plan *plan)
{
    for (size_t i = 0; i < all->count; i++) {
        split s;
        KT_TRY(find_split(tx, all, i, &s));
        if (s.count > 1 && plan->cost > PLAN_WORTH + COST_PART * (double)s.count)
            KT_TRY(try_split(tx, all, check_record, &s, depth, plan));
    }
    return NULL;
}
