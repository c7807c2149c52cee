/* Valuation: per item by moving average, FIFO or standard cost, exact to the last cent. A move that brings goods is a
 * layer: it remembers how much of it is left. Moves are valued in the order in which they are written down: one of an
 * earlier day takes its place among the layers, but what went out before stays as it was valued. Goods that leave
 * before they came leave at the last known cost; when they come, the difference goes to "revaluation".
 * source: IAS 2 par. 21 (standard), 25 and 27 (FIFO, weighted average), 34 (cost of goods sold) */
#include "stock/value.h"

#include <kontor/documents.h>

const kt_shape pool_shape = KT_SHAPE(pool, "logistics.valuation",
    KT_FIELD(pool, item, REF, "Item", "Towar", .target = "base.item", .computed = true, .priority = 1),
    KT_FIELD(pool, method, STATE, "Valued by", "Wycena", .choices = valuations, .computed = true),
    KT_FIELD(pool, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .computed = true, .priority = 2),
    KT_FIELD(
        pool, value, MONEY, "Value", "Wartość", .scale = 2, .computed = true, .group = "cost", .priority = 3),
    KT_FIELD(pool, unit_cost, PRICE, "Unit cost", "Koszt jednostki", .scale = 4, .computed = true,
        .group = "cost", .priority = 4));

/* ---- Arithmetic ---- */

/* The share of value that goes with `part` of `whole`, rounded once. */
static kt_dec portion(kt_dec value, kt_dec part, kt_dec whole)
{
    return part.coef > 0 ? kt_dec_share(value, part, whole, 2) : KT_DEC(0, 2);
}

kt_dec share_of(kt_dec value, kt_dec whole, kt_dec done, kt_dec quantity)
{
    return value.scale1
               ? kt_dec_sub(portion(value, kt_dec_add(done, quantity), whole), portion(value, done, whole))
               : value;
}

const char *dec_words(kt_tx *tx, kt_dec value)
{
    kt_str words = kt_dec_text(tx, value, 0);
    return words.ptr ? words.ptr : "0";
}

/* ---- The announcement ---- */

