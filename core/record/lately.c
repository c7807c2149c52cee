/* lately.c -- what is remembered of a record holds for as long as the transaction writes nothing else under its key, and
 * lies in memory of its own, which is given back when there is much of it. */
#include "record/lately.h"

#include "record/key.h"
#include "record/scope.h"

enum { SLOTS = 256, BYTES_MAX = 1 << 20 };

typedef struct {
    uint64_t id;
    const char *written; /* where the transaction's own bytes of it lie; NULL: it has those of the snapshot */
    model_record record;
} remembered;

typedef struct model_lately {
    arena *home, *own; /* own: NULL until something is remembered */
    remembered **slots;
} lately;

static void end(void *object)
{
    arena_close(((lately *)object)->own);
}

void model_remember(kt_tx *tx)
{
    lately *made = ARENA_NEW(tx->arena, lately); /* where there is no memory it is done without */
    if (!made || !arena_at_end(tx->arena, end, made))
        return;
    made->home = tx->arena;
    tx->lately = made;
}

/* All that is remembered goes when it is much. false: no memory */
static bool make_room(lately *l)
{
    if (l->slots && arena_used(l->own) <= BYTES_MAX)
        return true;
    if (l->own)
        arena_reset(l->own);
    else
        l->own = arena_open(arena_left(l->home));
    l->slots = l->own ? ARENA_ARRAY(l->own, remembered *, SLOTS) : NULL;
    return l->slots != NULL;
}

static bool holds(const kt_tx *tx, const remembered *r)
{
    key name;
    kt_str bytes;
    key_record(&name, r->record.entity, r->id);
    return store_written(tx->view, STORE_DATA, key_str(&name), &bytes) ? bytes.ptr && bytes.ptr == r->written
                                                                       : !r->written;
}

/* Into the memory that is the transaction's now. */
static kt_error *load(kt_tx *tx, const model_entity *entity, uint64_t id, remembered **read)
{
    remembered *made = *read = ARENA_NEW(tx->arena, remembered);
    key name;
    kt_str bytes;
    bool found;
    if (!made)
        return error_no_memory();
    made->id = id;
    KT_TRY(model_load(tx, entity, id, &made->record, &found));
    key_record(&name, entity, id);
    store_written(tx->view, STORE_DATA, key_str(&name), &bytes);
    made->written = bytes.ptr;
    *read = found ? made : NULL;
    return NULL;
}

static kt_error *load_into(
    kt_tx *tx, arena *memory, const model_entity *entity, uint64_t id, remembered **read)
{
    kt_memory before = model_memory_in(tx, memory);
    return model_memory_back(tx, before, load(tx, entity, id, read));
}

kt_error *lately_load(kt_tx *tx, const model_entity *entity, uint64_t id, const model_record **record)
{
    /* a personal key that is destroyed takes what it sealed away */
    lately *l = tx->lately && !entity->has_personal && make_room(tx->lately) ? tx->lately : NULL;
    remembered *read = NULL, **slot = l ? &l->slots[(id * 31 + entity->number) % SLOTS] : &read;
    if (!*slot || (*slot)->id != id || (*slot)->record.entity != entity || !holds(tx, *slot)) {
        *slot = NULL;
        KT_TRY(load_into(tx, l ? l->own : tx->arena, entity, id, &read));
        *slot = read;
    }
    *record = *slot ? &(*slot)->record : NULL;
    return NULL;
}
