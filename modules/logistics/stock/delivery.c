/* Deliveries: made from a confirmed order with its first look at what is reserved, or by hand. An open delivery follows
 * the reservations by itself, between waiting and reserved; what has left never changes. */
#include "stock/delivery.h"

#include <string.h>

static const kt_choice delivery_states[] = {
    {D_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {D_WAITING, "waiting", {"Waiting for goods", "Czeka na towar"}, "open"},
    {D_RESERVED, "reserved", {"Ready to pick", "Do pobrania"}, "open"},
    {D_PICKED, "picked", {"Picked", "Pobrane"}, "open"},
    {D_SHIPPED, "shipped", {"Shipped", "Wysłane"}, "won"},
    {D_DONE, "done", {"Delivered", "Dostarczone"}, "won"},
    {D_CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};
const kt_choice delivery_policies[] = {
    {AS_AVAILABLE, "as_available", {"As available, the rest later", "Co jest, reszta później"}},
    {ALL_AT_ONCE, "all_at_once", {"All at once", "Wszystko naraz"}},
    {CANCEL_REST, "cancel_rest", {"As available, cancel the rest", "Co jest, reszta przepada"}},
    {0},
};

const kt_shape delivery_line_shape = KT_SHAPE(delivery_line, NULL,
    KT_FIELD(
        delivery_line, item, REF, "Item", "Towar", .target = "base.item", .required = true, .priority = 1),
    KT_FIELD(delivery_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true,
        .priority = 2, .help = {"In the item's own unit.", "W jednostce towaru."}),
    KT_FIELD(delivery_line, day, DATE, "Promised", "Obiecane na",
        .help = {"Empty: the delivery's day.", "Puste: dzień wydania."}),
    KT_FIELD(delivery_line, lot, REF, "Lot", "Partia", .target = "logistics.lot",
        .help = {"Empty: as the warehouse picks.", "Puste: według kolejności wydań magazynu."}),
    KT_FIELD(delivery_line, reserved, QUANTITY, "Reserved", "Zarezerwowane", .scale = 4, .computed = true,
        .priority = 3),
    KT_FIELD(
        delivery_line, picked, QUANTITY, "Picked", "Pobrano", .scale = 4, .computed = true, .priority = 4),
    KT_FIELD(
        delivery_line, shipped, QUANTITY, "Shipped", "Wydano", .scale = 4, .computed = true, .priority = 5),
    KT_FIELD(delivery_line, returned, QUANTITY, "Came back", "Wróciło", .scale = 4, .computed = true),
    KT_FIELD(delivery_line, order_line, INT, "Line of the order", "Pozycja zamówienia", .computed = true),
    KT_FIELD(delivery_line, order_quantity, QUANTITY, "In the order's unit", "W jednostce zamówienia",
        .scale = 4, .computed = true),
    KT_FIELD(delivery_line, order_unit, REF, "The order's unit", "Jednostka zamówienia",
        .target = "base.unit", .computed = true));

/* What is confirmed is reserved, or follows its order; what has left never changes. */
#define CONFIRMED_ALREADY "[[\"state\",\"!=\",\"draft\"]]"
#define GONE_ALREADY      "[[\"state\",\"in\",[\"shipped\",\"done\",\"cancelled\"]]]"

const kt_shape delivery_shape = KT_SHAPE(delivery, "logistics.delivery",
    KT_FIELD(delivery, party, REF, "Customer", "Klient", .target = "base.party", .required = true,
        .readonly_if = CONFIRMED_ALREADY, .priority = 1),
    KT_FIELD(delivery, document, REF, "Order", "Zamówienie", .target = "*", .computed = true, .priority = 2),
    KT_FIELD(delivery, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse",
        .in_use = true, .readonly_if = CONFIRMED_ALREADY, .priority = 3),
    KT_FIELD(delivery, state, STATE, "State", "Stan", .choices = delivery_states, .initial = "draft",
        .indexed = true, .priority = 4),
    KT_FIELD(delivery, policy, STATE, "If not all is there", "Gdy brakuje", .choices = delivery_policies,
        .initial = "as_available", .readonly_if = GONE_ALREADY),
    KT_FIELD(delivery, day, DATE, "Planned for", "Planowana na", .indexed = true, .readonly_if = GONE_ALREADY,
        .priority = 5),
    KT_FIELD(delivery, shipped_on, DATE, "Shipped on", "Wysłano dnia", .computed = true, .indexed = true),
    KT_FIELD(delivery, carrier, STRING, "Carrier", "Przewoźnik", .max = 80),
    KT_FIELD(delivery, tracking, STRING, "Tracking number", "Numer przesyłki", .max = 80, .searchable = true),
    KT_FIELD(delivery, note, TEXT, "Note", "Uwagi"),
    KT_FIELD(
        delivery, backorder_of, REF, "Rest of", "Reszta z", .target = "logistics.delivery", .computed = true),
    KT_FIELD(delivery, missing, QUANTITY, "Missing", "Brakuje", .scale = 4, .computed = true, .priority = 6,
        .help = {"Of all its lines, what is not reserved.",
            "Ze wszystkich pozycji, ile nie jest zarezerwowane."}),
    KT_FIELD(delivery, lines, LINES, "Lines", "Pozycje", .lines = &delivery_line_shape, .max = 500,
        .readonly_if = CONFIRMED_ALREADY),
    KT_FIELD(delivery, picks, LINES, "Lots", "Partie", .lines = &picked_shape, .max = 10000, .computed = true,
        .help = {"Those that were named when it was picked; once it is shipped, all that went.",
            "Podane przy pobraniu; po wydaniu wszystkie, które wyszły."}));

struct delivery_line *delivery_line_at(const kt_lines *lines, size_t i)
{
    return KT_AS(delivery_line, kt_line(lines, i));
}

static bool is_open(enum delivery_state state)
{
    return state == D_WAITING || state == D_RESERVED;
}

struct owner delivery_owner(kt_tx *tx, const struct delivery *d, const struct delivery_line *line)
{
    if (d->document.v)
        return (struct owner){d->document, {(uint64_t)line->order_line}, d->day};
    return (struct owner){kt_any(tx, delivery_shape.name, d->rec.id), line->rec.id, d->day};
}

/* ---- What is reserved ---- */

static void sum_up(struct delivery *d)
{
    d->missing = ZERO;
    for (size_t i = 0; i < d->lines.count && d->state < D_SHIPPED; i++) { /* what is over misses nothing */
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        kt_dec short_of = kt_dec_sub(line->quantity, line->reserved);
        if (short_of.coef > 0)
            d->missing = kt_dec_add(d->missing, short_of);
    }
    if (is_open(d->state))
        d->state = d->missing.coef ? D_WAITING : D_RESERVED;
}

kt_error *delivery_reckon(kt_tx *tx, struct delivery *d, int64_t order_line)
{
    for (size_t i = 0; i < d->lines.count; i++) {
        struct delivery_line *line = delivery_line_at(&d->lines, i);
        const struct owner owner = delivery_owner(tx, d, line);
        if (order_line && line->order_line != order_line)
            continue;
        KT_TRY(reserved_for(tx, line->item, &owner, &line->reserved));
        line->reserved = smaller(line->reserved, line->quantity);
    }
    sum_up(d);
    return NULL;
}

/* How far a delivery is: it is asked at each move of its goods, and it may have hundreds of lots. */
struct progress {
    kt_record rec;
    kt_id document;
    enum delivery_state state;
};
static const kt_shape progress_shape = KT_SHAPE(progress, "logistics.delivery",
    KT_BIND(progress, document, REF, "document"), KT_BIND(progress, state, STATE, "state"));

static kt_error *find_open(kt_tx *tx, kt_id document, struct progress *p)
{
    const kt_where where[] = {KT_WHERE(progress, document, KT_EQ, document), {0}};
    kt_cursor *cursor;
    bool found = false;
    KT_TRY(kt_open(tx, &(kt_query){.of = &progress_shape, .where = where, .sort = "-id"}, &cursor));
    while (!found && kt_next(cursor, &p->rec))
        found = is_open(p->state) || p->state == D_PICKED;
    KT_TRY(kt_close(cursor));
    if (!found)
        *p = (struct progress){KT_OF(progress)};
    return NULL;
}

kt_error *delivery_open_of(kt_tx *tx, kt_id document, struct delivery *d)
{
    struct progress p = {KT_OF(progress)};
    KT_TRY(find_open(tx, document, &p));
    *d = (struct delivery){KT_OF(delivery)};
    return p.rec.id.v ? kt_read(tx, p.rec.id, &d->rec) : NULL;
}

kt_error *delivery_follow(kt_tx *tx, const struct owner *owner)
{
    struct progress p = {KT_OF(progress)};
    struct delivery d = {KT_OF(delivery)};
    const char *entity = kt_any_entity(tx, owner->document);
    if (entity && strcmp(entity, delivery_shape.name) == 0)
        KT_TRY(kt_read(tx, kt_any_id(owner->document), &p.rec)); /* written by hand */
    else
        KT_TRY(find_open(tx, owner->document, &p));
    if (!p.rec.id.v || !is_open(p.state))
        return NULL;
    KT_TRY(kt_read(tx, p.rec.id, &d.rec));
    KT_TRY(delivery_reckon(tx, &d, d.document.v ? (int64_t)owner->line.v : 0));
    return kt_update(tx, &d.rec);
}

kt_error *delivery_expect(kt_tx *tx, const struct delivery *d, bool nothing)
{
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        const struct owner owner = delivery_owner(tx, d, line);
        const kt_stock_move m = {.item = line->item,
            .lot = line->lot,
            .from = KT_AT_STORES,
            .to = KT_AT_CUSTOMER,
            .quantity = nothing ? ZERO : line->quantity,
            .warehouse = d->warehouse,
            .document = owner.document,
            .line = owner.line,
            .party = d->party,
            .day = line->day.day ? line->day : d->day};
        KT_TRY(move_expect(tx, &m, line->reserved));
    }
    return NULL;
}

/* ---- The record ---- */

static kt_error *check_goods(kt_tx *tx, const struct delivery_line *line, size_t i)
{
    struct goods goods;
    kt_error *e = goods_read(tx, line->item, &goods);
    if (e && kt_problem_at(e, 0).kind != KT_RULE)
        return e;
    if (e)
        return kt_fail(tx, KT_RULE, part_path(tx, i, "item"), "\"%s\" is a service", "„%s” to usługa",
            goods.name.ptr ? goods.name.ptr : "");
    e = check_whole(tx, &goods, line->quantity, part_path(tx, i, "quantity"));
    kt_also(&e, check_lot_of(tx, &goods, line->lot, part_path(tx, i, "lot")));
    return e;
}

static kt_error *check_line(kt_tx *tx, const struct delivery_line *line, size_t i)
{
    kt_error *all = NULL;
    if (line->quantity.scale1 && line->quantity.coef <= 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, part_path(tx, i, "quantity"), "must be above zero",
                          "musi być większe od zera"));
    kt_authority before = kt_own_authority(tx);
    kt_also(&all, line->item.v ? check_goods(tx, line, i) : NULL);
    kt_callers_authority(tx, before);
    return all;
}

