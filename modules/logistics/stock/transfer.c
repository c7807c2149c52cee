/* Goods that move within the company, on one kind of slip: to another warehouse or place (MM), out for use or as
 * scrap (RW), in without an order (PW). What changes its place goes through "in transit", at once or in two steps. */
#include "stock/transfer.h"

#include <kontor/units.h>

#include "stock/value.h"

static const kt_choice transfer_kinds[] = {
    {TRANSFER, "transfer", {"Transfer (MM)", "Przesunięcie (MM)"}},
    {ISSUE, "issue", {"Issue (RW)", "Rozchód wewnętrzny (RW)"}},
    {ENTRY, "entry", {"Entry (PW)", "Przychód wewnętrzny (PW)"}},
    {0},
};
static const kt_choice transfer_states[] = {
    {T_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {T_IN_TRANSIT, "in_transit", {"In transit", "W drodze"}, "open"},
    {T_DONE, "done", {"Done", "Wykonane"}, "won"},
    {T_CANCELLED, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};
const char *const transfer_numbers[] = {
    [TRANSFER] = "MM/{year}/{seq:5}", [ISSUE] = "RW/{year}/{seq:5}", [ENTRY] = "PW/{year}/{seq:5}"};

const kt_shape transfer_line_shape = KT_SHAPE(transfer_line, NULL,
    KT_FIELD(
        transfer_line, item, REF, "Item", "Towar", .target = "base.item", .required = true, .priority = 1),
    KT_FIELD(
        transfer_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true, .priority = 2),
    KT_FIELD(transfer_line, unit, REF, "Unit", "Jednostka", .target = "base.unit",
        .help = {"Empty: the item's own.", "Puste: jednostka towaru."}),
    KT_FIELD(transfer_line, lot, REF, "Lot", "Partia", .target = "logistics.lot"),
    KT_FIELD(transfer_line, new_lot, STRING, "New lot", "Nowa partia", .max = 60,
        .help = {"Found by its name, or made.", "Odszukana po nazwie albo utworzona."}),
    KT_FIELD(transfer_line, serials, TEXT, "Serial numbers", "Numery seryjne", .max = 32000,
        .help =
            {"Of many pieces, each on a line of its own: the line becomes one for each. An entry makes them.",
                "Wielu sztuk, każdy w osobnym wierszu: z pozycji powstaje po jednej na numer. Przychód je "
                "tworzy."}),
    KT_FIELD(transfer_line, expires, DATE, "Expires on", "Termin ważności"),
    KT_FIELD(transfer_line, unit_cost, PRICE, "Unit cost", "Koszt jednostki", .scale = 4, .group = "cost",
        .help = {"Of an entry, for one of the item's own unit; empty: what is known.",
            "Przychodu, za jednostkę towaru; puste: koszt znany."}),
    KT_FIELD(transfer_line, value, MONEY, "Value", "Wartość", .scale = 2, .computed = true, .group = "cost",
        .help = {"Of a transfer for information: what an issue of as much would have cost.",
            "Przesunięcia informacyjnie: ile kosztowałby rozchód tej samej ilości."}),
    KT_FIELD(transfer_line, received, QUANTITY, "Received", "Odebrano", .scale = 4, .computed = true,
        .help = {"Of a transfer, in the item's own unit.", "Z przesunięcia, w jednostce towaru."}));

/* What has moved, moved as it says. */
#define MOVED_ALREADY "[[\"state\",\"!=\",\"draft\"]]"

const kt_shape transfer_shape = KT_SHAPE(transfer, "logistics.transfer",
    KT_FIELD(transfer, kind, STATE, "Kind", "Rodzaj", .choices = transfer_kinds, .initial = "transfer",
        .required = true, .indexed = true, .readonly_if = MOVED_ALREADY, .priority = 1),
    KT_FIELD(transfer, state, STATE, "State", "Stan", .choices = transfer_states, .initial = "draft",
        .indexed = true, .priority = 2),
    KT_FIELD(transfer, day, DATE, "Day", "Dzień", .initial = "today", .indexed = true,
        .readonly_if = MOVED_ALREADY, .priority = 3),
    KT_FIELD(transfer, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse",
        .readonly_if = MOVED_ALREADY, .priority = 4),
    KT_FIELD(transfer, location, REF, "Location", "Miejsce", .target = "logistics.location",
        .readonly_if = MOVED_ALREADY, .help = {"A place of the warehouse.", "Miejsce w magazynie."}),
    KT_FIELD(transfer, to_warehouse, REF, "To warehouse", "Do magazynu", .target = "logistics.warehouse",
        .in_use = true, .readonly_if = MOVED_ALREADY, .priority = 5),
    KT_FIELD(transfer, to_location, REF, "To location", "Do miejsca", .target = "logistics.location",
        .in_use = true, .readonly_if = "[[\"state\",\"in\",[\"done\",\"cancelled\"]]]",
        .help = {"A place of that warehouse; may also be named when the goods are there.",
            "Miejsce w tym magazynie; można je podać także, gdy towar już dotarł."}),
    KT_FIELD(transfer, against, STATE, "From or for", "Skąd lub na co", .choices = place_names,
        .initial = "production", .readonly_if = MOVED_ALREADY,
        .help = {"Of an issue or an entry: production, loss, customer, supplier.",
            "Rozchodu i przychodu: produkcja, strata, klient, dostawca."}),
    KT_FIELD(transfer, reason, STRING, "Why", "Dlaczego", .max = 200),
    KT_FIELD(transfer, asked, BOOL, "Orders wait for it", "Czekają na nie zamówienia", .computed = true,
        .help = {"What they wait for is reserved where it is sent from.",
            "To, na co czekają, jest zarezerwowane tam, skąd ma wyjść."}),
    KT_FIELD(
        transfer, backorder_of, REF, "Rest of", "Reszta z", .target = "logistics.transfer", .computed = true),
    KT_FIELD(transfer, lines, LINES, "Lines", "Pozycje", .lines = &transfer_line_shape,
        .max = TRANSFER_LINES_MAX, .readonly_if = MOVED_ALREADY));

struct transfer_line *transfer_line_at(const kt_lines *lines, size_t i)
{
    return KT_AS(transfer_line, kt_line(lines, i));
}

kt_error *transfer_line_own(kt_tx *tx, const struct transfer_line *line, kt_dec *quantity)
{
    struct goods goods;
    KT_TRY(goods_read(tx, line->item, &goods));
    return kt_in_unit(tx, line->item, line->quantity, line->unit, goods.unit, quantity);
}

kt_error *transfer_compute(kt_tx *tx, kt_record *self)
{
    const struct transfer *t = KT_AS(transfer, self);
    kt_error *all = NULL;
    for (size_t i = 0; i < t->lines.count && t->state == T_DRAFT && !t->asked; i++) {
        const struct transfer_line *line = transfer_line_at(&t->lines, i);
        kt_also(&all, check_whole_of(tx, line->item, line->quantity, line->unit,
                          kt_format(tx, "lines[%zu].quantity", i).ptr));
    }
    if (t->kind != TRANSFER && (t->against == KT_AT_STORES || t->against == KT_AT_TRANSIT))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "against", "goods of the stores leave them, or come to them",
                          "towar wychodzi z magazynu albo do niego przychodzi"));
    if (t->kind == TRANSFER && t->warehouse.v == t->to_warehouse.v && t->location.v == t->to_location.v &&
        t->state == T_DRAFT)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "to_warehouse", "a transfer goes to another place",
                          "przesunięcie prowadzi w inne miejsce"));
    if (t->kind != TRANSFER && t->state == T_DRAFT && (t->to_warehouse.v || t->to_location.v))
        kt_also(&all, kt_hint(kt_fail(tx, KT_VALIDATION, t->to_warehouse.v ? "to_warehouse" : "to_location",
                                  "goods of an entry or an issue go to no other warehouse",
                                  "przychód i rozchód nie prowadzą do innego magazynu"),
                          "Name where they come in, or leave, as warehouse and location.",
                          "Podaj, gdzie wchodzą albo skąd wychodzą, jako magazyn i miejsce."));
    if (t->kind == ENTRY && !t->rec.id.v) {
        kt_also(&all, place_takes(tx, "warehouse", t->warehouse, (kt_id){0}));
        kt_also(&all, place_takes(tx, "location", (kt_id){0}, t->location));
    }
    return all;
}

