/* The module production: what goes into what, where it is worked on, what is to be made and when. */
#include <kontor/rules.h>

#include "bom/tables.h"
#include "mrp/tables.h"
#include "order/tables.h"

static const kt_entity entities[] = {BOM_ENTITIES, ORDER_ENTITIES, MRP_ENTITIES, {0}};

static const kt_method methods[] = {BOM_METHODS, ORDER_METHODS, MRP_METHODS, {0}};

static const kt_handler handlers[] = {BOM_HANDLERS, ORDER_HANDLERS, MRP_HANDLERS, {0}};

static const kt_service services[] = {ORDER_SERVICES, MRP_SERVICES, {0}};

static const kt_role roles[] = {
    {"planner", {"Production planner", "Planista produkcji"},
        "access.user:read; base.item:read fields cost; base.item_cost:read fields cost; base.unit:read; "
        "base.calendar:read; "
        "base.holiday:read" BOM_PLANNER ORDER_PLANNER MRP_PLANNER},
    {"operator", {"Shop-floor operator", "Operator"},
        "access.user:read; base.item:read; base.unit:read" BOM_OPERATOR ORDER_OPERATOR},
    {0},
};

/* What the company expects to happen by itself. */
static const kt_rule upkeep[] = {
    KT_UPKEEP("production", "overdue", "What is past its day is late", "every day at 0:15",
        "production.*:* fields *; base.*:*; logistics.*:*; crm.*:*", "overdue"),
    {0},
};

static kt_error *migrate(kt_tx *tx, const char *from_version)
{
    KT_TRY(downtime_migrate(tx, from_version));
    KT_TRY(orders_migrate(tx, from_version));
    return kt_rules_bring(tx, upkeep);
}

const kt_module kontor_module = KT_MODULE("production", "1.4.0", "Production", "Produkcja", .needs = "base",
    .entities = entities, .methods = methods, .handlers = handlers, .services = services, .roles = roles,
    .audit = production_audit, .migrate = migrate);
