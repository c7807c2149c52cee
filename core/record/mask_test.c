/* mask_test.c -- what is left of a text that is masked: enough to tell one from another, never more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/model.h"

static const struct {
    const char *whole, *masked;
} texts[] = {
    {"+48 600 123 412", "+48 *** *** *12"},
    {"+48600123412", "+48*******12"},
    {"600-123-412", "***-***-*12"},
    {"48600123412", "*********12"},
    {"anna.nowak@rower.pl", "a***@***.pl"},
    {"łucja@sklep.com.pl", "ł***@***.pl"},
    {"root@localhost", "r***@***"},
    {"PL61109010140000071219812874", "PL************************74"},
    {"5260250995", "********95"},
    {"PL 526-025-09-95", "PL ***-***-**-95"},
    {"12345", "*****"},
    {"zażółć", "******"},
    {"@", "@"},
    {"", ""},
};

static void only_the_ends_are_left(void **state)
{
    arena *arena = arena_open(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kt_str once = model_mask(arena, (kt_str){texts[i].whole, strlen(texts[i].whole)});
        assert_string_equal(once.ptr, texts[i].masked);
        assert_string_equal(model_mask(arena, once).ptr, texts[i].masked); /* again: the same */
    }
    arena_close(arena);
}

static const struct {
    const char *whole, *masked;
} written[] = {
    {"Call 600 123 412 or +48 22 123 45 67, please", "Call *** *** *12 or +48 ** *** ** 67, please"},
    {"(22) 123-45-67.", "(**) ***-**-67."},
    {"mail: anna.nowak@rower.pl; root@localhost", "mail: a***@***.pl; root@localhost"},
    {"both 600123412 601234567", "both ********* *******67"},
    {"tel.600123412 a1@b.pl.", "tel.*******12 a***@***.pl."},
    {"+1 2025550", "+1 2****50"},
    {"on 2026-11-26 10:30, 26.11.2026 at 12.30, order 2026/00042", NULL},
    {"26.11.2026 600123412", "26.11.2026 *******12"},
    {"600 123 26.11.2026", NULL},
    {"00-950 Warszawa, 12 345 678 zł, @home, a@b", NULL},
    {"1 2 3 4 5 6 7 8", NULL},
    {"@@@..@.", NULL},
    {"", NULL},
    {"NIP 526-025-09-95, REGON: 123456785, PESEL 44051401359; KRS 0000012345", NULL},
    {"NIP nr: 526 025 09 95 i tel. 600 123 412", "NIP nr: 526 025 09 95 i tel. *** *** *12"},
    {"PL5260250995, IBAN PL61 1090 1014 0000 0712 1981 2874", NULL},
    {"nr konta 61 1090 1014 0000 0712 1981 2874", NULL},
    {"zamówienie nr 600123412, order #600123412, order no. 600123412, numer seryjny: 123456789012", NULL},
    {"Zamówienia: 600 123 412, nr 600123412", "Zamówienia: *** *** *12, nr *******12"},
    {"kontakt 600123412, account 600123412, Anna600123412",
        "kontakt *******12, account *******12, Anna*******12"},
    {"123 456 789 zł, 12 345 678.90, 123 456 789,50; 100000000.00, PLN 123 456 789, 123456789 szt.", NULL},
    {"600 123 412,22 123 45 67", "*** *** *12,** *** ** 67"},
    {"ZAM600123412 TEL600123412 SO/2026/000000042", "ZAM600123412 TEL*******12 SO/2026/000000042"},
    {"550e8400-e29b-41d4-a716-446655440000 5265877635-20250826-0100001AF629-AF", NULL},
    {"Jan-600123412, 600123412/601234567", "Jan-*******12, *******12/*******67"},
    {"NIP\xC2\xA0"
     "5260250995, 600\xC2\xA0"
     "123\xC2\xA0"
     "412",
        "NIP\xC2\xA0"
        "5260250995, *********12"},
};

static void only_what_looks_like_a_contact_is_masked(void **state)
{
    arena *arena = arena_open(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        const char *wanted = written[i].masked ? written[i].masked : written[i].whole;
        kt_str once = model_mask_within(arena, (kt_str){written[i].whole, strlen(written[i].whole)});
        assert_string_equal(once.ptr, wanted);
        assert_string_equal(model_mask_within(arena, once).ptr, wanted);
    }
    arena_close(arena);
}

/* Of JSON strings and whole numbers are looked at, and what comes out is JSON still. */
static void strings_and_numbers_of_json_are_masked(void **state)
{
    static const char *const texts[][2] = {
        {"{\"phone\":\"600123412\",\"n\":600123412}", "{\"phone\":\"*******12\",\"n\":\"*******12\"}"},
        {"[\"<b>\", 600123412]", "[\"<b>\", \"*******12\"]"},
        {"[600123412, 48600123412,7,[601234567]]", "[\"*******12\", \"*********12\",7,[\"*******67\"]]"},
        {"123456789012", "\"**********12\""},
        {"{\"nip\":5260250995,\"created_at\":1767225600123,\"amount\": 100000000,\"order\":600123412,"
         "\"user_id\":600123412}",
            NULL},
        {"[[\"amount\",\">=\",100000000],[\"n\",\"<\", 900000000]]", NULL},
        {"[600123412.5,-600123412,600123412e2,12345678,1234567890123456]", NULL},
        {"[\"a\\n600123412\",\"\\u0037600123412\",\"\\\"600123412\\\"\"]",
            "[\"a\\n*******12\",\"\\u0037*******12\",\"\\\"*******12\\\"\"]"},
        {"{\"anna@rower.pl\":[\"x\",\"+48 600 123 412\"]}", "{\"a***@***.pl\":[\"x\",\"+48 *** *** *12\"]}"},
        {"[[\"amount\",\">\",\"100000000.00\"],[\"day\",\"=\",\"2026-11-26\"],{\"nip\":\"5260250995\"}]",
            NULL},
        {"\"\"", NULL},
        {"\"a\\", NULL},
    };
    arena *arena = arena_open(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        kt_str masked = model_mask_json(arena, (kt_str){texts[i][0], strlen(texts[i][0])});
        const char *wanted = texts[i][1] ? texts[i][1] : texts[i][0];
        assert_string_equal(masked.ptr, wanted);
        assert_string_equal(model_mask_json(arena, masked).ptr, wanted);
    }
    arena_close(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_the_ends_are_left),
        cmocka_unit_test(only_what_looks_like_a_contact_is_masked),
        cmocka_unit_test(strings_and_numbers_of_json_are_masked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
