/* Currencies and their dated rates.
 * source: a quotation BASE/CURRENCY r means that one unit of BASE costs r units of CURRENCY */
#include <kontor/currency.h>

#include "base.h"

struct currency {
    kt_record rec;
    kt_str code, name, symbol;
    int64_t decimals;
};
const kt_shape currency_shape = KT_SHAPE(currency, "base.currency",
    KT_FIELD(currency, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 3,
        .searchable = true, .priority = 1, .help = {"Three letters, ISO 4217.", "Trzy litery, ISO 4217."}),
    KT_FIELD(currency, name, STRING, "Name", "Nazwa", .max = 80, .searchable = true, .priority = 2),
    KT_FIELD(currency, decimals, INT, "Decimals", "Miejsca po przecinku", .initial = "2",
        .help = {"How many digits amounts have after the point: PLN 2, JPY 0.",
            "Ile cyfr po przecinku mają kwoty: PLN 2, JPY 0."}),
    KT_FIELD(currency, symbol, STRING, "Symbol", "Symbol", .max = 8, .priority = 3));

struct currency_rate {
    kt_record rec;
    kt_id currency, base;
    kt_date day;
    kt_dec rate, closing_rate;
};
const kt_shape currency_rate_shape = KT_SHAPE(currency_rate, "base.currency_rate",
    KT_FIELD(currency_rate, day, DATE, "Day", "Dzień", .required = true, .indexed = true, .priority = 1),
    KT_FIELD(currency_rate, base, REF, "Base currency", "Waluta bazowa", .target = "base.currency",
        .required = true, .priority = 2),
    KT_FIELD(currency_rate, currency, REF, "Currency", "Waluta", .target = "base.currency", .required = true,
        .priority = 3),
    KT_FIELD(currency_rate, rate, RATE, "Rate", "Kurs", .scale = 6, .required = true, .priority = 4,
        .help =
            {"Units of the currency for one unit of the base: base EUR, currency PLN, 4.25 = one euro costs "
             "4.25 zloty.",
                "Ile jednostek waluty za jedną jednostkę bazowej: bazowa EUR, waluta PLN, 4.25 = jedno euro "
                "kosztuje "
                "4,25 zł."}),
    KT_FIELD(currency_rate, closing_rate, RATE, "Closing rate", "Kurs zamknięcia", .scale = 6));

struct currency_convert { /* the parameters of base.currency.convert */
    kt_record rec;
    kt_dec amount;
    kt_id from, to;
    kt_date day;
};
const kt_shape currency_convert_shape = KT_SHAPE(currency_convert, NULL,
    KT_FIELD(currency_convert, amount, MONEY, "Amount", "Kwota", .scale = 4, .required = true),
    KT_FIELD(currency_convert, from, REF, "From", "Z waluty", .target = "base.currency", .required = true),
    KT_FIELD(currency_convert, to, REF, "To", "Na walutę", .target = "base.currency", .required = true),
    KT_FIELD(currency_convert, day, DATE, "Day", "Dzień", .initial = "today",
        .help = {"The latest rate on or before this day is taken.", "Brany jest ostatni kurs z tego dnia lub "
                                                                    "wcześniejszy."}));
struct currency_converted {
    kt_record rec;
    kt_dec amount, rate;
    kt_date rate_day;
};
const kt_shape currency_converted_shape = KT_SHAPE(currency_converted, NULL,
    KT_FIELD(currency_converted, amount, MONEY, "Amount", "Kwota", .scale = 4,
        .help = {"Rounded to the decimals of the currency.", "Zaokrąglona do miejsc po przecinku waluty."}),
    KT_FIELD(currency_converted, rate, RATE, "Rate", "Kurs", .scale = 9),
    KT_FIELD(currency_converted, rate_day, DATE, "Day of the rate", "Dzień kursu"));

static bool is_code(kt_str code)
{
    for (size_t i = 0; i < code.len; i++)
        if (code.ptr[i] < 'A' || code.ptr[i] > 'Z')
            return false;
    return code.len == 3;
}

