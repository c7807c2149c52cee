/* Covering a demand, and letting go of it. */
#include "supply/pegging.h"

static const char *const source_names[] = {[KT_FROM_STOCK] = "supply.stock",
    [KT_FROM_TRANSFER] = "supply.transfer",
    [KT_FROM_MAKING] = "supply.make",
    [KT_FROM_BUYING] = "supply.buy"};
/* As they are asked; what costs least to give up stands last. */
static const kt_supply_kind in_turn[] = {
    KT_FROM_STOCK, KT_FROM_TRANSFER, KT_FROM_MAKING, KT_FROM_BUYING, KT_MISSING};
enum { KINDS = sizeof in_turn / sizeof *in_turn };

const kt_source *source_of(kt_tx *tx, kt_supply_kind kind)
{
    return kind == KT_MISSING ? NULL : (const kt_source *)kt_service_find(tx, source_names[kind], 7);
}

enum { GOODS = 1 }; /* as base.item has it */
struct needed_item {
    kt_record rec;
    unsigned kind;
};
static const kt_shape needed_item_shape = KT_SHAPE(
    needed_item, "base.item", KT_BIND(needed_item, kind, STATE, "kind"));

/* ---- Covering ---- */

static void sum_up(kt_plan *plan, size_t from, unsigned level)
{
    bool known = true, priced = true;
    plan->day = (kt_date){0};
    plan->cost = plan->missing = KT_DEC(0, 2);
    plan->minutes = 0; /* covers within this one have summed up their own */
    for (size_t i = from; i < plan->count; i++) {
        const kt_cover *part = &plan->parts[i];
        plan->minutes += part->minutes;
        if (part->level != level)
            continue;
        known = known && part->day.day;
        priced = priced && part->cost.scale1;
        plan->day = part->day.day > plan->day.day ? part->day : plan->day;
        plan->cost = kt_dec_add(plan->cost, part->cost);
        if (part->kind == KT_MISSING)
            plan->missing = kt_dec_add(plan->missing, part->quantity);
    }
    if (!known)
        plan->day = (kt_date){0};
    if (!priced)
        plan->cost = (kt_dec){0};
}

kt_text why_missing(kt_tx *tx, kt_text making, kt_text buying)
{
    if (!making.en && !buying.en)
        return (kt_text){
            "nobody makes it and no supplier is known", "nikt tego nie produkuje i nie ma dostawcy"};
    if (!buying.en)
        return (kt_text){kt_format(tx, "%s, and no supplier is known", making.en).ptr,
            kt_format(tx, "%s, a dostawcy nie ma", making.pl).ptr};
    return making.en ? (kt_text){kt_format(tx, "%s, and %s", making.en, buying.en).ptr,
                           kt_format(tx, "%s, a %s", making.pl, buying.pl).ptr}
                     : buying;
}

static kt_error *add_missing(kt_tx *tx, const kt_demand *demand, kt_dec rest, kt_text reason, kt_plan *plan)
{
    size_t at = 0;
    KT_TRY(kt_plan_add(tx, plan, &at));
    plan->parts[at] = (kt_cover){.kind = KT_MISSING,
        .item = demand->item,
        .quantity = rest,
        .needed = demand->day,
        .level = demand->level,
        .reason = reason};
    return NULL;
}

/* Whoever asks for it has others that may need it first. */
static kt_error *ask_later(kt_tx *tx, const kt_demand *demand, kt_plan *plan)
{
    const size_t at = plan->count;
    const kt_text reason = {"it is covered when its turn comes", "pokrycie w swojej kolejności"};
    KT_TRY(add_missing(tx, demand, demand->quantity, reason, plan));
    KT_TRY(pegging_remember(tx, demand, &plan->parts[at]));
    sum_up(plan, at, demand->level);
    return NULL;
}

static bool anybody_there(kt_tx *tx)
{
    for (size_t i = 0; i < KINDS; i++)
        if (source_of(tx, in_turn[i]))
            return true;
    return false;
}

