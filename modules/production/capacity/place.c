#include "capacity/place.h"

#include <string.h>

#include <kontor/list.h>

bool machine_open(const memory *memory, timeline time, unsigned slots, struct machine *machine)
{
    *machine = (struct machine){.time = time, .slot_count = slots};
    machine->slots = MEMORY_ARRAY(memory, struct slot, slots);
    for (unsigned i = 0; i < slots && machine->slots; i++)
        machine->slots[i].time = time;
    return machine->slots != NULL;
}

/* The first busy stretch that ends after an instant. */
static size_t busy_after(const struct slot *s, int64_t at)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->busy[middle].until > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Joins what it overlaps: work that was placed by hand may. */
static bool occupy(const memory *memory, struct slot *s, int64_t from, int64_t until)
{
    if (until <= from)
        return true;
    struct busy *busy = kt_grow_from(
        memory->take, memory->context, s->busy, s->count, &s->room, sizeof *s->busy);
    if (!busy)
        return false;
    s->busy = busy;
    size_t first = busy_after(s, from), last = first;
    while (last < s->count && s->busy[last].from < until) {
        from = s->busy[last].from < from ? s->busy[last].from : from;
        until = s->busy[last].until > until ? s->busy[last].until : until;
        last++;
    }
    memmove(&s->busy[first + 1], &s->busy[last], (s->count - last) * sizeof *s->busy);
    s->busy[first] = (struct busy){from, until};
    s->count = s->count - (last - first) + 1;
    return true;
}

static bool is_free(const struct slot *s, int64_t from, int64_t until)
{
    if (!s->count)
        return true;
    const struct busy *last = &s->busy[s->count - 1];
    if (last->from <= from) /* who books in order of time looks no further */
        return last->until <= from;
    size_t i = busy_after(s, from);
    return i == s->count || s->busy[i].from >= until;
}

/* Minutes that a slot works within a stretch of which its machine works `whole`. */
static int64_t worked_of(
    const struct machine *m, const struct slot *s, int64_t from, int64_t until, int64_t whole)
{
    return s->time.spans == m->time.spans ? whole : timeline_worked(&s->time, from, until);
}

bool machine_book(const memory *memory, struct machine *m, int64_t from, int64_t until)
{
    struct slot *best = NULL;
    int64_t most = -1, whole = timeline_worked(&m->time, from, until);
    for (unsigned i = 0; i < m->slot_count && most < whole; i++) {
        struct slot *s = &m->slots[i];
        int64_t worked = is_free(s, from, until) ? worked_of(m, s, from, until, whole) : -1;
        if (worked > most) {
            best = s;
            most = worked;
        }
    }
    return occupy(memory, best ? best : &m->slots[0], from, until);
}

bool machine_fits(const struct machine *m, int64_t from, int64_t until, int64_t need)
{
    for (unsigned i = 0; i < m->slot_count; i++)
        if (is_free(&m->slots[i], from, until) && timeline_worked(&m->slots[i].time, from, until) >= need)
            return true;
    return false;
}

bool machine_take(const memory *memory, struct machine *m, const struct place *place)
{
    return occupy(memory, &m->slots[place->slot], place->begin, place->end);
}

void machine_free(struct machine *m, const struct place *place)
{
    struct slot *s = &m->slots[place->slot];
    size_t i = busy_after(s, place->begin);
    if (i == s->count || s->busy[i].from != place->begin || s->busy[i].until != place->end)
        return; /* it took no time */
    memmove(&s->busy[i], &s->busy[i + 1], (s->count - i - 1) * sizeof *s->busy);
    s->count--;
}

/* ---- One operation ---- */

/* The first stretch that is free for so long; nowhere, if it does not end before `before`. */
static struct busy fit_forward(const struct slot *s, int64_t earliest, int64_t need, int64_t before)
{
    const struct busy nowhere = {NEVER, NEVER};
    size_t i = busy_after(s, earliest);
    int64_t from = earliest;
    for (;; i++) {
        bool gap = i == s->count || s->busy[i].from > from || !need;
        int64_t begin = gap ? timeline_next(&s->time, from) : from, end = begin;
        if (gap)
            end = timeline_end(&s->time, begin, need);
        if (begin >= before || end >= before)
            return nowhere;
        if (gap && (i == s->count || s->busy[i].from >= end))
            return (struct busy){begin, end};
        from = s->busy[i].until > from ? s->busy[i].until : from;
    }
}

