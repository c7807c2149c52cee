/* How much there is: on hand, reserved, coming and going, and what may still be promised for a day. */
#include <stdlib.h>

#include "stock/value.h"

struct change { /* so much comes (below zero: goes) on a day */
    kt_date day;
    kt_dec quantity;
};
struct changes {
    struct change *items;
    size_t count;
};

/* What is asked of a balance to know whether it may be taken from. */
struct summed {
    kt_record rec;
    kt_id item, warehouse, lot;
    kt_stock_place place;
    kt_dec on_hand, reserved, free;
    bool warehouse_active, warehouse_quarantine, location_active;
};
static const kt_shape summed_shape = KT_SHAPE(summed, "logistics.stock", KT_BIND(summed, item, REF, "item"),
    KT_BIND(summed, warehouse, REF, "warehouse"), KT_BIND(summed, lot, REF, "lot"),
    KT_BIND(summed, place, STATE, "place"), KT_BIND(summed, on_hand, QUANTITY, "on_hand"),
    KT_BIND(summed, reserved, QUANTITY, "reserved"), KT_BIND(summed, free, QUANTITY, "free"),
    KT_BIND(summed, warehouse_active, BOOL, "warehouse.active"),
    KT_BIND(summed, warehouse_quarantine, BOOL, "warehouse.quarantine"),
    KT_BIND(summed, location_active, BOOL, "location.active"));

static bool is_available(const struct summed *b, kt_id warehouse)
{
    return b->location_active && (warehouse.v || (b->warehouse_active && !b->warehouse_quarantine));
}

/* Of places out of use nothing is available; of a warehouse out of use, or a quarantine, to who names it.
 *   good  receives what of what is available is good on the day */
