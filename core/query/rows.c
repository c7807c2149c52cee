/* rows.c -- runs a plan: walks its ranges, fetches records, asks what the ranges do not prove.
 *
 * All that one record needs -- opened personal fields, folded texts -- is taken from one small arena that the
 * next record takes over; so a scan of a million records needs the memory of one. */
#include "kit/clock.h"
#include "query/internal.h"

enum { SCRATCH_BYTES = 8 << 20 };

/* A part of a union, and in a merge the row that it offers. */
typedef struct {
    query_rows *rows;
    const model_record *head;
    key room;
    query_key key;
} part;

struct query_rows {
    kt_tx *tx;
    arena *home; /* lasts as long as the query */
    query_plan plan;
    path_follow *follow;
    arena *scratch;
    store_cursor *cursor; /* over the open range; NULL: none is open */
    size_t next_range;    /* counted in the direction of the scan */
    bool reverse;
    uint64_t own_cost, *cost; /* of the whole query: parts share it */
    part *parts;
    size_t part_count, at; /* at: the part whose row was given last */
    bool started;
    query_rows *current;             /* whose memory the present row lies in */
    uint8_t seek[STORE_KEY_MAX + 1]; /* where the first range is cut */
    model_record record;
    const bool *wanted; /* fields that are looked at, by position; NULL: all */
    bool entries_tell;  /* the index has all of them: no record is read */
    kt_error *error;
    query_sort sort; /* the rest serves query_next */
    const query_key *keys;
    size_t key_count, key_next;
    uint32_t left;
    bool limited, keep;
};

/* ---- Preparing ---- */

kt_error *query_prepare(
    kt_tx *tx, const query_request *query, uint32_t limit, query_sort *sort, query_plan *plan)
{
    const char *right = query->right ? query->right : "read";
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, query->entity, right));
    KT_TRY(query_sort_read(tx, query->entity, query->sort, sort));
    const plan_request request = {
        .entity = query->entity, .filter = query->filter, .sort = sort, .limit = limit, .right = right};
    return query_plan_make(tx, &request, plan);
}

/* A query that nobody ended gives its memory back with the transaction. */
static void close_scratch(void *object)
{
    query_rows *rows = object;
    arena_close(rows->scratch);
    rows->scratch = NULL;
}

/* The keys of a unique index do not end in an id: the one that the place has says which record stands there. *after: behind
 * that one */
static kt_error *place_in_unique(query_rows *rows, const key *at, uint64_t id, bool *after)
{
    kt_str value;
    KT_TRY(store_get(rows->tx->view, STORE_DATA, key_str(at), &value));
    if (value.ptr && key_last_u64(value) != id)
        *after = key_last_u64(value) < id;
    return NULL;
}

/* Cuts off the ranges that lie before the place: what is left is where the scan goes on. */
static kt_error *cut(query_rows *rows, const query_place *place)
{
    query_plan *plan = &rows->plan;
    const query_sort *sort = plan->request.sort;
    key at = plan->prefix;
    size_t from = 0;
    for (size_t i = 0; i < sort->count; i++) {
        size_t n = place->key.end[i] - from;
        if (!plan->skip[i] && n <= STORE_KEY_MAX - at.len) {
            memcpy(at.bytes + at.len, place->key.bytes.ptr + from, n);
            at.len += n;
        }
        from = place->key.end[i];
        if (place->value_only)
            break;
    }
    bool after = rows->reverse == place->inclusive; /* the seam lies behind the key, not before it */
    if (!place->value_only && plan->scan == SCAN_UNIQUE)
        KT_TRY(place_in_unique(rows, &at, place->key.id, &after));
    else if (!place->value_only)
        key_u64(&at, place->key.id);
    memcpy(rows->seek, at.bytes, at.len);
    kt_str seam = {(const char *)rows->seek, at.len};
    if (after && place->value_only) {
        key_after(&at);
        memcpy(rows->seek, at.bytes, at.len);
        seam.len = at.len;
    } else if (after) {
        rows->seek[seam.len++] = 0;
    }
    size_t kept = 0;
    for (size_t i = 0; i < plan->range_count; i++) {
        query_range range = plan->ranges[i];
        if (rows->reverse && str_cmp(seam, range.to) < 0)
            range.to = seam;
        if (!rows->reverse && str_cmp(seam, range.from) > 0)
            range.from = seam;
        if (str_cmp(range.from, range.to) < 0)
            plan->ranges[kept++] = range;
    }
    plan->range_count = kept;
    return NULL;
}

