/* tables.h -- this folder's rows of the module's tables: logistics.c lists them. Every macro ends with its comma. */
#pragma once
#include "stock/value.h"

#define STOCK_ENTITIES                                                                                       \
    {&goods_shape},                                                                                          \
        {&warehouse_shape, {"Warehouse", "Magazyn"}, {"Warehouses", "Magazyny"}, .title = "name",            \
            .compute = warehouse_compute, .icon = "home"},                                                   \
        {&location_shape, {"Location", "Miejsce składowania"}, {"Locations", "Miejsca składowania"},         \
            .title = "code", .indexes = "place warehouse", .compute = location_compute, .icon = "map-pin"},  \
        {&lot_shape, {"Lot", "Partia"}, {"Lots", "Partie"}, .title = "name", .indexes = "unique item name",  \
            .actions = lot_actions, .icon = "barcode"},                                                      \
        {&balance_shape, {"Stock", "Stan magazynu"}, {"Stock", "Stany magazynu"},                            \
            .indexes = "item location lot, item warehouse", .compute = balance_compute,                      \
            .check = balance_check, .icon = "boxes",                                                         \
            .views = "[{\"kind\":\"list\",\"columns\":[\"item\",\"warehouse\",\"location\",\"lot\","         \
                     "\"on_hand\",\"reserved\",\"free\"],\"filter\":[[\"place\",\"=\",\"stores\"]]}]"},      \
        {&reservation_shape, {"Reservation", "Rezerwacja"}, {"Reservations", "Rezerwacje"},                  \
            .indexes = "document item", .check = reservation_check, .icon = "lock"},                         \
        {&move_shape, {"Stock move", "Ruch magazynowy"}, {"Stock moves", "Ruchy magazynowe"},                \
            .indexes = "document item line, item left, item state", .icon = "arrow-right",                   \
            .views = "[{\"kind\":\"list\",\"columns\":[\"day\",\"item\",\"quantity\",\"from_place\","        \
                     "\"to_place\",\"lot\",\"document\",\"state\",\"value\"],\"sort\":\"-id\"}]"},           \
        {&pool_shape, {"Stock value", "Wartość zapasu"}, {"Stock values", "Wartości zapasu"},                \
            .indexes = "unique item", .icon = "coins"},

#define STOCK_METHODS                                                                                        \
    {"availability", {"How much there is and can be promised", "Ile jest i ile można obiecać"},              \
        "logistics.stock:read", false, &availability_shape, &available_shape, availability},

#define STOCK_HANDLERS {"base.item.updated", &goods_shape, item_changed},

#define STOCK_SERVICES {"logistics.stock", 1, &stock_service},

#define STOCK_LOOKUPS                                                                                        \
    "; base.item:read; base.item_category:read; base.unit:read; base.party:read; base.company:read; "        \
    "base.pegging:read; access.user:read; logistics.warehouse:read; logistics.location:read; "               \
    "logistics.stock:read; logistics.move:read; logistics.reservation:read; logistics.lot:read"
