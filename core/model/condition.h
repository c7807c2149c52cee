/* condition.h -- what fields declare as conditions: filters of their entity that say when one is shown, needed or locked. */
#pragma once
#include "model/internal.h"

/* Reads a condition. Whoever calls, all fields count; a path through a reference leads to all records. */
KT_MUST kt_error *condition_read(
    kt_tx *tx, const model_entity *entity, kt_str condition, query_filter **filter);
/* May the caller see all that it names? */
bool condition_visible(kt_tx *tx, const model_entity *entity, kt_str condition);
/* Does the record meet a condition that this field of its entity declares?
 *   returns  rule: it cannot be judged, for something that it names is gone */
KT_MUST kt_error *condition_met(
    kt_tx *tx, const model_record *record, const model_field *field, kt_str condition, bool *met);
