/* Forms for the company's pages: without a login, at /f/TOKEN. What is sent becomes a lead, which keeps what the link or
 * advertisement said that brought somebody. A form takes no more in an hour than it says, and nothing from programs that
 * fill in a field which no person sees. */
#include "customer/form.h"

#include <string.h>

#include "crm.h"

const kt_choice form_field_kinds[] = {
    {F_SUBJECT, "subject", {"Subject", "Temat"}},
    {F_NAME, "name", {"Name", "Imię i nazwisko"}},
    {F_COMPANY, "company_name", {"Firm", "Firma"}},
    {F_EMAIL, "email", {"E-mail", "E-mail"}},
    {F_PHONE, "phone", {"Telephone", "Telefon"}},
    {F_CITY, "city", {"City", "Miejscowość"}},
    {F_TAX_ID, "tax_id", {"Tax id", "NIP / numer VAT"}},
    {F_TEXT, "text", {"Message", "Wiadomość"}},
    {0},
};
const kt_shape form_field_shape = KT_SHAPE(form_field, NULL,
    KT_FIELD(form_field, field, STATE, "Field", "Pole", .choices = form_field_kinds, .required = true,
        .priority = 1),
    KT_FIELD(form_field, label, STRING, "Label", "Etykieta", .max = 200, .priority = 2,
        .help = {"Empty: the field's own name.", "Puste: nazwa pola."}),
    KT_FIELD(form_field, required, BOOL, "Required", "Wymagane", .priority = 3));
const kt_shape web_form_shape = KT_SHAPE(web_form, "crm.form",
    KT_FIELD(web_form, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 100,
        .searchable = true, .priority = 1),
    KT_FIELD(web_form, title, STRING, "Heading", "Nagłówek", .max = 200,
        .help = {"Empty: the name.", "Puste: nazwa."}),
    KT_FIELD(web_form, text, TEXT, "Text above the fields", "Tekst nad polami"),
    KT_FIELD(web_form, fields, LINES, "Fields", "Pola", .lines = &form_field_shape, .max = 20, .priority = 2,
        .help = {"Empty: name, e-mail, telephone and message.",
            "Puste: imię i nazwisko, e-mail, telefon i wiadomość."}),
    KT_FIELD(web_form, consent, TEXT, "Consent to tick", "Zgoda do zaznaczenia",
        .help = {"Its words are kept with the lead of whoever ticks it; without it nothing is taken.",
            "Jej treść zostaje przy leadzie; bez zaznaczenia formularz nic nie przyjmuje."}),
    KT_FIELD(web_form, thanks, TEXT, "Thanks", "Podziękowanie"),
    KT_FIELD(web_form, forward, STRING, "Page afterwards", "Strona po wysłaniu", .max = 500,
        .help = {"An address with https://, instead of the thanks.",
            "Adres z https://, zamiast podziękowania."}),
    KT_FIELD(web_form, source, STRING, "Source", "Źródło", .initial = "web form", .max = 80, .priority = 4),
    KT_FIELD(web_form, campaign, STRING, "Campaign", "Kampania", .max = 80),
    KT_FIELD(web_form, owner, REF, "Owner of the leads", "Opiekun leadów", .target = "access.user",
        .on_delete = KT_CLEAR, .priority = 5,
        .help = {"Empty: an assignment rule decides.", "Puste: decyduje reguła przydziału."}),
    KT_FIELD(web_form, active, BOOL, "Active", "Aktywny", .initial = "true", .priority = 3),
    KT_FIELD(web_form, an_hour, INT, "At most in an hour", "Najwyżej na godzinę", .initial = "200"),
    KT_FIELD(
        web_form, received, INT, "Received", "Otrzymano", .initial = "0", .computed = true, .priority = 6),
    KT_FIELD(web_form, token, STRING, "End of its address", "Końcówka adresu", .computed = true, .max = 80,
        .indexed = true, .help = {"The form is at /f/ and this.", "Formularz jest pod /f/ i tym."}),
    KT_FIELD(web_form, hour, TIME, "The hour that is counted", "Liczona godzina", .computed = true),
    KT_FIELD(web_form, in_hour, INT, "Received in it", "Otrzymano w niej", .initial = "0", .computed = true));

