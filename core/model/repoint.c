/* repoint.c -- all that points to records which become one points to that one, whatever entity it is of. A
 * record that would then be there twice (a unique index says so) is joined with its twin; one that says how
 * two of the records stand to each other says nothing any more and goes. */
#include "model/entries.h"
#include "model/merge.h"
#include "query/internal.h"

static void replace(const merge *m, const model_field *field, model_value *value)
{
    if (!merge_holds(m, field, value))
        return;
    uint64_t into = record_id(&m->records[0]);
    if (is_any(field))
        value->as.any.id = into;
    else
        value->as.i = (int64_t)into;
}

static kt_error *replace_refs(kt_tx *tx, const merge *m, model_value *value)
{
    uint64_t into = record_id(&m->records[0]);
    uint64_t *ids = ARENA_ARRAY(tx->arena, uint64_t, value->as.refs.count);
    size_t count = 0;
    bool has = false;
    if (!ids)
        return error_no_memory();
    for (size_t i = 0; i < value->as.refs.count; i++) {
        uint64_t id = value->as.refs.ids[i];
        bool ours = false;
        for (size_t k = 0; k < m->count && !ours; k++)
            ours = record_id(&m->records[k]) == id;
        if (ours && has)
            continue;
        ids[count++] = ours ? into : id;
        has = has || ours;
    }
    value->as.refs.ids = ids;
    value->as.refs.count = count;
    return NULL;
}

static kt_error *replace_value(kt_tx *tx, const merge *m, const model_field *field, model_value *value)
{
    if (field->type != KT_REFS) {
        replace(m, field, value);
        return NULL;
    }
    return value->set && field->target == m->entity ? replace_refs(tx, m, value) : NULL;
}

static bool is_known(const model_record *line, const model_record *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (merge_line_is_known(line, &lines[i]))
            return true;
    return false;
}

/* A line that says the same as an earlier one now goes. */
static kt_error *replace_in_lines(kt_tx *tx, const merge *m, const model_field *lines, model_value *value)
{
    size_t count = 0;
    model_record *items = ARENA_ARRAY(tx->arena, model_record, value->as.lines.count);
    if (!items)
        return error_no_memory();
    for (size_t i = 0; i < value->as.lines.count; i++) {
        const model_record *before = &value->as.lines.items[i];
        model_record *line = &items[count];
        bool same = true;
        KT_TRY(model_record_copy(tx, before, line));
        for (size_t k = 1; k < lines->lines->field_count; k++) {
            const model_field *field = &lines->lines->fields[k];
            KT_TRY(replace_value(tx, m, field, &line->values[k]));
            same = same && model_value_equal(field, &before->values[k], &line->values[k]);
        }
        count += same || !is_known(line, items, count);
    }
    value->as.lines.items = items;
    value->as.lines.count = (uint32_t)count;
    return NULL;
}

static kt_error *replace_all(kt_tx *tx, const merge *m, model_record *record)
{
    for (size_t i = MODEL_OWN; i < record->entity->field_count; i++) {
        const model_field *field = &record->entity->fields[i];
        model_value *value = &record->values[i];
        if (!value->set)
            continue;
        if (field->type == KT_LINES)
            KT_TRY(replace_in_lines(tx, m, field, value));
        else
            KT_TRY(replace_value(tx, m, field, value));
    }
    return NULL;
}

/* Two references that a record cannot be without, now both to the same: it stood between the joined ones. */
static bool stood_between(const merge *m, const model_record *before)
{
    size_t held = 0;
    for (size_t i = MODEL_OWN; i < before->entity->field_count; i++)
        held += before->entity->fields[i].required &&
                merge_holds(m, &before->entity->fields[i], &before->values[i]);
    return held > 1;
}

static kt_error *find_twin(kt_tx *tx, const model_record *record, uint64_t *twin)
{
    const model_entity *entity = record->entity;
    *twin = 0;
    for (size_t i = 0; i < entity->index_count && !*twin; i++) {
        const model_index *index = &entity->indexes[i];
        key name;
        kt_str value;
        if (!index->unique || !entry_key(index, record, &name))
            continue;
        if (name.full)
            return error_no_memory();
        KT_TRY(store_get(tx->view, STORE_DATA, key_str(&name), &value));
        if (value.ptr && key_last_u64(value) != record_id(record))
            *twin = key_last_u64(value);
    }
    return NULL;
}

