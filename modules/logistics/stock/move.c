/* Moves: everything that goods do is one. A move that is done never changes, but for what is left in stock of what
 * it brought, or what came back and cost more of what it took; what is expected is a move too, in another state. The service "logistics.stock" stands at the end. */
#include <assert.h>
#include <string.h>

#include "stock/count.h"
#include "stock/value.h"

static const kt_choice move_states[] = {
    {PLANNED, "draft", {"Draft", "Szkic"}, "open"},
    {CONFIRMED, "confirmed", {"Expected", "Oczekiwany"}, "open"},
    {PARTLY_RESERVED, "partially_reserved", {"Reserved in part", "Częściowo zarezerwowany"}, "open"},
    {RESERVED, "reserved", {"Reserved", "Zarezerwowany"}, "open"},
    {MOVED, "done", {"Done", "Wykonany"}, "won"},
    {MOVE_CANCELLED, "cancelled", {"Cancelled", "Anulowany"}, "lost"},
    {0},
};
const kt_shape draw_shape = KT_SHAPE(draw, NULL,
    KT_FIELD(draw, layer, REF, "Came with", "Przyszło z", .target = "logistics.move"),
    KT_FIELD(draw, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4));
const kt_shape move_shape = KT_SHAPE(move, "logistics.move",
    KT_FIELD(move, item, REF, "Item", "Towar", .target = "base.item", .computed = true, .priority = 1),
    KT_FIELD(move, lot, REF, "Lot", "Partia", .target = "logistics.lot", .computed = true),
    KT_FIELD(move, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .computed = true, .priority = 2),
    KT_FIELD(move, reserved, QUANTITY, "Reserved", "Zarezerwowane", .scale = 4, .computed = true),
    KT_FIELD(move, from, REF, "From", "Skąd", .target = "logistics.location", .computed = true),
    KT_FIELD(move, to, REF, "To", "Dokąd", .target = "logistics.location", .computed = true),
    KT_FIELD(move, from_place, STATE, "From what", "Z jakiego miejsca", .choices = place_names,
        .computed = true, .priority = 3),
    KT_FIELD(move, to_place, STATE, "To what", "Do jakiego miejsca", .choices = place_names, .computed = true,
        .priority = 4),
    KT_FIELD(move, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse", .computed = true),
    KT_FIELD(move, state, STATE, "State", "Stan", .choices = move_states, .initial = "draft",
        .computed = true, .indexed = true, .priority = 5),
    KT_FIELD(move, day, DATE, "Day", "Dzień", .computed = true, .indexed = true, .priority = 6),
    KT_FIELD(move, at, TIME, "Done at", "Wykonano", .computed = true),
    KT_FIELD(move, document, REF, "Document", "Dokument", .target = "*", .computed = true, .priority = 7),
    KT_FIELD(move, line, INT, "Line", "Pozycja", .computed = true),
    KT_FIELD(move, paper, REF, "Slip", "Dowód", .target = "*", .computed = true),
    KT_FIELD(move, party, REF, "Party", "Kontrahent", .target = "base.party", .computed = true),
    KT_FIELD(move, returns, REF, "Brings back", "Zwrot z", .target = "logistics.move", .computed = true),
    KT_FIELD(move, returned, QUANTITY, "Came back", "Wróciło", .scale = 4, .computed = true),
    KT_FIELD(move, reason, STRING, "Why", "Dlaczego", .max = 200, .computed = true),
    KT_FIELD(move, value, MONEY, "Value", "Wartość", .scale = 2, .computed = true, .group = "cost",
        .help = {"In the company's currency.", "W walucie firmy."}),
    KT_FIELD(move, later, MONEY, "Later cost", "Późniejszy koszt", .scale = 2, .computed = true,
        .group = "cost",
        .help = {"Of what went out and has not come back: what was spread over it since.",
            "Tego, co wyszło i nie wróciło: ile od tego czasu na to przypadło."}),
    KT_FIELD(move, left, QUANTITY, "Still in stock", "Pozostało z niego", .scale = 4, .computed = true,
        .help = {"Of what came in: a layer of the stock.", "Z tego, co przyszło: warstwa zapasu."}),
    KT_FIELD(move, open, BOOL, "Open layer", "Otwarta warstwa", .computed = true),
    KT_FIELD(
        move, left_value, MONEY, "Worth", "Wartość pozostała", .scale = 2, .computed = true, .group = "cost"),
    KT_FIELD(move, draws, LINES, "Taken from", "Wzięte z", .lines = &draw_shape, .computed = true,
        .help = {"The layers of what went out: a cost of them that comes later goes after it.",
            "Warstwy tego, co wyszło: za nim idzie ich późniejszy koszt."}));

kt_error *move_compute(kt_tx *tx, kt_record *self)
{
    struct move *m = KT_AS(move, self);
    (void)tx;
    m->open = m->left.coef > 0;
    return NULL;
}

/* ---- What is done now ---- */

static kt_error *check_serial(kt_tx *tx, const struct goods *goods, const struct location *to, kt_id lot)
{
    struct balance b;
    if (goods->tracking != BY_SERIAL || to->place != KT_AT_STORES)
        return NULL;
    KT_TRY(balance_find(tx, goods->rec.id, to, lot, &b));
    if (kt_dec_cmp(b.on_hand, KT_DEC(1, 0)) <= 0)
        return NULL;
    return kt_fail(tx, KT_RULE, "lot", "one serial number is one piece: it is there already",
        "jeden numer seryjny to jedna sztuka: już jest na stanie");
}

kt_error *move_now(kt_tx *tx, const struct goods *goods, const struct location *from,
    const struct location *to, struct move *m)
{
    m->rec.of = &move_shape;
    m->item = goods->rec.id;
    m->from = from->rec.id;
    m->to = to->rec.id;
    m->from_place = from->place;
    m->to_place = to->place;
    m->warehouse = from->warehouse.v ? from->warehouse : to->warehouse;
    m->state = MOVED;
    m->at = kt_now(tx);
    KT_TRY(count_allows(tx, from));
    KT_TRY(count_allows(tx, to));
    KT_TRY(balance_add(tx, m->item, from, m->lot, kt_dec_neg(m->quantity), ZERO, m->day));
    KT_TRY(balance_add(tx, m->item, to, m->lot, m->quantity, ZERO, m->day));
    KT_TRY(check_serial(tx, goods, to, m->lot));
    return value_move(tx, goods, m);
}

static kt_error *check_lot(kt_tx *tx, const struct goods *goods, const kt_stock_move *m)
{
    if (goods->tracking > NOT_TRACKED && !m->lot.v && m->from != KT_AT_STORES)
        return kt_hint(kt_fail(tx, KT_VALIDATION, "lot", "\"%s\" is tracked: a lot is needed",
                           "„%s” ma śledzone partie: podaj partię", goods->name.ptr),
            "Name the lot or serial number.", "Podaj partię albo numer seryjny.");
    if (goods->tracking == BY_SERIAL && m->from != KT_AT_STORES && kt_dec_cmp(m->quantity, KT_DEC(1, 0)) != 0)
        return kt_fail(tx, KT_VALIDATION, "quantity", "one serial number is one piece",
            "jeden numer seryjny to jedna sztuka");
    return check_lot_of(tx, goods, m->lot, "lot");
}

kt_error *not_to_come(kt_tx *tx, kt_date day)
{
    return day.day <= kt_today(tx).day
               ? NULL
               : kt_fail(tx, KT_VALIDATION, "day", "goods do not move on a day to come",
                     "towar nie może się ruszyć w przyszłości");
}

static kt_error *check_move(kt_tx *tx, const struct goods *goods, const kt_stock_move *m)
{
    kt_error *all = check_lot(tx, goods, m);
    if (m->quantity.coef <= 0)
        kt_also(
            &all, kt_fail(tx, KT_VALIDATION, "quantity", "must be above zero", "musi być większe od zera"));
    kt_also(&all, not_to_come(tx, m->day));
    if (m->value.scale1 && m->value.coef < 0)
        kt_also(&all,
            kt_fail(tx, KT_VALIDATION, "value", "a value is not below zero", "wartość nie jest ujemna"));
    if (m->from == m->to)
        kt_also(&all, kt_fail(tx, KT_RULE, "to", "goods move from one place to another",
                          "towar przechodzi z jednego miejsca w inne"));
    return all;
}

kt_error *too_little(kt_tx *tx, const char *path, const struct wanted *wanted, kt_dec rest)
{
    const char *asked = dec_words(tx, wanted->quantity), *name = wanted->goods->name.ptr;
    const char *there = dec_words(tx, kt_dec_sub(wanted->quantity, rest));
    struct lot lot = {KT_OF(lot)};
    kt_stock_level l;
    if (wanted->lot.v)
        KT_TRY(kt_read(tx, wanted->lot, &lot.rec));
    KT_TRY(stock_level(tx, wanted->goods->rec.id, wanted->warehouse->rec.id, wanted->lot, (kt_date){0}, &l));
    const char *lot_name = lot.name.len ? kt_format(tx, " (%s)", lot.name.ptr).ptr : "";
    return kt_hint(
        kt_fail(tx, KT_RULE, path, "%s of \"%s\"%s exceeds the %s that may be taken, of %s on hand",
            "%s towaru „%s”%s to więcej niż %s, które można wydać, z %s na stanie", asked, name,
            lot_name ? lot_name : "", there, dec_words(tx, l.on_hand)),
        "What is reserved for others, blocked or expired stays. Take less or another lot; the rest when it "
        "comes.",
        "Zarezerwowane dla innych, zablokowane i przeterminowane zostaje. Weź mniej albo inną partię; "
        "resztę, gdy przyjdzie.");
}

kt_error *told_at_line(kt_tx *tx, const kt_error *e, size_t i, const char *field)
{
    kt_error *all = NULL;
    kt_problem p;
    for (size_t k = 0; e && (p = kt_problem_at(e, k)).kind; k++) {
        const char *at = field ? field : p.path ? p.path : "item";
        bool of_all = strcmp(at, "day") == 0; /* it is the slip's, and told once */
        const char *path = of_all ? at : kt_format(tx, "lines[%zu].%s", i, at).ptr;
        kt_also(&all,
            kt_hint(kt_fail(tx, p.kind, path, "%s", "%s", kt_say(tx, p.text).ptr), p.hint.en, p.hint.pl));
    }
    return all;
}

static kt_error *short_by(kt_tx *tx, struct wanted *wanted, kt_dec asked, kt_dec rest)
{
    wanted->quantity = asked;
    return too_little(tx, "quantity", wanted, rest);
}

/* A move under way: of one lot after another. */
struct moving {
    struct goods goods;
    struct warehouse warehouse; /* without id: neither end is in the stores */
    struct location other;      /* the end that is outside of them; of two such ends the first */
    struct losses losses;
    bool taken; /* what was reserved for the document */
};

/* What leaves the stores: first what the document has reserved, then what is free. */
static kt_error *find_goods(kt_tx *tx, struct moving *mv, const kt_stock_move *m, struct picks *picks)
{
    const struct owner owner = {m->document, m->line, {0}};
    struct wanted wanted = {.goods = &mv->goods,
        .warehouse = &mv->warehouse,
        .location = m->location,
        .lot = m->lot,
        .quantity = m->quantity,
        .day = m->day,
        .held = m->to == KT_AT_LOSS || m->to == KT_AT_SUPPLIER};
    kt_dec given, rest;
    KT_TRY(take_reserved(tx, &wanted, &owner, picks, &given));
    mv->taken = mv->taken || given.coef;
    wanted.quantity = kt_dec_sub(m->quantity, given);
    wanted.moving = true;
    KT_TRY(pick_free(tx, &wanted, picks, &rest));
    wanted.quantity = rest;
    wanted.moving = false; /* only that is left: whoever wants it hears of the count */
    KT_TRY(pick_free(tx, &wanted, picks, &rest));
    if (rest.coef > 0 && m->to == KT_AT_LOSS) /* what is broken is nobody's any more */
        KT_TRY(dispossess(tx, &wanted, rest, picks, &mv->losses, &rest));
    if (rest.coef <= 0)
        return NULL;
    if (!mv->warehouse.negative || mv->goods.tracking > NOT_TRACKED)
        return short_by(tx, &wanted, m->quantity, rest);
    struct pick below = {.quantity = rest};
    KT_TRY(location_get(tx, KT_AT_STORES, mv->warehouse.rec.id, &below.at));
    return picks_add(tx, picks, &below);
}

static struct move drawn_up(const kt_stock_move *m, const struct pick *pick)
{
    return (struct move){KT_OF(move), .lot = pick->lot, .quantity = pick->quantity, .day = m->day,
        .document = m->document, .paper = m->paper.v ? m->paper : m->document, .line = (int64_t)m->line.v,
        .party = m->party, .returns = m->returns, .reason = m->reason};
}

/* What was reserved may have been blocked or have expired since. */
static kt_error *check_held(kt_tx *tx, const kt_stock_move *m, const struct pick *pick)
{
    struct lot lot = {KT_OF(lot)};
    if (!pick->lot.v || m->to == KT_AT_LOSS || m->to == KT_AT_SUPPLIER)
        return NULL;
    KT_TRY(kt_read(tx, pick->lot, &lot.rec));
    if (!lot_held(&lot, m->day))
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, "lot", "%s is %s", "%s: %s", lot.name.ptr,
                       kt_say(tx, lot.blocked ? (kt_text){"blocked", "partia zablokowana"}
                                              : (kt_text){"past its day", "partia po terminie"})
                           .ptr),
        "Name another lot. This one leaves only for loss, or back to the supplier.",
        "Podaj inną partię. Ta może wyjść tylko na straty albo wrócić do dostawcy.");
}

