/* testing.c -- see testing.h. */
#include "server/testing.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/clock.h"
#include "kit/decode.h"
#include "kit/log.h"

struct house {
    server *server;
    arena *arena;
    pthread_mutex_t lock; /* of arena */
    kt_str token;
    const char *remote; /* NULL: "test" */
    char directory[64]; /* our own; empty: somebody's files */
};

static void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "house: %s: %s\n", what, why);
    abort();
}

#ifdef KONTOR_SANITIZED /* many times slower */
enum { RULE_MS = 2000 };
#else
enum { RULE_MS = 0 }; /* the default */
#endif

/* ---- Calling ---- */

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool answered;
    buffer answer;
} waiting;

static void take(void *context, kt_str answer)
{
    waiting *w = context;
    pthread_mutex_lock(&w->lock);
    buffer_add_str(&w->answer, answer);
    w->answered = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

static kt_str keep(house *h, kt_str s)
{
    pthread_mutex_lock(&h->lock);
    kt_str kept = arena_str(h->arena, s.ptr ? s : KT_STR(""));
    pthread_mutex_unlock(&h->lock);
    if (!kept.ptr)
        give_up("memory", "the house is full");
    return kept;
}

kt_str house_send(house *h, kt_str token, kt_str message)
{
    waiting w = {.answered = false};
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.wake, NULL);
    buffer_open(&w.answer, (size_t)64 << 20);
    bus_handle(server_bus(h->server), message, token, str_of(h->remote ? h->remote : "test"), take, &w);
    pthread_mutex_lock(&w.lock);
    while (!w.answered)
        pthread_cond_wait(&w.wake, &w.lock);
    pthread_mutex_unlock(&w.lock);
    kt_str answer = keep(h, buffer_str(&w.answer));
    buffer_close(&w.answer);
    pthread_cond_destroy(&w.wake);
    pthread_mutex_destroy(&w.lock);
    return answer;
}

static const variant *decode(house *h, kt_str text)
{
    const variant *value = NULL;
    decode_limits limits = {.depth_max = 100, .elements_max = 1000000};
    pthread_mutex_lock(&h->lock);
    kt_error *error = decode_json(h->arena, text, &limits, &value);
    pthread_mutex_unlock(&h->lock);
    if (error)
        give_up(text.ptr, error_text(error));
    return value;
}

KT_PRINTF(4, 0)
static const variant *call(
    house *h, const char *method, const char *more, const char *params, va_list arguments, kt_str *text)
{
    buffer message;
    char *filled = NULL;
    if (params && vasprintf(&filled, params, arguments) < 0)
        give_up(method, "no memory");
    buffer_open(&message, (size_t)64 << 20);
    buffer_add_format(&message, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\"", method);
    if (filled)
        buffer_add_format(&message, ",\"params\":%s", filled);
    if (more)
        buffer_add_format(&message, ",%s", more);
    buffer_add_char(&message, '}');
    *text = house_send(h, h->token, buffer_str(&message));
    buffer_close(&message);
    free(filled);
    return decode(h, *text);
}

const variant *house_call(house *h, const char *method, const char *more, const char *params, ...)
{
    kt_str text;
    va_list arguments;
    va_start(arguments, params);
    const variant *answer = call(h, method, more, params, arguments, &text);
    va_end(arguments);
    return answer;
}

const variant *house_result(house *h, const char *method, const char *params, ...)
{
    kt_str text;
    va_list arguments;
    va_start(arguments, params);
    const variant *answer = call(h, method, NULL, params, arguments, &text);
    va_end(arguments);
    const variant *result = variant_get(answer, "result");
    if (!result)
        give_up(method, text.ptr);
    return result;
}

const char *house_refusal(house *h, const char *method, const char *params, ...)
{
    kt_str text;
    va_list arguments;
    va_start(arguments, params);
    const variant *answer = call(h, method, NULL, params, arguments, &text);
    va_end(arguments);
    const variant *kind = house_at(answer, "error.data.kind");
    return kind ? kind->as.string.ptr : NULL;
}

/* ---- Looking into answers ---- */

const variant *house_at(const variant *v, const char *path)
{
    return variant_at(v, str_of(path));
}

int64_t house_int(const variant *value, const char *path)
{
    const variant *v = house_at(value, path);
    return v && v->kind == VARIANT_INT ? v->as.integer : -1;
}

const char *house_text(const variant *value, const char *path)
{
    const variant *v = house_at(value, path);
    return v && v->kind == VARIANT_STRING ? v->as.string.ptr : "";
}

/* ---- Users, digests ---- */

void house_as(house *h, kt_str token)
{
    h->token = token;
}

void house_from(house *h, const char *remote)
{
    h->remote = remote;
}

kt_str house_token(const house *h)
{
    return h->token;
}

kt_str house_login(house *h, const char *user, const char *password)
{
    const variant *result = house_result(
        h, "session.login", "{\"user\":\"%s\",\"password\":\"%s\"}", user, password);
    return keep(h, variant_get_str(result, "token"));
}

static void mix(uint64_t *hash, kt_str s)
{
    for (size_t i = 0; i < s.len; i++)
        *hash = (*hash ^ (uint8_t)s.ptr[i]) * 1099511628211U;
    *hash = (*hash ^ s.len) * 1099511628211U;
}

