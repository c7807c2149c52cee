/* Requests for leave: how many hours of work they cover, who stands in, who decides. */
#include "hr.h"

static const kt_choice leave_states[] = {
    {L_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {L_SUBMITTED, "submitted", {"Submitted", "Złożony"}, "open"},
    {L_APPROVED, "approved", {"Approved", "Zaakceptowany"}, "won"},
    {L_REJECTED, "rejected", {"Rejected", "Odrzucony"}, "lost"},
    {L_CANCELLED, "cancelled", {"Cancelled", "Anulowany"}, "lost"},
    {0},
};
static const kt_choice halves[] = {
    {WHOLE, "whole", {"Whole days", "Całe dni"}},
    {MORNING, "morning", {"Morning", "Pierwsza połowa"}},
    {AFTERNOON, "afternoon", {"Afternoon", "Druga połowa"}},
    {0},
};
const kt_shape leave_shape = KT_SHAPE(leave, "hr.leave",
    KT_FIELD(leave, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .on_delete = KT_CASCADE,
        .priority = 1, .help = {"Empty: you.", "Puste: Ty."}),
    KT_FIELD(leave, owner, REF, "User", "Użytkownik", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(leave, department, REF, "Department", "Dział", .target = "access.department", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(leave, type, REF, "Leave", "Rodzaj urlopu", .target = "hr.leave_type", .required = true,
        .priority = 2),
    KT_FIELD(leave, from, DATE, "From", "Od", .required = true, .priority = 3),
    KT_FIELD(leave, until, DATE, "Until", "Do", .required = true, .priority = 4),
    KT_FIELD(leave, half, STATE, "Part of the day", "Część dnia", .choices = halves, .initial = "whole"),
    KT_FIELD(leave, asked_hours, QUANTITY, "Hours, of leave by the hour", "Godziny, dla urlopu na godziny",
        .scale = 2),
    KT_FIELD(leave, starts, STRING, "From the hour, of leave by the hour",
        "Od godziny, dla urlopu na godziny", .max = 5,
        .help = {"As 10:00; empty: when the day's work begins.",
            "Jak 10:00; puste: z początkiem dnia pracy."}),
    KT_FIELD(leave, hours, QUANTITY, "Hours", "Godziny", .scale = 2, .computed = true, .priority = 5),
    KT_FIELD(
        leave, days, QUANTITY, "Working days", "Dni robocze", .scale = 2, .computed = true, .priority = 6),
    KT_FIELD(leave, substitute, REF, "Stands in", "Zastępca", .target = "access.user", .on_delete = KT_CLEAR,
        .priority = 8),
    KT_FIELD(leave, state, STATE, "State", "Stan", .choices = leave_states, .initial = "draft",
        .indexed = true, .priority = 7),
    KT_FIELD(leave, approved_by, REF, "Decided by", "Zdecydował", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(leave, decided_at, TIME, "Decided at", "Kiedy zdecydowano", .computed = true),
    KT_FIELD(leave, reason, STRING, "Reason", "Powód", .max = 200),
    KT_FIELD(leave, note, TEXT, "Note", "Uwaga", .personal = true));

/* ---- What it covers ---- */

enum { SPAN_MAX = 1100 }; /* days: child-raising leave is taken in parts */

static kt_error *count_hours(kt_tx *tx, struct leave *l)
{
    int64_t minutes = 0, days = 0;
    for (kt_date day = l->from; day.day <= l->until.day; day = kt_date_add(day, 1)) {
        int64_t planned;
        KT_TRY(planned_minutes(tx, l->employee, day, &planned));
        minutes += planned;
        days += planned > 0;
    }
    bool half = l->half == MORNING || l->half == AFTERNOON;
    l->hours = kt_dec_div(KT_DEC(minutes, 0), KT_DEC(half ? 120 : 60, 0), 2);
    l->days = half ? KT_DEC(days * 50, 2) : KT_DEC(days * 100, 2);
    if (l->asked_hours.scale1)
        l->hours = l->asked_hours;
    return NULL;
}

static kt_error *check_span(kt_tx *tx, const struct leave *l)
{
    kt_error *all = NULL;
    bool part = l->half == MORNING || l->half == AFTERNOON || l->asked_hours.scale1;
    if (l->until.day < l->from.day)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "until", "is before the first day", "jest przed pierwszym dniem"));
    else if (l->until.day - l->from.day > SPAN_MAX)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "until", "one request covers at most %d days",
                          "wniosek obejmuje najwyżej %d dni", SPAN_MAX));
    else if (part && l->until.day != l->from.day)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "until", "a part of a day is of one day",
                          "część dnia dotyczy jednego dnia"));
    if (l->asked_hours.scale1 && (l->asked_hours.coef <= 0 || kt_dec_cmp(l->asked_hours, KT_DEC(24, 0)) > 0))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "asked_hours", "is above 0 and at most 24",
                          "jest większe od 0 i najwyżej 24"));
    if (l->starts.ptr && (minutes_of(l->starts) < 0 || !l->asked_hours.scale1))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "starts", "is a time of day, 10:00, of leave by the hour",
                          "to godzina, 10:00, urlopu na godziny"));
    return all;
}

