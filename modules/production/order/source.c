/* The source "supply.make": what has a bill of materials is made. A demand becomes an order whose components are
 * asked for one level deeper; and what its components' days do to the order is told upwards. */
#include <string.h>

#include <kontor/stock.h>

#include "order/order.h"

struct waits { /* a pegging */
    kt_record rec;
    kt_id demand, supply, item;
    unsigned kind;
    kt_dec quantity;
};
static const kt_shape waits_shape = KT_SHAPE(waits, "base.pegging", KT_BIND(waits, demand, REF, "demand"),
    KT_BIND(waits, supply, REF, "supply"), KT_BIND(waits, item, REF, "item"),
    KT_BIND(waits, kind, STATE, "kind"), KT_BIND(waits, quantity, QUANTITY, "quantity"));

/* ---- Covering ---- */

/* Is the demand one that leads back to the same item? Bills have no cycles, so depth alone ends it. */
enum { LEVELS_MAX = 50 };

/* Is every component reserved already? As order_look finds it later. */
static bool all_on_stock(const kt_plan *plan, size_t from, unsigned level)
{
    size_t count = 0;
    for (size_t i = from; i < plan->count; i++) {
        if (plan->parts[i].level != level)
            continue;
        if (plan->parts[i].kind != KT_FROM_STOCK)
            return false;
        count++;
    }
    return count > 0;
}

/* What covers its components and its operations point to it, and come first: so it is written once. */
static kt_error *name_ahead(kt_tx *tx, struct order *o)
{
    for (size_t i = 0; i < o->components.count; i++)
        component_at(o, i)->rec.id.v = i + 1;
    return kt_reserve_id(tx, &o->rec);
}

/* While its components are asked for, whoever makes them knows for whom that is. */
static kt_error *cover_for(kt_tx *tx, const kt_demand *demand, struct order *o, kt_plan *plan)
{
    struct asking *asking;
    KT_TRY(asking_now(tx, &asking));
    const struct made_for frame = {demand->document, asking->made_for};
    asking->made_for = &frame;
    kt_error *error = order_cover(tx, o, plan);
    asking->made_for = frame.above;
    return error;
}

static kt_error *make(kt_tx *tx, const kt_demand *demand, kt_dec quantity, kt_plan *plan)
{
    struct order o = {KT_OF(order), .item = demand->item, .quantity = quantity, .due = demand->day,
        .state = CONFIRMED, .steps = 1, .warehouse = kt_any(tx, "logistics.warehouse", demand->warehouse),
        .demand = demand->document, .demand_line = (int64_t)demand->line.v, .level = demand->level,
        .owner = kt_user(tx)};
    struct asking *asking;
    size_t at = 0;
    KT_TRY(in_whole_steps(tx, o.item, &o.quantity));
    KT_TRY(kt_plan_add(tx, plan, &at));
    KT_TRY(order_fill(tx, &o));
    KT_TRY(name_ahead(tx, &o));
    KT_TRY(cover_for(tx, demand, &o, plan));
    if (all_on_stock(plan, at + 1, demand->level + 1))
        o.state = RESERVED;
    KT_TRY(kt_create(tx, &o.rec));
    KT_TRY(asking_now(tx, &asking));
    asking->made = order_any(tx, &o);
    asking->ends = o.ends;
    plan->parts[at] = (kt_cover){.kind = KT_FROM_MAKING,
        .item = demand->item,
        .line = demand->line,
        .quantity = quantity,
        .needed = demand->day,
        .day = o.day,
        .cost = order_planned_cost(&o),
        .minutes = o.minutes,
        .document = order_any(tx, &o),
        .level = demand->level,
        .reason = say_text(o.why, o.why_pl)};
    return NULL;
}

/* ---- By what is made already: planned ahead, or by hand, for nobody so far; has begun for somebody who is gone; or comes with what
 * is made for others ---- */

