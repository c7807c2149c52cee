/* Components that were issued and not used go back into the stores: in the lots in which they came, at what they cost
 * then. What the order still needs of them is reserved for it again, the rest is free. */
#include <kontor/stock.h>

#include "order/order.h"

struct given_back {
    kt_record rec;
    kt_id item;
    kt_dec quantity;
    kt_str lot;
};
static const kt_shape given_back_shape = KT_SHAPE(given_back, NULL,
    KT_FIELD(given_back, item, REF, "Component", "Składnik", .target = "base.item", .required = true),
    KT_FIELD(given_back, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4,
        .help = {"Empty: all that was not used.", "Puste: wszystko, czego nie zużyto."}),
    KT_FIELD(given_back, lot, STRING, "Lot", "Partia", .max = 60,
        .help = {"In which it was issued. Empty: there is only one.",
            "W której wydano. Puste: jest tylko jedna."}));
struct give_back {
    kt_record rec;
    kt_lines components;
    kt_str reason;
};
const kt_shape give_back_shape = KT_SHAPE(give_back, NULL,
    KT_FIELD(give_back, components, LINES, "Components", "Składniki", .lines = &given_back_shape, .max = 1000,
        .help = {"Empty: all that was not used.", "Puste: wszystko, czego nie zużyto."}),
    KT_FIELD(give_back, reason, STRING, "Reason", "Powód", .max = 300));

/* ---- Which of what went in ---- */

static struct ancestor *ancestor_at(const struct order *o, size_t i)
{
    return KT_AS(ancestor, kt_line(&o->ancestors, i));
}

static bool is_of(const struct ancestor *a, const struct component *c, kt_id lot)
{
    return a->item.v == c->item.v && a->quantity.coef > 0 && (!lot.v || kt_any_id(a->lot).v == lot.v);
}

/* How much of a component went in, of one lot if it is named; is it of several? */
static kt_dec went_in(const struct order *o, const struct component *c, kt_id lot, bool *several)
{
    kt_dec sum = KT_DEC(0, 4);
    const struct ancestor *first = NULL;
    *several = false;
    for (size_t i = 0; i < o->ancestors.count; i++) {
        const struct ancestor *a = ancestor_at(o, i);
        if (!is_of(a, c, lot))
            continue;
        first = first ? first : a;
        *several = *several || a->lot.v != first->lot.v;
        sum = kt_dec_add(sum, a->quantity);
    }
    return sum;
}

static kt_error *check_given(kt_tx *tx, const struct order *o, const struct component *c, kt_dec quantity,
    kt_id lot, const char *path, const char *lot_path)
{
    kt_dec used;
    bool several;
    KT_TRY(component_used(tx, o, c, &used));
    const kt_dec most = kt_dec_sub(c->issued, used), there = went_in(o, c, lot, &several);
    if (kt_dec_cmp(quantity, most) > 0)
        return kt_hint(kt_fail(tx, KT_RULE, path,
                           "more than was issued and not used: %lld.%04lld of %lld.%04lld are left",
                           "więcej, niż wydano i nie zużyto: zostało %lld.%04lld z %lld.%04lld",
                           (long long)(most.coef / 10000), (long long)(most.coef % 10000),
                           (long long)(c->issued.coef / 10000), (long long)(c->issued.coef % 10000)),
            "What was made and scrapped has used the rest. Give back less.",
            "Resztę zużyto na to, co wykonano i zbrakowano. Zwróć mniej.");
    if (kt_dec_cmp(quantity, there) > 0)
        return kt_fail(tx, KT_RULE, lot_path, "only %lld.%04lld of this lot went in",
            "z tej partii weszło tylko %lld.%04lld", (long long)(there.coef / 10000),
            (long long)(there.coef % 10000));
    if (several && kt_dec_cmp(quantity, there) < 0)
        return kt_hint(kt_fail(tx, KT_VALIDATION, lot_path, "several lots went in", "weszło kilka partii"),
            "Name the lot that comes back.", "Podaj partię, która wraca.");
    return NULL;
}

