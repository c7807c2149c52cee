/* model.h -- declared entities over the store: catalogue, records, validation, indexes, references, states,
 * queries.
 *
 * A catalogue is the compiled, immutable form of all that enabled modules and the integrator's run-time
 * definitions declare; a change builds a new one and swaps it whole. Entities and fields carry numbers that
 * are kept in the store for ever: an old record reads under a newer catalogue.
 *
 * Access control and the journal are above: they come in as a guard and as the list of changes. */
#pragma once
#include "kit/calendar.h"
#include "kit/error.h"
#include "kit/json.h"
#include "kit/variant.h"
#include "store/store.h"

/* ---- Catalogue ---- */

typedef struct model_entity model_entity;
typedef struct model_catalogue model_catalogue;

/* Positions of the fields that every entity has, ahead of its own. Lines have none of them. */
enum {
    MODEL_ID,
    MODEL_VERSION,
    MODEL_CREATED_AT,
    MODEL_CREATED_BY,
    MODEL_UPDATED_AT,
    MODEL_UPDATED_BY,
    MODEL_COMPANY,
    MODEL_EXTERNAL_ID,
    MODEL_NUMBER,
    MODEL_OWN, /* the first declared field */
};

typedef struct model_field {
    kt_str name;
    kt_type type;
    uint16_t position; /* in model_record.values */
    uint16_t tag;      /* in stored records; for ever */
    kt_text label, help;
    kt_str target_name;
    const model_entity
        *target; /* of references; NULL for "*" and for targets of modules that are not enabled */
    kt_str initial, group, module;                     /* module: who declared it; "custom": the integrator */
    kt_str show_if, required_if, readonly_if, explain; /* as declared */
    kt_str mask;      /* under which name roles see it masked; empty: never */
    bool mask_within; /* of what people write: only what looks like a contact is masked */
    bool required, unique, indexed, searchable, personal, computed, recorded, fixed, system;
    bool internal; /* its show_if is "false": the module's own, told only to who names it */
    uint8_t scale;
    uint32_t max, priority;
    kt_on_delete on_delete;
    const kt_choice *choices; /* ended by {0} */
    const model_entity *lines;
} model_field;

#define MODEL_INDEX_FIELDS 8
#define MODEL_INDEXES_MAX  60 /* of an entity */
typedef struct model_index {
    uint16_t number;            /* in keys; for ever */
    bool unique;                /* kept in KEY_UNIQUE only, else in KEY_INDEX only */
    bool counted;               /* KEY_COUNTER holds the records per value of the first field */
    const model_field *through; /* NULL, or the lines whose fields these are: an entry per distinct value */
    bool covering; /* an entry per line of `through`, for aggregates alone: no query is planned by it */
    bool seeking;  /* being filled, and records that it has not yet may hold references: reference.c */
    bool inside
        [MODEL_INDEX_FIELDS]; /* covering: which fields are the lines'; the others are the record's own */
    size_t count;
    const model_field *fields[MODEL_INDEX_FIELDS];
} model_index;

typedef struct model_action {
    kt_str name;
    const kt_action *declared;
    const model_entity *params; /* compiled like lines; NULL: none */
} model_action;

struct model_entity {
    kt_str name, module; /* "crm.deal", "crm" */
    uint16_t number;     /* in keys; for ever */
    kt_text label, plural, module_label;
    const model_field *fields; /* field_count; position i is fields[i] */
    size_t field_count;
    const model_index *indexes; /* index_count that are whole, then filling_count that are not yet */
    size_t index_count, filling_count;
    const model_action *actions;
    size_t action_count;
    const model_field *title, *state,
        *owner; /* NULL: none. owner: the field named "owner" that refers to a user */
    kt_str number_pattern, icon, views, columns;
    bool gapless, numbered_later, shared, log_reads, custom, lines_only, enabled;
    bool has_personal;
    const kt_entity *declared;               /* NULL: custom */
    uint8_t hash[16];                        /* of the whole declaration, for clients' caches */
    const struct model_internals *internals; /* this room's */
};

/* A definition made at run time, as it was at another time. */
typedef struct {
    kt_str key;  /* "crm.deal/colour", "custom.machine" */
    kt_str text; /* as model.definition keeps it */
    bool field;
} model_then;

