/* tax_compute.h -- the sums of a document; no records, no transaction. */
#pragma once
#include <kontor/tax.h>

/* Computes lines, totals and summary of a document whose rates are assigned. totals has room for KT_TAXES_MAX
 * * line_count, work for line_count.
 *   wrong    receives the line whose amount does not fit, line_count if it is the document's
 *   returns  whether everything fits */
typedef struct {
    size_t line, slot;
    uint64_t rest; /* of the division, scaled to 64 bits */
} tax_share;
bool tax_compute(kt_tax_document *document, tax_share *work, size_t *wrong);
