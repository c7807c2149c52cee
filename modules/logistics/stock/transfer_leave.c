/* What of a slip goes: all of it, what rows of parameters name, or what is there. The rest goes on a slip of its own, with what
 * was reserved for who waits for it, or goes no more. */
#include <kontor/units.h>

#include "stock/transfer.h"
#include "stock/value.h"

const kt_shape sending_shape = KT_SHAPE(sending, NULL,
    KT_FIELD(sending, lines, LINES, "Lines", "Pozycje", .lines = &part_shape, .max = 2000,
        .help = {"Empty: all of them.", "Puste: wszystkie."}),
    KT_FIELD(sending, rest, STATE, "If not all goes", "Gdy nie idzie wszystko", .choices = delivery_policies,
        .help = {
            "Empty: what is named goes, the rest later; of a slip of which nothing is named, all at once.",
            "Puste: to, co podano, reszta później; gdy nic nie podano, wszystko naraz."}));
const kt_shape receiving_shape = KT_SHAPE(receiving, NULL,
    KT_FIELD(receiving, lines, LINES, "Lines", "Pozycje", .lines = &part_shape, .max = 2000,
        .help = {"Empty: all of them. What is not named stays on its way, on a slip of its own.",
            "Puste: wszystkie. To, czego nie podano, zostaje w drodze, na osobnym dokumencie."}));

/* ---- What the parameters say ---- */

/* Rows name lines of a slip as they name those of a delivery. */
kt_error *transfer_choices(
    kt_tx *tx, const struct transfer *t, const kt_lines *rows, struct delivery *as, struct choices *all)
{
    *as = (struct delivery){KT_OF(delivery)};
    for (size_t i = 0; i < t->lines.count; i++) {
        const struct transfer_line *line = transfer_line_at(&t->lines, i);
        struct delivery_line like = {KT_OF(delivery_line), .item = line->item};
        like.rec.id = line->rec.id;
        KT_TRY(transfer_line_own(tx, line, &like.quantity));
        KT_TRY(kt_line_add(tx, &as->lines, &like.rec));
    }
    kt_error *wrong = choices_read(tx, as, rows, all);
    kt_also(&wrong, choices_once(tx, all));
    return wrong;
}

kt_error *transfer_too_much(
    kt_tx *tx, const struct transfer_line *line, kt_dec named, kt_dec most, size_t row, kt_text hint)
{
    struct goods goods;
    KT_TRY(goods_read(tx, line->item, &goods));
    return kt_hint(
        kt_fail(tx, KT_RULE, part_path(tx, row, "quantity"), "%s of \"%s\" are more than the %s on the slip",
            "%s towaru „%s” to więcej niż %s na dokumencie", dec_words(tx, named), goods.name.ptr,
            dec_words(tx, most)),
        hint.en, hint.pl);
}

struct named { /* of a line */
    kt_dec sum;
    size_t row, count; /* row: the last that names it */
    bool by_lot;
};

static struct named named_of(const struct choices *all, const struct delivery_line *line)
{
    struct named n = {.sum = ZERO};
    for (size_t i = 0; i < all->count; i++) {
        const struct choice *c = &all->items[i];
        if (c->line != line)
            continue;
        n.sum = kt_dec_add(n.sum, c->quantity);
        n.row = c->row;
        n.count++;
        n.by_lot = n.by_lot || c->lot.v;
    }
    return n;
}

/* ---- Lines ---- */

static kt_error *goes(
    kt_tx *tx, struct leaving *l, const struct transfer_line *line, size_t i, const char *field)
{
    l->origins[l->lines.count] = (struct origin){i, field};
    return kt_line_add(tx, &l->lines, &line->rec);
}

/* So much of a line, in the item's own unit. */
static struct transfer_line part_of(const struct transfer_line *line, kt_dec quantity)
{
    struct transfer_line part = *line;
    part.quantity = quantity;
    part.unit = (kt_id){0};
    return part;
}

/* Of a line nothing goes, or not this much. */
static kt_error *stays(kt_tx *tx, struct leaving *l, struct transfer_line rest)
{
    rest.rec.id = (kt_id){0};
    rest.value = (kt_dec){0};
    return kt_line_add(tx, &l->rest, &rest.rec);
}

