/* Costs that come after the goods -- freight, duty, insurance -- spread over the receipts that they belong to. */
#include "stock/landed.h"

#include "stock/value.h"

enum spread { BY_VALUE = 1, BY_WEIGHT, BY_QUANTITY };
static const kt_choice spreads[] = {
    {BY_VALUE, "value", {"By value", "Według wartości"}},
    {BY_WEIGHT, "weight", {"By weight", "Według masy"}},
    {BY_QUANTITY, "quantity", {"By quantity", "Według ilości"}},
    {0},
};

struct landed {
    kt_record rec;
    kt_dec amount;
    enum spread by;
    kt_id document;
    kt_str reason;
    kt_lines moves;
};
const kt_shape landed_shape = KT_SHAPE(landed, NULL,
    KT_FIELD(landed, amount, MONEY, "Amount", "Kwota", .scale = 2, .required = true,
        .help = {"In the company's currency; below zero: a rebate.",
            "W walucie firmy; poniżej zera: rabat."}),
    KT_FIELD(landed, by, STATE, "Spread by", "Podział według", .choices = spreads, .initial = "value"),
    KT_FIELD(landed, document, REF, "Whose goods", "Czyje towary", .target = "*",
        .help = {"A receipt or an order: all that came with it.",
            "Przyjęcie albo zamówienie: wszystko, co z nim przyszło."}),
    KT_FIELD(landed, moves, REFS, "Or these moves", "Albo te ruchy", .target = "logistics.move"),
    KT_FIELD(landed, reason, STRING, "What for", "Za co", .max = 200));

struct landed_part {
    kt_record rec;
    kt_id move, item;
    kt_dec amount;
};
static const kt_shape landed_part_shape = KT_SHAPE(landed_part, NULL,
    KT_FIELD(landed_part, move, REF, "Move", "Ruch", .target = "logistics.move"),
    KT_FIELD(landed_part, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(landed_part, amount, MONEY, "Amount", "Kwota", .scale = 2));
struct landed_parts {
    kt_record rec;
    kt_lines parts;
};
const kt_shape landed_parts_shape = KT_SHAPE(
    landed_parts, NULL, KT_FIELD(landed_parts, parts, LINES, "Parts", "Części", .lines = &landed_part_shape));

struct came_with { /* a receipt of a purchase order: moves name the receipt */
    kt_record rec;
    kt_id order;
};
static const kt_shape came_with_shape = KT_SHAPE(came_with, "logistics.receipt",
    KT_BIND(came_with, order, REF, "order", .target = "logistics.purchase_order"));

enum { MOVES_MOST = 10000 };
struct bearers { /* the receipts that bear the cost, and how much each weighs */
    kt_id moves[MOVES_MOST];
    kt_id items[MOVES_MOST];
    kt_dec weights[MOVES_MOST];
    kt_dec parts[MOVES_MOST];
    size_t count;
};

static kt_error *add_bearer(kt_tx *tx, const struct move *m, enum spread by, struct bearers *all)
{
    struct goods goods;
    if (m->state != MOVED || m->to_place != KT_AT_STORES || m->from_place == KT_AT_TRANSIT)
        return NULL;
    if (all->count == MOVES_MOST)
        return kt_fail(tx, KT_LIMIT, "moves", "more than %d receipts", "więcej niż %d przyjęć", MOVES_MOST);
    KT_TRY(goods_read(tx, m->item, &goods));
    kt_dec weight = by == BY_VALUE      ? m->value
                    : by == BY_QUANTITY ? m->quantity
                                        : kt_dec_mul(goods.weight, m->quantity, 6);
    if (!weight.scale1)
        return kt_hint(kt_fail(tx, KT_RULE, "by", "the weight of \"%s\" is not known",
                           "nie jest znana masa „%s”", goods.name.ptr),
            "Enter the weight of the item, or spread the cost by value or by quantity.",
            "Wpisz masę towaru albo podziel koszt według wartości lub ilości.");
    all->moves[all->count] = m->rec.id;
    all->items[all->count] = m->item;
    all->weights[all->count++] = weight;
    return NULL;
}

static kt_error *bearers_of(kt_tx *tx, kt_id document, bool paper, enum spread by, struct bearers *all)
{
    const kt_where by_paper[] = {KT_WHERE(move, paper, KT_EQ, document), {0}};
    const kt_where by_document[] = {KT_WHERE(move, document, KT_EQ, document), {0}};
    struct move m = {KT_OF(move)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(
        tx, &(kt_query){.of = &move_shape, .where = paper ? by_paper : by_document, .sort = "id"}, &cursor));
    while (!e && kt_next(cursor, &m.rec))
        e = add_bearer(tx, &m, by, all);
    kt_also(&e, kt_close(cursor));
    return e;
}

static kt_error *bearers_of_order(kt_tx *tx, kt_id document, enum spread by, struct bearers *all)
{
    const char *entity = kt_any_entity(tx, document);
    const kt_where where[] = {KT_WHERE(came_with, order, KT_EQ, kt_any_id(document)), {0}};
    struct came_with r = {KT_OF(came_with)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    if (!entity || strcmp(entity, "logistics.purchase_order") != 0)
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &came_with_shape, .where = where, .sort = "id"}, &cursor));
    while (!e && kt_next(cursor, &r.rec))
        e = bearers_of(tx, kt_any(tx, came_with_shape.name, r.rec.id), false, by, all);
    kt_also(&e, kt_close(cursor));
    return e;
}

