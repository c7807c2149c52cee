/* Invoices from orders: what is delivered, or ordered, and not billed yet. Orders of customers and to suppliers
 * are asked by the same service type; without such a module an invoice is written by hand. */
#include <kontor/units.h>

#include "invoice/invoice.h"
#include "payment/payment.h"

kt_error *order_of_invoice(kt_tx *tx, const kt_orders *orders, kt_id id, kt_order *order)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = orders->read(tx, id, order);
    kt_callers_authority(tx, before);
    return error;
}

enum basis { DELIVERED = 1, ORDERED };
static const kt_choice bases[] = {
    {DELIVERED, "delivered", {"What was delivered", "Co dostarczono"}},
    {ORDERED, "ordered", {"What was ordered", "Co zamówiono"}},
    {0},
};
struct from_order {
    kt_record rec;
    kt_id order;
    enum basis basis;
    kt_date day;
    kt_str reference;
    kt_dec advance;
};
const kt_shape from_order_shape = KT_SHAPE(from_order, NULL,
    KT_FIELD(from_order, order, REF, "Order", "Zamówienie", .target = "*", .required = true),
    KT_FIELD(from_order, basis, STATE, "Bill", "Fakturuj", .choices = bases, .initial = "delivered"),
    KT_FIELD(from_order, day, DATE, "Date", "Data", .initial = "today"),
    KT_FIELD(from_order, reference, STRING, "Their number", "Numer obcy", .max = 80),
    KT_FIELD(from_order, advance, PERCENT, "Advance, %", "Zaliczka, %", .scale = 2,
        .help = {"An advance invoice of so much of all that is ordered.",
            "Faktura zaliczkowa na taką część całego zamówienia."}));
struct from_order_made {
    kt_record rec;
    int64_t id, lines;
    kt_dec gross, to_pay;
};
const kt_shape from_order_made_shape = KT_SHAPE(from_order_made, NULL,
    KT_FIELD(from_order_made, id, INT, "Id", "Id"), KT_FIELD(from_order_made, lines, INT, "Lines", "Pozycje"),
    KT_FIELD(from_order_made, gross, MONEY, "Gross", "Brutto", .scale = 4),
    KT_FIELD(from_order_made, to_pay, MONEY, "To pay", "Do zapłaty", .scale = 4));

static kt_dec left_to_bill(const kt_order *order, const kt_order_line *line, enum basis basis)
{
    kt_dec left = kt_order_line_left(order, line, basis == DELIVERED);
    return line->quantity.coef >= 0 && left.coef < 0 ? KT_DEC(0, 4) : left;
}

static kt_error *copy_lines(
    kt_tx *tx, const kt_order *order, enum basis basis, struct invoice *v, bool *whole)
{
    *whole = true;
    for (size_t i = 0; i < order->line_count; i++) {
        const kt_order_line *from = &order->lines[i];
        kt_dec quantity = left_to_bill(order, from, basis);
        *whole = *whole && same_dec(quantity, from->quantity);
        if (!quantity.coef)
            continue;
        struct invoice_line line = {KT_OF(invoice_line), .item = from->item, .unit = from->unit,
            .goods = from->goods, .tax_category = from->tax_category, .name = from->text,
            .quantity = quantity, .price = from->price, .discount_percent = from->discount_percent,
            .discount_amount = from->discount_amount, .order_line = (int64_t)from->id.v};
        if (from->discount_amount.coef && !same_dec(quantity, from->quantity))
            line.discount_amount = kt_dec_share(from->discount_amount, quantity, from->quantity, 4);
        KT_TRY(kt_line_add(tx, &v->lines, &line.rec));
    }
    return NULL;
}

static kt_dec part_of(kt_dec value, kt_dec percent)
{
    return value.coef ? kt_dec_div(kt_dec_mul(value, percent, 6), KT_DEC(100, 0), 4) : value;
}

