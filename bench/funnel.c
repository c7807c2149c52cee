/* funnel.c -- the funnel of a year over many deals, from the lines of their stage history: with an index over
 * the lines and without it, and what that index costs when deals are written.
 *
 *   bench_funnel DIRECTORY [DEALS]      500000 deals of five years, in new folders below DIRECTORY
 *
 * Prints processor time: milliseconds of one query, median of several; microseconds of one change of a deal. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "kit/clock.h"
#include "kit/decode.h"
#include "model/internal.h"

enum { CHUNK = 1000, ARENA_BYTES = 256 << 20, TRIES = 15, MOVES = 2000, STAGES = 5, OWNERS = 40 };
enum { YEAR_S = 365 * 86400, YEARS = 5 };
#define BEGAN_MS INT64_C(1609459200000) /* 2021-01-01 */

#define ROW(n, ...)                                                                                          \
    {                                                                                                        \
        .name = n, .label = {n, n}, .type = __VA_ARGS__                                                      \
    }
static const kt_shape move_shape = {NULL, 8,
    (const kt_field[]){ROW("at", KT_TIME), ROW("stage_name", KT_STRING), ROW("by", KT_INT),
        ROW("stayed", KT_QUANTITY), ROW("pipeline", KT_INT), ROW("stage", KT_INT), {0}}};
static const kt_shape deal_shape = {"bench.deal", 8,
    (const kt_field[]){ROW("title", KT_STRING, .searchable = true), ROW("owner", KT_INT, .indexed = true),
        ROW("amount", KT_MONEY, .scale = 2, .indexed = true), ROW("source", KT_STRING, .indexed = true),
        ROW("stage", KT_INT, .indexed = true), ROW("text", KT_TEXT),
        ROW("history", KT_LINES, .lines = &move_shape), {0}}};
static const kt_entity plain[] = {{.shape = &deal_shape, .label = {"Deal", "Szansa"}, .title = "title"}, {0}};
static const kt_entity covered[] = {
    {.shape = &deal_shape,
        .label = {"Deal", "Szansa"},
        .title = "title",
        .indexes = "history.pipeline history.at history.stage history.stayed amount owner"},
    {0}};

static uint8_t master_key[32];
typedef struct {
    arena *arena;
    store *store;
    const model_catalogue *catalogue;
    const model_entity *deal;
    kt_module module;
    uint64_t count;
} bench;
typedef struct {
    store_job job;
    bench *bench;
    uint64_t from, to;
} work;

static void must(kt_error *error, const char *what)
{
    if (!error)
        return;
    fprintf(stderr, "%s: %s\n", what, error_text(error));
    exit(1);
}

/* Processor time of the process: what neighbours do on this machine is no part of it. */
static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 31) * UINT64_C(0x9E3779B97F4A7C15);
    return (x ^ x >> 29) * UINT64_C(0xBF58476D1CE4E5B9) >> 16;
}

static kt_tx transaction(arena *arena, store_view *view, const model_catalogue *catalogue)
{
    return (kt_tx){.arena = arena,
        .view = view,
        .catalogue = catalogue,
        .lang = "en",
        .user = 1,
        .now = {BEGAN_MS},
        .master_key = master_key};
}

/* ---- Filling ---- */

static model_value *value_of(model_record *record, const char *name)
{
    return &record->values[model_field_find(record->entity, str_of(name))->position];
}

static kt_error *add_move(kt_tx *tx, model_record *line, uint64_t stage, int64_t at_s, int64_t stayed)
{
    *value_of(line, "at") = (model_value){.set = true, .as.i = BEGAN_MS + at_s * 1000};
    *value_of(line, "stage_name") = (model_value){
        .set = true, .as.s = arena_format(tx->arena, "Stage number %d", (int)stage)};
    *value_of(line, "by") = (model_value){.set = true, .as.i = 1};
    *value_of(line, "pipeline") = (model_value){.set = true, .as.i = 1};
    *value_of(line, "stage") = (model_value){.set = true, .as.i = (int64_t)stage};
    if (stayed)
        *value_of(line, "stayed") = (model_value){.set = true, .as.d = KT_DEC(stayed, 0)};
    return NULL;
}

