/* The taxes of an invoice that is being posted: what it bears at each rate, less what its advances bore, in the ledger and in the
 * registers. An advance is taxed at the rate of exchange of its own day: what it bore more at a rate than the final invoice is given
 * back at that. A note takes back what was booked: note_booked.c. source: ustawa o VAT art. 31a, 31b, art. 106f ust. 3 */
#include "invoice/posting.h"

static bool same_tax(const kt_tax_row *a, const kt_tax_row *b)
{
    return a->tax.v == b->tax.v && same_dec(a->rate, b->rate);
}

kt_tax_row *tax_row_of(const kt_lines *taxes, const kt_tax_row *like)
{
    for (size_t i = 0; i < taxes->count; i++)
        if (same_tax(KT_AS(kt_tax_row, kt_line(taxes, i)), like))
            return KT_AS(kt_tax_row, kt_line(taxes, i));
    return NULL;
}

/* A row of a register, of a part of an invoice's figures. */
static struct vat_line row_of(const struct invoice *v, const kt_tax_row *of, kt_dec net, kt_dec amount)
{
    return (struct vat_line){KT_OF(vat_line), .side = register_of(v), .tax = of->tax, .label = of->label,
        .kind = of->kind, .rate = of->rate, .net = net, .amount = amount};
}

/* Tax that another system computed: of no rate. */
static struct vat_line given_row(kt_tx *tx, const struct invoice *v, kt_dec net, kt_dec amount)
{
    const kt_tax_row given = {
        KT_OF(kt_tax_row), .kind = KT_TAX_CHARGED, .label = kt_say(tx, (kt_text){"as given", "podany"})};
    return row_of(v, &given, net, amount);
}

kt_error *document_taxes(
    kt_tx *tx, const struct house *house, const struct invoice *v, struct register_rows *rows)
{
    struct assessed all;
    kt_dec told = money(0);
    for (size_t i = 0; i < v->taxes.count; i++) {
        const kt_tax_row *of = KT_AS(kt_tax_row, kt_line(&v->taxes, i));
        const struct vat_line row = row_of(v, of, of->net, of->amount);
        bool buyers;
        told = kt_dec_add(told, of->amount);
        KT_TRY(buyer_accounts_for(tx, v, of, &buyers));
        if (!buyers)
            KT_TRY(register_add(tx, rows, &row));
    }
    if (!same_dec(told, v->tax)) {
        const struct vat_line row = given_row(tx, v, v->net, kt_dec_sub(v->tax, told));
        KT_TRY(register_add(tx, rows, &row));
    }
    KT_TRY(assess_bill(tx, house, v, &all));
    for (size_t i = 0; i < all.count; i++) {
        const kt_tax_row of = assessed_row(&all.rows[i]);
        const struct vat_line row = row_of(v, &of, of.net, of.amount);
        KT_TRY(register_add(tx, rows, &row));
    }
    return NULL;
}

/* ---- What advances bore ---- */

/* Of a part that is settled: in the advance's currency, or as it was booked in the company's. */
static kt_error *add_borne(posting *p, const struct advance_part *part, struct register_rows *had)
{
    kt_dec *taxes;
    KT_TRY(advance_taxes(p->tx, part, &taxes));
    for (size_t i = 0; i < part->of.taxes.count; i++) {
        const kt_tax_row *of = KT_AS(kt_tax_row, kt_line(&part->of.taxes, i));
        const struct vat_line row = row_of(p->v, of, advance_share(part, of->net), taxes[i]);
        bool buyers;
        KT_TRY(buyer_accounts_for(p->tx, p->v, of, &buyers));
        if (!buyers)
            KT_TRY(register_add(p->tx, had, &row));
    }
    if (tax_is_given(&part->of) && part->of.tax.coef) {
        const kt_dec net = advance_share(part, part->of.net);
        const struct vat_line row = given_row(p->tx, p->v, net, kt_dec_sub(part->gross, net));
        KT_TRY(register_add(p->tx, had, &row));
    }
    for (size_t i = 0; i < part->buyers.count; i++) {
        const kt_tax_row of = assessed_row(&part->buyers.rows[i]);
        const struct vat_line row = row_of(
            p->v, &of, advance_share(part, of.net), advance_share(part, of.amount));
        KT_TRY(register_add(p->tx, had, &row));
    }
    return NULL;
}

