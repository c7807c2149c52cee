/* lmdb_inspect.c -- LMDB's list of free pages: a damaged one would have living pages written over later.
 *
 * Each entry of the free database (handle 0) is a count and so many page numbers, falling. Every page of the
 * file is one of the two meta pages, in use by a database, or free, and none is free twice. */
#include <stdlib.h>

#include "store/lmdb.h"

enum { META_PAGES = 2, FREE_DBI = 0, MAIN_DBI = 1 };

typedef struct {
    uint8_t *seen; /* a bit a page */
    size_t last, count;
} free_pages;

static const char *take_list(free_pages *f, const MDB_val *list)
{
    size_t count, above = SIZE_MAX, page;
    const char *bytes = list->mv_data;
    if (list->mv_size < sizeof count)
        return "an entry is too short";
    memcpy(&count, bytes, sizeof count);
    if (count > list->mv_size / sizeof count - 1)
        return "an entry is shorter than its count";
    for (size_t i = 1; i <= count; i++, above = page) {
        memcpy(&page, bytes + i * sizeof page, sizeof page);
        if (page < META_PAGES || page > f->last || page >= above)
            return "a page number makes no sense";
        if (f->seen[page / 8] & 1u << page % 8)
            return "a page is free twice";
        f->seen[page / 8] = (uint8_t)(f->seen[page / 8] | 1u << page % 8);
    }
    f->count += count;
    return NULL;
}

static const char *walk_lists(free_pages *f, MDB_txn *txn)
{
    MDB_cursor *cursor;
    MDB_val key, list;
    const char *wrong = NULL;
    if (mdb_cursor_open(txn, FREE_DBI, &cursor))
        return "they cannot be read";
    int rc = mdb_cursor_get(cursor, &key, &list, MDB_FIRST);
    for (; !rc && !wrong; rc = mdb_cursor_get(cursor, &key, &list, MDB_NEXT))
        wrong = take_list(f, &list);
    mdb_cursor_close(cursor);
    return wrong ? wrong : rc != MDB_NOTFOUND ? "they cannot be read" : NULL;
}

static size_t pages_in_use(lmdb *l, MDB_txn *txn)
{
    size_t used = META_PAGES;
    MDB_stat s;
    for (int i = -2; i < STORE_SPACES; i++) {
        MDB_dbi dbi = i == -2 ? FREE_DBI : i == -1 ? MAIN_DBI : l->spaces[i];
        if (mdb_stat(txn, dbi, &s) == 0)
            used += s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages;
    }
    return used;
}

const char *lmdb_inspect(engine *e)
{
    lmdb *l = (lmdb *)e;
    MDB_envinfo info;
    engine_txn *txn;
    if (l->base.ops->begin(e, false, &txn) != ENGINE_OK)
        return "they cannot be read";
    mdb_env_info(l->env, &info);
    free_pages f = {.last = info.me_last_pgno, .seen = calloc(info.me_last_pgno / 8 + 1, 1)};
    const char *wrong = f.seen ? walk_lists(&f, txn->txn) : "no memory to look at them";
    if (!wrong && pages_in_use(l, txn->txn) + f.count != f.last + 1)
        wrong = "pages are neither in use nor free, or both";
    free(f.seen);
    l->base.ops->end(txn);
    return wrong;
}
