/* store.c -- opening, the writer thread and its group commit.
 *
 * The writer takes what is queued, runs each job on an overlay above one write transaction, applies the
 * overlays that succeeded, commits once, and answers all. If the map turns out too small it grows and the
 * same overlays are applied again: their jobs need not run twice, for the state below them is the same. */
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "kit/error.h"
#include "kit/log.h"
#include "store/view.h"

enum { BATCH_MAX = 256, QUEUE_MAX = 4096, GROW_TRIES = 64, GROW_PAUSE_US = 20000 };

struct store {
    engine *engine;
    store_options options;
    pthread_t writer;
    pthread_mutex_t lock;
    pthread_cond_t work;
    store_job *first, *last;
    unsigned queued;
    bool closing;
    atomic_bool failing; /* the last commit failed */
    atomic_uint_fast64_t commits, jobs;
};

/* One job of a running batch. */
typedef struct {
    store_job *job;
    store_view view;
    store_result result;
} batch_entry;

static const engine_ops *const engines[] = {&engine_lmdb, &engine_mem};

/* ---- Reading ---- */

kt_error *store_read(store *store, arena *arena, store_view **view)
{
    store_view *v = ARENA_NEW(arena, store_view);
    if (!v)
        return error_no_memory();
    v->arena = arena;
    v->engine = store->engine;
    v->store = store;
    engine_code code = store->engine->ops->begin(store->engine, false, &v->txn);
    if (code != ENGINE_OK)
        return engine_error(arena, code, "reading");
    *view = v;
    return NULL;
}

/* ---- The writer ---- */

/* Puts one overlay into the transaction; raw values are framed already. */
static engine_code apply(engine *engine, engine_txn *txn, const overlay *o)
{
    for (store_space space = STORE_DATA; space < STORE_SPACES; space++) {
        const overlay_node *node = overlay_at_or_after(o, space, (kt_str){0}, false);
        for (; node; node = overlay_at_or_after(o, space, node->key, true)) {
            engine_code code = node->state == OVERLAY_PUT ? engine->ops->put(txn, space, node->key, node->raw)
                                                          : engine->ops->remove(txn, space, node->key);
            if (code != ENGINE_OK)
                return code;
        }
    }
    return ENGINE_OK;
}

static engine_code grow(engine *engine)
{
    engine_code code = ENGINE_BUSY;
    for (int i = 0; i < GROW_TRIES && code == ENGINE_BUSY; i++) {
        if (i)
            usleep(GROW_PAUSE_US);
        code = engine->ops->grow(engine);
    }
    return code;
}

/* A new transaction with the overlays of the first `count` entries in it; grows the map as often as it takes.
 */
static engine_code rebuild(engine *engine, batch_entry *entries, size_t count, engine_txn **txn)
{
    engine_code code = ENGINE_FULL;
    for (int tries = 0; code == ENGINE_FULL && tries < GROW_TRIES; tries++) {
        code = grow(engine);
        if (code == ENGINE_OK)
            code = engine->ops->begin(engine, true, txn);
        if (code != ENGINE_OK)
            break;
        for (size_t i = 0; i < count && code == ENGINE_OK; i++)
            if (entries[i].result == STORE_DONE)
                code = apply(engine, *txn, entries[i].view.writes);
        if (code != ENGINE_OK)
            engine->ops->end(*txn);
    }
    return code;
}

static kt_str key_of_job(const store_job *job, char out[STORE_KEY_MAX])
{
    size_t n = job->key.len < STORE_KEY_MAX - 1 ? job->key.len : STORE_KEY_MAX - 1;
    out[0] = 'q';
    memcpy(out + 1, job->key.ptr, n);
    return (kt_str){out, n + 1};
}

/* Runs one job on its overlay; its result is in entry->result. */
static void run_job(batch_entry *entry)
{
    store_job *job = entry->job;
    store_view *view = &entry->view;
    char text[STORE_KEY_MAX];
    kt_str kept = {0};
    job->error = store_make_writable(view);
    if (!job->error && job->key.ptr)
        job->error = store_get(view, STORE_META, key_of_job(job, text), &kept);
    if (!job->error && kept.ptr) {
        job->answer = kept;
        entry->result = STORE_REPEATED;
        return;
    }
    if (!job->error)
        job->error = job->body(job, view);
    if (!job->error && job->key.ptr)
        job->error = store_put(view, STORE_META, key_of_job(job, text), job->answer);
    entry->result = job->error ? STORE_REFUSED : STORE_DONE;
}

static void fail_all(batch_entry *entries, size_t count, engine_code code, const char *doing)
{
    for (size_t i = 0; i < count; i++) {
        if (entries[i].result != STORE_DONE && entries[i].result != STORE_REPEATED)
            continue;
        entries[i].job->error = engine_error(entries[i].job->arena, code, doing);
        entries[i].result = STORE_FAILED;
    }
}

