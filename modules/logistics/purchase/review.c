/* Requests that were not ordered in time come later, and prices and lead times change: open requests are dated and
 * priced anew, and those who wait for them are told. What this module missed while it was off is made up for. */
#include <kontor/walk.h>

#include "purchase/purchase.h"
#include "stock/transfer.h"

struct review { /* the parameters of logistics.purchase.review */
    kt_record rec;
    kt_id item;
};
const kt_shape review_shape = KT_SHAPE(
    review, NULL, KT_FIELD(review, item, REF, "Only this item", "Tylko ten towar", .target = "base.item"));
struct review_row {
    kt_record rec;
    kt_id request, item, party;
    kt_date was, day;
    kt_dec cost_was, cost;
};
static const kt_shape review_row_shape = KT_SHAPE(review_row, NULL,
    KT_FIELD(review_row, request, REF, "Request", "Zapotrzebowanie", .target = "logistics.purchase_request"),
    KT_FIELD(review_row, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(review_row, party, REF, "Supplier", "Dostawca", .target = "base.party"),
    KT_FIELD(review_row, was, DATE, "Expected before", "Poprzedni termin"),
    KT_FIELD(review_row, day, DATE, "Expected on", "Spodziewane dnia"),
    KT_FIELD(review_row, cost_was, MONEY, "Cost before", "Poprzedni koszt", .scale = 2),
    KT_FIELD(review_row, cost, MONEY, "Cost", "Koszt", .scale = 2));
struct reviewed {
    kt_record rec;
    int64_t requests;
    kt_lines changed;
};
const kt_shape reviewed_shape = KT_SHAPE(reviewed, NULL,
    KT_FIELD(reviewed, requests, INT, "Requests looked at", "Sprawdzone zapotrzebowania", .required = true),
    KT_FIELD(reviewed, changed, LINES, "Changed", "Zmienione", .lines = &review_row_shape));

static kt_error *tell(kt_tx *tx, const struct request *r, kt_date was)
{
    const kt_supply *supply = kt_supply_find(tx);
    const char *by = r->day.day ? day_words(tx, r->day) : "?";
    if (!supply || r->day.day == was.day)
        return NULL;
    return supply->moved(tx, request_any(tx, r), r->day,
        (kt_text){kt_format(tx, "not ordered yet: there by %s if it is ordered today", by).ptr,
            kt_format(tx, "jeszcze niezamówione: będzie %s, jeśli zamówione dziś", by).ptr});
}

static kt_error *review_one(kt_tx *tx, struct request *r, struct reviewed *out)
{
    KT_TRY(kt_read(tx, r->rec.id, &r->rec)); /* what moved before may have changed it */
    struct request was = *r;
    if (r->state != PR_OPEN)
        return NULL;
    out->requests++;
    KT_TRY(request_price(tx, r));
    if (!r->price.v && r->party.v) { /* the supplier does not sell it any more: whoever does */
        r->party = (kt_id){0};
        KT_TRY(request_price(tx, r));
    }
    if (r->day.day == was.day.day && r->party.v == was.party.v && r->price.v == was.price.v &&
        kt_dec_cmp(r->unit_cost, was.unit_cost) == 0)
        return NULL;
    KT_TRY(kt_update(tx, &r->rec));
    KT_TRY(tell(tx, r, was.day));
    struct review_row row = {KT_OF(review_row), .request = r->rec.id, .item = r->item, .party = r->party,
        .was = was.day, .day = r->day, .cost_was = was.cost, .cost = r->cost};
    return kt_line_add(tx, &out->changed, &row.rec);
}

/* ---- After a time off: what waits, counted anew ---- */

struct waiting { /* what is looked at in base.pegging */
    kt_record rec;
    kt_id supply;
    kt_dec quantity;
};
static const kt_shape waiting_shape = KT_SHAPE(waiting, "base.pegging",
    KT_BIND(waiting, supply, REF, "supply"), KT_BIND(waiting, quantity, QUANTITY, "quantity"));

/* A demand that let go while this module was off could not say so. */
static kt_error *recount(kt_tx *tx, kt_record *rec)
{
    struct request *r = KT_AS(request, rec);
    const kt_where where[] = {KT_WHERE(waiting, supply, KT_EQ, request_any(tx, r)), {0}};
    kt_dec waits = ZERO;
    kt_plan left = {0};
    KT_TRY(kt_sum(
        tx, &(kt_query){.of = &waiting_shape, .where = where}, offsetof(struct waiting, quantity), &waits));
    const kt_cover gone = {
        .item = r->item, .quantity = kt_dec_sub(r->waiting, waits), .document = request_any(tx, r)};
    return gone.quantity.coef > 0 ? request_let_go(tx, r, &gone, &left) : NULL;
}

enum { RECOUNT_REQUESTS, LOOK_AT_RESERVATIONS, RECOUNT_TRANSFERS, CLAIM_STRAIGHT, WALKS };
static const kt_walk walks[WALKS] = {
    [RECOUNT_REQUESTS] = {{"Who waits for purchases is counted anew", "Przeliczenie, kto czeka na zakupy"},
        &request_shape, "[[\"waiting\",\">\",\"0\"],[\"state\",\"in\",[\"open\",\"ordered\"]]]", recount},
    [LOOK_AT_RESERVATIONS] = {{"Reservations follow what is needed", "Rezerwacje podążają za potrzebami"},
        &reservation_shape, NULL, reservation_looked_at},
    [RECOUNT_TRANSFERS] = {{"Who waits for transfers is counted anew",
                               "Przeliczenie, kto czeka na przesunięcia"},
        &transfer_shape, "[[\"asked\",\"=\",true],[\"state\",\"=\",\"draft\"]]", transfer_recount},
    [CLAIM_STRAIGHT] = {{"Orders have what came straight to their customers",
                            "Zamówienia mają, co przyszło wprost do ich klientów"},
        &asking_shape, "[[\"state\",\"=\",\"confirmed\"],[\"delivery_status\",\"!=\",\"full\"]]",
        straight_claimed},
};

static kt_error *walk_on(kt_tx *tx, kt_work_run *run)
{
    return kt_walk_on(tx, walks, WALKS, run);
}

const kt_work purchase_catch_up = {kt_walk_prepare, walk_on};

/* What came straight while they were off, or we: of those open orders that it was bought for. */
kt_error *sales_are_back(kt_tx *tx, const kt_event *event)
{
    (void)event;
    return kt_orders_find(tx) ? kt_walk_begin(tx, PURCHASE_CATCH_UP, walks, CLAIM_STRAIGHT) : NULL;
}

/* The stores and purchasing are at work again. */
kt_error *purchase_enabled(kt_tx *tx, const kt_event *event)
{
    const kt_supply *supply = kt_supply_find(tx);
    KT_TRY(kt_walk_begin(tx, PURCHASE_CATCH_UP, walks, RECOUNT_REQUESTS));
    KT_TRY(kt_walk_begin(tx, PURCHASE_CATCH_UP, walks, LOOK_AT_RESERVATIONS));
    KT_TRY(kt_walk_begin(tx, PURCHASE_CATCH_UP, walks, RECOUNT_TRANSFERS));
    if (supply)
        KT_TRY(supply->joined(tx));
    return sales_are_back(tx, event);
}

kt_error *purchase_review(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct review *p = KT_SEE(review, params);
    kt_where where[3] = {KT_WHERE(request, state, KT_EQ, PR_OPEN)};
    struct requests open;
    if (p->item.v)
        where[1] = (kt_where){offsetof(struct request, item), KT_EQ, &p->item};
    KT_TRY(requests_find(tx, where, &open));
    for (size_t i = 0; i < open.count; i++)
        KT_TRY(review_one(tx, &open.items[i], KT_AS(reviewed, result)));
    return NULL;
}
