/* Discounts for paying early: who has one, and what it does. What the price comes down by, its tax comes down with, at the
 * rate of exchange that the invoice had; tax that the buyer accounts for comes down on both of its sides. source: Directive
 * 2006/112/EC art. 90, 185; ustawa o VAT art. 29a ust. 7, 10, 13, art. 30a ust. 1 */
#include <string.h>

#include <kontor/list.h>

#include "invoice/posting.h"
#include "payment/payment.h"

/* The invoice that an item is of; not set: none. */
static kt_id invoice_of(kt_tx *tx, const struct open_item *item)
{
    const char *entity = kt_any_entity(tx, item->document);
    return entity && strcmp(entity, invoice_shape.name) == 0 ? kt_any_id(item->document) : (kt_id){0};
}

/* Nothing is taken off what notes have credited already. */
static kt_error *is_billed(kt_tx *tx, const struct open_item *item, kt_dec discount, bool *yes)
{
    struct invoice v = {KT_OF(invoice)};
    kt_dec left, cents;
    const kt_id invoice = invoice_of(tx, item);
    *yes = true;
    if (invoice.v)
        KT_TRY(kt_read(tx, invoice, &v.rec));
    if (!v.credited.coef)
        return NULL;
    KT_TRY(credit_left(tx, &v, &left, &cents));
    *yes = kt_dec_cmp(discount, kt_dec_add(left, cents)) <= 0;
    return NULL;
}

/* Of what is paid in time: who pays a part has that part of it. */
kt_error *discount_judge(kt_tx *tx, const struct payment *p, const struct allocation *a,
    const struct open_item *item, const char *path)
{
    if (!a->discount.coef)
        return NULL;
    kt_dec whole = item->amount.coef < 0 ? kt_dec_neg(item->amount) : item->amount;
    kt_dec paid = kt_dec_add(a->settles, a->discount);
    kt_dec granted = share_of(known(item->discount), paid, whole);
    bool billed;
    KT_TRY(is_billed(tx, item, a->discount, &billed));
    if (billed && sign_of(a->discount) > 0 && kt_dec_cmp(a->discount, granted) <= 0 &&
        p->day.day <= item->discount_until.day)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, path, "is not granted: too late, or too much",
                       "nie przysługuje: za późno albo za dużo"),
        "The open item tells its discount and until when; who pays a part has that part of it, and what is "
        "credited has none.",
        "Rozrachunek podaje skonto i jego termin; kto płaci część, ma taką część skonta, a to, co "
        "skorygowano, "
        "nie ma żadnego.");
}

typedef struct {
    kt_tx *tx;
    const struct discounted *of;
    struct invoice v;
    struct entry *e;
    struct tax_moves moved;
    struct register_rows rows; /* what the register has of the invoice and its notes */
    kt_dec billed;             /* what these come to */
    kt_dec before;             /* what was taken off by earlier payments, sided */
    kt_dec amount, value;      /* what is left for the account of discounts, sided */
    kt_dec net;                /* what is left for the rows of the register */
} discounting;

/* When it is declared: not before the invoice's own row. */
static kt_error *declared_on(
    const discounting *d, enum vat_register side, const struct vat_line *row, kt_date *day)
{
    *day = d->v.tax_day;
    if (side == PURCHASE_REGISTER && !is_buyers(row))
        KT_TRY(deduction_day(d->tx, &d->v, day));
    *day = later_of(d->e->day, *day);
    return NULL;
}

static kt_error *enter(const discounting *d, enum vat_register side, const struct vat_line *row,
    kt_date declared, kt_dec net, kt_dec amount)
{
    const struct invoice *v = &d->v;
    struct vat_line line = {KT_OF(vat_line), .side = side, .invoice = v->rec.id, .payment = d->of->by->rec.id,
        .tax = row->tax, .party = v->party, .document = d->of->by->rec.number, .label = row->label,
        .kind = row->kind, .name = v->buyer_name, .tax_id = v->buyer_tax_id, .day = d->e->day,
        .tax_day = declared, .rate = row->rate};
    kt_dec base;
    KT_TRY(to_house(d->tx, d->of->house, "rate_day", net, v->currency, v->rate_day, &base));
    line.net = is_sale(v->kind) ? kt_dec_neg(base) : base;
    line.amount = is_sale(v->kind) ? kt_dec_neg(amount) : amount;
    return kt_create(d->tx, &line.rec);
}

