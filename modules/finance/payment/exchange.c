/* Unrealised exchange differences: on a day, of the past too, every item that was open in another currency and every
 * account that is kept in one are valued at that day's rate; what they differ by is posted, and taken back on
 * the next. A valuation that is repeated posts what changed since. source: IAS 21 par. 23, 28; ustawa o
 * rachunkowości art. 30 */
#include <stdlib.h>

#include <kontor/list.h>

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
const kt_shape revalued_shape = KT_SHAPE(revalued, NULL, KT_FIELD(revalued, items, INT, "Items", "Pozycje"),
    KT_FIELD(revalued, entry, INT, "Entry", "Zapis"), KT_FIELD(revalued, reversal, INT, "Reversal", "Storno"),
    KT_FIELD(revalued, gain, MONEY, "Gain", "Zysk", .scale = 2),
    KT_FIELD(revalued, loss, MONEY, "Loss", "Strata", .scale = 2));

struct gap { /* what an account, or a party on it, is worth more than the books say */
    kt_id account, party;
    kt_dec value;
};
typedef struct {
    kt_tx *tx;
    struct house house;
    kt_date day;
    kt_id gain, loss;
    struct gap *gaps;
    size_t count, room;
    struct revalued *out;
} valuation;

static kt_error *add_gap(valuation *v, kt_id account, kt_id party, kt_dec value)
{
    struct gap *gaps = kt_grow(v->tx, v->gaps, v->count, &v->room, sizeof *v->gaps);
    if (!gaps)
        return kt_no_memory();
    v->gaps = gaps;
    v->gaps[v->count++] = (struct gap){account, party, value};
    return NULL;
}

static kt_error *value_item(void *context, const struct open_item *item, kt_dec open, kt_dec value)
{
    valuation *v = context;
    kt_dec now;
    if (item->currency.v == v->house.currency.v)
        return NULL;
    KT_TRY(to_house(v->tx, &v->house, "day", open, item->currency, v->day, &now));
    if (same_dec(now, value))
        return NULL;
    v->out->items++;
    return add_gap(v, item->account, item->party, kt_dec_sub(now, value));
}

