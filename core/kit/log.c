/* Log lines: built on the stack, written in one call, so that lines of different threads never mix. */
#include "kit/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kit/calendar.h"
#include "kit/clock.h"

enum { LINE_MAX_BYTES = 4096 };

static atomic_int most = KT_LOG_INFO;
static pthread_mutex_t lock =
    PTHREAD_MUTEX_INITIALIZER; /* a leaf: held while writing, and while changing fd */
static int fd = STDERR_FILENO;
static _Thread_local const char *request;

void log_level(kt_level level)
{
    atomic_store_explicit(&most, (int)level, memory_order_relaxed);
}

bool log_file(const char *path)
{
    int opened = STDERR_FILENO;
    if (path) {
        opened = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (opened < 0)
            return false;
    }
    pthread_mutex_lock(&lock);
    int old = fd;
    fd = opened;
    pthread_mutex_unlock(&lock);
    if (old != STDERR_FILENO)
        close(old);
    return true;
}

void log_request(const char *request_id)
{
    request = request_id;
}

static void write_line(const char *line, size_t length)
{
    pthread_mutex_lock(&lock);
    while (length) {
        ssize_t written = write(fd, line, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break; /* a log that cannot be written must not stop the work */
        line += written;
        length -= (size_t)written;
    }
    pthread_mutex_unlock(&lock);
}

static size_t put(char *line, size_t length, const char *format, ...) __attribute__((format(printf, 3, 4)));
static size_t put(char *line, size_t length, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line + length, LINE_MAX_BYTES - length, format, arguments);
    va_end(arguments);
    if (n < 0)
        return length;
    return length + (size_t)n < LINE_MAX_BYTES ? length + (size_t)n : LINE_MAX_BYTES - 1;
}

void log_line(kt_level level, const char *room, const char *message, ...)
{
    static const char *const name[] = {"error", "warn", "info", "debug"};
    if ((int)level > atomic_load_explicit(&most, memory_order_relaxed))
        return;
    int saved = errno;
    char line[LINE_MAX_BYTES + 1], now[TIME_TEXT_MAX];
    time_text(clock_now(), now);
    size_t length = put(line, 0, "%s %s %s ", now, name[level], room);
    va_list arguments;
    va_start(arguments, message);
    int n = vsnprintf(line + length, LINE_MAX_BYTES - 128 - length, message, arguments);
    va_end(arguments);
    if (n > 0) {
        size_t most_bytes = LINE_MAX_BYTES - 128 - length - 1; /* the rest is for req= */
        length += (size_t)n < most_bytes ? (size_t)n : most_bytes;
    }
    if (request)
        length = put(line, length, " req=%.64s", request);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = ' '; /* one event is one line, whatever came in it */
    line[length++] = '\n';
    write_line(line, length);
    errno = saved;
}
