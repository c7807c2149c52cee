/* finance.h -- what the files of this module show each other: the company whose books are kept, the chart of
 * accounts, journals, years, entries and balances. What belongs to invoices and payments stands in their folders. */
#pragma once
#include <kontor.h>

/* ---- company.c ---- */

struct house { /* the company whose books are meant */
    kt_id company, currency;
    kt_str name;
};
/* The caller's company; where none is chosen, the only one there is.
 *   returns  rule: several companies and none chosen, or the company has no currency */
KT_MUST kt_error *house_of(kt_tx *tx, struct house *house);
/* Compute of what belongs to a company: where the caller chose none, it is the only one there is. */
kt_error *keep_company(kt_tx *tx, kt_record *self);
/* An amount of another currency in the company's, scale 2. returns rule at path: there is no rate. */
KT_MUST kt_error *to_house(kt_tx *tx, const struct house *house, const char *path, kt_dec amount,
    kt_id currency, kt_date day, kt_dec *out);
/* How many digits after the point amounts of a currency have: its own, and no more than the two that the books have. */
KT_MUST kt_error *currency_digits(kt_tx *tx, kt_id currency, uint8_t *digits);
/* returns  validation at path: the amount has more */
KT_MUST kt_error *digits_fit(kt_tx *tx, const char *path, kt_dec amount, kt_id currency);
/* One amount in another currency, scale 2, with the digits of that. returns rule at path: there is no rate. */
KT_MUST kt_error *exchange(
    kt_tx *tx, const char *path, kt_dec amount, kt_id from, kt_id to, kt_date day, kt_dec *out);
/* whole * part / of, scale 2. Large amounts too: by kt_dec_split. */
kt_dec share_of(kt_dec whole, kt_dec part, kt_dec of);
/* returns  validation at "to": it is before the beginning */
KT_MUST kt_error *days_check(kt_tx *tx, kt_date from, kt_date to);
/* Nothing is taken back, or credited, before it was there.
 *   returns  rule at "day" */
KT_MUST kt_error *not_before(kt_tx *tx, kt_date day, kt_date first);
bool same_dec(kt_dec a, kt_dec b);
bool same_str(kt_str a, kt_str b);
static inline kt_dec money(int64_t cents)
{
    return KT_DEC(cents, 2);
}
/* Not set is zero. */
static inline kt_dec known(kt_dec a)
{
    return a.scale1 ? a : KT_DEC(0, 2);
}
static inline kt_date later_of(kt_date a, kt_date b)
{
    return a.day > b.day ? a : b;
}
static inline int sign_of(kt_dec a)
{
    return (a.coef > 0) - (a.coef < 0);
}
static inline kt_dec size_of(kt_dec a)
{
    return a.coef < 0 ? kt_dec_neg(a) : a;
}
static inline bool dec_within(kt_dec gap, kt_dec most)
{
    return kt_dec_cmp(gap, most) <= 0 && kt_dec_cmp(gap, kt_dec_neg(most)) >= 0;
}

/* ---- fixed.c ---- */

/* Refuses whatever differs between two versions of a posted record, all at once.
 *   but      the fields that may change, ended by NULL: those that tell what became of it since; lines' as
 *            "lines.credited"
 *   refusal  makes the problem of a field */
KT_MUST kt_error *posted_stays(kt_tx *tx, const kt_record *was, const kt_record *is, const char *const *but,
    kt_error *(*refusal)(kt_tx *tx, const char *path));

/* ---- ledger/account.c, ledger/setup.c ---- */

enum account_kind { ASSET = 1, LIABILITY, EQUITY, INCOME, EXPENSE, OFF_BALANCE };
enum cash_class { CASH = 1, OPERATING, INVESTING, FINANCING };
extern const kt_choice account_kinds[], cash_classes[];
struct account {
    kt_record rec;
    kt_str code, name, name_pl;
    enum account_kind kind;
    enum cash_class cash;
    kt_id parent, currency;
    bool group, open_items, active;
};
extern const kt_shape account_shape;
kt_error *account_compute(kt_tx *tx, kt_record *self);
kt_error *account_check(kt_tx *tx, const kt_record *before, const kt_record *after);

