/* What they call directories and categories, and we have as states and pipelines: for reading. */
#include <string.h>

#include "b24.h"

enum { SORT_STEP = 10 };

typedef struct {
    b24 *b;
    kt_maker list;
    kt_str entity; /* the one directory that is asked for; not set: all */
    int64_t id;    /* of the next entry */
} directory;

/* semantics: ours; "open" is none of theirs */
static void add_entry(
    directory *d, const char *of, int64_t category, kt_str code, kt_str name, kt_str colour, kt_str semantic)
{
    kt_tx *tx = d->b->tx;
    kt_maker e = KT_MAKE_OBJECT, extra = KT_MAKE_OBJECT;
    bool won = b24_is(semantic, "won"), lost = b24_is(semantic, "lost");
    int64_t id = ++d->id;
    if (d->entity.len && !b24_is(d->entity, of))
        return;
    kt_put(tx, &e, "ID", kt_value_str(kt_format(tx, "%lld", (long long)id)));
    kt_put(tx, &e, "ENTITY_ID", b24_str(of));
    kt_put(tx, &e, "STATUS_ID", kt_value_str(code));
    kt_put(tx, &e, "NAME", kt_value_str(name));
    kt_put(tx, &e, "NAME_INIT", kt_value_str(name));
    kt_put(tx, &e, "SORT",
        kt_value_str(kt_format(tx, "%lld", (long long)(d->list.value.as.array.count + 1) * SORT_STEP)));
    kt_put(tx, &e, "SYSTEM", b24_str(strncmp(code.ptr, "UC_", 3) && !strstr(code.ptr, ":UC_") ? "Y" : "N"));
    kt_put(tx, &e, "COLOR", colour.len ? kt_value_str(colour) : (kt_value){0});
    kt_put(tx, &e, "SEMANTICS", won ? b24_str("S") : lost ? b24_str("F") : (kt_value){0});
    kt_put(tx, &e, "CATEGORY_ID", kt_value_str(kt_format(tx, "%lld", (long long)category)));
    kt_put(tx, &extra, "SEMANTICS", b24_str(won ? "success" : lost ? "failure" : "process"));
    kt_put(tx, &extra, "COLOR", colour.len ? kt_value_str(colour) : (kt_value){0});
    kt_put(tx, &e, "EXTRA", extra.value);
    kt_add(tx, &d->list, e.value);
}

static const struct {
    const char *id, *code;
    kt_text name;
    const char *semantic;
} states[] = {
    {"STATUS", "NEW", {"New", "Nowy"}, "open"},
    {"STATUS", "IN_PROCESS", {"In progress", "W toku"}, "open"},
    {"STATUS", "PROCESSED", {"Qualified", "Zakwalifikowany"}, "open"},
    {"STATUS", "CONVERTED", {"Converted", "Przekształcony"}, "won"},
    {"STATUS", "JUNK", {"Unqualified", "Odrzucony"}, "lost"},
    {"QUOTE_STATUS", "DRAFT", {"Draft", "Szkic"}, "open"},
    {"QUOTE_STATUS", "SENT", {"Sent", "Wysłana"}, "open"},
    {"QUOTE_STATUS", "APPROVED", {"Accepted", "Przyjęta"}, "won"},
    {"QUOTE_STATUS", "DECLAINED", {"Rejected", "Odrzucona"}, "lost"},
    {"QUOTE_STATUS", "EXPIRED", {"Expired", "Wygasła"}, "lost"},
    {"QUOTE_STATUS", "CANCELLED", {"Cancelled", "Anulowana"}, "lost"},
};

static kt_error *add_stages(directory *d, const kt_value *pipeline)
{
    b24 *b = d->b;
    int64_t id = b24_int_at(pipeline, "id"), category;
    KT_TRY(category_theirs(b, id, &category));
    kt_str of = category ? kt_format(b->tx, "DEAL_STAGE_%lld", (long long)category) : KT_STR("DEAL_STAGE");
    const kt_value *stages = kt_value_get(pipeline, "stages");
    for (size_t i = 0; i < kt_value_count(stages); i++) {
        const kt_value *s = &stages->as.array.items[i];
        kt_str code;
        KT_TRY(stage_theirs(b, id, b24_int_at(s, "id"), &code));
        add_entry(d, of.ptr, category, code, kt_value_get_str(s, "name"), kt_value_get_str(s, "colour"),
            kt_value_get_str(s, "semantic"));
    }
    return NULL;
}

