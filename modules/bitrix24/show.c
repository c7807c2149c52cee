/* Records of ours in their form. */
#include <string.h>

#include "b24.h"

static void add_path(kt_tx *tx, kt_maker *paths, const char *path)
{
    for (size_t i = 0; i < paths->value.as.array.count; i++)
        if (b24_is(paths->value.as.array.items[i].as.string, path))
            return;
    kt_add(tx, paths, kt_value_str((kt_str){path, strlen(path)}));
}

void row_paths(kt_tx *tx, const row *r, kt_maker *paths)
{
    if (r->as == AS_CURRENCY) {
        add_path(tx, paths, "currency.code");
        return;
    }
    if (r->ours)
        add_path(tx, paths, r->ours);
    if (r->as == AS_STAGE)
        add_path(tx, paths, "pipeline");
    if (r->as == AS_COMPANY || r->as == AS_CONTACT) {
        add_path(tx, paths, "party");
        add_path(tx, paths, "party.kind");
    }
    if (r->as == AS_ONE)
        add_path(tx, paths, "id");
}

static kt_value number_of(const b24 *b, int64_t n)
{
    return b->items ? kt_value_int(n) : kt_value_str(kt_format(b->tx, "%lld", (long long)n));
}

static int64_t int_at(const kt_value *v)
{
    return v && v->kind == KT_VALUE_INT ? v->as.integer : 0;
}

static kt_value show_decimal(const b24 *b, const kt_value *v)
{
    if (!v || v->kind != KT_VALUE_STRING)
        return v && v->kind == KT_VALUE_INT ? number_of(b, v->as.integer) : (kt_value){0};
    return b->items ? (kt_value){.kind = KT_VALUE_REAL, .as.string = v->as.string} : *v;
}

static kt_str upper(kt_tx *tx, kt_str s)
{
    char *to = kt_alloc(tx, s.len + 1);
    for (size_t i = 0; to && i < s.len; i++)
        to[i] = s.ptr[i] >= 'a' && s.ptr[i] <= 'z' ? (char)(s.ptr[i] - 'a' + 'A') : s.ptr[i];
    return to ? (kt_str){to, s.len} : KT_STR("");
}

static void put_multi(b24 *b, kt_maker *list, kt_value id, kt_str use, kt_str value, const char *type)
{
    kt_maker one = KT_MAKE_OBJECT;
    kt_put(b->tx, &one, b->items ? "id" : "ID", id);
    kt_put(b->tx, &one, b->items ? "valueType" : "VALUE_TYPE", kt_value_str(upper(b->tx, use)));
    kt_put(b->tx, &one, b->items ? "value" : "VALUE", kt_value_str(value));
    kt_put(b->tx, &one, b->items ? "typeId" : "TYPE_ID", kt_value_str((kt_str){type, strlen(type)}));
    kt_add(b->tx, list, one.value);
}

static kt_value show_multi(b24 *b, const row *r, const kt_value *lines)
{
    kt_maker list = KT_MAKE_ARRAY;
    for (size_t i = 0; i < kt_value_count(lines); i++) {
        const kt_value *line = &lines->as.array.items[i];
        if (!b24_is(kt_value_get_str(line, "kind"), r->detail))
            continue;
        kt_str use = kt_value_get_str(line, "use"), value = kt_value_get_str(line, "value");
        put_multi(b, &list, number_of(b, int_at(kt_value_get(line, "id"))), use.ptr ? use : KT_STR("work"),
            value, r->theirs);
    }
    return list.value;
}

static kt_value show_one(b24 *b, const row *r, const kt_value *record)
{
    kt_maker list = KT_MAKE_ARRAY;
    kt_str value = kt_value_get_str(record, r->ours);
    if (value.len)
        put_multi(
            b, &list, number_of(b, int_at(kt_value_get(record, "id"))), KT_STR("work"), value, r->theirs);
    return list.value;
}

