/* What planning starts from: items with their rules, bills, what is there, what is needed, what comes. */
#include <string.h>

#include <kontor/stock.h>

#include "list.h"
#include "mrp/run.h"
#include "order/order.h"

struct gathering {
    struct gathered *out;
    struct bom_book book;
    id_map index;
    struct list items, ids, idle, made, made_from, routings, links, demands, demand_of, receipts, receipt_of;
    int64_t consumed;
};

static int64_t whole(kt_dec value)
{
    return value.scale1 ? kt_dec_round(value, 4).coef : 0;
}

/* ---- Items and bills ---- */

static kt_error *end_eras(kt_tx *tx, struct gathering *g)
{
    uint32_t *end = list_add(tx, &g->made_from, sizeof *end);
    if (!end)
        return kt_no_memory();
    *end = (uint32_t)g->made.count;
    return NULL;
}

/* Its lead time tells how long it takes where there is none by which it can be worked. */
static const struct routing *routing_of(const struct planned_item *i, const struct bom_entry *entry)
{
    const struct routing *routing = i->lead_fixed ? NULL : entry->routing;
    return routing && routing->workable && routing->steps.count ? routing : NULL;
}

static kt_error *add_eras(kt_tx *tx, struct gathering *g, const struct planned_item *i)
{
    struct bom_entry *entry;
    kt_date day = g->book.day;
    for (bool more = true; more; day = kt_date_add(entry->until, 1)) {
        KT_TRY(bom_book_find_on(tx, &g->book, i->rec.id, day, &entry));
        more = entry->until.day != 0;
        if (!entry->bom)
            continue;
        struct era *era = list_add(tx, &g->made, sizeof *era);
        const struct routing **routing = list_add(tx, &g->routings, sizeof *routing);
        if (!era || !routing)
            return kt_no_memory();
        *era = (struct era){day.day, entry->until.day};
        *routing = routing_of(i, entry);
    }
    return end_eras(tx, g);
}

static kt_error *add_item(kt_tx *tx, struct gathering *g, const struct planned_item *i)
{
    struct bom_entry *entry;
    struct mrp_item *item = list_add(tx, &g->items, sizeof *item);
    kt_id *id = list_add(tx, &g->ids, sizeof *id);
    if (!item || !id)
        return kt_no_memory();
    KT_TRY(bom_book_find(tx, &g->book, i->rec.id, &entry));
    KT_TRY(add_eras(tx, g, i));
    *id = i->rec.id;
    *item = (struct mrp_item){.safety = whole(i->safety_stock),
        .lead = (int32_t)i->lead_days,
        .policy = i->planning ? (enum mrp_policy)i->planning : MRP_AS_NEEDED,
        .lot = whole(i->lot_size),
        .period = (int32_t)i->lot_period,
        .min = whole(i->lot_min),
        .max = whole(i->lot_max),
        .multiple = whole(i->lot_multiple),
        .step = kt_dec_cmp(entry->part.rounding, KT_DEC(1, 4)) > 0 ? whole(entry->part.rounding) : 0};
    if (entry->bom && entry->bom->kind == BOM_PHANTOM)
        *item = (struct mrp_item){.policy = MRP_AS_NEEDED, .phantom = true};
    return id_map_put(tx, &g->index, i->rec.id, (uint32_t)(g->items.count - 1));
}

static kt_error *add_idle(kt_tx *tx, struct gathering *g, kt_id item)
{
    kt_id *id = list_add(tx, &g->idle, sizeof *id);
    if (!id)
        return kt_no_memory();
    *id = item;
    return NULL;
}

static kt_error *read_items(kt_tx *tx, struct gathering *g)
{
    enum { GOODS = 1 };
    struct planned_item i = {KT_OF(planned_item)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &planned_item_shape}, &cursor));
    while (!error && kt_next(cursor, &i.rec))
        error = i.kind == GOODS && i.active ? add_item(tx, g, &i) : add_idle(tx, g, i.rec.id);
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

