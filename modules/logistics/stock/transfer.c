/* Goods that move within the company, on one kind of slip: to another warehouse or place (MM), out for use or as
 * scrap (RW), in without an order (PW). What changes its place goes through "in transit", at once or in two steps. */
#include "stock/transfer.h"

#include <kontor/units.h>

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
static const char *const patterns[] = {
    [TRANSFER] = "MM/{year}/{seq:5}", [ISSUE] = "RW/{year}/{seq:5}", [ENTRY] = "PW/{year}/{seq:5}"};

struct transfer_line {
    kt_record rec;
    kt_id item, lot, unit;
    kt_str new_lot;
    kt_date expires;
    kt_dec quantity, unit_cost, value;
};
static const kt_shape transfer_line_shape = KT_SHAPE(transfer_line, NULL,
    KT_FIELD(
        transfer_line, item, REF, "Item", "Towar", .target = "base.item", .required = true, .priority = 1),
    KT_FIELD(
        transfer_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true, .priority = 2),
    KT_FIELD(transfer_line, unit, REF, "Unit", "Jednostka", .target = "base.unit",
        .help = {"Empty: the item's own.", "Puste: jednostka towaru."}),
    KT_FIELD(transfer_line, lot, REF, "Lot", "Partia", .target = "logistics.lot"),
    KT_FIELD(transfer_line, new_lot, STRING, "New lot", "Nowa partia", .max = 60,
        .help = {"Found by its name, or made.", "Odszukana po nazwie albo utworzona."}),
    KT_FIELD(transfer_line, expires, DATE, "Expires on", "Termin ważności"),
    KT_FIELD(transfer_line, unit_cost, PRICE, "Unit cost", "Koszt jednostki", .scale = 4, .group = "cost",
        .help = {"Of an entry, for one of the item's own unit; empty: what is known.",
            "Przychodu, za jednostkę towaru; puste: koszt znany."}),
    KT_FIELD(transfer_line, value, MONEY, "Value", "Wartość", .scale = 2, .computed = true, .group = "cost"));

const kt_shape transfer_shape = KT_SHAPE(transfer, "logistics.transfer",
    KT_FIELD(transfer, kind, STATE, "Kind", "Rodzaj", .choices = transfer_kinds, .initial = "transfer",
        .required = true, .indexed = true, .priority = 1),
    KT_FIELD(transfer, state, STATE, "State", "Stan", .choices = transfer_states, .initial = "draft",
        .indexed = true, .priority = 2),
    KT_FIELD(transfer, day, DATE, "Day", "Dzień", .initial = "today", .indexed = true, .priority = 3),
    KT_FIELD(
        transfer, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse", .priority = 4),
    KT_FIELD(transfer, location, REF, "Location", "Miejsce", .target = "logistics.location"),
    KT_FIELD(transfer, to_warehouse, REF, "To warehouse", "Do magazynu", .target = "logistics.warehouse",
        .priority = 5),
    KT_FIELD(transfer, to_location, REF, "To location", "Do miejsca", .target = "logistics.location"),
    KT_FIELD(transfer, against, STATE, "From or for", "Skąd lub na co", .choices = place_names,
        .initial = "production",
        .help = {"Of an issue or an entry: production, loss, customer, supplier.",
            "Rozchodu i przychodu: produkcja, strata, klient, dostawca."}),
    KT_FIELD(transfer, reason, STRING, "Why", "Dlaczego", .max = 200),
    KT_FIELD(transfer, lines, LINES, "Lines", "Pozycje", .lines = &transfer_line_shape, .max = 500));

static struct transfer_line *line_at(const kt_lines *lines, size_t i)
{
    return KT_AS(transfer_line, kt_line(lines, i));
}

kt_error *transfer_compute(kt_tx *tx, kt_record *self)
{
    const struct transfer *t = KT_AS(transfer, self);
    kt_error *all = NULL;
    if (t->kind != TRANSFER && (t->against == KT_AT_STORES || t->against == KT_AT_TRANSIT))
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "against", "goods of the stores leave them, or come to them",
                          "towar wychodzi z magazynu albo do niego przychodzi"));
    if (t->kind == TRANSFER && t->warehouse.v == t->to_warehouse.v && t->location.v == t->to_location.v &&
        t->state == T_DRAFT)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, "to_warehouse", "a transfer goes to another place",
                          "przesunięcie prowadzi w inne miejsce"));
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

/* A problem of a line is told at the line. */
static kt_error *at_line(kt_tx *tx, const kt_error *e, size_t i)
{
    kt_error *all = NULL;
    kt_problem p;
    for (size_t k = 0; e && (p = kt_problem_at(e, k)).kind; k++)
        kt_also(
            &all, kt_hint(kt_fail(tx, p.kind, kt_format(tx, "lines[%zu].%s", i, p.path ? p.path : "item").ptr,
                              "%s", "%s", kt_say(tx, p.text).ptr),
                      p.hint.en, p.hint.pl));
    return all;
}

