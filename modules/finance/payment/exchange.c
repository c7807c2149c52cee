/* Unrealised exchange differences: on a day, every item that is open in another currency is valued at that day's
 * rate; what it differs by is posted, and taken back on the next day. source: IAS 21 par. 23, 28; ustawa o
 * rachunkowości art. 30 */
#include "payment/payment.h"

struct revalue {
    kt_record rec;
    kt_date day;
};
const kt_shape revalue_shape = KT_SHAPE(
    revalue, NULL, KT_FIELD(revalue, day, DATE, "Date", "Data", .required = true));
struct revalued {
    kt_record rec;
    int64_t items, entry, reversal;
    kt_dec gain, loss;
};
const kt_shape revalued_shape = KT_SHAPE(revalued, NULL,
    KT_FIELD(revalued, items, INT, "Items", "Rozrachunki"), KT_FIELD(revalued, entry, INT, "Entry", "Zapis"),
    KT_FIELD(revalued, reversal, INT, "Reversal", "Storno"),
    KT_FIELD(revalued, gain, MONEY, "Gain", "Zysk", .scale = 2),
    KT_FIELD(revalued, loss, MONEY, "Loss", "Strata", .scale = 2));

static kt_error *value_item(
    kt_tx *tx, const struct house *house, const struct open_item *item, struct entry *e, struct revalued *out)
{
    kt_dec now, gap;
    KT_TRY(to_house(tx, house, "day", item->open, item->currency, e->day, &now));
    gap = kt_dec_sub(now, item->open_value);
    if (!gap.coef)
        return NULL;
    out->items++;
    if (gap.coef > 0)
        out->gain = kt_dec_add(out->gain, gap);
    else
        out->loss = kt_dec_sub(out->loss, gap);
    return entry_add(tx, e,
        &(struct entry_line){.account = item->account, .party = item->party, .text = item->reference}, gap,
        (kt_dec){0});
}

static kt_error *value_all(kt_tx *tx, const struct house *house, struct entry *e, struct revalued *out)
{
    const kt_where where[] = {KT_WHERE(open_item, closed, KT_EQ, {0}),
        KT_WHERE(open_item, day, KT_LE, e->day), KT_WHERE(open_item, currency, KT_NE, house->currency), {0}};
    kt_cursor *cursor;
    struct open_item item = {KT_OF(open_item)};
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){&open_item_shape, where, "id", 4000}, &cursor));
    while (!error && kt_next(cursor, &item.rec))
        error = value_item(tx, house, &item, e, out);
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *revalue(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct revalued *out = KT_AS(revalued, result);
    struct entry e = {KT_OF(entry), .day = KT_SEE(revalue, params)->day, .kind = REVALUATION,
        .text = kt_say(tx, (kt_text){"Valuation of open items", "Wycena rozrachunków"})};
    struct house house;
    kt_id gain, loss, reversal = {0};
    KT_TRY(house_of(tx, &house));
    e.origin = kt_any(tx, "base.company", house.company);
    KT_TRY(account_for(tx, EXCHANGE_GAIN, (kt_id){0}, &gain));
    KT_TRY(account_for(tx, EXCHANGE_LOSS, (kt_id){0}, &loss));
    out->gain = out->loss = money(0);
    KT_TRY(value_all(tx, &house, &e, out));
    KT_TRY(entry_add(tx, &e, &(struct entry_line){.account = gain}, kt_dec_neg(out->gain), (kt_dec){0}));
    KT_TRY(entry_add(tx, &e, &(struct entry_line){.account = loss}, out->loss, (kt_dec){0}));
    KT_TRY(entry_post(tx, &e));
    out->entry = (int64_t)e.rec.id.v;
    if (!e.rec.id.v)
        return NULL;
    KT_TRY(entry_reverse(tx, e.rec.id, kt_date_add(e.day, 1), (kt_str){0}, &reversal));
    out->reversal = (int64_t)reversal.v;
    return NULL;
}
