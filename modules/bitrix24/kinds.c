/* What clients ask about the account itself: kinds of records, fields and types, currencies, departments; and where
 * deals have been. */
#include <string.h>

#include "b24.h"

static kt_error *owner_types(b24 *b, const kt_value *params, answer *a)
{
    kt_maker list = KT_MAKE_ARRAY;
    (void)params;
    for (const entity *e = entities; e->name; e++) {
        kt_maker one = KT_MAKE_OBJECT;
        if (!e->type)
            continue;
        kt_put(b->tx, &one, "ID", kt_value_int(e->type));
        kt_put(b->tx, &one, "NAME", b24_str(e->title));
        kt_put(b->tx, &one, "SYMBOL_CODE", kt_value_str(b24_upper(b->tx, b24_str(e->title).as.string)));
        kt_put(b->tx, &one, "SYMBOL_CODE_SHORT", b24_str(e->letter));
        kt_add(b->tx, &list, one.value);
    }
    a->result = list.value;
    return NULL;
}

static kt_error *multi_fields(b24 *b, const kt_value *params, answer *a)
{
    kt_maker made = KT_MAKE_OBJECT;
    (void)params;
    kt_put(b->tx, &made, "ID", b24_field(b, "int", "ID", FIELD_READ_ONLY));
    kt_put(b->tx, &made, "TYPE_ID", b24_field(b, "string", "TYPE_ID", FIELD_READ_ONLY));
    kt_put(b->tx, &made, "VALUE", b24_field(b, "string", "VALUE", 0));
    kt_put(b->tx, &made, "VALUE_TYPE", b24_field(b, "string", "VALUE_TYPE", 0));
    a->result = made.value;
    return NULL;
}

/* ---- Currencies ---- */

/* That of the caller's company, or of the only one that there is. */
static kt_error *base_currency(b24 *b, kt_str *code)
{
    kt_maker filter = KT_MAKE_ARRAY;
    const kt_value *rows;
    kt_id own = kt_company(b->tx);
    if (own.v)
        kt_add(b->tx, &filter, condition(b->tx, "id", "=", kt_value_int((int64_t)own.v)));
    KT_TRY(b24_list(b, "base.company", filter.value, "currency.code", &rows));
    *code = kt_value_count(rows) == 1 ? kt_value_get_str(&rows->as.array.items[0], "currency.code")
                                      : (kt_str){0};
    return NULL;
}

static kt_error *currency_list(b24 *b, const kt_value *params, answer *a)
{
    kt_maker list = KT_MAKE_ARRAY;
    const kt_value *rows;
    kt_str base;
    KT_TRY(base_currency(b, &base));
    KT_TRY(b24_list(b, "base.currency", KT_MAKE_ARRAY.value, "code name decimals", &rows));
    for (size_t i = 0; i < kt_value_count(rows); i++) {
        const kt_value *c = &rows->as.array.items[i];
        kt_str code = kt_value_get_str(c, "code"), name = kt_value_get_str(c, "name");
        kt_maker one = KT_MAKE_OBJECT;
        kt_put(b->tx, &one, "CURRENCY", kt_value_str(code));
        kt_put(b->tx, &one, "SORT", kt_value_str(kt_format(b->tx, "%zu", (i + 1) * 100)));
        kt_put(b->tx, &one, "BASE", b24_str(base.len && b24_is(base, code.ptr) ? "Y" : "N"));
        kt_put(b->tx, &one, "FULL_NAME", kt_value_str(name.len ? name : code));
        kt_put(b->tx, &one, "DECIMALS",
            kt_value_str(kt_format(b->tx, "%lld", (long long)b24_int_at(c, "decimals"))));
        kt_add(b->tx, &list, one.value);
    }
    return b24_page(b, params, list.value, a);
}

static kt_error *currency_base(b24 *b, const kt_value *params, answer *a)
{
    kt_str code;
    (void)params;
    KT_TRY(base_currency(b, &code));
    a->result = kt_value_str(code);
    return NULL;
}

/* ---- Departments ---- */

static kt_error *department_get(b24 *b, const kt_value *params, answer *a)
{
    static const name_pair tests[] = {{"ID", "id"}, {"PARENT", "parent"}, {"UF_HEAD", "head"}, {0}};
    kt_maker filter = KT_MAKE_ARRAY, list = KT_MAKE_ARRAY;
    const kt_value *rows;
    for (const name_pair *t = tests; t->theirs; t++) {
        const kt_value *given = b24_param(params, t->theirs);
        int64_t id;
        if (given && b24_int(given, &id))
            kt_add(b->tx, &filter, condition(b->tx, t->ours, "=", kt_value_int(id)));
    }
    if (b24_given(b, params, "NAME").len)
        kt_add(b->tx, &filter, condition(b->tx, "name", "=", kt_value_str(b24_given(b, params, "NAME"))));
    KT_TRY(b24_list(b, "access.department", filter.value, "id name parent head", &rows));
    for (size_t i = 0; i < kt_value_count(rows); i++) {
        const kt_value *d = &rows->as.array.items[i];
        kt_maker one = KT_MAKE_OBJECT;
        kt_put(b->tx, &one, "ID", b24_number(b, b24_int_at(d, "id")));
        kt_put(b->tx, &one, "NAME", kt_value_str(kt_value_get_str(d, "name")));
        kt_put(b->tx, &one, "SORT", kt_value_int(500));
        if (b24_int_at(d, "parent"))
            kt_put(b->tx, &one, "PARENT", b24_number(b, b24_int_at(d, "parent")));
        if (b24_int_at(d, "head"))
            kt_put(b->tx, &one, "UF_HEAD", b24_number(b, b24_int_at(d, "head")));
        kt_add(b->tx, &list, one.value);
    }
    return b24_page(b, params, list.value, a);
}

