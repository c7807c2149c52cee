/* credentials.c -- whose credentials the caller may set, and the method that sets passwords. Hashing takes 26
 * ms and 19 MiB: it happens in the pool, which bounds how many run at once, and never in the writer. */
#include "access/methods.h"
#include "kit/calendar.h"
#include "kit/clock.h"

static kt_error *no_user(kt_tx *tx)
{
    return error_make(tx->arena, KT_NOT_FOUND, "user", "there is no such user", "nie ma takiego użytkownika");
}

kt_error *user_param(kt_tx *tx, const variant *from, uint64_t *user)
{
    const access_actor *actor = actor_of(tx);
    *user = tx->user;
    if (!actor)
        return forbidden_login(tx->arena);
    if (!from || from->kind == VARIANT_NULL)
        return NULL;
    if (from->kind == VARIANT_STRING && str_eq(from->as.string, actor->name))
        return NULL;
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.user"));
    if (tx->guard->entity && !(from->kind == VARIANT_INT && (uint64_t)from->as.integer == tx->user))
        KT_TRY(tx->guard->entity(tx, entity, "read")); /* first: who may read none learns of none */
    if (from->kind == VARIANT_STRING)
        KT_TRY(user_find(tx, from->as.string, user));
    else if (from->kind == VARIANT_INT)
        *user = from->as.integer > 0 ? (uint64_t)from->as.integer : 0;
    else
        return error_make(tx->arena, KT_VALIDATION, "user", "an id or a login is expected, not %s%.0s",
            "oczekiwano id lub loginu, nie: %.0s%s", VARIANT_KIND(from->kind));
    if (*user == tx->user)
        return NULL;
    model_record record = {0};
    kt_error *error = *user ? model_read(tx, entity, *user, &record) : no_user(tx);
    return error && error->first->kind == KT_NOT_FOUND ? no_user(tx) : error;
}

kt_error *credentials_of(kt_tx *tx, const variant *from, uint64_t *user)
{
    KT_TRY(user_param(tx, from, user));
    if (*user == tx->user)
        return NULL;
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.user"));
    model_record record = {0};
    bool may;
    verdict why;
    KT_TRY(model_read(tx, entity, *user, &record));
    KT_TRY(judge(tx, actor_of(tx), entity, &record, "password", &may, &why));
    return may ? NULL
               : error_make(tx->arena, KT_FORBIDDEN, "user", "you need the right access.user:password",
                     "potrzebne jest prawo access.user:password");
}

/* ---- Password ---- */

typedef struct {
    method_call *call;
    uint64_t user;
    bool own;
    kt_str name;
    char hash[PASSWORD_HASH_MAX], fresh[PASSWORD_HASH_MAX];
} change;

static kt_error *change_find(kt_tx *tx, void *context)
{
    change *c = context;
    KT_TRY(credentials_of(tx, variant_get(c->call->params, "user"), &c->user));
    c->own = c->user == tx->user;
    model_record record = {0};
    bool found;
    KT_TRY(
        system_read(tx, model_entity_find(tx->catalogue, KT_STR("access.user")), c->user, &record, &found));
    c->name = found ? arena_str(c->call->arena, record_str(&record, "name")) : (kt_str){0};
    return password_get(tx->view, c->user, c->hash);
}

static kt_error *change_write(kt_tx *tx, void *context)
{
    const change *c = context;
    uint64_t user;
    KT_TRY(
        credentials_of(tx, variant_get(c->call->params, "user"), &user)); /* rights may have gone meanwhile */
    if (user != c->user)
        return no_user(tx);
    uint8_t own[TOKEN_HASH_BYTES];
    bool is_key, known = token_hash(c->call->token, own, &is_key);
    size_t ended;
    KT_TRY(session_delete_all(tx, user, known && c->own ? own : NULL, &ended));
    KT_TRY(password_put(tx->view, user, c->fresh));
    char at[TIME_TEXT_MAX];
    const variant now = {.kind = VARIANT_STRING, .as.string = {at, time_text(tx->now, at)}};
    const variant_member member = {KT_STR("password_changed_at"), &now};
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {&member, 1}};
    model_record record = {0};
    tx->guard = NULL; /* whoever may set the password may not write the field */
    return model_update(
        tx, model_entity_find(tx->catalogue, KT_STR("access.user")), user, 0, &values, &record);
}

kt_error *password_prove(method_call *call, kt_str name, const char *hash, const char *param)
{
    access_control *control = call->rooms->access;
    KT_TRY(throttled(control, call->arena, name, call->remote));
    bool stale;
    if (password_matches(hash, variant_get_str(call->params, param), &stale))
        return NULL;
    throttle_failed(control->throttle, name, call->remote, clock_monotonic_ms());
    return error_make(
        call->arena, KT_FORBIDDEN, param, "the present password is wrong", "obecne hasło jest błędne");
}

kt_error *credentials_password(method_call *call)
{
    change *c = ARENA_NEW(call->arena, change);
    if (!c)
        return error_no_memory();
    c->call = call;
    KT_TRY(call->rooms->read(call, change_find, c));
    uint8_t token[TOKEN_HASH_BYTES];
    bool is_key;
    if (c->own && token_hash(call->token, token, &is_key) && is_key)
        return error_make(call->arena, KT_FORBIDDEN, NULL, "a key cannot set the password of its user",
            "klucz nie może ustawić hasła swojego użytkownika");
    kt_str wanted = variant_get_str(call->params, "new");
    KT_TRY(password_check(call->arena, wanted, c->name, "new"));
    if (c->own)
        KT_TRY(password_prove(call, c->name, c->hash, "old"));
    if (!password_hash(wanted, c->fresh))
        return error_no_memory();
    KT_TRY(call->rooms->write(call, change_write, c));
    json_object(call->answer);
    json_object_end(call->answer);
    return NULL;
}
