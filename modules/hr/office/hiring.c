/* From the opening to the first day, and the last day: checklists become tasks; whoever leaves has no access from
 * that moment, and what was theirs has another owner. */
#include <kontor/value.h>

#include "hr.h"

enum { O_OPEN = 1, O_CLOSED };
static const kt_choice opening_states[] = {
    {O_OPEN, "open", {"Open", "Otwarta"}, "open"}, {O_CLOSED, "closed", {"Closed", "Zamknięta"}, "won"}, {0}};
struct opening {
    kt_record rec;
    kt_str post, description;
    kt_id department;
    int64_t places, filled;
    unsigned state;
};
const kt_shape opening_shape = KT_SHAPE(opening, "hr.opening",
    KT_FIELD(opening, post, STRING, "Post", "Stanowisko", .required = true, .max = 120, .searchable = true,
        .priority = 1),
    KT_FIELD(opening, department, REF, "Department", "Dział", .target = "access.department",
        .on_delete = KT_CLEAR, .priority = 2),
    KT_FIELD(opening, description, TEXT, "Description", "Opis"),
    KT_FIELD(opening, places, INT, "Places", "Miejsca", .initial = "1", .priority = 3),
    KT_FIELD(opening, filled, INT, "Filled", "Obsadzone", .computed = true, .priority = 4),
    KT_FIELD(opening, state, STATE, "State", "Stan", .choices = opening_states, .initial = "open",
        .indexed = true, .priority = 5));
const kt_action opening_actions[] = {
    {"close", {"Close", "Zamknij"}, "update", .from = KT_IN(O_OPEN), .to = O_CLOSED},
    {"reopen", {"Open again", "Otwórz ponownie"}, "update", .from = KT_IN(O_CLOSED), .to = O_OPEN},
    {0},
};

enum { APPLIED = 1, INTERVIEW, OFFERED, HIRED, TURNED_DOWN };
static const kt_choice candidate_states[] = {{APPLIED, "applied", {"Applied", "Zgłoszony"}, "open"},
    {INTERVIEW, "interview", {"Interview", "Rozmowa"}, "open"},
    {OFFERED, "offered", {"Offered", "Oferta"}, "open"}, {HIRED, "hired", {"Hired", "Zatrudniony"}, "won"},
    {TURNED_DOWN, "rejected", {"Turned down", "Odrzucony"}, "lost"}, {0}};
