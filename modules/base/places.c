/* base.party.near and .within: parties by where they are. A party's place is that of the first of its
 * addresses with coordinates, the main one before others; `place` holds its cell and is indexed. */
#include <stdlib.h>

#include <kontor/list.h>

#include "base.h"
#include "place.h"

struct located { /* what this file reads of a party */
    kt_record rec;
    kt_str name, city;
    int64_t place;
    kt_dec latitude, longitude;
};
static const kt_shape located_shape = KT_SHAPE(located, "base.party", KT_BIND(located, name, STRING, "name"),
    KT_BIND(located, city, STRING, "city"), KT_BIND(located, place, INT, "place"),
    KT_BIND(located, latitude, RATE, "latitude"), KT_BIND(located, longitude, RATE, "longitude"));

struct found_place {
    kt_record rec;
    kt_id party;
    kt_str name, city;
    kt_dec latitude, longitude;
    int64_t distance_m;
};
static const kt_shape found_place_shape = KT_SHAPE(found_place, NULL,
    KT_FIELD(found_place, party, REF, "Party", "Strona", .target = "base.party"),
    KT_FIELD(found_place, name, STRING, "Name", "Nazwa"),
    KT_FIELD(found_place, city, STRING, "City", "Miejscowość"),
    KT_FIELD(found_place, latitude, RATE, "Latitude", "Szerokość geograficzna", .scale = 6),
    KT_FIELD(found_place, longitude, RATE, "Longitude", "Długość geograficzna", .scale = 6),
    KT_FIELD(found_place, distance_m, INT, "Distance, m", "Odległość, m",
        .help = {"Along the globe, from the middle that was asked for.",
            "Po powierzchni kuli, od podanego środka."}));
struct places {
    kt_record rec;
    kt_lines rows;
    bool more;
};
const kt_shape places_shape = KT_SHAPE(places, NULL,
    KT_FIELD(places, rows, LINES, "Parties", "Kontrahenci", .lines = &found_place_shape),
    KT_FIELD(places, more, BOOL, "There are more", "Jest ich więcej"));

/* ---- Searching ---- */

enum { LIMIT_MAX = 500, LOOKED_MAX = 20000 };
typedef bool (*place_test)(const void *area, place at);
typedef struct {
    kt_tx *tx;
    kt_str filter;
    place centre;
    place_test inside;
    const void *area;
    struct found_place *found;
    size_t count, room;
} search;

static kt_error *keep(search *s, const struct located *l, place at)
{
    struct found_place *found = kt_grow(s->tx, s->found, s->count, &s->room, sizeof *found);
    if (!found)
        return kt_fail(
            s->tx, KT_LIMIT, NULL, "too many parties lie there", "leży tam zbyt wielu kontrahentów");
    s->found = found;
    s->found[s->count++] = (struct found_place){KT_OF(found_place), .party = l->rec.id, .name = l->name,
        .city = l->city, .latitude = l->latitude, .longitude = l->longitude,
        .distance_m = (int64_t)(place_distance_m(s->centre, at) + 0.5)};
    return NULL;
}

static kt_error *look_in(search *s, place_range range)
{
    const kt_where where[] = {
        KT_WHERE(located, place, KT_GE, range.from), KT_WHERE(located, place, KT_LE, range.until), {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(s->tx, &(kt_query){&located_shape, where, "place", 0, s->filter}, &cursor));
    struct located l = {KT_OF(located)};
    kt_error *error = NULL;
    while (!error && s->count < LOOKED_MAX && kt_next(cursor, &l.rec)) {
        place at;
        if (place_of(l.latitude, l.longitude, &at) && s->inside(s->area, at))
            error = keep(s, &l, at);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *look(search *s, const place_box *box)
{
    place_range ranges[PLACE_RANGES_MAX];
    size_t count = place_cover(box, ranges);
    s->count = 0;
    for (size_t i = 0; i < count; i++)
        KT_TRY(look_in(s, ranges[i]));
    return NULL;
}

static int nearest_first(const void *left, const void *right)
{
    const struct found_place *a = left, *b = right;
    if (a->distance_m != b->distance_m)
        return a->distance_m < b->distance_m ? -1 : 1;
    return (a->party.v > b->party.v) - (a->party.v < b->party.v);
}

static kt_error *answer(search *s, size_t limit, struct places *out)
{
    if (s->count)
        qsort(s->found, s->count, sizeof *s->found, nearest_first);
    for (size_t i = 0; i < s->count && i < limit; i++)
        KT_TRY(kt_line_add(s->tx, &out->rows, &s->found[i].rec));
    out->more = s->count > limit;
    return NULL;
}

static kt_error *check_limit(kt_tx *tx, int64_t limit)
{
    return limit >= 1 && limit <= LIMIT_MAX
               ? NULL
               : kt_fail(tx, KT_VALIDATION, "limit", "%lld is not within 1 to %d",
                     "%lld nie mieści się między 1 a %d", (long long)limit, LIMIT_MAX);
}

/* ---- base.party.near ---- */

struct near {
    kt_record rec;
    kt_dec latitude, longitude, km;
    kt_str filter;
    int64_t limit;
};
#define FILTER_FIELD(T)                                                                                      \
    KT_FIELD(T, filter, JSON, "Further conditions", "Dalsze warunki",                                        \
        .help = {"A filter on parties, as for lists.", "Filtr kontrahentów, jak dla list."})
const kt_shape near_shape = KT_SHAPE(near, NULL,
    KT_FIELD(near, latitude, RATE, "Latitude", "Szerokość geograficzna", .scale = 6, .required = true),
    KT_FIELD(near, longitude, RATE, "Longitude", "Długość geograficzna", .scale = 6, .required = true),
    KT_FIELD(near, km, QUANTITY, "Within, km", "W promieniu, km", .scale = 3, .initial = "25"),
    FILTER_FIELD(near),
    KT_FIELD(
        near, limit, INT, "At most", "Najwyżej", .initial = "50", .help = {"1 to 500.", "Od 1 do 500."}));

typedef struct {
    place centre;
    double metres;
} circle;

static bool in_circle(const void *area, place at)
{
    const circle *c = area;
    return place_distance_m(c->centre, at) <= c->metres;
}

/* Circles that grow until enough is found: the nearest of a town need not be picked from a whole country. */
static kt_error *widen(search *s, circle *c, double metres, size_t limit)
{
    enum { STEPS = 8 };
    for (int step = STEPS; step >= 0; step -= 2) {
        c->metres = metres / (double)(1 << step);
        place_box box = place_around(c->centre, c->metres);
        KT_TRY(look(s, &box));
        if (s->count > limit)
            return NULL;
    }
    return NULL;
}

kt_error *party_near(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct near *p = KT_SEE(near, params);
    circle c;
    kt_error *all = check_limit(tx, p->limit);
    if (!place_of(p->latitude, p->longitude, &c.centre))
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "latitude", "there is no such place", "nie ma takiego miejsca"));
    if (kt_dec_cmp(p->km, KT_DEC(0, 0)) <= 0 || kt_dec_cmp(p->km, KT_DEC(20100, 0)) > 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "km", "expected more than 0, at most 20100",
                          "oczekiwano więcej niż 0, najwyżej 20100"));
    if (all)
        return all;
    search s = {.tx = tx, .filter = p->filter, .centre = c.centre, .inside = in_circle, .area = &c};
    KT_TRY(widen(&s, &c, (double)kt_dec_round(p->km, 3).coef, (size_t)p->limit));
    return answer(&s, (size_t)p->limit, KT_AS(places, result));
}

