/* control.h -- inside the room: what is kept in memory and in STORE_META, compiled rights, the evaluator.
 *
 *   STORE_META  "Ae"        epoch, u64: advanced with every change that rights are made of
 *               "As" hash   a session, under the BLAKE2b-256 of its token
 *               "Ak" hash   the access.key whose secret has this hash, and until when it is good: keys.c
 *               "Ap" user   password hash, argon2id
 *               "Ab" user, day, chunk   records that were shown: read_budget.h
 *               "Ac" user               canaries met on a day: alarm.h
 *               "Ai", "An"              which rows of the log hold a record: read_index.h
 *               "Au" user, day          records shown on a day: usual.h
 *               "Av" user, day, chunk   masked values that were revealed or asked for
 *               "Af" user   second factor: factor.c
 *
 * Compiled rights carry the epoch of the snapshot they were read from and are used only with that epoch: a
 * reader on an old snapshot judges by the old rights and cannot leave them to others. */
#pragma once
#include <pthread.h>
#include <stdatomic.h>

#include "access/access.h"
#include "access/grants.h"
#include "access/read_log.h"
#include "access/throttle.h"
#include "kit/calendar.h"
#include "kit/network.h"

#define TOKEN_HASH_BYTES     32
#define DEPARTMENT_DEPTH_MAX 64
#define ACTORS_MAX           1024 /* compiled at once; a power of two */
#define ACTORS_WAYS          4    /* slots that one token may take */
#define REVEALS_DEFAULT      20   /* masked values a day, for who has no number of its own */

/* ---- Actors ---- */

/* One grant, for one entity. */
typedef struct {
    const grant *grant;
    kt_str role;
    const query_filter *where; /* NULL: none */
    bool dead;                 /* its condition names fields that this entity lacks: it grants nothing */
} rule;
typedef struct {
    const model_entity *entity;
    const rule *rules;
    size_t count;
} entity_rules;
/* All grants of a user's roles, or of a key's scopes, by entity. */
typedef struct {
    rule *grants; /* as written, before they are spread over entities */
    size_t grant_count;
    entity_rules *entities; /* by entity number: entities[number] */
    size_t entity_count;
} ruleset;

bool id_set_has(const id_set *set, uint64_t id);

struct access_actor {
    atomic_uint held;
    arena *arena;
    access_control *control;
    uint8_t hash[TOKEN_HASH_BYTES]; /* of the token; all zero: made for a user without one */
    uint64_t epoch;
    const model_catalogue *catalogue;
    uint64_t user, key; /* key: of access.key, 0: a session */
    kt_date key_expires;
    const network *networks; /* that a key may come from; none: from anywhere */
    size_t network_count;
    kt_str name, full_name, role_names;
    const char *lang;
    zone *zone;
    uint64_t chosen,
        company; /* chosen: as the session says, 0: nothing; company: then the first of companies */
    id_set companies, team, department;
    grant_caller caller;    /* while the actor is made */
    ruleset rights, scopes; /* scopes: of a key; grants none: not held to any */
    bool scoped;
    bool masks;                      /* some grant shows something masked only */
    int64_t read_limit, reads_extra; /* different records a day; 0: no limit */
    int64_t reveal_limit;            /* masked values a day that may be revealed */
    kt_date reads_extra_on;
    bool factor_missing;        /* a role demands a second factor: until there is one, nothing is granted */
    _Atomic int64_t touched_ms; /* when the last use of the session or key was written */
};

struct access_control {
    store *store;
    access_options options;
    store_memo epoch;
    pthread_mutex_t lock;            /* of the slots; held across no call upward */
    access_actor *slots[ACTORS_MAX]; /* in sets of ACTORS_WAYS, the one used last in front */
    throttle *throttle;
    read_budget *budget;
    read_log *reads;
};

/* Reads user, roles, teams, departments through tx's view and makes rights of them. *actor NULL: there is no
 * such user, or not an active one. company: chosen by the session; 0: none */
KT_MUST kt_error *actor_compile(
    access_control *control, kt_tx *tx, uint64_t user, uint64_t key, uint64_t company, access_actor **actor);
/* As actor_compile, with the grants that a stand-in's rights are held to; see access_stand_in. */
KT_MUST kt_error *actor_compile_held(
    access_control *control, kt_tx *tx, uint64_t user, uint64_t company, kt_str grants, access_actor **actor);
const access_actor *actor_of(const kt_tx *tx); /* NULL: nobody, or the system */
access_actor *actor_hold(const access_actor *actor);

/* ---- The evaluator ---- */

/* Why a question was answered as it was. */
typedef struct {
    const rule *rule;    /* that decided in favour; NULL: none did */
    const rule *nearest; /* that would have, but for its scope or condition */
    const char
        *missing; /* "grant", "scope", "where", "company", "key", "group", "active", "factor", "kept" */
} verdict;
/* May the actor do it to this record, or, with record NULL, at all (to some record)? */
KT_MUST kt_error *judge(kt_tx *tx, const access_actor *actor, const model_entity *entity,
    const model_record *record, const char *action, bool *may, verdict *why);
/* May the actor see, or write, a field of this group? */
bool judge_field(const access_actor *actor, const model_entity *entity, const model_field *field, bool write,
    verdict *why);
/* Does the actor see a field that can be masked as it is? record NULL: in every record of the entity.
 *   masking  NULL, or receives a grant that shows it masked only */
KT_MUST kt_error *judge_clear(kt_tx *tx, const access_actor *actor, const model_entity *entity,
    const model_record *record, kt_str mask, bool *clear, const rule **masking);
