/* validate.h -- may these values stand in a record? */
#pragma once
#include "model/internal.h"

/* Brings values into their one form (empty text is not set, decimals at the field's scale, new lines
 * numbered) and adds all problems of the changed ones to *problems.
 *   before   NULL for a new record
 *   changed  per position; NULL: all
 *   returns  only what makes going on senseless */
KT_MUST kt_error *validate_record(
    kt_tx *tx, const model_record *before, model_record *after, const bool *changed, kt_error **problems);
/* Empty text, empty lists and false become not set, so that records compare. */
void validate_normalise(model_record *record);
