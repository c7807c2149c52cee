/* production.variances: why an order that is done cost more, or less, than its goods were received at. Standard costing: of
 * material price and usage, of time rate and efficiency, of overhead all it cost above what it allows; the lot size
 * variance is the set-up that fewer pieces bear than were planned; what was scrapped cost what it was planned to. Source:
 * C. T. Horngren, S. M. Datar, M. V. Rajan, Cost Accounting, the chapters on flexible budgets and variances. */
#include "order/order.h"

enum variance_kind { PRICE = 1, USAGE, RATE, EFFICIENCY, OVERHEAD, LOT_SIZE, SCRAP, BY_PRODUCT, OTHER };
static const kt_choice variance_kinds[] = {
    {PRICE, "price", {"Price of material", "Cena materiałów"}},
    {USAGE, "usage", {"Usage of material", "Zużycie materiałów"}},
    {RATE, "rate", {"Rates of machines and people", "Stawki maszyn i ludzi"}},
    {EFFICIENCY, "efficiency", {"Efficiency of work", "Wydajność pracy"}},
    {OVERHEAD, "overhead", {"Overhead", "Narzuty"}},
    {LOT_SIZE, "lot_size", {"Lot size: set-up", "Wielkość partii: przezbrojenie"}},
    {SCRAP, "scrap", {"Scrap", "Braki"}},
    {BY_PRODUCT, "by_product", {"By-products that did not come", "Produkty uboczne, których nie było"}},
    {OTHER, "other", {"Valued anew, and rounding", "Przeszacowania i zaokrąglenia"}},
    {0},
};

struct variances {
    kt_record rec;
    kt_id order;
};
const kt_shape variances_shape = KT_SHAPE(variances, NULL,
    KT_FIELD(variances, order, REF, "Production order", "Zlecenie produkcyjne", .target = "production.order",
        .required = true));
struct variance_row {
    kt_record rec;
    enum variance_kind kind;
    kt_id item, operation;
    kt_dec amount;
};
static const kt_shape variance_row_shape = KT_SHAPE(variance_row, NULL,
    KT_FIELD(variance_row, kind, STATE, "Why", "Dlaczego", .choices = variance_kinds),
    KT_FIELD(variance_row, item, REF, "Component, or by-product", "Składnik albo produkt uboczny",
        .target = "base.item"),
    KT_FIELD(variance_row, operation, REF, "Operation", "Operacja", .target = "production.operation"),
    KT_FIELD(variance_row, amount, MONEY, "Amount", "Kwota", .scale = 2,
        .help = {"Above zero: it cost more.", "Powyżej zera: kosztowało więcej."}));
struct variances_answer {
    kt_record rec;
    kt_dec total;
    kt_lines rows;
};
const kt_shape variances_answer_shape = KT_SHAPE(variances_answer, NULL,
    KT_FIELD(variances_answer, total, MONEY, "Variance", "Odchylenie", .scale = 2),
    KT_FIELD(variances_answer, rows, LINES, "Made up of", "Z czego wynika", .lines = &variance_row_shape));

struct telling {
    const struct order *o;
    kt_lines *rows;
    kt_dec told;               /* of all rows */
    kt_dec planned;            /* the whole order, by its components and operations */
    kt_dec allowed_overhead;   /* of what was made and scrapped */
    kt_dec worked_at_standard; /* of machines and people */
};

static kt_error *tell(kt_tx *tx, struct telling *t, struct variance_row row)
{
    row.amount = kt_dec_round(row.amount, 2);
    t->told = kt_dec_add(t->told, row.amount);
    return row.amount.coef ? kt_line_add(tx, t->rows, &row.rec) : NULL;
}

/* amount x part / whole */
static kt_dec share(kt_dec amount, kt_dec part, kt_dec whole)
{
    if (!amount.scale1 || !part.scale1 || !whole.coef)
        return KT_DEC(0, 6);
    return ratio_dec(ratio_div(ratio_mul(ratio_of(amount), ratio_of(part)), ratio_of(whole)), 6);
}

/* What was made, scrapped or not, in the order's quantity. */
static kt_dec done(const struct order *o)
{
    return kt_dec_add(kt_dec_add(KT_DEC(0, 4), o->produced), o->scrapped);
}

static kt_error *tell_component(kt_tx *tx, struct telling *t, const struct component *c)
{
    const kt_dec allowed = share(c->planned, done(t->o), t->o->quantity);
    const kt_dec issued = share(c->planned, c->issued, c->quantity); /* at what it was planned to cost */
    struct variance_row row = {KT_OF(variance_row), .kind = PRICE, .item = c->item};
    t->planned = kt_dec_add(t->planned, c->planned);
    row.amount = kt_dec_sub(kt_dec_add(KT_DEC(0, 2), c->cost), issued);
    KT_TRY(tell(tx, t, row));
    row.kind = USAGE;
    row.amount = kt_dec_sub(issued, allowed);
    return tell(tx, t, row);
}

