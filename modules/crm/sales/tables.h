/* tables.h -- this folder's rows of the module's tables: crm.c lists them. */
#pragma once
#include <kontor/orders.h>

#include "sales/sales.h"

#define SALES_ENTITIES                                                                                       \
    {&price_list_shape, {"Price list", "Cennik"}, {"Price lists", "Cenniki"}, .title = "name",               \
        .compute = price_list_compute, .check = price_list_check, .icon = "tags",                            \
        .views = "[{\"kind\":\"list\",\"columns\":[\"name\",\"currency\",\"initial\",\"valid_from\","        \
                 "\"valid_to\",\"base\",\"percent\"],\"sort\":\"name\"}]"},                                  \
        {&price_shape, {"Price", "Cena"}, {"Prices", "Ceny"}, .indexes = "list item, list category",         \
            .compute = price_compute, .icon = "tag",                                                         \
            .views =                                                                                         \
                "[{\"kind\":\"list\",\"columns\":[\"list\",\"item\",\"category\",\"quantity\","              \
                "\"price\",\"percent\",\"valid_from\",\"valid_to\"],\"sort\":\"list,item,quantity\"}]"},     \
        {&discount_limit_shape, {"Discount limit", "Limit rabatu"}, {"Discount limits", "Limity rabatów"},   \
            .compute = discount_limit_compute, .icon = "percent",                                            \
            .views = "[{\"kind\":\"list\",\"columns\":[\"role\",\"percent\",\"over\"]}]"},                   \
        {&quotation_shape, {"Quotation", "Oferta"}, {"Quotations", "Oferty"}, .title = "title",              \
            .number = "Q/{year}/{seq:5}", .indexes = "owner state, party day, deal day",                     \
            .actions = quotation_actions, .compute = quotation_compute, .icon = "file-text",                 \
            .views = "[{\"kind\":\"kanban\",\"by\":\"state\",\"card\":[\"number\",\"title\",\"gross\","      \
                     "\"valid_until\"],\"sum\":\"net\"},{\"kind\":\"list\",\"columns\":[\"number\","         \
                     "\"title\",\"state\",\"day\",\"net\",\"gross\",\"currency\",\"valid_until\","           \
                     "\"owner\"],\"sort\":\"-id\"},{\"kind\":\"list\",\"name\":\"past\",\"label\":{\"en\":"  \
                     "\"Past their date\",\"pl\":\"Po terminie\"},\"filter\":[[\"state\",\"=\",\"sent\"],["  \
                     "\"valid_until\",\"<\",\"today\"]],\"columns\":[\"number\",\"title\",\"valid_until\","  \
                     "\"net\",\"owner\"],\"sort\":\"valid_until\"}]"},                                       \
        {&order_shape, {"Sales order", "Zamówienie"}, {"Sales orders", "Zamówienia"}, .title = "title",      \
            .number = "SO/{year}/{seq:5}",                                                                   \
            .indexes = "owner state, party day, unique template period, state delivery_status",              \
            .actions = order_actions, .compute = order_compute, .icon = "receipt",                           \
            .views = "[{\"kind\":\"list\",\"columns\":[\"number\",\"title\",\"state\",\"day\",\"net\","      \
                     "\"gross\",\"currency\",\"delivery_status\",\"billing_status\",\"owner\"],\"sort\":"    \
                     "\"-id\"},{\"kind\":\"kanban\",\"by\":\"state\",\"card\":[\"number\",\"title\","        \
                     "\"gross\",\"asked\"],\"sum\":\"net\"},{\"kind\":\"list\",\"name\":\"to_deliver\","     \
                     "\"label\":{\"en\":\"To deliver\",\"pl\":\"Do dostarczenia\"},\"filter\":[[\"state\","  \
                     "\"=\",\"confirmed\"],[\"delivery_status\",\"!=\",\"full\"]],\"columns\":[\"number\","  \
                     "\"title\",\"asked\",\"delivery_status\",\"net\"],\"sort\":\"asked\"},{\"kind\":"       \
                     "\"list\",\"name\":\"to_bill\",\"label\":{\"en\":\"To bill\",\"pl\":\"Do "              \
                     "zafakturowania\"},\"filter\":[[\"state\",\"=\",\"confirmed\"],[\"billing_status\","    \
                     "\"!=\",\"full\"]],\"columns\":[\"number\",\"title\",\"day\",\"billing_status\","       \
                     "\"gross\"],\"sort\":\"day\"},{\"kind\":\"list\",\"name\":\"late\",\"label\":{\"en\":"  \
                     "\"Late\",\"pl\":\"Spóźnione\"},"                                                     \
                     "\"filter\":[[\"state\",\"=\",\"confirmed\"],[\"delivery_status\","                     \
                     "\"!=\",\"full\"],[\"or\",[\"lines\",\"any\",[[\"kind\",\"=\","                         \
                     "\"goods\"],[\"actual\",\"is_null\",true],[\"not\",[\"asked\","                         \
                     "\">=\",\"today\"]],[\"not\",[\"promised\",\">=\",\"today\"]],"                         \
                     "[\"or\",[\"asked\",\"is_null\",false],[\"promised\",\"is_null\","                      \
                     "false]]]],[[\"delivery_status\",\"=\",\"partial\"],[\"not\","                          \
                     "[\"lines\",\"any\",[[\"asked\",\">=\",\"today\"]]]],[\"not\","                         \
                     "[\"lines\",\"any\",[[\"promised\",\">=\",\"today\"]]]],[\"lines\","                    \
                     "\"any\",[[\"kind\",\"=\",\"goods\"],[\"or\",[\"asked\","                               \
                     "\"is_null\",false],[\"promised\",\"is_null\",false]]]]]]],"                            \
                     "\"columns\":["                                                                         \
                     "\"number\",\"title\",\"asked\",\"promised\",\"delivery_status\",\"owner\"],"           \
                     "\"sort\":\"asked\"},{\"kind\":\"calendar\",\"start\":\"asked\"}]"},                    \
    {                                                                                                        \
        &order_template_shape, {"Recurring order", "Zamówienie cykliczne"},                                  \
            {"Recurring orders", "Zamówienia cykliczne"},                                                    \
            .title = "name", .compute = order_template_compute, .icon = "repeat",                            \
            .views = "[{\"kind\":\"list\",\"columns\":[\"name\",\"party\",\"next\",\"interval\",\"every\","  \
                     "\"made\",\"active\"],\"sort\":\"next\"}]"                                              \
    }

