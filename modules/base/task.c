/* Tasks: what somebody has to do by when, about any record. */
#include "task.h"

#include "base.h"

static const kt_choice task_states[] = {
    {TODO, "todo", {"To do", "Do zrobienia"}, "open"},
    {IN_PROGRESS, "in_progress", {"In progress", "W toku"}, "open"},
    {REVIEW, "review", {"In review", "Do sprawdzenia"}, "open"},
    {DONE, "done", {"Done", "Zrobione"}, "won"},
    {CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};

enum priority { LOW = 1, NORMAL, HIGH, URGENT };
static const kt_choice priorities[] = {
    {LOW, "low", {"Low", "Niski"}},
    {NORMAL, "normal", {"Normal", "Zwykły"}},
    {HIGH, "high", {"High", "Wysoki"}},
    {URGENT, "urgent", {"Urgent", "Pilny"}},
    {0},
};

static const kt_choice repeat_units[] = {
    {EVERY_DAY, "day", {"Day", "Dzień"}},
    {EVERY_WEEK, "week", {"Week", "Tydzień"}},
    {EVERY_MONTH, "month", {"Month", "Miesiąc"}},
    {EVERY_YEAR, "year", {"Year", "Rok"}},
    {0},
};
static const kt_choice repeat_bys[] = {
    {BY_DATE, "date", {"From the date", "Od terminu"}},
    {BY_DONE, "done", {"From the day it is done", "Od dnia wykonania"}},
    {0},
};

const kt_shape check_point_shape = KT_SHAPE(check_point, NULL,
    KT_FIELD(check_point, text, STRING, "What", "Co", .required = true, .max = 300, .personal = true,
        .priority = 1),
    KT_FIELD(check_point, done, BOOL, "Done", "Zrobione", .priority = 2),
    KT_FIELD(check_point, done_at, TIME, "Done at", "Zrobiono", .computed = true),
    KT_FIELD(check_point, done_by, REF, "Done by", "Kto zrobił", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR));

struct delegation { /* a line: the task went from one to another */
    kt_record rec;
    kt_time at;
    kt_id from, to, by;
};
static const kt_shape delegation_shape = KT_SHAPE(delegation, NULL,
    KT_FIELD(delegation, at, TIME, "At", "Kiedy"),
    KT_FIELD(delegation, from, REF, "From", "Od", .target = "access.user", .on_delete = KT_CLEAR),
    KT_FIELD(delegation, to, REF, "To", "Do", .target = "access.user", .on_delete = KT_CLEAR),
    KT_FIELD(delegation, by, REF, "By", "Kto", .target = "access.user", .on_delete = KT_CLEAR));

#define IF_REPEATED .show_if = "[[\"repeat\",\"is_null\",false]]"
const kt_shape task_shape = KT_SHAPE(task, "base.task",
    KT_FIELD(task, title, STRING, "Title", "Tytuł", .required = true, .max = 200, .searchable = true,
        .personal = true, .priority = 1),
    KT_FIELD(task, text, TEXT, "Description", "Opis", .searchable = true, .personal = true),
    KT_FIELD(task, state, STATE, "State", "Stan", .choices = task_states, .indexed = true, .priority = 2),
    KT_FIELD(task, priority, STATE, "Priority", "Priorytet", .choices = priorities, .initial = "normal",
        .priority = 5),
    KT_FIELD(task, owner, REF, "Owner", "Wykonawca", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR, .priority = 4),
    KT_FIELD(
        task, observers, REFS, "Observers", "Obserwatorzy", .target = "access.user", .on_delete = KT_CLEAR),
    KT_FIELD(task, delegated_by, REF, "Delegated by", "Zlecił", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(task, due, TIME, "Due", "Termin", .indexed = true, .priority = 3),
    KT_FIELD(task, remind_at, TIME, "Remind at", "Przypomnij", .indexed = true),
    KT_FIELD(
        task, party, REF, "Party", "Strona", .target = "base.party", .on_delete = KT_CASCADE, .priority = 6),
    KT_FIELD(task, about, REF, "About", "Dotyczy", .target = "*", .on_delete = KT_CASCADE),
    KT_FIELD(task, checklist, LINES, "Checklist", "Lista kontrolna", .lines = &check_point_shape, .max = 200),
    KT_FIELD(task, repeat, STATE, "Repeat every", "Powtarzaj co", .choices = repeat_units),
    KT_FIELD(task, repeat_every, INT, "How many of them", "Ile takich okresów", .initial = "1", IF_REPEATED),
    KT_FIELD(
        task, repeat_by, STATE, "Counted", "Liczone", .choices = repeat_bys, .initial = "date", IF_REPEATED),
    KT_FIELD(task, repeat_until, DATE, "Repeat until", "Powtarzaj do", IF_REPEATED),
    KT_FIELD(task, next, REF, "Next of the series", "Następne z serii", .target = "base.task",
        .computed = true, .on_delete = KT_CLEAR),
    KT_FIELD(task, next_at, TIME, "Next one to be made at", "Następne powstanie", .computed = true,
        .indexed = true),
    KT_FIELD(task, started_at, TIME, "Started at", "Rozpoczęto", .computed = true),
    KT_FIELD(task, done_at, TIME, "Done at", "Zakończono", .computed = true, .indexed = true),
    KT_FIELD(task, held_by, REF, "Held by", "U kogo", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR,
        .help = {"The owner when it was last written.", "Wykonawca przy ostatnim zapisie."}),
    KT_FIELD(task, delegations, LINES, "Delegations", "Przekazania", .lines = &delegation_shape,
        .computed = true, .max = 500));

/* Whatever way a task comes to another owner -- delegated, edited, reassigned -- it is on the record. */
static kt_error *note_delegation(kt_tx *tx, struct task *t)
{
    enum { LINES_MAX = 500 };
    kt_id from = t->held_by;
    t->held_by = t->owner;
    if (!from.v || from.v == t->owner.v || t->delegations.count >= LINES_MAX)
        return NULL;
    t->delegated_by = kt_user(tx);
    const struct delegation line = {
        KT_OF(delegation), .at = kt_now(tx), .from = from, .to = t->owner, .by = kt_user(tx)};
    return kt_line_add(tx, &t->delegations, &line.rec);
}

static void stamp_checklist(kt_tx *tx, struct task *t)
{
    for (size_t i = 0; i < t->checklist.count; i++) {
        struct check_point *c = KT_AS(check_point, kt_line(&t->checklist, i));
        if (c->done && !c->done_at.ms) {
            c->done_at = kt_now(tx);
            c->done_by = kt_user(tx);
        } else if (!c->done) {
            c->done_at = (kt_time){0};
            c->done_by = (kt_id){0};
        }
    }
}

kt_error *task_compute(kt_tx *tx, kt_record *self)
{
    struct task *t = KT_AS(task, self);
    kt_error *all = NULL;
    if (t->due.ms && t->remind_at.ms > t->due.ms)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "remind_at", "the reminder comes after the task is due",
                          "przypomnienie przypada po terminie"));
    stamp_checklist(tx, t);
    kt_also(&all, note_delegation(tx, t));
    kt_also(&all, task_repeat_compute(tx, t));
    return all;
}

