/* job.h -- work that takes longer than a call: it is done in chunks by a thread of the server, under the
 * rights of whoever started it, shows how far it is, can be cancelled, and goes on after a crash where it
 * stood.
 *
 * A job is a record of job.job. Each chunk commits in one transaction together with the position behind it:
 * a chunk is done wholly or not at all, and never twice. A kind of job is a table row:
 *
 *   open     once per process, before the first chunk: files, readers. May wait.
 *   prepare  for each chunk, in the jobs' thread on a snapshot: reads, parses, writes files. May wait.
 *   apply    for each chunk, in the writer: writes records. Never waits.
 *   close    gives up what open took.
 *
 * A kind that only reads has no apply, one that only writes no prepare. After a chunk that did not commit,
 * the job is closed and opened again from the position that is on record. */
#pragma once
#include "errand/errand.h"

typedef struct jobs jobs;

typedef struct job_run {
    /* what a kind reads */
    uint64_t id;
    kt_tx *tx;               /* of this function; open, close: NULL */
    arena *arena;            /* of this chunk */
    arena *lasting;          /* from open to close */
    const variant *params;   /* as given to job_start; an object */
    const variant *position; /* as the last chunk left it; NULL: at the beginning */
    const struct job_rooms *rooms;
    /* what a kind sets */
    void *context;        /* its own, from open to close */
    uint64_t done, total; /* how far it is; as they were on entry, unless it moves them on */
    kt_str next;          /* JSON: the position behind this chunk; required unless finished */
    bool finished;
    kt_str result;      /* JSON object, of a finished job; may be not set */
    kt_error *problems; /* of this chunk, for the starter to read; they do not end the job */
} job_run;

typedef struct job_kind {
    const char *name; /* "import" */
    kt_text label;
    model_origin origin; /* in the journal */
    kt_error *(*open)(job_run *run);
    kt_error *(*prepare)(job_run *run);
    kt_error *(*apply)(job_run *run);
    void (*close)(job_run *run);
} job_kind;

/* The rooms that kinds work on. */
typedef struct job_rooms {
    const errand_rooms *errands;
    const char *data_directory;
    struct papers *papers; /* may be NULL */
} job_rooms;

extern const kt_module job_module; /* built in: the entity job.job */

/* memory: yours to end with jobs_close */
KT_MUST kt_error *jobs_open(jobs **jobs);
/* Adds kinds, ended by {0}. Before jobs_start. */
void jobs_add(jobs *jobs, const job_kind *kinds);
/* Starts the thread; rooms is copied. Jobs of an earlier run of the server go on. */
KT_MUST kt_error *jobs_start(jobs *jobs, arena *arena, const job_rooms *rooms);
/* Lets the running chunk end, stops; jobs_changed may still be called. May be NULL. */
void jobs_stop(jobs *jobs);
void jobs_close(jobs *jobs);
/* Records changed: after each commit, with the transaction's changes. thread: any; never blocks for long */
void jobs_changed(jobs *jobs, const model_change *changes);

/* What a starter says of a job. */
typedef struct {
    const char *kind;
    kt_str title;  /* for people: "contacts.csv into base.party" */
    kt_str params; /* JSON object, at most 32,000 bytes */
    kt_str unit;   /* what its changes can be undone by; not set: "job:ID" */
    uint64_t total;
    const access_identity *who; /* for whom it runs; NULL: the transaction's user, held to its key */
} job_order;
/* Queues a job in this transaction: it runs after its commit, for the transaction's user, held to the scopes
 * of the API key that was used, or for whom the order names. The caller has judged who may start it. */
KT_MUST kt_error *job_start(kt_tx *tx, const job_order *order, uint64_t *id);
/* A job for rooms above. memory: the transaction's. returns as job_write */
typedef struct {
    kt_str kind, title, state, unit, message, result;
    uint64_t done;
} job_view;
KT_MUST kt_error *job_look(kt_tx *tx, uint64_t id, job_view *view);
/* Does a job of this kind that has not ended have a text in its parameters? Asked as the system. */
KT_MUST kt_error *job_mentions(kt_tx *tx, const char *kind, kt_str text, bool *found);
#define JOB_ENTITY "job.job"
/* Of a job that was erased: forgets its problems, which quote what was wrong.
 *   returns  state: it has not ended, and cannot go on without its parameters */
KT_MUST kt_error *job_erase_beside(kt_tx *tx, uint64_t id);
/* The job as an object: {id, kind, title, state, done, total, problems, result, message, unit, ..}.
 *   returns  not_found: there is none that is the caller's own or that the caller may read */
KT_MUST kt_error *job_write(kt_tx *tx, uint64_t id, json *answer);

/* A copy of a text that lasts as long as a work's context; not set: no memory. */
struct kt_work_run;
kt_str work_keep(struct kt_work_run *run, kt_str text);
extern const job_kind work_jobs[]; /* the works of modules, <kontor/work.h>; ended by {0} */
extern const method job_methods[]; /* job.get list cancel retry problems; ended by {0} */