static kt_error *write_nothing(store_job *job, store_view *view)
{
    (void)job, (void)view;
    return NULL;
}

/* What calls leave to the writer is written when this returns. */
static arena *await_writer(house *h)
{
    arena *arena = arena_open((size_t)64 << 20);
    access_settle(server_access(h->server));
    store_job last = {.body = write_nothing, .arena = arena};
    if (!arena || store_run(server_store(h->server), &last) != STORE_DONE)
        give_up("store", "the writer does not answer");
    return arena;
}

/* Each key and value of the store. */
static void each_entry(
    house *h, void (*each)(void *context, store_space space, kt_str key, kt_str value), void *context)
{
    arena *arena = await_writer(h);
    store_view *view = NULL;
    if (store_read(server_store(h->server), arena, &view))
        give_up("store", "no snapshot");
    for (int space = 0; space < STORE_SPACES; space++) {
        store_cursor *cursor = NULL;
        kt_str key, value;
        if (store_scan(view, (store_space)space, (kt_str){0}, (kt_str){0}, false, &cursor))
            give_up("store", "no scan");
        while (store_next(cursor, &key, &value))
            each(context, (store_space)space, key, value);
        if (store_scan_end(cursor))
            give_up("store", "the scan failed");
    }
    store_end(view);
    arena_close(arena);
}

static void digest_entry(void *context, store_space space, kt_str key, kt_str value)
{
    bool passing = str_is(key, "p") || (key.len > 2 && memcmp(key.ptr, "As", 2) == 0);
    if (space == STORE_META && passing)
        return; /* the writer's probe, sessions: they come and go */
    mix(context, key);
    mix(context, value);
}

uint64_t house_digest(house *h)
{
    uint64_t hash = 1469598103934665603U;
    each_entry(h, digest_entry, &hash);
    return hash;
}

uint64_t house_commits(house *h)
{
    arena *arena = await_writer(h);
    store_stat stat;
    if (store_stat_read(server_store(h->server), arena, &stat))
        give_up("store", "no figures");
    arena_close(arena);
    return stat.commits;
}

typedef struct {
    kt_str wanted;
    bool found;
} holding;

static void look_into(void *context, store_space space, kt_str key, kt_str value)
{
    holding *h = context;
    (void)space;
    h->found |= memmem(key.ptr, key.len, h->wanted.ptr, h->wanted.len) ||
                (value.len && memmem(value.ptr, value.len, h->wanted.ptr, h->wanted.len));
}

bool house_holds(house *h, kt_str bytes)
{
    holding holding = {.wanted = bytes};
    each_entry(h, look_into, &holding);
    return holding.found;
}

/* ---- Opening ---- */

static void ready(house *h, const server_options *options)
{
    bool is_new = false;
    kt_error *error = server_open(h->arena, options, &h->server);
    if (!error)
        error = server_is_new(h->server, h->arena, &is_new);
    if (!error && is_new)
        error = server_bootstrap(h->server, h->arena, KT_STR(HOUSE_PASSWORD));
    if (error)
        give_up("open", error_text(error));
    h->token = house_login(h, "admin", HOUSE_PASSWORD);
}

static house *make_house(void)
{
    arena *arena = arena_open((size_t)512 << 20);
    house *h = arena ? ARENA_NEW(arena, house) : NULL;
    if (!h)
        give_up("open", "no memory");
    h->arena = arena;
    pthread_mutex_init(&h->lock, NULL);
    automation_prepare();
    log_level(KT_LOG_ERROR);
    return h;
}

house *house_open(const kt_module *const *modules)
{
    return house_open_patient(modules, RULE_MS);
}

house *house_open_patient(const kt_module *const *modules, unsigned rule_ms)
{
    static const char *const none[] = {NULL};
    house *h = make_house();
    (void)snprintf(h->directory, sizeof h->directory, "/tmp/kontor-house-XXXXXX");
    if (!mkdtemp(h->directory))
        give_up("open", "no directory");
    clock_set((kt_time){1795430400000}); /* 2026-11-23 10:40 UTC, a Monday */
    random_seed(7);
    ready(h, &(server_options){.store_url = "mem:",
                 .data_directory = h->directory,
                 .modules = none,
                 .built_in = modules,
                 .rules.deadline_ms = rule_ms,
                 .by_hand = true});
    return h;
}

house *house_open_files(const char *directory, const char *modules_directory)
{
    house *h = make_house();
    ready(h, &(server_options){
                 .data_directory = directory, .modules_directory = modules_directory, .by_hand = true});
    return h;
}

static void remove_directory(const char *directory)
{
    static const char *const names[] = {"lock", "starts", "master.key", "journal.key", "checkpoints.log"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/modules", directory);
    (void)rmdir(path);
    (void)rmdir(directory);
}

void house_close(house *h)
{
    if (!h)
        return;
    (void)server_close(h->server, 2000);
    if (*h->directory)
        remove_directory(h->directory);
    clock_real();
    random_seed(0);
    pthread_mutex_destroy(&h->lock);
    arena_close(h->arena);
}

unsigned house_settle(house *h)
{
    access_settle(server_access(h->server)); /* what was shown is on the log before rules look at it */
    return automation_run_due(server_automation(h->server));
}

const char *house_directory(const house *h)
{
    return h->directory;
}

server *house_server(house *h)
{
    return h->server;
}

arena *house_arena(house *h)
{
    return h->arena;
}
