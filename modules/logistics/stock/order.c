/* Deliveries of sales orders: a confirmed order gets its delivery, an amended one changes it, and it hears what
 * went out. The orders are another module's: read and told through "crm.orders". */
#include <string.h>

#include <kontor/orders.h>
#include <kontor/units.h>
#include <kontor/walk.h>

#include "stock/delivery.h"

struct sold_line {
    kt_record rec;
    kt_date asked, promised;
};
static const kt_shape sold_line_shape = KT_SHAPE(sold_line, NULL, KT_BIND(sold_line, asked, DATE, "asked"),
    KT_BIND(sold_line, promised, DATE, "promised"));
struct sold {
    kt_record rec;
    kt_lines lines;
    kt_id party, ship_to, warehouse;
    enum delivery_policy delivery_policy;
};
const kt_shape sold_shape = KT_SHAPE(sold, "crm.order", KT_BIND(sold, party, REF, "party"),
    KT_BIND(sold, ship_to, REF, "ship_to"), KT_BIND(sold, warehouse, REF, "warehouse"),
    KT_BIND(sold, lines, LINES, "lines", .lines = &sold_line_shape),
    KT_FIELD(sold, delivery_policy, STATE, "If not all is there", "Gdy brakuje", .choices = delivery_policies,
        .help = {"Empty: as available, the rest later.", "Puste: co jest, reszta później."}));

/* It goes when the customer wants it, or when it is there, whichever is later. */
static kt_date day_of(const kt_lines *lines, kt_id id)
{
    for (size_t i = 0; i < lines->count; i++) {
        const struct sold_line *line = KT_AS(sold_line, kt_line(lines, i));
        if (line->rec.id.v == id.v)
            return line->promised.day > line->asked.day ? line->promised : line->asked;
    }
    return (kt_date){0};
}

static kt_error *line_from(kt_tx *tx, const kt_order_line *sold, struct delivery_line *line)
{
    struct goods goods;
    KT_TRY(goods_read(tx, sold->item, &goods));
    line->item = sold->item;
    line->order_line = (int64_t)sold->id.v;
    line->order_unit = sold->unit;
    line->order_quantity = kt_dec_round(kt_order_line_open(sold), 4);
    return kt_in_whole_units(tx, sold->item, line->order_quantity, sold->unit, goods.unit, &line->quantity);
}

/* Has a delivery of the order gone? */
static kt_error *has_gone(kt_tx *tx, kt_id document, bool *gone)
{
    const kt_where where[] = {KT_WHERE(delivery, document, KT_EQ, document), {0}};
    const kt_query query = {.of = &delivery_shape,
        .where = where,
        .filter = KT_STR("[[\"state\",\"in\",[\"shipped\",\"done\"]]]")};
    uint64_t count;
    KT_TRY(kt_count(tx, &query, &count));
    *gone = count > 0;
    return NULL;
}

/* What came back is open, and nobody asks for it until the order does. */
static kt_error *no_more_than_asked(kt_tx *tx, kt_id document, struct delivery_line *line)
{
    const struct owner owner = {document, {(uint64_t)line->order_line}, {0}};
    kt_dec asked;
    KT_TRY(pegged_to(tx, line->item, &owner, &asked));
    if (kt_dec_cmp(asked, line->quantity) >= 0)
        return NULL;
    line->order_quantity = delivery_in_order_unit(line, asked);
    line->quantity = asked;
    return NULL;
}

static const struct delivery_line *known(const kt_lines *lines, kt_id order_line)
{
    for (size_t i = 0; i < lines->count; i++)
        if ((uint64_t)delivery_line_at(lines, i)->order_line == order_line.v)
            return delivery_line_at(lines, i);
    return NULL;
}

