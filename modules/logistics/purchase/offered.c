/* An item may be bought, or brought from another warehouse, that could not, or is bought for nobody: whoever misses it hears of it. */
#include "purchase/purchase.h"
#include "stock/transfer.h"

kt_error *price_offered(kt_tx *tx, const kt_event *event)
{
    const struct supplier_price *p = KT_SEE(supplier_price, event->after);
    return p->active ? tell_offered(tx, p->item, KT_FROM_BUYING) : NULL;
}

struct rate_entered {
    kt_record rec;
    kt_date day;
    kt_id base, currency;
};
const kt_shape rate_entered_shape = KT_SHAPE(rate_entered, "base.currency_rate",
    KT_BIND(rate_entered, day, DATE, "day"), KT_BIND(rate_entered, base, REF, "base"),
    KT_BIND(rate_entered, currency, REF, "currency"));

static kt_error *is_asked_in(kt_tx *tx, kt_id currency, kt_id own, bool *yes)
{
    const kt_where where[] = {KT_WHERE(supplier_price, currency, KT_EQ, currency),
        KT_WHERE(supplier_price, active, KT_EQ, true), {0}};
    uint64_t count = 0;
    if (*yes || currency.v == own.v)
        return NULL;
    KT_TRY(kt_count(tx, &(kt_query){.of = &supplier_price_shape, .where = where, .limit = 1}, &count));
    *yes = count > 0;
    return NULL;
}

static kt_error *rate_offers(kt_tx *tx, const struct rate_entered *r)
{
    const kt_date today = kt_today(tx);
    const kt_where where[] = {KT_WHERE(rate_entered, currency, KT_EQ, r->currency),
        KT_WHERE(rate_entered, base, KT_EQ, r->base), KT_WHERE(rate_entered, day, KT_LE, today), {0}};
    const kt_supply *supply = kt_supply_find(tx);
    uint64_t count = 0;
    bool asked = false;
    kt_id own;
    if (!supply || r->day.day > today.day)
        return NULL;
    KT_TRY(kt_count(tx, &(kt_query){.of = &rate_entered_shape, .where = where, .limit = 2}, &count));
    if (count > 1)
        return NULL;
    KT_TRY(own_currency(tx, &own));
    KT_TRY(is_asked_in(tx, r->base, own, &asked));
    KT_TRY(is_asked_in(tx, r->currency, own, &asked));
    return asked ? supply->offered(tx, (kt_id){0}, KT_FROM_BUYING) : NULL;
}

/* The first rate of a currency that prices are asked in; with those of later days nothing can be bought that could not
 * before. */
kt_error *rate_entered(kt_tx *tx, const kt_event *event)
{
    const kt_authority before = kt_own_authority(tx);
    kt_error *e = rate_offers(tx, KT_SEE(rate_entered, event->after));
    kt_callers_authority(tx, before);
    return e;
}

/* A rule that fills up from another warehouse brings what that one has. */
kt_error *way_offered(kt_tx *tx, const kt_event *event)
{
    const struct reorder_rule *r = KT_SEE(reorder_rule, event->after);
    return r->active && r->kind == RESUPPLY ? tell_offered(tx, r->item, KT_FROM_TRANSFER) : NULL;
}

/* What is on its way to a warehouse may be had there. */
kt_error *slip_offered(kt_tx *tx, const kt_event *event)
{
    const struct transfer *t = KT_SEE(transfer, event->after);
    for (size_t i = 0; i < t->lines.count; i++) {
        const kt_id item = transfer_line_at(&t->lines, i)->item;
        kt_dec spare;
        KT_TRY(transfer_spare(tx, t, item, kt_today(tx), &spare));
        if (spare.coef > 0)
            KT_TRY(tell_offered(tx, item, KT_FROM_TRANSFER));
    }
    return NULL;
}

/* What a demand asked for is its own; what an order written by hand brings is offered when that is approved. */
kt_error *request_offered(kt_tx *tx, const kt_event *event)
{
    const struct request *r = KT_SEE(request, event->after);
    return r->origin == BY_DEMAND || r->origin == BY_ORDER || r->free.coef <= 0
               ? NULL
               : tell_offered(tx, r->item, KT_FROM_BUYING);
}

kt_error *order_offered(kt_tx *tx, const kt_event *event)
{
    const struct po *o = KT_SEE(po, event->after);
    for (size_t i = 0; i < o->lines.count && o->state == PO_APPROVED; i++)
        KT_TRY(tell_offered(tx, po_line_at(&o->lines, i)->item, KT_FROM_BUYING));
    return NULL;
}
