/* Categories, which are our pipelines: crm.category.*, and crm.dealcategory.* in the older form. */
#include <string.h>

#include "b24.h"

static kt_error *show_category(b24 *b, const kt_value *pipeline, bool old, kt_value *shown)
{
    kt_maker c = KT_MAKE_OBJECT;
    int64_t id;
    KT_TRY(category_theirs(b, b24_int_at(pipeline, "id"), &id));
    kt_value name = kt_value_str(kt_value_get_str(pipeline, "name"));
    int64_t sort = b24_int_at(pipeline, "b24_sort");
    sort = sort ? sort : b24_int_at(pipeline, "id") * 100;
    if (old) {
        kt_put(b->tx, &c, "ID", b24_number(b, id));
        kt_put(b->tx, &c, "NAME", name);
        kt_put(b->tx, &c, "SORT", b24_number(b, sort));
        kt_put(b->tx, &c, "IS_LOCKED", b24_str("N"));
    } else {
        kt_put(b->tx, &c, "id", kt_value_int(id));
        kt_put(b->tx, &c, "name", name);
        kt_put(b->tx, &c, "sort", kt_value_int(sort));
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

/* Our pipeline of the parameter id. */
static kt_error *pipeline_of(b24 *b, const kt_value *params, const kt_value **pipeline)
{
    const kt_value *given = b24_param(params, "id"), *rows;
    int64_t category = -1, id = 0;
    if (given && b24_int(given, &category) && category >= 0)
        KT_TRY(category_ours(b, category, &id));
    KT_TRY(b24_pipelines(b, &rows));
    for (size_t i = 0; i < kt_value_count(rows); i++)
        if (id && b24_int_at(&rows->as.array.items[i], "id") == id) {
            *pipeline = &rows->as.array.items[i];
            return NULL;
        }
    return b24_fail(b->tx, "NOT_FOUND", "Not found", "Nie znaleziono");
}

static kt_error *show_by_id(b24 *b, int64_t id, kt_value *shown)
{
    const kt_value *pipeline;
    b->pipelines = NULL; /* it was changed */
    KT_TRY(b24_get(b, "crm.pipeline", id, "id name b24_sort", &pipeline));
    return show_category(b, pipeline, false, shown);
}

/* ---- Writing ---- */

/* The stages that a new category has. */
static kt_value first_stages(b24 *b)
{
    static const struct {
        const char *code, *semantic, *colour;
        kt_text name;
    } stages[] = {
        {"NEW", "open", "#39A8EF", {"New", "Nowa"}},
        {"PREPARATION", "open", "#2FC6F6", {"Preparation of documents", "Przygotowanie dokumentów"}},
        {"PREPAYMENT_INVOICE", "open", "#55D0E0", {"Invoice in advance", "Faktura zaliczkowa"}},
        {"EXECUTING", "open", "#47E4C2", {"In progress", "W realizacji"}},
        {"FINAL_INVOICE", "open", "#FFA900", {"Final invoice", "Faktura końcowa"}},
        {"WON", "won", "#7BD500", {"Won", "Wygrana"}},
        {"LOSE", "lost", "#FF5752", {"Lost", "Przegrana"}},
        {"APOLOGY", "lost", "#FF5752", {"Reason of loss examined", "Analiza przyczyny"}},
    };
    kt_maker list = KT_MAKE_ARRAY;
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        kt_maker s = KT_MAKE_OBJECT;
        kt_put(b->tx, &s, "code", b24_str(stages[i].code));
        kt_put(b->tx, &s, "name", kt_value_str(kt_say(b->tx, stages[i].name)));
        kt_put(b->tx, &s, "semantic", b24_str(stages[i].semantic));
        kt_put(b->tx, &s, "colour", b24_str(stages[i].colour));
        kt_add(b->tx, &list, s.value);
    }
    return list.value;
}

static kt_error *take_category(b24 *b, const kt_value *fields, kt_maker *values)
{
    kt_str name = b24_given(b, fields, "name"), initial = b24_given(b, fields, "isDefault");
    const kt_value *sort = b24_param(fields, "sort");
    int64_t place = 0;
    if (name.len)
        kt_put(b->tx, values, "name", kt_value_str(name));
    if (sort && !b24_int(sort, &place))
        return b24_fail(b->tx, "ERROR_ARGUMENT", "sort is a whole number", "sort to liczba całkowita");
    if (sort)
        kt_put(b->tx, values, "b24_sort", kt_value_int(place));
    if (initial.len)
        kt_put(b->tx, values, "initial", kt_value_bool(b24_is(initial, "Y")));
    return NULL;
}

/* One pipeline is the one for new deals. */
static kt_error *only_initial(b24 *b, const kt_maker *values)
{
    const kt_value *initial = kt_value_get(&values->value, "initial"), *rows, *result;
    if (!initial || !initial->as.boolean)
        return NULL;
    KT_TRY(b24_pipelines(b, &rows));
    for (size_t i = 0; i < kt_value_count(rows); i++) {
        kt_maker p = KT_MAKE_OBJECT;
        if (!b24_bool_at(&rows->as.array.items[i], "initial"))
            continue;
        kt_put(b->tx, &p, "id", *kt_value_get(&rows->as.array.items[i], "id"));
        kt_put(b->tx, &p, "values", b24_in(b, "initial", kt_value_bool(false)));
        KT_TRY(kt_call(b->tx, "crm.pipeline.update", &p.value, &result));
    }
    return NULL;
}

static kt_error *create(b24 *b, const kt_value *params, int64_t *id)
{
    kt_maker values = KT_MAKE_OBJECT, p = KT_MAKE_OBJECT;
    const kt_value *made, *fields = b24_param(params, "fields");
    if (!b24_given(b, fields, "name").len)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "name is required", "wymagane jest name");
    KT_TRY(take_category(b, fields, &values));
    KT_TRY(only_initial(b, &values));
    kt_put(b->tx, &values, "stages", first_stages(b));
    kt_put(b->tx, &p, "values", values.value);
    KT_TRY(kt_call(b->tx, "crm.pipeline.create", &p.value, &made));
    *id = b24_int_at(made, "id");
    return NULL;
}