kt_error *currency_compute(kt_tx *tx, kt_record *self)
{
    const struct currency *c = KT_AS(currency, self);
    kt_error *all = NULL;
    if (c->code.ptr && !is_code(c->code))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "code", "\"%s\" is no code of three capital letters",
                          "„%s” to nie kod z trzech wielkich liter", c->code.ptr));
    if (c->decimals < 0 || c->decimals > 4)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "decimals", "%lld is not within 0 to 4",
                          "%lld nie mieści się między 0 a 4", (long long)c->decimals));
    else
        kt_also(&all, company_keeps_currency(tx, c->rec.id, c->code, c->decimals));
    return all;
}

static kt_error *above_zero(kt_tx *tx, const char *path, kt_dec value)
{
    if (value.scale1 == 0 || kt_dec_cmp(value, KT_DEC(0, 0)) > 0)
        return NULL;
    return kt_fail(tx, KT_VALIDATION, path, "a rate is above zero", "kurs jest większy od zera");
}

kt_error *currency_rate_compute(kt_tx *tx, kt_record *self)
{
    const struct currency_rate *r = KT_AS(currency_rate, self);
    kt_error *all = NULL;
    kt_also(&all, above_zero(tx, "rate", r->rate));
    kt_also(&all, above_zero(tx, "closing_rate", r->closing_rate));
    if (r->currency.v && r->currency.v == r->base.v && kt_dec_cmp(r->rate, KT_DEC(1, 0)) != 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "rate", "a currency's rate to itself is 1",
                          "kurs waluty do niej samej wynosi 1"));
    return all;
}

/* A rate as it is recorded: amounts in base times it are amounts in currency. */
typedef struct {
    kt_dec rate;
    kt_date day; /* not set: none was found */
} found_rate;

static kt_error *find_rate(kt_tx *tx, kt_id base, kt_id currency, kt_date day, found_rate *found)
{
    const kt_where where[] = {KT_WHERE(currency_rate, currency, KT_EQ, currency),
        KT_WHERE(currency_rate, base, KT_EQ, base), KT_WHERE(currency_rate, day, KT_LE, day), {0}};
    const kt_query query = {&currency_rate_shape, where, "-day", 1};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &query, &cursor));
    struct currency_rate r = {KT_OF(currency_rate)};
    if (kt_next(cursor, &r.rec))
        *found = (found_rate){r.rate, r.day};
    return kt_close(cursor);
}

/* How to get from one currency to the other: amount * times / by. */
typedef struct {
    kt_dec times, by;
    kt_date day;
} route;

static const kt_dec one = {1, 1};

static kt_error *find_direct(kt_tx *tx, kt_id from, kt_id to, kt_date day, route *out)
{
    found_rate forth = {0}, back = {0};
    KT_TRY(find_rate(tx, from, to, day, &forth));
    KT_TRY(find_rate(tx, to, from, day, &back));
    if (forth.day.day && forth.day.day >= back.day.day)
        *out = (route){forth.rate, one, forth.day};
    else if (back.day.day)
        *out = (route){one, back.rate, back.day};
    return NULL;
}

