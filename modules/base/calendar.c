/* Calendars of working days and hours, holidays, and counting in working days. */
#include "calendar.h"

#include <stdio.h>
#include <string.h>

#include "base.h"
#include "holidays.h"

enum { MONDAY = 1, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY };
static const kt_choice weekdays[] = {
    {MONDAY, "monday", {"Monday", "poniedziałek"}},
    {TUESDAY, "tuesday", {"Tuesday", "wtorek"}},
    {WEDNESDAY, "wednesday", {"Wednesday", "środa"}},
    {THURSDAY, "thursday", {"Thursday", "czwartek"}},
    {FRIDAY, "friday", {"Friday", "piątek"}},
    {SATURDAY, "saturday", {"Saturday", "sobota"}},
    {SUNDAY, "sunday", {"Sunday", "niedziela"}},
    {0},
};

const kt_shape hours_shape = KT_SHAPE(hours, NULL,
    KT_FIELD(hours, weekday, STATE, "Day", "Dzień", .choices = weekdays, .required = true, .priority = 1),
    KT_FIELD(
        hours, from, STRING, "From", "Od", .required = true, .max = 5, .help = {"As 08:00.", "Jak 08:00."}),
    KT_FIELD(hours, until, STRING, "Until", "Do", .required = true, .max = 5,
        .help = {"As 16:00; at most 24:00.", "Jak 16:00; najwyżej 24:00."}));

const kt_shape calendar_shape = KT_SHAPE(calendar, "base.calendar",
    KT_FIELD(calendar, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 100,
        .searchable = true, .priority = 1),
    KT_FIELD(calendar, country, REF, "Country", "Kraj", .target = "base.country", .priority = 2),
    KT_FIELD(calendar, weekdays, STRING, "Working days", "Dni robocze", .max = 7, .initial = "12345",
        .priority = 3,
        .help = {"Digits of the days: 1 Monday to 7 Sunday.",
            "Cyfry dni: od 1 poniedziałek do 7 niedziela."}),
    KT_FIELD(calendar, hours, LINES, "Hours", "Godziny", .lines = &hours_shape, .max = 50),
    KT_FIELD(calendar, hours_per_week, QUANTITY, "Hours a week", "Godzin w tygodniu", .scale = 2,
        .computed = true));

const kt_shape holiday_shape = KT_SHAPE(holiday, "base.holiday",
    KT_FIELD(holiday, calendar, REF, "Calendar", "Kalendarz", .target = "base.calendar", .required = true,
        .on_delete = KT_CASCADE, .priority = 3),
    KT_FIELD(holiday, day, DATE, "Day", "Dzień", .required = true, .indexed = true, .priority = 1),
    KT_FIELD(holiday, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true,
        .priority = 2),
    KT_FIELD(holiday, name_pl, STRING, "Polish name", "Nazwa polska", .max = 100, .searchable = true));

int calendar_minutes(kt_str text)
{
    if (text.len != 5 || text.ptr[2] != ':')
        return -1;
    for (size_t i = 0; i < 5; i++)
        if (i != 2 && (text.ptr[i] < '0' || text.ptr[i] > '9'))
            return -1;
    int hour = (text.ptr[0] - '0') * 10 + text.ptr[1] - '0',
        minute = (text.ptr[3] - '0') * 10 + text.ptr[4] - '0';
    int of_day = hour * 60 + minute;
    return minute > 59 || of_day > 24 * 60 ? -1 : of_day;
}

static bool is_working(const struct calendar *c, unsigned weekday)
{
    return c->weekdays.len && memchr(c->weekdays.ptr, '0' + (int)weekday, c->weekdays.len);
}

static kt_error *hours_compute(kt_tx *tx, struct calendar *c)
{
    kt_error *all = NULL;
    int64_t sum = 0;
    for (size_t i = 0; i < c->hours.count; i++) {
        const struct hours *h = KT_AS(hours, kt_line(&c->hours, i));
        int from = calendar_minutes(h->from), until = calendar_minutes(h->until);
        char path[48];
        if (from < 0 || until < 0 || until <= from) {
            (void)snprintf(path, sizeof path, "hours[%zu].until", i);
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path, "\"%s\" to \"%s\" are no working hours",
                              "„%s”–„%s” to nie godziny pracy", h->from.ptr ? h->from.ptr : "",
                              h->until.ptr ? h->until.ptr : ""));
        } else {
            sum += until - from;
        }
        if (h->weekday && !is_working(c, h->weekday)) {
            (void)snprintf(path, sizeof path, "hours[%zu].weekday", i);
            kt_also(
                &all, kt_hint(kt_fail(tx, KT_VALIDATION, path, "is not among the working days \"%s\"",
                                  "nie należy do dni roboczych „%s”", c->weekdays.len ? c->weekdays.ptr : ""),
                          "Add its digit to weekdays: 1 is Monday, 7 Sunday.",
                          "Dopisz jego cyfrę do dni roboczych: 1 to poniedziałek, 7 niedziela."));
        }
    }
    c->hours_per_week = c->hours.count ? kt_dec_div(KT_DEC(sum, 0), KT_DEC(60, 0), 2) : (kt_dec){0};
    return all;
}

