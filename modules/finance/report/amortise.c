/* A debt paid off in instalments: what each brings of interest and of the debt itself, to the last penny.
 *
 * Source: the annuity of finance, payment = amount * i / (1 - (1 + i)^-n) with i the rate of one period, as in Brigham and
 * Houston, Fundamentals of Financial Management, on amortised loans. Interest is rounded period by period, and the last
 * instalment takes what rounding left. */
#include "report/report.h"

#define AMOUNT_MAX KT_DEC(10000000000, 0) /* what interest is reckoned on fits its decimals */
enum { INSTALMENTS_MAX = 600 };

enum amortise_way { EVEN_PAYMENT = 1, EVEN_PRINCIPAL };
static const kt_choice ways[] = {
    {EVEN_PAYMENT, "payment", {"Even payments", "Równe raty"}},
    {EVEN_PRINCIPAL, "principal", {"Even parts of the debt", "Raty malejące"}},
    {0},
};
struct amortise {
    kt_record rec;
    kt_dec amount, rate;
    int64_t count;
    kt_date first;
    enum rhythm every;
    enum amortise_way even;
};
const kt_shape amortise_shape = KT_SHAPE(amortise, NULL,
    KT_FIELD(amortise, amount, MONEY, "Debt", "Kwota", .scale = 2, .required = true),
    KT_FIELD(amortise, rate, PERCENT, "Interest a year, %", "Oprocentowanie roczne, %", .scale = 4,
        .required = true,
        .help = {"Nominal; a month bears a twelfth.", "Nominalne; na miesiąc przypada 1/12."}),
    KT_FIELD(amortise, count, INT, "Instalments", "Liczba rat", .required = true),
    KT_FIELD(amortise, first, DATE, "First due", "Pierwsza rata", .initial = "today"),
    KT_FIELD(
        amortise, every, STATE, "How often", "Jak często", .choices = regular_rhythms, .initial = "month"),
    KT_FIELD(amortise, even, STATE, "What is even", "Rodzaj rat", .choices = ways, .initial = "payment"));

struct amortised {
    kt_record rec;
    int64_t number;
    kt_date due;
    kt_dec payment, interest, principal, left;
};
static const kt_shape amortised_shape = KT_SHAPE(amortised, NULL,
    KT_FIELD(amortised, number, INT, "Instalment", "Rata"), KT_FIELD(amortised, due, DATE, "Due", "Termin"),
    KT_FIELD(amortised, payment, MONEY, "To pay", "Do zapłaty", .scale = 2),
    KT_FIELD(amortised, interest, MONEY, "Interest", "Odsetki", .scale = 2),
    KT_FIELD(amortised, principal, MONEY, "Of the debt", "Kapitał", .scale = 2),
    KT_FIELD(amortised, left, MONEY, "Left", "Pozostaje", .scale = 2));
struct amortise_answer {
    kt_record rec;
    kt_lines rows;
    kt_dec paid, interest;
};
const kt_shape amortise_answer_shape = KT_SHAPE(amortise_answer, NULL,
    KT_FIELD(amortise_answer, rows, LINES, "Instalments", "Raty", .lines = &amortised_shape),
    KT_FIELD(amortise_answer, paid, MONEY, "Paid in all", "Razem do zapłaty", .scale = 2),
    KT_FIELD(amortise_answer, interest, MONEY, "Interest in all", "Razem odsetki", .scale = 2));

static kt_error *check(kt_tx *tx, const struct amortise *a)
{
    kt_error *all = NULL;
    if (sign_of(a->amount) <= 0 || kt_dec_cmp(a->amount, AMOUNT_MAX) > 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "amount", "is above zero, to ten thousand million",
                          "jest większe od zera, do dziesięciu miliardów"));
    if (sign_of(a->rate) < 0 || kt_dec_cmp(a->rate, KT_DEC(100, 0)) > 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "rate", "is 0 to 100 per cent a year",
                          "wynosi od 0 do 100 procent rocznie"));
    if (a->count < 1 || a->count > INSTALMENTS_MAX)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "count", "is 1 to %d", "wynosi od 1 do %d", INSTALMENTS_MAX));
    return all;
}

static kt_dec interest_on(const struct amortise *a, kt_dec left)
{
    static const int periods[] = {[WEEKLY] = 52, [EACH_MONTH] = 12, [EACH_QUARTER] = 4, [EACH_YEAR] = 1};
    return kt_dec_div(kt_dec_mul(left, a->rate, 6), KT_DEC(100 * periods[a->every], 0), 2);
}

/* How much more than the others the last instalment would be; about that, if the debt only grows or is paid off before. */
static kt_dec last_exceeds(const struct amortise *a, kt_dec payment)
{
    kt_dec left = a->amount;
    for (int64_t i = 1; i < a->count && sign_of(left) > 0 && kt_dec_cmp(left, a->amount) <= 0; i++)
        left = kt_dec_sub(left, kt_dec_sub(payment, interest_on(a, left)));
    return kt_dec_sub(kt_dec_add(left, interest_on(a, left)), payment);
}

/* The payment that leaves the last one most like the others: found by halving, exact where the formula's powers are not. */
static kt_dec even_payment(const struct amortise *a)
{
    int64_t low = kt_dec_div(a->amount, KT_DEC(a->count, 0), 2).coef - 1;
    int64_t high = kt_dec_add(a->amount, interest_on(a, a->amount)).coef + 1;
    while (high - low > 1) { /* with low too little is paid, with high enough */
        int64_t middle = low + (high - low) / 2;
        *(sign_of(last_exceeds(a, KT_DEC(middle, 2))) > 0 ? &low : &high) = middle;
    }
    kt_dec more = last_exceeds(a, KT_DEC(low, 2)), less = kt_dec_neg(last_exceeds(a, KT_DEC(high, 2)));
    return KT_DEC(kt_dec_cmp(more, less) < 0 ? low : high, 2);
}

kt_error *amortise(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct amortise *a = KT_SEE(amortise, params);
    struct amortise_answer *out = KT_AS(amortise_answer, result);
    KT_TRY(check(tx, a));
    const struct regular days = {.first = a->first, .every = a->every};
    kt_dec left = a->amount;
    kt_dec even = a->even == EVEN_PAYMENT ? even_payment(a) : kt_dec_div(a->amount, KT_DEC(a->count, 0), 2);
    out->paid = out->interest = KT_DEC(0, 2);
    for (int64_t i = 0; i < a->count; i++) {
        struct amortised row = {KT_OF(amortised), .number = i + 1, .due = regular_day(&days, i),
            .interest = interest_on(a, left)};
        row.principal = a->even == EVEN_PAYMENT ? kt_dec_sub(even, row.interest) : even;
        if (i + 1 == a->count || kt_dec_cmp(row.principal, left) > 0)
            row.principal = left;
        row.payment = kt_dec_add(row.principal, row.interest);
        row.left = left = kt_dec_sub(left, row.principal);
        out->paid = kt_dec_add(out->paid, row.payment);
        out->interest = kt_dec_add(out->interest, row.interest);
        KT_TRY(kt_line_add(tx, &out->rows, &row.rec));
    }
    return NULL;
}
