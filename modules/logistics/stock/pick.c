/* Which goods go first, and reservations: parts of balances that are held for a document. */
#include <stdlib.h>

#include <kontor/list.h>

#include "stock/delivery.h"

/* ---- Candidates ---- */

struct candidate {
    struct balance balance;
    struct lot lot;
};
struct candidates {
    struct candidate *items;
    size_t count, room;
};

static kt_error *candidates_of(kt_tx *tx, const struct wanted *w, struct candidates *all)
{
    kt_where where[6] = {KT_WHERE(balance, item, KT_EQ, w->goods->rec.id),
        KT_WHERE(balance, warehouse, KT_EQ, w->warehouse->rec.id), KT_WHERE(balance, free, KT_GT, ZERO)};
    size_t conditions = 3;
    struct candidate next = {{KT_OF(balance)}, {KT_OF(lot)}};
    kt_cursor *cursor;
    if (w->location.v)
        where[conditions++] = (kt_where){offsetof(struct balance, location), KT_EQ, &w->location};
    if (w->lot.v)
        where[conditions] = (kt_where){offsetof(struct balance, lot), KT_EQ, &w->lot};
    bool enough = true;
    *all = (struct candidates){0};
    KT_TRY(kt_open(tx, &(kt_query){.of = &balance_shape, .where = where}, &cursor));
    while (enough && kt_next(cursor, &next.balance.rec)) {
        all->items = kt_grow(tx, all->items, all->count, &all->room, sizeof next);
        if ((enough = all->items))
            all->items[all->count++] = next;
    }
    KT_TRY(kt_close(cursor));
    if (!enough)
        return kt_no_memory();
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].balance.lot.v)
            KT_TRY(kt_read(tx, all->items[i].balance.lot, &all->items[i].lot.rec));
    return NULL;
}

static int by_age(const struct candidate *x, const struct candidate *y)
{
    if (x->balance.since.day != y->balance.since.day)
        return x->balance.since.day < y->balance.since.day ? -1 : 1;
    return x->balance.rec.id.v < y->balance.rec.id.v ? -1 : 1;
}

static int by_fifo(const void *a, const void *b)
{
    return by_age(a, b);
}

static int by_lifo(const void *a, const void *b)
{
    return by_age(b, a);
}

static int by_fefo(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int32_t left = x->lot.expires.day ? x->lot.expires.day : INT32_MAX;
    int32_t right = y->lot.expires.day ? y->lot.expires.day : INT32_MAX;
    return left != right ? (left < right ? -1 : 1) : by_age(x, y);
}

kt_error *picks_add(kt_tx *tx, struct picks *picks, const struct pick *pick)
{
    struct pick *items = kt_grow(tx, picks->items, picks->count, &picks->room, sizeof *pick);
    if (!items)
        return kt_no_memory();
    picks->items = items;
    picks->items[picks->count++] = *pick;
    return NULL;
}

/* What of a balance is free, but for what the first `count` picks take of it. */
static kt_dec free_beside(const struct balance *b, const struct picks *picks, size_t count)
{
    kt_dec free = b->free;
    for (size_t i = 0; i < count; i++)
        if (picks->items[i].at.rec.id.v == b->location.v && picks->items[i].lot.v == b->lot.v)
            free = kt_dec_sub(free, picks->items[i].quantity);
    return free;
}

/* Sorts candidates, or what begins with one, in the warehouse's order of picking. */
static void in_order(const struct warehouse *w, void *items, size_t count, size_t size)
{
    static int (*const orders[])(const void *, const void *) = {
        [FEFO] = by_fefo, [FIFO] = by_fifo, [LIFO] = by_lifo};
    if (count > 1)
        qsort(items, count, size, orders[w->picking ? w->picking : FEFO]);
}

kt_error *pick_free(kt_tx *tx, const struct wanted *wanted, struct picks *picks, kt_dec *rest)
{
    const size_t before = picks->count;
    struct candidates all;
    *rest = wanted->quantity;
    if (rest->coef <= 0)
        return NULL;
    KT_TRY(candidates_of(tx, wanted, &all));
    in_order(wanted->warehouse, all.items, all.count, sizeof *all.items);
    for (size_t i = 0; i < all.count && rest->coef > 0; i++) {
        const struct candidate *c = &all.items[i];
        struct pick pick = {.at = {KT_OF(location)}, .lot = c->balance.lot, .balance = c->balance};
        if (!wanted->held && lot_held(&c->lot, wanted->day))
            continue;
        pick.quantity = smaller(free_beside(&c->balance, picks, before), *rest);
        if (pick.quantity.coef <= 0)
            continue;
        KT_TRY(kt_read(tx, c->balance.location, &pick.at.rec));
        if (!pick.at.active && !wanted->location.v && !wanted->held) /* it is taken by who names the place */
            continue;
        if (wanted->moving && pick.at.counting.v)
            continue;
        KT_TRY(picks_add(tx, picks, &pick));
        *rest = kt_dec_sub(*rest, pick.quantity);
    }
    return NULL;
}

