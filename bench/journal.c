/* journal.c -- what chain, history and feed cost in a durable create: the same records in groups of 64, with
 * the journal and without it in turn, each on a file of its own.
 *
 *   bench_journal DIRECTORY CREATES      prints one JSON line: medians of five rounds */
#include "journal/journal.h"

#include <semaphore.h>
#include <stdlib.h>

#include "kit/clock.h"
#include "model/internal.h"
#include "party.h"
#include "shop.h"

enum { GROUP = 64, ROUNDS = 5, ARENA_BYTES = 4 << 20 };

static uint8_t master_key[32];

typedef struct {
    store *store;
    const model_catalogue *catalogue;
    bool journals;
    uint64_t next;
    sem_t done;
} side;

typedef struct {
    store_job job;
    side *side;
    uint64_t id;
} creating;

static void must(kt_error *error, const char *what)
{
    if (!error)
        return;
    fprintf(stderr, "bench_journal: %s: %s\n", what, error_text(error));
    exit(1);
}

static void set_text(model_record *record, const char *field, kt_str text)
{
    const model_field *f = model_field_find(record->entity, str_of(field));
    record->values[f->position] = (model_value){.set = text.ptr != NULL, .as.s = text};
}

static kt_error *create(store_job *job, store_view *view)
{
    creating *c = (creating *)job;
    kt_tx tx = {.arena = job->arena,
        .view = view,
        .catalogue = c->side->catalogue,
        .lang = "en",
        .user = 1,
        .now = clock_now(),
        .master_key = master_key,
        .writes = true};
    model_record record;
    uint64_t seq;
    unsigned long long n = c->id;
    KT_TRY(journal_begin(&tx));
    KT_TRY(model_record_new(&tx, model_entity_find(tx.catalogue, KT_STR("bench.party")), &record));
    set_text(&record, "name",
        arena_format(tx.arena, "Firma %llu i Synowie", (unsigned long long)(shop_mix(n) % 1000000007)));
    set_text(&record, "website", arena_format(tx.arena, "https://firma-%llu.example", n));
    set_text(&record, "industry", arena_format(tx.arena, "branch %llu", n % 40));
    set_text(&record, "city", arena_format(tx.arena, "Miasto %llu", (unsigned long long)(shop_mix(n) % 900)));
    record.values[model_field_find(record.entity, KT_STR("kind"))->position] = (model_value){
        .set = true, .as.i = 2};
    KT_TRY(model_store_new(&tx, &record));
    KT_TRY(model_commit_checks(&tx));
    return c->side->journals ? journal_append(&tx, &seq) : NULL;
}

static void done(store_job *job, store_result result)
{
    creating *c = (creating *)job;
    if (result != STORE_DONE)
        must(job->error ? job->error : error_no_memory(), "create");
    sem_post(&c->side->done);
}

static kt_error *build(store_job *job, store_view *view)
{
    side *s = ((creating *)job)->side;
    const model_sources sources = {
        .modules = (const kt_module *const[]){&party_module, NULL}, .master_key = master_key};
    model_catalogue *made;
    KT_TRY(model_catalogue_build(job->arena, view, &sources, &made));
    s->catalogue = made;
    return NULL;
}

static void open_side(side *s, arena *arena, const char *directory, bool journals)
{
    kt_str url = arena_format(arena, "lmdb:%s/%s", directory, journals ? "with" : "without");
    must(store_open(arena, url.ptr, NULL, &s->store), url.ptr);
    s->journals = journals;
    sem_init(&s->done, 0, 0);
    creating first = {.job = {.body = build, .arena = arena_open((size_t)64 << 20)}, .side = s};
    if (!first.job.arena || store_run(s->store, &first.job) != STORE_DONE)
        must(first.job.error ? first.job.error : error_no_memory(), "building");
    arena_close(first.job.arena);
}

/* Processor microseconds of one create. */
static double run(side *s, uint64_t count)
{
    static creating jobs[GROUP];
    double cpu = shop_cpu();
    for (uint64_t at = 0; at < count; at += GROUP) {
        for (size_t i = 0; i < GROUP; i++) {
            jobs[i] = (creating){.job = {.body = create, .done = done, .arena = arena_open(ARENA_BYTES)},
                .side = s,
                .id = s->next++};
            if (!jobs[i].job.arena)
                must(error_no_memory(), "arena");
            must(store_submit(s->store, &jobs[i].job), "submit");
        }
        for (size_t i = 0; i < GROUP; i++)
            sem_wait(&s->done);
        for (size_t i = 0; i < GROUP; i++)
            arena_close(jobs[i].job.arena);
    }
    return (shop_cpu() - cpu) * 1e6 / (double)count;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 3)
        return 2;
    static side with, without;
    double us[2][ROUNDS];
    uint64_t count = strtoull(arguments[2], NULL, 10) / GROUP * GROUP;
    arena *arena = arena_open((size_t)16 << 20);
    if (!arena || !count)
        return 1;
    open_side(&with, arena, arguments[1], true);
    open_side(&without, arena, arguments[1], false);
    for (int round = -1; round < ROUNDS; round++) { /* the first one fills the files */
        double plain = run(&without, count), whole = run(&with, count);
        us[0][round < 0 ? 0 : round] = plain;
        us[1][round < 0 ? 0 : round] = whole;
    }
    for (int i = 0; i < 2; i++)
        qsort(us[i], ROUNDS, sizeof *us[i], compare);
    printf("{\"with_us\":%.2f,\"without_us\":%.2f}\n", us[1][ROUNDS / 2], us[0][ROUNDS / 2]);
    model_catalogue_release(with.catalogue);
    model_catalogue_release(without.catalogue);
    store_close(with.store);
    store_close(without.store);
    arena_close(arena);
    return 0;
}
