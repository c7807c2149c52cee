/* Purchasing's day: what to buy, what to receive, what is late. */
#include "purchase/purchase.h"

enum { ROWS_MAX = 1000 };

struct list { /* the parameters */
    kt_record rec;
    kt_id party, warehouse;
    kt_date until;
};
const kt_shape list_shape = KT_SHAPE(list, NULL,
    KT_FIELD(list, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(list, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse"),
    KT_FIELD(list, until, DATE, "Until", "Do dnia", .help = {"Empty: all.", "Puste: wszystko."}));

struct to_buy_row {
    kt_record rec;
    kt_id request, item, party;
    kt_str number, name;
    kt_dec quantity, waiting, cost;
    kt_date needed, order_by, day;
};
static const kt_shape to_buy_row_shape = KT_SHAPE(to_buy_row, NULL,
    KT_FIELD(to_buy_row, request, REF, "Request", "Zapotrzebowanie", .target = "logistics.purchase_request"),
    KT_FIELD(to_buy_row, number, STRING, "Number", "Numer"),
    KT_FIELD(to_buy_row, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(to_buy_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(to_buy_row, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(to_buy_row, waiting, QUANTITY, "Waited for", "Oczekiwane", .scale = 4),
    KT_FIELD(to_buy_row, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(to_buy_row, needed, DATE, "Needed on", "Potrzebne na"),
    KT_FIELD(to_buy_row, order_by, DATE, "To be ordered by", "Zamówić do"),
    KT_FIELD(to_buy_row, day, DATE, "There on", "Będzie dnia"),
    KT_FIELD(to_buy_row, cost, MONEY, "Cost", "Koszt", .scale = 2));
struct to_receive_row {
    kt_record rec;
    kt_id order, party, item;
    int64_t line, days_late;
    kt_str number, name;
    kt_dec quantity, open;
    kt_date expected;
};
static const kt_shape to_receive_row_shape = KT_SHAPE(to_receive_row, NULL,
    KT_FIELD(to_receive_row, order, REF, "Order", "Zamówienie", .target = "logistics.purchase_order"),
    KT_FIELD(to_receive_row, number, STRING, "Number", "Numer"),
    KT_FIELD(to_receive_row, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(to_receive_row, line, INT, "Line", "Pozycja"),
    KT_FIELD(to_receive_row, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(to_receive_row, name, STRING, "Description", "Opis"),
    KT_FIELD(to_receive_row, quantity, QUANTITY, "Ordered", "Zamówiono", .scale = 4),
    KT_FIELD(to_receive_row, open, QUANTITY, "Still to come", "Jeszcze przyjdzie", .scale = 4),
    KT_FIELD(to_receive_row, expected, DATE, "Expected on", "Spodziewane dnia"),
    KT_FIELD(to_receive_row, days_late, INT, "Days late", "Dni po terminie"));
struct worklist {
    kt_record rec;
    kt_lines requests, lines;
};
const kt_shape worklist_shape = KT_SHAPE(worklist, NULL,
    KT_FIELD(worklist, requests, LINES, "To buy", "Do kupienia", .lines = &to_buy_row_shape),
    KT_FIELD(worklist, lines, LINES, "To receive", "Do przyjęcia", .lines = &to_receive_row_shape));

/* ---- Requests ---- */

static kt_error *add_request(kt_tx *tx, const struct request *r, struct worklist *out)
{
    struct goods item = {KT_OF(goods)};
    KT_TRY(kt_read(tx, r->item, &item.rec));
    struct to_buy_row row = {KT_OF(to_buy_row), .request = r->rec.id, .number = r->rec.number,
        .item = r->item, .name = item.name, .quantity = r->quantity, .waiting = r->waiting, .party = r->party,
        .needed = r->needed, .order_by = r->order_by, .day = r->day};
    if (kt_may(tx, "logistics.purchase_request:read fields cost"))
        row.cost = r->cost;
    return kt_line_add(tx, &out->requests, &row.rec);
}

/* Of which no supplier is known is to be seen to at once, but late only when it was needed. */
static bool is_due(const struct request *r, kt_date until, bool late)
{
    const kt_date by = r->order_by.day || !late ? r->order_by : r->needed;
    return !until.day || (by.day <= until.day && (by.day || !late));
}

static kt_error *to_buy(kt_tx *tx, const struct list *p, kt_date until, bool late, struct worklist *out)
{
    kt_where where[3] = {KT_WHERE(request, state, KT_EQ, PR_OPEN)};
    struct requests open;
    bool here = true;
    if (p->party.v)
        where[1] = (kt_where){offsetof(struct request, party), KT_EQ, &p->party};
    KT_TRY(requests_find(tx, where, &open));
    for (size_t i = 0; i < open.count && out->requests.count < ROWS_MAX; i++) {
        if (p->warehouse.v)
            KT_TRY(warehouse_same(tx, open.items[i].warehouse, p->warehouse, &here));
        if (here && is_due(&open.items[i], until, late))
            KT_TRY(add_request(tx, &open.items[i], out));
    }
    return NULL;
}

kt_error *list_to_buy(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct list *p = KT_SEE(list, params);
    return to_buy(tx, p, p->until, false, KT_AS(worklist, result));
}

/* ---- Orders ---- */

static kt_error *add_lines(kt_tx *tx, const struct po *o, kt_date until, struct worklist *out)
{
    int32_t today = kt_today(tx).day;
    for (size_t i = 0; i < o->lines.count && out->lines.count < ROWS_MAX; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        kt_dec open = po_line_open(line);
        if (open.coef <= 0 || (until.day && (!line->expected.day || line->expected.day > until.day)))
            continue;
        struct to_receive_row row = {KT_OF(to_receive_row), .order = o->rec.id, .number = o->rec.number,
            .party = o->party, .line = (int64_t)line->rec.id.v, .item = line->item, .name = line->name,
            .quantity = line->quantity, .open = open, .expected = line->expected};
        row.days_late = line->expected.day && line->expected.day < today ? today - line->expected.day : 0;
        KT_TRY(kt_line_add(tx, &out->lines, &row.rec));
    }
    return NULL;
}

static kt_error *to_receive(kt_tx *tx, const struct list *p, kt_date until, struct worklist *out)
{
    kt_where where[4] = {
        KT_WHERE(po, state, KT_EQ, PO_APPROVED), KT_WHERE(po, receipt_status, KT_NE, PO_FULL)};
    struct po o = {.rec.of = &po_seen_shape};
    kt_error *e = NULL;
    kt_cursor *cursor;
    bool here = true;
    if (p->party.v)
        where[2] = (kt_where){offsetof(struct po, party), KT_EQ, &p->party};
    KT_TRY(kt_open(tx, &(kt_query){.of = &po_seen_shape, .where = where, .sort = "expected,id"}, &cursor));
    while (!e && out->lines.count < ROWS_MAX && kt_next(cursor, &o.rec)) {
        if (p->warehouse.v)
            e = warehouse_same(tx, o.warehouse, p->warehouse, &here);
        if (!e && here && (!p->warehouse.v || !o.ship_to.v))
            e = add_lines(tx, &o, until, out);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

kt_error *list_to_receive(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct list *p = KT_SEE(list, params);
    return to_receive(tx, p, p->until, KT_AS(worklist, result));
}

/* What should have been ordered, or should have come, before today; requests for who may read them. */
kt_error *list_late(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct list *p = KT_SEE(list, params);
    struct worklist *out = KT_AS(worklist, result);
    kt_date yesterday = kt_date_add(kt_today(tx), -1);
    if (kt_may(tx, "logistics.purchase_request:read"))
        KT_TRY(to_buy(tx, p, yesterday, true, out));
    return to_receive(tx, p, yesterday, out);
}
