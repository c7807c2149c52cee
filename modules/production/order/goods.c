/* Goods of an order: components out of the stores, products into them. Where nobody keeps stock, what lay ready costs what
 * it did, everything else its standard. */
#include <kontor/stock.h>

#include "order/order.h"

kt_error *lot_named(kt_tx *tx, kt_id item, kt_str name, kt_date expires, kt_id *lot)
{
    const kt_stock *stock = kt_stock_find(tx);
    *lot = (kt_id){0};
    return stock && name.len ? stock->lot(tx, item, name, expires, lot) : NULL;
}

/* ---- Out of the stores ---- */

struct named_item {
    kt_record rec;
    kt_str code;
};
static const kt_shape named_item_shape = KT_SHAPE(
    named_item, "base.item", KT_BIND(named_item, code, STRING, "code"));

/* How much of a component may go in: what the bill says, and the tolerance above it. */
static kt_error *within_tolerance(
    kt_tx *tx, const struct order *o, const struct component *c, kt_dec quantity, const char *path)
{
    struct bom bom = {KT_OF(bom)};
    struct named_item item = {KT_OF(named_item)};
    if (o->bom.v)
        KT_TRY(kt_read(tx, o->bom, &bom.rec));
    kt_dec percent = kt_dec_add(KT_DEC(100, 0), bom.tolerance);
    kt_dec most = kt_dec_div(kt_dec_mul(c->quantity, percent, 6), KT_DEC(100, 0), 4);
    if (kt_dec_cmp(kt_dec_add(c->issued, quantity), most) <= 0)
        return NULL;
    KT_TRY(kt_read(tx, c->item, &item.rec));
    kt_dec left = kt_dec_round(kt_dec_sub(most, c->issued), 4);
    return kt_hint(
        kt_fail(tx, KT_RULE, path, "more of %s than the bill and its tolerance allow: %lld.%04lld are left",
            "więcej %s, niż dopuszcza struktura z tolerancją: zostało %lld.%04lld", item.code.ptr,
            (long long)(left.coef / 10000), (long long)(left.coef % 10000)),
        "Raise the tolerance of the bill, or resize the order.",
        "Zwiększ tolerancję struktury albo zmień ilość zlecenia.");
}

/* ---- What went in ---- */

struct moved { /* of logistics.move */
    kt_record rec;
    kt_id lot, document;
    int64_t line;
    kt_dec quantity;
};
static const kt_shape moved_shape = KT_SHAPE(moved, "logistics.move", KT_BIND(moved, lot, REF, "lot"),
    KT_BIND(moved, document, REF, "document"), KT_BIND(moved, line, INT, "line"),
    KT_BIND(moved, quantity, QUANTITY, "quantity"));

static kt_error *remember(
    kt_tx *tx, struct order *o, const struct component *c, struct moved move, kt_id into)
{
    struct ancestor a = {KT_OF(ancestor), .item = c->item, .lot = kt_any(tx, "logistics.lot", move.lot),
        .into = kt_any(tx, "logistics.lot", into), .move = kt_any(tx, "logistics.move", move.rec.id),
        .quantity = move.quantity, .day = kt_today(tx)};
    return kt_line_add(tx, &o->ancestors, &a.rec);
}

/* One for each lot that was taken. */
static kt_error *remember_moves(
    kt_tx *tx, struct order *o, const struct component *c, kt_id first, kt_id into)
{
    const kt_where where[] = {KT_WHERE(moved, document, KT_EQ, order_any(tx, o)),
        KT_WHERE(moved, line, KT_EQ, (int64_t)c->rec.id.v), {offsetof(struct moved, rec.id), KT_GE, &first},
        {0}};
    struct moved move = {KT_OF(moved)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &moved_shape, .where = where, .sort = "id"}, &cursor));
    while (!error && kt_next(cursor, &move.rec))
        error = remember(tx, o, c, move, into);
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

kt_error *told_at(kt_tx *tx, const kt_error *error, const char *path)
{
    kt_error *all = NULL;
    kt_problem p;
    for (size_t i = 0; error && (p = kt_problem_at(error, i)).kind; i++)
        kt_also(&all,
            kt_hint(kt_fail(tx, p.kind, path, "%s", "%s", kt_say(tx, p.text).ptr), p.hint.en, p.hint.pl));
    return all;
}

/* What a quantity costs that no stores gave. */
static kt_error *value_unkept(kt_tx *tx, kt_id item, kt_dec quantity, kt_ready ready, kt_dec *value)
{
    const kt_dec rest = kt_dec_sub(quantity, ready.quantity);
    *value = KT_DEC(0, 2);
    if (rest.coef > 0)
        KT_TRY(part_cost(tx, item, rest, value));
    *value = kt_dec_add(*value, ready.cost);
    return NULL;
}

