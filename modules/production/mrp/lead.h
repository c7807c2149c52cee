/* lead.h -- how long making a lot takes, for planning: the steps of its routing backwards through the calendars of
 * their work centres, set-up and run time of the lot, with nothing else to do there. It is kept from chunk to chunk. */
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
struct leads {
    struct floor floor; /* of work centres with nothing to do, in memory that lasts */
    int64_t *days;      /* the minute at which each day begins, from today to behind the last that is known */
    int32_t today, horizon; /* horizon: the last day that is known */
    uint32_t *route_of;     /* of each item; MRP_NOTHING: its lead time holds */
    struct lead_route *routes;
    struct place *places;
    int64_t *needs;
};

/* What is to be known of the routings of items.
 *   routings  of each item, with steps; NULL: none, its lead time holds
 *   until     the last day on which something is needed */
KT_MUST kt_error *leads_read(kt_tx *tx, const memory *lasting, const struct routing *const *routings,
    size_t item_count, kt_date until, struct leads *leads);
/* When a lot has to be released to be there as the day `due` begins; *day receives a day before today if that is over.
 *   leads    a struct leads, as struct mrp asks for it; of the item a routing is known
 *   returns  false: there is no memory */
bool leads_release(void *leads, uint32_t item, int64_t quantity, int32_t due, int32_t *day);