kt_error *delivery_compute(kt_tx *tx, kt_record *self)
{
    struct delivery *d = KT_AS(delivery, self);
    kt_error *all = NULL;
    for (size_t i = 0; i < d->lines.count && d->state == D_DRAFT; i++)
        kt_also(&all, check_line(tx, delivery_line_at(&d->lines, i), i));
    sum_up(d);
    return all;
}

/* ---- Actions ---- */

kt_error *delivery_reserve(kt_tx *tx, struct delivery *d)
{
    struct warehouse w;
    KT_TRY(warehouse_get(tx, d->warehouse, &w));
    d->warehouse = w.rec.id;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        const struct owner owner = delivery_owner(tx, d, line);
        struct goods goods;
        kt_dec rest;
        KT_TRY(goods_read(tx, line->item, &goods));
        const struct wanted wanted = {.goods = &goods,
            .warehouse = &w,
            .lot = line->lot,
            .quantity = kt_dec_sub(line->quantity, line->reserved),
            .day = kt_today(tx)};
        KT_TRY(reserve(tx, &wanted, &owner, &rest));
    }
    return delivery_reckon(tx, d, 0);
}

static kt_error *confirm_within(kt_tx *tx, struct delivery *d)
{
    if (!d->lines.count)
        return kt_fail(tx, KT_RULE, "lines", "there is nothing to deliver", "nie ma czego wydać");
    d->state = D_WAITING;
    d->day = d->day.day ? d->day : kt_today(tx);
    KT_TRY(delivery_reserve(tx, d));
    return delivery_expect(tx, d, false);
}