static kt_error *ask_sources(kt_tx *tx, const kt_demand *demand, kt_plan *plan)
{
    kt_dec rest = demand->quantity;
    kt_text making = {0};
    size_t sources = 0, from = plan->count;
    plan->hindered = (kt_text){0};
    for (size_t i = 0; i < KINDS; i++) {
        const kt_source *source = source_of(tx, in_turn[i]);
        sources += source != NULL;
        if (in_turn[i] == KT_FROM_BUYING) {
            making = plan->hindered;
            plan->hindered = (kt_text){0};
        }
        if (source && rest.coef > 0)
            KT_TRY(source->cover(tx, demand, &rest, plan));
    }
    if (!sources)
        return NULL; /* nobody keeps, makes or buys here: there is nothing to say */
    if (rest.coef > 0)
        KT_TRY(add_missing(tx, demand, rest, why_missing(tx, making, plan->hindered), plan));
    plan->hindered = (kt_text){0}; /* what this goes into is not hindered by that */
    sum_up(plan, from, demand->level);
    kt_demand told = *demand; /* it is promised for when the last of it is there */
    told.promised = demand->promised.day ? demand->promised : plan->day;
    for (size_t i = from; i < plan->count; i++)
        if (plan->parts[i].level == demand->level)
            KT_TRY(pegging_remember(tx, &told, &plan->parts[i]));
    return NULL;
}

/* Nobody keeps stock, and what is given back lies there. */
static kt_error *lie_ready(kt_tx *tx, const kt_demand *demand, kt_plan *plan)
{
    size_t at = 0;
    KT_TRY(kt_plan_add(tx, plan, &at));
    plan->parts[at] = (kt_cover){.item = demand->item,
        .line = demand->line,
        .quantity = demand->quantity,
        .needed = demand->day,
        .cost = demand->returned,
        .level = demand->level};
    lay_there(tx, &plan->parts[at]);
    KT_TRY(pegging_remember(tx, demand, &plan->parts[at]));
    sum_up(plan, at, demand->level);
    return NULL;
}

static kt_error *let_go(kt_tx *tx, struct pegging *p, kt_dec quantity, bool met, kt_plan *left);

/* What is reserved for whom this demand is the heir of is free for it, and for nobody who misses some.
 *   given  how much that is */
static kt_error *inherit(kt_tx *tx, const kt_demand *demand, kt_dec *given)
{
    struct peggings all;
    kt_plan left = {0};
    kt_dec rest = demand->quantity;
    KT_TRY(peggings_of_demand(tx, demand->heir_of, 0, &all));
    KT_TRY(supply_hold_back(tx, true));
    for (size_t i = 0; i < all.count && rest.coef > 0; i++) {
        struct pegging *p = &all.items[i];
        const kt_dec take = least(p->quantity, rest);
        if (p->kind != KT_FROM_STOCK || lies_ready(p) || p->item.v != demand->item.v)
            continue;
        KT_TRY(let_go(tx, p, take, false, &left));
        rest = kt_dec_sub(rest, take);
    }
    *given = kt_dec_sub(demand->quantity, rest);
    return supply_hold_back(tx, false);
}

static kt_error *cover_goods(kt_tx *tx, const kt_demand *demand, kt_plan *plan)
{
    struct needed_item item = {KT_OF(needed_item)};
    KT_TRY(kt_read(tx, demand->item, &item.rec));
    plan->day = (kt_date){0};
    plan->cost = plan->missing = (kt_dec){0};
    if (item.kind != GOODS || demand->quantity.coef <= 0)
        return NULL;
    if (demand->later)
        return anybody_there(tx) ? ask_later(tx, demand, plan) : NULL;
    kt_dec given = KT_DEC(0, 4);
    if (demand->heir_of.v)
        KT_TRY(inherit(tx, demand, &given));
    KT_TRY(demand->returned.scale1 && !source_of(tx, KT_FROM_STOCK) ? lie_ready(tx, demand, plan)
                                                                    : ask_sources(tx, demand, plan));
    /* the heir may have got another lot, and this one is good for who misses some */
    return given.coef > 0
               ? supply_freed(tx, demand->heir_of, demand->item, demand->warehouse, given, (kt_dec){0})
               : NULL;
}

