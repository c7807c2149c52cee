/* runner.c -- carries out what waits in the queue. Each run is one job of the writer: it takes the row, runs
 * the rule, writes what that changed and the log, and all of it commits at once. So a run happens exactly
 * once, whatever ends the server between. A run that fails leaves nothing but its entry in the log. */
#include "automation/runner.h"

#include <time.h>

#include "kit/clock.h"
#include "kit/log.h"
#include "kit/str.h"

enum { JOB_ARENA_MAX = 64 << 20, TRIES_MAX = 6, RETRY_MS = 10000, IDLE_S = 30, RUNS_AT_ONCE = 10000 };

/* ---- A run's transaction ---- */

typedef struct run_job {
    automation *a;
    kt_error *(*work)(struct run_job *r);
    kt_tx *tx;                 /* while work runs */
    const access_actor *actor; /* whoever caused the event, held */
    bool more;                 /* of the timers' work */
    queue_row row;
    kt_str failure; /* what the row's run failed for; its outcome is written down */
    bool retry;
    failure_note note;
    run_report report;
} run_job;

errand rule_errand(const automation *a, arena *arena)
{
    return (errand){
        .rooms = a->options.errands, .arena = arena, .origin = MODEL_RULE, .request_id = KT_STR("rule")};
}

static void let_go(run_job *r)
{
    if (r->actor)
        access_actor_release(r->actor);
    r->actor = NULL;
}

/* Everything happens on behalf of whoever caused the event. */
static kt_error *stand_for(run_job *r, uint64_t user, uint64_t company)
{
    if (!user && !company)
        return NULL;
    KT_TRY(access_stand_in(r->a->options.errands->access, r->tx, user, company, (kt_str){0}, &r->actor));
    const model_guard *guard = r->tx->guard;
    access_begin(r->tx, r->actor);
    if (!user)
        r->tx->guard = guard; /* the company's zone; the system's rights */
    return NULL;
}

static kt_error *work(kt_tx *tx, void *context)
{
    run_job *r = context;
    let_go(r); /* of a body that ran before */
    r->tx = tx;
    return r->work(r);
}

static kt_error *run_job_in(
    run_job *r, arena *arena, kt_error *(*way)(const errand *errand, errand_body body, void *context))
{
    const errand e = rule_errand(r->a, arena);
    kt_error *error = way(&e, work, r);
    let_go(r);
    r->tx = NULL;
    return error;
}

/* ---- One row ---- */

static const trigger *find_trigger(const rule *rule, kt_str text)
{
    for (size_t i = 0; i < rule->trigger_count; i++)
        if (str_eq(rule->triggers[i].text, text))
            return &rule->triggers[i];
    return NULL;
}

/* The record as it is now, and as it was at the event. */
static kt_error *read_records(
    run_job *r, const model_entity *entity, model_record *after, model_record *before, occasion *on)
{
    const model_guard *guard = r->tx->guard;
    r->tx->guard = NULL;
    kt_error *error = model_read(r->tx, entity, r->row.id, after);
    r->tx->guard = guard;
    if (!error)
        on->after = after;
    else if (error->first->kind != KT_NOT_FOUND)
        return error;
    if (!r->row.before.ptr)
        return NULL;
    KT_TRY(model_record_decode(r->tx, entity, r->row.id, r->row.before, before));
    on->before = before;
    return NULL;
}

static kt_error *run_row(run_job *r, const planned *plan, const occasion *on)
{
    run_report *report = &r->report;
    size_t failed;
    fired *past = fired_of(r->tx);
    if (!past)
        return error_no_memory();
    past->depth = r->row.depth;
    past->by = r->row.rule;
    past->of = r->row.id;
    buffer_close(&report->effects); /* of a body that ran before */
    *report = (run_report){0};
    buffer_open(&report->effects, 4096);
    KT_TRY(fire_run(r->tx, plan, 1, on, report, &failed));
    return log_run(r->tx, plan, on, report, "done", NULL);
}

