/* ahead.c -- ids that are given before their records are written, so that others may point to them first. */
#include "model/ahead.h"

#include "model/sequence.h"

struct model_ahead {
    const model_entity *entity;
    uint64_t id;
    struct model_ahead *older;
};

kt_error *ahead_take(kt_tx *tx, const model_entity *entity, uint64_t *id)
{
    struct model_ahead *taken = ARENA_NEW(model_lasting(tx), struct model_ahead);
    if (!taken)
        return error_no_memory();
    KT_TRY(sequence_id(tx, entity, id));
    *taken = (struct model_ahead){entity, *id, tx->ahead};
    tx->ahead = taken;
    return NULL;
}

bool ahead_is_taken(const kt_tx *tx, const model_entity *entity, uint64_t id)
{
    const struct model_ahead *taken = tx->ahead;
    while (taken && (taken->entity != entity || taken->id != id))
        taken = taken->older;
    return taken != NULL;
}

kt_error *ahead_check(kt_tx *tx)
{
    for (const struct model_ahead *taken = tx->ahead; taken; taken = taken->older) {
        kt_str bytes;
        KT_TRY(model_load_bytes(tx, taken->entity, taken->id, &bytes));
        if (!bytes.ptr)
            return kt_fail(tx, KT_RULE, NULL, "%s %llu was announced and not created",
                "%s %llu zapowiedziano, a nie utworzono", taken->entity->name.ptr,
                (unsigned long long)taken->id);
    }
    return NULL;
}