kt_error *leave_compute(kt_tx *tx, kt_record *self)
{
    struct leave *l = KT_AS(leave, self);
    struct employee e;
    struct leave_type t = {KT_OF(leave_type)};
    if (l->state != L_DRAFT || !l->from.day || !l->until.day || !l->type.v)
        return NULL; /* what was submitted stays as it was counted; the core asks for what is missing */
    KT_TRY(employee_read(tx, l->employee, &e));
    l->employee = e.rec.id;
    l->owner = e.owner;
    l->department = e.department;
    KT_TRY(check_span(tx, l));
    KT_TRY(kt_read(tx, l->type, &t.rec));
    if (l->asked_hours.scale1 && !t.by_hour)
        return kt_fail(tx, KT_VALIDATION, "asked_hours", "this leave is not taken by the hour",
            "tego urlopu nie bierze się na godziny");
    return count_hours(tx, l);
}

static bool same_leave(const struct leave *a, const struct leave *b)
{
    return a->employee.v == b->employee.v && a->type.v == b->type.v && a->from.day == b->from.day &&
           a->until.day == b->until.day && a->half == b->half &&
           (a->substitute.v == b->substitute.v || !b->substitute.v) &&
           kt_dec_cmp(a->asked_hours, b->asked_hours) == 0 && text_same(a->starts, b->starts);
}

/* What was submitted changes by whoever decides, and that is on record. */
kt_error *leave_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct leave *was = before ? KT_SEE(leave, before) : NULL,
                       *is = after ? KT_SEE(leave, after) : NULL;
    if (!was || was->state == L_DRAFT || kt_joining(tx))
        return NULL;
    if (is ? same_leave(was, is) || was->decided_at.ms != is->decided_at.ms : was->state != L_APPROVED)
        return NULL;
    return kt_hint(kt_fail(tx, KT_BAD_STATE, "from", "the request is handed in and stays as it is",
                       "wniosek został złożony i pozostaje bez zmian"),
        "Cancel it, and ask anew.", "Anuluj go i złóż nowy.");
}

kt_error *leave_on(kt_tx *tx, kt_id employee, kt_date day, struct leave *l, bool *found)
{
    const kt_where where[] = {KT_WHERE(leave, employee, KT_EQ, employee), KT_WHERE(leave, from, KT_LE, day),
        KT_WHERE(leave, until, KT_GE, day), KT_WHERE(leave, state, KT_EQ, L_APPROVED), {0}};
    kt_cursor *cursor;
    *l = (struct leave){KT_OF(leave)};
    KT_TRY(kt_open(tx, &(kt_query){.of = &leave_shape, .where = where, .limit = 1}, &cursor));
    *found = kt_next(cursor, &l->rec);
    return kt_close(cursor);
}

/* ---- Submitting ---- */

static kt_error *check_overlap(kt_tx *tx, const struct leave *l)
{
    const kt_where where[] = {KT_WHERE(leave, employee, KT_EQ, l->employee),
        KT_WHERE(leave, from, KT_LE, l->until), KT_WHERE(leave, until, KT_GE, l->from), {0}};
    struct leave other = {KT_OF(leave)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx,
        &(kt_query){.of = &leave_shape,
            .where = where,
            .filter = KT_STR("[[\"state\",\"in\",[\"submitted\",\"approved\"]]]")},
        &cursor));
    while (!e && kt_next(cursor, &other.rec))
        if (other.rec.id.v != l->rec.id.v &&
            !(l->half != other.half && l->half != WHOLE && other.half != WHOLE))
            e = kt_hint(kt_fail(tx, KT_RULE, "from", "another request of these days is there already: %llu",
                            "jest już wniosek na te dni: %llu", (unsigned long long)other.rec.id.v),
                "Cancel it, or end it earlier with hr.leave.shorten.",
                "Anuluj go albo zakończ wcześniej przez hr.leave.shorten.");
    kt_also(&e, kt_close(cursor));
    return e;
}

