/* Goods receipts (PZ) and returns to the supplier: what of an order came, how much of it was good, where it was put.
 * A receipt that is done does not change: what was wrong goes back by a return. */
#include "purchase/purchase.h"

enum { RECEIPT_STRAIGHT_MAX = 5000 };

static const kt_choice receipt_states[] = {
    {RC_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {RC_RECEIVED, "received", {"Received", "Przyjęte"}, "open"},
    {RC_DONE, "done", {"Done", "Zakończone"}, "won"},
    {RC_CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};
static const kt_choice receipt_kinds[] = {
    {RC_RECEIPT, "receipt", {"Receipt", "Przyjęcie"}},
    {RC_RETURN, "return", {"Return to the supplier", "Zwrot do dostawcy"}},
    {0},
};
const kt_shape receipt_line_shape = KT_SHAPE(receipt_line, NULL,
    KT_FIELD(
        receipt_line, order_line, INT, "Order's line", "Pozycja zamówienia", .required = true, .priority = 1),
    KT_FIELD(receipt_line, item, REF, "Item", "Towar", .target = "base.item", .computed = true),
    KT_FIELD(receipt_line, name, STRING, "Description", "Opis", .max = 400, .computed = true, .priority = 2),
    KT_FIELD(receipt_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .priority = 3,
        .help = {"All that came, in the order's unit. Empty: what is open.",
            "Wszystko, co przyszło, w jednostce zamówienia. Puste: co jest otwarte."}),
    KT_FIELD(receipt_line, rejected, QUANTITY, "Of it rejected", "W tym odrzucono", .scale = 4, .priority = 4,
        .help = {"Does not come to the stores.", "Nie trafia do magazynu."}),
    KT_FIELD(receipt_line, unit, REF, "Unit", "Jednostka", .target = "base.unit", .computed = true),
    KT_FIELD(receipt_line, lot_name, STRING, "Lot or serial number", "Partia lub numer seryjny", .max = 60),
    KT_FIELD(receipt_line, serials, TEXT, "Serial numbers", "Numery seryjne", .max = 32000,
        .help = {"Of many pieces, each on a line of its own.", "Wielu sztuk, każdy w osobnym wierszu."}),
    KT_FIELD(receipt_line, expires, DATE, "Expires on", "Termin ważności"),
    KT_FIELD(receipt_line, location, REF, "Put at", "Miejsce", .target = "logistics.location", .in_use = true,
        .on_delete = KT_CLEAR),
    KT_FIELD(
        receipt_line, note, STRING, "Why rejected or returned", "Powód odrzucenia lub zwrotu", .max = 200),
    KT_FIELD(receipt_line, lot, REF, "Lot", "Partia", .target = "logistics.lot", .on_delete = KT_CLEAR,
        .computed = true),
    KT_FIELD(receipt_line, move, REF, "Stock move", "Ruch magazynowy", .target = "logistics.move",
        .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(receipt_line, value, MONEY, "Value", "Wartość", .scale = 2, .computed = true, .group = "cost"));
const kt_shape straight_shape = KT_SHAPE(straight, NULL,
    KT_FIELD(straight, order_line, INT, "Line", "Pozycja"),
    KT_FIELD(
        straight, order, REF, "Customer's order", "Zamówienie klienta", .target = "*", .on_delete = KT_CLEAR),
    KT_FIELD(straight, line, INT, "Its line", "Jego pozycja"),
    KT_FIELD(straight, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4,
        .help = {"In the item's own unit.", "W jednostce towaru."}));
const kt_shape receipt_shape = KT_SHAPE(receipt, "logistics.receipt",
    KT_FIELD(receipt, order, REF, "Order", "Zamówienie", .target = "logistics.purchase_order",
        .required = true, .fixed = true, .priority = 1),
    KT_FIELD(receipt, kind, STATE, "Kind", "Rodzaj", .choices = receipt_kinds, .initial = "receipt",
        .fixed = true, .indexed = true, .priority = 2),
    KT_FIELD(
        receipt, party, REF, "Supplier", "Dostawca", .target = "base.party", .computed = true, .priority = 3),
    KT_FIELD(receipt, day, DATE, "Date", "Data", .initial = "today", .indexed = true, .priority = 4,
        .help = {"On which the goods came; not later than today.",
            "Dzień przyjścia towaru; nie później niż dziś."}),
    KT_FIELD(receipt, reference, STRING, "Supplier's delivery note", "Dokument dostawcy", .max = 80,
        .searchable = true, .indexed = true),
    KT_FIELD(receipt, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse", .in_use = true,
        .on_delete = KT_CLEAR, .help = {"Empty: the order's.", "Puste: z zamówienia."}),
    KT_FIELD(receipt, lines, LINES, "Lines", "Pozycje", .lines = &receipt_line_shape, .max = 500,
        .help = {"Empty: all that is open.", "Puste: wszystko, co otwarte."}),
    KT_FIELD(receipt, straight, LINES, "Straight to customers", "Wprost do klientów",
        .lines = &straight_shape, .max = RECEIPT_STRAIGHT_MAX, .computed = true,
        .help = {"Whose orders had it, or gave it back.", "Czyje zamówienia to dostały albo oddały."}),
    KT_FIELD(receipt, note, TEXT, "Note", "Uwagi"),
    KT_FIELD(receipt, state, STATE, "State", "Stan", .choices = receipt_states, .initial = "draft",
        .indexed = true, .priority = 5));

struct receipt_line *receipt_line_at(const struct receipt *r, size_t i)
{
    return KT_AS(receipt_line, kt_line(&r->lines, i));
}

/* ---- Lines ---- */

static kt_error *take_open_lines(kt_tx *tx, struct receipt *r, const struct po *o)
{
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        if (po_line_open(line).coef <= 0)
            continue;
        struct receipt_line row = {
            KT_OF(receipt_line), .order_line = (int64_t)line->rec.id.v, .quantity = po_line_open(line)};
        KT_TRY(kt_line_add(tx, &r->lines, &row.rec));
    }
    return NULL;
}

static kt_error *complete_line(kt_tx *tx, const struct receipt *r, const struct po *o, size_t i)
{
    struct receipt_line *row = receipt_line_at(r, i);
    const struct po_line *line = po_line_with(&o->lines, (kt_id){(uint64_t)row->order_line});
    kt_error *all = NULL;
    if (!line)
        return kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "order_line"), "the order has no line %lld",
            "zamówienie nie ma pozycji %lld", (long long)row->order_line);
    row->item = line->item;
    row->unit = line->unit;
    row->name = line->name;
    if (!row->quantity.scale1)
        row->quantity = r->kind == RC_RETURN ? po_line_kept(line) : po_line_open(line);
    kt_also(&all, not_below(tx, path_of(tx, "lines", i, "quantity"), row->quantity, true));
    kt_also(&all, not_below(tx, path_of(tx, "lines", i, "rejected"), row->rejected, false));
    if (kt_dec_cmp(row->rejected, row->quantity) > 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "rejected"),
                          "%s exceeds the %s that came", "%s to więcej niż %s, które przyszło",
                          dec_words(tx, row->rejected), dec_words(tx, row->quantity)));
    if (r->kind == RC_RETURN && row->rejected.coef)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "rejected"),
                          "what goes back was received before", "zwraca się to, co wcześniej przyjęto"));
    return all;
}

