#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kit/calendar.h"
#include "kit/clock.h"
#include "kit/str.h"

static void every_day_of_ten_thousand_years(void **state)
{
    (void)state;
    int year = 1, month = 1, day = 1;
    for (int32_t n = 1; n <= 3652059; n++) {
        int y, m, d;
        kt_date_parts((kt_date){n}, &y, &m, &d);
        if (y != year || m != month || d != day || kt_date_make(y, m, d).day != n)
            fail_msg("day %d is %d-%d-%d, expected %d-%d-%d", n, y, m, d, year, month, day);
        if (kt_date_make(year, month, ++day).day == 0) {
            day = 1;
            month++;
        }
        if (month > 12) {
            month = 1;
            year++;
        }
    }
    assert_int_equal(year, 10000);
}

static void impossible_days_are_refused(void **state)
{
    (void)state;
    assert_int_equal(kt_date_make(2023, 2, 29).day, 0);
    assert_int_not_equal(kt_date_make(2024, 2, 29).day, 0);
    assert_int_equal(kt_date_make(1900, 2, 29).day, 0);
    assert_int_not_equal(kt_date_make(2000, 2, 29).day, 0);
    assert_int_equal(kt_date_make(0, 1, 1).day, 0);
    assert_int_equal(kt_date_make(10000, 1, 1).day, 0);
    assert_int_equal(kt_date_add(kt_date_make(9999, 12, 31), 1).day, 0);
    assert_int_equal(kt_date_add(kt_date_make(1, 1, 1), -1).day, 0);
    assert_int_equal(kt_date_add((kt_date){0}, 5).day, 0);
    assert_int_equal(kt_date_add(kt_date_make(2026, 1, 1), INT32_MAX).day, 0);
}

static void text_of_days(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "2026-02-30", "2026-1-1", "26-01-01", "2026/01/01", "2026-01-01 ",
        " 2026-01-01", "2026-01-01T", "0000-01-01"};
    kt_date date;
    char out[DATE_TEXT_MAX];
    assert_true(date_parse(KT_STR("2026-11-23"), &date));
    assert_int_equal(date_weekday(date), 1);
    assert_int_equal(date_text(date, out), 10);
    assert_string_equal(out, "2026-11-23");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (date_parse(str_of(wrong[i]), &date))
            fail_msg("%s", wrong[i]);
}

