/* payment.h -- open items, what closes them, and payments. */
#pragma once
#include "finance.h"

/* ---- setting.c ---- */

enum tax_every { TAX_MONTHLY = 1, TAX_QUARTERLY };
struct setting {
    kt_record rec;
    kt_dec tolerance, price_tolerance;
    bool limit_orders, rate_before;
    enum tax_every tax_every; /* not set: tax is not declared by period */
    int64_t tax_due;
};
extern const kt_shape setting_shape;
kt_error *setting_compute(kt_tx *tx, kt_record *self);
/* The first day of the period of tax that has this day, or of one so many later. Periods not set: months. */
kt_date tax_period(enum tax_every every, kt_date day, int later);
/* The company's, or the defaults. */
KT_MUST kt_error *setting_of(kt_tx *tx, struct setting *setting);

/* ---- open_item.c ---- */

struct open_item {
    kt_record rec;
    kt_id entry, account, party, currency, document;
    int64_t line;
    kt_date day, due, discount_until, closed, moved;
    kt_dec amount, open;      /* in its own currency: above zero they owe us, below zero we owe them */
    kt_dec value, open_value; /* the same in the company's currency */
    kt_dec discount;
    kt_str reference;
};
extern const kt_shape open_item_shape;
kt_error *open_item_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* One item for each line of a posted entry on an account of open items. */
KT_MUST kt_error *open_items_make(kt_tx *tx, const struct entry *e);
/* Matches the items of an entry with those of its reversal, as far as they are open. */
KT_MUST kt_error *open_items_cancel(kt_tx *tx, const struct entry *of, const struct entry *by);
/* The items that an entry made; the transaction's. */
KT_MUST kt_error *open_items_by(kt_tx *tx, kt_id entry, struct open_item **items, size_t *count);
/* The item that a line of an entry made; id not set: none. */
KT_MUST kt_error *open_item_of(kt_tx *tx, kt_id entry, int64_t line, struct open_item *item);
/* The items that a document's entries made, oldest due first; the transaction's. */
KT_MUST kt_error *open_items_of(kt_tx *tx, kt_id document, struct open_item **items, size_t *count);

/* What was open of an item at the end of a day, in its own currency and in the company's. */
KT_MUST kt_error *open_item_on(
    kt_tx *tx, const struct open_item *item, kt_date day, kt_dec *open, kt_dec *value);
/* Gives every item that was open at the end of a day to `take`, of one party if it is set. */
typedef kt_error *(*open_item_taker)(void *context, const struct open_item *item, kt_dec open, kt_dec value);
KT_MUST kt_error *open_items_on(kt_tx *tx, kt_id party, kt_date day, open_item_taker take, void *context);

/* ---- match.c ---- */

/* What part of an item's value in the company's currency goes with this part of what is open; all above zero. */
kt_dec open_item_value(const struct open_item *item, kt_dec amount);
struct match {
    kt_record rec;
    kt_id debit, credit, entry, document, undoes;
    kt_date day;
    kt_dec amount, credit_amount, debit_value, credit_value;
    bool undone;
};
extern const kt_shape match_shape;
extern const kt_action match_actions[];
kt_error *match_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* Sets so much of one item off against so much of another, each in its own currency and above zero; what the
 * two differ by in the company's currency is posted as an exchange difference.
 *   document  what did it: a payment, a credit note
 *   returns   rule: other party or account, or more than is open */
KT_MUST kt_error *items_match(kt_tx *tx, kt_id debit, kt_id credit, kt_dec debit_amount, kt_dec credit_amount,
    kt_date day, kt_id document);