static kt_error *make_deal(
    kt_tx *tx, const model_entity *entity, uint64_t id, uint64_t moves, model_record *record)
{
    KT_TRY(model_record_new(tx, entity, record));
    uint64_t random = mixed(id);
    int64_t at = (int64_t)(random % ((uint64_t)YEARS * YEAR_S));
    *value_of(record, "title") = (model_value){.set = true,
        .as.s = arena_format(
            tx->arena, "Deal %llu of firm %llu", (unsigned long long)id, (unsigned long long)random % 9000)};
    *value_of(record, "owner") = (model_value){.set = true, .as.i = (int64_t)(random % OWNERS + 1)};
    *value_of(record, "amount") = (model_value){.set = true, .as.d = KT_DEC((int64_t)(random % 9000000), 2)};
    *value_of(record, "source") = (model_value){
        .set = true, .as.s = random % 3 ? KT_STR("web") : KT_STR("fair")};
    *value_of(record, "stage") = (model_value){.set = true, .as.i = (int64_t)moves};
    *value_of(record, "text") = (model_value){
        .set = true, .as.s = KT_STR("What the customer wants, in a sentence or two.")};
    model_value *lines = value_of(record, "history");
    lines->set = true;
    lines->as.lines.items = ARENA_ARRAY(tx->arena, model_record, moves);
    if (!lines->as.lines.items)
        return error_no_memory();
    lines->as.lines.count = (uint32_t)moves;
    for (uint64_t i = 0; i < moves; i++) {
        model_record *line = &lines->as.lines.items[i];
        int64_t stays = (int64_t)(mixed(id * 8 + i) % 900000);
        KT_TRY(model_record_new(
            tx, entity->fields[model_field_find(entity, KT_STR("history"))->position].lines, line));
        KT_TRY(add_move(tx, line, i + 1, at, i + 1 < moves ? stays : 0));
        at += stays;
    }
    return NULL;
}

static kt_error *fill_some(store_job *job, store_view *view)
{
    work *w = (work *)(void *)job;
    kt_tx tx = transaction(job->arena, view, w->bench->catalogue);
    tx.writes = true;
    for (uint64_t id = w->from; id < w->to; id++) {
        model_record record;
        KT_TRY(make_deal(&tx, w->bench->deal, id, 2 + mixed(id + 7) % (STAGES - 1), &record));
        KT_TRY(model_store_new(&tx, &record));
    }
    return NULL;
}

/* One stage further, as a deal's action would write it. */
static kt_error *move_one(store_job *job, store_view *view)
{
    work *w = (work *)(void *)job;
    kt_tx tx = transaction(job->arena, view, w->bench->catalogue);
    tx.writes = true;
    model_record before, after;
    bool found;
    KT_TRY(model_load(&tx, w->bench->deal, w->from, &before, &found));
    KT_TRY(make_deal(&tx, w->bench->deal, w->from, value_of(&before, "history")->as.lines.count + 1, &after));
    for (size_t i = 0; i < MODEL_OWN; i++)
        after.values[i] = before.values[i];
    return model_store_changed(&tx, &before, &after);
}

static void run_job(bench *b, store_job *job)
{
    job->arena = arena_open(ARENA_BYTES);
    if (!job->arena || store_run(b->store, job) != STORE_DONE) {
        fprintf(stderr, "writing: %s\n", job->error ? error_text(job->error) : "no memory");
        exit(1);
    }
    arena_close(job->arena);
}

static kt_error *build(store_job *job, store_view *view)
{
    work *w = (work *)(void *)job;
    model_catalogue *made;
    const model_sources sources = {
        .modules = (const kt_module *const[]){&w->bench->module, NULL}, .master_key = master_key};
    KT_TRY(model_catalogue_build(job->arena, view, &sources, &made));
    w->bench->catalogue = made;
    return NULL;
}

/* ---- Queries ---- */

static const variant *json_of(arena *arena, const char *text)
{
    static const decode_limits limits = {16, 1000};
    const variant *made;
    must(decode_json(arena, str_of(text), &limits, &made), text);
    return made;
}

