/* chain.h -- inside the room: the head record, and entries in the store.
 *
 *   STORE_META     "Jh"               head: seq u64, SHA-256 of the last entry
 *                  "Ju" unit 00 seq   the entries of a named unit, empty
 *                  "Jc" seq           a signed checkpoint: checkpoint.c
 *   STORE_JOURNAL  seq u64, part u16  the entry's bytes, cut every JOURNAL_PART_BYTES
 *   STORE_DATA     KEY_HISTORY entity id seq   the entry in which a record was deleted, empty; older stores have one of
 *                                              every entry of a record, and records that bear none */
#pragma once
#include "journal/entry.h"
#include "journal/journal.h"
#include "record/key.h"

#define CHAIN_UNIT_MAX 200 /* bytes of a unit's name */

typedef struct {
    uint64_t seq; /* 0: the journal is empty, hash all zero */
    uint8_t hash[JOURNAL_HASH_BYTES];
} chain_head;
KT_MUST kt_error *chain_head_read(store_view *view, chain_head *head);

typedef struct {
    uint8_t bytes[32 + CHAIN_UNIT_MAX];
    size_t len;
} chain_key;
/* A key of STORE_META: two letters, then text (may be empty) ended by 00, then seq. */
kt_str chain_meta_key(chain_key *key, const char *letters, kt_str text, uint64_t seq);
kt_str chain_entry_key(chain_key *key, uint64_t seq, unsigned part);

/* Reads entries one after another, upwards or downwards. while (chain_next) ..; then chain_end, always. */
typedef struct {
    arena *arena;
    store_view *view;
    store_cursor *cursor; /* upwards */
    kt_str key, value;    /* the part that was read ahead */
    bool ahead;
    buffer joined; /* an entry of several parts */
    uint64_t expected;
    kt_error *error;
} chain_reader;
/* Entries from first (at least 1) to the last. Gaps and foreign bytes are storage errors that name the entry.
 */
KT_MUST kt_error *chain_begin(chain_reader *reader, store_view *view, arena *arena, uint64_t first);
/* entry's slices are good until the next call. */
bool chain_next(chain_reader *reader, journal_entry *entry, kt_str *bytes);
KT_MUST kt_error *chain_end(chain_reader *reader);
/* One entry; its slices are good until the view ends or out is used again. */
KT_MUST kt_error *chain_entry(
    store_view *view, arena *arena, uint64_t seq, buffer *out, journal_entry *entry);
/* "entry 12 of the journal is damaged" */
KT_MUST kt_error *chain_bad(arena *arena, uint64_t seq);

/* A number of eight bytes, big-endian. */
uint64_t chain_u64(const char *bytes);
/* Writes it. */
void chain_put_u64(uint8_t *bytes, uint64_t value);
