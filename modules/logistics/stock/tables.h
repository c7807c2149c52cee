/* tables.h -- this folder's rows of the module's tables: logistics.c lists them. Every macro ends with its comma. */
#pragma once
#include "stock/count.h"
#include "stock/delivery.h"
#include "stock/landed.h"
#include "stock/trace.h"
#include "stock/transfer.h"
#include "stock/value.h"

#define STOCK_ENTITIES                                                                                        \
    {&goods_shape},                                                                                           \
        {&warehouse_shape, {"Warehouse", "Magazyn"}, {"Warehouses", "Magazyny"}, .title = "name",             \
            .compute = warehouse_compute, .icon = "home"},                                                    \
        {&location_shape, {"Location", "Miejsce składowania"}, {"Locations", "Miejsca składowania"},          \
            .title = "code", .indexes = "place warehouse", .compute = location_compute, .icon = "map-pin"},   \
        {&lot_shape, {"Lot", "Partia"}, {"Lots", "Partie"}, .title = "name", .indexes = "unique item name",   \
            .actions = lot_actions, .icon = "barcode"},                                                       \
        {&balance_shape, {"Stock", "Stan magazynu"}, {"Stock", "Stany magazynu"},                             \
            .indexes = "item location lot, item warehouse", .compute = balance_compute,                       \
            .check = balance_check, .kept = true, .icon = "boxes",                                            \
            .views = "[{\"kind\":\"list\",\"columns\":[\"item\",\"warehouse\",\"location\",\"lot\","          \
                     "\"on_hand\",\"reserved\",\"free\"],\"filter\":[[\"place\",\"=\",\"stores\"]]}]"},       \
        {&reservation_shape, {"Reservation", "Rezerwacja"}, {"Reservations", "Rezerwacje"},                   \
            .indexes = "document item lot", .check = reservation_check, .kept = true, .icon = "lock"},        \
        {&move_shape, {"Stock move", "Ruch magazynowy"}, {"Stock moves", "Ruchy magazynowe"},                 \
            .indexes = "document item line, item state open day", .compute = move_compute, .kept = true,      \
            .icon = "arrow-right",                                                                            \
            .views = "[{\"kind\":\"list\",\"columns\":[\"day\",\"item\",\"quantity\",\"from_place\","         \
                     "\"to_place\",\"lot\",\"document\",\"state\",\"value\"],\"sort\":\"-id\"}]"},            \
        {&pool_shape, {"Stock value", "Wartość zapasu"}, {"Stock values", "Wartości zapasu"},                 \
            .indexes = "unique item", .kept = true, .icon = "coins"},                                         \
        {&sold_shape},                                                                                        \
        {&delivery_shape, {"Delivery", "Wydanie (WZ)"}, {"Deliveries", "Wydania (WZ)"}, .title = "number",    \
            .number = "WZ/{year}/{seq:5}", .indexes = "document state, state day, party day",                 \
            .actions = delivery_actions, .compute = delivery_compute, .icon = "truck",                        \
            .views =                                                                                          \
                "[{\"kind\":\"list\",\"columns\":[\"number\",\"party\",\"document\",\"state\",\"day\","       \
                "\"missing\"],\"sort\":\"-id\"},{\"kind\":\"list\",\"name\":\"to_ship\",\"label\":{\"en\":"   \
                "\"To ship\",\"pl\":\"Do "                                                                    \
                "wydania\"},\"filter\":[[\"state\",\"in\",[\"reserved\",\"picked\"]]],"                       \
                "\"columns\":[\"number\",\"party\",\"day\",\"state\"],\"sort\":\"day\"},{\"kind\":\"list\","  \
                "\"name\":\"missing\",\"label\":{\"en\":\"Waiting for goods\",\"pl\":\"Czekają na towar\"}," \
                "\"filter\":[[\"state\",\"=\",\"waiting\"]],\"columns\":[\"number\",\"party\",\"day\","       \
                "\"missing\"],\"sort\":\"day\"},{\"kind\":\"list\",\"name\":\"late\",\"label\":{\"en\":"      \
                "\"Late\",\"pl\":\"Spóźnione\"},\"filter\":[[\"state\",\"in\",[\"waiting\",\"reserved\","   \
                "\"picked\"]],[\"day\",\"<\",\"today\"]],\"columns\":[\"number\",\"party\",\"day\","          \
                "\"state\","                                                                                  \
                "\"missing\"],\"sort\":\"day\"}]"},                                                           \
        {&transfer_shape, {"Internal slip", "Dokument wewnętrzny"},                                           \
            {"Internal slips (MM, RW, PW)", "Dokumenty wewnętrzne (MM, RW, PW)"}, .title = "number",          \
            .number = "~MM/{year}/{seq:5}", .indexes = "state day", .actions = transfer_actions,              \
            .compute = transfer_compute, .check = transfer_check, .icon = "shuffle",                          \
            .views =                                                                                          \
                "[{\"kind\":\"list\",\"columns\":[\"number\",\"kind\",\"state\",\"day\",\"warehouse\","       \
                "\"to_warehouse\",\"reason\"],\"sort\":\"-id\"},{\"kind\":\"list\",\"name\":\"to_send\","     \
                "\"label\":"                                                                                  \
                "{\"en\":\"To send\",\"pl\":\"Do "                                                            \
                "wysłania\"},\"filter\":[[\"kind\",\"=\",\"transfer\"],[\"state\","                          \
                "\"=\",\"draft\"]],\"columns\":[\"day\",\"warehouse\",\"to_warehouse\",\"asked\","            \
                "\"reason\"],"                                                                                \
                "\"sort\":\"day\"},{\"kind\":\"list\",\"name\":\"late\",\"label\":{\"en\":\"Late\",\"pl\":"   \
                "\"Spóźnione\"},\"filter\":[[\"kind\",\"=\",\"transfer\"],[\"state\",\"=\",\"draft\"],["    \
                "\"day\","                                                                                    \
                "\"<\",\"today\"]],\"columns\":[\"day\",\"warehouse\",\"to_warehouse\",\"asked\","            \
                "\"reason\"],"                                                                                \
                "\"sort\":\"day\"}]"},                                                                        \
        {&count_shape, {"Stock count", "Spis z natury"}, {"Stock counts", "Spisy z natury"},                  \
            .title = "number", .number = "INW/{year}/{seq:4}", .actions = count_actions,                      \
            .icon = "clipboard",                                                                              \
            .views =                                                                                          \
                "[{\"kind\":\"list\",\"columns\":[\"number\",\"warehouse\",\"state\",\"day\",\"positions\","  \
                "\"counted\",\"differing\"],\"sort\":\"-id\"}]"},                                             \
        {&count_line_shape, {"Counted position", "Pozycja spisu"}, {"Counted positions", "Pozycje spisów"},   \
            .indexes = "count item location", .icon = "hash"},

