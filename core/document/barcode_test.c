/* barcode_test.c -- the shape of barcodes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "document/barcode.h"
#include "kit/str.h"

static arena *memory;

static const char *svg_of(barcode_kind kind, const char *text)
{
    kt_str svg;
    kt_error *error = barcode_svg(memory, kind, str_of(text), &svg);
    if (error)
        fail_msg("%s", error_text(error));
    return svg.ptr;
}

static void a_qr_code_has_its_corners(void **state)
{
    (void)state;
    const char *svg = svg_of(BARCODE_KIND_QR, "https://example.com/faktura/7");
    assert_non_null(strstr(svg, "viewBox=\"0 0 33 33\"")); /* version 2: 25 modules, and 4 around */
    assert_non_null(strstr(svg, "M4 4h7v1h-7z"));          /* the finder pattern */
    assert_null(strstr(svg, "<text"));
}

static void an_ean_gets_its_check_digit(void **state)
{
    (void)state;
    assert_non_null(strstr(svg_of(BARCODE_KIND_EAN13, "590123412345"), ">5901234123457</text>"));
    assert_non_null(strstr(svg_of(BARCODE_KIND_EAN13, "5901234123457"), "viewBox=\"0 0 113 62\""));
}

static void a_code_128_shows_its_text_as_text(void **state)
{
    (void)state;
    assert_non_null(strstr(svg_of(BARCODE_KIND_CODE128, "SO<1>&2"), ">SO&#60;1&#62;&#38;2</text>"));
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct {
        barcode_kind kind;
        const char *text;
    } wrong[] = {{BARCODE_KIND_EAN13, "5901234123458"}, {BARCODE_KIND_EAN13, "12345"},
        {BARCODE_KIND_EAN13, "59012341234x"}, {BARCODE_KIND_CODE128, "zażółć"}, {BARCODE_KIND_QR, ""}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        kt_str svg;
        kt_error *error = barcode_svg(memory, wrong[i].kind, str_of(wrong[i].text), &svg);
        assert_non_null(error);
        assert_int_equal(error->first->kind, KT_VALIDATION);
    }
}

static int open_memory(void **state)
{
    (void)state;
    memory = arena_open(4 << 20);
    return memory ? 0 : -1;
}

static int close_memory(void **state)
{
    (void)state;
    arena_close(memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_qr_code_has_its_corners),
        cmocka_unit_test(an_ean_gets_its_check_digit),
        cmocka_unit_test(a_code_128_shows_its_text_as_text),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, open_memory, close_memory);
}
