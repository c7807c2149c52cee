/* Goods that came in before their bill. The ledger has what they were booked in at; a bill takes that out again,
 * of its order if it has one, the oldest first, and what it differs by is a variance of the price. Rows below zero wait the other way: billed
 * goods for their receipt, goods that went back for a credit note. What all rows have left is, with the opposite
 * sign, the balance of the account of goods not invoiced. */
#include <kontor/units.h>
#include <kontor/walk.h>

#include "stock/stock.h"

enum { WAITS_FOR_BILL = 1, WAITS_FOR_GOODS };
static const kt_choice waits[] = {{WAITS_FOR_BILL, "bill", {"Bill", "Faktura"}},
    {WAITS_FOR_GOODS, "goods", {"Goods or a credit note", "Towar albo korekta"}}, {0}};

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
    KT_FIELD(received, waits_for, STATE, "Waits for", "Czeka na", .choices = waits, .computed = true,
        .help = {"Empty: nothing is left.", "Puste: nic nie zostało."}),
    KT_FIELD(received, document, REF, "Receipt", "Przyjęcie", .target = "*", .computed = true),
    KT_FIELD(
        received, order, REF, "Order", "Zamówienie", .target = "*", .on_delete = KT_CLEAR, .computed = true));

/* Whoever takes from the oldest row finds it by this, and not by what is left, which each of a thousand pieces changes. */
kt_error *received_compute(kt_tx *tx, kt_record *self)
{
    struct received *r = KT_AS(received, self);
    const int sign = sign_of(r->left);
    r->waits_for = sign > 0 ? WAITS_FOR_BILL : sign < 0 ? WAITS_FOR_GOODS : 0;
    return keep_company(tx, self);
}

static const kt_walk open_rows = {
    {"Goods not invoiced are told what they wait for", "Dostawy niefakturowane"}, &received_shape,
    "[[\"left\",\"!=\",\"0\"],[\"waits_for\",\"is_null\",true]]", kt_update};

kt_error *received_migrate(kt_tx *tx, const char *from_version)
{
    const kt_walk_part all = {.walk = &open_rows};
    kt_found found;
    if (!from_version)
        return NULL;
    KT_TRY(kt_walk_find(tx, &all, "id", 0, &found));
    return kt_walk_over(tx, &all, &found);
}

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
    KT_TRY(units->of_item(tx, item, quantity, unit, i.unit, out, &rounded));
    *out = kt_dec_round(*out, 4);
    return NULL;
}

static kt_dec turned(kt_dec a, bool back)
{
    return back ? kt_dec_neg(a) : a;
}

/* Takes up to *wanted out of one row; what it was booked in at is added to *cleared. back: rows below zero, of
 * goods that went back; wanted and cleared are above zero all the same. */
static kt_error *take_from(kt_tx *tx, struct received *r, bool back, kt_dec *wanted, kt_dec *cleared)
{
    kt_dec left = turned(r->left, back), value = turned(r->left_value, back), much = left;
    if (kt_dec_cmp(left, *wanted) > 0) {
        kt_dec parts[2], weights[2] = {*wanted, kt_dec_sub(left, *wanted)};
        kt_dec_split(value, weights, 2, parts);
        value = parts[0];
        much = *wanted;
    }
    r->left = kt_dec_sub(r->left, turned(much, back));
    r->left_value = kt_dec_sub(r->left_value, turned(value, back));
    *wanted = kt_dec_sub(*wanted, much);
    *cleared = kt_dec_add(*cleared, value);
    return kt_update(tx, &r->rec);
}

/* Takes *wanted, above zero, out of the rows that the query finds, oldest first; *wanted is what none of them had. */
static kt_error *take_oldest(kt_tx *tx, const kt_query *query, bool back, kt_dec *wanted, kt_dec *cleared)
{
    kt_cursor *cursor;
    struct received r = {KT_OF(received)};
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, query, &cursor));
    while (!error && wanted->coef > 0 && kt_next(cursor, &r.rec))
        error = take_from(tx, &r, back, wanted, cleared);
    kt_also(&error, kt_close(cursor));
    return error;
}

