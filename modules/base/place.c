/* Places on the globe.
 * source: G. M. Morton, A computer oriented geodetic data base (1966); R. W. Sinnott, Virtues of the
 * haversine (1984); mean radius of the Earth: IUGG */
#include "place.h"

#include <math.h>
#include <stdlib.h>

#define RADIUS_M 6371008.8
#define RADIANS  (3.14159265358979323846 / 180)
enum { BITS = 26 }; /* of each coordinate: cells of about 0.3 m by 0.6 m at the equator */

bool place_of(kt_dec latitude, kt_dec longitude, place *out)
{
    enum { DIGITS = 6 };
    if (!latitude.scale1 || !longitude.scale1)
        return false;
    kt_dec lat = kt_dec_round(latitude, DIGITS), lon = kt_dec_round(longitude, DIGITS);
    out->latitude = (double)lat.coef / 1e6;
    out->longitude = (double)lon.coef / 1e6;
    return out->latitude >= -90 && out->latitude <= 90 && out->longitude >= -180 && out->longitude <= 180;
}

/* A coordinate as a number of BITS bits. */
static uint32_t grid(double degrees, double span)
{
    double at = (degrees + span / 2) / span * (double)(1u << BITS);
    return at < 0 ? 0 : at >= (double)(1u << BITS) ? (1u << BITS) - 1 : (uint32_t)at;
}

static uint64_t spread(uint32_t x)
{
    uint64_t bits = 0;
    for (int i = 0; i < BITS; i++)
        bits |= (uint64_t)(x >> i & 1) << (2 * i);
    return bits;
}

static int64_t cell(uint32_t row, uint32_t column)
{
    return (int64_t)(spread(row) << 1 | spread(column)) + 1; /* 0 would be "not set" */
}

int64_t place_cell(place at)
{
    return cell(grid(at.latitude, 180), grid(at.longitude, 360));
}

double place_distance_m(place a, place b)
{
    double lat = sin((b.latitude - a.latitude) * RADIANS / 2);
    double lon = sin((b.longitude - a.longitude) * RADIANS / 2);
    double h = lat * lat + cos(a.latitude * RADIANS) * cos(b.latitude * RADIANS) * lon * lon;
    return 2 * RADIUS_M * asin(h > 1 ? 1 : sqrt(h));
}

place_box place_around(place centre, double metres)
{
    double up = metres / RADIUS_M / RADIANS;
    double widest = fabs(centre.latitude) + up;
    place_box box = {fmax(centre.latitude - up, -90), -180, fmin(centre.latitude + up, 90), 180};
    if (widest >= 90)
        return box; /* a pole is inside */
    double aside = asin(fmin(1, sin(metres / RADIUS_M) / cos(centre.latitude * RADIANS))) / RADIANS;
    if (aside >= 180)
        return box;
    box.west = centre.longitude - aside;
    box.east = centre.longitude + aside;
    if (box.west < -180)
        box.west += 360;
    if (box.east > 180)
        box.east -= 360;
    return box;
}

bool place_in_box(place at, const place_box *box)
{
    bool beside = box->west <= box->east ? at.longitude >= box->west && at.longitude <= box->east
                                         : at.longitude >= box->west || at.longitude <= box->east;
    return at.latitude >= box->south && at.latitude <= box->north && beside;
}

bool place_in_polygon(place at, const place *corners, size_t count)
{
    bool inside = false;
    for (size_t i = 0, k = count - 1; i < count; k = i++) {
        const place *a = &corners[i], *b = &corners[k];
        if ((a->latitude > at.latitude) != (b->latitude > at.latitude) &&
            at.longitude <
                (b->longitude - a->longitude) * (at.latitude - a->latitude) / (b->latitude - a->latitude) +
                    a->longitude)
            inside = !inside;
    }
    return inside;
}

place_box place_box_of(const place *corners, size_t count)
{
    place_box box = {90, 180, -90, -180};
    for (size_t i = 0; i < count; i++) {
        box.south = fmin(box.south, corners[i].latitude);
        box.north = fmax(box.north, corners[i].latitude);
        box.west = fmin(box.west, corners[i].longitude);
        box.east = fmax(box.east, corners[i].longitude);
    }
    return box;
}

static int by_from(const void *left, const void *right)
{
    const place_range *a = left, *b = right;
    return (a->from > b->from) - (a->from < b->from);
}

/* Cells of a coarser grid, each a range of fine ones: at most four rows by four columns. */
static size_t cover(const place_box *box, place_range *out)
{
    uint32_t south = grid(box->south, 180), north = grid(box->north, 180);
    uint32_t west = grid(box->west, 360), east = grid(box->east, 360);
    int shift = 0;
    size_t count = 0, kept = 0;
    while ((north >> shift) - (south >> shift) > 3 || (east >> shift) - (west >> shift) > 3)
        shift++;
    for (uint32_t row = south >> shift; row <= north >> shift; row++)
        for (uint32_t column = west >> shift; column <= east >> shift; column++) {
            int64_t from = cell(row << shift, column << shift);
            out[count++] = (place_range){from, from + (((int64_t)1 << (2 * shift)) - 1)};
        }
    qsort(out, count, sizeof *out, by_from);
    for (size_t i = 0; i < count; i++) {
        if (kept && out[kept - 1].until + 1 == out[i].from)
            out[kept - 1].until = out[i].until;
        else
            out[kept++] = out[i];
    }
    return kept;
}

size_t place_cover(const place_box *box, place_range out[PLACE_RANGES_MAX])
{
    if (box->west <= box->east)
        return cover(box, out);
    const place_box west = {box->south, box->west, box->north, 180};
    const place_box east = {box->south, -180, box->north, box->east};
    size_t count = cover(&west, out);
    return count + cover(&east, out + count);
}
