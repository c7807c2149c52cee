/* csv_test.c -- cells that need quotes, and cells that would be formulas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "csv.h"

static void formulas_are_made_inert_and_numbers_left_alone(void **unused)
{
    (void)unused;
    static const struct {
        const char *cell, *written;
    } cases[] = {{"=1+1", "\"'=1+1\""}, {"@SUM(A1)", "\"'@SUM(A1)\""}, {"-12.50", "-12.50"},
        {"+48 600 123 456", "+48 600 123 456"}, {"-2+3", "\"'-2+3\""}, {"plain", "plain"}, {"a,b", "\"a,b\""},
        {"say \"x\"", "\"say \"\"x\"\"\""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        csv_write(out, cases[i].cell, false, true);
        fclose(out);
        assert_string_equal(text, cases[i].written);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(formulas_are_made_inert_and_numbers_left_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
