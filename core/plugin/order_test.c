/* order_test.c -- modules stand behind what they need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plugin/loader.h"

static const kt_module base = {.name = "base"}, crm = {.name = "crm", .needs = "base"},
                       sales = {.name = "sales", .needs = "crm, base"}, apart = {.name = "apart"},
                       round_a = {.name = "a", .needs = "b"}, round_b = {.name = "b", .needs = "a"},
                       lonely = {.name = "lonely", .needs = "base nowhere elsewhere"};

static void needs_come_first_then_names(void **state)
{
    (void)state;
    arena *arena = arena_open((size_t)1 << 20);
    const kt_module *modules[] = {&sales, &crm, &apart, &base};
    assert_null(modules_order(arena, modules, 4));
    const kt_module *expected[] = {&apart, &base, &crm, &sales};
    assert_memory_equal(modules, expected, sizeof expected);
    arena_close(arena);
}

static void every_unmet_need_is_named(void **state)
{
    (void)state;
    arena *arena = arena_open((size_t)1 << 20);
    const kt_module *modules[] = {&lonely, &crm};
    kt_error *e = modules_order(arena, modules, 2);
    assert_non_null(e);
    assert_int_equal(e->count, 4);
    assert_non_null(strstr(error_text(e), "\"nowhere\""));
    assert_non_null(strstr(error_text(e), "\"elsewhere\""));
    arena_close(arena);
}

static void a_circle_is_named(void **state)
{
    (void)state;
    arena *arena = arena_open((size_t)1 << 20);
    const kt_module *modules[] = {&round_a, &base, &round_b};
    kt_error *e = modules_order(arena, modules, 3);
    assert_non_null(e);
    assert_int_equal(e->count, 2);
    arena_close(arena);
}

static void versions_compare_by_their_numbers(void **state)
{
    (void)state;
    assert_int_equal(version_cmp("1.0.0", "1.0.0"), 0);
    assert_int_equal(version_cmp("1.10.0", "1.9.9"), 1);
    assert_int_equal(version_cmp("1.0", "1.0.1"), -1);
    assert_int_equal(version_cmp("2", "10"), -1);
    assert_int_equal(version_cmp("1.0", "1.0.0"), 0);
    assert_int_equal(version_cmp("1.0-b", "1.0-a"), 1);
    assert_true(module_needs(&sales, "crm") && !module_needs(&sales, "cr"));
    assert_true(module_name_is_good(KT_STR("sales-scripts")) && !module_name_is_good(KT_STR("../x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(needs_come_first_then_names),
        cmocka_unit_test(every_unmet_need_is_named), cmocka_unit_test(a_circle_is_named),
        cmocka_unit_test(versions_compare_by_their_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
