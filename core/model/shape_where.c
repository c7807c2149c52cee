/* shape_where.c -- conditions on a struct's members become a filter of the query language: straight, where a field of the
 * record itself is held to a number, an id or a choice, as most are; else by way of the words that the wire has. */
#include <stdlib.h>

#include "kit/decimal.h"
#include "kit/decode.h"
#include "model/shape.h"
#include "query/internal.h"

const shape_row *shape_row_at(const shape_binding *binding, size_t at)
{
    for (size_t i = 0; i < binding->count; i++) {
        if (binding->rows[i].declared->at == at)
            return &binding->rows[i];
    }
    return NULL;
}

/* ---- By way of the wire ---- */

static kt_error *unfit(kt_tx *tx, const model_field *field)
{
    return kt_fail(tx, KT_RULE, field->name.ptr, "cannot be compared with this value",
        "nie da się porównać z tą wartością");
}

static kt_error *text_variant(arena *arena, kt_str text, variant *out)
{
    out->kind = text.ptr ? VARIANT_STRING : VARIANT_NULL;
    out->as.string = arena_str(arena, text);
    return !text.ptr || out->as.string.ptr ? NULL : error_no_memory();
}

static kt_error *choice_variant(kt_tx *tx, const model_field *field, unsigned value, variant *out)
{
    for (const kt_choice *c = field->choices; value && c && c->value; c++) {
        if (c->value == value)
            return text_variant(tx->arena, str_of(c->name), out);
    }
    out->kind = VARIANT_NULL;
    return value == 0 ? NULL : unfit(tx, field);
}

static kt_error *any_variant(kt_tx *tx, const model_field *field, kt_id id, variant *out)
{
    const char *entity = kt_any_entity(tx, id);
    if (!entity)
        return unfit(tx, field);
    variant_member *members = ARENA_ARRAY(tx->arena, variant_member, 2);
    variant *values = ARENA_ARRAY(tx->arena, variant, 2);
    if (!members || !values)
        return error_no_memory();
    values[0] = (variant){VARIANT_STRING, .as.string = str_of(entity)};
    values[1] = (variant){VARIANT_INT, .as.integer = (int64_t)kt_any_id(id).v};
    members[0] = (variant_member){KT_STR("entity"), &values[0]};
    members[1] = (variant_member){KT_STR("id"), &values[1]};
    *out = (variant){VARIANT_OBJECT, .as.object = {members, 2}};
    return NULL;
}

/* A member's value as the wire has it. */
static kt_error *value_variant(kt_tx *tx, const model_field *field, const void *value, variant *out)
{
    char text[64];
    *out = (variant){VARIANT_NULL};
    switch (field->type) {
    case KT_STRING:
    case KT_TEXT:
    case KT_JSON:
        return text_variant(tx->arena, *(const kt_str *)value, out);
    case KT_BOOL:
        *out = (variant){VARIANT_BOOL, .as.boolean = *(const bool *)value};
        return NULL;
    case KT_INT:
        *out = (variant){VARIANT_INT, .as.integer = *(const int64_t *)value};
        return NULL;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE: {
        const kt_dec *dec = value;
        return dec->scale1 ? text_variant(tx->arena, (kt_str){text, dec_text(*dec, text)}, out) : NULL;
    }
    case KT_DATE: {
        const kt_date *date = value;
        return date->day ? text_variant(tx->arena, (kt_str){text, date_text(*date, text)}, out) : NULL;
    }
    case KT_TIME: {
        const kt_time *time = value;
        return time->ms ? text_variant(tx->arena, (kt_str){text, time_text(*time, text)}, out) : NULL;
    }
    case KT_STATE:
        return choice_variant(tx, field, *(const unsigned *)value, out);
    case KT_REF:
    case KT_REFS: /* holds this id */
    case KT_FILE: {
        const kt_id *id = value;
        if (id->v && is_any(field))
            return any_variant(tx, field, *id, out);
        if (id->v)
            *out = (variant){VARIANT_INT, .as.integer = (int64_t)id->v};
        return NULL;
    }
    case KT_LINES:
        return unfit(tx, field);
    }
    abort(); /* the catalogue holds no other type */
}