static kt_error *move_begin(kt_tx *tx, kt_stock_move *m, struct moving *mv)
{
    *mv = (struct moving){.warehouse = {KT_OF(warehouse)}};
    m->quantity = kt_dec_round(m->quantity, 4);
    m->day = m->day.day ? m->day : kt_today(tx);
    m->move = (kt_id){0};
    return goods_read(tx, m->item, &mv->goods);
}

static kt_error *find_ends(kt_tx *tx, struct moving *mv, const kt_stock_move *m)
{
    bool leaves = m->from == KT_AT_STORES, comes = m->to == KT_AT_STORES;
    KT_TRY(location_get(tx, leaves ? m->to : m->from, (kt_id){0}, &mv->other));
    if (!leaves && !comes)
        return NULL;
    KT_TRY(warehouse_get(tx, m->warehouse, &mv->warehouse));
    return location_within(tx, m->location, mv->warehouse.rec.id, "location");
}

/* How much of which lot goes from where, or where to. */
static kt_error *plan_move(kt_tx *tx, struct moving *mv, const kt_stock_move *m, struct picks *picks)
{
    struct pick whole = {.at = {KT_OF(location)}, .lot = m->lot, .quantity = m->quantity};
    if (m->from == KT_AT_STORES)
        return find_goods(tx, mv, m, picks);
    if (m->location.v && m->to == KT_AT_STORES)
        KT_TRY(kt_read(tx, m->location, &whole.at.rec));
    else
        KT_TRY(location_get(tx, m->to, mv->warehouse.rec.id, &whole.at));
    return picks_add(tx, picks, &whole);
}

