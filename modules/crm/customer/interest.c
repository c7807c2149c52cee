/* What customers looked at and put aside in a shop. One record a customer, item and kind, with how often and
 * when last: so the history stays as short as it is useful. */
#include "customer/audience.h"

enum { KEPT_MAX = 200, EVENTS_MAX = 500 };

enum interest_kind { VIEWED = 1, PUT_ASIDE, IN_BASKET };
const kt_choice interest_kinds[] = {
    {VIEWED, "viewed", {"Viewed", "Oglądany"}},
    {PUT_ASIDE, "put_aside", {"Put aside", "Odłożony"}},
    {IN_BASKET, "in_basket", {"In the basket", "W koszyku"}},
    {0},
};

const kt_shape interest_shape = KT_SHAPE(interest, "crm.interest",
    KT_FIELD(interest, party, REF, "Customer", "Klient", .target = "base.party", .required = true,
        .on_delete = KT_CASCADE, .priority = 1),
    KT_FIELD(interest, item, REF, "Item", "Towar", .target = "base.item", .required = true,
        .on_delete = KT_CASCADE, .priority = 2),
    KT_FIELD(interest, kind, STATE, "Kind", "Rodzaj", .choices = interest_kinds, .initial = "viewed",
        .priority = 3),
    KT_FIELD(interest, times, INT, "Times", "Razy", .initial = "1", .priority = 4),
    KT_FIELD(interest, first_at, TIME, "First at", "Pierwszy raz", .initial = "now"),
    KT_FIELD(
        interest, last_at, TIME, "Last at", "Ostatni raz", .initial = "now", .indexed = true, .priority = 5),
    KT_FIELD(interest, quantity, QUANTITY, "Quantity", "Ilość", .scale = 3),
    KT_FIELD(interest, source, STRING, "Source", "Źródło", .max = 200));

struct interest_event {
    kt_record rec;
    kt_id party, item;
    enum interest_kind kind;
    kt_time at;
    kt_dec quantity;
    kt_str source;
};
static const kt_shape interest_event_shape = KT_SHAPE(interest_event, NULL,
    KT_FIELD(interest_event, party, REF, "Customer", "Klient", .target = "base.party", .required = true),
    KT_FIELD(interest_event, item, REF, "Item", "Towar", .target = "base.item", .required = true),
    KT_FIELD(interest_event, kind, STATE, "Kind", "Rodzaj", .choices = interest_kinds, .initial = "viewed"),
    KT_FIELD(interest_event, at, TIME, "At", "Kiedy", .initial = "now"),
    KT_FIELD(interest_event, quantity, QUANTITY, "Quantity", "Ilość", .scale = 3,
        .help = {"0: taken out again.", "0: usunięty."}),
    KT_FIELD(interest_event, source, STRING, "Source", "Źródło", .max = 200));
struct interest_record {
    kt_record rec;
    kt_lines events;
};
const kt_shape interest_record_shape = KT_SHAPE(interest_record, NULL,
    KT_FIELD(interest_record, events, LINES, "Events", "Zdarzenia", .lines = &interest_event_shape,
        .required = true, .max = EVENTS_MAX));
struct interest_recorded {
    kt_record rec;
    int64_t created, updated, removed;
};
const kt_shape interest_recorded_shape = KT_SHAPE(interest_recorded, NULL,
    KT_FIELD(interest_recorded, created, INT, "New", "Nowe", .required = true),
    KT_FIELD(interest_recorded, updated, INT, "Known already", "Znane", .required = true),
    KT_FIELD(interest_recorded, removed, INT, "Removed", "Usunięte", .required = true));

static kt_error *find(kt_tx *tx, const struct interest_event *e, struct interest *i, bool *found)
{
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(interest, party, KT_EQ, e->party),
        KT_WHERE(interest, item, KT_EQ, e->item), KT_WHERE(interest, kind, KT_EQ, e->kind), {0}};
    KT_TRY(kt_open(tx, &(kt_query){&interest_shape, where, NULL, 1}, &cursor));
    *found = kt_next(cursor, &i->rec);
    return kt_close(cursor);
}

/* The oldest goes when a customer has too many. */
static kt_error *keep_bounds(kt_tx *tx, kt_id party, struct interest_recorded *out)
{
    uint64_t count;
    kt_cursor *cursor;
    const kt_where where[] = {KT_WHERE(interest, party, KT_EQ, party), {0}};
    KT_TRY(kt_count(tx, &(kt_query){&interest_shape, where, NULL, 0}, &count));
    if (count <= KEPT_MAX)
        return NULL;
    struct interest oldest = {KT_OF(interest)};
    KT_TRY(kt_open(tx, &(kt_query){&interest_shape, where, "last_at", 1}, &cursor));
    bool found = kt_next(cursor, &oldest.rec);
    KT_TRY(kt_close(cursor));
    out->removed += found;
    return found ? kt_delete(tx, &oldest.rec) : NULL;
}

static kt_error *take(kt_tx *tx, const struct interest_event *e, struct interest_recorded *out)
{
    struct interest i = {KT_OF(interest)};
    bool found;
    kt_time at = e->at.ms ? e->at : kt_now(tx);
    KT_TRY(find(tx, e, &i, &found));
    if (e->quantity.scale1 && !e->quantity.coef) {
        out->removed += found;
        return found ? kt_delete(tx, &i.rec) : NULL;
    }
    if (!found) {
        i = (struct interest){KT_OF(interest), .party = e->party, .item = e->item, .kind = e->kind,
            .times = 1, .first_at = at, .last_at = at, .quantity = e->quantity, .source = e->source};
        out->created++;
        KT_TRY(kt_create(tx, &i.rec));
        return keep_bounds(tx, e->party, out);
    }
    i.times++;
    i.last_at = i.last_at.ms > at.ms ? i.last_at : at;
    i.first_at = i.first_at.ms < at.ms ? i.first_at : at;
    i.quantity = e->quantity.scale1 ? e->quantity : i.quantity;
    i.source = e->source.ptr ? e->source : i.source;
    out->updated++;
    return kt_update(tx, &i.rec);
}

kt_error *interest_record(kt_tx *tx, const kt_record *params, kt_record *result)
{
    const struct interest_record *p = KT_SEE(interest_record, params);
    for (size_t i = 0; i < p->events.count; i++) {
        struct interest_event *e = KT_AS(interest_event, kt_line(&p->events, i));
        e->kind = e->kind ? e->kind : VIEWED;
        KT_TRY(take(tx, e, KT_AS(interest_recorded, result)));
    }
    return NULL;
}
