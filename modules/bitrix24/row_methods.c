/* The methods of product rows: of one document, and of rows by their own numbers. */
#include <string.h>

#include "b24.h"

static kt_error *owner_id(b24 *b, const kt_value *v, int64_t *id)
{
    return v && b24_int(v, id) && *id > 0
               ? NULL
               : b24_fail(b->tx, "ERROR_ARGUMENT", "The parameter id is invalid or not defined",
                     "Parametru id nie podano lub jest błędny");
}

static kt_error *rows_get(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    int64_t id;
    KT_TRY(owner_id(b, b24_param(params, "ID"), &id));
    return rows_show(b, e, id, &a->result);
}

static kt_error *set_rows(b24 *b, const entity *e, int64_t owner, const kt_value *rows, kt_value *shown)
{
    size_t count = kt_value_count(rows);
    bool included = count && row_included(b, b24_item(rows, 0), false);
    row_change *changes = kt_alloc(b->tx, (count + 1) * sizeof *changes);
    if (!changes)
        return kt_no_memory();
    if (count > ROWS_MAX)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "there are more than 500 rows", "wierszy jest ponad 500");
    for (size_t i = 0; i < count; i++) {
        changes[i].row = b24_item(rows, i);
        if (row_included(b, changes[i].row, false) != included)
            return b24_fail(b->tx, "ERROR_ARGUMENT", "TAX_INCLUDED is the same in all rows here",
                "TAX_INCLUDED jest tu takie samo we wszystkich wierszach");
    }
    return rows_write(b, e, owner, changes, count, included, shown);
}

static kt_error *rows_set(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    int64_t id;
    kt_value shown;
    KT_TRY(owner_id(b, b24_param(params, "ID"), &id));
    KT_TRY(set_rows(b, e, id, b24_param(params, "rows"), &shown));
    a->result = kt_value_bool(true);
    return NULL;
}

const verb row_verbs[] = {
    {"productrows.get", false, rows_get, HAS_ROWS},
    {"productrows.set", true, rows_set, HAS_ROWS},
    {0},
};

/* ---- By owner ---- */

/* ownerType "D" and ownerId, of the filter ("=ownerId") or beside the rows. */
static kt_error *owner_of(b24 *b, const kt_value *given, const entity **e, int64_t *id)
{
    static const char *const types[] = {"ownerType", "=ownerType", "OWNER_TYPE", "=OWNER_TYPE"};
    static const char *const ids[] = {"ownerId", "=ownerId", "OWNER_ID", "=OWNER_ID"};
    const kt_value *type = NULL, *number = NULL;
    for (size_t i = 0; i < 4; i++) {
        type = type ? type : b24_param(given, types[i]);
        number = number ? number : b24_param(given, ids[i]);
    }
    *e = NULL;
    for (const entity *at = entities; type && at->name; at++)
        if (at->has & HAS_ROWS && b24_is(b24_text(b->tx, type), at->letter))
            *e = at;
    if (!*e)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "ownerType is L, D or Q", "ownerType to L, D albo Q");
    return owner_id(b, number, id);
}

static kt_error *item_rows_list(b24 *b, const kt_value *params, answer *a)
{
    const entity *e;
    int64_t id;
    kt_value all;
    b->items = true;
    KT_TRY(owner_of(b, b24_param(params, "filter"), &e, &id));
    KT_TRY(rows_show(b, e, id, &all));
    KT_TRY(b24_page(b, params, all, a));
    a->result = b24_in(b, "productRows", a->result);
    return NULL;
}

static kt_error *item_rows_set(b24 *b, const kt_value *params, answer *a)
{
    const entity *e;
    int64_t id;
    kt_value shown;
    b->items = true;
    KT_TRY(owner_of(b, params, &e, &id));
    KT_TRY(set_rows(b, e, id, b24_param(params, "productRows"), &shown));
    a->result = b24_in(b, "productRows", shown);
    return NULL;
}

static kt_error *old_rows_list(b24 *b, const kt_value *params, answer *a)
{
    const entity *e;
    int64_t id;
    kt_value all;
    KT_TRY(owner_of(b, b24_param(params, "filter"), &e, &id));
    KT_TRY(rows_show(b, e, id, &all));
    return b24_page(b, params, all, a);
}

