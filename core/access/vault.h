/* vault.h -- what has to be read again by the server and by nobody else: sealed under a key made of the server's
 * master key and its purpose, and bound to the name that it is kept under, so that a sealed value does not open
 * in another's place. It lies in STORE_META, outside of records, journal and API. */
#pragma once
#include "model/model.h"

enum { VAULT_PLAIN_MAX = 16000, VAULT_SEAL_BYTES = 40 /* a nonce and a tag */ };

/* For what is kept within a larger value. bound: what the sealed value is bound to, its owner's id, say.
 *   sealed   receives plain.len + VAULT_SEAL_BYTES bytes
 *   returns  unavailable: the master key is not loaded */
KT_MUST kt_error *vault_seal(kt_tx *tx, const char *purpose, kt_str bound, kt_str plain, uint8_t *sealed);
/* plain: receives sealed.len - VAULT_SEAL_BYTES bytes. returns storage: it was changed outside */
KT_MUST kt_error *vault_open(kt_tx *tx, const char *purpose, kt_str bound, kt_str sealed, uint8_t *plain);

/* purpose: "kontor signing key"; name: the key in STORE_META.
 *   returns  limit: longer than VAULT_PLAIN_MAX; unavailable: the master key is not loaded
 *   thread   writer */
KT_MUST kt_error *vault_put(kt_tx *tx, const char *purpose, kt_str name, kt_str plain);
/* plain: receives the value, the transaction's arena's; ptr NULL: there is none.
 *   returns  storage: it was changed outside */
KT_MUST kt_error *vault_get(kt_tx *tx, const char *purpose, kt_str name, kt_str *plain);
