/* Quotations: drafted, sent, and answered by the customer. What was sent stays as it was sent: a change is a
 * new version that supersedes it. Optional lines count when the customer takes them. */
#include "sales/sales.h"

const kt_choice quotation_states[] = {
    {Q_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {Q_SENT, "sent", {"Sent", "Wysłana"}, "open"},
    {Q_ACCEPTED, "accepted", {"Accepted", "Przyjęta"}, "won"},
    {Q_REJECTED, "rejected", {"Rejected", "Odrzucona"}, "lost"},
    {Q_EXPIRED, "expired", {"Expired", "Wygasła"}, "lost"},
    {Q_CANCELLED, "cancelled", {"Cancelled", "Anulowana"}, "lost"},
    {0},
};
static const kt_shape quotation_line_shape = KT_SHAPE(sale_line, NULL, SALE_LINE_FIELDS,
    KT_FIELD(sale_line, optional, BOOL, "Optional", "Opcjonalna",
        .help = {"Counts only when the customer takes it.", "Liczy się dopiero, gdy klient ją wybierze."}),
    KT_FIELD(sale_line, taken, BOOL, "Taken", "Wybrana"));

const kt_shape quotation_shape = KT_SHAPE(sale, "crm.quotation", SALE_FIELDS(quotation_line_shape),
    KT_FIELD(sale, state, STATE, "State", "Stan", .choices = quotation_states, .initial = "draft",
        .indexed = true, .priority = 8),
    KT_FIELD(sale, valid_until, DATE, "Valid until", "Ważna do", .indexed = true, .priority = 9),
    KT_FIELD(sale, sent_at, TIME, "Sent at", "Wysłano", .computed = true),
    KT_FIELD(sale, token, STRING, "End of its address", "Końcówka adresu", .computed = true, .max = 80,
        .indexed = true,
        .help = {"The customer sees and accepts it at /q/ and this, without a login.",
            "Klient ogląda ją i przyjmuje pod /q/ i tym, bez logowania."}),
    KT_FIELD(sale, accepted_at, TIME, "Accepted at", "Przyjęto", .computed = true),
    KT_FIELD(sale, accepted_by, STRING, "Accepted by", "Przyjął", .max = 120, .computed = true,
        .help = {"Who at the customer's.", "Kto po stronie klienta."}),
    KT_FIELD(sale, previous, REF, "Version before", "Poprzednia wersja", .target = "crm.quotation",
        .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(sale, superseded_by, REF, "Superseded by", "Zastąpiona przez", .target = "crm.quotation",
        .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(sale, order, REF, "Order", "Zamówienie", .target = "crm.order", .on_delete = KT_CLEAR,
        .computed = true));

static struct sale *quotation_of(kt_record *rec)
{
    return (struct sale *)(void *)kt_as(rec, &quotation_shape);
}

kt_error *quotation_compute(kt_tx *tx, kt_record *self)
{
    struct sale *s = quotation_of(self), stored;
    bool found;
    KT_TRY(sale_stored(tx, s, &stored, &found));
    kt_error *all = NULL;
    if (s->valid_until.day && s->valid_until.day < s->day.day)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "valid_until", "is before the quotation's own date",
                          "jest przed datą oferty"));
    bool accepting = found && s->state == Q_ACCEPTED && stored.state != Q_ACCEPTED;
    bool drafted = found ? stored.state == Q_DRAFT && !accepting : s->state == Q_DRAFT;
    kt_also(&all, sale_compute(tx, s, found ? &stored : NULL, !found || drafted || accepting, drafted));
    return all;
}

static bool is_over(const kt_tx *tx, const struct sale *s)
{
    return s->valid_until.day && s->valid_until.day < kt_today(tx).day;
}

static kt_error *over(kt_tx *tx)
{
    return kt_hint(kt_fail(tx, KT_RULE, "valid_until", "the quotation has expired", "oferta wygasła"),
        "Make a new version of it (revise).", "Utwórz jej nową wersję (revise).");
}

/* ---- Actions ---- */

static kt_error *quotation_send(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct sale *s = quotation_of(self);
    kt_error *all = NULL;
    kt_also(&all, sale_approved(tx, s));
    if (is_over(tx, s))
        kt_also(&all, over(tx));
    s->sent_at = kt_now(tx);
    s->token = s->token.ptr ? s->token : kt_token(tx);
    return s->token.ptr ? all : kt_no_memory();
}

const kt_shape option_shape = KT_SHAPE(
    option, NULL, KT_FIELD(option, line, INT, "Line's id", "Id pozycji", .required = true));
const kt_shape accept_shape = KT_SHAPE(accept, NULL,
    KT_FIELD(accept, accepted_by, STRING, "Accepted by", "Przyjął", .max = 120,
        .help = {"Who at the customer's.", "Kto po stronie klienta."}),
    KT_FIELD(accept, at, TIME, "Accepted at", "Przyjęto", .initial = "now"),
    KT_FIELD(accept, taken, LINES, "Options taken", "Wybrane opcje", .lines = &option_shape,
        .help = {"The optional lines that the customer takes.", "Opcjonalne pozycje, które klient wybiera."}),
    KT_FIELD(accept, create_order, BOOL, "Make the order", "Utwórz zamówienie"));

const kt_shape made_shape = KT_SHAPE(made, NULL, KT_FIELD(made, id, INT, "Id", "Id"),
    KT_FIELD(made, version, INT, "Version", "Wersja"), KT_FIELD(made, state, STRING, "State", "Stan"),
    KT_FIELD(made, made, INT, "Made", "Utworzono",
        .help = {"The id of the document that was made.", "Id utworzonego dokumentu."}));

static kt_error *take_options(kt_tx *tx, struct sale *s, const kt_lines *taken)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < taken->count; i++) {
        int64_t id = KT_AS(option, kt_line(taken, i))->line;
        bool known = false;
        for (size_t k = 0; k < s->lines.count; k++) {
            struct sale_line *line = (struct sale_line *)(void *)kt_line(&s->lines, k);
            if ((int64_t)line->rec.id.v == id && line->optional)
                known = line->taken = true;
        }
        if (!known)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "taken[%zu].line", i).ptr,
                              "%lld is no optional line", "%lld nie jest pozycją opcjonalną", (long long)id));
    }
    return all;
}