/* What of the order is still to go; lines that stay keep their ids. */
static kt_error *lines_from(
    kt_tx *tx, const kt_order *order, const struct sold *s, const kt_lines *before, kt_lines *lines)
{
    const kt_id document = kt_any(tx, sold_shape.name, s->rec.id);
    bool gone;
    KT_TRY(has_gone(tx, document, &gone));
    for (size_t i = 0; i < order->line_count; i++) {
        const kt_order_line *sold = &order->lines[i];
        const struct delivery_line *was = known(before, sold->id);
        struct delivery_line line = {KT_OF(delivery_line)};
        if (!sold->goods || !sold->item.v || kt_order_line_open(sold).coef <= 0)
            continue;
        if (was)
            line.rec.id = was->rec.id;
        line.day = day_of(&s->lines, sold->id);
        KT_TRY(line_from(tx, sold, &line));
        if (gone)
            KT_TRY(no_more_than_asked(tx, document, &line));
        if (line.quantity.coef > 0)
            KT_TRY(kt_line_add(tx, lines, &line.rec));
    }
    return NULL;
}

static kt_date last_day(const kt_tx *tx, const kt_lines *lines)
{
    kt_date day = {0};
    for (size_t i = 0; i < lines->count; i++)
        if (delivery_line_at(lines, i)->day.day > day.day)
            day = delivery_line_at(lines, i)->day;
    return day.day ? day : kt_today(tx);
}

static bool same_lines(const kt_lines *a, const kt_lines *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = delivery_line_at(a, i)->item.v == delivery_line_at(b, i)->item.v &&
               kt_dec_cmp(delivery_line_at(a, i)->quantity, delivery_line_at(b, i)->quantity) == 0;
    return same;
}

static kt_error *picked_already(kt_tx *tx, const struct delivery *d)
{
    return kt_hint(kt_fail(tx, KT_RULE, "lines", "its goods are picked already, on delivery %s",
                       "towar jest już pobrany, na %s", d->rec.number.ptr ? d->rec.number.ptr : "?"),
        "Ship it, or put it back first: logistics.delivery.unpick.",
        "Wydaj go albo najpierw odłóż: logistics.delivery.unpick.");
}

static kt_error *save(kt_tx *tx, struct delivery *d)
{
    if (!d->rec.id.v)
        KT_TRY(kt_create(tx, &d->rec));
    KT_TRY(delivery_reckon(tx, d, 0));
    KT_TRY(delivery_expect(tx, d, false));
    return kt_update(tx, &d->rec);
}

static kt_error *take_lines(kt_tx *tx, const struct sold *s, kt_lines lines, struct delivery *d)
{
    struct warehouse w;
    KT_TRY(warehouse_get(tx, d->warehouse.v ? d->warehouse : s->warehouse, &w));
    d->lines = lines;
    d->warehouse = w.rec.id;
    d->state = D_WAITING;
    d->party = s->ship_to.v ? s->ship_to : s->party;
    d->document = kt_any(tx, sold_shape.name, s->rec.id);
    d->policy = s->delivery_policy ? s->delivery_policy : AS_AVAILABLE;
    d->day = last_day(tx, &lines);
    return save(tx, d);
}

static kt_error *follow_order(kt_tx *tx, const struct sold *s)
{
    const kt_orders *orders = kt_orders_find(tx);
    struct delivery d;
    kt_order order;
    kt_lines lines = {0};
    if (!orders)
        return NULL;
    KT_TRY(orders->read(tx, s->rec.id, &order));
    KT_TRY(delivery_open_of(tx, kt_any(tx, sold_shape.name, s->rec.id), &d));
    KT_TRY(lines_from(tx, &order, s, &d.lines, &lines));
    if (d.state == D_PICKED)
        return same_lines(&d.lines, &lines) ? NULL : picked_already(tx, &d);
    if (!lines.count)
        return d.rec.id.v ? kt_act(tx, &d.rec, "cancel", NULL) : NULL;
    if (d.rec.id.v)
        KT_TRY(delivery_expect(tx, &d, true));
    return take_lines(tx, s, lines, &d);
}

kt_error *order_changed(kt_tx *tx, const kt_event *event)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = follow_order(tx, KT_SEE(sold, event->after));
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Cancelled by mistake ---- */

