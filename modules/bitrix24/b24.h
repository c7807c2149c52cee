/* b24.h -- what the files of this module share: the tables that say what is called how, a request under way,
 * and the steps from their form to ours and back. */
#pragma once
#include <kontor/value.h>

/* ---- Tables (tables.c) ---- */

typedef enum {
    AS_TEXT = 1, /* null when empty */
    AS_ID,       /* a number: "17" in crm.deal.*, 17 in crm.item.*; empty: 0 */
    AS_DECIMAL,
    AS_FLAG, /* Y or N */
    AS_TIME,
    AS_DATE,    /* midnight in the company's zone */
    AS_NAME,    /* one of .names */
    AS_STATE,   /* the same, but what is written is reached by actions (moves.c) */
    AS_CODE,    /* a record of .detail, by its code */
    AS_MULTI,   /* lines of contacts of the kind .detail, and .first */
    AS_COMPANY, /* the party, if it is an organisation */
    AS_CONTACT, /* the contact person, or the party if it is one */
    AS_CATEGORY,
    AS_STAGE,
    AS_CLOSED,    /* as AS_NAME; what is written must be what the stage says */
    AS_NAME_PART, /* .ours, or that part of the name if there is nothing but the name */
    AS_JSON,      /* any value, as it is written */
    AS_KEPT,      /* a member of KEPT, as it was written; .detail, if it was not */
    AS_LINKS,     /* all contacts or companies of a record, the first one first (links.c) */
    AS_ADDRESS,   /* .detail of the first line of addresses */
    AS_OWNER,     /* what an activity is about: deal, lead or party */
    AS_OWNER_TYPE,
} conversion;

typedef struct {
    const char *theirs, *ours;
} name_pair;

typedef struct {
    const char *theirs; /* "STAGE_ID" */
    const char *ours;   /* a path of our entity; NULL: none */
    conversion as;
    const char *item;   /* in crm.item.*; NULL: camel case of theirs */
    const char *detail; /* see conversion */
    const char *first;  /* our field that keeps the first one; of AS_MULTI: its use is in first_use */
    const name_pair *names;
    bool fixed;    /* not written by clients */
    bool required; /* as their clients see it */
} row;

/* How a record comes from one state to another: the next action on the way. */
typedef struct {
    const char *to, *from, *action;
    const char *flag; /* a parameter that is put to false; NULL: none */
    bool reason;      /* it wants a reason */
} move;

/* What an entity has beside its fields. */
enum { HAS_ROWS = 1, HAS_CONTACTS = 2, HAS_COMPANIES = 4, HAS_USERFIELDS = 8, HAS_ITEMS = 16 };

typedef struct {
    const char *name; /* "crm.deal" */
    const char *ours; /* "crm.deal", "base.party" */
    int type;         /* entityTypeId */
    const char *letter, *title;
    const name_pair only; /* our field that has this value in all of them, or {0} */
    const row *rows;
    const move *moves;
    unsigned has;
} entity;

/* Fields of ours that this module adds to others' entities (kept.c): what their records hold and ours do not,
 * and the contacts of leads and quotes, the companies of contacts, beside the first one. */
#define KEPT       "b24_more"
#define MORE_LINKS "b24_links"
extern const kt_entity own_entities[];

extern const entity entities[]; /* ended by {0} */
const entity *entity_named(kt_str name);
const entity *entity_of_type(int64_t type);

/* ---- A request ---- */

/* Where the last page of a list ended: the commands of a batch often ask for one page after the other. */
typedef struct {
    kt_str what; /* entity, filter and order */
    int64_t start;
    kt_str cursor;
} page_end;

typedef struct {
    kt_tx *tx;
    bool items;                /* in the form of crm.item.* */
    bool importing;            /* times and authors are taken too */
    page_end *page;            /* of the whole request */
    const kt_value *pipelines; /* rows of crm.pipeline, once asked for */
    const entity *custom_of;   /* whose custom rows these are */
    const row *custom;         /* ended by {0} */
} b24;

/* What a method answers. */
typedef struct {
    kt_value result;
    int64_t total, next; /* -1: none */
} answer;

