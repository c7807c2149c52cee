/* Parties: persons and organisations, with all that one needs to reach, bill and pay them. */
#include <stdio.h>
#include <string.h>

#include "bank_account.h"
#include "base.h"
#include "contact.h"
#include "identifiers.h"
#include "names.h"
#include "place.h"

enum party_kind { PERSON = 1, ORGANISATION };
static const kt_choice party_kinds[] = {{PERSON, "person", {"Person", "Osoba"}},
    {ORGANISATION, "organisation", {"Organisation", "Organizacja"}}, {0}};

enum gender { FEMALE = 1, MALE, UNSPECIFIED };
static const kt_choice genders[] = {
    {FEMALE, "female", {"Female", "Kobieta"}},
    {MALE, "male", {"Male", "Mężczyzna"}},
    {UNSPECIFIED, "unspecified", {"Unspecified", "Nie podano"}},
    {0},
};

enum contact_use { AT_WORK = 1, MOBILE, AT_HOME, OTHER_USE };
static const kt_choice contact_uses[] = {
    {AT_WORK, "work", {"Work", "Służbowy"}},
    {MOBILE, "mobile", {"Mobile", "Komórkowy"}},
    {AT_HOME, "home", {"Home", "Domowy"}},
    {OTHER_USE, "other", {"Other", "Inny"}},
    {0},
};

enum address_use { MAIN = 1, BILLING, SHIPPING, HOME, OTHER_PLACE };
static const kt_choice address_uses[] = {
    {MAIN, "main", {"Main", "Główny"}},
    {BILLING, "billing", {"Billing", "Do faktury"}},
    {SHIPPING, "shipping", {"Shipping", "Dostawy"}},
    {HOME, "home", {"Home", "Domowy"}},
    {OTHER_PLACE, "other", {"Other", "Inny"}},
    {0},
};

struct contact {
    kt_record rec;
    enum contact_kind kind;
    enum contact_use use;
    kt_str value, normal, note;
    bool primary;
};
static const kt_shape contact_shape = KT_SHAPE(contact, NULL,
    KT_FIELD(
        contact, kind, STATE, "Kind", "Rodzaj", .choices = contact_kinds, .initial = "phone", .priority = 1),
    KT_FIELD(contact, value, STRING, "Number or address", "Numer lub adres", .mask = "contact",
        .required = true, .max = 320, .searchable = true, .personal = true, .priority = 2),
    KT_FIELD(contact, use, STATE, "Use", "Użycie", .choices = contact_uses, .initial = "work", .priority = 3),
    KT_FIELD(contact, primary, BOOL, "Primary", "Podstawowy", .priority = 4,
        .help = {"The one to use first, of its kind.",
            "Używany w pierwszej kolejności wśród swego rodzaju."}),
    KT_FIELD(contact, note, STRING, "Note", "Uwaga", .max = 200, .personal = true),
    KT_FIELD(contact, normal, STRING, "Normal form", "Postać znormalizowana", .mask = "contact",
        .computed = true, .indexed = true, .personal = true, .max = 320,
        .help = {
            "Digits of a telephone number with the country's code, an address in small letters: for look-ups "
            "and duplicates.",
            "Cyfry numeru telefonu z kodem kraju, adres małymi literami: do wyszukiwania i duplikatów."}));

struct address {
    kt_record rec;
    enum address_use use;
    kt_str street, street2, city, postal_code, region_name;
    kt_id region, country;
    kt_dec latitude, longitude;
};
static const kt_shape address_shape = KT_SHAPE(address, NULL,
    KT_FIELD(address, use, STATE, "Use", "Rodzaj", .choices = address_uses, .initial = "main", .priority = 1),
    KT_FIELD(address, street, STRING, "Street", "Ulica", .max = 200, .priority = 2, .searchable = true),
    KT_FIELD(address, street2, STRING, "Street, second line", "Ulica, druga linia", .max = 200),
    KT_FIELD(address, postal_code, STRING, "Postal code", "Kod pocztowy", .max = 20, .priority = 3),
    KT_FIELD(address, city, STRING, "City", "Miejscowość", .max = 100, .priority = 4, .searchable = true),
    KT_FIELD(address, region, REF, "Region", "Region", .target = "base.region"),
    KT_FIELD(address, region_name, STRING, "Region (as text)", "Region (opisowo)", .max = 100,
        .help = {"Where the region is not in the list.", "Gdy regionu nie ma na liście."}),
    KT_FIELD(address, country, REF, "Country", "Kraj", .target = "base.country", .priority = 5),
    KT_FIELD(address, latitude, RATE, "Latitude", "Szerokość geograficzna", .scale = 6,
        .help = {"Degrees north, WGS 84.", "Stopnie na północ, WGS 84."}),
    KT_FIELD(address, longitude, RATE, "Longitude", "Długość geograficzna", .scale = 6,
        .help = {"Degrees east, WGS 84.", "Stopnie na wschód, WGS 84."}));

