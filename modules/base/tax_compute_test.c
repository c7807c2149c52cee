/* The tax routine against figures that other systems got wrong, and against what must hold for any document.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tax_compute.h"

enum { LINES_MAX = 24 };

typedef struct {
    kt_tax_document document;
    kt_tax_line lines[LINES_MAX];
    kt_tax_total totals[LINES_MAX * KT_TAXES_MAX];
} sheet;

static void sheet_open(sheet *s, kt_tax_rounding rounding, uint8_t scale)
{
    memset(s, 0, sizeof *s);
    s->document = (kt_tax_document){
        .rounding = rounding, .scale = scale, .lines = s->lines, .totals = s->totals};
}

static kt_tax_line *sheet_add(sheet *s, kt_dec quantity, kt_dec price, kt_dec percent, kt_dec rate)
{
    kt_tax_line *line = &s->lines[s->document.line_count++];
    *line = (kt_tax_line){
        .quantity = quantity, .price = price, .discount_percent = percent, .rate_count = rate.scale1 ? 1 : 0};
    line->rates[0] = (kt_tax_rate){
        .tax = {(uint64_t)rate.coef + 1}, .kind = KT_TAX_CHARGED, .rate = rate, .sequence = 1};
    return line;
}

static void compute(sheet *s)
{
    tax_share work[LINES_MAX];
    size_t wrong;
    assert_true(tax_compute(&s->document, work, &wrong));
    assert_int_equal(wrong, s->document.line_count);
}

#define MONEY(value, coef) assert_int_equal(kt_dec_cmp(value, KT_DEC(coef, 2)), 0)

static const kt_dec none = {0}, one = {1, 1};

static void check(sheet *s, kt_tax_rounding rounding, int64_t net, int64_t tax)
{
    s->document.rounding = rounding;
    compute(s);
    MONEY(s->document.net, net);
    MONEY(s->document.tax, tax);
    MONEY(s->document.gross, net + tax);
}

static void the_known_figures(void **state)
{
    (void)state;
    sheet s;
    sheet_open(&s, KT_TAX_BY_LINE, 2);
    sheet_add(&s, KT_DEC(16, 0), KT_DEC(34835, 2), KT_DEC(4, 0), KT_DEC(22, 0));
    check(&s, KT_TAX_BY_LINE, 535066, 117715);
    check(&s, KT_TAX_BY_DOCUMENT, 535066, 117715);

    sheet_open(&s, KT_TAX_BY_LINE, 2);
    sheet_add(&s, one, KT_DEC(5445, 2), none, KT_DEC(10, 0));
    sheet_add(&s, one, KT_DEC(60000, 2), none, KT_DEC(10, 0));
    sheet_add(&s, one, KT_DEC(-50000, 2), none, KT_DEC(10, 0));
    check(&s, KT_TAX_BY_LINE, 15445, 1545);
    check(&s, KT_TAX_BY_DOCUMENT, 15445, 1545);

    sheet_open(&s, KT_TAX_BY_LINE, 2);
    sheet_add(&s, one, KT_DEC(5555, 2), none, KT_DEC(23, 0));
    sheet_add(&s, one, KT_DEC(1111, 2), none, KT_DEC(23, 0));
    check(&s, KT_TAX_BY_LINE, 6666, 1534);
    check(&s, KT_TAX_BY_DOCUMENT, 6666, 1533);

    sheet_open(&s, KT_TAX_BY_LINE, 2);
    sheet_add(&s, KT_DEC(10, 0), KT_DEC(3075, 2), KT_DEC(5, 0), KT_DEC(15, 0));
    sheet_add(&s, one, KT_DEC(7000, 2), KT_DEC(5, 0), KT_DEC(15, 0));
    check(&s, KT_TAX_BY_LINE, 35863, 5380);
    check(&s, KT_TAX_BY_DOCUMENT, 35863, 5379);

    sheet_open(&s, KT_TAX_BY_LINE, 2);
    sheet_add(&s, one, KT_DEC(59889, 2), none, KT_DEC(85, 1));
    sheet_add(&s, one, KT_DEC(32984, 2), none, KT_DEC(85, 1));
    sheet_add(&s, one, KT_DEC(-5989, 2), none, KT_DEC(85, 1));
    sheet_add(&s, one, KT_DEC(-3298, 2), none, KT_DEC(85, 1));
    check(&s, KT_TAX_BY_DOCUMENT, 83586, 7105);
    check(&s, KT_TAX_BY_LINE, 83586, 7106);
}

static void what_rounding_leaves_goes_to_lines(void **state)
{
    (void)state;
    sheet s;
    sheet_open(&s, KT_TAX_BY_DOCUMENT, 2);
    sheet_add(&s, one, KT_DEC(5555, 2), none, KT_DEC(23, 0)); /* 12.7765 */
    sheet_add(&s, one, KT_DEC(1111, 2), none, KT_DEC(23, 0)); /* 2.5553: the smaller remainder gives way */
    compute(&s);
    MONEY(s.lines[0].tax, 1278);
    MONEY(s.lines[1].tax, 255);
}