static bool begins(kt_str text, const char *with)
{
    size_t n = strlen(with);
    return text.len >= n && memcmp(text.ptr, with, n) == 0;
}

static kt_error *usual_fields(kt_tx *tx, struct web_form *f)
{
    static const struct form_field usual[] = {{.field = F_NAME, .required = true},
        {.field = F_EMAIL, .required = true}, {.field = F_PHONE}, {.field = F_TEXT, .required = true}};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        struct form_field line = usual[i];
        line.rec = (kt_record){.of = &form_field_shape};
        KT_TRY(kt_line_add(tx, &f->fields, &line.rec));
    }
    return NULL;
}

kt_error *web_form_compute(kt_tx *tx, kt_record *self)
{
    struct web_form *f = KT_AS(web_form, self);
    kt_error *all = NULL;
    if (!f->token.ptr)
        f->token = kt_token(tx);
    if (!f->token.ptr)
        return kt_no_memory();
    if (!f->fields.count)
        KT_TRY(usual_fields(tx, f));
    if (f->forward.ptr && !begins(f->forward, "https://") && !begins(f->forward, "http://"))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "forward", "\"%s\" is no address with https://",
                          "„%s” to nie adres z https://", f->forward.ptr));
    if (f->an_hour < 1 || f->an_hour > 10000)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "an_hour", "%lld is not within 1 to 10000",
                          "%lld nie mieści się między 1 a 10000", (long long)f->an_hour));
    return all;
}

/* ---- Over HTTP ---- */

kt_error *form_read(kt_tx *tx, kt_web_request *request)
{
    form_sent *s = kt_alloc(tx, sizeof *s);
    if (!s)
        return kt_no_memory();
    request->token = (kt_str){0}; /* nobody is logged in here, whatever cookie came along */
    request->writes = request->post;
    request->data = s;
    return request->post ? kt_web_form(tx, request->body, &s->pairs, &s->count) : NULL;
}

static kt_str among(const kt_web_pair *pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (pairs[i].value.len && strcmp(pairs[i].name.ptr, name) == 0)
            return pairs[i].value;
    return (kt_str){0};
}

kt_str form_said(const kt_web_request *request, const char *name)
{
    const form_sent *s = request->data;
    kt_str value = among(s->pairs, s->count, name);
    return value.ptr ? value : among(request->query, request->query_count, name);
}

static kt_error *find_form(kt_tx *tx, kt_str token, struct web_form *f)
{
    const kt_where where[] = {
        KT_WHERE(web_form, token, KT_EQ, token), KT_WHERE(web_form, active, KT_EQ, true), {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &web_form_shape, .where = where, .limit = 1}, &cursor));
    bool found = token.len && kt_next(cursor, &f->rec);
    KT_TRY(kt_close(cursor));
    return found ? NULL : kt_fail(tx, KT_NOT_FOUND, NULL, "there is no such page", "nie ma takiej strony");
}

static void put(struct lead *l, enum form_field_kind field, kt_str value)
{
    kt_str *const to[] = {[F_SUBJECT] = &l->title,
        [F_NAME] = &l->name,
        [F_COMPANY] = &l->company_name,
        [F_EMAIL] = &l->email,
        [F_PHONE] = &l->phone,
        [F_CITY] = &l->city,
        [F_TAX_ID] = &l->tax_id,
        [F_TEXT] = &l->text};
    *to[field] = value;
}

static kt_error *fill_in(kt_tx *tx, const struct web_form *f, const kt_web_request *request, struct lead *l)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < f->fields.count; i++) {
        const struct form_field *line = KT_AS(form_field, kt_line(&f->fields, i));
        kt_str value = form_said(request, form_field_kinds[line->field - 1].name);
        if (value.ptr)
            put(l, line->field, value);
        else if (line->required)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, form_field_kinds[line->field - 1].name, "is required",
                              "jest wymagane"));
    }
    if (f->consent.ptr && !form_said(request, FORM_CONSENT).ptr)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, FORM_CONSENT, "without the consent nothing can be taken",
                          "bez zgody nie można przyjąć zgłoszenia"));
    if (f->consent.ptr)
        l->text = kt_format(
            tx, "%s%s[x] %s", l->text.ptr ? l->text.ptr : "", l->text.ptr ? "\n\n" : "", f->consent.ptr);
    l->utm_source = form_said(request, "utm_source");
    l->utm_medium = form_said(request, "utm_medium");
    l->utm_campaign = form_said(request, "utm_campaign");
    l->utm_content = form_said(request, "utm_content");
    l->utm_term = form_said(request, "utm_term");
    return all;
}

