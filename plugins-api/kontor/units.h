/* units.h -- the service "base.units": quantities of one unit in another. */
#pragma once
#include <kontor.h>

typedef struct kt_units {
    /* Units of one category convert into each other, by their factors.
     *   from, to  one not set, or the same: the quantity stays as it is
     *   exact     receives the quantity, scale 6, rounded once
     *   rounded   receives it as the unit `to` rounds
     *   returns   rule at "to": the units are of different categories; validation at "quantity": it does not
     *             fit */
    KT_MUST kt_error *(*convert)(
        kt_tx *tx, kt_dec quantity, kt_id from, kt_id to, kt_dec *exact, kt_dec *rounded);
    /* The same for quantities of an item, which may have units of its own: base.item_unit.
     *   item  not set: as convert */
    KT_MUST kt_error *(*of_item)(
        kt_tx *tx, kt_id item, kt_dec quantity, kt_id from, kt_id to, kt_dec *exact, kt_dec *rounded);
} kt_units;

/* NULL: no module offers it now. */
static inline const kt_units *kt_units_find(kt_tx *tx)
{
    return (const kt_units *)kt_service_find(tx, "base.units", 1);
}
