/* workers.c -- see workers.h. */
#include "automation/workers.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "automation/zygote.h"
#include "kit/clock.h"
#include "kit/log.h"
#include "kit/memory.h"
#include "kit/str.h"

enum { IDLE_MAX = 2, TRY_AGAIN_MS = 1000, TICKS = 10, LATE_NICE = 10 }; /* ticks: of a deadline */
enum { FORGIVEN_MAX = 9 };                                              /* deadlines */

struct workers {
    workers_options options;
    pthread_mutex_t lock; /* of the lines below; held across nothing */
    channel *idle[IDLE_MAX];
    unsigned idle_count, busy;
    kt_text lack; /* why none could be made, when last tried; not set: one could */
    kt_time since;
    int64_t tried_ms; /* by the steady clock */
};

kt_error *workers_open(arena *arena, const workers_options *options, workers **out)
{
    workers *w = ARENA_NEW(arena, workers);
    if (!w)
        return error_no_memory();
    w->options = *options;
    w->options.deadline_ms = options->deadline_ms ? options->deadline_ms : 100;
    w->options.most = options->most ? options->most : 16;
    pthread_mutex_init(&w->lock, NULL);
    *out = w;
    return NULL;
}

/* ---- One worker ---- */

void channel_kill(channel *l)
{
    if (!l->dead)
        (void)syscall(SYS_pidfd_send_signal, l->pidfd, SIGKILL, NULL, 0);
    l->dead = true;
}

static void channel_close(channel *l)
{
    channel_kill(l);
    close(l->socket);
    close(l->pidfd);
    buffer_close(&l->out);
    memory_free(l->in);
    free(l);
}

static int64_t tick_us(const workers *w)
{
    return (int64_t)w->options.deadline_ms * 1000 / TICKS;
}