static kt_error *open_parts(query_rows *rows, const query_place *place)
{
    const query_plan *plan = &rows->plan;
    rows->parts = ARENA_ARRAY(rows->tx->arena, part, plan->part_count + 1);
    if (!rows->parts)
        return error_no_memory();
    for (size_t i = 0; i < plan->part_count; i++) {
        KT_TRY(
            query_rows_open(rows->tx, &plan->parts[i], plan->ordered ? place : NULL, &rows->parts[i].rows));
        rows->parts[i].rows->cost = rows->cost;
        rows->part_count++;
    }
    rows->reverse = plan->ordered && place && place->set && place->back;
    return NULL;
}

static void want(const query_filter *filter, bool *wanted)
{
    if (filter->kind == FILTER_TEST)
        wanted[filter->test->path.steps[0]->position] = true;
    for (size_t i = 0; filter->kind != FILTER_TEST && i < filter->count; i++)
        want(filter->items[i], wanted);
}

kt_error *query_rows_fields(query_rows *rows, bool **wanted)
{
    *wanted = ARENA_ARRAY(rows->home, bool, rows->plan.request.entity->field_count + 1);
    return *wanted ? NULL : error_no_memory();
}

static bool is_in(const model_index *index, const model_field *field)
{
    size_t i = 0;
    while (i < index->count && index->fields[i] != field)
        i++;
    return i < index->count;
}

/* Can all that is wanted be read out of the entries that the plan walks? */
static bool entries_have(const query_plan *plan, const bool *wanted)
{
    const model_index *index = plan->index;
    const model_entity *entity = plan->request.entity;
    if (plan->scan != SCAN_INDEX || index->through || !model_is_legible(index))
        return false;
    for (size_t i = 0; i < entity->field_count; i++)
        if (wanted[i] && i != MODEL_ID && !is_in(index, &entity->fields[i]))
            return false;
    return true;
}

static void look_at(query_rows *rows, const bool *wanted)
{
    rows->wanted = wanted;
    rows->entries_tell = wanted && entries_have(&rows->plan, wanted);
}

/* Rights may ask for any field, and a part's filter is its own. */
void query_rows_only(query_rows *rows, bool *wanted)
{
    const query_plan *plan = &rows->plan;
    if (plan->check_record || plan->part_count)
        return;
    if (plan->residual)
        want(plan->residual, wanted);
    look_at(rows, wanted);
}

/* Who only counts, or passes rows over, looks at what the filter names. */
static kt_error *choose_fields(query_rows *rows)
{
    bool *wanted;
    KT_TRY(query_rows_fields(rows, &wanted));
    query_rows_only(rows, wanted);
    return NULL;
}