/* The order's lines at a part of their prices: taxed as they will be. */
static kt_error *advance_lines(kt_tx *tx, const kt_order *order, kt_dec percent, struct invoice *v)
{
    v->kind = v->kind == SALE ? ADVANCE : PURCHASE_ADVANCE;
    if (sign_of(percent) <= 0 || kt_dec_cmp(percent, KT_DEC(100, 0)) > 0)
        return kt_fail(tx, KT_VALIDATION, "advance", "is not above 0 and up to 100",
            "nie jest większa od 0 i nie większa niż 100");
    for (size_t i = 0; i < order->line_count; i++) {
        const kt_order_line *from = &order->lines[i];
        const struct invoice_line line = {KT_OF(invoice_line), .item = from->item, .unit = from->unit,
            .goods = from->goods, .tax_category = from->tax_category, .name = from->text,
            .quantity = from->quantity, .price = part_of(from->price, percent),
            .discount_percent = from->discount_percent,
            .discount_amount = part_of(from->discount_amount, percent)};
        KT_TRY(kt_line_add(tx, &v->lines, &line.rec));
    }
    return NULL;
}

static kt_error *add_advance(kt_tx *tx, const struct invoice *found, struct invoice *v)
{
    kt_dec left;
    KT_TRY(advance_left(tx, found, (kt_id){0}, true, &left));
    const struct advance a = {KT_OF(advance), .invoice = found->rec.id};
    return left.coef > 0 ? kt_line_add(tx, &v->advances, &a.rec) : NULL;
}

/* Advance invoices of the order of which final ones, drafts too, have not settled all. */
static kt_error *find_advances(kt_tx *tx, kt_id order, struct invoice *v)
{
    const enum invoice_kind advance = v->kind == PURCHASE ? PURCHASE_ADVANCE : ADVANCE;
    const kt_where where[] = {KT_WHERE(invoice, order, KT_EQ, order), KT_WHERE(invoice, kind, KT_EQ, advance),
        KT_WHERE(invoice, state, KT_EQ, POSTED), {0}};
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){&invoice_shape, where, "id", 0}, 50, &found));
    for (size_t i = 0; i < found.count; i++) {
        struct invoice of = {KT_OF(invoice)};
        KT_TRY(kt_read(tx, found.ids[i], &of.rec));
        KT_TRY(add_advance(tx, &of, v));
    }
    return NULL;
}

struct sent_line {
    kt_record rec;
    kt_date actual;
};
static const kt_shape sent_line_shape = KT_SHAPE(sent_line, NULL, KT_BIND(sent_line, actual, DATE, "actual"));
struct sent {
    kt_record rec;
    kt_lines lines;
};
static const kt_shape sent_shape = KT_SHAPE(
    sent, "crm.order", KT_BIND(sent, lines, LINES, "lines", .lines = &sent_line_shape));

static bool bills(const struct invoice *v, kt_id line)
{
    for (size_t i = 0; i < v->lines.count; i++) {
        const struct invoice_line *of = invoice_line_at(&v->lines, i);
        if (of->goods && (uint64_t)of->order_line == line.v)
            return true;
    }
    return false;
}

/* The tax falls due when the goods were sent: on the last day on which some of what is billed was. source: ustawa o VAT
 * art. 19a ust. 1; Directive 2006/112/EC art. 63 */
static kt_error *find_tax_day(kt_tx *tx, struct invoice *v)
{
    struct sent order = {KT_OF(sent)};
    kt_date last = {0};
    KT_TRY(kt_read(tx, kt_any_id(v->order), &order.rec));
    for (size_t i = 0; i < order.lines.count; i++) {
        const struct sent_line *line = KT_AS(sent_line, kt_line(&order.lines, i));
        if (line->actual.day > last.day && bills(v, line->rec.id))
            last = line->actual;
    }
    if (last.day && last.day < v->day.day)
        v->tax_day = last;
    return NULL;
}

static struct invoice draft_head(const kt_order *order, kt_id of, enum invoice_kind kind, kt_date day)
{
    return (struct invoice){KT_OF(invoice), .kind = kind, .party = order->party, .order = of, .day = day,
        .tax_day = day, .currency = order->currency, .position = order->position, .rounding = order->rounding,
        .tax_included = order->tax_included, .state = DRAFT,
        .reference = kind == SALE ? order->reference : (kt_str){0}};
}

