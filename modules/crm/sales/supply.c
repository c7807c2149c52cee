/* What an order asks of the stores, of production and of purchasing: each of its lines is a demand, covered in
 * the transaction that confirms it. What comes back -- dates, cost, what covers what -- is the order's plan,
 * the same in the preview and after the confirmation. */
#include <string.h>

#include <kontor/currency.h>
#include <kontor/orders.h>
#include <kontor/plan.h>
#include <kontor/units.h>
#include <kontor/walk.h>

#include "sales/sales.h"

struct costed { /* what is looked at in an item */
    kt_record rec;
    kt_id unit;
    enum sold kind;
    kt_dec standard_cost;
};
static const kt_shape costed_shape = KT_SHAPE(costed, "base.item", KT_BIND(costed, unit, REF, "unit"),
    KT_BIND(costed, kind, STATE, "kind"), KT_BIND(costed, standard_cost, PRICE, "standard_cost"));

/* ---- One line's demand ---- */

static kt_error *read_costed(kt_tx *tx, const struct sale_line *line, struct costed *item)
{
    *item = (struct costed){KT_OF(costed)};
    kt_authority before = kt_own_authority(tx); /* what it costs the order shows to whom it concerns */
    kt_error *e = kt_read(tx, line->item, &item->rec);
    kt_callers_authority(tx, before);
    return e;
}

static bool is_demand(const struct sale_line *line)
{
    return line->item.v && line->kind != SERVICE && line->kind != FREE_TEXT;
}

static kt_dec open_quantity(const struct sale_line *line)
{
    return kt_dec_sub(sale_line_wanted(line), line->delivered);
}

/* What is still to be delivered, in the item's own unit, as goods are handed over. */
static kt_error *own_open(
    kt_tx *tx, const struct sale_line *line, const struct costed *item, kt_dec open, kt_dec *own)
{
    *own = KT_DEC(0, 4);
    return open.coef > 0 ? kt_in_whole_units(tx, line->item, open, line->unit, item->unit, own) : NULL;
}

/* So much of it, in the item's own unit, goes if so much less is to be delivered. */
static kt_error *own_less(
    kt_tx *tx, const struct sale_line *line, const struct costed *item, kt_dec less, kt_dec *own)
{
    kt_dec rest;
    KT_TRY(own_open(tx, line, item, kt_dec_sub(open_quantity(line), less), &rest));
    KT_TRY(own_open(tx, line, item, open_quantity(line), own));
    *own = kt_dec_sub(*own, rest);
    return NULL;
}

/* Of what is still to be delivered so much is covered already, in the line's unit.
 *   later  when all that waits with it is known */
static kt_error *cover_line(
    kt_tx *tx, const struct sale *s, struct sale_line *line, kt_dec covered, bool later)
{
    const kt_supply *supply = kt_supply_find(tx);
    struct costed item;
    kt_plan plan = {0};
    kt_demand demand = {.item = line->item,
        .day = line->asked.day ? line->asked : s->asked,
        .warehouse = s->warehouse,
        .document = kt_any(tx, s->rec.of->name, s->rec.id),
        .line = line->rec.id,
        .later = later};
    if (!supply || !is_demand(line) || kt_dec_cmp(open_quantity(line), covered) <= 0)
        return NULL;
    KT_TRY(read_costed(tx, line, &item));
    KT_TRY(own_less(tx, line, &item, kt_dec_sub(open_quantity(line), covered), &demand.quantity));
    if (demand.quantity.coef <= 0)
        return NULL;
    KT_TRY(supply->cover(tx, &demand, &plan));
    if (plan.count)
        line->promised = plan.day;
    return NULL;
}

/* The day on which all that covers the line is there. *covered: something covers it. */
static kt_error *learn_promise(kt_tx *tx, const struct sale *s, struct sale_line *line, bool *covered)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_plan plan = {0};
    if (supply)
        KT_TRY(supply->tree(tx, kt_any(tx, s->rec.of->name, s->rec.id), line->rec.id, 1, &plan));
    *covered = plan.count != 0;
    if (plan.count)
        line->promised = plan.day;
    return NULL;
}

