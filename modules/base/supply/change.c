/* A supply comes on another day, is there, or will not come: what that means to the demands that wait. */
#include <stdlib.h>

#include "supply/pegging.h"

/* ---- Promises ---- */

struct promise { /* the payload of "base.supply.promise" and "base.supply.reserved" */
    kt_record rec;
    kt_id document, item, freed_by;
    int64_t line;
    kt_dec quantity;
    kt_date day, was;
    kt_str reason, reason_pl;
};
static const kt_shape promise_shape = KT_SHAPE(promise, NULL,
    KT_FIELD(promise, document, REF, "Document", "Dokument", .target = "*"),
    KT_FIELD(promise, line, INT, "Line", "Pozycja"), KT_FIELD(promise, day, DATE, "There on", "Będzie dnia"),
    KT_FIELD(promise, was, DATE, "Before", "Przedtem"), KT_FIELD(promise, reason, STRING, "Why", "Dlaczego"),
    KT_FIELD(promise, reason_pl, STRING, "Why, in Polish", "Dlaczego, po polsku"),
    KT_FIELD(promise, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(promise, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(promise, freed_by, REF, "Was reserved for", "Było zarezerwowane dla", .target = "*"));

/* So much of what the demand of p waits for is in the stores now, and its own. */
static kt_error *tell_reserved(kt_tx *tx, const struct pegging *p, kt_dec quantity, kt_id freed_by)
{
    struct promise promise = {KT_OF(promise), .document = p->demand, .line = p->line, .item = p->item,
        .quantity = quantity, .freed_by = freed_by};
    KT_TRY(promise_of(tx, p->demand, p->line, &promise.day));
    return kt_emit(tx, "base.supply.reserved", &promise.rec);
}

/* Tells whoever owns the demand of p that its promise is another one, if it is. */
kt_error *supply_tell(kt_tx *tx, const struct pegging *p, kt_date was)
{
    kt_date day;
    KT_TRY(promise_of(tx, p->demand, p->line, &day));
    if (day.day == was.day)
        return NULL;
    struct promise promise = {KT_OF(promise), .document = p->demand, .line = p->line, .day = day, .was = was,
        .reason = p->reason, .reason_pl = p->reason_pl};
    return kt_emit(tx, "base.supply.promise", &promise.rec);
}

/* ---- Another day ---- */

static kt_str words(kt_tx *tx, const char *text)
{
    return text ? kt_format(tx, "%s", text) : (kt_str){0};
}

/* When what comes on a day is where p needs it: at once, or sent on from where it comes to, and then not before it is needed. */
static kt_date there_on(const struct pegging *p, kt_date day)
{
    if (!p->via.v || !day.day)
        return day;
    const kt_date there = kt_date_add(day, (int32_t)p->way_days);
    return there.day > p->needed.day ? there : p->needed;
}

static kt_error *moved_within(kt_tx *tx, kt_id supply, kt_date day, kt_text reason)
{
    struct peggings all;
    KT_TRY(peggings_of_supply(tx, supply, (kt_id){0}, &all));
    for (size_t i = 0; i < all.count; i++) {
        struct pegging *p = &all.items[i];
        const kt_date there = there_on(p, day);
        kt_date was;
        if (p->day.day == there.day)
            continue;
        KT_TRY(promise_of(tx, p->demand, p->line, &was));
        p->day = there;
        p->reason = words(tx, reason.en);
        p->reason_pl = words(tx, reason.pl);
        KT_TRY(kt_update(tx, &p->rec));
        KT_TRY(supply_tell(tx, p, was));
    }
    return NULL;
}

kt_error *supply_moved(kt_tx *tx, kt_id supply, kt_date day, kt_text reason)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = moved_within(tx, supply, day, reason);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- It is there ---- */

/* Covers as much of p's demand as a source has.
 *   rest  how much it may take; receives what it left
 *   plan  {0}; receives what covers it */
static kt_error *take_from(kt_tx *tx, const kt_source *source, struct pegging *p, kt_id warehouse,
    kt_id freed_by, kt_dec *rest, kt_plan *plan)
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
        plan->parts[i].freed_by = freed_by;
        KT_TRY(pegging_remember(tx, &demand, &plan->parts[i]));
    }
    return supply_tell(tx, p, was);
}

