/* Which supply covers which demand. A demand's peggings always sum up to what it still needs: they lessen
 * when it is used, released, or covered in another way. */
#include "supply/pegging.h"

#include <kontor/list.h>
#include <kontor/plan.h>

const kt_shape pegging_shape = KT_SHAPE(pegging, "base.pegging",
    KT_FIELD(pegging, demand, REF, "Needed for", "Dla czego", .target = "*", .required = true,
        .on_delete = KT_CASCADE, .fixed = true, .priority = 1),
    KT_FIELD(pegging, line, INT, "Its line", "Pozycja", .fixed = true),
    KT_FIELD(pegging, item, REF, "Item", "Towar", .target = "base.item", .required = true, .fixed = true,
        .seldom = true, .priority = 2),
    KT_FIELD(pegging, kind, STATE, "Comes from", "Skąd", .choices = kt_supply_kinds, .required = true,
        .priority = 3),
    KT_FIELD(pegging, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true, .priority = 4),
    KT_FIELD(pegging, needed, DATE, "Needed on", "Potrzebne na", .priority = 5),
    KT_FIELD(pegging, day, DATE, "There on", "Będzie dnia", .priority = 6,
        .help = {"Empty: nobody knows.", "Puste: nie wiadomo."}),
    KT_FIELD(pegging, promised, DATE, "Promised first for", "Obiecane najpierw na"),
    KT_FIELD(pegging, came, DATE, "Came on", "Przyszło dnia",
        .help = {"It is blocked, expired, or not entered in the stores.",
            "Jest zablokowane, przeterminowane albo nie wprowadzone do magazynu."}),
    KT_FIELD(pegging, supply, REF, "Covered by", "Czym pokryte", .target = "*", .on_delete = KT_CLEAR,
        .priority = 7),
    KT_FIELD(pegging, cost, MONEY, "Cost", "Koszt", .scale = 2, .group = "cost"),
    KT_FIELD(pegging, minutes, INT, "Working minutes", "Minuty pracy"),
    KT_FIELD(pegging, level, INT, "Level", "Poziom",
        .help = {"0: a customer's demand; components are one deeper than what they go into.",
            "0: zapotrzebowanie klienta; składniki są o jeden niżej niż to, do czego wchodzą."}),
    KT_FIELD(pegging, warehouse, REF, "Warehouse", "Magazyn", .target = "*", .on_delete = KT_CLEAR),
    KT_FIELD(pegging, freed_by, REF, "Was reserved for", "Było zarezerwowane dla", .target = "*",
        .on_delete = KT_CLEAR,
        .help = {"Who gave it back, or what brought it.", "Kto je zwolnił albo co je przyniosło."}),
    KT_FIELD(pegging, reason, STRING, "Why", "Uzasadnienie po angielsku", .max = 300),
    KT_FIELD(pegging, reason_pl, STRING, "Why, in Polish", "Uzasadnienie", .max = 300),
    KT_FIELD(pegging, beside, BOOL, "Comes with other goods", "Powstaje przy okazji",
        .help = {"A by-product of what is made for others.",
            "Produkt uboczny tego, co powstaje dla innych."}),
    KT_FIELD(pegging, via, REF, "Sent on from", "Wysyłane dalej z", .target = "*", .on_delete = KT_CLEAR,
        .help = {"The warehouse that it comes to first.", "Magazyn, do którego najpierw przyjdzie."}),
    KT_FIELD(pegging, way_days, INT, "Days on the way from there", "Dni w drodze stamtąd"),
    KT_FIELD(pegging, missed, REF, "Item that is missing", "Brakujący towar", .target = "base.item",
        .computed = true, .show_if = "false"),
    KT_FIELD(pegging, late, BOOL, "Late", "Opóźnione", .computed = true,
        .help = {"It is missing, or nobody knows when it comes, or it comes after it is needed; what is "
                 "needed on no day, after "
                 "what was promised first.",
            "Brakuje tego albo nie wiadomo, kiedy będzie, albo będzie po terminie; bez terminu: później, niż "
            "najpierw "
            "obiecano."}));

