/* events.h -- says that something changed, never what: {"seq": N, "entities": [..]}. Commits are gathered; a
 * subscriber that missed notices learns the newest N with the next one and reads the journal from there. */
#pragma once
#include "model/model.h"

typedef struct events events;

/* Told of gathered commits, in the events' own thread; borrowed during the call. */
typedef void (*events_take)(void *context, uint64_t seq, kt_str notice, bool schema);
typedef struct events_listener {
    events_take take;
    void *context;
    int64_t every_ms;  /* at most one notice in this time */
    int64_t repeat_ms; /* the last one again after this much silence */
    struct events_listener *next;
    /* events.c's own */
    int64_t told_ms;
    uint64_t told;
    buffer entities;
    uint64_t waiting;
    bool all, schema;
} events_listener;

/* Starts the thread that gathers and tells. memory: the events live in arena, until events_close */
KT_MUST kt_error *events_open(arena *arena, events **events);
/* Where the journal stands at the start. */
void events_start_at(events *events, uint64_t seq);
/* The writer tells of a commit. Never blocks for long. */
void events_publish(events *events, uint64_t seq, const model_change *changes);
/* The catalogue changed: the notice has "schema": true. */
void events_schema(events *events);
void events_add(events *events, events_listener *listener); /* the listener lives until events_close */
uint64_t events_head(events *events);
/* Ends the thread: nobody is called afterwards. */
void events_close(events *events);
