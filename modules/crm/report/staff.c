/* staff.c -- figures by department: of each with all that is part of it. */
#include <kontor/departments.h>

#include "report/report.h"

static kt_str filter_of(kt_tx *tx, const kt_departments *all, kt_id department)
{
    return kt_format(
        tx, "[[\"owner.department\",\"in\",[%s]]]", kt_departments_below(tx, all, department).ptr);
}

kt_error *department_filter(kt_tx *tx, kt_id department, kt_str *filter)
{
    kt_departments all;
    KT_TRY(kt_departments_read(tx, &all));
    *filter = filter_of(tx, &all, department);
    return NULL;
}

/* Does the user head the department, or one that it is part of? */
static bool heads(const kt_departments *all, kt_id user, kt_id department)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].head.v == user.v && kt_department_within(all, department, all->items[i].rec.id))
            return true;
    return false;
}

kt_error *headed_filter(kt_tx *tx, kt_id user, kt_str *filter)
{
    kt_departments all;
    kt_str list = {0};
    KT_TRY(kt_departments_read(tx, &all));
    for (size_t i = 0; i < all.count; i++)
        if (heads(&all, user, all.items[i].rec.id))
            list = kt_format(tx, "%s%s%llu", list.ptr ? list.ptr : "", list.ptr ? "," : "",
                (unsigned long long)all.items[i].rec.id.v);
    *filter = kt_format(tx, "[[\"owner.department\",\"in\",[%s]]]", list.ptr ? list.ptr : "");
    return NULL;
}

kt_error *department_lines(struct report *r)
{
    kt_departments all;
    KT_TRY(kt_departments_read(r->tx, &all));
    for (size_t i = 0; i < all.count; i++) {
        struct line *line;
        KT_TRY(report_line(r, &line));
        line->label[0] = all.items[i].name;
        line->filter = filter_of(r->tx, &all, all.items[i].rec.id);
    }
    return NULL;
}
