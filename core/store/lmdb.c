/* lmdb.c -- the durable engine, in LMDB's safe mode: no NOSYNC, no WRITEMAP. Three named databases, one a
 * space. Read transactions, each with a cursor a space, are pooled and renewed: no allocation and no system
 * call on a read's way. */
#define XXH_INLINE_ALL
#include "store/lmdb.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <xxhash.h>

enum { SETTLE_WAIT_MS = 2000, FULL_BYTES = 1 << 20 };

engine_code lmdb_code(int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return ENGINE_OK;
    case MDB_NOTFOUND:
        return ENGINE_ABSENT;
    case MDB_MAP_FULL:
        return ENGINE_FULL;
    case ENOSPC:
    case EDQUOT:
        return ENGINE_NO_SPACE;
    case MDB_TXN_FULL:
        return ENGINE_TOO_LARGE;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
        return ENGINE_DAMAGED;
    case ENOMEM:
        return ENGINE_MEMORY;
    case MDB_PANIC:
        return ENGINE_BROKEN;
    case MDB_MAP_RESIZED:
    case MDB_READERS_FULL:
        return ENGINE_BUSY;
    default:
        return ENGINE_IO;
    }
}

static MDB_val val_of(kt_str s)
{
    union {
        const char *in;
        void *out;
    } pun = {.in = s.ptr};
    return (MDB_val){s.len, pun.out};
}

static kt_str str_of_val(MDB_val v)
{
    return (kt_str){v.mv_data, v.mv_size};
}

/* ---- What was looked for ---- */

static void memo_forget(lmdb_memo *memo)
{
    if (++memo->epoch == 0) { /* after four thousand million: old slots would count again */
        free(memo->slots);
        *memo = (lmdb_memo){.epoch = 1};
    }
}

/* The slot that the key has, or would have; NULL: it has none. *known: it tells */
static struct memo_slot *memo_find(lmdb_memo *memo, store_space space, kt_str key, bool *known)
{
    *known = false;
    if (key.len > MEMO_KEY_MAX)
        return NULL;
    if (!memo->slots)
        memo->slots = calloc(MEMO_SLOTS, sizeof *memo->slots);
    if (!memo->slots)
        return NULL;
    struct memo_slot *slot = &memo->slots[XXH3_64bits(key.ptr, key.len) % MEMO_SLOTS];
    *known = slot->epoch == memo->epoch && slot->space == space && slot->len == key.len &&
             memcmp(slot->key, key.ptr, key.len) == 0;
    return slot;
}

static void memo_keep(const lmdb_memo *memo, struct memo_slot *slot, store_space space, kt_str key)
{
    slot->epoch = memo->epoch;
    slot->space = (uint8_t)space;
    slot->len = (uint8_t)key.len;
    memcpy(slot->key, key.ptr, key.len);
}

/* ---- Transactions ---- */

static engine_code begin_reader(lmdb *l, engine_txn **out)
{
    for (;;) {
        unsigned generation;
        engine_txn *txn;
        engine_code code = lmdb_reader_enter(l, &txn, &generation);
        if (code != ENGINE_OK)
            return code;
        int rc = 0;
        if (txn) {
            rc = mdb_txn_renew(txn->txn);
        } else {
            txn = calloc(1, sizeof *txn);
            rc = txn ? mdb_txn_begin(l->env, NULL, MDB_RDONLY, &txn->txn) : ENOMEM;
        }
        if (rc == 0) {
            txn->lmdb = l;
            memset(txn->current, 0, sizeof txn->current);
            memo_forget(&txn->memo);
            *out = txn;
            return ENGINE_OK;
        }
        lmdb_txn_free(txn);
        lmdb_reader_leave(l, NULL);
        /* a failed meta page: the writer opens the environment anew as soon as its readers have left */
        if (rc != MDB_PANIC || !lmdb_await_reopening(l, generation))
            return lmdb_code(rc);
    }
}

