/* orders.h -- orders that others deliver and bill: "crm.orders" has those of customers, "logistics.purchases"
 * those to suppliers, both of this one type. Other modules read an order, and report what they delivered (of a
 * purchase: received) and billed of it through "base.order_reports"; the order's delivery_status and
 * billing_status follow. To act when a sales order is confirmed, handle the event "crm.order.confirm";
 * "crm.order.amend", "crm.order.hold", "crm.order.cancel" come alike. */
#pragma once
#include <string.h>

#include <kontor/tax.h>

typedef struct {
    kt_id line;      /* of the order's lines */
    kt_dec quantity; /* in the line's unit, scale 4; below zero: taken back */
    bool used;       /* delivered: kt_supply was told of it already */
    kt_dec given_up; /* beside what is delivered of a sale: so much of the rest never is; not set: none */
} kt_order_part;

typedef struct {
    kt_id id, item, unit, tax_category; /* item not set: free text */
    kt_str text;
    bool goods;                           /* is delivered before it is billed */
    kt_dec quantity, delivered, invoiced; /* in the line's unit, scale 4 */
    kt_dec given_up;                      /* of the quantity: neither delivered nor billed any more */
    kt_dec price, discount_percent, discount_amount; /* as the order's lines have them */
    kt_date day;                                     /* promised, or asked for; not set: nobody said */
} kt_order_line;

typedef struct {
    kt_id id, company, party /* who is billed, or bills */, currency, position;
    kt_str number, reference /* the other side's */, terms;
    kt_date day;
    bool open;         /* confirmed and not closed: more of it may be delivered and billed */
    bool closed;       /* no more of it is delivered; what was may still be billed */
    bool tax_included; /* prices have the taxes in them */
    kt_tax_rounding rounding;
    kt_dec tax_given; /* the whole tax as another system computed it; not set: it is computed */
    kt_order_line *lines;
    size_t line_count;
} kt_order;

typedef struct kt_orders {
    /* Adds to the delivered quantities; the caller needs the right crm.order:deliver.
     *   day      receives each line as its actual date
     *   returns  state: the order is not confirmed; rule: more taken back than was delivered */
    KT_MUST kt_error *(*deliver)(
        kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day);
    /* Adds to the billed quantities; the caller needs the right crm.order:bill. */
    KT_MUST kt_error *(*bill)(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day);
    /* The order as it stands, under the caller's rights. memory: the transaction's. */
    KT_MUST kt_error *(*read)(kt_tx *tx, kt_id order, kt_order *out);
    /* Orders of which something may be billed, by id, those behind `after` (not set: from the first): open ones that are
     * not billed in full, closed ones of which goods that were delivered are not.
     *   count   receives how many there are in ids, at most `room` */
    KT_MUST kt_error *(*unbilled)(kt_tx *tx, kt_id after, kt_id *ids, size_t room, size_t *count);
} kt_orders;

/* What of a line may be billed: of a closed order goods that were delivered alone. Below zero: too much is billed. */
static inline kt_dec kt_order_line_left(const kt_order *order, const kt_order_line *line, bool delivered)
{
    kt_dec none = KT_DEC(0, 4), invoiced = line->invoiced.scale1 ? line->invoiced : none;
    kt_dec done = line->delivered.scale1 ? line->delivered : none;
    kt_dec wanted = kt_dec_sub(line->quantity, line->given_up);
    return kt_dec_sub(line->goods && (delivered || order->closed) ? done : wanted, invoiced);
}
/* What a part of goods is in the order's unit, as deliveries report it: the same part of what all of them are there. Nothing that a
 * unit's factor rounds is lost or gained, however they go and come back.
 *   part, whole  in the item's own unit
 *   ordered      the whole, in the order's unit */
static inline kt_dec kt_order_share(kt_dec part, kt_dec whole, kt_dec ordered)
{
    if (kt_dec_cmp(part, whole) == 0 || whole.coef == 0)
        return ordered;
    return kt_dec_share(ordered, part, whole, 4);
}
/* What of a line is still to be delivered. */
static inline kt_dec kt_order_line_open(const kt_order_line *line)
{
    return kt_dec_sub(kt_dec_sub(line->quantity, line->delivered), line->given_up);
}

/* NULL: no module has sales orders now. */
static inline const kt_orders *kt_orders_find(kt_tx *tx)
{
    return (const kt_orders *)kt_service_find(tx, "crm.orders", 3);
}
/* NULL: no module has purchase orders now. */
static inline const kt_orders *kt_purchases_find(kt_tx *tx)
{
    return (const kt_orders *)kt_service_find(tx, "logistics.purchases", 3);
}

/* The service that keeps an order (of kt_any); NULL: it is none. */
static inline const char *kt_orders_keeper(const kt_tx *tx, kt_id order)
{
    const char *entity = kt_any_entity(tx, order);
    bool sale = entity && strcmp(entity, "crm.order") == 0;
    bool purchase = entity && strcmp(entity, "logistics.purchase_order") == 0;
    return sale ? "crm.orders" : purchase ? "logistics.purchases" : NULL;
}
/* NULL: it is no order, or its module is not enabled now. */
static inline const kt_orders *kt_orders_of(kt_tx *tx, kt_id order)
{
    const char *keeper = kt_orders_keeper(tx, order);
    return keeper ? (const kt_orders *)kt_service_find(tx, keeper, 3) : NULL;
}

/* "base.order_reports": tells an order what happened to it, under the caller's rights; or, where the order's module
 * is not enabled now, keeps the report and tells it as soon as it is. One that the order refuses then -- it is
 * cancelled, say -- stays, with the reason, and what is taken back of it joins it. What is no order hears nothing.
 *   order  of kt_any */
typedef struct kt_order_reports {
    KT_MUST kt_error *(*deliver)(
        kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day);
    KT_MUST kt_error *(*bill)(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day);
    /* Reports that the order refused when its module came back are told again: it is open now. */
    KT_MUST kt_error *(*tell)(kt_tx *tx, kt_id order);
} kt_order_reports;

/* NULL: the module base is not enabled. */
static inline const kt_order_reports *kt_order_reports_find(kt_tx *tx)
{
    return (const kt_order_reports *)kt_service_find(tx, "base.order_reports", 2);
}

/* Before an order is looked at that may not have heard yet what happened to it while its module was off.
 *   order  of kt_any */
KT_MUST static inline kt_error *kt_order_hears(kt_tx *tx, kt_id order)
{
    const kt_order_reports *reports = kt_order_reports_find(tx);
    return reports ? reports->tell(tx, order) : NULL;
}
