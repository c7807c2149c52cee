/* mem.c -- the engine of tests, specs and simulations: persistent treaps. A snapshot holds the roots it saw;
 * a write copies the nodes on its path unless it alone owns them. Nodes are counted. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "kit/error.h"
#include "store/engine.h"

typedef struct node {
    atomic_uint refs;
    uint32_t priority;
    struct node *left, *right;
    size_t key_len, raw_len;
    char bytes[]; /* key, then raw */
} node;

typedef struct {
    engine base;
    pthread_mutex_t lock; /* of roots and commits */
    node *roots[STORE_SPACES];
    uint64_t commits;
    uint32_t random;
} mem;

struct engine_txn {
    mem *mem;
    bool writes;
    uint64_t commits; /* before it */
    node *roots[STORE_SPACES];
};

struct engine_cursor {
    engine_txn *txn;
    store_space space;
    const node *at;
};

static node *hold(node *n)
{
    if (n)
        atomic_fetch_add(&n->refs, 1);
    return n;
}

static void drop(node *n)
{
    while (n && atomic_fetch_sub(&n->refs, 1) == 1) {
        node *right = n->right;
        drop(n->left);
        free(n);
        n = right;
    }
}

static kt_str key_of(const node *n)
{
    return (kt_str){n->bytes, n->key_len};
}

static kt_str raw_of(const node *n)
{
    return (kt_str){n->bytes + n->key_len, n->raw_len};
}

static node *node_new(kt_str key, kt_str raw, uint32_t priority)
{
    node *n = calloc(1, sizeof *n + key.len + raw.len);
    if (!n)
        return NULL;
    atomic_init(&n->refs, 1);
    n->priority = priority;
    n->key_len = key.len;
    n->raw_len = raw.len;
    memcpy(n->bytes, key.ptr, key.len);
    memcpy(n->bytes + key.len, raw.ptr, raw.len);
    return n;
}

/* A node that only this slot holds: itself, or a copy. NULL: no memory, the slot is as it was. */
static node *own(node **slot)
{
    node *n = *slot;
    if (atomic_load(&n->refs) == 1)
        return n;
    node *copy = node_new(key_of(n), raw_of(n), n->priority);
    if (!copy)
        return NULL;
    copy->left = hold(n->left);
    copy->right = hold(n->right);
    drop(n);
    *slot = copy;
    return copy;
}

/* Splits what the slot holds by key, which it does not contain. */
static bool split(node *tree, kt_str key, node **below, node **above)
{
    while (tree) {
        node *n = own(&tree);
        if (!n) {
            *below = tree; /* nothing is lost: the caller drops both sides */
            *above = NULL;
            return false;
        }
        if (str_cmp(key, key_of(n)) > 0) {
            *below = n;
            below = &n->right;
            tree = n->right;
            n->right = NULL;
        } else {
            *above = n;
            above = &n->left;
            tree = n->left;
            n->left = NULL;
        }
    }
    *below = *above = NULL;
    return true;
}

static bool join(node *left, node *right, node **slot)
{
    while (left && right) {
        if (left->priority >= right->priority) {
            *slot = left;
            if (!own(slot)) {
                drop(right);
                return false;
            }
            node *n = *slot;
            left = n->right;
            slot = &n->right;
        } else {
            *slot = right;
            if (!own(slot)) {
                drop(left);
                return false;
            }
            node *n = *slot;
            right = n->left;
            slot = &n->left;
        }
        *slot = NULL;
    }
    *slot = left ? left : right;
    return true;
}

static const node *find(const node *n, kt_str key)
{
    while (n) {
        int c = str_cmp(key, key_of(n));
        if (c == 0)
            return n;
        n = c < 0 ? n->left : n->right;
    }
    return NULL;
}

/* ---- The engine's table ---- */

static kt_error *no_files(arena *arena)
{
    return error_make(
        arena, KT_UNAVAILABLE, NULL, "a store in memory has no files", "baza danych w pamięci nie ma plików");
}

