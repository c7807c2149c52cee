/* The lines of a purchase order: what item and supplier's price bring along, and what taxes make of it. */
#include <kontor/tax.h>

#include "purchase/purchase.h"

static const kt_choice po_kinds[] = {
    {PO_GOODS, "goods", {"Goods", "Towar"}},
    {PO_SERVICE, "service", {"Service", "Usługa"}},
    {PO_TEXT, "text", {"Free text", "Opis"}},
    {0},
};
const kt_shape po_line_shape = KT_SHAPE(po_line, NULL,
    KT_FIELD(po_line, item, REF, "Item", "Towar lub usługa", .target = "base.item", .priority = 1),
    KT_FIELD(po_line, name, STRING, "Description", "Opis", .max = 400, .priority = 2,
        .help = {"Empty: the item's name.", "Puste: nazwa towaru."}),
    KT_FIELD(po_line, code, STRING, "Supplier's code", "Kod u dostawcy", .max = 60),
    KT_FIELD(po_line, kind, STATE, "Kind", "Rodzaj", .choices = po_kinds, .computed = true),
    KT_FIELD(po_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .initial = "1", .priority = 3),
    KT_FIELD(po_line, unit, REF, "Unit", "Jednostka", .target = "base.unit", .priority = 4,
        .help = {"Empty: the supplier's, else the item's.", "Puste: dostawcy, inaczej towaru."}),
    KT_FIELD(po_line, price, PRICE, "Price", "Cena", .group = "cost", .scale = 4, .priority = 5,
        .help = {"Empty: by the supplier's prices.", "Puste: według cen dostawcy."}),
    KT_FIELD(po_line, price_row, REF, "Supplier's price", "Cena dostawcy",
        .target = "logistics.supplier_price", .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(po_line, discount_percent, PERCENT, "Discount, %", "Rabat, %", .group = "cost", .scale = 2),
    KT_FIELD(
        po_line, discount_amount, MONEY, "Discount, amount", "Rabat kwotowy", .group = "cost", .scale = 4),
    KT_FIELD(
        po_line, tax_category, REF, "Tax category", "Kategoria podatkowa", .target = "base.tax_category"),
    KT_FIELD(po_line, tax_label, STRING, "Tax", "Podatek", .max = 80, .computed = true, .priority = 6),
    KT_FIELD(po_line, tax_rate, PERCENT, "Tax rate, %", "Stawka podatku, %", .scale = 3, .computed = true),
    KT_FIELD(
        po_line, net, MONEY, "Net", "Netto", .group = "cost", .scale = 4, .computed = true, .priority = 7),
    KT_FIELD(
        po_line, tax, MONEY, "Tax amount", "Kwota podatku", .group = "cost", .scale = 4, .computed = true),
    KT_FIELD(po_line, gross, MONEY, "Gross", "Brutto", .group = "cost", .scale = 4, .computed = true),
    KT_FIELD(po_line, asked, DATE, "Asked for", "Życzony termin",
        .help = {"Empty: the order's.", "Puste: termin zamówienia."}),
    KT_FIELD(po_line, expected, DATE, "Expected on", "Spodziewane dnia", .priority = 8),
    KT_FIELD(po_line, first_expected, DATE, "Agreed first", "Uzgodnione pierwotnie", .computed = true),
    KT_FIELD(po_line, actual, DATE, "Last receipt", "Ostatnie przyjęcie"),
    KT_FIELD(po_line, received, QUANTITY, "Received", "Przyjęto", .scale = 4,
        .help = {"All that came, also what was rejected.", "Wszystko, co przyszło, także odrzucone."}),
    KT_FIELD(po_line, rejected, QUANTITY, "Rejected", "Odrzucono", .scale = 4),
    KT_FIELD(po_line, returned, QUANTITY, "Returned", "Zwrócono", .scale = 4),
    KT_FIELD(po_line, billed, QUANTITY, "Billed", "Zafakturowano", .scale = 4),
    KT_FIELD(po_line, move, REF, "Stock move", "Ruch magazynowy", .target = "logistics.move",
        .on_delete = KT_CLEAR, .computed = true));

struct po_line *po_line_at(const kt_lines *lines, size_t i)
{
    return (struct po_line *)(void *)kt_line(lines, i); /* of any shape over the struct */
}

struct po_line *po_line_with(const kt_lines *lines, kt_id id)
{
    for (size_t i = 0; id.v && i < lines->count; i++)
        if (po_line_at(lines, i)->rec.id.v == id.v)
            return po_line_at(lines, i);
    return NULL;
}

kt_dec po_line_kept(const struct po_line *line)
{
    return kt_dec_sub(kt_dec_sub(kt_dec_add(ZERO, line->received), line->rejected), line->returned);
}

kt_dec po_line_open(const struct po_line *line)
{
    kt_dec open = kt_dec_sub(line->quantity, po_line_kept(line));
    return line->kind == PO_GOODS && open.coef > 0 ? open : ZERO;
}

/* ---- What an item and its supplier bring ---- */

/* The supplier's price for the line's quantity, in the order's currency. */
static kt_error *price_line(kt_tx *tx, struct po *o, struct po_line *line, const struct goods *item)
{
    struct offers found;
    kt_dec own;
    KT_TRY(kt_in_unit(tx, line->item, line->quantity, line->unit, item->unit, &own));
    if (own.coef <= 0 || !o->party.v)
        return NULL;
    KT_TRY(offers_find(tx, &(struct offer_query){line->item, o->party, own, o->day}, &found));
    const struct offer *best = offers_best(&found);
    if (!best)
        return NULL;
    if (!line->unit.v && best->price.unit.v) { /* so many of those are bought: that may be another break */
        line->unit = best->price.unit;
        return price_line(tx, o, line, item);
    }
    if (!o->currency.v)
        o->currency = best->price.currency;
    line->price_row = best->price.rec.id;
    if (!line->code.ptr)
        line->code = best->price.code;
    if (line->price.scale1)
        return NULL;
    enum { MANY = 10000 }; /* units: what one of them costs is found exactly enough for a price */
    kt_dec many, price;
    KT_TRY(in_currency(tx, best->unit_price, best->price.currency, o->currency, o->day, &price));
    if (!price.scale1)
        return NULL; /* there is no rate: it is written by hand */
    KT_TRY(kt_in_unit(tx, line->item, KT_DEC(MANY, 0), line->unit, best->price.unit, &many));
    line->price = kt_dec_div(kt_dec_mul(price, many, 8), KT_DEC(MANY, 0), 4);
    return NULL;
}

static kt_error *complete_line(kt_tx *tx, struct po *o, size_t i, bool drafted)
{
    struct po_line *line = po_line_at(&o->lines, i);
    struct goods item = {KT_OF(goods)};
    enum { GOODS = 1 }; /* as base.item has it */
    line->quantity = line->quantity.scale1 ? line->quantity : KT_DEC(1, 0);
    if (!line->asked.day)
        line->asked = o->asked;
    if (!line->item.v) {
        line->kind = PO_TEXT;
        return line->name.ptr ? NULL
                              : kt_hint(kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "name"),
                                            "is required", "jest wymagane"),
                                    "Choose an item or describe what is bought.",
                                    "Wybierz towar albo opisz, co jest kupowane.");
    }
    KT_TRY(kt_read(tx, line->item, &item.rec));
    line->kind = item.kind == GOODS ? PO_GOODS : PO_SERVICE;
    if (!line->name.ptr)
        line->name = item.name;
    if (drafted)
        KT_TRY(price_line(tx, o, line, &item));
    if (!line->unit.v)
        line->unit = item.unit;
    return NULL;
}

