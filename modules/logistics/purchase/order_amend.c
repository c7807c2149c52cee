/* Amending an order that went out: what is bought less, later or dearer, with its consequences, as one revision. */
#include "purchase/purchase.h"

struct amend_row {
    kt_record rec;
    int64_t line;
    bool remove;
    kt_id item, unit, tax_category;
    kt_str name;
    kt_dec quantity, price, discount_percent;
    kt_date asked, expected;
};
static const kt_shape amend_row_shape = KT_SHAPE(amend_row, NULL,
    KT_FIELD(amend_row, line, INT, "Line's id", "Id pozycji",
        .help = {"Empty: a new line.", "Puste: nowa pozycja."}),
    KT_FIELD(amend_row, remove, BOOL, "Remove", "Usuń"),
    KT_FIELD(amend_row, item, REF, "Item", "Towar lub usługa", .target = "base.item",
        .help = {"Of a new line.", "Nowej pozycji."}),
    KT_FIELD(amend_row, name, STRING, "Description", "Opis", .max = 400),
    KT_FIELD(amend_row, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(amend_row, unit, REF, "Unit", "Jednostka", .target = "base.unit",
        .help = {"Of a new line.", "Nowej pozycji."}),
    KT_FIELD(amend_row, price, PRICE, "Price", "Cena", .scale = 4),
    KT_FIELD(amend_row, discount_percent, PERCENT, "Discount, %", "Rabat, %", .scale = 2),
    KT_FIELD(
        amend_row, tax_category, REF, "Tax category", "Kategoria podatkowa", .target = "base.tax_category"),
    KT_FIELD(amend_row, asked, DATE, "Asked for", "Życzony termin"),
    KT_FIELD(amend_row, expected, DATE, "Expected on", "Spodziewane dnia"));
struct po_amend {
    kt_record rec;
    kt_lines lines;
    kt_str reason;
};
const kt_shape po_amend_shape = KT_SHAPE(po_amend, NULL,
    KT_FIELD(po_amend, lines, LINES, "Changed lines", "Zmieniane pozycje", .lines = &amend_row_shape,
        .required = true,
        .help = {"What is not given stays as it is.", "Czego nie podano, zostaje bez zmian."}),
    KT_FIELD(po_amend, reason, STRING, "Reason", "Powód", .required = true, .max = 200));
/* ---- The lines ---- */

static void take(struct po_line *line, const struct amend_row *a)
{
    if (a->name.ptr)
        line->name = a->name;
    if (a->quantity.scale1)
        line->quantity = a->quantity;
    if (a->price.scale1)
        line->price = a->price;
    if (a->discount_percent.scale1)
        line->discount_percent = a->discount_percent;
    if (a->tax_category.v)
        line->tax_category = a->tax_category;
    if (a->asked.day)
        line->asked = a->asked;
    if (a->expected.day)
        line->expected = a->expected;
}

static kt_error *check_done(kt_tx *tx, size_t i, const struct po_line *line, kt_dec quantity)
{
    kt_dec done = larger(po_line_kept(line), line->billed);
    if (!done.coef || quantity.coef < 0 || kt_dec_cmp(quantity, done) >= 0)
        return NULL;
    return kt_hint(kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "quantity"),
                       "is less than what was received or billed already",
                       "jest mniejsze niż już przyjęte lub zafakturowane"),
        "Return the goods or take the bill back first.", "Najpierw zwróć towar albo cofnij fakturę.");
}

static kt_error *remove_line(kt_tx *tx, struct po *o, const struct po_line *gone, size_t i)
{
    KT_TRY(check_done(tx, i, gone, ZERO));
    return kt_lines_without(tx, &o->lines, gone->rec.id);
}

static kt_error *amend_one(kt_tx *tx, struct po *o, const struct amend_row *a, size_t i)
{
    struct po_line *line = po_line_with(&o->lines, (kt_id){(uint64_t)a->line});
    if (!a->line) {
        struct po_line fresh = {KT_OF(po_line), .item = a->item, .unit = a->unit, .asked = o->asked};
        fresh.rec.id = kt_revision_next_line(&o->lines, &o->changes);
        take(&fresh, a);
        return kt_line_add(tx, &o->lines, &fresh.rec);
    }
    if (!line)
        return kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "line"), "there is no line %lld",
            "nie ma pozycji %lld", (long long)a->line);
    if (a->remove)
        return remove_line(tx, o, line, i);
    if (a->quantity.scale1)
        KT_TRY(check_done(tx, i, line, a->quantity));
    take(line, a);
    return NULL;
}

/* ---- What follows ---- */

