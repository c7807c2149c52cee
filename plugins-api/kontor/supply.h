/* supply.h -- how a demand is covered: from stock, by making, by buying. Sales orders ask for their lines,
 * production orders for their components, the same way at every level. `base` offers "base.supply", which
 * asks the sources in turn and remembers which supply covers which demand: the pegging (APICS Dictionary).
 * A source is a service that some module offers under one of the names below; an absent one is passed over. */
#pragma once
#include <kontor.h>
#include <kontor/list.h>

typedef struct {
    kt_id item;
    kt_dec quantity;  /* in the item's own unit, scale 4, above zero */
    kt_date day;      /* when it is needed; not set: as soon as possible */
    kt_date promised; /* for when it was promised first; not set: nothing was yet */
    kt_id warehouse;  /* where; not set: the company's usual one */
    kt_id document;   /* of kt_any: whose it is, of crm.order or production.order; not set: nobody's yet */
    kt_id line;       /* of that document; not set: it has no lines */
    unsigned level;   /* 0: a customer's; components are one deeper than what they go into */
    kt_id heir_of;    /* of kt_any: whose rest it is: it has what is reserved there before others */
    kt_dec returned;  /* set: it had `used` so much, gives it back at this cost, and needs it still */
    bool met;         /* of a release: it got that otherwise */
    bool later; /* it is only remembered as missing; when others like it are, `offered` covers them by need */
} kt_demand;

/* Goods that are there while nobody keeps stock, and what they cost; not set: unknown. */
typedef struct {
    kt_dec quantity, cost;
} kt_ready;

/* Transfer: from another warehouse. */
typedef enum {
    KT_FROM_STOCK = 1,
    KT_FROM_MAKING,
    KT_FROM_BUYING,
    KT_MISSING,
    KT_FROM_TRANSFER
} kt_supply_kind;

typedef struct {
    kt_supply_kind kind;
    kt_id item, line; /* line: of the demand's document */
    kt_dec quantity;  /* scale 4 */
    kt_date needed;
    kt_date promised; /* the demand's first promise, as `tree` tells it */
    kt_date day;      /* when it is in the stores; not set: nobody knows */
    kt_dec cost;      /* of the quantity, in the company's currency, scale 2; not set: unknown */
    int64_t minutes;  /* of machines and people, without those of the levels below */
    kt_id
        document; /* of kt_any: the supply, of production.order, logistics.purchase_request or transfer; of what is
                        on stock: whatever its source likes to see again at the release, but never unset: that is
                        what came while nobody kept stock */
    unsigned level;
    kt_text reason; /* why this day; NULL: it needs no word */
    kt_id freed_by; /* of kt_any: what is reserved was this document's before; not set: nobody's */
    bool beside;    /* it comes with what is made for others: what goes into that is theirs */
    kt_id
        via; /* of kt_any: the warehouse to which it comes, and from which it is sent on by "supply.transfer"; not
                         set: it comes to where it is needed */
    int64_t way_days; /* that sending on takes */
    kt_id party;      /* who brings it, and for how much a unit: as `tree` tells it of what is bought */
    kt_dec unit_cost; /* in the company's currency, scale 6 */
    kt_id
        taken_from; /* of a plan by "supply.transfer": the warehouse whose free goods it takes; not set: they are on their way */
} kt_cover;

/* What a demand and all demands below it are covered by; a made part stands before its own components. */
typedef struct {
    kt_cover *parts;
    size_t count, room;
    kt_date day;     /* when all of the demand is there; not set: some of it is missing, or nobody knows */
    kt_dec missing;  /* of the demand, uncovered */
    kt_dec cost;     /* of the demand's own parts; not set: some are unknown */
    int64_t minutes; /* of all levels: what the last `cover` added */
    kt_text
        hindered; /* why a source that has a way to the demand's item does not go it; NULL: none says so */
} kt_plan;

/* The day on which something is still to come: none, once it is past, for then nobody knows. */
static inline kt_date kt_still_to_come(const kt_tx *tx, kt_date day)
{
    return day.day < kt_today(tx).day ? (kt_date){0} : day;
}

