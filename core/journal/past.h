/* past.h -- inside the room: what a journaled change did, as records and for the caller's eyes. */
#pragma once
#include "journal/chain.h"

/* The two sides of a change. Of an update only the fields that are stored in changed parts are set; a side
 * that does not exist has no values. */
typedef struct {
    const model_entity *entity;
    uint64_t id;
    model_change_kind kind;
    model_record before, after;
} past_change;
/* memory  tx's arena; strings point into the entry's bytes */
KT_MUST kt_error *past_change_read(
    kt_tx *tx, const model_entity *entity, const journal_change *change, past_change *past);
/* Goes on in the entry to the record's change. */
bool past_change_find(journal_entry *entry, const model_entity *entity, uint64_t id, journal_change *change);
/* Stamps and version say that something changed, not what. */
bool past_field_counts(const model_field *field);
/* Did it change the field, for whoever may see it? */
bool past_differs(const past_change *past, const model_field *field);

/* Puts an update's parts back: the record's bytes as they were before it (after it: forward), from the bytes
 * as they are on the other side. */
KT_MUST kt_error *past_bytes(
    kt_tx *tx, kt_str bytes, const journal_change *change, bool forward, kt_str *result);

/* A record's entry. Entries are gone through newest first: the record bears the number of its newest one, and as it was
 * ahead of an entry, that of the one before. */
typedef struct {
    const model_entity *entity;
    uint64_t id, seq; /* seq 0: there is none */
} past_place;
/* What the transaction itself did to the record is no entry yet. */
KT_MUST kt_error *past_newest(kt_tx *tx, const model_entity *entity, uint64_t id, past_place *newest);
/* Goes on to the entry before. borne: by the record as it was ahead of the entry; 0: there was none, or it bore none */
KT_MUST kt_error *past_before(kt_tx *tx, past_place *at, uint64_t borne);

/* A record as it was at that moment, past all rights. was->values NULL: it was not there. */
KT_MUST kt_error *journal_record_then(
    kt_tx *tx, const model_entity *entity, uint64_t id, kt_time at, model_record *was);

/* What stays the same while many changes are shown to one caller. */
typedef struct {
    kt_tx *tx;
    uint8_t *entities; /* by number: 0 not asked yet, 1 may be read, 2 may not */
    size_t entity_count;
    uint64_t user; /* whose name was looked up last */
    kt_str user_name;
    arena *outer, *scratch;
    kt_memory before;
    model_catalogue *whole; /* with the fields that were removed; made when first needed */
    bool whole_tried;
} past_view;
/* Entries are read in memory of their own, given back after each: tx->arena is that until past_view_close. */
KT_MUST kt_error *past_view_open(past_view *view, kt_tx *tx);
/* Before each entry: what the one before took is given back. Returns what dooms the transaction: the walk is over. */
KT_MUST kt_error *past_view_next(past_view *view);
/* Returns error, in the memory from before. */
KT_MUST kt_error *past_view_close(past_view *view, kt_error *error);
/* As past_change_read, with the fields that were removed since, if the change knows any. */
KT_MUST kt_error *past_change_read_whole(
    past_view *view, const model_entity *entity, const journal_change *change, past_change *past);
/* May the caller read the entity; may it see this record, as it is now or was when it was deleted? */
bool past_entity_visible(past_view *view, const model_entity *entity);
KT_MUST kt_error *past_record_visible(
    past_view *view, const model_entity *entity, uint64_t id, bool *visible);
/* Writes members seq, at, by, by_name, origin, request, unit. */
KT_MUST kt_error *past_entry_json(past_view *view, const journal_entry *entry, json *j);
/* Is the caller told that the field changed: may it see it, and does get show it without being asked? An erasure
 * changed all personal fields, though nobody knows from what. */
bool past_tells(kt_tx *tx, const past_change *past, const model_field *field);
/* Is there a field of which the caller is told? */
bool past_shows(past_view *view, const past_change *past);
