/* zygote.h -- the small process that forks workers: forked itself while the server has one thread and no open
 * store, so that a worker starts in a fraction of a millisecond and inherits nothing. */
#pragma once
#include <kontor.h>

/* Forks the zygote; once in a process, as its first act. Further calls do nothing. false: rules cannot run.
 */
bool zygote_start(void);
/* Has a worker made, so that zygote_take finds it ready. thread: any */
void zygote_prepare(void);
/* A worker of one's own, confined: its socket and a handle to end it by; the next one is made meanwhile.
 *   why      receives the reason, if there is none to be had: static texts
 *   thread   any; waits at most a few seconds */
bool zygote_take(int *socket, int *pidfd, int *pid, kt_text *why);
