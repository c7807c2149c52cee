/* sequence.h -- ids, and the numbers that people use. */
#pragma once
#include "model/internal.h"

/* {year} {month} {day} and one {seq} or {seq:DIGITS}; all else is text. */
bool sequence_pattern_is_good(kt_str pattern);
/* The entity's next id. */
KT_MUST kt_error *sequence_id(kt_tx *tx, const model_entity *entity, uint64_t *id);
/* Lifts the entity's last id to at least this one: restored records. */
KT_MUST kt_error *sequence_id_at_least(kt_tx *tx, const model_entity *entity, uint64_t id);
/* Gives the record its number by the entity's pattern, counted per company and per year (month, day) if the
 * pattern names them. A number that somebody brought in already is passed over. */
KT_MUST kt_error *sequence_number(kt_tx *tx, model_record *record);
/* The same by another pattern, which is a series of its own, and by another day than today. */
KT_MUST kt_error *sequence_series(kt_tx *tx, model_record *record, kt_str pattern, kt_date date);
/* Takes back the last number that was given, if it is this record's. returns conflict if others came after */
KT_MUST kt_error *sequence_number_back(kt_tx *tx, const model_record *record);
