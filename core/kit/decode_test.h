/* decode_test.h -- the JSON library reads the same text: both take it with the same values, or both refuse
 * it. */
#pragma once
#include <jansson.h>

#include "kit/decode.h"

static inline bool decoded_alike(const variant *ours, const json_t *theirs)
{
    switch (ours->kind) {
    case VARIANT_NULL:
        return json_is_null(theirs);
    case VARIANT_BOOL:
        return json_is_boolean(theirs) && json_is_true(theirs) == ours->as.boolean;
    case VARIANT_INT:
        return json_is_integer(theirs) && json_integer_value(theirs) == ours->as.integer;
    case VARIANT_REAL: {
        json_t *text = json_loadb(ours->as.string.ptr, ours->as.string.len, JSON_DECODE_ANY, NULL);
        double read = json_number_value(text), value = json_real_value(theirs);
        json_decref(text);
        bool same = memcmp(&read, &value, sizeof read) == 0 || (read <= value && read >= value); /* -0 */
        return json_is_real(theirs) && same;
    }
    case VARIANT_STRING:
        return json_is_string(theirs) && ours->as.string.ptr[ours->as.string.len] == '\0' &&
               str_eq(ours->as.string, (kt_str){json_string_value(theirs), json_string_length(theirs)});
    case VARIANT_ARRAY:
        if (!json_is_array(theirs) || json_array_size(theirs) != ours->as.array.count)
            return false;
        for (size_t i = 0; i < ours->as.array.count; i++)
            if (!decoded_alike(&ours->as.array.items[i], json_array_get(theirs, i)))
                return false;
        return true;
    case VARIANT_OBJECT:
        if (!json_is_object(theirs) || json_object_size(theirs) != ours->as.object.count)
            return false;
        for (size_t i = 0; i < ours->as.object.count; i++) {
            const json_t *member = json_object_get(theirs, ours->as.object.members[i].name.ptr);
            if (!member || !decoded_alike(ours->as.object.members[i].value, member))
                return false;
        }
        return true;
    }
    return false;
}

/* error, ours: what decode_json gave for text. A text past our limits proves nothing. */
static inline bool decoded_as_by_the_library(kt_str text, const kt_error *error, const variant *ours)
{
    if (error && error->first && error->first->kind == KT_LIMIT)
        return true;
    if (text.len && memchr(text.ptr, 0, text.len)) /* never JSON; the library overlooks one behind a number */
        return error != NULL;
    json_t *theirs = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, NULL);
    bool alike = error ? theirs == NULL : theirs && decoded_alike(ours, theirs);
    json_decref(theirs);
    return alike;
}