/* ---- What an order costs and when it is there ---- */

/* What the line's parts cost in the company's currency; what no source puts a price on costs its standard. A
 * service without one costs nothing but the time of people, which is no cost of the order. */
static kt_error *line_cost(kt_tx *tx, const struct sale_line *line, const kt_plan *plan, kt_dec *cost)
{
    struct costed item;
    kt_dec whole, known = KT_DEC(0, 4);
    *cost = KT_DEC(0, 4);
    KT_TRY(read_costed(tx, line, &item));
    KT_TRY(kt_in_whole_units(tx, line->item, line->quantity, line->unit, item.unit, &whole));
    for (size_t i = 0; i < plan->count; i++) {
        const kt_cover *part = &plan->parts[i];
        if (part->level || part->line.v != line->rec.id.v || !part->cost.scale1)
            continue;
        *cost = kt_dec_add(*cost, part->cost);
        known = kt_dec_add(known, part->quantity);
    }
    kt_dec rest = kt_dec_sub(whole, known);
    *cost = rest.coef > 0 && item.kind == GOODS && !item.standard_cost.scale1
                ? (kt_dec){0}
                : kt_dec_add(*cost, kt_dec_mul(rest, item.standard_cost, 4));
    return NULL;
}

static kt_error *in_currency_of(kt_tx *tx, const struct sale *s, kt_dec *amount)
{
    const kt_currencies *currencies = kt_currencies_find(tx);
    kt_id own = {0};
    if (!amount->scale1 || !currencies)
        return NULL;
    KT_TRY(currencies->own(tx, &own));
    return own.v ? currencies->convert(tx, *amount, own, s->currency, s->day, 4, amount) : NULL;
}

static kt_error *cost_up(kt_tx *tx, struct sale *s)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_plan plan = {0};
    bool known = true;
    s->cost = KT_DEC(0, 4);
    if (supply)
        KT_TRY(supply->tree(tx, kt_any(tx, s->rec.of->name, s->rec.id), (kt_id){0}, 1, &plan));
    for (size_t i = 0; i < s->lines.count; i++) {
        struct sale_line *line = (struct sale_line *)(void *)kt_line(&s->lines, i);
        line->cost = line->margin = (kt_dec){0};
        if (!line->item.v)
            continue;
        KT_TRY(line_cost(tx, line, &plan, &line->cost));
        KT_TRY(in_currency_of(tx, s, &line->cost));
        line->margin = line->cost.scale1 ? kt_dec_sub(line->net, line->cost) : (kt_dec){0};
        known = known && line->cost.scale1;
        s->cost = kt_dec_add(s->cost, line->cost);
    }
    if (!known)
        s->cost = (kt_dec){0};
    s->margin = known ? kt_dec_sub(s->net, s->cost) : (kt_dec){0};
    return NULL;
}

/* The day on which the last line is there; not set: one of them has no day. */
static void date_up(struct sale *s)
{
    bool known = true;
    s->promised = (kt_date){0};
    for (size_t i = 0; i < s->lines.count; i++) {
        const struct sale_line *line = sale_line_at(&s->lines, i);
        if (!is_demand(line) || open_quantity(line).coef <= 0)
            continue;
        known = known && line->promised.day;
        s->promised = line->promised.day > s->promised.day ? line->promised : s->promised;
    }
    if (!known)
        s->promised = (kt_date){0};
}