kt_error *invoice_expected(kt_tx *tx, kt_id of, const kt_order *order, struct invoice *v)
{
    bool whole;
    *v = draft_head(order, of, kt_orders_of(tx, of) == kt_purchases_find(tx) ? PURCHASE : SALE, kt_today(tx));
    KT_TRY(copy_lines(tx, order, ORDERED, v, &whole));
    if (whole)
        v->tax_given = order->tax_given;
    return v->lines.count ? invoice_totals(tx, v) : NULL;
}

static kt_error *draft_from_order(kt_tx *tx, const struct from_order *p, struct invoice *made)
{
    kt_order order = {0};
    bool whole = false;
    const kt_orders *orders = kt_orders_of(tx, p->order);
    const enum invoice_kind kind = orders && orders == kt_purchases_find(tx) ? PURCHASE : SALE;
    if (!orders)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "order", "is no order that can be billed",
                           "nie jest zamówieniem do fakturowania"),
            "Name an order of customers or to a supplier, of a module that is enabled.",
            "Wskaż zamówienie klienta albo do dostawcy, z włączonego modułu.");
    KT_TRY(order_of_invoice(tx, orders, kt_any_id(p->order), &order));
    if (!order.open && !order.closed)
        return kt_fail(tx, KT_BAD_STATE, "order", "the order %s is not confirmed",
            "zamówienie %s nie jest potwierdzone", order.number.ptr ? order.number.ptr : "");
    *made = draft_head(&order, p->order, kind, p->day);
    if (p->reference.ptr)
        made->reference = p->reference;
    bool advance = p->advance.scale1 != 0;
    KT_TRY(advance ? advance_lines(tx, &order, p->advance, made)
                   : copy_lines(tx, &order, p->basis, made, &whole));
    if (!made->lines.count)
        return kt_hint(
            kt_fail(tx, KT_RULE, "order", "nothing of order %s is left to bill",
                "w zamówieniu %s nie ma nic do zafakturowania", order.number.ptr ? order.number.ptr : ""),
            "Bill what was ordered, or wait for the delivery.",
            "Zafakturuj zamówione albo poczekaj na dostawę.");
    if (!advance && whole)
        made->tax_given = order.tax_given;
    kt_authority before = kt_own_authority(tx); /* whoever may bill need not see orders */
    kt_error *error = advance ? NULL : find_advances(tx, p->order, made);
    if (!error && kind == SALE && !advance && p->basis == DELIVERED)
        error = find_tax_day(tx, made);
    if (made->tax_day.day == made->day.day)
        made->tax_day = (kt_date){0}; /* the invoice's, whichever it has when it is posted */
    if (!error)
        error = kt_create(tx, &made->rec);
    kt_callers_authority(tx, before);
    return error;
}

kt_error *invoice_from_order(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct from_order_made *out = KT_AS(from_order_made, result);
    struct invoice v;
    KT_TRY(draft_from_order(tx, KT_SEE(from_order, params), &v));
    *out = (struct from_order_made){.rec = out->rec,
        .id = (int64_t)v.rec.id.v,
        .lines = (int64_t)v.lines.count,
        .gross = v.gross,
        .to_pay = v.to_pay};
    return NULL;
}

kt_error *bill_order(kt_tx *tx, kt_id order, kt_date day, kt_id *invoice)
{
    const struct from_order p = {KT_OF(from_order), .order = order, .basis = ORDERED, .day = day};
    struct invoice v;
    if (!kt_may(tx, "finance.invoice:create"))
        return kt_fail(tx, KT_FORBIDDEN, NULL, "you may not make invoices", "nie wolno Ci tworzyć faktur");
    KT_TRY(draft_from_order(tx, &p, &v));
    *invoice = v.rec.id;
    return NULL;
}

/* ---- What the order hears ---- */