struct identifier {
    kt_record rec;
    enum identifier_kind kind;
    kt_str value;
    kt_id country;
};
static const kt_shape identifier_shape = KT_SHAPE(identifier, NULL,
    KT_FIELD(identifier, kind, STATE, "Kind", "Rodzaj", .choices = identifier_kinds, .required = true,
        .priority = 1),
    KT_FIELD(identifier, value, STRING, "Number", "Numer", .mask = "tax", .required = true, .max = 60,
        .searchable = true, .personal = true, .priority = 2),
    KT_FIELD(identifier, country, REF, "Country", "Kraj", .target = "base.country"));

struct name_key {
    kt_record rec;
    kt_str key;
};
static const kt_shape name_key_shape = KT_SHAPE(name_key, NULL,
    KT_FIELD(name_key, key, STRING, "Key", "Klucz", .computed = true, .indexed = true, .max = 30));

struct party {
    kt_record rec;
    kt_str name, title, first_name, middle_name, last_name, suffix, legal_name, tax_id, regon, pesel;
    kt_str industry, position, language, website, email, phone, city, notes, attributes;
    enum party_kind kind;
    enum gender gender;
    kt_date birth_date;
    kt_id owner, territory, parent, country, tax_position;
    bool is_customer, is_supplier, is_employee, is_competitor, active;
    int64_t credit_rating, email_consent, place;
    kt_dec latitude, longitude;
    kt_lines tags, contacts, addresses, bank_accounts, identifiers, name_keys;
};
const kt_shape party_shape = KT_SHAPE(party, "base.party",
    KT_FIELD(party, name, STRING, "Name", "Nazwa", .required = true, .max = 200, .searchable = true,
        .indexed = true, .priority = 1,
        .help = {"As people call it; of a person made of first and last name if left empty.",
            "Jak się mówi; dla osoby tworzona z imienia i nazwiska, jeśli pusta."}),
    KT_FIELD(party, kind, STATE, "Kind", "Rodzaj", .choices = party_kinds, .initial = "organisation",
        .priority = 2),
    KT_FIELD(party, title, STRING, "Title", "Tytuł", .max = 40, .show_if = "[[\"kind\",\"=\",\"person\"]]"),
    KT_FIELD(party, first_name, STRING, "First name", "Imię", .max = 80, .searchable = true,
        .show_if = "[[\"kind\",\"=\",\"person\"]]"),
    KT_FIELD(party, middle_name, STRING, "Middle name", "Drugie imię", .max = 80,
        .show_if = "[[\"kind\",\"=\",\"person\"]]"),
    KT_FIELD(party, last_name, STRING, "Last name", "Nazwisko", .max = 80, .searchable = true,
        .indexed = true, .show_if = "[[\"kind\",\"=\",\"person\"]]"),
    KT_FIELD(
        party, suffix, STRING, "Suffix", "Przyrostek", .max = 20, .show_if = "[[\"kind\",\"=\",\"person\"]]"),
    KT_FIELD(party, legal_name, STRING, "Legal name", "Nazwa prawna", .max = 200, .searchable = true,
        .show_if = "[[\"kind\",\"=\",\"organisation\"]]"),
    KT_FIELD(party, phone, STRING, "Telephone", "Telefon", .mask = "contact", .computed = true,
        .personal = true, .max = 320, .priority = 3),
    KT_FIELD(party, email, STRING, "E-mail", "E-mail", .mask = "contact", .computed = true, .personal = true,
        .max = 320, .priority = 4),
    KT_FIELD(party, city, STRING, "City", "Miejscowość", .computed = true, .indexed = true, .max = 100,
        .priority = 5),
    KT_FIELD(party, country, REF, "Country", "Kraj", .target = "base.country", .computed = true),
    KT_FIELD(party, tax_id, STRING, "Tax id", "NIP / numer VAT", .mask = "tax", .max = 30, .indexed = true,
        .searchable = true, .priority = 6,
        .help = {"NIP, or a VAT number with the country's prefix.", "NIP albo numer VAT z prefiksem kraju."}),
    KT_FIELD(party, tax_position, REF, "Fiscal position", "Pozycja podatkowa", .target = "base.tax_position",
        .on_delete = KT_CLEAR,
        .help = {"Empty: by country and tax id.", "Puste: według kraju i numeru VAT."}),
    KT_FIELD(party, regon, STRING, "REGON", "REGON", .mask = "tax", .max = 20, .searchable = true,
        .show_if = "[[\"kind\",\"=\",\"organisation\"]]"),
    KT_FIELD(party, pesel, STRING, "PESEL", "PESEL", .mask = "tax", .max = 20, .personal = true,
        .group = "personal", .show_if = "[[\"kind\",\"=\",\"person\"]]"),
    KT_FIELD(party, birth_date, DATE, "Date of birth", "Data urodzenia", .personal = true,
        .group = "personal", .show_if = "[[\"kind\",\"=\",\"person\"]]"),
    KT_FIELD(party, gender, STATE, "Gender", "Płeć", .choices = genders,
        .show_if = "[[\"kind\",\"=\",\"person\"]]"),
    KT_FIELD(party, industry, STRING, "Industry", "Branża", .max = 100, .indexed = true),
    KT_FIELD(party, position, STRING, "Position", "Stanowisko", .max = 100),
    KT_FIELD(party, language, STRING, "Language", "Język", .max = 10,
        .help = {"For letters and documents: pl, en, de.", "Do pism i dokumentów: pl, en, de."}),
    KT_FIELD(party, website, STRING, "Website", "Strona WWW", .max = 200),
    KT_FIELD(party, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR, .priority = 7),
    KT_FIELD(
        party, territory, REF, "Territory", "Terytorium", .target = "base.territory", .on_delete = KT_CLEAR),
    KT_FIELD(party, parent, REF, "Belongs to", "Należy do", .target = "base.party", .on_delete = KT_CLEAR,
        .help = {"The organisation that this party is a part of.", "Organizacja, której to część."}),
    KT_FIELD(party, is_customer, BOOL, "Customer", "Klient", .indexed = true, .priority = 8),
    KT_FIELD(party, is_supplier, BOOL, "Supplier", "Dostawca", .indexed = true),
    KT_FIELD(party, is_employee, BOOL, "Employee", "Pracownik", .indexed = true),
    KT_FIELD(party, is_competitor, BOOL, "Competitor", "Konkurent"),
    KT_FIELD(party, credit_rating, INT, "Credit rating", "Ocena kredytowa",
        .help = {"0 best to 10 worst.", "Od 0 (najlepsza) do 10 (najgorsza)."}),
    KT_FIELD(party, email_consent, INT, "Consent to e-mail", "Zgoda na e-mail",
        .help = {"0 none, 1 from us, 2 also from partners.", "0 brak, 1 od nas, 2 także od partnerów."}),
    KT_FIELD(party, active, BOOL, "Active", "Aktywny", .initial = "true"),
    KT_FIELD(
        party, tags, REFS, "Tags", "Etykiety", .target = "base.tag", .on_delete = KT_CLEAR, .priority = 9),
    KT_FIELD(party, notes, TEXT, "Remarks", "Uwagi", .searchable = true, .personal = true),
    KT_FIELD(party, contacts, LINES, "Contacts", "Kontakty", .lines = &contact_shape, .max = 200),
    KT_FIELD(party, addresses, LINES, "Addresses", "Adresy", .lines = &address_shape, .max = 200),
    KT_FIELD(party, bank_accounts, LINES, "Bank accounts", "Rachunki bankowe", .lines = &bank_account_shape,
        .max = 50),
    KT_FIELD(
        party, identifiers, LINES, "Identifiers", "Identyfikatory", .lines = &identifier_shape, .max = 50),
    KT_FIELD(party, name_keys, LINES, "Keys of similar names", "Klucze podobnych nazw",
        .lines = &name_key_shape, .computed = true, .max = 10, .show_if = "false",
        .help = {"Names that sound alike have one in common: for duplicates.",
            "Podobnie brzmiące nazwy mają wspólny klucz: do wyszukiwania duplikatów."}),
    KT_FIELD(party, latitude, RATE, "Latitude", "Szerokość geograficzna", .scale = 6, .computed = true,
        .help = {"Of the first address with coordinates, the main one before others.",
            "Pierwszego adresu ze współrzędnymi; główny ma pierwszeństwo."}),
    KT_FIELD(party, longitude, RATE, "Longitude", "Długość geograficzna", .scale = 6, .computed = true),
    KT_FIELD(party, place, INT, "Cell of the place", "Komórka miejsca", .computed = true, .indexed = true,
        .show_if = "false",
        .help = {"Of a grid: near places mostly have near numbers.",
            "Siatki: bliskie miejsca mają zwykle bliskie numery."}),
    KT_FIELD(party, attributes, JSON, "Attributes", "Atrybuty",
        .help = {"What an import brought and no field holds.", "Co przyniósł import, a nie ma na to pola."}));

