/* Straight to the customer: the supplier ships to whoever waits, past the stores; that customer's orders hear what came, and what
 * went back. A receipt keeps which order had what of it. */
#include <string.h>

#include "purchase/purchase.h"

struct asking_line { /* of a sales order: what is looked at in it, whether or not sales are switched on */
    kt_record rec;
    kt_id unit;
    kt_dec quantity, delivered, given_up;
};
static const kt_shape asking_line_shape = KT_SHAPE(asking_line, NULL, KT_BIND(asking_line, unit, REF, "unit"),
    KT_BIND(asking_line, quantity, QUANTITY, "quantity"),
    KT_BIND(asking_line, delivered, QUANTITY, "delivered"),
    KT_BIND(asking_line, given_up, QUANTITY, "given_up"));
struct asking {
    kt_record rec;
    kt_id party, ship_to;
    kt_lines lines;
};
const kt_shape asking_shape = KT_SHAPE(asking, "crm.order", KT_BIND(asking, party, REF, "party"),
    KT_BIND(asking, ship_to, REF, "ship_to"),
    KT_BIND(asking, lines, LINES, "lines", .lines = &asking_line_shape));
struct awaiting { /* of base.pegging: who waits for a request */
    kt_record rec;
    kt_id demand, supply;
    int64_t line;
    kt_dec quantity;
};
static const kt_shape awaiting_shape = KT_SHAPE(awaiting, "base.pegging",
    KT_BIND(awaiting, demand, REF, "demand"), KT_BIND(awaiting, supply, REF, "supply"),
    KT_BIND(awaiting, line, INT, "line"), KT_BIND(awaiting, quantity, QUANTITY, "quantity"));

bool is_sale(const kt_tx *tx, kt_id demand)
{
    const char *entity = kt_any_entity(tx, demand);
    return entity && strcmp(entity, asking_shape.name) == 0;
}

/* Those needed first before the others. */
static kt_error *who_awaits(kt_tx *tx, const struct request *r, kt_found *found)
{
    const kt_where where[] = {KT_WHERE(awaiting, supply, KT_EQ, request_any(tx, r)), {0}};
    return kt_find(tx, &(kt_query){.of = &awaiting_shape, .where = where, .sort = "needed,id"}, 0, found);
}

static kt_id receiver(const struct asking *sale)
{
    return sale->ship_to.v ? sale->ship_to : sale->party;
}

static kt_error *is_for_another(kt_tx *tx, const struct po *o, const struct awaiting *a)
{
    struct asking sale = {KT_OF(asking)};
    if (is_sale(tx, a->demand))
        KT_TRY(kt_read(tx, kt_any_id(a->demand), &sale.rec));
    if (receiver(&sale).v == o->ship_to.v)
        return NULL;
    const char *number = sale.rec.number.ptr ? sale.rec.number.ptr : "";
    return kt_hint(
        kt_fail(tx, KT_RULE, "ship_to", "%s of it are for somebody else%s%s",
            "%s z tego jest dla kogo innego%s%s", dec_words(tx, a->quantity), number[0] ? ": " : "", number),
        "Order for the stores, or order apart what this customer waits for.",
        "Zamów do magazynu albo osobno to, na co czeka ten klient.");
}

/* What a demand asked for that is gone is not to be sent to its customer. */
static kt_error *is_for_nobody(kt_tx *tx, const struct request *r)
{
    struct goods item;
    if (r->origin != BY_DEMAND || r->waiting.coef > 0)
        return NULL;
    KT_TRY(goods_read(tx, r->item, &item));
    return kt_hint(kt_fail(tx, KT_RULE, "ship_to", "nobody waits for %s of \"%s\" any more",
                       "na %s towaru „%s” nikt już nie czeka", dec_words(tx, r->quantity),
                       item.name.ptr ? item.name.ptr : ""),
        "Take it off the order, or order for the stores.", "Usuń to z zamówienia albo zamów do magazynu.");
}

