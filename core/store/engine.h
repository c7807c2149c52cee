/* engine.h -- what a storage engine offers to this room: ordered raw bytes, snapshots, one write transaction.
 *
 * Raw values are framed by the room (frame.c); an engine keeps them as they are. Engines are a table; a view
 * neither knows nor asks which one it has. */
#pragma once
#include "store/store.h"

typedef enum {
    ENGINE_OK,
    ENGINE_ABSENT, /* no such key; no more keys */
    ENGINE_FULL,   /* the map is full: grow and try again */
    ENGINE_NO_SPACE,
    ENGINE_IO,
    ENGINE_BROKEN,  /* the environment must be opened anew: reopen */
    ENGINE_BUSY,    /* growing must wait for readers that do not end; all reader slots are taken */
    ENGINE_UNKNOWN, /* a commit whose end cannot be told */
    ENGINE_DAMAGED, /* a page makes no sense */
    ENGINE_TOO_LARGE,
    ENGINE_MEMORY,
} engine_code;

typedef struct engine engine;
typedef struct engine_txn engine_txn;
typedef struct engine_cursor engine_cursor;

/* Until its transaction writes, a key that cursors hand out has one address. */
typedef enum { SEEK_AT_OR_AFTER, SEEK_BEFORE } engine_seek; /* SEEK_BEFORE with no key: the last one */

typedef struct engine_ops {
    const char *scheme;
    /* read_only: for a check; makes and changes nothing */
    kt_error *(*open)(
        arena *arena, const char *rest, const store_options *options, bool read_only, engine **engine);
    void (*close)(engine *engine);
    engine_code (*begin)(engine *engine, bool writes, engine_txn **txn);
    engine_code (*commit)(engine_txn *txn);      /* ends it, whatever the result */
    void (*end)(engine_txn *txn);                /* a reader, or a write to be forgotten */
    uint64_t (*snapshot)(const engine_txn *txn); /* of a reader: rises with each commit, never 0 */
    engine_code (*get)(engine_txn *txn, store_space space, kt_str key, kt_str *raw);
    engine_code (*put)(engine_txn *txn, store_space space, kt_str key, kt_str raw);
    engine_code (*remove)(engine_txn *txn, store_space space, kt_str key);
    engine_code (*cursor)(engine_txn *txn, store_space space, arena *arena, engine_cursor **cursor);
    engine_code (*seek)(engine_cursor *cursor, engine_seek how, kt_str at, kt_str *key, kt_str *raw);
    engine_code (*step)(engine_cursor *cursor, bool reverse, kt_str *key, kt_str *raw);
    void (*cursor_end)(engine_cursor *cursor);
    /* Both wait up to wait_ms for open readers to end and keep new ones out meanwhile; BUSY: they did not. No
     * write transaction is open. */
    engine_code (*grow)(engine *engine, int wait_ms);
    engine_code (*reopen)(engine *engine, int wait_ms); /* after BROKEN */
    /* Where the file is mapped, so that a fault in it names its page. returns false: nowhere */
    bool (*mapping)(engine *engine, uintptr_t *from, uintptr_t *to, size_t *page_bytes);
    engine_code (*stat)(engine *engine, store_stat *stat);
    /* Looks into what no get and no scan shows: the list of free pages. returns NULL: it is in order */
    const char *(*inspect)(engine *engine);
    kt_error *(*backup)(engine *engine, arena *arena, const char *directory,
        void (*progress)(void *context, uint64_t bytes), void *context);
} engine_ops;

struct engine {
    const engine_ops *ops;
};

extern const engine_ops engine_lmdb, engine_mem;

/* By URL; NULL: no engine has this scheme. rest: what follows the scheme. */
const engine_ops *engine_find(const char *url, const char **rest);
/* "data", "journal", "meta" */
const char *engine_space_name(store_space space);
/* The error of a failed engine call; doing: "reading", "writing". */
KT_MUST kt_error *engine_error(arena *arena, engine_code code, const char *doing);

/* ---- Frames: value, then 4 bytes of XXH3 over space, key and value. ---- */

#define FRAME_BYTES 4
/* What a key adds to the checksum, whatever its space. */
uint64_t frame_key(kt_str key);
/* Writes the checksum behind the value, which has FRAME_BYTES of room there. key: by frame_key */
void frame_seal(store_space space, uint64_t key, char *value_and_room, size_t len);
/* Takes the frame off; false: the checksum does not match. */
bool frame_open(store_space space, kt_str key, kt_str raw, kt_str *value);
