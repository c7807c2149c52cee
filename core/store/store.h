/* store.h -- an ordered map from bytes to bytes, kept on disk: read snapshots, one serialisable writer with
 * group commit, and overlays. Nothing above this room knows the engine.
 *
 * A view is a snapshot and, if it is writable, a sorted write set (the overlay) above it; its reads see both.
 * The writer runs each job on a writable view above what the jobs before it in the batch wrote; on success its
 * writes join the running commit, on failure they are taken back. A dry run is a writable view opened by
 * store_read that nobody applies.
 *
 * Keys: 1..STORE_KEY_MAX bytes, memcmp order. Values: up to STORE_VALUE_MAX bytes; each is framed with a
 * checksum over key and value that every read verifies: a mismatch is a KT_STORAGE error that names the key.
 */
#pragma once
#include "kit/arena.h"
#include "kit/str.h"

#define STORE_KEY_MAX   500
#define STORE_VALUE_MAX 102400
#define STORE_WRITES_MAX                                                                                     \
    ((size_t)256 << 20) /* bytes that one transaction writes, about: keys, values, the tree over them */

typedef struct store store;
typedef struct store_view store_view;
typedef struct store_cursor store_cursor;

typedef enum {
    STORE_DATA,    /* records, indexes, counters */
    STORE_JOURNAL, /* keys rise: appended */
    STORE_META,    /* catalogue, sessions, idempotency keys */
    STORE_SPACES,
} store_space;

typedef struct {
    uint8_t bytes[10];
} store_meta_key;
/* Two letters that name a room's table, and an id, big-endian: what is kept of a record in STORE_META. */
kt_str store_meta_name(store_meta_key *key, const char *table, uint64_t id);

typedef struct {
    bool relaxed;       /* one flush a commit, not two: a power cut may take back the last commit, never more;
                           an explicit choice */
    size_t map_initial; /* bytes; 0: the engine's default. It grows by itself */
    unsigned batch_max; /* jobs in one commit; 0: 256 */
    unsigned queue_max; /* jobs waiting; 0: 4096 */
    int64_t keep_answers_ms; /* of idempotency keys; 0: 7 days. Forgotten by later commits */
    /* On the writer's thread, before (begin) and after a batch's jobs are told how they ended; may be NULL.
     */
    void (*answering)(void *context, bool begin);
    void *context;
} store_options;

/* Opens "lmdb:DIR" (made if absent, 0700) or "mem:". Starts the writer thread. */
KT_MUST kt_error *store_open(arena *arena, const char *url, const store_options *options, store **store);
/* Waits for the queue to drain, stops the writer, closes. */
void store_close(store *store);

/* ---- Reading ---- */

/* A snapshot of what is committed now. Short: a held view keeps old pages from being reused and the map from
 * growing. End with store_end.
 *   thread  any; a view belongs to one thread at a time
 *   memory  arena, which must outlive it */
KT_MUST kt_error *store_read(store *store, arena *arena, store_view **view);
void store_end(store_view *view);
/* What is read from now on, cursors and errors are in this memory. Returns where they were until now. What is written
 * has memory of its own, which lasts as long as the view's first. */
arena *store_read_into(store_view *view, arena *memory);
/* Makes a read view writable: a dry run, or a past state rebuilt above the present. */
KT_MUST kt_error *store_make_writable(store_view *view);
/* value->ptr is NULL if there is none. Slices point into the snapshot: good until the view ends, not
 * NUL-terminated. */
KT_MUST kt_error *store_get(store_view *view, store_space space, kt_str key, kt_str *value);
/* Has the view itself written under the key? While the value lies in the same place nothing else was.
 *   value    receives what is there now, where it lies as long as the overlay; not set: it was deleted
 *   returns  false: what the snapshot has there holds */
bool store_written(const store_view *view, store_space space, kt_str key, kt_str *value);
/* Is there a value? It is not looked at. */
KT_MUST kt_error *store_has(store_view *view, store_space space, kt_str key, bool *there);
/* A number under a key of STORE_META that seldom changes but is asked for all the time, remembered with the snapshot
 * that it was read from: while nothing is committed it need not be read again. All zero: nothing is remembered.
 *   thread  any, without a lock */
typedef struct {
    _Atomic uint64_t seen; /* the snapshot, and in its low bits the number */
} store_memo;
/* returns false: read it. A view with writes of its own and the writer's always do. */
KT_MUST bool store_memo_find(const store_memo *memo, const store_view *view, uint64_t *number);
void store_memo_keep(store_memo *memo, const store_view *view, uint64_t number);
/* Half-open range [from, to) in order, or from its end. to with ptr NULL: to the end of the space. */
KT_MUST kt_error *store_scan(
    store_view *view, store_space space, kt_str from, kt_str to, bool reverse, store_cursor **cursor);
