/* format.h -- numbers, money, days and times as people write them in a language.
 *   source  CLDR 44, "en" and "pl" */
#pragma once
#include "document/words.h"
#include "kit/buffer.h"

/* "1,234.50"; Polish "1234,50", "12 345,60": four digits stay together. Spaces do not break. */
void format_number(buffer *out, words_language language, kt_dec value);
/* Rounded to two digits, with the currency behind it: "12,345.60 EUR", "12 345,60 zł". */
void format_money(buffer *out, words_language language, kt_dec value, const char *currency);
/* "25 Nov 2026", "25.11.2026"; long: "25 November 2026", "25 listopada 2026" */
void format_day(buffer *out, words_language language, kt_date day, bool is_long);
/* By the letters of PHP's date(), of which d j m n F Y y H G i s are known here; a backslash takes the next one as it is.
 *   second  of the day */
void format_pattern(buffer *out, words_language language, kt_date date, int second, kt_str pattern);
/* A minute of a day, "09:05". */
void format_minute(buffer *out, int minute);