/* ---- What is sold to us, and how long buying takes of what says no lead time itself ---- */

struct offered { /* a supplier's price */
    kt_record rec;
    kt_id item, unit;
    kt_dec minimum, multiple;
    int64_t lead_days;
    kt_date valid_from, valid_to;
    bool active, preferred;
};
static const kt_shape offered_shape = KT_SHAPE(offered, "logistics.supplier_price",
    KT_BIND(offered, item, REF, "item"), KT_BIND(offered, unit, REF, "unit"),
    KT_BIND(offered, minimum, QUANTITY, "minimum"), KT_BIND(offered, multiple, QUANTITY, "multiple"),
    KT_BIND(offered, lead_days, INT, "lead_days"), KT_BIND(offered, valid_from, DATE, "valid_from"),
    KT_BIND(offered, valid_to, DATE, "valid_to"), KT_BIND(offered, active, BOOL, "active"),
    KT_BIND(offered, preferred, BOOL, "preferred"));

enum lead_from { OWN, ANY_SUPPLIER, PREFERRED_SUPPLIER };

/* Does it come otherwise than it is asked for? */
static bool has_lots(const struct offered *o)
{
    return o->minimum.coef > 0 || o->multiple.coef > 0 || o->unit.v;
}

/* The longest lead time counts: of preferred ones, if there are some. */
static void take_lead(struct gathering *g, enum lead_from *from, const struct offered *o)
{
    uint32_t at;
    if (!o->active || !holds_on(o->valid_from, o->valid_to, g->book.day) ||
        !id_map_find(&g->index, o->item, &at))
        return;
    struct mrp_item *item = &((struct mrp_item *)g->items.items)[at];
    item->bought = item->bought || (!item->phantom && has_lots(o));
    if (from[at] == OWN)
        return;
    int32_t *lead = &item->lead;
    const enum lead_from now = o->preferred ? PREFERRED_SUPPLIER : ANY_SUPPLIER;
    if (now > from[at] || (now == from[at] && o->lead_days > *lead))
        *lead = (int32_t)o->lead_days;
    from[at] = now > from[at] ? now : from[at];
}

static kt_error *read_offers(kt_tx *tx, struct gathering *g)
{
    const struct mrp_item *items = g->items.items;
    const uint32_t *made_from = g->made_from.items;
    enum lead_from *from = kt_alloc(tx, (g->items.count + 1) * sizeof *from);
    struct offered o = {KT_OF(offered)};
    kt_cursor *cursor;
    if (!from)
        return kt_no_memory();
    for (size_t i = 0; i < g->items.count; i++)
        from[i] = items[i].lead || made_from[i] < made_from[i + 1] ? OWN : ANY_SUPPLIER;
    if (!kt_any(tx, offered_shape.name, (kt_id){1}).v)
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &offered_shape}, &cursor));
    while (kt_next(cursor, &o.rec))
        take_lead(g, from, &o);
    return kt_close(cursor);
}

/* ---- What goes into what ---- */

static int32_t earlier_end(int32_t a, int32_t b) /* 0: none */
{
    return !a || (b && b < a) ? b : a;
}

/* What a line says while its bill is chosen. */
static kt_error *add_link(kt_tx *tx, struct gathering *g, uint32_t parent, const struct bom *bom,
    const struct bom_line *line, struct era era)
{
    uint32_t component;
    ratio usage;
    const int32_t from = line->valid_from.day > era.from ? line->valid_from.day : era.from;
    const int32_t until = earlier_end(line->valid_until.day, era.until);
    if ((until && until < from) || !id_map_find(&g->index, line->item, &component))
        return NULL;
    KT_TRY(bom_usage(tx, &g->book, bom, line, &usage));
    struct mrp_link *link = list_add(tx, &g->links, sizeof *link);
    if (!link)
        return kt_no_memory();
    *link = (struct mrp_link){parent, component, ratio_dec(usage, 9).coef, from, until};
    return NULL;
}