/* Takes the row out of the queue as it stands there now. */
static kt_error *take_row(run_job *r, queue_row *row, bool *found)
{
    KT_TRY(queue_get(r->tx->view, r->tx->arena, r->row.due, r->row.seq, row, found));
    return *found ? queue_remove(r->tx, row) : NULL;
}

/* Finds what a row names; a rule or record that is gone ends the row without a run. */
static kt_error *carry_out(run_job *r)
{
    model_record after = {0}, before = {0};
    bool found;
    KT_TRY(take_row(r, &r->row, &found));
    if (!found)
        return NULL;
    const rule *rule = ruleset_find(ruleset_of(r->tx), r->row.rule);
    const trigger *trigger = rule ? find_trigger(rule, r->row.trigger) : NULL;
    const model_entity *entity = r->row.entity.ptr ? model_entity_find(r->tx->catalogue, r->row.entity)
                                                   : NULL;
    if (!trigger || (r->row.entity.ptr && !entity) || !rule_function_find(rule, r->row.function))
        return NULL;
    uint64_t user = r->row.user || !rule->as_caller ? r->row.user : rule->owner; /* the clock has no rights */
    KT_TRY(stand_for(r, user, r->row.company ? r->row.company : rule->company));
    occasion on = {.event = r->row.event.ptr, .entity = entity, .id = r->row.id, .payload = r->row.payload};
    if (entity)
        KT_TRY(read_records(r, entity, &after, &before, &on));
    if (entity && !on.after && !on.before)
        return NULL;
    const planned plan = {rule, trigger, r->row.function};
    return run_row(r, &plan, &on);
}

static occasion occasion_of(const run_job *r, const queue_row *row)
{
    return (occasion){.event = row->event.ptr,
        .entity = row->entity.ptr ? model_entity_find(r->tx->catalogue, row->entity) : NULL,
        .id = row->id,
        .payload = row->payload};
}

static kt_error *keep_failed(run_job *r, queue_row *row)
{
    uint64_t count;
    KT_TRY(log_count(r->tx->view, row->rule, &count));
    return queue_keep(r->tx->view, row, count - 1);
}

/* A failed run is tried again if what hindered it may pass; else it is over. */
static kt_error *write_failure(run_job *r)
{
    bool found;
    queue_row row;
    KT_TRY(take_row(r, &row, &found));
    if (!found)
        return NULL;
    if (r->retry && row.tries + 1 < TRIES_MAX) {
        row.due.ms = r->tx->now.ms + ((int64_t)RETRY_MS << (2 * row.tries));
        row.tries++;
        return queue_put(r->tx->view, &row);
    }
    const rule *rule = ruleset_find(ruleset_of(r->tx), row.rule);
    kt_error *error = error_make(r->tx->arena, KT_RULE, NULL, "%s", "%s", r->failure.ptr);
    if (rule) {
        const planned plan = {rule, &rule->triggers[0], row.function};
        const occasion on = occasion_of(r, &row);
        KT_TRY(log_run(r->tx, &plan, &on, NULL, "failed", error));
        KT_TRY(keep_failed(r, &row));
    }
    return log_failure(r->tx, row.rule, r->failure);
}

/* ---- In the shadow: the whole of it on a snapshot, of which only the log is kept ---- */

static kt_error *keep_shadow(run_job *r)
{
    bool found;
    queue_row row;
    KT_TRY(take_row(r, &row, &found));
    if (!found)
        return NULL;
    const rule *rule = ruleset_find(ruleset_of(r->tx), row.rule);
    if (!rule)
        return NULL;
    const planned plan = {rule, &rule->triggers[0], row.function};
    const occasion on = occasion_of(r, &row);
    kt_error *error = r->failure.ptr ? error_make(r->tx->arena, KT_RULE, NULL, "%s", "%s", r->failure.ptr)
                                     : NULL;
    return log_run(r->tx, &plan, &on, &r->report, "shadow", error);
}