/* ---- Moving ---- */

/* The quantity in the item's own unit, and the lot by its name. */
static kt_error *prepare(
    kt_tx *tx, const struct transfer *t, const struct transfer_line *line, kt_stock_move *m)
{
    struct goods goods;
    kt_dec quantity;
    KT_TRY(goods_read(tx, line->item, &goods));
    KT_TRY(kt_in_unit(tx, line->item, line->quantity, line->unit, goods.unit, &quantity));
    KT_TRY(check_whole(tx, &goods, quantity, "quantity"));
    *m = (kt_stock_move){.item = line->item,
        .lot = line->lot,
        .quantity = quantity,
        .paper = kt_any(tx, transfer_shape.name, t->rec.id),
        .document = kt_any(tx, transfer_shape.name, t->rec.id),
        .line = line->rec.id,
        .day = t->day,
        .reason = t->reason};
    if (line->new_lot.len && !line->lot.v)
        KT_TRY(lot_get(tx, line->item, line->new_lot, line->expires, &m->lot));
    if (t->kind == ENTRY && line->unit_cost.scale1)
        m->value = kt_dec_mul(line->unit_cost, m->quantity, 2);
    return NULL;
}

static kt_error *move_line(kt_tx *tx, const struct transfer *t, struct transfer_line *line)
{
    kt_stock_move m;
    KT_TRY(prepare(tx, t, line, &m));
    m.warehouse = t->warehouse;
    m.location = t->location;
    m.from = t->kind == ENTRY ? t->against : KT_AT_STORES;
    m.to = t->kind == ENTRY ? KT_AT_STORES : t->kind == ISSUE ? t->against : KT_AT_TRANSIT;
    KT_TRY(stock_move(tx, &m));
    line->value = m.value;
    return t->kind == ENTRY ? tell_free(tx, m.document, m.item, m.warehouse, m.quantity) : NULL;
}

