/* store_conformance_test.c -- what the room promises, over every engine. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/clock.h"
#include "kit/error.h"
#include "store/store.h"

typedef struct {
    const char *scheme;
    char directory[32], url[64];
    arena *opening, *arena;
    store *store;
} house;

static house lmdb_house = {.scheme = "lmdb:"}, mem_house = {.scheme = "mem:"};

static void open_store(house *h, const store_options *options)
{
    kt_error *error = store_open(h->opening, h->url, options, &h->store);
    if (error)
        fail_msg("%s", error_text(error));
}

static int open_house(void **state)
{
    house *h = *state;
    snprintf(h->directory, sizeof h->directory, "/tmp/kontor-store-XXXXXX");
    if (!mkdtemp(h->directory))
        return -1;
    snprintf(h->url, sizeof h->url, "%s%s/d?map=1M", h->scheme, h->directory);
    h->opening = arena_open(1 << 20);
    h->arena = arena_open(64 << 20);
    if (!h->opening || !h->arena)
        return -1;
    open_store(h, NULL);
    return 0;
}

static int close_house(void **state)
{
    house *h = *state;
    char command[64];
    store_close(h->store);
    arena_close(h->arena);
    arena_close(h->opening);
    snprintf(command, sizeof command, "rm -r %s", h->directory);
    return system(command);
}

/* ---- A job that puts (or deletes, value NULL) some keys ---- */

typedef struct {
    const char *key, *value;
} pair;

typedef struct {
    store_job job;
    store_space space;
    const pair *pairs; /* ended by {0} */
    bool refuse;
    unsigned runs;
} puts_job;

static kt_error *put_pairs(store_view *view, store_space space, const pair *pairs)
{
    for (; pairs->key; pairs++) {
        if (pairs->value)
            KT_TRY(store_put(view, space, str_of(pairs->key), str_of(pairs->value)));
        else
            KT_TRY(store_delete(view, space, str_of(pairs->key)));
    }
    return NULL;
}

static kt_error *puts_body(store_job *job, store_view *view)
{
    puts_job *p = (puts_job *)job;
    p->runs++;
    job->answer = KT_STR("put");
    KT_TRY(put_pairs(view, p->space, p->pairs));
    return p->refuse ? error_make(job->arena, KT_RULE, NULL, "no", "nie") : NULL;
}

static store_result put(house *h, const pair *pairs)
{
    puts_job p = {.job = {.body = puts_body, .arena = h->arena}, .pairs = pairs};
    return store_run(h->store, &p.job);
}

static store_view *look(house *h)
{
    store_view *view;
    assert_null(store_read(h->store, h->arena, &view));
    return view;
}

static void assert_value(store_view *view, const char *key, const char *expected)
{
    kt_str value;
    assert_null(store_get(view, STORE_DATA, str_of(key), &value));
    if (!expected) {
        assert_null(value.ptr);
    } else {
        assert_non_null(value.ptr);
        assert_true(str_is(value, expected));
    }
}

/* expected: the keys in order, each one letter */
static void assert_scan(
    store_view *view, const char *from, const char *to, bool reverse, const char *expected)
{
    store_cursor *cursor;
    kt_str key, value;
    char found[64] = "";
    size_t n = 0;
    assert_null(store_scan(view, STORE_DATA, str_of(from), str_of(to), reverse, &cursor));
    while (store_next(cursor, &key, &value))
        found[n++] = key.ptr[0];
    found[n] = 0;
    assert_null(store_scan_end(cursor));
    assert_string_equal(found, expected);
}

/* ---- Reading and writing ---- */

static void what_a_job_puts_is_read_after_it(void **state)
{
    house *h = *state;
    assert_int_equal(put(h, KT_LIST(pair, {"a", "1"}, {"b", ""})), STORE_DONE);
    store_view *view = look(h);
    assert_value(view, "a", "1");
    assert_value(view, "b", "");
    assert_value(view, "c", NULL);
    store_end(view);
    assert_int_equal(put(h, KT_LIST(pair, {"a", NULL}, {"never was", NULL})), STORE_DONE);
    view = look(h);
    assert_value(view, "a", NULL);
    store_end(view);
}