/* Is it there in time? What is asked for as soon as possible takes of what is worked on. */
static bool in_time(const struct order *o, const kt_way *way, const kt_demand *demand)
{
    if (!way->known || !way->day.day)
        return false;
    return demand->day.day ? way->day.day <= demand->day.day : o->state == IN_PROGRESS && !way->via.v;
}

/* From where the order delivers to to where the demand is. Without stores there are no ways. */
static kt_error *way_of(kt_tx *tx, const struct order *o, const kt_demand *demand, kt_way *way)
{
    const kt_ways *ways = kt_ways_find(tx);
    const kt_id from = kt_any_id(o->warehouse);
    const kt_date day = kt_still_to_come(tx, o->day);
    *way = (kt_way){.known = from.v == demand->warehouse.v, .day = day};
    return ways ? ways->find(tx, demand->item, from, demand->warehouse, day, way) : NULL;
}

/* Is it the demand's own, or of what that goes into? */
static bool is_asking(const kt_demand *demand, const struct asking *asking, kt_id document)
{
    bool found = document.v == demand->document.v;
    for (const struct made_for *f = asking->made_for; f && !found; f = f->above)
        found = document.v == f->document.v;
    return found;
}

/* Of what a document's components are covered by, all levels. */
static kt_error *waits_within(kt_tx *tx, const kt_demand *demand, const struct asking *asking, kt_id document,
    unsigned depth, bool *yes)
{
    const kt_where where[] = {
        KT_WHERE(waits, demand, KT_EQ, document), KT_WHERE(waits, kind, KT_EQ, KT_FROM_MAKING), {0}};
    kt_found found;
    *yes = is_asking(demand, asking, document);
    if (*yes || depth == LEVELS_MAX)
        return NULL;
    KT_TRY(kt_find(tx, &(kt_query){.of = &waits_shape, .where = where}, 0, &found));
    for (size_t i = 0; i < found.count && !*yes; i++) {
        struct waits w = {KT_OF(waits)};
        KT_TRY(kt_read(tx, found.ids[i], &w.rec));
        if (w.supply.v)
            KT_TRY(waits_within(tx, demand, asking, w.supply, depth + 1, yes));
    }
    return NULL;
}

/* Does the order wait for what asks? With by-products goods may go into each other in a circle; what waits may not. */
static kt_error *waits_for_demand(kt_tx *tx, const struct order *o, const kt_demand *demand, bool *yes)
{
    const char *entity = kt_any_entity(tx, demand->document);
    struct asking *asking;
    *yes = false;
    if (!entity || strcmp(entity, order_shape.name) != 0)
        return NULL;
    KT_TRY(asking_now(tx, &asking));
    return waits_within(tx, demand, asking, order_any(tx, o), 0, yes);
}

/* Of its planned cost; by-products bear what their bill says. */
static kt_dec share_of_cost(const struct order *o, kt_id item, kt_dec quantity)
{
    kt_dec of = o->quantity, percent = KT_DEC(100, 0);
    for (size_t i = 0; i < o->outputs.count && item.v != o->item.v; i++)
        if (output_at(o, i)->item.v == item.v) {
            of = output_at(o, i)->quantity;
            percent = kt_dec_add(KT_DEC(0, 2), output_at(o, i)->cost_share);
        }
    return kt_dec_share(
        kt_dec_mul(order_planned_cost(o), percent, 4), quantity, kt_dec_mul(of, KT_DEC(100, 0), 4), 2);
}

static kt_text reason_taken(kt_tx *tx, const struct order *o, const kt_way *way, kt_id item)
{
    const char *number = o->rec.number.ptr;
    const char *on = way->via.v ? ", then sent on from there" : "";
    const char *on_pl = way->via.v ? ", potem wysłane stamtąd dalej" : "";
    return item.v == o->item.v ? say_text(kt_format(tx, "made already, by %s%s", number, on),
                                     kt_format(tx, "już w produkcji, według %s%s", number, on_pl))
                               : say_text(kt_format(tx, "comes with what %s makes%s", number, on),
                                     kt_format(tx, "powstaje przy okazji %s%s", number, on_pl));
}

