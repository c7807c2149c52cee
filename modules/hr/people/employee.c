/* The employee's file. What changes with time -- contract, post, department, head, pay -- is a term that holds
 * from a day on; the file shows those of today. */
#include <string.h>

#include "hr.h"

static const kt_choice employee_states[] = {
    {ACTIVE, "active", {"Active", "Pracuje"}, "open"},
    {ON_LEAVE, "on_leave", {"On leave", "Na urlopie"}, "blocked"},
    {SUSPENDED, "suspended", {"Suspended", "Zawieszony"}, "blocked"},
    {GONE, "left", {"Left", "Odszedł"}, "lost"},
    {0},
};
const kt_shape employee_shape = KT_SHAPE(employee, "hr.employee",
    KT_FIELD(employee, name, STRING, "Name", "Imię i nazwisko", .required = true, .max = 200,
        .searchable = true, .indexed = true, .priority = 1),
    KT_FIELD(employee, owner, REF, "User", "Użytkownik", .target = "access.user", .unique = true,
        .on_delete = KT_CLEAR,
        .help = {"With which the employee logs in.", "Z którego pracownik się loguje."}),
    KT_FIELD(employee, party, REF, "Person", "Osoba", .target = "base.party", .on_delete = KT_CLEAR),
    KT_FIELD(employee, state, STATE, "State", "Stan", .choices = employee_states, .initial = "active",
        .indexed = true, .priority = 4),
    KT_FIELD(employee, hired, DATE, "Hired on", "Zatrudniony od", .required = true, .priority = 5),
    KT_FIELD(employee, left, DATE, "Left on", "Odszedł dnia", .computed = true),
    KT_FIELD(employee, seniority_from, DATE, "Seniority counts from", "Staż liczony od",
        .help = {"The day on which employment would have begun with school and earlier jobs counted in. "
                 "Empty: hired on.",
            "Dzień, od którego liczyłby się staż z zaliczoną szkołą i wcześniejszą pracą. Puste: data "
            "zatrudnienia."}),
    KT_FIELD(employee, first_job, BOOL, "First job", "Pierwsza praca",
        .help = {"In its first calendar year leave grows month by month.",
            "W pierwszym roku kalendarzowym urlop narasta co miesiąc."}),
    KT_FIELD(employee, counted_elsewhere, BOOL, "The month of hiring counts with the former employer",
        "Miesiąc zatrudnienia liczy poprzedni pracodawca",
        .help = {"The former job ended in the same month: that employer rounds it up (art. 155(2a) par. 3).",
            "Poprzednia umowa skończyła się w tym samym miesiącu: zaokrągla go tamten pracodawca (art. "
            "155(2a) § 3)."}),
    KT_FIELD(employee, birth, DATE, "Born on", "Data urodzenia", .personal = true, .group = "personal"),
    KT_FIELD(employee, national_id, STRING, "National id", "PESEL", .max = 20, .personal = true,
        .group = "personal"),
    KT_FIELD(employee, post, STRING, "Post", "Stanowisko", .max = 120, .computed = true, .priority = 2),
    KT_FIELD(employee, department, REF, "Department", "Dział", .target = "access.department",
        .computed = true, .on_delete = KT_CLEAR, .indexed = true, .priority = 3),
    KT_FIELD(employee, head, REF, "Head", "Przełożony", .target = "hr.employee", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(employee, grade, STRING, "Grade", "Stopień", .max = 40, .computed = true),
    KT_FIELD(employee, time_share, PERCENT, "Part of full time, %", "Wymiar etatu, %", .scale = 2,
        .computed = true),
    KT_FIELD(employee, calendar, REF, "Calendar", "Kalendarz", .target = "base.calendar", .computed = true,
        .on_delete = KT_CLEAR));

static const kt_choice contracts[] = {
    {PROBATION, "probation", {"Probation", "Okres próbny"}},
    {FIXED_TERM, "fixed_term", {"Fixed term", "Czas określony"}},
    {PERMANENT, "permanent", {"Permanent", "Czas nieokreślony"}},
    {MANDATE, "mandate", {"Mandate", "Umowa zlecenia"}},
    {CONTRACTOR, "contractor", {"Contractor", "B2B"}},
    {0},
};
static const kt_choice pay_periods[] = {
    {A_MONTH, "month", {"A month", "Miesięcznie"}}, {AN_HOUR, "hour", {"An hour", "Za godzinę"}}, {0}};
const kt_shape term_shape = KT_SHAPE(term, "hr.term",
    KT_FIELD(term, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .required = true,
        .on_delete = KT_CASCADE, .fixed = true, .priority = 1),
    KT_FIELD(term, valid_from, DATE, "Holds from", "Obowiązuje od", .required = true, .priority = 2),
    KT_FIELD(term, contract, STATE, "Contract", "Umowa", .choices = contracts, .initial = "permanent",
        .priority = 3),
    KT_FIELD(term, post, STRING, "Post", "Stanowisko", .max = 120, .priority = 4),
    KT_FIELD(term, department, REF, "Department", "Dział", .target = "access.department",
        .on_delete = KT_CLEAR, .priority = 5),
    KT_FIELD(term, head, REF, "Head", "Przełożony", .target = "hr.employee", .on_delete = KT_CLEAR),
    KT_FIELD(term, grade, STRING, "Grade", "Stopień", .max = 40),
    KT_FIELD(
        term, time_share, PERCENT, "Part of full time, %", "Wymiar etatu, %", .scale = 2, .initial = "100"),
    KT_FIELD(term, calendar, REF, "Calendar", "Kalendarz", .target = "base.calendar", .on_delete = KT_CLEAR,
        .help = {"Empty: the company's.", "Puste: kalendarz firmy."}),
    KT_FIELD(term, pay, MONEY, "Pay", "Wynagrodzenie", .scale = 4, .group = "pay"),
    KT_FIELD(
        term, period, STATE, "Paid", "Wypłacane", .choices = pay_periods, .initial = "month", .group = "pay"),
    KT_FIELD(term, currency, REF, "Currency", "Waluta", .target = "base.currency", .group = "pay"),
    KT_FIELD(term, note, STRING, "Note", "Uwaga", .max = 200));

/* ---- Terms ---- */

kt_error *term_on(kt_tx *tx, kt_id employee, kt_date day, struct term *t, bool *found)
{
    const kt_where where[] = {
        KT_WHERE(term, employee, KT_EQ, employee), KT_WHERE(term, valid_from, KT_LE, day), {0}};
    kt_cursor *cursor;
    *t = (struct term){KT_OF(term)};
    KT_TRY(kt_open(
        tx, &(kt_query){.of = &term_shape, .where = where, .sort = "-valid_from", .limit = 1}, &cursor));
    *found = kt_next(cursor, &t->rec);
    return kt_close(cursor);
}

kt_error *term_compute(kt_tx *tx, kt_record *self)
{
    const struct term *t = KT_AS(term, self);
    if (t->time_share.scale1 && (t->time_share.coef <= 0 || kt_dec_cmp(t->time_share, KT_DEC(100, 0)) > 0))
        return kt_fail(tx, KT_VALIDATION, "time_share", "is above 0 and at most 100",
            "jest większe od 0 i najwyżej 100");
    if (t->pay.scale1 && t->pay.coef < 0)
        return kt_fail(tx, KT_VALIDATION, "pay", "is not below zero", "nie jest ujemne");
    return NULL;
}

/* Shows what holds today. */
static kt_error *take_term(kt_tx *tx, struct employee *e)
{
    struct term t;
    bool found;
    KT_TRY(term_on(tx, e->rec.id, kt_today(tx), &t, &found));
    if (!found) /* hired for a day to come */
        return NULL;
    e->post = t.post;
    e->department = t.department;
    e->head = t.head;
    e->grade = t.grade;
    e->time_share = t.time_share;
    e->calendar = t.calendar;
    return NULL;
}

static kt_error *refresh(kt_tx *tx, kt_id id, bool *changed)
{
    struct employee e = {KT_OF(employee)};
    KT_TRY(kt_read(tx, id, &e.rec));
    uint32_t version = e.rec.version;
    KT_TRY(take_term(tx, &e));
    KT_TRY(kt_update(tx, &e.rec)); /* writes what differs */
    *changed = e.rec.version != version;
    return NULL;
}

kt_error *term_changed(kt_tx *tx, const kt_event *event)
{
    const kt_record *rec = event->after ? event->after : event->before;
    bool changed;
    kt_authority before = kt_own_authority(tx); /* whoever may write terms need not write files */
    kt_error *e = refresh(tx, KT_SEE(term, rec)->employee, &changed);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- hr.refresh: terms that begin today, or began while nobody looked: a night may be missed ---- */

struct refresh_params {
    kt_record rec;
};
const kt_shape refresh_shape = KT_SHAPE(refresh_params, NULL, {0});
struct refreshed {
    kt_record rec;
    int64_t employees;
};
const kt_shape refreshed_shape = KT_SHAPE(
    refreshed, NULL, KT_FIELD(refreshed, employees, INT, "Employees", "Pracownicy", .required = true));

kt_error *employees_refresh(kt_tx *tx, const kt_record *params, kt_record *result)
{
    (void)params;
    enum { LOOK_BACK_DAYS = 92 };
    const kt_where where[] = {KT_WHERE(term, valid_from, KT_LE, kt_today(tx)),
        KT_WHERE(term, valid_from, KT_GE, kt_date_add(kt_today(tx), -LOOK_BACK_DAYS)), {0}};
    struct term t = {KT_OF(term)};
    const kt_query query = {.of = &term_shape, .where = where, .sort = "id"};
    kt_cursor *cursor;
    uint64_t count, n = 0;
    KT_TRY(kt_count(tx, &query, &count));
    kt_id *ids = kt_alloc(tx, (size_t)count * sizeof *ids + 1);
    if (!ids)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    while (n < count && kt_next(cursor, &t.rec))
        ids[n++] = t.employee;
    KT_TRY(kt_close(cursor));
    for (uint64_t i = 0; i < n; i++) {
        bool changed;
        KT_TRY(refresh(tx, ids[i], &changed));
        KT_AS(refreshed, result)->employees += changed;
    }
    return NULL;
}

/* ---- Files ---- */

kt_error *employee_compute(kt_tx *tx, kt_record *self)
{
    struct employee *e = KT_AS(employee, self);
    if (e->seniority_from.day && e->hired.day && e->seniority_from.day > e->hired.day)
        return kt_fail(tx, KT_VALIDATION, "seniority_from", "is not after the day of hiring",
            "nie jest późniejsze niż data zatrudnienia");
    return NULL;
}

kt_error *employee_me(kt_tx *tx, struct employee *e)
{
    const kt_where where[] = {KT_WHERE(employee, owner, KT_EQ, kt_user(tx)), {0}};
    kt_cursor *cursor;
    *e = (struct employee){KT_OF(employee)};
    KT_TRY(kt_open(tx, &(kt_query){.of = &employee_shape, .where = where, .limit = 1}, &cursor));
    bool found = kt_next(cursor, &e->rec);
    KT_TRY(kt_close(cursor));
    return found ? NULL
                 : kt_hint(kt_fail(tx, KT_RULE, "employee", "you have no employee's file",
                               "nie masz kartoteki pracownika"),
                       "Name the employee, or ask who keeps the files to set your user in yours.",
                       "Wskaż pracownika albo poproś kadry o wpisanie użytkownika do Twojej kartoteki.");
}

kt_error *employee_read(kt_tx *tx, kt_id id, struct employee *e)
{
    *e = (struct employee){KT_OF(employee)};
    return id.v ? kt_read(tx, id, &e->rec) : employee_me(tx, e);
}

bool text_same(kt_str a, kt_str b)
{
    return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

kt_error *not_own(kt_tx *tx, kt_id owner)
{
    if (!owner.v || owner.v != kt_user(tx).v)
        return NULL;
    return kt_fail(tx, KT_FORBIDDEN, "state", "nobody decides on a request of their own",
        "nikt nie decyduje o własnym wniosku");
}

/* ---- Actions ---- */

const kt_action employee_actions[] = {
    {"suspend", {"Suspend", "Zawieś"}, "update", .from = KT_IN(ACTIVE) | KT_IN(ON_LEAVE), .to = SUSPENDED},
    {"resume", {"Resume", "Przywróć"}, "update", .from = KT_IN(SUSPENDED) | KT_IN(ON_LEAVE), .to = ACTIVE},
    {"offboard", {"Part with", "Zakończ współpracę"}, "offboard",
        .from = KT_IN(ACTIVE) | KT_IN(ON_LEAVE) | KT_IN(SUSPENDED), .to = GONE, .params = &offboard_shape,
        .run = employee_offboard, .preview = true},
    {0},
};

/* ---- hr.on ---- */

struct on {
    kt_record rec;
    kt_id employee;
    kt_date day;
};
const kt_shape on_shape = KT_SHAPE(on, NULL,
    KT_FIELD(on, employee, REF, "Employee", "Pracownik", .target = "hr.employee"),
    KT_FIELD(on, day, DATE, "Day", "Dzień", .initial = "today"));
struct on_answer {
    kt_record rec;
    kt_id employee, term, department, head;
    kt_str post, grade, contract;
    kt_dec time_share;
    kt_date since;
};
const kt_shape on_answer_shape = KT_SHAPE(on_answer, NULL,
    KT_FIELD(on_answer, employee, REF, "Employee", "Pracownik", .target = "hr.employee"),
    KT_FIELD(on_answer, term, REF, "Term", "Warunki", .target = "hr.term"),
    KT_FIELD(on_answer, since, DATE, "Since", "Od"),
    KT_FIELD(on_answer, contract, STRING, "Contract", "Umowa"),
    KT_FIELD(on_answer, post, STRING, "Post", "Stanowisko"),
    KT_FIELD(on_answer, department, REF, "Department", "Dział", .target = "access.department"),
    KT_FIELD(on_answer, head, REF, "Head", "Przełożony", .target = "hr.employee"),
    KT_FIELD(on_answer, grade, STRING, "Grade", "Stopień"),
    KT_FIELD(on_answer, time_share, PERCENT, "Part of full time, %", "Wymiar etatu, %", .scale = 2));

kt_error *employee_on(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct on *p = KT_SEE(on, params);
    struct on_answer *out = KT_AS(on_answer, result);
    struct employee e;
    struct term t;
    bool found;
    KT_TRY(employee_read(tx, p->employee, &e));
    KT_TRY(term_on(tx, e.rec.id, p->day, &t, &found));
    out->employee = e.rec.id;
    if (!found)
        return NULL;
    out->term = t.rec.id;
    out->since = t.valid_from;
    out->post = t.post;
    out->department = t.department;
    out->head = t.head;
    out->grade = t.grade;
    out->time_share = t.time_share;
    for (const kt_choice *c = contracts; c->name; c++)
        if (c->value == t.contract)
            out->contract = kt_say(tx, c->label);
    return NULL;
}
