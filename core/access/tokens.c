/* tokens.c -- secrets that callers carry. A token is its prefix, 256 random bits and a checksum, so that scanners for
 * leaked secrets recognise it without asking; here a mistyped or made-up one is simply not found.
 * Only the hash is kept: whoever reads the file cannot log in with what stands there. */
#include <sodium.h>

#include "access/control.h"
#include "kit/clock.h"
#include "kit/log.h"

enum { PREFIX_LEN = 3, RANDOM_BYTES = 32, RANDOM_DIGITS = 43, CHECK_DIGITS = 6 };
enum { TOKEN_LEN = PREFIX_LEN + RANDOM_DIGITS + CHECK_DIGITS };
_Static_assert(TOKEN_LEN < TOKEN_TEXT_MAX, "a token fits its buffer");

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* A big-endian number in base 62, least digit last. Changes number. */
static void base62(unsigned char *number, size_t n, char *out, size_t places)
{
    for (size_t place = places; place-- > 0;) {
        unsigned rest = 0;
        for (size_t i = 0; i < n; i++) {
            unsigned value = rest << 8 | number[i];
            number[i] = (unsigned char)(value / 62);
            rest = value % 62;
        }
        out[place] = digits[rest];
    }
}

static void checksum(const char *text, size_t len, char out[CHECK_DIGITS])
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)text, len, NULL, 0);
    base62(hash, 4, out, CHECK_DIGITS);
}

size_t token_make(const char *prefix, char out[TOKEN_TEXT_MAX])
{
    unsigned char secret[RANDOM_BYTES];
    random_bytes(secret, sizeof secret);
    memcpy(out, prefix, PREFIX_LEN);
    base62(secret, sizeof secret, out + PREFIX_LEN, RANDOM_DIGITS);
    checksum(out, PREFIX_LEN + RANDOM_DIGITS, out + PREFIX_LEN + RANDOM_DIGITS);
    out[TOKEN_LEN] = 0;
    sodium_memzero(secret, sizeof secret);
    return TOKEN_LEN;
}

bool token_hash(kt_str token, uint8_t hash[TOKEN_HASH_BYTES], bool *is_key)
{
    *is_key = str_starts(token, KT_STR("kt_"));
    if (token.len != TOKEN_LEN || (!*is_key && !str_starts(token, KT_STR("ks_"))))
        return false;
    crypto_generichash(hash, TOKEN_HASH_BYTES, (const unsigned char *)token.ptr, token.len, NULL, 0);
    return true;
}

/* ---- In the store ---- */

kt_str meta_name(meta_key *key, char table, const void *rest, size_t n)
{
    key->bytes[0] = 'A';
    key->bytes[1] = (uint8_t)table;
    if (n)
        memcpy(key->bytes + 2, rest, n);
    return (kt_str){(const char *)key->bytes, 2 + n};
}

kt_str meta_name_u64(meta_key *key, char table, uint64_t id)
{
    uint8_t bytes[8];
    put_u64(bytes, id);
    return meta_name(key, table, bytes, sizeof bytes);
}

void put_u64(uint8_t *bytes, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        bytes[i] = (uint8_t)value;
}

