/* lmdb_env.c -- the LMDB environment: opening, growing, opening anew, closing.
 *
 * mdb_env_set_mapsize leaves the pointers of open readers dangling, and closing even more so. Both happen
 * only when no reader is open: `excluding` keeps new ones out while the writer waits for the last to leave.
 * The map grows ahead of need, at three quarters, so that the wait seldom falls on a request. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kit/disk.h"
#include "kit/error.h"
#include "kit/log.h"
#include "store/lmdb.h"

enum { READERS_MAX = 1024, REOPEN_WAIT_MS = 2000, AHEAD_WAIT_MS = 2, AHEAD_PAUSE = 32 };
/* Address space only: nothing is read or reserved. A smaller one is taken where the system refuses. */
#define MAP_INITIAL ((size_t)16 << 30)
#define MAP_REFUSED ((size_t)64 << 20)

/* ---- Readers and the writer's exclusion of them ---- */

static void in_ms(struct timespec *at, long ms)
{
    clock_gettime(CLOCK_MONOTONIC, at);
    at->tv_sec += ms / 1000;
    at->tv_nsec += ms % 1000 * 1000000;
    if (at->tv_nsec >= 1000000000) {
        at->tv_nsec -= 1000000000;
        at->tv_sec++;
    }
}

engine_code lmdb_reader_enter(lmdb *l, engine_txn **txn, unsigned *generation)
{
    engine_code code = ENGINE_OK;
    *txn = NULL;
    pthread_mutex_lock(&l->lock);
    while (l->excluding)
        pthread_cond_wait(&l->quiet, &l->lock);
    *generation = l->generation;
    if (!l->env) {
        code = ENGINE_BROKEN;
    } else {
        l->readers++;
        *txn = l->pool;
        if (*txn)
            l->pool = (*txn)->next;
    }
    pthread_mutex_unlock(&l->lock);
    return code;
}

void lmdb_reader_leave(lmdb *l, engine_txn *txn)
{
    pthread_mutex_lock(&l->lock);
    if (txn) {
        txn->next = l->pool;
        l->pool = txn;
    }
    if (--l->readers == 0 && l->excluding)
        pthread_cond_broadcast(&l->quiet);
    pthread_mutex_unlock(&l->lock);
}

bool lmdb_await_reopening(lmdb *l, unsigned generation)
{
    struct timespec until;
    in_ms(&until, REOPEN_WAIT_MS);
    pthread_mutex_lock(&l->lock);
    while (l->generation == generation && pthread_cond_timedwait(&l->quiet, &l->lock, &until) == 0)
        continue;
    bool opened = l->generation != generation && l->env;
    pthread_mutex_unlock(&l->lock);
    return opened;
}

/* returns false: readers did not end; new ones are let in again */
static bool exclude_readers(lmdb *l, int wait_ms)
{
    struct timespec until;
    in_ms(&until, wait_ms);
    pthread_mutex_lock(&l->lock);
    l->excluding = true;
    while (l->readers && pthread_cond_timedwait(&l->quiet, &l->lock, &until) == 0)
        continue;
    bool quiet = l->readers == 0;
    if (!quiet) {
        l->excluding = false;
        pthread_cond_broadcast(&l->quiet);
    }
    pthread_mutex_unlock(&l->lock);
    return quiet;
}

static void admit_readers(lmdb *l)
{
    pthread_mutex_lock(&l->lock);
    l->excluding = false;
    pthread_cond_broadcast(&l->quiet);
    pthread_mutex_unlock(&l->lock);
}

void lmdb_txn_free(engine_txn *txn)
{
    if (!txn)
        return;
    for (int i = 0; i < STORE_SPACES; i++)
        if (txn->idle[i])
            mdb_cursor_close(txn->idle[i]);
    if (txn->txn)
        mdb_txn_abort(txn->txn);
    free(txn->memo.slots);
    free(txn);
}

static void close_env(lmdb *l)
{
    while (l->pool) {
        engine_txn *txn = l->pool;
        l->pool = txn->next;
        lmdb_txn_free(txn);
    }
    if (l->env)
        mdb_env_close(l->env);
    l->env = NULL;
}

