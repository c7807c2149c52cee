/* mapping.h -- which column of a file goes where: read from JSON that a person or a module wrote, or guessed
 * from titles. The form is in docs/import-export.md. */
#pragma once
#include "exchange/reader.h"
#include "model/model.h"

/* Where a cell goes: a field, or a member of a line.
 *   "amount"                        a field
 *   "party.tax_id"                  a reference, by a field of its target
 *   "contacts[kind=phone].value"    a line that is told by constants of its members
 *   "contacts[2].value"             the second line ("contacts.2.value" too)
 *   "items[].quantity"              the line that this row is: several rows make one record */
typedef struct {
    const model_field *field;
    const model_field *member; /* of lines; NULL */
    kt_str selector;           /* of lines: what stands between the brackets */
    bool each_row;             /* "[]" */
    kt_str by;                 /* of references: the target's field; not set: whatever finds it */
} place;

typedef enum { MISSING_REFUSE, MISSING_CREATE, MISSING_EMPTY } missing;
typedef struct map_column {
    kt_str title;         /* the first one, as it is written */
    const kt_str *titles; /* folded */
    size_t title_count;
    place place;
    bool guessed;          /* no mapping says it */
    bool ignored;          /* read over: "field": null, or what the server sets itself */
    const variant *values; /* of the file to ours; NULL */
    kt_str prefix;         /* put before the text: of ids of another system */
    missing missing;       /* a reference to what is not there */
    /* Of cells that hold an array of objects, as answers of REST services do: each object is a line of its own. */
    const variant *items; /* the object's members to the line's: {"VALUE": "value", "TYPE": "use"}; NULL */
    const model_field *first; /* receives the first object's value instead of a line; NULL */
} map_column;

typedef enum { MODE_UPSERT, MODE_CREATE, MODE_UPDATE, MODE_ADD } import_mode;
typedef enum { DATES_ANY, DATES_YMD, DATES_DMY, DATES_MDY } date_order;
enum { KEY_FIELDS_MAX = 4 };
typedef struct {
    const model_entity *entity;
    reader_options reader;
    import_mode mode;
    bool keep;    /* original ids, times, authors, numbers and states */
    char decimal; /* ',' '.'; 0: told by the number */
    date_order dates;
    place key[KEY_FIELDS_MAX]; /* none: external_id, or in our own files id */
    size_t key_count;
    map_column *columns;
    size_t column_count;
    map_column *known; /* what the entity's module says of columns */
    size_t known_count;
    const variant *constants; /* values of every record; NULL */
    bool lines_by_row;        /* some column is a line of its row */
} mapping;

/* The entity that rows become: validation at "entity" if none is named, not_found if there is none of that name. */
KT_MUST kt_error *mapping_entity(kt_tx *tx, kt_str name, const model_entity **entity);
/* Reads {"entity", "format", "encoding", "separator", "decimal", "dates", "mode", "keep", "key", "columns",
 * "values"}. from NULL: nothing but the entity is known.
 *   entity   not set: the mapping names it
 *   returns  all problems at once, under "mapping"
 *   memory   the transaction's */
KT_MUST kt_error *mapping_read(kt_tx *tx, const variant *from, kt_str entity, mapping *mapping);
/* Finds where the reader's column `at` goes: by the mapping's titles, else by a path, by the entity's own titles, by the fields' names
 * and labels in English and Polish. NULL in *column: nowhere.
 *   memory  a column that was guessed is the transaction's */
KT_MUST kt_error *mapping_find(
    kt_tx *tx, const mapping *mapping, const reader *reader, size_t at, const map_column **column);
/* Reads "contacts[kind=phone].value". */
KT_MUST kt_error *place_read(kt_tx *tx, const model_entity *entity, kt_str text, place *place);
/* Small letters and digits with one blank between words: "E-Mail (Work)" and "e mail work" are one. */
kt_str title_fold(arena *arena, kt_str title);