kt_error *calendar_compute(kt_tx *tx, kt_record *self)
{
    struct calendar *c = KT_AS(calendar, self);
    kt_error *all = NULL;
    for (size_t i = 0; i < c->weekdays.len; i++) {
        char day = c->weekdays.ptr[i];
        if (day < '1' || day > '7' || memchr(c->weekdays.ptr, day, i)) {
            kt_also(&all,
                kt_hint(kt_fail(tx, KT_VALIDATION, "weekdays", "\"%s\" names no working days",
                            "„%s” nie podaje dni roboczych", c->weekdays.ptr),
                    "Write each day's digit once, as 12345.", "Podaj cyfrę każdego dnia raz, np. 12345."));
            break;
        }
    }
    kt_also(&all, hours_compute(tx, c));
    return all;
}

/* ---- Filling in a year's holidays ---- */

struct fill_year {
    kt_record rec;
    int64_t year;
};
static const kt_shape fill_year_shape = KT_SHAPE(
    fill_year, NULL, KT_FIELD(fill_year, year, INT, "Year", "Rok", .required = true));

kt_error *calendar_has_holiday(kt_tx *tx, kt_id calendar, kt_date day, bool *has)
{
    const kt_where where[] = {
        KT_WHERE(holiday, calendar, KT_EQ, calendar), KT_WHERE(holiday, day, KT_EQ, day), {0}};
    uint64_t count = 0;
    KT_TRY(kt_count(tx, &(kt_query){&holiday_shape, where, NULL, 0}, &count));
    *has = count > 0;
    return NULL;
}

static kt_error *calendar_fill(kt_tx *tx, kt_record *self, const kt_record *params)
{
    const struct calendar *c = KT_AS(calendar, self);
    int64_t year = KT_SEE(fill_year, params)->year;
    kt_str country = {0};
    KT_TRY(country_code(tx, c->country, &country));
    if (year < 1951 || year > 2199)
        return kt_fail(tx, KT_VALIDATION, "year", "%lld is not within 1951 to 2199",
            "%lld nie mieści się między 1951 a 2199", (long long)year);
    const char *code = country.ptr ? country.ptr : "PL";
    public_holiday days[HOLIDAYS_MAX];
    const size_t count = public_holidays(code, (int)year, days);
    if (!count)
        return kt_hint(
            kt_fail(tx, KT_RULE, "country", "the holidays of %s in this year are not known by rule",
                "święta kraju %s w tym roku nie są znane z reguły", code),
            "Enter them in base.holiday.", "Wpisz je w base.holiday.");
    for (size_t i = 0; i < count; i++) {
        bool has = false;
        KT_TRY(calendar_has_holiday(tx, c->rec.id, days[i].day, &has));
        if (has)
            continue; /* called again: what is there stays */
        struct holiday h = {KT_OF(holiday), .calendar = c->rec.id, .day = days[i].day,
            .name = kt_format(tx, "%s", days[i].name.en), .name_pl = kt_format(tx, "%s", days[i].name.pl)};
        KT_TRY(kt_create(tx, &h.rec));
    }
    return NULL;
}

const kt_action calendar_actions[] = {
    {"fill_holidays", {"Add a year's public holidays", "Dodaj święta roku"}, "update",
        .params = &fill_year_shape, .run = calendar_fill, .preview = true},
    {0},
};

/* ---- Counting in working days ---- */

struct days_add {
    kt_record rec;
    kt_id calendar;
    kt_date day;
    int64_t days;
};
const kt_shape days_add_shape = KT_SHAPE(days_add, NULL,
    KT_FIELD(days_add, calendar, REF, "Calendar", "Kalendarz", .target = "base.calendar", .required = true),
    KT_FIELD(days_add, day, DATE, "From", "Od", .initial = "today"),
    KT_FIELD(days_add, days, INT, "Working days", "Dni robocze", .required = true,
        .help = {"Below zero: backwards; 0: the day itself, or the next working day.",
            "Poniżej zera: wstecz; 0: ten dzień albo najbliższy roboczy."}));
struct days_added {
    kt_record rec;
    kt_date day;
};
const kt_shape days_added_shape = KT_SHAPE(days_added, NULL, KT_FIELD(days_added, day, DATE, "Day", "Dzień"));