/* [name, op, value] */
static kt_error *where_variant(kt_tx *tx, const shape_binding *binding, const kt_where *where, variant *out)
{
    static const char *const ops[] = {
        [KT_EQ] = "=", [KT_NE] = "!=", [KT_LT] = "<", [KT_LE] = "<=", [KT_GT] = ">", [KT_GE] = ">="};
    const shape_row *row = shape_row_at(binding, where->at);
    variant *items = ARENA_ARRAY(tx->arena, variant, 3);
    if (!items)
        return error_no_memory();
    *out = (variant){VARIANT_ARRAY, .as.array = {items, 3}};
    items[1] = (variant){VARIANT_STRING, .as.string = str_of(ops[where->op])};
    if (!row && where->at == offsetof(kt_record, id)) {
        items[0] = (variant){VARIANT_STRING, .as.string = KT_STR("id")};
        items[2] = (variant){VARIANT_INT, .as.integer = (int64_t)((const kt_id *)where->value)->v};
        return NULL;
    }
    if (!row || !row->count)
        return kt_fail(tx, KT_RULE, NULL, "a condition names a member that %s does not have",
            "warunek dotyczy pola, którego %s nie ma", binding->shape->name);
    items[0] = (variant){VARIANT_STRING, .as.string = str_of(row->declared->name)};
    return value_variant(tx, row->steps[row->count - 1], where->value, &items[2]);
}

/* The conditions that came as text; NULL: none. */
static kt_error *text_filter(kt_tx *tx, const shape_binding *binding, kt_str text, query_filter **filter)
{
    static const decode_limits limits = {.depth_max = 64, .elements_max = 20000};
    const variant *from;
    *filter = NULL;
    if (!text.len)
        return NULL;
    KT_TRY(decode_json(tx->arena, text, &limits, &from));
    return query_filter_read(tx, binding->entity, from, filter);
}

/* ---- Conditions on a field of the record itself, which need no words of the language ---- */

/* A decimal at the field's scale; false: it has digits that the field has not. */
static bool plain_dec(const model_field *field, kt_dec from, model_value *value)
{
    value->as.d = kt_dec_round(from, field->scale);
    value->set = from.scale1 != 0;
    return !value->set || (!dec_is_bad(value->as.d) && kt_dec_cmp(value->as.d, from) == 0);
}

static bool plain_id(const kt_tx *tx, const model_field *field, kt_id id, model_value *value)
{
    value->set = id.v != 0;
    value->as.i = (int64_t)id.v;
    if (!value->set || !is_any(field))
        return true;
    return shape_any(tx, id, value);
}

static bool plain_choice(const model_field *field, unsigned choice, model_value *value)
{
    const kt_choice *c = field->choices;
    while (choice && c && c->value && c->value != choice)
        c++;
    value->set = choice != 0;
    value->as.i = choice;
    return !choice || (c && c->value);
}

/* The member as the field's value; false: only the language can tell. */
static bool plain_value(const kt_tx *tx, const model_field *field, const void *member, model_value *value)
{
    *value = (model_value){0};
    switch (field->type) {
    case KT_BOOL:
        *value = (model_value){.set = true, .as.i = *(const bool *)member};
        return true;
    case KT_INT:
        *value = (model_value){.set = true, .as.i = *(const int64_t *)member};
        return true;
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        return plain_dec(field, *(const kt_dec *)member, value);
    case KT_DATE:
        value->as.i = ((const kt_date *)member)->day;
        value->set = value->as.i != 0;
        return true;
    case KT_TIME:
        value->as.i = ((const kt_time *)member)->ms;
        value->set = value->as.i != 0;
        return true;
    case KT_STATE:
        return plain_choice(field, *(const unsigned *)member, value);
    case KT_REF:
    case KT_REFS: /* holds this id */
    case KT_FILE:
        return plain_id(tx, field, *(const kt_id *)member, value);
    case KT_STRING:
    case KT_TEXT:
    case KT_JSON:
    case KT_LINES:
        break;
    }
    return false;
}

