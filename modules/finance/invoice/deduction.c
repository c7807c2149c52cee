/* When the tax of a purchase is deducted: in the period in which it fell due, but not before the bill was received, or in one of
 * the next periods. A credit note and a discount lessen it in their own, but not before it was deducted. source: ustawa o
 * VAT art. 86 ust. 10, 10b, 11, 19a; Directive 2006/112/EC art. 167, 178, 180, 184 */
#include "invoice/invoice.h"
#include "payment/payment.h"

enum { MONTHS_LATER = 3, QUARTERS_LATER = 2 };

/* The first day on which there is both the tax and the bill. */
static kt_date first_day(const struct invoice *v)
{
    return later_of(v->tax_day.day ? v->tax_day : v->day, v->received_on.day ? v->received_on : v->day);
}

static kt_error *check_deducted(kt_tx *tx, const struct invoice *v)
{
    struct setting s;
    const kt_date first = first_day(v);
    KT_TRY(setting_of(tx, &s));
    const kt_date end = tax_period(
        s.tax_every, first, 1 + (s.tax_every == TAX_QUARTERLY ? QUARTERS_LATER : MONTHS_LATER));
    if (v->deducted_on.day < first.day)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "deducted_on", "the tax is not deducted before %s",
                           "VAT nie jest odliczany przed %s", kt_date_text(tx, first).ptr),
            "It is deducted with the bill in hand, and not before its tax point.",
            "Odlicza się, mając fakturę, i nie przed datą obowiązku podatkowego.");
    if (v->deducted_on.day >= end.day)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "deducted_on", "the tax is not deducted after %s",
                           "VAT nie jest odliczany po %s", kt_date_text(tx, kt_date_add(end, -1)).ptr),
            "Later, leave it empty: the declaration of the period in which it could be deducted is "
            "corrected.",
            "Później zostaw puste: koryguje się deklarację za okres, w którym powstało prawo do odliczenia.");
    return NULL;
}

kt_error *deduction_check(kt_tx *tx, const struct invoice *v)
{
    if (!v->received_on.day && !v->deducted_on.day)
        return NULL;
    if (!is_bill(v->kind))
        return kt_fail(tx, KT_VALIDATION, v->received_on.day ? "received_on" : "deducted_on",
            "only a bill of a purchase has it", "ma ją tylko faktura zakupu");
    if (v->received_on.day && v->received_on.day < v->day.day)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "received_on", "is before the date of the bill",
                           "jest wcześniejsza niż data faktury"),
            "Check both dates: nothing is received before it is issued.",
            "Sprawdź obie daty: nic nie wpływa przed wystawieniem.");
    return v->deducted_on.day ? check_deducted(tx, v) : NULL;
}

kt_error *deduction_day(kt_tx *tx, const struct invoice *v, kt_date *day)
{
    struct invoice of = {KT_OF(invoice)};
    *day = v->deducted_on.day ? v->deducted_on : first_day(v);
    if (!is_credit(v->kind))
        return NULL;
    KT_TRY(kt_read(tx, v->corrects, &of.rec));
    *day = later_of(*day, of.deducted_on.day ? of.deducted_on : first_day(&of));
    return NULL;
}