/* An error with their code: "ERROR_METHOD_NOT_FOUND". */
KT_MUST kt_error *b24_fail(kt_tx *tx, const char *code, const char *en, const char *pl);
/* The code and HTTP status of an error in their form, and all its problems as one text. */
const char *b24_code(const kt_error *error, unsigned *status);
kt_str b24_description(kt_tx *tx, const kt_error *error, const char *code);
kt_value b24_error(kt_tx *tx, const kt_error *error); /* {error, error_description} */
/* The row of a field as they call it; NULL: there is none. Custom fields included. */
KT_MUST kt_error *b24_row(b24 *b, const entity *e, kt_str name, const row **row);
/* Rows of the custom fields, ended by {0}. */
KT_MUST kt_error *b24_custom(b24 *b, const entity *e, const row **rows);
kt_str b24_name(const b24 *b, const row *r); /* what the request's form calls it */
kt_str b24_upper(kt_tx *tx, kt_str s);
/* A custom field's name as they call it, and ours. */
kt_str userfield_theirs(kt_tx *tx, kt_str ours);
kt_str userfield_ours(kt_tx *tx, kt_str theirs);
/* Element i of a list: its ID, which is the value that records hold, and our name of it. */
int64_t userfield_choice(const kt_value *choices, size_t i, kt_str *name);
KT_MUST kt_error *b24_pipelines(b24 *b, const kt_value **rows);
const kt_value *b24_param(const kt_value *params, const char *name); /* in any case: ID, id */
/* A whole number of a parameter, given as number or text; false: it is none. */
bool b24_int(const kt_value *v, int64_t *number);
/* Item i of an array, or member i of an object. */
const kt_value *b24_item(const kt_value *v, size_t i);
kt_str b24_text(kt_tx *tx, const kt_value *v); /* of a string or number; not set: null */
bool b24_is(kt_str s, const char *text);

/* ---- Calls (calls.c) ---- */

kt_value b24_str(const char *text);
kt_value b24_words(kt_tx *tx, const char *words);          /* "a b" is ["a", "b"] */
kt_value b24_in(b24 *b, const char *name, kt_value value); /* {name: value} */
/* fields: paths with blanks between */
KT_MUST kt_error *b24_get(
    b24 *b, const char *entity, int64_t id, const char *fields, const kt_value **record);
/* At most 500, by id. */
KT_MUST kt_error *b24_list(
    b24 *b, const char *entity, kt_value filter, const char *fields, const kt_value **rows);
int64_t b24_int_at(const kt_value *of, const char *name); /* 0: there is none */
bool b24_bool_at(const kt_value *of, const char *name);
kt_value b24_number(const b24 *b, int64_t n); /* "17"; in crm.item.* 17 */
/* A parameter as text; not set: not given, or empty. params may be NULL. */
kt_str b24_given(b24 *b, const kt_value *params, const char *name);
/* One page of a list that is at hand whole, by `start`. */
KT_MUST kt_error *b24_page(b24 *b, const kt_value *params, kt_value all, answer *a);

/* ---- Times (times.c) ---- */

/* An instant or day of ours in the company's zone; a day is its midnight. */
kt_str time_theirs(kt_tx *tx, kt_str ours);
kt_str time_now(kt_tx *tx);
kt_str time_of(kt_tx *tx, kt_time at); /* as our wire has it */
/* As our wire wants it; not set: it is none. */
kt_str time_ours(kt_tx *tx, kt_str theirs);
kt_str date_ours(kt_tx *tx, kt_str theirs);

/* ---- Stages (stages.c) ---- */

/* The stage's name, and whether it is a lost one; not set: there is no such stage. */
KT_MUST kt_error *stage_named(b24 *b, int64_t pipeline, int64_t stage, kt_str *name, bool *lost);
/* "NEW" of the pipeline for new deals, "C2:WON" of another. not set: no such stage */
KT_MUST kt_error *stage_theirs(b24 *b, int64_t pipeline, int64_t stage, kt_str *code);
/* within: the pipeline of a code that names no category; 0: the one for new deals. */
KT_MUST kt_error *stage_ours(b24 *b, kt_str code, int64_t within, int64_t *pipeline, int64_t *stage);
/* What is shown as SORT of a stage at this place: the place, if it was brought from elsewhere, else its multiple. */
int64_t stage_sort(const kt_value *stages, int64_t position);
/* The pipeline for new deals is category 0. */
KT_MUST kt_error *category_theirs(b24 *b, int64_t pipeline, int64_t *category);
KT_MUST kt_error *category_ours(b24 *b, int64_t category, int64_t *pipeline);

/* ---- Steps ---- */

