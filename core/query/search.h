/* search.h -- what the two halves of search share: the words of the question and how a record meets them
 * (search_words.c), and finding records (search.c). */
#pragma once
#include "query/internal.h"

enum { SEARCH_WORDS_MAX = 8 };

typedef struct searching searching;
typedef struct {
    kt_str items[SEARCH_WORDS_MAX]; /* folded, distinct */
    size_t count;
} search_words;

/* The words of a question. Digits written in groups count as one number. */
KT_MUST kt_error *search_words_read(kt_tx *tx, kt_str text, search_words *words);
/* How well a record meets all words by what the caller may see: 0: not all of them. *matched: the field of
 * the first word. */
KT_MUST kt_error *search_score(
    kt_tx *tx, const model_record *record, const search_words *words, unsigned *score, kt_str *matched);
