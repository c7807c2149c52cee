/* What an item costs to make: the standard costs of what is bought for it, and the time of all levels. Every
 * quantity comes out of the exact explosion, so that nothing is rounded on the way up. What by-products bear of the cost
 * is not the item's. */
#include "bom/bom.h"
#include "routing.h"

static void add_time(struct costs *c, struct time_costs time, kt_dec minutes)
{
    c->machine = kt_dec_add(c->machine, time.machine);
    c->labour = kt_dec_add(c->labour, time.labour);
    c->overhead = kt_dec_add(c->overhead, time.overhead);
    c->minutes += kt_dec_round(minutes, 0).coef;
}

static kt_dec part_of(kt_dec amount, ratio share)
{
    return ratio_dec(ratio_mul(ratio_of(amount), share), 6);
}

static struct time_costs time_part_of(struct time_costs t, ratio share)
{
    return (struct time_costs){.machine = part_of(t.machine, share),
        .labour = part_of(t.labour, share),
        .overhead = part_of(t.overhead, share)};
}

/* What of a bill's cost its item bears. */
static ratio own_share(const struct bom *bom)
{
    kt_dec percent = KT_DEC(10000, 2);
    for (size_t i = 0; i < bom->by_products.count; i++)
        percent = kt_dec_sub(percent, KT_SEE(by_product, kt_line(&bom->by_products, i))->cost_share);
    return ratio_div(ratio_of(percent), ratio_of(KT_DEC(100, 0)));
}

/* Of each row, what of its cost goes into the item at the top. */
static kt_error *shares_of(kt_tx *tx, const struct explosion *x, ratio **shares)
{
    *shares = kt_alloc(tx, (x->count + 1) * sizeof **shares);
    if (!*shares)
        return kt_no_memory();
    for (size_t i = 0; i < x->count; i++) {
        ratio above = i ? (*shares)[x->rows[i].parent] : (ratio){1, 1};
        const struct bom *bom = x->rows[i].entry->bom;
        (*shares)[i] = bom && bom->by_products.count ? ratio_mul(above, own_share(bom)) : above;
    }
    return NULL;
}

static kt_error *add_steps(kt_tx *tx, const struct exploded *row, ratio share, struct costs *c)
{
    const struct routing *routing = row->entry->routing;
    kt_dec quantity = ratio_dec(row->quantity, 6);
    for (size_t i = 0; routing && i < routing->steps.count; i++) {
        struct centre centre;
        kt_dec machine, labour;
        KT_TRY(step_centre(tx, step_at(routing, i), &centre));
        step_minutes(step_at(routing, i), quantity, &machine, &labour);
        add_time(c, time_part_of(centre_costs(&centre, machine, labour), share), machine);
    }
    return NULL;
}

kt_dec costs_total(const struct costs *c)
{
    return kt_dec_round(
        kt_dec_add(kt_dec_add(c->material, c->machine), kt_dec_add(c->labour, c->overhead)), 4);
}

kt_error *bom_costs(kt_tx *tx, struct bom_book *book, kt_id item, ratio quantity, struct costs *costs)
{
    struct explosion x;
    ratio *shares;
    *costs = (struct costs){.material = KT_DEC(0, 6),
        .machine = KT_DEC(0, 6),
        .labour = KT_DEC(0, 6),
        .overhead = KT_DEC(0, 6),
        .known = true};
    KT_TRY(bom_explode(tx, book, item, quantity, 0, &x));
    KT_TRY(shares_of(tx, &x, &shares));
    for (size_t i = 0; i < x.count; i++) {
        const struct bom_entry *entry = x.rows[i].entry;
        if (entry->bom) {
            KT_TRY(add_steps(tx, &x.rows[i], shares[i], costs));
            continue;
        }
        costs->known = costs->known && entry->part.standard_cost.scale1;
        ratio cost = ratio_mul(x.rows[i].quantity, ratio_of(entry->part.standard_cost));
        costs->material = kt_dec_add(costs->material, ratio_dec(ratio_mul(cost, shares[i]), 6));
    }
    return NULL;
}

/* ---- production.bom.cost ---- */

struct cost {
    kt_record rec;
    kt_id item, bom;
    kt_dec quantity;
    kt_date day;
};
const kt_shape cost_shape = KT_SHAPE(cost, NULL,
    KT_FIELD(cost, item, REF, "Item", "Towar", .target = "base.item", .required = true),
    KT_FIELD(cost, bom, REF, "Bill of materials", "Struktura", .target = "production.bom",
        .help = {"Empty: the first in order of choice that holds.",
            "Puste: pierwsza w kolejności, która obowiązuje."}),
    KT_FIELD(cost, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .initial = "1"),
    KT_FIELD(cost, day, DATE, "On", "Na dzień", .initial = "today"));
