/* The companies whose books this database keeps: usually one. */
#include <string.h>

#include "bank_account.h"
#include "base.h"
#include "identifiers.h"
#include "tax.h"

enum company_language { POLISH = 1, ENGLISH };
static const kt_choice company_languages[] = {
    {POLISH, "pl", {"Polish", "polski"}}, {ENGLISH, "en", {"English", "angielski"}}, {0}};

static const kt_choice roundings[] = {
    {KT_TAX_BY_LINE, "line", {"By line", "Na pozycji"}},
    {KT_TAX_BY_DOCUMENT, "document", {"By document", "Na dokumencie"}},
    {0},
};

struct company {
    kt_record rec;
    kt_str name, legal_name, tax_id, regon, zone, street, city, postal_code, email, phone, website;
    enum company_language lang;
    kt_tax_rounding tax_rounding;
    kt_id currency, country, calendar;
    kt_lines bank_accounts;
};
const kt_shape company_shape = KT_SHAPE(company, "base.company",
    KT_FIELD(company, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 100,
        .searchable = true, .priority = 1),
    KT_FIELD(company, legal_name, STRING, "Legal name", "Nazwa prawna", .max = 200, .searchable = true),
    KT_FIELD(company, tax_id, STRING, "Tax id", "NIP", .max = 20, .priority = 2),
    KT_FIELD(company, regon, STRING, "REGON", "REGON", .max = 20),
    KT_FIELD(company, currency, REF, "Currency", "Waluta", .target = "base.currency", .priority = 3,
        .help = {"In which the books are kept.", "W której prowadzone są księgi."}),
    KT_FIELD(company, zone, STRING, "Time zone", "Strefa czasowa", .max = 60, .initial = "Europe/Warsaw",
        .help = {"Decides which day it is.", "Rozstrzyga, który jest dzień."}),
    KT_FIELD(company, lang, STATE, "Language", "Język", .choices = company_languages, .initial = "pl"),
    KT_FIELD(company, tax_rounding, STATE, "Rounding of tax", "Zaokrąglanie podatku", .choices = roundings,
        .initial = "document",
        .help = {"Of documents made from now on: each keeps the one that it was made with.",
            "Dla nowych dokumentów: każdy zachowuje to, z którym powstał."}),
    KT_FIELD(company, calendar, REF, "Working days", "Dni robocze", .target = "base.calendar",
        .on_delete = KT_CLEAR),
    KT_FIELD(company, street, STRING, "Street", "Ulica", .max = 200),
    KT_FIELD(company, postal_code, STRING, "Postal code", "Kod pocztowy", .max = 20),
    KT_FIELD(company, city, STRING, "City", "Miejscowość", .max = 100, .priority = 4),
    KT_FIELD(company, country, REF, "Country", "Kraj", .target = "base.country"),
    KT_FIELD(company, email, STRING, "E-mail", "E-mail", .max = 320),
    KT_FIELD(company, phone, STRING, "Telephone", "Telefon", .max = 40),
    KT_FIELD(company, website, STRING, "Website", "Strona WWW", .max = 200),
    KT_FIELD(company, bank_accounts, LINES, "Bank accounts", "Rachunki bankowe", .lines = &bank_account_shape,
        .max = 20,
        .help = {"Invoices show the one of their currency, else the first.",
            "Faktury pokazują rachunek w swojej walucie, a jeśli go nie ma, pierwszy."}));

/* ---- Its currency ---- */

enum { OWN_DIGITS = 2 }; /* that values of goods, costs and books have, in all departments */

struct own_currency {
    kt_record rec;
    kt_str code;
    int64_t decimals;
};
static const kt_shape own_currency_shape = KT_SHAPE(own_currency, "base.currency",
    KT_BIND(own_currency, code, STRING, "code"), KT_BIND(own_currency, decimals, INT, "decimals"));

/* Real money finer than that (ISO 4217, minor unit 3 or 4). Dollars of four digits are somebody's prices: they are paid in cents. */
static bool is_paid_finer(kt_str code)
{
    static const char *const fine[] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND", "CLF", "UYW"};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        if (code.ptr && strcmp(code.ptr, fine[i]) == 0)
            return true;
    return false;
}

