/* mask.c -- what is shown of a telephone number, an address, an account to who need not have it whole: enough
 * to tell one from another by eye, not enough to use. Its ends stay, and what parts it: "+48 *** *** *12",
 * "PL********12", "a***@***.pl". A masked text masked again is the same. */
#include "model/query.h"

enum { TAIL = 2, WHOLE_MIN = 6 }; /* characters kept at the end; of fewer than WHOLE_MIN none is kept */

static bool is_sign(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*' ||
           c >= 0x80;
}

static bool is_rest(unsigned char c)
{
    return (c & 0xC0) == 0x80; /* of a character of several bytes */
}

static size_t signs_in(kt_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += is_sign((unsigned char)text.ptr[i]) && !is_rest((unsigned char)text.ptr[i]);
    return n;
}

/* "+48", "PL": how many characters tell the country. */
static size_t country_of(kt_str text)
{
    bool plus = text.len > 0 && text.ptr[0] == '+';
    bool letters = text.len > 2 && text.ptr[0] >= 'A' && text.ptr[0] <= 'Z' && text.ptr[1] >= 'A' &&
                   text.ptr[1] <= 'Z' && !(text.ptr[2] >= 'A' && text.ptr[2] <= 'Z');
    return plus || letters ? 2 : 0;
}

/* The first character, and what follows the last point: neither how long it is nor whose. */
static kt_str mask_address(arena *arena, kt_str text)
{
    size_t first = 1, dot = text.len;
    while (first < text.len && is_rest((unsigned char)text.ptr[first]))
        first++;
    while (dot > 0 && text.ptr[dot - 1] != '.' && text.ptr[dot - 1] != '@')
        dot--;
    bool end = dot > 0 && text.ptr[dot - 1] == '.';
    return arena_format(arena, "%.*s***@***%s%.*s", (int)first, text.ptr, end ? "." : "",
        end ? (int)(text.len - dot) : 0, text.ptr + dot);
}

kt_str model_mask(arena *arena, kt_str text)
{
    if (text.len > 1 && memchr(text.ptr + 1, '@', text.len - 1))
        return mask_address(arena, text);
    char *out = arena_alloc(arena, text.len + 1);
    size_t n = 0, sign = 0, signs = signs_in(text), head = country_of(text);
    if (!out)
        return (kt_str){0};
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (is_rest(c))
            continue;
        bool kept = !is_sign(c) || (signs >= WHOLE_MIN && c < 0x80 && (sign < head || sign >= signs - TAIL));
        out[n++] = kept ? (char)c : '*';
        sign += is_sign(c);
    }
    out[n] = 0;
    return (kt_str){out, n};
}

bool model_is_masked(kt_tx *tx, const model_field *field, const model_record *of)
{
    return field->mask.len && tx->guard && tx->guard->clear &&
           !tx->guard->clear(tx, field, of->entity, of->values ? of : NULL);
}

kt_str model_seen_text(kt_tx *tx, const model_field *field, const model_record *of, kt_str text)
{
    if (!text.len || !model_is_masked(tx, field, of))
        return text;
    kt_str masked = model_mask(tx->arena, text);
    if (!masked.ptr && !tx->doomed)
        tx->doomed = error_no_memory();
    return masked.ptr ? masked : KT_STR("***");
}

kt_error *mask_take_back(kt_tx *tx, const model_field *field, const model_record *of, const char *path,
    model_value before, model_value *value)
{
    if (!value->set || !memchr(value->as.s.ptr, '*', value->as.s.len) || !model_is_masked(tx, field, of))
        return NULL;
    kt_str seen = before.set ? model_mask(tx->arena, before.as.s) : (kt_str){0};
    if (before.set && !seen.ptr)
        return error_no_memory();
    if (before.set && str_eq(seen, value->as.s)) {
        *value = before;
        return NULL;
    }
    return kt_hint(kt_fail(tx, KT_VALIDATION, path, "\"%.*s\" is a masked value: it cannot be kept",
                       "\"%.*s\" to wartość zamaskowana: nie można jej zapisać", STR_ARG(value->as.s)),
        "Leave the field out, or give the whole value.", "Pomiń pole albo podaj całą wartość.");
}

kt_error *mask_refuse(kt_tx *tx, const model_path *path, const char *at)
{
    const model_field *field = query_path_last(path);
    const model_record some = {.entity = path->record};
    if (!model_is_masked(tx, field, &some))
        return NULL;
    return kt_hint(error_make(tx->arena, KT_FORBIDDEN, at,
                       "\"%.*s\" is masked for you: it gives no order, group or part",
                       "\"%.*s\" jest dla ciebie zamaskowane: nie daje kolejności, grup ani części",
                       STR_ARG(path->name)),
        "Ask for a whole value by \"=\": that counts as revealing one.",
        "Pytaj o całą wartość przez \"=\": liczy się to jak odsłonięcie jednej.");
}

kt_error *mask_ask(kt_tx *tx, const model_path *path, const model_value *values, size_t count)
{
    const model_field *field = query_path_last(path);
    const model_record some = {.entity = path->record};
    if (!count || !model_is_masked(tx, field, &some))
        return NULL;
    for (size_t i = 0; i < count; i++)
        KT_TRY(tx->guard->asked(tx, field, path->record, values[i].as.s));
    return NULL;
}

kt_error *kt_asks(kt_tx *tx, const char *entity, const char *name, kt_str value)
{
    const model_entity *found = model_entity_find(tx->catalogue, str_of(entity));
    const model_value asked = {.set = true, .as.s = value};
    model_path path;
    if (!found || !value.len)
        return NULL;
    KT_TRY(query_path_read(tx, found, str_of(name), NULL, &path));
    return mask_ask(tx, &path, &asked, 1);
}
