/* lately.h -- records as a transaction has read them lately, which it reads over and over: an item, a unit, a warehouse. */
#pragma once
#include "record/internal.h"

/* As model_load, for looking only. *record NULL: there is none.
 *   memory  borrowed until the next call */
KT_MUST kt_error *lately_load(
    kt_tx *tx, const model_entity *entity, uint64_t id, const model_record **record);
