/* decode_test.c -- what a client may send, and what is refused before it costs anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit/decode.h"

static const decode_limits limits = {.depth_max = 8, .elements_max = 100};

static kt_error *decode(arena *arena, const char *text, const variant **value)
{
    return decode_json(arena, str_of(text), &limits, value);
}

static void values_keep_their_kinds(void **state)
{
    arena *arena = arena_open((size_t)1 << 20);
    const variant *v = NULL;
    (void)state;
    assert_null(decode(arena, "{\"a\":1,\"b\":\"\\u0105\",\"c\":null,\"d\":[true,0.1,-0],\"e\":{}}", &v));
    assert_int_equal(variant_get(v, "a")->as.integer, 1);
    assert_string_equal(variant_get(v, "b")->as.string.ptr, "\xc4\x85");
    assert_int_equal(variant_get(v, "c")->kind, VARIANT_NULL);
    const variant *d = variant_get(v, "d");
    assert_true(d->as.array.items[0].as.boolean);
    assert_int_equal(d->as.array.items[1].kind, VARIANT_REAL);
    assert_string_equal(d->as.array.items[1].as.string.ptr, "0.1");
    assert_int_equal(d->as.array.items[2].as.integer, 0);
    assert_int_equal(variant_get(v, "e")->as.object.count, 0);
    assert_null(decode(arena, "[52.123456789012345,1e3,1.5e-7]", &v));
    assert_string_equal(v->as.array.items[2].as.string.ptr, "1.5e-07");
    arena_close(arena);
}

static void what_is_no_json_is_refused(void **state)
{
    static const char *const bad[] = {"", "{", "[1,]", "{\"a\":1,\"a\":2}", "nul", "1", "[01]", "[NaN]",
        "[1] x", "{\"a\":\"\\ud800\"}", "[\"\xff\"]", "[\"\\u0000\"]", "[99999999999999999999]", "[1e999]",
        "\xef\xbb\xbf[]", "[/**/]", "{'a':1}"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        arena *arena = arena_open((size_t)1 << 20);
        const variant *v = NULL;
        kt_error *error = decode(arena, bad[i], &v);
        if (!error)
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(error->first->kind, KT_VALIDATION);
        assert_null(v);
        arena_close(arena);
    }
}

static void deep_and_wide_messages_are_refused_by_the_scan(void **state)
{
    arena *arena = arena_open((size_t)1 << 20);
    const variant *v = NULL;
    char wide[600] = "[0";
    (void)state;
    kt_error *error = decode(arena, "[[[[[[[[[]]]]]]]]]", &v);
    assert_int_equal(error->first->kind, KT_LIMIT);
    assert_null(decode(arena, "[[[[[[[[]]]]]]]]", &v));
    assert_null(decode(arena, "[\"[[[[[[[[[[[[\\\"[[\"]", &v));
    for (size_t i = 2; i < 500; i += 2)
        memcpy(wide + i, ",0", 3);
    strcat(wide, "]");
    error = decode(arena, wide, &v);
    assert_int_equal(error->first->kind, KT_LIMIT);
    arena_close(arena);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t size = 64; size < 4096; size += 64) {
        arena *arena = arena_open(size);
        const variant *v = NULL;
        if (!arena)
            continue;
        kt_error *error = decode(arena, "{\"a\":[1,2,3,{\"b\":\"text\"}],\"c\":0.25}", &v);
        assert_true(error ? v == NULL : v != NULL);
        arena_close(arena);
    }
}

int main(void)
{
    decode_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_keep_their_kinds),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(deep_and_wide_messages_are_refused_by_the_scan),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
