/* room_test.c -- the bus's own parts, one by one: the method table, parameters, the pool, metrics, contents.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bus/metrics.h"
#include "bus/params.h"
#include "bus/pool.h"
#include "bus/table.h"

static kt_error *nothing(method_call *call)
{
    (void)call;
    return NULL;
}

static void a_method_without_a_right_does_not_register(void **state)
{
    static const method no_right[] = {{.name = "a.b", .run = nothing}, {0}};
    static const method twice[] = {{.name = "a.c", .right = "login", .run = nothing},
        {.name = "a.c", .right = "login", .run = nothing}, {0}};
    arena *arena = arena_open((size_t)1 << 20);
    table *t = ARENA_NEW(arena, table);
    (void)state;
    assert_non_null(table_add(t, arena, no_right));
    assert_null(table_find(t, KT_STR("a.b")));
    assert_non_null(table_add(t, arena, twice));
    assert_ptr_equal(table_find(t, KT_STR("a.c")), &twice[0]);
    arena_close(arena);
}

static void all_wrong_parameters_are_named_at_once(void **state)
{
    static const method_param wanted[] = {{"id", VARIANT_INT, true, {0}}, {"name", VARIANT_STRING, true, {0}},
        {"limit", VARIANT_INT, false, {0}}, {0}};
    const variant text = {.kind = VARIANT_STRING, .as.string = KT_STR("x")}, null = {.kind = VARIANT_NULL};
    const variant_member members[] = {
        {KT_STR("id"), &text}, {KT_STR("fliter"), &text}, {KT_STR("limit"), &null}};
    const variant params = {.kind = VARIANT_OBJECT, .as.object = {members, 3}};
    arena *arena = arena_open((size_t)1 << 20);
    (void)state;
    kt_error *error = params_check(arena, wanted, &params);
    assert_int_equal(error->count, 3); /* id's kind, fliter unknown, name absent */
    assert_string_equal(error->first->next->hint.en, "There are: id, name, limit.");
    arena_close(arena);
}

typedef struct {
    pool_task task;
    atomic_int *count;
} counted;

static void count_up(pool_task *task)
{
    atomic_fetch_add(((counted *)task)->count, 1);
}

static void the_pool_runs_what_it_took_before_it_closes(void **state)
{
    arena *arena = arena_open((size_t)1 << 20);
    pool *p = NULL;
    atomic_int done = 0;
    counted tasks[50];
    int taken = 0;
    (void)state;
    assert_null(pool_open(arena, 2, 20, &p));
    for (int i = 0; i < 50; i++) {
        tasks[i] = (counted){{count_up, NULL}, &done};
        taken += pool_add(p, &tasks[i].task);
    }
    pool_close(p);
    assert_int_equal(atomic_load(&done), taken);
    assert_true(taken >= 20);
    arena_close(arena);
}

static void metrics_tell_calls_by_method_and_kind(void **state)
{
    metrics *m = metrics_open();
    const kt_kind no_kind = (kt_kind)0;
    buffer text;
    (void)state;
    buffer_open(&text, (size_t)1 << 20);
    metrics_call(m, KT_STR("a.get"), no_kind, 120);
    metrics_call(m, KT_STR("a.get"), KT_NOT_FOUND, 80);
    for (int i = 0; i < 30; i++)
        metrics_call(m, KT_STR("a.report"), no_kind, 50000);
    metrics_write(m, &text);
    buffer_add_char(&text, 0);
    assert_non_null(strstr(text.ptr, "kontor_calls_total{method=\"a.get\",kind=\"not_found\"} 1"));
    assert_non_null(strstr(text.ptr, "kontor_call_seconds_count{method=\"a.get\"} 2"));
    assert_false(metrics_is_slow(m, KT_STR("a.get")));
    assert_true(metrics_is_slow(m, KT_STR("a.report")));
    buffer_close(&text);
    metrics_close(m);
}

static void one_call_that_waited_makes_no_method_slow(void **state)
{
    (void)state;
    metrics *m = metrics_open();
    kt_str get = KT_STR("base.party.get");
    static const kt_kind fine; /* no error */
    assert_non_null(m);
    metrics_call(m, get, fine, 10);
    metrics_call(m, get, fine, 5000000);
    assert_false(metrics_is_slow(m, get));
    metrics_call(m, get, fine, 5000000);
    assert_true(metrics_is_slow(m, get));
    for (int i = 0; i < 4; i++)
        metrics_call(m, get, fine, 10);
    assert_false(metrics_is_slow(m, get));
    metrics_close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_method_without_a_right_does_not_register),
        cmocka_unit_test(all_wrong_parameters_are_named_at_once),
        cmocka_unit_test(the_pool_runs_what_it_took_before_it_closes),
        cmocka_unit_test(metrics_tell_calls_by_method_and_kind),
        cmocka_unit_test(one_call_that_waited_makes_no_method_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
