/* report.h -- statements and lists out of the books. */
#pragma once
#include "finance.h"

/* ---- behind.c: the records behind a figure, by their ids ---- */

struct ids { /* the transaction's */
    kt_id *ids;
    size_t count, room;
};
KT_MUST kt_error *ids_add(kt_tx *tx, struct ids *of, kt_id id);
KT_MUST kt_error *ids_take(kt_tx *tx, struct ids *of, const struct ids *more);
/* What an "or" takes, each once; not set: there are none. */
kt_str ids_conditions(kt_tx *tx, struct ids *of);
kt_str ids_filter(kt_tx *tx, struct ids *of);

/* ---- sent_straight.c ---- */

struct cost_part { /* of what a supplier's receipt cost; order, of kt_any, not set: nobody's that is known */
    kt_id order, party;
    kt_dec cost;
};
struct cost_parts {
    struct cost_part *items;
    size_t count;
};
/* Whose the cost of an item is that an entry of `origin` posted: of several customers' orders each one's part. None: it is
 * no receipt. */
KT_MUST kt_error *cost_of_straight(
    kt_tx *tx, kt_id origin, kt_id item, kt_dec cost, struct cost_parts *parts);

/* ---- tree.c: the chart with figures on it ---- */

struct other_side { /* of an account of parties: those that stand against its kind, an asset's that we owe */
    kt_dec sum;     /* above zero; not set: none */
    kt_id *parties;
    size_t count, room;
};
struct node {
    struct account account;
    size_t parent; /* its place; count: none */
    unsigned level;
    kt_dec opening, debit, credit, compared; /* opening and compared: debit less credit */
    struct other_side other, compared_other;
};
typedef struct {
    struct node *nodes; /* by code; groups before what is in them */
    size_t count;
    bool alike;     /* a group sums the accounts of its own kind alone: for statements of one side */
    bool earned;    /* without the closings of years: tree_add had `result` */
    kt_date year;   /* tree_results: on this day income and expense begin anew */
    kt_date opened; /* entries of kind opening up to here stand in the opening balances; not set: none */
} tree;
KT_MUST kt_error *tree_read(kt_tx *tx, tree *t);
/* NULL: there is no such account. */
struct node *tree_node(const tree *t, kt_id account);
/* Adds to each account what was posted within the days; from not set: from the beginning. */
typedef enum { TO_OPENING, TO_TURNOVER, TO_COMPARED } tree_column;
/*   result  leave out the closing of years: what was earned, not what was carried over */
KT_MUST kt_error *tree_add(kt_tx *tx, tree *t, kt_date from, kt_date to, bool result, tree_column column);
/* What entries of kind opening brought within the days of the turnover is no turnover: it stands in the opening balances. */
KT_MUST kt_error *tree_open(kt_tx *tx, tree *t, kt_date from, kt_date to);
/* Income and expense begin anew with the fiscal year that has the day, whether or not the years before are closed.
 *   earlier  receives what these earned and is not carried over to equity */
KT_MUST kt_error *tree_results(kt_tx *tx, tree *t, kt_date from, kt_dec *earlier);
/* Groups get the sums of what is in them. */
void tree_sum(tree *t);
/* The filter of finance.entry that lists what a node's figure was posted by, within these days; from not set: from the
 * beginning. Parties that stand on the other side are not in it.
 *   column  whose figure it is, and whose other side */
kt_str tree_filter(kt_tx *tx, const tree *t, size_t node, kt_date from, kt_date to, tree_column column);
/* The same of a node's opening balance, after tree_results. */
kt_str tree_opening_filter(kt_tx *tx, const tree *t, size_t node, kt_date to);
/* The same of all accounts of some kinds together. */
kt_str tree_kinds_filter(kt_tx *tx, const tree *t, uint32_t kinds, kt_date from, kt_date to);
kt_str iso_date(kt_tx *tx, kt_date day);

/* ---- two_sided.c ---- */

/* Takes what stands on the other side out of each account of parties, on a day: node.other has it, the node the rest. Before
 * tree_sum. */
KT_MUST kt_error *tree_sides(kt_tx *tx, tree *t, kt_date day, bool compared);
/* The condition on entries: lines of the parties on the other side, or of all the others. */
kt_str side_condition(kt_tx *tx, const struct node *n, const struct other_side *side, bool other);
/* The filter of the entries up to a day of the parties on the other side. */
kt_str side_filter(kt_tx *tx, const struct node *n, const struct other_side *side, kt_date day);

/* ---- statements.c ---- */

