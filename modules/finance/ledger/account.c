/* The chart of accounts, a tree whose leaves are posted to, and the accounts that postings made by the house
 * itself go to. */
#include "finance.h"

const kt_choice account_kinds[] = {
    {ASSET, "asset", {"Asset", "Aktywa"}},
    {LIABILITY, "liability", {"Liability", "Zobowiązania"}},
    {EQUITY, "equity", {"Equity", "Kapitał"}},
    {INCOME, "income", {"Income", "Przychody"}},
    {EXPENSE, "expense", {"Expense", "Koszty"}},
    {OFF_BALANCE, "off_balance", {"Off balance sheet", "Pozabilansowe"}},
    {0},
};
const kt_choice cash_classes[] = {
    {CASH, "cash", {"Cash and bank", "Środki pieniężne"}},
    {OPERATING, "operating", {"Operating", "Działalność operacyjna"}},
    {INVESTING, "investing", {"Investing", "Działalność inwestycyjna"}},
    {FINANCING, "financing", {"Financing", "Działalność finansowa"}},
    {0},
};
const kt_choice purposes[] = {
    {RECEIVABLE, "receivable", {"Receivables", "Należności"}},
    {PAYABLE, "payable", {"Payables", "Zobowiązania wobec dostawców"}},
    {BANK, "bank", {"Bank", "Bank"}},
    {PETTY_CASH, "cash", {"Cash desk", "Kasa"}},
    {SALES_GOODS, "sales_goods", {"Sales of goods", "Sprzedaż towarów"}},
    {SALES_SERVICES, "sales_services", {"Sales of services", "Sprzedaż usług"}},
    {PURCHASES, "purchases", {"Purchases not stocked", "Zakupy niemagazynowane"}},
    {TAX_SALE, "tax_sale", {"Tax on sales", "VAT należny"}},
    {TAX_PURCHASE, "tax_purchase", {"Tax on purchases", "VAT naliczony"}},
    {ADVANCE_IN, "advance_in", {"Advances received", "Zaliczki otrzymane"}},
    {ADVANCE_OUT, "advance_out", {"Advances paid", "Zaliczki wpłacone"}},
    {STOCK, "stock", {"Stock", "Zapasy"}},
    {NOT_INVOICED, "not_invoiced", {"Goods received, not invoiced", "Rozliczenie zakupu"}},
    {COST_OF_GOODS, "cost_of_goods", {"Cost of goods sold", "Koszt własny sprzedaży"}},
    {IN_PROGRESS, "in_progress", {"Work in progress", "Produkcja w toku"}},
    {PRICE_VARIANCE, "price_variance", {"Purchase price variance", "Odchylenia od cen zakupu"}},
    {MAKING_VARIANCE, "making_variance", {"Production variance", "Odchylenia produkcji"}},
    {LOSSES, "losses", {"Stock losses and gains", "Różnice inwentaryzacyjne"}},
    {REVALUED, "revalued", {"Revaluation of stock", "Przeszacowanie zapasów"}},
    {LABOUR_APPLIED, "labour", {"Labour applied", "Robocizna rozliczona"}},
    {MACHINE_APPLIED, "machine", {"Machine time applied", "Praca maszyn rozliczona"}},
    {OVERHEAD_APPLIED, "overhead", {"Overhead applied", "Narzuty rozliczone"}},
    {EXCHANGE_GAIN, "exchange_gain", {"Exchange gains", "Dodatnie różnice kursowe"}},
    {EXCHANGE_LOSS, "exchange_loss", {"Exchange losses", "Ujemne różnice kursowe"}},
    {DISCOUNT_GIVEN, "discount_given", {"Early payment discounts given", "Skonta udzielone"}},
    {DISCOUNT_TAKEN, "discount_taken", {"Early payment discounts taken", "Skonta otrzymane"}},
    {WRITE_OFF, "write_off", {"Small differences of payments", "Drobne różnice płatności"}},
    {RESULT, "result", {"Result of the year", "Wynik finansowy"}},
    {OPENING, "opening", {"Opening balances", "Bilans otwarcia"}},
    {TRANSIT, "transit", {"Goods in transit", "Towary w drodze"}},
    {TAX_PURCHASE_LATER, "tax_purchase_later",
        {"Tax on purchases to be deducted later", "VAT naliczony do rozliczenia w następnych okresach"}},
    {TAX_SALE_OTHER_MONTH, "tax_sale_other_month",
        {"Tax on sales declared in another month", "VAT należny rozliczany w innym miesiącu"}},
    {0},
};

const kt_shape account_shape = KT_SHAPE(account, "finance.account",
    KT_FIELD(account, code, STRING, "Code", "Numer konta", .required = true, .max = 30, .searchable = true,
        .indexed = true, .priority = 1),
    KT_FIELD(account, name, STRING, "Name", "Nazwa", .required = true, .max = 120, .searchable = true,
        .priority = 2),
    KT_FIELD(account, name_pl, STRING, "Polish name", "Nazwa polska", .max = 120, .searchable = true),
    KT_FIELD(account, kind, STATE, "Kind", "Rodzaj", .choices = account_kinds, .required = true,
        .indexed = true, .priority = 3),
    KT_FIELD(account, parent, REF, "Part of", "Należy do", .target = "finance.account", .priority = 4),
    KT_FIELD(account, group, BOOL, "Group", "Grupa",
        .help = {"Sums up the accounts in it; nothing is posted to it.",
            "Sumuje konta, które zawiera; nic się na nim nie księguje."}),
    KT_FIELD(account, open_items, BOOL, "Open items", "Rozrachunki",
        .help = {"Each line names a party and stays open until it is matched.",
            "Każdy zapis ma kontrahenta i pozostaje otwarty do rozliczenia."}),
    KT_FIELD(account, cash, STATE, "In the cash flow", "W przepływach", .choices = cash_classes,
        .help = {"Empty: operating.", "Puste: działalność operacyjna."}),
    KT_FIELD(account, currency, REF, "Currency", "Waluta", .target = "base.currency",
        .help = {"Empty: any.", "Puste: dowolna."}),
    KT_FIELD(account, active, BOOL, "Active", "Aktywne", .initial = "true"));

