/* delete.c -- deleting a record, and with it what its references' policies say.
 *
 * First the whole plan, reading only: all records that go with it, all that merely lose a reference, all that
 * stand in the way. Then the writes, under a mark: whatever may still refuse (a value that others require, a
 * number that must have no gap) takes all of them back. Only then is the transaction told, and the handlers,
 * children before what they hung on. */
#include "model/change.h"
#include "model/entries.h"
#include "model/sequence.h"
#include "model/shape.h"
#include "query/internal.h"
#include "record/scope.h"

typedef struct {
    const model_entity *entity;
    uint64_t id;
    model_record before;
    kt_str bytes;
} victim;

/* A reference that is taken away from a record. */
typedef struct loosening {
    const model_referrer *from;
    size_t target; /* a victim */
    struct loosening *next;
} loosening;

typedef struct {
    const model_entity *entity;
    uint64_t id;
    loosening *first;
    model_record before, after;
    kt_str bytes[2];
} survivor;

typedef struct {
    kt_tx *tx;
    query_table *victim_table, *survivor_table; /* of entity and id */
    victim *victims;
    survivor *survivors;
    size_t victim_room, survivor_room;
    kt_error *blocked;
    size_t blockers, hidden;
} deletion;

static size_t victim_count(const deletion *d)
{
    return query_table_count(d->victim_table);
}

static size_t survivor_count(const deletion *d)
{
    return query_table_count(d->survivor_table);
}

static kt_str name_of(const model_entity *entity, uint64_t id, key *room)
{
    *room = (key){0};
    key_u16(room, entity->number);
    key_u64(room, id);
    return key_str(room);
}

/* ---- The plan: who goes ---- */

static kt_error *too_many(kt_tx *tx)
{
    return kt_hint(kt_fail(tx, KT_LIMIT, NULL, "more than %d records would be deleted or changed with it",
                       "wraz z nim zostałoby usuniętych lub zmienionych ponad %d rekordów", DELETE_MAX),
        "Delete what points to it first, in parts.", "Najpierw usuń partiami to, co na niego wskazuje.");
}

static kt_error *condemn(deletion *d, const model_entity *entity, uint64_t id)
{
    key room;
    size_t at;
    bool added, found;
    KT_TRY(query_table_add(d->victim_table, name_of(entity, id, &room), &at, &added));
    if (!added)
        return NULL;
    if (at + survivor_count(d) >= DELETE_MAX)
        return too_many(d->tx);
    if (at == d->victim_room) {
        size_t more = at ? 2 * at : 1; /* most often nothing goes with it */
        victim *grown = arena_grow(
            d->tx->arena, d->victims, at * sizeof *d->victims, more * sizeof *d->victims);
        if (!grown)
            return error_no_memory();
        d->victims = grown;
        d->victim_room = more;
    }
    victim *v = &d->victims[at];
    *v = (victim){.entity = entity, .id = id};
    KT_TRY(model_may_write(d->tx, entity));
    KT_TRY(model_load(d->tx, entity, id, &v->before, &found));
    return found ? model_load_bytes(d->tx, entity, id, &v->bytes) : NULL;
}

static kt_error *loosen(deletion *d, const model_referrer *from, uint64_t id, size_t target)
{
    key room;
    size_t at;
    bool added;
    KT_TRY(query_table_add(d->survivor_table, name_of(from->entity, id, &room), &at, &added));
    if (at + victim_count(d) >= DELETE_MAX)
        return too_many(d->tx);
    if (added && at == d->survivor_room) {
        size_t more = at ? 2 * at : 4;
        survivor *grown = arena_grow(
            d->tx->arena, d->survivors, at * sizeof *d->survivors, more * sizeof *d->survivors);
        if (!grown)
            return error_no_memory();
        d->survivors = grown;
        d->survivor_room = more;
    }
    survivor *s = &d->survivors[at];
    if (added)
        *s = (survivor){.entity = from->entity, .id = id};
    loosening *l = ARENA_NEW(d->tx->arena, loosening);
    if (!l)
        return error_no_memory();
    *l = (loosening){from, target, s->first};
    s->first = l;
    return NULL;
}