static void prices_with_tax_keep_their_gross(void **state)
{
    (void)state;
    sheet s;
    sheet_open(&s, KT_TAX_BY_LINE, 2);
    for (int i = 0; i < 3; i++)
        sheet_add(&s, one, KT_DEC(1000, 2), none, KT_DEC(23, 0))->included = true;
    compute(&s);
    MONEY(s.document.gross, 3000);
    MONEY(s.document.tax, 561); /* 1.8699 each */
    s.document.rounding = KT_TAX_BY_DOCUMENT;
    compute(&s);
    MONEY(s.document.gross, 3000);
    MONEY(s.document.tax, 561); /* 30 * 23 / 123 = 5.6098 */
    MONEY(s.lines[0].gross, 1000);

    sheet_open(&s, KT_TAX_BY_DOCUMENT, 2); /* 0.01 and 0.02 at 20%: exactly half a penny between them */
    sheet_add(&s, one, KT_DEC(1, 2), none, KT_DEC(20, 0))->included = true;
    sheet_add(&s, one, KT_DEC(2, 2), none, KT_DEC(20, 0))->included = true;
    compute(&s);
    MONEY(s.document.tax, 1);
    MONEY(s.lines[1].tax, 1);
}

static void several_taxes_and_tax_on_tax(void **state)
{
    (void)state;
    sheet s;
    sheet_open(&s, KT_TAX_BY_LINE, 2);
    kt_tax_line *line = sheet_add(&s, one, KT_DEC(10010, 2), none, KT_DEC(5, 0));
    line->rates[1] = (kt_tax_rate){
        .tax = {900}, .kind = KT_TAX_CHARGED, .rate = KT_DEC(95, 1), .sequence = 2, .on_taxes = true};
    line->rate_count = 2;
    compute(&s);
    MONEY(s.lines[0].parts[0], 501); /* 5.005 */
    MONEY(s.lines[0].parts[1], 999); /* 9.5% of 105.11 = 9.98545 */
    MONEY(s.totals[1].net, 10511);   /* as the summary shows it */
    MONEY(s.document.gross, 11510);
    line->included = true;
    line->price = KT_DEC(11510, 2);
    compute(&s);
    MONEY(s.document.gross, 11510);
    MONEY(s.document.net, 10010);
    MONEY(s.lines[0].parts[0], 501);
    MONEY(s.lines[0].parts[1], 999);
}

static void exempt_and_reversed_bear_no_tax_but_stand_in_the_summary(void **state)
{
    (void)state;
    static const kt_tax_kind kinds[] = {KT_TAX_EXEMPT, KT_TAX_REVERSED, KT_TAX_OUTSIDE};
    for (size_t i = 0; i < 3; i++) {
        sheet s;
        sheet_open(&s, KT_TAX_BY_DOCUMENT, 2);
        sheet_add(&s, one, KT_DEC(10000, 2), none, KT_DEC(23, 0))->rates[0].kind = kinds[i];
        compute(&s);
        MONEY(s.document.tax, 0);
        assert_int_equal(s.document.total_count, 1);
        MONEY(s.totals[0].net, 10000);
    }
}

