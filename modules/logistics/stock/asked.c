/* Transfers between warehouses that demands wait for: what is to go is reserved where it lies until it is sent, and is for who
 * waits where it arrives. */
#include <kontor/units.h>

#include "stock/transfer.h"

kt_id transfer_any(const kt_tx *tx, const struct transfer *t)
{
    return kt_any(tx, transfer_shape.name, t->rec.id);
}

static struct owner owner_of(const kt_tx *tx, const struct transfer *t, kt_id line)
{
    return (struct owner){transfer_any(tx, t), line, t->day};
}

/* ---- Asking ---- */

/* The slip that is given up just now, or sent, or received: what that frees, or misses, is not asked of it again. */
static const char in_hand;
/* Of these the one that does not go, or not all of it: its way is not gone instead. */
static const char given_up;

static bool is_in_hand(const kt_tx *tx, const struct transfer *t)
{
    const struct transfer *now = kt_kept(tx, &in_hand);
    return now && now->rec.id.v == t->rec.id.v;
}

kt_error *transfer_in_hand(kt_tx *tx, struct transfer *t)
{
    KT_TRY(kt_keep(tx, &given_up, NULL));
    return kt_keep(tx, &in_hand, t);
}

kt_error *transfer_giving_up(kt_tx *tx, struct transfer *t)
{
    return kt_keep(tx, &given_up, t);
}

/* In the item's own unit, of any lot. */
static struct transfer_line *line_of(const struct transfer *t, kt_id item)
{
    for (size_t i = 0; i < t->lines.count; i++) {
        struct transfer_line *line = transfer_line_at(&t->lines, i);
        if (line->item.v == item.v && !line->unit.v && !line->lot.v && !line->serials.len)
            return line;
    }
    return NULL;
}

/* The draft of this way and day to which demands add, that has room; without id: there is none yet. */
static kt_error *find_draft(kt_tx *tx, kt_id item, kt_id from, kt_id to, kt_date day, struct transfer *t)
{
    const kt_where where[] = {KT_WHERE(transfer, state, KT_EQ, T_DRAFT), KT_WHERE(transfer, day, KT_EQ, day),
        KT_WHERE(transfer, warehouse, KT_EQ, from), KT_WHERE(transfer, to_warehouse, KT_EQ, to),
        KT_WHERE(transfer, asked, KT_EQ, true), {0}};
    kt_cursor *cursor;
    bool found = false;
    *t = (struct transfer){KT_OF(transfer)};
    KT_TRY(kt_open(tx, &(kt_query){.of = &transfer_shape, .where = where, .sort = "id"}, &cursor));
    while (!found && kt_next(cursor, &t->rec))
        found = (t->lines.count < TRANSFER_LINES_MAX || line_of(t, item)) && !is_in_hand(tx, t);
    if (!found)
        *t = (struct transfer){KT_OF(transfer), .kind = TRANSFER, .warehouse = from, .to_warehouse = to,
            .day = day, .asked = true,
            .reason = kt_say(
                tx, (kt_text){"orders there wait for it", "czekają na to tamtejsze zamówienia"})};
    return kt_close(cursor);
}

kt_error *transfer_hold(
    kt_tx *tx, const struct wanted *wanted, kt_id to, kt_date day, struct transfer *t, kt_dec *taken)
{
    const kt_id item = wanted->goods->rec.id;
    struct wanted free = *wanted;
    struct picks picks = {0};
    kt_dec open;
    KT_TRY(pick_free(tx, wanted, &picks, &open));
    *taken = free.quantity = kt_dec_sub(wanted->quantity, open);
    if (taken->coef <= 0)
        return NULL;
    KT_TRY(find_draft(tx, item, wanted->warehouse->rec.id, to, day, t));
    struct transfer_line *line = line_of(t, item);
    if (line)
        line->quantity = kt_dec_add(line->quantity, *taken);
    else
        KT_TRY(kt_line_add(tx, &t->lines,
            &(struct transfer_line){KT_OF(transfer_line), .item = item, .quantity = *taken}.rec));
    KT_TRY(t->rec.id.v ? kt_update(tx, &t->rec) : kt_create(tx, &t->rec));
    KT_TRY(kt_read(tx, t->rec.id, &t->rec)); /* the line has its id */
    const struct owner owner = owner_of(tx, t, line_of(t, item)->rec.id);
    return reserve(tx, &free, &owner, &open);
}

