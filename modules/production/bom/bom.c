/* Bills of materials: what goes into an item, when that holds, and that nothing goes into itself. */
#include "bom/bom.h"

#include <string.h>

const kt_choice bom_kinds[] = {
    {BOM_MAKE, "make", {"Made", "Produkowany"}},
    {BOM_PHANTOM, "phantom", {"Phantom", "Fantom"}},
    {0},
};

#define VALID_FIELDS(T)                                                                                      \
    KT_FIELD(T, valid_from, DATE, "Valid from", "Ważne od"),                                                 \
        KT_FIELD(                                                                                            \
            T, valid_until, DATE, "Valid until", "Ważne do", .help = {"The last day.", "Ostatni dzień."})

const kt_shape bom_line_shape = KT_SHAPE(bom_line, NULL,
    KT_FIELD(bom_line, item, REF, "Component", "Składnik", .target = "base.item", .required = true,
        .indexed = true, .priority = 1),
    KT_FIELD(bom_line, quantity, QUANTITY, "Quantity", "Ilość", .scale = 6, .initial = "1", .priority = 2),
    KT_FIELD(bom_line, unit, REF, "Unit", "Jednostka", .target = "base.unit", .priority = 3,
        .help = {"Empty: the item's own.", "Puste: własna jednostka towaru."}),
    KT_FIELD(bom_line, scrap, PERCENT, "Scrap, %", "Odpad, %", .scale = 2, .priority = 4,
        .help = {"Is added to what is needed: 5 asks for 105 where 100 are needed.",
            "Dodawany do potrzebnej ilości: 5 to 105 tam, gdzie trzeba 100."}),
    VALID_FIELDS(bom_line));

const kt_shape by_product_shape = KT_SHAPE(by_product, NULL,
    KT_FIELD(by_product, item, REF, "By-product", "Produkt uboczny", .target = "base.item", .required = true,
        .priority = 1),
    KT_FIELD(by_product, quantity, QUANTITY, "Quantity", "Ilość", .scale = 6, .initial = "1", .priority = 2),
    KT_FIELD(by_product, unit, REF, "Unit", "Jednostka", .target = "base.unit", .priority = 3),
    KT_FIELD(by_product, cost_share, PERCENT, "Share of the cost, %", "Udział w koszcie, %", .scale = 2,
        .priority = 4));

const kt_shape bom_shape = KT_SHAPE(bom, "production.bom",
    KT_FIELD(bom, item, REF, "Item", "Towar", .target = "base.item", .required = true, .indexed = true,
        .fixed = true, .priority = 1),
    KT_FIELD(bom, name, STRING, "Name", "Nazwa", .max = 200, .searchable = true, .priority = 2),
    KT_FIELD(bom, kind, STATE, "Kind", "Rodzaj", .choices = bom_kinds, .initial = "make", .priority = 4,
        .help = {"A phantom is never stocked: its components go into what it goes into.",
            "Fantom nigdy nie leży w magazynie: jego składniki wchodzą wprost do wyrobu."}),
    KT_FIELD(bom, revision, INT, "Revision", "Wersja", .initial = "1", .priority = 5),
    KT_FIELD(bom, priority, INT, "Order of choice", "Kolejność wyboru", .initial = "1",
        .help = {"Of several that hold, the one with the lowest number is used; the others are alternates.",
            "Z kilku ważnych używa się tej z najniższym numerem; pozostałe to zamienniki."}),
    KT_FIELD(bom, quantity, QUANTITY, "Makes", "Daje ilość", .scale = 6, .initial = "1", .priority = 3),
    KT_FIELD(bom, unit, REF, "Unit", "Jednostka", .target = "base.unit",
        .help = {"Of what it makes; empty: the item's own.", "Tego, co daje; puste: własna towaru."}),
    VALID_FIELDS(bom), KT_FIELD(bom, active, BOOL, "Active", "Aktywna", .initial = "true", .indexed = true),
    KT_FIELD(bom, routing, REF, "Routing", "Marszruta", .target = "production.routing", .in_use = true,
        .priority = 6),
    KT_FIELD(bom, tolerance, PERCENT, "More may be used, %", "Wolno zużyć więcej o, %", .scale = 2,
        .help = {"Above what the bill says; empty: none.", "Ponad normę; puste: nic."}),
    KT_FIELD(bom, lines, LINES, "Components", "Składniki", .lines = &bom_line_shape, .max = 1000),
    KT_FIELD(
        bom, by_products, LINES, "By-products", "Produkty uboczne", .lines = &by_product_shape, .max = 100),
    KT_FIELD(bom, note, TEXT, "Note", "Uwagi"));

