/* template.c -- see template.h. */
#include "document/template.h"

#include <string.h>

#include "document/place.h"
#include "kit/buffer.h"
#include "kit/str.h"

enum { TEXT_MAX = 1 << 20, LUA_MAX = 8 << 20 };

typedef struct {
    arena *arena;
    template_kind kind;
    kt_str text;
    size_t at;
    long line;
    place place;
    buffer lua;
    kt_error *errors;
} reading;

static void complain(
    reading *r, long line, const char *en, const char *pl, const char *hint_en, const char *hint_pl)
{
    kt_error *error = error_make(r->arena, KT_VALIDATION, "text", "%s", "%s", en);
    error->first->text.pl = pl;
    kt_also(&r->errors, error_at_row(kt_hint(error, hint_en, hint_pl), line));
}

/* ---- Literal text ---- */

static long count_lines(kt_str text)
{
    long lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    return lines;
}

static void add_lines(reading *r, long lines)
{
    for (long i = 0; i < lines; i++)
        buffer_add_char(&r->lua, '\n');
}

static void add_quoted(buffer *lua, char c)
{
    if (c == '\n')
        buffer_add_str(lua, KT_STR("\\n"));
    else if (c == '"' || c == '\\' || (unsigned char)c < 32 || c == 127)
        buffer_add_format(lua, "\\%03d", (unsigned char)c);
    else
        buffer_add_char(lua, c);
}

void template_add_quoted(buffer *lua, kt_str text)
{
    for (size_t i = 0; i < text.len; i++)
        add_quoted(lua, text.ptr[i]);
}

/* Writes text[from, to) and, behind it, as many line ends as it has: the chunk keeps the template's lines. */
static void add_literal(reading *r, size_t from, size_t to)
{
    if (from == to)
        return;
    kt_str text = {r->text.ptr + from, to - from};
    buffer_add_str(&r->lua, KT_STR(" _write(\""));
    for (size_t i = 0; i < text.len; i++) {
        add_quoted(&r->lua, text.ptr[i]);
        place_step(&r->place, text.ptr[i]);
    }
    buffer_add_str(&r->lua, KT_STR("\")"));
    add_lines(r, count_lines(text));
    r->line += count_lines(text);
}

/* ---- Expressions ---- */

static const char *html_function(reading *r)
{
    switch (place_of(&r->place)) {
    case PLACE_TEXT:
        return r->kind == TEMPLATE_XML ? "xml" : "text";
    case PLACE_ATTRIBUTE:
        return r->kind == TEMPLATE_XML ? "xml" : "attribute";
    case PLACE_ADDRESS:
        return "address";
    case PLACE_STYLE:
        return "style";
    case PLACE_TAG:
        complain(r, r->line, "an expression cannot stand inside a tag",
            "wyrażenie nie może stać wewnątrz znacznika",
            "Write the attribute whole and put the value in quotes: class=\"{{ value }}\".",
            "Napisz cały atrybut, a wartość w cudzysłowie: class=\"{{ wartość }}\".");
        return "text";
    case PLACE_BARE:
        complain(r, r->line, "an attribute's value needs quotes", "wartość atrybutu wymaga cudzysłowu",
            "Write class=\"{{ value }}\".", "Napisz class=\"{{ wartość }}\".");
        return "text";
    case PLACE_SCRIPT:
        complain(r, r->line, "an expression cannot stand in a script, a style sheet or an event's attribute",
            "wyrażenie nie może stać w skrypcie, arkuszu stylów ani atrybucie zdarzenia",
            "Put the value into an attribute, or choose between fixed texts with {% if %}.",
            "Umieść wartość w atrybucie albo wybierz między stałymi tekstami przez {% if %}.");
        return "text";
    case PLACE_REMARK:
        complain(r, r->line, "an expression cannot stand in a comment or a declaration",
            "wyrażenie nie może stać w komentarzu ani deklaracji", "Use {# #} for remarks.",
            "Do uwag służy {# #}.");
        return "text";
    }
    return "text";
}

static const char *function_for(reading *r)
{
    switch (r->kind) {
    case TEMPLATE_TEXT:
        return "plain";
    case TEMPLATE_CSV:
        return "cell";
    case TEMPLATE_HTML:
    case TEMPLATE_XML:
        return html_function(r);
    }
    return "text";
}

/* ---- Tags ---- */

static bool has_tag(const reading *r, size_t at, char second)
{
    return at + 1 < r->text.len && r->text.ptr[at] == '{' && r->text.ptr[at + 1] == second;
}

