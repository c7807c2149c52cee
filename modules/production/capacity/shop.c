#include "capacity/shop.h"

#include <string.h>

enum { TABU_MAX = 32, KICK_AFTER = 800, KICK_SWAPS = 6, NONE = -1 };

struct swap { /* two neighbours in a machine's sequence: now `first` before `second` */
    size_t first, second;
};

struct shop {
    const struct machine *machines;
    const struct task *tasks;
    size_t count, machine_count;
    size_t *follower_from, *followers;       /* of each task: those that wait for it */
    size_t *sequence, *best, *from;          /* tasks machine by machine; where each machine begins */
    size_t *position;                        /* of each task in `sequence` */
    int64_t *begin, *end, *tail, *slot_free; /* slot_free: of the machine being decoded, slots_max each */
    size_t *slot_last;
    ptrdiff_t *cause; /* the task that a task had to wait for; NONE: it begins when it may */
    bool *by_machine; /* it waited for the machine, not for its order */
    size_t *queue, *waiting, *path, *next;
    size_t slots_max;
    bool has_due;
    uint64_t random;
    struct swap tabu[TABU_MAX];
    size_t tabu_at, tabu_count;
};

static bool open_shop(const memory *memory, struct shop *s)
{
    size_t links = 0;
    for (size_t i = 0; i < s->count; i++)
        links += s->tasks[i].after_count;
    for (size_t m = 0; m < s->machine_count; m++)
        if (s->machines[m].slot_count > s->slots_max)
            s->slots_max = s->machines[m].slot_count;
    size_t **const of_tasks[] = {&s->sequence, &s->best, &s->position, &s->queue, &s->waiting, &s->path};
    int64_t **const times[] = {&s->begin, &s->end, &s->tail};
    bool all = true;
    for (size_t i = 0; i < sizeof of_tasks / sizeof *of_tasks; i++)
        all = (*of_tasks[i] = MEMORY_ARRAY(memory, size_t, s->count)) != NULL && all;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        all = (*times[i] = MEMORY_ARRAY(memory, int64_t, s->count)) != NULL && all;
    s->followers = MEMORY_ARRAY(memory, size_t, links);
    s->follower_from = MEMORY_ARRAY(memory, size_t, s->count + 1);
    s->from = MEMORY_ARRAY(memory, size_t, s->machine_count + 1);
    s->next = MEMORY_ARRAY(memory, size_t, s->machine_count);
    s->slot_free = MEMORY_ARRAY(memory, int64_t, s->machine_count * s->slots_max);
    s->slot_last = MEMORY_ARRAY(memory, size_t, s->machine_count * s->slots_max);
    s->cause = MEMORY_ARRAY(memory, ptrdiff_t, s->count);
    s->by_machine = MEMORY_ARRAY(memory, bool, s->count);
    return all && s->followers && s->follower_from && s->from && s->next && s->slot_free && s->slot_last &&
           s->cause && s->by_machine;
}

static unsigned machine_of(const struct shop *s, size_t task)
{
    return s->tasks[task].machines[0];
}

static void link_tasks(struct shop *s)
{
    for (size_t i = 0; i < s->count; i++) {
        s->from[machine_of(s, i) + 1]++;
        s->has_due = s->has_due || s->tasks[i].due != NEVER;
        for (size_t a = 0; a < s->tasks[i].after_count; a++)
            s->follower_from[s->tasks[i].after[a] + 1]++;
    }
    for (size_t m = 0; m < s->machine_count; m++)
        s->from[m + 1] += s->from[m];
    for (size_t i = 0; i < s->count; i++)
        s->follower_from[i + 1] += s->follower_from[i];
    memset(s->waiting, 0, s->count * sizeof *s->waiting);
    for (size_t i = 0; i < s->count; i++)
        for (size_t a = 0; a < s->tasks[i].after_count; a++) {
            size_t before = s->tasks[i].after[a];
            s->followers[s->follower_from[before] + s->waiting[before]++] = i;
        }
    for (size_t i = s->count; i-- > 0;) {
        s->tail[i] = s->tasks[i].needs[0];
        for (size_t f = s->follower_from[i]; f < s->follower_from[i + 1]; f++)
            if (s->tail[s->followers[f]] + s->tasks[i].needs[0] > s->tail[i])
                s->tail[i] = s->tail[s->followers[f]] + s->tasks[i].needs[0];
    }
}

