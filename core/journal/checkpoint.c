/* checkpoint.c -- signs the head of the journal, so that a chain that was computed anew by somebody without
 * the key, or cut at its end, does not pass. The signed text is fixed in docs/journal-format.md. */
#include "journal/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "kit/clock.h"
#include "kit/disk.h"

static const char key_name[] = "journal.key", log_name[] = "checkpoints.log";

enum {
    HEX_HASH = 2 * JOURNAL_HASH_BYTES + 1,
    HEX_KEY = 2 * CHECKPOINT_KEY_BYTES + 1,
    HEX_SIGN = 2 * CHECKPOINT_SIGN_BYTES + 1,
    STORED_BYTES = 8 + JOURNAL_HASH_BYTES + CHECKPOINT_KEY_BYTES + CHECKPOINT_SIGN_BYTES,
    TEXT_MAX = 200,
};

/* What is signed: "kontor journal 1\n<seq> <hash in hex> <ms since 1970>\n". */
static size_t signed_text(const checkpoint *c, char out[TEXT_MAX])
{
    char hash[HEX_HASH];
    sodium_bin2hex(hash, sizeof hash, c->hash, sizeof c->hash);
    int n = snprintf(out, TEXT_MAX, "kontor journal 1\n%llu %s %lld\n", (unsigned long long)c->seq, hash,
        (long long)c->time.ms);
    return n > 0 ? (size_t)n : 0;
}

bool checkpoint_read(uint64_t seq, kt_str value, checkpoint *c)
{
    if (value.len != STORED_BYTES)
        return false;
    *c = (checkpoint){.seq = seq, .time = {(int64_t)chain_u64(value.ptr)}};
    const char *at = value.ptr + 8;
    memcpy(c->hash, at, sizeof c->hash);
    memcpy(c->key, at += sizeof c->hash, sizeof c->key);
    memcpy(c->signature, at + sizeof c->key, sizeof c->signature);
    char text[TEXT_MAX];
    size_t len = signed_text(c, text);
    return crypto_sign_verify_detached(c->signature, (const unsigned char *)text, len, c->key) == 0;
}

kt_error *checkpoint_find(store_view *view, uint64_t seq, checkpoint *c, bool *found, bool *good)
{
    chain_key from;
    store_cursor *cursor = NULL;
    *found = *good = false;
    KT_TRY(store_scan(
        view, STORE_META, chain_meta_key(&from, "Jc", (kt_str){0}, seq), KT_STR("Jd"), false, &cursor));
    kt_str key, value;
    if (store_next(cursor, &key, &value) && key.len == 10) {
        *found = true;
        *good = checkpoint_read(chain_u64(key.ptr + 2), value, c);
        c->seq = chain_u64(key.ptr + 2);
    }
    return store_scan_end(cursor);
}

/* ---- Making ---- */

static kt_error *file_error(arena *arena, const char *path, int code)
{
    return error_make(arena, KT_UNAVAILABLE, NULL, "%s: %s", "%s: %s", path, strerrordesc_np(code));
}

/* Makes the seed's file at first use. Two starters at once: the one whose file is there first wins. */
static kt_error *seed_make(arena *arena, const char *path)
{
    unsigned char seed[crypto_sign_SEEDBYTES];
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return errno == EEXIST ? NULL : file_error(arena, path, errno);
    random_bytes(seed, sizeof seed);
    int code = disk_save(file, seed, sizeof seed);
    sodium_memzero(seed, sizeof seed);
    if (close(file) != 0 && !code)
        code = errno;
    if (code) {
        unlink(path);
        return file_error(arena, path, code);
    }
    return NULL;
}

