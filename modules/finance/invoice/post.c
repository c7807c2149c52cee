/* Posting an invoice: its number, its entry in the ledger, its rows in the register of tax.
 *
 * The document's currency is brought over by one rate. What is owed and each tax are converted and rounded; what
 * the lines get is the rest, so that the entry balances in both currencies. An advance invoice goes to an account
 * of advances; the final one takes it from there and taxes what is left. source: ustawa o VAT art. 19a ust. 8,
 * art. 106f ust. 3 */
#include "invoice/posting.h"
#include "payment/payment.h"
#include "stock/stock.h"

kt_dec posting_sided(const posting *p, kt_dec amount)
{
    return p->side > 0 ? amount : kt_dec_neg(amount);
}

kt_error *posting_base(posting *p, kt_dec amount, kt_dec *out)
{
    return to_house(p->tx, &p->house, "rate_day", amount, p->v->currency, p->rate_day, out);
}

kt_error *posting_book(posting *p, const struct entry_line *like, kt_dec value, kt_dec amount)
{
    bool foreign = p->v->currency.v != p->house.currency.v;
    return entry_add(
        p->tx, &p->e, like, posting_sided(p, value), foreign ? posting_sided(p, amount) : (kt_dec){0});
}

/* ---- What was sold or bought ---- */

static enum purpose advance_purpose(enum invoice_kind kind)
{
    return is_sale(kind) ? ADVANCE_IN : ADVANCE_OUT;
}

static kt_error *line_account(posting *p, const struct invoice_line *line, kt_id *category, kt_id *account)
{
    const struct invoice *v = p->v;
    struct sold_item item = {KT_OF(sold_item)};
    if (line->item.v)
        KT_TRY(kt_read(p->tx, line->item, &item.rec));
    *category = item.category;
    *account = line->account;
    if (line->account.v)
        return NULL;
    enum purpose purpose = p->advance         ? advance_purpose(v->kind)
                           : is_sale(v->kind) ? (line->goods ? SALES_GOODS : SALES_SERVICES)
                           : !line->goods || !stock_is_kept(p->tx) ? PURCHASES
                           : line->price_only                      ? PRICE_VARIANCE
                                                                   : NOT_INVOICED;
    return account_for(p->tx, purpose, item.category, account);
}

/* A bill for goods clears what they were booked in at; what it differs by is a variance of the price. */
static kt_error *book_goods(
    posting *p, const struct invoice_line *line, struct entry_line *like, kt_id category, kt_dec value)
{
    struct invoice *v = p->v;
    kt_dec cleared, variance, amount = kt_dec_neg(line->net);
    bool back = is_credit(v->kind);
    const struct received bill = {KT_OF(received), .party = v->party, .item = line->item, .day = v->day,
        .document = p->e.origin, .order = v->order,
        .quantity = back ? kt_dec_neg(line->quantity) : line->quantity,
        .value = back ? kt_dec_neg(value) : value};
    KT_TRY(received_bill(p->tx, &bill, line->unit, &cleared));
    if (back)
        cleared = kt_dec_neg(cleared);
    variance = kt_dec_sub(value, cleared);
    if (!variance.coef)
        return posting_book(p, like, kt_dec_neg(value), amount);
    KT_TRY(posting_book(p, like, kt_dec_neg(cleared), cleared.coef ? amount : (kt_dec){0}));
    KT_TRY(account_for(p->tx, PRICE_VARIANCE, category, &like->account));
    return posting_book(p, like, kt_dec_neg(variance), cleared.coef ? KT_DEC(0, 2) : amount);
}

/* Of what the total differs by from lines of advances at other rates of exchange each bears so much as it comes to. */
static kt_error *spread(const posting *p, kt_dec gap, kt_dec *values, kt_dec *sum)
{
    const size_t count = p->v->lines.count;
    kt_dec *weights = kt_alloc(p->tx, sizeof *weights * (count + 1)),
           *shares = kt_alloc(p->tx, sizeof *shares * (count + 1)), all = money(0);
    if (!weights || !shares)
        return kt_no_memory();
    for (size_t i = 0; i < count; i++) {
        weights[i] = size_of(values[i]);
        all = kt_dec_add(all, weights[i]);
    }
    if (!all.coef)
        return NULL;
    kt_dec_split(gap, weights, count, shares);
    for (size_t i = 0; i < count; i++)
        values[i] = kt_dec_add(values[i], shares[i]);
    *sum = kt_dec_add(*sum, gap);
    return NULL;
}