/* The places from which a record may be pointed to: references to any entity, then those to its own. */
static const model_referrer *referrer_at(const deletion *d, const model_entity *target, size_t i)
{
    size_t any;
    const model_referrer *list = model_any_referrers(d->tx->catalogue, &any);
    if (i < any)
        return &list[i];
    i -= any;
    return i < target->internals->referrer_count ? &target->internals->referrers[i] : NULL;
}

static kt_error *follow(deletion *d, size_t at)
{
    const model_entity *target = d->victims[at].entity;
    const model_referrer *from;
    uint64_t *ids;
    size_t count;
    for (size_t i = 0; (from = referrer_at(d, target, i)); i++) {
        if (from->field->on_delete == KT_RESTRICT)
            continue;
        KT_TRY(query_pointing(d->tx, from, target, d->victims[at].id, DELETE_MAX + 1, &ids, &count));
        for (size_t k = 0; k < count; k++)
            if (from->field->on_delete == KT_CASCADE && !from->index->through)
                KT_TRY(condemn(d, from->entity, ids[k]));
            else
                KT_TRY(loosen(d, from, ids[k], at));
    }
    return NULL;
}

static bool is_condemned(const deletion *d, const model_entity *entity, uint64_t id)
{
    key room;
    size_t at;
    return query_table_find(d->victim_table, name_of(entity, id, &room), &at);
}

/* ---- The plan: who stands in the way ---- */

/* May the caller know that this record points there? */
static bool is_seen(kt_tx *tx, const model_referrer *from, const model_record *record)
{
    const model_field *field = from->index->through ? from->index->through : from->field;
    bool barred = tx->guard && tx->guard->entity && tx->guard->entity(tx, from->entity, "read");
    return !barred && path_field_visible(tx, field, from->entity) && record_visible(tx, record, "read");
}

static kt_error *add_blocker(deletion *d, const model_referrer *from, uint64_t id, const victim *target)
{
    kt_tx *tx = d->tx;
    model_record record;
    bool found;
    const char *field = from->field->name.ptr;
    d->blockers++;
    KT_TRY(model_load(tx, from->entity, id, &record, &found));
    if (!found || !is_seen(tx, from, &record) || !record_visible(tx, &target->before, "read")) {
        d->hidden++;
        return NULL;
    }
    kt_str who = arena_format(tx->arena, "%s %llu \"%.*s\"", from->entity->name.ptr, (unsigned long long)id,
        STR_ARG(model_title(tx, &record)));
    kt_str whom = arena_format(tx->arena, "%s %llu \"%.*s\"", target->entity->name.ptr,
        (unsigned long long)target->id, STR_ARG(model_title(tx, &target->before)));
    if (!who.ptr || !whom.ptr)
        return error_no_memory();
    kt_also(&d->blocked,
        target == d->victims
            ? kt_fail(
                  tx, KT_CONFLICT, NULL, "%s points to it (%s)", "%s wskazuje na niego (%s)", who.ptr, field)
            : kt_fail(tx, KT_CONFLICT, NULL, "%s points (%s) to %s, which would go with it",
                  "%s wskazuje (%s) na %s, który zostałby z nim usunięty", who.ptr, field, whom.ptr));
    return NULL;
}

static kt_error *find_blockers(deletion *d, const victim *target)
{
    const model_referrer *from;
    uint64_t *ids;
    size_t count;
    for (size_t i = 0; (from = referrer_at(d, target->entity, i)); i++) {
        if (from->field->on_delete != KT_RESTRICT)
            continue;
        size_t most = BLOCKERS_SHOWN + 1 + victim_count(d); /* those that go too are no blockers */
        KT_TRY(query_pointing(d->tx, from, target->entity, target->id, most, &ids, &count));
        for (size_t k = 0; k < count && d->blockers <= BLOCKERS_SHOWN; k++)
            if (!is_condemned(d, from->entity, ids[k]))
                KT_TRY(add_blocker(d, from, ids[k], target));
    }
    return NULL;
}

