/* decode.c -- what a client sends becomes variants in the request's arena, in one pass over a copy of the
 * text.
 *
 * Strings stay where they lie in that copy: escapes only ever shrink, and the closing quote gives way to the
 * NUL. A tree by the JSON library and a second one of variants took a third of all instructions of a short
 * read; its hundred allocations are none here, and what a message may become is bounded by its length. The
 * library still judges fractions, whose rounding and range are its business, and tests hold both to the same
 * answers. */
#include "kit/decode.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "kit/text.h"

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

typedef struct {
    kt_str name; /* of an object's member */
    variant value;
} entry;

/* Values of the objects and arrays that are open: only at its end is it known how many one has. */
typedef struct {
    entry *entries;
    size_t count, size;
    entry first[24]; /* enough for most messages */
} stack;

typedef struct {
    arena *arena;
    kt_str text; /* as it came, for the place of an error */
    char *start, *at, *end;
    stack open;
} reader;

static kt_error *fail(const reader *r, const char *en, const char *pl)
{
    int line = 1, column = 1;
    for (const char *c = r->text.ptr; c && c < r->text.ptr + (r->at - r->start); c++) {
        line += *c == '\n';
        column = *c == '\n' ? 1 : column + (((unsigned char)*c & 0xC0) != 0x80);
    }
    return error_make(r->arena, KT_VALIDATION, NULL, "no JSON: line %d, column %d: %s%.0s",
        "to nie JSON: wiersz %d, kolumna %d: %.0s%s", line, column, en, pl);
}

static void skip_blanks(reader *r)
{
    while (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')
        r->at++;
}

/* ---- Strings ---- */

/* Four hex digits; -1: these are none. */
static int32_t read_hex(const char *at)
{
    int32_t code = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1; /* the text's NUL is none, so nothing behind it is read */
        code = code << 4 | digit;
    }
    return code;
}

static char *put_utf8(char *to, int32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (char)(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *to++ = (char)(0xE0 | code >> 12);
        } else {
            *to++ = (char)(0xF0 | code >> 18);
            *to++ = (char)(0x80 | (code >> 12 & 0x3F));
        }
        *to++ = (char)(0x80 | (code >> 6 & 0x3F));
    }
    *to++ = (char)(0x80 | (code & 0x3F));
    return to;
}

/* \uXXXX, r->at on its u; two of them where they are a surrogate pair. */
static kt_error *read_code(reader *r, char **to)
{
    int32_t code = read_hex(r->at + 1);
    if (code < 0)
        return fail(r, "four hex digits were expected", "oczekiwano czterech cyfr szesnastkowych");
    if (code == 0)
        return fail(r, "a NUL in a string", "znak NUL w napisie");
    r->at += 5;
    if (code >= 0xD800 && code < 0xE000) {
        int32_t low = code < 0xDC00 && r->at[0] == '\\' && r->at[1] == 'u' ? read_hex(r->at + 2) : -1;
        if (low < 0xDC00 || low >= 0xE000)
            return fail(r, "half of a surrogate pair", "połowa pary zastępczej");
        code = 0x10000 + ((code - 0xD800) << 10 | (low - 0xDC00));
        r->at += 6;
    }
    *to = put_utf8(*to, code);
    return NULL;
}

static kt_error *read_escape(reader *r, char **to)
{
    static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    char c = *++r->at;
    if (c == 'u')
        return read_code(r, to);
    const char *letter = c ? strchr(letters, c) : NULL;
    if (!letter)
        return fail(r, "an unknown escape", "nieznana sekwencja po \\");
    *(*to)++ = means[letter - letters];
    r->at++;
    return NULL;
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* r->at on the opening quote. */
static kt_error *read_string(reader *r, kt_str *out)
{
    char *begin = ++r->at, *to = begin;
    for (;;) {
        char *run = r->at;
        while (is_plain(*r->at))
            r->at++;
        for (size_t n; (unsigned char)*r->at >= 0x80; r->at += n) {
            n = text_sequence(r->at, (size_t)(r->end - r->at));
            if (!n)
                return fail(r, "invalid UTF-8", "niepoprawny UTF-8");
        }
        size_t n = (size_t)(r->at - run);
        if (to != run)
            memmove(to, run, n);
        to += n;
        if (*r->at == '"')
            break;
        if (r->at == r->end)
            return fail(r, "a string without its end", "napis bez końca");
        if ((unsigned char)*r->at < 0x20)
            return fail(r, "a control character in a string", "znak sterujący w napisie");
        if (*r->at == '\\')
            KT_TRY(read_escape(r, &to));
    }
    r->at++;
    *to = '\0';
    *out = (kt_str){begin, (size_t)(to - begin)};
    return NULL;
}

/* ---- Numbers ---- */

/* The shortest of the usual texts that reads back as the same number: 0.1 stays "0.1", 1e5 becomes "100000".
 */
static kt_str real_text(arena *arena, double value)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        int n = snprintf(text, sizeof text, "%.*g", digits, value);
        if (n <= 0)
            break;
        json_t *back = json_loadb(text, (size_t)n, JSON_DECODE_ANY, NULL);
        double again = json_number_value(back);
        json_decref(back);
        if (memcmp(&again, &value, sizeof value) == 0)
            break;
    }
    return arena_str(arena, str_of(text));
}

