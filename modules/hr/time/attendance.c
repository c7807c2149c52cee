/* Who was there, from when until when: late or early beyond the grace of the shift, worked, over time. A day is one
 * record; a shift past midnight belongs to the day on which it begins. */
#include "hr.h"

static const kt_choice presences[] = {
    {PRESENT, "present", {"Present", "Obecny"}, "won"},
    {ABSENT, "absent", {"Absent", "Nieobecny"}, "lost"},
    {AWAY, "on_leave", {"On leave", "Na urlopie"}, "blocked"},
    {HALF_DAY, "half_day", {"Half day", "Pół dnia"}, "won"},
    {AT_HOME, "work_from_home", {"Work from home", "Praca zdalna"}, "won"},
    {0},
};
const kt_shape attendance_shape = KT_SHAPE(attendance, "hr.attendance",
    KT_FIELD(attendance, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .required = true,
        .on_delete = KT_CASCADE, .fixed = true, .priority = 1),
    KT_FIELD(attendance, owner, REF, "User", "Użytkownik", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(attendance, day, DATE, "Day", "Dzień", .required = true, .fixed = true, .priority = 2),
    KT_FIELD(
        attendance, state, STATE, "State", "Stan", .choices = presences, .initial = "present", .priority = 3),
    KT_FIELD(attendance, shift, REF, "Shift", "Zmiana", .target = "hr.shift", .on_delete = KT_CLEAR),
    KT_FIELD(attendance, leave, REF, "Leave", "Urlop", .target = "hr.leave", .on_delete = KT_CLEAR),
    KT_FIELD(attendance, check_in, TIME, "Came", "Wejście", .priority = 4),
    KT_FIELD(attendance, check_out, TIME, "Went", "Wyjście", .priority = 5),
    KT_FIELD(attendance, planned, INT, "Planned, minutes", "Plan, minuty", .computed = true),
    KT_FIELD(attendance, worked, INT, "Worked, minutes", "Praca, minuty", .computed = true, .priority = 6),
    KT_FIELD(attendance, late, INT, "Late, minutes", "Spóźnienie, minuty", .computed = true),
    KT_FIELD(attendance, early, INT, "Left early, minutes", "Wcześniejsze wyjście, minuty", .computed = true),
    KT_FIELD(attendance, overtime, INT, "Over time, minutes", "Nadgodziny, minuty", .computed = true,
        .help = {"With 50 % more. source: Kodeks pracy art. 151(1) par. 1.",
            "Z dodatkiem 50 %. Kodeks pracy art. 151(1) par. 1."}),
    KT_FIELD(attendance, double_time, INT, "Of it at 100 %, minutes", "W tym z dodatkiem 100 %, minuty",
        .computed = true,
        .help = {"At night, or on a day that is free for the employee.",
            "W nocy albo w dniu wolnym dla pracownika."}),
    KT_FIELD(attendance, note, STRING, "Note", "Uwaga", .max = 200));

/* ---- What a day comes to ---- */

static kt_date local_day(kt_tx *tx, kt_time at)
{
    int minute;
    return kt_local(tx, at, &minute);
}

static int64_t minutes_between(kt_time a, kt_time b)
{
    return b.ms > a.ms ? (b.ms - a.ms) / 60000 : 0;
}

static void weigh_shift(kt_tx *tx, struct attendance *a, const struct shift *s)
{
    kt_time begin, end;
    shift_times(tx, s, a->day, &begin, &end);
    int64_t late = minutes_between(begin, a->check_in), early = minutes_between(a->check_out, end);
    a->late = late > s->grace_late ? late : 0;
    a->early = a->check_out.ms && early > s->grace_early ? early : 0;
    if (a->worked > s->break_minutes)
        a->worked -= s->break_minutes;
}

/* Of a day of which a part is leave the rest is planned; nobody is late to it, nor early. */
static kt_error *weigh_part(kt_tx *tx, struct attendance *a)
{
    struct leave l;
    bool away;
    KT_TRY(leave_on(tx, a->employee, a->day, &l, &away));
    const bool by_hour = away && l.asked_hours.scale1;
    if (!away || (l.half == WHOLE && !by_hour) || !a->check_in.ms)
        return NULL;
    const int64_t off = by_hour ? kt_dec_mul(l.asked_hours, KT_DEC(60, 0), 0).coef : a->planned / 2;
    a->leave = l.rec.id;
    a->state = a->state == AT_HOME || by_hour ? a->state : HALF_DAY;
    a->planned = off < a->planned ? a->planned - off : 0;
    a->late = a->early = 0;
    return NULL;
}

/* ---- At night ---- */

struct night_company {
    kt_record rec;
    kt_str night_from;
};
const kt_shape night_company_shape = KT_SHAPE(night_company, "base.company",
    KT_FIELD(night_company, night_from, STRING, "Night begins at", "Pora nocna od", .max = 5,
        .help = {"Eight hours between 21:00 and 7:00 (Labour Code art. 151(7)); empty: 22:00.",
            "Osiem godzin między 21:00 a 7:00 (art. 151(7) KP); puste: 22:00."}));

enum { NIGHT_FROM = 22 * 60, NIGHT_MINUTES = 480 };

static kt_error *read_night(kt_tx *tx, int *from)
{
    struct night_company c = {KT_OF(night_company)};
    kt_found found = {0};
    *from = NIGHT_FROM;
    if (kt_company(tx).v)
        c.rec.id = kt_company(tx);
    else
        KT_TRY(kt_find(tx, &(kt_query){.of = &night_company_shape, .sort = "id"}, 2, &found));
    if (found.count == 1)
        c.rec.id = found.ids[0];
    if (c.rec.id.v)
        KT_TRY(kt_read(tx, c.rec.id, &c.rec));
    const int given = minutes_of(c.night_from);
    *from = given >= 0 ? given : NIGHT_FROM;
    return NULL;
}

/* Over time is what comes last of a day. */
static kt_error *over_at_night(kt_tx *tx, const struct attendance *a, int64_t *minutes)
{
    const kt_time from = {a->check_out.ms - a->overtime * 60000};
    int night;
    kt_authority before = kt_own_authority(tx); /* who comes to work need not read the company's record */
    kt_error *e = read_night(tx, &night);
    kt_callers_authority(tx, before);
    *minutes = 0;
    for (int day = -1; !e && day <= 1; day++) {
        const kt_time begins = kt_instant(tx, kt_date_add(a->day, day), night),
                      ends = {begins.ms + NIGHT_MINUTES * 60000};
        *minutes += minutes_between(
            from.ms > begins.ms ? from : begins, a->check_out.ms < ends.ms ? a->check_out : ends);
    }
    return e;
}

static kt_error *weigh(kt_tx *tx, struct attendance *a)
{
    struct duty d;
    a->late = a->early = a->overtime = a->double_time = 0;
    a->worked = a->check_out.ms ? minutes_between(a->check_in, a->check_out) : 0;
    KT_TRY(planned_minutes(tx, a->employee, a->day, &a->planned));
    KT_TRY(duty_on(tx, a->employee, a->day, &d));
    if (d.works) {
        a->shift = d.shift.rec.id;
        if (a->check_in.ms)
            weigh_shift(tx, a, &d.shift);
    }
    bool free_day = !a->planned;
    KT_TRY(weigh_part(tx, a));
    if (a->worked > a->planned)
        a->overtime = a->worked - a->planned;
    if (free_day)
        a->double_time = a->overtime;
    else if (a->overtime)
        KT_TRY(over_at_night(tx, a, &a->double_time));
    return NULL;
}

kt_error *attendance_compute(kt_tx *tx, kt_record *self)
{
    struct attendance *a = KT_AS(attendance, self);
    struct employee e = {KT_OF(employee)};
    if (a->check_out.ms && a->check_out.ms < a->check_in.ms)
        return kt_fail(tx, KT_VALIDATION, "check_out", "is before the coming", "jest przed wejściem");
    if (a->check_out.ms && a->check_out.ms - a->check_in.ms > 24 * 3600000LL)
        return kt_fail(tx, KT_VALIDATION, "check_out", "is more than a day after the coming",
            "jest ponad dobę po wejściu");
    if (!a->employee.v || !a->day.day)
        return NULL;
    KT_TRY(kt_read(tx, a->employee, &e.rec));
    a->owner = e.owner;
    return weigh(tx, a);
}

/* ---- hr.check_in, hr.check_out ---- */

struct check {
    kt_record rec;
    kt_id employee;
    kt_time at;
    bool home;
};
const kt_shape check_shape = KT_SHAPE(check, NULL,
    KT_FIELD(check, employee, REF, "Employee", "Pracownik", .target = "hr.employee",
        .help = {"Empty: you.", "Puste: Ty."}),
    KT_FIELD(check, at, TIME, "At", "Kiedy",
        .help = {"Empty: now; another time needs the right hr.attendance:correct.",
            "Puste: teraz; inny czas wymaga prawa hr.attendance:correct."}),
    KT_FIELD(check, home, BOOL, "At home", "Zdalnie"));
struct checked {
    kt_record rec;
    kt_id attendance;
    kt_date day;
    int64_t worked, late, early, overtime;
};
const kt_shape checked_shape = KT_SHAPE(checked, NULL,
    KT_FIELD(checked, attendance, REF, "Attendance", "Obecność", .target = "hr.attendance"),
    KT_FIELD(checked, day, DATE, "Day", "Dzień"),
    KT_FIELD(checked, worked, INT, "Worked, minutes", "Praca, minuty"),
    KT_FIELD(checked, late, INT, "Late, minutes", "Spóźnienie, minuty"),
    KT_FIELD(checked, early, INT, "Left early, minutes", "Wcześniejsze wyjście, minuty"),
    KT_FIELD(checked, overtime, INT, "Over time, minutes", "Nadgodziny, minuty"));

static kt_error *who_and_when(kt_tx *tx, const struct check *p, struct employee *e, kt_time *at)
{
    bool other = p->at.ms && p->at.ms != kt_now(tx).ms;
    KT_TRY(employee_read(tx, p->employee, e));
    if ((other || e->owner.v != kt_user(tx).v) && !kt_may(tx, "hr.attendance:correct"))
        return kt_hint(
            kt_fail(tx, KT_FORBIDDEN, "at", "another time or person needs the right hr.attendance:correct",
                "inny czas lub osoba wymaga prawa hr.attendance:correct"),
            "Ask for a correction: hr.correction.", "Złóż wniosek o korektę: hr.correction.");
    *at = other ? p->at : kt_now(tx);
    return NULL;
}

kt_error *attendance_on(kt_tx *tx, kt_id employee, kt_date day, struct attendance *a, bool *found)
{
    const kt_where where[] = {
        KT_WHERE(attendance, employee, KT_EQ, employee), KT_WHERE(attendance, day, KT_EQ, day), {0}};
    kt_cursor *cursor;
    *a = (struct attendance){KT_OF(attendance)};
    KT_TRY(kt_open(tx, &(kt_query){.of = &attendance_shape, .where = where, .limit = 1}, &cursor));
    *found = kt_next(cursor, &a->rec);
    return kt_close(cursor);
}

static kt_error *told(const struct attendance *a, kt_record *result)
{
    struct checked *out = KT_AS(checked, result);
    out->attendance = a->rec.id;
    out->day = a->day;
    out->worked = a->worked;
    out->late = a->late;
    out->early = a->early;
    out->overtime = a->overtime;
    return NULL;
}

/* Somebody who comes before midnight to a shift of the next day is at work on that day. */
static kt_error *day_of(kt_tx *tx, kt_id employee, kt_time at, kt_date *day)
{
    struct duty today, tomorrow;
    kt_time begin, end;
    *day = local_day(tx, at);
    KT_TRY(duty_on(tx, employee, *day, &today));
    if (today.works) {
        shift_times(tx, &today.shift, *day, &begin, &end);
        if (at.ms < end.ms)
            return NULL;
    }
    KT_TRY(duty_on(tx, employee, kt_date_add(*day, 1), &tomorrow));
    if (!tomorrow.works)
        return NULL;
    shift_times(tx, &tomorrow.shift, kt_date_add(*day, 1), &begin, &end);
    if (begin.ms - at.ms <= 2 * 3600000LL)
        *day = kt_date_add(*day, 1);
    return NULL;
}

/* Whoever comes and goes need not write attendance: only these two do, with their own time. */
static kt_error *keep(kt_tx *tx, struct attendance *a)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = a->rec.id.v ? kt_update(tx, &a->rec) : kt_create(tx, &a->rec);
    kt_callers_authority(tx, before);
    return e;
}

