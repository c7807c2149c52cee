/* clock.c -- preloaded into a server, it moves the wall clock by as many seconds as the file KONTOR_CLOCK holds (an
 * int64, native), at once whenever that changes. The file is mapped before anything runs: processes that may open
 * nothing see it too. The steady clock is left alone. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

static int (*real_gettime)(clockid_t, struct timespec *);
static const volatile int64_t *moved_s;

__attribute__((constructor)) static void begin(void)
{
    void *found = dlsym(RTLD_NEXT, "clock_gettime");
    memcpy(&real_gettime, &found, sizeof found);
    const char *file = getenv("KONTOR_CLOCK");
    int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *moved_s, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        abort();
    moved_s = at;
    close(fd);
}

EXPORTED int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (!moved_s) /* another library's constructor runs first */
        return (int)syscall(SYS_clock_gettime, clock, now);
    int rc = real_gettime(clock, now);
    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *moved_s;
    return rc;
}

EXPORTED time_t time(time_t *out)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

EXPORTED int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}
