/* raw_lmdb -- plain LMDB doing what the store does, without checksums, overlays, queue or idempotency:
 *
 *   raw_lmdb fill DIR RECORDS | get DIR RECORDS COUNT | list DIR RECORDS COUNT | count DIR RECORDS COUNT
 *   raw_lmdb create DIR RECORDS COUNT GROUP        prints one JSON line (see shop.h) */
#include <lmdb.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../shop.h"

static MDB_env *env;
static MDB_dbi data, journal;

static void must(int rc, const char *what)
{
    if (rc == 0)
        return;
    fprintf(stderr, "raw_lmdb: %s: %s\n", what, mdb_strerror(rc));
    exit(1);
}

static void open_all(const char *directory)
{
    MDB_txn *txn;
    mkdir(directory, 0700);
    must(mdb_env_create(&env), "create");
    must(mdb_env_set_maxdbs(env, 2), "maxdbs");
    must(mdb_env_set_mapsize(env, (size_t)16 << 30), "map");
    must(mdb_env_open(env, directory, MDB_NOTLS | MDB_NORDAHEAD, 0600), directory);
    must(mdb_txn_begin(env, NULL, 0, &txn), "begin");
    must(mdb_dbi_open(txn, "data", MDB_CREATE, &data), "data");
    must(mdb_dbi_open(txn, "journal", MDB_CREATE, &journal), "journal");
    must(mdb_txn_commit(txn), "commit");
}

static void put(MDB_txn *txn, MDB_dbi dbi, shop_key key, void *bytes, size_t len, unsigned flags)
{
    MDB_val k = {key.len, key.bytes}, v = {len, bytes};
    must(mdb_put(txn, dbi, &k, &v, flags), "put");
}

static void create(MDB_txn *txn, uint64_t id)
{
    char bytes[SHOP_JOURNAL];
    shop_fill(bytes, sizeof bytes, id);
    put(txn, data, shop_record_key(id), bytes, SHOP_RECORD, 0);
    for (unsigned i = 0; i < SHOP_INDEXES; i++)
        put(txn, data, shop_index_key(i, id), bytes, 0, 0);
    put(txn, journal, shop_journal_key(id), bytes, SHOP_JOURNAL, MDB_APPEND);
}

static void create_many(uint64_t from, uint64_t count, uint64_t group)
{
    for (uint64_t done = 0; done < count;) {
        MDB_txn *txn;
        must(mdb_txn_begin(env, NULL, 0, &txn), "begin");
        for (uint64_t i = 0; i < group && done < count; i++, done++)
            create(txn, from + done);
        must(mdb_txn_commit(txn), "commit");
    }
}

static MDB_val get(MDB_txn *txn, uint64_t id)
{
    shop_key key = shop_record_key(id);
    MDB_val k = {key.len, key.bytes}, v;
    must(mdb_get(txn, data, &k, &v), "get");
    return v;
}

static uint64_t gets(MDB_txn *txn, uint64_t records, uint64_t count)
{
    uint64_t check = 0;
    for (uint64_t i = 0; i < count; i++) {
        must(mdb_txn_renew(txn), "renew");
        MDB_val v = get(txn, shop_mix(i) % records);
        check += ((unsigned char *)v.mv_data)[v.mv_size / 2];
        mdb_txn_reset(txn);
    }
    return check;
}

/* A page of an index, and the records it leads to. */
static uint64_t lists(MDB_txn *txn, uint64_t count)
{
    uint64_t check = 0;
    MDB_cursor *cursor = NULL;
    for (uint64_t i = 0; i < count; i++) {
        shop_key key = shop_index_key(4, 0);
        shop_put(key.bytes + 2, shop_mix(i) % SHOP_FEW);
        MDB_val k = {10, key.bytes}, v;
        must(mdb_txn_renew(txn), "renew");
        must(cursor ? mdb_cursor_renew(txn, cursor) : mdb_cursor_open(txn, data, &cursor), "cursor");
        int rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
        for (int n = 0; !rc && n < SHOP_PAGE; n++) {
            MDB_val record = get(txn, shop_id_of(k.mv_data));
            check += ((unsigned char *)record.mv_data)[7];
            rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
        }
        mdb_txn_reset(txn);
    }
    mdb_cursor_close(cursor);
    return check;
}

static uint64_t counts(MDB_txn *txn, uint64_t count)
{
    uint64_t total = 0;
    MDB_cursor *cursor;
    for (uint64_t i = 0; i < count; i++) {
        char from[2] = {'i', 2};
        MDB_val k = {2, from}, v;
        must(mdb_txn_renew(txn), "renew");
        must(mdb_cursor_open(txn, data, &cursor), "cursor");
        int rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
        for (; !rc && ((char *)k.mv_data)[0] == 'i' && ((char *)k.mv_data)[1] == 2; total++)
            rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
        mdb_cursor_close(cursor);
        mdb_txn_reset(txn);
    }
    return total;
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 4)
        return 2;
    const char *work = arguments[1];
    uint64_t records = strtoull(arguments[3], NULL, 10), check = 0;
    uint64_t count = argument_count > 4 ? strtoull(arguments[4], NULL, 10) : 0;
    uint64_t group = argument_count > 5 ? strtoull(arguments[5], NULL, 10) : 1;
    MDB_txn *txn;
    open_all(arguments[2]);
    must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
    mdb_txn_reset(txn);
    if (strcmp(work, "get") == 0 || strcmp(work, "list") == 0)
        (void)gets(txn, records, records < 200000 ? records : 200000); /* warm */
    double began = shop_now(), cpu = shop_cpu();
    if (strcmp(work, "fill") == 0)
        create_many(0, count = records, 10000);
    else if (strcmp(work, "get") == 0)
        check = gets(txn, records, count);
    else if (strcmp(work, "list") == 0)
        check = lists(txn, count);
    else if (strcmp(work, "count") == 0)
        check = counts(txn, count);
    else if (strcmp(work, "create") == 0)
        create_many(records, count, group);
    shop_report(work, count, shop_now() - began, shop_cpu() - cpu, check);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return 0;
}
