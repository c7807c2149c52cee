/* Matching: so much of an item that they owe is set off against so much of one that we owe. Where the two were
 * booked at different rates, the difference is realised and posted: IAS 21 par. 28. */
#include <string.h>

#include "invoice/invoice.h"
#include "payment/payment.h"

const kt_shape match_shape = KT_SHAPE(match, "finance.match",
    KT_FIELD(match, debit, REF, "Owed to us", "Należność", .target = "finance.open_item", .required = true,
        .computed = true, .priority = 1),
    KT_FIELD(match, credit, REF, "Owed by us", "Zobowiązanie", .target = "finance.open_item",
        .required = true, .computed = true, .priority = 2),
    KT_FIELD(match, day, DATE, "Date", "Data", .computed = true, .indexed = true, .priority = 3),
    KT_FIELD(match, amount, MONEY, "Amount", "Kwota", .scale = 2, .computed = true, .priority = 4,
        .help = {"In the currency of what is owed to us.", "W walucie należności."}),
    KT_FIELD(
        match, credit_amount, MONEY, "Amount owed by us", "Kwota zobowiązania", .scale = 2, .computed = true),
    KT_FIELD(match, debit_value, MONEY, "Value of what is owed to us", "Wartość należności", .scale = 2,
        .computed = true),
    KT_FIELD(match, credit_value, MONEY, "Value of what is owed by us", "Wartość zobowiązania", .scale = 2,
        .computed = true),
    KT_FIELD(match, entry, REF, "Exchange difference", "Różnica kursowa", .target = "finance.entry",
        .computed = true),
    KT_FIELD(match, document, REF, "Made by", "Dokument źródłowy", .target = "*", .computed = true),
    KT_FIELD(match, undoes, REF, "Takes back", "Cofa", .target = "finance.match", .computed = true),
    KT_FIELD(match, undone, BOOL, "Taken back", "Cofnięte", .computed = true));

kt_error *match_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct match *was = before ? KT_SEE(match, before) : NULL,
                       *is = after ? KT_SEE(match, after) : NULL;
    if (!was ||
        (is && was->amount.coef == is->amount.coef && was->debit.v == is->debit.v &&
            was->credit.v == is->credit.v && was->day.day == is->day.day && (!was->undone || is->undone)))
        return NULL;
    return kt_fail(tx, KT_BAD_STATE, NULL, "a match is taken back by finance.match.undo, never changed",
        "rozliczenie cofa się przez finance.match.undo, nigdy nie zmienia");
}

kt_dec open_item_value(const struct open_item *item, kt_dec amount)
{
    kt_dec open = item->open.coef < 0 ? kt_dec_neg(item->open) : item->open;
    kt_dec value = item->open_value.coef < 0 ? kt_dec_neg(item->open_value) : item->open_value;
    if (kt_dec_cmp(amount, open) == 0)
        return value;
    kt_dec parts[2], weights[2] = {amount, kt_dec_sub(open, amount)};
    kt_dec_split(value, weights, 2, parts);
    return parts[0];
}

/* Lessens what is open by amount and value, both in the item's own sign. */
static kt_error *lessen(kt_tx *tx, struct open_item *item, kt_dec amount, kt_dec value, kt_date day)
{
    item->open = kt_dec_sub(item->open, amount);
    item->open_value = kt_dec_sub(item->open_value, value);
    item->moved = later_of(item->moved, day); /* matches come in any order of their days */
    item->closed = item->open.coef ? (kt_date){0} : item->moved;
    KT_TRY(kt_update(tx, &item->rec));
    const char *entity = kt_any_entity(tx, item->document);
    if (entity && strcmp(entity, "finance.invoice") == 0)
        return invoice_follow(tx, kt_any_id(item->document));
    if (entity && strcmp(entity, "finance.payment") == 0)
        return payment_follow(tx, kt_any_id(item->document));
    return NULL;
}

