/* plan.c -- chooses how to run a query.
 *
 * Costs are counted in records fetched through an index; a record met while walking the records themselves
 * is cheaper. A way in the right order may stop when the page is full; any other must see all that its ranges
 * hold. Estimates come from kept counters and from counting a few entries: planning must stay cheap beside
 * the page of rows that most queries ask for. */
#include "query/plan.h"

#define COST_SCANNED 0.3  /* of a record met in order of ids, against one fetched by an index entry */
#define COST_COUNTED 0.02 /* of an entry that is only counted */
#define COST_SORTED  0.2  /* of keeping one row's sort key */

enum {
    PROBE = 64,
    PROBED_RANGES = 16,
    SAMPLED_RANGES = 4,
    COUNTED_VALUES = 8,
    NAMED_FROM = 500,
    WAYS_FEW = 8
};

/* ---- Counters ---- */

kt_error *query_total(kt_tx *tx, const model_entity *entity, uint64_t *count)
{
    key at;
    counter_total_key(&at, entity);
    return counter_read(tx, &at, count);
}

/* The kept counter of a value of the first field of an index; number 0: of a company's records. */
static kt_error *count_kept(kt_tx *tx, const model_entity *entity, uint16_t number, const model_field *field,
    const model_value *value, uint64_t *count)
{
    key at;
    counter_total_key(&at, entity);
    key_u16(&at, number);
    key_value(&at, field, value, false);
    return counter_read(tx, &at, count);
}

/* ---- Rules of thumb ---- */

static double test_selectivity(const filter_test *test)
{
    const model_field *field = path_last(&test->path);
    double values = (double)(test->count + test->null);
    switch (test->kind) {
    case TEST_IN:
        if (field->type == KT_BOOL || field->type == KT_STATE || test->null)
            return values * 0.25 > 1 ? 1 : values * 0.25;
        return values * 0.01 > 0.5 ? 0.5 : values * 0.01;
    case TEST_RANGE:
        return test->values[0].set && test->values[1].set ? 0.1 : 0.3;
    case TEST_LIKE:
        return 0.05;
    case TEST_ANY:
    case TEST_HAS:
        break;
    }
    return 0.2;
}

/* The part of records, from 0 to 1, that a filter leaves. */
static double selectivity(const query_filter *filter)
{
    double part = 1;
    switch (filter->kind) {
    case FILTER_TEST:
        return test_selectivity(filter->test);
    case FILTER_NOT:
        return 1 - 0.9 * selectivity(filter->items[0]);
    case FILTER_AND:
        for (size_t i = 0; i < filter->count; i++)
            part *= selectivity(filter->items[i]);
        return part;
    case FILTER_OR:
        for (size_t i = 0; i < filter->count; i++)
            part *= 1 - selectivity(filter->items[i]);
        return 1 - part;
    }
    return part;
}

/* ---- What must hold ---- */

static kt_error *flatten(kt_tx *tx, const query_filter *filter, conjuncts *all)
{
    if (filter->kind == FILTER_AND) {
        for (size_t i = 0; i < filter->count; i++)
            KT_TRY(flatten(tx, filter->items[i], all));
        return NULL;
    }
    if (all->count < CONJUNCTS_MAX) {
        all->items[all->count++] = filter;
        return NULL;
    }
    /* too many to look at one by one: the last one takes the rest in */
    const query_filter **both = ARENA_ARRAY(tx->arena, const query_filter *, 2);
    query_filter *joined = ARENA_NEW(tx->arena, query_filter);
    if (!both || !joined)
        return error_no_memory();
    both[0] = all->items[CONJUNCTS_MAX - 1];
    both[1] = filter;
    *joined = (query_filter){.kind = FILTER_AND, .count = 2, .items = both};
    all->items[CONJUNCTS_MAX - 1] = joined;
    return NULL;
}

/* Records of other companies do not exist for the caller. Where all records are of this one or of none, as in
 * most installations, nothing needs to be asked. */
