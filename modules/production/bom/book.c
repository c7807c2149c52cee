/* Items with the bills that hold on days, each read once. */

#include <kontor/list.h>
#include <kontor/units.h>

#include "bom/bom.h"
#include "routing.h"

const kt_shape part_shape = KT_SHAPE(part, "base.item", KT_BIND(part, code, STRING, "code"),
    KT_BIND(part, name, STRING, "name"), KT_BIND(part, unit, REF, "unit"),
    KT_BIND(part, rounding, QUANTITY, "unit.rounding"), KT_BIND(part, standard_cost, PRICE, "standard_cost"),
    KT_BIND(part, kind, STATE, "kind"), KT_BIND(part, active, BOOL, "active"));

static kt_error *add_pointer(kt_tx *tx, struct pointers *all, id_map *index, kt_id id, void *thing)
{
    void **items = kt_grow(tx, all->items, all->count, &all->room, sizeof thing);
    if (!items)
        return kt_no_memory();
    all->items = items;
    KT_TRY(id_map_put(tx, index, id, (uint32_t)all->count));
    all->items[all->count++] = thing;
    return NULL;
}

/* ---- Today's ---- */

static const char today_key;

kt_error *bom_book_today(kt_tx *tx, struct bom_book **book)
{
    *book = kt_kept(tx, &today_key);
    if (*book)
        return NULL;
    kt_memory before = kt_lasting_memory(tx);
    *book = kt_alloc(tx, sizeof **book);
    KT_TRY(kt_callers_memory(tx, before, *book ? NULL : kt_no_memory()));
    **book = (struct bom_book){.day = kt_today(tx), .shared = true};
    return kt_keep(tx, &today_key, *book);
}

kt_error *bom_book_forget(kt_tx *tx)
{
    return kt_kept(tx, &today_key) ? kt_keep(tx, &today_key, NULL) : NULL;
}

kt_error *bom_book_item_changed(kt_tx *tx, const kt_event *event)
{
    (void)event;
    return bom_book_forget(tx);
}

/* ---- Finding ---- */

static kt_error *read_routing(kt_tx *tx, struct bom_book *book, kt_id id, kt_date day)
{
    struct routing *made = kt_alloc(tx, sizeof *made);
    (void)day;
    if (!made)
        return kt_no_memory();
    *made = (struct routing){KT_OF(routing)};
    KT_TRY(kt_read(tx, id, &made->rec));
    KT_TRY(routing_workable(tx, made, &made->workable));
    return add_pointer(tx, &book->routings, &book->routing_index, id, made);
}

/* Reads one more thing into the book; into today's with the module's own eyes, for whoever asks next. */
static kt_error *read_into(kt_tx *tx, struct bom_book *book, kt_id id, kt_date day,
    kt_error *(*read)(kt_tx *tx, struct bom_book *book, kt_id id, kt_date day))
{
    if (!book->shared)
        return read(tx, book, id, day);
    kt_authority authority = kt_own_authority(tx);
    kt_memory memory = kt_lasting_memory(tx);
    kt_error *error = kt_callers_memory(tx, memory, read(tx, book, id, day));
    kt_callers_authority(tx, authority);
    return error;
}

kt_error *bom_book_routing(kt_tx *tx, struct bom_book *book, kt_id id, const struct routing **routing)
{
    uint32_t at;
    *routing = NULL;
    if (!id.v)
        return NULL;
    if (!id_map_find(&book->routing_index, id, &at)) {
        at = (uint32_t)book->routings.count;
        KT_TRY(read_into(tx, book, id, book->day, read_routing));
    }
    *routing = book->routings.items[at];
    return NULL;
}

/* The days around one on which a bill holds, or does not, as on that one. */
static void narrow(struct bom_entry *entry, const struct bom *bom, kt_date day)
{
    kt_date from = bom->valid_from, until = bom->valid_until;
    if (from.day > day.day) {
        until = kt_date_add(from, -1);
        from = (kt_date){0};
    } else if (until.day && until.day < day.day) {
        from = kt_date_add(until, 1);
        until = (kt_date){0};
    }
    entry->from = from.day > entry->from.day ? from : entry->from;
    entry->until = until.day && (!entry->until.day || until.day < entry->until.day) ? until : entry->until;
}

