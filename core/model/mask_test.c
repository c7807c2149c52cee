/* mask_test.c -- what is left of a text that is masked: enough to tell one from another, never more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/model.h"

static const struct {
    const char *whole, *masked;
} texts[] = {
    {"+48 600 123 412", "+48 *** *** *12"},
    {"+48600123412", "+48*******12"},
    {"600-123-412", "***-***-*12"},
    {"48600123412", "*********12"},
    {"anna.nowak@rower.pl", "a***@***.pl"},
    {"łucja@sklep.com.pl", "ł***@***.pl"},
    {"root@localhost", "r***@***"},
    {"PL61109010140000071219812874", "PL************************74"},
    {"5260250995", "********95"},
    {"PL 526-025-09-95", "PL ***-***-**-95"},
    {"12345", "*****"},
    {"zażółć", "******"},
    {"@", "@"},
    {"", ""},
};

static void only_the_ends_are_left(void **state)
{
    arena *arena = arena_open(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kt_str once = model_mask(arena, (kt_str){texts[i].whole, strlen(texts[i].whole)});
        assert_string_equal(once.ptr, texts[i].masked);
        assert_string_equal(model_mask(arena, once).ptr, texts[i].masked); /* again: the same */
    }
    arena_close(arena);
}

static const struct {
    const char *whole, *masked;
} written[] = {
    {"Call 600 123 412 or +48 22 123 45 67, please", "Call *** *** *12 or +48 ** *** ** 67, please"},
    {"(22) 123-45-67.", "(**) ***-**-67."},
    {"mail: anna.nowak@rower.pl; root@localhost", "mail: a***@***.pl; root@localhost"},
    {"both 600123412 601234567", "both ********* *******67"},
    {"tel.600123412 a1@b.pl.", "tel.*******12 a***@***.pl."},
    {"+1 2025550", "+1 2****50"},
    {"on 2026-11-26 10:30, 26.11.2026 at 12.30, order 2026/00042", NULL},
    {"26.11.2026 600123412", "26.11.2026 *******12"},
    {"600 123 26.11.2026", NULL},
    {"00-950 Warszawa, 12 345 678 zł, @home, a@b", NULL},
    {"1 2 3 4 5 6 7 8", NULL},
    {"@@@..@.", NULL},
    {"", NULL},
};

static void only_what_looks_like_a_contact_is_masked(void **state)
{
    arena *arena = arena_open(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        const char *wanted = written[i].masked ? written[i].masked : written[i].whole;
        kt_str once = model_mask_within(arena, (kt_str){written[i].whole, strlen(written[i].whole)});
        assert_string_equal(once.ptr, wanted);
        assert_string_equal(model_mask_within(arena, once).ptr, wanted);
    }
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_ends_are_left), cmocka_unit_test(only_what_looks_like_a_contact_is_masked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
