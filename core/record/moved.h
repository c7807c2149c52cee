/* moved.h -- where merged records went: their old ids, external ids and numbers still lead somewhere. */
#pragma once
#include "record/internal.h"

/* Notes that a record, which is being deleted, lives on in another one. */
KT_MUST kt_error *moved_note(kt_tx *tx, const model_record *gone, uint64_t into);
/* The record is there again: it leads nowhere. */
KT_MUST kt_error *moved_forget(kt_tx *tx, const model_record *record);
/* The id under which a merged record lives on; 0: it was not merged. */
KT_MUST kt_error *moved_find(kt_tx *tx, const model_entity *entity, uint64_t id, uint64_t *into);
/* As moved_find, by what was the external id (MODEL_EXTERNAL_ID) or number (MODEL_NUMBER) of a record. */
KT_MUST kt_error *moved_find_named(
    kt_tx *tx, const model_entity *entity, size_t position, kt_str name, uint64_t *into);
/* Calls take for each record that was merged into this one, also through others. */
KT_MUST kt_error *moved_each(kt_tx *tx, const model_entity *entity, uint64_t into,
    kt_error *(*take)(kt_tx *tx, const model_entity *entity, uint64_t id, void *context), void *context);
