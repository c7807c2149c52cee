/* Standard costs by the day from which they hold. One whose day comes is written to the item's card, and whoever follows the
 * card (the stock's value, for one) follows that; one of the past is history, and what was written on the card since is
 * newer than it. */
#include <kontor/rules.h>

#include "base.h"

struct item_cost {
    kt_record rec;
    kt_id item;
    kt_date valid_from, valid_to;
    kt_dec cost;
    bool applied;
};
const kt_shape item_cost_shape = KT_SHAPE(item_cost, "base.item_cost",
    KT_FIELD(item_cost, item, REF, "Item", "Towar", .target = "base.item", .required = true, .fixed = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(item_cost, valid_from, DATE, "From", "Od", .required = true, .fixed = true, .priority = 2,
        .help = {"It is written to the item on that day.", "Tego dnia trafia na kartę towaru."}),
    KT_FIELD(item_cost, valid_to, DATE, "Until", "Do",
        .help = {"Its last day; empty: until the next one begins.",
            "Jego ostatni dzień; puste: do początku następnego."}),
    KT_FIELD(item_cost, cost, PRICE, "Standard cost", "Koszt standardowy", .scale = 4, .required = true,
        .group = "cost", .priority = 3,
        .help = {"Of one unit, in the company's currency.", "Jednostki, w walucie firmy."}),
    KT_FIELD(item_cost, applied, BOOL, "Its day has come", "Jego dzień nadszedł", .computed = true));

struct cost_card { /* what is followed of an item */
    kt_record rec;
    kt_dec standard_cost;
};
static const kt_shape cost_card_shape = KT_SHAPE(
    cost_card, "base.item", KT_BIND(cost_card, standard_cost, PRICE, "standard_cost"));

struct cost_asked { /* the parameters of base.item_cost.as_of */
    kt_record rec;
    kt_id item;
    kt_date day;
};
const kt_shape cost_asked_shape = KT_SHAPE(cost_asked, NULL,
    KT_FIELD(cost_asked, item, REF, "Item", "Towar", .target = "base.item", .required = true),
    KT_FIELD(cost_asked, day, DATE, "On", "Na dzień", .initial = "today"));
struct cost_told {
    kt_record rec;
    kt_dec cost;
    kt_id row;
};
const kt_shape cost_told_shape = KT_SHAPE(cost_told, NULL,
    KT_FIELD(cost_told, cost, PRICE, "Standard cost", "Koszt standardowy", .scale = 4,
        .help = {"Empty: none is known of that day.", "Puste: z tego dnia żaden nie jest znany."}),
    KT_FIELD(cost_told, row, REF, "Row", "Wiersz", .target = "base.item_cost"));

struct costs_due { /* the parameters of base.item_cost.apply_due */
    kt_record rec;
    int64_t limit;
};
const kt_shape costs_due_shape = KT_SHAPE(
    costs_due, NULL, KT_FIELD(costs_due, limit, INT, "At most", "Najwyżej", .initial = "500"));
struct costs_applied {
    kt_record rec;
    int64_t rows;
    bool more;
};
const kt_shape costs_applied_shape = KT_SHAPE(costs_applied, NULL,
    KT_FIELD(costs_applied, rows, INT, "Costs whose day came", "Koszty, których dzień nadszedł"),
    KT_FIELD(costs_applied, more, BOOL, "More are due", "Są kolejne",
        .help = {"Call again.", "Wywołaj ponownie."}));

kt_error *item_cost_compute(kt_tx *tx, kt_record *self)
{
    struct item_cost *c = KT_AS(item_cost, self);
    kt_error *all = NULL;
    if (c->cost.scale1 && c->cost.coef < 0)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "cost", "a cost is not below zero", "koszt nie jest ujemny"));
    if (c->valid_to.day && c->valid_to.day < c->valid_from.day)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "valid_to", "is before the day from which it holds",
                          "jest przed dniem, od którego obowiązuje"));
    c->applied = c->valid_from.day <= kt_today(tx).day;
    return all;
}

