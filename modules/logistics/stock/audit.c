/* What `kontor check` proves of the stores: every balance is the sum of its moves, what is reserved is the sum of its
 * reservations, an item's quantity is what its places hold and what its layers have left, and by FIFO its value is
 * what they are worth. */
#include <stdlib.h>

#include "stock/value.h"

struct sums { /* what one balance should say */
    struct balance balance;
    kt_dec on_hand, reserved;
};
struct ledger { /* all balances of one item, by location and lot */
    struct sums *items;
    size_t count;
    kt_dec left, left_value;
};

static int by_place(const void *a, const void *b)
{
    const struct sums *x = a, *y = b;
    if (x->balance.location.v != y->balance.location.v)
        return x->balance.location.v < y->balance.location.v ? -1 : 1;
    return (x->balance.lot.v > y->balance.lot.v) - (x->balance.lot.v < y->balance.lot.v);
}

static struct sums *find(const struct ledger *l, kt_id location, kt_id lot)
{
    const struct sums wanted = {.balance = {.location = location, .lot = lot}};
    return l->count ? bsearch(&wanted, l->items, l->count, sizeof *l->items, by_place) : NULL;
}

static kt_error *load(kt_tx *tx, kt_id item, struct ledger *l)
{
    const kt_where where[] = {KT_WHERE(balance, item, KT_EQ, item), {0}};
    const kt_query query = {.of = &balance_shape, .where = where};
    uint64_t count;
    kt_cursor *cursor;
    *l = (struct ledger){.left = ZERO, .left_value = KT_DEC(0, 2)};
    KT_TRY(kt_count(tx, &query, &count));
    l->items = kt_alloc(tx, (size_t)(count + 1) * sizeof *l->items);
    if (!l->items)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    while (l->count < count) {
        struct sums *s = &l->items[l->count];
        *s = (struct sums){{KT_OF(balance)}, ZERO, ZERO};
        if (!kt_next(cursor, &s->balance.rec))
            break;
        l->count++;
    }
    qsort(l->items, l->count, sizeof *l->items, by_place);
    return kt_close(cursor);
}

static kt_error *finding(kt_tx *tx, const char *what, kt_id id, kt_dec said, kt_dec is)
{
    return kt_fail(tx, KT_RULE, what, "%llu says %s, it should be %s", "%llu mówi %s, a powinno być %s",
        (unsigned long long)id.v, dec_words(tx, said), dec_words(tx, is));
}

static kt_error *no_balance(kt_tx *tx, kt_id move)
{
    return kt_fail(tx, KT_RULE, "logistics.move", "%llu is in no balance", "%llu nie ma w żadnym stanie",
        (unsigned long long)move.v);
}

static kt_error *add_moves(kt_tx *tx, kt_id item, struct ledger *l, kt_error **all)
{
    const kt_where where[] = {KT_WHERE(move, item, KT_EQ, item), KT_WHERE(move, state, KT_EQ, MOVED), {0}};
    struct move m = {KT_OF(move)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &move_shape, .where = where}, &cursor));
    while (kt_next(cursor, &m.rec)) {
        struct sums *from = find(l, m.from, m.lot), *to = find(l, m.to, m.lot);
        if (!from || !to) {
            kt_also(all, no_balance(tx, m.rec.id));
            continue;
        }
        from->on_hand = kt_dec_sub(from->on_hand, m.quantity);
        to->on_hand = kt_dec_add(to->on_hand, m.quantity);
        l->left = kt_dec_add(l->left, m.left);
        l->left_value = kt_dec_add(l->left_value, m.left_value);
    }
    return kt_close(cursor);
}

static kt_error *add_reservations(kt_tx *tx, kt_id item, struct ledger *l, kt_error **all)
{
    const kt_where where[] = {KT_WHERE(reservation, item, KT_EQ, item), {0}};
    struct reservation r = {KT_OF(reservation)};
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &reservation_shape, .where = where}, &cursor));
    while (kt_next(cursor, &r.rec)) {
        struct sums *at = find(l, r.location, r.lot);
        if (at)
            at->reserved = kt_dec_add(at->reserved, r.quantity);
        else
            kt_also(all, no_balance(tx, r.rec.id));
    }
    return kt_close(cursor);
}

static kt_error *check_pool(kt_tx *tx, kt_id item, const struct ledger *l, kt_dec owned, kt_error **all)
{
    struct goods goods = {KT_OF(goods)};
    struct pool p;
    KT_TRY(kt_read(tx, item, &goods.rec));
    KT_TRY(pool_find(tx, &goods, &p));
    if (kt_dec_cmp(p.quantity, owned) != 0)
        kt_also(all, finding(tx, "logistics.valuation.quantity", p.rec.id, p.quantity, owned));
    if (p.quantity.coef >= 0 && kt_dec_cmp(p.quantity, l->left) != 0)
        kt_also(all, finding(tx, "logistics.valuation.layers", p.rec.id, p.quantity, l->left));
    if (p.quantity.coef >= 0 && p.method == BY_FIFO && kt_dec_cmp(p.value, l->left_value) != 0)
        kt_also(all, finding(tx, "logistics.valuation.value", p.rec.id, p.value, l->left_value));
    return NULL;
}

static kt_error *audit_item(kt_tx *tx, kt_id item, kt_error **all)
{
    struct ledger l;
    kt_dec owned = ZERO;
    KT_TRY(load(tx, item, &l));
    KT_TRY(add_moves(tx, item, &l, all));
    KT_TRY(add_reservations(tx, item, &l, all));
    for (size_t i = 0; i < l.count; i++) {
        const struct balance *b = &l.items[i].balance;
        if (kt_dec_cmp(b->on_hand, l.items[i].on_hand) != 0)
            kt_also(all, finding(tx, "logistics.stock.on_hand", b->rec.id, b->on_hand, l.items[i].on_hand));
        if (kt_dec_cmp(b->reserved, l.items[i].reserved) != 0)
            kt_also(
                all, finding(tx, "logistics.stock.reserved", b->rec.id, b->reserved, l.items[i].reserved));
        if (b->place == KT_AT_STORES || b->place == KT_AT_TRANSIT)
            owned = kt_dec_add(owned, b->on_hand);
    }
    return check_pool(tx, item, &l, owned, all);
}

kt_error *stock_audit(kt_tx *tx)
{
    struct balance b = {KT_OF(balance)};
    kt_id last = {0};
    kt_cursor *cursor;
    kt_error *all = NULL, *e = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &balance_shape, .sort = "item"}, &cursor));
    while (!e && kt_next(cursor, &b.rec)) {
        if (b.item.v != last.v)
            e = audit_item(tx, b.item, &all);
        last = b.item;
    }
    kt_also(&e, kt_close(cursor));
    kt_also(&all, e);
    return all;
}