extern const kt_shape trial_shape, trial_answer_shape, balance_sheet_shape, profit_loss_shape,
    statement_shape;
kt_error *trial_balance(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *balance_sheet(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *profit_loss(kt_tx *tx, const kt_record *params, kt_record *result);
/* In the caller's language. */
kt_str account_name(kt_tx *tx, const struct account *a);
struct asked { /* the days of a statement; compared.to not set: none are compared */
    struct {
        kt_date from, to;
    } of, compared;
};
/* What is left out is completed -- from the beginning of the fiscal year -- and days in the wrong order are refused. */
KT_MUST kt_error *days_ask(
    kt_tx *tx, kt_date from, kt_date to, kt_date compare_from, kt_date compare_to, struct asked *days);

/* ---- cash_flow.c, paid_for.c ---- */

extern const kt_shape cash_flow_shape, cash_flow_answer_shape;
kt_error *cash_flow(kt_tx *tx, const kt_record *params, kt_record *result);
struct flow { /* of an account */
    kt_dec
        moved; /* cash in that belongs to it, though another account's entries brought it; below zero: out */
    kt_dec valued; /* of cash in another currency: what it is worth more, which flowed nowhere */
    kt_id *paid;   /* the entries that paid it */
    size_t count, room;
};
/* What cash was paid for, within the days, by account of the tree; all that is moved and valued comes to nothing.
 *   memory  the transaction's */
KT_MUST kt_error *paid_for(kt_tx *tx, tree *t, kt_date from, kt_date to, struct flow **flows);

/* ---- ledger_card.c ---- */

extern const kt_shape ledger_shape, ledger_answer_shape, cash_desk_shape, cash_desk_answer_shape;
kt_error *cash_desk(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *general_ledger(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- aging.c ---- */

extern const kt_shape aging_shape, aging_answer_shape, party_statement_shape, party_statement_answer_shape;
kt_error *aging(kt_tx *tx, const kt_record *params, kt_record *result);
kt_error *party_statement(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- margin.c ---- */

extern const kt_shape margin_shape, margin_answer_shape;
kt_error *real_margin(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- tax_due.c ---- */

enum expected { OF_ORDERS, OF_PURCHASES, OF_DEALS, EXPECTED_COUNT };
struct tax_period {
    kt_date start, end, due;
    kt_dec amount;                       /* tax on sales less tax on purchases */
    kt_date from;                        /* of the first period of which something is carried into it */
    struct ids expected[EXPECTED_COUNT]; /* whose tax is in it, those periods' too */
};
/* The periods of tax, as finance.setting has them, that fall due from today until a day, with what the registers have.
 *   rows  the transaction's; none if tax is not declared by period */
KT_MUST kt_error *tax_periods(kt_tx *tx, kt_date until, struct tax_period **rows, size_t *count);
/* Adds tax that is expected to be billed on a day, of a record. */
KT_MUST kt_error *tax_expect(
    kt_tx *tx, struct tax_period *rows, size_t count, kt_date day, kt_dec tax, enum expected what, kt_id of);
/* What is below zero is carried into the next period. */
KT_MUST kt_error *tax_carry(kt_tx *tx, struct tax_period *rows, size_t count);

/* ---- regular.c ---- */

enum rhythm { WEEKLY = 1, EACH_MONTH, EACH_QUARTER, EACH_YEAR };
extern const kt_choice regular_rhythms[];
enum regular_direction { REGULAR_OUT = 1, REGULAR_IN };
struct regular {
    kt_record rec;
    kt_str name;
    enum regular_direction direction;
    kt_dec amount;
    kt_id currency, party;
    kt_date first, until;
    enum rhythm every;
    bool active;
};
extern const kt_shape regular_shape;
kt_error *regular_compute(kt_tx *tx, kt_record *self);
/* The day of the payment after so many others; not set: there is none any more. */
kt_date regular_day(const struct regular *r, int64_t time);

/* ---- amortise.c ---- */

extern const kt_shape amortise_shape, amortise_answer_shape;
kt_error *amortise(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- forecast.c ---- */

extern const kt_shape forecast_shape, forecast_answer_shape;
kt_error *cash_forecast(kt_tx *tx, const kt_record *params, kt_record *result);

/* ---- prove.c ---- */

extern const kt_shape proof_shape, proof_answer_shape;
kt_error *prove(kt_tx *tx, const kt_record *params, kt_record *result);
/* The module's part of `kontor check`. */
kt_error *books_audit(kt_tx *tx);

/* ---- papers.c ---- */

struct kt_accounts;
extern const struct kt_accounts accounts_service;
