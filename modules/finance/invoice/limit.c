/* What this module adds to a party: terms of payment, a credit limit; and the limit at work. A sales order that
 * would take the party above it is not confirmed, unless the caller may. */
#include "invoice/limit.h"

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
struct confirmed { /* what is looked at in crm.order */
    kt_record rec;
    kt_id party, bill_to, currency;
    kt_dec gross;
};
const kt_shape confirmed_shape = KT_SHAPE(confirmed, "crm.order", KT_BIND(confirmed, party, REF, "party"),
    KT_BIND(confirmed, bill_to, REF, "bill_to"), KT_BIND(confirmed, currency, REF, "currency"),
    KT_BIND(confirmed, gross, MONEY, "gross"));

kt_error *party_owes(kt_tx *tx, kt_id party, kt_dec *sum)
{
    const kt_where where[] = {
        KT_WHERE(open_item, party, KT_EQ, party), KT_WHERE(open_item, closed, KT_EQ, {0}), {0}};
    *sum = money(0);
    return kt_sum(
        tx, &(kt_query){&open_item_shape, where, NULL, 0}, offsetof(struct open_item, open_value), sum);
}

static kt_error *judge(kt_tx *tx, const struct confirmed *o)
{
    struct debtor d = {KT_OF(debtor)};
    struct setting s;
    struct house house;
    kt_dec owes, value;
    KT_TRY(setting_of(tx, &s));
    KT_TRY(kt_read(tx, o->bill_to.v ? o->bill_to : o->party, &d.rec));
    if (!d.credit_limit.scale1 || !s.limit_orders)
        return NULL;
    KT_TRY(house_of(tx, &house));
    KT_TRY(party_owes(tx, d.rec.id, &owes));
    KT_TRY(to_house(tx, &house, "currency", o->gross, o->currency, kt_today(tx), &value));
    kt_dec after = kt_dec_add(owes, value);
    if (kt_dec_cmp(after, d.credit_limit) <= 0)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, "party", "%s would owe %lld.%02lld, the credit limit is %lld.%02lld",
                       "należności od %s wyniosłyby %lld,%02lld, limit kredytowy to %lld,%02lld", d.name.ptr,
                       (long long)(after.coef / 100), (long long)(after.coef % 100),
                       (long long)(d.credit_limit.coef / 100), (long long)(d.credit_limit.coef % 100)),
        "Let the customer pay first, raise the limit, or ask somebody who may confirm above it.",
        "Poczekaj na zapłatę, podnieś limit albo poproś kogoś, kto może potwierdzić powyżej niego.");
}

kt_error *order_confirmed(kt_tx *tx, const kt_event *event)
{
    if (kt_may(tx, "finance.invoice:override_limit"))
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = judge(tx, KT_SEE(confirmed, event->after));
    kt_callers_authority(tx, before);
    return error;
}
