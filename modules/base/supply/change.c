/* A supply comes on another day, is there, or will not come: what that means to the demands that wait. */
#include <stdlib.h>

#include "supply/pegging.h"

/* ---- Another day ---- */

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
        const bool same = p->day.day == there.day;
        kt_date was = {0};
        if (!same)
            KT_TRY(promise_of(tx, p->demand, p->line, &was));
        p->day = there;
        pegging_because(tx, p, reason);
        KT_TRY(kt_update(tx, &p->rec));
        if (!same)
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

/* ---- Another supply has a part of it ---- */

/* So much of what p waits for comes from there. */
static kt_error *wait_for(
    kt_tx *tx, struct pegging *p, kt_id with, kt_dec quantity, kt_date there, const kt_text *reason)
{
    struct pegging part = *p;
    kt_ready left = {p->quantity, p->cost};
    const kt_ready taken = ready_take(&left, quantity);
    kt_date was;
    KT_TRY(promise_of(tx, p->demand, p->line, &was));
    KT_TRY(pegging_lessen(tx, p, quantity));
    part.rec = (kt_record){.of = p->rec.of};
    part.supply = with;
    part.quantity = taken.quantity;
    part.cost = taken.cost;
    part.day = there;
    if (reason)
        pegging_because(tx, &part, *reason);
    KT_TRY(kt_create(tx, &part.rec));
    return supply_tell(tx, &part, was);
}

struct sharing { /* how the part comes that another supply has */
    kt_id with;
    const kt_date *day;    /* NULL: as it was to come */
    const kt_text *reason; /* NULL: for the same one */
};

static kt_error *shared_within(
    kt_tx *tx, kt_id supply, kt_id item, kt_dec quantity, const struct sharing *how)
{
    struct peggings all;
    kt_dec rest = quantity;
    KT_TRY(peggings_of_supply(tx, supply, item, &all));
    for (size_t i = all.count; i-- > 0 && rest.coef > 0;) {
        struct pegging *p = &all.items[i];
        const kt_dec take = least(p->quantity, rest);
        const kt_date there = how->day ? there_on(p, *how->day) : p->day;
        rest = kt_dec_sub(rest, take);
        KT_TRY(wait_for(tx, p, how->with, take, there, how->reason));
    }
    return NULL;
}

kt_error *supply_shared(kt_tx *tx, kt_id supply, kt_id with, kt_dec quantity, kt_date day, kt_text reason)
{
    const struct sharing how = {with, &day, &reason};
    kt_authority before = kt_own_authority(tx);
    kt_error *e = shared_within(tx, supply, (kt_id){0}, quantity, &how);
    kt_callers_authority(tx, before);
    return e;
}

kt_error *supply_parted(kt_tx *tx, kt_id supply, kt_id with, kt_id item, kt_dec quantity)
{
    const struct sharing how = {.with = with};
    kt_authority before = kt_own_authority(tx);
    kt_error *e = shared_within(tx, supply, item, quantity, &how);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- It is there ---- */

/* So much of its supply came for p to where it is sent on from; what cannot be sent does not come that way. */
static kt_error *send_on(kt_tx *tx, struct pegging *p, kt_ready *rest, kt_dec came)
{
    const kt_source *transfers = source_of(tx, KT_FROM_TRANSFER);
    const kt_id there = kt_any_id(p->via);
    kt_dec open = came;
    kt_plan plan = {0};
    if (transfers)
        KT_TRY(supply_take(tx, transfers, p, kt_any_id(p->warehouse), (kt_id){0}, &open, &plan));
    (void)ready_take(rest, plan_taken_there(&plan, there));
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
    KT_TRY(supply_hand_out(tx, p, warehouse, (kt_id){0}, &left));
    rest->quantity = kt_dec_add(rest->quantity, left.quantity);
    return left.quantity.coef > 0 ? supply_miss(tx, p, left.quantity, held) : NULL;
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
    return supply_give(
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
    pegging_because(tx, p, reason);
    return supply_cover_anew(tx, p, least(p->quantity, quantity));
}

static kt_error *cover_one(kt_tx *tx, void *context)
{
    struct without *w = context;
    return cover_elsewhere(tx, &w->pegging, w->quantity, w->reason);
}

/* Who needs it first gets what is free. */
static kt_error *cover_by_need(kt_tx *tx, struct all_without *all)
{
    if (all->count)
        qsort(all->items, all->count, sizeof *all->items, by_need);
    for (size_t i = 0; i < all->count; i++)
        KT_TRY(kt_step(tx, cover_one, &all->items[i]));
    return NULL;
}

struct failure {
    kt_shortfall of;
    kt_text reason;
    struct failure *next;
};
struct offer {
    kt_id item;
    kt_supply_kind of;
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
        error = supply_offered(tx, o->item, o->of);
    return error;
}

kt_error *supply_hold_offer(kt_tx *tx, kt_id item, kt_supply_kind of, bool *held)
{
    struct failures *all = kt_kept(tx, &held_failures);
    *held = all != NULL;
    for (const struct offer *o = all ? all->offers : NULL; o; o = o->next)
        if (o->item.v == item.v && o->of == of)
            return NULL;
    if (!all)
        return NULL;
    kt_memory before = kt_lasting_memory(tx);
    struct offer *offer = kt_alloc(tx, sizeof *offer);
    KT_TRY(kt_callers_memory(tx, before, offer ? NULL : kt_no_memory()));
    *offer = (struct offer){item, of, all->offers};
    all->offers = offer;
    return NULL;
}

static kt_error *hold_failure(kt_tx *tx, struct failures *all, const kt_shortfall *of, kt_text reason)
{
    kt_memory before = kt_lasting_memory(tx);
    struct failure *held = kt_alloc(tx, sizeof *held);
    const kt_str en = pegging_words(tx, reason.en), pl = pegging_words(tx, reason.pl);
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
