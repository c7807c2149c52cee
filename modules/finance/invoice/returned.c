/* What came back and was billed: goods that a customer returned, or that went back to their supplier, whose invoice waits for
 * a credit note. Each row names an invoice and the lines and quantities to credit, as finance.invoice.credit takes them. */
#include <kontor/orders.h>
#include <kontor/units.h>

#include "invoice/invoice.h"
#include "report/report.h"

struct to_credit {
    kt_record rec;
    kt_date from;
    int64_t limit;
};
const kt_shape to_credit_shape = KT_SHAPE(to_credit, NULL,
    KT_FIELD(to_credit, from, DATE, "Came or went back since", "Wróciło od",
        .help = {"Empty: a year ago.", "Puste: od roku."}),
    KT_FIELD(to_credit, limit, INT, "At most", "Najwyżej", .initial = "200",
        .help = {"1 to 1000.", "Od 1 do 1000."}));
struct to_credit_line {
    kt_record rec;
    int64_t line;
    kt_dec quantity;
};
static const kt_shape to_credit_line_shape = KT_SHAPE(to_credit_line, NULL,
    KT_FIELD(to_credit_line, line, INT, "Line's id", "Id pozycji"),
    KT_FIELD(to_credit_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4));
struct to_credit_row {
    kt_record rec;
    kt_id order, invoice, party;
    kt_str number;
    kt_lines lines;
};
static const kt_shape to_credit_row_shape = KT_SHAPE(to_credit_row, NULL,
    KT_FIELD(to_credit_row, invoice, REF, "Invoice", "Faktura", .target = "finance.invoice"),
    KT_FIELD(to_credit_row, number, STRING, "Number", "Numer"),
    KT_FIELD(to_credit_row, party, REF, "Party", "Kontrahent", .target = "base.party"),
    KT_FIELD(to_credit_row, order, REF, "Order", "Zamówienie", .target = "*"),
    KT_FIELD(to_credit_row, lines, LINES, "To credit", "Do skorygowania", .lines = &to_credit_line_shape));
struct to_credit_rows {
    kt_record rec;
    kt_lines rows;
};
const kt_shape to_credit_rows_shape = KT_SHAPE(to_credit_rows, NULL,
    KT_FIELD(to_credit_rows, rows, LINES, "Invoices", "Faktury", .lines = &to_credit_row_shape));

struct came_back { /* of logistics.move */
    kt_record rec;
    kt_id document;
    kt_date day;
};
static const kt_shape came_back_shape = KT_SHAPE(came_back, "logistics.move",
    KT_BIND(came_back, document, REF, "document"), KT_BIND(came_back, day, DATE, "day"));
struct sent_line { /* of logistics.delivery */
    kt_record rec;
    int64_t order_line;
    kt_dec quantity, order_quantity, shipped, returned;
};
static const kt_shape sent_line_shape = KT_SHAPE(sent_line, NULL,
    KT_BIND(sent_line, order_line, INT, "order_line"), KT_BIND(sent_line, quantity, QUANTITY, "quantity"),
    KT_BIND(sent_line, order_quantity, QUANTITY, "order_quantity"),
    KT_BIND(sent_line, shipped, QUANTITY, "shipped"), KT_BIND(sent_line, returned, QUANTITY, "returned"));
struct sent {
    kt_record rec;
    kt_id document;
    kt_lines lines;
};
static const kt_shape sent_shape = KT_SHAPE(sent, "logistics.delivery",
    KT_BIND(sent, document, REF, "document"),
    KT_BIND(sent, lines, LINES, "lines", .lines = &sent_line_shape));
struct went_line { /* of logistics.receipt */
    kt_record rec;
    int64_t order_line;
    kt_dec quantity;
};
static const kt_shape went_line_shape = KT_SHAPE(went_line, NULL,
    KT_BIND(went_line, order_line, INT, "order_line"), KT_BIND(went_line, quantity, QUANTITY, "quantity"));
struct went_straight { /* what went back past the stores, from a customer's order */
    kt_record rec;
    kt_id order;
    int64_t line;
    kt_dec quantity;
};
static const kt_shape went_straight_shape = KT_SHAPE(went_straight, NULL,
    KT_BIND(went_straight, order, REF, "order"), KT_BIND(went_straight, line, INT, "line"),
    KT_BIND(went_straight, quantity, QUANTITY, "quantity"));
