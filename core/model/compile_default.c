/* compile_default.c -- a field's `initial`, read once when the catalogue is built. */
#include "kit/decimal.h"
#include "model/compile.h"

static bool read_int(kt_str text, int64_t *out)
{
    kt_dec value;
    if (dec_parse(text, 0, &value) != DEC_OK)
        return false;
    *out = value.coef;
    return true;
}

static bool read_state(const model_field *field, kt_str text, int64_t *out)
{
    for (const kt_choice *choice = field->choices; choice && choice->name; choice++)
        if (str_is(text, choice->name)) {
            *out = choice->value;
            return true;
        }
    return false;
}

static default_kind computed_kind(const model_field *field)
{
    kt_str text = field->initial;
    if (field->type == KT_DATE && str_is(text, "today"))
        return DEFAULT_TODAY;
    if (field->type == KT_TIME && str_is(text, "now"))
        return DEFAULT_NOW;
    if (field->type == KT_REF && str_is(text, "me"))
        return DEFAULT_ME;
    if (field->type == KT_REF && str_is(text, "company"))
        return DEFAULT_COMPANY;
    return DEFAULT_VALUE;
}

static bool read_value(const model_field *field, model_value *value)
{
    kt_str text = field->initial;
    kt_date date;
    kt_time time;
    switch (field->type) {
    case KT_STRING:
    case KT_TEXT:
    case KT_JSON:
        value->as.s = text;
        return true;
    case KT_BOOL:
        value->as.i = str_is(text, "true");
        return value->as.i || str_is(text, "false");
    case KT_INT:
        return read_int(text, &value->as.i);
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        return dec_parse(text, field->scale, &value->as.d) == DEC_OK;
    case KT_DATE:
        if (!date_parse(text, &date))
            return false;
        value->as.i = date.day;
        return true;
    case KT_TIME:
        if (!time_parse(text, &time))
            return false;
        value->as.i = time.ms;
        return true;
    case KT_STATE:
        return read_state(field, text, &value->as.i);
    case KT_REF:
        return !is_any(field) && read_int(text, &value->as.i) && value->as.i > 0;
    case KT_REFS:
    case KT_LINES:
    case KT_FILE:
        return false;
    }
    return false;
}

void build_default(builder *b, const model_field *field, const char *path, model_default *out)
{
    *out = (model_default){.kind = DEFAULT_NONE};
    if (!field->initial.len) {
        if (field->type == KT_STATE && str_is(field->name, "state") && field->choices) {
            out->kind = DEFAULT_VALUE; /* a machine starts in its first state */
            out->value = (model_value){.set = true, .as.i = field->choices[0].value};
        }
        return;
    }
    out->kind = computed_kind(field);
    if (out->kind != DEFAULT_VALUE)
        return;
    out->value.set = true;
    if (!read_value(field, &out->value)) {
        build_problem(b, path, "\"%s\" is no initial value for this type",
            "\"%s\" nie jest wartością początkową dla tego typu", field->initial.ptr);
        out->kind = DEFAULT_NONE;
    }
}
