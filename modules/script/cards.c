/* What a step shows beside its words: the goods that are spoken of, with price and stock, and the customer's last
 * orders -- as far as the operator may see them. */
#include <kontor/stock.h>
#include <kontor/value.h>

#include "script.h"

enum { GOODS_MAX = 20, ORDERS_MAX = 5 };

struct good_card {
    kt_record rec;
    kt_id item;
    kt_str name;
    kt_dec price, available;
};
const kt_shape good_card_shape = KT_SHAPE(good_card, NULL,
    KT_FIELD(good_card, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(good_card, name, STRING, "Name", "Nazwa"),
    KT_FIELD(good_card, price, PRICE, "Price", "Cena", .scale = 4),
    KT_FIELD(good_card, available, QUANTITY, "There now", "Dostępne teraz", .scale = 4,
        .help = {"Empty: there are no stores, or you may not look.",
            "Puste: nie ma magazynu albo prawa wglądu."}));
struct order_card {
    kt_record rec;
    kt_id order;
    kt_str number;
    kt_time confirmed_at;
    kt_dec net;
};
const kt_shape order_card_shape = KT_SHAPE(order_card, NULL,
    KT_FIELD(order_card, order, REF, "Order", "Zamówienie", .target = "crm.order"),
    KT_FIELD(order_card, number, STRING, "Number", "Numer"),
    KT_FIELD(order_card, confirmed_at, TIME, "Confirmed", "Potwierdzono"),
    KT_FIELD(order_card, net, MONEY, "Net", "Netto", .scale = 2));

/* ---- Goods ---- */

struct item {
    kt_record rec;
    kt_str name;
    kt_dec price;
};
static const kt_shape item_shape = KT_SHAPE(
    item, "base.item", KT_BIND(item, name, STRING, "name"), KT_BIND(item, price, PRICE, "price"));

struct goods {
    const struct session *s;
    kt_id items[GOODS_MAX];
    size_t count;
    kt_lines *rows;
    struct item item; /* the one that is looked at */
};

/* Rows of products, {item, ..}, whatever else is in them. */
static void take_items(struct goods *g, const kt_value *rows)
{
    for (size_t i = 0; rows && rows->kind == KT_VALUE_ARRAY && i < rows->as.array.count; i++) {
        const kt_value *id = kt_value_get(&rows->as.array.items[i], "item");
        bool known = !id || id->kind != KT_VALUE_INT;
        for (size_t k = 0; k < g->count && !known; k++)
            known = g->items[k].v == (uint64_t)id->as.integer;
        if (!known && g->count < GOODS_MAX)
            g->items[g->count++] = (kt_id){(uint64_t)id->as.integer};
    }
}

/* In an attempt: a record without lines is called about, too. */
static kt_error *take_lines(kt_tx *tx, void *context)
{
    struct goods *g = context;
    const kt_value *found;
    KT_TRY(subject_get(tx, g->s->subject, "lines", &found));
    take_items(g, kt_value_get(found, "lines"));
    return NULL;
}

static kt_error *take_inputs(kt_tx *tx, struct goods *g)
{
    const kt_value *inputs;
    if (!g->s->inputs.ptr)
        return NULL;
    KT_TRY(kt_json_read(tx, g->s->inputs, &inputs));
    for (size_t i = 0; inputs->kind == KT_VALUE_OBJECT && i < inputs->as.object.count; i++)
        take_items(g, inputs->as.object.members[i].value);
    return NULL;
}

/* In an attempt: what the operator may not see is left out. */
static kt_error *add_good(kt_tx *tx, void *context)
{
    struct goods *g = context;
    const kt_stock *stock = kt_may(tx, "logistics.stock:read") ? kt_stock_find(tx) : NULL;
    kt_stock_level level = {0};
    KT_TRY(kt_read(tx, g->item.rec.id, &g->item.rec));
    if (stock)
        KT_TRY(stock->level(tx, g->item.rec.id, (kt_id){0}, (kt_id){0}, (kt_date){0}, &level));
    struct good_card row = {KT_OF(good_card), .item = g->item.rec.id, .name = g->item.name,
        .price = g->item.price, .available = level.available};
    return kt_line_add(tx, g->rows, &row.rec);
}

kt_error *cards_goods(kt_tx *tx, const struct session *s, kt_lines *rows)
{
    struct goods g = {.s = s, .rows = rows};
    (void)!kt_attempt(tx, take_lines, &g);
    KT_TRY(take_inputs(tx, &g));
    for (size_t i = 0; i < g.count; i++) {
        g.item = (struct item){KT_OF(item)};
        g.item.rec.id = g.items[i];
        (void)!kt_attempt(tx, add_good, &g);
    }
    return NULL;
}

/* ---- Orders ---- */

struct past_order {
    kt_record rec;
    kt_str number;
    kt_id party;
    kt_time confirmed_at;
    kt_dec net;
};
static const kt_shape past_order_shape = KT_SHAPE(past_order, "crm.order",
    KT_BIND(past_order, number, STRING, "number"), KT_BIND(past_order, party, REF, "party"),
    KT_BIND(past_order, confirmed_at, TIME, "confirmed_at"), KT_BIND(past_order, net, MONEY, "net"));

struct past {
    kt_id party;
    kt_lines *rows;
};

/* In an attempt: without the module crm, or the right to read its orders, there are none. */
static kt_error *add_orders(kt_tx *tx, void *context)
{
    const struct past *p = context;
    const kt_where where[] = {KT_WHERE(past_order, party, KT_EQ, p->party), {0}};
    const kt_query query = {.of = &past_order_shape,
        .where = where,
        .sort = "-confirmed_at",
        .limit = ORDERS_MAX,
        .filter = KT_STR("[[\"state\",\"not_in\",[\"draft\",\"cancelled\"]]]")};
    struct past_order o = {KT_OF(past_order)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!e && kt_next(cursor, &o.rec)) {
        struct order_card row = {KT_OF(order_card), .order = o.rec.id, .number = o.number,
            .confirmed_at = o.confirmed_at, .net = o.net};
        e = kt_line_add(tx, p->rows, &row.rec);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

kt_error *cards_orders(kt_tx *tx, const struct session *s, kt_lines *rows)
{
    struct past p = {s->party, rows};
    if (s->party.v)
        (void)!kt_attempt(tx, add_orders, &p);
    return NULL;
}
