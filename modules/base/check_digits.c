/* Check digits and formats.
 * source: NIP: ustawa z 13.10.1995 o zasadach ewidencji i identyfikacji podatników, weights of the official
 * algorithm; REGON: rozporządzenie RM z 30.11.2015; PESEL: ustawa o ewidencji ludności art. 15; IBAN:
 * ISO 13616 and the SWIFT registry, check digits ISO 7064 MOD 97-10. VAT numbers: vat_numbers.c */
#include "check_digits.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool all_digits(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

size_t check_clean(kt_str text, char out[CHECK_TEXT_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c && strchr(" \t-./", c))
            continue;
        if (n == CHECK_TEXT_MAX - 1)
            return 0;
        out[n++] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    out[n] = '\0';
    return n;
}

static int weighted(const char *digits, const int *weight, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += (digits[i] - '0') * weight[i];
    return sum;
}

check_result check_nip(const char *text)
{
    static const int weight[] = {6, 5, 7, 2, 3, 4, 5, 6, 7};
    if (!all_digits(text))
        return CHECK_CHARACTERS;
    if (strlen(text) != 10)
        return CHECK_LENGTH;
    /* a remainder of 10 is never given out */
    return weighted(text, weight, 9) % 11 == text[9] - '0' ? CHECK_OK : CHECK_DIGIT;
}

check_result check_regon(const char *text)
{
    static const int weight9[] = {8, 9, 2, 3, 4, 5, 6, 7};
    static const int weight14[] = {2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8};
    if (!all_digits(text))
        return CHECK_CHARACTERS;
    size_t length = strlen(text);
    if (length != 9 && length != 14)
        return CHECK_LENGTH;
    if (weighted(text, weight9, 8) % 11 % 10 != text[8] - '0')
        return CHECK_DIGIT; /* also of 14 digits the first nine are the firm's own number */
    if (length == 14 && weighted(text, weight14, 13) % 11 % 10 != text[13] - '0')
        return CHECK_DIGIT;
    return CHECK_OK;
}

static int two_digits(const char *text)
{
    return (text[0] - '0') * 10 + (text[1] - '0');
}

check_result check_pesel(const char *text, kt_date *birth, bool *male)
{
    static const int weight[] = {1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1};
    static const int century[] = {1900, 2000, 2100, 2200, 1800}; /* told by the month: 01, 21, 41, 61, 81 */
    if (!all_digits(text))
        return CHECK_CHARACTERS;
    if (strlen(text) != 11)
        return CHECK_LENGTH;
    if (weighted(text, weight, 11) % 10 != 0)
        return CHECK_DIGIT;
    int month = two_digits(text + 2);
    kt_date day = kt_date_make(century[month / 20] + two_digits(text), month % 20, two_digits(text + 4));
    if (day.day == 0)
        return CHECK_DAY;
    if (birth)
        *birth = day;
    if (male)
        *male = (text[9] - '0') % 2 == 1;
    return CHECK_OK;
}

/* ---- IBAN ---- */

static const struct {
    char country[3];
    unsigned char length;
} iban[] = {
    {"AD", 24},
    {"AE", 23},
    {"AL", 28},
    {"AT", 20},
    {"AZ", 28},
    {"BA", 20},
    {"BE", 16},
    {"BG", 22},
    {"BH", 22},
    {"BI", 27},
    {"BR", 29},
    {"BY", 28},
    {"CH", 21},
    {"CR", 22},
    {"CY", 28},
    {"CZ", 24},
    {"DE", 22},
    {"DJ", 27},
    {"DK", 18},
    {"DO", 28},
    {"EE", 20},
    {"EG", 29},
    {"ES", 24},
    {"FI", 18},
    {"FK", 18},
    {"FO", 18},
    {"FR", 27},
    {"GB", 22},
    {"GE", 22},
    {"GI", 23},
    {"GL", 18},
    {"GR", 27},
    {"GT", 28},
    {"HN", 28},
    {"HR", 21},
    {"HU", 28},
    {"IE", 22},
    {"IL", 23},
    {"IQ", 23},
    {"IS", 26},
    {"IT", 27},
    {"JO", 30},
    {"KW", 30},
    {"KZ", 20},
    {"LB", 28},
    {"LC", 32},
    {"LI", 21},
    {"LT", 20},
    {"LU", 20},
    {"LV", 21},
    {"LY", 25},
    {"MC", 27},
    {"MD", 24},
    {"ME", 22},
    {"MK", 19},
    {"MN", 20},
    {"MR", 27},
    {"MT", 31},
    {"MU", 30},
    {"NI", 28},
    {"NL", 18},
    {"NO", 15},
    {"OM", 23},
    {"PK", 24},
    {"PL", 28},
    {"PS", 29},
    {"PT", 25},
    {"QA", 29},
    {"RO", 24},
    {"RS", 22},
    {"RU", 33},
    {"SA", 24},
    {"SC", 31},
    {"SD", 18},
    {"SE", 24},
    {"SI", 19},
    {"SK", 24},
    {"SM", 27},
    {"SO", 23},
    {"ST", 25},
    {"SV", 28},
    {"TL", 23},
    {"TN", 24},
    {"TR", 26},
    {"UA", 29},
    {"VA", 22},
    {"VG", 24},
    {"XK", 20},
    {"YE", 30},
};

static unsigned iban_length(const char *text)
{
    for (size_t i = 0; i < sizeof iban / sizeof *iban; i++)
        if (strncmp(text, iban[i].country, 2) == 0)
            return iban[i].length;
    return 0;
}

check_result check_iban(const char *text)
{
    size_t length = strlen(text);
    unsigned expected = iban_length(text);
    if (!expected)
        return CHECK_COUNTRY;
    if (length != expected)
        return CHECK_LENGTH;
    if (!is_digit(text[2]) || !is_digit(text[3]))
        return CHECK_CHARACTERS;
    unsigned rest = 0; /* of the number with its first four characters put last, modulo 97 */
    for (size_t i = 0; i < length; i++) {
        char c = text[(i + 4) % length];
        if (is_digit(c))
            rest = (rest * 10 + (unsigned)(c - '0')) % 97;
        else if (is_letter(c))
            rest = (rest * 100 + (unsigned)(c - 'A' + 10)) % 97;
        else
            return CHECK_CHARACTERS;
    }
    return rest == 1 ? CHECK_OK : CHECK_DIGIT;
}
