/* Invoices for till receipts: a customer who paid at the till asks for one. It has the receipt's lines and figures and
 * a number of its own; the sale is in ledger and register already, by the receipt, and is not entered again. Where it
 * has to be corrected, the credit note is made of the invoice. source: ustawa o VAT art. 106b ust. 3, 109 ust. 3d */
#include "invoice/invoice.h"

struct for_receipt {
    kt_record rec;
    kt_id party;
    kt_date day;
};
const kt_shape for_receipt_shape = KT_SHAPE(for_receipt, NULL,
    KT_FIELD(for_receipt, party, REF, "Buyer", "Nabywca", .target = "base.party", .required = true),
    KT_FIELD(for_receipt, day, DATE, "Date", "Data wystawienia", .initial = "today"));

/* Invoices for this receipt that are not cancelled, but this one. */
static kt_error *count_others(kt_tx *tx, kt_id receipt, kt_id self, uint64_t *count)
{
    const kt_where where[] = {KT_WHERE(invoice, receipt, KT_EQ, receipt),
        KT_WHERE(invoice, state, KT_NE, CANCELLED), {offsetof(struct invoice, rec.id), KT_NE, &self}, {0}};
    return kt_count(tx, &(kt_query){&invoice_shape, where, NULL, 1}, count);
}

static kt_error *has_one(kt_tx *tx, kt_str number)
{
    return kt_fail(tx, KT_CONFLICT, "receipt", "there is an invoice for %s already", "do %s jest już faktura",
        number.ptr ? number.ptr : "");
}

kt_error *receipt_has_no_invoice(kt_tx *tx, const struct invoice *v)
{
    uint64_t others = 0;
    if (v->kind == TILL_RECEIPT)
        KT_TRY(count_others(tx, v->rec.id, (kt_id){0}, &others));
    return others ? kt_hint(has_one(tx, v->rec.number), "Make the credit note of that invoice.",
                        "Wystaw korektę do tej faktury.")
                  : NULL;
}

kt_error *invoice_for_receipt(kt_tx *tx, kt_record *self, const kt_record *params)
{
    const struct for_receipt *p = KT_SEE(for_receipt, params);
    struct invoice *of = KT_AS(invoice, self);
    uint64_t others;
    if (of->kind != TILL_RECEIPT)
        return kt_fail(tx, KT_RULE, "kind", "is no till receipt", "nie jest paragonem");
    KT_TRY(count_others(tx, of->rec.id, (kt_id){0}, &others));
    if (others)
        return has_one(tx, of->rec.number);
    if (of->credited.coef)
        return kt_fail(tx, KT_BAD_STATE, "credited", "some of %s came back to the till already",
            "część sprzedaży z %s już zwrócono do kasy", of->rec.number.ptr);
    struct invoice v = {KT_OF(invoice), .kind = SALE, .party = p->party, .receipt = of->rec.id, .day = p->day,
        .tax_day = of->tax_day, .rate_day = of->rate_day, .currency = of->currency, .rounding = of->rounding,
        .tax_included = of->tax_included, .position = of->tax_position, .reference = of->rec.number,
        .order = of->order, .tax_given = of->tax_given, .state = DRAFT};
    for (size_t i = 0; i < of->lines.count; i++) {
        struct invoice_line line = *invoice_line_at(&of->lines, i);
        line.rec = (kt_record){.of = &invoice_line_shape};
        line.credited = (kt_dec){0};
        KT_TRY(kt_line_add(tx, &v.lines, &line.rec));
    }
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_create(tx, &v.rec);
    kt_callers_authority(tx, before);
    return error;
}

kt_error *invoice_for_receipt_made(kt_tx *tx, const kt_record *self, kt_record *result)
{
    const kt_where where[] = {KT_WHERE(invoice, receipt, KT_EQ, self->id), {0}};
    return invoice_made(tx, self, where, result);
}

kt_error *receipt_check(kt_tx *tx, const struct invoice *v)
{
    struct invoice of = {KT_OF(invoice)};
    uint64_t others;
    if (!v->receipt.v)
        return NULL;
    KT_TRY(kt_read(tx, v->receipt, &of.rec));
    KT_TRY(count_others(tx, v->receipt, v->rec.id, &others));
    if (others)
        return has_one(tx, of.rec.number);
    if (same_dec(v->net, of.net) && same_dec(v->tax, of.tax) && v->currency.v == of.currency.v)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, "lines", "the invoice is not what %s sold",
                       "faktura różni się od sprzedaży z %s", of.rec.number.ptr),
        "Post it as it was made; a credit note changes it then.",
        "Zaksięguj ją bez zmian, potem wystaw korektę.");
}