/* So much of a plan is free goods of a warehouse: not what comes from others, or was on its way.
 *   warehouse  not set: of any */
static kt_dec taken_there(const kt_plan *plan, kt_id warehouse)
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
    KT_TRY(take_from(tx, source_of(tx, KT_FROM_STOCK), p, warehouse, freed_by, rest, &plan));
    const kt_dec taken = kt_dec_sub(before, *rest);
    return taken.coef > 0 ? tell_reserved(tx, p, taken, freed_by) : NULL;
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
    return tell_reserved(tx, p, mine.quantity, (kt_id){0});
}

static kt_error *hand_out(kt_tx *tx, struct pegging *p, kt_id warehouse, kt_id freed_by, kt_ready *rest)
{
    return source_of(tx, KT_FROM_STOCK) ? allocate(tx, p, warehouse, freed_by, &rest->quantity)
                                        : lay_ready(tx, p, rest);
}

static bool is_elsewhere(const struct pegging *p, kt_id warehouse)
{
    return p->warehouse.v && warehouse.v && kt_any_id(p->warehouse).v != warehouse.v;
}

/* To where nothing could be brought, and for when: who needs it there later is not asked for, or hundreds would be. */
struct barren {
    kt_id *warehouses;
    kt_date *days;
    size_t count;
};

static bool is_barren(const struct barren *none, const struct pegging *p)
{
    for (size_t i = 0; none && i < none->count; i++)
        if (none->warehouses[i].v == p->warehouse.v && none->days[i].day <= p->needed.day)
            return true;
    return false;
}

/* p misses so much still, elsewhere than where the goods are: "supply.transfer" keeps them for it, if it can send them on. */
static kt_error *bring(kt_tx *tx, struct pegging *p, kt_id warehouse, kt_dec missing, kt_id freed_by,
    kt_ready *rest, struct barren *none)
{
    const kt_source *transfers = source_of(tx, KT_FROM_TRANSFER);
    kt_dec open = least(missing, rest->quantity);
    const bool whole = kt_dec_cmp(open, KT_DEC(1, 0)) >= 0; /* a part of a piece may be too little to send */
    const kt_id there = p->warehouse;
    const kt_date needed = p->needed;
    kt_plan plan = {0};
    if (!transfers || open.coef <= 0 || is_barren(none, p))
        return NULL;
    KT_TRY(take_from(tx, transfers, p, kt_any_id(there), freed_by, &open, &plan));
    (void)ready_take(rest, taken_there(&plan, warehouse));
    if (none && whole && !plan.count) {
        none->warehouses[none->count] = there;
        none->days[none->count++] = needed;
    }
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
        KT_TRY(hand_out(tx, p, kt_any_id(p->warehouse), freed_by, rest));
    const kt_dec missing = kt_dec_sub(missed, kt_dec_sub(before, rest->quantity));
    return here ? NULL : bring(tx, p, warehouse, missing, freed_by, rest, none);
}

kt_error *supply_miss(kt_tx *tx, struct pegging *p, kt_dec quantity, kt_text reason)
{
    struct pegging missed = {KT_OF(pegging), .demand = p->demand, .line = p->line, .item = p->item,
        .kind = KT_MISSING, .quantity = quantity, .needed = p->needed, .came = kt_today(tx),
        .level = p->level, .warehouse = p->warehouse, .reason = words(tx, reason.en),
        .reason_pl = words(tx, reason.pl)};
    kt_date was;
    KT_TRY(promise_of(tx, p->demand, p->line, &was));
    KT_TRY(pegging_lessen(tx, p, quantity));
    KT_TRY(kt_create(tx, &missed.rec));
    if (source_of(tx, KT_FROM_STOCK)) /* others of the same may be free, there or elsewhere */
        KT_TRY(
            hand_out_or_bring(tx, &missed, (kt_id){0}, (kt_id){0}, &(kt_ready){.quantity = quantity}, NULL));
    return supply_tell(tx, p, was);
}

