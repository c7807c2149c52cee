#include "mrp/lead.h"

#include <string.h>

enum { HORIZON_MAX = 1500 }; /* days: what is needed later takes as long as what is needed then */

/* ---- What is known ---- */

static kt_error *count_days(kt_tx *tx, const memory *lasting, kt_date until, struct leads *l)
{
    const kt_date today = kt_today(tx);
    l->today = today.day;
    l->horizon = until.day > today.day + HORIZON_MAX ? today.day + HORIZON_MAX : until.day;
    l->horizon = l->horizon > today.day ? l->horizon : today.day;
    const int32_t count = l->horizon - l->today + 2;
    l->days = MEMORY_ARRAY(lasting, int64_t, (size_t)count);
    for (int32_t i = 0; i < count && l->days; i++)
        l->days[i] = to_minutes(kt_instant(tx, kt_date_add(today, i), 0));
    floor_open(tx, &l->floor, kt_instant(tx, today, 0), count);
    l->floor.memory = *lasting;
    return l->days ? NULL : kt_no_memory();
}

static kt_error *read_step(kt_tx *tx, const memory *lasting, const struct routing *routing, size_t i,
    struct leads *l, struct lead_step *s)
{
    const struct step *step = step_at(routing, i);
    unsigned *machines;
    KT_TRY(floor_choice(
        tx, &l->floor, step->centre, step->group, (kt_id){0}, true, &machines, &s->machine_count));
    s->step = (struct step){.setup_minutes = step->setup_minutes,
        .run_minutes = step->run_minutes,
        .labour_minutes = step->labour_minutes,
        .per = step->per};
    s->machines = MEMORY_ARRAY(lasting, unsigned, s->machine_count);
    s->waited_for = MEMORY_ARRAY(lasting, bool, routing->steps.count);
    if (!s->machines || !s->waited_for)
        return kt_no_memory();
    memcpy(s->machines, machines, s->machine_count * sizeof *machines);
    for (size_t later = i + 1; later < routing->steps.count; later++)
        s->waited_for[later] = step_waits_for(routing, later, i);
    return NULL;
}

static kt_error *read_route(kt_tx *tx, const memory *lasting, const struct routing *routing, struct leads *l,
    struct lead_route *route)
{
    route->steps = MEMORY_ARRAY(lasting, struct lead_step, routing->steps.count);
    if (!route->steps)
        return kt_no_memory();
    for (; route->count < routing->steps.count; route->count++)
        KT_TRY(read_step(tx, lasting, routing, route->count, l, &route->steps[route->count]));
    return NULL;
}

/* Room for the places of the longest route, and for the minutes at the widest choice of machines. */
static kt_error *make_room(const memory *lasting, struct leads *l, size_t routes)
{
    size_t steps = 0, machines = 0;
    for (size_t i = 0; i < routes; i++) {
        steps = l->routes[i].count > steps ? l->routes[i].count : steps;
        for (size_t n = 0; n < l->routes[i].count; n++)
            machines = l->routes[i].steps[n].machine_count > machines ? l->routes[i].steps[n].machine_count
                                                                      : machines;
    }
    l->places = MEMORY_ARRAY(lasting, struct place, steps);
    l->needs = MEMORY_ARRAY(lasting, int64_t, machines);
    return l->places && l->needs ? NULL : kt_no_memory();
}

/* The number of each routing goes into l->route_of, and into index. */
static kt_error *number_routes(
    kt_tx *tx, const struct routing *const *routings, size_t era_count, struct leads *l, id_map *index)
{
    for (size_t i = 0; i < era_count; i++) {
        l->route_of[i] = MRP_NOTHING;
        if (!routings[i])
            continue;
        if (!id_map_find(index, routings[i]->rec.id, &l->route_of[i])) {
            l->route_of[i] = (uint32_t)index->count;
            KT_TRY(id_map_put(tx, index, routings[i]->rec.id, l->route_of[i]));
        }
    }
    return NULL;
}