static kt_error *make_order(kt_tx *tx, struct sale *q)
{
    struct sale o = {.rec.of = &order_shape, .quotation = q->rec.id, .state = O_DRAFT, .day = kt_today(tx)};
    if (q->order.v)
        return kt_fail(
            tx, KT_CONFLICT, "order", "the quotation has its order already", "oferta ma już zamówienie");
    KT_TRY(sale_copy(tx, q, &o, &order_line_shape, false));
    KT_TRY(kt_create(tx, &o.rec));
    q->order = o.rec.id;
    return NULL;
}

static kt_error *quotation_accept(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct sale *s = quotation_of(self);
    const struct accept *p = KT_SEE(accept, params);
    kt_error *all = NULL;
    if (is_over(tx, s))
        kt_also(&all, over(tx));
    kt_also(&all, sale_approved(tx, s));
    kt_also(&all, take_options(tx, s, &p->taken));
    if (all)
        return all;
    s->accepted_at = p->at;
    s->accepted_by = p->accepted_by;
    return p->create_order ? make_order(tx, s) : NULL;
}

static kt_error *quotation_order(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    return make_order(tx, quotation_of(self));
}

static kt_error *quotation_close(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)tx;
    quotation_of(self)->reason = KT_SEE(reason, params)->reason;
    return NULL;
}

static kt_error *quotation_expire(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    if (is_over(tx, quotation_of(self)))
        return NULL;
    return kt_fail(
        tx, KT_BAD_STATE, "valid_until", "the quotation is still valid", "oferta jest jeszcze ważna");
}