/* Records belong to a company by a system field, which no referrer stands for: their counters tell. */
static kt_error *find_company_records(deletion *d, const victim *company)
{
    kt_tx *tx = d->tx;
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        const model_entity *entity = model_entity_at(tx->catalogue, i);
        if (entity->shared)
            continue;
        model_value value = {.set = true, .as.i = (int64_t)company->id};
        key name;
        uint64_t count;
        counter_total_key(&name, entity);
        key_u16(&name, 0);
        key_value(&name, &entity->fields[MODEL_COMPANY], &value, false);
        KT_TRY(counter_read(tx, &name, &count));
        if (!count)
            continue;
        d->blockers++;
        kt_also(&d->blocked, kt_fail(tx, KT_CONFLICT, NULL, "%llu x %s belong to it",
                                 "należy do niego %llu x %s", (unsigned long long)count, entity->name.ptr));
    }
    return NULL;
}

/* What its own module has against it: where the record stays anyway, nothing helps that is done to those that
 * point to it. */
static kt_error *forbidden_by_module(deletion *d)
{
    const model_entity *entity = d->victims->entity;
    kt_record *before;
    model_scope scope;
    if (!entity->declared || !entity->declared->check)
        return NULL;
    KT_TRY(scope_open(d->tx, &scope));
    kt_error *error = shape_fill(d->tx, entity->internals->shape, &d->victims->before, &before);
    return scope_close(d->tx, &scope, error ? error : entity->declared->check(d->tx, before, NULL));
}

static kt_error *refuse(deletion *d)
{
    kt_tx *tx = d->tx;
    KT_TRY(forbidden_by_module(d));
    if (d->hidden)
        kt_also(&d->blocked,
            kt_fail(tx, KT_CONFLICT, NULL, "other records point to it", "inne rekordy na niego wskazują"));
    else if (d->blockers > BLOCKERS_SHOWN)
        kt_also(&d->blocked, kt_fail(tx, KT_CONFLICT, NULL, "and more than these", "i nie tylko te"));
    return kt_hint(d->blocked, "Change or delete them first, or mark this record as no longer active.",
        "Najpierw je zmień lub usuń albo oznacz ten rekord jako nieaktywny.");
}

static kt_error *plan(deletion *d)
{
    for (size_t i = 0; i < victim_count(d); i++)
        KT_TRY(follow(d, i));
    for (size_t i = 0; i < victim_count(d) && d->blockers <= BLOCKERS_SHOWN; i++) {
        const victim *v = &d->victims[i];
        KT_TRY(find_blockers(d, v));
        if (v->entity == v->entity->fields[MODEL_COMPANY].target)
            KT_TRY(find_company_records(d, v));
    }
    for (size_t i = 0; i < survivor_count(d); i++)
        if (!is_condemned(d, d->survivors[i].entity, d->survivors[i].id))
            KT_TRY(model_may_write(d->tx, d->survivors[i].entity));
    return d->blockers ? refuse(d) : NULL;
}

/* ---- The writes ---- */

static kt_error *remove_record(deletion *d, victim *v)
{
    key name;
    if (v->entity->gapless && v->before.values[MODEL_NUMBER].set)
        KT_TRY(sequence_number_back(d->tx, &v->before));
    key_record(&name, v->entity, v->id);
    KT_TRY(store_delete(d->tx->view, STORE_DATA, key_str(&name)));
    return entries_write(d->tx, &v->before, NULL, NULL);
}

