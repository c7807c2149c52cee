#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kit/clock.h"
#include "kit/decimal.h"
#include "kit/str.h"

__extension__ typedef __int128 wide;

static void text_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t scale;
        dec_result result;
        int64_t coef;
        const char *again; /* NULL: as text */
    } table[] = {
        {"0", 0, DEC_OK, 0, NULL},
        {"1234.50", 2, DEC_OK, 123450, NULL},
        {"-0.05", 2, DEC_OK, -5, NULL},
        {"7", 3, DEC_OK, 7000, "7.000"},
        {"7.5000", 1, DEC_OK, 75, "7.5"},
        {"-0", 2, DEC_OK, 0, "0.00"},
        {"007.10", 2, DEC_OK, 710, "7.10"},
        {"9223372036854775807", 0, DEC_OK, INT64_MAX, NULL},
        {"-9223372036854775808", 0, DEC_OK, INT64_MIN, NULL},
        {"-9223372036.854775808", 9, DEC_OK, INT64_MIN, NULL},
        {"0.000000001", 9, DEC_OK, 1, NULL},
        {"9223372036854775808", 0, DEC_TOO_LARGE, 0, NULL},
        {"92233720368547758.08", 2, DEC_TOO_LARGE, 0, NULL},
        {"99999999999999999999999999", 2, DEC_TOO_LARGE, 0, NULL},
        {"1.005", 2, DEC_TOO_LONG, 0, NULL},
        {"0.0001", 3, DEC_TOO_LONG, 0, NULL},
        {"", 2, DEC_BAD, 0, NULL},
        {"-", 2, DEC_BAD, 0, NULL},
        {"+1", 2, DEC_BAD, 0, NULL},
        {"1.", 2, DEC_BAD, 0, NULL},
        {".5", 2, DEC_BAD, 0, NULL},
        {"1e3", 2, DEC_BAD, 0, NULL},
        {" 1", 2, DEC_BAD, 0, NULL},
        {"1,5", 2, DEC_BAD, 0, NULL},
        {"1.2.3", 2, DEC_BAD, 0, NULL},
        {"0x10", 2, DEC_BAD, 0, NULL},
        {"NaN", 2, DEC_BAD, 0, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        kt_dec value = {0};
        char out[DEC_TEXT_MAX];
        if (dec_parse(str_of(table[i].text), table[i].scale, &value) != table[i].result)
            fail_msg("%s at scale %u", table[i].text, table[i].scale);
        if (table[i].result != DEC_OK)
            continue;
        assert_true(value.coef == table[i].coef);
        size_t length = dec_text(value, out);
        assert_int_equal(length, strlen(out));
        assert_string_equal(out, table[i].again ? table[i].again : table[i].text);
    }
}

static void expect_dec(kt_dec value, kt_dec expected)
{
    char a[DEC_TEXT_MAX], b[DEC_TEXT_MAX];
    dec_text(value, a);
    dec_text(expected, b);
    assert_string_equal(a, b);
}

static void rounding_is_half_away_from_zero(void **state)
{
    (void)state;
    expect_dec(kt_dec_round(KT_DEC(1005, 3), 2), KT_DEC(101, 2));
    expect_dec(kt_dec_round(KT_DEC(-1005, 3), 2), KT_DEC(-101, 2));
    expect_dec(kt_dec_round(KT_DEC(1004, 3), 2), KT_DEC(100, 2));
    expect_dec(kt_dec_round(KT_DEC(-1004, 3), 2), KT_DEC(-100, 2));
    expect_dec(kt_dec_round(KT_DEC(5, 0), 2), KT_DEC(500, 2));
    expect_dec(kt_dec_mul(KT_DEC(1999, 2), KT_DEC(23, 2), 2), KT_DEC(460, 2)); /* 4.5977 */
    expect_dec(kt_dec_div(KT_DEC(1, 0), KT_DEC(3, 0), 9), KT_DEC(333333333, 9));
    expect_dec(kt_dec_div(KT_DEC(-2, 0), KT_DEC(3, 0), 2), KT_DEC(-67, 2));
    expect_dec(kt_dec_div(KT_DEC(1, 9), KT_DEC(2, 0), 0), KT_DEC(0, 0));
}