struct valued { /* the payload of "logistics.valued" */
    kt_record rec;
    kt_id move, item, category, lot, document, party;
    int64_t line;
    kt_dec quantity, value;
    kt_str from, to, reason;
    kt_date day;
};
static const kt_shape valued_shape = KT_SHAPE(valued, NULL,
    KT_FIELD(valued, move, REF, "Move", "Ruch", .target = "logistics.move"),
    KT_FIELD(valued, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(valued, category, REF, "Category", "Kategoria", .target = "base.item_category"),
    KT_FIELD(valued, lot, REF, "Lot", "Partia", .target = "logistics.lot"),
    KT_FIELD(valued, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(valued, value, MONEY, "Value", "Wartość", .scale = 2),
    KT_FIELD(valued, from, STRING, "From", "Skąd"), KT_FIELD(valued, to, STRING, "To", "Dokąd"),
    KT_FIELD(valued, document, REF, "Document", "Dokument", .target = "*"),
    KT_FIELD(valued, line, INT, "Line", "Pozycja"),
    KT_FIELD(valued, party, REF, "Party", "Kontrahent", .target = "base.party"),
    KT_FIELD(valued, day, DATE, "Day", "Dzień"), KT_FIELD(valued, reason, STRING, "Why", "Dlaczego"));

#define REVALUATION 0 /* no place: the difference has no other side among the goods */

static kt_str place_word(unsigned place)
{
    static const kt_str words[] = {[REVALUATION] = {"revaluation", 11},
        [KT_AT_SUPPLIER] = {"supplier", 8},
        [KT_AT_STORES] = {"stores", 6},
        [KT_AT_PRODUCTION] = {"production", 10},
        [KT_AT_CUSTOMER] = {"customer", 8},
        [KT_AT_LOSS] = {"loss", 4},
        [KT_AT_TRANSIT] = {"transit", 7}};
    return words[place];
}

/* value below zero goes the other way. */
static kt_error *announce(
    kt_tx *tx, const struct goods *goods, const struct move *m, unsigned from, unsigned to, kt_dec value)
{
    bool back = value.coef < 0;
    struct valued v = {KT_OF(valued), .move = m->rec.id, .item = goods->rec.id, .category = goods->category,
        .lot = m->lot, .quantity = m->quantity, .value = back ? kt_dec_neg(value) : value,
        .from = place_word(back ? to : from), .to = place_word(back ? from : to), .document = m->document,
        .line = m->line, .party = m->party, .day = m->day, .reason = m->reason};
    return value.coef ? kt_emit(tx, "logistics.valued", &v.rec) : NULL;
}

/* ---- The pool of an item ---- */

kt_error *pool_find(kt_tx *tx, const struct goods *goods, struct pool *p)
{
    const kt_where where[] = {KT_WHERE(pool, item, KT_EQ, goods->rec.id), {0}};
    kt_cursor *cursor;
    *p = (struct pool){KT_OF(pool), .item = goods->rec.id,
        .method = goods->valuation ? goods->valuation : AVERAGE, .quantity = ZERO, .value = KT_DEC(0, 2)};
    KT_TRY(kt_open(tx, &(kt_query){.of = &pool_shape, .where = where, .limit = 1}, &cursor));
    kt_next(cursor, &p->rec);
    return kt_close(cursor);
}

static kt_error *pool_save(kt_tx *tx, struct pool *p)
{
    if (p->quantity.coef > 0)
        p->unit_cost = kt_dec_div(p->value, p->quantity, 4);
    return p->rec.id.v ? kt_update(tx, &p->rec) : kt_create(tx, &p->rec);
}

kt_dec at_known_cost(const struct goods *goods, const struct pool *p, kt_dec quantity)
{
    kt_dec unit = p->method != STANDARD && p->unit_cost.scale1 ? p->unit_cost : goods->standard_cost;
    return unit.scale1 ? kt_dec_mul(unit, quantity, 2) : KT_DEC(0, 2);
}

/* The value that goods had when they went the other way, with what was spread over them since; the move that took them
 * remembers what came back. */
static kt_error *at_original_cost(kt_tx *tx, const struct move *m, kt_dec *value)
{
    struct move original = {KT_OF(move)};
    KT_TRY(kt_read(tx, m->returns, &original.rec));
    kt_dec done = kt_dec_add(original.returned, ZERO), all = kt_dec_add(done, m->quantity);
    if (original.item.v != m->item.v || kt_dec_cmp(all, original.quantity) > 0)
        return kt_fail(tx, KT_RULE, "quantity", "%s would come back of %s that went",
            "wróciłoby %s z %s, które wyszły", dec_words(tx, all), dec_words(tx, original.quantity));
    kt_dec later = portion(
        kt_dec_add(KT_DEC(0, 2), original.later), m->quantity, kt_dec_sub(original.quantity, done));
    *value = kt_dec_add(share_of(original.value, original.quantity, done, m->quantity), later);
    if (later.coef)
        original.later = kt_dec_sub(original.later, later);
    original.returned = all;
    return kt_update(tx, &original.rec);
}

/* ---- Layers ---- */

/* Up to which layer of an item none is left, as far as this transaction knows: it took them, and need not look for what it
 * took each time anew. */
struct spent {
    kt_id item, layer;
    kt_date day;
};
static const char spent_key;

static kt_error *spend(kt_tx *tx, const struct move *layer)
{
    struct spent *spent = kt_kept(tx, &spent_key);
    if (!spent) {
        kt_memory before = kt_lasting_memory(tx);
        spent = kt_alloc(tx, sizeof *spent);
        KT_TRY(kt_callers_memory(tx, before, spent ? NULL : kt_no_memory()));
        KT_TRY(kt_keep(tx, &spent_key, spent));
    }
    *spent = (struct spent){layer->item, layer->rec.id, layer->day};
    return NULL;
}

/* A layer comes: of an earlier day it stands before those that are spent. */
static void unspend(kt_tx *tx, const struct move *layer)
{
    struct spent *spent = kt_kept(tx, &spent_key);
    if (spent && spent->item.v == layer->item.v && layer->day.day < spent->day.day)
        spent->item = (kt_id){0};
}

static kt_error *first_layer(kt_tx *tx, const kt_where *where, struct move *layer)
{
    kt_cursor *cursor;
    *layer = (struct move){KT_OF(move)};
    KT_TRY(
        kt_open(tx, &(kt_query){.of = &move_shape, .where = where, .sort = "day,id", .limit = 1}, &cursor));
    kt_next(cursor, &layer->rec);
    return kt_close(cursor);
}

/* The oldest of which something is left; no id: there is none. */
static kt_error *oldest_layer(kt_tx *tx, kt_id item, struct move *layer)
{
    const struct spent *spent = kt_kept(tx, &spent_key);
    kt_where where[] = {KT_WHERE(move, item, KT_EQ, item), KT_WHERE(move, state, KT_EQ, MOVED),
        KT_WHERE(move, open, KT_EQ, true), {0}, {0}, {0}};
    if (!spent || spent->item.v != item.v)
        return first_layer(tx, where, layer);
    where[3] = (kt_where){offsetof(struct move, day), KT_EQ, &spent->day};
    where[4] = (kt_where){offsetof(struct move, rec.id), KT_GT, &spent->layer};
    KT_TRY(first_layer(tx, where, layer));
    if (layer->rec.id.v)
        return NULL;
    where[3] = (kt_where){offsetof(struct move, day), KT_GT, &spent->day};
    where[4] = (kt_where){0};
    return first_layer(tx, where, layer);
}

static kt_error *take_from(kt_tx *tx, struct move *layer, kt_dec *need, kt_dec *value, kt_lines *draws)
{
    kt_dec take = smaller(layer->left, *need), worth = portion(layer->left_value, take, layer->left);
    const struct draw draw = {KT_OF(draw), .layer = layer->rec.id, .quantity = take};
    *need = kt_dec_sub(*need, take);
    *value = kt_dec_add(*value, worth);
    layer->left_value = kt_dec_sub(layer->left_value, worth);
    layer->left = kt_dec_sub(layer->left, take);
    if (layer->left.coef == 0)
        layer->left = layer->left_value = (kt_dec){0};
    KT_TRY(kt_line_add(tx, draws, &draw.rec));
    return kt_update(tx, &layer->rec);
}

/* Takes the oldest layers, the one that m brings back before them; *value receives what they were worth. */
static kt_error *take_layers(kt_tx *tx, struct move *m, kt_dec quantity, kt_dec *value)
{
    struct move layer = {KT_OF(move)};
    kt_dec need = quantity;
    *value = KT_DEC(0, 2);
    if (m->returns.v) {
        KT_TRY(kt_read(tx, m->returns, &layer.rec));
        if (layer.left.coef > 0)
            KT_TRY(take_from(tx, &layer, &need, value, &m->draws));
    }
    while (need.coef > 0) {
        KT_TRY(oldest_layer(tx, m->item, &layer));
        if (!layer.rec.id.v)
            break;
        KT_TRY(take_from(tx, &layer, &need, value, &m->draws));
        if (layer.left.coef <= 0)
            KT_TRY(spend(tx, &layer));
    }
    return NULL;
}

/* ---- In ---- */

static kt_error *come_in(
    kt_tx *tx, const struct goods *goods, struct pool *p, struct move *m, kt_dec *correction)
{
    kt_dec worth = {0}, cover = ZERO;
    if (m->returns.v)
        KT_TRY(at_original_cost(tx, m, &worth));
    if (!m->value.scale1)
        m->value = worth.scale1 ? worth : at_known_cost(goods, p, m->quantity);
    worth = p->method == STANDARD ? at_known_cost(goods, p, m->quantity) : m->value;
    *correction = kt_dec_sub(m->value, worth); /* the price was not the standard */
    if (p->quantity.coef < 0) {
        kt_dec debt = kt_dec_neg(p->quantity);
        cover = smaller(debt, m->quantity);
        kt_dec was = portion(kt_dec_neg(p->value), cover, debt), real = portion(worth, cover, m->quantity);
        *correction = kt_dec_add(*correction, kt_dec_sub(real, was));
        p->value = kt_dec_sub(p->value, kt_dec_sub(real, was));
    }
    unspend(tx, m);
    m->left = kt_dec_sub(m->quantity, cover);
    m->left_value = kt_dec_sub(worth, portion(worth, cover, m->quantity));
    if (m->left.coef == 0)
        m->left = m->left_value = (kt_dec){0};
    p->quantity = kt_dec_add(p->quantity, m->quantity);
    p->value = kt_dec_add(p->value, worth);
    return NULL;
}

/* ---- Out ---- */

/* What a quantity that is there is worth by the item's method; layers give up as much.
 *   original  of what goes back: what it came at */
static kt_error *worth_of(
    kt_tx *tx, const struct pool *p, struct move *m, kt_dec quantity, kt_dec original, kt_dec *worth)
{
    kt_dec layers;
    KT_TRY(take_layers(tx, m, quantity, &layers));
    *worth = p->method == BY_FIFO ? layers : portion(p->value, quantity, p->quantity);
    if (original.scale1 && p->method == AVERAGE)
        *worth = smaller(original, p->value);
    return NULL;
}

static kt_error *go_out(
    kt_tx *tx, const struct goods *goods, struct pool *p, struct move *m, kt_dec *correction)
{
    kt_dec there = p->quantity.coef > 0 ? smaller(p->quantity, m->quantity) : ZERO, worth = KT_DEC(0, 2);
    kt_dec beyond = kt_dec_sub(m->quantity, there), original = {0};
    if (m->returns.v)
        KT_TRY(at_original_cost(tx, m, &original));
    if (there.coef > 0)
        KT_TRY(worth_of(tx, p, m, there, original, &worth));
    worth = kt_dec_add(worth, at_known_cost(goods, p, beyond));
    m->value = original.scale1 ? original : worth;
    *correction = kt_dec_sub(
        worth, m->value); /* it goes back at what it came at, whatever it is worth here */
    p->quantity = kt_dec_sub(p->quantity, m->quantity);
    p->value = kt_dec_sub(p->value, worth);
    if (p->quantity.coef == 0) { /* nothing is left, and nothing is what it is worth */
        *correction = kt_dec_add(*correction, p->value);
        p->value = KT_DEC(0, 2);
    }
    return NULL;
}

static bool is_owned(kt_stock_place place)
{
    return place == KT_AT_STORES || place == KT_AT_TRANSIT;
}

kt_error *value_move(kt_tx *tx, const struct goods *goods, struct move *m)
{
    bool from = is_owned(m->from_place), to = is_owned(m->to_place);
    kt_dec correction = KT_DEC(0, 2);
    struct pool p;
    if (from == to) { /* within the company, or past it */
        if (!from && m->returns.v)
            KT_TRY(at_original_cost(tx, m, &m->value));
        m->value = from || !m->value.scale1 ? KT_DEC(0, 2) : m->value;
        KT_TRY(kt_create(tx, &m->rec));
        return announce(tx, goods, m, m->from_place, m->to_place, m->value);
    }
    KT_TRY(pool_find(tx, goods, &p));
    KT_TRY(to ? come_in(tx, goods, &p, m, &correction) : go_out(tx, goods, &p, m, &correction));
    KT_TRY(pool_save(tx, &p));
    KT_TRY(kt_create(tx, &m->rec));
    KT_TRY(announce(tx, goods, m, m->from_place, m->to_place, m->value));
    return announce(tx, goods, m, KT_AT_STORES, REVALUATION, correction);
}

/* ---- Later costs, other methods ---- */

struct takers { /* who took goods of a layer, and how much of it */
    struct move *moves;
    kt_dec *quantities;
    size_t count;
};

static kt_error *takers_of(kt_tx *tx, const struct move *layer, struct takers *all)
{
    const kt_query query = {.of = &move_shape,
        .filter = kt_format(tx, "[[\"draws.layer\",\"=\",%llu]]", (unsigned long long)layer->rec.id.v),
        .sort = "id"};
    kt_cursor *cursor;
    uint64_t room;
    KT_TRY(kt_count(tx, &query, &room));
    all->moves = kt_alloc(tx, (size_t)(room + 1) * sizeof *all->moves);
    all->quantities = kt_alloc(tx, (size_t)(room + 1) * sizeof *all->quantities);
    if (!all->moves || !all->quantities)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    for (; all->count < room; all->count++) {
        struct move *m = &all->moves[all->count];
        *m = (struct move){KT_OF(move)};
        if (!kt_next(cursor, &m->rec))
            break;
        for (size_t i = 0; i < m->draws.count; i++) {
            const struct draw *d = KT_AS(draw, kt_line(&m->draws, i));
            if (d->layer.v == layer->rec.id.v)
                all->quantities[all->count] = kt_dec_add(all->quantities[all->count], d->quantity);
        }
    }
    return kt_close(cursor);
}

static kt_error *burden_returns(kt_tx *tx, const struct move *m, kt_dec amount, const struct move *about)
{
    const kt_where where[] = {KT_WHERE(move, returns, KT_EQ, m->rec.id), {0}};
    kt_found found;
    kt_dec done = ZERO;
    KT_TRY(kt_find(tx, &(kt_query){.of = &move_shape, .where = where, .sort = "id"}, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        struct move back = {KT_OF(move)};
        KT_TRY(kt_read(tx, found.ids[i], &back.rec));
        kt_dec part = share_of(amount, m->returned, done, back.quantity);
        done = kt_dec_add(done, back.quantity);
        KT_TRY(value_burden(tx, back.rec.id, part, about->document, about->reason));
    }
    return NULL;
}

/* A part of a later cost falls on what a move took and on what of it came back. */
static kt_error *follow_taker(kt_tx *tx, const struct goods *goods, kt_id taker, kt_dec quantity,
    kt_dec share, const struct move *about)
{
    struct move m = {KT_OF(move)};
    KT_TRY(kt_read(tx, taker, &m.rec));
    kt_dec back = m.returned.coef > 0 ? portion(share, m.returned, m.quantity) : KT_DEC(0, 2);
    kt_dec there = kt_dec_sub(share, back);
    unsigned to = m.to_place == KT_AT_SUPPLIER ? KT_AT_CUSTOMER : m.to_place;
    if (there.coef && m.to_place != KT_AT_SUPPLIER) {
        m.later = kt_dec_add(kt_dec_add(KT_DEC(0, 2), m.later), there);
        KT_TRY(kt_update(tx, &m.rec));
    }
    if (back.coef)
        KT_TRY(burden_returns(tx, &m, back, about));
    m.quantity = quantity;
    m.day = about->day;
    m.reason = about->reason;
    return announce(tx, goods, &m, REVALUATION, to, there);
}

/* What of a later cost falls on goods that have left goes where they went; what nobody is known to have taken, and what
 * went back to the supplier, is cost of goods sold. */
static kt_error *follow_goods(kt_tx *tx, const struct goods *goods, const struct move *layer, kt_dec gone,
    kt_dec whole, const struct move *about)
{
    struct takers takers = {0};
    kt_dec done = ZERO, told = KT_DEC(0, 2);
    if (!gone.coef)
        return NULL;
    KT_TRY(takers_of(tx, layer, &takers));
    for (size_t i = 0; i < takers.count; i++) {
        kt_dec share = share_of(gone, whole, done, takers.quantities[i]);
        done = kt_dec_add(done, takers.quantities[i]);
        told = kt_dec_add(told, share);
        KT_TRY(follow_taker(tx, goods, takers.moves[i].rec.id, takers.quantities[i], share, about));
    }
    return announce(tx, goods, about, REVALUATION, KT_AT_CUSTOMER, kt_dec_sub(gone, told));
}

/* How much of what a move brought is here, and bears a later cost of it. */
static kt_dec still_here(const struct pool *p, const struct move *m)
{
    return p->method == STANDARD ? ZERO : kt_dec_add(ZERO, m->left);
}

kt_error *value_after(
    kt_tx *tx, const struct goods *goods, const struct move *m, kt_dec amount, kt_dec *worth)
{
    struct pool p;
    KT_TRY(pool_find(tx, goods, &p));
    kt_dec here = portion(amount, still_here(&p, m), m->quantity);
    *worth = here.coef ? kt_dec_add(smaller(p.value, m->left_value), here) : KT_DEC(0, 2);
    return NULL;
}

kt_error *value_burden(kt_tx *tx, kt_id move, kt_dec amount, kt_id document, kt_str reason)
{
    struct move m = {KT_OF(move)};
    struct goods goods;
    struct pool p;
    KT_TRY(kt_read(tx, move, &m.rec));
    KT_TRY(goods_read(tx, m.item, &goods));
    KT_TRY(pool_find(tx, &goods, &p));
    kt_dec stays = still_here(&p, &m), here = portion(amount, stays, m.quantity);
    if (here.coef) {
        p.value = kt_dec_add(p.value, here);
        m.left_value = kt_dec_add(m.left_value, here);
        KT_TRY(pool_save(tx, &p));
        KT_TRY(kt_update(tx, &m.rec));
    }
    m.document = document;
    m.reason = reason;
    m.day = kt_today(tx);
    KT_TRY(announce(tx, &goods, &m, REVALUATION, KT_AT_STORES, here));
    return follow_goods(tx, &goods, &m, kt_dec_sub(amount, here), kt_dec_sub(m.quantity, stays), &m);
}

/* Layers that were kept along now make up the value. */
static kt_error *spread_over_layers(kt_tx *tx, const struct pool *p)
{
    const kt_where where[] = {KT_WHERE(move, item, KT_EQ, p->item), KT_WHERE(move, state, KT_EQ, MOVED),
        KT_WHERE(move, open, KT_EQ, true), {0}};
    struct move layer = {KT_OF(move)};
    kt_dec done = ZERO;
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &move_shape, .where = where, .sort = "day,id"}, &cursor));
    while (!e && kt_next(cursor, &layer.rec)) {
        layer.left_value = share_of(p->value, p->quantity, done, layer.left);
        done = kt_dec_add(done, layer.left);
        e = kt_update(tx, &layer.rec);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

static kt_error *follow_item(kt_tx *tx, const struct goods *goods)
{
    struct pool p;
    struct move none = {KT_OF(move), .day = kt_today(tx)};
    enum valuation method = goods->valuation ? goods->valuation : AVERAGE;
    KT_TRY(pool_find(tx, goods, &p));
    if (!p.rec.id.v)
        return NULL;
    bool changed = p.method != method;
    kt_dec was = p.value;
    p.method = method;
    if (method == STANDARD && goods->standard_cost.scale1)
        p.value = kt_dec_mul(goods->standard_cost, p.quantity, 2);
    if (!changed && kt_dec_cmp(was, p.value) == 0)
        return NULL;
    if (method == BY_FIFO && p.quantity.coef > 0)
        KT_TRY(spread_over_layers(tx, &p));
    KT_TRY(pool_save(tx, &p));
    none.quantity = p.quantity;
    none.reason = kt_say(tx, (kt_text){"another standard cost", "zmiana kosztu standardowego"});
    return announce(tx, goods, &none, REVALUATION, KT_AT_STORES, kt_dec_sub(p.value, was));
}

kt_error *item_changed(kt_tx *tx, const kt_event *event)
{
    struct goods goods = *KT_SEE(goods, event->after);
    kt_authority before = kt_own_authority(tx);
    kt_error *e = follow_item(tx, &goods);
    kt_callers_authority(tx, before);
    return e;
}
