/* What may not change in an order that went out, and what an amendment of it changed. */
#include "purchase/purchase.h"

static kt_error *fixed(kt_tx *tx, const char *path)
{
    return kt_hint(kt_fail(tx, KT_BAD_STATE, path, "is fixed: the order is no draft any more",
                       "jest ustalone: zamówienie nie jest już szkicem"),
        "Amend the order (amend), or its dates (reschedule).",
        "Zmień zamówienie (amend) albo terminy (reschedule).");
}

static const char *line_changed(const struct po_line *a, const struct po_line *b, bool booked)
{
    return a->item.v != b->item.v                                      ? "item"
           : !same_words(a->name, b->name)                             ? "name"
           : kt_dec_cmp(a->quantity, b->quantity) != 0                 ? "quantity"
           : a->unit.v != b->unit.v                                    ? "unit"
           : kt_dec_cmp(a->price, b->price) != 0                       ? "price"
           : kt_dec_cmp(a->discount_percent, b->discount_percent) != 0 ? "discount_percent"
           : kt_dec_cmp(a->discount_amount, b->discount_amount) != 0   ? "discount_amount"
           : a->tax_category.v != b->tax_category.v                    ? "tax_category"
           : a->asked.day != b->asked.day                              ? "asked"
           : !booked && a->expected.day != b->expected.day             ? "expected"
                                                                       : NULL;
}

kt_error *po_fixed(kt_tx *tx, const struct po *o, const struct po *stored)
{
    const struct {
        const char *path;
        bool same;
    } members[] = {
        {"party", o->party.v == stored->party.v},
        {"day", o->day.day == stored->day.day},
        {"asked", o->asked.day == stored->asked.day},
        {"warehouse", o->warehouse.v == stored->warehouse.v},
        {"ship_to", o->ship_to.v == stored->ship_to.v},
        {"currency", o->currency.v == stored->currency.v},
        {"position", o->position.v == stored->position.v},
        {"tax_included", o->tax_included == stored->tax_included},
        {"tax_given", kt_dec_cmp(o->tax_given, stored->tax_given) == 0},
        {"terms", same_words(o->terms, stored->terms)},
        {"lines", o->lines.count == stored->lines.count},
    };
    kt_error *all = NULL;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (!members[i].same)
            kt_also(&all, fixed(tx, members[i].path));
    for (size_t i = 0; i < o->lines.count && i < stored->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        const struct po_line *was = po_line_with(&stored->lines, line->rec.id);
        const char *field = was ? line_changed(was, line, o->bookings != stored->bookings) : "id";
        if (field)
            kt_also(&all, fixed(tx, path_of(tx, "lines", i, field)));
    }
    return all;
}

/* ---- Amendments ---- */

/* a, b: the line before and after; one of them may be NULL */
static kt_error *line_differs(
    kt_tx *tx, struct po *o, const struct po_line *a, const struct po_line *b, kt_revision *mark)
{
    static const struct po_line none;
    mark->difference = a && b ? KT_CHANGED : b ? KT_ADDED : KT_REMOVED;
    mark->line = (int64_t)(a ? a : b)->rec.id.v;
    mark->name = (b ? b : a)->name;
    a = a ? a : &none;
    b = b ? b : &none;
    const kt_two_versions fields[] = {
        {"name", a->name, b->name},
        {"quantity", kt_dec_text(tx, a->quantity, 0), kt_dec_text(tx, b->quantity, 0)},
        {"price", kt_dec_text(tx, a->price, 2), kt_dec_text(tx, b->price, 2)},
        {"discount_percent", kt_dec_text(tx, a->discount_percent, 0),
            kt_dec_text(tx, b->discount_percent, 0)},
        {"tax_label", a->tax_label, b->tax_label},
        {"asked", kt_date_text(tx, a->asked), kt_date_text(tx, b->asked)},
        {"expected", kt_date_text(tx, a->expected), kt_date_text(tx, b->expected)},
        {"net", kt_dec_text(tx, a->net, 2), kt_dec_text(tx, b->net, 2)},
    };
    return kt_revision_add(tx, mark, fields, sizeof fields / sizeof *fields, &o->changes);
}

kt_error *po_note_changes(kt_tx *tx, struct po *o, const struct po *stored)
{
    kt_revision mark = {.revision = o->revision, .at = kt_now(tx), .by = kt_user(tx), .reason = o->reason};
    for (size_t i = 0; i < stored->lines.count; i++) {
        const struct po_line *was = po_line_at(&stored->lines, i);
        KT_TRY(line_differs(tx, o, was, po_line_with(&o->lines, was->rec.id), &mark));
    }
    for (size_t i = 0; i < o->lines.count; i++)
        if (!po_line_with(&stored->lines, po_line_at(&o->lines, i)->rec.id))
            KT_TRY(line_differs(tx, o, NULL, po_line_at(&o->lines, i), &mark));
    return NULL;
}
