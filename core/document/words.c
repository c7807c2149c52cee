/* words.c -- see words.h. A number is read in groups of three digits; each group is followed by the noun of
 * its power of a thousand, which in Polish is a noun of its own with the forms of any other. */
#include "document/words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kit/buffer.h"
#include "kit/str.h"

enum { TEXT_MAX = 1000, GROUPS = 7 };

typedef struct {
    const char *form[3]; /* one, few, many */
    words_gender gender;
} noun;

static const char *const en_small[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight",
    "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen"};
static const char *const en_tens[] = {
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};
static const char *const en_powers[GROUPS] = {
    "", "thousand", "million", "billion", "trillion", "quadrillion", "quintillion"};

static const char *const pl_small[] = {"zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem",
    "osiem", "dziewięć", "dziesięć", "jedenaście", "dwanaście", "trzynaście", "czternaście", "piętnaście",
    "szesnaście", "siedemnaście", "osiemnaście", "dziewiętnaście"};
static const char *const pl_tens[] = {"", "", "dwadzieścia", "trzydzieści", "czterdzieści", "pięćdziesiąt",
    "sześćdziesiąt", "siedemdziesiąt", "osiemdziesiąt", "dziewięćdziesiąt"};
static const char *const pl_hundreds[] = {"", "sto", "dwieście", "trzysta", "czterysta", "pięćset",
    "sześćset", "siedemset", "osiemset", "dziewięćset"};
static const char *const pl_person_small[] = {"zero", "jeden", "dwóch", "trzech", "czterech", "pięciu",
    "sześciu", "siedmiu", "ośmiu", "dziewięciu", "dziesięciu", "jedenastu", "dwunastu", "trzynastu",
    "czternastu", "piętnastu", "szesnastu", "siedemnastu", "osiemnastu", "dziewiętnastu"};
static const char *const pl_person_tens[] = {"", "", "dwudziestu", "trzydziestu", "czterdziestu",
    "pięćdziesięciu", "sześćdziesięciu", "siedemdziesięciu", "osiemdziesięciu", "dziewięćdziesięciu"};
static const char *const pl_person_hundreds[] = {"", "stu", "dwustu", "trzystu", "czterystu", "pięciuset",
    "sześciuset", "siedmiuset", "ośmiuset", "dziewięciuset"};
static const noun pl_powers[GROUPS] = {
    {{"", "", ""}, WORDS_MASCULINE},
    {{"tysiąc", "tysiące", "tysięcy"}, WORDS_MASCULINE},
    {{"milion", "miliony", "milionów"}, WORDS_MASCULINE},
    {{"miliard", "miliardy", "miliardów"}, WORDS_MASCULINE},
    {{"bilion", "biliony", "bilionów"}, WORDS_MASCULINE},
    {{"biliard", "biliardy", "biliardów"}, WORDS_MASCULINE},
    {{"trylion", "tryliony", "trylionów"}, WORDS_MASCULINE},
};

typedef struct {
    const char *code;
    uint8_t scale; /* digits of the small unit, ISO 4217 */
    noun en, en_part, pl, pl_part;
} currency_names;

