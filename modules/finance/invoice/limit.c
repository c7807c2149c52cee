/* What this module adds to a party: terms of payment, a credit limit; and the limit at work. A sales order that
 * would take what the party owes, with all that it has ordered and was not billed for, above the limit is not
 * confirmed, and none is amended so, unless the caller may. */
#include "invoice/limit.h"

#include "invoice/invoice.h"
#include "payment/payment.h"

struct debtor {
    kt_record rec;
    kt_str name;
    kt_id payment_terms;
    kt_dec credit_limit;
};
const kt_shape debtor_shape = KT_SHAPE(debtor, "base.party", KT_BIND(debtor, name, STRING, "name"),
    KT_FIELD(debtor, payment_terms, REF, "Terms of payment", "Warunki płatności", .target = "finance.terms",
        .on_delete = KT_CLEAR),
    KT_FIELD(debtor, credit_limit, MONEY, "Credit limit", "Limit kredytowy", .scale = 2, .group = "credit",
        .help = {"In the company's currency. Empty: none.", "W walucie firmy. Puste: bez limitu."}));
enum { CLOSED_ORDER = 3 }; /* as crm.order has it: of its goods what was delivered alone is billed */
struct confirmed_line {
    kt_record rec;
    kt_dec quantity, delivered, given_up, invoiced, gross;
};
static const kt_shape confirmed_line_shape = KT_SHAPE(confirmed_line, NULL,
    KT_BIND(confirmed_line, quantity, QUANTITY, "quantity"),
    KT_BIND(confirmed_line, delivered, QUANTITY, "delivered"),
    KT_BIND(confirmed_line, given_up, QUANTITY, "given_up"),
    KT_BIND(confirmed_line, invoiced, QUANTITY, "invoiced"), KT_BIND(confirmed_line, gross, MONEY, "gross"));
struct confirmed { /* what is looked at in crm.order */
    kt_record rec;
    kt_id party, bill_to, currency;
    unsigned state;
    kt_lines lines;
};
const kt_shape confirmed_shape = KT_SHAPE(confirmed, "crm.order", KT_BIND(confirmed, party, REF, "party"),
    KT_BIND(confirmed, bill_to, REF, "bill_to"), KT_BIND(confirmed, currency, REF, "currency"),
    KT_BIND(confirmed, lines, LINES, "lines", .lines = &confirmed_line_shape));
#define OPEN_ORDERS                                                                                          \
    KT_STR("[[\"state\",\"in\",[\"confirmed\",\"on_hold\",\"closed\"]],[\"billing_status\",\"!=\",\"full\"]" \
           "]")

kt_error *party_owes(kt_tx *tx, kt_id party, kt_dec *sum)
{
    const kt_where where[] = {
        KT_WHERE(open_item, party, KT_EQ, party), KT_WHERE(open_item, closed, KT_EQ, {0}), {0}};
    *sum = money(0);
    return kt_sum(
        tx, &(kt_query){&open_item_shape, where, NULL, 0}, offsetof(struct open_item, open_value), sum);
}

static kt_id billed_party(const struct confirmed *o)
{
    return o->bill_to.v ? o->bill_to : o->party;
}

/* What is still to be billed of an order, with tax, in the company's currency. */
static kt_error *unbilled(kt_tx *tx, const struct house *house, const struct confirmed *o, kt_dec *value)
{
    kt_dec sum = money(0), advances;
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct confirmed_line *line = KT_AS(confirmed_line, kt_line(&o->lines, i));
        bool closed = o->state == CLOSED_ORDER;
        kt_dec wanted = kt_dec_sub(line->quantity, line->given_up);
        kt_dec left = kt_dec_sub(closed ? known(line->delivered) : wanted, known(line->invoiced));
        if (line->quantity.coef && left.coef && (!closed || left.coef > 0))
            sum = kt_dec_add(sum, share_of(known(line->gross), left, line->quantity));
    }
    KT_TRY(advances_left(tx, kt_any(tx, "crm.order", o->rec.id), &advances)); /* open items, or paid */
    sum = kt_dec_sub(sum, advances);
    return to_house(tx, house, "currency", sum.coef > 0 ? sum : money(0), o->currency, kt_today(tx), value);
}

