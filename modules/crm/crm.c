/* The module crm: leads, deals in pipelines, activities, and the customer's card. */
#include "crm.h"

#include <kontor/rules.h>

#include "customer/audience.h"
#include "customer/form.h"
#include "customer/mailing.h"
#include "customer/tables.h"
#include "report/tables.h"
#include "sales/tables.h"
#include "work/work.h"

static const kt_entity entities[] = {
    {&pipeline_shape, {"Pipeline", "Lejek"}, {"Pipelines", "Lejki"}, .title = "name",
        .compute = pipeline_compute, .check = pipeline_check, .icon = "funnel"},
    {&lead_shape, {"Lead", "Lead"}, {"Leads", "Leady"}, .title = "title", .log_reads = true,
        .columns = lead_columns, .number = "L/{year}/{seq:5}", .indexes = "owner state",
        .actions = lead_actions, .compute = lead_compute, .icon = "target",
        .views = "[{\"kind\":\"kanban\",\"by\":\"state\",\"card\":[\"title\",\"name\",\"company_name\","
                 "\"amount\"]},"
                 "{\"kind\":\"list\",\"columns\":[\"number\",\"title\",\"state\",\"name\",\"company_name\","
                 "\"phone\","
                 "\"source\",\"owner\"],\"sort\":\"-id\"}]"},
    {&deal_shape, {"Deal", "Szansa sprzedaży"}, {"Deals", "Szanse sprzedaży"}, .title = "title",
        .columns = deal_columns, .number = "D/{year}/{seq:5}",
        .indexes = "pipeline stage, owner semantic, party semantic, semantic party, created_at party, "
                   "history.pipeline history.at history.stage history.stayed amount owner currency",
        .actions = deal_actions, .compute = deal_compute, .check = deal_check, .icon = "handshake",
        .views =
            "[{\"kind\":\"kanban\",\"by\":\"stage_name\",\"card\":[\"title\",\"party\",\"amount\"],\"sum\":"
            "\"amount\",\"filter\":[[\"semantic\",\"=\",\"open\"]]},"
            "{\"kind\":\"list\",\"columns\":[\"number\",\"title\",\"party\",\"amount\",\"currency\","
            "\"stage_name\",\"expected_close\",\"owner\"],\"sort\":\"-id\"},"
            "{\"kind\":\"pivot\",\"rows\":[\"stage_name\"],\"columns\":[\"owner\"],\"measures\":{\"amount\":"
            "\"sum:amount\",\"count\":\"count\"}}]"},
    {&activity_shape, {"Activity", "Aktywność"}, {"Activities", "Aktywności"}, .title = "subject",
        .indexes = "owner planned_at, party done_at, done_at party", .actions = activity_actions,
        .compute = activity_compute, .icon = "phone",
        .views = "[{\"kind\":\"list\",\"columns\":[\"kind\",\"subject\",\"state\",\"planned_at\",\"party\","
                 "\"owner\"],"
                 "\"sort\":\"-planned_at\"},{\"kind\":\"calendar\",\"start\":\"planned_at\"}]"},
    SALES_ENTITIES,
    REPORT_ENTITIES,
    CUSTOMER_ENTITIES,
    AUDIENCE_ENTITIES,
    MAILING_ENTITIES,
    FORM_ENTITIES,
    WORK_ENTITIES,
    {0},
};

static const kt_method methods[] = {
    {"card", {"A customer with everything on it", "Klient ze wszystkim, co go dotyczy"}, "base.party:read",
        false, &card_shape, &card_answer_shape, card},
    {"activity.reminders", {"Activities due or to be reminded of", "Aktywności do przypomnienia"},
        "crm.activity:read", false, &reminders_shape, &reminders_found_shape, activity_reminders},
    SALES_METHODS,
    REPORT_METHODS,
    CUSTOMER_METHODS,
    AUDIENCE_METHODS,
    WORK_METHODS,
    {0},
};

static const kt_handler handlers[] = {WORK_HANDLERS, SALES_HANDLERS, CUSTOMER_HANDLERS, {0}};

static const kt_service services[] = {{"crm.orders", 3, &orders_service},
    {"crm.catch_up", 1, &orders_catch_up}, AUDIENCE_SERVICES, MAILING_SERVICES, {0}};

static const kt_role roles[] = {
    {"sales", {"Sales", "Handlowiec"},
        "access.user:read; base.party:read,create,update@own; base.relation:read,create,update@own; "
        "crm.lead:*@own; "
        "crm.deal:*@own; "
        "crm.activity:*@own; crm.pipeline:read" SALES_SELLER REPORT_SELLER CUSTOMER_SELLER AUDIENCE_SELLER
            MAILING_SELLER FORM_SELLER WORK_SELLER},
    {"sales_head", {"Head of sales", "Kierownik sprzedaży"},
        "access.user:read; base.party:read,create,update,export@department; base.relation:*@department; "
        "crm.lead:*@department; "
        "crm.deal:*@department; crm.activity:*@department; crm.pipeline:read,create,update" SALES_HEAD
            REPORT_HEAD CUSTOMER_HEAD AUDIENCE_HEAD MAILING_HEAD FORM_HEAD WORK_HEAD},
    {"reader", {"Reader of crm", "Czytający crm"},
        "access.user:read; base.party:read; base.relation:read; crm.lead:read; crm.deal:read; "
        "crm.activity:read; "
        "crm.pipeline:read" SALES_READER REPORT_READER CUSTOMER_READER AUDIENCE_READER WORK_READER},
    {"exchange", {"Telephone exchange", "Centrala telefoniczna"}, CUSTOMER_EXCHANGE},
    {"shop", {"Shop", "Sklep"}, AUDIENCE_SHOP},
    {"manager", {"Keeper of crm", "Administrator crm"},
        "access.user:read; crm.*:* fields *; base.party:* fields *; base.relation:*; base.tag:*" SALES_LOOKUPS
        "; access.role:read" REPORT_LOOKUPS},
    {0},
};

/* What the company expects to happen by itself. */
static const kt_rule upkeep[] = {
    KT_UPKEEP("crm", "quotations_expire", "Quotations past their date expire", "every day at 0:10",
        "crm.*:*; base.*:read; access.user:read", "quotation.expire_due"),
    KT_UPKEEP("crm", "orders_recur", "Recurring orders that are due", "every day at 1:00", "*:* fields *",
        "order_template.run"), /* a confirmation reaches whoever delivers and bills */
    KT_UPKEEP("crm", "requests_fail", "Requests past their time", "every 5 minutes",
        "crm.*:*; base.*:read; access.user:read", "request.fail_due"),
    {0},
};

static const kt_route routes[] = {MAILING_ROUTES, FORM_ROUTES, OFFER_ROUTES, {0}};

static kt_error *migrate(kt_tx *tx, const char *from_version)
{
    (void)from_version;
    return kt_rules_bring(tx, upkeep);
}

const kt_module kontor_module = KT_MODULE("crm", "1.2.0", "Customers and sales", "Klienci i sprzedaż",
    .needs = "base", .entities = entities, .methods = methods, .handlers = handlers, .services = services,
    .roles = roles, .migrate = migrate, .routes = routes);
