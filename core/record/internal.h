/* internal.h -- what the rooms of records share beyond record.h: the compiled catalogue from within, records past all
 * rights. */
#pragma once
#include <stdatomic.h>

#include "record/key.h"
#include "record/record.h"

/* ---- Compiled extras of an entity ---- */

enum {
    TAG_SEALED = 9,   /* the personal part */
    TAG_ENTRY = 10,   /* the journal's entry that changed the record last */
    TAG_OWN = 12,     /* the first tag of a declared field */
    TAG_LINE_ID = 1,  /* of lines */
    TAG_LINE_OWN = 2, /* the first tag of a line's field */
    NO_POSITION = 0xffff,
};

typedef enum {
    DEFAULT_NONE,
    DEFAULT_VALUE,
    DEFAULT_TODAY,
    DEFAULT_NOW,
    DEFAULT_ME,
    DEFAULT_COMPANY,
} default_kind;
typedef struct {
    default_kind kind;
    model_value value;
} model_default;

/* A place from which records of an entity are pointed to. */
typedef struct {
    const model_entity *entity;
    const model_field *field; /* in lines: of the lines */
    const model_index *index; /* its first field is `field` */
} model_referrer;

typedef struct {
    const kt_handler *declared;
    kt_str event, module;
    size_t order; /* of modules, then of declaration */
} model_handler;
typedef struct {
    const model_handler *items; /* in order */
    size_t count;
} model_handlers;

typedef enum { EVENT_CREATED, EVENT_UPDATED, EVENT_DELETED, EVENTS } model_event;

/* What is read of a tag, beside each other: a field itself is far larger. */
typedef struct {
    uint16_t position; /* of its field, or NO_POSITION */
    uint8_t fits;      /* bits: the kinds of stored values that the field takes (codec.h) */
    uint8_t plain;     /* the kind that is the field's value as it stands */
    uint8_t scale;
} model_tag;

typedef struct model_internals {
    const model_tag *by_tag;
    size_t tag_count;
    const uint16_t *by_name; /* hash table of positions */
    size_t name_slots;       /* a power of two */
    const model_default *defaults;
    const model_referrer *referrers;
    size_t referrer_count;
    model_handlers on[EVENTS];
    model_handlers *on_action; /* per action */
    const kt_shape *shape;     /* NULL: custom */
    bool searchable, has_machine, has_defaults;
    bool has_conditions, lines_have_defaults; /* fields that are required under one; of its lines' fields */
    bool words_filling;                       /* a word of a record may not stand yet, or still: fill.c */
    uint16_t first_tag;
} model_internals;

struct model_catalogue {
    arena *arena; /* its own */
    _Atomic unsigned holders;
    model_entity **entities; /* in order of module and declaration */
    size_t entity_count;
    const model_entity **by_number;
    size_t number_count;
    const uint32_t *by_name; /* hash table of entity positions + 1 */
    size_t name_slots;
    struct shape_row {
        const kt_shape *shape;
        const model_entity *entity;
    } * shapes; /* lines, parameters, results; sorted by address */
    size_t shape_count;
    struct shape_table *bindings; /* of shapes to entities, compiled when first used */
    model_handler *handlers;      /* of modules' own events too; sorted by event, else in order */
    size_t handler_count;
    const model_referrer *any_referrers;
    size_t any_referrer_count;
    model_sources sources;
};
uint32_t name_hash(kt_str name); /* of the catalogue's tables */
model_tag model_tag_of(const model_field *field);

/* References to "*" may point to any entity. */
const model_referrer *model_any_referrers(const model_catalogue *catalogue, size_t *count);
/* Handlers of a module's own event; count 0: none. */
model_handlers model_handlers_find(const model_catalogue *catalogue, kt_str event);
/* The bindings of shapes, see shape.h. */
struct shape_table *model_shapes(const model_catalogue *catalogue);

static inline bool is_text(kt_type type)
{
    return type == KT_STRING || type == KT_TEXT || type == KT_JSON;
}
static inline bool is_any(const model_field *field)
{
    return field->type == KT_REF && field->target_name.len == 1 && field->target_name.ptr[0] == '*';
}
/* Can the field's values be read out of an index's keys? They stand there whole, and for all to see. */
bool model_can_be_covered(const model_field *field);
/* The same of all of an index's fields. */
bool model_is_legible(const model_index *index);
/* The id that a reference holds, whatever its target; 0: none. */
static inline uint64_t ref_id(const model_field *field, const model_value *value)
{
    return !value->set ? 0 : is_any(field) ? value->as.any.id : (uint64_t)value->as.i;
}

/* ---- Records ---- */

/* All fields not set. */
KT_MUST kt_error *model_record_new(kt_tx *tx, const model_entity *entity, model_record *record);
/* A copy whose values may be changed one by one; what values point to is shared. */
KT_MUST kt_error *model_record_copy(kt_tx *tx, const model_record *from, model_record *to);
/* What before knows of the ids that lines had, after knows too. */
void model_keep_line_ids(const model_record *before, model_record *after);
/* The highest id that a line of this value, of KT_LINES, ever had; lines may be NULL. */
int64_t model_last_line_id(const model_value *lines);
/* Reads a record past all rights. */
KT_MUST kt_error *model_load(
    kt_tx *tx, const model_entity *entity, uint64_t id, model_record *record, bool *found);
/* As model_load, with the bytes as stored; bytes->ptr NULL: there is none. */
KT_MUST kt_error *model_load_bytes(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str *bytes);
static inline uint64_t record_id(const model_record *record)
{
    return (uint64_t)record->values[MODEL_ID].as.i;
}
/* Loads for a change: not_found also if the caller may not read it, forbidden, conflict on another version.
 */
KT_MUST kt_error *model_load_for(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version,
    const char *action, model_record *record);
/* Kept counters, KEY_COUNTER: of all records of an entity; and what one says, 0 if it is not there. */
void counter_total_key(key *out, const model_entity *entity);
KT_MUST kt_error *counter_read(kt_tx *tx, const key *name, uint64_t *count);
/* The id of a record by a unique index whose other fields are not needed to tell it; 0: none. */
KT_MUST kt_error *model_find_unique(kt_tx *tx, const model_entity *entity, const model_index *index,
    const model_value *const *values, uint64_t *id);
