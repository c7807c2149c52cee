/* words_test.c -- numbers and amounts in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "document/words.h"

static const struct {
    words_language language;
    words_gender gender;
    int64_t n;
    const char *text;
} numbers[] = {
    {WORDS_ENGLISH, 0, 0, "zero"},
    {WORDS_ENGLISH, 0, 13, "thirteen"},
    {WORDS_ENGLISH, 0, 21, "twenty-one"},
    {WORDS_ENGLISH, 0, 100, "one hundred"},
    {WORDS_ENGLISH, 0, 342, "three hundred and forty-two"},
    {WORDS_ENGLISH, 0, 1001, "one thousand and one"},
    {WORDS_ENGLISH, 0, 1100, "one thousand one hundred"},
    {WORDS_ENGLISH, 0, 1000000, "one million"},
    {WORDS_ENGLISH, 0, 21000342, "twenty-one million three hundred and forty-two"},
    {WORDS_ENGLISH, 0, -5, "minus five"},
    {WORDS_POLISH, WORDS_MASCULINE, 0, "zero"},
    {WORDS_POLISH, WORDS_MASCULINE, 1, "jeden"},
    {WORDS_POLISH, WORDS_FEMININE, 1, "jedna"},
    {WORDS_POLISH, WORDS_NEUTER, 1, "jedno"},
    {WORDS_POLISH, WORDS_FEMININE, 2, "dwie"},
    {WORDS_POLISH, WORDS_NEUTER, 2, "dwa"},
    {WORDS_POLISH, WORDS_PERSONAL, 2, "dwóch"},
    {WORDS_POLISH, WORDS_FEMININE, 12, "dwanaście"},
    {WORDS_POLISH, WORDS_FEMININE, 21, "dwadzieścia jeden"},
    {WORDS_POLISH, WORDS_FEMININE, 22, "dwadzieścia dwie"},
    {WORDS_POLISH, WORDS_FEMININE, 101, "sto jeden"},
    {WORDS_POLISH, WORDS_FEMININE, 1001, "jeden tysiąc jeden"},
    {WORDS_POLISH, WORDS_FEMININE, 2002, "dwa tysiące dwie"},
    {WORDS_POLISH, WORDS_PERSONAL, 243, "dwustu czterdziestu trzech"},
    {WORDS_POLISH, WORDS_PERSONAL, 5005, "pięć tysięcy pięciu"},
    {WORDS_POLISH, WORDS_MASCULINE, 1000, "jeden tysiąc"},
    {WORDS_POLISH, WORDS_MASCULINE, 4000, "cztery tysiące"},
    {WORDS_POLISH, WORDS_MASCULINE, 12000, "dwanaście tysięcy"},
    {WORDS_POLISH, WORDS_MASCULINE, 22000, "dwadzieścia dwa tysiące"},
    {WORDS_POLISH, WORDS_MASCULINE, 112000, "sto dwanaście tysięcy"},
    {WORDS_POLISH, WORDS_MASCULINE, 1000000, "jeden milion"},
    {WORDS_POLISH, WORDS_MASCULINE, 3000000000, "trzy miliardy"},
    {WORDS_POLISH, WORDS_MASCULINE, 999999,
        "dziewięćset dziewięćdziesiąt dziewięć tysięcy dziewięćset "
        "dziewięćdziesiąt dziewięć"},
    {WORDS_POLISH, WORDS_MASCULINE, 1000000000000000, "jeden biliard"},
    {WORDS_POLISH, WORDS_MASCULINE, INT64_MIN,
        "minus dziewięć trylionów dwieście dwadzieścia trzy biliardy trzysta siedemdziesiąt dwa biliony "
        "trzydzieści sześć miliardów osiemset pięćdziesiąt cztery miliony siedemset siedemdziesiąt pięć "
        "tysięcy "
        "osiemset osiem"},
};

static void a_number_is_read_as_its_language_does(void **state)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_string_equal(
            words_number(*state, numbers[i].language, numbers[i].gender, numbers[i].n).ptr, numbers[i].text);
}

static const struct {
    words_language language;
    words_style style;
    kt_dec amount;
    const char *currency, *text;
} amounts[] = {
    {WORDS_POLISH, WORDS_FULL, {12345, 3}, "PLN", "sto dwadzieścia trzy złote czterdzieści pięć groszy"},
    {WORDS_POLISH, WORDS_FRACTION, {12345, 3}, "PLN", "sto dwadzieścia trzy złote 45/100"},
    {WORDS_POLISH, WORDS_FULL, {101, 3}, "PLN", "jeden złoty jeden grosz"},
    {WORDS_POLISH, WORDS_FULL, {202, 3}, "PLN", "dwa złote dwa grosze"},
    {WORDS_POLISH, WORDS_FULL, {512, 3}, "PLN", "pięć złotych dwanaście groszy"},
    {WORDS_POLISH, WORDS_FULL, {2222, 3}, "PLN", "dwadzieścia dwa złote dwadzieścia dwa grosze"},
    {WORDS_POLISH, WORDS_FULL, {2100, 3}, "PLN", "dwadzieścia jeden złotych zero groszy"},
    {WORDS_POLISH, WORDS_FULL, {0, 3}, "PLN", "zero złotych zero groszy"},
    {WORDS_POLISH, WORDS_FULL, {2202, 3}, "CZK", "dwadzieścia dwie korony dwa halerze"},
    {WORDS_POLISH, WORDS_FULL, {102, 3}, "EUR", "jedno euro dwa centy"},
    {WORDS_POLISH, WORDS_FULL, {5, 1}, "JPY", "pięć jenów"},
    {WORDS_POLISH, WORDS_FULL, {-1005, 4}, "PLN", "minus jeden złoty jeden grosz"},
    {WORDS_POLISH, WORDS_FULL, {100000000000000000, 3}, "PLN", "jeden biliard złotych zero groszy"},
    {WORDS_POLISH, WORDS_FULL, {150, 3}, "XTS", "jeden XTS 50/100"},
    {WORDS_ENGLISH, WORDS_FULL, {12345, 3}, "PLN",
        "one hundred and twenty-three zlotys and forty-five groszy"},
    {WORDS_ENGLISH, WORDS_FULL, {101, 3}, "GBP", "one pound and one penny"},
    {WORDS_ENGLISH, WORDS_FULL, {250005, 3}, "USD", "two thousand five hundred dollars and five cents"},
    {WORDS_ENGLISH, WORDS_FRACTION, {250005, 3}, "USD", "two thousand five hundred dollars 05/100"},
    {WORDS_ENGLISH, WORDS_FULL, {7, 1}, "JPY", "seven yen"},
};

static void an_amount_agrees_with_its_currency(void **state)
{
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        assert_string_equal(words_amount(*state, amounts[i].language, amounts[i].style, amounts[i].amount,
                                amounts[i].currency)
                                .ptr,
            amounts[i].text);
}

static void what_cannot_be_written_gives_nothing(void **state)
{
    assert_null(words_amount(*state, WORDS_POLISH, WORDS_FULL, (kt_dec){0}, "PLN").ptr);
    assert_null(words_amount(*state, WORDS_POLISH, WORDS_FULL, KT_DEC(INT64_MAX, 0), "PLN").ptr);
    assert_null(words_amount(*state, WORDS_POLISH, WORDS_FULL, (kt_dec){1, 255}, "PLN").ptr);
}

static int open_arena(void **state)
{
    *state = arena_open(1 << 20);
    return *state ? 0 : -1;
}

static int close_arena(void **state)
{
    arena_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_read_as_its_language_does),
        cmocka_unit_test(an_amount_agrees_with_its_currency),
        cmocka_unit_test(what_cannot_be_written_gives_nothing),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
