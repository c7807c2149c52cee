/* raw_replay -- plain LMDB doing the very puts, deletes and commits that a server did:
 *
 *   raw_replay DIR RECORDING     DIR: a copy of the server's store from when the recording began
 *
 * Durable, one commit for each of the server's. Prints one JSON line. */
#include <lmdb.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../shop.h"
#include "recording.h"

static void must(int rc, const char *what)
{
    if (rc == 0)
        return;
    fprintf(stderr, "raw_replay: %s: %s\n", what, mdb_strerror(rc));
    exit(1);
}

static char *read_all(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        must(MDB_NOTFOUND, path);
    *len = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*len + 1);
    if (!bytes || fread(bytes, 1, *len, file) != *len)
        must(MDB_INVALID, path);
    fclose(file);
    return bytes;
}

static struct {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi[16];
    unsigned long long puts, deletes, commits, bytes;
} replay;

static MDB_txn *writing(void)
{
    if (!replay.txn)
        must(mdb_txn_begin(replay.env, NULL, 0, &replay.txn), "begin");
    return replay.txn;
}

static void open_database(const struct recorded *r, const char *at)
{
    char name[32] = {0};
    memcpy(name, at, r->key_len < sizeof name ? r->key_len : sizeof name - 1);
    must(mdb_dbi_open(writing(), name, 0, &replay.dbi[r->dbi]), name);
    must(mdb_txn_commit(replay.txn), "commit");
    replay.txn = NULL;
}

static void step(const struct recorded *r, char *at)
{
    MDB_val key = {r->key_len, at}, value = {r->value_len, at + r->key_len};
    switch (r->what) {
    case PUT:
        must(mdb_put(writing(), replay.dbi[r->dbi], &key, &value, r->append ? MDB_APPEND : 0), "put");
        replay.bytes += r->key_len + r->value_len;
        replay.puts++;
        break;
    case DELETE:
        must(mdb_del(writing(), replay.dbi[r->dbi], &key, NULL), "delete");
        replay.deletes++;
        break;
    case COMMIT:
        must(mdb_txn_commit(writing()), "commit");
        replay.txn = NULL;
        replay.commits++;
        break;
    default: /* nothing of it was kept */
        mdb_txn_abort(writing());
        replay.txn = NULL;
    }
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 3)
        return 2;
    size_t len, at = 0;
    char *bytes = read_all(arguments[2], &len);
    must(mdb_env_create(&replay.env), "create");
    must(mdb_env_set_maxdbs(replay.env, 16), "databases");
    must(mdb_env_set_mapsize(replay.env, (size_t)16 << 30), "map");
    must(mdb_env_open(replay.env, arguments[1], MDB_NOTLS | MDB_NORDAHEAD, 0600), arguments[1]);
    double began = 0, cpu = 0;
    while (at + sizeof(struct recorded) <= len) {
        struct recorded r;
        memcpy(&r, bytes + at, sizeof r);
        at += sizeof r;
        if (r.what == DATABASE) {
            open_database(&r, bytes + at);
            began = shop_now();
            cpu = shop_cpu();
        } else
            step(&r, bytes + at);
        at += r.key_len + r.value_len;
    }
    printf(
        "{\"puts\":%llu,\"deletes\":%llu,\"commits\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"cpu_s\":%.6f}\n",
        replay.puts, replay.deletes, replay.commits, replay.bytes, shop_now() - began, shop_cpu() - cpu);
    mdb_env_close(replay.env);
    free(bytes);
    return 0;
}
