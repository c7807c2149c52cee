/* Taking apart what was made: goods leave the stores, what is recovered comes back, at the share of their worth that its
 * cost has in what it was made of; what is not recovered is lost, a variance. What went into them is what the order that
 * made them says, else the bill, without the scrap of making. */
#include <kontor/stock.h>
#include <kontor/supply.h>

#include "order/order.h"

enum disassembly_state { UNDONE = 1, TAKEN_APART, DROPPED_AGAIN };
static const kt_choice disassembly_states[] = {
    {UNDONE, "draft", {"Draft", "Szkic"}, "open"},
    {TAKEN_APART, "done", {"Done", "Wykonane"}, "won"},
    {DROPPED_AGAIN, "cancelled", {"Cancelled", "Anulowane"}, "lost"},
    {0},
};

struct recovered { /* a line */
    kt_record rec;
    kt_id item;
    kt_dec quantity, recovered, value;
    kt_str lot;
};
static const kt_shape recovered_shape = KT_SHAPE(recovered, NULL,
    KT_FIELD(recovered, item, REF, "Component", "Składnik", .target = "base.item", .required = true,
        .priority = 1),
    KT_FIELD(recovered, quantity, QUANTITY, "Went in", "Weszło", .scale = 4, .computed = true, .priority = 2),
    KT_FIELD(recovered, recovered, QUANTITY, "Recovered", "Odzyskano", .scale = 4, .priority = 3),
    KT_FIELD(recovered, lot, STRING, "Lot", "Partia", .max = 60),
    KT_FIELD(recovered, value, MONEY, "Value", "Wartość", .scale = 2, .computed = true, .group = "cost"));
struct disassembly {
    kt_record rec;
    kt_id item, bom, order, warehouse;
    kt_dec quantity, value, lost;
    enum disassembly_state state;
    kt_str lot, reason;
    kt_date day;
    kt_lines lines;
};
const kt_shape disassembly_shape = KT_SHAPE(disassembly, "production.disassembly",
    KT_FIELD(disassembly, item, REF, "Item", "Wyrób", .target = "base.item", .required = true, .fixed = true,
        .indexed = true, .priority = 1),
    KT_FIELD(disassembly, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .initial = "1", .priority = 2),
    KT_FIELD(disassembly, state, STATE, "State", "Stan", .choices = disassembly_states, .initial = "draft",
        .indexed = true, .priority = 3),
    KT_FIELD(disassembly, lot, STRING, "Lot", "Partia", .max = 60, .priority = 4,
        .help = {"Empty: as the stores pick.", "Puste: jak wybierze magazyn."}),
    KT_FIELD(disassembly, order, REF, "Made by", "Wykonane w", .target = "production.order",
        .on_delete = KT_CLEAR,
        .help = {"What went in is what this order used.", "Weszło to, czego użyło to zlecenie."}),
    KT_FIELD(disassembly, bom, REF, "Bill of materials", "Struktura", .target = "production.bom",
        .in_use = true, .on_delete = KT_CLEAR,
        .help = {"Empty: the one that holds.", "Puste: obowiązująca."}),
    KT_FIELD(disassembly, warehouse, REF, "Warehouse", "Magazyn", .target = "*", .on_delete = KT_CLEAR,
        .in_use = true),
    KT_FIELD(
        disassembly, day, DATE, "Taken apart on", "Zdemontowano dnia", .computed = true, .indexed = true),
    KT_FIELD(disassembly, value, MONEY, "Worth", "Wartość", .scale = 2, .computed = true, .group = "cost"),
    KT_FIELD(disassembly, lost, MONEY, "Lost of it", "W tym stracono", .scale = 2, .computed = true,
        .group = "cost"),
    KT_FIELD(disassembly, reason, STRING, "Reason", "Powód", .max = 300),
    KT_FIELD(disassembly, lines, LINES, "What is recovered", "Co odzyskano", .lines = &recovered_shape,
        .max = 1000, .help = {"Empty: all that went in.", "Puste: wszystko, co weszło."}));

static struct recovered *line_at(const kt_lines *lines, size_t i)
{
    return KT_AS(recovered, kt_line(lines, i));
}

/* ---- What went in ---- */

static kt_error *add_line(kt_tx *tx, kt_lines *lines, kt_id item, kt_dec quantity)
{
    struct bom_book *book;
    struct bom_entry *entry;
    KT_TRY(bom_book_today(tx, &book));
    KT_TRY(bom_book_find(tx, book, item, &entry));
    const struct recovered r = {KT_OF(recovered), .item = item, .quantity = quantity,
        .recovered = part_whole_below(&entry->part, quantity)};
    return quantity.coef > 0 ? kt_line_add(tx, lines, &r.rec) : NULL;
}

