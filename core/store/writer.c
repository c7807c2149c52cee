/* writer.c -- the writer thread and its group commit.
 *
 * The writer takes what is queued, runs each job on one overlay above a write transaction, takes back what those
 * wrote that failed, puts the overlay into the transaction, commits once, and answers all. If the map turns out
 * too small it grows and the same overlay is put again: the jobs need not run twice, for the state below them is
 * the same.
 *
 * After a commit that failed the writer tries a small one of its own, twice a second, so that writing is
 * known to work again before somebody asks for it. */
#include "store/writer.h"

#include <errno.h>
#include <time.h>

#include "kit/clock.h"
#include "kit/error.h"
#include "kit/log.h"

enum {
    BATCH_US_MAX = 100000, /* a batch takes no further job after this */
    GATHER_US_MAX = 5000,  /* that a batch waits for more */
    GROW_TRIES = 64,       /* doublings for one batch */
    GROW_PATIENCE_MS = 5000,
    GROW_SLICE_MS = 20, /* readers wait at most this at a time */
    GROW_PAUSE_MS = 5,
    REOPEN_WAIT_MS = 2000,
    PROBE_MS = 500,
    PUTS_BETWEEN = 32, /* two moments at which the writer gives way */
};

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* A moment of the machine's own clock, for waiting; at most a second ahead. */
static struct timespec after_us(int64_t us)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += (long)us * 1000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

/* Nodes lie in the order in which they were written: the next one is on its way while this one is put. */
static void look_ahead(const overlay_node *node)
{
    const overlay_node *next = node->next;
    if (!next)
        return;
    __builtin_prefetch(next->next);
    __builtin_prefetch(next->key.ptr);
    __builtin_prefetch(next->raw.ptr);
}

/* Puts the batch's overlay into the transaction and commits it; raw values are framed already. Ends the transaction,
 * whatever the result. */
static engine_code put_and_commit(store *s, engine_txn *txn, const overlay *o)
{
    engine *engine = s->engine;
    unsigned put = 0;
    for (store_space space = STORE_DATA; space < STORE_SPACES; space++) {
        const overlay_node *node = overlay_at_or_after(o, space, (kt_str){0}, false);
        for (; node; node = overlay_next(node)) {
            look_ahead(node);
            if (++put % PUTS_BETWEEN == 0)
                (void)give_way(&s->way);
            engine_code code = node->state == OVERLAY_PUT ? engine->ops->put(txn, space, node->key, node->raw)
                                                          : engine->ops->remove(txn, space, node->key);
            if (code != ENGINE_OK) {
                engine->ops->end(txn);
                return code;
            }
        }
    }
    return engine->ops->commit(txn);
}

static engine_code grow(engine *engine)
{
    engine_code code = ENGINE_BUSY;
    for (int waited = 0; code == ENGINE_BUSY && waited < GROW_PATIENCE_MS;
         waited += GROW_SLICE_MS + GROW_PAUSE_MS) {
        if (waited)
            pause_ms(GROW_PAUSE_MS);
        code = engine->ops->grow(engine, GROW_SLICE_MS);
    }
    return code;
}

static kt_error *run_body(store_job *job, store_view *view, kt_str *kept)
{
    if (job->key.ptr) {
        KT_TRY(answers_find(view, job->key, kept));
        if (kept->ptr)
            return NULL;
    }
    KT_TRY(job->body(job, view));
    return job->key.ptr ? answers_keep(view, job->key, job->answer) : NULL;
}

/* Runs one job behind those that the overlay has already; its result is in entry->result. */
static void run_job(batch_entry *entry)
{
    store_job *job = entry->job;
    overlay *writes = entry->view.writes;
    kt_str kept = {0};
    writes->job++;
    job->error = overlay_hold(writes, job->arena) ? run_body(job, &entry->view, &kept) : error_no_memory();
    if (job->error)
        overlay_back(writes, 0);
    entry->wrote = writes->undo_count > 0;
    overlay_settle(writes);
    entry->result = job->error ? STORE_REFUSED : kept.ptr ? STORE_REPEATED : STORE_DONE;
    if (kept.ptr)
        job->answer = kept;
}

/* After a failed commit. Whatever came after an effect that is gone may rest on it: a repeated answer, a
 * refusal. */
