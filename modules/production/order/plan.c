/* From an order to its components, operations, dates and planned cost. */
#include <string.h>

#include <kontor/documents.h>

#include "order/order.h"

kt_text say_text(kt_str en, kt_str pl)
{
    return (kt_text){en.ptr ? en.ptr : "", pl.ptr ? pl.ptr : ""};
}

kt_str say_day(kt_tx *tx, kt_date day)
{
    const kt_str text = kt_date_text(tx, day);
    return text.ptr ? text : KT_STR("");
}

/* ---- Components ---- */

kt_error *part_cost(kt_tx *tx, kt_id item, kt_dec quantity, kt_dec *cost)
{
    struct bom_book *book;
    struct bom_entry *entry;
    struct costs rolled;
    KT_TRY(bom_book_today(tx, &book));
    KT_TRY(bom_book_find(tx, book, item, &entry));
    if (entry->part.standard_cost.scale1) {
        *cost = kt_dec_mul(quantity, entry->part.standard_cost, 2);
        return NULL;
    }
    KT_TRY(bom_costs(tx, book, item, ratio_of(quantity), &rolled));
    *cost = kt_dec_round(costs_total(&rolled), 2);
    return NULL;
}

/* Does nobody here keep stock or buy? Then what is not made is taken to be there. */
static bool alone(kt_tx *tx)
{
    return !kt_service_find(tx, "supply.stock", 7) && !kt_service_find(tx, "supply.buy", 7);
}

kt_error *component_learn_day(
    kt_tx *tx, const kt_plan *plan, size_t from, unsigned level, struct component *c)
{
    c->known = true;
    c->day = (kt_date){0};
    c->there = (kt_time){0};
    for (size_t i = from; i < plan->count; i++) {
        const kt_cover *part = &plan->parts[i];
        if (part->level != level || (part->kind == KT_MISSING && alone(tx)))
            continue;
        c->known = c->known && part->day.day;
        c->day = part->day.day > c->day.day ? part->day : c->day;
        KT_TRY(made_until(tx, part, &c->there));
    }
    return NULL;
}

static kt_error *ask(
    kt_tx *tx, const kt_supply *supply, const kt_demand *demand, kt_time needed, kt_plan *plan)
{
    struct asking *asking;
    KT_TRY(asking_now(tx, &asking));
    const kt_id document = asking->document;
    const kt_time at = asking->at;
    asking->document = demand->document;
    asking->at = needed;
    KT_TRY(supply->cover(tx, demand, plan));
    asking->document = document; /* of the level above */
    asking->at = at;
    return NULL;
}

/* Asks for one component, and learns its day and what it costs.
 *   returned  it was issued and comes back at this cost; not set: it is asked for */
static kt_error *cover_component(kt_tx *tx, struct order *o, struct component *c, kt_dec quantity,
    kt_dec returned, kt_time needed, kt_plan *plan)
{
    const kt_supply *supply = kt_supply_find(tx);
    size_t before = plan->count;
    kt_dec cost = {0};
    KT_TRY(component_learn_day(tx, plan, before, 0, c));
    if (supply && quantity.coef > 0) {
        const kt_demand demand = {.item = c->item,
            .quantity = quantity,
            .day = needed.ms ? local_day(tx, needed) : (kt_date){0},
            .warehouse = kt_any_id(o->warehouse),
            .document = order_any(tx, o),
            .line = c->rec.id,
            .level = (unsigned)o->level + 1,
            .heir_of = kt_any(tx, order_shape.name, o->backorder_of),
            .returned = returned};
        KT_TRY(ask(tx, supply, &demand, needed, plan));
        KT_TRY(component_learn_day(tx, plan, before, demand.level, c));
        if (plan->count > before)
            cost = plan->cost;
    }
    if (!cost.scale1)
        KT_TRY(part_cost(tx, c->item, quantity, &cost));
    c->planned = kt_dec_add(kt_dec_add(KT_DEC(0, 2), c->planned), cost);
    o->planned_material = kt_dec_add(o->planned_material, cost);
    return NULL;
}

/* When the last component is there; false: nobody knows. */
static bool components_there(
    const kt_tx *tx, const struct order *o, kt_time *at, const struct component **last)
{
    bool known = true;
    *at = (kt_time){0};
    *last = NULL;
    for (size_t i = 0; i < o->components.count; i++) {
        const struct component *c = component_at(o, i);
        kt_time there = component_there(tx, c);
        if (kt_dec_sub(c->quantity, c->issued).coef <= 0)
            continue;
        if (known && (!c->known || !*last || there.ms > at->ms))
            *last = c;
        known = known && c->known;
        *at = there.ms > at->ms ? there : *at;
    }
    return known;
}