static kt_error *check_straight(kt_tx *tx, const struct po *o)
{
    const kt_where where[] = {KT_WHERE(request, order, KT_EQ, o->rec.id), {0}};
    struct requests carried;
    kt_error *all = NULL;
    KT_TRY(requests_find(tx, where, &carried));
    for (size_t i = 0; i < carried.count; i++) {
        kt_found found;
        kt_also(&all, is_for_nobody(tx, &carried.items[i]));
        KT_TRY(who_awaits(tx, &carried.items[i], &found));
        for (size_t k = 0; k < found.count; k++) {
            struct awaiting a = {KT_OF(awaiting)};
            KT_TRY(kt_read(tx, found.ids[k], &a.rec));
            kt_also(&all, is_for_another(tx, o, &a));
        }
    }
    return all;
}

kt_error *po_check_straight(kt_tx *tx, const struct po *o)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = o->ship_to.v ? check_straight(tx, o) : NULL;
    kt_callers_authority(tx, before);
    return e;
}

/* So much of an item, in its own unit, is delivered to who asked for it on that day; below zero: it came back.
 *   used  it waits no more for as much */
static kt_error *tell_delivered(
    kt_tx *tx, kt_id item, kt_id demand, int64_t demand_line, kt_dec quantity, kt_date day, bool used)
{
    const kt_order_reports *reports = kt_order_reports_find(tx);
    kt_order_part part = {.line = {(uint64_t)demand_line}, .used = used};
    struct asking sale = {KT_OF(asking)};
    struct goods goods;
    KT_TRY(kt_read(tx, kt_any_id(demand), &sale.rec));
    KT_TRY(goods_read(tx, item, &goods));
    for (size_t i = 0; i < sale.lines.count && reports; i++) {
        const struct asking_line *line = KT_AS(asking_line, kt_line(&sale.lines, i));
        if (line->rec.id.v != part.line.v)
            continue;
        KT_TRY(kt_in_unit(tx, item, quantity, goods.unit, line->unit, &part.quantity));
        return reports->deliver(tx, demand, &part, 1, day);
    }
    return NULL;
}

/* ---- What went there, and comes back ---- */

static kt_error *note_straight(kt_tx *tx, kt_lines *straight, const struct straight *part)
{
    struct straight noted = {KT_OF(straight), .order_line = part->order_line, .order = part->order,
        .line = part->line, .quantity = part->quantity};
    return kt_line_add(tx, straight, &noted.rec);
}

kt_error *straight_delivered(kt_tx *tx, const struct request *r, kt_dec quantity, struct receipt *by)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_dec rest = quantity;
    kt_found found;
    KT_TRY(who_awaits(tx, r, &found));
    for (size_t i = 0; i < found.count && rest.coef > 0 && supply; i++) {
        struct awaiting a = {KT_OF(awaiting)};
        KT_TRY(kt_read(tx, found.ids[i], &a.rec));
        const struct straight part = {.order_line = r->order_line,
            .order = a.demand,
            .line = a.line,
            .quantity = smaller(a.quantity, rest)};
        if (!is_sale(tx, a.demand))
            continue;
        rest = kt_dec_sub(rest, part.quantity);
        KT_TRY(supply->passed(tx, a.supply, a.demand, (kt_id){(uint64_t)a.line}, part.quantity));
        KT_TRY(tell_delivered(tx, r->item, a.demand, a.line, part.quantity, by->day, true));
        KT_TRY(note_straight(tx, &by->straight, &part));
    }
    return NULL;
}

struct straight *straight_at(const kt_lines *all, size_t i)
{
    return KT_AS(straight, kt_line(all, i));
}

static void take_off(kt_lines *had, const struct straight *gone)
{
    kt_dec rest = gone->quantity;
    for (size_t i = 0; i < had->count; i++) {
        struct straight *s = straight_at(had, i);
        if (s->order.v != gone->order.v || s->line != gone->line)
            continue;
        const kt_dec part = smaller(s->quantity, rest);
        s->quantity = kt_dec_sub(s->quantity, part);
        rest = kt_dec_sub(rest, part);
    }
}

