/* totp_test.c -- the published vectors, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/totp.h"

static const uint8_t *secret = (const uint8_t *)"12345678901234567890";

/* RFC 6238 appendix B, the rows of SHA-1. */
static void codes_are_those_of_rfc_6238(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *code;
    } rows[] = {{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"},
        {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char code[9];
        totp_code(secret, 20, (uint64_t)(rows[i].seconds / 30), 8, code);
        assert_string_equal(code, rows[i].code);
    }
}

/* RFC 4226 appendix D. */
static void codes_are_those_of_rfc_4226(void **state)
{
    (void)state;
    static const char *const codes[] = {
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char code[7];
        totp_code(secret, 20, i, 6, code);
        assert_string_equal(code, codes[i]);
    }
}

static void a_code_is_good_one_step_to_either_side_and_once(void **state)
{
    (void)state;
    char code[7];
    uint64_t step = 0;
    totp_code(secret, 20, 100, 6, code);
    const kt_str typed = {code, 6};
    static const struct {
        int64_t now_step;
        bool good;
    } rows[] = {{98, false}, {99, true}, {100, true}, {101, true}, {102, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(
            totp_find(secret, typed, (kt_time){rows[i].now_step * TOTP_STEP_MS}, 0, &step), rows[i].good);
    assert_int_equal(step, 100);
    const kt_time now = {100 * TOTP_STEP_MS};
    assert_true(totp_find(secret, typed, now, 99, &step));
    assert_false(totp_find(secret, typed, now, 100, &step));
    assert_false(totp_find(secret, typed, now, 101, &step));
    assert_false(totp_find(secret, (kt_str){code, 5}, now, 0, &step));
    assert_false(totp_find(secret, (kt_str){0}, now, 0, &step));
}

/* RFC 4648 section 10 has "foobar"; ten of its letters fill whole groups. */
static void secrets_are_written_in_base32(void **state)
{
    (void)state;
    char text[TOTP_TEXT_MAX];
    totp_secret_text(secret, text);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    arena *arena = arena_open(1 << 16);
    assert_string_equal(totp_uri(arena, KT_STR("anna b+c"), text).ptr,
        "otpauth://totp/Kontor:anna%20b%2Bc?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Kontor");
    arena_close(arena);
}

static void recovery_codes_are_read_as_people_type_them(void **state)
{
    (void)state;
    char code[RECOVERY_TEXT_MAX], again[RECOVERY_TEXT_MAX], read[RECOVERY_CHARS], loud[RECOVERY_TEXT_MAX];
    recovery_make(code);
    recovery_make(again);
    assert_string_not_equal(code, again);
    assert_int_equal(strlen(code), 19);
    assert_true(recovery_read(str_of(code), read));
    assert_memory_equal(read, code, 4);
    assert_memory_equal(read + 12, code + 15, 4);
    for (size_t i = 0; i < sizeof loud; i++)
        loud[i] = (char)(code[i] == '-' ? ' ' : code[i] >= 'a' ? code[i] - 'a' + 'A' : code[i]);
    char same[RECOVERY_CHARS];
    assert_true(recovery_read(str_of(loud), same));
    assert_memory_equal(read, same, RECOVERY_CHARS);
    static const char *const bad[] = {"", "abcd", "abcd-efgh-ijkl-mno1", "abcd-efgh-ijkl-mnop-q"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(recovery_read(str_of(bad[i]), same));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_rfc_6238),
        cmocka_unit_test(codes_are_those_of_rfc_4226),
        cmocka_unit_test(a_code_is_good_one_step_to_either_side_and_once),
        cmocka_unit_test(secrets_are_written_in_base32),
        cmocka_unit_test(recovery_codes_are_read_as_people_type_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