/* What comes with it while its bill is chosen. */
static kt_error *add_by_product(kt_tx *tx, struct gathering *g, uint32_t parent, const struct bom *bom,
    const struct by_product *p, struct era era)
{
    const struct bom_line as_line = {.item = p->item, .unit = p->unit, .quantity = p->quantity};
    uint32_t item;
    ratio usage;
    if (!id_map_find(&g->index, p->item, &item) || item == parent)
        return NULL;
    KT_TRY(bom_usage(tx, &g->book, bom, &as_line, &usage));
    struct mrp_link *link = list_add(tx, &g->links, sizeof *link);
    if (!link)
        return kt_no_memory();
    *link = (struct mrp_link){parent, item, -ratio_dec(usage, 9).coef, era.from, era.until};
    return NULL;
}

static kt_error *add_links(kt_tx *tx, struct gathering *g, uint32_t parent)
{
    const uint32_t *from = g->made_from.items;
    for (uint32_t e = from[parent]; e < from[parent + 1]; e++) {
        const struct era era = ((const struct era *)g->made.items)[e];
        struct bom_entry *entry;
        KT_TRY(bom_book_find_on(
            tx, &g->book, ((const kt_id *)g->ids.items)[parent], (kt_date){era.from}, &entry));
        for (size_t i = 0; i < entry->bom->lines.count; i++)
            KT_TRY(add_link(tx, g, parent, entry->bom, bom_line_at(entry->bom, i), era));
        for (size_t i = 0; i < entry->bom->by_products.count; i++)
            KT_TRY(add_by_product(
                tx, g, parent, entry->bom, KT_SEE(by_product, kt_line(&entry->bom->by_products, i)), era));
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

static kt_error *add_receipt(
    kt_tx *tx, struct gathering *g, kt_id item, kt_date day, kt_dec quantity, struct origin origin)
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
        .overdue = day.day && day.day < g->book.day.day,
        .quantity = whole(quantity)};
    *of = origin;
    return NULL;
}

struct requested { /* a purchase request */
    kt_record rec;
    kt_id item;
    kt_dec quantity, received, waiting;
    kt_date needed, day;
    bool quarantine;
};
static const kt_shape requested_shape = KT_SHAPE(requested, "logistics.purchase_request",
    KT_BIND(requested, item, REF, "item"), KT_BIND(requested, quantity, QUANTITY, "quantity"),
    KT_BIND(requested, received, QUANTITY, "received"), KT_BIND(requested, waiting, QUANTITY, "waiting"),
    KT_BIND(requested, needed, DATE, "needed"), KT_BIND(requested, day, DATE, "day"),
    KT_BIND(requested, quarantine, BOOL, "warehouse.quarantine"));

struct open_need { /* a pegging */
    kt_record rec;
    kt_id demand, supply, item;
    int64_t line;
    unsigned kind;
    kt_dec quantity;
    kt_date needed, day, promised;
};
static const kt_shape open_need_shape = KT_SHAPE(open_need, "base.pegging",
    KT_BIND(open_need, demand, REF, "demand"), KT_BIND(open_need, supply, REF, "supply"),
    KT_BIND(open_need, item, REF, "item"), KT_BIND(open_need, line, INT, "line"),
    KT_BIND(open_need, kind, STATE, "kind"), KT_BIND(open_need, quantity, QUANTITY, "quantity"),
    KT_BIND(open_need, needed, DATE, "needed"), KT_BIND(open_need, day, DATE, "day"),
    KT_BIND(open_need, promised, DATE, "promised"));

static bool is_of(const kt_tx *tx, kt_id document, const char *name)
{
    const char *entity = kt_any_entity(tx, document);
    return entity && strcmp(entity, name) == 0;
}

/* Whatever is pegged is needed, whatever it is covered by; who buys in another way than by requests tells of it here
 * alone. What was asked for on no day is needed when it was promised first. */