static kt_error *check_substitute(kt_tx *tx, const struct leave *l)
{
    bool away = false;
    kt_id none;
    if (!l->substitute.v)
        return NULL;
    if (l->substitute.v == l->owner.v)
        return kt_fail(tx, KT_VALIDATION, "substitute", "nobody stands in for themselves",
            "nikt nie zastępuje sam siebie");
    for (kt_date day = l->from; !away && day.day <= l->until.day && day.day < l->from.day + 62;
         day = kt_date_add(day, 1))
        KT_TRY(staff_service.away(tx, l->substitute, day, &away, &none));
    return away ? kt_fail(tx, KT_RULE, "substitute", "is away on these days too", "też jest wtedy nieobecny")
                : NULL;
}

static kt_error *submit(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct leave *l = KT_AS(leave, self);
    kt_error *all = NULL;
    if (!l->hours.scale1 || l->hours.coef <= 0)
        kt_also(
            &all, kt_fail(tx, KT_RULE, "from", "there is no work on these days", "w te dni nie ma pracy"));
    kt_also(&all, check_overlap(tx, l));
    kt_also(&all, check_substitute(tx, l));
    kt_also(&all, balance_check(tx, l));
    return all;
}

/* ---- Deciding ---- */

struct decision {
    kt_record rec;
    kt_str note;
    bool anyway;
};
static const kt_shape approve_shape = KT_SHAPE(decision, NULL,
    KT_FIELD(decision, note, STRING, "Note", "Uwaga", .max = 200),
    KT_FIELD(decision, anyway, BOOL, "Also above the limit of absences and on days without leave",
        "Mimo limitu nieobecności i dni bez urlopów"));
static const kt_shape reject_shape = KT_SHAPE(
    decision, NULL, KT_FIELD(decision, note, STRING, "Reason", "Powód", .required = true, .max = 200));

static void decided(kt_tx *tx, struct leave *l, kt_str note)
{
    l->approved_by = kt_user(tx);
    /* a later moment than that of the decision before, for leave_check tells by it that somebody decided */
    l->decided_at.ms = kt_now(tx).ms > l->decided_at.ms ? kt_now(tx).ms : l->decided_at.ms + 1;
    if (note.ptr)
        l->note = note;
}

static kt_error *check_limit(kt_tx *tx, const struct leave *l)
{
    int64_t limit, away;
    kt_date on;
    KT_TRY(absence_most(tx, l, &limit, &away, &on));
    if (!limit || away < limit)
        return NULL;
    int y, m, d;
    kt_date_parts(on, &y, &m, &d);
    return kt_hint(
        kt_fail(tx, KT_RULE, "from", "%lld of the department are away on %04d-%02d-%02d; at most %lld may be",
            "%lld osób z działu jest nieobecnych %04d-%02d-%02d; może być najwyżej %lld", (long long)away, y,
            m, d, (long long)limit),
        "Choose other days, or approve with anyway.", "Wybierz inne dni albo zaakceptuj z anyway.");
}

/* The substitute has the tasks while the leave lasts. */
static kt_error *hand_over(kt_tx *tx, const struct leave *l)
{
    struct delegation d = {KT_OF(delegation), .from = l->owner, .to = l->substitute, .since = l->from,
        .until = l->until, .tasks = true, .leave = l->rec.id, .state = D_PLANNED};
    if (!l->substitute.v || !l->owner.v)
        return NULL;
    KT_TRY(kt_create(tx, &d.rec));
    return delegation_step(tx, &d);
}

static kt_error *settle(kt_tx *tx, const struct leave *l)
{
    KT_TRY(balance_take(tx, l));
    return hand_over(tx, l);
}

static kt_error *approve(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct leave *l = KT_AS(leave, self);
    const struct decision *p = (const struct decision *)(const void *)params;
    KT_TRY(not_own(tx, l->owner));
    if (!p->anyway) {
        kt_error *all = check_limit(tx, l);
        kt_also(&all, blocked_days_check(tx, l));
        KT_TRY(all);
    }
    kt_authority before = kt_own_authority(tx); /* who decides need not write the ledger */
    kt_error *e = settle(tx, l);
    kt_callers_authority(tx, before);
    decided(tx, l, p->note);
    return e;
}

