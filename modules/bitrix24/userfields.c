/* crm.X.userfield.*: the custom fields of an entity, for reading. */
#include <string.h>

#include "b24.h"

static const char *user_type(conversion as)
{
    return as == AS_FLAG      ? "boolean"
           : as == AS_ID      ? "integer"
           : as == AS_DECIMAL ? "double"
           : as == AS_DATE    ? "date"
           : as == AS_TIME    ? "datetime"
                              : "string";
}

static kt_error *fields_of(b24 *b, const entity *e, kt_value *list)
{
    kt_maker all = KT_MAKE_ARRAY;
    const row *rows;
    KT_TRY(b24_custom(b, e, &rows));
    for (size_t i = 0; rows[i].theirs; i++) {
        kt_maker f = KT_MAKE_OBJECT;
        kt_str of = kt_format(b->tx, "CRM_%s", strchr(e->name, '.') + 1);
        char *upper = kt_alloc(b->tx, of.len + 1);
        for (size_t k = 0; upper && k < of.len; k++)
            upper[k] = of.ptr[k] >= 'a' && of.ptr[k] <= 'z' ? (char)(of.ptr[k] - 'a' + 'A') : of.ptr[k];
        kt_put(b->tx, &f, "ID", kt_value_str(kt_format(b->tx, "%zu", i + 1)));
        kt_put(b->tx, &f, "ENTITY_ID", kt_value_str((kt_str){upper, upper ? of.len : 0}));
        kt_put(b->tx, &f, "FIELD_NAME", b24_str(rows[i].theirs));
        kt_put(b->tx, &f, "USER_TYPE_ID", b24_str(user_type(rows[i].as)));
        kt_put(b->tx, &f, "SORT", kt_value_str(kt_format(b->tx, "%zu", (i + 1) * 10)));
        kt_put(b->tx, &f, "MULTIPLE", b24_str("N"));
        kt_put(b->tx, &f, "MANDATORY", b24_str("N"));
        kt_put(b->tx, &f, "EDIT_IN_LIST", b24_str("Y"));
        kt_add(b->tx, &all, f.value);
    }
    *list = all.value;
    return NULL;
}

static kt_error *userfield_list(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    const kt_value *filter = b24_param(params, "filter");
    kt_str name = b24_given(b, filter, "FIELD_NAME");
    kt_value all;
    kt_maker found = KT_MAKE_ARRAY;
    KT_TRY(fields_of(b, e, &all));
    for (size_t i = 0; i < kt_value_count(&all); i++)
        if (!name.len || b24_is(name, kt_value_get_str(&all.as.array.items[i], "FIELD_NAME").ptr))
            kt_add(b->tx, &found, all.as.array.items[i]);
    return b24_page(b, params, found.value, a);
}

static kt_error *userfield_get(b24 *b, const entity *e, const kt_value *params, answer *a)
{
    const kt_value *given = b24_param(params, "ID");
    int64_t id;
    kt_value all;
    KT_TRY(fields_of(b, e, &all));
    if (!given || !b24_int(given, &id) || id < 1 || (size_t)id > kt_value_count(&all))
        return b24_fail(
            b->tx, "ERROR_NOT_FOUND", "The entity with the ID is not found", "Nie ma takiego pola");
    a->result = all.as.array.items[id - 1];
    return NULL;
}

const verb userfield_verbs[] = {
    {"userfield.list", false, userfield_list},
    {"userfield.get", false, userfield_get},
    {0},
};
