/* The source "supply.buy": what is neither on stock nor made is bought where it is best. What a request brings
 * beyond those who wait for it -- minimum, multiple, a reorder rule -- covers the next demand first. */
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

static kt_text reason_coming(kt_tx *tx, const struct request *r)
{
    const char *number = r->rec.number.ptr ? r->rec.number.ptr : "";
    return r->state == PR_ORDERED ? (kt_text){kt_format(tx, "on order already, by %s", number).ptr,
                                        kt_format(tx, "już zamówione, według %s", number).ptr}
                                  : (kt_text){kt_format(tx, "to be bought already, by %s", number).ptr,
                                        kt_format(tx, "już do kupienia, według %s", number).ptr};
}

static kt_error *add_part(kt_tx *tx, const kt_demand *demand, const struct request *r, kt_dec quantity,
    kt_text reason, kt_plan *plan)
{
    size_t at = 0;
    KT_TRY(kt_plan_add(tx, plan, &at));
    plan->parts[at] = (kt_cover){.kind = KT_FROM_BUYING,
        .item = demand->item,
        .line = demand->line,
        .quantity = quantity,
        .needed = demand->day,
        .day = r->day,
        .cost = r->unit_cost.scale1 ? kt_dec_mul(r->unit_cost, quantity, 2) : (kt_dec){0},
        .document = request_any(tx, r),
        .level = demand->level,
        .reason = reason};
    return NULL;
}

static kt_date later(kt_date a, kt_date b)
{
    return a.day >= b.day ? a : b;
}

/* What is to come anyway and nobody waits for, if a new purchase would not be there before it. */
static kt_error *cover_by_coming(
    kt_tx *tx, const kt_demand *demand, const struct offer *best, kt_dec *rest, kt_plan *plan)
{
    const kt_where where[] = {
        KT_WHERE(request, item, KT_EQ, demand->item), KT_WHERE(request, free, KT_GT, ZERO), {0}};
    struct requests coming;
    KT_TRY(requests_find(tx, where, KT_STR("[[\"state\",\"in\",[\"open\",\"ordered\"]]]"), &coming));
    for (size_t i = 0; i < coming.count && rest->coef > 0; i++) {
        struct request *r = &coming.items[i];
        bool here;
        KT_TRY(request_is_for(tx, r, demand->warehouse, &here));
        if (!here)
            continue;
        if (best && (!r->day.day || r->day.day > later(best->day, demand->day).day))
            continue;
        kt_dec take = smaller(*rest, r->free);
        r->waiting = kt_dec_add(r->waiting, take);
        KT_TRY(kt_update(tx, &r->rec));
        KT_TRY(add_part(tx, demand, r, take, reason_coming(tx, r), plan));
        *rest = kt_dec_sub(*rest, take);
    }
    return NULL;
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
    KT_TRY(add_part(tx, demand, &r, *rest, reason_bought(tx, best, &r), plan));
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
    if (!best || rest->coef <= 0)
        return NULL;
    if (kt_dec_cmp(*rest, wanted) != 0)
        KT_TRY(best_for(tx, demand->item, *rest, &found, &best));
    return best ? cover_by_request(tx, demand, best, rest, plan) : NULL;
}

/* ---- Letting go ---- */

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

static kt_error *release(kt_tx *tx, const kt_demand *demand, const kt_cover *part, kt_plan *left)
{
    struct request r = {KT_OF(request)};
    (void)demand;
    KT_TRY(kt_read(tx, kt_any_id(part->document), &r.rec));
    kt_dec given = smaller(part->quantity, r.waiting);
    if (given.coef <= 0 || r.state == PR_DONE || r.state == PR_CANCELLED)
        return NULL;
    r.waiting = kt_dec_sub(r.waiting, given);
    if (r.state == PR_ORDERED)
        KT_TRY(report_ordered(tx, &r, part, given, left));
    else if (r.origin == BY_DEMAND)
        KT_TRY(lessen(tx, &r));
    return kt_update(tx, &r.rec);
}

static kt_error *lot(kt_tx *tx, kt_id item, kt_dec quantity, kt_dec *bought)
{
    return lot_bought(tx, item, (kt_id){0}, quantity, bought);
}

const kt_source buying_source = {cover, release, lot};
