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

static kt_error *moved_within(kt_tx *tx, const struct po *o, const struct po_line *line, kt_str reason)
{
    const kt_supply *supply = kt_supply_find(tx);
    struct requests carried;
    const char *number = o->rec.number.ptr ? o->rec.number.ptr : "";
    const char *why = reason.ptr ? reason.ptr : "";
    kt_text text = {kt_format(tx, "order %s comes on another day: %s", number, why).ptr,
        kt_format(tx, "zamówienie %s przyjdzie innego dnia: %s", number, why).ptr};
    KT_TRY(requests_of_line(tx, o->rec.id, line->rec.id, &carried));
    for (size_t i = 0; i < carried.count; i++) {
        struct request *r = &carried.items[i];
        KT_TRY(kt_read(tx, r->rec.id, &r->rec)); /* what moved before may have changed it */
        if (r->state != PR_ORDERED || r->day.day == line->expected.day)
            continue;
        r->day = line->expected;
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
            r->quantity = kt_dec_sub(r->quantity, r->free);
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
        KT_TRY(requests_find(tx, all, (kt_str){0}, &carried));
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

/* ---- Straight to the customer ---- */

struct asking_line { /* of a sales order: what is looked at in it, whether or not sales are switched on */
    kt_record rec;
    kt_id unit;
};
static const kt_shape asking_line_shape = KT_SHAPE(
    asking_line, NULL, KT_BIND(asking_line, unit, REF, "unit"));
struct asking {
    kt_record rec;
    kt_id party, ship_to;
    kt_lines lines;
};
static const kt_shape asking_shape = KT_SHAPE(asking, "crm.order", KT_BIND(asking, party, REF, "party"),
    KT_BIND(asking, ship_to, REF, "ship_to"),
    KT_BIND(asking, lines, LINES, "lines", .lines = &asking_line_shape));
struct awaiting { /* of base.pegging: who waits for a request */
    kt_record rec;
    kt_id demand, supply;
    int64_t line;
    kt_dec quantity;
};
static const kt_shape awaiting_shape = KT_SHAPE(awaiting, "base.pegging",
    KT_BIND(awaiting, demand, REF, "demand"), KT_BIND(awaiting, supply, REF, "supply"),
    KT_BIND(awaiting, line, INT, "line"), KT_BIND(awaiting, quantity, QUANTITY, "quantity"));

static bool is_sale(const kt_tx *tx, kt_id demand)
{
    const char *entity = kt_any_entity(tx, demand);
    return entity && strcmp(entity, asking_shape.name) == 0;
}

/* Those needed first before the others. */
static kt_error *who_awaits(kt_tx *tx, const struct request *r, kt_found *found)
{
    const kt_where where[] = {KT_WHERE(awaiting, supply, KT_EQ, request_any(tx, r)), {0}};
    return kt_find(tx, &(kt_query){.of = &awaiting_shape, .where = where, .sort = "needed,id"}, 0, found);
}

static kt_error *is_for_another(kt_tx *tx, const struct po *o, const struct awaiting *a)
{
    struct asking sale = {KT_OF(asking)};
    if (is_sale(tx, a->demand))
        KT_TRY(kt_read(tx, kt_any_id(a->demand), &sale.rec));
    if ((sale.ship_to.v ? sale.ship_to.v : sale.party.v) == o->ship_to.v)
        return NULL;
    const char *number = sale.rec.number.ptr ? sale.rec.number.ptr : "";
    return kt_hint(
        kt_fail(tx, KT_RULE, "ship_to", "%s of it are for somebody else%s%s",
            "%s z tego jest dla kogo innego%s%s", dec_words(tx, a->quantity), number[0] ? ": " : "", number),
        "Order for the stores, or order apart what this customer waits for.",
        "Zamów do magazynu albo osobno to, na co czeka ten klient.");
}

static kt_error *check_straight(kt_tx *tx, const struct po *o)
{
    const kt_where where[] = {KT_WHERE(request, order, KT_EQ, o->rec.id), {0}};
    struct requests carried;
    kt_error *all = NULL;
    KT_TRY(requests_find(tx, where, (kt_str){0}, &carried));
    for (size_t i = 0; i < carried.count; i++) {
        kt_found found;
        KT_TRY(who_awaits(tx, &carried.items[i], &found));
        for (size_t k = 0; k < found.count; k++) {
            struct awaiting a = {KT_OF(awaiting)};
            KT_TRY(kt_read(tx, found.ids[k], &a.rec));
            kt_also(&all, is_for_another(tx, o, &a));
        }
    }
    return all;
}

kt_error *po_check_straight(kt_tx *tx, const struct po *o)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = o->ship_to.v ? check_straight(tx, o) : NULL;
    kt_callers_authority(tx, before);
    return e;
}

/* So much of an item, in its own unit, is delivered to who asked for it; below zero: it came back. */
static kt_error *tell_delivered(kt_tx *tx, kt_id item, kt_id demand, int64_t demand_line, kt_dec quantity)
{
    const kt_order_reports *reports = kt_order_reports_find(tx);
    kt_order_part part = {.line = {(uint64_t)demand_line}, .used = true};
    struct asking sale = {KT_OF(asking)};
    struct goods goods;
    KT_TRY(kt_read(tx, kt_any_id(demand), &sale.rec));
    KT_TRY(goods_read(tx, item, &goods));
    for (size_t i = 0; i < sale.lines.count && reports; i++) {
        const struct asking_line *line = KT_AS(asking_line, kt_line(&sale.lines, i));
        if (line->rec.id.v != part.line.v)
            continue;
        KT_TRY(kt_in_unit(tx, item, quantity, goods.unit, line->unit, &part.quantity));
        return reports->deliver(tx, demand, &part, 1, kt_today(tx));
    }
    return NULL;
}

static kt_error *delivered_there(kt_tx *tx, const struct request *r, kt_dec quantity)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_dec rest = quantity;
    kt_found found;
    KT_TRY(who_awaits(tx, r, &found));
    for (size_t i = 0; i < found.count && rest.coef > 0 && supply; i++) {
        struct awaiting a = {KT_OF(awaiting)};
        KT_TRY(kt_read(tx, found.ids[i], &a.rec));
        const kt_dec part = smaller(a.quantity, rest);
        if (!is_sale(tx, a.demand))
            continue;
        rest = kt_dec_sub(rest, part);
        KT_TRY(supply->passed(tx, a.supply, a.demand, (kt_id){(uint64_t)a.line}, part));
        KT_TRY(tell_delivered(tx, r->item, a.demand, a.line, part));
    }
    return NULL;
}

