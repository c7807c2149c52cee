/* The goods of a receipt's row: in from the supplier at the order's price, by lot or serial number; or back to him, at what
 * they cost when they came. */
#include <kontor/list.h>

#include "purchase/purchase.h"

struct brought {   /* a row of a receipt before */
    kt_id receipt; /* of kt_any */
    int64_t row;
};
struct carried {
    const kt_stock *stock;
    struct receipt_line *row;
    kt_stock_move move; /* of the whole row */
    kt_dec done;
    struct brought *brought; /* of what goes back: which rows brought it, the last first */
    size_t brought_count;
};

/* What the part is worth: the line's net in the company's currency, so that all parts sum up to it. */
static kt_error *worth(
    kt_tx *tx, const struct po *o, const struct po_line *line, kt_date day, kt_dec quantity, kt_dec *value)
{
    kt_dec whole;
    KT_TRY(in_own_currency(tx, line->net, o->currency, day, 2, &whole));
    if (!whole.scale1)
        return kt_hint(kt_fail(tx, KT_RULE, "day", "there is no rate of the order's currency on %s",
                           "brak kursu waluty zamówienia na dzień %s", day_words(tx, day)),
            "Enter the rate.", "Wprowadź kurs.");
    *value = share_of(whole, line->quantity, po_line_kept(line), quantity);
    return NULL;
}

static kt_error *carry(kt_tx *tx, struct carried *c, kt_dec quantity, kt_id lot, kt_id returns)
{
    kt_stock_move m = c->move;
    m.lot = lot;
    m.returns = returns;
    m.quantity = quantity;
    m.value = share_of(c->move.value, c->move.quantity, c->done, quantity);
    KT_TRY(c->stock->move(tx, &m));
    c->done = kt_dec_add(c->done, quantity);
    c->row->lot = lot;
    c->row->move = c->row->move.v ? c->row->move : m.move;
    c->row->value = kt_dec_add(kt_dec_add(KT_DEC(0, 2), c->row->value), m.value);
    return NULL;
}

/* ---- Back ---- */

static kt_error *find_brought(kt_tx *tx, const struct receipt *r, struct carried *c)
{
    const kt_where where[] = {KT_WHERE(receipt, order, KT_EQ, r->order),
        KT_WHERE(receipt, state, KT_EQ, RC_DONE), KT_WHERE(receipt, kind, KT_EQ, RC_RECEIPT), {0}};
    kt_found receipts;
    size_t room = 0;
    KT_TRY(kt_find(tx, &(kt_query){.of = &receipt_shape, .where = where, .sort = "-id"}, 0, &receipts));
    for (size_t i = 0; i < receipts.count; i++) {
        struct receipt before = {KT_OF(receipt)};
        KT_TRY(kt_read(tx, receipts.ids[i], &before.rec));
        for (size_t k = 0; k < before.lines.count; k++) {
            const struct receipt_line *row = receipt_line_at(&before, k);
            if (row->order_line != c->row->order_line)
                continue;
            if (!(c->brought = kt_grow(tx, c->brought, c->brought_count, &room, sizeof *c->brought)))
                return kt_no_memory();
            c->brought[c->brought_count++] = (struct brought){
                kt_any(tx, receipt_shape.name, before.rec.id), (int64_t)row->rec.id.v};
        }
    }
    return NULL;
}

static bool is_brought(const struct carried *c, const struct move *m)
{
    for (size_t i = 0; i < c->brought_count; i++)
        if (c->brought[i].receipt.v == m->document.v && c->brought[i].row == m->line)
            return true;
    return false;
}

struct going { /* a part that goes back */
    struct carried *c;
    kt_id brought, lot; /* lot not set: nobody named it */
    kt_dec *rest;
};

/* Of what a move brought, as much as has not gone back yet; of a lot that nobody named, as much as is still there. */
static kt_error *carry_move_back(kt_tx *tx, void *context)
{
    const struct going *g = context;
    struct carried *c = g->c;
    struct move m = {KT_OF(move)};
    kt_stock_level there;
    KT_TRY(kt_read(tx, g->brought, &m.rec));
    kt_dec take = smaller(kt_dec_sub(m.quantity, m.returned), *g->rest);
    if (!g->lot.v && m.lot.v && m.to_place == KT_AT_STORES) {
        KT_TRY(stock_level(tx, m.item, c->move.warehouse, m.lot, (kt_date){0}, &there));
        take = smaller(take, kt_dec_sub(there.on_hand, there.reserved));
    }
    if (take.coef <= 0 || !is_brought(c, &m))
        return NULL;
    *g->rest = kt_dec_sub(*g->rest, take);
    return carry(tx, c, take, m.lot, g->brought);
}

static kt_error *carry_moves_back(
    kt_tx *tx, struct carried *c, const kt_where *where, kt_id lot, kt_dec *rest)
{
    kt_found moves;
    KT_TRY(kt_find(tx, &(kt_query){.of = &move_shape, .where = where, .sort = "-id"}, 0, &moves));
    for (size_t i = 0; i < moves.count && rest->coef > 0; i++) {
        struct going part = {c, moves.ids[i], lot, rest};
        KT_TRY(kt_step(tx, carry_move_back, &part));
    }
    return NULL;
}

