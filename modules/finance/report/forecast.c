/* Cash by week: what there is, what falls due, what is paid regularly, what is ordered and not billed yet, what deals
 * may bring; all of it with tax, as it will be paid. Orders, purchases and deals are asked of their modules; those that
 * are absent are left out. */
#include <stdlib.h>

#include <kontor/orders.h>

#include "invoice/invoice.h"
#include "payment/payment.h"
#include "report/report.h"

struct forecast {
    kt_record rec;
    int64_t weeks;
    bool deals;
};
const kt_shape forecast_shape = KT_SHAPE(forecast, NULL,
    KT_FIELD(
        forecast, weeks, INT, "Weeks", "Tygodnie", .initial = "13", .help = {"1 to 104.", "Od 1 do 104."}),
    KT_FIELD(forecast, deals, BOOL, "With deals", "Z szansami sprzedaży", .initial = "true",
        .help = {"Each by its probability.", "Każda według prawdopodobieństwa."}));
struct week {
    kt_record rec;
    kt_date start;
    kt_dec receivable, payable, regular, orders, purchases, deals, tax, balance;
    kt_str receivable_filter, payable_filter, regular_filter, orders_filter, purchases_filter, deals_filter;
    kt_str tax_filter, tax_orders_filter, tax_purchases_filter, tax_deals_filter;
};
static const kt_shape week_shape = KT_SHAPE(week, NULL,
    KT_FIELD(week, start, DATE, "Week from", "Tydzień od"),
    KT_FIELD(week, receivable, MONEY, "Receivables due", "Należności", .scale = 2),
    KT_FIELD(week, payable, MONEY, "Payables due", "Zobowiązania", .scale = 2),
    KT_FIELD(week, regular, MONEY, "Regular payments", "Płatności regularne", .scale = 2),
    KT_FIELD(week, orders, MONEY, "Orders to bill", "Zamówienia do zafakturowania", .scale = 2),
    KT_FIELD(week, purchases, MONEY, "Purchases to be billed", "Zakupy niefakturowane", .scale = 2),
    KT_FIELD(week, deals, MONEY, "Deals, by probability", "Szanse, według prawdopodobieństwa", .scale = 2),
    KT_FIELD(week, tax, MONEY, "Tax to pay", "VAT do zapłaty", .scale = 2,
        .help = {"Of the periods of finance.setting: what the registers have, and of what is expected.",
            "Za okresy z finance.setting: z rejestrów i z tego, co spodziewane."}),
    KT_FIELD(week, balance, MONEY, "Cash at its end", "Środki na koniec", .scale = 2),
    KT_FIELD(
        week, receivable_filter, JSON, "Receivables in finance.open_item", "Należności w finance.open_item"),
    KT_FIELD(week, payable_filter, JSON, "Payables in finance.open_item", "Zobowiązania w finance.open_item"),
    KT_FIELD(week, regular_filter, JSON, "Regular payments in finance.regular_payment",
        "Płatności regularne w finance.regular_payment"),
    KT_FIELD(week, orders_filter, JSON, "Orders in crm.order", "Zamówienia w crm.order",
        .help = {"Empty, as the following ones: there are none, or you may not read them.",
            "Puste, jak i następne: nie ma ich lub nie wolno ci ich czytać."}),
    KT_FIELD(week, purchases_filter, JSON, "Purchases in logistics.purchase_order",
        "Zakupy w logistics.purchase_order"),
    KT_FIELD(week, deals_filter, JSON, "Deals in crm.deal", "Szanse w crm.deal"),
    KT_FIELD(week, tax_filter, JSON, "Tax in finance.vat_line", "VAT w finance.vat_line",
        .help =
            {"Of the period that is paid for, and of those before it from which too much is carried over.",
                "Za opłacany okres i za wcześniejsze, z których przeniesiono nadwyżkę."}),
    KT_FIELD(week, tax_orders_filter, JSON, "Orders in crm.order whose tax is in it",
        "Zamówienia w crm.order, których VAT tu jest"),
    KT_FIELD(week, tax_purchases_filter, JSON, "Purchases in logistics.purchase_order whose tax is in it",
        "Zakupy w logistics.purchase_order, których VAT tu jest"),
    KT_FIELD(week, tax_deals_filter, JSON, "Deals in crm.deal whose tax is in it",
        "Szanse w crm.deal, których VAT tu jest"));
