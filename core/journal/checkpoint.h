/* checkpoint.h -- inside the room: signed statements "entry seq has this hash". */
#pragma once
#include "journal/chain.h"

#define CHECKPOINT_KEY_BYTES  32
#define CHECKPOINT_SIGN_BYTES 64

typedef struct {
    uint64_t seq;
    kt_time time;
    uint8_t hash[JOURNAL_HASH_BYTES], key[CHECKPOINT_KEY_BYTES], signature[CHECKPOINT_SIGN_BYTES];
} checkpoint;

/* Reads what is stored under "Jc" seq. false: damaged, or the signature does not hold */
bool checkpoint_read(uint64_t seq, kt_str value, checkpoint *checkpoint);
/* The first checkpoint at or after seq, for walking beside the chain. *found false: there is none. *good
 * false: it is damaged */
KT_MUST kt_error *checkpoint_find(
    store_view *view, uint64_t seq, checkpoint *checkpoint, bool *found, bool *good);