struct went_back {
    kt_record rec;
    kt_id order;
    kt_date day;
    kt_lines lines, straight;
};
static const kt_shape went_back_shape = KT_SHAPE(went_back, "logistics.receipt",
    KT_BIND(went_back, order, REF, "order"), KT_BIND(went_back, day, DATE, "day"),
    KT_BIND(went_back, lines, LINES, "lines", .lines = &went_line_shape),
    KT_BIND(went_back, straight, LINES, "straight", .lines = &went_straight_shape));
#define TO_SUPPLIERS   KT_STR("[[\"state\",\"=\",\"done\"],[\"kind\",\"=\",\"return\"]]")
#define FROM_CUSTOMERS KT_STR("[[\"state\",\"=\",\"done\"],[\"from_place\",\"=\",\"customer\"]]")

struct own_unit {
    kt_record rec;
    kt_id unit;
};
static const kt_shape own_unit_shape = KT_SHAPE(own_unit, "base.item", KT_BIND(own_unit, unit, REF, "unit"));

/* ---- How much came or went back, in the units of the order's lines ---- */

static size_t line_with(const kt_order *order, int64_t id)
{
    size_t i = 0;
    while (i < order->line_count && (int64_t)order->lines[i].id.v != id)
        i++;
    return i;
}

static void add(const kt_order *order, int64_t line, kt_dec quantity, kt_dec *back)
{
    const size_t i = line_with(order, line);
    if (i < order->line_count)
        back[i] = kt_dec_add(back[i], quantity);
}

/* To the supplier. */
static kt_error *add_sent_back(kt_tx *tx, const kt_order *order, kt_dec *back)
{
    const kt_where where[] = {KT_WHERE(went_back, order, KT_EQ, order->id), {0}};
    struct went_back of = {KT_OF(went_back)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx,
        &(kt_query){.of = &went_back_shape, .where = where, .sort = "id", .filter = TO_SUPPLIERS}, &cursor));
    while (kt_next(cursor, &of.rec))
        for (size_t i = 0; i < of.lines.count; i++) {
            const struct went_line *went = KT_SEE(went_line, kt_line(&of.lines, i));
            add(order, went->order_line, known(went->quantity), back);
        }
    return kt_close(cursor);
}

/* What the order heard of a line that came back to the stores: the same part of what went as the delivery told. */
static kt_dec came_back_of(const struct sent_line *line)
{
    const kt_dec kept = kt_dec_sub(known(line->shipped), known(line->returned));
    return kt_dec_sub(kt_order_share(known(line->shipped), line->quantity, line->order_quantity),
        kt_order_share(kept, line->quantity, line->order_quantity));
}

static kt_error *add_to_stores(kt_tx *tx, kt_id document, const kt_order *order, kt_dec *back)
{
    const kt_where where[] = {KT_WHERE(sent, document, KT_EQ, document), {0}};
    struct sent d = {KT_OF(sent)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&sent_shape, where, "id", 0}, &cursor));
    while (kt_next(cursor, &d.rec))
        for (size_t i = 0; i < d.lines.count; i++) {
            const struct sent_line *line = KT_SEE(sent_line, kt_line(&d.lines, i));
            if (line->returned.coef)
                add(order, line->order_line, came_back_of(line), back);
        }
    return kt_close(cursor);
}

static kt_error *add_straight(
    kt_tx *tx, kt_id document, const kt_order *order, const kt_lines *straight, kt_dec *back)
{
    for (size_t i = 0; i < straight->count; i++) {
        const struct went_straight *s = KT_SEE(went_straight, kt_line(straight, i));
        const size_t at = s->order.v == document.v ? line_with(order, s->line) : order->line_count;
        struct own_unit item = {KT_OF(own_unit)};
        kt_dec quantity = s->quantity;
        if (at == order->line_count)
            continue;
        if (order->lines[at].unit.v) {
            KT_TRY(kt_read(tx, order->lines[at].item, &item.rec));
            KT_TRY(kt_in_unit(
                tx, order->lines[at].item, s->quantity, item.unit, order->lines[at].unit, &quantity));
        }
        back[at] = kt_dec_add(back[at], quantity);
    }
    return NULL;
}