static kt_error *reopen_within(kt_tx *tx, struct delivery *d)
{
    const kt_orders *orders = kt_orders_find(tx);
    struct sold s = {KT_OF(sold)};
    struct delivery other;
    kt_order order;
    kt_lines lines = {0};
    if (!d->document.v) {
        d->state = D_DRAFT;
        return NULL;
    }
    if (!orders)
        return kt_fail(tx, KT_RULE, "document", "no module keeps its order now",
            "żaden moduł nie prowadzi teraz jej zamówienia");
    KT_TRY(delivery_open_of(tx, d->document, &other));
    KT_TRY(kt_read(tx, kt_any_id(d->document), &s.rec));
    KT_TRY(orders->read(tx, s.rec.id, &order));
    KT_TRY(lines_from(tx, &order, &s, &d->lines, &lines));
    if (other.rec.id.v)
        return kt_fail(tx, KT_RULE, "document", "its order's goods go with %s",
            "towar z zamówienia wydaje %s", other.rec.number.ptr ? other.rec.number.ptr : "?");
    if (!order.open || !lines.count)
        return kt_fail(tx, KT_RULE, "document", "nothing of its order is to be delivered",
            "w zamówieniu nie ma nic do wydania");
    return take_lines(tx, &s, lines, d);
}

kt_error *delivery_reopen(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = reopen_within(tx, KT_AS(delivery, self));
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Delivered by others: dropped at the customer's, handed over a counter ---- */

static const kt_order_line *sold_as(const kt_order *order, int64_t id)
{
    for (size_t i = 0; i < order->line_count; i++)
        if ((int64_t)order->lines[i].id.v == id)
            return &order->lines[i];
    return NULL;
}

/* The delivery's lines, none of them more than what the order still waits for. */
static kt_error *lower(
    kt_tx *tx, const kt_order *order, const struct delivery *d, kt_lines *lines, bool *less)
{
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        const kt_order_line *sold = sold_as(order, line->order_line);
        struct delivery_line open = *line;
        if (sold)
            KT_TRY(line_from(tx, sold, &open));
        bool fits = sold && kt_dec_cmp(open.quantity, line->quantity) >= 0;
        *less = *less || !fits;
        if (fits || (sold && open.quantity.coef > 0))
            KT_TRY(kt_line_add(tx, lines, fits ? &line->rec : &open.rec));
    }
    return NULL;
}

static kt_error *follow_delivered(kt_tx *tx, kt_id id)
{
    const kt_orders *orders = kt_orders_find(tx);
    struct delivery d;
    kt_order order;
    kt_lines lines = {0};
    bool less = false;
    KT_TRY(delivery_open_of(tx, kt_any(tx, sold_shape.name, id), &d));
    if (!orders || !d.rec.id.v || d.state == D_PICKED)
        return NULL;
    KT_TRY(orders->read(tx, id, &order));
    KT_TRY(lower(tx, &order, &d, &lines, &less));
    if (!less)
        return NULL;
    KT_TRY(delivery_expect(tx, &d, true));
    if (!lines.count)
        return kt_act(tx, &d.rec, "cancel", NULL);
    d.lines = lines;
    return save(tx, &d);
}

kt_error *order_delivered_elsewhere(kt_tx *tx, const kt_event *event)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = follow_delivered(tx, event->after->id);
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *end_delivery(kt_tx *tx, kt_id order)
{
    struct delivery d;
    KT_TRY(delivery_open_of(tx, kt_any(tx, sold_shape.name, order), &d));
    if (!d.rec.id.v)
        return NULL;
    return d.state == D_PICKED ? picked_already(tx, &d) : kt_act(tx, &d.rec, "cancel", NULL);
}

kt_error *order_ended(kt_tx *tx, const kt_event *event)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = end_delivery(tx, event->after->id);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Orders that changed while the stores were off ---- */

/* What is picked goes as it is. */
static kt_error *follow_if_changed(kt_tx *tx, kt_record *rec)
{
    const struct sold *s = KT_AS(sold, rec);
    const kt_orders *orders = kt_orders_find(tx);
    struct delivery d;
    kt_order order;
    kt_lines lines = {0};
    if (!orders)
        return NULL;
    KT_TRY(kt_order_hears(tx, kt_any(tx, sold_shape.name, s->rec.id)));
    KT_TRY(orders->read(tx, s->rec.id, &order));
    KT_TRY(delivery_open_of(tx, kt_any(tx, sold_shape.name, s->rec.id), &d));
    KT_TRY(lines_from(tx, &order, s, &d.lines, &lines));
    return d.state == D_PICKED || same_lines(&d.lines, &lines) ? NULL : follow_order(tx, s);
}

