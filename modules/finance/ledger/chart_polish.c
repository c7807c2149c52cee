/* The Polish chart of accounts: classes 0 to 8 as companies that post costs by function (class 5) use them.
 * source: ustawa o rachunkowości (Dz.U. 1994 nr 121 poz. 591) art. 10 ust. 1 pkt 3 lit. a; the layout of the
 * model chart for trading and making companies: zespoły 0 to 8 */
#include "finance.h"

#define GROUP(code, parent, en, pl, kind)                                                                    \
    {                                                                                                        \
        code, parent, en, pl, kind, .group = true                                                            \
    }
#define LEAF(code, parent, en, pl, kind, ...)                                                                \
    {                                                                                                        \
        code, parent, en, pl, kind, __VA_ARGS__                                                              \
    }

const struct chart_row polish_chart[] = {
    GROUP("0", NULL, "Fixed assets", "Aktywa trwałe", ASSET),
    LEAF("010", "0", "Tangible fixed assets", "Środki trwałe", ASSET, .cash = INVESTING),
    LEAF("020", "0", "Intangible assets", "Wartości niematerialne i prawne", ASSET, .cash = INVESTING),
    LEAF("070", "0", "Depreciation of fixed assets", "Umorzenie środków trwałych", ASSET, .cash = OPERATING),
    LEAF("080", "0", "Fixed assets under construction", "Środki trwałe w budowie", ASSET, .cash = INVESTING),
    GROUP("1", NULL, "Cash and bank", "Środki pieniężne i rachunki bankowe", ASSET),
    LEAF("100", "1", "Cash desk", "Kasa", ASSET, .purpose = PETTY_CASH, .cash = CASH),
    LEAF(
        "131", "1", "Current bank account", "Bieżący rachunek bankowy", ASSET, .purpose = BANK, .cash = CASH),
    LEAF("134", "1", "Bank loans", "Kredyty bankowe", LIABILITY, .cash = FINANCING),
    LEAF("139", "1", "Cash in transit", "Środki pieniężne w drodze", ASSET, .cash = CASH),
    GROUP("2", NULL, "Settlements", "Rozrachunki i roszczenia", ASSET),
    LEAF("200", "2", "Customers", "Rozrachunki z odbiorcami", ASSET, .purpose = RECEIVABLE,
        .open_items = true),
    LEAF("201", "2", "Suppliers", "Rozrachunki z dostawcami", LIABILITY, .purpose = PAYABLE,
        .open_items = true),
    LEAF("203", "2", "Advances from customers", "Zaliczki otrzymane na dostawy", LIABILITY,
        .purpose = ADVANCE_IN),
    LEAF(
        "204", "2", "Advances to suppliers", "Zaliczki przekazane na dostawy", ASSET, .purpose = ADVANCE_OUT),
    LEAF("220", "2", "Taxes and duties", "Rozrachunki publicznoprawne", LIABILITY, .cash = OPERATING),
    LEAF("221", "2", "Output VAT", "VAT należny", LIABILITY, .purpose = TAX_SALE),
    LEAF("221-1", "2", "Output VAT declared in another month", "VAT należny rozliczany w innym miesiącu",
        LIABILITY, .purpose = TAX_SALE_OTHER_MONTH),
    LEAF("222", "2", "Input VAT", "VAT naliczony i jego rozliczenie", ASSET, .purpose = TAX_PURCHASE),
    LEAF("222-1", "2", "Input VAT to be deducted later", "VAT naliczony do rozliczenia w następnych okresach",
        ASSET, .purpose = TAX_PURCHASE_LATER),
    LEAF("223", "2", "VAT settled with the tax office", "Rozliczenie VAT z urzędem skarbowym", LIABILITY,
        .cash = OPERATING),
    LEAF("229", "2", "Social insurance", "Rozrachunki z ZUS", LIABILITY, .cash = OPERATING),
    LEAF("230", "2", "Wages payable", "Rozrachunki z tytułu wynagrodzeń", LIABILITY, .cash = OPERATING),
    LEAF("234", "2", "Other settlements with employees", "Pozostałe rozrachunki z pracownikami", ASSET,
        .cash = OPERATING),
    LEAF("240", "2", "Other settlements", "Pozostałe rozrachunki", LIABILITY, .cash = OPERATING),
    GROUP("3", NULL, "Materials and goods", "Materiały i towary", ASSET),
    LEAF("300", "3", "Settlement of purchases", "Rozliczenie zakupu", LIABILITY, .purpose = NOT_INVOICED),
    LEAF("310", "3", "Materials and goods on stock", "Materiały i towary na składzie", ASSET,
        .purpose = STOCK),
    LEAF("330", "3", "Goods in transit", "Towary w drodze", ASSET, .purpose = TRANSIT),
    LEAF("340", "3", "Variances of purchase prices", "Odchylenia od cen ewidencyjnych", EXPENSE,
        .purpose = PRICE_VARIANCE),
    GROUP("4", NULL, "Costs by nature", "Koszty według rodzajów", EXPENSE),
    LEAF("400", "4", "Depreciation", "Amortyzacja", EXPENSE, .cash = OPERATING),
    LEAF("401", "4", "Materials and energy", "Zużycie materiałów i energii", EXPENSE, .cash = OPERATING),
    LEAF("402", "4", "External services", "Usługi obce", EXPENSE, .purpose = PURCHASES),
    LEAF("403", "4", "Taxes and duties", "Podatki i opłaty", EXPENSE, .cash = OPERATING),
    LEAF("404", "4", "Wages", "Wynagrodzenia", EXPENSE, .cash = OPERATING),
    LEAF("405", "4", "Social insurance", "Ubezpieczenia społeczne i inne świadczenia", EXPENSE,
        .cash = OPERATING),
    LEAF("409", "4", "Other costs by nature", "Pozostałe koszty rodzajowe", EXPENSE, .cash = OPERATING),
    GROUP("5", NULL, "Costs by function", "Koszty według typów działalności", EXPENSE),
    LEAF("500", "5", "Production", "Produkcja w toku", ASSET, .purpose = IN_PROGRESS),
    LEAF("521", "5", "Labour applied to production", "Rozliczenie robocizny", EXPENSE,
        .purpose = LABOUR_APPLIED),
    LEAF("522", "5", "Machine time applied to production", "Rozliczenie pracy maszyn", EXPENSE,
        .purpose = MACHINE_APPLIED),
    LEAF("523", "5", "Overhead applied to production", "Rozliczenie kosztów wydziałowych", EXPENSE,
        .purpose = OVERHEAD_APPLIED),
    LEAF("550", "5", "General administration", "Koszty ogólnego zarządu", EXPENSE, .cash = OPERATING),
    LEAF("580", "5", "Production variances", "Odchylenia kosztów produkcji", EXPENSE,
        .purpose = MAKING_VARIANCE),
    GROUP("7", NULL, "Revenue and its costs", "Przychody i koszty ich uzyskania", INCOME),
    LEAF("701", "7", "Sales of goods", "Sprzedaż towarów i wyrobów", INCOME, .purpose = SALES_GOODS),
    LEAF("702", "7", "Sales of services", "Sprzedaż usług", INCOME, .purpose = SALES_SERVICES),
    LEAF("711", "7", "Cost of goods sold", "Koszt własny sprzedaży", EXPENSE, .purpose = COST_OF_GOODS),
    LEAF("750", "7", "Exchange gains", "Dodatnie różnice kursowe", INCOME, .purpose = EXCHANGE_GAIN),
    LEAF("751", "7", "Exchange losses", "Ujemne różnice kursowe", EXPENSE, .purpose = EXCHANGE_LOSS),
    LEAF("752", "7", "Early payment discounts taken", "Skonta otrzymane", INCOME, .purpose = DISCOUNT_TAKEN),
    LEAF("753", "7", "Early payment discounts given", "Skonta udzielone", EXPENSE, .purpose = DISCOUNT_GIVEN),
    LEAF("755", "7", "Interest paid", "Odsetki zapłacone", EXPENSE, .cash = OPERATING),
    LEAF("760", "7", "Other operating income", "Pozostałe przychody operacyjne", INCOME, .cash = OPERATING),
    LEAF("761", "7", "Other operating costs", "Pozostałe koszty operacyjne", EXPENSE, .purpose = WRITE_OFF),
    LEAF("762", "7", "Stock losses and gains", "Niedobory i nadwyżki zapasów", EXPENSE, .purpose = LOSSES),
    LEAF("763", "7", "Revaluation of stock", "Przeszacowanie zapasów", EXPENSE, .purpose = REVALUED),
    GROUP("8", NULL, "Capital and result", "Kapitały, rezerwy i wynik finansowy", EQUITY),
    LEAF("801", "8", "Share capital", "Kapitał podstawowy", EQUITY, .cash = FINANCING),
    LEAF("802", "8", "Reserve capital", "Kapitał zapasowy", EQUITY, .cash = FINANCING),
    LEAF("809", "8", "Opening balances", "Bilans otwarcia", EQUITY, .purpose = OPENING, .cash = FINANCING),
    LEAF(
        "840", "8", "Deferred income", "Rozliczenia międzyokresowe przychodów", LIABILITY, .cash = OPERATING),
    LEAF("860", "8", "Result of the year", "Wynik finansowy", EQUITY, .purpose = RESULT, .cash = FINANCING),
    LEAF("870", "8", "Income tax", "Podatek dochodowy", EXPENSE, .cash = OPERATING),
    {0},
};
