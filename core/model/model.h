/* model.h -- declared entities come to life: a catalogue is built of declarations, and records are created, changed,
 * moved through their states, merged and deleted with all that hangs on them.
 *
 * A change of modules or definitions builds a new catalogue and swaps it whole. Whoever works with records includes this
 * header, which brings those of the rooms below: record/record.h, query/query.h. */
#pragma once
#include "query/query.h"

/* ---- Building a catalogue ---- */

/* One bounded piece of what a new catalogue still has to do over large entities: filling new indexes,
 * removing those that are no longer declared. Writes keep an index that is being filled; queries do not use
 * it until the next catalogue finds it whole.
 * What references of a field that was away pointed to may have gone: they are cleared, which makes changes.
 *   more     false: nothing was left to do
 *   returns  conflict: two records, which it names, have the same in what should be unique
 *   thread   writer, in a job of its own */
KT_MUST kt_error *model_fill_step(kt_tx *tx, bool *more);
/* Compiles modules and the stored custom definitions; gives numbers to what is new, and fills new indexes
 * from the records that exist, if they are few; else model_fill_step does. Checks names, targets, types,
 * choices, indexes: all problems at once.
 *   view    writable: the numbers and index entries are written through it
 *   memory  the catalogue lives in its own arena; counted references, see model_catalogue_hold */
KT_MUST kt_error *model_catalogue_build(
    arena *arena, store_view *view, const model_sources *sources, model_catalogue **catalogue);
/* What the building lets pass, for a server has to start with what it has: conditions of fields (show_if, required_if,
 * readonly_if) that cannot be read, references to custom entities that are not there, views that are no JSON.
 *   before   the catalogue in whose place it comes, or NULL: what is wrong there already is not told
 *   returns  all that is wrong, or NULL */
KT_MUST kt_error *model_catalogue_check(
    kt_tx *tx, const model_catalogue *catalogue, const model_catalogue *before);

/* ---- Changing records ---- */

/* What has been written so far, to go back to: the transaction's part of the overlay and its changes. */
typedef struct {
    store_mark mark;
    model_change *first, *last;
    model_change *copies;
    size_t count;
    struct model_ahead *ahead;
} model_savepoint;
KT_MUST kt_error *model_savepoint_set(kt_tx *tx, model_savepoint *save);
/* Takes back what was written since. */
KT_MUST kt_error *model_savepoint_back(kt_tx *tx, const model_savepoint *save);

/* The clock by which the days of a company go, whoever may see it; of company 0: that of the first company, which is the
 * clock of whoever works in none.
 *   of  zone_close it, behind the last use of tx->zone; NULL, UTC: the company is not there, or names no zone */
KT_MUST kt_error *model_company_zone(kt_tx *tx, uint64_t company, zone **of);

/* The next number of a series of an entity's, beside the numbers of its records: by a pattern such as "L/{year}/{seq:4}", for a
 * company, counted in the periods that the pattern names.
 *   ahead    so many numbers later
 *   take     it is given now, in this transaction; else it is only looked at
 *   returns  validation: no such pattern */
KT_MUST kt_error *model_series(kt_tx *tx, const model_entity *entity, uint64_t company, kt_str pattern,
    uint64_t ahead, bool take, kt_str *number);

/* The dynamic verbs: rights, defaults, validation (all problems at once), computed fields, checks of
 * references, unique indexes, sequences, indexes, counters, search, events. `values` is an object of wire
 * values; lines are arrays of objects (with "id" of a line to keep it), null empties a field, {"$ref"} is the
 * bus's business. */
KT_MUST kt_error *model_create(
    kt_tx *tx, const model_entity *entity, const variant *values, model_record *created);
/* The same under an id that is still free: what an export brought back. returns conflict at "id": it is taken
 */
KT_MUST kt_error *model_create_as(
    kt_tx *tx, const model_entity *entity, uint64_t id, const variant *values, model_record *created);
/* The record that these values would make, with what its module computes; nothing is judged or stored, and what
 * cannot be read is left out: for telling whether there is such a record already. */
KT_MUST kt_error *model_rehearse(
    kt_tx *tx, const model_entity *entity, const variant *values, model_record *record);
/* if_version 0: whatever it is. returns conflict with both values of each field that differs */
KT_MUST kt_error *model_update(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version,
    const variant *values, model_record *updated);
KT_MUST kt_error *model_upsert(kt_tx *tx, const model_entity *entity, kt_str external_id,
    const variant *values, model_record *record, bool *created);
KT_MUST kt_error *model_delete(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version);
/* Runs a declared action or transition; answer gets its result's members, or NULL.
 *   params   its own; one that it does not have is refused, with or without others declared */
KT_MUST kt_error *model_act(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version,
    const model_action *action, const variant *params, model_record *record, json *answer);
/* Runs the declared checks of all changed records. Once, before the journal takes the changes. */
KT_MUST kt_error *model_commit_checks(kt_tx *tx);
/* What the transaction did to the record; NULL: nothing. */
model_change *model_change_of(kt_tx *tx, const model_entity *entity, uint64_t id);
/* Puts a record back to these bytes (not set: deletes it) with all its indexes, past validation: undo, time
 * travel. */
KT_MUST kt_error *model_restore(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str bytes);
/* Destroys the personal key of a record: its personal fields are gone here, in the journal and in later
 * backups. */
