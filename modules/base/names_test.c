/* Names that mean the same meet under a key and are alike; others are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "names.h"

static bool meet(const char *a, const char *b)
{
    char first[NAME_KEYS][NAME_KEY_MAX], second[NAME_KEYS][NAME_KEY_MAX];
    size_t n = name_keys(a, first), m = name_keys(b, second);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m; k++)
            if (strcmp(first[i], second[k]) == 0)
                return true;
    return false;
}

static void legal_forms_and_order_do_not_count(void **state)
{
    (void)state;
    static const struct {
        const char *name, *normal;
    } cases[] = {
        {"rowery nowak sp. z o.o.", "nowak rowery"},
        {"nowak rowery spolka z ograniczona odpowiedzialnoscia", "nowak rowery"},
        {"\"nowak-rowery\" s.a.", "nowak rowery"},
        {"p.h.u. nowak", "nowak"},
        {"s.a.", "a s"},
        {"acme gmbh & co. kg", "acme"},
        {"o'neill ltd", "o'neill"},
        {"3m polska sp. z o. o.", "3m polska"},
    };
    char out[NAME_FORM_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(name_normal((kt_str){cases[i].name, strlen(cases[i].name)}, out));
        assert_string_equal(out, cases[i].normal);
    }
    assert_false(name_normal(KT_STR(" -- "), out));
    assert_false(name_normal((kt_str){0}, out));
}

static void what_sounds_alike_meets(void **state)
{
    (void)state;
    static const char *const alike[][2] = {
        {"jan kowalski", "jan kowalsky"},
        {"nowak rowery", "novak rowery"},
        {"nowak rowery torun", "nowak rowery"},
        {"sport szlak", "sprot szlak"},
        {"jan kowalski", "jan komalski"},
        {"rowerowo", "rowerovo"},
        {"hurtownia lodz", "churtownia lodz"},
    };
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        assert_true(meet(alike[i][0], alike[i][1]));
        assert_true(name_likeness(alike[i][0], alike[i][1]) >= 50);
    }
}

static void what_differs_does_not(void **state)
{
    (void)state;
    assert_false(meet("jan kowalski", "piotr wisniewski"));
    assert_true(name_likeness("jan kowalski", "piotr wisniewski") < 30);
    assert_true(name_likeness("nowak rowery", "rowery zielinski") < 60);
    assert_int_equal(name_likeness("a", ""), 0);
}

/* Whatever the bytes: forms keep their bounds, likeness is symmetric and whole of oneself. */
static void any_text_is_taken(void **state)
{
    (void)state;
    unsigned seed = 7;
    char text[2][400], normal[2][NAME_FORM_MAX], keys[NAME_KEYS][NAME_KEY_MAX];
    for (int round = 0; round < 3000; round++) {
        bool is_name[2];
        for (int t = 0; t < 2; t++) {
            seed = seed * 1664525u + 1013904223u;
            size_t length = (seed >> 8) % 399;
            for (size_t i = 0; i < length; i++) {
                seed = seed * 1664525u + 1013904223u;
                unsigned kind = (seed >> 20) % 8;
                text[t][i] = (char)(kind == 0   ? ' '
                                    : kind == 1 ? (seed >> 8) % 255 + 1
                                                : 'a' + (seed >> 9) % 6);
            }
            text[t][length] = '\0';
            is_name[t] = name_normal((kt_str){text[t], length}, normal[t]);
            if (is_name[t])
                assert_true(name_keys(normal[t], keys) <= NAME_KEYS);
        }
        if (!is_name[0] || !is_name[1])
            continue;
        assert_int_equal(name_likeness(normal[0], normal[0]), 100);
        assert_int_equal(name_likeness(normal[0], normal[1]), name_likeness(normal[1], normal[0]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legal_forms_and_order_do_not_count),
        cmocka_unit_test(what_sounds_alike_meets),
        cmocka_unit_test(what_differs_does_not),
        cmocka_unit_test(any_text_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