/* ---- Opening and closing ---- */

static int open_spaces(lmdb *l, MDB_env *env)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(env, NULL, l->read_only ? MDB_RDONLY : 0u, &txn);
    if (rc)
        return rc;
    for (int i = 0; i < STORE_SPACES && !rc; i++)
        rc = mdb_dbi_open(
            txn, engine_space_name((store_space)i), l->read_only ? 0u : MDB_CREATE, &l->spaces[i]);
    if (rc) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

/* LMDB's verdict on a page that makes no sense, before it ends the process. */
static void on_damage(MDB_env *env, const char *what)
{
    const char *path = NULL;
    (void)mdb_env_get_path(env, &path);
    log_line(KT_LOG_ERROR, "store",
        "damaged_page in=%s found=\"%s\": the process ends; `kontord --check` names the place, restore the "
        "last backup",
        path ? path : "", what);
}

/* relaxed: NOMETASYNC, one flush a commit instead of two. A power cut may take the last commit back, but the
 * file stays whole: the pages of a commit are on disk before its meta page is written. */
static int open_env(lmdb *l, size_t map)
{
    MDB_env *env;
    int dead, rc = mdb_env_create(&env);
    if (rc)
        return rc;
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (l->relaxed ? MDB_NOMETASYNC : 0u) |
                     (l->read_only ? MDB_RDONLY | MDB_NOLOCK : 0u);
    rc = mdb_env_set_assert(env, on_damage);
    if (!rc)
        rc = mdb_env_set_maxdbs(env, STORE_SPACES);
    if (!rc)
        rc = mdb_env_set_maxreaders(env, READERS_MAX);
    if (!rc && map)
        rc = mdb_env_set_mapsize(env, map);
    if (!rc)
        rc = mdb_env_open(env, l->path, flags, 0600);
    if (!rc && !l->read_only)
        rc = mdb_reader_check(env, &dead); /* slots of a server that was killed */
    if (!rc)
        rc = open_spaces(l, env);
    if (rc) {
        mdb_env_close(env);
        return rc;
    }
    l->env = env;
    return 0;
}

static int open_with_any_map(lmdb *l, size_t map)
{
    int rc = open_env(l, map);
    while (rc == ENOMEM && map > MAP_REFUSED)
        rc = open_env(l, map /= 2);
    return rc;
}

/* LMDB writes a new file's head without order: a power cut then leaves a file that nobody can open. So a new
 * environment is made aside, whole, and moved to its place. */
static int make_env(lmdb *l, arena *arena)
{
    kt_str data = arena_format(arena, "%s/data.mdb", l->path);
    kt_str aside = arena_format(arena, "%s/new", l->path);
    kt_str made = arena_format(arena, "%s/new/data.mdb", l->path);
    kt_str lock = arena_format(arena, "%s/new/lock.mdb", l->path);
    if (!data.ptr || !aside.ptr || !made.ptr || !lock.ptr)
        return ENOMEM;
    if (access(data.ptr, F_OK) == 0)
        return 0;
    (void)unlink(made.ptr); /* of an attempt that was cut off */
    (void)unlink(lock.ptr);
    if (mkdir(aside.ptr, 0700) != 0 && errno != EEXIST)
        return errno;
    lmdb beside = {.path = strdup(aside.ptr)};
    int rc = beside.path ? open_env(&beside, 0) : ENOMEM;
    close_env(&beside);
    free(beside.path);
    if (!rc && rename(made.ptr, data.ptr) != 0)
        rc = errno;
    (void)unlink(lock.ptr);
    (void)rmdir(aside.ptr);
    return rc ? rc : disk_flush_names(l->path);
}