static kt_error *change(b24 *b, const kt_value *params, int64_t *id)
{
    kt_maker values = KT_MAKE_OBJECT, p = KT_MAKE_OBJECT;
    const kt_value *pipeline, *result;
    KT_TRY(pipeline_of(b, params, &pipeline));
    *id = b24_int_at(pipeline, "id");
    KT_TRY(take_category(b, b24_param(params, "fields"), &values));
    KT_TRY(only_initial(b, &values));
    kt_put(b->tx, &p, "id", kt_value_int(*id));
    kt_put(b->tx, &p, "values", values.value);
    return kt_call(b->tx, "crm.pipeline.update", &p.value, &result);
}

static kt_error *remove_one(b24 *b, const kt_value *params)
{
    const kt_value *pipeline, *result;
    KT_TRY(pipeline_of(b, params, &pipeline));
    kt_value p = b24_in(b, "id", kt_value_int(b24_int_at(pipeline, "id")));
    return kt_call(b->tx, "crm.pipeline.delete", &p, &result);
}

/* ---- crm.category.* ---- */

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
    const kt_value *pipeline;
    kt_value shown;
    KT_TRY(only_deals(b, params));
    KT_TRY(pipeline_of(b, params, &pipeline));
    KT_TRY(show_category(b, pipeline, false, &shown));
    a->result = b24_in(b, "category", shown);
    return NULL;
}

static kt_error *write_and_show(b24 *b, const kt_value *params,
    kt_error *(*write)(b24 *b, const kt_value *params, int64_t *id), answer *a)
{
    int64_t id;
    kt_value shown;
    KT_TRY(only_deals(b, params));
    KT_TRY(write(b, params, &id));
    KT_TRY(show_by_id(b, id, &shown));
    a->result = b24_in(b, "category", shown);
    return NULL;
}

static kt_error *category_add(b24 *b, const kt_value *params, answer *a)
{
    return write_and_show(b, params, create, a);
}

static kt_error *category_update(b24 *b, const kt_value *params, answer *a)
{
    return write_and_show(b, params, change, a);
}

static kt_error *category_delete(b24 *b, const kt_value *params, answer *a)
{
    KT_TRY(only_deals(b, params));
    a->result = (kt_value){0};
    return remove_one(b, params);
}

static kt_error *category_fields(b24 *b, const kt_value *params, answer *a)
{
    kt_maker made = KT_MAKE_OBJECT;
    KT_TRY(only_deals(b, params));
    kt_put(b->tx, &made, "id", b24_field(b, "integer", "ID", FIELD_READ_ONLY));
    kt_put(b->tx, &made, "name", b24_field(b, "string", "NAME", FIELD_REQUIRED));
    kt_put(b->tx, &made, "sort", b24_field(b, "integer", "SORT", 0));
    kt_put(b->tx, &made, "entityTypeId", b24_field(b, "integer", "ENTITY_TYPE_ID", FIELD_IMMUTABLE));
    kt_put(b->tx, &made, "isDefault", b24_field(b, "boolean", "IS_DEFAULT", 0));
    a->result = b24_in(b, "fields", made.value);
    return NULL;
}

