/* reference.c -- who points to a record, and taking such a reference away. */
#include "model/internal.h"

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

/* The records that point to a target, at most `most`. */
static kt_error *find_pointing(kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id,
    size_t most, id_list *found)
{
    key start, end;
    model_value value;
    pointing_value(from, target, id, &value);
    key_open(&start, KEY_INDEX);
    key_u16(&start, from->entity->number);
    key_u16(&start, from->index->number);
    key_value(&start, from->field, &value, false);
    end = start;
    key_after(&end);
    store_cursor *cursor;
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(&start), key_str(&end), false, &cursor));
    kt_str name, unused;
    bool no_memory = false;
    while (found->count < most && store_next(cursor, &name, &unused)) {
        if (found->count == found->room) {
            size_t more = found->room ? found->room * 2 : 16;
            uint64_t *grown = arena_grow(
                tx->arena, found->ids, found->room * sizeof *grown, more * sizeof *grown);
            no_memory = !grown;
            if (no_memory)
                break;
            found->ids = grown;
            found->room = more;
        }
        found->ids[found->count++] = key_last_u64(name);
    }
    KT_TRY(store_scan_end(cursor));
    return no_memory ? error_no_memory() : NULL;
}

kt_error *model_pointing(kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id,
    size_t most, uint64_t **ids, size_t *count)
{
    id_list found = {0};
    KT_TRY(find_pointing(tx, from, target, id, most, &found));
    *ids = found.ids;
    *count = found.count;
    return NULL;
}

/* ---- Taking a reference away ---- */
static kt_error *clear_value(
    kt_tx *tx, const model_field *field, const model_entity *target, uint64_t id, model_value *value)
{
    if (field->type != KT_REFS) {
        if (ref_id(field, value) == id && (!is_any(field) || value->as.any.entity == target->number))
            *value = (model_value){0};
        return NULL;
    }
    uint64_t *ids = ARENA_ARRAY(tx->arena, uint64_t, value->as.refs.count);
    if (!ids)
        return error_no_memory();
    size_t kept = 0;
    for (size_t i = 0; i < value->as.refs.count; i++)
        if (value->as.refs.ids[i] != id)
            ids[kept++] = value->as.refs.ids[i];
    value->set = kept != 0;
    value->as.refs.ids = ids;
    value->as.refs.count = kept;
    return NULL;
}

static kt_error *clear_lines(
    kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id, model_value *value)
{
    size_t count = value->as.lines.count;
    model_record *items = ARENA_ARRAY(tx->arena, model_record, count);
    if (!items)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        KT_TRY(model_record_copy(tx, &value->as.lines.items[i], &items[i]));
        KT_TRY(clear_value(tx, from->field, target, id, &items[i].values[from->field->position]));
    }
    value->as.lines.items = items;
    return NULL;
}

kt_error *model_reference_clear(
    kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id, model_record *record)
{
    const model_field *through = from->index->through;
    model_value *value = &record->values[through ? through->position : from->field->position];
    if (!value->set)
        return NULL;
    return through ? clear_lines(tx, from, target, id, value)
                   : clear_value(tx, from->field, target, id, value);
}
