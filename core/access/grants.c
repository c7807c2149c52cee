/* grants.c -- reads grants by hand: one token ahead, and after a mistake on with the next grant, so that
 * whoever writes a role learns everything at once. */
#include "access/grants.h"

const char *const grant_scope_names[] = {"all", "own", "team", "department", NULL};
const variant grant_me = {.kind = VARIANT_STRING, .as.string = {"me", 2}};
const variant grant_my_teams = {.kind = VARIANT_STRING, .as.string = {"my_teams", 8}};
const variant grant_my_roles = {.kind = VARIANT_STRING, .as.string = {"my_roles", 8}};

static const char *const operators[] = {"=", "!=", "<", "<=", ">", ">=", "in", "not_in", "like", "ilike",
    "starts_with", "between", "is_null", NULL};

enum { TEXT_MAX = 32000, LIST_MAX = 100, CONDITIONS_MAX = 20 };

typedef struct {
    arena *arena;
    const char *path;
    kt_str rest;  /* of this grant */
    kt_str token; /* empty at the end */
    bool quoted;
    long row;
    kt_error *errors;
    bool failed;  /* in this grant */
    bool starved; /* of memory: whatever was made of the text is no verdict on it */
} reader;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '*' || c == '-' || (c & 0x80);
}

KT_PRINTF(2, 4) KT_PRINTF(3, 4) static void mistake(reader *r, const char *en, const char *pl, ...)
{
    if (r->failed)
        return; /* one mistake a grant: what follows it is guesswork */
    r->failed = true;
    va_list arguments;
    va_start(arguments, pl);
    kt_error *error = error_vmake(r->arena, KT_VALIDATION, r->path, en, pl, arguments);
    va_end(arguments);
    kt_also(&r->errors, error_at_row(error, r->row));
}

static void starve(reader *r)
{
    r->failed = r->starved = true;
}

/* ---- Tokens ---- */

static void advance(reader *r)
{
    kt_str *s = &r->rest;
    while (s->len && is_blank(*s->ptr))
        *s = (kt_str){s->ptr + 1, s->len - 1};
    r->quoted = false;
    size_t n = 0;
    if (s->len && *s->ptr == '"') {
        for (n = 1; n < s->len && s->ptr[n] != '"'; n++)
            continue;
        if (n == s->len)
            mistake(r, "a quotation mark is not closed", "cudzysłów nie jest zamknięty");
        r->quoted = true;
        r->token = (kt_str){s->ptr + 1, n - 1};
        n += n < s->len;
        *s = (kt_str){s->ptr + n, s->len - n};
        return;
    }
    while (n < s->len && is_word(s->ptr[n]))
        n++;
    if (n == 0 && s->len) {
        n = 1;
        if (s->len > 1 && s->ptr[1] == '=' && strchr("!<>", s->ptr[0]))
            n = 2;
    }
    r->token = (kt_str){s->ptr, n};
    *s = (kt_str){s->ptr + n, s->len - n};
}

static bool at(const reader *r, const char *text)
{
    return !r->quoted && str_is(r->token, text);
}

static bool accept(reader *r, const char *text)
{
    if (!at(r, text))
        return false;
    advance(r);
    return true;
}

static bool at_name(const reader *r)
{
    return !r->quoted && r->token.len && is_word(*r->token.ptr);
}

static kt_str copy_token(reader *r)
{
    kt_str s = arena_str(r->arena, r->token);
    if (!s.ptr)
        starve(r);
    return s;
}

/* name { "," name } */
static const kt_str *names_read(reader *r, size_t *count)
{
    kt_str found[LIST_MAX];
    *count = 0;
    do {
        if (!at_name(r) || *count == LIST_MAX) {
            mistake(r, "a name is expected where it says \"%.*s\"", "oczekiwano nazwy zamiast \"%.*s\"",
                STR_ARG(r->token));
            break;
        }
        found[(*count)++] = copy_token(r);
        advance(r);
    } while (!r->failed && accept(r, ","));
    kt_str *names = ARENA_ARRAY(r->arena, kt_str, *count + 1); /* rights live long: no more than is needed */
    if (!names) {
        starve(r);
        *count = 0;
        return NULL;
    }
    memcpy(names, found, *count * sizeof *names);
    return names;
}

