/* list.c -- pages of rows, by keyset: a page begins at a place in the order, not at a count of rows, so page
 * 1,000 costs what page 1 costs, and rows that come or go shift nothing. `skip` is for whoever has only a count:
 * where an index proves all, its entries are passed over and no record is read. */
#include "query/internal.h"

enum { PAGE_DEFAULT = 50, PAGE_BYTES = 64 << 20 };

typedef struct {
    kt_tx *tx;
    const query_request *query;
    uint32_t limit;
    query_sort sort;
    query_plan plan;
    query_place place;
    model_path *paths;
    size_t path_count;
    query_rows *rows;
    json *answer;
    buffer page;           /* rows met backwards, to be written the other way round */
    size_t *ends;          /* of each row in it */
    query_key first, last; /* of the rows met; first met, last met */
    size_t written;
    bool more;
} listing;

/* ---- Where the page begins ---- */

/* Downwards a day among instants begins with its end. */
static void start_at_end(const listing *l, const model_field *field, model_value *value)
{
    const variant *start = l->query->start;
    kt_date day;
    if (field->type == KT_TIME && start->kind == VARIANT_STRING && date_parse(start->as.string, &day))
        value->as.i = zone_midnight(l->tx->zone, kt_date_add(day, 1)).ms - 1;
}

static kt_error *read_start(listing *l)
{
    const variant *start = l->query->start;
    if (!start)
        return NULL;
    if (l->place.set)
        return error_make(l->tx->arena, KT_VALIDATION, "start", "\"start\" and \"cursor\" exclude each other",
            "\"start\" i \"cursor\" wykluczają się");
    model_value value = {0};
    const model_field *field = &l->query->entity->fields[MODEL_ID];
    if (l->sort.count) {
        field = path_last(&l->sort.by[0].path);
        KT_TRY(query_value_read(l->tx, l->sort.by[0].path.entity, field, start, "start", &value));
    } else {
        KT_TRY(query_value_read(l->tx, l->query->entity, field, start, "start", &value));
        l->place = (query_place){.set = true, .inclusive = true, .key.id = (uint64_t)value.as.i};
        return NULL;
    }
    if (l->sort.by[0].down)
        start_at_end(l, field, &value);
    key *room = ARENA_NEW(l->tx->arena, key);
    if (!room)
        return error_no_memory();
    key_value(room, field, &value, false);
    l->place = (query_place){.set = true, .inclusive = true, .value_only = true};
    for (size_t i = 0; i < QUERY_SORT_MAX; i++)
        l->place.key.end[i] = (uint16_t)room->len;
    l->place.key.bytes = key_str(room);
    return NULL;
}

/* ---- Rows ---- */

static kt_error *keep_key(listing *l, const model_record *record, query_key *kept)
{
    key room;
    query_key made;
    KT_TRY(query_key_make(l->tx, query_rows_follow(l->rows), &l->sort, record, &room, &made));
    char *bytes = (char *)(uintptr_t)kept->bytes.ptr; /* room for any key, see open */
    if (made.bytes.len)
        memcpy(bytes, made.bytes.ptr, made.bytes.len);
    *kept = made;
    kept->bytes.ptr = bytes;
    return NULL;
}

static kt_error *write_row(listing *l, const model_record *record, json *out)
{
    if (l->written == 0)
        KT_TRY(keep_key(l, record, &l->first));
    if (l->written + 1 == l->limit || l->place.back)
        KT_TRY(keep_key(l, record, &l->last));
    return record_write(
        l->tx, query_rows_follow(l->rows), record, l->paths, l->path_count, l->plan.request.right, out);
}

static kt_error *take_row(listing *l, const model_record *record)
{
    json backwards = json_to(&l->page);
    kt_memory before = query_rows_in(l->rows);
    kt_error *error = query_rows_out(
        l->rows, before, write_row(l, record, l->place.back ? &backwards : l->answer));
    if (!error && l->place.back)
        l->ends[l->written] = l->page.len;
    l->written++;
    return error;
}

static kt_error *write_ordered(listing *l)
{
    const model_record *record;
    KT_TRY(query_rows_skip(l->rows, l->query->skip));
    while ((record = query_rows_next(l->rows))) {
        l->more = l->written == l->limit;
        if (l->more)
            break;
        KT_TRY(take_row(l, record));
    }
    return NULL;
}

static kt_error *write_sorted(listing *l)
{
    const query_key *keys;
    size_t count;
    size_t skip = l->query->skip, most = skip + l->limit;
    KT_TRY(query_rows_sorted(l->tx, l->rows, &l->sort, &l->place, most + 1, &keys, &count));
    l->more = count > most;
    for (size_t i = skip; i < count && i < most; i++) {
        const model_record *record = query_rows_get(l->rows, keys[i].id);
        if (record)
            KT_TRY(take_row(l, record));
    }
    return NULL;
}

