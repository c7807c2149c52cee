/* What came of a call: the deal won, the order, what was invoiced, and the margin -- planned when the order is
 * confirmed, real once goods have left. Whatever the customer orders or wins within a quarter is the last call's. */
#include <kontor/value.h>

#include "script.h"

enum { DAYS = 90 };

const kt_shape sold_shape = KT_SHAPE(sold, "crm.order", KT_BIND(sold, party, REF, "party"),
    KT_BIND(sold, net, MONEY, "net"), KT_BIND(sold, margin, MONEY, "margin"));
const kt_shape won_shape = KT_SHAPE(won, "crm.deal", KT_BIND(won, party, REF, "party"));
const kt_shape billed_shape = KT_SHAPE(billed, "finance.invoice", KT_BIND(billed, order, REF, "order"));

/* The last finished call with a customer; *found is false if there was none in the quarter. */
static kt_error *last_call(kt_tx *tx, kt_id party, struct session *s, bool *found)
{
    const kt_time since = {kt_now(tx).ms - (int64_t)DAYS * 86400000};
    const kt_where where[] = {KT_WHERE(session, party, KT_EQ, party),
        KT_WHERE(session, started_at, KT_GE, since), KT_WHERE(session, state, KT_EQ, FINISHED), {0}};
    kt_cursor *cursor;
    *s = (struct session){KT_OF(session)};
    *found = false;
    if (!party.v)
        return NULL;
    KT_TRY(kt_open(
        tx, &(kt_query){.of = &session_shape, .where = where, .sort = "-started_at", .limit = 1}, &cursor));
    *found = kt_next(cursor, &s->rec);
    return kt_close(cursor);
}

/* ---- An order's money ---- */

struct asked {
    const char *entity;
    kt_str query;
    kt_table table;
};

static kt_error *ask(kt_tx *tx, void *context)
{
    struct asked *a = context;
    return kt_aggregate(tx, a->entity, a->query, &a->table);
}

/* A sum over what an order led to; not set: there is nothing, or no such module. */
static kt_dec sum_of(
    kt_tx *tx, const char *entity, const char *what, const char *of, kt_id order, const char *conditions)
{
    struct asked a = {.entity = entity};
    a.query = kt_format(tx,
        "{\"measures\":{\"n\":\"sum:%s\"},\"filter\":[[\"%s\",\"=\",{\"entity\":\"crm.order\",\"id\":%llu}],%"
        "s]}",
        what, of, (unsigned long long)kt_any_id(order).v, conditions);
    return !kt_attempt(tx, ask, &a) && a.table.rows ? a.table.cells[0].number : (kt_dec){0};
}

static kt_dec goods(kt_tx *tx, kt_id order)
{
    kt_dec out = sum_of(tx, "logistics.move", "value", "document", order,
        "[\"state\",\"=\",\"done\"],[\"to_place\",\"=\",\"customer\"]");
    kt_dec back = sum_of(tx, "logistics.move", "value", "document", order,
        "[\"state\",\"=\",\"done\"],[\"from_place\",\"=\",\"customer\"]");
    return kt_dec_sub(out, back);
}

/* Credit notes count against what was invoiced; an invoice for a till receipt sells nothing twice. */
static kt_dec invoiced(kt_tx *tx, kt_id order)
{
    kt_dec bills = sum_of(tx, "finance.invoice", "base_net", "order", order,
        "[\"state\",\"=\",\"posted\"],[\"receipt\",\"=\",null],[\"kind\",\"in\",[\"sale\",\"receipt\","
        "\"advance\"]]");
    kt_dec credits = sum_of(tx, "finance.invoice", "base_net", "order", order,
        "[\"state\",\"=\",\"posted\"],[\"kind\",\"=\",\"sale_credit\"]");
    return kt_dec_sub(bills, credits);
}

/* Once it is invoiced and goods have left, the margin is what is left of the invoices. */
static kt_error *settle(kt_tx *tx, kt_id order)
{
    const kt_where where[] = {KT_WHERE(session, order, KT_EQ, order), {0}};
    struct session s = {KT_OF(session)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &session_shape, .where = where, .limit = 1}, &cursor));
    bool found = kt_next(cursor, &s.rec);
    KT_TRY(kt_close(cursor));
    if (!found)
        return NULL;
    kt_dec cost = goods(tx, order);
    s.invoiced = invoiced(tx, order);
    if (s.invoiced.coef && cost.coef)
        s.margin = kt_dec_round(kt_dec_sub(s.invoiced, cost), 2);
    if (s.invoiced.scale1)
        s.invoiced = kt_dec_round(s.invoiced, 2);
    return kt_update(tx, &s.rec);
}

/* ---- Events: who confirms, ships or bills need know nothing of calls ---- */

kt_error *session_sold(kt_tx *tx, const kt_event *event)
{
    const struct sold *o = KT_SEE(sold, event->after);
    struct session s;
    bool found;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = last_call(tx, o->party, &s, &found);
    if (!e && found && !s.order.v) {
        s.order = kt_any(tx, sold_shape.name, o->rec.id);
        s.revenue = kt_dec_round(o->net, 2);
        s.margin = kt_dec_round(o->margin, 2);
        e = kt_update(tx, &s.rec);
    }
    kt_callers_authority(tx, before);
    return e;
}

kt_error *session_won(kt_tx *tx, const kt_event *event)
{
    const struct won *d = KT_SEE(won, event->after);
    const kt_where self[] = {KT_WHERE(won, rec.id, KT_EQ, d->rec.id), {0}};
    struct session s;
    uint64_t is_won = 0;
    bool found;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = last_call(tx, d->party, &s, &found);
    if (!e && found && !s.deal.v)
        e = kt_count(tx,
            &(kt_query){.of = &won_shape, .where = self, .filter = KT_STR("[[\"semantic\",\"=\",\"won\"]]")},
            &is_won);
    if (!e && is_won) {
        s.deal = kt_any(tx, won_shape.name, d->rec.id);
        e = kt_update(tx, &s.rec);
    }
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *settle_for(kt_tx *tx, kt_id order)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = settle(tx, order);
    kt_callers_authority(tx, before);
    return e;
}

kt_error *session_shipped(kt_tx *tx, const kt_event *event)
{
    return settle_for(tx, kt_any(tx, sold_shape.name, KT_SEE(sold, event->after)->rec.id));
}

kt_error *session_billed(kt_tx *tx, const kt_event *event)
{
    const struct billed *v = KT_SEE(billed, event->after);
    return v->order.v ? settle_for(tx, v->order) : NULL;
}
