/* list, get, add, update, delete and fields, the same for every entity of the table. */
#include <string.h>

#include "b24.h"

enum { PAGE = 50, START_MAX = 1000000 };

static kt_error *not_found(b24 *b)
{
    return b24_fail(b->tx, "NOT_FOUND", "Not found", "Nie znaleziono");
}

static kt_error *call(
    b24 *b, const entity *e, const char *verb, const kt_value *params, const kt_value **result)
{
    return kt_call(b->tx, kt_format(b->tx, "%s.%s", e->ours, verb).ptr, params, result);
}

/* ---- What is shown ---- */

typedef struct {
    const row **rows;
    size_t count;
    kt_maker paths;
} selection;

static void pick(b24 *b, selection *s, const row *r)
{
    s->rows[s->count++] = r;
    row_paths(b->tx, r, &s->paths);
}

static bool wants(const kt_value *select, b24 *b, const row *r, bool custom)
{
    kt_str name = b24_name(b, r);
    if (!kt_value_count(select))
        return !custom && r->as != AS_MULTI;
    for (size_t i = 0; i < kt_value_count(select); i++) {
        kt_str wanted = b24_text(b->tx, b24_item(select, i));
        bool all = b24_is(wanted, "*") && !custom && r->as != AS_MULTI;
        if (all || (custom && (b24_is(wanted, "UF_*") || b24_is(wanted, "uf*"))) ||
            b24_is(wanted, name.ptr) || b24_is(wanted, r->theirs))
            return true;
    }
    return strcmp(r->theirs, "ID") == 0;
}

/* What the caller may not see is no field of theirs. */
static bool seen(b24 *b, const entity *e, const row *r)
{
    return !r->ours || kt_shows(b->tx, e->ours, r->ours);
}

/* What a record has several of is in crm.item.* alone: the others ask for it by methods of its own. */
static bool is_shown(const b24 *b, const row *r)
{
    return r->as != AS_LINKS || b->items;
}

/* everything: also multi-fields and custom ones, whatever is selected. */
static kt_error *select_rows(b24 *b, const entity *e, const kt_value *select, bool everything, selection *s)
{
    const row *custom;
    size_t most = 1;
    KT_TRY(b24_custom(b, e, &custom));
    for (const row *r = e->rows; r->theirs; r++)
        most++;
    for (const row *r = custom; r->theirs; r++)
        most++;
    *s = (selection){.rows = kt_alloc(b->tx, most * sizeof *s->rows), .paths = KT_MAKE_ARRAY};
    if (!s->rows)
        return kt_no_memory();
    for (const row *r = e->rows; r->theirs; r++)
        if ((everything || wants(select, b, r, false)) && is_shown(b, r) && seen(b, e, r))
            pick(b, s, r);
    for (const row *r = custom; r->theirs; r++)
        if (everything || wants(select, b, r, true))
            pick(b, s, r);
    return NULL;
}

static kt_error *show(b24 *b, const selection *s, const kt_value *record, kt_value *shown)
{
    kt_maker made = KT_MAKE_OBJECT;
    for (size_t i = 0; i < s->count; i++) {
        kt_value v = {0};
        KT_TRY(row_show(b, s->rows[i], record, &v));
        kt_put_named(b->tx, &made, b24_name(b, s->rows[i]), v);
    }
    *shown = made.value;
    return NULL;
}

/* ---- Pages ---- */

static kt_error *list_key(b24 *b, const entity *e, kt_value filter, kt_str sort, kt_str *key)
{
    kt_str text;
    KT_TRY(kt_json_write(b->tx, &filter, &text));
    *key = kt_format(b->tx, "%s %s %s", e->name, sort.ptr, text.ptr);
    return NULL;
}

/* Their pages are by place, ours by record. A page that follows the last one of this request begins where that
 * ended. */
