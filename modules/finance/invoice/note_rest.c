/* The last credit note of a rate of tax takes what is left of it, to the cent: notes over parts are rounded each for itself, and
 * together would come to a cent more or less than was billed. source: ustawa o VAT art. 29a ust. 10, art. 106j ust. 2 pkt 5 */
#include "invoice/invoice.h"
#include "payment/payment.h"

typedef struct {
    kt_tx *tx;
    struct house house;
    struct invoice *note;
    struct invoice of;
    struct line_rate *rates; /* of its lines */
} crediting;

struct rate_rest {
    kt_dec net, tax; /* what is left of the rate before this note; then what the note differs from it by */
    size_t rounded;  /* how many lines went into it */
    struct invoice_line *largest;
};

/* The rate of a line of this note, or of an earlier one. */
static const struct line_rate *rate_of(const crediting *c, const struct invoice_line *line)
{
    for (size_t i = 0; i < c->of.lines.count; i++)
        if ((int64_t)invoice_line_at(&c->of.lines, i)->rec.id.v == line->source_line)
            return &c->rates[i];
    return NULL;
}

static bool is_at(const crediting *c, const struct invoice_line *line, const struct line_rate *rate)
{
    const struct line_rate *own = rate_of(c, line);
    return own && same_rate(own, rate);
}

static void take(struct rate_rest *rest, const struct invoice_line *line, bool less)
{
    rest->rounded++;
    rest->net = less ? kt_dec_sub(rest->net, line->net) : kt_dec_add(rest->net, line->net);
    rest->tax = less ? kt_dec_sub(rest->tax, line->tax) : kt_dec_add(rest->tax, line->tax);
}

bool note_takes_last(const struct invoice *note, const struct invoice *of, const struct line_rate *rates,
    const struct line_rate *rate)
{
    for (size_t i = 0; i < of->lines.count; i++) {
        const struct invoice_line *source = invoice_line_at(&of->lines, i);
        kt_dec credited = known(source->credited);
        if (rate && !same_rate(&rates[i], rate))
            continue;
        for (size_t k = 0; k < note->lines.count; k++) {
            const struct invoice_line *line = invoice_line_at(&note->lines, k);
            if (!line->price_only && line->source_line == (int64_t)source->rec.id.v)
                credited = kt_dec_add(credited, line->quantity);
        }
        if (!same_dec(credited, source->quantity))
            return false;
    }
    return true;
}

static kt_error *less_notes(const crediting *c, const struct line_rate *rate, struct rate_rest *rest)
{
    const kt_where where[] = {
        KT_WHERE(invoice, corrects, KT_EQ, c->of.rec.id), KT_WHERE(invoice, state, KT_EQ, POSTED), {0}};
    struct invoice earlier = {KT_OF(invoice)};
    kt_cursor *cursor;
    KT_TRY(kt_open(c->tx, &(kt_query){&invoice_shape, where, "id", 0}, &cursor));
    while (kt_next(cursor, &earlier.rec))
        for (size_t i = 0; i < earlier.lines.count; i++)
            if (is_at(c, invoice_line_at(&earlier.lines, i), rate))
                take(rest, invoice_line_at(&earlier.lines, i), true);
    return kt_close(cursor);
}

static kt_error *measure(const crediting *c, const struct line_rate *rate, struct rate_rest *rest)
{
    struct rate_discount off;
    *rest = (struct rate_rest){.net = money(0), .tax = money(0)};
    for (size_t i = 0; i < c->of.lines.count; i++)
        if (same_rate(&c->rates[i], rate))
            take(rest, invoice_line_at(&c->of.lines, i), false);
    KT_TRY(less_notes(c, rate, rest));
    KT_TRY(discounts_billed(c->tx, &c->house, &c->of, rate, &off));
    rest->net = kt_dec_sub(rest->net, off.net);
    rest->tax = kt_dec_sub(rest->tax, off.tax);
    for (size_t i = 0; i < c->note->lines.count; i++) {
        struct invoice_line *line = invoice_line_at(&c->note->lines, i);
        if (!is_at(c, line, rate))
            continue;
        take(rest, line, true);
        if (!rest->largest || kt_dec_cmp(line->net, rest->largest->net) > 0)
            rest->largest = line;
    }
    return NULL;
}

static kt_tax_row *row_labelled(const kt_lines *taxes, kt_str label)
{
    for (size_t i = 0; i < taxes->count; i++)
        if (same_str(KT_AS(kt_tax_row, kt_line(taxes, i))->label, label))
            return KT_AS(kt_tax_row, kt_line(taxes, i));
    return NULL;
}

