/* keys.c -- API keys: made, rotated, held to addresses, and when each was last used. A rotated key stays the
 * same record, so that its scopes and its history stay; only its secret changes, and the old one is good for
 * a while, until the programs that use it have the new one. */
#include "access/keys.h"

#include <sodium.h>

#include "access/methods.h"
#include "kit/calendar.h"
#include "kit/log.h"

enum { OVERLAP_HOURS = 24, OVERLAP_HOURS_MAX = 30 * 24, HOUR_MS = 3600000, TOUCH_MS = 600000 };
enum { JOB_ARENA = 4 << 20, REMOTE_MAX = 64 };

/* ---- Networks ---- */

kt_error *networks_read(arena *arena, kt_str text, const char *path, network **list, size_t *count)
{
    kt_error *all = NULL;
    *count = 0;
    *list = ARENA_ARRAY(arena, network, KEY_NETWORKS_MAX);
    if (!*list)
        return error_no_memory();
    for (size_t i = 0; i < text.len;) {
        size_t n = strcspn(text.ptr + i, ", \t\r\n");
        kt_str one = {text.ptr + i, n};
        i += n + 1;
        if (!n)
            continue;
        if (*count == KEY_NETWORKS_MAX)
            return error_make(arena, KT_LIMIT, path, "at most %d networks are taken",
                "przyjmowanych jest najwyżej %d sieci", KEY_NETWORKS_MAX);
        if (network_read(one, *list + *count))
            ++*count;
        else
            kt_also(&all, kt_hint(error_make(arena, KT_VALIDATION, path, "%.*s is no address or network",
                                      "%.*s nie jest adresem ani siecią", STR_ARG(one)),
                              "Write 203.0.113.9, 10.0.0.0/8 or 2001:db8::/32; no bits beyond the length.",
                              "Podaj 203.0.113.9, 10.0.0.0/8 albo 2001:db8::/32; bez bitów poza długością."));
    }
    return all;
}

bool key_may_come_from(const network *list, size_t count, kt_str remote)
{
    ip_address address;
    if (!count || !remote.ptr)
        return true;
    if (!ip_address_read(str_is(remote, "ipc") ? KT_STR("127.0.0.1") : remote, &address))
        return false;
    for (size_t i = 0; i < count; i++)
        if (network_has(&list[i], &address))
            return true;
    return false;
}

/* ---- Secrets: hash -> key, until when (ms; 0: no end), both u64 ---- */

static kt_error *secret_put(store_view *view, kt_str name, uint64_t key, kt_time until)
{
    uint8_t value[16];
    put_u64(value, key);
    put_u64(value + 8, (uint64_t)until.ms);
    return store_put(view, STORE_META, name, (kt_str){(const char *)value, sizeof value});
}

static void secret_read(kt_str value, uint64_t *key, kt_time *until)
{
    *key = value.len >= 8 ? get_u64(value.ptr) : 0;
    until->ms = value.len >= 16 ? (int64_t)get_u64(value.ptr + 8) : 0;
}

kt_error *key_put(store_view *view, const uint8_t hash[TOKEN_HASH_BYTES], uint64_t key)
{
    meta_key k;
    return secret_put(view, meta_name(&k, 'k', hash, TOKEN_HASH_BYTES), key, (kt_time){0});
}

kt_error *key_get(store_view *view, const uint8_t hash[TOKEN_HASH_BYTES], kt_time now, uint64_t *key)
{
    meta_key k;
    kt_str value = {0};
    kt_time until;
    KT_TRY(store_get(view, STORE_META, meta_name(&k, 'k', hash, TOKEN_HASH_BYTES), &value));
    secret_read(value, key, &until);
    if (until.ms && now.ms >= until.ms)
        *key = 0;
    return NULL;
}

static kt_error *secret_retire(kt_tx *tx, kt_str name, uint64_t key, kt_time ends, kt_time until)
{
    if (!until.ms || (ends.ms && ends.ms <= tx->now.ms))
        return store_delete(tx->view, STORE_META, name);
    return ends.ms && ends.ms < until.ms ? NULL : secret_put(tx->view, name, key, until);
}

kt_error *key_retire(kt_tx *tx, uint64_t key, kt_time until)
{
    store_cursor *cursor = NULL;
    kt_str name, value;
    kt_error *error = NULL;
    KT_TRY(store_scan(tx->view, STORE_META, KT_STR("Ak"), KT_STR("Al"), false, &cursor));
    while (!error && store_next(cursor, &name, &value)) {
        uint64_t of;
        kt_time ends;
        secret_read(value, &of, &ends);
        if (of == key)
            error = secret_retire(tx, name, key, ends, until);
    }
    kt_error *end = store_scan_end(cursor);
    return error ? error : end;
}

