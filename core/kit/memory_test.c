/* Arenas, buffers and errors, also when memory runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kit/buffer.h"
#include "kit/clock.h"
#include "kit/error.h"
#include "kit/memory.h"
#include "kit/str.h"

static void random_allocations_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    arena *a = arena_open(64 << 20);
    struct {
        unsigned char *bytes;
        size_t size;
    } had[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        had[i].size = random_below(random_below(50) ? 300 : 40000);
        had[i].bytes = arena_alloc(a, had[i].size);
        assert_non_null(had[i].bytes);
        assert_int_equal((uintptr_t)had[i].bytes % 16, 0);
        for (size_t k = 0; k < had[i].size; k++)
            assert_int_equal(had[i].bytes[k], 0);
        memset(had[i].bytes, (int)(i & 255), had[i].size);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < had[i].size; k++)
            assert_int_equal(had[i].bytes[k], i & 255);
    arena_close(a);
}

static void growing_keeps_what_was_there(void **state)
{
    (void)state;
    arena *a = arena_open(16 << 20);
    unsigned char *bytes = NULL;
    size_t size = 0;
    while (size < 100000) {
        size_t more = 1 + random_below(3000);
        bytes = arena_grow(a, bytes, size, size + more);
        assert_non_null(bytes);
        for (size_t i = 0; i < more; i++)
            assert_int_equal(bytes[size + i], 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(bytes[i], 7);
        memset(bytes, 7, size + more);
        size += more;
        if (!random_below(4))
            assert_non_null(arena_alloc(a, 1)); /* now it is no longer the newest */
    }
    arena_close(a);
}

static void the_limit_holds(void **state)
{
    (void)state;
    arena *a = arena_open(1000);
    assert_non_null(arena_alloc(a, 900));
    assert_null(arena_alloc(a, 200));
    assert_null(arena_alloc(a, SIZE_MAX));
    assert_null(arena_alloc(a, SIZE_MAX - 8));
    assert_null(arena_format(a, "%0500d", 1).ptr);
    assert_true(arena_used(a) <= 1000);
    arena_reset(a);
    assert_int_equal(arena_used(a), 0);
    assert_non_null(arena_alloc(a, 900));
    arena_close(a);
}

static int order[3], ended;
static void note_end(void *object)
{
    order[ended++] = *(int *)object;
}

static void end_hooks_run_last_first(void **state)
{
    (void)state;
    static int object[] = {1, 2, 3};
    arena *a = arena_open(1 << 16);
    ended = 0;
    for (int i = 0; i < 3; i++)
        assert_true(arena_at_end(a, note_end, &object[i]));
    arena_reset(a);
    assert_int_equal(ended, 3);
    assert_int_equal(order[0], 3);
    assert_int_equal(order[2], 1);
    arena_close(a);
    assert_int_equal(ended, 3);
}

/* Everything that allocates, once with each block failing: no crash, no leak, and a truthful answer. */
static bool work(void)
{
    arena *a = arena_open(1 << 20);
    if (!a)
        return false;
    bool well = true;
    for (int i = 0; i < 10; i++)
        well = arena_alloc(a, 9000) != NULL && well;
    kt_error *e = error_make(a, KT_VALIDATION, "path", "%s", "%s", "text");
    e = error_under(e, "lines[1]");
    well = well && e != error_no_memory();
    assert_non_null(error_text(e));
    buffer b;
    buffer_open(&b, 1 << 20);
    for (int i = 0; i < 2000; i++)
        buffer_add_format(&b, "line %d;", i);
    well = well && !b.full;
    buffer_close(&b);
    arena_close(a);
    return well;
}

static void each_block_may_fail(void **state)
{
    (void)state;
    memory_fail_at(0, false);
    assert_true(work());
    uint64_t blocks = memory_asked();
    assert_true(blocks > 5);
    for (uint64_t nth = 1; nth <= blocks; nth++)
        for (int onwards = 0; onwards < 2; onwards++) {
            memory_fail_at(nth, onwards);
            assert_false(work());
        }
    memory_fail_at(0, false);
}

static void a_full_buffer_refuses_more(void **state)
{
    (void)state;
    buffer b;
    buffer_open(&b, 10);
    buffer_add_str(&b, KT_STR("12345678"));
    buffer_add_str(&b, KT_STR("9ab"));
    assert_true(b.full);
    buffer_add_char(&b, 'x');
    assert_true(str_is(buffer_str(&b), "12345678"));
    buffer_clear(&b);
    buffer_add_str(&b, KT_STR("1234567890"));
    assert_false(b.full);
    assert_true(str_is(buffer_str(&b), "1234567890"));
    buffer_close(&b);
}

static void errors_collect(void **state)
{
    (void)state;
    arena *a = arena_open(1 << 16);
    kt_error *all = NULL;
    kt_also(&all, NULL);
    assert_null(all);
    kt_also(&all, error_make(a, KT_VALIDATION, "day", "%d is no day", "%d to nie dzień", 32));
    kt_also(&all, kt_hint(error_make(a, KT_RULE, "[2]", "too much", "za dużo"), "Take less.", "Weź mniej."));
    kt_also(&all, error_make(a, KT_RULE, NULL, "whole", "całość"));
    assert_int_equal(all->count, 3);
    all = error_at_row(error_under(all, "lines"), 4);
    assert_string_equal(error_text(all), "lines.day: 32 is no day; lines[2]: too much; lines: whole");
    assert_string_equal(all->first->text.pl, "32 to nie dzień");
    assert_string_equal(all->first->next->hint.pl, "Weź mniej.");
    assert_int_equal(all->last->row, 4);
    assert_string_equal(kind_name(all->first->kind), "validation");
    kt_also(&all, error_no_memory());
    assert_ptr_equal(all, error_no_memory());
    kt_also(&all, error_make(a, KT_RULE, NULL, "more", "więcej"));
    assert_int_equal(all->count, 1);
    assert_ptr_equal(error_under(kt_hint(all, "x", "y"), "z"), all);
    assert_null(all->first->path);
    arena_close(a);
}

int main(void)
{
    uint64_t seed = random_below(UINT64_MAX) | 1;
    printf("seed %llu\n", (unsigned long long)seed);
    random_seed(seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_allocations_are_zeroed_aligned_and_apart),
        cmocka_unit_test(growing_keeps_what_was_there),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(end_hooks_run_last_first),
        cmocka_unit_test(each_block_may_fail),
        cmocka_unit_test(a_full_buffer_refuses_more),
        cmocka_unit_test(errors_collect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