/* ---- Reservations ---- */

const kt_shape reservation_shape = KT_SHAPE(reservation, "logistics.reservation",
    KT_FIELD(reservation, document, REF, "For", "Dla", .target = "*", .computed = true, .priority = 1),
    KT_FIELD(reservation, line, INT, "Line", "Pozycja", .computed = true),
    KT_FIELD(reservation, item, REF, "Item", "Towar", .target = "base.item", .computed = true, .seldom = true,
        .priority = 2),
    KT_FIELD(
        reservation, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .computed = true, .priority = 3),
    KT_FIELD(reservation, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse",
        .computed = true, .priority = 4),
    KT_FIELD(
        reservation, location, REF, "Location", "Miejsce", .target = "logistics.location", .computed = true),
    KT_FIELD(
        reservation, lot, REF, "Lot", "Partia", .target = "logistics.lot", .computed = true, .priority = 5),
    KT_FIELD(reservation, needed, DATE, "Needed on", "Potrzebne na", .computed = true, .priority = 6));

kt_error *reservation_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    (void)before;
    if (after && KT_SEE(reservation, after)->quantity.coef <= 0)
        return kt_fail(tx, KT_RULE, "quantity", "must be above zero", "musi być większe od zera");
    return NULL;
}

static kt_error *hold(kt_tx *tx, kt_id item, struct pick *pick, const struct owner *owner)
{
    struct reservation r = {KT_OF(reservation)};
    const int64_t line = (int64_t)owner->line.v;
    kt_where where[] = {KT_WHERE(reservation, document, KT_EQ, owner->document),
        KT_WHERE(reservation, item, KT_EQ, item), KT_WHERE(reservation, location, KT_EQ, pick->at.rec.id),
        {0}, {0}};
    kt_cursor *cursor;
    bool found = false;
    if (pick->lot.v)
        where[3] = (kt_where){offsetof(struct reservation, lot), KT_EQ, &pick->lot};
    KT_TRY(kt_open(tx, &(kt_query){.of = &reservation_shape, .where = where}, &cursor));
    while (!found && kt_next(cursor, &r.rec))
        found = r.line == line && r.lot.v == pick->lot.v;
    KT_TRY(kt_close(cursor));
    KT_TRY(balance_hold(tx, &pick->balance, pick->quantity));
    if (found) {
        r.quantity = kt_dec_add(r.quantity, pick->quantity);
        return kt_update(tx, &r.rec);
    }
    r = (struct reservation){KT_OF(reservation), .document = owner->document, .line = line, .item = item,
        .quantity = pick->quantity, .warehouse = pick->at.warehouse, .location = pick->at.rec.id,
        .lot = pick->lot, .needed = owner->needed};
    return kt_create(tx, &r.rec);
}

kt_error *reserved_anew(kt_tx *tx, kt_id item, const struct owner *owner)
{
    KT_TRY(expected_follow(tx, item, owner));
    return delivery_follow(tx, owner);
}

kt_error *reserve_some(kt_tx *tx, const struct wanted *wanted, const struct owner *owner, kt_dec *rest)
{
    struct picks picks = {0};
    KT_TRY(pick_free(tx, wanted, &picks, rest));
    for (size_t i = 0; i < picks.count; i++)
        KT_TRY(hold(tx, wanted->goods->rec.id, &picks.items[i], owner));
    return NULL;
}

kt_error *reserve(kt_tx *tx, const struct wanted *wanted, const struct owner *owner, kt_dec *rest)
{
    KT_TRY(reserve_some(tx, wanted, owner, rest));
    return kt_dec_cmp(*rest, wanted->quantity) != 0 ? reserved_anew(tx, wanted->goods->rec.id, owner) : NULL;
}

/* The owner's reservations of an item, or of one lot of it, the last first. */
static kt_error *reservations_of(
    kt_tx *tx, kt_id item, kt_id lot, const struct owner *owner, struct reservation **items, size_t *count)
{
    kt_where where[] = {KT_WHERE(reservation, document, KT_EQ, owner->document),
        KT_WHERE(reservation, item, KT_EQ, item), {0}, {0}};
    if (lot.v)
        where[2] = (kt_where){offsetof(struct reservation, lot), KT_EQ, &lot};
    struct reservation next = {KT_OF(reservation)};
    size_t room = 0;
    bool enough = true;
    kt_cursor *cursor;
    *count = 0;
    *items = NULL;
    if (!owner->document.v)
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &reservation_shape, .where = where, .sort = "-id"}, &cursor));
    while (enough && kt_next(cursor, &next.rec)) {
        if (owner->line.v && next.line != (int64_t)owner->line.v)
            continue;
        *items = kt_grow(tx, *items, *count, &room, sizeof next);
        if ((enough = *items))
            (*items)[(*count)++] = next;
    }
    KT_TRY(kt_close(cursor));
    return enough ? NULL : kt_no_memory();
}