/* ---- The last use ---- */

typedef struct {
    store_job job; /* first */
    const model_catalogue *catalogue;
    const uint8_t *master_key;
    uint64_t key;
    kt_time at;
    char remote[REMOTE_MAX];
} use;

static kt_error *use_body(store_job *job, store_view *view)
{
    const use *u = (const use *)job;
    kt_tx tx;
    KT_TRY(system_begin(&tx, job->arena, view, u->catalogue, u->master_key));
    const model_entity *entity = model_entity_find(tx.catalogue, KT_STR("access.key"));
    model_record record = {0};
    bool found;
    KT_TRY(system_read(&tx, entity, u->key, &record, &found));
    if (!found) /* deleted meanwhile */
        return NULL;
    char text[TIME_TEXT_MAX];
    const variant at = {.kind = VARIANT_STRING, .as.string = {text, time_text(u->at, text)}},
                  from = {.kind = VARIANT_STRING, .as.string = str_of(u->remote)};
    const variant_member members[] = {{KT_STR("last_used_at"), &at}, {KT_STR("last_used_from"), &from}};
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {members, 2}};
    KT_TRY(model_update(&tx, entity, u->key, 0, &values, &record));
    uint64_t seq;
    return system_commit(&tx, &seq);
}

static void use_done(store_job *job, store_result result)
{
    use *u = (use *)job;
    if (result != STORE_DONE)
        log_line(KT_LOG_WARN, "access", "key event=use_not_noted key=%llu reason=\"%s\"",
            (unsigned long long)u->key, job->error ? error_text(job->error) : "not written");
    model_catalogue_release(u->catalogue);
    arena_close(job->arena);
}

void key_touch(access_control *control, access_actor *actor, const kt_tx *tx, kt_str remote)
{
    int64_t before = atomic_load(&actor->touched_ms);
    if (tx->now.ms - before < TOUCH_MS ||
        !atomic_compare_exchange_strong(&actor->touched_ms, &before, tx->now.ms))
        return;
    arena *arena = arena_open(JOB_ARENA);
    use *u = arena ? ARENA_NEW(arena, use) : NULL;
    if (!u) {
        arena_close(arena);
        return;
    }
    u->job = (store_job){.body = use_body, .done = use_done, .arena = arena};
    u->key = actor->key;
    u->at = tx->now;
    u->master_key = tx->master_key;
    memcpy(u->remote, remote.ptr, remote.len < sizeof u->remote ? remote.len : sizeof u->remote - 1);
    u->catalogue = model_catalogue_hold(tx->catalogue);
    kt_error *busy = store_submit(control->store, &u->job);
    if (busy) { /* an overloaded writer is not kept busier */
        model_catalogue_release(u->catalogue);
        arena_close(arena);
    }
}

/* ---- Methods. PLAIN, so that no answer with a secret is kept under an idempotency key. ---- */

typedef struct {
    method_call *call;
    char token[TOKEN_TEXT_MAX];
    uint8_t hash[TOKEN_HASH_BYTES];
    uint64_t id;
    kt_str prefix;
    kt_time old_until; /* of a rotation */
} secret;

static kt_error *secret_begin(method_call *call, secret **made)
{
    secret *s = *made = ARENA_NEW(call->arena, secret);
    bool is_key;
    if (!s)
        return error_no_memory();
    if (str_starts(call->token, KT_STR("kt_")))
        return error_make(
            call->arena, KT_FORBIDDEN, NULL, "a key cannot make keys", "klucz nie może tworzyć kluczy");
    s->call = call;
    token_make("kt_", s->token);
    s->prefix = arena_str(call->arena, (kt_str){s->token, 9});
    return token_hash(str_of(s->token), s->hash, &is_key) ? NULL : error_no_memory();
}

static void secret_answer(secret *s)
{
    json *j = s->call->answer;
    json_object(j);
    json_key(j, "id");
    json_uint(j, s->id);
    json_member_text(j, "secret", s->token);
    json_member_str(j, "prefix", s->prefix);
    if (s->old_until.ms) {
        json_key(j, "old_until");
        json_time(j, s->old_until);
    }
    json_object_end(j);
}