static kt_error *planned(kt_tx *tx, struct sale *s)
{
    date_up(s);
    kt_authority before = kt_own_authority(tx);
    kt_error *e = cost_up(tx, s);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Confirming, amending, cancelling ---- */

kt_error *order_cover(kt_tx *tx, struct sale *s)
{
    for (size_t i = 0; i < s->lines.count; i++) {
        struct sale_line *line = (struct sale_line *)(void *)kt_line(&s->lines, i);
        KT_TRY(cover_line(tx, s, line, KT_DEC(0, 4), false));
    }
    return planned(tx, s);
}

/* What of the line is open and nobody asks for: it came back. */
static kt_error *ask_again(kt_tx *tx, const struct sale *s, struct sale_line *line, bool *asked)
{
    const kt_supply *supply = kt_supply_find(tx);
    const kt_id order = kt_any(tx, s->rec.of->name, s->rec.id);
    struct costed item;
    kt_plan now = {0}, plan = {0};
    kt_demand demand = {.item = line->item,
        .day = line->asked.day ? line->asked : s->asked,
        .warehouse = s->warehouse,
        .document = order,
        .line = line->rec.id};
    bool covered;
    if (!supply || !is_demand(line) || open_quantity(line).coef <= 0)
        return NULL;
    KT_TRY(read_costed(tx, line, &item));
    KT_TRY(own_open(tx, line, &item, open_quantity(line), &demand.quantity));
    KT_TRY(supply->tree(tx, order, line->rec.id, 1, &now));
    for (size_t i = 0; i < now.count; i++)
        demand.quantity = kt_dec_sub(demand.quantity, now.parts[i].quantity);
    if (demand.quantity.coef <= 0)
        return NULL;
    *asked = true;
    KT_TRY(supply->cover(tx, &demand, &plan));
    return learn_promise(tx, s, line, &covered);
}

kt_error *order_ask_again(kt_tx *tx, struct sale *s, bool *asked)
{
    *asked = false;
    for (size_t i = 0; i < s->lines.count; i++)
        KT_TRY(ask_again(tx, s, (struct sale_line *)(void *)kt_line(&s->lines, i), asked));
    return planned(tx, s);
}

const kt_shape leftover_shape = KT_SHAPE(leftover, NULL,
    KT_FIELD(leftover, item, REF, "Item", "Towar", .target = "base.item", .priority = 1),
    KT_FIELD(leftover, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .priority = 2),
    KT_FIELD(leftover, kind, STATE, "Comes from", "Skąd", .choices = kt_supply_kinds, .priority = 3),
    KT_FIELD(
        leftover, supply, REF, "Document", "Dokument", .target = "*", .on_delete = KT_CLEAR, .priority = 4),
    KT_FIELD(leftover, reason, STRING, "Why it stays", "Dlaczego zostaje", .max = 300, .priority = 5));

/* line, quantity: not set: all */
static kt_error *release(kt_tx *tx, struct sale *s, kt_id line, kt_dec quantity)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_plan left = {0};
    if (!supply)
        return NULL;
    KT_TRY(supply->release(tx, kt_any(tx, s->rec.of->name, s->rec.id), line, quantity, &left));
    for (size_t i = 0; i < left.count; i++) {
        const kt_cover *part = &left.parts[i];
        struct leftover row = {KT_OF(leftover), .item = part->item, .quantity = part->quantity,
            .kind = part->kind, .supply = part->document, .reason = kt_say(tx, part->reason)};
        KT_TRY(kt_line_add(tx, &s->leftovers, &row.rec));
    }
    return NULL;
}

kt_error *order_let_go(kt_tx *tx, struct sale *s, const struct sale_line *line, kt_dec quantity)
{
    struct costed item;
    if (!line->item.v)
        return NULL;
    if (quantity.scale1) {
        KT_TRY(read_costed(tx, line, &item));
        KT_TRY(own_less(tx, line, &item, quantity, &quantity));
        if (quantity.coef <= 0)
            return NULL;
    }
    return release(tx, s, line->rec.id, quantity);
}

kt_error *order_release(kt_tx *tx, struct sale *s)
{
    s->leftovers = (kt_lines){0};
    return release(tx, s, (kt_id){0}, (kt_dec){0});
}

