/* party.c -- plain LMDB doing what a party costs the server, on a copy of the server's own data file: the
 * same puts by kind, number and size, the same gets, the same walk of an index with its records. What is left
 * out is the server: requests, rights, checks, JSON, checksums, the chain.
 *
 *   raw_party copy FROM TO | get DIR RECORDS COUNT | list DIR RECORDS COUNT | create DIR RECORDS COUNT GROUP
 *   raw_party import DIR RECORDS COUNT GROUP      the counters and the journal once in a commit
 *
 * RECORDS: parties with ids from 1. Prints one JSON line. */
#include <lmdb.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../shop.h"

enum { KEY_MAX = 200, VALUE_MAX = 60000, PAGE = 50, ENTITIES_MAX = 200, IMPORT_ENTRY_PARTS = 3 };
/* With their checksums; an imported record has its external id as well. */
enum {
    RECORD = 163,
    RECORD_IMPORTED = 170,
    COUNTER = 12,
    ENTRY = 4,
    JOURNAL = 289,
    JOURNAL_PART = 59800,
    HEAD = 44
};

typedef struct {
    unsigned char bytes[KEY_MAX];
    size_t len;
} key;

static MDB_env *env;
static MDB_dbi data, journal, meta;
static unsigned entity;
static uint64_t journal_seq;
static unsigned char value[VALUE_MAX];

static void must(int rc, const char *what)
{
    if (rc == 0)
        return;
    fprintf(stderr, "raw_party: %s: %s\n", what, mdb_strerror(rc));
    exit(1);
}

/* ---- Keys as the server's ---- */

static void add(key *k, const void *bytes, size_t n)
{
    memcpy(k->bytes + k->len, bytes, n);
    k->len += n;
}

static void add_number(key *k, uint64_t n, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        k->bytes[k->len++] = (unsigned char)(n >> 8 * i);
}

/* A table's letter, the entity, an index or none. */
static key begin(char table, int index)
{
    key k = {.len = 0};
    add(&k, &table, 1);
    add_number(&k, entity, 2);
    if (index >= 0)
        add_number(&k, (uint64_t)index, 2);
    return k;
}

static key record_key(uint64_t id)
{
    key k = begin('r', -1);
    add_number(&k, id, 8);
    return k;
}

static void add_int(key *k, uint64_t n)
{
    add(k, "\1", 1);
    add_number(k, n ^ UINT64_C(1) << 63, 8);
}

static void add_text(key *k, const char *text)
{
    add(k, "\1", 1);
    add(k, text, strlen(text));
    add(k, "\0\1", 2);
}

/* ---- Opening ---- */

static void open_env(const char *directory)
{
    must(mdb_env_create(&env), "create");
    must(mdb_env_set_maxdbs(env, 8), "databases");
    must(mdb_env_set_maxreaders(env, 1000), "readers");
    must(mdb_env_set_mapsize(env, (size_t)16 << 30), "map");
    must(mdb_env_open(env, directory, MDB_NOTLS | MDB_NORDAHEAD, 0600), directory);
}

static bool get(MDB_txn *txn, const key *k, MDB_val *v)
{
    MDB_val name = {k->len, (void *)(uintptr_t)k->bytes};
    int rc = mdb_get(txn, data, &name, v);
    if (rc != MDB_NOTFOUND)
        must(rc, "get");
    return rc == 0;
}

static uint64_t number_at(const MDB_val *k, size_t from)
{
    uint64_t n = 0;
    for (size_t i = from; i < from + 8; i++)
        n = n << 8 | ((const unsigned char *)k->mv_data)[i];
    return n;
}

/* The entity that has a record of this id is the parties'; the last id and the journal's end. */
static uint64_t open_data(const char *directory, uint64_t records)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val k, v;
    open_env(directory);
    must(mdb_txn_begin(env, NULL, 0, &txn), "begin");
    must(mdb_dbi_open(txn, "data", 0, &data), "data");
    must(mdb_dbi_open(txn, "journal", 0, &journal), "journal");
    must(mdb_dbi_open(txn, "meta", 0, &meta), "meta");
    bool found = false;
    for (entity = 1; entity < ENTITIES_MAX && !found; entity += !found) {
        key name = record_key(records);
        found = get(txn, &name, &v);
    }
    if (!found)
        must(MDB_NOTFOUND, "no entity has as many records");
    key after = {.len = 0};
    add(&after, "r", 1);
    add_number(&after, entity + 1, 2);
    k = (MDB_val){after.len, after.bytes};
    must(mdb_cursor_open(txn, data, &cursor), "cursor");
    must(mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE), "the end of the records");
    must(mdb_cursor_get(cursor, &k, &v, MDB_PREV), "the last record");
    uint64_t last = number_at(&k, 3);
    mdb_cursor_close(cursor);
    must(mdb_cursor_open(txn, journal, &cursor), "cursor");
    must(mdb_cursor_get(cursor, &k, &v, MDB_LAST), "the last entry");
    journal_seq = number_at(&k, 0);
    mdb_cursor_close(cursor);
    must(mdb_txn_commit(txn), "commit");
    return last;
}

