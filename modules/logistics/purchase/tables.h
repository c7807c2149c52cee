/* tables.h -- this folder's rows of the module's tables: logistics.c lists them. Every macro ends with its comma. */
#pragma once
#include "purchase/purchase.h"

#define PURCHASE_ENTITIES                                                                                    \
    {&receiving_company_shape},                                                                              \
        {&supplier_price_shape, {"Supplier's price", "Cena dostawcy"},                                       \
            {"Suppliers' prices", "Ceny dostawców"}, .indexes = "item party",                                \
            .compute = supplier_price_compute, .icon = "tag",                                                \
            .views = "[{\"kind\":\"list\",\"columns\":[\"item\",\"party\",\"code\",\"price\",\"currency\","  \
                     "\"minimum\",\"multiple\",\"lead_days\",\"valid_from\",\"valid_to\"],\"sort\":"         \
                     "\"item,price\"}]"},                                                                    \
        {&request_shape, {"Purchase request", "Zapotrzebowanie"}, {"Purchase requests", "Zapotrzebowania"},  \
            .number = "PR/{year}/{seq:5}", .indexes = "item free, order order_line, state order_by",         \
            .actions = request_actions, .compute = request_compute, .icon = "inbox",                         \
            .views = "[{\"kind\":\"list\",\"name\":\"to_buy\",\"label\":{\"en\":\"To buy\",\"pl\":\"Do "     \
                     "kupienia\"},\"filter\":[[\"state\",\"=\",\"open\"]],\"columns\":[\"number\",\"item\"," \
                     "\"quantity\",\"party\",\"order_by\",\"needed\",\"day\"],\"sort\":\"order_by\"},{"      \
                     "\"kind\":\"list\",\"columns\":[\"number\",\"item\",\"quantity\",\"state\",\"party\","  \
                     "\"order\",\"day\"],\"sort\":\"-id\"}]"},                                               \
        {&rfq_shape, {"Inquiry", "Zapytanie ofertowe"}, {"Inquiries", "Zapytania ofertowe"},                 \
            .title = "title", .number = "RFQ/{year}/{seq:5}", .actions = rfq_actions,                        \
            .compute = rfq_compute, .icon = "help-circle"},                                                  \
        {&answer_shape, {"Supplier's answer", "Odpowiedź dostawcy"},                                         \
            {"Suppliers' answers", "Odpowiedzi dostawców"}, .indexes = "unique rfq party",                   \
            .compute = answer_compute, .icon = "message-square"},                                            \
        {&po_shape, {"Purchase order", "Zamówienie zakupu"}, {"Purchase orders", "Zamówienia zakupu"},       \
            .title = "title", .number = "PO/{year}/{seq:5}",                                                 \
            .indexes = "party day, state receipt_status, state billing_status", .actions = po_actions,       \
            .compute = po_compute, .icon = "shopping-cart",                                                  \
            .views = "[{\"kind\":\"list\",\"columns\":[\"number\",\"title\",\"state\",\"day\",\"net\","      \
                     "\"currency\",\"expected\",\"receipt_status\",\"billing_status\"],\"sort\":\"-id\"},{"  \
                     "\"kind\":\"list\",\"name\":\"to_receive\",\"label\":{\"en\":\"To receive\",\"pl\":"    \
                     "\"Do przyjęcia\"},\"filter\":[[\"state\",\"=\",\"approved\"],[\"receipt_status\","    \
                     "\"!=\",\"full\"]],\"columns\":[\"number\",\"title\",\"expected\",\"receipt_status\","  \
                     "\"net\"],\"sort\":\"expected\"},{\"kind\":\"list\",\"name\":\"late\",\"label\":{"      \
                     "\"en\":\"Late\",\"pl\":\"Spóźnione\"},\"filter\":[[\"state\",\"=\",\"approved\"],["  \
                     "\"receipt_status\",\"!=\",\"full\"],[\"expected\",\"<\",\"today\"]],\"columns\":["     \
                     "\"number\",\"title\",\"expected\",\"net\"],\"sort\":\"expected\"}]"},                  \
        {&purchase_limit_shape, {"Purchase limit", "Limit zakupów"}, {"Purchase limits", "Limity zakupów"},  \
            .compute = purchase_limit_compute, .icon = "shield"},                                            \
        {&receipt_shape, {"Receipt", "Przyjęcie (PZ)"}, {"Receipts", "Przyjęcia (PZ)"},                      \
            .number = "~PZ/{year}/{seq:5}", .indexes = "order state, state day", .actions = receipt_actions, \
            .compute = receipt_compute, .icon = "package",                                                   \
            .views = "[{\"kind\":\"list\",\"columns\":[\"number\",\"kind\",\"party\",\"order\",\"day\","     \
                     "\"state\"],\"sort\":\"-id\"}]"},                                                       \
        {&reorder_rule_shape, {"Reorder rule", "Reguła uzupełniania"},                                       \
            {"Reorder rules", "Reguły uzupełniania"}, .indexes = "unique item warehouse",                    \
            .compute = reorder_rule_compute, .icon = "refresh-cw"},

