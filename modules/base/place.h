/* place.h -- places on the globe: cells of a grid, distances, areas. Pure. Degrees are measured, not counted:
 * here double is allowed. */
#pragma once
#include <kontor.h>

typedef struct {
    double latitude, longitude; /* degrees, WGS 84 */
} place;

/* false: one of them is not set, or there is no such place. */
bool place_of(kt_dec latitude, kt_dec longitude, place *out);
/* The cell of the finest grid, in which near places mostly have near numbers: bits of both coordinates in
 * turn (Morton's order). Above zero. */
int64_t place_cell(place at);
/* Along the globe, in metres: the haversine formula on a sphere of 6371.0088 km. */
double place_distance_m(place a, place b);

typedef struct {
    double south, west, north, east; /* west > east: across the 180th meridian */
} place_box;
/* The box around all places within so many metres. */
place_box place_around(place centre, double metres);
bool place_in_box(place at, const place_box *box);
/* Is the place inside a polygon of straight lines on the map? count corners, at least 3. */
bool place_in_polygon(place at, const place *corners, size_t count);
place_box place_box_of(const place *corners, size_t count);

enum { PLACE_RANGES_MAX = 40 };
typedef struct {
    int64_t from, until; /* both belong to it */
} place_range;
/* Ranges of cells that together cover the box, and little more; returns their number. */
size_t place_cover(const place_box *box, place_range out[PLACE_RANGES_MAX]);
