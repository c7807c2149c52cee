/* text.h -- Unicode: checking, folding for search and comparison, tokens. By utf8proc. */
#pragma once
#include "kit/arena.h"

/* The length of the well-formed UTF-8 sequence at text, 1 to 4; 0: there is none within `left` bytes. */
size_t text_sequence(const char *text, size_t left);
bool text_is_utf8(kt_str s);
size_t text_chars(kt_str s);
/* Its first bytes, at most so many, and no part of a character. */
kt_str text_cut(kt_str s, size_t bytes_max);
/* Lower case without diacritics, for search and duplicates: "Łódź ŚRÓDMIEŚCIE" -> "lodz srodmiescie",
 * "Straße" -> "strasse". NFKD, marks removed, case-folded, and the letters that do not decompose
 * (Polish l with stroke, Scandinavian o with stroke, ae, eszett, Turkish dotless i) by table. */
kt_str text_fold(arena *arena, kt_str s);
/* Calls take(context, token) for each word of folded text: runs of letters and digits; the digits of a
 * telephone number that is grouped by blanks, dashes, brackets or points also come as one token. */
void text_tokens(kt_str folded, void (*take)(void *context, kt_str token), void *context);
