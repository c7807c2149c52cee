/* reveal.h -- inside the room: masked values that are shown after all, one by one, counted and logged. */
#pragma once
#include "access/control.h"

/* Counts one masked value of a field: of a record (value: the line's id as text, or not set), or, with id 0,
 * one that is asked for by its whole text.
 *   returns  forbidden: the caller may not have values of this entity revealed; limit: today's are spent */
KT_MUST kt_error *reveal_spend(kt_tx *tx, const access_actor *actor, const model_entity *entity, uint64_t id,
    const model_field *field, kt_str value);
