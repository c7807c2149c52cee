/* pointing.c -- who points to a record.
 *
 * The index of the reference tells. While one is being filled (fill.c) that may not have all yet, the records
 * above its mark are read as well: slow, but no deletion overlooks a reference, and it passes. */
#include "query/internal.h"
#include "record/fill_mark.h"

#define SCRATCH_MAX (64u << 20)
enum { RECORDS_CHUNK = 1000 };

typedef struct {
    uint64_t *ids;
    size_t count, room;
} id_list;

static void pointing_value(
    const model_referrer *from, const model_entity *target, uint64_t id, model_value *value)
{
    *value = (model_value){.set = true};
    if (is_any(from->field)) {
        value->as.any.entity = target->number;
        value->as.any.id = id;
    } else {
        value->as.i = (int64_t)id;
    }
}

static kt_error *add_id(kt_tx *tx, id_list *found, uint64_t id)
{
    if (found->count == found->room) {
        size_t more = found->room ? found->room * 2 : 16;
        uint64_t *grown = arena_grow(
            tx->arena, found->ids, found->room * sizeof *grown, more * sizeof *grown);
        if (!grown)
            return error_no_memory();
        found->ids = grown;
        found->room = more;
    }
    found->ids[found->count++] = id;
    return NULL;
}

/* The first entry from a run on. *run: UINT64_MAX: there is none */
static kt_error *next_run(kt_tx *tx, const model_entity *entity, const model_index *index, uint64_t *run)
{
    key from, to;
    store_cursor *cursor;
    kt_str name, unused;
    key_index(&from, entity, index);
    to = from;
    key_after(&to);
    const size_t at = from.len;
    key_run(&from, *run);
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
    *run = store_next(cursor, &name, &unused) ? key_last_u64((kt_str){name.ptr + at - 4, 8}) & UINT32_MAX
                                              : UINT64_MAX;
    return store_scan_end(cursor);
}

kt_error *query_runs(
    kt_tx *tx, const model_entity *entity, const model_index *index, uint32_t **runs, size_t *count)
{
    size_t room = 0;
    *runs = NULL;
    *count = 0;
    for (uint64_t run = 0; run <= UINT32_MAX; run++) {
        KT_TRY(next_run(tx, entity, index, &run));
        if (run == UINT64_MAX)
            break;
        if (*count == room) {
            const size_t more = room ? 2 * room : 16;
            *runs = arena_grow(tx->arena, *runs, room * sizeof **runs, more * sizeof **runs);
            if (!*runs)
                return error_no_memory();
            room = more;
        }
        (*runs)[(*count)++] = (uint32_t)run;
    }
    return NULL;
}

/* Of what begins with the key, at most `most` in all. */
static kt_error *find_from(kt_tx *tx, const key *start, size_t most, id_list *found)
{
    key end = *start;
    key_after(&end);
    store_cursor *cursor;
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(start), key_str(&end), false, &cursor));
    kt_str name, unused;
    kt_error *error = NULL;
    while (!error && found->count < most && store_next(cursor, &name, &unused))
        error = add_id(tx, found, key_last_u64(name));
    kt_error *ended = store_scan_end(cursor);
    return error ? error : ended;
}

/* The records that stand in the index, at most `most`. */
static kt_error *find_indexed(kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id,
    size_t most, id_list *found)
{
    key start;
    model_value value;
    uint32_t *runs = NULL;
    size_t count = 1;
    const bool in_runs = from->index->in_runs;
    pointing_value(from, target, id, &value);
    if (in_runs)
        KT_TRY(query_runs(tx, from->entity, from->index, &runs, &count));
    for (size_t i = 0; i < count && found->count < most; i++) {
        key_index(&start, from->entity, from->index);
        if (in_runs)
            key_run(&start, runs[i]);
        key_value(&start, from->field, &value, false);
        KT_TRY(find_from(tx, &start, most, found));
    }
    return NULL;
}

/* ---- Beside an index that is being filled ---- */

kt_error *query_unfilled(kt_tx *tx, const model_referrer *from, uint64_t *next)
{
    bool open = false;
    *next = UINT64_MAX;
    if (from->index->seeking)
        KT_TRY(fill_mark_read(tx->view, from->entity->number, from->index->number, &open, next));
    if (!open)
        *next = UINT64_MAX; /* it was finished, and this catalogue does not know yet */
    return NULL;
}

static bool value_points(
    const model_referrer *from, const model_entity *target, uint64_t id, const model_value *value)
{
    if (from->field->type != KT_REFS)
        return ref_id(from->field, value) == id &&
               (!is_any(from->field) || value->as.any.entity == target->number);
    for (size_t i = 0; value->set && i < value->as.refs.count; i++)
        if (value->as.refs.ids[i] == id)
            return true;
    return false;
}

static bool record_points(
    const model_referrer *from, const model_entity *target, uint64_t id, const model_record *record)
{
    const model_field *through = from->index->through;
    if (!through)
        return value_points(from, target, id, &record->values[from->field->position]);
    const model_value *lines = &record->values[through->position];
    for (size_t i = 0; lines->set && i < lines->as.lines.count; i++)
        if (value_points(from, target, id, &lines->as.lines.items[i].values[from->field->position]))
            return true;
    return false;
}

static bool has_id(const id_list *found, size_t count, uint64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (found->ids[i] == id)
            return true;
    return false;
}

/* One piece of the walk: *next is where it goes on; UINT64_MAX: it is through. */
static kt_error *find_beside(kt_tx *tx, arena *scratch, const model_referrer *from,
    const model_entity *target, uint64_t id, size_t most, uint64_t *next, id_list *found)
{
    key start, end;
    kt_str name, bytes;
    kt_error *error = NULL;
    kt_tx inner = *tx;
    size_t read = 0, indexed = found->count;
    store_cursor *cursor;
    inner.arena = scratch;
    key_record(&start, from->entity, *next);
    key_open(&end, KEY_RECORD);
    key_u16(&end, from->entity->number);
    key_after(&end);
    *next = UINT64_MAX;
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(&start), key_str(&end), false, &cursor));
    while (!error && found->count < most && store_next(cursor, &name, &bytes)) {
        model_record record = {0};
        uint64_t at = key_last_u64(name);
        if (read++ == RECORDS_CHUNK) {
            *next = at;
            break;
        }
        error = model_record_decode(&inner, from->entity, at, bytes, &record);
        if (!error && record_points(from, target, id, &record) && !has_id(found, indexed, at))
            error = add_id(tx, found, at);
    }
    kt_error *ended = store_scan_end(cursor);
    return error ? error : ended;
}

static kt_error *find_unfilled(kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id,
    size_t most, id_list *found)
{
    uint64_t next;
    KT_TRY(query_unfilled(tx, from, &next));
    if (next == UINT64_MAX || found->count == most)
        return NULL;
    arena *scratch = arena_open(SCRATCH_MAX);
    kt_error *error = scratch ? NULL : error_no_memory();
    for (; !error && next != UINT64_MAX; arena_reset(scratch))
        error = find_beside(tx, scratch, from, target, id, most, &next, found);
    if (error) /* it may lie in scratch */
        error = error_copy(tx->arena, error);
    arena_close(scratch);
    return error;
}

kt_error *query_pointing(kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id,
    size_t most, uint64_t **ids, size_t *count)
{
    id_list found = {0};
    KT_TRY(find_indexed(tx, from, target, id, most, &found));
    KT_TRY(find_unfilled(tx, from, target, id, most, &found));
    *ids = found.ids;
    *count = found.count;
    return NULL;
}
