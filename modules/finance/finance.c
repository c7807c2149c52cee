/* The module finance: ledger, invoices, payments, statements. This file is its table of contents. */
#include "finance.h"

#include <kontor/rules.h>

#include "invoice/invoice.h"
#include "invoice/limit.h"
#include "payment/payment.h"
#include "report/report.h"
#include "stock/stock.h"

struct dimension { /* what lines are told apart by beside their account: a project, a department */
    kt_record rec;
    kt_str code, name, kind;
    kt_id parent;
    bool active;
};
static const kt_shape dimension_shape = KT_SHAPE(dimension, "finance.dimension",
    KT_FIELD(dimension, code, STRING, "Code", "Kod", .required = true, .max = 30, .searchable = true,
        .priority = 1),
    KT_FIELD(dimension, name, STRING, "Name", "Nazwa", .required = true, .max = 120, .searchable = true,
        .priority = 2),
    KT_FIELD(dimension, kind, STRING, "Kind", "Rodzaj", .max = 40, .indexed = true, .priority = 3,
        .help = {"Project, department, campaign ..", "Projekt, dział, kampania .."}),
    KT_FIELD(dimension, parent, REF, "Part of", "Należy do", .target = "finance.dimension"),
    KT_FIELD(dimension, active, BOOL, "Active", "Aktywny", .initial = "true"));

static const kt_entity entities[] = {
    {&account_shape, {"Account", "Konto"}, {"Chart of accounts", "Plan kont"}, .title = "code",
        .indexes = "unique code company", .compute = account_compute, .check = account_check,
        .icon = "list-tree",
        .views = "[{\"kind\":\"tree\",\"parent\":\"parent\"},{\"kind\":\"list\",\"columns\":[\"code\","
                 "\"name\",\"kind\"],"
                 "\"sort\":\"code\"}]"},
    {&purpose_row_shape, {"Account by purpose", "Konto według przeznaczenia"},
        {"Accounts by purpose", "Konta według przeznaczenia"}, .title = "account",
        .indexes = "unique purpose category company", .compute = keep_company, .check = purpose_row_check,
        .icon = "signpost"},
    {&journal_shape, {"Journal", "Dziennik"}, {"Journals", "Dzienniki"}, .title = "code",
        .indexes = "unique code company", .compute = journal_compute, .icon = "book"},
    {&year_shape, {"Fiscal year", "Rok obrotowy"}, {"Fiscal years", "Lata obrotowe"}, .title = "name",
        .actions = year_actions, .compute = year_compute, .check = year_check, .icon = "calendar"},
    {&dimension_shape, {"Dimension", "Wymiar analityczny"}, {"Dimensions", "Wymiary analityczne"},
        .title = "name", .compute = keep_company, .icon = "layers"},
    {&setting_shape, {"Setting of the books", "Ustawienia księgowe"},
        {"Settings of the books", "Ustawienia księgowe"}, .compute = setting_compute, .icon = "sliders"},
    {&entry_shape, {"Entry", "Zapis księgowy"}, {"Entries", "Zapisy księgowe"}, .title = "text",
        .number = "~{year}/{seq:6}", .actions = entry_actions, .compute = entry_compute, .check = entry_check,
        .icon = "book-open",
        .views = "[{\"kind\":\"list\",\"columns\":[\"number\",\"day\",\"text\",\"total\",\"state\"],\"sort\":"
                 "\"-day,-id\"}]"},
    {&balance_shape, {"Balance", "Saldo"}, {"Balances", "Salda"},
        .indexes = "unique account span start, account span start, span start", .check = balance_check,
        .compute = keep_company, .kept = true, .icon = "scale"},
    {&terms_shape, {"Terms of payment", "Warunki płatności"}, {"Terms of payment", "Warunki płatności"},
        .title = "name", .compute = terms_compute, .icon = "clock"},
    {&invoice_shape, {"Invoice", "Faktura"}, {"Invoices", "Faktury"}, .title = "title",
        .number = "~FV/{year}/{month}/{seq:4}", .indexes = "party day, payment_status due",
        .actions = invoice_actions, .compute = invoice_compute, .check = invoice_check, .icon = "file-text",
        .views = "[{\"kind\":\"list\",\"columns\":[\"number\",\"kind\",\"title\",\"day\",\"gross\",\"open\","
                 "\"currency\","
                 "\"due\",\"payment_status\"],\"sort\":\"-id\"},{\"kind\":\"list\",\"name\":\"overdue\","
                 "\"label\":{\"en\":"
                 "\"Overdue\",\"pl\":\"Po "
                 "terminie\"},\"filter\":[[\"state\",\"=\",\"posted\"],[\"open\",\">\",\"0\"],"
                 "[\"due\",\"<\",\"today\"]],\"columns\":[\"number\",\"title\",\"due\",\"open\",\"currency\"]"
                 ",\"sort\":"
                 "\"due\"},{\"kind\":\"list\",\"name\":\"drafts\",\"label\":{\"en\":\"To post\",\"pl\":\"Do "
                 "zaksięgowania\"},\"filter\":[[\"state\",\"=\",\"draft\"]],\"columns\":[\"kind\",\"title\","
                 "\"day\","
                 "\"gross\"],\"sort\":\"day\"}]"},
    {&vat_line_shape, {"Row of the tax register", "Wiersz rejestru VAT"}, {"Tax register", "Rejestr VAT"},
        .title = "document", .indexes = "side tax_day", .check = vat_line_check, .compute = keep_company,
        .icon = "percent"},
    {&open_item_shape, {"Open item", "Rozrachunek"}, {"Open items", "Rozrachunki"}, .title = "reference",
        .indexes = "party closed, closed due", .check = open_item_check, .compute = keep_company,
        .icon = "hourglass",
        .views = "[{\"kind\":\"list\",\"columns\":[\"party\",\"reference\",\"due\",\"open\",\"currency\"],"
                 "\"filter\":"
                 "[[\"closed\",\"=\",null]],\"sort\":\"due\"}]"},
    {&match_shape, {"Match", "Rozliczenie"}, {"Matches", "Rozliczenia"}, .actions = match_actions,
        .check = match_check, .compute = keep_company, .icon = "link"},
    {&payment_shape, {"Payment", "Płatność"}, {"Payments", "Płatności"}, .title = "text",
        .number = "~{year}/{seq:6}", .indexes = "party day", .actions = payment_actions,
        .compute = payment_compute, .check = payment_check, .icon = "banknote",
        .views = "[{\"kind\":\"list\",\"columns\":[\"number\",\"direction\",\"party\",\"day\",\"amount\","
                 "\"open\",\"state\"],"
                 "\"sort\":\"-id\"}]"},
    {&set_off_shape, {"Set-off", "Kompensata"}, {"Set-offs", "Kompensaty"}, .title = "text",
        .number = "~{year}/{seq:6}", .indexes = "party day", .actions = set_off_actions,
        .compute = set_off_compute, .check = set_off_check, .icon = "arrow-left-right",
        .views = "[{\"kind\":\"list\",\"columns\":[\"number\",\"party\",\"day\",\"amount\",\"currency\","
                 "\"state\"],\"sort\":\"-id\"}]"},
    {&received_shape, {"Goods not invoiced", "Dostawa niefakturowana"},
        {"Goods not invoiced", "Dostawy niefakturowane"}, .indexes = "item party waits_for, document item",
        .compute = received_compute, .icon = "package"},
    {&regular_shape, {"Regular payment", "Płatność regularna"}, {"Regular payments", "Płatności regularne"},
        .title = "name", .compute = regular_compute, .icon = "repeat"},
    {&debtor_shape},
    {0},
};