static void currencies_have_their_own_scale(void **state)
{
    (void)state;
    sheet s;
    sheet_open(&s, KT_TAX_BY_DOCUMENT, 0);                             /* yen */
    sheet_add(&s, KT_DEC(3, 0), KT_DEC(3335, 1), none, KT_DEC(10, 0)); /* 1000.5 */
    compute(&s);
    assert_int_equal(kt_dec_cmp(s.document.net, KT_DEC(1001, 0)), 0);
    assert_int_equal(kt_dec_cmp(s.document.tax, KT_DEC(100, 0)), 0);
    sheet_open(&s, KT_TAX_BY_DOCUMENT, 3);                              /* Bahrain's dinar */
    sheet_add(&s, KT_DEC(3, 0), KT_DEC(10005, 4), none, KT_DEC(10, 0)); /* 3.0015 */
    compute(&s);
    assert_int_equal(kt_dec_cmp(s.document.net, KT_DEC(3002, 3)), 0);
    assert_int_equal(kt_dec_cmp(s.document.tax, KT_DEC(300, 3)), 0);
}

static void a_given_tax_is_spread_as_it_is(void **state)
{
    (void)state;
    sheet s;
    sheet_open(&s, KT_TAX_BY_DOCUMENT, 2);
    sheet_add(&s, one, KT_DEC(1000, 2), none, KT_DEC(23, 0));
    sheet_add(&s, one, KT_DEC(2000, 2), none, KT_DEC(23, 0));
    s.document.given = KT_DEC(100, 2);
    compute(&s);
    MONEY(s.document.tax, 100);
    MONEY(s.lines[0].tax, 33);
    MONEY(s.lines[1].tax, 67);
}

static void an_amount_that_does_not_fit_is_told(void **state)
{
    (void)state;
    sheet s;
    tax_share work[LINES_MAX];
    size_t wrong = 99;
    sheet_open(&s, KT_TAX_BY_LINE, 2);
    sheet_add(&s, one, one, none, none);
    sheet_add(&s, KT_DEC(INT64_MAX, 4), KT_DEC(INT64_MAX, 4), none, none);
    assert_false(tax_compute(&s.document, work, &wrong));
    assert_int_equal(wrong, 1);
}

/* ---- Any document ---- */

static uint64_t seed;

static int64_t pick(int64_t low, int64_t high)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return low + (int64_t)(seed % (uint64_t)(high - low + 1));
}

static void random_rates(kt_tax_line *line)
{
    static const int64_t rates[] = {0, 3000, 5000, 7000, 8000, 8875, 9500, 22000, 23000, 25000};
    line->rate_count = (size_t)(pick(0, 9) < 7 ? 1 : pick(0, 3));
    uint64_t last = 0;
    for (size_t k = 0; k < line->rate_count; k++) {
        uint64_t tax = last + (uint64_t)pick(1, 3);
        last = tax;
        line->rates[k] = (kt_tax_rate){.tax = {tax},
            .kind = tax == 4 ? KT_TAX_EXEMPT : KT_TAX_CHARGED,
            .rate = KT_DEC(rates[tax], 3),
            .sequence = (int64_t)tax,
            .on_taxes = tax > 5};
    }
}

static void random_sheet(sheet *s)
{
    static const uint8_t scales[] = {0, 2, 2, 2, 3, 4};
    sheet_open(s, pick(0, 1) ? KT_TAX_BY_LINE : KT_TAX_BY_DOCUMENT, scales[pick(0, 5)]);
    s->document.line_count = (size_t)pick(1, LINES_MAX);
    bool included = pick(0, 1), mixed = pick(0, 9) == 0;
    for (size_t i = 0; i < s->document.line_count; i++) {
        kt_tax_line *line = &s->lines[i];
        line->quantity = KT_DEC(pick(-20, 400), (int)pick(0, 3));
        line->price = KT_DEC(pick(0, 999999), (int)pick(1, 4));
        if (pick(0, 2) == 0)
            line->discount_percent = KT_DEC(pick(0, 10000), 2);
        else if (pick(0, 9) == 0)
            line->discount_amount = KT_DEC(pick(0, 5000), 2);
        line->included = mixed ? pick(0, 1) : included;
        random_rates(line);
    }
}

static kt_dec zero(const sheet *s)
{
    return KT_DEC(0, s->document.scale);
}