static void a_snapshot_does_not_move(void **state)
{
    house *h = *state;
    put(h, KT_LIST(pair, {"a", "1"}));
    store_view *before = look(h);
    put(h, KT_LIST(pair, {"a", "2"}, {"b", "2"}));
    assert_value(before, "a", "1");
    assert_scan(before, NULL, NULL, false, "a");
    store_end(before);
    store_view *after = look(h);
    assert_value(after, "a", "2");
    store_end(after);
}

static void a_refused_job_leaves_nothing(void **state)
{
    house *h = *state;
    puts_job p = {
        .job = {.body = puts_body, .arena = h->arena}, .pairs = KT_LIST(pair, {"a", "1"}), .refuse = true};
    assert_int_equal(store_run(h->store, &p.job), STORE_REFUSED);
    assert_string_equal(error_text(p.job.error), "no");
    store_view *view = look(h);
    assert_value(view, "a", NULL);
    store_end(view);
}

static void scans_are_half_open_and_run_both_ways(void **state)
{
    house *h = *state;
    put(h, KT_LIST(pair, {"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}));
    store_view *view = look(h);
    assert_scan(view, NULL, NULL, false, "abcd");
    assert_scan(view, NULL, NULL, true, "dcba");
    assert_scan(view, "b", "d", false, "bc");
    assert_scan(view, "b", "d", true, "cb");
    assert_scan(view, "bb", "cc", false, "c");
    assert_scan(view, "bb", "cc", true, "c");
    assert_scan(view, "c", "c", false, "");
    assert_scan(view, "d", "a", true, "");
    assert_scan(view, NULL, "", true, "");
    assert_scan(view, NULL, "", false, "");
    assert_scan(view, "e", NULL, true, "");
    store_end(view);
}

static void a_dry_run_sees_its_writes_and_leaves_none(void **state)
{
    house *h = *state;
    put(h, KT_LIST(pair, {"a", "1"}, {"c", "1"}, {"e", "1"}));
    store_view *view = look(h);
    assert_non_null(store_put(view, STORE_DATA, KT_STR("x"), KT_STR("")));
    assert_null(store_make_writable(view));
    assert_null(put_pairs(view, STORE_DATA, KT_LIST(pair, {"b", "2"}, {"c", NULL}, {"e", "2"}, {"f", "2"})));
    assert_value(view, "b", "2");
    assert_value(view, "c", NULL);
    assert_value(view, "e", "2");
    assert_scan(view, NULL, NULL, false, "abef");
    assert_scan(view, NULL, NULL, true, "feba");
    assert_scan(view, "b", "f", true, "eb");
    uint64_t count;
    assert_null(store_count(view, STORE_DATA, (kt_str){0}, (kt_str){0}, 100, &count));
    assert_int_equal(count, 4);
    assert_null(store_count(view, STORE_DATA, (kt_str){0}, (kt_str){0}, 2, &count));
    assert_int_equal(count, 2);
    store_end(view);
    view = look(h);
    assert_scan(view, NULL, NULL, false, "ace");
    store_end(view);
}

/* k0000 to k1999, a key before them and one behind */
static kt_error *put_many(store_job *job, store_view *view)
{
    KT_TRY(store_put(view, STORE_DATA, KT_STR("j"), KT_STR("1")));
    KT_TRY(store_put(view, STORE_DATA, KT_STR("l"), KT_STR("1")));
    for (int i = 0; i < 2000; i++)
        KT_TRY(store_put(
            view, STORE_DATA, arena_format(job->arena, "k%04d", i), KT_STR("a value of some length")));
    return NULL;
}

static void assert_counts(store_view *view)
{
    static const struct {
        const char *from, *to;
        uint64_t most, expected;
    } cases[] = {
        {"k", "l", UINT64_MAX, 2000},
        {"k0000", "k2", UINT64_MAX, 2000},
        {NULL, NULL, UINT64_MAX, 2002},
        {"j", "l", UINT64_MAX, 2001},
        {"k", "m", UINT64_MAX, 2001},
        {"k0100", "k0355", UINT64_MAX, 255},
        {"k0100", "k0356", UINT64_MAX, 256},
        {"k0100", "k0357", UINT64_MAX, 257},
        {"k0100", "k0358", UINT64_MAX, 258},
        {"k0500", "k1500x", UINT64_MAX, 1001},
        {"k", "l", 256, 256},
        {"k", "l", 257, 257},
        {"k", "l", 1999, 1999},
        {"k", "l", 2000, 2000},
        {"k", "l", 2001, 2000},
        {"l", "k", UINT64_MAX, 0},
        {"k2", "l", UINT64_MAX, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t count;
        assert_null(
            store_count(view, STORE_DATA, str_of(cases[i].from), str_of(cases[i].to), cases[i].most, &count));
        assert_int_equal(count, cases[i].expected);
    }
}

static kt_error *count_in_a_job(store_job *job, store_view *view)
{
    (void)job;
    assert_counts(view);
    return NULL;
}

static void long_ranges_are_counted_to_their_ends(void **state)
{
    house *h = *state;
    store_job fills = {.body = put_many, .arena = h->arena},
              counts = {.body = count_in_a_job, .arena = h->arena};
    assert_int_equal(store_run(h->store, &fills), STORE_DONE);
    assert_int_equal(store_run(h->store, &counts), STORE_DONE);
    store_view *view = look(h);
    assert_counts(view);
    store_end(view);
}

static bool remembers(const store_memo *memo, const store_view *view, uint64_t expected)
{
    uint64_t number;
    return store_memo_find(memo, view, &number) && number == expected;
}

static void what_is_remembered_holds_for_its_snapshot_alone(void **state)
{
    house *h = *state;
    store_memo memo = {0};
    store_view *before = look(h), *same = look(h);
    assert_false(remembers(&memo, before, 0)); /* of an empty store too */
    store_memo_keep(&memo, before, 7);
    assert_true(remembers(&memo, same, 7));
    put(h, KT_LIST(pair, {"a", "1"}));
    store_view *after = look(h);
    assert_false(remembers(&memo, after, 7));
    assert_true(remembers(&memo, before, 7));
    store_memo_keep(&memo, after, 8);
    assert_true(remembers(&memo, after, 8));
    assert_false(remembers(&memo, before, 8));
    store_memo_keep(&memo, before, 1 << 24); /* too large to be kept */
    assert_true(remembers(&memo, after, 8));
    assert_null(store_make_writable(after));
    assert_false(remembers(&memo, after, 8));
    store_memo_keep(&memo, after, 9);
    store_end(after);
    after = look(h);
    assert_true(remembers(&memo, after, 8));
    store_end(after);
    store_end(same);
    store_end(before);
}

static void count_write(void *context, store_space space, kt_str key, kt_str value)
{
    (void)space, (void)key, (void)value;
    ++*(int *)context;
}

static void going_back_to_a_mark_undoes_what_came_after(void **state)
{
    house *h = *state;
    put(h, KT_LIST(pair, {"a", "1"}));
    store_view *view = look(h);
    assert_null(store_make_writable(view));
    assert_null(put_pairs(view, STORE_DATA, KT_LIST(pair, {"a", "2"}, {"b", "2"})));
    store_mark mark = store_mark_set(view);
    assert_null(put_pairs(view, STORE_DATA, KT_LIST(pair, {"a", NULL}, {"b", "3"}, {"c", "3"})));
    assert_scan(view, NULL, NULL, false, "bc");
    assert_null(store_mark_back(view, mark));
    assert_value(view, "a", "2");
    assert_value(view, "b", "2");
    assert_scan(view, NULL, NULL, false, "ab");
    int writes = 0;
    store_overlay_each(view, count_write, &writes);
    assert_int_equal(writes, 2);
    assert_null(store_mark_back(view, (store_mark){0}));
    assert_value(view, "a", "1");
    store_end(view);
}

static void assert_number(store_view *view, uint64_t expected)
{
    kt_str value;
    uint64_t number = 0;
    assert_null(store_get(view, STORE_DATA, KT_STR("n"), &value));
    assert_int_equal(value.len, expected ? sizeof number : 0);
    if (expected)
        memcpy(&number, value.ptr, sizeof number);
    assert_int_equal(be64toh(number), expected);
}

static kt_error *add_to(store_view *view, int64_t change, uint64_t expected)
{
    uint64_t number;
    KT_TRY(store_add(view, STORE_DATA, KT_STR("n"), change, &number));
    assert_int_equal(number, expected);
    assert_number(view, expected);
    return NULL;
}

static kt_error *add_body(store_job *job, store_view *view)
{
    (void)job;
    KT_TRY(add_to(view, 2, 2));
    return add_to(view, 300, 302);
}

static void numbers_are_added_to_what_is_there(void **state)
{
    house *h = *state;
    store_job job = {.body = add_body, .arena = h->arena};
    assert_int_equal(store_run(h->store, &job), STORE_DONE);
    store_view *view = look(h);
    uint64_t number;
    assert_non_null(store_add(view, STORE_DATA, KT_STR("n"), 1, &number)); /* it only reads */
    assert_null(store_make_writable(view));
    store_mark mark = store_mark_set(view);
    assert_null(add_to(view, -301, 1));
    assert_null(add_to(view, -1, 0));
    assert_null(add_to(view, 7, 7));
    assert_null(store_mark_back(view, mark));
    assert_null(add_to(view, 1, 303));
    store_end(view);
}

static void what_the_view_has_written_lies_in_one_place(void **state)
{
    house *h = *state;
    kt_str at, first;
    put(h, KT_LIST(pair, {"a", "1"}));
    store_view *view = look(h);
    assert_false(store_written(view, STORE_DATA, KT_STR("a"), &at));
    assert_null(store_make_writable(view));
    assert_false(store_written(view, STORE_DATA, KT_STR("a"), &at));
    assert_null(put_pairs(view, STORE_DATA, KT_LIST(pair, {"a", "2"}, {"b", "2"})));
    assert_true(store_written(view, STORE_DATA, KT_STR("a"), &first));
    assert_true(store_written(view, STORE_DATA, KT_STR("a"), &at));
    assert_ptr_equal(at.ptr, first.ptr);
    store_mark mark = store_mark_set(view);
    assert_null(put_pairs(view, STORE_DATA, KT_LIST(pair, {"a", "2"}, {"b", NULL})));
    assert_true(store_written(view, STORE_DATA, KT_STR("a"), &at));
    assert_ptr_not_equal(at.ptr, first.ptr);
    assert_int_equal(at.len, 1);
    assert_true(store_written(view, STORE_DATA, KT_STR("b"), &at));
    assert_null(at.ptr);
    assert_null(store_mark_back(view, mark));
    assert_true(store_written(view, STORE_DATA, KT_STR("a"), &at));
    assert_ptr_equal(at.ptr, first.ptr);
    assert_null(store_mark_back(view, (store_mark){0}));
    assert_false(store_written(view, STORE_DATA, KT_STR("a"), &at));
    store_end(view);
}

static void limits_of_keys_and_values_are_errors(void **state)
{
    house *h = *state;
    static char big[STORE_VALUE_MAX + 1];
    store_view *view = look(h);
    kt_str value;
    assert_null(store_make_writable(view));
    assert_null(store_put(view, STORE_DATA, (kt_str){big, STORE_KEY_MAX}, (kt_str){big, STORE_VALUE_MAX}));
    assert_non_null(store_put(view, STORE_DATA, (kt_str){big, STORE_KEY_MAX + 1}, KT_STR("")));
    assert_non_null(store_put(view, STORE_DATA, KT_STR(""), KT_STR("")));
    assert_non_null(store_put(view, STORE_DATA, KT_STR("a"), (kt_str){big, STORE_VALUE_MAX + 1}));
    assert_non_null(store_delete(view, STORE_DATA, KT_STR("")));
    assert_non_null(store_get(view, STORE_DATA, KT_STR(""), &value));
    store_end(view);
}

static void spaces_are_apart(void **state)
{
    house *h = *state;
    puts_job p = {.job = {.body = puts_body, .arena = h->arena},
        .space = STORE_JOURNAL,
        .pairs = KT_LIST(
            pair, {"b", "1"}, {"a", "2"}, {"c", "3"})}; /* not rising: appended where they can be */
    assert_int_equal(store_run(h->store, &p.job), STORE_DONE);
    store_view *view = look(h);
    assert_scan(view, NULL, NULL, false, "");
    kt_str value;
    assert_null(store_get(view, STORE_JOURNAL, KT_STR("a"), &value));
    assert_true(str_is(value, "2"));
    store_end(view);
}

/* ---- Out of memory ---- */

static kt_error *dry_run(store_view *view)
{
    store_cursor *cursor;
    kt_str key, value;
    KT_TRY(store_make_writable(view));
    store_mark mark = store_mark_set(view);
    KT_TRY(put_pairs(view, STORE_DATA, KT_LIST(pair, {"b", "2"}, {"a", NULL}, {"c", "3"})));
    KT_TRY(store_scan(view, STORE_DATA, KT_STR("a"), KT_STR("z"), false, &cursor));
    while (store_next(cursor, &key, &value))
        continue;
    KT_TRY(store_scan_end(cursor));
    KT_TRY(store_get(view, STORE_DATA, KT_STR("b"), &value));
    return store_mark_back(view, mark);
}

static void a_dry_run_out_of_memory_ends_with_an_error(void **state)
{
    house *h = *state;
    bool failed = false, went_well = false;
    put(h, KT_LIST(pair, {"a", "1"}, {"b", "1"}));
    for (size_t limit = 0; !went_well; limit += 16) {
        arena *arena = arena_open(limit);
        store_view *view = NULL;
        assert_non_null(arena);
        kt_error *error = store_read(h->store, arena, &view);
        if (!error)
            error = dry_run(view);
        failed = failed || error;
        went_well = !error;
        if (error)
            assert_int_equal(error->first->kind, KT_LIMIT);
        store_end(view);
        arena_close(arena);
    }
    assert_true(failed);
    store_view *view = look(h);
    assert_scan(view, NULL, NULL, false, "ab");
    store_end(view);
}

static void a_job_out_of_memory_is_refused_and_leaves_nothing(void **state)
{
    house *h = *state;
    store_result result = STORE_REFUSED;
    unsigned refused = 0;
    for (size_t limit = 0; result == STORE_REFUSED; limit += 16) {
        arena *arena = arena_open(limit);
        assert_non_null(arena);
        puts_job p = {.job = {.body = puts_body, .arena = arena, .key = KT_STR("k")},
            .pairs = KT_LIST(pair, {"a", "1"}, {"b", "1"})};
        result = store_run(h->store, &p.job);
        refused += result == STORE_REFUSED;
        store_view *view = look(h);
        assert_scan(view, NULL, NULL, false, result == STORE_DONE ? "ab" : "");
        store_end(view);
        arena_close(arena);
    }
    assert_int_equal(result, STORE_DONE);
    assert_true(refused > 2); /* before it wrote, and after: there is no room for its answer */
}

/* ---- Exactly once ---- */

static void a_repeated_key_gets_the_first_answer(void **state)
{
    house *h = *state;
    for (int i = 0; i < 3; i++) {
        puts_job p = {.job = {.body = puts_body, .arena = h->arena, .key = KT_STR("k")},
            .pairs = KT_LIST(pair, {"a", "1"})};
        assert_int_equal(store_run(h->store, &p.job), i ? STORE_REPEATED : STORE_DONE);
        assert_true(str_is(p.job.answer, "put"));
        assert_int_equal(p.runs, i ? 0 : 1);
    }
}

static void a_refused_job_leaves_its_key_free(void **state)
{
    house *h = *state;
    for (int i = 0; i < 2; i++) {
        puts_job p = {.job = {.body = puts_body, .arena = h->arena, .key = KT_STR("k")},
            .pairs = KT_LIST(pair, {"a", "1"}),
            .refuse = i == 0};
        assert_int_equal(store_run(h->store, &p.job), i ? STORE_DONE : STORE_REFUSED);
    }
}

static kt_error *big_answer(store_job *job, store_view *view)
{
    char *answer = arena_alloc(job->arena, 300000);
    if (!answer)
        return error_no_memory();
    for (size_t i = 0; i < 300000; i++)
        answer[i] = (char)(i * 7 % 251);
    job->answer = (kt_str){answer, 300000};
    return store_put(view, STORE_DATA, KT_STR("a"), KT_STR("1"));
}

static void an_answer_longer_than_a_value_is_kept_whole(void **state)
{
    house *h = *state;
    store_job first = {.body = big_answer, .arena = h->arena, .key = KT_STR("k")};
    assert_int_equal(store_run(h->store, &first), STORE_DONE);
    store_job again = {.body = big_answer, .arena = h->arena, .key = KT_STR("k")};
    assert_int_equal(store_run(h->store, &again), STORE_REPEATED);
    assert_int_equal(again.answer.len, 300000);
    assert_true(str_eq(first.answer, again.answer));
}

static void a_key_that_is_too_long_is_refused_not_cut(void **state)
{
    house *h = *state;
    char key[STORE_KEY_MAX] = "";
    memset(key, 'k', sizeof key);
    puts_job p = {.job = {.body = puts_body, .arena = h->arena, .key = {key, sizeof key}},
        .pairs = KT_LIST(pair, {"a", "1"})};
    assert_int_equal(store_run(h->store, &p.job), STORE_REFUSED);
}

static void old_answers_are_forgotten(void **state)
{
    house *h = *state;
    char key[16];
    store_stat stat;
    clock_set((kt_time){1000});
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "old%d", i);
        store_job big = {.body = big_answer, .arena = h->arena, .key = str_of(key)};
        assert_int_equal(store_run(h->store, &big), STORE_DONE);
        arena_reset(h->arena);
    }
    clock_advance((int64_t)8 * 24 * 3600 * 1000);
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "new%d", i);
        puts_job p = {.job = {.body = puts_body, .arena = h->arena, .key = str_of(key)},
            .pairs = KT_LIST(pair, {"a", "1"})};
        assert_int_equal(store_run(h->store, &p.job), STORE_DONE);
    }
    clock_real();
    assert_null(store_stat_read(h->store, h->arena, &stat));
    assert_int_equal(stat.entries[STORE_META], 40);
}