kt_error *query_rows_open(kt_tx *tx, const query_plan *plan, const query_place *place, query_rows **rows)
{
    query_rows *made = *rows = ARENA_NEW(tx->arena, query_rows);
    if (!made)
        return error_no_memory();
    made->tx = tx;
    made->home = tx->arena;
    made->plan = *plan;
    made->cost = &made->own_cost;
    made->current = made;
    made->reverse = plan->ordered && plan->reverse;
    made->record.entity = plan->request.entity;
    if (plan_is_empty(plan)) { /* the planner has walked its ranges already: there is nothing to make ready */
        made->plan.scan = SCAN_RECORDS;
        made->plan.range_count = made->plan.part_count = 0;
        return NULL;
    }
    made->record.values = ARENA_ARRAY(tx->arena, model_value, plan->request.entity->field_count);
    made->plan.ranges = ARENA_ARRAY(tx->arena, query_range, plan->range_count + 1);
    if (!made->record.values || !made->plan.ranges)
        return error_no_memory();
    if (plan->range_count)
        memcpy(made->plan.ranges, plan->ranges, plan->range_count * sizeof *plan->ranges);
    made->scratch = arena_open(SCRATCH_BYTES);
    if (!made->scratch)
        return error_no_memory();
    if (!arena_at_end(tx->arena, close_scratch, made)) {
        close_scratch(made);
        return error_no_memory();
    }
    if (plan->request.count_only)
        KT_TRY(choose_fields(made));
    if (plan->scan == SCAN_UNION)
        KT_TRY(open_parts(made, place));
    else if (place && place->set && plan->ordered) {
        made->reverse = made->reverse != place->back;
        KT_TRY(cut(made, place));
    }
    return path_follow_open(tx, &made->follow);
}

path_follow *query_rows_follow(query_rows *rows)
{
    return rows->follow;
}

kt_memory query_rows_in(query_rows *rows)
{
    return model_memory_in(rows->tx, rows->current->scratch);
}

kt_error *query_rows_out(query_rows *rows, kt_memory before, kt_error *error)
{
    return model_memory_back(rows->tx, before, error);
}

/* ---- Walking ---- */

static const char *field_to_index(const query_plan *plan)
{
    const query_sort *sort = plan->request.sort;
    if (!plan->ordered && sort && sort->count && sort->by[0].path.count == 1)
        return path_last(&sort->by[0].path)->name.ptr;
    const query_filter *f = plan->residual;
    while (f && f->kind != FILTER_TEST)
        f = f->count ? f->items[0] : NULL;
    return f && f->test->path.count == 1 ? path_last(&f->test->path)->name.ptr : NULL;
}

static kt_error *too_costly(const query_rows *rows)
{
    const query_plan *plan = &rows->plan;
    const char *field = field_to_index(plan);
    kt_error *error = error_make(rows->tx->arena, KT_LIMIT, NULL,
        "the query looks at more than %d records of %.*s", "zapytanie przegląda ponad %d rekordów %.*s",
        QUERY_COST_MAX, STR_ARG(plan->request.entity->name));
    kt_str en = arena_format(rows->tx->arena, "Narrow the filter, or add an index on \"%s\".",
        field ? field : "the fields it names");
    kt_str pl = arena_format(
        rows->tx->arena, "Zawęź filtr albo dodaj indeks na \"%s\".", field ? field : "polach, o które pyta");
    return en.ptr && pl.ptr ? kt_hint(error, en.ptr, pl.ptr) : error;
}

/* The next key of the ranges. */
static bool next_entry(query_rows *rows, kt_str *at, kt_str *value)
{
    query_plan *plan = &rows->plan;
    for (;;) {
        if (rows->cursor) {
            if (store_next(rows->cursor, at, value))
                return true;
            rows->error = store_scan_end(rows->cursor);
            rows->cursor = NULL;
        }
        if (rows->error || rows->next_range == plan->range_count)
            return false;
        size_t i = rows->next_range++;
        const query_range *range = &plan->ranges[rows->reverse ? plan->range_count - 1 - i : i];
        arena *before = store_read_into(rows->tx->view, rows->home);
        rows->error = store_scan(
            rows->tx->view, STORE_DATA, range->from, range->to, rows->reverse, &rows->cursor);
        store_read_into(rows->tx->view, before);
        if (rows->error) {
            rows->cursor = NULL;
            return false;
        }
    }
}

