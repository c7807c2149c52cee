/* What an order means to others: the stores expect its goods, the requests it carries wait for them. */
#include <string.h>

#include "purchase/purchase.h"

/* ---- The stores ---- */

static kt_error *expect_line(
    kt_tx *tx, const kt_stock *stock, const struct po *o, const struct po_line *line, bool nothing)
{
    struct goods item;
    kt_stock_move m = {.item = line->item,
        .from = KT_AT_SUPPLIER,
        .to = KT_AT_STORES,
        .warehouse = o->warehouse,
        .document = kt_any(tx, po_shape.name, o->rec.id),
        .line = line->rec.id,
        .party = o->party,
        .day = line->expected,
        .quantity = ZERO};
    if (line->kind != PO_GOODS)
        return NULL;
    KT_TRY(goods_read(tx, line->item, &item));
    if (!nothing)
        KT_TRY(kt_in_unit(tx, line->item, po_line_open(line), line->unit, item.unit, &m.quantity));
    return stock->expect(tx, &m);
}

kt_error *po_expect(kt_tx *tx, const struct po *o, bool nothing)
{
    const kt_stock *stock = kt_stock_find(tx);
    kt_error *e = NULL;
    if (!stock || o->ship_to.v)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    for (size_t i = 0; i < o->lines.count && !e; i++)
        e = expect_line(tx, stock, o, po_line_at(&o->lines, i), nothing);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Another day ---- */

static kt_error *why_then(kt_tx *tx, const struct po *o, kt_str reason, kt_text *text)
{
    const char *number = o->rec.number.ptr ? o->rec.number.ptr : "";
    kt_str name;
    KT_TRY(party_name(tx, o->party, &name));
    *text = reason.len ? (kt_text){kt_format(tx, "order %s comes on another day: %s", number, reason.ptr).ptr,
                             kt_format(tx, "zamówienie %s przyjdzie innego dnia: %s", number, reason.ptr).ptr}
                       : (kt_text){kt_format(tx, "on order from %s, by %s", name.ptr, number).ptr,
                             kt_format(tx, "zamówione u: %s, według %s", name.ptr, number).ptr};
    return NULL;
}

static kt_error *moved_within(kt_tx *tx, const struct po *o, const struct po_line *line, kt_str reason)
{
    const kt_supply *supply = kt_supply_find(tx);
    struct requests carried;
    kt_text text;
    KT_TRY(why_then(tx, o, reason, &text));
    KT_TRY(requests_of_line(tx, o->rec.id, line->rec.id, &carried));
    for (size_t i = 0; i < carried.count; i++) {
        struct request *r = &carried.items[i];
        KT_TRY(kt_read(tx, r->rec.id, &r->rec)); /* what moved before may have changed it */
        bool same = r->day.day == line->expected.day;
        if (r->state != PR_ORDERED || (same && reason.len))
            continue;
        r->day = line->expected;
        if (!same)
            KT_TRY(kt_update(tx, &r->rec));
        if (supply)
            KT_TRY(supply->moved(tx, request_any(tx, r), line->expected, text));
    }
    return NULL;
}

kt_error *po_moved(kt_tx *tx, const struct po *o, const struct po_line *line, kt_str reason)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = moved_within(tx, o, line, reason);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- What nobody asked for ---- */

/* What one own unit of the line costs in the company's currency, as it was agreed. */
static kt_error *agreed_cost(
    kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec brings, kt_dec *cost)
{
    kt_dec own;
    KT_TRY(in_own_currency(tx, line->net, o->currency, o->day, 6, &own));
    *cost = own.scale1 && brings.coef > 0 ? kt_dec_div(own, brings, 6) : (kt_dec){0};
    return NULL;
}

static kt_error *price_as_agreed(kt_tx *tx, struct request *r, kt_dec unit_cost)
{
    r->unit_cost = unit_cost;
    r->cost = unit_cost.scale1 ? kt_dec_mul(unit_cost, r->quantity, 2) : unit_cost;
    r->bookings++;
    return r->rec.id.v ? kt_update(tx, &r->rec) : kt_create(tx, &r->rec);
}

/* The requests of a line sum up to what is still to come of it: what is beyond them is a request of its own, which the
 * next demand may have. What goes straight to a customer is nobody else's. */
static kt_error *balance_line(kt_tx *tx, const struct po *o, const struct po_line *line)
{
    struct requests carried;
    struct goods item;
    kt_dec brings, rest, cost;
    KT_TRY(goods_read(tx, line->item, &item));
    KT_TRY(kt_in_unit(tx, line->item, line->quantity, line->unit, item.unit, &brings));
    KT_TRY(kt_in_unit(tx, line->item, po_line_open(line), line->unit, item.unit, &rest));
    KT_TRY(agreed_cost(tx, o, line, brings, &cost));
    KT_TRY(requests_of_line(tx, o->rec.id, line->rec.id, &carried));
    for (size_t i = 0; i < carried.count; i++) {
        struct request *r = &carried.items[i];
        bool spare = o->ship_to.v && r->free.coef > 0;
        if (r->state != PR_ORDERED)
            continue;
        rest = kt_dec_sub(rest, kt_dec_sub(r->quantity, r->received));
        if (spare)
            request_cut(r, r->free);
        if (spare || kt_dec_cmp(r->unit_cost, cost) != 0)
            KT_TRY(price_as_agreed(tx, r, cost));
    }
    if (rest.coef <= 0 || o->ship_to.v)
        return NULL;
    struct request more = {KT_OF(request), .item = line->item, .warehouse = o->warehouse, .quantity = rest,
        .party = o->party, .needed = line->asked, .day = line->expected, .order = o->rec.id,
        .order_line = (int64_t)line->rec.id.v, .origin = BY_ORDER, .owner = o->owner};
    return price_as_agreed(tx, &more, cost);
}

kt_error *po_balance(kt_tx *tx, const struct po *o)
{
    kt_error *e = NULL;
    kt_authority before = kt_own_authority(tx);
    for (size_t i = 0; i < o->lines.count && !e; i++)
        if (po_line_at(&o->lines, i)->kind == PO_GOODS)
            e = balance_line(tx, o, po_line_at(&o->lines, i));
    kt_callers_authority(tx, before);
    return e;
}

/* ---- It does not come ---- */

/* Ends a request; *missing receives what still waited for it. */
static kt_error *give_up(kt_tx *tx, struct request *r, kt_dec *missing)
{
    *missing = r->waiting;
    r->finished = r->received.coef > 0;
    r->cancelled = !r->finished;
    r->waiting = ZERO;
    return kt_update(tx, &r->rec);
}

static kt_error *open_again(kt_tx *tx, struct request *r, kt_text reason)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_date was = r->day;
    r->order = (kt_id){0};
    r->order_line = 0;
    KT_TRY(kt_update(tx, &r->rec));
    return supply && was.day != r->day.day ? supply->moved(tx, request_any(tx, r), r->day, reason) : NULL;
}

