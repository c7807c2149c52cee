/* What suppliers billed of an order, as whoever keeps the bills has them: read, whether or not that department is switched on. A
 * credit note takes pieces off its bill, or lowers their price. */
#include <kontor/list.h>
#include <kontor/units.h>

#include "purchase/purchase.h"

struct bill_line {
    kt_record rec;
    int64_t order_line;
    bool price_only;
    kt_id unit;
    kt_dec quantity, price, discount_percent, discount_amount, net, gross;
};
static const kt_shape bill_line_shape = KT_SHAPE(bill_line, NULL,
    KT_BIND(bill_line, order_line, INT, "order_line"), KT_BIND(bill_line, price_only, BOOL, "price_only"),
    KT_BIND(bill_line, unit, REF, "unit"), KT_BIND(bill_line, quantity, QUANTITY, "quantity"),
    KT_BIND(bill_line, price, PRICE, "price"),
    KT_BIND(bill_line, discount_percent, PERCENT, "discount_percent"),
    KT_BIND(bill_line, discount_amount, MONEY, "discount_amount"), KT_BIND(bill_line, net, MONEY, "net"),
    KT_BIND(bill_line, gross, MONEY, "gross"));
struct bill {
    kt_record rec;
    kt_id order, corrects, currency;
    kt_date day;
    bool tax_included;
    kt_lines lines;
};
static const kt_shape bill_shape = KT_SHAPE(bill, "finance.invoice", KT_BIND(bill, order, REF, "order"),
    KT_BIND(bill, corrects, REF, "corrects"), KT_BIND(bill, currency, REF, "currency"),
    KT_BIND(bill, day, DATE, "day"), KT_BIND(bill, tax_included, BOOL, "tax_included"),
    KT_BIND(bill, lines, LINES, "lines", .lines = &bill_line_shape));
#define BILLS_AND_NOTES                                                                                      \
    KT_STR("[[\"state\",\"=\",\"posted\"],[\"kind\",\"in\",[\"purchase\",\"purchase_credit\"]]]")

kt_dec price_of_one(kt_dec quantity, kt_dec price, kt_dec percent, kt_dec amount, kt_dec pieces)
{
    kt_dec rest = kt_dec_sub(KT_DEC(100, 0), kt_dec_add(ZERO, percent));
    kt_dec value = kt_dec_div(kt_dec_mul(kt_dec_mul(quantity, price, 6), rest, 6), KT_DEC(100, 0), 6);
    return kt_dec_div(kt_dec_sub(value, kt_dec_add(ZERO, amount)), pieces, 6);
}

static struct billed_at *row_of(struct bills *found, kt_id bill, int64_t order_line)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].bill.v == bill.v && found->items[i].order_line == order_line)
            return &found->items[i];
    return NULL;
}

/* Prices with and without tax are told apart by what the line comes to, which is rounded to the cent. */
static kt_error *value_of(
    kt_tx *tx, const struct po *o, const struct bill *b, const struct bill_line *line, struct billed_at *row)
{
    kt_dec one = KT_DEC(1, 0), slack = KT_DEC(0, 2);
    row->value = price_of_one(
        line->quantity, line->price, line->discount_percent, line->discount_amount, one);
    if (b->tax_included != o->tax_included) {
        row->value = o->tax_included ? line->gross : line->net;
        slack = KT_DEC(1, 2);
    }
    row->slack = slack;
    if (!b->currency.v || b->currency.v == o->currency.v)
        return NULL;
    row->slack = KT_DEC(1, 2);
    return in_currency(tx, row->value, b->currency, o->currency, b->day, &row->value);
}

/* A bill's lines of one line of the order are taken together. */
static kt_error *add_line(
    kt_tx *tx, const struct po *o, const struct bill *b, const struct bill_line *line, struct bills *found)
{
    const kt_id any = kt_any(tx, bill_shape.name, b->corrects.v ? b->corrects : b->rec.id);
    const struct po_line *of = po_line_with(&o->lines, (kt_id){(uint64_t)line->order_line});
    struct billed_at here, *row = row_of(found, any, line->order_line);
    if (!of || (!row && b->corrects.v))
        return NULL;
    KT_TRY(value_of(tx, o, b, line, &here));
    if (!here.value.scale1)
        return NULL; /* there is no rate */
    here.pieces = line->quantity;
    if (line->unit.v && of->unit.v && line->unit.v != of->unit.v)
        KT_TRY(kt_in_unit(tx, of->item, line->quantity, line->unit, of->unit, &here.pieces));
    if (!row) {
        row = &found->items[found->count++];
        *row = (struct billed_at){any, b->rec.number, line->order_line, ZERO, KT_DEC(0, 6), KT_DEC(0, 2)};
    }
    row->slack = kt_dec_add(row->slack, here.slack);
    row->value = b->corrects.v ? kt_dec_sub(row->value, here.value) : kt_dec_add(row->value, here.value);
    if (!line->price_only)
        row->pieces = b->corrects.v ? kt_dec_sub(row->pieces, here.pieces)
                                    : kt_dec_add(row->pieces, here.pieces);
    return NULL;
}

static kt_error *read_bills(kt_tx *tx, const struct po *o, struct bills *found)
{
    const kt_id order = kt_any(tx, po_shape.name, o->rec.id);
    const kt_where where[] = {KT_WHERE(bill, order, KT_EQ, order), {0}};
    struct bill b = {KT_OF(bill)};
    kt_error *e = NULL;
    size_t room = 0;
    kt_cursor *cursor;
    KT_TRY(kt_open(tx,
        &(kt_query){.of = &bill_shape, .where = where, .sort = "id", .filter = BILLS_AND_NOTES}, &cursor));
    while (!e && kt_next(cursor, &b.rec))
        for (size_t i = 0; !e && i < b.lines.count; i++) {
            found->items = kt_grow(tx, found->items, found->count, &room, sizeof *found->items);
            e = found->items ? add_line(tx, o, &b, KT_AS(bill_line, kt_line(&b.lines, i)), found)
                             : kt_no_memory();
        }
    kt_also(&e, kt_close(cursor));
    return e;
}

kt_error *bills_of(kt_tx *tx, const struct po *o, struct bills *found)
{
    *found = (struct bills){0};
    if (!kt_any(tx, bill_shape.name, (kt_id){1}).v) /* nobody ever kept any here */
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = read_bills(tx, o, found);
    kt_callers_authority(tx, before);
    return e;
}