struct forecast_answer {
    kt_record rec;
    kt_dec cash;
    kt_lines weeks;
    bool orders, purchases, deals;
};
const kt_shape forecast_answer_shape = KT_SHAPE(forecast_answer, NULL,
    KT_FIELD(forecast_answer, cash, MONEY, "Cash now", "Środki teraz", .scale = 2),
    KT_FIELD(forecast_answer, weeks, LINES, "Weeks", "Tygodnie", .lines = &week_shape),
    KT_FIELD(forecast_answer, orders, BOOL, "Orders were asked", "Uwzględniono zamówienia"),
    KT_FIELD(forecast_answer, purchases, BOOL, "Purchases were asked", "Uwzględniono zakupy"),
    KT_FIELD(forecast_answer, deals, BOOL, "Deals were asked", "Uwzględniono szanse"));

struct behind { /* a week's figures */
    struct ids regular, expected[EXPECTED_COUNT];
};
typedef struct {
    kt_tx *tx;
    struct house house;
    struct week *weeks;
    struct behind *behind; /* of each week */
    bool may_read[EXPECTED_COUNT];
    size_t count;
    kt_date start; /* of the first week, a Monday */
    struct tax_period *taxes;
    size_t tax_count;
} plan;

/* What is late is expected in the first week; what comes behind the last is left out: NULL. */
static struct week *week_of(plan *p, kt_date day)
{
    size_t at = day.day <= p->start.day ? 0 : (size_t)(day.day - p->start.day) / 7;
    return at < p->count ? &p->weeks[at] : NULL;
}

static struct behind *behind_of(const plan *p, const struct week *w)
{
    return &p->behind[w - p->weeks];
}

static void put(kt_dec *to, kt_dec amount)
{
    *to = kt_dec_add(*to, amount);
}

/* In another currency it will bring what that is worth, not what it was booked at: at today's rate, as all that is not billed. */
static kt_error *add_item(plan *p, const struct open_item *item)
{
    struct week *w = week_of(p, item->due);
    kt_dec value = item->open_value;
    if (!w)
        return NULL;
    if (item->currency.v != p->house.currency.v)
        KT_TRY(to_house(p->tx, &p->house, "currency", item->open, item->currency, kt_today(p->tx), &value));
    put(value.coef > 0 ? &w->receivable : &w->payable, value);
    return NULL;
}

static kt_error *add_items(plan *p)
{
    const kt_where where[] = {KT_WHERE(open_item, closed, KT_EQ, {0}), {0}};
    kt_cursor *cursor;
    struct open_item item = {KT_OF(open_item)};
    kt_error *error = NULL;
    KT_TRY(kt_open(p->tx, &(kt_query){&open_item_shape, where, NULL, 0}, &cursor));
    while (!error && kt_next(cursor, &item.rec))
        error = add_item(p, &item);
    kt_also(&error, kt_close(cursor));
    return error;
}

/* From today on: what was due before has been paid, or is an open item. */
static kt_error *add_times(plan *p, const struct regular *r)
{
    kt_dec value, amount = r->direction == REGULAR_OUT ? kt_dec_neg(r->amount) : r->amount;
    kt_date last = kt_date_add(p->start, (int32_t)p->count * 7 - 1), day = r->first;
    KT_TRY(to_house(p->tx, &p->house, "currency", amount, r->currency, kt_today(p->tx), &value));
    for (int64_t time = 0; day.day && day.day <= last.day; day = regular_day(r, ++time))
        if (day.day >= kt_today(p->tx).day) {
            struct week *w = week_of(p, day);
            put(&w->regular, value);
            KT_TRY(ids_add(p->tx, &behind_of(p, w)->regular, r->rec.id));
        }
    return NULL;
}