/* First what the customer had beyond what was asked for, then what came first. */
static kt_error *came_back(kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity)
{
    struct requests carried;
    struct goods item;
    kt_dec there, before;
    KT_TRY(goods_read(tx, line->item, &item));
    KT_TRY(kt_in_unit(tx, line->item, po_line_kept(line), line->unit, item.unit, &there));
    KT_TRY(kt_in_unit(tx, line->item, kt_dec_add(ZERO, line->returned), line->unit, item.unit, &before));
    KT_TRY(kt_in_unit(tx, line->item, quantity, line->unit, item.unit, &quantity));
    KT_TRY(requests_of_line(tx, o->rec.id, line->rec.id, &carried));
    kt_dec beyond = kt_dec_add(there, before), rest = kt_dec_add(before, quantity);
    for (size_t i = 0; i < carried.count; i++)
        beyond = kt_dec_sub(beyond, carried.items[i].received);
    before = larger(kt_dec_sub(before, beyond), ZERO);
    rest = kt_dec_sub(larger(kt_dec_sub(rest, beyond), ZERO), before);
    for (size_t i = 0; i < carried.count && rest.coef > 0; i++) {
        const struct request *r = &carried.items[i];
        const kt_dec gone = smaller(before, r->received), part = smaller(kt_dec_sub(r->received, gone), rest);
        before = kt_dec_sub(before, gone);
        rest = kt_dec_sub(rest, part);
        if (part.coef > 0 && is_sale(tx, r->demand))
            KT_TRY(tell_delivered(tx, r->item, r->demand, r->demand_line, kt_dec_neg(part)));
    }
    return NULL;
}

kt_error *po_came_back(kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = came_back(tx, o, line, quantity);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- It is there ---- */

/* A request has its part of what came; those who wait for it come before what nobody waits for. */
static kt_error *take_in(kt_tx *tx, const struct po *o, struct request *r, kt_dec quantity)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_dec awaited = smaller(quantity, r->waiting);
    r->received = kt_dec_add(r->received, quantity);
    r->waiting = kt_dec_sub(r->waiting, awaited);
    KT_TRY(kt_update(tx, &r->rec));
    if (o->ship_to.v)
        return delivered_there(tx, r, awaited);
    return supply ? supply->arrived(tx, request_any(tx, r), r->item, o->warehouse, quantity, (kt_dec){0})
                  : NULL;
}

static kt_error *arrived_within(kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity)
{
    const kt_supply *supply = kt_supply_find(tx);
    struct requests carried;
    struct goods item;
    kt_dec rest;
    KT_TRY(goods_read(tx, line->item, &item));
    KT_TRY(kt_in_unit(tx, line->item, quantity, line->unit, item.unit, &rest));
    KT_TRY(requests_of_line(tx, o->rec.id, line->rec.id, &carried));
    for (size_t i = 0; i < carried.count && rest.coef > 0; i++) {
        struct request *r = &carried.items[i];
        KT_TRY(kt_read(tx, r->rec.id, &r->rec));
        kt_dec take = smaller(rest, kt_dec_sub(r->quantity, r->received));
        if (r->state != PR_ORDERED || take.coef <= 0)
            continue;
        KT_TRY(take_in(tx, o, r, take));
        rest = kt_dec_sub(rest, take);
    }
    if (rest.coef <= 0 || !supply || o->ship_to.v)
        return NULL;
    return supply->arrived(
        tx, kt_any(tx, po_shape.name, o->rec.id), line->item, o->warehouse, rest, (kt_dec){0});
}

kt_error *po_arrived(kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = arrived_within(tx, o, line, quantity);
    kt_callers_authority(tx, before);
    return e;
}
