/* decode.c -- what a client sends becomes variants in the request's arena.
 *
 * The bytes are scanned once before the JSON library sees them: 4 MB of "[{},{},..." would become 275 MB of
 * its nodes, and its own depth limit of 2048 cannot be changed. */
#include "kit/decode.h"

#include <jansson.h>
#include <stdio.h>

static kt_error *scan(arena *arena, kt_str text, const decode_limits *limits)
{
    size_t depth = 0, elements = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            elements++;
            if (++depth > limits->depth_max)
                return error_make(arena, KT_LIMIT, NULL, "the message is nested deeper than %u levels",
                    "komunikat jest zagnieżdżony głębiej niż %u poziomów", limits->depth_max);
        } else if (c == ',') {
            elements++;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    if (elements > limits->elements_max)
        return error_make(arena, KT_LIMIT, NULL, "the message has %zu elements, at most %zu are taken",
            "komunikat ma %zu elementów, przyjmowanych jest najwyżej %zu", elements, limits->elements_max);
    return NULL;
}

/* The shortest of the usual texts that reads back as the same number: 0.1 stays "0.1". */
static kt_str real_text(arena *arena, double value)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        int n = snprintf(text, sizeof text, "%.*g", digits, value);
        if (n <= 0)
            break;
        json_t *back = json_loadb(text, (size_t)n, JSON_DECODE_ANY, NULL);
        double again = json_number_value(back);
        bool is_real = json_is_real(back);
        json_decref(back);
        if (!is_real) /* "1e5" without a point or exponent prints as an integer: keep it a real */
            break;
        if (memcmp(&again, &value, sizeof value) == 0)
            break;
    }
    return arena_str(arena, str_of(text));
}

static bool convert(arena *arena, const json_t *from, variant *to);

static bool convert_array(arena *arena, const json_t *from, variant *to)
{
    size_t count = json_array_size(from);
    variant *items = ARENA_ARRAY(arena, variant, count ? count : 1);
    if (!items)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!convert(arena, json_array_get(from, i), &items[i]))
            return false;
    to->kind = VARIANT_ARRAY;
    to->as.array.items = items;
    to->as.array.count = count;
    return true;
}

static bool convert_object(arena *arena, json_t *from, variant *to)
{
    size_t count = json_object_size(from), i = 0;
    variant_member *members = ARENA_ARRAY(arena, variant_member, count ? count : 1);
    variant *values = ARENA_ARRAY(arena, variant, count ? count : 1);
    if (!members || !values)
        return false;
    for (void *at = json_object_iter(from); at && i < count; at = json_object_iter_next(from, at), i++) {
        const char *name = json_object_iter_key(at);
        members[i].name = arena_str(arena, str_of(name));
        members[i].value = &values[i];
        if (!members[i].name.ptr || !convert(arena, json_object_iter_value(at), &values[i]))
            return false;
    }
    to->kind = VARIANT_OBJECT;
    to->as.object.members = members;
    to->as.object.count = i;
    return true;
}

/* Recursion is bounded by the scan's depth limit. */
static bool convert(arena *arena, const json_t *from, variant *to)
{
    switch (json_typeof(from)) {
    case JSON_NULL:
        to->kind = VARIANT_NULL;
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        to->kind = VARIANT_BOOL;
        to->as.boolean = json_is_true(from);
        return true;
    case JSON_INTEGER:
        to->kind = VARIANT_INT;
        to->as.integer = json_integer_value(from);
        return true;
    case JSON_REAL:
        to->kind = VARIANT_REAL;
        to->as.string = real_text(arena, json_real_value(from));
        return to->as.string.ptr != NULL;
    case JSON_STRING:
        to->kind = VARIANT_STRING;
        to->as.string = arena_str(arena, (kt_str){json_string_value(from), json_string_length(from)});
        return to->as.string.ptr != NULL;
    case JSON_ARRAY:
        return convert_array(arena, from, to);
    case JSON_OBJECT: {
        json_t *object = NULL; /* the library's iterators want a plain pointer though they only read */
        memcpy(&object, &from, sizeof object);
        return convert_object(arena, object, to);
    }
    }
    return false;
}

kt_error *decode_json(arena *arena, kt_str text, const decode_limits *limits, const variant **value)
{
    *value = NULL;
    KT_TRY(scan(arena, text, limits));
    json_error_t error;
    json_t *tree = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &error);
    if (!tree)
        return error_make(arena, KT_VALIDATION, NULL, "no JSON: line %d, column %d: %s",
            "to nie JSON: wiersz %d, kolumna %d: %s", error.line, error.column, error.text);
    variant *root = ARENA_NEW(arena, variant);
    bool ok = root && convert(arena, tree, root);
    json_decref(tree);
    if (!ok)
        return error_no_memory();
    *value = root;
    return NULL;
}

void decode_start(void)
{
    json_object_seed(0);
}