#define STOCK_METHODS                                                                                        \
    {"availability", {"How much there is and can be promised", "Ile jest i ile można obiecać"},              \
        "logistics.stock:read", false, &availability_shape, &available_shape, availability},                 \
        {"lot.expire_due", {"Keep nothing of lots past their day", "Nie trzymaj partii po terminie"},        \
            "logistics.lot:update", true, &lots_expire_shape, &lots_expired_shape, lots_expire},             \
        {"landed", {"Spread a later cost over receipts", "Rozłóż późniejszy koszt na przyjęcia"},            \
            "logistics.valuation:burden", true, &landed_shape, &landed_parts_shape, landed},                 \
        {"trace", {"Where a lot came from and went", "Skąd partia przyszła i dokąd poszła"},                 \
            "logistics.move:read", false, &trace_shape, &traced_all_shape, trace},                           \
        {"missing", {"What the stores miss", "Czego brakuje w magazynie"}, "logistics.delivery:read", false, \
            &missing_shape, &missing_found_shape, missing},

#define STOCK_HANDLERS                                                                                       \
    {"base.item.updated", &goods_shape, item_changed},                                                       \
        {"logistics.warehouse.deleted", &warehouse_shape, warehouse_deleted},                                \
        {"crm.order.confirm", &sold_shape, order_changed}, {"crm.order.amend", &sold_shape, order_changed},  \
        {"crm.order.reopen", &sold_shape, order_changed}, {"crm.order.cancel", &sold_shape, order_ended},    \
        {"crm.order.close", &sold_shape, order_ended},                                                       \
        {"crm.order.deliver", &sold_shape, order_delivered_elsewhere},                                       \
        {"base.supply.promise", &promise_shape, promise_moved},                                              \
        {"base.supply.used", &used_shape, demand_used}, {"logistics.lot.updated", &lot_shape, lot_changed},  \
        {"logistics.location.updated", &location_shape, location_changed},                                   \
        {"logistics.warehouse.updated", &warehouse_shape, warehouse_changed},                                \
        {"base.supply.unclaimed", &unclaimed_shape, goods_unclaimed},                                        \
        {"crm.enabled", NULL, orders_caught_up}, {"logistics.enabled", NULL, orders_caught_up},

#define STOCK_SERVICES                                                                                       \
    {"logistics.stock", 1, &stock_service}, {"supply.stock", 7, &stock_source},                              \
        {DELIVERIES_CATCH_UP, 1, &deliveries_catch_up}, {STORES_OPEN, 1, &stores_open},

#define STOCK_LOOKUPS                                                                                        \
    "; base.item:read; base.item_category:read; base.item_unit:read; base.unit:read; base.party:read; "      \
    "base.company:read; "                                                                                    \
    "base.pegging:read; access.user:read; base.currency:read;  logistics.warehouse:read; "                   \
    "logistics.location:read; "                                                                              \
    "logistics.stock:read; logistics.move:read; logistics.reservation:read; logistics.lot:read; "            \
    "logistics.count:read; "                                                                                 \
    "logistics.count_line:read"
#define STOCK_KEEPER                                                                                         \
    "logistics.lot:create,update; logistics.delivery:*; logistics.transfer:*; "                              \
    "logistics.count:read,create,update,count"
