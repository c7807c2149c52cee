/* counter.c -- a shop's counter: what is sold there is handed over when the order is confirmed. It shows how
 * a module takes part in selling: its handler runs in the transaction of the confirmation, may refuse it, and
 * reports what it did through the service "crm.orders". */
#include <string.h>

#include <kontor/orders.h>

enum { GOODS = 1 }; /* as the lines of crm.order have it */

struct sold { /* what this module looks at in a line */
    kt_record rec;
    unsigned kind;
    kt_dec quantity;
};
static const kt_shape sold_shape = KT_SHAPE(
    sold, NULL, KT_BIND(sold, kind, STATE, "kind"), KT_BIND(sold, quantity, QUANTITY, "quantity"));
struct order { /* and in an order */
    kt_record rec;
    kt_str source;
    kt_lines lines;
};
static const kt_shape order_shape = KT_SHAPE(order, "crm.order", KT_BIND(order, source, STRING, "source"),
    KT_BIND(order, lines, LINES, "lines", .lines = &sold_shape));

static kt_error *hand_over(kt_tx *tx, const kt_event *event)
{
    const struct order *o = KT_SEE(order, event->after);
    const kt_orders *orders = kt_orders_find(tx);
    if (!orders || !o->source.ptr || strcmp(o->source.ptr, "counter") != 0)
        return NULL;
    kt_order_part *parts = kt_alloc(tx, sizeof *parts * (o->lines.count + 1));
    size_t count = 0;
    if (!parts)
        return kt_no_memory();
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct sold *line = KT_AS(sold, kt_line(&o->lines, i));
        if (kt_dec_cmp(line->quantity, KT_DEC(0, 0)) < 0)
            return kt_fail(tx, KT_RULE, kt_format(tx, "lines[%zu].quantity", i).ptr,
                "the counter takes nothing back", "przy ladzie nie przyjmuje się zwrotów");
        if (line->kind == GOODS)
            parts[count++] = (kt_order_part){.line = line->rec.id, .quantity = line->quantity};
    }
    return orders->deliver(tx, o->rec.id, parts, count, kt_today(tx));
}

const kt_module kontor_module = KT_MODULE("counter", "1.0.0", "Shop counter", "Lada sklepu",
    .needs = "base crm", .handlers = KT_LIST(kt_handler, {"crm.order.confirm", &order_shape, hand_over}));