/* What the order's receipts brought, the last first. */
static kt_error *carry_back(kt_tx *tx, struct carried *c, kt_id lot, kt_dec quantity)
{
    const kt_where of_lot[] = {KT_WHERE(move, lot, KT_EQ, lot), KT_WHERE(move, item, KT_EQ, c->move.item),
        KT_WHERE(move, from_place, KT_EQ, KT_AT_SUPPLIER), {0}};
    kt_dec rest = quantity;
    if (lot.v)
        KT_TRY(carry_moves_back(tx, c, of_lot, lot, &rest));
    for (size_t i = 0; i < c->brought_count && rest.coef > 0 && !lot.v; i++) {
        const struct brought *b = &c->brought[i];
        const kt_where of_row[] = {KT_WHERE(move, document, KT_EQ, b->receipt),
            KT_WHERE(move, item, KT_EQ, c->move.item), KT_WHERE(move, line, KT_EQ, b->row), {0}};
        KT_TRY(carry_moves_back(tx, c, of_row, lot, &rest));
    }
    if (rest.coef <= 0)
        return NULL;
    return kt_hint(
        kt_fail(tx, KT_RULE, lot.v ? "lot" : "quantity", "%s more than this order brought of it and is there",
            "o %s więcej, niż przyszło z tym zamówieniem i jeszcze jest", dec_words(tx, rest)),
        "What was sold, used or reserved since does not go back; name the lot that does.",
        "Sprzedane, zużyte i zarezerwowane nie wraca; podaj partię, która wraca.");
}

/* ---- One row ---- */

static kt_error *carry_lot(
    kt_tx *tx, struct carried *c, const struct receipt *r, kt_str name, kt_dec quantity, const char *path)
{
    bool back = r->kind == RC_RETURN;
    kt_id lot = {0};
    if (name.len && back) {
        KT_TRY(lot_find(tx, c->move.item, name, &lot));
        if (!lot.v)
            return kt_fail(tx, KT_VALIDATION, path, "there is no lot or serial number \"%s\" of this item",
                "nie ma partii ani numeru seryjnego „%s” tego towaru", name.ptr);
    } else if (name.len)
        KT_TRY(c->stock->lot(tx, c->move.item, name, c->row->expires, &lot));
    return back ? carry_back(tx, c, lot, quantity) : carry(tx, c, quantity, lot, (kt_id){0});
}

struct named { /* a piece of the row */
    struct carried *c;
    const struct receipt *r;
    kt_str name;
};

static kt_error *carry_piece(kt_tx *tx, void *context)
{
    const struct named *n = context;
    return carry_lot(tx, n->c, n->r, n->name, KT_DEC(10000, 4), "serials");
}

static kt_error *carry_serials(kt_tx *tx, struct carried *c, const struct receipt *r)
{
    kt_str rest = c->row->serials;
    kt_error *wrong = NULL;
    int64_t count = 0;
    for (struct named piece = {c, r, {0}}; next_name(tx, &rest, &piece.name); count++)
        kt_also(&wrong, kt_step(tx, carry_piece, &piece));
    if (c->row->lot_name.len)
        kt_also(&wrong, kt_fail(tx, KT_VALIDATION, "lot_name", "a lot or serial numbers, not both",
                            "partia albo numery seryjne, nie oba naraz"));
    if (kt_dec_cmp(c->move.quantity, KT_DEC(count, 0)) != 0)
        kt_also(&wrong,
            kt_fail(tx, KT_VALIDATION, "serials", "%lld serial numbers are not the %s pieces of the row",
                "%lld numerów seryjnych to nie %s sztuk z wiersza", (long long)count,
                dec_words(tx, c->move.quantity)));
    return wrong;
}

kt_error *receipt_carry(kt_tx *tx, const struct receipt *r, const struct po *o, const struct po_line *line,
    struct receipt_line *row, kt_dec quantity)
{
    struct carried c = {.stock = kt_stock_find(tx), .row = row, .done = ZERO};
    bool back = r->kind == RC_RETURN;
    kt_stock_place here = o->ship_to.v ? KT_AT_CUSTOMER : KT_AT_STORES;
    struct goods item;
    c.move = (kt_stock_move){.item = line->item,
        .from = back ? here : KT_AT_SUPPLIER,
        .to = back ? KT_AT_SUPPLIER : here,
        .warehouse = r->warehouse,
        .location = row->location,
        .document = kt_any(tx, receipt_shape.name, r->rec.id),
        .line = row->rec.id,
        .party = r->party,
        .day = r->day,
        .reason = row->note};
    if (!c.stock || quantity.coef <= 0)
        return NULL;
    KT_TRY(goods_read(tx, line->item, &item));
    KT_TRY(kt_in_unit(tx, line->item, quantity, line->unit, item.unit, &c.move.quantity));
    KT_TRY(check_whole(tx, &item, c.move.quantity, "quantity"));
    if (back)
        KT_TRY(find_brought(tx, r, &c));
    else
        KT_TRY(worth(tx, o, line, r->day, quantity, &c.move.value));
    return row->serials.len ? carry_serials(tx, &c, r)
                            : carry_lot(tx, &c, r, row->lot_name, c.move.quantity, "lot");
}