static kt_error *add_company(kt_tx *tx, const model_entity *entity, conjuncts *all)
{
    static const model_value not_set;
    if (!tx->company || entity->shared)
        return NULL;
    const model_field *field = &entity->fields[MODEL_COMPANY];
    const model_value mine = {.set = true, .as.i = (int64_t)tx->company};
    uint64_t total, own, free;
    KT_TRY(query_total(tx, entity, &total));
    KT_TRY(count_kept(tx, entity, 0, field, &mine, &own));
    KT_TRY(count_kept(tx, entity, 0, field, &not_set, &free));
    if (own + free == total)
        return NULL;
    query_filter *node = ARENA_NEW(tx->arena, query_filter);
    filter_test *test = ARENA_NEW(tx->arena, filter_test);
    model_value *value = ARENA_NEW(tx->arena, model_value);
    if (!node || !test || !value)
        return error_no_memory();
    *value = mine;
    *test = (filter_test){.kind = TEST_IN, .null = true, .count = 1, .values = value};
    test->path = (model_path){.name = field->name, .entity = entity, .count = 1, .steps = {field}};
    *node = (query_filter){.kind = FILTER_TEST, .test = test};
    return flatten(tx, node, all);
}

/* Where few records are pointed to, they are as good as named. */
static kt_error *name_ids(kt_tx *tx, const model_entity *entity, const query_filter **conjunct)
{
    uint64_t *ids, total;
    size_t count;
    bool whole;
    if ((*conjunct)->kind != FILTER_TEST || (*conjunct)->test->kind != TEST_HAS)
        return NULL;
    KT_TRY(query_total(tx, entity, &total));
    if (total < NAMED_FROM)
        return NULL;
    KT_TRY(query_has_set(tx, (*conjunct)->test, QUERY_RANGES_MAX, &ids, &count, &whole));
    if (!whole)
        return NULL;
    query_filter *node = ARENA_NEW(tx->arena, query_filter);
    filter_test *test = ARENA_NEW(tx->arena, filter_test);
    model_value *values = ARENA_ARRAY(tx->arena, model_value, count + 1);
    if (!node || !test || !values)
        return error_no_memory();
    for (size_t i = 0; i < count; i++)
        values[i] = (model_value){.set = true, .as.i = (int64_t)ids[i]};
    *test = (filter_test){.kind = TEST_IN, .path = (*conjunct)->test->path, .count = count, .values = values};
    *node = (query_filter){.kind = FILTER_TEST, .test = test};
    *conjunct = node;
    return NULL;
}

static kt_error *gather(kt_tx *tx, const plan_request *request, conjuncts *all, bool *check_record)
{
    *check_record = false;
    if (request->filter)
        KT_TRY(flatten(tx, request->filter, all));
    for (size_t i = 0; i < all->count; i++)
        KT_TRY(name_ids(tx, request->entity, &all->items[i]));
    KT_TRY(add_company(tx, request->entity, all));
    if (!tx->guard || !tx->guard->record)
        return NULL;
    *check_record = true;
    if (tx->guard->scope) {
        bool whole = false;
        const query_filter *scope = tx->guard->scope(tx, request->entity, request->right, &whole);
        *check_record = scope && !whole;
        if (scope)
            KT_TRY(flatten(tx, scope, all));
    }
    return NULL;
}

size_t plan_wanted(const plan_request *request, const model_index *index)
{
    for (size_t i = 0; request->wanted && !index->unique && !index->through && i < index->count; i++)
        if (index->fields[i] == request->wanted && index->fields[0]->type != KT_REFS)
            return i;
    return SIZE_MAX;
}

kt_error *plan_is_judged(kt_tx *tx, const model_entity *entity, bool *judged)
{
    conjuncts all = {0};
    KT_TRY(gather(tx, &(plan_request){.entity = entity, .right = "read"}, &all, judged));
    *judged = *judged || all.count > 0;
    return NULL;
}

kt_error *plan_boundary(
    kt_tx *tx, const model_entity *entity, const char *right, const query_filter **boundary, bool *judged)
{
    conjuncts *all = ARENA_NEW(tx->arena, conjuncts); /* the filter keeps pointing to what is in it */
    *boundary = NULL;
    if (!all)
        return error_no_memory();
    KT_TRY(gather(tx, &(plan_request){.entity = entity, .right = right}, all, judged));
    return all->count ? filter_and(tx->arena, all->items, all->count, boundary) : NULL;
}

/* ---- Choice ---- */

typedef struct {
    kt_tx *tx;
    const plan_request *request;
    const conjuncts *all;
    uint64_t total;
    uint64_t
        held; /* a bit for fields that are held to one value: which, by their positions within the bits there are */
    uint64_t
        fewest; /* records that the narrowest way looked at so far meets: no more fit all that is asked */
    bool check_record;
} choosing;

static double part_of(const choosing *c, const plan_way *way, bool used)
{
    double part = 1;
    for (size_t i = 0; i < c->all->count; i++)
        if (way->uses[i] == used)
            part *= selectivity(c->all->items[i]);
    return part;
}

