/* record.c -- records in memory: made, copied, compared, loaded. */
#include "record/lately.h"
#include "record/moved.h"
#include "record/path.h"

kt_error *model_record_new(kt_tx *tx, const model_entity *entity, model_record *record)
{
    model_value *values = ARENA_ARRAY(tx->arena, model_value, entity->field_count);
    if (!values)
        return error_no_memory();
    *record = (model_record){.entity = entity, .values = values};
    return NULL;
}

kt_error *model_record_copy(kt_tx *tx, const model_record *from, model_record *to)
{
    model_record copy;
    KT_TRY(model_record_new(tx, from->entity, &copy));
    memcpy(copy.values, from->values, from->entity->field_count * sizeof *copy.values);
    copy.rest = from->rest;
    copy.sealed_rest = from->sealed_rest;
    copy.entry = from->entry;
    *to = copy;
    return NULL;
}

void model_keep_line_ids(const model_record *before, model_record *after)
{
    for (size_t i = MODEL_OWN; i < after->entity->field_count; i++)
        if (after->entity->fields[i].type == KT_LINES &&
            after->values[i].as.lines.last < before->values[i].as.lines.last)
            after->values[i].as.lines.last = before->values[i].as.lines.last;
}

int64_t model_last_line_id(const model_value *lines)
{
    int64_t most = lines ? lines->as.lines.last : 0;
    for (size_t i = 0; lines && lines->set && i < lines->as.lines.count; i++)
        if (lines->as.lines.items[i].values[0].set && lines->as.lines.items[i].values[0].as.i > most)
            most = lines->as.lines.items[i].values[0].as.i;
    return most;
}

static bool lines_equal(const model_field *field, const model_value *a, const model_value *b)
{
    size_t n = a->set ? a->as.lines.count : 0;
    if (n != (b->set ? b->as.lines.count : 0))
        return false;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < field->lines->field_count; k++)
            if (!model_value_equal(&field->lines->fields[k], &a->as.lines.items[i].values[k],
                    &b->as.lines.items[i].values[k]))
                return false;
    return true;
}

bool model_value_equal(const model_field *field, const model_value *a, const model_value *b)
{
    switch (field->type) {
    case KT_BOOL:
        return (a->set && a->as.i) == (b->set && b->as.i);
    case KT_LINES:
        return lines_equal(field, a, b);
    case KT_REFS: {
        size_t n = a->set ? a->as.refs.count : 0;
        return n == (b->set ? b->as.refs.count : 0) &&
               (n == 0 || memcmp(a->as.refs.ids, b->as.refs.ids, n * sizeof *a->as.refs.ids) == 0);
    }
    case KT_STRING:
    case KT_TEXT:
    case KT_JSON:
        return str_eq(a->set ? a->as.s : (kt_str){0}, b->set ? b->as.s : (kt_str){0});
    case KT_MONEY:
    case KT_PRICE:
    case KT_QUANTITY:
    case KT_PERCENT:
    case KT_RATE:
        return a->set == b->set && (!a->set || kt_dec_cmp(a->as.d, b->as.d) == 0);
    case KT_REF:
        if (is_any(field))
            return a->set == b->set &&
                   (!a->set || (a->as.any.entity == b->as.any.entity && a->as.any.id == b->as.any.id));
        return a->set == b->set && (!a->set || a->as.i == b->as.i);
    case KT_INT:
    case KT_DATE:
    case KT_TIME:
    case KT_STATE:
    case KT_FILE:
        return a->set == b->set && (!a->set || a->as.i == b->as.i);
    }
    return false;
}

kt_error *model_load_bytes(kt_tx *tx, const model_entity *entity, uint64_t id, kt_str *bytes)
{
    key name;
    key_record(&name, entity, id);
    return store_get(tx->view, STORE_DATA, key_str(&name), bytes);
}

kt_error *model_load(kt_tx *tx, const model_entity *entity, uint64_t id, model_record *record, bool *found)
{
    kt_str bytes;
    KT_TRY(model_load_bytes(tx, entity, id, &bytes));
    *found = bytes.ptr != NULL;
    *record = (model_record){.entity = entity};
    return *found ? model_record_decode(tx, entity, id, bytes, record) : NULL;
}

static kt_error *not_found(kt_tx *tx, const model_entity *entity, uint64_t id)
{
    return kt_fail(tx, KT_NOT_FOUND, "id", "there is no %s with id %llu", "nie ma %s o id %llu",
        entity->name.ptr, (unsigned long long)id);
}

/* As model_load; the id of a merged record loads the one that it was merged into. */
static kt_error *load_moved(
    kt_tx *tx, const model_entity *entity, uint64_t id, model_record *record, bool *found)
{
    uint64_t into;
    KT_TRY(model_load(tx, entity, id, record, found));
    if (*found)
        return NULL;
    KT_TRY(moved_find(tx, entity, id, &into));
    return into ? model_load(tx, entity, into, record, found) : NULL;
}

kt_error *model_read(kt_tx *tx, const model_entity *entity, uint64_t id, model_record *record)
{
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, entity, "read"));
    bool found;
    KT_TRY(load_moved(tx, entity, id, record, &found));
    return found && record_visible(tx, record, "read") ? NULL : not_found(tx, entity, id);
}

kt_error *model_look(kt_tx *tx, const model_entity *entity, uint64_t id, const model_record **record)
{
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, entity, "read"));
    KT_TRY(lately_load(tx, entity, id, record));
    if (!*record) { /* it may have been merged into another one */
        model_record *moved = ARENA_NEW(tx->arena, model_record);
        bool found = false;
        if (!moved)
            return error_no_memory();
        KT_TRY(load_moved(tx, entity, id, moved, &found));
        *record = found ? moved : NULL;
    }
    return *record && record_visible(tx, *record, "read") ? NULL : not_found(tx, entity, id);
}