static kt_error *sum_balances(
    kt_tx *tx, kt_id item, kt_id warehouse, kt_id lot, kt_date day, kt_stock_level *level, kt_dec *good)
{
    kt_where where[5] = {KT_WHERE(summed, item, KT_EQ, item), KT_WHERE(summed, place, KT_EQ, KT_AT_STORES)};
    size_t conditions = 2;
    struct summed b = {KT_OF(summed)};
    struct lot l;
    kt_cursor *cursor;
    kt_error *e = NULL;
    *good = ZERO;
    if (warehouse.v)
        where[conditions++] = (kt_where){offsetof(struct summed, warehouse), KT_EQ, &warehouse};
    if (lot.v)
        where[conditions] = (kt_where){offsetof(struct summed, lot), KT_EQ, &lot};
    KT_TRY(kt_open(tx, &(kt_query){.of = &summed_shape, .where = where}, &cursor));
    while (!e && kt_next(cursor, &b.rec)) {
        l = (struct lot){KT_OF(lot)};
        level->on_hand = kt_dec_add(level->on_hand, b.on_hand);
        level->reserved = kt_dec_add(level->reserved, b.reserved);
        if (b.lot.v)
            e = kt_read(tx, b.lot, &l.rec);
        if (e || lot_held(&l, kt_today(tx)) || !is_available(&b, warehouse))
            continue;
        level->available = kt_dec_add(level->available, b.free);
        *good = lot_held(&l, day) ? *good : kt_dec_add(*good, b.free);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

static int by_day(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    return (x->day.day > y->day.day) - (x->day.day < y->day.day);
}

#define EXPECTED "[\"state\",\"in\",[\"confirmed\",\"partially_reserved\",\"reserved\"]]"

/* What is expected, unless it is to come to, or to leave, a warehouse that gives nothing unasked: what has no day, or
 * is overdue, comes never, and goes at once. */
static kt_error *expected(kt_tx *tx, kt_id item, kt_id warehouse, struct changes *all, kt_dec *held)
{
    kt_where where[3] = {KT_WHERE(move, item, KT_EQ, item)};
    uint64_t count;
    kt_cursor *cursor;
    struct move m = {KT_OF(move)};
    if (warehouse.v)
        where[1] = (kt_where){offsetof(struct move, warehouse), KT_EQ, &warehouse};
    const kt_query query = {.of = &move_shape,
        .where = where,
        .filter = warehouse.v ? KT_STR("[" EXPECTED "]") : KT_STR("[" EXPECTED "," WAREHOUSE_GIVES "]")};
    *held = ZERO;
    KT_TRY(kt_count(tx, &query, &count));
    all->items = kt_alloc(tx, (size_t)(count + 1) * sizeof *all->items);
    if (!all->items)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    while (all->count < count && kt_next(cursor, &m.rec)) {
        bool leaves = m.from_place == KT_AT_STORES;
        const kt_date due = leaves ? m.day : kt_still_to_come(tx, m.day);
        kt_date day = {due.day ? due.day : leaves ? 1 : INT32_MAX};
        all->items[all->count++] = (struct change){day, leaves ? kt_dec_neg(m.quantity) : m.quantity};
        *held = kt_dec_add(*held, m.reserved);
    }
    KT_TRY(kt_close(cursor));
    qsort(all->items, all->count, sizeof *all->items, by_day);
    return NULL;
}

/* What can be promised for a day: the least that there will be on it or ever after. */
static kt_dec promised(const struct changes *all, kt_dec now, kt_date day)
{
    kt_dec stock = now, least = {0};
    for (size_t i = 0; i < all->count; i++) {
        const struct change *c = &all->items[i];
        if (c->day.day > day.day && (!least.scale1 || kt_dec_cmp(stock, least) < 0))
            least = stock;
        if (c->day.day != INT32_MAX)
            stock = kt_dec_add(stock, c->quantity);
    }
    least = least.scale1 ? smaller(least, stock) : stock;
    return least.coef > 0 ? least : ZERO;
}

static kt_error *level_within(
    kt_tx *tx, kt_id item, kt_id warehouse, kt_id lot, kt_date day, kt_stock_level *level)
{
    struct goods goods;
    struct pool pool;
    struct changes all = {0};
    kt_dec held, good;
    kt_date by = day.day > kt_today(tx).day ? day : kt_today(tx);
    *level = (kt_stock_level){
        .on_hand = ZERO, .reserved = ZERO, .incoming = ZERO, .outgoing = ZERO, .available = ZERO};
    KT_TRY(goods_read(tx, item, &goods));
    KT_TRY(sum_balances(tx, item, warehouse, lot, by, level, &good));
    KT_TRY(expected(tx, item, warehouse, &all, &held));
    KT_TRY(pool_find(tx, &goods, &pool));
    level->unit_cost = pool.unit_cost.scale1 ? pool.unit_cost : goods.standard_cost;
    for (size_t i = 0; i < all.count; i++) {
        const struct change *c = &all.items[i];
        if (day.day && c->day.day > day.day)
            continue;
        if (c->quantity.coef > 0)
            level->incoming = kt_dec_add(level->incoming, c->quantity);
        else
            level->outgoing = kt_dec_sub(level->outgoing, c->quantity);
    }
    /* what is reserved for what is expected to go is counted there */
    kt_dec now = kt_dec_add(good, held);
    level->promised = promised(&all, now, by);
    return NULL;
}

kt_error *stock_level(kt_tx *tx, kt_id item, kt_id warehouse, kt_id lot, kt_date day, kt_stock_level *level)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = level_within(tx, item, warehouse, lot, day, level);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- logistics.availability ---- */

struct availability {
    kt_record rec;
    kt_id item, warehouse, lot;
    kt_date day;
};
const kt_shape availability_shape = KT_SHAPE(availability, NULL,
    KT_FIELD(availability, item, REF, "Item", "Towar", .target = "base.item", .required = true),
    KT_FIELD(availability, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse",
        .help = {"Empty: all.", "Puste: wszystkie."}),
    KT_FIELD(availability, lot, REF, "Lot", "Partia", .target = "logistics.lot"),
    KT_FIELD(availability, day, DATE, "Day", "Dzień", .help = {"Empty: now.", "Puste: teraz."}));
struct available {
    kt_record rec;
    kt_dec on_hand, reserved, incoming, outgoing, available, promised;
};
const kt_shape available_shape = KT_SHAPE(available, NULL,
    KT_FIELD(available, on_hand, QUANTITY, "On hand", "Stan", .scale = 4),
    KT_FIELD(available, reserved, QUANTITY, "Reserved", "Zarezerwowane", .scale = 4),
    KT_FIELD(available, incoming, QUANTITY, "Incoming", "W drodze do nas", .scale = 4),
    KT_FIELD(available, outgoing, QUANTITY, "Outgoing", "Do wydania", .scale = 4),
    KT_FIELD(available, available, QUANTITY, "Available", "Dostępne", .scale = 4),
    KT_FIELD(available, promised, QUANTITY, "Can be promised", "Można obiecać", .scale = 4));

kt_error *availability(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct availability *p = KT_SEE(availability, params);
    struct available *out = KT_AS(available, result);
    kt_stock_level level;
    KT_TRY(stock_level(tx, p->item, p->warehouse, p->lot, p->day, &level));
    out->on_hand = level.on_hand;
    out->reserved = level.reserved;
    out->incoming = level.incoming;
    out->outgoing = level.outgoing;
    out->available = level.available;
    out->promised = level.promised;
    return NULL;
}
