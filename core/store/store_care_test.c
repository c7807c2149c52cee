/* store_care_test.c -- the files: one writer, growth under load, hot backup, restore, a damaged file named.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/error.h"
#include "store/store.h"

typedef struct {
    char directory[32], data[48], url[64], backup[48], target[48];
    arena *arena;
    store *store;
} house;

static void open_with(house *h, const store_options *options)
{
    kt_error *error = store_open(h->arena, h->url, options, &h->store);
    if (error)
        fail_msg("%s", error_text(error));
}

static int open_house(void **state)
{
    static house h;
    h = (house){0};
    snprintf(h.directory, sizeof h.directory, "/tmp/kontor-care-XXXXXX");
    h.arena = arena_open(64 << 20);
    if (!h.arena || !mkdtemp(h.directory))
        return -1;
    snprintf(h.data, sizeof h.data, "%s/data", h.directory);
    snprintf(h.url, sizeof h.url, "lmdb:%s?map=128K", h.data);
    snprintf(h.backup, sizeof h.backup, "%s/backup", h.directory);
    snprintf(h.target, sizeof h.target, "%s/target", h.directory);
    open_with(&h, NULL);
    *state = &h;
    return 0;
}

static int close_house(void **state)
{
    house *h = *state;
    char command[64];
    store_close(h->store);
    arena_close(h->arena);
    snprintf(command, sizeof command, "rm -r %s", h->directory);
    return system(command);
}

/* ---- A job: one record of `size` bytes under a rising number, which stands in a counter as well ---- */

typedef struct {
    store_job job;
    size_t size;
} grow_job;

static kt_error *add_record(store_job *job, store_view *view)
{
    size_t size = ((grow_job *)job)->size;
    kt_str value;
    uint64_t n = 0;
    char key[24], *bytes = arena_alloc(job->arena, size);
    if (!bytes)
        return error_no_memory();
    KT_TRY(store_get(view, STORE_META, KT_STR("n"), &value));
    if (value.len == sizeof n)
        memcpy(&n, value.ptr, sizeof n);
    n++;
    memset(bytes, (int)(n & 127), size);
    snprintf(key, sizeof key, "%012llu", (unsigned long long)n);
    KT_TRY(store_put(view, STORE_META, KT_STR("n"), (kt_str){(const char *)&n, sizeof n}));
    KT_TRY(store_put(view, STORE_JOURNAL, str_of(key), KT_STR("")));
    return store_put(view, STORE_DATA, str_of(key), (kt_str){bytes, size});
}

static void add_records(store *store, unsigned count, size_t size)
{
    arena *arena = arena_open(8 << 20);
    assert_non_null(arena);
    for (unsigned i = 0; i < count; i++) {
        grow_job g = {.job = {.body = add_record, .arena = arena}, .size = size};
        store_result result = store_run(store, &g.job);
        if (result != STORE_DONE)
            fail_msg("%s", error_text(g.job.error));
        arena_reset(arena);
    }
    arena_close(arena);
}

static uint64_t number_of(kt_str key) /* keys are not NUL-terminated */
{
    uint64_t n = 0;
    for (size_t i = 0; i < key.len; i++)
        n = 10 * n + (uint64_t)(key.ptr[i] - '0');
    return n;
}

/* The records are 1..n and their counter says n. returns n, or UINT64_MAX */
static uint64_t prove(store *store, arena *arena)
{
    store_view *view;
    store_cursor *cursor;
    kt_str key, value;
    uint64_t n = 0, told = 0;
    if (store_read(store, arena, &view))
        return UINT64_MAX;
    if (store_get(view, STORE_META, KT_STR("n"), &value) || (value.ptr && value.len != sizeof told))
        return UINT64_MAX;
    if (value.ptr)
        memcpy(&told, value.ptr, sizeof told);
    if (store_scan(view, STORE_DATA, (kt_str){0}, (kt_str){0}, false, &cursor))
        return UINT64_MAX;
    bool good = true;
    while (good && store_next(cursor, &key, &value))
        good = number_of(key) == ++n && value.len && value.ptr[value.len - 1] == (char)(n & 127);
    if (store_scan_end(cursor) || !good || n != told)
        n = UINT64_MAX;
    store_end(view);
    return n;
}

/* ---- One writer ---- */

static void a_directory_in_use_is_refused_by_name(void **state)
{
    house *h = *state;
    store *second;
    kt_error *error = store_open(h->arena, h->url, NULL, &second);
    assert_non_null(error);
    assert_non_null(strstr(error_text(error), h->data));
    assert_non_null(strstr(error_text(error), "another process"));
    error = store_check(h->arena, h->url, NULL, NULL);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_UNAVAILABLE);
    store_close(h->store);
    h->store = NULL;
    open_with(h, NULL);
}

