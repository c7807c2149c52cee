/* The source "supply.stock": demands are covered by reservations of what is free now. */
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
    kt_dec open;
    if (!usual.v)
        KT_TRY(warehouse_usual(tx, &usual));
    if (!usual.v)
        return NULL; /* nothing ever was in the stores */
    KT_TRY(goods_read(tx, demand->item, &goods));
    KT_TRY(warehouse_get(tx, usual, &w));
    KT_TRY(pool_find(tx, &goods, &pool));
    const struct owner owner = {demand->document, demand->line, demand->day};
    const struct wanted wanted = {.goods = &goods,
        .warehouse = &w,
        .quantity = *rest,
        .day = demand->day.day > kt_today(tx).day ? demand->day : kt_today(tx)};
    KT_TRY(reserve(tx, &wanted, &owner, &open));
    kt_dec taken = kt_dec_sub(*rest, open);
    if (taken.coef <= 0)
        return NULL;
    *rest = open;
    return add_part(
        tx, demand, &w, taken, pool.unit_cost.scale1 ? pool.unit_cost : goods.standard_cost, plan);
}

static kt_error *release(kt_tx *tx, const kt_demand *demand, const kt_cover *part, kt_plan *left)
{
    const struct owner owner = {demand->document, demand->line, {0}};
    kt_dec given;
    size_t at = 0;
    KT_TRY(unreserve(tx, demand->item, &owner, NULL, part->quantity, NULL, &given));
    kt_dec gone = kt_dec_sub(part->quantity, given);
    if (gone.coef <= 0)
        return NULL;
    KT_TRY(kt_plan_add(tx, left, &at));
    left->parts[at] = *part;
    left->parts[at].quantity = gone;
    left->parts[at].reason = (kt_text){"it has left the stores", "towar wyszedł już z magazynu"};
    return NULL;
}

const kt_source stock_source = {cover, release};
