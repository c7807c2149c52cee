/* plan_ways.c -- the ways to scan for a query: which part of an index its conditions single out.
 *
 * An index orders by its fields; fields held to one value are a prefix, the next one may be held to a range
 * or to several values (a range each). Ranges may take in too much -- texts are folded in keys, and cut if they are long --
 * and then the condition is asked again of each record; they never leave out a match. */
#include <stdlib.h>

#include "query/plan.h"

typedef struct {
    kt_tx *tx;
    const plan_request *request;
    const conjuncts *all;
    plan_way *way;
} making;

/* ---- Conditions ---- */

static bool is_on(const filter_test *test, const model_field *through, const model_field *field)
{
    const model_path *path = &test->path;
    if (!through)
        return path->count == 1 && path->steps[0] == field;
    return path->count == 2 && path->steps[0] == through && path->steps[1] == field;
}

const filter_test *plan_equality(
    const conjuncts *all, const model_field *through, const model_field *field, size_t *at)
{
    for (size_t i = 0; i < all->count; i++) {
        const query_filter *f = all->items[i];
        if (f->kind != FILTER_TEST || f->test->kind != TEST_IN || !is_on(f->test, through, field))
            continue;
        if (f->test->count + f->test->null == 1) {
            *at = i;
            return f->test;
        }
    }
    return NULL;
}

/* "is set": the negation of "is not set". */
static bool is_set_test(const query_filter *f, const model_field *field)
{
    if (f->kind != FILTER_NOT || f->items[0]->kind != FILTER_TEST)
        return false;
    const filter_test *test = f->items[0]->test;
    return test->kind == TEST_IN && test->null && test->count == 0 && is_on(test, NULL, field);
}

/* Does a condition let through only records in which the field is set? */
static bool is_asked_set(const conjuncts *all, const model_field *field)
{
    for (size_t i = 0; i < all->count; i++) {
        const query_filter *f = all->items[i];
        if (is_set_test(f, field))
            return true;
        if (f->kind == FILTER_TEST && is_on(f->test, NULL, field) &&
            (f->test->kind == TEST_RANGE || (f->test->kind == TEST_IN && !f->test->null)))
            return true;
    }
    return false;
}

bool plan_has_all(const conjuncts *all, const model_index *index, size_t from)
{
    for (size_t i = from; i < index->count && index->unique; i++)
        if (index->fields[i]->position != MODEL_COMPANY &&
            (index->through || !is_asked_set(all, index->fields[i])))
            return false;
    return true;
}

/* Indexes with several entries a record bear one value at a time only. */
static bool is_multiple(const model_index *index, const model_field *field)
{
    return index->through || field->type == KT_REFS;
}

static bool is_exact(const model_index *index, const model_field *field, const filter_test *test)
{
    if (!filter_is_text(field) || test->count == 0)
        return true;
    return index->unique && test->values[0].as.s.len <= KEY_TEXT_MAX;
}

static kt_str keep(const making *m, const key *key)
{
    return arena_str(m->tx->arena, key_str(key));
}

static bool add_range(const making *m, const key *from, const key *to)
{
    kt_str a = keep(m, from), b = keep(m, to);
    if (from->full || to->full || !a.ptr || !b.ptr)
        return false;
    if (str_cmp(a, b) < 0)
        m->way->ranges[m->way->range_count++] = (query_range){a, b};
    return true;
}

/* ---- Constants ---- */

static void take_constants(const making *m)
{
    plan_way *way = m->way;
    const model_index *index = way->index;
    for (size_t i = 0; i < index->count; i++) {
        size_t at;
        static const model_value not_set;
        const model_field *field = index->fields[i];
        const filter_test *test = plan_equality(m->all, index->through, field, &at);
        bool null_missing = index->sparse || is_multiple(index, field) ||
                            (index->unique && field->position != MODEL_COMPANY);
        if (!test || (test->count == 0 && null_missing) || (i > 0 && field->type == KT_REFS))
            return;
        const size_t len = way->prefix.len;
        key_value(&way->prefix, field, test->count ? &test->values[0] : &not_set, index->unique);
        if (way->prefix.full) {
            way->prefix.full = false;
            way->prefix.len = len;
            return;
        }
        way->uses[at] = true;
        way->proves[at] = is_exact(index, field, test);
        way->constants++;
    }
}

/* ---- Ranges ---- */

static int compare_ranges(const void *a, const void *b)
{
    const query_range *x = a, *y = b;
    return str_cmp(x->from, y->from);
}