/* Takes back all that a document matched. */
KT_MUST kt_error *matches_undo(kt_tx *tx, kt_id document, kt_date day);
/* Takes back all that the open items of an entry were matched with. */
KT_MUST kt_error *matches_undo_of(kt_tx *tx, const struct entry *e, kt_date day);
/* All that a document matched is open again; then every entry that it made is reversed. */
KT_MUST kt_error *matched_reverse(kt_tx *tx, kt_id document, kt_date day);
extern const kt_shape match_by_hand_shape, matched_shape;
kt_error *match_by_hand(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- payment.c ---- */

enum direction { MONEY_IN = 1, MONEY_OUT };
enum payment_state { PAYMENT_DRAFT = 1, PAYMENT_POSTED, PAYMENT_RECONCILED, PAYMENT_REVERSED };
struct allocation {
    kt_record rec;
    kt_id item;
    kt_dec amount, settles, discount, written_off;
    bool write_off;
};
struct payment {
    kt_record rec;
    enum direction direction;
    kt_id party, journal, currency, account, entry;
    kt_date day, rate_day;
    kt_dec amount, open;
    kt_str text, reference;
    enum payment_state state;
    kt_lines allocations;
    bool oldest;
};
extern const kt_shape payment_shape, allocation_shape;
extern const kt_choice payment_states[];
extern const kt_action payment_actions[];
kt_error *payment_compute(kt_tx *tx, kt_record *self);
kt_error *payment_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* What its open item says, the payment says. */
KT_MUST kt_error *payment_follow(kt_tx *tx, kt_id payment);

/* ---- set_off.c ---- */

enum set_off_state { SET_OFF_DRAFT = 1, SET_OFF_POSTED, SET_OFF_REVERSED };
struct cleared { /* so much of an item */
    kt_record rec;
    kt_id item;
    kt_dec amount;
};
struct set_off {
    kt_record rec;
    kt_id party, currency, entry;
    kt_date day;
    kt_dec amount;
    kt_str text;
    enum set_off_state state;
    kt_lines allocations;
};
extern const kt_shape set_off_shape;
extern const kt_choice set_off_states[];
extern const kt_action set_off_actions[];
kt_error *set_off_compute(kt_tx *tx, kt_record *self);
kt_error *set_off_check(kt_tx *tx, const kt_record *before, const kt_record *after);

/* ---- held.c ---- */

/* What money on a bank's or desk's account is booked at.
 *   amount, value  of the money, in its currency and by the rate in the company's; below zero: it goes out
 *   booked         receives the value; of what lessens the balance of an account that is kept in another currency, the
 *                  average that it was in the books for */
KT_MUST kt_error *held_value(
    kt_tx *tx, kt_id account, kt_date day, kt_dec amount, kt_dec value, kt_dec *booked);

/* ---- discount.c ---- */

/* May so much be taken off for paying early? returns rule at path: too late, or too much */
KT_MUST kt_error *discount_judge(kt_tx *tx, const struct payment *p, const struct allocation *a,
    const struct open_item *item, const char *path);
struct discounted { /* a discount that a payment takes */
    const struct payment *by;
    const struct open_item *item;
    const struct house *house;
    kt_id account;        /* of discounts */
    kt_dec amount, value; /* in the item's currency and the company's; above zero: given, below: taken */
};
/* Adds to an entry what a discount lessens, income or cost and tax, and enters the tax into the register. */
KT_MUST kt_error *discount_book(kt_tx *tx, const struct discounted *of, struct entry *e);
/* What was taken off an invoice for paying early, in its currency, by payments that are not reversed. */
KT_MUST kt_error *discounts_taken(kt_tx *tx, kt_id invoice, kt_dec *sum);
struct invoice;
struct line_rate;
struct rate_discount { /* of that at one rate, as the invoice's lines have it; above zero */
    kt_dec net, tax;
};
/* What the register has of it, in the company's currency. */
KT_MUST kt_error *discounts_of_rate(
    kt_tx *tx, const struct invoice *v, const struct line_rate *rate, struct rate_discount *off);
/* The same in the invoice's currency. */
KT_MUST kt_error *discounts_billed(kt_tx *tx, const struct house *house, const struct invoice *v,
    const struct line_rate *rate, struct rate_discount *off);
/* After a payment was posted or reversed: whether an invoice is all credited depends on the discounts that were taken of it. */
kt_error *payment_discounted(kt_tx *tx, const kt_event *event);
/* The opposite rows in the register, of a payment that is reversed. */
KT_MUST kt_error *discount_undo(kt_tx *tx, kt_id payment, kt_date day);

/* ---- exchange.c ---- */

extern const kt_shape revalue_shape, revalued_shape;
kt_error *revalue(kt_tx *tx, const kt_record *params, kt_record *result);
