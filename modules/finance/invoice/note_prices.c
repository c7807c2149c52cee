/* What a credit note gives back: not more than was paid. Notes on the price made each piece of their line cheaper; a discount for
 * paying early did so with what was not given back yet at its rate of tax. Where such a discount is taken back afterwards, earlier
 * notes gave back too little: the rest of it is credited by the price of what they were for. source: ustawa o VAT art. 29a
 * ust. 10, 13; Directive 2006/112/EC art. 90 */
#include "invoice/invoice.h"
#include "payment/payment.h"

struct rate_left {      /* of the lines at one rate of tax */
    kt_dec value, left; /* of what is not credited: at the prices that notes left; less what was taken off */
    kt_dec credited;    /* what is credited, as it was billed */
    kt_dec rest;        /* what notes gave back too little */
    kt_dec spread;      /* of what is credited: whose part of the rest is found */
};
struct line_left { /* of one line of the invoice */
    struct line_rate rate;
    struct rate_left *at;
    bool cheaper;    /* there are notes on its price */
    kt_dec quantity; /* not credited */
    kt_dec value;    /* of that, at the price that notes left */
    kt_dec whole;    /* and as billed */
    kt_dec noted;    /* all that notes gave */
    size_t notes;    /* in so many lines */
};

static kt_dec whole_of(const struct invoice_line *line, kt_dec quantity)
{
    if (same_dec(quantity, line->quantity))
        return line->gross;
    return kt_dec_mul(line->gross, kt_dec_div(quantity, line->quantity, 9), 4);
}

static void take_note(const struct invoice_line *by, struct line_left *of)
{
    of->noted = kt_dec_add(of->noted, by->gross);
    of->notes++;
    if (by->price_only) {
        of->value = kt_dec_sub(of->value, by->gross);
        of->cheaper = true;
        return;
    }
    kt_dec quantity = kt_dec_sub(of->quantity, by->quantity);
    of->value = of->quantity.coef ? kt_dec_mul(of->value, kt_dec_div(quantity, of->quantity, 9), 4)
                                  : of->value;
    of->quantity = quantity;
}

/* The line of the invoice that a note's line corrects. returns the count of lines: none */
static size_t source_of(const struct invoice *v, const struct invoice_line *line)
{
    size_t i = 0;
    while (i < v->lines.count && (int64_t)invoice_line_at(&v->lines, i)->rec.id.v != line->source_line)
        i++;
    return i;
}

/* Posted notes, one after the other. */
static kt_error *take_notes(kt_tx *tx, const struct invoice *v, struct line_left *lines)
{
    const kt_where where[] = {
        KT_WHERE(invoice, corrects, KT_EQ, v->rec.id), KT_WHERE(invoice, state, KT_EQ, POSTED), {0}};
    struct invoice note = {KT_OF(invoice)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&invoice_shape, where, "entry", 0}, &cursor));
    while (kt_next(cursor, &note.rec))
        for (size_t i = 0; i < note.lines.count; i++) {
            const struct invoice_line *line = invoice_line_at(&note.lines, i);
            size_t of = source_of(v, line);
            if (of < v->lines.count)
                take_note(line, &lines[of]);
        }
    return kt_close(cursor);
}

/* What earlier notes gave back too little. The note's own lines at the rate take the cents that those were rounded by (note_rest.c);
 * where it has none, all that is left is the rest.
 *   notes  how many lines of them; 0: the note has none */
static kt_error *read_rest(
    kt_tx *tx, const struct house *house, const struct invoice *v, size_t notes, struct rate_left *at)
{
    const kt_dec rest = kt_dec_sub(at->left, at->value);
    kt_dec worth;
    KT_TRY(to_house(tx, house, "rate_day", rest, v->currency, v->rate_day, &worth));
    at->rest = worth.coef && kt_dec_cmp(rest, money((int64_t)notes)) > 0 ? rest : money(0);
    return NULL;
}

static kt_error *sum_rate(
    kt_tx *tx, const struct house *house, const struct invoice *v, struct line_left *lines, size_t first)
{
    struct rate_left *at = kt_alloc(tx, sizeof *at);
    struct rate_discount off;
    size_t notes = 0;
    bool open = false;
    if (!at)
        return kt_no_memory();
    *at = (struct rate_left){money(0), money(0), money(0), money(0), money(0)};
    for (size_t i = first; i < v->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&v->lines, i);
        if (!same_rate(&lines[i].rate, &lines[first].rate))
            continue;
        lines[i].at = at;
        at->value = kt_dec_add(at->value, lines[i].value);
        at->left = kt_dec_add(at->left, kt_dec_sub(line->gross, lines[i].noted));
        at->credited = kt_dec_add(at->credited, kt_dec_sub(line->gross, lines[i].whole));
        open |= lines[i].quantity.coef != 0;
        notes += lines[i].notes;
    }
    KT_TRY(discounts_billed(tx, house, v, &lines[first].rate, &off));
    at->left = kt_dec_sub(at->left, kt_dec_add(off.net, off.tax));
    return read_rest(tx, house, v, open ? notes : 0, at);
}

