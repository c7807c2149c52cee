/* run.h -- planning of requirements over the records: what is gathered, what is proposed. */
#pragma once
#include <kontor/work.h>

#include "bom/bom.h"
#include "mrp/lead.h"
#include "mrp/mrp.h"

struct planned_item { /* what planning needs to know of base.item, and adds to it */
    kt_record rec;
    unsigned kind, planning;
    bool active, lead_fixed;
    kt_dec safety_stock, lot_size, lot_min, lot_max, lot_multiple, forecast_back, forecast_forward;
    int64_t lot_period, lead_days;
};
extern const kt_shape planned_item_shape;
/* An item with rules of planning that cannot be followed is refused. */
kt_error *planning_rules_check(kt_tx *tx, const kt_event *event);

struct forecast {
    kt_record rec;
    kt_id item;
    kt_date day, until; /* until: not set: the day */
    kt_dec quantity;
    kt_str note;
};
extern const kt_shape forecast_shape;
kt_error *forecast_compute(kt_tx *tx, kt_record *self);
enum { WINDOW_MAX = 92 }; /* days within which orders take of the forecasts of other times */
struct forecast_left {
    kt_id forecast, item;
    kt_date day;
    kt_dec quantity;
};
/* What customers' orders left of the forecasts that still hold, by item and day; in the transaction's memory.
 *   consumed  receives how many forecasts they took of */
KT_MUST kt_error *forecasts_left(kt_tx *tx, struct forecast_left **left, size_t *count, int64_t *consumed);
/* Which orders took what of the forecasts that reach `from`: rows of consumption_row_shape, at most 5,000.
 *   item, until, forecast  not set: of all; whenever they begin; of all */
KT_MUST kt_error *consumption_tell(
    kt_tx *tx, kt_id item, kt_date from, kt_date until, kt_id forecast, kt_lines *rows);
extern const kt_shape consumption_shape, consumption_row_shape, consumption_answer_shape;
kt_error *mrp_consumption(kt_tx *tx, const kt_record *params, kt_record *result);

struct mrp_run {
    kt_record rec;
    kt_date day;
    int64_t items, demands, consumed, receipts, proposals, added, changed, removed, messages, levels, job;
};
extern const kt_shape mrp_run_shape;

enum proposal_kind { TO_MAKE = 1, TO_BUY };
enum proposal_state { PROPOSED = 1, FIRMED };
struct reason_peg { /* a line of a proposal: what needs it */
    kt_record rec;
    unsigned need;
    kt_id document;
    int64_t line, proposal;
    kt_dec quantity;
    kt_date day;
};
extern const kt_shape reason_peg_shape;
struct proposal {
    kt_record rec;
    kt_id item, run, order, supply;
    int64_t serial, level;
    enum proposal_kind kind;
    enum proposal_state state;
    kt_dec quantity;
    kt_date release, due;
    bool late;
    kt_lines pegs;
};
extern const kt_shape proposal_shape;
extern const kt_action proposal_actions[];

struct message {
    kt_record rec;
    kt_id run, item, document;
    unsigned kind;
    kt_dec quantity;
    kt_date day, needed;
};
extern const kt_shape message_shape;

/* ---- gather.c: one planning in memory ---- */

struct origin { /* of a demand or a receipt */
    kt_id document, line;
};
struct gathered {
    struct mrp mrp;
    kt_id *ids;  /* of the items */
    kt_id *idle; /* items that are not planned */
    size_t idle_count;
    struct era *made;    /* when a bill says how items are made, from today on: */
    uint32_t *made_from; /* of each item, into made; and behind the last one's */
    struct origin *demand_of, *receipt_of;
    struct leads leads;
    int64_t consumed; /* forecasts that orders took of */
};
/* In the transaction's memory, but for what is known of lead times.
 *   lasting  where that lies; g stays where it is */
KT_MUST kt_error *mrp_gather(kt_tx *tx, const memory *lasting, struct gathered *g);

extern const kt_work mrp_work;
extern const kt_shape mrp_run_ask_shape, mrp_run_answer_shape, trace_shape, trace_answer_shape;
kt_error *mrp_run_call(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *mrp_trace(kt_tx *tx, const kt_record *params, kt_record *result);
