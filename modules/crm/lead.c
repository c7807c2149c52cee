/* Leads: people and firms that showed interest, before they are customers. */
#include <kontor/parties.h>

#include "crm.h"
#include "sales/sales.h"

const kt_choice lead_states[] = {
    {NEW, "new", {"New", "Nowy"}, "open"},
    {CONTACTED, "contacted", {"Contacted", "Nawiązano kontakt"}, "open"},
    {QUALIFIED, "qualified", {"Qualified", "Zakwalifikowany"}, "open"},
    {CONVERTED, "converted", {"Converted", "Przekształcony"}, "won"},
    {UNQUALIFIED, "unqualified", {"Unqualified", "Odrzucony"}, "lost"},
    {0},
};

static const kt_choice reaches[] = {
    {PHONE, "phone", {"Telephone", "Telefon"}},
    {EMAIL, "email", {"E-mail", "E-mail"}},
    {SITE, "site", {"Website", "Strona WWW"}},
    {MESSENGER, "messenger", {"Messenger", "Komunikator"}},
    {FAX, "fax", {"Fax", "Faks"}},
    {0},
};
static const kt_choice reach_uses[] = {
    {AT_WORK, "work", {"Work", "Służbowy"}},
    {MOBILE, "mobile", {"Mobile", "Komórkowy"}},
    {AT_HOME, "home", {"Home", "Domowy"}},
    {OTHER_USE, "other", {"Other", "Inny"}},
    {0},
};
const kt_shape lead_contact_shape = KT_SHAPE(lead_contact, NULL,
    KT_FIELD(
        lead_contact, kind, STATE, "Kind", "Rodzaj", .choices = reaches, .initial = "phone", .priority = 1),
    KT_FIELD(lead_contact, value, STRING, "Number or address", "Numer lub adres", .mask = "contact",
        .required = true, .max = 320, .searchable = true, .personal = true, .priority = 2),
    KT_FIELD(
        lead_contact, use, STATE, "Use", "Użycie", .choices = reach_uses, .initial = "work", .priority = 3),
    KT_FIELD(lead_contact, note, STRING, "Note", "Uwaga", .max = 200, .personal = true));