/* ---- Into the stores ---- */

/* So much of one issue comes back; *value receives what it cost. */
static kt_error *come_back(kt_tx *tx, const struct order *o, const struct component *c,
    const struct ancestor *a, kt_dec quantity, kt_str reason, const char *path, kt_dec *value)
{
    const kt_stock *stock = kt_stock_find(tx);
    kt_stock_move move = {.item = c->item,
        .lot = kt_any_id(a->lot),
        .quantity = quantity,
        .from = KT_AT_PRODUCTION,
        .to = KT_AT_STORES,
        .warehouse = kt_any_id(o->warehouse),
        .document = order_any(tx, o),
        .line = c->rec.id,
        .returns = kt_any_id(a->move),
        .reason = reason};
    *value = kt_dec_share(kt_dec_add(KT_DEC(0, 2), c->cost), quantity, c->issued, 2);
    if (!a->move.v) /* nobody kept stock then */
        return NULL;
    if (!stock)
        return kt_hint(
            kt_fail(tx, KT_UNAVAILABLE, path, "nobody keeps stock now, and it came out of the stores",
                "nikt nie prowadzi teraz magazynu, a wydano to z magazynu"),
            "Enable the module logistics.", "Włącz moduł logistics.");
    KT_TRY(told_at(tx, stock->move(tx, &move), path));
    *value = move.value;
    return NULL;
}

/* The latest first, and what is not known to be in something that was made before what is. */
static struct ancestor *next_back(const struct order *o, const struct component *c, kt_id lot)
{
    struct ancestor *found = NULL;
    for (size_t i = o->ancestors.count; i-- > 0;) {
        struct ancestor *a = ancestor_at(o, i);
        if (is_of(a, c, lot) && !a->into.v)
            return a;
        if (is_of(a, c, lot) && !found)
            found = a;
    }
    return found;
}

static kt_error *drop_empty(kt_tx *tx, struct order *o)
{
    kt_lines left = {0};
    for (size_t i = 0; i < o->ancestors.count; i++)
        if (ancestor_at(o, i)->quantity.coef > 0)
            KT_TRY(kt_line_add(tx, &left, &ancestor_at(o, i)->rec));
    o->ancestors = left;
    return NULL;
}

/* What the order still needs is its own again. The rest is free for others: what of it is in the stores, or all of it
 * while nobody keeps stock.
 *   moved  of the quantity: into the stores
 *   value  of the quantity */
static kt_error *hand_out(
    kt_tx *tx, struct order *o, struct component *c, kt_dec quantity, kt_dec moved, kt_dec value)
{
    const kt_supply *supply = kt_supply_find(tx);
    const kt_dec planned = o->planned_material, of_component = c->planned; /* it was planned once */
    kt_dec again = kt_dec_sub(c->quantity, c->issued), none = KT_DEC(0, 4);
    again = o->state == DONE || again.coef < 0 ? none : kt_dec_cmp(again, quantity) > 0 ? quantity : again;
    if (!supply)
        return NULL;
    const kt_dec own = kt_dec_share(value, again, quantity, 2);
    if (again.coef > 0)
        KT_TRY(order_ask_for_returned(tx, o, c, again, own));
    o->planned_material = planned;
    c->planned = of_component;
    kt_dec rest = kt_dec_sub(kt_stock_find(tx) ? moved : quantity, again);
    if (rest.coef <= 0)
        return NULL;
    return supply->freed(
        tx, order_any(tx, o), c->item, kt_any_id(o->warehouse), rest, kt_dec_sub(value, own));
}