const struct bom_line *bom_line_at(const struct bom *bom, size_t i)
{
    return KT_SEE(bom_line, kt_line(&bom->lines, i));
}

bool holds_on(kt_date from, kt_date until, kt_date day)
{
    return (!from.day || from.day <= day.day) && (!until.day || until.day >= day.day);
}

/* ---- What is entered ---- */

static const char *path_of(kt_tx *tx, const char *list, size_t i, const char *field)
{
    kt_str path = kt_format(tx, "%s[%zu].%s", list, i, field);
    return path.ptr ? path.ptr : list;
}

static kt_error *above_zero(kt_tx *tx, const char *path, kt_dec value)
{
    if (!value.scale1 || value.coef > 0)
        return NULL;
    return kt_fail(tx, KT_VALIDATION, path, "must be above zero", "musi być większe od zera");
}

static kt_error *in_order(kt_tx *tx, const char *path, kt_date from, kt_date until)
{
    if (!from.day || !until.day || from.day <= until.day)
        return NULL;
    return kt_fail(tx, KT_VALIDATION, path, "is before the first day of validity",
        "jest wcześniejsze niż początek ważności");
}

static kt_error *within_percent(kt_tx *tx, const char *path, kt_dec value, int64_t most)
{
    if (!value.scale1 || (value.coef >= 0 && kt_dec_cmp(value, KT_DEC(most, 0)) <= 0))
        return NULL;
    return kt_fail(tx, KT_VALIDATION, path, "is not within 0 to %d per cent",
        "nie mieści się między 0 a %d procent", (int)most);
}

static kt_error *by_products_compute(kt_tx *tx, struct bom *bom)
{
    kt_error *all = NULL;
    kt_dec shares = KT_DEC(0, 2);
    for (size_t i = 0; i < bom->by_products.count; i++) {
        const struct by_product *p = KT_SEE(by_product, kt_line(&bom->by_products, i));
        kt_also(&all, above_zero(tx, path_of(tx, "by_products", i, "quantity"), p->quantity));
        kt_also(&all, within_percent(tx, path_of(tx, "by_products", i, "cost_share"), p->cost_share, 100));
        shares = kt_dec_add(shares, p->cost_share);
    }
    kt_also(&all, within_percent(tx, "by_products", shares, 100));
    return all;
}

/* It is never made by itself: nobody would work by its routing, or receive what comes of it. */
static kt_error *phantom_compute(kt_tx *tx, const struct bom *bom)
{
    kt_error *all = NULL;
    if (bom->routing.v)
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_VALIDATION, "routing", "a phantom has none: it is not made by itself",
                        "fantom jej nie ma: nie wytwarza się go osobno"),
                "Add its operations to the routings of what it goes into.",
                "Dodaj jego operacje do marszrut wyrobów, w które wchodzi."));
    if (bom->by_products.count)
        kt_also(&all,
            kt_hint(kt_fail(tx, KT_VALIDATION, "by_products", "a phantom has none: it is not made by itself",
                        "fantom ich nie ma: nie wytwarza się go osobno"),
                "Add them to the bills of what it goes into.",
                "Dodaj je do struktur wyrobów, w które wchodzi."));
    return all;
}

