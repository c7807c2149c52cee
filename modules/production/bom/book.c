/* Items with the bill that holds on one day, each read once. */
#include <kontor/units.h>

#include "bom/bom.h"
#include "routing.h"

static const kt_shape part_shape = KT_SHAPE(part, "base.item", KT_BIND(part, code, STRING, "code"),
    KT_BIND(part, name, STRING, "name"), KT_BIND(part, unit, REF, "unit"),
    KT_BIND(part, standard_cost, PRICE, "standard_cost"), KT_BIND(part, active, BOOL, "active"));

/* The first by choice of those that hold. */
static kt_error *find_bom(kt_tx *tx, kt_date day, struct bom_entry *entry)
{
    const kt_where where[] = {{offsetof(struct bom, item), KT_EQ, &entry->part.rec.id}, {0}};
    struct bom bom = {KT_OF(bom)}, *best = NULL;
    kt_cursor *cursor;
    KT_TRY(kt_open(tx, &(kt_query){.of = &bom_shape, .where = where}, &cursor));
    while (kt_next(cursor, &bom.rec)) {
        if (!bom.active || !holds_on(bom.valid_from, bom.valid_until, day) ||
            (best && best->priority <= bom.priority))
            continue;
        best = best ? best : kt_alloc(tx, sizeof *best);
        if (best)
            *best = bom;
    }
    KT_TRY(kt_close(cursor));
    entry->bom = best;
    if (!best || !best->routing.v)
        return NULL;
    struct routing *routing = kt_alloc(tx, sizeof *routing);
    if (!routing)
        return kt_no_memory();
    *routing = (struct routing){KT_OF(routing)};
    entry->routing = routing;
    return kt_read(tx, best->routing, &routing->rec);
}

kt_error *bom_book_find(kt_tx *tx, struct bom_book *book, kt_id item, struct bom_entry **out)
{
    uint32_t at;
    if (id_map_find(&book->index, item, &at)) {
        *out = book->entries[at];
        return NULL;
    }
    if (book->count == book->room) {
        size_t room = book->room ? book->room * 2 : 64;
        struct bom_entry **entries = kt_alloc(tx, room * sizeof *entries);
        if (!entries)
            return kt_no_memory();
        for (size_t i = 0; i < book->count; i++)
            entries[i] = book->entries[i];
        book->entries = entries;
        book->room = room;
    }
    struct bom_entry *entry = kt_alloc(tx, sizeof *entry);
    if (!entry)
        return kt_no_memory();
    entry->part = (struct part){KT_OF(part)};
    KT_TRY(kt_read(tx, item, &entry->part.rec));
    KT_TRY(find_bom(tx, book->day, entry));
    KT_TRY(id_map_put(tx, &book->index, item, (uint32_t)book->count));
    book->entries[book->count++] = *out = entry;
    return NULL;
}

kt_error *bom_book_made(
    kt_tx *tx, struct bom_book *book, kt_id item, kt_dec quantity, struct bom_entry **entry)
{
    if (quantity.coef <= 0)
        return kt_fail(tx, KT_VALIDATION, "quantity", "must be above zero", "musi być większe od zera");
    KT_TRY(bom_book_find(tx, book, item, entry));
    if (!(*entry)->bom)
        return kt_fail(tx, KT_RULE, "item", "%s has no bill of materials that holds",
            "%s nie ma obowiązującej struktury", (*entry)->part.code.ptr);
    return NULL;
}

static kt_error *in_own_unit(kt_tx *tx, kt_dec quantity, kt_id unit, const struct part *part, ratio *own)
{
    const kt_units *units = unit.v && unit.v != part->unit.v ? kt_units_find(tx) : NULL;
    kt_dec exact = quantity, rounded;
    if (units)
        KT_TRY(units->convert(tx, quantity, unit, part->unit, &exact, &rounded));
    *own = ratio_of(exact);
    return NULL;
}

kt_error *bom_output(kt_tx *tx, struct bom_book *book, const struct bom *bom, ratio *output)
{
    struct bom_entry *made;
    KT_TRY(bom_book_find(tx, book, bom->item, &made));
    return in_own_unit(tx, bom->quantity, bom->unit, &made->part, output);
}

kt_error *bom_usage(
    kt_tx *tx, struct bom_book *book, const struct bom *bom, const struct bom_line *line, ratio *usage)
{
    struct bom_entry *component;
    ratio output, needed, scrap = ratio_of(kt_dec_add(KT_DEC(100, 0), line->scrap));
    KT_TRY(bom_book_find(tx, book, line->item, &component));
    KT_TRY(in_own_unit(tx, line->quantity, line->unit, &component->part, &needed));
    KT_TRY(bom_output(tx, book, bom, &output));
    needed = ratio_div(ratio_mul(needed, scrap), ratio_of(KT_DEC(100, 0)));
    *usage = ratio_div(needed, output);
    return NULL;
}
