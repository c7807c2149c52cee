/* What was spent on an order, as it is spent; what is left when it is done; and what its components turn out to have
 * cost later, which goes into what was made of them. */
#include <string.h>

#include <kontor/stock.h>

#include "order/order.h"

struct cost_event { /* the payload of "production.cost" */
    kt_record rec;
    kt_id order;
    kt_str kind;
    kt_dec amount;
    kt_date day;
};
static const kt_shape cost_event_shape = KT_SHAPE(cost_event, NULL,
    KT_FIELD(cost_event, order, REF, "Order, or disassembly", "Zlecenie albo demontaż", .target = "*"),
    KT_FIELD(cost_event, kind, STRING, "Kind", "Rodzaj"),
    KT_FIELD(cost_event, amount, MONEY, "Amount", "Kwota", .scale = 2),
    KT_FIELD(cost_event, day, DATE, "Day", "Dzień"));

kt_error *cost_announce(kt_tx *tx, kt_id document, kt_str kind, kt_dec amount)
{
    struct cost_event e = {
        KT_OF(cost_event), .order = document, .kind = kind, .amount = amount, .day = kt_today(tx)};
    return amount.coef ? kt_emit(tx, "production.cost", &e.rec) : NULL;
}

kt_error *cost_of_time(kt_tx *tx, struct order *o, const struct centre *centre, kt_dec machine_minutes,
    kt_dec labour_minutes, kt_dec *sum)
{
    struct time_costs c = centre_costs(centre, machine_minutes, labour_minutes);
    c.machine = kt_dec_round(c.machine, 2);
    c.labour = kt_dec_round(c.labour, 2);
    c.overhead = kt_dec_round(c.overhead, 2);
    o->machine = kt_dec_add(o->machine, c.machine);
    o->labour = kt_dec_add(o->labour, c.labour);
    o->overhead = kt_dec_add(o->overhead, c.overhead);
    *sum = kt_dec_add(c.machine, kt_dec_add(c.labour, c.overhead));
    KT_TRY(cost_announce(tx, order_any(tx, o), KT_STR("machine"), c.machine));
    KT_TRY(cost_announce(tx, order_any(tx, o), KT_STR("labour"), c.labour));
    return cost_announce(tx, order_any(tx, o), KT_STR("overhead"), c.overhead);
}

kt_error *cost_variance(kt_tx *tx, struct order *o)
{
    o->variance = kt_dec_sub(order_actual_cost(o), kt_dec_add(KT_DEC(0, 2), o->received));
    return cost_announce(tx, order_any(tx, o), KT_STR("variance"), o->variance);
}

/* ---- Components cost more, or less, than was known when they went in ---- */

struct later { /* of "logistics.valued" */
    kt_record rec;
    kt_id item, document;
    int64_t line;
    kt_dec value;
    kt_str from, to, reason;
};
const kt_shape later_shape = KT_SHAPE(later, NULL, KT_BIND(later, item, REF, "item", .target = "base.item"),
    KT_BIND(later, document, REF, "document", .target = "*"), KT_BIND(later, line, INT, "line"),
    KT_BIND(later, value, MONEY, "value", .scale = 2), KT_BIND(later, from, STRING, "from"),
    KT_BIND(later, to, STRING, "to"), KT_BIND(later, reason, STRING, "reason"));

struct receipt { /* of logistics.move: what an order gave */
    kt_record rec;
    kt_id document;
    int64_t line; /* of what came back: the component */
    kt_dec quantity, value;
};
static const kt_shape receipt_shape = KT_SHAPE(receipt, "logistics.move",
    KT_BIND(receipt, document, REF, "document"), KT_BIND(receipt, line, INT, "line"),
    KT_BIND(receipt, quantity, QUANTITY, "quantity"), KT_BIND(receipt, value, MONEY, "value"));

struct receipts {
    kt_id *moves;
    kt_dec *weights; /* what each was received at, or how much it was where that is nothing */
    kt_dec *shares;
    size_t count;
};

