/* What is free, or may be had in a new way, goes to who misses some. */
#include "supply/pegging.h"

/* ---- Taking it ---- */

kt_error *supply_take(kt_tx *tx, const kt_source *source, struct pegging *p, kt_id warehouse, kt_id freed_by,
    kt_dec *rest, kt_plan *plan)
{
    kt_dec take = least(p->quantity, *rest), open = take;
    kt_demand demand = pegging_demand(p);
    kt_date was;
    demand.quantity = take;
    demand.warehouse = warehouse;
    KT_TRY(promise_of(tx, p->demand, p->line, &was));
    KT_TRY(source->cover(tx, &demand, &open, plan));
    take = kt_dec_sub(take, open);
    *rest = kt_dec_sub(*rest, take);
    if (take.coef == 0)
        return NULL;
    KT_TRY(pegging_lessen(tx, p, take));
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->parts[i].level != demand.level) /* what goes into that was remembered as it was covered */
            continue;
        plan->parts[i].freed_by = freed_by;
        KT_TRY(pegging_remember(tx, &demand, &plan->parts[i]));
    }
    return supply_tell(tx, p, was);
}

kt_dec plan_taken_there(const kt_plan *plan, kt_id warehouse)
{
    kt_dec sum = KT_DEC(0, 4);
    for (size_t i = 0; i < plan->count; i++) {
        const kt_cover *part = &plan->parts[i];
        if (part->taken_from.v && (!warehouse.v || part->taken_from.v == warehouse.v))
            sum = kt_dec_add(sum, part->quantity);
    }
    return sum;
}

/* Reserves for the demand of p as much as there is. */
static kt_error *allocate(kt_tx *tx, struct pegging *p, kt_id warehouse, kt_id freed_by, kt_dec *rest)
{
    const kt_dec before = *rest;
    kt_plan plan = {0};
    KT_TRY(supply_take(tx, source_of(tx, KT_FROM_STOCK), p, warehouse, freed_by, rest, &plan));
    const kt_dec taken = kt_dec_sub(before, *rest);
    return taken.coef > 0 ? supply_tell_reserved(tx, p, taken, freed_by) : NULL;
}

/* Nobody keeps stock: what came lies ready for the demand of p, by its pegging alone. */
static kt_error *lay_ready(kt_tx *tx, struct pegging *p, kt_ready *rest)
{
    const kt_ready mine = ready_take(rest, p->quantity);
    const kt_demand demand = pegging_demand(p);
    kt_cover part = pegging_part(p);
    kt_date was;
    part.quantity = mine.quantity;
    part.cost = mine.cost;
    lay_there(tx, &part);
    KT_TRY(promise_of(tx, p->demand, p->line, &was));
    KT_TRY(pegging_lessen(tx, p, mine.quantity));
    KT_TRY(pegging_remember(tx, &demand, &part));
    KT_TRY(supply_tell(tx, p, was));
    return supply_tell_reserved(tx, p, mine.quantity, (kt_id){0});
}

kt_error *supply_hand_out(kt_tx *tx, struct pegging *p, kt_id warehouse, kt_id freed_by, kt_ready *rest)
{
    return source_of(tx, KT_FROM_STOCK) ? allocate(tx, p, warehouse, freed_by, &rest->quantity)
                                        : lay_ready(tx, p, rest);
}

/* ---- Elsewhere ---- */

static bool is_elsewhere(const struct pegging *p, kt_id warehouse)
{
    return p->warehouse.v && warehouse.v && kt_any_id(p->warehouse).v != warehouse.v;
}

/* To where nothing could be brought, and for when: who needs it there later is not asked for, or hundreds would be. */
struct where_none {
    kt_id warehouse;
    kt_date needed;
};
struct barren {
    struct where_none *items;
    size_t count;
};

static kt_error *barren_open(kt_tx *tx, const struct peggings *all, struct barren *none)
{
    *none = (struct barren){.items = kt_alloc(tx, (all->count + 1) * sizeof *none->items)};
    return none->items ? NULL : kt_no_memory();
}

static bool is_barren(const struct barren *none, const struct pegging *p)
{
    for (size_t i = 0; none && i < none->count; i++)
        if (none->items[i].warehouse.v == p->warehouse.v && none->items[i].needed.day <= p->needed.day)
            return true;
    return false;
}

