/* journal_verify.c -- proves the journal of a Kontor data directory, from docs/journal-format.md alone: it
 * shares no code with the server. Needs liblmdb and libcrypto:
 *
 *     cc -O2 -o journal_verify journal_verify.c -llmdb -lcrypto
 *     ./journal_verify DIR [--checkpoints FILE] [--key HEX]
 *
 *   DIR                the server's data directory, in use or not, or a backup
 *   --checkpoints FILE a copy of checkpoints.log that was kept elsewhere: each line must hold
 *   --key HEX          the public key that all checkpoints must be signed with
 *
 * Says "sound" and ends with 0; or names the first bad entry and why, and ends with 1; ends with 2 if it
 * could not judge. The work is done in a child process, for LMDB aborts on a damaged page: then the entry it
 * was at is named. */
#include <errno.h>
#include <lmdb.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    HASH = 32,
    HEAD = 1 + 4 + HASH + 8 + 8 + 8 + 1, /* format, length, previous, seq, time, user, origin */
    FRAME = 4,                           /* the store's own checksum behind each value */
    CHECKPOINT = 8 + HASH + 32 + 64,     /* time, hash, public key, signature */
    CHUNK = 5000, /* entries in one snapshot: a running server reuses old pages meanwhile */
    ENTRY_MAX = 536870912,
};
enum { SOUND, BAD, UNKNOWN };

typedef struct {
    uint64_t seq, time;
    uint8_t hash[HASH], key[32], signature[64];
} checkpoint;

/* Shared with the parent process. */
typedef struct {
    uint64_t at; /* the entry being read */
    uint64_t entries, checkpoints, first_bad;
    char reason[160];
    uint8_t hash[HASH];
} verdict;

typedef struct {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi journal, meta;
    verdict *v;
    uint8_t *entry; /* room for one that has several parts */
    size_t room;
    const char *anchors; /* file name, or NULL */
    uint8_t key[32];
    bool has_key;
} work;

static uint64_t be(const uint8_t *bytes, unsigned n)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

static int bad(work *w, uint64_t seq, const char *reason)
{
    w->v->first_bad = seq;
    (void)snprintf(w->v->reason, sizeof w->v->reason, "%s", reason);
    return BAD;
}

static int unknown(const char *what, const char *why)
{
    (void)fprintf(stderr, "journal_verify: %s: %s\n", what, why);
    return UNKNOWN;
}

/* ---- Store ---- */

static int store_open(work *w, const char *directory)
{
    char path[4096];
    struct stat found;
    (void)snprintf(path, sizeof path, "%s/store", directory);
    if (stat(path, &found) != 0)
        (void)snprintf(path, sizeof path, "%s", directory);
    int rc = mdb_env_create(&w->env);
    if (!rc)
        rc = mdb_env_set_maxdbs(w->env, 8);
    if (!rc) {
        rc = mdb_env_open(w->env, path, MDB_RDONLY | MDB_NOTLS, 0);
        if (rc == EACCES || rc == EROFS) { /* a copy on a medium that cannot be written has no other user */
            mdb_env_close(w->env);
            rc = mdb_env_create(&w->env);
            if (!rc)
                rc = mdb_env_set_maxdbs(w->env, 8);
            if (!rc)
                rc = mdb_env_open(w->env, path, MDB_RDONLY | MDB_NOTLS | MDB_NOLOCK, 0);
        }
    }
    if (!rc)
        rc = mdb_txn_begin(w->env, NULL, MDB_RDONLY, &w->txn);
    if (!rc)
        rc = mdb_dbi_open(w->txn, "journal", 0, &w->journal);
    if (!rc)
        rc = mdb_dbi_open(w->txn, "meta", 0, &w->meta);
    if (rc)
        return unknown(path, mdb_strerror(rc));
    return SOUND;
}

/* Room for an entry of n bytes. */
static bool make_room(work *w, size_t n)
{
    if (n <= w->room)
        return true;
    uint8_t *grown = n <= ENTRY_MAX ? realloc(w->entry, n) : NULL;
    if (!grown)
        return false;
    w->entry = grown;
    w->room = n;
    return true;
}

