/* value.h -- what goods in stock are worth. */
#pragma once
#include "stock/stores.h"

struct pool { /* all of an item that the company owns: in its stores and on the way between them */
    kt_record rec;
    kt_id item;
    enum valuation method;
    kt_dec quantity, value, unit_cost;
};
extern const kt_shape pool_shape;
/* One without id, empty, if the item never was there. */
KT_MUST kt_error *pool_find(kt_tx *tx, const struct goods *goods, struct pool *p);

/* What so much costs by what is known: the standard, or the last cost. */
kt_dec at_known_cost(const struct goods *goods, const struct pool *p, kt_dec quantity);

/* Values a move, writes it, announces it.
 *   m  value: what comes in costs this; not set: it is computed. Receives value, left, left_value, id */
KT_MUST kt_error *value_move(kt_tx *tx, const struct goods *goods, struct move *m);
/* A cost that comes after the goods. */
KT_MUST kt_error *value_burden(kt_tx *tx, kt_id move, kt_dec amount, kt_id document, kt_str reason);
/* What would then be left of the worth of the move's goods that are here, or of all of the item if that is less. */
KT_MUST kt_error *value_after(
    kt_tx *tx, const struct goods *goods, const struct move *m, kt_dec amount, kt_dec *worth);
/* The valuation of an item, or its standard cost, changed: its stock follows. */
kt_error *item_changed(kt_tx *tx, const kt_event *event);

/* The part of a value that falls on `quantity` after `done` of `whole`: all parts sum up to it. Not set stays so. */
kt_dec share_of(kt_dec value, kt_dec whole, kt_dec done, kt_dec quantity);
/* "12.5": a decimal for people, without zeros at its end. */
const char *dec_words(kt_tx *tx, kt_dec value);
