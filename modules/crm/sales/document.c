/* The one implementation of document lines: what an item brings along, prices by list, taxes and amounts by
 * the tax routine. Deals, quotations, orders and templates hand in their terms and lines, and cannot differ.
 */
#include <string.h>

#include <kontor/units.h>

#include "sales/sales.h"

const kt_choice sold_kinds[] = {
    {GOODS, "goods", {"Goods", "Towar"}},
    {SERVICE, "service", {"Service", "Usługa"}},
    {FREE_TEXT, "text", {"Free text", "Opis"}},
    {0},
};
const kt_shape plain_line_shape = KT_SHAPE(sale_line, NULL, SALE_LINE_FIELDS);
struct sold_item { /* what is looked at in an item */
    kt_record rec;
    kt_str name;
    kt_id unit;
    enum sold kind;
    bool sold, active;
};
static const kt_shape sold_item_shape = KT_SHAPE(sold_item, "base.item",
    KT_BIND(sold_item, name, STRING, "name"), KT_BIND(sold_item, unit, REF, "unit"),
    KT_BIND(sold_item, kind, STATE, "kind"), KT_BIND(sold_item, sold, BOOL, "sold"),
    KT_BIND(sold_item, active, BOOL, "active"));

const char *line_path(kt_tx *tx, size_t line, const char *field)
{
    return kt_format(tx, "lines[%zu].%s", line, field).ptr;
}

kt_error *read_ref(kt_tx *tx, const char *path, kt_id id, kt_record *rec)
{
    kt_error *error = kt_read(tx, id, rec);
    if (!error || kt_problem_at(error, 0).kind != KT_NOT_FOUND)
        return error;
    /* its own words speak of an id that the caller never wrote */
    return kt_fail(tx, KT_VALIDATION, path, "there is no %s with id %llu", "nie ma %s o id %llu",
        rec->of->name, (unsigned long long)id.v);
}

bool same_str(kt_str a, kt_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool same_dec(kt_dec a, kt_dec b)
{
    return kt_dec_cmp(a, b) == 0;
}

/* A line of any shape over struct sale_line. */
static struct sale_line *line_at(const kt_lines *lines, size_t i)
{
    return (struct sale_line *)(void *)kt_line(lines, i);
}

const struct sale_line *sale_line_at(const kt_lines *lines, size_t i)
{
    return line_at(lines, i);
}

const struct sale_line *sale_line_with(const kt_lines *lines, kt_id id)
{
    for (size_t i = 0; lines && id.v && i < lines->count; i++)
        if (line_at(lines, i)->rec.id.v == id.v)
            return line_at(lines, i);
    return NULL;
}

/* ---- What an item brings ---- */

static kt_error *complete_line(kt_tx *tx, const struct terms *t, size_t i)
{
    struct sale_line *line = line_at(t->lines, i);
    const struct sale_line *was = sale_line_with(t->before, line->rec.id);
    bool other = was && was->item.v != line->item.v; /* an item takes another's place: what was its goes */
    if (other && same_str(was->name, line->name))
        line->name = (kt_str){0};
    if (other && was->unit.v == line->unit.v)
        line->unit = (kt_id){0};
    if (other && same_dec(was->price, line->price))
        line->price = (kt_dec){0};
    if (!line->item.v) {
        line->kind = FREE_TEXT;
        line->list_price = (kt_dec){0};
        line->price_list = (kt_id){0};
    } else if (!line->kind || other || !line->name.ptr || !line->unit.v) {
        struct sold_item item = {KT_OF(sold_item)};
        KT_TRY(read_ref(tx, line_path(tx, i, "item"), line->item, &item.rec));
        if (t->drafted && (!was || other) && (!item.sold || !item.active))
            return kt_hint(kt_fail(tx, KT_VALIDATION, line_path(tx, i, "item"), "\"%s\" is not for sale",
                               "„%s” nie jest w sprzedaży", item.name.ptr ? item.name.ptr : ""),
                "See the item's card: sold, active.", "Zobacz kartę towaru: sprzedawany, aktywny.");
        line->kind = item.kind == SERVICE ? SERVICE : GOODS;
        if (!line->name.ptr)
            line->name = item.name;
        if (!line->unit.v)
            line->unit = item.unit;
    }
    return NULL;
}

/* What could never go as it is written: a line that is new or says so many else. */
static kt_error *check_written(kt_tx *tx, const struct terms *t, size_t i)
{
    const struct sale_line *line = line_at(t->lines, i), *was = sale_line_with(t->before, line->rec.id);
    struct sold_item item = {KT_OF(sold_item)};
    if (!line->item.v || line->kind != GOODS ||
        (was && was->item.v == line->item.v && was->unit.v == line->unit.v &&
            same_dec(was->quantity, line->quantity)))
        return NULL;
    KT_TRY(kt_read(tx, line->item, &item.rec));
    return kt_check_whole(
        tx, line->item, item.name, line->quantity, line->unit, item.unit, line_path(tx, i, "quantity"));
}

static kt_error *check_line(kt_tx *tx, const struct sale_line *line, size_t i)
{
    kt_error *all = NULL;
    static const kt_dec none = {0, 1}, whole = {100, 1};
    if (!line->name.ptr && !line->item.v)
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_VALIDATION, line_path(tx, i, "name"), "is required", "jest wymagane"),
                "Choose an item or describe what is sold.",
                "Wybierz towar albo opisz, co jest sprzedawane."));
    if (line->price.scale1 && kt_dec_cmp(line->price, none) < 0)
        kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, line_path(tx, i, "price"),
                                  "a price is not below zero", "cena nie jest ujemna"),
                          "For a credit make the quantity negative.", "Dla korekty podaj ujemną ilość."));
    if (line->discount_percent.scale1 &&
        (kt_dec_cmp(line->discount_percent, none) < 0 || kt_dec_cmp(line->discount_percent, whole) > 0))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, line_path(tx, i, "discount_percent"),
                          "a discount is 0 to 100", "rabat to 0 do 100"));
    if (kt_dec_cmp(line->discount_amount, none) < 0 && line->discount_amount.scale1)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, line_path(tx, i, "discount_amount"),
                          "a discount is not below zero", "rabat nie jest ujemny"));
    if (line->discount_percent.coef && line->discount_amount.coef)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, line_path(tx, i, "discount_amount"),
                "give the discount in per cent or as an amount", "podaj rabat w procentach albo kwotowo"));
    return all;
}

