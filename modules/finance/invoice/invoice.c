/* Invoices of both directions, credit notes, advance invoices and till receipts: one document, whose kind says
 * which side of the books it stands on. Posting numbers it, enters it in ledger and register, and fixes it. */
#include "invoice/invoice.h"

#include <kontor/rules.h>

#include "payment/payment.h"

const kt_choice invoice_kinds[] = {
    {SALE, "sale", {"Sales invoice", "Faktura sprzedaży"}},
    {SALE_CREDIT, "sale_credit", {"Credit note", "Faktura korygująca"}},
    {ADVANCE, "advance", {"Advance invoice", "Faktura zaliczkowa"}},
    {TILL_RECEIPT, "receipt", {"Till receipt", "Paragon"}},
    {PURCHASE, "purchase", {"Purchase invoice", "Faktura zakupu"}},
    {PURCHASE_CREDIT, "purchase_credit", {"Credit note received", "Korekta zakupu"}},
    {PURCHASE_ADVANCE, "purchase_advance", {"Advance invoice received", "Zaliczkowa faktura zakupu"}},
    {0},
};
static const kt_choice states[] = {
    {DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {POSTED, "posted", {"Posted", "Zaksięgowana"}, "won"},
    {CANCELLED, "cancelled", {"Cancelled", "Anulowana"}, "lost"},
    {0},
};
const kt_choice payment_statuses[] = {
    {UNPAID, "unpaid", {"Unpaid", "Niezapłacona"}},
    {PARTIAL, "partial", {"Paid in part", "Zapłacona częściowo"}},
    {PAID, "paid", {"Paid", "Zapłacona"}},
    {OVERDUE, "overdue", {"Overdue", "Po terminie"}},
    {REVERSED, "reversed", {"Reversed", "Skorygowana do zera"}},
    {0},
};
static const kt_choice roundings[] = {
    {KT_TAX_BY_LINE, "line", {"By line", "Na pozycji"}},
    {KT_TAX_BY_DOCUMENT, "document", {"By document", "Na dokumencie"}},
    {0},
};
const kt_shape invoice_line_shape = KT_SHAPE(invoice_line, NULL,
    KT_FIELD(invoice_line, item, REF, "Item", "Towar lub usługa", .target = "base.item", .priority = 1),
    KT_FIELD(invoice_line, name, STRING, "Description", "Opis", .max = 400, .priority = 2,
        .help = {"Empty: the item's name.", "Puste: nazwa towaru."}),
    KT_FIELD(
        invoice_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .initial = "1", .priority = 3),
    KT_FIELD(invoice_line, unit, REF, "Unit", "Jednostka", .target = "base.unit", .priority = 4),
    KT_FIELD(invoice_line, price, PRICE, "Price", "Cena", .scale = 4, .priority = 5),
    KT_FIELD(invoice_line, discount_percent, PERCENT, "Discount, %", "Rabat, %", .scale = 2),
    KT_FIELD(invoice_line, discount_amount, MONEY, "Discount, amount", "Rabat kwotowy", .scale = 4),
    KT_FIELD(invoice_line, tax_category, REF, "Tax category", "Kategoria podatkowa",
        .target = "base.tax_category", .help = {"Empty: the item's.", "Puste: według towaru."}),
    KT_FIELD(invoice_line, account, REF, "Account", "Konto", .target = "finance.account",
        .help = {"Empty: by purpose and item category.", "Puste: według przeznaczenia i kategorii towaru."}),
    KT_FIELD(invoice_line, dimension, REF, "Dimension", "Wymiar", .target = "finance.dimension"),
    KT_FIELD(
        invoice_line, dimension2, REF, "Second dimension", "Drugi wymiar", .target = "finance.dimension"),
    KT_FIELD(invoice_line, order_line, INT, "Line of the order", "Pozycja zamówienia"),
    KT_FIELD(invoice_line, source_line, INT, "Corrects line", "Koryguje pozycję"),
    KT_FIELD(invoice_line, goods, BOOL, "Goods", "Towar", .computed = true),
    KT_FIELD(invoice_line, price_only, BOOL, "Only the price", "Tylko cena", .computed = true,
        .help = {"Of a credit note: nothing comes back, the price goes down by this one.",
            "Korekta: nic nie wraca, cena spada o podaną."}),
    KT_FIELD(invoice_line, tax_label, STRING, "Tax", "Podatek", .max = 80, .computed = true, .priority = 6),
    KT_FIELD(
        invoice_line, tax_rate, PERCENT, "Tax rate, %", "Stawka podatku, %", .scale = 3, .computed = true),
    KT_FIELD(invoice_line, discount, MONEY, "Discount in all", "Rabat razem", .scale = 4, .computed = true),
    KT_FIELD(invoice_line, net, MONEY, "Net", "Netto", .scale = 4, .computed = true, .priority = 7),
    KT_FIELD(invoice_line, tax, MONEY, "Tax amount", "Kwota podatku", .scale = 4, .computed = true),
    KT_FIELD(invoice_line, gross, MONEY, "Gross", "Brutto", .scale = 4, .computed = true, .priority = 8),
    KT_FIELD(invoice_line, credited, QUANTITY, "Credited", "Skorygowano", .scale = 4, .computed = true));
const kt_shape advance_shape = KT_SHAPE(advance, NULL,
    KT_FIELD(advance, invoice, REF, "Advance invoice", "Faktura zaliczkowa", .target = "finance.invoice",
        .required = true, .priority = 1),
    KT_FIELD(advance, amount, MONEY, "To be settled", "Do rozliczenia", .scale = 4,
        .help = {"With tax. Empty: what is left of it, as far as the invoice bears.",
            "Z podatkiem. Puste: tyle, ile zostało i ile mieści faktura."}),
    KT_FIELD(advance, net, MONEY, "Net", "Netto", .scale = 4, .computed = true),
    KT_FIELD(advance, tax, MONEY, "Tax", "Podatek", .scale = 4, .computed = true),
    KT_FIELD(advance, gross, MONEY, "Gross", "Brutto", .scale = 4, .computed = true, .priority = 2));

const kt_shape invoice_shape = KT_SHAPE(invoice, "finance.invoice",
    KT_FIELD(invoice, kind, STATE, "Kind", "Rodzaj", .choices = invoice_kinds, .initial = "sale",
        .fixed = true, .indexed = true, .priority = 1),
    KT_FIELD(invoice, party, REF, "Party", "Kontrahent", .target = "base.party", .priority = 2,
        .help = {"Required, but for till receipts.", "Wymagany, poza paragonami."}),
    KT_FIELD(invoice, title, STRING, "Title", "Tytuł", .max = 200, .searchable = true,
        .help = {"Empty: the party's name.", "Puste: nazwa kontrahenta."}),
    KT_FIELD(invoice, day, DATE, "Date", "Data wystawienia", .required = true, .initial = "today",
        .indexed = true, .priority = 3),
    KT_FIELD(invoice, tax_day, DATE, "Tax point", "Data powstania obowiązku podatkowego", .indexed = true,
        .help = {"When the tax falls due: the delivery. Empty: the date.",
            "Dzień dostawy. Puste: data wystawienia."}),
    KT_FIELD(invoice, booked_on, DATE, "Booked on", "Data księgowania",
        .help = {"The day of its entry in the ledger. Empty: the date. Another one where that period is "
                 "closed, or "
                 "where income or cost are of the tax point's.",
            "Dzień zapisu w księdze. Puste: data wystawienia. Inny, gdy jej okres jest zamknięty albo "
            "przychód "
            "lub koszt należy do okresu obowiązku podatkowego."}),
    KT_FIELD(invoice, received_on, DATE, "Received on", "Data wpływu", .indexed = true,
        .help = {"Of a bill: its tax is not deducted before. Empty: the date, as with an electronic invoice.",
            "Faktury zakupu: VAT nie jest odliczany wcześniej. Puste: data wystawienia, jak faktury "
            "elektronicznej."}),
    KT_FIELD(invoice, deducted_on, DATE, "Tax deducted on", "Data odliczenia VAT",
        .help = {"Empty: the tax point, or the day of receipt if that is later. A later day puts the tax "
                 "off, "
                 "by three "
                 "periods of tax at most, of quarters two.",
            "Puste: data obowiązku podatkowego albo wpływu, jeśli jest późniejsza. Późniejszy dzień odsuwa "
            "odliczenie "
            "najwyżej o trzy okresy rozliczeniowe, a kwartalne o dwa."}),
    KT_FIELD(invoice, rate_day, DATE, "Day of the exchange rate", "Dzień kursu",
        .help = {"Empty: the tax point, or the day before it, as finance.setting says.",
            "Puste: data obowiązku podatkowego albo dzień przed nią, według ustawień."}),
    KT_FIELD(invoice, reference, STRING, "Their number", "Numer obcy", .max = 80, .searchable = true,
        .indexed = true,
        .help = {"Of a purchase: the supplier's number. Of a sale: the customer's order.",
            "Zakup: numer faktury dostawcy. Sprzedaż: numer zamówienia klienta."}),
    KT_FIELD(invoice, order, REF, "Order", "Zamówienie", .target = "*"),
    KT_FIELD(invoice, corrects, REF, "Corrects", "Koryguje", .target = "finance.invoice"),
    KT_FIELD(invoice, receipt, REF, "For till receipt", "Do paragonu", .target = "finance.invoice",
        .computed = true),
    KT_FIELD(invoice, till, BOOL, "At the till", "W kasie", .computed = true,
        .help = {"Its money is in the cash desk, or out of it, at once.",
            "Jej pieniądze od razu wpływają do kasy albo z niej wychodzą."}),
    KT_FIELD(invoice, reason, STRING, "Reason", "Przyczyna korekty", .max = 200),
    KT_FIELD(invoice, terms, REF, "Terms of payment", "Warunki płatności", .target = "finance.terms",
        .help = {"Empty: the party's, or the usual ones.", "Puste: kontrahenta albo zwykłe."}),
    KT_FIELD(invoice, journal, REF, "Journal", "Dziennik", .target = "finance.journal",
        .help = {"Of a till receipt: the cash desk's.", "Paragonu: kasy."}),
    KT_FIELD(invoice, currency, REF, "Currency", "Waluta", .target = "base.currency", .priority = 6),
    KT_FIELD(invoice, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR),
    KT_FIELD(invoice, tax_included, BOOL, "Prices include tax", "Ceny z podatkiem"),
    KT_FIELD(invoice, rounding, STATE, "Rounding of tax", "Zaokrąglanie podatku", .choices = roundings,
        .fixed = true,
        .help = {"Fixed when the document is made; empty: as the company's setting says.",
            "Ustalane przy tworzeniu dokumentu; puste: według ustawienia firmy."}),
    KT_FIELD(invoice, position, REF, "Fiscal position", "Pozycja podatkowa", .target = "base.tax_position"),
    KT_FIELD(invoice, tax_given, MONEY, "Tax from elsewhere", "Podatek z innego systemu", .scale = 4),
    KT_FIELD(invoice, lines, LINES, "Lines", "Pozycje", .lines = &invoice_line_shape, .max = 500),
    KT_FIELD(invoice, advances, LINES, "Advance invoices settled", "Rozliczane zaliczki",
        .lines = &advance_shape, .max = 50),
    KT_FIELD(invoice, state, STATE, "State", "Stan", .choices = states, .initial = "draft", .indexed = true,
        .priority = 8),
    KT_FIELD(invoice, tax_position, REF, "Fiscal position in force", "Zastosowana pozycja podatkowa",
        .target = "base.tax_position", .computed = true),
    KT_FIELD(invoice, tax_note, TEXT, "Note on tax", "Adnotacja podatkowa", .computed = true),
    KT_FIELD(invoice, taxes, LINES, "Tax by rate", "Podatek według stawek", .lines = &kt_tax_row_shape,
        .computed = true),
    KT_FIELD(
        invoice, instalments, LINES, "Instalments", "Raty", .lines = &instalment_shape, .computed = true),
    KT_FIELD(invoice, net, MONEY, "Net", "Netto", .scale = 4, .computed = true),
    KT_FIELD(invoice, tax, MONEY, "Tax", "Podatek", .scale = 4, .computed = true),
    KT_FIELD(invoice, gross, MONEY, "Gross", "Brutto", .scale = 4, .computed = true, .indexed = true,
        .priority = 4),
    KT_FIELD(invoice, to_pay, MONEY, "To pay", "Do zapłaty", .scale = 4, .computed = true),
    KT_FIELD(invoice, open, MONEY, "Open", "Pozostaje", .scale = 4, .computed = true, .priority = 5),
    KT_FIELD(invoice, due, DATE, "Due", "Termin płatności", .computed = true, .indexed = true, .priority = 7,
        .help = {"Of the next instalment that is open; of a paid invoice, of the last one.",
            "Najbliższej otwartej raty; zapłaconej faktury: ostatniej."}),
    KT_FIELD(invoice, payment_status, STATE, "Payment", "Płatność", .choices = payment_statuses,
        .computed = true, .indexed = true, .priority = 9),
    KT_FIELD(invoice, credited, MONEY, "Credited", "Skorygowano", .scale = 4, .computed = true),
    KT_FIELD(invoice, base_net, MONEY, "Net in the company's currency", "Netto w walucie firmy", .scale = 2,
        .computed = true),
    KT_FIELD(invoice, base_tax, MONEY, "Tax in the company's currency", "Podatek w walucie firmy", .scale = 2,
        .computed = true),
    KT_FIELD(invoice, base_gross, MONEY, "Gross in the company's currency", "Brutto w walucie firmy",
        .scale = 2, .computed = true),
    KT_FIELD(invoice, base_exchange, MONEY, "Exchange difference of advances", "Różnica kursowa od zaliczek",
        .scale = 2, .computed = true,
        .help = {"In the company's currency, a gain above zero: tax that an advance bore at another rate of "
                 "exchange, and that is set off against what is billed.",
            "W walucie firmy, zysk powyżej zera: podatek, który zaliczka niosła po innym kursie, a który "
            "zalicza się na to, co jest fakturowane."}),
    KT_FIELD(invoice, entry, REF, "Entry", "Zapis", .target = "finance.entry", .computed = true),
    KT_FIELD(invoice, buyer_name, STRING, "Name on the document", "Nazwa na dokumencie", .max = 200,
        .computed = true),
    KT_FIELD(invoice, buyer_tax_id, STRING, "Tax id on the document", "NIP na dokumencie", .max = 30,
        .computed = true),
    KT_FIELD(invoice, buyer_address, STRING, "Address on the document", "Adres na dokumencie", .max = 600,
        .computed = true));

/* ---- Drafts ---- */

struct seen_party {
    kt_record rec;
    kt_str name;
};
static const kt_shape seen_party_shape = KT_SHAPE(
    seen_party, "base.party", KT_BIND(seen_party, name, STRING, "name"));

static kt_error *find_till(kt_tx *tx, struct invoice *v)
{
    struct invoice of = {KT_OF(invoice), .kind = v->kind};
    if (v->kind == SALE_CREDIT)
        KT_TRY(kt_read(tx, v->corrects, &of.rec));
    v->till = of.kind == TILL_RECEIPT;
    return NULL;
}

static kt_error *check_booked(kt_tx *tx, const struct invoice *v)
{
    kt_date first = v->tax_day.day && v->tax_day.day < v->day.day ? v->tax_day : v->day;
    if (!v->booked_on.day || (!at_till(v) && v->booked_on.day >= first.day))
        return NULL;
    if (at_till(v))
        return kt_fail(tx, KT_VALIDATION, "booked_on", "what is paid at the till is booked on its date",
            "zapłata w kasie jest księgowana w swoim dniu");
    return kt_hint(kt_fail(tx, KT_VALIDATION, "booked_on", "is before both its date and its tax point",
                       "jest wcześniejsza niż data wystawienia i obowiązek podatkowy"),
        "Nothing is booked before it happened.", "Nic nie jest księgowane, zanim się stało.");
}

kt_error *invoice_digits_fit(kt_tx *tx, const struct invoice *v)
{
    KT_TRY(digits_fit(tx, "currency", v->to_pay, v->currency));
    for (size_t i = 0; i < v->taxes.count; i++)
        KT_TRY(digits_fit(tx, "currency", KT_AS(kt_tax_row, kt_line(&v->taxes, i))->amount, v->currency));
    for (size_t i = 0; i < v->lines.count; i++)
        KT_TRY(digits_fit(tx, "currency", invoice_line_at(&v->lines, i)->net, v->currency));
    return NULL;
}

kt_error *invoice_compute(kt_tx *tx, kt_record *self)
{
    struct invoice *v = KT_AS(invoice, self);
    struct seen_party party = {KT_OF(seen_party)};
    if (v->rec.number.len || v->state != DRAFT)
        return NULL; /* invoice_check sees that nothing changes */
    KT_TRY(keep_company(tx, self));
    if (is_credit(v->kind) && !v->corrects.v)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "corrects", "is required", "jest wymagane"),
            "A credit note is made of an invoice: finance.invoice.credit.",
            "Korektę tworzy się z faktury: finance.invoice.credit.");
    KT_TRY(deduction_check(tx, v));
    KT_TRY(find_till(tx, v));
    KT_TRY(check_booked(tx, v));
    if (!v->party.v && !v->till)
        return kt_fail(tx, KT_VALIDATION, "party", "is required", "jest wymagane");
    if (v->party.v)
        KT_TRY(kt_read(tx, v->party, &party.rec));
    if (!v->title.ptr)
        v->title = party.name;
    if (!v->terms.v && !v->till)
        KT_TRY(terms_of(tx, v->party, &v->terms));
    KT_TRY(invoice_totals(tx, v));
    KT_TRY(advances_take(tx, v));
    KT_TRY(invoice_digits_fit(tx, v));
    KT_TRY(instalments_make(tx, v->terms, v->day, v->to_pay, v->currency, &v->instalments));
    v->due = (kt_date){0};
    for (size_t i = 0; i < v->instalments.count; i++) {
        struct instalment *part = KT_AS(instalment, kt_line(&v->instalments, i));
        kt_date due = part->due;
        if (is_credit(v->kind) ||
            is_advance(v->kind)) { /* of the final bill alone; a note has it in its prices */
            part->discount = (kt_dec){0};
            part->discount_until = (kt_date){0};
        }
        if (!v->due.day || due.day < v->due.day)
            v->due = due;
    }
    return NULL;
}

