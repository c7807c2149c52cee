/* tables.h -- this folder's rows of the module's tables. */
#pragma once
#include "report/report.h"

#define REPORT_ENTITIES                                                                                      \
    {&campaign_shape, {"Campaign", "Kampania"}, {"Campaigns", "Kampanie"}, .title = "name",                  \
        .icon = "megaphone"},                                                                                \
        {&plan_shape, {"Sales plan", "Plan sprzedaży"}, {"Sales plans", "Plany sprzedaży"}, .title = "name", \
            .indexes = "starts_on scope", .compute = plan_compute, .icon = "goal",                           \
            .views = "[{\"kind\":\"list\",\"columns\":[\"name\",\"period\",\"starts_on\",\"scope\","         \
                     "\"measure\",\"target\",\"owner\"],\"sort\":\"-starts_on\"}]"},                         \
    {                                                                                                        \
        &saved_shape, {"Report", "Raport"}, {"Reports", "Raporty"}, .title = "name", .check = report_check,  \
                                                                    .icon = "bar-chart"                      \
    }

#define REPORT_METHOD(method, english, ...)                                                                  \
    {                                                                                                        \
        "report." #method, {english, __VA_ARGS__}, "crm.deal:read", false, &report_params_shape,             \
            &report_answer_shape, report_##method                                                            \
    }
#define REPORT_METHODS                                                                                       \
    REPORT_METHOD(results, "Results of people and departments", "Wyniki osób i działów"),                    \
        REPORT_METHOD(rating, "Rating within departments", "Ranking w działach"),                            \
        REPORT_METHOD(lost, "Why deals are lost", "Powody przegranych szans"),                               \
        REPORT_METHOD(sources, "What sources bring", "Co dają źródła"),                                      \
        REPORT_METHOD(campaigns, "What campaigns bring and cost", "Co dają i kosztują kampanie"),            \
        REPORT_METHOD(forecast, "Forecast by probability", "Prognoza według prawdopodobieństwa"),            \
        REPORT_METHOD(customers, "New and returning customers", "Klienci nowi i powracający"),               \
        REPORT_METHOD(idle, "Deals without a next activity", "Szanse bez następnej aktywności"),             \
        REPORT_METHOD(plan, "Plan and what became of it", "Plan i wykonanie"),                               \
        {"report.margin",                                                                                    \
            {"Margin by customer, manager, order", "Marża według klienta, opiekuna, zamówienia"},            \
            "crm.order:read", false, &report_params_shape, &report_answer_shape, report_margin},             \
        {"report.margin_of_items", {"Margin by item", "Marża według towaru"}, "crm.order:read", false,       \
            &report_params_shape, &report_answer_shape, report_margin_of_items},                             \
        {"report.funnel", {"Funnel from the stage history", "Lejek z historii etapów"}, "crm.deal:read",     \
            false, &funnel_params_shape, &report_answer_shape, report_funnel},                               \
    {                                                                                                        \
        "report.run", {"Runs a saved report", "Wykonuje zapisany raport"}, "crm.report:read", false,         \
            &run_params_shape, &report_answer_shape, report_run                                              \
    }

#define REPORT_LOOKUPS "; access.department:read; access.user:read fields organisation"
#define REPORT_SELLER  "; crm.report:read; crm.campaign:read; crm.plan:read@own"
#define REPORT_HEAD                                                                                          \
    "; crm.report:*; crm.campaign:*; crm.plan:*@department; access.department:read; "                        \
    "access.user:read fields organisation"
#define REPORT_READER                                                                                        \
    "; crm.report:read; crm.campaign:read; crm.plan:read; access.department:read; "                          \
    "access.user:read fields organisation"