kt_error *supply_cover(kt_tx *tx, const kt_demand *demand, kt_plan *plan)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = cover_goods(tx, demand, plan);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Letting go ---- */

/* met: the demand got it otherwise */
static kt_error *let_go(kt_tx *tx, struct pegging *p, kt_dec quantity, bool met, kt_plan *left)
{
    const bool ready = lies_ready(p);
    const kt_source *source = ready ? NULL : source_of(tx, p->kind);
    kt_demand demand = pegging_demand(p);
    kt_cover part = pegging_part(p);
    size_t at = 0;
    part.quantity = quantity;
    demand.met = met;
    if (source) {
        KT_TRY(source->release(tx, &demand, &part, left));
    } else if (p->kind != KT_MISSING) {
        KT_TRY(kt_plan_add(tx, left, &at));
        part.reason = part.document.v ? (kt_text){"the module that it came from is not enabled",
                                            "moduł, z którego pochodzi, jest wyłączony"}
                                      : (kt_text){"it is there already", "już jest"};
        left->parts[at] = part;
    }
    KT_TRY(kt_read(tx, p->rec.id, &p->rec)); /* what is left of a supply may come on another day now */
    kt_ready there = {p->quantity, p->cost};
    const kt_ready taken = ready_take(&there, quantity);
    KT_TRY(pegging_lessen(tx, p, quantity));
    return ready && !source_of(tx, KT_FROM_STOCK)
               ? supply_freed(tx, p->demand, p->item, kt_any_id(p->warehouse), taken.quantity, taken.cost)
               : NULL;
}

static kt_error *is_bound(kt_tx *tx, const struct pegging *p, bool *yes)
{
    const kt_source *source = lies_ready(p) ? NULL : source_of(tx, p->kind);
    const kt_cover part = pegging_part(p);
    *yes = false;
    return source && source->bound ? source->bound(tx, &part, yes) : NULL;
}

/* Of one kind, the latest first.
 *   *rest  lessened by what is let go; not set: all is */
static kt_error *release_of_kind(
    kt_tx *tx, struct peggings *all, kt_supply_kind kind, bool bound, kt_dec *rest, kt_plan *left)
{
    for (size_t i = all->count; i-- > 0;) {
        struct pegging *p = &all->items[i];
        kt_dec take = rest->scale1 ? least(p->quantity, *rest) : p->quantity;
        bool is;
        if (p->kind != kind || take.coef <= 0)
            continue;
        KT_TRY(is_bound(tx, p, &is));
        if (is != bound)
            continue;
        KT_TRY(let_go(tx, p, take, false, left));
        if (rest->scale1)
            *rest = kt_dec_sub(*rest, take);
    }
    return NULL;
}

/* What costs least to give up goes first, and last what cannot be given up. */
static kt_error *release_within(kt_tx *tx, kt_id document, kt_id line, kt_dec quantity, kt_plan *left)
{
    struct peggings all;
    kt_dec rest = quantity;
    KT_TRY(peggings_of_demand(tx, document, (int64_t)line.v, &all));
    for (size_t k = KINDS; k-- > 0;)
        KT_TRY(release_of_kind(tx, &all, in_turn[k], false, &rest, left));
    for (size_t k = KINDS; k-- > 0;)
        KT_TRY(release_of_kind(tx, &all, in_turn[k], true, &rest, left));
    return NULL;
}

static kt_error *release(kt_tx *tx, kt_id document, kt_id line, kt_dec quantity, kt_plan *left)
{
    kt_authority before = kt_own_authority(tx);
    bool first;
    kt_error *e = supply_hold_failures(tx, &first);
    if (!e)
        e = supply_tell_failures(tx, first, release_within(tx, document, line, quantity, left));
    kt_callers_authority(tx, before);
    return e;
}

