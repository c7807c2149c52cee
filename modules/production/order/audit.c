/* What `kontor check` proves of production: nothing was made that was not ordered, what went into an order is what its
 * moves and its lineage say, whoever waits for an order waits for no more than it still gives, its operations fit its
 * state, and no work centre is placed with more at once than it works on. */
#include <stdlib.h>
#include <string.h>

#include <kontor/stock.h>

#include "order/order.h"

static kt_error *finding(kt_tx *tx, const char *what, const char *number, kt_text why)
{
    return kt_fail(tx, KT_RULE, what, "%s: %s", "%s: %s", number, kt_say(tx, why).ptr);
}

static kt_dec or_zero(kt_dec value)
{
    return kt_dec_add(KT_DEC(0, 4), value);
}

/* ---- One order ---- */

struct issued { /* of logistics.move */
    kt_record rec;
    kt_id document, item;
    int64_t line;
    unsigned state, from_place, to_place;
    kt_dec quantity;
};
static const kt_shape issued_shape = KT_SHAPE(issued, "logistics.move",
    KT_BIND(issued, document, REF, "document"), KT_BIND(issued, item, REF, "item"),
    KT_BIND(issued, line, INT, "line"), KT_BIND(issued, state, STATE, "state"),
    KT_BIND(issued, from_place, STATE, "from_place"), KT_BIND(issued, to_place, STATE, "to_place"),
    KT_BIND(issued, quantity, QUANTITY, "quantity"));

/* What went into the order as one of its components, less what came back of it. */
static kt_error *sum_moves(kt_tx *tx, const struct order *o, const struct component *c, kt_dec *sum)
{
    const kt_where where[] = {
        KT_WHERE(issued, document, KT_EQ, order_any(tx, o)), KT_WHERE(issued, item, KT_EQ, c->item), {0}};
    const kt_query query = {
        .of = &issued_shape, .where = where, .filter = KT_STR("[[\"state\",\"=\",\"done\"]]")};
    struct issued m = {KT_OF(issued)};
    kt_cursor *cursor;
    *sum = KT_DEC(0, 4);
    KT_TRY(kt_open(tx, &query, &cursor));
    while (kt_next(cursor, &m.rec)) {
        if (m.from_place == KT_AT_STORES && m.to_place == KT_AT_PRODUCTION)
            *sum = kt_dec_add(*sum, m.quantity);
        if (m.from_place == KT_AT_PRODUCTION && m.to_place == KT_AT_STORES && m.line == (int64_t)c->rec.id.v)
            *sum = kt_dec_sub(*sum, m.quantity);
    }
    return kt_close(cursor);
}

static kt_error *check_components(kt_tx *tx, const struct order *o, kt_error **all)
{
    for (size_t i = 0; i < o->components.count; i++) {
        const struct component *c = component_at(o, i);
        kt_dec went = KT_DEC(0, 4), kept = went, moved; /* kept: while somebody kept stock */
        for (size_t n = 0; n < o->ancestors.count; n++) {
            const struct ancestor *a = KT_SEE(ancestor, kt_line(&o->ancestors, n));
            went = a->item.v == c->item.v ? kt_dec_add(went, a->quantity) : went;
            kept = a->item.v == c->item.v && a->move.v ? kt_dec_add(kept, a->quantity) : kept;
        }
        if (kt_dec_cmp(went, or_zero(c->issued)) != 0)
            kt_also(
                all, finding(tx, "production.order.ancestors", o->rec.number.ptr,
                         (kt_text){"what was issued is not what went in", "wydano co innego, niż weszło"}));
        if (!kt_stock_find(tx))
            continue;
        KT_TRY(sum_moves(tx, o, c, &moved));
        if (kt_dec_cmp(moved, kept) != 0)
            kt_also(all, finding(tx, "production.order.issued", o->rec.number.ptr,
                             (kt_text){"the moves of a component differ from what was issued",
                                 "ruchy składnika różnią się od wydanej ilości"}));
    }
    return NULL;
}

static kt_error *check_waiting(kt_tx *tx, const struct order *o, kt_id item, kt_error **all)
{
    kt_dec sum, rest;
    KT_TRY(order_gives(tx, o, item, &rest));
    KT_TRY(order_waited_for(tx, o, item, &sum));
    if (kt_dec_cmp(sum, rest) > 0)
        kt_also(all,
            finding(tx, "production.order.pegging", o->rec.number.ptr,
                (kt_text){"more waits for it than it still gives", "czeka na nie więcej, niż jeszcze da"}));
    return NULL;
}

