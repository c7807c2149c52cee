/* Cash by week: what there is, what falls due, what is paid regularly, what is ordered and not billed yet, what deals
 * may bring. Orders, purchases and deals are asked of their modules; those that are absent are left out. */
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
    kt_dec receivable, payable, regular, orders, purchases, deals, balance;
    kt_str receivable_filter, payable_filter;
};
static const kt_shape week_shape = KT_SHAPE(week, NULL,
    KT_FIELD(week, start, DATE, "Week from", "Tydzień od"),
    KT_FIELD(week, receivable, MONEY, "Receivables due", "Należności", .scale = 2),
    KT_FIELD(week, payable, MONEY, "Payables due", "Zobowiązania", .scale = 2),
    KT_FIELD(week, regular, MONEY, "Regular payments", "Płatności regularne", .scale = 2),
    KT_FIELD(week, orders, MONEY, "Orders to bill", "Zamówienia do zafakturowania", .scale = 2),
    KT_FIELD(week, purchases, MONEY, "Purchases to be billed", "Zakupy niefakturowane", .scale = 2),
    KT_FIELD(week, deals, MONEY, "Deals, by probability", "Szanse, według prawdopodobieństwa", .scale = 2),
    KT_FIELD(week, balance, MONEY, "Cash at its end", "Środki na koniec", .scale = 2),
    KT_FIELD(
        week, receivable_filter, JSON, "Receivables in finance.open_item", "Należności w finance.open_item"),
    KT_FIELD(
        week, payable_filter, JSON, "Payables in finance.open_item", "Zobowiązania w finance.open_item"));
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

typedef struct {
    kt_tx *tx;
    struct house house;
    struct week *weeks;
    size_t count;
    kt_date start; /* of the first week, a Monday */
} plan;

/* What is late is expected in the first week; what comes behind the last is left out: NULL. */
static struct week *week_of(plan *p, kt_date day)
{
    size_t at = day.day <= p->start.day ? 0 : (size_t)(day.day - p->start.day) / 7;
    return at < p->count ? &p->weeks[at] : NULL;
}

static void put(kt_dec *to, kt_dec amount)
{
    *to = kt_dec_add(*to, amount);
}

static kt_error *add_items(plan *p)
{
    const kt_where where[] = {KT_WHERE(open_item, closed, KT_EQ, {0}), {0}};
    kt_cursor *cursor;
    struct open_item item = {KT_OF(open_item)};
    KT_TRY(kt_open(p->tx, &(kt_query){&open_item_shape, where, NULL, 0}, &cursor));
    while (kt_next(cursor, &item.rec)) {
        struct week *w = week_of(p, item.due);
        if (w)
            put(item.open_value.coef > 0 ? &w->receivable : &w->payable, item.open_value);
    }
    return kt_close(cursor);
}