static kt_error *serial_lot(
    kt_tx *tx, const struct transfer *t, const struct transfer_line *line, kt_str name, kt_id *lot)
{
    KT_TRY(t->kind == ENTRY ? lot_get(tx, line->item, name, line->expires, lot)
                            : lot_find(tx, line->item, name, lot));
    return lot->v ? NULL
                  : kt_fail(tx, KT_VALIDATION, "serials", "there is no serial number \"%s\" of this item",
                        "nie ma numeru seryjnego „%s” tego towaru", name.ptr);
}

static kt_error *spread_line(
    kt_tx *tx, const struct transfer *t, const struct transfer_line *line, size_t i, struct leaving *l)
{
    struct transfer_line one = part_of(line, KT_DEC(10000, 4));
    kt_str rest = line->serials, name;
    kt_error *wrong = NULL;
    int64_t count = 0;
    kt_dec pieces;
    KT_TRY(transfer_line_own(tx, line, &pieces));
    one.serials = one.new_lot = (kt_str){0};
    for (; next_name(tx, &rest, &name); count++) {
        kt_also(&wrong, serial_lot(tx, t, line, name, &one.lot));
        KT_TRY(goes(tx, l, &one, i, "serials"));
        one.rec.id = (kt_id){0}; /* the first keeps it */
    }
    if (kt_dec_cmp(pieces, KT_DEC(count, 0)) != 0)
        kt_also(&wrong,
            kt_fail(tx, KT_VALIDATION, "serials", "%lld serial numbers are not the %s of the line",
                "%lld numerów seryjnych to nie %s z pozycji", (long long)count, dec_words(tx, pieces)));
    if (line->lot.v || line->new_lot.len)
        kt_also(&wrong, kt_fail(tx, KT_VALIDATION, "serials", "a lot or serial numbers, not both",
                            "partia albo numery seryjne, nie oba naraz"));
    return wrong;
}

static kt_error *all_of(
    kt_tx *tx, const struct transfer *t, const struct transfer_line *line, size_t i, struct leaving *l)
{
    return line->serials.len ? told_at_line(tx, spread_line(tx, t, line, i, l), i, "serials")
                             : goes(tx, l, line, i, NULL);
}

/* ---- Those that are named ---- */

static bool is_chosen(const struct choices *all, const struct delivery_line *as, kt_id lot)
{
    bool chosen = false;
    for (size_t i = 0; i < all->count && !chosen; i++)
        chosen = all->items[i].line == as && lot.v && all->items[i].lot.v == lot.v;
    return chosen;
}

static void add_name(char *to, size_t *len, kt_str name)
{
    if (*len)
        to[(*len)++] = '\n';
    for (size_t i = 0; i < name.len; i++)
        to[(*len)++] = name.ptr[i];
}

/* Of a line that names its pieces those go that are named again, and the others are named by the rest. */
static kt_error *some_pieces(kt_tx *tx, const struct transfer_line *line, const struct choices *all,
    const struct delivery_line *as, const struct named *n, struct leaving *l)
{
    struct transfer_line one = part_of(line, KT_DEC(10000, 4)), others = part_of(line, ZERO);
    char *left = kt_alloc(tx, line->serials.len + 1);
    kt_str rest = line->serials, name;
    size_t len = 0, found = 0;
    if (!left)
        return kt_no_memory();
    one.serials = one.new_lot = (kt_str){0};
    while (next_name(tx, &rest, &name)) {
        KT_TRY(lot_find(tx, line->item, name, &one.lot));
        if (is_chosen(all, as, one.lot)) {
            found++;
            KT_TRY(goes(tx, l, &one, n->row, "serials"));
            one.rec.id = (kt_id){0};
            continue;
        }
        add_name(left, &len, name);
        others.quantity = kt_dec_add(others.quantity, KT_DEC(10000, 4));
    }
    if (found != n->count)
        return kt_hint(kt_fail(tx, KT_VALIDATION, part_path(tx, n->row, "serials"),
                           "the line names its pieces, and these are not among them",
                           "pozycja wymienia sztuki, a tych wśród nich nie ma"),
            "Name in serials those of the line's that go.", "Podaj w serials te z pozycji, które idą.");
    others.serials = (kt_str){left, len};
    return others.quantity.coef > 0 ? stays(tx, l, others) : NULL;
}

