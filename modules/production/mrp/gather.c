/* What planning starts from: items with their rules, bills, what is there, what is needed, what comes. */
#include <string.h>

#include <kontor/stock.h>

#include "mrp/run.h"
#include "order/order.h"

/* An array that grows while it is filled. */
struct list {
    void *items;
    size_t count, room;
};

static void *list_add(kt_tx *tx, struct list *l, size_t size)
{
    if (l->count == l->room) {
        size_t room = l->room ? l->room * 2 : 1024;
        char *larger = kt_alloc(tx, room * size);
        if (!larger)
            return NULL;
        if (l->count)
            memcpy(larger, l->items, l->count * size);
        l->items = larger;
        l->room = room;
    }
    return (char *)l->items + size * l->count++;
}

struct gathering {
    struct gathered *out;
    struct bom_book book;
    id_map index;
    struct list items, ids, made, phantom, links, demands, demand_of, receipts, receipt_of;
    int64_t *known_incoming; /* of each item: receipts that are gathered */
};

static int64_t whole(kt_dec value)
{
    return value.scale1 ? kt_dec_round(value, 4).coef : 0;
}

/* ---- Items and bills ---- */

static kt_error *add_item(kt_tx *tx, struct gathering *g, const struct planned_item *i)
{
    struct bom_entry *entry;
    struct mrp_item *item = list_add(tx, &g->items, sizeof *item);
    kt_id *id = list_add(tx, &g->ids, sizeof *id);
    bool *made = list_add(tx, &g->made, sizeof *made), *phantom = list_add(tx, &g->phantom, sizeof *phantom);
    if (!item || !id || !made || !phantom)
        return kt_no_memory();
    KT_TRY(bom_book_find(tx, &g->book, i->rec.id, &entry));
    *id = i->rec.id;
    *made = entry->bom != NULL;
    *phantom = *made && entry->bom->kind == BOM_PHANTOM;
    *item = (struct mrp_item){.safety = whole(i->safety_stock),
        .lead = (int32_t)i->lead_days,
        .policy = i->planning ? (enum mrp_policy)i->planning : MRP_AS_NEEDED,
        .lot = whole(i->lot_size),
        .period = (int32_t)i->lot_period,
        .min = whole(i->lot_min),
        .max = whole(i->lot_max),
        .multiple = whole(i->lot_multiple),
        .step = kt_dec_cmp(entry->part.rounding, KT_DEC(1, 4)) > 0 ? whole(entry->part.rounding) : 0};
    if (*phantom)
        *item = (struct mrp_item){.policy = MRP_AS_NEEDED};
    return id_map_put(tx, &g->index, i->rec.id, (uint32_t)(g->items.count - 1));
}

static kt_error *read_items(kt_tx *tx, struct gathering *g)
{
    enum { GOODS = 1 };
    struct planned_item i = {KT_OF(planned_item)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &planned_item_shape}, &cursor));
    while (!error && kt_next(cursor, &i.rec))
        if (i.kind == GOODS && i.active)
            error = add_item(tx, g, &i);
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

static kt_error *add_links(kt_tx *tx, struct gathering *g, uint32_t parent)
{
    struct bom_entry *entry;
    KT_TRY(bom_book_find(tx, &g->book, ((const kt_id *)g->ids.items)[parent], &entry));
    for (size_t i = 0; entry->bom && i < entry->bom->lines.count; i++) {
        const struct bom_line *line = bom_line_at(entry->bom, i);
        uint32_t component;
        ratio usage;
        if (!holds_on(line->valid_from, line->valid_until, g->book.day) ||
            !id_map_find(&g->index, line->item, &component))
            continue;
        KT_TRY(bom_usage(tx, &g->book, entry->bom, line, &usage));
        struct mrp_link *link = list_add(tx, &g->links, sizeof *link);
        if (!link)
            return kt_no_memory();
        *link = (struct mrp_link){parent, component, ratio_dec(usage, 9).coef};
    }
    return NULL;
}

/* ---- What is needed ---- */

static kt_error *add_demand(
    kt_tx *tx, struct gathering *g, kt_id item, kt_date day, kt_dec quantity, struct origin origin)
{
    uint32_t at;
    if (!id_map_find(&g->index, item, &at) || quantity.coef <= 0)
        return NULL;
    struct mrp_demand *d = list_add(tx, &g->demands, sizeof *d);
    struct origin *of = list_add(tx, &g->demand_of, sizeof *of);
    if (!d || !of)
        return kt_no_memory();
    *d = (struct mrp_demand){at, day.day > g->book.day.day ? day.day : g->book.day.day, whole(quantity)};
    *of = origin;
    return NULL;
}

static kt_error *add_receipt(kt_tx *tx, struct gathering *g, kt_id item, kt_date day, kt_dec quantity,
    bool firm_components, struct origin origin)
{
    uint32_t at;
    if (!id_map_find(&g->index, item, &at) || quantity.coef <= 0)
        return NULL;
    struct mrp_receipt *r = list_add(tx, &g->receipts, sizeof *r);
    struct origin *of = list_add(tx, &g->receipt_of, sizeof *of);
    if (!r || !of)
        return kt_no_memory();
    *r = (struct mrp_receipt){.item = at,
        .day = day.day > g->book.day.day ? day.day : g->book.day.day,
        .quantity = whole(quantity),
        .firm_components = firm_components};
    *of = origin;
    g->known_incoming[at] += r->quantity;
    return NULL;
}

