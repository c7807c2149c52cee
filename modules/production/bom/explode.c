/* What goes into an item, to any level; and what an item goes into. */
#include <kontor/list.h>

#include "bom/bom.h"
#include "routing.h"

enum { LEVELS_MAX = 50, ROWS_MAX = 100000 };

static kt_error *add_row(kt_tx *tx, struct explosion *x, const struct exploded *row)
{
    if (x->count == ROWS_MAX)
        return kt_fail(tx, KT_LIMIT, NULL, "more than %d rows", "więcej niż %d wierszy", ROWS_MAX);
    struct exploded *rows = kt_grow(tx, x->rows, x->count, &x->room, sizeof *row);
    if (!rows)
        return kt_no_memory();
    x->rows = rows;
    x->rows[x->count++] = *row;
    x->depth = row->level > x->depth ? row->level : x->depth;
    return NULL;
}

static kt_error *explode_row(
    kt_tx *tx, struct bom_book *book, size_t parent, unsigned levels_max, struct explosion *x)
{
    const struct exploded at = x->rows[parent];
    const struct bom *bom = at.entry->bom;
    if (!bom || at.level == levels_max)
        return NULL;
    for (size_t i = 0; i < bom->lines.count; i++) {
        const struct bom_line *line = bom_line_at(bom, i);
        struct exploded row = {.line = line, .level = at.level + 1, .parent = parent};
        ratio usage;
        if (!holds_on(line->valid_from, line->valid_until, book->day))
            continue;
        KT_TRY(bom_book_find(tx, book, line->item, &row.entry));
        KT_TRY(bom_usage(tx, book, bom, line, &usage));
        row.quantity = ratio_mul(at.quantity, usage);
        if (!ratio_fits(row.quantity))
            return kt_fail(tx, KT_LIMIT, NULL, "the quantity of %s is too large or too fine",
                "ilość %s jest za duża albo zbyt drobna", row.entry->part.code.ptr);
        KT_TRY(add_row(tx, x, &row));
        KT_TRY(explode_row(tx, book, x->count - 1, levels_max, x));
    }
    return NULL;
}

kt_error *bom_explode(
    kt_tx *tx, struct bom_book *book, kt_id item, ratio quantity, unsigned levels_max, struct explosion *out)
{
    struct exploded top = {.quantity = quantity};
    *out = (struct explosion){0};
    KT_TRY(bom_book_find(tx, book, item, &top.entry));
    KT_TRY(add_row(tx, out, &top));
    return explode_row(tx, book, 0, levels_max && levels_max < LEVELS_MAX ? levels_max : LEVELS_MAX, out);
}

/* ---- production.bom.explode ---- */

struct explode {
    kt_record rec;
    kt_id item, bom;
    kt_dec quantity;
    kt_date day;
    int64_t levels;
};
const kt_shape explode_shape = KT_SHAPE(explode, NULL,
    KT_FIELD(explode, item, REF, "Item", "Towar", .target = "base.item", .required = true),
    KT_FIELD(explode, bom, REF, "Bill of materials", "Struktura", .target = "production.bom",
        .help = {"Empty: the first in order of choice that holds.",
            "Puste: pierwsza w kolejności, która obowiązuje."}),
    KT_FIELD(explode, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4, .initial = "1"),
    KT_FIELD(explode, day, DATE, "On", "Na dzień", .initial = "today"),
    KT_FIELD(explode, levels, INT, "Levels", "Poziomów", .help = {"Empty: all.", "Puste: wszystkie."}));