/* ---- Less of it, or none ---- */

/* A slip of which nothing is left is cancelled, and still says what was to go. */
static kt_error *shrink(kt_tx *tx, struct transfer *t, kt_id line, kt_dec quantity)
{
    kt_lines lines = {0};
    for (size_t i = 0; i < t->lines.count; i++) {
        struct transfer_line l = *transfer_line_at(&t->lines, i);
        if (l.rec.id.v == line.v)
            l.quantity = kt_dec_sub(l.quantity, quantity);
        if (l.quantity.coef > 0)
            KT_TRY(kt_line_add(tx, &lines, &l.rec));
    }
    if (lines.count)
        t->lines = lines;
    else
        t->state = T_CANCELLED;
    return kt_update(tx, &t->rec);
}

/* What of an item is reserved for a line is given back, so much at most. */
static kt_error *give_back(
    kt_tx *tx, const struct transfer *t, const struct transfer_line *line, kt_dec most, kt_dec *given)
{
    const struct owner owner = owner_of(tx, t, line->rec.id);
    *given = ZERO;
    return most.coef > 0 ? hand_back(tx, line->item, &owner, most, given) : NULL;
}

static kt_error *held_for(kt_tx *tx, const struct transfer *t, const struct transfer_line *line, kt_dec *held)
{
    const struct owner owner = owner_of(tx, t, line->rec.id);
    return reserved_for(tx, line->item, &owner, held);
}

kt_error *transfer_lessen(kt_tx *tx, kt_id transfer, kt_id item, kt_dec quantity, kt_dec *given)
{
    struct transfer t = {KT_OF(transfer)};
    *given = ZERO;
    KT_TRY(kt_read(tx, transfer, &t.rec));
    const kt_lines lines = t.lines;
    for (size_t i = 0; t.state == T_DRAFT && i < lines.count; i++) {
        const struct transfer_line line = *transfer_line_at(&lines, i);
        kt_dec held, took;
        if (line.item.v != item.v)
            continue;
        KT_TRY(held_for(tx, &t, &line, &held));
        held = smaller(held, kt_dec_sub(quantity, *given));
        if (held.coef <= 0)
            continue;
        KT_TRY(shrink(tx, &t, line.rec.id, held));
        KT_TRY(give_back(tx, &t, &line, held, &took));
        *given = kt_dec_add(*given, held);
    }
    return NULL;
}

kt_error *transfer_keep_nothing(kt_tx *tx, const struct transfer *t)
{
    for (size_t i = 0; i < t->lines.count; i++) {
        const struct transfer_line *line = transfer_line_at(&t->lines, i);
        kt_dec held, given;
        KT_TRY(held_for(tx, t, line, &held));
        KT_TRY(give_back(tx, t, line, held, &given));
    }
    return NULL;
}

kt_error *transfer_lost(kt_tx *tx, const struct owner *owner, kt_id item, kt_dec quantity, kt_text why)
{
    const kt_supply *supply = kt_supply_find(tx);
    struct transfer t = {KT_OF(transfer)};
    struct goods goods;
    struct warehouse w;
    kt_dec rest;
    KT_TRY(kt_read(tx, kt_any_id(owner->document), &t.rec));
    if (t.state != T_DRAFT)
        return NULL;
    KT_TRY(goods_read(tx, item, &goods));
    KT_TRY(warehouse_get(tx, t.warehouse, &w));
    const struct wanted others = {
        .goods = &goods, .warehouse = &w, .quantity = quantity, .day = kt_today(tx)};
    KT_TRY(reserve(tx, &others, owner, &rest));
    if (rest.coef <= 0)
        return NULL;
    KT_TRY(shrink(tx, &t, owner->line, rest));
    return supply ? supply->failed(tx, &(kt_shortfall){owner->document, item, rest}, 1, why) : NULL;
}

