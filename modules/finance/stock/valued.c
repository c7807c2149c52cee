/* The ledger follows the goods: each place where goods may be has an account by its purpose, and every move that
 * has a value takes it from one to the other, in the transaction of the move. So the account of stock has at every
 * commit what the stores are worth. Where no accounts are set up, the books are not kept yet, and nothing happens. */
#include <string.h>

#include "stock/stock.h"

struct valued { /* of "logistics.valued" */
    kt_record rec;
    kt_id move, item, category, document, party;
    kt_dec quantity, value;
    kt_str from, to, reason;
    kt_date day;
};
const kt_shape valued_shape = KT_SHAPE(valued, NULL, KT_BIND(valued, move, REF, "move", .target = "*"),
    KT_BIND(valued, item, REF, "item", .target = "base.item"),
    KT_BIND(valued, category, REF, "category", .target = "base.item_category"),
    KT_BIND(valued, document, REF, "document", .target = "*"),
    KT_BIND(valued, party, REF, "party", .target = "base.party"),
    KT_BIND(valued, quantity, QUANTITY, "quantity", .scale = 4),
    KT_BIND(valued, value, MONEY, "value", .scale = 2), KT_BIND(valued, from, STRING, "from"),
    KT_BIND(valued, to, STRING, "to"), KT_BIND(valued, reason, STRING, "reason"),
    KT_BIND(valued, day, DATE, "day"));
struct cost { /* of "production.cost" */
    kt_record rec;
    kt_id order;
    kt_str kind;
    kt_dec amount;
    kt_date day;
};
const kt_shape cost_shape = KT_SHAPE(cost, NULL, KT_BIND(cost, order, REF, "order", .target = "*"),
    KT_BIND(cost, kind, STRING, "kind"), KT_BIND(cost, amount, MONEY, "amount", .scale = 2),
    KT_BIND(cost, day, DATE, "day"));

static const struct {
    const char *name;
    enum purpose purpose;
} places[] = {{"supplier", NOT_INVOICED}, {"stores", STOCK}, {"production", IN_PROGRESS},
    {"customer", COST_OF_GOODS}, {"loss", LOSSES}, {"transit", TRANSIT}, {"revaluation", REVALUED}};
static const struct {
    const char *name;
    enum purpose purpose;
    bool leaves; /* the work in progress */
} costs[] = {{"labour", LABOUR_APPLIED, false}, {"machine", MACHINE_APPLIED, false},
    {"overhead", OVERHEAD_APPLIED, false}, {"variance", MAKING_VARIANCE, true}, {"repriced", REVALUED, true}};

static kt_error *unknown(kt_tx *tx, const char *path, kt_str name)
{
    return kt_fail(tx, KT_RULE, path, "\"%s\" is nothing that the books know", "„%s” to nic, co znają księgi",
        name.ptr ? name.ptr : "");
}

static kt_error *is_set_up(kt_tx *tx, bool *yes)
{
    uint64_t count = 0;
    const kt_where where[] = {KT_WHERE(purpose_row, purpose, KT_EQ, STOCK), {0}};
    KT_TRY(kt_count(tx, &(kt_query){&purpose_row_shape, where, NULL, 1}, &count));
    *yes = count != 0;
    return NULL;
}

static kt_error *place_account(kt_tx *tx, const char *path, kt_str place, kt_id category, kt_id *account)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (place.ptr && strcmp(places[i].name, place.ptr) == 0)
            return account_for(tx, places[i].purpose, category, account);
    return unknown(tx, path, place);
}

static bool is_at(kt_str place, const char *name)
{
    return place.ptr && strcmp(place.ptr, name) == 0;
}

static kt_error *post(kt_tx *tx, struct entry *e)
{
    if (e->lines.count)
        KT_TRY(period_open_to_all(tx, "day", e->day));
    return entry_post(tx, e);
}

struct receipt_of { /* what is looked at in logistics.receipt */
    kt_record rec;
    kt_id order;
};
static const kt_shape receipt_of_shape = KT_SHAPE(
    receipt_of, "logistics.receipt", KT_BIND(receipt_of, order, REF, "order"));

static kt_error *order_of(kt_tx *tx, kt_id document, kt_id *order)
{
    struct receipt_of r = {KT_OF(receipt_of)};
    const char *entity = kt_any_entity(tx, document);
    *order = (kt_id){0};
    if (!entity || strcmp(entity, receipt_of_shape.name) != 0)
        return NULL;
    KT_TRY(kt_read(tx, kt_any_id(document), &r.rec));
    *order = kt_any(tx, "logistics.purchase_order", r.order);
    return NULL;
}

