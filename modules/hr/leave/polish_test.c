/* Annual leave by the Polish Labour Code: figures worked by hand from its articles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "leave/polish.h"

static kt_date day(int y, int m, int d)
{
    return kt_date_make(y, m, d);
}

static void check_on(const struct polish_case *c, kt_date on, int year, int64_t hundredths)
{
    kt_dec days = polish_annual_days(c, year, on);
    assert_int_equal(days.scale1, 3);
    assert_int_equal(days.coef, hundredths);
}

static void check(const struct polish_case *c, int year, int64_t hundredths)
{
    check_on(c, day(year, 12, 31), year, hundredths);
}

static void twenty_or_twenty_six_days(void **state)
{
    (void)state;
    struct polish_case c = {.hired = day(2020, 3, 1), .seniority_from = day(2016, 11, 25)};
    check(&c, 2025, 2000);
    check(&c, 2026, 2600); /* ten years are over with 24 November 2026 */
    check_on(&c, day(2026, 11, 23), 2026, 2000);
    check_on(&c, day(2026, 11, 24), 2026, 2600);
    c.left = day(2026, 11, 23);
    check(&c, 2026, 1900); /* gone the day before: 20 x 11/12 = 18.33 */
    c.left = day(2026, 11, 24);
    check(&c, 2026, 2400); /* 26 x 11/12 = 23.83 */
    c = (struct polish_case){.hired = day(2020, 3, 1), .seniority_from = day(2016, 1, 1)};
    check(&c, 2024, 2000);
    check(&c, 2025, 2600); /* ten years are over with the year itself */
    check_on(&c, day(2025, 12, 30), 2025, 2000);
}

static void months_begun_count(void **state)
{
    (void)state;
    struct polish_case c = {.hired = day(2026, 5, 18)};
    check(&c, 2026, 1400); /* 8 months: 20 x 8/12 = 13.33 */
    check(&c, 2027, 2000);
    check(&c, 2025, 0);
    c.counted_elsewhere = true;
    check(&c, 2026, 1200); /* May is the former employer's: 20 x 7/12 = 11.67 */
    check(&c, 2027, 2000);
    c.left = day(2026, 5, 31);
    check(&c, 2026, 0);
    c = (struct polish_case){
        .hired = day(2019, 1, 1), .seniority_from = day(2005, 1, 1), .left = day(2026, 2, 1)};
    check(&c, 2026, 500); /* 26 x 2/12 = 4.33 */
    check(&c, 2027, 0);
    c = (struct polish_case){.hired = day(2024, 1, 1), .seniority_from = day(2014, 2, 28)};
    check(&c, 2024, 2600);
}

static void part_time_counts_up_to_whole_days(void **state)
{
    (void)state;
    struct polish_case c = {.hired = day(2020, 1, 1), .share = KT_DEC(5000, 2)};
    check(&c, 2026, 1000);
    c.share = KT_DEC(3333, 2);
    check(&c, 2026, 700); /* 6.67 */
    c.share = KT_DEC(6667, 2);
    c.left = day(2026, 9, 30);
    check(&c, 2026, 1100); /* 13.33 are 14; 14 x 9/12 = 10.5 */
    c.left = (kt_date){0};
    c.share = KT_DEC(75, 0);
    c.seniority_from = day(2000, 1, 1);
    check(&c, 2026, 2000); /* 19.5 */
    c.hired = day(2026, 7, 2);
    check(&c, 2026, 1000); /* 20 x 6/12 */
    c.share = KT_DEC(25, 0);
    c.hired = day(2026, 2, 1);
    check(&c, 2026, 700); /* 6.5 are 7; 7 x 11/12 = 6.42 */
}

static void check_first(const struct polish_case *c, int months, int64_t ten_thousandths)
{
    kt_dec days = polish_first_job_days(c, months);
    assert_int_equal(days.scale1, 5);
    assert_int_equal(days.coef, ten_thousandths);
}

static void the_first_job_grows_month_by_month(void **state)
{
    (void)state;
    struct polish_case c = {.hired = day(2026, 5, 18)};
    check_first(&c, 0, 0);
    check_first(&c, 1, 16667); /* 20/12 */
    check_first(&c, 7, 116667);
    check_first(&c, 12, 200000);
    c.share = KT_DEC(3333, 2);
    check_first(&c, 6, 35000); /* a year's would be 6.67, so 7: 7 x 6/12 */
    const struct polish_share shares[] = {
        {day(2026, 5, 18), KT_DEC(50, 0)}, {day(2026, 7, 1), KT_DEC(100, 0)}};
    c = (struct polish_case){.hired = day(2026, 5, 18), .shares = shares, .share_count = 2};
    check_first(&c, 2, 25000); /* until 17 June at a half, 10/12, until 17 July at full time, 20/12 */
}

