/* scope.h -- memory that is given back when a call returns: of a handler, of a verb, of a check at the end.
 *
 * What outlives the call is put elsewhere by whoever makes it: writes into the overlay, the list of changes into
 * model_lasting, the verb's result into the caller's memory, errors by scope_close. */
#pragma once
#include "record/record.h"

typedef struct {
    kt_memory before;
    arena *own;
} model_scope;
/* Opens memory for one call; with what its callers hold it keeps to the request's limit. Always closed. */
KT_MUST kt_error *scope_open(kt_tx *tx, model_scope *scope);
/* Gives it back. Returns error, and leaves the doom, in the caller's memory. */
KT_MUST kt_error *scope_close(kt_tx *tx, model_scope *scope, kt_error *error);
