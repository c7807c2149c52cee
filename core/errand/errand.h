/* errand.h -- transactions that no call asked for: what the server does by itself, as itself or on a user's
 * behalf. An errand has what a call has: rights, checks, rules, an entry of the journal, notices to whoever
 * listens. */
#pragma once
#include "access/access.h"
#include "plugin/plugin.h"

typedef struct {
    store *store;
    access_control *access;
    plugins *plugins;
    const uint8_t *master_key;
    /* Rules: watch a transaction that writes, are told that it was committed, let go of it. May be NULL. */
    kt_error *(*watch)(void *context, kt_tx *tx);
    void (*watched)(void *context, const kt_tx *tx);
    void (*unwatch)(kt_tx *tx);
    /* Told of each commit: caches, listeners. thread: the errand's */
    void (*committed)(void *context, uint64_t seq, const model_change *changes);
    void *context;
} errand_rooms;

typedef struct {
    const errand_rooms *rooms;
    arena *arena;               /* of the transaction: lives at least as long as the errand */
    const access_identity *who; /* on whose behalf; NULL: the system itself, which no guard watches */
    model_origin origin;
    kt_str request_id, unit; /* in the journal; unit not set: the request */
} errand;

/* Makes the transaction of an errand that began as the system's that of a user, with its rights of now.
 *   tx       as the body was given it
 *   returns  forbidden: the user is no longer active, the key is gone or has expired */
KT_MUST kt_error *errand_act_for(kt_tx *tx, const access_identity *who);

/* Calls a method of an enabled module in tx, under the rights that stand there: what kt_call is in an errand, where
 * nobody called over the bus. Its type is that of kt_tx.call. A method that writes is refused on a snapshot. */
KT_MUST kt_error *errand_call(kt_tx *tx, void *caller, kt_str method, const variant *params, json *answer);

typedef kt_error *(*errand_body)(kt_tx *tx, void *context);

/* Runs body on a snapshot. thread: any */
KT_MUST kt_error *errand_read(const errand *errand, errand_body body, void *context);
/* Runs body on a snapshot as if it wrote, rules watching: nothing of it stays, and nobody is told. thread: any */
KT_MUST kt_error *errand_rehearse(const errand *errand, errand_body body, void *context);
/* Runs body in the writer, and waits until its changes are on disk. body may run again: no other side
 * effects, and it never waits.
 *   returns  body's error; storage: nothing was written, or it is not known whether it was
 *   thread   any but the writer */
KT_MUST kt_error *errand_write(const errand *errand, errand_body body, void *context);