/* A slip that names a place but no warehouse means the place's. */
static kt_error *warehouse_of(kt_tx *tx, kt_id location, kt_id *warehouse)
{
    struct location l = {KT_OF(location)};
    if (!location.v || warehouse->v)
        return NULL;
    KT_TRY(kt_read(tx, location, &l.rec));
    *warehouse = l.warehouse;
    return NULL;
}

static kt_error *check_places(kt_tx *tx, struct transfer *t)
{
    struct warehouse w;
    KT_TRY(warehouse_of(tx, t->location, &t->warehouse));
    KT_TRY(warehouse_of(tx, t->to_location, &t->to_warehouse));
    KT_TRY(warehouse_get(tx, t->warehouse, &w));
    t->warehouse = w.rec.id;
    kt_error *all = location_within(tx, t->location, t->warehouse, "location");
    if (t->kind == TRANSFER)
        kt_also(&all, location_within(tx, t->to_location, t->to_warehouse.v ? t->to_warehouse : t->warehouse,
                          "to_location"));
    return all;
}

/* Of each line all, or what is there; what is not to go any more is no line. */
static kt_error *move_lines(kt_tx *tx, struct transfer *t, struct leaving *l)
{
    kt_error *all = NULL;
    kt_lines went = {0};
    for (size_t i = 0; i < t->lines.count; i++) {
        struct transfer_line *line = transfer_line_at(&t->lines, i);
        if (l->as_available)
            KT_TRY(leaving_lessen(tx, t, line, l));
        if (line->quantity.coef <= 0 && l->as_available)
            continue;
        kt_also(&all, told_at_line(tx, move_line(tx, t, line), l->origins[i].line, l->origins[i].field));
        KT_TRY(kt_line_add(tx, &went, &line->rec));
    }
    t->lines = went;
    if (!all && !went.count)
        all = kt_hint(kt_fail(tx, KT_RULE, "lines", "none of it is there", "nic z tego nie ma na stanie"),
            "logistics.availability tells what there is.", "Co jest, mówi logistics.availability.");
    return all;
}