static void text_of_instants(void **state)
{
    (void)state;
    static const struct {
        const char *text, *again;
    } table[] = {
        {"2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000Z"},
        {"2026-11-23T10:00:00.5Z", "2026-11-23T10:00:00.500Z"},
        {"2026-11-23T00:30:00.123+01:00", "2026-11-22T23:30:00.123Z"},
        {"2026-11-23T23:30-05:30", "2026-11-24T05:00:00.000Z"},
        {"2026-11-23", "2026-11-23T00:00:00.000Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
        {"1970-01-01T00:00:00Z", NULL},
        {"0001-01-01T00:00:00+01:00", NULL},
        {"9999-12-31T23:59:59-01:00", NULL},
        {"2026-11-23T24:00:00Z", NULL},
        {"2026-11-23T10:60:00Z", NULL},
        {"2026-11-23T10:00:60Z", NULL},
        {"2026-11-23T10:00:00", NULL},
        {"2026-11-23T10:00:00.Z", NULL},
        {"2026-11-23T10:00:00.123999Z", "2026-11-23T10:00:00.123Z"},
        {"2026-11-23T10:00:00.123456789+01:00", "2026-11-23T09:00:00.123Z"},
        {"2026-11-23T10:00:00.1234567890Z", NULL},
        {"2026-11-23T10:00:00.Z", NULL},
        {"2026-11-23T10:00:00+0100", NULL},
        {"2026-11-23T10:00:00ZZ", NULL},
        {"2026-11-23 10:00:00Z", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        kt_time time = {0};
        char out[TIME_TEXT_MAX];
        if (time_parse(str_of(table[i].text), &time) != (table[i].again != NULL))
            fail_msg("%s", table[i].text);
        if (table[i].again) {
            assert_int_equal(time_text(time, out), 24);
            assert_string_equal(out, table[i].again);
        }
    }
}

static void periods_begin(void **state)
{
    (void)state;
    kt_date day = kt_date_make(2026, 11, 22); /* a Sunday */
    assert_int_equal(date_floor(day, PERIOD_DAY).day, day.day);
    assert_int_equal(date_floor(day, PERIOD_WEEK).day, kt_date_make(2026, 11, 16).day);
    assert_int_equal(date_floor(day, PERIOD_MONTH).day, kt_date_make(2026, 11, 1).day);
    assert_int_equal(date_floor(day, PERIOD_QUARTER).day, kt_date_make(2026, 10, 1).day);
    assert_int_equal(date_floor(day, PERIOD_YEAR).day, kt_date_make(2026, 1, 1).day);
    assert_int_equal(date_floor((kt_date){0}, PERIOD_YEAR).day, 0);
}

static void zones_that_do_not_exist(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "Europe", "Europe/Warsaw\n", "zone.tab"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_null(zone_open(wrong[i]));
    assert_null(zone_open(NULL));
}

static kt_time at(const char *text)
{
    kt_time time;
    assert_true(time_parse(str_of(text), &time));
    return time;
}

static void warsaw_in_summer_and_winter_also_far_ahead(void **state)
{
    (void)state;
    zone *z = zone_open("Europe/Warsaw");
    assert_non_null(z);
    assert_int_equal(zone_offset_s(z, at("2026-07-01T00:00:00Z")), 7200);
    assert_int_equal(zone_offset_s(z, at("2026-03-29T00:59:59.999Z")), 3600);
    assert_int_equal(zone_offset_s(z, at("2026-03-29T01:00:00Z")), 7200);
    assert_int_equal(zone_offset_s(z, at("2026-10-25T00:59:59Z")), 7200);
    assert_int_equal(zone_offset_s(z, at("2026-10-25T01:00:00Z")), 3600);
    assert_int_equal(zone_offset_s(z, at("2093-07-01T00:00:00Z")), 7200); /* by the footer's rule */
    assert_int_equal(zone_offset_s(z, at("2093-12-01T00:00:00Z")), 3600);
    assert_int_equal(zone_date(z, at("2026-11-22T23:30:00Z")).day, kt_date_make(2026, 11, 23).day);
    assert_int_equal(zone_date(NULL, at("2026-11-22T23:30:00Z")).day, kt_date_make(2026, 11, 22).day);
    char out[TIME_TEXT_MAX];
    time_text(zone_midnight(z, kt_date_make(2026, 7, 1)), out);
    assert_string_equal(out, "2026-06-30T22:00:00.000Z");
    zone_close(z);
}

static void a_day_without_midnight_begins_later(void **state)
{
    (void)state;
    char out[TIME_TEXT_MAX];
    zone *z = zone_open("America/Sao_Paulo"); /* clocks went from 00:00 to 01:00 */
    assert_non_null(z);
    time_text(zone_midnight(z, kt_date_make(2018, 11, 4)), out);
    assert_string_equal(out, "2018-11-04T03:00:00.000Z");
    zone_close(z);
    z = zone_open("Pacific/Apia"); /* had no 30 December 2011 */
    assert_non_null(z);
    assert_true(
        zone_midnight(z, kt_date_make(2011, 12, 30)).ms == zone_midnight(z, kt_date_make(2011, 12, 31)).ms);
    zone_close(z);
}

/* The C library reads the same files by code of its own. */
static void random_instants_agree_with_the_c_library(void **state)
{
    (void)state;
    static const char *const names[] = {"Europe/Warsaw", "America/New_York", "Australia/Lord_Howe",
        "Asia/Kathmandu", "Africa/Casablanca", "America/St_Johns", "Pacific/Chatham", "Europe/Dublin",
        "Asia/Tehran", "UTC", "America/Nuuk", "Antarctica/Troll"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        zone *z = zone_open(names[i]);
        assert_non_null(z);
        setenv("TZ", names[i], 1);
        tzset();
        for (int k = 0; k < 20000; k++) {
            time_t seconds = (time_t)random_below(UINT64_C(7000000000)) - 2000000000; /* 1906 to 2128 */
            struct tm local;
            localtime_r(&seconds, &local);
            kt_time time = {(int64_t)seconds * 1000};
            if (zone_offset_s(z, time) != local.tm_gmtoff)
                fail_msg("%s at %lld: %d, the C library says %ld", names[i], (long long)seconds,
                    zone_offset_s(z, time), local.tm_gmtoff);
            kt_date day = zone_date(z, time);
            assert_int_equal(
                day.day, kt_date_make(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday).day);
            assert_true(zone_midnight(z, day).ms <= time.ms);
            /* Newfoundland's clocks went back at one minute past midnight: then the old day came once more */
            kt_time next = zone_midnight(z, kt_date_add(day, 1));
            assert_true(next.ms > time.ms || zone_offset_s(z, time) < zone_offset_s(z, next));
        }
        zone_close(z);
    }
}

int main(void)
{
    uint64_t seed = random_below(UINT64_MAX) | 1;
    printf("seed %llu\n", (unsigned long long)seed);
    random_seed(seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_ten_thousand_years),
        cmocka_unit_test(impossible_days_are_refused),
        cmocka_unit_test(text_of_days),
        cmocka_unit_test(text_of_instants),
        cmocka_unit_test(periods_begin),
        cmocka_unit_test(zones_that_do_not_exist),
        cmocka_unit_test(warsaw_in_summer_and_winter_also_far_ahead),
        cmocka_unit_test(a_day_without_midnight_begins_later),
        cmocka_unit_test(random_instants_agree_with_the_c_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