static void fail_all(batch_entry *entries, size_t count, engine_code code)
{
    bool wrote = false;
    for (size_t i = 0; i < count; i++) {
        wrote = wrote || entries[i].result == STORE_DONE;
        if (!wrote && entries[i].result == STORE_REFUSED)
            continue;
        entries[i].job->error = engine_error(entries[i].job->arena, code, "writing");
        entries[i].result = code == ENGINE_UNKNOWN ? STORE_UNKNOWN : STORE_FAILED;
    }
}

typedef struct {
    engine_txn *txn;
    overlay *writes;
    int64_t begun_us;
    size_t ran; /* entries that have a result; the others are for the next batch */
    size_t keyed;
    bool wrote;
} batch;

/* A view above what the batch wrote so far. */
static store_view view_on(store *s, const batch *b, arena *memory)
{
    return (store_view){.arena = memory,
        .first = memory,
        .engine = s->engine,
        .txn = b->txn,
        .writes = b->writes,
        .begun_at = arena_used(b->writes->arena),
        .borrowed_txn = true,
        .store = s};
}

/* Runs the jobs that have not run, as many as there is time for. */
static void run_jobs(store *s, size_t count, batch *b)
{
    for (size_t i = b->ran; i < count; i++) {
        batch_entry *entry = &s->entries[i];
        if (i && clock_monotonic_us() - b->begun_us > BATCH_US_MAX)
            break;
        entry->view = view_on(s, b, entry->job->arena);
        run_job(entry);
        (void)give_way(&s->way);
        b->ran = i + 1;
        b->wrote = b->wrote || entry->wrote;
        b->keyed += entry->wrote && entry->job->key.ptr;
    }
}

/* Old answers go with the batch. Nothing depends on it: what fails here is tried again some other time. */
static void forget_answers(store *s, batch *b)
{
    store_view view = view_on(s, b, s->scratch);
    kt_error *error = answers_forget(&view, &s->sweep, 2 * b->keyed + 1, s->options.keep_answers_ms);
    if (error)
        overlay_back(b->writes, 0);
    arena_reset(s->scratch);
}

static engine_code commit(store *s, batch *b)
{
    if (b->keyed)
        forget_answers(s, b);
    engine_code code = put_and_commit(s, b->txn, b->writes);
    for (int tries = 0; code == ENGINE_FULL && tries < GROW_TRIES; tries++) {
        code = grow(s->engine);
        if (code == ENGINE_OK)
            code = s->engine->ops->begin(s->engine, true, &b->txn);
        if (code == ENGINE_OK)
            code = put_and_commit(s, b->txn, b->writes);
    }
    return code;
}

static engine_code begin(store *s, engine_txn **txn)
{
    engine_code code = s->engine->ops->begin(s->engine, true, txn);
    if (code != ENGINE_BROKEN)
        return code;
    code = s->engine->ops->reopen(s->engine, REOPEN_WAIT_MS);
    return code == ENGINE_OK ? s->engine->ops->begin(s->engine, true, txn) : code;
}

static void note_outcome(store *s, engine_code code)
{
    static const char *const why[] = {[ENGINE_FULL] = "map_full",
        [ENGINE_NO_SPACE] = "disk_full",
        [ENGINE_IO] = "io_error",
        [ENGINE_BROKEN] = "io_error",
        [ENGINE_BUSY] = "readers_hold_the_map",
        [ENGINE_UNKNOWN] = "outcome_unknown",
        [ENGINE_DAMAGED] = "damaged_page",
        [ENGINE_TOO_LARGE] = "too_large",
        [ENGINE_MEMORY] = "no_memory"};
    bool failed = code != ENGINE_OK;
    if (failed == atomic_exchange(&s->failing, failed))
        return;
    if (failed)
        log_line(KT_LOG_ERROR, "store",
            "commit_failed why=%s: readers go on, writes are refused until it works", why[code]);
    else
        log_line(KT_LOG_INFO, "store", "commits_work_again");
}

/* Adds what is queued to the entries that wait already. returns how many there are now */
static size_t take_batch(store *s, size_t count)
{
    pthread_mutex_lock(&s->lock);
    while (s->first && count < s->options.batch_max) {
        s->entries[count++].job = s->first;
        s->first = s->first->next;
        s->queued--;
    }
    if (!s->first)
        s->last = NULL;
    pthread_mutex_unlock(&s->lock);
    return count;
}

/* Waits for whoever came together with the last batch: a client that was answered a moment ago comes back at
 * once, and one commit of all costs much less than two of halves. Never past a commit's time after the batch began. */
