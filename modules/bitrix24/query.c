/* Their filter {">=OPPORTUNITY": 100} and order {"ID": "DESC"} as ours. */
#include <string.h>

#include "b24.h"

enum { DEPTH_MAX = 8, SORTS_MAX = 4 };

typedef enum { COMPARE, LIKE, AMONG, BETWEEN } comparison;
typedef struct {
    const char *prefix, *op;
    comparison how;
    bool not ;
} key_prefix;
/* Longer ones first. */
static const key_prefix prefixes[] = {
    {"><", "between", BETWEEN, false},
    {"!><", "between", BETWEEN, true},
    {"!=%", "ilike", LIKE, true},
    {"!%=", "ilike", LIKE, true},
    {"=%", "ilike", LIKE, false},
    {"%=", "ilike", LIKE, false},
    {"!%", "ilike", LIKE, true},
    {"%", "ilike", LIKE, false},
    {"!@", "in", AMONG, true},
    {"@", "in", AMONG, false},
    {"!=", "=", COMPARE, true},
    {">=", ">=", COMPARE, false},
    {"<=", "<=", COMPARE, false},
    {"!", "=", COMPARE, true},
    {"=", "=", COMPARE, false},
    {">", ">", COMPARE, false},
    {"<", "<", COMPARE, false},
    {"", "=", COMPARE, false},
};

static const key_prefix *split_key(kt_str key, kt_str *name)
{
    const key_prefix *best = NULL;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t n = strlen(prefixes[i].prefix);
        if (key.len >= n && memcmp(key.ptr, prefixes[i].prefix, n) == 0 &&
            (!best || n > strlen(best->prefix)))
            best = &prefixes[i];
    }
    *name = (kt_str){key.ptr + strlen(best->prefix), key.len - strlen(best->prefix)};
    return best;
}

static kt_value text_value(const char *text)
{
    return kt_value_str((kt_str){text, strlen(text)});
}

kt_value condition(kt_tx *tx, const char *path, const char *op, kt_value value)
{
    kt_maker c = KT_MAKE_ARRAY;
    kt_add(tx, &c, text_value(path));
    kt_add(tx, &c, text_value(op));
    kt_add(tx, &c, value);
    return c.value;
}

static kt_value negated(kt_tx *tx, kt_value what)
{
    kt_maker c = KT_MAKE_ARRAY;
    kt_add(tx, &c, text_value("not"));
    kt_add(tx, &c, what);
    return c.value;
}

static bool is_empty(const kt_value *v)
{
    return v->kind == KT_VALUE_NULL || (v->kind == KT_VALUE_STRING && v->as.string.len == 0) ||
           (v->kind == KT_VALUE_BOOL && !v->as.boolean);
}

/* What a row compares: the currency by its code, an address by the line's member. */
static const char *path_of(kt_tx *tx, const row *r)
{
    if (r->as == AS_KEPT || r->as == AS_JSON || (r->as == AS_LINKS && strcmp(r->ours, MORE_LINKS) != 0))
        return NULL;
    if (r->as == AS_CODE)
        return kt_format(tx, "%s.code", r->ours).ptr;
    if (r->as == AS_ADDRESS)
        return kt_format(tx, "addresses.%s%s", r->detail, strcmp(r->detail, "country") ? "" : ".code").ptr;
    return r->ours;
}

/* A row's condition. Of a multi-field any line of its kind holds, or the first one, which has a field. */
static kt_value compares(kt_tx *tx, const row *r, const char *op, kt_value value)
{
    if (r->as != AS_MULTI)
        return condition(tx, path_of(tx, r), op, value);
    kt_maker line = KT_MAKE_ARRAY, either = KT_MAKE_ARRAY;
    bool none = strcmp(op, "is_null") == 0;
    kt_add(tx, &line, condition(tx, "kind", "=", text_value(r->detail)));
    if (!none)
        kt_add(tx, &line, condition(tx, "value", op, value));
    kt_value any = condition(tx, r->ours, "any", line.value);
    any = none ? negated(tx, any) : any;
    if (!r->first)
        return any;
    kt_add(tx, &either, text_value(none ? "and" : "or"));
    kt_add(tx, &either, condition(tx, r->first, op, value));
    kt_add(tx, &either, any);
    return either.value;
}

