/* The module logistics: goods in the stores, and how they come and go. Each folder brings its own rows. */
#include <string.h>

#include <kontor/rules.h>

#include "purchase/tables.h"
#include "stock/tables.h"

static const kt_entity entities[] = {STOCK_ENTITIES PURCHASE_ENTITIES{0}};
static const kt_method methods[] = {STOCK_METHODS PURCHASE_METHODS{0}};
static const kt_handler handlers[] = {STRAIGHT_HANDLERS STOCK_HANDLERS PURCHASE_HANDLERS{0}};
static const kt_service services[] = {STOCK_SERVICES PURCHASE_SERVICES{0}};
static const kt_role roles[] = {
    {"storekeeper", {"Storekeeper", "Magazynier"}, STOCK_KEEPER PURCHASE_KEEPER STOCK_LOOKUPS},
    {"manager", {"Logistics manager", "Kierownik logistyki"},
        "logistics.*:* fields *; base.item:update" STOCK_LOOKUPS},
    PURCHASE_ROLES{0},
};

/* What the company expects to happen by itself. */
static const kt_rule upkeep[] = {
    KT_UPKEEP("logistics", "lots_expire", "Lots past their day are kept for nobody", "every day at 0:05",
        "logistics.*:* fields *; base.*:*", "lot.expire_due"),
    KT_UPKEEP("logistics", "reorder", "Reorder rules ask for what falls short", "every day at 5:00",
        "logistics.*:* fields *; base.*:*", "reorder.run"),
    {0},
};

static kt_error *migrate(kt_tx *tx, const char *from_version)
{
    if (from_version && strncmp(from_version, "1.2", 3) < 0)
        KT_TRY(receipts_learn_straight(tx));
    return kt_rules_bring(tx, upkeep);
}

const kt_module kontor_module = KT_MODULE("logistics", "1.2.0", "Logistics", "Logistyka", .needs = "base",
    .entities = entities, .methods = methods, .handlers = handlers, .services = services, .roles = roles,
    .audit = stock_audit, .migrate = migrate);
