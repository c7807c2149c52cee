/* Recurring orders, with their invoices, and deals: a template says what, to whom and how often; running what is due makes
 * each period's order exactly once, also after a pause. Prices are those of the day unless the template says them. */
#include <kontor/accounts.h>
#include <kontor/value.h>

#include "crm.h"
#include "sales/sales.h"

enum makes { AN_ORDER = 1, A_DEAL };
static const kt_choice makes[] = {
    {AN_ORDER, "order", {"Order", "Zamówienie"}},
    {A_DEAL, "deal", {"Deal", "Szansa sprzedaży"}},
    {0},
};

enum every { DAY = 1, WEEK, MONTH, YEAR };
static const kt_choice everies[] = {
    {DAY, "day", {"Day", "Dzień"}},
    {WEEK, "week", {"Week", "Tydzień"}},
    {MONTH, "month", {"Month", "Miesiąc"}},
    {YEAR, "year", {"Year", "Rok"}},
    {0},
};
struct order_template {
    kt_record rec;
    kt_str name, reference, terms, refused;
    kt_id party, bill_to, ship_to, owner, currency, price_list, pipeline, last_order;
    bool tax_included, confirm, bill, active;
    enum makes makes;
    int64_t interval, made, steps;
    enum every every;
    kt_date start, until, anchor, next, last;
    kt_lines lines;
};
const kt_shape order_template_shape = KT_SHAPE(order_template, "crm.order_template",
    KT_FIELD(order_template, name, STRING, "Name", "Nazwa", .required = true, .max = 120, .searchable = true,
        .priority = 1),
    KT_FIELD(order_template, party, REF, "Customer", "Klient", .target = "base.party", .required = true,
        .priority = 2),
    KT_FIELD(order_template, bill_to, REF, "Bill to", "Nabywca na fakturze", .target = "base.party"),
    KT_FIELD(order_template, ship_to, REF, "Ship to", "Odbiorca", .target = "base.party"),
    KT_FIELD(order_template, interval, INT, "Every", "Co ile", .initial = "1", .priority = 4),
    KT_FIELD(order_template, every, STATE, "Unit of time", "Jednostka czasu", .choices = everies,
        .initial = "month", .priority = 5),
    KT_FIELD(order_template, start, DATE, "First on", "Pierwsze dnia", .required = true, .initial = "today",
        .help = {"Its day of the month is kept; where a month is shorter, its last day.",
            "Dzień miesiąca jest zachowany; w krótszym miesiącu ostatni."}),
    KT_FIELD(order_template, until, DATE, "Until", "Do dnia"),
    KT_FIELD(order_template, next, DATE, "Next on", "Następne dnia", .computed = true, .indexed = true,
        .priority = 3),
    KT_FIELD(order_template, makes, STATE, "Makes", "Tworzy", .choices = makes, .initial = "order"),
    KT_FIELD(order_template, confirm, BOOL, "Confirm at once", "Potwierdzaj od razu",
        .show_if = "[[\"makes\",\"=\",\"order\"]]"),
    KT_FIELD(order_template, bill, BOOL, "With the draft of its invoice", "Ze szkicem faktury",
        .show_if = "[[\"confirm\",\"=\",true]]",
        .help = {"Of all that the order says, where invoices are written here.",
            "Na wszystko z zamówienia, jeśli tu wystawia się faktury."}),
    KT_FIELD(order_template, pipeline, REF, "Into this pipeline", "Do tego lejka", .target = "crm.pipeline",
        .on_delete = KT_CLEAR, .show_if = "[[\"makes\",\"=\",\"deal\"]]"),
    KT_FIELD(order_template, active, BOOL, "Active", "Aktywne", .initial = "true"),
    KT_FIELD(order_template, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR),
    KT_FIELD(order_template, reference, STRING, "Customer's reference", "Numer u klienta", .max = 80),
    KT_FIELD(order_template, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(order_template, price_list, REF, "Price list", "Cennik", .target = "crm.price_list"),
    KT_FIELD(order_template, tax_included, BOOL, "Prices include tax", "Ceny z podatkiem"),
    KT_FIELD(order_template, terms, TEXT, "Terms", "Warunki"),
    KT_FIELD(order_template, lines, LINES, "Lines", "Pozycje", .lines = &plain_line_shape, .required = true,
        .max = 500),
    KT_FIELD(order_template, made, INT, "Made so far", "Dotąd utworzono", .computed = true),
    KT_FIELD(order_template, last, DATE, "Last on", "Ostatnie dnia", .computed = true),
    KT_FIELD(order_template, last_order, REF, "Last order", "Ostatnie zamówienie", .target = "crm.order",
        .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(order_template, refused, STRING, "Why the next could not be made",
        "Dlaczego nie utworzono następnego", .max = 400, .computed = true, .priority = 6),
    KT_FIELD(order_template, anchor, DATE, "Counted from", "Liczone od", .computed = true),
    KT_FIELD(order_template, steps, INT, "Periods since then", "Okresów od tego dnia", .computed = true));

static kt_date add_months(kt_date date, int64_t months)
{
    int year, month, day;
    kt_date_parts(date, &year, &month, &day);
    int64_t at = (int64_t)year * 12 + month - 1 + months;
    kt_date found = {0};
    while (!found.day && day > 0)
        found = kt_date_make((int)(at / 12), (int)(at % 12) + 1, day--);
    return found;
}

static kt_date step(const struct order_template *t)
{
    int64_t count = t->steps * t->interval;
    switch (t->every) {
    case DAY:
        return kt_date_add(t->anchor, (int32_t)count);
    case WEEK:
        return kt_date_add(t->anchor, (int32_t)(count * 7));
    case MONTH:
        return add_months(t->anchor, count);
    case YEAR:
        return add_months(t->anchor, count * 12);
    }
    return (kt_date){0};
}

/* A changed rhythm is counted from the last order on; another beginning begins anew. */
static void count_from(struct order_template *t, const struct order_template *stored)
{
    bool begun = stored && stored->start.day == t->start.day && stored->anchor.day;
    if (!begun) {
        t->anchor = t->start;
        t->steps = 0;
    } else if (stored->interval != t->interval || stored->every != t->every) {
        t->anchor = t->last.day ? t->last : t->start;
        t->steps = t->last.day ? 1 : 0;
    }
}

kt_error *order_template_compute(kt_tx *tx, kt_record *self)
{
    struct order_template *t = KT_AS(order_template, self), stored = {KT_OF(order_template)};
    kt_error *all = NULL;
    if (t->rec.id.v)
        KT_TRY(kt_read(tx, t->rec.id, &stored.rec));
    if (t->interval < 1 || t->interval > 1000)
        return kt_fail(tx, KT_VALIDATION, "interval", "is 1 to 1000", "wynosi od 1 do 1000");
    if (t->until.day && t->until.day < t->start.day)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "until", "ends before it begins", "kończy się przed początkiem"));
    for (size_t i = 0; i < t->lines.count; i++) {
        const struct sale_line *line = sale_line_at(&t->lines, i);
        if (!line->item.v && !line->name.ptr)
            kt_also(
                &all, kt_fail(tx, KT_VALIDATION, line_path(tx, i, "name"), "is required", "jest wymagane"));
        if (!line->item.v && !line->price.scale1)
            kt_also(
                &all, kt_fail(tx, KT_VALIDATION, line_path(tx, i, "price"), "is required", "jest wymagane"));
    }
    if (t->bill && (!t->confirm || t->makes == A_DEAL))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "bill", "only an order that is confirmed at once is billed",
                          "fakturuje się tylko zamówienie potwierdzane od razu"));
    count_from(t, t->rec.id.v ? &stored : NULL);
    t->next = step(t);
    if (!t->active || (t->until.day && t->next.day > t->until.day))
        t->next = (kt_date){0};
    return all;
}

