/* pool.c -- one queue, a lock and a condition: its users count in milliseconds, not in microseconds. */
#include "bus/pool.h"

#include <pthread.h>

#define POOL_THREADS_MAX 16

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pool_task *first, *last;
    unsigned waiting, queue_max, threads;
    bool closing;
    pthread_t thread[POOL_THREADS_MAX];
};

static void *pool_main(void *context)
{
    pool *p = context;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->first && !p->closing)
            pthread_cond_wait(&p->wake, &p->lock);
        pool_task *task = p->first;
        if (!task)
            break;
        p->first = task->next;
        if (!p->first)
            p->last = NULL;
        p->waiting--;
        pthread_mutex_unlock(&p->lock);
        task->run(task);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

kt_error *pool_open(arena *arena, unsigned threads, unsigned queue_max, pool **out)
{
    pool *p = ARENA_NEW(arena, pool);
    if (!p)
        return error_no_memory();
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->queue_max = queue_max;
    unsigned wanted = threads < 1 ? 1 : threads > POOL_THREADS_MAX ? POOL_THREADS_MAX : threads;
    while (p->threads < wanted) {
        if (pthread_create(&p->thread[p->threads], NULL, pool_main, p) != 0) {
            pool_close(p);
            return error_make(
                arena, KT_UNAVAILABLE, NULL, "no thread could be started", "nie udało się uruchomić wątku");
        }
        p->threads++;
    }
    *out = p;
    return NULL;
}

static bool add(pool *p, pool_task *task, bool always)
{
    pthread_mutex_lock(&p->lock);
    bool taken = always || (!p->closing && p->waiting < p->queue_max);
    if (taken) {
        task->next = NULL;
        if (p->last)
            p->last->next = task;
        else
            p->first = task;
        p->last = task;
        p->waiting++;
        pthread_cond_signal(&p->wake);
    }
    pthread_mutex_unlock(&p->lock);
    return taken;
}

bool pool_add(pool *pool, pool_task *task)
{
    return add(pool, task, false);
}

void pool_add_always(pool *pool, pool_task *task)
{
    (void)add(pool, task, true);
}

unsigned pool_waiting(pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    unsigned waiting = pool->waiting;
    pthread_mutex_unlock(&pool->lock);
    return waiting;
}

void pool_close(pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->threads; i++)
        pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
}