kt_error *pegging_compute(kt_tx *tx, kt_record *self)
{
    struct pegging *p = KT_AS(pegging, self);
    p->promised = p->promised.day ? p->promised : p->day;
    const kt_cover part = pegging_part(p);
    p->late = kt_cover_late(&part);
    p->missed = p->kind == KT_MISSING ? p->item : (kt_id){0};
    if (p->quantity.scale1 && p->quantity.coef <= 0)
        return kt_fail(tx, KT_VALIDATION, "quantity", "must be above zero", "musi być większe od zera");
    return NULL;
}

/* ---- Finding ---- */

static kt_error *find(kt_tx *tx, const kt_query *query, struct peggings *found)
{
    struct pegging one = {KT_OF(pegging)};
    size_t room = 0;
    bool enough = true;
    kt_cursor *cursor;
    *found = (struct peggings){0};
    KT_TRY(kt_open(tx, query, &cursor));
    while (enough && kt_next(cursor, &one.rec)) {
        found->items = kt_grow(tx, found->items, found->count, &room, sizeof one);
        if ((enough = found->items))
            found->items[found->count++] = one;
    }
    KT_TRY(kt_close(cursor));
    return enough ? NULL : kt_no_memory();
}

kt_error *peggings_of_demand(kt_tx *tx, kt_id demand, int64_t line, struct peggings *found)
{
    const kt_where of_line[] = {
        KT_WHERE(pegging, demand, KT_EQ, demand), KT_WHERE(pegging, line, KT_EQ, line), {0}};
    const kt_where of_all[] = {KT_WHERE(pegging, demand, KT_EQ, demand), {0}};
    return find(tx, &(kt_query){&pegging_shape, line ? of_line : of_all, "id"}, found);
}

int peggings_by_need(const struct pegging *a, const struct pegging *b)
{
    if (a->needed.day != b->needed.day)
        return a->needed.day < b->needed.day ? -1 : 1;
    return (a->rec.id.v > b->rec.id.v) - (a->rec.id.v < b->rec.id.v);
}

kt_error *peggings_of_supply(kt_tx *tx, kt_id supply, kt_id item, struct peggings *found)
{
    const kt_where of_item[] = {
        KT_WHERE(pegging, supply, KT_EQ, supply), KT_WHERE(pegging, item, KT_EQ, item), {0}};
    const kt_where of_all[] = {KT_WHERE(pegging, supply, KT_EQ, supply), {0}};
    return find(tx, &(kt_query){&pegging_shape, item.v ? of_item : of_all, PEGGINGS_BY_NEED}, found);
}

kt_error *peggings_missing(kt_tx *tx, kt_id item, struct peggings *found)
{
    const kt_where where[] = {KT_WHERE(pegging, missed, KT_EQ, item), {0}};
    return find(tx, &(kt_query){&pegging_shape, where, PEGGINGS_BY_NEED}, found);
}

kt_error *peggings_learn_missed(kt_tx *tx)
{
    const kt_where where[] = {KT_WHERE(pegging, kind, KT_EQ, KT_MISSING), {0}};
    struct peggings all;
    KT_TRY(find(tx, &(kt_query){&pegging_shape, where, "id"}, &all));
    for (size_t i = 0; i < all.count; i++)
        if (!all.items[i].missed.v)
            KT_TRY(kt_update(tx, &all.items[i].rec));
    return NULL;
}

kt_date peggings_day(const struct peggings *all)
{
    kt_date latest = {0};
    for (size_t i = 0; i < all->count; i++) {
        if (!all->items[i].day.day)
            return (kt_date){0};
        if (all->items[i].day.day > latest.day)
            latest = all->items[i].day;
    }
    return latest;
}

kt_error *promise_of(kt_tx *tx, kt_id demand, int64_t line, kt_date *day)
{
    struct peggings all;
    *day = (kt_date){0};
    KT_TRY(peggings_of_demand(tx, demand, line, &all));
    *day = peggings_day(&all);
    return NULL;
}

/* ---- Changing ---- */

kt_dec least(kt_dec a, kt_dec b)
{
    return kt_dec_cmp(a, b) <= 0 ? a : b;
}

kt_ready ready_take(kt_ready *from, kt_dec quantity)
{
    kt_ready taken = {least(from->quantity, quantity), from->cost};
    kt_ready left = {kt_dec_sub(from->quantity, taken.quantity), from->cost};
    if (from->cost.scale1) {
        left.cost = kt_dec_share(from->cost, left.quantity, from->quantity, 2);
        taken.cost = kt_dec_sub(from->cost, left.cost);
    }
    *from = left;
    return taken;
}

