/* The reports that come with the module, as data. */
#include "report/report.h"

const kt_choice charts[] = {
    {TABLE, "table", {"Table", "Tabela"}},
    {BARS, "bars", {"Bars", "Paski"}},
    {COLUMNS, "columns", {"Columns", "Słupki"}},
    {LINE, "line", {"Line", "Linia"}},
    {PIE, "pie", {"Pie", "Koło"}},
    {FUNNEL, "funnel", {"Funnel", "Lejek"}},
    {0},
};

#define WON  "[[\"semantic\",\"=\",\"won\"]]"
#define LOST "[[\"semantic\",\"=\",\"lost\"]]"
#define OPEN "[[\"semantic\",\"=\",\"open\"]]"
#define NO_NEXT                                                                                              \
    "[[\"semantic\",\"=\",\"open\"],[\"not\",[\"has\",\"crm.activity.deal\",[[\"state\",\"=\",\"planned\"]]" \
    "]]]"
#define OVERDUE                                                                                              \
    "[[\"semantic\",\"=\",\"open\"],[\"has\",\"crm.activity.deal\",[[\"state\",\"=\",\"planned\"],"          \
    "[\"planned_at\",\"<\",\"now\"]]]]"
#define RETURNING                                                                                            \
    "[[\"party\",\"any\",[[\"has\",\"crm.deal.party\",[[\"semantic\",\"=\",\"won\"],"                        \
    "[\"closed_at\",\"<\",$from]]]]]]"
#define DONE      "[[\"state\",\"=\",\"done\"]]"
#define CALLS     "[[\"state\",\"=\",\"done\"],[\"kind\",\"=\",\"call\"]]"
#define CONVERTED "[[\"state\",\"=\",\"converted\"]]"
/* Campaigns that ran in the period, were it for a day. */
#define RAN                                                                                                  \
    "[[\"or\",[\"starts_on\",\"is_null\",true],[\"starts_on\",\"<=\",$to]],"                                 \
    "[\"or\",[\"ends_on\",\"is_null\",true],[\"ends_on\",\">=\",$from]]]"

#define DEAL(id, en, pl, day, conditions, what)                                                              \
    {                                                                                                        \
        .name = id, .label = {en, pl}, .entity = "crm.deal", .when = day, .filter = conditions,              \
        .measure = what                                                                                      \
    }
#define LEAD(id, en, pl, conditions)                                                                         \
    {                                                                                                        \
        .name = id, .label = {en, pl}, .entity = "crm.lead", .when = "created_at", .filter = conditions,     \
        .measure = "count"                                                                                   \
    }
#define WORK(id, en, pl, conditions, what)                                                                   \
    {                                                                                                        \
        .name = id, .label = {en, pl}, .entity = "crm.activity", .when = "done_at", .filter = conditions,    \
        .measure = what                                                                                      \
    }
#define RATIO(id, en, pl, of, all)                                                                           \
    {                                                                                                        \
        .name = id, .label = {en, pl}, .part = of, .whole = all                                              \
    }

static const struct figure results_figures[] = {
    DEAL("won", "Deals won", "Wygrane szanse", "closed_at", WON, "count"),
    DEAL("won_amount", "Amount won", "Kwota wygranych", "closed_at", WON, "sum:amount"),
    DEAL("mean_deal", "Mean deal", "Średnia szansa", "closed_at", WON, "avg:amount"),
    DEAL("cycle_days", "Days to win, mean", "Dni do wygranej, średnio", "closed_at", WON, "avg:cycle_days"),
    DEAL("cycle_median", "Days to win, median", "Dni do wygranej, mediana", "closed_at", WON,
        "median:cycle_days"),
    DEAL("lost", "Deals lost", "Przegrane szanse", "closed_at", LOST, "count"),
    DEAL("closed", "Deals closed", "Zamknięte szanse", "closed_at",
        "[[\"semantic\",\"in\",[\"won\",\"lost\"]]]", "count"),
    RATIO("win_rate", "Won of closed, %", "Wygrane z zamkniętych, %", "won", "closed"),
    WORK("activities", "Activities", "Aktywności", DONE, "count"),
    WORK("calls", "Calls", "Rozmowy", CALLS, "count"),
    WORK("call_seconds", "Time of calls, s", "Czas rozmów, s", CALLS, "sum:duration_s"),
    LEAD("leads", "Leads", "Leady", NULL),
    LEAD("converted", "Leads converted", "Leady przekształcone", CONVERTED),
    RATIO("conversion", "Conversion of leads, %", "Konwersja leadów, %", "converted", "leads"),
    {0},
};
static const struct spec results = {"results", {"Results", "Wyniki"}, "owner", "month", results_figures,
    .sort = "won_amount", .chart = TABLE};