/* The paths of ours that a row is made of. (show.c) */
void row_paths(kt_tx *tx, const row *r, kt_maker *paths);
/* One field of a record of ours, in their form. */
KT_MUST kt_error *row_show(b24 *b, const row *r, const kt_value *record, kt_value *shown);
/* A record whole, and written as crm.X.update does. (records.c) */
KT_MUST kt_error *record_read(b24 *b, const entity *e, int64_t id, const kt_value **record);
KT_MUST kt_error *record_update(b24 *b, const entity *e, int64_t id, const kt_value *fields);
/* Makes a record with the times and authors that it had elsewhere, if the caller may write these. */
KT_MUST kt_error *record_import(b24 *b, const entity *e, const kt_value *fields, int64_t *id);
/* What crm.X.fields says of one field. */
enum { FIELD_REQUIRED = 1, FIELD_READ_ONLY = 2, FIELD_IMMUTABLE = 4, FIELD_MULTIPLE = 8, FIELD_DYNAMIC = 16 };
kt_value b24_field(b24 *b, const char *type, const char *title, unsigned flags);
/* The contacts, or companies, of a record (links.c), the first one first. r is its row AS_LINKS. */
enum { LINKS_MAX = 100 };
typedef struct {
    int64_t ids[LINKS_MAX];
    size_t count;
} links;
KT_MUST kt_error *links_of(b24 *b, const row *r, const kt_value *record, links *l);
KT_MUST kt_error *links_read(b24 *b, const kt_value *given, links *l);
/* What is written for all but the first one. before NULL: a new record. */
KT_MUST kt_error *links_values(
    b24 *b, const row *r, const kt_value *before, const links *more, kt_value *made);
/* Their fields as values of ours (take.c). before NULL: a new record. */
typedef struct {
    kt_value values;
    kt_str state;            /* ours; not set: none was given */
    kt_str reason, code;     /* of the change; the state as they call it */
    int64_t pipeline, stage; /* 0: none was given */
    kt_str closed;           /* Y, N; not set: not given */
} taken;
KT_MUST kt_error *fields_take(
    b24 *b, const entity *e, const kt_value *fields, const kt_value *before, taken *t);
/* Brings the record to the state and stage that were written (moves.c). */
KT_MUST kt_error *record_move(b24 *b, const entity *e, int64_t id, const taken *t);
/* first, middle and last name; of a record that has nothing but a name, its words. (show.c) */
enum { NAME_PARTS = 3 };
extern const char *const name_parts[NAME_PARTS];
void name_split(kt_tx *tx, const kt_value *record, kt_str parts[NAME_PARTS]);
/* Ids of multi-fields: what is kept in a field of its own has 1 or 2, lines their id and 2. */
enum { LINE_IDS = 2 };
int64_t first_id(const row *r);
/* The id of the record of an entity with this code; validation at the path: there is none. (take.c) */
KT_MUST kt_error *code_take(b24 *b, const char *path, const char *entity, kt_str code, kt_value *id);
/* One member of a list of conditions: [path, op, value]. (query.c) */
kt_value condition(kt_tx *tx, const char *path, const char *op, kt_value value);
/* One value as our filters compare it. */
KT_MUST kt_error *value_take(b24 *b, const row *r, const kt_value *v, kt_value *ours);
/* Their filter, order as ours (query.c). */
KT_MUST kt_error *filter_take(b24 *b, const entity *e, const kt_value *filter, kt_value *ours);
KT_MUST kt_error *order_take(b24 *b, const entity *e, const kt_value *order, kt_str *sort);

/* ---- Product rows (rows.c) ---- */

enum { ROWS_MAX = 500, ROW_LINE_BIT = 3, ROW_OWNER_BIT = 20 }; /* of a row's number */
typedef struct {
    const kt_value *row; /* as they write it; NULL: the line stays as it is */
    int64_t line;        /* our line; 0: a new one */
} row_change;
int64_t row_number(const entity *e, int64_t owner, int64_t line);
bool row_included(b24 *b, const kt_value *row, bool otherwise);
KT_MUST kt_error *rows_show(b24 *b, const entity *e, int64_t owner, kt_value *shown);
KT_MUST kt_error *rows_save(b24 *b, const entity *e, int64_t owner, kt_value values);
/* All rows of a document, which state their prices with tax or without; shown as rows_show does. */
KT_MUST kt_error *rows_write(b24 *b, const entity *e, int64_t owner, const row_change *changes, size_t count,
    bool included, kt_value *shown);

/* ---- Methods ---- */

typedef kt_error *(*verb_run)(b24 *b, const entity *e, const kt_value *params, answer *a);
typedef struct {
    const char *name; /* "list" */
    bool writes;
    verb_run run;
    unsigned needs; /* what an entity must have */
} verb;
extern const verb record_verbs[], row_verbs[], userfield_verbs[], link_verbs[];
typedef struct {
    const char *name; /* "user.get" */
    bool writes;
    kt_error *(*run)(b24 *b, const kt_value *params, answer *a);
} method;
extern const method activity_methods[], batch_methods[], category_methods[], directory_methods[],
    directory_write_methods[], import_methods[], kind_methods[], people_methods[], reach_methods[],
    row_methods[], trigger_methods[];
/* Runs a method by its name. (bitrix24.c) */
KT_MUST kt_error *b24_run(kt_tx *tx, page_end *page, kt_str name, const kt_value *params, answer *a);
/* Does it write? Unknown methods do not. */
bool b24_writes(kt_str name);
