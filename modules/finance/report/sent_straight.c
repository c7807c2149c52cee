/* Whose the cost of a supplier's receipt is: goods that went straight to customers are their orders', each as much of it as the
 * receipt says; what it brought beyond is nobody's that is known. */
#include <string.h>

#include <kontor/units.h>

#include "report/report.h"

struct came_line { /* of logistics.receipt */
    kt_record rec;
    kt_id item, unit;
    int64_t order_line;
    kt_dec quantity, rejected;
};
static const kt_shape came_line_shape = KT_SHAPE(came_line, NULL, KT_BIND(came_line, item, REF, "item"),
    KT_BIND(came_line, unit, REF, "unit"), KT_BIND(came_line, order_line, INT, "order_line"),
    KT_BIND(came_line, quantity, QUANTITY, "quantity"), KT_BIND(came_line, rejected, QUANTITY, "rejected"));
struct had_of_it {
    kt_record rec;
    kt_id order;
    int64_t order_line;
    kt_dec quantity;
};
static const kt_shape had_of_it_shape = KT_SHAPE(had_of_it, NULL, KT_BIND(had_of_it, order, REF, "order"),
    KT_BIND(had_of_it, order_line, INT, "order_line"), KT_BIND(had_of_it, quantity, QUANTITY, "quantity"));
struct came {
    kt_record rec;
    kt_lines lines, straight;
};
static const kt_shape came_shape = KT_SHAPE(came, "logistics.receipt",
    KT_BIND(came, lines, LINES, "lines", .lines = &came_line_shape),
    KT_BIND(came, straight, LINES, "straight", .lines = &had_of_it_shape));
struct of_unit {
    kt_record rec;
    kt_id unit;
};
static const kt_shape of_unit_shape = KT_SHAPE(of_unit, "base.item", KT_BIND(of_unit, unit, REF, "unit"));
struct bought_for {
    kt_record rec;
    kt_id party, bill_to;
};
static const kt_shape bought_for_shape = KT_SHAPE(bought_for, "crm.order",
    KT_BIND(bought_for, party, REF, "party"), KT_BIND(bought_for, bill_to, REF, "bill_to"));

static bool is_of(const kt_tx *tx, kt_id any, const kt_shape *shape)
{
    const char *entity = kt_any_entity(tx, any);
    return entity && strcmp(entity, shape->name) == 0;
}

static bool is_of_item(const struct came *r, int64_t order_line, kt_id item)
{
    for (size_t i = 0; i < r->lines.count; i++) {
        const struct came_line *row = KT_AS(came_line, kt_line(&r->lines, i));
        if (row->order_line == order_line && row->item.v == item.v)
            return true;
    }
    return false;
}

/* How much of an item came, or went back, in its own unit. */
static kt_error *moved(kt_tx *tx, const struct came *r, kt_id item, kt_dec *all)
{
    struct of_unit own = {KT_OF(of_unit)};
    *all = KT_DEC(0, 4);
    KT_TRY(kt_read(tx, item, &own.rec));
    for (size_t i = 0; i < r->lines.count; i++) {
        const struct came_line *row = KT_AS(came_line, kt_line(&r->lines, i));
        kt_dec part;
        if (row->item.v != item.v)
            continue;
        KT_TRY(kt_in_unit(
            tx, item, kt_dec_sub(row->quantity, known(row->rejected)), row->unit, own.unit, &part));
        *all = kt_dec_add(*all, part);
    }
    return NULL;
}

static kt_error *add_part(kt_tx *tx, const struct had_of_it *had, kt_dec cost, struct cost_parts *parts)
{
    struct bought_for sale = {KT_OF(bought_for)};
    struct cost_part *part = &parts->items[parts->count++];
    *part = (struct cost_part){.order = had->order, .cost = cost};
    if (!is_of(tx, had->order, &bought_for_shape))
        return NULL;
    KT_TRY(kt_read(tx, kt_any_id(had->order), &sale.rec));
    part->party = sale.bill_to.v ? sale.bill_to : sale.party;
    return NULL;
}

kt_error *cost_of_straight(kt_tx *tx, kt_id origin, kt_id item, kt_dec cost, struct cost_parts *parts)
{
    struct came r = {KT_OF(came)};
    kt_dec all, done = KT_DEC(0, 4), told = money(0);
    *parts = (struct cost_parts){.items = NULL};
    if (!is_of(tx, origin, &came_shape) || !item.v)
        return NULL;
    KT_TRY(kt_read(tx, kt_any_id(origin), &r.rec));
    KT_TRY(moved(tx, &r, item, &all));
    parts->items = kt_alloc(tx, sizeof *parts->items * (r.straight.count + 1));
    if (!parts->items)
        return kt_no_memory();
    for (size_t i = 0; i < r.straight.count; i++) {
        const struct had_of_it *had = KT_AS(had_of_it, kt_line(&r.straight, i));
        if (!is_of_item(&r, had->order_line, item))
            continue;
        done = kt_dec_add(done, had->quantity);
        const kt_dec until = kt_dec_cmp(done, all) < 0 ? share_of(cost, done, all) : cost;
        KT_TRY(add_part(tx, had, kt_dec_sub(until, told), parts));
        told = until;
    }
    parts->items[parts->count++] = (struct cost_part){.cost = kt_dec_sub(cost, told)};
    return NULL;
}
