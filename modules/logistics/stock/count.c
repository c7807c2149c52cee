/* Stock counts. The start writes down what there should be and stops all moves of the places counted; whoever counts
 * blindly does not see it; what is approved becomes moves from and to loss. */
#include "stock/count.h"

#include <stdlib.h>

#include "stock/value.h"

enum { LINES_MOST = 10000 }; /* of one entering */

static const kt_choice count_states[] = {
    {C_DRAFT, "draft", {"Draft", "Szkic"}, "open"},
    {C_COUNTING, "counting", {"Being counted", "Liczenie"}, "open"},
    {C_COUNTED, "counted", {"Counted", "Policzony"}, "open"},
    {C_DONE, "done", {"Approved", "Zatwierdzony"}, "won"},
    {C_CANCELLED, "cancelled", {"Cancelled", "Anulowany"}, "lost"},
    {0},
};
const kt_shape count_shape = KT_SHAPE(count, "logistics.count",
    KT_FIELD(count, warehouse, REF, "Warehouse", "Magazyn", .target = "logistics.warehouse", .fixed = true,
        .priority = 2),
    KT_FIELD(count, location, REF, "Location", "Miejsce", .target = "logistics.location", .fixed = true,
        .help = {"Empty: the whole warehouse.", "Puste: cały magazyn."}),
    KT_FIELD(count, category, REF, "Category", "Kategoria", .target = "base.item_category", .fixed = true,
        .help = {"Empty: all goods.", "Puste: wszystkie towary."}),
    KT_FIELD(count, state, STATE, "State", "Stan", .choices = count_states, .initial = "draft",
        .indexed = true, .priority = 3),
    KT_FIELD(count, day, DATE, "Day", "Dzień", .initial = "today", .priority = 4,
        .readonly_if = "[[\"state\",\"in\",[\"done\",\"cancelled\"]]]"),
    KT_FIELD(count, blind, BOOL, "Blind", "W ciemno", .fixed = true,
        .help = {"What there should be is written down only when all is counted.",
            "Ile powinno być, zapisuje się dopiero po policzeniu wszystkiego."}),
    KT_FIELD(count, reason, STRING, "Remark", "Uwagi", .max = 200),
    KT_FIELD(count, positions, INT, "Positions", "Pozycje", .computed = true),
    KT_FIELD(count, counted, INT, "Counted", "Policzone", .computed = true, .priority = 5),
    KT_FIELD(count, differing, INT, "Differing", "Różnice", .computed = true, .priority = 6),
    KT_FIELD(count, value, MONEY, "Worth of the difference", "Wartość różnicy", .scale = 2, .computed = true,
        .group = "cost"));

const kt_shape count_line_shape = KT_SHAPE(count_line, "logistics.count_line",
    KT_FIELD(count_line, count, REF, "Count", "Spis", .target = "logistics.count", .computed = true,
        .on_delete = KT_CASCADE),
    KT_FIELD(count_line, item, REF, "Item", "Towar", .target = "base.item", .computed = true, .priority = 1),
    KT_FIELD(count_line, location, REF, "Location", "Miejsce", .target = "logistics.location",
        .computed = true, .priority = 2),
    KT_FIELD(
        count_line, lot, REF, "Lot", "Partia", .target = "logistics.lot", .computed = true, .priority = 3),
    KT_FIELD(count_line, expected, QUANTITY, "Should be", "Powinno być", .scale = 4, .computed = true),
    KT_FIELD(
        count_line, counted, QUANTITY, "Counted", "Policzono", .scale = 4, .computed = true, .priority = 4),
    KT_FIELD(count_line, difference, QUANTITY, "Difference", "Różnica", .scale = 4, .computed = true),
    KT_FIELD(count_line, value, MONEY, "Worth", "Wartość", .scale = 2, .computed = true, .group = "cost"));

/* ---- The freeze ---- */

static kt_error *locations_of(kt_tx *tx, const struct count *c, bool freeze)
{
    const kt_where where[] = {KT_WHERE(location, warehouse, KT_EQ, c->warehouse), {0}};
    struct location l = {KT_OF(location)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &location_shape, .where = where}, &cursor));
    while (!e && kt_next(cursor, &l.rec)) {
        if (c->location.v && l.rec.id.v != c->location.v)
            continue;
        if (freeze && l.counting.v && l.counting.v != c->rec.id.v)
            e = kt_fail(
                tx, KT_RULE, "location", "another count goes on at %s", "w %s trwa inny spis", l.code.ptr);
        l.counting = freeze ? c->rec.id : (kt_id){0};
        if (!e)
            e = kt_update(tx, &l.rec);
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

kt_error *count_allows(kt_tx *tx, const struct location *l)
{
    if (!l->counting.v)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, "location", "%s is being counted", "trwa spis: %s",
                       l->code.ptr ? l->code.ptr : ""),
        "Move the goods when the count is approved or cancelled.", "Przesuń towar po zakończeniu spisu.");
}