static void what_was_written_is_there_after_reopening(void **state)
{
    house *h = *state;
    add_records(h->store, 50, 300);
    store_close(h->store);
    open_with(h, &(store_options){.relaxed = true});
    assert_int_equal(prove(h->store, h->arena), 50);
    add_records(h->store, 50, 300);
    store_close(h->store);
    open_with(h, NULL);
    assert_int_equal(prove(h->store, h->arena), 100);
    struct stat st;
    assert_int_equal(stat(h->data, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

/* ---- Growth ---- */

typedef struct {
    store *store;
    atomic_bool stop;
    atomic_uint proofs, failures;
    long slowest_us;
} reader;

static void *read_on(void *argument)
{
    reader *r = argument;
    arena *arena = arena_open(1 << 20);
    while (arena && !atomic_load(&r->stop)) {
        if (prove(r->store, arena) == UINT64_MAX)
            atomic_fetch_add(&r->failures, 1);
        atomic_fetch_add(&r->proofs, 1);
        arena_reset(arena);
    }
    arena_close(arena);
    return NULL;
}

static void *write_on(void *argument)
{
    add_records(argument, 150, 20000);
    return NULL;
}

static void the_map_grows_under_load_and_nobody_notices(void **state)
{
    enum { READERS = 3, WRITERS = 4 };
    house *h = *state;
    pthread_t readers[READERS], writers[WRITERS];
    reader r = {.store = h->store};
    store_stat before, after;
    assert_null(store_stat_read(h->store, h->arena, &before));
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &r), 0);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_on, h->store), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    atomic_store(&r.stop, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    assert_int_equal(atomic_load(&r.failures), 0);
    assert_true(atomic_load(&r.proofs) > 0);
    assert_int_equal(prove(h->store, h->arena), WRITERS * 150);
    assert_null(store_stat_read(h->store, h->arena, &after));
    assert_true(after.map_bytes >= 64 * before.map_bytes);
    assert_true(after.writable);
    assert_int_equal(after.readers, 0);
}

static kt_error *one_huge_transaction(store_job *job, store_view *view)
{
    char key[24];
    static char bytes[STORE_VALUE_MAX];
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "huge%d", i);
        KT_TRY(store_put(view, STORE_DATA, str_of(key), (kt_str){bytes, sizeof bytes}));
    }
    (void)job;
    return NULL;
}

static void one_transaction_larger_than_the_map_grows_it(void **state)
{
    house *h = *state;
    store_job job = {.body = one_huge_transaction, .arena = h->arena}; /* 20 MB into 128 KB */
    assert_int_equal(store_run(h->store, &job), STORE_DONE);
}

static kt_error *put_after(store_job *job, store_view *view)
{
    (void)job;
    return store_put(view, STORE_DATA, KT_STR("after"), KT_STR(""));
}

static void a_long_reader_delays_growth_but_loses_nothing(void **state)
{
    house *h = *state;
    store_view *held;
    assert_null(store_read(h->store, h->arena, &held));
    /* a long view is against the rules: the writer waits for it, then says that it is busy, and goes on */
    store_job job = {.body = one_huge_transaction, .arena = h->arena};
    assert_int_equal(store_run(h->store, &job), STORE_FAILED);
    assert_int_equal(job.error->first->kind, KT_UNAVAILABLE);
    store_end(held);
    arena *arena = arena_open(64 << 20);
    store_job small = {.body = put_after, .arena = arena};
    assert_int_equal(store_run(h->store, &small), STORE_DONE);
    arena_close(arena);
}

/* ---- Backup and restore ---- */

typedef struct {
    uint64_t bytes;
    unsigned calls;
} told;

static void take_progress(void *context, uint64_t bytes)
{
    told *t = context;
    assert_true(bytes > t->bytes);
    t->bytes = bytes;
    t->calls++;
}

static void *write_meanwhile(void *argument)
{
    reader *r = argument;
    while (!atomic_load(&r->stop))
        add_records(r->store, 1, 2000);
    return NULL;
}

