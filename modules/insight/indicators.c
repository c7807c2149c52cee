/* The indicators, as data. Values of the names are on record: new ones are added at the end. */
#include "insight.h"

enum {
    CONVERSION = 1,
    AVERAGE_DEAL,
    CYCLE_TIME,
    SALES,
    MARGIN,
    SUPPLY_AT_RISK,
    STOCK_VALUE,
    STOCK_DAYS,
    MADE_ON_TIME,
    EFFICIENCY,
    SCRAP,
    INVOICED,
    RECEIVABLES_DAYS,
    OVERDUE,
    ABSENCE,
    OVERTIME,
    SCRIPTS_WON,
    WON_AMOUNT,
    WON_DEALS,
    PROFIT,
    DELIVERED_ON_TIME,
    STOCK_TURN,
    UTILISATION,
    CALLS,
};

const kt_choice indicator_names[] = {
    {CONVERSION, "conversion", {"Deals won of those closed", "Szanse wygrane z zamkniętych"}},
    {AVERAGE_DEAL, "average_deal", {"Average deal won", "Średnia wygrana szansa"}},
    {CYCLE_TIME, "cycle_time", {"Days from the first contact to won", "Dni od początku do wygranej"}},
    {WON_AMOUNT, "won_amount", {"Deals won, amount", "Wygrane szanse, kwota"}},
    {WON_DEALS, "won_deals", {"Deals won", "Wygrane szanse"}},
    {CALLS, "calls", {"Calls", "Rozmowy"}},
    {SALES, "sales", {"Orders confirmed, net", "Zamówienia potwierdzone, netto"}},
    {PROFIT, "profit", {"Margin of orders, amount", "Marża zamówień, kwota"}},
    {MARGIN, "margin", {"Margin of orders", "Marża zamówień"}},
    {DELIVERED_ON_TIME, "delivered_on_time",
        {"Orders delivered as promised", "Zamówienia dostarczone w obiecanym terminie"}},
    {SUPPLY_AT_RISK, "supply_at_risk",
        {"Demands that come late or are missing", "Zapotrzebowania spóźnione lub bez pokrycia"}},
    {STOCK_VALUE, "stock_value", {"Stock, worth", "Wartość zapasów"}},
    {STOCK_DAYS, "stock_days", {"Days that the stock lasts", "Zapas w dniach"}},
    {STOCK_TURN, "stock_turn", {"Turns of the stock a year", "Obroty zapasów w roku"}},
    {MADE_ON_TIME, "made_on_time", {"Production orders done in time", "Zlecenia wykonane w terminie"}},
    {EFFICIENCY, "efficiency", {"Planned of worked minutes", "Minuty planowane do przepracowanych"}},
    {SCRAP, "scrap", {"Scrapped of what was made", "Braki w produkcji"}},
    {INVOICED, "invoiced", {"Invoiced, net", "Zafakturowano, netto"}},
    {RECEIVABLES_DAYS, "receivables_days", {"Days until customers pay", "Dni do zapłaty"}},
    {OVERDUE, "overdue", {"Overdue of what customers owe", "Przeterminowane należności"}},
    {UTILISATION, "utilisation", {"Time booked on work, of time worked", "Czas rozliczony w czasie pracy"}},
    {ABSENCE, "absence", {"Days not worked", "Dni nieobecności"}},
    {OVERTIME, "overtime", {"Over time of minutes worked", "Nadgodziny w czasie pracy"}},
    {SCRIPTS_WON, "scripts_won",
        {"Scripted calls that reached their goal", "Rozmowy ze skryptem zakończone celem"}},
    {0},
};

#define DEALS(measure, semantic)                                                                             \
    {                                                                                                        \
        .entity = "crm.deal", .what = (measure), .filter = "[\"semantic\"," semantic "]",                    \
        .when = "closed_at", .owner = "owner", .pipeline = "pipeline"                                        \
    }