/* ---- What is posted stays ---- */

static kt_error *is_posted(kt_tx *tx, const char *path)
{
    return kt_hint(kt_fail(tx, KT_BAD_STATE, path, "the invoice is posted: it does not change any more",
                       "faktura jest zaksięgowana: już się nie zmienia"),
        "It stays, and is corrected by a credit note (finance.invoice.credit).",
        "Zostaje i jest poprawiana fakturą korygującą (finance.invoice.credit).");
}

kt_error *invoice_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct invoice *was = before ? KT_SEE(invoice, before) : NULL;
    const struct invoice *is = after ? KT_SEE(invoice, after) : NULL;
    static const char *const since[] = {
        "owner", "open", "due", "payment_status", "credited", "lines.credited", NULL};
    if (was && was->state == POSTED)
        return is ? posted_stays(tx, before, after, since, is_posted) : is_posted(tx, NULL);
    if (is && is->state == POSTED && (!is->entry.v || !is->rec.number.len))
        return kt_hint(kt_fail(tx, KT_RULE, "state", "an invoice is posted by finance.invoice.post alone",
                           "fakturę księguje tylko finance.invoice.post"),
            "Bring invoices in as drafts, then post them.",
            "Wprowadź faktury jako szkice, potem je zaksięguj.");
    return NULL;
}