kt_error *pegging_lessen(kt_tx *tx, struct pegging *p, kt_dec quantity)
{
    kt_ready left = {p->quantity, p->cost};
    (void)ready_take(&left, quantity);
    if (left.quantity.coef <= 0)
        return kt_delete(tx, &p->rec);
    p->quantity = left.quantity;
    p->cost = left.cost;
    return kt_update(tx, &p->rec);
}

bool lies_ready(const struct pegging *p)
{
    return p->kind == KT_FROM_STOCK && !p->supply.v;
}

void lay_there(const kt_tx *tx, kt_cover *part)
{
    part->kind = KT_FROM_STOCK;
    part->day = kt_today(tx);
    part->document = (kt_id){0};
    part->reason = (kt_text){
        "it is there, though nobody keeps stock", "jest, choć nikt nie prowadzi magazynu"};
}

static kt_str said(const char *text)
{
    size_t len = 0;
    while (text && text[len])
        len++;
    return (kt_str){text, len};
}

kt_str pegging_words(kt_tx *tx, const char *text)
{
    return text ? kt_format(tx, "%s", text) : (kt_str){0};
}

void pegging_because(kt_tx *tx, struct pegging *p, kt_text reason)
{
    p->reason = pegging_words(tx, reason.en);
    p->reason_pl = pegging_words(tx, reason.pl);
}

/* The pegging of a line to the same stock, if there is one already. */
static struct pegging *on_stock(const struct peggings *all, const kt_cover *part)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].kind == KT_FROM_STOCK && all->items[i].item.v == part->item.v &&
            all->items[i].supply.v == part->document.v)
            return &all->items[i];
    return NULL;
}

kt_error *pegging_remember(kt_tx *tx, const kt_demand *demand, const kt_cover *part)
{
    if (part->kind == KT_FROM_STOCK) {
        struct peggings all;
        KT_TRY(peggings_of_demand(tx, demand->document, (int64_t)demand->line.v, &all));
        struct pegging *old = on_stock(&all, part);
        if (old) {
            old->quantity = kt_dec_add(old->quantity, part->quantity);
            old->freed_by = part->freed_by.v ? part->freed_by : old->freed_by;
            old->cost = old->cost.scale1 && part->cost.scale1 ? kt_dec_add(old->cost, part->cost)
                                                              : (kt_dec){0};
            return kt_update(tx, &old->rec);
        }
    }
    struct pegging p = {KT_OF(pegging), .demand = demand->document, .line = (int64_t)demand->line.v,
        .item = part->item, .kind = part->kind, .quantity = part->quantity, .needed = demand->day,
        .promised = demand->promised, .day = part->day, .supply = part->document, .cost = part->cost,
        .minutes = part->minutes, .level = demand->level,
        .warehouse = kt_any(tx, "logistics.warehouse", demand->warehouse), .freed_by = part->freed_by,
        .beside = part->beside, .via = part->via, .way_days = part->way_days, .reason = said(part->reason.en),
        .reason_pl = said(part->reason.pl)};
    return kt_create(tx, &p.rec);
}

kt_demand pegging_demand(const struct pegging *p)
{
    return (kt_demand){.item = p->item,
        .quantity = p->quantity,
        .day = p->needed,
        .promised = p->promised,
        .warehouse = kt_any_id(p->warehouse),
        .document = p->demand,
        .line = {(uint64_t)p->line},
        .level = (unsigned)p->level};
}

kt_cover pegging_part(const struct pegging *p)
{
    return (kt_cover){.kind = p->kind,
        .item = p->item,
        .line = {(uint64_t)p->line},
        .quantity = p->quantity,
        .needed = p->needed,
        .promised = p->promised,
        .day = p->day,
        .cost = p->cost,
        .minutes = p->minutes,
        .document = p->supply,
        .level = (unsigned)p->level,
        .freed_by = p->freed_by,
        .beside = p->beside,
        .via = p->via,
        .way_days = p->way_days,
        .reason = {p->reason.ptr ? p->reason.ptr : "", p->reason_pl.ptr ? p->reason_pl.ptr : ""}};
}
