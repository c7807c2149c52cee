/* Purchase orders as others bill them, the service "logistics.purchases"; and where ordered, received and billed do not
 * fit together: the three-way match. */
#include "purchase/purchase.h"

/* ---- The service ---- */

static kt_error *deliver(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day)
{
    struct receipt in = {KT_OF(receipt), .order = order, .kind = RC_RECEIPT, .day = day, .state = RC_DRAFT};
    struct receipt back = {KT_OF(receipt), .order = order, .kind = RC_RETURN, .day = day, .state = RC_DRAFT};
    for (size_t i = 0; i < count; i++) {
        bool returned = parts[i].quantity.coef < 0;
        struct receipt_line row = {KT_OF(receipt_line), .order_line = (int64_t)parts[i].line.v,
            .quantity = returned ? kt_dec_neg(parts[i].quantity) : parts[i].quantity};
        KT_TRY(kt_line_add(tx, returned ? &back.lines : &in.lines, &row.rec));
    }
    if (in.lines.count) {
        KT_TRY(kt_create(tx, &in.rec));
        KT_TRY(kt_act(tx, &in.rec, "finish", NULL));
    }
    if (!back.lines.count)
        return NULL;
    KT_TRY(kt_create(tx, &back.rec));
    return kt_act(tx, &back.rec, "finish", NULL);
}

static kt_error *bill(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count, kt_date day)
{
    (void)day; /* the bill itself has it */
    return count ? po_report_bill(tx, order, parts, count) : NULL;
}

static void show_line(const struct po_line *line, kt_order_line *out)
{
    *out = (kt_order_line){.id = line->rec.id,
        .item = line->item,
        .unit = line->unit,
        .tax_category = line->tax_category,
        .text = line->name,
        .goods = line->kind == PO_GOODS,
        .quantity = line->quantity,
        .delivered = po_line_kept(line),
        .invoiced = line->billed,
        .price = line->price,
        .discount_percent = line->discount_percent,
        .discount_amount = line->discount_amount,
        .day = line->expected.day ? line->expected : line->asked};
}

static kt_error *show(kt_tx *tx, kt_id order, kt_order *out)
{
    struct po o = {KT_OF(po)};
    KT_TRY(kt_read(tx, order, &o.rec));
    *out = (kt_order){.id = order,
        .company = o.rec.company,
        .party = o.party,
        .currency = o.currency,
        .position = o.position.v ? o.position : o.tax_position,
        .number = o.rec.number,
        .reference = o.reference,
        .terms = o.terms,
        .day = o.day,
        .open = o.state == PO_APPROVED,
        .closed = o.state == PO_CLOSED,
        .tax_included = o.tax_included,
        .rounding = o.rounding,
        .tax_given = o.tax_given,
        .lines = kt_alloc(tx, sizeof *out->lines * (o.lines.count + 1))};
    if (!out->lines)
        return kt_no_memory();
    for (size_t i = 0; i < o.lines.count; i++)
        show_line(po_line_at(&o.lines, i), &out->lines[out->line_count++]);
    return NULL;
}

#define TO_BE_BILLED                                                                                         \
    KT_STR(                                                                                                  \
        "[[\"billing_status\",\"in\",[\"none\",\"partial\"]],[\"state\",\"in\",[\"approved\",\"closed\"]]]")

/* Of a closed order, is there anything that was received and not billed? */
static bool is_to_bill(const struct po *o)
{
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        if (line->kind == PO_GOODS && kt_dec_cmp(po_line_kept(line), kt_dec_add(ZERO, line->billed)) > 0)
            return true;
    }
    return o->state != PO_CLOSED;
}

static kt_error *unbilled(kt_tx *tx, kt_id after, kt_id *ids, size_t room, size_t *count)
{
    const kt_where where[] = {{offsetof(struct po, rec.id), KT_GT, (const kt_id[]){after}}, {0}};
    struct po row = {.rec.of = &po_seen_shape};
    kt_cursor *cursor;
    *count = 0;
    KT_TRY(kt_open(tx, &(kt_query){&po_seen_shape, where, "id", 0, TO_BE_BILLED}, &cursor));
    while (*count < room && kt_next(cursor, &row.rec))
        if (is_to_bill(&row))
            ids[(*count)++] = row.rec.id;
    return kt_close(cursor);
}

