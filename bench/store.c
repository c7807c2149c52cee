/* bench_store -- the same work as raw_lmdb through core/store: checksums, overlays, the writer's queue.
 *
 *   bench_store fill DIR RECORDS | get DIR RECORDS COUNT | list DIR RECORDS COUNT | count DIR RECORDS COUNT
 *   bench_store create DIR RECORDS COUNT CLIENTS   each client submits anew when it is answered
 *   bench_store import DIR RECORDS COUNT ROWS      one client, ROWS creates in a job
 *   bench_store read DIR RECORDS COUNT             snapshots alone: opened and ended
 *   bench_store dry DIR RECORDS COUNT              a create over a snapshot, never applied */
#include "store/store.h"

#include <pthread.h>
#include <stdlib.h>

#include "kit/error.h"
#include "shop.h"

static void must(kt_error *error)
{
    if (!error)
        return;
    fprintf(stderr, "bench_store: %s\n", error_text(error));
    exit(1);
}

static kt_str str_of_key(const shop_key *key)
{
    return (kt_str){key->bytes, key->len};
}

static kt_error *create(store_view *view, uint64_t id)
{
    char bytes[SHOP_JOURNAL];
    shop_fill(bytes, sizeof bytes, id);
    shop_key key = shop_record_key(id);
    KT_TRY(store_put(view, STORE_DATA, str_of_key(&key), (kt_str){bytes, SHOP_RECORD}));
    for (unsigned i = 0; i < SHOP_INDEXES; i++) {
        key = shop_index_key(i, id);
        KT_TRY(store_put(view, STORE_DATA, str_of_key(&key), KT_STR("")));
    }
    key = shop_journal_key(id);
    return store_put(view, STORE_JOURNAL, str_of_key(&key), (kt_str){bytes, SHOP_JOURNAL});
}

/* ---- Creating ---- */

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    store *store;
    uint64_t next, end, running, per_job;
} creation;

typedef struct {
    store_job job;
    creation *of;
    uint64_t id;
} create_job;

static kt_error *create_body(store_job *job, store_view *view)
{
    create_job *c = (create_job *)job;
    for (uint64_t i = 0; i < c->of->per_job; i++)
        KT_TRY(create(view, c->id + i));
    return NULL;
}

static void submit_next(create_job *c)
{
    creation *of = c->of;
    pthread_mutex_lock(&of->lock);
    bool more = of->next < of->end;
    c->id = of->next;
    of->next += more ? of->per_job : 0;
    if (!more && --of->running == 0)
        pthread_cond_signal(&of->ended);
    pthread_mutex_unlock(&of->lock);
    if (more)
        must(store_submit(of->store, &c->job));
}

static void create_done(store_job *job, store_result result)
{
    if (result != STORE_DONE)
        must(job->error);
    arena_reset(job->arena);
    submit_next((create_job *)job);
}

static void create_many(store *store, uint64_t from, uint64_t count, uint64_t clients, uint64_t per_job)
{
    creation all = {.lock = PTHREAD_MUTEX_INITIALIZER,
        .ended = PTHREAD_COND_INITIALIZER,
        .store = store,
        .next = from,
        .end = from + count,
        .running = clients,
        .per_job = per_job};
    create_job *jobs = calloc(clients, sizeof *jobs);
    for (uint64_t i = 0; jobs && i < clients; i++) {
        jobs[i] = (create_job){
            .job = {.body = create_body, .done = create_done, .arena = arena_open((size_t)256 << 20)},
            .of = &all};
        submit_next(&jobs[i]);
    }
    pthread_mutex_lock(&all.lock);
    while (all.running)
        pthread_cond_wait(&all.ended, &all.lock);
    pthread_mutex_unlock(&all.lock);
    for (uint64_t i = 0; jobs && i < clients; i++)
        arena_close(jobs[i].job.arena);
    free(jobs);
}

/* ---- Reading ---- */

