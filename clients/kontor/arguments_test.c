/* arguments_test.c -- what people type, taken apart; tables in the width that terminals show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arguments.h"
#include "output.h"

static void arguments_come_apart_at_their_operator(void **unused)
{
    (void)unused;
    static const struct {
        const char *typed, *name, *op, *text;
    } cases[] = {{"name=Nowak", "name", "=", "Nowak"}, {"amount>=100", "amount", ">=", "100"},
        {"name~kow", "name", "ilike", "kow"}, {"note=a=b", "note", "=", "a=b"},
        {"party.name!=X", "party.name", "!=", "X"}, {"lines:=[1]", "lines", ":=", "[1]"},
        {"day:month=2026", "day:month", "=", "2026"}, {"empty=", "empty", "=", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        argument a;
        assert_true(argument_read(cases[i].typed, &a));
        assert_string_equal(a.name, cases[i].name);
        assert_string_equal(a.op, cases[i].op);
        assert_string_equal(a.text, cases[i].text);
    }
    argument a;
    assert_false(argument_read("nothing", &a));
    assert_false(argument_read("=x", &a));
}

static void values_follow_the_fields_type(void **unused)
{
    (void)unused;
    static const struct {
        const char *typed, *type, *json;
    } cases[] = {{"n=5", "int", "5"}, {"n=5", "money", "\"5\""}, {"n=00123", "string", "\"00123\""},
        {"n=yes", "bool", "true"}, {"n=0", "bool", "false"}, {"n=", "string", "null"},
        {"n:={\"a\":1}", NULL, "{\"a\":1}"}, {"n=12x", "ref", "\"12x\""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        argument a;
        assert_true(argument_read(cases[i].typed, &a));
        json_t *value = argument_value(&a, cases[i].type);
        char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        assert_string_equal(text, cases[i].json);
        free(text);
        json_decref(value);
    }
}

static void tables_line_up_in_polish(void **unused)
{
    (void)unused;
    json_t *rows = json_loads("[{\"id\":1,\"name\":\"Łódź\"},{\"id\":20,\"name\":\"Abc\"}]", 0, NULL);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    output_table(out, rows, NULL);
    fclose(out);
    assert_string_equal(text, "id  name\n--  ----\n1   Łódź\n20  Abc\n");
    free(text);
    json_decref(rows);
    assert_int_equal(output_width("zażółć"), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(arguments_come_apart_at_their_operator),
        cmocka_unit_test(values_follow_the_fields_type), cmocka_unit_test(tables_line_up_in_polish)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
