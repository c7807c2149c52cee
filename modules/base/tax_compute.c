/* The one tax routine. Amounts of lines are rounded to the currency's scale first: they are what is printed.
 * A tax is then an exact fraction of each line's amount; it is rounded once for its group -- a line, or the
 * lines of the document -- and given to the lines as whole units by largest remainder, so that no line is off
 * by a unit or more and the lines sum up to what was rounded.
 *
 * Prices without tax: all lines with the tax are one group; fraction = rate * (net + taxes before, if
 * on_taxes). Prices with tax: lines with the same list of taxes are one group; fraction = gross * e / (1 + e1
 * + e2 ...), where e is what the tax comes to per unit of net. Net is what is left: gross never moves. */
#include "tax_compute.h"

#include <stdlib.h>

__extension__ typedef __int128 wide;

enum { RATE_SCALE = 3, BAD = 255 };
static const wide unit = 100000; /* a rate's coefficient per unit: per cent with three digits */

static int64_t rate_coef(const kt_tax_rate *rate)
{
    return rate->kind == KT_TAX_CHARGED ? kt_dec_round(rate->rate, RATE_SCALE).coef : 0;
}

static bool is_bad(kt_dec value)
{
    return value.scale1 == BAD;
}

static wide round_half_away(wide dividend, wide divisor)
{
    wide quotient = dividend / divisor, rest = dividend % divisor;
    if (rest < 0)
        rest = -rest;
    if (rest >= divisor - rest)
        quotient += dividend < 0 ? -1 : 1;
    return quotient;
}

static bool take_amount(kt_tax_line *line, uint8_t scale)
{
    kt_dec quantity = line->quantity.scale1 ? line->quantity : KT_DEC(0, 0);
    kt_dec price = line->price.scale1 ? line->price : KT_DEC(0, 0);
    kt_dec full = kt_dec_mul(quantity, price, 8), amount = full;
    if (line->discount_percent.scale1) {
        kt_dec rest = kt_dec_sub(KT_DEC(100, 0), line->discount_percent);
        rest.scale1 = is_bad(rest) ? BAD : (uint8_t)(rest.scale1 + 2); /* a hundredth of it */
        amount = kt_dec_mul(full, rest, scale);
    }
    amount = kt_dec_round(kt_dec_sub(amount, line->discount_amount), scale);
    line->discount = kt_dec_sub(kt_dec_round(full, scale), amount);
    line->net = line->gross = amount;
    line->tax = KT_DEC(0, scale);
    for (size_t k = 0; k < KT_TAXES_MAX; k++)
        line->parts[k] = (kt_dec){0};
    return !is_bad(amount) && !is_bad(line->discount);
}

/* What each tax comes to per unit of net, over one denominator: *whole. Exact for two taxes on taxes. */
static void fractions(const kt_tax_line *line, wide each[KT_TAXES_MAX], wide *whole)
{
    wide scale = unit, sum = 0;
    for (size_t k = 0; k < line->rate_count; k++)
        if (line->rates[k].on_taxes && scale < unit * unit * unit)
            scale *= unit;
    for (size_t k = 0; k < line->rate_count; k++) {
        wide base = scale + (line->rates[k].on_taxes ? sum : 0);
        each[k] = base * rate_coef(&line->rates[k]) / unit;
        sum += each[k];
    }
    *whole = scale + sum;
}

static bool same_rates(const kt_tax_line *a, const kt_tax_line *b)
{
    bool same = a->rate_count == b->rate_count;
    for (size_t k = 0; same && k < a->rate_count; k++)
        same = a->rates[k].tax.v == b->rates[k].tax.v && rate_coef(&a->rates[k]) == rate_coef(&b->rates[k]);
    return same;
}

static size_t slot_of(const kt_tax_line *line, const kt_tax_rate *rate)
{
    size_t k = 0;
    while (k < line->rate_count &&
           (line->rates[k].tax.v != rate->tax.v || rate_coef(&line->rates[k]) != rate_coef(rate)))
        k++;
    return k;
}