const kt_shape lead_shape = KT_SHAPE(lead, "crm.lead",
    KT_FIELD(lead, title, STRING, "Title", "Tytuł", .required = true, .max = 200, .searchable = true,
        .priority = 1),
    KT_FIELD(lead, state, STATE, "State", "Stan", .choices = lead_states, .indexed = true, .priority = 2),
    KT_FIELD(lead, name, STRING, "Person", "Osoba", .max = 200, .searchable = true, .priority = 3,
        .help = {"Made of first, middle and last name if left empty.",
            "Tworzona z imion i nazwiska, jeśli pusta."}),
    KT_FIELD(lead, honorific, STRING, "Form of address", "Zwrot grzecznościowy", .max = 40),
    KT_FIELD(lead, first_name, STRING, "First name", "Imię", .max = 80),
    KT_FIELD(lead, middle_name, STRING, "Middle name", "Drugie imię", .max = 80),
    KT_FIELD(lead, last_name, STRING, "Last name", "Nazwisko", .max = 80),
    KT_FIELD(lead, birth_date, DATE, "Date of birth", "Data urodzenia", .personal = true),
    KT_FIELD(lead, company_name, STRING, "Firm", "Firma", .max = 200, .searchable = true, .priority = 4),
    KT_FIELD(lead, position, STRING, "Position", "Stanowisko", .max = 100),
    KT_FIELD(lead, phone, STRING, "Telephone", "Telefon", .mask = "contact", .max = 40, .searchable = true,
        .personal = true, .priority = 5),
    KT_FIELD(lead, email, STRING, "E-mail", "E-mail", .mask = "contact", .max = 254, .searchable = true,
        .personal = true, .indexed = true, .priority = 6),
    KT_FIELD(lead, phone_use, STATE, "Telephone's use", "Użycie telefonu", .choices = reach_uses),
    KT_FIELD(lead, email_use, STATE, "E-mail's use", "Użycie e-maila", .choices = reach_uses),
    KT_FIELD(lead, contacts, LINES, "More contacts", "Więcej kontaktów", .lines = &lead_contact_shape,
        .max = 50,
        .help = {"Besides the first telephone and e-mail.", "Oprócz pierwszego telefonu i e-maila."}),
    KT_FIELD(lead, phone_normal, STRING, "Telephone, digits", "Telefon, cyfry", .mask = "contact", .max = 40,
        .computed = true, .indexed = true, .personal = true),
    KT_FIELD(lead, tax_id, STRING, "Tax id", "NIP / numer VAT", .mask = "tax", .max = 30, .indexed = true),
    KT_FIELD(lead, street, STRING, "Street", "Ulica", .max = 200),
    KT_FIELD(lead, street2, STRING, "Street, second line", "Ulica, druga linia", .max = 200),
    KT_FIELD(lead, postal_code, STRING, "Postal code", "Kod pocztowy", .max = 20),
    KT_FIELD(lead, city, STRING, "City", "Miejscowość", .max = 100),
    KT_FIELD(lead, region_name, STRING, "Region", "Region", .max = 100),
    KT_FIELD(lead, country, REF, "Country", "Kraj", .target = "base.country"),
    KT_FIELD(lead, source, STRING, "Source", "Źródło", .max = 80, .indexed = true, .priority = 7),
    KT_FIELD(lead, campaign, STRING, "Campaign", "Kampania", .max = 80, .indexed = true), UTM_FIELDS(lead),
    KT_FIELD(lead, amount, MONEY, "Expected amount", "Spodziewana kwota", .scale = 2),
    KT_FIELD(lead, amount_manual, BOOL, "Amount by hand", "Kwota wpisana ręcznie",
        .help = {"Else the lines, if there are any, make the amount.",
            "W przeciwnym razie kwotę dają pozycje, jeśli są."}),
    KT_FIELD(lead, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(lead, lines, LINES, "Lines", "Pozycje", .lines = &plain_line_shape, .max = 500),
    KT_FIELD(lead, tax_included, BOOL, "Prices include tax", "Ceny z podatkiem"),
    KT_FIELD(lead, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR, .priority = 8),
    KT_FIELD(lead, text, TEXT, "Description", "Opis", .searchable = true, .personal = true),
    KT_FIELD(lead, unqualified_reason, STRING, "Why unqualified", "Powód odrzucenia", .max = 200,
        .show_if = "[[\"state\",\"=\",\"unqualified\"]]"),
    KT_FIELD(lead, party, REF, "Customer", "Klient", .target = "base.party", .on_delete = KT_CLEAR,
        .help = {"Known already, or made by conversion.", "Już znany albo utworzony przy przekształceniu."}),
    KT_FIELD(
        lead, deal, REF, "Deal", "Szansa", .target = "crm.deal", .computed = true, .on_delete = KT_CLEAR),
    KT_FIELD(lead, converted_at, TIME, "Converted at", "Przekształcono", .computed = true, .indexed = true));

static kt_str joined(kt_tx *tx, kt_str a, kt_str b)
{
    return a.ptr && b.ptr ? kt_format(tx, "%s %s", a.ptr, b.ptr) : a.ptr ? a : b;
}

kt_error *lead_compute(kt_tx *tx, kt_record *self)
{
    struct lead *l = KT_AS(lead, self);
    const kt_parties *parties = kt_parties_find(tx);
    kt_error *all = NULL;
    if (!parties) /* base is needed and offers it: only while it is being replaced */
        return kt_fail(tx, KT_UNAVAILABLE, NULL, "contacts cannot be checked now",
            "nie można teraz sprawdzić kontaktów");
    if (!l->name.ptr)
        l->name = joined(tx, joined(tx, l->first_name, l->middle_name), l->last_name);
    l->phone_normal = (kt_str){0};
    if (l->phone.ptr) {
        l->phone_normal = parties->phone_normal(tx, l->phone);
        if (!l->phone_normal.ptr)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, "phone", "\"%s\" is no telephone number",
                              "„%s” to nie numer telefonu", l->phone.ptr));
    }
    if (l->email.ptr) {
        kt_str normal = parties->email_normal(tx, l->email);
        if (normal.ptr)
            l->email = normal;
        else
            kt_also(&all, kt_fail(tx, KT_VALIDATION, "email", "\"%s\" is no e-mail address",
                              "„%s” to nie adres e-mail", l->email.ptr));
    }
    kt_also(&all, lead_lines_compute(tx, l));
    return all;
}

struct disqualify {
    kt_record rec;
    kt_str reason;
};
static const kt_shape disqualify_shape = KT_SHAPE(
    disqualify, NULL, KT_FIELD(disqualify, reason, STRING, "Reason", "Powód", .required = true, .max = 200));

static kt_error *lead_disqualify(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    KT_AS(lead, self)->unqualified_reason = KT_SEE(disqualify, params)->reason;
    return NULL;
}

static kt_error *lead_reopen(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    (void)params;
    KT_AS(lead, self)->unqualified_reason = (kt_str){0};
    return NULL;
}

#define LEAD_OPEN (KT_IN(NEW) | KT_IN(CONTACTED) | KT_IN(QUALIFIED))
const kt_action lead_actions[] = {
    {"contact", {"Contacted", "Nawiązano kontakt"}, "update", KT_IN(NEW), CONTACTED},
    {"qualify", {"Qualify", "Zakwalifikuj"}, "update", KT_IN(NEW) | KT_IN(CONTACTED), QUALIFIED},
    {"disqualify", {"Disqualify", "Odrzuć"}, "update", LEAD_OPEN, UNQUALIFIED, &disqualify_shape,
        lead_disqualify},
    {"reopen", {"Reopen", "Wznów"}, "update", KT_IN(UNQUALIFIED), NEW, .run = lead_reopen},
    {"restart", {"Back to new", "Z powrotem do nowych"}, "update", KT_IN(CONTACTED) | KT_IN(QUALIFIED), NEW},
    {"convert", {"Convert", "Przekształć"}, "convert", LEAD_OPEN, CONVERTED, &lead_convert_shape,
        lead_convert, &lead_converted_shape, lead_converted_answer, .preview = true},
    {0},
};
