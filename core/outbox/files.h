/* files.h -- inside the room: what is attached to a mail. */
#pragma once
#include "outbox/delivery.h"

/* Reads the files of a parcel's parameters: ids of base.attachment, and documents that a job made.
 *   directory  of the data
 *   memory     in arena
 *   returns    not_found, limit: it can never leave so */
KT_MUST kt_error *files_read(kt_tx *tx, arena *arena, const char *directory, parcel *parcel);
/* Are all documents that an effect names made, or given up? */
KT_MUST kt_error *files_made(kt_tx *tx, kt_str params, bool *made);
/* An effect's parameters. */
KT_MUST kt_error *parcel_params(arena *arena, kt_str text, const variant **params);