/* So much of its supply came for p to where it is sent on from; what cannot be sent does not come that way. */
static kt_error *send_on(kt_tx *tx, struct pegging *p, kt_ready *rest, kt_dec came)
{
    const kt_source *transfers = source_of(tx, KT_FROM_TRANSFER);
    const kt_id there = kt_any_id(p->via);
    kt_dec open = came;
    kt_plan plan = {0};
    if (transfers)
        KT_TRY(take_from(tx, transfers, p, kt_any_id(p->warehouse), (kt_id){0}, &open, &plan));
    (void)ready_take(rest, taken_there(&plan, there));
    return open.coef > 0 ? supply_cover_anew(tx, p, open) : NULL;
}

/* So much of its supply came for p: what of it can be had is its own, what is blocked or past its day it misses. */
static kt_error *come_for(kt_tx *tx, struct pegging *p, kt_id warehouse, kt_dec came, kt_ready *rest)
{
    static const kt_text held = {"it came, but is blocked, expired or used up",
        "przyszło, ale jest zablokowane, przeterminowane albo zużyte"};
    if (p->via.v && (!warehouse.v || kt_any_id(p->via).v == warehouse.v))
        return send_on(tx, p, rest, came);
    kt_ready left = ready_take(rest, came);
    KT_TRY(hand_out(tx, p, warehouse, (kt_id){0}, &left));
    rest->quantity = kt_dec_add(rest->quantity, left.quantity);
    return left.quantity.coef > 0 ? supply_miss(tx, p, left.quantity, held) : NULL;
}

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

/* To those who miss some of the item; what none of them takes others may.
 *   offered  as much as may be taken
 *   rest     of it, what is nobody's */
static kt_error *freed_within(kt_tx *tx, kt_id by, kt_id item, kt_id warehouse, kt_ready offered, kt_dec rest)
{
    struct peggings all = {0};
    kt_ready left_over = offered;
    if (kt_kept(tx, &held_back))
        return NULL;
    if (offered.quantity.coef > 0)
        KT_TRY(peggings_missing(tx, item, &all));
    struct barren none = {kt_alloc(tx, (all.count + 1) * sizeof *none.warehouses),
        kt_alloc(tx, (all.count + 1) * sizeof *none.days), 0};
    if (!none.warehouses || !none.days)
        return kt_no_memory();
    for (size_t i = 0; i < all.count && left_over.quantity.coef > 0; i++)
        KT_TRY(hand_out_or_bring(tx, &all.items[i], warehouse, by, &left_over, &none));
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
    kt_error *e = freed_within(tx, by, item, warehouse, (kt_ready){quantity, cost}, quantity);
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *arrived_within(kt_tx *tx, kt_id supply, kt_id item, kt_id warehouse, kt_ready came)
{
    struct peggings all;
    kt_ready rest = came;
    kt_dec due = came.quantity;
    KT_TRY(peggings_of_supply(tx, supply, item, &all));
    for (size_t i = 0; i < all.count && due.coef > 0; i++) {
        const kt_dec part = least(all.items[i].quantity, due);
        if (all.items[i].kind == KT_FROM_STOCK)
            continue;
        KT_TRY(come_for(tx, &all.items[i], warehouse, part, &rest));
        due = kt_dec_sub(due, part);
    }
    /* who had waited for it may have got another lot, and this one is good for who misses some */
    return freed_within(
        tx, (kt_id){0}, item, warehouse, source_of(tx, KT_FROM_STOCK) ? came : rest, rest.quantity);
}

kt_error *supply_arrived(kt_tx *tx, kt_id supply, kt_id item, kt_id warehouse, kt_dec quantity, kt_dec cost)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = arrived_within(tx, supply, item, warehouse, (kt_ready){quantity, cost});
    kt_callers_authority(tx, before);
    return e;
}

/* ---- It went past the stores ---- */