/* ---- Dates ---- */

static kt_error *code_of(kt_tx *tx, kt_id item, const char **code)
{
    struct bom_book *book;
    struct bom_entry *entry;
    KT_TRY(bom_book_today(tx, &book));
    KT_TRY(bom_book_find(tx, book, item, &entry));
    *code = entry->part.code.ptr ? entry->part.code.ptr : "";
    return NULL;
}

static kt_error *explain(
    kt_tx *tx, struct order *o, const struct component *last, const struct placed *placed)
{
    const char *code = "";
    if (last)
        KT_TRY(code_of(tx, last->item, &code));
    if (last && !last->known) {
        o->why = kt_format(tx, "nobody knows when component %s is there", code);
        o->why_pl = kt_format(tx, "nie wiadomo, kiedy będzie składnik %s", code);
        return NULL;
    }
    if (!placed->fits) {
        o->why = KT_STR("the operations do not fit into the calendars of the work centres");
        o->why_pl = KT_STR("operacje nie mieszczą się w kalendarzach stanowisk");
        return NULL;
    }
    kt_str begin = say_day(tx, local_day(tx, placed->begins)), end = say_day(tx, o->day);
    const char *centre = placed->count ? placed->steps[placed->count - 1].centre.name.ptr : "";
    if (last && last->day.day > kt_today(tx).day) {
        o->why = kt_format(tx, "component %s is there on %s, work ends on %s%s%s", code,
            say_day(tx, last->day).ptr, end.ptr, *centre ? " at " : "", centre);
        o->why_pl = kt_format(tx, "składnik %s będzie %s, praca kończy się %s%s%s", code,
            say_day(tx, last->day).ptr, end.ptr, *centre ? ", " : "", centre);
        return NULL;
    }
    o->why = kt_format(
        tx, "work goes from %s to %s%s%s", begin.ptr, end.ptr, *centre ? ", last at " : "", centre);
    o->why_pl = kt_format(
        tx, "praca trwa od %s do %s%s%s", begin.ptr, end.ptr, *centre ? ", na końcu: " : "", centre);
    return NULL;
}

static void take_dates(const kt_tx *tx, struct order *o, const struct placed *placed, bool known)
{
    o->begins = placed->begins;
    o->ends = placed->ends;
    o->minutes = 0;
    for (size_t i = 0; i < placed->count; i++)
        o->minutes += taken_minutes(&placed->steps[i].centre, placed->steps[i].machine_minutes);
    kt_time last = {placed->ends.ms - (placed->count != 0)}; /* midnight belongs to the day before */
    o->day = known && placed->fits ? local_day(tx, last) : (kt_date){0};
}

static void plan_time(struct order *o, const struct placed *placed)
{
    kt_dec machine = KT_DEC(0, 6), labour = machine, overhead = machine;
    for (size_t i = 0; i < placed->count; i++) {
        const struct placed_step *s = &placed->steps[i];
        struct time_costs costs = centre_costs(&s->centre, s->machine_minutes, s->labour_minutes);
        machine = kt_dec_add(machine, costs.machine);
        labour = kt_dec_add(labour, costs.labour);
        overhead = kt_dec_add(overhead, costs.overhead);
    }
    o->planned_machine = kt_dec_round(machine, 2);
    o->planned_labour = kt_dec_round(labour, 2);
    o->planned_overhead = kt_dec_round(overhead, 2);
}

struct lead {
    kt_record rec;
    int64_t lead_days;
};
static const kt_shape lead_shape = KT_SHAPE(lead, "base.item", KT_BIND(lead, lead_days, INT, "lead_days"));

/* Without operations it takes as long as the item says. */
static kt_error *place_by_lead_time(kt_tx *tx, const struct order *o, kt_time earliest, struct placed *placed)
{
    struct lead item = {KT_OF(lead)};
    kt_date first = local_day(tx, earliest), begin = first;
    KT_TRY(kt_read(tx, o->item, &item.rec));
    if (o->due.day && o->due.day - item.lead_days > first.day)
        begin = kt_date_add(o->due, -(int32_t)item.lead_days);
    *placed = (struct placed){.fits = true};
    placed->begins = begin.day > first.day ? kt_instant(tx, begin, 0) : earliest;
    placed->ends = item.lead_days > 0 ? kt_instant(tx, kt_date_add(begin, (int32_t)item.lead_days), 0)
                                      : placed->begins;
    return NULL;
}