/* Goods from a supplier wait for their bill, those that go back to one for a credit note. */
static kt_error *note_received(kt_tx *tx, const struct valued *v, struct entry *e)
{
    kt_dec off;
    kt_id account, variance;
    bool back = is_at(v->to, "supplier");
    struct received r = {KT_OF(received), .party = v->party, .item = v->item, .document = v->document,
        .day = v->day, .quantity = back ? kt_dec_neg(v->quantity) : v->quantity,
        .value = back ? kt_dec_neg(v->value) : v->value};
    if (!back && !is_at(v->from, "supplier"))
        return NULL;
    KT_TRY(order_of(tx, v->document, &r.order));
    KT_TRY(received_note(tx, &r, &off));
    KT_TRY(account_for(tx, NOT_INVOICED, v->category, &account));
    KT_TRY(account_for(tx, PRICE_VARIANCE, v->category, &variance));
    KT_TRY(entry_add(tx, e, &(struct entry_line){.account = account, .item = v->item, .party = v->party}, off,
        (kt_dec){0}));
    return entry_add(
        tx, e, &(struct entry_line){.account = variance, .item = v->item}, kt_dec_neg(off), (kt_dec){0});
}

static kt_error *book_move(kt_tx *tx, const struct valued *v)
{
    kt_id from, to;
    bool yes;
    KT_TRY(is_set_up(tx, &yes));
    if (!yes || !v->value.coef)
        return NULL;
    KT_TRY(place_account(tx, "from", v->from, v->category, &from));
    KT_TRY(place_account(tx, "to", v->to, v->category, &to));
    struct entry e = {KT_OF(entry), .day = v->day.day ? v->day : kt_today(tx), .text = v->reason,
        .origin = v->document.v ? v->document
                  : v->move.v   ? kt_any(tx, "logistics.move", v->move)
                                : kt_any(tx, "base.item", v->item)};
    KT_TRY(journal_of(tx, STOCKING, &e.journal));
    if (from.v != to.v) {
        KT_TRY(entry_add(tx, &e, &(struct entry_line){.account = to, .item = v->item, .party = v->party},
            v->value, (kt_dec){0}));
        KT_TRY(entry_add(tx, &e, &(struct entry_line){.account = from, .item = v->item, .party = v->party},
            kt_dec_neg(v->value), (kt_dec){0}));
    }
    KT_TRY(note_received(tx, v, &e));
    return post(tx, &e);
}

kt_error *stock_valued(kt_tx *tx, const kt_event *event)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = book_move(tx, KT_SEE(valued, event->after));
    kt_callers_authority(tx, before);
    return error;
}

static kt_error *book_cost(kt_tx *tx, const struct cost *c)
{
    kt_id other = {0}, progress;
    bool yes;
    size_t i = 0;
    KT_TRY(is_set_up(tx, &yes));
    if (!yes || !c->amount.coef)
        return NULL;
    while (i < sizeof costs / sizeof *costs && !is_at(c->kind, costs[i].name))
        i++;
    if (i == sizeof costs / sizeof *costs)
        return unknown(tx, "kind", c->kind);
    KT_TRY(account_for(tx, costs[i].purpose, (kt_id){0}, &other));
    KT_TRY(account_for(tx, IN_PROGRESS, (kt_id){0}, &progress));
    struct entry e = {KT_OF(entry), .day = c->day.day ? c->day : kt_today(tx),
        .text = kt_say(tx, purposes[costs[i].purpose - 1].label),
        .origin = kt_any_entity(tx, c->order) ? c->order : kt_any(tx, "production.order", c->order)};
    KT_TRY(journal_of(tx, STOCKING, &e.journal));
    kt_dec amount = costs[i].leaves ? kt_dec_neg(c->amount) : c->amount;
    KT_TRY(entry_add(tx, &e, &(struct entry_line){.account = progress}, amount, (kt_dec){0}));
    KT_TRY(entry_add(tx, &e, &(struct entry_line){.account = other}, kt_dec_neg(amount), (kt_dec){0}));
    return post(tx, &e);
}

kt_error *production_cost(kt_tx *tx, const kt_event *event)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *error = book_cost(tx, KT_SEE(cost, event->after));
    kt_callers_authority(tx, before);
    return error;
}