/* What a catalogue is built from; all borrowed while building, copied. */
typedef struct {
    const kt_module *const *modules; /* in dependency order; NULL-terminated */
    /* What modules that are not enabled declared, or NULL: their entities are readable (enabled = false);
     * their actions, methods, handlers and services are absent. */
    const kt_module *const *disabled;
    const uint8_t *master_key; /* to read personal fields while a new index is filled; may be NULL */
    bool past;                 /* with what was removed; nothing is written, so the view may be read only */
    const model_then *then; /* past: in place of today's, ended by {0}; NULL: all fields that were removed */
} model_sources;

/* One bounded piece of what a new catalogue still has to do over large entities: filling new indexes,
 * removing those that are no longer declared. Writes keep an index that is being filled; queries do not use
 * it until the next catalogue finds it whole.
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
const model_catalogue *model_catalogue_hold(const model_catalogue *catalogue);
void model_catalogue_release(const model_catalogue *catalogue);
const model_entity *model_entity_find(const model_catalogue *catalogue, kt_str name);
const model_entity *model_entity_by_number(const model_catalogue *catalogue, uint16_t number);
/* What the catalogue was built from. */
const model_sources *model_catalogue_sources(const model_catalogue *catalogue);
/* In order of module and declaration; i < count. */
size_t model_entity_count(const model_catalogue *catalogue);
const model_entity *model_entity_at(const model_catalogue *catalogue, size_t i);
const model_field *model_field_find(const model_entity *entity, kt_str name);
const model_action *model_action_find(const model_entity *entity, kt_str name);
/* What a shape binds: the entity of its name, or the compiled fields of lines, parameters or a result.
 * NULL: not in this catalogue */
const model_entity *model_shape_entity(const model_catalogue *catalogue, const kt_shape *shape);
/* Event handlers and services of the modules, in a defined order. */
const void *model_service_find(const model_catalogue *catalogue, const char *name, unsigned version);

/* ---- Records ---- */

typedef struct model_record model_record;
typedef struct {
    bool set;
    union {
        int64_t i; /* BOOL, INT, DATE (day), TIME (ms), STATE (choice), REF and FILE (id) */
        kt_str s;  /* STRING, TEXT, JSON; NUL-terminated */
        kt_dec d;  /* at the field's scale */
        struct {
            uint16_t entity; /* REF to "*": the entity's number */
            uint64_t id;
        } any;
        struct {
            const uint64_t *ids;
            size_t count;
        } refs;
        struct {
            model_record *items;
            uint32_t count;
            uint32_t last; /* the highest id that a line ever had, if no line has it now; also when not set */
        } lines;
    } as;
} model_value;
struct model_record {
    const model_entity *entity;
    model_value *values;      /* entity->field_count */
    kt_str rest, sealed_rest; /* stored parts that this catalogue does not know: kept when it is rewritten */
};

/* Two values of one field: lines by their members, decimals by coefficient. */
bool model_value_equal(const model_field *field, const model_value *a, const model_value *b);
/* Compact, self-describing bytes (core/model/README.md); decimals carry their scale; personal fields are one
 * sealed part (XChaCha20-Poly1305 under the record's key). Unknown tags are carried along. */
KT_MUST kt_error *model_record_encode(kt_tx *tx, const model_record *record, kt_str *bytes);
/* A record whose personal key was destroyed reads with those fields not set.
 *   record  if its values are not NULL they are used again; else they are allocated
 *   memory  strings are NUL-terminated and point into bytes */
KT_MUST kt_error *model_record_decode(
    kt_tx *tx, const model_entity *entity, uint64_t id, kt_str bytes, model_record *record);
/* The same, of the fields that are wanted; the others are not set. wanted: by position; NULL: all. The record
 * is for looking at, not for writing. */
KT_MUST kt_error *model_record_decode_part(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str bytes,
    const bool *wanted, model_record *record);

/* Steps through an encoded record's top-level parts in stored order. A record's first byte with any of its
 * parts is a record again, in which the fields of the other parts are not set.
 *   at    0 to begin
 *   part  the raw bytes of all that the field has, tags and all
 *   returns false: no more, or damage (*at is SIZE_MAX) */
bool model_record_part(kt_str bytes, size_t *at, uint32_t *tag, kt_str *part);
/* Is the part with this tag half of a value: lines with personal members, or the personal part, which has those? A
 * record of some of the parts has all such ones, or none. */
bool model_part_is_half(const model_entity *entity, uint32_t tag);

/* ---- Transactions ---- */