/* Of each line what was billed and is no longer delivered, as far as it came back. */
static kt_error *too_much(
    kt_tx *tx, kt_id document, const kt_order *order, const kt_lines *straight, kt_dec *quantities, bool *any)
{
    for (size_t i = 0; i < order->line_count; i++)
        quantities[i] = KT_DEC(0, 4);
    if (kt_orders_of(tx, document) == kt_purchases_find(tx)) {
        KT_TRY(add_sent_back(tx, order, quantities));
    } else {
        KT_TRY(add_to_stores(tx, document, order, quantities));
        KT_TRY(add_straight(tx, document, order, straight, quantities));
    }
    for (size_t i = 0; i < order->line_count; i++) {
        const kt_order_line *line = &order->lines[i];
        const kt_dec over = kt_dec_sub(known(line->invoiced), known(line->delivered));
        if (!line->goods || over.coef <= 0)
            quantities[i] = KT_DEC(0, 4);
        else if (kt_dec_cmp(over, quantities[i]) < 0)
            quantities[i] = over;
        *any = *any || quantities[i].coef > 0;
    }
    return NULL;
}

/* ---- Which invoices it was billed on ---- */

/* So much of an invoice's line as its order hears of so much: all that is left of it, or the part that is that in the line's own unit,
 * and no more.
 *   left  of the order's line; receives what is left of it after that */
static kt_error *part_to_credit(
    kt_tx *tx, const kt_order_line *of, const struct invoice_line *line, kt_dec *left, kt_dec *quantity)
{
    const kt_dec rest = kt_dec_sub(line->quantity, known(line->credited));
    kt_dec heard, asked;
    *quantity = KT_DEC(0, 4);
    if (rest.coef <= 0)
        return NULL;
    KT_TRY(credit_heard(tx, of, line, known(line->credited), rest, &heard));
    if (kt_dec_cmp(heard, *left) <= 0) {
        *quantity = rest;
        *left = kt_dec_sub(*left, heard);
        return NULL;
    }
    asked = *left;
    if (line->unit.v && of->unit.v && line->unit.v != of->unit.v)
        KT_TRY(kt_in_unit(tx, of->item, *left, of->unit, line->unit, &asked));
    KT_TRY(credit_heard(tx, of, line, known(line->credited), asked, &heard));
    if (kt_dec_cmp(heard, *left) > 0) /* rounded up */
        asked = kt_dec_sub(asked, KT_DEC(1, 4));
    *quantity = asked;
    *left = KT_DEC(0, 4);
    return NULL;
}

/* A note of it would come to nothing. */
static bool is_worthless(const struct invoice_line *line, kt_dec quantity)
{
    return quantity.coef <= 0 || !share_of(line->gross, quantity, line->quantity).coef;
}

/* Credits it on the newest invoices first. */
static kt_error *show_invoice(
    kt_tx *tx, const struct invoice *v, const kt_order *order, kt_dec *left, kt_lines *rows)
{
    struct to_credit_row row = {KT_OF(to_credit_row), .order = v->order, .invoice = v->rec.id,
        .party = v->party, .number = v->rec.number};
    for (size_t i = 0; i < v->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&v->lines, i);
        const size_t at = line_with(order, line->order_line);
        kt_dec much;
        if (at == order->line_count || left[at].coef <= 0)
            continue;
        KT_TRY(part_to_credit(tx, &order->lines[at], line, &left[at], &much));
        if (is_worthless(line, much))
            continue;
        const struct to_credit_line found = {
            KT_OF(to_credit_line), .line = (int64_t)line->rec.id.v, .quantity = much};
        KT_TRY(kt_line_add(tx, &row.lines, &found.rec));
    }
    return row.lines.count ? kt_line_add(tx, rows, &row.rec) : NULL;
}

