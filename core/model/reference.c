/* reference.c -- deleting a record, and what then happens to those that point to it. */
#include "model/change.h"
#include "model/entries.h"
#include "model/query.h"
#include "model/sequence.h"

typedef struct {
    uint64_t *ids;
    size_t count, room;
} id_list;

static void pointing_value(
    const model_referrer *from, const model_entity *target, uint64_t id, model_value *value)
{
    *value = (model_value){.set = true};
    if (is_any(from->field)) {
        value->as.any.entity = target->number;
        value->as.any.id = id;
    } else {
        value->as.i = (int64_t)id;
    }
}

/* The records that point to a target, at most `most`. */
static kt_error *find_pointing(kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id,
    size_t most, id_list *found)
{
    key start, end;
    model_value value;
    pointing_value(from, target, id, &value);
    key_open(&start, KEY_INDEX);
    key_u16(&start, from->entity->number);
    key_u16(&start, from->index->number);
    key_value(&start, from->field, &value, false);
    end = start;
    key_after(&end);
    store_cursor *cursor;
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(&start), key_str(&end), false, &cursor));
    kt_str name, unused;
    bool no_memory = false;
    while (found->count < most && store_next(cursor, &name, &unused)) {
        if (found->count == found->room) {
            size_t more = found->room ? found->room * 2 : 16;
            uint64_t *grown = arena_grow(
                tx->arena, found->ids, found->room * sizeof *grown, more * sizeof *grown);
            no_memory = !grown;
            if (no_memory)
                break;
            found->ids = grown;
            found->room = more;
        }
        found->ids[found->count++] = key_last_u64(name);
    }
    KT_TRY(store_scan_end(cursor));
    return no_memory ? error_no_memory() : NULL;
}

kt_error *model_pointing(kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id,
    size_t most, uint64_t **ids, size_t *count)
{
    id_list found = {0};
    KT_TRY(find_pointing(tx, from, target, id, most, &found));
    *ids = found.ids;
    *count = found.count;
    return NULL;
}

/* ---- Who stands in the way ---- */

typedef struct {
    size_t count, hidden;
    kt_str named; /* "crm.deal 5 \"Title\", ..." */
} blockers;

static kt_error *name_blocker(kt_tx *tx, const model_entity *entity, uint64_t id, blockers *b)
{
    model_record record;
    bool found;
    b->count++;
    KT_TRY(model_load(tx, entity, id, &record, &found));
    bool barred = tx->guard && tx->guard->entity && tx->guard->entity(tx, entity, "read");
    bool readable = found && !barred && query_record_visible(tx, &record, "read");
    if (!readable || b->count - b->hidden > BLOCKERS_SHOWN) {
        b->hidden++;
        return NULL;
    }
    b->named = arena_format(tx->arena, "%.*s%s%s %llu \"%.*s\"", STR_ARG(b->named), b->named.len ? ", " : "",
        entity->name.ptr, (unsigned long long)id, STR_ARG(model_title(tx, &record)));
    return b->named.ptr ? NULL : error_no_memory();
}

static kt_error *find_blockers(
    kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id, blockers *b)
{
    if (from->field->on_delete != KT_RESTRICT)
        return NULL;
    id_list found = {0};
    KT_TRY(find_pointing(tx, from, target, id, BLOCKERS_SHOWN + 2, &found));
    for (size_t i = 0; i < found.count; i++)
        if (from->entity != target || found.ids[i] != id)
            KT_TRY(name_blocker(tx, from->entity, found.ids[i], b));
    return NULL;
}

static kt_error *refuse(kt_tx *tx, const blockers *b)
{
    kt_error *error;
    if (b->hidden && b->named.len)
        error = kt_fail(tx, KT_CONFLICT, NULL, "other records point to this one: %s and more",
            "inne rekordy wskazują na ten: %s i kolejne", b->named.ptr);
    else if (b->hidden)
        error = kt_fail(
            tx, KT_CONFLICT, NULL, "other records point to this one", "inne rekordy wskazują na ten");
    else
        error = kt_fail(tx, KT_CONFLICT, NULL, "other records point to this one: %s",
            "inne rekordy wskazują na ten: %s", b->named.ptr);
    return kt_hint(error, "Change or delete them first, or mark this record as no longer active.",
        "Najpierw je zmień lub usuń albo oznacz ten rekord jako nieaktywny.");
}

/* ---- The others ---- */

/* Takes the reference out of a value; false: it was not there. */
static kt_error *clear_value(
    kt_tx *tx, const model_field *field, const model_entity *target, uint64_t id, model_value *value)
{
    if (field->type != KT_REFS) {
        if (ref_id(field, value) == id && (!is_any(field) || value->as.any.entity == target->number))
            *value = (model_value){0};
        return NULL;
    }
    uint64_t *ids = ARENA_ARRAY(tx->arena, uint64_t, value->as.refs.count);
    if (!ids)
        return error_no_memory();
    size_t kept = 0;
    for (size_t i = 0; i < value->as.refs.count; i++)
        if (value->as.refs.ids[i] != id)
            ids[kept++] = value->as.refs.ids[i];
    value->set = kept != 0;
    value->as.refs.ids = ids;
    value->as.refs.count = kept;
    return NULL;
}

static kt_error *clear_lines(
    kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id, model_value *value)
{
    size_t count = value->as.lines.count;
    model_record *items = ARENA_ARRAY(tx->arena, model_record, count);
    if (!items)
        return error_no_memory();
    for (size_t i = 0; i < count; i++) {
        KT_TRY(model_record_copy(tx, &value->as.lines.items[i], &items[i]));
        KT_TRY(clear_value(tx, from->field, target, id, &items[i].values[from->field->position]));
    }
    value->as.lines.items = items;
    return NULL;
}

