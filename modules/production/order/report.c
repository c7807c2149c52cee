/* Reporting: components issued, goods made and scrapped, the end of an order with what is left of it. */
#include <kontor/stock.h>

#include "order/order.h"

kt_error *on_own_authority(kt_tx *tx,
    kt_error *(*action)(kt_tx *tx, kt_record *self, const kt_record *params), kt_record *self,
    const kt_record *params)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = action(tx, self, params);
    kt_callers_authority(tx, before);
    return error;
}

struct taken { /* of what is issued */
    kt_record rec;
    kt_id item;
    kt_dec quantity;
    kt_str lot;
};
static const kt_shape taken_shape = KT_SHAPE(taken, NULL,
    KT_FIELD(taken, item, REF, "Component", "Składnik", .target = "base.item", .required = true),
    KT_FIELD(taken, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true),
    KT_FIELD(taken, lot, STRING, "Lot", "Partia", .max = 60,
        .help = {"Empty: as the stores pick.", "Puste: jak wybierze magazyn."}));

static kt_error *issue_given(kt_tx *tx, struct order *o, const kt_lines *rows, const char *list, kt_id into)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < rows->count; i++) {
        const struct taken *t = KT_SEE(taken, kt_line(rows, i));
        struct component *c = order_component(o, t->item);
        const char *path = kt_format(tx, "%s[%zu].quantity", list, i).ptr;
        kt_id lot;
        if (!c)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, kt_format(tx, "%s[%zu].item", list, i).ptr,
                              "is no component of the order", "nie jest składnikiem zlecenia"));
        else if (t->quantity.coef <= 0)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path, "must be above zero", "musi być większe od zera"));
        else {
            KT_TRY(lot_named(tx, t->item, t->lot, (kt_date){0}, &lot));
            kt_also(&all, issue_component(tx, o, c, t->quantity, lot, into, path));
        }
    }
    return all;
}

static void begin_work(kt_tx *tx, struct order *o)
{
    o->state = IN_PROGRESS;
    o->steps++;
    if (!o->started_at.ms)
        o->started_at = kt_now(tx);
}

kt_error *keep_report(kt_tx *tx, struct order *o)
{
    KT_TRY(order_refresh(tx, o));
    return kt_update(tx, &o->rec);
}

static kt_dec or_none(kt_dec value)
{
    return kt_dec_add(KT_DEC(0, 4), value);
}

/* ---- Issue ---- */

struct issue {
    kt_record rec;
    kt_lines components;
};
const kt_shape issue_shape = KT_SHAPE(issue, NULL,
    KT_FIELD(issue, components, LINES, "Components", "Składniki", .lines = &taken_shape, .max = 1000,
        .help = {"Empty: all that is still needed.", "Puste: wszystko, czego jeszcze trzeba."}));

static kt_error *issue_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct order *o = KT_AS(order, self);
    const struct issue *given = KT_SEE(issue, params);
    kt_error *all = NULL;
    begin_work(tx, o);
    if (given->components.count)
        KT_TRY(issue_given(tx, o, &given->components, "components", (kt_id){0}));
    for (size_t i = 0; i < o->components.count && !given->components.count; i++) {
        struct component *c = component_at(o, i);
        kt_also(&all, issue_component(tx, o, c, kt_dec_sub(c->quantity, c->issued), (kt_id){0}, (kt_id){0},
                          "components"));
    }
    return all ? all : keep_report(tx, o);
}

kt_error *order_issue(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, issue_within, self, params);
}

/* ---- Report ---- */

