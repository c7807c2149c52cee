/* workers.h -- the server's side of the workers: one is taken for a run, watched by a deadline, ended and
 * replaced when it overruns. What a worker says is input from outside: it may be broken into. */
#pragma once
#include "automation/pack.h"
#include "automation/protocol.h"
#include "kit/error.h"

#define RULES_MAX 4096 /* in one server */

typedef struct workers workers;

typedef struct {
    unsigned deadline_ms; /* of a run; 0: 100 */
    unsigned most;        /* at work at once; 0: 16 */
} workers_options;

/* memory: lives in arena until workers_close */
KT_MUST kt_error *workers_open(arena *arena, const workers_options *options, workers **workers);
void workers_close(workers *workers);

/* One worker, while it is taken. */
typedef struct {
    buffer out;          /* what is said next */
    uint64_t generation; /* of the ruleset whose texts it has */
    uint64_t known[RULES_MAX / 64];
    /* workers.c's own */
    int socket, pidfd, pid, cpu;
    int64_t began_us;
    int64_t worked_us;   /* its processor time at the last tick of a run that takes long */
    int64_t looked_us;   /* when the answer was waited for, or that tick was */
    int64_t forgiven_us; /* that do not count */
    bool dead, late;     /* late: it made way */
    char *in;
} channel;

/* Takes a worker and starts its clock. Where none could be made, none is tried for a second.
 * returns unavailable: too many at work, or none can be made. thread: any */
KT_MUST kt_error *workers_take(workers *workers, arena *arena, channel **channel);
/* Could one be made, when last tried? *why receives the reason (static texts), *since when it began. thread:
 * any */
bool workers_able(workers *workers, kt_text *why, kt_time *since);
/* Gives it back; one that is dead is replaced. */
void workers_give(workers *workers, channel *channel);
/* Ends it: it said what no worker says. */
void channel_kill(channel *channel);
/* Sends out and receives what the worker says, good until the next call.
 *   returns  rule: it overran its deadline, or died; limit: out is too large. It is ended then. */
KT_MUST kt_error *channel_exchange(workers *workers, channel *channel, arena *arena, kt_str *said);
