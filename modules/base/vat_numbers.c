/* vat_numbers.c -- the form and the check digits of VAT numbers: a row for each form, an algorithm for each
 * family of forms. Most are a weighted sum that a modulus must divide; the weights are written as characters,
 * '0' to '9' and ':' for ten, and include that of the check digit itself.
 *
 * source: forms: VIES, European Commission, "VAT identification number structure"; algorithms: as the tax
 * offices publish them, gathered in the ministry's "Konstruktionsregeln der UID" (BMF, Austria, BMF-010221)
 * and "Algorithms to check VAT numbers" (European Commission, TAXUD); CH: Verordnung über die UID, art. 2
 * (eCH-0097); NO: Brønnøysundregistrene, organisasjonsnummer; GB: HMRC VAT notice 700, MOD 97 and 97-55;
 * DE, HR: ISO 7064 MOD 11,10; NL since 2020: ISO 7064 MOD 97-10 over the whole number. */
#include <string.h>

#include "check_digits.h"

typedef struct form form;
struct form {
    char prefix[3];
    const char
        *format; /* after the prefix: 9 a digit, a a letter, x either, others themselves; | parts forms */
    bool (*holds)(const char *text, const form *form); /* text: after the prefix */
    const char *weights;
    int modulus;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

static int value(char c)
{
    return c - '0';
}

/* The number that `count` digits are. */
static long number(const char *digits, int count)
{
    long n = 0;
    for (int i = 0; i < count; i++)
        n = 10 * n + value(digits[i]);
    return n;
}

static int sum(const char *digits, const char *weights)
{
    int total = 0;
    for (int i = 0; weights[i]; i++)
        total += value(digits[i]) * value(weights[i]);
    return total;
}

/* ---- Families ---- */

static bool divides(const char *text, const form *form)
{
    return sum(text, form->weights) % form->modulus == 0;
}

/* The remainder of 11 is the check digit that follows; 10 is written 0. */
static bool remainder_11(const char *text, const form *form)
{
    return sum(text, form->weights) % 11 % 10 == value(text[strlen(form->weights)]);
}

/* As above, but where the remainder is 10 the weights begin two further on: 1 2 3 .. becomes 3 4 5 .. */
static bool twice_11(const char *text, const form *form)
{
    int n = (int)strlen(form->weights), rest = sum(text, form->weights) % 11;
    if (rest == 10) {
        rest = 0;
        for (int i = 0; i < n; i++)
            rest += value(text[i]) * (form->modulus ? (i + 2) % form->modulus + 1 : i + 3);
        rest = rest % 11 % 10;
    }
    return rest == value(text[n]);
}

/* ISO/IEC 7812-1 annex B */
static bool luhn(const char *digits, int count)
{
    int total = 0;
    for (int i = 0; i < count; i++) {
        int d = value(digits[count - 1 - i]) * (i % 2 + 1);
        total += d > 9 ? d - 9 : d;
    }
    return total % 10 == 0;
}

static bool luhn_10(const char *text, const form *form)
{
    (void)form;
    return luhn(text, 10);
}

static bool luhn_11(const char *text, const form *form)
{
    (void)form;
    return luhn(text, 11);
}

static bool iso_11_10(const char *text, const form *form)
{
    int product = 10;
    size_t last = strlen(text) - 1;
    (void)form;
    for (size_t i = 0; i < last; i++) {
        int total = (value(text[i]) + product) % 10;
        product = 2 * (total ? total : 10) % 11;
    }
    return (11 - product) % 10 == value(text[last]);
}

/* ---- States that stand alone ---- */

static bool austria(const char *text, const form *form)
{
    int total = 4;
    (void)form;
    for (int i = 0; i < 7; i++) {
        int d = value(text[1 + i]) * (i % 2 + 1);
        total += d > 9 ? d - 9 : d;
    }
    return (10 - total % 10) % 10 == value(text[8]);
}

static bool belgium(const char *text, const form *form)
{
    (void)form;
    return 97 - number(text, 8) % 97 == number(text + 8, 2);
}

/* A citizen's number, a foreigner's, or any other person's. */
static bool bulgarian_person(const char *text, const form *form)
{
    return remainder_11(text, form) || sum(text, "1973197319") % 10 == 0 || sum(text, "4327654321") % 11 == 0;
}

static bool cyprus(const char *text, const form *form)
{
    static const int odd[] = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21};
    int total = 0;
    (void)form;
    for (int i = 0; i < 8; i++)
        total += i % 2 ? value(text[i]) : odd[value(text[i])];
    return text[8] == 'A' + total % 26;
}

