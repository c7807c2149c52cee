/* The lines of a deal: an estimate by the same rules as a quotation, and the way from one to the other. */
#include "crm.h"
#include "sales/sales.h"

/* The day whose prices and taxes hold: an open deal lives, a closed one stays as it was closed. */
static kt_date day_of(const kt_tx *tx, const struct deal *d)
{
    enum { EPOCH = 719163 }; /* the number of 1970-01-01 */
    static const int64_t day_ms = 86400000;
    if (d->semantic == OPEN || !d->closed_at.ms)
        return kt_today(tx);
    return (kt_date){(int32_t)(d->closed_at.ms / day_ms) + EPOCH};
}

/* An amount that contradicts the lines is a mistake; one that they contradicted before is only out of date.
 */
static kt_error *take_amount(kt_tx *tx, struct deal *d, const struct deal *stored, kt_dec amount)
{
    bool given = d->amount.scale1 && kt_dec_cmp(d->amount, amount) != 0 &&
                 (!stored || kt_dec_cmp(stored->amount, d->amount) != 0);
    if (!given) {
        d->amount = amount;
        return NULL;
    }
    return kt_hint(
        kt_fail(tx, KT_VALIDATION, "amount", "the lines come to %lld.%02lld", "pozycje dają %lld,%02lld",
            (long long)(amount.coef / 100), (long long)(amount.coef < 0 ? -amount.coef : amount.coef) % 100),
        "Leave the amount out, or set amount_manual to write one by hand.",
        "Pomiń kwotę albo ustaw amount_manual, by wpisać ją ręcznie.");
}

kt_error *deal_lines_compute(kt_tx *tx, struct deal *d)
{
    struct deal stored = {KT_OF(deal)};
    kt_lines taxes = {0};
    d->net = d->tax = d->gross = (kt_dec){0};
    if (!d->lines.count)
        return NULL;
    if (d->rec.id.v)
        KT_TRY(kt_read(tx, d->rec.id, &stored.rec));
    struct terms t = {.company = d->rec.company,
        .party = d->party,
        .currency = d->currency,
        .price_list = d->price_list,
        .day = day_of(tx, d),
        .tax_included = d->tax_included,
        .drafted = d->semantic == OPEN,
        .lines = &d->lines,
        .taxes = &taxes,
        .before = d->rec.id.v ? &stored.lines : NULL};
    bool ask;
    KT_TRY(terms_compute(tx, &t));
    KT_TRY(discount_judge(tx, &t, &ask)); /* what needs approval is asked for when it is quoted */
    d->currency = t.currency;
    d->net = t.net;
    d->tax = t.tax;
    d->gross = t.gross;
    if (d->amount_manual)
        return NULL;
    kt_dec amount = kt_dec_round(d->tax_included ? d->gross : d->net, 2);
    return take_amount(tx, d, d->rec.id.v ? &stored : NULL, amount);
}

kt_error *deal_quote(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct deal *d = KT_AS(deal, self);
    if (!d->party.v)
        return kt_fail(tx, KT_VALIDATION, "party", "a quotation needs the customer", "oferta wymaga klienta");
    const struct sale from = {.title = d->title,
        .source = d->source,
        .party = d->party,
        .contact = d->contact,
        .owner = d->owner,
        .deal = d->rec.id,
        .currency = d->currency,
        .price_list = d->price_list,
        .tax_included = d->tax_included,
        .lines = d->lines,
        .rec.company = d->rec.company};
    return quotation_from_deal(tx, &from, &d->quotation);
}

kt_error *deal_quoted(kt_tx *tx, const kt_record *self, kt_record *result)
{
    (void)tx;
    const struct deal *d = KT_SEE(deal, self);
    struct made *out = KT_AS(made, result);
    out->id = (int64_t)d->rec.id.v;
    out->version = d->rec.version;
    out->state = d->stage_name;
    out->made = (int64_t)d->quotation.v;
    return NULL;
}

const kt_shape deal_party_shape = KT_SHAPE(deal_party, NULL,
    KT_FIELD(deal_party, party, REF, "Party", "Kontrahent", .target = "base.party", .required = true,
        .priority = 1),
    KT_FIELD(deal_party, role, STRING, "Role", "Rola", .max = 80, .priority = 2,
        .help = {"Decides, pays, advises, competes.", "Decyduje, płaci, doradza, konkuruje."}),
    KT_FIELD(deal_party, note, STRING, "Remark", "Uwaga", .max = 200));
