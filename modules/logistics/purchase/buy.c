/* The source "supply.buy": what is neither on stock nor made is bought where it is best. What a request brings
 * beyond those who wait for it -- minimum, multiple, a reorder rule -- covers the next demand first. */
#include <string.h>

#include "purchase/purchase.h"

/* ---- Covering ---- */

static kt_text reason_bought(kt_tx *tx, const struct offer *best, const struct request *r)
{
    kt_str name;
    kt_error *unknown = party_name(tx, best->price.party, &name);
    if (unknown)
        name = KT_STR("");
    long long days = best->price.lead_days;
    const char *by = day_words(tx, r->order_by);
    const char *lot = r->free.coef > 0 ? kt_format(tx, "%s ", dec_words(tx, r->quantity)).ptr : "";
    return (kt_text){
        kt_format(tx, "%s delivers %swithin %lld days if it is ordered by %s", name.ptr, lot, days, by).ptr,
        kt_format(tx, "%s dostarcza %sw %lld dni, jeśli zamówione do %s", name.ptr, lot, days, by).ptr};
}

static kt_error *reason_coming(kt_tx *tx, const struct request *r, const kt_way *way, kt_text *reason)
{
    const bool ordered = r->state == PR_ORDERED;
    const char *number = r->rec.number.ptr ? r->rec.number.ptr : "", *on = "", *on_pl = "";
    struct warehouse from;
    if (way->via.v) {
        KT_TRY(warehouse_get(tx, kt_any_id(way->via), &from));
        on = kt_format(tx, ", then sent on from %s", from.name.ptr).ptr;
        on_pl = kt_format(tx, ", potem wysłane dalej z: %s", from.name.ptr).ptr;
    }
    *reason = (kt_text){
        kt_format(tx, "%s, by %s%s", ordered ? "on order already" : "to be bought already", number, on).ptr,
        kt_format(tx, "%s, według %s%s", ordered ? "już zamówione" : "już do kupienia", number, on_pl).ptr};
    return NULL;
}

static kt_date later(kt_date a, kt_date b)
{
    return a.day >= b.day ? a : b;
}

static kt_error *add_part(kt_tx *tx, const kt_demand *demand, const struct request *r, const kt_way *way,
    kt_dec quantity, kt_text reason, kt_plan *plan)
{
    size_t at = 0;
    KT_TRY(kt_plan_add(tx, plan, &at));
    plan->parts[at] = (kt_cover){.kind = KT_FROM_BUYING,
        .item = demand->item,
        .line = demand->line,
        .quantity = quantity,
        .needed = demand->day,
        .day = way->via.v ? later(way->day, demand->day) : way->day, /* it is not sent before it has to be */
        .via = way->via,
        .way_days = way->days,
        .cost = r->unit_cost.scale1 ? kt_dec_mul(r->unit_cost, quantity, 2) : (kt_dec){0},
        .document = request_any(tx, r),
        .level = demand->level,
        .reason = reason};
    return NULL;
}

/* What is to come anyway and nobody waits for, if a new purchase would not be there before it.
 *   here  to the demand's own warehouse, or else to others from which it is sent on */
static kt_error *cover_by_those(kt_tx *tx, const kt_demand *demand, const struct offer *best,
    const struct requests *coming, bool here, kt_dec *rest, kt_plan *plan)
{
    for (size_t i = 0; i < coming->count && rest->coef > 0; i++) {
        struct request *r = &coming->items[i];
        kt_text reason;
        kt_way way;
        KT_TRY(ways_service.find(
            tx, r->item, r->warehouse, demand->warehouse, kt_still_to_come(tx, r->day), &way));
        if (!way.known || here == (way.via.v != 0) || (!way.day.day && (best || !here)))
            continue;
        if (best && way.day.day > later(best->day, demand->day).day)
            continue;
        kt_dec take = smaller(*rest, r->free);
        r->waiting = kt_dec_add(r->waiting, take);
        KT_TRY(kt_update(tx, &r->rec));
        KT_TRY(reason_coming(tx, r, &way, &reason));
        KT_TRY(add_part(tx, demand, r, &way, take, reason, plan));
        *rest = kt_dec_sub(*rest, take);
    }
    return NULL;
}

