/* render.c -- see render.h. The renderer's side of the conversation is renderer.py. */
#include "document/render.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/buffer.h"
#include "kit/clock.h"
#include "kit/memory.h"
#include "kit/str.h"

enum {
    RENDERERS = 2,
    RENDERERS_MAX = 16,
    ANSWER_MAX = 64 * 1024 * 1024,
    REQUEST_MAX = 64 * 1024 * 1024,
    NAME_MAX_BYTES = 200
};

/* One process; of the thread that took it. */
typedef struct {
    render *of;
    pid_t process; /* 0: none runs */
    int socket;
    bool taken;
} renderer;

struct render {
    pthread_mutex_t lock; /* of `taken` */
    pthread_cond_t given; /* a renderer is free again */
    renderer renderers[RENDERERS_MAX];
    unsigned count;
    char path[];
};

render *render_open(const char *program, unsigned count)
{
    size_t n = strlen(program) + 1;
    render *r = memory_alloc(sizeof *r + n);
    if (!r)
        return NULL;
    *r = (render){.count = count ? (count < RENDERERS_MAX ? count : RENDERERS_MAX) : RENDERERS};
    for (unsigned i = 0; i < r->count; i++)
        r->renderers[i] = (renderer){.of = r, .socket = -1};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->given, NULL);
    memcpy(r->path, program, n);
    return r;
}

unsigned render_count(const render *r)
{
    return r->count;
}