static bool proves_all(const choosing *c, const plan_way *way)
{
    for (size_t i = 0; i < c->all->count; i++)
        if (!way->proves[i])
            return false;
    return !c->check_record;
}

/* The kept counter of the value that the first field is held to. Of several indexes that begin with a field
 * one is counted, for all of them. */
static kt_error *counted_entries(const choosing *c, const plan_way *way, bool *counted, uint64_t *count)
{
    size_t at;
    static const model_value not_set;
    const model_entity *entity = c->request->entity;
    *counted = false;
    *count = c->total;
    if (!way->index || way->index->through || !way->constants)
        return NULL;
    const model_field *field = way->index->fields[0];
    for (size_t i = 0; i < entity->index_count; i++) {
        const model_index *index = &entity->indexes[i];
        if (!index->counted || index->fields[0] != field)
            continue;
        const filter_test *test = plan_equality(c->all, NULL, field, &at);
        *counted = true;
        return count_kept(
            c->tx, entity, index->number, field, test && test->count ? &test->values[0] : &not_set, count);
    }
    return NULL;
}

static kt_error *estimate(const choosing *c, plan_way *way)
{
    bool counted;
    uint64_t most = c->request->probe ? c->request->probe : PROBE, found = 0, upper;
    KT_TRY(counted_entries(c, way, &counted, &upper));
    bool whole = !way->constants && !way->ranged;
    if (whole || (counted && way->constants == 1 && !way->ranged)) {
        way->estimate = upper;
        way->exact = way->counted = true;
        return NULL;
    }
    size_t i = 0;
    for (; i < way->range_count && i < PROBED_RANGES && found < most; i++) {
        uint64_t count;
        KT_TRY(store_count(
            c->tx->view, STORE_DATA, way->ranges[i].from, way->ranges[i].to, most - found, &count));
        found += count;
    }
    way->exact = found < most && i == way->range_count;
    way->estimate = found;
    if (!way->exact) {
        double spread = i ? (double)found * (double)way->range_count / (double)i : 0;
        double guess = i < SAMPLED_RANGES ? (double)c->total * part_of(c, way, true) : 0;
        guess = guess > spread ? guess : spread;
        way->estimate = guess > (double)upper ? upper : (uint64_t)guess;
    }
    return NULL;
}

static void price(const choosing *c, plan_way *way)
{
    double rows = (double)way->estimate, part = part_of(c, way, false);
    if ((double)c->fewest < rows * part)
        part = (double)c->fewest / rows;
    double unit = way->scan == SCAN_RECORDS ? COST_SCANNED : 1;
    if (c->request->count_only && proves_all(c, way)) {
        way->cost = way->counted ? 0 : rows * COST_COUNTED + (double)way->range_count * 0.5;
        return;
    }
    if (proves_all(c, way) && way->index && plan_wanted(c->request, way->index) != SIZE_MAX) {
        way->cost = rows * COST_COUNTED + (double)way->range_count * 0.5;
        return;
    }
    double wanted = c->request->limit ? (double)c->request->limit + 1 : rows;
    double visited = rows;
    if (way->ordered && c->request->limit && wanted / part < rows)
        visited = wanted / part;
    way->cost = visited * unit + (way->ordered ? 0 : rows * part * COST_SORTED) +
                (double)way->range_count * 0.5;
}

/* A page that an index gives in order, with nothing left to ask, cannot be beaten: no need to estimate. */
static bool is_perfect(const choosing *c, const plan_way *way)
{
    bool one = way->scan == SCAN_UNIQUE && way->constants == way->index->count && way->range_count == 1;
    return one || (way->ordered && c->request->limit && c->request->sort && proves_all(c, way) &&
                      way->index && way->range_count <= PROBED_RANGES);
}

/* All that points to one record, and nothing left to ask: every other way meets these rows and more. Counting them
 * first would cost about as much as reading them. */
static bool is_settled(const choosing *c, const plan_way *way)
{
    return (way->ordered || !c->request->limit) && way->constants && !way->index->through &&
           way->index->fields[0]->type == KT_REF && way->range_count == 1 && proves_all(c, way);
}

/* Few values have many records, a reference or a text few: those ways are looked at first. */
static bool is_promising(const plan_way *way)
{
    kt_type type = way->index->fields[0]->type;
    return way->constants && type != KT_STATE && type != KT_BOOL;
}

/* The cheapest, all prices made with what is known of all. */
static void compare_again(const choosing *c, plan_way *first, plan_way *ways, size_t count, plan_way *best)
{
    price(c, first);
    *best = *first;
    for (size_t i = 0; i < count; i++) {
        price(c, &ways[i]);
        if (ways[i].cost < best->cost)
            *best = ways[i];
    }
}

