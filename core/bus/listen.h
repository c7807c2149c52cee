/* listen.h -- the nng side: REP listeners that carry calls, PUB listeners that carry notices. */
#pragma once
#include "bus/bus.h"

typedef struct listeners listeners;

KT_MUST kt_error *listeners_open(arena *arena, listeners **made);
/* On the writer's thread, before the answers of a batch: they are gathered. */
void listeners_gather(listeners *all);
/* Behind them: they are sent. gently: others read meanwhile, who should not wait for all of it */
void listeners_send(listeners *all, bool gently);
/* Waits at most until the monotonic instant for answers to be handed to their connections. */
void listeners_drain(listeners *all, int64_t until_ms);
/* Closes the sockets. After listeners_drain and the end of the events' thread. */
void listeners_close(listeners *all);