#define SALES_METHODS                                                                                        \
    {"price.explain", {"Why this price", "Dlaczego ta cena"}, "crm.price_list:read", false,                  \
        &price_explain_shape, &price_explained_shape, price_explain},                                        \
        {"quotation.compare", {"What the version changes", "Co zmienia wersja"}, "crm.quotation:read",       \
            false, &compare_shape, &compared_shape, quotation_compare},                                      \
        {"quotation.expire_due", {"Expire what is past its date", "Oznacz oferty po terminie"},              \
            "crm.quotation:update", true, &expire_shape, &expired_shape, quotations_expire},                 \
    {                                                                                                        \
        "order_template.run", {"Make the orders that are due", "Utwórz należne zamówienia"},                 \
            "crm.order:create", true, &recur_shape, &recurred_shape, templates_run                           \
    }

#define SALES_HANDLERS                                                                                       \
    {"base.supply.promise", &promise_shape, order_promise_moved},                                            \
        {"base.supply.joined", NULL, orders_covered}, {"crm.enabled", NULL, orders_enabled},                 \
        {"crm.order.release", &order_shape, order_hears},                                                    \
    {                                                                                                        \
        "crm.order.reopen", &order_shape, order_hears                                                        \
    }

/* What sellers look up in base and here. */
#define SALES_LOOKUPS                                                                                        \
    "; base.item:read; base.item_category:read; base.unit:read; base.currency:read; "                        \
    "base.currency_rate:read; base.country:read; base.company:read; base.tag:read; base.tax:read; "          \
    "base.tax_category:read; base.tax_position:read; base.tax_rule:read; crm.price_list:read; "              \
    "crm.price:read; crm.discount_limit:read; base.pegging:read"
#define SALES_SELLER                                                                                         \
    "; crm.quotation:read,create,update,delete@own; crm.order:read,create,update,confirm,deliver,bill@own; " \
    "crm.order_template:read,create,update@own" SALES_LOOKUPS
#define SALES_HEAD                                                                                           \
    "; crm.quotation:*@department; crm.order:*@department fields cost; base.pegging:read fields cost; "      \
    "crm.order_template:*@department; "                                                                      \
    "crm.price_list:*; crm.price:*" SALES_LOOKUPS
#define SALES_READER "; crm.quotation:read; crm.order:read; crm.order_template:read" SALES_LOOKUPS
