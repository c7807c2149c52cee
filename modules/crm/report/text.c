#include "report/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

kt_error *text_no_memory(kt_tx *tx)
{
    return kt_hint(kt_fail(tx, KT_LIMIT, NULL, "the report needs more memory than one call has",
                       "raport wymaga więcej pamięci, niż ma jedno wywołanie"),
        "Ask for a shorter period or fewer rows.", "Wybierz krótszy okres albo mniej wierszy.");
}

static bool make_room(struct text *t, size_t more)
{
    enum { FIRST = 256 };
    if (t->full)
        return false;
    if (t->len + more + 1 <= t->room)
        return true;
    size_t room = 2 * t->room > t->len + more + 1 ? 2 * t->room : t->len + more + 1 + FIRST;
    char *grown = kt_alloc(t->tx, room);
    if (!grown) {
        t->full = true;
        return false;
    }
    if (t->len)
        memcpy(grown, t->bytes, t->len);
    t->bytes = grown;
    t->room = room;
    return true;
}

void text_add(struct text *t, kt_str piece)
{
    if (!piece.len || !make_room(t, piece.len))
        return;
    memcpy(t->bytes + t->len, piece.ptr, piece.len);
    t->len += piece.len;
}

void text_format(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (n <= 0 || !make_room(t, (size_t)n))
        return;
    va_start(arguments, format);
    (void)vsnprintf(t->bytes + t->len, (size_t)n + 1, format, arguments);
    va_end(arguments);
    t->len += (size_t)n;
}

void text_next(struct text *t)
{
    if (t->len && t->bytes[t->len - 1] != '[')
        text_add(t, KT_STR(","));
}

void text_condition(struct text *t, kt_str condition)
{
    if (!condition.len)
        return;
    text_next(t);
    text_add(t, condition);
}

kt_error *text_end(struct text *t, kt_str *made)
{
    if (!make_room(t, 0))
        return text_no_memory(t->tx);
    t->bytes[t->len] = '\0';
    *made = (kt_str){t->bytes, t->len};
    return NULL;
}

kt_str text_dec(kt_tx *tx, kt_dec value)
{
    if (!value.scale1 || value.scale1 > KT_DEC_SCALE_MAX + 1)
        return KT_STR("null");
    int digits = value.scale1 - 1;
    unsigned long long unit = 1, all = value.coef < 0 ? 0 - (unsigned long long)value.coef
                                                      : (unsigned long long)value.coef;
    for (int i = 0; i < digits; i++)
        unit *= 10;
    const char *sign = value.coef < 0 ? "-" : "";
    if (!digits)
        return kt_format(tx, "\"%s%llu\"", sign, all);
    return kt_format(tx, "\"%s%llu.%0*llu\"", sign, all / unit, digits, all % unit);
}
