/* travel.c -- the past as an overlay over the present: what changed since is undone in memory, each record is
 * put back once, with its index entries, and every query then works on the past as it does on the present.
 *
 * What references lead to travels too, as far as it is asked for: of one record exactly the records that it, as
 * it was, pointed to; of lists the entities that references may lead to. */
#include "journal/past.h"

enum { TRAVEL_CHANGES_MAX = 200000, TRAVEL_RECORDS_MAX = 5000, ENTRY_ROOM = 64 << 20 };

/* A record on its way back. */
typedef struct {
    const model_entity *entity; /* NULL: an empty slot */
    uint64_t id;
    kt_str bytes;
    bool moved; /* it is no longer as it was */
} station;

/* A record that is to travel, and how far its references are followed. */
typedef struct visit {
    struct visit *next;
    const model_entity *entity;
    uint64_t id;
    unsigned depth;
} visit;

typedef struct {
    kt_tx *tx;
    uint8_t *wanted; /* by entity's number: 1 + how far on references are followed; NULL: all entities */
    size_t wanted_count;
    kt_time at;
    station *slots;
    size_t slot_count, count, changes; /* slot_count: a power of two */
    buffer room;
} journey;

static size_t place(const journey *j, uint16_t entity, uint64_t id)
{
    uint64_t hash = (id ^ (uint64_t)entity << 48) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 20) & (j->slot_count - 1);
}

static kt_error *grow(journey *j)
{
    size_t old_count = j->slot_count;
    station *old = j->slots;
    j->slot_count = old_count ? 2 * old_count : 256;
    j->slots = ARENA_ARRAY(j->tx->arena, station, j->slot_count);
    if (!j->slots)
        return error_no_memory();
    for (size_t i = 0; i < old_count; i++) {
        if (!old[i].entity)
            continue;
        size_t at = place(j, old[i].entity->number, old[i].id);
        while (j->slots[at].entity)
            at = (at + 1) & (j->slot_count - 1);
        j->slots[at] = old[i];
    }
    return NULL;
}

/* The record's place, with its present bytes when it is met first. */
static kt_error *station_of(journey *j, const model_entity *entity, uint64_t id, station **found)
{
    if (2 * (j->count + 1) > j->slot_count)
        KT_TRY(grow(j));
    size_t at = place(j, entity->number, id);
    while (j->slots[at].entity && !(j->slots[at].entity == entity && j->slots[at].id == id))
        at = (at + 1) & (j->slot_count - 1);
    *found = &j->slots[at];
    if ((*found)->entity)
        return NULL;
    key key;
    kt_str now = {0};
    key_record(&key, entity, id);
    KT_TRY(store_get(j->tx->view, STORE_DATA, key_str(&key), &now));
    **found = (station){entity, id, now, false};
    j->count++;
    return NULL;
}

static kt_error *too_far(const journey *j)
{
    return kt_hint(
        error_make(j->tx->arena, KT_LIMIT, "as_of", "more than %d changes lie between then and now",
            "od tamtej chwili było ponad %d zmian", TRAVEL_CHANGES_MAX),
        "Ask for a later moment, or for a single record.",
        "Wybierz późniejszą chwilę albo pojedynczy rekord.");
}

/* Undoes an entry's changes, last first: a list of them is read forwards only. only: those of one record */
static kt_error *entry_undo(journey *j, journal_entry *entry, const visit *only)
{
    journal_change change;
    while (journal_entry_next(entry, &change)) { /* one change per record in an entry: any order will do */
        const model_entity *e = model_entity_by_number(j->tx->catalogue, change.entity);
        if (!e || (j->wanted && !j->wanted[e->number]) ||
            (only && (e != only->entity || change.id != only->id)))
            continue;
        if (++j->changes > TRAVEL_CHANGES_MAX)
            return too_far(j);
        station *s;
        kt_str bytes = {0};
        KT_TRY(station_of(j, e, change.id, &s));
        KT_TRY(past_bytes(j->tx, s->bytes, &change, false, &bytes));
        s->bytes = bytes.len ? arena_str(j->tx->arena, bytes) : (kt_str){0};
        s->moved = true;
        if (bytes.len && !s->bytes.ptr)
            return error_no_memory();
    }
    return entry->bad ? chain_bad(j->tx->arena, entry->seq) : NULL;
}

