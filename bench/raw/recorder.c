/* bench_recorder -- preloaded into a server, writes down every put, delete and commit that reaches LMDB, from the moment
 * on at which the file of RECORDING exists, to that file. */
#include <dlfcn.h>
#include <lmdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recording.h"

enum { DATABASES = 16 };
#define SHOWN __attribute__((visibility("default"))) /* stands before LMDB's own */

static FILE *file;
static char names[DATABASES][32];
static _Atomic(MDB_txn *) writing;

static void must(bool done, const char *what)
{
    if (done)
        return;
    fprintf(stderr, "bench_recorder: %s\n", what);
    abort();
}

/* The real one behind ours; dlsym gives a pointer to data, and POSIX says that it is one to code. */
#define REAL(function, ...)                                                                                  \
    do {                                                                                                     \
        static __typeof__(&(function)) real;                                                                 \
        if (!real) {                                                                                         \
            void *found = dlsym(RTLD_NEXT, #function);                                                       \
            must(found != NULL, #function);                                                                  \
            memcpy(&real, &found, sizeof real);                                                              \
        }                                                                                                    \
        rc = real(__VA_ARGS__);                                                                              \
    } while (0)

static void tell(uint8_t what, MDB_dbi dbi, const MDB_val *key, const MDB_val *value, bool append)
{
    const struct recorded r = {.key_len = key ? (uint32_t)key->mv_size : 0,
        .value_len = value ? (uint32_t)value->mv_size : 0,
        .what = what,
        .append = append,
        .dbi = (uint16_t)dbi};
    must(fwrite(&r, sizeof r, 1, file) == 1, "write");
    must(!r.key_len || fwrite(key->mv_data, r.key_len, 1, file) == 1, "write");
    must(!r.value_len || fwrite(value->mv_data, r.value_len, 1, file) == 1, "write");
}

/* Looks at the first write of a transaction whether recording has begun. */
static bool recording(MDB_txn *txn)
{
    const char *path = getenv("RECORDING");
    if (!file && writing != txn && path && access(path, F_OK) == 0) {
        file = fopen(path, "wb");
        must(file != NULL, path);
        for (MDB_dbi dbi = 0; dbi < DATABASES; dbi++) {
            MDB_val name = {strlen(names[dbi]), names[dbi]};
            if (name.mv_size)
                tell(DATABASE, dbi, &name, NULL, false);
        }
    }
    writing = txn;
    return file != NULL;
}

SHOWN int mdb_dbi_open(MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *dbi)
{
    int rc;
    REAL(mdb_dbi_open, txn, name, flags, dbi);
    if (rc == 0 && name && *dbi < DATABASES)
        snprintf(names[*dbi], sizeof names[*dbi], "%s", name);
    return rc;
}

SHOWN int mdb_cursor_put(MDB_cursor *cursor, MDB_val *key, MDB_val *data, unsigned flags)
{
    int rc;
    bool records = recording(mdb_cursor_txn(cursor));
    REAL(mdb_cursor_put, cursor, key, data, flags);
    if (rc == 0 && records)
        tell(PUT, mdb_cursor_dbi(cursor), key, data, flags & MDB_APPEND);
    return rc;
}

SHOWN int mdb_cursor_del(MDB_cursor *cursor, unsigned flags)
{
    int rc;
    char bytes[512];
    MDB_val key, value;
    bool records = recording(mdb_cursor_txn(cursor)) &&
                   mdb_cursor_get(cursor, &key, &value, MDB_GET_CURRENT) == 0 && key.mv_size <= sizeof bytes;
    if (records) { /* its page changes */
        memcpy(bytes, key.mv_data, key.mv_size);
        key.mv_data = bytes;
    }
    REAL(mdb_cursor_del, cursor, flags);
    if (rc == 0 && records)
        tell(DELETE, mdb_cursor_dbi(cursor), &key, NULL, false);
    return rc;
}

static void end(MDB_txn *txn, uint8_t what)
{
    if (writing != txn)
        return;
    writing = NULL;
    if (file) {
        tell(what, 0, NULL, NULL, false);
        must(fflush(file) == 0, "write");
    }
}

SHOWN int mdb_txn_commit(MDB_txn *txn)
{
    int rc;
    REAL(mdb_txn_commit, txn);
    end(txn, rc ? ABORT : COMMIT);
    return rc;
}

SHOWN void mdb_txn_abort(MDB_txn *txn)
{
    static void (*real)(MDB_txn *);
    if (!real) {
        void *found = dlsym(RTLD_NEXT, "mdb_txn_abort");
        must(found != NULL, "mdb_txn_abort");
        memcpy(&real, &found, sizeof real);
    }
    end(txn, ABORT);
    real(txn);
}