/* ---- One row ---- */

typedef struct {
    const entity *e;
    int64_t owner;
    kt_value rows;                    /* of its owner, as they are shown */
    size_t at;                        /* its place; the count of rows: it is none of them */
    row_change changes[ROWS_MAX + 1]; /* all lines, as they are */
} row_place;

static int64_t line_of(int64_t number)
{
    return number >> ROW_LINE_BIT & ((1 << (ROW_OWNER_BIT - ROW_LINE_BIT)) - 1);
}

static kt_error *place_in(b24 *b, const entity *e, int64_t owner, int64_t number, row_place *p)
{
    *p = (row_place){.e = e, .owner = owner};
    KT_TRY(rows_show(b, e, owner, &p->rows));
    size_t count = kt_value_count(&p->rows);
    p->at = count;
    if (count >= ROWS_MAX)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "there are 500 rows", "wierszy jest już 500");
    for (size_t i = 0; i < count; i++) {
        int64_t id = b24_int_at(&p->rows.as.array.items[i], "id");
        p->changes[i].line = line_of(id);
        p->at = id == number ? i : p->at;
    }
    return NULL;
}

/* The row that the parameter id names, among those of its owner. */
static kt_error *place_of(b24 *b, const kt_value *params, row_place **p)
{
    int64_t number;
    KT_TRY(owner_id(b, b24_param(params, "ID"), &number));
    const entity *e = entity_of_type(number & ((1 << ROW_LINE_BIT) - 1));
    b->items = true;
    *p = kt_alloc(b->tx, sizeof **p);
    if (!*p)
        return kt_no_memory();
    kt_error *error = e && e->has & HAS_ROWS ? place_in(b, e, number >> ROW_OWNER_BIT, number, *p) : NULL;
    bool found = !error && (*p)->e && (*p)->at < kt_value_count(&(*p)->rows);
    if (error && kt_problem_at(error, 0).kind != KT_NOT_FOUND)
        return error;
    return found ? NULL : b24_fail(b->tx, "NOT_FOUND", "Item not found", "Nie znaleziono wiersza");
}

static kt_error *save(b24 *b, row_place *p, size_t count, const kt_value *row, answer *a)
{
    kt_value shown;
    bool document = kt_value_count(&p->rows) && row_included(b, &p->rows.as.array.items[0], false);
    bool alone = count == 1, included = row ? row_included(b, row, document) : document;
    if (!alone && included != document)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "TAX_INCLUDED is the same in all rows here",
            "TAX_INCLUDED jest tu takie samo we wszystkich wierszach");
    KT_TRY(rows_write(b, p->e, p->owner, p->changes, count, included, &shown));
    if (row)
        a->result = b24_in(b, "productRow", shown.as.array.items[p->at]);
    return NULL;
}

static kt_error *row_get(b24 *b, const kt_value *params, answer *a)
{
    row_place *p;
    KT_TRY(place_of(b, params, &p));
    a->result = b24_in(b, "productRow", p->rows.as.array.items[p->at]);
    return NULL;
}

static kt_error *row_add(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *fields = b24_param(params, "fields");
    const entity *e;
    int64_t owner;
    row_place *p = kt_alloc(b->tx, sizeof *p);
    if (!p)
        return kt_no_memory();
    b->items = true;
    KT_TRY(owner_of(b, fields, &e, &owner));
    KT_TRY(place_in(b, e, owner, 0, p));
    p->changes[p->at].row = fields;
    return save(b, p, p->at + 1, fields, a);
}

/* The row as it is shown, with what is written in its place. A final price that is written stands for the one
 * before the discount. */
