/* cells.c -- see cells.h. */
#include "exchange/cells.h"

#include "kit/str.h"
#include "kit/text.h"

static kt_str trim(kt_str s)
{
    while (s.len && (*s.ptr == ' ' || *s.ptr == '\t' || *s.ptr == '\n' || *s.ptr == '\r'))
        s = (kt_str){s.ptr + 1, s.len - 1};
    while (s.len && strchr(" \t\n\r", s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* ---- Numbers ---- */

/* What may stand around a number. */
static const char *const units[] = {"zł", "zl", "pln", "eur", "usd", "gbp", "chf", "czk", "rub", "uah", "€",
    "$", "£", "%", "₽", "руб", NULL};

static bool starts_folded(kt_str s, const char *with)
{
    return s.len >= strlen(with) && strncasecmp(s.ptr, with, strlen(with)) == 0;
}

static size_t unit_at(kt_str s)
{
    for (const char *const *unit = units; *unit; unit++)
        if (starts_folded(s, *unit))
            return strlen(*unit);
    return 0;
}

/* Blanks of all widths and apostrophes between groups of digits. */
static size_t group_mark_at(kt_str s)
{
    static const char *const marks[] = {" ", "'", "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89", NULL};
    for (const char *const *mark = marks; *mark; mark++)
        if (str_starts(s, str_of(*mark)))
            return strlen(*mark);
    return 0;
}

/* Which of comma and point is the decimal sign: the last one, if both are there; a sign that occurs twice
 * groups. 0: there is none */
static char decimal_sign(kt_str s, char given)
{
    if (given)
        return given;
    size_t commas = 0, points = 0;
    char last = 0;
    for (size_t i = 0; i < s.len; i++) {
        commas += s.ptr[i] == ',';
        points += s.ptr[i] == '.';
        last = s.ptr[i] == ',' || s.ptr[i] == '.' ? s.ptr[i] : last;
    }
    if (commas > 1 || points > 1)
        return commas > 1 ? '.' : ',';
    return last;
}

/* Behind a sign that groups there are three digits: 31.12.2026 is no number. */
static bool groups(kt_str s)
{
    size_t n = 1;
    while (n < s.len && s.ptr[n] >= '0' && s.ptr[n] <= '9')
        n++;
    return n == 4;
}

kt_str cell_decimal(arena *arena, kt_str text, char decimal)
{
    kt_str s = trim(text);
    char sign = decimal_sign(s, decimal);
    char *out = arena_alloc(arena, s.len + 2);
    size_t n = 0, digits = 0;
    if (!out)
        return text;
    while (s.len) {
        char c = *s.ptr;
        size_t step = group_mark_at(s);
        if (!step && (c < '0' || c > '9'))
            step = unit_at(s);
        if (step) {
            s = (kt_str){s.ptr + step, s.len - step};
            continue;
        }
        bool is_digit = c >= '0' && c <= '9';
        if (c == sign && !memchr(out, '.', n))
            out[n++] = '.';
        else if (is_digit || (c == '-' && n == 0))
            out[n++] = c;
        else if (!((c == ',' || c == '.') && c != sign && digits && groups(s)) && !(c == '+' && n == 0))
            return text; /* no number */
        digits += is_digit;
        s = (kt_str){s.ptr + 1, s.len - 1};
    }
    if (n && out[n - 1] == '.')
        n--;
    out[n] = 0;
    return digits ? (kt_str){out, n} : text;
}

/* ---- Dates and times ---- */

typedef struct {
    int year, month, day, seconds, ms;
    kt_str rest; /* behind the date */
} moment;

static bool read_number(kt_str *s, int *value, size_t *digits)
{
    size_t n = 0;
    *value = 0;
    while (n < s->len && n < 9 && s->ptr[n] >= '0' && s->ptr[n] <= '9')
        *value = *value * 10 + (s->ptr[n++] - '0');
    *s = (kt_str){s->ptr + n, s->len - n};
    *digits = n;
    return n > 0;
}

static bool read_char(kt_str *s, const char *any)
{
    if (!s->len || !strchr(any, *s->ptr) || !*s->ptr)
        return false;
    *s = (kt_str){s->ptr + 1, s->len - 1};
    return true;
}

static bool read_compact(kt_str text, moment *m)
{
    for (size_t i = 0; i < 8; i++)
        if (text.len < 8 || text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    if (text.len > 8 && text.ptr[8] >= '0' && text.ptr[8] <= '9')
        return false;
    const char *p = text.ptr;
    m->year = (p[0] - '0') * 1000 + (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
    m->month = (p[4] - '0') * 10 + (p[5] - '0');
    m->day = (p[6] - '0') * 10 + (p[7] - '0');
    m->rest = (kt_str){text.ptr + 8, text.len - 8};
    return true;
}

/* Three numbers in some order. 31.12.2026 and 2026-12-31 tell themselves; with / the month comes first only
 * if the file says so or no day is that high. */
static bool read_day(kt_str text, date_order order, moment *m)
{
    int part[3];
    size_t digits[3];
    kt_str s = text;
    *m = (moment){0};
    if (read_compact(text, m))
        return kt_date_make(m->year, m->month, m->day).day != 0;
    for (int i = 0; i < 3; i++)
        if (!read_number(&s, &part[i], &digits[i]) || (i < 2 && !read_char(&s, ".-/")))
            return false;
    m->rest = s;
    if (digits[0] == 4)
        order = DATES_YMD;
    else if (digits[2] != 4 && digits[2] != 2)
        return false;
    else if (order != DATES_MDY && !(order == DATES_ANY && part[1] > 12 && part[0] <= 12))
        order = DATES_DMY;
    else
        order = DATES_MDY;
    m->year = order == DATES_YMD ? part[0] : part[2];
    m->month = order == DATES_MDY ? part[0] : part[1];
    m->day = order == DATES_YMD ? part[2] : order == DATES_MDY ? part[1] : part[0];
    if (order != DATES_YMD && digits[2] == 2)
        m->year += m->year < 70 ? 2000 : 1900;
    return kt_date_make(m->year, m->month, m->day).day != 0;
}

/* "14:05", "14:05:06.250", "02:05:06 pm", "140506" behind a blank or T. */
static bool read_clock(moment *m)
{
    int part[3] = {0}, fraction = 0;
    size_t digits;
    kt_str s = m->rest;
    while (read_char(&s, " Tt,"))
        continue;
    if (s.len >= 6 && read_number(&(kt_str){s.ptr, 6}, &part[0], &digits) && digits == 6) {
        int all = part[0];
        part[0] = all / 10000;
        part[1] = all / 100 % 100;
        part[2] = all % 100;
        s = (kt_str){s.ptr + 6, s.len - 6};
    } else {
        for (int i = 0; i < 3 && (i == 0 || read_char(&s, ":")); i++)
            if (!read_number(&s, &part[i], &digits))
                return false;
    }
    if (read_char(&s, ".")) {
        if (!read_number(&s, &fraction, &digits))
            return false;
        for (; digits < 3; digits++)
            fraction *= 10;
        for (; digits > 3; digits--)
            fraction /= 10;
    }
    s = trim(s);
    bool pm = starts_folded(s, "pm"), am = starts_folded(s, "am");
    if ((pm || am) && part[0] > 12)
        return false;
    if (pm || am) {
        part[0] = part[0] % 12 + (pm ? 12 : 0);
        s = (kt_str){s.ptr + 2, s.len - 2};
    }
    if (part[0] > 23 || part[1] > 59 || part[2] > 60)
        return false;
    m->seconds = part[0] * 3600 + part[1] * 60 + part[2];
    m->ms = fraction;
    m->rest = s;
    return true;
}

/* "Z", "+02:00", "-0300": seconds east. false: something else */
static bool read_zone(kt_str s, int *offset)
{
    int hours, minutes = 0;
    size_t digits;
    *offset = 0;
    if (s.len == 1 && (*s.ptr == 'Z' || *s.ptr == 'z'))
        return true;
    bool west = s.len && *s.ptr == '-';
    if (!read_char(&s, "+-") || !read_number(&s, &hours, &digits))
        return false;
    if (digits == 4) {
        minutes = hours % 100;
        hours /= 100;
    } else if (read_char(&s, ":") && !read_number(&s, &minutes, &digits)) {
        return false;
    }
    if (s.len || hours > 14 || minutes > 59)
        return false;
    *offset = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return true;
}

kt_str cell_date(arena *arena, kt_str text, date_order order)
{
    moment m;
    if (!read_day(trim(text), order, &m) || (m.rest.len && !read_clock(&m)))
        return text;
    kt_str out = arena_format(arena, "%04d-%02d-%02d", m.year, m.month, m.day);
    return out.ptr ? out : text;
}

kt_str cell_time(arena *arena, kt_str text, date_order order, const zone *zone)
{
    moment m;
    int offset = 0;
    if (!read_day(trim(text), order, &m) || (m.rest.len && !read_clock(&m)))
        return text;
    kt_date day = kt_date_make(m.year, m.month, m.day);
    int64_t local = ((int64_t)day.day - kt_date_make(1970, 1, 1).day) * 86400000 + m.seconds * 1000LL + m.ms;
    if (m.rest.len && !read_zone(m.rest, &offset))
        return text;
    if (!m.rest.len) { /* the offset of about then, then that of the instant itself */
        offset = zone_offset_s(zone, (kt_time){local});
        offset = zone_offset_s(zone, (kt_time){local - offset * 1000LL});
    }
    char out[TIME_TEXT_MAX];
    size_t n = time_text((kt_time){local - offset * 1000LL}, out);
    kt_str kept = arena_str(arena, (kt_str){out, n});
    return kept.ptr ? kept : text;
}

/* ---- Booleans ---- */

kt_str cell_bool(arena *arena, kt_str text)
{
    static const char *const words[2][12] = {
        {"false", "no", "n", "nie", "nein", "net", "нет", "0", "off", "falsz", NULL},
        {"true", "yes", "y", "tak", "ja", "да", "1", "on", "x", "prawda", "t", NULL},
    };
    kt_str folded = text_fold(arena, trim(text));
    for (size_t value = 0; value < 2; value++)
        for (const char *const *word = words[value]; *word; word++)
            if (str_is(folded, *word))
                return value ? KT_STR("true") : KT_STR("false");
    return text;
}

/* ---- Formulas ---- */

static bool looks_like_formula(kt_str s)
{
    if (!s.len || !strchr("=+-@\t\r", *s.ptr) || !*s.ptr)
        return false;
    size_t digits = 1;
    while (digits < s.len && strchr("0123456789., ", s.ptr[digits]) && s.ptr[digits])
        digits++;
    return !((*s.ptr == '+' || *s.ptr == '-') && digits > 1 && digits == s.len);
}

static kt_str behind_apostrophes(kt_str s)
{
    while (s.len && *s.ptr == '\'')
        s = (kt_str){s.ptr + 1, s.len - 1};
    return s;
}

bool cell_is_formula(kt_str text)
{
    return looks_like_formula(behind_apostrophes(text));
}

kt_str cell_unguarded(kt_str text)
{
    bool guarded = text.len > 1 && *text.ptr == '\'' && cell_is_formula(text);
    return guarded ? (kt_str){text.ptr + 1, text.len - 1} : text;
}