bool place_forward(const struct machine *machines, const unsigned *among, const int64_t *needs, size_t count,
    int64_t earliest, struct place *place)
{
    *place = (struct place){.begin = NEVER, .end = NEVER};
    for (size_t i = 0; i < count && earliest != NEVER; i++) {
        const struct machine *m = &machines[among[i]];
        const int64_t soonest = timeline_end(&m->time, timeline_next(&m->time, earliest), needs[i]);
        for (unsigned s = 0; s < m->slot_count && place->end > soonest; s++) {
            struct busy fit = fit_forward(&m->slots[s], earliest, needs[i], place->end);
            if (fit.until < place->end)
                *place = (struct place){fit.from, fit.until, among[i], s};
        }
    }
    return place->begin != NEVER;
}

static struct busy fit_backward(const struct slot *s, int64_t latest, int64_t need)
{
    const struct busy nowhere = {NEVER, NEVER};
    int64_t until = latest;
    size_t i = s->count;
    while (i && s->busy[i - 1].from >= until)
        i--;
    for (;; i--) {
        int64_t begin = timeline_begin(&s->time, until, need);
        if (begin == NEVER)
            return nowhere;
        if (!i || s->busy[i - 1].until <= begin)
            return (struct busy){begin, timeline_end(&s->time, begin, need)};
        until = s->busy[i - 1].from < until ? s->busy[i - 1].from : until;
    }
}

bool place_backward(const struct machine *machines, const unsigned *among, const int64_t *needs, size_t count,
    int64_t earliest, int64_t latest, struct place *place)
{
    bool found = false;
    *place = (struct place){.begin = NEVER, .end = NEVER};
    for (size_t i = 0; i < count && latest != NEVER; i++) {
        const struct machine *m = &machines[among[i]];
        const int64_t last = timeline_begin(&m->time, latest, needs[i]);
        for (unsigned s = 0; s < m->slot_count && (!found || place->begin < last); s++) {
            struct busy fit = fit_backward(&m->slots[s], latest, needs[i]);
            if (fit.from == NEVER || fit.from < earliest || (found && fit.from <= place->begin))
                continue;
            *place = (struct place){fit.from, fit.until, among[i], s};
            found = true;
        }
    }
    return found;
}

/* ---- Many at once ---- */

static int64_t earliest_of(const struct task *tasks, const struct task *t)
{
    int64_t earliest = t->earliest;
    for (size_t i = 0; i < t->after_count; i++) {
        const struct place *before = &tasks[t->after[i]].place;
        earliest = before->end > earliest ? before->end : earliest;
    }
    return earliest;
}

static bool place_early(const memory *memory, struct machine *machines, struct task *tasks, struct task *t)
{
    if (!place_forward(machines, t->machines, t->needs, t->machine_count, earliest_of(tasks, t), &t->place))
        return true;
    return machine_take(memory, &machines[t->place.machine], &t->place);
}

bool place_all(
    const memory *memory, struct machine *machines, struct task *tasks, const size_t *sequence, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!place_early(memory, machines, tasks, &tasks[sequence[i]]))
            return false;
    return true;
}

/* The tasks of one order, from the last to the first. false: one does not fit; nothing is taken then. */
static bool order_fits_late(
    const struct machine *machines, struct task *tasks, const size_t *sequence, size_t count, int64_t now)
{
    for (size_t i = count; i-- > 0;) {
        struct task *t = &tasks[sequence[i]];
        int64_t latest = t->due, earliest = t->earliest > now ? t->earliest : now;
        for (size_t n = i + 1; n < count; n++) {
            const struct task *later = &tasks[sequence[n]];
            for (size_t a = 0; a < later->after_count; a++)
                if (later->after[a] == sequence[i] && later->place.begin < latest)
                    latest = later->place.begin;
        }
        if (!place_backward(machines, t->machines, t->needs, t->machine_count, earliest, latest, &t->place))
            return false;
        for (size_t n = i + 1; n < count; n++) { /* of an order's own tasks no two may overlap either */
            const struct place *other = &tasks[sequence[n]].place;
            if (other->machine == t->place.machine && other->slot == t->place.slot &&
                other->begin < t->place.end && t->place.begin < other->end)
                return false;
        }
    }
    return true;
}

bool place_all_late(const memory *memory, struct machine *machines, struct task *tasks,
    const size_t *sequence, size_t count, int64_t now)
{
    for (size_t from = 0, until = 0; from < count; from = until) {
        while (until < count && tasks[sequence[until]].order == tasks[sequence[from]].order)
            until++;
        if (!order_fits_late(machines, tasks, &sequence[from], until - from, now)) {
            if (!place_all(memory, machines, tasks, &sequence[from], until - from))
                return false;
            continue;
        }
        for (size_t i = from; i < until; i++) {
            const struct place *place = &tasks[sequence[i]].place;
            if (!machine_take(memory, &machines[place->machine], place))
                return false;
        }
    }
    return true;
}