static kt_str get(store_view *view, uint64_t id)
{
    shop_key key = shop_record_key(id);
    kt_str value;
    must(store_get(view, STORE_DATA, str_of_key(&key), &value));
    return value;
}

static uint64_t gets(store *store, arena *arena, uint64_t records, uint64_t count, bool also_get)
{
    uint64_t check = 0;
    for (uint64_t i = 0; i < count; i++) {
        store_view *view;
        must(store_read(store, arena, &view));
        if (also_get) {
            kt_str value = get(view, shop_mix(i) % records);
            check += (unsigned char)value.ptr[value.len / 2];
        }
        store_end(view);
        arena_reset(arena);
    }
    return check;
}

static uint64_t lists(store *store, arena *arena, uint64_t count)
{
    uint64_t check = 0;
    for (uint64_t i = 0; i < count; i++) {
        shop_key from = shop_index_key(4, 0);
        store_view *view;
        store_cursor *cursor;
        kt_str key, value;
        shop_put(from.bytes + 2, shop_mix(i) % SHOP_FEW);
        must(store_read(store, arena, &view));
        must(store_scan(view, STORE_DATA, (kt_str){from.bytes, 10}, KT_STR("j"), false, &cursor));
        for (int n = 0; n < SHOP_PAGE && store_next(cursor, &key, &value); n++)
            check += (unsigned char)get(view, shop_id_of(key.ptr)).ptr[7];
        must(store_scan_end(cursor));
        store_end(view);
        arena_reset(arena);
    }
    return check;
}

static uint64_t counts(store *store, arena *arena, uint64_t count)
{
    uint64_t total = 0;
    for (uint64_t i = 0; i < count; i++) {
        store_view *view;
        uint64_t n;
        must(store_read(store, arena, &view));
        must(store_count(view, STORE_DATA, (kt_str){"i\2", 2}, (kt_str){"i\3", 2}, UINT64_MAX, &n));
        total += n;
        store_end(view);
        arena_reset(arena);
    }
    return total;
}

static uint64_t dry_runs(store *store, arena *arena, uint64_t records, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        store_view *view;
        must(store_read(store, arena, &view));
        must(store_make_writable(view));
        must(create(view, records + i));
        store_end(view);
        arena_reset(arena);
    }
    return count;
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 4)
        return 2;
    const char *work = arguments[1];
    uint64_t records = strtoull(arguments[3], NULL, 10), check = 0;
    uint64_t count = argument_count > 4 ? strtoull(arguments[4], NULL, 10) : 0;
    uint64_t clients = argument_count > 5 ? strtoull(arguments[5], NULL, 10) : 1;
    arena *opening = arena_open(1 << 20), *arena = arena_open(64 << 20);
    char url[4096];
    store *store;
    if (!opening || !arena)
        return 1;
    snprintf(url, sizeof url, "lmdb:%s", arguments[2]);
    must(store_open(opening, url, NULL, &store));
    if (strcmp(work, "get") == 0 || strcmp(work, "list") == 0)
        (void)gets(store, arena, records, records < 200000 ? records : 200000, true); /* warm */
    double began = shop_now(), cpu = shop_cpu();
    if (strcmp(work, "fill") == 0)
        create_many(store, 0, count = records, 1, 10000);
    else if (strcmp(work, "get") == 0)
        check = gets(store, arena, records, count, true);
    else if (strcmp(work, "read") == 0)
        check = gets(store, arena, records, count, false);
    else if (strcmp(work, "list") == 0)
        check = lists(store, arena, count);
    else if (strcmp(work, "count") == 0)
        check = counts(store, arena, count);
    else if (strcmp(work, "dry") == 0)
        check = dry_runs(store, arena, records, count);
    else if (strcmp(work, "create") == 0)
        create_many(store, records, count, clients, 1);
    else if (strcmp(work, "import") == 0)
        create_many(store, records, count, 1, clients);
    shop_report(work, count, shop_now() - began, shop_cpu() - cpu, check);
    store_close(store);
    arena_close(arena);
    arena_close(opening);
    return 0;
}
