/* Fractions stay exact, and are rounded once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bom/ratio.h"

static void is(ratio r, uint8_t scale, int64_t coef)
{
    kt_dec value = ratio_dec(r, scale);
    assert_int_equal(value.scale1, scale + 1);
    assert_int_equal(value.coef, coef);
}

static void a_third_of_three_is_one(void **state)
{
    (void)state;
    ratio third = ratio_div(ratio_of(KT_DEC(1, 0)), ratio_of(KT_DEC(3, 0)));
    is(ratio_mul(third, ratio_of(KT_DEC(300, 2))), 4, 10000);
    is(ratio_add(third, ratio_add(third, third)), 0, 1);
    is(third, 4, 3333);
}

static void it_is_rounded_half_away_from_zero(void **state)
{
    (void)state;
    is(ratio_of(KT_DEC(5, 1)), 0, 1);
    is(ratio_of(KT_DEC(-5, 1)), 0, -1);
    is(ratio_of(KT_DEC(49, 2)), 0, 0);
    is(ratio_of(KT_DEC(15, 1)), 0, 2);
    is(ratio_div(ratio_of(KT_DEC(-2, 0)), ratio_of(KT_DEC(3, 0))), 0, -1);
    is(ratio_of((kt_dec){0}), 2, 0);
}

static void what_does_not_fit_says_so(void **state)
{
    (void)state;
    ratio large = ratio_of(KT_DEC(INT64_MAX, 0));
    assert_true(ratio_fits(ratio_mul(large, large)));
    assert_false(ratio_fits(ratio_mul(large, ratio_mul(large, large))));
    assert_int_equal(ratio_dec(ratio_mul(large, large), 0).scale1, 255);
    assert_false(ratio_fits(ratio_div(large, ratio_of(KT_DEC(0, 0)))));
}

static void a_chain_keeps_every_digit(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int round = 0; round < 20000; round++) {
        ratio r = ratio_of(KT_DEC(1, 0));
        int64_t factor[6];
        for (size_t i = 0; i < 6; i++) {
            random = random * UINT64_C(6364136223846793005) + 1;
            factor[i] = (int64_t)(random >> 48) + 1;
            r = ratio_mul(r, ratio_of(KT_DEC(factor[i], 4)));
        }
        for (size_t i = 0; i < 6; i++)
            r = ratio_div(r, ratio_of(KT_DEC(factor[5 - i], 4)));
        is(r, 0, 1);
    }
}

static void a_sum_of_many_denominators_keeps_eighteen_digits(void **state)
{
    (void)state;
    static const int64_t primes[] = {101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
        173, 179, 181, 191, 193, 197, 199, 211, 223, 227};
    ratio sum = ratio_of(KT_DEC(0, 0));
    for (size_t i = 0; i < sizeof primes / sizeof *primes; i++)
        for (int64_t n = 0; n < primes[i]; n++)
            sum = ratio_add(sum, ratio_div(ratio_of(KT_DEC(1, 0)), ratio_of(KT_DEC(primes[i], 0))));
    is(sum, 9, INT64_C(24000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_third_of_three_is_one),
        cmocka_unit_test(it_is_rounded_half_away_from_zero),
        cmocka_unit_test(what_does_not_fit_says_so),
        cmocka_unit_test(a_chain_keeps_every_digit),
        cmocka_unit_test(a_sum_of_many_denominators_keeps_eighteen_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