/* ---- Many at once ---- */

enum { SUBMITTERS = 8, EACH = 200 };

typedef struct {
    house *house;
    arena *arena;
    unsigned number;
    bool same_keys; /* each number's jobs have the keys of all others */
    unsigned done, repeated;
} submitter;

typedef struct {
    store_job job;
    char name[32];
} add_job;

/* Counts one up: lost updates would show. */
static kt_error *add_one(store_job *job, store_view *view)
{
    kt_str value;
    uint64_t n = 0;
    KT_TRY(store_get(view, STORE_DATA, KT_STR("sum"), &value));
    if (value.len == sizeof n)
        memcpy(&n, value.ptr, sizeof n);
    n++;
    job->answer = KT_STR("added");
    KT_TRY(store_put(view, STORE_DATA, str_of(((add_job *)job)->name), KT_STR("")));
    return store_put(view, STORE_DATA, KT_STR("sum"), (kt_str){(const char *)&n, sizeof n});
}

static void *submit_many(void *argument)
{
    submitter *s = argument;
    for (unsigned i = 0; i < EACH; i++) {
        add_job a = {.job = {.body = add_one, .arena = s->arena}};
        snprintf(a.name, sizeof a.name, "%u/%u", s->same_keys ? 0 : s->number, i);
        if (s->same_keys)
            a.job.key = str_of(a.name);
        store_result result = store_run(s->house->store, &a.job);
        s->done += result == STORE_DONE;
        s->repeated += result == STORE_REPEATED;
        arena_reset(s->arena);
    }
    return NULL;
}