/* Of one lot, or of any. */
static kt_error *move_some(kt_tx *tx, struct moving *mv, kt_stock_move *m)
{
    struct picks picks = {0};
    kt_dec given = m->value, value = KT_DEC(0, 2), done = ZERO;
    bool leaves = m->from == KT_AT_STORES;
    KT_TRY(plan_move(tx, mv, m, &picks));
    for (size_t i = 0; i < picks.count; i++) {
        struct move one = drawn_up(m, &picks.items[i]);
        const struct location *at = &picks.items[i].at;
        if (leaves)
            KT_TRY(check_held(tx, m, &picks.items[i]));
        one.value = share_of(given, m->quantity, done, one.quantity);
        done = kt_dec_add(done, one.quantity);
        KT_TRY(move_now(tx, &mv->goods, leaves ? at : &mv->other, leaves ? &mv->other : at, &one));
        value = kt_dec_add(value, one.value);
        m->move = m->move.v ? m->move : one.rec.id;
    }
    m->value = value;
    return NULL;
}

static kt_error *move_end(kt_tx *tx, const struct moving *mv, const kt_stock_move *m)
{
    const struct owner owner = {m->document, m->line, {0}};
    if (mv->taken)
        KT_TRY(reserved_anew(tx, m->item, &owner));
    return losses_tell(tx, &mv->losses, GOODS_LOST);
}