static kt_error *estimate_ways(const choosing *c, plan_way *ways, size_t count, plan_way *best)
{
    choosing known = *c;
    KT_TRY(estimate(c, best));
    price(c, best);
    plan_way first = *best;
    for (int promising = 1; promising >= 0; promising--)
        for (size_t i = 0; i < count; i++) {
            if (is_promising(&ways[i]) != (promising == 1))
                continue;
            if (best->cost <= PLAN_CHEAP && best->exact && !c->request->probe)
                return NULL;
            KT_TRY(estimate(c, &ways[i]));
            price(c, &ways[i]);
            known.fewest = ways[i].estimate < known.fewest ? ways[i].estimate : known.fewest;
            if (ways[i].cost < best->cost)
                *best = ways[i];
        }
    if (known.fewest < best->estimate)
        compare_again(&known, &first, ways, count, best);
    return NULL;
}

static kt_error *make_room(const choosing *c, plan_way **ways, size_t count)
{
    if (count != WAYS_FEW)
        return NULL;
    plan_way *more = ARENA_ARRAY(c->tx->arena, plan_way, c->request->entity->index_count);
    if (!more)
        return error_no_memory();
    memcpy(more, *ways, WAYS_FEW * sizeof *more);
    *ways = more;
    return NULL;
}

static uint64_t bit_of(const model_field *field)
{
    return UINT64_C(1) << field->position % 64;
}

static uint64_t held_by(const conjuncts *all)
{
    uint64_t held = 0;
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i]->kind == FILTER_TEST && all->items[i]->test->kind == TEST_IN)
            held |= bit_of(path_last(&all->items[i]->test->path));
    return held;
}

/* How many of the index's fields are held to one value, from the first on; the first one to a value that few records have,
 * unless it is only counted, which a kept counter may have done. */
static size_t leading(const choosing *c, const model_index *index)
{
    size_t n = 0, at;
    kt_type type = index->fields[0]->type;
    const bool many = type == KT_STATE || type == KT_BOOL;
    if (!(c->held & bit_of(index->fields[0])) || index->covering || index->through ||
        (many && !c->request->count_only))
        return 0;
    while (n < index->count && plan_equality(c->all, NULL, index->fields[n], &at))
        n++;
    return n && plan_has_all(c->all, index, n) ? n : 0;
}

/* The way that holds most fields to one value: if it meets few records no other is worth making. */
static kt_error *obvious(const choosing *c, plan_way *best, bool *perfect, bool *found)
{
    const model_entity *entity = c->request->entity;
    const model_index *index = NULL;
    size_t most = 0;
    *perfect = *found = false;
    if (c->request->probe || c->request->wanted)
        return NULL;
    for (size_t i = 0; i < entity->index_count; i++) {
        size_t n = leading(c, &entity->indexes[i]);
        if (n > most) {
            most = n;
            index = &entity->indexes[i];
        }
    }
    if (index)
        KT_TRY(plan_way_make(c->tx, c->request, c->all, index, best, found));
    if (!*found)
        return NULL;
    *perfect = is_perfect(c, best) || is_settled(c, best);
    if (*perfect) {
        best->cost = c->request->limit + 1;
        return NULL;
    }
    KT_TRY(estimate(c, best));
    price(c, best);
    *found = best->exact && best->cost <= PLAN_CHEAP;
    return NULL;
}

static kt_error *choose(const choosing *c, plan_way *best, bool *perfect)
{
    const model_entity *entity = c->request->entity;
    bool usable, found, probe = c->request->probe;
    size_t at;
    if (!plan_equality(c->all, NULL, &entity->fields[MODEL_ID], &at)) {
        KT_TRY(obvious(c, best, perfect, &found));
        if (found)
            return NULL;
    }
    KT_TRY(plan_way_make(c->tx, c->request, c->all, NULL, best, &usable));
    *perfect = false;
    if (best->ranged && best->range_count <= PROBED_RANGES &&
        plan_equality(c->all, NULL, &entity->fields[MODEL_ID], &at)) {
        best->estimate = best->range_count; /* one record by its id */
        best->exact = true;
        return NULL;
    }
    plan_way few[WAYS_FEW], *ways = few; /* hardly any query can go more ways */
    size_t count = 0;
    for (size_t i = 0; i < entity->index_count; i++) {
        const model_index *index = &entity->indexes[i];
        if (index->covering || !plan_bears_on(c->request, c->all, index))
            continue;
        KT_TRY(make_room(c, &ways, count));
        plan_way *way = &ways[count];
        KT_TRY(plan_way_make(c->tx, c->request, c->all, index, way, &usable));
        if (!usable)
            continue;
        count++;
        bool beats = is_perfect(c, way) || (!probe && is_settled(c, way));
        if (beats && (!*perfect || way->constants > best->constants)) {
            *best = *way;
            *perfect = true;
        }
    }
    if (*perfect && !probe) {
        best->cost = c->request->limit + 1;
        return NULL;
    }
    *perfect = false;
    return estimate_ways(c, ways, count, best);
}

