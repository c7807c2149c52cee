/* Price lists: for whom, when, in which currency; and their rows by item or category and quantity. A list may
 * stand on another one by a formula; a row goes before the formula. */
#include "sales/sales.h"

const kt_shape price_list_shape = KT_SHAPE(price_list, "crm.price_list",
    KT_FIELD(price_list, name, STRING, "Name", "Nazwa", .required = true, .unique = true, .max = 100,
        .searchable = true, .priority = 1),
    KT_FIELD(price_list, currency, REF, "Currency", "Waluta", .target = "base.currency", .required = true,
        .priority = 2),
    KT_FIELD(price_list, tax_included, BOOL, "Prices include tax", "Ceny z podatkiem", .priority = 3),
    KT_FIELD(price_list, initial, BOOL, "For everybody", "Dla wszystkich", .priority = 4,
        .help = {"The list for customers that no other one names.",
            "Cennik dla klientów, których nie wymienia żaden inny."}),
    KT_FIELD(price_list, parties, REFS, "Customers", "Klienci", .target = "base.party", .on_delete = KT_CLEAR,
        .priority = 5),
    KT_FIELD(price_list, tags, REFS, "Customers with a tag", "Klienci z etykietą", .target = "base.tag",
        .on_delete = KT_CLEAR, .priority = 6),
    KT_FIELD(price_list, segment, REF, "Customers of a segment", "Klienci z segmentu",
        .target = "crm.segment", .on_delete = KT_CLEAR,
        .help = {"Whoever belongs to it on the day when the price is asked for.",
            "Kto należy do niego w chwili pytania o cenę."}),
    KT_FIELD(price_list, priority, INT, "Priority", "Pierwszeństwo",
        .help = {"Of several that fit equally well the highest is asked first.",
            "Z kilku pasujących tak samo pierwszy pytany jest najwyższy."}),
    KT_FIELD(price_list, valid_from, DATE, "Valid from", "Obowiązuje od", .priority = 7),
    KT_FIELD(price_list, valid_to, DATE, "Valid to", "Obowiązuje do", .priority = 8),
    KT_FIELD(price_list, base, REF, "Based on", "Na podstawie cennika", .target = "crm.price_list",
        .help = {"What has no row here costs what that list says, converted by the day's rate, then by the "
                 "formula.",
            "Co nie ma tu wiersza, kosztuje tyle co tam, po kursie dnia, potem według formuły."}),
    KT_FIELD(price_list, percent, PERCENT, "Formula: change, %", "Formuła: zmiana, %", .scale = 2,
        .help = {"-10 is ten per cent less. Without a list to base it on: of the item's own price.",
            "-10 to dziesięć procent mniej. Bez cennika podstawowego: od ceny z karty towaru."}),
    KT_FIELD(price_list, round_to, PRICE, "Formula: rounded to", "Formuła: zaokrąglenie do", .scale = 4,
        .help = {"Multiples of this: 1, 0.05, 100.", "Wielokrotności tej kwoty: 1, 0,05, 100."}),
    KT_FIELD(price_list, ending, PRICE, "Formula: then less", "Formuła: potem mniej o", .scale = 4,
        .help = {"0.01 with a rounding to 1 makes prices that end in .99.",
            "0,01 przy zaokrągleniu do 1 daje ceny kończące się na ,99."}),
    KT_FIELD(price_list, active, BOOL, "Active", "Aktywny", .initial = "true"));

const kt_shape price_shape = KT_SHAPE(price, "crm.price",
    KT_FIELD(price, list, REF, "Price list", "Cennik", .target = "crm.price_list", .required = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(price, item, REF, "Item", "Towar lub usługa", .target = "base.item", .on_delete = KT_CASCADE,
        .priority = 2),
    KT_FIELD(price, category, REF, "Category", "Kategoria", .target = "base.item_category",
        .on_delete = KT_CASCADE, .priority = 3,
        .help = {"Instead of an item: all items in it and below it.",
            "Zamiast towaru: wszystkie towary w niej i poniżej."}),
    KT_FIELD(price, quantity, QUANTITY, "From quantity", "Od ilości", .scale = 4, .priority = 4,
        .help = {"The break: at least this many.", "Próg: co najmniej tyle."}),
    KT_FIELD(price, price, PRICE, "Price", "Cena", .scale = 4, .priority = 5),
    KT_FIELD(price, unit, REF, "Per unit", "Za jednostkę", .target = "base.unit",
        .help = {"Of which the price and the break speak. Empty: the item's own.",
            "W której podano cenę i próg. Puste: jednostka towaru."}),
    KT_FIELD(price, percent, PERCENT, "Change, %", "Zmiana, %", .scale = 2, .priority = 6,
        .help = {"Instead of a price: so much off (-) or on the price that the list is based on.",
            "Zamiast ceny: o tyle mniej (-) lub więcej od ceny, na której oparto cennik."}),
    KT_FIELD(price, valid_from, DATE, "Valid from", "Obowiązuje od", .priority = 7),
    KT_FIELD(price, valid_to, DATE, "Valid to", "Obowiązuje do", .priority = 8));

static kt_error *check_days(kt_tx *tx, kt_date from, kt_date to)
{
    if (!to.day || to.day >= from.day)
        return NULL;
    return kt_fail(tx, KT_VALIDATION, "valid_to", "ends before it begins", "kończy się przed początkiem");
}

static kt_error *not_below(kt_tx *tx, const char *path, kt_dec value, kt_dec least)
{
    if (!value.scale1 || kt_dec_cmp(value, least) >= 0)
        return NULL;
    return kt_fail(tx, KT_VALIDATION, path, "is too small", "jest za małe");
}

kt_error *price_list_compute(kt_tx *tx, kt_record *self)
{
    const struct price_list *l = KT_AS(price_list, self);
    kt_error *all = NULL;
    kt_also(&all, check_days(tx, l->valid_from, l->valid_to));
    kt_also(&all, not_below(tx, "percent", l->percent, KT_DEC(-100, 0)));
    kt_also(&all, not_below(tx, "round_to", l->round_to, KT_DEC(0, 0)));
    kt_also(&all, not_below(tx, "ending", l->ending, KT_DEC(0, 0)));
    return all;
}

kt_error *price_list_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    enum { DEPTH_MAX = 8 };
    (void)before;
    if (!after)
        return NULL;
    kt_id at = KT_SEE(price_list, after)->base;
    for (int depth = 0; at.v; depth++) {
        struct price_list base = {KT_OF(price_list)};
        if (at.v == after->id.v || depth == DEPTH_MAX)
            return kt_fail(tx, KT_RULE, "base", "a price list cannot stand on itself, nor %d deep",
                "cennik nie może opierać się na sobie ani na %d kolejnych", DEPTH_MAX);
        KT_TRY(kt_read(tx, at, &base.rec));
        at = base.base;
    }
    return NULL;
}

kt_error *price_compute(kt_tx *tx, kt_record *self)
{
    const struct price *p = KT_AS(price, self);
    kt_error *all = NULL;
    kt_also(&all, check_days(tx, p->valid_from, p->valid_to));
    kt_also(&all, not_below(tx, "price", p->price, KT_DEC(0, 0)));
    kt_also(&all, not_below(tx, "percent", p->percent, KT_DEC(-100, 0)));
    if (!p->item.v == !p->category.v)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "item", "give an item or a category", "podaj towar albo kategorię"));
    if (!p->price.scale1 == !p->percent.scale1)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "price", "give a price or a change in per cent",
                          "podaj cenę albo zmianę w procentach"));
    return all;
}