static kt_error *move_within(kt_tx *tx, kt_stock_move *m)
{
    struct moving mv;
    KT_TRY(move_begin(tx, m, &mv));
    KT_TRY(check_move(tx, &mv.goods, m));
    KT_TRY(find_ends(tx, &mv, m));
    KT_TRY(move_some(tx, &mv, m));
    return move_end(tx, &mv, m);
}

kt_error *stock_move(kt_tx *tx, kt_stock_move *move)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = move_within(tx, move);
    kt_callers_authority(tx, before);
    return e;
}

struct part_move {
    struct moving *moving;
    kt_stock_move move;
};

static kt_error *move_part(kt_tx *tx, void *context)
{
    struct part_move *p = context;
    KT_TRY(check_move(tx, &p->moving->goods, &p->move));
    return move_some(tx, p->moving, &p->move);
}

kt_error *stock_move_lots(kt_tx *tx, const kt_stock_move *move, const struct lot_part *parts, size_t count)
{
    struct moving mv;
    struct part_move part = {&mv, *move};
    kt_error *all = NULL;
    assert(move->to != KT_AT_LOSS); /* whose goods are lost is remembered beyond a step */
    KT_TRY(move_begin(tx, &part.move, &mv));
    KT_TRY(find_ends(tx, &mv, &part.move));
    for (size_t i = 0; i < count; i++) {
        part.move.lot = parts[i].lot;
        part.move.quantity = parts[i].quantity;
        part.move.value = move->value;
        kt_also(&all, kt_step(tx, move_part, &part));
    }
    return all ? all : move_end(tx, &mv, move);
}

