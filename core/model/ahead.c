/* ahead.c -- ids that are given before their records are written, so that others may point to them first. */
#include "model/ahead.h"

#include "model/sequence.h"

struct model_ahead {
    const model_entity *entity;
    uint64_t id;
    bool created; /* it may be gone again */
    struct model_ahead *older;
};

kt_error *ahead_take(kt_tx *tx, const model_entity *entity, uint64_t *id)
{
    struct model_ahead *taken = ARENA_NEW(model_lasting(tx), struct model_ahead);
    if (!taken)
        return error_no_memory();
    KT_TRY(sequence_id(tx, entity, id));
    *taken = (struct model_ahead){.entity = entity, .id = *id, .older = tx->ahead};
    tx->ahead = taken;
    return NULL;
}

static struct model_ahead *find(const kt_tx *tx, const model_entity *entity, uint64_t id)
{
    struct model_ahead *taken = tx->ahead;
    while (taken && (taken->entity != entity || taken->id != id))
        taken = taken->older;
    return taken;
}

bool ahead_is_taken(const kt_tx *tx, const model_entity *entity, uint64_t id)
{
    return find(tx, entity, id) != NULL;
}

void ahead_created(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    struct model_ahead *taken = find(tx, entity, id);
    if (taken)
        taken->created = true;
}

kt_error *ahead_back(kt_tx *tx, struct model_ahead *to)
{
    tx->ahead = to;
    for (struct model_ahead *taken = to; taken; taken = taken->older) {
        kt_str bytes;
        KT_TRY(model_load_bytes(tx, taken->entity, taken->id, &bytes));
        taken->created = bytes.ptr != NULL;
    }
    return NULL;
}

kt_error *ahead_check(kt_tx *tx)
{
    const struct model_ahead *taken = tx->ahead;
    while (taken && taken->created)
        taken = taken->older;
    return taken ? kt_fail(tx, KT_RULE, NULL, "%s %llu was announced and not created",
                       "%s %llu zapowiedziano, a nie utworzono", taken->entity->name.ptr,
                       (unsigned long long)taken->id)
                 : NULL;
}