static bool plain_order(const model_field *field)
{
    return is_decimal(field->type) || field->type == KT_INT || field->type == KT_DATE ||
           field->type == KT_TIME || field->position == MODEL_ID;
}

/* values: room for two. returns false: the value or the operator is not one for it */
static bool plain_test(const model_field *field, kt_op op, model_value *values, filter_test *test)
{
    const model_value value = values[0];
    const bool low = op == KT_GT || op == KT_GE;
    test->values = values;
    if (op == KT_EQ || op == KT_NE) {
        test->kind = TEST_IN;
        test->null = !value.set;
        test->count = value.set;
        return true;
    }
    test->kind = TEST_RANGE;
    test->low_open = test->high_open = op == KT_LT || op == KT_GT;
    values[0] = low ? value : (model_value){0};
    values[1] = low ? (model_value){0} : value;
    return value.set && plain_order(field);
}

static kt_error *negate(kt_tx *tx, const query_filter **filter)
{
    const query_filter **items = ARENA_NEW(tx->arena, const query_filter *);
    query_filter *made = ARENA_NEW(tx->arena, query_filter);
    if (!items || !made)
        return error_no_memory();
    *items = *filter;
    *made = (query_filter){.kind = FILTER_NOT, .count = 1, .items = items};
    *filter = made;
    return NULL;
}

/* *filter stays NULL: the condition is none of these. */
static kt_error *plain_filter(
    kt_tx *tx, const shape_binding *binding, const kt_where *where, const query_filter **filter)
{
    struct {
        query_filter filter;
        filter_test test;
        model_value values[2];
    } *made = arena_bytes(tx->arena, sizeof *made);
    const model_entity *entity = binding->entity;
    const shape_row *row = shape_row_at(binding, where->at);
    const model_field *field = row && row->count == 1 && !row->condition ? row->steps[0] : NULL;
    *filter = NULL;
    if (!made)
        return error_no_memory();
    if (!row && where->at == offsetof(kt_record, id) && ((const kt_id *)where->value)->v)
        field = &entity->fields[MODEL_ID];
    if (!field || !path_field_visible(tx, field, entity) ||
        !plain_value(tx, field, where->value, &made->values[0]))
        return NULL;
    made->test = (filter_test){.path = {.name = field->name,
                                   .entity = entity,
                                   .record = entity,
                                   .count = 1,
                                   .steps = {field},
                                   .many = false}};
    if (!plain_test(field, where->op, made->values, &made->test))
        return NULL;
    made->filter = (query_filter){.kind = FILTER_TEST, .test = &made->test};
    *filter = &made->filter;
    return where->op == KT_NE ? negate(tx, filter) : NULL;
}

static kt_error *where_filter(
    kt_tx *tx, const shape_binding *binding, const kt_where *where, const query_filter **filter)
{
    query_filter *read = NULL;
    KT_TRY(plain_filter(tx, binding, where, filter));
    if (*filter)
        return NULL;
    variant *one = ARENA_NEW(tx->arena, variant), *all = ARENA_NEW(tx->arena, variant);
    if (!one || !all)
        return error_no_memory();
    KT_TRY(where_variant(tx, binding, where, one));
    *all = (variant){VARIANT_ARRAY, .as.array = {one, 1}};
    kt_error *error = filter_read_own(tx, binding->entity, all, &read);
    *filter = read;
    return error;
}

kt_error *shape_filter(
    kt_tx *tx, const shape_binding *binding, const kt_query *query, const query_filter **filter)
{
    size_t count = 0;
    query_filter *given = NULL;
    kt_error *all = NULL;
    const kt_where *where = query->where;
    while (where && where[count].value)
        count++;
    const query_filter **items = ARENA_ARRAY(tx->arena, const query_filter *, count + 1);
    if (!items)
        return error_no_memory();
    for (size_t i = 0; i < count; i++)
        kt_also(&all, where_filter(tx, binding, &where[i], &items[i]));
    if (!all)
        all = text_filter(tx, binding, query->filter, &given);
    if (all)
        return all;
    if (given)
        items[count++] = given;
    return count ? filter_and(tx->arena, items, count, filter) : NULL;
}