static kt_error *send(kt_tx *tx, struct transfer *t, const struct sending *p)
{
    const kt_date planned = t->day;
    struct leaving l;
    if (!t->lines.count)
        return kt_fail(tx, KT_RULE, "lines", "there is nothing to move", "nie ma czego przesunąć");
    if (t->asked) /* till now that was a plan */
        t->day = kt_today(tx);
    KT_TRY(check_places(tx, t));
    KT_TRY(leaving_begin(tx, t, p, &l));
    KT_TRY(move_lines(tx, t, &l));
    if (t->kind == TRANSFER)
        KT_TRY(transfer_show_worth(tx, t));
    KT_TRY(leaving_end(tx, t, planned, &l));
    return kt_number(tx, &t->rec, transfer_numbers[t->kind], t->day);
}

/* ---- Between warehouses, by a rule ---- */

kt_error *transfer_quantity(kt_tx *tx, const struct transfer *t, kt_id item, kt_dec *sum)
{
    struct goods goods;
    KT_TRY(goods_read(tx, item, &goods));
    for (size_t i = 0; i < t->lines.count; i++) {
        const struct transfer_line *line = transfer_line_at(&t->lines, i);
        kt_dec quantity;
        if (line->item.v != item.v)
            continue;
        KT_TRY(kt_in_unit(tx, item, line->quantity, line->unit, goods.unit, &quantity));
        *sum = kt_dec_add(*sum, quantity);
    }
    return NULL;
}

/* What is not for who waits where it arrives. */
static kt_error *add_spare(kt_tx *tx, const struct transfer *t, kt_id item, kt_dec *sum)
{
    kt_dec waits;
    KT_TRY(transfer_quantity(tx, t, item, sum));
    KT_TRY(transfer_waited_for(tx, t, item, &waits));
    *sum = kt_dec_sub(*sum, waits);
    return NULL;
}

/* The same of what comes to where goods are given from unasked. */
static kt_error *add_given(kt_tx *tx, const struct transfer *t, kt_id item, kt_dec *sum)
{
    struct warehouse to;
    KT_TRY(warehouse_get(tx, t->to_warehouse.v ? t->to_warehouse : t->warehouse, &to));
    return warehouse_gives(&to) ? add_spare(tx, t, item, sum) : NULL;
}

/* What is not reserved for it yet. */
static kt_error *add_loose(kt_tx *tx, const struct transfer *t, kt_id item, kt_dec *sum)
{
    const struct owner owner = {.document = transfer_any(tx, t)};
    kt_dec held;
    KT_TRY(transfer_quantity(tx, t, item, sum));
    KT_TRY(reserved_for(tx, item, &owner, &held));
    *sum = kt_dec_sub(*sum, held);
    return NULL;
}

static kt_error *sum_open(kt_tx *tx, const kt_where *where, const char *states, kt_id item,
    kt_error *(*add)(kt_tx *tx, const struct transfer *t, kt_id item, kt_dec *sum), kt_dec *sum)
{
    const kt_query query = {.of = &transfer_shape,
        .where = where,
        .filter = kt_format(
            tx, "[[\"state\",\"in\",[%s]],[\"lines.item\",\"=\",%llu]]", states, (unsigned long long)item.v)};
    struct transfer t = {KT_OF(transfer)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    *sum = ZERO;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!e && kt_next(cursor, &t.rec))
        e = add(tx, &t, item, sum);
    kt_also(&e, kt_close(cursor));
    return e;
}

kt_error *transfers_coming(kt_tx *tx, kt_id warehouse, kt_id item, kt_dec *quantity)
{
    const kt_where where[] = {
        KT_WHERE(transfer, kind, KT_EQ, TRANSFER), KT_WHERE(transfer, to_warehouse, KT_EQ, warehouse), {0}};
    const kt_where anywhere[] = {where[0], {0}};
    return warehouse.v ? sum_open(tx, where, "\"draft\",\"in_transit\"", item, add_spare, quantity)
                       : sum_open(tx, anywhere, "\"in_transit\"", item, add_given, quantity);
}

