/* json_test.c -- every byte, at every place of a string that is long enough for its bytes to be looked at together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kit/json.h"

enum { LENGTH = 19 };

/* As RFC 8259 has it; DEL is escaped as well, and a byte that is no UTF-8 becomes U+FFFD. */
static size_t written(unsigned char byte, char out[8])
{
    static const char names[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (byte == '"' || byte == '\\')
        return (size_t)sprintf(out, "\\%c", byte);
    if (byte < sizeof names && names[byte])
        return (size_t)sprintf(out, "\\%c", names[byte]);
    if (byte < 0x20 || byte == 0x7F)
        return (size_t)sprintf(out, "\\u%04x", byte);
    return (size_t)(byte > 0x7F ? sprintf(out, "\xEF\xBF\xBD") : sprintf(out, "%c", byte));
}

static void every_byte_is_written_as_it_must(void **state)
{
    (void)state;
    buffer out;
    buffer_open(&out, 1024);
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < LENGTH; at++) {
            char text[LENGTH], how[8], wanted[64];
            memset(text, '~', sizeof text);
            text[at] = (char)byte;
            int n = snprintf(wanted, sizeof wanted, "\"%.*s%.*s%.*s\"", (int)at, "~~~~~~~~~~~~~~~~~~~",
                (int)written((unsigned char)byte, how), how, (int)(LENGTH - 1 - at), "~~~~~~~~~~~~~~~~~~~");
            buffer_clear(&out);
            json j = json_to(&out);
            json_str(&j, (kt_str){text, sizeof text});
            assert_int_equal(out.len, n);
            assert_memory_equal(out.ptr, wanted, out.len);
        }
    buffer_close(&out);
}

static void whole_sequences_stay(void **state)
{
    static const char text[] = "\"Zażółć gęślą jaźń, 𝄞 i dalej\"";
    (void)state;
    buffer out;
    buffer_open(&out, 1024);
    json j = json_to(&out);
    json_str(&j, (kt_str){text + 1, sizeof text - 3});
    assert_int_equal(out.len, sizeof text - 1);
    assert_memory_equal(out.ptr, text, out.len);
    buffer_close(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_written_as_it_must),
        cmocka_unit_test(whole_sequences_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