kt_error *in_orders_unit(
    kt_tx *tx, const kt_order_line *of, const struct invoice_line *line, kt_dec quantity, kt_dec *out)
{
    *out = quantity;
    if (!line->unit.v || !of->unit.v || line->unit.v == of->unit.v)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_in_unit(tx, of->item, quantity, line->unit, of->unit, out);
    kt_callers_authority(tx, before);
    return error;
}

kt_error *credit_heard(kt_tx *tx, const kt_order_line *of, const struct invoice_line *line, kt_dec before,
    kt_dec quantity, kt_dec *heard)
{
    kt_dec then, now;
    KT_TRY(in_orders_unit(tx, of, line, kt_dec_add(before, quantity), &then));
    KT_TRY(in_orders_unit(tx, of, line, before, &now));
    *heard = kt_dec_sub(then, now);
    return NULL;
}

/* What was credited of the invoice's line before a line of the note: it has all of the note noted already. */
static kt_dec credited_before(const struct invoice *note, size_t line, const struct invoice_line *source)
{
    kt_dec before = known(source->credited);
    for (size_t i = line; i < note->lines.count; i++) {
        const struct invoice_line *of = invoice_line_at(&note->lines, i);
        if (of->source_line == (int64_t)source->rec.id.v && !of->price_only)
            before = kt_dec_sub(before, of->quantity);
    }
    return before;
}

typedef struct {
    kt_tx *tx;
    const struct invoice *v;
    struct invoice corrected; /* of a note; else without lines */
    kt_order order;           /* where it can be asked */
} reporting;

/* In the unit that the order has it in; below zero for a credit. */
static kt_error *report_line(const reporting *r, size_t i, kt_order_part *part)
{
    const struct invoice_line *line = invoice_line_at(&r->v->lines, i), *source = NULL;
    const kt_order_line unknown = {.id = {(uint64_t)line->order_line}}, *of = &unknown;
    for (size_t k = 0; k < r->order.line_count; k++)
        if (r->order.lines[k].id.v == unknown.id.v)
            of = &r->order.lines[k];
    for (size_t k = 0; k < r->corrected.lines.count; k++)
        if ((int64_t)invoice_line_at(&r->corrected.lines, k)->rec.id.v == line->source_line)
            source = invoice_line_at(&r->corrected.lines, k);
    *part = (kt_order_part){.line = unknown.id};
    if (source)
        KT_TRY(
            credit_heard(r->tx, of, line, credited_before(r->v, i, source), line->quantity, &part->quantity));
    else
        KT_TRY(in_orders_unit(r->tx, of, line, line->quantity, &part->quantity));
    if (is_credit(r->v->kind))
        part->quantity = kt_dec_neg(part->quantity);
    return NULL;
}

kt_error *order_report(kt_tx *tx, const struct invoice *v)
{
    const kt_order_reports *reports = kt_order_reports_find(tx);
    const kt_orders *orders = v->order.v ? kt_orders_of(tx, v->order) : NULL;
    reporting r = {.tx = tx, .v = v, .corrected = {KT_OF(invoice)}};
    size_t count = 0;
    if (!reports || !v->order.v || is_advance(v->kind))
        return NULL;
    kt_order_part *parts = kt_alloc(tx, sizeof *parts * (v->lines.count + 1));
    if (!parts)
        return kt_no_memory();
    if (orders)
        KT_TRY(order_of_invoice(tx, orders, kt_any_id(v->order), &r.order));
    if (is_credit(v->kind) && v->corrects.v)
        KT_TRY(kt_read(tx, v->corrects, &r.corrected.rec));
    for (size_t i = 0; i < v->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&v->lines, i);
        if (line->order_line && !line->price_only)
            KT_TRY(report_line(&r, i, &parts[count++]));
    }
    return reports->bill(tx, v->order, parts, count, v->day);
}

/* ---- To invoice ---- */

