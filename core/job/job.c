/* job.c -- the thread that runs jobs: it takes what is queued, opens a few at a time and does one chunk of
 * each in turn, so that a long job does not hold up a short one. */
#include "job/job.h"

#include <assert.h>
#include <pthread.h>
#include <time.h>

#include "job/record.h"
#include "journal/journal.h"
#include "kit/clock.h"
#include "kit/log.h"

enum {
    OPEN_MAX = 8,
    KINDS_MAX = 32,
    STEP_ARENA = 256 << 20,
    LASTING_ARENA = 64 << 20,
    REST_MS = 1000, /* after the store refused a chunk, or a look failed */
};

typedef struct {
    job_run run;
    const job_kind *kind; /* NULL: the slot is free */
    bool open;            /* kind->open has succeeded */
    bool blocked;         /* the store takes no writes now: rest before the next try */
} slot;

struct jobs {
    arena *arena;
    job_rooms rooms;
    const job_kind *kinds[KINDS_MAX];
    size_t kind_count;
    slot slots[OPEN_MAX];
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of what follows; held across no call */
    pthread_cond_t wake;
    bool changed, closing;
};

static const job_kind *kind_find(const jobs *j, kt_str name)
{
    for (size_t i = 0; i < j->kind_count; i++)
        for (const job_kind *k = j->kinds[i]; k->name; k++)
            if (str_is(name, k->name))
                return k;
    return NULL;
}

/* ---- Transactions ---- */

static const char *lang_of(const struct job *job, const char *otherwise)
{
    return str_is(job->lang, "pl") ? "pl" : str_is(job->lang, "en") ? "en" : otherwise;
}

/* Reads begin as the system's, to see the job's record, and go on as its starter's. */
static kt_error *act_for_starter(kt_tx *tx, const struct job *job)
{
    const access_identity who = {job->owner.v, (uint64_t)job->key, job->rec.company.v};
    KT_TRY(errand_act_for(tx, &who));
    tx->lang = lang_of(job, tx->lang);
    kt_str request = arena_format(tx->arena, "job:%llu", (unsigned long long)job->rec.id.v);
    tx->request_id = request;
    tx->unit = arena_str(tx->arena, job->unit);
    return request.ptr ? NULL : error_no_memory();
}

typedef struct {
    const jobs *jobs;
    slot *slot;
    bool over;            /* the job was cancelled or removed meanwhile */
    const kt_error *fail; /* to put on record; NULL: do a chunk */
    job_run prepared;     /* the body may run again: it begins with this */
} write_step;

static bool is_wanted(const struct job *job)
{
    return job->state == JOB_QUEUED || job->state == JOB_RUNNING;
}

static kt_error *record_chunk(kt_tx *tx, write_step *w, struct job *job)
{
    const job_run *run = &w->slot->run;
    if (run->problems)
        KT_TRY(job_keep_problems(tx, job, run->problems));
    job->state = run->finished ? JOB_DONE : JOB_RUNNING;
    job->done = (int64_t)run->done;
    job->total = (int64_t)run->total;
    job->started_at = job->started_at.ms ? job->started_at : tx->now;
    job->position = run->finished ? (kt_str){0} : run->next;
    job->result = run->finished ? run->result : (kt_str){0};
    job->finished_at = run->finished ? tx->now : (kt_time){0};
    job->message = (kt_str){0};
    return job_save(tx, job);
}

static kt_error *write_body(kt_tx *tx, void *context)
{
    write_step *w = context;
    job_run *run = &w->slot->run;
    struct job job;
    w->over = false;
    *run = w->prepared;
    kt_error *error = job_read(tx, run->id, &job);
    if (error || !is_wanted(&job)) {
        w->over = true;
        return NULL;
    }
    if (w->fail) {
        tx->user = job.owner.v;
        tx->lang = lang_of(&job, tx->lang);
        return job_fail(tx, &job, w->fail);
    }
    KT_TRY(act_for_starter(tx, &job));
    tx->origin = w->slot->kind->origin;
    run->tx = tx;
    if (w->slot->kind->apply)
        KT_TRY(w->slot->kind->apply(run));
    return record_chunk(tx, w, &job);
}

static kt_error *write_run(write_step *w)
{
    const errand e = {.rooms = w->jobs->rooms.errands,
        .arena = w->slot->run.arena,
        .origin = MODEL_JOB,
        .request_id = KT_STR("job")};
    return errand_write(&e, write_body, w);
}

/* ---- One chunk ---- */

static void slot_close(slot *s)
{
    if (s->open && s->kind->close) {
        s->run.tx = NULL;
        s->kind->close(&s->run);
    }
    arena_close(s->run.arena);
    arena_close(s->run.lasting);
    *s = (slot){0};
}

