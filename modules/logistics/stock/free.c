/* More is free than was: an order is cancelled or needs less, goods come back, are found, sent from elsewhere, unblocked.
 * Whatever frees goods tells it here, in its own transaction, and those who miss them get them: first demands, as of an
 * arrival, then deliveries written by hand, those needed first before the others. */
#include <stdlib.h>
#include <string.h>

#include <kontor/list.h>
#include <kontor/rules.h>
#include <kontor/walk.h>

#include "stock/delivery.h"
#include "stock/transfer.h"

kt_error *tell_free(kt_tx *tx, kt_id by, kt_id item, kt_id warehouse, kt_dec quantity)
{
    const kt_supply *supply = kt_supply_find(tx);
    return supply && quantity.coef > 0 ? supply->freed(tx, by, item, warehouse, quantity, (kt_dec){0}) : NULL;
}

kt_error *tell_offered(kt_tx *tx, kt_id item, kt_supply_kind of)
{
    const kt_supply *supply = kt_supply_find(tx);
    return supply && item.v ? supply->offered(tx, item, of) : NULL;
}

kt_error *tell_picks_free(kt_tx *tx, kt_id by, kt_id item, const struct picks *picks)
{
    for (size_t i = 0; i < picks->count; i++)
        KT_TRY(tell_free(tx, by, item, picks->items[i].at.warehouse, picks->items[i].quantity));
    return NULL;
}

kt_error *hand_back(kt_tx *tx, kt_id item, const struct owner *owner, kt_dec quantity, kt_dec *given)
{
    struct picks picks = {0};
    KT_TRY(unreserve(tx, item, owner, NULL, quantity, &picks, given));
    return tell_picks_free(tx, owner->document, item, &picks);
}

/* ---- Reserved, and gone ---- */

struct loss {
    struct owner owner;
    kt_id reservation;
    kt_id item;
    kt_dec quantity;
};

/* What the picker has in his hand is there. */
static kt_error *is_picked(kt_tx *tx, kt_id document, bool *yes)
{
    struct delivery d = {KT_OF(delivery)};
    const char *entity = kt_any_entity(tx, document);
    if (entity && strcmp(entity, delivery_shape.name) == 0)
        KT_TRY(kt_read(tx, kt_any_id(document), &d.rec));
    else
        KT_TRY(delivery_open_of(tx, document, &d));
    *yes = d.state == D_PICKED;
    return NULL;
}

static kt_error *take_off(kt_tx *tx, kt_id reservation, const struct wanted *wanted, struct picks *picks,
    struct losses *losses, kt_dec *rest)
{
    struct reservation r = {KT_OF(reservation)};
    bool picked;
    KT_TRY(kt_read(tx, reservation, &r.rec));
    KT_TRY(is_picked(tx, r.document, &picked));
    if (picked || (wanted->location.v && r.location.v != wanted->location.v) ||
        (wanted->lot.v && r.lot.v != wanted->lot.v))
        return NULL;
    struct wanted only = *wanted;
    struct loss loss = {
        .owner = {r.document, {(uint64_t)r.line}, r.needed}, .reservation = reservation, .item = r.item};
    only.location = r.location;
    only.lot = r.lot;
    KT_TRY(unreserve(tx, r.item, &loss.owner, &only, *rest, picks, &loss.quantity));
    *rest = kt_dec_sub(*rest, loss.quantity);
    struct loss *items = kt_grow(tx, losses->items, losses->count, &losses->room, sizeof loss);
    if (!items)
        return kt_no_memory();
    losses->items = items;
    losses->items[losses->count++] = loss;
    return NULL;
}

kt_error *dispossess(kt_tx *tx, const struct wanted *wanted, kt_dec quantity, struct picks *picks,
    struct losses *losses, kt_dec *rest)
{
    kt_where where[] = {KT_WHERE(reservation, item, KT_EQ, wanted->goods->rec.id),
        KT_WHERE(reservation, warehouse, KT_EQ, wanted->warehouse->rec.id), {0}, {0}};
    kt_found found;
    *rest = quantity;
    if (wanted->lot.v)
        where[2] = (kt_where){offsetof(struct reservation, lot), KT_EQ, &wanted->lot};
    KT_TRY(
        kt_find(tx, &(kt_query){.of = &reservation_shape, .where = where, .sort = "-needed,-id"}, 0, &found));
    for (size_t i = 0; i < found.count && rest->coef > 0; i++)
        KT_TRY(take_off(tx, found.ids[i], wanted, picks, losses, rest));
    return NULL;
}

static bool is_of(const kt_tx *tx, const struct loss *l, const kt_shape *shape)
{
    const char *entity = kt_any_entity(tx, l->owner.document);
    return entity && strcmp(entity, shape->name) == 0;
}

