/* Shipping, and taking back. */
#include <kontor/orders.h>

#include "stock/delivery.h"
#include "stock/value.h"

/* ---- Shipping ---- */

/* The lots that were picked by hand, and of the rest what is reserved. */
static kt_error *parts_of(kt_tx *tx, const struct delivery *d, const struct delivery_line *line,
    struct lot_part **parts, size_t *count)
{
    struct lot_part rest = {line->lot, line->picked};
    size_t room = 1;
    for (size_t i = 0; i < d->picks.count; i++)
        room += KT_AS(picked, kt_line(&d->picks, i))->line == (int64_t)line->rec.id.v;
    *count = 0;
    if (!(*parts = kt_alloc(tx, room * sizeof **parts)))
        return kt_no_memory();
    for (size_t i = 0; i < d->picks.count; i++) {
        const struct picked *p = KT_AS(picked, kt_line(&d->picks, i));
        if (p->line != (int64_t)line->rec.id.v)
            continue;
        (*parts)[(*count)++] = (struct lot_part){p->lot, p->quantity};
        rest.quantity = kt_dec_sub(rest.quantity, p->quantity);
    }
    if (rest.quantity.coef > 0)
        (*parts)[(*count)++] = rest;
    return NULL;
}

static kt_error *ship_line(kt_tx *tx, const struct delivery *d, struct delivery_line *line, kt_date day)
{
    const struct owner owner = delivery_owner(tx, d, line);
    const kt_stock_move m = {.item = line->item,
        .from = KT_AT_STORES,
        .to = KT_AT_CUSTOMER,
        .warehouse = d->warehouse,
        .document = owner.document,
        .line = owner.line,
        .paper = kt_any(tx, delivery_shape.name, d->rec.id),
        .party = d->party,
        .day = day};
    struct lot_part *parts;
    size_t count;
    KT_TRY(parts_of(tx, d, line, &parts, &count));
    line->shipped = line->picked;
    line->reserved = ZERO;
    return stock_move_lots(tx, &m, parts, count);
}

/* Which lots the line took out, for the slip. */
static kt_error *note_lots(
    kt_tx *tx, const struct delivery *d, const struct delivery_line *line, kt_lines *went)
{
    const struct owner owner = delivery_owner(tx, d, line);
    const kt_where where[] = {KT_WHERE(move, document, KT_EQ, owner.document),
        KT_WHERE(move, item, KT_EQ, line->item), KT_WHERE(move, line, KT_EQ, (int64_t)owner.line.v),
        KT_WHERE(move, paper, KT_EQ, kt_any(tx, delivery_shape.name, d->rec.id)), {0}};
    struct move m = {KT_OF(move)};
    struct goods goods;
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(goods_read(tx, line->item, &goods));
    if (goods.tracking <= NOT_TRACKED)
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &move_shape, .where = where, .sort = "id"}, &cursor));
    while (!e && kt_next(cursor, &m.rec)) {
        const struct picked row = {
            KT_OF(picked), .line = (int64_t)line->rec.id.v, .lot = m.lot, .quantity = m.quantity};
        e = kt_line_add(tx, went, &row.rec);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

kt_dec delivery_in_order_unit(const struct delivery_line *line, kt_dec quantity)
{
    return kt_order_share(quantity, line->quantity, line->order_quantity);
}

static bool rest_of(const struct delivery_line *line, struct delivery_line *rest)
{
    *rest = (struct delivery_line){.rec.of = &delivery_line_shape,
        .item = line->item,
        .lot = line->lot,
        .order_line = line->order_line,
        .day = line->day,
        .order_unit = line->order_unit,
        .quantity = kt_dec_sub(line->quantity, line->shipped),
        .order_quantity = kt_dec_sub(line->order_quantity, delivery_in_order_unit(line, line->shipped))};
    return rest->quantity.coef > 0;
}

/* What a delivery made by hand held for what did not go, is held for its rest. */
static kt_error *hand_over(kt_tx *tx, const struct delivery *d, struct delivery *rest)
{
    struct picks *freed = kt_alloc(tx, d->lines.count * sizeof *freed);
    const kt_id by = kt_any(tx, delivery_shape.name, d->rec.id);
    kt_dec given;
    if (!freed)
        return kt_no_memory();
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        const struct owner owner = delivery_owner(tx, d, line);
        KT_TRY(unreserve(tx, line->item, &owner, NULL, line->quantity, &freed[i], &given));
    }
    KT_TRY(delivery_reserve(tx, rest));
    for (size_t i = 0; i < d->lines.count; i++)
        KT_TRY(tell_picks_free(tx, by, delivery_line_at(&d->lines, i)->item, &freed[i]));
    return kt_read(tx, rest->rec.id, &rest->rec); /* it followed its reservations */
}