/* Of the same party and item: what belongs to an order is its own, and what belongs to none that is known; else anything. */
static kt_error *take(kt_tx *tx, const struct received *like, bool back, kt_dec *wanted, kt_dec *cleared)
{
    const unsigned waits_for = back ? WAITS_FOR_GOODS : WAITS_FOR_BILL;
    const kt_where any[] = {KT_WHERE(received, item, KT_EQ, like->item),
        KT_WHERE(received, party, KT_EQ, like->party), KT_WHERE(received, waits_for, KT_EQ, waits_for), {0}};
    const kt_where own[] = {any[0], any[1], any[2], KT_WHERE(received, order, KT_EQ, like->order), {0}};
    const kt_str unknown = KT_STR("[[\"order\",\"is_null\",true]]");
    if (like->order.v)
        KT_TRY(take_oldest(tx, &(kt_query){&received_shape, own, "id", 0}, back, wanted, cleared));
    if (wanted->coef > 0)
        KT_TRY(take_oldest(tx, &(kt_query){&received_shape, any, "id", 0, unknown}, back, wanted, cleared));
    if (wanted->coef > 0 && !like->order.v)
        KT_TRY(take_oldest(tx, &(kt_query){&received_shape, any, "id", 0}, back, wanted, cleared));
    return NULL;
}

static kt_dec share(kt_dec value, kt_dec part, kt_dec whole)
{
    kt_dec parts[2], weights[2] = {part, kt_dec_sub(whole, part)};
    kt_dec_split(value, weights, 2, parts);
    return parts[0];
}

/* The newest row of the same document and item that waits the same way at the same price: a thousand serial numbers are one row.
 * id not set: there is none. */
static kt_error *find_alike(
    kt_tx *tx, const struct received *like, kt_dec left, kt_dec value, struct received *row)
{
    const kt_where where[] = {KT_WHERE(received, document, KT_EQ, like->document),
        KT_WHERE(received, item, KT_EQ, like->item), {0}};
    struct received found = {KT_OF(received)};
    kt_cursor *cursor;
    *row = (struct received){KT_OF(received)};
    if (!like->document.v)
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){&received_shape, where, "-id", 1}, &cursor));
    if (kt_next(cursor, &found.rec) && found.party.v == like->party.v && found.day.day == like->day.day &&
        sign_of(found.left) == sign_of(left)) {
        kt_dec gap = kt_dec_sub(value, share_of(found.left_value, left, found.left));
        if (kt_dec_cmp(gap, money(1)) <= 0 && kt_dec_cmp(gap, money(-1)) >= 0)
            *row = found;
    }
    return kt_close(cursor);
}

static kt_error *note_rest(kt_tx *tx, const struct received *like, kt_dec left, kt_dec value)
{
    struct received r, alike;
    KT_TRY(find_alike(tx, like, left, value, &alike));
    if (alike.rec.id.v) {
        alike.quantity = kt_dec_add(alike.quantity, like->quantity);
        alike.value = kt_dec_add(alike.value, like->value);
        alike.left = kt_dec_add(alike.left, left);
        alike.left_value = kt_dec_add(alike.left_value, value);
        return kt_update(tx, &alike.rec);
    }
    r = *like;
    r.rec = (kt_record){.of = &received_shape};
    r.left = left;
    r.left_value = value;
    return kt_create(tx, &r.rec);
}

kt_error *received_bill(kt_tx *tx, const struct received *bill, kt_id unit, kt_dec *cleared)
{
    bool back = bill->quantity.coef < 0;
    kt_dec wanted, rest, sum = money(0);
    *cleared = bill->value;
    KT_TRY(own_unit(tx, bill->item, unit, turned(bill->quantity, back), &wanted));
    kt_dec whole = wanted;
    if (!wanted.coef)
        return NULL;
    KT_TRY(take(tx, bill, back, &wanted, &sum));
    if (wanted
            .coef) { /* the bill came before the goods, or a credit note while they stay: they wait the other way */
        rest = share(turned(bill->value, back), wanted, whole);
        sum = kt_dec_add(sum, rest);
        KT_TRY(note_rest(tx, bill, turned(wanted, !back), turned(rest, !back)));
    }
    *cleared = turned(sum, back);
    return NULL;
}

kt_error *received_note(kt_tx *tx, const struct received *like, kt_dec *off)
{
    bool back = like->quantity.coef < 0;
    kt_dec whole = turned(like->quantity, back), value = turned(like->value, back), wanted = whole,
           sum = money(0);
    KT_TRY(take(tx, like, !back, &wanted, &sum));
    kt_dec rest = wanted.coef ? share(value, wanted, whole) : money(0);
    *off = turned(kt_dec_sub(kt_dec_sub(value, rest), sum), back);
    return wanted.coef ? note_rest(tx, like, turned(wanted, back), turned(rest, back)) : NULL;
}
