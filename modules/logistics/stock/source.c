/* The source "supply.stock": demands are covered by reservations of what is free now. */
#include <string.h>

#include "stock/delivery.h"
#include "stock/value.h"

static kt_error *add_part(kt_tx *tx, const kt_demand *demand, const struct warehouse *w, kt_dec quantity,
    kt_dec unit_cost, kt_plan *plan)
{
    size_t at = 0;
    KT_TRY(kt_plan_add(tx, plan, &at));
    kt_str en = kt_format(tx, "reserved in %s", w->name.ptr);
    kt_str pl = kt_format(tx, "zarezerwowane: %s", w->name.ptr);
    plan->parts[at] = (kt_cover){.kind = KT_FROM_STOCK,
        .item = demand->item,
        .line = demand->line,
        .quantity = quantity,
        .needed = demand->day,
        .day = kt_today(tx),
        .cost = unit_cost.scale1 ? kt_dec_mul(unit_cost, quantity, 2) : unit_cost,
        .document = kt_any(tx, warehouse_shape.name, w->rec.id),
        .level = demand->level,
        .reason = {en.ptr, pl.ptr}};
    return NULL;
}

static kt_error *cover(kt_tx *tx, const kt_demand *demand, kt_dec *rest, kt_plan *plan)
{
    struct goods goods;
    struct warehouse w;
    struct pool pool;
    kt_id usual = demand->warehouse;
    const kt_date today = kt_today(tx);
    kt_dec open;
    if (!usual.v)
        KT_TRY(warehouse_usual(tx, &usual));
    if (!usual.v)
        return NULL; /* nothing ever was in the stores */
    KT_TRY(goods_read(tx, demand->item, &goods));
    KT_TRY(warehouse_get(tx, usual, &w));
    const struct owner owner = {demand->document, demand->line, demand->day};
    const struct wanted wanted = {.goods = &goods,
        .warehouse = &w,
        .quantity = *rest,
        .day = demand->day.day > today.day ? demand->day : today};
    KT_TRY(reserve(tx, &wanted, &owner, &open));
    kt_dec taken = kt_dec_sub(*rest, open);
    if (taken.coef <= 0)
        return NULL;
    *rest = open;
    KT_TRY(pool_find(tx, &goods, &pool));
    return add_part(
        tx, demand, &w, taken, pool.unit_cost.scale1 ? pool.unit_cost : goods.standard_cost, plan);
}

static kt_error *release(kt_tx *tx, const kt_demand *demand, const kt_cover *part, kt_plan *left)
{
    const struct owner owner = {demand->document, demand->line, {0}};
    kt_dec given;
    size_t at = 0;
    KT_TRY(hand_back(tx, demand->item, &owner, part->quantity, &given));
    kt_dec gone = kt_dec_sub(part->quantity, given);
    if (gone.coef <= 0)
        return NULL;
    KT_TRY(kt_plan_add(tx, left, &at));
    left->parts[at] = *part;
    left->parts[at].quantity = gone;
    left->parts[at].reason = (kt_text){"it has left the stores", "towar wyszedł już z magazynu"};
    return NULL;
}

const kt_source stock_source = {.cover = cover, .release = release};

/* ---- No more is held than is pegged ----
 * What came while nobody kept stock is pegged as stock, too, but to no warehouse: that the stores do not hold. */

struct held_for { /* what is looked at in base.pegging */
    kt_record rec;
    kt_id demand, item;
    int64_t line;
    unsigned kind;
    kt_dec quantity;
};
static const kt_shape held_for_shape = KT_SHAPE(held_for, "base.pegging",
    KT_BIND(held_for, demand, REF, "demand"), KT_BIND(held_for, item, REF, "item"),
    KT_BIND(held_for, line, INT, "line"), KT_BIND(held_for, kind, STATE, "kind"),
    KT_BIND(held_for, quantity, QUANTITY, "quantity"));

kt_error *pegged_to(kt_tx *tx, kt_id item, const struct owner *owner, kt_dec *quantity)
{
    const kt_where where[] = {KT_WHERE(held_for, demand, KT_EQ, owner->document),
        KT_WHERE(held_for, line, KT_EQ, (int64_t)owner->line.v), KT_WHERE(held_for, item, KT_EQ, item), {0}};
    kt_dec sum = {0};
    KT_TRY(kt_sum(
        tx, &(kt_query){.of = &held_for_shape, .where = where}, offsetof(struct held_for, quantity), &sum));
    *quantity = kt_dec_add(ZERO, sum);
    return NULL;
}

static kt_error *held_beyond(kt_tx *tx, kt_id item, const struct owner *owner, kt_dec *surplus)
{
    const kt_where where[] = {KT_WHERE(held_for, demand, KT_EQ, owner->document),
        KT_WHERE(held_for, line, KT_EQ, (int64_t)owner->line.v), KT_WHERE(held_for, item, KT_EQ, item),
        KT_WHERE(held_for, kind, KT_EQ, (unsigned)KT_FROM_STOCK), {0}};
    kt_dec held, pegged = ZERO;
    KT_TRY(reserved_for(tx, item, owner, &held));
    const kt_query reserved = {
        .of = &held_for_shape, .where = where, .filter = KT_STR("[[\"supply\",\"is_null\",false]]")};
    KT_TRY(kt_sum(tx, &reserved, offsetof(struct held_for, quantity), &pegged));
    *surplus = kt_dec_sub(held, pegged);
    return NULL;
}

kt_error *hold_what_is_pegged(kt_tx *tx, kt_id item, const struct owner *owner)
{
    kt_dec surplus, given;
    KT_TRY(held_beyond(tx, item, owner, &surplus));
    return surplus.coef > 0 ? hand_back(tx, item, owner, surplus, &given) : NULL;
}

/* What the picker has in his hand stays held until he ships it or puts it back. */
static kt_error *hold_unless_picked(kt_tx *tx, kt_id item, const struct owner *owner)
{
    kt_dec surplus;
    struct delivery d;
    KT_TRY(held_beyond(tx, item, owner, &surplus));
    if (surplus.coef <= 0)
        return NULL;
    KT_TRY(delivery_open_of(tx, owner->document, &d));
    return d.state == D_PICKED ? NULL : hold_what_is_pegged(tx, item, owner);
}

struct used { /* of "base.supply.used" */
    kt_record rec;
    kt_id document, item;
    int64_t line;
};
const kt_shape used_shape = KT_SHAPE(used, NULL, KT_BIND(used, document, REF, "document"),
    KT_BIND(used, item, REF, "item"), KT_BIND(used, line, INT, "line"));

kt_error *demand_used(kt_tx *tx, const kt_event *event)
{
    const struct used *u = KT_SEE(used, event->after);
    const struct owner owner = {u->document, {(uint64_t)u->line}, {0}};
    kt_authority before = kt_own_authority(tx);
    kt_error *e = hold_unless_picked(tx, u->item, &owner);
    kt_callers_authority(tx, before);
    return e;
}

kt_error *reservation_looked_at(kt_tx *tx, kt_record *rec)
{
    const struct reservation *r = KT_AS(reservation, rec);
    const char *entity = kt_any_entity(tx, r->document);
    const struct owner owner = {r->document, {(uint64_t)r->line}, {0}};
    if (!entity || strncmp(entity, "logistics.", 10) == 0)
        return NULL; /* slips of the stores reserve by themselves */
    return hold_unless_picked(tx, r->item, &owner);
}
