/* preview.h -- what a transaction would change, for people before they agree to it, and its hash. */
#pragma once
#include "bus/call.h"

#define PREVIEW_HASH_MAX 33 /* 16 bytes in hex, and NUL */

/* Writes members "changes", "effects", "problems", "hash" of what tx has written so far. */
KT_MUST kt_error *preview_write(kt_tx *tx, json *answer);
/* The hash alone. It covers what a person judges: which records, which fields, from what to what; not ids,
 * numbers and versions that depend on who came first, nor the instant of the call and what is counted from it. */
KT_MUST kt_error *preview_hash(kt_tx *tx, char hash[PREVIEW_HASH_MAX]);