typedef enum { MODEL_RPC, MODEL_RULE, MODEL_IMPORT, MODEL_JOB, MODEL_SYSTEM } model_origin;
typedef enum { MODEL_CREATED = 1, MODEL_UPDATED, MODEL_DELETED } model_change_kind;
typedef struct model_change {
    model_change_kind kind;
    const model_entity *entity;
    uint64_t id;
    kt_str before, after; /* encoded records; not set where there is none */
    bool joined;          /* only a merge wrote to it: its checks are told so */
    struct model_change *next;
} model_change; /* one per record: several writes of a request join */

/* Rights, judged by the room above. Any member may be NULL: everything is allowed. */
typedef struct model_guard {
    /* May the caller do this at all? action: "read", "create", "update", "delete", "export" or an action's
     * right. */
    kt_error *(*entity)(kt_tx *tx, const model_entity *entity, const char *action);
    /* May the caller do it to this record? A record that may not be read does not exist for its caller. */
    bool (*record)(kt_tx *tx, const model_record *record, const char *action);
    /* May the caller see (write) this field? A hidden field can be used nowhere. */
    bool (*field)(kt_tx *tx, const model_field *field, const model_entity *entity, bool write);
    /* May the caller see a field that can be masked as it is? record NULL: in every record. */
    bool (*clear)(
        kt_tx *tx, const model_field *field, const model_entity *entity, const model_record *record);
    /* The caller asks which records have this value in a field that is masked for the caller. returns limit */
    kt_error *(*asked)(kt_tx *tx, const model_field *field, const model_entity *entity, kt_str value);
    /* Has the caller the right "ENTITY:ACTION"? Behind kt_may. */
    bool (*may)(const kt_tx *tx, const char *right);
    /* A filter that `record` implies, for the planner. NULL: every record is the caller's, and `record` is
     * not asked; any filter, also an empty one: it is asked about each that passes, unless *whole says that
     * the filter is all there is to ask. */
    const struct model_filter *(*scope)(
        kt_tx *tx, const model_entity *entity, const char *action, bool *whole);
    /* The record is handed out to the caller, wherever anything of it is written: see model_shown. Action
     * "group": it stands for several that were added up. */
    void (*seen)(kt_tx *tx, const model_entity *entity, uint64_t id, const char *action);
} model_guard;

/* What happened, for whoever watches over all modules' handlers: rules. */
typedef enum {
    MODEL_SEEN_CREATED = 1,
    MODEL_SEEN_UPDATED,
    MODEL_SEEN_DELETED,
    MODEL_SEEN_ACTION,
    MODEL_SEEN_EVENT
} model_seen_kind;
typedef struct {
    model_seen_kind kind;
    const char *name;           /* of the action, or of a module's own event */
    const model_entity *entity; /* NULL: an event that is about no record */
    const model_record *before, *after;
    kt_str payload; /* of such an event: JSON; or not set */
} model_seen;
typedef struct model_watch {
    const uint8_t *entities; /* by entity number: 1, it is watched. What is not watched costs nothing */
    size_t entity_count;
    bool events; /* modules' own events are watched */
    /* Runs in the transaction, after the modules' handlers; its error dooms the transaction. */
    kt_error *(*seen)(kt_tx *tx, const model_seen *seen);
} model_watch;
/* Something of the record is handed out to the caller: tells the guard, if the entity asks for it. action:
 * "read" or "export" */
void model_shown(kt_tx *tx, const model_entity *entity, uint64_t id, const char *action);
/* Begins work in memory that goes sooner than the transaction: what is allocated and read from now on lies there. Returns
 * where it was until now, for model_memory_back. */
KT_MUST kt_memory model_memory_in(kt_tx *tx, arena *passing);
/* Ends such work. What it came to, and what it dooms the transaction with, outlives it. Returns error. */
KT_MUST kt_error *model_memory_back(kt_tx *tx, kt_memory before, kt_error *error);
/* The memory that lasts as long as the transaction. */
arena *model_lasting(const kt_tx *tx);

