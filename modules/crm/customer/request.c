/* Requests and complaints: what a customer asks for, and by when the house promised to answer and resolve it.
 * Promises run in working minutes and stand still while the customer is waited for. */
#include <kontor/calendars.h>

#include "customer/customer.h"

static const kt_choice priorities[] = {
    {REQUEST_LOW, "low", {"Low", "Niski"}},
    {REQUEST_NORMAL, "normal", {"Normal", "Zwykły"}},
    {REQUEST_HIGH, "high", {"High", "Wysoki"}},
    {REQUEST_URGENT, "urgent", {"Urgent", "Pilny"}},
    {0},
};
static const kt_choice kinds[] = {
    {1, "question", {"Question", "Pytanie"}},
    {2, "request", {"Request", "Prośba"}},
    {3, "fault", {"Fault", "Usterka"}},
    {4, "complaint", {"Complaint", "Reklamacja"}},
    {0},
};
const kt_choice request_states[] = {
    {R_NEW, "new", {"New", "Nowe"}, "open"},
    {R_IN_PROGRESS, "in_progress", {"In progress", "W toku"}, "open"},
    {R_WAITING, "waiting", {"Waiting for the customer", "Czeka na klienta"}, "blocked"},
    {R_RESOLVED, "resolved", {"Resolved", "Rozwiązane"}, "won"},
    {R_CLOSED, "closed", {"Closed", "Zamknięte"}, "won"},
    {R_CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};
const kt_choice promises[] = {
    {PROMISE_DUE, "due", {"Due", "W terminie"}, "open"},
    {PROMISE_FAILED, "failed", {"Failed", "Niedotrzymany"}, "lost"},
    {PROMISE_FULFILLED, "fulfilled", {"Fulfilled", "Dotrzymany"}, "won"},
    {0},
};

const kt_shape sla_shape = KT_SHAPE(sla, "crm.sla",
    KT_FIELD(sla, priority, STATE, "Priority", "Priorytet", .choices = priorities, .required = true,
        .priority = 1),
    KT_FIELD(sla, response_minutes, INT, "First response within, minutes",
        "Pierwsza odpowiedź w ciągu, minut", .required = true, .priority = 2),
    KT_FIELD(sla, next_response_minutes, INT, "Later responses within, minutes",
        "Kolejne odpowiedzi w ciągu, minut", .priority = 4,
        .help = {"Each time the customer writes again. Empty: as the first.",
            "Za każdym razem, gdy klient napisze ponownie. Puste: jak pierwsza."}),
    KT_FIELD(sla, resolution_minutes, INT, "Resolved within, minutes", "Rozwiązanie w ciągu, minut",
        .required = true, .priority = 3),
    KT_FIELD(sla, calendar, REF, "Calendar", "Kalendarz", .target = "base.calendar", .priority = 4,
        .help = {"Minutes are counted in its working time. Empty: the company's.",
            "Minuty liczy się w jego czasie pracy. Puste: kalendarz firmy."}));

kt_error *sla_compute(kt_tx *tx, kt_record *self)
{
    const struct sla *s = KT_AS(sla, self);
    kt_error *all = NULL;
    if (s->response_minutes <= 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "response_minutes", "%lld minutes are not above zero",
                          "%lld minut to nie więcej niż zero", (long long)s->response_minutes));
    if (s->next_response_minutes < 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "next_response_minutes", "%lld minutes are below zero",
                          "%lld minut to mniej niż zero", (long long)s->next_response_minutes));
    if (s->resolution_minutes < s->response_minutes)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "resolution_minutes",
                          "a request cannot be resolved before it is answered",
                          "zgłoszenia nie można rozwiązać przed odpowiedzią"));
    return all;
}

const kt_shape later_answer_shape = KT_SHAPE(later_answer, NULL,
    KT_FIELD(later_answer, asked_at, TIME, "Asked at", "Zapytano", .priority = 1),
    KT_FIELD(later_answer, due, TIME, "Due", "Termin", .priority = 2),
    KT_FIELD(later_answer, answered_at, TIME, "Answered at", "Odpowiedziano", .priority = 3),
    KT_FIELD(later_answer, status, STATE, "In time", "Terminowość", .choices = promises, .priority = 4));