static const kt_method methods[] = {
    {"setup", {"Set the books up", "Załóż księgi"}, "finance.account:create", true, &setup_shape,
        &setup_made_shape, finance_setup},
    {"invoice.from_order", {"Make an invoice of an order", "Utwórz fakturę z zamówienia"},
        "finance.invoice:create", true, &from_order_shape, &from_order_made_shape, invoice_from_order},
    {"to_invoice", {"Orders to invoice", "Zamówienia do zafakturowania"}, "finance.invoice:read", false,
        &to_invoice_shape, &to_invoice_rows_shape, orders_to_invoice},
    {"to_credit", {"Invoices of goods that came back, or went back", "Faktury za zwrócone towary"},
        "finance.invoice:read", false, &to_credit_shape, &to_credit_rows_shape, orders_to_credit},
    {"invoice.mark_overdue", {"Mark what is overdue", "Oznacz przeterminowane"}, "finance.invoice:update",
        true, &overdue_shape, &overdue_marked_shape, invoices_mark_overdue},
    {"vat_register", {"Tax by register and rate", "VAT według rejestrów i stawek"}, "finance.vat_line:read",
        false, &vat_days_shape, &vat_sums_shape, vat_register},
    {"match_items", {"Set items off", "Rozlicz pozycje"}, "finance.match:create", true, &match_by_hand_shape,
        &matched_shape, match_by_hand},
    {"revalue", {"Value open items in other currencies", "Wyceń rozrachunki walutowe"}, "finance.entry:post",
        true, &revalue_shape, &revalued_shape, revalue},
    {"align_stock", {"Take over what the stores are worth", "Przejmij wartość zapasów"}, "finance.entry:post",
        true, &align_shape, &aligned_shape, stock_align},
    {"trial_balance", {"Trial balance", "Zestawienie obrotów i sald"}, "finance.balance:read", false,
        &trial_shape, &trial_answer_shape, trial_balance},
    {"general_ledger", {"Ledger of an account", "Kartoteka konta"}, "finance.entry:read", false,
        &ledger_shape, &ledger_answer_shape, general_ledger},
    {"cash_desk", {"Report of a cash desk", "Raport kasowy"}, "finance.payment:read", false, &cash_desk_shape,
        &cash_desk_answer_shape, cash_desk},
    {"amortise", {"Plan of instalments of a debt", "Plan spłaty w ratach"}, "finance.regular_payment:read",
        false, &amortise_shape, &amortise_answer_shape, amortise},
    {"balance_sheet", {"Balance sheet", "Bilans"}, "finance.balance:read", false, &balance_sheet_shape,
        &statement_shape, balance_sheet},
    {"profit_loss", {"Profit and loss", "Rachunek zysków i strat"}, "finance.balance:read", false,
        &profit_loss_shape, &statement_shape, profit_loss},
    {"cash_flow", {"Cash flow", "Przepływy pieniężne"}, "finance.balance:read", false, &cash_flow_shape,
        &cash_flow_answer_shape, cash_flow},
    {"margin", {"What was earned", "Co zarobiono"}, "finance.entry:read", false, &margin_shape,
        &margin_answer_shape, real_margin},
    {"aging", {"Open items by age", "Wiekowanie rozrachunków"}, "finance.open_item:read", false, &aging_shape,
        &aging_answer_shape, aging},
    {"party_statement", {"A party's account", "Wyciąg kontrahenta"}, "finance.open_item:read", false,
        &party_statement_shape, &party_statement_answer_shape, party_statement},
    {"cash_forecast", {"Cash by week", "Prognoza środków według tygodni"}, "finance.open_item:read", false,
        &forecast_shape, &forecast_answer_shape, cash_forecast},
    {"prove", {"Prove the books", "Sprawdź księgi"}, "finance.entry:read", false, &proof_shape,
        &proof_answer_shape, prove},
    {0},
};

