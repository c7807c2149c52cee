/* Picking, shipping, and taking back. */
#include <kontor/orders.h>

#include "stock/delivery.h"
#include "stock/value.h"

struct part { /* a line of the parameters */
    kt_record rec;
    int64_t line;
    kt_dec quantity;
    kt_id lot;
};
static const kt_shape part_shape = KT_SHAPE(part, NULL,
    KT_FIELD(part, line, INT, "Line's id", "Id pozycji", .required = true),
    KT_FIELD(part, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true,
        .help = {"In the item's own unit.", "W jednostce towaru."}),
    KT_FIELD(part, lot, REF, "Lot", "Partia", .target = "logistics.lot"));
struct parts {
    kt_record rec;
    kt_lines lines;
    kt_date day;
    kt_str reason;
};
const kt_shape pick_shape = KT_SHAPE(parts, NULL,
    KT_FIELD(parts, lines, LINES, "Lines", "Pozycje", .lines = &part_shape,
        .help = {"Empty: all that is reserved.", "Puste: wszystko, co zarezerwowane."}));
const kt_shape ship_shape = KT_SHAPE(
    parts, NULL, KT_FIELD(parts, day, DATE, "Day", "Dzień", .initial = "today"));
const kt_shape return_shape = KT_SHAPE(parts, NULL,
    KT_FIELD(parts, lines, LINES, "Lines", "Pozycje", .lines = &part_shape,
        .help = {"Empty: all that was shipped.", "Puste: wszystko, co wydano."}),
    KT_FIELD(parts, day, DATE, "Day", "Dzień", .initial = "today"),
    KT_FIELD(parts, reason, STRING, "Why", "Dlaczego", .max = 200));

static const char *at(kt_tx *tx, size_t i, const char *field)
{
    return kt_format(tx, "lines[%zu].%s", i, field).ptr;
}

/* The delivery's line that a parameter means. */
static kt_error *line_meant(
    kt_tx *tx, struct delivery *d, const struct part *part, size_t i, struct delivery_line **line)
{
    for (size_t k = 0; k < d->lines.count; k++)
        if ((int64_t)delivery_line_at(&d->lines, k)->rec.id.v == part->line) {
            *line = delivery_line_at(&d->lines, k);
            return NULL;
        }
    return kt_fail(tx, KT_VALIDATION, at(tx, i, "line"), "there is no line %lld", "nie ma pozycji %lld",
        (long long)part->line);
}

/* ---- Picking ---- */

static kt_error *check_tolerance(
    kt_tx *tx, kt_id warehouse, const struct delivery_line *line, kt_dec quantity, size_t i)
{
    struct goods goods;
    struct warehouse w;
    KT_TRY(goods_read(tx, line->item, &goods));
    KT_TRY(warehouse_get(tx, warehouse, &w));
    kt_dec percent = goods.over_percent.scale1 ? goods.over_percent
                                               : kt_dec_add(w.over_percent, KT_DEC(0, 2));
    kt_dec over = kt_dec_mul(line->quantity, percent, 6);
    kt_dec most = kt_dec_round(kt_dec_add(line->quantity, kt_dec_div(over, KT_DEC(100, 0), 6)), 4);
    if (quantity.coef < 0)
        return kt_fail(tx, KT_VALIDATION, at(tx, i, "quantity"), "must not be below zero",
            "nie może być mniejsze od zera");
    if (kt_dec_cmp(quantity, most) <= 0)
        return NULL;
    return kt_hint(
        kt_fail(tx, KT_RULE, at(tx, i, "quantity"), "%s of \"%s\" exceeds the %s that may be shipped",
            "%s towaru „%s” to więcej niż %s, które można wydać", dec_words(tx, quantity), goods.name.ptr,
            dec_words(tx, most)),
        "Amend the order, or raise the item's tolerance.",
        "Zmień zamówienie albo zwiększ tolerancję towaru.");
}

/* Another lot than the one that is reserved is taken: the reservation follows the hand, and what is not picked yet stays
 * reserved of any lot. */
