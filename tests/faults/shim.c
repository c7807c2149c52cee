/* shim.c -- preloaded into a program, it stands between LMDB and the disk, for the files called data.mdb:
 *
 *   KONTOR_FAULT=CALL:N:MODE:ERRNO   the Nth CALL (fdatasync, pwrite, writev, meta, write) from now on fails;
 * MODE once, sticky, or short (half of the bytes are written, then ERRNO). `meta` are the writes through the
 * descriptor opened with O_DSYNC KONTOR_SWALLOW=1                 nothing is ever flushed: fdatasync, fsync,
 * msync do nothing, O_DSYNC is dropped. The negative control of power cuts KONTOR_RECORD=FILE every write and
 * flush goes into FILE as well (see record.h)
 *
 * A program may also call faults_arm(text) (NULL: no more faults), faults_struck() and faults_note(number).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "record.h"

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void faults_arm(const char *text);
EXPORTED unsigned faults_struck(void);
EXPORTED void faults_note(uint64_t number);

typedef enum { ONCE, STICKY, SHORT } fault_mode;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    char call[16];
    unsigned long at, seen;
    fault_mode mode;
    int number;
    unsigned struck;
} fault;
static int record_fd = -1;
static bool swallow;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_fdatasync)(int), (*real_fsync)(int), (*real_msync)(void *, size_t, int);
static int (*real_open)(const char *, int, ...), (*real_rename)(const char *, const char *);

static void find_real(void *pointer, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(pointer, &found, sizeof found);
}

__attribute__((constructor)) static void begin(void)
{
    find_real(&real_write, "write");
    find_real(&real_pwrite, "pwrite");
    find_real(&real_writev, "writev");
    find_real(&real_fdatasync, "fdatasync");
    find_real(&real_fsync, "fsync");
    find_real(&real_msync, "msync");
    find_real(&real_open, "open");
    find_real(&real_rename, "rename");
    const char *file = getenv("KONTOR_RECORD");
    swallow = getenv("KONTOR_SWALLOW") != NULL;
    if (file)
        record_fd = real_open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    faults_arm(getenv("KONTOR_FAULT"));
}

void faults_arm(const char *text)
{
    char mode[16] = "", name[16] = "";
    pthread_mutex_lock(&lock);
    memset(&fault, 0, sizeof fault);
    if (text && sscanf(text, "%15[a-z]:%lu:%15[a-z]:%15s", fault.call, &fault.at, mode, name) == 4) {
        fault.mode = strcmp(mode, "sticky") == 0 ? STICKY : strcmp(mode, "short") == 0 ? SHORT : ONCE;
        fault.number = strcmp(name, "ENOSPC") == 0 ? ENOSPC : EIO;
    }
    pthread_mutex_unlock(&lock);
}

unsigned faults_struck(void)
{
    pthread_mutex_lock(&lock);
    unsigned struck = fault.struck;
    pthread_mutex_unlock(&lock);
    return struck;
}

static bool is_data(int fd)
{
    char link[48], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path);
    return n >= 9 && memcmp(path + n - 9, "/data.mdb", 9) == 0;
}

static bool is_meta(int fd)
{
    return (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
}

/* Is it this call's turn? Sets errno. */
static bool strikes(const char *call, bool *is_short)
{
    pthread_mutex_lock(&lock);
    bool struck = strcmp(call, fault.call) == 0 &&
                  (++fault.seen == fault.at || (fault.mode == STICKY && fault.seen > fault.at));
    fault.struck += struck;
    *is_short = struck && fault.mode == SHORT;
    if (struck)
        errno = fault.number;
    pthread_mutex_unlock(&lock);
    return struck;
}

static void record(uint32_t kind, uint64_t at, const void *bytes, size_t len)
{
    if (record_fd < 0)
        return;
    record_head head = {.kind = kind, .len = (uint32_t)len, .at = at};
    struct iovec parts[2] = {{.iov_base = &head, .iov_len = sizeof head}};
    memcpy(&parts[1].iov_base, &bytes, sizeof bytes);
    parts[1].iov_len = len;
    pthread_mutex_lock(&lock);
    if (real_writev(record_fd, parts, 2) != (ssize_t)(sizeof head + len))
        abort();
    pthread_mutex_unlock(&lock);
}

void faults_note(uint64_t number)
{
    record(RECORD_NOTE, number, NULL, 0);
}

EXPORTED ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    bool is_short;
    if (!is_data(fd))
        return real_pwrite(fd, bytes, len, at);
    bool meta = is_meta(fd);
    if (strikes(meta ? "meta" : "pwrite", &is_short)) {
        int number = errno;
        if (is_short && real_pwrite(fd, bytes, len / 2, at) > 0)
            record(RECORD_WRITE, (uint64_t)at, bytes, len / 2);
        errno = number;
        return is_short ? (ssize_t)(len / 2) : -1;
    }
    record(RECORD_WRITE, (uint64_t)at, bytes, len);
    ssize_t n = real_pwrite(fd, bytes, len, at);
    if (meta)
        record(RECORD_FLUSH_LAST, 0, NULL, 0);
    return n;
}

EXPORTED int rename(const char *from, const char *to)
{
    size_t n = strlen(to);
    if (n >= 9 && strcmp(to + n - 9, "/data.mdb") == 0)
        record(RECORD_PUBLISH, 0, NULL, 0);
    return real_rename(from, to);
}

EXPORTED ssize_t write(int fd, const void *bytes, size_t len)
{
    bool is_short;
    if (!is_data(fd))
        return real_write(fd, bytes, len);
    if (strikes("write", &is_short))
        return -1;
    record(RECORD_WRITE, (uint64_t)lseek(fd, 0, SEEK_CUR), bytes, len);
    return real_write(fd, bytes, len);
}

EXPORTED ssize_t writev(int fd, const struct iovec *parts, int count)
{
    bool is_short;
    if (!is_data(fd))
        return real_writev(fd, parts, count);
    uint64_t at = (uint64_t)lseek(fd, 0, SEEK_CUR);
    if (strikes("writev", &is_short)) {
        int number = errno;
        ssize_t n = is_short ? real_writev(fd, parts, count / 2) : -1;
        errno = number;
        return n;
    }
    for (int i = 0; i < count; i++) {
        record(RECORD_WRITE, at, parts[i].iov_base, parts[i].iov_len);
        at += parts[i].iov_len;
    }
    return real_writev(fd, parts, count);
}

static int flush(const char *call, int fd, int (*real)(int))
{
    bool is_short, data = is_data(fd);
    if (data && strikes(call, &is_short))
        return -1;
    int rc = swallow ? 0 : real(fd);
    if (data)
        record(RECORD_FLUSH, 0, NULL, 0);
    return rc;
}

EXPORTED int fdatasync(int fd)
{
    return flush("fdatasync", fd, real_fdatasync);
}

EXPORTED int fsync(int fd)
{
    return flush("fdatasync", fd, real_fsync);
}

EXPORTED int msync(void *at, size_t len, int flags)
{
    return swallow ? 0 : real_msync(at, len, flags);
}

EXPORTED int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return real_open(path, swallow ? flags & ~(O_DSYNC | O_SYNC) : flags, mode);
}
