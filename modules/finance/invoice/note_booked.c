/* What a credit note takes back in the company's currency: what was booked. That is the invoice at its own rate of exchange and, of
 * what it settled, advances at theirs, rate of tax by rate of tax; of parts, a part of what earlier notes and discounts left. So
 * nothing is left of an invoice that is credited in full. source: ustawa o VAT art. 29a ust. 10, 13, art. 31a, 31b */
#include "invoice/invoice.h"
#include "payment/payment.h"

static struct vat_line opposite(const struct vat_line *row)
{
    struct vat_line less = *row;
    less.net = kt_dec_neg(row->net);
    less.amount = kt_dec_neg(row->amount);
    return less;
}

static kt_error *less_all(kt_tx *tx, const struct register_rows *of, struct register_rows *from)
{
    for (size_t i = 0; i < of->count; i++) {
        const struct vat_line less = opposite(&of->at[i]);
        KT_TRY(register_add(tx, from, &less));
    }
    return NULL;
}

/* What payments took off is known in the company's currency alone. */
static kt_error *less_discounts(struct noted *n)
{
    kt_tx *tx = n->tx;
    const kt_id own = n->house->currency, theirs = n->of.currency;
    struct register_rows with = {.count = 0}, off = {.count = 0};
    KT_TRY(register_read(tx, n->of.rec.id, register_of(&n->of), false, &off));
    KT_TRY(register_read(tx, n->of.rec.id, register_of(&n->of), true, &with));
    KT_TRY(less_all(tx, &off, &with)); /* with: below zero now */
    for (size_t i = 0; i < with.count; i++) {
        struct vat_line row = with.at[i];
        n->net = kt_dec_add(n->net, row.net);
        KT_TRY(register_add(tx, &n->booked, &row));
        KT_TRY(exchange(tx, "rate_day", row.net, own, theirs, n->of.rate_day, &row.net));
        KT_TRY(exchange(tx, "rate_day", row.amount, own, theirs, n->of.rate_day, &row.amount));
        KT_TRY(register_add(tx, &n->billed, &row));
    }
    return NULL;
}

static kt_error *less_notes(struct noted *n)
{
    const kt_where where[] = {
        KT_WHERE(invoice, corrects, KT_EQ, n->of.rec.id), KT_WHERE(invoice, state, KT_EQ, POSTED), {0}};
    kt_found notes;
    KT_TRY(kt_find(n->tx, &(kt_query){&invoice_shape, where, "id"}, 0, &notes));
    for (size_t i = 0; i < notes.count; i++) {
        struct invoice note = {KT_OF(invoice)};
        struct register_rows rows = {.count = 0};
        KT_TRY(kt_read(n->tx, notes.ids[i], &note.rec));
        n->net = kt_dec_sub(n->net, note.base_net);
        n->exchange = kt_dec_add(n->exchange, known(note.base_exchange));
        KT_TRY(register_read(n->tx, notes.ids[i], register_of(&n->of), true, &n->booked));
        KT_TRY(document_taxes(n->tx, n->house, &note, &rows));
        KT_TRY(less_all(n->tx, &rows, &n->billed));
    }
    return NULL;
}

static kt_error *add_advances(struct noted *n)
{
    for (size_t i = 0; i < n->of.advances.count; i++) {
        const struct advance *a = KT_AS(advance, kt_line(&n->of.advances, i));
        struct advance_part part;
        KT_TRY(advance_read(n->tx, a->invoice, n->of.entry, &part));
        part.gross = known(a->gross);
        KT_TRY(advance_booked(n->tx, &part, &n->booked));
        n->net = kt_dec_add(n->net, advance_share(&part, part.of.base_net));
    }
    return NULL;
}