static kt_error *create_write(kt_tx *tx, void *context)
{
    static const char *const given[] = {"name", "scopes", "networks", "expires_on"};
    enum { GIVEN = sizeof given / sizeof *given };
    secret *s = context;
    const variant *params = s->call->params;
    uint64_t user;
    KT_TRY(credentials_of(tx, variant_get(params, "user"), &user));
    const variant id = {.kind = VARIANT_INT, .as.integer = (int64_t)user},
                  prefix = {.kind = VARIANT_STRING, .as.string = s->prefix};
    variant_member members[GIVEN + 2] = {{KT_STR("user"), &id}, {KT_STR("prefix"), &prefix}};
    size_t n = 2;
    for (size_t i = 0; i < GIVEN; i++)
        if (variant_get(params, given[i]))
            members[n++] = (variant_member){str_of(given[i]), variant_get(params, given[i])};
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {members, n}};
    model_record record = {0};
    kt_date ends;
    if (date_parse(variant_get_str(params, "expires_on"), &ends) && ends.day < kt_today(tx).day)
        return kt_fail(tx, KT_VALIDATION, "expires_on", "the key would be of no use: that day is over",
            "klucz byłby bezużyteczny: ten dzień już minął");
    tx->guard = NULL; /* a key gives no more than its user has: everybody may make some for himself */
    KT_TRY(model_create(tx, model_entity_find(tx->catalogue, KT_STR("access.key")), &values, &record));
    s->id = (uint64_t)record.values[MODEL_ID].as.i;
    return key_put(tx->view, s->hash, s->id);
}

kt_error *key_create(method_call *call)
{
    secret *s;
    KT_TRY(secret_begin(call, &s));
    kt_error *error = call->rooms->write(call, create_write, s);
    if (!error)
        secret_answer(s);
    sodium_memzero(s->token, sizeof s->token);
    return error;
}

/* The key that is to be rotated: one's own, or of somebody whose credentials the caller may set. */
static kt_error *key_find(kt_tx *tx, uint64_t id)
{
    model_record record = {0};
    bool found;
    uint64_t user;
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("access.key"));
    KT_TRY(system_read(tx, entity, id, &record, &found));
    const variant of = {.kind = VARIANT_INT, .as.integer = found ? record_int(&record, "user") : 0};
    kt_error *error = credentials_of(tx, &of, &user), *hidden = model_read(tx, entity, id, &record);
    if (found && !error)
        return NULL;
    return found && !hidden
               ? error /* the caller sees the key, but may not set it */
               : error_make(tx->arena, KT_NOT_FOUND, "id", "there is no such key", "nie ma takiego klucza");
}

static kt_error *rotate_write(kt_tx *tx, void *context)
{
    secret *s = context;
    const variant *id = variant_get(s->call->params, "id"),
                  *hours = variant_get(s->call->params, "overlap_hours");
    int64_t overlap = hours ? hours->as.integer : OVERLAP_HOURS;
    if (overlap < 0 || overlap > OVERLAP_HOURS_MAX)
        return error_make(tx->arena, KT_VALIDATION, "overlap_hours", "0 to %d hours were expected, not %lld",
            "oczekiwano od 0 do %d godzin, nie %lld", OVERLAP_HOURS_MAX, (long long)overlap);
    s->id = (uint64_t)id->as.integer;
    KT_TRY(key_find(tx, s->id));
    s->old_until.ms = overlap ? tx->now.ms + overlap * HOUR_MS : 0;
    KT_TRY(key_retire(tx, s->id, s->old_until));
    KT_TRY(key_put(tx->view, s->hash, s->id));
    char text[TIME_TEXT_MAX];
    const variant prefix = {.kind = VARIANT_STRING, .as.string = s->prefix}, none = {.kind = VARIANT_NULL},
                  until = {.kind = VARIANT_STRING, .as.string = {text, time_text(s->old_until, text)}};
    const variant_member members[] = {
        {KT_STR("prefix"), &prefix}, {KT_STR("old_secret_until"), overlap ? &until : &none}};
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {members, 2}};
    model_record record = {0};
    tx->guard = NULL; /* as for a new key */
    return model_update(
        tx, model_entity_find(tx->catalogue, KT_STR("access.key")), s->id, 0, &values, &record);
}

kt_error *key_rotate(method_call *call)
{
    secret *s;
    KT_TRY(secret_begin(call, &s));
    kt_error *error = call->rooms->write(call, rotate_write, s);
    if (!error)
        secret_answer(s);
    sodium_memzero(s->token, sizeof s->token);
    return error;
}