/* ---- Start ---- */

static kt_error *is_counted(kt_tx *tx, const struct count *c, const struct balance *b, bool *yes)
{
    struct goods goods = {KT_OF(goods)};
    *yes = (!c->location.v || b->location.v == c->location.v) && b->on_hand.coef;
    if (!*yes || !c->category.v)
        return NULL;
    KT_TRY(kt_read(tx, b->item, &goods.rec));
    *yes = goods.category.v == c->category.v;
    return NULL;
}

static kt_error *write_down(kt_tx *tx, struct count *c)
{
    const kt_where where[] = {KT_WHERE(balance, warehouse, KT_EQ, c->warehouse), {0}};
    struct balance b = {KT_OF(balance)};
    kt_cursor *cursor;
    kt_error *e = NULL;
    bool yes;
    KT_TRY(kt_open(tx, &(kt_query){.of = &balance_shape, .where = where}, &cursor));
    while (!e && kt_next(cursor, &b.rec)) {
        e = is_counted(tx, c, &b, &yes);
        if (e || !yes)
            continue;
        struct count_line line = {KT_OF(count_line), .count = c->rec.id, .item = b.item,
            .location = b.location, .lot = b.lot, .expected = c->blind ? (kt_dec){0} : b.on_hand};
        e = kt_create(tx, &line.rec);
        c->positions++;
    }
    kt_also(&e, kt_close(cursor));
    return e;
}

static kt_error *start_within(kt_tx *tx, struct count *c)
{
    struct warehouse w;
    struct location first;
    KT_TRY(warehouse_get(tx, c->warehouse, &w));
    KT_TRY(location_get(tx, KT_AT_STORES, w.rec.id, &first));
    c->warehouse = w.rec.id;
    KT_TRY(locations_of(tx, c, true));
    return write_down(tx, c);
}

/* ---- Entering ---- */

struct entered {
    kt_record rec;
    kt_id item, location, lot;
    kt_dec quantity;
};
static const kt_shape entered_shape = KT_SHAPE(entered, NULL,
    KT_FIELD(entered, item, REF, "Item", "Towar", .target = "base.item", .required = true),
    KT_FIELD(entered, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .required = true),
    KT_FIELD(entered, location, REF, "Location", "Miejsce", .target = "logistics.location",
        .help = {"Empty: the count's, or the warehouse's first.",
            "Puste: miejsce spisu albo pierwsze w magazynie."}),
    KT_FIELD(entered, lot, REF, "Lot", "Partia", .target = "logistics.lot"));
struct entering {
    kt_record rec;
    kt_lines lines;
    bool finished;
};
static const kt_shape entering_shape = KT_SHAPE(entering, NULL,
    KT_FIELD(entering, lines, LINES, "Counted", "Policzono", .lines = &entered_shape, .max = LINES_MOST),
    KT_FIELD(entering, finished, BOOL, "All is counted", "Policzono wszystko",
        .help = {"What is not entered is not there.", "Czego nie wpisano, tego nie ma."}));

static const char *at(kt_tx *tx, size_t i, const char *field)
{
    return kt_format(tx, "lines[%zu].%s", i, field).ptr;
}

/* All lines of a count, in the order of item, location, lot; and the places that they were found at. */
struct sheet {
    struct count_line *lines;
    size_t count;
    struct location usual, last;
};

static int compare_ids(kt_id a, kt_id b)
{
    return (a.v > b.v) - (a.v < b.v);
}

static int by_position(const void *a, const void *b)
{
    const struct count_line *x = a, *y = b;
    int c = compare_ids(x->item, y->item);
    c = c ? c : compare_ids(x->location, y->location);
    return c ? c : compare_ids(x->lot, y->lot);
}

