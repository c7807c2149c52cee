/* Shifts, who works which of them when, and what is planned of a day. A shift that ends at or before its beginning ends
 * on the next day. */
#include <kontor/calendars.h>

#include "hr.h"

const kt_shape shift_shape = KT_SHAPE(shift, "hr.shift",
    KT_FIELD(
        shift, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 80, .priority = 1),
    KT_FIELD(shift, from, STRING, "From", "Od", .required = true, .max = 5, .priority = 2,
        .help = {"As 06:00.", "Jak 06:00."}),
    KT_FIELD(shift, until, STRING, "Until", "Do", .required = true, .max = 5, .priority = 3,
        .help = {"As 14:00; 06:00 after 22:00: on the next day.",
            "Jak 14:00; 06:00 po 22:00: następnego dnia."}),
    KT_FIELD(shift, break_minutes, INT, "Unpaid break, minutes", "Przerwa niepłatna, minuty"),
    KT_FIELD(shift, grace_late, INT, "Late after, minutes", "Spóźnienie po, minuty", .initial = "5"),
    KT_FIELD(shift, grace_early, INT, "Early before, minutes", "Wcześniejsze wyjście przed, minuty",
        .initial = "5"));
const kt_shape roster_shape = KT_SHAPE(roster, "hr.roster",
    KT_FIELD(roster, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .required = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(roster, shift, REF, "Shift", "Zmiana", .target = "hr.shift", .required = true, .priority = 2),
    KT_FIELD(roster, from, DATE, "From", "Od", .required = true, .priority = 3),
    KT_FIELD(roster, until, DATE, "Until", "Do", .priority = 4,
        .help = {"Empty: until further notice.", "Puste: do odwołania."}),
    KT_FIELD(roster, weekdays, STRING, "Days", "Dni", .max = 7, .initial = "12345",
        .help = {"1 Monday to 7 Sunday; the others are free.",
            "Od 1 poniedziałek do 7 niedziela; pozostałe są wolne."}),
    KT_FIELD(roster, holidays, BOOL, "Also on holidays", "Także w święta",
        .help = {"Otherwise the holidays of the calendar are free.",
            "W przeciwnym razie święta z kalendarza są wolne."}));

int minutes_of(kt_str s)
{
    if (s.len != 5 || s.ptr[2] != ':')
        return -1;
    for (size_t i = 0; i < 5; i++)
        if (i != 2 && (s.ptr[i] < '0' || s.ptr[i] > '9'))
            return -1;
    int hour = (s.ptr[0] - '0') * 10 + s.ptr[1] - '0', minute = (s.ptr[3] - '0') * 10 + s.ptr[4] - '0';
    return hour > 24 || minute > 59 || hour * 60 + minute > 1440 ? -1 : hour * 60 + minute;
}

kt_error *shift_compute(kt_tx *tx, kt_record *self)
{
    const struct shift *s = KT_AS(shift, self);
    kt_error *all = NULL;
    if (s->from.ptr && minutes_of(s->from) < 0)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "from", "is no time of day, 06:00", "to nie godzina, 06:00"));
    if (s->until.ptr && minutes_of(s->until) < 0)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "until", "is no time of day, 14:00", "to nie godzina, 14:00"));
    if (s->break_minutes < 0 || s->break_minutes > 480)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "break_minutes", "is 0 to 480", "to 0 do 480"));
    return all;
}

