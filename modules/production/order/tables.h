/* tables.h -- the rows of orders, operations and capacity in the module's tables. */
#pragma once
#include "order/order.h"

#define ORDER_ENTITIES                                                                                       \
    {&worker_shape},                                                                                         \
        {&order_shape, {"Production order", "Zlecenie produkcyjne"},                                         \
            {"Production orders", "Zlecenia produkcyjne"}, .title = "item", .number = "MO/{year}/{seq:5}",   \
            .indexes = "state due, owner state", .actions = order_actions, .compute = order_compute,         \
            .icon = "hammer",                                                                                \
            .views =                                                                                         \
                "[{\"kind\":\"kanban\",\"by\":\"state\",\"card\":[\"number\",\"item\",\"quantity\",\"due\"," \
                "\"day\"]},{\"kind\":\"list\",\"name\":\"to_make\",\"label\":{\"en\":\"To make\",\"pl\":"    \
                "\"Do wykonania\"},\"filter\":[[\"state\",\"in\",[\"draft\",\"confirmed\","                  \
                "\"reserved\",\"in_progress\"]]],\"columns\":[\"number\",\"item\",\"quantity\","             \
                "\"produced\","                                                                              \
                "\"state\",\"due\",\"day\",\"late\",\"owner\"],\"sort\":\"due\"},{\"kind\":\"list\","        \
                "\"name\":"                                                                                  \
                "\"late\",\"label\":{\"en\":\"Late\",\"pl\":\"Opóźnione\"},\"filter\":[[\"late\",\"=\","   \
                "true],"                                                                                     \
                "[\"state\",\"in\",[\"confirmed\",\"reserved\",\"in_progress\"]]],\"columns\":[\"number\","  \
                "\"item\",\"quantity\",\"due\",\"day\",\"why\"],\"sort\":\"due\"},{\"kind\":\"calendar\","   \
                "\"start\":\"begins\"}]"},                                                                   \
        {&downtime_shape, {"Downtime reason", "Powód przestoju"}, {"Downtime reasons", "Powody przestojów"}, \
            .title = "name", .shared = true, .icon = "circle-pause",                                         \
            .views = "[{\"kind\":\"list\",\"columns\":[\"code\",\"name\",\"name_pl\",\"kind\",\"active\"],"  \
                     "\"sort\":\"kind,code\"}]"},                                                            \
        {&disassembly_shape, {"Disassembly", "Demontaż"}, {"Disassemblies", "Demontaże"}, .title = "item",   \
            .number = "UB/{year}/{seq:5}", .actions = disassembly_actions, .compute = disassembly_compute,   \
            .icon = "unlink",                                                                                \
            .views = "[{\"kind\":\"list\",\"columns\":[\"number\",\"item\",\"quantity\",\"state\",\"day\","  \
                     "\"reason\"],\"sort\":\"-id\"}]"},                                                      \
    {                                                                                                        \
        &operation_shape, {"Operation", "Operacja"}, {"Operations", "Operacje"},                             \
            .title = "name", .indexes = "centre ends begins state order, state begins, person state",        \
            .actions = operation_actions, .compute = operation_compute, .check = operation_check,            \
            .icon = "wrench",                                                                                \
            .views =                                                                                         \
                "[{\"kind\":\"kanban\",\"by\":\"state\",\"card\":[\"name\",\"order\",\"item\","              \
                "\"quantity\",\"person\",\"deadline\"],\"filter\":[[\"state\",\"!=\",\"cancelled\"]]},{"     \
                "\"kind\":\"list\",\"columns\":[\"order\",\"sequence\",\"name\",\"centre\",\"state\","       \
                "\"person\",\"begins\",\"ends\",\"deadline\",\"late\"],\"sort\":\"begins\"},{\"kind\":"      \
                "\"calendar\",\"start\":\"begins\"}]"                                                        \
    }

