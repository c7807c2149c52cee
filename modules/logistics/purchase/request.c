/* What is to be bought, for whom, from whom. Its state follows from what has become of it. */
#include <kontor/list.h>

#include "purchase/purchase.h"

static const kt_choice request_states[] = {
    {PR_OPEN, "open", {"Open", "Otwarte"}, "open"},
    {PR_ORDERED, "ordered", {"Ordered", "Zamówione"}, "open"},
    {PR_DONE, "done", {"Done", "Zrealizowane"}, "won"},
    {PR_CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};
static const kt_choice request_origins[] = {
    {BY_HAND, "hand", {"By hand", "Ręcznie"}},
    {BY_DEMAND, "demand", {"A demand", "Zapotrzebowanie"}},
    {BY_RULE, "rule", {"A reorder rule", "Reguła uzupełniania"}},
    {BY_ORDER, "order", {"An order written by hand", "Zamówienie wpisane ręcznie"}},
    {BY_PLAN, "plan", {"Requirements planning", "Planowanie potrzeb"}},
    {0},
};
const kt_shape request_shape = KT_SHAPE(request, "logistics.purchase_request",
    KT_FIELD(request, item, REF, "Item", "Towar", .target = "base.item", .required = true, .fixed = true,
        .priority = 1),
    KT_FIELD(request, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true, .priority = 2,
        .help = {"In the item's own unit.", "W jednostce towaru."}),
    KT_FIELD(request, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse", .fixed = true,
        .in_use = true),
    KT_FIELD(request, needed, DATE, "Needed on", "Potrzebne na", .priority = 4),
    KT_FIELD(request, party, REF, "Supplier", "Dostawca", .target = "base.party", .indexed = true,
        .priority = 3, .help = {"Empty: the best one.", "Puste: najlepszy."}),
    KT_FIELD(request, price, REF, "Supplier's price", "Cena dostawcy", .target = "logistics.supplier_price",
        .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(request, currency, REF, "Its currency", "Jej waluta", .target = "base.currency",
        .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(request, unit_cost, PRICE, "Price in the company's currency", "Cena w walucie firmy", .scale = 6,
        .computed = true, .group = "cost"),
    KT_FIELD(request, cost, MONEY, "Cost", "Koszt", .scale = 2, .computed = true, .group = "cost"),
    KT_FIELD(request, day, DATE, "Expected on", "Spodziewane dnia", .computed = true, .indexed = true,
        .priority = 5),
    KT_FIELD(request, order_by, DATE, "To be ordered by", "Zamówić do", .computed = true, .indexed = true,
        .priority = 6),
    KT_FIELD(request, waiting, QUANTITY, "Waited for", "Oczekiwane", .scale = 4, .computed = true,
        .help = {"By demands that this request covers.", "Przez zapotrzebowania, które pokrywa."}),
    KT_FIELD(request, received, QUANTITY, "Received", "Przyjęte", .scale = 4, .computed = true),
    KT_FIELD(request, free, QUANTITY, "Nobody waits for", "Bez przeznaczenia", .scale = 4, .computed = true),
    KT_FIELD(request, origin, STATE, "Comes from", "Powód", .choices = request_origins, .computed = true),
    KT_FIELD(request, demand, REF, "Asked for by", "Dla czego", .target = "*", .on_delete = KT_CLEAR,
        .computed = true),
    KT_FIELD(request, demand_line, INT, "Its line", "Pozycja", .computed = true),
    KT_FIELD(request, order, REF, "Order", "Zamówienie zakupu", .target = "logistics.purchase_order",
        .on_delete = KT_CLEAR, .computed = true),
    KT_FIELD(request, order_line, INT, "Its line", "Pozycja zamówienia", .computed = true),
    KT_FIELD(request, rfq, REF, "Inquiry", "Zapytanie", .target = "logistics.rfq", .on_delete = KT_CLEAR,
        .computed = true),
    KT_FIELD(
        request, owner, REF, "Buyer", "Zaopatrzeniowiec", .target = "access.user", .on_delete = KT_CLEAR),
    KT_FIELD(request, note, STRING, "Note", "Uwagi", .max = 300),
    KT_FIELD(request, bookings, INT, "Changes of its order", "Zmiany jego zamówienia", .computed = true),
    KT_FIELD(request, cancelled, BOOL, "Given up", "Zaniechane", .computed = true),
    KT_FIELD(request, finished, BOOL, "No more of it comes", "Nic więcej nie przyjdzie", .computed = true),
    KT_FIELD(request, state, STATE, "State", "Stan", .choices = request_states, .computed = true,
        .indexed = true, .priority = 7));

/* ---- Price and days ---- */

void request_take_offer(kt_tx *tx, struct request *r, const struct offer *best)
{
    r->party = best->price.party;
    r->price = best->price.rec.id;
    r->currency = best->price.currency;
    r->unit_cost = best->cost;
    r->cost = kt_dec_mul(best->cost, r->quantity, 2);
    r->day = best->day.day < r->needed.day ? r->needed : best->day;
    r->order_by = kt_date_add(r->day, -(int32_t)best->price.lead_days);
    if (r->order_by.day < kt_today(tx).day)
        r->order_by = kt_today(tx);
}

kt_error *request_price(kt_tx *tx, struct request *r)
{
    struct offers found;
    const struct offer_query query = {r->item, r->party, r->quantity, kt_today(tx)};
    KT_TRY(offers_find(tx, &query, &found));
    const struct offer *best = offers_best(&found);
    r->price = r->currency = (kt_id){0};
    r->unit_cost = r->cost = (kt_dec){0};
    r->day = r->order_by = (kt_date){0};
    if (best)
        request_take_offer(tx, r, best);
    return NULL;
}

void request_cut(struct request *r, kt_dec cut)
{
    r->bookings++;
    r->cancelled = kt_dec_cmp(r->quantity, cut) == 0; /* nothing is left to ask for */
    if (!r->cancelled)
        r->quantity = kt_dec_sub(r->quantity, cut);
}

/* ---- Computed ---- */

static enum request_state state_of(const struct request *r)
{
    return r->cancelled                                               ? PR_CANCELLED
           : r->finished || kt_dec_cmp(r->received, r->quantity) >= 0 ? PR_DONE
           : r->order.v                                               ? PR_ORDERED
                                                                      : PR_OPEN;
}

static kt_error *fixed(kt_tx *tx, const char *path)
{
    return kt_fail(tx, KT_BAD_STATE, path, "is fixed: the request is ordered or over",
        "jest ustalone: zapotrzebowanie zamówiono albo zakończono");
}

static kt_error *check_changed(kt_tx *tx, const struct request *r, const struct request *was)
{
    kt_error *all = NULL;
    if (was->state == PR_OPEN || kt_joining(tx))
        return NULL;
    if (kt_dec_cmp(r->quantity, was->quantity) != 0 && was->bookings == r->bookings)
        kt_also(&all, fixed(tx, "quantity"));
    if (r->needed.day != was->needed.day)
        kt_also(&all, fixed(tx, "needed"));
    return all;
}

static kt_error *check_quantities(kt_tx *tx, struct request *r)
{
    KT_TRY(not_below(tx, "quantity", r->quantity, true));
    r->free = kt_dec_sub(r->quantity, kt_dec_add(r->received, r->waiting));
    if (r->free.coef >= 0)
        return NULL;
    if (r->waiting.coef <= 0) { /* more came than was asked for */
        r->free = ZERO;
        return NULL;
    }
    return kt_hint(kt_fail(tx, KT_RULE, "quantity", "demands wait for %s of it",
                       "zapotrzebowania czekają na %s", dec_words(tx, r->waiting)),
        "Change the orders that need it first.", "Najpierw zmień zamówienia, które tego potrzebują.");
}

/* What somebody writes; what a lot brings that is bought by a measure may be no whole number. */
static kt_error *check_written(kt_tx *tx, const struct request *r, const struct request *was)
{
    bool written = was ? kt_dec_cmp(r->quantity, was->quantity) != 0 && was->bookings == r->bookings
                       : !r->origin;
    return written && !r->order.v ? check_whole_of(tx, r->item, r->quantity, (kt_id){0}, "quantity") : NULL;
}

kt_error *request_compute(kt_tx *tx, kt_record *self)
{
    struct request *r = KT_AS(request, self), was = {KT_OF(request)};
    struct goods item;
    bool fresh = !r->rec.id.v, other = fresh && !r->price.v;
    if (!r->item.v || !r->quantity.scale1)
        return NULL; /* the core asks for them */
    if (fresh) {
        KT_TRY(goods_read(tx, r->item, &item));
        KT_TRY(check_written(tx, r, NULL));
        r->origin = r->origin ? r->origin : BY_HAND;
        r->received = r->received.scale1 ? r->received : ZERO;
        r->waiting = r->waiting.scale1 ? r->waiting : ZERO;
    } else {
        KT_TRY(kt_read(tx, r->rec.id, &was.rec));
        KT_TRY(check_changed(tx, r, &was));
        KT_TRY(check_written(tx, r, &was));
        other = kt_dec_cmp(r->quantity, was.quantity) != 0 || r->needed.day != was.needed.day ||
                r->party.v != was.party.v || (was.order.v && !r->order.v);
    }
    KT_TRY(check_quantities(tx, r));
    r->state = state_of(r);
    if (r->state != PR_OPEN) {
        if (r->state > PR_ORDERED)
            r->free = ZERO;
        return NULL;
    }
    return other ? request_price(tx, r) : NULL;
}

/* ---- Finding ---- */

kt_id request_any(kt_tx *tx, const struct request *r)
{
    return kt_any(tx, request_shape.name, r->rec.id);
}

kt_error *requests_find(kt_tx *tx, const kt_where *where, struct requests *found)
{
    const kt_query query = {.of = &request_shape, .where = where, .sort = "needed,id"};
    struct request r = {KT_OF(request)};
    size_t room = 0;
    bool enough = true;
    kt_cursor *cursor;
    *found = (struct requests){0};
    KT_TRY(kt_open(tx, &query, &cursor));
    while (enough && kt_next(cursor, &r.rec)) {
        found->items = kt_grow(tx, found->items, found->count, &room, sizeof r);
        if ((enough = found->items))
            found->items[found->count++] = r;
    }
    KT_TRY(kt_close(cursor));
    return enough ? NULL : kt_no_memory();
}

kt_error *requests_of_line(kt_tx *tx, kt_id order, kt_id line, struct requests *found)
{
    const kt_where where[] = {
        KT_WHERE(request, order, KT_EQ, order), KT_WHERE(request, order_line, KT_EQ, (int64_t)line.v), {0}};
    return requests_find(tx, where, found);
}

/* ---- Actions ---- */

static kt_error *cancel(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct request *r = KT_AS(request, self);
    if (r->waiting.coef > 0)
        return kt_hint(kt_fail(tx, KT_RULE, "state", "demands wait for %s of it",
                           "zapotrzebowania czekają na %s", dec_words(tx, r->waiting)),
            "Change or cancel the orders that need it.",
            "Zmień albo anuluj zamówienia, które tego potrzebują.");
    r->cancelled = true;
    r->note = KT_SEE(reason_given, params)->reason;
    return NULL;
}

const kt_action request_actions[] = {
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = KT_IN(PR_OPEN), .params = &reason_given_shape,
        .run = cancel},
    {0},
};
