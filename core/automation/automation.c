/* automation.c -- opens and closes the room; a transaction's beginning and end. */
#include "automation/rule.h"
#include "automation/zygote.h"

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
    KT_TRY(workers_open(
        arena, &(workers_options){.deadline_ms = options->deadline_ms, .most = options->most}, &a->workers));
    *out = a;
    return NULL;
}

void automation_close(automation *a)
{
    if (!a)
        return;
    ruleset_release(a->current);
    workers_close(a->workers);
    pthread_mutex_destroy(&a->lock);
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