static double query_ms(bench *b, const char *group, const char *measures, const char *lines)
{
    double samples[TRIES];
    for (size_t i = 0; i < TRIES; i++) {
        arena *arena = arena_open(ARENA_BYTES);
        store_view *view;
        buffer answer;
        buffer_open(&answer, 8 << 20);
        double began = now_us();
        json out = json_to(&answer);
        must(store_read(b->store, arena, &view), "read");
        kt_tx tx = transaction(arena, view, b->catalogue);
        must(query_aggregate(&tx, &(query_request){.entity = b->deal, .lines = json_of(arena, lines)},
                 json_of(arena, group), json_of(arena, measures), &out),
            group);
        store_end(view);
        samples[i] = (now_us() - began) / 1e3;
        buffer_close(&answer);
        arena_close(arena);
    }
    qsort(samples, TRIES, sizeof *samples, compare);
    return samples[TRIES / 2];
}

static double moves_us(bench *b)
{
    static double samples[MOVES];
    for (uint64_t i = 0; i < MOVES; i++) {
        work w = {.job = {.body = move_one}, .bench = b, .from = 1 + mixed(i) % b->count};
        double began = now_us();
        run_job(b, &w.job);
        samples[i] = now_us() - began;
    }
    qsort(samples, MOVES, sizeof *samples, compare);
    return samples[MOVES / 2];
}

static void measure(bench *b)
{
#define YEAR "[[\"pipeline\",\"=\",1],[\"at\",\"between\",[\"2023-01-01\",\"2023-12-31\"]]]"
#define FUNNEL                                                                                               \
    "{\"deals\":\"count\",\"amount\":\"sum:amount\",\"mean\":\"avg:history.stayed\",\"median\":\"median:"    \
    "history.stayed\"}"
    printf("  funnel of a year, ms              %8.1f\n", query_ms(b, "[\"history.stage\"]", FUNNEL, YEAR));
    printf("  by owner, ms                      %8.1f\n",
        query_ms(b, "[\"owner\",\"history.stage\"]", FUNNEL, YEAR));
    printf("  deals and amounts of all years    %8.1f\n",
        query_ms(b, "[\"history.stage\"]", "{\"deals\":\"count\",\"amount\":\"sum:amount\"}",
            "[[\"pipeline\",\"=\",1]]"));
    printf("  a deal moved on, us               %8.1f\n", moves_us(b));
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_funnel DIRECTORY [DEALS]\n");
        return 2;
    }
    for (int with = 0; with < 2; with++) {
        bench b = {.arena = arena_open(ARENA_BYTES),
            .count = argc > 2 ? strtoull(argv[2], NULL, 10) : 500000,
            .module = {.abi = KT_ABI,
                .name = "bench",
                .version = "1.0.0",
                .label = {"Bench", "Miara"},
                .entities = with ? covered : plain}};
        const store_options options = {.relaxed = true};
        struct stat file;
        kt_str path = arena_format(b.arena, "%s/funnel-%s", argv[1], with ? "covered" : "plain");
        must(store_open(b.arena, arena_format(b.arena, "lmdb:%s", path.ptr).ptr, &options, &b.store), "open");
        work w = {.job = {.body = build}, .bench = &b};
        run_job(&b, &w.job);
        b.deal = model_entity_find(b.catalogue, KT_STR("bench.deal"));
        double began = now_us();
        for (uint64_t id = 1; id <= b.count; id += CHUNK) {
            work some = {.job = {.body = fill_some},
                .bench = &b,
                .from = id,
                .to = id + CHUNK <= b.count ? id + CHUNK : b.count + 1};
            run_job(&b, &some.job);
        }
        double seconds = (now_us() - began) / 1e6;
        printf("%s: %llu deals written in %.1f s", with ? "with an index over the lines" : "record by record",
            (unsigned long long)b.count, seconds);
        if (stat(arena_format(b.arena, "%s/data.mdb", path.ptr).ptr, &file) == 0)
            printf(", %lld MB", (long long)file.st_size >> 20);
        printf("\n");
        measure(&b);
        model_catalogue_release(b.catalogue);
        store_close(b.store);
        arena_close(b.arena);
    }
    return 0;
}
