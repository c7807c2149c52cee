/* runner.h -- inside the room: a transaction of the room's own, as one job of the writer. */
#pragma once
#include "automation/rule.h"

typedef struct run_job {
    store_job job; /* first */
    automation *a;
    kt_error *(*work)(struct run_job *r);
    kt_tx tx;
    const model_catalogue *catalogue;
    const access_actor *actor;
    queue_row row;
    kt_str failure; /* what the row's run failed for; its outcome is written down */
    bool retry, found, rehearsing;
    failure_note note;
    run_report report;
    uint64_t seq;
} run_job;

/* Runs job->work in a transaction of the system and tells of its commit. thread: any but the writer */
KT_MUST kt_error *runner_run(run_job *job, arena *arena);