/* Sources are free text here: those that are used. */
static kt_error *add_sources(directory *d)
{
    kt_maker p = KT_MAKE_OBJECT, measures = KT_MAKE_OBJECT;
    const kt_value *found;
    kt_put(d->b->tx, &measures, "used", b24_str("count"));
    kt_put(d->b->tx, &p, "group", b24_words(d->b->tx, "source"));
    kt_put(d->b->tx, &p, "measures", measures.value);
    KT_TRY(kt_call(d->b->tx, "crm.deal.aggregate", &p.value, &found));
    const kt_value *rows = kt_value_get(found, "rows");
    for (size_t i = 0; i < kt_value_count(rows); i++) {
        kt_str source = kt_value_get_str(&rows->as.array.items[i], "source");
        if (source.len)
            add_entry(d, "SOURCE", 0, source, source, (kt_str){0}, KT_STR("open"));
    }
    return NULL;
}

static kt_error *entries(b24 *b, kt_str entity, kt_value *list)
{
    directory d = {.b = b, .list = KT_MAKE_ARRAY, .entity = entity};
    const kt_value *rows;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        add_entry(&d, states[i].id, 0, (kt_str){states[i].code, strlen(states[i].code)},
            kt_say(b->tx, states[i].name), (kt_str){0}, b24_str(states[i].semantic).as.string);
    KT_TRY(b24_pipelines(b, &rows));
    for (size_t i = 0; i < kt_value_count(rows); i++)
        KT_TRY(add_stages(&d, &rows->as.array.items[i]));
    KT_TRY(add_sources(&d));
    *list = d.list.value;
    return NULL;
}

static kt_error *status_list(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *filter = b24_param(params, "filter");
    kt_value all;
    for (size_t i = 0; i < kt_value_count(filter); i++)
        if (filter->kind != KT_VALUE_OBJECT || !b24_is(filter->as.object.members[i].name, "ENTITY_ID"))
            return b24_fail(b->tx, "ERROR_ARGUMENT", "directories are filtered by ENTITY_ID",
                "słowniki filtruje się po ENTITY_ID");
    KT_TRY(entries(b, b24_given(b, filter, "ENTITY_ID"), &all));
    return b24_page(b, params, all, a);
}

static kt_error *status_get(b24 *b, const kt_value *params, answer *a)
{
    kt_value all;
    kt_str id = b24_given(b, params, "ID");
    KT_TRY(entries(b, (kt_str){0}, &all));
    for (size_t i = 0; i < kt_value_count(&all); i++)
        if (id.len && b24_is(id, kt_value_get_str(&all.as.array.items[i], "ID").ptr)) {
            a->result = all.as.array.items[i];
            return NULL;
        }
    return b24_fail(b->tx, "NOT_FOUND", "Not found", "Nie znaleziono");
}

static kt_error *status_items(b24 *b, const kt_value *params, answer *a)
{
    kt_value all;
    kt_str entity = b24_given(b, params, "entityId");
    if (!entity.len)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "entityId is required", "wymagane jest entityId");
    KT_TRY(entries(b, entity, &all));
    a->result = all;
    return NULL;
}

static kt_error *status_types(b24 *b, const kt_value *params, answer *a)
{
    kt_value all;
    kt_maker list = KT_MAKE_ARRAY;
    kt_str last = KT_STR("");
    (void)params;
    KT_TRY(entries(b, (kt_str){0}, &all));
    for (size_t i = 0; i < kt_value_count(&all); i++) {
        kt_maker one = KT_MAKE_OBJECT;
        kt_str id = kt_value_get_str(&all.as.array.items[i], "ENTITY_ID");
        if (b24_is(id, last.ptr))
            continue;
        last = id;
        kt_put(b->tx, &one, "ID", kt_value_str(id));
        kt_put(b->tx, &one, "NAME", kt_value_str(id));
        kt_put(b->tx, &one, "SEMANTIC_INFO", KT_MAKE_ARRAY.value);
        kt_add(b->tx, &list, one.value);
    }
    a->result = list.value;
    return NULL;
}

