/* pegging.h -- which supply covers which demand: the record, and what the files of this folder do to it. */
#pragma once
#include <kontor/supply.h>
#include <kontor/work.h>

struct pegging {
    kt_record rec;
    kt_id demand, supply, item, warehouse, freed_by, via; /* of kt_any, but for the item */
    kt_id missed; /* the item, if it is missing: who misses it is found by that */
    int64_t line, minutes, level, way_days;
    kt_supply_kind kind;
    kt_dec quantity, cost;
    kt_date needed, promised, day, came; /* came: what covered it did, and cannot be had */
    kt_str reason, reason_pl;
    bool beside, late;
};
extern const kt_shape pegging_shape;
kt_error *pegging_compute(kt_tx *tx, kt_record *self);

/* Peggings in memory, in the order they were asked for. */
struct peggings {
    struct pegging *items;
    size_t count;
};
/* The order in which what is there goes to who waits: what is needed first, of a day what was asked for first. Not set is as soon
 * as possible, before any day. */
int peggings_by_need(const struct pegging *a, const struct pegging *b);
#define PEGGINGS_BY_NEED "needed,id" /* the same, as it is asked of a query */
/* The peggings of a demand; line 0: of all its lines. */
KT_MUST kt_error *peggings_of_demand(kt_tx *tx, kt_id demand, int64_t line, struct peggings *found);
/* The peggings to a supply, by need. */
KT_MUST kt_error *peggings_of_supply(kt_tx *tx, kt_id supply, kt_id item, struct peggings *found);
/* Demands of an item that miss some, by need. */
KT_MUST kt_error *peggings_missing(kt_tx *tx, kt_id item, struct peggings *found);
/* Those of an earlier version do not say yet what they miss. */
KT_MUST kt_error *peggings_learn_missed(kt_tx *tx);
/* Takes `quantity` off; one that comes to nothing is deleted. */
KT_MUST kt_error *pegging_lessen(kt_tx *tx, struct pegging *p, kt_dec quantity);
/* Remembers a part of a demand's cover; what is on stock is one pegging a line. */
KT_MUST kt_error *pegging_remember(kt_tx *tx, const kt_demand *demand, const kt_cover *part);
kt_str pegging_words(kt_tx *tx, const char *text);                  /* a copy; not set for none */
void pegging_because(kt_tx *tx, struct pegging *p, kt_text reason); /* for the next update */
kt_demand pegging_demand(const struct pegging *p);
kt_cover pegging_part(const struct pegging *p);
/* It came while nobody kept stock: it is its demand's by this pegging alone, and no stores hold it. */
bool lies_ready(const struct pegging *p);
/* The part becomes what lies ready. */
void lay_there(const kt_tx *tx, kt_cover *part);
/* The last of their days; not set: nobody knows one of them. */
kt_date peggings_day(const struct peggings *all);
/* The day on which all of a demand's line is there; not set: some is missing, or nobody knows. */
KT_MUST kt_error *promise_of(kt_tx *tx, kt_id demand, int64_t line, kt_date *day);

/* The source of this kind; NULL: its module is not there, or the kind is KT_MISSING. */
const kt_source *source_of(kt_tx *tx, kt_supply_kind kind);
kt_dec least(kt_dec a, kt_dec b);
/* Takes a quantity off, all if it is less, with its share of the cost. */
kt_ready ready_take(kt_ready *from, kt_dec quantity);

/* cover.c */
extern const kt_supply supply_service;
KT_MUST kt_error *supply_cover(kt_tx *tx, const kt_demand *demand, kt_plan *plan);
/* What is said of a demand that no source covers; its parts lie as long as the call.
 *   making, buying  what keeps these from it; not set: they have no way to it at all */
kt_text why_missing(kt_tx *tx, kt_text making, kt_text buying);

/* promise.c */
/* Whoever owns the demand of p hears that its promise is not `was` any more, if it is not. */
KT_MUST kt_error *supply_tell(kt_tx *tx, const struct pegging *p, kt_date was);
KT_MUST kt_error *supply_told(kt_tx *tx, const kt_promise **all, size_t *count);
/* The same, that so much of what it waits for is in the stores now, and its own. */
KT_MUST kt_error *supply_tell_reserved(kt_tx *tx, const struct pegging *p, kt_dec quantity, kt_id freed_by);

