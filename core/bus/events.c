/* events.c -- one thread gathers commits per listener: PUB sockets hear of them each 10 ms, browsers each
 * 200 ms. */
#include "bus/events.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "kit/clock.h"
#include "kit/error.h"

#define ENTITIES_MAX 4096 /* bytes of names in one notice; more: "*" */

struct events {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    events_listener *first;
    uint64_t seq;
    bool closing, started;
};

static void deadline(struct timespec *at, int64_t ms)
{
    clock_gettime(CLOCK_MONOTONIC, at);
    at->tv_sec += ms / 1000;
    at->tv_nsec += (ms % 1000) * 1000000;
    if (at->tv_nsec >= 1000000000) {
        at->tv_sec++;
        at->tv_nsec -= 1000000000;
    }
}

static bool has_news(const events_listener *l)
{
    return l->waiting > l->told || l->entities.len || l->all || l->schema;
}

/* Milliseconds until this listener wants a notice; 0: now. */
static int64_t due_in(const events_listener *l, int64_t now)
{
    int64_t since = now - l->told_ms;
    int64_t wanted = has_news(l) ? l->every_ms : l->repeat_ms;
    return since >= wanted ? 0 : wanted - since;
}

static void tell(events *e, events_listener *l, int64_t now)
{
    buffer notice;
    buffer_open(&notice, ENTITIES_MAX + 100);
    l->told = l->waiting > l->told ? l->waiting : l->told;
    json j = json_to(&notice);
    json_object(&j);
    json_key(&j, "seq");
    json_uint(&j, l->told);
    json_key(&j, "entities");
    if (l->all)
        json_raw(&j, KT_STR("[\"*\"]"));
    else {
        buffer_add_char(&notice, '[');
        buffer_add_str(&notice, buffer_str(&l->entities));
        buffer_add_char(&notice, ']');
    }
    bool schema = l->schema;
    if (schema) {
        j.comma = true;
        json_member_bool(&j, "schema", true);
    }
    json_object_end(&j);
    buffer_clear(&l->entities);
    l->all = l->schema = false;
    l->told_ms = now;
    uint64_t seq = l->told;
    pthread_mutex_unlock(&e->lock);
    if (!notice.full)
        l->take(l->context, seq, buffer_str(&notice), schema);
    buffer_close(&notice);
    pthread_mutex_lock(&e->lock);
}

static void *events_main(void *context)
{
    events *e = context;
    pthread_mutex_lock(&e->lock);
    while (!e->closing) {
        int64_t now = clock_monotonic_ms(), wait = 1000;
        for (events_listener *l = e->first; l && !e->closing; l = l->next) {
            if (due_in(l, now) == 0)
                tell(e, l, now);
            int64_t due = due_in(l, now);
            wait = due < wait ? due : wait;
        }
        struct timespec until;
        deadline(&until, wait > 0 ? wait : 1);
        if (!e->closing)
            pthread_cond_timedwait(&e->wake, &e->lock, &until);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

kt_error *events_open(arena *arena, events **out)
{
    events *e = ARENA_NEW(arena, events);
    if (!e)
        return error_no_memory();
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&e->thread, NULL, events_main, e) != 0)
        return error_make(
            arena, KT_UNAVAILABLE, NULL, "no thread could be started", "nie udało się uruchomić wątku");
    e->started = true;
    *out = e;
    return NULL;
}

void events_start_at(events *e, uint64_t seq)
{
    pthread_mutex_lock(&e->lock);
    e->seq = seq;
    pthread_mutex_unlock(&e->lock);
}

void events_add(events *e, events_listener *l)
{
    pthread_mutex_lock(&e->lock);
    buffer_open(&l->entities, ENTITIES_MAX);
    l->told = l->waiting = e->seq;
    l->told_ms = clock_monotonic_ms();
    l->next = e->first;
    e->first = l;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
}

/* Adds ,"name" if it is not there yet. The quotes on both sides make the search exact. */
static void note(events_listener *l, kt_str name)
{
    char quoted[128];
    int n = snprintf(quoted, sizeof quoted, "\"%.*s\"", STR_ARG(name));
    if (l->all || n < 0 || (size_t)n >= sizeof quoted)
        return;
    if (l->entities.len && memmem(l->entities.ptr, l->entities.len, quoted, (size_t)n))
        return;
    if (l->entities.len)
        buffer_add_char(&l->entities, ',');
    buffer_add(&l->entities, quoted, (size_t)n);
    l->all = l->entities.full;
}

enum { NAMED_MOST = 100 };

/* The entities of the changes, each once. returns how many; NAMED_MOST: these, and maybe more */
static size_t name_each(const model_change *changes, const model_entity *named[NAMED_MOST])
{
    size_t count = 0;
    for (const model_change *c = changes; c && count < NAMED_MOST; c = c->next) {
        size_t i = count; /* the newest first: changes of an entity come together */
        while (i > 0 && named[i - 1] != c->entity)
            i--;
        if (!i)
            named[count++] = c->entity;
    }
    return count;
}

void events_publish(events *e, uint64_t seq, const model_change *changes)
{
    bool wake = false; /* it sleeps until what it knows of is due: a second piece of news changes nothing */
    const model_entity *named[NAMED_MOST];
    const size_t count = name_each(changes, named); /* once for all who listen */
    pthread_mutex_lock(&e->lock);
    e->seq = seq > e->seq ? seq : e->seq;
    for (events_listener *l = e->first; l; l = l->next) {
        wake = wake || !has_news(l);
        l->waiting = e->seq;
        l->all = l->all || count == NAMED_MOST;
        for (size_t i = 0; i < count; i++)
            note(l, named[i]->name);
    }
    pthread_mutex_unlock(&e->lock);
    if (wake)
        pthread_cond_signal(&e->wake);
}

void events_schema(events *e)
{
    pthread_mutex_lock(&e->lock);
    for (events_listener *l = e->first; l; l = l->next)
        l->schema = true;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
}

uint64_t events_head(events *e)
{
    pthread_mutex_lock(&e->lock);
    uint64_t seq = e->seq;
    pthread_mutex_unlock(&e->lock);
    return seq;
}

void events_close(events *e)
{
    if (!e || !e->started)
        return;
    pthread_mutex_lock(&e->lock);
    e->closing = true;
    pthread_cond_signal(&e->wake);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    for (events_listener *l = e->first; l; l = l->next)
        buffer_close(&l->entities);
    pthread_cond_destroy(&e->wake);
    pthread_mutex_destroy(&e->lock);
}