struct kt_tx {
    arena *arena;   /* of the work that goes on now */
    arena *lasting; /* as long as the transaction; NULL: arena is it */
    store_view *view;
    const model_catalogue *catalogue;
    const model_guard *guard; /* NULL: the system itself */
    const void *actor;        /* the guard's own */
    const model_watch *watch; /* NULL: nobody watches */
    void *watcher;            /* the watch's own, NULL at first */
    void *shown;              /* the guard's own: what the caller was shown so far */
    uint64_t user, company;   /* 0: the system; 0: no company chosen */
    const char *lang;         /* "en" or "pl" */
    const zone *zone;         /* of the company; NULL: UTC */
    kt_time now;
    model_origin origin;
    kt_str request_id, unit;   /* unit: what can be undone as a whole; not set: the request */
    const uint8_t *master_key; /* 32 bytes, wraps the records' personal keys */
    bool writes;               /* false: any write is an error */
    bool rehearsal;            /* a dry run: nothing of it will stay */
    int64_t deadline_ms;       /* monotonic; queries that go on past it end with limit; 0: none */
    bool joining;              /* a merge re-points references */
    bool keep_authors;         /* imports: created_at/by and updated_at/by may be given */
    kt_error *doomed;          /* an overflow or memory failure that must fail the request at its end */
    model_change *changes, *last_change;
    struct model_kept *kept;                 /* what modules keep while it lasts */
    unsigned depth;                          /* of actions and handlers, bounded */
    struct model_change_table *change_table; /* this room's: finds a record among the changes */
    /* The bus's: runs one of its methods within this transaction; NULL: the transaction is not of a call. */
    kt_error *(*call)(kt_tx *tx, void *caller, kt_str method, const variant *params, json *answer);
    void *caller;
};

/* What has been written so far, to go back to: the transaction's part of the overlay and its changes. */
typedef struct {
    store_mark mark;
    model_change *first, *last;
    model_change *copies;
    size_t count;
} model_savepoint;
KT_MUST kt_error *model_savepoint_set(kt_tx *tx, model_savepoint *save);
/* Takes back what was written since. */
KT_MUST kt_error *model_savepoint_back(kt_tx *tx, const model_savepoint *save);

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
KT_MUST kt_error *model_read(kt_tx *tx, const model_entity *entity, uint64_t id, model_record *record);
/* if_version 0: whatever it is. returns conflict with both values of each field that differs */
KT_MUST kt_error *model_update(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version,
    const variant *values, model_record *updated);
KT_MUST kt_error *model_upsert(kt_tx *tx, const model_entity *entity, kt_str external_id,
    const variant *values, model_record *record, bool *created);
KT_MUST kt_error *model_delete(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version);
/* Runs a declared action or transition; answer gets its result's members, or NULL. */
KT_MUST kt_error *model_act(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version,
    const model_action *action, const variant *params, model_record *record, json *answer);
/* returns 0 in *id if there is none that the caller may see */
KT_MUST kt_error *model_find_external(
    kt_tx *tx, const model_entity *entity, kt_str external_id, uint64_t *id);
KT_MUST kt_error *model_find_number(kt_tx *tx, const model_entity *entity, kt_str number, uint64_t *id);
/* Runs the declared checks of all changed records. Once, before the journal takes the changes. */
KT_MUST kt_error *model_commit_checks(kt_tx *tx);
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
/* Which actions the caller may run now, as names in an array. */
void model_allowed_actions(kt_tx *tx, const model_record *record, json *out);
/* The title of a record for people: its title field, else number, else "#id". */
kt_str model_title(kt_tx *tx, const model_record *record);

/* Writes the members of a struct (not the braces) under their fields' names; the shape need not be known to
 * any catalogue. */
void model_struct_json(const kt_shape *shape, const kt_record *rec, json *out);
/* Runs a module's method: decodes params by its shape, runs, writes the result's members into answer. */
KT_MUST kt_error *model_call(kt_tx *tx, const kt_method *method, const variant *params, json *answer);

/* ---- Wire values ---- */

/* The types' own limits, where a field states none. */
enum {
    MODEL_STRING_MAX = 500, /* characters */
    MODEL_TEXT_MAX = 32000, /* characters */
    MODEL_JSON_MAX = 32000, /* bytes */
    MODEL_REFS_MAX = 1000,  /* ids in a list */
    MODEL_LINES_MAX = 1000, /* lines in a record */
};
/* One value as JSON: decimals, dates and times as strings, states by name, references as ids, lines as
 * objects (without what the caller may not see), what is masked for the caller masked. A boolean that is not
 * set is false.
 *   of  the record that the value, or its line, is of; its values may be NULL: of several */
void model_value_json(
    kt_tx *tx, const model_record *of, const model_field *field, const model_value *value, json *out);
/* Does the caller see this field of the record (or of a line of it) masked? Its values NULL: of some record */
bool model_is_masked(kt_tx *tx, const model_field *field, const model_record *of);
/* The text with all but its ends hidden: "+48 *** *** *12", "a***@***.pl". Masked again it stays as it is.
 *   returns  not set: no memory */
kt_str model_mask(arena *arena, kt_str text);
/* The same of every telephone number and address of mail within a text that people write; the text itself where there is
 * none. */