/* What each line comes to in the company's currency; the largest bears the cents that the total differs by. */
static kt_error *line_values(posting *p, kt_dec total, kt_dec **values)
{
    struct invoice *v = p->v;
    kt_dec *base = kt_alloc(p->tx, sizeof *base * (v->lines.count + 1)), sum = money(0);
    size_t largest = 0;
    *values = base;
    if (!base)
        return kt_no_memory();
    for (size_t i = 0; i < v->lines.count; i++) {
        KT_TRY(posted_line_value(p, i, &base[i]));
        sum = kt_dec_add(sum, base[i]);
        if (kt_dec_cmp(base[i], base[largest]) > 0)
            largest = i;
    }
    if (p->mixed)
        KT_TRY(spread(p, kt_dec_sub(total, sum), base, &sum));
    if (v->lines.count)
        base[largest] = kt_dec_add(base[largest], kt_dec_sub(total, sum));
    return NULL;
}

static kt_error *book_lines(posting *p, kt_dec total)
{
    struct invoice *v = p->v;
    kt_dec *base;
    KT_TRY(line_values(p, total, &base));
    for (size_t i = 0; i < v->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&v->lines, i);
        struct entry_line like = {.item = line->item,
            .dimension = line->dimension,
            .dimension2 = line->dimension2,
            .text = line->name.len > 180 ? (kt_str){0} : line->name};
        kt_id category;
        KT_TRY(line_account(p, line, &category, &like.account));
        bool received = !is_sale(v->kind) && !p->advance && line->goods && line->item.v && !line->account.v &&
                        !line->price_only;
        if (received && stock_is_kept(p->tx))
            KT_TRY(book_goods(p, line, &like, category, base[i]));
        else
            KT_TRY(posting_book(p, &like, kt_dec_neg(base[i]), kt_dec_neg(line->net)));
    }
    return NULL;
}

static kt_error *read_advances(posting *p)
{
    struct invoice *v = p->v;
    p->advances = kt_alloc(p->tx, sizeof *p->advances * (v->advances.count + 1));
    if (!p->advances)
        return kt_no_memory();
    for (size_t i = 0; i < v->advances.count; i++) {
        const struct advance *a = KT_AS(advance, kt_line(&v->advances, i));
        struct advance_part *part = &p->advances[i];
        KT_TRY(advance_read(p->tx, a->invoice, (kt_id){0}, part));
        part->gross = known(a->gross);
        kt_dec left = kt_dec_sub(part->of.gross, part->before);
        if (sign_of(left) <= 0 || kt_dec_cmp(part->gross, left) > 0)
            return kt_hint(advance_too_little(p->tx, KT_RULE,
                               kt_format(p->tx, "advances[%zu].invoice", i).ptr, &part->of, left),
                "Another invoice or a credit note was posted first: take the advance off the draft, or "
                "lessen its "
                "amount.",
                "Wcześniej zaksięgowano inną fakturę albo korektę: usuń zaliczkę ze szkicu albo zmniejsz jej "
                "kwotę.");
    }
    return NULL;
}

/* Advances that were booked as such are income now, or cost. */
static kt_error *book_advances(posting *p)
{
    struct invoice *v = p->v;
    kt_id account;
    p->base_advances = money(0);
    for (size_t i = 0; i < v->advances.count; i++) {
        struct advance *a = KT_AS(advance, kt_line(&v->advances, i));
        const struct advance_part *part = &p->advances[i];
        kt_dec base = advance_share(part, part->of.base_net);
        a->net = advance_share(part, part->of.net);
        a->tax = kt_dec_sub(a->gross, a->net);
        KT_TRY(account_for(p->tx, advance_purpose(v->kind), (kt_id){0}, &account));
        KT_TRY(posting_book(
            p, &(struct entry_line){.account = account, .text = part->of.rec.number}, base, a->net));
        p->base_advances = kt_dec_add(p->base_advances, base);
    }
    return NULL;
}

/* A note takes it back from the account that it is on. */
static kt_error *book_realised(posting *p)
{
    struct entry_line like = {.text = kt_say(p->tx, (kt_text){"Exchange difference", "Różnica kursowa"})};
    const bool gain = (sign_of(p->v->base_exchange) > 0) != is_credit(p->v->kind);
    if (!p->realised.coef)
        return NULL;
    KT_TRY(account_for(p->tx, gain ? EXCHANGE_GAIN : EXCHANGE_LOSS, (kt_id){0}, &like.account));
    return posting_book(p, &like, kt_dec_neg(p->realised), KT_DEC(0, 2));
}

/* ---- What is owed ---- */