static bool is_by_hand(const kt_tx *tx, const struct loss *l)
{
    return is_of(tx, l, &delivery_shape);
}

static kt_error *reserve_others(kt_tx *tx, kt_id delivery)
{
    struct delivery d = {KT_OF(delivery)};
    KT_TRY(kt_read(tx, delivery, &d.rec));
    return d.state == D_WAITING ? delivery_reserve(tx, &d) : NULL; /* it follows by itself */
}

/* Who needs it first gets others first. */
static int by_need(const void *a, const void *b)
{
    const struct loss *x = a, *y = b;
    if (x->owner.needed.day != y->owner.needed.day)
        return x->owner.needed.day < y->owner.needed.day ? -1 : 1;
    return (x->reservation.v > y->reservation.v) - (x->reservation.v < y->reservation.v);
}

kt_error *losses_tell(kt_tx *tx, const struct losses *losses, kt_text why)
{
    const kt_supply *supply = kt_supply_find(tx);
    if (losses->count)
        qsort(losses->items, losses->count, sizeof *losses->items, by_need);
    for (size_t i = 0; i < losses->count && supply; i++) {
        const struct loss *l = &losses->items[i];
        if (l->quantity.coef <= 0 || is_by_hand(tx, l))
            continue;
        if (is_of(tx, l, &transfer_shape))
            KT_TRY(transfer_lost(tx, &l->owner, l->item, l->quantity, why));
        else
            KT_TRY(supply->lost(tx, l->owner.document, l->owner.line, l->item, l->quantity, why));
    }
    for (size_t i = 0; i < losses->count; i++)
        if (is_by_hand(tx, &losses->items[i]))
            KT_TRY(reserve_others(tx, kt_any_id(losses->items[i].owner.document)));
    return NULL;
}

/* ---- A lot may not be used any more ---- */

/* What is reserved of it, but for what is picked, is reserved no more. */
static kt_error *take_from_all(kt_tx *tx, const struct lot *lot)
{
    static const kt_text why = {"its lot is blocked or past its day", "partia zablokowana albo po terminie"};
    const kt_where where[] = {KT_WHERE(balance, item, KT_EQ, lot->item),
        KT_WHERE(balance, lot, KT_EQ, lot->rec.id), KT_WHERE(balance, reserved, KT_GT, ZERO), {0}};
    struct losses losses = {0};
    struct goods goods;
    kt_found found;
    KT_TRY(goods_read(tx, lot->item, &goods));
    KT_TRY(kt_find(tx, &(kt_query){.of = &balance_shape, .where = where}, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        struct balance b = {KT_OF(balance)};
        struct warehouse w = {KT_OF(warehouse)};
        struct picks freed = {0};
        kt_dec picked;
        KT_TRY(kt_read(tx, found.ids[i], &b.rec));
        KT_TRY(kt_read(tx, b.warehouse, &w.rec));
        const struct wanted wanted = {
            .goods = &goods, .warehouse = &w, .location = b.location, .lot = lot->rec.id};
        KT_TRY(dispossess(tx, &wanted, b.reserved, &freed, &losses, &picked));
    }
    return losses_tell(tx, &losses, why);
}

struct lots_expire { /* the parameters of logistics.lot.expire_due */
    kt_record rec;
    int64_t limit;
};
const kt_shape lots_expire_shape = KT_SHAPE(
    lots_expire, NULL, KT_FIELD(lots_expire, limit, INT, "At most", "Najwyżej", .initial = "500"));
struct lots_expired {
    kt_record rec;
    int64_t lots;
};
const kt_shape lots_expired_shape = KT_SHAPE(lots_expired, NULL,
    KT_FIELD(lots_expired, lots, INT, "Lots past their day", "Partie po terminie", .required = true));
struct past { /* a reservation of a lot that is past its day */
    kt_record rec;
    kt_id lot;
    kt_date expires;
};
static const kt_shape past_shape = KT_SHAPE(past, "logistics.reservation", KT_BIND(past, lot, REF, "lot"),
    KT_BIND(past, expires, DATE, "lot.expires"));

static kt_error *lots_past(kt_tx *tx, kt_id *lots, size_t most, size_t *count)
{
    const kt_where where[] = {KT_WHERE(past, expires, KT_LT, kt_today(tx)), {0}};
    struct past r = {KT_OF(past)};
    kt_cursor *cursor;
    *count = 0;
    KT_TRY(kt_open(tx, &(kt_query){.of = &past_shape, .where = where}, &cursor));
    while (*count < most && kt_next(cursor, &r.rec)) {
        size_t i = 0;
        while (i < *count && lots[i].v != r.lot.v)
            i++;
        lots[i] = r.lot;
        *count += i == *count;
    }
    return kt_close(cursor);
}

static kt_error *expire_within(kt_tx *tx, size_t most, int64_t *done)
{
    kt_id *lots = kt_alloc(tx, (most + 1) * sizeof *lots);
    size_t count;
    if (!lots)
        return kt_no_memory();
    KT_TRY(lots_past(tx, lots, most, &count));
    for (size_t i = 0; i < count; i++) {
        struct lot lot = {KT_OF(lot)};
        KT_TRY(kt_read(tx, lots[i], &lot.rec));
        KT_TRY(take_from_all(tx, &lot));
    }
    *done = (int64_t)count;
    return NULL;
}

kt_error *lots_expire(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const int64_t limit = KT_SEE(lots_expire, params)->limit;
    KT_TRY(kt_upkeep_limit(tx, limit));
    kt_authority before = kt_own_authority(tx);
    kt_error *e = expire_within(tx, (size_t)limit, &KT_AS(lots_expired, result)->lots);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- A lot, a place, a warehouse may be used again ---- */

/* All its balances are read before the first is told: who is told of one may take of another. */
static kt_error *tell_lot_free(kt_tx *tx, const struct lot *lot)
{
    const kt_where where[] = {KT_WHERE(balance, item, KT_EQ, lot->item),
        KT_WHERE(balance, lot, KT_EQ, lot->rec.id), KT_WHERE(balance, free, KT_GT, ZERO),
        KT_WHERE(balance, place, KT_EQ, KT_AT_STORES), {0}};
    const kt_id by = kt_any(tx, lot_shape.name, lot->rec.id);
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){.of = &balance_shape, .where = where}, 0, &found));
    struct balance *all = kt_alloc(tx, (found.count + 1) * sizeof *all);
    if (!all)
        return kt_no_memory();
    for (size_t i = 0; i < found.count; i++) {
        all[i] = (struct balance){KT_OF(balance)};
        KT_TRY(kt_read(tx, found.ids[i], &all[i].rec));
    }
    for (size_t i = 0; i < found.count; i++)
        KT_TRY(tell_free(tx, by, all[i].item, all[i].warehouse, all[i].free));
    return NULL;
}

