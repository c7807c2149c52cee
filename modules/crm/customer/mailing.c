/* Mailings: a mail or a text message to everybody of a segment who may be approached so, each with a link out. It is sent in chunks by
 * a job; each letter and its mail are made in one transaction, and nobody has two of one mailing. */
#include "customer/mailing.h"

#include <string.h>

#include <kontor/value.h>

#include "customer/form.h"

static const kt_choice mailing_states[] = {
    {M_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {M_SENDING, "sending", {"Sending", "W trakcie"}, "open"},
    {M_SENT, "sent", {"Sent", "Wysłana"}, "won"},
    {M_CANCELLED, "cancelled", {"Cancelled", "Anulowana"}, "lost"},
    {0},
};
static const kt_choice mailing_channels[] = {
    {KT_BY_EMAIL, "email", {"E-mail", "E-mail"}},
    {KT_BY_SMS, "sms", {"Text message", "SMS"}},
    {0},
};
const kt_shape mailing_shape = KT_SHAPE(mailing, "crm.mailing",
    KT_FIELD(mailing, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true,
        .priority = 1),
    KT_FIELD(
        mailing, state, STATE, "State", "Stan", .choices = mailing_states, .indexed = true, .priority = 2),
    KT_FIELD(mailing, campaign, REF, "Campaign", "Kampania", .target = "crm.campaign", .on_delete = KT_CLEAR),
    KT_FIELD(mailing, segment, REF, "Segment", "Segment", .target = "crm.segment", .required = true,
        .priority = 3),
    KT_FIELD(mailing, purpose, STRING, "Purpose", "Cel", .max = 60, .initial = "marketing",
        .help = {"What the consent must be for.", "Czego musi dotyczyć zgoda."}),
    KT_FIELD(mailing, channel, STATE, "By", "Kanał", .choices = mailing_channels, .initial = "email"),
    KT_FIELD(mailing, subject, STRING, "Subject", "Temat", .max = 200,
        .required_if = "[[\"channel\",\"=\",\"email\"]]", .help = {"Of a mail.", "Wiadomości e-mail."}),
    KT_FIELD(mailing, text, TEXT, "Text", "Treść", .required = true,
        .help = {"{name}, {link} and {optout} are filled in.",
            "Pola {name}, {link} i {optout} są wypełniane."}),
    KT_FIELD(mailing, html, TEXT, "HTML", "HTML"),
    KT_FIELD(mailing, link, STRING, "Link", "Odnośnik", .max = 500,
        .help = {"Where {link} leads; it is counted on the way.",
            "Dokąd prowadzi {link}; przejścia są liczone."}),
    KT_FIELD(mailing, address, STRING, "This server's address", "Adres tego serwera", .required = true,
        .max = 200,
        .help = {"https://erp.example.com: where the links of the mails lead.",
            "https://erp.example.com: dokąd prowadzą odnośniki z listów."}),
    KT_FIELD(mailing, track, BOOL, "Count openings", "Licz otwarcia",
        .help = {"By a picture in the HTML; ask whether your customers have allowed it.",
            "Obrazkiem w HTML; sprawdź, czy klienci wyrazili na to zgodę."}),
    KT_FIELD(mailing, a_minute, INT, "Mails a minute", "Listów na minutę", .initial = "300"),
    KT_FIELD(mailing, owner, REF, "Owner", "Właściciel", .target = "access.user", .initial = "me",
        .on_delete = KT_CLEAR),
    KT_FIELD(mailing, looked_at, INT, "Customers looked at", "Sprawdzono klientów", .initial = "0",
        .computed = true),
    KT_FIELD(mailing, letters, INT, "Letters", "Listów", .initial = "0", .computed = true, .priority = 4),
    KT_FIELD(mailing, skipped, INT, "Left out", "Pominięto", .initial = "0", .computed = true,
        .help = {"They have no address or gave no consent.", "Nie mają adresu albo nie wyrazili zgody."}),
    KT_FIELD(mailing, opened, INT, "Opened", "Otwarto", .initial = "0", .computed = true, .priority = 5),
    KT_FIELD(mailing, clicked, INT, "Clicked", "Kliknięto", .initial = "0", .computed = true, .priority = 6),
    KT_FIELD(
        mailing, opted_out, INT, "Opted out", "Rezygnacji", .initial = "0", .computed = true, .priority = 7),
    KT_FIELD(mailing, bounced, INT, "Bounced", "Zwrotów", .initial = "0", .computed = true),
    KT_FIELD(mailing, replied, INT, "Replied", "Odpowiedzi", .initial = "0", .computed = true),
    KT_FIELD(mailing, sent_at, TIME, "Sent at", "Wysłano", .computed = true));
const kt_shape letter_shape = KT_SHAPE(letter, "crm.letter",
    KT_FIELD(letter, mailing, REF, "Mailing", "Wysyłka", .target = "crm.mailing", .computed = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(letter, party, REF, "Customer", "Klient", .target = "base.party", .computed = true,
        .on_delete = KT_CASCADE, .priority = 2),
    KT_FIELD(letter, token, STRING, "Token", "Token", .computed = true, .unique = true, .max = 40,
        .group = "token"),
    KT_FIELD(letter, sent_at, TIME, "Sent at", "Wysłano", .computed = true),
    KT_FIELD(letter, opened_at, TIME, "Opened at", "Otwarto", .computed = true),
    KT_FIELD(letter, clicked_at, TIME, "Clicked at", "Kliknięto", .computed = true),
    KT_FIELD(letter, opted_out_at, TIME, "Opted out at", "Zrezygnowano", .computed = true),
    KT_FIELD(letter, bounced_at, TIME, "Bounced at", "Zwrócono", .computed = true),
    KT_FIELD(letter, replied_at, TIME, "Replied at", "Odpowiedziano", .computed = true));

static bool begins(kt_str s, const char *with)
{
    size_t n = strlen(with);
    return s.len >= n && memcmp(s.ptr, with, n) == 0;
}

kt_error *mailing_compute(kt_tx *tx, kt_record *self)
{
    struct mailing *m = KT_AS(mailing, self);
    kt_error *all = NULL;
    m->channel = m->channel ? m->channel : KT_BY_EMAIL;
    if (m->link.ptr && !begins(m->link, "https://") && !begins(m->link, "http://"))
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "link", "must begin with https://", "musi zaczynać się od https://"));
    if (m->link.ptr && strpbrk(m->link.ptr, "\"'<> "))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "link", "is no address", "nie jest adresem"));
    if (m->address.ptr && !begins(m->address, "https://") && !begins(m->address, "http://"))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "address", "must begin with https://",
                          "musi zaczynać się od https://"));
    if (m->channel == KT_BY_SMS && m->html.ptr)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "html", "a text message has none", "SMS go nie ma"));
    if (m->a_minute < 1)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "a_minute", "must be above zero", "musi być większe od zera"));
    return all;
}