/* From today on: what was due before has been paid, or is an open item. */
static kt_error *add_times(plan *p, const struct regular *r)
{
    kt_dec value, amount = r->direction == REGULAR_OUT ? kt_dec_neg(r->amount) : r->amount;
    kt_date last = kt_date_add(p->start, (int32_t)p->count * 7 - 1), day = r->first;
    KT_TRY(to_house(p->tx, &p->house, "currency", amount, r->currency, kt_today(p->tx), &value));
    for (int64_t time = 0; day.day && day.day <= last.day; day = regular_day(r, ++time))
        if (day.day >= kt_today(p->tx).day)
            put(&week_of(p, day)->regular, value);
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

/* Terms of payment count from the day of delivery: the bill is written then. */
static void add_line(plan *p, const struct terms *t, kt_date day, kt_dec value, bool purchase)
{
    struct due_part parts[PARTS_MOST];
    size_t count = terms_cut(t, day, value, parts);
    for (size_t i = 0; i < count; i++) {
        struct week *w = week_of(p, parts[i].due);
        if (w)
            put(purchase ? &w->purchases : &w->orders,
                purchase ? kt_dec_neg(parts[i].amount) : parts[i].amount);
    }
}

/* What is still to be billed of a line, without tax, which is passed on. */
static kt_dec net_left(const kt_order *order, const kt_order_line *line)
{
    kt_dec left = kt_order_line_left(order, line, false);
    kt_dec rest = kt_dec_sub(KT_DEC(100, 0), known(line->discount_percent));
    kt_dec net = kt_dec_div(kt_dec_mul(kt_dec_mul(left, line->price, 6), rest, 6), KT_DEC(100, 0), 6);
    if (!line->discount_amount.coef || !line->quantity.coef)
        return net;
    return kt_dec_sub(net, kt_dec_div(kt_dec_mul(line->discount_amount, left, 6), line->quantity, 6));
}

static kt_error *add_order(plan *p, const kt_order *order, bool purchase)
{
    struct terms t = {KT_OF(terms)};
    kt_id id;
    KT_TRY(terms_of(p->tx, order->party, &id));
    if (id.v)
        KT_TRY(kt_read(p->tx, id, &t.rec));
    for (size_t i = 0; i < order->line_count; i++) {
        const kt_order_line *line = &order->lines[i];
        kt_dec value, amount = kt_dec_round(net_left(order, line), 2);
        if (!amount.coef || (order->closed && !line->goods))
            continue;
        KT_TRY(to_house(p->tx, &p->house, "currency", amount, order->currency, kt_today(p->tx), &value));
        add_line(p, &t, line->day.day > kt_today(p->tx).day ? line->day : kt_today(p->tx), value, purchase);
    }
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
    kt_id currency;
    kt_dec amount, probability;
    kt_date expected_close;
};
static const kt_shape deal_shape = KT_SHAPE(deal, "crm.deal", KT_BIND(deal, currency, REF, "currency"),
    KT_BIND(deal, amount, MONEY, "amount"), KT_BIND(deal, probability, PERCENT, "probability"),
    KT_BIND(deal, expected_close, DATE, "expected_close"));

static kt_error *add_deals(plan *p)
{
    kt_cursor *cursor;
    struct deal d = {KT_OF(deal)};
    kt_error *error = NULL;
    KT_TRY(kt_open(
        p->tx, &(kt_query){&deal_shape, NULL, NULL, 0, KT_STR("[[\"semantic\",\"=\",\"open\"]]")}, &cursor));
    while (!error && kt_next(cursor, &d.rec)) {
        struct week *w = d.expected_close.day ? week_of(p, d.expected_close) : NULL;
        kt_dec value = money(0);
        if (!w || !d.amount.coef || !d.probability.coef)
            continue;
        error = to_house(p->tx, &p->house, "currency",
            kt_dec_div(kt_dec_mul(d.amount, d.probability, 4), KT_DEC(100, 0), 2), d.currency,
            kt_today(p->tx), &value);
        put(&w->deals, value);
    }
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

static kt_error *show_weeks(plan *p, struct forecast_answer *out)
{
    kt_dec balance = out->cash;
    for (size_t i = 0; i < p->count; i++) {
        struct week *w = &p->weeks[i];
        const kt_dec parts[] = {w->receivable, w->payable, w->regular, w->orders, w->purchases, w->deals};
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
            balance = kt_dec_add(balance, parts[k]);
        w->balance = balance;
        kt_str last = iso_date(p->tx, kt_date_add(w->start, 6));
        kt_str days = i ? kt_format(p->tx, "[\"due\",\"between\",[\"%s\",\"%s\"]]",
                              iso_date(p->tx, w->start).ptr, last.ptr)
                        : kt_format(p->tx, "[\"due\",\"<=\",\"%s\"]", last.ptr);
        w->receivable_filter = kt_format(
            p->tx, "[[\"closed\",\"=\",null],[\"open\",\">\",\"0\"],%s]", days.ptr);
        w->payable_filter = kt_format(p->tx, "[[\"closed\",\"=\",null],[\"open\",\"<\",\"0\"],%s]", days.ptr);
        KT_TRY(kt_line_add(p->tx, &out->weeks, &w->rec));
    }
    return NULL;
}

/* What other modules expect, on the module's own authority: the answer has their sums alone. */
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
    plan p = {.tx = tx, .count = (size_t)f->weeks};
    if (f->weeks < 1 || f->weeks > 104)
        return kt_fail(tx, KT_VALIDATION, "weeks", "%lld is not within 1 to 104",
            "%lld nie mieści się między 1 a 104", (long long)f->weeks);
    KT_TRY(house_of(tx, &p.house));
    p.start = kt_date_add(kt_today(tx), -((kt_today(tx).day - 1) % 7)); /* 0001-01-01 was a Monday */
    p.weeks = kt_alloc(tx, sizeof *p.weeks * p.count);
    if (!p.weeks)
        return kt_no_memory();
    for (size_t i = 0; i < p.count; i++)
        p.weeks[i] = (struct week){.rec.of = &week_shape,
            .start = kt_date_add(p.start, (int32_t)i * 7),
            .receivable = money(0),
            .payable = money(0),
            .regular = money(0),
            .orders = money(0),
            .purchases = money(0),
            .deals = money(0)};
    KT_TRY(cash_now(tx, &out->cash));
    KT_TRY(add_items(&p));
    KT_TRY(add_regular(&p));
    kt_authority before = kt_own_authority(tx);
    kt_error *error = add_others(&p, f->deals, out);
    kt_callers_authority(tx, before);
    KT_TRY(error);
    return show_weeks(&p, out);
}
