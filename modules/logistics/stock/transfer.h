/* transfer.h -- goods that move within the company: between warehouses (MM), out to use (RW), in from making (PW). */
#pragma once
#include "stock/delivery.h"

enum transfer_kind { TRANSFER = 1, ISSUE, ENTRY };
enum transfer_state { T_DRAFT = 1, T_IN_TRANSIT, T_DONE, T_CANCELLED };
enum { TRANSFER_LINES_MAX = 500 };
struct transfer {
    kt_record rec;
    enum transfer_kind kind;
    enum transfer_state state;
    kt_id warehouse, location, to_warehouse, to_location, backorder_of;
    kt_stock_place against;
    kt_date day;
    kt_str reason;
    kt_lines lines;
    bool asked; /* demands wait for it */
};
extern const kt_shape transfer_shape;
struct transfer_line {
    kt_record rec;
    kt_id item, lot, unit;
    kt_str new_lot, serials;
    kt_date expires;
    kt_dec quantity, unit_cost, value;
    kt_dec received; /* in the item's own unit */
};
extern const kt_shape transfer_line_shape;
struct transfer_line *transfer_line_at(const kt_lines *lines, size_t i);
/* The line's quantity in the item's own unit; of all lines of the item, *sum receives so much more. */
KT_MUST kt_error *transfer_line_own(kt_tx *tx, const struct transfer_line *line, kt_dec *quantity);
KT_MUST kt_error *transfer_quantity(kt_tx *tx, const struct transfer *t, kt_id item, kt_dec *sum);
extern const kt_action transfer_actions[];
kt_error *transfer_compute(kt_tx *tx, kt_record *self);
/* What open transfers will bring of an item to a warehouse that nobody waits for, or take away from it that is not reserved for
 * them, in its own unit; to none that is named: what is on its way to any. */
KT_MUST kt_error *transfers_coming(kt_tx *tx, kt_id warehouse, kt_id item, kt_dec *quantity);
KT_MUST kt_error *transfers_going(kt_tx *tx, kt_id warehouse, kt_id item, kt_dec *quantity);
/* Adds a line to a draft of a transfer between warehouses.
 *   transfer  not set: a new one; receives it */
KT_MUST kt_error *transfer_ask(kt_tx *tx, kt_id from, kt_id to, kt_id item, kt_dec quantity, kt_id *transfer);

/* ---- transfer_leave.c: what of a slip goes ---- */

struct sending { /* the parameters */
    kt_record rec;
    enum delivery_policy rest;
    kt_lines lines;
};
struct receiving {
    kt_record rec;
    kt_lines lines;
};
extern const kt_shape sending_shape, receiving_shape;
struct
    origin { /* where a problem of a line is told: at the line, or the row of parameters, as the caller wrote it */
    size_t line;
    const char *field;
};
struct let_go { /* what was held for it, and is not any more */
    kt_id item;
    struct picks picks;
};
struct leaving {
    kt_lines lines, rest;
    struct origin *origins; /* of each of the lines */
    enum delivery_policy policy;
    bool as_available; /* of each line what is there */
    struct let_go *freed;
    size_t freed_count;
};
/* What rows of parameters say of a slip's lines; *as receives these as a delivery has them. */
KT_MUST kt_error *transfer_choices(
    kt_tx *tx, const struct transfer *t, const kt_lines *rows, struct delivery *as, struct choices *all);
/* The rows name more than a line has. */
kt_error *transfer_too_much(
    kt_tx *tx, const struct transfer_line *line, kt_dec named, kt_dec most, size_t row, kt_text hint);
/* Its lines are what is to go then, each serial number on one of its own.
 *   p  NULL: all of it */
KT_MUST kt_error *leaving_begin(kt_tx *tx, struct transfer *t, const struct sending *p, struct leaving *l);
/* The line is what of it is there, or nothing. */
KT_MUST kt_error *leaving_lessen(
    kt_tx *tx, const struct transfer *t, struct transfer_line *line, struct leaving *l);
