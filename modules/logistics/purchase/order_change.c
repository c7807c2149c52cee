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

static const kt_choice differences[] = {
    {PO_ADDED, "added", {"Added", "Dodano"}},
    {PO_REMOVED, "removed", {"Removed", "Usunięto"}},
    {PO_CHANGED, "changed", {"Changed", "Zmieniono"}},
    {0},
};
const kt_shape po_change_shape = KT_SHAPE(po_change, NULL,
    KT_FIELD(po_change, revision, INT, "Revision", "Wersja", .priority = 1),
    KT_FIELD(po_change, line, INT, "Line's id", "Id pozycji"),
    KT_FIELD(po_change, name, STRING, "Line", "Pozycja", .max = 400, .priority = 2),
    KT_FIELD(po_change, difference, STATE, "Difference", "Różnica", .choices = differences, .priority = 3),
    KT_FIELD(po_change, field, STRING, "Field", "Pole", .max = 40, .priority = 4),
    KT_FIELD(po_change, before, STRING, "Before", "Przedtem", .max = 400, .priority = 5),
    KT_FIELD(po_change, after, STRING, "After", "Teraz", .max = 400, .priority = 6),
    KT_FIELD(po_change, reason, STRING, "Reason", "Powód", .max = 200),
    KT_FIELD(po_change, at, TIME, "At", "Kiedy"),
    KT_FIELD(po_change, by, REF, "By", "Kto", .target = "access.user", .on_delete = KT_CLEAR));

static kt_str number_text(kt_tx *tx, kt_dec value)
{
    return value.scale1 ? kt_format(tx, "%s", dec_words(tx, value)) : (kt_str){0};
}

static kt_str day_text(kt_tx *tx, kt_date day)
{
    return day.day ? kt_format(tx, "%s", day_words(tx, day)) : (kt_str){0};
}

/* a, b: the line before and after; one of them may be NULL */
static kt_error *line_differs(
    kt_tx *tx, struct po *o, const struct po_line *a, const struct po_line *b, struct po_change *mark)
{
    static const struct po_line none;
    mark->difference = a && b ? PO_CHANGED : b ? PO_ADDED : PO_REMOVED;
    mark->line = (int64_t)(a ? a : b)->rec.id.v;
    mark->name = (b ? b : a)->name;
    a = a ? a : &none;
    b = b ? b : &none;
    const struct {
        const char *field;
        kt_str before, after;
    } pairs[] = {
        {"name", a->name, b->name},
        {"quantity", number_text(tx, a->quantity), number_text(tx, b->quantity)},
        {"price", number_text(tx, a->price), number_text(tx, b->price)},
        {"discount_percent", number_text(tx, a->discount_percent), number_text(tx, b->discount_percent)},
        {"tax_label", a->tax_label, b->tax_label},
        {"asked", day_text(tx, a->asked), day_text(tx, b->asked)},
        {"expected", day_text(tx, a->expected), day_text(tx, b->expected)},
        {"net", number_text(tx, a->net), number_text(tx, b->net)},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (same_words(pairs[i].before, pairs[i].after))
            continue;
        mark->field = kt_format(tx, "%s", pairs[i].field);
        mark->before = pairs[i].before;
        mark->after = pairs[i].after;
        KT_TRY(kt_line_add(tx, &o->changes, &mark->rec));
    }
    return NULL;
}

kt_error *po_note_changes(kt_tx *tx, struct po *o, const struct po *stored)
{
    struct po_change mark = {
        KT_OF(po_change), .revision = o->revision, .at = kt_now(tx), .by = kt_user(tx), .reason = o->reason};
    for (size_t i = 0; i < stored->lines.count; i++) {
        const struct po_line *was = po_line_at(&stored->lines, i);
        KT_TRY(line_differs(tx, o, was, po_line_with(&o->lines, was->rec.id), &mark));
    }
    for (size_t i = 0; i < o->lines.count; i++)
        if (!po_line_with(&stored->lines, po_line_at(&o->lines, i)->rec.id))
            KT_TRY(line_differs(tx, o, NULL, po_line_at(&o->lines, i), &mark));
    return NULL;
}
