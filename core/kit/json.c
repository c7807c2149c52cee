/* The JSON writer: every answer of the server passes here, so numbers are formatted by hand and strings are
 * copied in runs. */
#include "kit/json.h"

#include "kit/calendar.h"
#include "kit/decimal.h"
#include "kit/error.h"
#include "kit/text.h"

static void begin(json *j)
{
    if (j->comma)
        buffer_add_char(j->out, ',');
    j->comma = true;
}

static void open(json *j, char bracket)
{
    begin(j);
    buffer_add_char(j->out, bracket);
    j->comma = false;
}

static void close(json *j, char bracket)
{
    buffer_add_char(j->out, bracket);
    j->comma = true;
}

void json_object(json *j)
{
    open(j, '{');
}

void json_object_end(json *j)
{
    close(j, '}');
}

void json_array(json *j)
{
    open(j, '[');
}

void json_array_end(json *j)
{
    close(j, ']');
}

/* How a byte inside a string is written: 0 as it is, 'u' as \u00XX, 'x' after a look at the whole UTF-8
 * sequence, else as a backslash and this letter. */
static char escape(char c)
{
    static const char control[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
    unsigned char byte = (unsigned char)c;
    if (byte < 0x20)
        return control[byte];
    if (byte > 0x7F)
        return 'x';
    return c == '"' || c == '\\' ? c : byte == 0x7F ? 'u' : 0;
}

/* Eight bytes at once: is none of them below ' ', above '~', a quote or a backslash? */
static bool is_plain(const char *at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t word;
    memcpy(&word, at, sizeof word);
    uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\', last = word ^ ones * 0x7F;
    uint64_t found = word | ((word - ones * ' ') & ~word) | ((quote - ones) & ~quote) |
                     ((slash - ones) & ~slash) | ((last - ones) & ~last);
    return !(found & highs);
}

static const char *plain_end(const char *at, const char *end)
{
    while (end - at >= 8 && is_plain(at))
        at += 8;
    while (at < end && !escape(*at))
        at++;
    return at;
}

static void add_escaped(buffer *out, const char *at, const char *end)
{
    static const char hex[] = "0123456789abcdef";
    while (at < end) {
        const char *run = at;
        at = plain_end(at, end);
        for (size_t n; at < end && escape(*at) == 'x'; at += n) {
            n = text_sequence(at, (size_t)(end - at));
            if (!n)
                break;
        }
        if (at > run) {
            buffer_add(out, run, (size_t)(at - run));
            continue;
        }
        char c = *at++;
        char how = escape(c);
        if (how == 'x')
            buffer_add(out, "\xEF\xBF\xBD", 3);
        else if (how == 'u')
            buffer_add(out, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
        else
            buffer_add(out, (char[]){'\\', how}, 2);
    }
}

static void add_string(buffer *out, kt_str value)
{
    const char *end = value.ptr + value.len, *stop = plain_end(value.ptr, end);
    if (stop == end && value.len < SIZE_MAX - 2) { /* nearly always */
        char *room = buffer_room(out, value.len + 2);
        if (room) {
            *room++ = '"';
            memcpy(room, value.ptr, value.len);
            room[value.len] = '"';
            out->len += value.len + 2;
        }
        return;
    }
    buffer_add_char(out, '"');
    add_escaped(out, value.ptr, end);
    buffer_add_char(out, '"');
}

void json_key_str(json *j, kt_str name)
{
    begin(j);
    add_string(j->out, name.ptr ? name : KT_STR(""));
    buffer_add_char(j->out, ':');
    j->comma = false;
}

void json_key(json *j, const char *name)
{
    json_key_str(j, str_of(name));
}

void json_null(json *j)
{
    begin(j);
    buffer_add(j->out, "null", 4);
}

void json_bool(json *j, bool value)
{
    begin(j);
    buffer_add_str(j->out, value ? KT_STR("true") : KT_STR("false"));
}

static void add_number(json *j, uint64_t value, bool negative)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    begin(j);
    if (negative)
        buffer_add_char(j->out, '-');
    buffer_add(j->out, digits + at, sizeof digits - at);
}

void json_int(json *j, int64_t value)
{
    add_number(j, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
}

void json_uint(json *j, uint64_t value)
{
    add_number(j, value, false);
}

void json_str(json *j, kt_str value)
{
    if (!value.ptr) {
        json_null(j);
        return;
    }
    begin(j);
    add_string(j->out, value);
}

void json_text(json *j, const char *value)
{
    json_str(j, str_of(value));
}

void json_raw(json *j, kt_str text)
{
    begin(j);
    buffer_add_str(j->out, text);
}

void json_variant(json *j, const variant *value)
{
    if (!value) {
        json_null(j);
        return;
    }
    switch (value->kind) {
    case VARIANT_NULL:
        json_null(j);
        break;
    case VARIANT_BOOL:
        json_bool(j, value->as.boolean);
        break;
    case VARIANT_INT:
        json_int(j, value->as.integer);
        break;
    case VARIANT_REAL:
        json_raw(j, value->as.string);
        break;
    case VARIANT_STRING:
        json_str(j, value->as.string.ptr ? value->as.string : KT_STR(""));
        break;
    case VARIANT_ARRAY:
        json_array(j);
        for (size_t i = 0; i < value->as.array.count; i++)
            json_variant(j, &value->as.array.items[i]);
        json_array_end(j);
        break;
    case VARIANT_OBJECT:
        json_object(j);
        for (size_t i = 0; i < value->as.object.count; i++) {
            json_key_str(j, value->as.object.members[i].name);
            json_variant(j, value->as.object.members[i].value);
        }
        json_object_end(j);
        break;
    }
}

/* Text that needs no escaping, as a string; none: null. */
static void add_clean(json *j, const char *text, size_t length)
{
    if (!length) {
        json_null(j);
        return;
    }
    begin(j);
    char *room = buffer_room(j->out, length + 2);
    if (room) {
        room[0] = '"';
        memcpy(room + 1, text, length);
        room[length + 1] = '"';
        j->out->len += length + 2;
    }
}

void json_dec(json *j, kt_dec value)
{
    char text[DEC_TEXT_MAX];
    add_clean(j, text, dec_is_bad(value) ? 0 : dec_text(value, text));
}

void json_date(json *j, kt_date value)
{
    char text[DATE_TEXT_MAX];
    add_clean(j, text, date_text(value, text));
}

void json_time(json *j, kt_time value)
{
    char text[TIME_TEXT_MAX];
    add_clean(j, text, time_text(value, text));
}

void json_member_str(json *j, const char *name, kt_str value)
{
    json_key(j, name);
    json_str(j, value);
}

void json_member_text(json *j, const char *name, const char *value)
{
    json_key(j, name);
    json_text(j, value);
}

void json_member_int(json *j, const char *name, int64_t value)
{
    json_key(j, name);
    json_int(j, value);
}

void json_member_bool(json *j, const char *name, bool value)
{
    json_key(j, name);
    json_bool(j, value);
}

void json_problem(json *j, const struct problem *p, const char *lang)
{
    bool polish = lang && lang[0] == 'p' && lang[1] == 'l';
    json_object(j);
    json_member_text(j, "path", p->path);
    if (p->row)
        json_member_int(j, "row", p->row);
    if (p->column)
        json_member_text(j, "column", p->column);
    json_member_text(j, "kind", kind_name(p->kind));
    json_member_text(j, "message", polish && p->text.pl ? p->text.pl : p->text.en);
    if (p->hint.en)
        json_member_text(j, "hint", polish && p->hint.pl ? p->hint.pl : p->hint.en);
    json_object_end(j);
}
