/* Picking: how much of each line is taken, and of which lots if somebody names them. What is picked is reserved, of the very
 * lots that were named: the reservation follows the hand, and what is not picked stays reserved of any. */
#include <stdlib.h>
#include <string.h>

#include "stock/delivery.h"
#include "stock/value.h"

const kt_shape part_shape = KT_SHAPE(part, NULL,
    KT_FIELD(part, line, INT, "Line's id", "Id pozycji", .required = true),
    KT_FIELD(part, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4,
        .help = {"In the item's own unit. Empty: as many as there are serial numbers.",
            "W jednostce towaru. Puste: tyle, ile numerów seryjnych."}),
    KT_FIELD(part, lot, REF, "Lot", "Partia", .target = "logistics.lot",
        .help = {"Empty: as the warehouse picks. Several lots of a line: a row for each.",
            "Puste: według kolejności wydań magazynu. Kilka partii pozycji: wiersz na każdą."}),
    KT_FIELD(part, serials, TEXT, "Serial numbers", "Numery seryjne", .max = 32000,
        .help = {"By name, each on a line of its own: one piece of each.",
            "Po nazwie, każdy w osobnym wierszu: po jednej sztuce."}));
const kt_shape pick_shape = KT_SHAPE(parts, NULL,
    KT_FIELD(parts, lines, LINES, "Lines", "Pozycje", .lines = &part_shape, .max = 2000,
        .help = {"Empty: all that is reserved.", "Puste: wszystko, co zarezerwowane."}));
const kt_shape ship_shape = KT_SHAPE(parts, NULL,
    KT_FIELD(parts, day, DATE, "Day", "Dzień", .initial = "today"),
    KT_FIELD(parts, lines, LINES, "Lines", "Pozycje", .lines = &part_shape, .max = 2000,
        .help = {"Picked and shipped at once. Empty: what is picked, else all that is reserved.",
            "Pobierane i wydawane od razu. Puste: co pobrano, a jeśli nic, wszystko, co zarezerwowane."}));
const kt_shape return_shape = KT_SHAPE(parts, NULL,
    KT_FIELD(parts, lines, LINES, "Lines", "Pozycje", .lines = &part_shape, .max = 2000,
        .help = {"Empty: all that was shipped.", "Puste: wszystko, co wydano."}),
    KT_FIELD(parts, day, DATE, "Day", "Dzień", .initial = "today"),
    KT_FIELD(parts, warehouse, REF, "Into the warehouse", "Do magazynu", .target = "logistics.warehouse",
        .help =
            {"Empty: the one that shipped it. One that no order names keeps what is to be looked at first.",
                "Puste: ten, który wydał. W takim, którego nie podaje żadne zamówienie, czeka to, co trzeba "
                "obejrzeć."}),
    KT_FIELD(parts, location, REF, "Put at", "Odłożyć w", .target = "logistics.location",
        .help = {"A place of that warehouse.", "Miejsce w tym magazynie."}),
    KT_FIELD(parts, reason, STRING, "Why", "Dlaczego", .max = 200));
const kt_shape picked_shape = KT_SHAPE(picked, NULL, KT_FIELD(picked, line, INT, "Line's id", "Id pozycji"),
    KT_FIELD(picked, lot, REF, "Lot", "Partia", .target = "logistics.lot"),
    KT_FIELD(picked, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4));

/* ---- What the parameters say ---- */

const char *part_path(kt_tx *tx, size_t row, const char *field)
{
    return kt_format(tx, "lines[%zu].%s", row, field).ptr;
}

static kt_error *line_meant(
    kt_tx *tx, struct delivery *d, const struct part *part, size_t row, struct delivery_line **line)
{
    for (size_t k = 0; k < d->lines.count; k++)
        if ((int64_t)delivery_line_at(&d->lines, k)->rec.id.v == part->line) {
            *line = delivery_line_at(&d->lines, k);
            return NULL;
        }
    return kt_fail(tx, KT_VALIDATION, part_path(tx, row, "line"), "there is no line %lld",
        "nie ma pozycji %lld", (long long)part->line);
}