static kt_error *page_params(
    b24 *b, const entity *e, kt_value filter, kt_str sort, kt_value fields, int64_t start, kt_value *params)
{
    kt_maker p = KT_MAKE_OBJECT;
    kt_str key;
    KT_TRY(list_key(b, e, filter, sort, &key));
    kt_put(b->tx, &p, "filter", filter);
    kt_put(b->tx, &p, "sort", kt_value_str(sort));
    kt_put(b->tx, &p, "fields", fields);
    kt_put(b->tx, &p, "limit", kt_value_int(PAGE));
    if (start > 0 && b->page->what.ptr && b24_is(key, b->page->what.ptr) && b->page->start <= start) {
        kt_put(b->tx, &p, "cursor", kt_value_str(b->page->cursor));
        start -= b->page->start;
    }
    if (start > 0)
        kt_put(b->tx, &p, "skip", kt_value_int(start));
    *params = p.value;
    return NULL;
}

static kt_error *count(b24 *b, const entity *e, kt_value filter, int64_t *total)
{
    kt_maker p = KT_MAKE_OBJECT;
    const kt_value *n;
    kt_put(b->tx, &p, "filter", filter);
    KT_TRY(call(b, e, "count", &p.value, &n));
    *total = n->kind == KT_VALUE_INT ? n->as.integer : 0;
    return NULL;
}

static kt_error *list(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    const kt_value *from = b24_param(params, "start"), *page = NULL;
    int64_t start = 0;
    kt_value filter, asked;
    kt_str sort;
    selection s;
    if (from && (!b24_int(from, &start) || start < -1 || start > START_MAX))
        return b24_fail(b->tx, "ERROR_ARGUMENT", "start is -1, 0, 50, 100 ..", "start to -1, 0, 50, 100 ..");
    KT_TRY(filter_take(b, e, b24_param(params, "filter"), &filter));
    KT_TRY(order_take(b, e, b24_param(params, "order"), &sort));
    KT_TRY(select_rows(b, e, b24_param(params, "select"), false, &s));
    if (start >= 0)
        KT_TRY(count(b, e, filter, &a->total));
    KT_TRY(page_params(b, e, filter, sort, s.paths.value, start, &asked));
    KT_TRY(call(b, e, "list", &asked, &page));
    kt_maker rows = KT_MAKE_ARRAY;
    const kt_value *found = kt_value_get(page, "rows");
    for (size_t i = 0; i < kt_value_count(found); i++) {
        kt_value one;
        KT_TRY(show(b, &s, &found->as.array.items[i], &one));
        kt_add(b->tx, &rows, one);
    }
    kt_str next = kt_value_get_str(page, "next");
    if (start >= 0 && next.len) {
        a->next = start + PAGE;
        *b->page = (page_end){.start = start + PAGE, .cursor = next};
        KT_TRY(list_key(b, e, filter, sort, &b->page->what));
    }
    a->result = b->items ? b24_in(b, "items", rows.value) : rows.value;
    return NULL;
}

/* ---- One record ---- */

static kt_error *id_of(b24 *b, const kt_value *params, int64_t *id)
{
    const kt_value *given = b24_param(params, "ID");
    if (!given || !b24_int(given, id) || *id < 1)
        return b24_fail(
            b->tx, "ERROR_ARGUMENT", "ID is not defined or invalid", "ID nie podano lub jest błędne");
    return NULL;
}

/* The record with these paths; a party of another kind is none of theirs. */
static kt_error *load(b24 *b, const entity *e, int64_t id, kt_value paths, const kt_value **record)
{
    kt_maker p = KT_MAKE_OBJECT, fields = {.value = paths};
    if (e->only.theirs)
        kt_add(b->tx, &fields, kt_value_str((kt_str){e->only.theirs, strlen(e->only.theirs)}));
    kt_put(b->tx, &p, "id", kt_value_int(id));
    kt_put(b->tx, &p, "fields", fields.value);
    kt_error *error = call(b, e, "get", &p.value, record);
    if (error && kt_problem_at(error, 0).kind == KT_NOT_FOUND)
        return not_found(b);
    if (!error && e->only.theirs && !b24_is(kt_value_get_str(*record, e->only.theirs), e->only.ours))
        return not_found(b);
    return error;
}

