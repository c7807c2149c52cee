/* Names of parties made comparable.
 * source: Dice's coefficient over trigrams (Adamson and Boreham, 1974); keys after the idea of Soundex, with
 * the pairs of letters that Polish writes for one sound */
#include "names.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 24, KEY_WORDS = 3, CODE_MAX = 5 };

typedef struct {
    const char *text;
    size_t len;
} word;

/* What a legal form looks like once points are gone, its words in order. */
static const char *const legal_forms[] = {"spolka z ograniczona odpowiedzialnoscia",
    "spolka komandytowo akcyjna", "spolka komandytowa", "spolka akcyjna", "spolka jawna", "spolka cywilna",
    "spolka partnerska", "prosta spolka akcyjna", "sp z o o", "sp zoo", "spzoo", "spolka zoo", "sp k", "sp j",
    "sp p", "s k a", "s a", "s c", "p s a", "sa", "sc", "ska", "psa", "p p h u", "pphu", "p h u", "phu",
    "f h u", "fhu", "z p h u", "gmbh co kg", "gmbh", "ag", "kg", "ohg", "ug", "e k", "ltd", "limited", "llc",
    "llp", "plc", "inc", "incorporated", "corp", "corporation", "co", "b v", "bv", "n v", "nv", "s r o",
    "sro", "a s", "s r l", "srl", "s p a", "spa", "sarl", "sas", "kft", "zrt", "oy", "ab", "aps", "uab",
    "sia", "ou", NULL};

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
}

static size_t split(const char *text, size_t length, word words[WORDS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < length && count < WORDS_MAX;) {
        size_t from = i;
        while (i < length && (is_letter((unsigned char)text[i]) || (i > from && text[i] == '\'')))
            i++;
        if (i > from)
            words[count++] = (word){text + from, i - from};
        else
            i++;
    }
    return count;
}

/* Do words from `at` on spell the form? Returns how many they are. */
static size_t form_at(const word *words, size_t count, size_t at, const char *form)
{
    size_t n = 0;
    for (const char *p = form; *p; n++) {
        if (at + n == count)
            return 0;
        const word *w = &words[at + n];
        if (*p != *w->text || strncmp(p, w->text, w->len) != 0 || (p[w->len] != ' ' && p[w->len] != '\0'))
            return 0;
        p += w->len + (p[w->len] == ' ');
    }
    return n;
}

static size_t drop_legal_forms(word *words, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count;) {
        size_t n = 0;
        for (size_t f = 0; legal_forms[f] && !n; f++)
            n = form_at(words, count, i, legal_forms[f]);
        if (!n)
            words[kept++] = words[i++];
        i += n;
    }
    return kept;
}

static int by_text(const void *left, const void *right)
{
    const word *a = left, *b = right;
    size_t n = a->len < b->len ? a->len : b->len;
    int c = memcmp(a->text, b->text, n);
    return c ? c : (a->len > b->len) - (a->len < b->len);
}

bool name_normal(kt_str folded, char out[NAME_FORM_MAX])
{
    word words[WORDS_MAX];
    size_t all = folded.ptr ? split(folded.ptr, folded.len, words) : 0;
    word kept[WORDS_MAX];
    memcpy(kept, words, all * sizeof *words);
    size_t count = drop_legal_forms(kept, all);
    if (!count) { /* a firm may be called as a legal form is */
        memcpy(kept, words, all * sizeof *words);
        count = all;
    }
    qsort(kept, count, sizeof *kept, by_text);
    size_t n = 0;
    for (size_t i = 0; i < count && n + kept[i].len + 2 < NAME_FORM_MAX; i++) {
        if (n)
            out[n++] = ' ';
        memcpy(out + n, kept[i].text, kept[i].len);
        n += kept[i].len;
    }
    out[n] = '\0';
    return n > 0;
}

/* ---- Keys ---- */

