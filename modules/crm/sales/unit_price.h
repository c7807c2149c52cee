/* unit_price.h -- a price per kilogram of what is sold by the piece, and the like. */
#pragma once
#include <kontor.h>

/* How many of unit `to` one of unit `from` is, of this item; not set: they do not convert. Either unit may be not
 * set: then it is one. */
KT_MUST kt_error *units_in(kt_tx *tx, kt_id item, kt_id from, kt_id to, kt_dec *many);
/* Turns a price per one `stated` unit into one per `sold` unit, scale 4; not set where they do not convert. */
KT_MUST kt_error *price_per_unit(kt_tx *tx, kt_id item, kt_id stated, kt_id sold, kt_dec *price);
