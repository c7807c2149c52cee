/* kontor.h -- with the services' headers <kontor/NAME.h>, all that a module may include. ABI 1.
 *
 * A module is tables: shapes bind declared fields to the members of plain C structs, entities, actions,
 * methods and handlers hang on shapes, and one descriptor, `kontor_module`, names them all. The core loads,
 * checks rights, validates, saves, journals and announces; a module computes.
 *
 * Values: all-zero bytes mean "not set" (but for bool and int). What a transaction hands out -- kt_alloc, texts, lines,
 * records, errors -- lives until the code of the module that was called returns: a handler, an action, a computation or a
 * check. What an action of another module reads on the way is given back when that action ends; its record and its
 * error come out to whoever called it. What is to last longer is made between kt_lasting_memory and
 * kt_callers_memory. A module frees nothing, starts no thread and keeps no mutable static. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KT_API          __attribute__((visibility("default")))
#define KT_MUST         __attribute__((warn_unused_result))
#define KT_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* ---- Values ---- */

typedef struct kt_tx kt_tx; /* one request's transaction: a snapshot, and what the request writes above it */
typedef struct kt_cursor kt_cursor; /* an open query */
typedef struct kt_error kt_error;   /* one or more problems; NULL is success */

typedef struct {
    const char *ptr; /* UTF-8; ptr[len] is NUL in every string that a module sees; NULL: not set */
    size_t len;      /* bytes */
} kt_str;
typedef struct {
    const char *en, *pl;
} kt_text;
typedef struct {
    uint64_t v; /* 0: no record */
} kt_id;
typedef struct {
    int32_t day; /* 1 is 0001-01-01, proleptic Gregorian; 0: not set */
} kt_date;
typedef struct {
    int64_t ms; /* UTC, milliseconds since 1970-01-01; 0: not set */
} kt_time;
typedef struct {
    int64_t coef;
    uint8_t scale1; /* the value is coef / 10^(scale1 - 1); 0: not set; 255: overflowed */
} kt_dec;

#define KT_STR(literal)     ((kt_str){"" literal, sizeof(literal) - 1})
#define KT_DEC(coef, scale) ((kt_dec){(coef), (uint8_t)((scale) + 1)}) /* KT_DEC(1250, 2) is 12.50 */
#define KT_DEC_SCALE_MAX    9                                          /* digits after the point */

/* ---- Declarations ---- */

typedef struct kt_shape kt_shape;
typedef struct {
    const kt_shape *of;
    void *items; /* count structs of the shape, one after another */
    size_t count;
} kt_lines;
typedef struct { /* the first member, named rec, of every struct that a shape describes */
    const kt_shape *of;
    kt_id id, company, created_by, updated_by;
    uint32_t version;
    kt_time created_at, updated_at;
    kt_str number, external_id;
} kt_record;

typedef enum {
    KT_STRING = 1, /* one line */
    KT_TEXT,       /* several lines */
    KT_BOOL,
    KT_INT,
    KT_MONEY, /* decimals: the field's scale says how many digits follow the point */
    KT_PRICE,
    KT_QUANTITY,
    KT_PERCENT,
    KT_RATE,
    KT_DATE,
    KT_TIME,
    KT_STATE, /* one of the field's choices; the entity's state machine if the field is named "state" */
    KT_REF,   /* id of a record of the field's target; of any entity's ("*"): made by kt_any */
    KT_REFS,  /* ids; items points to kt_id */
    KT_LINES, /* embedded records of the shape in .lines, part of this record */
    KT_JSON,  /* text of one JSON value */
    KT_FILE,  /* id of a base.attachment */
} kt_type;

/* kt_c_X is the C type that KT_FIELD demands of a member of type X. */
typedef kt_str kt_c_STRING, kt_c_TEXT, kt_c_JSON;
typedef bool kt_c_BOOL;
typedef int64_t kt_c_INT;
typedef kt_date kt_c_DATE;
typedef kt_time kt_c_TIME;
typedef kt_id kt_c_REF, kt_c_FILE;
typedef kt_dec kt_c_MONEY, kt_c_PRICE, kt_c_QUANTITY, kt_c_PERCENT, kt_c_RATE;
typedef kt_lines kt_c_LINES, kt_c_REFS;
typedef unsigned kt_c_STATE;