static kt_error *switch_lot(
    kt_tx *tx, const struct delivery *d, struct delivery_line *line, const struct part *part, size_t i)
{
    const struct owner owner = delivery_owner(tx, d, line);
    struct goods goods;
    struct warehouse w;
    kt_dec given, rest;
    KT_TRY(goods_read(tx, line->item, &goods));
    KT_TRY(warehouse_get(tx, d->warehouse, &w));
    KT_TRY(unreserve(tx, line->item, &owner, NULL, line->quantity, NULL, &given));
    struct wanted wanted = {
        .goods = &goods, .warehouse = &w, .lot = part->lot, .quantity = part->quantity, .day = kt_today(tx)};
    KT_TRY(reserve(tx, &wanted, &owner, &rest));
    line->lot = part->lot;
    if (rest.coef <= 0) {
        wanted.lot = (kt_id){0};
        wanted.quantity = kt_dec_sub(given, part->quantity);
        return reserve(tx, &wanted, &owner, &rest);
    }
    return kt_fail(tx, KT_RULE, at(tx, i, "lot"), "%s more than there is of this lot",
        "o %s więcej, niż jest tej partii", dec_words(tx, rest));
}

static kt_error *pick_part(kt_tx *tx, struct delivery *d, const struct parts *p, size_t i)
{
    const struct part *part = KT_SEE(part, kt_line(&p->lines, i));
    struct delivery_line *line = NULL;
    KT_TRY(line_meant(tx, d, part, i, &line));
    for (size_t k = 0; k < i; k++)
        if (KT_SEE(part, kt_line(&p->lines, k))->line == part->line)
            return kt_hint(kt_fail(tx, KT_VALIDATION, at(tx, i, "line"), "line %lld is named before",
                               "pozycja %lld jest już wymieniona", (long long)part->line),
                "A line is picked once; what is of another lot goes with the next delivery.",
                "Pozycję pobiera się raz; towar z innej partii idzie z następnym wydaniem.");
    KT_TRY(check_tolerance(tx, d->warehouse, line, part->quantity, i));
    line->picked = kt_dec_round(part->quantity, 4);
    return part->lot.v ? switch_lot(tx, d, line, part, i) : NULL;
}

/* All at once means all: each line that is short is told. */
static kt_error *check_complete(kt_tx *tx, const struct delivery *d)
{
    kt_error *all = NULL;
    kt_dec sum = ZERO;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        sum = kt_dec_add(sum, line->picked);
        if (d->policy == ALL_AT_ONCE && kt_dec_cmp(line->picked, line->quantity) < 0)
            kt_also(&all,
                kt_hint(kt_fail(tx, KT_RULE, at(tx, i, "quantity"), "%s of %s are there, and all go at once",
                            "jest %s z %s, a wszystko ma iść naraz", dec_words(tx, line->picked),
                            dec_words(tx, line->quantity)),
                    "Wait for the rest, or change the delivery's policy.",
                    "Poczekaj na resztę albo zmień sposób wydania."));
    }
    if (!all && sum.coef == 0)
        return kt_fail(tx, KT_RULE, "lines", "none of it is there", "nic z tego nie ma na stanie");
    return all;
}

static kt_error *pick_within(kt_tx *tx, struct delivery *d, const struct parts *p)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < d->lines.count; i++) {
        struct delivery_line *line = delivery_line_at(&d->lines, i);
        line->picked = p && p->lines.count ? ZERO : line->reserved;
    }
    for (size_t i = 0; p && i < p->lines.count; i++)
        kt_also(&all, pick_part(tx, d, p, i));
    return all ? all : check_complete(tx, d);
}

kt_error *delivery_pick(kt_tx *tx, kt_record *self, const kt_record *params)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = pick_within(
        tx, KT_AS(delivery, self), (const struct parts *)(const void *)kt_see(params, &pick_shape));
    kt_callers_authority(tx, before);
    return e;
}

/* While it was in the picker's hand the order may have got the same from elsewhere: nothing is held for that. */
static kt_error *put_back(kt_tx *tx, struct delivery *d)
{
    for (size_t i = 0; i < d->lines.count; i++) {
        struct delivery_line *line = delivery_line_at(&d->lines, i);
        const struct owner owner = delivery_owner(tx, d, line);
        line->picked = (kt_dec){0};
        if (d->document.v)
            KT_TRY(hold_what_is_pegged(tx, line->item, &owner));
    }
    d->state = D_WAITING;
    return delivery_reckon(tx, d, 0);
}