static void run_submitters(house *h, bool same_keys, unsigned *done, unsigned *repeated)
{
    pthread_t threads[SUBMITTERS];
    submitter all[SUBMITTERS];
    *done = *repeated = 0;
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        all[i] = (submitter){.house = h, .arena = arena_open(1 << 20), .number = i, .same_keys = same_keys};
        assert_int_equal(pthread_create(&threads[i], NULL, submit_many, &all[i]), 0);
    }
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        pthread_join(threads[i], NULL);
        *done += all[i].done;
        *repeated += all[i].repeated;
        arena_close(all[i].arena);
    }
}

static uint64_t sum_of(house *h)
{
    store_view *view = look(h);
    kt_str value;
    uint64_t n = 0;
    assert_null(store_get(view, STORE_DATA, KT_STR("sum"), &value));
    assert_int_equal(value.len, sizeof n);
    memcpy(&n, value.ptr, sizeof n);
    store_end(view);
    return n;
}

static void no_update_of_many_writers_is_lost(void **state)
{
    house *h = *state;
    unsigned done, repeated;
    run_submitters(h, false, &done, &repeated);
    assert_int_equal(done, SUBMITTERS * EACH);
    assert_int_equal(sum_of(h), SUBMITTERS * EACH);
    store_stat stat;
    assert_null(store_stat_read(h->store, h->arena, &stat));
    assert_int_equal(stat.jobs, SUBMITTERS * EACH);
    assert_true(stat.commits <= stat.jobs);
}

