/* purchase.h -- what the files of this folder show each other: suppliers' prices, requests, orders, receipts. A
 * request says what is to be bought and who waits for it; an order's line carries requests; a receipt's line
 * brings what an order's line asked for. */
#pragma once
#include <kontor/documents.h>
#include <kontor/orders.h>
#include <kontor/supply.h>
#include <kontor/units.h>
#include <kontor/work.h>

#include "stock/value.h"

/* ---- words.c ---- */

/* The amount in the company's currency; not set: there is no rate. currency not set: it is in it already. */
KT_MUST kt_error *in_own_currency(
    kt_tx *tx, kt_dec amount, kt_id currency, kt_date day, uint8_t scale, kt_dec *own);
/* The price in another currency by the day's rate, scale 4; not set: there is no rate. */
KT_MUST kt_error *in_currency(kt_tx *tx, kt_dec price, kt_id from, kt_id to, kt_date day, kt_dec *out);
KT_MUST kt_error *own_currency(kt_tx *tx, kt_id *currency);
/* So many days later, and then the next working day. */
KT_MUST kt_error *delivery_day(kt_tx *tx, kt_date from, int64_t days, kt_date *day);
KT_MUST kt_error *party_name(kt_tx *tx, kt_id party, kt_str *name);
const char *day_words(kt_tx *tx, kt_date day);
/* "lines[2].quantity" */
const char *path_of(kt_tx *tx, const char *lines, size_t i, const char *field);
KT_MUST kt_error *not_below(kt_tx *tx, const char *path, kt_dec value, bool zero_too);
bool same_words(kt_str a, kt_str b);
struct reason_given {
    kt_record rec;
    kt_str reason;
};
extern const kt_shape reason_given_shape;

/* ---- price.c, best.c: what suppliers ask ---- */

struct price_break {
    kt_record rec;
    kt_dec quantity, price;
};
extern const kt_shape price_break_shape;
struct supplier_price {
    kt_record rec;
    kt_id party, item, currency, unit;
    kt_str code, name;
    kt_dec price, minimum, multiple;
    kt_lines breaks;
    int64_t lead_days;
    kt_date valid_from, valid_to;
    bool preferred, active;
};
extern const kt_shape supplier_price_shape;
kt_error *supplier_price_compute(kt_tx *tx, kt_record *self);

/* Why an offer stands where it does; those from OUT_OF_DATE on cannot be taken. */
enum verdict { CHOSEN = 1, NOT_PREFERRED, DEARER, SLOWER, LATER_KNOWN, OUT_OF_DATE, NO_RATE, NO_PRICE };
struct offer {
    struct supplier_price price;
    kt_dec bought;     /* what has to be bought by minimum and multiple; the item's own unit, scale 4 */
    kt_dec quantity;   /* the same in the supplier's unit */
    kt_dec unit_price; /* of the supplier's unit, by the break */
    kt_dec cost;       /* of one own unit in the company's currency, scale 6 */
    kt_date day;       /* of the best: there, if it is ordered on the day asked for */
    enum verdict verdict;
};
struct offers {
    struct offer *items;
    size_t count;
};
struct offer_query {
    kt_id item, party; /* party not set: all */
    kt_dec quantity;   /* the item's own unit */
    kt_date day;       /* on which it is ordered */
};
/* What suppliers ask, the best first: preferred before others, then by price in the company's currency, by lead
 * time, by who was known first. */
KT_MUST kt_error *offers_find(kt_tx *tx, const struct offer_query *query, struct offers *found);
/* NULL: nobody sells it. */
const struct offer *offers_best(const struct offers *offers);
/* Where none is: is it for want of a rate alone that one of them cannot be taken? why receives that. */
KT_MUST kt_error *offers_hindrance(kt_tx *tx, const struct offers *offers, kt_date day, kt_text *why);
/* The least that is not below what is wanted, nor below the minimum, in whole steps. minimum, step: not set: none */
kt_dec to_be_bought(kt_dec wanted, kt_dec minimum, kt_dec step);
/* How much is bought for a quantity today by minimum and multiple, in the item's own unit; itself, if nobody sells it.
 *   party  not set: of whoever is best */
