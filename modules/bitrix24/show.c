/* Records of ours in their form. */
#include <string.h>

#include "b24.h"

const char *const name_parts[NAME_PARTS] = {"first_name", "middle_name", "last_name"};

static void add_path(kt_tx *tx, kt_maker *paths, const char *path)
{
    for (size_t i = 0; i < paths->value.as.array.count; i++)
        if (b24_is(paths->value.as.array.items[i].as.string, path))
            return;
    kt_add(tx, paths, kt_value_str((kt_str){path, strlen(path)}));
}

void row_paths(kt_tx *tx, const row *r, kt_maker *paths)
{
    if (r->as == AS_CODE) {
        add_path(tx, paths, kt_format(tx, "%s.code", r->ours).ptr);
        return;
    }
    if (r->as == AS_NAME_PART) {
        add_path(tx, paths, "name");
        for (size_t i = 0; i < NAME_PARTS; i++)
            add_path(tx, paths, name_parts[i]);
        return;
    }
    if (r->first)
        add_path(tx, paths, r->first);
    if (r->first && r->as == AS_MULTI)
        add_path(tx, paths, kt_format(tx, "%s_use", r->first).ptr);
    if (r->ours)
        add_path(tx, paths, r->ours);
    if (r->as == AS_STAGE)
        add_path(tx, paths, "pipeline");
    if (r->as == AS_OWNER || r->as == AS_OWNER_TYPE) {
        add_path(tx, paths, "deal");
        add_path(tx, paths, "lead");
    }
    bool persons = r->as == AS_LINKS && strcmp(r->first, "parent") != 0;
    if (persons || r->as == AS_COMPANY || r->as == AS_CONTACT || r->as == AS_OWNER ||
        r->as == AS_OWNER_TYPE) {
        add_path(tx, paths, "party");
        add_path(tx, paths, "party.kind");
    }
}

static kt_value show_decimal(const b24 *b, const kt_value *v)
{
    if (!v || v->kind != KT_VALUE_STRING)
        return v && v->kind == KT_VALUE_INT ? b24_number(b, v->as.integer) : (kt_value){0};
    return b->items ? (kt_value){.kind = KT_VALUE_REAL, .as.string = v->as.string} : *v;
}

static void put_multi(b24 *b, kt_maker *list, kt_value id, kt_str use, kt_str value, const char *type)
{
    kt_maker one = KT_MAKE_OBJECT;
    kt_put(b->tx, &one, b->items ? "id" : "ID", id);
    kt_put(b->tx, &one, b->items ? "valueType" : "VALUE_TYPE", kt_value_str(use));
    kt_put(b->tx, &one, b->items ? "value" : "VALUE", kt_value_str(value));
    kt_put(b->tx, &one, b->items ? "typeId" : "TYPE_ID", kt_value_str((kt_str){type, strlen(type)}));
    kt_add(b->tx, list, one.value);
}

int64_t first_id(const row *r)
{
    return strcmp(r->detail, "phone") == 0 ? 1 : 2;
}

static kt_str use_code(kt_tx *tx, kt_str use, kt_str note)
{
    bool code = note.len > 0;
    for (size_t i = 0; i < note.len && code; i++)
        code = (note.ptr[i] >= 'A' && note.ptr[i] <= 'Z') || note.ptr[i] == '_';
    return code ? note : b24_upper(tx, use.len ? use : KT_STR("work"));
}

static kt_value show_multi(b24 *b, const row *r, const kt_value *record)
{
    kt_maker list = KT_MAKE_ARRAY;
    const kt_value *lines = kt_value_get(record, r->ours);
    kt_str first = r->first ? kt_value_get_str(record, r->first) : (kt_str){0};
    if (first.len) {
        kt_str use = kt_value_get_str(record, kt_format(b->tx, "%s_use", r->first).ptr);
        put_multi(b, &list, b24_number(b, first_id(r)), use_code(b->tx, use, (kt_str){0}), first, r->theirs);
    }
    for (size_t i = 0; i < kt_value_count(lines); i++) {
        const kt_value *line = &lines->as.array.items[i];
        kt_str use = kt_value_get_str(line, "use"), note = kt_value_get_str(line, "note");
        if (b24_is(kt_value_get_str(line, "kind"), r->detail))
            put_multi(b, &list, b24_number(b, b24_int_at(line, "id") + LINE_IDS), use_code(b->tx, use, note),
                kt_value_get_str(line, "value"), r->theirs);
    }
    return list.value;
}

void name_split(kt_tx *tx, const kt_value *record, kt_str parts[NAME_PARTS])
{
    bool any = false;
    size_t space = 0;
    kt_str whole = kt_value_get_str(record, "name");
    for (size_t i = 0; i < NAME_PARTS; i++) {
        parts[i] = kt_value_get_str(record, name_parts[i]);
        any = any || parts[i].len;
    }
    if (any || !whole.len)
        return;
    while (space < whole.len && whole.ptr[space] != ' ')
        space++;
    parts[0] = kt_format(tx, "%.*s", (int)space, whole.ptr);
    if (space < whole.len)
        parts[NAME_PARTS - 1] = (kt_str){whole.ptr + space + 1, whole.len - space - 1};
}

