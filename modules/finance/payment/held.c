/* Money in another currency on an account that is kept in it. What goes out was in the books for the average of what came in, so
 * what it differs by from the rate of the day is realised, and an account without euros is an account without zlotys; what
 * comes into an overdrawn one pays that back alike.
 * source: IAS 21 par. 21, 28; ustawa o rachunkowości art. 34 ust. 4 pkt 1, art. 35 ust. 8 */
#include "payment/payment.h"

/* Valuations of the day itself are no part of what it was in the books for: they are taken back on the next. */
static kt_error *less_valued(kt_tx *tx, kt_id account, kt_date day, kt_dec *balance)
{
    const kt_where where[] = {KT_WHERE(entry, kind, KT_EQ, REVALUATION), KT_WHERE(entry, day, KT_EQ, day),
        KT_WHERE(entry, state, KT_EQ, ENTRY_POSTED), KT_WHERE(entry, reverses, KT_EQ, {0}), {0}};
    struct entry e = {KT_OF(entry)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&entry_shape, where, NULL, 0}, &cursor));
    while (kt_next(cursor, &e.rec))
        for (size_t i = 0; i < e.lines.count; i++) {
            const struct entry_line *line = KT_SEE(entry_line, kt_line(&e.lines, i));
            if (line->account.v == account.v)
                *balance = kt_dec_sub(*balance, kt_dec_sub(known(line->debit), known(line->credit)));
        }
    return kt_close(cursor);
}

kt_error *held_value(kt_tx *tx, kt_id account, kt_date day, kt_dec amount, kt_dec value, kt_dec *booked)
{
    struct account a = {KT_OF(account)};
    struct house house;
    kt_dec balance, there;
    *booked = value;
    KT_TRY(house_of(tx, &house));
    KT_TRY(kt_read(tx, account, &a.rec));
    if (!a.currency.v || a.currency.v == house.currency.v)
        return NULL;
    KT_TRY(balance_on(tx, account, day, &balance, &there));
    KT_TRY(less_valued(tx, account, day, &balance));
    if (sign_of(there) * sign_of(amount) >= 0)
        return NULL;
    kt_dec size = size_of(amount), most = size_of(there);
    *booked = kt_dec_cmp(size, most) <= 0
                  ? kt_dec_neg(share_of(balance, size, most))
                  : kt_dec_sub(kt_dec_sub(value, share_of(value, most, size)), balance);
    return NULL;
}
