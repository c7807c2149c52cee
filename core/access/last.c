/* last.c -- somebody can always give rights. A house whose last administrator was deleted, locked or deprived of his role
 * would stay as it is for ever: there is no way in beside a log-in. */
#include "access/control.h"
#include "access/grants.h"

/* Of every record, and the group that says who holds which role. */
static bool gives_rights(const grant_list *list)
{
    static const char *const entities[] = {"access.user", "access.role"};
    size_t met = 0;
    for (size_t e = 0; e < sizeof entities / sizeof *entities; e++)
        for (size_t i = 0; i < list->count; i++) {
            const grant *g = &list->items[i];
            if (g->scope == SCOPE_ALL && !g->condition_count && grant_covers(g, str_of(entities[e])) &&
                grant_allows(g, "update") && (e || grant_shows(g, KT_STR("rights")))) {
                met++;
                break;
            }
        }
    return met == sizeof entities / sizeof *entities;
}

kt_error *last_role_gives(kt_tx *tx, kt_str grants, bool *gives)
{
    grant_list list;
    KT_TRY(grants_parse(tx->arena, grants, "grants", &list));
    *gives = gives_rights(&list);
    return NULL;
}

kt_error *last_roles_give(kt_tx *tx, const uint64_t *roles, size_t count, bool *gives)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.role"));
    *gives = false;
    for (size_t i = 0; i < count && !*gives; i++) {
        model_record role = {0};
        bool found;
        KT_TRY(system_read(tx, entity, roles[i], &role, &found));
        if (found)
            KT_TRY(last_role_gives(tx, record_str(&role, "grants"), gives));
    }
    return NULL;
}

/* An active user with a password who may give rights. */
static kt_error *is_one(kt_tx *tx, const model_entity *users, uint64_t id, bool *one)
{
    model_record user = {0};
    char hash[PASSWORD_HASH_MAX];
    *one = false;
    bool found;
    KT_TRY(system_read(tx, users, id, &user, &found));
    const model_value *roles = found ? record_value(&user, "roles") : NULL;
    if (!roles || !roles->set || !record_int(&user, "active"))
        return NULL;
    KT_TRY(password_get(tx->view, id, hash));
    return hash[0] ? last_roles_give(tx, roles->as.refs.ids, roles->as.refs.count, one) : NULL;
}

kt_error *last_is_left(kt_tx *tx, const char *path)
{
    const model_entity *users = model_entity_find(tx->catalogue, KT_STR("access.user"));
    const model_guard *guard = tx->guard;
    query_rows *rows = NULL;
    model_record row = {0};
    bool one = false;
    tx->guard = NULL;
    kt_error *error = query_open(tx, &(query_request){.entity = users, .right = "read"}, &rows);
    if (!error)
        error = system_ids_only(rows);
    while (!error && !one && query_next(rows, &row))
        error = is_one(tx, users, (uint64_t)row.values[MODEL_ID].as.i, &one);
    if (rows)
        kt_also(&error, query_end(rows));
    tx->guard = guard;
    if (error || one)
        return error;
    return kt_hint(kt_fail(tx, KT_BAD_STATE, path, "nobody would be left who may give rights",
                       "nie zostałby nikt, kto może nadawać uprawnienia"),
        "Give another active user with a password a role such as \"*:* fields *\" first.",
        "Najpierw nadaj innemu aktywnemu użytkownikowi z hasłem rolę taką jak \"*:* fields *\".");
}