/* Of what a note gives back, what its invoice itself billed goes against that, at the same rate; what advances paid is an
 * item of its own, at theirs. */
static kt_error *book_parts_of_note(posting *p, struct entry_line *like, kt_dec total)
{
    struct invoice *v = p->v;
    kt_dec own;
    like->due = v->due;
    KT_TRY(posting_base(p, p->note_own, &own));
    KT_TRY(posting_book(p, like, own, p->note_own));
    return posting_book(p, like, kt_dec_sub(total, own), kt_dec_sub(v->to_pay, p->note_own));
}

/* Without the last ones that come to nothing: of a cent there is one. */
static size_t instalments_count(const struct invoice *v)
{
    size_t count = v->instalments.count;
    while (count > 1 && !KT_SEE(instalment, kt_line(&v->instalments, count - 1))->amount.coef)
        count--;
    return count;
}

static kt_error *book_owed(posting *p, kt_dec total)
{
    struct invoice *v = p->v;
    struct entry_line like = {.party = v->party};
    struct journal j = {KT_OF(journal)};
    if (at_till(v)) {
        KT_TRY(kt_read(p->tx, p->e.journal, &j.rec));
        like.account = j.account;
        return posting_book(p, &like, total, v->to_pay);
    }
    KT_TRY(account_for(p->tx, is_sale(v->kind) ? RECEIVABLE : PAYABLE, (kt_id){0}, &like.account));
    if (p->note_own.scale1)
        return book_parts_of_note(p, &like, total);
    kt_dec left = total;
    const size_t count = instalments_count(v);
    for (size_t i = 0; i < count; i++) {
        const struct instalment *part = KT_AS(instalment, kt_line(&v->instalments, i));
        kt_dec value = left;
        if (i + 1 < count)
            KT_TRY(posting_base(p, part->amount, &value));
        if (kt_dec_cmp(value, left) > 0) /* of cents that a last note leaves */
            value = left;
        like.due = part->due;
        like.discount = kt_dec_round(part->discount, 2);
        like.discount_until = part->discount_until;
        KT_TRY(posting_book(p, &like, value, part->amount));
        left = kt_dec_sub(left, value);
    }
    return NULL;
}

/* ---- The whole ---- */

struct buyer_address {
    kt_record rec;
    kt_str street, city, postal_code;
};
static const kt_shape buyer_address_shape = KT_SHAPE(buyer_address, NULL,
    KT_BIND(buyer_address, street, STRING, "street"), KT_BIND(buyer_address, city, STRING, "city"),
    KT_BIND(buyer_address, postal_code, STRING, "postal_code"));
struct buyer {
    kt_record rec;
    kt_str name, legal_name, tax_id;
    kt_lines addresses;
};
static const kt_shape buyer_shape = KT_SHAPE(buyer, "base.party", KT_BIND(buyer, name, STRING, "name"),
    KT_BIND(buyer, legal_name, STRING, "legal_name"), KT_BIND(buyer, tax_id, STRING, "tax_id"),
    KT_BIND(buyer, addresses, LINES, "addresses", .lines = &buyer_address_shape));

/* The party as it is now: the document keeps it so. */
static kt_error *keep_buyer(kt_tx *tx, struct invoice *v)
{
    struct buyer b = {KT_OF(buyer)};
    if (!v->party.v)
        return NULL;
    KT_TRY(kt_read(tx, v->party, &b.rec));
    v->buyer_name = b.legal_name.ptr ? b.legal_name : b.name;
    v->buyer_tax_id = b.tax_id;
    if (b.addresses.count) {
        const struct buyer_address *a = KT_AS(buyer_address, kt_line(&b.addresses, 0));
        v->buyer_address = kt_format(tx, "%s, %s %s", a->street.ptr ? a->street.ptr : "",
            a->postal_code.ptr ? a->postal_code.ptr : "", a->city.ptr ? a->city.ptr : "");
    }
    return NULL;
}

static kt_error *check_reference(kt_tx *tx, const struct invoice *v)
{
    uint64_t count;
    if (is_sale(v->kind))
        return NULL;
    if (!v->reference.ptr)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "reference", "is required", "jest wymagane"),
            "Enter the number that the supplier gave it.", "Wpisz numer nadany przez dostawcę.");
    const kt_where where[] = {KT_WHERE(invoice, reference, KT_EQ, v->reference),
        KT_WHERE(invoice, party, KT_EQ, v->party), KT_WHERE(invoice, kind, KT_EQ, v->kind),
        KT_WHERE(invoice, state, KT_EQ, POSTED), {0}};
    KT_TRY(kt_count(tx, &(kt_query){&invoice_shape, where, NULL, 1}, &count));
    return count ? kt_fail(tx, KT_CONFLICT, "reference", "%s of this supplier is posted already",
                       "%s tego dostawcy już zaksięgowano", v->reference.ptr)
                 : NULL;
}

