/* units.h -- the service "base.units": quantities of one unit in another. */
#pragma once
#include <kontor.h>
#include <kontor/documents.h>

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

/* A quantity of an item as documents have it, with four places, in another unit; without "base.units" as it is. What
 * stands for a quantity as `to` rounds, but for what its last place lost, perhaps in several parts, is that one:
 * 1.6667 boxes of six are ten pieces, not 10.0002. */
KT_MUST static inline kt_error *kt_in_unit(
    kt_tx *tx, kt_id item, kt_dec quantity, kt_id from, kt_id to, kt_dec *out)
{
    const kt_units *units = kt_units_find(tx);
    kt_dec exact, rounded, back, unused;
    *out = kt_dec_round(quantity, 4);
    if (!units)
        return NULL;
    KT_TRY(units->of_item(tx, item, quantity, from, to, &exact, &rounded));
    *out = kt_dec_round(exact, 4);
    if (kt_dec_cmp(exact, rounded) == 0)
        return NULL;
    KT_TRY(units->of_item(tx, item, rounded, to, from, &back, &unused));
    kt_dec lost = kt_dec_sub(back, quantity);
    if (kt_dec_cmp(lost.coef < 0 ? kt_dec_neg(lost) : lost, KT_DEC(5, 4)) <= 0)
        *out = kt_dec_round(rounded, 4);
    return NULL;
}

/* The same as goods are handed over: what `to` has no parts of is so many of it as come nearest, and at least one. A kilogram of
 * hams of 350 g is three of them. */
KT_MUST static inline kt_error *kt_in_whole_units(
    kt_tx *tx, kt_id item, kt_dec quantity, kt_id from, kt_id to, kt_dec *out)
{
    const kt_units *units = kt_units_find(tx);
    kt_dec exact, rounded, asked;
    KT_TRY(kt_in_unit(tx, item, quantity, from, to, out));
    asked = *out;
    if (!units || !to.v || asked.coef <= 0)
        return NULL;
    do { /* less than half of one becomes one */
        KT_TRY(units->of_item(tx, item, asked, to, to, &exact, &rounded));
        asked = kt_dec_add(asked, asked);
    } while (rounded.coef <= 0);
    *out = kt_dec_round(rounded, 4);
    return NULL;
}

/* Nobody hands over half a screw: refuses a quantity that is no whole number of what the item's own unit has, told in that unit or in a packing
 * of whole ones. A measure that holds no whole number of them, a kilogram of hams, is not refused: kt_in_whole_units says how many go.
 *   name, path  of the item and of the quantity, for the problem
 *   unit        of the quantity; not set: the item's own
 *   returns     validation at `path`; that units do not convert is told by who converts */
KT_MUST static inline kt_error *kt_check_whole(
    kt_tx *tx, kt_id item, kt_str name, kt_dec quantity, kt_id unit, kt_id own, const char *path)
{
    const kt_units *units = kt_units_find(tx);
    kt_dec amount = quantity, exact, rounded;
    if (!units || !own.v || !quantity.coef)
        return NULL;
    if (unit.v && unit.v != own.v) {
        kt_error *other = units->of_item(tx, item, KT_DEC(1, 0), unit, own, &exact, &rounded);
        if (other)
            return kt_problem_at(other, 0).kind == KT_RULE ? NULL : other;
        if (kt_dec_cmp(exact, rounded) != 0)
            return NULL;
        KT_TRY(kt_in_unit(tx, item, quantity, unit, own, &amount));
    }
    KT_TRY(units->of_item(tx, item, amount, own, own, &exact, &rounded));
    if (kt_dec_cmp(exact, rounded) == 0)
        return NULL;
    kt_str words = kt_dec_text(tx, amount, 0);
    return kt_hint(
        kt_fail(tx, KT_VALIDATION, path, "there is no part of \"%s\" like %s of its unit",
            "„%s” nie dzieli się na %s jednostki", name.ptr ? name.ptr : "", words.ptr ? words.ptr : "0"),
        "The unit's rounding says what parts it has.",
        "Na jakie części się dzieli, mówi zaokrąglenie jednostki.");
}
