/* keys.h -- inside the room: API keys. Their records say what they may and from where; the hashes of their
 * secrets lie in STORE_META. */
#pragma once
#include "access/control.h"

#define KEY_NETWORKS_MAX 64

/* The addresses and networks of a key, parted by commas or blanks.
 *   returns  validation: all that are none, at `path` */
KT_MUST kt_error *networks_read(arena *arena, kt_str text, const char *path, network **list, size_t *count);
/* May a key that is held to these networks be used from there? No networks: from anywhere; not `remote`: a
 * look, not a use. "ipc" is this machine. */
bool key_may_come_from(const network *list, size_t count, kt_str remote);

/* Binds the hash of a secret to its access.key. */
KT_MUST kt_error *key_put(store_view *view, const uint8_t hash[TOKEN_HASH_BYTES], uint64_t key);
/* The access.key of a secret that is good now; 0: none. */
KT_MUST kt_error *key_get(store_view *view, const uint8_t hash[TOKEN_HASH_BYTES], kt_time now, uint64_t *key);
/* Ends the secrets of a key at `until`; what ended before goes. until 0: all go now */
KT_MUST kt_error *key_retire(kt_tx *tx, uint64_t key, kt_time until);
/* Notes the use of a key, every ten minutes at most, without waiting for it. */
void key_touch(access_control *control, access_actor *actor, const kt_tx *tx, kt_str remote);
