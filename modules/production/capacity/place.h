/* place.h -- placing operations at work centres: each takes one slot from its first minute to its last, nights and
 * holidays between them included, so that it is split over shifts and never overlaps another. Pure. */
#pragma once
#include "capacity/timeline.h"
#include "memory.h"

struct busy {
    int64_t from, until;
};
struct slot {
    timeline time;     /* the machine's, less the days on which nobody is there for this slot */
    struct busy *busy; /* in order, none overlapping */
    size_t count, room;
};
struct machine {
    timeline time;
    struct slot *slots;
    unsigned slot_count;
};
struct place {
    int64_t begin, end;
    unsigned machine, slot;
};

/* false: no memory */
bool machine_open(const memory *memory, timeline time, unsigned slots, struct machine *machine);
/* Takes a slot for work that is placed already: of those that are free the one that works most of the time, else the
 * first. false: no memory */
bool machine_book(const memory *memory, struct machine *machine, int64_t from, int64_t until);
/* Is there a slot that is free for so long, and works as many minutes of it as are needed? */
bool machine_fits(const struct machine *machine, int64_t from, int64_t until, int64_t need);
/* Takes exactly this place. false: no memory */
bool machine_take(const memory *memory, struct machine *machine, const struct place *place);
/* Gives up a place that was taken. */
void machine_free(struct machine *machine, const struct place *place);

/* The place with the earliest end, not before `earliest`, at one of the machines that `among` lists.
 *   needs     minutes at each of them
 *   returns   false: there is none within the calendars */
bool place_forward(const struct machine *machines, const unsigned *among, const int64_t *needs, size_t count,
    int64_t earliest, struct place *place);
/* The place with the latest begin that ends at `latest` at last, and does not begin before `earliest`. */
bool place_backward(const struct machine *machines, const unsigned *among, const int64_t *needs, size_t count,
    int64_t earliest, int64_t latest, struct place *place);

/* ---- Many at once ---- */

struct task {
    size_t order;             /* tasks of one order stand together, those waited for before those that wait */
    const unsigned *machines; /* any of these */
    const int64_t *needs;
    size_t machine_count;
    const size_t *after; /* indexes of tasks */
    size_t after_count;
    int64_t earliest, due; /* due NEVER: none */
    struct place place;    /* receives; begin NEVER: it did not fit into the calendars */
};
/* Places tasks in the order that `sequence` lists their indexes, each as early as it can be. A task comes after
 * those it waits for. false: no memory */
bool place_all(
    const memory *memory, struct machine *machines, struct task *tasks, const size_t *sequence, size_t count);
/* Places tasks so that each order ends as late as its due time allows and no earlier than now; what does not fit
 * goes forward. false: no memory */
bool place_all_late(const memory *memory, struct machine *machines, struct task *tasks,
    const size_t *sequence, size_t count, int64_t now);