/* ---- One letter ---- */

struct addressee {
    kt_record rec;
    kt_str name, email, phone;
};
static const kt_shape addressee_shape = KT_SHAPE(addressee, "base.party",
    KT_BIND(addressee, name, STRING, "name"), KT_BIND(addressee, email, STRING, "email"),
    KT_BIND(addressee, phone, STRING, "phone"));

struct out_mail { /* parameters of the effect */
    kt_record rec;
    kt_str to, subject, text, html, unsubscribe;
};
static const kt_shape out_mail_shape = KT_SHAPE(out_mail, NULL, KT_FIELD(out_mail, to, STRING, "To", "Do"),
    KT_FIELD(out_mail, subject, STRING, "Subject", "Temat"), KT_FIELD(out_mail, text, TEXT, "Text", "Treść"),
    KT_FIELD(out_mail, html, TEXT, "HTML", "HTML"),
    KT_FIELD(out_mail, unsubscribe, STRING, "Way out", "Rezygnacja"));

struct out_sms {
    kt_record rec;
    kt_str to, text;
};
static const kt_shape out_sms_shape = KT_SHAPE(
    out_sms, NULL, KT_FIELD(out_sms, to, STRING, "To", "Do"), KT_FIELD(out_sms, text, TEXT, "Text", "Treść"));

typedef struct {
    kt_str name, link, optout;
} filling;