typedef struct {
    unsigned value;   /* an enum constant, from 1 */
    const char *name; /* on the wire and in filters: "high"; or an entity, "crm.deal" */
    kt_text label;
    const char *semantic; /* "open", "won", "lost", "blocked", or NULL */
} kt_choice;

typedef enum {
    KT_RESTRICT, /* a record that is pointed to cannot be deleted */
    KT_CASCADE,  /* the records that point to it go with it */
    KT_CLEAR,    /* the references are emptied */
} kt_on_delete;

typedef struct {
    const char *name;
    kt_type type;
    size_t at; /* offset of the member in the struct */
    kt_text label, help;
    const char *target; /* KT_REF, KT_REFS: the entity, "base.party"; "*": any entity, the id is stored with
                           its name */
    const char
        *initial; /* default, as on the wire; "today", "now", "me" (the caller), "company" are computed */
    const char *group; /* field group of rights; NULL: the record's own rights suffice */
    bool required;     /* of a result: an integer is written also when it is zero */
    bool unique, indexed, searchable;
    bool
        seldom; /* of a reference that no index begins with: records are hardly ever found by it. Its own index follows
                      the records' ids: cheap to write, while a search looks once into every 512 records */
    bool personal; /* stored under the record's personal key: erasable */
    bool computed; /* set by the entity's compute; refused in input */
    bool recorded; /* beside computed: of what happened, not of other fields; an import that keeps times and
                      authors brings it along, and compute finds it there */
    bool elapsed;  /* how long something took until the call that writes it; a preview's hash is without it */
    bool fixed;    /* may be given at creation only */
    bool
        in_use; /* of references: callers name only records that are in use: one whose own field `active` says no is
                      refused, unless it stood here before; what modules write and imports that keep times is not */
    uint8_t scale; /* digits after the point, 0..KT_DEC_SCALE_MAX */
    uint32_t max;  /* characters, or lines; 0: the type's own limit */
    kt_on_delete on_delete;
    const kt_choice *choices; /* values 1..KT_CHOICE_MAX; of a state machine's field, 1..KT_STATE_MAX */
    const kt_shape *lines;
    unsigned priority;       /* order for cards and narrow screens, from 1; 0: last */
    const char *show_if;     /* a filter, as on the wire; NULL: always; "false": only where it is named */
    const char *required_if; /* of an entity: a filter likewise; a record that meets it needs a value here */
    const char *
        readonly_if; /* of an entity: likewise; of a record that meets it callers may not change this, actions may */
    const char *explain; /* the method that tells how the value came about, "crm.price.explain"; NULL: none */
    const char *mask;    /* of text: roles may be held to its masked form, "+48 *** *** *12", under this name:
                            "contact", "tax", "bank". In a result: masked for whoever sees a field of this name
                            masked anywhere. NULL: of an entity's TEXT, and STRING of 100 characters or more, what
                            looks like a contact is masked as "contact"; of others nothing */
} kt_field;

struct kt_shape {
    const char *name; /* "crm.deal", or NULL for lines and parameters */
    size_t size;      /* of the struct */
    const kt_field *fields;
};

/* crm.lead.convert: the core loads the record, checks rights, version and state, runs, saves, journals,
 * announces. */
typedef struct {
    const char *name;
    kt_text label;
    const char *right;      /* the action of rights that the caller needs: "update", "post", "convert" */
    uint32_t from;          /* KT_IN(..) of the states it may start from; 0: any */
    unsigned to;            /* the state afterwards; 0: unchanged */
    const kt_shape *params; /* NULL: none */
    kt_error *(*run)(kt_tx *tx, kt_record *self, const kt_record *params); /* NULL: the transition is all */
    const kt_shape *result;                                                /* NULL: {id, version, state} */
    kt_error *(*answer)(kt_tx *tx, const kt_record *self, kt_record *result); /* fills result after saving */
    bool preview;          /* honours dry_run with a list of changes; shown first by clients */
    const char *rehearses; /* this is always a dry run of the action named here: no run, no to */
    const char
        *counter; /* the entity's action that takes this one back, by a document of its own; NULL: none */
} kt_action;

