/* compile.h -- building a catalogue: the steps, which are one file each. */
#pragma once
#include <stdatomic.h>
#include <stdio.h>

#include "model/internal.h"

/* A field and who declared it. */
typedef struct {
    const kt_field *declared;
    kt_str module;
} field_source;

/* Numbers that an entity, or the lines of one, got for ever. */
typedef struct {
    kt_str name;
    uint16_t tag;
    uint8_t type, scale; /* type NUMBERS_ANY: a reference to "*" */
} stored_field;
typedef struct {
    kt_str spec; /* see index_spec */
    uint16_t number;
    uint8_t active; /* INDEX_.. */
} stored_index;
enum {
    INDEX_UNUSED,  /* has no entries */
    INDEX_WHOLE,   /* kept up to date by the last catalogue */
    INDEX_FILLING, /* the same, but for records from fill_mark on: fill.c */
    INDEX_LEAVING, /* no longer declared; its entries are being removed: never used again under this number */
    INDEX_SEEKING, /* as INDEX_FILLING, of references that older records may hold: model_index.seeking */
};
static inline bool index_fills(uint8_t state)
{
    return state == INDEX_FILLING || state == INDEX_SEEKING;
}
typedef struct numbers {
    kt_str name;
    struct numbers *next;
    uint16_t number, next_tag, next_index;
    uint16_t first_new_tag; /* tags from here on are given for the first time */
    stored_field *fields;
    size_t field_count, field_room;
    stored_index *indexes;
    size_t index_count, index_room;
    bool changed;
} numbers;
#define NUMBERS_ANY 200

typedef struct draft {
    model_entity *entity;
    model_internals *internals;
    const kt_entity *declared; /* as declared, or made of a stored definition */
    kt_str module;
    bool custom;
    field_source *sources;
    size_t source_count, source_room;
    numbers numbers;
    uint8_t *states; /* per index: INDEX_.. as stored */
} draft;

typedef struct {
    arena *arena; /* for problems and what is needed while building */
    arena *own;   /* the catalogue's */
    store_view *view;
    const uint8_t *master_key;
    model_catalogue *catalogue;
    size_t shape_room;
    draft *drafts;
    size_t draft_count, draft_room;
    numbers *line_numbers;
    uint16_t next_number;
    bool next_changed;
    kt_error *problems;
    bool no_memory;
} builder;

/* Adds a problem of the declarations. */
KT_PRINTF(3, 5)
KT_PRINTF(4, 5) void build_problem(builder *b, const char *path, const char *en, const char *pl, ...);
/* Copies into the catalogue's memory; failures set b->no_memory. */
kt_str build_str(builder *b, const char *text);
kt_text build_text(builder *b, kt_text text);
void *build_alloc(builder *b, size_t size);
/* array grown by one: *room and *count are kept; NULL: no memory */
void *build_grow(builder *b, void *items, size_t *count, size_t *room, size_t item_size);
bool name_is_good(const char *name); /* [a-z][a-z0-9_]*, to 40 characters */
/* Starts an entity of a module; custom: declared was made of a stored definition. */
void build_entity(builder *b, const kt_entity *declared, const char *module, bool custom, bool enabled);
/* NULL: none of this name is being built. */
draft *build_draft_find(builder *b, const char *name);
const model_entity *build_entity_find(builder *b, const char *name);

/* compile_fields.c */
typedef enum { FIELDS_ENTITY, FIELDS_LINES, FIELDS_PARAMS } fields_kind;
/* Compiles sources into entity->fields, the name table, tags, defaults. */
KT_MUST kt_error *build_fields(builder *b, model_entity *entity, model_internals *internals,
    const field_source *sources, size_t count, fields_kind kind, numbers *stored);
/* The fields of a nameless shape. Lines: anew for each field, for each has its own tags; parameters and
 * results: once. name is the lines' own and for problems. */
KT_MUST kt_error *build_shape(builder *b, const kt_shape *shape, const char *name, kt_str module,
    fields_kind kind, const model_entity **entity);
/* compile_default.c */
/* Reads a field's `initial`. */
void build_default(builder *b, const model_field *field, const char *path, model_default *out);
/* compile_indexes.c: the indexes, which are whole and which are to be filled */
KT_MUST kt_error *build_indexes(builder *b, draft *d);
/* Had records these fields before? Else there is nothing of them that a new index could lack. */
bool build_was_stored(const draft *d, const model_index *index);
/* Is it of a field that was defined at run time, and met first by a server that starts? */
bool build_was_defined(const builder *b, const model_index *index);
/* Who points to whom, of all entities. */
KT_MUST kt_error *build_referrers(builder *b);
/* compile_actions.c: an entity's actions; a module's methods; all modules' handlers, in their order */
KT_MUST kt_error *build_actions(builder *b, draft *d);
KT_MUST kt_error *build_methods(builder *b, const kt_module *module);
KT_MUST kt_error *build_handlers(builder *b);
/* numbers.c: what is stored of an entity's numbers, and of the next entity's; *tag: the field's, given for ever */
KT_MUST kt_error *numbers_load(builder *b, kt_str entity, uint16_t first_tag, numbers *out);
KT_MUST kt_error *numbers_save(builder *b, numbers *n);
KT_MUST kt_error *numbers_next_load(builder *b);
KT_MUST kt_error *numbers_next_save(builder *b);
KT_MUST kt_error *numbers_tag(
    builder *b, numbers *n, const model_field *field, const char *path, uint16_t *tag);
/* fill.c: notes that an index is leaving. */
KT_MUST kt_error *fill_leave(store_view *view, uint16_t entity, uint16_t index, bool unique);
/* The bytes of the next records, copied: a cursor need not see what is written under it. */
typedef struct {
    uint64_t id;
    kt_str bytes;
} fill_row;
typedef struct {
    fill_row *items;
    size_t count;
} fill_rows;
/* At most `most` records from id `next` on. */
KT_MUST kt_error *fill_rows_read(
    kt_tx *tx, const model_entity *entity, uint64_t next, size_t most, fill_rows *rows);
/* unique.c: adds a problem for every two records that have one value of an index that shall be unique. */
KT_MUST kt_error *unique_check(
    const kt_tx *tx, const model_entity *entity, const model_index *index, kt_error **problems);
/* That these two records are alike. */
kt_error *unique_problem(
    arena *arena, const model_entity *entity, const model_index *index, uint64_t a, uint64_t b);
/* fill_words.c: whether an entity's words are being written anew; begins that, anew; one step. */
KT_MUST kt_error *fill_words_step(kt_tx *tx, bool *worked);
KT_MUST kt_error *fill_words_open(store_view *view, uint16_t entity, bool *open);
KT_MUST kt_error *fill_words_begin(store_view *view, uint16_t entity);
/* backfill.c: drops the entries of indexes that are no longer declared and fills new ones. */
KT_MUST kt_error *build_backfill(builder *b, draft *d);
/* custom.c: adds the stored definitions to the drafts. */
KT_MUST kt_error *custom_load(builder *b);
