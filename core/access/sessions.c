/* sessions.c -- the methods session.*: log in, out, again after a reload, and who has which session. */
#include <sodium.h>

#include "access/control.h"
#include "access/factor.h"
#include "access/methods.h"
#include "kit/clock.h"
#include "kit/log.h"

/* ---- Answers ---- */

void actor_answer(const access_actor *actor, json *j)
{
    json_object(j);
    json_key(j, "id");
    json_uint(j, actor->user);
    json_member_str(j, "name", actor->name);
    json_member_str(j, "full_name", actor->full_name);
    json_member_text(j, "lang", actor->lang);
    json_member_str(j, "roles", actor->role_names.len ? actor->role_names : KT_STR(""));
    json_member_bool(j, "second_factor_missing", actor->factor_missing);
    json_key(j, "company");
    if (actor->company)
        json_uint(j, actor->company);
    else
        json_null(j);
    json_object_end(j);
}

static void session_answer(const access_actor *actor, kt_str token, kt_time ends, json *j)
{
    json_object(j);
    json_member_str(j, "token", token);
    json_key(j, "expires_at");
    json_time(j, ends);
    json_key(j, "user");
    actor_answer(actor, j);
    json_object_end(j);
}

/* ---- Login ---- */

enum { SWEEP_MAX = 200 };

typedef struct {
    method_call *call;
    kt_str name, password, code;
    uint64_t user;
    bool factor;                   /* a code is needed */
    char hash[PASSWORD_HASH_MAX];  /* as stored */
    char fresh[PASSWORD_HASH_MAX]; /* with today's parameters; "": as it is */
    char token[TOKEN_TEXT_MAX];
    kt_time ends;
} login;

static kt_error *login_find(kt_tx *tx, void *context)
{
    login *l = context;
    KT_TRY(user_find(tx, l->name, &l->user));
    if (!l->user)
        return NULL;
    KT_TRY(factor_is_set(tx->view, l->user, &l->factor));
    return password_get(tx->view, l->user, l->hash);
}

/* Sessions that are over are swept by those who log in: a few at a time, from anywhere on. */
static kt_error *sweep(kt_tx *tx, const access_control *control, const uint8_t from[TOKEN_HASH_BYTES])
{
    store_cursor *cursor = NULL;
    session s;
    uint8_t hash[TOKEN_HASH_BYTES];
    KT_TRY(session_scan(tx->view, from, &cursor));
    kt_error *error = NULL;
    for (unsigned n = 0; !error && n < SWEEP_MAX && session_next(cursor, hash, &s); n++)
        if (session_end(control, &s).ms <= tx->now.ms)
            error = session_delete(tx->view, hash);
    kt_error *end = store_scan_end(cursor);
    return error ? error : end;
}

static kt_error *refused(arena *arena)
{
    return error_make(arena, KT_FORBIDDEN, NULL, "wrong login or password", "błędny login lub hasło");
}

static kt_error *login_write(kt_tx *tx, void *context)
{
    login *l = context;
    const access_control *control = l->call->rooms->access;
    model_record user = {0};
    bool found, is_key;
    KT_TRY(system_read(tx, model_entity_find(tx->catalogue, KT_STR("access.user")), l->user, &user, &found));
    if (!found || !record_int(&user, "active")) /* removed, perhaps while the password was checked */
        return refused(tx->arena);
    KT_TRY(factor_use(tx, l->user, l->code)); /* here, so that of two with one code the second is refused */
    uint8_t hash[TOKEN_HASH_BYTES];
    if (!token_hash(str_of(l->token), hash, &is_key))
        return error_no_memory();
    const session s = {.user = l->user,
        .created = tx->now,
        .seen = tx->now,
        .ends = {tx->now.ms + control->options.session_max_ms},
        .remote = l->call->remote};
    l->ends = session_end(control, &s);
    KT_TRY(sweep(tx, control, hash));
    KT_TRY(session_put(tx->view, hash, &s));
    return l->fresh[0] ? password_put(tx->view, l->user, l->fresh) : NULL;
}