struct candidate {
    kt_record rec;
    kt_id opening, employee, file;
    kt_str name, email, phone, source, note;
    unsigned state;
};
const kt_shape candidate_shape = KT_SHAPE(candidate, "hr.candidate",
    KT_FIELD(candidate, opening, REF, "Opening", "Rekrutacja", .target = "hr.opening", .required = true,
        .on_delete = KT_CASCADE, .priority = 2),
    KT_FIELD(candidate, name, STRING, "Name", "Imię i nazwisko", .required = true, .max = 200,
        .searchable = true, .personal = true, .priority = 1),
    KT_FIELD(candidate, email, STRING, "E-mail", "E-mail", .mask = "contact", .max = 254, .personal = true),
    KT_FIELD(candidate, phone, STRING, "Phone", "Telefon", .mask = "contact", .max = 40, .personal = true),
    KT_FIELD(candidate, source, STRING, "Source", "Źródło", .max = 80),
    KT_FIELD(candidate, file, FILE, "Application", "CV", .target = "base.attachment", .on_delete = KT_CLEAR),
    KT_FIELD(candidate, note, TEXT, "Note", "Notatka", .personal = true),
    KT_FIELD(candidate, employee, REF, "Employee", "Pracownik", .target = "hr.employee", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(candidate, state, STATE, "State", "Stan", .choices = candidate_states, .initial = "applied",
        .indexed = true, .priority = 3));

/* ---- Checklists ---- */

static const kt_choice checklist_kinds[] = {{ONBOARDING, "onboarding", {"Onboarding", "Wdrożenie"}},
    {OFFBOARDING, "offboarding", {"Offboarding", "Odejście"}}, {0}};
struct point {
    kt_record rec;
    kt_str title;
    int64_t days;
    kt_id owner;
};
static const kt_shape point_shape = KT_SHAPE(point, NULL,
    KT_FIELD(point, title, STRING, "Task", "Zadanie", .required = true, .max = 180),
    KT_FIELD(point, days, INT, "Days from the day", "Dni od tego dnia",
        .help = {"Below zero: before it.", "Poniżej zera: wcześniej."}),
    KT_FIELD(point, owner, REF, "Who does it", "Wykonawca", .target = "access.user", .on_delete = KT_CLEAR));
struct checklist {
    kt_record rec;
    kt_str name;
    enum checklist_kind kind;
    kt_lines points;
};
const kt_shape checklist_shape = KT_SHAPE(checklist, "hr.checklist",
    KT_FIELD(checklist, name, STRING, "Name", "Nazwa", .required = true, .max = 120, .priority = 1),
    KT_FIELD(checklist, kind, STATE, "Kind", "Rodzaj", .choices = checklist_kinds, .initial = "onboarding",
        .indexed = true, .priority = 2),
    KT_FIELD(checklist, points, LINES, "Tasks", "Zadania", .lines = &point_shape, .max = 100));
struct task {
    kt_record rec;
    kt_str title;
    kt_time due;
    kt_id owner, about;
};
static const kt_shape task_shape = KT_SHAPE(task, "base.task", KT_BIND(task, title, STRING, "title"),
    KT_BIND(task, due, TIME, "due"), KT_BIND(task, owner, REF, "owner"), KT_BIND(task, about, REF, "about"));

static kt_error *run_points(kt_tx *tx, const struct checklist *c, const struct employee *e, kt_date day)
{
    enum { NOON = 720 };
    for (size_t i = 0; i < c->points.count; i++) {
        const struct point *p = KT_AS(point, kt_line(&c->points, i));
        struct task t = {KT_OF(task), .title = kt_format(tx, "%s: %s", p->title.ptr, e->name.ptr),
            .due = kt_instant(tx, kt_date_add(day, (int32_t)p->days), NOON),
            .owner = p->owner.v ? p->owner : kt_user(tx),
            .about = kt_any(tx, employee_shape.name, e->rec.id)};
        KT_TRY(kt_create(tx, &t.rec));
    }
    return NULL;
}

kt_error *checklist_run(kt_tx *tx, enum checklist_kind kind, const struct employee *e, kt_date day)
{
    enum { LISTS_MAX = 20 };
    const kt_where where[] = {KT_WHERE(checklist, kind, KT_EQ, kind), {0}};
    struct checklist lists[LISTS_MAX];
    size_t count = 0;
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &checklist_shape, .where = where, .sort = "id"}, &cursor));
    for (struct checklist c = {KT_OF(checklist)}; count < LISTS_MAX && kt_next(cursor, &c.rec);)
        lists[count++] = c;
    KT_TRY(kt_close(cursor));
    for (size_t i = 0; i < count; i++)
        KT_TRY(run_points(tx, &lists[i], e, day));
    return NULL;
}

/* ---- Hiring ---- */

struct hire {
    kt_record rec;
    kt_date hired;
    kt_id user;
    enum contract contract;
    kt_dec pay;
};
static const kt_choice contracts[] = {{PROBATION, "probation", {"Probation", "Okres próbny"}},
    {FIXED_TERM, "fixed_term", {"Fixed term", "Czas określony"}},
    {PERMANENT, "permanent", {"Permanent", "Czas nieokreślony"}}, {0}};
static const kt_shape hire_shape = KT_SHAPE(hire, NULL,
    KT_FIELD(hire, hired, DATE, "From", "Od", .required = true),
    KT_FIELD(hire, user, REF, "User", "Użytkownik", .target = "access.user"),
    KT_FIELD(hire, contract, STATE, "Contract", "Umowa", .choices = contracts, .initial = "probation"),
    KT_FIELD(hire, pay, MONEY, "Pay", "Wynagrodzenie", .scale = 2));

static kt_error *run_hire(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct candidate *c = KT_AS(candidate, self);
    const struct hire *p = KT_SEE(hire, params);
    struct opening o = {KT_OF(opening)};
    KT_TRY(kt_read(tx, c->opening, &o.rec));
    struct employee e = {
        KT_OF(employee), .name = c->name, .owner = p->user, .hired = p->hired, .state = ACTIVE};
    KT_TRY(kt_create(tx, &e.rec));
    struct term t = {KT_OF(term), .employee = e.rec.id, .valid_from = p->hired, .contract = p->contract,
        .post = o.post, .department = o.department, .time_share = KT_DEC(10000, 2), .pay = p->pay,
        .period = A_MONTH};
    KT_TRY(kt_create(tx, &t.rec));
    o.filled++;
    KT_TRY(kt_update(tx, &o.rec));
    if (o.filled >= o.places && o.state == O_OPEN)
        KT_TRY(kt_act(tx, &o.rec, "close", NULL));
    c->employee = e.rec.id;
    return checklist_run(tx, ONBOARDING, &e, p->hired);
}

