/* format_test.c -- numbers, money and days as people write them. In the expectations a plain space stands for
 * one that does not break. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "document/format.h"
#include "kit/str.h"

static void expect(buffer *out, const char *wanted)
{
    char got[100];
    size_t n = 0;
    for (size_t i = 0; i < out->len && n + 1 < sizeof got; i++) {
        bool no_break = out->ptr[i] == '\xC2' && i + 1 < out->len && out->ptr[i + 1] == '\xA0';
        got[n++] = no_break ? ' ' : out->ptr[i];
        i += no_break;
    }
    got[n] = 0;
    assert_string_equal(got, wanted);
    buffer_clear(out);
}

static const struct {
    kt_dec value;
    const char *english, *polish;
} numbers[] = {
    {KT_DEC(0, 0), "0", "0"},
    {KT_DEC(5, 2), "0.05", "0,05"},
    {KT_DEC(123450, 2), "1,234.50", "1234,50"},
    {KT_DEC(1234567, 2), "12,345.67", "12 345,67"},
    {KT_DEC(-1234567890, 3), "−1,234,567.890", "−1 234 567,890"},
    {KT_DEC(100000, 0), "100,000", "100 000"},
    {KT_DEC(INT64_MAX, 0), "9,223,372,036,854,775,807", "9 223 372 036 854 775 807"},
};

static void digits_are_grouped_as_the_language_does(void **state)
{
    (void)state;
    buffer out;
    buffer_open(&out, 1000);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        format_number(&out, WORDS_ENGLISH, numbers[i].value);
        expect(&out, numbers[i].english);
        format_number(&out, WORDS_POLISH, numbers[i].value);
        expect(&out, numbers[i].polish);
    }
    buffer_close(&out);
}

static void money_has_two_digits_and_its_currency(void **state)
{
    (void)state;
    buffer out;
    buffer_open(&out, 1000);
    format_money(&out, WORDS_POLISH, KT_DEC(123456789, 4), "PLN");
    expect(&out, "12 345,68 zł");
    format_money(&out, WORDS_ENGLISH, KT_DEC(123456789, 4), "PLN");
    expect(&out, "12,345.68 PLN");
    format_money(&out, WORDS_POLISH, KT_DEC(-5, 1), "EUR");
    expect(&out, "−0,50 EUR");
    format_money(&out, WORDS_POLISH, KT_DEC(1, 0), "");
    expect(&out, "1,00");
    buffer_close(&out);
}

static void days_are_written_short_and_long(void **state)
{
    (void)state;
    buffer out;
    const kt_date day = kt_date_make(2026, 9, 5);
    buffer_open(&out, 1000);
    format_day(&out, WORDS_POLISH, day, false);
    expect(&out, "05.09.2026");
    format_day(&out, WORDS_POLISH, day, true);
    expect(&out, "5 września 2026");
    format_day(&out, WORDS_ENGLISH, day, false);
    expect(&out, "5 Sep 2026");
    format_day(&out, WORDS_ENGLISH, day, true);
    expect(&out, "5 September 2026");
    format_day(&out, WORDS_ENGLISH, (kt_date){0}, true);
    expect(&out, "");
    format_minute(&out, 545);
    expect(&out, "09:05");
    buffer_close(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_grouped_as_the_language_does),
        cmocka_unit_test(money_has_two_digits_and_its_currency),
        cmocka_unit_test(days_are_written_short_and_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
