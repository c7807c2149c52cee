/* A receipt is done: the goods move from the supplier to the stores at the order's price, the order's lines have them,
 * and those who waited for them have them reserved. A return goes the other way at what the goods cost. */
#include <string.h>

#include "purchase/purchase.h"

/* ---- How much more than ordered ---- */

struct receiving_company {
    kt_record rec;
    kt_dec over_percent;
};
const kt_shape receiving_company_shape = KT_SHAPE(receiving_company, "base.company",
    KT_FIELD(receiving_company, over_percent, PERCENT, "Receipts above the order, %",
        "Nadwyżka przyjęć ponad zamówienie, %", .scale = 2,
        .help = {"Where an item does not say otherwise.", "Jeśli towar nie mówi inaczej."}));

/* Of the company that the caller works for, else of the only one. */
static kt_error *companys_percent(kt_tx *tx, kt_dec *percent)
{
    struct receiving_company company = {KT_OF(receiving_company)}, other = company;
    kt_cursor *cursor;
    if (kt_company(tx).v) {
        KT_TRY(kt_read(tx, kt_company(tx), &company.rec));
        *percent = company.over_percent;
        return NULL;
    }
    KT_TRY(kt_open(tx, &(kt_query){.of = &receiving_company_shape, .limit = 2}, &cursor));
    bool only = kt_next(cursor, &company.rec) && !kt_next(cursor, &other.rec);
    *percent = only ? company.over_percent : (kt_dec){0};
    return kt_close(cursor);
}

static kt_error *check_over(
    kt_tx *tx, const struct po_line *line, const struct goods *item, kt_dec kept, size_t i)
{
    kt_dec percent = item->over_percent;
    if (kt_dec_cmp(kept, line->quantity) <= 0)
        return NULL;
    if (!percent.scale1)
        KT_TRY(companys_percent(tx, &percent));
    kt_dec share = kt_dec_add(KT_DEC(10000, 2), percent);
    kt_dec most = kt_dec_div(kt_dec_mul(line->quantity, share, 6), KT_DEC(100, 0), 4);
    if (kt_dec_cmp(kept, most) <= 0)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, path_of(tx, "lines", i, "quantity"),
                       "%s would exceed the %s ordered by more than the tolerance",
                       "%s przekroczyłoby zamówione %s bardziej, niż pozwala tolerancja", dec_words(tx, kept),
                       dec_words(tx, line->quantity)),
        "Reject the rest, amend the order, or allow more on the item's card.",
        "Odrzuć resztę, zmień zamówienie albo zwiększ tolerancję na karcie towaru.");
}

/* ---- One line ---- */

/* What the stores refuse is told at the row: a lot is there by its name. */
static kt_error *told_at_row(kt_tx *tx, kt_error *e, size_t i)
{
    const char *path = e ? kt_problem_at(e, 0).path : NULL;
    return told_at_line(tx, e, i, path && strcmp(path, "lot") == 0 ? "lot_name" : NULL);
}

static kt_error *receive_line(kt_tx *tx, const struct receipt *r, struct po *o, size_t i)
{
    struct receipt_line *row = receipt_line_at(r, i);
    struct po_line *line = po_line_with(&o->lines, (kt_id){(uint64_t)row->order_line});
    struct goods item = {KT_OF(goods)};
    kt_dec good = kt_dec_sub(row->quantity, row->rejected);
    if (!line)
        return kt_fail(tx, KT_RULE, path_of(tx, "lines", i, "order_line"), "the line was taken off its order",
            "pozycję usunięto z zamówienia");
    if (line->kind == PO_GOODS) {
        KT_TRY(kt_read(tx, line->item, &item.rec));
        KT_TRY(check_over(tx, line, &item, kt_dec_add(po_line_kept(line), good), i));
        KT_TRY(told_at_row(tx, receipt_carry(tx, r, o, line, row, good), i));
        line->move = row->move.v ? row->move : line->move;
    }
    line->received = kt_dec_add(kt_dec_add(ZERO, line->received), row->quantity);
    line->rejected = kt_dec_add(kt_dec_add(ZERO, line->rejected), row->rejected);
    line->actual = r->day;
    return NULL;
}

static kt_error *return_line(kt_tx *tx, struct receipt *r, struct po *o, size_t i)
{
    struct receipt_line *row = receipt_line_at(r, i);
    struct po_line *line = po_line_with(&o->lines, (kt_id){(uint64_t)row->order_line});
    if (!line || kt_dec_cmp(row->quantity, po_line_kept(line)) > 0)
        return kt_fail(tx, KT_RULE, path_of(tx, "lines", i, "quantity"),
            "%s would go back of %s that were kept", "wróciłoby %s z %s, które zostały",
            dec_words(tx, row->quantity), dec_words(tx, line ? po_line_kept(line) : ZERO));
    if (line->kind == PO_GOODS)
        KT_TRY(told_at_row(tx, receipt_carry(tx, r, o, line, row, row->quantity), i));
    if (line->kind == PO_GOODS && o->ship_to.v)
        KT_TRY(told_at_row(tx, po_came_back(tx, o, line, row->quantity, r), i));
    line->returned = kt_dec_add(kt_dec_add(ZERO, line->returned), row->quantity);
    return NULL;
}

/* ---- All of it ---- */

static kt_error *tell_arrived(kt_tx *tx, struct receipt *r, const struct po *o)
{
    for (size_t i = 0; i < r->lines.count; i++) {
        const struct receipt_line *row = receipt_line_at(r, i);
        const struct po_line *line = po_line_with(&o->lines, (kt_id){(uint64_t)row->order_line});
        if (line->kind == PO_GOODS)
            KT_TRY(po_arrived(tx, o, line, kt_dec_sub(row->quantity, row->rejected), r));
    }
    return NULL;
}

static kt_error *finish_within(kt_tx *tx, struct receipt *r)
{
    struct po o = {KT_OF(po)};
    kt_error *all = NULL;
    KT_TRY(kt_read(tx, r->order, &o.rec));
    if (o.state != PO_APPROVED && (r->kind == RC_RECEIPT || o.state != PO_CLOSED))
        return kt_fail(tx, KT_BAD_STATE, "order", "the order is not approved any more",
            "zamówienie nie jest już zatwierdzone");
    for (size_t i = 0; i < r->lines.count; i++)
        kt_also(&all, r->kind == RC_RETURN ? return_line(tx, r, &o, i) : receive_line(tx, r, &o, i));
    if (all)
        return all;
    o.bookings++;
    KT_TRY(kt_update(tx, &o.rec));
    if (r->kind == RC_RECEIPT)
        KT_TRY(tell_arrived(tx, r, &o));
    if (o.state != PO_APPROVED)
        return NULL;
    KT_TRY(po_balance(tx, &o)); /* what went back is still to come */
    return po_expect(tx, &o, false);
}

kt_error *receipt_finish(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct receipt *r = KT_AS(receipt, self);
    (void)params;
    if (r->day.day > kt_today(tx).day)
        return kt_fail(tx, KT_VALIDATION, "day", "goods do not come on a day to come",
            "towar nie może przyjść w przyszłości");
    KT_TRY(kt_number(tx, self, r->kind == RC_RETURN ? "ZD/{year}/{seq:5}" : NULL, r->day));
    kt_authority before = kt_own_authority(tx); /* whoever may finish a receipt moves its goods */
    kt_error *e = finish_within(tx, r);
    kt_callers_authority(tx, before);
    return e;
}