static kt_error *fill_record(query_rows *rows, uint64_t id, kt_str bytes, bool *found)
{
    const model_entity *entity = rows->plan.request.entity;
    if (!bytes.ptr)
        KT_TRY(model_load_bytes(rows->tx, entity, id, &bytes));
    *found = bytes.ptr != NULL;
    return *found ? model_record_decode_part(rows->tx, entity, id, bytes, rows->wanted, &rows->record) : NULL;
}

/* Fills rows->record; false: the record went away while the cursor was open, or an error. */
static bool read_record(query_rows *rows, uint64_t id, kt_str bytes)
{
    bool found = false;
    kt_memory before = query_rows_in(rows);
    rows->error = query_rows_out(rows, before, fill_record(rows, id, bytes, &found));
    return found && !rows->error;
}

/* Fills rows->record from an index's entry. */
static bool read_entry(query_rows *rows, kt_str at)
{
    const model_index *index = rows->plan.index;
    model_value *values = rows->record.values;
    const char *p = key_values(at, index);
    memset(values, 0, rows->plan.request.entity->field_count * sizeof *values);
    values[MODEL_ID] = (model_value){.set = true, .as.i = (int64_t)key_last_u64(at)};
    for (size_t i = 0; i < index->count; i++)
        p = key_read_value(p, index->fields[i], &values[index->fields[i]->position]);
    return true;
}

static bool is_wanted(query_rows *rows)
{
    bool yes = true;
    const query_plan *plan = &rows->plan;
    if (plan->residual) {
        kt_memory before = query_rows_in(rows);
        rows->error = query_rows_out(
            rows, before, filter_matches(rows->tx, rows->follow, plan->residual, &rows->record, &yes));
    }
    return !rows->error && yes &&
           (!plan->check_record || record_visible(rows->tx, &rows->record, plan->request.right));
}

/* Looked at once in a thousand rows: a look at the clock costs as much as a row in memory. */
static bool is_late(query_rows *rows)
{
    kt_tx *tx = rows->tx;
    if (!tx->deadline_ms || *rows->cost % 1024 || clock_monotonic_ms() < tx->deadline_ms)
        return false;
    rows->error = kt_hint(error_make(tx->arena, KT_LIMIT, NULL, "the query took too long and was stopped",
                              "zapytanie trwało za długo i zostało przerwane"),
        "Narrow it by a field that has an index.", "Zawęź je polem, które ma indeks.");
    return true;
}

/* ---- Several scans ---- */

static const model_record *next_of_part(query_rows *rows, size_t i)
{
    const model_record *found = query_rows_next(rows->parts[i].rows);
    if (!found)
        rows->error = rows->parts[i].rows->error;
    return found;
}

/* One part after the other. */
static const model_record *next_in_turn(query_rows *rows)
{
    for (; rows->at < rows->part_count && !rows->error; rows->at++) {
        const model_record *found = next_of_part(rows, rows->at);
        rows->current = rows->parts[rows->at].rows;
        if (found)
            return found;
    }
    return NULL;
}

static void advance(query_rows *rows, size_t i)
{
    part *p = &rows->parts[i];
    p->head = next_of_part(rows, i);
    if (p->head)
        rows->error = query_key_make(
            rows->tx, p->rows->follow, rows->plan.request.sort, p->head, &p->room, &p->key);
}

/* The part that offers the next row in the order asked for. */
static const model_record *next_merged(query_rows *rows)
{
    if (rows->started)
        advance(rows, rows->at);
    for (size_t i = 0; !rows->started && i < rows->part_count && !rows->error; i++)
        advance(rows, i);
    rows->started = true;
    const part *best = NULL;
    for (size_t i = 0; i < rows->part_count && !rows->error; i++) {
        const part *p = &rows->parts[i];
        if (!p->head)
            continue;
        int c = best ? query_key_cmp(rows->plan.request.sort, &p->key, &best->key) : 0;
        if (best && (rows->reverse ? c < 0 : c > 0))
            continue;
        best = p;
        rows->at = i;
    }
    if (!best || rows->error)
        return NULL;
    rows->current = best->rows;
    return best->head;
}