/* Places the order after its components, as late as its due day allows. */
static kt_error *place(
    kt_tx *tx, struct order *o, kt_date from, kt_id except, bool stays, struct placed *placed)
{
    struct bom_book *book;
    const struct routing *routing;
    const struct component *last;
    kt_time earliest, latest, begin = from.day > kt_today(tx).day ? kt_instant(tx, from, 0) : kt_now(tx);
    bool known = components_there(tx, o, &earliest, &last);
    earliest = earliest.ms > begin.ms ? earliest : begin;
    KT_TRY(needed_at(tx, o, &latest));
    KT_TRY(bom_book_today(tx, &book));
    KT_TRY(bom_book_routing(tx, book, o->routing, &routing));
    if (routing && routing->steps.count)
        KT_TRY(place_steps(tx, routing, o->quantity, earliest, latest, except, stays, placed));
    else
        KT_TRY(place_by_lead_time(tx, o, earliest, placed));
    take_dates(tx, o, placed, known);
    plan_time(o, placed);
    return explain(tx, o, last, placed);
}

kt_error *order_cover(kt_tx *tx, struct order *o, kt_plan *plan)
{
    struct placed placed;
    o->planned_material = KT_DEC(0, 2);
    kt_time needed = {0};
    if (o->due.day) { /* when the components are needed, if they are there in time */
        KT_TRY(place(tx, o, (kt_date){0}, (kt_id){0}, false, &placed));
        needed = placed.begins;
    }
    for (size_t i = 0; i < o->components.count; i++) {
        struct component *c = component_at(o, i);
        c->planned = KT_DEC(0, 2);
        KT_TRY(cover_component(tx, o, c, kt_dec_sub(c->quantity, c->issued), (kt_dec){0}, needed, plan));
    }
    KT_TRY(place(tx, o, (kt_date){0}, (kt_id){0}, true, &placed));
    KT_TRY(expect_goods(tx, o));
    return operations_create(tx, o, &placed);
}

kt_error *order_place_anew(kt_tx *tx, struct order *o, kt_date from, kt_text reason)
{
    const kt_supply *supply = kt_supply_find(tx);
    const kt_date was = o->day;
    const kt_time ends = o->ends;
    struct placed placed;
    KT_TRY(floor_forget(tx));
    KT_TRY(place(tx, o, from, o->rec.id, true, &placed));
    KT_TRY(operations_write(tx, o, &placed));
    KT_TRY(expect_goods(tx, o));
    KT_TRY(order_ends_moved(tx, o, ends, was.day == o->day.day));
    if (was.day == o->day.day || !supply)
        return NULL;
    if (!reason.en)
        reason = say_text(o->why, o->why_pl);
    return supply->moved(tx, order_any(tx, o), o->day, reason);
}

kt_error *order_begin_when_there(kt_tx *tx, struct order *o)
{
    struct order placed_anew = *o;
    struct placed placed;
    KT_TRY(floor_forget(tx));
    KT_TRY(place(tx, &placed_anew, (kt_date){0}, o->rec.id, true, &placed));
    o->begins = placed.begins;
    return NULL;
}

/* ---- What covers the components ---- */

struct pegged {
    kt_record rec;
    kt_id demand;
    unsigned kind;
};
static const kt_shape pegged_shape = KT_SHAPE(
    pegged, "base.pegging", KT_BIND(pegged, demand, REF, "demand"), KT_BIND(pegged, kind, STATE, "kind"));

kt_error *order_look(kt_tx *tx, struct order *o)
{
    const kt_where all[] = {KT_WHERE(pegged, demand, KT_EQ, order_any(tx, o)), {0}};
    const kt_where stocked[] = {
        KT_WHERE(pegged, demand, KT_EQ, order_any(tx, o)), KT_WHERE(pegged, kind, KT_EQ, KT_FROM_STOCK), {0}};
    uint64_t count = 0, there = 0;
    if (o->state != CONFIRMED && o->state != RESERVED)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_count(tx, &(kt_query){.of = &pegged_shape, .where = all}, &count);
    if (!error)
        error = kt_count(tx, &(kt_query){.of = &pegged_shape, .where = stocked}, &there);
    kt_callers_authority(tx, before);
    o->state = count && count == there ? RESERVED : CONFIRMED;
    return error;
}

/* ---- More, less, not at all ---- */

kt_error *order_refresh(kt_tx *tx, struct order *o)
{
    struct order now = {KT_OF(order)};
    KT_TRY(kt_read(tx, o->rec.id, &now.rec));
    if (now.rec.version == o->rec.version)
        return NULL;
    o->rec.version = now.rec.version;
    o->steps = now.steps >= o->steps ? now.steps + 1 : o->steps;
    o->day = now.day;
    o->begins = now.begins;
    o->ends = now.ends;
    o->minutes = now.minutes;
    o->why = now.why;
    o->why_pl = now.why_pl;
    for (size_t i = 0; i < now.components.count && i < o->components.count; i++) {
        component_at(o, i)->day = component_at(&now, i)->day;
        component_at(o, i)->there = component_at(&now, i)->there;
        component_at(o, i)->known = component_at(&now, i)->known;
    }
    return NULL;
}