static kt_error *clear(
    kt_tx *tx, const model_referrer *from, uint64_t from_id, const model_entity *target, uint64_t id)
{
    model_record before, after;
    bool found;
    KT_TRY(model_load(tx, from->entity, from_id, &before, &found));
    if (!found)
        return NULL;
    KT_TRY(model_record_copy(tx, &before, &after));
    const model_field *through = from->index->through;
    if (through)
        KT_TRY(clear_lines(tx, from, target, id, &after.values[through->position]));
    else
        KT_TRY(clear_value(tx, from->field, target, id, &after.values[from->field->position]));
    return model_store_changed(tx, &before, &after);
}

static kt_error *cascade(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    model_record before;
    bool found;
    KT_TRY(model_load(tx, entity, id, &before, &found));
    return found ? model_store_gone(tx, &before) : NULL;
}

static kt_error *follow(kt_tx *tx, const model_referrer *from, const model_entity *target, uint64_t id)
{
    if (from->field->on_delete == KT_RESTRICT)
        return NULL;
    id_list found = {0};
    KT_TRY(find_pointing(tx, from, target, id, SIZE_MAX, &found));
    for (size_t i = 0; i < found.count; i++)
        if (from->field->on_delete == KT_CASCADE && !from->index->through)
            KT_TRY(cascade(tx, from->entity, found.ids[i]));
        else
            KT_TRY(clear(tx, from, found.ids[i], target, id));
    return NULL;
}

/* ---- The record itself ---- */

static kt_error *each_follow(kt_tx *tx, const model_entity *target, uint64_t id)
{
    size_t any;
    const model_referrer *list = model_any_referrers(tx->catalogue, &any);
    for (size_t i = 0; i < any; i++)
        KT_TRY(follow(tx, &list[i], target, id));
    for (size_t i = 0; i < target->internals->referrer_count; i++)
        KT_TRY(follow(tx, &target->internals->referrers[i], target, id));
    return NULL;
}

/* Records belong to a company by a system field, which no referrer stands for: their counters tell. */
static kt_error *find_company_records(kt_tx *tx, uint64_t company, blockers *b)
{
    for (size_t i = 0; i < model_entity_count(tx->catalogue); i++) {
        const model_entity *entity = model_entity_at(tx->catalogue, i);
        if (entity->shared)
            continue;
        model_value value = {.set = true, .as.i = (int64_t)company};
        key name;
        uint64_t count;
        counter_total_key(&name, entity);
        key_u16(&name, 0);
        key_value(&name, &entity->fields[MODEL_COMPANY], &value, false);
        KT_TRY(counter_read(tx, &name, &count));
        if (!count)
            continue;
        b->count++;
        b->named = arena_format(tx->arena, "%.*s%s%llu x %s", STR_ARG(b->named), b->named.len ? ", " : "",
            (unsigned long long)count, entity->name.ptr);
        if (!b->named.ptr)
            return error_no_memory();
    }
    return NULL;
}

static kt_error *each_blocker(kt_tx *tx, const model_entity *target, uint64_t id, blockers *b)
{
    size_t any;
    const model_referrer *list = model_any_referrers(tx->catalogue, &any);
    for (size_t i = 0; i < any; i++)
        KT_TRY(find_blockers(tx, &list[i], target, id, b));
    for (size_t i = 0; i < target->internals->referrer_count; i++)
        KT_TRY(find_blockers(tx, &target->internals->referrers[i], target, id, b));
    return target == target->fields[MODEL_COMPANY].target ? find_company_records(tx, id, b) : NULL;
}

static kt_error *remove_bytes(kt_tx *tx, const model_record *before)
{
    const model_entity *entity = before->entity;
    uint64_t id = record_id(before);
    kt_str bytes;
    key name;
    if (entity->gapless && before->values[MODEL_NUMBER].set)
        KT_TRY(sequence_number_back(tx, before));
    KT_TRY(model_load_bytes(tx, entity, id, &bytes));
    key_record(&name, entity, id);
    KT_TRY(store_delete(tx->view, STORE_DATA, key_str(&name)));
    KT_TRY(entries_write(tx, before, NULL, NULL));
    return change_note(tx, entity, id, bytes, (kt_str){0});
}

/* From here on an error leaves part of a deletion behind: nothing of the transaction may stay. */
static kt_error *doom(kt_tx *tx, kt_error *error)
{
    if (error && !tx->doomed)
        tx->doomed = error;
    return error;
}

kt_error *model_store_gone(kt_tx *tx, const model_record *before)
{
    const model_entity *entity = before->entity;
    uint64_t id = record_id(before);
    blockers b = {0};
    KT_TRY(model_may_write(tx, entity));
    if (tx->depth >= DEPTH_MAX)
        return kt_fail(tx, KT_LIMIT, NULL, "deletions follow each other more than %d deep",
            "usunięcia pociągają się głębiej niż %d", DEPTH_MAX);
    KT_TRY(each_blocker(tx, entity, id, &b));
    if (b.count)
        return refuse(tx, &b);
    store_mark mark = store_mark_set(tx->view);
    kt_error *error = remove_bytes(tx, before);
    if (error) {
        KT_TRY(store_mark_back(tx->view, mark));
        return error;
    }
    tx->depth++;
    error = each_follow(tx, entity, id);
    tx->depth--;
    KT_TRY(doom(tx, error));
    return model_run_handlers(tx, &entity->internals->on[EVENT_DELETED], "deleted", before, NULL);
}

kt_error *model_delete(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version)
{
    model_record before;
    KT_TRY(model_may_write(tx, entity));
    KT_TRY(model_load_for(tx, entity, id, if_version, "delete", &before));
    return model_store_gone(tx, &before);
}