static kt_value show_name(kt_tx *tx, const row *r, const kt_value *record)
{
    kt_str parts[NAME_PARTS];
    name_split(tx, record, parts);
    for (size_t i = 0; i < NAME_PARTS; i++)
        if (strcmp(r->ours, name_parts[i]) == 0)
            return kt_value_str(parts[i]);
    return (kt_value){0};
}

static kt_error *show_address(b24 *b, const row *r, const kt_value *lines, kt_value *shown)
{
    const kt_value *country, *first = kt_value_count(lines) ? &lines->as.array.items[0] : NULL;
    int64_t id = b24_int_at(first, r->detail);
    *shown = kt_value_str(kt_value_get_str(first, r->detail));
    if (!id)
        return NULL;
    kt_maker params = KT_MAKE_OBJECT;
    kt_put(b->tx, &params, "id", kt_value_int(id));
    KT_TRY(kt_call(b->tx, "base.country.get", &params.value, &country));
    *shown = kt_value_str(kt_value_get_str(country, "code"));
    return NULL;
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
    int64_t party = b24_int_at(record, "party"), contact = 0;
    if (strcmp(r->ours, "contact") == 0)
        contact = b24_int_at(record, "contact");
    if (r->as == AS_COMPANY)
        return b24_number(b, person ? 0 : party);
    return b24_number(b, contact ? contact : person ? party : 0);
}

static kt_value show_owner(const b24 *b, const row *r, const kt_value *record)
{
    int64_t deal = b24_int_at(record, "deal"), lead = b24_int_at(record, "lead"),
            party = b24_int_at(record, "party");
    bool person = b24_is(kt_value_get_str(record, "party.kind"), "person");
    if (r->as == AS_OWNER)
        return b24_number(b, deal ? deal : lead ? lead : party);
    return b24_number(b, deal ? 2 : lead ? 1 : !party ? 0 : person ? 3 : 4);
}

static kt_error *show_stage(b24 *b, const row *r, const kt_value *record, kt_value *shown)
{
    int64_t pipeline = b24_int_at(record, "pipeline"), category = 0;
    kt_str code = {0};
    if (r->as == AS_STAGE) {
        KT_TRY(stage_theirs(b, pipeline, b24_int_at(record, "stage"), &code));
        *shown = kt_value_str(code);
        return NULL;
    }
    KT_TRY(category_theirs(b, pipeline, &category));
    *shown = b24_number(b, category);
    return NULL;
}

static kt_value show_kept(b24 *b, const row *r, const kt_value *record)
{
    const kt_value *v = kt_value_get(kt_value_get(record, KEPT), r->theirs);
    if (!v)
        return r->detail ? b24_str(r->detail) : (kt_value){0};
    bool number = v->kind == KT_VALUE_INT || v->kind == KT_VALUE_REAL;
    return number && !b->items ? kt_value_str(b24_text(b->tx, v)) : *v;
}

static kt_error *show_links(b24 *b, const row *r, const kt_value *record, kt_value *shown)
{
    kt_maker list = KT_MAKE_ARRAY;
    links l;
    KT_TRY(links_of(b, r, record, &l));
    for (size_t i = 0; i < l.count; i++)
        kt_add(b->tx, &list, b24_number(b, l.ids[i]));
    *shown = list.value;
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
        *shown = b24_number(b, v && v->kind == KT_VALUE_INT ? v->as.integer : 0);
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
    case AS_STATE:
    case AS_CLOSED:
        *shown = show_named(r, v);
        break;
    case AS_CODE:
        *shown = kt_value_str(kt_value_get_str(record, kt_format(b->tx, "%s.code", r->ours).ptr));
        break;
    case AS_MULTI:
        *shown = show_multi(b, r, record);
        break;
    case AS_COMPANY:
    case AS_CONTACT:
        *shown = show_party(b, r, record);
        break;
    case AS_CATEGORY:
    case AS_STAGE:
        return show_stage(b, r, record, shown);
    case AS_OWNER:
    case AS_OWNER_TYPE:
        *shown = show_owner(b, r, record);
        break;
    case AS_NAME_PART:
        *shown = show_name(b->tx, r, record);
        break;
    case AS_JSON:
        *shown = v ? *v : (kt_value){0};
        break;
    case AS_KEPT:
        *shown = show_kept(b, r, record);
        break;
    case AS_LINKS:
        return show_links(b, r, record, shown);
    case AS_ADDRESS:
        return show_address(b, r, v, shown);
    }
    return NULL;
}