static kt_error *some_lots(kt_tx *tx, const struct transfer_line *line, const struct choices *all,
    const struct delivery_line *as, struct leaving *l)
{
    struct transfer_line copy = *line;
    for (size_t i = 0; i < all->count; i++) {
        const struct choice *c = &all->items[i];
        if (c->line != as || c->quantity.coef <= 0)
            continue;
        struct transfer_line part = part_of(&copy, c->quantity);
        part.lot = c->lot.v ? c->lot : line->lot;
        part.new_lot = c->lot.v ? (kt_str){0} : line->new_lot;
        KT_TRY(goes(tx, l, &part, c->row, c->by_name ? "serials" : NULL));
        copy.rec.id = (kt_id){0};
    }
    return NULL;
}

static kt_error *some_of(kt_tx *tx, const struct transfer *t, size_t i, const struct choices *all,
    const struct delivery *as, struct leaving *l)
{
    static const kt_text more = {
        "Put more on the slip before it is sent.", "Dopisz więcej do dokumentu, zanim wyjdzie."};
    const struct transfer_line *line = transfer_line_at(&t->lines, i);
    const struct delivery_line *like = delivery_line_at(&as->lines, i);
    const struct named n = named_of(all, like);
    if (kt_dec_cmp(n.sum, like->quantity) > 0)
        return transfer_too_much(tx, line, n.sum, like->quantity, n.row, more);
    if (n.sum.coef <= 0)
        return stays(tx, l, *line);
    const kt_dec rest = kt_dec_sub(like->quantity, n.sum);
    if (!rest.coef && !n.by_lot)
        return all_of(tx, t, line, n.row, l);
    if (line->serials.len)
        return some_pieces(tx, line, all, like, &n, l);
    KT_TRY(some_lots(tx, line, all, like, l));
    return rest.coef > 0 ? stays(tx, l, part_of(line, rest)) : NULL;
}

/* ---- What was held for it ---- */

/* Nobody hears yet that it is free.
 *   line  not set: for all lines */
static kt_error *let_go(kt_tx *tx, const struct transfer *t, kt_id item, kt_id line, struct leaving *l)
{
    const struct owner owner = {transfer_any(tx, t), line, t->day};
    struct let_go *freed = &l->freed[l->freed_count];
    kt_dec held, given;
    KT_TRY(reserved_for(tx, item, &owner, &held));
    if (held.coef <= 0)
        return NULL;
    *freed = (struct let_go){.item = item};
    l->freed_count++;
    return unreserve(tx, item, &owner, NULL, held, &freed->picks, &given);
}

/* A line that goes as several holds nothing any more: each of them may take what it held. */
static kt_error *part_line(kt_tx *tx, const struct transfer *t, size_t i, const struct choices *all,
    const struct delivery *as, struct leaving *l)
{
    const struct transfer_line *line = transfer_line_at(&t->lines, i);
    const size_t before = l->lines.count;
    KT_TRY(all ? some_of(tx, t, i, all, as, l) : all_of(tx, t, line, i, l));
    return t->asked && l->lines.count > before + 1 ? let_go(tx, t, line->item, line->rec.id, l) : NULL;
}

/* ---- Before it goes ---- */

static kt_error *make_room(kt_tx *tx, const struct transfer *t, size_t named, struct leaving *l)
{
    size_t room = 1 + named;
    for (size_t i = 0; i < t->lines.count; i++)
        room += 1 + names_most(transfer_line_at(&t->lines, i)->serials);
    l->origins = kt_alloc(tx, room * sizeof *l->origins);
    l->freed = kt_alloc(tx, (2 * t->lines.count + 1) * sizeof *l->freed);
    return l->origins && l->freed ? NULL : kt_no_memory();
}

static kt_error *all_or_some(kt_tx *tx, struct transfer *t, const struct sending *p, struct leaving *l)
{
    struct choices all = {0};
    struct delivery as;
    const bool some = p && p->lines.count;
    kt_error *wrong = some ? transfer_choices(tx, t, &p->lines, &as, &all) : NULL;
    if (wrong)
        return wrong;
    KT_TRY(make_room(tx, t, all.count, l));
    for (size_t i = 0; i < t->lines.count; i++)
        kt_also(&wrong, part_line(tx, t, i, some ? &all : NULL, &as, l));
    return wrong;
}

