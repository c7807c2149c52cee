/* passwords.c -- argon2id with OWASP's parameters (t = 2, m = 19 MiB, p = 1). Hashes are kept beside the
 * records, not in them: no query, history, export or backup of the journal can hand one out. */
#include <sodium.h>

#include "access/control.h"
#include "kit/text.h"

static const unsigned long long ops = 2;
static const size_t memory = (size_t)19 << 20;

/* Of nothing: what a login without a user is compared with, so that it takes as long. */
static const char nobody[crypto_pwhash_STRBYTES] =
    "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$IujA0JmM6oCfGFBRcKpG9JT4DF0K+NGzDjBqzP9Jd9A";

kt_error *password_check(arena *arena, kt_str password, kt_str name, const char *path)
{
    if (!text_is_utf8(password) || memchr(password.ptr, 0, password.len))
        return error_make(
            arena, KT_VALIDATION, path, "the password is not valid text", "hasło nie jest poprawnym tekstem");
    if (text_chars(password) < PASSWORD_MIN)
        return error_make(arena, KT_VALIDATION, path, "the password has less than %d characters",
            "hasło ma mniej niż %d znaków", PASSWORD_MIN);
    if (password.len > PASSWORD_MAX)
        return error_make(arena, KT_VALIDATION, path, "the password is longer than %d bytes",
            "hasło jest dłuższe niż %d bajtów", PASSWORD_MAX);
    if (str_eq(password, name))
        return error_make(
            arena, KT_VALIDATION, path, "the password is the login", "hasło jest takie jak login");
    return NULL;
}

bool password_hash(kt_str password, char out[PASSWORD_HASH_MAX])
{
    _Static_assert(PASSWORD_HASH_MAX >= crypto_pwhash_STRBYTES, "a hash fits its buffer");
    return crypto_pwhash_str_alg(
               out, password.ptr, password.len, ops, memory, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool password_matches(const char *hash, kt_str password, bool *stale)
{
    bool known = *hash != 0;
    if (password.len > PASSWORD_MAX)
        password.len = 0;
    bool same = crypto_pwhash_str_verify(
                    known ? hash : nobody, password.ptr ? password.ptr : "", password.len) == 0;
    *stale = known && same && crypto_pwhash_str_needs_rehash(hash, ops, memory) != 0;
    return known && same;
}

kt_error *password_put(store_view *view, uint64_t user, const char *hash)
{
    meta_key key;
    return store_put(view, STORE_META, meta_name_u64(&key, 'p', user), str_of(hash));
}

kt_error *password_get(store_view *view, uint64_t user, char out[PASSWORD_HASH_MAX])
{
    meta_key key;
    kt_str value = {0};
    memset(out, 0, PASSWORD_HASH_MAX);
    KT_TRY(store_get(view, STORE_META, meta_name_u64(&key, 'p', user), &value));
    if (value.len && value.len < PASSWORD_HASH_MAX)
        memcpy(out, value.ptr, value.len);
    return NULL;
}

kt_error *password_forget(store_view *view, uint64_t user)
{
    meta_key key;
    return store_delete(view, STORE_META, meta_name_u64(&key, 'p', user));
}
