/* then.c -- the definitions of a moment: what was defined at run time as it was then, labels and types too, and
 * the versions that the modules had. What modules declare is today's: it comes with their files. */
#include "journal/past.h"

enum { CHANGED_MAX = 1000 };

static const model_value *value_of(const model_record *record, const char *name)
{
    return &record->values[model_field_find(record->entity, str_of(name))->position];
}

static bool is_of_kind(const model_record *record, const char *kind)
{
    return str_starts(record->values[MODEL_EXTERNAL_ID].as.s, str_of(kind));
}

/* The definitions that changed after that moment. */
static kt_error *find_changed(kt_tx *tx, const model_entity *entity, kt_time at, uint64_t *ids, size_t *count)
{
    query_rows *rows;
    model_record record = {0};
    const model_guard *guard = tx->guard;
    *count = 0;
    tx->guard = NULL;
    kt_error *error = query_open(tx, &(query_request){.entity = entity, .right = "read"}, &rows);
    if (!error) {
        while (*count < CHANGED_MAX && query_next(rows, &record))
            if (record.values[MODEL_UPDATED_AT].as.i > at.ms && !is_of_kind(&record, "module:"))
                ids[(*count)++] = (uint64_t)record.values[MODEL_ID].as.i;
        error = query_end(rows);
    }
    tx->guard = guard;
    return error;
}

static void catalogue_end(void *catalogue)
{
    model_catalogue_release(catalogue);
}

/* Today's definitions, and in their place those of then. Where these do not fit any more, today's alone. */
static kt_error *take_back(kt_tx *tx, const model_then *then)
{
    model_sources sources = *model_catalogue_sources(tx->catalogue);
    model_catalogue *made;
    sources.past = true;
    sources.then = then;
    kt_error *error = model_catalogue_build(tx->arena, tx->view, &sources, &made);
    if (error)
        return error->first->kind == KT_VALIDATION ? NULL : error;
    if (!arena_at_end(tx->arena, catalogue_end, made)) {
        model_catalogue_release(made);
        return error_no_memory();
    }
    tx->catalogue = made;
    return NULL;
}

/* What was in force then is added to the list. */
static kt_error *add_then(kt_tx *tx, const model_record *was, model_then *then, size_t *count)
{
    if (!was->values || !value_of(was, "active")->as.i)
        return NULL;
    kt_str entity = value_of(was, "entity")->as.s, name = value_of(was, "name")->as.s;
    bool is_field = is_of_kind(was, "field:");
    kt_str key = is_field ? arena_format(tx->arena, "%.*s/%.*s", STR_ARG(entity), STR_ARG(name)) : entity;
    then[(*count)++] = (model_then){key, arena_str(tx->arena, value_of(was, "text")->as.s), is_field};
    return key.ptr && then[*count - 1].text.ptr ? NULL : error_no_memory();
}

kt_error *journal_definitions(kt_tx *tx, kt_time at)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("model.definition"));
    uint64_t *ids = ARENA_ARRAY(tx->arena, uint64_t, CHANGED_MAX);
    model_then *then = ARENA_ARRAY(tx->arena, model_then, CHANGED_MAX + 1);
    size_t count = 0, found = 0;
    if (!ids || !then)
        return error_no_memory();
    if (entity && !model_catalogue_sources(tx->catalogue)->past)
        KT_TRY(find_changed(tx, entity, at, ids, &count));
    for (size_t i = 0; i < count; i++) {
        model_record was;
        KT_TRY(journal_record_then(tx, entity, ids[i], at, &was));
        KT_TRY(add_then(tx, &was, then, &found));
    }
    return found ? take_back(tx, then) : NULL;
}

/* ---- Modules ---- */

static kt_error *find_modules(kt_tx *tx, const model_entity *entity, uint64_t *ids, size_t *count)
{
    query_rows *rows;
    model_record record = {0};
    *count = 0;
    KT_TRY(query_open(tx, &(query_request){.entity = entity, .right = "read"}, &rows));
    while (*count < CHANGED_MAX && query_next(rows, &record))
        if (is_of_kind(&record, "module:"))
            ids[(*count)++] = (uint64_t)record.values[MODEL_ID].as.i;
    return query_end(rows);
}

static kt_error *write_modules(kt_tx *tx, kt_time at, json *out)
{
    const model_entity *entity = model_entity_find(tx->catalogue, KT_STR("model.definition"));
    uint64_t *ids = ARENA_ARRAY(tx->arena, uint64_t, CHANGED_MAX);
    size_t count = 0;
    if (!ids)
        return error_no_memory();
    if (entity)
        KT_TRY(find_modules(tx, entity, ids, &count));
    for (size_t i = 0; i < count; i++) {
        model_record was;
        KT_TRY(journal_record_then(tx, entity, ids[i], at, &was));
        if (!was.values || !value_of(&was, "active")->as.i)
            continue;
        json_object(out);
        json_member_str(out, "name", value_of(&was, "name")->as.s);
        json_member_str(out, "version", value_of(&was, "release")->as.s);
        json_object_end(out);
    }
    return NULL;
}

kt_error *journal_modules(kt_tx *tx, kt_time at, json *out)
{
    const model_guard *guard = tx->guard;
    tx->guard = NULL; /* which modules there are is told to everybody */
    json_array(out);
    kt_error *error = write_modules(tx, at, out);
    json_array_end(out);
    tx->guard = guard;
    return error;
}
