/* orders.h -- the service "crm.orders": other modules report what they delivered and billed of a sales order.
 * The order's delivery_status and billing_status follow. To act when an order is confirmed, handle the event
 * "crm.order.confirm"; "crm.order.amend", "crm.order.hold", "crm.order.cancel" come alike. */
#pragma once
#include <kontor.h>

typedef struct {
    kt_id line;      /* of the order's lines */
    kt_dec quantity; /* in the line's unit, scale 4; below zero: taken back */
} kt_order_part;

typedef struct kt_orders {
    /* Adds to the delivered quantities; the caller needs the right crm.order:deliver.
     *   day      receives each line as its actual date
     *   returns  state: the order is not confirmed; rule: more taken back than was delivered */
    KT_MUST kt_error *(*deliver)(
        kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day);
    /* Adds to the billed quantities; the caller needs the right crm.order:bill. */
    KT_MUST kt_error *(*bill)(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day);
} kt_orders;

/* NULL: no module has sales orders now. */
static inline const kt_orders *kt_orders_find(kt_tx *tx)
{
    return (const kt_orders *)kt_service_find(tx, "crm.orders", 1);
}