static kt_error *cover_by_coming(
    kt_tx *tx, const kt_demand *demand, const struct offer *best, kt_dec *rest, kt_plan *plan)
{
    const kt_where where[] = {
        KT_WHERE(request, item, KT_EQ, demand->item), KT_WHERE(request, free, KT_GT, ZERO), {0}};
    struct requests coming;
    KT_TRY(requests_find(tx, where, &coming)); /* of what is over nothing is free */
    KT_TRY(cover_by_those(tx, demand, best, &coming, true, rest, plan));
    return cover_by_those(tx, demand, best, &coming, false, rest, plan);
}

static kt_error *cover_by_request(
    kt_tx *tx, const kt_demand *demand, const struct offer *best, kt_dec *rest, kt_plan *plan)
{
    struct request r = {KT_OF(request), .item = demand->item, .warehouse = demand->warehouse,
        .quantity = best->bought, .needed = demand->day, .origin = BY_PLAN};
    if (demand->document.v) {
        r.waiting = *rest;
        r.origin = BY_DEMAND;
        r.demand = demand->document;
        r.demand_line = (int64_t)demand->line.v;
    }
    request_take_offer(tx, &r, best);
    KT_TRY(kt_create(tx, &r.rec));
    KT_TRY(add_part(tx, demand, &r, &(kt_way){.day = r.day}, *rest, reason_bought(tx, best, &r), plan));
    *rest = ZERO;
    return NULL;
}

static kt_error *best_for(
    kt_tx *tx, kt_id item, kt_dec quantity, struct offers *found, const struct offer **best)
{
    KT_TRY(offers_find(tx, &(struct offer_query){item, {0}, quantity, kt_today(tx)}, found));
    *best = offers_best(found);
    return NULL;
}

static kt_error *cover(kt_tx *tx, const kt_demand *demand, kt_dec *rest, kt_plan *plan)
{
    struct offers found;
    const struct offer *best;
    kt_dec wanted = *rest;
    KT_TRY(best_for(tx, demand->item, *rest, &found, &best));
    if (demand->document.v)
        KT_TRY(cover_by_coming(tx, demand, best, rest, plan));
    if (rest->coef <= 0)
        return NULL;
    if (!best)
        return offers_hindrance(tx, &found, kt_today(tx), &plan->hindered);
    if (kt_dec_cmp(*rest, wanted) != 0)
        KT_TRY(best_for(tx, demand->item, *rest, &found, &best));
    return best ? cover_by_request(tx, demand, best, rest, plan) : NULL;
}

/* ---- Letting go ---- */

/* What is ordered to go straight to the customer comes there, whatever becomes of the sale. */
static kt_error *goes_straight(kt_tx *tx, const struct request *r, struct po *order, bool *yes)
{
    *order = (struct po){KT_OF(po)};
    *yes = false;
    if (r->state != PR_ORDERED)
        return NULL;
    KT_TRY(kt_read(tx, r->order, &order->rec));
    *yes = order->state == PO_APPROVED && order->ship_to.v;
    return NULL;
}

static kt_error *bound(kt_tx *tx, const kt_cover *part, bool *yes)
{
    struct request r = {KT_OF(request)};
    struct po order;
    KT_TRY(kt_read(tx, kt_any_id(part->document), &r.rec));
    return goes_straight(tx, &r, &order, yes);
}