kt_error *delivery_unpick(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = put_back(tx, KT_AS(delivery, self));
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Shipping ---- */

static kt_error *ship_line(kt_tx *tx, const struct delivery *d, struct delivery_line *line, kt_date day)
{
    const struct owner owner = delivery_owner(tx, d, line);
    kt_stock_move m = {.item = line->item,
        .lot = line->lot,
        .quantity = line->picked,
        .from = KT_AT_STORES,
        .to = KT_AT_CUSTOMER,
        .warehouse = d->warehouse,
        .document = owner.document,
        .line = owner.line,
        .paper = kt_any(tx, delivery_shape.name, d->rec.id),
        .party = d->party,
        .day = day};
    KT_TRY(stock_move(tx, &m));
    line->shipped = line->picked;
    line->reserved = ZERO;
    return NULL;
}

/* So much of the line in the order's unit: exactly all of it, if all is meant. */
static kt_dec in_order_unit(const struct delivery_line *line, kt_dec quantity)
{
    if (kt_dec_cmp(quantity, line->quantity) == 0 || line->quantity.coef == 0)
        return line->order_quantity;
    return kt_dec_round(kt_dec_div(kt_dec_mul(line->order_quantity, quantity, 8), line->quantity, 8), 4);
}

static bool rest_of(const struct delivery_line *line, struct delivery_line *rest)
{
    *rest = (struct delivery_line){.rec.of = &delivery_line_shape,
        .item = line->item,
        .order_line = line->order_line,
        .day = line->day,
        .order_unit = line->order_unit,
        .quantity = kt_dec_sub(line->quantity, line->shipped),
        .order_quantity = kt_dec_sub(line->order_quantity, in_order_unit(line, line->shipped))};
    return rest->quantity.coef > 0;
}

/* What a delivery made by hand held for what did not go, is held for its rest. */
static kt_error *hand_over(kt_tx *tx, const struct delivery *d, struct delivery *rest)
{
    kt_dec given;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        const struct owner owner = delivery_owner(tx, d, line);
        KT_TRY(unreserve(tx, line->item, &owner, NULL, line->quantity, NULL, &given));
    }
    return delivery_reserve(tx, rest);
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
    KT_TRY(d->document.v ? delivery_reckon(tx, &b, 0) : hand_over(tx, d, &b));
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
        KT_TRY(d->document.v && supply
                   ? supply->release(tx, d->document, owner.line, rest.quantity, &left)
                   : unreserve(tx, line->item, &owner, NULL, rest.quantity, NULL, &given));
    }
    return NULL;
}

/* The order's demand has used what went; the order hears it now, or once sales are switched on again. */
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
        const kt_order_part part = {
            {(uint64_t)line->order_line}, in_order_unit(line, line->shipped), .used = true};
        if (line->shipped.coef <= 0)
            continue;
        if (supply)
            KT_TRY(supply->used(tx, d->document, part.line, line->item, line->shipped));
        parts[count++] = part;
    }
    return reports ? reports->deliver(tx, d->document, parts, count, day) : NULL;
}

static kt_error *ship_within(kt_tx *tx, struct delivery *d, kt_date day)
{
    kt_error *all = NULL;
    if (d->state != D_PICKED)
        KT_TRY(pick_within(tx, d, NULL));
    d->state = D_SHIPPED;
    KT_TRY(kt_update(tx, &d->rec)); /* from here on it follows neither reservations nor the order */
    KT_TRY(delivery_expect(tx, d, true));
    for (size_t i = 0; i < d->lines.count; i++) {
        struct delivery_line *line = delivery_line_at(&d->lines, i);
        if (line->picked.coef > 0)
            kt_also(&all, ship_line(tx, d, line, day));
    }
    if (all)
        return all;
    d->shipped_on = day;
    KT_TRY(report(tx, d, day));
    return d->policy == CANCEL_REST ? drop_rest(tx, d) : make_backorder(tx, d);
}