static size_t gather(store *s, size_t count, const struct timespec *until)
{
    int rc = 0;
    pthread_mutex_lock(&s->lock);
    unsigned lacking = s->expected > count ? (unsigned)(s->expected - count) : 0;
    s->wake_at = lacking ? lacking : 1;
    while (s->queued < lacking && !s->closing && rc == 0)
        rc = pthread_cond_timedwait(&s->work, &s->lock, until);
    s->wake_at = 1;
    pthread_mutex_unlock(&s->lock);
    return take_batch(s, count);
}

/* Runs what is there, then what has come meanwhile. count: how many entries there are, those of the next batch
 * included */
static void run_all(store *s, size_t *count, batch *b)
{
    b->begun_us = clock_monotonic_us();
    const struct timespec until = after_us(s->commit_us < GATHER_US_MAX ? s->commit_us : GATHER_US_MAX);
    do {
        run_jobs(s, *count, b);
        if (b->ran < *count)
            return;
        *count = gather(s, *count, &until);
    } while (b->ran < *count);
}

static void note_crowd(store *s, size_t ran)
{
    pthread_mutex_lock(&s->lock);
    s->expected = ran + s->queued;
    pthread_mutex_unlock(&s->lock);
}

static engine_code commit_timed(store *s, batch *b)
{
    int64_t begun_us = clock_monotonic_us();
    engine_code code = commit(s, b);
    s->commit_us = clock_monotonic_us() - begun_us;
    return code;
}

/* returns how many entries were answered; count: how many there are */
static size_t run_batch(store *s, size_t *count)
{
    batch b = {.writes = overlay_open(SIZE_MAX)};
    engine_code code = b.writes ? begin(s, &b.txn) : ENGINE_MEMORY;
    if (code == ENGINE_OK) {
        run_all(s, count, &b);
        if (b.wrote)
            code = commit_timed(s, &b);
        else
            s->engine->ops->end(b.txn);
    } else {
        for (b.ran = 0; b.ran < *count; b.ran++)
            s->entries[b.ran].result = STORE_DONE;
    }
    if (code != ENGINE_OK)
        fail_all(s->entries, b.ran, code);
    if (code != ENGINE_OK || b.wrote)
        note_outcome(s, code);
    atomic_fetch_add(&s->jobs, b.ran);
    if (code == ENGINE_OK && b.wrote)
        atomic_fetch_add(&s->commits, 1);
    note_crowd(s, b.ran);
    if (s->options.answering)
        s->options.answering(s->options.context, true);
    for (size_t i = 0; i < b.ran; i++)
        s->entries[i].job->done(s->entries[i].job, s->entries[i].result);
    if (s->options.answering)
        s->options.answering(s->options.context, false);
    overlay_release(b.writes);
    return b.ran;
}

/* A commit of our own: one small value, always the same key. */
static void probe(store *s)
{
    engine_txn *txn;
    char raw[8 + FRAME_BYTES] = "probe";
    kt_str key = KT_STR("p");
    engine_code code = begin(s, &txn);
    if (code == ENGINE_OK) {
        uint64_t commits = atomic_load(&s->commits);
        memcpy(raw, &commits, sizeof commits);
        frame_seal(STORE_META, frame_key(key), raw, 8);
        code = s->engine->ops->put(txn, STORE_META, key, (kt_str){raw, sizeof raw});
        if (code == ENGINE_OK)
            code = s->engine->ops->commit(txn);
        else
            s->engine->ops->end(txn);
    }
    note_outcome(s, code == ENGINE_FULL ? ENGINE_OK : code); /* full: the next batch grows the map */
}

/* Waits for a job, or for the time to probe. returns false: closing, and nothing is left */
static bool await_work(store *s)
{
    const struct timespec until = after_us(PROBE_MS * 1000);
    int rc = 0;
    pthread_mutex_lock(&s->lock);
    while (!s->first && !s->closing && rc == 0)
        rc = atomic_load(&s->failing) ? pthread_cond_timedwait(&s->work, &s->lock, &until)
                                      : pthread_cond_wait(&s->work, &s->lock);
    bool more = s->first || !s->closing;
    pthread_mutex_unlock(&s->lock);
    if (rc == ETIMEDOUT)
        probe(s);
    return more;
}

void *writer_run(void *argument)
{
    store *s = argument;
    size_t count = 0;
    while (count || await_work(s)) {
        count = take_batch(s, count);
        if (!count)
            continue;
        size_t ran = run_batch(s, &count);
        count -= ran;
        memmove(s->entries, s->entries + ran, count * sizeof *s->entries);
    }
    return NULL;
}