/* "contacts[2].value" */
typedef struct {
    char text[64];
} line_path;

static line_path path_of(const char *lines, size_t i, const char *field)
{
    line_path path;
    (void)snprintf(path.text, sizeof path.text, "%s[%zu].%s", lines, i, field);
    return path;
}

static kt_error *contacts_compute(kt_tx *tx, struct party *p)
{
    kt_error *all = NULL;
    const struct contact *phone = NULL, *email = NULL;
    for (size_t i = 0; i < p->contacts.count; i++) {
        struct contact *c = KT_AS(contact, kt_line(&p->contacts, i));
        char normal[CONTACT_NORMAL_MAX + 1];
        if (!c->value.ptr)
            continue; /* the core asks for it */
        if (contact_normal(c->kind, c->value, normal)) {
            c->normal = kt_format(tx, "%s", normal);
        } else {
            line_path path = path_of("contacts", i, "value");
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path.text, "\"%.80s\" cannot be used as %s",
                              "„%.80s” nie może być użyte jako %s", c->value.ptr,
                              contact_kinds[c->kind ? c->kind - 1 : 0].name));
        }
        if (c->kind == CONTACT_PHONE && (!phone || (c->primary && !phone->primary)))
            phone = c;
        if (c->kind == CONTACT_EMAIL && (!email || (c->primary && !email->primary)))
            email = c;
    }
    p->phone = phone ? phone->value : (kt_str){0};
    p->email = email ? email->normal : (kt_str){0};
    return all;
}

