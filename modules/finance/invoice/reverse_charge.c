/* Tax that the buyer accounts for: on what is bought under reverse charge, and on goods of a business in another
 * country of the union. It is assessed at the rates that hold at home, once as tax on sales and once as tax on
 * purchases, in the ledger and in both registers; nothing is owed to the supplier for it. What an advance bore of it
 * the final bill does not bear again; a discount for paying early takes its part off again, on the day of the payment.
 * source: ustawa o VAT art. 17, 19a, 20, 86, of discounts art. 29a ust. 7, 10 and 30a; Directive 2006/112/EC art. 90,
 * 185, 196, 200 */
#include "invoice/posting.h"

enum { EU_BUSINESS = 2 }; /* as base.tax_position has it */
struct position_applies {
    kt_record rec;
    unsigned applies;
};
static const kt_shape position_applies_shape = KT_SHAPE(
    position_applies, "base.tax_position", KT_BIND(position_applies, applies, STATE, "applies"));

static kt_error *from_the_union(kt_tx *tx, const struct invoice *v, bool *yes)
{
    struct position_applies at = {KT_OF(position_applies)};
    if (v->tax_position.v)
        KT_TRY(kt_read(tx, v->tax_position, &at.rec));
    *yes = at.applies == EU_BUSINESS;
    return NULL;
}

kt_error *buyer_accounts_for(kt_tx *tx, const struct invoice *v, const kt_tax_row *row, bool *yes)
{
    bool unions = false;
    *yes = false;
    if (is_sale(v->kind))
        return NULL;
    KT_TRY(from_the_union(tx, v, &unions));
    *yes = row->kind == KT_TAX_REVERSED || (unions && row->kind == KT_TAX_CHARGED && !row->rate.coef);
    return NULL;
}

/* Does the buyer account for this line? Its label is that of a row. */
static kt_error *is_assessed(kt_tx *tx, const struct invoice *v, const struct invoice_line *line, bool *yes)
{
    *yes = false;
    for (size_t i = 0; i < v->taxes.count && !*yes; i++) {
        const kt_tax_row *row = KT_AS(kt_tax_row, kt_line(&v->taxes, i));
        if (same_str(row->label, line->tax_label))
            KT_TRY(buyer_accounts_for(tx, v, row, yes));
    }
    return NULL;
}

const kt_tax_total *assessed_at(const struct assessed *all, kt_id tax, kt_dec rate)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->rows[i].rate.tax.v == tax.v && same_dec(all->rows[i].rate.rate, rate))
            return &all->rows[i];
    return NULL;
}

kt_error *assessed_add(kt_tx *tx, struct assessed *all, const kt_tax_total *of, bool less)
{
    const kt_tax_total *found = assessed_at(all, of->rate.tax, of->rate.rate);
    if (!found && all->count == ASSESSED_MOST)
        return kt_fail(tx, KT_LIMIT, "lines", "too many tax rates", "za dużo stawek podatku");
    if (!found)
        all->rows[all->count++] = (kt_tax_total){of->rate, money(0), money(0)};
    kt_tax_total *row = &all->rows[found ? (size_t)(found - all->rows) : all->count - 1];
    row->net = less ? kt_dec_sub(row->net, of->net) : kt_dec_add(row->net, of->net);
    row->tax = less ? kt_dec_sub(row->tax, of->tax) : kt_dec_add(row->tax, of->tax);
    return NULL;
}

/* The lines that the buyer accounts for, with the taxes that they would bear at home.
 *   of  receives which line of the bill each is */
static kt_error *tax_at_home(
    kt_tx *tx, const struct house *house, const struct invoice *v, kt_tax_document *d, size_t **of)
{
    const kt_taxes *taxes = kt_taxes_find(tx);
    kt_tax_line *rows = kt_alloc(tx, sizeof *rows * (v->lines.count + 1));
    *of = kt_alloc(tx, sizeof **of * (v->lines.count + 1));
    if (!rows || !*of)
        return kt_no_memory();
    *d = (kt_tax_document){
        .company = house->company, .currency = v->currency, .rounding = v->rounding, .lines = rows};
    if (!taxes || is_sale(v->kind))
        return NULL;
    KT_TRY(invoice_rates_day(tx, v, &d->day));
    for (size_t i = 0; i < v->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&v->lines, i);
        bool yes;
        KT_TRY(is_assessed(tx, v, line, &yes));
        if (!yes)
            continue;
        (*of)[d->line_count] = i;
        rows[d->line_count++] = (kt_tax_line){
            .item = line->item, .category = line->tax_category, .quantity = KT_DEC(1, 0), .price = line->net};
    }
    return d->line_count ? taxes->assign(tx, d) : NULL;
}

kt_error *line_rates(kt_tx *tx, const struct house *house, const struct invoice *v, struct line_rate **rates)
{
    kt_tax_document d;
    size_t *of;
    KT_TRY(tax_at_home(tx, house, v, &d, &of));
    *rates = kt_alloc(tx, sizeof **rates * (v->lines.count + 1));
    if (!*rates)
        return kt_no_memory();
    for (size_t i = 0; i < v->lines.count; i++)
        (*rates)[i] = (struct line_rate){invoice_line_at(&v->lines, i)->tax_label, false};
    for (size_t i = 0; i < d.line_count; i++) {
        struct line_rate *rate = &(*rates)[of[i]];
        kt_dec percent;
        rate->buyers = true;
        kt_tax_line_bears(tx, &d.lines[i], &percent, &rate->label);
    }
    return NULL;
}

kt_tax_row assessed_row(const kt_tax_total *total)
{
    return (kt_tax_row){KT_OF(kt_tax_row), .tax = total->rate.tax, .label = total->rate.label,
        .kind = KT_TAX_REVERSED, .rate = total->rate.rate, .net = total->net, .amount = total->tax};
}

kt_error *assess_bill(kt_tx *tx, const struct house *house, const struct invoice *v, struct assessed *all)
{
    kt_tax_document d;
    size_t *of;
    *all = (struct assessed){.count = 0};
    KT_TRY(tax_at_home(tx, house, v, &d, &of));
    if (d.line_count)
        KT_TRY(kt_taxes_find(tx)->compute(tx, &d));
    for (size_t i = 0; i < d.total_count; i++)
        KT_TRY(assessed_add(tx, all, &d.totals[i], false));
    return NULL;
}
