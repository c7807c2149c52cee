/* factor.c -- the second factor: enrolled with the password, confirmed by a first code, used at each login.
 *
 * The authenticator's secret must be read again for each code, so it is not hashed but sealed, under a key
 * made of the server's master key and bound to the user: who takes the file alone cannot make codes.
 * Recovery codes are random, so a plain hash keeps them. */
#include "access/factor.h"

#include <assert.h>
#include <sodium.h>

#include "access/methods.h"
#include "access/totp.h"
#include "access/vault.h"
#include "kit/clock.h"
#include "kit/log.h"

enum { RECOVERY_CODES = 10, RECOVERY_HASH = 16 };
enum { FACTOR_PENDING = 1, FACTOR_SET };

/* As it is stored: bytes alone, so without padding. */
typedef struct {
    uint8_t state;
    uint8_t last[8]; /* the step of the last code that was used */
    uint8_t sealed[TOTP_SECRET_BYTES + VAULT_SEAL_BYTES];
    uint8_t recovery[RECOVERY_CODES][RECOVERY_HASH]; /* all zero: used */
} factor;

static const uint8_t used_up[RECOVERY_HASH] = {0};

/* ---- Kept ---- */

static kt_error *factor_get(store_view *view, uint64_t user, factor *f, bool *found)
{
    meta_key key;
    kt_str value = {0};
    KT_TRY(store_get(view, STORE_META, meta_name_u64(&key, 'f', user), &value));
    *found = value.len == sizeof *f;
    if (*found)
        memcpy(f, value.ptr, sizeof *f);
    return NULL;
}

static kt_error *factor_put(store_view *view, uint64_t user, const factor *f)
{
    meta_key key;
    return store_put(view, STORE_META, meta_name_u64(&key, 'f', user), (kt_str){(const char *)f, sizeof *f});
}

kt_error *factor_forget(store_view *view, uint64_t user)
{
    meta_key key;
    return store_delete(view, STORE_META, meta_name_u64(&key, 'f', user));
}

kt_error *factor_is_set(store_view *view, uint64_t user, bool *set)
{
    factor f;
    bool found;
    KT_TRY(factor_get(view, user, &f, &found));
    *set = found && f.state == FACTOR_SET;
    return NULL;
}

static const char purpose[] = "kontor second factor";

static kt_error *secret_seal(kt_tx *tx, uint64_t user, const uint8_t secret[TOTP_SECRET_BYTES], factor *f)
{
    uint8_t bound[8];
    put_u64(bound, user);
    return vault_seal(tx, purpose, (kt_str){(const char *)bound, sizeof bound},
        (kt_str){(const char *)secret, TOTP_SECRET_BYTES}, f->sealed);
}

static kt_error *secret_open(kt_tx *tx, uint64_t user, const factor *f, uint8_t secret[TOTP_SECRET_BYTES])
{
    uint8_t bound[8];
    put_u64(bound, user);
    kt_error *error = vault_open(tx, purpose, (kt_str){(const char *)bound, sizeof bound},
        (kt_str){(const char *)f->sealed, sizeof f->sealed}, secret);
    return error && error->first->kind == KT_STORAGE
               ? kt_fail(tx, KT_STORAGE, NULL, "the second factor of user %llu was changed outside",
                     "drugi składnik użytkownika %llu zmieniono z zewnątrz", (unsigned long long)user)
               : error;
}

/* ---- Codes ---- */

kt_error *factor_needed(arena *arena)
{
    return kt_hint(error_make(arena, KT_FORBIDDEN, "code", "a code of the second factor is needed",
                       "potrzebny jest kod drugiego składnika"),
        "Send code: the six digits of the authenticator, or a recovery code.",
        "Wyślij code: sześć cyfr z aplikacji uwierzytelniającej albo kod zapasowy.");
}

static kt_error *code_wrong(arena *arena)
{
    return kt_hint(error_make(arena, KT_FORBIDDEN, "code", "the code is wrong or was used already",
                       "kod jest błędny lub był już użyty"),
        "Wait for the next code of the authenticator; its clock must be right.",
        "Poczekaj na następny kod aplikacji; jej zegar musi być dokładny.");
}

kt_error *factor_failed(access_control *control, kt_str account, kt_str remote, kt_error *error)
{
    if (!error || !error->first->path || strcmp(error->first->path, "code") != 0)
        return error;
    throttle_failed(control->throttle, account, remote, clock_monotonic_ms());
    log_line(KT_LOG_WARN, "access", "second_factor event=refused remote=%.*s", STR_ARG(remote));
    return error;
}

