/* routing.h -- where and how long an item is worked on. */
#pragma once
#include <kontor.h>

struct centre { /* production.work_centre */
    kt_record rec;
    kt_str code, name, group;
    kt_id calendar;
    int64_t slots;
    kt_dec efficiency, machine_rate, labour_rate, overhead_rate;
    bool active;
};
extern const kt_shape centre_shape;
kt_error *centre_compute(kt_tx *tx, kt_record *self);

struct step { /* an operation of a routing */
    kt_record rec;
    int64_t sequence;
    kt_str name, group, after, note;
    kt_id centre;
    kt_dec setup_minutes, run_minutes, labour_minutes, per;
};
extern const kt_shape step_shape;
struct routing {
    kt_record rec;
    kt_str code, name;
    bool active;
    bool workable; /* in a book: by each of its steps somebody works */
    kt_lines steps;
};
extern const kt_shape routing_shape;
kt_error *routing_compute(kt_tx *tx, kt_record *self);
const struct step *step_at(const struct routing *routing, size_t i);
/* Is `before` among the sequence numbers that `after` lists? Where nothing is listed, the step before in order is. */
bool step_waits_for(const struct routing *routing, size_t step, size_t before);
/* Minutes of the machine and of people for a quantity, scale 4, without regard to efficiency. */
void step_minutes(const struct step *step, kt_dec quantity, kt_dec *machine, kt_dec *labour);
/* What minutes cost at a centre, scale 6. */
struct time_costs {
    kt_dec machine, labour, overhead;
};
struct time_costs centre_costs(const struct centre *centre, kt_dec machine_minutes, kt_dec labour_minutes);
/* Is its centre, or one of its group, in use? */
KT_MUST kt_error *step_possible(kt_tx *tx, const struct step *step, bool *possible);
/* The same of all its steps. */
KT_MUST kt_error *routing_workable(kt_tx *tx, const struct routing *routing, bool *workable);
/* What keeps it from being worked by: its first step whose centre, or all of whose group, is out of use. NULL: nothing. */
KT_MUST kt_error *routing_hindrance(kt_tx *tx, const struct routing *routing, kt_text *why);
/* returns rule at "routing": a step of it has no centre that is in use */
KT_MUST kt_error *routing_check(kt_tx *tx, const struct routing *routing);
/* The step's centre, or the first of its group by code. returns rule at "steps": the group has none */
KT_MUST kt_error *step_centre(kt_tx *tx, const struct step *step, struct centre *centre);
