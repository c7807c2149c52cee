/* posting.h -- an invoice that is being posted: what the files that post it share. */
#pragma once
#include "invoice/invoice.h"

struct posted_tax {      /* a row of a register */
    struct vat_line row; /* in the document's currency */
    kt_dec net, amount;  /* in the company's, as it is booked */
};
struct tax_moves { /* of one document: what takes its tax to its own account in the month of its register */
    struct entry at[2]; /* on the tax point; on the day of the deduction of what a supplier charges */
    size_t count;
};
typedef struct {
    kt_tx *tx;
    struct invoice *v;
    struct house house;
    struct entry e;
    int side; /* 1: they owe us, -1: we owe them */
    kt_date rate_day, deduction_day;
    struct advance_part *advances; /* what is settled of each, as v->advances has them */
    kt_dec base_advances;          /* net of it, in the company's currency */
    struct posted_tax *taxes;
    size_t tax_count;
    bool mixed; /* it settles advances, or its invoice did, that were at other rates of exchange */
    struct line_rate *line_rates; /* then: of its lines */
    struct posted_tax *rates;     /* and what these bear, all of it, of advances as they were booked */
    size_t rate_count;
    kt_dec
        realised; /* by tax that advances bore more, as it is set off; of a note, what it takes back of that */
    struct tax_moves moved;
    struct noted noted; /* of a note: what it takes back of */
    kt_dec
        note_own; /* of a note, in its currency: what its invoice itself billed, not its advances; not set: all */
    bool advance; /* money before its goods: an advance invoice, or a credit note of one */
} posting;

/* ---- post.c ---- */

/* An amount of the document in the company's currency. */
KT_MUST kt_error *posting_base(posting *p, kt_dec amount, kt_dec *out);
/* Of the document's sense in that of the ledger, and back: a debit is above zero. */
kt_dec posting_sided(const posting *p, kt_dec amount);
/* Adds a line of the document's amount, with its value in the company's currency; both in the document's sense. */
KT_MUST kt_error *posting_book(posting *p, const struct entry_line *like, kt_dec value, kt_dec amount);

/* ---- post_tax.c ---- */

/* What it bears at each rate, less advances; after them. */
KT_MUST kt_error *read_taxes(posting *p);
/* Books all of that, and enters it into the registers. */
KT_MUST kt_error *book_taxes(posting *p);
/* What a line comes to in the company's currency; all that is owed, and of it base_net: income or cost; after read_taxes. */
KT_MUST kt_error *posted_line_value(posting *p, size_t i, kt_dec *value);
KT_MUST kt_error *owed_value(posting *p, kt_dec *owed);

/* ---- tax_month.c ---- */

/* The account that a row of tax is booked on, and if that is not the tax's own, notes what takes it there.
 *   booked, declared  the days of its entry and of its row in the register
 *   value             debit less credit, in the company's currency */
KT_MUST kt_error *tax_account(kt_tx *tx, struct tax_moves *m, enum vat_register side, kt_date booked,
    kt_date declared, kt_str label, kt_dec value, kt_id *account);
/* Posts that, for the document of an entry. */
KT_MUST kt_error *tax_moves_post(kt_tx *tx, struct tax_moves *m, const struct entry *of);

/* ---- reverse_charge.c ---- */

/* Is this row of a purchase one whose tax the buyer accounts for? */
KT_MUST kt_error *buyer_accounts_for(kt_tx *tx, const struct invoice *v, const kt_tax_row *row, bool *yes);
/* As the registers have it: with the label of the rate at home, of kind reverse_charge. */
kt_tax_row assessed_row(const kt_tax_total *total);
