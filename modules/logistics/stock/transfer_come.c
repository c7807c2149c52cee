/* What of a slip arrives: all that it sent on its way, or what rows of parameters name of it. The rest is still on its way, on a
 * slip of its own, which names the lots that it brings: the moves that sent them are the first slip's. */
#include "stock/transfer.h"
#include "stock/value.h"

/* ---- What is on its way ---- */

static bool is_same(const struct carried *a, const struct carried *b)
{
    return a->line.v == b->line.v && a->item.v == b->item.v && a->lot.v == b->lot.v;
}

static kt_error *carry(
    kt_tx *tx, struct carried **all, size_t *count, size_t *room, const struct carried *more)
{
    for (size_t i = 0; i < *count; i++)
        if (is_same(&(*all)[i], more)) {
            (*all)[i].quantity = kt_dec_add((*all)[i].quantity, more->quantity);
            return NULL;
        }
    struct carried *items = kt_grow(tx, *all, *count, room, sizeof *items);
    if (!items)
        return kt_no_memory();
    *all = items;
    items[(*count)++] = *more;
    return NULL;
}

/* By its own moves: a line of which no lot is named may have gone as several. */
static kt_error *carried_by_moves(
    kt_tx *tx, const struct transfer *t, struct carried **all, size_t *count, size_t *room)
{
    const kt_where where[] = {KT_WHERE(move, paper, KT_EQ, transfer_any(tx, t)),
        KT_WHERE(move, to_place, KT_EQ, KT_AT_TRANSIT), {0}};
    struct move sent = {KT_OF(move)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &move_shape, .where = where, .sort = "id"}, &cursor));
    while (!e && kt_next(cursor, &sent.rec)) {
        const struct carried c = {
            .item = sent.item, .lot = sent.lot, .line = {(uint64_t)sent.line}, .quantity = sent.quantity};
        e = carry(tx, all, count, room, &c);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

static kt_error *carried_by_lines(
    kt_tx *tx, const struct transfer *t, struct carried **all, size_t *count, size_t *room)
{
    for (size_t i = 0; i < t->lines.count; i++) {
        const struct transfer_line *line = transfer_line_at(&t->lines, i);
        struct carried c = {.item = line->item, .lot = line->lot, .line = line->rec.id};
        KT_TRY(transfer_line_own(tx, line, &c.quantity));
        KT_TRY(carry(tx, all, count, room, &c));
    }
    return NULL;
}

kt_error *transfer_carried(kt_tx *tx, const struct transfer *t, struct carried **all, size_t *count)
{
    size_t room = 0;
    *all = NULL;
    *count = 0;
    KT_TRY(carried_by_moves(tx, t, all, count, &room));
    return *count || !t->backorder_of.v ? NULL : carried_by_lines(tx, t, all, count, &room);
}

static kt_id where_to(const struct transfer *t)
{
    return t->to_warehouse.v ? t->to_warehouse : t->warehouse;
}

kt_error *transfer_expect(kt_tx *tx, const struct transfer *t, bool nothing)
{
    for (size_t i = 0; i < t->lines.count; i++) {
        const struct transfer_line *line = transfer_line_at(&t->lines, i);
        kt_stock_move m = {.item = line->item,
            .lot = line->lot,
            .quantity = ZERO,
            .from = KT_AT_TRANSIT,
            .to = KT_AT_STORES,
            .warehouse = where_to(t),
            .document = transfer_any(tx, t),
            .line = line->rec.id,
            .day = t->day};
        if (!nothing)
            KT_TRY(transfer_line_own(tx, line, &m.quantity));
        KT_TRY(move_expect(tx, &m, (kt_dec){0}));
    }
    return NULL;
}

/* ---- What of it comes ---- */

struct coming {
    struct carried *items;
    size_t count;
};

/* Of the lot that is named, or of any, what was sent first comes first. */
static kt_error *take_in(kt_tx *tx, const struct choice *c, struct transfer *t, struct coming *all)
{
    static const kt_text more = {"What came beside it comes in on an entry (PW).",
        "To, co przyszło ponadto, przyjmij przychodem (PW)."};
    kt_dec open = c->quantity, there = ZERO;
    for (size_t i = 0; i < all->count; i++) {
        struct carried *of = &all->items[i];
        if (of->line.v != c->line->rec.id.v || (c->lot.v && of->lot.v != c->lot.v))
            continue;
        const kt_dec left = kt_dec_sub(of->quantity, of->comes), take = smaller(left, open);
        there = kt_dec_add(there, left);
        of->comes = kt_dec_add(of->comes, take);
        open = kt_dec_sub(open, take);
    }
    for (size_t i = 0; i < t->lines.count && open.coef > 0; i++)
        if (transfer_line_at(&t->lines, i)->rec.id.v == c->line->rec.id.v)
            return transfer_too_much(tx, transfer_line_at(&t->lines, i), c->quantity, there, c->row, more);
    return NULL;
}

/* First what is named by its lot, then what is of any. */
static kt_error *take_named(kt_tx *tx, struct transfer *t, const kt_lines *rows, struct coming *all)
{
    struct delivery as;
    struct choices named;
    kt_dec sum = ZERO;
    kt_error *wrong = transfer_choices(tx, t, rows, &as, &named);
    if (wrong)
        return wrong;
    for (int of_any = 0; of_any < 2; of_any++)
        for (size_t i = 0; i < named.count; i++)
            if ((named.items[i].lot.v == 0) == (of_any == 1))
                kt_also(&wrong, take_in(tx, &named.items[i], t, all));
    for (size_t i = 0; i < all->count; i++)
        sum = kt_dec_add(sum, all->items[i].comes);
    return wrong || sum.coef > 0
               ? wrong
               : kt_fail(tx, KT_RULE, "lines", "nothing of it is there", "nic z tego nie dotarło");
}

/* ---- What stays on its way ---- */

/* The lines of the first slip show what came, those of the other what did not, each of one lot. */
static kt_error *part_line(kt_tx *tx, struct transfer_line *line, const struct coming *all, kt_lines *rest)
{
    kt_dec own, done = ZERO;
    line->received = ZERO;
    KT_TRY(transfer_line_own(tx, line, &own));
    for (size_t i = 0; i < all->count; i++) {
        const struct carried *c = &all->items[i];
        if (c->line.v != line->rec.id.v)
            continue;
        const kt_dec left = kt_dec_sub(c->quantity, c->comes);
        line->received = kt_dec_add(line->received, c->comes);
        done = kt_dec_add(done, c->comes);
        const struct transfer_line other = {KT_OF(transfer_line), .item = line->item, .lot = c->lot,
            .expires = line->expires, .quantity = left, .value = share_of(line->value, own, done, left)};
        done = kt_dec_add(done, left);
        if (left.coef > 0)
            KT_TRY(kt_line_add(tx, rest, &other.rec));
    }
    return NULL;
}

/* Who needs it last waits for what is still on its way. */
static kt_error *wait_for_it(
    kt_tx *tx, const struct transfer *t, const struct transfer *b, const struct coming *all)
{
    const kt_supply *supply = t->asked ? kt_supply_find(tx) : NULL;
    for (size_t i = 0; supply && i < all->count; i++) {
        const kt_id item = all->items[i].item;
        kt_dec over;
        KT_TRY(transfer_waited_for(tx, t, item, &over));
        for (size_t k = 0; k < all->count; k++)
            if (all->items[k].item.v == item.v)
                over = kt_dec_sub(over, all->items[k].comes);
        if (over.coef > 0)
            KT_TRY(supply->parted(tx, transfer_any(tx, t), transfer_any(tx, b), item, over));
    }
    return NULL;
}

static kt_error *keep_on_the_way(
    kt_tx *tx, const struct transfer *t, const kt_lines *rest, const struct coming *all)
{
    struct transfer b = {KT_OF(transfer), .kind = TRANSFER, .state = T_IN_TRANSIT, .warehouse = t->warehouse,
        .location = t->location, .to_warehouse = t->to_warehouse, .to_location = t->to_location,
        .against = t->against, .day = t->day, .reason = t->reason, .backorder_of = t->rec.id,
        .asked = t->asked, .lines = *rest};
    if (!rest->count)
        return NULL;
    KT_TRY(kt_create(tx, &b.rec));
    KT_TRY(kt_read(tx, b.rec.id, &b.rec)); /* its lines have their ids */
    KT_TRY(kt_number(tx, &b.rec, transfer_numbers[TRANSFER], b.day));
    KT_TRY(kt_update(tx, &b.rec));
    KT_TRY(wait_for_it(tx, t, &b, all));
    return transfer_expect(tx, &b, false);
}

/* ---- It is there ---- */

static kt_error *tell_arrived(kt_tx *tx, const struct transfer *t, const kt_stock_move *m)
{
    const kt_supply *supply = t->asked ? kt_supply_find(tx) : NULL;
    return supply ? supply->arrived(tx, m->document, m->item, m->warehouse, m->quantity, (kt_dec){0})
                  : tell_free(tx, m->document, m->item, m->warehouse, m->quantity);
}

static kt_error *bring_in(kt_tx *tx, const struct transfer *t, const struct carried *c, kt_date day)
{
    kt_stock_move m = {.item = c->item,
        .lot = c->lot,
        .quantity = c->comes,
        .from = KT_AT_TRANSIT,
        .to = KT_AT_STORES,
        .warehouse = where_to(t),
        .location = t->to_location,
        .document = transfer_any(tx, t),
        .line = c->line,
        .paper = transfer_any(tx, t),
        .day = day,
        .reason = t->reason};
    KT_TRY(stock_move(tx, &m));
    return tell_arrived(tx, t, &m);
}

kt_error *transfer_receive(kt_tx *tx, struct transfer *t, kt_date day, const struct receiving *p)
{
    struct coming all;
    kt_lines rest = {0};
    const bool some = p && p->lines.count;
    KT_TRY(transfer_carried(tx, t, &all.items, &all.count));
    for (size_t i = 0; i < all.count; i++)
        all.items[i].comes = some ? ZERO : all.items[i].quantity;
    if (some)
        KT_TRY(take_named(tx, t, &p->lines, &all));
    for (size_t i = 0; i < t->lines.count; i++)
        KT_TRY(part_line(tx, transfer_line_at(&t->lines, i), &all, &rest));
    KT_TRY(keep_on_the_way(tx, t, &rest, &all));
    for (size_t i = 0; i < all.count; i++)
        if (all.items[i].comes.coef > 0)
            KT_TRY(bring_in(tx, t, &all.items[i], day));
    return NULL;
}