/* ---- When everything happens in a sequence ---- */

static size_t first_free_slot(const struct shop *s, unsigned machine)
{
    size_t base = machine * s->slots_max, best = base;
    for (unsigned i = 1; i < s->machines[machine].slot_count; i++)
        if (s->slot_free[base + i] < s->slot_free[best])
            best = base + i;
    return best;
}

static const timeline *time_of(const struct shop *s, unsigned machine, size_t slot)
{
    return &s->machines[machine].slots[slot - machine * s->slots_max].time;
}

/* The earliest time at which a task may begin now, with its cause. */
static int64_t may_begin(struct shop *s, size_t task, size_t slot)
{
    const struct task *t = &s->tasks[task];
    int64_t at = t->earliest;
    s->cause[task] = NONE;
    s->by_machine[task] = false;
    for (size_t a = 0; a < t->after_count; a++)
        if (s->end[t->after[a]] > at) {
            at = s->end[t->after[a]];
            s->cause[task] = (ptrdiff_t)t->after[a];
        }
    if (s->slot_free[slot] > at) {
        at = s->slot_free[slot];
        s->cause[task] = (ptrdiff_t)s->slot_last[slot];
        s->by_machine[task] = true;
    }
    return timeline_next(time_of(s, machine_of(s, task), slot), at);
}

static void run_task(struct shop *s, size_t task)
{
    unsigned machine = machine_of(s, task);
    size_t slot = first_free_slot(s, machine);
    s->begin[task] = may_begin(s, task, slot);
    s->end[task] = timeline_end(time_of(s, machine, slot), s->begin[task], s->tasks[task].needs[0]);
    s->slot_free[slot] = s->end[task];
    s->slot_last[slot] = task;
}

static void begin_run(struct shop *s)
{
    for (size_t i = 0; i < s->machine_count * s->slots_max; i++)
        s->slot_free[i] = INT64_MIN;
    for (size_t i = 0; i < s->count; i++)
        s->waiting[i] = s->tasks[i].after_count;
}

static int64_t lateness(const struct shop *s, size_t task)
{
    if (s->end[task] == NEVER)
        return NEVER;
    return s->tasks[task].due == NEVER ? (s->has_due ? INT64_MIN : s->end[task])
                                       : s->end[task] - s->tasks[task].due;
}

static bool is_turn(const struct shop *s, size_t task)
{
    return s->position[task] == s->next[machine_of(s, task)];
}

/* returns the value, NEVER if the sequences wait for each other in a circle; *worst is the task that makes it */
static int64_t decode(struct shop *s, size_t *worst)
{
    size_t head = 0, tail = 0;
    int64_t value = INT64_MIN;
    begin_run(s);
    for (size_t m = 0; m < s->machine_count; m++) {
        s->next[m] = s->from[m];
        if (s->from[m] < s->from[m + 1] && !s->waiting[s->sequence[s->from[m]]])
            s->queue[tail++] = s->sequence[s->from[m]];
    }
    while (head < tail) {
        size_t task = s->queue[head++];
        unsigned m = machine_of(s, task);
        run_task(s, task);
        if (lateness(s, task) >= value) {
            value = lateness(s, task);
            *worst = task;
        }
        s->next[m]++;
        if (s->next[m] < s->from[m + 1] && !s->waiting[s->sequence[s->next[m]]])
            s->queue[tail++] = s->sequence[s->next[m]];
        for (size_t f = s->follower_from[task]; f < s->follower_from[task + 1]; f++) {
            size_t next = s->followers[f];
            if (--s->waiting[next] == 0 && is_turn(s, next))
                s->queue[tail++] = next;
        }
    }
    return tail == s->count ? value : NEVER;
}