#define PURCHASE_METHODS                                                                                     \
    {"supplier.best", {"The best supplier, and why", "Najlepszy dostawca i dlaczego"},                       \
        "logistics.supplier_price:read", false, &best_shape, &best_found_shape, supplier_best},              \
        {"supplier.score", {"How good suppliers are", "Ocena dostawców"}, "logistics.purchase_order:read",   \
            false, &score_shape, &scored_shape, supplier_score},                                             \
        {"purchase.order", {"Order what is requested", "Zamów zapotrzebowania"},                             \
            "logistics.purchase_order:create", true, &ordering_shape, &ordered_shape,                        \
            purchase_order_requests},                                                                        \
        {"purchase.review", {"Date open requests anew", "Zaktualizuj terminy zapotrzebowań"},                \
            "logistics.purchase_request:update", true, &review_shape, &reviewed_shape, purchase_review},     \
        {"purchase.to_buy", {"To buy", "Do kupienia"}, "logistics.purchase_request:read", false,             \
            &list_shape, &worklist_shape, list_to_buy},                                                      \
        {"purchase.to_receive", {"To receive", "Do przyjęcia"}, "logistics.purchase_order:read", false,      \
            &list_shape, &worklist_shape, list_to_receive},                                                  \
        {"purchase.late", {"Late purchases", "Spóźnione zakupy"}, "logistics.purchase_order:read", false,    \
            &list_shape, &worklist_shape, list_late},                                                        \
        {"purchase.match", {"Ordered, received, billed", "Zamówione, przyjęte, zafakturowane"},              \
            "logistics.purchase_order:read", false, &match_shape, &matched_shape, purchase_match},           \
        {"rfq.compare", {"Compare the answers", "Porównaj odpowiedzi"}, "logistics.rfq:read", false,         \
            &compare_shape, &compared_shape, rfq_compare},                                                   \
        {"reorder.run", {"Ask for what falls short", "Uzupełnij zapasy"},                                    \
            "logistics.purchase_request:create", true, &reorder_run_shape, &reorder_done_shape,              \
            reorder_run},

/* Before a delivery is made of what the order still misses. */
#define STRAIGHT_HANDLERS {"crm.order.reopen", &asking_shape, straight_reopened},

#define PURCHASE_HANDLERS                                                                                    \
    {"logistics.enabled", NULL, purchase_enabled}, {"crm.enabled", NULL, sales_are_back},                    \
        {"logistics.supplier_price.created", &supplier_price_shape, price_offered},                          \
        {"logistics.supplier_price.updated", &supplier_price_shape, price_offered},                          \
        {"base.currency_rate.created", &rate_entered_shape, rate_entered},                                   \
        {"logistics.purchase_request.created", &request_shape, request_offered},                             \
        {"logistics.purchase_order.approve", &po_shape, order_offered},                                      \
        {"logistics.purchase_order.amend", &po_shape, order_offered},                                        \
        {"logistics.transfer.send", &transfer_shape, slip_offered},                                          \
        {"logistics.reorder_rule.created", &reorder_rule_shape, way_offered},                                \
        {"logistics.reorder_rule.updated", &reorder_rule_shape, way_offered},

#define PURCHASE_SERVICES                                                                                    \
    {"supply.transfer", 7, &transfer_source}, {"supply.buy", 7, &buying_source},                             \
        {"logistics.purchases", 3, &purchases_service}, {PURCHASE_CATCH_UP, 1, &purchase_catch_up},          \
        {"logistics.ways", 1, &ways_service},

#define PURCHASE_LOOKUPS                                                                                     \
    "access.user:read; base.party:read; base.item:read fields cost; base.item_category:read; "               \
    "base.unit:read; base.item_unit:read; base.currency:read; base.currency_rate:read; base.country:read; "  \
    "base.company:read; "                                                                                    \
    "base.tax:read; base.tax_category:read; base.tax_position:read; base.tax_rule:read; "                    \
    "base.calendar:read; "                                                                                   \
    "base.holiday:read; base.pegging:read fields cost; logistics.warehouse:read; logistics.location:read; "  \
    "logistics.stock:read; logistics.move:read; logistics.lot:read; "

/* Storekeepers receive goods, and see no prices. */
#define PURCHASE_KEEPER "; logistics.receipt:read,create,update,finish; logistics.purchase_order:read"

#define PURCHASE_ROLES                                                                                       \
    {"purchaser", {"Purchaser", "Zaopatrzeniowiec"},                                                         \
        PURCHASE_LOOKUPS                                                                                     \
        "base.party:create,update; logistics.supplier_price:*; logistics.purchase_request:* fields cost; "   \
        "logistics.rfq:*; logistics.rfq_answer:*; logistics.reorder_rule:*; "                                \
        "logistics.purchase_order:read,create,update,approve fields cost; "                                  \
        "logistics.purchase_limit:read; "                                                                    \
        "logistics.receipt:read fields cost"},
