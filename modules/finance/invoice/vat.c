/* The registers of tax: one row for each rate of each posted invoice, in the company's currency, by tax point, and one
 * for each rate of a discount that a payment takes. */
#include <string.h>

#include <kontor/list.h>

#include "invoice/invoice.h"

static const kt_choice sides[] = {
    {SALE_REGISTER, "sale", {"Sales", "Sprzedaż"}},
    {PURCHASE_REGISTER, "purchase", {"Purchases", "Zakupy"}},
    {0},
};
static const kt_choice kinds[] = {
    {KT_TAX_CHARGED, "charged", {"Charged", "Naliczany"}},
    {KT_TAX_EXEMPT, "exempt", {"Exempt", "Zwolniony"}},
    {KT_TAX_REVERSED, "reverse_charge", {"Reverse charge", "Odwrotne obciążenie"}},
    {KT_TAX_OUTSIDE, "outside", {"Not subject to the tax", "Niepodlegający"}},
    {0},
};
const kt_shape vat_line_shape = KT_SHAPE(vat_line, "finance.vat_line",
    KT_FIELD(vat_line, side, STATE, "Register", "Rejestr", .choices = sides, .computed = true, .priority = 1),
    KT_FIELD(vat_line, tax_day, DATE, "Tax point", "Data obowiązku podatkowego", .computed = true,
        .indexed = true, .priority = 2,
        .help = {"In the period of this day the tax is declared. Of a purchase when it is deducted: not "
                 "before its "
                 "bill is "
                 "received, or later as the bill says.",
            "Podatek wykazuje się w okresie z tym dniem. Zakupu: dzień odliczenia, nie wcześniej niż wpływ "
            "faktury "
            "albo "
            "później, jak podano na fakturze."}),
    KT_FIELD(vat_line, day, DATE, "Date", "Data wystawienia", .computed = true),
    KT_FIELD(vat_line, document, STRING, "Document", "Dokument", .max = 60, .computed = true,
        .searchable = true, .priority = 3),
    KT_FIELD(vat_line, invoice, REF, "Invoice", "Faktura", .target = "finance.invoice", .required = true,
        .computed = true),
    KT_FIELD(vat_line, payment, REF, "Discount of payment", "Skonto przy płatności",
        .target = "finance.payment", .computed = true,
        .help = {"The payment that was made early; empty: the invoice's own row.",
            "Płatność przed terminem; puste: wiersz samej faktury."}),
    KT_FIELD(vat_line, party, REF, "Party", "Kontrahent", .target = "base.party", .computed = true),
    KT_FIELD(vat_line, name, STRING, "Name", "Nazwa", .max = 200, .computed = true, .priority = 4),
    KT_FIELD(
        vat_line, tax_id, STRING, "Tax id", "NIP / numer VAT", .max = 30, .computed = true, .priority = 5),
    KT_FIELD(vat_line, label, STRING, "Tax", "Podatek", .max = 80, .computed = true, .priority = 6),
    KT_FIELD(vat_line, tax, REF, "Tax code", "Kod podatku", .target = "base.tax", .computed = true),
    KT_FIELD(vat_line, kind, STATE, "Kind", "Rodzaj", .choices = kinds, .computed = true),
    KT_FIELD(vat_line, rate, PERCENT, "Rate, %", "Stawka, %", .scale = 3, .computed = true),
    KT_FIELD(vat_line, net, MONEY, "Net", "Netto", .scale = 2, .computed = true, .priority = 7),
    KT_FIELD(
        vat_line, amount, MONEY, "Tax amount", "Kwota podatku", .scale = 2, .computed = true, .priority = 8));

kt_error *vat_line_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    (void)after;
    if (!before || kt_joining(tx))
        return NULL;
    return kt_fail(
        tx, KT_BAD_STATE, NULL, "the register of tax does not change", "rejestr VAT się nie zmienia");
}

struct vat_line *register_row(const struct register_rows *rows, const struct vat_line *like)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct vat_line *row = &rows->at[i];
        if (row->tax.v == like->tax.v && row->kind == like->kind && same_dec(row->rate, like->rate))
            return row;
    }
    return NULL;
}

kt_error *register_add(kt_tx *tx, struct register_rows *rows, const struct vat_line *row)
{
    struct vat_line *to = register_row(rows, row);
    rows->added++;
    if (to) {
        to->net = kt_dec_add(to->net, row->net);
        to->amount = kt_dec_add(to->amount, row->amount);
        return NULL;
    }
    struct vat_line *at = kt_grow(tx, rows->at, rows->count, &rows->room, sizeof *at);
    if (!at)
        return kt_no_memory();
    rows->at = at;
    rows->at[rows->count++] = *row;
    return NULL;
}

