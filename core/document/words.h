/* words.h -- numbers and amounts in words, as documents write them beside the digits. */
#pragma once
#include "kit/arena.h"

typedef enum { WORDS_ENGLISH, WORDS_POLISH } words_language;

/* The gender of what is counted. English knows none. */
typedef enum {
    WORDS_MASCULINE, /* jeden, dwa: złoty */
    WORDS_FEMININE,  /* jedna, dwie: korona */
    WORDS_NEUTER,    /* jedno, dwa: euro */
    WORDS_PERSONAL,  /* jeden, dwóch: men, and persons of both sexes */
} words_gender;

/* The form of a noun behind a number: 1 zloty; 2 złote; 5 złotych. English has the first and the last.
 * source  Wielki słownik ortograficzny PWN, rules for numerals; CLDR plural rules of "pl" for integers */
typedef enum { WORDS_ONE, WORDS_FEW, WORDS_MANY } words_form;
words_form words_form_of(words_language language, uint64_t n);

/* A whole number.
 *   returns  "" (ptr NULL) past the memory limit; the sign is "minus"
 *   memory   the arena's */
kt_str words_number(arena *arena, words_language language, words_gender gender, int64_t n);

/* Whether the hundredth parts are written in words or as a fraction. */
typedef enum { WORDS_FULL, WORDS_FRACTION } words_style;

/* An amount of money: "sto dwadzieścia trzy złote czterdzieści pięć groszy", "sto dwadzieścia trzy złote
 * 45/100".
 *   amount    rounded half away from zero to the currency's parts; |amount| at most 10^15
 *   currency  ISO 4217; one without names here is written by its code: "sto XTS 45/100"
 *   returns   "" (ptr NULL): not set, too large, or past the memory limit */
kt_str words_amount(
    arena *arena, words_language language, words_style style, kt_dec amount, const char *currency);