static kt_error *entry_visit(journey *j, uint64_t seq, const visit *only, bool *more)
{
    journal_entry entry;
    KT_TRY(chain_entry(j->tx->view, j->tx->arena, seq, &j->room, &entry));
    *more = entry.time.ms > j->at.ms;
    return *more ? entry_undo(j, &entry, only) : NULL;
}

/* All entries, newest first. */
static kt_error *walk_all(journey *j)
{
    chain_head head;
    KT_TRY(chain_head_read(j->tx->view, &head));
    bool more = true;
    for (uint64_t seq = head.seq; more && seq > 0; seq--)
        KT_TRY(entry_visit(j, seq, NULL, &more));
    return NULL;
}

/* The entries of one record only. */
static kt_error *walk_record(journey *j, const visit *v)
{
    past_place at;
    station *s;
    bool more = true;
    KT_TRY(past_newest(j->tx, v->entity, v->id, &at));
    while (at.seq) {
        KT_TRY(entry_visit(j, at.seq, v, &more));
        if (!more)
            break;
        KT_TRY(station_of(j, v->entity, v->id, &s));
        KT_TRY(past_before(j->tx, &at, s->bytes.len ? model_record_entry(s->bytes) : 0));
    }
    return NULL;
}

/* ---- Where references lead ---- */

static bool leads_anywhere(const model_field *field)
{
    return field->type == KT_REF && str_is(field->target_name, "*");
}

static void want(journey *j, const model_entity *entity, unsigned depth, bool *anywhere);

static void want_targets(journey *j, const model_entity *entity, unsigned depth, bool *anywhere)
{
    for (size_t i = 0; i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        if (field->target)
            want(j, field->target, depth, anywhere);
        else if (leads_anywhere(field))
            *anywhere = true;
        if (field->lines)
            want_targets(j, field->lines, depth, anywhere);
    }
}

static void want(journey *j, const model_entity *entity, unsigned depth, bool *anywhere)
{
    if (j->wanted[entity->number] > depth)
        return;
    j->wanted[entity->number] = (uint8_t)(depth + 1);
    if (depth)
        want_targets(j, entity, depth - 1, anywhere);
}

/* The entities to which a list's references lead. A reference to any entity leads to all. */
static kt_error *want_all(journey *j, const model_entity *entity, unsigned depth)
{
    size_t count = model_entity_count(j->tx->catalogue);
    bool anywhere = false;
    for (size_t i = 0; i < count; i++) {
        size_t number = model_entity_at(j->tx->catalogue, i)->number;
        j->wanted_count = number >= j->wanted_count ? number + 1 : j->wanted_count;
    }
    j->wanted = ARENA_ARRAY(j->tx->arena, uint8_t, j->wanted_count + 1);
    if (!j->wanted)
        return error_no_memory();
    want(j, entity, depth, &anywhere);
    if (anywhere)
        j->wanted = NULL;
    return NULL;
}

typedef struct {
    journey *j;
    visit **end; /* where the next visit is linked in */
    unsigned depth;
} route;

static kt_error *visit_add(route *r, const model_entity *entity, uint64_t id)
{
    if (!entity || !id || entity->lines_only)
        return NULL;
    visit *v = ARENA_NEW(r->j->tx->arena, visit);
    if (!v)
        return error_no_memory();
    *v = (visit){NULL, entity, id, r->depth};
    *r->end = v;
    r->end = &v->next;
    return NULL;
}

static kt_error *add_pointed(route *r, const model_record *record)
{
    const model_entity *entity = record->entity;
    for (size_t i = 0; i < entity->field_count; i++) {
        const model_field *field = &entity->fields[i];
        const model_value *value = &record->values[i];
        if (!value->set)
            continue;
        if (leads_anywhere(field))
            KT_TRY(visit_add(
                r, model_entity_by_number(r->j->tx->catalogue, value->as.any.entity), value->as.any.id));
        else if (field->type == KT_REF)
            KT_TRY(visit_add(r, field->target, (uint64_t)value->as.i));
        for (size_t k = 0; field->type == KT_REFS && k < value->as.refs.count; k++)
            KT_TRY(visit_add(r, field->target, value->as.refs.ids[k]));
        for (size_t k = 0; field->lines && k < value->as.lines.count; k++)
            KT_TRY(add_pointed(r, &value->as.lines.items[k]));
    }
    return NULL;
}

/* Takes a record back, and adds what it pointed to then; nearer ones first, so that each is met with the most
 * that is to be followed from it. */
