/* lua_test.c -- modules that a Lua file declares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plugin/loader.h"

static const char good[] =
    "local f = kontor.field\n"
    "return kontor.module {name = 'visits', version = '1.0.0', label = {en = 'Visits', pl = 'Wizyty'}, needs "
    "= {'base'},\n"
    "  entities = {\n"
    "    {name = 'visit', label = {en = 'Visit', pl = 'Wizyta'}, title = 'subject', indexes = {'party day'}, "
    "fields = {\n"
    "      f.string {'subject', en = 'Subject', pl = 'Temat', required = true, max = 80, searchable = "
    "true},\n"
    "      f.money {'rate', en = 'Rate', pl = 'Stawka', scale = 2},\n"
    "      f.reference {'party', en = 'Customer', pl = 'Klient', target = 'base.party', required = true},\n"
    "      f.date {'day', en = 'Day', pl = 'Dzie\xc5\x84', initial = 'today', indexed = true},\n"
    "      f.state {'state', en = 'State', pl = 'Stan', 'planned', {'held', en = 'Held', pl = 'Odbyta', "
    "value = 2}, "
    "'cancelled'},\n"
    "      f.lines {'steps', en = 'Steps', pl = 'Kroki', fields = {f.text {'text', en = 'Text', pl = "
    "'Tekst'}}}},\n"
    "    actions = {{'hold', right = 'update', from = 'planned', to = 'held'},\n"
    "      {'cancel', right = 'update', from = {'planned', 'held'}, to = 'cancelled', en = 'Cancel', pl = "
    "'Anuluj'}}}},\n"
    "  roles = {{'visitor', en = 'Visitor', pl = 'Odwiedzaj\xc4\x85"
    "cy', grants = {'visits.visit:*@own'}}}}\n";

static kt_error *read_text(arena *arena, const char *text, loaded **made)
{
    return lua_module_read(arena, "/m/visits.lua", "visits", (kt_str){text, strlen(text)}, made);
}

static void a_file_becomes_the_tables_of_a_module(void **state)
{
    (void)state;
    arena *arena = arena_open((size_t)1 << 24);
    loaded *made = NULL;
    kt_error *e = read_text(arena, good, &made);
    if (e)
        fail_msg("%s", error_text(e));
    const kt_module *m = made->module;
    assert_string_equal(m->needs, "base");
    const kt_entity *visit = &m->entities[0];
    assert_null(m->entities[1].shape);
    assert_string_equal(visit->shape->name, "visits.visit");
    assert_string_equal(visit->indexes, "party day");
    const kt_field *f = visit->shape->fields;
    assert_int_equal(f[0].type, KT_STRING);
    assert_true(f[0].required && f[0].searchable && f[0].max == 80);
    assert_int_equal(f[1].scale, 2);
    assert_string_equal(f[2].target, "base.party");
    assert_string_equal(f[4].choices[1].label.pl, "Odbyta");
    assert_string_equal(f[4].choices[2].label.en, "Cancelled");
    assert_int_equal(f[4].choices[2].value, 3);
    assert_null(f[4].choices[3].name);
    assert_string_equal(f[5].lines->fields[0].name, "text");
    assert_int_equal(f[6].type, 0);
    assert_true(f[5].at + sizeof(kt_lines) <= visit->shape->size);
    assert_int_equal(visit->actions[1].from, KT_IN(1) | KT_IN(2));
    assert_int_equal(visit->actions[1].to, 3);
    assert_string_equal(m->roles[0].grants, "visits.visit:*@own");
    arena_close(made->arena);
    arena_close(arena);
}

static void a_row_that_extends_gives_fields_to_anothers_entity(void **state)
{
    (void)state;
    arena *arena = arena_open((size_t)1 << 24);
    loaded *made = NULL;
    kt_error *e = read_text(arena,
        "local f = kontor.field\n"
        "return kontor.module {name = 'visits', version = '1.0.0', label = {en = 'Visits', pl = 'Wizyty'}, "
        "needs = {'base'}, entities = {\n"
        "{extends = 'base.party', fields = {f.int {'visit_days', en = 'Days', pl = 'Dni', indexed = true,\n"
        "required_if = '[[\"is_customer\", \"=\", true]]'}}}}}",
        &made);
    if (e)
        fail_msg("%s", error_text(e));
    const kt_entity *row = made->module->entities;
    assert_string_equal(row->shape->name, "base.party");
    assert_string_equal(row->shape->fields[0].name, "visit_days");
    assert_string_equal(row->shape->fields[0].required_if, "[[\"is_customer\", \"=\", true]]");
    assert_null(row->label.en);
    arena_close(made->arena);
    arena_close(arena);
}

static void what_is_wrong_is_named_with_file_and_line(void **state)
{
    static const struct {
        const char *text, *expected;
        long row;
    } cases[] = {
        {"return 1", "returns no kontor.module {..}", 0},
        {"return {name = 'visits'}", "returns no kontor.module {..}", 0},
        {"\n\nlocal x = = 1", "unexpected symbol", 3},
        {"\nerror('stop')", "stop", 2},
        {"return kontor.module {name = 'visits', colour = 1}", "there is no option \"colour\"", 0},
        {"return kontor.module {name = 'other', version = '1', label = {en = 'a', pl = 'b'}}",
            "the module calls itself \"other\"", 0},
        {"return kontor.module {name = 'visits', entities = {\n{name = 'visit', fields = {\n"
         "kontor.field.money {'rate', en = 'R', pl = 'S', scal = 2}}}}}",
            "visits.visit.rate: there is no option \"scal\"", 3},
        {"return kontor.module {name = 'visits', entities = {\n{name = 'visit', fields = {\n"
         "kontor.field.money {'rate', en = 'R', scale = 'x'}}}}}",
            "\"scale\" must be a whole number", 3},
        {"return kontor.module {name = 'visits', entities = {{name = 'visit', fields = {}, actions = "
         "{{'bill', run = "
         "function() end}}}}}",
            "\"run\" is code, and this file only declares", 0},
        {"return kontor.module {name = 'visits', entities = {{extends = 'base.party', title = 'x', fields = "
         "{kontor.field.int {'x', en = 'X', pl = 'X'}}}}}",
            "base.party: there is no option \"title\"", 1},
        {"return kontor.module {name = 'visits', entities = {{extends = 'party', fields = "
         "{kontor.field.int {'x', en = 'X', pl = 'X'}}}}}",
            "\"extends\" names another module's entity", 1},
        {"return kontor.module {name = 'visits', on = {}}", "\"on\" is code, and this file only declares", 0},
        {"while true do end", "more than 10000000 instructions", 1},
        {"local t = {} for i = 1, 1e9 do t[i] = 'x' .. i end", "not enough memory", 0},
        {"return io.open('/etc/passwd')", "global 'io'", 1},
        {"return os.exit()", "global 'os'", 1},
        {"return load('x')", "global 'load'", 1},
        {"return ('x'):rep(10)", "method 'rep'", 1},
        {"\x1bLua", "attempt to load a binary chunk", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        arena *arena = arena_open((size_t)1 << 24);
        loaded *made = NULL;
        kt_error *e = read_text(arena, cases[i].text, &made);
        assert_non_null(e);
        bool found = false;
        for (const problem *p = e->first; p && !found; p = p->next) {
            found = strstr(p->text.en, cases[i].expected) != NULL;
            if (found && cases[i].row)
                assert_int_equal(p->row, cases[i].row);
            assert_non_null(p->path);
        }
        if (!found)
            fail_msg("case %zu: \"%s\" is not in: %s", i, cases[i].expected, error_text(e));
        arena_close(arena);
    }
}

static void all_problems_of_a_file_come_at_once(void **state)
{
    (void)state;
    arena *arena = arena_open((size_t)1 << 24);
    loaded *made = NULL;
    kt_error *e = read_text(arena,
        "local f = kontor.field\nreturn kontor.module {name = 'visits', version = '1', label = {en = 'a', pl "
        "= 'b'}, entities = {\n"
        "{name = 'a', fields = {f.string {'x', en = 'X'}, f.int {}, {'y', en = 'Y', pl = 'Y'}},\n"
        "actions = {{'go', right = 'update', to = 'nowhere'}}}}}",
        &made);
    assert_non_null(e);
    assert_true(e->count >= 4);
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_file_becomes_the_tables_of_a_module),
        cmocka_unit_test(a_row_that_extends_gives_fields_to_anothers_entity),
        cmocka_unit_test(what_is_wrong_is_named_with_file_and_line),
        cmocka_unit_test(all_problems_of_a_file_come_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
