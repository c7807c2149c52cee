/* Easter and what depends on it.
 * source: the anonymous Gregorian algorithm (Nature, 20 April 1876); ustawa z 18.01.1951 o dniach wolnych od
 * pracy, with 6 January since 2011 and 24 December since 2025 */
#include "holidays.h"

kt_date easter(int year)
{
    int a = year % 19, b = year / 100, c = year % 100;
    int d = b / 4, e = b % 4, g = (8 * b + 13) / 25;
    int h = (19 * a + b - d - g + 15) % 30;
    int i = c / 4, k = c % 4;
    int l = (32 + 2 * e + 2 * i - h - k) % 7;
    int m = (a + 11 * h + 22 * l) / 451;
    int month = (h + l - 7 * m + 114) / 31, day = (h + l - 7 * m + 114) % 31 + 1;
    return kt_date_make(year, month, day);
}

static const struct {
    int month, day; /* month 0: days after Easter Sunday */
    int since;      /* the first year */
    kt_text name;
} rules[] = {
    {1, 1, 1951, {"New Year's Day", "Nowy Rok"}},
    {1, 6, 2011, {"Epiphany", "Święto Trzech Króli"}},
    {0, 0, 1951, {"Easter Sunday", "Wielkanoc"}},
    {0, 1, 1951, {"Easter Monday", "Poniedziałek Wielkanocny"}},
    {5, 1, 1951, {"Labour Day", "Święto Pracy"}},
    {5, 3, 1990, {"Constitution Day", "Święto Konstytucji 3 Maja"}},
    {0, 49, 1951, {"Pentecost", "Zielone Świątki"}},
    {0, 60, 1951, {"Corpus Christi", "Boże Ciało"}},
    {8, 15, 1989, {"Assumption Day", "Wniebowzięcie NMP"}},
    {11, 1, 1951, {"All Saints' Day", "Wszystkich Świętych"}},
    {11, 11, 1989, {"Independence Day", "Święto Niepodległości"}},
    {12, 24, 2025, {"Christmas Eve", "Wigilia Bożego Narodzenia"}},
    {12, 25, 1951, {"Christmas Day", "Boże Narodzenie"}},
    {12, 26, 1951, {"Second Day of Christmas", "Drugi dzień Bożego Narodzenia"}},
};

size_t polish_holidays(int year, public_holiday out[POLISH_HOLIDAYS_MAX])
{
    size_t n = 0;
    kt_date sunday = easter(year);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (year < rules[i].since)
            continue;
        kt_date day = rules[i].month ? kt_date_make(year, rules[i].month, rules[i].day)
                                     : kt_date_add(sunday, rules[i].day);
        if (day.day == 0)
            continue;
        size_t at = n++;
        for (; at && out[at - 1].day.day > day.day; at--)
            out[at] = out[at - 1];
        out[at] = (public_holiday){day, rules[i].name};
    }
    return n;
}
