/* read_log.c -- reading never waits for the disk: rows gather in memory and a thread has them written by a
 * job of the writer, many at a time. When more gather than are written, the oldest are lost, and the log says
 * how many. */
#include "access/read_log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "access/alarm.h"
#include "access/control.h"
#include "access/usual.h"
#include "kit/calendar.h"
#include "kit/json.h"
#include "kit/log.h"

enum { BATCH = 256, JOB_ARENA = 32 << 20, ROW_ARENA = 1 << 20, FILTER_MAX = 2000, LOOK_BACK = 8 };
enum { RAISED_MAX = 256 }; /* alarms that wait: more say nothing new */
enum { SWEEP_MAX = 2 * BATCH, RETRY_MS = 1000, DAY_MS = 86400000 };

/* ---- What a transaction shows ---- */

typedef struct shown_set {
    struct shown_set *next;
    const model_entity *entity;
    const char *action; /* "read", "export", "reveal" */
    uint64_t *ids;
    size_t count, room;
} shown_set;

typedef struct {
    arena *arena; /* the call's: tx->arena may be another for a while */
    shown_set *sets;
} shown;

kt_error *read_log_begin(kt_tx *tx)
{
    shown *s = ARENA_NEW(tx->arena, shown);
    if (!s)
        return error_no_memory();
    s->arena = tx->arena;
    tx->shown = s;
    return NULL;
}

static bool set_add(shown *s, shown_set *set, uint64_t id)
{
    if (set->count == set->room) {
        size_t more = set->room ? 2 * set->room : 16;
        uint64_t *ids = arena_grow(s->arena, set->ids, set->room * sizeof *ids, more * sizeof *ids);
        if (!ids)
            return false;
        set->ids = ids;
        set->room = more;
    }
    set->ids[set->count++] = id;
    return true;
}

void read_log_seen(kt_tx *tx, const model_entity *entity, uint64_t id, const char *action)
{
    shown *s = tx->shown;
    if (!s)
        return;
    shown_set *set = s->sets;
    while (set && (set->entity != entity || strcmp(set->action, action) != 0))
        set = set->next;
    if (!set && (set = ARENA_NEW(s->arena, shown_set))) {
        *set = (shown_set){.next = s->sets, .entity = entity, .action = action};
        s->sets = set;
    }
    if (set && set->count && set->ids[set->count - 1] == id)
        return;
    if (!set || !set_add(s, set, id)) /* what cannot be logged is not shown */
        tx->doomed = tx->doomed ? tx->doomed : error_no_memory();
}

/* ---- Ranges ---- */

kt_str read_log_ranges(arena *arena, const uint64_t *ids, size_t count)
{
    enum { RANGE_CHARS = 42 };
    char *out = arena_alloc(arena, count * RANGE_CHARS + 1), *at = out;
    if (!out)
        return (kt_str){0};
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && ids[end] == ids[end - 1] + 1; end++)
            ;
        at += snprintf(at, RANGE_CHARS, i ? ",%llu" : "%llu", (unsigned long long)ids[i]);
        if (end > i + 1)
            at += snprintf(at, RANGE_CHARS, "-%llu", (unsigned long long)ids[end - 1]);
    }
    return (kt_str){out, (size_t)(at - out)};
}

static size_t number_at(kt_str text, size_t at, uint64_t *number)
{
    for (*number = 0; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++)
        *number = 10 * *number + (uint64_t)(text.ptr[at] - '0');
    return at;
}

bool read_log_range(kt_str ranges, size_t *at, uint64_t *first, uint64_t *last)
{
    if (*at >= ranges.len)
        return false;
    size_t end = number_at(ranges, *at, first);
    *last = *first;
    if (end < ranges.len && ranges.ptr[end] == '-')
        end = number_at(ranges, end + 1, last);
    *at = end + 1;
    return true;
}

