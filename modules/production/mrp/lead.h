/* lead.h -- how long making a lot takes, for planning: the steps of the routing by which it is made on the day on which it is
 * due, backwards through the calendars of their work centres, set-up and run time of the lot, with nothing else to do there.
 * It is kept from chunk to chunk. */
#pragma once
#include "mrp/mrp.h"
#include "order/order.h"

struct lead_step {
    struct step step; /* its times alone */
    unsigned *machines;
    size_t machine_count;
    bool *waited_for; /* by each of the steps */
};
struct lead_route {
    struct lead_step *steps;
    size_t count;
};
struct era {             /* days from one on */
    int32_t from, until; /* until 0: for good */
};
/* The eras of the eras_from[item]th to before the eras_from[item + 1]th are the item's. */
struct made_by {
    const struct era *eras;                /* when a bill says how items are made, */
    const struct routing *const *routings; /* and by what, with steps; NULL: its lead time holds */
    const uint32_t *eras_from;
    size_t item_count;
};
struct leads {
    struct floor floor; /* of work centres with nothing to do, in memory that lasts */
    int64_t *days;      /* the minute at which each day begins, from today to behind the last that is known */
    int32_t today, horizon; /* horizon: the last day that is known */
    struct era *eras;
    uint32_t *eras_from, *route_of; /* route_of: of each era; MRP_NOTHING: the item's lead time holds */
    struct lead_route *routes;
    struct place *places;
    int64_t *needs;
};

/* What is to be known of the routings of items.
 *   until  the last day on which something is needed */
KT_MUST kt_error *leads_read(
    kt_tx *tx, const memory *lasting, const struct made_by *ways, kt_date until, struct leads *leads);
/* Is the item made by a routing on some day? */
bool leads_know(const struct leads *leads, uint32_t item);
/* When a lot has to be released to be there as the day `due` begins; *day receives a day before today if that is over, and
 * stays what it is if no routing is known for that day.
 *   leads    a struct leads, as struct mrp asks for it
 *   returns  false: there is no memory */
bool leads_release(void *leads, uint32_t item, int64_t quantity, int32_t due, int32_t *day);