/* ---- Computed ---- */

static bool same_line(const struct receipt_line *a, const struct receipt_line *b)
{
    return a->order_line == b->order_line && kt_dec_cmp(a->quantity, b->quantity) == 0 &&
           kt_dec_cmp(a->rejected, b->rejected) == 0 && same_words(a->lot_name, b->lot_name) &&
           same_words(a->serials, b->serials) && a->location.v == b->location.v;
}

static kt_error *check_fixed(kt_tx *tx, const struct receipt *r, const struct receipt *was)
{
    bool same = r->day.day == was->day.day && r->lines.count == was->lines.count &&
                r->warehouse.v == was->warehouse.v;
    for (size_t i = 0; i < r->lines.count && same; i++)
        same = same_line(receipt_line_at(r, i), receipt_line_at(was, i));
    if (same || kt_joining(tx))
        return NULL;
    return kt_hint(kt_fail(tx, KT_BAD_STATE, "lines", "the receipt is done: it does not change any more",
                       "przyjęcie jest zakończone i już się nie zmienia"),
        "Return what was wrong.", "Zwróć to, co było błędne.");
}

kt_error *receipt_compute(kt_tx *tx, kt_record *self)
{
    struct receipt *r = KT_AS(receipt, self), was = {KT_OF(receipt)};
    struct po o = {KT_OF(po)};
    kt_error *all = NULL;
    bool fresh = !r->rec.id.v;
    if (!r->order.v)
        return NULL; /* the core asks for it */
    if (!fresh)
        KT_TRY(kt_read(tx, r->rec.id, &was.rec));
    if (!fresh && was.state >= RC_DONE)
        return check_fixed(tx, r, &was);
    if (!fresh && r->state >= RC_DONE)
        return NULL;
    KT_TRY(kt_read(tx, r->order, &o.rec));
    r->party = o.party;
    r->warehouse = r->warehouse.v ? r->warehouse : o.warehouse;
    if (r->state < RC_DONE && o.state != PO_APPROVED && (r->kind == RC_RECEIPT || o.state != PO_CLOSED))
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_BAD_STATE, "order", "order %s is not approved",
                        "zamówienie %s nie jest zatwierdzone", o.rec.number.ptr ? o.rec.number.ptr : ""),
                "Approve the order, or reopen it.", "Zatwierdź zamówienie albo otwórz je ponownie."));
    if (fresh && !r->lines.count && r->kind == RC_RECEIPT)
        KT_TRY(take_open_lines(tx, r, &o));
    if (!r->lines.count)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "lines", "nothing of the order is open",
                          "w zamówieniu nie ma nic otwartego"));
    for (size_t i = 0; i < r->lines.count; i++)
        kt_also(&all, complete_line(tx, r, &o, i));
    return all;
}

const kt_action receipt_actions[] = {
    {"receive", {"Goods are counted", "Towar policzony"}, "update", .from = KT_IN(RC_DRAFT),
        .to = RC_RECEIVED},
    {"finish", {"Finish", "Zakończ"}, "finish", .from = KT_IN(RC_DRAFT) | KT_IN(RC_RECEIVED), .to = RC_DONE,
        .run = receipt_finish, .preview = true},
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = KT_IN(RC_DRAFT) | KT_IN(RC_RECEIVED),
        .to = RC_CANCELLED},
    {0},
};