static void recovery_hash(const char code[RECOVERY_CHARS], uint64_t user, uint8_t out[RECOVERY_HASH])
{
    uint8_t whose[8];
    crypto_generichash_state state;
    put_u64(whose, user);
    crypto_generichash_init(&state, NULL, 0, RECOVERY_HASH);
    crypto_generichash_update(&state, whose, sizeof whose);
    crypto_generichash_update(&state, (const uint8_t *)code, RECOVERY_CHARS);
    crypto_generichash_final(&state, out, RECOVERY_HASH);
}

/* Strikes a recovery code out. false: it is none of those left */
static bool recovery_use(factor *f, uint64_t user, kt_str typed)
{
    char code[RECOVERY_CHARS];
    uint8_t hash[RECOVERY_HASH];
    bool found = false;
    if (!recovery_read(typed, code))
        return false;
    recovery_hash(code, user, hash);
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        if (sodium_memcmp(f->recovery[i], hash, sizeof hash) != 0)
            continue;
        memset(f->recovery[i], 0, sizeof hash);
        found = true;
    }
    return found;
}

static kt_error *code_use(kt_tx *tx, uint64_t user, factor *f, kt_str code)
{
    uint8_t secret[TOTP_SECRET_BYTES];
    uint64_t step;
    KT_TRY(secret_open(tx, user, f, secret));
    bool good = totp_find(secret, code, tx->now, get_u64(f->last), &step);
    sodium_memzero(secret, sizeof secret);
    if (good)
        put_u64(f->last, step);
    return good || (f->state == FACTOR_SET && recovery_use(f, user, code)) ? NULL : code_wrong(tx->arena);
}

kt_error *factor_use(kt_tx *tx, uint64_t user, kt_str code)
{
    factor f;
    bool found;
    KT_TRY(factor_get(tx->view, user, &f, &found));
    if (!found || f.state != FACTOR_SET)
        return NULL;
    KT_TRY(code_use(tx, user, &f, code));
    return factor_put(tx->view, user, &f);
}

/* ---- Methods. PLAIN, so that no answer with a secret is kept under an idempotency key. ---- */

typedef struct {
    method_call *call;
    kt_str name; /* of the user */
    uint64_t user;
    char hash[PASSWORD_HASH_MAX];
    bool set;
    uint8_t secret[TOTP_SECRET_BYTES];
    char recovery[RECOVERY_CODES][RECOVERY_TEXT_MAX];
} change;

static kt_error *change_find(kt_tx *tx, void *context)
{
    change *c = context;
    model_record record = {0};
    bool found;
    KT_TRY(credentials_of(tx, variant_get(c->call->params, "user"), &c->user));
    KT_TRY(
        system_read(tx, model_entity_find(tx->catalogue, KT_STR("access.user")), c->user, &record, &found));
    c->name = found ? arena_str(c->call->arena, record_str(&record, "name")) : (kt_str){0};
    KT_TRY(factor_is_set(tx->view, c->user, &c->set));
    return password_get(tx->view, c->user, c->hash);
}

/* The common beginning: whose factor it is, and that a person asks. */
static kt_error *change_begin(method_call *call, change **made)
{
    change *c = *made = ARENA_NEW(call->arena, change);
    if (!c)
        return error_no_memory();
    c->call = call;
    if (str_starts(call->token, KT_STR("kt_")))
        return error_make(
            call->arena, KT_FORBIDDEN, NULL, "a key has no second factor", "klucz nie ma drugiego składnika");
    KT_TRY(call->rooms->read(call, change_find, c));
    return throttled(call->rooms->access, call->arena, c->name, call->remote);
}

/* Notes on the user since when there is a factor; not set: there is none. Rights are compiled anew. */
static kt_error *note(kt_tx *tx, uint64_t user, bool set)
{
    char at[TIME_TEXT_MAX];
    const variant now = {.kind = VARIANT_STRING, .as.string = {at, time_text(tx->now, at)}},
                  none = {.kind = VARIANT_NULL};
    const variant_member member = {KT_STR("second_factor_since"), set ? &now : &none};
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {&member, 1}};
    model_record record = {0};
    tx->guard = NULL; /* one's own, whoever may write the field */
    return model_update(
        tx, model_entity_find(tx->catalogue, KT_STR("access.user")), user, 0, &values, &record);
}

static kt_error *enrol_write(kt_tx *tx, void *context)
{
    change *c = context;
    factor f = {.state = FACTOR_PENDING};
    bool set;
    KT_TRY(factor_is_set(tx->view, c->user, &set));
    if (set)
        return kt_hint(error_make(tx->arena, KT_BAD_STATE, NULL, "there is a second factor already",
                           "drugi składnik już jest ustawiony"),
            "Remove it first by access.factor.remove.", "Najpierw usuń go przez access.factor.remove.");
    KT_TRY(secret_seal(tx, c->user, c->secret, &f));
    return factor_put(tx->view, c->user, &f);
}

