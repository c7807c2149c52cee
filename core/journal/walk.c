/* walk.c -- the journal gone back through, entry by entry, with the state of each moment in the overlay. */
#include "journal/past.h"

typedef struct {
    const model_entity *entity;
    uint64_t id;
    model_change_kind kind;
    kt_str before, after;
} side_pair;

static kt_error *stored(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str *bytes)
{
    key name;
    kt_str value;
    key_record(&name, entity, id);
    KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &value));
    *bytes = value.ptr ? arena_str(tx->arena, value) : (kt_str){0};
    return value.ptr && !bytes->ptr ? error_no_memory() : NULL;
}

/* Both sides of a change whole: an update's earlier side is the later one with the parts put back. */
static kt_error *read_sides(kt_tx *tx, const journal_change *change, side_pair *pair)
{
    *pair = (side_pair){.entity = model_entity_by_number(tx->catalogue, change->entity),
        .id = change->id,
        .kind = change->kind};
    if (!pair->entity)
        return NULL; /* of a module that is gone */
    if (change->kind == MODEL_DELETED) {
        pair->before = arena_str(tx->arena, change->before);
        return NULL;
    }
    KT_TRY(stored(tx, pair->entity, pair->id, &pair->after));
    if (change->kind == MODEL_CREATED || !pair->after.ptr)
        return NULL;
    if (!change->whole)
        return past_bytes(tx, pair->after, change, false, &pair->before);
    pair->before = arena_str(tx->arena, change->before);
    return NULL;
}

static kt_error *step_back(kt_tx *tx, journal_entry *entry,
    kt_error *(*look)(void *context, const journal_step *step), void *context)
{
    journal_change change;
    size_t count = 0, room = entry->count; /* which counts down */
    side_pair *pairs = ARENA_ARRAY(tx->arena, side_pair, room + 1);
    if (!pairs)
        return error_no_memory();
    while (count < room && journal_entry_next(entry, &change))
        KT_TRY(read_sides(tx, &change, &pairs[count++]));
    for (size_t i = 0; i < count; i++) {
        const side_pair *p = &pairs[i];
        const journal_step step = {
            entry->seq, entry->user, entry->time, p->entity, p->id, p->kind, p->before, p->after};
        if (p->entity)
            KT_TRY(look(context, &step));
    }
    for (size_t i = count; i-- > 0;)
        if (pairs[i].entity)
            KT_TRY(model_restore(tx, pairs[i].entity, pairs[i].id, pairs[i].before));
    return NULL;
}

kt_error *journal_walk_back(kt_tx *tx, uint64_t entries, kt_time since,
    kt_error *(*look)(void *context, const journal_step *step), void *context)
{
    enum { ENTRY_ARENA_MAX = 128 << 20 };
    chain_head head;
    kt_error *error = NULL;
    bool over = false;
    arena *own = arena_open(ENTRY_ARENA_MAX);
    KT_TRY(chain_head_read(tx->view, &head));
    if (!own)
        return error_no_memory();
    for (uint64_t seq = head.seq; seq > 0 && head.seq - seq < entries && !over && !error; seq--) {
        buffer bytes = {0};
        journal_entry entry;
        buffer_open(&bytes, (size_t)64 << 20);
        kt_memory before = model_memory_in(tx, own);
        tx->lasting = NULL; /* what a step's changes and rules keep goes with the step */
        error = chain_entry(tx->view, tx->arena, seq, &bytes, &entry);
        over = !error && entry.time.ms < since.ms;
        if (!error && !over)
            error = step_back(tx, &entry, look, context);
        buffer_close(&bytes);
        store_mark_settle(tx->view);
        error = model_memory_back(tx, before, error);
        arena_reset(own);
    }
    arena_close(own);
    return error;
}