kt_error *requests_failed(kt_tx *tx, const struct requests *of, const kt_dec *missing, kt_text reason)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_shortfall *all = kt_alloc(tx, (of->count + 1) * sizeof *all);
    if (!all)
        return kt_no_memory();
    for (size_t i = 0; i < of->count; i++)
        all[i] = (kt_shortfall){request_any(tx, &of->items[i]), of->items[i].item, missing[i]};
    return supply ? supply->failed(tx, all, of->count, reason) : NULL;
}

/* All requests end before the first demand is covered anew, so that none is covered by what does not come either. */
static kt_error *let_go_within(kt_tx *tx, const struct po *o, kt_id line, bool reopen, kt_text reason)
{
    const kt_where all[] = {KT_WHERE(request, order, KT_EQ, o->rec.id), {0}};
    struct requests carried;
    if (line.v)
        KT_TRY(requests_of_line(tx, o->rec.id, line, &carried));
    else
        KT_TRY(requests_find(tx, all, &carried));
    kt_dec *missing = kt_alloc(tx, (carried.count + 1) * sizeof *missing);
    if (!missing)
        return kt_no_memory();
    for (size_t i = 0; i < carried.count; i++) {
        struct request *r = &carried.items[i];
        if (r->state != PR_ORDERED)
            continue;
        bool asked = r->received.coef == 0 && r->origin != BY_ORDER;
        if (!reopen || !asked)
            KT_TRY(give_up(tx, r, &missing[i]));
    }
    for (size_t i = 0; i < carried.count; i++)
        if (carried.items[i].state == PR_ORDERED)
            KT_TRY(open_again(tx, &carried.items[i], reason));
    return requests_failed(tx, &carried, missing, reason);
}