const kt_shape request_shape = KT_SHAPE(request, "crm.request",
    KT_FIELD(request, subject, STRING, "Subject", "Temat", .required = true, .max = 200, .searchable = true,
        .personal = true, .priority = 1),
    KT_FIELD(
        request, state, STATE, "State", "Stan", .choices = request_states, .indexed = true, .priority = 2),
    KT_FIELD(request, kind, STATE, "Kind", "Rodzaj", .choices = kinds, .initial = "request", .indexed = true,
        .priority = 3),
    KT_FIELD(request, priority, STATE, "Priority", "Priorytet", .choices = priorities, .initial = "normal",
        .indexed = true, .priority = 4),
    KT_FIELD(request, party, REF, "Customer", "Klient", .target = "base.party", .on_delete = KT_CASCADE,
        .priority = 5),
    KT_FIELD(
        request, contact, REF, "Contact", "Osoba kontaktowa", .target = "base.party", .on_delete = KT_CLEAR),
    KT_FIELD(request, order, REF, "Order", "Zamówienie", .target = "crm.order", .on_delete = KT_CLEAR),
    KT_FIELD(request, item, REF, "Item", "Towar", .target = "base.item", .on_delete = KT_CLEAR),
    KT_FIELD(request, lot, REF, "Lot or serial number", "Partia albo numer seryjny",
        .target = "logistics.lot", .on_delete = KT_CLEAR),
    KT_FIELD(request, text, TEXT, "Description", "Opis", .searchable = true, .personal = true),
    KT_FIELD(request, resolution, TEXT, "Resolution", "Rozwiązanie", .searchable = true, .personal = true),
    KT_FIELD(request, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR, .priority = 7),
    KT_FIELD(request, received_at, TIME, "Received at", "Otrzymano", .initial = "now", .indexed = true),
    KT_FIELD(request, responded_at, TIME, "First response at", "Pierwsza odpowiedź", .computed = true),
    KT_FIELD(request, resolved_at, TIME, "Resolved at", "Rozwiązano", .computed = true, .indexed = true),
    KT_FIELD(request, waiting_since, TIME, "Waiting since", "Czeka od", .computed = true),
    KT_FIELD(request, waited_minutes, INT, "Waited for the customer, minutes",
        "Oczekiwanie na klienta, minut", .computed = true,
        .help = {"Working minutes that the promise stood still.", "Minuty robocze, w których termin stał."}),
    KT_FIELD(request, response_due, TIME, "First response due", "Termin pierwszej odpowiedzi",
        .computed = true, .indexed = true),
    KT_FIELD(request, resolution_due, TIME, "Resolution due", "Termin rozwiązania", .computed = true,
        .indexed = true, .priority = 6),
    KT_FIELD(request, response_status, STATE, "First response", "Pierwsza odpowiedź", .choices = promises,
        .computed = true,
        .help = {"As of the last write; crm.request.fail_due brings it up to date.",
            "Z chwili ostatniego zapisu; crm.request.fail_due uaktualnia."}),
    KT_FIELD(request, resolution_status, STATE, "Resolution in time", "Terminowość rozwiązania",
        .choices = promises, .computed = true),
    KT_FIELD(request, later, LINES, "Later responses", "Kolejne odpowiedzi", .lines = &later_answer_shape,
        .computed = true, .max = 200,
        .help = {"Each time the customer wrote again (ask), and by when that was answered.",
            "Każde kolejne pytanie klienta (ask) i odpowiedź na nie."}),
    KT_FIELD(request, next_due, TIME, "Later response due", "Termin kolejnej odpowiedzi", .computed = true,
        .indexed = true, .help = {"Of the question that waits.", "Na pytanie, które czeka."}),
    KT_FIELD(request, next_status, STATE, "Later responses in time", "Terminowość kolejnych odpowiedzi",
        .choices = promises, .computed = true,
        .help = {"Failed, if one of them was.", "Niedotrzymany, jeśli któryś był."}));

