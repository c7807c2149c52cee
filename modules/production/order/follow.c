/* To the minute: a component that is made is there when the work on it ends, within the day too; and an order is worked on
 * before the one that it goes into begins. Everything else comes at the beginning of its day. */
#include <string.h>

#include "order/order.h"

static bool is_order(const kt_tx *tx, kt_id document)
{
    const char *entity = kt_any_entity(tx, document);
    return entity && strcmp(entity, order_shape.name) == 0;
}

struct work { /* of an order: when */
    kt_record rec;
    kt_time begins, ends;
};
static const kt_shape work_shape = KT_SHAPE(
    work, "production.order", KT_BIND(work, begins, TIME, "begins"), KT_BIND(work, ends, TIME, "ends"));

static kt_error *read_work(kt_tx *tx, kt_id order, struct work *w)
{
    *w = (struct work){KT_OF(work)};
    kt_authority before = kt_own_authority(tx);
    kt_error *error = kt_read(tx, kt_any_id(order), &w->rec);
    kt_callers_authority(tx, before);
    return error;
}

/* ---- Down: before which instant ---- */

static const char asking_key;

kt_error *asking_now(kt_tx *tx, struct asking **asking)
{
    *asking = kt_kept(tx, &asking_key);
    if (*asking)
        return NULL;
    kt_memory before = kt_lasting_memory(tx);
    *asking = kt_alloc(tx, sizeof **asking);
    KT_TRY(kt_callers_memory(tx, before, *asking ? NULL : kt_no_memory()));
    return kt_keep(tx, &asking_key, *asking);
}

kt_error *needed_at(kt_tx *tx, const struct order *o, kt_time *at)
{
    const struct asking *asking = kt_kept(tx, &asking_key);
    kt_time begins = {0};
    struct work w;
    *at = o->due.day ? kt_instant(tx, o->due, 1440) : (kt_time){0};
    if (!o->due.day || !is_order(tx, o->demand))
        return NULL;
    if (asking && asking->document.v == o->demand.v) {
        begins = asking->at;
    } else {
        KT_TRY(read_work(tx, o->demand, &w));
        begins = w.begins;
    }
    if (begins.ms && local_day(tx, begins).day == o->due.day)
        *at = begins;
    return NULL;
}

/* ---- Up: from which instant ---- */

kt_error *made_until(kt_tx *tx, const kt_cover *part, kt_time *until)
{
    const struct asking *asking = kt_kept(tx, &asking_key);
    struct work w = {.ends = {0}};
    if (part->kind != KT_FROM_MAKING || !is_order(tx, part->document))
        return NULL;
    if (asking && asking->made.v == part->document.v)
        w.ends = asking->ends;
    else
        KT_TRY(read_work(tx, part->document, &w));
    *until = w.ends.ms > until->ms ? w.ends : *until;
    return NULL;
}

kt_time component_there(const kt_tx *tx, const struct component *c)
{
    const kt_time morning = c->day.day > kt_today(tx).day ? kt_instant(tx, c->day, 0) : (kt_time){0};
    return c->there.ms > morning.ms ? c->there : morning;
}

struct waits_for { /* a pegging */
    kt_record rec;
    kt_id demand, supply;
    int64_t line;
};
static const kt_shape waits_for_shape = KT_SHAPE(waits_for, "base.pegging",
    KT_BIND(waits_for, demand, REF, "demand"), KT_BIND(waits_for, supply, REF, "supply"),
    KT_BIND(waits_for, line, INT, "line"));

/* Of another supply of the component a later end stays. */
static bool learn(struct order *above, int64_t line, kt_time was, kt_time ends)
{
    for (size_t i = 0; i < above->components.count; i++) {
        struct component *c = component_at(above, i);
        if ((int64_t)c->rec.id.v != line || (c->there.ms != was.ms && ends.ms <= c->there.ms))
            continue;
        c->there = ends;
        return true;
    }
    return false;
}

static kt_error *tell_one(
    kt_tx *tx, const struct waits_for *w, const struct order *o, kt_time was, bool place)
{
    struct order above = {KT_OF(order)};
    KT_TRY(kt_read(tx, kt_any_id(w->demand), &above.rec));
    if (!(KT_IN(above.state) & OPEN_AT_WORK) || !learn(&above, w->line, was, o->ends))
        return NULL;
    above.steps++;
    if (place && above.begins.ms < o->ends.ms)
        KT_TRY(order_place_anew(tx, &above, (kt_date){0}, (kt_text){0}));
    return kt_update(tx, &above.rec);
}

kt_error *order_ends_moved(kt_tx *tx, const struct order *o, kt_time was, bool place)
{
    const kt_where where[] = {KT_WHERE(waits_for, supply, KT_EQ, order_any(tx, o)), {0}};
    const kt_query query = {.of = &waits_for_shape, .where = where, .sort = "id"};
    struct asking *asking = kt_kept(tx, &asking_key);
    kt_found found;
    if (o->ends.ms == was.ms)
        return NULL;
    if (asking)
        asking->made = (kt_id){0}; /* it may be this one */
    KT_TRY(kt_find(tx, &query, 0, &found));
    for (size_t i = 0; i < found.count; i++) {
        struct waits_for w = {KT_OF(waits_for)};
        KT_TRY(kt_read(tx, found.ids[i], &w.rec));
        if (is_order(tx, w.demand))
            KT_TRY(tell_one(tx, &w, o, was, place));
    }
    return NULL;
}
