/* Goods that came in before their bill. The ledger has what they were booked in at; a bill takes that out again,
 * oldest first, and what it differs by is a variance of the price. */
#include <kontor/units.h>

#include "stock/stock.h"

const kt_shape received_shape = KT_SHAPE(received, "finance.received",
    KT_FIELD(received, party, REF, "Supplier", "Dostawca", .target = "base.party", .computed = true,
        .priority = 1),
    KT_FIELD(received, item, REF, "Item", "Towar", .target = "base.item", .required = true, .computed = true,
        .priority = 2),
    KT_FIELD(received, day, DATE, "Date", "Data", .computed = true, .priority = 3),
    KT_FIELD(received, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .computed = true, .priority = 4),
    KT_FIELD(received, value, MONEY, "Value", "Wartość", .scale = 2, .computed = true, .priority = 5),
    KT_FIELD(received, left, QUANTITY, "Not billed", "Niezafakturowana ilość", .scale = 4, .computed = true,
        .indexed = true, .priority = 6),
    KT_FIELD(received, left_value, MONEY, "Value not billed", "Niezafakturowana wartość", .scale = 2,
        .computed = true, .priority = 7),
    KT_FIELD(received, document, REF, "Receipt", "Przyjęcie", .target = "*", .computed = true));

bool stock_is_kept(kt_tx *tx)
{
    return kt_service_find(tx, "logistics.stock", 1) != NULL;
}

struct seen_item {
    kt_record rec;
    kt_id unit;
};
static const kt_shape seen_item_shape = KT_SHAPE(
    seen_item, "base.item", KT_BIND(seen_item, unit, REF, "unit"));

/* A quantity in the item's own unit. */
static kt_error *own_unit(kt_tx *tx, kt_id item, kt_id unit, kt_dec quantity, kt_dec *out)
{
    const kt_units *units = kt_units_find(tx);
    struct seen_item i = {KT_OF(seen_item)};
    kt_dec rounded;
    *out = kt_dec_round(quantity, 4);
    KT_TRY(kt_read(tx, item, &i.rec));
    if (!units || !unit.v || !i.unit.v || unit.v == i.unit.v)
        return NULL;
    KT_TRY(units->convert(tx, quantity, unit, i.unit, out, &rounded));
    *out = kt_dec_round(*out, 4);
    return NULL;
}

/* Takes up to *wanted out of one row; what it was booked in at is added to *cleared. */
static kt_error *take_from(kt_tx *tx, struct received *r, kt_dec *wanted, kt_dec *cleared)
{
    kt_dec value = r->left_value, much = r->left;
    if (kt_dec_cmp(r->left, *wanted) > 0) {
        kt_dec parts[2], weights[2] = {*wanted, kt_dec_sub(r->left, *wanted)};
        kt_dec_split(r->left_value, weights, 2, parts);
        value = parts[0];
        much = *wanted;
    }
    r->left = kt_dec_sub(r->left, much);
    r->left_value = kt_dec_sub(r->left_value, value);
    *wanted = kt_dec_sub(*wanted, much);
    *cleared = kt_dec_add(*cleared, value);
    return kt_update(tx, &r->rec);
}

kt_error *received_bill(
    kt_tx *tx, kt_id party, kt_id item, kt_id unit, kt_dec quantity, kt_dec value, kt_dec *cleared)
{
    kt_dec wanted;
    *cleared = money(0);
    KT_TRY(own_unit(tx, item, unit, quantity, &wanted));
    kt_dec whole = wanted;
    if (wanted.coef <= 0) { /* goods that went back to the supplier were booked out at their value */
        *cleared = value;
        return NULL;
    }
    const kt_where where[] = {KT_WHERE(received, item, KT_EQ, item), KT_WHERE(received, party, KT_EQ, party),
        KT_WHERE(received, left, KT_GT, KT_DEC(0, 4)), {0}};
    kt_cursor *cursor;
    struct received r = {KT_OF(received)};
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){&received_shape, where, "id", 0}, &cursor));
    while (!error && wanted.coef > 0 && kt_next(cursor, &r.rec))
        error = take_from(tx, &r, &wanted, cleared);
    kt_also(&error, kt_close(cursor));
    if (error || !wanted.coef)
        return error;
    kt_dec parts[2], weights[2] = {wanted, kt_dec_sub(whole, wanted)};
    kt_dec_split(value, weights, 2, parts);
    *cleared = kt_dec_add(*cleared, parts[0]);
    return NULL;
}
