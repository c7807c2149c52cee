/* gone.c -- what went with a record: an erasure reaches it although nothing points to anything any more. */
#include "journal/past.h"
#include "record/internal.h"

enum { ENTRY_ROOM = 64 << 20, RECORD_ROOM = 16 << 20 };

static kt_error *show(kt_tx *tx, const journal_change *change,
    kt_error *(*look)(void *context, const model_record *record), void *context)
{
    const model_entity *entity = model_entity_by_number(tx->catalogue, change->entity);
    model_record record = {0};
    kt_str there;
    if (!entity || change->kind != MODEL_DELETED)
        return NULL;
    KT_TRY(model_load_bytes(tx, entity, change->id, &there));
    if (there.ptr)
        return NULL;
    KT_TRY(model_record_decode(tx, entity, change->id, change->before, &record));
    return look(context, &record);
}

static kt_error *show_each(kt_tx *tx, journal_entry *entry,
    kt_error *(*look)(void *context, const model_record *record), void *context)
{
    arena *own = arena_open(RECORD_ROOM);
    kt_error *error = own ? NULL : error_no_memory();
    journal_change change;
    while (!error && journal_entry_next(entry, &change)) {
        kt_memory before = model_memory_in(tx, own);
        error = model_memory_back(tx, before, show(tx, &change, look, context));
        arena_reset(own);
    }
    arena_close(own);
    return error;
}

kt_error *journal_gone_with(kt_tx *tx, const model_entity *entity, uint64_t id,
    kt_error *(*look)(void *context, const model_record *record), void *context)
{
    past_place last;
    journal_entry entry;
    kt_str there;
    buffer room;
    KT_TRY(model_load_bytes(tx, entity, id, &there));
    if (there.ptr)
        return NULL;
    KT_TRY(past_newest(tx, entity, id, &last));
    if (!last.seq)
        return NULL;
    buffer_open(&room, ENTRY_ROOM);
    kt_error *error = chain_entry(tx->view, tx->arena, last.seq, &room, &entry);
    if (!error)
        error = show_each(tx, &entry, look, context);
    buffer_close(&room);
    return error;
}