/* ---- Types of custom fields ---- */

static kt_error *userfield_types(b24 *b, const kt_value *params, answer *a)
{
    static const struct {
        const char *id;
        kt_text title;
    } rows[] = {{"string", {"Text", "Tekst"}}, {"integer", {"Whole number", "Liczba całkowita"}},
        {"double", {"Number", "Liczba"}}, {"boolean", {"Yes or no", "Tak lub nie"}},
        {"enumeration", {"List", "Lista"}}, {"datetime", {"Date and time", "Data i czas"}},
        {"date", {"Date", "Data"}}, {"money", {"Money", "Kwota"}}, {"url", {"Link", "Odnośnik"}},
        {"address", {"Address", "Adres"}}, {"employee", {"User", "Użytkownik"}},
        {"crm_status", {"Directory", "Słownik"}}, {"crm", {"Record", "Rekord"}}};
    kt_maker list = KT_MAKE_ARRAY;
    (void)params;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kt_maker one = KT_MAKE_OBJECT;
        kt_put(b->tx, &one, "ID", b24_str(rows[i].id));
        kt_put(b->tx, &one, "title", kt_value_str(kt_say(b->tx, rows[i].title)));
        kt_add(b->tx, &list, one.value);
    }
    a->result = list.value;
    return NULL;
}

/* ---- The way of deals ---- */

static kt_error *add_moves(b24 *b, const kt_value *deal, kt_maker *list)
{
    enum { MADE = 1, MOVED, CLOSED };
    const kt_value *history = kt_value_get(deal, "history");
    int64_t owner = b24_int_at(deal, "id");
    for (size_t i = 0; i < kt_value_count(history); i++) {
        const kt_value *h = &history->as.array.items[i];
        kt_str semantic = kt_value_get_str(h, "semantic"), code;
        int64_t pipeline = b24_int_at(h, "pipeline"), category;
        bool won = b24_is(semantic, "won"), closed = won || b24_is(semantic, "lost");
        kt_maker one = KT_MAKE_OBJECT;
        KT_TRY(category_theirs(b, pipeline, &category));
        KT_TRY(stage_theirs(b, pipeline, b24_int_at(h, "stage"), &code));
        kt_put(b->tx, &one, "ID", kt_value_int(owner << 12 | b24_int_at(h, "id")));
        kt_put(b->tx, &one, "TYPE_ID", kt_value_int(!i ? MADE : closed ? CLOSED : MOVED));
        kt_put(b->tx, &one, "OWNER_ID", kt_value_int(owner));
        kt_put(b->tx, &one, "CREATED_TIME", kt_value_str(time_theirs(b->tx, kt_value_get_str(h, "at"))));
        kt_put(b->tx, &one, "CATEGORY_ID", kt_value_int(category));
        kt_put(b->tx, &one, "STAGE_SEMANTIC_ID", b24_str(won ? "S" : closed ? "F" : "P"));
        kt_put(b->tx, &one, "STAGE_ID", kt_value_str(code));
        kt_add(b->tx, list, one.value);
    }
    return NULL;
}

static kt_error *stage_history(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *filter = b24_param(params, "filter"), *owner = b24_param(filter, "OWNER_ID"), *rows;
    kt_maker ids = KT_MAKE_ARRAY, tests = KT_MAKE_ARRAY, list = KT_MAKE_ARRAY;
    links l;
    if (!b24_is(b24_given(b, params, "entityTypeId"), "2"))
        return b24_fail(b->tx, "ENTITY_TYPE_NOT_SUPPORTED", "Deals (entityTypeId 2) have a stage history",
            "Historię etapów mają szanse (entityTypeId 2)");
    owner = owner ? owner : b24_param(filter, "@OWNER_ID");
    owner = owner ? owner : b24_param(filter, "=OWNER_ID");
    if (!owner)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "filter needs OWNER_ID: up to 100 deals",
            "filter wymaga OWNER_ID: do 100 szans");
    KT_TRY(links_read(b, owner, &l));
    for (size_t i = 0; i < l.count; i++)
        kt_add(b->tx, &ids, kt_value_int(l.ids[i]));
    kt_add(b->tx, &tests, condition(b->tx, "id", "in", ids.value));
    KT_TRY(b24_list(b, "crm.deal", tests.value, "id history", &rows));
    for (size_t i = 0; i < kt_value_count(rows); i++)
        KT_TRY(add_moves(b, &rows->as.array.items[i], &list));
    KT_TRY(b24_page(b, params, list.value, a));
    a->result = b24_in(b, "items", a->result);
    return NULL;
}

const method kind_methods[] = {
    {"crm.enum.ownertype", false, owner_types},
    {"crm.multifield.fields", false, multi_fields},
    {"crm.currency.list", false, currency_list},
    {"crm.currency.base.get", false, currency_base},
    {"crm.userfield.types", false, userfield_types},
    {"crm.stagehistory.list", false, stage_history},
    {"department.get", false, department_get},
    {0},
};