static void check_sums(const sheet *s)
{
    const kt_tax_document *d = &s->document;
    kt_dec net = zero(s), tax = zero(s), gross = zero(s), by_rate = zero(s);
    for (size_t i = 0; i < d->line_count; i++) {
        const kt_tax_line *line = &d->lines[i];
        kt_dec parts = zero(s);
        for (size_t k = 0; k < line->rate_count; k++)
            parts = kt_dec_add(parts, line->parts[k]);
        assert_int_equal(kt_dec_cmp(parts, line->tax), 0);
        assert_int_equal(kt_dec_cmp(kt_dec_add(line->net, line->tax), line->gross), 0);
        net = kt_dec_add(net, line->net);
        tax = kt_dec_add(tax, line->tax);
        gross = kt_dec_add(gross, line->gross);
    }
    for (size_t t = 0; t < d->total_count; t++)
        by_rate = kt_dec_add(by_rate, d->totals[t].tax);
    assert_int_equal(kt_dec_cmp(net, d->net), 0);
    assert_int_equal(kt_dec_cmp(tax, d->tax), 0);
    assert_int_equal(kt_dec_cmp(gross, d->gross), 0);
    assert_int_equal(kt_dec_cmp(by_rate, d->tax), 0);
    assert_int_equal(kt_dec_cmp(kt_dec_add(d->net, d->tax), d->gross), 0);
}

/* Without tax in the prices each row of a document's summary is its base times its rate, as anybody can
 * recompute it, and each line within one unit of its own. */
static void check_rates(const sheet *s)
{
    const kt_tax_document *d = &s->document;
    bool included = false;
    for (size_t i = 0; i < d->line_count; i++)
        included |= d->lines[i].included;
    for (size_t t = 0; t < d->total_count && !included && d->rounding == KT_TAX_BY_DOCUMENT; t++) {
        kt_dec rate = d->totals[t].rate.kind == KT_TAX_CHARGED ? d->totals[t].rate.rate : KT_DEC(0, 3);
        rate.scale1 += 2;
        assert_int_equal(kt_dec_cmp(kt_dec_mul(d->totals[t].net, rate, d->scale), d->totals[t].tax), 0);
    }
    for (size_t i = 0; i < d->line_count; i++) {
        const kt_tax_line *line = &d->lines[i];
        if (line->rate_count != 1 || line->included || line->rates[0].kind != KT_TAX_CHARGED)
            continue;
        kt_dec rate = line->rates[0].rate;
        rate.scale1 += 2;
        kt_dec off = kt_dec_sub(line->tax, kt_dec_mul(line->net, rate, 9));
        if (off.coef < 0)
            off = kt_dec_neg(off);
        assert_true(kt_dec_cmp(off, KT_DEC(1, d->scale)) < 0);
    }
}

/* The order of the lines is no reason for another total. */
static void check_order(const sheet *s)
{
    sheet turned = *s;
    turned.document.lines = turned.lines;
    turned.document.totals = turned.totals;
    for (size_t i = 0; i < s->document.line_count; i++)
        turned.lines[i] = s->lines[s->document.line_count - 1 - i];
    compute(&turned);
    assert_int_equal(kt_dec_cmp(turned.document.gross, s->document.gross), 0);
    assert_int_equal(kt_dec_cmp(turned.document.net, s->document.net), 0);
    assert_int_equal(turned.document.total_count, s->document.total_count);
}

static void lines_sum_up_to_totals_in_any_document(void **state)
{
    (void)state;
    enum { DOCUMENTS = 50000 };
    const char *given = getenv("KONTOR_SEED");
    seed = given ? strtoull(given, NULL, 10) : 20260119;
    printf("seed %llu\n", (unsigned long long)seed);
    for (int n = 0; n < DOCUMENTS; n++) {
        sheet s;
        random_sheet(&s);
        compute(&s);
        check_sums(&s);
        check_rates(&s);
        bool exclusive = true, simple = true;
        for (size_t i = 0; i < s.document.line_count; i++) {
            exclusive &= !s.lines[i].included;
            simple &= s.lines[i].rate_count < 2;
        }
        if (simple || (exclusive && s.document.rounding == KT_TAX_BY_LINE))
            check_order(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_figures),
        cmocka_unit_test(what_rounding_leaves_goes_to_lines),
        cmocka_unit_test(prices_with_tax_keep_their_gross),
        cmocka_unit_test(several_taxes_and_tax_on_tax),
        cmocka_unit_test(exempt_and_reversed_bear_no_tax_but_stand_in_the_summary),
        cmocka_unit_test(currencies_have_their_own_scale),
        cmocka_unit_test(a_given_tax_is_spread_as_it_is),
        cmocka_unit_test(an_amount_that_does_not_fit_is_told),
        cmocka_unit_test(lines_sum_up_to_totals_in_any_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
