/* transfer.h -- goods that move within the company: between warehouses (MM), out to use (RW), in from making (PW). */
#pragma once
#include "stock/stores.h"

enum transfer_kind { TRANSFER = 1, ISSUE, ENTRY };
enum transfer_state { T_DRAFT = 1, T_IN_TRANSIT, T_DONE, T_CANCELLED };
struct transfer {
    kt_record rec;
    enum transfer_kind kind;
    enum transfer_state state;
    kt_id warehouse, location, to_warehouse, to_location;
    kt_stock_place against;
    kt_date day;
    kt_str reason;
    kt_lines lines;
};
extern const kt_shape transfer_shape;
extern const kt_action transfer_actions[];
kt_error *transfer_compute(kt_tx *tx, kt_record *self);
/* What open transfers will bring of an item to a warehouse, or take away from it, in its own unit; to none that is named: what
 * is on its way to any. */
KT_MUST kt_error *transfers_coming(kt_tx *tx, kt_id warehouse, kt_id item, kt_dec *quantity);
KT_MUST kt_error *transfers_going(kt_tx *tx, kt_id warehouse, kt_id item, kt_dec *quantity);
/* Adds a line to a draft of a transfer between warehouses.
 *   transfer  not set: a new one; receives it */
KT_MUST kt_error *transfer_ask(kt_tx *tx, kt_id from, kt_id to, kt_id item, kt_dec quantity, kt_id *transfer);