static kt_error *check_line(kt_tx *tx, const struct po_line *line, size_t i)
{
    kt_error *all = NULL;
    static const kt_dec whole = {100, 1};
    if (!line->price.scale1)
        kt_also(&all,
            kt_hint(
                kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "price"), "is required", "jest wymagane"),
                "The supplier has no price of it: write one.", "Dostawca nie ma jej ceny: wpisz ją."));
    kt_also(&all, not_below(tx, path_of(tx, "lines", i, "price"), line->price, false));
    kt_also(&all, not_below(tx, path_of(tx, "lines", i, "discount_amount"), line->discount_amount, false));
    if (line->kind == PO_GOODS)
        kt_also(&all, not_below(tx, path_of(tx, "lines", i, "quantity"), line->quantity, true));
    if (line->discount_percent.coef < 0 || kt_dec_cmp(line->discount_percent, whole) > 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, path_of(tx, "lines", i, "discount_percent"),
                          "a discount is 0 to 100", "rabat to 0 do 100"));
    return all;
}

/* What no receipt could bring: a line as it is written, not one that was there. */
static kt_error *check_written(kt_tx *tx, const struct po_line *line, const struct po_line *was, size_t i)
{
    if (was && was->item.v == line->item.v && was->unit.v == line->unit.v &&
        kt_dec_cmp(was->quantity, line->quantity) == 0)
        return NULL;
    return check_whole_of(tx, line->item, line->quantity, line->unit, path_of(tx, "lines", i, "quantity"));
}