static void twins_take_effect_once(void **state)
{
    house *h = *state;
    unsigned done, repeated;
    run_submitters(h, true, &done, &repeated);
    assert_int_equal(done, EACH);
    assert_int_equal(repeated, (SUBMITTERS - 1) * EACH);
    assert_int_equal(sum_of(h), EACH);
}

/* ---- The queue ---- */

typedef struct {
    store_job job;
    pthread_mutex_t *gate; /* the body waits here, against the rules, so that the queue fills */
    unsigned *done;
    pthread_mutex_t *counting;
} queued_job;

static kt_error *wait_at_gate(store_job *job, store_view *view)
{
    queued_job *q = (queued_job *)job;
    if (q->gate) {
        pthread_mutex_lock(q->gate);
        pthread_mutex_unlock(q->gate);
    }
    return store_put(view, STORE_DATA, KT_STR("a"), KT_STR("1"));
}

static void count_done(store_job *job, store_result result)
{
    queued_job *q = (queued_job *)job;
    pthread_mutex_lock(q->counting);
    *q->done += result == STORE_DONE;
    pthread_mutex_unlock(q->counting);
    arena_close(job->arena);
}

static void a_full_queue_refuses_at_once_and_closing_drains_it(void **state)
{
    house *h = *state;
    store_close(h->store);
    h->store = NULL;
    open_store(h, &(store_options){.queue_max = 10, .batch_max = 4});
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER, counting = PTHREAD_MUTEX_INITIALIZER;
    queued_job jobs[40];
    unsigned done = 0, taken = 0;
    pthread_mutex_lock(&gate);
    for (size_t i = 0; i < 40; i++) {
        jobs[i] = (queued_job){
            .job = {.body = wait_at_gate, .done = count_done, .arena = arena_open(1 << 20)},
            .gate = i == 0 ? &gate : NULL,
            .done = &done,
            .counting = &counting};
        kt_error *error = store_submit(h->store, &jobs[i].job);
        taken += !error;
        if (error) {
            assert_int_equal(error->first->kind, KT_UNAVAILABLE);
            arena_close(jobs[i].job.arena);
        }
    }
    assert_in_range(taken, 10, 14);
    pthread_mutex_unlock(&gate);
    store_close(h->store);
    h->store = NULL;
    assert_int_equal(done, taken);
}