static kt_error *degrees(kt_tx *tx, size_t line, const char *field, kt_dec value, int64_t most)
{
    if (kt_dec_cmp(value, (kt_dec){0}) == 0 ||
        (kt_dec_cmp(value, KT_DEC(-most, 0)) >= 0 && kt_dec_cmp(value, KT_DEC(most, 0)) <= 0))
        return NULL;
    line_path path = path_of("addresses", line, field);
    return kt_fail(tx, KT_VALIDATION, path.text, "there is no such place: expected -%d to %d degrees",
        "nie ma takiego miejsca: oczekiwano od -%d do %d stopni", (int)most, (int)most);
}

static kt_error *addresses_compute(kt_tx *tx, struct party *p)
{
    kt_error *all = NULL;
    const struct address *first = NULL, *located = NULL;
    place at;
    for (size_t i = 0; i < p->addresses.count; i++) {
        const struct address *a = KT_AS(address, kt_line(&p->addresses, i));
        kt_also(&all, degrees(tx, i, "latitude", a->latitude, 90));
        kt_also(&all, degrees(tx, i, "longitude", a->longitude, 180));
        if (!first || (a->use == MAIN && first->use != MAIN))
            first = a;
        if (place_of(a->latitude, a->longitude, &at) &&
            (!located || (a->use == MAIN && located->use != MAIN)))
            located = a;
    }
    p->latitude = located ? located->latitude : (kt_dec){0};
    p->longitude = located ? located->longitude : (kt_dec){0};
    p->place = located && place_of(located->latitude, located->longitude, &at) ? place_cell(at) : 0;
    p->city = first ? first->city : (kt_str){0};
    p->country = first ? first->country : (kt_id){0};
    return all;
}