/* What an account is used for by the postings that people do not write by hand. */
enum purpose {
    NO_PURPOSE,
    RECEIVABLE,
    PAYABLE,
    BANK,
    PETTY_CASH,
    SALES_GOODS,
    SALES_SERVICES,
    PURCHASES,
    TAX_SALE,
    TAX_PURCHASE,
    ADVANCE_IN,
    ADVANCE_OUT,
    STOCK,
    NOT_INVOICED,
    COST_OF_GOODS,
    IN_PROGRESS,
    PRICE_VARIANCE,
    MAKING_VARIANCE,
    LOSSES,
    REVALUED,
    LABOUR_APPLIED,
    MACHINE_APPLIED,
    OVERHEAD_APPLIED,
    EXCHANGE_GAIN,
    EXCHANGE_LOSS,
    DISCOUNT_GIVEN,
    DISCOUNT_TAKEN,
    WRITE_OFF,
    RESULT,
    OPENING,
    TRANSIT,
    TAX_PURCHASE_LATER,
    TAX_SALE_OTHER_MONTH,
    PURPOSES
};
extern const kt_choice purposes[];
struct purpose_row {
    kt_record rec;
    enum purpose purpose;
    kt_id category, account;
};
extern const kt_shape purpose_row_shape;
/* The account of a purpose; of an item's category, its own or the nearest above it, if one is named there.
 *   returns  rule: no account is named for it */
KT_MUST kt_error *account_for(kt_tx *tx, enum purpose purpose, kt_id category, kt_id *account);
/* The same of no category; not set: no account is named. */
KT_MUST kt_error *account_named(kt_tx *tx, enum purpose purpose, kt_id *account);

extern const kt_shape setup_shape, setup_made_shape;
kt_error *finance_setup(kt_tx *tx, const kt_record *params, kt_record *result);
struct chart_row { /* a ready chart, as data; groups stand before what is in them */
    const char *code, *parent, *en, *pl;
    enum account_kind kind;
    enum cash_class cash;
    enum purpose purpose;
    bool group, open_items;
};
extern const struct chart_row international_chart[], polish_chart[];

/* ---- ledger/period.c ---- */

enum journal_kind { GENERAL = 1, SALES, PURCHASING, BANKING, CASHING, STOCKING, OPENINGS };
struct journal {
    kt_record rec;
    kt_str code, name, pattern;
    enum journal_kind kind;
    kt_id account, currency;
    bool active;
};
extern const kt_choice journal_kinds[];
extern const kt_shape journal_shape;
kt_error *journal_compute(kt_tx *tx, kt_record *self);
/* The first journal of a kind. returns rule: there is none */
KT_MUST kt_error *journal_of(kt_tx *tx, enum journal_kind kind, kt_id *journal);

enum period_lock { UNLOCKED = 1, SOFT, HARD };
struct period {
    kt_record rec;
    kt_str name;
    kt_date start, end;
    enum period_lock lock;
};
enum year_state { YEAR_OPEN = 1, YEAR_CLOSED };
struct year {
    kt_record rec;
    kt_str name;
    kt_date start, end;
    enum year_state state;
    kt_lines periods;
    kt_id closing;
};
extern const kt_shape year_shape, period_shape;
extern const kt_action year_actions[];
kt_error *year_compute(kt_tx *tx, kt_record *self);
kt_error *year_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* Twelve months from this day. */
KT_MUST kt_error *year_make(kt_tx *tx, kt_date start, bool *made);
/* May the caller post on this day? On the module's own authority a soft lock holds nobody back: ask before.
 *   returns  rule at path: no year has it, or its period is locked */
KT_MUST kt_error *period_open(kt_tx *tx, const char *path, kt_date day);
/* The same, with a soft lock like a hard one: for what moves on another module's authority, whose caller is not known. */
KT_MUST kt_error *period_open_to_all(kt_tx *tx, const char *path, kt_date day);
/* Does any fiscal year have this day? */
KT_MUST kt_error *year_has(kt_tx *tx, kt_date day, bool *has);
/* The first day of the year that has this day; the calendar's year if none has it. */
KT_MUST kt_error *year_start(kt_tx *tx, kt_date day, kt_date *start);