static kt_error *reject(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct leave *l = KT_AS(leave, self);
    KT_TRY(not_own(tx, l->owner));
    decided(tx, l, ((const struct decision *)(const void *)params)->note);
    return NULL;
}

static kt_error *end_delegations(kt_tx *tx, const struct leave *l)
{
    const kt_where where[] = {KT_WHERE(delegation, leave, KT_EQ, l->rec.id), {0}};
    struct delegation d = {KT_OF(delegation)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &delegation_shape, .where = where, .limit = 1}, &cursor));
    bool found = kt_next(cursor, &d.rec);
    KT_TRY(kt_close(cursor));
    if (!found || d.state == D_ENDED)
        return NULL;
    KT_TRY(kt_read(tx, d.rec.id, &d.rec));
    d.until = kt_date_add(kt_today(tx), -1);
    return delegation_step(tx, &d);
}

static kt_error *cancel_approved(kt_tx *tx, const struct leave *l)
{
    KT_TRY(balance_return(tx, l));
    return end_delegations(tx, l);
}

/* What was approved and has begun only a head takes back. */
static kt_error *cancel(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct leave *l = KT_AS(leave, self);
    if (l->state != L_APPROVED)
        return NULL;
    if (l->from.day <= kt_today(tx).day && !kt_may(tx, "hr.leave:approve"))
        return kt_fail(tx, KT_FORBIDDEN, "state",
            "the leave has begun: only who approves leave may cancel it",
            "urlop już się zaczął: anulować może tylko akceptujący");
    kt_authority before = kt_own_authority(tx);
    kt_error *e = cancel_approved(tx, l);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Ending earlier: who falls ill on leave, or is called back (art. 166, 167) ---- */

struct shortening {
    kt_record rec;
    kt_date until;
};
static const kt_shape shortening_shape = KT_SHAPE(
    shortening, NULL, KT_FIELD(shortening, until, DATE, "Last day", "Ostatni dzień", .required = true));

static kt_error *move_delegation(kt_tx *tx, const struct leave *l)
{
    const kt_where where[] = {KT_WHERE(delegation, leave, KT_EQ, l->rec.id), {0}};
    struct delegation d = {KT_OF(delegation)};
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){.of = &delegation_shape, .where = where}, 1, &found));
    if (!found.count)
        return NULL;
    KT_TRY(kt_read(tx, found.ids[0], &d.rec));
    if (d.state == D_ENDED)
        return NULL;
    d.until = l->until;
    KT_TRY(kt_update(tx, &d.rec));
    return delegation_step(tx, &d);
}

static kt_error *take_again(kt_tx *tx, struct leave *l)
{
    KT_TRY(balance_return(tx, l));
    KT_TRY(count_hours(tx, l));
    KT_TRY(balance_take(tx, l));
    return move_delegation(tx, l);
}

static kt_error *shorten(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct leave *l = KT_AS(leave, self);
    const kt_date until = KT_SEE(shortening, params)->until;
    if (until.day < l->from.day || until.day >= l->until.day)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "until", "is within the leave and before its last day",
                           "leży w czasie urlopu, przed jego ostatnim dniem"),
            "Cancel a leave that nothing is left of.", "Urlop, z którego nic nie zostaje, anuluj.");
    l->until = until;
    decided(tx, l, (kt_str){0});
    kt_authority before = kt_own_authority(tx);
    kt_error *e = take_again(tx, l);
    kt_callers_authority(tx, before);
    return e;
}

const kt_action leave_actions[] = {
    {"submit", {"Submit", "Złóż"}, "update", .from = KT_IN(L_DRAFT), .to = L_SUBMITTED, .run = submit},
    {"approve", {"Approve", "Zaakceptuj"}, "approve", .from = KT_IN(L_SUBMITTED), .to = L_APPROVED,
        .params = &approve_shape, .run = approve},
    {"reject", {"Reject", "Odrzuć"}, "approve", .from = KT_IN(L_SUBMITTED), .to = L_REJECTED,
        .params = &reject_shape, .run = reject},
    {"shorten", {"End earlier", "Zakończ wcześniej"}, "approve", .from = KT_IN(L_APPROVED),
        .params = &shortening_shape, .run = shorten, .preview = true},
    {"cancel", {"Cancel", "Anuluj"}, "update",
        .from = KT_IN(L_DRAFT) | KT_IN(L_SUBMITTED) | KT_IN(L_APPROVED), .to = L_CANCELLED, .run = cancel},
    {0},
};
