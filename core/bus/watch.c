/* watch.c -- the HTTP library's time-out counts from the last byte, so one byte a second keeps a connection
 * for ever. Here the whole of a request's head has HEAD_MS from its first byte, which the kernel's count of
 * received bytes betrays. */
#include "bus/watch.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

#include "kit/clock.h"

#define HEAD_MS 8000
#define NOT_SEEN                                                                                             \
    UINT64_MAX /* asking the kernel after each request would cost 1.5 % of it: the thread asks later */

typedef enum { WATCH_FREE, WATCH_IDLE, WATCH_BODY, WATCH_ANSWERING } watch_state;
struct watched {
    int fd;
    watch_state state;
    int64_t until_ms;    /* of a body; of a head once it has begun; 0: not begun */
    uint64_t bytes_seen; /* received when the thread last looked */
    watched *next_free;
};

struct watch {
    pthread_mutex_t lock;
    pthread_t thread;
    atomic_bool closing;
    watched *slots, *free;
    size_t count, used; /* used: slots ever handed out */
    void (*tick)(void *context);
    void *context;
};

static uint64_t bytes_received(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return info.tcpi_bytes_received;
}

static void look_at(watched *w, int64_t now)
{
    if (w->state == WATCH_IDLE && w->until_ms == 0) {
        uint64_t received = bytes_received(w->fd);
        if (w->bytes_seen != NOT_SEEN && received != w->bytes_seen)
            w->until_ms = now + HEAD_MS;
        w->bytes_seen = received;
    }
    bool late = (w->state == WATCH_IDLE || w->state == WATCH_BODY) && w->until_ms != 0 && now > w->until_ms;
    if (late)
        shutdown(w->fd, SHUT_RDWR); /* the library then closes it */
}

static void *watch_main(void *context)
{
    watch *all = context;
    struct timespec second = {.tv_nsec = 500000000};
    while (!atomic_load(&all->closing)) {
        nanosleep(&second, NULL);
        int64_t now = clock_monotonic_ms();
        pthread_mutex_lock(&all->lock);
        for (size_t i = 0; i < all->used; i++)
            look_at(&all->slots[i], now);
        pthread_mutex_unlock(&all->lock);
        all->tick(all->context);
    }
    return NULL;
}

kt_error *watch_open(
    arena *arena, unsigned connections_max, void (*tick)(void *context), void *context, watch **out)
{
    watch *all = ARENA_NEW(arena, watch);
    if (!all)
        return error_no_memory();
    all->slots = ARENA_ARRAY(arena, watched, connections_max);
    if (!all->slots)
        return error_no_memory();
    all->count = connections_max;
    all->tick = tick;
    all->context = context;
    pthread_mutex_init(&all->lock, NULL);
    if (pthread_create(&all->thread, NULL, watch_main, all) != 0)
        return error_make(
            arena, KT_UNAVAILABLE, NULL, "no thread could be started", "nie udało się uruchomić wątku");
    *out = all;
    return NULL;
}

void watch_close(watch *all)
{
    if (!all)
        return;
    atomic_store(&all->closing, true);
    pthread_join(all->thread, NULL);
    pthread_mutex_destroy(&all->lock);
}

watched *watch_add(watch *all, int fd)
{
    pthread_mutex_lock(&all->lock);
    watched *w = all->free;
    if (w)
        all->free = w->next_free;
    else if (all->used < all->count)
        w = &all->slots[all->used++];
    if (w)
        *w = (watched){.fd = fd, .state = WATCH_IDLE, .until_ms = clock_monotonic_ms() + HEAD_MS};
    pthread_mutex_unlock(&all->lock);
    return w;
}

void watch_remove(watch *all, watched *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&all->lock);
    w->state = WATCH_FREE;
    w->next_free = all->free;
    all->free = w;
    pthread_mutex_unlock(&all->lock);
}

static void set(watch *all, watched *w, watch_state state, int64_t until_ms, uint64_t bytes)
{
    if (!w)
        return;
    pthread_mutex_lock(&all->lock);
    w->state = state;
    w->until_ms = until_ms;
    w->bytes_seen = bytes;
    pthread_mutex_unlock(&all->lock);
}

void watch_body(watch *all, watched *w, int64_t limit_ms)
{
    set(all, w, WATCH_BODY, clock_monotonic_ms() + limit_ms, 0);
}

void watch_answering(watch *all, watched *w)
{
    set(all, w, WATCH_ANSWERING, 0, 0);
}

void watch_idle(watch *all, watched *w)
{
    set(all, w, WATCH_IDLE, 0, NOT_SEEN);
}