bool transfer_given_up(const kt_tx *tx, kt_id from, kt_id to)
{
    const struct transfer *t = kt_kept(tx, &given_up);
    return t && t->warehouse.v == from.v && t->to_warehouse.v == to.v;
}

/* Who waits is covered in another way while its goods are still reserved: they are not to be sent. */
kt_error *transfer_give_up(kt_tx *tx, struct transfer *t)
{
    const kt_supply *supply = kt_supply_find(tx);
    const kt_text why = {"the transfer was cancelled", "przesunięcie anulowano"};
    kt_shortfall all[TRANSFER_LINES_MAX];
    KT_TRY(transfer_giving_up(tx, t));
    t->asked = false; /* nobody adds to it */
    KT_TRY(kt_update(tx, &t->rec));
    for (size_t i = 0; i < t->lines.count; i++) {
        const struct transfer_line *line = transfer_line_at(&t->lines, i);
        all[i] = (kt_shortfall){transfer_any(tx, t), line->item, ZERO};
        KT_TRY(held_for(tx, t, line, &all[i].quantity));
    }
    if (supply)
        KT_TRY(supply->failed(tx, all, t->lines.count, why));
    return transfer_keep_nothing(tx, t);
}

/* ---- Who waits ---- */

struct waited { /* of base.pegging */
    kt_record rec;
    kt_id supply, item;
    kt_dec quantity;
};
static const kt_shape waited_shape = KT_SHAPE(waited, "base.pegging", KT_BIND(waited, supply, REF, "supply"),
    KT_BIND(waited, item, REF, "item"), KT_BIND(waited, quantity, QUANTITY, "quantity"));

kt_error *transfer_waited_for(kt_tx *tx, const struct transfer *t, kt_id item, kt_dec *quantity)
{
    const kt_where where[] = {
        KT_WHERE(waited, supply, KT_EQ, transfer_any(tx, t)), KT_WHERE(waited, item, KT_EQ, item), {0}};
    kt_dec sum = {0};
    KT_TRY(kt_sum(
        tx, &(kt_query){.of = &waited_shape, .where = where}, offsetof(struct waited, quantity), &sum));
    *quantity = kt_dec_add(ZERO, sum);
    return NULL;
}

kt_error *transfer_overdrawn(kt_tx *tx, const struct transfer *t, kt_id item, kt_dec *over)
{
    kt_dec waits, brings = ZERO;
    KT_TRY(transfer_waited_for(tx, t, item, &waits));
    KT_TRY(transfer_quantity(tx, t, item, &brings));
    *over = kt_dec_sub(waits, brings);
    return NULL;
}

/* ---- On its way already ---- */

/* Mostly there is none at all, which is known without looking for the item. */
kt_error *transfers_to(kt_tx *tx, kt_id warehouse, kt_id item, kt_found *sent)
{
    const kt_where where[] = {KT_WHERE(transfer, state, KT_EQ, T_IN_TRANSIT), {0}};
    const unsigned long long to = warehouse.v;
    uint64_t any;
    *sent = (kt_found){0};
    KT_TRY(kt_count(tx, &(kt_query){.of = &transfer_shape, .where = where}, &any));
    if (!any)
        return NULL;
    const kt_query query = {.of = &transfer_shape,
        .where = where,
        .sort = "day,id",
        .filter = kt_format(tx,
            "[[\"lines.item\",\"=\",%llu],[\"or\",[\"to_warehouse\",\"=\",%llu],"
            "[\"and\",[\"to_warehouse\",\"is_null\",true],[\"warehouse\",\"=\",%llu]]]]",
            (unsigned long long)item.v, to, to)};
    return kt_find(tx, &query, 0, sent);
}

/* What of it left, and may be had on a day. */
static kt_error *sent_good(kt_tx *tx, const struct transfer *t, kt_id item, kt_date day, kt_dec *good)
{
    struct carried *all;
    size_t count;
    *good = ZERO;
    KT_TRY(transfer_carried(tx, t, &all, &count));
    for (size_t i = 0; i < count; i++) {
        struct lot lot = {KT_OF(lot)};
        if (all[i].item.v != item.v)
            continue;
        if (all[i].lot.v)
            KT_TRY(kt_read(tx, all[i].lot, &lot.rec));
        *good = lot_held(&lot, day) ? *good : kt_dec_add(*good, all[i].quantity);
    }
    return NULL;
}