static kt_error *read_real(reader *r, kt_str digits, variant *to)
{
    json_t *number = json_loadb(digits.ptr, digits.len, JSON_DECODE_ANY, NULL);
    if (!number)
        return fail(r, "a number out of range", "liczba spoza zakresu");
    *to = (variant){.kind = VARIANT_REAL, .as.string = real_text(r->arena, json_real_value(number))};
    json_decref(number);
    return to->as.string.ptr ? NULL : error_no_memory();
}

static bool skip_digits(char **at)
{
    char *from = *at;
    while (**at >= '0' && **at <= '9')
        ++*at;
    return *at > from;
}

static kt_error *read_number(reader *r, variant *to)
{
    char *begin = r->at;
    bool minus = *begin == '-', real = false;
    r->at += minus;
    uint64_t n = 0, most = (uint64_t)INT64_MAX + minus;
    bool fits = true, zero = *r->at == '0';
    char *digits = r->at;
    for (; *r->at >= '0' && *r->at <= '9'; r->at++) {
        uint64_t digit = (uint64_t)(*r->at - '0');
        fits = fits && n <= (most - digit) / 10;
        n = fits ? n * 10 + digit : n;
    }
    if (r->at == digits || (zero && r->at > digits + 1))
        return fail(r, "a value was expected", "oczekiwano wartości");
    if (*r->at == '.') {
        real = true;
        r->at++;
        if (!skip_digits(&r->at))
            return fail(r, "digits were expected", "oczekiwano cyfr");
    }
    if (*r->at == 'e' || *r->at == 'E') {
        real = true;
        r->at++;
        r->at += *r->at == '+' || *r->at == '-';
        if (!skip_digits(&r->at))
            return fail(r, "digits were expected", "oczekiwano cyfr");
    }
    if (real)
        return read_real(r, (kt_str){begin, (size_t)(r->at - begin)}, to);
    if (!fits)
        return fail(r, "the integer is too big", "liczba całkowita jest za duża");
    *to = (variant){.kind = VARIANT_INT, .as.integer = minus ? (int64_t)(0 - n) : (int64_t)n};
    return NULL;
}

/* ---- Arrays and objects ---- */

static kt_error *read_value(reader *r, variant *to);

static kt_error *push(reader *r, kt_str name, const variant *value)
{
    stack *s = &r->open;
    if (s->count == s->size) {
        entry *grown = ARENA_ARRAY(r->arena, entry, s->size * 2);
        if (!grown)
            return error_no_memory();
        memcpy(grown, s->entries, s->count * sizeof *grown);
        s->entries = grown;
        s->size *= 2;
    }
    s->entries[s->count++] = (entry){name, *value};
    return NULL;
}

/* Goes behind the opening bracket; false: the closing one follows. */
static bool enter(reader *r, char closing)
{
    r->at++;
    skip_blanks(r);
    return *r->at != closing;
}

/* Behind a member: more says whether a comma came, else it was the closing bracket. */
static kt_error *go_on(reader *r, char closing, bool *more)
{
    skip_blanks(r);
    *more = *r->at == ',';
    if (*r->at == closing)
        return NULL;
    if (!*more)
        return closing == ']' ? fail(r, "a comma or ] was expected", "oczekiwano przecinka lub ]")
                              : fail(r, "a comma or } was expected", "oczekiwano przecinka lub }");
    r->at++;
    skip_blanks(r);
    return NULL;
}

static kt_error *read_array(reader *r, variant *to)
{
    size_t base = r->open.count;
    for (bool more = enter(r, ']'); more;) {
        variant item;
        KT_TRY(read_value(r, &item));
        KT_TRY(push(r, (kt_str){0}, &item));
        KT_TRY(go_on(r, ']', &more));
    }
    size_t count = r->open.count - base;
    variant *items = ARENA_ARRAY(r->arena, variant, count ? count : 1);
    if (!items)
        return error_no_memory();
    for (size_t i = 0; i < count; i++)
        items[i] = r->open.entries[base + i].value;
    *to = (variant){.kind = VARIANT_ARRAY, .as.array = {items, count}};
    return NULL;
}

