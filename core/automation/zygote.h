/* zygote.h -- the small process that forks workers: forked itself while the server has one thread and no open
 * store, so that a worker starts in a fraction of a millisecond and inherits nothing. */
#pragma once
#include <stdbool.h>

/* Forks the zygote; once in a process, as its first act. Further calls do nothing. false: rules cannot run.
 */
bool zygote_start(void);
/* Has a worker made, so that zygote_take finds it ready. thread: any */
void zygote_prepare(void);
/* A worker of one's own: its socket and a handle to end it by; the next one is made meanwhile. false: there
 * is none to be had. thread: any */
bool zygote_take(int *socket, int *pidfd, int *pid);