/* Accounts that lines name themselves: told of the invoice's own line, not of the entry's. */
static kt_error *check_accounts(kt_tx *tx, const struct invoice *v)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < v->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&v->lines, i);
        struct account a = {KT_OF(account)};
        if (!line->account.v)
            continue;
        KT_TRY(kt_read(tx, line->account, &a.rec));
        if (is_advance(v->kind))
            kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, invoice_path(tx, i, "account"),
                                      "an advance goes to the account of advances",
                                      "zaliczka trafia na konto zaliczek"),
                              "Leave it empty: the final invoice takes it from there to its own accounts.",
                              "Zostaw puste: faktura końcowa przeniesie ją stamtąd na swoje konta."));
        if (a.group || !a.active || a.open_items)
            kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, invoice_path(tx, i, "account"),
                                      "nothing is billed on account %s", "na koncie %s nic się nie fakturuje",
                                      a.code.ptr),
                              "Choose an active account that is no group and has no open items.",
                              "Wybierz aktywne konto, które nie jest grupą i nie prowadzi rozrachunków."));
        kt_also(&all, stock_account_free(tx, invoice_path(tx, i, "account"), &a, (kt_id){0}));
    }
    return all;
}

static kt_error *check_deduction(const posting *p)
{
    const struct invoice *v = p->v;
    const char *path = v->deducted_on.day                       ? "deducted_on"
                       : p->deduction_day.day == v->tax_day.day ? "tax_day"
                                                                : "received_on";
    kt_error *error = period_open(p->tx, path, p->deduction_day);
    return error && is_bill(v->kind)
               ? kt_hint(error, "Put the deduction off into an open period: deducted_on.",
                     "Przesuń odliczenie do otwartego okresu: deducted_on.")
               : error;
}

/* Are the periods open that the registers have its rows in? */
static kt_error *check_registers(const posting *p)
{
    const struct invoice *v = p->v;
    const kt_date deducted = p->deduction_day;
    bool at_tax_point = is_sale(v->kind), charged = !at_tax_point;
    for (size_t i = 0; i < v->taxes.count && charged && !at_tax_point; i++)
        KT_TRY(buyer_accounts_for(p->tx, v, KT_AS(kt_tax_row, kt_line(&v->taxes, i)), &at_tax_point));
    kt_error *all = NULL;
    if (v->receipt.v)
        return NULL;
    if (at_tax_point && v->tax_day.day != booked_day(v).day)
        kt_also(&all, period_open(p->tx, "tax_day", v->tax_day));
    if (charged && deducted.day != booked_day(v).day && !all)
        kt_also(&all, check_deduction(p));
    return all;
}

static kt_error *check_booked_day(kt_tx *tx, const struct invoice *v)
{
    bool locked;
    kt_error *error = period_open(tx, v->booked_on.day ? "booked_on" : "day", booked_day(v));
    KT_TRY(year_has(tx, booked_day(v), &locked));
    return error && locked && !at_till(v)
               ? kt_hint(error, "Book it on a day of an open period (booked_on); its date stays as it is.",
                     "Zaksięguj ją w dniu otwartego okresu (booked_on); data wystawienia zostaje.")
               : error;
}

static kt_error *check_all(const posting *p)
{
    kt_tx *tx = p->tx;
    const struct invoice *v = p->v;
    kt_error *all = NULL;
    if (!v->lines.count)
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_VALIDATION, "lines", "the invoice has no lines", "faktura nie ma pozycji"),
                "Add what is billed.", "Dodaj, co jest fakturowane."));
    if (sign_of(v->gross) < 0)
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_VALIDATION, "lines", "the invoice is below zero", "faktura jest ujemna"),
                "Make a credit note instead.", "Wystaw zamiast niej korektę."));
    kt_also(&all, invoice_digits_fit(tx, v));
    kt_also(&all, check_booked_day(tx, v));
    kt_also(&all, check_registers(p));
    kt_also(&all, check_accounts(tx, v));
    kt_also(&all, check_reference(tx, v));
    kt_also(&all, credit_check(tx, v));
    kt_also(&all, order_match(tx, v));
    kt_also(&all, receipt_check(tx, v));
    return all;
}

