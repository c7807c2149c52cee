/* content_lines.c -- vCard (RFC 6350, 2426) and iCalendar (RFC 5545): both are lines NAME;PARAM=..:VALUE,
 * folded, between BEGIN and END. A card, an event or a task is a row; its columns are named by property:
 *
 *   FN            the value
 *   N.2  ADR.3    a component of a structured value, from 1
 *   TEL;cell      with the types that tell what it is, sorted, in small letters; a second one is TEL;cell#2
 *   COMPONENT     VEVENT, VTODO or VJOURNAL: which of them a row of a calendar is */
#include "exchange/cards.h"
#include "exchange/format.h"
#include "kit/calendar.h"

enum { LINE_MAX_BYTES = 1 << 20, TYPES_MAX = 6, DEPTH_MAX = 8 };

/* ---- Lines ---- */

/* The next line, unfolded. NULL in .ptr: there is none. */
static kt_str next_line(reader *r, arena *arena)
{
    kt_str text = r->text;
    size_t from = r->at, n = 0, at = from;
    if (from >= text.len)
        return (kt_str){0};
    while (at < text.len) { /* where the folded line ends */
        const char *newline = memchr(text.ptr + at, '\n', text.len - at);
        at = newline ? (size_t)(newline + 1 - text.ptr) : text.len;
        if (at >= text.len || (text.ptr[at] != ' ' && text.ptr[at] != '\t'))
            break;
    }
    char *out = at - from <= LINE_MAX_BYTES ? arena_alloc(arena, at - from + 1) : NULL;
    if (!out)
        return (kt_str){0};
    for (size_t i = from; i < at; i++) {
        char c = text.ptr[i];
        if (c == '\n' && i + 1 < at) {
            i++; /* the blank of the fold */
            continue;
        }
        if (c != '\r' && c != '\n')
            out[n++] = c;
    }
    out[n] = 0;
    r->at = at;
    r->row++;
    return (kt_str){out, n};
}

typedef struct {
    kt_str name, value; /* name in capitals, without its group */
    kt_str types[TYPES_MAX];
    size_t type_count;
    kt_str zone;
    bool quoted_printable;
} property;

static void capitals(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] >= 'a' && text[i] <= 'z')
            text[i] = (char)(text[i] - 32);
}

/* Types that say nothing of what a value is. */
static bool says_nothing(kt_str type)
{
    static const char *const words[] = {
        "voice", "pref", "internet", "text", "msg", "x400", "postal", "parcel", "dom", "intl", NULL};
    for (const char *const *word = words; *word; word++)
        if (str_is(type, *word))
            return true;
    return false;
}

static void add_type(arena *arena, property *p, kt_str from)
{
    char *text = arena_alloc(arena, from.len + 1);
    if (!text || p->type_count == TYPES_MAX)
        return;
    for (size_t i = 0; i < from.len; i++)
        text[i] = (char)(from.ptr[i] >= 'A' && from.ptr[i] <= 'Z' ? from.ptr[i] + 32 : from.ptr[i]);
    kt_str type = {text, from.len};
    size_t at = p->type_count;
    if (says_nothing(type) || !type.len)
        return;
    for (size_t i = 0; i < p->type_count; i++)
        if (str_eq(p->types[i], type))
            return;
    for (; at > 0 && str_cmp(p->types[at - 1], type) > 0; at--)
        p->types[at] = p->types[at - 1];
    p->types[at] = type;
    p->type_count++;
}

static void take_param(arena *arena, property *p, kt_str param)
{
    const char *equals = param.len ? memchr(param.ptr, '=', param.len) : NULL;
    kt_str name = {param.ptr, equals ? (size_t)(equals - param.ptr) : 0};
    kt_str value = equals ? (kt_str){equals + 1, param.len - name.len - 1} : param;
    if (value.len > 1 && *value.ptr == '"')
        value = (kt_str){value.ptr + 1, value.len - 2};
    if (name.len == 4 && strncasecmp(name.ptr, "TZID", 4) == 0)
        p->zone = arena_str(arena, value);
    if (name.len == 8 && strncasecmp(name.ptr, "ENCODING", 8) == 0)
        p->quoted_printable = value.len == 16 && strncasecmp(value.ptr, "QUOTED-PRINTABLE", 16) == 0;
    if (name.len && !(name.len == 4 && strncasecmp(name.ptr, "TYPE", 4) == 0))
        return;
    for (size_t at = 0; at <= value.len;) { /* TYPE=cell,work; vCard 2.1: TEL;CELL */
        size_t end = at;
        while (end < value.len && value.ptr[end] != ',')
            end++;
        add_type(arena, p, (kt_str){value.ptr + at, end - at});
        at = end + 1;
    }
}

