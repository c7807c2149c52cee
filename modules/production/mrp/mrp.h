/* mrp.h -- material requirements planning: gross requirements less what there is and what comes, level by level.
 * Quantities are whole numbers of ten-thousandths. Days are numbers. Pure.
 *
 * Supplies are used in the order in which they come: what is on hand, open receipts by day, planned orders. An open
 * receipt is taken to be movable: one that is needed earlier is to be expedited before anything more is planned
 * (the rescheduling assumption: J. Orlicky, Material Requirements Planning, 1975). By-products come when what they come with
 * does, whoever needs them: they cover what is needed from that day on, before what may be moved. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "memory.h"

enum mrp_policy {
    MRP_AS_NEEDED = 1, /* lot for lot: what a day needs */
    MRP_FIXED,         /* multiples of `lot` */
    MRP_PERIOD,        /* what `period` days need, from the first */
};
#define MRP_ONE     10000               /* a quantity of one */
#define MRP_USAGE   INT64_C(1000000000) /* a usage of one */
#define MRP_NOTHING UINT32_MAX

struct mrp_item {
    int64_t on_hand, safety;
    int32_t lead; /* days from release to receipt */
    bool routed;  /* `release` of struct mrp tells when instead */
    bool bought;  /* `buy` of struct mrp tells how much that makes of a lot */
    enum mrp_policy policy;
    int64_t lot;                /* of MRP_FIXED */
    int32_t period;             /* of MRP_PERIOD */
    int64_t min, max, multiple; /* of an order; 0: none. What exceeds max becomes several orders */
    int64_t step;   /* what is proposed, and goes into others, is a multiple of it; 0: any quantity */
    bool phantom;   /* never ordered: whatever needs it needs its components */
    uint32_t level; /* receives the low-level code */
};
struct mrp_link {
    uint32_t parent, component;
    int64_t
        usage; /* of the component for one of the parent, in parts of MRP_USAGE; below zero: it comes with it */
    int32_t from, until; /* it goes into, or comes with, what is due on these days; until 0: for good */
};
struct mrp_demand {
    uint32_t item;
    int32_t day;
    int64_t quantity;
};
enum mrp_message { MRP_KEEP, MRP_EXPEDITE, MRP_DEFER, MRP_CANCEL };
struct mrp_receipt { /* its components are demands already */
    uint32_t item;
    int32_t day;
    int64_t quantity;
    bool fixed;               /* a by-product: it is not moved */
    bool overdue;             /* it was to come before today */
    enum mrp_message message; /* receives */
    int32_t needed;           /* receives the day on which it is first needed; 0: never */
};
struct mrp_order { /* planned */
    uint32_t item;
    int32_t release, due; /* release: not before today */
    int64_t quantity;
    bool late; /* it would have to be released before today */
};
enum mrp_kind { MRP_DEMAND = 1, MRP_ORDER, MRP_RECEIPT, MRP_STOCK, MRP_SAFETY };
struct mrp_peg { /* what covers what */
    enum mrp_kind need,
        supply; /* need: DEMAND, ORDER (whose component it is), SAFETY; supply: STOCK, RECEIPT, ORDER
                                   (of the item, or with which it comes) */
    uint32_t need_index, supply_index; /* of demands, orders, receipts */
    uint32_t item;
    int32_t day;
    int64_t quantity;
};

struct mrp {
    struct mrp_item *items;
    const struct mrp_link *links;
    const struct mrp_demand *demands;
    struct mrp_receipt *receipts;
    size_t item_count, link_count, demand_count, receipt_count;
    int32_t today;
    /* When so much of a routed item has to be released to be there on a day; *day holds what its lead time says.
     * false: there is no memory */
    bool (*release)(void *from, uint32_t item, int64_t quantity, int32_t due, int32_t *day);
    void *release_from;
    /* How much of an item has to be bought for so much that is needed on a day. false: it cannot be told; the end is
     * MRP_UNTOLD */
    bool (*buy)(void *from, uint32_t item, int64_t quantity, int32_t due, int64_t *bought);
    void *buy_from;
    /* receives; an order's number is its index here and order_first together */
    struct mrp_order *orders;
    struct mrp_peg *pegs;
    size_t order_count, peg_count;
    uint32_t levels;
    uint32_t item;                 /* that mrp_next planned last, */
    const uint32_t *item_receipts; /* and what comes of it: of receipts, by day */
    size_t item_receipt_count;
    /* its own */
    size_t order_room, peg_room, order_first, next;
    struct planning *planning;
};
enum mrp_end { MRP_PLANNED, MRP_NO_MEMORY, MRP_CYCLE, MRP_TOO_LARGE, MRP_UNTOLD };
enum mrp_end mrp_plan(const memory *memory, struct mrp *mrp);

/* When so much of an item has to be released to be there on a day; before today: too late. false: there is no memory */
bool mrp_release(const struct mrp *mrp, uint32_t item, int64_t quantity, int32_t due, int32_t *day);

/* The same piece by piece, for plans that are too large to be held: what is needed still is kept, what is planned
 * is not. `memory` lasts to the end, as does what mrp points to. */
enum mrp_end mrp_begin(const memory *memory, struct mrp *mrp);
/* Plans the next item: its orders, and the peggings to what it has, comes or is planned, take the place of the last
 * item's; the messages of its receipts are final. *more receives false behind the last item; nothing is planned then. */
enum mrp_end mrp_next(struct mrp *mrp, bool *more);