/* crm.card: on no single record. */
typedef struct {
    const char *name; /* after the module's: "card", "deal.forecast" */
    kt_text label;
    const char *right; /* "crm.deal:read", or "login": whoever is logged in */
    bool writes;
    const kt_shape *params, *result;
    kt_error *(*run)(kt_tx *tx, const kt_record *params, kt_record *result);
} kt_method;

/* A row with the shape of another module's entity, and nothing but the shape, extends that entity. */
typedef struct {
    const kt_shape *shape;
    kt_text label, plural;
    const char *title; /* the field that names a record to people */
    const char
        *number; /* pattern of human numbers, "SO/{year}/{seq:5}"; with "!" in front: gapless; with "~":
                    gapless too, but given by kt_number, not at creation; NULL: none */
    const char *indexes; /* "party day, unique code party" beside the fields' own; "history.at history.stage
                            amount": an entry per line, out of which aggregates alone are answered */
    const kt_action *actions;
    kt_error *(*compute)(kt_tx *tx, kt_record *self); /* computed fields, before each write */
    kt_error *(*check)(
        kt_tx *tx, const kt_record *before, const kt_record *after); /* invariants, at commit */
    const char *icon;                                                /* name for clients */
    bool shared;       /* seen from all companies: the record's company stays empty */
    bool log_reads;    /* each reading and export is logged */
    bool kept;         /* modules alone make, change and delete its records, on their own authority */
    const char *views; /* JSON array of default views for clients; NULL: a list */
    /* JSON array of titles that columns of files have elsewhere and where they go, as the "columns" of a mapping of an
     * import; NULL: the fields' names and labels are all that a title is matched with */
    const char *columns;
} kt_entity;

typedef struct {
    const char *name; /* "crm.deal.won" */
    const kt_record *before,
        *after; /* both in the handler's shape; before NULL: created; after NULL: deleted */
} kt_event;
typedef struct {
    const char
        *event; /* ENTITY.created, .updated, .deleted, ENTITY.ACTION after an action, or a module's own;
                   MODULE.enabled: that module is at work now and was not before */
    const kt_shape *shape;
    kt_error *(*run)(kt_tx *tx, const kt_event *event);
} kt_handler;
typedef struct {
    const char *name;
    unsigned version;
    const void *table; /* of function pointers, its type in <kontor/NAME.h> */
} kt_service;
typedef struct {
    const char *name;
    kt_text label;
    const char *grants; /* "crm.deal:read,create,update@own; crm.lead:*@team; base.party:read" */
} kt_role;

typedef struct {
    uint32_t version;
    uint16_t size[6]; /* of kt_module, kt_entity, kt_action, kt_method, kt_field, kt_record */
} kt_abi;
typedef struct kt_route kt_route; /* <kontor/web.h> */
typedef struct {
    kt_abi abi;
    const char *name, *version; /* "1.0.0" */
    kt_text label;
    const char *needs; /* "base other" */
    const kt_entity *entities;
    const kt_method *methods;
    const kt_handler *handlers;
    const kt_service *services;
    const kt_role *roles;
    kt_error *(*migrate)(kt_tx *tx, const char *from_version); /* from NULL: enabled for the first time */
    const kt_route *routes;                                    /* what it answers over HTTP */
    /* Re-proves over the whole store, all companies, what no single commit can: `kontor check` runs it on a
     * snapshot. Each problem of the error is a finding; NULL: sound. */
    kt_error *(*audit)(kt_tx *tx);
} kt_module;

extern KT_API const kt_module kontor_module; /* the one symbol that a module exports */