/* ---- The loop ---- */

static bool may_pass(const kt_error *error)
{
    kt_kind kind = error->first->kind;
    return kind == KT_UNAVAILABLE || kind == KT_STORAGE || kind == KT_CONFLICT;
}

static void write_down(run_job *r, arena *arena, const kt_error *error)
{
    r->failure = arena_str(arena, str_of(error_text(error)));
    r->retry = may_pass(error);
    r->work = r->row.shadow ? keep_shadow : write_failure;
    kt_error *failed = run_job_in(r, arena, errand_write);
    if (failed)
        log_line(KT_LOG_ERROR, "automation", "run_not_written rule=%llu reason=\"%s\"",
            (unsigned long long)r->row.rule, error_text(failed));
}

static void run_one(automation *a, arena *arena, const queue_row *row)
{
    run_job r = {.a = a, .row = *row, .work = carry_out};
    kt_error *error = run_job_in(&r, arena, row->shadow ? errand_rehearse : errand_write);
    if (error) {
        write_down(&r, arena, error);
    } else if (row->shadow) {
        r.work = keep_shadow;
        error = run_job_in(&r, arena, errand_write);
        if (error)
            log_line(KT_LOG_ERROR, "automation", "shadow_not_written reason=\"%s\"", error_text(error));
    }
    buffer_close(&r.report.effects);
}

static kt_error *queue_timers(run_job *r)
{
    return timer_queue(r->tx, ruleset_of(r->tx), &r->more);
}

/* Finds the first row; due tells when it, or a schedule, is due. */
static kt_error *look(automation *a, arena *arena, queue_row *row, bool *found)
{
    store_view *view = NULL;
    KT_TRY(store_read(a->options.errands->store, arena, &view));
    kt_error *error = queue_first(view, arena, row, found);
    store_end(view);
    return error;
}

static kt_error *write_note(run_job *r)
{
    return log_failure(r->tx, r->note.rule, str_of(r->note.text));
}

/* Failures in transactions that left nothing. */
static void write_notes(automation *a, arena *arena)
{
    for (;;) {
        run_job r = {.a = a, .work = write_note};
        pthread_mutex_lock(&a->wake_lock);
        bool any = a->note_count > 0;
        if (any)
            r.note = a->notes[--a->note_count];
        pthread_mutex_unlock(&a->wake_lock);
        if (!any)
            return;
        kt_error *error = run_job_in(&r, arena, errand_write);
        if (error)
            log_line(KT_LOG_ERROR, "automation", "failure_not_written reason=\"%s\"", error_text(error));
        arena_reset(arena);
    }
}

/* Makes the set of rules current, as a transaction would: without it a rule for the clock alone is not seen.
 */
static kt_error *nothing(kt_tx *tx, void *context)
{
    (void)tx;
    (void)context;
    return NULL;
}

static kt_error *refresh(automation *a, arena *arena)
{
    const errand e = rule_errand(a, arena);
    return errand_rehearse(&e, nothing, NULL);
}

static bool timers_are_due(automation *a, arena *arena)
{
    kt_error *error = refresh(a, arena);
    if (error)
        log_line(KT_LOG_WARN, "automation", "rules_not_read reason=\"%s\"", error_text(error));
    pthread_mutex_lock(&a->lock);
    kt_time at = a->current ? timer_next(a->current, clock_now()) : (kt_time){0};
    pthread_mutex_unlock(&a->lock);
    return at.ms && at.ms <= clock_now().ms;
}

static void run_timers(automation *a, arena *arena)
{
    if (!timers_are_due(a, arena))
        return;
    run_job r = {.a = a, .work = queue_timers};
    a->looked_at = clock_now();
    do {
        kt_error *error = run_job_in(&r, arena, errand_write);
        if (error)
            log_line(KT_LOG_ERROR, "automation", "timers_failed reason=\"%s\"", error_text(error));
        r.more = r.more && !error;
        arena_reset(arena);
    } while (r.more);
}