const kt_shape purpose_row_shape = KT_SHAPE(purpose_row, "finance.purpose",
    KT_FIELD(purpose_row, purpose, STATE, "Purpose", "Przeznaczenie", .choices = purposes, .required = true,
        .priority = 1),
    KT_FIELD(purpose_row, category, REF, "Item category", "Kategoria towarów", .target = "base.item_category",
        .priority = 2,
        .help = {"Empty: all that have no row of their own.", "Puste: wszystkie bez własnego wiersza."}),
    KT_FIELD(purpose_row, account, REF, "Account", "Konto", .target = "finance.account", .required = true,
        .priority = 3));

kt_error *account_compute(kt_tx *tx, kt_record *self)
{
    const struct account *a = KT_AS(account, self);
    kt_error *all = NULL;
    KT_TRY(keep_company(tx, self));
    if (a->group && a->open_items)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "open_items", "a group has no postings", "grupa nie ma zapisów"));
    if (!a->parent.v)
        return all;
    struct account up = {KT_OF(account)};
    KT_TRY(kt_read(tx, a->parent, &up.rec));
    if (!up.group)
        kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, "parent", "account %s is no group",
                                  "konto %s nie jest grupą", up.code.ptr),
                          "Only groups contain other accounts.", "Tylko grupy zawierają inne konta."));
    return all;
}

static kt_error *check_used(kt_tx *tx, const struct account *was, const struct account *is)
{
    uint64_t used = 0;
    if (!was || (is && was->group == is->group && was->kind == is->kind &&
                    was->open_items == is->open_items && was->currency.v == is->currency.v))
        return NULL;
    const kt_where where[] = {KT_WHERE(balance, account, KT_EQ, was->rec.id), {0}};
    KT_TRY(kt_count(tx, &(kt_query){&balance_shape, where, NULL, 1}, &used));
    if (!used)
        return NULL;
    return kt_hint(
        kt_fail(tx, KT_CONFLICT, NULL, "account %s has postings", "konto %s ma zapisy", was->code.ptr),
        "Make a new account and set this one inactive.", "Załóż nowe konto, a to ustaw jako nieaktywne.");
}

kt_error *account_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    enum { DEPTH_MAX = 20 };
    const struct account *was = before ? KT_SEE(account, before) : NULL;
    const struct account *is = after ? KT_SEE(account, after) : NULL;
    KT_TRY(check_used(tx, was, is));
    kt_id at = is ? is->parent : (kt_id){0};
    for (int depth = 0; at.v; depth++) {
        if (at.v == after->id.v || depth == DEPTH_MAX)
            return kt_fail(tx, KT_RULE, "parent", "an account cannot be a part of itself",
                "konto nie może być częścią samego siebie");
        struct account up = {KT_OF(account)};
        KT_TRY(kt_read(tx, at, &up.rec));
        at = up.parent;
    }
    return NULL;
}

/* ---- By purpose ---- */

struct seen_category {
    kt_record rec;
    kt_id parent;
};
static const kt_shape seen_category_shape = KT_SHAPE(
    seen_category, "base.item_category", KT_BIND(seen_category, parent, REF, "parent"));

static kt_error *find_purpose(kt_tx *tx, enum purpose purpose, kt_id category, kt_id *account)
{
    const kt_where where[] = {KT_WHERE(purpose_row, purpose, KT_EQ, purpose),
        KT_WHERE(purpose_row, category, KT_EQ, category), {0}};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){&purpose_row_shape, where, NULL, 1}, &cursor));
    struct purpose_row row = {KT_OF(purpose_row)};
    if (kt_next(cursor, &row.rec))
        *account = row.account;
    return kt_close(cursor);
}

static kt_error *find_by_category(kt_tx *tx, enum purpose purpose, kt_id category, kt_id *account)
{
    enum { DEPTH_MAX = 20 };
    for (int depth = 0; category.v && !account->v && depth < DEPTH_MAX; depth++) {
        struct seen_category up = {KT_OF(seen_category)};
        KT_TRY(find_purpose(tx, purpose, category, account));
        KT_TRY(kt_read(tx, category, &up.rec));
        category = up.parent;
    }
    return account->v ? NULL : find_purpose(tx, purpose, (kt_id){0}, account);
}

kt_error *account_named(kt_tx *tx, enum purpose purpose, kt_id *account)
{
    *account = (kt_id){0};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = find_purpose(tx, purpose, (kt_id){0}, account);
    kt_callers_authority(tx, before);
    return error;
}

kt_error *account_for(kt_tx *tx, enum purpose purpose, kt_id category, kt_id *account)
{
    *account = (kt_id){0};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = find_by_category(tx, purpose, category, account);
    kt_callers_authority(tx, before);
    KT_TRY(error);
    if (account->v)
        return NULL;
    const kt_choice *named = &purposes[purpose - 1];
    return kt_hint(kt_fail(tx, KT_RULE, NULL, "no account is named for: %s", "nie wskazano konta dla: %s",
                       kt_say(tx, named->label).ptr),
        "Run finance.setup, or add a row to finance.purpose.",
        "Uruchom finance.setup albo dodaj wiersz w finance.purpose.");
}