/* ---- crm.dealcategory.* ---- */

static kt_error *old_list(b24 *b, const kt_value *params, answer *a)
{
    kt_value all;
    KT_TRY(categories(b, true, &all));
    return b24_page(b, params, all, a);
}

static kt_error *old_get(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *pipeline;
    KT_TRY(pipeline_of(b, params, &pipeline));
    return show_category(b, pipeline, true, &a->result);
}

static kt_error *old_add(b24 *b, const kt_value *params, answer *a)
{
    int64_t id;
    KT_TRY(create(b, params, &id));
    a->result = kt_value_int(id);
    return NULL;
}

static kt_error *old_update(b24 *b, const kt_value *params, answer *a)
{
    int64_t id;
    a->result = kt_value_bool(true);
    return change(b, params, &id);
}

static kt_error *old_delete(b24 *b, const kt_value *params, answer *a)
{
    a->result = kt_value_bool(true);
    return remove_one(b, params);
}

static kt_error *old_fields(b24 *b, const kt_value *params, answer *a)
{
    kt_maker made = KT_MAKE_OBJECT;
    (void)params;
    kt_put(b->tx, &made, "ID", b24_field(b, "integer", "ID", FIELD_READ_ONLY));
    kt_put(b->tx, &made, "NAME", b24_field(b, "string", "NAME", FIELD_REQUIRED));
    kt_put(b->tx, &made, "SORT", b24_field(b, "integer", "SORT", 0));
    kt_put(b->tx, &made, "IS_LOCKED", b24_field(b, "char", "IS_LOCKED", FIELD_READ_ONLY));
    a->result = made.value;
    return NULL;
}

/* The directory of a category's stages. */
static kt_str stages_of(b24 *b, const kt_value *params)
{
    kt_str id = b24_given(b, params, "id");
    bool other = id.len && !b24_is(id, "0");
    return other ? kt_format(b->tx, "DEAL_STAGE_%s", id.ptr) : KT_STR("DEAL_STAGE");
}

static kt_error *old_stages(b24 *b, const kt_value *params, answer *a)
{
    kt_maker p = KT_MAKE_OBJECT;
    const kt_value *start = b24_param(params, "start");
    kt_put(b->tx, &p, "filter", b24_in(b, "ENTITY_ID", kt_value_str(stages_of(b, params))));
    if (start)
        kt_put(b->tx, &p, "start", *start);
    return b24_run(b->tx, b->page, KT_STR("crm.status.list"), &p.value, a);
}

static kt_error *old_status(b24 *b, const kt_value *params, answer *a)
{
    a->result = kt_value_str(stages_of(b, params));
    return NULL;
}

static kt_error *default_get(b24 *b, const kt_value *params, answer *a)
{
    (void)params;
    kt_value none = b24_in(b, "id", kt_value_int(0));
    return old_get(b, &none, a);
}

/* The name of the category for new deals. */
static kt_error *default_set(b24 *b, const kt_value *params, answer *a)
{
    kt_maker p = KT_MAKE_OBJECT;
    kt_put(b->tx, &p, "id", kt_value_int(0));
    kt_put(b->tx, &p, "fields", b24_in(b, "name", kt_value_str(b24_given(b, params, "name"))));
    return old_update(b, &p.value, a);
}

const method category_methods[] = {
    {"crm.category.list", false, category_list},
    {"crm.category.get", false, category_get},
    {"crm.category.fields", false, category_fields},
    {"crm.category.add", true, category_add},
    {"crm.category.update", true, category_update},
    {"crm.category.delete", true, category_delete},
    {"crm.dealcategory.list", false, old_list},
    {"crm.dealcategory.get", false, old_get},
    {"crm.dealcategory.fields", false, old_fields},
    {"crm.dealcategory.add", true, old_add},
    {"crm.dealcategory.update", true, old_update},
    {"crm.dealcategory.delete", true, old_delete},
    {"crm.dealcategory.stage.list", false, old_stages},
    {"crm.dealcategory.status", false, old_status},
    {"crm.dealcategory.default.get", false, default_get},
    {"crm.dealcategory.default.set", true, default_set},
    {0},
};