/* What of a line customers' orders got, and have still: what came first before the others. */
static kt_error *had_straight(
    kt_tx *tx, const struct po *o, const struct po_line *line, const struct receipt *now, kt_lines *had)
{
    for (enum receipt_kind kind = RC_RECEIPT; kind <= RC_RETURN; kind++) {
        const kt_where where[] = {KT_WHERE(receipt, order, KT_EQ, o->rec.id),
            KT_WHERE(receipt, state, KT_EQ, RC_DONE), KT_WHERE(receipt, kind, KT_EQ, kind), {0}};
        kt_found found;
        KT_TRY(kt_find(tx, &(kt_query){.of = &receipt_shape, .where = where, .sort = "id"}, 0, &found));
        for (size_t i = 0; i <= found.count; i++) {
            struct receipt r = {KT_OF(receipt)};
            if (i < found.count)
                KT_TRY(kt_read(tx, found.ids[i], &r.rec));
            else if (kind == RC_RETURN)
                r.straight = now->straight;
            for (size_t k = 0; k < r.straight.count; k++) {
                const struct straight *s = straight_at(&r.straight, k);
                if (s->order_line != (int64_t)line->rec.id.v)
                    continue;
                if (kind == RC_RETURN)
                    take_off(had, s);
                else
                    KT_TRY(note_straight(tx, had, s));
            }
        }
    }
    return NULL;
}

/* What of an item, in its own unit, a line of a sale has not got. */
static kt_error *sale_misses(kt_tx *tx, kt_id item, const struct straight *of, kt_dec *misses)
{
    struct asking sale = {KT_OF(asking)};
    struct goods goods;
    *misses = ZERO;
    KT_TRY(kt_read(tx, kt_any_id(of->order), &sale.rec));
    KT_TRY(goods_read(tx, item, &goods));
    for (size_t i = 0; i < sale.lines.count; i++) {
        const struct asking_line *line = KT_AS(asking_line, kt_line(&sale.lines, i));
        if ((int64_t)line->rec.id.v == of->line)
            return kt_in_unit(tx, item,
                kt_dec_sub(kt_dec_sub(line->quantity, line->delivered), line->given_up), line->unit,
                goods.unit, misses);
    }
    return NULL;
}

/* What comes in place of what went back is of the orders that gave it back and have not got it otherwise. */
static kt_error *replace(
    kt_tx *tx, const struct po_line *line, const struct receipt *back, kt_dec *rest, struct receipt *by)
{
    for (size_t i = 0; i < back->straight.count && rest->coef > 0; i++) {
        struct straight s = *straight_at(&back->straight, i);
        kt_dec misses;
        if (s.order_line != (int64_t)line->rec.id.v)
            continue;
        KT_TRY(sale_misses(tx, line->item, &s, &misses));
        s.quantity = smaller(smaller(s.quantity, misses), *rest);
        if (s.quantity.coef <= 0)
            continue;
        *rest = kt_dec_sub(*rest, s.quantity);
        KT_TRY(tell_delivered(tx, line->item, s.order, s.line, s.quantity, by->day, true));
        KT_TRY(note_straight(tx, &by->straight, &s));
    }
    return NULL;
}

/* ---- What came while no order waited for it ---- */

static kt_error *may_claim(kt_tx *tx, const struct po *o, kt_id demand, bool *yes)
{
    const kt_id id = kt_any_id(demand);
    const kt_where where[] = {{offsetof(struct asking, rec.id), KT_EQ, &id}, {0}};
    const kt_query confirmed = {
        .of = &asking_shape, .where = where, .filter = KT_STR("[[\"state\",\"=\",\"confirmed\"]]")};
    struct asking sale = {KT_OF(asking)};
    uint64_t count;
    KT_TRY(kt_count(tx, &confirmed, &count));
    KT_TRY(kt_read(tx, id, &sale.rec));
    *yes = count && receiver(&sale).v == o->ship_to.v;
    return NULL;
}

/* What of it the sale's line is to get by purchase, or goes without, in the item's own unit. */
static kt_error *is_to_be_bought(kt_tx *tx, const struct straight *of, kt_dec *quantity)
{
    const kt_where where[] = {
        KT_WHERE(awaiting, demand, KT_EQ, of->order), KT_WHERE(awaiting, line, KT_EQ, of->line), {0}};
    const kt_query query = {
        .of = &awaiting_shape, .where = where, .filter = KT_STR("[[\"kind\",\"in\",[\"buy\",\"missing\"]]]")};
    return kt_sum(tx, &query, offsetof(struct awaiting, quantity), quantity);
}