static const struct spec rating = {"rating", {"Rating", "Ranking"}, "owner.department,owner", "month",
    results_figures, .rank = "won_amount", .sort = "won_amount", .chart = BARS};

static const struct figure lost_figures[] = {
    DEAL("lost", "Deals lost", "Przegrane szanse", "closed_at", LOST, "count"),
    DEAL("lost_amount", "Amount lost", "Kwota przegranych", "closed_at", LOST, "sum:amount"),
    {.name = "share", .label = {"Share, %", "Udział, %"}, .part = "lost", .whole = "lost", .of_total = true},
    {0},
};
static const struct spec lost = {"lost", {"Lost reasons", "Powody przegranych"}, "lost_reason", "month",
    lost_figures, .sort = "lost", .chart = PIE};

#define ORIGIN_FIGURES                                                                                       \
    LEAD("leads", "Leads", "Leady", NULL),                                                                   \
        LEAD("converted", "Leads converted", "Leady przekształcone", CONVERTED),                             \
        RATIO("conversion", "Conversion of leads, %", "Konwersja leadów, %", "converted", "leads"),          \
        DEAL("deals", "New deals", "Nowe szanse", "created_at", NULL, "count"),                              \
        DEAL("won", "Deals won", "Wygrane szanse", "closed_at", WON, "count"),                               \
        DEAL("won_amount", "Amount won", "Kwota wygranych", "closed_at", WON, "sum:amount")
static const struct figure sources_figures[] = {ORIGIN_FIGURES, {0}};
static const struct spec sources = {"sources", {"Sources", "Źródła"}, "source", "month", sources_figures,
    .sort = "won_amount", .chart = BARS};
static const struct figure campaigns_figures[] = {
    ORIGIN_FIGURES,
    {.name = "cost",
        .label = {"Cost", "Koszt"},
        .entity = "crm.campaign",
        .filter = RAN,
        .measure = "sum:cost",
        .group = "name"},
    {.name = "roi",
        .label = {"Return on cost, %", "Zwrot z kosztu, %"},
        .part = "won_amount",
        .whole = "cost",
        .gain = true},
    {0},
};
static const struct spec campaigns = {"campaigns", {"Campaigns", "Kampanie"}, "campaign", "month",
    campaigns_figures, .sort = "won_amount", .chart = BARS};

static const struct figure forecast_figures[] = {
    DEAL("deals", "Open deals", "Otwarte szanse", "expected_close", OPEN, "count"),
    DEAL("amount", "Amount", "Kwota", "expected_close", OPEN, "sum:amount"),
    DEAL("weighted", "Weighted by probability", "Ważona prawdopodobieństwem", "expected_close", OPEN,
        "sum:weighted"),
    {0},
};
static const struct spec forecast = {
    "forecast", {"Forecast", "Prognoza"}, "month", "year", forecast_figures, .chart = COLUMNS};