static kt_error *take_of(
    kt_tx *tx, const struct order *o, const kt_way *way, const kt_demand *demand, kt_dec *rest, kt_plan *plan)
{
    kt_dec waited, free;
    bool circles;
    size_t at = 0;
    KT_TRY(order_gives(tx, o, demand->item, &free));
    KT_TRY(order_waited_for(tx, o, demand->item, &waited));
    free = kt_dec_sub(free, waited);
    free = kt_dec_cmp(free, *rest) > 0 ? *rest : free;
    if (free.coef <= 0)
        return NULL;
    KT_TRY(waits_for_demand(tx, o, demand, &circles));
    if (circles)
        return NULL;
    KT_TRY(kt_plan_add(tx, plan, &at));
    plan->parts[at] = (kt_cover){.kind = KT_FROM_MAKING,
        .item = demand->item,
        .line = demand->line,
        .quantity = free,
        .needed = demand->day,
        .day = way->via.v ? demand->day : way->day, /* it is not sent before it has to be */
        .via = way->via,
        .way_days = way->days,
        .cost = share_of_cost(o, demand->item, free),
        .document = order_any(tx, o),
        .level = demand->level,
        .beside = demand->item.v != o->item.v,
        .reason = reason_taken(tx, o, way, demand->item)};
    *rest = kt_dec_sub(*rest, free);
    return NULL;
}

/* here: of the demand's own warehouse, or else of others from which it is sent on */
static kt_error *cover_by_those(
    kt_tx *tx, const kt_demand *demand, const kt_found *orders, bool here, kt_dec *rest, kt_plan *plan)
{
    for (size_t i = 0; i < orders->count && rest->coef > 0; i++) {
        struct order o = {KT_OF(order)};
        kt_way way;
        KT_TRY(kt_read(tx, orders->ids[i], &o.rec));
        KT_TRY(way_of(tx, &o, demand, &way));
        if (here == !way.via.v && in_time(&o, &way, demand))
            KT_TRY(take_of(tx, &o, &way, demand, rest, plan));
    }
    return NULL;
}

/* where: which orders */
static kt_error *cover_by_coming(
    kt_tx *tx, const kt_demand *demand, const kt_where *where, kt_dec *rest, kt_plan *plan)
{
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){.of = &order_shape, .where = where, .sort = "day,id"}, 0, &found));
    KT_TRY(cover_by_those(tx, demand, &found, true, rest, plan));
    return cover_by_those(tx, demand, &found, false, rest, plan);
}

static kt_error *cover(kt_tx *tx, const kt_demand *demand, kt_dec *rest, kt_plan *plan)
{
    const kt_where beside[] = {{offsetof(struct order, yields), KT_EQ, &demand->item}, {0}};
    const kt_where ahead[] = {KT_WHERE(order, ahead, KT_EQ, demand->item), {0}};
    struct bom_book *book;
    struct bom_entry *entry;
    KT_TRY(cover_by_coming(tx, demand, beside, rest, plan));
    KT_TRY(cover_by_coming(tx, demand, ahead, rest, plan));
    if (rest->coef <= 0)
        return NULL;
    KT_TRY(bom_book_today(tx, &book));
    const kt_date day = demand->day.day > book->day.day ? demand->day : book->day;
    KT_TRY(bom_book_find_on(tx, book, demand->item, day, &entry));
    if (entry->bom && entry->bom->kind == BOM_PHANTOM)
        plan->hindered = (kt_text){
            "it is a phantom, which is never made by itself", "to fantom, którego nie wytwarza się osobno"};
    if (!entry->bom || entry->bom->kind != BOM_MAKE || demand->level >= LEVELS_MAX)
        return NULL;
    if (entry->routing && !entry->routing->workable)
        return routing_hindrance(tx, entry->routing, &plan->hindered);
    KT_TRY(make(tx, demand, *rest, plan));
    *rest = KT_DEC(0, 4);
    return NULL;
}