static kt_error *check_choice(kt_tx *tx, const struct choice *c)
{
    struct goods goods;
    KT_TRY(goods_read(tx, c->line->item, &goods));
    KT_TRY(check_lot_of(tx, &goods, c->lot, part_path(tx, c->row, "lot")));
    KT_TRY(check_whole(tx, &goods, c->quantity, part_path(tx, c->row, "quantity")));
    if (c->lot.v && goods.tracking == BY_SERIAL && kt_dec_cmp(c->quantity, KT_DEC(1, 0)) > 0)
        return kt_hint(kt_fail(tx, KT_VALIDATION, part_path(tx, c->row, "quantity"),
                           "one serial number is one piece", "jeden numer seryjny to jedna sztuka"),
            "Name each in a row of its own, or in serials.",
            "Podaj każdy w osobnym wierszu albo w polu serials.");
    return NULL;
}

static kt_error *choose_serials(kt_tx *tx, const struct part *part, struct choice one, struct choices *all)
{
    kt_str rest = part->serials, name;
    kt_error *wrong = NULL;
    int64_t count = 0;
    one.by_name = true;
    one.quantity = KT_DEC(10000, 4);
    for (; next_name(tx, &rest, &name); count++) {
        KT_TRY(lot_find(tx, one.line->item, name, &one.lot));
        if (one.lot.v)
            all->items[all->count++] = one;
        else
            kt_also(&wrong, kt_fail(tx, KT_VALIDATION, part_path(tx, one.row, "serials"),
                                "there is no serial number \"%s\" of this item",
                                "nie ma numeru seryjnego „%s” tego towaru", name.ptr));
    }
    if (part->lot.v)
        kt_also(
            &wrong, kt_fail(tx, KT_VALIDATION, part_path(tx, one.row, "lot"),
                        "a lot or serial numbers, not both", "partia albo numery seryjne, nie oba naraz"));
    if (part->quantity.scale1 && kt_dec_cmp(part->quantity, KT_DEC(count, 0)) != 0)
        kt_also(&wrong, kt_fail(tx, KT_VALIDATION, part_path(tx, one.row, "quantity"),
                            "%s is not the %lld serial numbers that are named",
                            "%s to nie tyle, ile podano numerów seryjnych: %lld",
                            dec_words(tx, part->quantity), (long long)count));
    return wrong;
}

static kt_error *choose(
    kt_tx *tx, struct delivery *d, const struct part *part, size_t row, struct choices *all)
{
    struct choice one = {.row = row, .lot = part->lot, .quantity = kt_dec_round(part->quantity, 4)};
    KT_TRY(line_meant(tx, d, part, row, &one.line));
    if (part->serials.len)
        return choose_serials(tx, part, one, all);
    if (!part->quantity.scale1)
        return kt_fail(tx, KT_VALIDATION, part_path(tx, row, "quantity"), "is required", "jest wymagane");
    if (part->quantity.coef < 0)
        return kt_fail(tx, KT_VALIDATION, part_path(tx, row, "quantity"), "must not be below zero",
            "nie może być mniejsze od zera");
    KT_TRY(check_choice(tx, &one));
    all->items[all->count++] = one;
    return NULL;
}

kt_error *choices_read(kt_tx *tx, struct delivery *d, const kt_lines *rows, struct choices *all)
{
    size_t room = 1;
    kt_error *wrong = NULL;
    for (size_t i = 0; i < rows->count; i++)
        room += 1 + names_most(KT_SEE(part, kt_line(rows, i))->serials);
    *all = (struct choices){.items = kt_alloc(tx, room * sizeof *all->items)};
    if (!all->items)
        return kt_no_memory();
    for (size_t i = 0; i < rows->count; i++)
        kt_also(&wrong, choose(tx, d, KT_SEE(part, kt_line(rows, i)), i, all));
    return wrong;
}

/* ---- Checks ---- */

/* By what they choose; those alike in the order in which they are named. */
static int by_choice(const void *a, const void *b)
{
    const struct choice *x = *(const struct choice *const *)a, *y = *(const struct choice *const *)b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->lot.v != y->lot.v)
        return x->lot.v < y->lot.v ? -1 : 1;
    return x < y ? -1 : 1;
}