/* ---- Checkpoints ---- */

static bool signature_holds(const checkpoint *c)
{
    char hex[2 * HASH + 1], text[200];
    for (int i = 0; i < HASH; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", c->hash[i]);
    int n = snprintf(text, sizeof text, "kontor journal 1\n%llu %s %lld\n", (unsigned long long)c->seq, hex,
        (long long)c->time);
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, c->key, sizeof c->key);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool holds = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                 EVP_DigestVerify(
                     context, c->signature, sizeof c->signature, (const uint8_t *)text, (size_t)n) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return holds;
}

/* Is there a checkpoint of this entry in the store, and does it hold? */
static int checkpoint_check(work *w, uint64_t seq, const uint8_t hash[HASH])
{
    uint8_t name[10] = {'J', 'c'};
    for (int i = 0; i < 8; i++)
        name[2 + i] = (uint8_t)(seq >> (8 * (7 - i)));
    MDB_val key = {sizeof name, name}, value;
    if (mdb_get(w->txn, w->meta, &key, &value) != 0)
        return SOUND;
    checkpoint c = {.seq = seq};
    const uint8_t *at = value.mv_data;
    if (value.mv_size != CHECKPOINT + FRAME)
        return bad(w, seq, "its checkpoint is damaged");
    c.time = be(at, 8);
    memcpy(c.hash, at + 8, HASH);
    memcpy(c.key, at + 8 + HASH, 32);
    memcpy(c.signature, at + 8 + HASH + 32, 64);
    w->v->checkpoints++;
    if (!signature_holds(&c) || (w->has_key && memcmp(c.key, w->key, 32) != 0))
        return bad(w, seq, "its checkpoint's signature does not hold");
    return memcmp(c.hash, hash, HASH) == 0 ? SOUND : bad(w, seq, "its checkpoint signs another hash");
}

static bool unhex(const char *text, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1)
            return false;
        out[i] = (uint8_t)byte;
    }
    return strlen(text) == 2 * n;
}

/* The hash that an entry ends with, as it stands in the store. */
static bool entry_hash(work *w, uint64_t seq, uint8_t hash[HASH])
{
    uint8_t name[10] = {0};
    for (int i = 0; i < 8; i++)
        name[i] = (uint8_t)(seq >> (8 * (7 - i)));
    MDB_val key = {sizeof name, name}, value;
    if (mdb_get(w->txn, w->journal, &key, &value) != 0 || value.mv_size < HEAD + HASH + FRAME)
        return false;
    size_t length = (size_t)be((const uint8_t *)value.mv_data + 1, 4), got = value.mv_size - FRAME;
    uint8_t last[HASH];
    memcpy(last, (const uint8_t *)value.mv_data + got - HASH, HASH);
    for (unsigned part = 1; got < length; part++) { /* the hash may lie across two parts */
        name[8] = (uint8_t)(part >> 8);
        name[9] = (uint8_t)part;
        if (mdb_get(w->txn, w->journal, &key, &value) != 0 || value.mv_size <= FRAME)
            return false;
        size_t n = value.mv_size - FRAME;
        const uint8_t *bytes = value.mv_data;
        if (n >= HASH) {
            memcpy(last, bytes + n - HASH, HASH);
        } else {
            memmove(last, last + n, HASH - n);
            memcpy(last + HASH - n, bytes, n);
        }
        got += n;
    }
    memcpy(hash, last, HASH);
    return got == length;
}