/* Rights are compiled on a snapshot, not in the writer. */
static kt_error *login_show(kt_tx *tx, void *context)
{
    login *l = context;
    access_actor *actor = NULL;
    KT_TRY(actor_compile(l->call->rooms->access, tx, l->user, 0, 0, &actor));
    if (!actor)
        return refused(tx->arena);
    session_answer(actor, str_of(l->token), l->ends, l->call->answer);
    access_actor_release(actor);
    return NULL;
}

kt_error *throttled(access_control *control, arena *arena, kt_str account, kt_str remote)
{
    int64_t wait = throttle_wait_ms(control->throttle, account, remote, clock_monotonic_ms());
    if (wait == 0)
        return NULL;
    long seconds = (long)((wait + 999) / 1000);
    return error_make(arena, KT_LIMIT, NULL, "too many failed log-ins: try again in %ld s",
        "zbyt wiele nieudanych logowań: spróbuj ponownie za %ld s", seconds);
}

kt_error *session_login(method_call *call)
{
    access_control *control = call->rooms->access;
    login *l = ARENA_NEW(call->arena, login);
    if (!l)
        return error_no_memory();
    l->call = call;
    l->name = variant_get_str(call->params, "user");
    l->password = variant_get_str(call->params, "password");
    l->code = variant_get_str(call->params, "code");
    KT_TRY(throttled(control, call->arena, l->name, call->remote));
    KT_TRY(call->rooms->read(call, login_find, l));
    bool stale;
    if (!password_matches(l->hash, l->password, &stale)) {
        throttle_failed(control->throttle, l->name, call->remote, clock_monotonic_ms());
        log_line(KT_LOG_WARN, "access", "login event=refused remote=%.*s", STR_ARG(call->remote));
        return refused(call->arena);
    }
    if (l->factor && !l->code.len) /* told only to who knows the password */
        return factor_needed(call->arena);
    if (stale && !password_hash(l->password, l->fresh))
        return error_no_memory();
    token_make("ks_", l->token);
    kt_error *error = factor_failed(control, l->name, call->remote, call->rooms->write(call, login_write, l));
    if (!error) {
        throttle_passed(control->throttle, l->name);
        log_line(KT_LOG_INFO, "access", "login event=done user=%llu remote=%.*s", (unsigned long long)l->user,
            STR_ARG(call->remote));
        error = call->rooms->read(call, login_show, l);
    }
    sodium_memzero(l->token, sizeof l->token);
    return error;
}

/* ---- While it lasts ---- */

/* The caller's own session; *found false: it called with an API key. */
static kt_error *own_session(method_call *call, uint8_t hash[TOKEN_HASH_BYTES], session *s, bool *found)
{
    bool is_key;
    *found = false;
    if (!token_hash(call->token, hash, &is_key) || is_key)
        return NULL;
    return session_get(call->tx->view, hash, s, found);
}

kt_error *session_logout(method_call *call)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    session s;
    bool found;
    KT_TRY(own_session(call, hash, &s, &found));
    if (found)
        KT_TRY(session_delete(call->tx->view, hash));
    json_object(call->answer);
    json_object_end(call->answer);
    return NULL;
}

kt_error *session_resume(method_call *call)
{
    const access_actor *actor = actor_of(call->tx);
    uint8_t hash[TOKEN_HASH_BYTES];
    session s;
    bool found;
    KT_TRY(own_session(call, hash, &s, &found));
    if (!found || !actor)
        return forbidden_login(call->arena);
    session_answer(actor, call->token, session_end(actor->control, &s), call->answer);
    return NULL;
}

kt_error *session_whoami(method_call *call)
{
    const access_actor *actor = actor_of(call->tx);
    if (!actor)
        return forbidden_login(call->arena);
    actor_answer(actor, call->answer);
    return NULL;
}

