/* tables.h -- this folder's rows of the module's tables: logistics.c lists them. Every macro ends with its comma. */
#pragma once
#include <kontor.h>

#define PURCHASE_ENTITIES
#define PURCHASE_METHODS
#define PURCHASE_HANDLERS
#define PURCHASE_SERVICES
#define PURCHASE_ROLES