static kt_error *read_needs(kt_tx *tx, struct gathering *g)
{
    struct open_need n = {KT_OF(open_need)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &open_need_shape}, &cursor));
    while (!error && kt_next(cursor, &n.rec)) {
        error = add_demand(tx, g, n.item,
            n.needed.day     ? n.needed
            : n.promised.day ? n.promised
                             : n.day,
            n.quantity, (struct origin){n.demand, {(uint64_t)n.line}});
        if (!error && n.kind == KT_FROM_BUYING && !is_of(tx, n.supply, requested_shape.name))
            error = add_receipt(tx, g, n.item, n.day, n.quantity, (struct origin){n.supply, {0}});
    }
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

static kt_error *read_forecasts(kt_tx *tx, struct gathering *g)
{
    struct forecast_left *left;
    size_t count;
    KT_TRY(forecasts_left(tx, &left, &count, &g->consumed));
    for (size_t i = 0; i < count; i++)
        KT_TRY(add_demand(tx, g, left[i].item, left[i].day, left[i].quantity,
            (struct origin){kt_any(tx, forecast_shape.name, left[i].forecast), {0}}));
    return NULL;
}

/* ---- What comes, what is there ---- */

struct drafted { /* a component */
    kt_record rec;
    kt_id item;
    kt_dec quantity;
};
static const kt_shape drafted_shape = KT_SHAPE(
    drafted, NULL, KT_BIND(drafted, item, REF, "item"), KT_BIND(drafted, quantity, QUANTITY, "quantity"));
struct output_seen { /* a by-product */
    kt_record rec;
    kt_id item;
    kt_dec quantity, received;
};
static const kt_shape output_seen_shape = KT_SHAPE(output_seen, NULL, KT_BIND(output_seen, item, REF, "item"),
    KT_BIND(output_seen, quantity, QUANTITY, "quantity"),
    KT_BIND(output_seen, received, QUANTITY, "received"));
struct open_order {
    kt_record rec;
    kt_lines components, outputs;
    kt_id item;
    enum order_state state;
    kt_dec quantity, produced, scrapped;
    kt_date due, day;
};
static const kt_shape open_order_shape = KT_SHAPE(open_order, "production.order",
    KT_BIND(open_order, item, REF, "item"), KT_BIND(open_order, state, STATE, "state"),
    KT_BIND(open_order, quantity, QUANTITY, "quantity"), KT_BIND(open_order, produced, QUANTITY, "produced"),
    KT_BIND(open_order, scrapped, QUANTITY, "scrapped"), KT_BIND(open_order, due, DATE, "due"),
    KT_BIND(open_order, day, DATE, "day"),
    KT_BIND(open_order, components, LINES, "components", .lines = &drafted_shape),
    KT_BIND(open_order, outputs, LINES, "outputs", .lines = &output_seen_shape));

/* Nobody was asked for the components of a draft yet: they are needed when it begins. */
static kt_error *read_draft(kt_tx *tx, struct gathering *g, const struct open_order *o)
{
    const kt_id document = kt_any(tx, "production.order", o->rec.id);
    struct mrp m = g->out->mrp;
    uint32_t at;
    kt_date begins;
    if (!id_map_find(&g->index, o->item, &at))
        return NULL;
    m.items = g->items.items;
    if (!mrp_release(&m, at, whole(o->quantity), o->due.day, &begins.day))
        return kt_no_memory();
    for (size_t i = 0; i < o->components.count; i++) {
        const struct drafted *c = KT_SEE(drafted, kt_line(&o->components, i));
        KT_TRY(add_demand(tx, g, c->item, o->due.day ? begins : g->book.day, c->quantity,
            (struct origin){document, {c->rec.id.v}}));
    }
    return NULL;
}

