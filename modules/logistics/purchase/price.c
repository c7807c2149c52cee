/* What suppliers ask for what they sell. */
#include "purchase/purchase.h"

enum { LEAD_DAYS_MAX = 3650 };

const kt_shape price_break_shape = KT_SHAPE(price_break, NULL,
    KT_FIELD(price_break, quantity, QUANTITY, "From quantity", "Od ilości", .scale = 4, .required = true,
        .priority = 1),
    KT_FIELD(price_break, price, PRICE, "Price", "Cena", .scale = 4, .required = true, .priority = 2));

const kt_shape supplier_price_shape = KT_SHAPE(supplier_price, "logistics.supplier_price",
    KT_FIELD(supplier_price, party, REF, "Supplier", "Dostawca", .target = "base.party", .required = true,
        .priority = 1),
    KT_FIELD(supplier_price, item, REF, "Item", "Towar lub usługa", .target = "base.item", .required = true,
        .on_delete = KT_CASCADE, .priority = 2),
    KT_FIELD(supplier_price, code, STRING, "Supplier's code", "Kod u dostawcy", .max = 60, .searchable = true,
        .indexed = true),
    KT_FIELD(supplier_price, name, STRING, "Supplier's name of it", "Nazwa u dostawcy", .max = 200,
        .searchable = true),
    KT_FIELD(supplier_price, price, PRICE, "Price", "Cena", .scale = 4, .required = true, .priority = 3,
        .help = {"Net, of one unit.", "Netto, za jednostkę."}),
    KT_FIELD(supplier_price, currency, REF, "Currency", "Waluta", .target = "base.currency", .priority = 4,
        .help = {"Empty: the company's.", "Puste: waluta firmy."}),
    KT_FIELD(supplier_price, unit, REF, "Unit", "Jednostka", .target = "base.unit",
        .help = {"In which it is sold; empty: the item's own.",
            "W której sprzedaje; puste: jednostka towaru."}),
    KT_FIELD(supplier_price, breaks, LINES, "Price breaks", "Progi cenowe", .lines = &price_break_shape,
        .max = 20, .help = {"Another price from a quantity on.", "Inna cena od podanej ilości."}),
    KT_FIELD(supplier_price, minimum, QUANTITY, "At least", "Najmniej", .scale = 4,
        .help = {"Least quantity of one order, in the supplier's unit.",
            "Najmniejsza ilość w zamówieniu, w jednostce dostawcy."}),
    KT_FIELD(supplier_price, multiple, QUANTITY, "In multiples of", "Wielokrotność", .scale = 4),
    KT_FIELD(supplier_price, lead_days, INT, "Lead time, days", "Czas dostawy, dni", .priority = 5,
        .help = {"From the order to the stores; it ends on a working day.",
            "Od zamówienia do magazynu; kończy się w dniu roboczym."}),
    KT_FIELD(supplier_price, valid_from, DATE, "Valid from", "Ważna od"),
    KT_FIELD(supplier_price, valid_to, DATE, "Valid to", "Ważna do"),
    KT_FIELD(supplier_price, preferred, BOOL, "Preferred", "Preferowana",
        .help = {"Is taken before cheaper ones.", "Wybierana przed tańszymi."}),
    KT_FIELD(supplier_price, active, BOOL, "Active", "Aktywna", .initial = "true"));

static kt_error *check_breaks(kt_tx *tx, const struct supplier_price *p)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < p->breaks.count; i++) {
        const struct price_break *b = KT_AS(price_break, kt_line(&p->breaks, i));
        kt_also(&all, not_below(tx, path_of(tx, "breaks", i, "quantity"), b->quantity, true));
        kt_also(&all, not_below(tx, path_of(tx, "breaks", i, "price"), b->price, false));
        for (size_t k = 0; k < i; k++)
            if (kt_dec_cmp(KT_AS(price_break, kt_line(&p->breaks, k))->quantity, b->quantity) == 0)
                kt_also(
                    &all, kt_fail(tx, KT_VALIDATION, path_of(tx, "breaks", i, "quantity"),
                              "there is a break at this quantity already", "jest już próg od tej ilości"));
    }
    return all;
}

kt_error *supplier_price_compute(kt_tx *tx, kt_record *self)
{
    struct supplier_price *p = KT_AS(supplier_price, self);
    struct goods item = {KT_OF(goods)};
    kt_error *all = check_breaks(tx, p);
    kt_dec own;
    kt_also(&all, not_below(tx, "price", p->price, false));
    kt_also(&all, not_below(tx, "minimum", p->minimum, false));
    kt_also(&all, not_below(tx, "multiple", p->multiple, true));
    if (p->lead_days < 0 || p->lead_days > LEAD_DAYS_MAX)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "lead_days", "%lld is not within 0 to %d days",
                          "%lld nie mieści się między 0 a %d dni", (long long)p->lead_days, LEAD_DAYS_MAX));
    if (p->valid_to.day && p->valid_to.day < p->valid_from.day)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "valid_to", "ends before it begins", "kończy się, zanim się zacznie"));
    if (!p->currency.v)
        KT_TRY(own_currency(tx, &p->currency));
    if (!p->unit.v || !p->item.v)
        return all;
    KT_TRY(kt_read(tx, p->item, &item.rec));
    kt_error *unit = kt_in_unit(tx, p->item, KT_DEC(1, 0), p->unit, item.unit, &own);
    if (unit)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "unit", "the item's own unit cannot be converted into it",
                          "jednostki towaru nie da się na nią przeliczyć"));
    return all;
}