/* Is b taxed together with a, which has the rate? */
static bool in_group(const kt_tax_document *d, const kt_tax_line *a, const kt_tax_line *b)
{
    if (a == b)
        return true;
    if (d->rounding != KT_TAX_BY_DOCUMENT || a->included != b->included)
        return false;
    return !a->included || same_rates(a, b);
}

/* The exact tax of a line: dividend / divisor units. The divisor is the same for a whole group. */
static void exact_tax(const kt_tax_line *line, size_t slot, wide *dividend, wide *divisor)
{
    if (line->included) {
        wide each[KT_TAXES_MAX];
        fractions(line, each, divisor);
        *dividend = (wide)line->gross.coef * each[slot];
        return;
    }
    wide base = line->net.coef;
    for (size_t k = 0; k < slot && line->rates[slot].on_taxes; k++)
        base += line->parts[k].coef;
    *dividend = base * rate_coef(&line->rates[slot]);
    *divisor = unit;
}

static int by_rest(const void *a, const void *b)
{
    const tax_share *x = a, *y = b;
    if (x->rest != y->rest)
        return x->rest < y->rest ? 1 : -1;
    return (x->line > y->line) - (x->line < y->line);
}

/* The remainder as a 64-bit fraction: enough to rank by, while the total is rounded from the exact sum. */
static uint64_t as_fraction(wide rest, wide divisor)
{
    while (divisor > ((wide)1 << 62)) {
        divisor >>= 1;
        rest >>= 1;
    }
    return (uint64_t)((rest << 62) / divisor);
}

/* Rounds the tax of the group that the line opens, and gives it to the group's lines. */
static void tax_group(kt_tax_document *d, size_t first, const kt_tax_rate *rate, tax_share *work)
{
    wide sum = 0, floors = 0, dividend, divisor = 1;
    size_t count = 0;
    size_t last = d->rounding == KT_TAX_BY_DOCUMENT ? d->line_count : first + 1;
    for (size_t i = first; i < last; i++) {
        kt_tax_line *line = &d->lines[i];
        size_t slot = slot_of(line, rate);
        if (slot == line->rate_count || !in_group(d, &d->lines[first], line))
            continue;
        exact_tax(line, slot, &dividend, &divisor);
        wide floor = dividend / divisor, rest = dividend % divisor;
        if (rest < 0) {
            floor--;
            rest += divisor;
        }
        sum += dividend;
        floors += floor;
        line->parts[slot] = KT_DEC((int64_t)floor, d->scale);
        work[count++] = (tax_share){i, slot, as_fraction(rest, divisor)};
    }
    wide left = round_half_away(sum, divisor) - floors;
    if (left > 0 && count > 1)
        qsort(work, count, sizeof *work, by_rest);
    for (size_t i = 0; i < count && left > 0; i++, left--)
        d->lines[work[i].line].parts[work[i].slot].coef++;
}

static bool opens_group(const kt_tax_document *d, size_t i, const kt_tax_rate *rate)
{
    for (size_t k = 0; k < i && d->rounding == KT_TAX_BY_DOCUMENT; k++)
        if (slot_of(&d->lines[k], rate) < d->lines[k].rate_count && in_group(d, &d->lines[k], &d->lines[i]))
            return false;
    return true;
}

/* The rates that occur, by sequence, as rows of the summary. */
static void list_rates(kt_tax_document *d)
{
    d->total_count = 0;
    for (size_t i = 0; i < d->line_count; i++)
        for (size_t k = 0; k < d->lines[i].rate_count; k++) {
            const kt_tax_rate *rate = &d->lines[i].rates[k];
            size_t at = 0;
            while (at < d->total_count && (d->totals[at].rate.tax.v != rate->tax.v ||
                                              rate_coef(&d->totals[at].rate) != rate_coef(rate)))
                at++;
            if (at < d->total_count)
                continue;
            while (at > 0 && (d->totals[at - 1].rate.sequence > rate->sequence ||
                                 (d->totals[at - 1].rate.sequence == rate->sequence &&
                                     d->totals[at - 1].rate.tax.v > rate->tax.v))) {
                d->totals[at] = d->totals[at - 1];
                at--;
            }
            d->totals[at] = (kt_tax_total){*rate, KT_DEC(0, d->scale), KT_DEC(0, d->scale)};
            d->total_count++;
        }
}