typedef struct {
    jobs *jobs;
    slot *slot;
    bool over; /* nobody wants it any more */
} read_step;

/* Reads what is on record and lets the kind prepare the chunk. */
static kt_error *read_body(kt_tx *tx, void *context)
{
    read_step *r = context;
    slot *s = r->slot;
    job_run *run = &s->run;
    struct job job;
    kt_error *gone = job_read(tx, run->id, &job);
    r->over = gone || !is_wanted(&job);
    if (r->over)
        return NULL;
    KT_TRY(act_for_starter(tx, &job));
    KT_TRY(job_params(run->arena, arena_str(run->arena, job.params), &run->params));
    KT_TRY(job_params(run->arena, arena_str(run->arena, job.position), &run->position));
    run->done = (uint64_t)job.done;
    run->total = (uint64_t)job.total;
    run->tx = tx;
    if (!s->open && s->kind->open)
        KT_TRY(s->kind->open(run));
    s->open = true;
    if (s->kind->prepare)
        KT_TRY(s->kind->prepare(run));
    if (!tx->doomed)
        access_shown(r->jobs->rooms.errands->access, tx, KT_STR("job"), str_of(s->kind->name), run->params);
    return NULL;
}

static kt_error *prepare(jobs *j, slot *s, bool *over)
{
    read_step r = {.jobs = j, .slot = s};
    const errand e = {
        .rooms = j->rooms.errands, .arena = s->run.arena, .origin = MODEL_JOB, .request_id = KT_STR("job")};
    kt_error *error = errand_read(&e, read_body, &r);
    *over = r.over;
    return error;
}

/* What the next try may mend. */
static bool is_passing(const kt_error *error)
{
    return error->first && (error->first->kind == KT_STORAGE || error->first->kind == KT_UNAVAILABLE);
}

static void put_failure(jobs *j, slot *s, const kt_error *error)
{
    write_step w = {.jobs = j, .slot = s, .fail = error, .prepared = s->run};
    log_line(KT_LOG_WARN, "job", "failed id=%llu kind=%s reason=\"%s\"", (unsigned long long)s->run.id,
        s->kind->name, error_text(error));
    if (write_run(&w))
        s->blocked = true; /* it stays running on record, and is tried again */
    else
        slot_close(s);
}

/* Gives up what open took: the next chunk begins at the position on record. */
static void reopen(slot *s)
{
    if (s->open && s->kind->close)
        s->kind->close(&s->run);
    s->open = false;
    s->blocked = true;
    s->run.context = NULL;
    arena_reset(s->run.lasting);
}

static void chunk(jobs *j, slot *s)
{
    job_run *run = &s->run;
    bool over = false;
    arena_reset(run->arena);
    run->finished = false;
    run->next = run->result = (kt_str){0};
    run->problems = NULL;
    s->blocked = false;
    kt_error *error = prepare(j, s, &over);
    write_step w = {.jobs = j, .slot = s, .prepared = *run};
    if (!error && !over) {
        error = write_run(&w); /* also where its outcome is not known: what is on record then tells */
        over = w.over;
    }
    run->tx = NULL;
    if (error && is_passing(error))
        reopen(s);
    else if (error)
        put_failure(j, s, error);
    else if (over || (run->finished && !s->blocked))
        slot_close(s);
}

/* ---- Taking up ---- */

static bool is_taken(const jobs *j, uint64_t id)
{
    for (size_t i = 0; i < OPEN_MAX; i++)
        if (j->slots[i].kind && j->slots[i].run.id == id)
            return true;
    return false;
}

static void take(jobs *j, uint64_t id, kt_str kind_name)
{
    slot *s = NULL;
    for (size_t i = 0; i < OPEN_MAX && !s; i++)
        s = j->slots[i].kind ? NULL : &j->slots[i];
    const job_kind *kind = kind_find(j, kind_name);
    if (!s || !kind) /* a kind that this server does not know waits for one that does */
        return;
    *s = (slot){.kind = kind,
        .run = {.id = id,
            .rooms = &j->rooms,
            .arena = arena_open(STEP_ARENA),
            .lasting = arena_open(LASTING_ARENA)}};
    if (!s->run.arena || !s->run.lasting)
        slot_close(s);
}

static kt_error *take_queued(kt_tx *tx, void *context)
{
    jobs *j = context;
    kt_cursor *cursor = NULL;
    struct job job = {KT_OF(job)};
    size_t free = 0;
    for (size_t i = 0; i < OPEN_MAX; i++)
        free += !j->slots[i].kind;
    for (unsigned state = JOB_QUEUED; state <= JOB_RUNNING && free; state++) {
        kt_query query = {.of = &job_shape,
            .where = (kt_where[]){{offsetof(struct job, state), KT_EQ, &state}, {0}},
            .sort = "id"};
        KT_TRY(kt_open(tx, &query, &cursor));
        while (free && kt_next(cursor, &job.rec))
            if (!is_taken(j, job.rec.id.v)) {
                take(j, job.rec.id.v, job.kind);
                free--;
            }
        KT_TRY(kt_close(cursor));
    }
    return NULL;
}

