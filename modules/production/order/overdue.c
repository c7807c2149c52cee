/* Time alone makes work late: what is still to be done past the day on which it was to be. */
#include <kontor/rules.h>

#include "order/order.h"

struct overdue {
    kt_record rec;
    int64_t limit;
};
const kt_shape overdue_shape = KT_SHAPE(overdue, NULL,
    KT_FIELD(overdue, limit, INT, "Of each kind at most", "Najwyżej tyle każdego rodzaju", .initial = "500"));
struct overdue_found {
    kt_record rec;
    int64_t orders, operations;
    bool more;
};
const kt_shape overdue_found_shape = KT_SHAPE(overdue_found, NULL,
    KT_FIELD(overdue_found, orders, INT, "Orders that are late now", "Zlecenia, które są już opóźnione",
        .required = true),
    KT_FIELD(overdue_found, operations, INT, "Operations that are late now",
        "Operacje, które są już opóźnione", .required = true),
    KT_FIELD(overdue_found, more, BOOL, "There are more", "Jest ich więcej", .required = true));

/* Whatever the query finds is computed anew, and is late then. */
static kt_error *mark(
    kt_tx *tx, const kt_query *query, kt_record *rec, size_t limit, int64_t *marked, bool *more)
{
    kt_found found;
    KT_TRY(kt_find(tx, query, limit, &found));
    for (size_t i = 0; i < found.count; i++) {
        KT_TRY(kt_read(tx, found.ids[i], rec));
        KT_TRY(kt_update(tx, rec));
    }
    *marked = (int64_t)found.count;
    *more = *more || found.more;
    return NULL;
}

static kt_error *mark_orders(kt_tx *tx, size_t limit, struct overdue_found *out)
{
    static const kt_time begun = {1};
    struct order o = {KT_OF(order)};
    const kt_date today = kt_today(tx), first = {1};
    const kt_where where[] = {KT_WHERE(order, due, KT_GE, first), KT_WHERE(order, due, KT_LT, today),
        KT_WHERE(order, begins, KT_GE, begun), KT_WHERE(order, late, KT_EQ, false), {0}};
    return mark(tx,
        &(kt_query){.of = &order_shape,
            .where = where,
            .filter = KT_STR("[[\"state\",\"in\",[\"confirmed\",\"reserved\",\"in_progress\"]]]")},
        &o.rec, limit, &out->orders, &out->more);
}

static kt_error *mark_operations(kt_tx *tx, size_t limit, struct overdue_found *out)
{
    static const kt_time placed = {1};
    struct operation p = {KT_OF(operation)};
    const kt_date today = kt_today(tx), first = {1};
    const kt_where where[] = {KT_WHERE(operation, deadline, KT_GE, first),
        KT_WHERE(operation, deadline, KT_LT, today), KT_WHERE(operation, ends, KT_GE, placed),
        KT_WHERE(operation, late, KT_EQ, false), {0}};
    return mark(tx,
        &(kt_query){.of = &operation_shape,
            .where = where,
            .filter = KT_STR("[[\"state\",\"in\",[\"blocked\",\"ready\",\"in_progress\",\"paused\"]]]")},
        &p.rec, limit, &out->operations, &out->more);
}

kt_error *orders_overdue(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct overdue *p = KT_SEE(overdue, params);
    struct overdue_found *out = KT_AS(overdue_found, result);
    KT_TRY(kt_upkeep_limit(tx, p->limit));
    kt_authority before = kt_own_authority(tx);
    kt_error *e = mark_orders(tx, (size_t)p->limit, out);
    if (!e)
        e = mark_operations(tx, (size_t)p->limit, out);
    kt_callers_authority(tx, before);
    return e;
}