bool read_log_has(kt_str ranges, uint64_t id)
{
    uint64_t first, last;
    for (size_t at = 0; read_log_range(ranges, &at, &first, &last);)
        if (first <= id && id <= last)
            return true;
    return false;
}

/* ---- Waiting rows ---- */

typedef struct {
    arena *arena;
    uint64_t user, key;
    uint16_t entity;
    const char *action;
    kt_time at;
    kt_str remote, method, filter;
    uint64_t *ids;
    size_t count, room;
} row;

struct read_log {
    pthread_mutex_t lock;
    pthread_cond_t work, idle; /* there is something to write; all is written */
    pthread_t thread;
    store *store;
    read_budget *budget;
    unsigned keep_days;
    row *waiting[READ_LOG_MAX]; /* a ring */
    size_t first, count;
    uint64_t lost;
    alarm raised[RAISED_MAX];
    size_t raised_count;
    access_listeners listeners;
    bool writing, hurry, closing;
    const model_catalogue *catalogue; /* of the newest row */
    const uint8_t *master_key;
};

static bool row_add(row *r, const uint64_t *ids, size_t n)
{
    if (r->count + n > r->room) {
        size_t more = r->count + n > 2 * r->room ? r->count + n : 2 * r->room;
        uint64_t *grown = arena_grow(r->arena, r->ids, r->room * sizeof *grown, more * sizeof *grown);
        if (!grown)
            return false;
        r->ids = grown;
        r->room = more;
    }
    memcpy(r->ids + r->count, ids, n * sizeof *ids);
    r->count += n;
    return true;
}

static row *row_copy(const row *from, const uint64_t *ids, size_t n)
{
    arena *arena = arena_open(ROW_ARENA);
    row *r = arena ? ARENA_NEW(arena, row) : NULL;
    if (r) {
        *r = *from;
        r->arena = arena;
        r->remote = arena_str(arena, from->remote);
        r->method = arena_str(arena, from->method);
        r->filter = arena_str(arena, from->filter);
    }
    if (r && row_add(r, ids, n))
        return r;
    arena_close(arena);
    return NULL;
}

/* Under the lock. */
static void ring_drop_first(read_log *log)
{
    arena_close(log->waiting[log->first]->arena);
    log->first = (log->first + 1) % READ_LOG_MAX;
    log->count--;
    if (log->lost++ % READ_LOG_MAX == 0)
        log_line(KT_LOG_ERROR, "access", "read_log event=overflow lost=%llu", (unsigned long long)log->lost);
}

static bool same_call(const row *a, const row *b)
{
    return a->user == b->user && a->key == b->key && a->entity == b->entity &&
           strcmp(a->action, b->action) == 0 && str_eq(a->remote, b->remote) &&
           str_eq(a->method, b->method) && str_eq(a->filter, b->filter);
}

/* Under the lock. */
static void ring_add(read_log *log, const row *from, const uint64_t *ids, size_t n)
{
    for (size_t i = 1; i <= LOOK_BACK && i <= log->count; i++) {
        row *r = log->waiting[(log->first + log->count - i) % READ_LOG_MAX];
        if (same_call(r, from) && r->count + n <= READ_LOG_IDS_MAX && row_add(r, ids, n))
            return;
    }
    row *made = row_copy(from, ids, n);
    if (!made) {
        log_line(KT_LOG_ERROR, "access", "read_log event=lost records=%zu reason=\"out of memory\"", n);
        return;
    }
    if (log->count == READ_LOG_MAX)
        ring_drop_first(log);
    log->waiting[(log->first + log->count++) % READ_LOG_MAX] = made;
}

/* What narrowed the call: a filter, or the words of a search. */
static kt_str filter_text(arena *arena, const variant *params)
{
    static const char *const names[] = {"filter", "query", "text", "field"};
    const variant *narrowed = NULL;
    for (size_t i = 0; !narrowed && i < sizeof names / sizeof *names; i++)
        narrowed = params ? variant_get(params, names[i]) : NULL;
    if (!narrowed || narrowed->kind == VARIANT_NULL)
        return (kt_str){0};
    buffer out;
    buffer_open(&out, FILTER_MAX);
    json j = json_to(&out);
    json_variant(&j, narrowed);
    kt_str text = out.full ? KT_STR("too long to be kept") : arena_str(arena, buffer_str(&out));
    buffer_close(&out);
    return text;
}

