/* What was spent on an order, as it is spent; and what is left when it is done. */
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