kt_error *check_in(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct check *p = KT_SEE(check, params);
    struct employee e;
    struct attendance a;
    kt_time at;
    kt_date day;
    bool found;
    KT_TRY(who_and_when(tx, p, &e, &at));
    KT_TRY(day_of(tx, e.rec.id, at, &day));
    KT_TRY(attendance_on(tx, e.rec.id, day, &a, &found));
    if (found && a.check_in.ms)
        return kt_fail(
            tx, KT_BAD_STATE, "employee", "came already on this day", "tego dnia wejście już zapisano");
    a.employee = e.rec.id;
    a.day = day;
    a.check_in = at;
    a.state = p->home ? AT_HOME : PRESENT;
    KT_TRY(keep(tx, &a));
    return told(&a, result);
}

/* Of today, or of yesterday's shift past midnight. */
kt_error *check_out(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct employee e;
    struct attendance a;
    kt_time at;
    bool found = false;
    KT_TRY(who_and_when(tx, KT_SEE(check, params), &e, &at));
    kt_date day = kt_date_add(local_day(tx, at), 1);
    for (int back = 0; back < 3 && !(found && a.check_in.ms && !a.check_out.ms);
         back++, day = kt_date_add(day, -1))
        KT_TRY(attendance_on(tx, e.rec.id, day, &a, &found));
    if (!found || !a.check_in.ms || a.check_out.ms)
        return kt_fail(tx, KT_BAD_STATE, "employee", "did not come, or went already",
            "nie ma wejścia albo wyjście już zapisano");
    a.check_out = at;
    KT_TRY(keep(tx, &a));
    return told(&a, result);
}

