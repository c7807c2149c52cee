/* Unicode by utf8proc; ASCII, which is nearly everything, by hand. */
#include "kit/text.h"

#include <string.h>
#include <utf8proc.h>

size_t text_sequence(const char *text, size_t left)
{
    const unsigned char *s = (const unsigned char *)text;
    if (left == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xED && s[1] > 0x9F;
    bool beyond = s[0] == 0xF4 && s[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : length;
}

bool text_is_utf8(kt_str s)
{
    for (size_t i = 0; i < s.len;) {
        uint64_t eight;
        if (s.len - i >= sizeof eight) {
            memcpy(&eight, s.ptr + i, sizeof eight);
            if (!(eight & UINT64_C(0x8080808080808080))) {
                i += sizeof eight;
                continue;
            }
        }
        size_t n = text_sequence(s.ptr + i, s.len - i);
        if (!n)
            return false;
        i += n;
    }
    return true;
}

size_t text_chars(kt_str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return count;
}

kt_str text_cut(kt_str s, size_t bytes_max)
{
    if (s.len <= bytes_max)
        return s;
    while (bytes_max && ((unsigned char)s.ptr[bytes_max] & 0xC0) == 0x80)
        bytes_max--;
    return (kt_str){s.ptr, bytes_max};
}

/* Letters that Unicode does not decompose, lower case. */
static const struct {
    utf8proc_int32_t letter;
    const char *plain;
} special[] = {
    {0x00E6, "ae"},
    {0x00F0, "d"},
    {0x00F8, "o"},
    {0x00FE, "th"},
    {0x0111, "d"},
    {0x0127, "h"},
    {0x0131, "i"},
    {0x0138, "q"},
    {0x0142, "l"},
    {0x014B, "n"},
    {0x0153, "oe"},
    {0x0167, "t"},
    {0x00DF, "ss"},
    {0x0180, "b"},
    {0x0268, "i"},
    {0x01B6, "z"},
    {0x1E9E, "ss"},
};

static const char *plain_letter(utf8proc_int32_t letter)
{
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (special[i].letter == letter)
            return special[i].plain;
    return NULL;
}

typedef struct {
    arena *arena;
    char *text;
    size_t len, size;
} folding;

static bool add(folding *f, const void *bytes, size_t n)
{
    if (n > f->size - f->len - 1) {
        size_t size = f->size * 2 + n;
        char *grown = arena_grow(f->arena, f->text, f->size, size);
        if (!grown)
            return false;
        f->text = grown;
        f->size = size;
    }
    memcpy(f->text + f->len, bytes, n);
    f->len += n;
    return true;
}

static bool add_letter(folding *f, utf8proc_int32_t letter)
{
    const char *plain = plain_letter(letter);
    if (plain)
        return add(f, plain, strlen(plain));
    utf8proc_uint8_t bytes[4];
    utf8proc_ssize_t n = utf8proc_encode_char(letter, bytes);
    return n <= 0 || add(f, bytes, (size_t)n);
}

/* One character outside ASCII. */
static bool fold_char(folding *f, utf8proc_int32_t c)
{
    enum { PARTS_MAX = 64 }; /* the longest decomposition of Unicode has 18 */
    utf8proc_int32_t part[PARTS_MAX];
    int boundary = UTF8PROC_BOUNDCLASS_START;
    unsigned options = UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK;
    utf8proc_ssize_t n = utf8proc_decompose_char(c, part, PARTS_MAX, (utf8proc_option_t)options, &boundary);
    if (n < 0 || n > PARTS_MAX)
        return true;
    for (utf8proc_ssize_t i = 0; i < n; i++)
        if (!add_letter(f, part[i]))
            return false;
    return true;
}

kt_str text_fold(arena *arena, kt_str s)
{
    if (!s.ptr || s.len > SIZE_MAX / 4)
        return (kt_str){0};
    folding f = {.arena = arena, .size = s.len + s.len / 2 + 1};
    f.text = arena_alloc(arena, f.size);
    if (!f.text)
        return (kt_str){0};
    for (size_t i = 0; i < s.len;) {
        char c = s.ptr[i];
        bool added;
        if ((unsigned char)c < 0x80) {
            c = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
            added = add(&f, &c, 1);
            i++;
        } else {
            size_t n = text_sequence(s.ptr + i, s.len - i);
            utf8proc_int32_t letter = ' '; /* in place of a broken byte */
            if (n)
                (void)utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + i, (utf8proc_ssize_t)n, &letter);
            added = n ? fold_char(&f, letter) : add(&f, " ", 1);
            i += n ? n : 1;
        }
        if (!added)
            return (kt_str){0};
    }
    f.text[f.len] = '\0';
    return (kt_str){f.text, f.len};
}

/* ---- Tokens ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The length of the letter or digit at s; 0: it is neither. */
static size_t word_char(const char *s, size_t left)
{
    unsigned char c = (unsigned char)*s;
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(*s);
    size_t n = text_sequence(s, left);
    utf8proc_int32_t letter = 0;
    if (!n || utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &letter) < 0)
        return 0;
    utf8proc_category_t category = utf8proc_category(letter);
    bool is_word = (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO);
    return is_word ? n : 0;
}

enum { NUMBER_MIN = 7, NUMBER_MAX = 20 }; /* digits of what may be a telephone number */

/* A number in groups that begins at text[i], as one token. Returns where it ends; i: there is none. */
static size_t grouped_number(kt_str text, size_t i, void (*take)(void *context, kt_str token), void *context)
{
    char digits[NUMBER_MAX + 1];
    size_t n = 0, groups = 0, gap = 1, end = i;
    for (size_t at = i; at < text.len; at++) {
        char c = text.ptr[at];
        if (is_digit(c)) {
            if (n == NUMBER_MAX)
                return i;
            groups += gap != 0;
            gap = 0;
            digits[n++] = c;
            end = at + 1;
        } else if (c && strchr(" -().+/", c) && gap < 2) {
            gap++;
        } else {
            break;
        }
    }
    bool sticks_to_letters = end < text.len && word_char(text.ptr + end, text.len - end);
    if (groups < 2 || n < NUMBER_MIN || sticks_to_letters)
        return i;
    digits[n] = '\0';
    take(context, (kt_str){digits, n});
    return end;
}

void text_tokens(kt_str folded, void (*take)(void *context, kt_str token), void *context)
{
    size_t number_end = 0; /* digits up to here were already given as one token */
    for (size_t i = 0; i < folded.len;) {
        size_t start = i;
        for (size_t n; i < folded.len && (n = word_char(folded.ptr + i, folded.len - i)) > 0;)
            i += n;
        if (i == start) {
            i++;
            continue;
        }
        if (start >= number_end && is_digit(folded.ptr[start]))
            number_end = grouped_number(folded, start, take, context);
        take(context, (kt_str){folded.ptr + start, i - start});
    }
}