KT_MUST kt_error *model_erase(kt_tx *tx, const model_entity *entity, uint64_t id);
typedef struct {
    uint64_t into;       /* the record that stays */
    const uint64_t *ids; /* those that go: at most MERGE_MAX */
    size_t count;
    uint32_t if_version;   /* of into; 0: whatever it is */
    const variant *choose; /* {field: id of the record whose value is taken}, or NULL */
    bool keep; /* where nothing is chosen the first value that is set wins, that of `into` first */
} model_merge_request;
/* Joins records into one: values that only one of them has are kept, lists and lines joined without doubles,
 * whatever points to the others points to it, and their old ids, external ids and numbers lead to it. Needs
 * the rights to update the one and to delete the others. An ordinary transaction: undone by journal_revert.
 *   answer   id, version, conflicts, repointed and dropped: counts by entity
 *   returns  conflict for every field in which they differ and nothing is chosen; in a rehearsal they are
 *            only listed */
KT_MUST kt_error *model_merge(
    kt_tx *tx, const model_entity *entity, const model_merge_request *request, json *answer);
typedef struct {
    uint64_t from, to;       /* users */
    const variant *entities; /* {name: a filter, or true}; NULL: every entity with an owner */
} model_reassign_request;
/* Gives what one user owns to another: every record that the caller may update, in one transaction, undone by
 * journal_revert. Left out are settings that go with their user, unless named.
 *   answer   rows: {entity, changed, not_yours}
 *   returns  limit: more than one transaction takes */
KT_MUST kt_error *model_reassign(kt_tx *tx, const model_reassign_request *request, json *answer);
/* Writes the members of a struct (not the braces) under their fields' names; the shape need not be known to
 * any catalogue. */
void model_struct_json(const kt_tx *tx, const kt_shape *shape, const kt_record *rec, json *out);
/* Which actions the caller may run now, as names in an array. */
void model_allowed_actions(kt_tx *tx, const model_record *record, json *out);
/* The refusal of a parameter that is not there; it lists those that are.
 *   known  their names, with commas; empty: none */
KT_MUST kt_error *model_no_parameter(arena *arena, const char *path, kt_str name, kt_str known);
enum { PARAMS_WRONG_MAX = 50 }; /* enough to mend; a message may have a hundred thousand wrong members */
/* Runs a module's method: decodes params by its shape, runs, writes the result's members into answer. */
KT_MUST kt_error *model_call(kt_tx *tx, const kt_method *method, const variant *params, json *answer);

/* Re-proves over the whole view: every index entry has its record and back, counters, references, unique,
 * sequences. */
KT_MUST kt_error *model_check(kt_tx *tx, void (*report)(void *context, const char *finding), void *context);

/* ---- Methods ---- */

/* How the core's own rooms offer methods; a module's kt_method is compiled to the same. */
typedef enum { METHOD_READ, METHOD_WRITE, METHOD_SLOW, METHOD_PLAIN } method_mode; /* PLAIN: no transaction */
typedef struct {
    const char *name;
    variant_kind kind; /* VARIANT_NULL: any */
    bool required;
    kt_text help;
} method_param;
typedef struct method_call method_call;
/* The rooms that methods of the core work on; each knows only those below it. */
typedef struct method_rooms {
    store *store;
    struct access_control *access;
    struct plugins *plugins;
    struct automation *automation;
    struct bus *bus;
    struct jobs *jobs;
    struct papers *papers;
    const char *data_directory;
    const uint8_t *master_key;
    /* Transactions for METHOD_PLAIN handlers, which run in a thread that may wait and have none of their own.
     * read runs body on a fresh snapshot on behalf of the call's caller; write queues it to the writer and
     * waits for its commit: with checks, journal and notices as for any write. Body may set tx->guard to NULL
     * for what the system itself reads and writes. */
    kt_error *(*read)(method_call *call, kt_error *(*body)(kt_tx *tx, void *context), void *context);
    kt_error *(*write)(method_call *call, kt_error *(*body)(kt_tx *tx, void *context), void *context);
    /* Does a method, of the core or of a module, declare the right "journal:verify"? */
    bool (*declares)(const struct bus *bus, const model_catalogue *catalogue, kt_str right);
} method_rooms;
struct method_call {
    const method_rooms *rooms;
    kt_tx *tx; /* NULL for METHOD_PLAIN */
    arena *arena;
    const variant *params;
    json *answer; /* the handler writes one value */
    void *server; /* what server.h calls struct server */
    const char *lang;
    kt_str remote, token; /* where the call came from; its token */
    bool dry_run;         /* asked for beside the parameters */
};
typedef struct {
    const char *name;  /* "journal.since" */
    const char *right; /* "public", "login", "access.user:create"; none: refused at registration */
    method_mode mode;
    kt_text help;
    const method_param
        *params; /* ended by {0}; an unknown member of params is an error before the handler runs */
    kt_error *(*run)(method_call *call);
    bool
        secret; /* PLAIN: its parameters hold a password or the like, of which nothing is kept, no digest either */
} method;

/* field.define remove list, entity.define remove list, person.erase export; ended by {0}. After a transaction
 * whose changes are model_redefines, the room above builds a new generation (plugins_rebuild). */
extern const method model_methods[];
/* Declares model.definition: fields and entities that were defined at run time, and modules. Built in. */
extern const kt_module model_module;
/* Notes in the journal that a module was enabled, disabled (active: false) or upgraded; within the
 * transaction that does it, on behalf of its user. */
KT_MUST kt_error *model_note_module(kt_tx *tx, const char *name, kt_str version, bool active);
/* Does one of these changes change what is defined? Then the room above builds a new generation. */
bool model_redefines(const model_change *changes);
/* A transaction goes by the definitions that it began with: where an error of a call, whose method this is, comes
 * of one that the transaction itself makes, the hint says so. Returns error. */
KT_MUST kt_error *model_hint_defined(kt_tx *tx, kt_str method, kt_error *error);