/* What is left of a figure after advances. Below zero it is a part of theirs that comes back as it was booked. */
static kt_error *value_of_rest(posting *p, kt_dec rest, kt_dec had, kt_dec booked, kt_dec *value)
{
    if (sign_of(rest) >= 0 || sign_of(had) <= 0)
        return posting_base(p, rest, value);
    *value = kt_dec_neg(share_of(booked, kt_dec_neg(rest), had));
    return NULL;
}

/* Tax that comes back as it was booked is set off against what is owed now: what that is at the rate of this invoice it realises. A cent
 * is of rounding, and stays with the lines. source: IAS 21 par. 28; ustawa o rachunkowości art. 30 ust. 4 */
static kt_error *realise(posting *p, const struct posted_tax *t)
{
    kt_dec now;
    if (!p->mixed || is_buyers(&t->row) || sign_of(t->row.amount) >= 0)
        return NULL;
    KT_TRY(posting_base(p, t->row.amount, &now));
    now = kt_dec_sub(now, t->amount);
    if (!dec_within(now, money(1)))
        p->realised = kt_dec_add(p->realised, now);
    return NULL;
}

/* What its lines bear at a rate: of that what advances paid is income, or cost, as they were booked. source: IFRIC 22 */
static void keep_rate(posting *p, const struct posted_tax *left, kt_dec net, kt_dec advances)
{
    struct posted_tax *rate = &p->rates[p->rate_count++];
    *rate = *left;
    rate->row.net = net;
    rate->net = kt_dec_add(left->net, advances);
}

static bool is_nothing(const struct posted_tax *t)
{
    return !t->row.net.coef && !t->row.amount.coef && !t->net.coef && !t->amount.coef;
}

/* Of a sale that advances bore wholly one row of nothing is left: no final invoice is due then (art. 106f ust. 3), but one that was
 * issued and numbered is looked for in the register of sales. That of purchases has what is deducted (art. 109 ust. 3). */
static bool is_last_of_sale(const posting *p, size_t left)
{
    return p->v->kind == SALE && !p->tax_count && left == 1;
}

static kt_error *less_advances(posting *p, struct register_rows *rows)
{
    struct register_rows had = {.count = 0}, booked = {.count = 0};
    for (size_t i = 0; i < p->v->advances.count; i++) {
        KT_TRY(add_borne(p, &p->advances[i], &had));
        KT_TRY(advance_booked(p->tx, &p->advances[i], &booked));
    }
    p->rates = kt_alloc(p->tx, sizeof *p->rates * (rows->count + 1));
    if (!p->rates)
        return kt_no_memory();
    for (size_t i = 0; i < rows->count; i++)
        p->rates[i].row.net = rows->at[i].net;
    const size_t own = rows->count;
    for (size_t i = 0; i < had.count; i++) {
        const struct vat_line *of = &had.at[i];
        struct vat_line less = *of;
        less.net = kt_dec_neg(of->net);
        less.amount = kt_dec_neg(of->amount);
        KT_TRY(register_add(p->tx, rows, &less));
    }
    p->taxes = kt_alloc(p->tx, sizeof *p->taxes * (rows->count + 1));
    if (!p->taxes)
        return kt_no_memory();
    for (size_t i = 0; i < rows->count; i++) {
        struct posted_tax *t = &p->taxes[p->tax_count];
        const struct vat_line *borne = register_row(&had, &rows->at[i]);
        const struct vat_line *as = register_row(&booked, &rows->at[i]);
        const struct vat_line none = {KT_OF(vat_line), .net = money(0), .amount = money(0)};
        *t = (struct posted_tax){.row = rows->at[i]};
        if (!borne || !as)
            borne = as = &none;
        KT_TRY(value_of_rest(p, t->row.net, borne->net, as->net, &t->net));
        KT_TRY(value_of_rest(p, t->row.amount, borne->amount, as->amount, &t->amount));
        KT_TRY(realise(p, t));
        if (i < own)
            keep_rate(p, t, p->rates[i].row.net, as->net);
        if (borne == &none || !is_nothing(t) || is_last_of_sale(p, rows->count - i))
            p->tax_count++;
    }
    return NULL;
}