static void a_share_is_exact_however_large_its_factors_are(void **state)
{
    (void)state;
    expect_dec(kt_dec_share(KT_DEC(10000, 2), KT_DEC(1, 0), KT_DEC(3, 0), 2), KT_DEC(3333, 2));
    expect_dec(kt_dec_share(KT_DEC(-10000, 2), KT_DEC(2, 0), KT_DEC(3, 0), 2), KT_DEC(-6667, 2));
    expect_dec(kt_dec_share(KT_DEC(1, 0), KT_DEC(1, 0), KT_DEC(800, 2), 2), KT_DEC(13, 2)); /* 0.125 */
    expect_dec(kt_dec_share(KT_DEC(4000, 2), KT_DEC(12, 0), KT_DEC(10, 0), 2),
        KT_DEC(4800, 2)); /* more than the whole */
    expect_dec(kt_dec_share(KT_DEC(INT64_MAX, 4), KT_DEC(INT64_MAX, 9), KT_DEC(INT64_MAX, 9), 4),
        KT_DEC(INT64_MAX, 4));
    expect_dec(kt_dec_share(KT_DEC(1, 0), KT_DEC(1, 0), KT_DEC(3, 0), 9), KT_DEC(333333333, 9));
    assert_true(dec_is_bad(kt_dec_share(KT_DEC(INT64_MAX, 2), KT_DEC(2, 0), KT_DEC(1, 0), 2)));
    assert_true(
        dec_is_bad(kt_dec_share(KT_DEC(INT64_MAX, 0), KT_DEC(INT64_MAX, 0), KT_DEC(INT64_MAX, 9), 9)));
    assert_true(dec_is_bad(kt_dec_share(KT_DEC(1, 2), KT_DEC(1, 2), KT_DEC(0, 2), 2)));
    assert_false(dec_is_set(kt_dec_share(KT_DEC(1, 2), (kt_dec){0}, KT_DEC(1, 2), 2)));
}

static void overflow_is_seen_and_never_wraps(void **state)
{
    (void)state;
    kt_dec most = KT_DEC(INT64_MAX, 2), least = KT_DEC(INT64_MIN, 2);
    assert_true(dec_is_bad(kt_dec_add(most, KT_DEC(1, 2))));
    assert_true(dec_is_bad(kt_dec_add(most, KT_DEC(0, 3))));
    assert_true(dec_is_bad(kt_dec_sub(least, KT_DEC(1, 2))));
    assert_true(dec_is_bad(kt_dec_neg(least)));
    assert_true(dec_is_bad(kt_dec_sub((kt_dec){0}, least)));
    assert_true(dec_is_bad(kt_dec_mul(most, most, 2)));
    assert_true(dec_is_bad(kt_dec_mul(least, least, 9)));
    assert_true(dec_is_bad(kt_dec_div(most, KT_DEC(1, 2), 2)));
    assert_true(dec_is_bad(kt_dec_div(KT_DEC(1, 2), KT_DEC(0, 2), 2)));
    assert_true(dec_is_bad(kt_dec_div(least, KT_DEC(-1, 0), 2)));
    assert_true(dec_is_bad(kt_dec_round(most, 9)));
    assert_true(dec_is_bad(kt_dec_add(kt_dec_neg(least), KT_DEC(1, 2)))); /* and stays so */
    assert_true(dec_is_bad(kt_dec_mul(KT_DEC(1, 0), KT_DEC(1, 0), 10)));
}

static void not_set_is_no_zero(void **state)
{
    (void)state;
    kt_dec none = {0};
    expect_dec(kt_dec_add(none, KT_DEC(5, 1)), KT_DEC(5, 1));
    expect_dec(kt_dec_sub(none, KT_DEC(5, 1)), KT_DEC(-5, 1));
    assert_false(dec_is_set(kt_dec_mul(none, KT_DEC(5, 1), 2)));
    assert_false(dec_is_set(kt_dec_div(KT_DEC(5, 1), none, 2)));
    assert_false(dec_is_set(kt_dec_round(none, 2)));
    assert_int_equal(kt_dec_cmp(none, KT_DEC(-5, 0)), -1);
    assert_int_equal(kt_dec_cmp(none, none), 0);
    assert_int_equal(kt_dec_cmp(KT_DEC(50, 1), KT_DEC(5, 0)), 0);
}

static kt_dec any_decimal(void)
{
    int64_t coef = (int64_t)random_below(UINT64_MAX) >> random_below(64);
    return KT_DEC(coef, random_below(KT_DEC_SCALE_MAX + 1));
}