static const kt_handler handlers[] = {
    {"finance.entry.created", &entry_shape, entry_created},
    {"finance.entry.updated", &entry_shape, entry_updated},
    {"finance.invoice.post", &invoice_shape, invoice_posted},
    {"finance.payment.post", &payment_shape, payment_discounted},
    {"finance.payment.reverse", &payment_shape, payment_discounted},
    {"crm.order.confirm", &confirmed_shape, order_confirmed},
    {"crm.order.amend", &confirmed_shape, order_amended},
    {"logistics.valued", &valued_shape, stock_valued},
    {"production.cost", &cost_shape, production_cost},
    {0},
};

static const kt_service services[] = {{"finance.accounts", 2, &accounts_service}, {0}};

#define LOOKUPS                                                                                              \
    "; access.user:read; base.party:read; base.item:read; base.item_category:read; base.unit:read; "         \
    "base.currency:read; "                                                                                   \
    "base.currency_rate:read; base.country:read; base.company:read; base.tax:read; base.tax_category:read; " \
    "base.tax_position:read; base.tax_rule:read; base.tag:read"
#define READER                                                                                               \
    "finance.account:read; finance.purpose:read; finance.journal:read; finance.year:read; "                  \
    "finance.dimension:read; "                                                                               \
    "finance.setting:read; finance.entry:read; finance.balance:read; finance.terms:read; "                   \
    "finance.invoice:read; "                                                                                 \
    "finance.vat_line:read; finance.open_item:read; finance.match:read; finance.payment:read; "              \
    "finance.set_off:read; finance.received:read; finance.regular_payment:read"
static const kt_role roles[] = {
    {"cashier", {"Cashier", "Kasjer"},
        "finance.account:read; finance.journal:read; finance.year:read; finance.terms:read; "
        "finance.setting:read; "
        "finance.open_item:read; finance.invoice:read; finance.entry:read where created_by = me; "
        "finance.payment:read,create,update,post" LOOKUPS},
    {"accountant", {"Accountant", "Księgowy"},
        READER "; finance.dimension:create,update; finance.regular_payment:create,update,delete; "
               "finance.entry:create,update,delete,post,reverse; "
               "finance.invoice:create,update,delete,post,credit; finance.match:create,update; "
               "finance.payment:create,update,delete,post,reverse; "
               "finance.set_off:create,update,delete,post,reverse; base.party:update; "
               "logistics.purchase_order:read,bill" LOOKUPS},
    {"chief_accountant", {"Chief accountant", "Główny księgowy"},
        "finance.*:* fields *; base.party:update fields *; "
        "logistics.purchase_order:read,bill fields *" LOOKUPS},
    {"reader", {"Reader of the books", "Czytający księgi"}, READER LOOKUPS},
    {0},
};

/* What the company expects to happen by itself. */
static const kt_rule upkeep[] = {
    KT_UPKEEP("finance", "invoices_overdue", "Invoices past their date are overdue", "every day at 0:25",
        "finance.invoice:*; finance.open_item:read; base.*:read", "invoice.mark_overdue"),
    {0},
};

static kt_error *migrate(kt_tx *tx, const char *from_version)
{
    KT_TRY(received_migrate(tx, from_version));
    return kt_rules_bring(tx, upkeep);
}

const kt_module kontor_module = KT_MODULE("finance", "1.1.0", "Finance", "Finanse", .needs = "base",
    .entities = entities, .methods = methods, .handlers = handlers, .services = services, .roles = roles,
    .audit = books_audit, .migrate = migrate);
