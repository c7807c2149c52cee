/* Tax that is declared in another month than its document is booked in. A purchase's is deducted when the bill is there, or put off; a
 * sale's is due at its tax point, which is that of the delivery or of the money, and not the invoice's date: who bills in the first half
 * of a month what was delivered in the last owes it for the last. It is booked on an account of its own, and an entry on the day of
 * its row in the register takes it from there to that of the tax: so each month this account and the register say the same. Where
 * no account is named for it, it is on the tax's at once.
 * source: ustawa o VAT art. 19a ust. 1, 5, 7 i 8 (tax point of sales), art. 106i ust. 1 (billed until the 15th of the next month), art.
 * 86 ust. 10, 10b, 11 (deduction), art. 109 ust. 3 (registers), art. 99 ust. 1 (declared by month); ustawa o rachunkowości art. 24
 * ust. 4 pkt 3 */
#include "invoice/posting.h"

static bool same_month(kt_date a, kt_date b)
{
    int year[2], month[2], day;
    kt_date_parts(a, &year[0], &month[0], &day);
    kt_date_parts(b, &year[1], &month[1], &day);
    return year[0] == year[1] && month[0] == month[1];
}

static struct entry *move_on(struct tax_moves *m, kt_date declared)
{
    size_t i = 0;
    while (i < m->count && m->at[i].day.day != declared.day)
        i++;
    if (i == m->count)
        m->at[m->count++] = (struct entry){KT_OF(entry), .day = declared};
    return &m->at[i];
}

kt_error *tax_account(kt_tx *tx, struct tax_moves *m, enum vat_register side, kt_date booked,
    kt_date declared, kt_str label, kt_dec value, kt_id *account)
{
    const bool sale = side == SALE_REGISTER;
    kt_id own, other = {0};
    KT_TRY(account_for(tx, sale ? TAX_SALE : TAX_PURCHASE, (kt_id){0}, &own));
    if (!same_month(booked, declared))
        KT_TRY(account_named(tx, sale ? TAX_SALE_OTHER_MONTH : TAX_PURCHASE_LATER, &other));
    *account = other.v ? other : own;
    if (!other.v)
        return NULL;
    struct entry *move = move_on(m, declared);
    KT_TRY(entry_add(tx, move, &(struct entry_line){.account = own, .text = label}, value, (kt_dec){0}));
    return entry_add(
        tx, move, &(struct entry_line){.account = other, .text = label}, kt_dec_neg(value), (kt_dec){0});
}

kt_error *tax_moves_post(kt_tx *tx, struct tax_moves *m, const struct entry *of)
{
    for (size_t i = 0; i < m->count; i++) {
        m->at[i].origin = of->origin;
        m->at[i].reference = of->reference;
        m->at[i].text = kt_say(
            tx, (kt_text){"Tax in the month of its register", "VAT w miesiącu jego rejestru"});
        KT_TRY(entry_post(tx, &m->at[i]));
    }
    return NULL;
}
