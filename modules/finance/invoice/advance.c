/* Advance invoices and the final ones that settle them, one or several: of each advance as much as its final invoices bear.
 * The parts are cut so that net, tax and value of all of them are the advance's. source: ustawa o VAT art. 106f ust. 3 */
#include "invoice/invoice.h"

static kt_error *settled_by(kt_tx *tx, kt_id by, kt_id advance, kt_dec *gross)
{
    struct invoice v = {KT_OF(invoice)};
    KT_TRY(kt_read(tx, by, &v.rec));
    for (size_t i = 0; i < v.advances.count; i++) {
        const struct advance *a = KT_AS(advance, kt_line(&v.advances, i));
        if (a->invoice.v == advance.v)
            *gross = kt_dec_add(*gross, known(a->gross));
    }
    return NULL;
}

kt_error *advance_settled(kt_tx *tx, kt_id advance, kt_id but, bool drafts, kt_dec *gross)
{
    kt_found found;
    kt_str by = kt_format(tx, "[[\"advances.invoice\",\"=\",%llu],[\"state\",%s]]",
        (unsigned long long)advance.v, drafts ? "\"!=\",\"cancelled\"" : "\"=\",\"posted\"");
    *gross = money(0);
    KT_TRY(kt_find(tx, &(kt_query){.of = &invoice_shape, .sort = "id", .filter = by}, 0, &found));
    for (size_t i = 0; i < found.count; i++)
        if (found.ids[i].v != but.v)
            KT_TRY(settled_by(tx, found.ids[i], advance, gross));
    return NULL;
}

kt_dec advance_share(const struct advance_part *part, kt_dec figure)
{
    if (!part->of.gross.coef)
        return known(figure);
    return kt_dec_sub(share_of(figure, kt_dec_add(part->before, part->gross), part->of.gross),
        share_of(figure, part->before, part->of.gross));
}

kt_error *advance_read(kt_tx *tx, const struct invoice *v, const struct advance *a, struct advance_part *part)
{
    *part = (struct advance_part){.of = {KT_OF(invoice)}, .gross = known(a->gross)};
    KT_TRY(kt_read(tx, a->invoice, &part->of.rec));
    return advance_settled(tx, a->invoice, v->rec.id, false, &part->before);
}

static kt_error *check_advance(kt_tx *tx, const struct invoice *v, const struct invoice *of, size_t i)
{
    bool fits = (v->kind == SALE && of->kind == ADVANCE) ||
                (v->kind == PURCHASE && of->kind == PURCHASE_ADVANCE);
    if (fits && of->state == POSTED && of->party.v == v->party.v && of->currency.v == v->currency.v &&
        !of->credited.coef)
        return NULL;
    return kt_hint(kt_fail(tx, KT_VALIDATION, kt_format(tx, "advances[%zu].invoice", i).ptr,
                       "is no posted advance invoice of this party in this currency",
                       "nie jest zaksięgowaną fakturą zaliczkową tego kontrahenta w tej walucie"),
        "Settle advances on a final invoice of the same party and currency.",
        "Zaliczki rozlicza faktura końcowa tego samego kontrahenta i waluty.");
}

static kt_error *take_advance(kt_tx *tx, struct invoice *v, struct advance *a, size_t i)
{
    struct advance_part part;
    const char *path = kt_format(tx, "advances[%zu].amount", i).ptr;
    kt_dec settled;
    a->gross = (kt_dec){0};
    KT_TRY(advance_read(tx, v, a, &part));
    KT_TRY(check_advance(tx, v, &part.of, i));
    KT_TRY(advance_settled(tx, a->invoice, v->rec.id, true, &settled));
    kt_dec left = kt_dec_sub(part.of.gross, settled);
    kt_dec most = kt_dec_cmp(left, v->to_pay) < 0 ? left : v->to_pay;
    if (a->amount.scale1 && sign_of(a->amount) <= 0)
        return kt_fail(tx, KT_VALIDATION, path, "must be above zero", "musi być większa od zera");
    if (a->amount.scale1 && kt_dec_cmp(a->amount, left) > 0)
        return kt_fail(tx, KT_VALIDATION, path, "is more than is left of the advance",
            "jest większa niż pozostało z zaliczki");
    if (a->amount.scale1 && kt_dec_cmp(a->amount, v->to_pay) > 0)
        return kt_fail(tx, KT_VALIDATION, "advances", "the advances are more than the invoice",
            "zaliczki przekraczają fakturę");
    part.gross = a->gross = kt_dec_round(a->amount.scale1 ? a->amount : most, 2);
    a->net = advance_share(&part, part.of.net);
    a->tax = kt_dec_sub(a->gross, a->net);
    v->to_pay = kt_dec_sub(v->to_pay, a->gross);
    return NULL;
}

kt_error *advances_take(kt_tx *tx, struct invoice *v)
{
    kt_error *all = NULL;
    v->to_pay = v->gross;
    for (size_t i = 0; i < v->advances.count; i++) {
        struct advance *a = KT_AS(advance, kt_line(&v->advances, i));
        if (a->invoice.v)
            kt_also(&all, take_advance(tx, v, a, i));
    }
    return all;
}