static kt_error *is_bound(kt_tx *tx, const struct request *r, kt_dec quantity, const struct po *order)
{
    struct goods item;
    KT_TRY(goods_read(tx, r->item, &item));
    const char *number = order->rec.number.ptr ? order->rec.number.ptr : "";
    return kt_hint(
        kt_fail(tx, KT_RULE, "lines", "%s of \"%s\" are still to come straight to the customer, by %s",
            "%s towaru „%s” ma jeszcze przyjść wprost do klienta, według %s", dec_words(tx, quantity),
            item.name.ptr ? item.name.ptr : "", number),
        "Receive there what was sent, or first close or cancel that purchase order, or lower it, as the "
        "supplier agrees.",
        "Przyjmij tam, co wysłano, albo najpierw zamknij, anuluj lub zmniejsz to zamówienie zakupu, jeśli "
        "dostawca się zgadza.");
}

static kt_error *report_ordered(
    kt_tx *tx, const struct request *r, const kt_cover *part, kt_dec quantity, kt_plan *left)
{
    struct po order = {KT_OF(po)};
    size_t at = 0;
    KT_TRY(kt_read(tx, r->order, &order.rec));
    KT_TRY(kt_plan_add(tx, left, &at));
    left->parts[at] = *part;
    left->parts[at].quantity = quantity;
    const char *number = order.rec.number.ptr ? order.rec.number.ptr : "";
    left->parts[at].reason = (kt_text){kt_format(tx, "is ordered already: %s", number).ptr,
        kt_format(tx, "jest już zamówione: %s", number).ptr};
    return NULL;
}

/* What a demand alone asked for is bought for those who still wait, and for nobody else. */
static kt_error *lessen(kt_tx *tx, struct request *r)
{
    if (r->waiting.coef <= 0) {
        r->cancelled = true;
        return NULL;
    }
    return lot_bought(tx, r->item, r->party, r->waiting, &r->quantity);
}

static kt_error *let_go(kt_tx *tx, struct request *r, bool straight, const kt_cover *part, kt_plan *left)
{
    const kt_dec given = smaller(part->quantity, r->waiting);
    if (given.coef <= 0 || r->state == PR_DONE || r->state == PR_CANCELLED)
        return NULL;
    r->waiting = kt_dec_sub(r->waiting, given);
    if (r->state == PR_ORDERED)
        KT_TRY(report_ordered(tx, r, part, given, left));
    else if (r->origin == BY_DEMAND)
        KT_TRY(lessen(tx, r));
    if (straight) /* it comes to that customer, and is nobody else's */
        request_cut(r, given);
    KT_TRY(kt_update(tx, &r->rec));
    return r->free.coef > 0 && !straight ? tell_offered(tx, r->item, KT_FROM_BUYING) : NULL;
}

kt_error *request_let_go(kt_tx *tx, struct request *r, const kt_cover *part, kt_plan *left)
{
    struct po order;
    bool straight;
    KT_TRY(goes_straight(tx, r, &order, &straight));
    return let_go(tx, r, straight, part, left);
}

static kt_error *release(kt_tx *tx, const kt_demand *demand, const kt_cover *part, kt_plan *left)
{
    struct request r = {KT_OF(request)};
    struct po order;
    bool straight;
    KT_TRY(kt_read(tx, kt_any_id(part->document), &r.rec));
    KT_TRY(goes_straight(tx, &r, &order, &straight));
    const kt_dec given = smaller(part->quantity, r.waiting);
    return straight && !demand->met && given.coef > 0 ? is_bound(tx, &r, given, &order)
                                                      : let_go(tx, &r, straight, part, left);
}

static kt_error *lot(kt_tx *tx, kt_id item, kt_dec quantity, kt_dec *bought)
{
    return lot_bought(tx, item, (kt_id){0}, quantity, bought);
}

static kt_error *name_supplier(kt_tx *tx, kt_cover *part)
{
    const char *entity = kt_any_entity(tx, part->document);
    struct request r = {KT_OF(request)};
    if (!entity || strcmp(entity, request_shape.name) != 0)
        return NULL;
    KT_TRY(kt_read(tx, kt_any_id(part->document), &r.rec));
    part->party = r.party;
    part->unit_cost = r.unit_cost;
    return NULL;
}

const kt_source buying_source = {cover, release, lot, bound, name_supplier};
