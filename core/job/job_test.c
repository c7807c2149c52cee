/* job_test.c -- specs of background work: chunks and progress, going on after a stop, failing, cancelling,
 * rights. On "mem:", without a bus. */
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <kontor/work.h>

#include "job/record.h"
#include "journal/journal.h"
#include "kit/clock.h"

/* ---- A module whose records a kind of job makes ---- */

struct bolt {
    kt_record rec;
    int64_t size;
};
static const kt_shape bolt_shape = KT_SHAPE(
    bolt, "shop.bolt", KT_FIELD(bolt, size, INT, "Size", "Rozmiar", .indexed = true));

/* A work of the module: it plans the sizes once, and makes ten bolts a chunk. */
static kt_error *melt_prepare(kt_tx *tx, kt_work_run *run)
{
    int64_t *sizes = run->context ? run->context : run->keep(run, 25 * sizeof *sizes);
    assert_false(tx->writes);
    assert_string_equal(run->params.ptr, "{\"metal\":\"brass\"}");
    for (int64_t i = 0; sizes && !run->context && i < 25; i++)
        sizes[i] = i;
    run->context = sizes;
    run->total = 25;
    return sizes ? NULL : kt_no_memory();
}

static kt_error *melt_apply(kt_tx *tx, kt_work_run *run)
{
    for (int i = 0; i < 10 && run->position < run->total; i++) {
        struct bolt b = {KT_OF(bolt), .size = ((const int64_t *)run->context)[run->position++]};
        KT_TRY(kt_create(tx, &b.rec));
    }
    run->finished = run->position == run->total;
    run->result = KT_STR("{\"melted\":25}");
    return NULL;
}
static const kt_work melt = {melt_prepare, melt_apply};

static const kt_module shop = KT_MODULE("shop", "1.0.0", "Shop", "Sklep",
    .entities = KT_LIST(kt_entity, {&bolt_shape, {"Bolt", "Śruba"}, {"Bolts", "Śruby"}}),
    .services = KT_LIST(kt_service, {"shop.melt", 1, &melt}));

enum { CHUNK = 10 };
static int opened, closed;
static uint64_t fail_at; /* the record at which apply fails; 0: never */

static kt_error *forge_open(job_run *run)
{
    opened++;
    run->context = arena_alloc(run->lasting, 1);
    return run->context ? NULL : error_no_memory();
}

static void forge_close(job_run *run)
{
    assert_non_null(run->context);
    closed++;
}

static kt_error *forge_prepare(job_run *run)
{
    assert_false(run->tx->writes);
    return NULL;
}

static kt_error *forge_apply(job_run *run)
{
    uint64_t at = variant_get_uint(run->position, "at"), count = variant_get_uint(run->params, "count");
    uint64_t to = at + CHUNK < count ? at + CHUNK : count;
    for (uint64_t i = at; i < to; i++) {
        struct bolt b = {KT_OF(bolt), .size = (int64_t)i};
        if (fail_at && i == fail_at)
            return kt_fail(run->tx, KT_RULE, "size", "no such bolt: %d", "nie ma takiej śruby: %d", (int)i);
        KT_TRY(kt_create(run->tx, &b.rec));
        if (i % 7 == 0)
            kt_also(&run->problems,
                error_at_row(kt_fail(run->tx, KT_VALIDATION, "size", "seven", "siedem"), (long)i + 1));
    }
    run->done = to;
    run->next = arena_format(run->arena, "{\"at\":%llu}", (unsigned long long)to);
    run->finished = to == count;
    run->result = arena_format(run->arena, "{\"made\":%llu}", (unsigned long long)count);
    return NULL;
}

static const job_kind kinds[] = {
    {"forge", {"Forge", "Kuźnia"}, MODEL_IMPORT, forge_open, forge_prepare, forge_apply, forge_close}, {0}};

/* ---- The house ---- */

static struct {
    arena *arena;
    store *store;
    access_control *access;
    plugins *plugins;
    jobs *jobs;
    errand_rooms errands;
    uint8_t master_key[32];
    char folder[40];
} house;

static void committed(void *context, uint64_t seq, const model_change *changes)
{
    (void)context;
    (void)seq;
    access_changed(house.access, changes);
    if (house.jobs)
        jobs_changed(house.jobs, changes);
}

static kt_error *in_writer(kt_error *(*body)(kt_tx *tx, void *context), void *context, uint64_t user)
{
    const access_identity who = {.user = user};
    const errand e = {.rooms = &house.errands, .arena = house.arena, .who = user ? &who : NULL};
    return errand_write(&e, body, context);
}

static void start(void)
{
    assert_null(jobs_open(&house.jobs));
    jobs_add(house.jobs, kinds);
    jobs_add(house.jobs, work_jobs);
    const job_rooms rooms = {.errands = &house.errands};
    assert_null(jobs_start(house.jobs, house.arena, &rooms));
}

static void stop(void)
{
    jobs_close(house.jobs);
    house.jobs = NULL;
}

