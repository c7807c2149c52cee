/* What the stores miss: per item all that open deliveries wait for, against what is there and what is coming. */
#include <stdlib.h>

#include "stock/delivery.h"
#include "stock/trace.h"

struct missing {
    kt_record rec;
    kt_id warehouse;
};
const kt_shape missing_shape = KT_SHAPE(missing, NULL,
    KT_FIELD(missing, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse",
        .help = {"Empty: all.", "Puste: wszystkie."}));
struct missed {
    kt_record rec;
    kt_id item;
    kt_str item_name;
    kt_dec missing, available, incoming;
    kt_date needed;
    int64_t deliveries;
    bool late;
};
static const kt_shape missed_shape = KT_SHAPE(missed, NULL,
    KT_FIELD(missed, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(missed, item_name, STRING, "Name", "Nazwa"),
    KT_FIELD(missed, missing, QUANTITY, "Missing", "Brakuje", .scale = 4),
    KT_FIELD(missed, available, QUANTITY, "Free now", "Wolne", .scale = 4),
    KT_FIELD(missed, incoming, QUANTITY, "Incoming", "W drodze do nas", .scale = 4),
    KT_FIELD(missed, needed, DATE, "First needed on", "Najpierw potrzebne na"),
    KT_FIELD(missed, deliveries, INT, "Deliveries that wait", "Czekające wydania", .required = true),
    KT_FIELD(missed, late, BOOL, "Late", "Po terminie"));
struct missing_found {
    kt_record rec;
    kt_lines items;
};
const kt_shape missing_found_shape = KT_SHAPE(
    missing_found, NULL, KT_FIELD(missing_found, items, LINES, "Items", "Towary", .lines = &missed_shape));

static struct missed *row_of(kt_lines *rows, kt_id item)
{
    for (size_t i = 0; i < rows->count; i++)
        if (KT_AS(missed, kt_line(rows, i))->item.v == item.v)
            return KT_AS(missed, kt_line(rows, i));
    return NULL;
}

static kt_error *add_line(
    kt_tx *tx, const struct delivery *d, const struct delivery_line *line, kt_lines *rows)
{
    kt_dec short_of = kt_dec_sub(line->quantity, line->reserved);
    struct missed *row = row_of(rows, line->item);
    if (short_of.coef <= 0)
        return NULL;
    if (!row) {
        struct goods goods = {KT_OF(goods)};
        KT_TRY(kt_read(tx, line->item, &goods.rec));
        const struct missed fresh = {
            KT_OF(missed), .item = line->item, .item_name = goods.name, .missing = ZERO};
        KT_TRY(kt_line_add(tx, rows, &fresh.rec));
        row = row_of(rows, line->item);
    }
    row->missing = kt_dec_add(row->missing, short_of);
    row->deliveries++;
    row->needed = !row->needed.day || (d->day.day && d->day.day < row->needed.day) ? d->day : row->needed;
    row->late = row->late || (d->day.day && d->day.day < kt_today(tx).day);
    return NULL;
}

static kt_error *add_levels(kt_tx *tx, kt_id warehouse, kt_lines *rows)
{
    kt_stock_level level;
    for (size_t i = 0; i < rows->count; i++) {
        struct missed *row = KT_AS(missed, kt_line(rows, i));
        KT_TRY(stock_level(tx, row->item, warehouse, (kt_id){0}, (kt_date){0}, &level));
        row->available = level.available;
        row->incoming = level.incoming;
    }
    return NULL;
}

kt_error *missing(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const kt_id warehouse = KT_SEE(missing, params)->warehouse;
    kt_lines *rows = &KT_AS(missing_found, result)->items;
    const kt_where where[] = {KT_WHERE(delivery, state, KT_EQ, D_WAITING), {0}};
    struct delivery d = {KT_OF(delivery)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &delivery_shape, .where = where, .sort = "day,id"}, &cursor));
    while (!e && kt_next(cursor, &d.rec))
        for (size_t i = 0; !e && i < d.lines.count && (!warehouse.v || d.warehouse.v == warehouse.v); i++)
            e = add_line(tx, &d, delivery_line_at(&d.lines, i), rows);
    kt_also(&e, kt_close(cursor));
    return e ? e : add_levels(tx, warehouse, rows);
}