/* What did not go, goes with a delivery of its own. */
static kt_error *make_backorder(kt_tx *tx, const struct delivery *d)
{
    struct delivery b = {KT_OF(delivery), .party = d->party, .document = d->document,
        .warehouse = d->warehouse, .backorder_of = d->rec.id, .policy = d->policy, .state = D_WAITING,
        .day = d->day};
    struct delivery_line rest;
    for (size_t i = 0; i < d->lines.count; i++)
        if (rest_of(delivery_line_at(&d->lines, i), &rest))
            KT_TRY(kt_line_add(tx, &b.lines, &rest.rec));
    if (!b.lines.count)
        return NULL;
    KT_TRY(kt_create(tx, &b.rec));
    if (!d->document.v)
        KT_TRY(hand_over(tx, d, &b));
    KT_TRY(delivery_reckon(tx, &b, 0));
    KT_TRY(delivery_expect(tx, &b, false));
    return kt_update(tx, &b.rec);
}

/* What did not go, nobody waits for any more. */
static kt_error *drop_rest(kt_tx *tx, const struct delivery *d)
{
    const kt_supply *supply = kt_supply_find(tx);
    struct delivery_line rest;
    kt_plan left = {0};
    kt_dec given;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        const struct owner owner = delivery_owner(tx, d, line);
        if (!rest_of(line, &rest))
            continue;
        KT_TRY(d->document.v && supply ? supply->release(tx, d->document, owner.line, rest.quantity, &left)
                                       : hand_back(tx, line->item, &owner, rest.quantity, &given));
    }
    return NULL;
}

/* The order's demand has used what went; the order hears it, and what of the rest is given up, now or once sales are
 * switched on again. */
static kt_error *report(kt_tx *tx, const struct delivery *d, kt_date day)
{
    const kt_supply *supply = kt_supply_find(tx);
    const kt_order_reports *reports = kt_order_reports_find(tx);
    kt_order_part *parts = kt_alloc(tx, (d->lines.count + 1) * sizeof *parts);
    size_t count = 0;
    if (!parts)
        return kt_no_memory();
    for (size_t i = 0; i < d->lines.count && d->document.v; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        const kt_dec shipped = kt_dec_add(ZERO, line->shipped);
        kt_order_part part = {
            {(uint64_t)line->order_line}, delivery_in_order_unit(line, shipped), .used = true};
        struct delivery_line rest;
        if (rest_of(line, &rest) && d->policy == CANCEL_REST)
            part.given_up = rest.order_quantity;
        if (!shipped.coef && !part.given_up.coef)
            continue;
        if (supply && shipped.coef)
            KT_TRY(supply->used(tx, d->document, part.line, line->item, shipped, NULL));
        parts[count++] = part;
    }
    return reports ? reports->deliver(tx, d->document, parts, count, day) : NULL;
}

/* Of what the picker left behind no more is held for an order than is pegged to it. */
static kt_error *hold_the_rest(kt_tx *tx, const struct delivery *d)
{
    for (size_t i = 0; i < d->lines.count && d->document.v; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        const struct owner owner = delivery_owner(tx, d, line);
        KT_TRY(hold_what_is_pegged(tx, line->item, &owner));
    }
    return NULL;
}