static kt_error *collect(kt_tx *tx, const struct landed *p, struct bearers *all)
{
    const kt_id *moves = (const kt_id *)p->moves.items;
    for (size_t i = 0; i < p->moves.count; i++) {
        struct move m = {KT_OF(move)};
        KT_TRY(kt_read(tx, moves[i], &m.rec));
        KT_TRY(add_bearer(tx, &m, p->by, all));
    }
    if (!p->moves.count && p->document.v)
        KT_TRY(bearers_of(tx, p->document, true, p->by, all));
    if (!all->count && p->document.v)
        KT_TRY(bearers_of(tx, p->document, false, p->by, all));
    if (!all->count && p->document.v)
        KT_TRY(bearers_of_order(tx, p->document, p->by, all));
    if (all->count)
        return NULL;
    return kt_fail(tx, KT_VALIDATION, "document", "there are no goods that could bear it",
        "nie ma towarów, które mogłyby to ponieść");
}

/* A rebate leaves nothing worth less than nothing. */
static kt_error *check_bears(kt_tx *tx, kt_id move, kt_dec part)
{
    struct move m = {KT_OF(move)};
    struct goods goods;
    kt_dec worth;
    if (part.coef >= 0)
        return NULL;
    KT_TRY(kt_read(tx, move, &m.rec));
    KT_TRY(goods_read(tx, m.item, &goods));
    KT_TRY(value_after(tx, &goods, &m, part, &worth));
    return worth.coef >= 0 ? NULL
                           : kt_fail(tx, KT_RULE, "amount", "\"%s\" would be worth %s", "„%s” byłby wart %s",
                                 goods.name.ptr, dec_words(tx, worth));
}

static kt_error *land(kt_tx *tx, const struct landed *p, struct landed_parts *out)
{
    struct bearers *all = kt_alloc(tx, sizeof *all);
    if (!all)
        return kt_no_memory();
    KT_TRY(collect(tx, p, all));
    kt_dec_split(p->amount, all->weights, all->count, all->parts);
    for (size_t i = 0; i < all->count; i++) {
        const struct landed_part part = {
            KT_OF(landed_part), .move = all->moves[i], .item = all->items[i], .amount = all->parts[i]};
        KT_TRY(check_bears(tx, all->moves[i], all->parts[i]));
        KT_TRY(value_burden(tx, all->moves[i], all->parts[i], p->document, p->reason));
        KT_TRY(kt_line_add(tx, &out->parts, &part.rec));
    }
    return NULL;
}

kt_error *landed(kt_tx *tx, const kt_record *params, kt_record *result)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = land(tx, KT_SEE(landed, params), KT_AS(landed_parts, result));
    kt_callers_authority(tx, before);
    return e;
}