/* change.c */
KT_MUST kt_error *supply_moved(kt_tx *tx, kt_id supply, kt_date day, kt_text reason);
KT_MUST kt_error *supply_arrived(
    kt_tx *tx, kt_id supply, kt_id item, kt_id warehouse, kt_dec quantity, kt_dec cost);
KT_MUST kt_error *supply_lost(
    kt_tx *tx, kt_id document, kt_id line, kt_id item, kt_dec quantity, kt_text reason);
KT_MUST kt_error *supply_passed(kt_tx *tx, kt_id supply, kt_id document, kt_id line, kt_dec quantity);
KT_MUST kt_error *supply_shared(
    kt_tx *tx, kt_id supply, kt_id with, kt_dec quantity, kt_date day, kt_text reason);
KT_MUST kt_error *supply_parted(kt_tx *tx, kt_id supply, kt_id with, kt_id item, kt_dec quantity);
KT_MUST kt_error *supply_failed(kt_tx *tx, const kt_shortfall *all, size_t count, kt_text reason);
/* While a demand lets go of what it has, supplies that fail with it are not looked at: who waits for them may be the
 * same demand. Nor are they while what is missing is covered. *first: it is the outermost that lets go, and its end is. */
KT_MUST kt_error *supply_hold_failures(kt_tx *tx, bool *first);
/* With what the caller has come to; of an error nothing follows. */
KT_MUST kt_error *supply_tell_failures(kt_tx *tx, bool first, kt_error *error);
/* An item is offered: while the same holds, that waits till it is over. */
KT_MUST kt_error *supply_hold_offer(kt_tx *tx, kt_id item, kt_supply_kind of, bool *held);
/* So much of p will not come that way. */
KT_MUST kt_error *supply_cover_anew(kt_tx *tx, struct pegging *p, kt_dec quantity);

/* offer.c */
/* Covers as much of p's demand as a source has.
 *   warehouse  where it is asked for
 *   rest       how much it may take; receives what it left
 *   plan       {0}; receives what covers it */
KT_MUST kt_error *supply_take(kt_tx *tx, const kt_source *source, struct pegging *p, kt_id warehouse,
    kt_id freed_by, kt_dec *rest, kt_plan *plan);
/* So much of a plan is free goods of a warehouse: not what comes from others, or was on its way.
 *   warehouse  not set: of any */
kt_dec plan_taken_there(const kt_plan *plan, kt_id warehouse);
/* Of what is free in a warehouse p gets what it waits for.
 *   rest  receives what it left */
KT_MUST kt_error *supply_hand_out(
    kt_tx *tx, struct pegging *p, kt_id warehouse, kt_id freed_by, kt_ready *rest);
/* So much of p is missing: what covered it came and cannot be had. It is not made or bought again for that. */
KT_MUST kt_error *supply_miss(kt_tx *tx, struct pegging *p, kt_dec quantity, kt_text reason);
/* What is free goes to those who miss some of the item; what none of them takes others may.
 *   offered  as much as may be taken
 *   rest     of it, what is nobody's */
KT_MUST kt_error *supply_give(
    kt_tx *tx, kt_id by, kt_id item, kt_id warehouse, kt_ready offered, kt_dec rest);
/* What is freed goes to nobody until it is called again: whoever calls takes it. */
KT_MUST kt_error *supply_hold_back(kt_tx *tx, bool hold);
KT_MUST kt_error *supply_freed(
    kt_tx *tx, kt_id by, kt_id item, kt_id warehouse, kt_dec quantity, kt_dec cost);
KT_MUST kt_error *supply_offered(kt_tx *tx, kt_id item, kt_supply_kind of);

/* join.c */
#define SUPPLY_CATCH_UP "base.supply_catch_up" /* the service */
extern const kt_work supply_catch_up;
KT_MUST kt_error *supply_joined(kt_tx *tx);
/* Covers what is missing of all items, by need, by and by. */
KT_MUST kt_error *supply_cover_missing(kt_tx *tx);

/* review.c */
extern const kt_shape supply_review_shape, supply_reviewed_shape;
kt_error *supply_review(kt_tx *tx, const kt_record *params, kt_record *result);

/* explain.c */
KT_MUST kt_error *supply_tree(kt_tx *tx, kt_id document, kt_id line, unsigned levels, kt_plan *plan);
extern const kt_shape supply_explain_shape, supply_explained_shape, at_risk_shape, at_risk_found_shape;
kt_error *supply_explain(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *supply_at_risk(kt_tx *tx, const kt_record *params, kt_record *result);
