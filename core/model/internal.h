/* internal.h -- what the files of this room, and the binding of C structs, share beyond model.h. */
#pragma once
#include "model/key.h"
#include "model/model.h"

/* ---- Compiled extras of an entity ---- */

enum {
    TAG_SEALED = 9,   /* the personal part */
    TAG_OWN = 12,     /* the first tag of a declared field */
    TAG_LINE_ID = 1,  /* of lines */
    TAG_LINE_OWN = 2, /* the first tag of a line's field */
    NO_POSITION = 0xffff,
    DEPTH_MAX = 16,      /* of handlers that cause events that cause handlers */
    TOKENS_MAX = 4096,   /* distinct words of one record that search finds */
    BLOCKERS_SHOWN = 50, /* records named in the refusal of a deletion */
    DELETE_MAX = 20000,  /* records that one deletion deletes or changes */
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

typedef struct model_internals {
    const uint16_t *by_tag; /* position of each tag, or NO_POSITION */
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
    bool words_filling; /* a word of a record may not stand yet, or still: fill.c */
    uint16_t first_tag;
} model_internals;

/* References to "*" may point to any entity. */
const model_referrer *model_any_referrers(const model_catalogue *catalogue, size_t *count);
/* Handlers of a module's own event; count 0: none. */
model_handlers model_handlers_find(const model_catalogue *catalogue, kt_str event);
/* The bindings of shapes, see shape.h. */
struct shape_table *model_shapes(const model_catalogue *catalogue);

static inline bool is_decimal(kt_type type)
{
    return type >= KT_MONEY && type <= KT_RATE;
}
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

/* ---- Writing filled records: the verbs of model.h and kt_create, kt_update stand on these ---- */

/* Creates a record from its own fields and external_id; the rest is filled in, in *record too: defaults of
 * what is not set, computed fields, id, number, stamps. Judges the entity's and the record's rights, not
 * those of fields. */
KT_MUST kt_error *model_store_new(kt_tx *tx, model_record *record);
/* As model_store_new, with the defaults filled in by the caller. */
KT_MUST kt_error *model_store_filled(kt_tx *tx, model_record *record);
/* The same under this id, which must be free; 0: the next one. */
KT_MUST kt_error *model_store_filled_as(kt_tx *tx, model_record *record, uint64_t id);
/* The module's compute over the record, which has what it filled in also where it found problems: what is refused
 * then is not called missing as well. */
KT_MUST kt_error *model_record_compute(kt_tx *tx, model_record *record);
/* Puts a default into a value that is not set. */
void model_fill_default(kt_tx *tx, const model_default *source, model_value *value);
/* returns unavailable: the transaction only reads, or the entity's module is not enabled */
KT_MUST kt_error *model_may_write(kt_tx *tx, const model_entity *entity);
/* Writes what differs between before (as loaded) and after, whose version and stamps move on. Nothing
 * differs: nothing happens. Judges no rights: the caller loaded it by model_load_for. */
KT_MUST kt_error *model_store_changed(kt_tx *tx, const model_record *before, model_record *after);
/* Deletes by the references' policies, all or nothing: what forbids it is found before the first write.
 *   returns  conflict: a restricting reference points to it, or to what would be deleted with it */
KT_MUST kt_error *model_store_gone(kt_tx *tx, const model_record *before);
/* The first half of model_store_changed: writes, but neither notes the change nor tells handlers.
 *   bytes  [0] as it was stored, [1] as it is now; not set: nothing differs */
KT_MUST kt_error *model_store_silently(
    kt_tx *tx, const model_record *before, model_record *after, kt_str bytes[2]);
/* The ids of records that point to a target from one place, at most `most`. */
KT_MUST kt_error *model_pointing(kt_tx *tx, const model_referrer *from, const model_entity *target,
    uint64_t id, size_t most, uint64_t **ids, size_t *count);
/* From which id on records must be read for model_pointing to find all; UINT64_MAX: none, its index has all. */
KT_MUST kt_error *model_unfilled(kt_tx *tx, const model_referrer *from, uint64_t *next);
/* Takes the references to a target away from a record, whose values are the caller's own array. */
KT_MUST kt_error *model_reference_clear(
    kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id, model_record *record);
/* Loads for a change: not_found also if the caller may not read it, forbidden, conflict on another version.
 */
KT_MUST kt_error *model_load_for(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version,
    const char *action, model_record *record);
/* The id of a record by a unique index whose other fields are not needed to tell it; 0: none. */
KT_MUST kt_error *model_find_unique(kt_tx *tx, const model_entity *entity, const model_index *index,
    const model_value *const *values, uint64_t *id);

/* ---- Events ---- */

/* Runs handlers one after another; both records may be NULL. An error of a handler dooms the transaction. */
KT_MUST kt_error *model_run_handlers(kt_tx *tx, const model_handlers *handlers, const char *event,
    const model_record *before, const model_record *after);

static inline bool model_is_watched(const kt_tx *tx, const model_entity *entity)
{
    return tx->watch && entity->number < tx->watch->entity_count && tx->watch->entities[entity->number];
}
/* Tells whoever watches. */
KT_MUST kt_error *model_tell(kt_tx *tx, const model_seen *seen);

/* Announces an event by its name. */
KT_MUST kt_error *model_emit(
    kt_tx *tx, const char *event, const model_record *before, const model_record *after);
/* Runs an action on parameters that are a struct already; see model_act. answer may be NULL. */
KT_MUST kt_error *model_act_run(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version,
    const model_action *action, const kt_record *params, model_record *record, json *answer);

/* ---- C structs (shape.c) ---- */

/* Makes a struct of the shape in the transaction's memory and fills it from a record; paths through
 * references are followed past rights. */
KT_MUST kt_error *shape_fill(kt_tx *tx, const kt_shape *shape, const model_record *record, kt_record **rec);
/* Puts the struct's own members back into the record's values, which are the caller's own array; leaves alone
 * what still equals the value that it was filled from. */
KT_MUST kt_error *shape_take(kt_tx *tx, const kt_record *rec, model_record *record);
