/* lmdb.c -- the durable engine, in LMDB's safe mode: no NOSYNC, no NOMETASYNC, no WRITEMAP. Three named
 * databases, one a space; read transactions are pooled and renewed, which costs a hundredth of a microsecond.
 *
 * mdb_env_set_mapsize leaves the pointers of open readers dangling, so growing waits until none is open and
 * keeps new ones out meanwhile; readers that do not end within GROW_WAIT_MS make the writer give up for this
 * batch. */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kit/error.h"
#include "store/engine.h"

enum { READERS_MAX = 1024, GROW_WAIT_MS = 2000 };
#define MAP_INITIAL ((size_t)1 << 30)

typedef struct lmdb {
    engine base;
    MDB_env *env;
    MDB_dbi spaces[STORE_SPACES];
    char *path;
    int lock_fd;
    bool relaxed;
    pthread_mutex_t lock;
    pthread_cond_t quiet;
    unsigned readers; /* open read transactions */
    bool growing;
    engine_txn *pool;
    uint64_t commits;
} lmdb;

struct engine_txn {
    lmdb *lmdb;
    MDB_txn *txn;
    bool writes;
    engine_txn *next;
};

struct engine_cursor {
    MDB_cursor *cursor;
};

static const char *const space_names[STORE_SPACES] = {"data", "journal", "meta"};

static engine_code code_of(int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return ENGINE_OK;
    case MDB_NOTFOUND:
        return ENGINE_ABSENT;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
        return ENGINE_FULL;
    case ENOSPC:
    case EDQUOT:
        return ENGINE_NO_SPACE;
    case ENOMEM:
        return ENGINE_MEMORY;
    case MDB_PANIC:
        return ENGINE_BROKEN;
    case MDB_MAP_RESIZED:
    case MDB_READERS_FULL:
        return ENGINE_BUSY;
    default:
        return ENGINE_IO;
    }
}

static MDB_val val_of(kt_str s)
{
    union {
        const char *in;
        void *out;
    } pun = {.in = s.ptr};
    return (MDB_val){s.len, pun.out};
}

static kt_str str_of_val(MDB_val v)
{
    return (kt_str){v.mv_data, v.mv_size};
}

/* ---- Opening and closing ---- */

static int open_spaces(lmdb *l)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(l->env, NULL, 0, &txn);
    if (rc)
        return rc;
    for (int i = 0; i < STORE_SPACES && !rc; i++)
        rc = mdb_dbi_open(txn, space_names[i], MDB_CREATE, &l->spaces[i]);
    if (rc) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

static int open_env(lmdb *l, size_t map)
{
    int dead, rc = mdb_env_create(&l->env);
    if (rc)
        return rc;
    if (!rc)
        rc = mdb_env_set_maxdbs(l->env, STORE_SPACES);
    if (!rc)
        rc = mdb_env_set_maxreaders(l->env, READERS_MAX);
    if (!rc && map)
        rc = mdb_env_set_mapsize(l->env, map);
    if (!rc)
        rc = mdb_env_open(l->env, l->path, MDB_NOTLS | MDB_NORDAHEAD | (l->relaxed ? MDB_NOSYNC : 0u), 0600);
    if (!rc)
        rc = mdb_reader_check(l->env, &dead);
    if (!rc)
        rc = open_spaces(l);
    if (rc) {
        mdb_env_close(l->env);
        l->env = NULL;
    }
    return rc;
}