/* ---- base.party.within ---- */

struct corner {
    kt_record rec;
    kt_dec latitude, longitude;
};
static const kt_shape corner_shape = KT_SHAPE(corner, NULL,
    KT_FIELD(corner, latitude, RATE, "Latitude", "Szerokość geograficzna", .scale = 6, .required = true),
    KT_FIELD(corner, longitude, RATE, "Longitude", "Długość geograficzna", .scale = 6, .required = true));
struct within {
    kt_record rec;
    kt_lines corners;
    kt_str filter;
    int64_t limit;
};
enum { CORNERS_MAX = 200 };
const kt_shape within_shape = KT_SHAPE(within, NULL,
    KT_FIELD(within, corners, LINES, "Corners", "Wierzchołki", .lines = &corner_shape, .required = true,
        .max = CORNERS_MAX,
        .help = {"Two opposite corners of a box, or all of a polygon in order.",
            "Dwa przeciwległe rogi prostokąta albo kolejno wszystkie wierzchołki wielokąta."}),
    FILTER_FIELD(within),
    KT_FIELD(
        within, limit, INT, "At most", "Najwyżej", .initial = "50", .help = {"1 to 500.", "Od 1 do 500."}));

typedef struct {
    place corners[CORNERS_MAX];
    size_t count;
    place_box box;
} area;

static bool in_area(const void *of, place at)
{
    const area *a = of;
    return place_in_box(at, &a->box) && (a->count == 2 || place_in_polygon(at, a->corners, a->count));
}

static kt_error *read_area(kt_tx *tx, const kt_lines *corners, area *a)
{
    kt_error *all = NULL;
    if (corners->count < 2)
        return kt_fail(tx, KT_VALIDATION, "corners", "expected two corners of a box, or at least three",
            "oczekiwano dwóch rogów prostokąta albo co najmniej trzech wierzchołków");
    for (size_t i = 0; i < corners->count && i < CORNERS_MAX; i++) {
        const struct corner *c = KT_AS(corner, kt_line(corners, i));
        kt_str path = kt_format(tx, "corners[%zu]", i);
        if (!place_of(c->latitude, c->longitude, &a->corners[a->count++]))
            kt_also(&all,
                kt_fail(tx, KT_VALIDATION, path.ptr, "there is no such place", "nie ma takiego miejsca"));
    }
    a->box = place_box_of(a->corners, a->count);
    return all;
}

kt_error *party_within(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct within *p = KT_SEE(within, params);
    area *a = kt_alloc(tx, sizeof *a);
    if (!a)
        return kt_fail(tx, KT_LIMIT, NULL, "no memory is left", "zabrakło pamięci");
    kt_error *all = check_limit(tx, p->limit);
    kt_also(&all, read_area(tx, &p->corners, a));
    if (all)
        return all;
    search s = {.tx = tx, .filter = p->filter, .inside = in_area, .area = a};
    s.centre = (place){(a->box.south + a->box.north) / 2, (a->box.west + a->box.east) / 2};
    KT_TRY(look(&s, &a->box));
    return answer(&s, (size_t)p->limit, KT_AS(places, result));
}