kt_error *noted_read(kt_tx *tx, const struct house *house, const struct invoice *note, struct noted *out)
{
    *out = (struct noted){.tx = tx, .house = house, .note = note, .of = {KT_OF(invoice)}};
    KT_TRY(kt_read(tx, note->corrects, &out->of.rec));
    KT_TRY(line_rates(tx, house, &out->of, &out->rates));
    KT_TRY(line_rates(tx, house, note, &out->note_rates));
    out->mixed = out->of.advances.count && out->of.currency.v != house->currency.v;
    out->net = known(out->of.base_net);
    out->exchange = known(out->of.base_exchange);
    KT_TRY(document_taxes(tx, house, &out->of, &out->billed));
    KT_TRY(register_read(tx, out->of.rec.id, register_of(&out->of), false, &out->booked));
    KT_TRY(add_advances(out));
    KT_TRY(less_discounts(out));
    return less_notes(out);
}

/* As many as lines and rows may be rounded by, each for itself. */
static kt_error *cents_of(const struct noted *n, size_t rounded, kt_dec *cents)
{
    return to_house(
        n->tx, n->house, "rate_day", money((int64_t)rounded), n->note->currency, n->note->rate_day, cents);
}

static kt_error *at_own_rate(const struct noted *n, kt_dec amount, kt_dec *value)
{
    return to_house(n->tx, n->house, "rate_day", amount, n->note->currency, n->note->rate_day, value);
}

kt_error *noted_row(const struct noted *n, const struct vat_line *row, kt_dec *net, kt_dec *amount)
{
    const struct vat_line *billed = register_row(&n->billed, row), *left = register_row(&n->booked, row);
    const struct line_rate rate = row_rate(row);
    const bool mixed = n->mixed && billed && left;
    kt_dec cents;
    KT_TRY(at_own_rate(n, row->net, net));
    KT_TRY(at_own_rate(n, row->amount, amount));
    if (mixed && billed->net.coef)
        *net = share_of(left->net, row->net, billed->net);
    if (mixed && billed->amount.coef)
        *amount = share_of(left->amount, row->amount, billed->amount);
    if (!left || !note_takes_last(n->note, &n->of, n->rates, &rate))
        return NULL;
    KT_TRY(cents_of(n, n->note->lines.count + n->booked.added, &cents));
    if (!dec_within(kt_dec_sub(left->net, *net), cents) ||
        !dec_within(kt_dec_sub(left->amount, *amount), cents))
        return NULL;
    *net = left->net;
    *amount = left->amount;
    return NULL;
}

kt_error *noted_net(const struct noted *n, kt_dec *net)
{
    kt_dec cents;
    if (!note_takes_last(n->note, &n->of, n->rates, NULL))
        return NULL;
    KT_TRY(cents_of(n, n->note->lines.count + n->booked.added, &cents));
    if (dec_within(kt_dec_sub(n->net, *net), cents))
        *net = n->net;
    return NULL;
}

kt_dec noted_off(const struct noted *n, kt_dec value)
{
    kt_dec booked = money(0), size = money(0);
    for (size_t i = 0; i < n->booked.count; i++) {
        booked = kt_dec_add(booked, n->booked.at[i].net);
        size = kt_dec_add(size, size_of(n->booked.at[i].net));
    }
    return size.coef ? share_of(kt_dec_sub(booked, n->net), size_of(value), size) : money(0);
}

kt_dec noted_exchange(const struct noted *n)
{
    const kt_dec left = kt_dec_sub(n->of.gross, known(n->of.credited));
    if (!left.coef || note_takes_last(n->note, &n->of, n->rates, NULL))
        return kt_dec_neg(n->exchange);
    return kt_dec_neg(share_of(n->exchange, n->note->gross, left));
}

kt_dec noted_own(const struct noted *n)
{
    const struct invoice *of = &n->of;
    const kt_dec before = known(of->credited), after = kt_dec_add(before, n->note->gross);
    return kt_dec_sub(share_of(of->to_pay, after, of->gross), share_of(of->to_pay, before, of->gross));
}