static void a_month_of_work_ends_before_the_day_on_which_it_began(void **state)
{
    (void)state;
    static const struct {
        int from[3], months, after[3];
    } cases[] = {
        {{2026, 5, 18}, 1, {2026, 6, 18}},
        {{2026, 5, 18}, 8, {2027, 1, 18}},
        {{2026, 1, 31}, 1, {2026, 3, 1}},
        {{2026, 1, 31}, 2, {2026, 3, 31}},
        {{2028, 1, 29}, 1, {2028, 2, 29}},
        {{2027, 1, 29}, 1, {2027, 3, 1}},
        {{2026, 12, 31}, 2, {2027, 3, 1}},
        {{2026, 1, 1}, 12, {2027, 1, 1}},
        {{2016, 2, 29}, 120, {2026, 3, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int *f = cases[i].from, *a = cases[i].after;
        assert_int_equal(
            polish_months_after(day(f[0], f[1], f[2]), cases[i].months).day, day(a[0], a[1], a[2]).day);
    }
}

static void leap_days_and_dates_of_expiry(void **state)
{
    (void)state;
    struct polish_case c = {.hired = day(2016, 2, 29)};
    check(&c, 2025, 2000);
    check(&c, 2026, 2600);
    assert_int_equal(polish_long_from(&c).day, day(2026, 2, 28).day);
    assert_int_equal(polish_overdue_from(2026).day, day(2027, 10, 1).day);
    assert_int_equal(polish_expires(2026).day, day(2030, 9, 30).day);
}

static void a_change_of_working_time_counts_month_by_month(void **state)
{
    (void)state;
    const struct polish_share shares[] = {{day(2020, 1, 1), KT_DEC(50, 0)}, {day(2026, 7, 1), KT_DEC(100, 0)},
        {day(2027, 3, 15), KT_DEC(75, 0)}, {day(2028, 3, 15), KT_DEC(100, 0)}};
    struct polish_case c = {
        .hired = day(2020, 1, 1), .seniority_from = day(2000, 1, 1), .shares = shares, .share_count = 4};
    check(&c, 2025, 1300); /* half of 26, all the year */
    check(&c, 2026, 2000); /* six months at a half, 6.5, and six at full time, 13 */
    check(&c, 2027, 2200); /* March at full time: three such months, 6.5; nine of 20 days, 15 */
    check(&c, 2028, 2600); /* two months of 20 days, 3.33, and ten at full time, 21.67: 26 at most */
    c.left = day(2026, 9, 30);
    check(&c, 2026, 1400); /* 6.5 and 26 x 3/12 = 6.5 */
    c.left = (kt_date){0};
    c.share_count = 1;
    check(&c, 2026, 1300);
}

static void months_of_unpaid_leave_give_none(void **state)
{
    (void)state;
    struct polish_case c = {.hired = day(2020, 1, 1), .away = {[2] = true, [3] = true}};
    check(&c, 2026, 1700); /* ten months: 20 x 10/12 = 16.67 */
    c.share = KT_DEC(50, 0);
    check(&c, 2026, 900); /* 10 x 10/12 = 8.33 */
    c.left = day(2026, 6, 30);
    check(&c, 2026, 400); /* four of the six months begun: 3.33 */
    c = (struct polish_case){.hired = day(2020, 1, 1)};
    for (int m = 0; m < 12; m++)
        c.away[m] = true;
    check(&c, 2026, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twenty_or_twenty_six_days),
        cmocka_unit_test(months_begun_count),
        cmocka_unit_test(part_time_counts_up_to_whole_days),
        cmocka_unit_test(the_first_job_grows_month_by_month),
        cmocka_unit_test(a_month_of_work_ends_before_the_day_on_which_it_began),
        cmocka_unit_test(leap_days_and_dates_of_expiry),
        cmocka_unit_test(a_change_of_working_time_counts_month_by_month),
        cmocka_unit_test(months_of_unpaid_leave_give_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
