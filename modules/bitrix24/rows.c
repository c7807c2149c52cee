/* Product rows of leads, deals and quotes: our lines with theirs' four prices. PRICE is what one unit costs in
 * the end, with discount and tax; PRICE_EXCLUSIVE is without the tax; NETTO and BRUTTO are before the
 * discount. A line of ours has the price before the discount, with the tax or without as its document says. */
#include <string.h>

#include <kontor/documents.h>

#include "b24.h"

enum { PRICE_DIGITS = 4 };

/* ---- Decimals as text ---- */

static bool dec_read(kt_str s, kt_dec *d)
{
    enum { DIGITS_MAX = 17 };
    int64_t coef = 0;
    int digits = 0, scale = 0;
    bool minus = s.len && s.ptr[0] == '-', point = false;
    for (size_t i = minus; i < s.len; i++) {
        if (s.ptr[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (s.ptr[i] < '0' || s.ptr[i] > '9' || ++digits > DIGITS_MAX)
            return false;
        coef = coef * 10 + (s.ptr[i] - '0');
        scale += point;
    }
    *d = KT_DEC(minus ? -coef : coef, (uint8_t)scale);
    return digits > 0;
}

/* All its digits. */
static kt_str text_of(kt_tx *tx, kt_dec d)
{
    return kt_dec_text(tx, d.scale1 ? d : KT_DEC(0, 0), KT_DEC_SCALE_MAX);
}

static kt_dec dec_at(const kt_value *of, const char *name)
{
    kt_dec d = {0};
    return dec_read(kt_value_get_str(of, name), &d) ? d : (kt_dec){0};
}

#define HUNDRED KT_DEC(100, 0)

static kt_dec with_tax(kt_dec price, kt_dec rate)
{
    return kt_dec_div(kt_dec_mul(price, kt_dec_add(HUNDRED, rate), 8), HUNDRED, PRICE_DIGITS);
}

static kt_dec without_tax(kt_dec price, kt_dec rate)
{
    return rate.coef ? kt_dec_div(kt_dec_mul(price, HUNDRED, 8), kt_dec_add(HUNDRED, rate), PRICE_DIGITS)
                     : kt_dec_round(price, PRICE_DIGITS);
}

/* ---- Ours to theirs ---- */

static void put_dec(b24 *b, kt_maker *r, const char *old, const char *item, kt_dec d)
{
    d = kt_dec_round(d.scale1 ? d : KT_DEC(0, 0), PRICE_DIGITS);
    kt_value v = {.kind = KT_VALUE_REAL, .as.string = text_of(b->tx, d)};
    kt_put(b->tx, r, b->items ? item : old, v);
}

static void put_prices(b24 *b, const kt_value *line, bool included, kt_maker *r)
{
    kt_dec quantity = dec_at(line, "quantity"), price = dec_at(line, "price"),
           rate = dec_at(line, "tax_rate");
    kt_dec netto = included ? without_tax(price, rate) : price;
    kt_dec exclusive = quantity.coef ? kt_dec_div(dec_at(line, "net"), quantity, PRICE_DIGITS) : netto;
    kt_dec final = quantity.coef ? kt_dec_div(dec_at(line, "gross"), quantity, PRICE_DIGITS) : price;
    kt_dec off = kt_dec_sub(netto, exclusive);
    bool sum = dec_at(line, "discount_amount").coef != 0;
    kt_dec percent = dec_at(line, "discount_percent");
    if (sum && netto.coef)
        percent = kt_dec_div(kt_dec_mul(off, HUNDRED, 8), netto, 2);
    put_dec(b, r, "PRICE", "price", final);
    put_dec(b, r, "PRICE_EXCLUSIVE", "priceExclusive", exclusive);
    put_dec(b, r, "PRICE_NETTO", "priceNetto", netto);
    put_dec(b, r, "PRICE_BRUTTO", "priceBrutto", included ? price : with_tax(price, rate));
    put_dec(b, r, "QUANTITY", "quantity", quantity);
    kt_put(b->tx, r, b->items ? "discountTypeId" : "DISCOUNT_TYPE_ID", kt_value_int(sum ? 1 : 2));
    put_dec(b, r, "DISCOUNT_RATE", "discountRate", percent);
    put_dec(b, r, "DISCOUNT_SUM", "discountSum", off);
    put_dec(b, r, "TAX_RATE", "taxRate", rate);
    kt_put(b->tx, r, b->items ? "taxIncluded" : "TAX_INCLUDED", b24_str(included ? "Y" : "N"));
}

/* A row has one number in the whole account; ours one in its document. */
int64_t row_number(const entity *e, int64_t owner, int64_t line)
{
    return owner << ROW_OWNER_BIT | line << ROW_LINE_BIT | e->type;
}

static kt_value show_line(
    b24 *b, const entity *e, int64_t owner, const kt_value *line, bool included, size_t place)
{
    kt_maker r = KT_MAKE_OBJECT;
    bool i = b->items;
    kt_str name = kt_value_get_str(line, "name");
    int64_t item = b24_int_at(line, "item");
    kt_put(b->tx, &r, i ? "id" : "ID", b24_number(b, row_number(e, owner, b24_int_at(line, "id"))));
    kt_put(b->tx, &r, i ? "ownerId" : "OWNER_ID", b24_number(b, owner));
    kt_put(b->tx, &r, i ? "ownerType" : "OWNER_TYPE", b24_str(e->letter));
    kt_put(b->tx, &r, i ? "productId" : "PRODUCT_ID", kt_value_int(item));
    kt_put(b->tx, &r, i ? "productName" : "PRODUCT_NAME", kt_value_str(name.len ? name : KT_STR("")));
    put_prices(b, line, included, &r);
    kt_put(b->tx, &r, i ? "sort" : "SORT", kt_value_int((int64_t)(place + 1) * 10));
    return r.value;
}

kt_error *rows_show(b24 *b, const entity *e, int64_t owner, kt_value *shown)
{
    kt_maker list = KT_MAKE_ARRAY;
    const kt_value *record;
    const char *fields = strcmp(e->name, "crm.quote") ? "lines tax_included" : "lines tax_included state";
    KT_TRY(b24_get(b, e->ours, owner, fields, &record));
    const kt_value *lines = kt_value_get(record, "lines");
    for (size_t i = 0; i < kt_value_count(lines); i++)
        kt_add(b->tx, &list,
            show_line(b, e, owner, &lines->as.array.items[i], b24_bool_at(record, "tax_included"), i));
    *shown = list.value;
    return NULL;
}

/* ---- Theirs to ours ---- */

typedef struct {
    b24 *b;
    const kt_value *row;
    size_t place;
    kt_error *wrong;
} reading;

static const kt_value *either(const kt_value *row, const char *old, const char *item)
{
    const kt_value *v = b24_param(row, old);
    return v ? v : b24_param(row, item);
}

static kt_dec take_dec(reading *r, const char *old, const char *item)
{
    const kt_value *v = either(r->row, old, item);
    kt_dec d = {0};
    kt_str text = v ? b24_text(r->b->tx, v) : (kt_str){0};
    if (text.len && !dec_read(text, &d))
        kt_also(&r->wrong,
            kt_fail(r->b->tx, KT_VALIDATION, kt_format(r->b->tx, "rows[%zu].%s", r->place, old).ptr,
                "\"%s\" is no number", "„%s” nie jest liczbą", text.ptr));
    return d;
}

/* What one unit costs before the discount, with the tax or without as the row says. */
static kt_dec full_price(reading *r, bool included, kt_dec percent, kt_dec off)
{
    kt_dec rate = take_dec(r, "TAX_RATE", "taxRate");
    kt_dec price = included ? take_dec(r, "PRICE_BRUTTO", "priceBrutto")
                            : take_dec(r, "PRICE_NETTO", "priceNetto");
    if (price.scale1)
        return price;
    price = included ? take_dec(r, "PRICE", "price") : take_dec(r, "PRICE_EXCLUSIVE", "priceExclusive");
    if (!price.scale1 && !included)
        price = without_tax(take_dec(r, "PRICE", "price"), rate);
    if (!price.scale1)
        return price;
    if (off.coef)
        return kt_dec_add(price, off);
    kt_dec left = kt_dec_sub(HUNDRED, percent);
    return percent.coef && left.coef ? kt_dec_div(kt_dec_mul(price, HUNDRED, 8), left, PRICE_DIGITS) : price;
}

/* Not set: it is emptied. */
static void put_text(b24 *b, kt_maker *line, const char *name, kt_dec d)
{
    kt_put(b->tx, line, name,
        d.scale1 ? kt_value_str(text_of(b->tx, kt_dec_round(d, PRICE_DIGITS))) : (kt_value){0});
}

static kt_value take_row(reading *r, int64_t id_of_line, bool included)
{
    b24 *b = r->b;
    kt_maker line = KT_MAKE_OBJECT;
    const kt_value *item = either(r->row, "PRODUCT_ID", "productId"),
                   *name = either(r->row, "PRODUCT_NAME", "productName"),
                   *type = either(r->row, "DISCOUNT_TYPE_ID", "discountTypeId");
    bool sum = type && b24_is(b24_text(b->tx, type), "1");
    kt_dec quantity = take_dec(r, "QUANTITY", "quantity");
    kt_dec percent = sum ? (kt_dec){0} : take_dec(r, "DISCOUNT_RATE", "discountRate");
    kt_dec off = sum ? take_dec(r, "DISCOUNT_SUM", "discountSum") : (kt_dec){0};
    const kt_dec none = {0};
    int64_t id;
    quantity = quantity.scale1 ? quantity : KT_DEC(1, 0);
    if (id_of_line)
        kt_put(b->tx, &line, "id", kt_value_int(id_of_line));
    if (item && b24_int(item, &id) && id)
        kt_put(b->tx, &line, "item", kt_value_int(id));
    if (name && b24_text(b->tx, name).len)
        kt_put(b->tx, &line, "name", kt_value_str(b24_text(b->tx, name)));
    put_text(b, &line, "quantity", quantity);
    kt_dec price = full_price(r, included, percent, off);
    if (price.scale1)
        put_text(b, &line, "price", price);
    if (percent.coef || id_of_line)
        put_text(b, &line, "discount_percent", percent.coef ? kt_dec_round(percent, 2) : none);
    if (off.coef || id_of_line)
        put_text(b, &line, "discount_amount", off.coef ? kt_dec_mul(off, quantity, PRICE_DIGITS) : none);
    return line.value;
}

/* ---- Taxes: by item, customer and date here. A rate that is not the one in force would be lost. ---- */

static bool is_rate(const kt_value *explained, kt_dec rate)
{
    const kt_value *taxes = kt_value_get(explained, "taxes");
    return kt_value_count(taxes) == 1 && kt_dec_cmp(dec_at(&taxes->as.array.items[0], "rate"), rate) == 0;
}

/* The category of which the customer pays this rate; 0: none, or the caller may not ask. */
static int64_t category_with(b24 *b, int64_t party, kt_dec rate)
{
    const kt_value *rows, *explained;
    if (!rate.coef || b24_list(b, "base.tax_category", KT_MAKE_ARRAY.value, "id", &rows))
        return 0;
    for (size_t i = 0; i < kt_value_count(rows); i++) {
        kt_maker p = KT_MAKE_OBJECT;
        int64_t id = b24_int_at(&rows->as.array.items[i], "id");
        kt_put(b->tx, &p, "category", kt_value_int(id));
        if (party)
            kt_put(b->tx, &p, "party", kt_value_int(party));
        if (kt_call(b->tx, "base.tax.explain", &p.value, &explained))
            return 0;
        if (is_rate(explained, rate))
            return id;
    }
    return 0;
}

static kt_dec rate_given(b24 *b, const kt_value *row, size_t place)
{
    reading r = {.b = b, .row = row, .place = place};
    return row ? take_dec(&r, "TAX_RATE", "taxRate") : (kt_dec){0};
}

/* The lines with their ids, and the tax category of those whose rate is another one. none: there is none such */
static kt_error *mend_rates(b24 *b, const entity *e, int64_t owner, const kt_value *const *rows, bool *mended)
{
    const kt_value *record;
    kt_maker lines = KT_MAKE_ARRAY;
    *mended = false;
    KT_TRY(b24_get(b, e->ours, owner, "lines party", &record));
    const kt_value *old = kt_value_get(record, "lines");
    for (size_t i = 0; i < kt_value_count(old); i++) {
        const kt_value *line = &old->as.array.items[i];
        kt_dec given = rate_given(b, rows[i], i);
        kt_maker l = KT_MAKE_OBJECT;
        kt_put(b->tx, &l, "id", kt_value_int(b24_int_at(line, "id")));
        bool differs = given.scale1 && kt_dec_cmp(given, dec_at(line, "tax_rate")) != 0;
        int64_t category = differs ? category_with(b, b24_int_at(record, "party"), given) : 0;
        if (category)
            kt_put(b->tx, &l, "tax_category", kt_value_int(category));
        *mended = *mended || category;
        kt_add(b->tx, &lines, l.value);
    }
    return *mended ? rows_save(b, e, owner, b24_in(b, "lines", lines.value)) : NULL;
}

static kt_error *check_rates(b24 *b, const kt_value *const *rows, const kt_value *shown)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < kt_value_count(shown); i++) {
        kt_dec given = rate_given(b, rows[i], i), own = {0};
        const kt_value *v = kt_value_get(&shown->as.array.items[i], b->items ? "taxRate" : "TAX_RATE");
        (void)dec_read(b24_text(b->tx, v), &own);
        if (given.scale1 && kt_dec_cmp(given, own) != 0)
            kt_also(&all, kt_hint(kt_fail(b->tx, KT_RULE, kt_format(b->tx, "rows[%zu].TAX_RATE", i).ptr,
                                      "is %s, but %s is in force for it", "wynosi %s, a obowiązuje tu %s",
                                      text_of(b->tx, given).ptr, text_of(b->tx, own).ptr),
                              "Make a tax category of that rate, or leave TAX_RATE out.",
                              "Utwórz kategorię podatkową o tej stawce albo pomiń TAX_RATE."));
    }
    return all;
}

