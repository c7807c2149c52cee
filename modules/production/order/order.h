/* order.h -- production orders and their operations: what is made of what, where, when, by whom, at what cost. */
#pragma once
#include <kontor/supply.h>
#include <kontor/work.h>

#include "bom/bom.h"
#include "capacity/place.h"
#include "list.h"
#include "routing.h"

enum order_state {
    DRAFT = 2,
    CONFIRMED,
    RESERVED,
    IN_PROGRESS,
    DONE,
    CLOSED,
    CANCELLED,
};
extern const kt_choice order_states[];
#define NOT_BEGUN    (KT_IN(DRAFT) | KT_IN(CONFIRMED) | KT_IN(RESERVED))
#define OPEN_AT_WORK (KT_IN(CONFIRMED) | KT_IN(RESERVED) | KT_IN(IN_PROGRESS))

struct component { /* a line of an order */
    kt_record rec;
    kt_id item;
    kt_dec quantity, issued, used, planned, cost;
    kt_date day;
    kt_time there; /* of what is made: when the work on it ends */
    bool known;    /* the day */
    bool amended;  /* other than the bill says */
};
extern const kt_shape component_shape;
struct output { /* a by-product of an order */
    kt_record rec;
    kt_id item;
    kt_dec quantity, received, cost_share;
};
extern const kt_shape output_shape;
struct ancestor { /* which goods went into which */
    kt_record rec;
    kt_id item, lot, into, move;
    kt_dec quantity;
    kt_date day;
};
extern const kt_shape ancestor_shape;

struct order {
    kt_record rec;
    kt_id item, bom, routing, warehouse, demand, owner, backorder_of;
    kt_id ahead;     /* the item, while it is made for nobody so far: whoever needs some finds it by that */
    kt_lines yields; /* the items of its by-products, while it is open: found by them alike */
    int64_t demand_line, level, run, minutes, steps;
    kt_dec quantity, produced, scrapped, scrap_reported,
        replaced; /* scrap_reported: by reports; not set: all */
    enum order_state state;
    kt_date due, day;
    kt_time begins, ends, started_at, finished_at;
    kt_dec planned_material, planned_machine, planned_labour, planned_overhead, planned_cost;
    kt_dec material, machine, labour, overhead, actual_cost, received, variance;
    kt_lines components, outputs, ancestors;
    kt_str reason, why, why_pl, note;
    bool late;
};
extern const kt_shape order_shape;
extern const kt_action order_actions[];
kt_error *order_compute(kt_tx *tx, kt_record *self);
struct component *component_at(const struct order *o, size_t i);
const struct output *output_at(const struct order *o, size_t i);
struct component *order_component(const struct order *o, kt_id item); /* NULL: it takes none */
kt_id order_any(const kt_tx *tx, const struct order *o);
kt_dec order_planned_cost(const struct order *o); /* scale 6 */
kt_dec order_actual_cost(const struct order *o);

enum downtime_kind { UNPLANNED_STOP = 1, PLANNED_STOP, SCHEDULE_LOSS, DOWNTIME_KINDS };
struct downtime { /* why work stopped: production.downtime_reason */
    kt_record rec;
    kt_str code, name, name_pl;
    unsigned kind;
    bool active;
};
extern const kt_shape downtime_shape;

enum operation_state { BLOCKED = 1, READY, RUNNING, PAUSED, FINISHED, DROPPED };
struct stint { /* a line of an operation: somebody worked on it */
    kt_record rec;
    kt_time from, until;
    kt_id person, downtime; /* downtime: why it stopped then */
    kt_dec minutes;
    kt_str reason; /* what else there is to say about it */
};
extern const kt_shape stint_shape;
struct operation {
    kt_record rec;
    kt_id order, centre, person, item;
    int64_t sequence;
    kt_str name, group, waits_for;
    enum operation_state state;
    kt_dec quantity, good, scrapped, machine_minutes, labour_minutes, setup_minutes, actual_minutes, cost;
    kt_dec machine_rate, labour_rate, overhead_rate; /* when it was planned */
    kt_time begins, ends, running_since, started_at, finished_at;
    kt_date deadline;
    kt_lines stints;
    bool late;
};
extern const kt_shape operation_shape;
extern const kt_choice operation_states[];
extern const kt_action operation_actions[];
struct start { /* the parameters of its actions */
    kt_record rec;
    kt_id person;
    kt_time at;
};
struct pause {
    kt_record rec;
    kt_id downtime;
    kt_dec minutes;
    kt_str reason;
    kt_time at;
};
struct finish_operation {
    kt_record rec;
    kt_dec good, scrapped, minutes;
    kt_str reason;
    kt_time at;
};
extern const kt_shape start_shape, pause_shape, finish_operation_shape;
kt_error *operation_compute(kt_tx *tx, kt_record *self);
kt_error *operation_check(kt_tx *tx, const kt_record *before, const kt_record *after);

