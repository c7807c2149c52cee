/* Units of measure, and the goods and services that are bought, made and sold. */
#include <string.h>

#include <kontor/units.h>

#include "base.h"

struct unit {
    kt_record rec;
    kt_str code, name, name_pl, symbol, symbol_pl, category;
    kt_dec factor, rounding;
};
const kt_shape unit_shape = KT_SHAPE(unit, "base.unit",
    KT_FIELD(unit, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 12,
        .searchable = true, .priority = 1),
    KT_FIELD(unit, name, STRING, "Name", "Nazwa", .max = 80, .searchable = true, .priority = 2),
    KT_FIELD(unit, name_pl, STRING, "Polish name", "Nazwa polska", .max = 80),
    KT_FIELD(unit, symbol, STRING, "On English papers", "Na dokumentach angielskich", .max = 12,
        .help = {"How papers in English write it: pcs. Empty: the code.",
            "Jak piszą ją dokumenty po angielsku: pcs. Puste: kod."}),
    KT_FIELD(unit, symbol_pl, STRING, "On Polish papers", "Na dokumentach polskich", .max = 12,
        .help = {"How papers in Polish write it: szt. Empty: the code.",
            "Jak piszą ją dokumenty po polsku: szt. Puste: kod."}),
    KT_FIELD(unit, category, STRING, "Category", "Kategoria", .max = 40, .indexed = true, .priority = 3,
        .help = {"Units of one category convert into each other: mass, length, count.",
            "Jednostki jednej kategorii przeliczają się na siebie: masa, długość, sztuki."}),
    KT_FIELD(unit, factor, RATE, "Factor", "Przelicznik", .scale = 9, .initial = "1",
        .help = {"How many of the category's reference unit one unit is: kg 1, g 0.001.",
            "Ile jednostek podstawowych kategorii to jedna jednostka: kg 1, g 0,001."}),
    KT_FIELD(unit, rounding, QUANTITY, "Rounding", "Zaokrąglenie", .scale = 6, .initial = "0.001",
        .help = {"Quantities are multiples of this: 1 for pieces.",
            "Ilości są wielokrotnością tej: 1 dla sztuk."}));

struct unit_convert { /* the parameters of base.unit.convert */
    kt_record rec;
    kt_dec quantity;
    kt_id from, to, item;
};
const kt_shape unit_convert_shape = KT_SHAPE(unit_convert, NULL,
    KT_FIELD(unit_convert, quantity, QUANTITY, "Quantity", "Ilość", .scale = 6, .required = true),
    KT_FIELD(unit_convert, from, REF, "From", "Z jednostki", .target = "base.unit", .required = true),
    KT_FIELD(unit_convert, to, REF, "To", "Na jednostkę", .target = "base.unit", .required = true),
    KT_FIELD(unit_convert, item, REF, "Of the item", "Towaru", .target = "base.item",
        .help = {"With the units that it has of its own.", "Z jego własnymi jednostkami."}));
struct unit_converted {
    kt_record rec;
    kt_dec quantity, exact;
};
const kt_shape unit_converted_shape = KT_SHAPE(unit_converted, NULL,
    KT_FIELD(unit_converted, quantity, QUANTITY, "Quantity", "Ilość", .scale = 6,
        .help = {"Rounded as the unit says.", "Zaokrąglona według jednostki."}),
    KT_FIELD(unit_converted, exact, QUANTITY, "Unrounded", "Przed zaokrągleniem", .scale = 6));

struct item_category {
    kt_record rec;
    kt_str name;
    kt_id parent, tax_category;
};
const kt_shape item_category_shape = KT_SHAPE(item_category, "base.item_category",
    KT_FIELD(item_category, name, STRING, "Name", "Nazwa", .required = true, .max = 100, .searchable = true,
        .indexed = true, .priority = 1),
    KT_FIELD(
        item_category, parent, REF, "Part of", "Należy do", .target = "base.item_category", .priority = 2),
    KT_FIELD(item_category, tax_category, REF, "Tax category", "Kategoria podatkowa",
        .target = "base.tax_category",
        .help = {"Of its items, unless they name their own.", "Jej towarów, jeśli nie mają własnej."}));