/* ---- Writing ---- */

kt_error *rows_save(b24 *b, const entity *e, int64_t owner, kt_value values)
{
    kt_maker p = KT_MAKE_OBJECT;
    const kt_value *result;
    kt_put(b->tx, &p, "id", kt_value_int(owner));
    kt_put(b->tx, &p, "values", values);
    return kt_call(b->tx, kt_format(b->tx, "%s.update", e->ours).ptr, &p.value, &result);
}

kt_error *rows_write(b24 *b, const entity *e, int64_t owner, const row_change *changes, size_t count,
    bool included, kt_value *shown)
{
    kt_maker lines = KT_MAKE_ARRAY, values = KT_MAKE_OBJECT;
    const kt_value **rows = kt_alloc(b->tx, (count + 1) * sizeof *rows);
    kt_error *wrong = NULL;
    bool mended;
    if (!rows)
        return kt_no_memory();
    for (size_t i = 0; i < count; i++) {
        reading r = {.b = b, .row = changes[i].row, .place = i};
        kt_value as_it_is = b24_in(b, "id", kt_value_int(changes[i].line));
        rows[i] = changes[i].row;
        kt_add(b->tx, &lines, rows[i] ? take_row(&r, changes[i].line, included) : as_it_is);
        kt_also(&wrong, r.wrong);
    }
    if (wrong)
        return wrong;
    kt_put(b->tx, &values, "lines", lines.value);
    if (count)
        kt_put(b->tx, &values, "tax_included", kt_value_bool(included));
    KT_TRY(rows_save(b, e, owner, values.value));
    KT_TRY(mend_rates(b, e, owner, rows, &mended));
    KT_TRY(rows_show(b, e, owner, shown));
    return check_rates(b, rows, shown);
}

bool row_included(b24 *b, const kt_value *row, bool otherwise)
{
    const kt_value *v = either(row, "TAX_INCLUDED", "taxIncluded");
    return v ? b24_is(b24_text(b->tx, v), "Y") : otherwise;
}