/* Its order may have been closed or cancelled. */
static kt_error *end_if_closed(kt_tx *tx, kt_record *rec)
{
    const struct delivery *d = KT_AS(delivery, rec);
    const kt_orders *orders = kt_orders_find(tx);
    kt_order order;
    if (!orders)
        return NULL;
    KT_TRY(orders->read(tx, kt_any_id(d->document), &order));
    return order.open ? NULL : kt_act(tx, rec, "cancel", NULL);
}

enum { FOLLOW_ORDERS, END_DELIVERIES, WALKS };
static const kt_walk walks[WALKS] = {
    [FOLLOW_ORDERS] = {{"Deliveries follow their orders", "Wydania podążają za zamówieniami"}, &sold_shape,
        "[[\"state\",\"in\",[\"confirmed\",\"on_hold\"]],[\"delivery_status\",\"!=\",\"full\"]]",
        follow_if_changed},
    [END_DELIVERIES] = {{"Deliveries of closed orders end", "Koniec wydań zamkniętych zamówień"},
        &delivery_shape, "[[\"state\",\"in\",[\"waiting\",\"reserved\"]],[\"document\",\"is_null\",false]]",
        end_if_closed},
};

static kt_error *walk_on(kt_tx *tx, kt_work_run *run)
{
    return kt_walk_on(tx, walks, WALKS, run);
}

const kt_work deliveries_catch_up = {kt_walk_prepare, walk_on};

kt_error *orders_caught_up(kt_tx *tx, const kt_event *event)
{
    (void)event;
    if (!kt_orders_find(tx))
        return NULL;
    KT_TRY(kt_walk_begin(tx, DELIVERIES_CATCH_UP, walks, FOLLOW_ORDERS));
    return kt_walk_begin(tx, DELIVERIES_CATCH_UP, walks, END_DELIVERIES);
}

/* ---- A promise moved ---- */

struct promise { /* of "base.supply.promise" */
    kt_record rec;
    kt_id document;
    int64_t line;
    kt_date day;
};
const kt_shape promise_shape = KT_SHAPE(promise, NULL, KT_BIND(promise, document, REF, "document"),
    KT_BIND(promise, line, INT, "line"), KT_BIND(promise, day, DATE, "day"));

static kt_error *move_day(kt_tx *tx, const struct promise *p)
{
    struct delivery d;
    struct sold s = {KT_OF(sold)};
    KT_TRY(delivery_open_of(tx, p->document, &d));
    if (!d.rec.id.v || !p->day.day)
        return NULL;
    KT_TRY(kt_read(tx, kt_any_id(p->document), &s.rec));
    for (size_t i = 0; i < s.lines.count; i++) /* whether or not the order has heard of it yet */
        if ((int64_t)kt_line(&s.lines, i)->id.v == p->line)
            KT_AS(sold_line, kt_line(&s.lines, i))->promised = p->day;
    struct delivery moved = d; /* with those lines alone that go on another day */
    moved.lines = (kt_lines){0};
    for (size_t i = 0; i < d.lines.count; i++) {
        struct delivery_line *line = delivery_line_at(&d.lines, i);
        kt_date day = day_of(&s.lines, (kt_id){(uint64_t)line->order_line});
        bool same = line->day.day == day.day;
        line->day = day;
        if (!same)
            KT_TRY(kt_line_add(tx, &moved.lines, &line->rec));
    }
    if (!moved.lines.count)
        return NULL;
    d.day = moved.day = last_day(tx, &d.lines);
    KT_TRY(delivery_expect(tx, &moved, false));
    return kt_update(tx, &d.rec);
}

kt_error *promise_moved(kt_tx *tx, const kt_event *event)
{
    const struct promise *p = KT_SEE(promise, event->after);
    const char *entity = kt_any_entity(tx, p->document);
    if (!entity || strcmp(entity, sold_shape.name) != 0)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = move_day(tx, p);
    kt_callers_authority(tx, before);
    return e;
}
