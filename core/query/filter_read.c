/* filter_read.c -- the wire's filter into nodes: lists of [path, operator, value] that all hold, "and", "or",
 * "not" before a list, the prefix signs "|" "&" "!", and objects {">=amount": "100"}. What a condition says
 * is in filter_condition.c; here is how conditions are put together. */
#include <strings.h>

#include "query/internal.h"

static kt_error *read_node(filter_reader *r, const variant *from, const char *at, const query_filter **out);

static kt_error *node(
    filter_reader *r, filter_kind kind, const query_filter **items, size_t count, const query_filter **out)
{
    if (kind == FILTER_AND && count == 1) {
        *out = items[0];
        return NULL;
    }
    query_filter *made = ARENA_NEW(r->tx->arena, query_filter);
    if (!made)
        return error_no_memory();
    *made = (query_filter){.kind = kind, .count = count, .items = items};
    *out = made;
    return NULL;
}

kt_error *filter_and(
    arena *arena, const query_filter *const *items, size_t count, const query_filter **filter)
{
    if (count == 1) {
        *filter = items[0];
        return NULL;
    }
    query_filter *made = ARENA_NEW(arena, query_filter);
    if (!made)
        return error_no_memory();
    *made = (query_filter){.kind = FILTER_AND, .count = count, .items = items};
    *filter = made;
    return NULL;
}

static bool word_is(const variant *v, const char *word)
{
    return v->kind == VARIANT_STRING && v->as.string.len == strlen(word) &&
           strncasecmp(v->as.string.ptr, word, v->as.string.len) == 0;
}

static kt_error *deeper(filter_reader *r, const char *at)
{
    if (++r->depth > QUERY_DEPTH_MAX)
        return error_make(r->tx->arena, KT_LIMIT, at, "conditions are nested deeper than %d",
            "warunki są zagnieżdżone głębiej niż %d", QUERY_DEPTH_MAX);
    return NULL;
}

/* ---- Lists ---- */

typedef struct {
    const variant *items;
    size_t count, next;
    const char *at;
} list_walk;

/* The next condition of a list; "|" and "&" take the two that follow them, "!" the one. */
static kt_error *take_term(filter_reader *r, list_walk *w, const query_filter **out)
{
    kt_str at = arena_format(r->tx->arena, "%s[%zu]", w->at, w->next);
    if (!at.ptr)
        return error_no_memory();
    *out = NULL;
    if (w->next == w->count)
        return error_make(r->tx->arena, KT_VALIDATION, w->at, "a condition is missing at the end",
            "na końcu brakuje warunku");
    const variant *item = &w->items[w->next++];
    bool is_or = word_is(item, "|"), is_and = word_is(item, "&");
    if (!is_or && !is_and && !word_is(item, "!"))
        return read_node(r, item, at.ptr, out);
    size_t count = is_or || is_and ? 2 : 1;
    const query_filter **terms = ARENA_ARRAY(r->tx->arena, const query_filter *, count);
    if (!terms)
        return error_no_memory();
    KT_TRY(deeper(r, at.ptr));
    kt_error *all = NULL;
    for (size_t i = 0; i < count; i++)
        kt_also(&all, take_term(r, w, &terms[i]));
    r->depth--;
    return all ? all : node(r, is_or ? FILTER_OR : is_and ? FILTER_AND : FILTER_NOT, terms, count, out);
}

static kt_error *read_list(filter_reader *r, const variant *from, size_t first, filter_kind kind,
    const char *at, const query_filter **out)
{
    list_walk w = {from->as.array.items, from->as.array.count, first, at};
    size_t count = 0;
    const query_filter **terms = ARENA_ARRAY(r->tx->arena, const query_filter *, w.count - first + 1);
    if (!terms)
        return error_no_memory();
    kt_error *all = NULL;
    while (w.next < w.count)
        kt_also(&all, take_term(r, &w, &terms[count++]));
    if (all)
        return all;
    if (count == 0 && kind != FILTER_AND)
        return error_make(r->tx->arena, KT_VALIDATION, at, "\"%s\" needs a condition",
            "\"%s\" wymaga warunku", kind == FILTER_OR ? "or" : "not");
    if (kind != FILTER_NOT)
        return node(r, kind, terms, count, out);
    const query_filter **inner = ARENA_NEW(r->tx->arena, const query_filter *);
    if (!inner)
        return error_no_memory();
    KT_TRY(node(r, FILTER_AND, terms, count, inner));
    return node(r, FILTER_NOT, inner, 1, out);
}

static kt_error *read_array(filter_reader *r, const variant *from, const char *at, const query_filter **out)
{
    const variant *items = from->as.array.items;
    size_t count = from->as.array.count;
    if (count == 0 || items[0].kind != VARIANT_STRING || word_is(&items[0], "|") || word_is(&items[0], "&") ||
        word_is(&items[0], "!"))
        return read_list(r, from, 0, FILTER_AND, at, out);
    if (word_is(&items[0], "and"))
        return read_list(r, from, 1, FILTER_AND, at, out);
    if (word_is(&items[0], "or"))
        return read_list(r, from, 1, FILTER_OR, at, out);
    if (word_is(&items[0], "not"))
        return read_list(r, from, 1, FILTER_NOT, at, out);
    if (word_is(&items[0], "has"))
        return filter_has_read(r, items, count, at, out);
    if (count > 3 || count < 2 || items[1].kind != VARIANT_STRING)
        return kt_hint(
            error_make(r->tx->arena, KT_VALIDATION, at, "expected [field, operator, value], got %zu items",
                "oczekiwano [pole, operator, wartość], jest %zu elementów", count),
            "Write several conditions as a list of lists: [[\"state\",\"=\",\"open\"],[..]].",
            "Kilka warunków zapisz jako listę list: [[\"state\",\"=\",\"open\"],[..]].");
    return filter_test_read(r, items[0].as.string, items[1].as.string, count > 2 ? &items[2] : NULL, at, out);
}

