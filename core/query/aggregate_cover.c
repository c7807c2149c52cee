/* aggregate_cover.c -- groups and sums out of an index alone. An index of numbers, days, states and references has its
 * values in the key: where it holds everything that a query names, the records need not be read. An index over the
 * lines of a record ("history.at history.stage amount") has an entry for each line; rows of one record do not stand
 * together in it, so each group keeps a bitmap of the records that it has counted. */
#include "kit/clock.h"
#include "query/aggregate.h"
#include "query/cover_spans.h"
#include "record/key.h"

enum {
    SEEN_BITS = 14, /* of a page of the bitmap: 2 KB */
    IDS_MAX = 1 << 26,
    CACHE_SLOTS = 1024, /* groups found last, by the bytes of their values: a power of two */
    CACHE_BYTES = 9 * GROUP_BY_MAX,
    VALUE_BYTES = 9,
    PLAIN_MAX = 8,
    PLAIN_VALUES = 64,
};

/* "One of these numbers", of a field of the index: asked of the key as it is. */
typedef struct {
    size_t at;
    const filter_test *test;
} plain_test;

typedef struct {
    char bytes[CACHE_BYTES];
    size_t len;
    group *found;
} cached;

typedef struct {
    aggregation *a;
    const model_index *index;
    const query_filter *filter; /* of the records: the query's, and the caller's rights */
    cover_spans spans;          /* of the index: what the conditions leave */
    size_t by_at[GROUP_BY_MAX],
        measure_at[MEASURES_MAX];                /* field of the index; count of it: none is needed */
    const query_filter *line_rest, *record_rest; /* what the range does not prove; NULL: nothing */
    plain_test plain[PLAIN_MAX];                 /* all of record_rest, if plain_count is not 0 */
    size_t plain_count;
    model_record line, record;
    model_value values[MODEL_INDEX_FIELDS];
    const char *starts[MODEL_INDEX_FIELDS + 1]; /* of the values' bytes in the present key */
    cached *cache; /* CACHE_SLOTS of them, one if all are one group; made for the first */
    buffer bytes;
    uint64_t last_id, cost;
} cover;

/* ---- Does the index hold all that is asked? ---- */

static size_t field_at(const model_index *index, const model_field *field, bool inside)
{
    size_t i = 0;
    while (i < index->count && (index->fields[i] != field || index->inside[i] != inside))
        i++;
    return i;
}

static bool path_fits(const model_index *index, const model_path *path, const model_path *inner, size_t *at)
{
    const model_path *p = inner->count ? inner : path;
    *at = p->count == 1 ? field_at(index, p->steps[0], inner->count > 0) : index->count;
    return *at < index->count;
}

static bool filter_fits(const model_index *index, const query_filter *filter, bool inside)
{
    if (!filter)
        return true;
    if (filter->kind == FILTER_TEST)
        return (filter->test->kind == TEST_IN || filter->test->kind == TEST_RANGE) &&
               filter->test->path.count == 1 &&
               field_at(index, filter->test->path.steps[0], inside) < index->count;
    for (size_t i = 0; i < filter->count; i++)
        if (!filter_fits(index, filter->items[i], inside))
            return false;
    return true;
}

static bool fits(cover *c, const model_index *index)
{
    aggregation *a = c->a;
    if (index->sparse || index->covering != (a->lines != NULL) || index->through != a->lines ||
        !model_is_legible(index) || !filter_fits(index, a->line_filter, true) ||
        !filter_fits(index, c->filter, false))
        return false;
    for (size_t i = 0; i < a->by_count; i++)
        if (!path_fits(index, &a->by[i].path, &a->by[i].inner, &c->by_at[i]))
            return false;
    for (size_t i = 0; i < a->measure_count; i++) {
        c->measure_at[i] = index->count;
        if (!a->measures[i].every &&
            !path_fits(index, &a->measures[i].path, &a->measures[i].inner, &c->measure_at[i]))
            return false;
    }
    c->index = index;
    return true;
}

/* ---- Which index ---- */