static kt_error *sheet_open(kt_tx *tx, const struct count *c, struct sheet *s)
{
    const kt_where where[] = {KT_WHERE(count_line, count, KT_EQ, c->rec.id), {0}};
    const kt_query query = {.of = &count_line_shape, .where = where};
    uint64_t count;
    kt_cursor *cursor;
    *s = (struct sheet){.last = {KT_OF(location)}};
    KT_TRY(location_get(tx, KT_AT_STORES, c->warehouse, &s->usual));
    KT_TRY(kt_count(tx, &query, &count));
    s->lines = kt_alloc(tx, (size_t)(count + 1) * sizeof *s->lines);
    if (!s->lines)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &query, &cursor));
    while (s->count < count) {
        struct count_line *line = &s->lines[s->count];
        *line = (struct count_line){KT_OF(count_line)};
        if (!kt_next(cursor, &line->rec))
            break;
        s->count++;
    }
    qsort(s->lines, s->count, sizeof *s->lines, by_position);
    return kt_close(cursor);
}

static struct count_line *sheet_find(const struct sheet *s, kt_id item, kt_id location, kt_id lot)
{
    const struct count_line wanted = {.item = item, .location = location, .lot = lot};
    return s->count ? bsearch(&wanted, s->lines, s->count, sizeof *s->lines, by_position) : NULL;
}

/* What is not on the sheet is looked at closely; of what is, lot and place were checked when its goods came. */
static kt_error *check_found(
    kt_tx *tx, const struct count *c, struct sheet *s, const struct entered *e, size_t i)
{
    struct goods goods;
    kt_error *all = NULL;
    if (s->last.rec.id.v != e->location.v)
        KT_TRY(kt_read(tx, e->location, &s->last.rec));
    kt_error *other = goods_read(tx, e->item, &goods);
    if (other && kt_problem_at(other, 0).kind == KT_NOT_FOUND)
        return kt_fail(tx, KT_VALIDATION, at(tx, i, "item"), "there is no item %llu", "nie ma towaru %llu",
            (unsigned long long)e->item.v);
    if (other && kt_problem_at(other, 0).kind != KT_RULE)
        return other;
    if (other)
        return kt_fail(
            tx, KT_RULE, at(tx, i, "item"), "\"%s\" is a service", "„%s” to usługa", goods.name.ptr);
    if (s->last.counting.v != c->rec.id.v)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, at(tx, i, "location"), "%s is not in this count",
                          "%s nie należy do tego spisu", s->last.code.ptr));
    if (goods.tracking > NOT_TRACKED && !e->lot.v && e->quantity.coef)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, at(tx, i, "lot"), "\"%s\" is tracked: a lot is needed",
                          "„%s” ma śledzone partie: podaj partię", goods.name.ptr));
    kt_also(&all, check_lot_of(tx, &goods, e->lot, at(tx, i, "lot")));
    kt_also(&all, check_whole(tx, &goods, e->quantity, at(tx, i, "quantity")));
    if (goods.tracking == BY_SERIAL && kt_dec_cmp(e->quantity, KT_DEC(1, 0)) > 0)
        kt_also(&all, kt_fail(tx, KT_VALIDATION, at(tx, i, "quantity"), "one serial number is one piece",
                          "jeden numer seryjny to jedna sztuka"));
    return all;
}

static kt_error *save_line(kt_tx *tx, struct count *c, struct count_line *line, kt_dec counted)
{
    c->counted += !line->counted.scale1;
    c->positions += !line->rec.id.v;
    c->differing -= line->difference.coef != 0;
    line->counted = kt_dec_round(counted, 4);
    line->difference = line->expected.scale1 ? kt_dec_sub(line->counted, line->expected) : (kt_dec){0};
    c->differing += line->difference.coef != 0;
    return line->rec.id.v ? kt_update(tx, &line->rec) : kt_create(tx, &line->rec);
}

/* One position is entered once in a call: which of two figures would hold? */
struct place_entered {
    struct count_line at;
    size_t row;
};

static int by_place_entered(const void *a, const void *b)
{
    const struct place_entered *x = a, *y = b;
    int c = by_position(&x->at, &y->at);
    return c ? c : (x->row > y->row) - (x->row < y->row);
}

static kt_error *check_twice(kt_tx *tx, const kt_lines *lines)
{
    struct place_entered *all = kt_alloc(tx, (lines->count + 1) * sizeof *all);
    kt_error *wrong = NULL;
    if (!all)
        return kt_no_memory();
    for (size_t i = 0; i < lines->count; i++) {
        const struct entered *e = KT_AS(entered, kt_line(lines, i));
        all[i] = (struct place_entered){{.item = e->item, .location = e->location, .lot = e->lot}, i};
    }
    qsort(all, lines->count, sizeof *all, by_place_entered);
    for (size_t i = 1; i < lines->count; i++)
        if (by_position(&all[i - 1].at, &all[i].at) == 0)
            kt_also(&wrong, kt_hint(kt_fail(tx, KT_VALIDATION, at(tx, all[i].row, "item"),
                                        "this position is entered in lines[%zu] already",
                                        "ta pozycja jest już w lines[%zu]", all[i - 1].row),
                                "Add up what was counted of it.", "Zsumuj, ile jej policzono."));
    return wrong;
}