kt_error *factor_enrol(method_call *call)
{
    change *c;
    KT_TRY(change_begin(call, &c));
    KT_TRY(password_prove(call, c->name, c->hash, "password"));
    random_bytes(c->secret, sizeof c->secret);
    kt_error *error = call->rooms->write(call, enrol_write, c);
    if (!error) {
        char text[TOTP_TEXT_MAX];
        totp_secret_text(c->secret, text);
        json_object(call->answer);
        json_member_text(call->answer, "secret", text);
        json_member_str(call->answer, "uri", totp_uri(call->arena, c->name, text));
        json_object_end(call->answer);
        sodium_memzero(text, sizeof text);
    }
    sodium_memzero(c->secret, sizeof c->secret);
    return error;
}

static kt_error *confirm_write(kt_tx *tx, void *context)
{
    change *c = context;
    factor f;
    uint8_t own[TOKEN_HASH_BYTES];
    bool found, is_key;
    size_t ended;
    KT_TRY(factor_get(tx->view, c->user, &f, &found));
    if (!found || f.state != FACTOR_PENDING)
        return kt_hint(error_make(tx->arena, KT_BAD_STATE, NULL, "no second factor waits to be confirmed",
                           "żaden drugi składnik nie czeka na potwierdzenie"),
            "Begin with access.factor.enrol.", "Zacznij od access.factor.enrol.");
    KT_TRY(code_use(tx, c->user, &f, variant_get_str(c->call->params, "code")));
    f.state = FACTOR_SET;
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        char code[RECOVERY_CHARS];
        bool good = recovery_read(str_of(c->recovery[i]), code);
        assert(good);
        recovery_hash(code, c->user, f.recovery[i]);
    }
    KT_TRY(factor_put(tx->view, c->user, &f));
    bool known = token_hash(c->call->token, own, &is_key);
    KT_TRY(session_delete_all(tx, c->user, known ? own : NULL, &ended)); /* made with the password alone */
    return note(tx, c->user, true);
}

kt_error *factor_confirm(method_call *call)
{
    change *c;
    KT_TRY(change_begin(call, &c));
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        recovery_make(c->recovery[i]);
    kt_error *error = factor_failed(
        call->rooms->access, c->name, call->remote, call->rooms->write(call, confirm_write, c));
    if (!error) {
        json_object(call->answer);
        json_key(call->answer, "recovery_codes");
        json_array(call->answer);
        for (size_t i = 0; i < RECOVERY_CODES; i++)
            json_text(call->answer, c->recovery[i]);
        json_array_end(call->answer);
        json_object_end(call->answer);
    }
    sodium_memzero(c->recovery, sizeof c->recovery);
    return error;
}

static kt_error *remove_write(kt_tx *tx, void *context)
{
    change *c = context;
    uint64_t user;
    size_t ended;
    KT_TRY(credentials_of(tx, variant_get(c->call->params, "user"), &user)); /* as it is now */
    if (user == tx->user)
        KT_TRY(factor_use(tx, user, variant_get_str(c->call->params, "code")));
    else
        KT_TRY(session_delete_all(tx, user, NULL, &ended)); /* the telephone may be in other hands */
    KT_TRY(factor_forget(tx->view, user));
    return note(tx, user, false);
}

kt_error *factor_remove(method_call *call)
{
    change *c;
    KT_TRY(change_begin(call, &c));
    if (!c->set)
        return error_make(
            call->arena, KT_BAD_STATE, NULL, "there is no second factor", "nie ma drugiego składnika");
    KT_TRY(
        factor_failed(call->rooms->access, c->name, call->remote, call->rooms->write(call, remove_write, c)));
    json_object(call->answer);
    json_object_end(call->answer);
    return NULL;
}

kt_error *factor_show(method_call *call)
{
    kt_tx *tx = call->tx;
    uint64_t user;
    factor f;
    bool found;
    KT_TRY(credentials_of(tx, variant_get(call->params, "user"), &user));
    KT_TRY(factor_get(tx->view, user, &f, &found));
    bool set = found && f.state == FACTOR_SET;
    int64_t left = 0;
    for (size_t i = 0; set && i < RECOVERY_CODES; i++)
        left += memcmp(f.recovery[i], used_up, sizeof used_up) != 0;
    json_object(call->answer);
    json_member_bool(call->answer, "set", set);
    json_member_int(call->answer, "recovery_codes_left", left);
    json_object_end(call->answer);
    return NULL;
}
