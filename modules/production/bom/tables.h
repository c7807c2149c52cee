/* tables.h -- the rows of bills, routings and work centres in the module's tables. */
#pragma once
#include "bom/bom.h"
#include "routing.h"

#define BOM_ENTITIES                                                                                         \
    {&centre_shape, {"Work centre", "Stanowisko"}, {"Work centres", "Stanowiska"}, .title = "name",          \
        .compute = centre_compute, .icon = "factory",                                                        \
        .views = "[{\"kind\":\"list\",\"columns\":[\"code\",\"name\",\"group\",\"slots\",\"efficiency\"],"   \
                 "\"sort\":\"code\"}]"},                                                                     \
        {&routing_shape, {"Routing", "Marszruta"}, {"Routings", "Marszruty"}, .title = "name",               \
            .compute = routing_compute, .icon = "route",                                                     \
            .views = "[{\"kind\":\"list\",\"columns\":[\"code\",\"name\",\"active\"],\"sort\":\"code\"}]"},  \
    {                                                                                                        \
        &bom_shape, {"Bill of materials", "Struktura wyrobu"}, {"Bills of materials", "Struktury wyrobów"},  \
            .title = "name", .actions = bom_actions, .compute = bom_compute, .check = bom_check,             \
            .icon = "layers",                                                                                \
            .views =                                                                                         \
                "[{\"kind\":\"list\",\"columns\":[\"item\",\"name\",\"kind\",\"revision\",\"quantity\","     \
                "\"valid_from\",\"valid_until\",\"routing\"],\"sort\":\"item,priority\"}]"                   \
    }

#define BOM_METHODS                                                                                          \
    {"bom.explode", {"What goes into an item", "Co wchodzi w towar"}, "production.bom:read", false,          \
        &explode_shape, &explode_answer_shape, bom_explode_call},                                            \
        {"bom.where_used", {"What an item goes into", "W co wchodzi towar"}, "production.bom:read", false,   \
            &used_shape, &used_answer_shape, bom_where_used},                                                \
        {"bom.cost", {"What an item costs to make", "Ile kosztuje wytworzenie"}, "production.bom:cost",      \
            false, &cost_shape, &cost_answer_shape, bom_cost},                                               \
    {                                                                                                        \
        "bom.set_standard", {"Set the standard cost from the bill", "Ustal koszt standardowy ze struktury"}, \
            "production.bom:cost", true, &standard_shape, &standard_answer_shape, bom_set_standard           \
    }

#define BOM_HANDLERS                                                                                         \
    {"base.item.updated", &part_shape, bom_book_item_changed},                                               \
    {                                                                                                        \
        "production.bom.deleted", &bom_shape, bom_book_item_changed                                          \
    }

#define BOM_PLANNER  "; production.bom:* fields *; production.routing:*; production.work_centre:* fields *"
#define BOM_OPERATOR "; production.bom:read; production.routing:read; production.work_centre:read"