/* ---- A first sequence: whatever can begin first; of those that can, the one with the most work behind it ---- */

static bool goes_first(const struct shop *s, size_t a, int64_t a_at, size_t b, int64_t b_at, int rule)
{
    if (a_at != b_at)
        return a_at < b_at;
    if (rule == 0)
        return s->tail[a] > s->tail[b];
    if (rule == 1)
        return s->tasks[a].needs[0] < s->tasks[b].needs[0];
    return s->tasks[a].due - s->tail[a] < s->tasks[b].due - s->tail[b];
}

static void dispatch(struct shop *s, int rule)
{
    size_t ready = 0;
    begin_run(s);
    memcpy(s->next, s->from, s->machine_count * sizeof *s->next);
    for (size_t i = 0; i < s->count; i++)
        if (!s->waiting[i])
            s->path[ready++] = i;
    while (ready) {
        size_t best = 0;
        int64_t best_at = NEVER;
        for (size_t i = 0; i < ready; i++) {
            size_t task = s->path[i];
            int64_t at = may_begin(s, task, first_free_slot(s, machine_of(s, task)));
            if (i == 0 || goes_first(s, task, at, s->path[best], best_at, rule)) {
                best = i;
                best_at = at;
            }
        }
        size_t task = s->path[best];
        s->path[best] = s->path[--ready];
        run_task(s, task);
        s->position[task] = s->next[machine_of(s, task)]++;
        s->sequence[s->position[task]] = task;
        for (size_t f = s->follower_from[task]; f < s->follower_from[task + 1]; f++)
            if (--s->waiting[s->followers[f]] == 0)
                s->path[ready++] = s->followers[f];
    }
}

/* ---- Swaps ---- */

static void apply(struct shop *s, struct swap swap)
{
    size_t first = s->position[swap.first], second = s->position[swap.second];
    s->sequence[first] = swap.second;
    s->sequence[second] = swap.first;
    s->position[swap.first] = second;
    s->position[swap.second] = first;
}

/* The swaps that can help: at the ends of the stretches of one machine's work on the critical path. */
static size_t find_swaps(struct shop *s, size_t worst, struct swap *swaps, size_t max)
{
    size_t length = 0, count = 0;
    for (ptrdiff_t at = (ptrdiff_t)worst; at != NONE && length < s->count; at = s->cause[at])
        s->path[length++] = (size_t)at; /* backwards: path[0] is the last */
    for (size_t i = 0; i + 1 < length && count + 2 <= max;) {
        size_t last = i;
        while (last + 1 < length && s->by_machine[s->path[last]])
            last++;
        if (last > i) { /* path[last] .. path[i], in time, at one machine */
            if (i > 0 || s->has_due)
                swaps[count++] = (struct swap){s->path[i + 1], s->path[i]};
            if (last + 1 < length && (last - i > 1 || !(i > 0 || s->has_due)))
                swaps[count++] = (struct swap){s->path[last], s->path[last - 1]};
        }
        i = last + 1;
    }
    return count;
}

static bool is_tabu(const struct shop *s, struct swap swap)
{
    for (size_t i = 0; i < s->tabu_count; i++)
        if (s->tabu[i].first == swap.second && s->tabu[i].second == swap.first)
            return true;
    return false;
}

static uint64_t draw(struct shop *s, uint64_t below)
{
    s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (s->random >> 33) % below;
}

static void remember(struct shop *s, struct swap swap)
{
    if (s->tabu_count < 8 || (s->tabu_count < TABU_MAX / 2 && draw(s, 16) == 0))
        s->tabu_count++;
    s->tabu[s->tabu_at % s->tabu_count] = swap;
    s->tabu_at = (s->tabu_at + 1) % s->tabu_count;
}

enum { SWAPS_MAX = 64 };