static kt_error *check_pair(kt_tx *tx, const struct open_item *debit, const struct open_item *credit,
    kt_dec amount, kt_dec credit_amount)
{
    if (debit->party.v != credit->party.v || debit->account.v != credit->account.v)
        return kt_hint(kt_fail(tx, KT_RULE, "credit", "the two items are of different parties or accounts",
                           "pozycje należą do różnych kontrahentów lub kont"),
            "What a party owes and is owed on two accounts is cleared by finance.set_off.",
            "Należność i zobowiązanie z dwóch kont rozlicza kompensata: finance.set_off.");
    if (sign_of(amount) <= 0 || sign_of(credit_amount) <= 0)
        return kt_fail(tx, KT_VALIDATION, "amount", "must be above zero", "musi być większe od zera");
    if (kt_dec_cmp(amount, debit->open) > 0 || kt_dec_cmp(credit_amount, kt_dec_neg(credit->open)) > 0)
        return kt_fail(tx, KT_RULE, "amount", "is more than is open", "jest większe niż otwarte");
    if (debit->currency.v == credit->currency.v && kt_dec_cmp(amount, credit_amount) != 0)
        return kt_fail(tx, KT_RULE, "amount", "both sides are of one currency and differ",
            "obie strony są w jednej walucie, a się różnią");
    return NULL;
}

/* The debit was booked for more (or less) than the credit: what is left over on the account is a difference. */
static kt_error *post_difference(
    kt_tx *tx, const struct open_item *debit, kt_dec gap, kt_date day, kt_id document, kt_id *entry)
{
    kt_id other;
    if (!gap.coef)
        return NULL;
    KT_TRY(account_for(tx, gap.coef > 0 ? EXCHANGE_LOSS : EXCHANGE_GAIN, (kt_id){0}, &other));
    struct entry e = {KT_OF(entry), .day = day, .kind = DIFFERENCE,
        .origin = document.v ? document : kt_any(tx, "finance.open_item", debit->rec.id),
        .reference = debit->reference,
        .text = kt_say(tx, (kt_text){"Exchange difference", "Różnica kursowa"})};
    KT_TRY(entry_add(tx, &e, &(struct entry_line){.account = debit->account, .party = debit->party},
        kt_dec_neg(gap), (kt_dec){0}));
    KT_TRY(entry_add(tx, &e, &(struct entry_line){.account = other}, gap, (kt_dec){0}));
    KT_TRY(entry_post(tx, &e));
    *entry = e.rec.id;
    return NULL;
}

static kt_error *match_them(kt_tx *tx, struct match *m)
{
    struct open_item debit = {KT_OF(open_item)}, credit = {KT_OF(open_item)};
    KT_TRY(kt_read(tx, m->debit, &debit.rec));
    KT_TRY(kt_read(tx, m->credit, &credit.rec));
    KT_TRY(check_pair(tx, &debit, &credit, m->amount, m->credit_amount));
    m->day = later_of(m->day, later_of(debit.day, credit.day)); /* nothing is settled before it is there */
    m->debit_value = open_item_value(&debit, m->amount);
    m->credit_value = open_item_value(&credit, m->credit_amount);
    KT_TRY(post_difference(
        tx, &debit, kt_dec_sub(m->debit_value, m->credit_value), m->day, m->document, &m->entry));
    KT_TRY(kt_create(tx, &m->rec));
    KT_TRY(lessen(tx, &debit, m->amount, m->debit_value, m->day));
    return lessen(tx, &credit, kt_dec_neg(m->credit_amount), kt_dec_neg(m->credit_value), m->day);
}

kt_error *items_match(kt_tx *tx, kt_id debit, kt_id credit, kt_dec debit_amount, kt_dec credit_amount,
    kt_date day, kt_id document)
{
    struct match m = {KT_OF(match), .debit = debit, .credit = credit, .amount = debit_amount,
        .credit_amount = credit_amount, .day = day, .document = document};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = match_them(tx, &m);
    kt_callers_authority(tx, before);
    return error;
}

