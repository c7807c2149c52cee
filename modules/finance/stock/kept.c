/* The accounts of stock are the stores': while they are at work nothing but moved goods is posted there, and no account with
 * a balance becomes one of them or stops being one. So stock value is what the ledger says, at every commit. */
#include <string.h>

#include "stock/stock.h"

static kt_error *rows_naming(kt_tx *tx, kt_id account, uint64_t *count)
{
    const kt_where where[] = {
        KT_WHERE(purpose_row, purpose, KT_EQ, STOCK), KT_WHERE(purpose_row, account, KT_EQ, account), {0}};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_count(tx, &(kt_query){&purpose_row_shape, where, NULL, 0}, count);
    kt_callers_authority(tx, before);
    return error;
}

/* Entries that nobody made, and those of the books' own documents, move no goods. */
static bool moves_goods(kt_tx *tx, kt_id origin)
{
    static const char own[] = "finance.";
    const char *entity = kt_any_entity(tx, origin);
    return entity && strncmp(entity, own, sizeof own - 1) != 0;
}

kt_error *stock_account_free(kt_tx *tx, const char *path, const struct account *a, kt_id origin)
{
    uint64_t named;
    if (!stock_is_kept(tx) || moves_goods(tx, origin))
        return NULL;
    KT_TRY(rows_naming(tx, a->rec.id, &named));
    return named ? kt_hint(kt_fail(tx, KT_RULE, path, "account %s has what the stores are worth",
                               "konto %s ma wartość magazynu", a->code.ptr),
                       "Move, count or revalue the goods; what was there before is taken over by "
                       "finance.align_stock.",
                       "Przesuń, policz albo przeszacuj towar; co było wcześniej, przejmuje "
                       "finance.align_stock.")
                 : NULL;
}

/* Is the account one of stock only because of one row, and is something on it? */
static kt_error *hangs_on(kt_tx *tx, kt_id account, uint64_t rows, bool *yes)
{
    uint64_t named;
    kt_dec balance;
    KT_TRY(rows_naming(tx, account, &named));
    KT_TRY(balance_on(tx, account, kt_date_make(9000, 1, 1), &balance, NULL));
    *yes = named == rows && balance.coef != 0;
    return NULL;
}

kt_error *purpose_row_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct purpose_row *was = before ? KT_SEE(purpose_row, before) : NULL,
                             *is = after ? KT_SEE(purpose_row, after) : NULL;
    bool gone = was && was->purpose == STOCK &&
                (!is || is->purpose != STOCK || is->account.v != was->account.v);
    bool come = is && is->purpose == STOCK &&
                (!was || was->purpose != STOCK || is->account.v != was->account.v);
    bool left = false, brought = false;
    if (!stock_is_kept(tx) || (!gone && !come))
        return NULL;
    if (gone)
        KT_TRY(hangs_on(tx, was->account, 0, &left));
    if (come)
        KT_TRY(hangs_on(tx, is->account, 1, &brought));
    if (!left && !brought)
        return NULL;
    return kt_hint(kt_fail(tx, KT_CONFLICT, is ? "account" : NULL,
                       left ? "the account that it names has the value of goods"
                            : "the account has a balance that no goods stand for",
                       left ? "konto, które wskazuje, ma wartość towarów"
                            : "konto ma saldo, za którym nie stoją towary"),
        "Name an empty account for a category of goods; finance.align_stock moves their value there.",
        "Wskaż puste konto dla kategorii towarów; finance.align_stock przeniesie tam ich wartość.");
}