kt_str model_mask_within(arena *arena, kt_str text);
kt_str model_mask_json(arena *arena, kt_str text); /* the same within the strings of a JSON text */
/* What the caller sees of a text. Where there is no memory the transaction is doomed. */
kt_str model_seen_text(kt_tx *tx, const model_field *field, const model_record *of, kt_str text);
/* Reads a wire value for a field of entity (for a line's field: of the record). null and "" empty it; a
 * reference may be an id, the target's unique code, or {"external_id": ..} and the like.
 *   value  on entry what the field holds now, or all zero: lines named by "id" keep what is not given. New
 *          lines leave with id 0.
 *   returns all problems at once, each under path */
KT_MUST kt_error *model_value_read(kt_tx *tx, const model_entity *entity, const model_field *field,
    const variant *from, const char *path, model_value *value);
/* The members of a record that the caller may see; paths NULL: all its own fields. A path "party.name"
 * follows a reference and is written under that name. */
typedef struct model_path model_path; /* resolved, checked against rights */
KT_MUST kt_error *model_paths_resolve(
    kt_tx *tx, const model_entity *entity, const variant *names, model_path **paths, size_t *count);
KT_MUST kt_error *model_record_json(
    kt_tx *tx, const model_record *record, const model_path *paths, size_t count, json *out);

/* ---- Queries ---- */

typedef struct model_filter model_filter;
/* Reads the wire's filter: [["state","=","open"], ["or", [..], [..]], ["not", [..]]] -- the members of the
 * outer array all hold; {">=amount": 100} too. Operators = != < <= > >= in not_in like ilike starts_with
 * between is_null. Dotted paths go through references; "lines.item" means any line. Unknown fields, operators
 * and values of another type are errors, all at once. */
KT_MUST kt_error *model_filter_read(
    kt_tx *tx, const model_entity *entity, const variant *from, model_filter **filter);
KT_MUST kt_error *model_filter_matches(
    kt_tx *tx, const model_filter *filter, const model_record *record, bool *matches);

#define MODEL_SKIP_MAX 1000000
typedef struct {
    const model_entity *entity;
    const model_filter *filter; /* NULL: all */
    const variant *sort;        /* "-day,id" or ["-day"]; NULL: by id */
    const variant *fields;      /* NULL: all */
    uint32_t limit;             /* 1..500; 0: 50 */
    uint32_t skip;              /* model_list: rows left out in front, at most MODEL_SKIP_MAX */
    kt_str cursor;              /* of an earlier answer, or not set */
    const variant *start;       /* begin at this value of the first sort field */
    const variant *lines;       /* model_aggregate: what a line must meet to be looked at; NULL: nothing */
    const char *right;          /* "read" or "export"; NULL: "read" */
    bool keep;                  /* model_next: records live as long as the transaction */
} model_query;
/* What is wrong with a query's sort and fields, for a request that is refused anyway: a caller learns all at once. */
KT_MUST kt_error *model_query_names(kt_tx *tx, const model_query *query);
/* Writes {"rows":[...],"next":"..","prev":".."} members (not the braces) into answer. */
KT_MUST kt_error *model_list(kt_tx *tx, const model_query *query, json *answer);
KT_MUST kt_error *model_count(kt_tx *tx, const model_query *query, uint64_t *count);
/* The plan as JSON members: index, range, residual filter, sort, estimate. */
KT_MUST kt_error *model_explain(kt_tx *tx, const model_query *query, json *answer);
/* group: ["state", "day:month", "party.country"]; measures: {"n": "count", "total": "sum:amount"}; members
 * "rows". Where groups go through lines, the query's `lines` says which of them count. */
KT_MUST kt_error *model_aggregate(
    kt_tx *tx, const model_query *query, const variant *group, const variant *measures, json *answer);
/* Words and parts of words over all searchable fields of the entities (NULL: all that the caller may read).
 * Members "rows": [{entity, id, title, number, matched}]. */
KT_MUST kt_error *model_search(kt_tx *tx, kt_str text, const variant *entities, uint32_t limit, json *answer);
/* Iterates matching records in order, for rooms above (export, reassign): while (model_next) ...
 * model_query_end, always. limit 0: all. A record is good until the next call, or as long as the transaction
 * if the query says keep. Records may be written meanwhile, the ones found so far included. */
typedef struct model_rows model_rows;
KT_MUST kt_error *model_query_open(kt_tx *tx, const model_query *query, model_rows **rows);
bool model_next(model_rows *rows, model_record *record);
KT_MUST kt_error *model_query_end(model_rows *rows);
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
