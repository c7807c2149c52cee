/* The lines of leads and deals: an estimate by the same rules as a quotation, and the ways from one to the
 * next. */
#include "crm.h"
#include "sales/sales.h"

/* The day whose prices and taxes hold: an open deal lives, a closed one stays as it was closed. */
static kt_date day_of(const kt_tx *tx, const struct deal *d)
{
    int minute;
    return d->semantic == OPEN || !d->closed_at.ms ? kt_today(tx) : kt_local(tx, d->closed_at, &minute);
}

/* An amount that contradicts the lines is a mistake; one that they contradicted before is only out of date.
 */
static kt_error *take_amount(kt_tx *tx, const struct terms *t, const kt_dec *stored, kt_dec *amount)
{
    kt_dec sum = kt_dec_round(t->tax_included ? t->gross : t->net, 2);
    bool given = amount->scale1 && kt_dec_cmp(*amount, sum) != 0 &&
                 (!stored || kt_dec_cmp(*stored, *amount) != 0);
    if (!given) {
        *amount = sum;
        return NULL;
    }
    return kt_hint(
        kt_fail(tx, KT_VALIDATION, "amount", "the lines come to %lld.%02lld", "pozycje dają %lld,%02lld",
            (long long)(sum.coef / 100), (long long)(sum.coef < 0 ? -sum.coef : sum.coef) % 100),
        "Leave the amount out, or set amount_manual to write one by hand.",
        "Pomiń kwotę albo ustaw amount_manual, by wpisać ją ręcznie.");
}

/* What needs approval is asked for when it is quoted. */
static kt_error *estimate(kt_tx *tx, struct terms *t)
{
    bool ask;
    KT_TRY(terms_compute(tx, t));
    return discount_judge(tx, t, &ask);
}

kt_error *deal_lines_compute(kt_tx *tx, struct deal *d)
{
    struct deal stored = {KT_OF(deal)};
    bool known = d->rec.id.v != 0;
    kt_lines taxes = {0};
    d->net = d->tax = d->gross = (kt_dec){0};
    if (!d->lines.count)
        return NULL;
    if (known)
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
        .before = known ? &stored.lines : NULL};
    KT_TRY(estimate(tx, &t));
    d->currency = t.currency;
    d->net = t.net;
    d->tax = t.tax;
    d->gross = t.gross;
    return d->amount_manual ? NULL : take_amount(tx, &t, known ? &stored.amount : NULL, &d->amount);
}

kt_error *lead_lines_compute(kt_tx *tx, struct lead *l)
{
    struct lead stored = {KT_OF(lead)};
    bool known = l->rec.id.v != 0;
    kt_lines taxes = {0};
    if (!l->lines.count || l->state == CONVERTED)
        return NULL;
    if (known)
        KT_TRY(kt_read(tx, l->rec.id, &stored.rec));
    struct terms t = {.company = l->rec.company,
        .party = l->party,
        .currency = l->currency,
        .day = kt_today(tx),
        .tax_included = l->tax_included,
        .drafted = true,
        .lines = &l->lines,
        .taxes = &taxes,
        .before = known ? &stored.lines : NULL};
    KT_TRY(estimate(tx, &t));
    l->currency = t.currency;
    return l->amount_manual ? NULL : take_amount(tx, &t, known ? &stored.amount : NULL, &l->amount);
}

kt_error *plain_lines_copy(kt_tx *tx, const kt_lines *from, kt_lines *to)
{
    for (size_t i = 0; i < from->count; i++) {
        struct sale_line line = *sale_line_at(from, i);
        line.rec = (kt_record){.of = &plain_line_shape};
        KT_TRY(kt_line_add(tx, to, &line.rec));
    }
    return NULL;
}

kt_error *lead_lines_hand_over(kt_tx *tx, const struct lead *l, struct deal *d)
{
    d->tax_included = l->tax_included;
    d->amount_manual = l->amount_manual || kt_dec_cmp(d->amount, l->amount) != 0;
    return plain_lines_copy(tx, &l->lines, &d->lines);
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
    KT_FIELD(deal_party, note, STRING, "Remark", "Uwaga", .max = 200, .personal = true));
