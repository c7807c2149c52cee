/* The module production: what goes into what, where it is worked on, what is to be made and when. */
#include <kontor.h>

#include "bom/tables.h"

static const kt_entity entities[] = {BOM_ENTITIES, {0}};

static const kt_method methods[] = {BOM_METHODS, {0}};

static const kt_role roles[] = {
    {"planner", {"Production planner", "Planista produkcji"},
        "access.user:read; base.item:read fields cost; base.unit:read; base.calendar:read; "
        "base.holiday:read" BOM_PLANNER},
    {"operator", {"Shop-floor operator", "Operator"},
        "access.user:read; base.item:read; base.unit:read" BOM_OPERATOR},
    {0},
};

const kt_module kontor_module = KT_MODULE("production", "1.0.0", "Production", "Produkcja", .needs = "base",
    .entities = entities, .methods = methods, .roles = roles);