/* ---- Making what is due ---- */

struct recur { /* the parameters of crm.order_template.run */
    kt_record rec;
    kt_id template;
    kt_date day;
};
const kt_shape recur_shape = KT_SHAPE(recur, NULL,
    KT_FIELD(recur, day, DATE, "Up to", "Do dnia", .initial = "today"),
    KT_FIELD(recur, template, REF, "Only this one", "Tylko to", .target = "crm.order_template"));
struct recurred_order {
    kt_record rec;
    kt_id template, order, deal, invoice;
    kt_str number;
    kt_date period;
};
static const kt_shape recurred_order_shape = KT_SHAPE(recurred_order, NULL,
    KT_FIELD(recurred_order, template, REF, "Recurring order", "Zamówienie cykliczne",
        .target = "crm.order_template"),
    KT_FIELD(recurred_order, period, DATE, "Due on", "Termin"),
    KT_FIELD(recurred_order, order, REF, "Order", "Zamówienie", .target = "crm.order"),
    KT_FIELD(recurred_order, deal, REF, "Deal", "Szansa", .target = "crm.deal"),
    KT_FIELD(recurred_order, invoice, REF, "Invoice", "Faktura", .target = "finance.invoice"),
    KT_FIELD(recurred_order, number, STRING, "Number", "Numer"));