static kt_error *send(kt_tx *tx, struct transfer *t)
{
    kt_error *all = NULL;
    struct warehouse w;
    if (!t->lines.count)
        return kt_fail(tx, KT_RULE, "lines", "there is nothing to move", "nie ma czego przesunąć");
    KT_TRY(warehouse_get(tx, t->warehouse, &w));
    t->warehouse = w.rec.id;
    for (size_t i = 0; i < t->lines.count; i++)
        kt_also(&all, at_line(tx, move_line(tx, t, line_at(&t->lines, i)), i));
    return all ? all : kt_number(tx, &t->rec, patterns[t->kind], t->day);
}

/* Whatever this slip sent on its way is there. */
static kt_error *receive(kt_tx *tx, struct transfer *t, kt_date day)
{
    const kt_id paper = kt_any(tx, transfer_shape.name, t->rec.id);
    const kt_where where[] = {
        KT_WHERE(move, paper, KT_EQ, paper), KT_WHERE(move, to_place, KT_EQ, KT_AT_TRANSIT), {0}};
    struct move sent = {KT_OF(move)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &move_shape, .where = where, .sort = "id"}, &cursor));
    while (!e && kt_next(cursor, &sent.rec)) {
        kt_stock_move m = {.item = sent.item,
            .lot = sent.lot,
            .quantity = sent.quantity,
            .from = KT_AT_TRANSIT,
            .to = KT_AT_STORES,
            .warehouse = t->to_warehouse.v ? t->to_warehouse : t->warehouse,
            .location = t->to_location,
            .document = sent.document,
            .line = {(uint64_t)sent.line},
            .paper = paper,
            .day = day,
            .reason = t->reason};
        e = stock_move(tx, &m);
        if (!e)
            e = tell_free(tx, m.document, m.item, m.warehouse, m.quantity);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

/* ---- Between warehouses, by a rule ---- */

static kt_error *add_quantities(kt_tx *tx, const struct transfer *t, kt_id item, kt_dec *sum)
{
    struct goods goods;
    KT_TRY(goods_read(tx, item, &goods));
    for (size_t i = 0; i < t->lines.count; i++) {
        const struct transfer_line *line = line_at(&t->lines, i);
        kt_dec quantity;
        if (line->item.v != item.v)
            continue;
        KT_TRY(kt_in_unit(tx, item, line->quantity, line->unit, goods.unit, &quantity));
        *sum = kt_dec_add(*sum, quantity);
    }
    return NULL;
}

static kt_error *sum_open(kt_tx *tx, const kt_where *where, const char *states, kt_id item, kt_dec *sum)
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
        e = add_quantities(tx, &t, item, sum);
    kt_also(&e, kt_close(cursor));
    return e;
}

kt_error *transfers_coming(kt_tx *tx, kt_id warehouse, kt_id item, kt_dec *quantity)
{
    const kt_where where[] = {
        KT_WHERE(transfer, to_warehouse, KT_EQ, warehouse), KT_WHERE(transfer, kind, KT_EQ, TRANSFER), {0}};
    return sum_open(tx, where, "\"draft\",\"in_transit\"", item, quantity);
}

kt_error *transfers_going(kt_tx *tx, kt_id warehouse, kt_id item, kt_dec *quantity)
{
    const kt_where where[] = {
        KT_WHERE(transfer, warehouse, KT_EQ, warehouse), KT_WHERE(transfer, kind, KT_EQ, TRANSFER), {0}};
    return sum_open(tx, where, "\"draft\"", item, quantity);
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

static kt_error *post_within(kt_tx *tx, struct transfer *t)
{
    KT_TRY(send(tx, t));
    return t->kind == TRANSFER ? receive(tx, t, t->day) : NULL;
}

static kt_error *post(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = post_within(tx, KT_AS(transfer, self));
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *send_off(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct transfer *t = KT_AS(transfer, self);
    (void)params;
    if (t->kind != TRANSFER)
        return kt_fail(
            tx, KT_RULE, "kind", "only a transfer is on its way", "w drodze bywa tylko przesunięcie");
    kt_authority before = kt_own_authority(tx);
    kt_error *e = send(tx, t);
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *take_in(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = receive(tx, KT_AS(transfer, self), kt_today(tx));
    kt_callers_authority(tx, before);
    return e;
}

const kt_action transfer_actions[] = {
    {"post", {"Move now", "Wykonaj"}, "post", .from = KT_IN(T_DRAFT), .to = T_DONE, .run = post},
    {"send", {"Send", "Wyślij"}, "post", .from = KT_IN(T_DRAFT), .to = T_IN_TRANSIT, .run = send_off},
    {"receive", {"Receive", "Odbierz"}, "post", .from = KT_IN(T_IN_TRANSIT), .to = T_DONE, .run = take_in},
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = KT_IN(T_DRAFT), .to = T_CANCELLED},
    {0},
};