kt_error *model_load_for(kt_tx *tx, const model_entity *entity, uint64_t id, uint32_t if_version,
    const char *action, model_record *record)
{
    const model_guard *guard = tx->guard;
    if (guard && guard->entity)
        KT_TRY(guard->entity(tx, entity, action));
    bool found;
    if (strcmp(action, "delete") == 0 || strcmp(action, "erase") == 0)
        KT_TRY(model_load(tx, entity, id, record, &found)); /* of this record and no other */
    else
        KT_TRY(load_moved(tx, entity, id, record, &found));
    if (!found || !record_visible(tx, record, "read"))
        return not_found(tx, entity, id);
    if (guard && guard->record && !guard->record(tx, record, action))
        return kt_fail(tx, KT_FORBIDDEN, NULL, "you may not do this to this record (%s)",
            "nie możesz tego zrobić z tym rekordem (%s)", action);
    int64_t version = record->values[MODEL_VERSION].as.i;
    if (if_version && if_version != version)
        return kt_hint(
            kt_fail(tx, KT_CONFLICT, "if_version", "the record has version %lld, you changed version %u",
                "rekord ma wersję %lld, zmieniasz wersję %u", (long long)version, if_version),
            "Somebody changed it meanwhile: read it again.",
            "Ktoś go w międzyczasie zmienił: odczytaj go ponownie.");
    return NULL;
}

/* Looks up a unique key, or the first key that begins so. */
static kt_error *find_prefix(kt_tx *tx, const key *name, bool whole, uint64_t *id)
{
    kt_str found, value = {0};
    if (whole) {
        KT_TRY(store_get(tx->view, STORE_DATA, key_str(name), &value));
        *id = value.ptr ? key_last_u64(value) : 0;
        return NULL;
    }
    key end = *name;
    key_after(&end);
    store_cursor *cursor;
    KT_TRY(store_scan(tx->view, STORE_DATA, key_str(name), key_str(&end), false, &cursor));
    *id = store_next(cursor, &found, &value) ? key_last_u64(value) : 0;
    return store_scan_end(cursor);
}

kt_error *model_find_unique(kt_tx *tx, const model_entity *entity, const model_index *index,
    const model_value *const *values, uint64_t *id)
{
    key name;
    *id = 0;
    key_index(&name, entity, index);
    size_t n = 0;
    for (; n < index->count && values[n]; n++)
        key_value(&name, index->fields[n], values[n], true);
    return name.full ? NULL : find_prefix(tx, &name, n == index->count, id);
}

static const model_index *unique_index(const model_entity *entity, size_t position)
{
    for (size_t i = 0; i < entity->index_count; i++)
        if (entity->indexes[i].unique && entity->indexes[i].fields[0]->position == position)
            return &entity->indexes[i];
    return NULL;
}

/* A record that the caller may not read is not found. */
static kt_error *hide(kt_tx *tx, const model_entity *entity, uint64_t *id)
{
    model_record record;
    bool found;
    if (!*id)
        return NULL;
    KT_TRY(model_load(tx, entity, *id, &record, &found));
    if (!found || !record_visible(tx, &record, "read"))
        *id = 0;
    return NULL;
}

static kt_error *find_text(kt_tx *tx, const model_entity *entity, size_t position, kt_str text, uint64_t *id)
{
    if (tx->guard && tx->guard->entity)
        KT_TRY(tx->guard->entity(tx, entity, "read"));
    *id = 0;
    const model_index *index = unique_index(entity, position);
    if (!index || !text.len)
        return NULL;
    model_value value = {.set = true, .as.s = text};
    model_value company = {.set = tx->company != 0, .as.i = (int64_t)tx->company};
    const model_value *values[MODEL_INDEX_FIELDS] = {&value, tx->company ? &company : NULL};
    KT_TRY(model_find_unique(tx, entity, index, values, id));
    if (!*id && index->count > 1 &&
        tx->company) { /* perhaps of no company, or of one that is open to the caller */
        values[1] = NULL;
        KT_TRY(model_find_unique(tx, entity, index, values, id));
    }
    if (!*id)
        KT_TRY(moved_find_named(tx, entity, position, text, id));
    return hide(tx, entity, id);
}

kt_error *model_find_external(kt_tx *tx, const model_entity *entity, kt_str external_id, uint64_t *id)
{
    return find_text(tx, entity, MODEL_EXTERNAL_ID, external_id, id);
}

kt_error *model_find_number(kt_tx *tx, const model_entity *entity, kt_str number, uint64_t *id)
{
    return find_text(tx, entity, MODEL_NUMBER, number, id);
}

void counter_total_key(key *out, const model_entity *entity)
{
    key_open(out, KEY_COUNTER);
    key_u16(out, entity->number);
}

kt_error *counter_read(kt_tx *tx, const key *name, uint64_t *count)
{
    kt_str value;
    KT_TRY(store_get(tx->view, STORE_DATA, key_str(name), &value));
    *count = value.ptr ? key_last_u64(value) : 0;
    return NULL;
}

kt_str model_title(kt_tx *tx, const model_record *record)
{
    const model_field *title = record->entity->title;
    if (title && record->values[title->position].set) {
        const model_value *value = &record->values[title->position];
        if (is_text(title->type))
            return model_seen_text(tx, title, record, value->as.s);
        model_record target;
        bool found = false;
        if (title->target && title->target != record->entity &&
            !model_load(tx, title->target, ref_id(title, value), &target, &found) && found)
            return model_title(tx, &target);
    }
    if (record->values[MODEL_NUMBER].set)
        return record->values[MODEL_NUMBER].as.s;
    return arena_format(tx->arena, "#%llu", (unsigned long long)record_id(record));
}