/* ---- ledger/entry.c, ledger/reverse.c ---- */

enum entry_state { ENTRY_DRAFT = 1, ENTRY_POSTED };
enum entry_kind { NORMAL = 1, OPENING_ENTRY, CLOSING_ENTRY, REVALUATION, DIFFERENCE };
struct entry_line {
    kt_record rec;
    kt_id account, party, item;
    kt_str text;
    kt_dec debit, credit; /* in the company's currency, scale 2 */
    kt_dec amount;        /* in the entry's, + debit; not set in the company's own */
    kt_date due, discount_until;
    kt_dec discount; /* in the entry's currency, for paying until discount_until */
    kt_id dimension, dimension2;
    int64_t reverses;
};
struct entry {
    kt_record rec;
    kt_id journal, currency, origin, reverses, reversed_by;
    kt_date day, document_day;
    kt_str text, reference;
    enum entry_state state;
    enum entry_kind kind;
    kt_dec total;
    kt_lines lines;
};
extern const kt_shape entry_shape, entry_line_shape;
extern const kt_action entry_actions[];
kt_error *entry_compute(kt_tx *tx, kt_record *self);
kt_error *entry_check(kt_tx *tx, const kt_record *before, const kt_record *after);
kt_error *entry_created(kt_tx *tx, const kt_event *event);
kt_error *entry_updated(kt_tx *tx, const kt_event *event);
/* Adds a line of side + (debit) or - (credit); an amount of zero adds none. `amount` as `value` in the entry's
 * currency; not set: the entry is in the company's. */
KT_MUST kt_error *entry_add(
    kt_tx *tx, struct entry *e, const struct entry_line *like, kt_dec value, kt_dec amount);
/* Posts an entry that the module makes itself, on the module's own authority. No lines: nothing happens. */
KT_MUST kt_error *entry_post(kt_tx *tx, struct entry *e);
/* The opposite of a posted entry, linked line by line. returns state: it is reversed already */
KT_MUST kt_error *entry_reverse(kt_tx *tx, kt_id entry, kt_date day, kt_str text, kt_id *made);

/* ---- ledger/balance.c ---- */

enum span { YEARLY = 1, MONTHLY, DAILY };
struct balance {
    kt_record rec;
    kt_id account;
    enum span span;
    kt_date start;
    kt_dec debit, credit, amount;
};
extern const kt_shape balance_shape;
kt_error *balance_check(kt_tx *tx, const kt_record *before, const kt_record *after);
/* Takes a posted entry into the balances of its accounts. */
KT_MUST kt_error *balances_add(kt_tx *tx, const struct entry *e);
struct turnover { /* of one account */
    kt_id account;
    kt_dec debit, credit, amount;
};
/* What was posted from `from` (not set: the beginning) to `to`, both included, on each account.
 *   rows  the transaction's, by account */
KT_MUST kt_error *turnovers(kt_tx *tx, kt_date from, kt_date to, struct turnover **rows, size_t *count);
/* The same of one account. */
KT_MUST kt_error *turnover_of(kt_tx *tx, kt_id account, kt_date from, kt_date to, struct turnover *sum);
/* Debit less credit of one account up to a day.
 *   amount  receives the same in the currency that the account is kept in; NULL: not wanted */
KT_MUST kt_error *balance_on(kt_tx *tx, kt_id account, kt_date day, kt_dec *balance, kt_dec *amount);
/* The first day, from one on, at whose end an account would be below zero by a change on that one; reads a row for each
 * later day on which something was posted.
 *   own      in the currency that the account is kept in
 *   balance  receives what it would be on that day; not below zero: there is none */
KT_MUST kt_error *balance_below(
    kt_tx *tx, kt_id account, bool own, kt_date from, kt_dec change, kt_date *day, kt_dec *balance);

/* ---- ledger/cash_desk.c ---- */

/* No cash desk -- the account of a journal of kind cash -- holds less than nothing at the end of any day.
 *   line     of the entry that is being posted, on account a
 *   returns  rule, with the figure and the day, if the entry would take it below zero */
KT_MUST kt_error *cash_desk_holds(
    kt_tx *tx, const struct entry *e, size_t line, const struct account *a, const struct house *house);