static inline kt_date local_day(const kt_tx *tx, kt_time at)
{
    int minute;
    return kt_local(tx, at, &minute);
}
/* Runs an action on the module's own authority: what follows from reporting work is the company's affair. */
KT_MUST kt_error *on_own_authority(kt_tx *tx,
    kt_error *(*action)(kt_tx *tx, kt_record *self, const kt_record *params), kt_record *self,
    const kt_record *params);

/* ---- downtime.c ---- */

/* The reason in use that has a text as its code or name; not set: there is none. */
KT_MUST kt_error *downtime_named(kt_tx *tx, kt_str text, kt_id *reason);
/* returns validation at "downtime": it is no longer in use */
KT_MUST kt_error *downtime_check(kt_tx *tx, kt_id reason);
/* Brings the usual reasons; from an older version, stops get the reason that their remark names. */
KT_MUST kt_error *downtime_migrate(kt_tx *tx, const char *from_version);
#define STOPS_FILED "production.stops_filed"
extern const kt_work stops_filed;
extern const kt_shape downtime_presets_shape, stop_row_shape;
kt_error *downtime_presets(kt_tx *tx, const kt_record *params, kt_record *result);

struct losses { /* by stops that began or went on within a time */
    kt_time from, until;
    int64_t of_kind[DOWNTIME_KINDS]; /* minutes of working time */
    struct list reasons;
};
/* Adds the stops of an operation. */
KT_MUST kt_error *losses_add(
    kt_tx *tx, struct losses *losses, const struct centre *centre, const struct operation *operation);
/* Rows by reason, what took longest first: a Pareto chart.
 *   which  a condition of a filter, that finds the operations they are of */
KT_MUST kt_error *losses_tell(kt_tx *tx, const struct losses *losses, kt_str which, kt_lines *rows);

/* ---- scan.c ---- */