static void stop(renderer *r)
{
    if (r->socket >= 0)
        close(r->socket);
    if (r->process > 0) {
        kill(r->process, SIGKILL);
        while (waitpid(r->process, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    r->socket = -1;
    r->process = 0;
}

void render_close(render *r)
{
    if (!r)
        return;
    for (unsigned i = 0; i < r->count; i++)
        stop(&r->renderers[i]);
    pthread_cond_destroy(&r->given);
    pthread_mutex_destroy(&r->lock);
    memory_free(r);
}

/* posix_spawn copies no page tables, however much the server has mapped. Caches of fonts that have no folder
 * to go to are not written. */
static bool start(renderer *r)
{
    char name[] = "python3", isolated[] = "-I", no_cache[] = "-B", search[] = "PATH=/usr/bin:/bin",
         language[] = "LANG=C.UTF-8", home[] = "HOME=/dev/null", cache[] = "XDG_CACHE_HOME=/dev/null";
    char *const environment[] = {search, language, home, cache, NULL};
    char *const arguments[] = {name, isolated, no_cache, r->of->path, NULL};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pair[1], 0);
    posix_spawn_file_actions_adddup2(&actions, pair[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    bool started = posix_spawn(&r->process, "/usr/bin/python3", &actions, NULL, arguments, environment) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(pair[1]);
    r->socket = pair[0];
    if (!started) {
        r->process = 0;
        stop(r);
    }
    return started;
}

/* ---- Bytes, against a deadline ---- */

typedef enum { MOVED, ENDED, LATE } moved;

static moved wait_for(int socket, short events, int64_t until_us)
{
    struct pollfd p = {.fd = socket, .events = events};
    for (;;) {
        int64_t left_us = until_us - clock_monotonic_us();
        int n = left_us > 0 ? poll(&p, 1, (int)(left_us / 1000) + 1) : 0;
        if (n > 0)
            return MOVED;
        if (n == 0)
            return LATE;
        if (errno != EINTR)
            return ENDED;
    }
}

static moved put(int socket, const char *bytes, size_t n, int64_t until_us)
{
    for (size_t done = 0; done < n;) {
        moved ready = wait_for(socket, POLLOUT, until_us);
        if (ready != MOVED)
            return ready;
        ssize_t sent = send(socket, bytes + done, n - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return ENDED;
        done += sent > 0 ? (size_t)sent : 0;
    }
    return MOVED;
}

static moved take(int socket, char *bytes, size_t n, int64_t until_us)
{
    for (size_t done = 0; done < n;) {
        moved ready = wait_for(socket, POLLIN, until_us);
        if (ready != MOVED)
            return ready;
        ssize_t got = recv(socket, bytes + done, n - done, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return ENDED;
        done += got > 0 ? (size_t)got : 0;
    }
    return MOVED;
}

static uint32_t number_of(const unsigned char b[4])
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void add_number(buffer *out, size_t n)
{
    const char b[4] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};
    buffer_add(out, b, sizeof b);
}

static void add_part(buffer *out, const char *name, kt_str bytes)
{
    size_t n = strnlen(name, NAME_MAX_BYTES);
    add_number(out, n);
    buffer_add(out, name, n);
    add_number(out, bytes.len);
    buffer_add_str(out, bytes);
}

static void write_request(buffer *out, kt_str html, const render_asset *assets)
{
    size_t count = 0;
    while (assets && assets[count].name)
        count++;
    add_number(out, count + 1);
    add_part(out, "html", html);
    for (size_t i = 0; i < count; i++)
        add_part(out, assets[i].name, assets[i].bytes);
}

/* A length and as many bytes. text->ptr NULL: no memory, or more than may come */
static moved take_text(renderer *r, arena *arena, int64_t until_us, kt_str *text)
{
    unsigned char length[4];
    *text = (kt_str){0};
    moved done = take(r->socket, (char *)length, sizeof length, until_us);
    if (done != MOVED)
        return done;
    size_t n = number_of(length);
    char *bytes = n <= ANSWER_MAX ? arena_alloc(arena, n + 1) : NULL;
    if (!bytes)
        return ENDED;
    *text = (kt_str){bytes, n};
    return take(r->socket, bytes, n, until_us);
}

typedef struct {
    kt_str pdf, warnings;
    char status;
} answer;

static moved exchange(renderer *r, arena *arena, kt_str request, int64_t until_us, answer *a)
{
    if (!r->process && !start(r))
        return ENDED;
    moved done = put(r->socket, request.ptr, request.len, until_us);
    if (done == MOVED)
        done = take(r->socket, &a->status, 1, until_us);
    if (done == MOVED)
        done = take_text(r, arena, until_us, &a->pdf);
    if (done == MOVED)
        done = take_text(r, arena, until_us, &a->warnings);
    if (done != MOVED)
        stop(r);
    return done;
}

static kt_error *outcome(arena *arena, moved done, const answer *a, int deadline_ms)
{
    if (done == LATE)
        return error_make(arena, KT_LIMIT, NULL, "rendering took longer than %d ms",
            "tworzenie pliku trwało dłużej niż %d ms", deadline_ms);
    if (done == ENDED)
        return error_make(arena, KT_UNAVAILABLE, NULL,
            "the renderer does not answer: is weasyprint installed?",
            "program tworzący pliki PDF nie odpowiada: czy weasyprint jest zainstalowany?");
    return a->status ? error_make(arena, KT_VALIDATION, "html", "it cannot be rendered: %s",
                           "nie da się z tego utworzyć pliku: %s", a->pdf.ptr)
                     : NULL;
}

/* A renderer, rather one that runs than one that would have to be started. */
static renderer *take_renderer(render *r)
{
    renderer *found = NULL;
    pthread_mutex_lock(&r->lock);
    while (!found) {
        for (unsigned i = 0; i < r->count; i++)
            if (!r->renderers[i].taken && (!found || (!found->process && r->renderers[i].process)))
                found = &r->renderers[i];
        if (!found)
            pthread_cond_wait(&r->given, &r->lock);
    }
    found->taken = true;
    pthread_mutex_unlock(&r->lock);
    return found;
}

static void give_renderer(renderer *one)
{
    pthread_mutex_lock(&one->of->lock);
    one->taken = false;
    pthread_cond_signal(&one->of->given);
    pthread_mutex_unlock(&one->of->lock);
}

kt_error *render_pdf(render *r, arena *arena, kt_str html, const render_asset *assets, int deadline_ms,
    kt_str *pdf, kt_str *warnings)
{
    buffer request;
    answer a = {0};
    buffer_open(&request, REQUEST_MAX);
    write_request(&request, html, assets);
    if (request.full) {
        buffer_close(&request);
        return error_make(arena, KT_LIMIT, "html", "the document is too large", "dokument jest za duży");
    }
    renderer *one = take_renderer(r);
    int64_t until_us = clock_monotonic_us() + (int64_t)deadline_ms * 1000;
    bool was_there = one->process != 0;
    moved done = exchange(one, arena, buffer_str(&request), until_us, &a);
    if (done == ENDED && was_there) /* it had gone to sleep, or died of the one before */
        done = exchange(one, arena, buffer_str(&request), until_us, &a);
    give_renderer(one);
    buffer_close(&request);
    *pdf = a.pdf;
    if (warnings)
        *warnings = a.warnings;
    return outcome(arena, done, &a, deadline_ms);
}
