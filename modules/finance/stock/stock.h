/* stock.h -- what the ledger makes of moved goods, and the goods that came before their bill. */
#pragma once
#include "finance.h"

struct received { /* goods that came in and are not billed yet */
    kt_record rec;
    kt_id party, item, document;
    kt_date day;
    kt_dec quantity, value, left, left_value;
};
extern const kt_shape received_shape;
/* Takes a bill's quantity, in the line's unit, out of what came in from this party, oldest first.
 *   value    of the bill, in the company's currency; both below zero: a credit
 *   cleared  receives what it was booked in at; what came in before nobody knows of counts as billed */
KT_MUST kt_error *received_bill(
    kt_tx *tx, kt_id party, kt_id item, kt_id unit, kt_dec quantity, kt_dec value, kt_dec *cleared);
/* Notes goods that came in, or went back to the supplier: quantity and value below zero. */
KT_MUST kt_error *received_note(kt_tx *tx, const struct received *like);
/* Are goods booked into stock by their moves? */
bool stock_is_kept(kt_tx *tx);

extern const kt_shape valued_shape, cost_shape;
kt_error *stock_valued(kt_tx *tx, const kt_event *event);
kt_error *production_cost(kt_tx *tx, const kt_event *event);