/* false: no more, or an error that store_scan_end returns. Slices are good until the next call. The view may
 * be written to while a cursor is open; whether it sees those writes is not defined. */
bool store_next(store_cursor *cursor, kt_str *key, kt_str *value);
KT_MUST kt_error *store_scan_end(store_cursor *cursor);
/* Number of keys in [from, to), cheaper than a scan where the engine can; stops at most. */
KT_MUST kt_error *store_count(
    store_view *view, store_space space, kt_str from, kt_str to, uint64_t most, uint64_t *count);

/* ---- Writing ---- */

/* Into the overlay; deleting what is absent does nothing.
 *   returns  limit: the transaction has written STORE_WRITES_MAX */
KT_MUST kt_error *store_put(
    store_view *view, store_space space, kt_str key, kt_str value);              /* both are copied */
KT_MUST kt_error *store_delete(store_view *view, store_space space, kt_str key); /* absent: nothing */
/* Adds to a number that the key has: 8 bytes, big-endian. One that is not there is 0, and one that becomes 0 goes.
 *   number  receives what it is now */
KT_MUST kt_error *store_add(
    store_view *view, store_space space, kt_str key, int64_t change, uint64_t *number);
/* A point in the overlay to go back to: what a failed part of a request wrote. */
typedef struct {
    size_t mark;
} store_mark;
store_mark store_mark_set(store_view *view);
KT_MUST kt_error *store_mark_back(store_view *view, store_mark mark);
/* What was written so far stays: there is no going back behind this point, and nothing kept for it. In a job of the
 * writer's, which may yet fail, it does nothing. */
void store_mark_settle(store_view *view);
/* Calls each(context, space, key, value) for what was written through this view, in key order; value.ptr NULL:
 * deleted. */
void store_overlay_each(const store_view *view,
    void (*each)(void *context, store_space space, kt_str key, kt_str value), void *context);

typedef enum {
    STORE_DONE,     /* committed and, unless relaxed, on disk */
    STORE_REPEATED, /* the key was used before: answer holds what was kept then; body did not run */
    STORE_REFUSED,  /* body returned an error, in job->error; nothing was written */
    STORE_FAILED,   /* full disk, I/O error: nothing was written; job->error says what */
    STORE_UNKNOWN,  /* the engine cannot tell: ask again with the key */
} store_result;

typedef struct store_job store_job;
struct store_job {
    /* Writes through view. May run again; no other side effects; never waits. thread: the writer */
    kt_error *(*body)(store_job *job, store_view *view);
    /* Takes the job back, after the commit is durable or has failed. thread: the writer; must not block */
    void (*done)(store_job *job, store_result result);
    arena *arena;  /* for the overlay and whatever body needs; lives until done returns */
    kt_str key;    /* idempotency key, at most 497 bytes; not set: none */
    kt_str answer; /* set by body: kept under key in the same commit; set by the store when REPEATED (in
                      arena) */
    kt_error *error;
    store_job *next; /* the store's */
};
/* Queues a job. returns unavailable: the queue is full, or the store closes. done is not called then. thread:
 * any */
KT_MUST kt_error *store_submit(store *store, store_job *job);
/* Submits and waits. thread: any but the writer. */
store_result store_run(store *store, store_job *job);

/* ---- Care ---- */

typedef struct {
    uint64_t file_bytes, map_bytes, live_bytes, commits, jobs, entries[STORE_SPACES];
    unsigned queue, readers;
    bool writable; /* false: the last commit failed; tried again by itself */
} store_stat;
KT_MUST kt_error *store_stat_read(store *store, arena *arena, store_stat *stat);
/* A consistent copy into a new directory (0700) while the server runs: written, flushed, then verified in a
 * child process. progress may be NULL; it is called here, with the bytes written so far. A directory of a
 * backup that failed is removed. */
KT_MUST kt_error *store_backup(store *store, arena *arena, const char *directory,
    void (*progress)(void *context, uint64_t bytes), void *context);
/* Verifies every checksum, the order of keys, that each key is found and that none is missing, in a child
 * process, for an engine may abort on a damaged page. Reports each finding; the error, if any, names the
 * first. Reads only; not while a server has the files open for writing. */
KT_MUST kt_error *store_check(
    arena *arena, const char *url, void (*report)(void *context, const char *finding), void *context);
/* Verifies a backup, copies it into target_directory, which must be empty or absent, and verifies the copy.
 * returns validation: the target is not empty; storage: the backup is damaged, the disk is full */
KT_MUST kt_error *store_restore(arena *arena, const char *backup_directory, const char *target_directory);