static kt_error *give_back(kt_tx *tx, struct order *o, struct component *c, kt_dec quantity, kt_id lot,
    kt_str reason, const char *path)
{
    kt_dec rest = quantity, moved = KT_DEC(0, 4), sum = KT_DEC(0, 2);
    while (rest.coef > 0) {
        struct ancestor *a = next_back(o, c, lot);
        kt_dec value, part = kt_dec_cmp(a->quantity, rest) < 0 ? a->quantity : rest;
        KT_TRY(come_back(tx, o, c, a, part, reason, path, &value));
        a->quantity = kt_dec_sub(a->quantity, part);
        c->issued = kt_dec_sub(c->issued, part);
        c->cost = kt_dec_sub(c->cost, value);
        o->material = kt_dec_sub(o->material, value);
        sum = kt_dec_add(sum, value);
        rest = kt_dec_sub(rest, part);
        moved = a->move.v ? kt_dec_add(moved, part) : moved;
    }
    KT_TRY(drop_empty(tx, o));
    return hand_out(tx, o, c, quantity, moved, sum);
}

/* ---- production.order.give_back ---- */

static kt_error *all_used(kt_tx *tx, const char *path)
{
    return kt_fail(tx, KT_RULE, path, "all that was issued was used", "zużyto wszystko, co wydano");
}

static kt_error *give_back_named(kt_tx *tx, struct order *o, const struct give_back *given, size_t i)
{
    const struct given_back *g = KT_SEE(given_back, kt_line(&given->components, i));
    struct component *c = order_component(o, g->item);
    const char *path = kt_format(tx, "components[%zu].quantity", i).ptr;
    const char *lot_path = kt_format(tx, "components[%zu].lot", i).ptr;
    kt_dec quantity = g->quantity, used;
    kt_id lot;
    if (!c)
        return kt_fail(tx, KT_VALIDATION, kt_format(tx, "components[%zu].item", i).ptr,
            "is no component of the order", "nie jest składnikiem zlecenia");
    KT_TRY(lot_named(tx, g->item, g->lot, (kt_date){0}, &lot));
    if (!quantity.scale1) {
        KT_TRY(component_used(tx, o, c, &used));
        quantity = kt_dec_sub(c->issued, used);
    }
    if (quantity.coef <= 0)
        return g->quantity.scale1
                   ? kt_fail(tx, KT_VALIDATION, path, "must be above zero", "musi być większe od zera")
                   : all_used(tx, path);
    KT_TRY(check_given(tx, o, c, quantity, lot, path, lot_path));
    return give_back(tx, o, c, quantity, lot, given->reason, path);
}

static kt_error *give_back_all(kt_tx *tx, struct order *o, const struct give_back *given)
{
    kt_error *all = NULL;
    bool any = false;
    for (size_t i = 0; i < o->components.count; i++) {
        struct component *c = component_at(o, i);
        kt_dec used;
        KT_TRY(component_used(tx, o, c, &used));
        kt_dec quantity = kt_dec_sub(c->issued, used);
        if (quantity.coef <= 0)
            continue;
        any = true;
        kt_error *wrong = check_given(tx, o, c, quantity, (kt_id){0}, "components", "components");
        kt_also(&all, wrong ? wrong : give_back(tx, o, c, quantity, (kt_id){0}, given->reason, "components"));
    }
    return any ? all : all_used(tx, "components");
}

static kt_error *give_back_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct order *o = KT_AS(order, self);
    const struct give_back *given = KT_SEE(give_back, params);
    const kt_dec before = o->material;
    kt_error *all = NULL;
    for (size_t i = 0; i < given->components.count; i++)
        kt_also(&all, give_back_named(tx, o, given, i));
    if (!given->components.count)
        all = give_back_all(tx, o, given);
    if (all)
        return all;
    o->steps++;
    if (given->reason.len)
        o->reason = given->reason;
    if (o->state == DONE) { /* its variance had the cost of them in it */
        kt_dec less = kt_dec_sub(o->material, before);
        o->variance = kt_dec_add(o->variance, less);
        KT_TRY(cost_announce(tx, order_any(tx, o), KT_STR("variance"), less));
    }
    return keep_report(tx, o);
}

kt_error *order_give_back(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, give_back_within, self, params);
}
