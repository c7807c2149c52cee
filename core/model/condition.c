/* condition.c -- reading and judging the conditions that fields declare. */
#include "model/condition.h"

#include "kit/decode.h"

static const decode_limits limits = {.depth_max = 10, .elements_max = 1000};

bool condition_visible(kt_tx *tx, const model_entity *entity, kt_str condition)
{
    const variant *from = NULL;
    query_filter *filter;
    return !decode_json(tx->arena, condition, &limits, &from) &&
           (from->kind != VARIANT_ARRAY || !query_filter_read(tx, entity, from, &filter));
}

kt_error *condition_read(kt_tx *tx, const model_entity *entity, kt_str condition, query_filter **filter)
{
    const variant *from = NULL;
    kt_authority authority = kt_own_authority(tx);
    kt_error *error = decode_json(tx->arena, condition, &limits, &from);
    if (!error)
        error = query_filter_read(tx, entity, from, filter);
    kt_callers_authority(tx, authority);
    return error;
}

/* Whoever writes the record has not made the condition. */
static kt_error *not_judged(kt_tx *tx, const model_field *field, kt_error *error)
{
    const problem *p = error->first;
    if (!p || (p->kind != KT_VALIDATION && p->kind != KT_NOT_FOUND))
        return error;
    return kt_hint(
        kt_fail(tx, KT_RULE, field->name.ptr, "a condition that the field declares cannot be judged: %s%.0s",
            "nie można ocenić warunku, który pole deklaruje: %.0s%s", p->text.en, p->text.pl),
        "Whoever defines fields has to change it.", "Musi go zmienić ten, kto definiuje pola.");
}

kt_error *condition_met(
    kt_tx *tx, const model_record *record, const model_field *field, kt_str condition, bool *met)
{
    query_filter *filter = NULL;
    *met = false;
    kt_error *error = condition_read(tx, record->entity, condition, &filter);
    if (error)
        return not_judged(tx, field, error);
    kt_authority authority = kt_own_authority(tx);
    error = query_filter_matches(tx, filter, record, met);
    kt_callers_authority(tx, authority);
    return error;
}
