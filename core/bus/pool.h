/* pool.h -- a few threads for what must not run in a transport's callback: long reads, password hashes,
 * files. */
#pragma once
#include "kit/error.h"

typedef struct pool pool;
typedef struct pool_task {
    void (*run)(struct pool_task *task); /* the task is the caller's again once it runs */
    struct pool_task *next;
} pool_task;

/* Starts the threads; at most queue_max tasks wait. */
KT_MUST kt_error *pool_open(arena *arena, unsigned threads, unsigned queue_max, pool **pool);
/* false: the queue is full, or the pool closes. thread: any; never blocks */
KT_MUST bool pool_add(pool *pool, pool_task *task);
/* Past the queue's limit: for the rest of what has begun already. */
void pool_add_always(pool *pool, pool_task *task);
unsigned pool_waiting(pool *pool);
/* Runs what is queued, then ends the threads. */
void pool_close(pool *pool);