kt_error *bom_compute(kt_tx *tx, kt_record *self)
{
    struct bom *bom = KT_AS(bom, self);
    kt_error *all = NULL;
    kt_also(&all, above_zero(tx, "quantity", bom->quantity));
    kt_also(&all, in_order(tx, "valid_until", bom->valid_from, bom->valid_until));
    kt_also(&all, within_percent(tx, "tolerance", bom->tolerance, 1000));
    for (size_t i = 0; i < bom->lines.count; i++) {
        const struct bom_line *line = bom_line_at(bom, i);
        kt_also(&all, above_zero(tx, path_of(tx, "lines", i, "quantity"), line->quantity));
        kt_also(&all, within_percent(tx, path_of(tx, "lines", i, "scrap"), line->scrap, 1000));
        kt_also(
            &all, in_order(tx, path_of(tx, "lines", i, "valid_until"), line->valid_from, line->valid_until));
    }
    kt_also(&all, by_products_compute(tx, bom));
    if (bom->kind == BOM_PHANTOM)
        kt_also(&all, phantom_compute(tx, bom));
    return all ? all : bom_book_forget(tx);
}

/* ---- Nothing goes into itself, whatever the dates ---- */

enum { DEPTH_MAX = 50 };
struct coded {
    kt_record rec;
    kt_str code;
};
static const kt_shape coded_shape = KT_SHAPE(coded, "base.item", KT_BIND(coded, code, STRING, "code"));

struct descent {
    kt_id top;
    id_map seen;
    kt_id path[DEPTH_MAX];
};

static kt_error *cycle_found(kt_tx *tx, const struct descent *d, size_t depth)
{
    kt_str text = {0};
    for (size_t i = 0; i <= depth + 1; i++) {
        struct coded item = {KT_OF(coded)};
        KT_TRY(kt_read(tx, i <= depth ? d->path[i] : d->top, &item.rec));
        text = kt_format(tx, "%s%s%s", text.ptr ? text.ptr : "", text.ptr ? " > " : "", item.code.ptr);
    }
    return kt_hint(kt_fail(tx, KT_RULE, "lines", "the item goes into itself: %s",
                       "towar wchodzi w samego siebie: %s", text.ptr ? text.ptr : ""),
        "Take it out of one of the bills on this path.", "Usuń je z jednej ze struktur na tej ścieżce.");
}

static kt_error *descend(kt_tx *tx, struct descent *d, kt_id item, size_t depth);

static kt_error *descend_lines(kt_tx *tx, struct descent *d, const struct bom *bom, size_t depth)
{
    uint32_t unused;
    for (size_t i = 0; i < bom->lines.count; i++) {
        kt_id item = bom_line_at(bom, i)->item;
        if (item.v == d->top.v)
            return cycle_found(tx, d, depth);
        if (id_map_find(&d->seen, item, &unused))
            continue;
        KT_TRY(id_map_put(tx, &d->seen, item, 1));
        KT_TRY(descend(tx, d, item, depth + 1));
    }
    return NULL;
}

