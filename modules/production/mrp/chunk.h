/* chunk.h -- a planning run on its way: what was planned, and what of it differs from what is proposed already. */
#pragma once
#include "list.h"
#include "mrp/run.h"

struct planned_order {
    kt_id was; /* the proposal that becomes it; not set: a new one */
    bool gone; /* nobody needs that proposal any more */
    kt_id item;
    int64_t quantity, serial;
    int32_t release, due;
    uint32_t level, peg_from, peg_count;
    bool made, late;
};
struct planned_peg {
    enum mrp_kind need;
    struct origin origin;
    uint32_t parent; /* MRP_ORDER: which planned order; its number is known once that one was compared */
    int64_t proposal, quantity;
    int32_t day;
};
struct planned_message {
    kt_id was;
    bool gone;
    kt_id item, document;
    enum mrp_message kind;
    int64_t quantity;
    int32_t day, needed;
};

/* Some items with all that was planned of them, in the transaction's memory. */
struct batch_item {
    kt_id id;
    size_t order_from, order_count, message_from, message_count;
};
struct batch {
    struct list items, orders, pegs, messages;
};

struct buying { /* whom planning asks how much has to be bought */
    kt_tx *tx;  /* of the step that plans now */
    const struct gathered *g;
    kt_error *error; /* receives */
};

struct kept { /* from chunk to chunk, in memory that lasts */
    kt_id run;
    int64_t defer_days; /* an order that is needed by fewer days later is left alone */
    struct gathered g;
    struct buying buying;
    struct list orders, pegs, messages; /* the chunk: what is to be written */
    int64_t first;                      /* the position at which the chunk begins */
    size_t items;                       /* that were planned for it */
    struct list serials;                /* int64_t: the number of each planned order */
    int64_t next_serial;
    size_t idle_next;
    bool planned; /* all of it */
    int64_t message_count, added, changed, removed;
    int64_t said;                   /* messages more than before */
    bool no_proposals, no_messages; /* but this run's own */
};

/* ---- compare.c ---- */

/* One more of a list that lasts, not filled. NULL: there is no memory */
void *keep_add(kt_work_run *run, struct list *l, size_t size);
bool same_peg(const struct planned_peg *peg, const struct reason_peg *line);
/* Before a chunk: the numbers that new proposals receive begin above all that there are. */
KT_MUST kt_error *compare_begin(kt_tx *tx, struct kept *k);
/* What differs of a batch from what is proposed already is added to the chunk. */
KT_MUST kt_error *batch_compare(kt_tx *tx, kt_work_run *run, struct kept *k, const struct batch *b);