static kt_error *compare_one(b24 *b, const row *r, const char *op, const kt_value *v, kt_value *ours)
{
    kt_value value;
    if (is_empty(v) && r->as != AS_FLAG) {
        *ours = compares(b->tx, r, "is_null", kt_value_bool(true));
        return NULL;
    }
    if (r->as == AS_STAGE) {
        int64_t pipeline, stage;
        kt_maker both = KT_MAKE_ARRAY;
        KT_TRY(stage_ours(b, b24_text(b->tx, v), 0, &pipeline, &stage));
        kt_add(b->tx, &both, text_value("and"));
        kt_add(b->tx, &both, condition(b->tx, "pipeline", op, kt_value_int(pipeline)));
        kt_add(b->tx, &both, condition(b->tx, "stage", op, kt_value_int(stage)));
        *ours = both.value;
        return NULL;
    }
    KT_TRY(value_take(b, r, v, &value));
    if (value.kind == KT_VALUE_NULL) { /* their 0: no link, or less than every id */
        *ours = strcmp(op, "=") == 0 ? compares(b->tx, r, "is_null", kt_value_bool(true))
                                     : compares(b->tx, r, op, kt_value_int(0));
        return NULL;
    }
    *ours = compares(b->tx, r, value.kind == KT_VALUE_ARRAY ? "in" : op, value);
    return NULL;
}

static kt_error *compare(b24 *b, const row *r, const key_prefix *k, const kt_value *v, kt_value *ours)
{
    bool several = v->kind == KT_VALUE_ARRAY || v->kind == KT_VALUE_OBJECT;
    if (!several)
        return compare_one(b, r, k->how == AMONG ? "=" : k->op, v, ours);
    kt_maker any = KT_MAKE_ARRAY;
    kt_add(b->tx, &any, text_value("or"));
    for (size_t i = 0; i < kt_value_count(v); i++) {
        kt_value one;
        KT_TRY(compare_one(b, r, "=", b24_item(v, i), &one));
        kt_add(b->tx, &any, one);
    }
    *ours = any.value.as.array.count > 1 ? any.value
                                         : condition(b->tx, "id", "=", kt_value_int(0)); /* among none */
    return NULL;
}

/* %text% with what our patterns mean by %, _ and \ taken literally. */
static kt_error *like(b24 *b, const row *r, const key_prefix *k, const kt_value *v, kt_value *ours)
{
    kt_str text = b24_text(b->tx, v);
    bool own_signs = strchr(k->prefix, '=') != NULL; /* =%: the pattern is the caller's */
    char *to = kt_alloc(b->tx, 2 * text.len + 3);
    size_t n = 0;
    if (!to || !text.ptr)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "a pattern is a text", "wzorzec jest tekstem");
    if (!own_signs)
        to[n++] = '%';
    for (size_t i = 0; i < text.len; i++) {
        if (!own_signs && strchr("%_\\", text.ptr[i]))
            to[n++] = '\\';
        to[n++] = text.ptr[i];
    }
    if (!own_signs)
        to[n++] = '%';
    *ours = compares(b->tx, r, "ilike", kt_value_str((kt_str){to, n}));
    return NULL;
}

static kt_error *between(b24 *b, const row *r, const kt_value *v, kt_value *ours)
{
    kt_maker ends = KT_MAKE_ARRAY;
    if (kt_value_count(v) != 2)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "a range has two ends", "zakres ma dwa końce");
    for (size_t i = 0; i < 2; i++) {
        kt_value end;
        KT_TRY(value_take(b, r, b24_item(v, i), &end));
        kt_add(b->tx, &ends, end);
    }
    *ours = compares(b->tx, r, "between", ends.value);
    return NULL;
}

/* OWNER_ID with the OWNER_TYPE_ID beside it; the type alone: it is about one of these. */
static kt_error *owner_take(b24 *b, const row *r, const kt_value *filter, const kt_value *v, kt_value *ours)
{
    static const char *const paths[] = {"lead", "deal", "party", "party"};
    const kt_value *type = r->as == AS_OWNER_TYPE ? v : b24_param(filter, "OWNER_TYPE_ID");
    kt_maker both = KT_MAKE_ARRAY;
    int64_t number, id = 0;
    if (!type || !b24_int(type, &number) || number < 1 || number > 4 ||
        (r->as == AS_OWNER && !b24_int(v, &id)))
        return b24_fail(b->tx, "ERROR_ARGUMENT", "OWNER_ID and OWNER_TYPE_ID 1 to 4 go together",
            "OWNER_ID i OWNER_TYPE_ID od 1 do 4 podaje się razem");
    const char *path = paths[number - 1];
    *ours = r->as == AS_OWNER ? condition(b->tx, path, "=", kt_value_int(id))
                              : condition(b->tx, path, "is_null", kt_value_bool(false));
    if (number < 3)
        return NULL;
    kt_add(b->tx, &both, text_value("and"));
    kt_add(b->tx, &both, *ours);
    kt_add(b->tx, &both,
        condition(b->tx, "party.kind", "=", text_value(number == 3 ? "person" : "organisation")));
    *ours = both.value;
    return NULL;
}