/* One step to the best neighbour that is not forbidden. false: there is no neighbour */
static bool step(struct shop *s, size_t *worst, int64_t best, int64_t *value, unsigned *searched)
{
    struct swap swaps[SWAPS_MAX];
    size_t count = find_swaps(s, *worst, swaps, SWAPS_MAX), chosen = count;
    int64_t least = NEVER;
    for (size_t i = 0; i < count; i++) {
        size_t unused = 0;
        apply(s, swaps[i]);
        int64_t there = decode(s, &unused);
        apply(s, (struct swap){swaps[i].second, swaps[i].first});
        (*searched)++;
        if (there == NEVER || (is_tabu(s, swaps[i]) && there >= best) || there >= least)
            continue;
        least = there;
        chosen = i;
    }
    if (!count)
        return false;
    if (chosen == count)
        chosen = (size_t)draw(s, count);
    apply(s, swaps[chosen]);
    *value = decode(s, worst);
    if (*value == NEVER) { /* a circle: only where a machine has several slots */
        apply(s, (struct swap){swaps[chosen].second, swaps[chosen].first});
        *value = decode(s, worst);
        return false;
    }
    remember(s, swaps[chosen]);
    return true;
}

static void take(struct shop *s, const size_t *sequence)
{
    memcpy(s->sequence, sequence, s->count * sizeof *sequence);
    for (size_t i = 0; i < s->count; i++)
        s->position[s->sequence[i]] = i;
}

/* Back to the best, and some swaps away from it. */
static int64_t kick(struct shop *s, size_t *worst)
{
    take(s, s->best);
    int64_t value = decode(s, worst);
    for (size_t i = 0; i < KICK_SWAPS; i++) {
        struct swap swaps[SWAPS_MAX];
        size_t count = find_swaps(s, *worst, swaps, SWAPS_MAX);
        if (!count)
            break;
        struct swap swap = swaps[draw(s, count)];
        apply(s, swap);
        value = decode(s, worst);
        if (value == NEVER) {
            apply(s, (struct swap){swap.second, swap.first});
            value = decode(s, worst);
        }
    }
    s->tabu_count = s->tabu_at = 0;
    return value;
}

static void improve(struct shop *s, struct shop_search *search)
{
    size_t worst = 0;
    int64_t value = decode(s, &worst);
    unsigned idle = 0;
    for (unsigned round = 0; round < search->rounds && idle < search->rounds_idle; round++) {
        if (search->stop_at && search->value <= *search->stop_at)
            break;
        if (idle && idle % KICK_AFTER == 0)
            value = kick(s, &worst);
        if (!step(s, &worst, search->value, &value, &search->searched))
            value = kick(s, &worst);
        idle++;
        if (value < search->value) {
            search->value = value;
            memcpy(s->best, s->sequence, s->count * sizeof *s->best);
            idle = 0;
        }
    }
}

/* Each task behind all that it waits for, and behind its forerunner at its machine. */
static void write_sequence(struct shop *s, size_t *sequence)
{
    size_t worst = 0;
    take(s, s->best);
    (void)decode(s, &worst);
    for (size_t i = 0; i < s->count; i++)
        sequence[i] = s->queue[i];
}

bool shop_sequence(const memory *memory, const struct machine *machines, size_t machine_count,
    const struct task *tasks, size_t count, struct shop_search *search, size_t *sequence)
{
    struct shop s = {
        .machines = machines, .tasks = tasks, .count = count, .machine_count = machine_count, .random = 1};
    search->value = NEVER;
    search->searched = 0;
    if (!open_shop(memory, &s))
        return false;
    if (!count)
        return true;
    link_tasks(&s);
    for (int rule = 0; rule < 3; rule++) {
        size_t worst = 0;
        dispatch(&s, rule);
        int64_t value = decode(&s, &worst);
        if (rule == 0 || value < search->value) {
            search->value = value;
            memcpy(s.best, s.sequence, count * sizeof *s.best);
        }
    }
    take(&s, s.best);
    improve(&s, search);
    write_sequence(&s, sequence);
    return true;
}