/* Texts that differ only in case have one range. */
static void tidy(plan_way *way)
{
    size_t kept = 0;
    if (way->range_count > 1)
        qsort(way->ranges, way->range_count, sizeof *way->ranges, compare_ranges);
    for (size_t i = 0; i < way->range_count; i++)
        if (kept == 0 || str_cmp(way->ranges[kept - 1].from, way->ranges[i].from) != 0)
            way->ranges[kept++] = way->ranges[i];
    way->range_count = kept;
}

static kt_error *value_ranges(const making *m, const model_field *field, const filter_test *test)
{
    plan_way *way = m->way;
    size_t count = test->count + test->null;
    way->ranges = ARENA_ARRAY(m->tx->arena, query_range, count + 1);
    if (!way->ranges)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        static const model_value not_set;
        key from = way->prefix, to;
        key_value(&from, field, i < test->count ? &test->values[i] : &not_set, way->scan == SCAN_UNIQUE);
        to = from;
        key_after(&to);
        if (!add_range(m, &from, &to))
            return error_no_memory();
    }
    tidy(way);
    way->ranged = true;
    return NULL;
}

static void narrow(key *from, key *to, const key *low, const key *high)
{
    if (low && !low->full && str_cmp(key_str(low), key_str(from)) > 0)
        key_copy(from, low);
    if (high && !high->full && str_cmp(key_str(high), key_str(to)) < 0)
        key_copy(to, high);
}

/* A folded text's beginning. Within the cut of keys it says all; one zero byte ends what can be said. */
static bool narrow_to_prefix(const making *m, kt_str prefix, key *from, key *to)
{
    enum { SAFE = KEY_TEXT_MAX - 8 };
    size_t n = prefix.len < SAFE ? prefix.len : SAFE;
    const char *zero = n ? memchr(prefix.ptr, 0, n) : NULL;
    n = zero ? (size_t)(zero - prefix.ptr) : n;
    key low = m->way->prefix, high;
    key_append(&low, "\x01", 1);
    key_append(&low, prefix.ptr, n);
    high = low;
    key_after(&high);
    narrow(from, to, &low, &high);
    return n == prefix.len;
}

/* Is every value on the right side of an end told by its key alone? Values are cut there, which says all of them
 * against an end that is shorter than the cut. */
static bool end_is_exact(const model_field *field, kt_str folded)
{
    return !filter_is_text(field) || folded.len < KEY_TEXT_MAX;
}

/* returns whether the range holds nothing that the condition would refuse */
static bool narrow_to_range(
    const making *m, const model_field *field, const filter_test *test, key *from, key *to)
{
    key low, high;
    key_copy(&low, &m->way->prefix);
    key_copy(&high, &m->way->prefix);
    bool low_exact = end_is_exact(field, test->low_text), high_exact = end_is_exact(field, test->high_text);
    if (test->values[0].set) {
        key_value(&low, field, &test->values[0], false);
        if (test->low_open && low_exact)
            key_after(&low);
        narrow(from, to, &low, NULL);
    }
    if (test->values[1].set) {
        key_value(&high, field, &test->values[1], false);
        if (!test->high_open || !high_exact)
            key_after(&high);
        narrow(from, to, NULL, &high);
    }
    return low_exact && high_exact && !low.full && !high.full;
}

/* One range, as narrow as all conditions on the field make it. */
static kt_error *between_range(const making *m, const model_field *field)
{
    plan_way *way = m->way;
    key set, end, from, to;
    key_copy(&set, &way->prefix);
    key_append(&set, "\x01", 1);
    key_copy(&end, &set);
    key_after(&end);
    key_copy(&from, &way->prefix);
    key_copy(&to, &way->prefix);
    key_after(&to);
    for (size_t i = 0; i < m->all->count; i++) {
        const query_filter *f = m->all->items[i];
        bool used = is_set_test(f, field), proved = used;
        if (f->kind == FILTER_TEST && is_on(f->test, NULL, field)) {
            if (f->test->kind == TEST_RANGE) {
                used = true;
                proved = narrow_to_range(m, field, f->test, &from, &to);
            } else if (f->test->kind == TEST_LIKE && filter_pattern_prefix(&f->test->pattern).ptr) {
                const filter_pattern *pattern = &f->test->pattern;
                used = true;
                proved = narrow_to_prefix(m, filter_pattern_prefix(pattern), &from, &to) &&
                         pattern->count == 2 && pattern->pieces[1].kind == PATTERN_RUN;
            }
        }
        if (!used)
            continue;
        narrow(&from, &to, &set, &end);
        way->uses[i] = way->ranged = true;
        way->proves[i] = proved;
    }
    way->ranges = ARENA_NEW(m->tx->arena, query_range);
    return way->ranges && add_range(m, &from, &to) ? NULL : error_no_memory();
}