/* ---- Writing ---- */

static void put(MDB_txn *txn, MDB_dbi dbi, const key *k, size_t size, unsigned flags)
{
    MDB_val name = {k->len, (void *)(uintptr_t)k->bytes}, v = {size, value};
    must(mdb_put(txn, dbi, &name, &v, flags), "put");
}

static void put_counters(MDB_txn *txn)
{
    static const int counted[] = {3, 14, 15, 16, 25}; /* indexes whose values are counted */
    key k = begin('c', -1);
    put(txn, data, &k, COUNTER, 0);
    add_number(&k, 0, 3);
    put(txn, data, &k, COUNTER, 0);
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
        k = begin('c', counted[i]);
        add_int(&k, 1);
        put(txn, data, &k, COUNTER, 0);
    }
    k = begin('s', 0);
    put(txn, data, &k, COUNTER, 0);
    k = (key){.len = 0};
    add(&k, "Jh", 2);
    put(txn, meta, &k, HEAD, 0);
}

static void put_entry(MDB_txn *txn, size_t size, unsigned part)
{
    key k = {.len = 0};
    journal_seq += part == 0;
    add_number(&k, journal_seq, 8);
    add_number(&k, part, 2);
    put(txn, journal, &k, size, MDB_APPEND);
}

static void put_index(MDB_txn *txn, key k, uint64_t id)
{
    add_number(&k, id, 8);
    put(txn, data, &k, ENTRY, 0);
}

static void put_indexes(MDB_txn *txn, uint64_t id, const char *name)
{
    static const int empty[] = {6, 7, 8, 9, 10, 12, 13, 17, 24}, flags[] = {14, 15, 16, 25};
    static const char *const sounds[] = {"frm kwls", "frm snw", "kwls snw"};
    char industry[32];
    key k;
    for (int index = 3; index <= 5; index++) { /* kind and name, owner and name, name */
        k = begin('i', index);
        if (index < 5)
            add_int(&k, index == 3 ? 2 : 1);
        add_text(&k, name);
        put_index(txn, k, id);
    }
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        k = begin('i', empty[i]);
        add(&k, "\0", 1);
        put_index(txn, k, id);
    }
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        k = begin('i', flags[i]);
        add_int(&k, id % 2);
        put_index(txn, k, id);
    }
    for (size_t i = 0; i < sizeof sounds / sizeof *sounds; i++) {
        k = begin('i', 23);
        add_text(&k, sounds[i]);
        put_index(txn, k, id);
    }
    snprintf(industry, sizeof industry, "branza %llu", (unsigned long long)(id % 40));
    k = begin('i', 11);
    add_text(&k, industry);
    put_index(txn, k, id);
}

static void put_words(MDB_txn *txn, uint64_t id, const char *number, bool counted)
{
    const char *words[] = {number, "firma", "i", "kowalski", "synowie"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        key k = {.len = 0};
        add(&k, "t", 1);
        add(&k, words[i], strlen(words[i]));
        add(&k, "\0\1", 2);
        add_number(&k, entity, 2);
        put_index(txn, k, id);
        k = (key){.len = 0};
        add(&k, "v", 1);
        add(&k, words[i], strlen(words[i]));
        add(&k, "\0\1", 2);
        if (counted || i == 0)
            put(txn, data, &k, COUNTER, 0);
    }
}

static void create(MDB_txn *txn, uint64_t id, bool alone)
{
    char name[64], number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)id);
    snprintf(name, sizeof name, "firma %s kowalski i synowie", number);
    key k = begin('h', -1);
    add_number(&k, id, 8);
    put_index(txn, k, journal_seq + 1);
    put_indexes(txn, id, name);
    k = record_key(id);
    put(txn, data, &k, alone ? RECORD : RECORD_IMPORTED, 0);
    put_words(txn, id, number, alone);
    if (alone) {
        put_counters(txn);
        put_entry(txn, JOURNAL, 0);
    } else {
        k = begin('u', 1);
        add_text(&k, number);
        put(txn, data, &k, COUNTER, 0);
    }
}