#define AT_PLACES_IN_USE                                                                                     \
    "[\"free\",\">\",\"0\"],[\"place\",\"=\",\"stores\"],[\"location.active\",\"=\",true]"

/* Of the balances of an item at a place or in a warehouse one tells what is free in all, for who is told of one may take of
 * another: the first that has some. It is looked for backwards, so that a walk meets each only once on its way. */
static kt_error *tell_all_free(kt_tx *tx, const struct balance *b, kt_where within, kt_id by)
{
    const kt_where earlier[] = {KT_WHERE(balance, item, KT_EQ, b->item), within,
        {offsetof(struct balance, rec.id), KT_LT, &b->rec.id}, {0}};
    const kt_where all[] = {earlier[0], within, {0}};
    kt_query query = {
        .of = &balance_shape, .where = earlier, .sort = "-id", .filter = KT_STR("[" AT_PLACES_IN_USE "]")};
    kt_found first;
    kt_dec free = ZERO;
    KT_TRY(kt_find(tx, &query, 1, &first));
    if (first.count)
        return NULL;
    query.where = all;
    query.sort = NULL;
    KT_TRY(kt_sum(tx, &query, offsetof(struct balance, free), &free));
    return tell_free(tx, by, b->item, b->warehouse, free);
}

static kt_error *tell_place_free(kt_tx *tx, kt_record *rec)
{
    const struct balance *b = KT_AS(balance, rec);
    return tell_all_free(tx, b, (kt_where)KT_WHERE(balance, location, KT_EQ, b->location),
        kt_any(tx, location_shape.name, b->location));
}

static kt_error *tell_warehouse_free(kt_tx *tx, kt_record *rec)
{
    const struct balance *b = KT_AS(balance, rec);
    return tell_all_free(tx, b, (kt_where)KT_WHERE(balance, warehouse, KT_EQ, b->warehouse),
        kt_any(tx, warehouse_shape.name, b->warehouse));
}

#define IN_USE "[" AT_PLACES_IN_USE "," WAREHOUSE_GIVES "]"
enum { PLACE, WAREHOUSE, WALKS };
static const kt_walk walks[WALKS] = {
    [PLACE] = {{"What lies at a place that is in use again is handed out",
                   "Przydział towaru z miejsca, które znów jest w użyciu"},
        &balance_shape, IN_USE, tell_place_free, offsetof(struct balance, location)},
    [WAREHOUSE] = {{"What lies in a warehouse that is in use again is handed out",
                       "Przydział towaru z magazynu, który znów jest w użyciu"},
        &balance_shape, IN_USE, tell_warehouse_free, offsetof(struct balance, warehouse)},
};

