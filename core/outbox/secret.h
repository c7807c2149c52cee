/* secret.h -- inside the room: a company's secrets, which effects name and nobody reads. */
#pragma once
#include "outbox/delivery.h"

extern const kt_shape secret_shape;
KT_MUST kt_error *secret_check(kt_tx *tx, const kt_record *before, const kt_record *after);
KT_MUST kt_error *secret_set(method_call *call); /* outbox.secret.set */

/* Puts the secrets that a webhook names into its parcel: those of the company that it is of, then everybody's,
 * then the configuration's, which sign alone.
 *   memory   in arena
 *   returns  not_found: there is no such secret; forbidden: it may not be sent to this host */
KT_MUST kt_error *secrets_fill(
    kt_tx *tx, arena *arena, const outbox_options *options, uint64_t company, parcel *parcel);
/* Forgets what secrets_fill filled in. */
void secrets_wipe(parcel *parcel);
