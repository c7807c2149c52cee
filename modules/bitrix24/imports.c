/* crm.item.import and crm.item.batchImport: a record with the times and authors that it had elsewhere. Who may not
 * write these gets a record of today. */
#include <string.h>

#include "b24.h"

enum { ITEMS_MAX = 20 };

static kt_error *entity_of(b24 *b, const kt_value *params, const entity **e)
{
    const kt_value *given = b24_param(params, "entityTypeId");
    int64_t type;
    *e = given && b24_int(given, &type) ? entity_of_type(type) : NULL;
    return *e ? NULL
              : b24_fail(b->tx, "NOT_FOUND", "entityTypeId is none that is kept here",
                    "entityTypeId nie jest tu obsługiwane");
}

static kt_error *import_one(b24 *b, const entity *e, const kt_value *fields, kt_value *item)
{
    int64_t id;
    if (!fields || fields->kind != KT_VALUE_OBJECT)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "fields is required", "wymagane jest fields");
    KT_TRY(record_import(b, e, fields, &id));
    *item = b24_in(b, "item", b24_in(b, "id", kt_value_int(id)));
    return NULL;
}

static kt_error *item_import(b24 *b, const kt_value *params, answer *a)
{
    const entity *e;
    b->items = true;
    KT_TRY(entity_of(b, params, &e));
    return import_one(b, e, b24_param(params, "fields"), &a->result);
}

typedef struct {
    b24 *b;
    const entity *e;
    const kt_value *fields;
    kt_value item;
} attempt;

static kt_error *try_one(kt_tx *tx, void *context)
{
    attempt *t = context;
    (void)tx;
    return import_one(t->b, t->e, t->fields, &t->item);
}

/* Each stands alone: what is wrong with one is answered in its place. */
static kt_error *batch_import(b24 *b, const kt_value *params, answer *a)
{
    const kt_value *data = b24_param(params, "data");
    const entity *e;
    kt_maker items = KT_MAKE_ARRAY;
    b->items = true;
    KT_TRY(entity_of(b, params, &e));
    if (!kt_value_count(data) || kt_value_count(data) > ITEMS_MAX)
        return b24_fail(b->tx, "ERROR_ARGUMENT", "data has 1 to 20 of them", "data ma ich od 1 do 20");
    for (size_t i = 0; i < kt_value_count(data); i++) {
        attempt t = {b, e, b24_item(data, i), {0}};
        kt_error *error = kt_attempt(b->tx, try_one, &t);
        kt_add(b->tx, &items, error ? b24_error(b->tx, error) : t.item);
    }
    a->result = b24_in(b, "items", items.value);
    return NULL;
}

const method import_methods[] = {
    {"crm.item.import", true, item_import},
    {"crm.item.batchImport", true, batch_import},
    {0},
};
