/* The source "supply.transfer": what a warehouse misses that a rule fills up from another one comes from there, as far as that
 * has some free; before that, what is on its way to it already, and nobody waits for. */
#include "purchase/purchase.h"
#include "stock/transfer.h"

static kt_text reason_coming(kt_tx *tx, const struct warehouse *from, kt_date day)
{
    const char *by = day_words(tx, day);
    return (kt_text){kt_format(tx, "comes from %s, if it is sent by %s", from->name.ptr, by).ptr,
        kt_format(tx, "przyjdzie z: %s, jeśli wysłane do %s", from->name.ptr, by).ptr};
}

static kt_error *find_rule(kt_tx *tx, kt_id item, kt_id from, kt_id to, struct reorder_rule *rule)
{
    const kt_where where[] = {KT_WHERE(reorder_rule, item, KT_EQ, item),
        KT_WHERE(reorder_rule, warehouse, KT_EQ, to), KT_WHERE(reorder_rule, source, KT_EQ, from),
        KT_WHERE(reorder_rule, kind, KT_EQ, RESUPPLY), KT_WHERE(reorder_rule, active, KT_EQ, true), {0}};
    kt_found found;
    struct warehouse source;
    *rule = (struct reorder_rule){KT_OF(reorder_rule)};
    KT_TRY(warehouse_get(tx, from, &source));
    KT_TRY(kt_find(tx, &(kt_query){.of = &reorder_rule_shape, .where = where, .sort = "id"}, 1, &found));
    return warehouse_gives(&source) && found.count ? kt_read(tx, found.ids[0], &rule->rec) : NULL;
}

/* At what the goods are worth here; not set: nobody knows. */
static kt_error *cost_of(kt_tx *tx, const struct goods *goods, kt_dec quantity, kt_dec *cost)
{
    struct pool pool;
    KT_TRY(pool_find(tx, goods, &pool));
    const kt_dec unit_cost = pool.unit_cost.scale1 ? pool.unit_cost : goods->standard_cost;
    *cost = unit_cost.scale1 ? kt_dec_mul(unit_cost, quantity, 2) : unit_cost;
    return NULL;
}

/* ---- What is on its way ---- */

static kt_error *reason_sent(kt_tx *tx, const struct transfer *t, kt_text *reason)
{
    const char *number = t->rec.number.ptr ? t->rec.number.ptr : "";
    struct warehouse from;
    KT_TRY(warehouse_get(tx, t->warehouse, &from));
    *reason = (kt_text){kt_format(tx, "on its way already from %s, by %s", from.name.ptr, number).ptr,
        kt_format(tx, "już w drodze z: %s, według %s", from.name.ptr, number).ptr};
    return NULL;
}

/* A rule tells how long it takes; without one nobody knows better than that it comes. */
static kt_error *arrival_of(kt_tx *tx, const struct transfer *t, kt_id item, kt_id here, kt_date *day)
{
    struct reorder_rule rule;
    KT_TRY(find_rule(tx, item, t->warehouse, here, &rule));
    *day = t->day;
    if (rule.rec.id.v)
        KT_TRY(delivery_day(tx, t->day, rule.lead_days, day));
    *day = day->day < kt_today(tx).day ? kt_today(tx) : *day;
    return NULL;
}

static kt_error *cover_by_slip(kt_tx *tx, struct transfer *t, kt_id here, const struct goods *goods,
    const kt_demand *demand, kt_dec *rest, kt_plan *plan)
{
    kt_date day;
    kt_dec take, cost;
    size_t at = 0;
    KT_TRY(arrival_of(tx, t, demand->item, here, &day));
    KT_TRY(transfer_take(tx, t, demand->item, day.day < demand->day.day ? demand->day : day, *rest, &take));
    if (take.coef <= 0)
        return NULL;
    KT_TRY(cost_of(tx, goods, take, &cost));
    KT_TRY(kt_plan_add(tx, plan, &at));
    plan->parts[at] = (kt_cover){.kind = KT_FROM_TRANSFER,
        .item = demand->item,
        .line = demand->line,
        .quantity = take,
        .needed = demand->day,
        .day = day,
        .cost = cost,
        .document = transfer_any(tx, t),
        .level = demand->level};
    KT_TRY(reason_sent(tx, t, &plan->parts[at].reason));
    *rest = kt_dec_sub(*rest, take);
    return NULL;
}

/* What nobody waits for any more, or ever did, goes to who asks next. */
static kt_error *cover_by_sent(kt_tx *tx, kt_id here, const kt_demand *demand, kt_dec *rest, kt_plan *plan)
{
    struct goods goods;
    kt_found sent;
    KT_TRY(transfers_to(tx, here, demand->item, &sent));
    if (sent.count)
        KT_TRY(goods_read(tx, demand->item, &goods));
    for (size_t i = 0; i < sent.count && rest->coef > 0; i++) {
        struct transfer t = {KT_OF(transfer)};
        KT_TRY(kt_read(tx, sent.ids[i], &t.rec));
        KT_TRY(cover_by_slip(tx, &t, here, &goods, demand, rest, plan));
    }
    return NULL;
}