const kt_action candidate_actions[] = {
    {"invite", {"Invite", "Zaproś"}, "update", .from = KT_IN(APPLIED), .to = INTERVIEW},
    {"offer", {"Offer", "Złóż ofertę"}, "update", .from = KT_IN(APPLIED) | KT_IN(INTERVIEW), .to = OFFERED},
    {"hire", {"Hire", "Zatrudnij"}, "hire", .from = KT_IN(OFFERED) | KT_IN(INTERVIEW), .to = HIRED,
        .params = &hire_shape, .run = run_hire, .preview = true},
    {"reject", {"Turn down", "Odrzuć"}, "update", .from = KT_IN(APPLIED) | KT_IN(INTERVIEW) | KT_IN(OFFERED),
        .to = TURNED_DOWN},
    {0},
};

/* ---- Parting ---- */

struct offboard {
    kt_record rec;
    kt_date day;
    kt_id to;
    kt_str reason;
};
const kt_shape offboard_shape = KT_SHAPE(offboard, NULL,
    KT_FIELD(offboard, day, DATE, "Last day", "Ostatni dzień", .initial = "today"),
    KT_FIELD(offboard, to, REF, "Who takes over", "Kto przejmuje", .target = "access.user",
        .help = {"Records and open tasks go to this user.",
            "Rekordy i otwarte zadania przejmuje ten użytkownik."}),
    KT_FIELD(offboard, reason, STRING, "Reason", "Powód", .max = 200));
struct account {
    kt_record rec;
    bool active;
};
static const kt_shape account_shape = KT_SHAPE(
    account, "access.user", KT_BIND(account, active, BOOL, "active"));

static kt_error *cut_access(kt_tx *tx, kt_id user)
{
    struct account a = {KT_OF(account)};
    KT_TRY(kt_read(tx, user, &a.rec));
    a.active = false;
    return kt_update(tx, &a.rec);
}

static kt_error *hand_records_over(kt_tx *tx, kt_id from, kt_id to)
{
    const kt_value *result;
    kt_maker params = KT_MAKE_OBJECT;
    kt_put(tx, &params, "from", kt_value_int((int64_t)from.v));
    kt_put(tx, &params, "to", kt_value_int((int64_t)to.v));
    return kt_call(tx, "access.user.reassign", &params.value, &result);
}

static kt_error *part(kt_tx *tx, const struct employee *e, const struct offboard *p)
{
    if (e->owner.v)
        KT_TRY(cut_access(tx, e->owner));
    return checklist_run(tx, OFFBOARDING, e, p->day);
}

kt_error *employee_offboard(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct employee *e = KT_AS(employee, self);
    const struct offboard *p = KT_SEE(offboard, params);
    if (p->to.v && p->to.v == e->owner.v)
        return kt_fail(tx, KT_VALIDATION, "to", "the leaver cannot take over", "odchodzący nie może przejąć");
    if (p->day.day > kt_today(tx).day)
        return kt_hint(
            kt_fail(tx, KT_VALIDATION, "day", "access ends at once: the last day cannot be to come",
                "dostęp kończy się od razu: ostatni dzień nie może być w przyszłości"),
            "Offboard on the last day; tasks before it are a checklist.",
            "Zakończ współpracę ostatniego dnia; wcześniejsze zadania ujmij w liście.");
    e->left = p->day;
    kt_authority before = kt_own_authority(tx); /* who parts with somebody need not administer users */
    kt_error *error = e->owner.v ? delegations_cut(tx, e->owner) : NULL; /* lent tasks come back first */
    kt_callers_authority(tx, before);
    KT_TRY(error);
    if (e->owner.v && p->to.v) /* under the caller's rights: it moves the records of every department */
        KT_TRY(hand_records_over(tx, e->owner, p->to));
    before = kt_own_authority(tx);
    error = part(tx, e, p);
    kt_callers_authority(tx, before);
    return error;
}