/* A row of a side: its tax in the company's currency and in the invoice's. */
static kt_error *book(discounting *d, enum vat_register side, const struct vat_line *row, kt_dec net,
    kt_dec value, kt_dec tax, bool opposite)
{
    struct entry_line like = {.text = row->label};
    const kt_dec sided = opposite ? kt_dec_neg(value) : value;
    kt_date declared;
    bool foreign = d->v.currency.v != d->of->house->currency.v;
    KT_TRY(declared_on(d, side, row, &declared));
    KT_TRY(tax_account(d->tx, &d->moved, side, d->e->day, declared, like.text, sided, &like.account));
    KT_TRY(entry_add(d->tx, d->e, &like, sided, !foreign ? (kt_dec){0} : opposite ? kt_dec_neg(tax) : tax));
    return enter(d, side, row, declared, net, value);
}

/* Of a figure of the register. Discounts of parts are cut so that all of them are that of the whole. */
static kt_dec part_of(const discounting *d, kt_dec figure)
{
    return kt_dec_sub(share_of(kt_dec_add(d->before, d->of->amount), figure, d->billed),
        share_of(d->before, figure, d->billed));
}

/* Tax that the buyer accounts for comes down on both sides, which cancel each other in the entry. */
static kt_error *lessen(discounting *d, const struct vat_line *row, bool last)
{
    const struct invoice *v = &d->v;
    kt_dec tax = part_of(d, row->amount), value;
    kt_dec net = last ? d->net : part_of(d, row->net);
    KT_TRY(to_house(d->tx, d->of->house, "rate_day", tax, v->currency, v->rate_day, &value));
    d->net = kt_dec_sub(d->net, net);
    KT_TRY(book(d, register_of(v), row, net, value, tax, false));
    if (is_buyers(row))
        return book(d, SALE_REGISTER, row, net, value, tax, true);
    d->amount = kt_dec_sub(d->amount, tax);
    d->value = kt_dec_sub(d->value, value);
    return NULL;
}

/* Are there lines at this rate, and is all of them credited? */
static bool lines_credited(
    const struct invoice *v, const struct line_rate *rates, const struct line_rate *rate)
{
    bool some = false;
    for (size_t i = 0; i < v->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&v->lines, i);
        if (!same_rate(&rates[i], rate))
            continue;
        some = true;
        if (!same_dec(line->credited, line->quantity))
            return false;
    }
    return some;
}

static kt_dec gross_of(const struct vat_line *row)
{
    return is_buyers(row) ? row->net : kt_dec_add(row->net, row->amount);
}

/* Is a rate all credited? What earlier discounts took off it, and cents, may be left of it; more is left where a discount was taken
 * back that a note had counted in.
 *   cents  as many as notes' lines may be rounded by */
static kt_error *is_credited(const discounting *d, const struct line_rate *rates, const struct vat_line *row,
    kt_dec cents, bool *credited)
{
    const struct line_rate rate = row_rate(row);
    struct rate_discount off;
    *credited = lines_credited(&d->v, rates, &rate);
    if (!*credited)
        return NULL;
    KT_TRY(discounts_of_rate(d->tx, &d->v, &rate, &off));
    const kt_dec left = kt_dec_sub(gross_of(row), kt_dec_add(off.net, off.tax));
    *credited = kt_dec_cmp(left, cents) <= 0;
    return NULL;
}

/* What the invoice itself comes to at the row's rate, before what advances bore, in the company's currency; not set: nothing. */
static kt_error *whole_of(
    const discounting *d, const struct assessed *buyers, const struct vat_line *row, kt_dec *net, kt_dec *tax)
{
    const struct invoice *v = &d->v;
    const kt_tax_row like = {KT_OF(kt_tax_row), .tax = row->tax, .rate = row->rate};
    const kt_tax_row *charged = tax_row_of(&v->taxes, &like);
    const kt_tax_total *assessed = assessed_at(buyers, row->tax, row->rate);
    *net = *tax = (kt_dec){0};
    if (is_buyers(row) ? !assessed : !charged)
        return NULL;
    KT_TRY(to_house(d->tx, d->of->house, "rate_day", is_buyers(row) ? assessed->net : charged->net,
        v->currency, v->rate_day, net));
    return to_house(d->tx, d->of->house, "rate_day", is_buyers(row) ? assessed->tax : charged->amount,
        v->currency, v->rate_day, tax);
}