/* With all that a change must know: whoever reads for others shows no more than their form has. */
kt_error *record_read(b24 *b, const entity *e, int64_t id, const kt_value **record)
{
    selection s;
    KT_TRY(select_rows(b, e, NULL, true, &s));
    for (const row *r = e->rows; r->theirs; r++)
        if (r->as == AS_LINKS && seen(b, e, r))
            row_paths(b->tx, r, &s.paths);
    return load(b, e, id, s.paths.value, record);
}

static kt_error *show_one(b24 *b, const entity *e, int64_t id, kt_value *shown)
{
    const kt_value *record;
    selection s;
    KT_TRY(select_rows(b, e, NULL, true, &s));
    KT_TRY(load(b, e, id, s.paths.value, &record));
    KT_TRY(show(b, &s, record, shown));
    if (b->items)
        *shown = b24_in(b, "item", *shown);
    return NULL;
}

static kt_error *get(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    int64_t id;
    KT_TRY(id_of(b, params, &id));
    return show_one(b, e, id, &a->result);
}

kt_error *record_import(b24 *b, const entity *e, const kt_value *fields, int64_t *id)
{
    kt_maker p = KT_MAKE_OBJECT, none = KT_MAKE_OBJECT, rows = KT_MAKE_ARRAY;
    taken t;
    const kt_value *made;
    b->importing = kt_may(b->tx, "access.user:update");
    kt_error *wrong = fields_take(b, e, fields, NULL, &t);
    kt_put(b->tx, &p, "entity", kt_value_str((kt_str){e->ours, strlen(e->ours)}));
    kt_put(b->tx, &p, "mode", kt_value_str(KT_STR("create")));
    kt_put(b->tx, &p, "keep_authors", kt_value_bool(b->importing));
    b->importing = false;
    if (wrong)
        return wrong;
    kt_add(b->tx, &rows, t.values);
    kt_put(b->tx, &p, "rows", rows.value);
    KT_TRY(kt_call(b->tx, "import.run", &p.value, &made));
    *id = kt_value_get(made, "ids")->as.array.items[0].as.integer;
    kt_put(b->tx, &none, "entity", *kt_value_get(&p.value, "entity"));
    kt_put(b->tx, &none, "rows", KT_MAKE_ARRAY.value);
    KT_TRY(kt_call(b->tx, "import.run", &none.value, &made)); /* what follows keeps no authors again */
    return record_move(b, e, *id, &t);
}

static kt_error *add(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    kt_maker p = KT_MAKE_OBJECT;
    taken t;
    const kt_value *made;
    KT_TRY(fields_take(b, e, b24_param(params, "fields"), NULL, &t));
    kt_put(b->tx, &p, "values", t.values);
    KT_TRY(call(b, e, "create", &p.value, &made));
    a->result = *kt_value_get(made, "id");
    KT_TRY(record_move(b, e, a->result.as.integer, &t));
    return b->items ? show_one(b, e, a->result.as.integer, &a->result) : NULL;
}

kt_error *record_update(b24 *b, const entity *e, int64_t id, const kt_value *fields)
{
    kt_maker p = KT_MAKE_OBJECT;
    taken t;
    const kt_value *before, *made;
    KT_TRY(record_read(b, e, id, &before));
    KT_TRY(fields_take(b, e, fields, before, &t));
    kt_put(b->tx, &p, "id", kt_value_int(id));
    kt_put(b->tx, &p, "values", t.values);
    KT_TRY(call(b, e, "update", &p.value, &made));
    return record_move(b, e, id, &t);
}

static kt_error *update(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    int64_t id;
    KT_TRY(id_of(b, params, &id));
    KT_TRY(record_update(b, e, id, b24_param(params, "fields")));
    a->result = kt_value_bool(true);
    return b->items ? show_one(b, e, id, &a->result) : NULL;
}