static kt_error *task_start(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct task *t = KT_AS(task, self);
    if (!t->started_at.ms)
        t->started_at = kt_now(tx);
    t->done_at = (kt_time){0};
    return NULL;
}

static kt_error *task_finish(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct task *t = KT_AS(task, self);
    t->done_at = kt_now(tx);
    return task_repeat_next(tx, t);
}

struct check {
    kt_record rec;
    int64_t line;
    bool done;
};
static const kt_shape check_shape = KT_SHAPE(check, NULL,
    KT_FIELD(check, line, INT, "Point", "Punkt", .required = true,
        .help = {"Its id in the checklist.", "Jego id na liście kontrolnej."}),
    KT_FIELD(check, done, BOOL, "Done", "Zrobione", .initial = "true"));

static kt_error *task_check(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct task *t = KT_AS(task, self);
    const struct check *p = KT_SEE(check, params);
    for (size_t i = 0; i < t->checklist.count; i++) {
        struct check_point *c = KT_AS(check_point, kt_line(&t->checklist, i));
        if ((int64_t)c->rec.id.v == p->line) {
            c->done = p->done;
            return NULL;
        }
    }
    return kt_fail(tx, KT_VALIDATION, "line", "the checklist has no point %lld",
        "lista kontrolna nie ma punktu %lld", (long long)p->line);
}

static kt_error *task_reopen(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    (void)params;
    KT_AS(task, self)->done_at = (kt_time){0};
    return NULL;
}

struct delegate {
    kt_record rec;
    kt_id owner;
};
static const kt_shape delegate_shape = KT_SHAPE(
    delegate, NULL, KT_FIELD(delegate, owner, REF, "To", "Komu", .target = "access.user", .required = true));

static kt_error *task_delegate(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct task *t = KT_AS(task, self);
    kt_id to = KT_SEE(delegate, params)->owner;
    if (t->owner.v == to.v)
        return kt_fail(tx, KT_RULE, "owner", "the task is theirs already", "zadanie już należy do tej osoby");
    t->owner = to;
    return NULL;
}