static size_t map_wanted(const char *query, const store_options *options)
{
    size_t map = options && options->map_initial ? options->map_initial : MAP_INITIAL;
    if (query && strncmp(query, "?map=", 5) == 0) {
        char *unit;
        unsigned long long n = strtoull(query + 5, &unit, 10);
        map = (size_t)n << (*unit == 'K' ? 10 : *unit == 'M' ? 20 : *unit == 'G' ? 30 : 0);
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return map < 16 * page ? 16 * page : map / page * page;
}

/* One process writes a directory. */
static kt_error *take_directory(arena *arena, lmdb *l)
{
    if (mkdir(l->path, 0700) != 0 && errno != EEXIST)
        return error_make(arena, KT_STORAGE, NULL, "cannot make the data directory %s: %s",
            "nie można utworzyć katalogu danych %s: %s", l->path, strerror(errno));
    kt_str name = arena_format(arena, "%s/kontor.lock", l->path);
    l->lock_fd = name.ptr ? open(name.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (l->lock_fd < 0)
        return error_make(arena, KT_STORAGE, NULL, "cannot write to the data directory %s: %s",
            "nie można pisać w katalogu danych %s: %s", l->path, strerror(errno));
    if (flock(l->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return error_make(arena, KT_STORAGE, NULL, "another server uses the data directory %s",
            "inny serwer używa katalogu danych %s", l->path);
    return NULL;
}

static void lmdb_close(engine *e)
{
    lmdb *l = (lmdb *)e;
    while (l->pool) {
        engine_txn *txn = l->pool;
        l->pool = txn->next;
        if (txn->txn)
            mdb_txn_abort(txn->txn);
        free(txn);
    }
    if (l->env) {
        if (l->relaxed)
            mdb_env_sync(l->env, 1);
        mdb_env_close(l->env);
    }
    if (l->lock_fd >= 0)
        close(l->lock_fd);
    pthread_cond_destroy(&l->quiet);
    pthread_mutex_destroy(&l->lock);
    free(l->path);
    free(l);
}

static kt_error *lmdb_open(arena *arena, const char *rest, const store_options *options, engine **out)
{
    const char *query = strchr(rest, '?');
    lmdb *l = calloc(1, sizeof *l);
    if (!l)
        return error_no_memory();
    l->base.ops = &engine_lmdb;
    l->lock_fd = -1;
    l->relaxed = options && options->relaxed;
    l->path = strndup(rest, query ? (size_t)(query - rest) : strlen(rest));
    if (!l->path || pthread_mutex_init(&l->lock, NULL) || pthread_cond_init(&l->quiet, NULL)) {
        free(l->path);
        free(l);
        return error_no_memory();
    }
    kt_error *error = take_directory(arena, l);
    int rc = error ? 0 : open_env(l, map_wanted(query, options));
    if (rc)
        error = error_make(arena, KT_STORAGE, NULL, "cannot open the data files in %s: %s",
            "nie można otworzyć plików danych w %s: %s", l->path, mdb_strerror(rc));
    if (error) {
        lmdb_close(&l->base);
        return error;
    }
    *out = &l->base;
    return NULL;
}

/* ---- Transactions ---- */

static engine_txn *reader_from_pool(lmdb *l)
{
    pthread_mutex_lock(&l->lock);
    while (l->growing)
        pthread_cond_wait(&l->quiet, &l->lock);
    l->readers++;
    engine_txn *txn = l->pool;
    if (txn)
        l->pool = txn->next;
    pthread_mutex_unlock(&l->lock);
    return txn;
}

static void reader_back(lmdb *l, engine_txn *txn)
{
    pthread_mutex_lock(&l->lock);
    if (txn) {
        txn->next = l->pool;
        l->pool = txn;
    }
    if (--l->readers == 0 && l->growing)
        pthread_cond_broadcast(&l->quiet);
    pthread_mutex_unlock(&l->lock);
}

static engine_code begin_reader(lmdb *l, engine_txn **out)
{
    engine_txn *txn = reader_from_pool(l);
    int rc;
    if (txn) {
        rc = mdb_txn_renew(txn->txn);
    } else {
        txn = calloc(1, sizeof *txn);
        rc = txn ? mdb_txn_begin(l->env, NULL, MDB_RDONLY, &txn->txn) : ENOMEM;
    }
    if (rc) {
        if (txn && txn->txn)
            mdb_txn_abort(txn->txn);
        free(txn);
        reader_back(l, NULL);
        return code_of(rc);
    }
    txn->lmdb = l;
    *out = txn;
    return ENGINE_OK;
}

static engine_code lmdb_begin(engine *e, bool writes, engine_txn **out)
{
    lmdb *l = (lmdb *)e;
    if (!l->env)
        return ENGINE_BROKEN;
    if (!writes)
        return begin_reader(l, out);
    engine_txn *txn = calloc(1, sizeof *txn);
    if (!txn)
        return ENGINE_MEMORY;
    int rc = mdb_txn_begin(l->env, NULL, 0, &txn->txn);
    if (rc) {
        free(txn);
        return code_of(rc);
    }
    txn->lmdb = l;
    txn->writes = true;
    *out = txn;
    return ENGINE_OK;
}

static void lmdb_end(engine_txn *txn)
{
    if (txn->writes) {
        mdb_txn_abort(txn->txn);
        free(txn);
    } else {
        mdb_txn_reset(txn->txn);
        reader_back(txn->lmdb, txn);
    }
}

static engine_code lmdb_commit(engine_txn *txn)
{
    lmdb *l = txn->lmdb;
    int rc = mdb_txn_commit(txn->txn);
    free(txn);
    if (rc == 0)
        l->commits++;
    return code_of(rc);
}

/* ---- Reading and writing ---- */

static engine_code lmdb_get(engine_txn *txn, store_space space, kt_str key, kt_str *raw)
{
    MDB_val k = val_of(key), v;
    int rc = mdb_get(txn->txn, txn->lmdb->spaces[space], &k, &v);
    if (rc == 0)
        *raw = str_of_val(v);
    return code_of(rc);
}

static engine_code lmdb_put(engine_txn *txn, store_space space, kt_str key, kt_str raw)
{
    MDB_val k = val_of(key), v = val_of(raw);
    MDB_dbi dbi = txn->lmdb->spaces[space];
    if (space == STORE_JOURNAL) { /* keys rise: appending fills pages and costs half */
        int rc = mdb_put(txn->txn, dbi, &k, &v, MDB_APPEND);
        if (rc != MDB_KEYEXIST)
            return code_of(rc);
    }
    return code_of(mdb_put(txn->txn, dbi, &k, &v, 0));
}

static engine_code lmdb_remove(engine_txn *txn, store_space space, kt_str key)
{
    MDB_val k = val_of(key);
    int rc = mdb_del(txn->txn, txn->lmdb->spaces[space], &k, NULL);
    return rc == MDB_NOTFOUND ? ENGINE_OK : code_of(rc);
}

static engine_code lmdb_cursor(engine_txn *txn, store_space space, arena *arena, engine_cursor **out)
{
    engine_cursor *c = ARENA_NEW(arena, engine_cursor);
    if (!c)
        return ENGINE_MEMORY;
    *out = c;
    return code_of(mdb_cursor_open(txn->txn, txn->lmdb->spaces[space], &c->cursor));
}

static engine_code cursor_move(engine_cursor *c, MDB_cursor_op op, kt_str at, kt_str *key, kt_str *raw)
{
    MDB_val k = val_of(at), v;
    int rc = mdb_cursor_get(c->cursor, &k, &v, op);
    if (rc == 0) {
        *key = str_of_val(k);
        *raw = str_of_val(v);
    }
    return code_of(rc);
}

static engine_code lmdb_seek(engine_cursor *c, engine_seek how, kt_str at, kt_str *key, kt_str *raw)
{
    if (how == SEEK_AT_OR_AFTER)
        return at.len ? cursor_move(c, MDB_SET_RANGE, at, key, raw) : cursor_move(c, MDB_FIRST, at, key, raw);
    if (!at.ptr || cursor_move(c, MDB_SET_RANGE, at, key, raw) == ENGINE_ABSENT)
        return cursor_move(c, MDB_LAST, (kt_str){0}, key, raw);
    return cursor_move(c, MDB_PREV, (kt_str){0}, key, raw);
}

static engine_code lmdb_step(engine_cursor *c, bool reverse, kt_str *key, kt_str *raw)
{
    return cursor_move(c, reverse ? MDB_PREV : MDB_NEXT, (kt_str){0}, key, raw);
}

static void lmdb_cursor_end(engine_cursor *c)
{
    if (c->cursor)
        mdb_cursor_close(c->cursor);
    c->cursor = NULL;
}

/* ---- Growth, care ---- */

static void in_ms(struct timespec *at, long ms)
{
    clock_gettime(CLOCK_REALTIME, at);
    at->tv_sec += ms / 1000;
    at->tv_nsec += ms % 1000 * 1000000;
    if (at->tv_nsec >= 1000000000) {
        at->tv_nsec -= 1000000000;
        at->tv_sec++;
    }
}

/* Keeps new readers out and waits for those that run. returns false: they do not end */
static bool stop_readers(lmdb *l)
{
    struct timespec until;
    in_ms(&until, GROW_WAIT_MS);
    pthread_mutex_lock(&l->lock);
    l->growing = true;
    while (l->readers && pthread_cond_timedwait(&l->quiet, &l->lock, &until) == 0)
        continue;
    bool quiet = l->readers == 0;
    if (!quiet) {
        l->growing = false;
        pthread_cond_broadcast(&l->quiet);
    }
    pthread_mutex_unlock(&l->lock);
    return quiet;
}

static void start_readers(lmdb *l)
{
    pthread_mutex_lock(&l->lock);
    l->growing = false;
    pthread_cond_broadcast(&l->quiet);
    pthread_mutex_unlock(&l->lock);
}

static void empty_pool(lmdb *l)
{
    while (l->pool) {
        engine_txn *txn = l->pool;
        l->pool = txn->next;
        mdb_txn_abort(txn->txn);
        free(txn);
    }
}

static engine_code lmdb_grow(engine *e)
{
    lmdb *l = (lmdb *)e;
    MDB_envinfo info;
    if (!stop_readers(l))
        return ENGINE_BUSY;
    mdb_env_info(l->env, &info);
    int rc = mdb_env_set_mapsize(l->env, info.me_mapsize * 2);
    start_readers(l);
    return code_of(rc);
}

static engine_code lmdb_reopen(engine *e)
{
    lmdb *l = (lmdb *)e;
    if (!stop_readers(l))
        return ENGINE_BUSY;
    empty_pool(l);
    if (l->env)
        mdb_env_close(l->env);
    l->env = NULL;
    int rc = open_env(l, 0);
    start_readers(l);
    return code_of(rc);
}

static engine_code lmdb_stat(engine *e, store_stat *stat)
{
    lmdb *l = (lmdb *)e;
    MDB_envinfo info;
    engine_txn *txn;
    mdb_env_info(l->env, &info);
    engine_code code = begin_reader(l, &txn);
    if (code != ENGINE_OK)
        return code;
    stat->map_bytes = info.me_mapsize;
    stat->readers = l->readers - 1;
    for (int i = 0; i < STORE_SPACES; i++) {
        MDB_stat s;
        if (mdb_stat(txn->txn, l->spaces[i], &s) != 0)
            continue;
        stat->entries[i] = s.ms_entries;
        stat->live_bytes += (s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages) * s.ms_psize;
        stat->file_bytes = (info.me_last_pgno + 1) * s.ms_psize;
    }
    lmdb_end(txn);
    return ENGINE_OK;
}

static kt_error *lmdb_backup(engine *e, arena *arena, const char *directory,
    void (*progress)(void *context, uint64_t bytes), void *context)
{
    lmdb *l = (lmdb *)e;
    if (mkdir(directory, 0700) != 0)
        return error_make(arena, KT_STORAGE, "directory", "cannot make the directory %s: %s",
            "nie można utworzyć katalogu %s: %s", directory, strerror(errno));
    pthread_mutex_lock(&l->lock); /* the copy reads: it counts as a reader */
    while (l->growing)
        pthread_cond_wait(&l->quiet, &l->lock);
    l->readers++;
    pthread_mutex_unlock(&l->lock);
    int rc = mdb_env_copy2(l->env, directory, MDB_CP_COMPACT);
    reader_back(l, NULL);
    if (rc)
        return error_make(arena, KT_STORAGE, NULL, "the backup into %s failed: %s",
            "kopia zapasowa do %s nie powiodła się: %s", directory, mdb_strerror(rc));
    struct stat st;
    kt_str file = arena_format(arena, "%s/data.mdb", directory);
    if (progress && file.ptr && stat(file.ptr, &st) == 0)
        progress(context, (uint64_t)st.st_size);
    return NULL;
}

const engine_ops engine_lmdb = {
    .scheme = "lmdb:",
    .open = lmdb_open,
    .close = lmdb_close,
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .end = lmdb_end,
    .get = lmdb_get,
    .put = lmdb_put,
    .remove = lmdb_remove,
    .cursor = lmdb_cursor,
    .seek = lmdb_seek,
    .step = lmdb_step,
    .cursor_end = lmdb_cursor_end,
    .grow = lmdb_grow,
    .reopen = lmdb_reopen,
    .stat = lmdb_stat,
    .backup = lmdb_backup,
};
