/* What becomes of a mailing's letters: the links in them lead here, without a login. Each counts once. Whoever has a
 * letter's token may say that no more shall come, and nothing else. */
#include <string.h>

#include "customer/audience.h"
#include "customer/mailing.h"

typedef enum { OPENED, CLICKED, OPTED_OUT, BOUNCED, REPLIED } happening;

static kt_error *count(kt_tx *tx, struct letter *l, happening what, struct mailing *m)
{
    kt_time *const at[] = {&l->opened_at, &l->clicked_at, &l->opted_out_at, &l->bounced_at, &l->replied_at};
    int64_t *const counts[] = {&m->opened, &m->clicked, &m->opted_out, &m->bounced, &m->replied};
    KT_TRY(kt_read(tx, l->mailing, &m->rec));
    if (at[what]->ms)
        return NULL;
    *at[what] = kt_now(tx);
    ++*counts[what];
    return kt_update(tx, &m->rec);
}

/* ---- By hand, or by a rule that reads a mailbox ---- */

static kt_error *note(kt_tx *tx, kt_record *self, happening what)
{
    struct mailing m = {KT_OF(mailing)};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = count(tx, KT_AS(letter, self), what, &m);
    kt_callers_authority(tx, before);
    return error;
}

static kt_error *letter_bounce(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    return note(tx, self, BOUNCED);
}

static kt_error *letter_reply(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    return note(tx, self, REPLIED);
}

const kt_action letter_actions[] = {
    {"bounce", {"It came back", "List wrócił"}, "update", .run = letter_bounce},
    {"reply", {"It was answered", "Przyszła odpowiedź"}, "update", .run = letter_reply},
    {0},
};

/* ---- Over HTTP ---- */

typedef struct {
    happening what;
    kt_str token;
    bool asks; /* shows a button first: programs follow links by themselves */
} visit;

kt_error *letter_read(kt_tx *tx, kt_web_request *request)
{
    visit *v = kt_alloc(tx, sizeof *v);
    const char *kinds = "ocx", *kind = request->path.len > 2 && request->path.ptr[1] == '/'
                                           ? strchr(kinds, request->path.ptr[0])
                                           : NULL;
    if (!v)
        return kt_no_memory();
    if (!kind || !*kind)
        return kt_fail(tx, KT_NOT_FOUND, NULL, "there is no such page", "nie ma takiej strony");
    v->what = (happening)(kind - kinds);
    v->token = (kt_str){request->path.ptr + 2, request->path.len - 2};
    v->asks = v->what == OPTED_OUT && !request->post;
    request->token = (kt_str){0}; /* nobody is logged in here, whatever cookie came along */
    request->writes = !v->asks;
    request->data = v;
    return NULL;
}

static kt_error *find_letter(kt_tx *tx, kt_str token, struct letter *l)
{
    const kt_where where[] = {KT_WHERE(letter, token, KT_EQ, token), {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &letter_shape, .where = where, .limit = 1}, &cursor));
    bool found = kt_next(cursor, &l->rec);
    KT_TRY(kt_close(cursor));
    return found ? NULL : kt_fail(tx, KT_NOT_FOUND, NULL, "there is no such page", "nie ma takiej strony");
}

#define PAGE(body)                                                                                           \
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "                      \
    "content=\"width=device-width\"><title>Mail</title><body "                                               \
    "style=\"font-family:sans-serif;margin:3em\">" body "</body></html>"
static const char pixel[] =
    "GIF89a\1\0\1\0\200\0\0\0\0\0\0\0\0!\371\4\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";

static kt_str page_of(kt_tx *tx, const visit *v, const struct mailing *m)
{
    if (v->what == CLICKED && m->link.ptr)
        return kt_format(tx, PAGE("<meta http-equiv=\"refresh\" content=\"0;url=%s\"><a href=\"%s\">%s</a>"),
            m->link.ptr, m->link.ptr, m->link.ptr);
    if (v->asks)
        return KT_STR(
            PAGE("<form method=\"post\"><button>No more mails of this kind / Nie chcę więcej takich "
                 "listów</button></form>"));
    return KT_STR(
        PAGE("<p>You will get no more mails of this kind.</p><p lang=\"pl\">Nie wyślemy więcej takich "
             "listów.</p>"));
}

static kt_error *visited(kt_tx *tx, const visit *v, kt_web_response *response)
{
    struct letter l = {KT_OF(letter)};
    struct mailing m = {KT_OF(mailing)};
    KT_TRY(find_letter(tx, v->token, &l));
    if (v->asks) {
        KT_TRY(kt_read(tx, l.mailing, &m.rec));
    } else {
        bool again = l.opted_out_at.ms && v->what == OPTED_OUT;
        KT_TRY(count(tx, &l, v->what, &m));
        KT_TRY(kt_update(tx, &l.rec));
        if (v->what == OPTED_OUT && !again)
            KT_TRY(consent_refuse(tx, &l.rec, l.party, m.channel, m.purpose, m.name));
    }
    response->type = v->what == OPENED ? KT_STR("image/gif") : KT_STR("text/html; charset=utf-8");
    response->body = v->what == OPENED ? (kt_str){pixel, sizeof pixel - 1} : page_of(tx, v, &m);
    return NULL;
}

kt_error *letter_answer(kt_tx *tx, const kt_web_request *request, kt_web_response *response)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = visited(tx, request->data, response);
    kt_callers_authority(tx, before);
    return error;
}

void letter_refuse(kt_tx *tx, const kt_web_request *request, const kt_error *error, kt_web_response *response)
{
    (void)tx, (void)request;
    response->status = kt_problem_at(error, 0).kind == KT_NOT_FOUND ? 404 : 503;
    response->type = KT_STR("text/html; charset=utf-8");
    response->body = KT_STR(PAGE("<p>There is no such page. / Nie ma takiej strony.</p>"));
}
