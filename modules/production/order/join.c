/* Modules that were off: while it was production, days of components moved unheard; while it was the stores, they did not
 * hear what is to come. */
#include "order/order.h"

static kt_error *each_open(kt_tx *tx, kt_error *(*look)(kt_tx *tx, struct order *o))
{
    const kt_query open = {.of = &order_shape,
        .filter = KT_STR("[[\"state\",\"in\",[\"confirmed\",\"reserved\",\"in_progress\"]]]")};
    kt_found found = {0};
    kt_authority before = kt_own_authority(tx);
    kt_error *e = kt_find(tx, &open, 0, &found);
    for (size_t i = 0; i < found.count && !e; i++) {
        struct order o = {KT_OF(order)};
        e = kt_read(tx, found.ids[i], &o.rec);
        const kt_id company = kt_set_company(tx, o.rec.company);
        if (!e)
            e = look(tx, &o);
        (void)kt_set_company(tx, company);
    }
    kt_callers_authority(tx, before);
    return e;
}

/* Are its components there on other days than it knows? */
static kt_error *take_days(kt_tx *tx, struct order *o, bool *changed)
{
    const kt_supply *supply = kt_supply_find(tx);
    *changed = false;
    for (size_t i = 0; i < o->components.count && supply; i++) {
        struct component *c = component_at(o, i);
        const struct component was = *c;
        kt_plan plan = {0};
        KT_TRY(supply->tree(tx, order_any(tx, o), c->rec.id, 1, &plan));
        if (plan.count)
            component_learn_day(tx, &plan, 0, 0, c);
        *changed = *changed || c->day.day != was.day.day || c->known != was.known;
    }
    return NULL;
}

static kt_error *look_again(kt_tx *tx, struct order *o)
{
    const enum order_state was = o->state;
    bool changed;
    KT_TRY(take_days(tx, o, &changed));
    KT_TRY(order_look(tx, o));
    if (!changed)
        return o->state == was ? NULL : kt_update(tx, &o->rec);
    o->steps++;
    KT_TRY(order_place_anew(tx, o, (kt_date){0}, (kt_text){0}));
    return kt_update(tx, &o->rec);
}

kt_error *orders_enabled(kt_tx *tx, const kt_event *event)
{
    const kt_supply *supply = kt_supply_find(tx);
    (void)event;
    KT_TRY(each_open(tx, look_again));
    return supply ? supply->joined(tx) : NULL;
}

/* What was taken to be there, for nobody kept stock, may be missing now. */
static kt_error *look_and_expect(kt_tx *tx, struct order *o)
{
    KT_TRY(look_again(tx, o));
    return expect_goods(tx, o);
}

kt_error *orders_expected(kt_tx *tx, const kt_event *event)
{
    (void)event;
    return each_open(tx, look_and_expect);
}
