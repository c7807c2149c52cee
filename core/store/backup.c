/* backup.c -- hot copies of an LMDB environment, and the way back.
 *
 * The copy runs through a pipe: LMDB writes a compact copy of one snapshot into it, this side writes the
 * file, tells its progress, and flushes what LMDB itself would leave in the page cache. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/disk.h"
#include "kit/error.h"
#include "store/lmdb.h"

typedef struct {
    MDB_env *env;
    int fd, rc;
} copy_work;

static void *copy_out(void *argument)
{
    copy_work *work = argument;
    sigset_t pipes;
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE); /* the other side may give up: then a write fails, nothing more */
    pthread_sigmask(SIG_BLOCK, &pipes, NULL);
    work->rc = mdb_env_copyfd2(work->env, work->fd, MDB_CP_COMPACT);
    close(work->fd);
    return NULL;
}

/* Both return 0, errno or LMDB's number. */
static int copy_through_pipe(
    MDB_env *env, int out, void (*progress)(void *context, uint64_t bytes), void *context)
{
    int ends[2];
    pthread_t thread;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    copy_work work = {.env = env, .fd = ends[1]};
    int failed = pthread_create(&thread, NULL, copy_out, &work);
    if (failed) {
        close(ends[0]);
        close(ends[1]);
        return failed;
    }
    failed = disk_copy(ends[0], out, progress, context);
    close(ends[0]);
    pthread_join(thread, NULL);
    return failed ? failed : work.rc;
}

static int copy_snapshot(lmdb *l, int out, void (*progress)(void *context, uint64_t bytes), void *context)
{
    engine_txn *txn;
    unsigned generation;
    if (lmdb_reader_enter(l, &txn, &generation) != ENGINE_OK) /* the copy reads: the map must stay */
        return EIO;
    int rc = copy_through_pipe(l->env, out, progress, context);
    lmdb_reader_leave(l, txn);
    return rc;
}

static kt_error *failed_copy(arena *arena, const char *directory, const char *why)
{
    return error_make(arena, KT_STORAGE, NULL, "copying into %s failed: %s",
        "kopiowanie do %s nie powiodło się: %s", directory, why);
}

/* The file is called data.mdb only when it is whole and on disk. */
static int publish(const char *part, const char *file, const char *directory)
{
    if (rename(part, file) != 0)
        return errno;
    return disk_flush_names(directory);
}

kt_error *lmdb_backup(engine *e, arena *arena, const char *directory,
    void (*progress)(void *context, uint64_t bytes), void *context)
{
    kt_str part = arena_format(arena, "%s/data.part", directory);
    kt_str file = arena_format(arena, "%s/data.mdb", directory);
    if (!part.ptr || !file.ptr)
        return error_no_memory();
    if (mkdir(directory, 0700) != 0)
        return error_make(arena, KT_STORAGE, "directory", "cannot make the directory %s: %s",
            "nie można utworzyć katalogu %s: %s", directory, strerror(errno));
    int out = open(part.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int rc = out < 0 ? errno : copy_snapshot((lmdb *)e, out, progress, context);
    if (out >= 0)
        close(out);
    if (!rc)
        rc = publish(part.ptr, file.ptr, directory);
    if (!rc)
        return NULL;
    (void)unlink(part.ptr);
    (void)unlink(file.ptr);
    (void)rmdir(directory);
    return failed_copy(arena, directory, mdb_strerror(rc));
}

/* ---- The way back ---- */

static kt_error *make_empty(arena *arena, const char *directory)
{
    if (mkdir(directory, 0700) == 0)
        return NULL;
    DIR *open_directory = errno == EEXIST ? opendir(directory) : NULL;
    if (!open_directory)
        return error_make(arena, KT_STORAGE, NULL, "cannot make the directory %s: %s",
            "nie można utworzyć katalogu %s: %s", directory, strerror(errno));
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(open_directory));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(open_directory);
    if (empty)
        return NULL;
    return kt_hint(error_make(arena, KT_VALIDATION, NULL, "%s is not empty", "%s nie jest pusty", directory),
        "Restore into a new directory; nothing is ever overwritten.",
        "Odtwarzaj do nowego katalogu; nic nie jest nadpisywane.");
}

static int copy_file(const char *from, const char *part, const char *to, const char *directory)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return errno;
    int out = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int rc = out < 0 ? errno : disk_copy(in, out, NULL, NULL);
    close(in);
    if (out >= 0)
        close(out);
    return rc ? rc : publish(part, to, directory);
}

kt_error *store_restore(arena *arena, const char *backup_directory, const char *target_directory)
{
    kt_str source = arena_format(arena, "lmdb:%s", backup_directory);
    kt_str target = arena_format(arena, "lmdb:%s", target_directory);
    kt_str from = arena_format(arena, "%s/data.mdb", backup_directory);
    kt_str part = arena_format(arena, "%s/data.part", target_directory);
    kt_str to = arena_format(arena, "%s/data.mdb", target_directory);
    if (!source.ptr || !target.ptr || !from.ptr || !part.ptr || !to.ptr)
        return error_no_memory();
    KT_TRY(store_check(arena, source.ptr, NULL, NULL));
    KT_TRY(make_empty(arena, target_directory));
    int rc = copy_file(from.ptr, part.ptr, to.ptr, target_directory);
    if (rc) {
        (void)unlink(part.ptr);
        (void)unlink(to.ptr);
        return failed_copy(arena, target_directory, strerror(rc));
    }
    return store_check(arena, target.ptr, NULL, NULL);
}