/* ---- Next ---- */

static const model_record *next_single(query_rows *rows)
{
    kt_str at, value;
    while (!rows->error && next_entry(rows, &at, &value)) {
        if (++*rows->cost + path_follow_cost(rows->follow) > QUERY_COST_MAX) {
            rows->error = too_costly(rows);
            break;
        }
        if (is_late(rows))
            break;
        arena_reset(rows->scratch);
        bool scanned = rows->plan.scan == SCAN_RECORDS;
        uint64_t id = key_last_u64(rows->plan.scan == SCAN_UNIQUE ? value : at);
        bool read = rows->entries_tell ? read_entry(rows, at)
                                       : read_record(rows, id, scanned ? value : (kt_str){0});
        if (read && is_wanted(rows))
            return &rows->record;
    }
    return NULL;
}

const model_record *query_rows_next(query_rows *rows)
{
    if (rows->plan.scan != SCAN_UNION)
        return next_single(rows);
    return rows->plan.ordered && rows->plan.request.sort ? next_merged(rows) : next_in_turn(rows);
}

kt_error *query_rows_skip(query_rows *rows, uint64_t count)
{
    const query_plan *plan = &rows->plan;
    bool by_entries = plan->scan != SCAN_UNION && !plan->residual && !plan->check_record;
    const bool *whole = rows->wanted;
    kt_str at, value;
    if (count && !by_entries)
        KT_TRY(choose_fields(rows));
    for (uint64_t i = 0; i < count && !rows->error && !is_late(rows); i++) {
        if (by_entries ? !next_entry(rows, &at, &value) : !query_rows_next(rows))
            break;
        if (by_entries)
            ++*rows->cost;
    }
    look_at(rows, whole);
    return rows->error;
}

const model_record *query_rows_get(query_rows *rows, uint64_t id)
{
    if (rows->error) /* it stays until the end tells it */
        return NULL;
    rows->current = rows;
    arena_reset(rows->scratch);
    return read_record(rows, id, (kt_str){0}) ? &rows->record : NULL;
}

kt_error *query_rows_end(query_rows *rows)
{
    if (!rows)
        return NULL;
    kt_error *error = rows->cursor ? store_scan_end(rows->cursor) : NULL;
    rows->cursor = NULL;
    for (size_t i = 0; i < rows->part_count; i++) {
        kt_error *ended = query_rows_end(rows->parts[i].rows);
        error = error ? error : ended;
    }
    close_scratch(rows);
    return rows->error ? rows->error : error;
}

/* ---- In an order that no index gives ---- */

static bool is_past(const query_sort *sort, const query_place *place, const query_key *at)
{
    if (!place || !place->set)
        return true;
    if (place->value_only) { /* the first field alone */
        query_sort first = *sort;
        first.count = sort->count ? 1 : 0;
        query_key a = *at, b = place->key;
        a.id = b.id = sort->count ? 0 : a.id;
        int c = sort->count ? query_key_cmp(&first, &a, &b) : query_key_cmp(sort, at, &place->key);
        return c == 0 ? place->inclusive : (c > 0) != place->back;
    }
    int c = query_key_cmp(sort, at, &place->key);
    return c == 0 ? place->inclusive : (c > 0) != place->back;
}

/* To find the first rows, only what they are sorted by has to be read of each. */
static kt_error *look_at_sort(query_rows *rows, const query_sort *sort)
{
    bool *wanted;
    KT_TRY(query_rows_fields(rows, &wanted));
    for (size_t i = 0; i < sort->count; i++)
        wanted[sort->by[i].path.steps[0]->position] = true;
    query_rows_only(rows, wanted);
    return NULL;
}

/* The next record's place in an order; *record NULL: there is none. By the id alone, an index entry that proves all
 * says it. */