enum promise request_promise(kt_time now, kt_time due, kt_time done)
{
    if (!due.ms)
        return (enum promise)0; /* not set */
    if (done.ms)
        return done.ms <= due.ms ? PROMISE_FULFILLED : PROMISE_FAILED;
    return now.ms <= due.ms ? PROMISE_DUE : PROMISE_FAILED;
}

/* The row of the table for a priority; without one nothing is promised, and *found is false. */
static kt_error *sla_of(kt_tx *tx, enum request_priority priority, struct sla *s, bool *found)
{
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(sla, priority, KT_EQ, priority), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&sla_shape, where, NULL, 1}, &cursor));
    *found = kt_next(cursor, &s->rec);
    return kt_close(cursor);
}

static kt_error *calendars(kt_tx *tx, const kt_calendars **c)
{
    *c = kt_calendars_find(tx);
    return *c ? NULL
              : kt_fail(tx, KT_UNAVAILABLE, NULL, "working time cannot be counted now",
                    "nie można teraz policzyć czasu pracy");
}

/* The customer's question that nobody answered yet; NULL: there is none. */
static struct later_answer *open_question(const struct request *r)
{
    struct later_answer *last = r->later.count ? KT_AS(later_answer, kt_line(&r->later, r->later.count - 1))
                                               : NULL;
    return last && !last->answered_at.ms ? last : NULL;
}

kt_time request_next_due(const struct request *r, kt_str *promise)
{
    bool answer = !r->responded_at.ms || open_question(r);
    *promise = answer ? KT_STR("response") : KT_STR("resolution");
    return !r->responded_at.ms ? r->response_due : answer ? r->next_due : r->resolution_due;
}

/* Each question as it stands now; one that failed is not forgotten for those that did not. */
static void judge_later(kt_tx *tx, struct request *r)
{
    const struct later_answer *open = open_question(r);
    r->next_due = open ? open->due : (kt_time){0};
    r->next_status = PROMISE_NONE;
    for (size_t i = 0; i < r->later.count; i++) {
        struct later_answer *one = KT_AS(later_answer, kt_line(&r->later, i));
        one->status = request_promise(kt_now(tx), one->due, one->answered_at);
        if (r->next_status != PROMISE_FAILED)
            r->next_status = one->status;
    }
}

static kt_error *set_dues(kt_tx *tx, struct request *r)
{
    struct sla s = {KT_OF(sla)};
    const kt_calendars *c;
    bool found;
    KT_TRY(calendars(tx, &c));
    KT_TRY(sla_of(tx, r->priority, &s, &found));
    r->response_due = r->resolution_due = (kt_time){0};
    if (!found)
        return NULL;
    KT_TRY(c->add(tx, s.calendar, r->received_at, s.response_minutes, &r->response_due));
    return c->add(
        tx, s.calendar, r->received_at, s.resolution_minutes + r->waited_minutes, &r->resolution_due);
}

kt_error *request_compute(kt_tx *tx, kt_record *self)
{
    struct request *r = KT_AS(request, self);
    if (!r->received_at.ms)
        r->received_at = kt_now(tx);
    if (!r->resolved_at.ms && r->state != R_CANCELLED) /* what is over keeps the promise it had */
        KT_TRY(set_dues(tx, r));
    bool dropped = r->state == R_CANCELLED;
    kt_time now = r->waiting_since.ms ? r->waiting_since : kt_now(tx);
    r->response_status = dropped ? 0 : request_promise(kt_now(tx), r->response_due, r->responded_at);
    r->resolution_status = dropped ? 0 : request_promise(now, r->resolution_due, r->resolved_at);
    judge_later(tx, r);
    return NULL;
}

/* The working minutes from a moment until now do not count against the promise. */
static kt_error *leave_out(kt_tx *tx, struct request *r, kt_time from)
{
    struct sla s = {KT_OF(sla)};
    const kt_calendars *c;
    bool found;
    int64_t minutes;
    KT_TRY(calendars(tx, &c));
    KT_TRY(sla_of(tx, r->priority, &s, &found));
    KT_TRY(c->between(tx, s.calendar, from, kt_now(tx), &minutes));
    r->waited_minutes += minutes;
    return NULL;
}