/* ---- Prices ---- */

/* A price that states tax the other way than the document does, brought over by the taxes at home. */
static kt_error *restate(kt_tx *tx, const struct terms *t, kt_id item, bool included, kt_dec *price)
{
    const kt_taxes *taxes = kt_taxes_find(tx);
    if (included == t->tax_included || !taxes)
        return NULL;
    enum {
        PARTS = 1000000
    }; /* of a unit: the net share is found exactly enough for four digits of a price */
    kt_tax_line line = {
        .item = item, .quantity = KT_DEC(PARTS, 0), .price = KT_DEC(1, 0), .included = included};
    kt_tax_document home = {
        .company = t->company, .currency = t->currency, .day = t->day, .lines = &line, .line_count = 1};
    KT_TRY(taxes->assign(tx, &home));
    home.scale = 4;
    KT_TRY(taxes->compute(tx, &home));
    *price = kt_dec_div(kt_dec_mul(*price, included ? home.net : home.gross, 8), KT_DEC(PARTS, 0), 4);
    return NULL;
}

static kt_error *price_line(kt_tx *tx, struct terms *t, size_t i)
{
    struct sale_line *line = line_at(t->lines, i);
    bool follows = !line->price.scale1 ||
                   (!line->source_line && line->list_price.scale1 && same_dec(line->price, line->list_price));
    if (!line->item.v || (!t->drafted && line->price.scale1)) {
        if (!line->price.scale1)
            return kt_fail(tx, KT_VALIDATION, line_path(tx, i, "price"), "is required", "jest wymagane");
        return NULL;
    }
    struct price_found found = {0};
    const struct terms_of_price of = {
        .party = t->party, .currency = t->currency, .list = t->price_list, .day = t->day};
    if (!t->book)
        KT_TRY(price_book_open(tx, &of, &t->book));
    const struct price_ask ask = {line->item, line->unit, line->quantity};
    KT_TRY(price_find(t->book, &ask, &found));
    if (found.price.scale1)
        KT_TRY(restate(tx, t, line->item, found.included, &found.price));
    line->list_price = found.price;
    line->price_list = found.list;
    if (follows)
        line->price = found.price;
    if (line->price.scale1)
        return NULL;
    if (found.other_unit)
        return kt_hint(kt_fail(tx, KT_VALIDATION, line_path(tx, i, "unit"),
                           "its price is stated for a unit that does not convert into this one",
                           "jej cenę podano za jednostkę, która nie przelicza się na tę"),
            "Write the price, or tell how the item's units convert (base.item_unit).",
            "Wpisz cenę albo podaj przelicznik jednostek towaru (base.item_unit).");
    return kt_hint(kt_fail(tx, KT_VALIDATION, line_path(tx, i, "price"),
                       "no price list has a price of it for this customer",
                       "żaden cennik nie ma jej ceny dla tego klienta"),
        "Write the price, or see crm.price.explain.", "Wpisz cenę albo sprawdź crm.price.explain.");
}

/* ---- Taxes and amounts ---- */