/* The sale that asked for it let go of it -- it was closed while this department was off -- and is open again: what came to its
 * customer it has, before as much is bought for it anew.
 *   rest  in the item's own unit; receives what is nobody's */
static kt_error *claim(
    kt_tx *tx, const struct po *o, const struct request *r, kt_dec *rest, struct receipt *by)
{
    struct straight s = {.order_line = r->order_line, .order = r->demand, .line = r->demand_line};
    kt_dec misses, bought = ZERO;
    bool yes;
    if (!is_sale(tx, r->demand) || rest->coef <= 0 ||
        !kt_orders_find(tx)) /* what it has got is known when sales are back, and then it is asked */
        return NULL;
    KT_TRY(may_claim(tx, o, r->demand, &yes));
    if (!yes)
        return NULL;
    KT_TRY(sale_misses(tx, r->item, &s, &misses));
    KT_TRY(is_to_be_bought(tx, &s, &bought));
    s.quantity = smaller(smaller(misses, bought), *rest);
    if (s.quantity.coef <= 0)
        return NULL;
    *rest = kt_dec_sub(*rest, s.quantity);
    KT_TRY(tell_delivered(tx, r->item, s.order, s.line, s.quantity, by->day, false));
    return note_straight(tx, &by->straight, &s);
}

kt_error *straight_replaced(
    kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity, struct receipt *by)
{
    const kt_where where[] = {KT_WHERE(receipt, order, KT_EQ, o->rec.id),
        KT_WHERE(receipt, state, KT_EQ, RC_DONE), KT_WHERE(receipt, kind, KT_EQ, RC_RETURN), {0}};
    struct requests carried;
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){.of = &receipt_shape, .where = where, .sort = "id"}, 0, &found));
    for (size_t i = 0; i < found.count && quantity.coef > 0; i++) {
        struct receipt back = {KT_OF(receipt)};
        KT_TRY(kt_read(tx, found.ids[i], &back.rec));
        KT_TRY(replace(tx, line, &back, &quantity, by));
    }
    KT_TRY(requests_of_line(tx, o->rec.id, line->rec.id, &carried));
    for (size_t i = 0; i < carried.count; i++)
        KT_TRY(claim(tx, o, &carried.items[i], &quantity, by));
    return NULL;
}

/* What came of a line and stayed, in the item's own unit, beyond what orders had of it. */
static kt_error *nobodys(kt_tx *tx, const struct po_line *line, const kt_lines *had, kt_dec *beyond)
{
    struct goods item;
    KT_TRY(goods_read(tx, line->item, &item));
    KT_TRY(kt_in_unit(tx, line->item, po_line_kept(line), line->unit, item.unit, beyond));
    for (size_t i = 0; i < had->count; i++)
        *beyond = kt_dec_sub(*beyond, straight_at(had, i)->quantity);
    return NULL;
}

/* First what the customer had beyond what was asked for, then what came first. */
static kt_error *came_back(
    kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity, struct receipt *r)
{
    struct goods item;
    kt_lines had = {0};
    kt_dec beyond, rest;
    KT_TRY(goods_read(tx, line->item, &item));
    KT_TRY(kt_in_unit(tx, line->item, quantity, line->unit, item.unit, &rest));
    KT_TRY(had_straight(tx, o, line, r, &had));
    KT_TRY(nobodys(tx, line, &had, &beyond));
    rest = kt_dec_sub(rest, larger(beyond, ZERO));
    for (size_t i = 0; i < had.count && rest.coef > 0; i++) {
        struct straight *s = straight_at(&had, i);
        s->quantity = smaller(s->quantity, rest);
        if (s->quantity.coef <= 0)
            continue;
        rest = kt_dec_sub(rest, s->quantity);
        KT_TRY(tell_delivered(tx, line->item, s->order, s->line, kt_dec_neg(s->quantity), r->day, true));
        KT_TRY(note_straight(tx, &r->straight, s));
    }
    return NULL;
}