enum item_kind { GOODS = 1, SERVICE };
static const kt_choice item_kinds[] = {
    {GOODS, "goods", {"Goods", "Towar"}}, {SERVICE, "service", {"Service", "Usługa"}}, {0}};

struct item {
    kt_record rec;
    kt_str code, name, description, barcode;
    kt_id unit, category, currency, tax_category;
    enum item_kind kind;
    bool sold, bought, made, active;
    kt_dec price, standard_cost, weight;
};
const kt_shape item_shape = KT_SHAPE(item, "base.item",
    KT_FIELD(item, code, STRING, "Code", "Kod", .required = true, .unique = true, .max = 40,
        .searchable = true, .priority = 1),
    KT_FIELD(item, name, STRING, "Name", "Nazwa", .required = true, .max = 200, .searchable = true,
        .indexed = true, .priority = 2),
    KT_FIELD(item, description, TEXT, "Description", "Opis"),
    KT_FIELD(item, kind, STATE, "Kind", "Rodzaj", .choices = item_kinds, .initial = "goods", .indexed = true),
    KT_FIELD(item, unit, REF, "Unit", "Jednostka", .target = "base.unit", .priority = 4),
    KT_FIELD(item, category, REF, "Category", "Kategoria", .target = "base.item_category", .priority = 5),
    KT_FIELD(item, barcode, STRING, "Barcode", "Kod kreskowy", .max = 40, .indexed = true, .searchable = true,
        .help = {"EAN-8, EAN-13 or GTIN-14 are checked.", "EAN-8, EAN-13 i GTIN-14 są sprawdzane."}),
    KT_FIELD(item, price, PRICE, "Price", "Cena", .scale = 4, .priority = 3,
        .help = {"Net list price of one unit.", "Katalogowa cena netto za jednostkę."}),
    KT_FIELD(item, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(item, standard_cost, PRICE, "Standard cost", "Koszt standardowy", .scale = 4, .group = "cost",
        .help = {"What one unit shall cost to buy or make, in the company's currency.",
            "Ile ma kosztować zakup albo wyprodukowanie jednostki, w walucie firmy."}),
    KT_FIELD(item, tax_category, REF, "Tax category", "Kategoria podatkowa", .target = "base.tax_category",
        .help = {"Empty: the category's, or the usual one.", "Puste: według kategorii albo zwykła."}),
    KT_FIELD(item, weight, QUANTITY, "Weight, kg", "Masa, kg", .scale = 6),
    KT_FIELD(item, sold, BOOL, "Sold", "Sprzedawany", .initial = "true"),
    KT_FIELD(item, bought, BOOL, "Bought", "Kupowany"), KT_FIELD(item, made, BOOL, "Made", "Produkowany"),
    KT_FIELD(item, active, BOOL, "Active", "Aktywny", .initial = "true"));

static const kt_dec zero = {0, 1};

static kt_error *above_zero(kt_tx *tx, const char *path, kt_dec value)
{
    if (value.scale1 == 0 || kt_dec_cmp(value, zero) > 0)
        return NULL;
    return kt_fail(tx, KT_VALIDATION, path, "must be above zero", "musi być większe od zera");
}

kt_error *unit_compute(kt_tx *tx, kt_record *self)
{
    const struct unit *u = KT_AS(unit, self);
    kt_error *all = NULL;
    kt_also(&all, above_zero(tx, "factor", u->factor));
    kt_also(&all, above_zero(tx, "rounding", u->rounding));
    return all;
}

/* The nearest multiple of step, half away from zero. */
static kt_dec to_multiple(kt_dec value, kt_dec step)
{
    if (step.scale1 == 0)
        return value;
    return kt_dec_mul(kt_dec_div(value, step, 0), step, 6);
}

static bool same_category(kt_str a, kt_str b)
{
    return a.len && a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static const char *text_of(kt_str s)
{
    return s.ptr ? s.ptr : "";
}

static kt_error *convert(
    kt_tx *tx, kt_dec quantity, kt_id from_id, kt_id to_id, kt_dec *exact, kt_dec *rounded)
{
    enum { OVERFLOWED = 255 };
    struct unit from = {KT_OF(unit)}, to = {KT_OF(unit)};
    *exact = *rounded = quantity;
    if (!from_id.v || !to_id.v)
        return NULL;
    KT_TRY(kt_read(tx, from_id, &from.rec));
    if (from_id.v == to_id.v)
        to = from;
    else
        KT_TRY(kt_read(tx, to_id, &to.rec));
    if (from_id.v != to_id.v && !same_category(from.category, to.category))
        return kt_hint(kt_fail(tx, KT_RULE, "to", "%s (%s) cannot be converted into %s (%s)",
                           "%s (%s) nie przelicza się na %s (%s)", text_of(from.code), text_of(from.category),
                           text_of(to.code), text_of(to.category)),
            "Only units of the same category convert into each other.",
            "Przeliczają się tylko jednostki tej samej kategorii.");
    if (from_id.v != to_id.v) {
        kt_dec factor_from = from.factor.scale1 ? from.factor : KT_DEC(1, 0);
        kt_dec factor_to = to.factor.scale1 ? to.factor : KT_DEC(1, 0);
        kt_dec product = {0, OVERFLOWED};
        for (uint8_t scale = KT_DEC_SCALE_MAX; scale > 5 && product.scale1 == OVERFLOWED; scale--)
            product = kt_dec_mul(quantity, factor_from, scale);
        *exact = kt_dec_div(product, factor_to, 6);
    }
    *rounded = to_multiple(*exact, to.rounding);
    if (exact->scale1 == OVERFLOWED || rounded->scale1 == OVERFLOWED)
        return kt_fail(tx, KT_VALIDATION, "quantity", "the quantity is too large to be converted",
            "ilość jest za duża, by ją przeliczyć");
    return NULL;
}

const kt_units units_service = {convert, convert_of_item};

kt_error *unit_convert(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct unit_convert *p = KT_SEE(unit_convert, params);
    struct unit_converted *out = KT_AS(unit_converted, result);
    return convert_of_item(tx, p->item, p->quantity, p->from, p->to, &out->exact, &out->quantity);
}

kt_error *item_category_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    enum { DEPTH_MAX = 50 };
    (void)before;
    if (!after)
        return NULL;
    kt_id at = KT_SEE(item_category, after)->parent;
    for (int depth = 0; at.v; depth++) {
        if (at.v == after->id.v || depth == DEPTH_MAX)
            return kt_fail(tx, KT_RULE, "parent", "a category cannot be a part of itself",
                "kategoria nie może być częścią samej siebie");
        struct item_category up = {KT_OF(item_category)};
        KT_TRY(kt_read(tx, at, &up.rec));
        at = up.parent;
    }
    return NULL;
}

/* source: GS1 General Specifications 7.9: weights 3 and 1 from the right */
static bool gtin_fits(kt_str code)
{
    int sum = 0;
    for (size_t i = 0; i < code.len; i++) {
        char c = code.ptr[code.len - 1 - i];
        if (c < '0' || c > '9')
            return true; /* another system of bar codes */
        sum += (c - '0') * (i % 2 ? 3 : 1);
    }
    return sum % 10 == 0;
}

kt_error *item_compute(kt_tx *tx, kt_record *self)
{
    const struct item *i = KT_AS(item, self);
    kt_error *all = NULL;
    bool gtin = i->barcode.len == 8 || i->barcode.len == 13 || i->barcode.len == 14;
    if (gtin && !gtin_fits(i->barcode))
        kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, "barcode", "the check digit of \"%s\" does not fit",
                                  "cyfra kontrolna „%s” się nie zgadza", i->barcode.ptr),
                          "Scan it again or compare it with the label.",
                          "Zeskanuj ponownie albo porównaj z etykietą."));
    if (i->price.scale1 && kt_dec_cmp(i->price, zero) < 0)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "price", "a price is not below zero", "cena nie jest ujemna"));
    if (i->standard_cost.scale1 && kt_dec_cmp(i->standard_cost, zero) < 0)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "standard_cost", "a cost is not below zero", "koszt nie jest ujemny"));
    return all;
}
