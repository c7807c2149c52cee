/* restore.c -- putting a record back as it was, and erasing a person. Both go past validation. */
#include "model/change.h"
#include "model/entries.h"
#include "model/sequence.h"
#include "record/moved.h"
#include "record/seal.h"

static kt_error *put_bytes(
    kt_tx *tx, const model_entity *entity, uint64_t id, const model_record *before, model_record *after)
{
    key name;
    kt_str old, bytes;
    key_record(&name, entity, id);
    KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &old));
    KT_TRY(model_record_encode(tx, after, &bytes));
    KT_TRY(store_put(tx->view, STORE_DATA, key_str(&name), bytes));
    KT_TRY(entries_write(tx, before, after, NULL));
    return tx->writes ? change_note(tx, entity, id, old, bytes) : NULL;
}

static kt_error *take_away(kt_tx *tx, const model_record *before)
{
    key name;
    kt_str old;
    key_record(&name, before->entity, record_id(before));
    KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &old));
    KT_TRY(store_delete(tx->view, STORE_DATA, key_str(&name)));
    KT_TRY(entries_write(tx, before, NULL, NULL));
    return tx->writes ? change_note(tx, before->entity, record_id(before), old, (kt_str){0}) : NULL;
}

/* A record that comes back in a writing transaction is a new version of itself; in a journey to the past
 * (a transaction that does not write) it is exactly what it was. */
static void renew(kt_tx *tx, const model_record *before, model_record *after)
{
    int64_t now = before ? before->values[MODEL_VERSION].as.i : 0;
    int64_t then = after->values[MODEL_VERSION].as.i;
    after->values[MODEL_VERSION].as.i = (now > then ? now : then) + 1;
    if (before)
        model_keep_line_ids(before, after);
    after->entry = tx->entry;
    after->values[MODEL_UPDATED_AT] = (model_value){.set = true, .as.i = tx->now.ms};
    after->values[MODEL_UPDATED_BY] = (model_value){.set = tx->user != 0, .as.i = (int64_t)tx->user};
}

static kt_error *restore(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str bytes)
{
    model_record before, after = {0};
    bool found;
    KT_TRY(model_load(tx, entity, id, &before, &found));
    if (!bytes.ptr)
        return found ? take_away(tx, &before) : NULL;
    KT_TRY(model_record_decode(tx, entity, id, bytes, &after));
    kt_error *problems = NULL;
    KT_TRY(entries_check_unique(tx, &after, NULL, &problems));
    if (problems)
        return problems;
    if (tx->writes) {
        renew(tx, found ? &before : NULL, &after);
        KT_TRY(sequence_id_at_least(tx, entity, id));
    }
    KT_TRY(moved_forget(tx, &after));
    return put_bytes(tx, entity, id, found ? &before : NULL, &after);
}

kt_error *model_restore(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str bytes)
{
    store_mark mark = store_mark_set(tx->view);
    kt_error *error = restore(tx, entity, id, bytes);
    if (error)
        KT_TRY(store_mark_back(tx->view, mark));
    return error;
}

static void empty_personal(model_record *record)
{
    for (size_t i = 0; i < record->entity->field_count; i++)
        if (record->entity->fields[i].personal)
            record->values[i] = (model_value){0};
    record->sealed_rest = (kt_str){0};
}

static kt_error *without_personal(kt_tx *tx, const model_record *before, model_record *after)
{
    KT_TRY(model_record_copy(tx, before, after));
    empty_personal(after);
    for (size_t i = MODEL_OWN; i < after->entity->field_count; i++) {
        const model_field *field = &after->entity->fields[i];
        model_value *value = &after->values[i];
        if (field->type != KT_LINES || !value->set || !field->lines->has_personal)
            continue;
        model_record *items = ARENA_ARRAY(tx->arena, model_record, value->as.lines.count);
        if (!items)
            return error_no_memory();
        for (size_t k = 0; k < value->as.lines.count; k++) {
            KT_TRY(model_record_copy(tx, &value->as.lines.items[k], &items[k]));
            empty_personal(&items[k]);
        }
        value->as.lines.items = items;
    }
    return NULL;
}

/* A record that was deleted may still be read from the journal: its key can be destroyed all the same. */
static kt_error *erase_deleted(kt_tx *tx, const model_entity *entity, uint64_t id, bool *erased)
{
    kt_str bytes;
    *erased = false;
    KT_TRY(model_load_bytes(tx, entity, id, &bytes));
    if (bytes.ptr)
        return NULL;
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, entity, "erase"));
    return seal_destroy(tx, entity, id, erased);
}

/* What was merged into a person is still readable in the journal under a key of its own. */
static kt_error *erase_merged(kt_tx *tx, const model_entity *entity, uint64_t id, void *unused)
{
    bool erased;
    (void)unused;
    return seal_destroy(tx, entity, id, &erased);
}

/* What was written before its field became personal is in the clear: the journal gets it sealed, under the key that is
 * destroyed next. So it tells nothing anew, and no undo brings it back. */
static kt_error *seal_before(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    model_change *change = model_change_of(tx, entity, id);
    model_record record = {0};
    kt_str sealed;
    if (!change || !change->before.ptr)
        return NULL;
    KT_TRY(model_record_decode(tx, entity, id, change->before, &record));
    KT_TRY(model_record_encode(tx, &record, &sealed));
    sealed = arena_str(model_lasting(tx), sealed);
    if (!sealed.ptr)
        return error_no_memory();
    change->before = sealed;
    return NULL;
}

kt_error *model_erase(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    model_record before, after;
    bool erased;
    KT_TRY(model_may_write(tx, entity));
    if (!entity->has_personal)
        return kt_fail(tx, KT_VALIDATION, "entity", "%s has no personal fields", "%s nie ma pól osobowych",
            entity->name.ptr);
    KT_TRY(erase_deleted(tx, entity, id, &erased));
    if (erased)
        return NULL;
    KT_TRY(model_load_for(tx, entity, id, 0, "erase", &before));
    KT_TRY(without_personal(tx, &before, &after));
    renew(tx, &before, &after);
    store_mark mark = store_mark_set(tx->view);
    kt_error *error = put_bytes(tx, entity, id, &before, &after); /* with its index entries and words */
    if (!error)
        error = seal_before(tx, entity, id);
    if (!error)
        error = seal_destroy(tx, entity, id, &erased);
    if (!error)
        error = moved_each(tx, entity, id, erase_merged, NULL);
    if (error)
        KT_TRY(store_mark_back(tx->view, mark));
    return error;
}