static kt_error *confirm(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = confirm_within(tx, KT_AS(delivery, self));
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *reserve_again(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct delivery *d = KT_AS(delivery, self);
    (void)params;
    if (d->document.v)
        return kt_hint(kt_fail(tx, KT_RULE, "document", "the order's goods are reserved for its own demand",
                           "towar rezerwuje się dla samego zamówienia"),
            "They follow by themselves as soon as they arrive.",
            "Rezerwacja następuje sama, gdy towar przyjdzie.");
    kt_authority before = kt_own_authority(tx);
    kt_error *e = delivery_reserve(tx, d);
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *cancel_within(kt_tx *tx, struct delivery *d)
{
    kt_dec given;
    if (d->state != D_DRAFT)
        KT_TRY(delivery_expect(tx, d, true)); /* what it gives up is not for itself */
    for (size_t i = 0; i < d->lines.count && !d->document.v; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        const struct owner owner = delivery_owner(tx, d, line);
        KT_TRY(hand_back(tx, line->item, &owner, line->quantity, &given));
    }
    return NULL;
}

static kt_error *cancel(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = cancel_within(tx, KT_AS(delivery, self));
    kt_callers_authority(tx, before);
    return e;
}

const kt_action delivery_actions[] = {
    {"confirm", {"Confirm", "Potwierdź"}, "update", .from = KT_IN(D_DRAFT), .run = confirm},
    {"reserve", {"Reserve what is missing", "Zarezerwuj brakujące"}, "update", .from = KT_IN(D_WAITING),
        .run = reserve_again},
    {"pick", {"Pick", "Pobierz"}, "pick", .from = KT_IN(D_WAITING) | KT_IN(D_RESERVED), .to = D_PICKED,
        .params = &pick_shape, .run = delivery_pick},
    {"unpick", {"Put back", "Odłóż"}, "pick", .from = KT_IN(D_PICKED), .run = delivery_unpick},
    {"ship", {"Ship", "Wydaj"}, "ship", .from = KT_IN(D_WAITING) | KT_IN(D_RESERVED) | KT_IN(D_PICKED),
        .to = D_SHIPPED, .params = &ship_shape, .run = delivery_ship},
    {"finish", {"Arrived at the customer", "Dotarło do klienta"}, "ship", .from = KT_IN(D_SHIPPED),
        .to = D_DONE},
    {"return", {"Take back", "Przyjmij zwrot"}, "ship", .from = KT_IN(D_SHIPPED) | KT_IN(D_DONE),
        .params = &return_shape, .run = delivery_return},
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = KT_IN(D_DRAFT) | KT_IN(D_WAITING) | KT_IN(D_RESERVED),
        .to = D_CANCELLED, .run = cancel},
    {"reopen", {"Reopen", "Otwórz ponownie"}, "update", .from = KT_IN(D_CANCELLED), .run = delivery_reopen},
    {0},
};
