/* entry.h -- the bytes of a journal entry: docs/journal-format.md. Pure: no store, no catalogue. */
#pragma once
#include "model/model.h"

#define JOURNAL_FORMAT     1
#define JOURNAL_HASH_BYTES 32
#define JOURNAL_PART_BYTES 65536 /* of one stored value */

typedef struct {
    uint64_t seq, user;
    kt_time time;
    model_origin origin;
    kt_str request, unit;
    const uint8_t *previous, *hash; /* JOURNAL_HASH_BYTES each */
    uint64_t count;                 /* of changes */
    kt_str rest;                    /* what journal_entry_next has not read yet */
    bool bad;                       /* the bytes do not follow the format */
} journal_entry;

typedef struct {
    model_change_kind kind;
    uint16_t entity; /* number */
    uint64_t id;
    kt_str before, after; /* whole encoded records; of an update only if `whole` */
    bool whole;
    uint8_t format; /* of the parts: an encoded record's first byte */
    uint64_t count; /* of parts */
    kt_str rest;
} journal_change;

/* One top-level part of a record that an update changed; not set: absent on that side. */
typedef struct {
    uint64_t tag;
    kt_str before, after;
} journal_part;

/* The start of the bytes: how long the whole entry is. returns 0: too few bytes, or another format */
size_t journal_entry_length(kt_str start);
/* Reads everything ahead of the changes; slices point into bytes. false: not an entry. The hash is not
 * checked. */
KT_MUST bool journal_entry_open(kt_str bytes, journal_entry *entry);
/* The next change. false: no more, or entry->bad. */
KT_MUST bool journal_entry_next(journal_entry *entry, journal_change *change);
/* The next part of an update that is not `whole`. false: no more. */
KT_MUST bool journal_change_next(journal_change *change, journal_part *part);

/* false: a record that was made and deleted again, or written as it was, which leaves no trace. */
KT_MUST bool journal_is_change(const model_change *change);

/* Writes one entry of tx's changes into out, with its hash at the end.
 *   previous  hash of the entry before
 *   returns   limit: longer than out's maximum; storage: a record's bytes are damaged */
KT_MUST kt_error *journal_entry_write(
    const kt_tx *tx, uint64_t seq, const uint8_t previous[JOURNAL_HASH_BYTES], buffer *out);

/* SHA-256. returns false: libcrypto failed */
KT_MUST bool journal_hash(kt_str bytes, uint8_t out[JOURNAL_HASH_BYTES]);