/* Lines "seq hash ms key signature" of a file that nobody could change together with the store. */
static int anchors_check(work *w)
{
    FILE *file = fopen(w->anchors, "r");
    if (!file)
        return unknown(w->anchors, strerror(errno));
    char line[512], hash[70], key[70], signature[140];
    int result = SOUND;
    while (result == SOUND && fgets(line, sizeof line, file)) {
        checkpoint c;
        unsigned long long seq;
        long long time;
        uint8_t stored[HASH];
        if (sscanf(line, "%llu %69s %lld %69s %139s", &seq, hash, &time, key, signature) != 5 ||
            !unhex(hash, c.hash, HASH) || !unhex(key, c.key, 32) || !unhex(signature, c.signature, 64)) {
            result = unknown(w->anchors, "a line is not a checkpoint");
            break;
        }
        c.seq = seq;
        c.time = (uint64_t)time;
        if (!signature_holds(&c) || (w->has_key && memcmp(c.key, w->key, 32) != 0))
            result = unknown(w->anchors, "a line's signature does not hold");
        else if (!entry_hash(w, c.seq, stored))
            result = bad(w, c.seq, "the kept checkpoints have it, the store has not");
        else if (memcmp(stored, c.hash, HASH) != 0)
            result = bad(w, c.seq, "the kept checkpoints have another hash of it");
        w->v->checkpoints++;
    }
    (void)fclose(file);
    return result;
}

/* ---- Entries ---- */

/* Joins the parts of entry seq, the cursor standing at its first. NULL: they do not fit together */
static const uint8_t *entry_join(work *w, MDB_cursor *cursor, MDB_val *value, uint64_t seq, size_t *length)
{
    const uint8_t *first = value->mv_data;
    size_t got = value->mv_size;
    if (got < HEAD + FRAME || first[0] != 1)
        return NULL;
    *length = (size_t)be(first + 1, 4);
    got -= FRAME;
    if (got == *length)
        return first;
    if (got > *length || !make_room(w, *length))
        return NULL;
    memcpy(w->entry, first, got);
    for (unsigned part = 1; got < *length; part++) {
        MDB_val key;
        if (mdb_cursor_get(cursor, &key, value, MDB_NEXT) != 0 || key.mv_size != 10 ||
            value->mv_size <= FRAME)
            return NULL;
        const uint8_t *name = key.mv_data;
        size_t n = value->mv_size - FRAME;
        if (be(name, 8) != seq || be(name + 8, 2) != part || n > *length - got)
            return NULL;
        memcpy(w->entry + got, value->mv_data, n);
        got += n;
    }
    return w->entry;
}

static int entry_check(work *w, const uint8_t *entry, size_t length, uint64_t seq)
{
    uint8_t hash[HASH];
    unsigned n = HASH;
    if (length < HEAD + HASH || be(entry + 5 + HASH, 8) != seq)
        return bad(w, seq, "its bytes are damaged");
    if (memcmp(entry + 5, w->v->hash, HASH) != 0)
        return bad(w, seq, "it does not continue the entry before it");
    if (EVP_Digest(entry, length - HASH, hash, &n, EVP_sha256(), NULL) != 1)
        return unknown("SHA-256", "not available");
    if (memcmp(hash, entry + length - HASH, HASH) != 0)
        return bad(w, seq, "its bytes do not have its hash");
    memcpy(w->v->hash, hash, HASH);
    return checkpoint_check(w, seq, hash);
}

