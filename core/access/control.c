/* control.c -- who calls: from a token to an actor, by a cache of compiled rights that any change of users,
 * roles, teams or departments makes stale at once. */
#include "access/control.h"

#include <sodium.h>

#include "access/keys.h"
#include "kit/clock.h"
#include "kit/log.h"

kt_error *access_open(arena *arena, store *store, const access_options *options, access_control **made)
{
    access_control *c = ARENA_NEW(arena, access_control);
    if (!c || sodium_init() < 0)
        return error_no_memory();
    c->store = store;
    if (options)
        c->options = *options;
    if (!c->options.session_idle_ms)
        c->options.session_idle_ms = 30LL * 60 * 1000;
    if (!c->options.session_max_ms)
        c->options.session_max_ms = 12LL * 60 * 60 * 1000;
    if (!c->options.tries_max)
        c->options.tries_max = 5;
    c->throttle = throttle_open(arena, c->options.tries_max);
    c->budget = read_budget_open(arena);
    c->reads = c->budget ? read_log_open(arena, store, c->budget, c->options.read_log_days) : NULL;
    if (!c->throttle || !c->reads || pthread_mutex_init(&c->lock, NULL) != 0) {
        throttle_close(c->throttle);
        read_log_close(c->reads);
        read_budget_close(c->budget);
        return error_no_memory();
    }
    *made = c;
    return NULL;
}

void access_close(access_control *access)
{
    if (!access)
        return;
    read_log_close(access->reads);
    read_budget_close(access->budget);
    for (size_t i = 0; i < ACTORS_MAX; i++)
        access_actor_release(access->slots[i]);
    throttle_close(access->throttle);
    pthread_mutex_destroy(&access->lock);
}

kt_error *forbidden_login(arena *arena)
{
    return kt_hint(error_make(arena, KT_FORBIDDEN, NULL, "you are not logged in", "brak zalogowania"),
        "Log in by session.login and send its token.",
        "Zaloguj się przez session.login i wysyłaj otrzymany token.");
}

kt_error *forbidden_factor(arena *arena)
{
    return kt_hint(error_make(arena, KT_FORBIDDEN, NULL, "your role demands a second factor first",
                       "twoja rola wymaga najpierw drugiego składnika"),
        "Set one by access.factor.enrol and access.factor.confirm.",
        "Ustaw go przez access.factor.enrol i access.factor.confirm.");
}

/* ---- Cache ---- */

static access_actor **set_of(access_control *control, const uint8_t hash[TOKEN_HASH_BYTES])
{
    size_t at = ((size_t)hash[0] << 8 | hash[1]) % (ACTORS_MAX / ACTORS_WAYS);
    return &control->slots[at * ACTORS_WAYS];
}

/* Moves the slot to the front of its set. */
static void to_front(access_actor **set, size_t way)
{
    access_actor *actor = set[way];
    memmove(set + 1, set, way * sizeof *set);
    set[0] = actor;
}

static bool is_of(const access_actor *actor, const uint8_t hash[TOKEN_HASH_BYTES])
{
    return actor && sodium_memcmp(actor->hash, hash, TOKEN_HASH_BYTES) == 0;
}

static access_actor *cache_find(access_control *control, const uint8_t hash[TOKEN_HASH_BYTES], uint64_t epoch,
    uint64_t company, const model_catalogue *catalogue)
{
    access_actor *found = NULL;
    pthread_mutex_lock(&control->lock);
    access_actor **set = set_of(control, hash);
    for (size_t way = 0; way < ACTORS_WAYS && !found; way++) {
        if (!is_of(set[way], hash) || set[way]->epoch != epoch || set[way]->chosen != company ||
            set[way]->catalogue != catalogue)
            continue;
        found = actor_hold(set[way]);
        to_front(set, way);
    }
    pthread_mutex_unlock(&control->lock);
    return found;
}

/* Takes the place of the same token's stale rights, else of those that were not used for longest. */
static void cache_put(access_control *control, access_actor *actor)
{
    access_actor *kept = actor_hold(actor);
    pthread_mutex_lock(&control->lock);
    access_actor **set = set_of(control, actor->hash);
    size_t way = 0;
    while (way < ACTORS_WAYS - 1 && set[way] && !is_of(set[way], actor->hash))
        way++;
    access_actor *old = set[way];
    if (is_of(old, actor->hash))
        atomic_store(&actor->touched_ms, atomic_load(&old->touched_ms));
    set[way] = kept;
    to_front(set, way);
    pthread_mutex_unlock(&control->lock);
    access_actor_release(old);
}