/* ---- Corrections ---- */

enum correction_state { C_SUBMITTED = 1, C_APPROVED, C_REJECTED };
static const kt_choice correction_states[] = {
    {C_SUBMITTED, "submitted", {"Submitted", "Złożona"}, "open"},
    {C_APPROVED, "approved", {"Approved", "Zaakceptowana"}, "won"},
    {C_REJECTED, "rejected", {"Rejected", "Odrzucona"}, "lost"},
    {0},
};
struct correction {
    kt_record rec;
    kt_id employee, owner, decided_by;
    kt_date day;
    kt_time check_in, check_out;
    kt_str reason;
    enum correction_state state;
};
const kt_shape correction_shape = KT_SHAPE(correction, "hr.correction",
    KT_FIELD(correction, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .required = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(correction, owner, REF, "User", "Użytkownik", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(correction, day, DATE, "Day", "Dzień", .required = true, .priority = 2),
    KT_FIELD(correction, check_in, TIME, "Came", "Wejście", .required = true, .priority = 3),
    KT_FIELD(correction, check_out, TIME, "Went", "Wyjście", .priority = 4),
    KT_FIELD(correction, reason, STRING, "Reason", "Powód", .required = true, .max = 200, .priority = 5),
    KT_FIELD(correction, state, STATE, "State", "Stan", .choices = correction_states, .initial = "submitted",
        .indexed = true, .priority = 6),
    KT_FIELD(correction, decided_by, REF, "Decided by", "Zdecydował", .target = "access.user",
        .computed = true, .on_delete = KT_CLEAR));

kt_error *correction_compute(kt_tx *tx, kt_record *self)
{
    struct correction *c = KT_AS(correction, self);
    struct employee e = {KT_OF(employee)};
    if (!c->employee.v)
        return NULL;
    KT_TRY(kt_read(tx, c->employee, &e.rec));
    c->owner = e.owner;
    return NULL;
}

static kt_error *apply(kt_tx *tx, const struct correction *c)
{
    struct attendance a;
    bool found;
    KT_TRY(attendance_on(tx, c->employee, c->day, &a, &found));
    a.employee = c->employee;
    a.day = c->day;
    a.check_in = c->check_in;
    a.check_out = c->check_out;
    if (a.state != AT_HOME)
        a.state = PRESENT;
    return found ? kt_update(tx, &a.rec) : kt_create(tx, &a.rec);
}

static kt_error *correct(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct correction *c = KT_AS(correction, self);
    KT_TRY(not_own(tx, c->owner));
    c->decided_by = kt_user(tx);
    kt_authority before = kt_own_authority(tx);
    kt_error *e = apply(tx, c);
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *refuse(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct correction *c = KT_AS(correction, self);
    c->decided_by = kt_user(tx);
    return not_own(tx, c->owner);
}

const kt_action correction_actions[] = {
    {"approve", {"Approve", "Zaakceptuj"}, "approve", .from = KT_IN(C_SUBMITTED), .to = C_APPROVED,
        .run = correct},
    {"reject", {"Reject", "Odrzuć"}, "approve", .from = KT_IN(C_SUBMITTED), .to = C_REJECTED, .run = refuse},
    {0},
};