static kt_error *enter_one(kt_tx *tx, struct count *c, struct sheet *s, struct entered *e, size_t i)
{
    if (e->quantity.coef < 0)
        return kt_fail(tx, KT_VALIDATION, at(tx, i, "quantity"), "must not be below zero",
            "nie może być mniejsze od zera");
    struct count_line fresh = {KT_OF(count_line), .count = c->rec.id, .item = e->item,
        .location = e->location, .lot = e->lot, .expected = c->blind ? (kt_dec){0} : ZERO};
    struct count_line *line = sheet_find(s, e->item, e->location, e->lot);
    if (!line)
        KT_TRY(check_found(tx, c, s, e, i));
    else if (kt_dec_cmp(e->quantity, line->expected) != 0) /* what the books have may be said */
        KT_TRY(check_whole_of(tx, e->item, e->quantity, (kt_id){0}, at(tx, i, "quantity")));
    return save_line(tx, c, line ? line : &fresh, e->quantity);
}

/* What nobody entered is not there; what there should be is known since nothing moved. */
static kt_error *finish(kt_tx *tx, struct count *c)
{
    struct sheet s;
    struct balance b;
    struct location here = {KT_OF(location)};
    KT_TRY(sheet_open(tx, c, &s));
    for (size_t i = 0; i < s.count; i++) {
        struct count_line *line = &s.lines[i];
        if (line->counted.scale1 && line->expected.scale1)
            continue;
        here.rec.id = line->location;
        if (!line->expected.scale1) {
            KT_TRY(balance_find(tx, line->item, &here, line->lot, &b));
            line->expected = b.on_hand;
        }
        KT_TRY(save_line(tx, c, line, line->counted.scale1 ? line->counted : ZERO));
    }
    c->state = C_COUNTED;
    return NULL;
}

static kt_error *enter_within(kt_tx *tx, struct count *c, const struct entering *p)
{
    struct sheet s;
    kt_error *all = NULL;
    KT_TRY(sheet_open(tx, c, &s));
    for (size_t i = 0; i < p->lines.count; i++) {
        struct entered *e = KT_AS(entered, kt_line(&p->lines, i));
        if (!e->location.v)
            e->location = c->location.v ? c->location : s.usual.rec.id;
    }
    kt_also(&all, check_twice(tx, &p->lines));
    for (size_t i = 0; i < p->lines.count; i++)
        kt_also(&all, enter_one(tx, c, &s, KT_AS(entered, kt_line(&p->lines, i)), i));
    return all || !p->finished ? all : finish(tx, c);
}

/* ---- Approving ---- */

static kt_error *correct(
    kt_tx *tx, const struct count *c, struct count_line *line, const struct location *loss)
{
    struct goods goods;
    struct location here = {KT_OF(location)};
    bool found = line->difference.coef > 0;
    struct move m = {KT_OF(move), .lot = line->lot,
        .quantity = found ? line->difference : kt_dec_neg(line->difference),
        .document = kt_any(tx, count_shape.name, c->rec.id), .paper = kt_any(tx, count_shape.name, c->rec.id),
        .day = c->day, .reason = c->reason};
    KT_TRY(goods_read(tx, line->item, &goods));
    KT_TRY(kt_read(tx, line->location, &here.rec));
    m.line = (int64_t)line->rec.id.v;
    KT_TRY(move_now(tx, &goods, found ? loss : &here, found ? &here : loss, &m));
    line->value = found ? m.value : kt_dec_neg(m.value);
    return kt_update(tx, &line->rec);
}

