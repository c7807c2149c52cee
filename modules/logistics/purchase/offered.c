/* An item may be bought, or brought from another warehouse, that could not, or is bought for nobody: whoever misses it hears of it. */
#include "purchase/purchase.h"
#include "stock/transfer.h"

kt_error *price_offered(kt_tx *tx, const kt_event *event)
{
    const struct supplier_price *p = KT_SEE(supplier_price, event->after);
    return p->active ? tell_offered(tx, p->item, KT_FROM_BUYING) : NULL;
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