#define DEAL_AMOUNTS                                                                                         \
    {                                                                                                        \
        .entity = "crm.deal", .what = "sum:amount", .filter = "[\"semantic\",\"=\",\"won\"]",                \
        .when = "closed_at", .owner = "owner", .pipeline = "pipeline", .money = "currency"                   \
    }
#define WON "\"=\",\"won\""
#define ORDERS(measure, conditions)                                                                          \
    {                                                                                                        \
        .entity = "crm.order", .what = (measure),                                                            \
        .filter = "[\"state\",\"not_in\",[\"draft\",\"cancelled\"]]" conditions, .when = "confirmed_at",     \
        .owner = "owner", .pipeline = "deal.pipeline", .money = "currency"                                   \
    }
#define COSTED ",[\"margin\",\"is_null\",false]"
#define DELIVERED(conditions)                                                                                \
    {                                                                                                        \
        .entity = "crm.order", .what = "count", .filter = "[\"delivery_status\",\"=\",\"full\"]" conditions, \
        .when = "delivered_on", .owner = "owner", .pipeline = "deal.pipeline"                                \
    }
#define STOCK                                                                                                \
    {                                                                                                        \
        .entity = "logistics.valuation", .what = "sum:value", .filter = ""                                   \
    }
/* What was issued to customers, less what they sent back. */
#define ISSUES                                                                                               \
    {                                                                                                        \
        .entity = "logistics.move", .what = "sum:value",                                                     \
        .filter = "[\"state\",\"=\",\"done\"],[\"or\",[[\"from_place\",\"=\",\"stores\"],[\"to_place\",\"="  \
                  "\",\"customer\"]],"                                                                       \
                  "[[\"from_place\",\"=\",\"customer\"],[\"to_place\",\"=\",\"stores\"]]]",                  \
        .against = "[\"from_place\",\"=\",\"customer\"]", .when = "day"                                      \
    }
#define MADE(measure, conditions)                                                                            \
    {                                                                                                        \
        .entity = "production.order", .what = (measure),                                                     \
        .filter = "[\"state\",\"in\",[\"done\",\"closed\"]]" conditions, .when = "finished_at",              \
        .owner = "owner"                                                                                     \
    }
#define OPERATIONS(measure)                                                                                  \
    {                                                                                                        \
        .entity = "production.operation", .what = (measure),                                                 \
        .filter = "[\"state\",\"=\",\"done\"],[\"actual_minutes\",\">\",\"0\"]", .when = "finished_at",      \
        .owner = "person"                                                                                    \
    }
/* An advance and the final invoice that takes it into account, but a till receipt or the invoice for it. */
#define INVOICES(measure)                                                                                    \
    {                                                                                                        \
        .entity = "finance.invoice", .what = (measure),                                                      \
        .filter = "[\"state\",\"=\",\"posted\"],[\"receipt\",\"=\",null],"                                   \
                  "[\"kind\",\"in\",[\"sale\",\"sale_credit\",\"receipt\",\"advance\"]]",                    \
        .against = "[\"kind\",\"=\",\"sale_credit\"]", .when = "day", .owner = "owner"                       \
    }
#define OWED(conditions)                                                                                     \
    {                                                                                                        \
        .entity = "finance.open_item", .what = "sum:open_value",                                             \
        .filter = "[\"open_value\",\">\",\"0\"]" conditions                                                  \
    }
#define DAYS_AT_WORK(measure, conditions)                                                                    \
    {                                                                                                        \
        .entity = "hr.attendance", .what = (measure), .filter = conditions, .when = "day", .owner = "owner"  \
    }
#define SCRIPTED(conditions)                                                                                 \
    {                                                                                                        \
        .entity = "script.session", .what = "count", .filter = conditions, .when = "started_at",             \
        .owner = "operator"                                                                                  \
    }