static kt_error *check_operations(kt_tx *tx, const struct order *o, kt_error **all)
{
    struct operation *own;
    size_t count, open = 0, begun = 0;
    KT_TRY(operations_of(tx, o->rec.id, &own, &count));
    for (size_t i = 0; i < count; i++) {
        open += own[i].state < FINISHED;
        begun += own[i].state == RUNNING || own[i].state == PAUSED;
    }
    if (o->state >= DONE && open)
        kt_also(all, finding(tx, "production.operation.state", o->rec.number.ptr,
                         (kt_text){"it has ended, and operations of it are open",
                             "jest zakończone, a ma otwarte operacje"}));
    if ((KT_IN(o->state) & NOT_BEGUN) && begun)
        kt_also(
            all, finding(tx, "production.order.state", o->rec.number.ptr,
                     (kt_text){"it is worked on, but has not begun", "trwa praca, a nie jest rozpoczęte"}));
    return NULL;
}

static kt_error *audit_order(kt_tx *tx, const struct order *o, kt_error **all)
{
    kt_dec made = kt_dec_add(or_zero(o->produced), o->scrapped);
    if (o->state < CONFIRMED)
        return NULL;
    if (kt_dec_cmp(made, o->quantity) > 0)
        kt_also(all, finding(tx, "production.order.produced", o->rec.number.ptr,
                         (kt_text){"more is reported than was ordered", "zgłoszono więcej, niż zlecono"}));
    KT_TRY(check_components(tx, o, all));
    KT_TRY(check_waiting(tx, o, o->item, all));
    for (size_t i = 0; i < o->outputs.count; i++)
        KT_TRY(check_waiting(tx, o, output_at(o, i)->item, all));
    return check_operations(tx, o, all);
}

static kt_error *audit_orders(kt_tx *tx, kt_error **all)
{
    struct order o = {KT_OF(order)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &order_shape}, &cursor));
    while (!error && kt_next(cursor, &o.rec))
        error = audit_order(tx, &o, all);
    kt_also(&error, kt_close(cursor));
    return error;
}

/* ---- Work centres ---- */

struct edge { /* an operation begins, or ends */
    int64_t at;
    int change;
};

static int by_time(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : x->change - y->change;
}

/* Those that are open and were placed by the planner: what overruns its place stands in nobody's way twice. */
static kt_error *find_edges(kt_tx *tx, kt_id centre, struct edge **edges, size_t *count)
{
    const kt_where where[] = {{offsetof(struct operation, centre), KT_EQ, &centre}, {0}};
    const kt_query query = {.of = &operation_shape,
        .where = where,
        .filter = KT_STR("[[\"state\",\"in\",[\"blocked\",\"ready\"]]]")};
    struct operation p = {KT_OF(operation)};
    kt_cursor *cursor;
    uint64_t room;
    *count = 0;
    KT_TRY(kt_count(tx, &query, &room));
    *edges = kt_alloc(tx, (size_t)(2 * room + 1) * sizeof **edges);
    if (!*edges)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    while (*count < 2 * room && kt_next(cursor, &p.rec)) {
        if (p.ends.ms <= p.begins.ms)
            continue;
        (*edges)[(*count)++] = (struct edge){p.begins.ms, 1};
        (*edges)[(*count)++] = (struct edge){p.ends.ms, -1};
    }
    return kt_close(cursor);
}

static kt_error *audit_centre(kt_tx *tx, const struct centre *c, kt_error **all)
{
    struct edge *edges;
    size_t count;
    int64_t now = 0, most = 0;
    KT_TRY(find_edges(tx, c->rec.id, &edges, &count));
    if (count)
        qsort(edges, count, sizeof *edges, by_time);
    for (size_t i = 0; i < count; i++) {
        now += edges[i].change;
        most = now > most ? now : most;
    }
    if (most > c->slots)
        kt_also(all, kt_fail(tx, KT_RULE, "production.work_centre.slots",
                         "%s is placed with %lld operations at once, it works on %lld",
                         "na %s ustawiono %lld operacji naraz, a mieści %lld", c->code.ptr, (long long)most,
                         (long long)c->slots));
    return NULL;
}

static kt_error *audit_centres(kt_tx *tx, kt_error **all)
{
    struct centre c = {KT_OF(centre)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &centre_shape}, &cursor));
    while (!error && kt_next(cursor, &c.rec))
        error = audit_centre(tx, &c, all);
    kt_also(&error, kt_close(cursor));
    return error;
}

kt_error *production_audit(kt_tx *tx)
{
    kt_error *all = NULL;
    kt_error *error = audit_orders(tx, &all);
    if (!error)
        error = audit_centres(tx, &all);
    kt_also(&all, error);
    return all;
}
