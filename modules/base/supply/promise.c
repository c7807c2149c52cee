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

kt_error *supply_tell(kt_tx *tx, const struct pegging *p, kt_date was)
{
    kt_date day;
    KT_TRY(promise_of(tx, p->demand, p->line, &day));
    if (day.day == was.day)
        return NULL;
    struct promise promise = {KT_OF(promise), .document = p->demand, .line = p->line, .day = day, .was = was,
        .reason = p->reason, .reason_pl = p->reason_pl};
    return kt_emit(tx, "base.supply.promise", &promise.rec);
}