kt_error *po_let_go(kt_tx *tx, const struct po *o, kt_id line, bool reopen, kt_text reason)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = let_go_within(tx, o, line, reopen, reason);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- It is there ---- */

/* A request has its part of what came; those who wait for it come before what nobody waits for. */
static kt_error *take_in(
    kt_tx *tx, const struct po *o, struct request *r, kt_dec quantity, struct receipt *by)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_dec awaited = smaller(quantity, r->waiting);
    r->received = kt_dec_add(r->received, quantity);
    r->waiting = kt_dec_sub(r->waiting, awaited);
    KT_TRY(kt_update(tx, &r->rec));
    if (o->ship_to.v)
        return straight_delivered(tx, r, awaited, by);
    return supply ? supply->arrived(tx, request_any(tx, r), r->item, o->warehouse, quantity, (kt_dec){0})
                  : NULL;
}

/* Put into another warehouse than ordered: who waits for it where it was to come goes without and is covered anew, by what can
 * be brought from there, say; there it is free. */
static kt_error *come_elsewhere(kt_tx *tx, const struct po *o, struct requests *carried, kt_id item,
    kt_dec quantity, const struct receipt *by)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_dec rest = quantity, *missing = kt_alloc(tx, (carried->count + 1) * sizeof *missing);
    if (!missing)
        return kt_no_memory();
    for (size_t i = 0; i < carried->count; i++) {
        struct request *r = &carried->items[i];
        kt_dec take = smaller(rest, kt_dec_sub(r->quantity, r->received));
        if (r->state != PR_ORDERED || take.coef <= 0)
            continue;
        missing[i] = smaller(take, r->waiting);
        r->received = kt_dec_add(r->received, take);
        r->waiting = kt_dec_sub(r->waiting, missing[i]);
        KT_TRY(kt_update(tx, &r->rec));
        rest = kt_dec_sub(rest, take);
    }
    KT_TRY(requests_failed(
        tx, carried, missing, (kt_text){"it came to another warehouse", "przyszło do innego magazynu"}));
    return supply ? supply->freed(
                        tx, kt_any(tx, po_shape.name, o->rec.id), item, by->warehouse, quantity, (kt_dec){0})
                  : NULL;
}

static kt_error *arrived_within(
    kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity, struct receipt *by)
{
    const kt_supply *supply = kt_supply_find(tx);
    struct requests carried;
    struct goods item;
    kt_dec rest;
    bool as_ordered;
    KT_TRY(goods_read(tx, line->item, &item));
    KT_TRY(kt_in_unit(tx, line->item, quantity, line->unit, item.unit, &rest));
    KT_TRY(requests_of_line(tx, o->rec.id, line->rec.id, &carried));
    KT_TRY(warehouse_same(tx, o->warehouse, by->warehouse, &as_ordered));
    if (!as_ordered && !o->ship_to.v)
        return come_elsewhere(tx, o, &carried, line->item, rest, by);
    for (size_t i = 0; i < carried.count && rest.coef > 0; i++) {
        struct request *r = &carried.items[i];
        KT_TRY(kt_read(tx, r->rec.id, &r->rec));
        kt_dec take = smaller(rest, kt_dec_sub(r->quantity, r->received));
        if (r->state != PR_ORDERED || take.coef <= 0)
            continue;
        KT_TRY(take_in(tx, o, r, take, by));
        rest = kt_dec_sub(rest, take);
    }
    if (rest.coef <= 0 || !supply)
        return NULL;
    if (o->ship_to.v)
        return straight_replaced(tx, o, line, rest, by);
    return supply->arrived(
        tx, kt_any(tx, po_shape.name, o->rec.id), line->item, o->warehouse, rest, (kt_dec){0});
}

kt_error *po_arrived(
    kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity, struct receipt *r)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = arrived_within(tx, o, line, quantity, r);
    kt_callers_authority(tx, before);
    return e;
}