static kt_error *visit_record(route *r, const visit *v)
{
    journey *j = r->j;
    station *s;
    size_t before = j->count;
    KT_TRY(station_of(j, v->entity, v->id, &s));
    if (j->count == before)
        return NULL; /* it was there already */
    if (j->count > TRAVEL_RECORDS_MAX)
        return too_far(j);
    KT_TRY(walk_record(j, v));
    KT_TRY(station_of(j, v->entity, v->id, &s));
    if (!v->depth || !s->bytes.len)
        return NULL;
    model_record record = {0};
    KT_TRY(model_record_decode(j->tx, v->entity, v->id, s->bytes, &record));
    r->depth = v->depth - 1;
    return add_pointed(r, &record);
}

static kt_error *walk_from(journey *j, const model_entity *entity, uint64_t id, unsigned depth)
{
    visit first = {NULL, entity, id, depth};
    route r = {j, &first.next, depth};
    for (const visit *v = &first; v; v = v->next)
        KT_TRY(visit_record(&r, v));
    return NULL;
}

/* Unique values may have changed hands: a record that cannot take its old value back yet steps aside until
 * all others are where they were. */
static kt_error *arrive(journey *j)
{
    bool *aside = ARENA_ARRAY(j->tx->arena, bool, j->slot_count + 1);
    if (!aside)
        return error_no_memory();
    for (size_t i = 0; i < j->slot_count; i++) {
        const station *s = &j->slots[i];
        kt_error *error = s->moved ? model_restore(j->tx, s->entity, s->id, s->bytes) : NULL;
        if (!error)
            continue;
        if (error->first->kind != KT_CONFLICT && error->first->kind != KT_VALIDATION)
            return error;
        KT_TRY(model_restore(j->tx, s->entity, s->id, (kt_str){0}));
        aside[i] = true;
    }
    for (size_t i = 0; i < j->slot_count; i++)
        if (aside[i])
            KT_TRY(model_restore(j->tx, j->slots[i].entity, j->slots[i].id, j->slots[i].bytes));
    return NULL;
}

kt_error *journal_travel(kt_tx *tx, kt_time at, const model_entity *entity, uint64_t id, unsigned depth)
{
    journey j = {.tx = tx, .at = at};
    const model_guard *guard = tx->guard;
    buffer_open(&j.room, ENTRY_ROOM);
    tx->guard = NULL;
    kt_error *error = tx->writes ? error_make(tx->arena, KT_VALIDATION, "as_of", "the past can only be read",
                                       "przeszłość można tylko czytać")
                      : entity && id ? walk_from(&j, entity, id, depth)
                      : entity       ? want_all(&j, entity, depth)
                                     : NULL;
    if (!error && !(entity && id))
        error = walk_all(&j);
    if (!error)
        error = store_make_writable(tx->view);
    if (!error)
        error = arrive(&j);
    tx->guard = guard;
    buffer_close(&j.room);
    return error;
}

kt_error *journal_record_then(
    kt_tx *tx, const model_entity *entity, uint64_t id, kt_time at, model_record *was)
{
    journey j = {.tx = tx, .at = at};
    const visit v = {.entity = entity, .id = id};
    station *s;
    *was = (model_record){0};
    buffer_open(&j.room, ENTRY_ROOM);
    kt_error *error = station_of(&j, entity, id, &s);
    if (!error)
        error = walk_record(&j, &v);
    if (!error)
        error = station_of(&j, entity, id, &s);
    if (!error && s->bytes.len)
        error = model_record_decode(tx, entity, id, s->bytes, was);
    buffer_close(&j.room);
    return error;
}

kt_error *journal_moment(kt_tx *tx, kt_str text, kt_time *at)
{
    kt_date day;
    if (date_parse(text, &day))
        *at = (kt_time){zone_midnight(tx->zone, kt_date_add(day, 1)).ms - 1};
    else if (!time_parse(text, at))
        return error_make(tx->arena, KT_VALIDATION, "as_of", "\"%.*s\" is no day and no instant",
            "\"%.*s\" nie jest dniem ani chwilą", STR_ARG(text));
    return NULL;
}

kt_error *kt_as_of(kt_tx *tx, kt_str when, kt_time *at)
{
    KT_TRY(journal_moment(tx, when, at));
    return journal_travel(tx, *at, NULL, 0, 0);
}
