
#include "kit/dice.h"
#include "model/house_test.h"

static uint64_t seed;

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int sign(int n)
{
    return order(n, 0);
}

static key key_of(const model_field *field, const model_value *value, bool raw)
{
    key k;
    key_open(&k, KEY_INDEX);
    key_value(&k, field, value, raw);
    assert_false(k.full);
    return k;
}

static int compare(const key *a, const key *b)
{
    return str_cmp(key_str(a), key_str(b));
}

static int64_t random_number(void)
{
    static const int64_t edges[] = {
        0, 1, -1, 255, 256, -256, INT64_MAX, INT64_MIN, INT64_MAX - 1, INT64_MIN + 1};
    if (!random_below(3))
        return edges[random_below(sizeof edges / sizeof *edges)];
    return (int64_t)(random_below(UINT64_MAX) >> random_below(64)) * (random_below(2) ? 1 : -1);
}

static void numbers_order_as_their_keys(void **state)
{
    (void)state;
    static const kt_type types[] = {KT_INT, KT_DATE, KT_TIME, KT_MONEY, KT_REF};
    for (int i = 0; i < 20000; i++) {
        model_field field = {.type = types[random_below(5)], .scale = 2, .target_name = KT_STR("t.party")};
        int64_t a = random_number(), b = random_number();
        model_value x = {.set = true}, y = {.set = true}, none = {0};
        if (field.type == KT_MONEY) {
            x.as.d = KT_DEC(a, 2);
            y.as.d = KT_DEC(b, 2);
        } else {
            x.as.i = a;
            y.as.i = b;
        }
        key p = key_of(&field, &x, false), q = key_of(&field, &y, false), n = key_of(&field, &none, false);
        if (sign(compare(&p, &q)) != order(a, b))
            fail_msg("%lld and %lld, seed %llu", (long long)a, (long long)b, (unsigned long long)seed);
        assert_true(compare(&n, &p) < 0); /* not set is least */
    }
}

static void strings_order_as_their_keys_whatever_follows(void **state)
{
    (void)state;
    model_field field = {.type = KT_STRING};
    for (int i = 0; i < 20000; i++) {
        char a[12], b[12];
        size_t n = (size_t)random_below(sizeof a), m = (size_t)random_below(sizeof b);
        for (size_t k = 0; k < sizeof a; k++) {
            a[k] = (char)(random_below(2) ? random_below(3) : 'a' + random_below(2));
            b[k] = (char)(random_below(2) ? (uint64_t)a[k] : random_below(3));
        }
        model_value x = {.set = true, .as.s = {a, n}}, y = {.set = true, .as.s = {b, m}};
        key p = key_of(&field, &x, true), q = key_of(&field, &y, true);
        int should = sign(str_cmp(x.as.s, y.as.s));
        key_u64(&p, random_below(UINT64_MAX));
        key_u64(&q, random_below(UINT64_MAX));
        if (should && sign(compare(&p, &q)) != should)
            fail_msg("seed %llu", (unsigned long long)seed);
    }
}

static void folded_strings_ignore_case_and_diacritics(void **state)
{
    (void)state;
    model_field field = {.type = KT_STRING};
    static const char *const same[][2] = {{"Łódź", "lodz"}, {"ACME", "acme"}, {"Straße", "STRASSE"}};
    for (size_t i = 0; i < 3; i++) {
        model_value a = {.set = true, .as.s = str_of(same[i][0])},
                    b = {.set = true, .as.s = str_of(same[i][1])};
        key p = key_of(&field, &a, false), q = key_of(&field, &b, false);
        assert_int_equal(compare(&p, &q), 0);
        p = key_of(&field, &a, true);
        q = key_of(&field, &b, true);
        assert_int_not_equal(compare(&p, &q), 0);
    }
}

static void long_unique_strings_stay_apart(void **state)
{
    (void)state;
    model_field field = {.type = KT_STRING};
    char a[400], b[400];
    memset(a, 'x', sizeof a);
    memset(b, 'x', sizeof b);
    b[399] = 'y';
    model_value x = {.set = true, .as.s = {a, sizeof a}}, y = {.set = true, .as.s = {b, sizeof b}};
    key p = key_of(&field, &x, true), q = key_of(&field, &y, true);
    assert_int_not_equal(compare(&p, &q), 0);
    p = key_of(&field, &x, false);
    q = key_of(&field, &y, false);
    assert_int_equal(compare(&p, &q), 0); /* an ordinary index cuts: `=` looks at the record */
}

static void after_is_the_end_of_a_prefix(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        key prefix, inside, end;
        key_open(&prefix, KEY_INDEX);
        key_u16(&prefix, (uint16_t)(random_below(2) ? 0xffff : random_below(65536)));
        key_u16(&prefix, (uint16_t)(random_below(2) ? 0xffff : random_below(65536)));
        inside = end = prefix;
        key_after(&end);
        key_u64(&inside, random_below(2) ? UINT64_MAX : random_below(UINT64_MAX));
        assert_true(compare(&inside, &end) < 0);
        assert_true(compare(&prefix, &end) < 0);
    }
}

static void values_are_read_back_from_their_keys(void **state)
{
    (void)state;
    static const model_field number = {.type = KT_INT}, money = {.type = KT_MONEY, .scale = 2};
    for (unsigned i = 0; i < 1000; i++) {
        const int64_t n = (int64_t)(random_below(UINT64_MAX) >> random_below(60)) *
                          (random_below(2) ? 1 : -1);
        const model_value put[] = {{.set = true, .as.i = n}, {.set = i % 3 != 0, .as.d = KT_DEC(n, 2)}};
        model_value got;
        key k;
        key_open(&k, KEY_INDEX);
        key_u16(&k, 7);
        key_u16(&k, 8);
        key_value(&k, &number, &put[0], false);
        key_value(&k, &money, &put[1], false);
        key_u64(&k, 5);
        const char *at = key_read_value(key_values(key_str(&k), &(model_index){0}), &number, &got);
        assert_true(got.set && got.as.i == n);
        at = key_read_value(at, &money, &got);
        assert_true(model_value_equal(&money, &put[1], &got));
        assert_int_equal(key_last_u64((kt_str){at, 8}), 5);
    }
}

static void a_key_that_does_not_fit_says_so(void **state)
{
    (void)state;
    key k;
    key_open(&k, KEY_INDEX);
    for (int i = 0; i < 62; i++)
        key_u64(&k, 1);
    assert_false(k.full);
    key_u64(&k, 1);
    assert_true(k.full);
    assert_true(k.len <= STORE_KEY_MAX);
}

int main(void)
{
    seed = dice_seed();
    random_seed(seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_order_as_their_keys),
        cmocka_unit_test(strings_order_as_their_keys_whatever_follows),
        cmocka_unit_test(folded_strings_ignore_case_and_diacritics),
        cmocka_unit_test(long_unique_strings_stay_apart),
        cmocka_unit_test(after_is_the_end_of_a_prefix),
        cmocka_unit_test(values_are_read_back_from_their_keys),
        cmocka_unit_test(a_key_that_does_not_fit_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
