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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_the_ends_are_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
