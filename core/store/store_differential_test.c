/* store_differential_test.c -- the same random operations over both engines give the same answers: writes in
 * jobs that succeed and fail, alone and many in one batch, reads in snapshots, jobs and dry runs, scans both ways.
 * KONTOR_LONG=1 runs a million operations. */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/dice.h"
#include "kit/error.h"
#include "store/store.h"

enum { KEYS = 400, HOT = 8, BATCH = 8, LOOK = 60 };

static uint64_t state;

static uint64_t pick(uint64_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % n;
}

typedef struct {
    store_space space;
    char key[40], value[300];
    size_t value_len;
    bool remove, mark, back;
} operation;

typedef struct {
    store_job job;
    const operation *operations;
    size_t count;
    bool refuse;
    pthread_mutex_t *gate; /* its body waits here, so that others queue up behind it */
    sem_t *ended;
    store_result result;
    uint64_t seen;
} script;

static kt_str key_of(const operation *o)
{
    return str_of(o->key);
}

static kt_error *play(store_view *view, const operation *o, size_t count)
{
    store_mark mark = store_mark_set(view);
    for (size_t i = 0; i < count; i++) {
        if (o[i].mark)
            mark = store_mark_set(view);
        if (o[i].remove)
            KT_TRY(store_delete(view, o[i].space, key_of(&o[i])));
        else
            KT_TRY(store_put(view, o[i].space, key_of(&o[i]), (kt_str){o[i].value, o[i].value_len}));
        if (o[i].back)
            KT_TRY(store_mark_back(view, mark));
    }
    return NULL;
}

static uint64_t mix(uint64_t seen, kt_str s)
{
    for (size_t i = 0; i < s.len; i++)
        seen = (seen ^ (unsigned char)s.ptr[i]) * 1099511628211u;
    return (seen ^ s.len) * 1099511628211u;
}

static void see_write(void *seen, store_space space, kt_str key, kt_str value)
{
    uint64_t *all = seen;
    *all = mix(mix(*all ^ (uint64_t)space ^ (value.ptr != NULL), key), value);
}

/* What a job sees: keys around one of its own, both ways, and what it wrote itself. */
static kt_error *see(store_view *view, const operation *at, uint64_t *seen)
{
    kt_str key, value;
    for (int reverse = 0; reverse < 2; reverse++) {
        store_cursor *cursor;
        kt_str from = reverse ? (kt_str){0} : key_of(at), to = reverse ? key_of(at) : (kt_str){0};
        KT_TRY(store_scan(view, at->space, from, to, reverse, &cursor));
        for (size_t i = 0; i < LOOK && store_next(cursor, &key, &value); i++)
            *seen = mix(mix(*seen, key), value);
        KT_TRY(store_scan_end(cursor));
    }
    store_overlay_each(view, see_write, seen);
    return NULL;
}

static kt_error *run_script(store_job *job, store_view *view)
{
    script *s = (script *)job;
    if (s->gate) {
        pthread_mutex_lock(s->gate);
        pthread_mutex_unlock(s->gate);
    }
    s->seen = 0;
    KT_TRY(see(view, s->operations, &s->seen));
    KT_TRY(play(view, s->operations, s->count));
    KT_TRY(see(view, s->operations, &s->seen));
    return s->refuse ? error_make(job->arena, KT_RULE, NULL, "refused", "odmowa") : NULL;
}

static void make_operations(operation *o, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        o[i] = (operation){.space = (store_space)pick(STORE_SPACES),
            .remove = pick(4) == 0,
            .mark = pick(10) == 0,
            .back = pick(20) == 0,
            .value_len = pick(pick(20) == 0 ? 300 : 40)};
        bool hot = pick(3) == 0; /* as counters are: each job writes them */
        snprintf(o[i].key, sizeof o[i].key, "%03d%.*s", (int)pick(hot ? HOT : KEYS), hot ? 0 : (int)pick(20),
            "abcdefghijklmnopqrstuvwxyz");
        for (size_t k = 0; k < o[i].value_len; k++)
            o[i].value[k] = (char)pick(256);
    }
}

static void compare_scan(store_view *a, store_view *b)
{
    char from_text[8], to_text[8];
    store_space space = (store_space)pick(STORE_SPACES);
    bool reverse = pick(2);
    snprintf(from_text, sizeof from_text, "%03d", (int)pick(KEYS));
    snprintf(to_text, sizeof to_text, "%03d", (int)pick(KEYS));
    kt_str from = pick(3) ? str_of(from_text) : (kt_str){0}, to = pick(3) ? str_of(to_text) : (kt_str){0};
    store_cursor *ca, *cb;
    assert_null(store_scan(a, space, from, to, reverse, &ca));
    assert_null(store_scan(b, space, from, to, reverse, &cb));
    kt_str ka, va, kb, vb;
    size_t most = pick(5) ? 20 : 100000;
    for (size_t i = 0; i < most; i++) {
        bool more_a = store_next(ca, &ka, &va), more_b = store_next(cb, &kb, &vb);
        assert_int_equal(more_a, more_b);
        if (!more_a)
            break;
        assert_true(str_eq(ka, kb));
        assert_true(str_eq(va, vb));
    }
    assert_null(store_scan_end(ca));
    assert_null(store_scan_end(cb));
}

