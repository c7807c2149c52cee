/* store_record.c -- filled records are checked and written, with everything that hangs on them.
 *
 * Order: what may be refused comes first, then ids and numbers, then the writes, then the handlers. A refusal
 * takes back what this call wrote, so that a module may go on after it; a handler's error dooms the whole
 * transaction. */
#include "model/change.h"
#include "model/entries.h"
#include "model/sequence.h"
#include "model/validate.h"
#include "query/internal.h"

kt_error *model_may_write(kt_tx *tx, const model_entity *entity)
{
    if (!tx->writes)
        return kt_fail(tx, KT_UNAVAILABLE, NULL, "this call only reads", "to wywołanie tylko czyta");
    if (!entity->enabled)
        return kt_fail(tx, KT_UNAVAILABLE, NULL, "module %s of %s is not enabled",
            "moduł %s encji %s nie jest włączony", entity->module.ptr, entity->name.ptr);
    return NULL;
}

/* ---- Filling in ---- */

void model_fill_default(kt_tx *tx, const model_default *source, model_value *value)
{
    switch (source->kind) {
    case DEFAULT_NONE:
        return;
    case DEFAULT_VALUE:
        *value = source->value;
        return;
    case DEFAULT_TODAY:
        *value = (model_value){.set = true, .as.i = kt_today(tx).day};
        return;
    case DEFAULT_NOW:
        *value = (model_value){.set = true, .as.i = tx->now.ms};
        return;
    case DEFAULT_ME:
        *value = (model_value){.set = tx->user != 0, .as.i = (int64_t)tx->user};
        return;
    case DEFAULT_COMPANY:
        *value = (model_value){.set = tx->company != 0, .as.i = (int64_t)tx->company};
        return;
    }
}

static void fill_line_defaults(kt_tx *tx, model_record *line)
{
    const model_internals *internals = line->entity->internals;
    if (line->values[0].set && line->values[0].as.i)
        return; /* not new */
    for (size_t i = 1; i < line->entity->field_count; i++)
        if (!line->values[i].set)
            model_fill_default(tx, &internals->defaults[i], &line->values[i]);
}

static void fill_defaults(kt_tx *tx, model_record *record)
{
    const model_internals *internals = record->entity->internals;
    for (size_t i = MODEL_OWN; i < record->entity->field_count; i++)
        if (!record->values[i].set)
            model_fill_default(tx, &internals->defaults[i], &record->values[i]);
}

void model_fill_new_lines(kt_tx *tx, model_record *record)
{
    const model_entity *entity = record->entity;
    for (size_t i = MODEL_OWN; entity->internals->lines_have_defaults && i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        if (field->type == KT_LINES && record->values[i].set && field->lines->internals->has_defaults)
            for (size_t k = 0; k < record->values[i].as.lines.count; k++)
                fill_line_defaults(tx, &record->values[i].as.lines.items[k]);
    }
}

static void stamp(kt_tx *tx, model_record *record, size_t at, size_t by, bool keep)
{
    record->entry = tx->entry;
    if (!keep || !record->values[at].set)
        record->values[at] = (model_value){.set = true, .as.i = tx->now.ms};
    if (!keep || !record->values[by].set)
        record->values[by] = (model_value){.set = tx->user != 0, .as.i = (int64_t)tx->user};
}

static void fill_system(kt_tx *tx, model_record *record)
{
    model_value *values = record->values;
    values[MODEL_VERSION] = (model_value){.set = true, .as.i = 1};
    stamp(tx, record, MODEL_CREATED_AT, MODEL_CREATED_BY, tx->keep_authors);
    stamp(tx, record, MODEL_UPDATED_AT, MODEL_UPDATED_BY, tx->keep_authors);
    if (record->entity->shared)
        values[MODEL_COMPANY] = (model_value){0};
    else if (!values[MODEL_COMPANY].set)
        values[MODEL_COMPANY] = (model_value){.set = tx->company != 0, .as.i = (int64_t)tx->company};
    if (!tx->keep_authors)
        values[MODEL_NUMBER] = (model_value){0};
}

/* ---- Creating ---- */

/* An id that an import brings: no record has it, and the next ones come behind it. */
static kt_error *take_id(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    key name;
    kt_str bytes;
    key_record(&name, entity, id);
    KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &bytes));
    if (bytes.ptr)
        return kt_fail(tx, KT_CONFLICT, "id", "there is a record %llu already", "rekord %llu już istnieje",
            (unsigned long long)id);
    return sequence_id_at_least(tx, entity, id);
}

static kt_error *write_new(kt_tx *tx, model_record *record, uint64_t id)
{
    const model_entity *entity = record->entity;
    record->drawn = id == 0;
    KT_TRY(id ? take_id(tx, entity, id) : sequence_id(tx, entity, &id));
    record->values[MODEL_ID] = (model_value){.set = true, .as.i = (int64_t)id};
    if (entity->number_pattern.len && !entity->numbered_later && !record->values[MODEL_NUMBER].set)
        KT_TRY(sequence_number(tx, record));
    kt_str bytes;
    key name;
    kt_error *error = model_record_encode(tx, record, &bytes);
    record->drawn = false;
    if (error)
        return error;
    key_record(&name, entity, id);
    KT_TRY(store_put(tx->view, STORE_DATA, key_str(&name), bytes));
    KT_TRY(entries_write(tx, NULL, record, NULL));
    return change_note(tx, entity, id, (kt_str){0}, bytes);
}