#define ORDER_METHODS                                                                                        \
    {"scan", {"A work card is read", "Odczyt karty pracy"}, "production.operation:work", true, &scan_shape,  \
        &scanned_shape, scan},                                                                               \
        {"capacity.load", {"How full the work centres are", "Obciążenie stanowisk"},                         \
            "production.operation:read", false, &load_shape, &load_answer_shape, capacity_load},             \
        {"capacity.promise", {"When it could be made", "Kiedy można wykonać"}, "production.operation:read",  \
            false, &promise_ask_shape, &promise_answer_shape, capacity_promise},                             \
        {"downtime_presets", {"The usual downtime reasons", "Typowe powody przestojów"},                     \
            "production.downtime_reason:create", true, NULL, &downtime_presets_shape, downtime_presets},     \
        {"variances", {"Why an order cost more or less", "Dlaczego zlecenie kosztowało więcej lub mniej"},   \
            "production.order:cost", false, &variances_shape, &variances_answer_shape, order_variances},     \
        {"overdue", {"What is past its day is late", "Co minęło w terminie, jest opóźnione"},                \
            "production.order:plan", true, &overdue_shape, &overdue_found_shape, orders_overdue},            \
        {"oee", {"How well the work centres were used", "Wykorzystanie stanowisk (OEE)"},                    \
            "production.operation:read", false, &oee_shape, &oee_answer_shape, centres_oee},                 \
    {                                                                                                        \
        "capacity.level", {"Place everything anew", "Ułóż wszystko na nowo"}, "production.order:plan", true, \
            &level_shape, &level_answer_shape, capacity_level                                                \
    }

#define ORDER_HANDLERS                                                                                       \
    {"base.supply.promise", &promise_shape, order_promise_moved},                                            \
        {"logistics.valued", &later_shape, components_cost_later},                                           \
        {"hr.leave.approve", &absence_shape, people_left}, {"hr.leave.cancel", &absence_shape, people_back}, \
        {"hr.leave.shorten", &absence_shape, people_back},                                                   \
        {"hr.qualification.created", &may_run_shape, qualification_changed},                                 \
        {"hr.qualification.updated", &may_run_shape, qualification_changed},                                 \
        {"hr.qualification.deleted", &may_run_shape, qualification_changed},                                 \
        {"hr.employee.updated", &person_shape, person_changed},                                              \
        {"base.calendar.updated", &shifts_shape, calendar_changed},                                          \
        {"base.holiday.created", &off_day_shape, holiday_changed},                                           \
        {"base.holiday.updated", &off_day_shape, holiday_changed},                                           \
        {"base.holiday.deleted", &off_day_shape, holiday_changed},                                           \
        {"production.work_centre.updated", &centre_shape, centre_changed},                                   \
        {"production.work_centre.updated", &centre_shape, centre_offered},                                   \
        {"production.bom.created", &bom_shape, bill_offered},                                                \
        {"production.bom.updated", &bom_shape, bill_offered},                                                \
        {"production.order.confirm", &order_shape, order_offered},                                           \
        {"production.enabled", NULL, orders_enabled}, {"logistics.enabled", NULL, orders_expected},          \
    {                                                                                                        \
        "base.supply.reserved", &promise_shape, order_component_reserved                                     \
    }
#define ORDER_SERVICES                                                                                       \
    {"supply.make", 7, &make_source}, {STOPS_FILED, 1, &stops_filed},                                        \
    {                                                                                                        \
        ORDERS_CATCH_UP, 1, &orders_catch_up                                                                 \
    }

#define ORDER_PLANNER                                                                                        \
    "; production.order:* fields *; production.operation:* fields *; production.disassembly:* fields *; "    \
    "production.downtime_reason:*; base.pegging:read fields cost"
#define ORDER_OPERATOR                                                                                       \
    "; production.order:read,work; production.operation:read,work; production.disassembly:read,work; "       \
    "production.downtime_reason:read"