kt_error *transfer_spare(kt_tx *tx, const struct transfer *t, kt_id item, kt_date day, kt_dec *spare)
{
    kt_dec good, waits;
    KT_TRY(sent_good(tx, t, item, day, &good));
    KT_TRY(transfer_waited_for(tx, t, item, &waits));
    *spare = kt_dec_sub(good, waits);
    return NULL;
}

kt_error *transfer_take(kt_tx *tx, struct transfer *t, kt_id item, kt_date day, kt_dec most, kt_dec *taken)
{
    kt_dec spare;
    KT_TRY(transfer_spare(tx, t, item, day, &spare));
    *taken = is_in_hand(tx, t) ? ZERO : smaller(spare, most);
    if (taken->coef <= 0 || t->asked)
        return NULL;
    t->asked = true;
    return kt_update(tx, &t->rec);
}

kt_error *transfer_recount(kt_tx *tx, kt_record *rec)
{
    const struct transfer *t = KT_AS(transfer, rec);
    const kt_lines lines = t->lines;
    for (size_t i = 0; i < lines.count; i++) {
        const struct transfer_line *line = transfer_line_at(&lines, i);
        kt_dec held, waits, given;
        KT_TRY(held_for(tx, t, line, &held));
        KT_TRY(transfer_waited_for(tx, t, line->item, &waits));
        if (kt_dec_cmp(held, waits) > 0)
            KT_TRY(transfer_lessen(tx, t->rec.id, line->item, kt_dec_sub(held, waits), &given));
    }
    return NULL;
}

/* ---- What is reserved for it is to go ---- */

static kt_error *waited_for(kt_tx *tx, const char *path)
{
    return kt_hint(kt_fail(tx, KT_RULE, path, "orders wait for it", "czekają na to zamówienia"),
        "Cancel the transfer: they are covered in another way then.",
        "Anuluj przesunięcie: zostaną wtedy pokryte inaczej.");
}

static kt_error *check_line(kt_tx *tx, const struct transfer *t, size_t i, kt_dec *held)
{
    const struct transfer_line *line = transfer_line_at(&t->lines, i);
    struct goods goods;
    kt_dec goes;
    KT_TRY(held_for(tx, t, line, held));
    if (held->coef <= 0)
        return NULL;
    KT_TRY(goods_read(tx, line->item, &goods));
    KT_TRY(kt_in_unit(tx, line->item, line->quantity, line->unit, goods.unit, &goes));
    return kt_dec_cmp(goes, *held) < 0 ? waited_for(tx, kt_format(tx, "lines[%zu].quantity", i).ptr) : NULL;
}

kt_error *transfer_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    const struct transfer *was = before ? KT_SEE(transfer, before) : NULL;
    const struct transfer *t = after ? KT_SEE(transfer, after) : NULL;
    kt_dec all = ZERO, of_lines = ZERO;
    kt_error *wrong = NULL;
    if (!t || !was || !was->asked) /* what is reserved for it keeps it from being deleted */
        return NULL;
    const kt_where where[] = {KT_WHERE(reservation, document, KT_EQ, transfer_any(tx, t)), {0}};
    KT_TRY(kt_sum(tx, &(kt_query){.of = &reservation_shape, .where = where},
        offsetof(struct reservation, quantity), &all));
    if (all.coef <= 0)
        return NULL;
    for (size_t i = 0; i < t->lines.count; i++) {
        kt_dec held = ZERO;
        kt_also(&wrong, check_line(tx, t, i, &held));
        of_lines = kt_dec_add(of_lines, held);
    }
    if (kt_dec_cmp(all, of_lines) > 0)
        kt_also(&wrong, waited_for(tx, "lines"));
    if (t->warehouse.v != was->warehouse.v)
        kt_also(&wrong, waited_for(tx, "warehouse"));
    if (t->to_warehouse.v != was->to_warehouse.v)
        kt_also(&wrong, waited_for(tx, "to_warehouse"));
    return wrong;
}