static bool split(arena *arena, kt_str line, property *p)
{
    size_t at = 0, from = 0;
    bool quoted = false, named = false;
    *p = (property){0};
    for (; at < line.len && (quoted || line.ptr[at] != ':'); at++) {
        quoted ^= line.ptr[at] == '"';
        bool ends = !quoted && (line.ptr[at] == ';' || at + 1 == line.len || line.ptr[at + 1] == ':');
        if (!ends)
            continue;
        kt_str part = {line.ptr + from, at - from + (line.ptr[at] != ';')};
        if (named) {
            take_param(arena, p, part);
        } else {
            const char *dot = part.len ? memchr(part.ptr, '.', part.len) : NULL; /* "item1.TEL" */
            kt_str name = dot ? (kt_str){dot + 1, part.len - (size_t)(dot + 1 - part.ptr)} : part;
            char *copy = arena_alloc(arena, name.len + 1);
            if (!copy)
                return false;
            memcpy(copy, name.ptr ? name.ptr : "", name.len);
            capitals(copy, name.len);
            p->name = (kt_str){copy, name.len};
            named = true;
        }
        from = at + 1;
    }
    if (at >= line.len)
        return false;
    p->value = (kt_str){line.ptr + at + 1, line.len - at - 1};
    return p->name.len > 0;
}

/* ---- Values ---- */

static kt_str unescaped(arena *arena, kt_str s)
{
    char *out = arena_alloc(arena, s.len + 1);
    size_t n = 0;
    if (!out)
        return (kt_str){0};
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '\\' || i + 1 == s.len) {
            out[n++] = s.ptr[i];
            continue;
        }
        char c = s.ptr[++i];
        out[n++] = c == 'n' || c == 'N' ? '\n' : c;
    }
    out[n] = 0;
    return (kt_str){out, n};
}

static kt_str from_quoted_printable(arena *arena, kt_str s)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_alloc(arena, s.len + 1);
    size_t n = 0;
    if (!out)
        return s;
    for (size_t i = 0; i < s.len; i++) {
        const char *high = i + 2 < s.len + 0 && s.ptr[i] == '=' && s.ptr[i + 1] ? strchr(digits, s.ptr[i + 1])
                                                                                : NULL;
        const char *low = high && s.ptr[i + 2] ? strchr(digits, s.ptr[i + 2]) : NULL;
        if (low) {
            out[n++] = (char)((high - digits) << 4 | (low - digits));
            i += 2;
        } else {
            out[n++] = s.ptr[i];
        }
    }
    out[n] = 0;
    return (kt_str){out, n};
}

/* A local time of a named zone as an instant; else the text as it is. */
static kt_str in_zone(arena *arena, kt_str value, kt_str zone_name)
{
    zone *zone = zone_name.len && value.len == 15 && value.ptr[8] == 'T' ? zone_open(zone_name.ptr) : NULL;
    int part[6] = {0}, from[] = {0, 4, 6, 9, 11, 13}, size[] = {4, 2, 2, 2, 2, 2};
    if (!zone)
        return value;
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < size[i]; k++)
            part[i] = part[i] * 10 + (value.ptr[from[i] + k] - '0');
    kt_date day = kt_date_make(part[0], part[1], part[2]);
    int64_t local = ((int64_t)day.day - kt_date_make(1970, 1, 1).day) * 86400000 +
                    ((part[3] * 60 + part[4]) * 60 + part[5]) * 1000LL;
    int offset = zone_offset_s(zone, (kt_time){local});
    offset = zone_offset_s(zone, (kt_time){local - offset * 1000LL});
    zone_close(zone);
    char text[TIME_TEXT_MAX];
    size_t n = day.day ? time_text((kt_time){local - offset * 1000LL}, text) : 0;
    return n ? arena_str(arena, (kt_str){text, n}) : value;
}

static kt_str title_of(arena *arena, const property *p, size_t component)
{
    kt_str title = component ? arena_format(arena, "%.*s.%zu", STR_ARG(p->name), component) : p->name;
    for (size_t i = 0; i < p->type_count; i++)
        title = arena_format(arena, "%.*s;%.*s", STR_ARG(title), STR_ARG(p->types[i]));
    return title;
}