kt_error *reserved_for(kt_tx *tx, kt_id item, const struct owner *owner, kt_dec *quantity)
{
    const kt_where where[] = {KT_WHERE(reservation, document, KT_EQ, owner->document),
        KT_WHERE(reservation, item, KT_EQ, item), {0}};
    struct reservation next = {KT_OF(reservation)};
    kt_cursor *cursor;
    *quantity = ZERO;
    if (!owner->document.v)
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &reservation_shape, .where = where}, &cursor));
    while (kt_next(cursor, &next.rec))
        if (!owner->line.v || next.line == (int64_t)owner->line.v)
            *quantity = kt_dec_add(*quantity, next.quantity);
    return kt_close(cursor);
}

static bool fits(const struct reservation *r, const struct wanted *only)
{
    return !only || ((!only->warehouse || r->warehouse.v == only->warehouse->rec.id.v) &&
                        (!only->location.v || r->location.v == only->location.v) &&
                        (!only->lot.v || r->lot.v == only->lot.v));
}

static kt_error *give_back(kt_tx *tx, struct reservation *r, kt_dec take, struct picks *picks)
{
    struct pick pick = {.at = {KT_OF(location)}, .lot = r->lot, .quantity = take};
    KT_TRY(kt_read(tx, r->location, &pick.at.rec));
    KT_TRY(balance_add(tx, r->item, &pick.at, r->lot, ZERO, kt_dec_neg(take), kt_today(tx)));
    if (picks)
        KT_TRY(picks_add(tx, picks, &pick));
    r->quantity = kt_dec_sub(r->quantity, take);
    return r->quantity.coef > 0 ? kt_update(tx, &r->rec) : kt_delete(tx, &r->rec);
}

kt_error *unreserve(kt_tx *tx, kt_id item, const struct owner *owner, const struct wanted *only,
    kt_dec quantity, struct picks *picks, kt_dec *given)
{
    struct reservation *all;
    size_t count;
    *given = ZERO;
    KT_TRY(reservations_of(tx, item, only ? only->lot : (kt_id){0}, owner, &all, &count));
    for (size_t i = 0; i < count; i++) {
        kt_dec take = smaller(all[i].quantity, kt_dec_sub(quantity, *given));
        if (take.coef <= 0 || !fits(&all[i], only))
            continue;
        KT_TRY(give_back(tx, &all[i], take, picks));
        *given = kt_dec_add(*given, take);
    }
    return given->coef ? reserved_anew(tx, item, owner) : NULL;
}

kt_error *reserved_fitting(
    kt_tx *tx, const struct wanted *wanted, const struct owner *owner, kt_dec *quantity)
{
    struct reservation *all;
    size_t count;
    *quantity = ZERO;
    KT_TRY(reservations_of(tx, wanted->goods->rec.id, wanted->lot, owner, &all, &count));
    for (size_t i = 0; i < count; i++)
        if (fits(&all[i], wanted))
            *quantity = kt_dec_add(*quantity, all[i].quantity);
    return NULL;
}

struct reserved { /* goods that are reserved, and where they lie */
    struct candidate candidate;
    struct reservation reservation;
};

static kt_error *find_reserved(kt_tx *tx, const struct reservation *r, struct reserved *found)
{
    const struct location at = {.rec.id = r->location};
    *found = (struct reserved){.candidate = {.lot = {KT_OF(lot)}}, .reservation = *r};
    KT_TRY(balance_find(tx, r->item, &at, r->lot, &found->candidate.balance));
    return r->lot.v ? kt_read(tx, r->lot, &found->candidate.lot.rec) : NULL;
}

kt_error *take_reserved(
    kt_tx *tx, const struct wanted *wanted, const struct owner *owner, struct picks *picks, kt_dec *taken)
{
    const kt_id item = wanted->goods->rec.id;
    struct reservation *all;
    size_t count, fitting = 0;
    *taken = ZERO;
    KT_TRY(reservations_of(tx, item, wanted->lot, owner, &all, &count));
    struct reserved *found = kt_alloc(tx, (count + 1) * sizeof *found);
    if (!found)
        return kt_no_memory();
    for (size_t i = 0; i < count; i++)
        if (fits(&all[i], wanted))
            KT_TRY(find_reserved(tx, &all[i], &found[fitting++]));
    in_order(wanted->warehouse, found, fitting, sizeof *found);
    for (size_t i = 0; i < fitting; i++) {
        kt_dec take = smaller(found[i].reservation.quantity, kt_dec_sub(wanted->quantity, *taken));
        if (take.coef <= 0)
            break;
        KT_TRY(give_back(tx, &found[i].reservation, take, picks));
        *taken = kt_dec_add(*taken, take);
    }
    return NULL;
}
