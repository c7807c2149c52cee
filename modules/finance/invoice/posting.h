/* posting.h -- an invoice that is being posted: what the files that post it share. */
#pragma once
#include "invoice/invoice.h"

typedef struct {
    kt_tx *tx;
    struct invoice *v;
    struct house house;
    struct entry e;
    int side; /* 1: they owe us, -1: we owe them */
    kt_date rate_day, deduction_day;
    struct advance_part *advances; /* what is settled of each, as v->advances has them */
    kt_dec base_advances;          /* net of it, in the company's currency */
    kt_dec
        mixed; /* of a note: its invoice's rate of exchange and those of its advances, by the invoice's; not set: 1 */
    bool advance; /* money before its goods: an advance invoice, or a credit note of one */
} posting;

/* ---- post.c ---- */

/* An amount of the document in the company's currency. */
KT_MUST kt_error *posting_base(posting *p, kt_dec amount, kt_dec *out);
/* Adds a line of the document's amount, with its value in the company's currency; both in the document's sense. */
KT_MUST kt_error *posting_book(posting *p, const struct entry_line *like, kt_dec value, kt_dec amount);
/* Enters a row of tax into a register; a credit note's with the opposite sign. */
KT_MUST kt_error *posting_register(
    posting *p, enum vat_register side, const kt_tax_row *row, kt_dec net, kt_dec amount);

/* ---- reverse_charge.c ---- */

/* Is this row of a purchase one whose tax the buyer accounts for? */
KT_MUST kt_error *buyer_accounts_for(kt_tx *tx, const struct invoice *v, const kt_tax_row *row, bool *yes);
/* As the registers have it: with the label of the rate at home, of kind reverse_charge. */
kt_tax_row assessed_row(const kt_tax_total *total);
struct assessed_side {
    enum purpose purpose;
    enum vat_register side;
};
extern const struct assessed_side assessed_sides[2]; /* as tax on purchases, debited; as tax on sales */
/* Both sides of the tax that the buyer accounts for, in ledger and registers. */
KT_MUST kt_error *book_reverse_charge(posting *p);