/* The tax that another system computed, spread by the lines' amounts. */
static void spread_given(kt_tax_document *d)
{
    kt_dec left = kt_dec_round(d->given, d->scale), weights = KT_DEC(0, d->scale);
    for (size_t i = 0; i < d->line_count; i++)
        weights = kt_dec_add(weights, d->lines[i].net);
    for (size_t i = 0; i < d->line_count; i++) {
        kt_tax_line *line = &d->lines[i];
        kt_dec weight = line->net, part = left; /* the last one takes what is left */
        if (i + 1 < d->line_count && weights.coef > 0) {
            kt_dec pair[2] = {weight, kt_dec_sub(weights, weight)}, split[2];
            kt_dec_split(left, pair, 2, split);
            part = is_bad(split[0]) ? KT_DEC(0, d->scale) : split[0];
        } else if (i + 1 < d->line_count) {
            part = KT_DEC(0, d->scale);
        }
        line->tax = part;
        left = kt_dec_sub(left, part);
        weights = kt_dec_sub(weights, weight);
    }
}

static bool sum_line(kt_tax_document *d, kt_tax_line *line)
{
    kt_dec base = line->net;
    for (size_t k = 0; k < line->rate_count; k++)
        line->tax = kt_dec_add(line->tax, line->parts[k]);
    if (line->included)
        base = line->net = kt_dec_sub(line->gross, line->tax);
    else
        line->gross = kt_dec_add(line->net, line->tax);
    for (size_t k = 0; k < line->rate_count; k++) {
        size_t at = 0;
        while (d->totals[at].rate.tax.v != line->rates[k].tax.v ||
               rate_coef(&d->totals[at].rate) != rate_coef(&line->rates[k]))
            at++;
        kt_tax_total *total = &d->totals[at];
        kt_dec on = base;
        for (size_t before = 0; before < k && line->rates[k].on_taxes; before++)
            on = kt_dec_add(on, line->parts[before]);
        total->net = kt_dec_add(total->net, on);
        total->tax = kt_dec_add(total->tax, line->parts[k]);
    }
    d->net = kt_dec_add(d->net, line->net);
    d->tax = kt_dec_add(d->tax, line->tax);
    d->gross = kt_dec_add(d->gross, line->gross);
    return !is_bad(line->net) && !is_bad(line->gross) && !is_bad(d->net) && !is_bad(d->gross);
}

bool tax_compute(kt_tax_document *d, tax_share *work, size_t *wrong)
{
    d->net = d->tax = d->gross = KT_DEC(0, d->scale);
    for (size_t i = 0; i < d->line_count; i++) {
        *wrong = i;
        if (d->given.scale1)
            d->lines[i].rate_count = 0;
        if (!take_amount(&d->lines[i], d->scale))
            return false;
    }
    list_rates(d);
    if (d->given.scale1)
        spread_given(d);
    for (size_t t = 0; t < d->total_count; t++)
        for (size_t i = 0; i < d->line_count; i++)
            if (slot_of(&d->lines[i], &d->totals[t].rate) < d->lines[i].rate_count &&
                opens_group(d, i, &d->totals[t].rate))
                tax_group(d, i, &d->totals[t].rate, work);
    for (size_t i = 0; i < d->line_count; i++) {
        *wrong = i;
        if (!sum_line(d, &d->lines[i]))
            return false;
    }
    *wrong = d->line_count;
    return true;
}