/* Tries it: what waits stays as it is while no worker can be started. */
static bool can_run(automation *a, arena *arena)
{
    kt_text why;
    kt_time since;
    channel *c = NULL;
    if (!workers_take(a->workers, arena, &c))
        workers_give(a->workers, c);
    return workers_able(a->workers, &why, &since);
}

unsigned automation_run_due(automation *a)
{
    unsigned runs = 0;
    arena *arena = arena_open(JOB_ARENA_MAX);
    if (!arena)
        return 0;
    write_notes(a, arena);
    run_timers(a, arena);
    for (; runs < RUNS_AT_ONCE && can_run(a, arena); runs++) {
        queue_row row;
        bool found = false;
        kt_error *error = look(a, arena, &row, &found);
        if (error)
            log_line(KT_LOG_ERROR, "automation", "queue_unreadable reason=\"%s\"", error_text(error));
        if (error || !found || row.due.ms > clock_now().ms)
            break;
        run_one(a, arena, &row);
        arena_reset(arena);
        write_notes(a, arena);
    }
    arena_close(arena);
    return runs;
}

/* ---- The thread ---- */

static kt_time next_due(automation *a)
{
    kt_time due = {0}, since;
    kt_text why;
    queue_row row;
    bool found = false;
    if (!workers_able(a->workers, &why, &since))
        return (kt_time){clock_now().ms + RETRY_MS};
    arena *arena = arena_open(JOB_ARENA_MAX);
    if (arena && !look(a, arena, &row, &found) && found)
        due = row.due;
    arena_close(arena);
    pthread_mutex_lock(&a->lock);
    kt_time timer = a->current ? timer_next(a->current, clock_now()) : (kt_time){0};
    pthread_mutex_unlock(&a->lock);
    return timer.ms && (!due.ms || timer.ms < due.ms) ? timer : due;
}

/* Waits for work, at most until `due`; the wall clock may jump, so never for long. */
static bool wait_for_work(automation *a, kt_time due)
{
    struct timespec until;
    int64_t left = due.ms ? due.ms - clock_now().ms : (int64_t)IDLE_S * 1000;
    left = left < 0 ? 0 : left > (int64_t)IDLE_S * 1000 ? (int64_t)IDLE_S * 1000 : left;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += left / 1000;
    until.tv_nsec += left % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&a->wake_lock);
    while (!a->work && !a->ending)
        if (pthread_cond_timedwait(&a->wake, &a->wake_lock, &until))
            break;
    bool go_on = !a->ending;
    a->work = false;
    pthread_mutex_unlock(&a->wake_lock);
    return go_on;
}

static void *runner(void *context)
{
    automation *a = context;
    do
        (void)automation_run_due(a);
    while (wait_for_work(a, next_due(a)));
    return NULL;
}

kt_error *automation_start(automation *a, arena *arena)
{
    if (pthread_create(&a->thread, NULL, runner, a) != 0)
        return error_make(arena, KT_UNAVAILABLE, NULL, "no thread for rules", "brak wątku dla reguł");
    a->started = true;
    return NULL;
}

void runner_wake(automation *a)
{
    pthread_mutex_lock(&a->wake_lock);
    a->work = true;
    pthread_cond_signal(&a->wake);
    pthread_mutex_unlock(&a->wake_lock);
}

void runner_note_failure(automation *a, const rule *r, const kt_error *error)
{
    pthread_mutex_lock(&a->wake_lock);
    if (a->note_count < NOTES_MAX) { /* more in so short a time say nothing new */
        failure_note *note = &a->notes[a->note_count++];
        const char *text = error_text(error);
        size_t n = strnlen(text, sizeof note->text - 1);
        note->rule = r->id;
        memcpy(note->text, text, n);
        note->text[n] = '\0';
    }
    a->work = true;
    pthread_cond_signal(&a->wake);
    pthread_mutex_unlock(&a->wake_lock);
}
