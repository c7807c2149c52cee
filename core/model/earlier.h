/* earlier.h -- what earlier definitions of a field bind a new one to: its values are stored for ever under its name. */
#pragma once
#include "model/definition.h"

/* A choice's name keeps the value that it had in any definition before, wherever it stands in the list now, and a new name gets
 * one that no other ever had: records hold the value. A field that comes back is of the same target, and not personal if
 * it was not.
 *   entity      of the field, or the entity that is defined
 *   ever        all definitions that there were
 *   definition  of a field or of an entity, that can be read
 *   bound       the same, with the values of choices that do not follow from their places
 *   returns     conflict; limit: there are no more values */
KT_MUST kt_error *earlier_bind(
    kt_tx *tx, kt_str entity, const definition_row *ever, const variant *definition, const variant **bound);
