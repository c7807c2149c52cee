/* seal.h -- personal data under a key of the record, wrapped by the master key: destroying the record's key
 * erases it from wherever its bytes were copied to. Source: SECURITY, XChaCha20-Poly1305 (libsodium). */
#pragma once
#include "record/record.h"

#define SEAL_OVERHEAD 96 /* what sealing adds at most, with the part's head */

/* Seals the personal part of a record; makes its key if it has none. Equal plain bytes give equal sealed
 * bytes. memory: the transaction's, and so is plain's */
KT_MUST kt_error *seal_close(kt_tx *tx, const model_record *record, kt_str plain, kt_str *sealed);
/* plain->ptr NULL: the key was destroyed. returns storage: the bytes were changed by somebody */
KT_MUST kt_error *seal_open(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str sealed, kt_str *plain);
/* Destroys a record's key; what is sealed later gets another. destroyed: there was one */
KT_MUST kt_error *seal_destroy(kt_tx *tx, const model_entity *entity, uint64_t id, bool *destroyed);
