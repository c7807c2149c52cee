/* Reports by mail: an answer of the bus, on some days, as a workbook and a PDF. Each receiver is sent what they may see:
 * the question is asked by a work that runs under the receiver's rights. */
#include "mailing.h"

#include <string.h>

enum every { EVERY_DAY = 1, EVERY_WEEK, EVERY_MONTH, EVERY_QUARTER };
static const kt_choice everies[] = {
    {EVERY_DAY, "day", {"Every day", "Codziennie"}},
    {EVERY_WEEK, "week", {"Every week", "Co tydzień"}},
    {EVERY_MONTH, "month", {"Every month", "Co miesiąc"}},
    {EVERY_QUARTER, "quarter", {"Every quarter", "Co kwartał"}},
    {0},
};
enum form_of_mail { AS_BOTH = 1, AS_WORKBOOK, AS_PDF };
static const kt_choice forms[] = {
    {AS_BOTH, "both", {"XLSX and PDF", "XLSX i PDF"}},
    {AS_WORKBOOK, "xlsx", {"XLSX", "XLSX"}},
    {AS_PDF, "pdf", {"PDF", "PDF"}},
    {0},
};
struct subscription {
    kt_record rec;
    kt_str name, method, params;
    kt_lines receivers;
    enum every every;
    enum form_of_mail as;
    kt_date starts_on, next;
    bool active;
    kt_id owner;
};
const kt_shape subscription_shape = KT_SHAPE(subscription, "insight.subscription",
    KT_FIELD(subscription, name, STRING, "Name", "Nazwa", .required = true, .max = 120, .searchable = true,
        .priority = 1, .help = {"The subject of the mail.", "Temat wiadomości."}),
    KT_FIELD(subscription, method, STRING, "Method", "Metoda", .max = 120, .initial = "crm.report.run",
        .priority = 2,
        .help = {"A reading method of a module: crm.report.run, crm.report.plan, insight.board ..",
            "Metoda modułu, która czyta: crm.report.run, crm.report.plan, insight.board .."}),
    KT_FIELD(subscription, params, JSON, "Parameters", "Parametry",
        .help = {"{\"name\": \"Large deals\", \"period\": \"last_month\"}",
            "{\"name\": \"Duże szanse\", \"period\": \"last_month\"}"}),
    KT_FIELD(subscription, receivers, REFS, "Receivers", "Odbiorcy", .target = "access.user",
        .on_delete = KT_CLEAR, .max = 200,
        .help = {"Each is sent what they may see.", "Każdy dostaje to, co wolno mu widzieć."}),
    KT_FIELD(subscription, every, STATE, "How often", "Jak często", .choices = everies, .initial = "week",
        .priority = 3),
    KT_FIELD(subscription, starts_on, DATE, "First on", "Pierwszy raz", .initial = "today",
        .help = {"Its weekday, or its day of the month, is kept.",
            "Od niego liczy się dzień tygodnia albo miesiąca."}),
    KT_FIELD(subscription, next, DATE, "Next on", "Następny raz", .computed = true, .indexed = true,
        .priority = 4),
    KT_FIELD(subscription, as, STATE, "As", "Postać", .choices = forms, .initial = "both"),
    KT_FIELD(subscription, active, BOOL, "Active", "Aktywna", .initial = "true", .priority = 5),
    KT_FIELD(subscription, owner, REF, "Owner", "Opiekun", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR));

/* ---- Days ---- */

/* The nth day after the first one; a month without such a day has its last one. */
static kt_date nth(const struct subscription *s, int n)
{
    enum { WEEK = 7, MONTHS = 12 };
    int y, m, d;
    if (s->every <= EVERY_WEEK)
        return kt_date_add(s->starts_on, n * (s->every == EVERY_WEEK ? WEEK : 1));
    kt_date_parts(s->starts_on, &y, &m, &d);
    int months = m - 1 + n * (s->every == EVERY_QUARTER ? 3 : 1);
    kt_date day;
    do
        day = kt_date_make(y + months / MONTHS, months % MONTHS + 1, d--);
    while (!day.day);
    return day;
}