kt_error *leads_read(
    kt_tx *tx, const memory *lasting, const struct made_by *ways, kt_date until, struct leads *l)
{
    const size_t era_count = ways->eras_from[ways->item_count];
    id_map index = {0};
    *l = (struct leads){.eras = MEMORY_ARRAY(lasting, struct era, era_count),
        .eras_from = MEMORY_ARRAY(lasting, uint32_t, ways->item_count + 1),
        .route_of = MEMORY_ARRAY(lasting, uint32_t, era_count)};
    if (!l->eras || !l->eras_from || !l->route_of)
        return kt_no_memory();
    memcpy(l->eras_from, ways->eras_from, (ways->item_count + 1) * sizeof *l->eras_from);
    if (era_count)
        memcpy(l->eras, ways->eras, era_count * sizeof *l->eras);
    KT_TRY(number_routes(tx, ways->routings, era_count, l, &index));
    if (!index.count)
        return NULL;
    KT_TRY(count_days(tx, lasting, until, l));
    l->routes = MEMORY_ARRAY(lasting, struct lead_route, index.count);
    bool *read = kt_alloc(tx, index.count * sizeof *read);
    if (!l->routes || !read)
        return kt_no_memory();
    for (size_t i = 0; i < era_count; i++) {
        const uint32_t number = l->route_of[i];
        if (number == MRP_NOTHING)
            continue;
        if (!read[number])
            KT_TRY(read_route(tx, lasting, ways->routings[i], l, &l->routes[number]));
        read[number] = true;
    }
    return make_room(lasting, l, index.count);
}

/* ---- One lot ---- */

static int32_t day_of(const struct leads *l, int64_t minute)
{
    int32_t last = l->horizon - l->today, i = (int32_t)((minute - l->days[0]) / 1440);
    i = i > last ? last : i;
    while (i > 0 && l->days[i] > minute)
        i--;
    while (i < last && l->days[i + 1] <= minute)
        i++;
    return l->today + i;
}

/* Places step i as late as those that wait for it allow. false: it does not fit behind the beginning of today. */
static bool place_step(
    struct leads *l, const struct lead_route *route, size_t i, kt_dec quantity, int64_t latest)
{
    const struct lead_step *s = &route->steps[i];
    kt_dec machine, labour;
    for (size_t later = i + 1; later < route->count; later++)
        if (s->waited_for[later] && l->places[later].begin < latest)
            latest = l->places[later].begin;
    step_minutes(&s->step, quantity, &machine, &labour);
    for (size_t m = 0; m < s->machine_count; m++)
        l->needs[m] = taken_minutes(&l->floor.centres[s->machines[m]], machine);
    return place_backward(
        l->floor.machines, s->machines, l->needs, s->machine_count, l->days[0], latest, &l->places[i]);
}

bool leads_know(const struct leads *l, uint32_t item)
{
    for (uint32_t e = l->eras_from[item]; e < l->eras_from[item + 1]; e++)
        if (l->route_of[e] != MRP_NOTHING)
            return true;
    return false;
}

/* By which routing an item is made that is due then; NULL: by none. */
static const struct lead_route *route_on(const struct leads *l, uint32_t item, int32_t due)
{
    const int32_t day = due > l->today ? due : l->today;
    for (uint32_t e = l->eras_from[item]; e < l->eras_from[item + 1]; e++)
        if (l->eras[e].from <= day && (!l->eras[e].until || l->eras[e].until >= day))
            return l->route_of[e] == MRP_NOTHING ? NULL : &l->routes[l->route_of[e]];
    return NULL;
}

bool leads_release(void *leads, uint32_t item, int64_t quantity, int32_t due, int32_t *day)
{
    struct leads *l = leads;
    const struct lead_route *route = route_on(l, item, due);
    if (!route)
        return true;
    const int32_t beyond = due > l->horizon ? due - l->horizon : 0;
    const int64_t latest = due < l->today ? l->days[0] : l->days[due - beyond - l->today];
    int64_t begin = latest;
    bool fits = true, memory = true;
    size_t i = route->count;
    while (i > 0 && fits && memory) {
        fits = place_step(l, route, i - 1, KT_DEC(quantity, 4), latest);
        if (!fits)
            break;
        const struct place *place = &l->places[--i];
        memory = machine_take(&l->floor.memory, &l->floor.machines[place->machine], place);
        begin = place->begin < begin ? place->begin : begin;
    }
    for (; i < route->count; i++) /* nothing else is there to be done, for the next lot either */
        machine_free(&l->floor.machines[l->places[i].machine], &l->places[i]);
    *day = fits ? day_of(l, begin) + beyond : l->today - 1;
    return memory;
}
