/* mask.c -- what is shown of a telephone number, an address, an account to who need not have it whole: enough
 * to tell one from another by eye, not enough to use. Its ends stay, and what parts it: "+48 *** *** *12",
 * "PL********12", "a***@***.pl". A masked text masked again is the same. */
#include "kit/buffer.h"
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

/* ---- Within what people write ---- */

enum {
    PHONE_MIN = 9,       /* digits; a number of a country's own, without what begins it abroad */
    PHONE_PLUS_MIN = 7,  /* behind a plus */
    GAP_MAX = 2,         /* bytes that part two digits of one number: ") " */
    PART_DIGITS_MAX = 2, /* that may be asked for of a text whose numbers are masked */
};

typedef struct {
    size_t from, to;
} piece;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool parts_digits(char c)
{
    return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '\xC2' || c == '\xA0';
}

static size_t digits_at(kt_str text, size_t at)
{
    size_t n = 0;
    while (at + n < text.len && is_digit(text.ptr[at + n]))
        n++;
    return n;
}

/* How long the date is that begins here, 2026-11-26 or 26.11.2026; 0: none does. */
static size_t date_at(kt_str text, size_t at)
{
    size_t n[3], i = at;
    for (int k = 0; k < 3; k++) {
        n[k] = digits_at(text, i);
        i += n[k];
        if (k < 2 && (i >= text.len || (text.ptr[i] != '-' && text.ptr[i] != '.')))
            return 0;
        i += k < 2;
    }
    bool fits = n[1] >= 1 && n[1] <= 2 &&
                ((n[0] == 4 && n[2] >= 1 && n[2] <= 2) || (n[0] >= 1 && n[0] <= 2 && n[2] == 4));
    return fits ? i - at : 0;
}

/* How long the telephone number is that begins here; 0: too few digits for one. */
static size_t phone_at(kt_str text, size_t at)
{
    bool plus = text.ptr[at] == '+';
    size_t digits = 0, end = at, gap = 0;
    for (size_t i = at + plus; i < text.len && gap <= GAP_MAX; i++) {
        if (is_digit(text.ptr[i])) {
            if (gap && date_at(text, i))
                break;
            digits++;
            end = i + 1;
            gap = 0;
        } else if (parts_digits(text.ptr[i])) {
            gap++;
        } else {
            break;
        }
    }
    return digits >= (plus ? PHONE_PLUS_MIN : PHONE_MIN) ? end - at : 0;
}

static bool is_of_address(char c, bool host)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
    return letter || is_digit(c) || c == '.' || c == '-' || (!host && (c == '_' || c == '+' || c == '%'));
}

/* The address around an @ that stands at `at`, none of it before `from`. */
static bool address_at(kt_str text, size_t from, size_t at, piece *p)
{
    *p = (piece){at, at + 1};
    while (p->from > from && is_of_address(text.ptr[p->from - 1], false))
        p->from--;
    while (p->to < text.len && is_of_address(text.ptr[p->to], true))
        p->to++;
    while (p->to > at + 1 && (text.ptr[p->to - 1] == '.' || text.ptr[p->to - 1] == '-'))
        p->to--;
    return p->from < at && p->to > at + 1 && memchr(text.ptr + at, '.', p->to - at);
}

/* The first number or address that begins at `from` or later. */
static bool next_piece(kt_str text, size_t from, piece *p)
{
    for (size_t i = from; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '@' && address_at(text, from, i, p))
            return true;
        if (!is_digit(c) && c != '+')
            continue;
        size_t date = date_at(text, i), phone = date ? 0 : phone_at(text, i);
        *p = (piece){i, i + phone};
        if (phone)
            return true;
        size_t skipped = date ? date : digits_at(text, i);
        i += skipped ? skipped - 1 : 0;
    }
    return false;
}

kt_str model_mask_within(arena *arena, kt_str text)
{
    buffer out;
    size_t done = 0;
    piece p;
    if (!next_piece(text, 0, &p))
        return text;
    buffer_open(&out, 4 * text.len + 64);
    do {
        kt_str masked = model_mask(arena, (kt_str){text.ptr + p.from, p.to - p.from});
        buffer_add(&out, text.ptr + done, p.from - done);
        buffer_add_str(&out, masked.ptr ? masked : KT_STR("***"));
        done = p.to;
    } while (next_piece(text, done, &p));
    buffer_add(&out, text.ptr + done, text.len - done);
    kt_str made = out.full ? (kt_str){0} : arena_str(arena, buffer_str(&out));
    buffer_close(&out);
    return made;
}

static kt_str mask_of(arena *arena, const model_field *field, kt_str text)
{
    return field->mask_within ? model_mask_within(arena, text) : model_mask(arena, text);
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
    return masked.ptr ? masked : KT_STR("***");
}

/* Each masked piece of the text as it was shown stands for the one that is there, in their order. */
static kt_error *take_back_within(kt_tx *tx, kt_str before, kt_str *given)
{
    buffer out;
    size_t done = 0, from = 0;
    piece p;
    buffer_open(&out, given->len + before.len + 64);
    for (; next_piece(before, from, &p); from = p.to) {
        const kt_str whole = {before.ptr + p.from, p.to - p.from}, seen = model_mask(tx->arena, whole);
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
        return before.set ? take_back_within(tx, before.as.s, &value->as.s) : NULL;
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
        digits += is_digit(s.ptr[i]) || s.ptr[i] == '_';
    }
    return digits > PART_DIGITS_MAX;
}

kt_error *mask_refuse(kt_tx *tx, const model_path *path, const variant *asked, const char *at)
{
    const model_field *field = query_path_last(path);
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
    const model_field *field = query_path_last(path);
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
    KT_TRY(query_path_read(tx, found, str_of(name), NULL, &path));
    return mask_ask(tx, &path, &asked, 1);
}