static kt_error *show_order(
    kt_tx *tx, kt_id order, enum invoice_kind kind, const kt_lines *straight, kt_lines *rows)
{
    const kt_where where[] = {KT_WHERE(invoice, order, KT_EQ, order), KT_WHERE(invoice, state, KT_EQ, POSTED),
        KT_WHERE(invoice, kind, KT_EQ, kind), {0}};
    struct invoice v = {KT_OF(invoice)};
    kt_order seen = {0};
    kt_cursor *cursor;
    kt_error *error = NULL;
    bool any = false;
    KT_TRY(kt_orders_of(tx, order)->read(tx, kt_any_id(order), &seen));
    kt_dec *left = kt_alloc(tx, (seen.line_count + 1) * sizeof *left);
    if (!left)
        return kt_no_memory();
    KT_TRY(too_much(tx, order, &seen, straight, left, &any));
    if (!any)
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){&invoice_shape, where, "-day,-id", 0}, &cursor));
    while (!error && kt_next(cursor, &v.rec))
        error = show_invoice(tx, &v, &seen, left, rows);
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *show_sent_back(kt_tx *tx, const struct to_credit *p, kt_lines *rows)
{
    const kt_where where[] = {KT_WHERE(went_back, day, KT_GE, p->from), {0}};
    struct went_back back = {KT_OF(went_back)};
    kt_id last = {0};
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!kt_purchases_find(tx))
        return NULL;
    KT_TRY(kt_open(tx,
        &(kt_query){.of = &went_back_shape, .where = where, .sort = "order,id", .filter = TO_SUPPLIERS},
        &cursor));
    while (!error && (int64_t)rows->count < p->limit && kt_next(cursor, &back.rec)) {
        if (back.order.v != last.v)
            error = show_order(tx, kt_any(tx, "logistics.purchase_order", back.order), PURCHASE, NULL, rows);
        last = back.order;
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

/* What went from customers' orders straight back to suppliers. */
static kt_error *gone_straight(kt_tx *tx, const struct to_credit *p, kt_lines *straight)
{
    const kt_where where[] = {KT_WHERE(went_back, day, KT_GE, p->from), {0}};
    struct went_back back = {KT_OF(went_back)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx,
        &(kt_query){.of = &went_back_shape, .where = where, .sort = "id", .filter = TO_SUPPLIERS}, &cursor));
    while (!error && kt_next(cursor, &back.rec))
        for (size_t i = 0; i < back.straight.count && !error; i++)
            error = kt_line_add(tx, straight, kt_line(&back.straight, i));
    kt_also(&error, kt_close(cursor));
    return error;
}

static bool is_shown(const kt_lines *rows, kt_id order)
{
    for (size_t i = rows->count; i-- > 0;)
        if (KT_SEE(to_credit_row, kt_line(rows, i))->order.v == order.v)
            return true;
    return false;
}

static kt_error *show_returned(kt_tx *tx, const struct to_credit *p, kt_lines *rows)
{
    const kt_where where[] = {KT_WHERE(came_back, day, KT_GE, p->from), {0}};
    const kt_orders *orders = kt_orders_find(tx);
    struct came_back m = {KT_OF(came_back)};
    kt_lines straight = {0};
    kt_id last = {0};
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (!orders || !kt_service_find(tx, "logistics.stock", 1))
        return NULL;
    KT_TRY(gone_straight(tx, p, &straight));
    KT_TRY(kt_open(tx,
        &(kt_query){.of = &came_back_shape, .where = where, .sort = "document,id", .filter = FROM_CUSTOMERS},
        &cursor));
    while (!error && (int64_t)rows->count < p->limit && kt_next(cursor, &m.rec)) {
        const char *entity = kt_any_entity(tx, m.document);
        if (m.document.v == last.v || !entity || kt_orders_of(tx, m.document) != orders)
            continue;
        last = m.document;
        error = show_order(tx, m.document, SALE, &straight, rows);
    }
    kt_also(&error, kt_close(cursor));
    for (size_t i = 0; i < straight.count && !error && (int64_t)rows->count < p->limit; i++) {
        const struct went_straight *s = KT_SEE(went_straight, kt_line(&straight, i));
        if (s->order.v && !is_shown(rows, s->order) && kt_orders_of(tx, s->order) == orders)
            error = show_order(tx, s->order, SALE, &straight, rows);
    }
    return error;
}

kt_error *orders_to_credit(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct to_credit p = *KT_SEE(to_credit, params);
    if (p.limit < 1 || p.limit > 1000)
        return kt_fail(tx, KT_VALIDATION, "limit", "%lld is not within 1 to 1000",
            "%lld nie mieści się między 1 a 1000", (long long)p.limit);
    if (!p.from.day)
        p.from = kt_date_add(kt_today(tx), -365);
    kt_authority before = kt_own_authority(tx); /* whoever bills need not see orders and moves */
    kt_lines *rows = &KT_AS(to_credit_rows, result)->rows;
    kt_error *error = show_returned(tx, &p, rows);
    if (!error)
        error = show_sent_back(tx, &p, rows);
    kt_callers_authority(tx, before);
    return error;
}
