/* Which supplier: everybody's price for a quantity on a day, brought to the company's currency and the item's own
 * unit, best first. Each offer says why it stands where it does: that is the explanation. */
#include <stdlib.h>

#include <kontor/list.h>

#include "purchase/purchase.h"

static const kt_choice verdicts[] = {
    {CHOSEN, "chosen", {"Chosen", "Wybrana"}},
    {NOT_PREFERRED, "not_preferred", {"Another is preferred", "Inna jest preferowana"}},
    {DEARER, "dearer", {"Dearer", "Droższa"}},
    {SLOWER, "slower", {"As cheap, but slower", "Równie tania, ale wolniejsza"}},
    {LATER_KNOWN, "later_known", {"Equal; another was known first", "Równa; inna była znana wcześniej"}},
    {OUT_OF_DATE, "out_of_date", {"Not valid on the day", "Nie obowiązuje w tym dniu"}},
    {NO_RATE, "no_rate", {"There is no rate of its currency", "Brak kursu jej waluty"}},
    {NO_PRICE, "no_price", {"The amount does not fit", "Kwota się nie mieści"}},
    {0},
};
enum { OVERFLOWED = 255 };

struct step_unit {
    kt_record rec;
    kt_dec rounding;
};
static const kt_shape step_unit_shape = KT_SHAPE(
    step_unit, "base.unit", KT_BIND(step_unit, rounding, QUANTITY, "rounding"));

/* ---- One offer ---- */

kt_dec to_be_bought(kt_dec wanted, kt_dec minimum, kt_dec step)
{
    const kt_dec quantity = larger(wanted, minimum);
    if (step.coef <= 0)
        return quantity;
    kt_dec times = kt_dec_div(quantity, step, 0);
    if (kt_dec_cmp(kt_dec_mul(times, step, 6), quantity) < 0)
        times = kt_dec_add(times, KT_DEC(1, 0));
    return kt_dec_mul(times, step, 4);
}

/* What has to be bought for the quantity: in whole steps of the supplier's unit, at least the minimum. */
static kt_error *find_quantity(kt_tx *tx, const struct goods *item, kt_dec wanted, struct offer *o)
{
    const struct supplier_price *p = &o->price;
    kt_dec step = p->multiple;
    struct step_unit unit = {KT_OF(step_unit)};
    const kt_id bought_in = p->unit.v ? p->unit : item->unit;
    KT_TRY(kt_in_unit(tx, item->rec.id, wanted, item->unit, p->unit, &o->quantity));
    if (bought_in.v)
        KT_TRY(kt_read(tx, bought_in, &unit.rec));
    if (!step.scale1 && bought_in.v != item->unit.v)
        step = unit.rounding;
    o->quantity = to_be_bought(o->quantity, p->minimum, step);
    if (!p->unit.v ||
        p->unit.v == item->unit.v) /* half a piece of it never comes, whatever minimum and multiple say */
        o->quantity = to_be_bought(o->quantity, (kt_dec){0}, unit.rounding);
    return kt_in_unit(tx, item->rec.id, o->quantity, p->unit, item->unit, &o->bought);
}

static kt_dec price_for(const struct supplier_price *p, kt_dec quantity)
{
    kt_dec price = p->price, from = {0};
    for (size_t i = 0; i < p->breaks.count; i++) {
        const struct price_break *b = KT_AS(price_break, kt_line(&p->breaks, i));
        if (kt_dec_cmp(b->quantity, quantity) > 0 || kt_dec_cmp(b->quantity, from) < 0)
            continue;
        from = b->quantity;
        price = b->price;
    }
    return price;
}

static bool holds(const struct supplier_price *p, kt_date day)
{
    return p->valid_from.day <= day.day && (!p->valid_to.day || p->valid_to.day >= day.day);
}

static kt_error *fill(
    kt_tx *tx, const struct goods *item, kt_id home, const struct offer_query *query, struct offer *o)
{
    KT_TRY(find_quantity(tx, item, query->quantity, o));
    o->unit_price = price_for(&o->price, o->quantity);
    kt_dec whole = kt_dec_mul(o->unit_price, o->quantity, 6), own = whole;
    if (whole.scale1 != OVERFLOWED && o->price.currency.v != home.v)
        KT_TRY(in_own_currency(tx, whole, o->price.currency, query->day, 6, &own));
    o->cost = own.scale1 ? kt_dec_div(own, o->bought, 6) : own;
    o->verdict = whole.scale1 == OVERFLOWED || o->cost.scale1 == OVERFLOWED ? NO_PRICE
                 : !own.scale1                                              ? NO_RATE
                 : !holds(&o->price, query->day)                            ? OUT_OF_DATE
                                                                            : 0;
    return NULL;
}

/* ---- All of them ---- */

static int compare_ids(kt_id a, kt_id b)
{
    return (a.v > b.v) - (a.v < b.v);
}