/* returns false: the look failed, and another one is due */
static bool take_up(jobs *j)
{
    arena *arena = arena_open((size_t)16 << 20);
    const errand e = {
        .rooms = j->rooms.errands, .arena = arena, .origin = MODEL_JOB, .request_id = KT_STR("job")};
    kt_error *error = arena ? errand_read(&e, take_queued, j) : error_no_memory();
    if (error)
        log_line(KT_LOG_ERROR, "job", "look_failed reason=\"%s\"", error_text(error));
    arena_close(arena);
    return !error;
}

/* ---- The thread ---- */

/* Waits for something to do. returns false: the server closes */
static bool wait_for_work(jobs *j, bool busy, bool blocked, bool *look)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += REST_MS / 1000;
    pthread_mutex_lock(&j->lock);
    if (blocked)
        while (!j->closing && pthread_cond_timedwait(&j->wake, &j->lock, &until) == 0)
            continue;
    while (!busy && !blocked && !j->changed && !j->closing)
        pthread_cond_wait(&j->wake, &j->lock);
    *look = j->changed;
    j->changed = false;
    bool go_on = !j->closing;
    pthread_mutex_unlock(&j->lock);
    return go_on;
}

/* One chunk of each job. returns whether a slot became free */
static bool pass(jobs *j, bool *busy, bool *blocked)
{
    bool freed = false;
    *busy = *blocked = false;
    for (size_t i = 0; i < OPEN_MAX; i++) {
        slot *s = &j->slots[i];
        if (!s->kind)
            continue;
        chunk(j, s);
        freed = freed || !s->kind;
        *busy = *busy || (s->kind && !s->blocked);
        *blocked = *blocked || (s->kind && s->blocked);
    }
    return freed;
}

static void *run_jobs(void *argument)
{
    jobs *j = argument;
    bool busy = false, blocked = false, look = false, freed = false, missed = false;
    while (wait_for_work(j, busy || freed, (blocked || missed) && !busy, &look)) {
        if (look || freed || missed)
            missed = !take_up(j);
        freed = pass(j, &busy, &blocked);
    }
    for (size_t i = 0; i < OPEN_MAX; i++)
        if (j->slots[i].kind)
            slot_close(&j->slots[i]);
    return NULL;
}

void jobs_changed(jobs *j, const model_change *changes)
{
    bool ours = false;
    for (const model_change *c = changes; c && !ours; c = c->next)
        ours = str_is(c->entity->name, "job.job");
    if (!ours)
        return;
    pthread_mutex_lock(&j->lock);
    j->changed = true;
    pthread_cond_signal(&j->wake);
    pthread_mutex_unlock(&j->lock);
}

/* ---- Opening and closing ---- */

kt_error *jobs_open(jobs **out)
{
    arena *arena = arena_open((size_t)1 << 20);
    jobs *j = arena ? ARENA_NEW(arena, jobs) : NULL;
    if (!j) {
        arena_close(arena);
        return error_no_memory();
    }
    j->arena = arena;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    j->changed = true; /* of an earlier run */
    *out = j;
    return NULL;
}

void jobs_add(jobs *j, const job_kind *kinds)
{
    assert(!j->started && j->kind_count < KINDS_MAX);
    j->kinds[j->kind_count++] = kinds;
}

kt_error *jobs_start(jobs *j, arena *arena, const job_rooms *rooms)
{
    j->rooms = *rooms;
    int code = pthread_create(&j->thread, NULL, run_jobs, j);
    j->started = code == 0;
    return code ? error_make(arena, KT_UNAVAILABLE, NULL, "the thread of jobs cannot be started: %s",
                      "nie można uruchomić wątku zadań: %s", strerrordesc_np(code))
                : NULL;
}

void jobs_stop(jobs *j)
{
    if (!j)
        return;
    pthread_mutex_lock(&j->lock);
    j->closing = true;
    pthread_cond_signal(&j->wake);
    pthread_mutex_unlock(&j->lock);
    if (j->started)
        pthread_join(j->thread, NULL);
    j->started = false;
}

void jobs_close(jobs *j)
{
    jobs_stop(j);
    if (!j)
        return;
    pthread_cond_destroy(&j->wake);
    pthread_mutex_destroy(&j->lock);
    arena_close(j->arena);
}