static kt_error *follow_line(kt_tx *tx, struct sale *s, struct sale_line *line, const struct sale_line *was)
{
    if (was && was->asked.day != line->asked.day) /* another day is agreed on */
        line->first_promised = (kt_date){0};
    if (was && was->item.v == line->item.v && was->unit.v == line->unit.v) {
        kt_dec more = kt_dec_sub(line->quantity, was->quantity);
        return more.coef >= 0 ? cover_line(tx, s, line, open_quantity(was), false)
                              : order_let_go(tx, s, was, kt_dec_neg(more));
    }
    if (was)
        KT_TRY(order_let_go(tx, s, was, (kt_dec){0}));
    line->promised = line->first_promised = (kt_date){0};
    line->given_up = (kt_dec){0};
    return cover_line(tx, s, line, KT_DEC(0, 4), false);
}

/* A new line's id, which its demand needs, is one that no line had. */
static void name_new_lines(struct sale *s, const struct sale *stored)
{
    kt_id next = kt_revision_next_line(&stored->lines, &stored->amendments);
    for (size_t i = 0; i < s->lines.count; i++)
        if (!sale_line_at(&s->lines, i)->rec.id.v)
            kt_line(&s->lines, i)->id.v = next.v++;
}

kt_error *order_follow(kt_tx *tx, struct sale *s)
{
    struct sale stored;
    bool found, covered;
    KT_TRY(sale_stored(tx, s, &stored, &found));
    name_new_lines(s, &stored);
    s->leftovers = (kt_lines){0};
    for (size_t i = 0; i < stored.lines.count; i++) {
        const struct sale_line *was = sale_line_at(&stored.lines, i);
        if (!sale_line_with(&s->lines, was->rec.id))
            KT_TRY(order_let_go(tx, s, was, (kt_dec){0}));
    }
    for (size_t i = 0; i < s->lines.count; i++) {
        struct sale_line *line = (struct sale_line *)(void *)kt_line(&s->lines, i);
        KT_TRY(follow_line(tx, s, line, sale_line_with(&stored.lines, line->rec.id)));
    }
    for (size_t i = 0; i < s->lines.count; i++) /* what one line gave up, another may have got */
        KT_TRY(learn_promise(tx, s, (struct sale_line *)(void *)kt_line(&s->lines, i), &covered));
    return planned(tx, s);
}

kt_error *order_used(kt_tx *tx, const struct sale *s, const struct sale_line *line, kt_dec quantity)
{
    const kt_supply *supply = kt_supply_find(tx);
    struct costed item;
    if (!supply || !is_demand(line) || quantity.coef <= 0)
        return NULL;
    KT_TRY(read_costed(tx, line, &item));
    KT_TRY(own_less(tx, line, &item, quantity, &quantity));
    if (quantity.coef <= 0)
        return NULL;
    return supply->used(tx, kt_any(tx, s->rec.of->name, s->rec.id), line->rec.id, line->item, quantity, NULL);
}

/* ---- A promise moved ---- */

struct promise {
    kt_record rec;
    kt_id document;
    int64_t line;
    kt_date day;
};
const kt_shape promise_shape = KT_SHAPE(promise, NULL, KT_BIND(promise, document, REF, "document"),
    KT_BIND(promise, line, INT, "line"), KT_BIND(promise, day, DATE, "day"));

/* What was missing is there on a day now, and nothing of the line went: only now it is known what it costs. */
static bool is_first_promise(const struct sale_line *line, const struct promise *p)
{
    return !line->promised.day && p->day.day && !line->delivered.coef;
}

kt_error *order_promise_moved(kt_tx *tx, const kt_event *event)
{
    const struct promise *p = KT_SEE(promise, event->after);
    const char *entity = kt_any_entity(tx, p->document);
    struct sale s = {.rec.of = &order_shape};
    if (!entity || strcmp(entity, order_shape.name) != 0)
        return NULL;
    bool first = false;
    KT_TRY(kt_read(tx, kt_any_id(p->document), &s.rec));
    for (size_t i = 0; i < s.lines.count; i++) {
        struct sale_line *line = (struct sale_line *)(void *)kt_line(&s.lines, i);
        if ((int64_t)line->rec.id.v != p->line)
            continue;
        first = is_first_promise(line, p);
        line->promised = p->day;
    }
    if (s.state != O_CONFIRMED && s.state != O_ON_HOLD)
        return NULL;
    date_up(&s);
    if (first)
        KT_TRY(planned(tx, &s));
    return kt_update(tx, &s.rec);
}

