/* Cash desks. What lies in a drawer is counted: at the end of no day it is less than nothing, and a cash report that says so
 * is wrong. So an entry that would take a desk below zero, on its own day or, entered late, on one that follows, is refused
 * whoever posts it: there is no right and no setting for it. A bank account may be overdrawn.
 * source: ustawa o rachunkowości art. 4 ust. 1, art. 24 ust. 2 (books show what is there), art. 26 ust. 1 pkt 1 (cash is
 * counted) */
#include <string.h>

#include "finance.h"

/* What an entry does to an account; amount in the entry's own currency. */
static void change_of(const struct entry *e, kt_id account, kt_dec *value, kt_dec *amount)
{
    *value = *amount = money(0);
    for (size_t i = 0; i < e->lines.count; i++) {
        const struct entry_line *line = KT_SEE(entry_line, kt_line(&e->lines, i));
        if (line->account.v != account.v)
            continue;
        *value = kt_dec_add(*value, kt_dec_sub(known(line->debit), known(line->credit)));
        *amount = kt_dec_add(*amount, known(line->amount));
    }
}

/* Every line of it that takes out is met; the first one speaks. */
static bool is_first(const struct entry *e, size_t line, kt_id account)
{
    for (size_t i = 0; i < line; i++) {
        const struct entry_line *before = KT_SEE(entry_line, kt_line(&e->lines, i));
        if (before->account.v == account.v && before->credit.coef)
            return false;
    }
    return true;
}

/* What the caller gave that is too much: an amount, or the day of what is taken back. */
static const char *path_of(kt_tx *tx, const struct entry *e, size_t line)
{
    const char *entity = kt_any_entity(tx, e->origin);
    if (e->reverses.v)
        return "day";
    return !entity                                  ? kt_format(tx, "lines[%zu].credit", line).ptr
           : strcmp(entity, "finance.payment") == 0 ? "amount"
                                                    : "day";
}

static kt_error *would_hold(kt_tx *tx, const char *path, kt_str code, kt_dec balance, kt_date day)
{
    int year, month, of_month;
    long long cents = -(long long)kt_dec_round(balance, 2).coef;
    kt_date_parts(day, &year, &month, &of_month);
    return kt_hint(kt_fail(tx, KT_RULE, path, "cash desk %s would hold -%lld.%02lld on %04d-%02d-%02d",
                       "w kasie %s byłoby -%lld,%02lld dnia %04d-%02d-%02d", code.ptr, cents / 100,
                       cents % 100, year, month, of_month),
        "Enter first what came into it, or pay from the bank: a cash desk cannot hold less than nothing.",
        "Najpierw wprowadź to, co do niej wpłynęło, albo zapłać z banku: w kasie nie może być mniej niż "
        "nic.");
}

static kt_error *find_journal(kt_tx *tx, kt_id account, struct journal *j)
{
    const kt_where where[] = {
        KT_WHERE(journal, account, KT_EQ, account), KT_WHERE(journal, kind, KT_EQ, CASHING), {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&journal_shape, where, "id", 1}, &cursor));
    (void)kt_next(cursor, &j->rec);
    return kt_close(cursor);
}

static kt_error *holds(
    kt_tx *tx, const struct entry *e, size_t line, const struct account *a, const struct house *house)
{
    struct journal j = {KT_OF(journal)};
    kt_dec value, amount, balance;
    kt_date day;
    KT_TRY(find_journal(tx, a->rec.id, &j));
    if (!j.rec.id.v)
        return NULL;
    kt_id currency = a->currency.v ? a->currency : j.currency;
    bool own = currency.v &&
               currency.v != house->currency.v; /* its value may be anything: coins are counted */
    change_of(e, a->rec.id, &value, &amount);
    kt_dec change = own ? amount : value;
    if (sign_of(change) >= 0)
        return NULL;
    KT_TRY(balance_below(tx, a->rec.id, own, e->day, change, &day, &balance));
    return sign_of(balance) < 0 ? would_hold(tx, path_of(tx, e, line), a->code, balance, day) : NULL;
}

kt_error *cash_desk_holds(
    kt_tx *tx, const struct entry *e, size_t line, const struct account *a, const struct house *house)
{
    if (a->kind != ASSET || a->open_items || !is_first(e, line, a->rec.id))
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = holds(tx, e, line, a, house);
    kt_callers_authority(tx, before);
    return error;
}