static void a_backup_under_load_is_a_state_that_was(void **state)
{
    house *h = *state;
    pthread_t writer;
    reader r = {.store = h->store};
    told t = {0};
    struct stat st;
    add_records(h->store, 100, 30000);
    assert_int_equal(pthread_create(&writer, NULL, write_meanwhile, &r), 0);
    kt_error *error = store_backup(h->store, h->arena, h->backup, take_progress, &t);
    atomic_store(&r.stop, true);
    pthread_join(writer, NULL);
    if (error)
        fail_msg("%s", error_text(error));
    assert_true(t.bytes > 3000000 && t.calls > 0);
    assert_int_equal(stat(h->backup, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_non_null(store_backup(h->store, h->arena, h->backup, NULL, NULL)); /* never over another one */

    assert_null(store_restore(h->arena, h->backup, h->target));
    char url[64];
    store *restored;
    snprintf(url, sizeof url, "lmdb:%s", h->target);
    assert_null(store_open(h->arena, url, NULL, &restored));
    uint64_t n = prove(restored, h->arena);
    assert_true(n >= 100 && n <= prove(h->store, h->arena));
    add_records(restored, 3, 100);
    assert_int_equal(prove(restored, h->arena), n + 3);
    store_close(restored);
}

static void a_restore_never_overwrites(void **state)
{
    house *h = *state;
    assert_null(store_backup(h->store, h->arena, h->backup, NULL, NULL));
    kt_error *error = store_restore(h->arena, h->backup, h->data);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_VALIDATION);
    assert_non_null(store_restore(h->arena, h->directory, h->target)); /* no backup there */
    assert_int_not_equal(access(h->target, F_OK), 0);
}

/* ---- Damage ---- */

static void write_over(const char *directory, const char *what, char with)
{
    char path[64];
    snprintf(path, sizeof path, "%s/data.mdb", directory);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    char *all = malloc((size_t)st.st_size);
    assert_non_null(all);
    assert_int_equal(read(fd, all, (size_t)st.st_size), st.st_size);
    char *at = memmem(all, (size_t)st.st_size, what, strlen(what));
    assert_non_null(at);
    assert_int_equal(pwrite(fd, &with, 1, at - all), 1);
    free(all);
    close(fd);
}

static kt_error *put_name(store_job *job, store_view *view)
{
    (void)job;
    KT_TRY(store_put(view, STORE_DATA, KT_STR("good"), KT_STR("stays as it is")));
    return store_put(view, STORE_DATA, KT_STR("name"), KT_STR("exactly these bytes"));
}

static void count_finding(void *context, const char *finding)
{
    (void)finding;
    ++*(int *)context;
}

static void a_changed_value_is_an_error_and_a_named_finding(void **state)
{
    house *h = *state;
    int findings = 0;
    store_job job = {.body = put_name, .arena = h->arena};
    assert_int_equal(store_run(h->store, &job), STORE_DONE);
    store_close(h->store);
    assert_null(store_check(h->arena, h->url, NULL, NULL));
    write_over(h->data, "exactly these", 'E');
    kt_error *error = store_check(h->arena, h->url, count_finding, &findings);
    assert_non_null(error);
    assert_int_equal(findings, 1);
    assert_non_null(strstr(error_text(error), "6e616d65"));       /* "name" */
    assert_non_null(store_restore(h->arena, h->data, h->target)); /* nor is it restored from */

    open_with(h, NULL);
    store_view *view;
    kt_str value;
    assert_null(store_read(h->store, h->arena, &view));
    assert_non_null(store_get(view, STORE_DATA, KT_STR("name"), &value));
    assert_null(value.ptr);
    assert_null(store_get(view, STORE_DATA, KT_STR("good"), &value));
    assert_true(str_is(value, "stays as it is"));
    store_end(view);
}

static void a_file_cut_short_is_named_not_a_crash(void **state)
{
    house *h = *state;
    char path[64];
    add_records(h->store, 100, 3000);
    store_close(h->store);
    h->store = NULL;
    snprintf(path, sizeof path, "%s/data.mdb", h->data);
    assert_int_equal(truncate(path, 40960), 0);
    kt_error *error = store_check(h->arena, h->url, NULL, NULL);
    assert_non_null(error);
    assert_int_equal(error->first->kind, KT_STORAGE);
    assert_non_null(strstr(error_text(error), "page"));
}

static void a_check_of_nothing_makes_nothing(void **state)
{
    house *h = *state;
    char url[64];
    snprintf(url, sizeof url, "lmdb:%s", h->target);
    kt_error *error = store_check(h->arena, url, NULL, NULL);
    assert_non_null(error);
    assert_int_not_equal(access(h->target, F_OK), 0);
}

#define CARE(test) cmocka_unit_test_setup_teardown(test, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CARE(a_directory_in_use_is_refused_by_name),
        CARE(what_was_written_is_there_after_reopening),
        CARE(the_map_grows_under_load_and_nobody_notices),
        CARE(one_transaction_larger_than_the_map_grows_it),
        CARE(a_long_reader_delays_growth_but_loses_nothing),
        CARE(a_backup_under_load_is_a_state_that_was),
        CARE(a_restore_never_overwrites),
        CARE(a_changed_value_is_an_error_and_a_named_finding),
        CARE(a_file_cut_short_is_named_not_a_crash),
        CARE(a_check_of_nothing_makes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