static kt_value show_name(kt_tx *tx, const row *r, kt_str whole)
{
    size_t space = 0;
    while (space < whole.len && whole.ptr[space] != ' ')
        space++;
    if (!whole.ptr)
        return (kt_value){0};
    if (r->as == AS_FIRST_NAME)
        return kt_value_str(kt_format(tx, "%.*s", (int)space, whole.ptr));
    return space < whole.len ? kt_value_str((kt_str){whole.ptr + space + 1, whole.len - space - 1})
                             : (kt_value){0};
}

static kt_value show_named(const row *r, const kt_value *v)
{
    for (const name_pair *n = r->names; v && v->kind == KT_VALUE_STRING && n->theirs; n++)
        if (b24_is(v->as.string, n->ours))
            return kt_value_str((kt_str){n->theirs, strlen(n->theirs)});
    return (kt_value){0};
}

static kt_value show_party(const b24 *b, const row *r, const kt_value *record)
{
    bool person = b24_is(kt_value_get_str(record, "party.kind"), "person");
    int64_t party = int_at(kt_value_get(record, "party")), contact = 0;
    if (strcmp(r->ours, "contact") == 0)
        contact = int_at(kt_value_get(record, "contact"));
    if (r->as == AS_COMPANY)
        return number_of(b, person ? 0 : party);
    return number_of(b, contact ? contact : person ? party : 0);
}

static kt_error *show_stage(b24 *b, const row *r, const kt_value *record, kt_value *shown)
{
    int64_t pipeline = int_at(kt_value_get(record, "pipeline")), category = 0;
    kt_str code = {0};
    if (r->as == AS_STAGE) {
        KT_TRY(stage_theirs(b, pipeline, int_at(kt_value_get(record, "stage")), &code));
        *shown = kt_value_str(code);
        return NULL;
    }
    KT_TRY(category_theirs(b, pipeline, &category));
    *shown = number_of(b, category);
    return NULL;
}

kt_error *row_show(b24 *b, const row *r, const kt_value *record, kt_value *shown)
{
    const kt_value *v = r->ours ? kt_value_get(record, r->ours) : NULL;
    kt_str text = v && v->kind == KT_VALUE_STRING ? v->as.string : (kt_str){0};
    switch (r->as) {
    case AS_TEXT:
        *shown = kt_value_str(text);
        break;
    case AS_ID:
        *shown = number_of(b, int_at(v));
        break;
    case AS_DECIMAL:
        *shown = show_decimal(b, v);
        break;
    case AS_FLAG:
        *shown = kt_value_str(v && v->kind == KT_VALUE_BOOL && v->as.boolean ? KT_STR("Y") : KT_STR("N"));
        break;
    case AS_TIME:
    case AS_DATE:
        *shown = kt_value_str(text.len ? time_theirs(b->tx, text) : KT_STR(""));
        break;
    case AS_NAME:
        *shown = show_named(r, v);
        break;
    case AS_CURRENCY:
        *shown = kt_value_str(kt_value_get_str(record, "currency.code"));
        break;
    case AS_MULTI:
        *shown = show_multi(b, r, v);
        break;
    case AS_ONE:
        *shown = show_one(b, r, record);
        break;
    case AS_COMPANY:
    case AS_CONTACT:
        *shown = show_party(b, r, record);
        break;
    case AS_CATEGORY:
    case AS_STAGE:
        return show_stage(b, r, record, shown);
    case AS_FIRST_NAME:
    case AS_LAST_NAME:
        *shown = show_name(b->tx, r, text);
        break;
    case AS_ALWAYS:
        *shown = kt_value_str((kt_str){r->detail, strlen(r->detail)});
        break;
    case AS_ADDRESS:
        *shown = kt_value_count(v) ? kt_value_str(kt_value_get_str(&v->as.array.items[0], r->detail))
                                   : (kt_value){0};
        break;
    }
    return NULL;
}