static bool is_too_fine(kt_str code, int64_t decimals)
{
    return decimals > OWN_DIGITS && is_paid_finer(code);
}

static kt_error *too_fine(kt_tx *tx, const char *path, kt_str code, int64_t decimals)
{
    return kt_hint(kt_fail(tx, KT_VALIDATION, path,
                       "%s has %lld digits after the point: a company's own currency may have two at most",
                       "%s ma %lld miejsca po przecinku: własna waluta firmy może mieć najwyżej dwa",
                       code.ptr ? code.ptr : "", (long long)decimals),
        "What goods are worth, costs and books are kept with two digits. Choose a currency that is paid with "
        "no more; orders and quotations may be in any.",
        "Wartość towaru, koszty i księgi mają dwa miejsca. Wybierz walutę, która nie ma ich więcej; "
        "zamówienia i oferty mogą być w każdej.");
}

/* Chosen before it was looked at, it stays. */
static kt_error *check_currency(kt_tx *tx, const struct company *c)
{
    struct company was = {KT_OF(company)};
    struct own_currency own = {KT_OF(own_currency)};
    if (c->rec.id.v)
        KT_TRY(kt_read(tx, c->rec.id, &was.rec));
    if (!c->currency.v || c->currency.v == was.currency.v)
        return NULL;
    if (kt_read(tx, c->currency, &own.rec))
        return NULL; /* a missing one is the model's to refuse */
    return is_too_fine(own.code, own.decimals) ? too_fine(tx, "currency", own.code, own.decimals) : NULL;
}

kt_error *company_keeps_currency(kt_tx *tx, kt_id currency, kt_str code, int64_t decimals)
{
    const kt_where where[] = {KT_WHERE(company, currency, KT_EQ, currency), {0}};
    kt_found found;
    if (!is_too_fine(code, decimals) || !currency.v)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = kt_find(tx, &(kt_query){.of = &company_shape, .where = where}, 1, &found);
    kt_callers_authority(tx, before);
    return e ? e : found.count > 0 ? too_fine(tx, "decimals", code, decimals) : NULL;
}

kt_error *company_compute(kt_tx *tx, kt_record *self)
{
    struct company *c = KT_AS(company, self);
    kt_error *all = NULL;
    kt_authority before = kt_own_authority(tx);
    kt_also(&all, check_currency(tx, c));
    kt_callers_authority(tx, before);
    if (c->tax_id.ptr) {
        kt_str code = {0};
        KT_TRY(country_code(tx, c->country, &code));
        kt_also(&all, tax_id_check(tx, "tax_id", code.ptr, &c->tax_id));
    }
    if (c->regon.ptr)
        kt_also(&all, identifier_check(tx, "regon", ID_REGON, &c->regon));
    kt_also(&all, bank_accounts_check(tx, &c->bank_accounts));
    return all;
}

/* ---- The company that is meant, looked for once in a transaction ---- */

static const char first_key;

static kt_error *find_first(kt_tx *tx, kt_id *company)
{
    kt_found found;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = kt_find(tx, &(kt_query){.of = &company_shape, .sort = "id"}, 1, &found);
    kt_callers_authority(tx, before);
    *company = !e && found.count ? found.ids[0] : (kt_id){0};
    return e;
}

static kt_error *keep_first(kt_tx *tx, kt_id company)
{
    kt_memory before = kt_lasting_memory(tx);
    kt_id *first = kt_alloc(tx, sizeof *first);
    KT_TRY(kt_callers_memory(tx, before, first ? NULL : kt_no_memory()));
    *first = company;
    return kt_keep(tx, &first_key, first);
}

kt_error *company_own(kt_tx *tx, kt_id *company)
{
    const kt_id *first = kt_kept(tx, &first_key);
    *company = kt_company(tx);
    if (!company->v && first)
        *company = *first;
    if (company->v)
        return NULL;
    KT_TRY(find_first(tx, company));
    return company->v ? keep_first(tx, *company) : NULL;
}

kt_error *company_deleted(kt_tx *tx, const kt_event *event)
{
    (void)event;
    return kt_kept(tx, &first_key) ? kt_keep(tx, &first_key, NULL) : NULL;
}
