/* lookup.h -- finding the record that a cell means, under the caller's rights; and a set of texts. */
#pragma once
#include "exchange/mapping.h"

/* A set of hashed texts. memory: arena */
typedef struct seen {
    arena *arena;
    uint64_t *slots;
    size_t size, used;
} seen;
/* false: it was there already. A set without memory forgets. */
bool seen_add(seen *seen, kt_str text);
bool seen_has(const seen *seen, kt_str text);
void seen_remove(seen *seen, kt_str text);
uint64_t text_hash(kt_str text);

static inline variant text_variant(kt_str s)
{
    return (variant){.kind = VARIANT_STRING, .as.string = s};
}

/* The ids of at most two records whose fields have these values. */
KT_MUST kt_error *lookup_by(kt_tx *tx, const model_entity *target, const model_field *const *fields,
    const variant *values, size_t n, uint64_t ids[2], size_t *count);
/* .. that have a line whose members have these values. */
KT_MUST kt_error *lookup_by_line(kt_tx *tx, const model_entity *target, const model_field *lines,
    const variant_member *members, size_t n, uint64_t ids[2], size_t *count);
/* The record whose field has this text; 0: none. returns conflict: several have */
KT_MUST kt_error *lookup_one(
    kt_tx *tx, const model_entity *target, const model_field *field, kt_str text, uint64_t *id);
/* The record that people would name so; 0: none. */
KT_MUST kt_error *lookup_any(kt_tx *tx, const model_entity *target, kt_str text, uint64_t *id);
/* Makes a record that has this text in a field, and as its title. by may be NULL. */
KT_MUST kt_error *lookup_make(
    kt_tx *tx, const model_entity *target, const model_field *by, kt_str text, uint64_t *id);