/* Two rosters of one person must not hold for one day. */
static kt_error *check_apart(kt_tx *tx, const struct roster *r)
{
    const kt_where where[] = {KT_WHERE(roster, employee, KT_EQ, r->employee), {0}};
    struct roster o = {KT_OF(roster)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &roster_shape, .where = where}, &cursor));
    while (!e && kt_next(cursor, &o.rec)) {
        bool apart = (o.until.day && o.until.day < r->from.day) ||
                     (r->until.day && r->until.day < o.from.day);
        bool shared = false;
        for (size_t i = 0; i < o.weekdays.len; i++)
            for (size_t k = 0; k < r->weekdays.len; k++)
                shared = shared || o.weekdays.ptr[i] == r->weekdays.ptr[k];
        if (o.rec.id.v != r->rec.id.v && !apart && shared)
            e = kt_fail(tx, KT_RULE, "from", "another roster holds for these days: %llu",
                "na te dni jest już grafik: %llu", (unsigned long long)o.rec.id.v);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

kt_error *roster_compute(kt_tx *tx, kt_record *self)
{
    const struct roster *r = KT_AS(roster, self);
    for (size_t i = 0; i < r->weekdays.len; i++)
        if (r->weekdays.ptr[i] < '1' || r->weekdays.ptr[i] > '7')
            return kt_fail(
                tx, KT_VALIDATION, "weekdays", "digits 1 to 7 are expected", "oczekiwano cyfr od 1 do 7");
    if (r->until.day && r->until.day < r->from.day)
        return kt_fail(tx, KT_VALIDATION, "until", "is before the first day", "jest przed pierwszym dniem");
    return r->employee.v && r->from.day ? check_apart(tx, r) : NULL;
}

static bool on_weekday(const struct roster *r, kt_date day)
{
    char digit = (char)('1' + (day.day - 1) % 7); /* day 1 was a Monday */
    for (size_t i = 0; i < r->weekdays.len; i++)
        if (r->weekdays.ptr[i] == digit)
            return true;
    return false;
}

/* The calendar of the terms that hold on the day; not set: the company's. */
static kt_error *is_holiday(kt_tx *tx, kt_id employee, kt_date day, bool *yes)
{
    const kt_calendars *calendars = kt_calendars_find(tx);
    struct term t;
    bool found;
    *yes = false;
    if (!calendars)
        return NULL;
    KT_TRY(term_on(tx, employee, day, &t, &found));
    return calendars->holiday(tx, found ? t.calendar : (kt_id){0}, day, yes);
}

static kt_error *find_duty(kt_tx *tx, kt_id employee, kt_date day, struct duty *d)
{
    const kt_where where[] = {
        KT_WHERE(roster, employee, KT_EQ, employee), KT_WHERE(roster, from, KT_LE, day), {0}};
    struct roster r = {KT_OF(roster)};
    kt_cursor *cursor;
    kt_id shift = {0};
    bool free_day = false;
    *d = (struct duty){.shift = {KT_OF(shift)}};
    KT_TRY(kt_open(tx, &(kt_query){.of = &roster_shape, .where = where, .sort = "-from"}, &cursor));
    while (!shift.v && kt_next(cursor, &r.rec)) {
        if (r.until.day && r.until.day < day.day)
            continue;
        d->rostered = true;
        if (on_weekday(&r, day))
            shift = r.shift;
    }
    KT_TRY(kt_close(cursor));
    if (shift.v && !r.holidays)
        KT_TRY(is_holiday(tx, employee, day, &free_day));
    d->works = shift.v && !free_day;
    return d->works ? kt_read(tx, shift, &d->shift.rec) : NULL;
}

kt_error *duty_on(kt_tx *tx, kt_id employee, kt_date day, struct duty *d)
{
    kt_authority before = kt_own_authority(tx); /* one's own shift is no secret to whoever comes to work */
    kt_error *e = find_duty(tx, employee, day, d);
    kt_callers_authority(tx, before);
    return e;
}

void shift_times(kt_tx *tx, const struct shift *s, kt_date day, kt_time *begin, kt_time *end)
{
    int from = minutes_of(s->from), until = minutes_of(s->until);
    *begin = kt_instant(tx, day, from);
    *end = until > from ? kt_instant(tx, day, until) : kt_instant(tx, kt_date_add(day, 1), until);
}

/* ---- What is planned ---- */

static kt_error *by_calendar(kt_tx *tx, kt_id employee, kt_date day, int64_t *minutes)
{
    enum { DAY = 1440, FULL = 480 };
    const kt_calendars *calendars = kt_calendars_find(tx);
    const kt_time begin = kt_instant(tx, day, 0), end = kt_instant(tx, day, DAY);
    struct term t;
    bool known;
    int64_t whole = (end.ms - begin.ms) / 60000, found = whole; /* 23 hours where the clocks go forward */
    KT_TRY(term_on(tx, employee, day, &t, &known));
    kt_id calendar = known ? t.calendar : (kt_id){0};
    if (calendars)
        KT_TRY(calendars->between(tx, calendar, begin, end, &found));
    if (found >= whole) /* there is no calendar: Monday to Friday, eight hours; day 1 was a Monday */
        found = (day.day - 1) % 7 < 5 ? FULL : 0;
    kt_dec share = known && t.time_share.scale1 && !calendar.v ? t.time_share : KT_DEC(100, 0);
    kt_dec part = kt_dec_div(kt_dec_mul(KT_DEC(found, 0), share, 2), KT_DEC(100, 0), 0);
    *minutes = part.coef;
    return NULL;
}

static kt_error *plan(kt_tx *tx, kt_id employee, kt_date day, int64_t *minutes)
{
    struct duty d;
    kt_time begin, end;
    KT_TRY(find_duty(tx, employee, day, &d));
    if (!d.rostered)
        return by_calendar(tx, employee, day, minutes);
    *minutes = 0;
    if (d.works) {
        shift_times(tx, &d.shift, day, &begin, &end);
        *minutes = (end.ms - begin.ms) / 60000 - d.shift.break_minutes;
    }
    return NULL;
}

kt_error *planned_minutes(kt_tx *tx, kt_id employee, kt_date day, int64_t *minutes)
{
    kt_authority before = kt_own_authority(tx); /* one's own hours are told to who may not read the terms */
    kt_error *e = plan(tx, employee, day, minutes);
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *find_begin(kt_tx *tx, kt_id employee, kt_date day, kt_time *at)
{
    enum { AT_EIGHT = 480 };
    const kt_calendars *calendars = kt_calendars_find(tx);
    const kt_time first = kt_instant(tx, day, 0), next = kt_instant(tx, kt_date_add(day, 1), 0);
    struct duty d;
    struct term t;
    kt_span span;
    size_t count = 0;
    bool known;
    *at = kt_instant(tx, day, AT_EIGHT);
    KT_TRY(find_duty(tx, employee, day, &d));
    if (d.works) {
        kt_time end;
        shift_times(tx, &d.shift, day, at, &end);
        return NULL;
    }
    KT_TRY(term_on(tx, employee, day, &t, &known));
    if (calendars)
        KT_TRY(calendars->spans(tx, known ? t.calendar : (kt_id){0}, first, next, &span, 1, &count));
    if (count && span.from.ms > first.ms)
        *at = span.from;
    return NULL;
}

kt_error *work_begins(kt_tx *tx, kt_id employee, kt_date day, kt_time *at)
{
    kt_authority before = kt_own_authority(tx); /* as planned_minutes */
    kt_error *e = find_begin(tx, employee, day, at);
    kt_callers_authority(tx, before);
    return e;
}