kt_error *choices_once(kt_tx *tx, const struct choices *all)
{
    const struct choice **sorted = kt_alloc(tx, (all->count + 1) * sizeof *sorted), *first = NULL;
    kt_error *wrong = NULL;
    if (!sorted)
        return kt_no_memory();
    for (size_t i = 0; i < all->count; i++)
        sorted[i] = &all->items[i];
    if (all->count)
        qsort(sorted, all->count, sizeof *sorted, by_choice);
    for (size_t i = 0; i < all->count; i++) {
        const struct choice *c = sorted[i];
        if (!first || c->line != first->line || c->lot.v != first->lot.v) {
            first = c;
            continue;
        }
        const char *name = c->by_name ? "serials" : c->lot.v ? "lot" : "line";
        kt_also(&wrong,
            kt_hint(kt_fail(tx, KT_VALIDATION, part_path(tx, c->row, name), "is named before, in lines[%zu]",
                        "jest już wymienione, w lines[%zu]", first->row),
                "Name each lot of a line once.", "Każdą partię pozycji podaj raz."));
    }
    return wrong;
}

static kt_error *check_tolerance(
    kt_tx *tx, kt_id warehouse, const struct delivery_line *line, kt_dec quantity, size_t row)
{
    struct goods goods;
    struct warehouse w;
    KT_TRY(goods_read(tx, line->item, &goods));
    KT_TRY(warehouse_get(tx, warehouse, &w));
    kt_dec percent = goods.over_percent.scale1 ? goods.over_percent
                                               : kt_dec_add(w.over_percent, KT_DEC(0, 2));
    kt_dec over = kt_dec_mul(line->quantity, percent, 6);
    kt_dec most = kt_dec_round(kt_dec_add(line->quantity, kt_dec_div(over, KT_DEC(100, 0), 6)), 4);
    if (kt_dec_cmp(quantity, most) <= 0)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, part_path(tx, row, "quantity"),
                       "%s of \"%s\" exceeds the %s that may be shipped",
                       "%s towaru „%s” to więcej niż %s, które można wydać", dec_words(tx, quantity),
                       goods.name.ptr, dec_words(tx, most)),
        "Amend the order, or raise the item's tolerance.",
        "Zmień zamówienie albo zwiększ tolerancję towaru.");
}

/* All at once means all: each line that is short is told. */
static kt_error *check_complete(kt_tx *tx, const struct delivery *d)
{
    kt_error *all = NULL;
    kt_dec sum = ZERO;
    for (size_t i = 0; i < d->lines.count; i++) {
        const struct delivery_line *line = delivery_line_at(&d->lines, i);
        struct goods goods = {KT_OF(goods)};
        sum = kt_dec_add(sum, line->picked);
        if (d->policy != ALL_AT_ONCE || kt_dec_cmp(line->picked, line->quantity) >= 0)
            continue;
        KT_TRY(kt_read(tx, line->item, &goods.rec));
        kt_also(&all, kt_hint(kt_fail(tx, KT_RULE, part_path(tx, i, "quantity"),
                                  "%s of %s \"%s\" are there, and all go at once",
                                  "jest %s z %s towaru „%s”, a wszystko ma iść naraz",
                                  dec_words(tx, line->picked), dec_words(tx, line->quantity), goods.name.ptr),
                          "Wait for the rest, or change the delivery's policy.",
                          "Poczekaj na resztę albo zmień sposób wydania."));
    }
    if (!all && sum.coef == 0)
        return kt_hint(kt_fail(tx, KT_RULE, "lines", "none of it is there", "nic z tego nie ma na stanie"),
            "logistics.missing tells what it waits for.", "Na co czeka, mówi logistics.missing.");
    return all;
}

/* ---- Taking ---- */

struct sum {               /* what is named of a line */
    kt_dec lots, loose;    /* loose: of any lot */
    size_t row, loose_row; /* the last that names it */
    bool named, by_lot;
};

