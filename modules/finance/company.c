/* The company whose books are meant, its currency, and amounts of others in it. */
#include <string.h>

#include <kontor/currency.h>
#include <kontor/documents.h>

#include "finance.h"

struct seen_company {
    kt_record rec;
    kt_str name;
    kt_id currency;
};
static const kt_shape seen_company_shape = KT_SHAPE(seen_company, "base.company",
    KT_BIND(seen_company, name, STRING, "name"), KT_BIND(seen_company, currency, REF, "currency"));

struct seen_currency {
    kt_record rec;
    kt_str code;
    int64_t decimals;
};
static const kt_shape seen_currency_shape = KT_SHAPE(seen_currency, "base.currency",
    KT_BIND(seen_currency, code, STRING, "code"), KT_BIND(seen_currency, decimals, INT, "decimals"));

enum { BOOKS_DIGITS = 2 };

static kt_error *read_currency(kt_tx *tx, kt_id currency, struct seen_currency *c)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_read(tx, currency, &c->rec);
    kt_callers_authority(tx, before);
    return error;
}

kt_error *currency_digits(kt_tx *tx, kt_id currency, uint8_t *digits)
{
    struct seen_currency c = {KT_OF(seen_currency), .decimals = BOOKS_DIGITS};
    if (currency.v)
        KT_TRY(read_currency(tx, currency, &c));
    *digits = c.decimals < BOOKS_DIGITS ? (uint8_t)c.decimals : BOOKS_DIGITS;
    return NULL;
}

kt_error *digits_fit(kt_tx *tx, const char *path, kt_dec amount, kt_id currency)
{
    struct seen_currency c = {KT_OF(seen_currency)};
    uint8_t digits;
    KT_TRY(currency_digits(tx, currency, &digits));
    if (!amount.scale1 || same_dec(kt_dec_round(amount, digits), amount))
        return NULL;
    if (currency.v)
        KT_TRY(read_currency(tx, currency, &c));
    const bool finer = c.decimals > BOOKS_DIGITS;
    return kt_hint(kt_fail(tx, KT_VALIDATION, path,
                       "%s in %s cannot be booked: the books keep %d digits after the point",
                       "kwoty %s w %s nie da się zaksięgować: liczba miejsc po przecinku w księgach to %d",
                       kt_dec_text(tx, amount, 0).ptr, c.code.ptr ? c.code.ptr : "", digits),
        finer ? "Of a currency with three (KWD, BHD, TND, JOD, OMR) amounts are booked that have no third "
                "one: agree on prices and tax without it, or bill in another currency."
              : "Give an amount as its currency has them.",
        finer ? "W walucie o trzech miejscach (KWD, BHD, TND, JOD, OMR) księguje się kwoty bez trzeciego: "
                "uzgodnij takie ceny i podatek albo fakturuj w innej walucie."
              : "Podaj kwotę taką, jakie ma jej waluta.");
}

kt_dec share_of(kt_dec whole, kt_dec part, kt_dec of)
{
    kt_dec parts[2], weights[2] = {part, kt_dec_sub(of, part)};
    if (sign_of(weights[0]) < 0 || sign_of(weights[1]) < 0 || !of.coef) /* a row that deducts */
        return kt_dec_div(kt_dec_mul(whole, part, 4), of, 2);
    kt_dec_split(kt_dec_round(whole, 2), weights, 2, parts);
    return parts[0];
}

kt_error *days_check(kt_tx *tx, kt_date from, kt_date to)
{
    return from.day <= to.day
               ? NULL
               : kt_fail(tx, KT_VALIDATION, "to", "is before the beginning", "jest przed początkiem");
}

kt_error *not_before(kt_tx *tx, kt_date day, kt_date first)
{
    int year, month, of_month;
    if (day.day >= first.day)
        return NULL;
    kt_date_parts(first, &year, &month, &of_month);
    return kt_hint(kt_fail(tx, KT_RULE, "day", "is before what it takes back, of %04d-%02d-%02d",
                       "jest przed tym, co cofa, z dnia %04d-%02d-%02d", year, month, of_month),
        "The books of the days between would tell what never was.",
        "Księgi z dni pomiędzy mówiłyby o czymś, czego nie było.");
}

bool same_dec(kt_dec a, kt_dec b)
{
    return kt_dec_cmp(known(a), known(b)) == 0;
}

bool same_str(kt_str a, kt_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static kt_error *only_company(kt_tx *tx, struct seen_company *company)
{
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&seen_company_shape, NULL, "id", 2}, &cursor));
    struct seen_company other = {KT_OF(seen_company)};
    bool found = kt_next(cursor, &company->rec), more = found && kt_next(cursor, &other.rec);
    KT_TRY(kt_close(cursor));
    if (!found)
        return kt_hint(kt_fail(tx, KT_RULE, NULL, "there is no company whose books could be kept",
                           "nie ma firmy, której księgi można prowadzić"),
            "Enter it in base.company, with its currency.", "Wpisz ją w base.company, z walutą.");
    if (more)
        return kt_hint(kt_fail(tx, KT_RULE, "company", "there are several companies and none is chosen",
                           "jest kilka firm, a żadnej nie wybrano"),
            "Choose the company whose books are meant.", "Wybierz firmę, o której księgi chodzi.");
    return NULL;
}

kt_error *house_of(kt_tx *tx, struct house *house)
{
    struct seen_company company = {KT_OF(seen_company)};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_company(tx).v ? kt_read(tx, kt_company(tx), &company.rec)
                                       : only_company(tx, &company);
    kt_callers_authority(tx, before);
    KT_TRY(error);
    if (!company.currency.v)
        return kt_hint(kt_fail(tx, KT_RULE, "currency", "the company has no currency", "firma nie ma waluty"),
            "Set base.company.currency: the books are kept in it.",
            "Ustaw base.company.currency: w niej prowadzi się księgi.");
    *house = (struct house){company.rec.id, company.currency, company.name};
    return NULL;
}

kt_error *keep_company(kt_tx *tx, kt_record *self)
{
    struct house house;
    if (self->company.v || kt_company(tx).v)
        return NULL;
    KT_TRY(house_of(tx, &house));
    self->company = house.company;
    return NULL;
}

kt_error *exchange(kt_tx *tx, const char *path, kt_dec amount, kt_id from, kt_id to, kt_date day, kt_dec *out)
{
    const kt_currencies *currencies = kt_currencies_find(tx);
    *out = kt_dec_round(amount, 2);
    if (from.v == to.v || !from.v || !to.v)
        return NULL;
    if (!currencies)
        return kt_fail(tx, KT_UNAVAILABLE, path, "no module has exchange rates", "żaden moduł nie ma kursów");
    uint8_t digits;
    KT_TRY(currency_digits(tx, to, &digits));
    kt_authority before = kt_own_authority(tx);
    kt_error *error = currencies->convert(tx, amount, from, to, day, digits, out);
    kt_callers_authority(tx, before);
    KT_TRY(error);
    if (out->scale1) {
        *out = kt_dec_round(*out, 2);
        return NULL;
    }
    return kt_hint(
        kt_fail(tx, KT_RULE, path, "there is no exchange rate for this day", "nie ma kursu na ten dzień"),
        "Enter a rate of this day or an earlier one in base.currency_rate.",
        "Wpisz kurs z tego dnia lub wcześniejszy w base.currency_rate.");
}

kt_error *to_house(kt_tx *tx, const struct house *house, const char *path, kt_dec amount, kt_id currency,
    kt_date day, kt_dec *out)
{
    return exchange(tx, path, amount, currency.v ? currency : house->currency, house->currency, day, out);
}