/* ---- Taking back ---- */

static kt_error *undo(kt_tx *tx, const struct match *m, kt_date day)
{
    day = later_of(day, m->day);
    struct open_item debit = {KT_OF(open_item)}, credit = {KT_OF(open_item)};
    struct match back = {KT_OF(match), .debit = m->debit, .credit = m->credit, .day = day,
        .undoes = m->rec.id, .document = m->document, .undone = true, .amount = kt_dec_neg(m->amount),
        .credit_amount = kt_dec_neg(m->credit_amount), .debit_value = kt_dec_neg(m->debit_value),
        .credit_value = kt_dec_neg(m->credit_value)};
    KT_TRY(kt_read(tx, m->debit, &debit.rec));
    KT_TRY(kt_read(tx, m->credit, &credit.rec));
    if (m->entry.v)
        KT_TRY(entry_reverse(tx, m->entry, day, (kt_str){0}, &back.entry));
    KT_TRY(kt_create(tx, &back.rec));
    KT_TRY(lessen(tx, &debit, back.amount, back.debit_value, day));
    return lessen(tx, &credit, m->credit_amount, m->credit_value, day);
}

/* Newest first, all that a query finds. */
static kt_error *undo_all(kt_tx *tx, const kt_where *where, kt_date day)
{
    for (bool more = true; more;) {
        kt_cursor *cursor;
        struct match m = {KT_OF(match)};
        KT_TRY(kt_open(tx, &(kt_query){&match_shape, where, "-id", 1}, &cursor));
        more = kt_next(cursor, &m.rec);
        KT_TRY(kt_close(cursor));
        if (!more)
            continue;
        KT_TRY(undo(tx, &m, day));
        m.undone = true;
        KT_TRY(kt_update(tx, &m.rec));
    }
    return NULL;
}

kt_error *matches_undo(kt_tx *tx, kt_id document, kt_date day)
{
    const kt_where where[] = {
        KT_WHERE(match, document, KT_EQ, document), KT_WHERE(match, undone, KT_EQ, false), {0}};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = undo_all(tx, where, day);
    kt_callers_authority(tx, before);
    return error;
}

static kt_error *undo_of_item(kt_tx *tx, kt_id item, kt_date day)
{
    const kt_where debit[] = {
        KT_WHERE(match, debit, KT_EQ, item), KT_WHERE(match, undone, KT_EQ, false), {0}};
    const kt_where credit[] = {
        KT_WHERE(match, credit, KT_EQ, item), KT_WHERE(match, undone, KT_EQ, false), {0}};
    KT_TRY(undo_all(tx, debit, day));
    return undo_all(tx, credit, day);
}

kt_error *matches_undo_of(kt_tx *tx, const struct entry *e, kt_date day)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = NULL;
    for (size_t i = 0; i < e->lines.count && !error; i++) {
        struct open_item item;
        error = open_item_of(tx, e->rec.id, (int64_t)kt_line(&e->lines, i)->id.v, &item);
        if (!error && item.rec.id.v)
            error = undo_of_item(tx, item.rec.id, day);
    }
    kt_callers_authority(tx, before);
    return error;
}

static kt_error *reverse_all(kt_tx *tx, kt_id document, kt_date day)
{
    const kt_where where[] = {KT_WHERE(entry, origin, KT_EQ, document), KT_WHERE(entry, reverses, KT_EQ, {0}),
        KT_WHERE(entry, reversed_by, KT_EQ, {0}), {0}};
    KT_TRY(matches_undo(tx, document, day));
    for (bool more = true; more;) {
        kt_cursor *cursor;
        struct entry e = {KT_OF(entry)};
        kt_id made;
        KT_TRY(kt_open(tx, &(kt_query){&entry_shape, where, "-id", 1}, &cursor));
        more = kt_next(cursor, &e.rec);
        KT_TRY(kt_close(cursor));
        if (!more)
            continue;
        KT_TRY(matches_undo_of(tx, &e, day)); /* by hand, or by who gave back what was left */
        KT_TRY(entry_reverse(tx, e.rec.id, later_of(day, e.day), (kt_str){0}, &made));
    }
    return NULL;
}

