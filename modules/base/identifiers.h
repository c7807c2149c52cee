/* identifiers.h -- identifiers of parties and companies: brought into one form, checked, explained. */
#pragma once
#include <kontor.h>

enum identifier_kind {
    ID_VAT = 1,
    ID_NIP,
    ID_REGON,
    ID_PESEL,
    ID_KRS,
    ID_DUNS,
    ID_LEI,
    ID_EXCISE,
    ID_EORI,
    ID_PASSPORT,
    ID_OTHER
};
extern const kt_choice identifier_kinds[];

/* Brings *value into its normal form (capitals, no blanks and dashes) and checks it.
 *   returns  validation at path, with a hint */
KT_MUST kt_error *identifier_check(kt_tx *tx, const char *path, enum identifier_kind kind, kt_str *value);
/* A tax id: with a prefix of the Union a VAT number, of a Polish party a NIP. Elsewhere letters and digits as
 * they are.
 *   country  the party's, "PL"; NULL or "": not known, taken for Poland */
KT_MUST kt_error *tax_id_check(kt_tx *tx, const char *path, const char *country, kt_str *value);
/* IBAN; 26 digits are a Polish account number and get their PL. */
KT_MUST kt_error *iban_check(kt_tx *tx, const char *path, kt_str *value);
/* PESEL; birth and male receive what it says. */
KT_MUST kt_error *pesel_check(kt_tx *tx, const char *path, kt_str *value, kt_date *birth, bool *male);
