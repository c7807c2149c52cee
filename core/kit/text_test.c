/* Unicode, the JSON writer, the clock and the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kit/clock.h"
#include "kit/json.h"
#include "kit/log.h"
#include "kit/text.h"

static void broken_utf8_is_found(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "abc", "zażółć gęślą jaźń", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"};
    static const char *const wrong[] = {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "abcdefgh\xC5", "\xC5\x41", "\xFF"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(text_is_utf8(str_of(good[i])));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(text_is_utf8(str_of(wrong[i])));
    assert_int_equal(text_chars(KT_STR("źdźbło")), 6);
}

static void folding_forgets_case_and_diacritics(void **state)
{
    (void)state;
    static const struct {
        const char *text, *folded;
    } table[] = {
        {"Łódź ŚRÓDMIEŚCIE", "lodz srodmiescie"},
        {"Straße GROẞ", "strasse gross"},
        {"Ærø Þór Đorđe", "aero thor dorde"},
        {"İstanbul ıssız", "istanbul issiz"},
        {"ﬁn № ①", "fin no 1"},
        {"e\xCC\x81t\xC3\xA9", "ete"},
        {"Ωμέγα ЖУК", "ωμεγα жук"},
        {"a\xFFz", "a z"},
        {"", ""},
    };
    arena *a = arena_open(1 << 20);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        kt_str folded = text_fold(a, str_of(table[i].text));
        assert_string_equal(folded.ptr, table[i].folded);
    }
    assert_null(text_fold(a, (kt_str){0}).ptr);
    arena_close(a);
}

static void random_bytes_fold_to_a_fixed_point(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        arena *a = arena_open(1 << 20);
        char bytes[64];
        size_t n = random_below(sizeof bytes);
        random_bytes(bytes, n);
        for (size_t k = 0; k + 1 < n; k += 2) /* mostly two-byte letters */
            if (random_below(2)) {
                bytes[k] = (char)(0xC2 + random_below(30));
                bytes[k + 1] = (char)(0x80 + random_below(64));
            }
        kt_str once = text_fold(a, (kt_str){bytes, n}), twice = text_fold(a, once);
        assert_true(text_is_utf8(once));
        assert_true(str_eq(once, twice));
        arena_close(a);
    }
}

static void join(void *context, kt_str token)
{
    char *all = context;
    strncat(all, token.ptr, token.len);
    strcat(all, "|");
}

static void tokens_of_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *tokens;
    } table[] = {
        {"acme sp. z o.o.", "acme|sp|z|o|o|"},
        {"tel. +48 (22) 123-45-67, biuro", "tel|48221234567|48|22|123|45|67|biuro|"},
        {"123456789", "123456789|"},
        {"600 100 200", "600100200|600|100|200|"},
        {"model 12 34", "model|12|34|"},
        {"жук ωμ", "жук|ωμ|"},
        {"a--b", "a|b|"},
        {"...", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char all[256] = "";
        text_tokens(str_of(table[i].text), join, all);
        assert_string_equal(all, table[i].tokens);
    }
}

static void json_is_written(void **state)
{
    (void)state;
    buffer out;
    buffer_open(&out, 1 << 16);
    json j = json_to(&out);
    json_object(&j);
    json_member_str(&j, "s", KT_STR("a\"\\\n\t\x01\x7Fż\xFF/"));
    json_member_str(&j, "none", (kt_str){0});
    json_member_int(&j, "least", INT64_MIN);
    json_key(&j, "most");
    json_uint(&j, UINT64_MAX);
    json_member_bool(&j, "yes", true);
    json_key(&j, "list");
    json_array(&j);
    json_int(&j, 0);
    json_array(&j);
    json_array_end(&j);
    json_dec(&j, KT_DEC(123450, 2));
    json_dec(&j, (kt_dec){0});
    json_date(&j, kt_date_make(2026, 11, 23));
    json_time(&j, (kt_time){1});
    json_time(&j, (kt_time){0});
    json_raw(&j, KT_STR("{}"));
    json_array_end(&j);
    json_member_text(&j, "last", "");
    json_object_end(&j);
    buffer_add_char(&out, '\0');
    assert_false(out.full);
    assert_string_equal(out.ptr,
        "{\"s\":\"a\\\"\\\\\\n\\t\\u0001\\u007fż\xEF\xBF\xBD/\",\"none\":null,"
        "\"least\":-9223372036854775808,\"most\":18446744073709551615,\"yes\":true,"
        "\"list\":[0,[],\"1234.50\",null,\"2026-11-23\",\"1970-01-01T00:00:00.001Z\","
        "null,{}],\"last\":\"\"}");
    buffer_close(&out);
}

