/* escape_test.c -- what an expression writes is harmless where it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "document/escape.h"
#include "kit/str.h"

static const struct {
    escape_place place;
    const char *text, *escaped;
    bool number;
} cases[] = {
    {ESCAPE_TEXT, "<b>&\"'", "&lt;b&gt;&amp;&#34;&#39;"},
    {ESCAPE_TEXT, "Zażółć\n\x01gęślą", "Zażółć\ngęślą"},
    {ESCAPE_ATTRIBUTE, "\" onclick=\"x", "&#34; onclick=&#34;x"},
    {ESCAPE_ADDRESS, "https://a.example/?q=1&r=2", "https://a.example/?q=1&amp;r=2"},
    {ESCAPE_ADDRESS, "mailto:a@b.example", "mailto:a@b.example"},
    {ESCAPE_ADDRESS, "javascript:alert(1)", "javascript%3Aalert(1)"},
    {ESCAPE_ADDRESS, "JaVaScRiPt:x", "JaVaScRiPt%3Ax"},
    {ESCAPE_ADDRESS, "\tjavascript:x", "%09javascript%3Ax"},
    {ESCAPE_ADDRESS, "data:text/html,x", "data%3Atext/html,x"},
    {ESCAPE_ADDRESS, ":alert(1)", "%3Aalert(1)"},
    {ESCAPE_ADDRESS, "a/b:c", "a/b:c"},
    {ESCAPE_ADDRESS, "\"><script>", "%22%3E%3Cscript%3E"},
    {ESCAPE_ADDRESS, "Łódź", "%C5%81%C3%B3d%C5%BA"},
    {ESCAPE_STYLE, "12.5%", "12.5%"},
    {ESCAPE_STYLE, "red;background:url(x)", "redbackgroundurlx"},
    {ESCAPE_XML, "a<b\x02\xEF\xBF\xBF]]>", "a&lt;b]]&gt;"},
    {ESCAPE_CELL, "Nowak", "Nowak"},
    {ESCAPE_CELL, "a;\"b\"", "\"a;\"\"b\"\"\""},
    {ESCAPE_CELL, "=1+1", "\"'=1+1\""},
    {ESCAPE_CELL, "@x", "\"'@x\""},
    {ESCAPE_CELL, "-5.00", "\"'-5.00\""},
    {ESCAPE_CELL, "-5.00", "-5.00", true},
    {ESCAPE_CELL, "", ""},
    {ESCAPE_PLAIN, "<b>", "<b>"},
};

static void each_place_escapes_what_would_end_it(void **state)
{
    (void)state;
    buffer out;
    buffer_open(&out, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer_clear(&out);
        escape_put(&out, cases[i].place, str_of(cases[i].text), cases[i].number);
        buffer_add_char(&out, 0);
        assert_string_equal(out.ptr, cases[i].escaped);
    }
    buffer_close(&out);
}

static void every_place_has_a_name_once(void **state)
{
    (void)state;
    unsigned count = 0;
    for (; escape_name(count); count++)
        for (unsigned i = 0; i < count; i++)
            assert_string_not_equal(escape_name(i), escape_name(count));
    assert_int_equal(count, ESCAPE_PLAIN + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_place_escapes_what_would_end_it),
        cmocka_unit_test(every_place_has_a_name_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
