/* record.h -- what an entity, a field and a record are: the catalogue that tells, records as values, as bytes and on the
 * wire, and the transaction in which all happens.
 *
 * A catalogue is the compiled, immutable form of all that enabled modules and the integrator's run-time
 * definitions declare; the room above the queries builds it (model/model.h). Entities and fields carry numbers that
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
    bool required, unique, indexed, searchable, seldom, personal, computed, recorded, fixed, in_use, system;
    bool elapsed;  /* how long something took until the call that wrote it */
    bool internal; /* its show_if is "false": the module's own, told only to who names it */
    uint8_t scale;
    uint32_t max, priority;
    kt_on_delete on_delete;
    const kt_choice *choices; /* ended by {0} */
    const model_entity *lines;
} model_field;

static inline bool is_decimal(kt_type type)
{
    return type >= KT_MONEY && type <= KT_RATE;
}

#define MODEL_INDEX_FIELDS 8
#define MODEL_INDEXES_MAX  60 /* of an entity */
typedef struct model_index {
    uint16_t number;            /* in keys; for ever */
    bool unique;                /* kept in KEY_UNIQUE only, else in KEY_INDEX only */
    bool counted;               /* KEY_COUNTER holds the records per value of the first field */
    const model_field *through; /* NULL, or the lines whose fields these are: an entry per distinct value */
    bool sparse;                /* records (lines) in which the first field is not set have no entry */
    bool in_runs;  /* KEY_RUN ids after KEY_RUN ids, each run in order of values; of one field, sparse */
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
    bool gapless, numbered_later, shared, log_reads, kept, custom, lines_only, enabled;
    bool has_personal;
    const kt_entity *declared;               /* NULL: custom */
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
    bool starting; /* of a server: what was defined before a crash is kept, and filled as far as it can be */
    bool past;     /* with what was removed; nothing is written, so the view may be read only */
    const model_then *then; /* past: in place of today's, ended by {0}; NULL: all fields that were removed */
} model_sources;

/* Holders are counted: whoever releases it last ends it. */
const model_catalogue *model_catalogue_hold(const model_catalogue *catalogue);
void model_catalogue_release(const model_catalogue *catalogue);
/* NULL: there is none. */
const model_entity *model_entity_find(const model_catalogue *catalogue, kt_str name);
const model_entity *model_entity_by_number(const model_catalogue *catalogue, uint16_t number);
/* What the catalogue was built from. */
const model_sources *model_catalogue_sources(const model_catalogue *catalogue);
/* In order of module and declaration; i < count. */
size_t model_entity_count(const model_catalogue *catalogue);
const model_entity *model_entity_at(const model_catalogue *catalogue, size_t i);
/* By name; NULL: there is none. */
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
    uint64_t entry;           /* of the journal, that changed it last; 0: not known, or a line */
    bool erased;              /* it has a personal part whose key was destroyed */
    bool drawn;               /* its id was just drawn for it: there never was a key of that id */
};

/* Has it, or a line of it, a value that is personal? */
bool model_record_is_personal(const model_record *record);
/* Two values of one field: lines by their members, decimals by coefficient. */
bool model_value_equal(const model_field *field, const model_value *a, const model_value *b);
/* Compact, self-describing bytes (core/record/README.md); decimals carry their scale; personal fields are one
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
/* The journal's entry that changed the record last; 0: its bytes do not tell. */
uint64_t model_record_entry(kt_str bytes);
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
    struct model_change *next, *previous;
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
    const struct query_filter *(*scope)(
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

/* Personal data that a transaction sealed last, and what it was sealed from: whoever tells what was written reads it back. */
typedef struct {
    const model_entity *entity;
    uint64_t id;
    kt_str sealed, plain;
    const arena *in; /* their memory: with it they are forgotten */
} model_sealed;

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
    uint64_t entry; /* of the journal, that its changes will be: journal_begin */
    model_origin origin;
    kt_str request_id, unit;   /* unit: what can be undone as a whole; not set: the request */
    const uint8_t *master_key; /* 32 bytes, wraps the records' personal keys */
    model_sealed sealed;       /* seal.c's; not set: nothing */
    bool writes;               /* false: any write is an error */
    bool rehearsal;            /* a dry run: nothing of it will stay */
    int64_t deadline_ms;       /* monotonic; queries that go on past it end with limit; 0: none */
    bool joining;              /* a merge re-points references */
    bool undoing;              /* an undo brings back what was, true of today or not */
    bool keep_authors;         /* imports: created_at/by and updated_at/by may be given */
    bool brings_file;          /* the caller has brought a file: its attachment names what it holds */
    kt_error *doomed;          /* an overflow or memory failure that must fail the request at its end */
    model_change *changes, *last_change;
    struct model_kept *kept;                 /* what modules keep while it lasts */
    struct model_ahead *ahead;               /* ids that were given to records yet to be created */
    unsigned depth;                          /* of actions and handlers, bounded */
    struct model_change_table *change_table; /* the model's: finds a record among the changes */
    struct model_lately *lately; /* what it has read: model_remember; NULL: it remembers nothing */
    /* The bus's: runs one of its methods within this transaction; NULL: the transaction is not of a call. */
    kt_error *(*call)(kt_tx *tx, void *caller, kt_str method, const variant *params, json *answer);
    void *caller;
};

/* ---- Reading one record ---- */

/* returns  not_found: there is none that the caller may see */
KT_MUST kt_error *model_read(kt_tx *tx, const model_entity *entity, uint64_t id, model_record *record);
/* Remembers from now on what the transaction reads, in memory that goes with what it has now: with one that lasts as long as
 * itself, and as copies that are made of it. */
void model_remember(kt_tx *tx);
/* As model_read, of a record that is only looked at: what the transaction remembers is not decoded again.
 *   memory  borrowed until the next call of it */
KT_MUST kt_error *model_look(kt_tx *tx, const model_entity *entity, uint64_t id, const model_record **record);
/* returns 0 in *id if there is none that the caller may see */
KT_MUST kt_error *model_find_external(
    kt_tx *tx, const model_entity *entity, kt_str external_id, uint64_t *id);
KT_MUST kt_error *model_find_number(kt_tx *tx, const model_entity *entity, kt_str number, uint64_t *id);
/* The title of a record for people: its title field, else number, else "#id". */
kt_str model_title(kt_tx *tx, const model_record *record);

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
/* The same within the strings of a JSON text; a number that stands alone becomes a string. */
kt_str model_mask_json(arena *arena, kt_str text);
/* What the caller sees of a text. Where there is no memory the transaction is doomed. */
kt_str model_seen_text(kt_tx *tx, const model_field *field, const model_record *of, kt_str text);
/* The members of a record that the caller may see, into an object that the caller has begun; paths NULL: all its
 * own fields. A path "party.name" follows a reference and is written under that name. */
typedef struct model_path model_path; /* resolved, checked against rights */
KT_MUST kt_error *model_paths_resolve(
    kt_tx *tx, const model_entity *entity, const variant *names, model_path **paths, size_t *count);
KT_MUST kt_error *model_record_members(
    kt_tx *tx, const model_record *record, const model_path *paths, size_t count, json *out);