/* ---- Values ---- */

static bool as_integer(kt_str s, int64_t *out)
{
    size_t i = s.len && *s.ptr == '-';
    if (i == s.len || s.len > 18)
        return false;
    int64_t value = 0;
    for (; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        value = value * 10 + (s.ptr[i] - '0');
    }
    *out = *s.ptr == '-' ? -value : value;
    return true;
}

static const variant *scalar_read(reader *r)
{
    if (accept(r, "me"))
        return &grant_me;
    if (at(r, grant_my_teams.as.string.ptr) || at(r, grant_my_roles.as.string.ptr)) {
        mistake(r, "\"%.*s\" is a list of its own: team in my_teams",
            "\"%.*s\" jest osobną listą: team in my_teams", STR_ARG(r->token));
        return NULL;
    }
    variant *v = ARENA_NEW(r->arena, variant);
    if (!v)
        starve(r);
    if (!v || (!r->quoted && !at_name(r))) {
        mistake(r, "a value is expected where it says \"%.*s\"", "oczekiwano wartości zamiast \"%.*s\"",
            STR_ARG(r->token));
        return NULL;
    }
    if (at(r, "true") || at(r, "false")) {
        *v = (variant){.kind = VARIANT_BOOL, .as.boolean = at(r, "true")};
    } else if (at(r, "null")) {
        v->kind = VARIANT_NULL;
    } else if (!r->quoted && as_integer(r->token, &v->as.integer)) {
        v->kind = VARIANT_INT;
    } else {
        v->as.string = copy_token(r);
        v->kind = VARIANT_STRING;
    }
    advance(r);
    return v;
}

static const variant *value_read(reader *r)
{
    if (!accept(r, "("))
        return scalar_read(r);
    variant found[LIST_MAX];
    size_t count = 0;
    do {
        const variant *item = count < LIST_MAX ? scalar_read(r) : NULL;
        if (!item) {
            mistake(r, "a list is longer than %d values", "lista ma ponad %d wartości", LIST_MAX);
            return NULL;
        }
        found[count++] = *item;
    } while (accept(r, ","));
    if (!accept(r, ")"))
        mistake(r, "\")\" is expected where it says \"%.*s\"", "oczekiwano \")\" zamiast \"%.*s\"",
            STR_ARG(r->token));
    variant *list = ARENA_NEW(r->arena, variant), *items = ARENA_ARRAY(r->arena, variant, count);
    if (!list || !items) {
        starve(r);
        return NULL;
    }
    memcpy(items, found, count * sizeof *items);
    *list = (variant){.kind = VARIANT_ARRAY, .as.array = {items, count}};
    return list;
}

/* ---- Grants ---- */

static const char *one_of(kt_str token, const char *const *names)
{
    for (; *names; names++)
        if (str_is(token, *names))
            return *names;
    return NULL;
}

static bool condition_read(reader *r, grant_condition *c)
{
    if (!at_name(r)) {
        mistake(r, "a field is expected where it says \"%.*s\"", "oczekiwano pola zamiast \"%.*s\"",
            STR_ARG(r->token));
        return false;
    }
    c->path = copy_token(r);
    advance(r);
    const char *op = r->quoted ? NULL : one_of(r->token, operators);
    if (!op) {
        mistake(r, "\"%.*s\" is no operator", "\"%.*s\" nie jest operatorem", STR_ARG(r->token));
        return false;
    }
    c->op = str_of(op);
    advance(r);
    const bool of_list = str_is(c->op, "in") || str_is(c->op, "not_in");
    c->value = of_list && accept(r, "my_teams")   ? &grant_my_teams
               : of_list && accept(r, "my_roles") ? &grant_my_roles
                                                  : value_read(r);
    return c->value != NULL;
}