static kt_error *count_in(kt_tx *tx, struct web_form *f)
{
    enum { HOUR_MS = 3600000 };
    if (kt_now(tx).ms - f->hour.ms >= HOUR_MS) {
        f->hour = kt_now(tx);
        f->in_hour = 0;
    }
    if (f->in_hour >= f->an_hour)
        return kt_fail(tx, KT_LIMIT, NULL, "too much was sent here within an hour",
            "w ciągu godziny wysłano tu zbyt wiele");
    f->in_hour++;
    f->received++;
    return kt_update(tx, &f->rec);
}

static kt_error *take(kt_tx *tx, struct web_form *f, const kt_web_request *request)
{
    struct lead l = {KT_OF(lead), .source = f->source, .owner = f->owner};
    if (form_said(request, FORM_TRAP).ptr)
        return NULL;
    KT_TRY(fill_in(tx, f, request, &l));
    if (!l.title.ptr)
        l.title = l.name.ptr ? kt_format(tx, "%s: %s", f->name.ptr, l.name.ptr) : f->name;
    l.campaign = f->campaign.ptr ? f->campaign : l.utm_campaign;
    l.rec.company = f->rec.company;
    KT_TRY(count_in(tx, f));
    return kt_create(tx, &l.rec);
}

static kt_str afterwards(kt_tx *tx, const struct web_form *f)
{
    const kt_text thanks = {"Thank you. We have got it.", "Dziękujemy. Wiadomość dotarła."};
    if (!f->forward.ptr)
        return form_note(tx, f->name, f->thanks.ptr ? f->thanks : kt_say(tx, thanks));
    kt_str to = html_escape(tx, f->forward);
    return kt_format(tx,
        "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url=%s\"><a "
        "href=\"%s\">%s</a>",
        to.ptr ? to.ptr : "", to.ptr ? to.ptr : "", to.ptr ? to.ptr : "");
}

kt_error *form_answer(kt_tx *tx, const kt_web_request *request, kt_web_response *response)
{
    struct web_form f = {KT_OF(web_form)};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = find_form(tx, request->path, &f);
    if (!error)
        error = request->post ? take(tx, &f, request) : form_page(tx, &f, &response->body);
    kt_callers_authority(tx, before);
    KT_TRY(error);
    response->type = KT_STR("text/html; charset=utf-8");
    if (request->post)
        response->body = afterwards(tx, &f);
    return response->body.ptr ? NULL : kt_no_memory();
}

void form_refuse(kt_tx *tx, const kt_web_request *request, const kt_error *error, kt_web_response *response)
{
    (void)request;
    const kt_text back = {"Go back and mend it.", "Wróć i popraw."};
    const kt_text heading = {"This was not sent", "Nie wysłano"};
    kt_kind kind = kt_problem_at(error, 0).kind;
    kt_str text = KT_STR("");
    for (size_t i = 0; kt_problem_at(error, i).kind; i++) {
        kt_problem problem = kt_problem_at(error, i);
        text = kt_format(tx, "%s%s%s%s\n", text.ptr ? text.ptr : "", problem.path ? problem.path : "",
            problem.path ? ": " : "", kt_say(tx, problem.text).ptr);
    }
    response->status = kind == KT_NOT_FOUND    ? 404
                       : kind == KT_LIMIT      ? 429
                       : kind == KT_VALIDATION ? 400
                                               : 503;
    response->type = KT_STR("text/html; charset=utf-8");
    if (kind == KT_VALIDATION)
        text = kt_format(tx, "%s%s", text.ptr ? text.ptr : "", kt_say(tx, back).ptr);
    response->body = form_note(tx, kt_say(tx, heading), text);
}