/* How many different records the actor may be shown on this day; 0: no limit. */
int64_t actor_read_limit(const access_actor *actor, kt_date day);
int64_t reveal_limit_of(const model_record *user); /* of access.user: masked values a day */
/* Raises the alarm that an event of a budget is. */
void budget_alarm(
    const kt_tx *tx, const access_actor *actor, budget_kind kind, budget_event event, int64_t limit);
/* Grants on names that are no entity: "journal:verify". */
bool judge_name(const access_actor *actor, kt_str name, const char *action, verdict *why);

/* ---- Kept in the store ---- */

typedef struct {
    uint8_t bytes[2 + TOKEN_HASH_BYTES];
} meta_key;
/* 'A', the table's letter, and the rest of a key in STORE_META. */
kt_str meta_name(meta_key *key, char table, const void *rest, size_t n);
kt_str meta_name_u64(meta_key *key, char table, uint64_t id);
void put_u64(uint8_t *bytes, uint64_t value); /* big-endian */
uint64_t get_u64(const void *bytes);

/* The epoch of the rights in this view. */
KT_MUST kt_error *epoch_read(store_view *view, uint64_t *epoch);
/* Makes all compiled rights stale, from this transaction on. */
KT_MUST kt_error *epoch_advance(store_view *view);

#define TOKEN_TEXT_MAX 80
/* 256 random bits: "ks_" for a session, "kt_" for an API key, then base62 and a checksum. */
size_t token_make(const char *prefix, char out[TOKEN_TEXT_MAX]);
/* false: no token of ours, by its length or prefix: not worth a look into the store */
bool token_hash(kt_str token, uint8_t hash[TOKEN_HASH_BYTES], bool *is_key);

typedef struct {
    uint64_t user, company;      /* company: that the user works in now; 0: the first of the user's */
    kt_time created, seen, ends; /* ends: however much it is used */
    kt_str remote;
} session;
KT_MUST kt_error *session_put(store_view *view, const uint8_t hash[TOKEN_HASH_BYTES], const session *session);
KT_MUST kt_error *session_get(
    store_view *view, const uint8_t hash[TOKEN_HASH_BYTES], session *session, bool *found);
KT_MUST kt_error *session_delete(store_view *view, const uint8_t hash[TOKEN_HASH_BYTES]);
/* All sessions from this hash on (NULL: all): while (session_next) ..; then store_scan_end. */
KT_MUST kt_error *session_scan(store_view *view, const uint8_t *from, store_cursor **cursor);
bool session_next(store_cursor *cursor, uint8_t hash[TOKEN_HASH_BYTES], session *session);
kt_time session_end(const access_control *control, const session *session);
/* Ends all sessions of a user but one. except NULL: all */
KT_MUST kt_error *session_delete_all(kt_tx *tx, uint64_t user, const uint8_t *except, size_t *count);
/* Notes the use of a session, once a minute at most, without waiting for it. */
void session_touch(access_control *control, access_actor *actor, const session *session, kt_time now);

#define PASSWORD_HASH_MAX 128
#define PASSWORD_MIN      10  /* characters */
#define PASSWORD_MAX      500 /* bytes: argon2 hashes them all */
KT_MUST kt_error *password_check(arena *arena, kt_str password, kt_str name, const char *path);
/* 26 ms and 19 MiB. false: no memory. thread: never the writer, but for bootstrap */
KT_MUST bool password_hash(kt_str password, char out[PASSWORD_HASH_MAX]);
/* hash "" (no such user, no password): takes as long, and is false */
bool password_matches(const char *hash, kt_str password, bool *stale);
KT_MUST kt_error *password_put(store_view *view, uint64_t user, const char *hash);
KT_MUST kt_error *password_get(store_view *view, uint64_t user, char out[PASSWORD_HASH_MAX]);
KT_MUST kt_error *password_forget(store_view *view, uint64_t user);

/* ---- Somebody can always give rights (last.c) ---- */

/* Does a role with these grants let its holder give rights to everybody? And some role of these? */
KT_MUST kt_error *last_role_gives(kt_tx *tx, kt_str grants, bool *gives);
KT_MUST kt_error *last_roles_give(kt_tx *tx, const uint64_t *roles, size_t count, bool *gives);
/* returns  state at path: no active user with a password would be left who may give rights */
KT_MUST kt_error *last_is_left(kt_tx *tx, const char *path);

/* ---- Small things that several files need ---- */

/* A transaction of the system's own, in a job of the writer; system_commit checks and journals it. */
KT_MUST kt_error *system_begin(
    kt_tx *tx, arena *arena, store_view *view, const model_catalogue *catalogue, const uint8_t *master_key);
KT_MUST kt_error *system_commit(kt_tx *tx, uint64_t *seq);
/* A record read as the system, whoever the caller is, without what is personal. */
KT_MUST kt_error *system_read(
    kt_tx *tx, const model_entity *entity, uint64_t id, model_record *record, bool *found);
/* *id becomes 0 if no such record is there any more: what is written late names nobody who is gone. */
KT_MUST kt_error *system_still(kt_tx *tx, const char *entity, uint64_t *id);
/* Of the rows nobody looks at more than their ids. */
KT_MUST kt_error *system_ids_only(query_rows *rows);
const model_value *record_value(const model_record *record, const char *field); /* NULL: no such field */
kt_str record_str(const model_record *record, const char *field);
int64_t record_int(const model_record *record, const char *field);
/* The id of the user with this login; 0: none. */
KT_MUST kt_error *user_find(kt_tx *tx, kt_str name, uint64_t *id);
KT_MUST kt_error *forbidden_login(arena *arena);
/* To an actor whose second factor is missing. */
KT_MUST kt_error *forbidden_factor(arena *arena);