static void take_results(kt_tx *tx, struct sale_line *line, const kt_tax_line *from)
{
    line->net = from->net;
    line->tax = from->tax;
    line->gross = from->gross;
    line->discount = from->discount;
    kt_tax_line_bears(tx, from, &line->tax_rate, &line->tax_label);
}

/* How much below its list price the line is sold, in per cent. */
static kt_dec discount_of(const struct terms *t, const struct sale_line *line)
{
    kt_dec list = line->list_price.coef > 0 ? line->list_price : line->price;
    kt_dec full = kt_dec_mul(list, line->quantity, 8), paid = t->tax_included ? line->gross : line->net;
    if (full.coef == 0)
        return KT_DEC(0, 2);
    kt_dec share = kt_dec_div(kt_dec_mul(paid, KT_DEC(100, 0), 4), full, 2);
    return kt_dec_sub(KT_DEC(10000, 2), share);
}

static void find_discount(struct terms *t)
{
    t->discount_most = KT_DEC(0, 2);
    for (size_t i = 0; i < t->lines->count; i++) {
        const struct sale_line *line = line_at(t->lines, i);
        kt_dec discount = discount_of(t, line);
        if (discount.coef > t->discount_most.coef && discount.scale1 == 3) {
            t->discount_most = discount;
            t->discount_line = i;
        }
    }
}

/* Optional lines that are not taken are computed, each for itself, but do not count. */
static kt_error *compute_taxes(kt_tx *tx, struct terms *t, const kt_taxes *taxes)
{
    size_t count = t->lines->count;
    kt_tax_line *rows = kt_alloc(tx, sizeof *rows * (count + 1));
    size_t *of = kt_alloc(tx, sizeof *of * (count + 1));
    kt_tax_document d = {.company = t->company,
        .party = t->party,
        .currency = t->currency,
        .position = t->position,
        .day = t->day,
        .rounding = t->rounding,
        .given = t->given,
        .lines = rows};
    if (!rows || !of)
        return kt_no_memory();
    for (int left_out = 0; left_out < 2; left_out++)
        for (size_t i = 0; i < count; i++) {
            const struct sale_line *line = line_at(t->lines, i);
            if ((line->optional && !line->taken) != left_out)
                continue;
            of[d.line_count] = i;
            rows[d.line_count++] = (kt_tax_line){.item = line->item,
                .category = line->tax_category,
                .quantity = line->quantity,
                .price = line->price,
                .included = t->tax_included,
                .discount_percent = line->discount_percent,
                .discount_amount = line->discount_amount};
        }
    KT_TRY(taxes->assign(tx, &d));
    size_t counted = 0;
    while (counted < count &&
           !(line_at(t->lines, of[counted])->optional && !line_at(t->lines, of[counted])->taken))
        counted++;
    for (size_t k = counted; k < count; k++) {
        kt_tax_document alone = d;
        alone.lines = &rows[k];
        alone.line_count = 1;
        alone.given = (kt_dec){0};
        KT_TRY(taxes->compute(tx, &alone));
    }
    d.line_count = counted;
    KT_TRY(taxes->compute(tx, &d));
    for (size_t k = 0; k < count; k++)
        take_results(tx, line_at(t->lines, of[k]), &rows[k]);
    t->rounding = d.rounding;
    t->currency = d.currency;
    t->tax_position = d.position;
    t->net = d.net;
    t->tax = d.tax;
    t->gross = d.gross;
    return kt_tax_rows(tx, &d, t->taxes);
}

kt_error *terms_compute(kt_tx *tx, struct terms *t)
{
    kt_error *all = NULL;
    const kt_taxes *taxes = kt_taxes_find(tx);
    if (!taxes)
        return kt_fail(
            tx, KT_UNAVAILABLE, NULL, "no module computes taxes", "żaden moduł nie liczy podatków");
    if (!t->currency.v) { /* prices ask for it */
        kt_tax_document d = {.company = t->company, .given = KT_DEC(0, 0)};
        KT_TRY(taxes->assign(tx, &d));
        t->currency = d.currency;
    }
    for (size_t i = 0; i < t->lines->count; i++) {
        struct sale_line *line = line_at(t->lines, i);
        if (!line->quantity.scale1)
            line->quantity = KT_DEC(1, 0);
        kt_error *error = complete_line(tx, t, i);
        if (!error)
            error = price_line(tx, t, i);
        if (!error && (t->drafted || t->before)) /* what is imported was agreed elsewhere */
            error = check_written(tx, t, i);
        kt_also(&all, error);
        kt_also(&all, check_line(tx, line, i));
    }
    if (all)
        return all;
    KT_TRY(compute_taxes(tx, t, taxes));
    find_discount(t);
    return NULL;
}