#define OPEN_STATES (KT_IN(TODO) | KT_IN(IN_PROGRESS) | KT_IN(REVIEW))
const kt_action task_actions[] = {
    {"start", {"Start", "Rozpocznij"}, "update", KT_IN(TODO) | KT_IN(REVIEW), IN_PROGRESS, .run = task_start},
    {"submit", {"Submit for review", "Oddaj do sprawdzenia"}, "update", KT_IN(IN_PROGRESS), REVIEW},
    {"finish", {"Finish", "Zakończ"}, "update", OPEN_STATES, DONE, .run = task_finish},
    {"cancel", {"Cancel", "Anuluj"}, "update", OPEN_STATES, CANCELLED},
    {"reopen", {"Reopen", "Wznów"}, "update", KT_IN(DONE) | KT_IN(CANCELLED), TODO, .run = task_reopen},
    {"check", {"Tick off", "Odhacz"}, "update", OPEN_STATES, .params = &check_shape, .run = task_check},
    {"delegate", {"Delegate", "Deleguj"}, "update", OPEN_STATES, .params = &delegate_shape,
        .run = task_delegate},
    {0},
};

/* ---- base.task.reminders ---- */

struct tasks_due {
    kt_record rec;
    kt_id owner;
    kt_time until;
};
const kt_shape tasks_due_shape = KT_SHAPE(tasks_due, NULL,
    KT_FIELD(tasks_due, owner, REF, "Owner", "Wykonawca", .target = "access.user", .initial = "me"),
    KT_FIELD(tasks_due, until, TIME, "Until", "Do", .initial = "now",
        .help = {"Tasks to be reminded of, or due, up to this time.",
            "Zadania z przypomnieniem albo terminem do "
            "tej chwili."}));

struct task_due {
    kt_record rec;
    kt_id task, party;
    kt_str title, state;
    kt_time due, remind_at;
};
static const kt_shape task_due_shape = KT_SHAPE(task_due, NULL,
    KT_FIELD(task_due, task, REF, "Task", "Zadanie", .target = "base.task"),
    KT_FIELD(task_due, title, STRING, "Title", "Tytuł"), KT_FIELD(task_due, state, STRING, "State", "Stan"),
    KT_FIELD(task_due, due, TIME, "Due", "Termin"),
    KT_FIELD(task_due, remind_at, TIME, "Remind at", "Przypomnij"),
    KT_FIELD(task_due, party, REF, "Party", "Strona", .target = "base.party"));
struct tasks_due_found {
    kt_record rec;
    kt_lines rows;
};
const kt_shape tasks_due_found_shape = KT_SHAPE(tasks_due_found, NULL,
    KT_FIELD(tasks_due_found, rows, LINES, "Tasks", "Zadania", .lines = &task_due_shape));

enum { DUE_MAX = 500 };

static kt_error *add_due(kt_tx *tx, const kt_where *where, const char *sort, kt_lines *rows)
{
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&task_shape, where, sort, 0}, &cursor));
    struct task t = {KT_OF(task)};
    kt_error *error = NULL;
    while (!error && rows->count < DUE_MAX && kt_next(cursor, &t.rec)) {
        bool had = t.state == DONE || t.state == CANCELLED;
        for (size_t i = 0; i < rows->count && !had; i++)
            had = KT_AS(task_due, kt_line(rows, i))->task.v == t.rec.id.v;
        if (had)
            continue;
        struct task_due line = {KT_OF(task_due), .task = t.rec.id, .party = t.party, .title = t.title,
            .state = kt_format(tx, "%s", task_states[t.state - 1].name), .due = t.due,
            .remind_at = t.remind_at};
        error = kt_line_add(tx, rows, &line.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *tasks_due(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct tasks_due *p = KT_SEE(tasks_due, params);
    struct tasks_due_found *out = KT_AS(tasks_due_found, result);
    static const enum task_state open[] = {TODO, IN_PROGRESS, REVIEW};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        const kt_where reminded[] = {KT_WHERE(task, owner, KT_EQ, p->owner),
            KT_WHERE(task, state, KT_EQ, open[i]), KT_WHERE(task, remind_at, KT_LE, p->until), {0}};
        const kt_where due[] = {KT_WHERE(task, owner, KT_EQ, p->owner), KT_WHERE(task, state, KT_EQ, open[i]),
            KT_WHERE(task, due, KT_LE, p->until), {0}};
        KT_TRY(add_due(tx, due, "due", &out->rows));
        KT_TRY(add_due(tx, reminded, "remind_at", &out->rows));
    }
    return NULL;
}