uint64_t get_u64(const void *from)
{
    const uint8_t *bytes = from;
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

kt_error *epoch_read(store_view *view, uint64_t *epoch)
{
    kt_str value = {0};
    KT_TRY(store_get(view, STORE_META, KT_STR("Ae"), &value));
    *epoch = value.len == 8 ? get_u64(value.ptr) : 0;
    return NULL;
}

kt_error *epoch_advance(store_view *view)
{
    uint64_t epoch = 0;
    uint8_t value[8];
    KT_TRY(epoch_read(view, &epoch));
    put_u64(value, epoch + 1);
    return store_put(view, STORE_META, KT_STR("Ae"), (kt_str){(const char *)value, sizeof value});
}

/* ---- Sessions: user, created, seen, ends, company as u64, then the remote address ---- */

enum { SESSION_HEAD = 40, REMOTE_MAX = 64 };

kt_error *session_put(store_view *view, const uint8_t hash[TOKEN_HASH_BYTES], const session *s)
{
    meta_key k;
    uint8_t value[SESSION_HEAD + REMOTE_MAX];
    put_u64(value, s->user);
    put_u64(value + 8, (uint64_t)s->created.ms);
    put_u64(value + 16, (uint64_t)s->seen.ms);
    put_u64(value + 24, (uint64_t)s->ends.ms);
    put_u64(value + 32, s->company);
    size_t n = s->remote.len < REMOTE_MAX ? s->remote.len : REMOTE_MAX;
    if (n)
        memcpy(value + SESSION_HEAD, s->remote.ptr, n);
    return store_put(view, STORE_META, meta_name(&k, 's', hash, TOKEN_HASH_BYTES),
        (kt_str){(const char *)value, SESSION_HEAD + n});
}

static bool session_decode(kt_str value, session *s)
{
    if (value.len < SESSION_HEAD)
        return false;
    *s = (session){.user = get_u64(value.ptr),
        .created = {(int64_t)get_u64(value.ptr + 8)},
        .seen = {(int64_t)get_u64(value.ptr + 16)},
        .ends = {(int64_t)get_u64(value.ptr + 24)},
        .company = get_u64(value.ptr + 32),
        .remote = {value.ptr + SESSION_HEAD, value.len - SESSION_HEAD}};
    return true;
}

kt_error *session_get(store_view *view, const uint8_t hash[TOKEN_HASH_BYTES], session *s, bool *found)
{
    meta_key k;
    kt_str value = {0};
    KT_TRY(store_get(view, STORE_META, meta_name(&k, 's', hash, TOKEN_HASH_BYTES), &value));
    *found = value.ptr && session_decode(value, s);
    return NULL;
}

kt_error *session_delete(store_view *view, const uint8_t hash[TOKEN_HASH_BYTES])
{
    meta_key k;
    return store_delete(view, STORE_META, meta_name(&k, 's', hash, TOKEN_HASH_BYTES));
}

kt_error *session_scan(store_view *view, const uint8_t *from, store_cursor **cursor)
{
    meta_key k;
    kt_str start = meta_name(&k, 's', from, from ? TOKEN_HASH_BYTES : 0);
    return store_scan(view, STORE_META, start, KT_STR("At"), false, cursor);
}

bool session_next(store_cursor *cursor, uint8_t hash[TOKEN_HASH_BYTES], session *s)
{
    kt_str key, value;
    while (store_next(cursor, &key, &value)) {
        if (key.len != 2 + TOKEN_HASH_BYTES || !session_decode(value, s))
            continue;
        memcpy(hash, key.ptr + 2, TOKEN_HASH_BYTES);
        return true;
    }
    return false;
}

kt_time session_end(const access_control *control, const session *s)
{
    int64_t idle = s->seen.ms + control->options.session_idle_ms;
    return (kt_time){idle < s->ends.ms ? idle : s->ends.ms};
}

kt_error *session_delete_all(kt_tx *tx, uint64_t user, const uint8_t *except, size_t *count)
{
    store_cursor *cursor = NULL;
    session s;
    uint8_t hash[TOKEN_HASH_BYTES];
    *count = 0;
    KT_TRY(session_scan(tx->view, NULL, &cursor));
    kt_error *error = NULL;
    while (!error && session_next(cursor, hash, &s)) {
        if (s.user != user || (except && memcmp(hash, except, sizeof hash) == 0))
            continue;
        error = session_delete(tx->view, hash);
        ++*count;
    }
    kt_error *end = store_scan_end(cursor);
    return error ? error : end;
}

/* ---- The use of a session ---- */

enum { TOUCH_MS = 60000, TOUCH_ARENA = 1 << 20 };

typedef struct {
    store_job job; /* first */
    uint8_t hash[TOKEN_HASH_BYTES];
    kt_time now;
} touch_job;

static kt_error *touch_body(store_job *job, store_view *view)
{
    touch_job *touch = (touch_job *)job;
    session s;
    bool found = false;
    KT_TRY(session_get(view, touch->hash, &s, &found));
    if (!found || s.seen.ms >= touch->now.ms) /* logged out meanwhile */
        return NULL;
    s.seen = touch->now;
    return session_put(view, touch->hash, &s);
}

static void touch_done(store_job *job, store_result result)
{
    if (result != STORE_DONE) /* the session only seems idle for longer: the next call tries again */
        log_line(KT_LOG_WARN, "access", "session event=not_touched reason=\"%s\"",
            job->error ? error_text(job->error) : "not written");
    arena_close(job->arena);
}

void session_touch(access_control *control, access_actor *actor, const session *s, kt_time now)
{
    int64_t before = atomic_load(&actor->touched_ms), last = before > s->seen.ms ? before : s->seen.ms;
    if (now.ms - last < TOUCH_MS || !atomic_compare_exchange_strong(&actor->touched_ms, &before, now.ms))
        return;
    arena *arena = arena_open(TOUCH_ARENA);
    touch_job *touch = arena ? ARENA_NEW(arena, touch_job) : NULL;
    if (!touch) {
        arena_close(arena);
        return;
    }
    touch->job = (store_job){.body = touch_body, .done = touch_done, .arena = arena};
    touch->now = now;
    memcpy(touch->hash, actor->hash, sizeof touch->hash);
    kt_error *busy = store_submit(control->store, &touch->job);
    if (busy) /* an overloaded writer is not kept busier: the next call tries again */
        arena_close(arena);
}
