/* store.c -- opening and closing, snapshots, the queue's entrance, care. */
#include "store/store.h"

#include <stdlib.h>
#include <time.h>

#include "kit/error.h"
#include "store/writer.h"

enum { BATCH_MAX = 256, QUEUE_MAX = 4096, SCRATCH_MAX = 4 << 20 };
#define KEEP_ANSWERS_MS ((int64_t)7 * 24 * 3600 * 1000)

static const engine_ops *const engines[] = {&engine_lmdb, &engine_mem};

const engine_ops *engine_find(const char *url, const char **rest)
{
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        size_t n = strlen(engines[i]->scheme);
        *rest = url + n;
        if (strncmp(url, engines[i]->scheme, n) == 0)
            return engines[i];
    }
    return NULL;
}

kt_str store_meta_name(store_meta_key *key, const char *table, uint64_t id)
{
    memcpy(key->bytes, table, 2);
    for (int i = 0; i < 8; i++)
        key->bytes[2 + i] = (uint8_t)(id >> (56 - 8 * i));
    return (kt_str){(const char *)key->bytes, sizeof key->bytes};
}

const char *engine_space_name(store_space space)
{
    static const char *const names[STORE_SPACES] = {"data", "journal", "meta"};
    return names[space];
}

/* ---- Reading ---- */

kt_error *store_read(store *store, arena *arena, store_view **view)
{
    store_view *v = ARENA_NEW(arena, store_view);
    if (!v)
        return error_no_memory();
    v->arena = v->first = arena;
    v->engine = store->engine;
    v->store = store;
    engine_code code = store->engine->ops->begin(store->engine, false, &v->txn);
    if (code != ENGINE_OK)
        return engine_error(arena, code, "reading");
    *view = v;
    return NULL;
}

/* ---- Writing ---- */

kt_error *store_submit(store *s, store_job *job)
{
    kt_error *error = NULL;
    bool wake = false;
    pthread_mutex_lock(&s->lock);
    if (s->closing || s->queued >= s->options.queue_max) {
        error = error_make(job->arena, KT_UNAVAILABLE, NULL,
            s->closing ? "the server is stopping (%u writes wait)" : "too many writes are waiting (%u)",
            s->closing ? "serwer kończy pracę (oczekujących zapisów: %u)"
                       : "zbyt wiele zapisów oczekuje (%u)",
            s->queued);
    } else {
        job->next = NULL;
        if (s->last)
            s->last->next = job;
        else
            s->first = job;
        s->last = job;
        wake = ++s->queued == s->wake_at;
    }
    pthread_mutex_unlock(&s->lock);
    if (wake) /* else it is awake, or about to be, or waits for more */
        pthread_cond_signal(&s->work);
    return error;
}

typedef struct {
    store_job job; /* first: done casts back */
    store_job *outer;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool is_done;
    store_result result;
} waiting_job;

static kt_error *waiting_body(store_job *job, store_view *view)
{
    waiting_job *w = (waiting_job *)job;
    kt_error *error = w->outer->body(w->outer, view);
    job->answer = w->outer->answer;
    return error;
}

static void waiting_done(store_job *job, store_result result)
{
    waiting_job *w = (waiting_job *)job;
    pthread_mutex_lock(&w->lock);
    w->result = result;
    w->is_done = true;
    pthread_cond_signal(&w->ended);
    pthread_mutex_unlock(&w->lock);
}

store_result store_run(store *s, store_job *outer)
{
    waiting_job w = {
        .job = {.body = waiting_body, .done = waiting_done, .arena = outer->arena, .key = outer->key},
        .outer = outer,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .ended = PTHREAD_COND_INITIALIZER};
    outer->error = store_submit(s, &w.job);
    if (outer->error) {
        w.result = STORE_FAILED;
    } else {
        pthread_mutex_lock(&w.lock);
        while (!w.is_done)
            pthread_cond_wait(&w.ended, &w.lock);
        pthread_mutex_unlock(&w.lock);
        outer->error = w.job.error;
        outer->answer = w.job.answer;
    }
    pthread_cond_destroy(&w.ended);
    pthread_mutex_destroy(&w.lock);
    if (outer->done)
        outer->done(outer, w.result);
    return w.result;
}

/* ---- Opening and closing ---- */

static kt_error *open_engine(arena *arena, const char *url, const store_options *options, engine **out)
{
    const char *rest;
    const engine_ops *ops = engine_find(url, &rest);
    if (ops)
        return ops->open(arena, rest, options, false, out);
    return error_make(arena, KT_VALIDATION, "data", "no storage engine for %s: lmdb:DIR and mem: are known",
        "brak silnika bazy danych dla %s: znane są lmdb:KATALOG i mem:", url);
}

static void let_go(store *s)
{
    if (s->engine)
        s->engine->ops->close(s->engine);
    arena_close(s->scratch);
    free(s->entries);
    free(s);
}

static bool start_writer(store *s)
{
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic))
        return false;
    bool made = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(&s->work, &monotonic) == 0;
    pthread_condattr_destroy(&monotonic);
    if (!made)
        return false;
    if (pthread_mutex_init(&s->lock, NULL) == 0) {
        if (pthread_create(&s->writer, NULL, writer_run, s) == 0)
            return true;
        pthread_mutex_destroy(&s->lock);
    }
    pthread_cond_destroy(&s->work);
    return false;
}

kt_error *store_open(arena *arena, const char *url, const store_options *options, store **out)
{
    store *s = calloc(1, sizeof *s);
    if (!s)
        return error_no_memory();
    if (options)
        s->options = *options;
    s->wake_at = 1;
    s->options.batch_max = s->options.batch_max ? s->options.batch_max : BATCH_MAX;
    s->options.queue_max = s->options.queue_max ? s->options.queue_max : QUEUE_MAX;
    if (!s->options.keep_answers_ms)
        s->options.keep_answers_ms = KEEP_ANSWERS_MS;
    s->entries = calloc(s->options.batch_max, sizeof *s->entries);
    s->scratch = arena_open(SCRATCH_MAX);
    kt_error *error = s->entries && s->scratch ? open_engine(arena, url, options, &s->engine)
                                               : error_no_memory();
    if (!error && !start_writer(s))
        error = error_make(
            arena, KT_STORAGE, NULL, "cannot start the writer thread", "nie można uruchomić wątku zapisu");
    if (error) {
        let_go(s);
        return error;
    }
    *out = s;
    return NULL;
}

void store_close(store *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->closing = true;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->writer, NULL);
    pthread_cond_destroy(&s->work);
    pthread_mutex_destroy(&s->lock);
    let_go(s);
}

/* ---- Care ---- */

kt_error *store_stat_read(store *s, arena *arena, store_stat *stat)
{
    *stat = (store_stat){.commits = atomic_load(&s->commits),
        .jobs = atomic_load(&s->jobs),
        .writable = !atomic_load(&s->failing)};
    pthread_mutex_lock(&s->lock);
    stat->queue = s->queued;
    pthread_mutex_unlock(&s->lock);
    engine_code code = s->engine->ops->stat(s->engine, stat);
    return code == ENGINE_OK ? NULL : engine_error(arena, code, "reading");
}

kt_error *store_backup(store *s, arena *arena, const char *directory,
    void (*progress)(void *context, uint64_t bytes), void *context)
{
    kt_str url = arena_format(arena, "%s%s", s->engine->ops->scheme, directory);
    if (!url.ptr)
        return error_no_memory();
    KT_TRY(s->engine->ops->backup(s->engine, arena, directory, progress, context));
    return store_check(arena, url.ptr, NULL, NULL);
}