static size_t map_wanted(const char *query, const store_options *options)
{
    size_t map = options && options->map_initial ? options->map_initial : MAP_INITIAL;
    if (query) {
        char *unit;
        unsigned long long n = strtoull(query + strlen("?map="), &unit, 10);
        unsigned shift = *unit == 'K' ? 10 : *unit == 'M' ? 20 : *unit == 'G' ? 30 : 0;
        if (n && n <= SIZE_MAX >> shift)
            map = (size_t)n << shift;
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return map < 16 * page ? 16 * page : map / page * page;
}

/* No word on the data themselves: nobody has looked at them. */
static kt_error *cannot_read(arena *arena, const lmdb *l, int code)
{
    return error_make(arena, KT_UNAVAILABLE, NULL, "cannot read the data directory %s: %s",
        "nie można czytać katalogu danych %s: %s", l->path, strerror(code));
}

/* One process writes a directory; the lock ends with the process, however it ends. */
static kt_error *take_directory(arena *arena, lmdb *l)
{
    if (!l->read_only && mkdir(l->path, 0700) != 0 && errno != EEXIST)
        return error_make(arena, KT_STORAGE, NULL, "cannot make the data directory %s: %s",
            "nie można utworzyć katalogu danych %s: %s", l->path, strerror(errno));
    kt_str name = arena_format(arena, "%s/kontor.lock", l->path);
    if (!name.ptr)
        return error_no_memory();
    l->lock_fd = l->read_only ? open(name.ptr, O_RDONLY | O_CLOEXEC)
                              : open(name.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (l->lock_fd < 0 && l->read_only && errno == ENOENT)
        return NULL; /* a backup, which nobody has written since */
    if (l->lock_fd < 0 && l->read_only)
        return cannot_read(arena, l, errno);
    if (l->lock_fd < 0)
        return error_make(arena, KT_STORAGE, NULL, "cannot write to the data directory %s: %s",
            "nie można pisać w katalogu danych %s: %s", l->path, strerror(errno));
    if (flock(l->lock_fd, (l->read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0)
        return kt_hint(error_make(arena, KT_UNAVAILABLE, NULL, "another process uses the data directory %s",
                           "inny proces używa katalogu danych %s", l->path),
            "Stop the other server first, or choose another directory.",
            "Najpierw zatrzymaj drugi serwer albo wybierz inny katalog.");
    return NULL;
}

static bool init_locks(lmdb *l)
{
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic))
        return false;
    bool made = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(&l->quiet, &monotonic) == 0;
    pthread_condattr_destroy(&monotonic);
    if (made && pthread_mutex_init(&l->lock, NULL)) {
        pthread_cond_destroy(&l->quiet);
        made = false;
    }
    return made;
}

void lmdb_close(engine *e)
{
    lmdb *l = (lmdb *)e;
    if (l->env && l->relaxed)
        mdb_env_sync(l->env, 1);
    close_env(l);
    if (l->lock_fd >= 0)
        close(l->lock_fd);
    pthread_cond_destroy(&l->quiet);
    pthread_mutex_destroy(&l->lock);
    free(l->memo.slots);
    free(l->path);
    free(l);
}

kt_error *lmdb_open(
    arena *arena, const char *rest, const store_options *options, bool read_only, engine **out)
{
    const char *query = strstr(rest, "?map=");
    lmdb *l = calloc(1, sizeof *l);
    if (!l)
        return error_no_memory();
    l->base.ops = &engine_lmdb;
    l->lock_fd = -1;
    l->relaxed = options && options->relaxed;
    l->read_only = read_only;
    l->path = strndup(rest, query ? (size_t)(query - rest) : strlen(rest));
    if (!l->path || !init_locks(l)) {
        free(l->path);
        free(l);
        return error_no_memory();
    }
    kt_error *error = take_directory(arena, l);
    int rc = error || read_only ? 0 : make_env(l, arena);
    if (!error && !rc)
        rc = open_with_any_map(l, read_only ? 0 : map_wanted(query, options));
    if (rc == ENOENT && read_only)
        error = error_make(
            arena, KT_NOT_FOUND, NULL, "there are no data files in %s", "nie ma plików danych w %s", l->path);
    else if (read_only && (rc == EACCES || rc == EPERM))
        error = cannot_read(arena, l, rc);
    else if (rc)
        error = kt_hint(error_make(arena, KT_STORAGE, NULL, "cannot open the data files in %s: %s",
                            "nie można otworzyć plików danych w %s: %s", l->path, mdb_strerror(rc)),
            "Run `kontor check`; if the files are damaged, restore the last backup.",
            "Uruchom `kontor check`; jeśli pliki są uszkodzone, odtwórz ostatnią kopię zapasową.");
    if (error) {
        lmdb_close(&l->base);
        return error;
    }
    *out = &l->base;
    return NULL;
}

/* ---- Growing, opening anew ---- */

engine_code lmdb_reopen(engine *e, int wait_ms)
{
    lmdb *l = (lmdb *)e;
    if (!exclude_readers(l, wait_ms))
        return ENGINE_BUSY;
    MDB_envinfo info = {0};
    if (l->env)
        mdb_env_info(l->env, &info);
    close_env(l);
    int rc = open_with_any_map(l, info.me_mapsize); /* 0: what the file says */
    pthread_mutex_lock(&l->lock);
    l->generation++;
    pthread_mutex_unlock(&l->lock);
    admit_readers(l);
    return lmdb_code(rc);
}

engine_code lmdb_grow(engine *e, int wait_ms)
{
    lmdb *l = (lmdb *)e;
    MDB_envinfo info;
    if (!exclude_readers(l, wait_ms))
        return ENGINE_BUSY;
    mdb_env_info(l->env, &info);
    int rc = info.me_mapsize > SIZE_MAX / 4 ? ENOMEM : mdb_env_set_mapsize(l->env, info.me_mapsize * 2);
    if (rc) { /* it may have lost the old map: only a new environment is sure to have one */
        close_env(l);
        (void)open_env(l, info.me_mapsize); /* without: BROKEN is what the next call finds */
    }
    admit_readers(l);
    return lmdb_code(rc);
}

void lmdb_grow_ahead(lmdb *l)
{
    MDB_envinfo info;
    MDB_stat stat;
    if (l->grow_pause && l->grow_pause--)
        return;
    mdb_env_info(l->env, &info);
    mdb_env_stat(l->env, &stat);
    if ((info.me_last_pgno + 1) * stat.ms_psize / 3 < info.me_mapsize / 4)
        return;
    if (lmdb_grow(&l->base, AHEAD_WAIT_MS) != ENGINE_OK)
        l->grow_pause = AHEAD_PAUSE;
}

/* ---- Care ---- */

engine_code lmdb_stat(engine *e, store_stat *stat)
{
    lmdb *l = (lmdb *)e;
    MDB_envinfo info;
    engine_txn *txn;
    engine_code code = l->base.ops->begin(e, false, &txn);
    if (code != ENGINE_OK)
        return code;
    mdb_env_info(l->env, &info);
    stat->map_bytes = info.me_mapsize;
    pthread_mutex_lock(&l->lock);
    stat->readers = l->readers - 1;
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < STORE_SPACES; i++) {
        MDB_stat s;
        if (mdb_stat(txn->txn, l->spaces[i], &s) != 0)
            continue;
        stat->entries[i] = s.ms_entries;
        stat->live_bytes += (s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages) * s.ms_psize;
        stat->file_bytes = (info.me_last_pgno + 1) * s.ms_psize;
    }
    l->base.ops->end(txn);
    return ENGINE_OK;
}

/* LMDB does not tell; the system does. */
bool lmdb_mapping(engine *e, uintptr_t *from, uintptr_t *to, size_t *page_bytes)
{
    lmdb *l = (lmdb *)e;
    MDB_stat stat;
    char line[4400];
    FILE *maps = l->env && mdb_env_stat(l->env, &stat) == 0 ? fopen("/proc/self/maps", "re") : NULL;
    bool found = false;
    while (maps && !found && fgets(line, sizeof line, maps))
        found = strstr(line, "/data.mdb") && sscanf(line, "%" SCNxPTR "-%" SCNxPTR, from, to) == 2;
    if (maps)
        fclose(maps);
    if (found)
        *page_bytes = stat.ms_psize;
    return found;
}