static kt_error *add_regular(plan *p)
{
    const kt_where where[] = {KT_WHERE(regular, active, KT_EQ, true), {0}};
    struct regular r = {KT_OF(regular)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(p->tx, &(kt_query){&regular_shape, where, NULL, 0}, &cursor));
    while (!error && kt_next(cursor, &r.rec))
        error = add_times(p, &r);
    kt_also(&error, kt_close(cursor));
    return error;
}

struct billed { /* what is billed on a day, with tax */
    kt_date day;
    kt_dec amount, tax; /* tax: so much of the amount */
};
struct source { /* the record that says so */
    enum expected what;
    kt_id of, currency;
};

static kt_error *terms_read(kt_tx *tx, kt_id party, struct terms *t)
{
    kt_id id;
    *t = (struct terms){KT_OF(terms)};
    KT_TRY(terms_of(tx, party, &id));
    return id.v ? kt_read(tx, id, &t->rec) : NULL;
}

static kt_dec *figure_of(struct week *w, enum expected what)
{
    return what == OF_ORDERS ? &w->orders : what == OF_PURCHASES ? &w->purchases : &w->deals;
}

/* Terms of payment count from the day of the bill. */
static kt_error *add_billed(
    plan *p, const struct terms *t, const struct billed *b, const struct source *source)
{
    struct due_part parts[PARTS_MOST];
    const bool out = source->what == OF_PURCHASES;
    const kt_date today = kt_today(p->tx);
    kt_dec value, tax;
    KT_TRY(to_house(p->tx, &p->house, "currency", b->amount, source->currency, today, &value));
    KT_TRY(to_house(p->tx, &p->house, "currency", b->tax, source->currency, today, &tax));
    KT_TRY(tax_expect(
        p->tx, p->taxes, p->tax_count, b->day, out ? kt_dec_neg(tax) : tax, source->what, source->of));
    size_t count = terms_cut(t, b->day, out ? kt_dec_neg(value) : value, parts);
    for (size_t i = 0; i < count; i++) {
        struct week *w = week_of(p, parts[i].due);
        if (!w || !parts[i].amount.coef)
            continue;
        put(figure_of(w, source->what), parts[i].amount);
        KT_TRY(ids_add(p->tx, &behind_of(p, w)->expected[source->what], source->of));
    }
    return NULL;
}

static int by_day(const void *a, const void *b)
{
    const struct billed *x = a, *y = b;
    return (x->day.day > y->day.day) - (x->day.day < y->day.day);
}

/* A line is billed on the day of its delivery; of a closed order nothing but goods is. */
static struct billed bill_of(plan *p, const kt_order *order, const struct invoice_line *line)
{
    struct billed row = {kt_today(p->tx), money(0), money(0)};
    for (size_t i = 0; i < order->line_count; i++) {
        const kt_order_line *of = &order->lines[i];
        if ((int64_t)of->id.v != line->order_line)
            continue;
        if (of->day.day > row.day.day)
            row.day = of->day;
        if (of->goods || !order->closed)
            row = (struct billed){row.day, line->gross, line->tax};
    }
    return row;
}

/* The lines that are billed on one day are one bill. What was asked for in advance, an open item or paid, the first bills
 * settle. */