static kt_error *delete (b24 *b, const entity *e, const kt_value *params, answer *a)
{
    kt_maker p = KT_MAKE_OBJECT;
    const kt_value *record;
    int64_t id;
    selection s;
    KT_TRY(id_of(b, params, &id));
    KT_TRY(select_rows(b, e, NULL, false, &s));
    KT_TRY(load(b, e, id, s.paths.value, &record));
    kt_put(b->tx, &p, "id", kt_value_int(id));
    KT_TRY(call(b, e, "delete", &p.value, &record));
    a->result = b->items ? KT_MAKE_ARRAY.value : kt_value_bool(true);
    return NULL;
}

static const char *type_of(const row *r)
{
    static const char *const types[] = {[AS_TEXT] = "string",
        [AS_ID] = "integer",
        [AS_DECIMAL] = "double",
        [AS_FLAG] = "char",
        [AS_TIME] = "datetime",
        [AS_DATE] = "date",
        [AS_NAME] = "crm_status",
        [AS_STATE] = "crm_status",
        [AS_CLOSED] = "char",
        [AS_CODE] = "string",
        [AS_MULTI] = "crm_multifield",
        [AS_COMPANY] = "crm_company",
        [AS_CONTACT] = "crm_contact",
        [AS_CATEGORY] = "crm_category",
        [AS_STAGE] = "crm_status",
        [AS_OWNER] = "integer",
        [AS_OWNER_TYPE] = "crm_enum_ownertype",
        [AS_NAME_PART] = "string",
        [AS_JSON] = "string",
        [AS_KEPT] = "string",
        [AS_LINKS] = "integer",
        [AS_ADDRESS] = "string"};
    return types[r->as];
}

kt_value b24_field(b24 *b, const char *type, const char *title, unsigned flags)
{
    kt_maker f = KT_MAKE_OBJECT;
    kt_put(b->tx, &f, "type", b24_str(type));
    kt_put(b->tx, &f, "isRequired", kt_value_bool(flags & FIELD_REQUIRED));
    kt_put(b->tx, &f, "isReadOnly", kt_value_bool(flags & FIELD_READ_ONLY));
    kt_put(b->tx, &f, "isImmutable", kt_value_bool(flags & FIELD_IMMUTABLE));
    kt_put(b->tx, &f, "isMultiple", kt_value_bool(flags & FIELD_MULTIPLE));
    kt_put(b->tx, &f, "isDynamic", kt_value_bool(flags & FIELD_DYNAMIC));
    kt_put(b->tx, &f, "title", b24_str(title));
    return f.value;
}

static void put_field(b24 *b, const row *r, bool custom, kt_maker *made)
{
    unsigned flags = (r->required ? FIELD_REQUIRED : 0) | (r->fixed ? FIELD_READ_ONLY : 0) |
                     (r->as == AS_MULTI || r->as == AS_LINKS ? FIELD_MULTIPLE : 0) |
                     (custom ? FIELD_DYNAMIC : 0);
    kt_put_named(b->tx, made, b24_name(b, r), b24_field(b, type_of(r), r->theirs, flags));
}

static kt_error *fields(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    kt_maker made = KT_MAKE_OBJECT;
    const row *custom;
    (void)params;
    KT_TRY(b24_custom(b, e, &custom));
    for (const row *r = e->rows; r->theirs; r++)
        if (seen(b, e, r))
            put_field(b, r, false, &made);
    for (const row *r = custom; r->theirs; r++)
        put_field(b, r, true, &made);
    a->result = b->items ? b24_in(b, "fields", made.value) : made.value;
    return NULL;
}

const verb record_verbs[] = {
    {"list", false, list, 0},
    {"get", false, get, 0},
    {"fields", false, fields, 0},
    {"add", true, add, 0},
    {"update", true, update, 0},
    {"delete", true, delete, 0},
    {0},
};