void access_changed(access_control *access, const model_change *changes)
{
    bool rights = false;
    for (const model_change *c = changes; c && !rights; c = c->next)
        rights = str_is(c->entity->module, "access") && !str_is(c->entity->name, "access.read_log");
    for (size_t i = 0; rights && i < ACTORS_MAX;
         i++) { /* stale by their epoch anyway: this frees the memory */
        pthread_mutex_lock(&access->lock);
        access_actor *old = access->slots[i];
        access->slots[i] = NULL;
        pthread_mutex_unlock(&access->lock);
        access_actor_release(old);
    }
}

/* ---- Tokens ---- */

/* Finds whom a token speaks for. *user or *key is 0 otherwise. */
static kt_error *token_owner(access_control *access, kt_tx *tx, const uint8_t hash[TOKEN_HASH_BYTES],
    bool is_key, session *session, uint64_t *user, uint64_t *key)
{
    *user = *key = 0;
    if (is_key)
        return key_get(tx->view, hash, tx->now, key);
    bool found = false;
    KT_TRY(session_get(tx->view, hash, session, &found));
    if (found && tx->now.ms < session_end(access, session).ms)
        *user = session->user;
    return NULL;
}

kt_error *access_authenticate(
    access_control *access, kt_tx *tx, kt_str token, kt_str remote, const access_actor **actor)
{
    *actor = NULL;
    uint8_t hash[TOKEN_HASH_BYTES];
    bool is_key;
    if (!token_hash(token, hash, &is_key))
        return forbidden_login(tx->arena);
    session session = {0};
    uint64_t user, key, epoch = 0;
    KT_TRY(token_owner(access, tx, hash, is_key, &session, &user, &key));
    if (!user && !key)
        return forbidden_login(tx->arena);
    if (!store_memo_find(&access->epoch, tx->view, &epoch)) {
        KT_TRY(epoch_read(tx->view, &epoch));
        store_memo_keep(&access->epoch, tx->view, epoch);
    }
    access_actor *found = cache_find(access, hash, epoch, session.company, tx->catalogue);
    if (!found) {
        KT_TRY(actor_compile(access, tx, user, key, session.company, &found));
        if (!found)
            return forbidden_login(tx->arena);
        memcpy(found->hash, hash, sizeof hash);
        cache_put(access, found);
    }
    if (found->key_expires.day && zone_date(found->zone, tx->now).day > found->key_expires.day) {
        access_actor_release(found);
        return forbidden_login(tx->arena);
    }
    if (!key_may_come_from(found->networks, found->network_count, remote)) {
        access_actor_release(found);
        log_line(KT_LOG_WARN, "access", "key event=refused_address key=%llu remote=%.*s",
            (unsigned long long)key, STR_ARG(remote));
        return error_make(tx->arena, KT_FORBIDDEN, NULL, "this key may not be used from %.*s",
            "tego klucza nie wolno używać z adresu %.*s", STR_ARG(remote));
    }
    if (key && remote.ptr)
        key_touch(access, found, tx, remote);
    else if (remote.ptr)
        session_touch(access, found, &session, tx->now);
    *actor = found;
    return NULL;
}

kt_error *access_stand_in(access_control *access, kt_tx *tx, uint64_t user, uint64_t company, kt_str grants,
    const access_actor **actor)
{
    grant_list list;
    access_actor *made = NULL;
    *actor = NULL;
    KT_TRY(grants_parse(tx->arena, grants, "rights", &list));
    KT_TRY(actor_compile_held(access, tx, user, company, grants, &made));
    if (!made)
        return kt_fail(tx, KT_FORBIDDEN, "owner", "user %llu is not there, or not active",
            "użytkownika %llu nie ma lub nie jest aktywny", (unsigned long long)user);
    *actor = made;
    return NULL;
}

bool access_is_current(const access_actor *actor, kt_tx *tx)
{
    uint64_t epoch = 0;
    return actor->catalogue == tx->catalogue && !epoch_read(tx->view, &epoch) && epoch == actor->epoch;
}

void access_begin(kt_tx *tx, const access_actor *actor)
{
    tx->guard = &access_guard;
    tx->actor = actor;
    if (!actor)
        return;
    kt_error *error = tx->shown ? NULL : read_log_begin(tx);
    tx->doomed = tx->doomed ? tx->doomed : error;
    tx->user = actor->user;
    tx->company = actor->company;
    tx->lang = actor->lang;
    tx->zone = actor->zone;
}

void access_shown(
    access_control *access, const kt_tx *tx, kt_str remote, kt_str method, const variant *params)
{
    const access_actor *actor = actor_of(tx);
    if (actor)
        read_log_note(access->reads, tx, actor->key, remote, method, params);
}

void access_listen(access_control *access, const access_listeners *listeners)
{
    read_log_listen(access->reads, listeners);
}

void access_settle(access_control *access)
{
    read_log_settle(access->reads);
}

access_identity access_identity_of(const kt_tx *tx)
{
    const access_actor *actor = actor_of(tx);
    return (access_identity){.user = tx->user, .key = actor ? actor->key : 0, .company = tx->company};
}

