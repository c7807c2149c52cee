/* What the hours went into: lines on a deal, an order, an operation, approved by somebody else; and the week. */
#include "hr.h"

static const kt_choice sheet_states[] = {
    {S_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {S_SUBMITTED, "submitted", {"Submitted", "Złożona"}, "open"},
    {S_APPROVED, "approved", {"Approved", "Zaakceptowana"}, "won"},
    {S_BILLED, "billed", {"Billed", "Zafakturowana"}, "won"},
    {0},
};
const kt_shape timesheet_shape = KT_SHAPE(timesheet, "hr.timesheet",
    KT_FIELD(timesheet, employee, REF, "Employee", "Pracownik", .target = "hr.employee",
        .on_delete = KT_CASCADE, .priority = 1, .help = {"Empty: you.", "Puste: Ty."}),
    KT_FIELD(timesheet, owner, REF, "User", "Użytkownik", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(timesheet, day, DATE, "Day", "Dzień", .required = true, .initial = "today", .priority = 2),
    KT_FIELD(timesheet, minutes, INT, "Minutes", "Minuty", .required = true, .priority = 3),
    KT_FIELD(timesheet, about, REF, "On", "Na co", .target = "*", .on_delete = KT_CLEAR, .priority = 4),
    KT_FIELD(timesheet, text, STRING, "What was done", "Co zrobiono", .max = 400, .priority = 5),
    KT_FIELD(timesheet, state, STATE, "State", "Stan", .choices = sheet_states, .initial = "draft",
        .indexed = true, .priority = 6),
    KT_FIELD(timesheet, approved_by, REF, "Approved by", "Zaakceptował", .target = "access.user",
        .computed = true, .on_delete = KT_CLEAR));

enum { DAY_MINUTES = 1440 };

static kt_error *minutes_on(kt_tx *tx, const struct timesheet *s, int64_t *minutes)
{
    const kt_where where[] = {
        KT_WHERE(timesheet, employee, KT_EQ, s->employee), KT_WHERE(timesheet, day, KT_EQ, s->day), {0}};
    struct timesheet o = {KT_OF(timesheet)};
    kt_cursor *cursor;
    *minutes = 0;
    KT_TRY(kt_open(tx, &(kt_query){.of = &timesheet_shape, .where = where}, &cursor));
    while (kt_next(cursor, &o.rec))
        *minutes += o.rec.id.v == s->rec.id.v ? 0 : o.minutes;
    return kt_close(cursor);
}

kt_error *timesheet_compute(kt_tx *tx, kt_record *self)
{
    struct timesheet *s = KT_AS(timesheet, self);
    struct employee e;
    int64_t others;
    if (s->state >= S_APPROVED)
        return NULL;
    if (s->minutes < 1 || s->minutes > DAY_MINUTES)
        return kt_fail(tx, KT_VALIDATION, "minutes", "are 1 to 1440", "to 1 do 1440");
    KT_TRY(employee_read(tx, s->employee, &e));
    s->employee = e.rec.id;
    s->owner = e.owner;
    KT_TRY(minutes_on(tx, s, &others));
    if (others + s->minutes > DAY_MINUTES)
        return kt_fail(
            tx, KT_RULE, "minutes", "the day would have more than 24 hours", "doba miałaby ponad 24 godziny");
    return NULL;
}

kt_error *timesheet_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct timesheet *was = before ? KT_SEE(timesheet, before) : NULL,
                           *is = after ? KT_SEE(timesheet, after) : NULL;
    if (!was || was->state < S_APPROVED || kt_joining(tx) ||
        (is && was->minutes == is->minutes && was->day.day == is->day.day &&
            (was->about.v == is->about.v || !is->about.v) && was->employee.v == is->employee.v))
        return NULL;
    return kt_fail(tx, KT_BAD_STATE, "minutes", "is approved and stays as it is",
        "jest zaakceptowane i pozostaje bez zmian");
}

static kt_error *approve(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct timesheet *s = KT_AS(timesheet, self);
    s->approved_by = kt_user(tx);
    return not_own(tx, s->owner);
}

const kt_action timesheet_actions[] = {
    {"submit", {"Submit", "Złóż"}, "update", .from = KT_IN(S_DRAFT), .to = S_SUBMITTED},
    {"reopen", {"Back to draft", "Cofnij do szkicu"}, "update", .from = KT_IN(S_SUBMITTED), .to = S_DRAFT},
    {"approve", {"Approve", "Zaakceptuj"}, "approve", .from = KT_IN(S_SUBMITTED), .to = S_APPROVED,
        .run = approve},
    {"bill", {"Billed", "Zafakturowano"}, "bill", .from = KT_IN(S_APPROVED), .to = S_BILLED},
    {0},
};

/* ---- hr.week ---- */

struct week {
    kt_record rec;
    kt_id employee;
    kt_date day;
};
const kt_shape week_shape = KT_SHAPE(week, NULL,
    KT_FIELD(week, employee, REF, "Employee", "Pracownik", .target = "hr.employee",
        .help = {"Empty: you.", "Puste: Ty."}),
    KT_FIELD(week, day, DATE, "A day of the week", "Dzień tygodnia", .initial = "today"));
struct week_day {
    kt_record rec;
    kt_date day;
    int64_t planned, worked, booked, overtime, double_time, late;
    kt_id leave;
};
#define MINUTES(m, en, pl) KT_FIELD(week_day, m, INT, en ", minutes", pl ", minuty", .required = true)
static const kt_shape week_day_shape = KT_SHAPE(week_day, NULL, KT_FIELD(week_day, day, DATE, "Day", "Dzień"),
    MINUTES(planned, "Planned", "Plan"), MINUTES(worked, "Worked", "Praca"),
    MINUTES(booked, "Booked", "Rozliczone"), MINUTES(overtime, "Over time", "Nadgodziny"),
    MINUTES(double_time, "Of it at 100 %", "W tym z dodatkiem 100 %"), MINUTES(late, "Late", "Spóźnienie"),
    KT_FIELD(week_day, leave, REF, "Leave", "Urlop", .target = "hr.leave"));
struct week_found {
    kt_record rec;
    int64_t planned, worked, booked, overtime, double_time;
    kt_lines days;
};
#define TOTAL(m, en, pl) KT_FIELD(week_found, m, INT, en ", minutes", pl ", minuty", .required = true)
const kt_shape week_found_shape = KT_SHAPE(week_found, NULL, TOTAL(planned, "Planned", "Plan"),
    TOTAL(worked, "Worked", "Praca"), TOTAL(booked, "Booked", "Rozliczone"),
    TOTAL(overtime, "Over time", "Nadgodziny"),
    TOTAL(double_time, "Of it at 100 %", "W tym z dodatkiem 100 %"),
    KT_FIELD(week_found, days, LINES, "Days", "Dni", .lines = &week_day_shape));

static kt_error *attended(kt_tx *tx, const struct employee *e, struct week_day *d)
{
    struct attendance a;
    bool found;
    KT_TRY(planned_minutes(tx, e->rec.id, d->day, &d->planned));
    KT_TRY(attendance_on(tx, e->rec.id, d->day, &a, &found));
    if (found) {
        d->planned = a.planned;
        d->worked = a.worked;
        d->overtime = a.overtime;
        d->double_time = a.double_time;
        d->late = a.late;
    }
    return NULL;
}

static kt_error *fill_day(kt_tx *tx, const struct employee *e, struct week_day *d)
{
    const struct timesheet all = {.employee = e->rec.id, .day = d->day};
    struct leave l;
    bool away;
    KT_TRY(attended(tx, e, d));
    KT_TRY(minutes_on(tx, &all, &d->booked));
    KT_TRY(leave_on(tx, e->rec.id, d->day, &l, &away));
    d->leave = away ? l.rec.id : (kt_id){0};
    return NULL;
}

kt_error *week(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct week *p = KT_SEE(week, params);
    struct week_found *out = KT_AS(week_found, result);
    struct employee e;
    KT_TRY(employee_read(tx, p->employee, &e));
    kt_date monday = kt_date_add(p->day, -((p->day.day - 1) % 7));
    for (int i = 0; i < 7; i++) {
        struct week_day d = {KT_OF(week_day), .day = kt_date_add(monday, i)};
        KT_TRY(fill_day(tx, &e, &d));
        out->planned += d.planned;
        out->worked += d.worked;
        out->booked += d.booked;
        out->overtime += d.overtime;
        out->double_time += d.double_time;
        KT_TRY(kt_line_add(tx, &out->days, &d.rec));
    }
    return NULL;
}