kt_error *leaving_begin(kt_tx *tx, struct transfer *t, const struct sending *p, struct leaving *l)
{
    const size_t before = t->lines.count;
    const bool some = p && p->lines.count;
    *l = (struct leaving){.policy = p && p->rest ? p->rest : some ? AS_AVAILABLE : ALL_AT_ONCE};
    KT_TRY(all_or_some(tx, t, p, l));
    if (!l->lines.count)
        return kt_fail(tx, KT_RULE, "lines", "there is nothing to move", "nie ma czego przesunąć");
    if (l->policy == ALL_AT_ONCE && l->rest.count)
        return kt_hint(kt_fail(tx, KT_RULE, "lines", "not all of it is named, and all goes at once",
                           "nie wymieniono wszystkiego, a wszystko ma iść naraz"),
            "Name all of it, or say in rest that the rest goes later, or no more.",
            "Podaj wszystko albo wskaż w polu rest, że reszta idzie później lub przepada.");
    l->as_available = !some && l->policy != ALL_AT_ONCE;
    if (!some && l->lines.count == before)
        return NULL;
    t->lines = l->lines;
    return kt_update(tx, &t->rec); /* gives new lines their ids */
}

/* ---- What is there ---- */

static kt_error *there_of(
    kt_tx *tx, const struct transfer *t, const struct transfer_line *line, kt_dec wants, kt_dec *there)
{
    const struct owner owner = {transfer_any(tx, t), line->rec.id, t->day};
    struct goods goods;
    struct warehouse w;
    struct picks picks = {0};
    kt_dec held, rest;
    KT_TRY(goods_read(tx, line->item, &goods));
    KT_TRY(warehouse_get(tx, t->warehouse, &w));
    struct wanted wanted = {.goods = &goods,
        .warehouse = &w,
        .location = t->location,
        .lot = line->lot,
        .quantity = wants,
        .day = t->day,
        .moving = true};
    *there = ZERO;
    if (line->new_lot.len && !line->lot.v) {
        KT_TRY(lot_find(tx, line->item, line->new_lot, &wanted.lot));
        if (!wanted.lot.v)
            return NULL;
    }
    KT_TRY(reserved_fitting(tx, &wanted, &owner, &held));
    KT_TRY(pick_free(tx, &wanted, &picks, &rest));
    *there = smaller(wants, kt_dec_add(held, kt_dec_sub(wants, rest)));
    return NULL;
}

kt_error *leaving_lessen(kt_tx *tx, const struct transfer *t, struct transfer_line *line, struct leaving *l)
{
    kt_dec wants, there;
    KT_TRY(transfer_line_own(tx, line, &wants));
    KT_TRY(there_of(tx, t, line, wants, &there));
    if (kt_dec_cmp(there, wants) >= 0)
        return NULL;
    KT_TRY(stays(tx, l, part_of(line, kt_dec_sub(wants, there))));
    *line = part_of(line, there);
    return NULL;
}

/* ---- The rest ---- */

/* Is this the first line of its item? */
static bool is_first(const kt_lines *lines, size_t i)
{
    size_t first = 0;
    while (transfer_line_at(lines, first)->item.v != transfer_line_at(lines, i)->item.v)
        first++;
    return first == i;
}

/* What was held for what did not go is held for its rest, as far as somebody waits for that. */
static kt_error *hold_for_rest(kt_tx *tx, const struct transfer *t, const struct transfer *b, kt_id item,
    kt_dec *open, struct leaving *l)
{
    struct goods goods;
    struct warehouse w;
    KT_TRY(goods_read(tx, item, &goods));
    KT_TRY(warehouse_get(tx, t->warehouse, &w));
    KT_TRY(let_go(tx, t, item, (kt_id){0}, l));
    for (size_t i = 0; i < b->lines.count && open->coef > 0; i++) {
        const struct transfer_line *line = transfer_line_at(&b->lines, i);
        const struct owner owner = {transfer_any(tx, b), line->rec.id, b->day};
        struct wanted wanted = {.goods = &goods,
            .warehouse = &w,
            .lot = line->lot,
            .day = b->day.day > kt_today(tx).day ? b->day : kt_today(tx)};
        kt_dec rest;
        if (line->item.v != item.v)
            continue;
        KT_TRY(transfer_line_own(tx, line, &wanted.quantity));
        wanted.quantity = smaller(wanted.quantity, *open);
        KT_TRY(reserve(tx, &wanted, &owner, &rest));
        *open = kt_dec_sub(*open, kt_dec_sub(wanted.quantity, rest));
    }
    return NULL;
}