kt_error *delivery_ship(kt_tx *tx, kt_record *self, const kt_record *params)
{
    const struct parts *p = (const struct parts *)(const void *)kt_see(params, &ship_shape);
    kt_authority before = kt_own_authority(tx);
    kt_error *e = ship_within(tx, KT_AS(delivery, self), p->day);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Taking back ---- */

/* Of what this line shipped, the moves from which something may still come back. */
static kt_error *take_back(kt_tx *tx, const struct delivery *d, const struct delivery_line *line,
    const struct part *part, const struct parts *p)
{
    const struct owner owner = delivery_owner(tx, d, line);
    const kt_id paper = kt_any(tx, delivery_shape.name, d->rec.id);
    const kt_where where[] = {KT_WHERE(move, paper, KT_EQ, paper), KT_WHERE(move, item, KT_EQ, line->item),
        KT_WHERE(move, to_place, KT_EQ, KT_AT_CUSTOMER), {0}};
    kt_dec rest = part->quantity;
    struct move out = {KT_OF(move)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &move_shape, .where = where, .sort = "id"}, &cursor));
    while (!e && rest.coef > 0 && kt_next(cursor, &out.rec)) {
        kt_dec take = smaller(kt_dec_sub(out.quantity, out.returned), rest);
        if (out.line != (int64_t)owner.line.v || take.coef <= 0 || (part->lot.v && part->lot.v != out.lot.v))
            continue;
        kt_stock_move m = {.item = out.item,
            .lot = out.lot,
            .quantity = take,
            .from = KT_AT_CUSTOMER,
            .to = KT_AT_STORES,
            .warehouse = d->warehouse,
            .document = out.document,
            .line = owner.line,
            .paper = paper,
            .party = d->party,
            .returns = out.rec.id,
            .day = p->day,
            .reason = p->reason};
        e = stock_move(tx, &m);
        rest = kt_dec_sub(rest, take);
    }
    kt_also(&e, kt_close(cursor));
    if (e || rest.coef <= 0)
        return e;
    return kt_fail(
        tx, KT_RULE, "quantity", "%s more than was shipped", "o %s więcej, niż wydano", dec_words(tx, rest));
}

static kt_error *return_part(kt_tx *tx, struct delivery *d, const struct part *part, const struct parts *p,
    size_t i, kt_order_part *back)
{
    struct delivery_line *line = NULL;
    KT_TRY(line_meant(tx, d, part, i, &line));
    KT_TRY(take_back(tx, d, line, part, p));
    line->returned = kt_dec_add(line->returned, part->quantity);
    *back = (kt_order_part){
        {(uint64_t)line->order_line}, kt_dec_neg(in_order_unit(line, part->quantity)), .used = true};
    return NULL;
}

static kt_error *return_within(kt_tx *tx, struct delivery *d, struct parts *p)
{
    kt_error *all = NULL;
    for (size_t i = 0, given = p->lines.count; i < d->lines.count && !given; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        struct part part = {KT_OF(part), .line = (int64_t)line->rec.id.v,
            .quantity = kt_dec_sub(line->shipped, line->returned)};
        if (part.quantity.coef > 0)
            KT_TRY(kt_line_add(tx, &p->lines, &part.rec));
    }
    const kt_order_reports *reports = kt_order_reports_find(tx);
    kt_order_part *back = kt_alloc(tx, (p->lines.count + 1) * sizeof *back);
    if (!back)
        return kt_no_memory();
    for (size_t i = 0; i < p->lines.count; i++)
        kt_also(&all, return_part(tx, d, KT_AS(part, kt_line(&p->lines, i)), p, i, &back[i]));
    return all || !reports ? all : reports->deliver(tx, d->document, back, p->lines.count, p->day);
}

kt_error *delivery_return(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct parts p = *(const struct parts *)(const void *)kt_see(params, &return_shape);
    kt_authority before = kt_own_authority(tx);
    kt_error *e = return_within(tx, KT_AS(delivery, self), &p);
    kt_callers_authority(tx, before);
    return e;
}