static kt_error *receipts_of(kt_tx *tx, const struct order *o, struct receipts *all)
{
    const kt_where where[] = {KT_WHERE(receipt, document, KT_EQ, order_any(tx, o)), {0}};
    const kt_query query = {.of = &receipt_shape,
        .where = where,
        .sort = "id",
        .filter = KT_STR("[[\"state\",\"=\",\"done\"],[\"from_place\",\"=\",\"production\"]]")};
    struct receipt r = {KT_OF(receipt)};
    kt_cursor *cursor;
    uint64_t room;
    KT_TRY(kt_count(tx, &query, &room));
    all->moves = kt_alloc(tx, (size_t)(room + 1) * sizeof *all->moves);
    all->weights = kt_alloc(tx, (size_t)(room + 1) * sizeof *all->weights);
    all->shares = kt_alloc(tx, (size_t)(room + 1) * sizeof *all->shares);
    if (!all->moves || !all->weights || !all->shares)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    while (all->count < room && kt_next(cursor, &r.rec)) {
        if (r.line)
            continue;
        all->moves[all->count] = r.rec.id;
        all->weights[all->count++] = o->received.coef ? r.value : r.quantity;
    }
    return kt_close(cursor);
}

/* What was made of the components is worth as much more; the share of what has left goes after it. */
static kt_error *reprice(kt_tx *tx, struct order *o, kt_dec amount, kt_str reason)
{
    const kt_stock *stock = kt_stock_find(tx);
    struct receipts all = {0};
    if (stock)
        KT_TRY(receipts_of(tx, o, &all));
    if (!all.count) { /* all of it was scrapped */
        o->variance = kt_dec_add(o->variance, amount);
        KT_TRY(kt_update(tx, &o->rec));
        return cost_announce(tx, order_any(tx, o), KT_STR("variance"), amount);
    }
    o->received = kt_dec_add(o->received, amount);
    KT_TRY(kt_update(tx, &o->rec));
    KT_TRY(cost_announce(tx, order_any(tx, o), KT_STR("repriced"), amount));
    kt_dec_split(amount, all.weights, all.count, all.shares);
    return stock->burden(tx, all.moves, all.shares, all.count, order_any(tx, o), reason);
}

static kt_error *later_within(kt_tx *tx, const struct later *l, kt_dec amount)
{
    const char *entity = kt_any_entity(tx, l->document);
    struct order o = {KT_OF(order)};
    if (entity && strcmp(entity, disassembly_shape.name) == 0) /* it is over: what it gave keeps its worth */
        return cost_announce(tx, l->document, KT_STR("variance"), amount);
    if (!entity || strcmp(entity, order_shape.name) != 0)
        return NULL;
    KT_TRY(kt_read(tx, kt_any_id(l->document), &o.rec));
    for (size_t i = 0; i < o.components.count; i++)
        if ((int64_t)component_at(&o, i)->rec.id.v == l->line)
            component_at(&o, i)->cost = kt_dec_add(component_at(&o, i)->cost, amount);
    o.material = kt_dec_add(kt_dec_add(KT_DEC(0, 2), o.material), amount);
    o.steps++;
    return o.state >= DONE ? reprice(tx, &o, amount, l->reason) : kt_update(tx, &o.rec);
}

static bool is(kt_str text, const char *word)
{
    return text.ptr && strcmp(text.ptr, word) == 0;
}

kt_error *components_cost_later(kt_tx *tx, const kt_event *event)
{
    const struct later *l = KT_SEE(later, event->after);
    bool more = is(l->from, "revaluation") && is(l->to, "production");
    bool less = is(l->from, "production") && is(l->to, "revaluation");
    if (!more && !less)
        return NULL;
    kt_authority before = kt_own_authority(tx);
    kt_error *error = later_within(tx, l, more ? l->value : kt_dec_neg(l->value));
    kt_callers_authority(tx, before);
    return error;
}