static kt_error *descend(kt_tx *tx, struct descent *d, kt_id item, size_t depth)
{
    const kt_where where[] = {KT_WHERE(bom, item, KT_EQ, item), KT_WHERE(bom, active, KT_EQ, true), {0}};
    struct bom bom = {KT_OF(bom)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    if (depth == DEPTH_MAX)
        return kt_fail(tx, KT_LIMIT, "lines", "more than %d levels", "więcej niż %d poziomów", DEPTH_MAX);
    d->path[depth] = item;
    KT_TRY(kt_open(tx, &(kt_query){.of = &bom_shape, .where = where}, &cursor));
    while (!error && kt_next(cursor, &bom.rec))
        error = descend_lines(tx, d, &bom, depth);
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

/* What goes into nothing cannot go into itself: most bills of many that come at once need no descent. */
static kt_error *goes_into_something(kt_tx *tx, kt_id item, bool *yes)
{
    uint64_t count = 0;
    const kt_query query = {.of = &bom_shape,
        .limit = 1,
        .filter = kt_format(tx, "[[\"lines.item\",\"=\",%llu]]", (unsigned long long)item.v)};
    KT_TRY(kt_count(tx, &query, &count));
    *yes = count > 0;
    return NULL;
}

static bool together(const struct bom *a, const struct bom *b)
{
    return (!a->valid_until.day || !b->valid_from.day || a->valid_until.day >= b->valid_from.day) &&
           (!b->valid_until.day || !a->valid_from.day || b->valid_until.day >= a->valid_from.day);
}

/* Of several bills that hold on one day it is always clear which is used. */
static kt_error *choice_is_clear(kt_tx *tx, const struct bom *bom)
{
    const kt_where where[] = {{offsetof(struct bom, item), KT_EQ, &bom->item}, {0}};
    struct bom other = {KT_OF(bom)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &(kt_query){.of = &bom_shape, .where = where}, &cursor));
    while (!error && kt_next(cursor, &other.rec))
        if (other.rec.id.v != bom->rec.id.v && other.active && other.priority == bom->priority &&
            together(bom, &other))
            error = kt_hint(kt_fail(tx, KT_RULE, "priority",
                                "bill %llu of the item holds at the same time with the same order of choice",
                                "struktura %llu towaru jest ważna w tym samym czasie z tą samą kolejnością",
                                (unsigned long long)other.rec.id.v),
                "Give one of them an end, or another order of choice.",
                "Zakończ ważność jednej z nich albo zmień jej kolejność wyboru.");
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

kt_error *bom_check(kt_tx *tx, const kt_record *before, const kt_record *after)
{
    (void)before;
    if (!after)
        return NULL;
    const struct bom *bom = KT_SEE(bom, after);
    if (!bom->active)
        return NULL;
    struct descent d = {.top = bom->item};
    kt_error *all = NULL;
    bool used;
    KT_TRY(goes_into_something(tx, bom->item, &used));
    kt_also(&all, choice_is_clear(tx, bom));
    if (used)
        kt_also(&all, descend(tx, &d, bom->item, 0));
    return all;
}

/* ---- A new revision ---- */

struct revise {
    kt_record rec;
    kt_date valid_from;
};
static const kt_shape revise_shape = KT_SHAPE(revise, NULL,
    KT_FIELD(revise, valid_from, DATE, "Valid from", "Ważna od", .required = true,
        .help = {"This one holds until the day before.", "Obecna obowiązuje do dnia poprzedniego."}));

static kt_error *copy_lines(kt_tx *tx, const kt_lines *from, kt_lines *to)
{
    *to = (kt_lines){0};
    for (size_t i = 0; i < from->count; i++) {
        KT_TRY(kt_line_add(tx, to, kt_line(from, i)));
        kt_line(to, i)->id = (kt_id){0};
    }
    return NULL;
}

static kt_error *bom_revise(kt_tx *tx, kt_record *self, const kt_record *params)
{
    struct bom *bom = KT_AS(bom, self), next = *bom;
    kt_date from = KT_SEE(revise, params)->valid_from;
    if (!holds_on(bom->valid_from, bom->valid_until, from) || (bom->valid_from.day == from.day))
        return kt_fail(tx, KT_VALIDATION, "valid_from", "this bill does not hold before that day and on it",
            "ta struktura nie obowiązuje przed tym dniem i w tym dniu");
    next.rec = (kt_record){.of = &bom_shape, .company = bom->rec.company};
    next.valid_from = from;
    next.revision = bom->revision + 1;
    KT_TRY(copy_lines(tx, &bom->lines, &next.lines));
    KT_TRY(copy_lines(tx, &bom->by_products, &next.by_products));
    bom->valid_until = kt_date_add(from, -1);
    return kt_create(tx, &next.rec);
}

const kt_action bom_actions[] = {
    {"revise", {"New revision", "Nowa wersja"}, "update", .params = &revise_shape, .run = bom_revise,
        .preview = true},
    {0},
};