static kt_error *join_twins(kt_tx *tx, merge *m, uint64_t twin, const model_record *record)
{
    bool found;
    merge inner = {.entity = record->entity,
        .records = ARENA_ARRAY(tx->arena, model_record, 2),
        .count = 2,
        .repointed = m->repointed,
        .dropped = m->dropped,
        .numbers = m->numbers,
        .changed = m->changed,
        .depth = m->depth + 1};
    model_record after;
    if (!inner.records)
        return error_no_memory();
    if (inner.depth > MERGE_DEPTH_MAX)
        return kt_fail(tx, KT_LIMIT, NULL, "records would have to be joined more than %d deep",
            "rekordy trzeba by łączyć głębiej niż %d", MERGE_DEPTH_MAX);
    KT_TRY(model_load(tx, record->entity, twin, &inner.records[0], &found));
    KT_TRY(model_load(tx, record->entity, record_id(record), &inner.records[1], &found));
    const model_guard *guard = tx->guard;
    tx->guard = NULL; /* as the deletion's policies: the caller need not see what follows */
    kt_error *error = merge_values(tx, &inner, &after);
    tx->guard = guard;
    KT_TRY(error);
    KT_TRY(replace_all(tx, m, &after));
    KT_TRY(merge_write(tx, &inner, &after));
    m->changed = inner.changed;
    m->dropped[record->entity->number]++;
    return NULL;
}

/* Names the record that did not follow. */
static kt_error *in_record(kt_tx *tx, const model_record *record, kt_error *error)
{
    kt_str at = arena_format(
        tx->arena, "%s[%llu]", record->entity->name.ptr, (unsigned long long)record_id(record));
    return at.ptr ? error_under(error, at.ptr) : error_no_memory();
}

static kt_error *repoint(kt_tx *tx, merge *m, const model_entity *entity, uint64_t id)
{
    model_record before, after;
    bool found;
    uint64_t twin;
    KT_TRY(model_load(tx, entity, id, &before, &found));
    if (!found)
        return NULL;
    if (m->changed++ >= REPOINTED_MAX)
        return kt_fail(tx, KT_LIMIT, NULL, "more than %d records point to the joined ones",
            "na łączone rekordy wskazuje ponad %d rekordów", REPOINTED_MAX);
    if (stood_between(m, &before)) {
        m->dropped[entity->number]++;
        return model_store_gone(tx, &before);
    }
    KT_TRY(model_record_copy(tx, &before, &after));
    KT_TRY(replace_all(tx, m, &after));
    KT_TRY(find_twin(tx, &after, &twin));
    if (twin)
        return join_twins(tx, m, twin, &before);
    kt_error *error = model_store_changed(tx, &before, &after);
    if (error)
        return in_record(tx, &before, error);
    m->repointed[entity->number]++;
    return NULL;
}

static kt_error *repoint_from(kt_tx *tx, merge *m, const model_referrer *from)
{
    for (size_t i = 1; i < m->count; i++) {
        uint64_t *ids;
        size_t count;
        KT_TRY(
            query_pointing(tx, from, m->entity, record_id(&m->records[i]), REPOINTED_MAX + 1, &ids, &count));
        for (size_t k = 0; k < count; k++) {
            bool ours = false;
            for (size_t j = 0; from->entity == m->entity && j < m->count && !ours; j++)
                ours = record_id(&m->records[j]) == ids[k];
            if (!ours)
                KT_TRY(repoint(tx, m, from->entity, ids[k]));
        }
    }
    return NULL;
}

kt_error *merge_repoint(kt_tx *tx, merge *m)
{
    size_t any;
    const model_referrer *list = model_any_referrers(tx->catalogue, &any);
    for (size_t i = 0; i < any; i++)
        KT_TRY(repoint_from(tx, m, &list[i]));
    for (size_t i = 0; i < m->entity->internals->referrer_count; i++)
        KT_TRY(repoint_from(tx, m, &m->entity->internals->referrers[i]));
    return NULL;
}
