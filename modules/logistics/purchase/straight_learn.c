/* Receipts of an earlier version do not keep which customers' orders had what of them, or gave it back; those orders were told.
 * Whoever a request was made for had of it what came, request by request; what went back was first what no request had asked for,
 * then what had come first. So it is written into the receipts now. */
#include <kontor/walk.h>

#include "purchase/purchase.h"

typedef struct { /* of one line of a purchase order */
    kt_tx *tx;
    const struct po_line *line;
    kt_id unit;         /* of the item */
    kt_lines to_come;   /* struct straight: what its requests got; no order: whose it was is not known */
    kt_lines had;       /* the same, as it came */
    kt_dec beyond;      /* came, and no request had asked for it */
    kt_lines *straight; /* of the receipt that is looked at */
} learning;

/* Takes up to *rest of what is the order's, or of any if `like` is NULL, off `from`, and adds it to `to`. */
static kt_error *hand_over(
    kt_tx *tx, const kt_lines *from, const struct straight *like, kt_dec *rest, kt_lines *to)
{
    for (size_t i = 0; i < from->count && rest->coef > 0; i++) {
        struct straight *s = straight_at(from, i), part = *s;
        if (like && (like->order.v != s->order.v || like->line != s->line))
            continue;
        part.rec = (kt_record){.of = &straight_shape};
        part.quantity = smaller(s->quantity, *rest);
        if (part.quantity.coef <= 0)
            continue;
        s->quantity = kt_dec_sub(s->quantity, part.quantity);
        *rest = kt_dec_sub(*rest, part.quantity);
        KT_TRY(kt_line_add(tx, to, &part.rec));
    }
    return NULL;
}

static kt_error *brought(const learning *l, const struct receipt *r, kt_dec *quantity)
{
    kt_dec sum = ZERO;
    for (size_t i = 0; i < r->lines.count; i++) {
        const struct receipt_line *row = receipt_line_at(r, i);
        if (row->order_line == (int64_t)l->line->rec.id.v)
            sum = kt_dec_add(sum, kt_dec_sub(row->quantity, kt_dec_add(ZERO, row->rejected)));
    }
    return kt_in_unit(l->tx, l->line->item, sum, l->line->unit, l->unit, quantity);
}

/* What a receipt says already is what it says. */
static kt_error *as_told(learning *l, const kt_lines *from, kt_dec *rest, kt_lines *said)
{
    kt_lines taken = {0};
    for (size_t i = 0; i < l->straight->count; i++) {
        const struct straight *s = straight_at(l->straight, i);
        kt_dec part = s->quantity;
        if (s->order_line != (int64_t)l->line->rec.id.v)
            continue;
        *rest = kt_dec_sub(*rest, part);
        KT_TRY(kt_line_add(l->tx, said, &s->rec));
        KT_TRY(hand_over(l->tx, from, s, &part, &taken));
        KT_TRY(hand_over(l->tx, from, NULL, &part, &taken)); /* what others had asked for */
    }
    return NULL;
}

static kt_error *note(learning *l, const kt_lines *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        if (straight_at(parts, i)->order.v)
            KT_TRY(kt_line_add(l->tx, l->straight, kt_line(parts, i)));
    return NULL;
}

static kt_error *came(learning *l, const struct receipt *r)
{
    kt_lines said = {0}, parts = {0};
    kt_dec rest;
    KT_TRY(brought(l, r, &rest));
    KT_TRY(as_told(l, &l->to_come, &rest, &said));
    if (!said.count)
        KT_TRY(hand_over(l->tx, &l->to_come, NULL, &rest, &parts));
    const kt_lines *had = said.count ? &said : &parts;
    for (size_t i = 0; i < had->count; i++)
        KT_TRY(kt_line_add(l->tx, &l->had, kt_line(had, i)));
    l->beyond = kt_dec_add(l->beyond, rest);
    return note(l, &parts);
}

static kt_error *went_back(learning *l, const struct receipt *r)
{
    kt_lines said = {0}, parts = {0};
    kt_dec rest;
    KT_TRY(brought(l, r, &rest));
    KT_TRY(as_told(l, &l->had, &rest, &said));
    const kt_dec beyond = smaller(rest, l->beyond);
    l->beyond = kt_dec_sub(l->beyond, beyond);
    rest = kt_dec_sub(rest, beyond);
    if (!said.count)
        KT_TRY(hand_over(l->tx, &l->had, NULL, &rest, &parts));
    return note(l, &parts);
}

static kt_error *learn_line(
    kt_tx *tx, const struct po *o, const struct po_line *line, struct receipt *all, size_t count)
{
    learning l = {.tx = tx, .line = line, .beyond = ZERO};
    struct requests carried;
    struct goods item;
    KT_TRY(goods_read(tx, line->item, &item));
    KT_TRY(requests_of_line(tx, o->rec.id, line->rec.id, &carried));
    l.unit = item.unit;
    for (size_t i = 0; i < carried.count; i++) {
        const struct request *r = &carried.items[i];
        const struct straight part = {KT_OF(straight), .order_line = (int64_t)line->rec.id.v,
            .order = is_sale(tx, r->demand) ? r->demand : (kt_id){0}, .line = r->demand_line,
            .quantity = r->received};
        KT_TRY(kt_line_add(tx, &l.to_come, &part.rec));
    }
    for (enum receipt_kind kind = RC_RECEIPT; kind <= RC_RETURN; kind++)
        for (size_t i = 0; i < count; i++) {
            l.straight = &all[i].straight;
            if (all[i].kind == kind)
                KT_TRY(kind == RC_RECEIPT ? came(&l, &all[i]) : went_back(&l, &all[i]));
        }
    return NULL;
}

static kt_error *learn(kt_tx *tx, kt_record *rec)
{
    const struct po *o = KT_AS(po, rec);
    const kt_where where[] = {
        KT_WHERE(receipt, order, KT_EQ, o->rec.id), KT_WHERE(receipt, state, KT_EQ, RC_DONE), {0}};
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){.of = &receipt_shape, .where = where, .sort = "id"}, 0, &found));
    struct receipt *all = kt_alloc(tx, (found.count + 1) * sizeof *all);
    if (!all)
        return kt_no_memory();
    for (size_t i = 0; i < found.count; i++) {
        all[i] = (struct receipt){KT_OF(receipt)};
        KT_TRY(kt_read(tx, found.ids[i], &all[i].rec));
    }
    for (size_t i = 0; i < o->lines.count; i++)
        if (po_line_at(&o->lines, i)->kind == PO_GOODS)
            KT_TRY(learn_line(tx, o, po_line_at(&o->lines, i), all, found.count));
    for (size_t i = 0; i < found.count; i++)
        KT_TRY(kt_update(tx, &all[i].rec)); /* writes what differs */
    return NULL;
}

kt_error *receipts_learn_straight(kt_tx *tx)
{
    static const kt_walk walk = {{"Receipts learn whose goods went straight to customers",
                                     "Przyjęcia dowiadują się, czyj towar poszedł wprost do klientów"},
        &po_shape, "[[\"ship_to\",\"is_null\",false]]", learn};
    const kt_walk_part all = {.walk = &walk};
    kt_found found;
    KT_TRY(kt_walk_find(tx, &all, "id", 0, &found));
    return kt_walk_over(tx, &all, &found);
}