/* So many minutes at the rates of the plan. */
static struct time_costs at_standard(const struct operation *p, kt_dec machine, kt_dec labour)
{
    const struct centre rates = {
        .machine_rate = p->machine_rate, .labour_rate = p->labour_rate, .overhead_rate = p->overhead_rate};
    return centre_costs(&rates, machine, labour);
}

static kt_dec direct(struct time_costs c)
{
    return kt_dec_add(c.machine, c.labour);
}

static kt_error *tell_operation(kt_tx *tx, struct telling *t, const struct operation *p)
{
    struct variance_row row = {KT_OF(variance_row), .kind = EFFICIENCY, .operation = p->rec.id};
    struct minutes allowed, actual;
    operation_allows(p, done(t->o), t->o->quantity, &allowed);
    operation_took(p, &allowed, &actual);
    const struct time_costs planned = at_standard(p, p->machine_minutes, p->labour_minutes),
                            may = at_standard(p, allowed.machine, allowed.labour),
                            did = at_standard(p, actual.machine, actual.labour);
    const kt_dec whole = kt_dec_add(direct(planned), planned.overhead);
    t->planned = kt_dec_add(t->planned, whole);
    t->allowed_overhead = kt_dec_add(t->allowed_overhead, may.overhead);
    t->worked_at_standard = kt_dec_add(t->worked_at_standard, direct(did));
    row.amount = kt_dec_sub(direct(did), direct(may));
    KT_TRY(tell(tx, t, row));
    row.kind = LOT_SIZE;
    row.amount = kt_dec_sub(kt_dec_add(direct(may), may.overhead), share(whole, done(t->o), t->o->quantity));
    return tell(tx, t, row);
}

/* They bear their share of the cost in whole pieces, and of what was made one may be missing. */
static kt_error *tell_output(kt_tx *tx, struct telling *t, const struct output *out)
{
    const kt_dec bears = share(order_planned_cost(t->o), out->cost_share, KT_DEC(100, 0));
    struct variance_row row = {KT_OF(variance_row), .kind = BY_PRODUCT, .item = out->item};
    if (out->quantity.coef <= 0)
        return NULL;
    row.amount = kt_dec_sub(
        share(bears, t->o->produced, t->o->quantity), share(bears, out->received, out->quantity));
    return tell(tx, t, row);
}

/* What no single component or operation tells. */
static kt_error *tell_order(kt_tx *tx, struct telling *t)
{
    const struct order *o = t->o;
    struct variance_row row = {KT_OF(variance_row), .kind = RATE};
    row.amount = kt_dec_sub(kt_dec_add(o->machine, o->labour), t->worked_at_standard);
    KT_TRY(tell(tx, t, row));
    row.kind = OVERHEAD;
    row.amount = kt_dec_sub(o->overhead, t->allowed_overhead);
    KT_TRY(tell(tx, t, row));
    row.kind = SCRAP;
    row.amount = share(t->planned, o->scrapped, o->quantity);
    KT_TRY(tell(tx, t, row));
    row.kind = OTHER;
    row.amount = kt_dec_sub(o->variance, t->told);
    return tell(tx, t, row);
}

kt_error *order_variances(kt_tx *tx, const kt_record *params, kt_record *result)
{
    struct variances_answer *out = KT_AS(variances_answer, result);
    struct order o = {KT_OF(order)};
    struct telling t = {.o = &o, .rows = &out->rows};
    struct operation *own;
    size_t count;
    KT_TRY(kt_read(tx, KT_SEE(variances, params)->order, &o.rec));
    if (o.state != DONE && o.state != CLOSED)
        return kt_fail(
            tx, KT_RULE, "order", "%s is not done yet", "%s nie jest jeszcze wykonane", o.rec.number.ptr);
    for (size_t i = 0; i < o.components.count; i++)
        KT_TRY(tell_component(tx, &t, component_at(&o, i)));
    KT_TRY(operations_of(tx, o.rec.id, &own, &count));
    for (size_t i = 0; i < count; i++)
        if (own[i].state != DROPPED)
            KT_TRY(tell_operation(tx, &t, &own[i]));
    for (size_t i = 0; i < o.outputs.count; i++)
        KT_TRY(tell_output(tx, &t, KT_SEE(output, kt_line(&o.outputs, i))));
    out->total = o.variance;
    return tell_order(tx, &t);
}