/* ---- Departments that were off ---- */

struct unheard_part {
    kt_record rec;
    int64_t line;
};
static const kt_shape unheard_part_shape = KT_SHAPE(
    unheard_part, NULL, KT_BIND(unheard_part, line, INT, "line"));
struct unheard { /* what an order that is on hold hears when it goes on */
    kt_record rec;
    kt_id order;
    kt_lines parts;
};
static const kt_shape unheard_shape = KT_SHAPE(unheard, "base.order_report",
    KT_BIND(unheard, order, REF, "order"),
    KT_BIND(unheard, parts, LINES, "parts", .lines = &unheard_part_shape));

/* Did some of the line go that the order has not heard of yet? */
static kt_error *went_unheard(kt_tx *tx, const struct sale *s, const struct sale_line *line, bool *went)
{
    const kt_id order = kt_any(tx, s->rec.of->name, s->rec.id);
    const kt_where where[] = {KT_WHERE(unheard, order, KT_EQ, order), {0}};
    const kt_query query = {
        .of = &unheard_shape, .where = where, .filter = KT_STR("[[\"kind\",\"=\",\"delivered\"]]")};
    struct unheard report = {KT_OF(unheard)};
    kt_cursor *cursor;
    *went = false;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!*went && kt_next(cursor, &report.rec))
        for (size_t i = 0; i < report.parts.count; i++)
            *went = *went || KT_SEE(unheard_part, kt_line(&report.parts, i))->line == (int64_t)line->rec.id.v;
    return kt_close(cursor);
}

/* A line of which nothing is covered, and nothing ever went, is one that nobody could be asked for: it is now, with all others like it.
 * Of any other the day may have moved unheard. */
static kt_error *catch_up_line(kt_tx *tx, const struct sale *s, struct sale_line *line, bool *changed)
{
    const kt_date was = line->promised;
    bool covered, went = false;
    if (!is_demand(line) || open_quantity(line).coef <= 0)
        return NULL;
    KT_TRY(learn_promise(tx, s, line, &covered));
    if (!covered)
        KT_TRY(went_unheard(tx, s, line, &went));
    if (!covered && !went && !line->delivered.coef && !line->actual.day)
        KT_TRY(cover_line(tx, s, line, KT_DEC(0, 4), true));
    *changed = *changed || line->promised.day != was.day;
    return NULL;
}

static kt_error *catch_up(kt_tx *tx, kt_record *rec)
{
    struct sale *s = (struct sale *)(void *)kt_as(rec, &order_shape);
    bool changed = false;
    KT_TRY(kt_order_hears(tx, kt_any(tx, order_shape.name, rec->id)));
    KT_TRY(kt_read(tx, rec->id, rec));
    for (size_t i = 0; i < s->lines.count; i++)
        KT_TRY(catch_up_line(tx, s, (struct sale_line *)(void *)kt_line(&s->lines, i), &changed));
    if (!changed)
        return NULL;
    KT_TRY(planned(tx, s));
    return kt_update(tx, &s->rec);
}

static const kt_walk walks[] = {
    {{"Orders hear what is promised to them", "Zamówienia dowiadują się, co im obiecano"}, &order_shape,
        "[[\"state\",\"in\",[\"confirmed\",\"on_hold\"]],[\"delivery_status\",\"!=\",\"full\"]]", catch_up}};

/* All that waits is known: who needs it first is covered first. */
static kt_error *cover_those_that_wait(kt_tx *tx)
{
    const kt_supply *supply = kt_supply_find(tx);
    return supply ? supply->offered(tx, (kt_id){0}, KT_MISSING) : NULL;
}

static kt_error *walk_on(kt_tx *tx, kt_work_run *run)
{
    KT_TRY(kt_walk_on(tx, walks, sizeof walks / sizeof *walks, run));
    return run->finished ? cover_those_that_wait(tx) : NULL;
}

const kt_work orders_catch_up = {kt_walk_prepare, walk_on};