static kt_error *find_spans(cover *c)
{
    const aggregation *a = c->a;
    KT_TRY(cover_spans_find(&c->spans, a->tx->arena, a->query->entity, c->index, c->filter, a->line_filter));
    c->line_rest = c->spans.line_proved ? NULL : a->line_filter;
    c->record_rest = c->spans.record_proved ? NULL : c->filter;
    return NULL;
}

/* Of the indexes that have all that is asked, the one in whose keys most of it is held. */
static kt_error *choose(cover *c)
{
    const model_entity *entity = c->a->query->entity;
    const model_index *best = NULL;
    size_t held = 0;
    for (size_t i = 0; i < entity->index_count; i++) {
        if (!fits(c, &entity->indexes[i]))
            continue;
        KT_TRY(find_spans(c));
        if (best && c->spans.held <= held)
            continue;
        best = &entity->indexes[i];
        held = c->spans.held;
    }
    return best && fits(c, best) ? find_spans(c) : NULL;
}

/* ---- Entries ---- */

static uint64_t read_u64(const char *at)
{
    uint64_t n;
    memcpy(&n, at, sizeof n);
    return be64toh(n);
}

static void decode(cover *c, kt_str at)
{
    const char *p = key_values(at, c->index);
    for (size_t i = 0; i < c->index->count; i++) {
        c->starts[i] = p;
        p = key_read_value(p, c->index->fields[i], &c->values[i]);
    }
    c->starts[c->index->count] = p;
}

/* Conditions look at records: the values stand where they stand in one. */
static kt_error *meets(cover *c, const query_filter *filter, bool inside, bool *yes)
{
    const model_record *into = inside ? &c->line : &c->record;
    for (size_t i = 0; i < c->index->count; i++)
        if (c->index->inside[i] == inside)
            into->values[c->index->fields[i]->position] = c->values[i];
    return filter_matches(c->a->tx, NULL, filter, into, yes);
}

static bool is_plain(const filter_test *test)
{
    const model_field *field = test->path.steps[0];
    bool whole = field->type == KT_INT || field->type == KT_STATE || field->type == KT_DATE ||
                 (field->type == KT_REF && !is_any(field));
    return whole && test->kind == TEST_IN && !test->null && test->count <= PLAIN_VALUES;
}

/* Are all conditions plain ones? Then no record has to be put together to ask them. */
static bool take_plain(cover *c, const query_filter *filter)
{
    if (filter->kind == FILTER_TEST) {
        if (c->plain_count == PLAIN_MAX || !is_plain(filter->test))
            return false;
        c->plain[c->plain_count++] = (plain_test){
            field_at(c->index, filter->test->path.steps[0], false), filter->test};
        return true;
    }
    bool all = filter->kind == FILTER_AND;
    for (size_t i = 0; all && i < filter->count; i++)
        all = take_plain(c, filter->items[i]);
    return all;
}

static bool meets_plain(const cover *c)
{
    for (size_t i = 0; i < c->plain_count; i++) {
        const filter_test *test = c->plain[i].test;
        const model_value *value = &c->values[c->plain[i].at];
        size_t k = 0;
        while (k < test->count && test->values[k].as.i != value->as.i)
            k++;
        if (!value->set || k == test->count)
            return false;
    }
    return true;
}

static kt_error *find_group(cover *c, group **out)
{
    const aggregation *a = c->a;
    char bytes[CACHE_BYTES];
    size_t len = 0;
    uint64_t hash = 0;
    for (size_t i = 0; i < a->by_count; i++) {
        const char *start = c->starts[c->by_at[i]];
        size_t n = (size_t)(c->starts[c->by_at[i] + 1] - start);
        memcpy(bytes + len, start, n);
        len += n;
        hash = (hash ^ (n == VALUE_BYTES ? read_u64(start + 1) : 1)) * UINT64_C(0x9e3779b97f4a7c15);
    }
    if (!c->cache)
        c->cache = ARENA_ARRAY(a->tx->arena, cached, a->by_count ? CACHE_SLOTS : 1);
    if (!c->cache)
        return error_no_memory();
    cached *slot = &c->cache[a->by_count ? hash >> 54 : 0];
    if (slot->found && slot->len == len && memcmp(slot->bytes, bytes, len) == 0) {
        *out = slot->found;
        return NULL;
    }
    model_value values[GROUP_BY_MAX];
    for (size_t i = 0; i < a->by_count; i++)
        values[i] = c->values[c->by_at[i]];
    KT_TRY(aggregate_find(c->a, values, &c->bytes, out));
    memcpy(slot->bytes, bytes, len);
    slot->len = len;
    slot->found = *out;
    return NULL;
}