static void write_backwards(listing *l)
{
    for (size_t i = l->written; i-- > 0;) {
        size_t from = i ? l->ends[i - 1] : 0;
        json_raw(l->answer, (kt_str){l->page.ptr + from, l->ends[i] - from});
    }
}

/* ---- Cursors ---- */

static void write_place(const listing *l, const char *name, query_place place)
{
    json_key(l->answer, name);
    query_cursor_write(&l->sort, &place, l->answer);
}

static void write_cursor(const listing *l, const char *name, const query_key *at, bool back)
{
    write_place(l, name, (query_place){.set = true, .back = back, .key = *at});
}

/* A page without rows keeps the way back to where it came from. */
static void write_cursors(const listing *l)
{
    bool back = l->place.back;
    if (l->written == 0) {
        query_place from = l->place;
        from.back = !back;
        from.inclusive = !from.inclusive;
        if (from.set)
            write_place(l, back ? "next" : "prev", from);
        return;
    }
    if (!back && l->more)
        write_cursor(l, "next", &l->last, false);
    if (!back && l->place.set)
        write_cursor(l, "prev", &l->first, true);
    if (back)
        write_cursor(l, "next", &l->first, false);
    if (back && l->more)
        write_cursor(l, "prev", &l->last, true);
}

/* ---- The list ---- */

/* Of a record no more is read than its row shows and it is sorted by; whether a field is masked may be a matter of the
 * others. */
static kt_error *want_shown(listing *l)
{
    bool *wanted;
    const model_record any = {.entity = l->query->entity};
    KT_TRY(query_rows_fields(l->rows, &wanted));
    for (size_t i = 0; i < l->path_count; i++) {
        if (model_is_masked(l->tx, l->paths[i].steps[0], &any))
            return NULL;
        wanted[l->paths[i].steps[0]->position] = true;
    }
    for (size_t i = 0; i < l->sort.count; i++)
        wanted[l->sort.by[i].path.steps[0]->position] = true;
    query_rows_only(l->rows, wanted);
    return NULL;
}

static kt_error *list_open(listing *l)
{
    kt_tx *tx = l->tx;
    l->limit = l->query->limit ? l->query->limit : PAGE_DEFAULT;
    if (l->limit > QUERY_LIMIT_MAX)
        return error_make(tx->arena, KT_VALIDATION, "limit", "%u rows exceed the %d of a page",
            "%u wierszy przekracza %d na stronę", l->limit, QUERY_LIMIT_MAX);
    l->first.bytes.ptr = arena_bytes(tx->arena, STORE_KEY_MAX);
    l->last.bytes.ptr = arena_bytes(tx->arena, STORE_KEY_MAX);
    l->ends = ARENA_ARRAY(tx->arena, size_t, l->limit + 1);
    if (!l->first.bytes.ptr || !l->last.bytes.ptr || !l->ends)
        return error_no_memory();
    kt_error *all = NULL;
    kt_also(&all, query_prepare(tx, l->query, l->limit + l->query->skip, &l->sort, &l->plan));
    kt_also(&all, model_paths_resolve(tx, l->query->entity, l->query->fields, &l->paths, &l->path_count));
    if (all)
        return all;
    KT_TRY(query_cursor_read(tx, &l->sort, l->query->cursor, &l->place));
    KT_TRY(read_start(l));
    KT_TRY(query_rows_open(tx, &l->plan, &l->place, &l->rows));
    return want_shown(l);
}

kt_error *query_names(kt_tx *tx, const query_request *query)
{
    query_sort sort;
    model_path *paths;
    size_t count;
    kt_error *all = query_sort_read(tx, query->entity, query->sort, &sort);
    kt_also(&all, model_paths_resolve(tx, query->entity, query->fields, &paths, &count));
    return all;
}

kt_error *query_list(kt_tx *tx, const query_request *query, json *answer)
{
    listing l = {.tx = tx, .query = query, .answer = answer};
    KT_TRY(list_open(&l));
    buffer_open(&l.page, PAGE_BYTES);
    json_key(answer, "rows");
    json_array(answer);
    kt_error *error = l.plan.ordered ? write_ordered(&l) : write_sorted(&l);
    kt_error *ended = query_rows_end(l.rows);
    error = error ? error : ended;
    if (!error && l.place.back)
        write_backwards(&l);
    if (!error && l.page.full)
        error = error_no_memory();
    buffer_close(&l.page);
    json_array_end(answer);
    if (!error)
        write_cursors(&l);
    return error;
}