/* By-products come when the order does; of one of which nobody knows when, nobody knows. */
static kt_error *read_outputs(kt_tx *tx, struct gathering *g, const struct open_order *o)
{
    const kt_date day = o->day.day ? o->day : o->due;
    const struct origin origin = {kt_any(tx, open_order_shape.name, o->rec.id), {0}};
    for (size_t i = 0; i < o->outputs.count && day.day; i++) {
        const struct output_seen *out = KT_SEE(output_seen, kt_line(&o->outputs, i));
        const size_t before = g->receipts.count;
        kt_dec rest;
        KT_TRY(output_rest(tx,
            &(struct output){.item = out->item, .quantity = out->quantity, .received = out->received},
            o->quantity, o->scrapped, &rest));
        KT_TRY(add_receipt(tx, g, out->item, day, rest, origin));
        if (g->receipts.count > before)
            ((struct mrp_receipt *)g->receipts.items)[before].fixed = true;
    }
    return NULL;
}

static kt_error *read_orders(kt_tx *tx, struct gathering *g)
{
    const kt_query query = {.of = &open_order_shape,
        .filter = KT_STR("[[\"state\",\"in\",[\"draft\",\"confirmed\",\"reserved\",\"in_progress\"]]]")};
    struct open_order o = {KT_OF(open_order)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!error && kt_next(cursor, &o.rec)) {
        error = o.state == DRAFT ? read_draft(tx, g, &o) : NULL;
        if (!error)
            error = add_receipt(tx, g, o.item, o.day.day ? o.day : o.due,
                kt_dec_sub(o.quantity, kt_dec_add(o.produced, o.scrapped)),
                (struct origin){kt_any(tx, open_order_shape.name, o.rec.id), {0}});
        if (!error)
            error = read_outputs(tx, g, &o);
    }
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

/* What the stores have: not what is blocked, out of use or in quarantine. */
static kt_error *read_stock(kt_tx *tx, struct gathering *g)
{
    const kt_stock *stock = kt_stock_find(tx);
    struct mrp_item *items = g->items.items;
    const kt_id *ids = g->ids.items;
    for (size_t i = 0; stock && i < g->items.count; i++) {
        kt_stock_level level = {0};
        if (items[i].phantom)
            continue;
        KT_TRY(stock->level(tx, ids[i], (kt_id){0}, (kt_id){0}, (kt_date){0}, &level));
        items[i].on_hand = whole(level.reserved) + whole(level.available);
    }
    return NULL;
}

/* ---- What is bought: requests, which stand for all that is to come of purchase orders, too. What comes to a quarantine is for
 * who waits for it there ---- */

static kt_error *read_requests(kt_tx *tx, struct gathering *g)
{
    const kt_query query = {
        .of = &requested_shape, .filter = KT_STR("[[\"state\",\"in\",[\"open\",\"ordered\"]]]")};
    struct requested r = {KT_OF(requested)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_any(tx, requested_shape.name, (kt_id){1}).v)
        return NULL;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!error && kt_next(cursor, &r.rec))
        error = add_receipt(tx, g, r.item, r.day.day ? r.day : r.needed,
            r.quarantine ? r.waiting : kt_dec_sub(r.quantity, r.received),
            (struct origin){kt_any(tx, requested_shape.name, r.rec.id), {0}});
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

struct expected { /* a move that is to bring something */
    kt_record rec;
    kt_id item, document;
    kt_dec quantity;
    kt_date day;
    bool quarantine;
};
static const kt_shape expected_shape = KT_SHAPE(expected, "logistics.move",
    KT_BIND(expected, item, REF, "item"), KT_BIND(expected, document, REF, "document"),
    KT_BIND(expected, quantity, QUANTITY, "quantity"), KT_BIND(expected, day, DATE, "day"),
    KT_BIND(expected, quarantine, BOOL, "warehouse.quarantine"));

static kt_error *waited_for(kt_tx *tx, kt_id supply, kt_id item, kt_dec *quantity)
{
    const kt_where where[] = {
        KT_WHERE(open_need, supply, KT_EQ, supply), KT_WHERE(open_need, item, KT_EQ, item), {0}};
    kt_dec sum = {0};
    KT_TRY(kt_sum(
        tx, &(kt_query){.of = &open_need_shape, .where = where}, offsetof(struct open_need, quantity), &sum));
    *quantity = kt_dec_add(KT_DEC(0, 4), sum);
    return NULL;
}

/* What has no day comes after the item's lead time. Orders speak for themselves. */
static kt_error *add_expected(kt_tx *tx, struct gathering *g, const struct expected *e)
{
    kt_date day = e->day;
    kt_dec quantity = e->quantity;
    uint32_t at;
    if (is_of(tx, e->document, open_order_shape.name) || is_of(tx, e->document, "logistics.purchase_order"))
        return NULL;
    if (!day.day && id_map_find(&g->index, e->item, &at))
        day = kt_date_add(g->book.day, ((const struct mrp_item *)g->items.items)[at].lead);
    if (e->quarantine)
        KT_TRY(waited_for(tx, e->document, e->item, &quantity));
    return add_receipt(tx, g, e->item, day, quantity, (struct origin){{0}, {0}});
}

static kt_error *read_expected(kt_tx *tx, struct gathering *g)
{
    const kt_query query = {.of = &expected_shape,
        .filter = KT_STR("[[\"state\",\"in\",[\"confirmed\",\"partially_reserved\",\"reserved\"]],"
                         "[\"to_place\",\"=\",\"stores\"],[\"from_place\",\"!=\",\"stores\"]]")};
    struct expected e = {KT_OF(expected)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_stock_find(tx))
        return NULL;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!error && kt_next(cursor, &e.rec))
        error = add_expected(tx, g, &e);
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

/* Items that a routing makes: how long it takes. */
static kt_error *read_leads(kt_tx *tx, const memory *lasting, struct gathering *g)
{
    struct mrp_item *items = g->items.items;
    struct leads *leads = &g->out->leads;
    kt_date last = g->book.day;
    for (size_t i = 0; i < g->demands.count; i++) {
        int32_t day = ((const struct mrp_demand *)g->demands.items)[i].day;
        last.day = day > last.day ? day : last.day;
    }
    const struct made_by ways = {g->made.items, g->routings.items, g->made_from.items, g->items.count};
    KT_TRY(leads_read(tx, lasting, &ways, last, leads));
    for (size_t i = 0; i < g->items.count; i++)
        items[i].routed = !items[i].phantom && leads_know(leads, (uint32_t)i);
    g->out->mrp = (struct mrp){.release = leads_release, .release_from = leads};
    return NULL;
}

kt_error *mrp_gather(kt_tx *tx, const memory *lasting, struct gathered *out)
{
    struct gathering g = {.out = out, .book = {.day = kt_today(tx)}};
    KT_TRY(end_eras(tx, &g)); /* of no item */
    KT_TRY(read_items(tx, &g));
    KT_TRY(read_offers(tx, &g));
    for (size_t i = 0; i < g.items.count; i++)
        KT_TRY(add_links(tx, &g, (uint32_t)i));
    KT_TRY(read_needs(tx, &g));
    KT_TRY(read_forecasts(tx, &g));
    KT_TRY(read_leads(tx, lasting, &g));
    KT_TRY(read_orders(tx, &g));
    KT_TRY(read_stock(tx, &g));
    KT_TRY(read_requests(tx, &g));
    KT_TRY(read_expected(tx, &g));
    *out = (struct gathered){.ids = g.ids.items,
        .idle = g.idle.items,
        .idle_count = g.idle.count,
        .made = g.made.items,
        .made_from = g.made_from.items,
        .demand_of = g.demand_of.items,
        .receipt_of = g.receipt_of.items,
        .consumed = g.consumed,
        .leads = out->leads,
        .mrp = {.items = g.items.items,
            .item_count = g.items.count,
            .links = g.links.items,
            .link_count = g.links.count,
            .demands = g.demands.items,
            .demand_count = g.demands.count,
            .receipts = g.receipts.items,
            .receipt_count = g.receipts.count,
            .today = g.book.day.day,
            .release = leads_release,
            .release_from = &out->leads}};
    return NULL;
}