struct report {
    kt_record rec;
    kt_dec produced, scrapped;
    kt_str lot, reason;
    kt_date expires;
    kt_lines used;
    bool exactly;
};
const kt_shape report_shape = KT_SHAPE(report, NULL,
    KT_FIELD(report, produced, QUANTITY, "Made", "Wykonano", .scale = 4),
    KT_FIELD(report, scrapped, QUANTITY, "Scrapped", "Zbrakowano", .scale = 4,
        .help = {"Scrap that the last operation told is counted already, and not again when it is told here.",
            "Braki zgłoszone przy ostatniej operacji są już policzone i podane tu nie liczą się drugi raz."}),
    KT_FIELD(report, reason, STRING, "Reason of scrap", "Powód braków", .max = 300),
    KT_FIELD(report, lot, STRING, "Lot", "Partia", .max = 60),
    KT_FIELD(report, expires, DATE, "Expires on", "Termin ważności"),
    KT_FIELD(report, used, LINES, "Components used", "Zużyte składniki", .lines = &taken_shape, .max = 1000),
    KT_FIELD(report, exactly, BOOL, "Nothing else was used", "Nic innego nie zużyto",
        .help = {"Else what the bill says for this quantity is issued too.",
            "Inaczej wydaje się też to, co na tę ilość mówi struktura."}));

kt_error *component_needed(kt_tx *tx, const struct order *o, const struct component *c, kt_dec *needed)
{
    kt_dec done = kt_dec_add(o->produced, o->scrapped);
    struct bom_book *book;
    struct bom_entry *entry;
    KT_TRY(bom_book_today(tx, &book));
    KT_TRY(bom_book_find(tx, book, c->item, &entry));
    if (kt_dec_cmp(done, o->quantity) > 0)
        done = o->quantity;
    *needed = ratio_dec(
        ratio_div(ratio_mul(ratio_of(c->quantity), ratio_of(done)), ratio_of(o->quantity)), 4);
    *needed = part_whole(&entry->part, *needed);
    if (kt_dec_cmp(*needed, c->quantity) > 0)
        *needed = c->quantity;
    return NULL;
}

kt_error *component_used(kt_tx *tx, const struct order *o, const struct component *c, kt_dec *used)
{
    const kt_dec told = kt_dec_add(KT_DEC(0, 4), c->used), issued = kt_dec_add(KT_DEC(0, 4), c->issued);
    KT_TRY(component_needed(tx, o, c, used));
    *used = kt_dec_cmp(*used, issued) > 0 ? issued : *used;
    *used = kt_dec_cmp(*used, told) < 0 ? told : *used;
    return NULL;
}

/* What the bill says for all that was made and scrapped so far, and was not issued yet.
 *   path  for problems */
static kt_error *issue_rest(kt_tx *tx, struct order *o, kt_id into, const char *path)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < o->components.count; i++) {
        struct component *c = component_at(o, i);
        kt_dec needed;
        KT_TRY(component_needed(tx, o, c, &needed));
        kt_also(&all, issue_component(tx, o, c, kt_dec_sub(needed, c->issued), (kt_id){0}, into, path));
    }
    return all;
}

/* Of what was issued, what is used up now; what a report names is. */
static kt_error *count_used(kt_tx *tx, struct order *o, const kt_lines *named)
{
    for (size_t i = 0; i < named->count; i++) {
        const struct taken *t = KT_SEE(taken, kt_line(named, i));
        struct component *c = order_component(o, t->item);
        c->used = kt_dec_add(kt_dec_add(KT_DEC(0, 4), c->used), t->quantity);
    }
    for (size_t i = 0; i < o->components.count; i++)
        KT_TRY(component_used(tx, o, component_at(o, i), &component_at(o, i)->used));
    return NULL;
}

struct coming { /* of what comes of an order */
    kt_id item, lot;
    kt_dec expected, before, after; /* in all; what has come before this report and with it */
    kt_dec percent;                 /* of the planned cost that it bears */
};

static kt_dec planned_value(const struct order *o, const struct coming *c, kt_dec quantity)
{
    ratio share = ratio_div(ratio_mul(ratio_of(quantity), ratio_of(c->percent)),
        ratio_mul(ratio_of(c->expected), ratio_of(KT_DEC(100, 0))));
    return ratio_dec(ratio_mul(ratio_of(order_planned_cost(o)), share), 2);
}