static const kt_value *changed(b24 *b, const kt_value *shown, const kt_value *fields)
{
    static const char *const stay[] = {"productId", "productName", "quantity", "priceNetto", "priceBrutto",
        "discountTypeId", "discountRate", "discountSum", "taxIncluded", NULL};
    kt_maker *made = kt_alloc(b->tx, sizeof *made);
    bool priced = b24_param(fields, "price") || b24_param(fields, "priceExclusive");
    if (!made)
        return NULL;
    *made = KT_MAKE_OBJECT;
    for (size_t i = 0; i < kt_value_count(fields); i++)
        kt_put_named(b->tx, made, fields->as.object.members[i].name, *fields->as.object.members[i].value);
    for (const char *const *s = stay; *s; s++)
        if (!b24_param(fields, *s) && !(priced && strncmp(*s, "price", 5) == 0))
            kt_put(b->tx, made, *s, *kt_value_get(shown, *s));
    return &made->value;
}

static kt_error *row_update(b24 *b, const kt_value *params, answer *a)
{
    row_place *p;
    const kt_value *fields = b24_param(params, "fields");
    KT_TRY(place_of(b, params, &p));
    if (!fields || fields->kind != KT_VALUE_OBJECT)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "fields is required", "wymagane jest fields");
    const kt_value *row = changed(b, &p->rows.as.array.items[p->at], fields);
    if (!row)
        return kt_no_memory();
    p->changes[p->at].row = row;
    return save(b, p, kt_value_count(&p->rows), row, a);
}

static kt_error *row_delete(b24 *b, const kt_value *params, answer *a)
{
    row_place *p;
    KT_TRY(place_of(b, params, &p));
    size_t count = kt_value_count(&p->rows);
    for (size_t i = p->at; i + 1 < count; i++)
        p->changes[i] = p->changes[i + 1];
    a->result = (kt_value){0};
    return save(b, p, count - 1, NULL, a);
}

/* ---- What a row has ---- */

static const struct {
    const char *item, *old, *type;
    unsigned flags;
} row_fields[] = {
    {"id", "ID", "integer", FIELD_READ_ONLY},
    {"ownerId", "OWNER_ID", "integer", FIELD_REQUIRED | FIELD_IMMUTABLE},
    {"ownerType", "OWNER_TYPE", "string", FIELD_REQUIRED | FIELD_IMMUTABLE},
    {"productId", "PRODUCT_ID", "integer", 0},
    {"productName", "PRODUCT_NAME", "string", 0},
    {"price", "PRICE", "double", 0},
    {"priceExclusive", "PRICE_EXCLUSIVE", "double", 0},
    {"priceNetto", "PRICE_NETTO", "double", 0},
    {"priceBrutto", "PRICE_BRUTTO", "double", 0},
    {"quantity", "QUANTITY", "double", 0},
    {"discountTypeId", "DISCOUNT_TYPE_ID", "integer", 0},
    {"discountRate", "DISCOUNT_RATE", "double", 0},
    {"discountSum", "DISCOUNT_SUM", "double", 0},
    {"taxRate", "TAX_RATE", "double", 0},
    {"taxIncluded", "TAX_INCLUDED", "char", 0},
    {"sort", "SORT", "integer", FIELD_READ_ONLY},
};

static kt_value fields_of(b24 *b)
{
    kt_maker made = KT_MAKE_OBJECT;
    for (size_t i = 0; i < sizeof row_fields / sizeof *row_fields; i++)
        kt_put(b->tx, &made, b->items ? row_fields[i].item : row_fields[i].old,
            b24_field(b, row_fields[i].type, row_fields[i].old, row_fields[i].flags));
    return made.value;
}

static kt_error *item_row_fields(b24 *b, const kt_value *params, answer *a)
{
    (void)params;
    b->items = true;
    a->result = b24_in(b, "fields", fields_of(b));
    return NULL;
}

static kt_error *old_row_fields(b24 *b, const kt_value *params, answer *a)
{
    (void)params;
    a->result = fields_of(b);
    return NULL;
}

const method row_methods[] = {
    {"crm.item.productrow.list", false, item_rows_list},
    {"crm.item.productrow.set", true, item_rows_set},
    {"crm.item.productrow.get", false, row_get},
    {"crm.item.productrow.add", true, row_add},
    {"crm.item.productrow.update", true, row_update},
    {"crm.item.productrow.delete", true, row_delete},
    {"crm.item.productrow.fields", false, item_row_fields},
    {"crm.productrow.list", false, old_rows_list},
    {"crm.productrow.fields", false, old_row_fields},
    {0},
};
