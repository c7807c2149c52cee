/* Requests become orders: one draft per supplier, currency and warehouse, one line per item, so that minimum, multiple and price
 * break count for all requests of it together. */
#include "purchase/purchase.h"

struct ordering { /* the parameters of logistics.purchase.order */
    kt_record rec;
    kt_lines requests;
    kt_id party;
    kt_date until;
};
const kt_shape ordering_shape = KT_SHAPE(ordering, NULL,
    KT_FIELD(ordering, requests, REFS, "Requests", "Zapotrzebowania", .target = "logistics.purchase_request",
        .help = {"Empty: all that are open.", "Puste: wszystkie otwarte."}),
    KT_FIELD(ordering, party, REF, "Only of this supplier", "Tylko tego dostawcy", .target = "base.party"),
    KT_FIELD(ordering, until, DATE, "To be ordered by", "Zamówić do",
        .help = {
            "Only those that have to be ordered by then.", "Tylko te, które trzeba zamówić do tego dnia."}));
struct ordered_row {
    kt_record rec;
    kt_id order;
    kt_str number;
    kt_dec net;
    int64_t lines;
};
static const kt_shape ordered_row_shape = KT_SHAPE(ordered_row, NULL,
    KT_FIELD(ordered_row, order, REF, "Order", "Zamówienie", .target = "logistics.purchase_order"),
    KT_FIELD(ordered_row, number, STRING, "Number", "Numer"),
    KT_FIELD(ordered_row, lines, INT, "Lines", "Pozycje", .required = true),
    KT_FIELD(ordered_row, net, MONEY, "Net", "Netto", .scale = 4));
struct ordered {
    kt_record rec;
    kt_lines orders;
    int64_t requests, without_supplier;
};
const kt_shape ordered_shape = KT_SHAPE(ordered, NULL,
    KT_FIELD(ordered, orders, LINES, "Orders", "Zamówienia", .lines = &ordered_row_shape),
    KT_FIELD(ordered, requests, INT, "Requests ordered", "Zamówione zapotrzebowania", .required = true),
    KT_FIELD(ordered, without_supplier, INT, "Requests nobody has a price for",
        "Zapotrzebowania bez ceny dostawcy", .required = true));

/* ---- One order ---- */

static kt_date earlier(kt_date a, kt_date b)
{
    return !a.day || (b.day && b.day < a.day) ? b : a;
}

/* What has to be on the order for it. Of what demands asked for that is what they wait for: rounding up is done once, for
 * all requests of a line. What somebody wrote beyond that he wants. */
static kt_error *needs_of(kt_tx *tx, const struct request *r, kt_dec *needs)
{
    kt_dec lot;
    *needs = r->quantity;
    if (r->origin != BY_DEMAND || r->waiting.coef <= 0)
        return NULL;
    KT_TRY(lot_bought(tx, r->item, r->party, r->waiting, &lot));
    *needs = kt_dec_cmp(r->quantity, lot) > 0 ? r->quantity : r->waiting;
    return NULL;
}

/* The line of this item, with what the request needs added to it. */
static kt_error *add_to_line(kt_tx *tx, struct po *o, struct request *r)
{
    struct po_line *line = NULL;
    kt_dec needs;
    for (size_t i = 0; i < o->lines.count && !line; i++)
        if (po_line_at(&o->lines, i)->item.v == r->item.v)
            line = po_line_at(&o->lines, i);
    if (!line) {
        struct po_line fresh = {KT_OF(po_line), .item = r->item, .quantity = ZERO};
        fresh.rec.id.v = o->lines.count + 1;
        KT_TRY(kt_line_add(tx, &o->lines, &fresh.rec));
        line = po_line_at(&o->lines, o->lines.count - 1);
    }
    KT_TRY(needs_of(tx, r, &needs));
    line->quantity = kt_dec_add(line->quantity, needs);
    line->asked = earlier(line->asked, r->needed);
    r->order_line = (int64_t)line->rec.id.v;
    r->quantity = needs;
    return NULL;
}

/* From what is needed, in own units, to what is ordered, in the supplier's. */
static kt_error *size_line(kt_tx *tx, struct po *o, struct po_line *line)
{
    struct offers found;
    KT_TRY(offers_find(tx, &(struct offer_query){line->item, o->party, line->quantity, o->day}, &found));
    const struct offer *best = offers_best(&found);
    if (!best)
        return NULL;
    line->quantity = best->quantity;
    line->unit = best->price.unit;
    return NULL;
}