struct recur_refused {
    kt_record rec;
    kt_id template;
    kt_str reason;
};
static const kt_shape recur_refused_shape = KT_SHAPE(recur_refused, NULL,
    KT_FIELD(recur_refused, template, REF, "Recurring order", "Zamówienie cykliczne",
        .target = "crm.order_template"),
    KT_FIELD(recur_refused, reason, STRING, "Why", "Dlaczego"));
struct recurred {
    kt_record rec;
    bool more;
    kt_lines orders, refused;
};
const kt_shape recurred_shape = KT_SHAPE(recurred, NULL,
    KT_FIELD(recurred, orders, LINES, "Made", "Utworzone", .lines = &recurred_order_shape),
    KT_FIELD(recurred, refused, LINES, "Could not be made", "Nie dały się utworzyć",
        .lines = &recur_refused_shape),
    KT_FIELD(
        recurred, more, BOOL, "More is due", "Są kolejne", .help = {"Call again.", "Wywołaj ponownie."}));

enum { AT_ONCE = 200 }; /* orders of one call */

static kt_error *make_invoice(kt_tx *tx, kt_id order, kt_id *invoice)
{
    const kt_accounts *accounts = kt_accounts_find(tx);
    if (!accounts || !accounts->bill_order)
        return kt_hint(kt_fail(tx, KT_UNAVAILABLE, "bill", "no module writes invoices",
                           "żaden moduł nie wystawia faktur"),
            "Enable finance, or take `bill` out of the template.",
            "Włącz finanse albo wyłącz `bill` w szablonie.");
    return accounts->bill_order(tx, kt_any(tx, "crm.order", order), kt_today(tx), invoice);
}

static kt_error *make_deal(kt_tx *tx, const struct order_template *t, struct recurred_order *row)
{
    struct deal d = {KT_OF(deal), .title = t->name, .party = t->party, .pipeline = t->pipeline,
        .owner = t->owner, .currency = t->currency, .price_list = t->price_list,
        .tax_included = t->tax_included, .expected_close = t->next, .rec.company = t->rec.company};
    KT_TRY(plain_lines_copy(tx, &t->lines, &d.lines));
    KT_TRY(kt_create(tx, &d.rec));
    row->deal = d.rec.id;
    row->number = d.rec.number;
    return NULL;
}