/* The first by choice of those that hold. */
static kt_error *find_bom(kt_tx *tx, struct bom_book *book, struct bom_entry *entry, kt_date day)
{
    const kt_where where[] = {{offsetof(struct bom, item), KT_EQ, &entry->part.rec.id}, {0}};
    struct bom bom = {KT_OF(bom)}, *best = NULL, *kept = kt_alloc(tx, sizeof *kept);
    kt_cursor *cursor;
    if (!kept)
        return kt_no_memory();
    KT_TRY(kt_open(tx, &(kt_query){.of = &bom_shape, .where = where}, &cursor));
    while (kt_next(cursor, &bom.rec)) {
        if (!bom.active)
            continue;
        narrow(entry, &bom, day);
        if (!holds_on(bom.valid_from, bom.valid_until, day) || (best && best->priority <= bom.priority))
            continue;
        *kept = bom;
        best = kept;
    }
    KT_TRY(kt_close(cursor));
    entry->bom = best;
    if (best)
        KT_TRY(bom_book_routing(tx, book, best->routing, &entry->routing));
    if (entry->routing && !entry->routing->active)
        entry->routing = NULL;
    return NULL;
}

static kt_error *read_entry(kt_tx *tx, struct bom_book *book, kt_id item, kt_date day)
{
    struct bom_entry *entry = kt_alloc(tx, sizeof *entry);
    if (!entry)
        return kt_no_memory();
    entry->part = (struct part){KT_OF(part)};
    KT_TRY(kt_read(tx, item, &entry->part.rec));
    KT_TRY(find_bom(tx, book, entry, day));
    return add_pointer(tx, &book->entries, &book->index, item, entry);
}

/* The same item on a day that its first entry does not know of. */
static kt_error *read_other(kt_tx *tx, struct bom_book *book, kt_id item, kt_date day)
{
    struct bom_entry *first, *entry = kt_alloc(tx, sizeof *entry);
    uint32_t at;
    if (!entry || !id_map_find(&book->index, item, &at))
        return kt_no_memory();
    first = book->entries.items[at];
    *entry = (struct bom_entry){.part = first->part, .other = first->other};
    KT_TRY(find_bom(tx, book, entry, day));
    first->other = entry;
    return NULL;
}

kt_error *bom_book_find_on(kt_tx *tx, struct bom_book *book, kt_id item, kt_date day, struct bom_entry **out)
{
    uint32_t at;
    if (!id_map_find(&book->index, item, &at)) {
        at = (uint32_t)book->entries.count;
        KT_TRY(read_into(tx, book, item, day, read_entry));
    }
    struct bom_entry *first = book->entries.items[at], *entry = first;
    while (entry && !holds_on(entry->from, entry->until, day))
        entry = entry->other;
    if (!entry) {
        KT_TRY(read_into(tx, book, item, day, read_other));
        entry = first->other;
    }
    *out = entry;
    return NULL;
}

kt_error *bom_book_find(kt_tx *tx, struct bom_book *book, kt_id item, struct bom_entry **out)
{
    return bom_book_find_on(tx, book, item, book->day, out);
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

kt_error *bom_book_choose(kt_tx *tx, struct bom_book *book, kt_id item, kt_id id)
{
    struct bom_entry *entry;
    struct bom *bom = kt_alloc(tx, sizeof *bom);
    if (!bom)
        return kt_no_memory();
    if (!id.v)
        return NULL;
    *bom = (struct bom){KT_OF(bom)};
    KT_TRY(kt_read(tx, id, &bom->rec));
    KT_TRY(bom_book_find(tx, book, item, &entry));
    if (bom->item.v != item.v)
        return kt_fail(tx, KT_VALIDATION, "bom", "is no bill of materials of %s",
            "nie jest strukturą towaru %s", entry->part.code.ptr);
    entry->bom = bom;
    return bom_book_routing(tx, book, bom->routing, &entry->routing);
}

static kt_error *in_own_unit(kt_tx *tx, kt_dec quantity, kt_id unit, const struct part *part, ratio *own)
{
    const kt_units *units = unit.v && unit.v != part->unit.v ? kt_units_find(tx) : NULL;
    kt_dec exact = quantity, rounded;
    if (units)
        KT_TRY(units->of_item(tx, part->rec.id, quantity, unit, part->unit, &exact, &rounded));
    *own = ratio_of(exact);
    return NULL;
}

kt_dec part_whole(const struct part *part, kt_dec quantity)
{
    kt_dec step = part->rounding;
    if (!step.scale1 || kt_dec_cmp(step, KT_DEC(1, 4)) <= 0)
        return quantity;
    kt_dec times = kt_dec_div(quantity, step, 0);
    if (kt_dec_cmp(kt_dec_mul(times, step, 6), quantity) < 0)
        times = kt_dec_add(times, KT_DEC(1, 0));
    return kt_dec_round(kt_dec_mul(times, step, 6), 4);
}

kt_dec part_whole_below(const struct part *part, kt_dec quantity)
{
    kt_dec whole = part_whole(part, quantity);
    return kt_dec_cmp(whole, quantity) > 0 ? kt_dec_round(kt_dec_sub(whole, part->rounding), 4) : whole;
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