kt_error *po_came_back(
    kt_tx *tx, const struct po *o, const struct po_line *line, kt_dec quantity, struct receipt *r)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = came_back(tx, o, line, quantity, r);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- An order is open again ---- */

/* What a receipt brought of a line, in the item's own unit, and no order had. */
static kt_error *brought_loose(
    kt_tx *tx, const struct receipt *r, const struct po_line *line, kt_dec *quantity)
{
    struct goods item;
    kt_dec sum = ZERO;
    for (size_t i = 0; i < r->lines.count; i++) {
        const struct receipt_line *row = receipt_line_at(r, i);
        if (row->order_line == (int64_t)line->rec.id.v)
            sum = kt_dec_add(sum, kt_dec_sub(row->quantity, kt_dec_add(ZERO, row->rejected)));
    }
    KT_TRY(goods_read(tx, line->item, &item));
    KT_TRY(kt_in_unit(tx, line->item, sum, line->unit, item.unit, quantity));
    for (size_t i = 0; i < r->straight.count; i++)
        if (straight_at(&r->straight, i)->order_line == (int64_t)line->rec.id.v)
            *quantity = kt_dec_sub(*quantity, straight_at(&r->straight, i)->quantity);
    return NULL;
}

/* Of what receipts of its line brought, and nobody had. */
static kt_error *claim_of(kt_tx *tx, const struct po *o, const struct po_line *line, const struct request *r)
{
    const kt_where where[] = {KT_WHERE(receipt, order, KT_EQ, o->rec.id),
        KT_WHERE(receipt, state, KT_EQ, RC_DONE), KT_WHERE(receipt, kind, KT_EQ, RC_RECEIPT), {0}};
    const struct receipt none = {KT_OF(receipt)};
    kt_lines had = {0};
    kt_found found;
    kt_dec beyond;
    KT_TRY(had_straight(tx, o, line, &none, &had));
    KT_TRY(nobodys(tx, line, &had, &beyond));
    if (beyond.coef <= 0)
        return NULL;
    KT_TRY(kt_find(tx, &(kt_query){.of = &receipt_shape, .where = where, .sort = "id"}, 0, &found));
    for (size_t i = 0; i < found.count && beyond.coef > 0; i++) {
        struct receipt by = {KT_OF(receipt)};
        kt_dec loose, rest;
        KT_TRY(kt_read(tx, found.ids[i], &by.rec));
        KT_TRY(brought_loose(tx, &by, line, &loose));
        rest = loose = smaller(loose, beyond);
        KT_TRY(claim(tx, o, r, &rest, &by));
        if (kt_dec_cmp(rest, loose) == 0)
            continue;
        beyond = kt_dec_sub(beyond, kt_dec_sub(loose, rest));
        KT_TRY(kt_update(tx, &by.rec));
    }
    return NULL;
}

static kt_error *claim_all(kt_tx *tx, kt_id sale)
{
    const kt_id demand = kt_any(tx, asking_shape.name, sale);
    const kt_where where[] = {KT_WHERE(request, demand, KT_EQ, demand), {0}};
    struct requests made;
    KT_TRY(kt_order_hears(tx, demand));
    KT_TRY(requests_find(tx, where, &made));
    for (size_t i = 0; i < made.count; i++) {
        const struct request *r = &made.items[i];
        struct po o = {KT_OF(po)};
        if (!r->order.v)
            continue;
        KT_TRY(kt_read(tx, r->order, &o.rec));
        const struct po_line *line = po_line_with(&o.lines, (kt_id){(uint64_t)r->order_line});
        if (o.ship_to.v && line)
            KT_TRY(claim_of(tx, &o, line, r));
    }
    return NULL;
}

kt_error *straight_claimed(kt_tx *tx, kt_record *sale)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = claim_all(tx, sale->id);
    kt_callers_authority(tx, before);
    return e;
}

kt_error *straight_reopened(kt_tx *tx, const kt_event *event)
{
    struct asking sale = *KT_SEE(asking, event->after);
    return straight_claimed(tx, &sale.rec);
}
