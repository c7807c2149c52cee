/* cards.c -- vCard 3 (RFC 2426) and iCalendar (RFC 5545) written: a mapping read backwards. The first title of a
 * column is the property, "TEL;cell" or "ADR.3;work"; its place says which value. What content_lines.c reads
 * is what stands here. */
#include "exchange/cards.h"

#include "exchange/table.h"
#include "kit/decimal.h"
#include "kit/str.h"

enum { COMPONENTS = 7, FOLD_AT = 74 };

/* ---- Columns ---- */

static kt_str path_of(arena *arena, const place *p)
{
    const model_entity *target = p->field->target;
    kt_str by = p->by;
    if (p->member || p->field->type != KT_REF || !target)
        return p->field->name;
    if (!by.len && target->title)
        by = target->title->name;
    return by.len ? arena_format(arena, "%.*s.%.*s", STR_ARG(p->field->name), STR_ARG(by)) : p->field->name;
}

kt_error *cards_columns(arena *arena, const mapping *m, writer_column **columns, size_t *count)
{
    *count = 0;
    *columns = ARENA_ARRAY(arena, writer_column, m->column_count + 1);
    if (!*columns)
        return error_no_memory();
    for (size_t i = 0; i < m->column_count; i++) {
        const map_column *from = &m->columns[i];
        if (!from->place.field || from->place.each_row)
            continue;
        writer_column *c = &(*columns)[(*count)++];
        *c = (writer_column){path_of(arena, &from->place), from->title, from->place.field, from};
        if (!c->path.ptr)
            return error_no_memory();
    }
    return NULL;
}

kt_error *cards_fields(arena *arena, const writer_column *columns, size_t count, const variant **fields)
{
    variant *list = ARENA_NEW(arena, variant), *items = ARENA_ARRAY(arena, variant, count + 1);
    size_t n = 0;
    if (!list || !items)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        for (size_t k = 0; k < n && !known; k++)
            known = str_eq(items[k].as.string, columns[i].path);
        if (!known)
            items[n++] = (variant){.kind = VARIANT_STRING, .as.string = columns[i].path};
    }
    *list = (variant){.kind = VARIANT_ARRAY, .as.array = {items, n}};
    *fields = list;
    return NULL;
}

/* ---- Values ---- */

static kt_str plain_text(arena *arena, const variant *v)
{
    if (!v || v->kind == VARIANT_NULL)
        return (kt_str){0};
    if (v->kind == VARIANT_INT)
        return arena_format(arena, "%lld", (long long)v->as.integer);
    if (v->kind == VARIANT_BOOL)
        return v->as.boolean ? KT_STR("true") : KT_STR("false");
    return v->kind == VARIANT_STRING || v->kind == VARIANT_REAL ? v->as.string : (kt_str){0};
}

/* The line that a selector tells: its constants, "#2" the second of those; a number is the place. */
static const variant *line_told(arena *arena, const variant *lines, kt_str selector)
{
    kt_dec number;
    int64_t nth = 1;
    if (dec_parse(selector, 0, &number) == DEC_OK)
        return number.coef >= 1 && (size_t)number.coef <= lines->as.array.count
                   ? &lines->as.array.items[number.coef - 1]
                   : NULL;
    for (size_t i = 0; i < lines->as.array.count; i++) {
        bool meant = true;
        int64_t wanted = 1;
        for (size_t from = 0; from <= selector.len;) {
            size_t end = from, equals = 0;
            for (; end < selector.len && selector.ptr[end] != ','; end++)
                equals = selector.ptr[end] == '=' && !equals ? end : equals;
            kt_str part = {selector.ptr + from, end - from};
            if (part.len > 1 && *part.ptr == '#' &&
                dec_parse((kt_str){part.ptr + 1, part.len - 1}, 0, &number) == DEC_OK)
                wanted = number.coef;
            kt_str name = arena_str(arena, (kt_str){part.ptr, equals ? equals - from : 0});
            kt_str value = {selector.ptr + equals + 1, equals ? end - equals - 1 : 0};
            if (equals)
                meant = meant && name.ptr &&
                        str_eq(plain_text(arena, variant_get(&lines->as.array.items[i], name.ptr)), value);
            from = end + 1;
        }
        if (meant && nth++ == wanted)
            return &lines->as.array.items[i];
    }
    return NULL;
}

static kt_str value_of(arena *arena, const writer_column *c, const variant *row)
{
    const place *p = &c->from->place;
    const variant *v = variant_get(row, c->path.ptr);
    if (v && p->member) {
        const variant *line = v->kind == VARIANT_ARRAY ? line_told(arena, v, p->selector) : NULL;
        v = variant_get(line, p->member->name.ptr);
    }
    kt_str text = plain_text(arena, v), prefix = c->from->prefix;
    const variant *values = c->from->values;
    for (size_t i = 0; values && i < values->as.object.count; i++)
        if (str_eq(plain_text(arena, values->as.object.members[i].value), text))
            return values->as.object.members[i].name;
    bool strip = prefix.len && text.len > prefix.len && memcmp(text.ptr, prefix.ptr, prefix.len) == 0;
    return strip ? (kt_str){text.ptr + prefix.len, text.len - prefix.len} : text;
}

/* 2026-01-05T09:00:00.000Z as 20260105T090000Z */
static kt_str compact_time(arena *arena, kt_str s)
{
    char *out = arena_alloc(arena, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < s.len && s.ptr[i] != '.'; i++)
        if (s.ptr[i] != '-' && s.ptr[i] != ':')
            out[n++] = s.ptr[i];
    if (out && n && out[n - 1] != 'Z')
        out[n++] = 'Z';
    return out ? (kt_str){out, n} : (kt_str){0};
}