kt_error *order_ask_for_returned(
    kt_tx *tx, struct order *o, struct component *c, kt_dec quantity, kt_dec cost)
{
    kt_plan plan = {0};
    const kt_date day = c->day;
    const kt_time there = c->there;
    bool known = c->known, only = kt_dec_cmp(quantity, kt_dec_sub(c->quantity, c->issued)) >= 0;
    KT_TRY(cover_component(tx, o, c, quantity, cost, o->begins, &plan));
    if (only) /* of it nothing was waited for before */
        return NULL;
    c->known = c->known && known;
    c->day = day.day > c->day.day ? day : c->day;
    c->there = there.ms > c->there.ms ? there : c->there;
    return NULL;
}

kt_error *order_ask_for_more(kt_tx *tx, struct order *o, struct component *c, kt_dec quantity)
{
    return order_ask_for_returned(tx, o, c, quantity, (kt_dec){0});
}

/* What is taken less of bears its share of what it was planned to cost; what is asked for more, what that is planned to. */
kt_error *order_resize_component(
    kt_tx *tx, struct order *o, struct component *c, kt_dec quantity, kt_plan *left)
{
    const kt_supply *supply = kt_supply_find(tx);
    const kt_dec was = c->quantity, more = kt_dec_sub(quantity, was);
    kt_dec planned = kt_dec_add(KT_DEC(0, 2), c->planned), cost;
    c->quantity = quantity;
    if (more.coef > 0 && supply)
        return order_ask_for_more(tx, o, c, more);
    if (more.coef > 0) {
        KT_TRY(part_cost(tx, c->item, more, &cost));
        planned = kt_dec_add(planned, cost);
    } else if (more.coef < 0) {
        planned = kt_dec_share(planned, quantity, was, 2);
    }
    c->planned = planned;
    if (!supply || more.coef == 0)
        return NULL;
    KT_TRY(supply->release(tx, order_any(tx, o), c->rec.id, kt_dec_neg(more), left));
    return order_refresh(tx, o);
}

/* By their standard or their bill, as it stands now; what has neither keeps what it was planned to cost. */
kt_error *order_recost(kt_tx *tx, struct order *o)
{
    o->planned_material = KT_DEC(0, 2);
    for (size_t i = 0; i < o->components.count; i++) {
        struct component *c = component_at(o, i);
        kt_dec cost;
        KT_TRY(part_cost(tx, c->item, c->quantity, &cost));
        c->planned = cost.coef ? cost : c->planned;
        o->planned_material = kt_dec_add(o->planned_material, c->planned);
    }
    return NULL;
}

/* What came of by-products so far. */
static void keep_received(struct order *scaled, const struct order *o)
{
    for (size_t i = 0; i < scaled->outputs.count && i < o->outputs.count; i++)
        KT_AS(output, kt_line(&scaled->outputs, i))->received = KT_SEE(output, kt_line(&o->outputs, i))
                                                                    ->received;
}

kt_error *order_resize(kt_tx *tx, struct order *o, kt_dec quantity, kt_plan *left)
{
    struct order scaled = *o;
    const kt_dec was = o->quantity;
    const kt_lines outputs = o->outputs;
    scaled.quantity = quantity;
    KT_TRY(order_fill_anew(tx, &scaled, o));
    o->quantity = quantity;
    keep_received(&scaled, o);
    o->outputs = scaled.outputs;
    for (size_t i = 0; i < o->components.count; i++) {
        struct component *c = component_at(o, i);
        const struct component *now = order_component(&scaled, c->item);
        kt_dec needed = now ? now->quantity : c->quantity;
        if (!now) /* the bill says so no more */
            KT_TRY(component_in_proportion(tx, c, was, quantity, &needed));
        KT_TRY(order_resize_component(tx, o, c, needed, left));
    }
    KT_TRY(order_recost(tx, o));
    KT_TRY(expect_outputs(tx, o, &outputs));
    o->steps++;
    return order_place_anew(tx, o, (kt_date){0}, (kt_text){0});
}

kt_error *order_drop(kt_tx *tx, struct order *o, kt_plan *left)
{
    const kt_supply *supply = kt_supply_find(tx);
    bool expected = o->state >= CONFIRMED;
    o->state = CANCELLED;
    o->steps++;
    if (expected)
        KT_TRY(expect_goods(tx, o));
    if (supply)
        KT_TRY(supply->release(tx, order_any(tx, o), (kt_id){0}, (kt_dec){0}, left));
    KT_TRY(order_refresh(tx, o));
    return operations_drop(tx, o->rec.id);
}