kt_error *transfers_going(kt_tx *tx, kt_id warehouse, kt_id item, kt_dec *quantity)
{
    const kt_where where[] = {
        KT_WHERE(transfer, warehouse, KT_EQ, warehouse), KT_WHERE(transfer, kind, KT_EQ, TRANSFER), {0}};
    return sum_open(tx, where, "\"draft\"", item, add_loose, quantity);
}

kt_error *transfer_ask(kt_tx *tx, kt_id from, kt_id to, kt_id item, kt_dec quantity, kt_id *transfer)
{
    struct transfer t = {KT_OF(transfer), .kind = TRANSFER, .warehouse = from, .to_warehouse = to};
    const struct transfer_line line = {KT_OF(transfer_line), .item = item, .quantity = quantity};
    if (transfer->v)
        KT_TRY(kt_read(tx, *transfer, &t.rec));
    else
        t.reason = kt_say(tx, (kt_text){"the warehouse is filled up", "uzupełnienie magazynu"});
    KT_TRY(kt_line_add(tx, &t.lines, &line.rec));
    KT_TRY(transfer->v ? kt_update(tx, &t.rec) : kt_create(tx, &t.rec));
    *transfer = t.rec.id;
    return NULL;
}

/* ---- Actions ---- */

/* On the module's own authority, and while nothing more is put on the slip. */
static kt_error *act_on(kt_tx *tx, struct transfer *t,
    kt_error *(*act)(kt_tx *tx, struct transfer *t, const kt_record *params), const kt_record *params)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = transfer_in_hand(tx, t);
    if (!e)
        e = act(tx, t, params);
    kt_also(&e, transfer_in_hand(tx, NULL));
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *post_within(kt_tx *tx, struct transfer *t, const kt_record *params)
{
    (void)params;
    KT_TRY(send(tx, t, NULL));
    return t->kind == TRANSFER ? transfer_receive(tx, t, t->day, NULL) : NULL;
}

static kt_error *post(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return act_on(tx, KT_AS(transfer, self), post_within, params);
}

static kt_error *send_within(kt_tx *tx, struct transfer *t, const kt_record *params)
{
    KT_TRY(send(tx, t, (const struct sending *)(const void *)kt_see(params, &sending_shape)));
    return transfer_expect(tx, t, false);
}

static kt_error *send_off(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct transfer *t = KT_AS(transfer, self);
    return t->kind == TRANSFER ? act_on(tx, t, send_within, params)
                               : kt_fail(tx, KT_RULE, "kind", "only a transfer is on its way",
                                     "w drodze bywa tylko przesunięcie");
}

static kt_error *receive_within(kt_tx *tx, struct transfer *t, const kt_record *params)
{
    KT_TRY(transfer_expect(tx, t, true));
    return transfer_receive(
        tx, t, kt_today(tx), (const struct receiving *)(const void *)kt_see(params, &receiving_shape));
}

static kt_error *take_in(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return act_on(tx, KT_AS(transfer, self), receive_within, params);
}

static kt_error *cancel_within(kt_tx *tx, struct transfer *t, const kt_record *params)
{
    (void)params;
    return transfer_give_up(tx, t);
}

static kt_error *cancel(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct transfer *t = KT_AS(transfer, self);
    return t->asked ? act_on(tx, t, cancel_within, params) : NULL;
}

const kt_action transfer_actions[] = {
    {"post", {"Move now", "Wykonaj"}, "post", .from = KT_IN(T_DRAFT), .to = T_DONE, .run = post},
    {"send", {"Send", "Wyślij"}, "post", .from = KT_IN(T_DRAFT), .to = T_IN_TRANSIT, .params = &sending_shape,
        .run = send_off},
    {"receive", {"Receive", "Odbierz"}, "post", .from = KT_IN(T_IN_TRANSIT), .to = T_DONE,
        .params = &receiving_shape, .run = take_in},
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = KT_IN(T_DRAFT), .to = T_CANCELLED, .run = cancel},
    {0},
};
