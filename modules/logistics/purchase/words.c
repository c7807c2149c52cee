/* What all files here ask of base: units, currencies, working days, names. */
#include <string.h>

#include <kontor/calendars.h>
#include <kontor/currency.h>

#include "purchase/purchase.h"

const kt_shape reason_given_shape = KT_SHAPE(reason_given, NULL,
    KT_FIELD(reason_given, reason, STRING, "Reason", "Powód", .required = true, .max = 200));

kt_error *own_currency(kt_tx *tx, kt_id *currency)
{
    const kt_currencies *currencies = kt_currencies_find(tx);
    *currency = (kt_id){0};
    return currencies ? currencies->own(tx, currency) : NULL;
}

kt_error *in_own_currency(kt_tx *tx, kt_dec amount, kt_id currency, kt_date day, uint8_t scale, kt_dec *own)
{
    const kt_currencies *currencies = kt_currencies_find(tx);
    kt_id home;
    KT_TRY(own_currency(tx, &home));
    *own = kt_dec_round(amount, scale);
    if (!currencies || !currency.v || !home.v || currency.v == home.v)
        return NULL;
    return currencies->convert(tx, amount, currency, home, day, scale, own);
}

kt_error *in_currency(kt_tx *tx, kt_dec price, kt_id from, kt_id to, kt_date day, kt_dec *out)
{
    const kt_currencies *currencies = kt_currencies_find(tx);
    *out = price;
    if (from.v == to.v || !from.v || !to.v)
        return NULL;
    *out = (kt_dec){0};
    return currencies ? currencies->convert(tx, price, from, to, day, 4, out) : NULL;
}

kt_error *delivery_day(kt_tx *tx, kt_date from, int64_t days, kt_date *day)
{
    const kt_calendars *calendars = kt_calendars_find(tx);
    kt_time at;
    int minute;
    *day = kt_date_add(from, (int32_t)days);
    if (!calendars)
        return NULL;
    KT_TRY(calendars->add(tx, (kt_id){0}, kt_instant(tx, *day, 0), 0, &at));
    *day = kt_local(tx, at, &minute);
    return NULL;
}

struct named_party {
    kt_record rec;
    kt_str name;
};
static const kt_shape named_party_shape = KT_SHAPE(
    named_party, "base.party", KT_BIND(named_party, name, STRING, "name"));

kt_error *party_name(kt_tx *tx, kt_id party, kt_str *name)
{
    struct named_party p = {KT_OF(named_party)};
    *name = KT_STR("");
    if (!party.v)
        return NULL;
    KT_TRY(kt_read(tx, party, &p.rec));
    *name = p.name;
    return NULL;
}

const char *day_words(kt_tx *tx, kt_date day)
{
    kt_str words = kt_date_text(tx, day);
    return words.ptr ? words.ptr : "";
}

const char *path_of(kt_tx *tx, const char *lines, size_t i, const char *field)
{
    return kt_format(tx, "%s[%zu].%s", lines, i, field).ptr;
}

kt_error *not_below(kt_tx *tx, const char *path, kt_dec value, bool zero_too)
{
    if (!value.scale1 || value.coef > 0 || (value.coef == 0 && !zero_too))
        return NULL;
    return zero_too ? kt_fail(tx, KT_VALIDATION, path, "must be above zero", "musi być większe od zera")
                    : kt_fail(tx, KT_VALIDATION, path, "must not be below zero", "nie może być ujemne");
}

bool same_words(kt_str a, kt_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