static const struct figure customers_figures[] = {
    DEAL("customers", "Customers", "Klienci", "closed_at", WON, "count_distinct:party"),
    DEAL("won", "Deals won", "Wygrane szanse", "closed_at", WON, "count"),
    DEAL("won_amount", "Amount won", "Kwota wygranych", "closed_at", WON, "sum:amount"),
    DEAL("mean_deal", "Mean deal", "Średnia szansa", "closed_at", WON, "avg:amount"),
    {.name = "share",
        .label = {"Share of the amount, %", "Udział w kwocie, %"},
        .part = "won_amount",
        .whole = "won_amount",
        .of_total = true},
    {0},
};
static const struct row_filter customers_rows[] = {
    {"[[\"not\"," RETURNING "]]", {"New", "Nowi"}},
    {RETURNING, {"Returning", "Powracający"}},
    {0},
};
static const struct spec customers = {"customers",
    {"New and returning customers", "Klienci nowi i powracający"}, NULL, "month", customers_figures,
    customers_rows, .chart = PIE};

/* Orders whose cost is known; drafts and cancelled ones are none. */
#define COSTED "[[\"state\",\"not_in\",[\"draft\",\"cancelled\"]],[\"margin\",\"is_null\",false]]"
#define ORDER(id, en, pl, what)                                                                              \
    {                                                                                                        \
        .name = id, .label = {en, pl}, .entity = "crm.order", .when = "confirmed_at", .filter = COSTED,      \
        .measure = what                                                                                      \
    }
static const struct figure margin_figures[] = {
    ORDER("orders", "Orders", "Zamówienia", "count"),
    ORDER("net", "Net", "Netto", "sum:net"),
    ORDER("cost", "Cost", "Koszt", "sum:cost"),
    ORDER("margin", "Margin", "Marża", "sum:margin"),
    RATIO("percent", "Margin, %", "Marża, %", "margin", "net"),
    {.name = "share",
        .label = {"Share of the margin, %", "Udział w marży, %"},
        .part = "margin",
        .whole = "margin",
        .of_total = true},
    {0},
};
static const struct spec margin = {
    "margin", {"Margin", "Marża"}, "party", "month", margin_figures, .sort = "margin", .chart = BARS};
static const struct figure margin_of_items_figures[] = {
    ORDER("orders", "Orders", "Zamówienia", "count"),
    ORDER("quantity", "Quantity", "Ilość", "sum:lines.quantity"),
    ORDER("net", "Net", "Netto", "sum:lines.net"),
    ORDER("cost", "Cost", "Koszt", "sum:lines.cost"),
    ORDER("margin", "Margin", "Marża", "sum:lines.margin"),
    RATIO("percent", "Margin, %", "Marża, %", "margin", "net"),
    {0},
};
static const struct spec margin_of_items = {"margin_of_items", {"Margin of items", "Marża towarów"},
    "lines.item", "month", margin_of_items_figures, .sort = "margin", .chart = BARS};

static const struct figure idle_figures[] = {
    DEAL("idle", "Without a next activity", "Bez następnej aktywności", NULL, NO_NEXT, "count"),
    DEAL("idle_amount", "Their amount", "Ich kwota", NULL, NO_NEXT, "sum:amount"),
    DEAL("overdue", "With an overdue activity", "Z zaległą aktywnością", NULL, OVERDUE, "count"),
    DEAL("open", "Open deals", "Otwarte szanse", NULL, OPEN, "count"),
    RATIO("share", "Idle of open, %", "Bezczynne z otwartych, %", "idle", "open"),
    {0},
};
static const struct spec idle = {"idle", {"Deals without a next activity", "Szanse bez następnej aktywności"},
    "owner", "today", idle_figures, .sort = "idle", .chart = BARS};

#define RUN(name)                                                                                            \
    REPORT_RUN(name)                                                                                         \
    {                                                                                                        \
        return report_run_spec(tx, &name, KT_SEE(report_params, params), result);                            \
    }
RUN(results)
RUN(rating)
RUN(lost)
RUN(sources)
RUN(campaigns)
RUN(forecast)
RUN(customers)
RUN(idle)
RUN(margin)
RUN(margin_of_items)