static struct sum sum_of(const struct choices *all, const struct delivery_line *line)
{
    struct sum sum = {.lots = ZERO, .loose = ZERO};
    for (size_t i = 0; i < all->count; i++) {
        const struct choice *c = &all->items[i];
        if (c->line != line)
            continue;
        kt_dec *to = c->lot.v ? &sum.lots : &sum.loose;
        *to = kt_dec_add(*to, c->quantity);
        sum.row = c->row;
        sum.loose_row = c->lot.v ? sum.loose_row : c->row;
        sum.named = true;
        sum.by_lot = sum.by_lot || c->lot.v;
    }
    return sum;
}

struct taking { /* what is done with one line */
    struct delivery_line *line;
    struct sum sum;
    struct owner owner;
    struct goods goods;
    struct picks freed; /* what was held for it and is not any more */
    kt_dec held;
    bool wrong;
};

/* A line of which lots are named holds nothing until they are taken: another line may name what it held. */
static kt_error *begin(kt_tx *tx, const struct delivery *d, const struct choices *all, struct taking *t)
{
    kt_dec given;
    t->sum = sum_of(all, t->line);
    t->line->picked = kt_dec_add(t->sum.lots, t->sum.loose);
    if (!t->sum.named)
        return NULL;
    t->owner = delivery_owner(tx, d, t->line);
    KT_TRY(check_tolerance(tx, d->warehouse, t->line, t->line->picked, t->sum.row));
    KT_TRY(goods_read(tx, t->line->item, &t->goods));
    KT_TRY(reserved_for(tx, t->line->item, &t->owner, &t->held));
    return t->sum.by_lot ? unreserve(tx, t->line->item, &t->owner, NULL, t->held, &t->freed, &given) : NULL;
}

static kt_error *take_lots(
    kt_tx *tx, const struct warehouse *w, const struct choices *all, const struct taking *t)
{
    kt_error *wrong = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct choice *c = &all->items[i];
        const struct wanted wanted = {
            .goods = &t->goods, .warehouse = w, .lot = c->lot, .quantity = c->quantity, .day = kt_today(tx)};
        kt_dec rest;
        if (c->line != t->line || !c->lot.v)
            continue;
        KT_TRY(reserve_some(tx, &wanted, &t->owner, &rest));
        if (rest.coef > 0)
            kt_also(&wrong,
                too_little(tx, part_path(tx, c->row, c->by_name ? "serials" : "quantity"), &wanted, rest));
    }
    return wrong ? wrong : reserved_anew(tx, t->line->item, &t->owner);
}

/* What is picked of any lot; and as much as was held stays held. */
static kt_error *take_rest(kt_tx *tx, const struct warehouse *w, const struct taking *t)
{
    const struct sum *sum = &t->sum;
    kt_dec kept = sum->by_lot ? ZERO : t->held, rest;
    struct wanted wanted = {.goods = &t->goods, .warehouse = w, .lot = t->line->lot, .day = kt_today(tx)};
    wanted.quantity = kt_dec_sub(larger(sum->loose, kt_dec_sub(t->held, sum->lots)), kept);
    KT_TRY(reserve(tx, &wanted, &t->owner, &rest));
    kt_dec short_of = kt_dec_sub(sum->loose, kt_dec_add(kept, kt_dec_sub(wanted.quantity, rest)));
    if (short_of.coef <= 0 || (w->negative && t->goods.tracking <= NOT_TRACKED))
        return NULL;
    wanted.quantity = sum->loose;
    return too_little(tx, part_path(tx, sum->loose_row, "quantity"), &wanted, short_of);
}

static void go_on(struct taking *t, kt_error *e, kt_error **wrong)
{
    t->wrong = t->wrong || e;
    kt_also(wrong, e);
}

/* Of what the line held another one was picked: who waits for it is covered in another way. */
static kt_error *tell_taken_away(kt_tx *tx, const struct delivery *d, const struct taking *t)
{
    static const kt_text why = {"another line was picked from it", "pobrano z tego inną pozycję"};
    const kt_supply *supply = d->document.v && t->sum.by_lot ? kt_supply_find(tx) : NULL;
    kt_dec held;
    if (!supply)
        return NULL;
    KT_TRY(reserved_for(tx, t->line->item, &t->owner, &held));
    held = kt_dec_sub(t->held, held);
    return held.coef > 0 ? supply->lost(tx, t->owner.document, t->owner.line, t->line->item, held, why)
                         : NULL;
}