static kt_error *numbers_compute(kt_tx *tx, struct party *p)
{
    kt_error *all = bank_accounts_check(tx, &p->bank_accounts);
    for (size_t i = 0; i < p->identifiers.count; i++) {
        struct identifier *d = KT_AS(identifier, kt_line(&p->identifiers, i));
        if (d->value.ptr)
            kt_also(&all, identifier_check(tx, path_of("identifiers", i, "value").text, d->kind, &d->value));
    }
    if (p->tax_id.ptr) {
        kt_str code = {0};
        KT_TRY(country_code(tx, p->country, &code));
        kt_also(&all, tax_id_check(tx, "tax_id", code.ptr, &p->tax_id));
    }
    if (p->regon.ptr)
        kt_also(&all, identifier_check(tx, "regon", ID_REGON, &p->regon));
    return all;
}

static kt_error *person_compute(kt_tx *tx, struct party *p)
{
    if (!p->name.ptr && (p->first_name.ptr || p->last_name.ptr))
        p->name = kt_format(tx, "%s%s%s", p->first_name.ptr ? p->first_name.ptr : "",
            p->first_name.ptr && p->last_name.ptr ? " " : "", p->last_name.ptr ? p->last_name.ptr : "");
    if (!p->pesel.ptr)
        return NULL;
    kt_date birth = {0};
    bool male = false;
    KT_TRY(pesel_check(tx, "pesel", &p->pesel, &birth, &male));
    if (p->birth_date.day && p->birth_date.day != birth.day) {
        int year, month, day;
        kt_date_parts(birth, &year, &month, &day);
        return kt_hint(kt_fail(tx, KT_VALIDATION, "birth_date", "the PESEL says %04d-%02d-%02d",
                           "PESEL mówi %04d-%02d-%02d", year, month, day),
            "Correct the date or the PESEL.", "Popraw datę albo PESEL.");
    }
    p->birth_date = birth;
    if (!p->gender)
        p->gender = male ? MALE : FEMALE;
    return NULL;
}

static kt_error *range(kt_tx *tx, const char *path, int64_t value, int64_t most)
{
    if (value >= 0 && value <= most)
        return NULL;
    return kt_fail(tx, KT_VALIDATION, path, "%lld is not within 0 to %lld",
        "%lld nie mieści się między 0 a %lld", (long long)value, (long long)most);
}

static kt_error *name_compute(kt_tx *tx, struct party *p)
{
    char normal[NAME_FORM_MAX], keys[NAME_KEYS][NAME_KEY_MAX];
    size_t count = name_normal(kt_fold(tx, p->name), normal) ? name_keys(normal, keys) : 0;
    p->name_keys.count = p->name_keys.count > count ? count : p->name_keys.count;
    for (size_t i = 0; i < count; i++) {
        kt_str key = kt_format(tx, "%s", keys[i]);
        if (i < p->name_keys.count) {
            KT_AS(name_key, kt_line(&p->name_keys, i))->key = key;
            continue;
        }
        const struct name_key line = {KT_OF(name_key), .key = key};
        KT_TRY(kt_line_add(tx, &p->name_keys, &line.rec));
    }
    return NULL;
}

kt_error *party_compute(kt_tx *tx, kt_record *self)
{
    struct party *p = KT_AS(party, self);
    kt_error *all = NULL;
    kt_also(&all, contacts_compute(tx, p));
    kt_also(&all, addresses_compute(tx, p));
    kt_also(&all, numbers_compute(tx, p));
    kt_also(&all, range(tx, "credit_rating", p->credit_rating, 10));
    kt_also(&all, range(tx, "email_consent", p->email_consent, 2));
    if (p->kind == PERSON)
        kt_also(&all, person_compute(tx, p));
    else if (p->pesel.ptr)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "pesel", "an organisation has no PESEL",
                          "organizacja nie ma numeru PESEL"));
    kt_also(&all, name_compute(tx, p)); /* a person's is made by now */
    return all;
}

kt_error *party_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    enum { DEPTH_MAX = 50 };
    (void)before;
    if (!after)
        return NULL;
    kt_id at = KT_SEE(party, after)->parent;
    for (int depth = 0; at.v; depth++) {
        if (at.v == after->id.v || depth == DEPTH_MAX)
            return kt_fail(tx, KT_RULE, "parent", "a party cannot belong to itself, not even through others",
                "strona nie może należeć do samej siebie, nawet pośrednio");
        struct party up = {KT_OF(party)};
        kt_error *error = kt_read(tx, at, &up.rec);
        if (error)
            return NULL; /* beyond what the caller sees there is nothing to compare */
        at = up.parent;
    }
    return NULL;
}
