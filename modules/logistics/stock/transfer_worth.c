/* What goods are worth that go to another place of the company. The value of the stock is of an item wherever it lies, so nothing is
 * valued or posted by that; whoever looks at the slip sees what an issue of as much would have cost. */
#include "stock/transfer.h"
#include "stock/value.h"

/* The oldest layers, as they are. */
static kt_error *layers_worth(kt_tx *tx, kt_id item, kt_dec quantity, kt_dec *worth)
{
    const kt_where where[] = {KT_WHERE(move, item, KT_EQ, item), KT_WHERE(move, state, KT_EQ, MOVED),
        KT_WHERE(move, open, KT_EQ, true), {0}};
    struct move layer = {KT_OF(move)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &move_shape, .where = where, .sort = "day,id"}, &cursor));
    while (quantity.coef > 0 && kt_next(cursor, &layer.rec)) {
        const kt_dec part = smaller(layer.left, quantity);
        *worth = kt_dec_add(*worth, share_of(layer.left_value, layer.left, ZERO, part));
        quantity = kt_dec_sub(quantity, part);
    }
    return kt_close(cursor);
}

/* By the item's method. */
static kt_error *worth_of(kt_tx *tx, kt_id item, kt_dec quantity, kt_dec *worth)
{
    struct goods goods;
    struct pool p;
    KT_TRY(goods_read(tx, item, &goods));
    KT_TRY(pool_find(tx, &goods, &p));
    const kt_dec there = smaller(larger(p.quantity, ZERO), quantity);
    *worth = KT_DEC(0, 2);
    if (p.method == BY_FIFO)
        KT_TRY(layers_worth(tx, item, there, worth));
    else if (there.coef > 0)
        *worth = share_of(p.value, p.quantity, ZERO, there);
    *worth = kt_dec_add(*worth, at_known_cost(&goods, &p, kt_dec_sub(quantity, there)));
    return NULL;
}

/* All of it at one price, whatever lines it stands on. */
static kt_error *show_item(kt_tx *tx, struct transfer *t, kt_id item)
{
    kt_dec whole = ZERO, done = ZERO, quantity, worth;
    KT_TRY(transfer_quantity(tx, t, item, &whole));
    KT_TRY(worth_of(tx, item, whole, &worth));
    for (size_t i = 0; i < t->lines.count; i++) {
        struct transfer_line *line = transfer_line_at(&t->lines, i);
        if (line->item.v != item.v)
            continue;
        KT_TRY(transfer_line_own(tx, line, &quantity));
        line->value = share_of(worth, whole, done, quantity);
        done = kt_dec_add(done, quantity);
    }
    return NULL;
}

kt_error *transfer_show_worth(kt_tx *tx, struct transfer *t)
{
    for (size_t i = 0; i < t->lines.count; i++) {
        const kt_id item = transfer_line_at(&t->lines, i)->item;
        size_t first = 0;
        while (transfer_line_at(&t->lines, first)->item.v != item.v)
            first++;
        if (first == i)
            KT_TRY(show_item(tx, t, item));
    }
    return NULL;
}