/* Behind what they have in common keys end in the records' ids. */
static void narrow_to_ids(const making *m, key *from, key *to)
{
    plan_way *way = m->way;
    const model_field *id = &m->request->entity->fields[MODEL_ID];
    for (size_t i = 0; i < m->all->count; i++) {
        const query_filter *f = m->all->items[i];
        if (f->kind != FILTER_TEST || f->test->kind != TEST_RANGE || !is_on(f->test, NULL, id))
            continue;
        const model_value *v = f->test->values;
        key low = way->prefix, high = way->prefix;
        key_u64(&low, v[0].set && v[0].as.i > 0 ? (uint64_t)v[0].as.i : 0);
        if (v[0].set && f->test->low_open && v[0].as.i >= 0)
            key_after(&low);
        key_u64(&high, v[1].set && v[1].as.i > 0 ? (uint64_t)v[1].as.i : 0);
        if (v[1].set && !f->test->high_open && v[1].as.i >= 0)
            key_after(&high);
        narrow(from, to, &low, v[1].set ? &high : NULL);
        way->uses[i] = way->proves[i] = way->ranged = true;
    }
}

/* The condition that names several values of a field. */
static const filter_test *several(const making *m, const model_field *field, size_t *at)
{
    for (size_t i = 0; i < m->all->count; i++) {
        const query_filter *f = m->all->items[i];
        if (f->kind == FILTER_TEST && f->test->kind == TEST_IN && is_on(f->test, NULL, field) &&
            f->test->count + f->test->null <= QUERY_RANGES_MAX && f->test->count + f->test->null != 1) {
            *at = i;
            return f->test;
        }
    }
    return NULL;
}

static kt_error *take_ranges(const making *m, bool *usable)
{
    size_t at = 0;
    plan_way *way = m->way;
    const model_index *index = way->index;
    size_t k = way->constants;
    const model_field *field = k < index->count ? index->fields[k] : NULL;
    bool plain = field && !is_multiple(index, field);
    const filter_test *test = plain ? several(m, field, &at) : NULL;
    if (test && test->null && (index->unique || index->sparse)) /* unset values have no entry there */
        test = NULL;
    *usable = index->unique ? plan_has_all(m->all, index, k + (test != NULL))
              : index->through || (index->fields[0]->type == KT_REFS) ? k > 0
                                                                      : true;
    if (!*usable)
        return NULL;
    if (test) {
        KT_TRY(value_ranges(m, field, test));
        way->uses[at] = true;
        way->proves[at] = !filter_is_text(field);
        return NULL;
    }
    if (plain &&
        !(index->unique && filter_is_text(field))) /* which is raw there, and in no order that is asked for */
        return between_range(m, field);
    *usable = k > 0;
    key from, to;
    key_copy(&from, &way->prefix);
    key_copy(&to, &way->prefix);
    key_after(&to);
    if (k == index->count && !index->unique)
        narrow_to_ids(m, &from, &to);
    way->ranges = ARENA_NEW(m->tx->arena, query_range);
    return way->ranges && add_range(m, &from, &to) ? NULL : error_no_memory();
}

/* All that have a value. */
static kt_error *all_runs(const making *m, bool *usable)
{
    plan_way *way = m->way;
    *usable = m->request->wanted == way->index->fields[0];
    for (size_t i = 0; i < m->all->count; i++)
        if (is_set_test(m->all->items[i], way->index->fields[0]) && !way->index->through)
            *usable = way->ranged = way->uses[i] = way->proves[i] = true;
    if (!*usable)
        return NULL;
    key to = way->prefix;
    key_after(&to);
    way->ranges = ARENA_NEW(m->tx->arena, query_range);
    return way->ranges && add_range(m, &way->prefix, &to) ? NULL : error_no_memory();
}

/* One range in each run: of an index in runs conditions say nothing but the one value, if any. */
static kt_error *run_ranges(const making *m, bool *usable)
{
    plan_way *way = m->way;
    const model_field *field = way->index->fields[0];
    size_t at;
    uint32_t *runs;
    const filter_test *test = plan_equality(m->all, way->index->through, field, &at);
    if (!test || !test->count)
        return all_runs(m, usable);
    size_t count;
    KT_TRY(query_runs(m->tx, m->request->entity, way->index, &runs, &count));
    way->ranges = ARENA_ARRAY(m->tx->arena, query_range, count);
    if (!way->ranges)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        key from = way->prefix, to;
        key_run(&from, runs[i]);
        key_value(&from, field, &test->values[0], false);
        to = from;
        key_after(&to);
        if (!add_range(m, &from, &to))
            return error_no_memory();
    }
    way->uses[at] = way->proves[at] = true;
    way->constants = 1;
    return NULL;
}