kt_error *access_act_for(
    access_control *access, kt_tx *tx, const access_identity *identity, const access_actor **actor)
{
    access_actor *made;
    *actor = NULL;
    KT_TRY(actor_compile(access, tx, identity->user, identity->key, identity->company, &made));
    bool expired = made && made->key_expires.day &&
                   zone_date(made->zone, tx->now).day > made->key_expires.day;
    if (expired)
        access_actor_release(made);
    if (!made || expired)
        return error_make(tx->arena, KT_FORBIDDEN, NULL,
            "the user who asked for this is no longer active, or the key has ended",
            "użytkownik, który to zlecił, nie jest już aktywny albo klucz wygasł");
    *actor = made;
    return NULL;
}

static void rejoined_end(void *actor)
{
    access_actor_release(actor);
}

kt_error *access_rejoin(kt_tx *tx)
{
    const access_actor *was = actor_of(tx), *made;
    if (!was || was->catalogue == tx->catalogue)
        return NULL;
    const access_identity who = access_identity_of(tx);
    KT_TRY(access_act_for(was->control, tx, &who, &made));
    if (!arena_at_end(model_lasting(tx), rejoined_end, (void *)(uintptr_t)made)) {
        access_actor_release(made);
        return error_no_memory();
    }
    tx->actor = made;
    return NULL;
}

/* ---- The first start ---- */

kt_error *user_find(kt_tx *tx, kt_str name, uint64_t *id)
{
    *id = 0;
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.user"));
    if (!entity || !name.len)
        return NULL;
    variant cells[3] = {{.kind = VARIANT_STRING, .as.string = KT_STR("name")},
        {.kind = VARIANT_STRING, .as.string = KT_STR("=")}, {.kind = VARIANT_STRING, .as.string = name}};
    variant row = {.kind = VARIANT_ARRAY, .as.array = {cells, 3}},
            all = {.kind = VARIANT_ARRAY, .as.array = {&row, 1}};
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    query_filter *filter = NULL;
    query_rows *rows = NULL;
    kt_error *error = query_filter_read(tx, entity, &all, &filter);
    query_request query = {.entity = entity, .filter = filter, .limit = 1, .right = "read"};
    if (!error)
        error = query_open(tx, &query, &rows);
    model_record user = {0};
    if (!error) {
        error = system_ids_only(rows);
        if (!error && query_next(rows, &user))
            *id = (uint64_t)user.values[MODEL_ID].as.i;
        kt_error *end = query_end(rows);
        error = error ? error : end;
    }
    tx->guard = guard;
    return error;
}

bool access_is_empty(kt_tx *tx)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.user"));
    const model_guard *guard = tx->guard;
    uint64_t count = 0;
    tx->guard = NULL;
    kt_error *error = entity ? query_count(tx, &(query_request){.entity = entity, .right = "read"}, &count)
                             : NULL;
    tx->guard = guard;
    return !error && count == 0; /* a store that cannot be read is not taken for a new one */
}

static variant text(const char *s)
{
    return (variant){.kind = VARIANT_STRING, .as.string = str_of(s)};
}

static kt_error *make(kt_tx *tx, const char *entity, const variant_member *members, size_t n, uint64_t *id)
{
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {members, n}};
    model_record record = {0};
    KT_TRY(model_create(tx, model_entity_find(tx->catalogue, str_of(entity)), &values, &record));
    *id = (uint64_t)record.values[MODEL_ID].as.i;
    return NULL;
}

static kt_error *bootstrap(kt_tx *tx, const char *hash)
{
    uint64_t role, user;
    const variant name = text("admin"), label = text("Administrator"), grants = text("*:* fields *");
    KT_TRY(make(tx, "access.role",
        (variant_member[]){{KT_STR("name"), &name}, {KT_STR("label"), &label}, {KT_STR("grants"), &grants}},
        3, &role));
    const variant id = {.kind = VARIANT_INT, .as.integer = (int64_t)role};
    const variant roles = {.kind = VARIANT_ARRAY, .as.array = {&id, 1}};
    KT_TRY(make(tx, "access.user",
        (variant_member[]){{KT_STR("name"), &name}, {KT_STR("full_name"), &label}, {KT_STR("roles"), &roles}},
        3, &user));
    return password_put(tx->view, user, hash);
}

kt_error *access_bootstrap(kt_tx *tx, kt_str password)
{
    char hash[PASSWORD_HASH_MAX];
    KT_TRY(password_check(tx->arena, password, KT_STR("admin"), "password"));
    if (!password_hash(password, hash))
        return error_no_memory();
    const model_guard *guard = tx->guard;
    tx->guard = NULL;
    kt_error *error = bootstrap(tx, hash);
    tx->guard = guard;
    return error;
}
