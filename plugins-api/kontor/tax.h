/* tax.h -- the service "base.tax": which taxes a line bears, and what a document comes to. Quotation, order
 * and invoice ask the same routine, so that they cannot differ.
 *
 * A document is filled in, `assign` finds position, rounding, scale and the rates of each line, `compute`
 * does the sums. In every presentation the lines sum up to the totals: what rounding leaves over is spread
 * over the lines by largest remainder. */
#pragma once
#include <kontor.h>

enum { KT_TAXES_MAX = 4 }; /* on one line */

typedef enum {
    KT_TAX_BY_LINE = 1,
    KT_TAX_BY_DOCUMENT, /* each tax is computed once, on the sum of its lines */
} kt_tax_rounding;

typedef enum {
    KT_TAX_CHARGED = 1, /* at its rate, which may be zero */
    KT_TAX_EXEMPT,
    KT_TAX_REVERSED, /* the customer accounts for it */
    KT_TAX_OUTSIDE,  /* not subject to this country's tax */
} kt_tax_kind;

typedef struct { /* a tax as it stands on one day */
    kt_id tax;
    kt_str label; /* as documents print it: "23%", "zw" */
    kt_tax_kind kind;
    kt_dec rate;      /* per cent, scale 3; zero unless charged */
    int64_t sequence; /* taxes of a document are computed in this order */
    bool on_taxes;    /* its base includes the taxes before it */
} kt_tax_rate;

typedef struct {
    kt_id item, category;   /* a category that is given overrules the item's */
    kt_dec quantity, price; /* scale 4 at most */
    kt_dec discount_percent /* scale 3 at most */, discount_amount;
    bool included;                   /* the price has the taxes in it */
    kt_tax_rate rates[KT_TAXES_MAX]; /* assign; in the order of sequence */
    size_t rate_count;
    kt_id rule;                 /* assign: why; not set: no rule speaks of this line */
    kt_dec discount;            /* compute, in the document's scale, as all below */
    kt_dec net, tax, gross;     /* gross = net + tax */
    kt_dec parts[KT_TAXES_MAX]; /* what each of the rates gives; they sum up to tax */
} kt_tax_line;

typedef struct {
    kt_tax_rate rate;
    kt_dec net, tax; /* net: what the rate is applied to */
} kt_tax_total;

typedef struct {
    kt_id company, party, currency; /* any may be not set */
    kt_id position;                 /* the party's fiscal position; assign fills it in if it is not set */
    kt_date day;                    /* which day's rates */
    kt_tax_rounding rounding;       /* assign: the company's, if not set. Keep it with the document */
    uint8_t scale;                  /* assign: digits after the point of the currency */
    kt_dec given; /* the whole tax as another system computed it: compute spreads it over the lines */
    kt_tax_line *lines;
    size_t line_count;
    kt_dec net, tax, gross; /* compute */
    kt_tax_total *totals;   /* compute: one per rate, by sequence; room for KT_TAXES_MAX * line_count */
    size_t total_count;
} kt_tax_document;

typedef struct {
    /* Fills in what master data and rules say. The caller's rights apply: reading taxes, parties, items.
     *   returns  rule at "lines[i]": more taxes than KT_TAXES_MAX, or none in force on the day */
    KT_MUST kt_error *(*assign)(kt_tx *tx, kt_tax_document *document);
    /* Net, tax and gross of lines and document, and the summary by rate; reads nothing.
     *   memory   totals is the transaction's
     *   returns  limit at "lines[i]": an amount that does not fit */
    KT_MUST kt_error *(*compute)(kt_tx *tx, kt_tax_document *document);
} kt_taxes;

/* NULL: no module offers it now. */
static inline const kt_taxes *kt_taxes_find(kt_tx *tx)
{
    return (const kt_taxes *)kt_service_find(tx, "base.tax", 1);
}

/* What a line bears together: the sum of its rates, and their labels as one, "23% + 2%". */
static inline void kt_tax_line_bears(kt_tx *tx, const kt_tax_line *line, kt_dec *rate, kt_str *label)
{
    *rate = (kt_dec){0};
    *label = (kt_str){0};
    for (size_t k = 0; k < line->rate_count; k++) {
        *rate = kt_dec_add(*rate, line->rates[k].rate);
        *label = k ? kt_format(tx, "%s + %s", label->ptr, line->rates[k].label.ptr) : line->rates[k].label;
    }
}