static kt_error *walk_on(kt_tx *tx, kt_work_run *run)
{
    return kt_walk_on(tx, walks, WALKS, run);
}

const kt_work stores_open = {kt_walk_prepare, walk_on};

/* A place, or a warehouse, that is in use again has its goods for whoever misses them. */
kt_error *location_changed(kt_tx *tx, const kt_event *event)
{
    const struct location *was = KT_SEE(location, event->before), *is = KT_SEE(location, event->after);
    return was->active || !is->active ? NULL : kt_walk_begin_about(tx, STORES_OPEN, walks, PLACE, is->rec.id);
}

kt_error *warehouse_changed(kt_tx *tx, const kt_event *event)
{
    const struct warehouse *was = KT_SEE(warehouse, event->before), *is = KT_SEE(warehouse, event->after);
    return warehouse_gives(was) || !warehouse_gives(is)
               ? NULL
               : kt_walk_begin_about(tx, STORES_OPEN, walks, WAREHOUSE, is->rec.id);
}

/* Unblocked, or good for longer: also for whoever needs it on a later day than it was good for. Or the other way round. */
kt_error *lot_changed(kt_tx *tx, const kt_event *event)
{
    const struct lot *was = KT_SEE(lot, event->before), *is = KT_SEE(lot, event->after);
    const int32_t until = is->expires.day ? is->expires.day : INT32_MAX;
    bool held = lot_held(is, kt_today(tx)), longer = was->expires.day && was->expires.day < until;
    if (held ? lot_held(was, kt_today(tx)) : !longer && !was->blocked)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = held ? take_from_all(tx, is) : tell_lot_free(tx, is);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Deliveries written by hand ---- */

struct unclaimed { /* of "base.supply.unclaimed" */
    kt_record rec;
    kt_id item, warehouse;
    kt_dec quantity;
};
const kt_shape unclaimed_shape = KT_SHAPE(unclaimed, NULL, KT_BIND(unclaimed, item, REF, "item"),
    KT_BIND(unclaimed, warehouse, REF, "warehouse"), KT_BIND(unclaimed, quantity, QUANTITY, "quantity"));

/* Reserves for the delivery whose line a planned move is. */
static kt_error *hand_to(kt_tx *tx, kt_id planned, kt_dec *rest)
{
    struct move m = {KT_OF(move)};
    struct goods goods;
    struct warehouse w;
    kt_dec open;
    KT_TRY(kt_read(tx, planned, &m.rec));
    const char *entity = kt_any_entity(tx, m.document);
    if (!entity || strcmp(entity, delivery_shape.name) != 0)
        return NULL;
    KT_TRY(goods_read(tx, m.item, &goods));
    KT_TRY(warehouse_get(tx, m.warehouse, &w));
    const struct owner owner = {m.document, {(uint64_t)m.line}, m.day};
    const struct wanted wanted = {.goods = &goods,
        .warehouse = &w,
        .lot = m.lot,
        .quantity = smaller(kt_dec_sub(m.quantity, m.reserved), *rest),
        .day = kt_today(tx)};
    KT_TRY(reserve(tx, &wanted, &owner, &open));
    *rest = kt_dec_sub(*rest, kt_dec_sub(wanted.quantity, open));
    return NULL;
}

static kt_error *hand_out(kt_tx *tx, const struct unclaimed *u)
{
    kt_id at = kt_any_id(u->warehouse);
    if (!at.v)
        KT_TRY(warehouse_usual(tx, &at));
    const kt_where where[] = {KT_WHERE(move, item, KT_EQ, u->item), KT_WHERE(move, warehouse, KT_EQ, at),
        KT_WHERE(move, from_place, KT_EQ, KT_AT_STORES), {0}};
    const kt_query query = {.of = &move_shape,
        .where = where,
        .sort = "day,id",
        .filter = KT_STR("[[\"state\",\"in\",[\"confirmed\",\"partially_reserved\"]]]")};
    kt_found found;
    kt_dec rest = u->quantity;
    KT_TRY(kt_find(tx, &query, 0, &found));
    for (size_t i = 0; i < found.count && rest.coef > 0; i++)
        KT_TRY(hand_to(tx, found.ids[i], &rest));
    return NULL;
}

kt_error *goods_unclaimed(kt_tx *tx, const kt_event *event)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = hand_out(tx, KT_SEE(unclaimed, event->after));
    kt_callers_authority(tx, before);
    return e;
}