/* ---- What is to be sent ---- */

static kt_error *cover_from(
    kt_tx *tx, const struct reorder_rule *rule, const kt_demand *demand, kt_dec *rest, kt_plan *plan)
{
    struct warehouse from;
    struct goods goods;
    struct transfer t;
    kt_date day;
    kt_dec taken, cost;
    size_t at = 0;
    KT_TRY(warehouse_get(tx, rule->source, &from));
    if (!warehouse_gives(&from) || transfer_given_up(tx, rule->source, rule->warehouse))
        return NULL;
    KT_TRY(goods_read(tx, demand->item, &goods));
    KT_TRY(delivery_day(tx, kt_today(tx), rule->lead_days, &day));
    day = day.day < demand->day.day ? demand->day : day;
    const kt_date sent = kt_date_add(day, -(int32_t)rule->lead_days);
    const struct wanted wanted = {.goods = &goods, .warehouse = &from, .quantity = *rest, .day = day};
    KT_TRY(transfer_hold(tx, &wanted, rule->warehouse, sent, &t, &taken));
    if (taken.coef <= 0)
        return NULL;
    KT_TRY(cost_of(tx, &goods, taken, &cost));
    KT_TRY(kt_plan_add(tx, plan, &at));
    plan->parts[at] = (kt_cover){.kind = KT_FROM_TRANSFER,
        .item = demand->item,
        .line = demand->line,
        .quantity = taken,
        .needed = demand->day,
        .day = day,
        .cost = cost,
        .document = transfer_any(tx, &t),
        .level = demand->level,
        .taken_from = from.rec.id,
        .reason = reason_coming(tx, &from, sent)};
    *rest = kt_dec_sub(*rest, taken);
    return NULL;
}

static kt_error *cover(kt_tx *tx, const kt_demand *demand, kt_dec *rest, kt_plan *plan)
{
    kt_id here = demand->warehouse;
    kt_found rules;
    if (!here.v)
        KT_TRY(warehouse_usual(tx, &here));
    if (!here.v || !demand->document.v)
        return NULL;
    const kt_where where[] = {KT_WHERE(reorder_rule, item, KT_EQ, demand->item),
        KT_WHERE(reorder_rule, warehouse, KT_EQ, here), KT_WHERE(reorder_rule, kind, KT_EQ, RESUPPLY),
        KT_WHERE(reorder_rule, active, KT_EQ, true), {0}};
    KT_TRY(cover_by_sent(tx, here, demand, rest, plan));
    KT_TRY(kt_find(tx, &(kt_query){.of = &reorder_rule_shape, .where = where, .sort = "id"}, 0, &rules));
    for (size_t i = 0; i < rules.count && rest->coef > 0; i++) {
        struct reorder_rule rule = {KT_OF(reorder_rule)};
        KT_TRY(kt_read(tx, rules.ids[i], &rule.rec));
        KT_TRY(cover_from(tx, &rule, demand, rest, plan));
    }
    return NULL;
}

static kt_error *release(kt_tx *tx, const kt_demand *demand, const kt_cover *part, kt_plan *left)
{
    kt_dec given;
    size_t at = 0;
    KT_TRY(transfer_lessen(tx, kt_any_id(part->document), demand->item, part->quantity, &given));
    const kt_dec gone = kt_dec_sub(part->quantity, given);
    if (gone.coef <= 0)
        return NULL;
    KT_TRY(kt_plan_add(tx, left, &at));
    left->parts[at] = *part;
    left->parts[at].quantity = gone;
    left->parts[at].reason = (kt_text){"it is on its way already", "towar jest już w drodze"};
    return tell_offered(tx, demand->item, KT_FROM_TRANSFER);
}

const kt_source transfer_source = {.cover = cover, .release = release};

/* ---- How what comes to one warehouse gets to another ---- */

static kt_error *way_within(kt_tx *tx, kt_id item, kt_id from, kt_id to, kt_date day, kt_way *way)
{
    struct reorder_rule rule;
    kt_id usual = {0};
    if (!from.v || !to.v)
        KT_TRY(warehouse_usual(tx, &usual));
    from = from.v ? from : usual;
    to = to.v ? to : usual;
    *way = (kt_way){.known = from.v == to.v, .day = day};
    if (way->known)
        return NULL;
    KT_TRY(find_rule(tx, item, from, to, &rule));
    if (!rule.rec.id.v)
        return NULL;
    if (day.day)
        KT_TRY(delivery_day(tx, day, rule.lead_days, &way->day));
    way->days = day.day ? way->day.day - day.day : rule.lead_days;
    way->via = kt_any(tx, warehouse_shape.name, from);
    way->known = true;
    return NULL;
}

static kt_error *way_find(kt_tx *tx, kt_id item, kt_id from, kt_id to, kt_date day, kt_way *way)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = way_within(tx, item, from, to, day, way);
    kt_callers_authority(tx, before);
    return e;
}

const kt_ways ways_service = {way_find};
