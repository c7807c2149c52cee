/* read_log.c -- readings gather in memory and are written by a job of the writer, many at a time: reading
 * never waits for the disk. When more gather than the writer takes, the oldest are lost, and the log says how
 * many. */
#include "access/read_log.h"

#include <pthread.h>

#include "access/control.h"
#include "kit/calendar.h"
#include "kit/log.h"

enum { BATCH = 256, JOB_ARENA = 8 << 20 };

typedef struct {
    uint64_t user, record;
    uint16_t entity;
    bool export;
    kt_time at;
} reading;

typedef struct {
    store_job job; /* first */
    read_log *log;
    const model_catalogue *catalogue;
    const uint8_t *master_key;
    reading readings[BATCH];
    size_t count;
} write_job;

struct read_log {
    pthread_mutex_t lock;
    pthread_cond_t idle;
    store *store;
    reading waiting[READ_LOG_MAX]; /* a ring */
    size_t first, count;
    uint64_t lost;
    bool writing;
};

read_log *read_log_open(arena *arena, store *store)
{
    read_log *log = ARENA_NEW(arena, read_log);
    if (!log || pthread_mutex_init(&log->lock, NULL) != 0)
        return NULL;
    if (pthread_cond_init(&log->idle, NULL) != 0) {
        pthread_mutex_destroy(&log->lock);
        return NULL;
    }
    log->store = store;
    return log;
}

void read_log_close(read_log *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    while (log->writing)
        pthread_cond_wait(&log->idle, &log->lock);
    pthread_mutex_unlock(&log->lock);
    pthread_cond_destroy(&log->idle);
    pthread_mutex_destroy(&log->lock);
}

/* ---- Writing ---- */

static variant integer(uint64_t value)
{
    return (variant){.kind = VARIANT_INT, .as.integer = (int64_t)value};
}

static kt_error *reading_write(kt_tx *tx, const model_entity *entity, const reading *r)
{
    const model_entity *of = model_entity_by_number(tx->catalogue, r->entity);
    if (!of)
        return NULL;
    char at[TIME_TEXT_MAX];
    size_t n = time_text(r->at, at);
    const variant user = integer(r->user), record = integer(r->record),
                  name = {.kind = VARIANT_STRING, .as.string = of->name},
                  action = {.kind = VARIANT_STRING,
                      .as.string = r->export ? KT_STR("export") : KT_STR("read")},
                  time = {.kind = VARIANT_STRING, .as.string = {at, n}};
    const variant_member members[] = {{KT_STR("user"), &user}, {KT_STR("entity"), &name},
        {KT_STR("record"), &record}, {KT_STR("action"), &action}, {KT_STR("at"), &time}};
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {members, 5}};
    model_record made = {0};
    return model_create(tx, entity, &values, &made);
}

static kt_error *write_body(store_job *job, store_view *view)
{
    write_job *w = (write_job *)job;
    kt_tx tx = system_begin(job->arena, view, w->catalogue, w->master_key);
    const model_entity *entity = model_entity_find(tx.catalogue, KT_STR("access.read_log"));
    if (!entity)
        return NULL;
    for (size_t i = 0; i < w->count; i++)
        KT_TRY(reading_write(&tx, entity, &w->readings[i]));
    return system_commit(&tx);
}

static bool start(read_log *log, const model_catalogue *catalogue, const uint8_t *master_key);

static void write_done(store_job *job, store_result result)
{
    write_job *w = (write_job *)job;
    read_log *log = w->log;
    if (result != STORE_DONE)
        log_line(KT_LOG_ERROR, "access", "read_log event=lost readings=%zu reason=\"%s\"", w->count,
            job->error ? error_text(job->error) : "not written");
    pthread_mutex_lock(&log->lock);
    log->writing = false;
    bool more = log->count > 0;
    pthread_mutex_unlock(&log->lock);
    if (!more || !start(log, w->catalogue, w->master_key)) {
        pthread_mutex_lock(&log->lock);
        pthread_cond_signal(&log->idle);
        pthread_mutex_unlock(&log->lock);
    }
    model_catalogue_release(w->catalogue);
    arena_close(job->arena);
}

/* The writer's queue is full: the readings wait at the front again, as far as there is room. */
static void put_back(read_log *log, const write_job *w)
{
    for (size_t i = w->count; i-- > 0 && log->count < READ_LOG_MAX;) {
        log->first = (log->first + READ_LOG_MAX - 1) % READ_LOG_MAX;
        log->waiting[log->first] = w->readings[i];
        log->count++;
    }
}

/* Hands what waits to the writer, unless it is at it. false: it will be tried with the next reading */
static bool start(read_log *log, const model_catalogue *catalogue, const uint8_t *master_key)
{
    arena *arena = arena_open(JOB_ARENA);
    write_job *w = arena ? ARENA_NEW(arena, write_job) : NULL;
    if (!w) {
        arena_close(arena);
        return false;
    }
    w->job = (store_job){.body = write_body, .done = write_done, .arena = arena};
    w->log = log;
    w->master_key = master_key;
    pthread_mutex_lock(&log->lock);
    bool begun = !log->writing && log->count > 0;
    if (begun) {
        log->writing = true;
        w->count = log->count < BATCH ? log->count : BATCH;
        for (size_t i = 0; i < w->count; i++)
            w->readings[i] = log->waiting[(log->first + i) % READ_LOG_MAX];
        log->first = (log->first + w->count) % READ_LOG_MAX;
        log->count -= w->count;
    }
    pthread_mutex_unlock(&log->lock);
    if (!begun) {
        arena_close(arena);
        return false;
    }
    w->catalogue = model_catalogue_hold(catalogue);
    kt_error *busy = store_submit(log->store, &w->job);
    if (!busy)
        return true;
    pthread_mutex_lock(&log->lock);
    log->writing = false;
    put_back(log, w);
    pthread_mutex_unlock(&log->lock);
    model_catalogue_release(w->catalogue);
    arena_close(arena);
    return false;
}

void read_log_note(
    read_log *log, const kt_tx *tx, const model_entity *entity, uint64_t id, const char *action)
{
    pthread_mutex_lock(&log->lock);
    if (log->count == READ_LOG_MAX) {
        log->first = (log->first + 1) % READ_LOG_MAX;
        log->count--;
        if (log->lost++ % READ_LOG_MAX == 0)
            log_line(
                KT_LOG_ERROR, "access", "read_log event=overflow lost=%llu", (unsigned long long)log->lost);
    }
    log->waiting[(log->first + log->count++) % READ_LOG_MAX] = (reading){.user = tx->user,
        .record = id,
        .entity = entity->number,
        .export = strcmp(action, "export") == 0,
        .at = tx->now};
    bool idle = !log->writing;
    pthread_mutex_unlock(&log->lock);
    if (idle)
        (void)start(log, tx->catalogue, tx->master_key);
}