/* Rows of a table: what every row has in order, then designated options. Every list ends with {0}. */
#define KT_LIST(type, ...) ((const type[]){__VA_ARGS__, {0}})
#define KT_AT(T, m, kind)                                                                                    \
    .type = KT_##kind, .at = _Generic(&((struct T *)0)->m, kt_c_##kind * : offsetof(struct T, m))
/* A field of one's own entity, of parameters, or -- in a shape of another module's entity -- an extension of
 * it. */
#define KT_FIELD(T, m, kind, english, ...)                                                                   \
    {                                                                                                        \
        KT_AT(T, m, kind), .name = #m, .label.en = english, .label.pl = __VA_ARGS__                          \
    }
/* Another module's field, reached by a path: "party.country.code". Checked when the module is enabled.
 * Options may follow: KT_BIND(order, lines, LINES, "lines", .lines = &line_shape). */
#define KT_BIND(T, m, kind, ...)                                                                             \
    {                                                                                                        \
        KT_AT(T, m, kind), .name = __VA_ARGS__                                                               \
    }
#define KT_SHAPE(T, wire, ...)                                                                               \
    {                                                                                                        \
        wire, sizeof(struct T) + 0 * sizeof(char[offsetof(struct T, rec) ? -1 : 1]),                         \
            KT_LIST(kt_field, __VA_ARGS__)                                                                   \
    }
#define KT_ABI                                                                                               \
    {                                                                                                        \
        1,                                                                                                   \
        {                                                                                                    \
            sizeof(kt_module), sizeof(kt_entity), sizeof(kt_action), sizeof(kt_method), sizeof(kt_field),    \
                sizeof(kt_record)                                                                            \
        }                                                                                                    \
    }
#define KT_MODULE(id, release, english, ...)                                                                 \
    {                                                                                                        \
        .abi = KT_ABI, .name = id, .version = release, .label.en = english, .label.pl = __VA_ARGS__          \
    }
#define KT_CHOICE_MAX 63 /* an own definition's values are told apart by bits of 64 */
#define KT_STATE_MAX  31 /* as many as KT_IN has bits for */
#define KT_IN(state)  (1u << (state))
#define KT_OF(T)      .rec = {.of = &T##_shape} /* struct visit v = {KT_OF(visit), .day = day}; */
#define KT_AS(T, r)   ((struct T *)kt_as((r), &T##_shape))
#define KT_SEE(T, r)  ((const struct T *)kt_see((r), &T##_shape))
#define KT_TRY(call)                                                                                         \
    do {                                                                                                     \
        kt_error *kt_e_ = (call);                                                                            \
        if (kt_e_)                                                                                           \
            return kt_e_;                                                                                    \
    } while (0)

/* ---- Errors ---- */

typedef enum {
    KT_VALIDATION = 1, /* the input is wrong */
    KT_NOT_FOUND,      /* also what the caller may not see */
    KT_FORBIDDEN,
    KT_CONFLICT,  /* somebody else's change, or a duplicate */
    KT_BAD_STATE, /* "state" on the wire: not possible in the record's state */
    KT_RULE,
    KT_LIMIT,
    KT_UNAVAILABLE, /* try again later */
    KT_STORAGE,
} kt_kind;

/* Makes an error of one problem.
 *   path    the field, as the caller wrote it: "lines[2].day"; NULL: the request as a whole
 *   en, pl  texts with the same arguments: small letter, no full stop, the value and what was expected
 *   memory  the transaction's */
KT_API KT_MUST KT_PRINTF(4, 6) KT_PRINTF(5, 6) kt_error *kt_fail(
    kt_tx *tx, kt_kind kind, const char *path, const char *en, const char *pl, ...);
