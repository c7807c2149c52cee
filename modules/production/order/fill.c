/* What the bill says goes into an item, through phantoms to what lies in the stores. */
#include "order/order.h"

struct recipe {
    struct bom_book *book;
    kt_date day; /* on which the bills hold, and their lines */
    bool scrap;  /* what is lost in the making counts too */
    kt_lines *components;
};

static kt_error *add_components(
    kt_tx *tx, const struct recipe *r, const struct bom *bom, ratio quantity, unsigned depth);

static kt_error *add_component(
    kt_tx *tx, const struct recipe *r, const struct bom_entry *entry, ratio quantity, unsigned depth)
{
    if (entry->bom && entry->bom->kind == BOM_PHANTOM && depth < 50)
        return add_components(tx, r, entry->bom, quantity, depth + 1);
    struct component c = {KT_OF(component), .item = entry->part.rec.id, .quantity = ratio_dec(quantity, 4)};
    for (size_t i = 0; i < r->components->count; i++) {
        struct component *old = KT_AS(component, kt_line(r->components, i));
        if (old->item.v != c.item.v)
            continue;
        old->quantity = kt_dec_add(old->quantity, c.quantity);
        return NULL;
    }
    return c.quantity.coef > 0 ? kt_line_add(tx, r->components, &c.rec) : NULL;
}

static kt_error *add_components(
    kt_tx *tx, const struct recipe *r, const struct bom *bom, ratio quantity, unsigned depth)
{
    for (size_t i = 0; i < bom->lines.count; i++) {
        struct bom_line line = *bom_line_at(bom, i);
        struct bom_entry *entry;
        ratio usage;
        if (!holds_on(line.valid_from, line.valid_until, r->day))
            continue;
        if (!r->scrap)
            line.scrap = (kt_dec){0};
        KT_TRY(bom_book_find_on(tx, r->book, line.item, r->day, &entry));
        KT_TRY(bom_usage(tx, r->book, bom, &line, &usage));
        usage = ratio_mul(quantity, usage);
        if (ratio_dec(usage, 4).scale1 > KT_DEC_SCALE_MAX + 1)
            return kt_fail(tx, KT_LIMIT, "quantity", "the quantity of %s is too large",
                "ilość %s jest za duża", entry->part.code.ptr);
        KT_TRY(add_component(tx, r, entry, usage, depth));
    }
    return NULL;
}

kt_error *bill_components(
    kt_tx *tx, const struct bom *bom, kt_dec quantity, kt_date day, bool scrap, kt_lines *components)
{
    struct recipe r = {.day = day, .scrap = scrap, .components = components};
    KT_TRY(bom_book_today(tx, &r.book));
    return add_components(tx, &r, bom, ratio_of(quantity), 0);
}

kt_error *bill_chosen(kt_tx *tx, kt_id item, kt_date day, kt_id *chosen, struct bom *bom)
{
    struct bom_book *book;
    struct bom_entry *entry;
    KT_TRY(bom_book_today(tx, &book));
    KT_TRY(bom_book_find_on(tx, book, item, day, &entry));
    if (!chosen->v && entry->bom)
        *chosen = entry->bom->rec.id;
    if (!chosen->v)
        return NULL;
    if (entry->bom && entry->bom->rec.id.v == chosen->v)
        *bom = *entry->bom;
    else
        KT_TRY(kt_read(tx, *chosen, &bom->rec));
    return bom->item.v == item.v ? NULL
                                 : kt_fail(tx, KT_VALIDATION, "bom", "this bill is of another item",
                                       "ta struktura jest innego towaru");
}

static kt_error *add_outputs(kt_tx *tx, struct bom_book *book, const struct bom *bom, struct order *o)
{
    for (size_t i = 0; i < bom->by_products.count; i++) {
        const struct by_product *p = KT_SEE(by_product, kt_line(&bom->by_products, i));
        const struct bom_line as_line = {.item = p->item, .unit = p->unit, .quantity = p->quantity};
        struct bom_entry *entry;
        ratio usage;
        KT_TRY(bom_usage(tx, book, bom, &as_line, &usage));
        KT_TRY(bom_book_find(tx, book, p->item, &entry));
        struct output out = {KT_OF(output), .item = p->item, .cost_share = p->cost_share,
            .quantity = part_whole_below(
                &entry->part, ratio_dec(ratio_mul(ratio_of(o->quantity), usage), 4))};
        KT_TRY(kt_line_add(tx, &o->outputs, &out.rec));
    }
    return NULL;
}

static kt_error *round_up(kt_tx *tx, struct bom_book *book, struct order *o)
{
    for (size_t i = 0; i < o->components.count; i++) {
        struct component *c = component_at(o, i);
        struct bom_entry *entry;
        KT_TRY(bom_book_find(tx, book, c->item, &entry));
        c->quantity = part_whole(&entry->part, c->quantity);
    }
    return NULL;
}

static kt_error *can_be_made(kt_tx *tx, struct bom_book *book, const struct order *o, const struct bom *bom)
{
    struct bom_entry *entry;
    KT_TRY(bom_book_find(tx, book, o->item, &entry));
    if (entry->part.kind != PART_GOODS)
        return kt_fail(tx, KT_RULE, "item", "%s is a service: only goods are made",
            "%s to usługa: produkuje się towary", entry->part.code.ptr);
    if (o->bom.v && bom->kind == BOM_PHANTOM)
        return kt_hint(kt_fail(tx, KT_RULE, "item", "%s is a phantom: it is never made by itself",
                           "%s to fantom: nie wytwarza się go osobno", entry->part.code.ptr),
            "Order what it goes into, or change the kind of its bill.",
            "Zleć to, w co wchodzi, albo zmień rodzaj jego struktury.");
    return NULL;
}

kt_date order_bill_day(const kt_tx *tx, const struct order *o)
{
    const kt_date entered = o->rec.created_at.ms ? local_day(tx, o->rec.created_at) : kt_today(tx);
    return o->due.day > entered.day ? o->due : entered;
}

kt_error *order_fill(kt_tx *tx, struct order *o)
{
    struct bom_book *book;
    struct bom bom = {KT_OF(bom)};
    const kt_date day = order_bill_day(tx, o);
    KT_TRY(bom_book_today(tx, &book));
    o->components = o->outputs = (kt_lines){0};
    KT_TRY(bill_chosen(tx, o->item, day, &o->bom, &bom));
    KT_TRY(can_be_made(tx, book, o, &bom));
    if (!o->bom.v)
        return NULL;
    if (!o->routing.v) {
        const struct routing *routing;
        KT_TRY(bom_book_routing(tx, book, bom.routing, &routing));
        o->routing = routing && routing->active ? bom.routing : (kt_id){0};
    }
    KT_TRY(bill_components(tx, &bom, o->quantity, day, true, &o->components));
    KT_TRY(round_up(tx, book, o));
    return add_outputs(tx, book, &bom, o);
}