struct days_count {
    kt_record rec;
    kt_id calendar;
    kt_date from, until;
};
const kt_shape days_count_shape = KT_SHAPE(days_count, NULL,
    KT_FIELD(days_count, calendar, REF, "Calendar", "Kalendarz", .target = "base.calendar", .required = true),
    KT_FIELD(days_count, from, DATE, "From", "Od", .required = true, .help = {"Counted.", "Wliczany."}),
    KT_FIELD(days_count, until, DATE, "Until", "Do", .required = true, .help = {"Counted.", "Wliczany."}));
struct days_counted {
    kt_record rec;
    int64_t days, holidays;
};
const kt_shape days_counted_shape = KT_SHAPE(days_counted, NULL,
    KT_FIELD(days_counted, days, INT, "Working days", "Dni robocze"),
    KT_FIELD(days_counted, holidays, INT, "Holidays on working days", "Święta w dni robocze"));

kt_error *calendar_walk_begin(kt_tx *tx, kt_id calendar, kt_date from, int step, calendar_walk *w)
{
    struct calendar c = {KT_OF(calendar)};
    KT_TRY(kt_read(tx, calendar, &c.rec));
    *w = (calendar_walk){.calendar = c, .step = step, .next = {KT_OF(holiday)}};
    bool any = false;
    for (size_t i = 0; i < c.weekdays.len; i++)
        any = w->works[c.weekdays.ptr[i] - '0'] = true;
    if (!any)
        return kt_fail(tx, KT_RULE, "calendar", "calendar \"%s\" has no working day",
            "kalendarz „%s” nie ma dnia roboczego", c.name.ptr);
    const kt_where where[] = {KT_WHERE(holiday, calendar, KT_EQ, calendar),
        {offsetof(struct holiday, day), step > 0 ? KT_GE : KT_LE, (const kt_date[]){from}}, {0}};
    KT_TRY(kt_open(tx, &(kt_query){&holiday_shape, where, step > 0 ? "day" : "-day", 0}, &w->holidays));
    if (!kt_next(w->holidays, &w->next.rec))
        w->next.day = (kt_date){0};
    return NULL;
}

bool calendar_works(calendar_walk *w, kt_date day)
{
    while (w->next.day.day && (day.day - w->next.day.day) * w->step > 0)
        if (!kt_next(w->holidays, &w->next.rec))
            w->next.day = (kt_date){0};
    int weekday = (day.day - 1) % 7 + 1; /* day 1 was a Monday */
    bool holiday = w->next.day.day == day.day;
    w->skipped += holiday && w->works[weekday];
    return w->works[weekday] && !holiday;
}

kt_error *calendar_add_days(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct days_add *p = KT_SEE(days_add, params);
    struct days_added *out = KT_AS(days_added, result);
    int step = p->days < 0 ? -1 : 1;
    int64_t left = p->days * step;
    if (p->days < -CALENDAR_SPAN_MAX / 7 || p->days > CALENDAR_SPAN_MAX / 7)
        return kt_fail(tx, KT_VALIDATION, "days", "%lld is more than %d working days",
            "%lld to więcej niż %d dni "
            "roboczych",
            (long long)p->days, CALENDAR_SPAN_MAX / 7);
    calendar_walk w;
    KT_TRY(calendar_walk_begin(tx, p->calendar, p->day, step, &w));
    kt_date day = p->day;
    for (int span = 0; span < CALENDAR_SPAN_MAX && day.day; span++) {
        bool counted = (p->days == 0 || day.day != p->day.day) && calendar_works(&w, day);
        left -= counted && p->days != 0;
        if (left == 0 && counted)
            break;
        day = kt_date_add(day, step);
    }
    KT_TRY(kt_close(w.holidays));
    if (!day.day || left)
        return kt_fail(tx, KT_VALIDATION, "days", "there is no such day within a century",
            "takiego dnia nie ma w ciągu stulecia");
    out->day = day;
    return NULL;
}

kt_error *calendar_working_days(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct days_count *p = KT_SEE(days_count, params);
    struct days_counted *out = KT_AS(days_counted, result);
    if (p->until.day - p->from.day > CALENDAR_SPAN_MAX)
        return kt_fail(tx, KT_VALIDATION, "until", "more than %d days after the first",
            "ponad %d dni po pierwszym", CALENDAR_SPAN_MAX);
    if (p->until.day < p->from.day)
        return kt_fail(tx, KT_VALIDATION, "until", "before the first day", "przed pierwszym dniem");
    calendar_walk w;
    KT_TRY(calendar_walk_begin(tx, p->calendar, p->from, 1, &w));
    for (kt_date day = p->from; day.day && day.day <= p->until.day; day = kt_date_add(day, 1))
        out->days += calendar_works(&w, day);
    out->holidays = w.skipped;
    return kt_close(w.holidays);
}