kt_error *register_read(
    kt_tx *tx, kt_id invoice, enum vat_register side, bool discounts, struct register_rows *rows)
{
    const kt_where where[] = {
        KT_WHERE(vat_line, invoice, KT_EQ, invoice), KT_WHERE(vat_line, side, KT_EQ, side), {0}};
    struct vat_line row = {KT_OF(vat_line)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){&vat_line_shape, where, "id", 0}, &cursor));
    while (!error && kt_next(cursor, &row.rec))
        if (discounts || !row.payment.v)
            error = register_add(tx, rows, &row);
    kt_also(&error, kt_close(cursor));
    return error;
}

struct vat_days {
    kt_record rec;
    kt_date from, to;
};
const kt_shape vat_days_shape = KT_SHAPE(vat_days, NULL,
    KT_FIELD(vat_days, from, DATE, "From", "Od", .required = true),
    KT_FIELD(vat_days, to, DATE, "To", "Do", .required = true));
struct register_row {
    kt_record rec;
    enum vat_register side;
    kt_tax_kind kind;
    kt_str label, filter;
    kt_dec net, amount;
    int64_t rows;
};
static const kt_shape register_row_shape = KT_SHAPE(register_row, NULL,
    KT_FIELD(register_row, side, STATE, "Register", "Rejestr", .choices = sides),
    KT_FIELD(register_row, label, STRING, "Tax", "Podatek"),
    KT_FIELD(register_row, kind, STATE, "Kind", "Rodzaj", .choices = kinds,
        .help = {"Reverse charge at a rate: what the buyer accounts for, on both sides.",
            "Odwrotne obciążenie ze stawką: to, co rozlicza nabywca, po obu stronach."}),
    KT_FIELD(register_row, net, MONEY, "Net", "Netto", .scale = 2),
    KT_FIELD(register_row, amount, MONEY, "Tax amount", "Kwota podatku", .scale = 2),
    KT_FIELD(register_row, rows, INT, "Rows", "Wiersze"),
    KT_FIELD(register_row, filter, JSON, "Its rows in finance.vat_line", "Wiersze w finance.vat_line"));
struct vat_sums {
    kt_record rec;
    kt_lines rows;
    kt_dec on_sales, on_purchases, to_pay;
};
const kt_shape vat_sums_shape = KT_SHAPE(vat_sums, NULL,
    KT_FIELD(vat_sums, rows, LINES, "Rows", "Wiersze", .lines = &register_row_shape),
    KT_FIELD(vat_sums, on_sales, MONEY, "Tax on sales", "VAT należny", .scale = 2),
    KT_FIELD(vat_sums, on_purchases, MONEY, "Tax on purchases", "VAT naliczony", .scale = 2),
    KT_FIELD(vat_sums, to_pay, MONEY, "To pay", "Do zapłaty", .scale = 2));

static kt_str iso(kt_tx *tx, kt_date day)
{
    int year, month, of_month;
    kt_date_parts(day, &year, &month, &of_month);
    return kt_format(tx, "%04d-%02d-%02d", year, month, of_month);
}

static unsigned kind_named(kt_str name)
{
    for (size_t i = 0; kinds[i].name; i++)
        if (same_str(name, (kt_str){kinds[i].name, strlen(kinds[i].name)}))
            return kinds[i].value;
    return 0;
}

static kt_error *add_side(kt_tx *tx, const struct vat_days *p, enum vat_register side, struct vat_sums *out)
{
    kt_table table;
    kt_str query = kt_format(tx,
        "{\"group\":[\"label\",\"kind\"],\"measures\":{\"net\":\"sum:net\",\"amount\":\"sum:amount\","
        "\"rows\":"
        "\"count\"},"
        "\"filter\":[[\"side\",\"=\",\"%s\"],[\"tax_day\",\"between\",[\"%s\",\"%s\"]]],\"sort\":\"label,"
        "kind\"}",
        sides[side - 1].name, iso(tx, p->from).ptr, iso(tx, p->to).ptr);
    KT_TRY(kt_aggregate(tx, "finance.vat_line", query, &table));
    for (size_t i = 0; i < table.rows; i++) {
        const kt_cell *cell = &table.cells[i * table.columns];
        struct register_row row = {KT_OF(register_row), .side = side, .label = cell[0].text,
            .kind = kind_named(kt_unquoted(cell[1].value)), .net = kt_dec_round(cell[2].number, 2),
            .amount = kt_dec_round(cell[3].number, 2), .rows = cell[4].number.coef,
            .filter = table.filters[i]};
        kt_dec *sum = side == SALE_REGISTER ? &out->on_sales : &out->on_purchases;
        *sum = kt_dec_add(*sum, row.amount);
        KT_TRY(kt_line_add(tx, &out->rows, &row.rec));
    }
    return NULL;
}

kt_error *vat_register(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct vat_days *p = KT_SEE(vat_days, params);
    struct vat_sums *out = KT_AS(vat_sums, result);
    KT_TRY(days_check(tx, p->from, p->to));
    out->on_sales = out->on_purchases = money(0);
    KT_TRY(add_side(tx, p, SALE_REGISTER, out));
    KT_TRY(add_side(tx, p, PURCHASE_REGISTER, out));
    out->to_pay = kt_dec_sub(out->on_sales, out->on_purchases);
    return NULL;
}