kt_error *issue_component(
    kt_tx *tx, struct order *o, struct component *c, kt_dec quantity, kt_id lot, kt_id into, const char *path)
{
    const kt_stock *stock = kt_stock_find(tx);
    const kt_supply *supply = kt_supply_find(tx);
    kt_stock_move move = {.item = c->item,
        .lot = lot,
        .quantity = kt_dec_round(quantity, 4),
        .from = KT_AT_STORES,
        .to = KT_AT_PRODUCTION,
        .warehouse = kt_any_id(o->warehouse),
        .document = order_any(tx, o),
        .line = c->rec.id};
    kt_ready ready = {0};
    if (move.quantity.coef <= 0)
        return NULL;
    KT_TRY(within_tolerance(tx, o, c, move.quantity, path));
    if (stock)
        KT_TRY(told_at(tx, stock->move(tx, &move), path));
    if (supply)
        KT_TRY(supply->used(tx, order_any(tx, o), c->rec.id, c->item, move.quantity, &ready));
    if (!stock)
        KT_TRY(value_unkept(tx, c->item, move.quantity, ready, &move.value));
    c->issued = kt_dec_add(c->issued, move.quantity);
    c->cost = kt_dec_add(c->cost, move.value);
    o->material = kt_dec_add(kt_dec_add(KT_DEC(0, 2), o->material), move.value);
    return stock ? remember_moves(tx, o, c, move.move, into)
                 : remember(tx, o, c, (struct moved){.quantity = move.quantity}, into);
}

/* ---- Into the stores ---- */

kt_error *receive_goods(kt_tx *tx, struct order *o, kt_id item, kt_dec quantity, kt_id lot, kt_dec *value)
{
    const kt_stock *stock = kt_stock_find(tx);
    const kt_supply *supply = kt_supply_find(tx);
    kt_stock_move move = {.item = item,
        .lot = lot,
        .quantity = quantity,
        .from = KT_AT_PRODUCTION,
        .to = KT_AT_STORES,
        .warehouse = kt_any_id(o->warehouse),
        .document = order_any(tx, o),
        .value = *value};
    if (quantity.coef <= 0)
        return NULL;
    if (stock)
        KT_TRY(stock->move(tx, &move));
    *value = move.value;
    o->received = kt_dec_add(kt_dec_add(KT_DEC(0, 2), o->received), *value);
    return supply ? supply->arrived(tx, order_any(tx, o), item, kt_any_id(o->warehouse), quantity, *value)
                  : NULL;
}

/* ---- What is still to come ---- */

kt_error *output_rest(kt_tx *tx, const struct output *out, kt_dec quantity, kt_dec scrapped, kt_dec *rest)
{
    const kt_dec none = KT_DEC(0, 4);
    struct bom_book *book;
    struct bom_entry *entry;
    KT_TRY(bom_book_today(tx, &book));
    KT_TRY(bom_book_find(tx, book, out->item, &entry));
    const ratio good = ratio_of(kt_dec_sub(quantity, kt_dec_add(none, scrapped)));
    const kt_dec comes = part_whole_below(&entry->part,
        ratio_dec(
            ratio_div(ratio_mul(ratio_of(kt_dec_add(none, out->quantity)), good), ratio_of(quantity)), 4));
    *rest = kt_dec_sub(comes, kt_dec_add(none, out->received));
    *rest = rest->coef > 0 ? *rest : none;
    return NULL;
}

kt_error *order_gives(kt_tx *tx, const struct order *o, kt_id item, kt_dec *rest)
{
    *rest = KT_DEC(0, 4);
    if (o->state >= DONE)
        return NULL;
    if (item.v == o->item.v && order_rest(o).coef > 0)
        *rest = order_rest(o);
    for (size_t i = 0; i < o->outputs.count; i++) {
        const struct output *out = output_at(o, i);
        kt_dec more;
        if (out->item.v != item.v)
            continue;
        KT_TRY(output_rest(tx, out, o->quantity, o->scrapped, &more));
        *rest = kt_dec_add(*rest, more);
    }
    return NULL;
}

static kt_error *expect_item(kt_tx *tx, const kt_stock *stock, const struct order *o, kt_id item)
{
    kt_stock_move move = {.item = item,
        .from = KT_AT_PRODUCTION,
        .to = KT_AT_STORES,
        .warehouse = kt_any_id(o->warehouse),
        .document = order_any(tx, o),
        .day = o->day};
    KT_TRY(order_gives(tx, o, item, &move.quantity));
    return stock->expect(tx, &move);
}

kt_error *expect_outputs(kt_tx *tx, const struct order *o, const kt_lines *outputs)
{
    const kt_stock *stock = kt_stock_find(tx);
    for (size_t i = 0; i < outputs->count && stock; i++)
        KT_TRY(expect_item(tx, stock, o, KT_SEE(output, kt_line(outputs, i))->item));
    return NULL;
}

kt_error *expect_goods(kt_tx *tx, const struct order *o)
{
    const kt_stock *stock = kt_stock_find(tx);
    if (stock)
        KT_TRY(expect_item(tx, stock, o, o->item));
    return expect_outputs(tx, o, &o->outputs);
}
