/* work.h -- work that takes longer than a call: it is planned on a snapshot and written in short chunks, other calls
 * going on in between. It is a job of the server: it shows how far it is, can be cancelled, and after a crash goes on
 * at the position that was committed with the last chunk. A module offers a service of the type kt_work, version 1,
 * and starts it by its name. Disabling the module ends its works as failed; they go on only by job.retry. */
#pragma once
#include <kontor.h>

typedef struct kt_work_run {
    kt_str params;    /* as given to kt_work_start */
    int64_t position; /* 0: at the beginning; apply moves it on */
    int64_t total;    /* may be set: how far it has to go */
    bool finished;    /* apply sets it behind the last chunk */
    kt_str result;    /* JSON object, of a finished work; may be not set */
    /* What lasts from chunk to chunk, until the work ends or the server does; NULL before the first, and again after
     * a crash: whatever was prepared is then prepared anew. Its memory is from `keep`. */
    void *context;
    void *(*keep)(struct kt_work_run *run, size_t size); /* zeroed; NULL: there is no more */
    void *memory;
    const void *rooms; /* the core's own */
} kt_work_run;

typedef struct {
    /* Before each chunk: reads, on a snapshot of now, and computes. May take its time. */
    KT_MUST kt_error *(*prepare)(kt_tx *tx, kt_work_run *run);
    /* Writes a chunk, some 50 ms of it. May be called again for the same position: it changes nothing but records
     * and `run`, nothing behind `context`. */
    KT_MUST kt_error *(*apply)(kt_tx *tx, kt_work_run *run);
} kt_work;

/* Queues a work: it begins after the commit of this transaction, under the rights of its user.
 *   service  the name of a service of this type
 *   title    for people
 *   params   JSON object, at most 30,000 bytes
 *   job      receives the id of the job, job.get shows it */
KT_API KT_MUST kt_error *kt_work_start(
    kt_tx *tx, const char *service, kt_str title, kt_str params, kt_id *job);
/* The same for another user: the work runs under that user's rights, whatever the caller's are. For what a user is
 * sent, or asked for beforehand. */
KT_API KT_MUST kt_error *kt_work_start_for(
    kt_tx *tx, kt_id user, const char *service, kt_str title, kt_str params, kt_id *job);
