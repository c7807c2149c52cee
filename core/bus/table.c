/* table.c -- open addressing over FNV-1a: a look-up touches one or two cache lines. */
#include "bus/table.h"

#include "kit/error.h"

static size_t slot_of(kt_str name)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ (uint8_t)name.ptr[i]) * 16777619U;
    return h & (TABLE_SLOTS - 1);
}

const method *table_find(const table *table, kt_str name)
{
    for (size_t i = slot_of(name); table->slots[i]; i = (i + 1) & (TABLE_SLOTS - 1))
        if (str_is(name, table->slots[i]->name))
            return table->slots[i];
    return NULL;
}

kt_error *table_add(table *table, arena *arena, const method *methods)
{
    for (const method *m = methods; m && m->name; m++) {
        if (!m->right || !m->right[0] || !m->run)
            return error_make(arena, KT_VALIDATION, m->name, "a method without a right or a function: %s",
                "metoda bez prawa albo bez funkcji: %s", m->name);
        if (table_find(table, str_of(m->name)))
            return error_make(arena, KT_VALIDATION, m->name, "the method %s is registered twice",
                "metoda %s jest zarejestrowana dwa razy", m->name);
        if (table->count >= TABLE_SLOTS / 2)
            return error_make(
                arena, KT_LIMIT, NULL, "more than %d methods", "więcej niż %d metod", TABLE_SLOTS / 2);
        size_t i = slot_of(str_of(m->name));
        while (table->slots[i])
            i = (i + 1) & (TABLE_SLOTS - 1);
        table->slots[i] = m;
        table->count++;
    }
    return NULL;
}