/* One letter for what sounds alike; 0: a vowel, which is left out. */
static char sound(const char *text, size_t left, size_t *used)
{
    static const struct {
        char pair[3], as;
    } pairs[] = {{"rz", 'z'}, {"ch", 'h'}, {"sz", 's'}, {"cz", 'c'}, {"ph", 'f'}, {"ck", 'k'}, {"dz", 'z'}};
    *used = 1;
    for (size_t i = 0; left > 1 && i < sizeof pairs / sizeof *pairs; i++)
        if (text[0] == pairs[i].pair[0] && text[1] == pairs[i].pair[1]) {
            *used = 2;
            return pairs[i].as;
        }
    switch (text[0]) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
    case 'y':
    case 'j':
        return 0;
    case 'v':
        return 'w';
    case 'q':
    case 'x':
        return 'k';
    default: /* a byte of another script stands for itself, as some consonant */
        return (unsigned char)text[0] < 0x80 ? text[0] : "bcdfghklmnprstwz"[text[0] & 15];
    }
}

/* The first letter, then consonants, none twice in a row. */
static void code_of(const word *w, char code[CODE_MAX])
{
    size_t n = 0, used;
    char last = 0;
    for (size_t i = 0; i < w->len && n + 1 < CODE_MAX; i += used) {
        char c = sound(w->text + i, w->len - i, &used);
        if (!c && i == 0)
            c = w->text[0]; /* a vowel counts in front */
        if (c && c != last)
            code[n++] = c;
        last = c;
    }
    code[n] = '\0';
}

static int by_length(const void *left, const void *right)
{
    const word *a = left, *b = right;
    return a->len != b->len ? (a->len < b->len ? 1 : -1) : by_text(left, right);
}

static void pair_key(const char *a, const char *b, char key[NAME_KEY_MAX])
{
    bool swap = strcmp(a, b) > 0;
    size_t n = 0;
    for (const char *p = swap ? b : a; *p; p++)
        key[n++] = *p;
    key[n++] = ' ';
    for (const char *p = swap ? a : b; *p; p++)
        key[n++] = *p;
    key[n] = '\0';
}

size_t name_keys(const char *normal, char keys[NAME_KEYS][NAME_KEY_MAX])
{
    word words[WORDS_MAX];
    char codes[KEY_WORDS][CODE_MAX];
    size_t count = split(normal, strlen(normal), words), made = 0;
    qsort(words, count, sizeof *words, by_length);
    count = count < KEY_WORDS ? count : KEY_WORDS;
    for (size_t i = 0; i < count; i++)
        code_of(&words[i], codes[i]);
    if (count == 1)
        pair_key(codes[0], "", keys[made++]);
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            pair_key(codes[i], codes[k], keys[made++]);
    if (count == 2) { /* one word may be misspelt beyond its sound */
        const char first[] = {codes[0][0], '.', '\0'}, second[] = {codes[1][0], '.', '\0'};
        pair_key(codes[0], second, keys[made++]);
        pair_key(codes[1], first, keys[made++]);
    }
    size_t kept = 0;
    for (size_t i = 0; i < made; i++) {
        bool had = false;
        for (size_t k = 0; k < kept && !had; k++)
            had = strcmp(keys[k], keys[i]) == 0;
        if (!had && kept++ != i)
            memcpy(keys[kept - 1], keys[i], NAME_KEY_MAX);
    }
    return kept;
}

/* ---- Likeness ---- */

static uint32_t trigram(const char *text, size_t length, size_t i)
{
    uint32_t gram = 0;
    for (size_t k = i; k < i + 3; k++) /* as if two blanks stood in front and one behind */
        gram = gram << 8 | (k < 2 || k - 2 >= length ? (uint8_t)' ' : (uint8_t)text[k - 2]);
    return gram;
}

int name_likeness(const char *a, const char *b)
{
    bool taken[NAME_FORM_MAX + 2] = {0};
    size_t la = strlen(a), lb = strlen(b), common = 0;
    size_t na = la + 1, nb = lb + 1;
    if (!la || !lb || la >= NAME_FORM_MAX || lb >= NAME_FORM_MAX)
        return 0;
    for (size_t i = 0; i < na; i++) {
        uint32_t gram = trigram(a, la, i);
        for (size_t k = 0; k < nb; k++)
            if (!taken[k] && trigram(b, lb, k) == gram) {
                taken[k] = true;
                common++;
                break;
            }
    }
    return (int)(200 * common / (na + nb));
}
