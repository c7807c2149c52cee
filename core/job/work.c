/* work.c -- the works of modules: one kind of job, which finds the module's functions by the name of its service each
 * time, for modules come and go. */
#include <string.h>

#include <kontor/value.h>
#include <kontor/work.h>

#include "job/record.h"
#include "kit/variant.h"

static void *keep(kt_work_run *run, size_t size)
{
    return arena_alloc(run->memory, size);
}

kt_str work_keep(kt_work_run *run, kt_str text)
{
    char *copy = run->keep(run, text.len + 1);
    if (copy && text.len)
        memcpy(copy, text.ptr, text.len);
    return copy ? (kt_str){copy, text.len} : (kt_str){0};
}

/* returns  bad state: the module that does it is disabled, which ends the job: it may be months until it is there again */
static kt_error *work_of(kt_tx *tx, const variant *params, const kt_work **work)
{
    kt_str service = variant_get_str(params, "service");
    const char *name = service.ptr ? service.ptr : "";
    *work = kt_service_find(tx, name, 1);
    return *work ? NULL
                 : kt_fail(tx, KT_BAD_STATE, NULL, "the module that does it (%s) is disabled",
                       "moduł, który to robi (%s), jest wyłączony", name);
}

static kt_error *work_open(job_run *run)
{
    kt_work_run *w = arena_alloc(run->lasting, sizeof *w);
    if (!w)
        return error_no_memory();
    *w = (kt_work_run){.keep = keep, .memory = run->lasting, .rooms = run->rooms};
    run->context = w;
    return NULL;
}

static kt_error *work_prepare(job_run *run)
{
    kt_work_run *w = run->context;
    const kt_work *work;
    KT_TRY(work_of(run->tx, run->params, &work));
    w->params = variant_get_str(run->params, "params");
    w->position = (int64_t)variant_get_uint(run->position, "at");
    return work->prepare(run->tx, w);
}

/* May run again: the module sees a copy each time. */
static kt_error *work_apply(job_run *run)
{
    kt_work_run w = *(const kt_work_run *)run->context;
    const kt_work *work;
    KT_TRY(work_of(run->tx, run->params, &work));
    w.finished = false;
    KT_TRY(work->apply(run->tx, &w));
    run->done = (uint64_t)w.position;
    run->total = (uint64_t)(w.total > w.position ? w.total : w.position);
    run->finished = w.finished;
    run->result = w.result;
    run->next = kt_format(run->tx, "{\"at\":%lld}", (long long)w.position);
    return run->next.ptr ? NULL : error_no_memory();
}

const job_kind work_jobs[] = {
    {.name = "work",
        .label = {"Work of a module", "Praca modułu"},
        .origin = MODEL_JOB,
        .open = work_open,
        .prepare = work_prepare,
        .apply = work_apply},
    {0},
};

kt_error *works_left(kt_tx *tx, const kt_event *event)
{
    struct job *job;
    size_t count;
    (void)event;
    KT_TRY(jobs_not_ended(tx, work_jobs[0].name, &job, &count));
    for (size_t i = 0; i < count; i++) {
        const variant *params;
        const kt_work *work;
        KT_TRY(job_params(tx->arena, job[i].params, &params));
        kt_error *gone = work_of(tx, params, &work);
        if (gone)
            KT_TRY(job_fail(tx, &job[i], gone));
    }
    return NULL;
}

static kt_error *start(
    kt_tx *tx, const access_identity *who, const char *service, kt_str title, kt_str params, kt_id *job)
{
    kt_maker order = KT_MAKE_OBJECT;
    kt_str text;
    kt_put(tx, &order, "service", kt_value_str((kt_str){service, strlen(service)}));
    kt_put(tx, &order, "params", kt_value_str(params));
    KT_TRY(kt_json_write(tx, &order.value, &text));
    return job_start(
        tx, &(job_order){.kind = work_jobs[0].name, .title = title, .params = text, .who = who}, &job->v);
}

kt_error *kt_work_start(kt_tx *tx, const char *service, kt_str title, kt_str params, kt_id *job)
{
    return start(tx, NULL, service, title, params, job);
}

kt_error *kt_work_start_for(
    kt_tx *tx, kt_id user, const char *service, kt_str title, kt_str params, kt_id *job)
{
    const access_identity who = {.user = user.v, .company = kt_company(tx).v};
    return start(tx, &who, service, title, params, job);
}
