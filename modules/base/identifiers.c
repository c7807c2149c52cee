/* From a check's result to words that tell the user what to do. */
#include "identifiers.h"

#include <string.h>

#include "check_digits.h"

const kt_choice identifier_kinds[] = {
    {ID_VAT, "vat", {"VAT number", "Numer VAT UE"}},
    {ID_NIP, "nip", {"NIP", "NIP"}},
    {ID_REGON, "regon", {"REGON", "REGON"}},
    {ID_PESEL, "pesel", {"PESEL", "PESEL"}},
    {ID_KRS, "krs", {"KRS", "KRS"}},
    {ID_DUNS, "duns", {"D-U-N-S", "D-U-N-S"}},
    {ID_LEI, "lei", {"LEI", "LEI"}},
    {ID_EXCISE, "excise", {"Excise number", "Numer akcyzowy"}},
    {ID_EORI, "eori", {"EORI", "EORI"}},
    {ID_PASSPORT, "passport", {"Identity document", "Dokument tożsamości"}},
    {ID_OTHER, "other", {"Other", "Inny"}},
    {0},
};

typedef struct {
    const char *name;
    kt_text length; /* what the number consists of, as a sentence */
} described;

static const described nip = {"NIP", {"A NIP has 10 digits.", "NIP ma 10 cyfr."}};
static const described regon = {"REGON", {"A REGON has 9 or 14 digits.", "REGON ma 9 albo 14 cyfr."}};
static const described pesel = {"PESEL", {"A PESEL has 11 digits.", "PESEL ma 11 cyfr."}};
static const described vat = {"VAT",
    {"Write it with the country's prefix, as PL5260250274.", "Podaj z prefiksem kraju, np. PL5260250274."}};
static const described iban = {
    "IBAN", {"Write the country, two check digits and the account: a Polish one has PL and 26 digits.",
                "Podaj kraj, dwie cyfry kontrolne i numer rachunku: polski ma PL i 26 cyfr."}};
static const described krs = {"KRS", {"A KRS number has 10 digits.", "Numer KRS ma 10 cyfr."}};

static kt_error *explain(
    kt_tx *tx, const char *path, const described *of, const char *value, check_result result)
{
    switch (result) {
    case CHECK_OK:
        return NULL;
    case CHECK_LENGTH:
    case CHECK_CHARACTERS:
    case CHECK_FORMAT:
        return kt_hint(kt_fail(tx, KT_VALIDATION, path, "\"%s\" is not of the form that %s numbers have",
                           "„%s” nie ma postaci numeru %s", value, of->name),
            of->length.en, of->length.pl);
    case CHECK_DIGIT:
        return kt_hint(kt_fail(tx, KT_VALIDATION, path, "the check digits of %s number \"%s\" do not fit",
                           "cyfry kontrolne numeru %s „%s” się nie zgadzają", of->name, value),
            "Compare it with the document: a digit is wrong or two are swapped.",
            "Porównaj z dokumentem: któraś cyfra jest błędna albo dwie są zamienione.");
    case CHECK_DAY:
        return kt_hint(kt_fail(tx, KT_VALIDATION, path, "%s \"%s\" begins with no day of birth",
                           "%s „%s” nie zaczyna się datą urodzenia", of->name, value),
            "Compare it with the document.", "Porównaj z dokumentem.");
    case CHECK_COUNTRY:
        return kt_hint(
            kt_fail(tx, KT_VALIDATION, path, "%s number \"%s\" begins with no known country's prefix",
                "numer %s „%s” nie zaczyna się od znanego prefiksu kraju", of->name, value),
            of->length.en, of->length.pl);
    }
    return NULL;
}

static kt_error *keep(kt_tx *tx, const char *text, kt_str *value)
{
    kt_str kept = kt_format(tx, "%s", text);
    if (!kept.ptr)
        return kt_no_memory();
    *value = kept;
    return NULL;
}

static bool clean(kt_str value, char out[CHECK_TEXT_MAX])
{
    return value.ptr && check_clean(value, out) > 0;
}

static kt_error *no_content(kt_tx *tx, const char *path, kt_str value)
{
    return kt_fail(tx, KT_VALIDATION, path, "\"%.80s\" is no number: it is empty or too long",
        "„%.80s” to nie numer: jest pusty albo za długi", value.ptr ? value.ptr : "");
}

static check_result check_digits_only(const char *text, size_t length)
{
    if (text[strspn(text, "0123456789")])
        return CHECK_CHARACTERS;
    return strlen(text) == length ? CHECK_OK : CHECK_LENGTH;
}

kt_error *identifier_check(kt_tx *tx, const char *path, enum identifier_kind kind, kt_str *value)
{
    char text[CHECK_TEXT_MAX];
    if (!clean(*value, text))
        return no_content(tx, path, *value);
    kt_error *error = NULL;
    switch (kind) {
    case ID_VAT:
        error = explain(tx, path, &vat, text, check_vat(text));
        break;
    case ID_NIP:
        error = explain(tx, path, &nip, text, check_nip(text));
        break;
    case ID_REGON:
        error = explain(tx, path, &regon, text, check_regon(text));
        break;
    case ID_PESEL:
        error = explain(tx, path, &pesel, text, check_pesel(text, NULL, NULL));
        break;
    case ID_KRS:
        error = explain(tx, path, &krs, text, check_digits_only(text, 10));
        break;
    case ID_DUNS:
    case ID_LEI:
    case ID_EXCISE:
    case ID_EORI:
    case ID_PASSPORT:
        break;
    case ID_OTHER:
        return NULL; /* kept as it was written */
    }
    return error ? error : keep(tx, text, value);
}

kt_error *tax_id_check(kt_tx *tx, const char *path, const char *country, kt_str *value)
{
    char text[CHECK_TEXT_MAX];
    if (!clean(*value, text))
        return no_content(tx, path, *value);
    kt_error *error = NULL;
    bool polish = !country || !*country || strcmp(country, "PL") == 0;
    if (check_is_vat_prefix(text))
        error = explain(tx, path, &vat, text, check_vat(text));
    else if (polish)
        error = explain(tx, path, &nip, text, check_nip(text));
    return error ? error : keep(tx, text, value);
}

kt_error *iban_check(kt_tx *tx, const char *path, kt_str *value)
{
    char text[CHECK_TEXT_MAX + 2] = "PL";
    if (!clean(*value, text + 2))
        return no_content(tx, path, *value);
    const char *number = check_digits_only(text + 2, 26) == CHECK_OK ? text : text + 2;
    kt_error *error = explain(tx, path, &iban, number, check_iban(number));
    return error ? error : keep(tx, number, value);
}

kt_error *pesel_check(kt_tx *tx, const char *path, kt_str *value, kt_date *birth, bool *male)
{
    char text[CHECK_TEXT_MAX];
    if (!clean(*value, text))
        return no_content(tx, path, *value);
    kt_error *error = explain(tx, path, &pesel, text, check_pesel(text, birth, male));
    return error ? error : keep(tx, text, value);
}
