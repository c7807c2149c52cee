/* Tax on a purchase that is deducted in another month than its bill is booked in: received later, put off, or with a tax point of
 * another month. It is booked on an account of its own, and an entry on the day of the deduction takes it from there to that of input
 * tax: so each month this account and the register say the same. Where no account is named for it, it is on the tax's at once.
 * source: ustawa o VAT art. 86 ust. 10, 10b, 11; ustawa o rachunkowości art. 24 ust. 4 pkt 3 */
#include "invoice/posting.h"

static bool same_month(kt_date a, kt_date b)
{
    int year[2], month[2], day;
    kt_date_parts(a, &year[0], &month[0], &day);
    kt_date_parts(b, &year[1], &month[1], &day);
    return year[0] == year[1] && month[0] == month[1];
}

static struct entry *move_on(struct deducted_later *l, kt_date declared)
{
    size_t i = 0;
    while (i < l->count && l->moves[i].day.day != declared.day)
        i++;
    if (i == l->count)
        l->moves[l->count++] = (struct entry){KT_OF(entry), .day = declared};
    return &l->moves[i];
}

kt_error *tax_account(kt_tx *tx, struct deducted_later *l, enum vat_register side, kt_date booked,
    kt_date declared, kt_str label, kt_dec value, kt_id *account)
{
    kt_id own, later = {0};
    KT_TRY(account_for(tx, side == SALE_REGISTER ? TAX_SALE : TAX_PURCHASE, (kt_id){0}, &own));
    if (side == PURCHASE_REGISTER && !same_month(booked, declared))
        KT_TRY(account_named(tx, TAX_PURCHASE_LATER, &later));
    *account = later.v ? later : own;
    if (!later.v)
        return NULL;
    struct entry *move = move_on(l, declared);
    KT_TRY(entry_add(tx, move, &(struct entry_line){.account = own, .text = label}, value, (kt_dec){0}));
    return entry_add(
        tx, move, &(struct entry_line){.account = later, .text = label}, kt_dec_neg(value), (kt_dec){0});
}

kt_error *deducted_later_post(kt_tx *tx, struct deducted_later *l, const struct entry *of)
{
    for (size_t i = 0; i < l->count; i++) {
        l->moves[i].origin = of->origin;
        l->moves[i].reference = of->reference;
        l->moves[i].text = kt_say(tx, (kt_text){"Input tax deducted", "Odliczenie VAT naliczonego"});
        KT_TRY(entry_post(tx, &l->moves[i]));
    }
    return NULL;
}