static kt_error *take_named(kt_tx *tx, struct delivery *d, const struct choices *all)
{
    const size_t count = d->lines.count;
    struct taking *lines = kt_alloc(tx, (count + 1) * sizeof *lines);
    struct warehouse w;
    kt_error *wrong = NULL;
    if (!lines)
        return kt_no_memory();
    KT_TRY(warehouse_get(tx, d->warehouse, &w));
    for (size_t i = 0; i < count; i++) {
        lines[i].line = delivery_line_at(&d->lines, i);
        go_on(&lines[i], begin(tx, d, all, &lines[i]), &wrong);
    }
    for (size_t i = 0; i < count; i++)
        if (lines[i].sum.by_lot && !lines[i].wrong)
            go_on(&lines[i], take_lots(tx, &w, all, &lines[i]), &wrong);
    for (size_t i = 0; i < count; i++)
        if (lines[i].sum.named && !lines[i].wrong)
            go_on(&lines[i], take_rest(tx, &w, &lines[i]), &wrong);
    for (size_t i = 0; i < count && !wrong; i++)
        KT_TRY(tell_picks_free(tx, lines[i].owner.document, lines[i].line->item, &lines[i].freed));
    for (size_t i = 0; i < count && !wrong; i++)
        KT_TRY(tell_taken_away(tx, d, &lines[i]));
    return wrong;
}

static kt_error *note_picks(kt_tx *tx, struct delivery *d, const struct choices *all)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct choice *c = &all->items[i];
        const struct picked row = {
            KT_OF(picked), .line = (int64_t)c->line->rec.id.v, .lot = c->lot, .quantity = c->quantity};
        if (c->lot.v && c->quantity.coef > 0)
            KT_TRY(kt_line_add(tx, &d->picks, &row.rec));
    }
    return NULL;
}

kt_error *delivery_take(kt_tx *tx, struct delivery *d, const kt_lines *rows)
{
    struct choices all = {0};
    d->picks = (kt_lines){0};
    for (size_t i = 0; i < d->lines.count && !rows->count; i++)
        delivery_line_at(&d->lines, i)->picked = delivery_line_at(&d->lines, i)->reserved;
    if (rows->count) {
        d->state = D_PICKED;
        KT_TRY(kt_update(tx, &d->rec)); /* from here on it does not follow its reservations */
        kt_error *wrong = choices_read(tx, d, rows, &all);
        kt_also(&wrong, choices_once(tx, &all));
        if (wrong)
            return wrong;
        KT_TRY(take_named(tx, d, &all));
        KT_TRY(note_picks(tx, d, &all));
    }
    return check_complete(tx, d);
}

kt_error *delivery_pick(kt_tx *tx, kt_record *self, const kt_record *params)
{
    const struct parts *p = (const struct parts *)(const void *)kt_see(params, &pick_shape);
    kt_authority before = kt_own_authority(tx);
    kt_error *e = delivery_take(tx, KT_AS(delivery, self), &p->lines);
    kt_callers_authority(tx, before);
    return e;
}

/* ---- Putting back ---- */

/* While it was in the picker's hand the order may have got the same from elsewhere, and he may have taken more than was
 * asked for: nothing is held for that. */
static kt_error *put_back(kt_tx *tx, struct delivery *d)
{
    d->picks = (kt_lines){0};
    for (size_t i = 0; i < d->lines.count; i++) {
        struct delivery_line *line = delivery_line_at(&d->lines, i);
        const struct owner owner = delivery_owner(tx, d, line);
        kt_dec held, given;
        line->picked = (kt_dec){0};
        if (d->document.v) {
            KT_TRY(hold_what_is_pegged(tx, line->item, &owner));
            continue;
        }
        KT_TRY(reserved_for(tx, line->item, &owner, &held));
        KT_TRY(hand_back(tx, line->item, &owner, kt_dec_sub(held, line->quantity), &given));
    }
    d->state = D_WAITING;
    return delivery_reckon(tx, d, 0);
}

kt_error *delivery_unpick(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = put_back(tx, KT_AS(delivery, self));
    kt_callers_authority(tx, before);
    return e;
}
