/* Where and when the steps of one order are worked on. What has begun stays where it is. */
#include "order/order.h"

struct placing {
    const struct routing *routing;
    kt_dec quantity;
    struct floor own, *floor; /* floor: the shared one, or own */
    struct task *tasks;
    size_t *sequence, count; /* of the steps that have not begun */
    kt_id except;
    struct operation *mine; /* that the order has already */
    size_t mine_count;
};

static const struct operation *begun_at(const struct placing *p, int64_t sequence)
{
    for (size_t i = 0; i < p->mine_count; i++)
        if (p->mine[i].sequence == sequence && p->mine[i].state > READY && p->mine[i].state != DROPPED)
            return &p->mine[i];
    return NULL;
}

static kt_error *stay(kt_tx *tx, struct placing *p, const struct operation *begun, struct task *t)
{
    kt_time now = kt_now(tx), end = begun->state == FINISHED ? begun->finished_at : begun->ends;
    if (begun->state != FINISHED && end.ms < now.ms)
        end = now;
    t->place = (struct place){.begin = begun->begins.ms / 60000, .end = to_minutes(end)};
    return floor_machine(tx, p->floor, begun->centre, p->except, false, &t->place.machine);
}

static kt_error *task_of(kt_tx *tx, struct placing *p, size_t i, int64_t earliest, int64_t due)
{
    const struct step *step = step_at(p->routing, i);
    const struct operation *begun = begun_at(p, step->sequence);
    struct task *t = &p->tasks[i];
    kt_dec machine, labour;
    unsigned *machines;
    *t = (struct task){.earliest = earliest, .due = due};
    if (begun)
        return stay(tx, p, begun, t);
    KT_TRY(floor_choice(
        tx, p->floor, step->centre, step->group, p->except, false, &machines, &t->machine_count));
    int64_t *needs = kt_alloc(tx, t->machine_count * sizeof *needs);
    size_t *after = kt_alloc(tx, (i + 1) * sizeof *after);
    if (!needs || !after)
        return kt_no_memory();
    step_minutes(step, p->quantity, &machine, &labour);
    for (size_t m = 0; m < t->machine_count; m++)
        needs[m] = taken_minutes(&p->floor->centres[machines[m]], machine);
    for (size_t before = 0; before < i; before++) {
        const struct task *other = &p->tasks[before];
        if (!step_waits_for(p->routing, i, before))
            continue;
        after[t->after_count++] = before;
        if (!other->machine_count && other->place.end > t->earliest) /* it has begun */
            t->earliest = other->place.end;
    }
    t->machines = machines;
    t->needs = needs;
    t->after = after;
    p->sequence[p->count++] = i;
    return NULL;
}

static kt_error *try_within(
    kt_tx *tx, struct placing *p, kt_time now, kt_time earliest, kt_time latest, int64_t days, bool *fits)
{
    int64_t due = latest.ms ? latest.ms / 60000 : NEVER;
    p->floor = &p->own;
    if (p->except.v)
        floor_open(tx, p->floor, now, days);
    else
        KT_TRY(floor_shared(tx, days, &p->floor));
    p->count = 0;
    for (size_t i = 0; i < p->routing->steps.count; i++)
        KT_TRY(task_of(tx, p, i, to_minutes(earliest), due));
    bool done = latest.ms && latest.ms > earliest.ms
                    ? place_all_late(&p->floor->memory, p->floor->machines, p->tasks, p->sequence, p->count,
                          to_minutes(earliest))
                    : place_all(&p->floor->memory, p->floor->machines, p->tasks, p->sequence, p->count);
    if (!done)
        return kt_no_memory();
    *fits = true;
    for (size_t i = 0; i < p->count; i++)
        *fits = *fits && p->tasks[p->sequence[i]].place.begin != NEVER;
    return NULL;
}

/* The places that were tried are free again. */
static void give_up(struct placing *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct place *place = &p->tasks[p->sequence[i]].place;
        if (place->begin != NEVER)
            machine_free(&p->floor->machines[place->machine], place);
    }
}

static void take_over(struct placing *p, struct placed *placed)
{
    for (size_t i = 0; i < placed->count; i++) {
        struct placed_step *s = &placed->steps[i];
        const struct place *place = &p->tasks[i].place;
        s->step = step_at(p->routing, i);
        s->centre = p->floor->centres[place->begin == NEVER ? p->tasks[i].machines[0] : place->machine];
        step_minutes(s->step, p->quantity, &s->machine_minutes, &s->labour_minutes);
        s->fits = place->begin != NEVER;
        if (!s->fits)
            continue;
        s->begins = from_minutes(place->begin);
        s->ends = from_minutes(place->end);
        if (i == 0 || s->begins.ms < placed->begins.ms)
            placed->begins = s->begins;
        if (s->ends.ms > placed->ends.ms)
            placed->ends = s->ends;
    }
}

kt_error *place_steps(kt_tx *tx, const struct routing *routing, kt_dec quantity, kt_time earliest,
    kt_time latest, kt_id except, bool stays, struct placed *placed)
{
    static const int64_t horizons[] = {45, 400, 4000}; /* days: most fits soon, and calendars cost reading */
    size_t count = routing ? routing->steps.count : 0;
    struct placing p = {.routing = routing, .quantity = quantity, .except = except};
    kt_time now = kt_now(tx);
    *placed = (struct placed){
        .routing = routing, .count = count, .begins = earliest, .ends = earliest, .fits = true};
    if (!count)
        return NULL;
    p.tasks = kt_alloc(tx, count * sizeof *p.tasks);
    p.sequence = kt_alloc(tx, count * sizeof *p.sequence);
    placed->steps = kt_alloc(tx, count * sizeof *placed->steps);
    if (!p.tasks || !p.sequence || !placed->steps)
        return kt_no_memory();
    if (except.v)
        KT_TRY(operations_of(tx, except, &p.mine, &p.mine_count));
    earliest = earliest.ms < now.ms ? now : earliest;
    int64_t until = ((latest.ms > earliest.ms ? latest.ms : earliest.ms) - now.ms) / 86400000;
    placed->fits = false;
    for (size_t i = 0; i < sizeof horizons / sizeof *horizons && !placed->fits; i++) {
        if (i)
            give_up(&p);
        KT_TRY(try_within(tx, &p, now, earliest, latest, until + horizons[i], &placed->fits));
    }
    if (!stays)
        give_up(&p);
    placed->ends.ms = 0;
    take_over(&p, placed);
    return NULL;
}