KT_MUST kt_error *lot_bought(kt_tx *tx, kt_id item, kt_id party, kt_dec quantity, kt_dec *bought);
extern const kt_shape best_shape, best_found_shape;
kt_error *supplier_best(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- request.c, buy.c ---- */

enum request_state { PR_OPEN = 1, PR_ORDERED, PR_DONE, PR_CANCELLED };
enum request_origin { BY_HAND = 1, BY_DEMAND, BY_RULE, BY_ORDER, BY_PLAN };
struct request {
    kt_record rec;
    kt_id item, warehouse, party, price, currency, demand, order, owner, rfq;
    kt_dec quantity, waiting, received, free, unit_cost, cost;
    int64_t demand_line, order_line, bookings;
    kt_date needed, day, order_by;
    kt_str note;
    enum request_origin origin;
    enum request_state state;
    bool cancelled, finished;
};
extern const kt_shape request_shape;
extern const kt_action request_actions[];
kt_error *request_compute(kt_tx *tx, kt_record *self);
void request_take_offer(kt_tx *tx, struct request *r, const struct offer *best);
/* Takes over supplier, price and days from the best offer for what is to be bought. */
KT_MUST kt_error *request_price(kt_tx *tx, struct request *r);
/* So much of an ordered request is not asked for any more; of all that is left of it: it is given up. */
void request_cut(struct request *r, kt_dec cut);
/* Who waited for `part` of a request waits no more; if it goes straight to its customer, nobody else gets it.
 *   left  receives what cannot be undone, and why */
KT_MUST kt_error *request_let_go(kt_tx *tx, struct request *r, const kt_cover *part, kt_plan *left);
kt_id request_any(kt_tx *tx, const struct request *r);
/* Requests in memory, by the day on which they are needed. */
struct requests {
    struct request *items;
    size_t count;
};
KT_MUST kt_error *requests_find(kt_tx *tx, const kt_where *where, struct requests *found);
/* The requests that a line of an order carries. */
KT_MUST kt_error *requests_of_line(kt_tx *tx, kt_id order, kt_id line, struct requests *found);
extern const kt_source buying_source;

/* ---- order.c, order_lines.c ---- */

enum po_state { PO_DRAFT = 1, PO_SENT, PO_APPROVED, PO_CLOSED, PO_CANCELLED };
enum po_progress { PO_NONE = 1, PO_PARTIAL, PO_FULL };
enum po_kind { PO_GOODS = 1, PO_SERVICE, PO_TEXT };
struct po_line {
    kt_record rec;
    kt_id item, unit, tax_category, price_row, move;
    kt_str name, code, tax_label;
    enum po_kind kind;
    kt_dec quantity, price, discount_percent, discount_amount, tax_rate, net, tax, gross;
    kt_dec received, rejected, returned, billed;
    kt_date asked, expected, first_expected, actual;
};
extern const kt_shape po_line_shape;
struct po {
    kt_record rec;
    kt_str title, reference, terms, reason, ship_name, ship_address;
    kt_id party, currency, owner, warehouse, ship_to, position, tax_position, rfq, approved_by;
    kt_date day, asked, expected;
    kt_time approved_at;
    kt_tax_rounding rounding;
    bool tax_included;
    kt_dec tax_given, net, tax, gross, net_own;
    kt_lines lines, taxes, changes;
    enum po_state state;
    enum po_progress receipt_status, billing_status;
    int64_t revision, bookings, came, on_time, days_late;
    kt_dec received, rejected;
};
extern const kt_shape po_shape;
extern const kt_shape po_seen_shape; /* of struct po too: what a look over many orders needs */
extern const kt_choice po_states[];
extern const kt_action po_actions[];
kt_error *po_compute(kt_tx *tx, kt_record *self);
struct po_line *po_line_at(const kt_lines *lines, size_t i);
struct po_line *po_line_with(const kt_lines *lines, kt_id id);
/* What came and stayed: received, without what was rejected or went back. */
kt_dec po_line_kept(const struct po_line *line);
/* What is still to come; zero: nothing. */
kt_dec po_line_open(const struct po_line *line);
/* Fills in names, units, prices by the supplier's price list, taxes and amounts. */
KT_MUST kt_error *po_lines_compute(kt_tx *tx, struct po *o, const struct po *stored, bool drafted);
/* Nothing that was agreed has changed, else a problem at each field. */
KT_MUST kt_error *po_fixed(kt_tx *tx, const struct po *o, const struct po *stored);
/* Appends to o->changes what differs from the stored order. */
KT_MUST kt_error *po_note_changes(kt_tx *tx, struct po *o, const struct po *stored);

/* ---- order_act.c, order_amend.c, order_follow.c, limit.c ---- */

/* When the line is expected, by its supplier's lead time and what was asked for, if nobody said. */
KT_MUST kt_error *po_date_line(kt_tx *tx, struct po_line *line);
extern const kt_shape po_amend_shape, po_reschedule_shape, po_bill_shape;
kt_error *po_amend(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *po_amended(kt_tx *tx, const kt_record *self, kt_record *result);
kt_error *po_reschedule(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *po_bill(kt_tx *tx, kt_record *self, const kt_record *params);
KT_MUST kt_error *po_report_bill(kt_tx *tx, kt_id order, const kt_order_part *parts, size_t count);
/* The stores are told what is to come, and when; nothing: the order asks for nothing any more. */
KT_MUST kt_error *po_expect(kt_tx *tx, const struct po *o, bool nothing);
/* A line is there on another day: those who wait for it are told.
 *   reason  empty: it is on order now, be it for the same day */
KT_MUST kt_error *po_moved(kt_tx *tx, const struct po *o, const struct po_line *line, kt_str reason);
/* So much of each request will not come: who waited for it is covered anew. */
KT_MUST kt_error *requests_failed(
    kt_tx *tx, const struct requests *of, const kt_dec *missing, kt_text reason);
/* What the line does not bring, the requests needed last go without first: who waited for it is covered anew. */
KT_MUST kt_error *po_cut_requests(kt_tx *tx, const struct po *o, const struct po_line *line, kt_text reason);
/* The order's lines carry requests for all that they bring, at the price that was agreed. */
KT_MUST kt_error *po_balance(kt_tx *tx, const struct po *o);
/* What is not delivered any more is to be bought anew: with `reopen` the requests are open again, else their demands
 * are covered in another way. */
KT_MUST kt_error *po_let_go(kt_tx *tx, const struct po *o, kt_id line, bool reopen, kt_text reason);
/* So much of the line is there: the requests it carries, those needed first before the others, have it.
 *   r  brought it; receives what went straight to customers' orders */
struct receipt;
KT_MUST kt_error *po_arrived(
    kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity, struct receipt *r);
/* May the caller approve this order? */
KT_MUST kt_error *po_within_limit(kt_tx *tx, const struct po *o);
struct purchase_limit {
    kt_record rec;
    kt_id role;
    kt_dec amount;
};
extern const kt_shape purchase_limit_shape;
kt_error *purchase_limit_compute(kt_tx *tx, kt_record *self);

/* ---- ordering.c: requests become orders ---- */

extern const kt_shape ordering_shape, ordered_shape;
kt_error *purchase_order_requests(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- receipt.c, receive.c ---- */

enum receipt_state { RC_DRAFT = 1, RC_RECEIVED, RC_DONE, RC_CANCELLED };
enum receipt_kind { RC_RECEIPT = 1, RC_RETURN };
struct receipt_line {
    kt_record rec;
    int64_t order_line;
    kt_id item, unit, location, lot, move;
    kt_str name, lot_name, serials, note;
    kt_date expires;
    kt_dec quantity, rejected, value;
};
extern const kt_shape receipt_line_shape;
struct receipt {
    kt_record rec;
    kt_id order, party, warehouse;
    kt_str reference, note;
    kt_date day;
    enum receipt_kind kind;
    enum receipt_state state;
    kt_lines lines, straight;
};
struct
    straight { /* what went past the stores to a customer's order, or came back from it, in the item's own unit */
    kt_record rec;
    int64_t order_line, line; /* line: of the customer's order */
    kt_id order;
    kt_dec quantity;
};
extern const kt_shape straight_shape, receipt_shape, receiving_company_shape;
extern const kt_action receipt_actions[];
kt_error *receipt_compute(kt_tx *tx, kt_record *self);
struct receipt_line *receipt_line_at(const struct receipt *r, size_t i);
kt_error *receipt_finish(kt_tx *tx, kt_record *self, const kt_record *params);
/* ---- straight.c, straight_learn.c ---- */

struct straight *straight_at(const kt_lines *all, size_t i);
/* Is the demand a sales order, whether or not sales are switched on? */
bool is_sale(const kt_tx *tx, kt_id demand);
/* Those of a version that did not keep it. */
KT_MUST kt_error *receipts_learn_straight(kt_tx *tx);

/* What goes straight to a customer is for nobody else. returns rule at "ship_to" */
KT_MUST kt_error *po_check_straight(kt_tx *tx, const struct po *o);
/* So much of a request, which customers' orders wait for, is theirs now. */
KT_MUST kt_error *straight_delivered(kt_tx *tx, const struct request *r, kt_dec quantity, struct receipt *by);
/* So much of a line, in the item's own unit, nobody waits for: orders that gave goods back have it in their place, then those that it
 * was bought for, let go of it and are open again. */
KT_MUST kt_error *straight_replaced(
    kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity, struct receipt *by);
/* A sale is open again: what was bought for it and came to its customer meanwhile, while nobody waited for it, it has. */
extern const kt_shape asking_shape; /* of crm.order */
kt_error *straight_claimed(kt_tx *tx, kt_record *sale);
kt_error *straight_reopened(kt_tx *tx, const kt_event *event);
/* So much of a line, in its own unit, came back from the customer: the orders that had it hear it. Told before the line knows. */
KT_MUST kt_error *po_came_back(
    kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity, struct receipt *r);

/* carry.c: moves a row's goods, in or back; the row receives their lot, first move and worth.
 *   quantity  in the order's unit */
KT_MUST kt_error *receipt_carry(kt_tx *tx, const struct receipt *r, const struct po *o,
    const struct po_line *line, struct receipt_line *row, kt_dec quantity);

/* ---- match.c, match_price.c ---- */

/* What a bill comes to of one line of an order, what credit notes took off it counted, in the order's currency. */
struct billed_at {
    kt_id bill; /* kt_any: finance.invoice */
    kt_str number;
    int64_t order_line;
    kt_dec pieces, value; /* in the line's unit; with tax where the order's prices have it */
    kt_dec slack;         /* what rounding may be of the value */
};
struct bills {
    struct billed_at *items;
    size_t count;
};
/* Those that are posted; none where no department keeps bills. On the module's own authority. */
KT_MUST kt_error *bills_of(kt_tx *tx, const struct po *o, struct bills *found);
/* What a line of the order costs a piece, discounts taken off, scale 6. */
kt_dec price_of_one(kt_dec quantity, kt_dec price, kt_dec percent, kt_dec amount, kt_dec pieces);

/* review.c */
kt_error *purchase_enabled(kt_tx *tx, const kt_event *event);
kt_error *sales_are_back(kt_tx *tx, const kt_event *event);

/* ---- offered.c ---- */

kt_error *price_offered(kt_tx *tx, const kt_event *event);
extern const kt_shape rate_entered_shape;
kt_error *rate_entered(kt_tx *tx, const kt_event *event);
kt_error *request_offered(kt_tx *tx, const kt_event *event);
kt_error *order_offered(kt_tx *tx, const kt_event *event);
kt_error *way_offered(kt_tx *tx, const kt_event *event);
kt_error *slip_offered(kt_tx *tx, const kt_event *event);

#define PURCHASE_CATCH_UP "logistics.purchase_catch_up" /* the service */
extern const kt_work purchase_catch_up;
extern const kt_orders purchases_service;
extern const kt_shape match_shape, matched_shape;
kt_error *purchase_match(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- rfq.c, rfq_award.c ---- */

enum rfq_state { RFQ_DRAFT = 1, RFQ_SENT, RFQ_AWARDED, RFQ_CANCELLED };
struct rfq_line {
    kt_record rec;
    kt_id item, unit, request;
    kt_str name;
    kt_dec quantity;
    kt_date needed;
};
extern const kt_shape rfq_line_shape;
struct rfq {
    kt_record rec;
    kt_str title, note;
    kt_id warehouse, owner;
    kt_lines suppliers, lines, orders;
    kt_date answer_by;
    enum rfq_state state;
};
extern const kt_shape rfq_shape;
extern const kt_action rfq_actions[];
kt_error *rfq_compute(kt_tx *tx, kt_record *self);
struct answer_line {
    kt_record rec;
    int64_t line;
    kt_dec price, minimum, multiple;
    int64_t lead_days;
    kt_str note;
};
struct answer {
    kt_record rec;
    kt_id rfq, party, currency;
    kt_date day, valid_to;
    kt_dec charges;
    int64_t lead_days;
    kt_str note;
    kt_lines lines;
};
extern const kt_shape answer_shape;
extern const kt_shape answer_line_shape;
kt_error *answer_compute(kt_tx *tx, kt_record *self);
extern const kt_shape compare_shape, compared_shape;
kt_error *rfq_compare(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape award_shape;
kt_error *rfq_award(kt_tx *tx, kt_record *self, const kt_record *params);

/* ---- reorder.c, review.c, lists.c, score.c ---- */

enum reorder_kind { MIN_MAX = 1, TO_ORDER, RESUPPLY };
struct reorder_rule {
    kt_record rec;
    kt_id item, warehouse, source;
    enum reorder_kind kind;
    kt_dec minimum, maximum;
    int64_t lead_days;
    bool active;
};
extern const kt_shape reorder_rule_shape;
extern const kt_ways ways_service; /* by such rules */
kt_error *reorder_rule_compute(kt_tx *tx, kt_record *self);
extern const kt_source transfer_source; /* resupply.c */
extern const kt_shape review_shape, reviewed_shape;
kt_error *purchase_review(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape reorder_run_shape, reorder_done_shape;
kt_error *reorder_run(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape list_shape, worklist_shape;
kt_error *list_to_buy(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *list_to_receive(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *list_late(kt_tx *tx, const kt_record *params, kt_record *result);
extern const kt_shape score_shape, scored_shape;
kt_error *supplier_score(kt_tx *tx, const kt_record *params, kt_record *result);