/* Under the lock: what is written, is written under the newest catalogue. */
static void know(read_log *log, const kt_tx *tx)
{
    if (log->catalogue != tx->catalogue) {
        model_catalogue_release(log->catalogue);
        log->catalogue = model_catalogue_hold(tx->catalogue);
    }
    log->master_key = tx->master_key;
}

void read_log_alarm(read_log *log, const kt_tx *tx, const alarm *a)
{
    pthread_mutex_lock(&log->lock);
    know(log, tx);
    if (log->raised_count < RAISED_MAX)
        log->raised[log->raised_count++] = *a;
    pthread_cond_signal(&log->work);
    pthread_mutex_unlock(&log->lock);
}

void read_log_note(
    read_log *log, const kt_tx *tx, uint64_t key, kt_str remote, kt_str method, const variant *params)
{
    const shown *s = tx->shown;
    if (!s || !s->sets)
        return;
    row from = {.user = tx->user,
        .key = key,
        .at = tx->now,
        .remote = remote,
        .method = method,
        .filter = filter_text(s->arena, params)};
    pthread_mutex_lock(&log->lock);
    bool idle = log->count == 0;
    know(log, tx);
    for (const shown_set *set = s->sets; set; set = set->next) {
        from.entity = set->entity->number;
        from.action = set->action;
        for (size_t at = 0; at < set->count; at += READ_LOG_IDS_MAX) {
            size_t n = set->count - at < READ_LOG_IDS_MAX ? set->count - at : READ_LOG_IDS_MAX;
            ring_add(log, &from, set->ids + at, n);
        }
    }
    if (idle ||
        log->count >= BATCH) /* else it sleeps until the delay is over: a wake costs more than a row */
        pthread_cond_signal(&log->work);
    pthread_mutex_unlock(&log->lock);
}

/* ---- Writing ---- */

typedef struct {
    store_job job; /* first */
    read_log *log;
    const model_catalogue *catalogue;
    const uint8_t *master_key;
    const read_budget_batch *budget;
    row *rows[BATCH];
    size_t count;
    const alarm *raised;
    size_t raised_count;
    access_listeners listeners;
    kt_tx tx; /* of the last run of the body */
    alarm *alarms;
    uint64_t seq;
    bool watched;
} write_job;

static variant integer(uint64_t value)
{
    return (variant){.kind = VARIANT_INT, .as.integer = (int64_t)value};
}