static kt_error *write_survivor(deletion *d, survivor *s)
{
    bool found;
    KT_TRY(model_load(d->tx, s->entity, s->id, &s->before, &found));
    if (!found)
        return NULL; /* it goes itself */
    KT_TRY(model_record_copy(d->tx, &s->before, &s->after));
    for (const loosening *l = s->first; l; l = l->next) {
        const victim *target = &d->victims[l->target];
        KT_TRY(model_reference_clear(d->tx, l->from, target->entity, target->id, &s->after));
    }
    kt_error *error = model_store_silently(d->tx, &s->before, &s->after, s->bytes);
    if (!error || error->first->kind != KT_VALIDATION)
        return error;
    return kt_fail(d->tx, KT_CONFLICT, NULL, "%s %llu cannot lose its reference to it: %s %s",
        "%s %llu nie może stracić odwołania do niego: %s %s", s->entity->name.ptr, (unsigned long long)s->id,
        error->first->path ? error->first->path : "", error_text(error));
}

/* Younger records first: numbers without gaps are given back from the last one on. */
static kt_error *write_all(deletion *d)
{
    for (size_t i = victim_count(d); i-- > 0;)
        if (d->victims[i].bytes.ptr)
            KT_TRY(remove_record(d, &d->victims[i]));
    for (size_t i = 0; i < survivor_count(d); i++)
        KT_TRY(write_survivor(d, &d->survivors[i]));
    return NULL;
}

static kt_error *note_all(deletion *d)
{
    for (size_t i = 0; i < victim_count(d); i++)
        if (d->victims[i].bytes.ptr)
            KT_TRY(
                change_note(d->tx, d->victims[i].entity, d->victims[i].id, d->victims[i].bytes, (kt_str){0}));
    for (size_t i = 0; i < survivor_count(d); i++) {
        const survivor *s = &d->survivors[i];
        if (s->bytes[1].ptr)
            KT_TRY(change_note(d->tx, s->entity, s->id, s->bytes[0], s->bytes[1]));
    }
    return NULL;
}

static kt_error *announce_all(deletion *d)
{
    for (size_t i = 0; i < survivor_count(d); i++) {
        const survivor *s = &d->survivors[i];
        const model_seen seen = {MODEL_SEEN_UPDATED, "updated", s->entity, &s->before, &s->after, {0}};
        if (s->bytes[1].ptr)
            KT_TRY(model_run_handlers(
                d->tx, &s->entity->internals->on[EVENT_UPDATED], "updated", &s->before, &s->after));
        if (s->bytes[1].ptr && model_is_watched(d->tx, s->entity))
            KT_TRY(model_tell(d->tx, &seen));
    }
    for (size_t i = victim_count(d); i-- > 0;) {
        const victim *v = &d->victims[i];
        const model_seen seen = {MODEL_SEEN_DELETED, "deleted", v->entity, &v->before, NULL, {0}};
        if (v->bytes.ptr)
            KT_TRY(model_run_handlers(
                d->tx, &v->entity->internals->on[EVENT_DELETED], "deleted", &v->before, NULL));
        if (v->bytes.ptr && model_is_watched(d->tx, v->entity))
            KT_TRY(model_tell(d->tx, &seen));
    }
    return NULL;
}

kt_error *model_store_gone(kt_tx *tx, const model_record *before)
{
    deletion d = {.tx = tx};
    KT_TRY(query_table_open(tx->arena, &d.victim_table));
    KT_TRY(query_table_open(tx->arena, &d.survivor_table));
    KT_TRY(condemn(&d, before->entity, record_id(before)));
    KT_TRY(plan(&d));
    store_mark mark = store_mark_set(tx->view);
    kt_error *error = write_all(&d);
    if (error) {
        KT_TRY(store_mark_back(tx->view, mark));
        return error;
    }
    error = note_all(&d);
    if (error && !tx->doomed)
        tx->doomed = error; /* written, but the journal would not know */
    return error ? error : announce_all(&d);
}

kt_error *model_delete(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version)
{
    model_record before;
    KT_TRY(model_may_write(tx, entity));
    KT_TRY(model_load_for(tx, entity, id, if_version, "delete", &before));
    return model_store_gone(tx, &before);
}
