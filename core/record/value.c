/* value.c -- <kontor/value.h>: values for modules, and the bus's methods called by name. */
#include <kontor/value.h>

#include "kit/decode.h"
#include "record/record.h"

enum { DEPTH_MAX = 64, ELEMENTS_MAX = 100000, ROOM_FIRST = 8, TEXT_MAX = 16 << 20 };

const kt_value *kt_value_get(const kt_value *v, const char *name)
{
    return variant_get(v, name);
}

kt_str kt_value_get_str(const kt_value *v, const char *name)
{
    return variant_get_str(v, name);
}

size_t kt_value_count(const kt_value *v)
{
    return !v                           ? 0
           : v->kind == KT_VALUE_ARRAY  ? v->as.array.count
           : v->kind == KT_VALUE_OBJECT ? v->as.object.count
                                        : 0;
}

kt_value kt_value_str(kt_str s)
{
    return s.ptr ? (kt_value){.kind = KT_VALUE_STRING, .as.string = s} : (kt_value){0};
}

kt_value kt_value_int(int64_t i)
{
    return (kt_value){.kind = KT_VALUE_INT, .as.integer = i};
}

kt_value kt_value_bool(bool b)
{
    return (kt_value){.kind = KT_VALUE_BOOL, .as.boolean = b};
}

/* The place behind the last element, in memory that is only the maker's so far. NULL: the transaction is
 * doomed. */
static void *place_for(kt_tx *tx, kt_maker *maker, const void *old, size_t count, size_t size)
{
    if (count < maker->room)
        return (char *)(uintptr_t)old + count * size;
    size_t room = count < ROOM_FIRST ? ROOM_FIRST : 2 * count;
    char *grown = arena_alloc(tx->arena, room * size);
    if (!grown) {
        if (!tx->doomed)
            tx->doomed = error_no_memory();
        return NULL;
    }
    if (count)
        memcpy(grown, old, count * size);
    maker->room = room;
    if (maker->value.kind == KT_VALUE_ARRAY)
        maker->value.as.array.items = (const void *)grown;
    else
        maker->value.as.object.members = (const void *)grown;
    return grown + count * size;
}

static const kt_value null_value = {.kind = KT_VALUE_NULL};

void kt_put_named(kt_tx *tx, kt_maker *object, kt_str name, kt_value value)
{
    kt_value *copy = arena_alloc(tx->arena, sizeof *copy);
    kt_value_member *at = place_for(
        tx, object, object->value.as.object.members, object->value.as.object.count, sizeof *at);
    if (!at)
        return;
    if (copy)
        *copy = value;
    else if (!tx->doomed)
        tx->doomed = error_no_memory();
    *at = (kt_value_member){name, copy ? copy : &null_value};
    object->value.as.object.count++;
}

void kt_put(kt_tx *tx, kt_maker *object, const char *name, kt_value value)
{
    kt_put_named(tx, object, str_of(name), value);
}

void kt_add(kt_tx *tx, kt_maker *array, kt_value item)
{
    kt_value *at = place_for(tx, array, array->value.as.array.items, array->value.as.array.count, sizeof *at);
    if (!at)
        return;
    *at = item;
    array->value.as.array.count++;
}

kt_error *kt_json_read(kt_tx *tx, kt_str text, const kt_value **value)
{
    static const decode_limits limits = {.depth_max = DEPTH_MAX, .elements_max = ELEMENTS_MAX};
    return decode_json(tx->arena, text, &limits, value);
}

static kt_error *take_text(kt_tx *tx, buffer *made, kt_error *error, kt_str *text)
{
    if (!error)
        error = error_of_answer(tx->arena, made);
    if (!error) {
        *text = arena_str(tx->arena, buffer_str(made));
        error = text->ptr ? NULL : error_no_memory();
    }
    buffer_close(made);
    return error;
}

kt_error *kt_json_write(kt_tx *tx, const kt_value *value, kt_str *text)
{
    buffer made;
    buffer_open(&made, TEXT_MAX);
    json j = json_to(&made);
    json_variant(&j, value);
    return take_text(tx, &made, NULL, text);
}

kt_error *kt_call(kt_tx *tx, const char *method, const kt_value *params, const kt_value **result)
{
    buffer made;
    kt_str text = {0};
    if (!tx->call)
        return kt_fail(tx, KT_UNAVAILABLE, NULL, "%s cannot be called here: nobody called over the bus",
            "%s nie można tu wywołać: nikt nie wywołał przez szynę", method);
    if (kt_value_get(params, "as_of")) /* it would hold for all that this transaction reads from here on */
        return kt_fail(tx, KT_VALIDATION, "as_of", "a call within a transaction reads what is now",
            "wywołanie wewnątrz transakcji czyta stan bieżący");
    buffer_open(&made, TEXT_MAX);
    json j = json_to(&made);
    json_array(&j); /* a result may be a bare number, a JSON text may not */
    kt_error *error = tx->call(tx, tx->caller, str_of(method), params, &j);
    json_array_end(&j);
    KT_TRY(take_text(tx, &made, error, &text));
    KT_TRY(kt_json_read(tx, text, result));
    *result = &(*result)->as.array.items[0];
    return NULL;
}