static const struct indicator indicators[] = {
    [CONVERSION] = {SHARE, "%", false, DEALS("count", WON), DEALS("count", "\"in\",[\"won\",\"lost\"]")},
    [AVERAGE_DEAL] = {RATIO, NULL, false, DEAL_AMOUNTS, DEALS("count", WON)},
    [CYCLE_TIME] = {RATIO, "d", true, DEALS("sum:cycle_days", WON), DEALS("count", WON)},
    [WON_AMOUNT] = {PLAIN, NULL, false, DEAL_AMOUNTS, {0}},
    [WON_DEALS] = {PLAIN, "n", false, DEALS("count", WON), {0}},
    [CALLS] = {PLAIN, "n", false,
        {.entity = "crm.activity",
            .what = "count",
            .filter = "[\"state\",\"=\",\"done\"],[\"kind\",\"=\",\"call\"]",
            .when = "done_at",
            .owner = "owner"},
        {0}},
    [SALES] = {PLAIN, NULL, false, ORDERS("sum:net", ""), {0}},
    [PROFIT] = {PLAIN, NULL, false, ORDERS("sum:margin", COSTED), {0}},
    [MARGIN] = {SHARE, "%", false, ORDERS("sum:margin", COSTED), ORDERS("sum:net", COSTED)},
    [DELIVERED_ON_TIME] = {SHARE, "%", false, DELIVERED(",[\"late\",\"=\",false]"), DELIVERED("")},
    [SUPPLY_AT_RISK] = {SHARE, "%", true,
        {.entity = "base.pegging", .what = "count", .filter = "[\"late\",\"=\",true]"},
        {.entity = "base.pegging", .what = "count", .filter = ""}},
    [STOCK_VALUE] = {PLAIN, NULL, true, STOCK, {0}},
    [STOCK_DAYS] = {PER_DAY, "d", true, STOCK, ISSUES},
    [STOCK_TURN] = {A_YEAR, "x", false, ISSUES, STOCK},
    [MADE_ON_TIME] = {SHARE, "%", false, MADE("count", ",[\"late\",\"=\",false]"), MADE("count", "")},
    [EFFICIENCY] = {SHARE, "%", false, OPERATIONS("sum:machine_minutes"), OPERATIONS("sum:actual_minutes")},
    [SCRAP] = {SHARE, "%", true, MADE("sum:scrapped", ""), MADE("sum:quantity", "")},
    [INVOICED] = {PLAIN, NULL, false, INVOICES("sum:base_net"), {0}},
    [RECEIVABLES_DAYS] = {PER_DAY, "d", true, OWED(""), INVOICES("sum:base_gross")},
    [OVERDUE] = {SHARE, "%", true, OWED(",[\"due\",\"<\",\"today\"]"), OWED("")},
    [UTILISATION] = {SHARE, "%", false,
        {.entity = "hr.timesheet",
            .what = "sum:minutes",
            .filter = "[\"state\",\"!=\",\"draft\"]",
            .when = "day",
            .owner = "owner"},
        DAYS_AT_WORK("sum:worked", "")},
    [ABSENCE] = {SHARE, "%", true, DAYS_AT_WORK("count", "[\"state\",\"in\",[\"absent\",\"on_leave\"]]"),
        DAYS_AT_WORK("count", "")},
    [OVERTIME] = {SHARE, "%", true, DAYS_AT_WORK("sum:overtime", ""), DAYS_AT_WORK("sum:worked", "")},
    [SCRIPTS_WON] = {SHARE, "%", false, SCRIPTED("[\"result\",\"=\",\"won\"]"),
        SCRIPTED("[\"state\",\"=\",\"finished\"]")},
};

const struct indicator *indicator_of(unsigned value)
{
    return value && value < sizeof indicators / sizeof *indicators ? &indicators[value] : NULL;
}

kt_str indicator_unit(kt_tx *tx, const struct indicator *i)
{
    return i->unit ? kt_format(tx, "%s", i->unit) : (kt_str){0};
}