static int by_worth(const void *a, const void *b)
{
    const struct offer *x = a, *y = b;
    if (x->verdict != y->verdict)
        return x->verdict < y->verdict ? -1 : 1;
    if (x->price.preferred != y->price.preferred)
        return x->price.preferred ? -1 : 1;
    if (kt_dec_cmp(x->cost, y->cost) != 0)
        return kt_dec_cmp(x->cost, y->cost);
    if (x->price.lead_days != y->price.lead_days)
        return x->price.lead_days < y->price.lead_days ? -1 : 1;
    int party = compare_ids(x->price.party, y->price.party);
    return party ? party : compare_ids(x->price.rec.id, y->price.rec.id);
}

static void judge(struct offers *found)
{
    const struct offer *first = found->items;
    for (size_t i = 0; i < found->count && !found->items[i].verdict; i++) {
        struct offer *o = &found->items[i];
        o->verdict = i == 0                                          ? CHOSEN
                     : first->price.preferred && !o->price.preferred ? NOT_PREFERRED
                     : kt_dec_cmp(o->cost, first->cost) > 0          ? DEARER
                     : o->price.lead_days > first->price.lead_days   ? SLOWER
                                                                     : LATER_KNOWN;
    }
}

/* Their prices, as they stand. */
static kt_error *collect(kt_tx *tx, const struct offer_query *query, struct offers *found)
{
    kt_where where[4] = {
        KT_WHERE(supplier_price, item, KT_EQ, query->item), KT_WHERE(supplier_price, active, KT_EQ, true)};
    struct supplier_price p = {KT_OF(supplier_price)};
    size_t room = 0;
    bool enough = true;
    kt_cursor *cursor;
    if (query->party.v)
        where[2] = (kt_where){offsetof(struct supplier_price, party), KT_EQ, &query->party};
    *found = (struct offers){0};
    KT_TRY(kt_open(tx, &(kt_query){.of = &supplier_price_shape, .where = where}, &cursor));
    while (enough && kt_next(cursor, &p.rec)) {
        found->items = kt_grow(tx, found->items, found->count, &room, sizeof *found->items);
        if ((enough = found->items))
            found->items[found->count++] = (struct offer){.price = p};
    }
    KT_TRY(kt_close(cursor));
    return enough ? NULL : kt_no_memory();
}

kt_error *offers_find(kt_tx *tx, const struct offer_query *query, struct offers *found)
{
    struct goods item = {KT_OF(goods)};
    kt_id home;
    KT_TRY(collect(tx, query, found));
    if (!found->count)
        return NULL;
    KT_TRY(kt_read(tx, query->item, &item.rec));
    KT_TRY(own_currency(tx, &home));
    for (size_t i = 0; i < found->count; i++)
        KT_TRY(fill(tx, &item, home, query, &found->items[i]));
    qsort(found->items, found->count, sizeof *found->items, by_worth);
    judge(found);
    return delivery_day(tx, query->day, found->items[0].price.lead_days, &found->items[0].day);
}

const struct offer *offers_best(const struct offers *offers)
{
    return offers->count && offers->items[0].verdict == CHOSEN ? &offers->items[0] : NULL;
}

struct asked_in { /* base.currency */
    kt_record rec;
    kt_str code;
};
static const kt_shape asked_in_shape = KT_SHAPE(
    asked_in, "base.currency", KT_BIND(asked_in, code, STRING, "code"));

kt_error *offers_hindrance(kt_tx *tx, const struct offers *offers, kt_date day, kt_text *why)
{
    const struct offer *o = offers->items, *end = o + offers->count;
    struct asked_in currency = {KT_OF(asked_in)};
    kt_str name;
    while (o < end && (o->verdict != NO_RATE || !holds(&o->price, day)))
        o++;
    if (o == end)
        return NULL;
    KT_TRY(kt_read(tx, o->price.currency, &currency.rec));
    KT_TRY(party_name(tx, o->price.party, &name));
    const char *on = day_words(tx, day);
    *why = (kt_text){kt_format(tx, "%s asks its price in %s, of which there is no rate for %s: enter one",
                         name.ptr ? name.ptr : "", currency.code.ptr, on)
                         .ptr,
        kt_format(tx, "%s podaje cenę w %s, a nie ma jej kursu na %s: wpisz go", name.ptr ? name.ptr : "",
            currency.code.ptr, on)
            .ptr};
    return NULL;
}

kt_error *lot_bought(kt_tx *tx, kt_id item, kt_id party, kt_dec quantity, kt_dec *bought)
{
    struct offers found;
    KT_TRY(offers_find(tx, &(struct offer_query){item, party, quantity, kt_today(tx)}, &found));
    const struct offer *best = offers_best(&found);
    *bought = best ? best->bought : quantity;
    return NULL;
}

/* ---- logistics.supplier.best ---- */

