/* table.h -- the core's methods by name: filled before the first listener, then read by all threads unlocked.
 */
#pragma once
#include "model/model.h"

#define TABLE_SLOTS 1024 /* a power of two; at most half are used */

typedef struct {
    const method *slots[TABLE_SLOTS];
    size_t count;
} table;

/* Adds a list that {0} ends. returns validation: a method without a right or a run function, a name twice,
 * a full table */
KT_MUST kt_error *table_add(table *table, arena *arena, const method *methods);
const method *table_find(const table *table, kt_str name); /* NULL: none */