/* What was taken out of the stores was reserved there, or else it takes the place of what was still to come: that
 * is let go, so that its supply is free for others or is given up. */
static kt_error *use_up(kt_tx *tx, struct peggings *all, kt_id item, kt_supply_kind kind, kt_dec *rest)
{
    kt_plan left = {0};
    for (size_t i = 0; i < all->count && rest->coef > 0; i++) {
        struct pegging *p = &all->items[i];
        if (p->kind != kind || p->item.v != item.v || lies_ready(p))
            continue;
        kt_dec take = least(p->quantity, *rest);
        KT_TRY(kind == KT_FROM_STOCK ? pegging_lessen(tx, p, take) : let_go(tx, p, take, true, &left));
        *rest = kt_dec_sub(*rest, take);
    }
    return NULL;
}

/* The same of what lies ready.
 *   ready  may be NULL */
static kt_error *use_up_ready(kt_tx *tx, struct peggings *all, kt_id item, kt_dec *rest, kt_ready *ready)
{
    for (size_t i = 0; i < all->count && rest->coef > 0; i++) {
        struct pegging *p = &all->items[i];
        if (p->item.v != item.v || !lies_ready(p))
            continue;
        kt_ready there = {p->quantity, p->cost};
        const kt_ready taken = ready_take(&there, *rest);
        *rest = kt_dec_sub(*rest, taken.quantity);
        if (ready && taken.cost.scale1) {
            ready->quantity = kt_dec_add(ready->quantity, taken.quantity);
            ready->cost = kt_dec_add(ready->cost, taken.cost);
        }
        KT_TRY(pegging_lessen(tx, p, taken.quantity));
    }
    return NULL;
}

/* While nobody keeps stock, what had come meanwhile is used first: the stores are to be told of the rest alone. */
static kt_error *used_within(
    kt_tx *tx, kt_id document, kt_id line, kt_id item, kt_dec quantity, kt_ready *ready)
{
    const bool kept = source_of(tx, KT_FROM_STOCK);
    struct peggings all;
    kt_dec rest = quantity;
    KT_TRY(peggings_of_demand(tx, document, (int64_t)line.v, &all));
    if (!kept)
        KT_TRY(use_up_ready(tx, &all, item, &rest, ready));
    KT_TRY(use_up(tx, &all, item, KT_FROM_STOCK, &rest));
    if (kept)
        KT_TRY(use_up_ready(tx, &all, item, &rest, ready));
    for (size_t k = KINDS; --k > 0;) /* but for what is on stock */
        KT_TRY(use_up(tx, &all, item, in_turn[k], &rest));
    return NULL;
}

struct used { /* the payload of "base.supply.used" */
    kt_record rec;
    kt_id document, item;
    int64_t line;
};
static const kt_shape used_shape = KT_SHAPE(used, NULL,
    KT_FIELD(used, document, REF, "Document", "Dokument", .target = "*"),
    KT_FIELD(used, line, INT, "Line", "Pozycja"),
    KT_FIELD(used, item, REF, "Item", "Towar", .target = "base.item"));

static kt_error *used(kt_tx *tx, kt_id document, kt_id line, kt_id item, kt_dec quantity, kt_ready *ready)
{
    const struct used what = {KT_OF(used), .document = document, .line = (int64_t)line.v, .item = item};
    kt_authority before = kt_own_authority(tx);
    bool first;
    kt_error *e = supply_hold_failures(tx, &first);
    if (!e)
        e = supply_tell_failures(tx, first, used_within(tx, document, line, item, quantity, ready));
    if (!e)
        e = kt_emit(tx, "base.supply.used", &what.rec);
    kt_callers_authority(tx, before);
    return e;
}

const kt_supply supply_service = {supply_cover, release, used, supply_moved, supply_arrived, supply_failed,
    supply_joined, supply_tree, supply_freed, supply_lost, supply_passed, supply_offered, supply_shared,
    supply_parted, supply_told};