/* Have notes given back more of a rate than advances left of it? Then nothing of it is paid, unless the other rates have less
 * than is taken off: what is paid is then left of the whole.
 *   own    the row of the invoice alone; NULL: the advance bore all of it
 *   whole  take the notes off the whole */
static kt_error *is_over(const discounting *d, const struct assessed *buyers, bool whole,
    const struct vat_line *own, struct vat_line *row, bool *over)
{
    kt_dec net, tax;
    KT_TRY(whole_of(d, buyers, row, &net, &tax));
    *over = sign_of(row->net) < 0 && sign_of(net) >= 0;
    if (!*over || !whole || !net.scale1)
        return NULL;
    row->net = kt_dec_add(row->net, own ? kt_dec_sub(net, own->net) : net);
    row->amount = kt_dec_add(row->amount, own ? kt_dec_sub(tax, own->amount) : tax);
    *over = sign_of(row->net) < 0;
    return NULL;
}

/* The rows of the invoice, then with those of its notes. */
static kt_error *add_all_rows(discounting *d, struct vat_line **own, size_t *own_count, size_t *notes)
{
    const kt_where corrected[] = {
        KT_WHERE(invoice, corrects, KT_EQ, d->v.rec.id), KT_WHERE(invoice, state, KT_EQ, POSTED), {0}};
    kt_found found;
    KT_TRY(register_read(d->tx, d->v.rec.id, register_of(&d->v), false, &d->rows));
    *own_count = d->rows.count;
    *own = kt_alloc(d->tx, sizeof **own * (d->rows.count + 1));
    if (!*own)
        return kt_no_memory();
    if (d->rows.count)
        memcpy(*own, d->rows.at, d->rows.count * sizeof **own);
    KT_TRY(kt_find(d->tx, &(kt_query){&invoice_shape, corrected, "id"}, 0, &found));
    for (size_t i = 0; i < found.count; i++)
        KT_TRY(register_read(d->tx, found.ids[i], register_of(&d->v), false, &d->rows));
    *notes = found.count;
    return NULL;
}

typedef struct {
    struct assessed buyers;
    struct line_rate *rates;
    struct vat_line *own; /* the rows of the invoice alone */
    size_t own_count;
    kt_dec cents; /* as many as notes' lines may be rounded by */
} billing;

/* Keeps the rows of which something is left. */
static kt_error *keep_billed(discounting *d, const billing *b, bool whole)
{
    const struct register_rows all = d->rows;
    d->rows = (struct register_rows){.at = kt_alloc(d->tx, sizeof *all.at * (all.count + 1))};
    if (!d->rows.at)
        return kt_no_memory();
    d->billed = money(0);
    for (size_t i = 0; i < all.count; i++) {
        struct vat_line row = all.at[i];
        bool over, credited;
        KT_TRY(is_over(d, &b->buyers, whole, i < b->own_count ? &b->own[i] : NULL, &row, &over));
        KT_TRY(is_credited(d, b->rates, &row, b->cents, &credited));
        if (over || credited || (!row.net.coef && !row.amount.coef))
            continue;
        d->billed = kt_dec_add(d->billed, gross_of(&row));
        d->rows.at[d->rows.count++] = row;
    }
    const kt_dec off = d->of->value.coef < 0 ? kt_dec_neg(d->of->value) : d->of->value;
    if (whole || kt_dec_cmp(off, d->billed) <= 0)
        return NULL;
    d->rows = all;
    return keep_billed(d, b, true);
}

/* What is billed, rate by rate: less what advances bore and what notes took off before. */
static kt_error *read_billed(discounting *d)
{
    billing b = {.own_count = 0};
    size_t notes = 0;
    KT_TRY(assess_bill(d->tx, d->of->house, &d->v, &b.buyers));
    KT_TRY(line_rates(d->tx, d->of->house, &d->v, &b.rates));
    KT_TRY(add_all_rows(d, &b.own, &b.own_count, &notes));
    KT_TRY(to_house(d->tx, d->of->house, "rate_day", money((int64_t)(notes * d->v.lines.count)),
        d->v.currency, d->v.rate_day, &b.cents));
    return keep_billed(d, &b, false);
}

