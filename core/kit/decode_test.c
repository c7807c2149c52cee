/* decode_test.c -- what a client may send, and what is refused before it costs anything. */
#include "kit/decode_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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
    assert_null(decode(arena, "[52.123456789012345,1e3,1.5e-7,-922337203685471.5]", &v));
    assert_string_equal(v->as.array.items[3].as.string.ptr, "-922337203685471.5");
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

static uint64_t seed = 20261125;

static uint64_t pick(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

/* A piece of JSON, or of what only nearly is. */
static void add_piece(char *text, unsigned depth)
{
    static const char *const leaves[] = {"null", "true", "false", "0", "-0", "-12", "9223372036854775807",
        "-9223372036854775808", "9223372036854775808", "1.5", "-0.0", "1e5", "2.5E-3", "1e400", "01", "+1",
        ".5", "1.", "\"\"", "\"a\"", "\"\\u0105\\uD83D\\uDE00\"", "\"\\ud83d\"", "\"\\udc00x\"",
        "\"\\n\\\"\\/\\\\ \\t\"", "\"\\x\"", "\"\\u0000\"", "\"\\u00\"",
        "\"za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87\"", "\"\xc5\"", "\"\xed\xa0\x80\"", "\"\x01\"", "\"", "nul",
        "tru", ""};
    static const char *const names[] = {"\"a\"", "\"b\"", "\"c\"", "\"\\u0061\"", "\"d e\"", "a", ""};
    static const char *const blanks[] = {"", "", "", " ", "\n\t", "\v"};
    static const unsigned sound = 18; /* leaves that the reader must take are picked more often */
    size_t leaf_count = sizeof leaves / sizeof *leaves;
    bool object = pick(2);
    if (depth == 0 || (depth < 3 && pick(3) == 0)) {
        strcat(text, leaves[pick(4) ? pick(sound) : pick(leaf_count)]);
        return;
    }
    strcat(text, object ? "{" : "[");
    for (uint64_t i = 0, n = pick(5); i < n; i++) {
        strcat(text, i ? (pick(60) ? "," : ",,") : "");
        strcat(text, blanks[pick(20) ? pick(5) : 5]);
        if (object) {
            strcat(text, names[pick(30) ? pick(5) : pick(7)]);
            strcat(text, pick(60) ? ":" : " ");
        }
        add_piece(text, depth - 1);
    }
    strcat(text, pick(60) ? (object ? "}" : "]") : "");
}

static void random_texts_read_as_the_library_reads_them(void **state)
{
    static const decode_limits wide = {.depth_max = 64, .elements_max = 10000};
    static char text[1 << 20];
    unsigned taken = 0;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        arena *arena = arena_open((size_t)16 << 20);
        const variant *v = NULL;
        text[0] = '\0';
        add_piece(text, 3);
        kt_error *error = decode_json(arena, str_of(text), &wide, &v);
        taken += error == NULL;
        if (!decoded_as_by_the_library(str_of(text), error, v))
            fail_msg("read in another way than by the library: %s", text);
        arena_close(arena);
    }
    assert_in_range(taken, 2000, 18000); /* both kinds were tried */
}

static void an_error_says_where_it_is(void **state)
{
    arena *arena = arena_open((size_t)1 << 20);
    const variant *v = NULL;
    (void)state;
    kt_error *error = decode(arena, "{\"a\": \"\\n\xc5\xbc\",\n  \"b\" 1}", &v);
    assert_string_equal(error_text(error), "no JSON: line 2, column 7: a colon was expected");
    error = decode(arena, "[\"\xc5\xbc\", x]", &v);
    assert_string_equal(error_text(error), "no JSON: line 1, column 7: a value was expected");
    assert_string_equal(error->first->text.pl, "to nie JSON: wiersz 1, kolumna 7: oczekiwano warto\xc5\x9b"
                                               "ci");
    arena_close(arena);
}

static void an_object_of_many_names_has_each_once(void **state)
{
    static const decode_limits wide = {.depth_max = 8, .elements_max = 10000};
    static char text[40000];
    (void)state;
    for (int twice = 0; twice < 2; twice++) {
        arena *arena = arena_open((size_t)4 << 20);
        const variant *v = NULL;
        size_t n = 0;
        for (int i = 0; i < 2000; i++)
            n += (size_t)snprintf(
                text + n, sizeof text - n, "%c\"n%d\":%d", i ? ',' : '{', twice && i == 1999 ? 7 : i, i);
        strcat(text, "}");
        kt_error *error = decode_json(arena, str_of(text), &wide, &v);
        assert_int_equal(error != NULL, twice);
        assert_true(decoded_as_by_the_library(str_of(text), error, v));
        arena_close(arena);
    }
}

static void deep_and_wide_messages_are_refused(void **state)
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_keep_their_kinds),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(random_texts_read_as_the_library_reads_them),
        cmocka_unit_test(an_error_says_where_it_is),
        cmocka_unit_test(an_object_of_many_names_has_each_once),
        cmocka_unit_test(deep_and_wide_messages_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