/* ---- Objects ---- */

/* Operators in front of a member's name; longer ones first. */
static const struct {
    const char *prefix, *op, *list_op; /* list_op: where the value is an array */
} prefixes[] = {
    {"!=%", "not_ilike", NULL},
    {"!@", "not_in", NULL},
    {"!%", "not_ilike", NULL},
    {"!=", "!=", "not_in"},
    {"><", "between", NULL},
    {">=", ">=", NULL},
    {"<=", "<=", NULL},
    {"=%", "ilike", NULL},
    {"!", "!=", "not_in"},
    {"=", "=", "in"},
    {">", ">", NULL},
    {"<", "<", NULL},
    {"%", "ilike", NULL},
    {"@", "in", NULL},
    {"", "=", "in"},
};

static kt_error *read_prefixed(
    filter_reader *r, kt_str name, const variant *value, const char *at, const query_filter **out)
{
    size_t i = 0;
    while (!str_starts(name, str_of(prefixes[i].prefix)))
        i++;
    size_t skip = strlen(prefixes[i].prefix);
    bool is_list = value->kind == VARIANT_ARRAY && prefixes[i].list_op;
    return filter_test_read(r, (kt_str){name.ptr + skip, name.len - skip},
        str_of(is_list ? prefixes[i].list_op : prefixes[i].op), value, at, out);
}

static kt_error *read_member(
    filter_reader *r, const variant_member *member, const char *prefix, const query_filter **out)
{
    kt_str at = arena_format(r->tx->arena, "%s.%.*s", prefix, STR_ARG(member->name));
    if (!at.ptr)
        return error_no_memory();
    const variant name = {.kind = VARIANT_STRING, .as.string = member->name};
    bool is_number = member->name.len > 0;
    for (size_t i = 0; i < member->name.len; i++)
        is_number = is_number && member->name.ptr[i] >= '0' && member->name.ptr[i] <= '9';
    filter_kind kind = word_is(&name, "or") ? FILTER_OR : word_is(&name, "not") ? FILTER_NOT : FILTER_AND;
    bool is_word = word_is(&name, "and") || word_is(&name, "or") || word_is(&name, "not");
    if (is_word && member->value->kind == VARIANT_ARRAY)
        return read_list(r, member->value, 0, kind, at.ptr, out);
    if (is_word || is_number) {
        if (kind == FILTER_AND)
            return read_node(r, member->value, at.ptr, out);
        const query_filter **inner = ARENA_NEW(r->tx->arena, const query_filter *);
        if (!inner)
            return error_no_memory();
        KT_TRY(read_node(r, member->value, at.ptr, inner));
        return node(r, kind, inner, 1, out);
    }
    return read_prefixed(r, member->name, member->value, at.ptr, out);
}

static kt_error *read_object(filter_reader *r, const variant *from, const char *at, const query_filter **out)
{
    kt_error *all = NULL;
    filter_kind kind = FILTER_AND;
    size_t count = 0, members = from->as.object.count;
    const query_filter **terms = ARENA_ARRAY(r->tx->arena, const query_filter *, members + 1);
    if (!terms)
        return error_no_memory();
    for (size_t i = 0; i < members; i++) {
        const variant_member *member = &from->as.object.members[i];
        const variant name = {.kind = VARIANT_STRING, .as.string = member->name};
        if (!word_is(&name, "logic"))
            kt_also(&all, read_member(r, member, at, &terms[count++]));
        else if (word_is(member->value, "or"))
            kind = FILTER_OR;
        else if (!word_is(member->value, "and"))
            kt_also(&all, error_make(r->tx->arena, KT_VALIDATION, at, "\"logic\" is \"and\" or \"or\"",
                              "\"logic\" to \"and\" lub \"or\""));
    }
    if (all)
        return all;
    return node(r, count ? kind : FILTER_AND, terms, count, out);
}

static kt_error *read_node(filter_reader *r, const variant *from, const char *at, const query_filter **out)
{
    kt_error *error;
    KT_TRY(deeper(r, at));
    if (from->kind == VARIANT_ARRAY)
        error = read_array(r, from, at, out);
    else if (from->kind == VARIANT_OBJECT)
        error = read_object(r, from, at, out);
    else
        error = error_make(r->tx->arena, KT_VALIDATION, at, "expected a condition, got %s%.0s",
            "oczekiwano warunku, jest: %.0s%s", VARIANT_KIND(from->kind));
    r->depth--;
    return error;
}

kt_error *filter_node_read(filter_reader *r, const variant *from, const char *at, const query_filter **filter)
{
    return read_node(r, from, at, filter);
}

static kt_error *read_whole(filter_reader r, const variant *from, query_filter **filter)
{
    static const variant nothing = {.kind = VARIANT_ARRAY};
    kt_tx *tx = r.tx;
    const query_filter *read = NULL;
    if (!from || from->kind == VARIANT_NULL)
        from = &nothing;
    KT_TRY(read_node(&r, from, "filter", &read));
    *filter = ARENA_NEW(tx->arena, query_filter);
    if (!*filter)
        return error_no_memory();
    **filter = *read;
    (*filter)->source = from;
    return NULL;
}

kt_error *query_filter_read(kt_tx *tx, const model_entity *entity, const variant *from, query_filter **filter)
{
    return read_whole((filter_reader){.tx = tx, .entity = entity, .of = entity}, from, filter);
}

kt_error *filter_read_own(kt_tx *tx, const model_entity *entity, const variant *from, query_filter **filter)
{
    return read_whole((filter_reader){.tx = tx, .entity = entity, .of = entity, .own = true}, from, filter);
}