static engine_code lmdb_begin(engine *e, bool writes, engine_txn **out)
{
    lmdb *l = (lmdb *)e;
    if (!writes)
        return begin_reader(l, out);
    if (!l->env)
        return ENGINE_BROKEN;
    engine_txn *txn = calloc(1, sizeof *txn);
    if (!txn)
        return ENGINE_MEMORY;
    int rc = mdb_txn_begin(l->env, NULL, 0, &txn->txn);
    if (rc) {
        free(txn);
        return lmdb_code(rc);
    }
    txn->lmdb = l;
    txn->writes = true;
    memo_forget(&l->memo);
    *out = txn;
    return ENGINE_OK;
}

static void lmdb_end(engine_txn *txn)
{
    if (txn->writes) {
        mdb_txn_abort(txn->txn);
        free(txn);
    } else {
        mdb_txn_reset(txn->txn);
        lmdb_reader_leave(txn->lmdb, txn);
    }
}

static uint64_t lmdb_snapshot(const engine_txn *txn)
{
    return mdb_txn_id(txn->txn) + 1; /* 0 is an empty file's */
}

static bool is_panicked(lmdb *l)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(l->env, NULL, MDB_RDONLY, &txn);
    if (rc == 0)
        mdb_txn_abort(txn);
    return rc == MDB_PANIC;
}

/* The meta page could not be written, or not be flushed: opened anew, the file says which state counts; a
 * flush that works makes that the state on disk as well. */
static engine_code settle(lmdb *l, size_t id)
{
    MDB_envinfo info;
    if (lmdb_reopen(&l->base, SETTLE_WAIT_MS) != ENGINE_OK || mdb_env_sync(l->env, 1) != 0)
        return ENGINE_UNKNOWN;
    mdb_env_info(l->env, &info);
    return info.me_last_txnid >= id ? ENGINE_OK : ENGINE_IO;
}

/* A write that the disk took only in part is EIO to LMDB. */
static bool is_disk_full(const lmdb *l)
{
    struct statvfs disk;
    return statvfs(l->path, &disk) == 0 && disk.f_bavail < FULL_BYTES / (disk.f_frsize ? disk.f_frsize : 1);
}

static engine_code lmdb_commit(engine_txn *txn)
{
    lmdb *l = txn->lmdb;
    size_t id = mdb_txn_id(txn->txn);
    int rc = mdb_txn_commit(txn->txn);
    free(txn);
    if (rc == 0)
        lmdb_grow_ahead(l);
    else if (is_panicked(l))
        return settle(l, id);
    return rc == EIO && is_disk_full(l) ? ENGINE_NO_SPACE : lmdb_code(rc);
}

/* ---- Reading and writing ---- */

static engine_code lmdb_get(engine_txn *txn, store_space space, kt_str key, kt_str *raw)
{
    bool known;
    MDB_val k = val_of(key), v = {0};
    lmdb_memo *memo = txn->writes ? &txn->lmdb->memo : &txn->memo;
    struct memo_slot *slot = memo_find(memo, space, key, &known);
    if (known) {
        *raw = str_of_val(slot->raw);
        return slot->found ? ENGINE_OK : ENGINE_ABSENT;
    }
    int rc = mdb_get(txn->txn, txn->lmdb->spaces[space], &k, &v);
    if (slot && (rc == 0 || rc == MDB_NOTFOUND)) {
        memo_keep(memo, slot, space, key);
        slot->found = rc == 0;
        slot->raw = v;
    }
    if (rc == 0)
        *raw = str_of_val(v);
    return lmdb_code(rc);
}

/* The cursor that puts: keys come in their order, and a cursor that stands in the right page need not be led there
 * from the root. What was found before may move. */
static int put_cursor(engine_txn *txn, store_space space, MDB_cursor **cursor)
{
    int rc = 0;
    memo_forget(&txn->lmdb->memo);
    if (!txn->puts[space])
        rc = mdb_cursor_open(txn->txn, txn->lmdb->spaces[space], &txn->puts[space]);
    *cursor = txn->puts[space];
    return rc;
}

