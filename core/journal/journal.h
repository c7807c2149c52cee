/* journal.h -- every committed transaction is one entry of a gapless, hash-chained log: audit trail, change
 * feed, undo, time travel. Entries are kept in STORE_JOURNAL under (sequence u64, part u16);
 * docs/journal-format.md fixes the bytes for the stand-alone verifier. */
#pragma once
#include "model/model.h"

/* Tells a transaction that will write which entry its changes will be: they bear it. Ahead of the first of them. */
KT_MUST kt_error *journal_begin(kt_tx *tx);
/* Appends the transaction's changes as one entry; nothing changed: no entry, seq 0. Call once per transaction that
 * journal_begin began, last, after model_commit_checks. thread: the writer */
KT_MUST kt_error *journal_append(kt_tx *tx, uint64_t *seq);
/* The last sequence number in this view; 0: none. */
KT_MUST kt_error *journal_head(store_view *view, uint64_t *seq);
/* The last one of before a moment; 0: none. */
KT_MUST kt_error *journal_before(store_view *view, arena *arena, kt_time at, uint64_t *seq);

/* Writes members "entries" [{seq, at, by, origin, request, unit, kind, changes:[{field, before, after}]}] and
 * "next". */
KT_MUST kt_error *journal_history(
    kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t limit, kt_str cursor, json *answer);
/* Counts those of the records of which, or of what was merged into them, the journal tells personal values that no key
 * guards. Asked when their keys were destroyed: of what was written before its field became personal. */
KT_MUST kt_error *journal_tells_personal(
    kt_tx *tx, const model_entity *entity, const uint64_t *ids, size_t count, size_t *told);
/* The feed after seq: members "entries", "next" (the seq to go on from; it moves past what the caller may not
 * see), "head". filter: {"entities": [..], "kinds": [..], "ids": [..]}; NULL: all. */
KT_MUST kt_error *journal_since(kt_tx *tx, uint64_t seq, const variant *filter, uint32_t limit, json *answer);

/* Shows what was deleted in the entry in which a record was deleted last, this one too, as it was, past all rights; of
 * what is there again or never was, nothing.
 *   record  while it is shown */
KT_MUST kt_error *journal_gone_with(kt_tx *tx, const model_entity *entity, uint64_t id,
    kt_error *(*look)(void *context, const model_record *record), void *context);

/* Reads "as of": an instant, or a day, which means its end where the company is. */
KT_MUST kt_error *journal_moment(kt_tx *tx, kt_str text, kt_time *at);
/* Gives tx, which only reads, a catalogue in which custom fields and entities that changed since, or were removed,
 * are as they were at `at`: entities are to be found in it anew. What was defined later is there too, and empty;
 * what modules declare is today's. Where what was does not fit what modules declare now, today's stays. */
KT_MUST kt_error *journal_definitions(kt_tx *tx, kt_time at);
/* Writes an array of the modules that were enabled then, [{name, version}]. */
KT_MUST kt_error *journal_modules(kt_tx *tx, kt_time at, json *out);
/* Rebuilds the state as of `at` in the transaction's overlay: reads of tx then see the past. entity NULL:
 * everything; id 0: all records of the entity. tx must be a read transaction; its view becomes writable and
 * is never applied.
 *   depth    over how many references what is reached travels too
 *   returns  limit at "as_of": too much has changed since */
KT_MUST kt_error *journal_travel(
    kt_tx *tx, kt_time at, const model_entity *entity, uint64_t id, unsigned depth);

/* One change, as journal_walk_back shows it: the whole record on both sides, as encoded bytes. */
typedef struct {
    uint64_t seq, user;
    kt_time at;
    const model_entity *entity;
    uint64_t id;
    model_change_kind kind;
    kt_str before, after; /* not set where there is none */
} journal_step;
/* Goes back through the newest entries, unwinding each in the transaction's overlay; look sees each change
 * while the overlay stands as it was right after its entry, and must leave it so; meanwhile tx's memory is that
 * of the entry alone. tx's view is writable, and never applied; tx does not write. An error of look ends it.
 *   since  entries before it are left alone; not set: there is no such end */
KT_MUST kt_error *journal_walk_back(kt_tx *tx, uint64_t entries, kt_time since,
    kt_error *(*look)(void *context, const journal_step *step), void *context);

/* Undoes a unit (or the entry `seq` if unit is not set): what nobody changed since goes back, the rest is
 * reported as conflicts and left alone. A unit of many changes is undone in steps: members "reverted",
 * "conflicts" [{entity, id, title, field, now, wanted, message}], "unit" (of the undoing) and, while there is
 * more to do, "next".
 *   cursor   "next" of the step before, or not set
 *   returns  not_found: there is no such unit or entry, or nothing of it that the caller may see */
KT_MUST kt_error *journal_revert(kt_tx *tx, kt_str unit, uint64_t seq, kt_str cursor, json *answer);

typedef struct {
    uint64_t entries, checkpoints; /* that were checked */
    uint64_t first_bad;            /* 0: sound */
    uint8_t head_hash[32];
    const char *reason; /* of first_bad */
} journal_verdict;
/* Recomputes the chain in chunks, each in its own snapshot, and checks the signed checkpoints.
 *   returns  an error only if it could not be judged: a damaged journal is a verdict */
KT_MUST kt_error *journal_verify(store *store, arena *arena, journal_verdict *verdict,
    void (*progress)(void *context, uint64_t done), void *context);
/* Signs {seq, hash, time} with the server's Ed25519 key (directory/journal.key, 0600, made at first use),
 * keeps it in the store and appends it as a line to directory/checkpoints.log, for anchoring elsewhere. What
 * is signed already is answered as it is.
 *   thread  any but the writer: it waits for files and for a commit */
KT_MUST kt_error *journal_checkpoint(store *store, arena *arena, const char *directory, json *answer);

extern const method journal_methods[]; /* journal.since history revert verify checkpoint head; ended by {0} */