/* Entries from *next on, as many as belong to one snapshot; *next 0: that was the last. */
static int chunk_check(work *w, uint64_t *next)
{
    uint8_t name[10] = {0};
    for (int i = 0; i < 8; i++)
        name[i] = (uint8_t)(*next >> (8 * (7 - i)));
    MDB_cursor *cursor;
    MDB_val key = {sizeof name, name}, value;
    int rc = mdb_cursor_open(w->txn, w->journal, &cursor), result = SOUND;
    if (rc)
        return unknown("journal", mdb_strerror(rc));
    w->v->at = *next;
    rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    for (unsigned n = 0; rc == 0 && result == SOUND && n < CHUNK; n++) {
        const uint8_t *found = key.mv_data;
        size_t length = 0;
        const uint8_t *entry = NULL;
        if (key.mv_size == 10 && be(found, 8) == *next && be(found + 8, 2) == 0)
            entry = entry_join(w, cursor, &value, *next, &length);
        result = entry ? entry_check(w, entry, length, *next)
                       : bad(w, *next, "it is missing, or its parts are");
        if (result != SOUND)
            break;
        w->v->entries++;
        w->v->at = ++*next;
        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    if (result == SOUND && rc == MDB_NOTFOUND)
        *next = 0;
    else if (result == SOUND && rc)
        result = bad(w, *next, "the file is damaged there");
    return result;
}

/* The head record and the last checkpoint tell of entries that were cut off. */
static int end_check(work *w, uint64_t last)
{
    MDB_val key = {2, (uint8_t[]){'J', 'h'}}, value;
    if (mdb_get(w->txn, w->meta, &key, &value) != 0)
        return last == 0 ? SOUND : bad(w, last, "there is no head record");
    const uint8_t *head = value.mv_data;
    if (value.mv_size != 8 + HASH + FRAME)
        return bad(w, last, "the head record is damaged");
    if (be(head, 8) != last)
        return bad(
            w, be(head, 8) < last ? be(head, 8) + 1 : last + 1, "the head record names another last entry");
    if (memcmp(head + 8, w->v->hash, HASH) != 0)
        return bad(w, last, "the head record has another hash");
    uint8_t name[10] = {'J', 'c'};
    for (int i = 0; i < 8; i++)
        name[2 + i] = (uint8_t)((last + 1) >> (8 * (7 - i)));
    key = (MDB_val){sizeof name, name};
    MDB_cursor *cursor;
    if (mdb_cursor_open(w->txn, w->meta, &cursor) != 0)
        return unknown("meta", "cannot be read");
    bool beyond = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE) == 0 && key.mv_size == 10 &&
                  memcmp(key.mv_data, "Jc", 2) == 0;
    mdb_cursor_close(cursor);
    return beyond ? bad(w, last + 1, "a checkpoint signed it, but it is missing") : SOUND;
}

static int verify(work *w, const char *directory)
{
    uint64_t next = 1;
    int result = store_open(w, directory);
    while (result == SOUND) {
        result = chunk_check(w, &next);
        if (result != SOUND || next == 0)
            break;
        mdb_txn_reset(w->txn);
        int rc = mdb_txn_renew(w->txn);
        if (rc)
            return unknown(directory, mdb_strerror(rc));
    }
    if (result == SOUND)
        result = end_check(w, w->v->entries);
    if (result == SOUND && w->anchors)
        result = anchors_check(w);
    return result;
}

/* ---- main ---- */

static int report(const verdict *v, int status)
{
    uint64_t first = v->first_bad;
    const char *reason = v->reason;
    if (!WIFEXITED(status)) {
        first = v->at ? v->at : 1;
        reason = "the file is damaged there: the engine cannot read on";
    } else if (WEXITSTATUS(status) != BAD) {
        if (WEXITSTATUS(status) != SOUND)
            return UNKNOWN;
        (void)printf("sound: %llu entries, %llu checkpoints, head ", (unsigned long long)v->entries,
            (unsigned long long)v->checkpoints);
        for (int i = 0; i < HASH; i++)
            (void)printf("%02x", v->hash[i]);
        (void)printf("\n");
        return SOUND;
    }
    (void)printf("BAD: entry %llu: %s\n", (unsigned long long)first, reason);
    return BAD;
}

int main(int argc, char **argv)
{
    work w = {0};
    const char *directory = NULL;
    bool usage = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--checkpoints") == 0 && i + 1 < argc)
            w.anchors = argv[++i];
        else if (strcmp(argv[i], "--key") == 0 && i + 1 < argc && unhex(argv[i + 1], w.key, 32))
            w.has_key = i++ > 0;
        else if (!directory && argv[i][0] != '-')
            directory = argv[i];
        else
            usage = true;
    }
    if (!directory || usage) {
        (void)fprintf(stderr, "usage: journal_verify DIR [--checkpoints FILE] [--key HEX]\n");
        return UNKNOWN;
    }
    w.v = mmap(NULL, sizeof *w.v, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (w.v == MAP_FAILED)
        return unknown("memory", strerror(errno));
    pid_t child = fork();
    if (child < 0)
        return unknown("fork", strerror(errno));
    if (child == 0)
        _exit(verify(&w, directory));
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return unknown("waitpid", strerror(errno));
    return report(w.v, status);
}