static kt_error *passed_within(kt_tx *tx, kt_id supply, kt_id document, kt_id line, kt_dec quantity)
{
    struct peggings all;
    kt_dec rest = quantity;
    KT_TRY(peggings_of_demand(tx, document, (int64_t)line.v, &all));
    for (size_t i = 0; i < all.count && rest.coef > 0; i++) {
        const kt_dec take = least(all.items[i].quantity, rest);
        if (all.items[i].supply.v != supply.v)
            continue;
        rest = kt_dec_sub(rest, take);
        KT_TRY(pegging_lessen(tx, &all.items[i], take));
    }
    return NULL;
}

kt_error *supply_passed(kt_tx *tx, kt_id supply, kt_id document, kt_id line, kt_dec quantity)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = passed_within(tx, supply, document, line, quantity);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- It will not come ---- */

kt_error *supply_cover_anew(kt_tx *tx, struct pegging *p, kt_dec quantity)
{
    kt_demand demand = pegging_demand(p);
    kt_plan plan = {0};
    kt_date was;
    demand.quantity = quantity;
    KT_TRY(promise_of(tx, p->demand, p->line, &was));
    KT_TRY(pegging_lessen(tx, p, quantity));
    KT_TRY(supply_cover(tx, &demand, &plan));
    return supply_tell(tx, p, was);
}

struct without { /* so much of a pegging will not come */
    struct pegging pegging;
    kt_dec quantity;
    kt_text reason;
};
struct all_without {
    struct without *items;
    size_t count, room;
};

/* What is known of it already, or nothing yet; NULL: there is no memory. */
static struct without *without_of(kt_tx *tx, struct all_without *all, const struct pegging *p)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].pegging.rec.id.v == p->rec.id.v)
            return &all->items[i];
    struct without *items = kt_grow(tx, all->items, all->count, &all->room, sizeof *items);
    if (!items)
        return NULL;
    all->items = items;
    items[all->count] = (struct without){.pegging = *p, .quantity = KT_DEC(0, 4)};
    return &items[all->count++];
}

/* Who needs it last does without it first. */
static kt_error *take_away(kt_tx *tx, const kt_shortfall *of, kt_text reason, struct all_without *all)
{
    struct peggings waiting;
    kt_dec rest = of->quantity;
    KT_TRY(peggings_of_supply(tx, of->supply, of->item, &waiting));
    for (size_t i = waiting.count; i-- > 0 && rest.coef > 0;) {
        const struct pegging *p = &waiting.items[i];
        struct without *w = without_of(tx, all, p);
        if (!w)
            return kt_no_memory();
        const kt_dec take = least(kt_dec_sub(p->quantity, w->quantity), rest);
        w->quantity = kt_dec_add(w->quantity, take);
        w->reason = reason;
        rest = kt_dec_sub(rest, take);
    }
    return NULL;
}

static int by_need(const void *a, const void *b)
{
    return peggings_by_need(&((const struct without *)a)->pegging, &((const struct without *)b)->pegging);
}

static kt_error *cover_elsewhere(kt_tx *tx, struct pegging *p, kt_dec quantity, kt_text reason)
{
    KT_TRY(kt_read(tx, p->rec.id, &p->rec)); /* what others were covered by may have changed it */
    p->reason = words(tx, reason.en);
    p->reason_pl = words(tx, reason.pl);
    return supply_cover_anew(tx, p, least(p->quantity, quantity));
}

/* Who needs it first gets what is free. */
static kt_error *cover_by_need(kt_tx *tx, struct all_without *all)
{
    if (all->count)
        qsort(all->items, all->count, sizeof *all->items, by_need);
    for (size_t i = 0; i < all->count; i++) {
        struct without *w = &all->items[i];
        KT_TRY(cover_elsewhere(tx, &w->pegging, w->quantity, w->reason));
    }
    return NULL;
}

struct failure {
    kt_shortfall of;
    kt_text reason;
    struct failure *next;
};
struct offer {
    kt_id item;
    struct offer *next;
};
struct failures { /* held while a demand lets go */
    struct failure *first, **end;
    struct offer *offers; /* what others may have then */
};
static const char held_failures;

