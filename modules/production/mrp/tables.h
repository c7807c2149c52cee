/* tables.h -- the rows of requirements planning in the module's tables. */
#pragma once
#include "mrp/run.h"

#define MRP_ENTITIES                                                                                         \
    {&planned_item_shape},                                                                                   \
        {&forecast_shape, {"Forecast", "Prognoza"}, {"Forecasts", "Prognozy"}, .compute = forecast_compute,  \
            .icon = "trending-up",                                                                           \
            .views = "[{\"kind\":\"list\",\"columns\":[\"item\",\"day\",\"until\",\"quantity\",\"note\"],"   \
                     "\"sort\":\"day\"}]"},                                                                  \
        {&mrp_run_shape, {"Planning run", "Przebieg planowania"}, {"Planning runs", "Przebiegi planowania"}, \
            .icon = "play",                                                                                  \
            .views =                                                                                         \
                "[{\"kind\":\"list\",\"columns\":[\"day\",\"items\",\"demands\",\"consumed\",\"proposals\"," \
                "\"added\",\"changed\",\"removed\",\"messages\"],\"sort\":\"-id\"}]"},                       \
        {&proposal_shape, {"Proposal", "Propozycja"}, {"Proposals", "Propozycje"},                           \
            .indexes = "item state, state release", .actions = proposal_actions, .icon = "lightbulb",        \
            .views = "[{\"kind\":\"list\",\"columns\":[\"item\",\"kind\",\"quantity\",\"release\",\"due\","  \
                     "\"late\",\"state\"],\"sort\":\"release\"}]"},                                          \
    {                                                                                                        \
        &message_shape, {"Planning message", "Komunikat planowania"},                                        \
            {"Planning messages", "Komunikaty planowania"},                                                  \
            .icon = "bell",                                                                                  \
            .views = "[{\"kind\":\"list\",\"columns\":[\"kind\",\"item\",\"document\",\"quantity\",\"day\"," \
                     "\"needed\"],\"sort\":\"needed\"}]"                                                     \
    }

#define MRP_METHODS                                                                                          \
    {"mrp.run", {"Plan the requirements", "Zaplanuj potrzeby"}, "production.order:plan", true,               \
        &mrp_run_ask_shape, &mrp_run_answer_shape, mrp_run_call},                                            \
        {"mrp.consumption", {"Which orders took of forecasts", "Które zamówienia zużyły prognozy"},          \
            "production.forecast:read", false, &consumption_shape, &consumption_answer_shape,                \
            mrp_consumption},                                                                                \
    {                                                                                                        \
        "mrp.trace", {"What a proposal is for", "Na co jest propozycja"}, "production.proposal:read", false, \
            &trace_shape, &trace_answer_shape, mrp_trace                                                     \
    }
#define MRP_HANDLERS                                                                                         \
    {"base.item.created", &planned_item_shape, planning_rules_check},                                        \
    {                                                                                                        \
        "base.item.updated", &planned_item_shape, planning_rules_check                                       \
    }
#define MRP_SERVICES                                                                                         \
    {                                                                                                        \
        "production.mrp", 1, &mrp_work                                                                       \
    }
#define MRP_PLANNER                                                                                          \
    "; production.forecast:*; production.mrp_run:*; production.proposal:*; production.message:*"
