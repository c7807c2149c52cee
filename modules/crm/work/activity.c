/* Activities: calls, meetings, mails, notes and chats; planned, then done or cancelled. */
#include "crm.h"

const kt_choice activity_kinds[] = {
    {CALL, "call", {"Call", "Rozmowa telefoniczna"}},
    {MEETING, "meeting", {"Meeting", "Spotkanie"}},
    {MAIL, "mail", {"Mail", "E-mail"}},
    {NOTE, "note", {"Note", "Notatka"}},
    {CHAT, "chat", {"Chat", "Czat"}},
    {0},
};
const kt_choice activity_states[] = {
    {PLANNED, "planned", {"Planned", "Zaplanowana"}, "open"},
    {DONE, "done", {"Done", "Wykonana"}, "won"},
    {CANCELLED, "cancelled", {"Cancelled", "Odwołana"}, "lost"},
    {0},
};
static const kt_choice directions[] = {
    {INCOMING, "in", {"Incoming", "Przychodząca"}}, {OUTGOING, "out", {"Outgoing", "Wychodząca"}}, {0}};

const kt_shape activity_shape = KT_SHAPE(activity, "crm.activity",
    KT_FIELD(activity, kind, STATE, "Kind", "Rodzaj", .choices = activity_kinds, .initial = "call",
        .indexed = true, .priority = 1),
    KT_FIELD(activity, subject, STRING, "Subject", "Temat", .required = true, .max = 200, .searchable = true,
        .personal = true, .priority = 2),
    KT_FIELD(
        activity, state, STATE, "State", "Stan", .choices = activity_states, .indexed = true, .priority = 3),
    KT_FIELD(activity, direction, STATE, "Direction", "Kierunek", .choices = directions, .initial = "out"),
    KT_FIELD(activity, planned_at, TIME, "Planned at", "Termin", .indexed = true, .priority = 4),
    KT_FIELD(activity, remind_at, TIME, "Remind at", "Przypomnij", .indexed = true),
    KT_FIELD(activity, done_at, TIME, "Done at", "Wykonano", .priority = 5),
    KT_FIELD(activity, duration_s, INT, "Duration, s", "Czas trwania, s"),
    KT_FIELD(activity, text, TEXT, "Text", "Treść", .searchable = true, .personal = true),
    KT_FIELD(activity, outcome, STRING, "Outcome", "Wynik", .max = 200, .personal = true),
    KT_FIELD(activity, party, REF, "Customer", "Klient", .target = "base.party", .on_delete = KT_CASCADE,
        .priority = 6, .help = {"Empty: of the deal or lead.", "Puste: z szansy albo leada."}),
    KT_FIELD(activity, contact, REF, "With", "Z kim", .target = "base.party", .on_delete = KT_CLEAR),
    KT_FIELD(activity, deal, REF, "Deal", "Szansa", .target = "crm.deal", .on_delete = KT_CASCADE),
    KT_FIELD(activity, lead, REF, "Lead", "Lead", .target = "crm.lead", .on_delete = KT_CASCADE),
    KT_FIELD(activity, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR, .priority = 7));

static kt_error *take_party(kt_tx *tx, struct activity *a)
{
    if (a->deal.v) {
        struct deal d = {KT_OF(deal)};
        KT_TRY(kt_read(tx, a->deal, &d.rec));
        a->party = d.party;
    } else if (a->lead.v) {
        struct lead l = {KT_OF(lead)};
        KT_TRY(kt_read(tx, a->lead, &l.rec));
        a->party = l.party;
    }
    return NULL;
}

kt_error *activity_compute(kt_tx *tx, kt_record *self)
{
    struct activity *a = KT_AS(activity, self);
    kt_error *all = NULL;
    if (!a->party.v)
        KT_TRY(take_party(tx, a));
    if (a->duration_s < 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "duration_s", "a duration is not below zero",
                          "czas trwania nie jest ujemny"));
    if (a->planned_at.ms && a->remind_at.ms > a->planned_at.ms)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "remind_at", "the reminder comes after the activity",
                          "przypomnienie przypada po terminie"));
    if (a->state == DONE && !a->done_at.ms)
        a->done_at = kt_now(tx);
    if (a->state != DONE && a->done_at.ms)
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_VALIDATION, "done_at", "the activity is not done", "nie jest wykonana"),
                "Use the action finish.", "Użyj akcji finish."));
    return all;
}

struct finish {
    kt_record rec;
    kt_time done_at;
    int64_t duration_s;
    kt_str outcome, text;
};
static const kt_shape finish_shape = KT_SHAPE(finish, NULL,
    KT_FIELD(finish, done_at, TIME, "Done at", "Wykonano", .help = {"Empty: now.", "Puste: teraz."}),
    KT_FIELD(finish, duration_s, INT, "Duration, s", "Czas trwania, s"),
    KT_FIELD(finish, outcome, STRING, "Outcome", "Wynik", .max = 200),
    KT_FIELD(finish, text, TEXT, "Text", "Treść"));

static kt_error *activity_finish(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct activity *a = KT_AS(activity, self);
    const struct finish *p = KT_SEE(finish, params);
    a->done_at = p->done_at.ms ? p->done_at : kt_now(tx);
    if (p->duration_s)
        a->duration_s = p->duration_s;
    if (p->outcome.ptr)
        a->outcome = p->outcome;
    if (p->text.ptr)
        a->text = p->text;
    return NULL;
}