static kt_error *quotation_revise(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    struct sale *s = quotation_of(self);
    struct sale next = {.rec.of = &quotation_shape,
        .state = Q_DRAFT,
        .day = kt_today(tx),
        .previous = s->rec.id,
        .revision = s->revision + 1};
    if (s->superseded_by.v)
        return kt_hint(
            kt_fail(tx, KT_CONFLICT, "superseded_by", "a newer version exists", "istnieje nowsza wersja"),
            "Make the next version from that one.", "Utwórz następną wersję z tamtej.");
    KT_TRY(sale_copy(tx, s, &next, &quotation_line_shape, true));
    if (s->valid_until.day) /* as long as the last one was */
        next.valid_until = kt_date_add(next.day, s->valid_until.day - s->day.day);
    KT_TRY(kt_create(tx, &next.rec));
    s->superseded_by = next.rec.id;
    if (s->state == Q_SENT)
        s->state = Q_CANCELLED;
    return NULL;
}

static kt_error *add_put_aside(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return quotation_add_put_aside(tx, quotation_of(self), &quotation_line_shape, params);
}

static kt_error *answer_made(kt_tx *tx, const struct sale *s, kt_id made, kt_record *result)
{
    struct made *out = KT_AS(made, result);
    out->id = (int64_t)s->rec.id.v;
    out->version = s->rec.version;
    out->state = kt_format(tx, "%s", quotation_states[s->state ? s->state - 1 : 0].name);
    out->made = (int64_t)made.v;
    return NULL;
}

static kt_error *revised(kt_tx *tx, const kt_record *self, kt_record *result)
{
    const struct sale *s = (const struct sale *)(const void *)kt_see(self, &quotation_shape);
    return answer_made(tx, s, s->superseded_by, result);
}

static kt_error *ordered(kt_tx *tx, const kt_record *self, kt_record *result)
{
    const struct sale *s = (const struct sale *)(const void *)kt_see(self, &quotation_shape);
    return answer_made(tx, s, s->order, result);
}

const kt_action quotation_actions[] = {
    {"send", {"Send", "Wyślij"}, "update", .from = KT_IN(Q_DRAFT), .to = Q_SENT, .run = quotation_send},
    {"accept", {"Accepted", "Przyjęta"}, "update", .from = KT_IN(Q_DRAFT) | KT_IN(Q_SENT), .to = Q_ACCEPTED,
        .params = &accept_shape, .run = quotation_accept, .result = &made_shape, .answer = ordered},
    {"reject", {"Rejected", "Odrzucona"}, "update", .from = KT_IN(Q_SENT), .to = Q_REJECTED,
        .params = &reason_shape, .run = quotation_close},
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = KT_IN(Q_DRAFT) | KT_IN(Q_SENT), .to = Q_CANCELLED,
        .params = &reason_shape, .run = quotation_close},
    {"expire", {"Expire", "Uznaj za wygasłą"}, "update", .from = KT_IN(Q_SENT), .to = Q_EXPIRED,
        .run = quotation_expire},
    {"revise", {"New version", "Nowa wersja"}, "update",
        .from = KT_IN(Q_SENT) | KT_IN(Q_REJECTED) | KT_IN(Q_EXPIRED) | KT_IN(Q_CANCELLED),
        .run = quotation_revise, .result = &made_shape, .answer = revised},
    {"order", {"Make the order", "Utwórz zamówienie"}, "update", .from = KT_IN(Q_ACCEPTED),
        .run = quotation_order, .result = &made_shape, .answer = ordered},
    {"approve", {"Approve the discount", "Zaakceptuj rabat"}, "approve", .from = KT_IN(Q_DRAFT),
        .run = sale_approve},
    {"add_put_aside", {"Add what was put aside", "Dodaj odłożone"}, "update", .from = KT_IN(Q_DRAFT),
        .params = &put_aside_shape, .run = add_put_aside},
    {0},
};

kt_error *quotation_from_deal(kt_tx *tx, const struct sale *from, kt_id *made)
{
    struct sale q = {.rec.of = &quotation_shape, .state = Q_DRAFT, .day = kt_today(tx)};
    KT_TRY(sale_copy(tx, from, &q, &quotation_line_shape, true));
    for (size_t i = 0; i < q.lines.count; i++)
        ((struct sale_line *)(void *)kt_line(&q.lines, i))->source_line = 0; /* no document's */
    KT_TRY(kt_create(tx, &q.rec));
    *made = q.rec.id;
    return NULL;
}