struct cost_answer {
    kt_record rec;
    kt_dec material, machine, labour, overhead, total, unit_cost;
    int64_t minutes;
    bool known;
};
const kt_shape cost_answer_shape = KT_SHAPE(cost_answer, NULL,
    KT_FIELD(cost_answer, material, PRICE, "Material", "Materiały", .scale = 4),
    KT_FIELD(cost_answer, machine, PRICE, "Machines", "Maszyny", .scale = 4),
    KT_FIELD(cost_answer, labour, PRICE, "Labour", "Robocizna", .scale = 4),
    KT_FIELD(cost_answer, overhead, PRICE, "Overhead", "Narzuty", .scale = 4),
    KT_FIELD(cost_answer, total, PRICE, "Total", "Razem", .scale = 4),
    KT_FIELD(cost_answer, unit_cost, PRICE, "Of one", "Jednostki", .scale = 4),
    KT_FIELD(cost_answer, minutes, INT, "Machine minutes", "Minuty maszyn", .required = true),
    KT_FIELD(cost_answer, known, BOOL, "Complete", "Pełny",
        .help = {"Every bought part has a standard cost.", "Każda kupowana część ma koszt standardowy."}));

kt_error *bom_cost(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct cost *p = KT_SEE(cost, params);
    struct cost_answer *out = KT_AS(cost_answer, result);
    struct bom_book book = {.day = p->day};
    struct costs c;
    if (p->quantity.coef <= 0)
        return kt_fail(tx, KT_VALIDATION, "quantity", "must be above zero", "musi być większe od zera");
    KT_TRY(bom_book_choose(tx, &book, p->item, p->bom));
    KT_TRY(bom_costs(tx, &book, p->item, ratio_of(p->quantity), &c));
    out->material = kt_dec_round(c.material, 4);
    out->machine = kt_dec_round(c.machine, 4);
    out->labour = kt_dec_round(c.labour, 4);
    out->overhead = kt_dec_round(c.overhead, 4);
    out->total = costs_total(&c);
    out->unit_cost = kt_dec_div(out->total, p->quantity, 4);
    out->minutes = c.minutes;
    out->known = c.known;
    return NULL;
}

/* ---- production.bom.set_standard ---- */

struct standard {
    kt_record rec;
    kt_id item;
    kt_dec quantity;
    kt_date day;
};
const kt_shape standard_shape = KT_SHAPE(standard, NULL,
    KT_FIELD(standard, item, REF, "Item", "Towar", .target = "base.item", .required = true),
    KT_FIELD(standard, quantity, QUANTITY, "Lot", "Partia", .scale = 4, .initial = "1",
        .help = {"Set-up times are spread over so many.", "Na tyle rozkłada się czas przezbrojeń."}),
    KT_FIELD(standard, day, DATE, "On", "Na dzień", .initial = "today"));
struct standard_answer {
    kt_record rec;
    kt_dec was, standard_cost;
};
const kt_shape standard_answer_shape = KT_SHAPE(standard_answer, NULL,
    KT_FIELD(standard_answer, was, PRICE, "Before", "Przedtem", .scale = 4),
    KT_FIELD(standard_answer, standard_cost, PRICE, "Standard cost", "Koszt standardowy", .scale = 4));

struct costed_item {
    kt_record rec;
    kt_dec standard_cost;
};
static const kt_shape costed_item_shape = KT_SHAPE(
    costed_item, "base.item", KT_BIND(costed_item, standard_cost, PRICE, "standard_cost"));

kt_error *bom_set_standard(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct standard *p = KT_SEE(standard, params);
    struct standard_answer *out = KT_AS(standard_answer, result);
    struct bom_book book = {.day = p->day};
    struct bom_entry *entry;
    struct costs c;
    KT_TRY(bom_book_made(tx, &book, p->item, p->quantity, &entry));
    KT_TRY(bom_costs(tx, &book, p->item, ratio_of(p->quantity), &c));
    struct costed_item item = {KT_OF(costed_item)};
    KT_TRY(kt_read(tx, p->item, &item.rec));
    out->was = item.standard_cost;
    out->standard_cost = item.standard_cost = kt_dec_div(costs_total(&c), p->quantity, 4);
    return kt_update(tx, &item.rec);
}
