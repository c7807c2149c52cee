/* Units of one item alone: a sack of this flour has 25 kg, a piece of this cheese weighs 0.35 kg. So an item that is
 * stocked in pieces is sold by weight, and bought by the pallet. */
#include <kontor/units.h>

#include "base.h"

struct item_unit {
    kt_record rec;
    kt_id item, unit;
    kt_dec factor;
};
const kt_shape item_unit_shape = KT_SHAPE(item_unit, "base.item_unit",
    KT_FIELD(item_unit, item, REF, "Item", "Towar", .target = "base.item", .required = true, .fixed = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(item_unit, unit, REF, "Unit", "Jednostka", .target = "base.unit", .required = true,
        .fixed = true, .priority = 2),
    KT_FIELD(item_unit, factor, RATE, "Factor", "Przelicznik", .scale = 9, .required = true, .priority = 3,
        .help = {"How many of the item's own unit one of this unit is.",
            "Ile jednostek własnych towaru to jedna taka jednostka."}));

struct own_unit {
    kt_record rec;
    kt_id unit;
};
static const kt_shape own_unit_shape = KT_SHAPE(own_unit, "base.item", KT_BIND(own_unit, unit, REF, "unit"));

kt_error *item_unit_compute(kt_tx *tx, kt_record *self)
{
    const struct item_unit *u = KT_AS(item_unit, self);
    struct own_unit item = {KT_OF(own_unit)};
    kt_error *all = NULL;
    if (u->factor.scale1 && u->factor.coef <= 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "factor", "must be above zero", "musi być większe od zera"));
    if (u->item.v)
        KT_TRY(kt_read(tx, u->item, &item.rec));
    if (u->unit.v && u->unit.v == item.unit.v)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "unit", "is the item's own unit", "to własna jednostka towaru"));
    return all;
}

static kt_error *factor_of(kt_tx *tx, kt_id item, kt_id unit, kt_dec *factor)
{
    const kt_where where[] = {
        KT_WHERE(item_unit, item, KT_EQ, item), KT_WHERE(item_unit, unit, KT_EQ, unit), {0}};
    struct item_unit found = {KT_OF(item_unit)};
    kt_cursor *cursor;
    *factor = (kt_dec){0};
    KT_TRY(kt_open(tx, &(kt_query){.of = &item_unit_shape, .where = where, .limit = 1}, &cursor));
    if (kt_next(cursor, &found.rec))
        *factor = found.factor;
    return kt_close(cursor);
}

/* The quantity in the item's own unit (onward), or from it. */
static kt_error *own(kt_tx *tx, const struct own_unit *item, kt_id unit, bool onward, kt_dec *exact)
{
    enum { OVERFLOWED = 255 };
    kt_dec factor, rounded;
    if (unit.v == item->unit.v)
        return NULL;
    KT_TRY(factor_of(tx, item->rec.id, unit, &factor));
    if (!factor.scale1)
        return units_service.convert(
            tx, *exact, onward ? unit : item->unit, onward ? item->unit : unit, exact, &rounded);
    *exact = onward ? kt_dec_mul(*exact, factor, 6) : kt_dec_div(*exact, factor, 6);
    return exact->scale1 == OVERFLOWED
               ? kt_fail(tx, KT_VALIDATION, "quantity", "is too large", "jest za duża")
               : NULL;
}

kt_error *convert_of_item(
    kt_tx *tx, kt_id item_id, kt_dec quantity, kt_id from, kt_id to, kt_dec *exact, kt_dec *rounded)
{
    struct own_unit item = {KT_OF(own_unit)};
    kt_dec a, b;
    if (item_id.v && from.v && to.v && from.v != to.v) {
        KT_TRY(kt_read(tx, item_id, &item.rec));
        KT_TRY(factor_of(tx, item_id, from, &a));
        KT_TRY(factor_of(tx, item_id, to, &b));
        if (item.unit.v && (a.scale1 || b.scale1)) {
            *exact = quantity;
            KT_TRY(own(tx, &item, from, true, exact));
            KT_TRY(own(tx, &item, to, false, exact));
            return units_service.convert(tx, *exact, to, to, exact, rounded);
        }
    }
    return units_service.convert(tx, quantity, from, to, exact, rounded);
}
