/* scan.c -- reads a Lua text as a row of tokens, to see which fields it names. It runs nothing and need not
 * understand the text: a name that is reached in another way is read when the rule asks for it. */
#include "automation/rule.h"
#include "kit/str.h"

typedef struct {
    kt_str text;
    size_t at;
    long line;
} reader;

typedef enum { TOKEN_END, TOKEN_NAME, TOKEN_TEXT, TOKEN_OTHER } token_kind;
typedef struct {
    token_kind kind;
    kt_str s; /* the name, or what the text holds as it is written */
    char c;   /* TOKEN_OTHER */
    long line;
} token;

static char peek(const reader *r, size_t ahead)
{
    return r->at + ahead < r->text.len ? r->text.ptr[r->at + ahead] : '\0';
}

static void step(reader *r)
{
    if (peek(r, 0) == '\n')
        r->line++;
    if (r->at < r->text.len)
        r->at++;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* [==[ .. ]==]; at stands on the first bracket. Returns false, and moves nowhere, if it is none. */
static bool long_text(reader *r)
{
    size_t level = 0;
    while (peek(r, 1 + level) == '=')
        level++;
    if (peek(r, 0) != '[' || peek(r, 1 + level) != '[')
        return false;
    for (size_t i = 0; i < level + 2; i++)
        step(r);
    while (r->at < r->text.len) {
        size_t n = 0;
        if (peek(r, 0) == ']')
            while (peek(r, 1 + n) == '=')
                n++;
        bool end = peek(r, 0) == ']' && n == level && peek(r, 1 + n) == ']';
        for (size_t i = 0; i < (end ? level + 2 : 1); i++)
            step(r);
        if (end)
            break;
    }
    return true;
}

static void blank(reader *r)
{
    for (;;) {
        char c = peek(r, 0);
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            step(r);
        } else if (c == '-' && peek(r, 1) == '-') {
            step(r);
            step(r);
            if (!long_text(r))
                while (r->at < r->text.len && peek(r, 0) != '\n')
                    step(r);
        } else
            return;
    }
}

static kt_str quoted(reader *r)
{
    char quote = peek(r, 0);
    step(r);
    size_t from = r->at;
    while (r->at < r->text.len && peek(r, 0) != quote && peek(r, 0) != '\n') {
        if (peek(r, 0) == '\\')
            step(r);
        step(r);
    }
    kt_str s = {r->text.ptr + from, r->at - from};
    step(r);
    return s;
}

static token next(reader *r)
{
    blank(r);
    char c = peek(r, 0);
    token t = {.kind = TOKEN_OTHER, .c = c, .line = r->line};
    size_t from = r->at;
    if (r->at >= r->text.len) {
        t.kind = TOKEN_END;
    } else if (is_letter(c)) {
        while (is_letter(peek(r, 0)) || is_digit(peek(r, 0)))
            step(r);
        t.kind = TOKEN_NAME;
        t.s = (kt_str){r->text.ptr + from, r->at - from};
    } else if (is_digit(c)) {
        while (is_letter(peek(r, 0)) || is_digit(peek(r, 0)) || (peek(r, 0) == '.' && peek(r, 1) != '.'))
            step(r);
        t.c = '0';
    } else if (c == '"' || c == '\'') {
        t.kind = TOKEN_TEXT;
        t.s = quoted(r);
    } else if (c == '[' && long_text(r)) {
        t.kind = TOKEN_TEXT;
        t.s = (kt_str){r->text.ptr + from, r->at - from};
    } else
        step(r);
    return t;
}

/* Is the = an assignment, not one half of ==? */
static bool assigns(const reader *r)
{
    reader ahead = *r;
    token t = next(&ahead);
    return t.kind == TOKEN_OTHER && t.c == '=' && peek(&ahead, 0) != '=';
}

static void add_field(arena *arena, scan *s, scan_field field)
{
    if (s->field_count == s->field_room) {
        size_t room = s->field_room ? 2 * s->field_room : 32;
        scan_field *grown = arena_grow(arena, s->fields, s->field_room * sizeof *grown, room * sizeof *grown);
        s->full = s->full || !grown;
        if (!grown)
            return;
        s->fields = grown;
        s->field_room = room;
    }
    s->fields[s->field_count++] = field;
}

static void add_call(arena *arena, scan *s, scan_call call)
{
    if (s->call_count == s->call_room) {
        size_t room = s->call_room ? 2 * s->call_room : 32;
        scan_call *grown = arena_grow(arena, s->calls, s->call_room * sizeof *grown, room * sizeof *grown);
        s->full = s->full || !grown;
        if (!grown)
            return;
        s->calls = grown;
        s->call_room = room;
    }
    s->calls[s->call_count++] = call;
}

/* What follows a name: NAME.FIELD, NAME["FIELD"], NAME "text", NAME("text", NAME {. */
static void follow(arena *arena, scan *s, reader *r, const token *name)
{
    reader ahead = *r;
    token t = next(&ahead);
    if (t.kind == TOKEN_TEXT) {
        add_call(arena, s, (scan_call){name->s, t.s, name->line});
    } else if (t.kind == TOKEN_OTHER && t.c == '{') {
        add_call(arena, s, (scan_call){name->s, {0}, name->line});
    } else if (t.kind == TOKEN_OTHER && t.c == '(') {
        token argument = next(&ahead);
        add_call(arena, s,
            (scan_call){name->s, argument.kind == TOKEN_TEXT ? argument.s : (kt_str){0}, name->line});
    } else if (t.kind == TOKEN_OTHER && t.c == '.' && peek(&ahead, 0) != '.') {
        token field = next(&ahead);
        if (field.kind == TOKEN_NAME)
            add_field(arena, s, (scan_field){name->s, field.s, field.line, assigns(&ahead)});
    } else if (t.kind == TOKEN_OTHER && t.c == '[') {
        token field = next(&ahead), close = next(&ahead);
        if (field.kind == TOKEN_TEXT && close.c == ']')
            add_field(arena, s, (scan_field){name->s, field.s, field.line, assigns(&ahead)});
    }
}

void scan_text(arena *arena, kt_str text, scan *found)
{
    reader r = {text, 0, 1};
    *found = (scan){0};
    bool member = false; /* the name after a point or colon is no variable */
    for (token t = next(&r); t.kind != TOKEN_END; t = next(&r)) {
        if (t.kind == TOKEN_NAME && !member)
            follow(arena, found, &r, &t);
        member = t.kind == TOKEN_OTHER && (t.c == '.' || t.c == ':');
    }
}
