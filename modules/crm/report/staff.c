/* staff.c -- departments with all that is part of them: what a department reaches is what its people reach.
 */
#include <string.h>

#include "report/report.h"

struct department {
    kt_record rec;
    kt_str name;
    kt_id parent, head;
};
static const kt_shape department_shape = KT_SHAPE(department, "access.department",
    KT_BIND(department, name, STRING, "name"), KT_BIND(department, parent, REF, "parent"),
    KT_BIND(department, head, REF, "head"));

enum { DEPARTMENTS_MAX = 1000 };
typedef struct {
    struct department items[DEPARTMENTS_MAX];
    size_t count;
} departments;

static kt_error *read_all(kt_tx *tx, departments **out)
{
    kt_cursor *cursor;
    departments *all = *out = kt_alloc(tx, sizeof *all);
    if (!all)
        return text_no_memory(tx);
    KT_TRY(
        kt_open(tx, &(kt_query){.of = &department_shape, .sort = "name", .limit = DEPARTMENTS_MAX}, &cursor));
    struct department d = {KT_OF(department)};
    while (all->count < DEPARTMENTS_MAX && kt_next(cursor, &d.rec)) {
        all->items[all->count] = d;
        all->items[all->count++].name = kt_format(tx, "%s", d.name.ptr ? d.name.ptr : "");
    }
    return kt_close(cursor);
}

/* Is a part of b, or b itself? A ring of departments ends after as many steps as there are. */
static bool is_within(const departments *all, kt_id a, kt_id b)
{
    for (size_t steps = 0; a.v && steps <= all->count; steps++) {
        if (a.v == b.v)
            return true;
        size_t i = 0;
        while (i < all->count && all->items[i].rec.id.v != a.v)
            i++;
        a = i < all->count ? all->items[i].parent : (kt_id){0};
    }
    return false;
}

static kt_error *filter_of(kt_tx *tx, const departments *all, kt_id department, kt_str *filter)
{
    struct text t = {.tx = tx};
    size_t n = 0;
    text_add(&t, KT_STR("[[\"owner.department\",\"in\",["));
    for (size_t i = 0; i < all->count; i++)
        if (is_within(all, all->items[i].rec.id, department))
            text_format(&t, "%s%llu", n++ ? "," : "", (unsigned long long)all->items[i].rec.id.v);
    text_add(&t, KT_STR("]]]"));
    return text_end(&t, filter);
}

kt_error *department_filter(kt_tx *tx, kt_id department, kt_str *filter)
{
    departments *all;
    KT_TRY(read_all(tx, &all));
    return filter_of(tx, all, department, filter);
}

/* Does the user head the department, or one that it is part of? */
static bool heads(const departments *all, kt_id user, kt_id department)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].head.v == user.v && is_within(all, department, all->items[i].rec.id))
            return true;
    return false;
}

kt_error *headed_filter(kt_tx *tx, kt_id user, kt_str *filter)
{
    departments *all;
    struct text t = {.tx = tx};
    size_t n = 0;
    KT_TRY(read_all(tx, &all));
    text_add(&t, KT_STR("[[\"owner.department\",\"in\",["));
    for (size_t i = 0; i < all->count; i++)
        if (heads(all, user, all->items[i].rec.id))
            text_format(&t, "%s%llu", n++ ? "," : "", (unsigned long long)all->items[i].rec.id.v);
    text_add(&t, KT_STR("]]]"));
    return text_end(&t, filter);
}

kt_error *department_lines(struct report *r)
{
    departments *all;
    KT_TRY(read_all(r->tx, &all));
    for (size_t i = 0; i < all->count; i++) {
        struct line *line;
        KT_TRY(report_line(r, &line));
        line->label[0] = all->items[i].name;
        KT_TRY(filter_of(r->tx, all, all->items[i].rec.id, &line->filter));
    }
    return NULL;
}
