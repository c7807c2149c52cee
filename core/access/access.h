/* access.h -- who may do what: users, passwords, sessions, API keys, roles; one evaluator behind model_guard.
 *
 * Users, roles, keys, teams and departments are ordinary entities (access.user access.role access.key
 * access.team access.department), declared by a built-in module, so that journal, rights and queries hold for
 * them too. Sessions live in STORE_META under the hash of their token.
 *
 * A role's grants: "ENTITY:ACTIONS[@SCOPE][ where FILTER][ fields GROUPS]", joined by ";". ENTITY "crm.deal",
 * "crm.*",
 * "*"; ACTIONS "read,update" or "*"; SCOPE own, team, department, all (default). Grants add up; nothing
 * forbids. */
#pragma once
#include "model/model.h"

typedef struct access_control access_control; /* not `access`: that is unistd.h's */

extern const kt_module access_module; /* built in, first in dependency order */
extern const model_guard access_guard;

typedef struct {
    int64_t session_idle_ms, session_max_ms; /* 0: 30 min, 12 h */
    unsigned tries_max;                      /* 0: 5 failures, then a growing delay per account and address */
    unsigned read_log_days; /* rows of access.read_log that are older are deleted; 0: none is */
} access_options;
KT_MUST kt_error *access_open(
    arena *arena, store *store, const access_options *options, access_control **access);
void access_close(access_control *access);

/* Rules, and whoever listens, for what this room writes by itself: as errand_rooms have it. */
typedef struct {
    kt_error *(*watch)(void *context, kt_tx *tx);
    void (*watched)(void *context, const kt_tx *tx);
    void (*unwatch)(kt_tx *tx);
    void (*committed)(void *context, uint64_t seq, const model_change *changes);
    void *context;
} access_listeners;
/* From here on; NULL: nobody listens any more, what is being written is waited for. */
void access_listen(access_control *access, const access_listeners *listeners);

/* Who calls: compiled rights, cached per user until a role, user or team changes. */
typedef struct access_actor access_actor;
/* Finds the session or API key of a token.
 *   tx       its view, catalogue, arena and now are used; access_begin then makes it the actor's
 *   remote   where the call came from; not set: only a look, the session goes on being idle
 *   returns  forbidden: the token is unknown, has expired or was revoked, or its user is no longer active
 *   memory   the actor is held until access_actor_release */
KT_MUST kt_error *access_authenticate(
    access_control *access, kt_tx *tx, kt_str token, kt_str remote, const access_actor **actor);
void access_actor_release(const access_actor *actor);
const access_actor *access_actor_hold(const access_actor *actor); /* once more */
/* An actor without a token, for what runs on somebody's behalf: rules, jobs.
 *   user     whose rights they are; 0: nobody's, grants alone count
 *   company  to work in; 0: the user's first
 *   grants   what the user's rights are held to, as a key's scopes; not set: all of them
 *   returns  forbidden: there is no such user, or not an active one; validation: the grants cannot be read
 *   memory   held until access_actor_release; good while access_is_current */
KT_MUST kt_error *access_stand_in(access_control *access, kt_tx *tx, uint64_t user, uint64_t company,
    kt_str grants, const access_actor **actor);
/* Was the actor made of the rights and the catalogue that hold in this transaction? */
bool access_is_current(const access_actor *actor, kt_tx *tx);
/* Makes tx the actor's: user, company, language, zone, guard. actor NULL: nobody (public methods). */
void access_begin(kt_tx *tx, const access_actor *actor);
/* For whom work goes on after the call that asked for it has ended: its user, held to the scopes of its API
 * key (0: a session), in its company. */
typedef struct {
    uint64_t user, key, company;
} access_identity;
access_identity access_identity_of(const kt_tx *tx);
/* The actor of an identity, with the rights that it has now; access_begin then makes tx the actor's.
 *   returns  forbidden: the user is no longer active, the key is gone or has expired
 *   memory   the actor is held until access_actor_release */
KT_MUST kt_error *access_act_for(
    access_control *access, kt_tx *tx, const access_identity *identity, const access_actor **actor);
/* The transaction's catalogue has become another: its actor's rights, as they are, are compiled for that.
 * memory: in tx->arena */
KT_MUST kt_error *access_rejoin(kt_tx *tx);
/* May the actor call a method with this right: "public", "login", "entity:action"? */
KT_MUST kt_error *access_may_call(kt_tx *tx, const char *right);
/* The call was answered: logs what it showed of entities that ask for it. Soon, not now. */
void access_shown(
    access_control *access, const kt_tx *tx, kt_str remote, kt_str method, const variant *params);
/* Waits until what was shown is logged. */
void access_settle(access_control *access);
/* Tells the caches that records changed: after each commit, with the transaction's changes. */
void access_changed(access_control *access, const model_change *changes);

/* The first start: makes role "admin" (everything) and user "admin" with this password (argon2id). */
KT_MUST kt_error *access_bootstrap(kt_tx *tx, kt_str password);
bool access_is_empty(kt_tx *tx); /* no user yet */

extern const method
    access_methods[]; /* session.login logout resume whoami; access.explain ...; ended by {0} */