/* The end of a tag's Lua text, outside of its strings but not of its remarks; text.len: there is none. */
static size_t find_end(const reading *r, size_t from, char first, bool lua)
{
    enum { REMARK = '-' };
    char quote = 0; /* what the string began with, or REMARK */
    for (size_t i = from; i + 1 < r->text.len; i++) {
        char c = r->text.ptr[i], next = r->text.ptr[i + 1];
        if ((!quote || quote == REMARK) && c == first && next == '}')
            return i;
        if (c == '\n' || (quote == c && quote != REMARK))
            quote = 0;
        else if (quote && quote != REMARK && c == '\\' && lua)
            i++;
        else if (!quote && lua)
            quote = c == '"' || c == '\'' ? c : c == '-' && next == '-' ? REMARK : 0;
    }
    return r->text.len;
}

typedef struct {
    char kind;         /* of "{{", "{%", "{#"; 0: no tag stands here */
    size_t start, end; /* of what is inside; end == text.len: it does not end */
    bool alone;        /* it has its line for itself and writes nothing: the line is left out */
} tag;

static tag find_tag(const reading *r, size_t at)
{
    tag t = {.kind = has_tag(r, at, '{') ? '{' : has_tag(r, at, '%') ? '%' : has_tag(r, at, '#') ? '#' : 0};
    if (!t.kind)
        return t;
    t.start = at + 2;
    t.end = find_end(r, t.start, t.kind == '{' ? '}' : t.kind, t.kind != '#');
    size_t before = at;
    while (before > 0 && (r->text.ptr[before - 1] == ' ' || r->text.ptr[before - 1] == '\t'))
        before--;
    t.alone = t.kind != '{' && (before == 0 || r->text.ptr[before - 1] == '\n') && t.end + 2 < r->text.len &&
              r->text.ptr[t.end + 2] == '\n';
    return t;
}

static void complain_of_end(reading *r, char kind)
{
    static const struct {
        char kind;
        const char *en, *pl;
    } hints[] = {{'{', "Close it with }}.", "Zamknij go przez }}."},
        {'%', "Close it with %}.", "Zamknij go przez %}."},
        {'#', "Close it with #}.", "Zamknij go przez #}."}};
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].kind == kind)
            complain(
                r, r->line, "this tag does not end", "ten znacznik nie ma końca", hints[i].en, hints[i].pl);
}

static void add_tag(reading *r, const tag *t)
{
    kt_str inside = {r->text.ptr + t->start, t->end - t->start};
    if (t->kind == '{') {
        buffer_add_format(&r->lua, " _write(_as.%s(", function_for(r));
        buffer_add_str(&r->lua, inside);
        buffer_add_str(&r->lua, KT_STR("))"));
    } else if (t->kind == '%') {
        buffer_add_char(&r->lua, ' ');
        buffer_add_str(&r->lua, inside);
        buffer_add_char(&r->lua, ' ');
    } else {
        add_lines(r, count_lines(inside));
    }
    if (t->alone)
        add_lines(r, 1);
    r->line += count_lines(inside) + t->alone;
    r->at = t->end + 2 + t->alone;
}

static void translate(reading *r)
{
    size_t literal = 0;
    buffer_add_str(&r->lua, KT_STR("local _as = ... local _write = _as.write"));
    while (r->at < r->text.len) {
        tag t = find_tag(r, r->at);
        if (!t.kind) {
            r->at++;
            continue;
        }
        size_t end = r->at;
        while (t.alone && end > literal && r->text.ptr[end - 1] != '\n')
            end--;
        add_literal(r, literal, end);
        if (t.end == r->text.len) {
            complain_of_end(r, t.kind);
            return;
        }
        add_tag(r, &t);
        literal = r->at;
    }
    add_literal(r, literal, r->text.len);
}

kt_error *template_compile(arena *arena, template_kind kind, kt_str text, kt_str *lua)
{
    if (text.len > TEXT_MAX)
        return error_make(arena, KT_LIMIT, "text", "%zu bytes, at most %d are taken",
            "%zu bajtów, dozwolone najwyżej %d", text.len, (int)TEXT_MAX);
    reading r = {
        .arena = arena, .kind = kind, .text = text, .line = 1, .place = {.xml = kind == TEMPLATE_XML}};
    buffer_open(&r.lua, LUA_MAX);
    translate(&r);
    if (!r.errors && r.lua.starved)
        r.errors = error_no_memory();
    else if (!r.errors && r.lua.full)
        r.errors = error_make(arena, KT_LIMIT, "text", "the template is too large", "szablon jest za duży");
    *lua = r.errors ? (kt_str){0} : arena_str(arena, buffer_str(&r.lua));
    buffer_close(&r.lua);
    return r.errors || lua->ptr ? r.errors : error_no_memory();
}