/* Adds what the other open orders that are billed to the party still come to. */
static kt_error *add_orders(
    kt_tx *tx, const struct house *house, const struct confirmed *but, kt_id party, kt_dec *sum)
{
    for (int billed = 0; billed < 2; billed++) {
        const kt_where where[] = {billed ? (kt_where)KT_WHERE(confirmed, bill_to, KT_EQ, party)
                                         : (kt_where)KT_WHERE(confirmed, party, KT_EQ, party),
            {0}};
        struct confirmed o = {KT_OF(confirmed)};
        kt_cursor *cursor;
        kt_error *error = NULL;
        kt_dec value = money(0);
        KT_TRY(
            kt_open(tx, &(kt_query){.of = &confirmed_shape, .where = where, .filter = OPEN_ORDERS}, &cursor));
        while (!error && kt_next(cursor, &o.rec)) {
            if (o.rec.id.v == but->rec.id.v || (!billed && billed_party(&o).v != party.v))
                continue;
            error = unbilled(tx, house, &o, &value);
            *sum = kt_dec_add(*sum, value);
        }
        kt_also(&error, kt_close(cursor));
        KT_TRY(error);
    }
    return NULL;
}

static kt_error *judge(kt_tx *tx, const struct confirmed *was, const struct confirmed *o)
{
    struct debtor d = {KT_OF(debtor)};
    struct setting s;
    struct house house;
    kt_dec owes, value, before = money(0);
    KT_TRY(setting_of(tx, &s));
    KT_TRY(kt_read(tx, billed_party(o), &d.rec));
    if (!d.credit_limit.scale1 || !s.limit_orders)
        return NULL;
    KT_TRY(house_of(tx, &house));
    KT_TRY(unbilled(tx, &house, o, &value));
    if (was && billed_party(was).v == billed_party(o).v)
        KT_TRY(unbilled(tx, &house, was, &before));
    if (kt_dec_cmp(value, before) <= 0)
        return NULL;
    KT_TRY(party_owes(tx, d.rec.id, &owes));
    KT_TRY(add_orders(tx, &house, o, d.rec.id, &owes));
    kt_dec after = kt_dec_add(owes, value);
    if (kt_dec_cmp(after, d.credit_limit) <= 0)
        return NULL;
    return kt_hint(
        kt_fail(tx, KT_RULE, "party",
            "%s would owe %lld.%02lld with what is ordered, the credit limit is %lld.%02lld",
            "należności od %s z zamówieniami wyniosłyby %lld,%02lld, limit kredytowy to %lld,%02lld",
            d.name.ptr, (long long)(after.coef / 100), (long long)(after.coef % 100),
            (long long)(d.credit_limit.coef / 100), (long long)(d.credit_limit.coef % 100)),
        "Let the customer pay first, raise the limit, or ask somebody who may confirm above it.",
        "Poczekaj na zapłatę, podnieś limit albo poproś kogoś, kto może potwierdzić powyżej niego.");
}

static kt_error *judge_for(kt_tx *tx, const struct confirmed *was, const struct confirmed *o)
{
    if (kt_may(tx, "finance.invoice:override_limit"))
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = judge(tx, was, o);
    kt_callers_authority(tx, before);
    return error;
}

kt_error *order_confirmed(kt_tx *tx, const kt_event *event)
{
    return judge_for(tx, NULL, KT_SEE(confirmed, event->after));
}

kt_error *order_amended(kt_tx *tx, const kt_event *event)
{
    return judge_for(
        tx, event->before ? KT_SEE(confirmed, event->before) : NULL, KT_SEE(confirmed, event->after));
}