static variant string(kt_str value)
{
    return (variant){.kind = value.len ? VARIANT_STRING : VARIANT_NULL, .as.string = value};
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static size_t sort_ids(uint64_t *ids, size_t count)
{
    size_t n = 0;
    qsort(ids, count, sizeof *ids, compare);
    for (size_t i = 0; i < count; i++)
        if (n == 0 || ids[n - 1] != ids[i])
            ids[n++] = ids[i];
    return n;
}

static kt_error *row_write(kt_tx *tx, const model_entity *entity, row *r)
{
    const model_entity *of = model_entity_by_number(tx->catalogue, r->entity);
    if (!of)
        return NULL;
    char text[TIME_TEXT_MAX];
    KT_TRY(system_still(tx, "access.user", &r->user));
    KT_TRY(system_still(tx, "access.key", &r->key));
    r->count = sort_ids(r->ids, r->count);
    kt_str ranges = r->count > 1 ? read_log_ranges(tx->arena, r->ids, r->count) : (kt_str){0};
    if (r->count > 1 && !ranges.ptr)
        return error_no_memory();
    const variant none = {.kind = VARIANT_NULL}, user = r->user ? integer(r->user) : none,
                  key = integer(r->key), record = integer(r->ids[0]), count = integer(r->count),
                  name = string(of->name), records = string(ranges), action = string(str_of(r->action)),
                  at = string((kt_str){text, time_text(r->at, text)}), method = string(r->method),
                  remote = string(r->remote), filter = string(r->filter);
    const variant_member members[] = {{KT_STR("user"), &user}, {KT_STR("api_key"), r->key ? &key : &none},
        {KT_STR("entity"), &name}, {KT_STR("record"), r->count == 1 ? &record : &none},
        {KT_STR("records"), &records}, {KT_STR("count"), &count}, {KT_STR("action"), &action},
        {KT_STR("method"), &method}, {KT_STR("filter"), &filter}, {KT_STR("remote"), &remote},
        {KT_STR("at"), &at}};
    const variant values = {.kind = VARIANT_OBJECT, .as.object = {members, sizeof members / sizeof *members}};
    model_record made = {0};
    return model_create(tx, entity, &values, &made);
}

/* Rows that were kept long enough go as new ones come: a few more than came, so that it ends. */
static kt_error *sweep(kt_tx *tx, const model_entity *entity, unsigned keep_days)
{
    char text[TIME_TEXT_MAX];
    const kt_time before = {tx->now.ms - (int64_t)keep_days * DAY_MS};
    uint64_t old[SWEEP_MAX];
    size_t count = 0;
    variant cells[3] = {
        string(KT_STR("at")), string(KT_STR("<")), string((kt_str){text, time_text(before, text)})};
    variant condition = {.kind = VARIANT_ARRAY, .as.array = {cells, 3}},
            all = {.kind = VARIANT_ARRAY, .as.array = {&condition, 1}};
    query_filter *filter = NULL;
    query_rows *rows = NULL;
    model_record record = {0};
    KT_TRY(query_filter_read(tx, entity, &all, &filter));
    KT_TRY(query_open(tx,
        &(query_request){.entity = entity, .filter = filter, .limit = SWEEP_MAX, .right = "read"}, &rows));
    while (count < SWEEP_MAX && query_next(rows, &record))
        old[count++] = (uint64_t)record.values[MODEL_ID].as.i;
    KT_TRY(query_end(rows));
    for (size_t i = 0; i < count; i++)
        KT_TRY(model_delete(tx, entity, old[i], 0));
    return NULL;
}

static void unwatch(write_job *w)
{
    if (w->watched)
        w->listeners.unwatch(&w->tx);
    w->watched = false;
}

/* What was raised, the canaries among what was shown, and days that became unusual. */
static kt_error *find_alarms(write_job *w, kt_tx *tx)
{
    canaries *all;
    w->alarms = NULL;
    for (size_t i = 0; i < w->raised_count; i++) {
        alarm *a = ARENA_NEW(tx->arena, alarm);
        if (!a)
            return error_no_memory();
        *a = w->raised[i];
        a->next = w->alarms;
        w->alarms = a;
    }
    KT_TRY(canaries_read(tx, &all));
    for (size_t i = 0; i < w->count; i++) {
        const row *r = w->rows[i];
        const model_entity *of = model_entity_by_number(tx->catalogue, r->entity);
        const alarm shown = {.user = r->user,
            .key = r->key,
            .entity = of ? of->name : (kt_str){0},
            .action = str_of(r->action),
            .method = r->method,
            .remote = r->remote,
            .at = r->at};
        if (!of)
            continue;
        KT_TRY(canaries_look(tx, all, &shown, r->ids, r->count, &w->alarms));
        KT_TRY(usual_count(tx, &shown, r->count, &w->alarms));
    }
    return NULL;
}

static kt_error *write_alarms(write_job *w, kt_tx *tx)
{
    KT_TRY(find_alarms(w, tx));
    if (w->alarms && w->listeners.watch) {
        w->watched = true;
        KT_TRY(w->listeners.watch(w->listeners.context, tx));
    }
    for (const alarm *a = w->alarms; a; a = a->next)
        KT_TRY(alarm_write(tx, a));
    return NULL;
}

static kt_error *write_body(store_job *job, store_view *view)
{
    write_job *w = (write_job *)job;
    unwatch(w); /* it may run again */
    KT_TRY(read_budget_keep(w->budget, view));
    if (!w->count && !w->raised_count)
        return NULL;
    KT_TRY(system_begin(&w->tx, job->arena, view, w->catalogue, w->master_key));
    const model_entity *entity = model_entity_find(w->tx.catalogue, KT_STR("access.read_log"));
    if (!entity)
        return NULL;
    if (w->log->keep_days)
        KT_TRY(sweep(&w->tx, entity, w->log->keep_days));
    for (size_t i = 0; i < w->count; i++)
        KT_TRY(row_write(&w->tx, entity, w->rows[i]));
    KT_TRY(write_alarms(w, &w->tx));
    return system_commit(&w->tx, &w->seq);
}

/* The alarms are written: whoever listens is told. */
static void told(write_job *w)
{
    const access_listeners *to = &w->listeners;
    for (const alarm *a = w->alarms; a; a = a->next)
        alarm_say(a);
    if (w->alarms && to->watched)
        to->watched(to->context, &w->tx);
    if (w->alarms && to->committed)
        to->committed(to->context, w->seq, w->tx.changes);
}

/* Takes what waits. Under the lock. */
static void take(read_log *log, write_job *w)
{
    w->count = log->count < BATCH ? log->count : BATCH;
    for (size_t i = 0; i < w->count; i++)
        w->rows[i] = log->waiting[(log->first + i) % READ_LOG_MAX];
    log->first = (log->first + w->count) % READ_LOG_MAX;
    log->count -= w->count;
    w->catalogue = log->catalogue ? model_catalogue_hold(log->catalogue) : NULL;
    w->master_key = log->master_key;
    w->listeners = log->listeners;
    w->raised_count = log->raised_count;
    log->raised_count = 0;
    alarm *raised = ARENA_ARRAY(w->job.arena, alarm, w->raised_count + 1);
    if (raised)
        memcpy(raised, log->raised, w->raised_count * sizeof *raised);
    w->raised = raised;
    w->raised_count = raised ? w->raised_count : 0;
}

/* What could not be written waits at the front again, as far as there is room. Under the lock. */
static void put_back(read_log *log, const write_job *w)
{
    for (size_t i = w->count; i-- > 0;) {
        if (log->count == READ_LOG_MAX) {
            arena_close(w->rows[i]->arena);
            log->lost++;
            continue;
        }
        log->first = (log->first + READ_LOG_MAX - 1) % READ_LOG_MAX;
        log->waiting[log->first] = w->rows[i];
        log->count++;
    }
}

/* The same batch again, with no rules on its alarms. */
static store_result run_unwatched(read_log *log, write_job *w)
{
    log_line(KT_LOG_ERROR, "access", "read_log event=unwatched reason=\"%s\"", error_text(w->job.error));
    unwatch(w);
    w->listeners.watch = NULL;
    w->listeners.watched = NULL;
    w->job = (store_job){.body = write_body, .arena = w->job.arena};
    return store_run(log->store, &w->job);
}

/* Writes one batch. false: it could not be written. Called, and returns, with the lock held. */
static bool write_batch(read_log *log)
{
    arena *arena = arena_open(JOB_ARENA);
    write_job *w = arena ? ARENA_NEW(arena, write_job) : NULL;
    if (!w) {
        arena_close(arena);
        return false;
    }
    w->job = (store_job){.body = write_body, .arena = arena};
    w->log = log;
    take(log, w);
    pthread_mutex_unlock(&log->lock);
    w->budget = read_budget_take(log->budget, arena);
    bool some = w->count || w->budget || w->raised_count;
    store_result result = some ? store_run(log->store, &w->job) : STORE_DONE;
    if (result == STORE_REFUSED && w->alarms && w->watched) /* a rule that fails hides no reading */
        result = run_unwatched(log, w);
    if (result == STORE_DONE) {
        read_budget_kept(log->budget, w->budget);
        told(w);
    } else
        log_line(KT_LOG_ERROR, "access", "read_log event=not_written rows=%zu reason=\"%s\"", w->count,
            w->job.error ? error_text(w->job.error) : "the writer is busy");
    unwatch(w);
    pthread_mutex_lock(&log->lock);
    if (result != STORE_DONE)
        put_back(log, w);
    for (size_t i = 0; result != STORE_DONE && i < w->raised_count && log->raised_count < RAISED_MAX; i++)
        log->raised[log->raised_count++] = w->raised[i];
    for (size_t i = 0; result == STORE_DONE && i < w->count; i++)
        arena_close(w->rows[i]->arena);
    if (w->catalogue)
        model_catalogue_release(w->catalogue);
    arena_close(arena);
    return result == STORE_DONE;
}

/* Sleeps, unless somebody waits for the rows or the batch is full. Under the lock. */
static void pause_for(read_log *log, long ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!log->hurry && !log->closing && log->count < BATCH &&
           pthread_cond_timedwait(&log->work, &log->lock, &until) == 0)
        ;
}