/* ---- How far it is paid ---- */

static bool lines_credited(const struct invoice *v)
{
    for (size_t i = 0; i < v->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&v->lines, i);
        if (!same_dec(line->credited, line->quantity))
            return false;
    }
    return true;
}

/* All of the sum, less what was taken off; or all of every line, but for cents? */
static kt_error *is_credited(kt_tx *tx, const struct invoice *v, bool *yes)
{
    kt_dec left, cents;
    *yes = false;
    if (!v->credited.coef)
        return NULL;
    KT_TRY(credit_left(tx, v, &left, &cents));
    *yes = kt_dec_cmp(left, lines_credited(v) ? cents : money(0)) <= 0;
    return NULL;
}

static enum payment_status status_of(const struct invoice *v, bool credited, kt_date today)
{
    if (credited)
        return REVERSED;
    if (!v->open.coef)
        return PAID;
    if (v->due.day < today.day)
        return OVERDUE;
    return kt_dec_cmp(v->open, v->to_pay) < 0 ? PARTIAL : UNPAID;
}

static kt_error *follow(kt_tx *tx, kt_id id)
{
    struct invoice v = {KT_OF(invoice)};
    struct open_item *items;
    size_t count;
    bool credited;
    KT_TRY(kt_read(tx, id, &v.rec));
    if (v.state != POSTED)
        return NULL;
    KT_TRY(open_items_of(tx, kt_any(tx, "finance.invoice", id), &items, &count));
    v.open = money(0);
    for (size_t i = 0; i < count; i++) { /* the oldest due stand first */
        if (items[i].entry.v != v.entry.v)
            continue;
        if (!v.open.coef)
            v.due = items[i].due;
        v.open = kt_dec_add(v.open, items[i].open);
    }
    if (v.open.coef < 0)
        v.open = kt_dec_neg(v.open);
    KT_TRY(is_credited(tx, &v, &credited));
    v.payment_status = status_of(&v, credited, kt_today(tx));
    return kt_update(tx, &v.rec);
}