/* Takes up to *excess off what is still to come of a request; *missing receives what then is not there for who waits. */
static kt_error *cut_request(kt_tx *tx, struct request *r, kt_dec *excess, kt_dec *missing)
{
    kt_dec cut = smaller(*excess, kt_dec_sub(r->quantity, r->received));
    if (r->state != PR_ORDERED || cut.coef <= 0)
        return NULL;
    *missing = larger(ZERO, kt_dec_sub(cut, r->free));
    *excess = kt_dec_sub(*excess, cut);
    r->waiting = kt_dec_sub(r->waiting, *missing);
    request_cut(r, cut);
    return kt_update(tx, &r->rec);
}

kt_error *po_cut_requests(kt_tx *tx, const struct po *o, const struct po_line *line, kt_text reason)
{
    struct requests carried;
    struct goods item;
    kt_dec comes, excess = ZERO;
    KT_TRY(requests_of_line(tx, o->rec.id, line->rec.id, &carried));
    if (!carried.count)
        return NULL;
    kt_dec *missing = kt_alloc(tx, carried.count * sizeof *missing);
    if (!missing)
        return kt_no_memory();
    KT_TRY(goods_read(tx, line->item, &item));
    KT_TRY(kt_in_unit(tx, line->item, po_line_open(line), line->unit, item.unit, &comes));
    for (size_t i = 0; i < carried.count; i++)
        if (carried.items[i].state == PR_ORDERED)
            excess = kt_dec_add(excess, kt_dec_sub(carried.items[i].quantity, carried.items[i].received));
    excess = kt_dec_sub(excess, comes);
    for (size_t i = carried.count; i-- > 0 && excess.coef > 0;)
        KT_TRY(cut_request(tx, &carried.items[i], &excess, &missing[i]));
    return requests_failed(tx, &carried, missing, reason);
}

static kt_error *follow_lines(kt_tx *tx, struct po *o, const struct po *stored)
{
    struct po gone = *stored;
    gone.lines = (kt_lines){0};
    for (size_t i = 0; i < stored->lines.count; i++) {
        const struct po_line *was = po_line_at(&stored->lines, i);
        struct po_line *line = po_line_with(&o->lines, was->rec.id);
        if (!line) {
            KT_TRY(kt_line_add(tx, &gone.lines, &was->rec));
            KT_TRY(po_let_go(tx, o, was->rec.id, true,
                (kt_text){"it was taken off its order", "usunięto to z zamówienia"}));
            continue;
        }
        if (kt_dec_cmp(line->quantity, was->quantity) < 0)
            KT_TRY(po_cut_requests(tx, o, line, (kt_text){"less of it was ordered", "zamówiono tego mniej"}));
        if (line->expected.day != was->expected.day)
            KT_TRY(po_moved(tx, o, line, o->reason));
    }
    KT_TRY(po_expect(tx, &gone, true));
    if (o->state != PO_APPROVED)
        return NULL;
    KT_TRY(po_balance(tx, o));
    return po_expect(tx, o, false);
}

kt_error *po_amend(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct po *o = KT_AS(po, self), stored = {KT_OF(po)};
    const struct po_amend *p = KT_SEE(po_amend, params);
    kt_error *all = NULL;
    KT_TRY(kt_read(tx, o->rec.id, &stored.rec));
    for (size_t i = 0; i < p->lines.count; i++)
        kt_also(&all, amend_one(tx, o, KT_AS(amend_row, kt_line(&p->lines, i)), i));
    if (all)
        return all;
    o->reason = p->reason;
    o->revision++;
    o->bookings++;
    KT_TRY(po_lines_compute(tx, o, &stored, true));
    if (o->state != PO_APPROVED)
        return follow_lines(tx, o, &stored);
    if (kt_dec_cmp(o->net_own, stored.net_own) > 0)
        KT_TRY(po_within_limit(tx, o));
    for (size_t i = 0; i < o->lines.count; i++)
        if (po_line_at(&o->lines, i)->kind == PO_GOODS)
            KT_TRY(po_date_line(tx, po_line_at(&o->lines, i)));
    kt_authority before = kt_own_authority(tx);
    kt_error *e = follow_lines(tx, o, &stored);
    kt_callers_authority(tx, before);
    return e;
}

kt_error *po_amended(kt_tx *tx, const kt_record *self, kt_record *result)
{
    const struct po *o = KT_SEE(po, self);
    const kt_amended figures = {.revision = o->revision, .net = o->net, .gross = o->gross};
    return kt_amended_answer(tx, self, &figures, &o->changes, result);
}