struct reschedule {
    kt_record rec;
    kt_time planned_at, remind_at;
};
static const kt_shape reschedule_shape = KT_SHAPE(reschedule, NULL,
    KT_FIELD(reschedule, planned_at, TIME, "Planned at", "Termin", .required = true),
    KT_FIELD(reschedule, remind_at, TIME, "Remind at", "Przypomnij"));

static kt_error *activity_reschedule(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    struct activity *a = KT_AS(activity, self);
    const struct reschedule *p = KT_SEE(reschedule, params);
    if (a->remind_at.ms && a->planned_at.ms && !p->remind_at.ms)
        a->remind_at.ms += p->planned_at.ms - a->planned_at.ms; /* as long before as it was */
    else
        a->remind_at = p->remind_at;
    a->planned_at = p->planned_at;
    return NULL;
}

static kt_error *activity_reopen(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    (void)params;
    KT_AS(activity, self)->done_at = (kt_time){0};
    return NULL;
}

const kt_action activity_actions[] = {
    {"finish", {"Finish", "Wykonana"}, "update", KT_IN(PLANNED), DONE, &finish_shape, activity_finish},
    {"cancel", {"Cancel", "Odwołaj"}, "update", KT_IN(PLANNED), CANCELLED},
    {"reschedule", {"Reschedule", "Przełóż"}, "update", KT_IN(PLANNED), .params = &reschedule_shape,
        .run = activity_reschedule},
    {"reopen", {"Reopen", "Wznów"}, "update", KT_IN(DONE) | KT_IN(CANCELLED), PLANNED,
        .run = activity_reopen},
    {0},
};

/* ---- crm.activity.reminders ---- */

struct reminders {
    kt_record rec;
    kt_id owner;
    kt_time until;
};
const kt_shape reminders_shape = KT_SHAPE(reminders, NULL,
    KT_FIELD(reminders, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me"),
    KT_FIELD(reminders, until, TIME, "Until", "Do", .initial = "now",
        .help = {"Planned activities to be reminded of, or due, up to this time.",
            "Zaplanowane aktywności z przypomnieniem albo terminem do tej chwili."}));

struct reminder {
    kt_record rec;
    kt_id activity, party;
    kt_str kind, subject;
    kt_time planned_at, remind_at;
    bool overdue;
};
static const kt_shape reminder_shape = KT_SHAPE(reminder, NULL,
    KT_FIELD(reminder, activity, REF, "Activity", "Aktywność", .target = "crm.activity"),
    KT_FIELD(reminder, kind, STRING, "Kind", "Rodzaj"),
    KT_FIELD(reminder, subject, STRING, "Subject", "Temat"),
    KT_FIELD(reminder, planned_at, TIME, "Planned at", "Termin"),
    KT_FIELD(reminder, remind_at, TIME, "Remind at", "Przypomnij"),
    KT_FIELD(reminder, overdue, BOOL, "Overdue", "Po terminie"),
    KT_FIELD(reminder, party, REF, "Customer", "Klient", .target = "base.party"));
struct reminders_found {
    kt_record rec;
    kt_lines rows;
};
const kt_shape reminders_found_shape = KT_SHAPE(reminders_found, NULL,
    KT_FIELD(reminders_found, rows, LINES, "Reminders", "Przypomnienia", .lines = &reminder_shape));

enum { REMINDERS_MAX = 500 };

static kt_error *add_reminders(kt_tx *tx, const kt_where *where, const char *sort, kt_lines *rows)
{
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&activity_shape, where, sort, REMINDERS_MAX}, &cursor));
    struct activity a = {KT_OF(activity)};
    kt_error *error = NULL;
    while (!error && rows->count < REMINDERS_MAX && kt_next(cursor, &a.rec)) {
        bool had = false;
        for (size_t i = 0; i < rows->count && !had; i++)
            had = KT_AS(reminder, kt_line(rows, i))->activity.v == a.rec.id.v;
        if (had)
            continue;
        struct reminder line = {KT_OF(reminder), .activity = a.rec.id, .party = a.party,
            .kind = kt_format(tx, "%s", activity_kinds[a.kind ? a.kind - 1 : 0].name), .subject = a.subject,
            .planned_at = a.planned_at, .remind_at = a.remind_at,
            .overdue = a.planned_at.ms && a.planned_at.ms < kt_now(tx).ms};
        error = kt_line_add(tx, rows, &line.rec);
    }
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *activity_reminders(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct reminders *p = KT_SEE(reminders, params);
    struct reminders_found *out = KT_AS(reminders_found, result);
    const kt_where due[] = {KT_WHERE(activity, owner, KT_EQ, p->owner),
        KT_WHERE(activity, state, KT_EQ, PLANNED), KT_WHERE(activity, planned_at, KT_LE, p->until), {0}};
    const kt_where reminded[] = {KT_WHERE(activity, owner, KT_EQ, p->owner),
        KT_WHERE(activity, state, KT_EQ, PLANNED), KT_WHERE(activity, remind_at, KT_LE, p->until), {0}};
    KT_TRY(add_reminders(tx, due, "planned_at", &out->rows));
    return add_reminders(tx, reminded, "remind_at", &out->rows);
}