static void random_arithmetic_agrees_with_wide_integers(void **state)
{
    (void)state;
    static const int64_t power[] = {
        1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
    for (int i = 0; i < 200000; i++) {
        kt_dec a = any_decimal(), b = any_decimal(), sum = kt_dec_add(a, b);
        uint8_t scale = a.scale1 > b.scale1 ? a.scale1 : b.scale1;
        wide exact = (wide)a.coef * power[scale - a.scale1] + (wide)b.coef * power[scale - b.scale1];
        bool fits = exact <= INT64_MAX && exact >= INT64_MIN;
        assert_true(dec_is_bad(sum) == !fits);
        assert_true(!fits || (sum.coef == (int64_t)exact && sum.scale1 == scale));
        kt_dec difference = kt_dec_sub(sum, b);
        assert_true(dec_is_bad(sum) || dec_is_bad(difference) || kt_dec_cmp(difference, a) == 0);
        char text[DEC_TEXT_MAX];
        kt_dec again;
        size_t length = dec_text(a, text);
        assert_int_equal(dec_parse((kt_str){text, length}, (uint8_t)(a.scale1 - 1), &again), DEC_OK);
        assert_true(again.coef == a.coef);
        kt_dec quotient = kt_dec_div(a, b, 4);
        if (b.coef != 0 && !dec_is_bad(quotient)) {       /* |q * b - a| <= half a unit of q, times b */
            wide left = (wide)quotient.coef * b.coef * 2; /* at scale 4 + sb */
            int shift = 4 + b.scale1 - 1 - (a.scale1 - 1);
            wide right = (wide)a.coef * 2, unit = b.coef;
            for (; shift > 0; shift--)
                right *= 10;
            for (; shift < 0; shift++) {
                left *= 10;
                unit *= 10;
            }
            wide off = left - right;
            assert_true((off < 0 ? -off : off) <= (unit < 0 ? -unit : unit));
        }
    }
}

static void splitting_gives_every_penny(void **state)
{
    (void)state;
    kt_dec part[3], equal[3] = {KT_DEC(1, 0), KT_DEC(1, 0), KT_DEC(1, 0)};
    kt_dec_split(KT_DEC(10000, 2), equal, 3, part);
    expect_dec(part[0], KT_DEC(3334, 2));
    expect_dec(part[1], KT_DEC(3333, 2));
    expect_dec(part[2], KT_DEC(3333, 2));
    kt_dec_split(KT_DEC(-10000, 2), equal, 3, part); /* a credit note mirrors its invoice */
    expect_dec(part[0], KT_DEC(-3334, 2));
    kt_dec weight[3] = {KT_DEC(15, 1), {0}, KT_DEC(250, 2)};
    kt_dec_split(KT_DEC(1001, 2), weight, 3, part);
    expect_dec(part[0], KT_DEC(375, 2));
    expect_dec(part[1], KT_DEC(0, 2));
    expect_dec(part[2], KT_DEC(626, 2));
    kt_dec nothing[2] = {KT_DEC(0, 0), {0}};
    kt_dec_split(KT_DEC(5, 2), nothing, 2, part);
    expect_dec(part[0], KT_DEC(3, 2));
    expect_dec(part[1], KT_DEC(2, 2));
}

static void random_splits_sum_to_the_total(void **state)
{
    (void)state;
    enum { MOST = 12 };
    for (int i = 0; i < 20000; i++) {
        size_t n = 1 + random_below(MOST);
        kt_dec weight[MOST], part[MOST], total = any_decimal();
        bool all_positive = true, some = false;
        for (size_t k = 0; k < n; k++) {
            weight[k] = random_below(8) ? any_decimal() : (kt_dec){0};
            if (random_below(3) && weight[k].coef < 0)
                weight[k] = kt_dec_neg(weight[k]);
            all_positive = all_positive && weight[k].coef >= 0 && !dec_is_bad(weight[k]);
            some = some || weight[k].coef != 0;
        }
        kt_dec_split(total, weight, n, part);
        if (dec_is_bad(part[0])) {
            assert_true(!all_positive || total.coef == INT64_MIN);
            continue;
        }
        wide all = 0;
        for (size_t k = 0; k < n; k++) {
            assert_int_equal(part[k].scale1, total.scale1);
            all += part[k].coef;
            if (all_positive && some && weight[k].coef == 0)
                assert_true(part[k].coef == 0);
        }
        assert_true(all == total.coef);
    }
}

int main(void)
{
    uint64_t seed = random_below(UINT64_MAX) | 1;
    printf("seed %llu\n", (unsigned long long)seed);
    random_seed(seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(rounding_is_half_away_from_zero),
        cmocka_unit_test(a_share_is_exact_however_large_its_factors_are),
        cmocka_unit_test(overflow_is_seen_and_never_wraps),
        cmocka_unit_test(not_set_is_no_zero),
        cmocka_unit_test(random_arithmetic_agrees_with_wide_integers),
        cmocka_unit_test(splitting_gives_every_penny),
        cmocka_unit_test(random_splits_sum_to_the_total),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