/* ---- Categories: the pipelines of deals ---- */

static kt_error *show_category(b24 *b, const kt_value *pipeline, bool old, kt_value *shown)
{
    kt_maker c = KT_MAKE_OBJECT;
    int64_t id;
    KT_TRY(category_theirs(b, b24_int_at(pipeline, "id"), &id));
    kt_value name = kt_value_str(kt_value_get_str(pipeline, "name"));
    if (old) {
        kt_put(b->tx, &c, "ID", b24_number(b, id));
        kt_put(b->tx, &c, "NAME", name);
        kt_put(b->tx, &c, "SORT", b24_number(b, id));
        kt_put(b->tx, &c, "IS_LOCKED", b24_str("N"));
    } else {
        kt_put(b->tx, &c, "id", kt_value_int(id));
        kt_put(b->tx, &c, "name", name);
        kt_put(b->tx, &c, "sort", kt_value_int(id));
        kt_put(b->tx, &c, "entityTypeId", kt_value_int(2));
        kt_put(b->tx, &c, "isDefault", b24_str(id ? "N" : "Y"));
    }
    *shown = c.value;
    return NULL;
}

static kt_error *only_deals(b24 *b, const kt_value *params)
{
    if (b24_is(b24_given(b, params, "entityTypeId"), "2"))
        return NULL;
    return b24_fail(b->tx, "ENTITY_TYPE_NOT_SUPPORTED", "Only deals (entityTypeId 2) have categories",
        "Kategorie mają tylko szanse (entityTypeId 2)");
}

static kt_error *categories(b24 *b, bool old, kt_value *list)
{
    kt_maker all = KT_MAKE_ARRAY;
    const kt_value *rows;
    KT_TRY(b24_pipelines(b, &rows));
    for (size_t i = 0; i < kt_value_count(rows); i++) {
        kt_value one;
        KT_TRY(show_category(b, &rows->as.array.items[i], old, &one));
        kt_add(b->tx, &all, one);
    }
    *list = all.value;
    return NULL;
}

static kt_error *category_list(b24 *b, const kt_value *params, answer *a)
{
    kt_value all;
    KT_TRY(only_deals(b, params));
    KT_TRY(categories(b, false, &all));
    KT_TRY(b24_page(b, params, all, a));
    a->result = b24_in(b, "categories", a->result);
    return NULL;
}

static kt_error *category_get(b24 *b, const kt_value *params, answer *a)
{
    kt_value all;
    const kt_value *given = b24_param(params, "id");
    int64_t id;
    KT_TRY(only_deals(b, params));
    KT_TRY(categories(b, false, &all));
    for (size_t i = 0; given && b24_int(given, &id) && i < kt_value_count(&all); i++)
        if (b24_int_at(&all.as.array.items[i], "id") == id) {
            a->result = b24_in(b, "category", all.as.array.items[i]);
            return NULL;
        }
    return b24_fail(b->tx, "NOT_FOUND", "Not found", "Nie znaleziono");
}

static kt_error *dealcategory_list(b24 *b, const kt_value *params, answer *a)
{
    kt_value all;
    KT_TRY(categories(b, true, &all));
    return b24_page(b, params, all, a);
}

static kt_error *dealcategory_stages(b24 *b, const kt_value *params, answer *a)
{
    kt_str id = b24_given(b, params, "id");
    bool other = id.len && !b24_is(id, "0");
    kt_str of = other ? kt_format(b->tx, "DEAL_STAGE_%s", id.ptr) : KT_STR("DEAL_STAGE");
    return entries(b, of, &a->result);
}

const method directory_methods[] = {
    {"crm.status.list", false, status_list},
    {"crm.status.get", false, status_get},
    {"crm.status.entity.items", false, status_items},
    {"crm.status.entity.types", false, status_types},
    {"crm.category.list", false, category_list},
    {"crm.category.get", false, category_get},
    {"crm.dealcategory.list", false, dealcategory_list},
    {"crm.dealcategory.stage.list", false, dealcategory_stages},
    {0},
};