static kt_error *bootstrap(kt_tx *tx, void *context)
{
    (void)context;
    return access_bootstrap(tx, KT_STR("Correct-Horse-9-Battery"));
}

static int open_house(void **state)
{
    static const kt_module *const built_in[] = {&access_module, &job_module, &shop, NULL};
    (void)state;
    opened = closed = 0;
    fail_at = 0;
    assert_true(sodium_init() >= 0);
    strcpy(house.folder, "/tmp/kontor-job-test-XXXXXX");
    assert_non_null(mkdtemp(house.folder));
    house.arena = arena_open((size_t)256 << 20);
    assert_null(store_open(house.arena, "mem:", &(store_options){0}, &house.store));
    assert_null(access_open(house.arena, house.store, &(access_options){0}, &house.access));
    const plugin_options options = {.directory = "",
        .private_directory = house.folder,
        .master_key = house.master_key,
        .built_in = built_in};
    kt_error *error = plugins_open(house.arena, house.store, &options, NULL, &house.plugins);
    if (error)
        fail_msg("%s", error_text(error));
    house.errands = (errand_rooms){.store = house.store,
        .access = house.access,
        .plugins = house.plugins,
        .master_key = house.master_key,
        .committed = committed};
    assert_null(in_writer(bootstrap, NULL, 0));
    start();
    return 0;
}

static int close_house(void **state)
{
    (void)state;
    stop();
    assert_int_equal(opened, closed);
    plugins_close(house.plugins);
    access_close(house.access);
    store_close(house.store);
    arena_close(house.arena);
    return rmdir(house.folder);
}

static kt_error *order(kt_tx *tx, void *id)
{
    return job_start(tx,
        &(job_order){
            .kind = "forge", .title = KT_STR("bolts"), .params = KT_STR("{\"count\":95}"), .total = 95},
        id);
}

static uint64_t start_job(uint64_t user)
{
    uint64_t id = 0;
    assert_null(in_writer(order, &id, user));
    return id;
}

static void each_read(kt_error *(*body)(kt_tx *tx, void *context), void *context)
{
    store_view *view;
    const model_catalogue *catalogue;
    assert_null(store_read(house.store, house.arena, &view));
    assert_null(plugins_hold_view(house.plugins, house.arena, view, &catalogue));
    kt_tx tx = {.arena = house.arena,
        .view = view,
        .catalogue = catalogue,
        .lang = "en",
        .now = clock_now(),
        .master_key = house.master_key};
    assert_null(body(&tx, context));
    store_end(view);
    model_catalogue_release(catalogue);
}

static kt_error *read_job(kt_tx *tx, void *job)
{
    struct job *out = job;
    return job_read(tx, out->rec.id.v, out);
}

static struct job job_now(uint64_t id)
{
    struct job job = {KT_OF(job)};
    job.rec.id.v = id;
    each_read(read_job, &job);
    return job;
}