static kt_error *of_order(kt_tx *tx, const struct disassembly *d, kt_lines *lines)
{
    struct order o = {KT_OF(order)};
    KT_TRY(kt_read(tx, d->order, &o.rec));
    if (o.item.v != d->item.v)
        return kt_fail(tx, KT_VALIDATION, "order", "it made another item", "wykonano w nim inny towar");
    if (kt_dec_cmp(d->quantity, kt_dec_add(KT_DEC(0, 4), o.produced)) > 0)
        return kt_fail(tx, KT_VALIDATION, "quantity", "the order made less than that", "zlecenie dało mniej");
    for (size_t i = 0; i < o.components.count; i++) {
        const struct component *c = component_at(&o, i);
        ratio share = ratio_div(ratio_of(d->quantity), ratio_of(kt_dec_add(o.produced, o.scrapped)));
        KT_TRY(add_line(tx, lines, c->item, ratio_dec(ratio_mul(ratio_of(c->issued), share), 4)));
    }
    return NULL;
}

static kt_error *of_bill(kt_tx *tx, struct disassembly *d, kt_lines *lines)
{
    struct bom bom = {KT_OF(bom)};
    kt_lines components = {0};
    KT_TRY(bill_chosen(tx, d->item, kt_today(tx), &d->bom, &bom));
    if (!d->bom.v)
        return kt_hint(kt_fail(tx, KT_RULE, "item", "no bill of materials says what it is made of",
                           "żadna struktura nie mówi, z czego jest zrobiony"),
            "Name the bill, or the order that made it.", "Wskaż strukturę albo zlecenie, w którym powstał.");
    KT_TRY(bill_components(tx, &bom, d->quantity, kt_today(tx), false, &components));
    for (size_t i = 0; i < components.count; i++) {
        const struct component *c = KT_AS(component, kt_line(&components, i));
        KT_TRY(add_line(tx, lines, c->item, c->quantity));
    }
    return NULL;
}

/* The lines are those that went in; of them counts what was entered. */
static kt_error *take_entered(kt_tx *tx, const kt_lines *entered, kt_lines *lines)
{
    kt_error *all = NULL;
    for (size_t i = 0; i < entered->count; i++) {
        const struct recovered *given = line_at(entered, i);
        struct recovered *known = NULL;
        for (size_t n = 0; n < lines->count && !known; n++)
            known = line_at(lines, n)->item.v == given->item.v ? line_at(lines, n) : NULL;
        const char *path = kt_format(tx, "lines[%zu].%s", i, known ? "recovered" : "item").ptr;
        kt_dec much = known && !given->recovered.scale1 ? known->recovered : given->recovered;
        if (!known)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path, "did not go into it", "w niego nie weszło"));
        else if (much.coef < 0 || kt_dec_cmp(much, known->quantity) > 0)
            kt_also(&all, kt_fail(tx, KT_VALIDATION, path, "is not between nothing and what went in",
                              "jest między zerem a tym, co weszło"));
        else {
            known->recovered = much;
            known->lot = given->lot;
        }
    }
    return all;
}

kt_error *disassembly_compute(kt_tx *tx, kt_record *self)
{
    struct disassembly *d = KT_AS(disassembly, self), was = {KT_OF(disassembly)};
    kt_lines lines = {0};
    if (d->rec.id.v)
        KT_TRY(kt_read(tx, d->rec.id, &was.rec));
    if (was.state >= TAKEN_APART)
        return kt_fail(
            tx, KT_BAD_STATE, "state", "it is over and does not change", "jest zakończony i się nie zmienia");
    if (d->state != UNDONE)
        return d->rec.id.v
                   ? NULL
                   : kt_fail(tx, KT_VALIDATION, "state", "begins as a draft", "zaczyna się jako szkic");
    if (!d->item.v)
        return NULL; /* the core asks for it */
    if (!d->quantity.scale1 || d->quantity.coef <= 0)
        return kt_fail(tx, KT_VALIDATION, "quantity", "must be above zero", "musi być większe od zera");
    KT_TRY(check_pieces(tx, d->item, d->quantity, "quantity"));
    KT_TRY(d->order.v ? of_order(tx, d, &lines) : of_bill(tx, d, &lines));
    KT_TRY(take_entered(tx, &d->lines, &lines));
    d->lines = lines;
    return NULL;
}