static const currency_names currencies[] = {
    {"PLN", 2, {{"zloty", "", "zlotys"}, 0}, {{"grosz", "", "groszy"}, 0},
        {{"złoty", "złote", "złotych"}, WORDS_MASCULINE}, {{"grosz", "grosze", "groszy"}, WORDS_MASCULINE}},
    {"EUR", 2, {{"euro", "", "euros"}, 0}, {{"cent", "", "cents"}, 0},
        {{"euro", "euro", "euro"}, WORDS_NEUTER}, {{"cent", "centy", "centów"}, WORDS_MASCULINE}},
    {"USD", 2, {{"dollar", "", "dollars"}, 0}, {{"cent", "", "cents"}, 0},
        {{"dolar", "dolary", "dolarów"}, WORDS_MASCULINE}, {{"cent", "centy", "centów"}, WORDS_MASCULINE}},
    {"GBP", 2, {{"pound", "", "pounds"}, 0}, {{"penny", "", "pence"}, 0},
        {{"funt", "funty", "funtów"}, WORDS_MASCULINE}, {{"pens", "pensy", "pensów"}, WORDS_MASCULINE}},
    {"CHF", 2, {{"franc", "", "francs"}, 0}, {{"centime", "", "centimes"}, 0},
        {{"frank", "franki", "franków"}, WORDS_MASCULINE},
        {{"centym", "centymy", "centymów"}, WORDS_MASCULINE}},
    {"CZK", 2, {{"koruna", "", "korunas"}, 0}, {{"haler", "", "halers"}, 0},
        {{"korona", "korony", "koron"}, WORDS_FEMININE}, {{"halerz", "halerze", "halerzy"}, WORDS_MASCULINE}},
    {"SEK", 2, {{"krona", "", "kronor"}, 0}, {{"ore", "", "ore"}, 0},
        {{"korona", "korony", "koron"}, WORDS_FEMININE}, {{"öre", "öre", "öre"}, WORDS_NEUTER}},
    {"NOK", 2, {{"krone", "", "kroner"}, 0}, {{"ore", "", "ore"}, 0},
        {{"korona", "korony", "koron"}, WORDS_FEMININE}, {{"øre", "øre", "øre"}, WORDS_NEUTER}},
    {"DKK", 2, {{"krone", "", "kroner"}, 0}, {{"ore", "", "ore"}, 0},
        {{"korona", "korony", "koron"}, WORDS_FEMININE}, {{"øre", "øre", "øre"}, WORDS_NEUTER}},
    {"UAH", 2, {{"hryvnia", "", "hryvnias"}, 0}, {{"kopiyka", "", "kopiykas"}, 0},
        {{"hrywna", "hrywny", "hrywien"}, WORDS_FEMININE},
        {{"kopiejka", "kopiejki", "kopiejek"}, WORDS_FEMININE}},
    {"HUF", 2, {{"forint", "", "forints"}, 0}, {{"filler", "", "fillers"}, 0},
        {{"forint", "forinty", "forintów"}, WORDS_MASCULINE},
        {{"filler", "fillery", "fillerów"}, WORDS_MASCULINE}},
    {"JPY", 0, {{"yen", "", "yen"}, 0}, {{"", "", ""}, 0}, {{"jen", "jeny", "jenów"}, WORDS_MASCULINE},
        {{"", "", ""}, 0}},
};

words_form words_form_of(words_language language, uint64_t n)
{
    if (n == 1)
        return WORDS_ONE;
    uint64_t ones = n % 10, tens = n % 100 / 10;
    return language == WORDS_POLISH && ones >= 2 && ones <= 4 && tens != 1 ? WORDS_FEW : WORDS_MANY;
}

static void add_word(buffer *out, const char *word)
{
    if (!*word)
        return;
    if (out->len && out->ptr[out->len - 1] != ' ')
        buffer_add_char(out, ' ');
    buffer_add(out, word, strlen(word));
}

static void add_noun(buffer *out, words_language language, const noun *noun, uint64_t n)
{
    add_word(out, noun->form[words_form_of(language, n)]);
}

/* ---- English: "one hundred and twenty-three" ---- */

static void add_english_group(buffer *out, unsigned n, bool last)
{
    if (n >= 100) {
        add_word(out, en_small[n / 100]);
        add_word(out, "hundred");
    }
    unsigned rest = n % 100;
    if (rest && (n >= 100 || (last && out->len)))
        add_word(out, "and");
    if (rest >= 20) {
        add_word(out, en_tens[rest / 10]);
        if (rest % 10)
            buffer_add_format(out, "-%s", en_small[rest % 10]);
    } else if (rest) {
        add_word(out, en_small[rest]);
    }
}

/* ---- Polish ---- */

/* One and two agree with what is counted, but one only when it stands alone: dwadzieścia jeden koron. */
static const char *polish_small(unsigned n, words_gender gender, bool alone)
{
    if (gender == WORDS_PERSONAL)
        return pl_person_small[n];
    if (n == 1 && alone && gender != WORDS_MASCULINE)
        return gender == WORDS_FEMININE ? "jedna" : "jedno";
    return n == 2 && gender == WORDS_FEMININE ? "dwie" : pl_small[n];
}

