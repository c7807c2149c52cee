/* The customer's page of a quotation that was sent: what is offered, which options there are, until when; accepted or
 * rejected with a name, at /q/TOKEN, without a login. Whoever has the address may do that and nothing else. */
#include <string.h>

#include "crm.h"
#include "customer/form.h"
#include "sales/sales.h"

struct coin {
    kt_record rec;
    kt_str code;
};
static const kt_shape coin_shape = KT_SHAPE(coin, "base.currency", KT_BIND(coin, code, STRING, "code"));

static kt_error *find_offer(kt_tx *tx, kt_str token, struct sale *s)
{
    const kt_where where[] = {KT_WHERE(sale, token, KT_EQ, token), {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &quotation_shape, .where = where, .limit = 1}, &cursor));
    bool found = token.len && kt_next(cursor, &s->rec);
    KT_TRY(kt_close(cursor));
    return found ? NULL : kt_fail(tx, KT_NOT_FOUND, NULL, "there is no such page", "nie ma takiej strony");
}

/* ---- The page ---- */

static const char *text(kt_tx *tx, kt_str plain)
{
    kt_str escaped = html_escape(tx, plain);
    return escaped.ptr ? escaped.ptr : "";
}

static const char *number(kt_tx *tx, kt_dec value, int least)
{
    kt_str written = kt_dec_text(tx, value, least);
    return written.ptr ? written.ptr : "";
}

static const char *say(kt_tx *tx, const char *en, const char *pl)
{
    return kt_say(tx, (kt_text){en, pl}).ptr;
}

static kt_str line_row(kt_tx *tx, const struct sale_line *line, bool open)
{
    kt_str option = KT_STR("");
    if (line->optional)
        option = kt_format(tx, "<input type=\"checkbox\" name=\"take_%llu\" value=\"1\" form=\"yes\"%s%s> ",
            (unsigned long long)line->rec.id.v, line->taken ? " checked" : "", open ? "" : " disabled");
    return kt_format(tx,
        "<tr><td>%s%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td><td class=\"n\">%s%s</td><td "
        "class=\"n\">%s</td></tr>",
        option.ptr ? option.ptr : "", text(tx, line->name), number(tx, line->quantity, 0),
        number(tx, line->price, 2), number(tx, line->discount_percent, 0),
        line->discount_percent.coef ? " %" : "", number(tx, line->net, 2));
}

static kt_str table(kt_tx *tx, const struct sale *s, kt_str currency, bool open)
{
    kt_str rows = KT_STR("");
    for (size_t i = 0; i < s->lines.count; i++)
        rows = kt_format(
            tx, "%s%s", rows.ptr ? rows.ptr : "", line_row(tx, sale_line_at(&s->lines, i), open).ptr);
    return kt_format(tx,
        "<table><tr><th>%s</th><th class=\"n\">%s</th><th class=\"n\">%s</th><th class=\"n\">%s</th><th "
        "class=\"n\">%s</th></tr>%s<tr><td colspan=\"4\">%s</td><td class=\"n\">%s</td></tr><tr><td "
        "colspan=\"4\">%s</td><td class=\"n\">%s</td></tr><tr><th colspan=\"4\">%s, %s</th><th "
        "class=\"n\">%s</th></tr></table>",
        say(tx, "Item", "Pozycja"), say(tx, "Quantity", "Ilość"), say(tx, "Price", "Cena"),
        say(tx, "Discount", "Rabat"), say(tx, "Net", "Netto"), rows.ptr ? rows.ptr : "",
        say(tx, "Net", "Netto"), number(tx, s->net, 2), say(tx, "Tax", "Podatek"), number(tx, s->tax, 2),
        say(tx, "Gross", "Brutto"), text(tx, currency), number(tx, s->gross, 2));
}

static kt_str decision(kt_tx *tx)
{
    return kt_format(tx,
        "<form method=\"post\" id=\"yes\"><label>%s *<input name=\"accepted_by\" maxlength=\"120\" "
        "required></label><button name=\"do\" value=\"accept\">%s</button></form><form "
        "method=\"post\"><label>%s *<input name=\"reason\" maxlength=\"200\" required></label><button "
        "name=\"do\" "
        "value=\"reject\">%s</button></form>",
        say(tx, "Your name", "Imię i nazwisko"), say(tx, "Accept", "Przyjmuję"),
        say(tx, "Why not", "Dlaczego nie"), say(tx, "Reject", "Odrzucam"));
}

static kt_error *show(kt_tx *tx, const struct sale *s, kt_str *page)
{
    bool open = s->state == Q_SENT && (!s->valid_until.day || s->valid_until.day >= kt_today(tx).day);
    struct coin coin = {KT_OF(coin)};
    if (s->currency.v)
        KT_TRY(kt_read(tx, s->currency, &coin.rec));
    const kt_choice *state = &quotation_states[s->state - 1];
    kt_str until = kt_date_text(tx, s->valid_until);
    kt_str body = kt_format(tx, "<p>%s %s%s%s. %s</p><p>%s</p>%s%s", text(tx, s->rec.number),
        kt_say(tx, (open || s->state != Q_SENT) ? state->label : quotation_states[Q_EXPIRED - 1].label).ptr,
        until.ptr ? say(tx, ", valid until ", ", ważna do ") : "", until.ptr ? until.ptr : "",
        text(tx, s->accepted_by), text(tx, s->terms), table(tx, s, coin.code, open).ptr,
        open ? decision(tx).ptr : "");
    *page = form_frame(tx, s->title, body);
    return page->ptr ? NULL : kt_no_memory();
}

/* ---- The decision ---- */

static kt_error *accept_offer(kt_tx *tx, struct sale *s, const kt_web_request *request)
{
    struct accept p = {KT_OF(accept), .accepted_by = form_said(request, "accepted_by"), .at = kt_now(tx)};
    if (!p.accepted_by.ptr)
        return kt_fail(tx, KT_VALIDATION, "accepted_by", "is required", "jest wymagane");
    for (size_t i = 0; i < s->lines.count; i++) {
        const struct sale_line *line = sale_line_at(&s->lines, i);
        const struct option taken = {KT_OF(option), .line = (int64_t)line->rec.id.v};
        kt_str name = kt_format(tx, "take_%llu", (unsigned long long)line->rec.id.v);
        if (line->optional && name.ptr && form_said(request, name.ptr).ptr)
            KT_TRY(kt_line_add(tx, &p.taken, &taken.rec));
    }
    return kt_act(tx, &s->rec, "accept", &p.rec);
}

static kt_error *decide(kt_tx *tx, struct sale *s, const kt_web_request *request)
{
    kt_str what = form_said(request, "do");
    struct reason why = {KT_OF(reason), .reason = form_said(request, "reason")};
    if (s->state != Q_SENT)
        return NULL; /* pressed twice, or too late: the page tells how it stands */
    if (what.ptr && strcmp(what.ptr, "accept") == 0)
        return accept_offer(tx, s, request);
    if (!why.reason.ptr)
        return kt_fail(tx, KT_VALIDATION, "reason", "is required", "jest wymagane");
    return kt_act(tx, &s->rec, "reject", &why.rec);
}

kt_error *offer_answer(kt_tx *tx, const kt_web_request *request, kt_web_response *response)
{
    struct sale s = {.rec.of = &quotation_shape};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = find_offer(tx, request->path, &s);
    if (!error && request->post)
        error = decide(tx, &s, request);
    if (!error)
        error = show(tx, &s, &response->body);
    kt_callers_authority(tx, before);
    response->type = KT_STR("text/html; charset=utf-8");
    return error;
}
