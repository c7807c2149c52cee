/* store_differential_test.c -- the same random operations over both engines give the same answers: writes in
 * jobs that succeed and fail, reads in snapshots and dry runs, scans both ways. KONTOR_LONG=1 runs a million
 * operations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/error.h"
#include "store/store.h"

enum { KEYS = 400 };

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

static kt_error *run_script(store_job *job, store_view *view)
{
    script *s = (script *)job;
    KT_TRY(play(view, s->operations, s->count));
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
        snprintf(o[i].key, sizeof o[i].key, "%03d%.*s", (int)pick(KEYS), (int)pick(20),
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

static void step(store *stores[2], arena *arena, size_t count)
{
    static operation o[64];
    make_operations(o, count);
    int kind = (int)pick(3);
    store_view *views[2];
    if (kind < 2) { /* a job, refused now and then */
        for (int i = 0; i < 2; i++) {
            script s = {.job = {.body = run_script, .arena = arena},
                .operations = o,
                .count = count,
                .refuse = kind == 1};
            assert_int_equal(store_run(stores[i], &s.job), kind == 1 ? STORE_REFUSED : STORE_DONE);
        }
    }
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
    const char *wanted = getenv("KONTOR_SEED"), *is_long = getenv("KONTOR_LONG");
    state = wanted ? strtoull(wanted, NULL, 10) : 20261123;
    printf("seed %llu\n", (unsigned long long)state);
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
