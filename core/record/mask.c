/* mask.c -- what is shown of a telephone number, an address, an account to who need not have it whole: enough
 * to tell one from another by eye, not enough to use. Its ends stay, and what parts it: "+48 *** *** *12",
 * "PL********12", "a***@***.pl". A masked text masked again is the same. */
#include "kit/buffer.h"
#include "record/path.h"

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

/* ---- Within what people write ---- */

/* As it is shown. */
static kt_str piece_masked(arena *arena, kt_str text, const mask_piece *p)
{
    kt_str masked = model_mask(arena, (kt_str){text.ptr + p->from, p->to - p->from});
    return p->bare && masked.ptr ? arena_format(arena, "\"%.*s\"", STR_ARG(masked)) : masked;
}

static kt_str mask_within(arena *arena, kt_str text, bool json)
{
    mask_search search = mask_search_in(text, json);
    buffer out;
    size_t done = 0;
    mask_piece p;
    if (!mask_next(&search, &p))
        return text;
    buffer_open(&out, 4 * text.len + 64);
    do {
        kt_str masked = piece_masked(arena, text, &p);
        buffer_add(&out, text.ptr + done, p.from - done);
        buffer_add_str(&out, masked.ptr ? masked : p.bare ? KT_STR("\"***\"") : KT_STR("***"));
        done = p.to;
    } while (mask_next(&search, &p));
    buffer_add(&out, text.ptr + done, text.len - done);
    kt_str made = out.full ? (kt_str){0} : arena_str(arena, buffer_str(&out));
    buffer_close(&out);
    return made;
}

kt_str model_mask_within(arena *arena, kt_str text)
{
    return mask_within(arena, text, false);
}

kt_str model_mask_json(arena *arena, kt_str text)
{
    return mask_within(arena, text, true);
}

static kt_str mask_of(arena *arena, const model_field *field, kt_str text)
{
    return field->mask_within ? mask_within(arena, text, field->type == KT_JSON) : model_mask(arena, text);
}

/* ---- What a caller sees, asks and gives back ---- */

bool model_is_masked(kt_tx *tx, const model_field *field, const model_record *of)
{
    return field->mask.len && tx->guard && tx->guard->clear &&
           !tx->guard->clear(tx, field, of->entity, of->values ? of : NULL);
}

kt_str model_seen_text(kt_tx *tx, const model_field *field, const model_record *of, kt_str text)
{
    if (!text.len || !model_is_masked(tx, field, of))
        return text;
    kt_str masked = mask_of(tx->arena, field, text);
    if (!masked.ptr && !tx->doomed)
        tx->doomed = error_no_memory();
    return masked.ptr ? masked : field->type == KT_JSON ? KT_STR("null") : KT_STR("***");
}

/* Each masked piece of the text as it was shown stands for the one that is there, in their order. */
static kt_error *take_back_within(kt_tx *tx, kt_str before, bool json, kt_str *given)
{
    mask_search search = mask_search_in(before, json);
    buffer out;
    size_t done = 0;
    mask_piece p;
    buffer_open(&out, given->len + before.len + 64);
    while (mask_next(&search, &p)) {
        const kt_str whole = {before.ptr + p.from, p.to - p.from}, seen = piece_masked(tx->arena, before, &p);
        const char *at = seen.ptr ? memmem(given->ptr + done, given->len - done, seen.ptr, seen.len) : NULL;
        if (!at)
            continue;
        buffer_add(&out, given->ptr + done, (size_t)(at - given->ptr) - done);
        buffer_add_str(&out, whole);
        done = (size_t)(at - given->ptr) + seen.len;
    }
    buffer_add(&out, given->ptr + done, given->len - done);
    kt_str made = out.full ? (kt_str){0} : arena_str(tx->arena, buffer_str(&out));
    buffer_close(&out);
    *given = made.ptr ? made : *given;
    return made.ptr ? NULL : error_no_memory();
}

kt_error *mask_take_back(kt_tx *tx, const model_field *field, const model_record *of, const char *path,
    model_value before, model_value *value)
{
    if (!value->set || !memchr(value->as.s.ptr, '*', value->as.s.len) || !model_is_masked(tx, field, of))
        return NULL;
    if (field->mask_within)
        return before.set ? take_back_within(tx, before.as.s, field->type == KT_JSON, &value->as.s) : NULL;
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

enum { PART_DIGITS_MAX = 2 }; /* that may be asked for of a text whose numbers are masked */

/* Does it ask for a part of a number or of an address? A pattern's place of one character tells a digit too. */
static bool asks_for_part(const variant *asked)
{
    size_t digits = 0;
    if (asked && asked->kind == VARIANT_ARRAY)
        for (size_t i = 0; i < asked->as.array.count; i++)
            if (asks_for_part(&asked->as.array.items[i]))
                return true;
    if (!asked || asked->kind != VARIANT_STRING)
        return false;
    kt_str s = asked->as.string;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '@')
            return true;
        digits += (s.ptr[i] >= '0' && s.ptr[i] <= '9') || s.ptr[i] == '_';
    }
    return digits > PART_DIGITS_MAX;
}

kt_error *mask_refuse(kt_tx *tx, const model_path *path, const variant *asked, const char *at)
{
    const model_field *field = path_last(path);
    const model_record some = {.entity = path->record};
    if (!model_is_masked(tx, field, &some) || (field->mask_within && !asks_for_part(asked)))
        return NULL;
    if (field->mask_within)
        return kt_hint(
            error_make(tx->arena, KT_FORBIDDEN, at,
                "numbers and addresses in \"%.*s\" are masked for you: no part of one can be asked for",
                "numery i adresy w \"%.*s\" są dla ciebie zamaskowane: nie można pytać o ich części",
                STR_ARG(path->name)),
            "Ask for words, or have the text revealed.", "Pytaj o słowa albo odsłoń tekst.");
    return kt_hint(error_make(tx->arena, KT_FORBIDDEN, at,
                       "\"%.*s\" is masked for you: it gives no order, group or part",
                       "\"%.*s\" jest dla ciebie zamaskowane: nie daje kolejności, grup ani części",
                       STR_ARG(path->name)),
        "Ask for a whole value by \"=\": that counts as revealing one.",
        "Pytaj o całą wartość przez \"=\": liczy się to jak odsłonięcie jednej.");
}

kt_error *mask_ask(kt_tx *tx, const model_path *path, const model_value *values, size_t count)
{
    const model_field *field = path_last(path);
    const model_record some = {.entity = path->record};
    if (!count || field->mask_within || !model_is_masked(tx, field, &some))
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
    KT_TRY(path_read(tx, found, str_of(name), NULL, &path));
    return mask_ask(tx, &path, &asked, 1);
}
