/* entries.h -- what hangs on a record beside its bytes: index entries, unique keys, counters, words. */
#pragma once
#include "model/internal.h"

/* The one entry of a record in an index, in which no record has several.
 *   returns  false: there is none. out->full: there was no memory to make the key */
bool entry_key(const model_index *index, const model_record *record, key *out);
typedef struct { /* keys, in order, each once */
    kt_str *items;
    size_t count;
} entries;
/* The entries of a record in any index. */
KT_MUST kt_error *entries_in(kt_tx *tx, const model_index *index, const model_record *record, entries *all);

/* Moves the record's entries from before to after, either of which may be NULL. changed: per field's
 * position, whether it differs; NULL: all. */
KT_MUST kt_error *entries_write(
    kt_tx *tx, const model_record *before, const model_record *after, const bool *changed);
/* Puts the entries of one index for a record: filling a new index. */
KT_MUST kt_error *entries_fill(kt_tx *tx, const model_index *index, const model_record *record);
enum { FILL_AT_ONCE = 2000 }; /* records up to which a new index is filled with the catalogue */
/* Adds to *problems a conflict for each unique index in which another record stands. */
KT_MUST kt_error *entries_check_unique(
    kt_tx *tx, const model_record *after, const bool *changed, kt_error **problems);
/* Kept counters: of the value of an index's first field in a record, of the entity, of a company's records. */
void counter_key(key *out, const model_entity *entity, const model_index *index, const model_record *record);
KT_MUST kt_error *counter_add(kt_tx *tx, const key *name, int64_t change);
/* For who has read it already; 0: it goes. */
KT_MUST kt_error *counter_write(kt_tx *tx, const key *name, uint64_t count);
void counter_company_key(key *out, const model_entity *entity, const model_record *record);

/* words.c: the distinct words of a record's searchable fields and its number, in order. */
typedef struct {
    kt_str *items;
    size_t count;
} words;
KT_MUST kt_error *words_of(kt_tx *tx, const model_record *record, words *out);
/* Moves the record's words from before to after, as entries_write. */
KT_MUST kt_error *words_write(
    kt_tx *tx, const model_record *before, const model_record *after, const bool *changed);
/* Puts a word of a record, or takes it away, and counts it. */
KT_MUST kt_error *word_change(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str word, bool add);
/* Reads a token's key; the word is borrowed from it. returns false: it is none */
bool word_of_token(kt_str name, uint16_t *entity, kt_str *word);
/* Removes all words of an entity. */
KT_MUST kt_error *words_clear(kt_tx *tx, const model_entity *entity);
/* A word of a record; a word in the vocabulary. */
void word_key(key *out, kt_str word, const model_entity *entity, uint64_t id);
void vocabulary_key(key *out, kt_str word);
