/* Discounts for paying early: who has one, and what it does. What the price comes down by, its tax comes down with, at the
 * rate of exchange that the invoice had; tax that the buyer accounts for comes down on both of its sides. source: Directive
 * 2006/112/EC art. 90, 185; ustawa o VAT art. 29a ust. 7, 10, 13, art. 30a ust. 1 */
#include <string.h>

#include "invoice/posting.h"
#include "payment/payment.h"

/* Of what is paid in time: who pays a part has that part of it. */
kt_error *discount_judge(kt_tx *tx, const struct payment *p, const struct allocation *a,
    const struct open_item *item, const char *path)
{
    if (!a->discount.coef)
        return NULL;
    kt_dec whole = item->amount.coef < 0 ? kt_dec_neg(item->amount) : item->amount;
    kt_dec paid = kt_dec_add(a->settles, a->discount);
    kt_dec granted = share_of(known(item->discount), paid, whole);
    if (sign_of(a->discount) > 0 && kt_dec_cmp(a->discount, granted) <= 0 &&
        p->day.day <= item->discount_until.day)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, path, "is not granted: too late, or too much",
                       "nie przysługuje: za późno albo za dużo"),
        "The open item tells its discount and until when; who pays a part has that part of it.",
        "Rozrachunek podaje skonto i jego termin; kto płaci część, ma taką część skonta.");
}

typedef struct {
    kt_tx *tx;
    const struct discounted *of;
    struct invoice v;
    struct entry *e;
    kt_dec amount, value; /* what is left for the account of discounts, sided */
    kt_dec net;           /* what is left for the rows of the register */
} discounting;

static kt_error *enter(
    const discounting *d, enum vat_register side, const kt_tax_row *row, kt_dec net, kt_dec amount)
{
    const struct invoice *v = &d->v;
    struct vat_line line = {KT_OF(vat_line), .side = side, .invoice = v->rec.id, .payment = d->of->by->rec.id,
        .tax = row->tax, .party = v->party, .document = d->of->by->rec.number, .label = row->label,
        .kind = row->kind, .name = v->buyer_name, .tax_id = v->buyer_tax_id, .day = d->of->by->day,
        .tax_day = d->of->by->day, .rate = row->rate};
    kt_dec base;
    KT_TRY(to_house(d->tx, d->of->house, "rate_day", net, v->currency, v->rate_day, &base));
    line.net = is_sale(v->kind) ? kt_dec_neg(base) : base;
    line.amount = is_sale(v->kind) ? kt_dec_neg(amount) : amount;
    return kt_create(d->tx, &line.rec);
}

static kt_error *lessen_tax(discounting *d, const kt_tax_row *row, bool last)
{
    const struct invoice *v = &d->v;
    bool foreign = v->currency.v != d->of->house->currency.v, buyers;
    kt_dec tax = share_of(d->of->amount, row->amount, v->gross), value;
    kt_dec net = last ? d->net : share_of(d->of->amount, row->net, v->gross);
    struct entry_line like = {.text = row->label};
    KT_TRY(account_for(d->tx, is_sale(v->kind) ? TAX_SALE : TAX_PURCHASE, (kt_id){0}, &like.account));
    KT_TRY(to_house(d->tx, d->of->house, "rate_day", tax, v->currency, v->rate_day, &value));
    KT_TRY(entry_add(d->tx, d->e, &like, value, foreign ? tax : (kt_dec){0}));
    d->amount = kt_dec_sub(d->amount, tax);
    d->value = kt_dec_sub(d->value, value);
    d->net = kt_dec_sub(d->net, net);
    KT_TRY(buyer_accounts_for(d->tx, v, row, &buyers));
    return buyers ? NULL : enter(d, is_sale(v->kind) ? SALE_REGISTER : PURCHASE_REGISTER, row, net, value);
}

/* Both sides of what the buyer accounts for: they cancel each other in the entry. */
static kt_error *lessen_assessed(discounting *d)
{
    const struct invoice *v = &d->v;
    bool foreign = v->currency.v != d->of->house->currency.v;
    struct assessed all;
    KT_TRY(assess_bill(d->tx, d->of->house, v, &all));
    for (size_t i = 0; i < all.count; i++) {
        const kt_tax_row row = assessed_row(&all.rows[i]);
        kt_dec net = share_of(d->of->amount, row.net, v->gross);
        kt_dec tax = share_of(d->of->amount, row.amount, v->gross), value;
        KT_TRY(to_house(d->tx, d->of->house, "rate_day", tax, v->currency, v->rate_day, &value));
        for (size_t k = 0; k < 2; k++) {
            struct entry_line like = {.text = row.label};
            KT_TRY(account_for(d->tx, assessed_sides[k].purpose, (kt_id){0}, &like.account));
            KT_TRY(entry_add(d->tx, d->e, &like, k ? kt_dec_neg(value) : value,
                !foreign ? (kt_dec){0}
                : k      ? kt_dec_neg(tax)
                         : tax));
            KT_TRY(enter(d, assessed_sides[k].side, &row, net, value));
        }
    }
    return NULL;
}