static size_t make_bills(
    plan *p, const kt_order *order, const struct invoice *v, kt_dec advances, struct billed *bills)
{
    size_t count = 0;
    for (size_t i = 0; i < v->lines.count; i++)
        bills[i] = bill_of(p, order, invoice_line_at(&v->lines, i));
    qsort(bills, v->lines.count, sizeof *bills, by_day);
    for (size_t i = 0; i < v->lines.count; i++)
        if (count && bills[count - 1].day.day == bills[i].day.day) {
            put(&bills[count - 1].amount, bills[i].amount);
            put(&bills[count - 1].tax, bills[i].tax);
        } else
            bills[count++] = bills[i];
    for (size_t i = 0; i < count && advances.coef > 0; i++) {
        kt_dec settled = kt_dec_cmp(advances, bills[i].amount) < 0 ? advances : bills[i].amount;
        if (settled.coef <= 0)
            continue;
        bills[i].tax = kt_dec_sub(bills[i].tax, share_of(bills[i].tax, settled, bills[i].amount));
        bills[i].amount = kt_dec_sub(bills[i].amount, settled);
        advances = kt_dec_sub(advances, settled);
    }
    return count;
}

static kt_error *add_order(plan *p, const kt_order *order, bool purchase)
{
    const struct source source = {purchase ? OF_PURCHASES : OF_ORDERS, order->id, order->currency};
    const kt_id of = kt_any(p->tx, purchase ? "logistics.purchase_order" : "crm.order", order->id);
    struct terms t;
    struct invoice v;
    kt_dec advances;
    KT_TRY(terms_read(p->tx, order->party, &t));
    KT_TRY(invoice_expected(p->tx, of, order, &v));
    KT_TRY(advances_left(p->tx, of, &advances));
    struct billed *bills = kt_alloc(p->tx, sizeof *bills * (v.lines.count + 1));
    if (!bills)
        return kt_no_memory();
    size_t count = make_bills(p, order, &v, advances, bills);
    for (size_t i = 0; i < count; i++)
        KT_TRY(add_billed(p, &t, &bills[i], &source));
    return NULL;
}

static kt_error *add_orders(plan *p, const kt_orders *orders, bool purchase)
{
    enum { CHUNK = 200 };
    kt_id ids[CHUNK], after = {0};
    size_t count = CHUNK;
    while (count == CHUNK) {
        KT_TRY(orders->unbilled(p->tx, after, ids, CHUNK, &count));
        for (size_t i = 0; i < count; i++) {
            kt_order order = {0};
            KT_TRY(orders->read(p->tx, ids[i], &order));
            KT_TRY(add_order(p, &order, purchase));
            after = ids[i];
        }
    }
    return NULL;
}

struct deal { /* what is looked at in crm.deal */
    kt_record rec;
    kt_id party, currency;
    kt_dec amount, probability, gross, tax;
    bool amount_manual, tax_included;
    kt_date expected_close;
};
static const kt_shape deal_shape = KT_SHAPE(deal, "crm.deal", KT_BIND(deal, party, REF, "party"),
    KT_BIND(deal, currency, REF, "currency"), KT_BIND(deal, amount, MONEY, "amount"),
    KT_BIND(deal, probability, PERCENT, "probability"), KT_BIND(deal, gross, MONEY, "gross"),
    KT_BIND(deal, tax, MONEY, "tax"), KT_BIND(deal, amount_manual, BOOL, "amount_manual"),
    KT_BIND(deal, tax_included, BOOL, "tax_included"), KT_BIND(deal, expected_close, DATE, "expected_close"));

/* A deal's lines say what it comes to with tax; an amount without them is taxed like a line of text. */
static kt_error *deal_bill(plan *p, const struct deal *d, struct billed *bill)
{
    const kt_taxes *taxes = kt_taxes_find(p->tx);
    kt_tax_line line = {.quantity = KT_DEC(1, 0), .price = d->amount, .included = d->tax_included};
    kt_tax_document document = {.company = p->house.company,
        .party = d->party,
        .currency = d->currency,
        .day = kt_today(p->tx),
        .lines = &line,
        .line_count = 1};
    bool lines = d->gross.scale1 && !d->amount_manual;
    bill->amount = lines ? d->gross : d->amount;
    bill->tax = lines ? known(d->tax) : money(0);
    if (lines || !taxes)
        return NULL;
    KT_TRY(taxes->assign(p->tx, &document));
    KT_TRY(taxes->compute(p->tx, &document));
    bill->amount = document.gross;
    bill->tax = document.tax;
    return NULL;
}

