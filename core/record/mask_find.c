/* mask_find.c -- where a text that people wrote holds a telephone number or an address of mail. Telephones are written
 * in too many ways to be known by their form, so every number that is long enough is taken for one, unless what stands
 * beside it says what else it is: an identifier, an amount, a date. Numbers of JSON, outside its strings, are no exception. */
#include "record/path.h"

enum {
    PHONE_MIN = 9,      /* digits; a number of a country's own, without what begins it abroad */
    PHONE_PLUS_MIN = 7, /* behind a plus */
    PHONE_MAX = 15,     /* ITU-T E.164 */
    GAP_MAX = 2,        /* bytes that part two digits of one number: ") " */
    WORD_MAX = 24,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Of ASCII, or part of a letter of another alphabet; 0xC2 begins no letter. */
static bool is_letter(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z') || ((unsigned char)c >= 0x80 && (unsigned char)c != 0xC2);
}

static bool parts_digits(char c)
{
    return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == '\xC2' || c == '\xA0';
}

static size_t digits_at(kt_str text, size_t at)
{
    size_t n = 0;
    while (at + n < text.len && is_digit(text.ptr[at + n]))
        n++;
    return n;
}

/* How long the date is that begins here, 2026-11-26 or 26.11.2026; 0: none does. */
static size_t date_at(kt_str text, size_t at)
{
    size_t n[3], i = at;
    for (int k = 0; k < 3; k++) {
        n[k] = digits_at(text, i);
        i += n[k];
        if (k < 2 && (i >= text.len || (text.ptr[i] != '-' && text.ptr[i] != '.')))
            return 0;
        i += k < 2;
    }
    bool fits = n[1] >= 1 && n[1] <= 2 &&
                ((n[0] == 4 && n[2] >= 1 && n[2] <= 2) || (n[0] >= 1 && n[0] <= 2 && n[2] == 4));
    return fits ? i - at : 0;
}

/* ---- What else a number may be ---- */

static const char *const identifiers[] = {"nip", "regon", "pesel", "krs", "bdo", "iban", "vat", "ksef", "ean",
    "gtin", "isbn", "sku", "sn", "pln", "eur", "usd", "gbp", "chf", "czk", NULL};
/* Of these only with a word for "number" beside: "orders: 600 123 412" tells whom to call. */
static const char *const numbered[] = {"zam", "zamówienie", "zamówienia", "zamowienie", "zamowienia",
    "faktura", "faktury", "konto", "konta", "rachunek", "rachunku", "umowa", "umowy", "polisa", "polisy",
    "paczka", "paczki", "przesyłka", "przesyłki", "partia", "partii", "seryjny", "order", "invoice",
    "account", "contract", "policy", "parcel", "tracking", "batch", "lot", "serial", NULL};
static const char *const number_words[] = {"nr", "no", "numer", "numeru", "number", "num", NULL};
static const char *const phone_words[] = {"tel", "t", "m", "mob", "kom", "fax", "faks", "gsm", "ph", NULL};
/* Members of JSON whose numbers count, measure or name. */
static const char *const measures[] = {"id", "at", "ts", "time", "timestamp", "date", "ms", "us", "ns",
    "size", "bytes", "length", "duration", "offset", "seq", "version", "count", "amount", "total", "sum",
    "price", "cost", "net", "gross", "kwota", "cena", "suma", "razem", NULL};
static const char *const units[] = {
    "zł", "pln", "eur", "usd", "gbp", "chf", "czk", "kg", "szt", "pcs", "tys", "mln", NULL};

static bool is_among(kt_str word, const char *const *words)
{
    for (; *words; words++) {
        size_t i = 0;
        while (i < word.len && (*words)[i] &&
               (is_upper(word.ptr[i]) ? word.ptr[i] + 32 : word.ptr[i]) == (*words)[i])
            i++;
        if (i == word.len && !(*words)[i])
            return word.len > 0;
    }
    return false;
}

/* The word before a place, none of what parts it from there counted in. */
static kt_str word_before(kt_str text, size_t at)
{
    size_t from;
    while (at > 0 && (strchr(" :.=\"(#", text.ptr[at - 1]) ||
                         (at > 1 && memcmp(text.ptr + at - 2, "\xC2\xA0", 2) == 0)))
        at -= (unsigned char)text.ptr[at - 1] == 0xA0 ? 2 : 1;
    for (from = at; from > 0 && at - from < WORD_MAX && is_letter(text.ptr[from - 1]);)
        from--;
    return (kt_str){text.ptr + from, at - from};
}

static bool is_labelled(kt_str text, size_t at)
{
    const kt_str word = word_before(text, at), other = word_before(text, (size_t)(word.ptr - text.ptr));
    const bool hash = at > 0 && text.ptr[at - 1] == '#';
    return is_among(word, identifiers) ||
           (is_among(word, numbered) && (hash || is_among(other, number_words))) ||
           (is_among(word, number_words) && (is_among(other, numbered) || is_among(other, identifiers)));
}

/* "PL5260250995", "SO/2026/000000042", and what is mixed of letters and digits: "41d4-a716-446655440000". */
static bool is_of_code(kt_str text, size_t first, size_t at, size_t end)
{
    size_t from = at, letters = 0, digits = 0, upper = 0;
    for (char c; from > first; from--) {
        c = text.ptr[from - 1];
        if (!is_letter(c) && !is_digit(c) && !strchr("-_/", c))
            break;
        letters += is_letter(c);
        digits += is_digit(c);
        upper += is_upper(c);
    }
    const kt_str prefix = {text.ptr + from, at - from};
    const bool code = upper == prefix.len && upper >= 2 && upper <= 4 && !is_among(prefix, phone_words);
    const bool goes_on = end + 1 < text.len && is_upper(text.ptr[end]) &&
                         (is_upper(text.ptr[end + 1]) || is_digit(text.ptr[end + 1]));
    return code || (letters && digits) || goes_on;
}

/* "12 345 678.90", "123 456 789,50", and what a currency or a unit follows. */
static bool is_amount(kt_str text, size_t at, size_t end)
{
    size_t after = end, word;
    const size_t tail = end - at > 3 && text.ptr[end - 3] == '.' ? end - 3 : end;
    bool plain = tail < end;
    for (size_t i = at; i < tail; i++)
        plain = plain && (is_digit(text.ptr[i]) || text.ptr[i] == ' ' || (unsigned char)text.ptr[i] >= 0x80);
    if (end < text.len && text.ptr[end] == ',' && digits_at(text, end + 1) == 2)
        plain = plain || end + 4 >= text.len || text.ptr[end + 3] != ' ' || !is_digit(text.ptr[end + 4]);
    while (after < text.len &&
           (text.ptr[after] == ' ' || text.ptr[after] == '\xC2' || text.ptr[after] == '\xA0'))
        after++;
    for (word = after; word < text.len && is_letter(text.ptr[word]);)
        word++;
    return plain || is_among((kt_str){text.ptr + after, word - after}, units);
}

/* ---- A number, an address ---- */

/* How long the number is that begins at `at`, and whether it is a telephone's; 0: too few digits for one. What it is
 * written together with begins at `first` or later. */
static size_t number_at(kt_str text, size_t first, size_t at, bool *phone)
{
    bool plus = text.ptr[at] == '+';
    size_t digits = 0, end = at, gap = 0;
    for (size_t i = at + plus; i < text.len && gap <= GAP_MAX; i++) {
        if (is_digit(text.ptr[i])) {
            if (gap && date_at(text, i))
                break;
            digits++;
            end = i + 1;
            gap = 0;
        } else if (parts_digits(text.ptr[i])) {
            gap++;
        } else {
            break;
        }
    }
    if (digits < (plus ? PHONE_PLUS_MIN : PHONE_MIN))
        return 0;
    *phone = plus ||
             (!is_labelled(text, at) && !is_of_code(text, first, at, end) && !is_amount(text, at, end));
    return end - at;
}

static bool is_of_address(char c, bool host)
{
    bool letter = (c >= 'a' && c <= 'z') || is_upper(c) || (unsigned char)c >= 0x80;
    return letter || is_digit(c) || c == '.' || c == '-' || (!host && (c == '_' || c == '+' || c == '%'));
}

/* The address around an @ that stands at `at`, none of it before `from`. */
static bool address_at(kt_str text, size_t from, size_t at, mask_piece *p)
{
    *p = (mask_piece){at, at + 1};
    while (p->from > from && is_of_address(text.ptr[p->from - 1], false))
        p->from--;
    while (p->to < text.len && is_of_address(text.ptr[p->to], true))
        p->to++;
    while (p->to > at + 1 && (text.ptr[p->to - 1] == '.' || text.ptr[p->to - 1] == '-'))
        p->to--;
    return p->from < at && p->to > at + 1 && memchr(text.ptr + at, '.', p->to - at);
}

/* The first number or address that begins at `from` or later. */
static bool next_piece(kt_str text, size_t from, mask_piece *p)
{
    for (size_t i = from; i < text.len; i++) {
        char c = text.ptr[i];
        bool phone = false;
        if (c == '@' && address_at(text, from, i, p))
            return true;
        if (!is_digit(c) && c != '+')
            continue;
        size_t date = date_at(text, i), number = date ? 0 : number_at(text, from, i, &phone);
        *p = (mask_piece){i, i + number};
        if (phone)
            return true;
        size_t skipped = date ? date : number ? number : digits_at(text, i);
        i += skipped ? skipped - 1 : 0;
    }
    return false;
}

/* ---- One after the other ---- */

mask_search mask_search_in(kt_str text, bool json)
{
    return (mask_search){.text = text, .stop = json ? 0 : text.len, .json = json};
}

/* [">=", 100000000]: a number that others are more than calls nobody. */
static bool is_compared(kt_str text, size_t at)
{
    static const kt_str operators[] = {{"\">\"", 3}, {"\">=\"", 4}, {"\"<\"", 3}, {"\"<=\"", 4}};
    while (at > 0 && (text.ptr[at - 1] == ',' || text.ptr[at - 1] == ' '))
        at--;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (at >= operators[i].len &&
            memcmp(text.ptr + at - operators[i].len, operators[i].ptr, operators[i].len) == 0)
            return true;
    return false;
}

/* Where the number of JSON ends that begins here, and whether it may be a telephone's: a whole one, of so many digits, of
 * which its name says nothing else. */
static size_t bare_number(kt_str text, size_t at, bool *phone)
{
    size_t digits = digits_at(text, at), end = at + digits;
    while (end < text.len && (is_digit(text.ptr[end]) || strchr("+-.eE", text.ptr[end])))
        end++;
    const kt_str word = word_before(text, at);
    *phone = end == at + digits && digits >= PHONE_MIN && digits <= PHONE_MAX &&
             (at == 0 || text.ptr[at - 1] != '-') && !is_among(word, identifiers) &&
             !is_among(word, numbered) && !is_among(word, measures) && !is_compared(text, at);
    return end;
}

/* Goes on to the next part of a string of the JSON text, up to its end or to what is escaped in it, or to a number that
 * stands alone: then that is p. */
static bool next_part(mask_search *s, mask_piece *p)
{
    size_t i = s->stop;
    const kt_str t = s->text;
    *p = (mask_piece){0};
    if (s->inside && i < t.len && t.ptr[i] == '\\') {
        i += i + 1 < t.len && t.ptr[i + 1] == 'u' ? 6 : 2;
    } else if (s->inside) {
        i++;
        s->inside = false;
    }
    while (!s->inside && !p->bare && i < t.len) {
        *p = (mask_piece){i, i + 1, false};
        s->inside = t.ptr[i] == '"';
        if (is_digit(t.ptr[i]))
            p->to = bare_number(t, i, &p->bare);
        i = p->to;
    }
    s->at = s->stop = i < t.len ? i : t.len;
    while (s->inside && s->stop < t.len && t.ptr[s->stop] != '"' && t.ptr[s->stop] != '\\')
        s->stop++;
    return p->bare || (s->inside && s->at < t.len);
}

bool mask_next(mask_search *s, mask_piece *p)
{
    do {
        if (next_piece((kt_str){s->text.ptr, s->stop}, s->at, p)) {
            s->at = p->to;
            return true;
        }
        s->at = s->stop;
        if (!s->json || !next_part(s, p))
            return false;
    } while (!p->bare);
    return true;
}
