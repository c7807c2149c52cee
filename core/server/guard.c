/* guard.c -- see guard.h. The count is the size of a file, so that one append is all it takes. */
#include "server/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/clock.h"
#include "kit/error.h"
#include "kit/log.h"
#include "store/store.h"

enum { STARTS_TRUSTED = 2 };

static bool path_of(char *path, size_t room, const char *directory)
{
    return (size_t)snprintf(path, room, "%s/starts", directory) < room;
}

/* How many starts there were since the last one that went well, this one included. A directory that cannot be
 * written to is somebody else's error, told when it is needed. */
static long count_start(const char *directory)
{
    char path[4096];
    struct stat stat = {0};
    int fd = path_of(path, sizeof path, directory)
                 ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)
                 : -1;
    if (fd < 0)
        return 0;
    bool counted = write(fd, "x", 1) == 1 && fstat(fd, &stat) == 0;
    close(fd);
    return counted ? (long)stat.st_size : 0;
}

kt_error *guard_start(arena *arena, const char *directory, const char *store_url)
{
    long starts = count_start(directory);
    if (starts <= STARTS_TRUSTED)
        return NULL;
    int64_t began = clock_monotonic_ms();
    log_line(KT_LOG_WARN, "server", "starts_without_end count=%ld: the files are verified first", starts);
    kt_error *error = store_check(arena, store_url, NULL, NULL);
    if (error && error->first->kind == KT_NOT_FOUND)
        return NULL; /* there are none yet */
    if (!error)
        log_line(KT_LOG_INFO, "server", "verified ms=%lld", (long long)(clock_monotonic_ms() - began));
    return error;
}

void guard_settle(const char *directory)
{
    char path[4096];
    if (path_of(path, sizeof path, directory))
        (void)unlink(path);
}
