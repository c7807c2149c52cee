/* writer.h -- the store's inside: its queue and the thread that empties it. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "kit/give_way.h"
#include "store/answers.h"
#include "store/view.h"

/* One job of a running batch. */
typedef struct {
    store_job *job;
    store_view view;
    store_result result;
    bool wrote;
} batch_entry;

struct store {
    engine *engine;
    store_options options;
    pthread_t writer;
    pthread_mutex_t lock; /* of the queue; held across no call */
    pthread_cond_t work;
    store_job *first, *last;
    unsigned queued, wake_at; /* wake_at: how many queued jobs wake the writer */
    bool closing;
    atomic_bool failing; /* the last commit failed */
    atomic_uint_fast64_t commits, jobs;
    /* the writer's own */
    batch_entry *entries; /* batch_max of them */
    arena *scratch;
    answers_sweep sweep;
    size_t expected;   /* jobs that came at about the same time as the last batch */
    int64_t commit_us; /* how long the last commit took */
    give_way_state way;
};

/* The writer's thread: runs batches until the store closes and its queue is empty. argument: the store */
void *writer_run(void *argument);