static void *run(void *context)
{
    read_log *log = context;
    pthread_mutex_lock(&log->lock);
    for (bool well = true; !log->closing || (well && (log->count || log->raised_count));) {
        while (!log->closing && !log->hurry && !log->count && !log->raised_count)
            pthread_cond_wait(&log->work, &log->lock);
        pause_for(log, READ_LOG_DELAY_MS);
        log->writing = true;
        well = write_batch(log);
        log->writing = false;
        pthread_cond_broadcast(&log->idle);
        if (!log->count || !well) {
            log->hurry = false;
            pthread_cond_broadcast(&log->idle);
        }
        if (!well)
            pause_for(log, RETRY_MS);
    }
    (void)write_batch(log); /* what was counted but not logged */
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

/* ---- Opening, closing ---- */

read_log *read_log_open(arena *arena, store *store, read_budget *budget, unsigned keep_days)
{
    read_log *log = ARENA_NEW(arena, read_log);
    pthread_condattr_t monotonic;
    if (!log || pthread_mutex_init(&log->lock, NULL) != 0)
        return NULL;
    log->store = store;
    log->budget = budget;
    log->keep_days = keep_days;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    bool made = pthread_cond_init(&log->work, &monotonic) == 0 && pthread_cond_init(&log->idle, NULL) == 0 &&
                pthread_create(&log->thread, NULL, run, log) == 0;
    pthread_condattr_destroy(&monotonic);
    return made ? log : NULL;
}

void read_log_listen(read_log *log, const access_listeners *listeners)
{
    if (!listeners)
        read_log_settle(log);
    pthread_mutex_lock(&log->lock);
    log->listeners = listeners ? *listeners : (access_listeners){0};
    while (log->writing)
        pthread_cond_wait(&log->idle, &log->lock);
    pthread_mutex_unlock(&log->lock);
}

void read_log_settle(read_log *log)
{
    pthread_mutex_lock(&log->lock);
    log->hurry = true;
    pthread_cond_signal(&log->work);
    while (log->hurry)
        pthread_cond_wait(&log->idle, &log->lock);
    pthread_mutex_unlock(&log->lock);
}

void read_log_close(read_log *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->closing = true;
    pthread_cond_signal(&log->work);
    pthread_mutex_unlock(&log->lock);
    pthread_join(log->thread, NULL);
    while (log->count) /* the disk does not take them */
        ring_drop_first(log);
    model_catalogue_release(log->catalogue);
    pthread_cond_destroy(&log->work);
    pthread_cond_destroy(&log->idle);
    pthread_mutex_destroy(&log->lock);
}