/* ---- Letting go ---- */

static kt_error *cannot(kt_tx *tx, const struct order *o, const kt_cover *part, kt_plan *left)
{
    size_t at = 0;
    KT_TRY(kt_plan_add(tx, left, &at));
    left->parts[at] = *part;
    left->parts[at].reason = o->state == IN_PROGRESS
                                 ? say_text(kt_format(tx, "%s has begun", o->rec.number.ptr),
                                       kt_format(tx, "%s jest już w toku", o->rec.number.ptr))
                                 : say_text(kt_format(tx, "%s is made already", o->rec.number.ptr),
                                       kt_format(tx, "%s jest już wykonane", o->rec.number.ptr));
    return NULL;
}

/* What was made for the demand is made no more; what was planned ahead, or comes with what others need, is free again. */
static kt_error *release(kt_tx *tx, const kt_demand *demand, const kt_cover *part, kt_plan *left)
{
    struct order o = {KT_OF(order)};
    if (!part->document.v)
        return NULL;
    KT_TRY(kt_read(tx, kt_any_id(part->document), &o.rec));
    if (o.state == CANCELLED)
        return NULL;
    if (o.demand.v != demand->document.v || o.item.v != part->item.v)
        return tell_offered(tx, part->item);
    if (!(KT_IN(o.state) & NOT_BEGUN)) {
        KT_TRY(cannot(tx, &o, part, left));
        return tell_offered(tx, part->item);
    }
    struct bom_book *book;
    struct bom_entry *entry;
    KT_TRY(bom_book_today(tx, &book));
    KT_TRY(bom_book_find(tx, book, o.item, &entry));
    kt_dec rest = part_whole_below(&entry->part, kt_dec_sub(o.quantity, part->quantity));
    if (rest.coef > 0)
        KT_TRY(order_resize(tx, &o, rest, left));
    else
        KT_TRY(order_drop(tx, &o, left));
    KT_TRY(kt_update(tx, &o.rec));
    return order_outputs_fail(tx, &o);
}

const kt_source make_source = {.cover = cover, .release = release};

/* ---- Who waits ---- */

kt_dec order_rest(const struct order *o)
{
    kt_dec done = kt_dec_add(kt_dec_add(KT_DEC(0, 4), o->produced), o->scrapped);
    return kt_dec_sub(o->quantity, done);
}

kt_error *order_waited_for(kt_tx *tx, const struct order *o, kt_id item, kt_dec *quantity)
{
    const kt_where where[] = {
        KT_WHERE(waits, supply, KT_EQ, order_any(tx, o)), KT_WHERE(waits, item, KT_EQ, item), {0}};
    kt_dec sum = KT_DEC(0, 4);
    KT_TRY(
        kt_sum(tx, &(kt_query){.of = &waits_shape, .where = where}, offsetof(struct waits, quantity), &sum));
    *quantity = kt_dec_add(KT_DEC(0, 4), sum);
    return NULL;
}

/* Each item once that somebody waits for and the order does not make. */
static kt_error *outputs_waited_for(kt_tx *tx, const struct order *o, struct list *items)
{
    const kt_where where[] = {KT_WHERE(waits, supply, KT_EQ, order_any(tx, o)),
        {offsetof(struct waits, item), KT_NE, &o->item}, {0}};
    struct waits w = {KT_OF(waits)};
    kt_cursor *cursor;
    bool room = true;
    KT_TRY(kt_open(tx, &(kt_query){.of = &waits_shape, .where = where}, &cursor));
    while (room && kt_next(cursor, &w.rec)) {
        bool known = false;
        for (size_t i = 0; i < items->count && !known; i++)
            known = ((const kt_id *)items->items)[i].v == w.item.v;
        kt_id *item = known ? &w.item : list_add(tx, items, sizeof *item);
        if ((room = item))
            *item = w.item;
    }
    KT_TRY(kt_close(cursor));
    return room ? NULL : kt_no_memory();
}

