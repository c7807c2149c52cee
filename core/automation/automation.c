/* automation.c -- opens and closes the room; a transaction's beginning and end. */
#include <time.h>

#include "automation/rule.h"
#include "automation/zygote.h"

enum { WRITER_MS = 2000, WRITERS = 4 }; /* of templates */

void automation_prepare(void)
{
    if (zygote_start())
        zygote_prepare();
}

kt_error *automation_open(arena *arena, const automation_options *options, automation **out)
{
    automation *a = ARENA_NEW(arena, automation);
    if (!a)
        return error_no_memory();
    a->options = *options;
    a->options.steps = options->steps ? options->steps : 5000000;
    a->arena = arena;
    pthread_mutex_init(&a->lock, NULL);
    pthread_mutex_init(&a->wake_lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&a->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    KT_TRY(workers_open(
        arena, &(workers_options){.deadline_ms = options->deadline_ms, .most = options->most}, &a->workers));
    KT_TRY(workers_open(arena, &(workers_options){.deadline_ms = WRITER_MS, .most = WRITERS}, &a->writers));
    *out = a;
    return NULL;
}

void automation_close(automation *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->wake_lock);
    a->ending = true;
    pthread_cond_signal(&a->wake);
    pthread_mutex_unlock(&a->wake_lock);
    if (a->started)
        pthread_join(a->thread, NULL);
    ruleset_release(a->current);
    workers_close(a->workers);
    workers_close(a->writers);
    pthread_cond_destroy(&a->wake);
    pthread_mutex_destroy(&a->wake_lock);
    pthread_mutex_destroy(&a->lock);
}

bool automation_able(automation *a, kt_text *why, kt_time *since)
{
    return workers_able(a->workers, why, since);
}

kt_error *automation_begin(automation *a, kt_tx *tx)
{
    ruleset *set = NULL;
    if (!a)
        return NULL;
    KT_TRY(ruleset_hold(a, tx, &set));
    tx->watch = &set->watch;
    return NULL;
}

void automation_end(kt_tx *tx)
{
    if (tx->watch)
        ruleset_release((ruleset *)(uintptr_t)tx->watch);
    tx->watch = NULL;
    tx->watcher = NULL;
}

void automation_committed(automation *a, const kt_tx *tx)
{
    const fired *past = tx->watcher;
    if (a && past && past->queued)
        runner_wake(a);
}