/* At its share of the planned cost: parts come to the whole. */
static kt_error *receive(kt_tx *tx, struct order *o, const struct coming *c)
{
    kt_dec value = kt_dec_sub(planned_value(o, c, c->after), planned_value(o, c, c->before));
    return receive_goods(tx, o, c->item, kt_dec_sub(c->after, c->before), c->lot, &value);
}

struct tracked_item {
    kt_record rec;
    unsigned tracking;
};
static const kt_shape tracked_item_shape = KT_SHAPE(
    tracked_item, "base.item", KT_BIND(tracked_item, tracking, STATE, "tracking")); /* where stock is kept */
enum { BY_LOT = 2 };

/* A by-product that is kept by lots comes in one of the report's name. */
static kt_error *output_lot(kt_tx *tx, kt_id item, const struct report *r, kt_id *lot)
{
    struct tracked_item i = {KT_OF(tracked_item)};
    *lot = (kt_id){0};
    if (!kt_stock_find(tx))
        return NULL;
    KT_TRY(kt_read(tx, item, &i.rec));
    return i.tracking == BY_LOT ? lot_named(tx, item, r->lot, r->expires, lot) : NULL;
}

/* Of an output as many come as belong to what was made so far, in whole steps of its unit. */
static kt_error *output_comes(kt_tx *tx, const struct order *o, const struct report *r, struct bom_book *book,
    struct output *out, struct coming *c)
{
    struct bom_entry *entry;
    KT_TRY(bom_book_find(tx, book, out->item, &entry));
    *c = (struct coming){.item = out->item,
        .expected = out->quantity,
        .before = or_none(out->received),
        .percent = kt_dec_add(KT_DEC(0, 2), out->cost_share)};
    c->after = part_whole_below(&entry->part,
        ratio_dec(
            ratio_div(ratio_mul(ratio_of(out->quantity), ratio_of(o->produced)), ratio_of(o->quantity)), 4));
    if (kt_dec_cmp(c->after, c->before) <= 0) {
        c->after = c->before;
        return NULL;
    }
    out->received = c->after;
    return output_lot(tx, out->item, r, &c->lot);
}

/* What comes beside the item, counted already.
 *   all           receives o->outputs.count of them
 *   percent_left  what of the cost the item itself bears */
static kt_error *outputs_come(
    kt_tx *tx, struct order *o, const struct report *r, struct coming **all, kt_dec *percent_left)
{
    struct bom_book *book;
    KT_TRY(bom_book_today(tx, &book));
    *percent_left = KT_DEC(100, 0);
    *all = kt_alloc(tx, (o->outputs.count + 1) * sizeof **all);
    if (!*all)
        return kt_no_memory();
    for (size_t i = 0; i < o->outputs.count; i++) {
        struct output *out = KT_AS(output, kt_line(&o->outputs, i));
        struct coming *c = &(*all)[i];
        if (out->quantity.coef <= 0)
            continue;
        KT_TRY(output_comes(tx, o, r, book, out, c));
        *percent_left = kt_dec_sub(*percent_left, c->percent);
    }
    return NULL;
}

/* Those who waited for it may have it: the order says before what has come, and covers nobody with that. */
static kt_error *receive_all(
    kt_tx *tx, struct order *o, const struct coming *of_item, const struct coming *beside)
{
    KT_TRY(keep_report(tx, o));
    for (size_t i = 0; i < o->outputs.count; i++)
        if (kt_dec_cmp(beside[i].after, beside[i].before) > 0)
            KT_TRY(receive(tx, o, &beside[i]));
    KT_TRY(expect_goods(tx, o));
    return receive(tx, o, of_item);
}

static kt_error *check_report(kt_tx *tx, const struct order *o, const struct report *r)
{
    kt_error *all = check_pieces(tx, o->item, r->produced, "produced");
    kt_also(&all, check_pieces(tx, o->item, r->scrapped, "scrapped"));
    if (r->produced.coef < 0 || (r->produced.coef == 0 && r->scrapped.coef == 0))
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "produced", "must be above zero", "musi być większe od zera"));
    if (r->scrapped.coef < 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "scrapped", "is not below zero", "nie może być ujemne"));
    return all;
}

