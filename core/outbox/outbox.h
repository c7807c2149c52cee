/* outbox.h -- effects: what shall leave the server (mail, webhook, message) or happen later. An effect is a
 * record of outbox.effect, made in the transaction that causes it and delivered after its commit: it leaves
 * if and only if its cause is on disk. */
#pragma once
#include "model/model.h"

extern const kt_module outbox_module; /* built in: the entity outbox.effect */

/* kt_effect for rooms whose parameters are JSON text already: an object.
 *   due      not set: at once
 *   id       receives the record's id; may be NULL
 *   returns  validation: kind or params are not fit to be kept
 *   thread   writer, or a dry run */
KT_MUST kt_error *outbox_effect(kt_tx *tx, kt_str kind, kt_str params, kt_time due, kt_id *id);