static kt_error *next_key(
    kt_tx *tx, query_rows *rows, const query_sort *sort, key *room, query_key *made, bool *found)
{
    const query_plan *plan = &rows->plan;
    kt_str at, value;
    if (sort && sort->count == 0 && plan->scan == SCAN_INDEX && !plan->residual && !plan->check_record) {
        *made = (query_key){0};
        *found = next_entry(rows, &at, &value);
        if (*found && ++*rows->cost > QUERY_COST_MAX)
            return too_costly(rows);
        made->id = *found ? key_last_u64(at) : 0;
        return !*found || is_late(rows) ? rows->error : NULL;
    }
    const model_record *record = query_rows_next(rows);
    *found = record != NULL;
    if (!record)
        return rows->error; /* that it came to an end by, if it did */
    kt_memory before = query_rows_in(rows);
    return query_rows_out(rows, before, query_key_make(tx, rows->follow, sort, record, room, made));
}

kt_error *query_rows_sorted(kt_tx *tx, query_rows *rows, const query_sort *sort, const query_place *place,
    size_t most, const query_key **keys, size_t *count)
{
    const bool *whole = rows->wanted;
    key room;
    query_key made;
    query_sorter *sorter;
    bool found = true;
    KT_TRY(query_sorter_open(tx, sort, place && place->set && place->back, most, &sorter));
    KT_TRY(look_at_sort(rows, sort));
    while (found && !rows->error) {
        rows->error = next_key(tx, rows, sort, &room, &made, &found);
        if (found && !rows->error && is_past(sort, place, &made))
            rows->error = query_sorter_add(sorter, &made);
    }
    look_at(rows, whole);
    *keys = query_sorter_end(sorter, count);
    return rows->error;
}

/* ---- For the rooms above ---- */

kt_error *query_open(kt_tx *tx, const query_request *query, query_rows **rows)
{
    query_plan plan;
    query_sort *sort = ARENA_NEW(tx->arena, query_sort); /* the plan keeps pointing to it */
    *rows = NULL;
    if (!sort)
        return error_no_memory();
    KT_TRY(query_prepare(tx, query, query->limit, sort, &plan));
    KT_TRY(query_rows_open(tx, &plan, NULL, rows));
    query_rows *made = *rows;
    made->limited = query->limit > 0;
    made->left = query->limit;
    made->keep = query->keep;
    if (plan.ordered || plan_is_empty(&plan))
        return NULL;
    kt_error *error = query_rows_sorted(tx, made, sort, NULL, query->limit, &made->keys, &made->key_count);
    if (!error)
        return NULL;
    kt_error *ended = query_rows_end(made); /* nobody ends what did not open */
    *rows = NULL;
    return ended ? ended : error;
}

/* The record again, in the transaction's own memory. */
static bool keep_record(query_rows *rows, const model_record *found, model_record *record)
{
    key at;
    kt_str bytes;
    const model_entity *entity = rows->plan.request.entity;
    uint64_t id = record_id(found);
    key_record(&at, entity, id);
    rows->error = store_get(rows->tx->view, STORE_DATA, key_str(&at), &bytes);
    if (rows->error || !bytes.ptr)
        return false;
    bytes = arena_str(rows->tx->arena, bytes);
    *record = (model_record){.entity = entity};
    rows->error = bytes.ptr ? model_record_decode(rows->tx, entity, id, bytes, record) : error_no_memory();
    return !rows->error;
}

bool query_next(query_rows *rows, model_record *record)
{
    if (rows->error || (rows->limited && rows->left == 0))
        return false;
    const model_record *found = NULL;
    if (rows->keys)
        while (!found && !rows->error && rows->key_next < rows->key_count)
            found = query_rows_get(rows, rows->keys[rows->key_next++].id);
    else
        found = query_rows_next(rows);
    if (!found)
        return false;
    rows->left -= rows->limited;
    if (rows->keep)
        return keep_record(rows, found, record);
    *record = *found;
    return true;
}

kt_error *query_end(query_rows *rows)
{
    return query_rows_end(rows);
}