kt_error *orders_covered(kt_tx *tx, const kt_event *event)
{
    (void)event;
    return kt_walk_begin(tx, "crm.catch_up", walks, 0);
}

kt_error *orders_enabled(kt_tx *tx, const kt_event *event)
{
    KT_TRY(orders_covered(tx, event));
    return cover_those_that_wait(tx);
}

/* ---- The answer of confirm and preview ---- */

struct planned_order {
    kt_record rec;
    int64_t id, version, minutes;
    unsigned state;
    kt_date promised;
    kt_dec net, cost, margin, margin_percent;
    kt_lines parts, cash;
    kt_str cash_lacks;
};
const kt_shape planned_order_shape = KT_SHAPE(planned_order, NULL,
    KT_FIELD(planned_order, id, INT, "Id", "Id"), KT_FIELD(planned_order, version, INT, "Version", "Wersja"),
    KT_FIELD(planned_order, state, STATE, "State", "Stan", .choices = order_states),
    KT_FIELD(planned_order, promised, DATE, "Promised for", "Obiecany termin",
        .help = {"The day on which all of it is there; empty: something is missing.",
            "Dzień, w którym wszystko będzie; puste: czegoś brakuje."}),
    KT_FIELD(planned_order, net, MONEY, "Net", "Netto", .scale = 4),
    KT_FIELD(planned_order, cost, MONEY, "Cost", "Koszt", .scale = 4),
    KT_FIELD(planned_order, margin, MONEY, "Margin", "Marża", .scale = 4),
    KT_FIELD(planned_order, margin_percent, PERCENT, "Margin, %", "Marża, %", .scale = 2),
    KT_FIELD(planned_order, minutes, INT, "Working minutes", "Minuty pracy"),
    KT_FIELD(planned_order, parts, LINES, "Plan", "Plan", .lines = &kt_plan_row_shape),
    KT_FIELD(planned_order, cash, LINES, "Effect on cash", "Wpływ na gotówkę", .lines = &cash_day_shape,
        .help = {"In the company's currency, with tax, by the terms of payment. Empty: nobody keeps the "
                 "books, or "
                 "the cost is not yours to see.",
            "W walucie firmy, z podatkiem, według warunków płatności. Puste: nikt nie prowadzi ksiąg albo "
            "nie wolno Ci "
            "znać kosztów."}),
    KT_FIELD(planned_order, cash_lacks, STRING, "Not known of cash", "Czego nie wiadomo o gotówce",
        .help = {"Where there is no rate of the order's currency, what is received is not known, nor what is "
                 "together.",
            "Gdy nie ma kursu waluty zamówienia, nie wiadomo, ile wpłynie ani ile będzie razem."}));

kt_error *order_planned(kt_tx *tx, const kt_record *self, kt_record *result)
{
    const struct sale *s = (const struct sale *)(const void *)kt_see(self, &order_shape);
    struct planned_order *out = KT_AS(planned_order, result);
    const kt_supply *supply = kt_supply_find(tx);
    kt_plan plan = {0};
    const bool costs = kt_shows(tx, order_shape.name, "cost");
    out->id = (int64_t)s->rec.id.v;
    out->version = s->rec.version;
    out->state = s->state;
    out->promised = s->promised;
    out->net = s->net;
    if (costs) {
        out->cost = s->cost;
        out->margin = s->margin;
    }
    if (out->margin.scale1 && s->net.coef)
        out->margin_percent = kt_dec_div(kt_dec_mul(out->margin, KT_DEC(100, 0), 4), s->net, 2);
    if (supply && kt_may(tx, "base.pegging:read"))
        KT_TRY(supply->tree(tx, kt_any(tx, s->rec.of->name, s->rec.id), (kt_id){0}, 0, &plan));
    if (costs)
        KT_TRY(order_cash(tx, s, &plan, &out->cash, &out->cash_lacks));
    for (size_t i = 0; i < plan.count; i++)
        out->minutes += plan.parts[i].minutes;
    return kt_plan_show(tx, &plan, &out->parts);
}