static kt_dec likely(kt_dec amount, const struct deal *d)
{
    return kt_dec_div(kt_dec_mul(amount, d->probability, 6), KT_DEC(100, 0), 2);
}

static kt_error *add_deal(plan *p, const struct deal *d)
{
    struct terms t;
    const struct source source = {OF_DEALS, d->rec.id, d->currency};
    const kt_date today = kt_today(p->tx);
    struct billed bill = {.day = d->expected_close.day > today.day ? d->expected_close : today};
    if (!d->expected_close.day || !d->amount.coef || !d->probability.coef)
        return NULL;
    KT_TRY(deal_bill(p, d, &bill));
    KT_TRY(terms_read(p->tx, d->party, &t));
    bill.amount = likely(bill.amount, d);
    bill.tax = likely(bill.tax, d);
    return add_billed(p, &t, &bill, &source);
}

static kt_error *add_deals(plan *p)
{
    kt_cursor *cursor;
    struct deal d = {KT_OF(deal)};
    kt_error *error = NULL;
    KT_TRY(kt_open(
        p->tx, &(kt_query){&deal_shape, NULL, NULL, 0, KT_STR("[[\"semantic\",\"=\",\"open\"]]")}, &cursor));
    while (!error && kt_next(cursor, &d.rec))
        error = add_deal(p, &d);
    kt_also(&error, kt_close(cursor));
    return error;
}

static kt_error *cash_now(kt_tx *tx, kt_dec *cash)
{
    tree t;
    *cash = money(0);
    KT_TRY(tree_read(tx, &t));
    KT_TRY(tree_add(tx, &t, (kt_date){0}, kt_today(tx), false, TO_OPENING));
    for (size_t i = 0; i < t.count; i++)
        if (t.nodes[i].account.cash == CASH && !t.nodes[i].account.group)
            *cash = kt_dec_add(*cash, t.nodes[i].opening);
    return NULL;
}

/* Of what other modules have, no more than whoever may read it sees. */
static kt_str expected_filter(plan *p, enum expected what, struct ids *of)
{
    return p->may_read[what] ? ids_filter(p->tx, of) : (kt_str){0};
}

static kt_error *add_taxes(plan *p)
{
    KT_TRY(tax_carry(p->tx, p->taxes, p->tax_count));
    for (size_t i = 0; i < p->tax_count; i++) {
        struct tax_period *t = &p->taxes[i];
        struct week *w = week_of(p, t->due);
        if (!t->amount.coef)
            continue;
        put(&w->tax, kt_dec_neg(t->amount));
        w->tax_filter = kt_format(p->tx, "[[\"tax_day\",\"between\",[\"%s\",\"%s\"]]]",
            iso_date(p->tx, t->from).ptr, iso_date(p->tx, t->end).ptr);
        w->tax_orders_filter = expected_filter(p, OF_ORDERS, &t->expected[OF_ORDERS]);
        w->tax_purchases_filter = expected_filter(p, OF_PURCHASES, &t->expected[OF_PURCHASES]);
        w->tax_deals_filter = expected_filter(p, OF_DEALS, &t->expected[OF_DEALS]);
    }
    return NULL;
}