/* Who needs it last waits for the rest. */
static kt_error *wait_for_rest(
    kt_tx *tx, const struct transfer *t, const struct transfer *b, kt_id item, kt_dec over, struct leaving *l)
{
    static const kt_text why = {"it was not sent with the others", "nie wyszło z resztą"};
    const kt_supply *supply = kt_supply_find(tx);
    kt_dec open = over;
    KT_TRY(hold_for_rest(tx, t, b, item, &open, l));
    if (!supply)
        return NULL;
    KT_TRY(supply->parted(tx, transfer_any(tx, t), transfer_any(tx, b), item, over));
    return open.coef > 0 ? supply->failed(tx, &(kt_shortfall){transfer_any(tx, b), item, open}, 1, why)
                         : NULL;
}

/* How much more is waited for of the rest's items than went. */
static kt_error *overdrawn(kt_tx *tx, const struct transfer *t, const kt_lines *rest, kt_dec *over, bool *any)
{
    *any = false;
    for (size_t i = 0; i < rest->count; i++) {
        over[i] = ZERO;
        if (t->asked && is_first(rest, i))
            KT_TRY(transfer_overdrawn(tx, t, transfer_line_at(rest, i)->item, &over[i]));
        *any = *any || over[i].coef > 0;
    }
    return NULL;
}

static kt_error *send_later(
    kt_tx *tx, const struct transfer *t, kt_date planned, const kt_dec *over, bool asked, struct leaving *l)
{
    struct transfer b = {KT_OF(transfer), .kind = t->kind, .state = T_DRAFT, .warehouse = t->warehouse,
        .location = t->location, .to_warehouse = t->to_warehouse, .to_location = t->to_location,
        .against = t->against, .day = planned, .reason = t->reason, .backorder_of = t->rec.id, .asked = asked,
        .lines = l->rest};
    KT_TRY(kt_create(tx, &b.rec));
    KT_TRY(kt_read(tx, b.rec.id, &b.rec)); /* its lines have their ids */
    for (size_t i = 0; i < l->rest.count; i++)
        if (over[i].coef > 0)
            KT_TRY(wait_for_rest(tx, t, &b, transfer_line_at(&l->rest, i)->item, over[i], l));
    return NULL;
}

/* Who waits for it is covered in another way, while it is still held: it is not to be sent. */
static kt_error *send_no_more(kt_tx *tx, struct transfer *t, const kt_dec *over, const struct leaving *l)
{
    static const kt_text why = {"it was not sent, and will not be", "nie wyszło i nie wyjdzie"};
    const kt_supply *supply = kt_supply_find(tx);
    kt_shortfall *all = kt_alloc(tx, (l->rest.count + 1) * sizeof *all);
    size_t count = 0;
    if (!all)
        return kt_no_memory();
    KT_TRY(transfer_giving_up(tx, t));
    for (size_t i = 0; i < l->rest.count; i++)
        if (over[i].coef > 0)
            all[count++] = (kt_shortfall){transfer_any(tx, t), transfer_line_at(&l->rest, i)->item, over[i]};
    return supply && count ? supply->failed(tx, all, count, why) : NULL;
}

kt_error *leaving_end(kt_tx *tx, struct transfer *t, kt_date planned, struct leaving *l)
{
    kt_dec *over = kt_alloc(tx, (l->rest.count + 1) * sizeof *over);
    bool any;
    if (!over)
        return kt_no_memory();
    KT_TRY(overdrawn(tx, t, &l->rest, over, &any));
    if (l->rest.count)
        KT_TRY(l->policy == CANCEL_REST ? send_no_more(tx, t, over, l)
                                        : send_later(tx, t, planned, over, any, l));
    if (t->asked)
        KT_TRY(transfer_keep_nothing(tx, t));
    for (size_t i = 0; i < l->freed_count; i++)
        KT_TRY(tell_picks_free(tx, transfer_any(tx, t), l->freed[i].item, &l->freed[i].picks));
    return NULL;
}