/* More than cents are another price, on purpose. Records keep four digits; the note has no more than its own, for terms to cut. */
static void take_rest(crediting *c, struct rate_rest *rest)
{
    struct invoice_line *line = rest->largest;
    const uint8_t digits = (uint8_t)(c->note->gross.scale1 - 1);
    rest->net = kt_dec_round(rest->net, digits);
    rest->tax = kt_dec_round(rest->tax, digits);
    kt_tax_row *row = row_labelled(&c->note->taxes, line->tax_label);
    const kt_dec cents = money((int64_t)rest->rounded);
    if (!row && !tax_is_given(&c->of)) /* tax as given has no row */
        return;
    if (!dec_within(rest->net, cents) || !dec_within(rest->tax, cents))
        return;
    line->net = kt_dec_add(line->net, rest->net);
    line->tax = kt_dec_add(line->tax, rest->tax);
    line->gross = kt_dec_add(line->net, line->tax);
    if (row) {
        row->net = kt_dec_add(row->net, rest->net);
        row->amount = kt_dec_add(row->amount, rest->tax);
    }
    c->note->net = kt_dec_add(c->note->net, rest->net);
    c->note->tax = kt_dec_add(c->note->tax, rest->tax);
    c->note->gross = kt_dec_add(c->note->net, c->note->tax);
}

static bool met_before(const crediting *c, size_t i, const struct line_rate *rate)
{
    while (i-- > 0)
        if (is_at(c, invoice_line_at(&c->note->lines, i), rate))
            return true;
    return false;
}

static kt_error *take_rests(crediting *c)
{
    KT_TRY(house_of(c->tx, &c->house));
    KT_TRY(kt_read(c->tx, c->note->corrects, &c->of.rec));
    KT_TRY(line_rates(c->tx, &c->house, &c->of, &c->rates));
    for (size_t i = 0; i < c->note->lines.count; i++) {
        const struct line_rate *rate = rate_of(c, invoice_line_at(&c->note->lines, i));
        struct rate_rest rest;
        if (!rate || met_before(c, i, rate) || !note_takes_last(c->note, &c->of, c->rates, rate))
            continue;
        KT_TRY(measure(c, rate, &rest));
        take_rest(c, &rest);
    }
    return NULL;
}

/* Of tax as given nothing is computed: a note has its part of what notes and discounts left of it, the last one all of that. */
static kt_error *give_tax(crediting *c)
{
    const struct line_rate given = {.buyers = false};
    const kt_where where[] = {
        KT_WHERE(invoice, corrects, KT_EQ, c->of.rec.id), KT_WHERE(invoice, state, KT_EQ, POSTED), {0}};
    struct invoice earlier = {KT_OF(invoice)};
    struct rate_discount off;
    kt_cursor *cursor;
    KT_TRY(house_of(c->tx, &c->house));
    KT_TRY(line_rates(c->tx, &c->house, &c->of, &c->rates));
    KT_TRY(discounts_billed(c->tx, &c->house, &c->of, &given, &off));
    kt_dec tax = kt_dec_sub(c->of.tax, off.tax), left = kt_dec_sub(c->of.net, off.net);
    KT_TRY(kt_open(c->tx, &(kt_query){&invoice_shape, where, "id", 0}, &cursor));
    while (kt_next(cursor, &earlier.rec)) {
        left = kt_dec_sub(left, earlier.net);
        tax = kt_dec_sub(tax, earlier.tax);
    }
    KT_TRY(kt_close(cursor));
    KT_TRY(invoice_totals(c->tx, c->note));
    kt_dec billed = c->note->net;
    if (c->of.tax_included) { /* then the price is what stands, and its net is what the tax leaves */
        left = kt_dec_add(left, tax);
        billed = c->note->gross;
    }
    const kt_dec cents = money((int64_t)c->note->lines.count);
    const bool last = !left.coef || (note_takes_last(c->note, &c->of, c->rates, NULL) &&
                                        dec_within(kt_dec_sub(left, billed), cents));
    c->note->tax_given = last ? tax : share_of(tax, billed, left);
    return NULL;
}

kt_error *note_tax_given(kt_tx *tx, const struct invoice *of, struct invoice *note)
{
    crediting c = {.tx = tx, .note = note, .of = *of};
    return give_tax(&c);
}

kt_error *note_takes_rest(kt_tx *tx, struct invoice *note)
{
    crediting c = {.tx = tx, .note = note, .of = {KT_OF(invoice)}};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = take_rests(&c);
    kt_callers_authority(tx, before);
    return error;
}