static void add_polish_group(buffer *out, unsigned n, words_gender gender, bool alone)
{
    bool personal = gender == WORDS_PERSONAL;
    add_word(out, (personal ? pl_person_hundreds : pl_hundreds)[n / 100]);
    unsigned rest = n % 100;
    if (rest >= 20) {
        add_word(out, (personal ? pl_person_tens : pl_tens)[rest / 10]);
        rest %= 10;
    }
    if (rest)
        add_word(out, polish_small(rest, gender, alone && n == rest));
}

static void add_number(buffer *out, words_language language, words_gender gender, uint64_t n)
{
    size_t start = out->len;
    uint64_t power = 1;
    if (n == 0)
        add_word(out, "zero"); /* in both languages */
    for (int i = 1; i < GROUPS; i++)
        power *= 1000;
    for (int i = GROUPS - 1; i >= 0; i--, power /= 1000) {
        unsigned group = (unsigned)(n / power % 1000);
        if (!group)
            continue;
        if (language == WORDS_ENGLISH) {
            add_english_group(out, group, i == 0 && out->len > start);
            add_word(out, en_powers[i]);
        } else {
            add_polish_group(out, group, i ? WORDS_MASCULINE : gender, n < 1000 || i);
            add_noun(out, language, &pl_powers[i], group);
        }
    }
}

static kt_str take(buffer *out, arena *arena)
{
    kt_str text = out->full ? (kt_str){0} : arena_str(arena, buffer_str(out));
    buffer_close(out);
    return text;
}

kt_str words_number(arena *arena, words_language language, words_gender gender, int64_t n)
{
    buffer out;
    buffer_open(&out, TEXT_MAX);
    if (n < 0)
        add_word(&out, "minus");
    add_number(&out, language, gender, n < 0 ? (uint64_t)0 - (uint64_t)n : (uint64_t)n);
    return take(&out, arena);
}

/* ---- Money ---- */

static const currency_names *names_of(const char *code)
{
    for (size_t i = 0; i < sizeof currencies / sizeof *currencies; i++)
        if (strcmp(currencies[i].code, code) == 0)
            return &currencies[i];
    return NULL;
}

static void add_parts(
    buffer *out, words_language language, words_style style, const noun *part, uint64_t parts)
{
    if (style == WORDS_FRACTION) {
        buffer_add_format(out, " %02" PRIu64 "/100", parts);
        return;
    }
    if (language == WORDS_ENGLISH)
        add_word(out, "and");
    add_number(out, language, part->gender, parts);
    add_noun(out, language, part, parts);
}

kt_str words_amount(
    arena *arena, words_language language, words_style style, kt_dec amount, const char *currency)
{
    const uint64_t limit = UINT64_C(1000000000000000); /* 10^15 */
    const currency_names *names = names_of(currency);
    uint8_t scale = names ? names->scale : 2;
    kt_dec rounded = kt_dec_round(amount, scale);
    if (!rounded.scale1 || rounded.scale1 > KT_DEC_SCALE_MAX + 1)
        return (kt_str){0};
    uint64_t coef = rounded.coef < 0 ? (uint64_t)0 - (uint64_t)rounded.coef : (uint64_t)rounded.coef;
    uint64_t whole = scale ? coef / 100 : coef, parts = scale ? coef % 100 : 0;
    if (whole > limit)
        return (kt_str){0};
    bool polish = language == WORDS_POLISH;
    buffer out;
    buffer_open(&out, TEXT_MAX);
    if (rounded.coef < 0)
        add_word(&out, "minus");
    add_number(
        &out, language, names ? (polish ? names->pl.gender : names->en.gender) : WORDS_MASCULINE, whole);
    if (names)
        add_noun(&out, language, polish ? &names->pl : &names->en, whole);
    else
        add_word(&out, currency);
    if (scale)
        add_parts(&out, language, names ? style : WORDS_FRACTION,
            names ? (polish ? &names->pl_part : &names->en_part) : NULL, parts);
    return take(&out, arena);
}
