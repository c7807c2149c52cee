/* invoice.h -- terms of payment, invoices of sales and purchases, the registers of tax. */
#pragma once
#include <kontor/documents.h>
#include <kontor/orders.h>

#include "finance.h"

/* ---- terms.c ---- */

struct part { /* of the sum: how much is due when */
    kt_record rec;
    kt_dec percent, discount;
    int64_t days, discount_days;
    bool end_of_month;
};
struct terms {
    kt_record rec;
    kt_str code, name;
    bool initial;
    kt_lines parts;
};
extern const kt_shape terms_shape, part_shape;
kt_error *terms_compute(kt_tx *tx, kt_record *self);
enum { PARTS_MOST = 60 };
struct due_part {
    kt_date due;
    kt_dec amount;
    const struct part *of; /* NULL: there are no terms */
};
/* Cuts an amount that is billed on a day; no parts: all of it falls due on the day.
 *   out      room for PARTS_MOST
 *   returns  how many there are */
size_t terms_cut(const struct terms *t, kt_date day, kt_dec amount, struct due_part *out);
struct instalment {
    kt_record rec;
    kt_date due, discount_until;
    kt_dec amount, discount;
};
extern const kt_shape instalment_shape;
/* The terms' parts of an amount from a day on; no terms: all of it on the day. */
KT_MUST kt_error *instalments_make(
    kt_tx *tx, kt_id terms, kt_date day, kt_dec amount, kt_id currency, kt_lines *instalments);
/* The terms of a party, else the usual ones; not set: there are none. */
KT_MUST kt_error *terms_of(kt_tx *tx, kt_id party, kt_id *terms);

/* ---- invoice.c ---- */