static int compare_names(const void *a, const void *b)
{
    return str_cmp(*(const kt_str *)a, *(const kt_str *)b);
}

/* A name that comes twice might mean one thing here and another to whoever reads the request before us. */
static kt_error *names_differ(const reader *r, const variant_member *members, size_t count)
{
    enum { FEW = 16 };
    bool twice = false;
    if (count <= FEW) {
        for (size_t i = 1; i < count; i++)
            for (size_t k = 0; k < i; k++)
                twice = twice || str_eq(members[i].name, members[k].name);
    } else {
        kt_str *names = ARENA_ARRAY(r->arena, kt_str, count);
        if (!names)
            return error_no_memory();
        for (size_t i = 0; i < count; i++)
            names[i] = members[i].name;
        qsort(names, count, sizeof *names, compare_names);
        for (size_t i = 1; i < count; i++)
            twice = twice || str_eq(names[i], names[i - 1]);
    }
    return twice ? fail(r, "an object has a name twice", "obiekt ma dwa razy tę samą nazwę") : NULL;
}

static kt_error *read_member(reader *r)
{
    kt_str name;
    variant value;
    if (*r->at != '"')
        return fail(r, "a name in quotes was expected", "oczekiwano nazwy w cudzysłowie");
    KT_TRY(read_string(r, &name));
    skip_blanks(r);
    if (*r->at != ':')
        return fail(r, "a colon was expected", "oczekiwano dwukropka");
    r->at++;
    KT_TRY(read_value(r, &value));
    return push(r, name, &value);
}

static kt_error *read_object(reader *r, variant *to)
{
    size_t base = r->open.count;
    for (bool more = enter(r, '}'); more;) {
        KT_TRY(read_member(r));
        KT_TRY(go_on(r, '}', &more));
    }
    size_t count = r->open.count - base;
    variant_member *members = ARENA_ARRAY(r->arena, variant_member, count ? count : 1);
    variant *values = ARENA_ARRAY(r->arena, variant, count ? count : 1);
    if (!members || !values)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        values[i] = r->open.entries[base + i].value;
        members[i] = (variant_member){r->open.entries[base + i].name, &values[i]};
    }
    KT_TRY(names_differ(r, members, count));
    *to = (variant){.kind = VARIANT_OBJECT, .as.object = {members, count}};
    return NULL;
}

/* Leaves an array or object behind its closing bracket. */
static kt_error *read_nested(reader *r, variant *to)
{
    size_t base = r->open.count;
    KT_TRY(*r->at == '[' ? read_array(r, to) : read_object(r, to));
    r->open.count = base;
    r->at++;
    return NULL;
}

/* ---- Values ---- */

static bool read_word(reader *r, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

/* Recursion is bounded by the scan's depth limit. */
static kt_error *read_value(reader *r, variant *to)
{
    skip_blanks(r);
    *to = (variant){.kind = VARIANT_NULL};
    switch (*r->at) {
    case '"':
        to->kind = VARIANT_STRING;
        return read_string(r, &to->as.string);
    case '{':
    case '[':
        return read_nested(r, to);
    case 'n':
        if (read_word(r, "null"))
            return NULL;
        break;
    case 't':
    case 'f':
        to->kind = VARIANT_BOOL;
        to->as.boolean = *r->at == 't';
        if (read_word(r, to->as.boolean ? "true" : "false"))
            return NULL;
        break;
    default:
        if (*r->at == '-' || (*r->at >= '0' && *r->at <= '9'))
            return read_number(r, to);
        break;
    }
    return fail(r, "a value was expected", "oczekiwano wartości");
}

kt_error *decode_json(arena *arena, kt_str text, const decode_limits *limits, const variant **value)
{
    *value = NULL;
    KT_TRY(scan(arena, text, limits));
    kt_str copy = arena_str(arena, text.ptr ? text : KT_STR(""));
    variant *root = ARENA_NEW(arena, variant);
    if (!copy.ptr || !root)
        return error_no_memory();
    char *start = (char *)(uintptr_t)copy.ptr; /* the copy is ours to change */
    reader r = {.arena = arena, .text = text, .start = start, .at = start, .end = start + copy.len};
    r.open.entries = r.open.first;
    r.open.size = sizeof r.open.first / sizeof *r.open.first;
    skip_blanks(&r);
    if (*r.at != '{' && *r.at != '[')
        return fail(&r, "{ or [ was expected", "oczekiwano { lub [");
    KT_TRY(read_value(&r, root));
    skip_blanks(&r);
    if (r.at != r.end)
        return fail(&r, "the end was expected", "oczekiwano końca");
    *value = root;
    return NULL;
}