/* ---- Order ---- */

/* Do the index's fields behind the constants stand in the order asked for? Fields of the sort that conditions
 * hold to one value do not count. */
static void judge_order(const making *m)
{
    plan_way *way = m->way;
    const query_sort *sort = m->request->sort;
    size_t next = way->constants, end = way->index ? way->index->count : 0;
    if (!sort) {
        way->ordered = true;
        return;
    }
    if (way->index && way->index->in_runs)
        return;
    way->reverse = sort->down;
    for (size_t i = 0; i < sort->count; i++) {
        size_t at;
        const model_path *path = &sort->by[i].path;
        const model_field *field = path->steps[0];
        if (path->count == 1 && plan_equality(m->all, NULL, field, &at)) {
            way->skip[i] = true;
            continue;
        }
        bool raw = way->scan == SCAN_UNIQUE && filter_is_text(field);
        if (path->count != 1 || next == end || way->index->fields[next] != field || raw ||
            way->index->through || sort->by[i].down != sort->down)
            return;
        next++;
    }
    /* several ranges of a field that is not sorted by come one after another, each in its own order */
    bool one_order = way->range_count <= 1 || (way->ranged && next > way->constants) || !way->index;
    way->ordered = next == end && one_order;
}

/* ---- Records by id ---- */

static kt_error *id_ranges(const making *m)
{
    plan_way *way = m->way;
    const model_field *id = &m->request->entity->fields[MODEL_ID];
    size_t at;
    const filter_test *test = plan_equality(m->all, NULL, id, &at);
    test = test ? test : several(m, id, &at);
    if (test) {
        way->ranges = ARENA_ARRAY(m->tx->arena, query_range, test->count + 1);
        for (size_t i = 0; way->ranges && i < test->count; i++) {
            key from = way->prefix, to;
            key_u64(&from, (uint64_t)test->values[i].as.i);
            to = from;
            key_after(&to);
            if (test->values[i].as.i > 0 && !add_range(m, &from, &to))
                return error_no_memory();
        }
        way->uses[at] = way->proves[at] = way->ranged = true;
        return way->ranges ? NULL : error_no_memory();
    }
    key from = way->prefix, to = way->prefix;
    key_after(&to);
    narrow_to_ids(m, &from, &to);
    way->ranges = ARENA_NEW(m->tx->arena, query_range);
    return way->ranges && add_range(m, &from, &to) ? NULL : error_no_memory();
}

bool plan_bears_on(const plan_request *request, const conjuncts *all, const model_index *index)
{
    const model_field *field = index->fields[0];
    const query_sort *sort = request->sort;
    if (request->wanted)
        return true;
    for (size_t i = 0; sort && i < sort->count; i++)
        if (sort->by[i].path.count == 1 && sort->by[i].path.steps[0] == field)
            return true;
    for (size_t i = 0; i < all->count; i++) {
        const query_filter *f = all->items[i];
        if (f->kind == FILTER_TEST ? is_on(f->test, index->through, field) : is_set_test(f, field))
            return true;
    }
    return false;
}

kt_error *plan_way_make(kt_tx *tx, const plan_request *request, const conjuncts *all,
    const model_index *index, plan_way *way, bool *usable)
{
    const making m = {tx, request, all, way};
    *way = (plan_way){.index = index};
    way->scan = !index ? SCAN_RECORDS : index->unique ? SCAN_UNIQUE : SCAN_INDEX;
    *usable = true;
    if (!index) {
        key_open(&way->prefix, KEY_RECORD);
        key_u16(&way->prefix, request->entity->number);
        KT_TRY(id_ranges(&m));
    } else {
        key_index(&way->prefix, request->entity, index);
        if (!index->in_runs)
            take_constants(&m);
        KT_TRY(index->in_runs ? run_ranges(&m, usable) : take_ranges(&m, usable));
    }
    if (*usable)
        judge_order(&m);
    bool has_all = !index || !index->sparse || request->wanted == index->fields[0];
    *usable = *usable && (!index || way->constants || way->ranged || (way->ordered && has_all));
    return NULL;
}