/* ---- Taking apart ---- */

static kt_error *move_goods(kt_tx *tx, const struct disassembly *d, kt_stock_move *m, kt_str lot)
{
    const kt_stock *stock = kt_stock_find(tx);
    if (!stock)
        return m->value.scale1 ? NULL : part_cost(tx, m->item, m->quantity, &m->value);
    KT_TRY(lot_named(tx, m->item, lot, (kt_date){0}, &m->lot));
    m->document = kt_any(tx, disassembly_shape.name, d->rec.id);
    m->warehouse = kt_any_id(d->warehouse);
    m->reason = d->reason;
    return stock->move(tx, m);
}

/* What each line bears of the goods' worth: by what all of it costs now, or by quantities where nobody knows. */
static kt_error *shares_of(kt_tx *tx, const struct disassembly *d, kt_dec *shares)
{
    const kt_stock *stock = kt_stock_find(tx);
    kt_dec *weights = kt_alloc(tx, (d->lines.count + 1) * sizeof *weights), sum = KT_DEC(0, 2);
    if (!weights)
        return kt_no_memory();
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct recovered *r = line_at(&d->lines, i);
        kt_stock_level level = {0};
        if (stock)
            KT_TRY(stock->level(tx, r->item, (kt_id){0}, (kt_id){0}, (kt_date){0}, &level));
        if (level.unit_cost.scale1)
            weights[i] = kt_dec_mul(level.unit_cost, r->quantity, 2);
        else
            KT_TRY(part_cost(tx, r->item, r->quantity, &weights[i]));
        sum = kt_dec_add(sum, weights[i]);
    }
    for (size_t i = 0; sum.coef <= 0 && i < d->lines.count; i++)
        weights[i] = line_at(&d->lines, i)->quantity;
    kt_dec_split(d->value, weights, d->lines.count, shares);
    return NULL;
}

static kt_error *recover(kt_tx *tx, const struct disassembly *d, struct recovered *r, kt_dec share)
{
    const kt_supply *supply = kt_supply_find(tx);
    kt_dec parts[2];
    const kt_dec weights[2] = {r->recovered, kt_dec_sub(r->quantity, r->recovered)};
    kt_dec_split(share, weights, 2, parts);
    kt_stock_move in = {.item = r->item,
        .quantity = r->recovered,
        .from = KT_AT_PRODUCTION,
        .to = KT_AT_STORES,
        .line = r->rec.id,
        .value = parts[0]};
    if (in.quantity.coef <= 0) {
        r->value = KT_DEC(0, 2);
        return NULL;
    }
    KT_TRY(move_goods(tx, d, &in, r->lot));
    r->value = in.value;
    return supply ? supply->arrived(tx, in.document, r->item, in.warehouse, r->recovered, r->value) : NULL;
}

static kt_error *take_apart(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct disassembly *d = KT_AS(disassembly, self);
    kt_stock_move out = {
        .item = d->item, .quantity = d->quantity, .from = KT_AT_STORES, .to = KT_AT_PRODUCTION};
    kt_dec *shares = kt_alloc(tx, (d->lines.count + 1) * sizeof *shares);
    (void)params;
    if (!shares)
        return kt_no_memory();
    KT_TRY(move_goods(tx, d, &out, d->lot));
    d->day = kt_today(tx);
    d->value = d->lost = kt_dec_add(KT_DEC(0, 2), out.value);
    KT_TRY(shares_of(tx, d, shares));
    for (size_t i = 0; i < d->lines.count; i++) {
        KT_TRY(recover(tx, d, line_at(&d->lines, i), shares[i]));
        d->lost = kt_dec_sub(d->lost, line_at(&d->lines, i)->value);
    }
    kt_id document = kt_any(tx, disassembly_shape.name, d->rec.id);
    return kt_stock_find(tx) ? cost_announce(tx, document, KT_STR("variance"), d->lost) : NULL;
}

static kt_error *disassembly_post(kt_tx *tx, kt_record *self, const kt_record *params)
{
    return on_own_authority(tx, take_apart, self, params);
}

const kt_action disassembly_actions[] = {
    {"post", {"Take apart", "Zdemontuj"}, "work", .from = KT_IN(UNDONE), .to = TAKEN_APART,
        .run = disassembly_post, .preview = true},
    {"cancel", {"Cancel", "Anuluj"}, "update", .from = KT_IN(UNDONE), .to = DROPPED_AGAIN},
    {0},
};
