/* The three-way match: order, receipt and bill say the same. A bill's lines of one order's line are taken together, in the
 * order's unit; what they come to for a piece, discounts taken off, must be the order's within the tolerance. */
#include "invoice/invoice.h"
#include "payment/payment.h"

typedef struct {
    kt_tx *tx;
    const struct invoice *v;
    kt_order order;
    kt_dec *billed; /* by this bill so far, of each of the order's lines */
    kt_dec tolerance;
} matching;

static size_t place_of(const kt_order *order, int64_t id)
{
    size_t at = 0;
    while (at < order->line_count && (int64_t)order->lines[at].id.v != id)
        at++;
    return at;
}

/* What a quantity comes to, discounts taken off, for one of `pieces`. */
static kt_dec for_one(kt_dec quantity, kt_dec price, kt_dec percent, kt_dec amount, kt_dec pieces)
{
    kt_dec rest = kt_dec_sub(KT_DEC(100, 0), known(percent));
    kt_dec value = kt_dec_div(kt_dec_mul(kt_dec_mul(quantity, price, 6), rest, 6), KT_DEC(100, 0), 6);
    return kt_dec_div(kt_dec_sub(value, known(amount)), pieces, 6);
}

static kt_error *match_price(
    const matching *m, const struct invoice_line *line, const kt_order_line *of, kt_dec pieces, size_t i)
{
    kt_dec is = for_one(line->quantity, line->price, line->discount_percent, line->discount_amount, pieces);
    kt_dec was = for_one(of->quantity, of->price, of->discount_percent, of->discount_amount, of->quantity);
    kt_dec gap = kt_dec_sub(is, was), most = kt_dec_div(kt_dec_mul(was, m->tolerance, 6), KT_DEC(100, 0), 6);
    if (kt_dec_cmp(gap.coef < 0 ? kt_dec_neg(gap) : gap, most) <= 0)
        return NULL;
    return kt_hint(kt_fail(m->tx, KT_RULE, invoice_path(m->tx, i, "price"),
                       "differs from the order's by more than the tolerance",
                       "różni się od zamówienia bardziej, niż pozwala tolerancja"),
        "Discounts count. Ask the supplier for a credit note, or somebody who may accept it.",
        "Rabaty też się liczą. Poproś dostawcę o korektę albo kogoś, kto może to zaakceptować.");
}

static kt_error *match_line(matching *m, const struct invoice_line *line, size_t i)
{
    size_t at = place_of(&m->order, line->order_line);
    kt_dec pieces;
    kt_error *all = NULL;
    if (at == m->order.line_count)
        return line->item.v && line->goods
                   ? kt_hint(kt_fail(m->tx, KT_RULE, invoice_path(m->tx, i, "order_line"),
                                 "the goods are not on the order", "tego towaru nie ma w zamówieniu"),
                         "Name the order's line, or ask somebody who may accept it.",
                         "Wskaż pozycję zamówienia albo poproś kogoś, kto może to zaakceptować.")
                   : NULL;
    const kt_order_line *of = &m->order.lines[at];
    KT_TRY(in_orders_unit(m->tx, of, line, line->quantity, &pieces));
    if (!pieces.coef || !of->quantity.coef)
        return NULL;
    kt_also(&all, match_price(m, line, of, pieces, i));
    m->billed[at] = kt_dec_add(known(m->billed[at]), pieces);
    kt_dec rest = kt_dec_sub(of->goods ? known(of->delivered) : of->quantity, known(of->invoiced));
    if (kt_dec_cmp(m->billed[at], rest) > 0)
        kt_also(&all, kt_hint(kt_fail(m->tx, KT_RULE, invoice_path(m->tx, i, "quantity"),
                                  "is more than was received and not billed",
                                  "jest większa niż przyjęta i niezafakturowana"),
                          "Wait for the receipt, or ask somebody who may accept it.",
                          "Poczekaj na przyjęcie albo poproś kogoś, kto może to zaakceptować."));
    return all;
}

static kt_error *match_head(const matching *m)
{
    kt_error *all = NULL;
    if (m->v->currency.v != m->order.currency.v && m->order.currency.v)
        kt_also(&all,
            kt_hint(kt_fail(m->tx, KT_RULE, "currency", "is not the order's", "jest inna niż zamówienia"),
                "Ask the supplier for a bill in the order's currency, or somebody who may accept it.",
                "Poproś dostawcę o fakturę w walucie zamówienia albo kogoś, kto może to zaakceptować."));
    if (m->v->tax_included != m->order.tax_included)
        kt_also(&all, kt_fail(m->tx, KT_RULE, "tax_included", "is not as on the order",
                          "jest inaczej niż w zamówieniu"));
    return all;
}

kt_error *order_match(kt_tx *tx, const struct invoice *v)
{
    struct setting s;
    matching m = {.tx = tx, .v = v};
    if (v->kind != PURCHASE || !v->order.v || kt_may(tx, "finance.invoice:override"))
        return NULL;
    const kt_orders *orders = kt_orders_of(tx, v->order);
    if (!orders)
        return NULL;
    KT_TRY(setting_of(tx, &s));
    m.tolerance = s.price_tolerance;
    KT_TRY(order_of_invoice(tx, orders, kt_any_id(v->order), &m.order));
    m.billed = kt_alloc(tx, sizeof *m.billed * (m.order.line_count + 1));
    if (!m.billed)
        return kt_no_memory();
    kt_error *all = match_head(&m);
    if (all)
        return all; /* prices would be compared for nothing */
    for (size_t i = 0; i < v->lines.count; i++)
        kt_also(&all, match_line(&m, invoice_line_at(&v->lines, i), i));
    return all;
}