/* ---- Taxes and amounts ---- */

static void take_results(kt_tx *tx, struct po_line *line, const kt_tax_line *from)
{
    line->net = from->net;
    line->tax = from->tax;
    line->gross = from->gross;
    kt_tax_line_bears(tx, from, &line->tax_rate, &line->tax_label);
}

static kt_error *take_totals(kt_tx *tx, struct po *o, const kt_tax_document *d)
{
    o->rounding = d->rounding;
    o->currency = d->currency;
    o->tax_position = d->position;
    o->net = d->net;
    o->tax = d->tax;
    o->gross = d->gross;
    KT_TRY(kt_tax_rows(tx, d, &o->taxes));
    return in_own_currency(tx, o->net, o->currency, o->day, 2, &o->net_own);
}

static kt_error *compute_taxes(kt_tx *tx, struct po *o)
{
    const kt_taxes *taxes = kt_taxes_find(tx);
    kt_tax_line *rows = kt_alloc(tx, sizeof *rows * (o->lines.count + 1));
    kt_tax_document d = {.company = o->rec.company,
        .party = o->party,
        .currency = o->currency,
        .position = o->position,
        .day = o->day,
        .rounding = o->rounding,
        .given = o->tax_given,
        .lines = rows,
        .line_count = o->lines.count};
    if (!taxes)
        return kt_fail(
            tx, KT_UNAVAILABLE, NULL, "no module computes taxes", "żaden moduł nie liczy podatków");
    if (!rows)
        return kt_no_memory();
    for (size_t i = 0; i < o->lines.count; i++) {
        const struct po_line *line = po_line_at(&o->lines, i);
        rows[i] = (kt_tax_line){.item = line->item,
            .category = line->tax_category,
            .quantity = line->quantity,
            .price = line->price,
            .included = o->tax_included,
            .discount_percent = line->discount_percent,
            .discount_amount = line->discount_amount};
    }
    KT_TRY(taxes->assign(tx, &d));
    KT_TRY(taxes->compute(tx, &d));
    for (size_t i = 0; i < o->lines.count; i++)
        take_results(tx, po_line_at(&o->lines, i), &rows[i]);
    return take_totals(tx, o, &d);
}

/* An item takes another's place: what was its goes. */
static void forget_other_item(struct po_line *line, const struct po_line *was)
{
    if (!was || was->item.v == line->item.v)
        return;
    line->price_row = (kt_id){0};
    if (kt_dec_cmp(line->price, was->price) == 0)
        line->price = (kt_dec){0};
    if (line->unit.v == was->unit.v)
        line->unit = (kt_id){0};
    if (same_words(line->name, was->name))
        line->name = (kt_str){0};
}

kt_error *po_lines_compute(kt_tx *tx, struct po *o, const struct po *stored, bool drafted)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < o->lines.count; i++) {
        struct po_line *line = po_line_at(&o->lines, i);
        const struct po_line *was = stored ? po_line_with(&stored->lines, line->rec.id) : NULL;
        forget_other_item(line, was);
        kt_error *error = complete_line(tx, o, i, drafted);
        kt_also(&all, error ? error : check_line(tx, line, i));
        if (drafted && !error)
            kt_also(&all, check_written(tx, line, was, i));
    }
    return all ? all : compute_taxes(tx, o);
}
