/* csv_test.c -- CSV as spreadsheets make it, and cells that would be formulas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "csv.h"

static void reads_separators_quotes_and_marks(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *cells[3];
    } cases[] = {
        {"a,b,c\r\n1,2,3\r\n", {"1", "2", "3"}},
        {"\xef\xbb\xbf"
         "a;b;c\n\"x;y\";\"say \"\"hi\"\"\";\"two\nlines\"",
            {"x;y", "say \"hi\"", "two\nlines"}},
        {"a\tb\tc\n\n\n1\t\t3\n", {"1", "", "3"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        csv_reader r;
        csv_open(&r, cases[i].text, strlen(cases[i].text), 0);
        assert_true(csv_next(&r));
        assert_string_equal(csv_cell(&r, 0), "a");
        assert_true(csv_next(&r));
        for (size_t k = 0; k < 3; k++)
            assert_string_equal(csv_cell(&r, k), cases[i].cells[k]);
        assert_string_equal(csv_cell(&r, 9), "");
        assert_false(csv_next(&r));
        assert_null(r.trouble);
        csv_close(&r);
    }
}

static void an_open_quote_is_reported(void **unused)
{
    (void)unused;
    csv_reader r;
    csv_open(&r, "a,b\n1,\"2\n3", 10, 0);
    assert_true(csv_next(&r));
    assert_false(csv_next(&r));
    assert_non_null(r.trouble);
    assert_int_equal(r.row, 2);
    csv_close(&r);
}

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

static void what_is_written_reads_back(void **unused)
{
    (void)unused;
    uint32_t state = 7;
    for (int round = 0; round < 2000; round++) {
        char cells[4][12], *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        for (int c = 0; c < 4; c++) {
            size_t n = (state = state * 1664525u + 1013904223u) >> 24 & 7;
            for (size_t i = 0; i < n; i++)
                cells[c][i] = "ab,;\"\n\r' x"[(state = state * 1664525u + 1013904223u) >> 16 & 7];
            cells[c][n] = 0;
            csv_write(out, cells[c], c > 0, false);
        }
        fputs("x\r\n", out); /* a last cell that is never blank: blank lines are passed over */
        fclose(out);
        csv_reader r;
        csv_open(&r, text, size, ',');
        assert_true(csv_next(&r));
        for (size_t c = 0; c < 3; c++)
            assert_string_equal(csv_cell(&r, c), cells[c]);
        csv_close(&r);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_separators_quotes_and_marks),
        cmocka_unit_test(an_open_quote_is_reported),
        cmocka_unit_test(formulas_are_made_inert_and_numbers_left_alone),
        cmocka_unit_test(what_is_written_reads_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