/* The first of its days that is not before a day. */
static kt_date from_day(const struct subscription *s, kt_date day)
{
    const int gone = day.day - s->starts_on.day;
    int n = gone <= 0 ? 0 : s->every == EVERY_DAY ? gone : s->every == EVERY_WEEK ? gone / 7 : gone / 93;
    while (nth(s, n).day < day.day)
        n++;
    return nth(s, n);
}

kt_error *subscription_compute(kt_tx *tx, kt_record *self)
{
    struct subscription *s = KT_AS(subscription, self);
    const kt_value *params;
    if (s->params.len) {
        KT_TRY(kt_json_read(tx, s->params, &params));
        if (params->kind != KT_VALUE_OBJECT)
            return kt_fail(tx, KT_VALIDATION, "params", "expected an object", "oczekiwano obiektu");
    }
    if (s->starts_on.day && (!s->next.day || s->next.day < s->starts_on.day))
        s->next = from_day(s, kt_today(tx));
    return NULL;
}

/* ---- Sending ---- */

static kt_error *start_all(kt_tx *tx, const struct subscription *s)
{
    const kt_id *users = s->receivers.items;
    kt_str params = kt_format(tx, "{\"subscription\":%llu}", (unsigned long long)s->rec.id.v);
    for (size_t i = 0; i < s->receivers.count; i++) {
        kt_id job;
        KT_TRY(kt_work_start_for(tx, users[i], "insight.mailing", s->name, params, &job));
    }
    return NULL;
}

static kt_error *send_now(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    return start_all(tx, KT_AS(subscription, self));
}

const kt_action subscription_actions[] = {
    {"send", {"Send now", "Wyślij teraz"}, "update", .run = send_now},
    {0},
};

struct send_due {
    kt_record rec;
};
const kt_shape send_due_shape = KT_SHAPE(send_due, NULL, {0});
struct sent_due {
    kt_record rec;
    int64_t mails;
};
const kt_shape sent_due_shape = KT_SHAPE(
    sent_due, NULL, KT_FIELD(sent_due, mails, INT, "Mails", "Wiadomości", .required = true));

kt_error *send_due(kt_tx *tx, const kt_record *params, kt_record *result)
{
    (void)params;
    enum { AT_ONCE = 200 };
    const kt_date today = kt_today(tx);
    const kt_where where[] = {
        KT_WHERE(subscription, next, KT_LE, today), KT_WHERE(subscription, active, KT_EQ, true), {0}};
    struct subscription s = {KT_OF(subscription)};
    kt_found due;
    KT_TRY(
        kt_find(tx, &(kt_query){.of = &subscription_shape, .where = where, .sort = "next"}, AT_ONCE, &due));
    for (size_t i = 0; i < due.count; i++) {
        KT_TRY(kt_read(tx, due.ids[i], &s.rec));
        KT_TRY(start_all(tx, &s));
        KT_AS(sent_due, result)->mails += (int64_t)s.receivers.count;
        s.next = from_day(&s, kt_date_add(today, 1));
        KT_TRY(kt_update(tx, &s.rec));
    }
    return NULL;
}

/* ---- The work of one mail ---- */

struct letter {
    kt_file files[2];
    size_t count;
    kt_str name;
};
struct reader {
    kt_record rec;
    kt_str name, full_name, email;
};
static const kt_shape reader_shape = KT_SHAPE(reader, "access.user", KT_BIND(reader, name, STRING, "name"),
    KT_BIND(reader, full_name, STRING, "full_name"), KT_BIND(reader, email, STRING, "email"));