/* It went: what did not goes on a slip of its own, for who waits for that, or no more. */
KT_MUST kt_error *leaving_end(kt_tx *tx, struct transfer *t, kt_date planned, struct leaving *l);

/* ---- transfer_come.c: what of a slip arrives ---- */

struct carried { /* what a slip brings of a line, of one lot */
    kt_id item, lot, line;
    kt_dec quantity, comes; /* comes: now */
};
KT_MUST kt_error *transfer_carried(kt_tx *tx, const struct transfer *t, struct carried **all, size_t *count);
/* What is on its way is expected where it goes.
 *   nothing  it is there */
KT_MUST kt_error *transfer_expect(kt_tx *tx, const struct transfer *t, bool nothing);
/* It is there, or what of it is named; the rest stays on its way, on a slip of its own.
 *   p  NULL: all of it */
KT_MUST kt_error *transfer_receive(kt_tx *tx, struct transfer *t, kt_date day, const struct receiving *p);
extern const char *const transfer_numbers[]; /* patterns, by kind */

/* ---- transfer_worth.c ---- */

/* What goes to another place is shown with its worth. */
KT_MUST kt_error *transfer_show_worth(kt_tx *tx, struct transfer *t);

/* ---- asked.c: transfers that demands wait for ---- */

/* Those on their way to a warehouse with some of an item, as they were sent. */
KT_MUST kt_error *transfers_to(kt_tx *tx, kt_id warehouse, kt_id item, kt_found *sent);
/* What of an item is on its way, good on a day, and nobody waits for. */
KT_MUST kt_error *transfer_spare(kt_tx *tx, const struct transfer *t, kt_id item, kt_date day, kt_dec *spare);
/* So much at most, of what is good on a day and nobody waits for, is waited for now; *taken receives how much. */
KT_MUST kt_error *transfer_take(
    kt_tx *tx, struct transfer *t, kt_id item, kt_date day, kt_dec most, kt_dec *taken);

kt_id transfer_any(const kt_tx *tx, const struct transfer *t);
/* Reserves what is free of wanted in its warehouse for a draft to another one, sent on a day; *taken receives how much. */
KT_MUST kt_error *transfer_hold(
    kt_tx *tx, const struct wanted *wanted, kt_id to, kt_date day, struct transfer *t, kt_dec *taken);
/* Less of it is asked for: *given receives how much need not go. */
KT_MUST kt_error *transfer_lessen(kt_tx *tx, kt_id transfer, kt_id item, kt_dec quantity, kt_dec *given);
/* So much of what was reserved for it is gone: others go in its place, or who waits for it is covered in another way. */
KT_MUST kt_error *transfer_lost(
    kt_tx *tx, const struct owner *owner, kt_id item, kt_dec quantity, kt_text why);
KT_MUST kt_error *transfer_give_up(kt_tx *tx, struct transfer *t);
/* While it is sent, received or given up, nothing more is asked of it. NULL: that is over. */
KT_MUST kt_error *transfer_in_hand(kt_tx *tx, struct transfer *t);
/* It, or what of it does not go, is given up now: who waits for that is covered in another way. */
KT_MUST kt_error *transfer_giving_up(kt_tx *tx, struct transfer *t);
/* Is a transfer between these warehouses being given up just now? */
bool transfer_given_up(const kt_tx *tx, kt_id from, kt_id to);
/* It is sent: what of what was reserved stays, for another lot was named, is free. */
KT_MUST kt_error *transfer_keep_nothing(kt_tx *tx, const struct transfer *t);
/* So much more is waited for of an item than the slip brings now. */
KT_MUST kt_error *transfer_overdrawn(kt_tx *tx, const struct transfer *t, kt_id item, kt_dec *over);
KT_MUST kt_error *transfer_waited_for(kt_tx *tx, const struct transfer *t, kt_id item, kt_dec *quantity);
/* A demand that let go while this module was off could not say so. */
kt_error *transfer_recount(kt_tx *tx, kt_record *rec);
kt_error *transfer_check(kt_tx *tx, const kt_record *before, const kt_record *after);
