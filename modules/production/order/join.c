/* Modules that were off: while it was production, days of components moved unheard; while it was the stores, they did not
 * hear what is to come. */
#include <kontor/walk.h>

#include "order/order.h"

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
            KT_TRY(component_learn_day(tx, &plan, 0, 0, c));
        *changed = *changed || c->day.day != was.day.day || c->known != was.known;
    }
    return NULL;
}

static kt_error *look_again(kt_tx *tx, kt_record *rec)
{
    struct order *o = KT_AS(order, rec);
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

/* What was taken to be there, for nobody kept stock, may be missing now. */
static kt_error *look_and_expect(kt_tx *tx, kt_record *rec)
{
    KT_TRY(look_again(tx, rec));
    return expect_goods(tx, KT_AS(order, rec));
}

#define OPEN_ORDERS "[\"state\",\"in\",[\"confirmed\",\"reserved\",\"in_progress\"]]"
enum { LOOK_AGAIN, LOOK_AND_EXPECT, WALKS };
static const kt_walk walks[WALKS] = {
    [LOOK_AGAIN] = {{"Production hears what it missed", "Produkcja dowiaduje się, co ją ominęło"},
        &order_shape, "[" OPEN_ORDERS "]", look_again},
    [LOOK_AND_EXPECT] = {{"The stores hear what production brings", "Magazyn dowiaduje się, co da produkcja"},
        &order_shape, "[" OPEN_ORDERS "]", look_and_expect},
};

static kt_error *walk_on(kt_tx *tx, kt_work_run *run)
{
    return kt_walk_on(tx, walks, WALKS, run);
}

const kt_work orders_catch_up = {kt_walk_prepare, walk_on};

/* Those of an earlier version do not say yet that they are made ahead, and what comes with them. */
kt_error *orders_migrate(kt_tx *tx, const char *from_version)
{
    const kt_query open = {.of = &order_shape, .filter = KT_STR("[" OPEN_ORDERS "]")};
    kt_found found = {0};
    if (from_version)
        KT_TRY(kt_find(tx, &open, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        struct order o = {KT_OF(order)};
        KT_TRY(kt_read(tx, found.ids[i], &o.rec));
        KT_TRY(kt_update(tx, &o.rec));
        KT_TRY(expect_outputs(tx, &o, &o.outputs));
    }
    return NULL;
}

kt_error *orders_enabled(kt_tx *tx, const kt_event *event)
{
    const kt_supply *supply = kt_supply_find(tx);
    (void)event;
    KT_TRY(kt_walk_begin(tx, ORDERS_CATCH_UP, walks, LOOK_AGAIN));
    return supply ? supply->joined(tx) : NULL;
}

kt_error *orders_expected(kt_tx *tx, const kt_event *event)
{
    (void)event;
    return kt_walk_begin(tx, ORDERS_CATCH_UP, walks, LOOK_AND_EXPECT);
}

/* ---- What may be made that could not, or is made for nobody ---- */

kt_error *tell_offered(kt_tx *tx, kt_id item)
{
    const kt_supply *supply = kt_supply_find(tx);
    return supply ? supply->offered(tx, item, KT_FROM_MAKING) : NULL;
}

kt_error *bill_offered(kt_tx *tx, const kt_event *event)
{
    const struct bom *b = KT_SEE(bom, event->after);
    if (!b->active || !b->item.v)
        return NULL;
    KT_TRY(bom_book_forget(tx));
    return tell_offered(tx, b->item);
}

kt_error *order_offered(kt_tx *tx, const kt_event *event)
{
    const struct order *o = KT_SEE(order, event->after);
    return o->ahead.v ? tell_offered(tx, o->ahead) : NULL;
}

/* A centre that works again: of whatever goes through it. */
kt_error *centre_offered(kt_tx *tx, const kt_event *event)
{
    const struct centre *is = KT_SEE(centre, event->after), *was = KT_SEE(centre, event->before);
    return is->active && !was->active ? tell_offered(tx, (kt_id){0}) : NULL;
}