static const char *const patterns[] = {[SALE] = "FV/{year}/{month}/{seq:4}",
    [SALE_CREDIT] = "FK/{year}/{month}/{seq:4}",
    [ADVANCE] = "FZ/{year}/{month}/{seq:4}",
    [TILL_RECEIPT] = "PAR/{year}/{month}/{seq:4}",
    [PURCHASE] = "ZK/{year}/{month}/{seq:4}",
    [PURCHASE_CREDIT] = "KZ/{year}/{month}/{seq:4}",
    [PURCHASE_ADVANCE] = "ZZ/{year}/{month}/{seq:4}"};

/* An invoice for what a till receipt sold: the sale is booked and taxed already, and paid. */
static kt_error *post_for_receipt(posting *p)
{
    struct invoice *v = p->v;
    struct invoice of = {KT_OF(invoice)};
    KT_TRY(kt_read(p->tx, v->receipt, &of.rec));
    v->entry = of.entry;
    v->base_net = of.base_net;
    v->base_tax = of.base_tax;
    v->base_gross = of.base_gross;
    v->open = money(0);
    v->payment_status = PAID;
    return NULL;
}

static kt_error *find_advance(posting *p)
{
    struct invoice of = {KT_OF(invoice), .kind = p->v->kind};
    if (is_credit(p->v->kind) && p->v->corrects.v)
        KT_TRY(kt_read(p->tx, p->v->corrects, &of.rec));
    p->advance = is_advance(of.kind);
    return NULL;
}

static kt_error *post(posting *p)
{
    kt_tx *tx = p->tx;
    struct invoice *v = p->v;
    kt_dec owed;
    KT_TRY(keep_buyer(tx, v));
    KT_TRY(kt_number(tx, &v->rec, patterns[v->kind], v->day));
    if (v->receipt.v)
        return post_for_receipt(p);
    KT_TRY(find_advance(p));
    KT_TRY(read_advances(p));
    KT_TRY(read_taxes(p));
    p->e = (struct entry){KT_OF(entry), .day = booked_day(v), .document_day = v->tax_day,
        .currency = v->currency, .reference = v->rec.number, .text = v->title,
        .origin = kt_any(tx, "finance.invoice", v->rec.id)};
    p->e.journal = v->journal;
    if (!v->journal.v)
        KT_TRY(journal_of(tx, at_till(v) ? CASHING : is_sale(v->kind) ? SALES : PURCHASING, &p->e.journal));
    KT_TRY(owed_value(p, &owed));
    KT_TRY(book_owed(p, owed));
    KT_TRY(book_advances(p));
    KT_TRY(book_taxes(p));
    KT_TRY(book_realised(p));
    v->base_gross = owed;
    KT_TRY(book_lines(p, kt_dec_add(v->base_net, p->base_advances)));
    if (!p->e.lines.count)
        return kt_hint(kt_fail(tx, KT_RULE, "lines", "the invoice comes to nothing: there is nothing to post",
                           "faktura jest na zero: nie ma czego księgować"),
            "Give quantities and prices, or cancel the draft.", "Podaj ilości i ceny albo anuluj szkic.");
    KT_TRY(entry_post(tx, &p->e));
    KT_TRY(tax_moves_post(tx, &p->moved, &p->e));
    v->entry = p->e.rec.id;
    v->open = at_till(v) ? money(0) : kt_dec_round(v->to_pay, 2);
    v->payment_status = !v->open.coef ? PAID : v->due.day < kt_today(tx).day ? OVERDUE : UNPAID;
    return NULL;
}

kt_error *invoice_post(kt_tx *tx, kt_record *self, const kt_record *params)
{
    posting p = {.tx = tx, .v = KT_AS(invoice, self)};
    struct setting setting;
    (void)params;
    KT_TRY(house_of(tx, &p.house));
    if (!p.v->tax_day.day)
        p.v->tax_day = p.v->day;
    if (is_bill(p.v->kind) && !p.v->received_on.day)
        p.v->received_on = p.v->day;
    KT_TRY(setting_of(tx, &setting));
    if (!p.v->rate_day.day)
        p.v->rate_day = kt_date_add(p.v->tax_day, setting.rate_before ? -1 : 0);
    p.rate_day = p.v->rate_day;
    p.side = is_sale(p.v->kind) == !is_credit(p.v->kind) ? 1 : -1;
    KT_TRY(deduction_day(tx, p.v, &p.deduction_day));
    KT_TRY(check_all(&p));
    kt_authority before = kt_own_authority(tx);
    kt_error *error = post(&p);
    kt_callers_authority(tx, before);
    return error;
}
