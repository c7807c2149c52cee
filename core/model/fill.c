/* fill.c -- filling a new index over many records, and removing one that is no longer declared: a bounded
 * piece at a time, each in a job of the writer, so that other writes go on between.
 *
 * In STORE_META: "model/filling/" entity index holds the id up to which the index is filled; "model/leaving/"
 * entity index stands while entries are to be removed (its value: 'u' or 'i'). Both outlive a crash: the next
 * start goes on from there. A record above the mark that is written meanwhile puts its entry itself; the
 * filling meets it again, and putting it twice is putting it once. */
#include "model/compile.h"
#include "model/entries.h"
#include "record/fill_mark.h"

#define LEAVING_PREFIX "model/leaving/"

enum {
    FILL_RECORDS = 1000, /* of a step */
    DROP_ENTRIES = 5000,
};

kt_error *fill_leave(store_view *view, uint16_t entity, uint16_t index, bool unique)
{
    index_mark name;
    return store_put(view, STORE_META, index_mark_name(&name, LEAVING_PREFIX, entity, index),
        unique ? KT_STR("u") : KT_STR("i"));
}

/* ---- Filling ---- */

static kt_error *same_as_another(kt_tx *tx, const model_index *index, const model_record *record)
{
    key name;
    kt_str value = {0};
    if (entry_key(index, record, &name))
        KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &value));
    return unique_problem(
        tx->arena, record->entity, index, value.ptr ? key_last_u64(value) : 0, record_id(record));
}

/* ---- References that come back ---- */

static kt_error *clear_one(kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id,
    model_record *record, bool *any)
{
    kt_str bytes = {0};
    if (target && id)
        KT_TRY(model_load_bytes(tx, target, id, &bytes));
    if (!target || !id || bytes.ptr)
        return NULL;
    *any = true;
    return model_reference_clear(tx, from, target, id, record);
}

static kt_error *clear_value(
    kt_tx *tx, const model_referrer *from, const model_value *value, model_record *record, bool *any)
{
    const model_field *field = from->field;
    if (field->type != KT_REFS)
        return clear_one(tx, from,
            is_any(field) ? model_entity_by_number(tx->catalogue, value->as.any.entity) : field->target,
            ref_id(field, value), record, any);
    for (size_t i = 0; value->set && i < value->as.refs.count; i++)
        KT_TRY(clear_one(tx, from, field->target, value->as.refs.ids[i], record, any));
    return NULL;
}

/* While a field was away nobody asked its references when what they point to was deleted. Those are cleared now, whatever
 * the field's policy and its other rules are. */
static kt_error *clear_gone(kt_tx *tx, const model_index *index, model_record *record)
{
    const model_referrer from = {record->entity, index->fields[0], index};
    const model_field *through = index->through;
    const model_value *lines = through ? &record->values[through->position] : NULL;
    model_record after;
    bool any = false;
    kt_str bytes;
    KT_TRY(model_record_copy(tx, record, &after));
    for (size_t i = 0; through && lines->set && i < lines->as.lines.count; i++)
        KT_TRY(clear_value(tx, &from, &lines->as.lines.items[i].values[from.field->position], &after, &any));
    if (!through)
        KT_TRY(clear_value(tx, &from, &record->values[from.field->position], &after, &any));
    if (!any)
        return NULL;
    KT_TRY(model_record_encode(tx, &after, &bytes));
    *record = after;
    return model_restore(tx, record->entity, record_id(record), bytes);
}

static kt_error *fill_one(
    kt_tx *tx, const model_entity *entity, const model_index *index, uint64_t id, kt_str bytes)
{
    model_record record = {0};
    kt_error *problems = NULL;
    KT_TRY(model_record_decode(tx, entity, id, bytes, &record));
    if (index->seeking)
        KT_TRY(clear_gone(tx, index, &record));
    if (index->unique) {
        model_entity one = *entity; /* asked of this index alone */
        one.indexes = index;
        one.index_count = 1;
        one.filling_count = 0;
        record.entity = &one;
        KT_TRY(entries_check_unique(tx, &record, NULL, &problems));
        record.entity = entity;
    }
    return problems ? same_as_another(tx, index, &record) : entries_fill(tx, index, &record);
}

kt_error *fill_rows_read(kt_tx *tx, const model_entity *entity, uint64_t next, size_t most, fill_rows *rows)
{
    key from, to;
    kt_str name, value;
    store_cursor *cursor;
    *rows = (fill_rows){.items = arena_alloc(tx->arena, most * sizeof *rows->items)};
    if (!rows->items)
        return error_no_memory();
    key_record(&from, entity, next);
    key_open(&to, KEY_RECORD);
    key_u16(&to, entity->number);
    key_after(&to);
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
    bool no_memory = false;
    while (rows->count < most && !no_memory && store_next(cursor, &name, &value)) {
        fill_row *row = &rows->items[rows->count++];
        *row = (fill_row){key_last_u64(name), arena_str(tx->arena, value)};
        no_memory = !row->bytes.ptr;
    }
    KT_TRY(store_scan_end(cursor));
    return no_memory ? error_no_memory() : NULL;
}