static kt_error *note_all_lots(kt_tx *tx, struct delivery *d)
{
    kt_lines went = {0};
    for (size_t i = 0; i < d->lines.count; i++)
        if (delivery_line_at(&d->lines, i)->shipped.coef > 0)
            KT_TRY(note_lots(tx, d, delivery_line_at(&d->lines, i), &went));
    d->picks = went;
    return NULL;
}

static kt_error *ship_within(kt_tx *tx, struct delivery *d, const struct parts *p)
{
    kt_error *all = NULL;
    kt_date day = p->day;
    if (d->state != D_PICKED || p->lines.count)
        KT_TRY(delivery_take(tx, d, &p->lines));
    d->state = D_SHIPPED;
    KT_TRY(kt_update(tx, &d->rec)); /* from here on it follows neither reservations nor the order */
    KT_TRY(delivery_expect(tx, d, true));
    for (size_t i = 0; i < d->lines.count; i++) {
        struct delivery_line *line = delivery_line_at(&d->lines, i);
        if (line->picked.coef > 0)
            kt_also(&all, told_at_line(tx, ship_line(tx, d, line, day), i, NULL));
    }
    if (all)
        return all;
    KT_TRY(note_all_lots(tx, d));
    d->shipped_on = day;
    KT_TRY(report(tx, d, day));
    KT_TRY(hold_the_rest(tx, d));
    return d->policy == CANCEL_REST ? drop_rest(tx, d) : make_backorder(tx, d);
}