/* Was the record counted in this group before? From now on it is. */
static kt_error *see(const cover *c, group *g, uint64_t id, bool *again)
{
    arena *arena = c->a->tx->arena;
    uint64_t page = id >> SEEN_BITS, bit = id & ((1 << SEEN_BITS) - 1);
    if (!g->seen)
        g->seen = ARENA_ARRAY(arena, uint64_t *, (size_t)(c->last_id >> SEEN_BITS) + 1);
    if (g->seen && !g->seen[page])
        g->seen[page] = ARENA_ARRAY(arena, uint64_t, (1 << SEEN_BITS) / 64);
    if (!g->seen || !g->seen[page])
        return error_no_memory();
    uint64_t *word = &g->seen[page][bit / 64], mask = UINT64_C(1) << bit % 64;
    *again = (*word & mask) != 0;
    *word |= mask;
    return NULL;
}

static kt_error *take_entry(cover *c, kt_str at)
{
    aggregation *a = c->a;
    bool yes = true, again = false;
    group *g;
    uint64_t id = key_last_u64(at);
    decode(c, at);
    if (c->line_rest)
        KT_TRY(meets(c, c->line_rest, true, &yes));
    if (yes && c->plain_count)
        yes = meets_plain(c);
    else if (yes && c->record_rest)
        KT_TRY(meets(c, c->record_rest, false, &yes));
    if (!yes || (a->lines && id > c->last_id))
        return NULL;
    KT_TRY(find_group(c, &g));
    if (a->lines)
        KT_TRY(see(c, g, id, &again));
    g->last = id;
    g->records += !again;
    for (size_t i = 0; i < a->measure_count; i++) {
        const measure *m = &a->measures[i];
        if (m->every)
            g->tallies[i].count += !again;
        else if (m->inner.count || !again)
            KT_TRY(aggregate_take(
                a, m, &g->tallies[i], c->index->fields[c->measure_at[i]], &c->values[c->measure_at[i]]));
    }
    return NULL;
}

static kt_error *check_cost(cover *c)
{
    enum { OFTEN = 4096 };
    kt_tx *tx = c->a->tx;
    if (++c->cost % OFTEN)
        return NULL;
    bool late = tx->deadline_ms && clock_monotonic_ms() >= tx->deadline_ms;
    if (!late && c->cost <= QUERY_COST_MAX)
        return NULL;
    return kt_hint(
        error_make(tx->arena, KT_LIMIT, NULL, "the query looks at too many entries, or took too long",
            "zapytanie przegląda za dużo wpisów albo trwało za długo"),
        "Narrow it, by a shorter period for one.", "Zawęź je, na przykład krótszym okresem.");
}

static kt_error *walk_span(cover *c, const cover_span *in)
{
    store_cursor *cursor;
    kt_str at, value;
    kt_error *error = NULL;
    if (str_cmp(key_str(&in->from), key_str(&in->to)) >= 0)
        return NULL;
    KT_TRY(store_scan(c->a->tx->view, STORE_DATA, key_str(&in->from), key_str(&in->to), false, &cursor));
    while (!error && store_next(cursor, &at, &value)) {
        error = take_entry(c, at);
        if (!error)
            error = check_cost(c);
    }
    kt_error *ended = store_scan_end(cursor);
    return error ? error : ended;
}

static kt_error *walk(cover *c)
{
    for (size_t i = 0; i < c->spans.count; i++)
        KT_TRY(walk_span(c, &c->spans.items[i]));
    return NULL;
}