kt_error *discount_book(kt_tx *tx, const struct discounted *of, struct entry *e)
{
    discounting d = {.tx = tx,
        .of = of,
        .e = e,
        .v = {KT_OF(invoice)},
        .amount = of->amount,
        .value = of->value,
        .before = money(0)};
    struct entry_line like = {.account = of->account};
    const kt_id invoice = invoice_of(tx, of->item);
    if (invoice.v) { /* else of an opening balance: its tax is not known here */
        KT_TRY(kt_read(tx, invoice, &d.v.rec));
        KT_TRY(read_billed(&d));
        KT_TRY(discounts_taken(tx, d.v.rec.id, &d.before));
        if (sign_of(of->amount) < 0)
            d.before = kt_dec_neg(d.before);
    }
    d.net = of->amount;
    for (size_t i = 0; i < d.rows.count && d.billed.coef; i++)
        if (!is_buyers(&d.rows.at[i]))
            d.net = kt_dec_sub(d.net, part_of(&d, d.rows.at[i].amount));
    for (size_t i = 0; i < d.rows.count && d.billed.coef; i++)
        KT_TRY(lessen(&d, &d.rows.at[i], i + 1 == d.rows.count));
    bool foreign = of->item->currency.v != of->house->currency.v;
    KT_TRY(entry_add(tx, e, &like, d.value, foreign ? d.amount : (kt_dec){0}));
    return tax_moves_post(tx, &d.moved, e);
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

static kt_error *follow_invoices(kt_tx *tx, const struct payment *p)
{
    for (size_t i = 0; i < p->allocations.count; i++) {
        const struct allocation *a = KT_SEE(allocation, kt_line(&p->allocations, i));
        struct open_item item = {KT_OF(open_item)};
        if (!a->discount.coef)
            continue;
        KT_TRY(kt_read(tx, a->item, &item.rec));
        const kt_id invoice = invoice_of(tx, &item);
        if (invoice.v)
            KT_TRY(invoice_follow(tx, invoice));
    }
    return NULL;
}

kt_error *payment_discounted(kt_tx *tx, const kt_event *event)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = follow_invoices(tx, KT_SEE(payment, event->after));
    kt_callers_authority(tx, before);
    return error;
}

kt_error *discounts_of_rate(
    kt_tx *tx, const struct invoice *v, const struct line_rate *rate, struct rate_discount *off)
{
    const enum vat_register side = register_of(v);
    const kt_where where[] = {KT_WHERE(vat_line, invoice, KT_EQ, v->rec.id),
        KT_WHERE(vat_line, payment, KT_NE, {0}), KT_WHERE(vat_line, side, KT_EQ, side), {0}};
    struct vat_line row = {KT_OF(vat_line)};
    kt_cursor *cursor;
    *off = (struct rate_discount){money(0), money(0)};
    KT_TRY(kt_open(tx, &(kt_query){&vat_line_shape, where, "id", 0}, &cursor));
    while (kt_next(cursor, &row.rec)) {
        const struct line_rate own = row_rate(&row);
        if (!same_rate(&own, rate))
            continue;
        off->net = kt_dec_sub(off->net, row.net);
        if (!own.buyers)
            off->tax = kt_dec_sub(off->tax, row.amount);
    }
    return kt_close(cursor);
}

kt_error *discounts_billed(kt_tx *tx, const struct house *house, const struct invoice *v,
    const struct line_rate *rate, struct rate_discount *off)
{
    const kt_id own = house->currency, theirs = v->currency;
    KT_TRY(discounts_of_rate(tx, v, rate, off));
    if (!off->net.coef && !off->tax.coef)
        return NULL;
    KT_TRY(exchange(tx, "rate_day", off->net, own, theirs, v->rate_day, &off->net));
    return exchange(tx, "rate_day", off->tax, own, theirs, v->rate_day, &off->tax);
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
        line.day = day;
        line.tax_day = later_of(day, line.tax_day);
        line.net = kt_dec_neg(line.net);
        line.amount = kt_dec_neg(line.amount);
        KT_TRY(kt_create(tx, &line.rec));
    }
    return NULL;
}
