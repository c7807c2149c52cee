/* bank_account.c -- see bank_account.h. */
#include "bank_account.h"

#include "identifiers.h"

struct bank_account {
    kt_record rec;
    kt_str iban, bank, bic;
    kt_id currency;
};
const kt_shape bank_account_shape = KT_SHAPE(bank_account, NULL,
    KT_FIELD(bank_account, iban, STRING, "IBAN", "IBAN", .mask = "bank", .required = true, .max = 42,
        .priority = 1,
        .help = {"Checked by its check digits; 26 digits are a Polish account.",
            "Sprawdzany cyframi kontrolnymi; 26 cyfr to rachunek polski."}),
    KT_FIELD(bank_account, bank, STRING, "Bank", "Bank", .max = 120, .priority = 2),
    KT_FIELD(bank_account, bic, STRING, "BIC", "BIC", .max = 11),
    KT_FIELD(bank_account, currency, REF, "Currency", "Waluta", .target = "base.currency", .priority = 3));

kt_error *bank_accounts_check(kt_tx *tx, const kt_lines *accounts)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < accounts->count; i++) {
        struct bank_account *a = KT_AS(bank_account, kt_line(accounts, i));
        if (a->iban.ptr)
            kt_also(&all, iban_check(tx, kt_format(tx, "bank_accounts[%zu].iban", i).ptr, &a->iban));
    }
    return all;
}