/* For kt_alloc, kt_format and their like that gave nothing: the call needs more memory than one may use. */
KT_API KT_MUST kt_error *kt_no_memory(void);
/* Adds to the first problem what the user can do, as a sentence. Returns error. */
KT_API KT_MUST kt_error *kt_hint(kt_error *error, const char *en, const char *pl);
/* Collects: run every check, then return *all. more may be NULL. */
KT_API void kt_also(kt_error **all, kt_error *more);
typedef struct {
    kt_kind kind;
    const char *path; /* NULL: the request as a whole */
    kt_text text, hint;
} kt_problem;
/* Problem i of an error, for those who phrase it in a form of their own. kind 0: there are no more; error may be
 * NULL. */
KT_API kt_problem kt_problem_at(const kt_error *error, size_t i);

/* ---- Records ---- */

/* Creates a record: fills in defaults, id, version and number, in *rec too. The caller's rights apply. Its company
 * is rec->company, or the one that the caller chose; compute may give one to a record that has none. */
KT_API KT_MUST kt_error *kt_create(kt_tx *tx, kt_record *rec);
/* Gives a record that is yet to be created its id, so that others, which are created first, may point to it; kt_create
 * gives it that id. Until then it cannot be read. A transaction in which it is not created fails. */
KT_API KT_MUST kt_error *kt_reserve_id(kt_tx *tx, kt_record *rec);
/* Reads record id into *rec, whose shape says what. returns not_found, also if the caller may not see it. */
KT_API KT_MUST kt_error *kt_read(kt_tx *tx, kt_id id, kt_record *rec);
/* Writes what differs. returns conflict if rec->version is old; rec->version is the new one afterwards. */
KT_API KT_MUST kt_error *kt_update(kt_tx *tx, kt_record *rec);
/* Creates, or updates the record with rec->external_id. */
KT_API KT_MUST kt_error *kt_upsert(kt_tx *tx, kt_record *rec);
/* returns conflict while a restricting reference points to it. */
KT_API KT_MUST kt_error *kt_delete(kt_tx *tx, kt_record *rec);
/* Runs an action of the record's entity, "confirm"; rereads *rec. */
KT_API KT_MUST kt_error *kt_act(kt_tx *tx, kt_record *rec, const char *action, const kt_record *params);
/* Gives the record its number, of an entity whose pattern has "~" in front: when it is posted, say. Whoever saves
 * the record saves the number; a transaction that fails takes none.
 *   pattern  of a series that counts for itself; NULL: the entity's own pattern
 *   day      tells {year}, {month} and {day} */
KT_API KT_MUST kt_error *kt_number(kt_tx *tx, kt_record *rec, const char *pattern, kt_date day);
/* Line i, i < lines->count; then KT_AS. */
KT_API kt_record *kt_line(const kt_lines *lines, size_t i);
/* Appends a copy of line. lines of a fresh struct may be all zero. A new line's id is given when the record is
 * written, or chosen by the module: above every id that the record's lines ever had. */
KT_API KT_MUST kt_error *kt_line_add(kt_tx *tx, kt_lines *lines, const kt_record *line);
/* Checked down-casts: abort on a record of another shape. */
KT_API kt_record *kt_as(kt_record *rec, const kt_shape *shape);
KT_API const kt_record *kt_see(const kt_record *rec, const kt_shape *shape);

/* The value of a reference to any entity (target "*"): which entity's record id is. Not set if there is no
 * such entity, or id is not set. */
KT_API kt_id kt_any(const kt_tx *tx, const char *entity, kt_id id);
/* The entity's name, "crm.deal"; NULL if any is not set or its entity is unknown. */
KT_API const char *kt_any_entity(const kt_tx *tx, kt_id any);
/* The id within its entity. */
KT_API kt_id kt_any_id(kt_id any);

/* ---- Queries ---- */