/* The type of the services "supply.stock", "supply.transfer", "supply.make" and "supply.buy", version 7, asked in this order.
 * They run on their module's own authority. */
typedef struct {
    /* Covers what it can of *rest, which it lessens, and writes what that takes: a reservation; a production
     * order, whose components it asks of base.supply one level deeper; a purchase request. For a demand that is nobody's
     * yet all is bought, beside whatever comes already.
     *   plan  says in `hindered` what keeps the source from covering more, if it is not that it has no way at all */
    KT_MUST kt_error *(*cover)(kt_tx *tx, const kt_demand *demand, kt_dec *rest, kt_plan *plan);
    /* Undoes quantity part->quantity of what `cover` made as `part`. What can no longer be undone it adds to
     * left, with the reason; what is the demand's whatever becomes of that is not let go, unless the demand is met otherwise.
     *   returns  rule at "lines": the part is bound, and what is to be done about it */
    KT_MUST kt_error *(*release)(kt_tx *tx, const kt_demand *demand, const kt_cover *part, kt_plan *left);
    /* How much has to come for so much of an item, by least quantity and multiple; `quantity` itself, if that comes.
     * NULL: whatever is asked for comes as asked. */
    KT_MUST kt_error *(*lot)(kt_tx *tx, kt_id item, kt_dec quantity, kt_dec *lot);
    /* Is the part bound to its demand? Others are let go before. NULL: none is. */
    KT_MUST kt_error *(*bound)(kt_tx *tx, const kt_cover *part, bool *yes);
    /* Fills in party and unit_cost. NULL: there is nobody to name. */
    KT_MUST kt_error *(*name)(kt_tx *tx, kt_cover *part);
} kt_source;

typedef struct { /* so much of an item will not come */
    kt_id supply, item;
    kt_dec quantity;
} kt_shortfall;

typedef struct { /* a promise that another one took the place of */
    kt_id document, line;
    kt_date was, day; /* not set: nobody knows */
    kt_text reason;
} kt_promise;

