/* Tasks: what somebody has to do by when, about any record. */
#include "base.h"

enum task_state { TODO = 1, IN_PROGRESS, REVIEW, DONE, CANCELLED };
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

struct task {
    kt_record rec;
    kt_str title, text;
    enum task_state state;
    enum priority priority;
    kt_id owner, about, party, delegated_by;
    kt_time due, remind_at, started_at, done_at;
};
const kt_shape task_shape = KT_SHAPE(task, "base.task",
    KT_FIELD(task, title, STRING, "Title", "Tytuł", .required = true, .max = 200, .searchable = true,
        .priority = 1),
    KT_FIELD(task, text, TEXT, "Description", "Opis", .searchable = true),
    KT_FIELD(task, state, STATE, "State", "Stan", .choices = task_states, .indexed = true, .priority = 2),
    KT_FIELD(task, priority, STATE, "Priority", "Priorytet", .choices = priorities, .initial = "normal",
        .priority = 5),
    KT_FIELD(task, owner, REF, "Owner", "Wykonawca", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR, .priority = 4),
    KT_FIELD(task, delegated_by, REF, "Delegated by", "Zlecił", .target = "access.user", .computed = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(task, due, TIME, "Due", "Termin", .indexed = true, .priority = 3),
    KT_FIELD(task, remind_at, TIME, "Remind at", "Przypomnij", .indexed = true),
    KT_FIELD(
        task, party, REF, "Party", "Strona", .target = "base.party", .on_delete = KT_CASCADE, .priority = 6),
    KT_FIELD(task, about, REF, "About", "Dotyczy", .target = "*", .on_delete = KT_CASCADE),
    KT_FIELD(task, started_at, TIME, "Started at", "Rozpoczęto", .computed = true),
    KT_FIELD(task, done_at, TIME, "Done at", "Zakończono", .computed = true, .indexed = true));

kt_error *task_compute(kt_tx *tx, kt_record *self)
{
    const struct task *t = KT_AS(task, self);
    if (t->due.ms && t->remind_at.ms > t->due.ms)
        return kt_fail(tx, KT_VALIDATION, "remind_at", "the reminder comes after the task is due",
            "przypomnienie przypada po terminie");
    return NULL;
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
    KT_AS(task, self)->done_at = kt_now(tx);
    return NULL;
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
    t->delegated_by = kt_user(tx);
    return NULL;
}

#define OPEN_STATES (KT_IN(TODO) | KT_IN(IN_PROGRESS) | KT_IN(REVIEW))
const kt_action task_actions[] = {
    {"start", {"Start", "Rozpocznij"}, "update", KT_IN(TODO) | KT_IN(REVIEW), IN_PROGRESS, .run = task_start},
    {"submit", {"Submit for review", "Oddaj do sprawdzenia"}, "update", KT_IN(IN_PROGRESS), REVIEW},
    {"finish", {"Finish", "Zakończ"}, "update", OPEN_STATES, DONE, .run = task_finish},
    {"cancel", {"Cancel", "Anuluj"}, "update", OPEN_STATES, CANCELLED},
    {"reopen", {"Reopen", "Wznów"}, "update", KT_IN(DONE) | KT_IN(CANCELLED), TODO, .run = task_reopen},
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