kt_error *order_outputs_fail(kt_tx *tx, struct order *o)
{
    const kt_supply *supply = kt_supply_find(tx);
    const char *number = o->rec.number.ptr;
    const kt_text why = say_text(kt_format(tx, "less comes with what %s makes", number),
        kt_format(tx, "przy okazji %s powstanie mniej", number));
    struct list items = {0};
    KT_TRY(outputs_waited_for(tx, o, &items));
    for (size_t i = 0; i < items.count && supply; i++) {
        const kt_id item = ((const kt_id *)items.items)[i];
        kt_dec waited, gives;
        KT_TRY(order_waited_for(tx, o, item, &waited));
        KT_TRY(order_gives(tx, o, item, &gives));
        if (kt_dec_cmp(waited, gives) <= 0)
            continue;
        KT_TRY(keep_report(tx, o)); /* before those who waited are covered anew */
        KT_TRY(
            supply->failed(tx, &(kt_shortfall){order_any(tx, o), item, kt_dec_sub(waited, gives)}, 1, why));
    }
    return NULL;
}

/* ---- A component comes on another day ---- */

struct promise {
    kt_record rec;
    kt_id document;
    int64_t line;
    kt_date day;
    kt_str reason, reason_pl;
};
const kt_shape promise_shape = KT_SHAPE(promise, NULL,
    KT_BIND(promise, document, REF, "document", .target = "*"), KT_BIND(promise, line, INT, "line"),
    KT_BIND(promise, day, DATE, "day"), KT_BIND(promise, reason, STRING, "reason"),
    KT_BIND(promise, reason_pl, STRING, "reason_pl"));

static kt_error *moved_within(kt_tx *tx, const struct promise *p)
{
    struct order o = {KT_OF(order)};
    KT_TRY(kt_read(tx, kt_any_id(p->document), &o.rec));
    if (!(KT_IN(o.state) & OPEN_AT_WORK))
        return NULL;
    for (size_t i = 0; i < o.components.count; i++) {
        struct component *c = component_at(&o, i);
        if ((int64_t)c->rec.id.v != p->line)
            continue;
        c->day = p->day;
        c->known = p->day.day != 0;
        if (c->there.ms && local_day(tx, (kt_time){c->there.ms - 1}).day > p->day.day)
            c->there = (kt_time){0}; /* it comes in another way, and earlier */
    }
    o.steps++;
    KT_TRY(order_look(tx, &o));
    KT_TRY(order_place_anew(tx, &o, (kt_date){0}, (kt_text){0}));
    return kt_update(tx, &o.rec);
}

kt_error *order_promise_moved(kt_tx *tx, const kt_event *event)
{
    const struct promise *p = KT_SEE(promise, event->after);
    const char *entity = kt_any_entity(tx, p->document);
    if (!entity || strcmp(entity, order_shape.name) != 0)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = moved_within(tx, p);
    kt_callers_authority(tx, before);
    return error;
}

/* ---- A component is in the stores ---- */

static kt_error *reserved_within(kt_tx *tx, kt_id order)
{
    struct order o = {KT_OF(order)};
    KT_TRY(kt_read(tx, order, &o.rec));
    enum order_state was = o.state;
    KT_TRY(order_look(tx, &o));
    return o.state == was ? NULL : kt_update(tx, &o.rec);
}

kt_error *order_component_reserved(kt_tx *tx, const kt_event *event)
{
    const struct promise *p = KT_SEE(promise, event->after);
    const char *entity = kt_any_entity(tx, p->document);
    if (!entity || strcmp(entity, order_shape.name) != 0)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = reserved_within(tx, kt_any_id(p->document));
    kt_callers_authority(tx, before);
    return error;
}