/* The request takes what rounding up brings more than all of them need. */
static kt_error *take_surplus(kt_tx *tx, const struct po *o, struct requests *of, struct request *last)
{
    const struct po_line *line = po_line_with(&o->lines, (kt_id){(uint64_t)last->order_line});
    struct goods item;
    kt_dec brings;
    KT_TRY(goods_read(tx, last->item, &item));
    KT_TRY(kt_in_unit(tx, last->item, line->quantity, line->unit, item.unit, &brings));
    for (size_t i = 0; i < of->count; i++)
        if (of->items[i].order.v == o->rec.id.v && of->items[i].order_line == last->order_line)
            brings = kt_dec_sub(brings, of->items[i].quantity);
    if (brings.coef > 0)
        last->quantity = kt_dec_add(last->quantity, brings);
    return NULL;
}

static bool last_of_line(const struct requests *of, size_t at)
{
    for (size_t i = at + 1; i < of->count; i++)
        if (of->items[i].order.v == of->items[at].order.v &&
            of->items[i].order_line == of->items[at].order_line)
            return false;
    return true;
}

static bool same_order(const struct request *a, const struct request *b)
{
    return a->party.v == b->party.v && a->warehouse.v == b->warehouse.v && a->currency.v == b->currency.v;
}

/* An order for the requests that go with the one at `first`. */
static kt_error *order_from(kt_tx *tx, struct requests *of, size_t first, struct po *o)
{
    const struct request *lead = &of->items[first];
    *o = (struct po){KT_OF(po), .party = lead->party, .warehouse = lead->warehouse,
        .currency = lead->currency, .day = kt_today(tx), .owner = kt_user(tx), .state = PO_DRAFT};
    for (size_t i = first; i < of->count; i++)
        if (!of->items[i].order.v && same_order(&of->items[i], lead))
            KT_TRY(add_to_line(tx, o, &of->items[i]));
    for (size_t i = 0; i < o->lines.count; i++)
        KT_TRY(size_line(tx, o, po_line_at(&o->lines, i)));
    KT_TRY(kt_create(tx, &o->rec));
    for (size_t i = first; i < of->count; i++)
        if (!of->items[i].order.v && same_order(&of->items[i], lead))
            of->items[i].order = o->rec.id;
    return NULL;
}

static kt_error *write_requests(kt_tx *tx, const struct po *o, struct requests *of)
{
    for (size_t i = 0; i < of->count; i++) {
        struct request *r = &of->items[i];
        if (r->order.v != o->rec.id.v)
            continue;
        if (last_of_line(of, i))
            KT_TRY(take_surplus(tx, o, of, r));
        KT_TRY(kt_update(tx, &r->rec));
    }
    return NULL;
}

/* ---- All of them ---- */

static bool is_meant(const struct ordering *p, const struct request *r)
{
    const kt_id *ids = p->requests.items;
    bool named = p->requests.count == 0;
    for (size_t i = 0; i < p->requests.count && !named; i++)
        named = ids[i].v == r->rec.id.v;
    return named && (!p->party.v || r->party.v == p->party.v) &&
           (!p->until.day || r->order_by.day <= p->until.day);
}

static kt_error *check_named(kt_tx *tx, const struct ordering *p, const struct requests *open)
{
    const kt_id *ids = p->requests.items;
    kt_error *all = NULL;
    for (size_t i = 0; i < p->requests.count; i++) {
        bool found = false;
        for (size_t k = 0; k < open->count && !found; k++)
            found = open->items[k].rec.id.v == ids[i].v;
        if (!found)
            kt_also(&all, kt_fail(tx, KT_BAD_STATE, kt_format(tx, "requests[%zu]", i).ptr,
                              "the request is not open", "zapotrzebowanie nie jest otwarte"));
    }
    return all;
}

kt_error *purchase_order_requests(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct ordering *p = KT_SEE(ordering, params);
    struct ordered *out = KT_AS(ordered, result);
    const kt_where where[] = {KT_WHERE(request, state, KT_EQ, PR_OPEN), {0}};
    struct requests open;
    KT_TRY(requests_find(tx, where, &open));
    KT_TRY(check_named(tx, p, &open));
    size_t kept = 0;
    for (size_t i = 0; i < open.count; i++) {
        if (!is_meant(p, &open.items[i]))
            continue;
        if (open.items[i].party.v && open.items[i].price.v)
            open.items[kept++] = open.items[i];
        else
            out->without_supplier++;
    }
    open.count = kept;
    out->requests = (int64_t)kept;
    for (size_t i = 0; i < open.count; i++) {
        struct po o;
        if (open.items[i].order.v)
            continue;
        KT_TRY(order_from(tx, &open, i, &o));
        KT_TRY(write_requests(tx, &o, &open));
        struct ordered_row row = {KT_OF(ordered_row), .order = o.rec.id, .number = o.rec.number, .net = o.net,
            .lines = (int64_t)o.lines.count};
        KT_TRY(kt_line_add(tx, &out->orders, &row.rec));
    }
    return NULL;
}