static bool czech_firm(const char *text, const form *form)
{
    int check = (11 - sum(text, form->weights) % 11) % 11;
    return (check ? check : 1) % 10 == value(text[7]);
}

/* Nine digits: a person without a birth number has a 6 in front; a birth number before 1954 has no check. */
static bool czech_nine(const char *text, const form *form)
{
    int rest = (10 - sum(text + 1, form->weights) % 11) % 11;
    return text[0] != '6' || (18 - rest) % 10 == value(text[8]);
}

static bool czech_person(const char *text, const form *form)
{
    (void)form;
    return number(text, 10) % 11 == 0 || (number(text, 9) % 11 == 10 && text[9] == '0');
}

static bool spanish_person(const char *text, const form *form)
{
    char digits[9];
    (void)form;
    const char *first = strchr("XYZ", text[0]); /* a foreigner: 0, 1, 2 */
    memcpy(digits, text, 8);
    if (!is_digit(digits[0]))
        digits[0] = first ? (char)('0' + strlen("XYZ") - strlen(first)) : '0';
    return text[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[number(digits, 8) % 23];
}

static bool spain(const char *text, const form *form)
{
    if (is_digit(text[0]) || strchr("XYZKLM", text[0]))
        return spanish_person(text, form);
    for (char check = '0'; check <= '9'; check++) {
        char digits[8];
        memcpy(digits, text + 1, 7);
        digits[7] = check;
        if (luhn(digits, 8))
            return text[8] == check || text[8] == "JABCDEFGHI"[value(check)];
    }
    return false;
}

/* Two characters of key before a SIREN. In a key with letters those but I and O count. Monaco's have no
 * SIREN. */
static bool france(const char *text, const form *form)
{
    static const char digits[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    const char *first = strchr(digits, text[0]), *second = strchr(digits, text[1]);
    long siren = number(text + 2, 9);
    (void)form;
    if (!first || !second || (memcmp(text + 2, "000", 3) != 0 && !luhn(text + 2, 9)))
        return false;
    long a = first - digits, b = second - digits;
    if (a < 10 && b < 10)
        return (siren % 97 * 3 + 12) % 97 == 10 * a + b;
    long key = a < 10 ? 24 * a + b - 10 : 34 * a + b - 100;
    return (siren + 1 + key / 11) % 11 == key % 11;
}

/* Since 2013 a second letter counts nine times; before, the second character was no digit. */
static bool ireland(const char *text, const form *form)
{
    static const char letters[] = "WABCDEFGHIJKLMNOPQRSTUV";
    char digits[8] = "0";
    if (is_digit(text[1])) {
        memcpy(digits, text, 7);
    } else {
        memcpy(digits + 1, text + 2, 5);
        digits[6] = text[0];
    }
    const char *more = text[8] ? strchr(letters, text[8]) : letters;
    return more && letters[(sum(digits, form->weights) + 9 * (int)(more - letters)) % 23] == text[7];
}

static bool luxembourg(const char *text, const form *form)
{
    (void)form;
    return number(text, 6) % 89 == number(text + 6, 2);
}

static bool latvia(const char *text, const form *form)
{
    if (text[0] > '3')
        return sum(text, form->weights) % 11 == 3;
    return (1 + sum(text, ":584216379")) % 11 % 10 == value(text[10]);
}

static bool netherlands(const char *text, const form *form)
{
    /* letters count 10 and more: "NL" is 2321, "B" is 11 */
    long rest = 2321 % 97;
    for (const char *at = text; *at; at++)
        rest = (is_digit(*at) ? rest * 10 + value(*at) : rest * 100 + (*at - 'A' + 10)) % 97;
    return rest == 1 || remainder_11(text, form);
}

static bool romania(const char *text, const form *form)
{
    char padded[11] = "0000000000";
    size_t n = strlen(text);
    memcpy(padded + 10 - n, text, n);
    return remainder_11(padded, form);
}

static bool britain(const char *text, const form *form)
{
    if (memcmp(text, "GD", 2) == 0)
        return number(text + 2, 3) < 500;
    if (memcmp(text, "HA", 2) == 0)
        return number(text + 2, 3) >= 500;
    long total = sum(text, form->weights) + number(text + 7, 2);
    return total % 97 == 0 || (total + 55) % 97 == 0;
}

/* ---- The table ---- */

#define BRITISH "999999999|999999999999|GD999|HA999"
#define SWISS   "E999999999|E999999999MWST|E999999999TVA|E999999999IVA|E999999999TPV"

static bool switzerland(const char *text, const form *form)
{
    return divides(text + 1, form);
}

static const form forms[] = {
    {"AT", "U99999999", austria, NULL, 0},
    {"BE", "0999999999|1999999999", belgium, NULL, 0},
    {"BG", "999999999", twice_11, "12345678", 0},
    {"BG", "9999999999", bulgarian_person, "2485:9736", 0},
    {"CH", SWISS, switzerland, "543276541", 11},
    {"CY", "99999999a", cyprus, NULL, 0},
    {"CZ", "99999999", czech_firm, "8765432", 0},
    {"CZ", "999999999", czech_nine, "8765432", 0},
    {"CZ", "9999999999", czech_person, NULL, 0},
    {"DE", "999999999", iso_11_10, NULL, 0},
    {"DK", "99999999", divides, "27654321", 11},
    {"EE", "999999999", divides, "371371371", 10},
    {"EL", "999999999", remainder_11, "379:5842", 0}, /* powers of two, modulo 11 */
    {"ES", "x9999999a|a9999999x", spain, NULL, 0},
    {"FI", "99999999", divides, "79:58421", 11},
    {"FR", "xx999999999", france, NULL, 0},
    {"GB", BRITISH, britain, "8765432", 0},
    {"HR", "99999999999", iso_11_10, NULL, 0},
    {"HU", "99999999", divides, "97319731", 10},
    {"IE", "9x99999a|9999999aa", ireland, "8765432", 0},
    {"IT", "99999999999", luhn_11, NULL, 0},
    {"LT", "999999919", twice_11, "12345678", 9},
    {"LT", "999999999919", twice_11, "12345678912", 9},
    {"LU", "99999999", luxembourg, NULL, 0},
    {"LV", "99999999999", latvia, "91483:25761", 0},
    {"MT", "99999999", divides, "346789:1", 37},
    {"NL", "999999999B99", netherlands, "98765432", 0},
    {"NO", "999999999|999999999MVA", divides, "327654321", 11},
    {"PL", "9999999999", divides, "657234567:", 11},
    {"PT", "999999999", remainder_11, "23456789", 0}, /* 9 to 2, taken from 11 */
    {"RO", "99|999|9999|99999|999999|9999999|99999999|999999999|9999999999", romania, "4689:4689", 0},
    {"SE", "999999999901", luhn_10, NULL, 0},
    {"SI", "99999999", remainder_11, "3456789", 0}, /* 8 to 2, taken from 11 */
    {"SK", "9999999999", divides, ":1:1:1:1:1", 11},
    {"XI", BRITISH, britain, "8765432", 0},
};
enum { FORMS = sizeof forms / sizeof *forms };

bool check_is_vat_prefix(const char *text)
{
    for (int i = 0; i < FORMS; i++)
        if (strncmp(text, forms[i].prefix, 2) == 0)
            return true;
    return false;
}

static bool fits_one(const char *text, const char *format, size_t length)
{
    if (strlen(text) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i], f = format[i];
        bool good = f == '9'   ? is_digit(c)
                    : f == 'a' ? is_letter(c)
                    : f == 'x' ? is_digit(c) || is_letter(c)
                               : c == f;
        if (!good)
            return false;
    }
    return true;
}

static bool fits(const char *text, const char *format)
{
    for (const char *at = format;; at++) {
        size_t length = strcspn(at, "|");
        if (fits_one(text, at, length))
            return true;
        at += length;
        if (!*at)
            return false;
    }
}

check_result check_vat(const char *text)
{
    check_result result = CHECK_COUNTRY;
    for (int i = 0; i < FORMS; i++) {
        if (strncmp(text, forms[i].prefix, 2) != 0)
            continue;
        result = CHECK_FORMAT;
        if (fits(text + 2, forms[i].format))
            return forms[i].holds(text + 2, &forms[i]) ? CHECK_OK : CHECK_DIGIT;
    }
    return result;
}