/* r: what was not counted yet */
static kt_error *check_room(kt_tx *tx, const struct order *o, const struct report *r)
{
    kt_dec after = kt_dec_add(kt_dec_add(o->produced, o->scrapped), kt_dec_add(r->produced, r->scrapped));
    if (r->produced.coef == 0 && r->scrapped.coef == 0)
        return kt_hint(kt_fail(tx, KT_RULE, "scrapped", "this scrap was told at the last operation already",
                           "te braki zgłoszono już przy ostatniej operacji"),
            "The order has it. Report what is scrapped beyond that, with it as one sum.",
            "Zlecenie już je ma. Zgłoś to, co zbrakowano ponadto, razem z nimi.");
    if (kt_dec_cmp(after, o->quantity) <= 0)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, "produced", "more than the order says", "więcej, niż mówi zlecenie"),
        "Resize the order first.", "Najpierw zmień ilość zlecenia.");
}

/* Who waits for more than the order still gives, for some was scrapped, is covered in another way at once. */
static kt_error *replace_scrap(kt_tx *tx, struct order *o)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_dec waited;
    KT_TRY(order_waited_for(tx, o, o->item, &waited));
    kt_dec lost = kt_dec_sub(waited, order_rest(o));
    if (lost.coef <= 0 || !supply)
        return NULL;
    o->replaced = kt_dec_add(kt_dec_add(KT_DEC(0, 4), o->replaced), lost);
    KT_TRY(keep_report(tx, o)); /* it covers nobody with what it will not give */
    return supply->failed(tx, &(kt_shortfall){order_any(tx, o), o->item, lost}, 1,
        say_text(kt_format(tx, "some of %s was scrapped", o->rec.number.ptr),
            kt_format(tx, "część %s zbrakowano", o->rec.number.ptr)));
}

/* Books what was made and scrapped: components out, goods in, those who waited for what is scrapped covered anew.
 *   r     produced and scrapped: more than was counted before
 *   path  of what was told, for problems of what goes out with it */
static kt_error *count_made(kt_tx *tx, struct order *o, const struct report *r, const char *path)
{
    struct coming c = {.item = o->item, .expected = o->quantity, .before = or_none(o->produced)}, *beside;
    begin_work(tx, o);
    o->produced = c.after = kt_dec_add(c.before, r->produced);
    o->scrapped = kt_dec_add(o->scrapped, r->scrapped);
    if (r->reason.len)
        o->reason = r->reason;
    KT_TRY(lot_named(tx, o->item, r->lot, r->expires, &c.lot));
    KT_TRY(issue_given(tx, o, &r->used, "used", c.lot));
    if (!r->exactly)
        KT_TRY(issue_rest(tx, o, c.lot, path));
    KT_TRY(count_used(tx, o, &r->used));
    KT_TRY(outputs_come(tx, o, r, &beside, &c.percent));
    KT_TRY(receive_all(tx, o, &c, beside));
    if (r->scrapped.coef) {
        KT_TRY(replace_scrap(tx, o));
        KT_TRY(order_outputs_fail(tx, o));
    }
    return keep_report(tx, o);
}

/* ---- Scrap, told by reports or at the last operation: the same pieces, so the greater sum counts ---- */

static kt_dec scrap_reported(const struct order *o)
{
    return or_none(o->scrap_reported.scale1 ? o->scrap_reported : o->scrapped);
}

static kt_error *scrap_at_the_end(kt_tx *tx, const struct order *o, kt_dec *told)
{
    struct operation *all;
    size_t count;
    *told = KT_DEC(0, 4);
    KT_TRY(operations_of(tx, o->rec.id, &all, &count));
    for (size_t i = 0; i < count; i++)
        if (all[i].state != DROPPED) /* the last one stays */
            *told = or_none(all[i].scrapped);
    return NULL;
}

