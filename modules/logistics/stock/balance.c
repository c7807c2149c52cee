/* Balances: for each item, location and lot the sum of its moves, and how much of it is reserved. They are kept
 * with each move; nobody writes them by hand. */
#include "stock/stores.h"

const kt_shape balance_shape = KT_SHAPE(balance, "logistics.stock",
    KT_FIELD(balance, item, REF, "Item", "Towar", .target = "base.item", .computed = true, .priority = 1),
    KT_FIELD(balance, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse",
        .computed = true, .priority = 2),
    KT_FIELD(balance, location, REF, "Location", "Miejsce", .target = "logistics.location", .computed = true,
        .priority = 3),
    KT_FIELD(balance, lot, REF, "Lot", "Partia", .target = "logistics.lot", .computed = true, .priority = 4),
    KT_FIELD(
        balance, place, STATE, "Kind of place", "Rodzaj miejsca", .choices = place_names, .computed = true),
    KT_FIELD(balance, on_hand, QUANTITY, "On hand", "Stan", .scale = 4, .computed = true, .priority = 5),
    KT_FIELD(balance, reserved, QUANTITY, "Reserved", "Zarezerwowane", .scale = 4, .computed = true,
        .priority = 6),
    KT_FIELD(balance, free, QUANTITY, "Free", "Wolne", .scale = 4, .computed = true, .priority = 7),
    KT_FIELD(balance, since, DATE, "There since", "Od dnia", .computed = true));

kt_error *balance_compute(kt_tx *tx, kt_record *self)
{
    struct balance *b = KT_AS(balance, self);
    (void)tx;
    b->free = kt_dec_sub(b->on_hand, b->reserved);
    return NULL;
}

/* Stock can never be sold twice: at the end of every transaction what is reserved is there. */
kt_error *balance_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct balance *b = after ? KT_SEE(balance, after) : NULL;
    struct warehouse w = {KT_OF(warehouse)};
    (void)before;
    if (!b || b->place != KT_AT_STORES)
        return NULL;
    if (b->reserved.coef < 0)
        return kt_fail(
            tx, KT_RULE, "reserved", "less than nothing would be reserved", "zarezerwowano by mniej niż nic");
    if (b->free.coef >= 0)
        return NULL;
    KT_TRY(kt_read(tx, b->warehouse, &w.rec));
    if (w.negative && !b->lot.v && b->reserved.coef == 0)
        return NULL;
    return kt_fail(tx, KT_RULE, "quantity", "more would be taken or reserved than is on hand",
        "wydano lub zarezerwowano by więcej, niż jest na stanie");
}

kt_error *balance_find(kt_tx *tx, kt_id item, const struct location *at, kt_id lot, struct balance *b)
{
    const kt_where where[] = {KT_WHERE(balance, item, KT_EQ, item),
        KT_WHERE(balance, location, KT_EQ, at->rec.id), KT_WHERE(balance, lot, KT_EQ, lot), {0}};
    kt_cursor *cursor;
    *b = (struct balance){KT_OF(balance), .item = item, .location = at->rec.id, .lot = lot,
        .warehouse = at->warehouse, .place = at->place, .on_hand = ZERO, .reserved = ZERO};
    KT_TRY(kt_open(tx, &(kt_query){.of = &balance_shape, .where = where, .limit = 1}, &cursor));
    kt_next(cursor, &b->rec);
    return kt_close(cursor);
}

kt_error *balance_add(
    kt_tx *tx, kt_id item, const struct location *at, kt_id lot, kt_dec on_hand, kt_dec reserved, kt_date day)
{
    struct balance b;
    KT_TRY(balance_find(tx, item, at, lot, &b));
    if (b.on_hand.coef <= 0 && on_hand.coef > 0)
        b.since = day;
    b.on_hand = kt_dec_add(b.on_hand, on_hand);
    b.reserved = kt_dec_add(b.reserved, reserved);
    return b.rec.id.v ? kt_update(tx, &b.rec) : kt_create(tx, &b.rec);
}

kt_error *balance_hold(kt_tx *tx, struct balance *b, kt_dec quantity)
{
    b->reserved = kt_dec_add(b->reserved, quantity);
    return kt_update(tx, &b->rec);
}
