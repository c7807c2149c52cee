/* A general chart of accounts: one digit for the class, as trading and making companies use it everywhere. The
 * order of its classes follows the statements: IAS 1 par. 54 and 82. */
#include "finance.h"

#define GROUP(code, parent, en, pl, kind)                                                                    \
    {                                                                                                        \
        code, parent, en, pl, kind, .group = true                                                            \
    }
#define LEAF(code, parent, en, pl, kind, ...)                                                                \
    {                                                                                                        \
        code, parent, en, pl, kind, __VA_ARGS__                                                              \
    }

const struct chart_row international_chart[] = {
    GROUP("1", NULL, "Assets", "Aktywa", ASSET),
    GROUP("11", "1", "Fixed assets", "Aktywa trwałe", ASSET),
    LEAF("1100", "11", "Property, plant and equipment", "Środki trwałe", ASSET, .cash = INVESTING),
    LEAF("1190", "11", "Accumulated depreciation", "Umorzenie środków trwałych", ASSET, .cash = OPERATING),
    GROUP("12", "1", "Stock", "Zapasy", ASSET),
    LEAF(
        "1200", "12", "Stock of goods and materials", "Zapasy towarów i materiałów", ASSET, .purpose = STOCK),
    LEAF("1210", "12", "Work in progress", "Produkcja w toku", ASSET, .purpose = IN_PROGRESS),
    LEAF("1220", "12", "Goods in transit", "Towary w drodze", ASSET, .purpose = TRANSIT),
    GROUP("13", "1", "Receivables", "Należności", ASSET),
    LEAF("1300", "13", "Trade receivables", "Należności od odbiorców", ASSET, .purpose = RECEIVABLE,
        .open_items = true),
    LEAF("1310", "13", "Advances paid to suppliers", "Zaliczki dla dostawców", ASSET, .purpose = ADVANCE_OUT),
    LEAF("1320", "13", "Tax on purchases", "VAT naliczony", ASSET, .purpose = TAX_PURCHASE),
    LEAF("1325", "13", "Tax on purchases to be deducted later",
        "VAT naliczony do rozliczenia w następnych okresach", ASSET, .purpose = TAX_PURCHASE_LATER),
    LEAF("1330", "13", "Prepaid expenses", "Rozliczenia międzyokresowe kosztów", ASSET, .cash = OPERATING),
    GROUP("14", "1", "Cash and bank", "Środki pieniężne", ASSET),
    LEAF("1400", "14", "Bank account", "Rachunek bankowy", ASSET, .purpose = BANK, .cash = CASH),
    LEAF("1410", "14", "Cash desk", "Kasa", ASSET, .purpose = PETTY_CASH, .cash = CASH),
    GROUP("2", NULL, "Liabilities", "Zobowiązania", LIABILITY),
    LEAF("2100", "2", "Trade payables", "Zobowiązania wobec dostawców", LIABILITY, .purpose = PAYABLE,
        .open_items = true),
    LEAF("2110", "2", "Goods received, not invoiced", "Dostawy niefakturowane", LIABILITY,
        .purpose = NOT_INVOICED),
    LEAF("2120", "2", "Advances received from customers", "Zaliczki od odbiorców", LIABILITY,
        .purpose = ADVANCE_IN),
    LEAF("2200", "2", "Tax on sales", "VAT należny", LIABILITY, .purpose = TAX_SALE),
    LEAF("2205", "2", "Tax on sales declared in another month", "VAT należny rozliczany w innym miesiącu",
        LIABILITY, .purpose = TAX_SALE_OTHER_MONTH),
    LEAF("2210", "2", "Other taxes", "Pozostałe podatki", LIABILITY, .cash = OPERATING),
    LEAF("2300", "2", "Wages payable", "Wynagrodzenia", LIABILITY, .cash = OPERATING),
    LEAF("2400", "2", "Loans", "Kredyty i pożyczki", LIABILITY, .cash = FINANCING),
    GROUP("3", NULL, "Equity", "Kapitał własny", EQUITY),
    LEAF("3100", "3", "Share capital", "Kapitał podstawowy", EQUITY, .cash = FINANCING),
    LEAF("3200", "3", "Retained earnings", "Wynik lat ubiegłych", EQUITY, .purpose = RESULT,
        .cash = FINANCING),
    LEAF("3900", "3", "Opening balances", "Bilans otwarcia", EQUITY, .purpose = OPENING, .cash = FINANCING),
    GROUP("4", NULL, "Income", "Przychody", INCOME),
    LEAF("4100", "4", "Sales of goods", "Sprzedaż towarów", INCOME, .purpose = SALES_GOODS),
    LEAF("4200", "4", "Sales of services", "Sprzedaż usług", INCOME, .purpose = SALES_SERVICES),
    LEAF("4300", "4", "Early payment discounts taken", "Skonta otrzymane", INCOME, .purpose = DISCOUNT_TAKEN),
    LEAF("4400", "4", "Exchange gains", "Dodatnie różnice kursowe", INCOME, .purpose = EXCHANGE_GAIN),
    LEAF("4900", "4", "Other income", "Pozostałe przychody", INCOME, .cash = OPERATING),
    GROUP("5", NULL, "Cost of sales", "Koszt własny sprzedaży", EXPENSE),
    LEAF("5100", "5", "Cost of goods sold", "Koszt sprzedanych towarów", EXPENSE, .purpose = COST_OF_GOODS),
    LEAF("5200", "5", "Purchase price variance", "Odchylenia od cen zakupu", EXPENSE,
        .purpose = PRICE_VARIANCE),
    LEAF("5210", "5", "Production variance", "Odchylenia produkcji", EXPENSE, .purpose = MAKING_VARIANCE),
    LEAF("5300", "5", "Stock losses and gains", "Różnice inwentaryzacyjne", EXPENSE, .purpose = LOSSES),
    LEAF("5310", "5", "Revaluation of stock", "Przeszacowanie zapasów", EXPENSE, .purpose = REVALUED),
    LEAF("5400", "5", "Labour applied to production", "Robocizna rozliczona na produkcję", EXPENSE,
        .purpose = LABOUR_APPLIED),
    LEAF("5410", "5", "Machine time applied to production", "Praca maszyn rozliczona na produkcję", EXPENSE,
        .purpose = MACHINE_APPLIED),
    LEAF("5420", "5", "Overhead applied to production", "Narzuty rozliczone na produkcję", EXPENSE,
        .purpose = OVERHEAD_APPLIED),
    GROUP("6", NULL, "Expenses", "Koszty", EXPENSE),
    LEAF("6100", "6", "Purchases not stocked", "Zakupy niemagazynowane", EXPENSE, .purpose = PURCHASES),
    LEAF("6200", "6", "Wages", "Wynagrodzenia", EXPENSE, .cash = OPERATING),
    LEAF("6300", "6", "Rent and energy", "Czynsze i energia", EXPENSE, .cash = OPERATING),
    LEAF("6400", "6", "Depreciation", "Amortyzacja", EXPENSE, .cash = OPERATING),
    LEAF(
        "6500", "6", "Early payment discounts given", "Skonta udzielone", EXPENSE, .purpose = DISCOUNT_GIVEN),
    LEAF("6600", "6", "Small differences of payments", "Drobne różnice płatności", EXPENSE,
        .purpose = WRITE_OFF),
    LEAF("6700", "6", "Exchange losses", "Ujemne różnice kursowe", EXPENSE, .purpose = EXCHANGE_LOSS),
    LEAF("6800", "6", "Interest", "Odsetki", EXPENSE, .cash = OPERATING),
    LEAF("6900", "6", "Income tax", "Podatek dochodowy", EXPENSE, .cash = OPERATING),
    {0},
};