static kt_error *store_new(kt_tx *tx, model_record *record, uint64_t id)
{
    validate_normalise(record);
    fill_system(tx, record);
    model_fill_new_lines(tx, record);
    record->values[MODEL_ID] = (model_value){0};
    kt_error *problems = model_record_compute(tx, record);
    KT_TRY(validate_record(tx, NULL, record, NULL, &problems));
    KT_TRY(entries_check_unique(tx, record, NULL, &problems));
    if (problems)
        return problems;
    if (!record_visible(tx, record, "create"))
        return kt_fail(tx, KT_FORBIDDEN, NULL, "you may not create such a %s",
            "nie możesz utworzyć takiego %s", record->entity->name.ptr);
    return write_new(tx, record, id);
}

static kt_error *reload(kt_tx *tx, model_record *record)
{
    model_record now;
    bool found;
    KT_TRY(model_load(tx, record->entity, record_id(record), &now, &found));
    if (found)
        *record = now;
    return NULL;
}

/* A handler or a rule may have written the record again: the caller gets the last state. */
static kt_error *announce(
    kt_tx *tx, model_event event, const char *name, const model_record *before, model_record *after)
{
    const model_entity *entity = after->entity;
    const model_handlers *handlers = &entity->internals->on[event];
    if (handlers->count) {
        KT_TRY(model_run_handlers(tx, handlers, name, before, after));
        KT_TRY(reload(tx, after));
    }
    if (!model_is_watched(tx, entity))
        return NULL;
    const model_seen seen = {.kind = event == EVENT_CREATED ? MODEL_SEEN_CREATED : MODEL_SEEN_UPDATED,
        .name = name,
        .entity = entity,
        .before = before,
        .after = after};
    KT_TRY(model_tell(tx, &seen));
    return reload(tx, after);
}

kt_error *model_store_filled_as(kt_tx *tx, model_record *record, uint64_t id)
{
    KT_TRY(model_may_write(tx, record->entity));
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, record->entity, "create"));
    store_mark mark = store_mark_set(tx->view);
    kt_error *error = store_new(tx, record, id);
    if (error) {
        KT_TRY(store_mark_back(tx->view, mark));
        return error;
    }
    return announce(tx, EVENT_CREATED, "created", NULL, record);
}

kt_error *model_store_new(kt_tx *tx, model_record *record)
{
    return model_store_new_as(tx, record, 0);
}

kt_error *model_store_new_as(kt_tx *tx, model_record *record, uint64_t id)
{
    fill_defaults(tx, record);
    return model_store_filled_as(tx, record, id);
}

/* ---- Changing ---- */

static bool find_changes(const model_record *before, const model_record *after, bool *changed)
{
    bool any = false;
    for (size_t i = MODEL_CREATED_AT; i < after->entity->field_count; i++) {
        if (i == MODEL_UPDATED_AT || i == MODEL_UPDATED_BY)
            continue;
        changed[i] = !model_value_equal(&after->entity->fields[i], &before->values[i], &after->values[i]);
        any |= changed[i];
    }
    return any;
}

static kt_error *write_changed(
    kt_tx *tx, const model_record *before, model_record *after, const bool *changed, kt_str bytes[2])
{
    key name;
    key_record(&name, after->entity, record_id(after));
    KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &bytes[0]));
    KT_TRY(model_record_encode(tx, after, &bytes[1]));
    KT_TRY(store_put(tx->view, STORE_DATA, key_str(&name), bytes[1]));
    return entries_write(tx, before, after, changed);
}

kt_error *model_store_silently(kt_tx *tx, const model_record *before, model_record *after, kt_str bytes[2])
{
    const model_entity *entity = after->entity;
    bytes[0] = bytes[1] = (kt_str){0};
    validate_normalise(after);
    model_fill_new_lines(tx, after);
    kt_error *problems = model_record_compute(tx, after);
    bool *changed = ARENA_ARRAY(tx->arena, bool, entity->field_count);
    if (!changed)
        return error_no_memory();
    if (!find_changes(before, after, changed))
        return problems;
    model_keep_line_ids(before, after);
    KT_TRY(validate_record(tx, before, after, changed, &problems));
    KT_TRY(entries_check_unique(tx, after, changed, &problems));
    if (problems)
        return problems;
    after->values[MODEL_VERSION] = (model_value){.set = true, .as.i = before->values[MODEL_VERSION].as.i + 1};
    bool given = tx->keep_authors && !model_value_equal(&entity->fields[MODEL_UPDATED_AT],
                                         &before->values[MODEL_UPDATED_AT], &after->values[MODEL_UPDATED_AT]);
    stamp(tx, after, MODEL_UPDATED_AT, MODEL_UPDATED_BY, given);
    changed[MODEL_UPDATED_AT] = changed[MODEL_UPDATED_BY] = changed[MODEL_VERSION] = true;
    return write_changed(tx, before, after, changed, bytes);
}

kt_error *model_store_changed(kt_tx *tx, const model_record *before, model_record *after)
{
    KT_TRY(model_may_write(tx, after->entity));
    store_mark mark = store_mark_set(tx->view);
    kt_str bytes[2];
    kt_error *error = model_store_silently(tx, before, after, bytes);
    if (!error && bytes[1].ptr)
        error = change_note(tx, after->entity, record_id(after), bytes[0], bytes[1]);
    if (error) {
        KT_TRY(store_mark_back(tx->view, mark));
        return error;
    }
    return bytes[1].ptr ? announce(tx, EVENT_UPDATED, "updated", before, after) : NULL;
}