static void conditions_read(reader *r, grant *g)
{
    grant_condition found[CONDITIONS_MAX];
    size_t count = 0;
    do {
        if (count == CONDITIONS_MAX)
            mistake(r, "a grant has at most %d conditions", "uprawnienie ma najwyżej %d warunków",
                CONDITIONS_MAX);
        else if (condition_read(r, &found[count]))
            count++;
    } while (!r->failed && accept(r, "and"));
    grant_condition *conditions = ARENA_ARRAY(r->arena, grant_condition, count + 1);
    if (!conditions) {
        starve(r);
        return;
    }
    memcpy(conditions, found, count * sizeof *found);
    g->conditions = conditions;
    g->condition_count = count;
}

static void scope_read(reader *r, grant *g)
{
    const char *name = r->quoted ? NULL : one_of(r->token, grant_scope_names);
    if (!name) {
        mistake(r, "\"%.*s\" is no scope: own, team, department or all",
            "\"%.*s\" nie jest zakresem: own, team, department lub all", STR_ARG(r->token));
        return;
    }
    while (strcmp(grant_scope_names[g->scope], name) != 0)
        g->scope++;
    advance(r);
}

/* "crm.deal", "crm.*", "*": a star stands for everything behind it and nowhere else. */
static bool entity_is_sound(kt_str entity)
{
    const char *star = memchr(entity.ptr, '*', entity.len);
    if (!star)
        return true;
    return star == entity.ptr + entity.len - 1 && (star == entity.ptr || star[-1] == '.');
}

static void grant_read(reader *r, grant *g)
{
    advance(r);
    if (!at_name(r) || !entity_is_sound(r->token)) {
        mistake(r, "an entity is expected where it says \"%.*s\"", "oczekiwano encji zamiast \"%.*s\"",
            STR_ARG(r->token));
        return;
    }
    g->entity = copy_token(r);
    advance(r);
    if (!accept(r, ":")) {
        mistake(r, "\":\" and actions are expected after %.*s", "po %.*s oczekiwano \":\" i czynności",
            STR_ARG(g->entity));
        return;
    }
    g->actions = names_read(r, &g->action_count);
    if (accept(r, "@"))
        scope_read(r, g);
    if (accept(r, "where"))
        conditions_read(r, g);
    if (accept(r, "fields"))
        g->groups = names_read(r, &g->group_count);
    if (accept(r, "masked"))
        g->masks = names_read(r, &g->mask_count);
    if (r->quoted || r->token.len)
        mistake(r, "\"%.*s\" is not understood", "\"%.*s\" jest niezrozumiałe", STR_ARG(r->token));
}

/* The end of the grant at the start of text: a ";" outside quotation marks. */
static size_t grant_end(kt_str text)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        quoted ^= text.ptr[i] == '"';
        if (text.ptr[i] == ';' && !quoted)
            return i;
    }
    return text.len;
}

