/* path.h -- dotted paths from a record through references and lines, and what the caller may see at their end. */
#pragma once
#include "record/internal.h"

enum { PATH_STEPS_MAX = 6 };

/* A dotted path, checked against the catalogue and the caller's rights. */
struct model_path {
    kt_str name;                         /* as the caller wrote it */
    const model_entity *entity, *record; /* record: whose the last field is, or the lines that it is of */
    size_t count;
    const model_field *steps[PATH_STEPS_MAX]; /* references, lists or lines; the last of any type */
    bool many;                                /* goes through lines or a list of references */
};

/* ---- What is masked (mask.c, mask_find.c) ---- */

typedef struct {
    size_t from, to;
    bool bare; /* a number of JSON, outside its strings: masked it becomes one */
} mask_piece;  /* a telephone number, or an address of mail */
typedef struct {
    kt_str text;
    size_t at, stop;
    bool json, inside;
} mask_search;
/* json: what stands in its strings, their names, and whole numbers that stand alone are looked at. */
mask_search mask_search_in(kt_str text, bool json);
bool mask_next(mask_search *search, mask_piece *piece);

/* A value that came back as it was shown means the one that is there; any other masked one is refused. */
KT_MUST kt_error *mask_take_back(kt_tx *tx, const model_field *field, const model_record *of,
    const char *path, model_value before, model_value *value);
/* Refuses a path whose last field is masked for the caller in some record: what it would be sorted, grouped or
 * compared by could be read out of the order.
 *   asked  what it is compared with, NULL: nothing; within what people write words may be asked for */
KT_MUST kt_error *mask_refuse(kt_tx *tx, const model_path *path, const variant *asked, const char *at);
/* The caller asks for whole values of the path's field: each is counted if it is masked. */
KT_MUST kt_error *mask_ask(kt_tx *tx, const model_path *path, const model_value *values, size_t count);

/* May the caller see the field, of this entity's records? */
bool path_field_visible(kt_tx *tx, const model_field *field, const model_entity *entity);
/* The error at `at` for a name that is no field of `of` (an entity, or the lines of one), with the name of a field that is
 * meant by its spelling as the hint. */
KT_MUST kt_error *path_unknown(
    kt_tx *tx, const model_entity *of, const model_entity *entity, kt_str name, const char *at);
/* Resolves name, which may end in no hidden or unknown field. Errors are validation at `at`, with the name of
 * a field that is meant by its spelling as the hint. */
KT_MUST kt_error *path_read(
    kt_tx *tx, const model_entity *entity, kt_str name, const char *at, model_path *path);
/* As path_read, but begins inside the lines of `lines`, a field of entity. */
KT_MUST kt_error *path_read_in(kt_tx *tx, const model_entity *entity, const model_entity *lines, kt_str name,
    const char *at, model_path *path);
/* What rows shall show: names is an array of paths, "*" among them all of the record's own; NULL or null: those. Problems
 * stand at "at[i]", all at once. (wire.c) */
KT_MUST kt_error *paths_read(kt_tx *tx, const model_entity *entity, const variant *names, const char *at,
    model_path **paths, size_t *count);
static inline const model_field *path_last(const model_path *path)
{
    return path->steps[path->count - 1];
}

/* Records that references lead to, kept for the length of a query. */
typedef struct path_follow path_follow;
KT_MUST kt_error *path_follow_open(kt_tx *tx, path_follow **follow);
/* The record, or NULL if there is none that the caller may read. follow NULL: nothing is kept. */
KT_MUST kt_error *path_follow_get(
    kt_tx *tx, path_follow *follow, const model_entity *entity, uint64_t id, const model_record **record);
uint64_t path_follow_cost(const path_follow *follow); /* records read so far */

/* May the caller see this record, as to company and rights? */
bool record_visible(kt_tx *tx, const model_record *record, const char *right);

/* The value at the end of a path without `many`; a reference that leads nowhere makes it not set.
 *   of  NULL, or receives the record that has the value */
KT_MUST kt_error *path_value(kt_tx *tx, path_follow *follow, const model_path *path,
    const model_record *record, const char *shown, const model_value **value, const model_record **of);

/* One record as an object of these members; tells the guard that it was seen, on behalf of right. (wire.c) */
KT_MUST kt_error *record_write(kt_tx *tx, path_follow *follow, const model_record *record,
    const model_path *paths, size_t count, const char *right, json *out);

/* Calls take for each value at the end of a path, through lines and lists of references too; a reference that
 * leads nowhere gives none. (path.c) */
KT_MUST kt_error *path_each(kt_tx *tx, path_follow *follow, const model_path *path,
    const model_record *record,
    kt_error *(*take)(void *context, const model_field *field, const model_value *value), void *context);