static struct job job_ended(uint64_t id)
{
    for (int i = 0; i < 10000; i++) {
        struct job job = job_now(id);
        if (job.state != JOB_QUEUED && job.state != JOB_RUNNING)
            return job;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    fail_msg("the job does not end");
    return job_now(id);
}

/* Every size is there once, in order: no chunk is missing and none was done twice. */
static kt_error *expect_bolts(kt_tx *tx, void *count)
{
    kt_cursor *cursor;
    struct bolt b = {KT_OF(bolt)};
    int64_t expected = 0;
    KT_TRY(kt_open(tx, &(kt_query){.of = &bolt_shape, .sort = "size"}, &cursor));
    while (kt_next(cursor, &b.rec))
        assert_int_equal(b.size, expected++);
    assert_int_equal(expected, *(int *)count);
    return kt_close(cursor);
}

/* ---- Specs ---- */

static kt_error *order_melting(kt_tx *tx, void *id)
{
    return kt_work_start(tx, "shop.melt", KT_STR("Melting"), KT_STR("{\"metal\":\"brass\"}"), id);
}

static void a_module_works_in_chunks(void **state)
{
    (void)state;
    kt_id id;
    assert_null(in_writer(order_melting, &id, 1));
    struct job job = job_ended(id.v);
    assert_int_equal(job.state, JOB_DONE);
    assert_int_equal(job.done, 25);
    assert_string_equal(job.result.ptr, "{\"melted\":25}");
    each_read(expect_bolts, &(int){25});
}

static void a_job_does_its_chunks_and_ends(void **state)
{
    (void)state;
    struct job job = job_ended(start_job(1));
    assert_int_equal(job.state, JOB_DONE);
    assert_int_equal(job.done, 95);
    assert_string_equal(job.result.ptr, "{\"made\":95}");
    assert_int_equal(job.problems, 14);
    assert_int_equal(job.owner.v, 1);
    assert_true(job.finished_at.ms >= job.started_at.ms && job.started_at.ms > 0);
    assert_null(job.position.ptr);
    each_read(expect_bolts, &(int){95});
    assert_int_equal(opened, 1);
}

static void a_stopped_job_goes_on_where_it_stood(void **state)
{
    (void)state;
    uint64_t id = start_job(1);
    for (int i = 0; i < 20; i++) { /* wherever the thread is caught */
        stop();
        start();
    }
    assert_int_equal(job_ended(id).state, JOB_DONE);
    each_read(expect_bolts, &(int){95});
    assert_int_equal(job_now(id).problems, 14);
}

static kt_error *retry(kt_tx *tx, void *id)
{
    struct job job;
    KT_TRY(job_read(tx, *(uint64_t *)id, &job));
    return kt_act(tx, &job.rec, "retry", NULL);
}

static void a_failed_chunk_leaves_nothing_and_can_be_tried_again(void **state)
{
    (void)state;
    fail_at = 47;
    uint64_t id = start_job(1);
    struct job job = job_ended(id);
    assert_int_equal(job.state, JOB_FAILED);
    assert_string_equal(job.message.ptr, "no such bolt: 47");
    assert_int_equal(job.done, 40);
    each_read(expect_bolts, &(int){40});
    fail_at = 0;
    assert_null(in_writer(retry, &id, 1));
    assert_int_equal(job_ended(id).state, JOB_DONE);
    each_read(expect_bolts, &(int){95});
}

static kt_error *order_and_cancel(kt_tx *tx, void *id)
{
    KT_TRY(order(tx, id));
    struct job job;
    KT_TRY(job_read(tx, *(uint64_t *)id, &job));
    return kt_act(tx, &job.rec, "cancel", NULL);
}

static void a_cancelled_job_does_nothing_more(void **state)
{
    (void)state;
    uint64_t id = 0;
    assert_null(in_writer(order_and_cancel, &id, 1));
    assert_int_equal(job_ended(start_job(1)).state, JOB_DONE); /* the thread has passed the other one */
    assert_int_equal(job_now(id).state, JOB_CANCELLED);
    each_read(expect_bolts, &(int){95});
}

struct user {
    kt_record rec;
    kt_str name;
    bool active;
};
static const kt_shape user_shape = KT_SHAPE(
    user, "access.user", KT_BIND(user, name, STRING, "name"), KT_BIND(user, active, BOOL, "active"));

static kt_error *add_user(kt_tx *tx, void *id)
{
    struct user u = {KT_OF(user), .name = KT_STR("clerk"), .active = true};
    KT_TRY(kt_create(tx, &u.rec));
    *(uint64_t *)id = u.rec.id.v;
    return NULL;
}

static kt_error *order_and_leave(kt_tx *tx, void *id)
{
    struct user u = {KT_OF(user)};
    KT_TRY(order(tx, id));
    tx->guard = NULL;
    KT_TRY(kt_read(tx, (kt_id){tx->user}, &u.rec));
    u.active = false;
    return kt_update(tx, &u.rec);
}

static void a_job_has_the_rights_of_its_starter(void **state)
{
    (void)state;
    uint64_t clerk = 0, id = 0;
    assert_null(in_writer(add_user, &clerk, 0));
    struct job job = job_ended(start_job(clerk));
    assert_int_equal(job.state, JOB_FAILED);
    assert_non_null(strstr(job.message.ptr, "may not create"));
    assert_null(in_writer(order_and_leave, &id, clerk));
    job = job_ended(id);
    assert_int_equal(job.state, JOB_FAILED);
    assert_non_null(strstr(job.message.ptr, "no longer active"));
    each_read(expect_bolts, &(int){0});
}

static kt_error *undo(kt_tx *tx, void *unit)
{
    buffer answer;
    buffer_open(&answer, 1 << 20);
    json j = json_to(&answer);
    kt_error *error = journal_revert(tx, str_of(unit), 0, (kt_str){0}, &j);
    assert_null(memmem(answer.ptr, answer.len, "field", 5)); /* no conflicts */
    buffer_close(&answer);
    return error;
}

static void what_a_job_did_is_undone_and_the_job_stays(void **state)
{
    (void)state;
    struct job job = job_ended(start_job(1));
    assert_null(in_writer(undo, (void *)(uintptr_t)job.unit.ptr, 1));
    each_read(expect_bolts, &(int){0});
    struct job after = job_now(job.rec.id.v);
    assert_int_equal(after.state, JOB_DONE);
    assert_int_equal(after.rec.version, job.rec.version);
}

static void jobs_share_the_thread(void **state)
{
    (void)state;
    uint64_t ids[12]; /* more than are open at once */
    for (size_t i = 0; i < 12; i++)
        ids[i] = start_job(1);
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(job_ended(ids[i]).state, JOB_DONE);
}

#define SPEC(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPEC(a_job_does_its_chunks_and_ends),
        SPEC(a_module_works_in_chunks),
        SPEC(a_stopped_job_goes_on_where_it_stood),
        SPEC(a_failed_chunk_leaves_nothing_and_can_be_tried_again),
        SPEC(a_cancelled_job_does_nothing_more),
        SPEC(a_job_has_the_rights_of_its_starter),
        SPEC(what_a_job_did_is_undone_and_the_job_stays),
        SPEC(jobs_share_the_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
