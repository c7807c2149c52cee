/* A price stands per some unit, goods are sold in another one: kilograms and pieces, boxes and pieces. What
 * converts into what, and by which number, base.units knows. */
#include "sales/unit_price.h"

#include <string.h>

#include <kontor/units.h>

kt_error *units_in(kt_tx *tx, kt_id item, kt_id from, kt_id to, kt_dec *many)
{
    const kt_units *units = kt_units_find(tx);
    kt_dec rounded;
    *many = KT_DEC(1, 0);
    if (from.v == to.v || !from.v || !to.v || !units)
        return NULL;
    kt_error *error = units->of_item(tx, item, *many, from, to, many, &rounded);
    if (!error)
        return NULL;
    const kt_problem p = kt_problem_at(error, 0);
    if (p.kind != KT_RULE || !p.path || strcmp(p.path, "to") != 0)
        return error;
    *many = (kt_dec){0}; /* units of different kinds: an answer too */
    return NULL;
}

/* By whichever number of the two is exact more often: a dozen is 12 pieces, a piece 0.083333 dozen. */
kt_error *price_per_unit(kt_tx *tx, kt_id item, kt_id stated, kt_id sold, kt_dec *price)
{
    kt_dec many;
    KT_TRY(units_in(tx, item, sold, stated, &many));
    if (!many.scale1 || kt_dec_cmp(many, KT_DEC(1, 0)) >= 0) {
        *price = kt_dec_mul(*price, many, 4);
        return NULL;
    }
    KT_TRY(units_in(tx, item, stated, sold, &many));
    *price = kt_dec_div(*price, many, 4);
    return NULL;
}
