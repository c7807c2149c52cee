/* lmdb.h -- the LMDB engine's inside, shared by its files alone. */
#pragma once
#include <lmdb.h>
#include <pthread.h>

#include "store/engine.h"

/* Where keys were found, or that they are not there, for as long as a snapshot stays as it is: a transaction asks for
 * the same records over and over, and a walk from the root costs ten times as much as a look here. */
enum { MEMO_SLOTS = 1024, MEMO_KEY_MAX = 35 };
struct memo_slot {
    uint32_t epoch; /* another than the memo's: nothing is here */
    uint8_t space, len;
    char key[MEMO_KEY_MAX];
    bool found;
    MDB_val raw;
};
typedef struct {
    uint32_t epoch;
    struct memo_slot *slots; /* NULL: no memory, or nothing was looked for */
} lmdb_memo;

typedef struct lmdb {
    engine base;
    MDB_env *env; /* NULL: could not be opened anew; tried again by the writer */
    MDB_dbi spaces[STORE_SPACES];
    char *path;
    int lock_fd;
    bool relaxed, read_only;
    pthread_mutex_t lock; /* of all below; held across no call that waits */
    pthread_cond_t quiet;
    unsigned readers;    /* open read transactions, and copies under way */
    bool excluding;      /* the writer waits for readers to end, or is at the map */
    unsigned generation; /* counts openings: who waits for a reopening watches it */
    engine_txn *pool;
    /* the writer's own */
    unsigned grow_pause; /* commits until growing ahead of need is tried again */
    lmdb_memo memo;      /* of its transaction, from one to the next */
} lmdb;

struct engine_txn {
    lmdb *lmdb;
    MDB_txn *txn;
    bool writes;
    MDB_cursor *idle[STORE_SPACES]; /* a cursor kept for the next scan */
    bool current[STORE_SPACES];     /* it was used since the transaction began or was renewed */
    MDB_cursor *puts[STORE_SPACES]; /* the writer's: the transaction ends them */
    lmdb_memo memo;
    engine_txn *next;
};

struct engine_cursor {
    engine_txn *txn;
    store_space space;
    MDB_cursor *cursor;
};

/* LMDB's and the system's numbers as ours. */
engine_code lmdb_code(int rc);

/* A reader enters: waits while the map is being changed; takes a pooled transaction, or *txn is NULL.
 * returns BROKEN: there is no environment. */
engine_code lmdb_reader_enter(lmdb *l, engine_txn **txn, unsigned *generation);
/* It leaves; txn (may be NULL) goes back to the pool. */
void lmdb_reader_leave(lmdb *l, engine_txn *txn);
/* Waits until the environment has been opened anew since generation. returns false: it was not in time */
KT_MUST bool lmdb_await_reopening(lmdb *l, unsigned generation);
void lmdb_txn_free(engine_txn *txn);

/* The engine's table, as engine.h says. */
KT_MUST kt_error *lmdb_open(
    arena *arena, const char *rest, const store_options *options, bool read_only, engine **out);
void lmdb_close(engine *e);
engine_code lmdb_grow(engine *e, int wait_ms);
engine_code lmdb_reopen(engine *e, int wait_ms);
engine_code lmdb_stat(engine *e, store_stat *stat);
bool lmdb_mapping(engine *e, uintptr_t *from, uintptr_t *to, size_t *page_bytes);
const char *lmdb_inspect(engine *e);
KT_MUST kt_error *lmdb_backup(engine *e, arena *arena, const char *directory,
    void (*progress)(void *context, uint64_t bytes), void *context);

/* After a commit: doubles the map ahead of need, when no reader is in the way. */
void lmdb_grow_ahead(lmdb *l);
