/* format.c -- see format.h. */
#include "document/format.h"

#include "kit/decimal.h"
#include "kit/str.h"

#define NO_BREAK "\xC2\xA0"

void format_number(buffer *out, words_language language, kt_dec value)
{
    char text[DEC_TEXT_MAX];
    size_t n = dec_text(value, text), at = 0, whole = 0;
    if (n && text[0] == '-') {
        buffer_add_str(out, KT_STR("\xE2\x88\x92")); /* the minus sign */
        at = 1;
    }
    while (at + whole < n && text[at + whole] != '.')
        whole++;
    size_t least = language == WORDS_POLISH ? 5 : 4;
    for (size_t i = 0; i < whole; i++) {
        if (i && whole >= least && (whole - i) % 3 == 0)
            buffer_add_str(out, language == WORDS_POLISH ? KT_STR(NO_BREAK) : KT_STR(","));
        buffer_add_char(out, text[at + i]);
    }
    if (at + whole == n)
        return;
    buffer_add_char(out, language == WORDS_POLISH ? ',' : '.');
    buffer_add(out, text + at + whole + 1, n - at - whole - 1);
}

void format_money(buffer *out, words_language language, kt_dec value, const char *currency)
{
    format_number(out, language, kt_dec_round(value, 2));
    if (!currency || !*currency)
        return;
    bool zloty = language == WORDS_POLISH && strcmp(currency, "PLN") == 0;
    buffer_add_str(out, KT_STR(NO_BREAK));
    buffer_add_str(out, str_of(zloty ? "zł" : currency));
}

static const char *month_name(words_language language, int month)
{
    static const char *const english[] = {"January", "February", "March", "April", "May", "June", "July",
        "August", "September", "October", "November", "December"};
    static const char *const polish[] = {"stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca",
        "lipca", "sierpnia", "września", "października", "listopada", "grudnia"};
    const size_t at = month >= 1 && month <= 12 ? (size_t)month - 1 : 0;
    return (language == WORDS_POLISH ? polish : english)[at];
}

void format_day(buffer *out, words_language language, kt_date date, bool is_long)
{
    int year, month, day;
    if (!date.day)
        return;
    kt_date_parts(date, &year, &month, &day);
    if (language == WORDS_ENGLISH)
        buffer_add_format(
            out, "%d" NO_BREAK "%.*s" NO_BREAK "%d", day, is_long ? 9 : 3, month_name(language, month), year);
    else if (is_long)
        buffer_add_format(out, "%d" NO_BREAK "%s" NO_BREAK "%d", day, month_name(language, month), year);
    else
        buffer_add_format(out, "%02d.%02d.%04d", day, month, year);
}

void format_pattern(buffer *out, words_language language, kt_date date, int second, kt_str pattern)
{
    int year, month, day;
    if (!date.day)
        return;
    kt_date_parts(date, &year, &month, &day);
    const struct {
        char letter;
        int width, value;
    } parts[] = {{'d', 2, day}, {'j', 1, day}, {'m', 2, month}, {'n', 1, month}, {'Y', 4, year},
        {'y', 2, year % 100}, {'H', 2, second / 3600}, {'G', 1, second / 3600}, {'i', 2, second / 60 % 60},
        {'s', 2, second % 60}};
    for (size_t i = 0; i < pattern.len; i++) {
        size_t k = 0;
        char c = pattern.ptr[i];
        while (k < sizeof parts / sizeof *parts && parts[k].letter != c)
            k++;
        if (c == 'F')
            buffer_add_str(out, str_of(month_name(language, month)));
        else if (k < sizeof parts / sizeof *parts)
            buffer_add_format(out, "%0*d", parts[k].width, parts[k].value);
        else if (c != '\\')
            buffer_add_char(out, c);
        else if (++i < pattern.len)
            buffer_add_char(out, pattern.ptr[i]);
    }
}

void format_minute(buffer *out, int minute)
{
    buffer_add_format(out, "%02d:%02d", minute / 60, minute % 60);
}