/* Through a base that both have rates to: every base is tried, the one with the later rates wins. */
static kt_error *find_through(kt_tx *tx, kt_id from, kt_id to, kt_date day, route *out)
{
    const kt_query query = {&currency_shape, NULL, NULL, 0};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &query, &cursor));
    struct currency middle = {KT_OF(currency)};
    kt_error *error = NULL;
    while (!error && kt_next(cursor, &middle.rec)) {
        if (middle.rec.id.v == from.v || middle.rec.id.v == to.v)
            continue;
        route first = {0}, second = {0};
        error = find_direct(tx, from, middle.rec.id, day, &first);
        if (!error && first.day.day)
            error = find_direct(tx, middle.rec.id, to, day, &second);
        if (error || !second.day.day)
            continue;
        kt_date older = first.day.day < second.day.day ? first.day : second.day;
        if (older.day <= out->day.day)
            continue;
        *out = (route){kt_dec_mul(first.times, second.times, 9), kt_dec_mul(first.by, second.by, 9), older};
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

/* amount * times / by with as many digits in between as fit. */
static kt_dec apply(kt_dec amount, const route *r, uint8_t decimals)
{
    enum { OVERFLOWED = 255 };
    for (uint8_t scale = KT_DEC_SCALE_MAX; scale > decimals; scale--) {
        kt_dec product = kt_dec_mul(amount, r->times, scale);
        if (product.scale1 != OVERFLOWED)
            return kt_dec_div(product, r->by, decimals);
    }
    return (kt_dec){0, OVERFLOWED};
}

/* day not set in *r: there is no way. */
static kt_error *find_route(kt_tx *tx, kt_id from, kt_id to, kt_date day, route *r)
{
    if (from.v == to.v) {
        *r = (route){one, one, day};
        return NULL;
    }
    KT_TRY(find_direct(tx, from, to, day, r));
    return r->day.day ? NULL : find_through(tx, from, to, day, r);
}

static kt_error *convert(
    kt_tx *tx, kt_dec amount, kt_id from, kt_id to, kt_date day, uint8_t scale, kt_dec *out)
{
    route r = {0};
    *out = (kt_dec){0};
    KT_TRY(find_route(tx, from, to, day, &r));
    if (!r.day.day)
        return NULL;
    *out = apply(amount, &r, scale);
    return out->scale1 <= KT_DEC_SCALE_MAX + 1
               ? NULL
               : kt_fail(tx, KT_LIMIT, "amount", "the amount is too large to be converted",
                     "kwota jest za duża, by ją przeliczyć");
}

struct keeper { /* of books: a company */
    kt_record rec;
    kt_id currency;
};
static const kt_shape keeper_shape = KT_SHAPE(
    keeper, "base.company", KT_BIND(keeper, currency, REF, "currency"));

static kt_error *own_currency(kt_tx *tx, struct keeper *k)
{
    kt_id company;
    KT_TRY(company_own(tx, &company));
    return company.v ? kt_read(tx, company, &k->rec) : NULL;
}

static kt_error *own(kt_tx *tx, kt_id *currency)
{
    struct keeper k = {KT_OF(keeper)};
    kt_authority before = kt_own_authority(tx);
    kt_error *e = own_currency(tx, &k);
    kt_callers_authority(tx, before);
    *currency = k.currency;
    return e;
}

const kt_currencies currencies_service = {.convert = convert, .own = own};

kt_error *currency_convert(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct currency_convert *p = KT_SEE(currency_convert, params);
    struct currency_converted *out = KT_AS(currency_converted, result);
    struct currency from = {KT_OF(currency)}, to = {KT_OF(currency)};
    KT_TRY(kt_read(tx, p->from, &from.rec));
    KT_TRY(kt_read(tx, p->to, &to.rec));
    route r = {0};
    KT_TRY(find_route(tx, p->from, p->to, p->day, &r));
    if (!r.day.day)
        return kt_hint(
            kt_fail(tx, KT_NOT_FOUND, "day", "there is no rate from %s to %s on or before this day",
                "nie ma kursu %s na %s z tego dnia ani wcześniejszego", from.code.ptr, to.code.ptr),
            "Enter a rate in base.currency_rate.", "Wpisz kurs w base.currency_rate.");
    out->amount = kt_dec_round(apply(p->amount, &r, (uint8_t)to.decimals), 4);
    out->rate = kt_dec_div(r.times, r.by, 9);
    out->rate_day = r.day;
    if (out->amount.scale1 > KT_DEC_SCALE_MAX + 1 || out->rate.scale1 > KT_DEC_SCALE_MAX + 1)
        return kt_fail(tx, KT_VALIDATION, "amount", "the amount is too large to be converted",
            "kwota jest za duża, by ją przeliczyć");
    return NULL;
}