static void answered(kt_tx *tx, struct request *r)
{
    struct later_answer *open = open_question(r);
    if (!r->responded_at.ms)
        r->responded_at = kt_now(tx);
    if (open)
        open->answered_at = kt_now(tx);
}

static kt_error *request_respond(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    answered(tx, KT_AS(request, self));
    return NULL;
}

static kt_error *request_wait(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct request *r = KT_AS(request, self);
    answered(tx, r); /* the customer was asked something */
    r->waiting_since = kt_now(tx);
    return NULL;
}

static kt_error *request_resume(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct request *r = KT_AS(request, self);
    if (r->waiting_since.ms)
        KT_TRY(leave_out(tx, r, r->waiting_since));
    r->waiting_since = (kt_time){0};
    return NULL;
}

/* The customer wrote again: that is answered in its own time. Whoever waits for the first answer waits for that. */
static kt_error *request_ask(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct request *r = KT_AS(request, self);
    struct later_answer asked = {KT_OF(later_answer), .asked_at = kt_now(tx)};
    struct sla s = {KT_OF(sla)};
    const kt_calendars *c;
    bool found;
    if (r->state == R_WAITING) {
        KT_TRY(request_resume(tx, self, params));
        r->state = R_IN_PROGRESS;
    }
    if (!r->responded_at.ms || open_question(r))
        return NULL;
    KT_TRY(calendars(tx, &c));
    KT_TRY(sla_of(tx, r->priority, &s, &found));
    if (found)
        KT_TRY(c->add(tx, s.calendar, asked.asked_at,
            s.next_response_minutes ? s.next_response_minutes : s.response_minutes, &asked.due));
    return kt_line_add(tx, &r->later, &asked.rec);
}

struct resolve {
    kt_record rec;
    kt_str resolution;
};
static const kt_shape resolve_shape = KT_SHAPE(
    resolve, NULL, KT_FIELD(resolve, resolution, TEXT, "Resolution", "Rozwiązanie", .required = true));

static kt_error *request_resolve(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct request *r = KT_AS(request, self);
    KT_TRY(request_resume(tx, self, NULL));
    KT_TRY(set_dues(tx, r));
    answered(tx, r);
    r->resolution = KT_SEE(resolve, params)->resolution;
    r->resolved_at = kt_now(tx);
    return NULL;
}

static kt_error *request_reopen(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct request *r = KT_AS(request, self);
    if (r->resolved_at.ms)
        KT_TRY(leave_out(tx, r, r->resolved_at));
    r->resolved_at = (kt_time){0};
    return NULL;
}

#define UNSOLVED (KT_IN(R_NEW) | KT_IN(R_IN_PROGRESS) | KT_IN(R_WAITING))
const kt_action request_actions[] = {
    {"start", {"Start", "Rozpocznij"}, "update", KT_IN(R_NEW), R_IN_PROGRESS},
    {"respond", {"Answered", "Odpowiedziano"}, "update", KT_IN(R_NEW) | KT_IN(R_IN_PROGRESS), R_IN_PROGRESS,
        .run = request_respond},
    {"ask", {"The customer wrote again", "Klient napisał ponownie"}, "update", UNSOLVED, .run = request_ask},
    {"wait", {"Wait for the customer", "Czekaj na klienta"}, "update", KT_IN(R_NEW) | KT_IN(R_IN_PROGRESS),
        R_WAITING, .run = request_wait},
    {"resume", {"Resume", "Wznów"}, "update", KT_IN(R_WAITING), R_IN_PROGRESS, .run = request_resume},
    {"resolve", {"Resolve", "Rozwiąż"}, "update", UNSOLVED, R_RESOLVED, &resolve_shape, request_resolve},
    {"close", {"Close", "Zamknij"}, "update", KT_IN(R_RESOLVED), R_CLOSED},
    {"reopen", {"Reopen", "Otwórz ponownie"}, "update", KT_IN(R_RESOLVED) | KT_IN(R_CLOSED), R_IN_PROGRESS,
        .run = request_reopen},
    {"cancel", {"Cancel", "Anuluj"}, "update", UNSOLVED, R_CANCELLED, .run = request_resume},
    {0},
};
