/* stock.h -- goods in the stores: the service "logistics.stock" of the module logistics. Whatever moves goods moves
 * them with it: production issues components and receives what it made, purchasing receives, deliveries ship. */
#pragma once
#include <kontor.h>

/* Goods are always at one of these; a move goes from one to another. On the wire, and in "logistics.valued":
 * supplier, stores, production, customer, loss, transit. */
typedef enum {
    KT_AT_SUPPLIER = 1,
    KT_AT_STORES, /* a warehouse's own places */
    KT_AT_PRODUCTION,
    KT_AT_CUSTOMER,
    KT_AT_LOSS, /* scrapped, lost; what a count finds comes from here */
    KT_AT_TRANSIT,
} kt_stock_place;

typedef struct {
    kt_id item;
    kt_id lot;       /* not set: what leaves takes the lots that the warehouse picks first */
    kt_dec quantity; /* in the item's own unit, scale 4, above zero */
    kt_stock_place from, to;
    kt_id warehouse; /* whose stores; not set: the company's usual one */
    kt_id
        location; /* within it; not set: what leaves is looked for everywhere, what comes goes to the first */
    kt_id document, line; /* of kt_any, and of its lines: for what, and whose reservation is taken first */
    kt_id party;          /* supplier or customer; may be not set */
    kt_id returns;        /* the move whose goods come back: they cost what they cost then; not set: none */
    kt_date day;          /* not set: today; not later */
    kt_id
        paper; /* of kt_any: the slip that goes with it, a delivery, a receipt; not set: the document itself */
    kt_str reason; /* for people; not set: none needed */
    kt_dec value;  /* given: what comes in costs this, company's currency, scale 2; not set: it is computed.
                                 Receives what the goods moved are worth; 0 if they move within the company */
    kt_id move;    /* receives the record of logistics.move, the first if several lots moved */
} kt_stock_move;

typedef struct {
    kt_dec on_hand, reserved;  /* scale 4 */
    kt_dec incoming, outgoing; /* expected until the day asked for; without a day: at any time */
    kt_dec available;          /* on hand, not reserved, not blocked, not expired: may be taken now */
    kt_dec
        promised; /* may be promised for the day asked for (today, if none) without breaking a later promise */
    kt_dec unit_cost; /* scale 4, company's currency; not set: unknown */
} kt_stock_level;

typedef struct {
    /* Moves goods now, on the module's own authority: whoever calls has judged the caller's rights. What leaves the
     * stores takes the reservation of move->document and line first, then what is free.
     *   returns  rule at "quantity": more than is reserved or free; rule at "lot": blocked or expired; rule at "item":
     *            no goods; rule at "location": being counted; validation at "lot": one is needed */
    KT_MUST kt_error *(*move)(kt_tx *tx, kt_stock_move *move);
    /* What will come or go: one planned move for each document, line and item, in state confirmed, partially_reserved or
     * reserved. Call it again with what is still to come whenever that, or the day, changes.
     *   move  quantity 0: nothing any more; day: when, not set: nobody knows; value and move are not looked at */
    KT_MUST kt_error *(*expect)(kt_tx *tx, const kt_stock_move *move);
    /* How much there is.
     *   warehouse, lot, day  not set: all, all, now */
    KT_MUST kt_error *(*level)(
        kt_tx *tx, kt_id item, kt_id warehouse, kt_id lot, kt_date day, kt_stock_level *level);
    /* Finds the item's lot or serial number by its name, or makes it.
     *   expires  of a new one; may be not set */
    KT_MUST kt_error *(*lot)(kt_tx *tx, kt_id item, kt_str name, kt_date expires, kt_id *lot);
    /* Spreads a cost that comes later (freight, duty) over goods received: what is still in stock is worth more, the
     * share of what has left goes after it, to customers, into production, to losses, told as "logistics.valued" from
     * "revaluation" of each move that took it.
     *   moves, values  the receipts, and what each bears; below zero: less */
    KT_MUST kt_error *(*burden)(
        kt_tx *tx, const kt_id *moves, const kt_dec *values, size_t count, kt_id document, kt_str reason);
} kt_stock;

/* NULL: no module keeps stock now. */
static inline const kt_stock *kt_stock_find(kt_tx *tx)
{
    return (const kt_stock *)kt_service_find(tx, "logistics.stock", 1);
}

/* How what comes to one warehouse gets to another. */
typedef struct {
    bool known;   /* it does */
    kt_date day;  /* when; not set: nobody knows */
    kt_id via;    /* of kt_any: from where it is sent on; not set: it comes to where it is needed */
    int64_t days; /* that takes */
} kt_way;

/* The type of the service "logistics.ways", version 1. */
typedef struct {
    /* Of an item that comes to one warehouse on a day, and is needed in another one, or in the same.
     *   from, to  not set: the company's usual one */
    KT_MUST kt_error *(*find)(kt_tx *tx, kt_id item, kt_id from, kt_id to, kt_date day, kt_way *way);
} kt_ways;

/* NULL: no module keeps stock now. */
static inline const kt_ways *kt_ways_find(kt_tx *tx)
{
    return (const kt_ways *)kt_service_find(tx, "logistics.ways", 1);
}
