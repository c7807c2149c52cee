/* The company's clock: days and minutes there and back, also where clocks change. */
#include <kontor/value.h>

#include "model/house_test.h"

static void minutes_go_there_and_back(void **state)
{
    (void)state;
    house h = house_open();
    zone *warsaw = zone_open("Europe/Warsaw");
    assert_non_null(warsaw);
    h.tx->zone = warsaw;
    static const struct {
        int year, month, day, minute;
        int64_t utc_minute; /* of the same day, in UTC */
    } cases[] = {
        {2026, 1, 15, 8 * 60, 7 * 60},
        {2026, 7, 15, 8 * 60, 6 * 60},
        {2026, 7, 15, 0, -2 * 60},
        {2026, 7, 15, 24 * 60, 22 * 60},
        {2026, 3, 29, 1 * 60, 0},       /* before the clocks go on */
        {2026, 3, 29, 2 * 60 + 30, 90}, /* left out: an hour later */
        {2026, 3, 29, 3 * 60, 60},
        {2026, 10, 25, 2 * 60 + 30, 30}, /* twice: the first */
        {2026, 10, 25, 3 * 60, 120},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kt_date day = kt_date_make(cases[i].year, cases[i].month, cases[i].day);
        kt_time at = kt_instant(h.tx, day, cases[i].minute);
        assert_int_equal(at.ms, ((int64_t)(day.day - 719163) * 1440 + cases[i].utc_minute) * 60000);
        int minute;
        if (cases[i].minute == 24 * 60 || (cases[i].month == 3 && cases[i].minute == 150))
            continue;
        assert_int_equal(kt_local(h.tx, at, &minute).day, day.day);
        assert_int_equal(minute, cases[i].minute);
    }
    h.tx->zone = NULL;
    zone_close(warsaw);
    house_close(&h);
}

static void folding_is_that_of_search(void **state)
{
    (void)state;
    house h = house_open();
    assert_string_equal(kt_fold(h.tx, KT_STR("ŻÓŁW Łódź")).ptr, "zolw lodz");
    assert_null(kt_fold(h.tx, (kt_str){0}).ptr);
    house_close(&h);
}

static kt_error *forget_and_fail(kt_tx *tx, void *context)
{
    KT_TRY(kt_keep(tx, context, context));
    return kt_fail(tx, KT_RULE, NULL, "no", "nie");
}

static void what_is_kept_lasts_until_a_part_is_taken_back(void **state)
{
    (void)state;
    static const char key, other;
    int thing = 1;
    house h = house_open();
    assert_null(kt_kept(h.tx, &key));
    assert_null(kt_keep(h.tx, &key, &thing));
    assert_ptr_equal(kt_kept(h.tx, &key), &thing);
    assert_null(kt_kept(h.tx, &other));
    assert_null(kt_keep(h.tx, &key, NULL));
    assert_null(kt_kept(h.tx, &key));
    h.tx->writes = true;
    assert_non_null(kt_attempt(h.tx, forget_and_fail, &thing));
    assert_null(kt_kept(h.tx, &thing));
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_go_there_and_back),
        cmocka_unit_test(folding_is_that_of_search),
        cmocka_unit_test(what_is_kept_lasts_until_a_part_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
