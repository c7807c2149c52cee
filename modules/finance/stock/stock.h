/* stock.h -- what the ledger makes of moved goods, and the goods that came before their bill. */
#pragma once
#include "finance.h"

struct received { /* goods that came in and are not billed yet */
    kt_record rec;
    kt_id party, item, document, order; /* order: of kt_any, the purchase order; not set: unknown */
    kt_date day;
    kt_dec quantity, value, left, left_value;
    unsigned waits_for;
};
extern const kt_shape received_shape;
kt_error *received_compute(kt_tx *tx, kt_record *self);
/* Rows of an earlier version learn what they wait for. */
KT_MUST kt_error *received_migrate(kt_tx *tx, const char *from_version);
/* Takes a bill, or a credit note with quantity and value below zero, out of what came in from this party, of its
 * order if it has one, the oldest first.
 *   unit     of the bill's quantity; not set: the item's own
 *   cleared  receives what it was booked in at; what no goods came for yet counts as billed, and waits for them */
KT_MUST kt_error *received_bill(kt_tx *tx, const struct received *bill, kt_id unit, kt_dec *cleared);
/* Notes goods that came in, or went back to the supplier: quantity and value below zero.
 *   off  receives by how much less the bills that were there first had them in the books: a variance */
KT_MUST kt_error *received_note(kt_tx *tx, const struct received *like, kt_dec *off);
/* Are goods booked into stock by their moves? */
bool stock_is_kept(kt_tx *tx);

/* ---- kept.c ---- */

/* May an entry of this origin (of kt_any; not set: written by hand) post on the account? returns rule at path: it has
 * what the stores are worth */
KT_MUST kt_error *stock_account_free(kt_tx *tx, const char *path, const struct account *a, kt_id origin);
kt_error *purpose_row_check(kt_tx *tx, const kt_record *before, const kt_record *after);

/* ---- valued.c ---- */

extern const kt_shape valued_shape, cost_shape;
kt_error *stock_valued(kt_tx *tx, const kt_event *event);
kt_error *production_cost(kt_tx *tx, const kt_event *event);

/* ---- align.c ---- */

extern const kt_shape align_shape, aligned_shape;
kt_error *stock_align(kt_tx *tx, const kt_record *params, kt_record *result);