/* Cash and debts on accounts that are kept in another currency: what is there of it, at the day's rate. */
static kt_error *value_accounts(valuation *v)
{
    struct turnover *rows;
    size_t count;
    KT_TRY(turnovers(v->tx, (kt_date){0}, v->day, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        struct account a = {KT_OF(account)};
        kt_dec now, books = kt_dec_sub(rows[i].debit, rows[i].credit);
        KT_TRY(kt_read(v->tx, rows[i].account, &a.rec));
        if (a.kind > LIABILITY || a.open_items || !a.currency.v || a.currency.v == v->house.currency.v)
            continue;
        KT_TRY(to_house(v->tx, &v->house, "day", known(rows[i].amount), a.currency, v->day, &now));
        if (same_dec(now, books))
            continue;
        v->out->items++;
        KT_TRY(add_gap(v, a.rec.id, (kt_id){0}, kt_dec_sub(now, books)));
    }
    return NULL;
}

/* What was posted by earlier valuations of this day. Accounts without open items have it in their balance already. */
static kt_error *take_posted(valuation *v)
{
    const kt_where where[] = {KT_WHERE(entry, kind, KT_EQ, REVALUATION), KT_WHERE(entry, day, KT_EQ, v->day),
        KT_WHERE(entry, reverses, KT_EQ, {0}), {0}};
    struct entry e = {KT_OF(entry)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(v->tx, &(kt_query){&entry_shape, where, "id", 0}, &cursor));
    while (!error && kt_next(cursor, &e.rec))
        for (size_t i = 0; i < e.lines.count && !error; i++) {
            const struct entry_line *line = KT_AS(entry_line, kt_line(&e.lines, i));
            if (line->party.v)
                error = add_gap(
                    v, line->account, line->party, kt_dec_sub(known(line->credit), known(line->debit)));
        }
    kt_also(&error, kt_close(cursor));
    return error;
}

static int by_account(const void *x, const void *y)
{
    const struct gap *a = x, *b = y;
    int c = (a->account.v > b->account.v) - (a->account.v < b->account.v);
    return c ? c : (a->party.v > b->party.v) - (a->party.v < b->party.v);
}

/* One gap for each account and party. */
static void put_together(valuation *v)
{
    size_t kept = 0;
    if (v->count)
        qsort(v->gaps, v->count, sizeof *v->gaps, by_account);
    for (size_t i = 0; i < v->count; i++)
        if (kept && by_account(&v->gaps[kept - 1], &v->gaps[i]) == 0)
            v->gaps[kept - 1].value = kt_dec_add(v->gaps[kept - 1].value, v->gaps[i].value);
        else
            v->gaps[kept++] = v->gaps[i];
    v->count = kept;
}

/* Posts up to `most` gaps from *at on, and takes them back on the next day. */
static kt_error *post_some(valuation *v, size_t *at, size_t most)
{
    struct entry e = {KT_OF(entry), .day = v->day, .kind = REVALUATION,
        .origin = kt_any(v->tx, "base.company", v->house.company),
        .text = kt_say(v->tx, (kt_text){"Valuation of other currencies", "Wycena walut"})};
    kt_dec gain = money(0), loss = money(0);
    kt_id reversal = {0};
    for (size_t end = *at + most; *at < v->count && *at < end; ++*at) {
        const struct gap *g = &v->gaps[*at];
        if (g->value.coef > 0)
            gain = kt_dec_add(gain, g->value);
        else
            loss = kt_dec_sub(loss, g->value);
        KT_TRY(entry_add(v->tx, &e, &(struct entry_line){.account = g->account, .party = g->party}, g->value,
            (kt_dec){0}));
    }
    KT_TRY(entry_add(v->tx, &e, &(struct entry_line){.account = v->gain}, kt_dec_neg(gain), (kt_dec){0}));
    KT_TRY(entry_add(v->tx, &e, &(struct entry_line){.account = v->loss}, loss, (kt_dec){0}));
    KT_TRY(entry_post(v->tx, &e));
    v->out->gain = kt_dec_add(v->out->gain, gain);
    v->out->loss = kt_dec_add(v->out->loss, loss);
    if (!e.rec.id.v)
        return NULL;
    KT_TRY(entry_reverse(v->tx, e.rec.id, kt_date_add(e.day, 1), (kt_str){0}, &reversal));
    v->out->entry = (int64_t)e.rec.id.v;
    v->out->reversal = (int64_t)reversal.v;
    return NULL;
}

static kt_error *value_all(valuation *v)
{
    enum { GAPS_MOST = 4000 }; /* in one entry */
    KT_TRY(account_for(v->tx, EXCHANGE_GAIN, (kt_id){0}, &v->gain));
    KT_TRY(account_for(v->tx, EXCHANGE_LOSS, (kt_id){0}, &v->loss));
    KT_TRY(open_items_on(v->tx, (kt_id){0}, v->day, value_item, v));
    KT_TRY(value_accounts(v));
    KT_TRY(take_posted(v));
    put_together(v);
    for (size_t at = 0; at < v->count;)
        KT_TRY(post_some(v, &at, GAPS_MOST));
    return NULL;
}

kt_error *revalue(kt_tx *tx, const kt_record *params, kt_record *result)
{
    valuation v = {.tx = tx, .day = KT_SEE(revalue, params)->day, .out = KT_AS(revalued, result)};
    KT_TRY(house_of(tx, &v.house));
    KT_TRY(period_open(tx, "day", v.day));
    KT_TRY(period_open(tx, "day", kt_date_add(v.day, 1)));
    v.out->gain = v.out->loss = money(0);
    kt_authority before = kt_own_authority(tx);
    kt_error *error = value_all(&v);
    kt_callers_authority(tx, before);
    return error;
}