/* What is sent and to whom is the company's to say: the receiver need not be able to read it. */
static kt_error *read_order(kt_tx *tx, const kt_work_run *run, struct subscription *s, struct reader *who)
{
    const kt_value *params;
    *s = (struct subscription){KT_OF(subscription)};
    *who = (struct reader){KT_OF(reader)};
    KT_TRY(kt_json_read(tx, run->params, &params));
    const kt_value *id = kt_value_get(params, "subscription");
    kt_authority before = kt_own_authority(tx);
    kt_error *e = kt_read(tx, (kt_id){id ? (uint64_t)id->as.integer : 0}, &s->rec);
    if (!e)
        e = kt_read(tx, kt_user(tx), &who->rec);
    kt_callers_authority(tx, before);
    if (!e && !who->email.len)
        e = kt_fail(
            tx, KT_RULE, "receivers", "%s has no e-mail address", "%s nie ma adresu e-mail", who->name.ptr);
    return e;
}

static kt_error *make_files(kt_tx *tx, kt_work_run *run, const struct subscription *s,
    const struct reader *who, const table *t, struct letter *letter)
{
    kt_str html;
    kt_sheet sheet;
    if (s->as != AS_PDF) {
        KT_TRY(table_sheet(tx, t, &sheet));
        KT_TRY(kt_file_workbook(
            tx, run, kt_format(tx, "%s.xlsx", s->name.ptr), &sheet, &letter->files[letter->count++]));
    }
    if (s->as != AS_WORKBOOK) {
        KT_TRY(table_html(tx, t, s->name, who->full_name.len ? who->full_name : who->name, &html));
        KT_TRY(kt_file_pdf(
            tx, run, kt_format(tx, "%s.pdf", s->name.ptr), html, &letter->files[letter->count++]));
    }
    return NULL;
}

static kt_error *prepare(kt_tx *tx, kt_work_run *run)
{
    struct subscription s;
    struct reader who;
    const kt_value *params = NULL, *answer;
    table t;
    struct letter *letter = run->keep(run, sizeof *letter);
    if (!letter)
        return kt_no_memory();
    KT_TRY(read_order(tx, run, &s, &who));
    if (s.params.len)
        KT_TRY(kt_json_read(tx, s.params, &params));
    KT_TRY(kt_call(tx, s.method.ptr, params, &answer));
    KT_TRY(table_of(tx, answer, &t));
    KT_TRY(make_files(tx, run, &s, &who, &t, letter));
    run->context = letter;
    return NULL;
}

struct mail {
    kt_record rec;
    kt_str to, subject, text;
    kt_lines files;
};
static const kt_shape mail_shape = KT_SHAPE(mail, NULL, KT_FIELD(mail, to, STRING, "To", "Do"),
    KT_FIELD(mail, subject, STRING, "Subject", "Temat"), KT_FIELD(mail, text, TEXT, "Text", "Treść"),
    KT_FIELD(mail, files, REFS, "Files", "Pliki", .target = "base.attachment"));

static kt_error *send(
    kt_tx *tx, const struct letter *letter, const struct subscription *s, const struct reader *who)
{
    kt_id *ids = kt_alloc(tx, (letter->count + 1) * sizeof *ids);
    if (!ids)
        return kt_no_memory();
    for (size_t i = 0; i < letter->count; i++)
        KT_TRY(kt_file_attach(tx, &letter->files[i], &ids[i]));
    const struct mail m = {KT_OF(mail), .to = who->email, .subject = s->name,
        .text = kt_say(tx, (kt_text){"The report is attached. It shows what you may see.",
                               "Raport jest w załączniku. Pokazuje to, co wolno Ci widzieć."}),
        .files = {.items = ids, .count = letter->count}};
    return kt_effect(tx, "mail", &m.rec, (kt_time){0});
}

static kt_error *apply(kt_tx *tx, kt_work_run *run)
{
    struct subscription s;
    struct reader who;
    KT_TRY(read_order(tx, run, &s, &who));
    kt_authority before = kt_own_authority(tx); /* to be sent a report needs no right to keep files */
    kt_error *e = send(tx, run->context, &s, &who);
    kt_callers_authority(tx, before);
    run->position = run->total = 1;
    run->finished = true;
    return e;
}

const kt_work mailing_work = {prepare, apply};
