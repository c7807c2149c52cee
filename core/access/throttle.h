/* throttle.h -- inside the room: failed log-ins make the next try wait, per account and per address. In
 * memory only, of bounded size: a restart forgives. */
#pragma once
#include "kit/arena.h"

typedef struct throttle throttle;

/* tries_max failures are free; each one after doubles the wait, from 1 s to THROTTLE_WAIT_MAX_MS. */
#define THROTTLE_WAIT_MAX_MS 900000
KT_MUST throttle *throttle_open(arena *arena, unsigned tries_max);
void throttle_close(throttle *throttle);
/* How long the caller must wait before it may try; 0: now. Times are monotonic. thread: any */
int64_t throttle_wait_ms(throttle *throttle, kt_str account, kt_str remote, int64_t now_ms);
void throttle_failed(throttle *throttle, kt_str account, kt_str remote, int64_t now_ms);
/* The account is right: it is forgiven. The address is not, lest one good account open the door for guessing.
 */
void throttle_passed(throttle *throttle, kt_str account);
