/* An item may be bought, or brought from another warehouse, that could not, or is bought for nobody: whoever misses it hears of it. */
#include "purchase/purchase.h"

static kt_error *offer(kt_tx *tx, kt_id item)
{
    const kt_supply *supply = kt_supply_find(tx);
    return supply && item.v ? supply->offered(tx, item) : NULL;
}

kt_error *price_offered(kt_tx *tx, const kt_event *event)
{
    const struct supplier_price *p = KT_SEE(supplier_price, event->after);
    return p->active ? offer(tx, p->item) : NULL;
}

/* A rule that fills up from another warehouse brings what that one has. */
kt_error *way_offered(kt_tx *tx, const kt_event *event)
{
    const struct reorder_rule *r = KT_SEE(reorder_rule, event->after);
    return r->active && r->kind == RESUPPLY ? offer(tx, r->item) : NULL;
}

/* What a demand asked for is its own; what an order written by hand brings is offered when that is approved. */
kt_error *request_offered(kt_tx *tx, const kt_event *event)
{
    const struct request *r = KT_SEE(request, event->after);
    return r->origin == BY_DEMAND || r->origin == BY_ORDER || r->free.coef <= 0 ? NULL : offer(tx, r->item);
}

kt_error *order_offered(kt_tx *tx, const kt_event *event)
{
    const struct po *o = KT_SEE(po, event->after);
    for (size_t i = 0; i < o->lines.count && o->state == PO_APPROVED; i++)
        KT_TRY(offer(tx, po_line_at(&o->lines, i)->item));
    return NULL;
}