static kt_error *mem_open(
    arena *arena, const char *rest, const store_options *options, bool read_only, engine **out)
{
    (void)rest, (void)options;
    if (read_only)
        return no_files(arena);
    mem *m = calloc(1, sizeof *m);
    if (!m)
        return error_no_memory();
    if (pthread_mutex_init(&m->lock, NULL) != 0) {
        free(m);
        return error_make(arena, KT_STORAGE, NULL, "no mutex", "brak muteksu");
    }
    m->base.ops = &engine_mem;
    m->random = 12345;
    *out = &m->base;
    return NULL;
}

static void mem_close(engine *e)
{
    mem *m = (mem *)e;
    for (int i = 0; i < STORE_SPACES; i++)
        drop(m->roots[i]);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static engine_code mem_begin(engine *e, bool writes, engine_txn **out)
{
    mem *m = (mem *)e;
    engine_txn *txn = calloc(1, sizeof *txn);
    if (!txn)
        return ENGINE_MEMORY;
    txn->mem = m;
    txn->writes = writes;
    pthread_mutex_lock(&m->lock);
    for (int i = 0; i < STORE_SPACES; i++)
        txn->roots[i] = hold(m->roots[i]);
    txn->commits = m->commits;
    pthread_mutex_unlock(&m->lock);
    *out = txn;
    return ENGINE_OK;
}

static void mem_end(engine_txn *txn)
{
    for (int i = 0; i < STORE_SPACES; i++)
        drop(txn->roots[i]);
    free(txn);
}

static uint64_t mem_snapshot(const engine_txn *txn)
{
    return txn->commits + 1;
}

static engine_code mem_commit(engine_txn *txn)
{
    mem *m = txn->mem;
    pthread_mutex_lock(&m->lock);
    for (int i = 0; i < STORE_SPACES; i++) {
        node *old = m->roots[i];
        m->roots[i] = txn->roots[i];
        txn->roots[i] = old;
    }
    m->commits++;
    pthread_mutex_unlock(&m->lock);
    mem_end(txn);
    return ENGINE_OK;
}

static engine_code mem_get(engine_txn *txn, store_space space, kt_str key, kt_str *raw)
{
    const node *n = find(txn->roots[space], key);
    if (!n)
        return ENGINE_ABSENT;
    *raw = raw_of(n);
    return ENGINE_OK;
}

static engine_code mem_remove(engine_txn *txn, store_space space, kt_str key)
{
    node **slot = &txn->roots[space];
    if (!find(*slot, key))
        return ENGINE_OK;
    for (;;) {
        node *n = own(slot);
        if (!n)
            return ENGINE_MEMORY;
        int c = str_cmp(key, key_of(n));
        if (c == 0) {
            node *left = n->left, *right = n->right;
            n->left = n->right = NULL;
            drop(n);
            *slot = NULL;
            return join(left, right, slot) ? ENGINE_OK : ENGINE_MEMORY;
        }
        slot = c < 0 ? &n->left : &n->right;
    }
}

static engine_code mem_put(engine_txn *txn, store_space space, kt_str key, kt_str raw)
{
    engine_code code = mem_remove(txn, space, key);
    if (code != ENGINE_OK)
        return code;
    mem *m = txn->mem;
    m->random = m->random * 1664525u + 1013904223u; /* only the one writer comes here */
    node *fresh = node_new(key, raw, m->random ^ m->random >> 15);
    if (!fresh)
        return ENGINE_MEMORY;
    node **slot = &txn->roots[space];
    while (*slot && (*slot)->priority >= fresh->priority) {
        node *n = own(slot);
        if (!n) {
            drop(fresh);
            return ENGINE_MEMORY;
        }
        slot = str_cmp(key, key_of(n)) < 0 ? &n->left : &n->right;
    }
    bool whole = split(*slot, key, &fresh->left, &fresh->right);
    *slot = fresh;
    return whole ? ENGINE_OK : ENGINE_MEMORY;
}

static engine_code mem_cursor(engine_txn *txn, store_space space, arena *arena, engine_cursor **out)
{
    engine_cursor *c = ARENA_NEW(arena, engine_cursor);
    if (!c)
        return ENGINE_MEMORY;
    c->txn = txn;
    c->space = space;
    *out = c;
    return ENGINE_OK;
}

static engine_code found(engine_cursor *c, const node *n, kt_str *key, kt_str *raw)
{
    c->at = n;
    if (!n)
        return ENGINE_ABSENT;
    *key = key_of(n);
    *raw = raw_of(n);
    return ENGINE_OK;
}

static engine_code mem_seek(engine_cursor *c, engine_seek how, kt_str at, kt_str *key, kt_str *raw)
{
    const node *best = NULL;
    for (const node *n = c->txn->roots[c->space]; n;) {
        bool before = !at.ptr ? how == SEEK_BEFORE : str_cmp(key_of(n), at) < 0;
        if (before) {
            best = how == SEEK_BEFORE ? n : best;
            n = n->right;
        } else {
            best = how == SEEK_BEFORE ? best : n;
            n = n->left;
        }
    }
    return found(c, best, key, raw);
}

static engine_code mem_step(engine_cursor *c, bool reverse, kt_str *key, kt_str *raw)
{
    if (!c->at)
        return ENGINE_ABSENT;
    kt_str at = key_of(c->at);
    if (reverse)
        return mem_seek(c, SEEK_BEFORE, at, key, raw);
    const node *best = NULL;
    for (const node *n = c->txn->roots[c->space]; n;) {
        if (str_cmp(key_of(n), at) > 0) {
            best = n;
            n = n->left;
        } else {
            n = n->right;
        }
    }
    return found(c, best, key, raw);
}

static void mem_cursor_end(engine_cursor *c)
{
    c->at = NULL;
}

static engine_code mem_grow(engine *e, int wait_ms)
{
    (void)e, (void)wait_ms;
    return ENGINE_OK;
}

static uint64_t count_nodes(const node *n)
{
    uint64_t count = 0;
    for (; n; n = n->right)
        count += 1 + count_nodes(n->left);
    return count;
}

static engine_code mem_stat(engine *e, store_stat *stat)
{
    engine_txn *txn;
    engine_code code = mem_begin(e, false, &txn);
    if (code != ENGINE_OK)
        return code;
    for (int i = 0; i < STORE_SPACES; i++)
        stat->entries[i] = count_nodes(txn->roots[i]);
    mem_end(txn);
    return ENGINE_OK;
}

static bool mem_mapping(engine *e, uintptr_t *from, uintptr_t *to, size_t *page_bytes)
{
    (void)e, (void)from, (void)to, (void)page_bytes;
    return false;
}

static const char *mem_inspect(engine *e)
{
    (void)e;
    return NULL;
}

static kt_error *mem_backup(engine *e, arena *arena, const char *directory,
    void (*progress)(void *context, uint64_t bytes), void *context)
{
    (void)e, (void)directory, (void)progress, (void)context;
    return no_files(arena);
}

const engine_ops engine_mem = {
    .scheme = "mem:",
    .open = mem_open,
    .close = mem_close,
    .begin = mem_begin,
    .commit = mem_commit,
    .end = mem_end,
    .snapshot = mem_snapshot,
    .get = mem_get,
    .put = mem_put,
    .remove = mem_remove,
    .cursor = mem_cursor,
    .seek = mem_seek,
    .step = mem_step,
    .cursor_end = mem_cursor_end,
    .grow = mem_grow,
    .reopen = mem_grow,
    .stat = mem_stat,
    .mapping = mem_mapping,
    .inspect = mem_inspect,
    .backup = mem_backup,
};