static void add_filters(plan *p, struct week *w)
{
    const bool first = w == p->weeks;
    struct behind *of = behind_of(p, w);
    kt_str last = iso_date(p->tx, kt_date_add(w->start, 6));
    kt_str days = first ? kt_format(p->tx, "[\"due\",\"<=\",\"%s\"]", last.ptr)
                        : kt_format(p->tx, "[\"due\",\"between\",[\"%s\",\"%s\"]]",
                              iso_date(p->tx, w->start).ptr, last.ptr);
    w->receivable_filter = kt_format(p->tx, "[[\"closed\",\"=\",null],[\"open\",\">\",\"0\"],%s]", days.ptr);
    w->payable_filter = kt_format(p->tx, "[[\"closed\",\"=\",null],[\"open\",\"<\",\"0\"],%s]", days.ptr);
    w->regular_filter = ids_filter(p->tx, &of->regular);
    w->orders_filter = expected_filter(p, OF_ORDERS, &of->expected[OF_ORDERS]);
    w->purchases_filter = expected_filter(p, OF_PURCHASES, &of->expected[OF_PURCHASES]);
    w->deals_filter = expected_filter(p, OF_DEALS, &of->expected[OF_DEALS]);
}

static kt_error *show_weeks(plan *p, struct forecast_answer *out)
{
    kt_dec balance = out->cash;
    for (size_t i = 0; i < p->count; i++) {
        struct week *w = &p->weeks[i];
        const kt_dec parts[] = {
            w->receivable, w->payable, w->regular, w->orders, w->purchases, w->deals, w->tax};
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
            balance = kt_dec_add(balance, parts[k]);
        w->balance = balance;
        add_filters(p, w);
        KT_TRY(kt_line_add(p->tx, &out->weeks, &w->rec));
    }
    return NULL;
}

/* What other modules expect, on the module's own authority: of records that the caller may not read the answer has the
 * sums alone. */
static kt_error *add_others(plan *p, bool deals, struct forecast_answer *out)
{
    const kt_orders *sales = kt_orders_find(p->tx), *buys = kt_purchases_find(p->tx);
    out->orders = sales && sales->unbilled;
    out->purchases = buys && buys->unbilled;
    out->deals = deals && sales;
    if (out->orders)
        KT_TRY(add_orders(p, sales, false));
    if (out->purchases)
        KT_TRY(add_orders(p, buys, true));
    return out->deals ? add_deals(p) : NULL;
}

kt_error *cash_forecast(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct forecast *f = KT_SEE(forecast, params);
    struct forecast_answer *out = KT_AS(forecast_answer, result);
    plan p = {.tx = tx,
        .count = (size_t)f->weeks,
        .may_read = {[OF_ORDERS] = kt_may(tx, "crm.order:read"),
            [OF_PURCHASES] = kt_may(tx, "logistics.purchase_order:read"),
            [OF_DEALS] = kt_may(tx, "crm.deal:read")}};
    if (f->weeks < 1 || f->weeks > 104)
        return kt_fail(tx, KT_VALIDATION, "weeks", "%lld is not within 1 to 104",
            "%lld nie mieści się między 1 a 104", (long long)f->weeks);
    KT_TRY(house_of(tx, &p.house));
    p.start = kt_date_add(kt_today(tx), -((kt_today(tx).day - 1) % 7)); /* 0001-01-01 was a Monday */
    p.weeks = kt_alloc(tx, sizeof *p.weeks * p.count);
    p.behind = kt_alloc(tx, sizeof *p.behind * p.count);
    if (!p.weeks || !p.behind)
        return kt_no_memory();
    for (size_t i = 0; i < p.count; i++)
        p.weeks[i] = (struct week){.rec.of = &week_shape,
            .start = kt_date_add(p.start, (int32_t)i * 7),
            .receivable = money(0),
            .payable = money(0),
            .regular = money(0),
            .orders = money(0),
            .purchases = money(0),
            .deals = money(0),
            .tax = money(0)};
    KT_TRY(tax_periods(tx, kt_date_add(p.start, (int32_t)p.count * 7 - 1), &p.taxes, &p.tax_count));
    KT_TRY(cash_now(tx, &out->cash));
    KT_TRY(add_items(&p));
    KT_TRY(add_regular(&p));
    kt_authority before = kt_own_authority(tx);
    kt_error *error = add_others(&p, f->deals, out);
    kt_callers_authority(tx, before);
    KT_TRY(error);
    KT_TRY(add_taxes(&p));
    return show_weeks(&p, out);
}
