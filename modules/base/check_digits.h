/* check_digits.h -- numbers that prove themselves: NIP, REGON, PESEL, VAT numbers of the Union, IBAN. Pure.
 */
#pragma once
#include <kontor.h>

typedef enum {
    CHECK_OK,
    CHECK_LENGTH,     /* too short or too long */
    CHECK_CHARACTERS, /* letters where digits belong, or the like */
    CHECK_DIGIT,      /* the check digit does not fit: a typing error */
    CHECK_DAY,        /* no such day of birth */
    CHECK_COUNTRY,    /* the prefix is no country's */
    CHECK_FORMAT,     /* not the form that this country uses */
} check_result;

enum { CHECK_TEXT_MAX = 64 };

/* Without blanks, dashes, points and slashes; letters in capitals. Returns the length; 0: nothing is left, or
 * it does not fit. out is NUL-terminated. */
size_t check_clean(kt_str text, char out[CHECK_TEXT_MAX]);

/* All take cleaned text. */
check_result check_nip(const char *text);   /* 10 digits */
check_result check_regon(const char *text); /* 9 or 14 digits */
/* birth and male receive what the number says; both may be NULL. */
check_result check_pesel(const char *text, kt_date *birth, bool *male);
check_result check_vat(const char *text);  /* with the country's prefix: "PL5260250274" */
check_result check_iban(const char *text); /* with the country's prefix */
/* Is this the prefix of a VAT number, "DE", "EL", "XI"? */
bool check_is_vat_prefix(const char *text);