/* *more receives what was not counted yet of scrap that is `sum` in all. */
static kt_error *scrap_to_count(kt_tx *tx, const struct order *o, kt_dec sum, const char *path, kt_dec *more)
{
    kt_dec left = kt_dec_sub(kt_dec_sub(o->quantity, o->produced), o->scrapped);
    *more = kt_dec_sub(sum, or_none(o->scrapped));
    if (more->coef <= 0)
        *more = KT_DEC(0, 4);
    if (kt_dec_cmp(*more, left) <= 0)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, path, "more than the order says: %lld.%04lld are not reported yet",
                       "więcej, niż mówi zlecenie: niezgłoszone jest %lld.%04lld",
                       (long long)(left.coef / 10000), (long long)(left.coef % 10000)),
        "Resize the order first.", "Najpierw zmień ilość zlecenia.");
}

kt_error *scrap_told(kt_tx *tx, struct order *o, kt_dec scrapped, kt_str reason)
{
    struct report r = {KT_OF(report), .produced = KT_DEC(0, 4), .reason = reason};
    o->scrap_reported = scrap_reported(o);
    KT_TRY(scrap_to_count(tx, o, scrapped, "scrapped", &r.scrapped));
    return r.scrapped.coef ? count_made(tx, o, &r, "scrapped") : keep_report(tx, o);
}

static kt_error *report_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct order *o = KT_AS(order, self);
    struct report r = *KT_SEE(report, params);
    kt_dec at_the_end;
    KT_TRY(check_report(tx, o, &r));
    o->scrap_reported = kt_dec_add(scrap_reported(o), r.scrapped);
    KT_TRY(scrap_at_the_end(tx, o, &at_the_end));
    KT_TRY(
        scrap_to_count(tx, o, kt_dec_cmp(o->scrap_reported, at_the_end) > 0 ? o->scrap_reported : at_the_end,
            "scrapped", &r.scrapped));
    KT_TRY(check_room(tx, o, &r));
    return count_made(tx, o, &r, "produced");
}

kt_error *order_report(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, report_within, self, params);
}

/* ---- The end ---- */

struct finish {
    kt_record rec;
    bool backorder;
    kt_str reason;
};
const kt_shape finish_shape = KT_SHAPE(finish, NULL,
    KT_FIELD(finish, backorder, BOOL, "Make the rest", "Dorób resztę",
        .help = {"In an order of its own; else those who wait are covered anew. Scrap that was waited for is "
                 "covered already.",
            "W osobnym zleceniu; inaczej czekający zostaną pokryci na nowo. Braki, na które ktoś czekał, już "
            "są pokryte."}),
    KT_FIELD(finish, reason, STRING, "Reason", "Powód", .max = 300));

/* Work that nobody reported counts as planned for as much as was made. */
static kt_error *charge_unreported(kt_tx *tx, struct order *o)
{
    struct operation *all;
    size_t count;
    kt_dec done = kt_dec_add(o->produced, o->scrapped);
    KT_TRY(operations_of(tx, o->rec.id, &all, &count));
    for (size_t i = 0; i < count; i++) {
        struct operation *p = &all[i];
        struct centre centre = {KT_OF(centre)};
        if (p->state == FINISHED || p->state == DROPPED)
            continue;
        if (p->running_since.ms)
            return kt_fail(tx, KT_RULE, "state", "operation %lld is still worked on",
                "operacja %lld jeszcze trwa", (long long)p->sequence);
        p->state = FINISHED;
        p->good = o->produced;
        p->finished_at = kt_now(tx);
        if (!p->actual_minutes.coef) {
            struct minutes allowed;
            operation_allows(p, done, o->quantity, &allowed);
            KT_TRY(kt_read(tx, p->centre, &centre.rec));
            KT_TRY(cost_of_time(tx, o, &centre, allowed.machine, allowed.labour, &p->cost));
        }
        KT_TRY(kt_update(tx, &p->rec));
    }
    return NULL;
}