static size_t fill_into(char *to, kt_str text, const filling *f)
{
    const struct {
        const char *mark;
        kt_str value;
    } marks[] = {{"{name}", f->name}, {"{link}", f->link}, {"{optout}", f->optout}};
    size_t n = 0;
    for (size_t i = 0; i < text.len;) {
        kt_str put = {text.ptr + i, 1};
        size_t step = 1;
        for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
            if (begins((kt_str){text.ptr + i, text.len - i}, marks[k].mark)) {
                put = marks[k].value;
                step = strlen(marks[k].mark);
            }
        if (to && put.len)
            memcpy(to + n, put.ptr, put.len);
        n += put.len;
        i += step;
    }
    return n;
}

static kt_str fill(kt_tx *tx, kt_str text, const filling *f)
{
    size_t n = fill_into(NULL, text, f);
    char *to = text.ptr ? kt_alloc(tx, n + 1) : NULL;
    if (to)
        (void)fill_into(to, text, f);
    return (kt_str){to, to ? n : 0};
}

/* A way out stands in every letter, whoever wrote it. */
static kt_str with_way_out(kt_tx *tx, kt_str text, bool html)
{
    if (!text.ptr || strstr(text.ptr, "{optout}"))
        return text;
    return kt_format(tx,
        html ? "%s<p><a href=\"{optout}\">No more of these / Rezygnuję</a></p>"
             : "%s\n\n--\nNo more of these / Rezygnuję: {optout}\n",
        text.ptr);
}

static kt_error *post_mail(kt_tx *tx, const struct mailing *m, const struct addressee *to,
    const struct letter *l, const filling *f, kt_time due)
{
    const filling in_html = {html_escape(tx, f->name), html_escape(tx, f->link), html_escape(tx, f->optout)};
    struct out_mail mail = {KT_OF(out_mail), .to = to->email, .subject = fill(tx, m->subject, f),
        .text = fill(tx, with_way_out(tx, m->text, false), f),
        .html = fill(tx, with_way_out(tx, m->html, true), &in_html), .unsubscribe = f->optout};
    if (m->track && mail.html.ptr)
        mail.html = kt_format(tx, "%s<img src=\"%s/m/o/%s\" alt=\"\" width=\"1\" height=\"1\">",
            mail.html.ptr, m->address.ptr, l->token.ptr);
    return kt_effect(tx, "mail", &mail.rec, due);
}

static kt_error *post_sms(
    kt_tx *tx, const struct mailing *m, const struct addressee *to, const filling *f, kt_time due)
{
    kt_str text = m->text;
    if (text.ptr && !strstr(text.ptr, "{optout}"))
        text = kt_format(tx, "%s STOP: {optout}", text.ptr);
    const struct out_sms sms = {KT_OF(out_sms), .to = to->phone, .text = fill(tx, text, f)};
    return kt_effect(tx, "sms", &sms.rec, due);
}

static kt_error *post(kt_tx *tx, const struct mailing *m, const struct addressee *to, const struct letter *l)
{
    const filling f = {to->name, kt_format(tx, "%s/m/c/%s", m->address.ptr, l->token.ptr),
        kt_format(tx, "%s/m/x/%s", m->address.ptr, l->token.ptr)};
    const kt_time due = {kt_now(tx).ms + m->letters * 60000 / m->a_minute};
    return m->channel == KT_BY_SMS ? post_sms(tx, m, to, &f, due) : post_mail(tx, m, to, l, &f, due);
}

static kt_error *may_write(kt_tx *tx, const struct mailing *m, const struct addressee *to, bool *may)
{
    const kt_consents *consents = kt_consents_find(tx);
    kt_contact_answer answer = {0};
    uint64_t had;
    const kt_where same[] = {
        KT_WHERE(letter, mailing, KT_EQ, m->rec.id), KT_WHERE(letter, party, KT_EQ, to->rec.id), {0}};
    *may = false;
    if (!consents || !(m->channel == KT_BY_SMS ? to->phone : to->email).len)
        return NULL;
    KT_TRY(consents->may_contact(tx, to->rec.id, m->channel, m->purpose, &answer));
    if (!answer.allowed)
        return NULL;
    KT_TRY(kt_count(tx, &(kt_query){.of = &letter_shape, .where = same}, &had));
    *may = had == 0;
    return NULL;
}