static kt_error *member_take(
    b24 *b, const entity *e, const kt_value *filter, const kt_value_member *m, kt_value *ours)
{
    kt_str name;
    const row *r;
    const key_prefix *k = split_key(m->name, &name);
    KT_TRY(b24_row(b, e, name, &r));
    if (r && (r->as == AS_OWNER || r->as == AS_OWNER_TYPE))
        return owner_take(b, r, filter, m->value, ours);
    if (!r || !path_of(b->tx, r))
        return kt_fail(b->tx, KT_VALIDATION, "ERROR_ARGUMENT", "the filter's field %.*s is not known",
            "pole filtra %.*s nie jest znane", (int)name.len, name.ptr);
    switch (k->how) {
    case COMPARE:
    case AMONG:
        KT_TRY(compare(b, r, k, m->value, ours));
        break;
    case LIKE:
        KT_TRY(like(b, r, k, m->value, ours));
        break;
    case BETWEEN:
        KT_TRY(between(b, r, m->value, ours));
        break;
    }
    if (k->not )
        *ours = negated(b->tx, *ours);
    return NULL;
}

static bool is_number(kt_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] < '0' || name.ptr[i] > '9')
            return false;
    return name.len > 0;
}

/* {"LOGIC": "OR", "0": {..}, "1": {..}}, or the list that JSON makes of it. */
static kt_error *group_take(b24 *b, const entity *e, const kt_value *filter, unsigned depth, kt_value *ours)
{
    kt_maker all = KT_MAKE_ARRAY;
    const kt_value *logic = b24_param(filter, "LOGIC");
    bool either = logic && b24_is(b24_text(b->tx, logic), "OR");
    if (depth == DEPTH_MAX)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "the filter is too deep", "filtr jest zbyt głęboki");
    kt_add(b->tx, &all, text_value(either ? "or" : "and"));
    for (size_t i = 0; i < kt_value_count(filter); i++) {
        const kt_value *item = b24_item(filter, i);
        kt_value one;
        bool list = filter->kind == KT_VALUE_ARRAY;
        if (!list && (item == logic || b24_is(filter->as.object.members[i].name, "IMPORT")))
            continue; /* IMPORT says how theirs looks for them */
        if (list || (is_number(filter->as.object.members[i].name) && kt_value_count(item)))
            KT_TRY(group_take(b, e, item, depth + 1, &one));
        else
            KT_TRY(member_take(b, e, filter, &filter->as.object.members[i], &one));
        kt_add(b->tx, &all, one);
    }
    *ours = all.value;
    return NULL;
}

kt_error *filter_take(b24 *b, const entity *e, const kt_value *filter, kt_value *ours)
{
    kt_maker all = KT_MAKE_ARRAY;
    if (e->only.theirs)
        kt_add(b->tx, &all, condition(b->tx, e->only.theirs, "=", text_value(e->only.ours)));
    if (kt_value_count(filter)) {
        kt_value theirs;
        KT_TRY(group_take(b, e, filter, 0, &theirs));
        if (theirs.as.array.count > 1)
            kt_add(b->tx, &all, theirs);
    }
    *ours = all.value;
    return NULL;
}

kt_error *order_take(b24 *b, const entity *e, const kt_value *order, kt_str *sort)
{
    kt_str text = KT_STR("");
    bool by_id = false;
    size_t count = order && order->kind == KT_VALUE_OBJECT ? order->as.object.count : 0;
    for (size_t i = 0; i < count && i < SORTS_MAX && !by_id; i++) {
        const kt_value_member *m = &order->as.object.members[i];
        const row *r;
        kt_str way = b24_text(b->tx, m->value);
        KT_TRY(b24_row(b, e, m->name, &r));
        const char *path = r && r->as != AS_MULTI && r->as != AS_ADDRESS ? path_of(b->tx, r) : NULL;
        if (!path)
            return kt_fail(b->tx, KT_VALIDATION, "ERROR_ARGUMENT", "the order's field %.*s is not known",
                "pole porządku %.*s nie jest znane", (int)m->name.len, m->name.ptr);
        by_id = strcmp(path, "id") == 0;
        bool down = way.len && (way.ptr[0] == 'D' || way.ptr[0] == 'd');
        text = kt_format(
            b->tx, "%s%s%s%s", text.ptr ? text.ptr : "", text.len ? "," : "", down ? "-" : "", path);
    }
    *sort = text.len ? text : KT_STR("id");
    return NULL;
}
