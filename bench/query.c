/* query.c -- what a query costs above the engine: the same rows by LMDB's own calls and by query_list, in one
 * process, over the same file; and how that grows with the number of records.
 *
 *   bench_query DIRECTORY [SMALL LARGE]      10000 and 1000000 records, in new folders below DIRECTORY
 *
 * Prints a table: microseconds of one operation, median and 99th percentile, and ratios. */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kit/clock.h"
#include "model/internal.h"
#include "party.h"

enum { ROWS = 50, TRIES = 4000, CHUNK = 1000, ARENA_BYTES = 64 << 20 };

static uint8_t master_key[32];

typedef struct {
    double p50, p99;
} figures;

typedef struct {
    arena *arena;
    store *store;
    const model_catalogue *catalogue;
    const model_entity *party;
    const char *path;
    uint64_t count;
} bench;

static void must(kt_error *error, const char *what)
{
    if (!error)
        return;
    fprintf(stderr, "%s: %s\n", what, error_text(error));
    exit(1);
}

static void must_lmdb(int rc, const char *what)
{
    if (rc == 0)
        return;
    fprintf(stderr, "%s: %s\n", what, mdb_strerror(rc));
    exit(1);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static figures sum_up(double *samples, size_t n)
{
    qsort(samples, n, sizeof *samples, compare);
    return (figures){samples[n / 2], samples[n - 1 - n / 100]};
}

/* Names in no order of the ids, the same in every run. */
static uint64_t shuffled(uint64_t id)
{
    uint64_t x = id * 0x9E3779B97F4A7C15u;
    return (x ^ x >> 29) % 1000000007u;
}

/* ---- Filling ---- */

typedef struct {
    store_job job;
    bench *bench;
    uint64_t from, to;
} filling;

static kt_tx transaction(arena *arena, store_view *view, const model_catalogue *catalogue)
{
    return (kt_tx){.arena = arena,
        .view = view,
        .catalogue = catalogue,
        .lang = "en",
        .user = 1,
        .now = {1795435200000},
        .master_key = master_key};
}

KT_PRINTF(4, 5)
static void set_text(kt_tx *tx, model_record *record, const char *field, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    kt_str text = arena_vformat(tx->arena, format, arguments);
    va_end(arguments);
    const model_field *f = model_field_find(record->entity, str_of(field));
    record->values[f->position] = (model_value){.set = text.ptr != NULL, .as.s = text};
}

static void set_number(model_record *record, const char *field, int64_t value)
{
    const model_field *f = model_field_find(record->entity, str_of(field));
    record->values[f->position] = (model_value){.set = true, .as.i = value};
}

static kt_error *fill_some(store_job *job, store_view *view)
{
    filling *f = (filling *)(void *)job;
    kt_tx tx = transaction(job->arena, view, f->bench->catalogue);
    tx.writes = true;
    for (uint64_t id = f->from; id < f->to; id++) {
        model_record record;
        KT_TRY(model_record_new(&tx, f->bench->party, &record));
        set_text(&tx, &record, "name", "Firma %09llu i Synowie", (unsigned long long)shuffled(id));
        set_text(&tx, &record, "website", "https://firma-%llu.example", (unsigned long long)id);
        set_text(&tx, &record, "industry", "branch %llu", (unsigned long long)(id % 40));
        set_text(&tx, &record, "city", "Miasto %llu", (unsigned long long)(shuffled(id) % 900));
        set_text(&tx, &record, "notes", "A note about firm %llu, of the length that people write.",
            (unsigned long long)id);
        set_number(&record, "kind", id % 3 ? 2 : 1);
        set_number(&record, "active", (int64_t)(id % 2));
        set_number(&record, "rating", (int64_t)(shuffled(id) % 1000));
        set_number(&record, "since", (int64_t)(735000 + shuffled(id) % 4000));
        KT_TRY(model_store_new(&tx, &record));
    }
    return NULL;
}

static void run_job(bench *b, store_job *job)
{
    job->arena = arena_open(ARENA_BYTES);
    if (!job->arena || store_run(b->store, job) != STORE_DONE) {
        fprintf(stderr, "filling: %s\n", job->error ? error_text(job->error) : "no memory");
        exit(1);
    }
    arena_close(job->arena);
}

static kt_error *build(store_job *job, store_view *view)
{
    filling *f = (filling *)(void *)job;
    model_catalogue *made;
    const model_sources sources = {
        .modules = (const kt_module *const[]){&party_module, NULL}, .master_key = master_key};
    KT_TRY(model_catalogue_build(job->arena, view, &sources, &made));
    f->bench->catalogue = made;
    return NULL;
}

static void open_store(bench *b)
{
    const store_options options = {.relaxed = true};
    kt_str url = arena_format(b->arena, "lmdb:%s", b->path);
    must(store_open(b->arena, url.ptr, &options, &b->store), "open");
    filling f = {.job = {.body = build}, .bench = b};
    run_job(b, &f.job);
    b->party = model_entity_find(b->catalogue, KT_STR("bench.party"));
}

static void close_store(bench *b)
{
    model_catalogue_release(b->catalogue);
    store_close(b->store);
}

static void fill(bench *b)
{
    double began = now_us();
    for (uint64_t id = 1; id <= b->count; id += CHUNK) {
        uint64_t to = id + CHUNK <= b->count ? id + CHUNK : b->count + 1;
        filling f = {.job = {.body = fill_some}, .bench = b, .from = id, .to = to};
        run_job(b, &f.job);
    }
    printf("%llu records written in %.1f s\n", (unsigned long long)b->count, (now_us() - began) / 1e6);
}

/* ---- The engine alone: a walk of 50 entries of (kind, name) from a name on, and the 50 records ---- */

static void name_of(uint64_t n, char text[64])
{
    snprintf(text, 64, "Firma %09llu i Synowie", (unsigned long long)n);
}

static void seek_key(const bench *b, uint64_t n, key *out)
{
    char text[64];
    name_of(n, text);
    const model_field *kind = model_field_find(b->party, KT_STR("kind"));
    const model_field *name = model_field_find(b->party, KT_STR("name"));
    for (size_t i = 0; i < b->party->index_count; i++) {
        const model_index *index = &b->party->indexes[i];
        if (index->count != 2 || index->fields[0] != kind)
            continue;
        key_open(out, KEY_INDEX);
        key_u16(out, b->party->number);
        key_u16(out, index->number);
        key_value(out, kind, &(model_value){.set = true, .as.i = 2}, false);
        key_value(out, name, &(model_value){.set = true, .as.s = str_of(text)}, false);
        return;
    }
}

static size_t raw_walk(const bench *b, MDB_txn *txn, MDB_dbi dbi, const key *from)
{
    MDB_cursor *cursor;
    size_t bytes = 0;
    MDB_val k = {from->len, (void *)(uintptr_t)from->bytes}, v;
    must_lmdb(mdb_cursor_open(txn, dbi, &cursor), "cursor");
    int rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    for (int i = 0; i < ROWS && rc == 0; i++) {
        key at;
        MDB_val found;
        key_record(&at, b->party, key_last_u64((kt_str){k.mv_data, k.mv_size}));
        MDB_val name = {at.len, at.bytes};
        if (mdb_get(txn, dbi, &name, &found) == 0)
            bytes += found.mv_size;
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return bytes;
}

static figures measure_raw(bench *b)
{
    static double samples[TRIES];
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *txn;
    size_t bytes = 0;
    must_lmdb(mdb_env_create(&env), "create");
    must_lmdb(mdb_env_set_maxdbs(env, 4), "databases");
    must_lmdb(mdb_env_open(env, b->path, MDB_RDONLY | MDB_NOTLS, 0600), "open");
    must_lmdb(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
    must_lmdb(mdb_dbi_open(txn, "data", 0, &dbi), "database");
    must_lmdb(mdb_txn_commit(txn), "commit"); /* which makes the handle the environment's */
    must_lmdb(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin");
    for (size_t i = 0; i < TRIES; i++) {
        key from;
        seek_key(b, shuffled(1 + i * 7 % b->count), &from);
        double began = now_us();
        mdb_txn_reset(txn);
        must_lmdb(mdb_txn_renew(txn), "renew");
        bytes += raw_walk(b, txn, dbi, &from);
        samples[i] = now_us() - began;
    }
    mdb_txn_abort(txn);
    mdb_env_close(env);
    if (!bytes)
        exit(1);
    return sum_up(samples, TRIES);
}

/* ---- Ours ---- */

typedef struct {
    const char *what;
    kt_error *(*run)(kt_tx *tx, bench *b, uint64_t n, json *out);
    size_t tries;
} work;

static const variant *text_variant(kt_tx *tx, const char *text)
{
    variant *made = ARENA_NEW(tx->arena, variant);
    *made = (variant){.kind = VARIANT_STRING, .as.string = str_of(text)};
    return made;
}

/* [["kind", "=", "organisation"]] */
static kt_error *kind_filter(kt_tx *tx, bench *b, query_filter **filter)
{
    static const variant condition[] = {{.kind = VARIANT_STRING, .as.string = {"kind", 4}},
        {.kind = VARIANT_STRING, .as.string = {"=", 1}},
        {.kind = VARIANT_STRING, .as.string = {"organisation", 12}}};
    static const variant list[] = {{.kind = VARIANT_ARRAY, .as.array = {condition, 3}}};
    static const variant from = {.kind = VARIANT_ARRAY, .as.array = {list, 1}};
    return query_filter_read(tx, b->party, &from, filter);
}

static kt_error *list_from(kt_tx *tx, bench *b, const char *start, kt_str cursor, json *out)
{
    static const variant names[] = {{.kind = VARIANT_STRING, .as.string = {"id", 2}},
        {.kind = VARIANT_STRING, .as.string = {"name", 4}},
        {.kind = VARIANT_STRING, .as.string = {"kind", 4}},
        {.kind = VARIANT_STRING, .as.string = {"website", 7}},
        {.kind = VARIANT_STRING, .as.string = {"industry", 8}},
        {.kind = VARIANT_STRING, .as.string = {"active", 6}}};
    static const variant fields = {.kind = VARIANT_ARRAY, .as.array = {names, 6}};
    query_filter *filter;
    KT_TRY(kind_filter(tx, b, &filter));
    const query_request query = {.entity = b->party,
        .filter = filter,
        .sort = text_variant(tx, "name"),
        .fields = &fields,
        .limit = ROWS,
        .cursor = cursor,
        .start = start ? text_variant(tx, start) : NULL};
    return query_list(tx, &query, out);
}

#define WORD(text)                                                                                           \
    {                                                                                                        \
        .kind = VARIANT_STRING, .as.string = { text, sizeof text - 1 }                                       \
    }

static kt_error *list_by(kt_tx *tx, bench *b, const variant *conditions, const char *sort, json *out)
{
    query_filter *filter;
    KT_TRY(query_filter_read(tx, b->party, conditions, &filter));
    return query_list(tx,
        &(query_request){.entity = b->party, .filter = filter, .sort = text_variant(tx, sort), .limit = ROWS},
        out);
}

/* ["kind", "in", ["person", "organisation"]] by name: two ranges of one index, merged */
static kt_error *list_merged(kt_tx *tx, bench *b, uint64_t n, json *out)
{
    static const variant values[] = {WORD("person"), WORD("organisation")};
    static const variant condition[] = {
        WORD("kind"), WORD("in"), {.kind = VARIANT_ARRAY, .as.array = {values, 2}}};
    static const variant from = {.kind = VARIANT_ARRAY, .as.array = {condition, 3}};
    (void)n;
    return list_by(tx, b, &from, "name", out);
}

/* ["or", ["id", "=", ..], ["external_id", "=", ..]] by name: each by its own way, sorted in memory */
static kt_error *list_either(kt_tx *tx, bench *b, uint64_t n, json *out)
{
    const variant first[] = {WORD("id"), WORD("="), {.kind = VARIANT_INT, .as.integer = (int64_t)(1 + n)}};
    const variant second[] = {WORD("external_id"), WORD("="), WORD("nobody")};
    const variant either[] = {WORD("or"), {.kind = VARIANT_ARRAY, .as.array = {first, 3}},
        {.kind = VARIANT_ARRAY, .as.array = {second, 3}}};
    const variant from = {.kind = VARIANT_ARRAY, .as.array = {either, 3}};
    return list_by(tx, b, &from, "name", out);
}

static kt_error *list_names(kt_tx *tx, bench *b, uint64_t n, json *out)
{
    char start[64];
    name_of(shuffled(1 + n * 7 % b->count), start);
    return list_from(tx, b, start, (kt_str){0}, out);
}

static kt_error *get_one(kt_tx *tx, bench *b, uint64_t n, json *out)
{
    model_record record;
    KT_TRY(model_read(tx, b->party, 1 + shuffled(n) % b->count, &record));
    json_object(out);
    kt_error *error = model_record_members(tx, &record, NULL, 0, out);
    json_object_end(out);
    return error;
}

static kt_error *count_all(kt_tx *tx, bench *b, uint64_t n, json *out)
{
    uint64_t count;
    (void)n;
    (void)out;
    return query_count(tx, &(query_request){.entity = b->party}, &count);
}

static kt_error *count_kind(kt_tx *tx, bench *b, uint64_t n, json *out)
{
    uint64_t count;
    query_filter *filter;
    (void)n;
    (void)out;
    KT_TRY(kind_filter(tx, b, &filter));
    return query_count(tx, &(query_request){.entity = b->party, .filter = filter}, &count);
}

/* A range that holds every record: [["rating", ">=", 0]], or of texts, [["city", ">=", "a"]]. */
static kt_error *count_from(kt_tx *tx, bench *b, kt_str field, variant low)
{
    const variant condition[] = {
        {.kind = VARIANT_STRING, .as.string = field}, {.kind = VARIANT_STRING, .as.string = {">=", 2}}, low};
    const variant from = {.kind = VARIANT_ARRAY, .as.array = {condition, 3}};
    uint64_t count;
    query_filter *filter;
    KT_TRY(query_filter_read(tx, b->party, &from, &filter));
    return query_count(tx, &(query_request){.entity = b->party, .filter = filter}, &count);
}

static kt_error *count_range(kt_tx *tx, bench *b, uint64_t n, json *out)
{
    (void)n;
    (void)out;
    return count_from(tx, b, KT_STR("rating"), (variant){.kind = VARIANT_INT, .as.integer = 0});
}

static kt_error *count_texts(kt_tx *tx, bench *b, uint64_t n, json *out)
{
    (void)n;
    (void)out;
    return count_from(tx, b, KT_STR("city"), (variant){.kind = VARIANT_STRING, .as.string = KT_STR("a")});
}

static kt_error *search_one(kt_tx *tx, bench *b, uint64_t n, json *out)
{
    char text[64];
    snprintf(text, sizeof text, "firma %09llu", (unsigned long long)shuffled(1 + n % b->count));
    return query_search(tx, str_of(text), NULL, 20, out);
}

static kt_error *search_common(kt_tx *tx, bench *b, uint64_t n, json *out)
{
    (void)b;
    (void)n;
    return query_search(tx, KT_STR("firm syn"), NULL, 20, out);
}

static kt_error *group_city(kt_tx *tx, bench *b, uint64_t n, json *out)
{
    (void)n;
    return query_aggregate(tx, &(query_request){.entity = b->party}, text_variant(tx, "city"), NULL, out);
}

static figures measure(bench *b, const work *w)
{
    static double samples[TRIES];
    buffer answer;
    arena *arena = arena_open(ARENA_BYTES);
    buffer_open(&answer, ARENA_BYTES);
    for (size_t i = 0; i < w->tries; i++) {
        store_view *view;
        double began = now_us();
        arena_reset(arena);
        buffer_clear(&answer);
        json out = json_to(&answer);
        must(store_read(b->store, arena, &view), "read");
        kt_tx tx = transaction(arena, view, b->catalogue);
        must(w->run(&tx, b, i, &out), w->what);
        store_end(view);
        samples[i] = now_us() - began;
    }
    buffer_close(&answer);
    arena_close(arena);
    return sum_up(samples, w->tries);
}

/* The same list a thousand pages on, by its cursors, against its first page. */
static void measure_depth(bench *b)
{
    enum { PAGES = 1000, AGAIN = 300 };
    static double first[AGAIN], deep[AGAIN];
    kt_str cursor = {0};
    buffer answer;
    buffer_open(&answer, ARENA_BYTES);
    arena *arena = arena_open(ARENA_BYTES);
    char kept[1000] = "";
    for (size_t i = 0; i < PAGES + 2 * AGAIN; i++) {
        store_view *view;
        double began = now_us();
        bool is_first = i >= PAGES && i % 2;
        arena_reset(arena);
        buffer_clear(&answer);
        json out = json_to(&answer);
        must(store_read(b->store, arena, &view), "read");
        kt_tx tx = transaction(arena, view, b->catalogue);
        must(list_from(&tx, b, NULL, is_first ? (kt_str){0} : cursor, &out), "page");
        store_end(view);
        if (i >= PAGES)
            (is_first ? first : deep)[(i - PAGES) / 2] = now_us() - began;
        buffer_add_char(&answer, '\0');
        const char *next = strstr(answer.ptr, "\"next\":\"");
        if (i + 1 < PAGES && next) {
            snprintf(kept, sizeof kept, "%.*s", (int)strcspn(next + 8, "\""), next + 8);
            cursor = str_of(kept);
        }
    }
    buffer_close(&answer);
    arena_close(arena);
    figures a = sum_up(first, AGAIN), z = sum_up(deep, AGAIN);
    printf("  %-44s %10.1f us  page 1 %.1f us  ratio %.2f (bar 1.1)\n", "page 1000 of the list, p50", z.p50,
        a.p50, z.p50 / a.p50);
}

static const work works[] = {
    {"list of 50 by an index, one filter, 6 fields", list_names, TRIES},
    {"get, all fields", get_one, TRIES},
    {"list of 50, two values of a field, by name", list_merged, 20},
    {"list of either of two indexes", list_either, 20},
    {"count of the entity", count_all, TRIES},
    {"count of one value", count_kind, TRIES},
    {"count by a range of all", count_range, 20},
    {"count by a range of texts of all", count_texts, 20},
    {"search: one firm", search_one, 400},
    {"search: two beginnings in every record", search_common, 50},
    {"groups by a field, all records", group_city, 5},
};
enum { WORKS = sizeof works / sizeof *works };

static void measure_size(const char *directory, uint64_t count, figures *results)
{
    bench b = {.arena = arena_open(ARENA_BYTES), .count = count};
    b.path = arena_format(b.arena, "%s/%llu", directory, (unsigned long long)count).ptr;
    open_store(&b);
    fill(&b);
    for (size_t i = 0; i < WORKS; i++) {
        results[i] = measure(&b, &works[i]);
        printf("  %-44s %10.1f us  p99 %10.1f us\n", works[i].what, results[i].p50, results[i].p99);
    }
    measure_depth(&b);
    close_store(&b);
    open_store(&b); /* for the declared numbers that keys are made of */
    const model_catalogue *kept = model_catalogue_hold(b.catalogue);
    close_store(&b);
    figures raw = measure_raw(&b);
    printf("  %-44s %10.1f us  p99 %10.1f us  ours %.2f x (bar 2, with echo and JSON parsing)\n",
        "the engine alone: walk of 50, 50 gets", raw.p50, raw.p99, results[0].p50 / raw.p50);
    model_catalogue_release(kept);
    arena_close(b.arena);
}

int main(int argc, char **argv)
{
    static figures small[WORKS], large[WORKS];
    if (argc < 2) {
        fprintf(stderr, "bench_query DIRECTORY [SMALL LARGE]\n");
        return 2;
    }
    measure_size(argv[1], argc > 3 ? strtoull(argv[2], NULL, 10) : 10000, small);
    measure_size(argv[1], argc > 3 ? strtoull(argv[3], NULL, 10) : 1000000, large);
    printf("large against small, p99: list %.2f, get %.2f (bar 1.3)\n", large[0].p99 / small[0].p99,
        large[1].p99 / small[1].p99);
    return 0;
}
