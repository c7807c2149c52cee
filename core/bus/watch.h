/* watch.h -- closes connections that keep a request half sent. */
#pragma once
#include <stdint.h>

#include "kit/error.h"

typedef struct watch watch;
typedef struct watched watched; /* one connection */

/* Opens room for so many connections and a thread that looks at them each second.
 *   tick  called in that thread, each second */
KT_MUST kt_error *watch_open(
    arena *arena, unsigned connections_max, void (*tick)(void *context), void *context, watch **watch);
void watch_close(watch *watch);
watched *watch_add(watch *watch, int fd); /* NULL: no room; then nobody watches it */
void watch_remove(watch *watch, watched *one);
/* Its request's headers are read; the body has bytes to come and so much time. */
void watch_body(watch *watch, watched *one, int64_t limit_ms);
/* It is being answered: the time is ours. */
void watch_answering(watch *watch, watched *one);
/* The request ended; another may come. */
void watch_idle(watch *watch, watched *one);