/* The highest id that there is. */
static kt_error *find_last(kt_tx *tx, const model_entity *entity, uint64_t *id)
{
    key from, to;
    store_cursor *cursor;
    kt_str at, value;
    key_open(&from, KEY_RECORD);
    key_u16(&from, entity->number);
    to = from;
    key_after(&to);
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(&from), key_str(&to), true, &cursor));
    *id = store_next(cursor, &at, &value) ? key_last_u64(at) : 0;
    return store_scan_end(cursor);
}

static const char *right_of(const aggregation *a)
{
    return a->query->right ? a->query->right : "read";
}

static kt_error *add_boundary(cover *c, const query_filter *boundary)
{
    c->filter = c->a->query->filter;
    if (!boundary)
        return NULL;
    const query_filter **both = ARENA_ARRAY(c->a->tx->arena, const query_filter *, 2);
    if (!both)
        return error_no_memory();
    both[0] = boundary;
    both[1] = c->filter;
    return filter_and(c->a->tx->arena, both, c->filter ? 2 : 1, &c->filter);
}

/* Few records are sooner read than found among the entries of all the others, which lie in between. */
static kt_error *is_dear(const cover *c, bool *dear)
{
    enum { ENTRIES_A_RECORD = 7, FEW = 10 }; /* entries walked in the time that a record is read */
    kt_tx *tx = c->a->tx;
    plan_request request = {.entity = c->a->query->entity, .filter = c->filter, .right = right_of(c->a)};
    query_plan plan;
    uint64_t entries = 0, most;
    *dear = false;
    KT_TRY(query_total(tx, request.entity, &most));
    request.probe = most / FEW + 1;
    KT_TRY(query_plan_make(tx, &request, &plan));
    if (plan.estimate > most / FEW)
        return NULL;
    most = plan.estimate * ENTRIES_A_RECORD + 1;
    for (size_t i = 0; i < c->spans.count && entries < most; i++) {
        uint64_t here;
        kt_str from = key_str(&c->spans.items[i].from), to = key_str(&c->spans.items[i].to);
        if (str_cmp(from, to) >= 0)
            continue;
        KT_TRY(store_count(tx->view, STORE_DATA, from, to, most - entries, &here));
        entries += here;
    }
    *dear = entries >= most;
    return NULL;
}

kt_error *aggregate_cover(aggregation *a, bool *done)
{
    enum { KEY_BYTES = 4096 };
    const model_entity *entity = a->query->entity;
    bool judged, dear = false;
    *done = false;
    cover *c = ARENA_NEW(a->tx->arena, cover);
    if (!c)
        return error_no_memory();
    c->a = a;
    const query_filter *boundary;
    KT_TRY(plan_boundary(a->tx, entity, right_of(a), &boundary, &judged));
    KT_TRY(add_boundary(c, boundary));
    if (judged)
        return NULL;
    KT_TRY(choose(c));
    if (!c->index)
        return NULL;
    if (c->record_rest && !take_plain(c, c->record_rest))
        c->plain_count = 0;
    if (boundary || (c->record_rest && !a->lines))
        KT_TRY(is_dear(c, &dear));
    if (a->lines)
        KT_TRY(find_last(a->tx, entity, &c->last_id));
    if (dear || c->last_id >= IDS_MAX)
        return NULL;
    const model_entity *of_line = a->lines ? a->lines->lines : entity;
    c->line = (model_record){
        .entity = of_line, .values = ARENA_ARRAY(a->tx->arena, model_value, of_line->field_count + 1)};
    c->record = (model_record){
        .entity = entity, .values = ARENA_ARRAY(a->tx->arena, model_value, entity->field_count + 1)};
    if (!c->line.values || !c->record.values)
        return error_no_memory();
    *done = true;
    buffer_open(&c->bytes, KEY_BYTES);
    kt_error *error = walk(c);
    buffer_close(&c->bytes);
    return error;
}

kt_error *query_count_covered(kt_tx *tx, const query_request *query, uint64_t *count, bool *done)
{
    group *one = NULL;
    aggregation a = {.tx = tx, .query = query, .groups = &one, .group_room = 1, .measure_count = 1};
    a.measures[0].every = true;
    KT_TRY(query_table_open(tx->arena, &a.table));
    KT_TRY(aggregate_cover(&a, done));
    *count = one ? one->tallies[0].count : 0;
    return NULL;
}
