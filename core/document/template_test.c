/* template_test.c -- templates to Lua: what is written, how each place escapes, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "document/template.h"
#include "kit/str.h"

static arena *memory;

static const char *lua_of(template_kind kind, const char *text)
{
    static const char head[] = "local _as = ... local _write = _as.write";
    kt_str lua = {0};
    kt_error *error = template_compile(memory, kind, str_of(text), &lua);
    if (error)
        fail_msg("%s", error_text(error));
    assert_memory_equal(lua.ptr, head, sizeof head - 1);
    return lua.ptr + sizeof head - 1;
}

static void text_expressions_and_statements_become_lua(void **state)
{
    (void)state;
    assert_string_equal(lua_of(TEMPLATE_TEXT, "Dzień \"dobry\"\\{{ name }}!\n"),
        " _write(\"Dzień \\034dobry\\034\\092\") _write(_as.plain( name )) _write(\"!\\n\")\n");
    assert_string_equal(lua_of(TEMPLATE_TEXT, "{% if a then %}x{% end %}{# not this #}"),
        "  if a then   _write(\"x\")  end  ");
    assert_string_equal(
        lua_of(TEMPLATE_TEXT, "{{ \"}}\" .. '%}' }}"), " _write(_as.plain( \"}}\" .. '%}' ))");
}

static void a_line_of_statements_alone_is_left_out(void **state)
{
    (void)state;
    assert_string_equal(lua_of(TEMPLATE_TEXT, "a\n  {% for x in l do %}\n- {{ x }}\n  {% end %}\nb"),
        " _write(\"a\\n\")\n  for x in l do  \n _write(\"- \") _write(_as.plain( x )) _write(\"\\n\")\n  end "
        " "
        "\n _write(\"b\")");
}

static void lua_keeps_the_template_s_lines(void **state)
{
    (void)state;
    const char *lua = lua_of(
        TEMPLATE_HTML, "<p>\n{# two\nlines #}\n{% local a = 1\nlocal b = 2 %}\n</p>\n{{ a }}");
    int lines = 1;
    for (const char *at = lua; at < strstr(lua, "_as.text"); at++)
        lines += *at == '\n';
    assert_int_equal(lines, 7);
}

static const struct {
    template_kind kind;
    const char *text, *function;
} places[] = {
    {TEMPLATE_HTML, "<p>{{ x }}</p>", "text"},
    {TEMPLATE_HTML, "<p class=\"a {{ x }}\">", "attribute"},
    {TEMPLATE_HTML, "<p class='{{ x }}'>", "attribute"},
    {TEMPLATE_HTML, "<p data-a=\"1>2\" title = \"{{ x }}\">", "attribute"},
    {TEMPLATE_HTML, "<a HREF=\"{{ x }}\">", "address"},
    {TEMPLATE_HTML, "<img alt='a' src='asset:{{ x }}'>", "address"},
    {TEMPLATE_HTML, "<p style=\"width: {{ x }}%\">", "style"},
    {TEMPLATE_HTML, "<br/>{{ x }}", "text"},
    {TEMPLATE_HTML, "a < b {{ x }}", "text"},
    {TEMPLATE_HTML, "<!-- <p class=\" --> {{ x }}", "text"},
    {TEMPLATE_HTML, "<!DOCTYPE html>{{ x }}", "text"},
    {TEMPLATE_HTML, "<style>p > a {}</style>{{ x }}", "text"},
    {TEMPLATE_HTML, "<script>if (a < b) '</scripty>'</script >{{ x }}", "text"},
    {TEMPLATE_HTML, "<p class=a>{{ x }}", "text"},
    {TEMPLATE_XML, "<a b=\"{{ x }}\"/>", "xml"},
    {TEMPLATE_XML, "<style>{{ x }}</style>", "xml"},
    {TEMPLATE_XML, "<?xml version=\"1.0\"?><a>{{ x }}</a>", "xml"},
    {TEMPLATE_CSV, "a;{{ x }};b", "cell"},
    {TEMPLATE_HTML, "{% -- the customer's name %}<b>{{ x }}</b>", "text"},
    {TEMPLATE_HTML, "{% local a = '%}' .. \"\\\"%}\" -- it's\nlocal b %}<b>{{ x }}</b>", "text"},
    {TEMPLATE_TEXT, "<a href=\"{{ x }}\">", "plain"},
};

static void each_place_has_its_escaping(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        kt_str call = arena_format(memory, "_as.%s( x )", places[i].function);
        if (!strstr(lua_of(places[i].kind, places[i].text), call.ptr))
            fail_msg("%s: %s was expected", places[i].text, places[i].function);
    }
}

static const struct {
    const char *text, *error;
} unsafe[] = {
    {"<p {{ x }}>", "inside a tag"},
    {"<{{ x }}>", "inside a tag"},
    {"<p class={{ x }}>", "needs quotes"},
    {"<p class=a{{ x }}>", "needs quotes"},
    {"<script>var a = {{ x }}</script>", "in a script"},
    {"<style>p {color: {{ x }}}</style>", "in a script"},
    {"<SCRIPT type='text'>{{ x }}", "in a script"},
    {"<p onclick=\"f({{ x }})\">", "in a script"},
    {"<!-- {{ x }} -->", "in a comment"},
    {"a {{ x ", "does not end"},
    {"a {% x", "does not end"},
};

static void where_no_escaping_is_safe_it_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++) {
        kt_str lua;
        kt_error *error = template_compile(memory, TEMPLATE_HTML, str_of(unsafe[i].text), &lua);
        assert_non_null(error);
        if (!strstr(error_text(error), unsafe[i].error))
            fail_msg("%s: %s", unsafe[i].text, error_text(error));
    }
}

static void all_problems_are_told_with_their_lines(void **state)
{
    (void)state;
    kt_str lua;
    kt_error *error = template_compile(
        memory, TEMPLATE_HTML, KT_STR("<p {{ a }}>\n{{ fine }}\n<p id={{ b }}>"), &lua);
    assert_int_equal(error->count, 2);
    assert_int_equal(error->first->row, 1);
    assert_int_equal(error->last->row, 3);
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
        cmocka_unit_test(text_expressions_and_statements_become_lua),
        cmocka_unit_test(a_line_of_statements_alone_is_left_out),
        cmocka_unit_test(lua_keeps_the_template_s_lines),
        cmocka_unit_test(each_place_has_its_escaping),
        cmocka_unit_test(where_no_escaping_is_safe_it_is_refused),
        cmocka_unit_test(all_problems_are_told_with_their_lines),
    };
    return cmocka_run_group_tests(tests, open_memory, close_memory);
}