static kt_error *fill_some(kt_tx *tx, const model_entity *entity, const model_index *index, uint64_t next)
{
    fill_rows rows;
    KT_TRY(fill_rows_read(tx, entity, next, FILL_RECORDS, &rows));
    for (size_t i = 0; i < rows.count; i++)
        KT_TRY(fill_one(tx, entity, index, rows.items[i].id, rows.items[i].bytes));
    return fill_mark_write(tx->view, entity->number, index->number,
        rows.count < FILL_RECORDS ? UINT64_MAX : rows.items[rows.count - 1].id + 1);
}

/* ---- Removing ---- */

static kt_error *drop_some(kt_tx *tx, key_table table, uint16_t entity, uint16_t index, size_t *left)
{
    key from, to;
    key_open(&from, table);
    key_u16(&from, entity);
    key_u16(&from, index);
    to = from;
    key_after(&to);
    kt_str *found = ARENA_ARRAY(tx->arena, kt_str, *left + 1), value;
    store_cursor *cursor;
    size_t n = 0;
    bool no_memory = !found;
    if (no_memory)
        return error_no_memory();
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(&from), key_str(&to), false, &cursor));
    while (n < *left && !no_memory && store_next(cursor, &found[n], &value)) {
        found[n] = arena_str(tx->arena, found[n]);
        no_memory = !found[n++].ptr;
    }
    KT_TRY(store_scan_end(cursor));
    for (size_t i = 0; i < n && !no_memory; i++)
        KT_TRY(store_delete(tx->view, STORE_DATA, found[i]));
    *left -= n;
    return no_memory ? error_no_memory() : NULL;
}

static kt_error *leave_some(kt_tx *tx, bool *more)
{
    static const char end[] = "model/leaving0"; /* behind the prefix */
    kt_str name, value;
    store_cursor *cursor;
    uint8_t tail[4];
    KT_TRY(store_scan(tx->view, STORE_META, KT_STR(LEAVING_PREFIX), str_of(end), false, &cursor));
    *more = store_next(cursor, &name, &value) && name.len == sizeof LEAVING_PREFIX - 1 + sizeof tail;
    bool unique = *more && str_is(value, "u");
    if (*more)
        memcpy(tail, name.ptr + sizeof LEAVING_PREFIX - 1, sizeof tail);
    KT_TRY(store_scan_end(cursor));
    if (!*more)
        return NULL;
    size_t left = DROP_ENTRIES;
    uint16_t entity = (uint16_t)(tail[0] << 8 | tail[1]), index = (uint16_t)(tail[2] << 8 | tail[3]);
    KT_TRY(drop_some(tx, unique ? KEY_UNIQUE : KEY_INDEX, entity, index, &left));
    KT_TRY(drop_some(tx, KEY_COUNTER, entity, index, &left));
    index_mark done;
    return left ? store_delete(tx->view, STORE_META, index_mark_name(&done, LEAVING_PREFIX, entity, index))
                : NULL;
}

/* ---- One step ---- */

/* One index whose records are alike does not keep the others waiting: it is told when nothing else is left. */
static kt_error *fill_any(kt_tx *tx, bool *worked, kt_error **stuck)
{
    *worked = false;
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        const model_entity *entity = model_entity_at(tx->catalogue, i);
        for (size_t k = 0; k < entity->filling_count; k++) {
            const model_index *index = &entity->indexes[entity->index_count + k];
            bool found;
            uint64_t next;
            KT_TRY(fill_mark_read(tx->view, entity->number, index->number, &found, &next));
            if (!found || next == UINT64_MAX)
                continue;
            store_mark mark = store_mark_set(tx->view);
            kt_error *error = fill_some(tx, entity, index, next);
            *worked = !error;
            if (!error || error->first->kind != KT_CONFLICT)
                return error;
            KT_TRY(store_mark_back(tx->view, mark));
            kt_also(stuck, error);
        }
    }
    return NULL;
}

kt_error *model_fill_step(kt_tx *tx, bool *more)
{
    kt_error *stuck = NULL;
    KT_TRY(fill_any(tx, more, &stuck));
    if (!*more)
        KT_TRY(fill_words_step(tx, more));
    if (!*more)
        KT_TRY(leave_some(tx, more));
    return *more ? NULL : stuck;
}