/* ---- Lines ---- */

static void add_escaped(buffer *out, kt_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\n')
            buffer_add_str(out, KT_STR("\\n"));
        else if (s.ptr[i] != '\r') {
            if (strchr("\\,;", s.ptr[i]))
                buffer_add_char(out, '\\');
            buffer_add_char(out, s.ptr[i]);
        }
    }
}

/* Folded before 75 octets, between characters. */
static void add_line(table_writer *w, kt_str line)
{
    size_t width = 0;
    for (size_t i = 0; i < line.len; i++) {
        bool begins = ((unsigned char)line.ptr[i] & 0xc0) != 0x80;
        if (begins && width + 4 > FOLD_AT) {
            buffer_add_str(&w->out, KT_STR("\r\n "));
            width = 1;
        }
        buffer_add_char(&w->out, line.ptr[i]);
        width++;
    }
    buffer_add_str(&w->out, KT_STR("\r\n"));
}

/* "ADR.3;work": the name, the component (0: none) and what is behind the semicolon. */
typedef struct {
    kt_str name, types;
    size_t component;
} property;

static property property_of(kt_str title)
{
    property p = {0};
    size_t n = 0;
    while (n < title.len && title.ptr[n] != '.' && title.ptr[n] != ';')
        n++;
    p.name = (kt_str){title.ptr, n};
    if (n + 1 < title.len && title.ptr[n] == '.') {
        p.component = (size_t)(title.ptr[n + 1] - '0');
        n += 2;
    }
    if (n < title.len && title.ptr[n] == ';')
        p.types = (kt_str){title.ptr + n + 1, title.len - n - 1};
    p.component = p.component > COMPONENTS ? 0 : p.component;
    return p;
}

static bool same_property(property a, property b)
{
    return str_eq(a.name, b.name) && str_eq(a.types, b.types) && (a.component > 0) == (b.component > 0);
}

static void add_property(table_writer *w, property p, const kt_str *parts, size_t count)
{
    buffer_clear(&w->scratch);
    buffer_add_str(&w->scratch, p.name);
    for (size_t i = 0; i < p.types.len; i++) {
        if (i == 0)
            buffer_add_str(&w->scratch, KT_STR(";TYPE="));
        buffer_add_char(&w->scratch, p.types.ptr[i] == ';' ? ',' : p.types.ptr[i]);
    }
    buffer_add_char(&w->scratch, ':');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_add_char(&w->scratch, ';');
        add_escaped(&w->scratch, parts[i]);
    }
    add_line(w, buffer_str(&w->scratch));
}

/* A card must have a UID; that of a record without an external id says so, and is read over when it comes back.
 */
static kt_str own_uid(const table_writer *w, arena *arena, const variant *row)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->columns[i].field && str_is(w->columns[i].field->name, "id"))
            return arena_format(
                arena, "%s%.*s", CARDS_OWN_UID, STR_ARG(value_of(arena, &w->columns[i], row)));
    return (kt_str){0};
}

/* All columns of the property that this one begins; those that came before have done it. */
static void add_column(table_writer *w, arena *arena, const variant *row, size_t at)
{
    property p = property_of(w->columns[at].title);
    kt_str parts[COMPONENTS] = {{0}};
    size_t count = 1;
    bool any = false;
    for (size_t i = 0; i < at; i++)
        if (same_property(property_of(w->columns[i].title), p))
            return;
    for (size_t i = at; i < w->count; i++) {
        property other = property_of(w->columns[i].title);
        if (!same_property(other, p))
            continue;
        size_t k = other.component ? other.component - 1 : 0;
        parts[k] = value_of(arena, &w->columns[i], row);
        bool instant = w->columns[i].field && w->columns[i].field->type == KT_TIME;
        if (instant && parts[k].len)
            parts[k] = compact_time(arena, parts[k]);
        any = any || parts[k].len;
        count = k + 1 > count ? k + 1 : count;
    }
    if (!any && str_is(p.name, "UID")) {
        parts[0] = own_uid(w, arena, row);
        any = parts[0].len > 0;
    }
    if (any || (w->kind == &vcard_table && str_is(p.name, "N")))
        add_property(w, p, parts, str_is(p.name, "ADR") ? COMPONENTS : str_is(p.name, "N") ? 5 : count);
}

/* ---- Files ---- */

/* What has a time when it is due is a task. */
static const char *component(const table_writer *w)
{
    if (w->kind == &vcard_table)
        return "VCARD";
    for (size_t i = 0; i < w->count; i++)
        if (str_is(w->columns[i].title, "DUE"))
            return "VTODO";
    return "VEVENT";
}

static kt_error *row_add(table_writer *w, arena *arena, const variant *row)
{
    const char *name = component(w);
    buffer_add_format(&w->out, "BEGIN:%s\r\n%s", name, w->kind == &vcard_table ? "VERSION:3.0\r\n" : "");
    for (size_t i = 0; i < w->count; i++)
        add_column(w, arena, row, i);
    buffer_add_format(&w->out, "END:%s\r\n", name);
    return NULL;
}

static kt_error *calendar_begin(table_writer *w, arena *arena)
{
    (void)arena;
    buffer_add_str(&w->out, KT_STR("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kontor//EN\r\n"));
    return NULL;
}

static kt_error *calendar_end(table_writer *w, arena *arena)
{
    (void)arena;
    buffer_add_str(&w->out, KT_STR("END:VCALENDAR\r\n"));
    return NULL;
}

const table_kind vcard_table = {.row = row_add};
const table_kind ical_table = {calendar_begin, row_add, calendar_end, NULL};