static kt_error *read_invoice(discounting *d)
{
    const struct open_item *item = d->of->item;
    const char *entity = kt_any_entity(d->tx, item->document);
    if (!entity || strcmp(entity, "finance.invoice") != 0)
        return NULL; /* of an opening balance: what it was taxed at is not known here */
    return kt_read(d->tx, kt_any_id(item->document), &d->v.rec);
}

kt_error *discount_book(kt_tx *tx, const struct discounted *of, struct entry *e)
{
    discounting d = {
        .tx = tx, .of = of, .e = e, .v = {KT_OF(invoice)}, .amount = of->amount, .value = of->value};
    struct entry_line like = {.account = of->account};
    KT_TRY(read_invoice(&d));
    d.net = of->amount;
    for (size_t i = 0; i < d.v.taxes.count && d.v.gross.coef; i++)
        d.net = kt_dec_sub(
            d.net, share_of(of->amount, KT_AS(kt_tax_row, kt_line(&d.v.taxes, i))->amount, d.v.gross));
    for (size_t i = 0; i < d.v.taxes.count && d.v.gross.coef; i++)
        KT_TRY(lessen_tax(&d, KT_AS(kt_tax_row, kt_line(&d.v.taxes, i)), i + 1 == d.v.taxes.count));
    if (d.v.gross.coef)
        KT_TRY(lessen_assessed(&d));
    bool foreign = of->item->currency.v != of->house->currency.v;
    return entry_add(tx, e, &like, d.value, foreign ? d.amount : (kt_dec){0});
}

static kt_error *add_taken(kt_tx *tx, kt_id item, kt_dec *sum)
{
    kt_found found;
    kt_str by = kt_format(tx,
        "[[\"allocations.item\",\"=\",%llu],[\"state\",\"in\",[\"posted\",\"reconciled\"]]]",
        (unsigned long long)item.v);
    KT_TRY(kt_find(tx, &(kt_query){.of = &payment_shape, .sort = "id", .filter = by}, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        struct payment p = {KT_OF(payment)};
        KT_TRY(kt_read(tx, found.ids[i], &p.rec));
        for (size_t k = 0; k < p.allocations.count; k++) {
            const struct allocation *a = KT_SEE(allocation, kt_line(&p.allocations, k));
            if (a->item.v == item.v)
                *sum = kt_dec_add(*sum, known(a->discount));
        }
    }
    return NULL;
}

static kt_error *sum_taken(kt_tx *tx, kt_id invoice, kt_dec *sum)
{
    struct open_item *items;
    size_t count;
    KT_TRY(open_items_of(tx, kt_any(tx, "finance.invoice", invoice), &items, &count));
    for (size_t i = 0; i < count; i++)
        if (items[i].discount.coef)
            KT_TRY(add_taken(tx, items[i].rec.id, sum));
    return NULL;
}

kt_error *discounts_taken(kt_tx *tx, kt_id invoice, kt_dec *sum)
{
    *sum = money(0);
    kt_authority before = kt_own_authority(tx);
    kt_error *error = sum_taken(tx, invoice, sum);
    kt_callers_authority(tx, before);
    return error;
}

kt_error *discount_undo(kt_tx *tx, kt_id payment, kt_date day)
{
    const kt_where where[] = {KT_WHERE(vat_line, payment, KT_EQ, payment), {0}};
    kt_found rows;
    KT_TRY(kt_find(tx, &(kt_query){&vat_line_shape, where, "id"}, 0, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct vat_line line = {KT_OF(vat_line)};
        KT_TRY(kt_read(tx, rows.ids[i], &line.rec));
        line.rec = (kt_record){.of = &vat_line_shape, .company = line.rec.company};
        line.day = line.tax_day = day;
        line.net = kt_dec_neg(line.net);
        line.amount = kt_dec_neg(line.amount);
        KT_TRY(kt_create(tx, &line.rec));
    }
    return NULL;
}