typedef struct {
    /* Covers a demand and remembers by what; adds the parts of all levels to plan and sets its totals. What is
     * returned lies ready for it while nobody keeps stock, and nothing is made or bought for it then. */
    KT_MUST kt_error *(*cover)(kt_tx *tx, const kt_demand *demand, kt_plan *plan);
    /* The demand is gone, or lower by `quantity`: what is missing is forgotten first, then what is bought,
     * made, reserved is released.
     *   line      not set: of all lines
     *   quantity  not set: all
     *   left      receives what cannot be undone any more, and why
     *   returns   rule at "lines": something comes to the demand whatever becomes of it */
    KT_MUST kt_error *(*release)(kt_tx *tx, kt_id document, kt_id line, kt_dec quantity, kt_plan *left);
    /* The demand took so much out of the stores, shipped or issued to production, or got it elsewhere. Then
     * "base.supply.used" is emitted: {document, line, item}.
     *   ready  receives what of it lay ready at a known cost; may be NULL */
    KT_MUST kt_error *(*used)(
        kt_tx *tx, kt_id document, kt_id line, kt_id item, kt_dec quantity, kt_ready *ready);
    /* A supply comes on another day: for every demand whose promise this moves "base.supply.promise" is
     * emitted: {document, line, day, was, reason, reason_pl}.
     *   day     not set: nobody knows any more; the same: the reason alone is another
     *   reason  what is told of it from now on */
    KT_MUST kt_error *(*moved)(kt_tx *tx, kt_id supply, kt_date day, kt_text reason);
    /* So much of a supply is in the stores now: the demands that wait for it get it reserved, those needed
     * first before the others; what is left, or free since they got other lots, is handed out like what is freed. For
     * each "base.supply.reserved" is emitted: {document, line, day, item, quantity, freed_by}. What came for a demand
     * and cannot be reserved, being blocked or expired, the demand misses. What came to another warehouse, to be sent on
     * from there, is asked of "supply.transfer", or else covered anew.
     *   cost  of the quantity, for whom it lies ready while nobody keeps stock; not set: unknown. `freed` alike */
    KT_MUST kt_error *(*arrived)(
        kt_tx *tx, kt_id supply, kt_id item, kt_id warehouse, kt_dec quantity, kt_dec cost);
    /* So much of these supplies will not come. Of the demands that waited for one, those needed last go without;
     * all that go without are covered anew, those needed first before the others. */
    KT_MUST kt_error *(*failed)(kt_tx *tx, const kt_shortfall *all, size_t count, kt_text reason);
    /* The caller, a source, is at work now and was not: "base.supply.joined" is emitted, for demands that nobody could be asked
     * for yet, and then what demands miss is covered anew, those needed first before the others. */
    KT_MUST kt_error *(*joined)(kt_tx *tx);
    /* What covers a document's demand now, all levels, as the caller may see it. Each part stands before its own
     * components, `level` counts from 0; the totals are not set but for the day.
     *   line    not set: all lines
     *   levels  how deep it goes; 1: what covers the document itself; 0: all */
    KT_MUST kt_error *(*tree)(kt_tx *tx, kt_id document, kt_id line, unsigned levels, kt_plan *plan);
    /* So much of an item may be taken that could not: given back, found, unblocked, come unasked. Demands of the item
     * that miss some get it reserved, those needed first before the others, as `arrived` tells it, or those that miss it
     * elsewhere, and have "supply.transfer" keep it to be sent there; of what none of
     * them takes "base.supply.unclaimed" is emitted: {item, warehouse, quantity, freed_by}.
     *   by         of kt_any: whose it was, or what brought it; may be not set
     *   warehouse  where it is */
    KT_MUST kt_error *(*freed)(
        kt_tx *tx, kt_id by, kt_id item, kt_id warehouse, kt_dec quantity, kt_dec cost);
    /* So much of what was reserved for a demand is lost, and reserved no more: the demand is covered anew. */
    KT_MUST kt_error *(*lost)(
        kt_tx *tx, kt_id document, kt_id line, kt_id item, kt_dec quantity, kt_text reason);
    /* So much of a supply went straight to a demand that waits for it, past the stores: of that it waits no more. */
    KT_MUST kt_error *(*passed)(kt_tx *tx, kt_id supply, kt_id document, kt_id line, kt_dec quantity);
    /* An item may be had of a source from which it could not: somebody sells it, makes it, or what comes of it is nobody's.
     * That source is asked for what demands miss of it, those needed first before the others; what they miss since it came and
     * could not be taken is brought, but not made or bought again. While a demand lets go of what it has, or what is missing is covered, this waits.
     *   item  not set: of all items, of all sources, by and by */
    KT_MUST kt_error *(*offered)(kt_tx *tx, kt_id item, kt_supply_kind of);
    /* So much of what demands wait for comes from another supply of the same place, on a day: those needed last wait for that. */
    KT_MUST kt_error *(*shared)(
        kt_tx *tx, kt_id supply, kt_id with, kt_dec quantity, kt_date day, kt_text reason);
    /* So much of one item of a supply that brings several comes from another one, on the day on which it was to come: those needed
     * last wait for that. */
    KT_MUST kt_error *(*parted)(kt_tx *tx, kt_id supply, kt_id with, kt_id item, kt_dec quantity);
    /* The promises that moved in this transaction, in the order in which they moved first: from what each was before it to what it is
     * now. */
    KT_MUST kt_error *(*told)(kt_tx *tx, const kt_promise **all, size_t *count);
} kt_supply;

/* NULL: no module offers it now. */
static inline const kt_supply *kt_supply_find(kt_tx *tx)
{
    return (const kt_supply *)kt_service_find(tx, "base.supply", 15);
}

/* A new part, all zero, at the plan's end; its index in *at. Parts move when others are added. */
KT_MUST static inline kt_error *kt_plan_add(kt_tx *tx, kt_plan *plan, size_t *at)
{
    kt_cover *parts = (kt_cover *)kt_grow(tx, plan->parts, plan->count, &plan->room, sizeof *parts);
    if (!parts)
        return kt_fail(tx, KT_LIMIT, NULL, "the plan has too many parts", "plan ma za dużo części");
    plan->parts = parts;
    *at = plan->count++;
    plan->parts[*at] = (kt_cover){.item = {0}};
    return NULL;
}
