/* Money that comes or goes regularly without an order: wages, rent, instalments of a loan. Nothing is posted of it; the
 * forecast of cash counts on it. */
#include "report/report.h"

static const kt_choice directions[] = {
    {REGULAR_OUT, "out", {"Paid", "Wypłata"}},
    {REGULAR_IN, "in", {"Received", "Wpływ"}},
    {0},
};
const kt_choice regular_rhythms[] = {
    {WEEKLY, "week", {"Every week", "Co tydzień"}},
    {EACH_MONTH, "month", {"Every month", "Co miesiąc"}},
    {EACH_QUARTER, "quarter", {"Every quarter", "Co kwartał"}},
    {EACH_YEAR, "year", {"Every year", "Co rok"}},
    {0},
};
const kt_shape regular_shape = KT_SHAPE(regular, "finance.regular_payment",
    KT_FIELD(regular, name, STRING, "What for", "Za co", .required = true, .max = 120, .searchable = true,
        .priority = 1),
    KT_FIELD(regular, direction, STATE, "Direction", "Kierunek", .choices = directions, .initial = "out",
        .priority = 2),
    KT_FIELD(regular, amount, MONEY, "Amount", "Kwota", .scale = 2, .required = true, .priority = 3),
    KT_FIELD(regular, currency, REF, "Currency", "Waluta", .target = "base.currency",
        .help = {"Empty: the company's.", "Puste: waluta firmy."}),
    KT_FIELD(regular, party, REF, "Party", "Kontrahent", .target = "base.party", .on_delete = KT_CLEAR),
    KT_FIELD(regular, first, DATE, "First on", "Pierwszy raz", .required = true, .initial = "today",
        .priority = 4),
    KT_FIELD(regular, every, STATE, "How often", "Jak często", .choices = regular_rhythms, .initial = "month",
        .priority = 5),
    KT_FIELD(regular, until, DATE, "Last on", "Ostatni raz", .priority = 6),
    KT_FIELD(regular, active, BOOL, "Active", "Aktywna", .initial = "true"));

kt_error *regular_compute(kt_tx *tx, kt_record *self)
{
    const struct regular *r = KT_AS(regular, self);
    kt_error *all = keep_company(tx, self);
    if (r->amount.scale1 && r->amount.coef <= 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "amount", "must be above zero", "musi być większe od zera"));
    if (r->until.day && r->until.day < r->first.day)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "until", "ends before it begins", "kończy się przed początkiem"));
    return all;
}

/* The 31st is the last day of a shorter month, and the 31st again in the next. */
static kt_date months_later(kt_date first, int64_t months)
{
    int year, month, day;
    kt_date found = {0};
    kt_date_parts(first, &year, &month, &day);
    int64_t at = (int64_t)year * 12 + month - 1 + months;
    while (!found.day && day > 0)
        found = kt_date_make((int)(at / 12), (int)(at % 12) + 1, day--);
    return found;
}

kt_date regular_day(const struct regular *r, int64_t time)
{
    static const int months[] = {[EACH_MONTH] = 1, [EACH_QUARTER] = 3, [EACH_YEAR] = 12};
    kt_date day = r->every == WEEKLY ? kt_date_add(r->first, (int32_t)time * 7)
                                     : months_later(r->first, time * months[r->every]);
    return r->until.day && day.day > r->until.day ? (kt_date){0} : day;
}