/* From the next call on the caller works in this company: new records are its, others' are not seen. */
kt_error *session_company(method_call *call)
{
    kt_tx *tx = call->tx;
    const access_actor *actor = actor_of(tx);
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("base.company"));
    uint8_t hash[TOKEN_HASH_BYTES];
    session s;
    bool found;
    KT_TRY(own_session(call, hash, &s, &found));
    if (!found || !actor)
        return forbidden_login(call->arena);
    s.company = variant_get_uint(call->params, "company");
    model_record company = {0};
    bool known = true;
    if (s.company && actor->companies.count)
        known = id_set_has(&actor->companies, s.company);
    else if (s.company && entity)
        KT_TRY(system_read(tx, entity, s.company, &company, &known));
    if (!known || (s.company && !entity))
        return error_make(
            call->arena, KT_NOT_FOUND, "company", "there is no such company", "nie ma takiej firmy");
    KT_TRY(session_put(tx->view, hash, &s));
    json_object(call->answer);
    json_key(call->answer, "company");
    if (s.company)
        json_uint(call->answer, s.company);
    else
        json_null(call->answer);
    json_object_end(call->answer);
    return NULL;
}

static void id_text(const uint8_t hash[TOKEN_HASH_BYTES], char out[SESSION_ID_MAX])
{
    sodium_bin2hex(out, SESSION_ID_MAX, hash, (SESSION_ID_MAX - 1) / 2);
}

kt_error *session_list(method_call *call)
{
    uint64_t user;
    KT_TRY(credentials_of(call->tx, variant_get(call->params, "user"), &user));
    const access_control *control = actor_of(call->tx)->control;
    uint8_t own[TOKEN_HASH_BYTES] = {0}, hash[TOKEN_HASH_BYTES];
    session s;
    bool found;
    KT_TRY(own_session(call, own, &s, &found));
    store_cursor *cursor = NULL;
    KT_TRY(session_scan(call->tx->view, NULL, &cursor));
    json *j = call->answer;
    json_object(j);
    json_key(j, "rows");
    json_array(j);
    while (session_next(cursor, hash, &s)) {
        if (s.user != user || session_end(control, &s).ms <= call->tx->now.ms)
            continue;
        char id[SESSION_ID_MAX];
        id_text(hash, id);
        json_object(j);
        json_member_text(j, "id", id);
        json_key(j, "created_at");
        json_time(j, s.created);
        json_key(j, "seen_at");
        json_time(j, s.seen);
        json_key(j, "expires_at");
        json_time(j, session_end(control, &s));
        json_member_str(j, "remote", s.remote);
        json_member_bool(j, "current", found && memcmp(own, hash, sizeof own) == 0);
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
    return store_scan_end(cursor);
}

/* Ends one session by its id, or all of a user's but the caller's own. */
kt_error *session_revoke(method_call *call)
{
    uint64_t user;
    KT_TRY(credentials_of(call->tx, variant_get(call->params, "user"), &user));
    kt_str wanted = variant_get_str(call->params, "id");
    uint8_t own[TOKEN_HASH_BYTES] = {0}, hash[TOKEN_HASH_BYTES];
    session s;
    bool found;
    size_t count = 0;
    KT_TRY(own_session(call, own, &s, &found));
    if (!wanted.len)
        KT_TRY(session_delete_all(call->tx, user, found ? own : NULL, &count));
    store_cursor *cursor = NULL;
    KT_TRY(session_scan(call->tx->view, NULL, &cursor));
    kt_error *error = NULL;
    while (!error && wanted.len && session_next(cursor, hash, &s)) {
        char id[SESSION_ID_MAX];
        id_text(hash, id);
        if (s.user != user || !str_is(wanted, id))
            continue;
        error = session_delete(call->tx->view, hash);
        count++;
    }
    kt_error *end = store_scan_end(cursor);
    if (error || end)
        return error ? error : end;
    if (wanted.len && count == 0)
        return error_make(call->arena, KT_NOT_FOUND, "id", "there is no such session", "nie ma takiej sesji");
    json_object(call->answer);
    json_member_int(call->answer, "revoked", (int64_t)count);
    json_object_end(call->answer);
    return NULL;
}
