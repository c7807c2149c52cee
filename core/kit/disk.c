#include "kit/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "kit/memory.h"

enum { PIECE = 1 << 16 }; /* a short stay in the kernel: whoever waits for this processor waits that long */

int disk_write(int fd, const void *bytes, size_t len)
{
    for (const char *at = bytes; len;) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : ENOSPC;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int disk_save(int fd, const void *bytes, size_t len)
{
    int failed = disk_write(fd, bytes, len);
    return failed ? failed : fsync(fd) != 0 ? errno : 0;
}

typedef struct { /* places in the file: up to `landed` it is on the disk, up to `sent` under way */
    int fd;
    off_t landed, sent, written;
} tide;

/* Sends what has come together and waits for the piece before. What goes wrong here the last flush tells. */
static void send_on(tide *t)
{
    if (t->written - t->sent < PIECE)
        return;
    (void)sync_file_range(t->fd, t->sent, t->written - t->sent, SYNC_FILE_RANGE_WRITE);
    if (t->sent > t->landed)
        (void)sync_file_range(t->fd, t->landed, t->sent - t->landed, SYNC_FILE_RANGE_WAIT_AFTER);
    t->landed = t->sent;
    t->sent = t->written;
}

int disk_copy(int from, int to, void (*progress)(void *context, uint64_t bytes), void *context)
{
    char *piece = memory_alloc(PIECE);
    tide tide = {.fd = to};
    int failed = piece ? 0 : ENOMEM;
    while (!failed) {
        ssize_t n = read(from, piece, PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            failed = errno;
        if (n <= 0)
            break;
        failed = disk_write(to, piece, (size_t)n);
        tide.written += n;
        send_on(&tide);
        if (progress && !failed)
            progress(context, (uint64_t)tide.written);
    }
    if (!failed && fsync(to) != 0)
        failed = errno;
    memory_free(piece);
    return failed;
}

int disk_flush_names(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return failed;
}