struct open_need { /* a pegging */
    kt_record rec;
    kt_id demand, supply, item;
    int64_t line;
    unsigned kind;
    kt_dec quantity;
    kt_date needed, day;
};
static const kt_shape open_need_shape = KT_SHAPE(open_need, "base.pegging",
    KT_BIND(open_need, demand, REF, "demand"), KT_BIND(open_need, supply, REF, "supply"),
    KT_BIND(open_need, item, REF, "item"), KT_BIND(open_need, line, INT, "line"),
    KT_BIND(open_need, kind, STATE, "kind"), KT_BIND(open_need, quantity, QUANTITY, "quantity"),
    KT_BIND(open_need, needed, DATE, "needed"), KT_BIND(open_need, day, DATE, "day"));

/* Whatever is pegged is needed, whatever it is covered by; what is pegged to a purchase comes. */
static kt_error *read_needs(kt_tx *tx, struct gathering *g)
{
    struct open_need n = {KT_OF(open_need)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &open_need_shape}, &cursor));
    while (!error && kt_next(cursor, &n.rec)) {
        error = add_demand(
            tx, g, n.item, n.needed, n.quantity, (struct origin){n.demand, {(uint64_t)n.line}});
        if (!error && n.kind == KT_FROM_BUYING)
            error = add_receipt(tx, g, n.item, n.day, n.quantity, true, (struct origin){n.supply, {0}});
    }
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

static kt_error *read_forecasts(kt_tx *tx, struct gathering *g)
{
    const kt_where where[] = {{offsetof(struct forecast, day), KT_GE, &g->book.day}, {0}};
    struct forecast f = {KT_OF(forecast)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &forecast_shape, .where = where}, &cursor));
    while (!error && kt_next(cursor, &f.rec))
        error = add_demand(tx, g, f.item, f.day, f.quantity,
            (struct origin){kt_any(tx, forecast_shape.name, f.rec.id), {0}});
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

/* ---- What comes, what is there ---- */

struct open_order {
    kt_record rec;
    kt_id item;
    enum order_state state;
    kt_dec quantity, produced, scrapped;
    kt_date due, day;
};
static const kt_shape open_order_shape = KT_SHAPE(open_order, "production.order",
    KT_BIND(open_order, item, REF, "item"), KT_BIND(open_order, state, STATE, "state"),
    KT_BIND(open_order, quantity, QUANTITY, "quantity"), KT_BIND(open_order, produced, QUANTITY, "produced"),
    KT_BIND(open_order, scrapped, QUANTITY, "scrapped"), KT_BIND(open_order, due, DATE, "due"),
    KT_BIND(open_order, day, DATE, "day"));

static kt_error *read_orders(kt_tx *tx, struct gathering *g)
{
    const kt_query query = {.of = &open_order_shape,
        .filter = KT_STR("[[\"state\",\"in\",[\"draft\",\"confirmed\",\"reserved\",\"in_progress\"]]]")};
    struct open_order o = {KT_OF(open_order)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!error && kt_next(cursor, &o.rec))
        error = add_receipt(tx, g, o.item, o.day.day ? o.day : o.due,
            kt_dec_sub(o.quantity, kt_dec_add(o.produced, o.scrapped)), o.state != DRAFT,
            (struct origin){kt_any(tx, open_order_shape.name, o.rec.id), {0}});
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

/* What the stores have, and what they expect that nobody waits for yet. */
static kt_error *read_stock(kt_tx *tx, struct gathering *g)
{
    const kt_stock *stock = kt_stock_find(tx);
    struct mrp_item *items = g->items.items;
    const kt_id *ids = g->ids.items;
    for (size_t i = 0; stock && i < g->items.count; i++) {
        kt_stock_level level = {0};
        if (((const bool *)g->phantom.items)[i])
            continue;
        KT_TRY(stock->level(tx, ids[i], (kt_id){0}, (kt_id){0}, (kt_date){0}, &level));
        items[i].on_hand = whole(level.on_hand);
        int64_t more = whole(level.incoming) - g->known_incoming[i];
        if (more > 0)
            KT_TRY(add_receipt(tx, g, ids[i], kt_date_add(g->book.day, items[i].lead), KT_DEC(more, 4), true,
                (struct origin){{0}, {0}}));
    }
    return NULL;
}

kt_error *mrp_gather(kt_tx *tx, struct gathered *out)
{
    struct gathering g = {.out = out, .book = {.day = kt_today(tx)}};
    KT_TRY(read_items(tx, &g));
    g.known_incoming = kt_alloc(tx, (g.items.count + 1) * sizeof *g.known_incoming);
    if (!g.known_incoming)
        return kt_no_memory();
    for (size_t i = 0; i < g.items.count; i++)
        KT_TRY(add_links(tx, &g, (uint32_t)i));
    KT_TRY(read_needs(tx, &g));
    KT_TRY(read_forecasts(tx, &g));
    KT_TRY(read_orders(tx, &g));
    KT_TRY(read_stock(tx, &g));
    *out = (struct gathered){.ids = g.ids.items,
        .made = g.made.items,
        .phantom = g.phantom.items,
        .demand_of = g.demand_of.items,
        .receipt_of = g.receipt_of.items,
        .mrp = {.items = g.items.items,
            .item_count = g.items.count,
            .links = g.links.items,
            .link_count = g.links.count,
            .demands = g.demands.items,
            .demand_count = g.demands.count,
            .receipts = g.receipts.items,
            .receipt_count = g.receipts.count,
            .today = g.book.day.day}};
    return NULL;
}