extern const kt_shape worker_shape, scan_shape, scanned_shape;
kt_error *scan(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- floor.c: the machines with what they have to do ---- */

struct floor {
    memory memory;
    kt_time from; /* nothing is placed before */
    int64_t days; /* how far the calendars are read */
    bool shared;  /* by the whole transaction, in whose memory it lies */
    id_map index;
    struct machine *machines;
    struct centre *centres;
    size_t count, room;
};
void floor_open(kt_tx *tx, struct floor *floor, kt_time from, int64_t days);
/* The floor of now, read once in a transaction: whoever places on it for good writes the operations, too. */
KT_MUST kt_error *floor_shared(kt_tx *tx, int64_t days, struct floor **floor);
/* Operations or centres change by other ways: the shared floor is read anew. */
KT_MUST kt_error *floor_forget(kt_tx *tx);
/* The machine of a work centre, its calendar and its open operations read once, but for those of one order.
 *   except  not set: of all orders */
KT_MUST kt_error *floor_machine(
    kt_tx *tx, struct floor *floor, kt_id centre, kt_id except, bool empty, unsigned *machine);
/* All active centres of a group, or the one that is named. */
KT_MUST kt_error *floor_choice(kt_tx *tx, struct floor *floor, kt_id centre, kt_str group, kt_id except,
    bool empty, unsigned **machines, size_t *count);
int64_t to_minutes(kt_time at); /* rounded up */
kt_time from_minutes(int64_t at);
/* Minutes that the machine is taken for: efficiency counted in, rounded up. */
int64_t taken_minutes(const struct centre *centre, kt_dec machine_minutes);

/* ---- placing.c ---- */

/* Where and when each step of an order is worked on. */
struct placed_step {
    const struct step *step;
    struct centre centre;
    kt_dec machine_minutes, labour_minutes;
    kt_time begins, ends;
    bool fits; /* into the calendars */
};
struct placed {
    const struct routing *routing;
    struct placed_step *steps;
    size_t count;
    kt_time begins, ends;
    bool fits;
};
/* Places the steps of a routing, without writing anything.
 *   earliest  when the first may begin
 *   latest    .ms not 0: they shall end then and begin as late as they may; if that does not fit they go forward
 *   except    this order's own operations stay where they have begun and are not in the way else; not set: it has none
 *   stays     the operations are written: what follows in this transaction finds the places taken */
KT_MUST kt_error *place_steps(kt_tx *tx, const struct routing *routing, kt_dec quantity, kt_time earliest,
    kt_time latest, kt_id except, bool stays, struct placed *placed);

/* ---- fill.c ---- */

/* The bill that is named, else the one that holds on the day; *chosen not set: there is none.
 *   returns  validation at "bom": it is another item's */
KT_MUST kt_error *bill_chosen(kt_tx *tx, kt_id item, kt_date day, kt_id *chosen, struct bom *bom);
/* What on a day goes into so much of a bill's item, each component once: lines of component_shape, not rounded to whole
 * units.
 *   scrap  with what is lost in the making */
KT_MUST kt_error *bill_components(
    kt_tx *tx, const struct bom *bom, kt_dec quantity, kt_date day, bool scrap, kt_lines *components);
/* On which its bill holds: when it is due, not before it was entered. */
kt_date order_bill_day(const kt_tx *tx, const struct order *o);
/* Fills in what the bill says: components, by-products, routing. */
KT_MUST kt_error *order_fill(kt_tx *tx, struct order *o);
/* Up to what the item's unit has: what is planned asks for no part of a piece. */
KT_MUST kt_error *in_whole_steps(kt_tx *tx, kt_id item, kt_dec *quantity);
/* What is written or told of an item that is made: refused where it is no whole number, as on a slip.
 *   returns  validation at path */
KT_MUST kt_error *check_pieces(kt_tx *tx, kt_id item, kt_dec quantity, const char *path);
/* The same for an order that was filled before, with another quantity: what was amended stays so, in proportion; by
 * another bill all is as that bill says. */
KT_MUST kt_error *order_fill_anew(kt_tx *tx, struct order *o, const struct order *was);
/* What of a component another quantity of the order takes, in proportion. */
KT_MUST kt_error *component_in_proportion(
    kt_tx *tx, const struct component *c, kt_dec was, kt_dec quantity, kt_dec *needed);
extern const kt_shape amend_shape;
kt_error *order_amend(kt_tx *tx, kt_record *self, const kt_record *params);

/* ---- plan.c ---- */

/* What so much of an item costs by its standard, else by its bill; scale 2. */
KT_MUST kt_error *part_cost(kt_tx *tx, kt_id item, kt_dec quantity, kt_dec *cost);
/* Asks for the components, places the operations and writes them; fills in dates and planned costs.
 *   plan  receives the parts that the components are covered by */
KT_MUST kt_error *order_cover(kt_tx *tx, struct order *o, kt_plan *plan);
/* Places anew what has not begun, after the components or from a day on, and tells whoever waits.
 *   from  not set: as soon as the components are there */
KT_MUST kt_error *order_place_anew(kt_tx *tx, struct order *o, kt_date from, kt_text reason);
/* Learns when the order could begin, by the components that it needs now; nothing is placed and nobody told. */
KT_MUST kt_error *order_begin_when_there(kt_tx *tx, struct order *o);
/* CONFIRMED or RESERVED, by what covers the components. */
KT_MUST kt_error *order_look(kt_tx *tx, struct order *o);
/* Asks for so much of one component more, or anew; the days of what it is covered by already hold, too. */
KT_MUST kt_error *order_ask_for_more(kt_tx *tx, struct order *o, struct component *c, kt_dec quantity);
/* The same for what was issued and comes back at this cost: where nobody keeps stock it lies there. */
KT_MUST kt_error *order_ask_for_returned(
    kt_tx *tx, struct order *o, struct component *c, kt_dec quantity, kt_dec cost);
/* Another quantity of one component: more is asked for, less is given back. */
KT_MUST kt_error *order_resize_component(
    kt_tx *tx, struct order *o, struct component *c, kt_dec quantity, kt_plan *left);
/* The planned cost of the components, after they changed. */
KT_MUST kt_error *order_recost(kt_tx *tx, struct order *o);
/* Less or more of it is made; components and operations that are not finished follow. */
KT_MUST kt_error *order_resize(kt_tx *tx, struct order *o, kt_dec quantity, kt_plan *left);
KT_MUST kt_error *order_drop(kt_tx *tx, struct order *o, kt_plan *left);
/* Takes in what was written to the order since o was read, because its components moved: their days, where it stands
 * itself, the version. What is written next is an action's again. */
KT_MUST kt_error *order_refresh(kt_tx *tx, struct order *o);
kt_text say_text(kt_str en, kt_str pl);
kt_str say_day(kt_tx *tx, kt_date day);

/* ---- follow.c ---- */

/* While an order asks for its components: neither it nor what is made for it is written yet. */
struct made_for { /* whose demand an order is being made for */
    kt_id document;
    const struct made_for *above;
};
struct asking {
    kt_id document; /* the order */
    kt_time at;     /* when it begins; not set: as soon as possible */
    kt_id made;     /* the order made last, */
    kt_time ends;   /* and when the work on it ends */
    const struct made_for *made_for;
};
KT_MUST kt_error *asking_now(kt_tx *tx, struct asking **asking);
/* When the work on an order is to end: before what it goes into begins, else with its due day; not set: no day. */
KT_MUST kt_error *needed_at(kt_tx *tx, const struct order *o, kt_time *at);
/* *until becomes later if the part is made and the work on it ends later. */
KT_MUST kt_error *made_until(kt_tx *tx, const kt_cover *part, kt_time *until);
/* From when on work may begin with it; not set: it is there. */
kt_time component_there(const kt_tx *tx, const struct component *c);
/* The work ends at another instant: the orders that wait for it learn it.
 *   was    when it ended before
 *   place  whoever would begin before is placed anew; else base.supply tells them of another day */
KT_MUST kt_error *order_ends_moved(kt_tx *tx, const struct order *o, kt_time was, bool place);

/* ---- operations of an order ---- */

/* Calls `each` for every operation of an order, in their sequence. */
KT_MUST kt_error *operations_of(kt_tx *tx, kt_id order, struct operation **found, size_t *count);
/* Of an order that has none yet. */
KT_MUST kt_error *operations_create(kt_tx *tx, const struct order *o, const struct placed *placed);
KT_MUST kt_error *operations_write(kt_tx *tx, const struct order *o, const struct placed *placed);
KT_MUST kt_error *operations_drop(kt_tx *tx, kt_id order);
struct minutes {
    kt_dec machine, labour;
};
/* What so much of the order's quantity takes as planned: the set-up, whole once anything is made, and the run. */
void operation_allows(const struct operation *p, kt_dec done, kt_dec quantity, struct minutes *allowed);
/* What it took: who reported nothing took what it allows. */
void operation_took(const struct operation *p, const struct minutes *allowed, struct minutes *took);

/* ---- cost.c ---- */

KT_MUST kt_error *cost_of_time(kt_tx *tx, struct order *o, const struct centre *centre,
    kt_dec machine_minutes, kt_dec labour_minutes, kt_dec *sum);
KT_MUST kt_error *cost_variance(kt_tx *tx, struct order *o);
/* Tells others what was spent: the event "production.cost".
 *   document  of kt_any
 *   kind      machine, labour, overhead; variance, repriced: out of the work in progress */
KT_MUST kt_error *cost_announce(kt_tx *tx, kt_id document, kt_str kind, kt_dec amount);
extern const kt_shape later_shape;
kt_error *components_cost_later(kt_tx *tx, const kt_event *event);

/* ---- goods.c, report.c: what is done ---- */

/* Takes components out of the stores, into the order.
 *   into  the lot made of them; may be not set
 *   path  of the quantity, for problems */
KT_MUST kt_error *issue_component(kt_tx *tx, struct order *o, struct component *c, kt_dec quantity, kt_id lot,
    kt_id into, const char *path);
/* Takes what is made into the stores, and tells who waits for it. *value receives what it is worth there. */
KT_MUST kt_error *receive_goods(
    kt_tx *tx, struct order *o, kt_id item, kt_dec quantity, kt_id lot, kt_dec *value);
/* What of a by-product is still to come of an order of a quantity: as much as belongs to what of it is not scrapped, in
 * whole steps of its unit. */
KT_MUST kt_error *output_rest(
    kt_tx *tx, const struct output *out, kt_dec quantity, kt_dec scrapped, kt_dec *rest);
/* How much of an item the order still gives, as what it makes and as a by-product; when it has ended, nothing. */
KT_MUST kt_error *order_gives(kt_tx *tx, const struct order *o, kt_id item, kt_dec *rest);
/* Tells the stores what of the order will come, and when. */
KT_MUST kt_error *expect_goods(kt_tx *tx, const struct order *o);
/* The same of by-products, also of some that the order does not have any more. */
KT_MUST kt_error *expect_outputs(kt_tx *tx, const struct order *o, const kt_lines *outputs);
/* What the stores refuse is told at the parameter that asked for it. */
kt_error *told_at(kt_tx *tx, const kt_error *error, const char *path);
/* The lot of an item by its name; not set where nobody keeps stock. */
KT_MUST kt_error *lot_named(kt_tx *tx, kt_id item, kt_str name, kt_date expires, kt_id *lot);
/* What the bill says for all that was made and scrapped so far, in whole units. */
KT_MUST kt_error *component_needed(
    kt_tx *tx, const struct order *o, const struct component *c, kt_dec *needed);
/* What of a component was used up: as reports told it, and as the bill says as far as it was issued. */
KT_MUST kt_error *component_used(kt_tx *tx, const struct order *o, const struct component *c, kt_dec *used);
/* What was used up may have moved what is still to come. It is written with the module's eyes: whoever reports need not
 * see the stores' moves that it names. */
KT_MUST kt_error *keep_report(kt_tx *tx, struct order *o);
/* The last operation tells its scrap: what of it is not counted on the order yet is, as a report would count it.
 *   returns  rule at "scrapped": the order does not have so many left */
KT_MUST kt_error *scrap_told(kt_tx *tx, struct order *o, kt_dec scrapped, kt_str reason);
kt_error *order_issue(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *order_report(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *order_finish(kt_tx *tx, kt_record *self, const kt_record *params);
extern const kt_shape issue_shape, report_shape, finish_shape;

/* ---- back.c: components that were issued and not used ---- */

extern const kt_shape give_back_shape;
kt_error *order_give_back(kt_tx *tx, kt_record *self, const kt_record *params);

/* ---- variance.c ---- */

extern const kt_shape overdue_shape, overdue_found_shape; /* overdue.c */
kt_error *orders_overdue(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape variances_shape, variances_answer_shape;
kt_error *order_variances(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- disassembly.c ---- */

extern const kt_shape disassembly_shape;
extern const kt_action disassembly_actions[];
kt_error *disassembly_compute(kt_tx *tx, kt_record *self);

/* ---- audit.c ---- */

kt_error *production_audit(kt_tx *tx);

/* ---- people.c ---- */

extern const kt_shape absence_shape, may_run_shape, person_shape, off_day_shape, shifts_shape;
kt_error *holiday_changed(kt_tx *tx, const kt_event *event);
kt_error *calendar_changed(kt_tx *tx, const kt_event *event);
kt_error *centre_changed(kt_tx *tx, const kt_event *event);
kt_error *qualification_changed(kt_tx *tx, const kt_event *event);
kt_error *person_changed(kt_tx *tx, const kt_event *event);
kt_error *people_left(kt_tx *tx, const kt_event *event);
kt_error *people_back(kt_tx *tx, const kt_event *event);

/* ---- source.c, capacity.c ---- */

extern const kt_source make_source;
/* How much it still gives: what was scrapped it does not. */
kt_dec order_rest(const struct order *o);
/* How much of an item that the order gives somebody waits for. */
KT_MUST kt_error *order_waited_for(kt_tx *tx, const struct order *o, kt_id item, kt_dec *quantity);
/* Whoever waits for more by-products than still come with the order is covered anew. */
KT_MUST kt_error *order_outputs_fail(kt_tx *tx, struct order *o);
extern const kt_shape promise_shape;
kt_error *order_promise_moved(kt_tx *tx, const kt_event *event);
kt_error *order_component_reserved(kt_tx *tx, const kt_event *event);

/* The day of the latest of the parts that cover a component, and whether it is known.
 *   from, level  which parts of the plan are meant */
KT_MUST kt_error *component_learn_day(
    kt_tx *tx, const kt_plan *plan, size_t from, unsigned level, struct component *c);

/* join.c */
#define ORDERS_CATCH_UP "production.catch_up" /* the service */
extern const kt_work orders_catch_up;
KT_MUST kt_error *orders_migrate(kt_tx *tx, const char *from_version);
kt_error *orders_enabled(kt_tx *tx, const kt_event *event); /* of "production.enabled" */
/* Whoever misses an item may have it now, or in another way; not set: any. */
KT_MUST kt_error *tell_offered(kt_tx *tx, kt_id item);
kt_error *bill_offered(kt_tx *tx, const kt_event *event);
kt_error *order_offered(kt_tx *tx, const kt_event *event);
kt_error *centre_offered(kt_tx *tx, const kt_event *event);
kt_error *orders_expected(kt_tx *tx, const kt_event *event); /* of "logistics.enabled" */
extern const kt_shape load_shape, load_answer_shape, level_shape, level_answer_shape, promise_ask_shape,
    promise_answer_shape;
extern const kt_shape oee_shape, oee_answer_shape;
kt_error *centres_oee(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *capacity_load(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *capacity_level(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *capacity_promise(kt_tx *tx, const kt_record *params, kt_record *result);