static kt_error *put(reader *r, arena *arena, row_cells *cells, kt_str title, kt_str value)
{
    kt_str name = title;
    if (!value.len)
        return NULL;
    for (int n = 2;; n++) { /* a second telephone of the same types stands beside the first */
        size_t column;
        KT_TRY(reader_column(r, arena, name, &column));
        variant *cell = row_cell(cells, arena, column);
        if (!cell)
            return error_no_memory();
        if (cell->kind == VARIANT_NULL) {
            *cell = (variant){.kind = VARIANT_STRING, .as.string = value};
            return NULL;
        }
        name = arena_format(arena, "%.*s#%d", STR_ARG(title), n);
        if (!name.ptr)
            return error_no_memory();
    }
}

static bool is_structured(const reader *r, kt_str name)
{
    return r->kind == &vcard_kind && (str_is(name, "N") || str_is(name, "ADR") || str_is(name, "ORG"));
}

static kt_error *take_property(reader *r, arena *arena, row_cells *cells, property *p)
{
    if (p->quoted_printable)
        p->value = from_quoted_printable(arena, p->value);
    bool own_uid = str_is(p->name, "UID") &&
                   strncmp(p->value.ptr, CARDS_OWN_UID, sizeof CARDS_OWN_UID - 1) == 0;
    if (own_uid) /* no external id */
        return NULL;
    if (!is_structured(r, p->name))
        return put(
            r, arena, cells, title_of(arena, p, 0), in_zone(arena, unescaped(arena, p->value), p->zone));
    size_t from = 0, component = 1;
    for (size_t at = 0; at <= p->value.len; at++) {
        if (at < p->value.len && p->value.ptr[at] == '\\') {
            at++;
            continue;
        }
        if (at < p->value.len && p->value.ptr[at] != ';')
            continue;
        kt_str value = unescaped(arena, (kt_str){p->value.ptr + from, at - from});
        KT_TRY(put(r, arena, cells, title_of(arena, p, component++), value));
        from = at + 1;
    }
    return NULL;
}

/* ---- Rows ---- */

static bool begins_row(const reader *r, kt_str component)
{
    if (r->kind == &vcard_kind)
        return strncasecmp(component.ptr, "VCARD", 5) == 0;
    return str_is(component, "VEVENT") || str_is(component, "VTODO") || str_is(component, "VJOURNAL");
}

static kt_error *damaged(const reader *r, arena *arena, const char *en, const char *pl)
{
    kt_error *error = error_make(arena, KT_VALIDATION, "file", "%s%.0s", "%.0s%s", en, pl);
    return error_at_row(error, r->row);
}

static kt_error *next(reader *r, arena *arena, reader_row *row, bool *more)
{
    row_cells cells = {0};
    int depth = 0; /* 0: between rows; 1: in a row; above: in a part of it that is read over, an alarm */
    long began = 0;
    *more = false;
    for (;;) {
        kt_str line = next_line(r, arena);
        property p;
        if (!line.ptr) {
            bool ended = r->at >= r->text.len;
            return ended && depth == 0 ? NULL
                                       : damaged(r, arena, "a part is not closed, or a line is too long",
                                             "część nie jest zamknięta albo wiersz jest za długi");
        }
        if (!line.len || !split(arena, line, &p))
            continue;
        bool begin = str_is(p.name, "BEGIN"), end = str_is(p.name, "END");
        if (begin && (depth > 0 || begins_row(r, p.value))) {
            if (++depth > DEPTH_MAX)
                return damaged(r, arena, "parts too deep in each other", "części zbyt głęboko zagnieżdżone");
            if (depth == 1) {
                began = r->row;
                if (r->kind == &ical_kind)
                    KT_TRY(put(r, arena, &cells, KT_STR("COMPONENT"), arena_str(arena, p.value)));
            }
        } else if (end && depth > 0) {
            if (--depth == 0)
                break;
        } else if (depth == 1) {
            KT_TRY(take_property(r, arena, &cells, &p));
        }
    }
    *row = (reader_row){began, cells.cells, cells.count};
    *more = true;
    return NULL;
}

const reader_kind vcard_kind = {.name = "vcard", .open_titles = true, .next = next};
const reader_kind ical_kind = {.name = "ical", .open_titles = true, .next = next};