/* Asks "supply.transfer" for as much as p misses, unless nothing could be brought there.
 *   open  how much it may take; receives what it left
 *   none  may be NULL */
static kt_error *ask_transfers(
    kt_tx *tx, struct pegging *p, kt_id freed_by, kt_dec *open, kt_plan *plan, struct barren *none)
{
    const kt_source *transfers = source_of(tx, KT_FROM_TRANSFER);
    /* a part of a piece may be too little to send */
    const bool whole = kt_dec_cmp(least(*open, p->quantity), KT_DEC(1, 0)) >= 0;
    const struct where_none there = {p->warehouse, p->needed};
    if (!transfers || open->coef <= 0 || is_barren(none, p))
        return NULL;
    KT_TRY(supply_take(tx, transfers, p, kt_any_id(p->warehouse), freed_by, open, plan));
    if (none && whole && !plan->count)
        none->items[none->count++] = there;
    return NULL;
}

/* p misses so much still, elsewhere than where the goods are: "supply.transfer" keeps them for it, if it can send them on. What
 * is on its way already goes first, and leaves them for what p misses then. */
static kt_error *bring(kt_tx *tx, struct pegging *p, kt_id warehouse, kt_dec missing, kt_id freed_by,
    kt_ready *rest, struct barren *none)
{
    kt_dec asked, open;
    do {
        kt_plan plan = {0};
        open = asked = least(missing, rest->quantity);
        KT_TRY(ask_transfers(tx, p, freed_by, &open, &plan, none));
        (void)ready_take(rest, plan_taken_there(&plan, warehouse));
        missing = kt_dec_sub(missing, kt_dec_sub(asked, open));
    } while (kt_dec_cmp(open, asked) < 0 && missing.coef > 0);
    return NULL;
}

/* What lies in one warehouse goes to who misses some there, or is kept for who misses some in another.
 *   warehouse  not set: what lies in any
 *   none       may be NULL */
static kt_error *hand_out_or_bring(
    kt_tx *tx, struct pegging *p, kt_id warehouse, kt_id freed_by, kt_ready *rest, struct barren *none)
{
    const kt_dec before = rest->quantity, missed = p->quantity;
    const bool here = p->warehouse.v && kt_any_id(p->warehouse).v == warehouse.v;
    if (!is_elsewhere(p, warehouse))
        KT_TRY(supply_hand_out(tx, p, kt_any_id(p->warehouse), freed_by, rest));
    const kt_dec missing = kt_dec_sub(missed, kt_dec_sub(before, rest->quantity));
    return here ? NULL : bring(tx, p, warehouse, missing, freed_by, rest, none);
}

kt_error *supply_miss(kt_tx *tx, struct pegging *p, kt_dec quantity, kt_text reason)
{
    struct pegging missed = {KT_OF(pegging), .demand = p->demand, .line = p->line, .item = p->item,
        .kind = KT_MISSING, .quantity = quantity, .needed = p->needed, .came = kt_today(tx),
        .level = p->level, .warehouse = p->warehouse};
    kt_date was;
    pegging_because(tx, &missed, reason);
    KT_TRY(promise_of(tx, p->demand, p->line, &was));
    KT_TRY(pegging_lessen(tx, p, quantity));
    KT_TRY(kt_create(tx, &missed.rec));
    if (source_of(tx, KT_FROM_STOCK)) /* others of the same may be free, there or elsewhere */
        KT_TRY(
            hand_out_or_bring(tx, &missed, (kt_id){0}, (kt_id){0}, &(kt_ready){.quantity = quantity}, NULL));
    return supply_tell(tx, p, was);
}

/* ---- It is free ---- */