/* The last one of an item that began on or before that day; no id: there is none. */
static kt_error *begun_by(kt_tx *tx, kt_id item, kt_date day, struct item_cost *found)
{
    const kt_where where[] = {
        KT_WHERE(item_cost, item, KT_EQ, item), KT_WHERE(item_cost, valid_from, KT_LE, day), {0}};
    kt_cursor *cursor;
    *found = (struct item_cost){KT_OF(item_cost)};
    KT_TRY(kt_open(
        tx, &(kt_query){.of = &item_cost_shape, .where = where, .sort = "-valid_from", .limit = 1}, &cursor));
    kt_next(cursor, &found->rec);
    return kt_close(cursor);
}

static bool holds_on(const struct item_cost *c, kt_date day)
{
    return c->rec.id.v && (!c->valid_to.day || c->valid_to.day >= day.day);
}

kt_error *item_cost_as_of(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct cost_asked *p = KT_SEE(cost_asked, params);
    struct cost_told *out = KT_AS(cost_told, result);
    struct item_cost found;
    KT_TRY(begun_by(tx, p->item, p->day, &found));
    if (holds_on(&found, p->day)) {
        out->cost = found.cost;
        out->row = found.rec.id;
    }
    return NULL;
}

/* ---- What is written to the card ---- */

static bool same_cost(kt_dec a, kt_dec b)
{
    return !a.scale1 == !b.scale1 && (!a.scale1 || kt_dec_cmp(a, b) == 0);
}

/* Of a day that is past: it is written to a card that says nothing, or still what was known until then. A card that says
 * something else was written by hand, and so a history that is brought in leaves it, and what the stock is worth, alone. */
static kt_error *may_follow(
    kt_tx *tx, const struct item_cost *before, const struct item_cost *after, kt_dec on_card, bool *may)
{
    struct item_cost last = {KT_OF(item_cost)};
    if (before)
        last = *before;
    else
        KT_TRY(begun_by(tx, after->item, (kt_date){after->valid_from.day - 1}, &last));
    *may = !on_card.scale1 || same_cost(on_card, last.cost);
    return NULL;
}

static kt_error *write_to_card(kt_tx *tx, const struct item_cost *before, const struct item_cost *after)
{
    const bool comes = before ? !before->applied : after->valid_from.day == kt_today(tx).day;
    struct cost_card card = {KT_OF(cost_card)};
    struct item_cost newest;
    bool may = comes;
    KT_TRY(begun_by(tx, after->item, kt_today(tx), &newest));
    if (newest.rec.id.v != after->rec.id.v || !holds_on(after, kt_today(tx)))
        return NULL;
    KT_TRY(kt_read(tx, after->item, &card.rec));
    if (!comes)
        KT_TRY(may_follow(tx, before, after, card.standard_cost, &may));
    if (!may || same_cost(card.standard_cost, after->cost))
        return NULL;
    card.standard_cost = after->cost;
    return kt_update(tx, &card.rec);
}

kt_error *item_cost_changed(kt_tx *tx, const kt_event *event)
{
    const struct item_cost *before = event->before ? KT_SEE(item_cost, event->before) : NULL;
    const struct item_cost after = *KT_SEE(item_cost, event->after);
    if (!after.applied || (before && before->applied && same_cost(before->cost, after.cost)))
        return NULL;
    kt_authority callers = kt_own_authority(tx);
    kt_error *e = write_to_card(tx, before, &after);
    kt_callers_authority(tx, callers);
    return e;
}

/* Writing a row anew finds that its day has come; the event of that does the rest. */
kt_error *item_costs_apply_due(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const int64_t limit = KT_SEE(costs_due, params)->limit;
    struct costs_applied *out = KT_AS(costs_applied, result);
    const kt_where where[] = {KT_WHERE(item_cost, applied, KT_EQ, false),
        KT_WHERE(item_cost, valid_from, KT_LE, kt_today(tx)), {0}};
    kt_found due;
    KT_TRY(kt_upkeep_limit(tx, limit));
    KT_TRY(kt_find(tx, &(kt_query){.of = &item_cost_shape, .where = where, .sort = "valid_from,id"},
        (size_t)limit, &due));
    for (size_t i = 0; i < due.count; i++) {
        struct item_cost c = {KT_OF(item_cost)};
        KT_TRY(kt_read(tx, due.ids[i], &c.rec));
        KT_TRY(kt_update(tx, &c.rec));
    }
    out->rows = (int64_t)due.count;
    out->more = due.more;
    return NULL;
}
