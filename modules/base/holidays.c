/* Easter and what depends on it.
 * source: the anonymous Gregorian algorithm (Nature, 20 April 1876); Poland: ustawa z 18.01.1951 o dniach wolnych od
 * pracy, with 6 January since 2011 and 24 December since 2025; Czechia: zákon 245/2000 Sb.; Germany: what all states
 * have, the Unity Treaty of 1990 art. 2 and the states' laws */
#include "holidays.h"

#include <string.h>

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

struct rule {
    const char *country;
    int month, day; /* month 0: days after Easter Sunday */
    int since;      /* the first year */
    kt_text name;
};
static const struct rule rules[] = {
    {"PL", 1, 1, 1951, {"New Year's Day", "Nowy Rok"}},
    {"PL", 1, 6, 2011, {"Epiphany", "Święto Trzech Króli"}},
    {"PL", 0, 0, 1951, {"Easter Sunday", "Wielkanoc"}},
    {"PL", 0, 1, 1951, {"Easter Monday", "Poniedziałek Wielkanocny"}},
    {"PL", 5, 1, 1951, {"Labour Day", "Święto Pracy"}},
    {"PL", 5, 3, 1990, {"Constitution Day", "Święto Konstytucji 3 Maja"}},
    {"PL", 0, 49, 1951, {"Pentecost", "Zielone Świątki"}},
    {"PL", 0, 60, 1951, {"Corpus Christi", "Boże Ciało"}},
    {"PL", 8, 15, 1989, {"Assumption Day", "Wniebowzięcie NMP"}},
    {"PL", 11, 1, 1951, {"All Saints' Day", "Wszystkich Świętych"}},
    {"PL", 11, 11, 1989, {"Independence Day", "Święto Niepodległości"}},
    {"PL", 12, 24, 2025, {"Christmas Eve", "Wigilia Bożego Narodzenia"}},
    {"PL", 12, 25, 1951, {"Christmas Day", "Boże Narodzenie"}},
    {"PL", 12, 26, 1951, {"Second Day of Christmas", "Drugi dzień Bożego Narodzenia"}},
    {"DE", 1, 1, 1991, {"New Year's Day", "Nowy Rok"}},
    {"DE", 0, -2, 1991, {"Good Friday", "Wielki Piątek"}},
    {"DE", 0, 1, 1991, {"Easter Monday", "Poniedziałek Wielkanocny"}},
    {"DE", 5, 1, 1991, {"Labour Day", "Święto Pracy"}},
    {"DE", 0, 39, 1991, {"Ascension Day", "Wniebowstąpienie"}},
    {"DE", 0, 50, 1991, {"Whit Monday", "Poniedziałek Zielonych Świątek"}},
    {"DE", 10, 3, 1991, {"German Unity Day", "Dzień Jedności Niemiec"}},
    {"DE", 12, 25, 1991, {"Christmas Day", "Boże Narodzenie"}},
    {"DE", 12, 26, 1991, {"Second Day of Christmas", "Drugi dzień Bożego Narodzenia"}},
    {"CZ", 1, 1, 2001, {"New Year's Day", "Nowy Rok"}},
    {"CZ", 0, -2, 2016, {"Good Friday", "Wielki Piątek"}},
    {"CZ", 0, 1, 2001, {"Easter Monday", "Poniedziałek Wielkanocny"}},
    {"CZ", 5, 1, 2001, {"Labour Day", "Święto Pracy"}},
    {"CZ", 5, 8, 2001, {"Liberation Day", "Dzień Zwycięstwa"}},
    {"CZ", 7, 5, 2001, {"Saints Cyril and Methodius", "Świętych Cyryla i Metodego"}},
    {"CZ", 7, 6, 2001, {"Jan Hus Day", "Dzień Jana Husa"}},
    {"CZ", 9, 28, 2001, {"Statehood Day", "Dzień Państwowości Czeskiej"}},
    {"CZ", 10, 28, 2001, {"Independence Day", "Dzień Powstania Państwa"}},
    {"CZ", 11, 17, 2001, {"Freedom and Democracy Day", "Dzień Walki o Wolność i Demokrację"}},
    {"CZ", 12, 24, 2001, {"Christmas Eve", "Wigilia"}},
    {"CZ", 12, 25, 2001, {"Christmas Day", "Boże Narodzenie"}},
    {"CZ", 12, 26, 2001, {"Second Day of Christmas", "Drugi dzień Bożego Narodzenia"}},
};

size_t public_holidays(const char *country, int year, public_holiday out[HOLIDAYS_MAX])
{
    size_t n = 0;
    kt_date sunday = easter(year);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (strcmp(rules[i].country, country) != 0 || year < rules[i].since)
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