#define OVER(engine, test)                                                                                   \
    {                                                                                                        \
#engine " " #test, test, open_house, close_house, &engine##_house                                    \
    }
#define BOTH(test) OVER(lmdb, test), OVER(mem, test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(what_a_job_puts_is_read_after_it),
        BOTH(a_snapshot_does_not_move),
        BOTH(a_refused_job_leaves_nothing),
        BOTH(scans_are_half_open_and_run_both_ways),
        BOTH(a_dry_run_sees_its_writes_and_leaves_none),
        BOTH(long_ranges_are_counted_to_their_ends),
        BOTH(what_is_remembered_holds_for_its_snapshot_alone),
        BOTH(going_back_to_a_mark_undoes_what_came_after),
        BOTH(numbers_are_added_to_what_is_there),
        BOTH(what_the_view_has_written_lies_in_one_place),
        BOTH(limits_of_keys_and_values_are_errors),
        BOTH(spaces_are_apart),
        BOTH(a_dry_run_out_of_memory_ends_with_an_error),
        BOTH(a_job_out_of_memory_is_refused_and_leaves_nothing),
        BOTH(a_repeated_key_gets_the_first_answer),
        BOTH(a_refused_job_leaves_its_key_free),
        BOTH(an_answer_longer_than_a_value_is_kept_whole),
        BOTH(a_key_that_is_too_long_is_refused_not_cut),
        BOTH(old_answers_are_forgotten),
        BOTH(no_update_of_many_writers_is_lost),
        BOTH(twins_take_effect_once),
        BOTH(a_full_queue_refuses_at_once_and_closing_drains_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