struct to_invoice {
    kt_record rec;
    enum basis basis;
    bool purchases;
    int64_t limit;
};
const kt_shape to_invoice_shape = KT_SHAPE(to_invoice, NULL,
    KT_FIELD(to_invoice, basis, STATE, "Bill", "Fakturuj", .choices = bases, .initial = "delivered"),
    KT_FIELD(to_invoice, purchases, BOOL, "Purchase orders", "Zamówienia zakupu"),
    KT_FIELD(to_invoice, limit, INT, "At most", "Najwyżej", .initial = "200",
        .help = {"1 to 1000.", "Od 1 do 1000."}));
struct to_invoice_row {
    kt_record rec;
    kt_id order, party, currency;
    kt_str number;
    kt_date day;
    kt_dec net;
};
static const kt_shape to_invoice_row_shape = KT_SHAPE(to_invoice_row, NULL,
    KT_FIELD(to_invoice_row, order, REF, "Order", "Zamówienie", .target = "*"),
    KT_FIELD(to_invoice_row, number, STRING, "Number", "Numer"),
    KT_FIELD(to_invoice_row, party, REF, "Party", "Kontrahent", .target = "base.party"),
    KT_FIELD(to_invoice_row, day, DATE, "Date", "Data"),
    KT_FIELD(to_invoice_row, net, MONEY, "To bill, in the order's prices",
        "Do zafakturowania, w cenach zamówienia", .scale = 4),
    KT_FIELD(to_invoice_row, currency, REF, "Currency", "Waluta", .target = "base.currency"));
struct to_invoice_rows {
    kt_record rec;
    kt_lines rows;
};
const kt_shape to_invoice_rows_shape = KT_SHAPE(to_invoice_rows, NULL,
    KT_FIELD(to_invoice_rows, rows, LINES, "Orders", "Zamówienia", .lines = &to_invoice_row_shape));

static kt_error *show_order(
    kt_tx *tx, const kt_order *order, const struct to_invoice *p, struct to_invoice_rows *out)
{
    struct to_invoice_row row = {KT_OF(to_invoice_row), .number = order->number, .party = order->party,
        .day = order->day, .currency = order->currency, .net = KT_DEC(0, 2),
        .order = kt_any(tx, p->purchases ? "logistics.purchase_order" : "crm.order", order->id)};
    for (size_t i = 0; i < order->line_count; i++) {
        const kt_order_line *line = &order->lines[i];
        kt_dec rest = kt_dec_sub(KT_DEC(100, 0), known(line->discount_percent));
        kt_dec amount = kt_dec_mul(left_to_bill(order, line, p->basis), line->price, 6);
        row.net = kt_dec_add(row.net, kt_dec_div(kt_dec_mul(amount, rest, 6), KT_DEC(100, 0), 2));
    }
    return row.net.coef ? kt_line_add(tx, &out->rows, &row.rec) : NULL;
}

kt_error *orders_to_invoice(kt_tx *tx, const kt_record *params, kt_record *result)
{
    enum { CHUNK = 200 };
    const struct to_invoice *p = KT_SEE(to_invoice, params);
    struct to_invoice_rows *out = KT_AS(to_invoice_rows, result);
    const kt_orders *orders = p->purchases ? kt_purchases_find(tx) : kt_orders_find(tx);
    kt_id ids[CHUNK], after = {0};
    size_t count = CHUNK;
    if (p->limit < 1 || p->limit > 1000)
        return kt_fail(tx, KT_VALIDATION, "limit", "%lld is not within 1 to 1000",
            "%lld nie mieści się między 1 a 1000", (long long)p->limit);
    while (orders && orders->unbilled && count == CHUNK && (int64_t)out->rows.count < p->limit) {
        kt_authority before = kt_own_authority(tx);
        kt_error *error = orders->unbilled(tx, after, ids, CHUNK, &count);
        kt_callers_authority(tx, before);
        KT_TRY(error);
        for (size_t i = 0; i < count && (int64_t)out->rows.count < p->limit; i++) {
            kt_order order = {0};
            KT_TRY(order_of_invoice(tx, orders, ids[i], &order));
            KT_TRY(show_order(tx, &order, p, out));
            after = ids[i];
        }
    }
    return NULL;
}
