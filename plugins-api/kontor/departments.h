/* departments.h -- departments and all that is part of them: what a department reaches is what its people reach. */
#pragma once
#include <kontor.h>

typedef struct kt_department {
    kt_record rec;
    kt_str name;
    kt_id parent, head;
} kt_department;
static const kt_shape kt_department_shape = KT_SHAPE(kt_department, "access.department",
    KT_BIND(kt_department, name, STRING, "name"), KT_BIND(kt_department, parent, REF, "parent"),
    KT_BIND(kt_department, head, REF, "head"));

typedef struct {
    kt_department *items; /* by name, in the transaction's memory */
    size_t count;
} kt_departments;

/* All that the caller may see. */
KT_MUST static inline kt_error *kt_departments_read(kt_tx *tx, kt_departments *all)
{
    const kt_query query = {.of = &kt_department_shape, .sort = "name"};
    uint64_t room;
    kt_cursor *cursor;
    KT_TRY(kt_count(tx, &query, &room));
    *all = (kt_departments){.items = kt_alloc(tx, (room + 1) * sizeof *all->items)};
    if (!all->items)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    for (kt_department d = {KT_OF(kt_department)}; all->count < room && kt_next(cursor, &d.rec);
         all->count++) {
        all->items[all->count] = d;
        all->items[all->count].name = kt_format(tx, "%s", d.name.ptr ? d.name.ptr : "");
    }
    return kt_close(cursor);
}

/* Is `part` within `whole`, or the same? A ring of departments ends after as many steps as there are. */
static inline bool kt_department_within(const kt_departments *all, kt_id part, kt_id whole)
{
    for (size_t steps = 0; part.v && steps <= all->count; steps++) {
        if (part.v == whole.v)
            return true;
        size_t i = 0;
        while (i < all->count && all->items[i].rec.id.v != part.v)
            i++;
        part = i < all->count ? all->items[i].parent : (kt_id){0};
    }
    return false;
}

/* "3,5,8": the department and all below it, for a filter. */
static inline kt_str kt_departments_below(kt_tx *tx, const kt_departments *all, kt_id top)
{
    kt_str list = kt_format(tx, "%llu", (unsigned long long)top.v);
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].rec.id.v != top.v && kt_department_within(all, all->items[i].rec.id, top))
            list = kt_format(tx, "%s,%llu", list.ptr, (unsigned long long)all->items[i].rec.id.v);
    return list;
}
