/* reference.c -- taking a reference away from a record. */
#include "model/internal.h"

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
