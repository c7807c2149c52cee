/* internal.h -- what the files of this room, and the binding of C structs, share beyond model.h. */
#pragma once
#include "model/model.h"
#include "record/internal.h"

enum {
    DEPTH_MAX = 16,      /* of handlers that cause events that cause handlers */
    TOKENS_MAX = 4096,   /* distinct words of one record that search finds */
    BLOCKERS_SHOWN = 50, /* records named in the refusal of a deletion */
    DELETE_MAX = 20000,  /* records that one deletion deletes or changes */
};

/* ---- Writing filled records: the verbs of model.h and kt_create, kt_update stand on these ---- */

/* Creates a record from its own fields and external_id; the rest is filled in, in *record too: defaults of
 * what is not set, computed fields, id, number, stamps. Judges the entity's and the record's rights, not
 * those of fields. */
KT_MUST kt_error *model_store_new(kt_tx *tx, model_record *record);
/* The same under this id, which must be free; 0: the next one. */
KT_MUST kt_error *model_store_new_as(kt_tx *tx, model_record *record, uint64_t id);
/* As model_store_new_as, with the defaults filled in by the caller. */
KT_MUST kt_error *model_store_filled_as(kt_tx *tx, model_record *record, uint64_t id);
/* The module's compute over the record, which has what it filled in, normalised, also where it found problems: what is
 * refused then is not called missing as well. */
KT_MUST kt_error *model_record_compute(kt_tx *tx, model_record *record);
/* Puts a default into a value that is not set. */
void model_fill_default(kt_tx *tx, const model_default *source, model_value *value);
/* The same for all that is not set in lines that are new. */
void model_fill_new_lines(kt_tx *tx, model_record *record);
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
/* Takes the references to a target away from a record, whose values are the caller's own array. */
KT_MUST kt_error *model_reference_clear(
    kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id, model_record *record);
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