struct unclaimed { /* the payload of "base.supply.unclaimed" */
    kt_record rec;
    kt_id item, warehouse, freed_by;
    kt_dec quantity;
};
static const kt_shape unclaimed_shape = KT_SHAPE(unclaimed, NULL,
    KT_FIELD(unclaimed, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(unclaimed, warehouse, REF, "Warehouse", "Magazyn", .target = "*"),
    KT_FIELD(unclaimed, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(unclaimed, freed_by, REF, "Was reserved for", "Było zarezerwowane dla", .target = "*"));

static const char held_back;

kt_error *supply_hold_back(kt_tx *tx, bool hold)
{
    return kt_keep(tx, &held_back, hold ? tx : NULL);
}

struct handing {
    struct pegging *p;
    kt_id warehouse, by;
    kt_ready *rest;
    struct barren *none;
};

static kt_error *hand_out_part(kt_tx *tx, void *context)
{
    const struct handing *h = context;
    return hand_out_or_bring(tx, h->p, h->warehouse, h->by, h->rest, h->none);
}

kt_error *supply_give(kt_tx *tx, kt_id by, kt_id item, kt_id warehouse, kt_ready offered, kt_dec rest)
{
    struct peggings all = {0};
    struct barren none;
    kt_ready left_over = offered;
    if (kt_kept(tx, &held_back))
        return NULL;
    if (offered.quantity.coef > 0)
        KT_TRY(peggings_missing(tx, item, &all));
    KT_TRY(barren_open(tx, &all, &none));
    for (size_t i = 0; i < all.count && left_over.quantity.coef > 0; i++)
        KT_TRY(
            kt_step(tx, hand_out_part, &(struct handing){&all.items[i], warehouse, by, &left_over, &none}));
    rest = kt_dec_sub(rest, kt_dec_sub(offered.quantity, left_over.quantity));
    if (rest.coef <= 0)
        return NULL;
    const struct unclaimed left = {KT_OF(unclaimed), .item = item, .quantity = rest, .freed_by = by,
        .warehouse = kt_any(tx, "logistics.warehouse", warehouse)};
    return kt_emit(tx, "base.supply.unclaimed", &left.rec);
}

kt_error *supply_freed(kt_tx *tx, kt_id by, kt_id item, kt_id warehouse, kt_dec quantity, kt_dec cost)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = supply_give(tx, by, item, warehouse, (kt_ready){quantity, cost}, quantity);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- It may be had ---- */

struct asking {
    struct pegging *p;
    kt_supply_kind of;
    struct barren *none;
};

static kt_error *ask_for(kt_tx *tx, void *context)
{
    const struct asking *a = context;
    struct pegging *p = a->p;
    kt_dec rest = p->quantity;
    kt_plan plan = {0};
    if (a->of == KT_FROM_TRANSFER)
        return ask_transfers(tx, p, (kt_id){0}, &rest, &plan, a->none);
    KT_TRY(supply_take(tx, source_of(tx, a->of), p, kt_any_id(p->warehouse), (kt_id){0}, &rest, &plan));
    if (rest.coef <= 0 || !plan.hindered.en)
        return NULL;
    const bool buying = a->of == KT_FROM_BUYING;
    pegging_because(tx, p, buying ? plan.hindered : why_missing(tx, plan.hindered, (kt_text){0}));
    return kt_update(tx, &p->rec);
}

static kt_error *ask_for_missing(kt_tx *tx, kt_id item, kt_supply_kind of)
{
    struct peggings all;
    struct barren none;
    KT_TRY(peggings_missing(tx, item, &all));
    KT_TRY(barren_open(tx, &all, &none));
    for (size_t i = 0; i < all.count && source_of(tx, of); i++)
        if (!all.items[i].came.day || of == KT_FROM_TRANSFER)
            KT_TRY(kt_step(tx, ask_for, &(struct asking){&all.items[i], of, &none}));
    return NULL;
}

/* Covering one may offer what others miss: they are asked for when this is done. */
static kt_error *offered_within(kt_tx *tx, kt_id item, kt_supply_kind of)
{
    bool held, first;
    if (!item.v)
        return supply_cover_missing(tx);
    KT_TRY(supply_hold_offer(tx, item, of, &held));
    if (held)
        return NULL;
    KT_TRY(supply_hold_failures(tx, &first));
    return supply_tell_failures(tx, first, ask_for_missing(tx, item, of));
}

kt_error *supply_offered(kt_tx *tx, kt_id item, kt_supply_kind of)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = offered_within(tx, item, of);
    kt_callers_authority(tx, before);
    return e;
}