static void compare_gets(store_view *a, store_view *b, const operation *o, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        kt_str va, vb;
        assert_null(store_get(a, o[i].space, key_of(&o[i]), &va));
        assert_null(store_get(b, o[i].space, key_of(&o[i]), &vb));
        assert_int_equal(va.ptr == NULL, vb.ptr == NULL);
        assert_true(str_eq(va, vb));
    }
}

static void note_end(store_job *job, store_result result)
{
    script *s = (script *)job;
    s->result = result;
    sem_post(s->ended);
}

/* Queues all of them while the first one's body waits. */
static void run_together(store *store, script *scripts, size_t count)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    sem_t ended;
    sem_init(&ended, 0, 0);
    pthread_mutex_lock(&gate);
    scripts[0].gate = &gate;
    for (size_t i = 0; i < count; i++) {
        scripts[i].job.done = note_end;
        scripts[i].ended = &ended;
        scripts[i].job.arena = arena_open(8 << 20);
        assert_null(store_submit(store, &scripts[i].job));
    }
    pthread_mutex_unlock(&gate);
    for (size_t i = 0; i < count; i++)
        sem_wait(&ended);
    for (size_t i = 0; i < count; i++)
        arena_close(scripts[i].job.arena);
    sem_destroy(&ended);
}

/* A job by itself; one that is refused is tried on a snapshot, so that nothing of it can be left. */
static store_result run_alone(store *store, script *s)
{
    store_view *view;
    if (!s->refuse)
        return store_run(store, &s->job);
    assert_null(store_read(store, s->job.arena, &view));
    assert_null(store_make_writable(view));
    assert_non_null(run_script(&s->job, view));
    store_end(view);
    return STORE_REFUSED;
}

/* The jobs of one batch see and do what they would one by one. */
static void batch(store *stores[2], arena *arena, const operation *o, size_t count)
{
    script together[BATCH] = {0}, alone[BATCH] = {0};
    size_t jobs = 0;
    for (size_t at = 0; at < count && jobs < BATCH; jobs++) {
        size_t some = 1 + pick(count - at);
        together[jobs] = (script){
            .job = {.body = run_script}, .operations = o + at, .count = some, .refuse = pick(3) == 0};
        at += some;
        alone[jobs] = together[jobs];
        alone[jobs].job.arena = arena;
        alone[jobs].result = run_alone(stores[1], &alone[jobs]);
    }
    run_together(stores[0], together, jobs);
    for (size_t i = 0; i < jobs; i++) {
        assert_int_equal(together[i].result, together[i].refuse ? STORE_REFUSED : STORE_DONE);
        assert_int_equal(together[i].result, alone[i].result);
        assert_true(together[i].seen == alone[i].seen);
    }
}

static void job(store *stores[2], arena *arena, const operation *o, size_t count, bool refuse)
{
    script s = {
        .job = {.body = run_script, .arena = arena}, .operations = o, .count = count, .refuse = refuse};
    script other = s;
    assert_int_equal(store_run(stores[0], &s.job), refuse ? STORE_REFUSED : STORE_DONE);
    assert_int_equal(run_alone(stores[1], &other), refuse ? STORE_REFUSED : STORE_DONE);
    assert_true(s.seen == other.seen);
}

static void step(store *stores[2], arena *arena, size_t count)
{
    static operation o[64];
    make_operations(o, count);
    int kind = (int)pick(4);
    store_view *views[2];
    if (kind < 2)
        job(stores, arena, o, count, kind == 1);
    if (kind == 3)
        batch(stores, arena, o, count);
    for (int i = 0; i < 2; i++)
        assert_null(store_read(stores[i], arena, &views[i]));
    if (kind == 2) { /* a dry run */
        for (int i = 0; i < 2; i++) {
            assert_null(store_make_writable(views[i]));
            assert_null(play(views[i], o, count));
        }
    }
    compare_gets(views[0], views[1], o, count);
    compare_scan(views[0], views[1]);
    for (int i = 0; i < 2; i++)
        store_end(views[i]);
}

static void engines_answer_alike(void **unused)
{
    (void)unused;
    const char *is_long = getenv("KONTOR_LONG");
    state = dice_seed();
    char directory[] = "/tmp/kontor-store-XXXXXX", url[64];
    assert_non_null(mkdtemp(directory));
    snprintf(url, sizeof url, "lmdb:%s/d?map=64K", directory);
    arena *opening = arena_open(1 << 20), *working = arena_open(64 << 20);
    store *stores[2];
    store_options options = {.relaxed = true}; /* the disk's part is for other tests */
    assert_null(store_open(opening, url, &options, &stores[0]));
    assert_null(store_open(opening, "mem:", NULL, &stores[1]));
    size_t operations = is_long && *is_long ? 1000000 : 50000;
    for (size_t done = 0; done < operations;) {
        size_t count = 1 + pick(40);
        step(stores, working, count);
        arena_reset(working);
        done += count;
    }
    store_close(stores[0]);
    store_close(stores[1]);
    arena_close(working);
    arena_close(opening);
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", directory);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(engines_answer_alike)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