static kt_error *write_to(kt_tx *tx, struct mailing *m, const struct addressee *to)
{
    bool may;
    KT_TRY(may_write(tx, m, to, &may));
    m->skipped += !may;
    if (!may)
        return NULL;
    struct letter l = {KT_OF(letter), .mailing = m->rec.id, .party = to->rec.id, .token = kt_token(tx),
        .sent_at = kt_now(tx)};
    if (!l.token.ptr)
        return kt_no_memory();
    KT_TRY(kt_create(tx, &l.rec));
    KT_TRY(post(tx, m, to, &l));
    m->letters++;
    return NULL;
}

/* ---- The job ---- */

enum { CHUNK = 200 };
typedef struct {
    struct addressee people[CHUNK];
    size_t count;
} chunk;

/* Whom the sender may see, in the order of their ids. */
static kt_error *next_chunk(kt_tx *tx, const struct mailing *m, int64_t position, chunk *c)
{
    kt_str query;
    kt_cursor *cursor;
    KT_TRY(segment_filter(tx, m->segment, &query));
    kt_str filter = kt_format(tx, "[[\"id\",\">\",%lld],[\"and\",%s]]", (long long)position, query.ptr);
    if (!filter.ptr)
        return kt_no_memory();
    KT_TRY(kt_open(
        tx, &(kt_query){.of = &addressee_shape, .sort = "id", .limit = CHUNK, .filter = filter}, &cursor));
    struct addressee one = {KT_OF(addressee)};
    while (c->count < CHUNK && kt_next(cursor, &one.rec))
        c->people[c->count++] = one;
    return kt_close(cursor);
}

static kt_error *send_chunk(kt_tx *tx, struct mailing *m, const chunk *c)
{
    for (size_t i = 0; i < c->count; i++)
        KT_TRY(write_to(tx, m, &c->people[i]));
    m->looked_at += (int64_t)c->count;
    if (c->count < CHUNK) {
        m->state = M_SENT;
        m->sent_at = kt_now(tx);
    }
    return kt_update(tx, &m->rec);
}

static kt_id mailing_of(kt_tx *tx, const kt_work_run *run)
{
    const kt_value *params = NULL;
    kt_error *error = kt_json_read(tx, run->params, &params);
    const kt_value *id = error ? NULL : kt_value_get(params, "mailing");
    return (kt_id){id && id->kind == KT_VALUE_INT ? (uint64_t)id->as.integer : 0};
}

static kt_error *nothing_to_prepare(kt_tx *tx, kt_work_run *run)
{
    (void)tx, (void)run;
    return NULL;
}

static kt_error *apply(kt_tx *tx, kt_work_run *run)
{
    struct mailing m = {KT_OF(mailing)};
    chunk *c = kt_alloc(tx, sizeof *c);
    if (!c)
        return kt_no_memory();
    KT_TRY(kt_read(tx, mailing_of(tx, run), &m.rec));
    run->finished = m.state != M_SENDING; /* it was cancelled */
    if (run->finished)
        return NULL;
    KT_TRY(next_chunk(tx, &m, run->position, c));
    kt_authority before = kt_own_authority(tx); /* what a mailing writes is nobody's to write by hand */
    kt_error *error = send_chunk(tx, &m, c);
    kt_callers_authority(tx, before);
    run->finished = c->count < CHUNK;
    run->position = c->count ? (int64_t)c->people[c->count - 1].rec.id.v : run->position;
    return error;
}

const kt_work mailing_work = {nothing_to_prepare, apply};

/* ---- Actions ---- */

static kt_error *mailing_send(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct mailing *m = KT_AS(mailing, self);
    kt_id job;
    return kt_work_start(tx, "crm.mailing", m->name,
        kt_format(tx, "{\"mailing\":%llu}", (unsigned long long)m->rec.id.v), &job);
}

const kt_action mailing_actions[] = {
    {"send", {"Send", "Wyślij"}, "send", KT_IN(M_DRAFT), M_SENDING, .run = mailing_send},
    {"cancel", {"Stop", "Zatrzymaj"}, "send", KT_IN(M_DRAFT) | KT_IN(M_SENDING), M_CANCELLED},
    {0},
};