static uint32_t *samples;

static void create_many(uint64_t last, uint64_t count, uint64_t group, bool import, uint64_t *commits)
{
    for (uint64_t done = 0; done < count; ++*commits) {
        MDB_txn *txn;
        double began = shop_now();
        must(mdb_txn_begin(env, NULL, 0, &txn), "begin");
        for (uint64_t i = 0; i < group && done < count; i++, done++)
            create(txn, last + 1 + done, !import);
        if (import)
            put_counters(txn);
        for (unsigned part = 0; import && part < IMPORT_ENTRY_PARTS; part++)
            put_entry(txn, JOURNAL_PART, part);
        must(mdb_txn_commit(txn), "commit");
        samples[*commits] = (uint32_t)((shop_now() - began) * 1e6);
    }
}

/* ---- Reading ---- */

static size_t walk(MDB_txn *txn, MDB_cursor *cursor, uint64_t from)
{
    char text[32];
    size_t bytes = 0;
    key at = begin('i', 3);
    add_int(&at, 2);
    snprintf(text, sizeof text, "firma %llu", (unsigned long long)from);
    add(&at, "\1", 1);
    add(&at, text, strlen(text));
    MDB_val k = {at.len, at.bytes}, v;
    int rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    for (int i = 0; i < PAGE && rc == 0; i++) {
        MDB_val found;
        key name = record_key(number_at(&k, k.mv_size - 8));
        if (!get(txn, &name, &found))
            break; /* behind the end of the index */
        bytes += found.mv_size;
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    return bytes;
}

static uint64_t read_many(uint64_t records, uint64_t count, bool list)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    uint64_t bytes = 0;
    must(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
    must(mdb_cursor_open(txn, data, &cursor), "cursor");
    for (uint64_t i = 0; i < count; i++) {
        double began = shop_now();
        uint64_t id = 1 + shop_mix(i) % records;
        mdb_txn_reset(txn);
        must(mdb_txn_renew(txn), "renew");
        must(mdb_cursor_renew(txn, cursor), "cursor");
        if (list) {
            bytes += walk(txn, cursor, id);
        } else {
            key k = record_key(id);
            MDB_val v;
            bytes += get(txn, &k, &v) ? ((const unsigned char *)v.mv_data)[v.mv_size - 1] : 0;
        }
        samples[i] = (uint32_t)((shop_now() - began) * 1e9); /* nanoseconds */
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    if (list && bytes < count * PAGE * 20)
        must(MDB_NOTFOUND, "the index of kind and name");
    return bytes;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(
    const char *work, uint64_t count, uint64_t sample_count, double unit, double seconds, double cpu)
{
    qsort(samples, sample_count, sizeof *samples, compare);
    printf("{\"work\":\"%s\",\"count\":%llu,\"us\":%.4f,\"cpu_us\":%.4f,\"p50_us\":%.3f,\"p99_us\":%.3f}\n",
        work, (unsigned long long)count, seconds * 1e6 / (double)count, cpu * 1e6 / (double)count,
        samples[sample_count / 2] * unit, samples[sample_count * 99 / 100] * unit);
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 4 && strcmp(arguments[1], "copy") == 0) {
        open_env(arguments[2]);
        must(mdb_env_copy(env, arguments[3]), "copy");
        return 0;
    }
    if (argument_count < 5)
        return 2;
    const char *work = arguments[1];
    uint64_t records = strtoull(arguments[3], NULL, 10), count = strtoull(arguments[4], NULL, 10);
    uint64_t group = argument_count > 5 ? strtoull(arguments[5], NULL, 10) : 1, commits = 0;
    bool reads = strcmp(work, "get") == 0 || strcmp(work, "list") == 0;
    samples = calloc(count + 1, sizeof *samples);
    if (!samples || !count || !group)
        return 1;
    uint64_t last = open_data(arguments[2], records);
    if (reads)
        (void)read_many(records, count, strcmp(work, "list") == 0); /* warm */
    double began = shop_now(), cpu = shop_cpu();
    if (reads)
        (void)read_many(records, count, strcmp(work, "list") == 0);
    else
        create_many(last, count, group, strcmp(work, "import") == 0, &commits);
    report(work, count, reads ? count : commits, reads ? 0.001 : 1, shop_now() - began, shop_cpu() - cpu);
    mdb_env_close(env);
    return 0;
}