enum invoice_kind {
    SALE = 1,
    SALE_CREDIT,
    ADVANCE,
    TILL_RECEIPT,
    PURCHASE,
    PURCHASE_CREDIT,
    PURCHASE_ADVANCE
};
enum invoice_state { DRAFT = 1, POSTED, CANCELLED };
enum payment_status { UNPAID = 1, PARTIAL, PAID, OVERDUE, REVERSED };
struct invoice_line {
    kt_record rec;
    kt_id item, unit, tax_category, account;
    kt_str name, tax_label;
    bool goods;
    bool price_only; /* of a credit note: nothing comes back, its price goes down */
    kt_dec quantity, price, discount_percent, discount_amount, tax_rate, discount, net, tax, gross, credited;
    int64_t order_line, source_line;
    kt_id dimension, dimension2;
};
struct advance { /* what a final invoice settles of an advance invoice */
    kt_record rec;
    kt_id invoice;
    kt_dec amount; /* as asked for; not set: as much as there is, and as the invoice bears */
    kt_dec net, tax, gross;
};
struct invoice {
    kt_record rec;
    enum invoice_kind kind;
    enum invoice_state state;
    enum payment_status payment_status;
    kt_id party, order, corrects, receipt, terms, currency, position, tax_position, entry, journal, owner;
    kt_date day, booked_on, tax_day, received_on, deducted_on, rate_day, due;
    kt_str title, reference, reason, tax_note, buyer_name, buyer_tax_id, buyer_address;
    bool tax_included;
    bool till; /* its money is in the cash desk, or out of it, at once: see at_till */
    kt_tax_rounding rounding;
    kt_dec tax_given, net, tax, gross, to_pay, open, credited, base_net, base_tax, base_gross, base_exchange;
    kt_lines lines, taxes, advances, instalments;
};
extern const kt_shape invoice_shape, invoice_line_shape, advance_shape;
extern const kt_choice invoice_kinds[], payment_statuses[];
extern const kt_action invoice_actions[];
kt_error *invoice_compute(kt_tx *tx, kt_record *self);
kt_error *invoice_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* Open amount and payment status after its open items. */
KT_MUST kt_error *invoice_follow(kt_tx *tx, kt_id invoice);
static inline bool is_sale(enum invoice_kind kind)
{
    return kind <= TILL_RECEIPT;
}
static inline bool is_credit(enum invoice_kind kind)
{
    return kind == SALE_CREDIT || kind == PURCHASE_CREDIT;
}
/* A till receipt, or a return to the till. */
static inline bool at_till(const struct invoice *v)
{
    return v->kind == TILL_RECEIPT || v->till;
}
/* The day of its entry. */
static inline kt_date booked_day(const struct invoice *v)
{
    return v->booked_on.day ? v->booked_on : v->day;
}
/* A purchase, or money before it. */
static inline bool is_bill(enum invoice_kind kind)
{
    return kind == PURCHASE || kind == PURCHASE_ADVANCE;
}
/* Money before its goods. */
static inline bool is_advance(enum invoice_kind kind)
{
    return kind == ADVANCE || kind == PURCHASE_ADVANCE;
}
/* Has another system computed its tax? Then it has no rows of rates. */
static inline bool tax_is_given(const struct invoice *v)
{
    return v->tax_given.scale1 && !v->taxes.count;
}
struct credit_made { /* what an action made of an invoice */
    kt_record rec;
    int64_t id, made;
};
/* The newest invoice that a query finds, for the answer of the action that made it. */
KT_MUST kt_error *invoice_made(kt_tx *tx, const kt_record *self, const kt_where *where, kt_record *result);
struct invoice_line *invoice_line_at(const kt_lines *lines, size_t i);
/* "lines[2].price" */
const char *invoice_path(kt_tx *tx, size_t line, const char *field);
extern const kt_shape overdue_shape, overdue_marked_shape;
kt_error *invoices_mark_overdue(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- vat.c ---- */

enum vat_register { SALE_REGISTER = 1, PURCHASE_REGISTER };
struct vat_line {
    kt_record rec;
    enum vat_register side;
    kt_id invoice, payment, tax, party; /* payment: that took a discount; not set: the invoice's own row */
    kt_str document, label, name, tax_id;
    kt_tax_kind kind;
    kt_date day, tax_day;
    kt_dec rate, net, amount;
};
extern const kt_shape vat_line_shape;
static inline enum vat_register register_of(const struct invoice *v)
{
    return is_sale(v->kind) ? SALE_REGISTER : PURCHASE_REGISTER;
}
/* Does the buyer account for the tax of this row? Of its two rows, that of purchases. */
static inline bool is_buyers(const struct vat_line *row)
{
    return row->side == PURCHASE_REGISTER && row->kind == KT_TAX_REVERSED;
}
struct register_rows { /* one for each tax, rate and kind */
    struct vat_line *at;
    size_t count, room;
    size_t added; /* how many went into them */
};
/* The row of the same tax, rate and kind; NULL: there is none. */
struct vat_line *register_row(const struct register_rows *rows, const struct vat_line *like);
/* Adds net and tax to that row. */
KT_MUST kt_error *register_add(kt_tx *tx, struct register_rows *rows, const struct vat_line *row);
/* Adds what a register has of an invoice.
 *   discounts  with what payments took off it */
KT_MUST kt_error *register_read(
    kt_tx *tx, kt_id invoice, enum vat_register side, bool discounts, struct register_rows *rows);
kt_error *vat_line_check(kt_tx *tx, const kt_record *before, const kt_record *after);
extern const kt_shape vat_days_shape, vat_sums_shape;
kt_error *vat_register(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- reverse_charge.c ---- */

enum { ASSESSED_MOST = 32 };
struct assessed { /* tax that the buyer accounts for, by rate, in the document's currency */
    kt_tax_total rows[ASSESSED_MOST];
    size_t count;
};
/* What the buyer accounts for of a bill, whether or not advances bore some of it already. */
KT_MUST kt_error *assess_bill(
    kt_tx *tx, const struct house *house, const struct invoice *v, struct assessed *all);
struct line_rate { /* under which the registers have a line */
    kt_str label;
    bool buyers; /* the rate at home of what the buyer accounts for; else the line's own */
};
/* That of each line; the transaction's. */
KT_MUST kt_error *line_rates(
    kt_tx *tx, const struct house *house, const struct invoice *v, struct line_rate **rates);
static inline bool same_rate(const struct line_rate *a, const struct line_rate *b)
{
    return a->buyers == b->buyers && same_str(a->label, b->label);
}
/* That of a row; tax as given is at none, as its lines are. */
static inline struct line_rate row_rate(const struct vat_line *row)
{
    return (struct line_rate){row->tax.v ? row->label : (kt_str){0}, is_buyers(row)};
}
/* The row of a tax at a rate; NULL: there is none. */
const kt_tax_total *assessed_at(const struct assessed *all, kt_id tax, kt_dec rate);
/* Adds to the row of this rate, or takes from it. returns limit: too many rates */
KT_MUST kt_error *assessed_add(kt_tx *tx, struct assessed *all, const kt_tax_total *of, bool less);

/* ---- deduction.c ---- */

/* Are the days of receipt and deduction lawful? Only bills of purchases have them.
 *   returns  validation at "received_on" or "deducted_on" */
KT_MUST kt_error *deduction_check(kt_tx *tx, const struct invoice *v);
/* When the tax that the supplier charges is deducted; of a credit note, when that is lessened. */
KT_MUST kt_error *deduction_day(kt_tx *tx, const struct invoice *v, kt_date *day);

/* ---- advance.c ---- */

struct advance_part {            /* the next part of an advance that is settled */
    struct invoice of;           /* figures and taxes: what the last credit note left of them */
    struct assessed buyers;      /* the same of what the buyer accounts for */
    struct register_rows booked; /* the same as its register has it, in the company's currency */
    kt_dec before, gross;        /* settled since that note; settled by this part */
};
/* What is left of an advance invoice to settle: all of it less what was credited and what other invoices settled.
 *   but     not this one
 *   drafts  those too that are not posted yet */
KT_MUST kt_error *advance_left(
    kt_tx *tx, const struct invoice *advance, kt_id but, bool drafts, kt_dec *gross);
/* The part's share of one of the advance's figures: the shares of all parts sum up to it, to the last cent. */
kt_dec advance_share(const struct advance_part *part, kt_dec figure);
/* The same of the taxes of its rows: with the share of its net they sum up to the part. */
KT_MUST kt_error *advance_taxes(kt_tx *tx, const struct advance_part *part, kt_dec **shares);
/* The same of all posted advance invoices of an order, in their currency. */
KT_MUST kt_error *advances_left(kt_tx *tx, kt_id order, kt_dec *gross);
/* What is left of an advance, rate by rate, as posted invoices settled and credited it before an entry; not set: until now. The
 * part's own gross is not set. */
KT_MUST kt_error *advance_read(kt_tx *tx, kt_id advance, kt_id before, struct advance_part *left);
/* Adds what of its rows in the register the part settles. */
KT_MUST kt_error *advance_booked(kt_tx *tx, const struct advance_part *part, struct register_rows *rows);
/* The refusal of more than is left, which it names. */
kt_error *advance_too_little(
    kt_tx *tx, kt_kind kind, const char *path, const struct invoice *of, kt_dec left);
/* Is a credit note of an advance within what is not settled of it, rate by rate? */
KT_MUST kt_error *advance_credit_check(kt_tx *tx, const struct invoice *note, const struct invoice *of);
/* What the invoice settles of its advances, and what is left to pay. */
KT_MUST kt_error *advances_take(kt_tx *tx, struct invoice *v);

/* ---- lines.c ---- */

/* Names, units and taxes of the lines, and the totals, by the one tax routine. */
KT_MUST kt_error *invoice_totals(kt_tx *tx, struct invoice *v);
/* returns  validation at "currency": an amount has more digits than the books keep of it */
KT_MUST kt_error *invoice_digits_fit(kt_tx *tx, const struct invoice *v);
/* The day whose rates of tax hold: the tax point; of a credit note, that of what it corrects. */
KT_MUST kt_error *invoice_rates_day(kt_tx *tx, const struct invoice *v, kt_date *day);
struct sold_item { /* what is looked at in an item */
    kt_record rec;
    kt_str name;
    kt_id unit, category;
    unsigned kind;
};
extern const kt_shape sold_item_shape;

/* ---- post_tax.c, post.c ---- */

/* Adds what a document bears at each rate, as the registers have it, but in its own currency. */
KT_MUST kt_error *document_taxes(
    kt_tx *tx, const struct house *house, const struct invoice *v, struct register_rows *rows);
/* The row of the same tax at the same rate; NULL: there is none. */
kt_tax_row *tax_row_of(const kt_lines *taxes, const kt_tax_row *like);
kt_error *invoice_post(kt_tx *tx, kt_record *self, const kt_record *params);

/* ---- credit.c ---- */

extern const kt_shape credit_shape, credit_made_shape;
kt_error *invoice_credit(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *invoice_credited(kt_tx *tx, const kt_record *self, kt_record *result);
/* A note's line for this one: what it is for, and no quantity or price yet. */
struct invoice_line credit_line_of(const struct invoice_line *of);
/* note_prices.c: gives the note's lines the prices that were paid, its lines on the price left as they are.
 *   all        it credits all that is left: of earlier notes too, where they gave back too little
 *   as_billed  receives whether nothing was taken off, nor credited, before */
KT_MUST kt_error *note_prices(
    kt_tx *tx, const struct invoice *v, bool all, struct invoice *note, bool *as_billed);
/* note_rest.c: a note that credits the last at a rate of tax gets what is left of it, to the cent. */
KT_MUST kt_error *note_takes_rest(kt_tx *tx, struct invoice *note);
/* note_rest.c: of an invoice whose tax another system computed (tax_is_given), a note that is to be drafted has its part of that. */
KT_MUST kt_error *note_tax_given(kt_tx *tx, const struct invoice *of, struct invoice *note);
/* The same for the lines of its invoice that a note credits the last of, at one rate, or (NULL) at all.
 *   rates  of the invoice's lines */
bool note_takes_last(const struct invoice *note, const struct invoice *of, const struct line_rate *rates,
    const struct line_rate *rate);

/* ---- note_booked.c ---- */

struct noted { /* what a note takes back of, in the company's currency */
    kt_tx *tx;
    const struct house *house;
    const struct invoice *note;
    struct invoice of;
    struct line_rate *rates, *note_rates; /* of the lines of both */
    bool mixed;                           /* advances that it settled were at other rates of exchange */
    struct register_rows billed,
        booked;      /* what discounts and notes left of it and of those: in its currency; as booked */
    kt_dec net;      /* and what they left of income or cost in the ledger */
    kt_dec exchange; /* and of what setting off its advances realised: a gain above zero */
};
KT_MUST kt_error *noted_read(
    kt_tx *tx, const struct house *house, const struct invoice *note, struct noted *out);
/* A row of the note in the registers: at the rate of exchange of what it corrects, of what advances bore at theirs, and of the last
 * at a rate of tax what is left, to the cent. */
KT_MUST kt_error *noted_row(const struct noted *n, const struct vat_line *row, kt_dec *net, kt_dec *amount);
/* Income or cost: of the last of all lines what is left, to the cent. net: as computed */
KT_MUST kt_error *noted_net(const struct noted *n, kt_dec *net);
/* What all that is left is worth less in the ledger than in the registers: a line of this value bears so much of it. */
kt_dec noted_off(const struct noted *n, kt_dec value);
/* What it takes back of the exchange difference that setting off advances realised. */
kt_dec noted_exchange(const struct noted *n);
/* What of the note its invoice itself billed, and not its advances, in its currency. */
kt_dec noted_own(const struct noted *n);
/* What of an invoice is not credited, nor was taken off for paying early.
 *   cents  that notes over parts, which are rounded each for itself, may together differ by from the whole */
KT_MUST kt_error *credit_left(kt_tx *tx, const struct invoice *of, kt_dec *left, kt_dec *cents);
/* More must not be credited than was billed. */
KT_MUST kt_error *credit_check(kt_tx *tx, const struct invoice *v);
/* After posting: a credit note is set off against what it corrects, the order hears what is billed. */
kt_error *invoice_posted(kt_tx *tx, const kt_event *event);

/* ---- receipt.c ---- */

extern const kt_shape for_receipt_shape;
kt_error *invoice_for_receipt(kt_tx *tx, kt_record *self, const kt_record *params);
kt_error *invoice_for_receipt_made(kt_tx *tx, const kt_record *self, kt_record *result);
/* returns conflict: it is a till receipt with an invoice, which is what has to be corrected */
KT_MUST kt_error *receipt_has_no_invoice(kt_tx *tx, const struct invoice *v);
/* Is an invoice for a till receipt what the receipt sold, and the only one? */
KT_MUST kt_error *receipt_check(kt_tx *tx, const struct invoice *v);

/* ---- orders.c ---- */

extern const kt_shape from_order_shape, from_order_made_shape, to_invoice_shape, to_invoice_rows_shape;
kt_error *invoice_from_order(kt_tx *tx, const kt_record *params, kt_record *result);
/* What an order would be billed for today, of all that is ordered and not billed: lines and totals, nothing stored.
 *   of  of kt_any: the order */
KT_MUST kt_error *invoice_expected(kt_tx *tx, kt_id of, const kt_order *order, struct invoice *v);
/* As <kontor/accounts.h> says. */
KT_MUST kt_error *bill_order(kt_tx *tx, kt_id order, kt_date day, kt_id *invoice);
kt_error *orders_to_invoice(kt_tx *tx, const kt_record *params, kt_record *result);
/* returned.c: invoices of goods that came back */
extern const kt_shape to_credit_shape, to_credit_rows_shape;
kt_error *orders_to_credit(kt_tx *tx, const kt_record *params, kt_record *result);
/* Tells the order what this invoice bills of it; below zero for a credit. */
KT_MUST kt_error *order_report(kt_tx *tx, const struct invoice *v);
/* A quantity of an invoice's line in the unit of the order's. Whoever bills need not see how the item is packed. */
KT_MUST kt_error *in_orders_unit(
    kt_tx *tx, const kt_order_line *of, const struct invoice_line *line, kt_dec quantity, kt_dec *out);
/* What the order hears of a credit note of so much of a line, in that unit: what all that is credited then is there more than what was
 * before. So of the last note it hears what is left of what it heard of the invoice, to the last digit. */
KT_MUST kt_error *credit_heard(kt_tx *tx, const kt_order_line *of, const struct invoice_line *line,
    kt_dec before, kt_dec quantity, kt_dec *heard);
/* An order as whoever bills needs it, whether or not they may see orders else. */
KT_MUST kt_error *order_of_invoice(kt_tx *tx, const kt_orders *orders, kt_id id, kt_order *order);

/* ---- three_way.c ---- */

/* Is a purchase bill what was ordered and received, at the order's prices within the tolerance? Whoever has the right
 * finance.invoice:override is not asked. */
KT_MUST kt_error *order_match(kt_tx *tx, const struct invoice *v);