struct explode_row {
    kt_record rec;
    int64_t level;
    kt_id item, bom;
    kt_str code, name;
    kt_dec quantity;
    bool made, phantom;
};
static const kt_shape explode_row_shape = KT_SHAPE(explode_row, NULL,
    KT_FIELD(explode_row, level, INT, "Level", "Poziom", .required = true),
    KT_FIELD(explode_row, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(explode_row, code, STRING, "Code", "Kod"), KT_FIELD(explode_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(explode_row, quantity, QUANTITY, "Quantity", "Ilość", .scale = 6),
    KT_FIELD(explode_row, bom, REF, "Bill of materials", "Struktura", .target = "production.bom"),
    KT_FIELD(explode_row, made, BOOL, "Made", "Produkowany"),
    KT_FIELD(explode_row, phantom, BOOL, "Phantom", "Fantom"));
struct explode_total {
    kt_record rec;
    kt_id item;
    kt_str code;
    kt_dec quantity;
    bool made;
};
static const kt_shape explode_total_shape = KT_SHAPE(explode_total, NULL,
    KT_FIELD(explode_total, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(explode_total, code, STRING, "Code", "Kod"),
    KT_FIELD(explode_total, quantity, QUANTITY, "Quantity", "Ilość", .scale = 6),
    KT_FIELD(explode_total, made, BOOL, "Made", "Produkowany"));
struct explode_answer {
    kt_record rec;
    int64_t depth;
    kt_lines rows, totals;
};
const kt_shape explode_answer_shape = KT_SHAPE(explode_answer, NULL,
    KT_FIELD(explode_answer, depth, INT, "Levels below", "Poziomów niżej", .required = true),
    KT_FIELD(explode_answer, rows, LINES, "By level", "Według poziomów", .lines = &explode_row_shape),
    KT_FIELD(explode_answer, totals, LINES, "Of each item", "Razem z towaru", .lines = &explode_total_shape));

/* Of each item over all paths; without the item itself. */
static kt_error *sum_items(kt_tx *tx, const struct explosion *x, kt_lines *totals)
{
    id_map index = {0};
    ratio *sums = kt_alloc(tx, x->count * sizeof *sums);
    uint32_t at;
    if (!sums)
        return kt_no_memory();
    for (size_t i = 1; i < x->count; i++) {
        const struct part *part = &x->rows[i].entry->part;
        if (id_map_find(&index, part->rec.id, &at)) {
            sums[at] = ratio_add(sums[at], x->rows[i].quantity);
            continue;
        }
        struct explode_total total = {KT_OF(explode_total), .item = part->rec.id, .code = part->code,
            .made = x->rows[i].entry->bom != NULL};
        KT_TRY(id_map_put(tx, &index, part->rec.id, (uint32_t)totals->count));
        sums[totals->count] = x->rows[i].quantity;
        KT_TRY(kt_line_add(tx, totals, &total.rec));
    }
    for (size_t i = 0; i < totals->count; i++)
        KT_AS(explode_total, kt_line(totals, i))->quantity = ratio_dec(sums[i], 6);
    return NULL;
}

kt_error *bom_explode_call(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct explode *p = KT_SEE(explode, params);
    struct explode_answer *out = KT_AS(explode_answer, result);
    struct bom_book book = {.day = p->day};
    struct explosion x;
    if (p->levels < 0)
        return kt_fail(tx, KT_VALIDATION, "levels", "is not below zero", "nie może być ujemne");
    KT_TRY(bom_book_choose(tx, &book, p->item, p->bom));
    KT_TRY(bom_explode(tx, &book, p->item, ratio_of(p->quantity), (unsigned)p->levels, &x));
    for (size_t i = 0; i < x.count; i++) {
        const struct bom_entry *entry = x.rows[i].entry;
        struct explode_row row = {KT_OF(explode_row), .level = x.rows[i].level, .item = entry->part.rec.id,
            .code = entry->part.code, .name = entry->part.name, .quantity = ratio_dec(x.rows[i].quantity, 6),
            .made = entry->bom != NULL};
        if (entry->bom) {
            row.bom = entry->bom->rec.id;
            row.phantom = entry->bom->kind == BOM_PHANTOM;
        }
        KT_TRY(kt_line_add(tx, &out->rows, &row.rec));
    }
    out->depth = x.depth;
    return sum_items(tx, &x, &out->totals);
}

/* ---- production.bom.where_used ---- */

struct used {
    kt_record rec;
    kt_id item;
    kt_date day;
    int64_t levels;
};
const kt_shape used_shape = KT_SHAPE(used, NULL,
    KT_FIELD(used, item, REF, "Item", "Towar", .target = "base.item", .required = true),
    KT_FIELD(used, day, DATE, "On", "Na dzień", .initial = "today"),
    KT_FIELD(used, levels, INT, "Levels", "Poziomów", .initial = "1",
        .help = {"1: only what it goes into directly; 0: all.", "1: tylko bezpośrednio; 0: wszystkie."}));
struct used_row {
    kt_record rec;
    int64_t level;
    kt_id item, bom;
    kt_str code, name;
    kt_dec quantity;
};
static const kt_shape used_row_shape = KT_SHAPE(used_row, NULL,
    KT_FIELD(used_row, level, INT, "Levels above", "Poziomów wyżej"),
    KT_FIELD(used_row, item, REF, "Goes into", "Wchodzi w", .target = "base.item"),
    KT_FIELD(used_row, code, STRING, "Code", "Kod"), KT_FIELD(used_row, name, STRING, "Name", "Nazwa"),
    KT_FIELD(used_row, bom, REF, "Bill of materials", "Struktura", .target = "production.bom"),
    KT_FIELD(used_row, quantity, QUANTITY, "For one", "Na jeden", .scale = 6));
struct used_answer {
    kt_record rec;
    kt_lines rows;
};
const kt_shape used_answer_shape = KT_SHAPE(
    used_answer, NULL, KT_FIELD(used_answer, rows, LINES, "Used in", "Używany w", .lines = &used_row_shape));

struct climb {
    struct bom_book book;
    id_map seen; /* an item is climbed from once: by its shortest way */
    unsigned levels_max;
    kt_lines *rows;
};

/* The bills with a line of this item that hold, whatever their order of choice. */
static kt_error *direct_uses(kt_tx *tx, struct climb *c, kt_id item, unsigned level, kt_lines *found)
{
    const kt_query query = {.of = &bom_shape,
        .filter = kt_format(
            tx, "[[\"active\",\"=\",true],[\"lines.item\",\"=\",%llu]]", (unsigned long long)item.v)};
    struct bom bom = {KT_OF(bom)};
    kt_cursor *cursor;
    kt_error *error = NULL;
    KT_TRY(kt_open(tx, &query, &cursor));
    while (!error && kt_next(cursor, &bom.rec)) {
        struct used_row row = {KT_OF(used_row), .level = level, .item = bom.item, .bom = bom.rec.id};
        ratio sum = {0, 1}, usage;
        bool holds = false;
        for (size_t i = 0; i < bom.lines.count && !error; i++) {
            const struct bom_line *line = bom_line_at(&bom, i);
            if (line->item.v != item.v || !holds_on(line->valid_from, line->valid_until, c->book.day))
                continue;
            holds = true;
            error = bom_usage(tx, &c->book, &bom, line, &usage);
            sum = error ? sum : ratio_add(sum, usage);
        }
        row.quantity = ratio_dec(sum, 6);
        if (!error && holds && holds_on(bom.valid_from, bom.valid_until, c->book.day))
            error = kt_line_add(tx, found, &row.rec);
    }
    kt_error *end = kt_close(cursor);
    return error ? error : end;
}

static kt_error *climb_from(kt_tx *tx, struct climb *c, kt_id item, unsigned level)
{
    kt_lines found = {0};
    uint32_t unused;
    if (c->levels_max && level > c->levels_max)
        return NULL;
    KT_TRY(direct_uses(tx, c, item, level, &found));
    for (size_t i = 0; i < found.count; i++) {
        struct used_row *row = KT_AS(used_row, kt_line(&found, i));
        struct bom_entry *entry;
        KT_TRY(bom_book_find(tx, &c->book, row->item, &entry));
        row->code = entry->part.code;
        row->name = entry->part.name;
        KT_TRY(kt_line_add(tx, c->rows, &row->rec));
        if (id_map_find(&c->seen, row->item, &unused))
            continue;
        KT_TRY(id_map_put(tx, &c->seen, row->item, level));
        KT_TRY(climb_from(tx, c, row->item, level + 1));
    }
    return NULL;
}

kt_error *bom_where_used(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct used *p = KT_SEE(used, params);
    struct climb c = {.book = {.day = p->day}, .rows = &KT_AS(used_answer, result)->rows};
    if (p->levels < 0)
        return kt_fail(tx, KT_VALIDATION, "levels", "is not below zero", "nie może być ujemne");
    c.levels_max = (unsigned)p->levels;
    return climb_from(tx, &c, p->item, 1);
}
