/* Lines and totals of an invoice. The sums are base.tax's, as in quotations and orders: the same lines come to
 * the same figures. A credit note is taxed at the rates of what it corrects. source: Directive 2006/112/EC art. 90, 93; ustawa
 * o VAT art. 29a ust. 10, 13, art. 41 */
#include "invoice/invoice.h"

const kt_shape sold_item_shape = KT_SHAPE(sold_item, "base.item", KT_BIND(sold_item, name, STRING, "name"),
    KT_BIND(sold_item, unit, REF, "unit"), KT_BIND(sold_item, category, REF, "category"),
    KT_BIND(sold_item, kind, STATE, "kind"));
struct position_note {
    kt_record rec;
    kt_str note;
};
static const kt_shape position_note_shape = KT_SHAPE(
    position_note, "base.tax_position", KT_BIND(position_note, note, TEXT, "note"));

enum { GOODS = 1 }; /* as base.item has it */

struct invoice_line *invoice_line_at(const kt_lines *lines, size_t i)
{
    return KT_AS(invoice_line, kt_line(lines, i));
}

const char *invoice_path(kt_tx *tx, size_t line, const char *field)
{
    return kt_format(tx, "lines[%zu].%s", line, field).ptr;
}

static kt_error *complete(kt_tx *tx, struct invoice_line *line, size_t i)
{
    if (!line->quantity.scale1)
        line->quantity = KT_DEC(1, 0);
    if (line->item.v && (!line->name.ptr || !line->unit.v)) {
        struct sold_item item = {KT_OF(sold_item)};
        kt_error *error = kt_read(tx, line->item, &item.rec);
        if (error)
            return kt_problem_at(error, 0).kind != KT_NOT_FOUND
                       ? error
                       : kt_fail(tx, KT_VALIDATION, invoice_path(tx, i, "item"), "there is no such item",
                             "nie ma takiego towaru");
        line->goods = item.kind == GOODS;
        if (!line->name.ptr)
            line->name = item.name;
        if (!line->unit.v)
            line->unit = item.unit;
    }
    return NULL;
}

static kt_error *check_line(kt_tx *tx, const struct invoice_line *line, size_t i)
{
    kt_error *all = NULL;
    if (!line->name.ptr && !line->item.v)
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_VALIDATION, invoice_path(tx, i, "name"), "is required", "jest wymagane"),
                "Choose an item or describe what is billed.",
                "Wybierz towar albo opisz, co jest fakturowane."));
    if (!line->price.scale1)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, invoice_path(tx, i, "price"), "is required", "jest wymagane"));
    if (sign_of(line->price) < 0)
        kt_also(
            &all, kt_hint(kt_fail(tx, KT_VALIDATION, invoice_path(tx, i, "price"),
                              "a price is not below zero", "cena nie jest ujemna"),
                      "For a deduction make the quantity negative.", "Dla odliczenia podaj ujemną ilość."));
    if (sign_of(line->discount_percent) < 0 || kt_dec_cmp(line->discount_percent, KT_DEC(100, 0)) > 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, invoice_path(tx, i, "discount_percent"),
                          "a discount is 0 to 100", "rabat to 0 do 100"));
    if (line->discount_percent.coef && line->discount_amount.coef)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, invoice_path(tx, i, "discount_amount"),
                "give the discount in per cent or as an amount", "podaj rabat w procentach albo kwotowo"));
    return all;
}

static void take_line(kt_tx *tx, struct invoice_line *line, const kt_tax_line *from)
{
    line->net = from->net;
    line->tax = from->tax;
    line->gross = from->gross;
    line->discount = from->discount;
    kt_tax_line_bears(tx, from, &line->tax_rate, &line->tax_label);
}

static kt_error *take_totals(kt_tx *tx, struct invoice *v, const kt_tax_document *d)
{
    v->rounding = d->rounding;
    v->currency = d->currency;
    v->tax_position = d->position;
    v->net = d->net;
    v->tax = d->tax;
    v->gross = d->gross;
    KT_TRY(kt_tax_rows(tx, d, &v->taxes));
    struct position_note note = {KT_OF(position_note)};
    if (d->position.v)
        KT_TRY(kt_read(tx, d->position, &note.rec));
    v->tax_note = note.note;
    return NULL;
}

kt_error *invoice_rates_day(kt_tx *tx, const struct invoice *v, kt_date *day)
{
    struct invoice of = {KT_OF(invoice)};
    *day = v->tax_day.day ? v->tax_day : v->day;
    if (!is_credit(v->kind) || !v->corrects.v)
        return NULL;
    KT_TRY(kt_read(tx, v->corrects, &of.rec));
    *day = of.tax_day.day ? of.tax_day : of.day;
    return NULL;
}

kt_error *invoice_totals(kt_tx *tx, struct invoice *v)
{
    const kt_taxes *taxes = kt_taxes_find(tx);
    kt_error *all = NULL;
    struct house house;
    kt_date day;
    if (!taxes)
        return kt_fail(
            tx, KT_UNAVAILABLE, NULL, "no module computes taxes", "żaden moduł nie liczy podatków");
    KT_TRY(house_of(tx, &house));
    KT_TRY(invoice_rates_day(tx, v, &day));
    for (size_t i = 0; i < v->lines.count; i++) {
        kt_also(&all, complete(tx, invoice_line_at(&v->lines, i), i));
        kt_also(&all, check_line(tx, invoice_line_at(&v->lines, i), i));
    }
    if (all)
        return all;
    kt_tax_line *rows = kt_alloc(tx, sizeof *rows * (v->lines.count + 1));
    if (!rows)
        return kt_no_memory();
    kt_tax_document d = {.company = house.company,
        .party = v->party,
        .currency = v->currency,
        .position = v->position,
        .day = day,
        .rounding = v->rounding,
        .given = v->tax_given,
        .lines = rows,
        .line_count = v->lines.count};
    for (size_t i = 0; i < v->lines.count; i++) {
        const struct invoice_line *line = invoice_line_at(&v->lines, i);
        rows[i] = (kt_tax_line){.item = line->item,
            .category = line->tax_category,
            .quantity = line->quantity,
            .price = line->price,
            .included = v->tax_included,
            .discount_percent = line->discount_percent,
            .discount_amount = line->discount_amount};
    }
    KT_TRY(taxes->assign(tx, &d));
    KT_TRY(taxes->compute(tx, &d));
    for (size_t i = 0; i < v->lines.count; i++)
        take_line(tx, invoice_line_at(&v->lines, i), &rows[i]);
    KT_TRY(take_totals(tx, v, &d));
    return is_credit(v->kind) && v->corrects.v ? note_takes_rest(tx, v) : NULL;
}
