/* What a company decides about its books once. */
#include "payment/payment.h"

enum { TAX_DUE = 25 }; /* source: ustawa o VAT art. 103 ust. 1 */
static const kt_choice tax_everies[] = {
    {TAX_MONTHLY, "month", {"Month", "Miesiąc"}},
    {TAX_QUARTERLY, "quarter", {"Quarter", "Kwartał"}},
    {0},
};
const kt_shape setting_shape = KT_SHAPE(setting, "finance.setting",
    KT_FIELD(setting, tolerance, MONEY, "Write-off tolerance", "Tolerancja odpisu", .scale = 2,
        .initial = "1.00",
        .help = {"The greatest rest of an invoice that a payment may write off, in the company's currency.",
            "Największa reszta faktury, którą wolno odpisać przy płatności, w walucie firmy."}),
    KT_FIELD(setting, price_tolerance, PERCENT, "Tolerance of purchase prices, %", "Tolerancja cen zakupu, %",
        .scale = 2, .initial = "2",
        .help = {"A bill whose price is further from the order's needs the right finance.invoice:override.",
            "Faktura zakupu o cenie bardziej różnej od zamówienia wymaga prawa finance.invoice:override."}),
    KT_FIELD(setting, limit_orders, BOOL, "Credit limit stops orders",
        "Limit kredytowy wstrzymuje zamówienia", .initial = "true"),
    KT_FIELD(setting, rate_before, BOOL, "Documents at the rate of the day before",
        "Dokumenty po kursie z dnia poprzedniego",
        .help = {"Of the tax point, or of the payment; else that day's.",
            "Przed dniem obowiązku podatkowego lub zapłaty; inaczej z tego dnia."}),
    KT_FIELD(setting, tax_every, STATE, "Tax is declared for each", "Okres rozliczenia VAT",
        .choices = tax_everies,
        .help = {"The forecast of cash counts what is to pay. Empty: it does not.",
            "Prognoza gotówki liczy, co trzeba zapłacić. Puste: nie liczy."}),
    KT_FIELD(setting, tax_due, INT, "Tax is due on day", "Dzień zapłaty VAT", .initial = "25",
        .help = {"Of the month after the period: 1 to 28.", "Miesiąca po okresie: od 1 do 28."}));

kt_error *setting_compute(kt_tx *tx, kt_record *self)
{
    struct setting *s = KT_AS(setting, self);
    KT_TRY(keep_company(tx, self));
    if (!s->tax_due)
        s->tax_due = TAX_DUE;
    if (s->tax_due >= 1 && s->tax_due <= 28)
        return NULL;
    return kt_fail(tx, KT_VALIDATION, "tax_due", "%lld is not within 1 to 28",
        "%lld nie mieści się między 1 a 28", (long long)s->tax_due);
}

kt_date tax_period(enum tax_every every, kt_date day, int later)
{
    const int months = every == TAX_QUARTERLY ? 3 : 1;
    int year, month, of_month;
    kt_date_parts(day, &year, &month, &of_month);
    int at = ((year * 12 + month - 1) / months + later) * months;
    return kt_date_make(at / 12, at % 12 + 1, 1);
}

kt_error *setting_of(kt_tx *tx, struct setting *setting)
{
    kt_cursor *cursor;
    *setting = (struct setting){KT_OF(setting), .tolerance = money(100), .price_tolerance = KT_DEC(200, 2),
        .limit_orders = true, .tax_due = TAX_DUE};
    struct setting found = {KT_OF(setting)};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_open(tx, &(kt_query){&setting_shape, NULL, "id", 1}, &cursor);
    if (!error) {
        if (kt_next(cursor, &found.rec))
            *setting = found;
        error = kt_close(cursor);
    }
    kt_callers_authority(tx, before);
    if (!setting->tax_due)
        setting->tax_due = TAX_DUE;
    return error;
}
