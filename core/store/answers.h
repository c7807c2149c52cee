/* answers.h -- what was answered under an idempotency key, kept in STORE_META with the effect it tells of.
 *
 * 'q' key          -> when (8 bytes, ms, big-endian), length (4), the answer's first part
 * 'r' key part(2)  -> its further parts, from 1, where it is longer than a value may be
 */
#pragma once
#include "store/store.h"

#define ANSWERS_KEY_MAX (STORE_KEY_MAX - 3)

/* In view->arena. answer->ptr is NULL: the key is new. returns limit: the key is too long */
KT_MUST kt_error *answers_find(store_view *view, kt_str key, kt_str *answer);
/* Puts the answer into the view's overlay. */
KT_MUST kt_error *answers_keep(store_view *view, kt_str key, kt_str answer);

/* Goes round all keys, a few at a time, and deletes what is older than keep_ms. */
typedef struct {
    char at[STORE_KEY_MAX];
    size_t at_len; /* 0: from the first */
} answers_sweep;
KT_MUST kt_error *answers_forget(store_view *view, answers_sweep *sweep, size_t most, int64_t keep_ms);