/* What is missing though it was reserved is no longer reserved: the demand is covered anew. What is picked was there. */
static kt_error *lift(kt_tx *tx, const struct count_line *line, struct losses *losses)
{
    struct location here = {KT_OF(location)};
    struct balance b;
    struct goods goods;
    struct warehouse w = {KT_OF(warehouse)};
    struct picks gone = {0};
    kt_dec picked;
    KT_TRY(kt_read(tx, line->location, &here.rec));
    KT_TRY(balance_find(tx, line->item, &here, line->lot, &b));
    if (kt_dec_cmp(b.reserved, line->counted) <= 0)
        return NULL;
    KT_TRY(goods_read(tx, line->item, &goods));
    KT_TRY(kt_read(tx, here.warehouse, &w.rec));
    const struct wanted wanted = {
        .goods = &goods, .warehouse = &w, .location = line->location, .lot = line->lot};
    KT_TRY(dispossess(tx, &wanted, kt_dec_sub(b.reserved, line->counted), &gone, losses, &picked));
    if (picked.coef <= 0)
        return NULL;
    return kt_hint(kt_fail(tx, KT_RULE, "quantity", "%s of \"%s\" at %s were counted, %s more are picked",
                       "policzono %s towaru „%s” w %s, o %s więcej jest pobrane",
                       dec_words(tx, line->counted), goods.name.ptr, here.code.ptr, dec_words(tx, picked)),
        "Put back what is picked, or count it too.", "Odłóż to, co pobrano, albo też policz.");
}

/* When all is corrected: of what one place has too much, another may have too little. */
static kt_error *tell_found(kt_tx *tx, const struct count *c)
{
    const kt_where where[] = {
        KT_WHERE(count_line, count, KT_EQ, c->rec.id), KT_WHERE(count_line, difference, KT_GT, ZERO), {0}};
    struct count_line line = {KT_OF(count_line)};
    kt_found found;
    KT_TRY(kt_find(tx, &(kt_query){.of = &count_line_shape, .where = where}, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        KT_TRY(kt_read(tx, found.ids[i], &line.rec));
        KT_TRY(
            tell_free(tx, kt_any(tx, count_shape.name, c->rec.id), line.item, c->warehouse, line.difference));
    }
    return NULL;
}

static kt_error *approve_within(kt_tx *tx, struct count *c)
{
    const kt_where where[] = {KT_WHERE(count_line, count, KT_EQ, c->rec.id), {0}};
    struct count_line line = {KT_OF(count_line)};
    struct location loss;
    struct losses losses = {0};
    kt_cursor *cursor;
    kt_error *all = NULL;
    c->day = c->day.day ? c->day : kt_today(tx);
    KT_TRY(not_to_come(tx, c->day));
    KT_TRY(location_get(tx, KT_AT_LOSS, (kt_id){0}, &loss));
    KT_TRY(locations_of(tx, c, false));
    c->value = KT_DEC(0, 2);
    KT_TRY(kt_open(tx, &(kt_query){.of = &count_line_shape, .where = where}, &cursor));
    while (kt_next(cursor, &line.rec)) {
        if (!line.difference.coef)
            continue;
        kt_error *e = lift(tx, &line, &losses);
        if (!e)
            e = correct(tx, c, &line, &loss);
        kt_also(&all, e);
        c->value = kt_dec_add(c->value, line.value);
    }
    kt_also(&all, kt_close(cursor));
    if (!all)
        all = losses_tell(tx, &losses, GOODS_LOST);
    return all ? all : tell_found(tx, c);
}

/* ---- Actions ---- */

static kt_error *start(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = start_within(tx, KT_AS(count, self));
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *enter(kt_tx *tx, kt_record *self, const kt_record *params)
{
    kt_authority before = kt_own_authority(tx);
    kt_error *e = enter_within(tx, KT_AS(count, self), KT_SEE(entering, params));
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *approve(kt_tx *tx, kt_record *self, const kt_record *params)
{
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = approve_within(tx, KT_AS(count, self));
    kt_callers_authority(tx, before);
    return e;
}

static kt_error *cancel(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct count *c = KT_AS(count, self);
    (void)params;
    kt_authority before = kt_own_authority(tx);
    kt_error *e = c->state == C_DRAFT ? NULL : locations_of(tx, c, false);
    kt_callers_authority(tx, before);
    return e;
}

const kt_action count_actions[] = {
    {"start", {"Start counting", "Rozpocznij spis"}, "count", .from = KT_IN(C_DRAFT), .to = C_COUNTING,
        .run = start},
    {"enter", {"Enter what was counted", "Wpisz policzone"}, "count",
        .from = KT_IN(C_COUNTING) | KT_IN(C_COUNTED), .params = &entering_shape, .run = enter},
    {"approve", {"Approve the difference", "Zatwierdź różnice"}, "approve", .from = KT_IN(C_COUNTED),
        .to = C_DONE, .run = approve},
    {"cancel", {"Cancel", "Anuluj"}, "approve", .from = KT_IN(C_DRAFT) | KT_IN(C_COUNTING) | KT_IN(C_COUNTED),
        .to = C_CANCELLED, .run = cancel},
    {0},
};
