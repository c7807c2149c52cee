/* key.h -- the one place where keys of the data space are made. All order by memcmp.
 *
 *   r entity id                  record
 *   i entity index value.. id    index entry, empty: strings folded, cut at KEY_TEXT_MAX bytes
 *                                a covering index has all its values, then how many lines above are alike (u16)
 *   i entity index run value id  of an index in runs; run: u32, the id divided by KEY_RUN
 *   u entity index value..       unique index: 8-byte id; strings raw, long ones cut and hashed
 *   c entity [index value]       counter, 8 bytes: records of the entity, or with that value
 *   h entity id seq              history: the journal's entry in which a record was deleted (core/journal)
 *   t token entity id            search: a folded word of a record
 *   v token                      search: the vocabulary, 8 bytes: records per word
 *   k entity id                  personal key, wrapped by the master key
 *   s entity what ..             sequence: last id or number given (sequence.c)
 *   m entity what ..             where a merged record went (moved.c)
 *
 * entity, index: u16; id, seq: u64; all big-endian. A value is one byte 0x00 for "not set" (first in order),
 * else 0x01 and: integers, days, instants, states, references, booleans as u64 with the sign bit flipped;
 * references to any entity with its u16 in front; decimals by coefficient at the field's scale; strings as
 * bytes with 0x00 -> 0x00 0xff, ended by 0x00 0x01. Since strings are folded and cut, `=` on one looks at the
 * record too, and order ignores case and diacritics. Counter index 0 counts per company. */
#pragma once
#include <endian.h>

#include "record/record.h"

#define KEY_TEXT_MAX 64
/* Records that are written together lie together in an index in runs, whatever their values: a hundred new ones of a
 * hundred items change a few pages, not a hundred. */
#define KEY_RUN 512

typedef enum {
    KEY_RECORD = 'r',
    KEY_INDEX = 'i',
    KEY_UNIQUE = 'u',
    KEY_COUNTER = 'c',
    KEY_HISTORY = 'h',
    KEY_TOKEN = 't',
    KEY_VOCABULARY = 'v',
    KEY_PERSONAL = 'k',
    KEY_SEQUENCE = 's',
    KEY_MOVED = 'm',
} key_table;

typedef struct {
    uint8_t bytes[STORE_KEY_MAX];
    size_t len;
    bool full; /* did not fit: the key must not be used */
} key;

/* Without the room behind it: a key is mostly much shorter than it might be. */
static inline void key_copy(key *to, const key *from)
{
    memcpy(to->bytes, from->bytes, from->len);
    to->len = from->len;
    to->full = from->full;
}

/* Begins a key of a table; then its parts, appended one after another. */
void key_open(key *key, key_table table);
void key_append(key *key, const void *bytes, size_t n); /* as they are */
void key_u16(key *key, uint16_t value);
void key_u64(key *key, uint64_t value);
/* Begins an entry of an index, unique or not, up to its values or, in an index in runs, the run. */
void key_index(key *key, const model_entity *entity, const model_index *index);
void key_run(key *key, uint64_t run);
void key_bytes(key *key, kt_str bytes);
/* One field's value in an index (folded) or a unique index (raw). Of a list of references: one id, in as.i.
 * A boolean that is not set is false. */
void key_value(key *key, const model_field *field, const model_value *value, bool raw);
void key_record(key *key, const model_entity *entity, uint64_t id);
/* The least key above every key that begins with this one: the end of a prefix scan. */
void key_after(key *key);
kt_str key_str(const key *key);
uint64_t key_last_u64(kt_str key); /* the id at an index entry's end */
/* Where an index entry's values begin: behind table, entity, index and run. */
static inline const char *key_values(kt_str key, const model_index *index)
{
    return key.ptr + 5 + (index->in_runs ? 4 : 0);
}
/* Reads the value that begins there, of a field that can be covered (model_can_be_covered). returns where the next one
 * begins */
static inline const char *key_read_value(const char *at, const model_field *field, model_value *value)
{
    uint64_t bits;
    *value = (model_value){.set = *at != 0};
    if (!value->set)
        return at + 1;
    memcpy(&bits, at + 1, sizeof bits);
    int64_t n = (int64_t)(be64toh(bits) ^ UINT64_C(1) << 63);
    if (is_decimal(field->type))
        value->as.d = (kt_dec){n, (uint8_t)(field->scale + 1)};
    else
        value->as.i = n;
    return at + 1 + sizeof bits;
}
/* The value of field i, a reference, in an entry of an index that is not unique. */
void key_read_ref(kt_str key, const model_index *index, size_t i, model_value *value);