static kt_error *make_order(kt_tx *tx, struct order_template *t, struct recurred_order *row)
{
    const struct sale from = {.title = t->name,
        .reference = t->reference,
        .terms = t->terms,
        .party = t->party,
        .bill_to = t->bill_to,
        .ship_to = t->ship_to,
        .owner = t->owner,
        .currency = t->currency,
        .price_list = t->price_list,
        .tax_included = t->tax_included,
        .lines = t->lines,
        .rec.company = t->rec.company};
    struct sale made = {.rec.of = &order_shape,
        .state = O_DRAFT,
        .day = kt_today(tx),
        .asked = t->next,
        .template = t->rec.id,
        .period = t->next};
    KT_TRY(sale_copy(tx, &from, &made, &order_line_shape, true));
    for (size_t i = 0; i < made.lines.count; i++)
        ((struct sale_line *)(void *)kt_line(&made.lines, i))->source_line = 0; /* no document's */
    KT_TRY(kt_create(tx, &made.rec));
    row->order = t->last_order = made.rec.id;
    row->number = made.rec.number;
    if (t->confirm)
        KT_TRY(kt_act(tx, &made.rec, "confirm", NULL));
    return t->bill ? make_invoice(tx, made.rec.id, &row->invoice) : NULL;
}

static kt_error *run_template(kt_tx *tx, kt_id id, kt_date day, struct recurred *out)
{
    struct order_template t = {KT_OF(order_template)};
    KT_TRY(kt_read(tx, id, &t.rec));
    while (t.next.day && t.next.day <= day.day && out->orders.count < AT_ONCE) {
        struct recurred_order row = {KT_OF(recurred_order), .template = id, .period = t.next};
        KT_TRY(t.makes == A_DEAL ? make_deal(tx, &t, &row) : make_order(tx, &t, &row));
        KT_TRY(kt_line_add(tx, &out->orders, &row.rec));
        t.last = t.next;
        t.made++;
        t.steps++;
        t.refused = (kt_str){0};
        KT_TRY(kt_update(tx, &t.rec)); /* compute finds the next day */
    }
    out->more |= t.next.day && t.next.day <= day.day;
    return NULL;
}

struct attempt {
    kt_id template;
    kt_date day;
    struct recurred *out;
};

static kt_error *attempt(kt_tx *tx, void *context)
{
    const struct attempt *a = context;
    return run_template(tx, a->template, a->day, a->out);
}

static kt_error *note_refusal(kt_tx *tx, kt_id id, const kt_error *refusal, struct recurred *out)
{
    struct order_template t = {KT_OF(order_template)};
    KT_TRY(kt_read(tx, id, &t.rec));
    t.refused = kt_why(tx, refusal);
    struct recur_refused row = {KT_OF(recur_refused), .template = id, .reason = t.refused};
    KT_TRY(kt_update(tx, &t.rec));
    return kt_line_add(tx, &out->refused, &row.rec);
}

/* One that is refused holds none of the others up: it stays due, and says why. */
static kt_error *run_or_note(kt_tx *tx, kt_id id, kt_date day, struct recurred *out)
{
    struct attempt a = {id, day, out};
    const size_t made = out->orders.count;
    kt_error *refusal = kt_attempt(tx, attempt, &a);
    if (!refusal)
        return NULL;
    out->orders.count = made; /* what was made of its periods is taken back */
    return note_refusal(tx, id, refusal, out);
}

kt_error *templates_run(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct recur *p = KT_SEE(recur, params);
    struct recurred *out = KT_AS(recurred, result);
    kt_found due;
    if (p->day.day > kt_today(tx).day)
        return kt_fail(
            tx, KT_VALIDATION, "day", "is not today or before", "nie jest dzisiejszy ani wcześniejszy");
    if (p->template.v)
        return run_template(tx, p->template, p->day, out);
    const kt_where where[] = {KT_WHERE(order_template, next, KT_LE, p->day), {0}};
    KT_TRY(kt_find(tx, &(kt_query){&order_template_shape, where, "next,id"}, AT_ONCE, &due));
    for (size_t i = 0; i < due.count; i++)
        KT_TRY(run_or_note(tx, due.ids[i], p->day, out));
    out->more |= due.more;
    return NULL;
}
