/* Cells cover what is near; distances are those of the globe. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "place.h"

static unsigned seed = 3;

static double random_between(double low, double high)
{
    seed = seed * 1664525u + 1013904223u;
    return low + (high - low) * ((double)(seed >> 8) / (double)(1u << 24));
}

static void distances_are_those_of_the_globe(void **state)
{
    (void)state;
    static const struct {
        place a, b;
        double metres;
    } cases[] = {
        {{53.013790, 18.598444}, {52.229676, 21.012229}, 184800}, /* Torun, Warsaw */
        {{0, 0}, {0, 180}, 20015115},
        {{90, 0}, {-90, 77}, 20015115},
        {{52, 21}, {52, 21}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(fabs(place_distance_m(cases[i].a, cases[i].b) - cases[i].metres) < 600);
}

static bool covered(int64_t cell, const place_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (cell >= ranges[i].from && cell <= ranges[i].until)
            return true;
    return false;
}

static void whatever_is_within_the_circle_is_covered(void **state)
{
    (void)state;
    place_range ranges[PLACE_RANGES_MAX];
    size_t within = 0;
    for (int round = 0; round < 2000; round++) {
        place centre = {random_between(-90, 90), random_between(-180, 180)};
        double metres = pow(10, random_between(1, 7));
        place_box box = place_around(centre, metres);
        size_t count = place_cover(&box, ranges);
        assert_true(count && count <= PLACE_RANGES_MAX);
        for (int i = 0; i < 50; i++) {
            double degrees = metres / 60000;
            place at = {fmax(-90, fmin(90, centre.latitude + random_between(-degrees, degrees))),
                remainder(centre.longitude + random_between(-2 * degrees, 2 * degrees), 360)};
            if (place_distance_m(centre, at) > metres)
                continue;
            within++;
            assert_true(place_in_box(at, &box) || fabs(at.latitude) > 89.9999);
            assert_true(covered(place_cell(at), ranges, count) || fabs(at.latitude) > 89.9999);
        }
    }
    assert_true(within > 10000);
}

static void a_polygon_holds_what_lies_in_it(void **state)
{
    (void)state;
    const place corner[] = {{50, 10}, {50, 20}, {55, 20}, {55, 15}, {52, 15}, {52, 10}}; /* an L */
    assert_true(place_in_polygon((place){51, 12}, corner, 6));
    assert_true(place_in_polygon((place){54, 18}, corner, 6));
    assert_false(place_in_polygon((place){54, 12}, corner, 6));
    assert_false(place_in_polygon((place){49, 12}, corner, 6));
    place_box box = place_box_of(corner, 6);
    assert_true(place_in_box((place){54, 12}, &box));
    assert_false(place_in_box((place){56, 12}, &box));
}

static void what_is_no_place_is_none(void **state)
{
    (void)state;
    place at;
    assert_false(place_of((kt_dec){0}, KT_DEC(1, 0), &at));
    assert_true(place_of(KT_DEC(-90, 0), KT_DEC(180, 0), &at));
    assert_true(place_cell(at) > 0);
    assert_true(place_of(KT_DEC(-90, 0), KT_DEC(-180, 0), &at));
    assert_int_equal(place_cell(at), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_the_globe),
        cmocka_unit_test(whatever_is_within_the_circle_is_covered),
        cmocka_unit_test(a_polygon_holds_what_lies_in_it),
        cmocka_unit_test(what_is_no_place_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