kt_error *invoice_follow(kt_tx *tx, kt_id invoice)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = follow(tx, invoice);
    kt_callers_authority(tx, before);
    return error;
}

struct overdue {
    kt_record rec;
    int64_t limit;
};
const kt_shape overdue_shape = KT_SHAPE(overdue, NULL,
    KT_FIELD(overdue, limit, INT, "At most", "Najwyżej", .initial = "1000",
        .help = {"1 to 10000.", "Od 1 do 10000."}));
struct overdue_marked {
    kt_record rec;
    int64_t marked;
    bool more;
};
const kt_shape overdue_marked_shape = KT_SHAPE(overdue_marked, NULL,
    KT_FIELD(overdue_marked, marked, INT, "Marked", "Oznaczono"),
    KT_FIELD(overdue_marked, more, BOOL, "More are overdue", "Są kolejne",
        .help = {"Call again.", "Wywołaj ponownie."}));

static kt_error *mark_some(kt_tx *tx, uint32_t most, enum payment_status status, struct overdue_marked *out)
{
    const kt_where where[] = {KT_WHERE(invoice, payment_status, KT_EQ, status),
        KT_WHERE(invoice, state, KT_EQ, POSTED), KT_WHERE(invoice, due, KT_LT, kt_today(tx)), {0}};
    kt_found late;
    KT_TRY(kt_find(tx, &(kt_query){&invoice_shape, where, "id"}, most, &late));
    for (size_t i = 0; i < late.count; i++)
        KT_TRY(invoice_follow(tx, late.ids[i]));
    out->marked += (int64_t)late.count;
    out->more |= late.more;
    return NULL;
}

kt_error *invoices_mark_overdue(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct overdue *p = KT_SEE(overdue, params);
    struct overdue_marked *out = KT_AS(overdue_marked, result);
    KT_TRY(kt_upkeep_limit(tx, p->limit));
    KT_TRY(mark_some(tx, (uint32_t)p->limit, UNPAID, out));
    return mark_some(tx, (uint32_t)p->limit, PARTIAL, out);
}

const kt_action invoice_actions[] = {
    {"post", {"Post", "Zaksięguj"}, "post", .from = KT_IN(DRAFT), .to = POSTED, .run = invoice_post,
        .preview = true},
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = KT_IN(DRAFT), .to = CANCELLED},
    {"credit", {"Make a credit note", "Wystaw korektę"}, "credit", .from = KT_IN(POSTED),
        .params = &credit_shape, .run = invoice_credit, .result = &credit_made_shape,
        .answer = invoice_credited},
    {"for_receipt", {"Make an invoice for the receipt", "Wystaw fakturę do paragonu"}, "create",
        .from = KT_IN(POSTED), .params = &for_receipt_shape, .run = invoice_for_receipt,
        .result = &credit_made_shape, .answer = invoice_for_receipt_made},
    {0},
};
