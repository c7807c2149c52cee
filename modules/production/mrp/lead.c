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

/* *count receives how many routings there are; the number of each goes into l->route_of. */
static kt_error *number_routes(
    kt_tx *tx, const struct routing *const *routings, size_t item_count, struct leads *l, id_map *index)
{
    for (size_t i = 0; i < item_count; i++) {
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

kt_error *leads_read(kt_tx *tx, const memory *lasting, const struct routing *const *routings,
    size_t item_count, kt_date until, struct leads *l)
{
    id_map index = {0};
    *l = (struct leads){.route_of = MEMORY_ARRAY(lasting, uint32_t, item_count)};
    if (!l->route_of)
        return kt_no_memory();
    KT_TRY(number_routes(tx, routings, item_count, l, &index));
    if (!index.count)
        return NULL;
    KT_TRY(count_days(tx, lasting, until, l));
    l->routes = MEMORY_ARRAY(lasting, struct lead_route, index.count);
    bool *read = kt_alloc(tx, index.count * sizeof *read);
    if (!l->routes || !read)
        return kt_no_memory();
    for (size_t i = 0; i < item_count; i++) {
        const uint32_t number = l->route_of[i];
        if (number == MRP_NOTHING)
            continue;
        if (!read[number])
            KT_TRY(read_route(tx, lasting, routings[i], l, &l->routes[number]));
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

bool leads_release(void *leads, uint32_t item, int64_t quantity, int32_t due, int32_t *day)
{
    struct leads *l = leads;
    const struct lead_route *route = &l->routes[l->route_of[item]];
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