kt_error *read_taxes(posting *p)
{
    struct invoice *v = p->v;
    struct register_rows rows = {.count = 0};
    p->realised = money(0);
    p->mixed = v->advances.count && v->currency.v != p->house.currency.v;
    KT_TRY(document_taxes(p->tx, &p->house, v, &rows));
    KT_TRY(less_advances(p, &rows));
    if (is_credit(v->kind)) {
        KT_TRY(noted_read(p->tx, &p->house, v, &p->noted));
        for (size_t i = 0; i < p->tax_count; i++)
            KT_TRY(noted_row(&p->noted, &p->taxes[i].row, &p->taxes[i].net, &p->taxes[i].amount));
        p->mixed = p->noted.mixed;
        p->line_rates = p->noted.note_rates;
        p->rates = p->taxes;
        p->rate_count = p->tax_count;
        p->realised = posting_sided(p, noted_exchange(&p->noted));
    }
    if (p->mixed && !p->line_rates)
        KT_TRY(line_rates(p->tx, &p->house, v, &p->line_rates));
    v->base_exchange = posting_sided(p, p->realised);
    v->base_tax = money(0);
    for (size_t i = 0; i < p->tax_count; i++)
        if (!is_buyers(&p->taxes[i].row))
            v->base_tax = kt_dec_add(v->base_tax, p->taxes[i].amount);
    return NULL;
}

/* ---- Ledger and registers ---- */

/* What the buyer accounts for is deducted at its tax point. */
static kt_date register_day(const posting *p, enum vat_register side, kt_tax_kind kind)
{
    return side == PURCHASE_REGISTER && kind != KT_TAX_REVERSED ? p->deduction_day : p->v->tax_day;
}

static kt_error *enter(const posting *p, enum vat_register side, const struct posted_tax *t)
{
    const struct invoice *v = p->v;
    const bool credit = is_credit(v->kind);
    struct vat_line line = t->row;
    line.side = side;
    line.invoice = v->rec.id;
    line.party = v->party;
    line.document = v->rec.number;
    line.name = v->buyer_name;
    line.tax_id = v->buyer_tax_id;
    line.day = v->day;
    line.tax_day = register_day(p, side, line.kind);
    line.net = credit ? kt_dec_neg(t->net) : t->net;
    line.amount = credit ? kt_dec_neg(t->amount) : t->amount;
    return kt_create(p->tx, &line.rec);
}

/* opposite: as tax on sales of what the buyer accounts for */
static kt_error *book_tax(posting *p, const struct posted_tax *t, enum vat_register side, bool opposite)
{
    struct entry_line like = {.text = t->row.label};
    const kt_dec value = opposite ? t->amount : kt_dec_neg(t->amount),
                 amount = opposite ? t->row.amount : kt_dec_neg(t->row.amount);
    KT_TRY(tax_account(p->tx, &p->moved, side, p->e.day, register_day(p, side, t->row.kind), like.text,
        p->side > 0 ? value : kt_dec_neg(value), &like.account));
    KT_TRY(posting_book(p, &like, value, amount));
    return enter(p, side, t);
}

kt_error *book_taxes(posting *p)
{
    for (size_t i = 0; i < p->tax_count; i++) {
        const struct posted_tax *t = &p->taxes[i];
        KT_TRY(book_tax(p, t, register_of(p->v), false));
        if (is_buyers(&t->row))
            KT_TRY(book_tax(p, t, SALE_REGISTER, true));
    }
    return NULL;
}

/* ---- What is left for income or cost ---- */

kt_error *posted_line_value(posting *p, size_t i, kt_dec *value)
{
    const struct invoice_line *line = invoice_line_at(&p->v->lines, i);
    KT_TRY(posting_base(p, line->net, value));
    for (size_t k = 0; k < p->rate_count && p->mixed; k++) {
        const struct posted_tax *t = &p->rates[k];
        const struct line_rate rate = row_rate(&t->row);
        if (t->row.net.coef && same_rate(&rate, &p->line_rates[i]))
            *value = share_of(t->net, line->net, t->row.net);
    }
    if (is_credit(p->v->kind) && p->mixed)
        *value = kt_dec_sub(*value, noted_off(&p->noted, *value));
    return NULL;
}

kt_error *owed_value(posting *p, kt_dec *owed)
{
    struct invoice *v = p->v;
    kt_dec net;
    KT_TRY(posting_base(p, v->to_pay, owed));
    v->base_net = kt_dec_sub(kt_dec_sub(*owed, v->base_tax), p->realised);
    if (!is_credit(v->kind) || v->currency.v == p->house.currency.v)
        return NULL;
    net = v->base_net;
    if (p->mixed) {
        net = money(0);
        p->note_own = noted_own(&p->noted);
        for (size_t i = 0; i < v->lines.count; i++) {
            kt_dec value;
            KT_TRY(posted_line_value(p, i, &value));
            net = kt_dec_add(net, value);
        }
    }
    KT_TRY(noted_net(&p->noted, &net));
    v->base_net = net;
    *owed = kt_dec_add(kt_dec_add(net, v->base_tax), p->realised);
    return NULL;
}