typedef enum { KT_EQ, KT_NE, KT_LT, KT_LE, KT_GT, KT_GE } kt_op;
typedef struct {
    size_t at; /* offset of the member */
    kt_op op;
    const void *value; /* of the member's own type; NULL ends the list */
} kt_where;
typedef struct {
    const kt_shape *of;
    const kt_where *where; /* all must hold; ended by {0}; NULL: every record */
    const char *sort;      /* "-day,id"; NULL: by id */
    uint32_t limit;        /* 0: all */
    kt_str filter;         /* further conditions, as on the wire: [["city","=","Łódź"]]; not set: none */
    /* Of rec the id alone is filled in: for looking, not for writing. If an index has all that the shape binds and the
     * query asks, it is read without the records. */
    bool slim;
} kt_query;
/* One condition. The value lives as long as the block in which it stands: none is added in a branch. */
#define KT_WHERE(T, m, op, ...)                                                                              \
    {                                                                                                        \
        offsetof(struct T, m), op, (const __typeof__(((struct T *)0)->m)[])                                  \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

/* Opens a query over what the caller may see; then while (kt_next(...)), then kt_close, always. */
KT_API KT_MUST kt_error *kt_open(kt_tx *tx, const kt_query *query, kt_cursor **cursor);
/* false: no more, or an error that kt_close returns. */
KT_API bool kt_next(kt_cursor *cursor, kt_record *rec);
KT_API KT_MUST kt_error *kt_close(kt_cursor *cursor);
typedef struct {
    kt_id *ids;
    size_t count;
    bool more; /* there are others */
} kt_found;
/* The ids of the first most records that fit, in the query's order, in the transaction's memory: for work that changes
 * the records it walks over. most 0: all. */
KT_API KT_MUST kt_error *kt_find(kt_tx *tx, const kt_query *query, size_t most, kt_found *found);
/* The sum of the decimal member at offset at. */
KT_API KT_MUST kt_error *kt_sum(kt_tx *tx, const kt_query *query, size_t at, kt_dec *sum);
KT_API KT_MUST kt_error *kt_count(kt_tx *tx, const kt_query *query, uint64_t *count);

typedef struct {
    kt_str value;  /* as on the wire, JSON: "2026-01-01" in its quotes, 12, null */
    kt_str text;   /* for people: a reference's title, a state's label, else the value; not set: no value */
    kt_dec number; /* of a number; not set: it is none, or overflowed */
} kt_cell;
/* The record that a group by a reference stands for; not set: none. */
static inline kt_id kt_cell_id(const kt_cell *cell)
{
    kt_id id = {0};
    for (size_t i = 0; i < cell->value.len && cell->value.ptr[i] >= '0' && cell->value.ptr[i] <= '9'; i++)
        id.v = id.v * 10 + (uint64_t)(cell->value.ptr[i] - '0');
    return id;
}
/* What a value on the wire says, without the quotes that JSON has around words, days and decimals. */
static inline kt_str kt_unquoted(kt_str value)
{
    bool quoted = value.len > 1 && value.ptr[0] == '"';
    return quoted ? (kt_str){value.ptr + 1, value.len - 2} : value;
}
typedef struct {
    size_t columns, rows;  /* columns: the groups, then the measures, in the order asked for */
    const kt_cell *cells;  /* row by row */
    const kt_str *filters; /* of each row, as on the wire: it lists exactly the row's records */
} kt_table;
/* Groups and measures over what the caller may see, as the verb `aggregate` has them.
 *   query   its parameters as on the wire: {"group": ["owner"], "measures": {"total": "sum:amount"}, ..}
 *   table   receives the rows in the order that the query's `sort` says */
KT_API KT_MUST kt_error *kt_aggregate(kt_tx *tx, const char *entity, kt_str query, kt_table *table);
/* A query that is kept for later, as on the wire; what is not set, is not said. */
typedef struct {
    kt_str filter;  /* [["state","=","open"]] */
    kt_str sort;    /* -day,id */
    kt_str columns; /* ["number","party.name"] */
    kt_str group;   /* day:month */
} kt_listing;
/* What of it the caller can not ask of the entity, all problems at once, each at its member. Leaves in listing what can be
 * asked: of a list of conditions, of the columns and of the order those that hold by themselves. */
KT_API KT_MUST kt_error *kt_listing_check(kt_tx *tx, kt_str entity, kt_listing *listing);
/* Whatever the transaction reads from here on is as it was then. Once, before anything is read; only where
 * nothing is written.
 *   when     an instant or a day, which means its end, as on the wire
 *   at       receives the instant
 *   returns  validation at "as_of"; limit: too much has changed since */
KT_API KT_MUST kt_error *kt_as_of(kt_tx *tx, kt_str when, kt_time *at);

/* ---- Services, events, effects ---- */

/* NULL: not offered now. Wrapped, with its type, in the service's header. */
KT_API const void *kt_service_find(kt_tx *tx, const char *name, unsigned version);
/* Announces a module's own event: handlers run now, in this transaction. */
KT_API KT_MUST kt_error *kt_emit(kt_tx *tx, const char *event, const kt_record *payload);
/* Something that shall leave the server, or happen later: mail, sms, webhook. It is kept in this
 * transaction and carried out after its commit, at least once, each time with the same identifier.
 *   params  of any shape, written as JSON under its fields' names; NULL: none
 *   due     not before this time; not set: at once
 *   returns limit: the parameters are too large */
KT_API KT_MUST kt_error *kt_effect(kt_tx *tx, const char *kind, const kt_record *params, kt_time due);

/* ---- Decimals and days ---- */

KT_API kt_dec kt_dec_add(kt_dec a, kt_dec b); /* exact; scale the larger one; not set adds nothing */
KT_API kt_dec kt_dec_sub(kt_dec a, kt_dec b);
KT_API kt_dec kt_dec_neg(kt_dec a);
/* 128 bits inside, rounded once, half away from zero, to scale digits. Not set makes not set. */
KT_API kt_dec kt_dec_mul(kt_dec a, kt_dec b, uint8_t scale);
KT_API kt_dec kt_dec_div(kt_dec a, kt_dec b, uint8_t scale); /* by zero: overflowed */
/* What of a value a part of a whole has, which may be more than the whole: value * part / whole, rounded once. By zero: overflowed. */
KT_API kt_dec kt_dec_share(kt_dec value, kt_dec part, kt_dec whole, uint8_t scale);
KT_API kt_dec kt_dec_round(kt_dec a, uint8_t scale);
KT_API int kt_dec_cmp(kt_dec a, kt_dec b); /* -1, 0, 1 by value; not set is least */
/* Splits total by weights: part[i] at total's scale, the parts sum to total exactly (largest remainder). */
KT_API void kt_dec_split(kt_dec total, const kt_dec *weight, size_t n, kt_dec *part);

KT_API kt_date kt_today(const kt_tx *tx); /* in the company's zone, by the transaction's clock */
KT_API kt_time kt_now(const kt_tx *tx);
/* The day on which an instant falls in the company's zone, and the minute of that day, 0 to 1439. */
KT_API kt_date kt_local(const kt_tx *tx, kt_time time, int *minute);
/* The instant at which the company's clocks show a minute, 0 to 1440, of a day. A minute that a change of the
 * clocks leaves out is taken an hour later; of one that comes twice the first is meant. */
KT_API kt_time kt_instant(const kt_tx *tx, kt_date day, int minute);
KT_API kt_date kt_date_add(kt_date date, int32_t days);    /* not set stays not set */
KT_API kt_date kt_date_make(int year, int month, int day); /* not set if there is no such day */
KT_API void kt_date_parts(kt_date date, int *year, int *month, int *day);

/* ---- The caller, memory, log ---- */

/* Are records being merged? References to those that go are led to the one that stays, also in documents that
 * nobody may change any more: a compute that guards such a document lets them pass. */
KT_API bool kt_joining(const kt_tx *tx);
KT_API bool kt_may(const kt_tx *tx, const char *right); /* "crm.deal:export" */
/* May the caller see this field at all, if the record? Masked ones are seen. false also if there is none. */
KT_API bool kt_shows(kt_tx *tx, const char *entity, const char *field);
/* The caller asks which records have this value: for methods that look somebody up. A module's own conditions may
 * name a field that its caller sees masked; where the value is the caller's, asking for it tells as much as having
 * it revealed, hit or miss, and is counted like that.
 *   path     "contacts.normal"; value not set: nothing is asked
 *   returns  forbidden: the caller may not have such values revealed; limit: today's are spent */
KT_API KT_MUST kt_error *kt_asks(kt_tx *tx, const char *entity, const char *path, kt_str value);
/* Who was shown a record of an entity whose reading is logged: ids of access.read_log, newest first, of rows that
 * the caller may read; without access.read_log:read none.
 *   rows     receives them
 *   most     how many there is room for */
KT_API KT_MUST kt_error *kt_readings(
    kt_tx *tx, const char *entity, kt_id record, kt_id *rows, size_t most, size_t *count);
/* Lets what follows run on the module's own authority: for what the company decides, not the caller -- whose turn
 * it is, what was promised. What is written is the caller's still, on the journal. Give back what it returned, on
 * every way out: while it holds, records are neither hidden nor refused. */
typedef struct {
    const void *guard;
} kt_authority;
KT_API KT_MUST kt_authority kt_own_authority(kt_tx *tx);
KT_API void kt_callers_authority(kt_tx *tx, kt_authority before);
KT_API kt_id kt_user(const kt_tx *tx);    /* on whose behalf tx runs */
KT_API kt_id kt_company(const kt_tx *tx); /* in which company; 0: none chosen */
/* For work that no caller of a company caused, but a record of one: what is read and made from here on is that company's.
 * Returns the one before; set it again. */
KT_API kt_id kt_set_company(kt_tx *tx, kt_id company);
/* The text in the caller's language. */
KT_API kt_str kt_say(const kt_tx *tx, kt_text text);
/* Why something was refused, as a record keeps it: the first problem and the field it is of, in the caller's language, at
 * most 400 bytes. ptr is NULL where error is, or without memory. */
KT_API kt_str kt_why(kt_tx *tx, const kt_error *error);
KT_API KT_PRINTF(2, 3) kt_str
    kt_format(kt_tx *tx, const char *format, ...); /* not set past the memory limit */
/* The text without case and diacritics, as search and indexes compare it. Not set past the memory limit. */
KT_API kt_str kt_fold(kt_tx *tx, kt_str text);
/* A text that nobody guesses, of 32 letters and digits: for links that stand for a login. Not set past the memory
 * limit. */
KT_API kt_str kt_token(kt_tx *tx);
KT_API void *kt_alloc(kt_tx *tx, size_t size); /* zeroed; NULL past the request's memory limit */
/* Lets what follows allocate and read into memory that lasts as long as the transaction, not as long as the call: for
 * what is kept. Give back what it returned, on every way out. */
typedef struct {
    struct arena *now, *read, *lasting;
} kt_memory;
KT_API KT_MUST kt_memory kt_lasting_memory(kt_tx *tx);
KT_API KT_MUST kt_error *kt_callers_memory(kt_tx *tx, kt_memory before, kt_error *error); /* returns error */
/* Runs body as a call of its own: what it allocates and reads is given back when it returns, its error comes out. For
 * the steps of a long way. */
KT_API KT_MUST kt_error *kt_step(kt_tx *tx, kt_error *(*body)(kt_tx *tx, void *context), void *context);
/* Keeps something that a module has read, for its next calls in the same transaction; forgotten when a part of the
 * transaction is taken back. Whoever keeps what records say amends or forgets it when these change.
 *   key    an address of the module's own: of a static const
 *   thing  made in kt_lasting_memory, with all that it points to; NULL: forgets it */
KT_API KT_MUST kt_error *kt_keep(kt_tx *tx, const void *key, void *thing);
/* NULL: nothing is kept under this key. */
KT_API void *kt_kept(const kt_tx *tx, const void *key);
typedef enum { KT_LOG_ERROR, KT_LOG_WARN, KT_LOG_INFO, KT_LOG_DEBUG } kt_level;
KT_API KT_PRINTF(3, 4) void kt_log(
    const kt_tx *tx, kt_level level, const char *format, ...); /* adds module, user, request */