kt_error *supply_hold_failures(kt_tx *tx, bool *first)
{
    *first = !kt_kept(tx, &held_failures);
    if (!*first)
        return NULL;
    kt_memory before = kt_lasting_memory(tx);
    struct failures *all = kt_alloc(tx, sizeof *all);
    KT_TRY(kt_callers_memory(tx, before, all ? NULL : kt_no_memory()));
    all->end = &all->first;
    return kt_keep(tx, &held_failures, all);
}

kt_error *supply_tell_failures(kt_tx *tx, bool first, kt_error *error)
{
    const struct failures *all = first ? kt_kept(tx, &held_failures) : NULL;
    struct all_without without = {0};
    if (!all)
        return error;
    kt_also(&error, kt_keep(tx, &held_failures, NULL));
    for (const struct failure *f = all->first; f && !error; f = f->next)
        error = take_away(tx, &f->of, f->reason, &without);
    if (!error)
        error = cover_by_need(tx, &without);
    for (const struct offer *o = all->offers; o && !error; o = o->next)
        error = supply_offered(tx, o->item);
    return error;
}

kt_error *supply_hold_offer(kt_tx *tx, kt_id item, bool *held)
{
    struct failures *all = kt_kept(tx, &held_failures);
    *held = all != NULL;
    for (const struct offer *o = all ? all->offers : NULL; o; o = o->next)
        if (o->item.v == item.v)
            return NULL;
    if (!all)
        return NULL;
    kt_memory before = kt_lasting_memory(tx);
    struct offer *offer = kt_alloc(tx, sizeof *offer);
    KT_TRY(kt_callers_memory(tx, before, offer ? NULL : kt_no_memory()));
    *offer = (struct offer){item, all->offers};
    all->offers = offer;
    return NULL;
}

static kt_error *hold_failure(kt_tx *tx, struct failures *all, const kt_shortfall *of, kt_text reason)
{
    kt_memory before = kt_lasting_memory(tx);
    struct failure *held = kt_alloc(tx, sizeof *held);
    const kt_str en = words(tx, reason.en), pl = words(tx, reason.pl);
    KT_TRY(kt_callers_memory(tx, before, held ? NULL : kt_no_memory()));
    *held = (struct failure){.of = *of, .reason = {en.ptr, pl.ptr}};
    *all->end = held;
    all->end = &held->next;
    return NULL;
}

static kt_error *failed_within(kt_tx *tx, const kt_shortfall *all, size_t count, kt_text reason)
{
    struct all_without without = {0};
    for (size_t i = 0; i < count; i++)
        KT_TRY(take_away(tx, &all[i], reason, &without));
    return cover_by_need(tx, &without);
}

kt_error *supply_failed(kt_tx *tx, const kt_shortfall *all, size_t count, kt_text reason)
{
    struct failures *held = kt_kept(tx, &held_failures);
    for (size_t i = 0; held && i < count; i++)
        KT_TRY(hold_failure(tx, held, &all[i], reason));
    if (held)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = failed_within(tx, all, count, reason);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- It was there ---- */

static kt_error *lost_within(
    kt_tx *tx, kt_id document, kt_id line, kt_id item, kt_dec quantity, kt_text reason)
{
    struct peggings all;
    kt_dec rest = quantity;
    KT_TRY(peggings_of_demand(tx, document, (int64_t)line.v, &all));
    for (size_t i = 0; i < all.count && rest.coef > 0; i++) {
        struct pegging *p = &all.items[i];
        const kt_dec take = least(p->quantity, rest);
        if (p->kind != KT_FROM_STOCK || lies_ready(p) || p->item.v != item.v)
            continue;
        rest = kt_dec_sub(rest, take);
        KT_TRY(cover_elsewhere(tx, p, take, reason));
    }
    return NULL;
}

kt_error *supply_lost(kt_tx *tx, kt_id document, kt_id line, kt_id item, kt_dec quantity, kt_text reason)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = lost_within(tx, document, line, item, quantity, reason);
    kt_callers_authority(tx, before);
    return e;
}
