/* accounts.h -- the service "finance.accounts": how a party stands in the books, for whoever shows a party or makes what
 * is billed. */
#pragma once
#include <kontor.h>

typedef struct {
    kt_id document, currency; /* document: of kt_any, finance.invoice, .payment or .set_off */
    const char *kind;         /* "sale", "sale_credit", "receipt", "purchase" ..; "in", "out"; "set_off" */
    const char *state;        /* of an invoice how far it is paid: "unpaid", "overdue"; else its own state */
    kt_str number;
    kt_date day, due; /* due: of an invoice alone */
    kt_dec amount, open;
} kt_account_paper;

typedef struct {
    kt_date day;
    kt_dec amount;
} kt_account_due;

typedef struct kt_accounts {
    /* Posted invoices, till receipts, payments and set-offs of a party, newest first, that the caller may see.
     *   papers  the transaction's
     *   count   receives how many there are, at most `most` of each */
    KT_MUST kt_error *(*papers)(
        kt_tx *tx, kt_id party, uint32_t most, kt_account_paper **papers, size_t *count);
    /* What is open of a party, in the company's currency: above zero they owe us. Not set: the caller may not
     * know. */
    KT_MUST kt_error *(*owes)(kt_tx *tx, kt_id party, kt_dec *sum);
    /* Drafts the invoice of all that was ordered and is not billed; the caller needs the right finance.invoice:create.
     *   order    of kt_any
     *   returns  state: the order is not open; rule: nothing of it is left to bill */
    KT_MUST kt_error *(*bill_order)(kt_tx *tx, kt_id order, kt_date day, kt_id *invoice);
    /* When amounts that are billed on some days fall due, by the party's terms of payment, or the usual ones where it is not
     * set.
     *   due  the transaction's, in the order of `billed`
     *   n    receives how many there are */
    KT_MUST kt_error *(*expected)(
        kt_tx *tx, kt_id party, const kt_account_due *billed, size_t count, kt_account_due **due, size_t *n);
} kt_accounts;

/* NULL: no module keeps the books now. */
static inline const kt_accounts *kt_accounts_find(kt_tx *tx)
{
    return (const kt_accounts *)kt_service_find(tx, "finance.accounts", 2);
}
