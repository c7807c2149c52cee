/* ahead.h -- ids that are given before their records are written: until then they can be pointed to. */
#pragma once
#include "model/internal.h"

KT_MUST kt_error *ahead_take(kt_tx *tx, const model_entity *entity, uint64_t *id);
bool ahead_is_taken(const kt_tx *tx, const model_entity *entity, uint64_t id);
/* Its record is written. */
void ahead_created(kt_tx *tx, const model_entity *entity, uint64_t id);
/* What was written since `to` was the last is taken back. */
KT_MUST kt_error *ahead_back(kt_tx *tx, struct model_ahead *to);
/* At the end: has each of them become a record? returns rule: one has not, and others may point to it */
KT_MUST kt_error *ahead_check(kt_tx *tx);