/* Runs the jobs into one open transaction. returns what went wrong with the engine; *txn is then ended. */
static engine_code run_jobs(store *s, batch_entry *entries, size_t count, engine_txn **txn, bool *wrote)
{
    for (size_t i = 0; i < count; i++) {
        batch_entry *entry = &entries[i];
        entry->view = (store_view){
            .arena = entry->job->arena, .engine = s->engine, .txn = *txn, .borrowed_txn = true, .store = s};
        run_job(entry);
        if (entry->result != STORE_DONE || !entry->view.writes->root)
            continue;
        *wrote = true;
        engine_code code = apply(s->engine, *txn, entry->view.writes);
        if (code == ENGINE_OK)
            continue;
        s->engine->ops->end(*txn);
        if (code == ENGINE_FULL)
            code = rebuild(s->engine, entries, i + 1, txn);
        if (code != ENGINE_OK) {
            for (size_t k = i + 1; k < count; k++)
                entries[k].result = STORE_DONE; /* fail_all answers these as well */
            return code;
        }
    }
    return ENGINE_OK;
}

static engine_code commit(store *s, batch_entry *entries, size_t count, engine_txn *txn)
{
    engine_code code = s->engine->ops->commit(txn);
    for (int tries = 0; code == ENGINE_FULL && tries < GROW_TRIES; tries++) {
        code = rebuild(s->engine, entries, count, &txn);
        if (code == ENGINE_OK)
            code = s->engine->ops->commit(txn);
    }
    return code;
}

static void run_batch(store *s, batch_entry *entries, size_t count)
{
    engine_txn *txn;
    bool wrote = false;
    for (size_t i = 0; i < count; i++)
        entries[i].result = STORE_DONE;
    engine_code code = s->engine->ops->begin(s->engine, true, &txn);
    if (code == ENGINE_BROKEN) {
        code = s->engine->ops->reopen(s->engine);
        if (code == ENGINE_OK)
            code = s->engine->ops->begin(s->engine, true, &txn);
    }
    if (code == ENGINE_OK) {
        code = run_jobs(s, entries, count, &txn, &wrote);
        if (code == ENGINE_OK && wrote)
            code = commit(s, entries, count, txn);
        else if (code == ENGINE_OK)
            s->engine->ops->end(txn);
    }
    if (code != ENGINE_OK)
        fail_all(entries, count, code, "writing");
    if ((code != ENGINE_OK) != atomic_exchange(&s->failing, code != ENGINE_OK))
        log_line(code != ENGINE_OK ? KT_LOG_ERROR : KT_LOG_INFO, "store",
            code != ENGINE_OK ? "commit failed code=%d: writes are refused until it works again"
                              : "commits work again code=%d",
            (int)code);
    atomic_fetch_add(&s->commits, wrote);
    atomic_fetch_add(&s->jobs, count);
    if (code == ENGINE_OK && wrote && s->options.committed)
        s->options.committed(s->options.context, (unsigned)count);
    for (size_t i = 0; i < count; i++)
        entries[i].job->done(entries[i].job, entries[i].result);
}

/* Takes up to a batch off the queue; waits for the first. returns 0: closing and nothing is left */
static size_t take_batch(store *s, batch_entry *entries, size_t most)
{
    size_t count = 0;
    pthread_mutex_lock(&s->lock);
    while (!s->first && !s->closing)
        pthread_cond_wait(&s->work, &s->lock);
    while (s->first && count < most) {
        entries[count++].job = s->first;
        s->first = s->first->next;
        s->queued--;
    }
    if (!s->first)
        s->last = NULL;
    pthread_mutex_unlock(&s->lock);
    return count;
}

static void *write_loop(void *argument)
{
    store *s = argument;
    batch_entry *entries = calloc(s->options.batch_max, sizeof *entries);
    if (!entries) {
        log_line(KT_LOG_ERROR, "store", "writer has no memory");
        return NULL;
    }
    size_t count;
    while ((count = take_batch(s, entries, s->options.batch_max)) > 0)
        run_batch(s, entries, count);
    free(entries);
    return NULL;
}

kt_error *store_submit(store *s, store_job *job)
{
    kt_error *error = NULL;
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
        s->queued++;
        pthread_cond_signal(&s->work);
    }
    pthread_mutex_unlock(&s->lock);
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
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
        size_t n = strlen(engines[i]->scheme);
        if (strncmp(url, engines[i]->scheme, n) == 0)
            return engines[i]->open(arena, url + n, options, out);
    }
    return error_make(arena, KT_VALIDATION, "data", "no storage engine for %s: lmdb:DIR and mem: are known",
        "brak silnika bazy danych dla %s: znane są lmdb:KATALOG i mem:", url);
}

kt_error *store_open(arena *arena, const char *url, const store_options *options, store **out)
{
    store *s = calloc(1, sizeof *s);
    if (!s)
        return error_no_memory();
    if (options)
        s->options = *options;
    s->options.batch_max = s->options.batch_max ? s->options.batch_max : BATCH_MAX;
    s->options.queue_max = s->options.queue_max ? s->options.queue_max : QUEUE_MAX;
    kt_error *error = open_engine(arena, url, options, &s->engine);
    if (error) {
        free(s);
        return error;
    }
    bool failed = pthread_mutex_init(&s->lock, NULL) || pthread_cond_init(&s->work, NULL) ||
                  pthread_create(&s->writer, NULL, write_loop, s);
    if (failed) {
        s->engine->ops->close(s->engine);
        free(s);
        return error_make(
            arena, KT_STORAGE, NULL, "cannot start the writer thread", "nie można uruchomić wątku zapisu");
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
    s->engine->ops->close(s->engine);
    pthread_cond_destroy(&s->work);
    pthread_mutex_destroy(&s->lock);
    free(s);
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
    return s->engine->ops->backup(s->engine, arena, directory, progress, context);
}