/* ---- Expiry of what is due ---- */

struct expire {
    kt_record rec;
    int64_t limit;
};
const kt_shape expire_shape = KT_SHAPE(
    expire, NULL, KT_FIELD(expire, limit, INT, "At most", "Najwyżej", .initial = "500"));
struct expired {
    kt_record rec;
    int64_t expired;
    bool more;
};
const kt_shape expired_shape = KT_SHAPE(expired, NULL,
    KT_FIELD(expired, expired, INT, "Expired", "Wygasło", .required = true),
    KT_FIELD(
        expired, more, BOOL, "More are due", "Są kolejne", .help = {"Call again.", "Wywołaj ponownie."}));

kt_error *quotations_expire(kt_tx *tx, const kt_record *params, kt_record *result)
{
    enum { LIMIT = 500 };
    int64_t limit = KT_SEE(expire, params)->limit;
    struct expired *out = KT_AS(expired, result);
    kt_found due;
    if (limit < 1 || limit > LIMIT)
        return kt_fail(tx, KT_VALIDATION, "limit", "is 1 to %d", "wynosi od 1 do %d", LIMIT);
    const kt_where where[] = {
        KT_WHERE(sale, state, KT_EQ, Q_SENT), KT_WHERE(sale, valid_until, KT_LT, kt_today(tx)), {0}};
    KT_TRY(kt_find(tx, &(kt_query){&quotation_shape, where, "valid_until,id"}, (size_t)limit, &due));
    struct sale s = {.rec.of = &quotation_shape};
    for (size_t i = 0; i < due.count; i++) {
        KT_TRY(kt_read(tx, due.ids[i], &s.rec));
        KT_TRY(kt_act(tx, &s.rec, "expire", NULL));
    }
    out->expired = (int64_t)due.count;
    out->more = due.more;
    return NULL;
}

/* ---- Two versions side by side ---- */

struct compare {
    kt_record rec;
    kt_id id;
};
const kt_shape compare_shape = KT_SHAPE(compare, NULL,
    KT_FIELD(compare, id, REF, "Quotation", "Oferta", .target = "crm.quotation", .required = true,
        .help = {"It is compared with the version before.", "Porównywana jest z poprzednią wersją."}));
struct compared {
    kt_record rec;
    kt_id previous;
    kt_dec net_before, net_after, gross_before, gross_after;
    kt_lines differences;
};
const kt_shape compared_shape = KT_SHAPE(compared, NULL,
    KT_FIELD(compared, previous, REF, "Version before", "Poprzednia wersja", .target = "crm.quotation"),
    KT_FIELD(compared, net_before, MONEY, "Net before", "Netto przedtem", .scale = 4),
    KT_FIELD(compared, net_after, MONEY, "Net now", "Netto teraz", .scale = 4),
    KT_FIELD(compared, gross_before, MONEY, "Gross before", "Brutto przedtem", .scale = 4),
    KT_FIELD(compared, gross_after, MONEY, "Gross now", "Brutto teraz", .scale = 4),
    KT_FIELD(compared, differences, LINES, "Differences", "Różnice", .lines = &kt_revision_shape));

kt_error *quotation_compare(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct compared *out = KT_AS(compared, result);
    struct sale now = {.rec.of = &quotation_shape}, before = {.rec.of = &quotation_shape};
    KT_TRY(kt_read(tx, KT_SEE(compare, params)->id, &now.rec));
    if (!now.previous.v)
        return kt_fail(tx, KT_NOT_FOUND, "id", "the quotation has no version before",
            "oferta nie ma poprzedniej wersji");
    KT_TRY(kt_read(tx, now.previous, &before.rec));
    kt_revision mark = {.revision = now.revision, .at = now.rec.created_at, .by = now.rec.created_by};
    out->previous = now.previous;
    out->net_before = before.net;
    out->net_after = now.net;
    out->gross_before = before.gross;
    out->gross_after = now.gross;
    KT_TRY(terms_differ(tx, &before, &now, &mark, &out->differences));
    return lines_differ(tx, &before.lines, &now.lines, true, &mark, &out->differences);
}