kt_error *delivery_ship(kt_tx *tx, kt_record *self, const kt_record *params)
{
    const struct parts *p = (const struct parts *)(const void *)kt_see(params, &ship_shape);
    kt_authority before = kt_own_authority(tx);
    kt_error *e = ship_within(tx, KT_AS(delivery, self), p);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Taking back ---- */

static kt_error *more_than_shipped(kt_tx *tx, const struct choice *c, kt_dec rest)
{
    struct goods goods = {KT_OF(goods)};
    struct lot lot = {KT_OF(lot)};
    KT_TRY(kt_read(tx, c->line->item, &goods.rec));
    if (c->lot.v)
        KT_TRY(kt_read(tx, c->lot, &lot.rec));
    const char *lot_name = lot.name.len ? kt_format(tx, " (%s)", lot.name.ptr).ptr : "";
    return kt_fail(tx, KT_RULE, part_path(tx, c->row, c->by_name ? "serials" : "quantity"),
        "%s of \"%s\"%s come back, %s more than went out", "wraca %s towaru „%s”%s, o %s więcej, niż wyszło",
        dec_words(tx, c->quantity), goods.name.ptr, lot_name ? lot_name : "", dec_words(tx, rest));
}

static kt_error *move_back(kt_tx *tx, void *context)
{
    return stock_move(tx, context);
}

/* Of what this line shipped, the moves from which something may still come back. */
static kt_error *take_back(kt_tx *tx, const struct delivery *d, const struct choice *c, const struct parts *p)
{
    const struct owner owner = delivery_owner(tx, d, c->line);
    const kt_id paper = kt_any(tx, delivery_shape.name, d->rec.id);
    kt_where where[] = {KT_WHERE(move, paper, KT_EQ, paper), KT_WHERE(move, item, KT_EQ, c->line->item),
        KT_WHERE(move, to_place, KT_EQ, KT_AT_CUSTOMER), {0}, {0}};
    kt_dec rest = c->quantity;
    struct move out = {KT_OF(move)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    if (c->lot.v)
        where[3] = (kt_where){offsetof(struct move, lot), KT_EQ, &c->lot};
    KT_TRY(kt_open(tx, &(kt_query){.of = &move_shape, .where = where, .sort = "id"}, &cursor));
    while (!e && rest.coef > 0 && kt_next(cursor, &out.rec)) {
        kt_dec take = smaller(kt_dec_sub(out.quantity, out.returned), rest);
        if (out.line != (int64_t)owner.line.v || take.coef <= 0)
            continue;
        kt_stock_move m = {.item = out.item,
            .lot = out.lot,
            .quantity = take,
            .from = KT_AT_CUSTOMER,
            .to = KT_AT_STORES,
            .warehouse = p->warehouse,
            .location = p->location,
            .document = out.document,
            .line = owner.line,
            .paper = paper,
            .party = d->party,
            .returns = out.rec.id,
            .day = p->day,
            .reason = p->reason};
        e = told_at_line(tx, kt_step(tx, move_back, &m), c->row, NULL);
        rest = kt_dec_sub(rest, take);
    }
    kt_also(&e, kt_close(cursor));
    return e || rest.coef <= 0 ? e : more_than_shipped(tx, c, rest);
}

static kt_error *return_part(
    kt_tx *tx, struct delivery *d, const struct choice *c, const struct parts *p, kt_order_part *back)
{
    struct delivery_line *line = c->line;
    if (c->quantity.coef <= 0)
        return kt_fail(tx, KT_VALIDATION, part_path(tx, c->row, "quantity"), "must be above zero",
            "musi być większe od zera");
    kt_dec before = delivery_in_order_unit(line, kt_dec_sub(line->shipped, line->returned));
    KT_TRY(take_back(tx, d, c, p));
    line->returned = kt_dec_add(line->returned, c->quantity);
    kt_dec after = delivery_in_order_unit(line, kt_dec_sub(line->shipped, line->returned));
    *back = (kt_order_part){{(uint64_t)line->order_line}, kt_dec_sub(after, before), .used = true};
    return NULL;
}

static kt_error *return_all(
    kt_tx *tx, struct delivery *d, const struct choices *all, const struct parts *p, kt_order_part *back)
{
    const kt_order_reports *reports = kt_order_reports_find(tx);
    kt_error *wrong = NULL;
    for (size_t i = 0; i < all->count; i++)
        kt_also(&wrong, return_part(tx, d, &all->items[i], p, &back[i]));
    if (wrong)
        return wrong;
    if (reports)
        KT_TRY(reports->deliver(tx, d->document, back, all->count, p->day));
    for (size_t i = 0; i < all->count; i++)
        KT_TRY(tell_free(tx, kt_any(tx, delivery_shape.name, d->rec.id), all->items[i].line->item,
            p->warehouse, all->items[i].quantity));
    return NULL;
}

static kt_error *return_within(kt_tx *tx, struct delivery *d, struct parts *p)
{
    struct choices all = {0};
    const char *path = p->location.v ? "location" : "warehouse";
    if (p->warehouse.v || p->location.v)
        KT_TRY(place_takes(tx, path, p->warehouse, p->location));
    p->warehouse = p->warehouse.v ? p->warehouse : d->warehouse;
    KT_TRY(location_within(tx, p->location, p->warehouse, path));
    for (size_t i = 0, given = p->lines.count; i < d->lines.count && !given; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        struct part part = {KT_OF(part), .line = (int64_t)line->rec.id.v,
            .quantity = kt_dec_sub(line->shipped, line->returned)};
        if (part.quantity.coef > 0)
            KT_TRY(kt_line_add(tx, &p->lines, &part.rec));
    }
    KT_TRY(choices_read(tx, d, &p->lines, &all));
    kt_order_part *back = kt_alloc(tx, (all.count + 1) * sizeof *back);
    return back ? return_all(tx, d, &all, p, back) : kt_no_memory();
}

kt_error *delivery_return(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct parts p = *(const struct parts *)(const void *)kt_see(params, &return_shape);
    kt_authority before = kt_own_authority(tx);
    kt_error *e = return_within(tx, KT_AS(delivery, self), &p);
    kt_callers_authority(tx, before);
    return e;
}