/* ---- What is expected ---- */

static bool is_expected(const struct move *m)
{
    return m->state >= CONFIRMED && m->state <= RESERVED;
}

static kt_error *expected_find(kt_tx *tx, kt_id item, const struct owner *owner, bool leaves, struct move *m)
{
    const int64_t line = (int64_t)owner->line.v;
    const unsigned moved = MOVED; /* of which there may be many */
    kt_where where[5] = {KT_WHERE(move, document, KT_EQ, owner->document), KT_WHERE(move, item, KT_EQ, item),
        {offsetof(struct move, state), KT_NE, &moved}};
    kt_cursor *cursor;
    bool found = false;
    if (line)
        where[3] = (kt_where){offsetof(struct move, line), KT_EQ, &line};
    *m = (struct move){KT_OF(move)};
    if (!owner->document.v)
        return NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &move_shape, .where = where}, &cursor));
    while (!found && kt_next(cursor, &m->rec))
        found = is_expected(m) && m->line == line && (m->from_place == KT_AT_STORES) == leaves;
    KT_TRY(kt_close(cursor));
    if (!found)
        *m = (struct move){KT_OF(move)};
    return NULL;
}

static void show_reserved(struct move *m, kt_dec reserved)
{
    m->reserved = smaller(reserved, m->quantity);
    m->state = m->reserved.coef == 0                      ? CONFIRMED
               : kt_dec_cmp(m->reserved, m->quantity) < 0 ? PARTLY_RESERVED
                                                          : RESERVED;
}

kt_error *expected_follow(kt_tx *tx, kt_id item, const struct owner *owner)
{
    struct move m;
    kt_dec reserved;
    KT_TRY(expected_find(tx, item, owner, true, &m));
    if (!m.rec.id.v)
        return NULL;
    KT_TRY(reserved_for(tx, m.item, owner, &reserved));
    show_reserved(&m, reserved);
    return kt_update(tx, &m.rec);
}

kt_error *move_expect(kt_tx *tx, const kt_stock_move *move, kt_dec reserved)
{
    struct move m;
    struct warehouse w = {.rec.id = move->warehouse};
    const struct owner owner = {move->document, move->line, {0}};
    bool leaves = move->from == KT_AT_STORES;
    KT_TRY(expected_find(tx, move->item, &owner, leaves, &m));
    if (move->quantity.coef <= 0)
        return m.rec.id.v ? kt_delete(tx, &m.rec) : NULL;
    if (!w.rec.id.v)
        KT_TRY(warehouse_get(tx, move->warehouse, &w));
    if (!reserved.scale1 && leaves)
        KT_TRY(reserved_for(tx, move->item, &owner, &reserved));
    m = (struct move){.rec = m.rec,
        .item = move->item,
        .lot = move->lot,
        .from_place = move->from,
        .to_place = move->to,
        .warehouse = w.rec.id,
        .document = move->document,
        .line = (int64_t)move->line.v,
        .party = move->party,
        .quantity = kt_dec_round(move->quantity, 4),
        .day = move->day,
        .reason = move->reason};
    show_reserved(&m, reserved.scale1 ? reserved : ZERO);
    return m.rec.id.v ? kt_update(tx, &m.rec) : kt_create(tx, &m.rec);
}

static kt_error *expect(kt_tx *tx, const kt_stock_move *move)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = move_expect(tx, move, (kt_dec){0});
    kt_callers_authority(tx, before);
    return e;
}

/* ---- The service ---- */

static kt_error *lot_within(kt_tx *tx, kt_id item, kt_str name, kt_date expires, kt_id *lot)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = lot_get(tx, item, name, expires, lot);
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *burden(
    kt_tx *tx, const kt_id *moves, const kt_dec *values, size_t count, kt_id document, kt_str reason)
{
    kt_error *e = NULL;
    kt_authority before = kt_own_authority(tx);
    for (size_t i = 0; i < count && !e; i++)
        e = value_burden(tx, moves[i], values[i], document, reason);
    kt_callers_authority(tx, before);
    return e;
}

const kt_stock stock_service = {stock_move, expect, stock_level, lot_within, burden};