static kt_str trimmed(kt_str s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = (kt_str){s.ptr + 1, s.len - 1};
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

kt_error *grants_parse(arena *arena, kt_str text, const char *path, grant_list *list)
{
    *list = (grant_list){0};
    size_t most = 1;
    for (size_t i = 0; i < text.len; i++)
        most += text.ptr[i] == ';';
    if (text.len > TEXT_MAX || most > GRANTS_MAX)
        return error_make(arena, KT_VALIDATION, path, "a role has at most %d grants in %d characters",
            "rola ma najwyżej %d uprawnień w %d znakach", GRANTS_MAX, TEXT_MAX);
    list->items = ARENA_ARRAY(arena, grant, most);
    if (!list->items)
        return error_no_memory();
    reader r = {.arena = arena, .path = path};
    while (text.len) {
        size_t n = grant_end(text);
        r.rest = trimmed((kt_str){text.ptr, n});
        n += n < text.len;
        text = (kt_str){text.ptr + n, text.len - n};
        r.row++;
        if (!r.rest.len)
            continue;
        grant *g = &list->items[list->count++];
        g->text = arena_str(arena, r.rest);
        if (!g->text.ptr)
            return error_no_memory();
        r.failed = false;
        grant_read(&r, g);
    }
    return r.starved ? error_no_memory() : r.errors;
}

/* ---- What a grant says ---- */

static variant of_id(uint64_t id)
{
    return (variant){.kind = VARIANT_INT, .as.integer = (int64_t)id};
}

static const variant *list_of(arena *arena, variant *items, size_t count)
{
    variant *list = ARENA_NEW(arena, variant);
    if (list)
        *list = (variant){.kind = VARIANT_ARRAY, .as.array = {items, count}};
    return list;
}

/* Whoever is in none has what no record has. */
static const variant *ids_for(arena *arena, const id_set *ids)
{
    variant *items = ARENA_ARRAY(arena, variant, ids->count + 1);
    if (!items)
        return NULL;
    items[0] = of_id(INT64_MAX);
    for (size_t i = 0; i < ids->count; i++)
        items[i] = of_id(ids->ids[i]);
    return list_of(arena, items, ids->count ? ids->count : 1);
}

static const variant *list_for(arena *arena, const variant *value, uint64_t me)
{
    const size_t n = value->as.array.count;
    variant *items = ARENA_ARRAY(arena, variant, n);
    if (!items)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const variant *item = &value->as.array.items[i];
        bool is_me = item->kind == VARIANT_STRING && item->as.string.ptr == grant_me.as.string.ptr;
        items[i] = is_me ? of_id(me) : *item;
    }
    return list_of(arena, items, n);
}

static const variant *value_for(arena *arena, const variant *value, const grant_caller *caller)
{
    if (value == &grant_my_teams)
        return ids_for(arena, &caller->teams);
    if (value == &grant_my_roles)
        return ids_for(arena, &caller->roles);
    if (value == &grant_me) {
        variant *me = ARENA_NEW(arena, variant);
        if (me)
            *me = of_id(caller->me);
        return me;
    }
    return value->kind == VARIANT_ARRAY ? list_for(arena, value, caller->me) : value;
}

const variant *grant_filter(arena *arena, const grant *grant, const grant_caller *caller)
{
    size_t n = grant->condition_count;
    variant *rows = ARENA_ARRAY(arena, variant, n + 1), *cells = ARENA_ARRAY(arena, variant, 3 * n + 1);
    if (!rows || !cells)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const grant_condition *c = &grant->conditions[i];
        const variant *value = value_for(arena, c->value, caller);
        if (!value)
            return NULL;
        cells[3 * i] = (variant){.kind = VARIANT_STRING, .as.string = c->path};
        cells[3 * i + 1] = (variant){.kind = VARIANT_STRING, .as.string = c->op};
        cells[3 * i + 2] = *value;
        rows[i] = (variant){.kind = VARIANT_ARRAY, .as.array = {&cells[3 * i], 3}};
    }
    return list_of(arena, rows, n);
}

bool grant_covers(const grant *grant, kt_str entity)
{
    kt_str pattern = grant->entity;
    if (pattern.len && pattern.ptr[pattern.len - 1] == '*')
        return str_starts(entity, (kt_str){pattern.ptr, pattern.len - 1});
    return str_eq(pattern, entity);
}

bool grant_allows(const grant *grant, const char *action)
{
    for (size_t i = 0; i < grant->action_count; i++)
        if (str_is(grant->actions[i], action) || str_is(grant->actions[i], "*"))
            return true;
    return false;
}

static bool names_have(const kt_str *names, size_t count, kt_str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(names[i], name) || str_is(names[i], "*"))
            return true;
    return false;
}

bool grant_shows(const grant *grant, kt_str group)
{
    return names_have(grant->groups, grant->group_count, group);
}

bool grant_masks(const grant *grant, kt_str mask)
{
    return names_have(grant->masks, grant->mask_count, mask);
}