struct best { /* its parameters */
    kt_record rec;
    kt_id item, party;
    kt_dec quantity;
    kt_date day;
};
const kt_shape best_shape = KT_SHAPE(best, NULL,
    KT_FIELD(best, item, REF, "Item", "Towar lub usługa", .target = "base.item", .required = true),
    KT_FIELD(best, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .initial = "1",
        .help = {"In the item's own unit.", "W jednostce towaru."}),
    KT_FIELD(best, day, DATE, "Ordered on", "Zamówione dnia", .initial = "today"),
    KT_FIELD(best, party, REF, "Only this supplier", "Tylko ten dostawca", .target = "base.party"));
struct best_offer {
    kt_record rec;
    kt_id party, supplier_price, currency, unit;
    kt_str name;
    enum verdict verdict;
    kt_dec quantity, bought, price, cost, total;
    int64_t lead_days;
    kt_date day;
};
static const kt_shape best_offer_shape = KT_SHAPE(best_offer, NULL,
    KT_FIELD(best_offer, verdict, STATE, "Why it stands here", "Dlaczego na tym miejscu", .choices = verdicts,
        .priority = 1),
    KT_FIELD(best_offer, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(best_offer, name, STRING, "Supplier's name", "Nazwa dostawcy", .priority = 2),
    KT_FIELD(best_offer, supplier_price, REF, "Price", "Wiersz ceny", .target = "logistics.supplier_price"),
    KT_FIELD(best_offer, price, PRICE, "Price of the supplier's unit", "Cena za jednostkę dostawcy",
        .scale = 4, .priority = 3),
    KT_FIELD(best_offer, currency, REF, "Currency", "Waluta", .target = "base.currency"),
    KT_FIELD(best_offer, unit, REF, "Supplier's unit", "Jednostka dostawcy", .target = "base.unit"),
    KT_FIELD(best_offer, quantity, QUANTITY, "To be ordered, supplier's unit",
        "Do zamówienia, jedn. dostawcy", .scale = 4),
    KT_FIELD(best_offer, bought, QUANTITY, "To be ordered, own unit", "Do zamówienia, jedn. towaru",
        .scale = 4, .help = {"By minimum and multiple.", "Według minimum i wielokrotności."}),
    KT_FIELD(best_offer, cost, PRICE, "Price in the company's currency", "Cena w walucie firmy", .scale = 6,
        .priority = 4, .help = {"Of the item's own unit.", "Za jednostkę towaru."}),
    KT_FIELD(best_offer, total, MONEY, "In all, company's currency", "Razem w walucie firmy", .scale = 2),
    KT_FIELD(best_offer, lead_days, INT, "Lead time, days", "Czas dostawy, dni", .required = true),
    KT_FIELD(best_offer, day, DATE, "There on", "Będzie dnia", .priority = 5));
struct best_found {
    kt_record rec;
    kt_id party, supplier_price;
    kt_dec bought, cost;
    kt_date day;
    kt_lines offers;
};
const kt_shape best_found_shape = KT_SHAPE(best_found, NULL,
    KT_FIELD(best_found, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(best_found, supplier_price, REF, "Price", "Wiersz ceny", .target = "logistics.supplier_price"),
    KT_FIELD(best_found, bought, QUANTITY, "To be ordered", "Do zamówienia", .scale = 4),
    KT_FIELD(best_found, cost, PRICE, "Price in the company's currency", "Cena w walucie firmy", .scale = 6),
    KT_FIELD(best_found, day, DATE, "There on", "Będzie dnia"),
    KT_FIELD(best_found, offers, LINES, "Offers, best first", "Oferty, od najlepszej",
        .lines = &best_offer_shape));

static kt_error *show(kt_tx *tx, kt_date ordered, const struct offer *o, kt_lines *offers)
{
    struct best_offer row = {KT_OF(best_offer), .verdict = o->verdict, .party = o->price.party,
        .supplier_price = o->price.rec.id, .currency = o->price.currency, .unit = o->price.unit,
        .quantity = o->quantity, .bought = o->bought, .price = o->unit_price, .cost = o->cost,
        .total = kt_dec_mul(o->cost, o->bought, 2), .lead_days = o->price.lead_days};
    KT_TRY(delivery_day(tx, ordered, o->price.lead_days, &row.day));
    KT_TRY(party_name(tx, o->price.party, &row.name));
    return kt_line_add(tx, offers, &row.rec);
}

kt_error *supplier_best(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct best *p = KT_SEE(best, params);
    struct best_found *out = KT_AS(best_found, result);
    struct offers found;
    KT_TRY(not_below(tx, "quantity", p->quantity, true));
    KT_TRY(offers_find(tx, &(struct offer_query){p->item, p->party, p->quantity, p->day}, &found));
    const struct offer *best = offers_best(&found);
    if (best) {
        out->party = best->price.party;
        out->supplier_price = best->price.rec.id;
        out->bought = best->bought;
        out->cost = best->cost;
        out->day = best->day;
    }
    for (size_t i = 0; i < found.count; i++)
        KT_TRY(show(tx, p->day, &found.items[i], &out->offers));
    return NULL;
}