/* An answer is waited for a tick, by the socket's own clock, before somebody looks further. */
static void set_patience(const workers *w, const channel *l)
{
    const int64_t us = tick_us(w);
    const struct timeval limit = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    (void)setsockopt(l->socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

static channel *channel_open(const workers *w, kt_text *why)
{
    channel *l = calloc(1, sizeof *l);
    char *in = memory_alloc(MESSAGE_MAX);
    *why = (kt_text){"there is no memory for it", "brakuje na niego pamięci"};
    if (!l || !in || !zygote_take(&l->socket, &l->pidfd, &l->pid, why)) {
        memory_free(in);
        free(l);
        return NULL;
    }
    l->in = in;
    l->cpu = -1;
    buffer_open(&l->out, MESSAGE_MAX);
    set_patience(w, l);
    return l;
}

/* The caller waits anyway: beside it a worker wakes in a tenth of the time that another core takes. */
static void move_beside(channel *l)
{
    int cpu = sched_getcpu();
    if (cpu < 0 || cpu == l->cpu || cpu >= CPU_SETSIZE)
        return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(l->pid, sizeof set, &set) == 0)
        l->cpu = cpu;
}

/* The worker's processor time; 0: not known. */
static int64_t worked_us(const channel *l)
{
    clockid_t its;
    struct timespec spent;
    if (clock_getcpuclockid(l->pid, &its) != 0 || clock_gettime(its, &spent) != 0)
        return 0;
    return (int64_t)spent.tv_sec * 1000000 + spent.tv_nsec / 1000;
}

/* It goes on where others leave room, on any core, and ends with its run, for it could not have its priority back. */
static void make_way(channel *l)
{
    cpu_set_t all;
    memset(&all, 0xff, sizeof all);
    (void)setpriority(PRIO_PROCESS, (id_t)l->pid, LATE_NICE);
    (void)sched_setaffinity(l->pid, sizeof all, &all);
    l->late = true;
}

/* A tick without an answer. A worker that computes from tick to tick makes way. Time in which it waited for the
 * processor, or the server did, is no fault of its own, and is not counted: so much of it as FORGIVEN_MAX allows. */
static void tick(const workers *w, channel *l)
{
    const int64_t tick = tick_us(w), now = clock_elapsed_us(), passed = now - l->looked_us,
                  worked = worked_us(l), computed = l->worked_us ? worked - l->worked_us : tick;
    if (l->worked_us && computed > tick / 2 && !l->late)
        make_way(l);
    if (!l->late && computed < tick / 8)
        l->forgiven_us += passed;
    else if (!l->late && passed > 2 * tick)
        l->forgiven_us += passed - 2 * tick;
    l->worked_us = worked;
    l->looked_us = now;
}

/* What is left of its time. */
static int64_t left_us(const workers *w, const channel *l)
{
    const int64_t deadline = (int64_t)w->options.deadline_ms * 1000, most = FORGIVEN_MAX * deadline;
    return deadline + (l->forgiven_us < most ? l->forgiven_us : most) - (clock_elapsed_us() - l->began_us);
}

/* Waits for the answer; at the end of its time exactly: the socket's own clock counts in jiffies. */
static ssize_t receive(const workers *w, channel *l)
{
    const int64_t tick_long = tick_us(w);
    l->looked_us = clock_elapsed_us();
    for (bool first = true;; first = false) {
        const int64_t left = left_us(w, l), us = left < tick_long ? left : tick_long;
        if (left <= 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        bool short_of = us < tick_long || !first;
        if (short_of) {
            struct pollfd one = {.fd = l->socket, .events = POLLIN};
            const struct timespec wait = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
            (void)ppoll(&one, 1, &wait, NULL);
        }
        ssize_t n = recv(l->socket, l->in, MESSAGE_MAX, short_of ? MSG_DONTWAIT : 0);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            return n;
        if (errno == EAGAIN)
            tick(w, l);
    }
}

static kt_error *overrun(const workers *w, channel *l, arena *arena)
{
    channel_kill(l);
    return kt_hint(error_make(arena, KT_RULE, NULL, "takes longer than %u ms", "trwa dłużej niż %u ms",
                       w->options.deadline_ms),
        "Look for an endless loop, or for a pattern that tries too much.",
        "Poszukaj pętli bez końca albo wzorca, który próbuje zbyt wielu możliwości.");
}

static kt_error *died(channel *l, arena *arena)
{
    channel_kill(l);
    return error_make(arena, KT_RULE, NULL, "its process died", "jej proces zakończył się nagle");
}

kt_error *channel_exchange(workers *w, channel *l, arena *arena, kt_str *said)
{
    if (l->out.starved)
        return error_no_memory();
    if (l->out.full)
        return error_make(arena, KT_LIMIT, NULL, "more than %d bytes for one message to a rule",
            "więcej niż %d bajtów w jednej wiadomości do reguły", (int)MESSAGE_MAX);
    if (l->dead || send(l->socket, l->out.ptr, l->out.len, MSG_NOSIGNAL) < 0)
        return died(l, arena);
    ssize_t n = receive(w, l);
    if (n <= 0)
        return n < 0 && errno == ETIMEDOUT ? overrun(w, l, arena) : died(l, arena);
    *said = (kt_str){l->in, (size_t)n};
    return NULL;
}

/* ---- All of them ---- */

bool workers_able(workers *w, kt_text *why, kt_time *since)
{
    pthread_mutex_lock(&w->lock);
    *why = w->lack;
    *since = w->since;
    pthread_mutex_unlock(&w->lock);
    return !why->en;
}

/* Keeps what came of making one; the log tells when that changes. why not set: one was made */
static void note_lack(workers *w, kt_text why)
{
    pthread_mutex_lock(&w->lock);
    bool begins = why.en && !w->lack.en, ends = !why.en && w->lack.en;
    w->lack = why;
    w->tried_ms = clock_monotonic_ms();
    if (begins)
        w->since = clock_now();
    pthread_mutex_unlock(&w->lock);
    if (begins)
        log_line(KT_LOG_ERROR, "automation", "rules_cannot_run reason=\"%s\"", why.en);
    if (ends)
        log_line(KT_LOG_INFO, "automation", "rules_can_run");
}

/* Makes one, unless that has just failed. NULL: *why tells the reason */
static channel *make_one(workers *w, kt_text *why)
{
    pthread_mutex_lock(&w->lock);
    bool just_failed = w->lack.en && clock_monotonic_ms() - w->tried_ms < TRY_AGAIN_MS;
    *why = w->lack;
    pthread_mutex_unlock(&w->lock);
    channel *l = just_failed ? NULL : channel_open(w, why);
    if (l)
        note_lack(w, (kt_text){0});
    else if (!just_failed)
        note_lack(w, *why);
    return l;
}

static kt_error *lacking(arena *arena, kt_text why)
{
    kt_str en = arena_format(arena, "no process for Lua can be started: %s", why.en);
    kt_str pl = arena_format(arena, "nie można uruchomić procesu dla Lua: %s", why.pl);
    if (!en.ptr || !pl.ptr)
        return error_no_memory();
    kt_error *error = error_make(arena, KT_UNAVAILABLE, NULL, "%s", "%s", en.ptr);
    if (error != error_no_memory())
        error->first->text.pl = pl.ptr;
    return error;
}

kt_error *workers_take(workers *w, arena *arena, channel **out)
{
    kt_text why = {0};
    pthread_mutex_lock(&w->lock);
    bool full = w->busy >= w->options.most;
    channel *l = !full && w->idle_count ? w->idle[--w->idle_count] : NULL;
    w->busy += !full;
    pthread_mutex_unlock(&w->lock);
    if (full)
        return error_make(arena, KT_UNAVAILABLE, NULL, "all %u workers for rules are busy",
            "wszystkie procesy reguł (%u) są zajęte", w->options.most);
    if (!l)
        l = make_one(w, &why);
    if (!l) {
        pthread_mutex_lock(&w->lock);
        w->busy--;
        pthread_mutex_unlock(&w->lock);
        return lacking(arena, why);
    }
    move_beside(l);
    l->began_us = clock_elapsed_us();
    *out = l;
    return NULL;
}

void workers_give(workers *w, channel *l)
{
    pthread_mutex_lock(&w->lock);
    w->busy--;
    l->worked_us = l->forgiven_us = 0;
    bool keep = !l->dead && !l->late && w->idle_count < IDLE_MAX;
    if (keep)
        w->idle[w->idle_count++] = l;
    pthread_mutex_unlock(&w->lock);
    if (!keep)
        channel_close(l);
}

void workers_close(workers *w)
{
    while (w->idle_count)
        channel_close(w->idle[--w->idle_count]);
    pthread_mutex_destroy(&w->lock);
}