kt_error *matched_reverse(kt_tx *tx, kt_id document, kt_date day)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = reverse_all(tx, document, day);
    kt_callers_authority(tx, before);
    return error;
}

/* ---- By hand ---- */

struct match_by_hand {
    kt_record rec;
    kt_id debit, credit;
    kt_dec amount;
    kt_date day;
};
const kt_shape match_by_hand_shape = KT_SHAPE(match_by_hand, NULL,
    KT_FIELD(match_by_hand, debit, REF, "Owed to us", "Należność", .target = "finance.open_item",
        .required = true),
    KT_FIELD(match_by_hand, credit, REF, "Owed by us", "Zobowiązanie", .target = "finance.open_item",
        .required = true),
    KT_FIELD(match_by_hand, amount, MONEY, "Amount", "Kwota", .scale = 2,
        .help = {"In the currency of what is owed to us. Empty: as much as is open.",
            "W walucie należności. Puste: tyle, ile otwarte."}),
    KT_FIELD(match_by_hand, day, DATE, "Date", "Data", .initial = "today",
        .help = {"Of the later of the two, if it is before that.",
            "Późniejszej z pozycji, jeśli jest przed nią."}));
struct matched {
    kt_record rec;
    kt_dec amount, left;
};
const kt_shape matched_shape = KT_SHAPE(matched, NULL,
    KT_FIELD(matched, amount, MONEY, "Amount", "Kwota", .scale = 2),
    KT_FIELD(matched, left, MONEY, "Left open", "Pozostaje otwarte", .scale = 2));

kt_error *match_by_hand(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct match_by_hand *p = KT_SEE(match_by_hand, params);
    struct matched *out = KT_AS(matched, result);
    struct open_item debit = {KT_OF(open_item)}, credit = {KT_OF(open_item)};
    kt_dec back, most;
    KT_TRY(kt_read(tx, p->debit, &debit.rec));
    KT_TRY(kt_read(tx, p->credit, &credit.rec));
    KT_TRY(period_open(tx, "day", p->day));
    KT_TRY(digits_fit(tx, "amount", p->amount, debit.currency));
    KT_TRY(exchange(tx, "day", kt_dec_neg(credit.open), credit.currency, debit.currency, p->day, &most));
    kt_dec amount = p->amount.scale1 ? p->amount : kt_dec_cmp(debit.open, most) < 0 ? debit.open : most;
    KT_TRY(exchange(tx, "day", amount, debit.currency, credit.currency, p->day, &back));
    if (kt_dec_cmp(amount, most) == 0)
        back = kt_dec_neg(credit.open);
    KT_TRY(items_match(tx, p->debit, p->credit, amount, back, p->day, (kt_id){0}));
    out->amount = amount;
    out->left = kt_dec_sub(debit.open, amount);
    return NULL;
}

struct undo {
    kt_record rec;
    kt_date day;
};
static const kt_shape undo_shape = KT_SHAPE(
    undo, NULL, KT_FIELD(undo, day, DATE, "Date", "Data", .initial = "today"));

static kt_error *undo_by_hand(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct match *m = KT_AS(match, self);
    if (m->undone)
        return kt_fail(tx, KT_BAD_STATE, "undone", "it is taken back already", "już to cofnięto");
    KT_TRY(period_open(tx, "day", KT_SEE(undo, params)->day));
    m->undone = true;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = undo(tx, m, KT_SEE(undo, params)->day);
    kt_callers_authority(tx, before);
    return error;
}

const kt_action match_actions[] = {
    {"undo", {"Take back", "Cofnij"}, "update", .params = &undo_shape, .run = undo_by_hand},
    {0},
};
