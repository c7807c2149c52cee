/* change.h -- the transaction's list of changes: one per record, however often it is written. */
#pragma once
#include "model/internal.h"

/* Notes what a write did. before, after: encoded, not set where there is none; after is written by now. */
KT_MUST kt_error *change_note(
    kt_tx *tx, const model_entity *entity, uint64_t id, kt_str before, kt_str after);