const kt_orders purchases_service = {.deliver = deliver, .bill = bill, .read = show, .unbilled = unbilled};

/* ---- logistics.purchase.match ---- */

enum mismatch {
    NOT_BILLED = 1,
    BILLED_NOT_RECEIVED,
    OVER_BILLED,
    OVER_RECEIVED,
    REJECTED,
    NOBODY_WAITS,
    PRICE
};
static const kt_choice mismatches[] = {
    {NOT_BILLED, "not_billed", {"Received and not billed", "Przyjęte, niezafakturowane"}},
    {BILLED_NOT_RECEIVED, "billed_not_received", {"Billed and not received", "Zafakturowane, nieprzyjęte"}},
    {OVER_BILLED, "over_billed", {"Billed more than ordered", "Zafakturowano więcej niż zamówiono"}},
    {OVER_RECEIVED, "over_received", {"Received more than ordered", "Przyjęto więcej niż zamówiono"}},
    {REJECTED, "rejected", {"Rejected or returned, not replaced", "Odrzucone lub zwrócone, niewymienione"}},
    {NOBODY_WAITS, "nobody_waits",
        {"Comes straight to a customer, and no order waits for it",
            "Idzie wprost do klienta, a nie czeka na to żadne zamówienie"}},
    {PRICE, "price", {"Billed at another price than ordered", "Zafakturowano po innej cenie niż zamówiono"}},
    {0},
};
struct match { /* the parameters */
    kt_record rec;
    kt_id order, party;
    kt_date from, to;
    kt_dec tolerance;
    bool not_billed;
};
const kt_shape match_shape = KT_SHAPE(match, NULL,
    KT_FIELD(match, order, REF, "Order", "Zamówienie", .target = "logistics.purchase_order",
        .help = {"Empty: all that are approved or closed.", "Puste: wszystkie zatwierdzone i zamknięte."}),
    KT_FIELD(match, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(match, from, DATE, "Ordered from", "Zamówienia od"),
    KT_FIELD(match, to, DATE, "Ordered to", "Zamówienia do"),
    KT_FIELD(match, tolerance, PERCENT, "Tolerance, %", "Tolerancja, %", .scale = 2, .initial = "0",
        .help = {"Of the quantity, or of the price, ordered.", "Od zamówionej ilości albo ceny."}),
    KT_FIELD(match, not_billed, BOOL, "Also what waits for its bill", "Także czekające na fakturę"));
struct match_row {
    kt_record rec;
    kt_id order, item, bill;
    int64_t line;
    kt_str number, name, bill_number;
    enum mismatch mismatch;
    kt_dec ordered, received, billed, difference, amount, price, billed_price;
};
static const kt_shape match_row_shape = KT_SHAPE(match_row, NULL,
    KT_FIELD(match_row, mismatch, STATE, "What does not fit", "Co się nie zgadza", .choices = mismatches),
    KT_FIELD(match_row, order, REF, "Order", "Zamówienie", .target = "logistics.purchase_order"),
    KT_FIELD(match_row, number, STRING, "Number", "Numer"), KT_FIELD(match_row, line, INT, "Line", "Pozycja"),
    KT_FIELD(match_row, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(match_row, name, STRING, "Description", "Opis"),
    KT_FIELD(match_row, ordered, QUANTITY, "Ordered", "Zamówiono", .scale = 4),
    KT_FIELD(match_row, received, QUANTITY, "Received and kept", "Przyjęto i zatrzymano", .scale = 4),
    KT_FIELD(match_row, billed, QUANTITY, "Billed", "Zafakturowano", .scale = 4),
    KT_FIELD(match_row, difference, QUANTITY, "Difference", "Różnica", .scale = 4,
        .help = {"Of quantities; for the price, of the price of one.",
            "Ilości; przy cenie: ceny za jednostkę."}),
    KT_FIELD(match_row, amount, MONEY, "Of it, in the order's prices", "W cenach zamówienia", .scale = 4),
    KT_FIELD(match_row, bill, REF, "Bill at another price", "Faktura po innej cenie", .target = "*"),
    KT_FIELD(match_row, bill_number, STRING, "Its number", "Jej numer"),
    KT_FIELD(match_row, price, PRICE, "Price ordered", "Cena zamówiona", .scale = 4,
        .help = {"Of one, discounts taken off, in the order's currency.",
            "Za jednostkę, po rabatach, w walucie zamówienia."}),
    KT_FIELD(match_row, billed_price, PRICE, "Price billed", "Cena zafakturowana", .scale = 4));
struct matched {
    kt_record rec;
    int64_t lines;
    kt_lines exceptions;
};
const kt_shape matched_shape = KT_SHAPE(matched, NULL,
    KT_FIELD(matched, lines, INT, "Lines looked at", "Sprawdzone pozycje", .required = true),
    KT_FIELD(matched, exceptions, LINES, "Exceptions", "Wyjątki", .lines = &match_row_shape));

static struct match_row row_of(
    const struct po *o, const struct po_line *line, enum mismatch mismatch, kt_dec difference)
{
    return (struct match_row){KT_OF(match_row), .mismatch = mismatch, .order = o->rec.id,
        .number = o->rec.number, .line = (int64_t)line->rec.id.v, .item = line->item, .name = line->name,
        .ordered = line->quantity, .received = po_line_kept(line), .billed = kt_dec_add(ZERO, line->billed),
        .difference = difference};
}

static bool sees_cost(const kt_tx *tx)
{
    return kt_may(tx, "logistics.purchase_order:read fields cost");
}

/* Adds a row if `most` is exceeded by more than the tolerance. */
static kt_error *compare(kt_tx *tx, const struct match *p, const struct po *o, const struct po_line *line,
    enum mismatch mismatch, kt_dec much, kt_dec most, struct matched *out)
{
    kt_dec allowed = kt_dec_div(kt_dec_mul(line->quantity, p->tolerance, 6), KT_DEC(100, 0), 4);
    kt_dec difference = kt_dec_sub(much, most);
    if (difference.coef <= 0 || kt_dec_cmp(difference, allowed) <= 0)
        return NULL;
    struct match_row row = row_of(o, line, mismatch, difference);
    if (sees_cost(tx))
        row.amount = kt_dec_share(line->net, difference, line->quantity, 4);
    return kt_line_add(tx, &out->exceptions, &row.rec);
}

/* The sale was changed otherwise, or while this department was off, and what is beyond a lot no order bills. */
static kt_error *match_straight(
    kt_tx *tx, const struct match *p, const struct po *o, const struct po_line *line, struct matched *out)
{
    struct requests carried;
    struct goods item;
    kt_dec waited = ZERO, comes;
    KT_TRY(goods_read(tx, line->item, &item));
    KT_TRY(requests_of_line(tx, o->rec.id, line->rec.id, &carried));
    for (size_t i = 0; i < carried.count; i++)
        waited = kt_dec_add(waited, carried.items[i].waiting);
    KT_TRY(kt_in_unit(tx, line->item, waited, item.unit, line->unit, &comes));
    return compare(tx, p, o, line, NOBODY_WAITS, po_line_open(line), comes, out);
}

/* A bill that somebody posted all the same, dearer or cheaper; of one line's bills each is told. */
static kt_error *match_price(kt_tx *tx, const struct match *p, const struct po *o, const struct po_line *line,
    const struct billed_at *b, struct matched *out)
{
    if (b->pieces.coef <= 0 || !b->value.scale1)
        return NULL;
    kt_dec was = price_of_one(
        line->quantity, line->price, line->discount_percent, line->discount_amount, line->quantity);
    kt_dec is = kt_dec_div(b->value, b->pieces, 6), gap = kt_dec_sub(is, was);
    kt_dec allowed = kt_dec_add(
        kt_dec_div(kt_dec_mul(was, p->tolerance, 6), KT_DEC(100, 0), 6), kt_dec_div(b->slack, b->pieces, 6));
    if (kt_dec_cmp(gap.coef < 0 ? kt_dec_neg(gap) : gap, allowed) <= 0)
        return NULL;
    struct match_row row = row_of(o, line, PRICE, kt_dec_round(gap, 4));
    row.amount = kt_dec_mul(gap, b->pieces, 4);
    row.price = kt_dec_round(was, 4);
    row.billed_price = kt_dec_round(is, 4);
    row.bill = b->bill;
    row.bill_number = b->number;
    return kt_line_add(tx, &out->exceptions, &row.rec);
}

static kt_error *match_prices(kt_tx *tx, const struct match *p, const struct po *o, struct matched *out)
{
    struct bills found;
    KT_TRY(bills_of(tx, o, &found));
    for (size_t i = 0; i < found.count; i++) {
        const struct po_line *line = po_line_with(&o->lines, (kt_id){(uint64_t)found.items[i].order_line});
        if (line && line->quantity.coef > 0)
            KT_TRY(match_price(tx, p, o, line, &found.items[i], out));
    }
    return NULL;
}

static kt_error *match_line(
    kt_tx *tx, const struct match *p, const struct po *o, const struct po_line *line, struct matched *out)
{
    bool goods = line->kind == PO_GOODS;
    kt_dec kept = goods ? po_line_kept(line) : line->quantity, billed = kt_dec_add(ZERO, line->billed);
    kt_dec bad = kt_dec_add(kt_dec_add(ZERO, line->rejected), line->returned);
    out->lines++;
    if (line->quantity.coef <= 0)
        return NULL;
    if (p->not_billed)
        KT_TRY(compare(tx, p, o, line, NOT_BILLED, kept, billed, out));
    KT_TRY(compare(tx, p, o, line, BILLED_NOT_RECEIVED, billed, kept, out));
    KT_TRY(compare(tx, p, o, line, OVER_BILLED, billed, line->quantity, out));
    KT_TRY(compare(tx, p, o, line, OVER_RECEIVED, kept, line->quantity, out));
    if (!goods)
        return NULL;
    KT_TRY(compare(tx, p, o, line, REJECTED, smaller(bad, po_line_open(line)), ZERO, out));
    return o->state == PO_APPROVED && o->ship_to.v ? match_straight(tx, p, o, line, out) : NULL;
}

kt_error *purchase_match(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct match *p = KT_SEE(match, params);
    struct matched *out = KT_AS(matched, result);
    kt_where where[5] = {{0}};
    size_t conditions = 0;
    struct po o = {.rec.of = &po_seen_shape};
    kt_error *e = NULL;
    kt_cursor *cursor;
    if (p->order.v)
        where[conditions++] = (kt_where){offsetof(struct po, rec.id), KT_EQ, &p->order};
    if (p->party.v)
        where[conditions++] = (kt_where){offsetof(struct po, party), KT_EQ, &p->party};
    if (p->from.day)
        where[conditions++] = (kt_where){offsetof(struct po, day), KT_GE, &p->from};
    if (p->to.day)
        where[conditions] = (kt_where){offsetof(struct po, day), KT_LE, &p->to};
    const kt_query query = {.of = &po_seen_shape,
        .where = where,
        .sort = "id",
        .filter = p->order.v ? (kt_str){0} : KT_STR("[[\"state\",\"in\",[\"approved\",\"closed\"]]]")};
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!e && kt_next(cursor, &o.rec)) {
        for (size_t i = 0; i < o.lines.count && !e; i++)
            e = match_line(tx, p, &o, po_line_at(&o.lines, i), out);
        if (!e && sees_cost(tx))
            e = match_prices(tx, p, &o, out);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}