struct waiting { /* a pegging */
    kt_record rec;
    kt_id supply, item;
};
static const kt_shape waiting_shape = KT_SHAPE(
    waiting, "base.pegging", KT_BIND(waiting, supply, REF, "supply"), KT_BIND(waiting, item, REF, "item"));

/* Those who wait for the order wait for another one now. */
static kt_error *hand_over(kt_tx *tx, const struct order *from, const struct order *to)
{
    const kt_where where[] = {KT_WHERE(waiting, supply, KT_EQ, order_any(tx, from)),
        {offsetof(struct waiting, item), KT_EQ, &from->item}, {0}};
    struct waiting w = {KT_OF(waiting)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &waiting_shape, .where = where, .sort = "id"}, &cursor));
    while (!error && kt_next(cursor, &w.rec)) {
        w.supply = order_any(tx, to);
        error = kt_update(tx, &w.rec);
    }
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

static kt_error *make_the_rest(kt_tx *tx, const struct order *o, kt_dec rest)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_plan plan = {0};
    struct order next = {KT_OF(order), .item = o->item, .bom = o->bom, .routing = o->routing,
        .warehouse = o->warehouse, .demand = o->demand, .demand_line = o->demand_line, .level = o->level,
        .owner = o->owner, .backorder_of = o->rec.id, .quantity = rest, .due = o->due, .state = DRAFT};
    KT_TRY(in_whole_steps(tx, o->item, &next.quantity));
    KT_TRY(order_fill_anew(tx, &next, o));
    KT_TRY(kt_create(tx, &next.rec));
    KT_TRY(hand_over(tx, o, &next));
    KT_TRY(order_cover(tx, &next, &plan));
    next.state = CONFIRMED;
    next.steps++;
    KT_TRY(order_look(tx, &next));
    KT_TRY(kt_update(tx, &next.rec));
    kt_text why = say_text(
        kt_format(tx, "the rest of %s is made by %s", o->rec.number.ptr, next.rec.number.ptr),
        kt_format(tx, "resztę %s robi %s", o->rec.number.ptr, next.rec.number.ptr));
    return supply ? supply->moved(tx, order_any(tx, &next), next.day, why) : NULL;
}

static kt_error *finish_within(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct order *o = KT_AS(order, self);
    const struct finish *given = KT_SEE(finish, params);
    const kt_supply *supply = kt_supply_find(tx);
    kt_dec rest = kt_dec_sub(kt_dec_sub(o->quantity, o->produced), o->replaced);
    kt_plan left = {0};
    if (given->reason.len)
        o->reason = given->reason;
    KT_TRY(charge_unreported(tx, o));
    o->finished_at = kt_now(tx);
    o->state = DONE;
    o->steps++;
    KT_TRY(expect_goods(tx, o));
    KT_TRY(cost_variance(tx, o));
    KT_TRY(kt_update(tx, &o->rec)); /* it covers nobody any more with what it will not give */
    if (given->backorder && rest.coef > 0)
        KT_TRY(make_the_rest(tx, o, rest));
    if (supply) /* components that were not needed are free again */
        KT_TRY(supply->release(tx, order_any(tx, o), (kt_id){0}, (kt_dec){0}, &left));
    KT_TRY(order_refresh(tx, o));
    KT_TRY(order_outputs_fail(tx, o));
    if (rest.coef <= 0 || given->backorder)
        return NULL;
    KT_TRY(kt_update(tx, &o->rec)); /* before those who waited are covered anew */
    kt_text why = say_text(kt_format(tx, "%s made less than planned", o->rec.number.ptr),
        kt_format(tx, "%s dało mniej, niż planowano", o->rec.number.ptr));
    return supply ? supply->failed(tx, &(kt_shortfall){order_any(tx, o), o->item, rest}, 1, why) : NULL;
}

kt_error *order_finish(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, finish_within, self, params);
}
