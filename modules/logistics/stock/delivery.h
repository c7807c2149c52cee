/* delivery.h -- deliveries: what goes to a customer, and on which slip. */
#pragma once
#include <kontor/work.h>

#include "stock/stores.h"

enum delivery_state { D_DRAFT = 1, D_WAITING, D_RESERVED, D_PICKED, D_SHIPPED, D_DONE, D_CANCELLED };
enum delivery_policy { AS_AVAILABLE = 1, ALL_AT_ONCE, CANCEL_REST };
extern const kt_choice delivery_policies[];
struct delivery_line {
    kt_record rec;
    kt_id item, lot, order_unit;
    int64_t order_line;
    kt_date day;
    kt_dec quantity, reserved, picked, shipped, returned; /* in the item's own unit */
    kt_dec order_quantity;                                /* the same in the order's unit */
};
extern const kt_shape delivery_line_shape;
struct picked { /* of which lots a line is picked, or went */
    kt_record rec;
    int64_t line;
    kt_id lot;
    kt_dec quantity;
};
extern const kt_shape picked_shape;
struct delivery {
    kt_record rec;
    kt_id party, document, warehouse, backorder_of;
    enum delivery_state state;
    enum delivery_policy policy;
    kt_date day, shipped_on;
    kt_str carrier, tracking, note;
    kt_dec missing;
    kt_lines lines, picks;
};
extern const kt_shape delivery_shape;
extern const kt_action delivery_actions[];
kt_error *delivery_compute(kt_tx *tx, kt_record *self);
struct delivery_line *delivery_line_at(const kt_lines *lines, size_t i);
/* For whom a line's goods are reserved: the order's line, else the delivery's own. */
struct owner delivery_owner(kt_tx *tx, const struct delivery *d, const struct delivery_line *line);
/* Brings up to date what is reserved, of all lines or of one, and what state that makes. */
KT_MUST kt_error *delivery_reckon(kt_tx *tx, struct delivery *d, int64_t order_line);
/* Reserves what a delivery made by hand still misses. */
KT_MUST kt_error *delivery_reserve(kt_tx *tx, struct delivery *d);
/* The order's delivery that has not left yet; no id: there is none. */
KT_MUST kt_error *delivery_open_of(kt_tx *tx, kt_id document, struct delivery *d);
/* The owner's reservations changed: its open delivery shows it. */
KT_MUST kt_error *delivery_follow(kt_tx *tx, const struct owner *owner);
/* The planned moves of its lines say what is still to go; nothing: it goes no more. */
KT_MUST kt_error *delivery_expect(kt_tx *tx, const struct delivery *d, bool nothing);

/* ---- picking.c ---- */

struct part { /* a row of the parameters: so much of a line, of any lot, of one, or by serial numbers */
    kt_record rec;
    int64_t line;
    kt_dec quantity;
    kt_id lot;
    kt_str serials;
};
struct parts {
    kt_record rec;
    kt_lines lines;
    kt_date day;
    kt_id warehouse, location; /* where what comes back goes */
    kt_str reason;
};
extern const kt_shape part_shape, pick_shape, ship_shape, return_shape;
struct choice { /* the same, read and found: of one lot or of any */
    size_t row;
    bool by_name; /* a serial number of the row's */
    struct delivery_line *line;
    kt_id lot;
    kt_dec quantity;
};
struct choices {
    struct choice *items;
    size_t count;
};
/* "lines[row].field" */
const char *part_path(kt_tx *tx, size_t row, const char *field);
/* What rows of parameters mean; *all is good for reading also if some are wrong. */
KT_MUST kt_error *choices_read(kt_tx *tx, struct delivery *d, const kt_lines *rows, struct choices *all);
/* returns validation at the rows that name a lot of a line again */
KT_MUST kt_error *choices_once(kt_tx *tx, const struct choices *all);
/* Picks what the rows say; no rows: all that is reserved. d stays of its version, or is saved anew. */
KT_MUST kt_error *delivery_take(kt_tx *tx, struct delivery *d, const kt_lines *rows);
kt_error *delivery_pick(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *delivery_unpick(kt_tx *tx, kt_record *self, const kt_record *params);

/* ---- ship.c ---- */

/* So much of the line in the order's unit: exactly all of it, if all is meant. */
kt_dec delivery_in_order_unit(const struct delivery_line *line, kt_dec quantity);
kt_error *delivery_ship(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *delivery_return(kt_tx *tx, kt_record *self, const kt_record *params);

/* ---- order.c: sales orders, of whichever module has them ---- */

kt_error *delivery_reopen(kt_tx *tx, kt_record *self, const kt_record *params);
extern const kt_shape sold_shape, promise_shape;
kt_error *promise_moved(kt_tx *tx, const kt_event *event);
kt_error *order_changed(kt_tx *tx, const kt_event *event);
kt_error *order_delivered_elsewhere(kt_tx *tx, const kt_event *event);
kt_error *order_ended(kt_tx *tx, const kt_event *event);
#define DELIVERIES_CATCH_UP "logistics.deliveries_catch_up" /* the service */
extern const kt_work deliveries_catch_up;
kt_error *orders_caught_up(kt_tx *tx, const kt_event *event); /* of "crm.enabled", "logistics.enabled" */
