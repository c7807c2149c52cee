/* record.h -- inside the room: the struct of job.job. */
#pragma once
#include "job/job.h"

typedef enum { JOB_QUEUED = 1, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED } job_state;
struct job {
    kt_record rec;
    kt_str kind, title, params, position, result, message, unit, lang;
    job_state state;
    int64_t done, total, problems, key;
    kt_id owner;
    kt_time started_at, finished_at;
};
extern const kt_shape job_shape;

/* Reads a job as the system, whoever tx speaks for. returns not_found */
KT_MUST kt_error *job_read(kt_tx *tx, uint64_t id, struct job *job);
/* Writes what differs, as the system. */
KT_MUST kt_error *job_save(kt_tx *tx, struct job *job);
/* Keeps a chunk's problems behind those that are there already; moves job->problems on. */
KT_MUST kt_error *job_keep_problems(kt_tx *tx, struct job *job, const kt_error *problems);
/* Parameters and positions as values; NULL: there are none. */
KT_MUST kt_error *job_params(arena *arena, kt_str text, const variant **value);
/* The job ends as failed, with why on record. */
KT_MUST kt_error *job_fail(kt_tx *tx, struct job *job, const kt_error *why);
/* Those of a kind that are queued or running, of whomever. memory: the transaction's */
KT_MUST kt_error *jobs_not_ended(kt_tx *tx, const char *kind, struct job **jobs, size_t *count);
/* A module was disabled: the works that it did end as failed. */
KT_MUST kt_error *works_left(kt_tx *tx, const kt_event *event);
