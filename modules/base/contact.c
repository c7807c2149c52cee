/* Normal forms of telephone numbers, e-mail addresses, sites.
 * source: E.164 (at most 15 digits); RFC 5321 (an address has at most 254 characters) */
#include "contact.h"

#include <string.h>

const kt_choice contact_kinds[] = {
    {CONTACT_PHONE, "phone", {"Telephone", "Telefon"}},
    {CONTACT_EMAIL, "email", {"E-mail", "E-mail"}},
    {CONTACT_SITE, "site", {"Site", "Strona WWW"}},
    {CONTACT_MESSENGER, "messenger", {"Messenger", "Komunikator"}},
    {CONTACT_FAX, "fax", {"Fax", "Faks"}},
    {0},
};

enum { DIGITS_MIN = 3, DIGITS_MAX = 15, POLISH_DIGITS = 9 };

static bool phone(kt_str value, char *out)
{
    char digits[2 * DIGITS_MAX];
    size_t n = 0;
    bool international = false;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '+' && n == 0) {
            international = true;
        } else if (c >= '0' && c <= '9') {
            if (n == sizeof digits)
                return false;
            digits[n++] = c;
        } else if (c == 'x' || c == 'w' || c == 'e' || c == ';' || c == ',') {
            break; /* an extension: "x12", "wew. 12", "ext. 12" */
        } else if (!c || !strchr(" -().+/\t", c)) {
            return false;
        }
    }
    size_t from = 0;
    if (!international && n > 2 && digits[0] == '0' && digits[1] == '0') {
        from = 2;
        international = true;
    }
    if (n - from < DIGITS_MIN || n - from > DIGITS_MAX)
        return false;
    bool polish = !international && n - from == POLISH_DIGITS;
    if (polish)
        memcpy(out, "48", 2);
    memcpy(out + (polish ? 2 : 0), digits + from, n - from);
    out[(polish ? 2 : 0) + n - from] = '\0';
    return true;
}

static bool small(kt_str value, char *out)
{
    size_t from = 0, to = value.len;
    while (from < to && (value.ptr[from] == ' ' || value.ptr[from] == '\t'))
        from++;
    while (to > from && (value.ptr[to - 1] == ' ' || value.ptr[to - 1] == '\t'))
        to--;
    if (to == from || to - from > CONTACT_NORMAL_MAX)
        return false;
    for (size_t i = from; i < to; i++) {
        char c = value.ptr[i];
        out[i - from] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[to - from] = '\0';
    return true;
}

static bool is_email(const char *text)
{
    const char *at = strchr(text, '@');
    if (!at || at == text || strchr(at + 1, '@') || strlen(text) > 254)
        return false;
    const char *point = strrchr(at, '.');
    return point && point > at + 1 && point[1] && point[2] && !strpbrk(text, " \t,;<>()\"") &&
           !strstr(at, "..") && at[1] != '-' && at[1] != '.';
}

static void site(char *text)
{
    static const char *const leave_out[] = {"https://", "http://", "www."};
    for (size_t i = 0; i < sizeof leave_out / sizeof *leave_out; i++) {
        size_t n = strlen(leave_out[i]);
        if (strncmp(text, leave_out[i], n) == 0)
            memmove(text, text + n, strlen(text + n) + 1);
    }
    size_t length = strlen(text);
    if (length && text[length - 1] == '/')
        text[length - 1] = '\0';
}

bool contact_normal(enum contact_kind kind, kt_str value, char out[CONTACT_NORMAL_MAX + 1])
{
    if (!value.ptr)
        return false;
    switch (kind) {
    case CONTACT_PHONE:
    case CONTACT_FAX:
        return phone(value, out);
    case CONTACT_EMAIL:
        return small(value, out) && is_email(out);
    case CONTACT_SITE:
        if (!small(value, out))
            return false;
        site(out);
        return *out != '\0' && !strpbrk(out, " \t");
    case CONTACT_MESSENGER:
        return small(value, out);
    }
    return false;
}
