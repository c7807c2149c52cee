/* What is told to whoever owns a demand: when it is covered now, and what is there for it. */
#include "supply/pegging.h"

struct promise { /* the payload of "base.supply.promise" and "base.supply.reserved" */
    kt_record rec;
    kt_id document, item, freed_by;
    int64_t line;
    kt_dec quantity;
    kt_date day, was;
    kt_str reason, reason_pl;
};
static const kt_shape promise_shape = KT_SHAPE(promise, NULL,
    KT_FIELD(promise, document, REF, "Document", "Dokument", .target = "*"),
    KT_FIELD(promise, line, INT, "Line", "Pozycja"), KT_FIELD(promise, day, DATE, "There on", "Będzie dnia"),
    KT_FIELD(promise, was, DATE, "Before", "Przedtem"), KT_FIELD(promise, reason, STRING, "Why", "Dlaczego"),
    KT_FIELD(promise, reason_pl, STRING, "Why, in Polish", "Dlaczego, po polsku"),
    KT_FIELD(promise, item, REF, "Item", "Towar", .target = "base.item"),
    KT_FIELD(promise, quantity, QUANTITY, "Quantity", "Ilość", .scale = 4),
    KT_FIELD(promise, freed_by, REF, "Was reserved for", "Było zarezerwowane dla", .target = "*"));

kt_error *supply_tell_reserved(kt_tx *tx, const struct pegging *p, kt_dec quantity, kt_id freed_by)
{
    struct promise promise = {KT_OF(promise), .document = p->demand, .line = p->line, .item = p->item,
        .quantity = quantity, .freed_by = freed_by};
    KT_TRY(promise_of(tx, p->demand, p->line, &promise.day));
    return kt_emit(tx, "base.supply.reserved", &promise.rec);
}

/* ---- What was told in this transaction ---- */

struct told {
    kt_promise *items;
    size_t count, room;
};
static const char told_so_far;

static kt_promise *told_of(struct told *all, kt_id document, kt_id line)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].document.v == document.v && all->items[i].line.v == line.v)
            return &all->items[i];
    return NULL;
}

/* One that moves again keeps what it was first. */
static kt_error *note_within(kt_tx *tx, const struct pegging *p, kt_date was, kt_date day)
{
    struct told *all = kt_kept(tx, &told_so_far);
    const kt_id line = {(uint64_t)p->line};
    if (!all) {
        all = kt_alloc(tx, sizeof *all);
        if (!all)
            return kt_no_memory();
        KT_TRY(kt_keep(tx, &told_so_far, all));
    }
    kt_promise *told = told_of(all, p->demand, line);
    if (!told) {
        kt_promise *items = kt_grow(tx, all->items, all->count, &all->room, sizeof *items);
        if (!items)
            return kt_no_memory();
        all->items = items;
        told = &items[all->count++];
        *told = (kt_promise){.document = p->demand, .line = line, .was = was};
    }
    told->day = day;
    told->reason = (kt_text){pegging_words(tx, p->reason.ptr).ptr, pegging_words(tx, p->reason_pl.ptr).ptr};
    return NULL;
}

static kt_error *note(kt_tx *tx, const struct pegging *p, kt_date was, kt_date day)
{
    kt_memory before = kt_lasting_memory(tx);
    return kt_callers_memory(tx, before, note_within(tx, p, was, day));
}

/* One that came back to what it was has not moved. */
kt_error *supply_told(kt_tx *tx, const kt_promise **all, size_t *count)
{
    const struct told *told = kt_kept(tx, &told_so_far);
    *count = 0;
    kt_promise *items = kt_alloc(tx, ((told ? told->count : 0) + 1) * sizeof *items);
    if (!items)
        return kt_no_memory();
    for (size_t i = 0; told && i < told->count; i++)
        if (told->items[i].was.day != told->items[i].day.day)
            items[(*count)++] = told->items[i];
    *all = items;
    return NULL;
}

kt_error *supply_tell(kt_tx *tx, const struct pegging *p, kt_date was)
{
    kt_date day;
    KT_TRY(promise_of(tx, p->demand, p->line, &day));
    if (day.day == was.day)
        return NULL;
    KT_TRY(note(tx, p, was, day));
    struct promise promise = {KT_OF(promise), .document = p->demand, .line = p->line, .day = day, .was = was,
        .reason = p->reason, .reason_pl = p->reason_pl};
    return kt_emit(tx, "base.supply.promise", &promise.rec);
}