static kt_error *key_load(
    arena *arena, const char *directory, unsigned char public[32], unsigned char secret[64])
{
    kt_str path = arena_format(arena, "%s/%s", directory, key_name);
    if (!path.ptr)
        return error_no_memory();
    if (access(path.ptr, F_OK) != 0)
        KT_TRY(seed_make(arena, path.ptr));
    int file = open(path.ptr, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return file_error(arena, path.ptr, errno);
    unsigned char seed[crypto_sign_SEEDBYTES];
    ssize_t n = read(file, seed, sizeof seed);
    close(file);
    if (n != (ssize_t)sizeof seed)
        return error_make(arena, KT_STORAGE, NULL, "%s is no key of %zu bytes",
            "%s nie jest kluczem o %zu bajtach", path.ptr, sizeof seed);
    crypto_sign_seed_keypair(public, secret, seed);
    sodium_memzero(seed, sizeof seed);
    return NULL;
}

typedef struct {
    store_job job; /* first */
    const checkpoint *checkpoint;
} keep_job;

static kt_error *keep_body(store_job *job, store_view *view)
{
    const checkpoint *c = ((keep_job *)job)->checkpoint;
    uint8_t value[STORED_BYTES], *at = value;
    chain_put_u64(at, (uint64_t)c->time.ms);
    memcpy(at += 8, c->hash, sizeof c->hash);
    memcpy(at += sizeof c->hash, c->key, sizeof c->key);
    memcpy(at + sizeof c->key, c->signature, sizeof c->signature);
    chain_key key;
    return store_put(view, STORE_META, chain_meta_key(&key, "Jc", (kt_str){0}, c->seq),
        (kt_str){(const char *)value, sizeof value});
}

static kt_error *keep(store *store, arena *arena, const checkpoint *checkpoint)
{
    keep_job job = {.job = {.body = keep_body, .arena = arena}, .checkpoint = checkpoint};
    if (store_run(store, &job.job) == STORE_DONE)
        return NULL;
    return job.job.error ? job.job.error
                         : error_make(arena, KT_STORAGE, NULL, "the checkpoint was not saved",
                               "punkt kontrolny nie został zapisany");
}

static kt_error *log_append(arena *arena, const char *directory, const checkpoint *c)
{
    char hash[HEX_HASH], key[HEX_KEY], sign[HEX_SIGN];
    sodium_bin2hex(hash, sizeof hash, c->hash, sizeof c->hash);
    sodium_bin2hex(key, sizeof key, c->key, sizeof c->key);
    sodium_bin2hex(sign, sizeof sign, c->signature, sizeof c->signature);
    kt_str path = arena_format(arena, "%s/%s", directory, log_name);
    kt_str line = arena_format(
        arena, "%llu %s %lld %s %s\n", (unsigned long long)c->seq, hash, (long long)c->time.ms, key, sign);
    if (!path.ptr || !line.ptr)
        return error_no_memory();
    int file = open(path.ptr, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0)
        return file_error(arena, path.ptr, errno);
    int code = disk_save(file, line.ptr, line.len);
    close(file);
    return code ? file_error(arena, path.ptr, code) : NULL;
}

static void answer_write(const checkpoint *c, json *answer)
{
    char hash[HEX_HASH], key[HEX_KEY], sign[HEX_SIGN];
    sodium_bin2hex(hash, sizeof hash, c->hash, sizeof c->hash);
    sodium_bin2hex(key, sizeof key, c->key, sizeof c->key);
    sodium_bin2hex(sign, sizeof sign, c->signature, sizeof c->signature);
    json_object(answer);
    json_key(answer, "seq");
    json_uint(answer, c->seq);
    json_member_text(answer, "hash", hash);
    json_key(answer, "at");
    json_time(answer, c->time);
    json_member_text(answer, "key", key);
    json_member_text(answer, "signature", sign);
    json_object_end(answer);
}

/* The head, and whether it is signed already. */
static kt_error *head_find(store *store, arena *arena, chain_head *head, checkpoint *last, bool *is_signed)
{
    store_view *view = NULL;
    bool found = false;
    KT_TRY(store_read(store, arena, &view));
    kt_error *error = chain_head_read(view, head);
    *is_signed = false;
    if (!error && head->seq)
        error = checkpoint_find(view, head->seq, last, &found, is_signed);
    *is_signed = *is_signed && found && last->seq == head->seq &&
                 memcmp(last->hash, head->hash, sizeof head->hash) == 0;
    store_end(view);
    return error;
}

kt_error *journal_checkpoint(store *store, arena *arena, const char *directory, json *answer)
{
    if (!directory)
        return error_make(arena, KT_UNAVAILABLE, NULL, "a store in memory has no key to sign with",
            "magazyn w pamięci nie ma klucza do podpisu");
    chain_head head;
    checkpoint last;
    bool is_signed;
    KT_TRY(head_find(store, arena, &head, &last, &is_signed));
    if (is_signed) {
        answer_write(&last, answer);
        return NULL;
    }
    if (head.seq == 0)
        return error_make(
            arena, KT_BAD_STATE, NULL, "the journal has no entry yet", "dziennik nie ma jeszcze wpisu");
    checkpoint c = {.seq = head.seq, .time = clock_now()};
    memcpy(c.hash, head.hash, sizeof c.hash);
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    KT_TRY(key_load(arena, directory, c.key, secret));
    char text[TEXT_MAX];
    size_t len = signed_text(&c, text);
    crypto_sign_detached(c.signature, NULL, (const unsigned char *)text, len, secret);
    sodium_memzero(secret, sizeof secret);
    KT_TRY(log_append(arena, directory, &c)); /* first: what the store keeps is in the file, too */
    KT_TRY(keep(store, arena, &c));
    answer_write(&c, answer);
    return NULL;
}