static void variants_are_written(void **state)
{
    (void)state;
    variant items[] = {{.kind = VARIANT_BOOL, .as.boolean = false},
        {.kind = VARIANT_REAL, .as.string = KT_STR("1.5e3")}, {.kind = VARIANT_NULL}};
    variant list = {.kind = VARIANT_ARRAY, .as.array = {items, 3}};
    variant name = {.kind = VARIANT_STRING, .as.string = KT_STR("Ala")};
    variant_member members[] = {{KT_STR("name"), &name}, {KT_STR("list"), &list}};
    variant whole = {.kind = VARIANT_OBJECT, .as.object = {members, 2}};
    buffer out;
    buffer_open(&out, 1 << 16);
    json j = json_to(&out);
    json_variant(&j, &whole);
    buffer_add_char(&out, '\0');
    assert_string_equal(out.ptr, "{\"name\":\"Ala\",\"list\":[false,1.5e3,null]}");
    assert_ptr_equal(variant_get(&whole, "list"), &list);
    assert_null(variant_get(&whole, "lis"));
    assert_true(str_is(variant_get_str(&whole, "name"), "Ala"));
    assert_null(variant_get_str(&whole, "list").ptr);
    assert_null(variant_get(&name, "x"));
    buffer_close(&out);
}

static void the_virtual_clock_stands_still(void **state)
{
    (void)state;
    clock_set((kt_time){1000});
    int64_t before = clock_monotonic_ms();
    assert_true(clock_now().ms == 1000);
    clock_advance(86400000);
    assert_true(clock_now().ms == 86401000);
    assert_true(clock_monotonic_ms() - before == 86400000);
    clock_real();
    kt_time now = clock_now();
    assert_true(now.ms > INT64_C(1600000000000));
    assert_true(clock_now().ms >= now.ms);
}

static void a_seed_repeats(void **state)
{
    (void)state;
    char first[40], second[40];
    random_seed(42);
    random_bytes(first, sizeof first);
    uint64_t number = random_below(1000);
    random_seed(42);
    random_bytes(second, sizeof second);
    assert_memory_equal(first, second, sizeof first);
    assert_true(random_below(1000) == number);
    for (int i = 0; i < 10000; i++)
        assert_true(random_below(3) < 3);
    random_seed(0);
    random_bytes(second, sizeof second);
    assert_memory_not_equal(first, second, sizeof first);
}

static void text_is_cut_between_characters(void **state)
{
    static const char *const cuts[] = {"", "", "ł", "ł", "łó", "łó", "łó", "łó€", "łó€x", "łó€x"};
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        assert_true(str_is(text_cut(KT_STR("łó€x"), i), cuts[i]));
    assert_int_equal(text_cut((kt_str){0}, 7).len, 0);
}

static void one_event_is_one_line(void **state)
{
    (void)state;
    char path[] = "/tmp/kontor-log-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(log_file(path));
    clock_set((kt_time){1});
    log_request("r1");
    log_line(KT_LOG_INFO, "kit", "event.name text=%s", "two\nlines");
    log_line(KT_LOG_DEBUG, "kit", "event.silent");
    log_request(NULL);
    char *lengthy = malloc(10000);
    memset(lengthy, 'x', 9999);
    lengthy[9999] = '\0';
    log_line(KT_LOG_ERROR, "kit", "event.long text=%s", lengthy);
    free(lengthy);
    assert_true(log_file(NULL));
    clock_real();
    char text[16384] = "";
    ssize_t n = read(fd, text, sizeof text - 1);
    assert_true(n > 0 && n < 4300);
    static const char first[] = "1970-01-01T00:00:00.001Z info kit event.name text=two lines req=r1\n";
    assert_memory_equal(text, first, sizeof first - 1);
    assert_int_equal(text[n - 1], '\n');
    close(fd);
    unlink(path);
    assert_false(log_file("/dev/null/log")); /* a file is no folder, whoever asks */
}

int main(void)
{
    uint64_t seed = random_below(UINT64_MAX) | 1;
    printf("seed %llu\n", (unsigned long long)seed);
    random_seed(seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_utf8_is_found),
        cmocka_unit_test(text_is_cut_between_characters),
        cmocka_unit_test(folding_forgets_case_and_diacritics),
        cmocka_unit_test(random_bytes_fold_to_a_fixed_point),
        cmocka_unit_test(tokens_of_text),
        cmocka_unit_test(json_is_written),
        cmocka_unit_test(variants_are_written),
        cmocka_unit_test(the_virtual_clock_stands_still),
        cmocka_unit_test(a_seed_repeats),
        cmocka_unit_test(one_event_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