static engine_code lmdb_put(engine_txn *txn, store_space space, kt_str key, kt_str raw)
{
    MDB_val k = val_of(key), v = val_of(raw);
    MDB_cursor *cursor;
    int rc = put_cursor(txn, space, &cursor);
    if (rc)
        return lmdb_code(rc);
    if (space == STORE_JOURNAL) { /* keys rise: appending fills pages and costs half */
        rc = mdb_cursor_put(cursor, &k, &v, MDB_APPEND);
        if (rc != MDB_KEYEXIST)
            return lmdb_code(rc);
    }
    return lmdb_code(mdb_cursor_put(cursor, &k, &v, 0));
}

static engine_code lmdb_remove(engine_txn *txn, store_space space, kt_str key)
{
    MDB_val k = val_of(key);
    MDB_cursor *cursor;
    int rc = put_cursor(txn, space, &cursor);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &k, NULL, MDB_SET);
    if (rc == 0)
        rc = mdb_cursor_del(cursor, 0);
    return rc == MDB_NOTFOUND ? ENGINE_OK : lmdb_code(rc);
}

static engine_code lmdb_cursor(engine_txn *txn, store_space space, arena *arena, engine_cursor **out)
{
    engine_cursor *c = ARENA_NEW(arena, engine_cursor);
    if (!c)
        return ENGINE_MEMORY;
    *out = c;
    c->txn = txn;
    c->space = space;
    if (!txn->idle[space])
        return lmdb_code(mdb_cursor_open(txn->txn, txn->lmdb->spaces[space], &c->cursor));
    c->cursor = txn->idle[space];
    txn->idle[space] = NULL;
    return txn->current[space] ? ENGINE_OK : lmdb_code(mdb_cursor_renew(txn->txn, c->cursor));
}

static engine_code cursor_move(engine_cursor *c, MDB_cursor_op op, kt_str at, kt_str *key, kt_str *raw)
{
    MDB_val k = val_of(at), v;
    int rc = mdb_cursor_get(c->cursor, &k, &v, op);
    if (rc == 0) {
        *key = str_of_val(k);
        *raw = str_of_val(v);
    }
    return lmdb_code(rc);
}

static engine_code lmdb_seek(engine_cursor *c, engine_seek how, kt_str at, kt_str *key, kt_str *raw)
{
    if (how == SEEK_AT_OR_AFTER)
        return cursor_move(c, at.len ? MDB_SET_RANGE : MDB_FIRST, at, key, raw);
    engine_code code = at.ptr ? cursor_move(c, MDB_SET_RANGE, at, key, raw) : ENGINE_ABSENT;
    if (code == ENGINE_ABSENT)
        return cursor_move(c, MDB_LAST, (kt_str){0}, key, raw);
    return code == ENGINE_OK ? cursor_move(c, MDB_PREV, (kt_str){0}, key, raw) : code;
}

static engine_code lmdb_step(engine_cursor *c, bool reverse, kt_str *key, kt_str *raw)
{
    return cursor_move(c, reverse ? MDB_PREV : MDB_NEXT, (kt_str){0}, key, raw);
}

static void lmdb_cursor_end(engine_cursor *c)
{
    if (c->cursor && !c->txn->idle[c->space]) {
        c->txn->idle[c->space] = c->cursor;
        c->txn->current[c->space] = true;
    } else if (c->cursor)
        mdb_cursor_close(c->cursor);
    c->cursor = NULL;
}

const engine_ops engine_lmdb = {
    .scheme = "lmdb:",
    .open = lmdb_open,
    .close = lmdb_close,
    .begin = lmdb_begin,
    .commit = lmdb_commit,
    .end = lmdb_end,
    .snapshot = lmdb_snapshot,
    .get = lmdb_get,
    .put = lmdb_put,
    .remove = lmdb_remove,
    .cursor = lmdb_cursor,
    .seek = lmdb_seek,
    .step = lmdb_step,
    .cursor_end = lmdb_cursor_end,
    .grow = lmdb_grow,
    .reopen = lmdb_reopen,
    .stat = lmdb_stat,
    .mapping = lmdb_mapping,
    .inspect = lmdb_inspect,
    .backup = lmdb_backup,
};