static kt_error *read_left(kt_tx *tx, const struct invoice *v, struct line_left **out)
{
    struct house house;
    struct line_rate *rates;
    struct line_left *lines = kt_alloc(tx, sizeof *lines * (v->lines.count + 1));
    if (!lines)
        return kt_no_memory();
    KT_TRY(house_of(tx, &house));
    KT_TRY(line_rates(tx, &house, v, &rates));
    for (size_t i = 0; i < v->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&v->lines, i);
        lines[i] = (struct line_left){
            .rate = rates[i], .quantity = line->quantity, .value = line->gross, .noted = money(0)};
    }
    KT_TRY(take_notes(tx, v, lines));
    for (size_t i = 0; i < v->lines.count; i++) {
        lines[i].whole = whole_of(invoice_line_at(&v->lines, i), lines[i].quantity);
        if (!lines[i].cheaper)
            lines[i].value = lines[i].whole;
    }
    for (size_t i = 0; i < v->lines.count; i++)
        if (!lines[i].at)
            KT_TRY(sum_rate(tx, &house, v, lines, i));
    *out = lines;
    return NULL;
}

/* What a line comes to, before tax or with it as its price is. */
static kt_dec value_of(const struct invoice_line *line)
{
    kt_dec sum = kt_dec_sub(kt_dec_mul(line->price, line->quantity, 4), known(line->discount_amount));
    kt_dec percent = kt_dec_sub(KT_DEC(100, 0), known(line->discount_percent));
    return line->discount_percent.coef ? kt_dec_mul(sum, kt_dec_div(percent, KT_DEC(100, 0), 6), 4) : sum;
}

/* A price of four digits is not exact for thousands of pieces: then a higher one, less what that is too much. */
static void take_exactly(struct invoice_line *line, kt_dec value)
{
    const kt_dec gap = kt_dec_sub(value_of(line), value);
    if (kt_dec_cmp(gap, KT_DEC(4, 3)) <= 0 && kt_dec_cmp(gap, KT_DEC(-4, 3)) >= 0)
        return;
    line->discount_percent = (kt_dec){0};
    line->price = kt_dec_add(kt_dec_div(value, line->quantity, 4), KT_DEC(1, 4));
    line->discount_amount = kt_dec_sub(kt_dec_mul(line->price, line->quantity, 4), value);
}

static void lessen(struct invoice_line *line, kt_dec part, kt_dec of)
{
    if (!of.coef || same_dec(part, of))
        return;
    const kt_dec share = kt_dec_div(part, of, 9), value = kt_dec_mul(value_of(line), share, 4);
    line->price = kt_dec_mul(line->price, share, 4);
    if (line->discount_amount.coef)
        line->discount_amount = kt_dec_mul(line->discount_amount, share, 4);
    take_exactly(line, value);
}

/* Its part of a line, as a note on the line's price. The parts are cut so that all of them are the rest. */
static kt_error *add_rest(
    kt_tx *tx, const struct invoice_line *of, const struct line_left *left, struct invoice *note)
{
    struct rate_left *at = left->at;
    struct invoice_line line = credit_line_of(of);
    const kt_dec credited = kt_dec_sub(of->gross, left->whole), before = at->spread;
    if (!credited.coef || !at->credited.coef || !at->rest.coef)
        return NULL;
    at->spread = kt_dec_add(before, credited);
    const kt_dec part = kt_dec_sub(
        share_of(at->rest, at->spread, at->credited), share_of(at->rest, before, at->credited));
    if (!part.coef)
        return NULL;
    line.quantity = kt_dec_sub(of->quantity, left->quantity);
    line.price_only = true;
    line.price = of->price;
    if (of->discount_amount.coef)
        line.price = kt_dec_sub(line.price, kt_dec_div(of->discount_amount, of->quantity, 4));
    line.discount_amount = (kt_dec){0};
    lessen(&line, part, credited);
    return kt_line_add(tx, &note->lines, &line.rec);
}

kt_error *note_prices(kt_tx *tx, const struct invoice *v, bool all, struct invoice *note, bool *as_billed)
{
    kt_dec taken;
    struct line_left *lines = NULL;
    KT_TRY(discounts_taken(tx, v->rec.id, &taken));
    *as_billed = !taken.coef && !known(v->credited).coef;
    if (*as_billed)
        return NULL;
    KT_TRY(read_left(tx, v, &lines));
    for (size_t i = 0; i < note->lines.count; i++) {
        struct invoice_line *line = invoice_line_at(&note->lines, i);
        const struct line_left *left = &lines[source_of(v, line)];
        if (line->price_only)
            continue;
        lessen(line, left->value, left->whole);
        if (taken.coef && kt_dec_cmp(left->at->left, left->at->value) < 0)
            lessen(line, left->at->left, left->at->value);
    }
    for (size_t i = 0; i < v->lines.count && all; i++)
        KT_TRY(add_rest(tx, invoice_line_at(&v->lines, i), &lines[i], note));
    return NULL;
}