static kt_error *residual(const choosing *c, const plan_way *way, const query_filter **out)
{
    size_t count = 0;
    *out = NULL;
    const query_filter **left = ARENA_ARRAY(c->tx->arena, const query_filter *, c->all->count + 1);
    if (!left)
        return error_no_memory();
    for (size_t i = 0; i < c->all->count; i++)
        if (!way->proves[i])
            left[count++] = c->all->items[i];
    return count ? filter_and(c->tx->arena, left, count, out) : NULL;
}

static kt_error *single(const choosing *c, query_plan *plan, bool *perfect)
{
    plan_way way;
    *plan = (query_plan){.request = *c->request};
    KT_TRY(choose(c, &way, perfect));
    KT_TRY(residual(c, &way, &plan->residual));
    plan->scan = way.scan;
    plan->index = way.index;
    plan->ranges = way.ranges;
    plan->range_count = way.range_count;
    plan->constants = way.constants;
    plan->ranged = way.ranged;
    plan->ordered = way.ordered;
    plan->reverse = way.reverse;
    memcpy(plan->skip, way.skip, sizeof plan->skip);
    key_copy(&plan->prefix, &way.prefix);
    plan->check_record = c->check_record;
    plan->estimate = way.estimate;
    plan->exact = way.exact;
    plan->counted = way.counted;
    plan->cost = way.cost;
    plan->total = c->total;
    double matches = (double)way.estimate * part_of(c, &way, false);
    plan->matches = matches < 1 && way.estimate ? 1 : (uint64_t)matches;
    return NULL;
}

static kt_error *best_of(const choosing *c, unsigned depth, query_plan *plan)
{
    bool perfect;
    KT_TRY(single(c, plan, &perfect));
    if (perfect || plan->cost <= PLAN_WORTH || depth >= PLAN_DEPTH_MAX)
        return NULL;
    return plan_union(c->tx, c->all, c->check_record, depth, plan);
}

/* The same with what references lead to looked up first, if that is cheaper. */
static kt_error *try_join(const choosing *c, unsigned depth, query_plan *plan)
{
    kt_tx *tx = c->tx;
    conjuncts *replaced = ARENA_NEW(tx->arena, conjuncts);
    kt_str *joined = ARENA_ARRAY(tx->arena, kt_str, CONJUNCTS_MAX);
    query_plan other;
    size_t count;
    if (!replaced || !joined)
        return error_no_memory();
    KT_TRY(plan_join(tx, c->all, plan, replaced, joined, &count));
    if (!count)
        return NULL;
    choosing again = *c;
    again.all = replaced;
    again.held = held_by(replaced);
    KT_TRY(best_of(&again, depth, &other));
    if (other.cost >= plan->cost)
        return NULL;
    other.joined = joined;
    other.joined_count = count;
    *plan = other;
    return NULL;
}

kt_error *plan_conjuncts(kt_tx *tx, const plan_request *request, const conjuncts *all, bool check_record,
    unsigned depth, query_plan *plan)
{
    choosing c = {.tx = tx,
        .request = request,
        .all = all,
        .held = held_by(all),
        .check_record = check_record,
        .fewest = UINT64_MAX};
    KT_TRY(query_total(tx, request->entity, &c.total));
    if (!c.total && !request->probe) { /* no record: no way is better than another */
        *plan = (query_plan){
            .request = *request, .check_record = check_record, .ordered = true, .exact = true};
        return NULL;
    }
    KT_TRY(best_of(&c, depth, plan));
    return plan->cost > PLAN_WORTH ? try_join(&c, depth, plan) : NULL;
}

kt_error *query_plan_make(kt_tx *tx, const plan_request *request, query_plan *plan)
{
    conjuncts *all = ARENA_NEW(tx->arena, conjuncts); /* plans keep pointing to what is in it */
    bool check_record;
    if (!all)
        return error_no_memory();
    KT_TRY(gather(tx, request, all, &check_record));
    return plan_conjuncts(tx, request, all, check_record, 0, plan);
}
